
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_LEDGER_REGION_H_INCLUDED_
#define _LLM_LEDGER_REGION_H_INCLUDED_


/*
 * The inside of the ledger's region, for llm_ledger*.c only.
 *
 * Links are indices plus one, so that 0 is "none" and fresh zero pages are
 * empty tables.  All functions here want the region's lock held.
 *
 * Whatever can be reached by others is changed through the redo record only:
 * llm_redo_set*() collects new values, llm_redo_commit() makes them all true.
 * A slot that is not in use yet cannot be reached and is filled directly.
 */

#include "llm_ledger.h"
#include "llm_redo.h"


#define LLM_LEDGER_MAGIC     0x3165676465726c6cULL
#define LLM_LEDGER_VERSION   5

#define LLM_LEDGER_NAMES     1024     /* different budget names alive */
#define LLM_LEDGER_PER_HOLD  6        /* counters to one reservation */
#define LLM_LEDGER_REAP      4        /* slots looked at per admission */
#define LLM_LEDGER_PRESS     256      /* when there is no free one */

/* bits of a reservation's seq that say where it is */
#define LLM_HOLD_BITS        20
#define LLM_HOLD_MASK        ((1U << LLM_HOLD_BITS) - 1)


#define LLM_SLOT_USED        0x01
#define LLM_SLOT_OBSERVE     0x02
#define LLM_SLOT_PATCHED     0x04
#define LLM_SLOT_SEEN        0x08     /* another store has told its amounts */


typedef struct {
    uint8_t          alerts[LLM_ALERTS_MAX];      /* 0: no more */
    uint8_t          fired;                       /* bits of alerts */
    uint8_t          flags;
    uint8_t          period;
    uint8_t          unit;
} llm_slot_meta_t;


/* the end of what never ends; seconds since 1970 do until 2106 */

#define LLM_SLOT_ENDLESS     UINT32_MAX


typedef struct {
    int64_t          spent;
    int64_t          reserved;
    int64_t          limit;                       /* in force */
    int64_t          alone;                       /* of spent and reserved:
                                                     what no other store has
                                                     allowed */
    uint32_t         start;
    uint32_t         end;
    llm_slot_meta_t  meta;                        /* one redo word */
    uint32_t         hash;
    uint32_t         next;                        /* in chain or free list */
    uint32_t         holds;                       /* that point here */
    uint16_t         name;
    uint8_t          key_len;
    uint8_t          unused;
    unsigned char    key[LLM_KEY_MAX];
} llm_slot_t;


#define LLM_HOLD_FREE        0
#define LLM_HOLD_OPEN        1
#define LLM_HOLD_EXPIRED     2        /* charged; settling still corrects */
#define LLM_HOLD_DONE        3        /* settled after it had expired */
#define LLM_HOLD_SETTLED     4        /* but no log has it */
#define LLM_HOLD_LATE        5        /* DONE, but no log has it */


typedef struct {
    uint8_t          state;
    uint8_t          noted;
    uint8_t          n;
    uint8_t          keep;                        /* until it is logged */
    uint8_t          source;
    uint8_t          sent;                        /* the other store may have
                                                     its end */
    uint8_t          alone;                       /* that store did not admit
                                                     it */
    uint8_t          unused;
} llm_hold_meta_t;


typedef struct {
    uint64_t         seq;
    int64_t          expires;
    int64_t          amount[LLM_UNIT_N];          /* reserved; then spent */
    int64_t          noted[LLM_UNIT_N];
    llm_hold_meta_t  meta;                        /* one redo word */
    uint32_t         owner;
    uint32_t         next;                        /* free or expired list */
    uint32_t         counters[LLM_BUDGETS_MAX];   /* 0: was skipped */
    unsigned char    request_id[LLM_REQUEST_ID];
} llm_hold_t;


typedef struct {
    uint32_t         refs;                        /* counters of that name */
    uint32_t         len;
    unsigned char    text[LLM_NAME_MAX];
} llm_ledger_name_t;


