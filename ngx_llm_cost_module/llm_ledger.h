
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
    uint8_t          past;            /* a trial is refused from this percent
                                         of the limit on; 0: at the limit */
    unsigned         capped:1;        /* an admission that is "alone" may bring
                                         the counter's alone to cap at most, */
    int64_t          cap;             /* whatever the limit is */
    unsigned         nalerts;
    uint8_t          alerts[LLM_ALERTS_MAX];   /* percent, ascending */
} llm_budget_t;


/*
 * State of one counter as a call leaves it.  Each alert is raised once in a
 * window, when settled spend crosses its threshold (crossed); that of 100
 * percent, if there is one, also by the window's first refusal
 * (refused_first), whichever comes first.
 */

typedef struct {
    int64_t          spent;
    int64_t          reserved;
    int64_t          limit;           /* in force: patched, else as given */
    int64_t          alone;           /* what was admitted "alone" in this
                                         window; set by llm_ledger_peek() */
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
    unsigned         trial:1;         /* the caller will ask again if this is
                                         refused: the refusal changes nothing,
                                         raises no alert, and is not counted */
    unsigned         keep:1;          /* the reservation stays known until
                                         llm_ledger_logged() */
    unsigned         lasts:1;         /* llm_ledger_leave() may follow */
    unsigned         alone:1;         /* another store does not know of it: the
                                         counters remember, until their windows
                                         end, how much was admitted so */
    unsigned char    request_id[LLM_REQUEST_ID];

    /* results */
    llm_hold_id_t    id;
    int64_t          granted[LLM_UNIT_N];
    llm_balance_t    balances[LLM_BUDGETS_MAX];   /* after the admission; as
                                                     they are, if refused */
    unsigned         refused;         /* index of the budget that is short; of
                                         several, the one whose window ends
                                         last */
} llm_admission_t;


typedef struct llm_ledger_s  llm_ledger_t;   /* the region itself */


/*
 * Bytes of a region with room for at least so many counters and open
 * reservations: the two share a region at a fixed ratio.
 */

size_t llm_ledger_size(size_t counters, size_t holds);

/*
 * Make a region that fills mem, size bytes aligned to 16; node: a random
 * number.  NULL: size is too small, or the mutex cannot be made.
 */

llm_ledger_t *llm_ledger_create(void *mem, size_t size, uint64_t node);

/* a region that another process made, or NULL (err: which check failed) */

llm_ledger_t *llm_ledger_attach(void *mem, size_t size, const char **err);


#define LLM_LEDGER_FITS      LLM_OK
#define LLM_LEDGER_SHORT     1        /* refused: a budget is short */
#define LLM_LEDGER_NEVER     2        /* least is above the limit itself */
#define LLM_LEDGER_FULL      3        /* no room for a counter of a budget that
                                         can refuse, or for the reservation; a
                                         budget that cannot is left out */

/* one of the four above, or LLM_BAD, LLM_ERROR */

int llm_ledger_reserve(llm_ledger_t *l, llm_admission_t *a);


/*
 * Settle: the reserved amounts leave, the spent ones are added, in the windows
 * of the reservation.  Exactly once: a second call for the same id changes
 * nothing and returns LLM_DECLINED.  balances (n of them, in the order of
 * admission) may be NULL.
 */

int llm_ledger_settle(llm_ledger_t *l, const llm_hold_id_t *id,
    const int64_t spent[LLM_UNIT_N], llm_balance_t *balances, unsigned n);

/*
 * The same; source says where the amounts come from, and is kept for the line
 * of the log that an heir may have to write (llm_hold_view_t).
 */

int llm_ledger_settle_from(llm_ledger_t *l, const llm_hold_id_t *id,
    const int64_t spent[LLM_UNIT_N], unsigned source,
    llm_balance_t *balances, unsigned n);

/*
 * The request has its line in a log.  A reservation that was made with "keep"
 * stays known until it is both settled and logged, so that whoever finds it
 * without its owner can write the line that is missing.
 */

int llm_ledger_logged(llm_ledger_t *l, const llm_hold_id_t *id);

/*
 * Nothing was sent upstream: the reservation leaves, nothing is spent, and the
 * admission is not counted.
 */

