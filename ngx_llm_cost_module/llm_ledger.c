
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Admission: all budgets of a request in one step, or none.
 */

#include <string.h>

#include "llm_ledger_region.h"


/* one budget of the request, looked up */

typedef struct {
    uint32_t         hash;
    llm_slot_t   *counter;         /* NULL: not there */
    int64_t          room;            /* that is left for this request */
    unsigned         counted:1;       /* this request adds to it */
    unsigned         hard:1;          /* it may refuse */
    unsigned         is_short:1;
} llm_meet_t;


static int llm_admission_check(const llm_admission_t *a);
static int llm_ledger_admit(llm_ledger_t *l, llm_admission_t *a);
static int llm_ledger_meet(llm_ledger_t *l, llm_admission_t *a,
    llm_meet_t *meet);
static int llm_ledger_grant(llm_admission_t *a, llm_meet_t *meet);
static int llm_ledger_past(const llm_admission_t *a, unsigned i);
static int llm_ledger_used_up(const llm_admission_t *a, unsigned i);
static int llm_ledger_refuse(llm_ledger_t *l, llm_admission_t *a,
    llm_meet_t *meet, int why);
static int llm_ledger_make(llm_ledger_t *l, llm_admission_t *a,
    llm_meet_t *meet);
static void llm_ledger_hold_fill(llm_ledger_t *l, llm_admission_t *a,
    llm_meet_t *meet, llm_hold_t *h);
static void llm_ledger_take(llm_ledger_t *l, llm_admission_t *a,
    llm_meet_t *meet, llm_hold_t *h);
static int llm_budget_same(const llm_budget_t *x, const llm_budget_t *y);
static llm_slot_t *llm_ledger_get(llm_ledger_t *l, const llm_budget_t *b);


int
llm_ledger_reserve(llm_ledger_t *l, llm_admission_t *a)
{
    int  rc;

    a->id.node = 0;
    a->id.seq = 0;
    a->refused = 0;
    memset(a->granted, 0, sizeof(a->granted));

    if (llm_admission_check(a) != LLM_OK) {
        return LLM_BAD;
    }

    if (llm_ledger_lock(l) != LLM_OK) {
        return LLM_ERROR;
    }

    rc = llm_ledger_admit(l, a);

    llm_ledger_unlock(l);

    return rc;
}


static int
llm_admission_check(const llm_admission_t *a)
{
    int       u;
    unsigned  i;

    if (a->n > LLM_BUDGETS_MAX) {
        return LLM_BAD;
    }

    for (u = 0; u < LLM_UNIT_N; u++) {
        if (a->least[u] < 0 || a->most[u] < a->least[u]) {
            return LLM_BAD;
        }
    }

    for (i = 0; i < a->n; i++) {
        if (llm_budget_check(&a->budgets[i]) != LLM_OK) {
            return LLM_BAD;
        }
    }

    return LLM_OK;
}


static int
llm_ledger_admit(llm_ledger_t *l, llm_admission_t *a)
{
    int          rc;
    llm_hold_t  *h;
    llm_meet_t   meet[LLM_BUDGETS_MAX];

    llm_slot_reap(l, a->now - LLM_LEDGER_KEEP, LLM_LEDGER_REAP);

    if (llm_ledger_meet(l, a, meet) != LLM_OK) {
        return LLM_BAD;
    }

    rc = llm_ledger_grant(a, meet);

    if (rc == LLM_LEDGER_SHORT || rc == LLM_LEDGER_NEVER) {
        return llm_ledger_refuse(l, a, meet, rc);
    }

    rc = llm_ledger_make(l, a, meet);
    h = NULL;

    if (rc == LLM_LEDGER_FITS && (!a->hit || a->keep)) {
        h = llm_hold_take(l);

        /* a hit is not refused because its line might get lost */

        if (h == NULL && !a->hit) {
            rc = LLM_LEDGER_FULL;
        }
    }

    if (rc != LLM_LEDGER_FITS) {
        memset(a->granted, 0, sizeof(a->granted));
        llm_redo_add(&l->redo, (int64_t *) &l->full, 1);

        return llm_redo_commit(&l->redo) == LLM_OK ? rc : LLM_ERROR;
    }

    if (h) {
        llm_ledger_hold_fill(l, a, meet, h);
    }

    llm_ledger_take(l, a, meet, h);
    llm_redo_add(&l->redo, (int64_t *) &l->reserves, 1);

    return llm_redo_commit(&l->redo) == LLM_OK ? LLM_LEDGER_FITS : LLM_ERROR;
}