struct llm_ledger_s {
    uint64_t         magic;
    uint32_t         version;
    uint32_t         header_size;
    uint64_t         size;
    uint64_t         node;
    uint64_t         seed[2];                     /* of the hash */

    uint32_t         counters_max;
    uint32_t         holds_max;
    uint32_t         buckets_off;
    uint32_t         counters_off;
    uint32_t         holds_off;
    uint32_t         own_off;                     /* int64_t of each counter */
    uint32_t         teller;                      /* of another store: a pid */
    uint32_t         dirty_off;                   /* two bitmaps of lines */
    uint32_t         dirty_size;                  /* bytes of one */
    uint32_t         hand;                        /* of the reaper: a hint */

    pthread_mutex_t  mutex;

    uint32_t         counters_top;                /* ever used */
    uint32_t         counters_free;
    uint32_t         counters_used;
    uint32_t         holds_top;
    uint32_t         holds_free;
    uint32_t         holds_used;                  /* open ones */
    uint32_t         expired_first;
    uint32_t         expired_last;
    uint32_t         names_top;
    uint32_t         record;                      /* whose was confirmed last */
    uint64_t         gen;                         /* of the next seq */
    unsigned char    store[LLM_LEDGER_STORE];     /* the other one: which, */
    uint64_t         store_seen;                  /* how far: with the next
                                                     change it is on disk */
    uint64_t         reserves;
    uint64_t         refusals;
    uint64_t         settles;
    uint64_t         cancels;
    uint64_t         expired;
    uint64_t         full;
    int64_t          overrun;

    llm_redo_t           redo;
    llm_ledger_name_t    names[LLM_LEDGER_NAMES];
};


/* a settlement changes seven places of each counter, and a few of its own */

_Static_assert(LLM_BUDGETS_MAX * 7 + 16 <= LLM_REDO_MAX, "room for a change");
_Static_assert(sizeof(llm_slot_meta_t) == 8, "meta is one redo word");
_Static_assert(sizeof(llm_hold_meta_t) == 8, "meta is one redo word");
_Static_assert(sizeof(llm_slot_t) == 128, "two cache lines a counter");
_Static_assert(offsetof(llm_ledger_t, store_seen) / LLM_REDO_LINE
               == offsetof(llm_ledger_t, settles) / LLM_REDO_LINE,
               "a settlement has both copied to the disk");
_Static_assert(sizeof(llm_hold_t) == 160, "memory a reservation");


/* what is filled in directly */

#define llm_ledger_touch(l, p, size)  llm_redo_mark(&(l)->redo, p, size)

#define llm_ledger_at(l, off)    ((unsigned char *) (l) + (off))

#define llm_ledger_bucket(l, hash)                                            \
    ((uint32_t *) llm_ledger_at(l, (l)->buckets_off)                          \
     + (((uint64_t) (hash) * (l)->counters_max) >> 32))

/* i is an index plus one */

#define llm_ledger_slot(l, i)                                              \
    ((llm_slot_t *) llm_ledger_at(l, (l)->counters_off) + (i) - 1)
/* what this region's reservations have spent there, confirmed by the other
   store */

#define llm_ledger_own(l, i)                                                  \
    ((int64_t *) llm_ledger_at(l, (l)->own_off) + (i) - 1)

#define llm_ledger_hold(l, i)                                                 \
    ((llm_hold_t *) llm_ledger_at(l, (l)->holds_off) + (i) - 1)
#define llm_ledger_slot_index(l, c)                                        \
    ((uint32_t) ((c) - llm_ledger_slot(l, 1) + 1))
#define llm_ledger_hold_index(l, h)                                           \
    ((uint32_t) ((h) - llm_ledger_hold(l, 1) + 1))


/* region: LLM_ERROR of the lock means that the mutex is beyond repair */

int llm_ledger_lock(llm_ledger_t *l);
void llm_ledger_unlock(llm_ledger_t *l);


