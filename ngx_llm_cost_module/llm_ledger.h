
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_LEDGER_H_INCLUDED_
#define _LLM_LEDGER_H_INCLUDED_


/*
 * The ledger: budget counters and reservations in one region of memory that
 * all workers map.  It is the store when there is no Redis, and the journal
 * and last-known state of the counters when there is one.
 *
 * The region holds offsets and indices only, no pointers, so that it can be a
 * shared mapping of a file as well as anonymous memory, at any address.  Every
 * call takes the region's lock (a robust process-shared mutex) itself and
 * holds it for O(budgets of the request); nothing is allocated.
 *
 * A counter is never evicted while its window is live.  When its window is
 * over and nothing is reserved in it, its slot may be taken after
 * LLM_LEDGER_KEEP seconds, or at once when no slot is free.
 *
 * Law (docs/budgets.md): at every admission, for every enforced budget,
 * spent + reserved + new <= limit.
 */

#include "llm_core.h"
#include "llm_window.h"


#define LLM_BUDGETS_MAX      16       /* of one request */
#define LLM_KEY_MAX          64       /* bytes of a budget's key value */
#define LLM_NAME_MAX         32       /* bytes of a budget's name */
#define LLM_LEDGER_KEEP      86400
#define LLM_ALERTS_MAX       4        /* thresholds of one budget */
#define LLM_NO_LIMIT         INT64_MAX
#define LLM_REQUEST_ID       16       /* bytes that name a request in logs */
#define LLM_LEDGER_STORE     16       /* bytes that name another store */


typedef enum {
    LLM_UNIT_USD = 0,                 /* nano-USD */
    LLM_UNIT_TOKENS,
    LLM_UNIT_REQUESTS,
    LLM_UNIT_N
} llm_unit_e;


/* a budget as one request meets it; strings are only read during a call */

typedef struct {
    llm_str_t        name;            /* at most LLM_NAME_MAX */
    llm_str_t        key;             /* at most LLM_KEY_MAX, or empty */
    llm_unit_e       unit;
    llm_period_e     period;
    int64_t          start;           /* of the window, UTC seconds */
    int64_t          end;
    int64_t          limit;           /* LLM_NO_LIMIT: counted only */
    unsigned         observe:1;       /* never refuses */
    uint8_t          past;            /* percent of the limit from which on a
                                         trial is refused; 0: none */
    unsigned         capped:1;        /* alone: no more than cap of it, */
    int64_t          cap;             /* whatever the limit is */
    unsigned         nalerts;
    uint8_t          alerts[LLM_ALERTS_MAX];   /* percent, ascending */
} llm_budget_t;


/*
 * State of one counter as a call leaves it.  Each alert is raised once in a
 * window: "crossed" by settled spend, and that of 100 percent, if there is one,
 * as well by the window's first refusal, whichever comes first.
 */

typedef struct {
    int64_t          spent;
    int64_t          reserved;
    int64_t          limit;           /* in force: patched, else as given */
    int64_t          alone;           /* by llm_ledger_peek() */
    uint8_t          crossed;         /* bit i: raise alerts[i] now */
    unsigned         refused_first:1; /* raise the alert of 100 percent now */
} llm_balance_t;


/* identity of a reservation, unique over nodes, processes and restarts */

typedef struct {
    uint64_t         node;            /* random per region incarnation */
    uint64_t         seq;             /* ascending in a region */
} llm_hold_id_t;


/*
 * Admission.  least <= most for each unit; the region grants the same amount
 * of a unit in all budgets of that unit: as much as fits, up to most; if less
 * than least fits in any enforced budget, nothing is reserved anywhere.  An
 * amount of 0 always fits, be the budget overdrawn or not.
 *
 * A budget may stand in the list once (LLM_BAD otherwise; so are a budget out
 * of its bounds, and amounts below 0 or with least above most).
 */