/* a hit is settled as it is admitted: it is held only for its line */

static void
llm_ledger_hold_fill(llm_ledger_t *l, llm_admission_t *a, llm_meet_t *meet,
    llm_hold_t *h)
{
    unsigned         i;
    llm_hold_meta_t  meta;

    memset(h->counters, 0, sizeof(h->counters));
    memcpy(h->amount, a->granted, sizeof(h->amount));
    memset(h->noted, 0, sizeof(h->noted));
    memcpy(h->request_id, a->request_id, LLM_REQUEST_ID);
    h->expires = a->expires;
    h->owner = a->owner;

    for (i = 0; i < a->n; i++) {
        if (meet[i].counter && meet[i].counted) {
            h->counters[i] = llm_ledger_slot_index(l, meet[i].counter);
        }
    }

    memset(&meta, 0, sizeof(llm_hold_meta_t));
    meta.state = a->hit ? LLM_HOLD_SETTLED : LLM_HOLD_OPEN;
    meta.n = a->n;
    meta.keep = a->keep;
    meta.alone = a->alone;

    llm_hold_open(l, h, &meta);

    a->id.node = l->node;
    a->id.seq = h->seq;
}


/* finds the counters and what is left in each; the balances of before */

static int
llm_ledger_meet(llm_ledger_t *l, llm_admission_t *a, llm_meet_t *meet)
{
    int64_t         limit, alone;
    unsigned        i, k;
    llm_meet_t     *m;
    llm_int128_t    room;
    llm_budget_t   *b;
    llm_balance_t  *bal;

    for (i = 0; i < a->n; i++) {
        b = &a->budgets[i];
        m = &meet[i];
        bal = &a->balances[i];

        m->hash = llm_slot_hash(l, b);
        m->counter = llm_slot_find(l, b, m->hash);
        m->counted = !a->hit || b->unit == LLM_UNIT_REQUESTS;
        m->hard = !b->observe && m->counted;
        m->is_short = 0;

        memset(bal, 0, sizeof(llm_balance_t));
        bal->limit = b->limit;

        if (m->counter) {
            bal->spent = m->counter->spent;
            bal->reserved = m->counter->reserved;

            if (m->counter->meta.flags & LLM_SLOT_PATCHED) {
                bal->limit = m->counter->limit;
            }
        }

        /* a counter that cannot refuse still has to stay a number */

        limit = m->hard && !b->capped ? bal->limit : INT64_MAX;
        room = (llm_int128_t) limit - bal->spent - bal->reserved;

        if (a->alone) {
            alone = m->hard && b->capped ? b->cap : INT64_MAX;
            alone -= m->counter ? m->counter->alone : 0;
            room = room < alone ? room : alone;
        }

        m->room = room > 0 ? (int64_t) room : 0;

        /* the same counter twice would be checked once and charged twice */

        for (k = 0; k < i; k++) {
            if (meet[k].hash == m->hash
                && llm_budget_same(&a->budgets[k], b))
            {
                return LLM_BAD;
            }
        }
    }

    return LLM_OK;
}


/*
 * How much of each unit fits.  What can never fit is said first; of several
 * budgets that are short, the one whose window ends last is named, because
 * before that a retry is in vain.
 */