/*
 * What is wrong with the region, or NULL; the lock is held, or nobody else has
 * the region.  sums: what is reserved is what open reservations hold, which is
 * not so where another store's balances were written over it.
 */

const char *llm_ledger_check(llm_ledger_t *l, int sums);

/*
 * Into a region of another size; LLM_LIMIT where that is too small, and
 * llm_ledger_needs() then says how large it must be.
 */

int llm_ledger_copy(llm_ledger_t *to, llm_ledger_t *from);
size_t llm_ledger_needs(llm_ledger_t *l);


/* counters */

int llm_budget_check(const llm_budget_t *b);
int64_t llm_slot_end(const llm_slot_t *c);
uint32_t llm_slot_hash(llm_ledger_t *l, const llm_budget_t *b);
llm_slot_t *llm_slot_find(llm_ledger_t *l, const llm_budget_t *b,
    uint32_t hash);

/* a change of its own; NULL when the table is full */

llm_slot_t *llm_slot_make(llm_ledger_t *l, const llm_budget_t *b,
    uint32_t hash, int64_t now);

/* limit, alerts and mode of the budget as given now: into the redo record */

void llm_slot_touch(llm_ledger_t *l, llm_slot_t *c,
    const llm_budget_t *b, llm_slot_meta_t *meta);
void llm_slot_set_meta(llm_ledger_t *l, llm_slot_t *c,
    const llm_slot_meta_t *meta);

/* the alerts that this spend raises, once each; marks them in meta */

uint8_t llm_slot_cross(llm_slot_meta_t *meta, int64_t spent,
    int64_t limit);

/* free slots whose window ended at or before the given time, looking at n */

void llm_slot_reap(llm_ledger_t *l, int64_t ended, unsigned n);


/* reservations */

/*
 * A free reservation, still out of reach: the caller fills it and puts what
 * makes it an open one into the redo record.  NULL when there is none.
 */

llm_hold_t *llm_hold_take(llm_ledger_t *l);
void llm_hold_open(llm_ledger_t *l, llm_hold_t *h, const llm_hold_meta_t *m);

/* there: another store has confirmed it */

int llm_hold_settle(llm_ledger_t *l, const llm_hold_id_t *id,
    const int64_t spent[LLM_UNIT_N], unsigned source, int there,
    llm_balance_t *balances, unsigned n);

/* one that is still to be settled */

llm_hold_t *llm_hold_find(llm_ledger_t *l, const llm_hold_id_t *id);

/* into the redo record: what a settlement (or, spent NULL, a cancel) does */

void llm_hold_finish(llm_ledger_t *l, llm_hold_t *h, const int64_t *spent,
    llm_balance_t *balances, unsigned n);

/* into the redo record: nothing more is to come of it */

void llm_hold_leave(llm_ledger_t *l, llm_hold_t *h);

/* into the redo record: an open one is as an expired one from now on */

void llm_hold_retire(llm_ledger_t *l, llm_hold_t *h);

/* a change of its own: the oldest expired one makes room */

void llm_hold_bury(llm_ledger_t *l);

/*
 * Moves one counter of a reservation: held leaves, delta is spent.  Returns by
 * how much nano-USD passed the limit.
 */

int64_t llm_hold_charge(llm_ledger_t *l, const llm_hold_t *h, llm_slot_t *c,
    int64_t held, int64_t delta, llm_balance_t *balance);

/* into the redo record: another store has confirmed what was spent */

void llm_hold_told(llm_ledger_t *l, const llm_hold_t *h,
    const int64_t *spent);

/* into the redo record, last: the counters may have held that already */

void llm_hold_doubt(llm_ledger_t *l, const llm_hold_t *h);

/* a reservation with its counters, for a reader */

void llm_view_fill_hold(llm_ledger_t *l, const llm_hold_t *h,
    llm_hold_view_t *v);


#endif /* _LLM_LEDGER_REGION_H_INCLUDED_ */
