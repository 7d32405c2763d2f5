
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * The protocol between nodes and Redis (docs/budgets.md, docs/redis.md) as a
 * model of which every state is visited: two nodes, a request each, one budget.
 *
 * What is on the way may be done at any time or never, twice, in any order (so
 * that two connections of a node are no different from one); its answer may be
 * lost, or come when the node has joined another store meanwhile.  Redis may go
 * back to what it was at any earlier moment, or to nothing; workers may die, and
 * a node may have an end of a request on record no more, or again: the two
 * binaries of an upgrade have a record each, and either may be the one that
 * joins.  The numbers of such events are bounded, the moments are not.
 *
 * In every state nothing is committed beyond the limit; whenever everything has
 * come to rest, Redis has counted what was spent, once, and holds nothing; and
 * there is no state from which that is not reached.
 *
 * Each rule of the protocol is left out in turn as well, and is missed.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>


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

static void
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

static void
go(const state_t *s)
{
    m.found++;
    visit(s);
}


static int
on_way(const state_t *s, int i, int kind, int id)
{
    return s->way[i][kind] >> (2 * id) & 3;
}


static void
put(state_t *s, int i, int kind, int id, int delta)
{
    int  n;

    n = on_way(s, i, kind, id) + delta;
    n = n > 2 ? 2 : n;

    s->way[i][kind] &= ~(3 << (2 * id));
    s->way[i][kind] |= n << (2 * id);
}


/* Redis does it; 0: it is over or does not fit, -1: for another incarnation */

static int
perform(state_t *s, int i, int kind, int id, int again)
{
    int      bit;
    store_t  *r;

    r = &s->redis;
    bit = 1 << i;

    if (id != s->id && !(m.without & NO_GUARD)) {
        return -1;
    }

    if (kind == ADMIT) {
        if (r->closed & bit) {
            return -1;
        }

        if (r->hold & bit) {
            return 1;
        }

        if (!again && r->spent + r->reserved + 1 > m.limit) {
            if (!(m.without & NO_BITMAP)) {
                r->closed |= bit;
            }

            return 0;
        }

        r->hold |= bit;
        r->reserved++;
        return 1;
    }

    if (r->closed & bit) {
        return 1;
    }

    if (r->hold & bit) {
        r->hold &= ~bit;
        r->reserved--;
    }

    r->spent += (kind == SETTLE);
    r->part[node_of(i)] += (kind == SETTLE);

    if (!(m.without & NO_BITMAP)) {
        r->closed |= bit;
    }

    return 1;
}


/* the end of a request is in the record: it is sent again, or by the join */

static void
unheard(state_t *s, int i)
{
    s->asking &= ~(1 << i);
    s->late[i] = 0;
    s->did[node_of(i)] &= ~(1 << i);
}


/* connections are given up, but for one whose answer has been read already */

static void
away(state_t *s, int n)
{
    int  i;

    if (s->mode[n] != READY) {
        return;
    }

    s->mode[n] = AWAY;
    s->alone[n] = 0;

    for (i = 2 * n; i < 2 * n + 2; i++) {
        if ((s->asking & (1 << i)) && s->late[i] == 0) {
            unheard(s, i);
        }
    }
}


/* the zone decides about the request whose question is i */

static void
alone(state_t *s, int i)
{
    int  n, share;

    n = node_of(i);
    share = (m.limit - s->view[n]) / NODES;

    if (m.without & NO_SHARE) {
        share = m.limit - s->view[n];
    }

    if (s->alone[n] + 1 <= share || m.open) {
        s->alone[n]++;
        s->state[i + 1] = LOCAL;
        s->did[n] &= ~(1 << (i + 1));

    } else {
        s->state[i + 1] = NEVER;
    }
}


/* no answer, or none that is one */

static void
unanswered(state_t *s, int i)
{
    away(s, node_of(i));
    s->state[i] = m.without & NO_CANCEL ? NEVER : VOID;
    s->late[i] = 0;
    alone(s, i);
}