int llm_ledger_cancel(llm_ledger_t *l, const llm_hold_id_t *id);

/*
 * Settle (spent NULL: cancel) as above, while another store has not heard of
 * it yet.  The reservation is pending until llm_ledger_confirm(): if its owner
 * dies before, llm_ledger_inherit() hands it out, unless its slot was needed
 * meanwhile.
 */

typedef struct {
    const int64_t       *spent;
    unsigned             source;
    uint32_t             owner;
    int64_t              time;        /* now */
    unsigned             sent:1;      /* it was sent: the other store may have
                                         it, though it has not confirmed it */
} llm_ledger_end_t;

int llm_ledger_pend(llm_ledger_t *l, const llm_hold_id_t *id,
    const llm_ledger_end_t *end, llm_balance_t *balances, unsigned n);
int llm_ledger_confirm(llm_ledger_t *l, const llm_hold_id_t *id);

/* the other store is being told of the end, or was told and has not answered */

int llm_ledger_unsure(llm_ledger_t *l, const llm_hold_id_t *id);

/* settle as above what the other store has already confirmed */

int llm_ledger_settle_there(llm_ledger_t *l, const llm_hold_id_t *id,
    const int64_t spent[LLM_UNIT_N], unsigned source);

/*
 * What another store has been told, one entry a counter; the index is the
 * cursor that llm_ledger_next() leaves, less one.  A counter whose window has
 * another start by then is another counter.
 */

typedef struct {
    int64_t          start;
    int64_t          own;             /* spent by reservations of this region,
                                         and confirmed */
    int64_t          known;           /* spent by all, as far as is known, but
                                         for what is pending, or has expired
                                         and is still to be settled */
    int64_t          unsure;          /* the part of what is pending that may
                                         be in known as well */
} llm_known_t;

/* n entries from malloc(), which the caller frees; NULL: no memory */

llm_known_t *llm_ledger_told(llm_ledger_t *l, uint32_t *n);

/*
 * One process at a time, of whichever binary, tells the other store what is
 * known here.  1: that is the caller, until it calls release() or is gone.
 */

int llm_ledger_claim(llm_ledger_t *l, uint32_t owner,
    int (*gone)(uint32_t owner));
void llm_ledger_release(llm_ledger_t *l, uint32_t owner);

/*
 * Which store that is: LLM_LEDGER_STORE bytes, the first of which is not 0.
 * seen is the highest stamp that came from it; stamps ascend, so that whoever
 * starts next can tell whether the store has gone back to an older state.
 */

void llm_ledger_set_store(llm_ledger_t *l, const unsigned char *store,
    uint64_t seen);
int llm_ledger_has_store(llm_ledger_t *l);
int llm_ledger_is_store(llm_ledger_t *l, const unsigned char *store);
uint64_t llm_ledger_store(llm_ledger_t *l, unsigned char *store);

/* this stamp has come; to be called before what it confirms is done here */

void llm_ledger_saw(llm_ledger_t *l, uint64_t seen);

/*
 * The caller keeps a record of what the store has confirmed; the two binaries
 * of an upgrade have one each.  record is its number, not 0.  1: the last call
 * named another record.
 */

int llm_ledger_recorded(llm_ledger_t *l, uint32_t record);

/* the other store has granted less than was reserved: give back the rest */

int llm_ledger_granted(llm_ledger_t *l, const llm_hold_id_t *id,
    const int64_t granted[LLM_UNIT_N]);

/* take away its owner, as if that had died: whoever sweeps inherits it */

int llm_ledger_disown(llm_ledger_t *l, const llm_hold_id_t *id);

/* a process begins: reservations under its number are those of a dead one */

void llm_ledger_born(llm_ledger_t *l, uint32_t owner);

/*
 * The reservation outlives its request, and the worker too: nobody owns it, no
 * log waits for it, and it is charged in full if it expires.
 */

#define LLM_LEDGER_NOBODY    UINT32_MAX

int llm_ledger_leave(llm_ledger_t *l, const llm_hold_id_t *id,
    int64_t expires);

/* move the time at which it expires: its request is still running */

