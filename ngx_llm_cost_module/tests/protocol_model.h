
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _PROTOCOL_MODEL_H_INCLUDED_
#define _PROTOCOL_MODEL_H_INCLUDED_


/*
 * What a state of the protocol's model is (test_protocol.c), and those that are
 * still to be visited.
 */

#include <stdint.h>
#include <string.h>


#define NODES        2
#define IDENTS       4       /* of each request: for Redis, for the zone */
#define TABLE        (1 << 22)
#define INCARNATIONS 3

#define node_of(i)   ((i) >> 1)


/* an identity, as its node knows it */

enum {
    FREE = 0,
    NEVER,           /* refused, or not needed */
    ASKED,           /* in the journal, Redis was asked */
    HELD,            /* Redis has said yes */
    LOCAL,           /* the zone has */
    SPENT,           /* to be settled */
    VOID,            /* to be cancelled */
    SETTLED,         /* Redis has confirmed it, and it is recorded */
    CANCELLED
};

enum { ADMIT = 0, SETTLE, CANCEL, KINDS };

enum { READY = 0, AWAY, JOIN };


/* rules that may be left out */

#define NO_BITMAP    0x01    /* what is over is remembered */
#define NO_GUARD     0x02    /* nothing is done for another incarnation */
#define NO_CANCEL    0x04    /* a question without an answer is cancelled */
#define NO_RECORD    0x08    /* what was confirmed is repeated */
#define NO_HOLDS     0x10    /* what is open is made again */
#define NO_WAITING   0x20    /* nodes wait for each other */
#define NO_SHARE     0x40    /* a node goes as far as its share alone */
#define NO_GRANT     0x80    /* what is granted elsewhere is not granted */
#define NO_CONFIRM   0x100   /* nor is what is confirmed elsewhere confirmed */
#define NO_OWN       0x200   /* what was spent is known without the record */
#define NO_FORGET    0x400   /* and what is no more open, too */
#define NO_ONCE      0x800   /* nothing is repeated once counters are whole */


typedef struct {
    uint8_t          hold;   /* bits of identities */
    uint8_t          closed;
    int8_t           spent;
    int8_t           reserved;
    int8_t           part[NODES];        /* of spent */
} store_t;


typedef struct {
    store_t          redis;
    store_t          saved;
    uint8_t          id;
    uint8_t          joined; /* nodes */

    uint8_t          mode[NODES];
    uint8_t          known[NODES];
    uint8_t          target[NODES];
    uint8_t          did[NODES];         /* identities, in this join */
    int8_t           view[NODES];        /* last heard of spent + reserved */
    int8_t           alone[NODES];       /* admitted by the zone since */

    uint8_t          state[IDENTS];
    uint8_t          way[IDENTS][KINDS]; /* two bits of each incarnation */
    uint8_t          late[IDENTS];       /* an answer that is on the way */
    uint8_t          forgotten;          /* identities that are over, and on
                                            no record any more */
    uint8_t          asking;             /* identities whose end was sent, by a
                                            worker that waits for the answer */

    uint8_t          losses;             /* left to happen */
    uint8_t          copies;
    uint8_t          crashes;
    uint8_t          saves;
    uint8_t          kills;
    uint8_t          timeouts;
    uint8_t          delays;
    uint8_t          drops;
    uint8_t          finds;
} state_t;


static struct {
    int              limit;
    int              open;               /* llm_store_failure open */
    unsigned         without;
    state_t         *queue;
    uint32_t        *table;
    uint32_t         n;
    uint32_t         found;              /* successors without a fault */
    const char      *wrong;
} m;


/* a state that was not seen before is looked at later */

static inline void
visit(const state_t *s)
{
    size_t                i;
    uint32_t              at;
    uint64_t              h;
    const unsigned char  *p;

    h = 1469598103934665603ULL;
    p = (const unsigned char *) s;

    for (i = 0; i < sizeof(state_t); i++) {
        h = (h ^ p[i]) * 1099511628211ULL;
    }

    h ^= h >> 29;

    for (at = h % TABLE; m.table[at] != 0; at = (at + 1) % TABLE) {
        if (memcmp(&m.queue[m.table[at] - 1], s, sizeof(state_t)) == 0) {
            return;
        }
    }

    if (m.n == TABLE / 2) {
        m.wrong = "too many states";
        return;
    }

    m.queue[m.n++] = *s;
    m.table[at] = m.n;
}


/* something that happens without a fault */

static inline void
go(const state_t *s)
{
    m.found++;
    visit(s);
}


static inline int
on_way(const state_t *s, int i, int kind, int id)
{
    return s->way[i][kind] >> (2 * id) & 3;
}


static inline void
put(state_t *s, int i, int kind, int id, int delta)
{
    int  n;

    n = on_way(s, i, kind, id) + delta;
    n = n > 2 ? 2 : n;

    s->way[i][kind] &= ~(3 << (2 * id));
    s->way[i][kind] |= n << (2 * id);
}


#endif /* _PROTOCOL_MODEL_H_INCLUDED_ */