static void
answered(state_t *s, int i, int kind, int said, int id)
{
    int  n, counts;

    n = node_of(i);
    counts = (s->mode[n] == READY && s->known[n] == id);

    if (kind == ADMIT ? s->state[i] != ASKED : !(s->asking & (1 << i))) {
        return;
    }

    if (kind == ADMIT) {
        if (said < 0 || (said && !counts && !(m.without & NO_GRANT))) {
            unanswered(s, i);
            return;
        }

        s->state[i] = said ? HELD : NEVER;
        s->state[i + 1] = NEVER;

    } else if (said < 0) {
        unheard(s, i);
        away(s, n);

    } else if (counts || (m.without & NO_CONFIRM)) {
        s->state[i] += SETTLED - SPENT;
        s->asking &= ~(1 << i);

    } else {
        unheard(s, i);
    }

    if (counts && said >= 0) {
        s->view[n] = s->redis.spent + s->redis.reserved;
    }
}


/* what is on the way arrives: with an answer, without; once more; not at all */

static void
deliver(const state_t *s, int i, int kind, int id)
{
    int      said;
    state_t  t;

    t = *s;
    put(&t, i, kind, id, -1);
    said = perform(&t, i, kind, id, 0);

    if (s->losses) {
        t.losses--;
        visit(&t);
        t.losses++;
    }

    if (s->delays && s->late[i] == 0) {
        t.delays--;
        t.late[i] = 1 + (kind | id << 2 | (said + 1) << 4);
        visit(&t);
        t.delays++;
        t.late[i] = 0;
    }

    answered(&t, i, kind, said, id);
    go(&t);

    if (s->losses) {
        t = *s;
        put(&t, i, kind, id, -1);
        t.losses--;
        visit(&t);
    }

    if (s->copies && on_way(s, i, kind, id) == 1) {
        t = *s;
        t.copies--;
        put(&t, i, kind, id, 1);
        visit(&t);
    }
}


/* an answer that has taken its time */

static void
arrive(const state_t *s, int i)
{
    int      what;
    state_t  t;

    if (s->late[i]) {
        what = s->late[i] - 1;

        t = *s;
        t.late[i] = 0;
        answered(&t, i, what & 3, (what >> 4 & 3) - 1, what >> 2 & 3);
        go(&t);
    }
}


/* the life of a request */

static void
request(const state_t *s, int i)
{
    int      n, end;
    state_t  t;

    n = node_of(i);

    if (!(i & 1) && s->state[i] == FREE) {
        t = *s;

        if (s->mode[n] == READY) {
            t.state[i] = ASKED;
            put(&t, i, ADMIT, s->known[n], 1);

        } else {
            t.state[i] = NEVER;
            alone(&t, i);
        }

        go(&t);
    }

    if (s->state[i] == ASKED) {

        /* nothing is waited for for ever */

        t = *s;
        unanswered(&t, i);

        if (on_way(s, i, ADMIT, s->known[n]) == 0) {
            go(&t);

        } else if (s->timeouts) {
            t.timeouts--;
            visit(&t);
        }
    }

    for (end = SPENT; end <= VOID; end++) {
        if (s->state[i] == HELD || s->state[i] == LOCAL) {
            t = *s;
            t.state[i] = end;
            go(&t);
        }

        if (s->state[i] == end && s->mode[n] == READY
            && !(s->asking & (1 << i))
            && on_way(s, i, end == SPENT ? SETTLE : CANCEL, s->known[n]) == 0)
        {
            t = *s;
            put(&t, i, end == SPENT ? SETTLE : CANCEL, s->known[n], 1);
            t.asking |= 1 << i;
            go(&t);
        }
    }

    if ((s->asking & (1 << i)) && s->late[i] == 0) {
        end = (s->state[i] == SPENT ? SETTLE : CANCEL);

        if (on_way(s, i, end, s->known[n]) == 0) {
            t = *s;
            unheard(&t, i);
            go(&t);
        }
    }
}


/* what the store holds for an identity, and the node does not know of */