static int
llm_ledger_grant(llm_admission_t *a, llm_meet_t *meet)
{
    int            rc;
    int64_t        end, least;
    unsigned       i, u;
    llm_budget_t  *b;

    for (u = 0; u < LLM_UNIT_N; u++) {
        a->granted[u] = a->hit && u != LLM_UNIT_REQUESTS ? 0 : a->most[u];
    }

    rc = LLM_LEDGER_FITS;
    end = INT64_MIN;

    for (i = 0; i < a->n; i++) {
        b = &a->budgets[i];
        least = a->least[b->unit];

        if (!meet[i].counted) {
            continue;
        }

        if (meet[i].hard && least > a->balances[i].limit) {
            a->refused = i;
            return LLM_LEDGER_NEVER;
        }

        if (meet[i].room < least
            || (a->trial && meet[i].hard && llm_ledger_past(a, i)))
        {
            meet[i].is_short = 1;
            rc = LLM_LEDGER_SHORT;

            if (b->end > end) {
                end = b->end;
                a->refused = i;
            }
        }

        if (a->granted[b->unit] > meet[i].room) {
            a->granted[b->unit] = meet[i].room;
        }
    }

    return rc;
}


/* the budget has come to the fraction beyond which it is kept for others */

static int
llm_ledger_past(const llm_admission_t *a, unsigned i)
{
    const llm_balance_t  *b;

    b = &a->balances[i];

    return a->budgets[i].past != 0 && b->limit != LLM_NO_LIMIT
           && a->least[a->budgets[i].unit] > 0
           && ((llm_int128_t) b->spent + b->reserved) * 100
              >= (llm_int128_t) b->limit * a->budgets[i].past;
}


/* not only what may be admitted alone */

static int
llm_ledger_used_up(const llm_admission_t *a, unsigned i)
{
    const llm_balance_t  *b;

    b = &a->balances[i];

    return (llm_int128_t) b->spent + b->reserved
           + a->least[a->budgets[i].unit] > b->limit;
}


/*
 * Nothing is reserved, but the counters learn what is configured now and that
 * they raised an alert.  A counter that is short has been used, so that it
 * exists: a refusal never takes a slot.
 */

static int
llm_ledger_refuse(llm_ledger_t *l, llm_admission_t *a, llm_meet_t *meet,
    int why)
{
    unsigned         i, k;
    llm_slot_meta_t  meta;

    memset(a->granted, 0, sizeof(a->granted));

    if (a->trial) {
        return why;
    }

    for (i = 0; i < a->n; i++) {
        if (meet[i].counter == NULL || !meet[i].hard) {
            continue;
        }

        llm_slot_touch(l, meet[i].counter, &a->budgets[i], &meta);

        if (why == LLM_LEDGER_SHORT && meet[i].is_short
            && llm_ledger_used_up(a, i))
        {
            for (k = 0; k < LLM_ALERTS_MAX; k++) {
                if (meta.alerts[k] == 100 && !(meta.fired & (1 << k))) {
                    meta.fired |= 1 << k;
                    a->balances[i].refused_first = 1;
                }
            }
        }

        llm_slot_set_meta(l, meet[i].counter, &meta);
    }

    llm_redo_add(&l->redo, (int64_t *) &l->refusals, 1);

    return llm_redo_commit(&l->redo) == LLM_OK ? why : LLM_ERROR;
}


/* the counters that are not there yet; an empty one more does no harm */

static int
llm_ledger_make(llm_ledger_t *l, llm_admission_t *a, llm_meet_t *meet)
{
    int64_t   now;
    unsigned  i;

    /* whatever makes room for one must not be another one of this request */

    now = a->now;

    for (i = 0; i < a->n; i++) {
        if (now >= a->budgets[i].end) {
            now = a->budgets[i].end - 1;
        }
    }

    for (i = 0; i < a->n; i++) {
        if (!meet[i].counted || meet[i].counter) {
            continue;
        }

        meet[i].counter = llm_slot_make(l, &a->budgets[i], meet[i].hash,
                                           now);

        if (meet[i].counter == NULL && meet[i].hard
            && a->budgets[i].limit != LLM_NO_LIMIT)
        {
            a->refused = i;
            return LLM_LEDGER_FULL;
        }
    }

    return LLM_LEDGER_FITS;
}