typedef struct {
    llm_budget_t    *budgets;
    unsigned         n;
    int64_t          most[LLM_UNIT_N];
    int64_t          least[LLM_UNIT_N];
    int64_t          now;             /* UTC seconds */
    int64_t          expires;         /* of the reservation, UTC seconds */
    uint32_t         owner;           /* the worker's pid */
    unsigned         hit:1;           /* cache hit: usd and tokens are 0 and
                                         their budgets never refuse */
    unsigned         trial:1;         /* another question follows a refusal:
                                         it changes nothing, raises no alert,
                                         and is not counted */
    unsigned         keep:1;          /* until llm_ledger_logged() */
    unsigned         lasts:1;         /* llm_ledger_leave() may follow */
    unsigned         alone:1;         /* another store does not know of it: its
                                         counters remember, until their windows
                                         end, how much there was of that */
    unsigned char    request_id[LLM_REQUEST_ID];

    /* results */
    llm_hold_id_t    id;
    int64_t          granted[LLM_UNIT_N];
    llm_balance_t    balances[LLM_BUDGETS_MAX];   /* after; on refusal before */
    unsigned         refused;         /* index of the budget that is short:
                                         of several, the last to end */
} llm_admission_t;


typedef struct llm_ledger_s  llm_ledger_t;   /* the region itself */


/*
 * Bytes of a region with room for so many counters and open reservations, at
 * least: the two share the region at a fixed ratio.
 */

size_t llm_ledger_size(size_t counters, size_t holds);

/*
 * Make a region of all of size bytes, aligned to 16; node: a random number.
 * NULL: too small, or no mutex.
 */

llm_ledger_t *llm_ledger_create(void *mem, size_t size, uint64_t node);

/* a region that another process made, or NULL (err: which check failed) */

llm_ledger_t *llm_ledger_attach(void *mem, size_t size, const char **err);


#define LLM_LEDGER_FITS      LLM_OK
#define LLM_LEDGER_SHORT     1        /* refused: a budget is short */
#define LLM_LEDGER_NEVER     2        /* least is above the limit itself */
#define LLM_LEDGER_FULL      3        /* no room for a counter or a hold;
                                         observed and unlimited budgets are
                                         then left out instead */

int llm_ledger_reserve(llm_ledger_t *l, llm_admission_t *a);


/*
 * Settle: the reserved amounts leave, the spent ones are added, in the windows
 * of the reservation.  Exactly once: a second call for the same id changes
 * nothing and returns LLM_DECLINED.  balances (n of them, in the order of
 * admission) may be NULL.
 */

int llm_ledger_settle(llm_ledger_t *l, const llm_hold_id_t *id,
    const int64_t spent[LLM_UNIT_N], llm_balance_t *balances, unsigned n);

/* the same, and where the amounts come from is kept for a line of the log */

int llm_ledger_settle_from(llm_ledger_t *l, const llm_hold_id_t *id,
    const int64_t spent[LLM_UNIT_N], unsigned source,
    llm_balance_t *balances, unsigned n);

/*
 * The request has its line in a log.  One that was admitted with "keep" stays
 * known until it is both settled and logged: whoever finds it without its
 * owner can then write the line that is missing.
 */

int llm_ledger_logged(llm_ledger_t *l, const llm_hold_id_t *id);

/*
 * Nothing was sent upstream: the reservation leaves, nothing is spent, and the
 * admission is not counted.
 */

int llm_ledger_cancel(llm_ledger_t *l, const llm_hold_id_t *id);

/*
 * Settled (spent NULL: cancelled) as above, but another store has not heard of
 * it: until it has confirmed, whoever finds the reservation without its owner
 * is told of it by llm_ledger_inherit(), if its slot was not needed before.
 */

typedef struct {
    const int64_t       *spent;
    unsigned             source;
    uint32_t             owner;
    int64_t              time;        /* now */
    unsigned             sent:1;      /* that store may have it all the same */
} llm_ledger_end_t;

int llm_ledger_pend(llm_ledger_t *l, const llm_hold_id_t *id,
    const llm_ledger_end_t *end, llm_balance_t *balances, unsigned n);
int llm_ledger_confirm(llm_ledger_t *l, const llm_hold_id_t *id);

/* that store is being told of its end, or has been, and has not answered */

int llm_ledger_unsure(llm_ledger_t *l, const llm_hold_id_t *id);

/* settled as above, and another store has confirmed it */

int llm_ledger_settle_there(llm_ledger_t *l, const llm_hold_id_t *id,
    const int64_t spent[LLM_UNIT_N], unsigned source);