static void
forget(state_t *t, int i)
{
    if ((t->redis.hold & (1 << i)) && !(m.without & NO_FORGET)) {
        t->redis.hold &= ~(1 << i);
        t->redis.reserved--;
    }
}


/* all that was confirmed to the node is in the counter, on record or not */

static void
restore(state_t *t, int n)
{
    int  i, own;

    own = 0;

    for (i = 2 * n; i < 2 * n + 2; i++) {
        own += (t->state[i] == SETTLED);
    }

    if (t->redis.part[n] < own && t->target[n] != t->known[n]
        && !(m.without & NO_OWN))
    {
        t->redis.spent += own - t->redis.part[n];
        t->redis.part[n] = own;
    }
}


/* one identity is told to the store that is being joined */

static void
repeat(state_t *t, int n, int i)
{
    int  changed;

    changed = (t->target[n] != t->known[n]);
    t->did[n] |= 1 << i;

    switch (t->state[i]) {

    case SETTLED:
    case CANCELLED:
        if ((t->joined & (1 << n)) && !(m.without & NO_ONCE)) {
            return;
        }

        if (t->forgotten & (1 << i)) {
            forget(t, i);
            return;
        }

        if (changed && !(m.without & NO_RECORD)) {
            (void) perform(t, i, t->state[i] == SETTLED ? SETTLE : CANCEL,
                           t->target[n], 0);
        }

        return;

    case HELD:
    case LOCAL:
        if (!(m.without & NO_HOLDS)) {
            (void) perform(t, i, ADMIT, t->target[n], 1);
        }

        return;

    case SPENT:
    case VOID:
        if (t->asking & (1 << i)) {

            /* it is with its worker, and the journal holds it */

            if (t->state[i] == SPENT && !(m.without & NO_HOLDS)) {
                (void) perform(t, i, ADMIT, t->target[n], 1);
            }

            return;
        }

        (void) perform(t, i, t->state[i] == SPENT ? SETTLE : CANCEL,
                       t->target[n], 0);
        t->state[i] += SETTLED - SPENT;
        return;
    }
}


static void
join(const state_t *s, int n)
{
    int      i;
    state_t  t;

    t = *s;

    switch (s->mode[n]) {

    case READY:
        if (s->known[n] != s->id) {

            /* every second */

            away(&t, n);
            go(&t);
        }

        return;

    case AWAY:
        t.mode[n] = JOIN;
        t.target[n] = s->id;
        t.did[n] = 0;
        go(&t);
        return;
    }

    if (s->target[n] != s->id) {
        t.mode[n] = AWAY;
        go(&t);
        return;
    }

    for (i = 2 * n; i < 2 * n + 2; i++) {
        if (!(s->did[n] & (1 << i))) {
            t = *s;
            repeat(&t, n, i);
            go(&t);

            if (s->losses) {

                /* it was done, or not, and all begins again */

                t.losses--;
                t.state[i] = s->state[i];
                t.mode[n] = AWAY;
                visit(&t);
            }

            return;
        }
    }

    restore(&t, n);

    t.joined |= 1 << n;

    if (t.joined == 3 || (m.without & NO_WAITING)) {
        t.mode[n] = READY;
        t.known[n] = t.target[n];
        t.view[n] = t.redis.spent + t.redis.reserved;

    } else if (t.joined == s->joined) {
        return;
    }

    go(&t);
}