static void
llm_ledger_take(llm_ledger_t *l, llm_admission_t *a, llm_meet_t *meet,
    llm_hold_t *h)
{
    int64_t          amount;
    unsigned         i;
    llm_slot_t      *c;
    llm_balance_t   *b;
    llm_slot_meta_t  meta;

    for (i = 0; i < a->n; i++) {
        c = meet[i].counter;

        if (c == NULL || !meet[i].counted) {
            continue;
        }

        b = &a->balances[i];
        amount = a->granted[a->budgets[i].unit];

        llm_slot_touch(l, c, &a->budgets[i], &meta);

        if (a->hit) {
            b->spent += amount;
            b->crossed = llm_slot_cross(&meta, b->spent, b->limit);
            llm_redo_set64(&l->redo, &c->spent, &b->spent);

        } else {
            b->reserved += amount;
            llm_redo_set64(&l->redo, &c->reserved, &b->reserved);
        }

        if (a->alone) {
            llm_redo_add(&l->redo, &c->alone, amount);
        }

        if (h) {
            llm_redo_set32(&l->redo, &c->holds, c->holds + 1);
        }

        llm_slot_set_meta(l, c, &meta);
    }
}


static int
llm_budget_same(const llm_budget_t *x, const llm_budget_t *y)
{
    return x->start == y->start && x->unit == y->unit
           && x->period == y->period
           && x->name.len == y->name.len && x->key.len == y->key.len
           && memcmp(x->name.data, y->name.data, x->name.len) == 0
           && (x->key.len == 0
               || memcmp(x->key.data, y->key.data, x->key.len) == 0);
}


int
llm_ledger_patch(llm_ledger_t *l, const llm_budget_t *b, int64_t limit)
{
    int              rc;
    llm_slot_t      *c;
    llm_slot_meta_t  meta;

    if (limit < 0 || llm_budget_check(b) != LLM_OK) {
        return LLM_BAD;
    }

    if (llm_ledger_lock(l) != LLM_OK) {
        return LLM_ERROR;
    }

    rc = LLM_LEDGER_FULL;
    c = llm_ledger_get(l, b);

    if (c) {
        meta = c->meta;
        meta.flags |= LLM_SLOT_PATCHED;

        llm_redo_set64(&l->redo, &c->limit, &limit);
        llm_redo_set64(&l->redo, &c->meta, &meta);
        rc = llm_redo_commit(&l->redo);
    }

    llm_ledger_unlock(l);

    return rc;
}


int
llm_ledger_shadow(llm_ledger_t *l, const llm_budget_t *b, int64_t spent,
    int64_t reserved, uint64_t stamp)
{
    int              rc;
    llm_slot_t      *c;
    llm_slot_meta_t  meta;

    if (spent < 0 || reserved < 0 || spent > INT64_MAX - reserved
        || llm_budget_check(b) != LLM_OK)
    {
        return LLM_BAD;
    }

    if (llm_ledger_lock(l) != LLM_OK) {
        return LLM_ERROR;
    }

    rc = LLM_LEDGER_FULL;
    c = llm_ledger_get(l, b);

    if (c && spent < c->spent
        && stamp < __atomic_load_n(&l->store_seen, __ATOMIC_RELAXED))
    {
        rc = LLM_OK;

    } else if (c) {
        llm_slot_touch(l, c, b, &meta);
        meta.flags |= LLM_SLOT_SEEN;
        llm_slot_set_meta(l, c, &meta);
        llm_redo_set64(&l->redo, &c->spent, &spent);
        llm_redo_set64(&l->redo, &c->reserved, &reserved);
        rc = llm_redo_commit(&l->redo);
    }

    llm_ledger_unlock(l);

    return rc;
}


/* only what is long over makes room here: no request waits for this one */

static llm_slot_t *
llm_ledger_get(llm_ledger_t *l, const llm_budget_t *b)
{
    uint32_t     hash;
    llm_slot_t  *c;

    hash = llm_slot_hash(l, b);
    c = llm_slot_find(l, b, hash);

    return c ? c : llm_slot_make(l, b, hash, b->start);
}