/*
 * What another store has been told of, by counter: the place in the list is the
 * cursor of llm_ledger_next() less one.  Where the window starts at another
 * time by now it is another counter.
 */

typedef struct {
    int64_t          start;
    int64_t          own;             /* spent by reservations of this region,
                                         confirmed */
    int64_t          known;           /* spent by all, as far as is known, less
                                         what is pending, or has expired and
                                         will be settled */
    int64_t          unsure;          /* pending, and may be in known as well */
} llm_known_t;

/* malloc()ed; NULL: no memory */

llm_known_t *llm_ledger_told(llm_ledger_t *l, uint32_t *n);

/*
 * One process at a time tells another store what is known here, whichever
 * binary it runs.  1: it is the caller, until it releases that or is gone.
 */

int llm_ledger_claim(llm_ledger_t *l, uint32_t owner,
    int (*gone)(uint32_t owner));
void llm_ledger_release(llm_ledger_t *l, uint32_t owner);

/*
 * Which store that is: LLM_LEDGER_STORE bytes, of which the first is not 0.
 * And how far it had come when it was last heard of: a number that ascends, so
 * that whoever starts next can tell if it has gone back.
 */

void llm_ledger_set_store(llm_ledger_t *l, const unsigned char *store,
    uint64_t seen);
int llm_ledger_has_store(llm_ledger_t *l);
int llm_ledger_is_store(llm_ledger_t *l, const unsigned char *store);
uint64_t llm_ledger_store(llm_ledger_t *l, unsigned char *store);

/* ... before what it has confirmed is done here */

void llm_ledger_saw(llm_ledger_t *l, uint64_t seen);

/*
 * What it has confirmed is on a record of the caller's; the two binaries of an
 * upgrade have one each.  1: the last such record was another one than this
 * (a number, not 0).
 */

int llm_ledger_recorded(llm_ledger_t *l, uint32_t record);

/* another store has granted less than was reserved here */

int llm_ledger_granted(llm_ledger_t *l, const llm_hold_id_t *id,
    const int64_t granted[LLM_UNIT_N]);

/* whoever sweeps finds it without its owner, as if that had died */

int llm_ledger_disown(llm_ledger_t *l, const llm_hold_id_t *id);

/* a process that has just begun: what is under its number is a dead one's */

void llm_ledger_born(llm_ledger_t *l, uint32_t owner);

/*
 * It outlives its request, and the worker too: nobody owns it, no log waits
 * for it, and it is charged in full if it expires.
 */

#define LLM_LEDGER_NOBODY    UINT32_MAX

int llm_ledger_leave(llm_ledger_t *l, const llm_hold_id_t *id,
    int64_t expires);

/* a live stream keeps its reservation */

int llm_ledger_renew(llm_ledger_t *l, const llm_hold_id_t *id,
    int64_t expires);

/*
 * What has been seen so far of a running request; whoever finds the
 * reservation without its owner settles with this.  NULL: nothing is owed, it
 * is cancelled, as if nothing had been noted.
 */

int llm_ledger_note(llm_ledger_t *l, const llm_hold_id_t *id,
    const int64_t spent[LLM_UNIT_N]);

/* all of it, and another store is being told (as llm_ledger_unsure()) */

int llm_ledger_note_end(llm_ledger_t *l, const llm_hold_id_t *id,
    const int64_t spent[LLM_UNIT_N]);

/*
 * What has expired is spent in full (charge) or not at all.  At most max a
 * call; returns how many.
 */

unsigned llm_ledger_sweep(llm_ledger_t *l, int64_t now, int charge,
    unsigned max);


/* reading: counters one by one, consistent each; cursor starts at 0 */

typedef struct {
    unsigned char    name[LLM_NAME_MAX];
    unsigned char    key[LLM_KEY_MAX];
    uint8_t          name_len;
    uint8_t          key_len;
    llm_unit_e       unit;
    llm_period_e     period;
    unsigned         observe:1;
    unsigned         patched:1;
    int64_t          start;
    int64_t          end;
    int64_t          limit;
    int64_t          spent;
    int64_t          reserved;
} llm_counter_view_t;

/* LLM_OK, or LLM_DECLINED at the end */