static void
faults(const state_t *s)
{
    int      n, i, end;
    state_t  t;

    if (s->saves) {
        t = *s;
        t.saves--;
        t.saved = s->redis;
        visit(&t);
    }

    if (s->crashes && s->id + 1 < INCARNATIONS) {
        t = *s;
        t.crashes--;
        t.redis = s->saved;
        t.id++;
        t.joined = 0;
        visit(&t);
    }

    for (i = 0; s->drops && i < IDENTS; i++) {
        if (s->state[i] >= SETTLED && !(s->forgotten & (1 << i))) {
            t = *s;
            t.drops--;
            t.forgotten |= 1 << i;
            visit(&t);
        }
    }

    for (i = 0; s->finds && i < IDENTS; i++) {
        if (s->forgotten & (1 << i)) {
            t = *s;
            t.finds--;
            t.forgotten &= ~(1 << i);

            if (t.mode[node_of(i)] == JOIN) {

                /* the other binary begins anew */

                t.mode[node_of(i)] = AWAY;
            }

            visit(&t);
        }
    }

    for (n = 0; s->kills && n < NODES; n++) {

        /* what the dead worker had sent upstream is settled, or nothing was */

        for (end = SPENT; end <= VOID; end++) {
            t = *s;
            t.kills--;

            for (i = 2 * n; i < 2 * n + 2; i++) {
                unheard(&t, i);

                if (s->state[i] == ASKED) {
                    t.state[i] = m.without & NO_CANCEL ? NEVER : VOID;
                    t.state[i + 1] = NEVER;

                } else if (s->state[i] == HELD || s->state[i] == LOCAL) {
                    t.state[i] = end;
                }
            }

            visit(&t);
        }
    }
}


static void
check(const state_t *s)
{
    int  i, kind, committed, spent, rest;

    committed = 0;
    spent = 0;
    rest = (s->mode[0] == READY && s->mode[1] == READY
            && s->known[0] == s->id && s->known[1] == s->id);

    for (i = 0; i < IDENTS; i++) {
        committed += (s->state[i] == HELD || s->state[i] == LOCAL
                      || s->state[i] == SPENT || s->state[i] == SETTLED);
        spent += (s->state[i] == SPENT || s->state[i] == SETTLED);
        rest = rest && (s->state[i] == NEVER || s->state[i] >= SETTLED)
               && s->late[i] == 0;

        for (kind = 0; kind < KINDS; kind++) {
            rest = rest && s->way[i][kind] == 0;
        }
    }

    if (committed > m.limit && !m.open) {
        m.wrong = "more is committed than the limit";
    }

    if (s->redis.spent > spent) {
        m.wrong = "something is counted twice";
    }

    if (rest && s->redis.spent != spent) {
        m.wrong = "something is not counted";
    }

    if (rest && (s->redis.reserved != 0 || s->redis.hold != 0)) {
        m.wrong = "something is held for ever";
    }

    if (!rest && m.found == 0) {
        m.wrong = "nothing goes on";
    }
}


/* what is wrong, or NULL */

static const char *
explore(int limit, int open, unsigned without, const state_t *start)
{
    int       i, kind, id;
    state_t   s;
    uint32_t  at;

    memset(m.table, 0, TABLE * sizeof(uint32_t));

    m.limit = limit;
    m.open = open;
    m.without = without;
    m.n = 0;
    m.wrong = NULL;

    visit(start);

    for (at = 0; at < m.n && m.wrong == NULL; at++) {
        s = m.queue[at];
        m.found = 0;

        for (i = 0; i < IDENTS; i++) {
            for (kind = 0; kind < KINDS; kind++) {
                for (id = 0; id < INCARNATIONS; id++) {
                    if (on_way(&s, i, kind, id)) {
                        deliver(&s, i, kind, id);
                    }
                }
            }

            arrive(&s, i);
            request(&s, i);
        }

        for (i = 0; i < NODES; i++) {
            join(&s, i);
        }

        check(&s);
        faults(&s);
    }

    return m.wrong;
}


static int
setup(void **state)
{
    (void) state;

    m.queue = malloc(TABLE / 2 * sizeof(state_t));
    m.table = malloc(TABLE * sizeof(uint32_t));

    return m.queue == NULL || m.table == NULL;
}


static int
teardown(void **state)
{
    (void) state;

    free(m.queue);
    free(m.table);

    return 0;
}


static state_t
start(int losses, int copies, int crashes, int kills, int timeouts, int delays)
{
    state_t  s;

    memset(&s, 0, sizeof(state_t));

    s.losses = losses;
    s.copies = copies;
    s.crashes = crashes;
    s.saves = crashes;
    s.kills = kills;
    s.timeouts = timeouts;
    s.delays = delays;
    s.joined = 3;

    return s;
}