int llm_ledger_renew(llm_ledger_t *l, const llm_hold_id_t *id,
    int64_t expires);

/*
 * Note what a running request has used so far: whoever finds the reservation
 * without its owner settles it with this.  NULL: it owes nothing, and is
 * cancelled then, as one is for which nothing was noted.
 */

int llm_ledger_note(llm_ledger_t *l, const llm_hold_id_t *id,
    const int64_t spent[LLM_UNIT_N]);

/* the same at its end, while the other store is told: as llm_ledger_unsure() */

int llm_ledger_note_end(llm_ledger_t *l, const llm_hold_id_t *id,
    const int64_t spent[LLM_UNIT_N]);

/*
 * End reservations that have expired: charge 1, all that was reserved is
 * spent; 0, nothing is.  At most max of them a call; returns how many.
 */

unsigned llm_ledger_sweep(llm_ledger_t *l, int64_t now, int charge,
    unsigned max);


/* reading: one counter after another, each consistent; cursor starts at 0 */

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

/* open reservations, one after another, for a store that they are told again */

typedef struct {
    llm_hold_id_t        id;
    uint32_t             owner;
    int64_t              expires;
    int64_t              granted[LLM_UNIT_N];
    int64_t              noted[LLM_UNIT_N];
    unsigned             has_note:1;
    unsigned             settled:1;   /* ended: granted is what was spent */
    unsigned             unlogged:1;  /* ... and no log has its line yet */
    unsigned             sent:1;      /* the other store may have its end */
    unsigned             source;
    unsigned char        request_id[LLM_REQUEST_ID];
    unsigned             n;
    llm_counter_view_t   counters[LLM_BUDGETS_MAX];
} llm_hold_view_t;

int llm_ledger_next_hold(llm_ledger_t *l, uint32_t *cursor,
    llm_hold_view_t *v);

/*
 * Go through what dead owners have left: open and expired reservations, and
 * settled ones that have no line in a log.  gone() says whether an owner is
 * dead.
 *
 * What the dead owner has noted was spent; if it noted nothing, nothing was
 * sent upstream, and the reservation is cancelled.  log() has to write the
 * missing line, with v->granted as what was spent.  It is called first, so that
 * a death in between repeats a line, with the same request id, and loses none;
 * if it does not return LLM_OK, all else waits for the next call.  settle() has
 * to end an open reservation (spent NULL: cancel); if it is NULL, that is done
 * here.
 *
 * At most max of them a call; returns how many.
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

/* 1: llm_ledger_inherit() would find something */

unsigned llm_ledger_has_left(llm_ledger_t *l, int (*gone)(uint32_t owner));

/*
 * A limit that holds until the window ends (PATCH budgets); the counter need
 * not exist yet.  LLM_OK, LLM_BAD, LLM_LEDGER_FULL.
 */

int llm_ledger_patch(llm_ledger_t *l, const llm_budget_t *b, int64_t limit);

/*
 * What the other store last said of a counter; results as above.  Two workers
 * may bring their news in the wrong order: what has an older stamp than was
 * seen (llm_ledger_saw()), and is less, changes nothing.
 */

int llm_ledger_shadow(llm_ledger_t *l, const llm_budget_t *b, int64_t spent,
    int64_t reserved, uint64_t stamp);

/*
 * What is known of a counter now.  LLM_OK, or LLM_DECLINED: no other store has
 * ever told of it, and the balance is what was spent and reserved here.
 */

int llm_ledger_peek(llm_ledger_t *l, const llm_budget_t *b,
    llm_balance_t *balance);

/* the same for several; bit i: another store has told of budgets[i] */

unsigned llm_ledger_peek_all(llm_ledger_t *l, const llm_budget_t *budgets,
    unsigned n, llm_balance_t *balances);

typedef struct {
    uint32_t         counters;        /* in use */
    uint32_t         counters_max;    /* room for */
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

/* new reservations get numbers from least on: those below may have been used */

void llm_ledger_number_from(llm_ledger_t *l, uint64_t least);
void llm_ledger_stat(llm_ledger_t *l, llm_ledger_stat_t *st);


#endif /* _LLM_LEDGER_H_INCLUDED_ */