int llm_ledger_next(llm_ledger_t *l, uint32_t *cursor,
    llm_counter_view_t *v);

/* one counter; LLM_OK, or LLM_DECLINED where it is not there */

int llm_ledger_find(llm_ledger_t *l, const llm_budget_t *b,
    llm_counter_view_t *v);

/* open reservations one by one, for a store that has to replay them */

typedef struct {
    llm_hold_id_t        id;
    uint32_t             owner;
    int64_t              expires;
    int64_t              granted[LLM_UNIT_N];
    int64_t              noted[LLM_UNIT_N];
    unsigned             has_note:1;
    unsigned             settled:1;   /* granted is what was spent */
    unsigned             unlogged:1;  /* and no log has it */
    unsigned             sent:1;      /* another store may have its end */
    unsigned             source;
    unsigned char        request_id[LLM_REQUEST_ID];
    unsigned             n;
    llm_counter_view_t   counters[LLM_BUDGETS_MAX];
} llm_hold_view_t;

int llm_ledger_next_hold(llm_ledger_t *l, uint32_t *cursor,
    llm_hold_view_t *v);

/*
 * What dead owners have left, one by one (gone() says who is dead): open and
 * expired reservations, and settled ones that have no line in a log.
 *
 * What the dead owner has noted was spent; without a note nothing was sent
 * upstream, and the reservation is cancelled.  log() is to write the line that
 * is missing, with v->granted as what was spent: it comes first, so that a
 * death in between repeats a line, with the same request id, and loses none.
 * Unless it returns LLM_OK the rest waits for the next call.  settle() is to
 * end an open one (spent NULL: cancel); without it that happens here.
 *
 * At most max a call; returns how many.
 */

typedef struct {
    int                (*gone)(uint32_t owner);
    int                (*log)(void *data, const llm_hold_view_t *v);
    void               (*settle)(void *data, const llm_hold_view_t *v,
                                 const int64_t *spent);
    void                *data;
} llm_ledger_heir_t;

unsigned llm_ledger_inherit(llm_ledger_t *l, const llm_ledger_heir_t *heir,
    unsigned max);

/* whether there is anything */

unsigned llm_ledger_has_left(llm_ledger_t *l, int (*gone)(uint32_t owner));

/*
 * A limit that holds until the window ends (PATCH budgets); the counter need
 * not exist yet.  LLM_OK, LLM_BAD, LLM_LEDGER_FULL.
 */

int llm_ledger_patch(llm_ledger_t *l, const llm_budget_t *b, int64_t limit);

/*
 * What another store last said of a counter; results as above.  Of two workers
 * that have heard of it the one that was told first may come here last: what is
 * older than the last that was seen (llm_ledger_saw()), and less, changes
 * nothing.
 */

int llm_ledger_shadow(llm_ledger_t *l, const llm_budget_t *b, int64_t spent,
    int64_t reserved, uint64_t stamp);

/*
 * What is known of a counter now: LLM_OK, and LLM_DECLINED where no other
 * store has ever told (what was spent and reserved here is then all there is).
 */

int llm_ledger_peek(llm_ledger_t *l, const llm_budget_t *b,
    llm_balance_t *balance);

/* ... of several at once: bits of those that another store has told of */

unsigned llm_ledger_peek_all(llm_ledger_t *l, const llm_budget_t *budgets,
    unsigned n, llm_balance_t *balances);

typedef struct {
    uint32_t         counters;        /* in use, and room for */
    uint32_t         counters_max;
    uint32_t         holds;
    uint32_t         holds_max;
    uint64_t         reserves;        /* since the region was made */
    uint64_t         refusals;
    uint64_t         settles;
    uint64_t         cancels;
    uint64_t         expired;
    uint64_t         full;
    int64_t          overrun;         /* nano-USD spent above limits */
} llm_ledger_stat_t;

uint64_t llm_ledger_node(const llm_ledger_t *l);

/* numbers of reservations below have been given, whatever the region knows */

void llm_ledger_number_from(llm_ledger_t *l, uint64_t least);
void llm_ledger_stat(llm_ledger_t *l, llm_ledger_stat_t *st);


#endif /* _LLM_LEDGER_H_INCLUDED_ */