static void
test_holds(void **state)
{
    unsigned     i;
    state_t      s;
    const char  *wrong;

    static const struct {
        int  limit, open;
        int  losses, copies, crashes, kills, timeouts, delays, drops, finds;
    } runs[] = {
        { 1, 0,  2, 1, 0, 0, 1, 0, 0, 0 },
        { 2, 0,  2, 1, 0, 0, 1, 0, 0, 0 },
        { 1, 1,  2, 1, 0, 0, 1, 0, 0, 0 },
        { 1, 0,  1, 0, 1, 0, 0, 0, 0, 0 },
        { 1, 0,  0, 1, 1, 0, 1, 0, 0, 0 },
        { 2, 0,  0, 0, 1, 0, 1, 0, 0, 0 },
        { 1, 1,  0, 0, 1, 0, 1, 0, 0, 0 },
        { 1, 0,  1, 1, 0, 1, 0, 0, 0, 0 },
        { 2, 0,  1, 0, 0, 1, 0, 0, 0, 0 },
        { 1, 0,  0, 0, 1, 1, 0, 0, 0, 0 },
        { 1, 0,  0, 0, 2, 0, 0, 0, 0, 0 },
        { 1, 0,  0, 0, 1, 0, 0, 1, 0, 0 },
        { 2, 0,  0, 0, 1, 0, 0, 1, 0, 0 },
        { 1, 0,  0, 0, 1, 0, 0, 0, 2, 0 },
        { 1, 0,  1, 0, 1, 0, 0, 0, 1, 0 },
        { 1, 0,  0, 0, 1, 0, 0, 1, 1, 0 },
        { 1, 0,  0, 0, 2, 0, 0, 0, 1, 0 },
        { 1, 0,  1, 0, 1, 0, 0, 0, 1, 1 },
        { 2, 0,  0, 0, 1, 0, 0, 0, 1, 1 }
    };

    (void) state;

    for (i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
        s = start(runs[i].losses, runs[i].copies, runs[i].crashes,
                  runs[i].kills, runs[i].timeouts, runs[i].delays);
        s.drops = runs[i].drops;
        s.finds = runs[i].finds;

        print_message("limit %d%s, %d lost, %d twice, %d crashes, %d kills, "
                      "%d not waited for, %d late, %d forgotten, %d found: ",
                      runs[i].limit,
                      runs[i].open ? ", open" : "", runs[i].losses,
                      runs[i].copies, runs[i].crashes, runs[i].kills,
                      runs[i].timeouts, runs[i].delays, runs[i].drops,
                      runs[i].finds);

        wrong = explore(runs[i].limit, runs[i].open, 0, &s);

        print_message("%u states%s%s\n", m.n, wrong ? ", " : "",
                      wrong ? wrong : "");
        assert_null(wrong);
    }
}


/* a model that cannot fail shows nothing */

static void
test_is_missed(void **state)
{
    unsigned     i;
    state_t      s;
    const char  *wrong;

    static const unsigned  rules[] = {
        NO_BITMAP, NO_GUARD, NO_CANCEL, NO_RECORD, NO_HOLDS, NO_WAITING,
        NO_SHARE, NO_GRANT, NO_CONFIRM, NO_OWN, NO_FORGET, NO_ONCE
    };

    (void) state;

    for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        s = rules[i] < NO_GRANT ? start(1, 1, 1, 0, 0, 0)
                                  : start(0, 0, 1, 0, 0, 1);
        s.drops = (rules[i] >= NO_OWN);
        s.finds = (rules[i] == NO_ONCE);

        wrong = explore(1, 0, rules[i], &s);

        print_message("without %03x: %s, after %u states\n", rules[i],
                      wrong ? wrong : "-", m.n);
        assert_non_null(wrong);
        assert_string_not_equal(wrong, "too many states");
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_holds),
        cmocka_unit_test(test_is_missed),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
