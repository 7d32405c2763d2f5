
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Reservations.  One is free, open or expired.  The low bits of its seq are
 * its slot, the others a number that is never used twice, so that an old
 * identity finds nothing.
 *
 * An expired one has left the counters' reserved amounts and was charged; it
 * stays for a day, or until its slot is needed, so that a settlement which
 * comes after all is applied in full: the counters then get the difference.
 */

#include <string.h>

#include "llm_ledger_region.h"


#define LLM_SWEEP_BATCH      256      /* slots looked at under one lock */
#define LLM_SWEEP_OWNERS     32       /* whose state is asked once a call */


typedef struct {
    int            (*gone)(uint32_t owner);
    unsigned         n;
    uint32_t         owner[LLM_SWEEP_OWNERS];
    int              state[LLM_SWEEP_OWNERS];
} llm_sweep_t;


static llm_hold_t *llm_hold_find(llm_ledger_t *l, const llm_hold_id_t *id);
static void llm_hold_finish(llm_ledger_t *l, llm_hold_t *h,
    const int64_t *spent, llm_balance_t *balances, unsigned n);
static int64_t llm_hold_charge(llm_ledger_t *l, llm_slot_t *c,
    int64_t held, int64_t delta, llm_balance_t *balance);
static void llm_hold_release(llm_ledger_t *l, llm_hold_t *h);
static void llm_hold_expire(llm_ledger_t *l, llm_hold_t *h, int charge);
static void llm_hold_bury(llm_ledger_t *l);
static int llm_sweep_hold(llm_ledger_t *l, llm_hold_t *h, int64_t now,
    int charge, llm_sweep_t *sw);
static int llm_sweep_gone(llm_sweep_t *sw, uint32_t owner);


llm_hold_t *
llm_hold_take(llm_ledger_t *l)
{
    if (l->holds_free == 0 && l->holds_top >= l->holds_max
        && l->expired_first != 0)
    {
        llm_hold_bury(l);
    }

    if (l->holds_free != 0 && l->holds_free <= l->holds_max) {
        return llm_ledger_hold(l, l->holds_free);
    }

    if (l->holds_top < l->holds_max) {
        return llm_ledger_hold(l, l->holds_top + 1);
    }

    return NULL;
}


void
llm_hold_open(llm_ledger_t *l, llm_hold_t *h, unsigned n)
{
    uint32_t         i;
    uint64_t         gen;
    llm_hold_meta_t  meta;

    i = llm_ledger_hold_index(l, h);

    h->seq = l->gen << LLM_HOLD_BITS | i;

    if (i == l->holds_free) {
        llm_redo_set32(&l->redo, &l->holds_free, h->next);

    } else {
        llm_redo_set32(&l->redo, &l->holds_top, l->holds_top + 1);
    }

    memset(&meta, 0, sizeof(llm_hold_meta_t));
    meta.state = LLM_HOLD_OPEN;
    meta.n = n;

    gen = l->gen + 1;

    llm_redo_set64(&l->redo, &h->meta, &meta);
    llm_redo_set64(&l->redo, &l->gen, &gen);
    llm_redo_set32(&l->redo, &l->holds_used, l->holds_used + 1);
}


int
llm_ledger_settle(llm_ledger_t *l, const llm_hold_id_t *id,
    const int64_t spent[LLM_UNIT_N], llm_balance_t *balances, unsigned n)
{
    int          u, rc;
    llm_hold_t  *h;

    for (u = 0; u < LLM_UNIT_N; u++) {
        if (spent[u] < 0) {
            return LLM_BAD;
        }
    }

    if (llm_ledger_lock(l) != LLM_OK) {
        return LLM_ERROR;
    }

    rc = LLM_DECLINED;
    h = llm_hold_find(l, id);

    if (h) {
        llm_hold_finish(l, h, spent, balances, n);
        llm_redo_add(&l->redo, (int64_t *) &l->settles, 1);
        rc = llm_redo_commit(&l->redo);
    }

    llm_ledger_unlock(l);

    return rc;
}


int
llm_ledger_cancel(llm_ledger_t *l, const llm_hold_id_t *id)
{
    int          rc;
    llm_hold_t  *h;

    if (llm_ledger_lock(l) != LLM_OK) {
        return LLM_ERROR;
    }

    rc = LLM_DECLINED;
    h = llm_hold_find(l, id);

    if (h) {
        llm_hold_finish(l, h, NULL, NULL, 0);
        llm_redo_add(&l->redo, (int64_t *) &l->cancels, 1);
        rc = llm_redo_commit(&l->redo);
    }

    llm_ledger_unlock(l);

    return rc;
}


int
llm_ledger_renew(llm_ledger_t *l, const llm_hold_id_t *id, int64_t expires)
{
    int          rc;
    llm_hold_t  *h;

    if (llm_ledger_lock(l) != LLM_OK) {
        return LLM_ERROR;
    }

    rc = LLM_DECLINED;
    h = llm_hold_find(l, id);

    if (h && h->meta.state == LLM_HOLD_OPEN) {
        llm_redo_set64(&l->redo, &h->expires, &expires);
        rc = llm_redo_commit(&l->redo);
    }

    llm_ledger_unlock(l);

    return rc;
}


int
llm_ledger_note(llm_ledger_t *l, const llm_hold_id_t *id,
    const int64_t spent[LLM_UNIT_N])
{
    int              u, rc;
    llm_hold_t      *h;
    llm_hold_meta_t  meta;

    for (u = 0; u < LLM_UNIT_N; u++) {
        if (spent[u] < 0) {
            return LLM_BAD;
        }
    }

    if (llm_ledger_lock(l) != LLM_OK) {
        return LLM_ERROR;
    }

    rc = LLM_DECLINED;
    h = llm_hold_find(l, id);

    if (h && h->meta.state == LLM_HOLD_OPEN) {
        for (u = 0; u < LLM_UNIT_N; u++) {
            llm_redo_set64(&l->redo, &h->noted[u], &spent[u]);
        }

        meta = h->meta;
        meta.noted = 1;

        llm_redo_set64(&l->redo, &h->meta, &meta);
        rc = llm_redo_commit(&l->redo);
    }

    llm_ledger_unlock(l);

    return rc;
}


static llm_hold_t *
llm_hold_find(llm_ledger_t *l, const llm_hold_id_t *id)
{
    uint32_t     i;
    llm_hold_t  *h;

    i = id->seq & LLM_HOLD_MASK;

    if (id->node != l->node || i == 0 || i > l->holds_top) {
        return NULL;
    }

    h = llm_ledger_hold(l, i);

    if (h->seq != id->seq || (h->meta.state != LLM_HOLD_OPEN
                              && h->meta.state != LLM_HOLD_EXPIRED))
    {
        return NULL;
    }

    return h;
}


/* into the redo record: what a settlement (or, spent NULL, a cancel) does */

static void
llm_hold_finish(llm_ledger_t *l, llm_hold_t *h, const int64_t *spent,
    llm_balance_t *balances, unsigned n)
{
    int64_t         amount, held, over, most;
    unsigned        i;
    llm_slot_t     *c;
    llm_balance_t  *b;

    most = 0;

    for (i = 0; i < h->meta.n && i < LLM_BUDGETS_MAX; i++) {
        b = balances && i < n ? &balances[i] : NULL;

        if (b) {
            memset(b, 0, sizeof(llm_balance_t));
            b->limit = LLM_NO_LIMIT;
        }

        if (h->counters[i] == 0 || h->counters[i] > l->counters_max) {
            continue;
        }

        c = llm_ledger_slot(l, h->counters[i]);
        held = h->amount[c->meta.unit];

        /* an admission is a request, however it ended */

        amount = spent == NULL ? 0
                 : c->meta.unit == LLM_UNIT_REQUESTS ? held
                 : spent[c->meta.unit];

        if (h->meta.state == LLM_HOLD_EXPIRED) {

            /* the reserved amount has left, and held is what was charged */

            amount -= held;
            held = 0;
        }

        over = llm_hold_charge(l, c, held, amount, b);

        if (most < over) {
            most = over;
        }

        llm_redo_set32(&l->redo, &c->holds, c->holds - 1);
    }

    /* one request above several budgets is one overrun: the largest */

    if (most) {
        llm_redo_add(&l->redo, &l->overrun, most);
    }

    llm_hold_release(l, h);
}


/* moves one counter; returns by how much nano-USD passed the limit */

static int64_t
llm_hold_charge(llm_ledger_t *l, llm_slot_t *c, int64_t held,
    int64_t delta, llm_balance_t *balance)
{
    int64_t          spent, reserved, base;
    llm_int128_t     sum;
    llm_slot_meta_t  meta;

    reserved = c->reserved > held ? c->reserved - held : 0;

    /* the sum of both stays a number, whatever is settled */

    sum = (llm_int128_t) c->spent + delta;
    spent = sum < 0 ? 0
            : sum > INT64_MAX - reserved ? INT64_MAX - reserved
            : (int64_t) sum;

    llm_redo_set64(&l->redo, &c->spent, &spent);
    llm_redo_set64(&l->redo, &c->reserved, &reserved);

    if (balance) {

        /* alerts are raised by who can see them, so by nobody else */

        meta = c->meta;

        balance->spent = spent;
        balance->reserved = reserved;
        balance->limit = c->limit;
        balance->crossed = llm_slot_cross(&meta, spent, c->limit);

        llm_slot_set_meta(l, c, &meta);
    }

    if (c->meta.unit != LLM_UNIT_USD || (c->meta.flags & LLM_SLOT_OBSERVE))
    {
        return 0;
    }

    base = c->limit > c->spent ? c->limit : c->spent;

    return spent > base ? spent - base : 0;
}


static void
llm_hold_release(llm_ledger_t *l, llm_hold_t *h)
{
    llm_hold_meta_t  meta;

    memset(&meta, 0, sizeof(llm_hold_meta_t));

    if (h->meta.state == LLM_HOLD_EXPIRED) {

        /* it stays where it is in the list of the expired */

        meta.state = LLM_HOLD_DONE;
        llm_redo_set64(&l->redo, &h->meta, &meta);

        return;
    }

    llm_redo_set64(&l->redo, &h->meta, &meta);
    llm_redo_set32(&l->redo, &h->next, l->holds_free);
    llm_redo_set32(&l->redo, &l->holds_free, llm_ledger_hold_index(l, h));
    llm_redo_set32(&l->redo, &l->holds_used, l->holds_used - 1);
}


/* into the redo record: charged as said, and kept for a late settlement */

static void
llm_hold_expire(llm_ledger_t *l, llm_hold_t *h, int charge)
{
    int64_t          zero;
    uint32_t         i, k;
    llm_slot_t      *c;
    llm_hold_meta_t  meta;

    for (k = 0; k < h->meta.n && k < LLM_BUDGETS_MAX; k++) {
        if (h->counters[k] == 0 || h->counters[k] > l->counters_max) {
            continue;
        }

        c = llm_ledger_slot(l, h->counters[k]);

        (void) llm_hold_charge(l, c, h->amount[c->meta.unit],
                               charge || c->meta.unit == LLM_UNIT_REQUESTS
                               ? h->amount[c->meta.unit] : 0, NULL);
    }

    if (!charge) {
        zero = 0;
        llm_redo_set64(&l->redo, &h->amount[LLM_UNIT_USD], &zero);
        llm_redo_set64(&l->redo, &h->amount[LLM_UNIT_TOKENS], &zero);
    }

    meta = h->meta;
    meta.state = LLM_HOLD_EXPIRED;

    i = llm_ledger_hold_index(l, h);

    llm_redo_set64(&l->redo, &h->meta, &meta);
    llm_redo_set32(&l->redo, &h->next, 0);
    llm_redo_set32(&l->redo, &l->holds_used, l->holds_used - 1);

    if (l->expired_last != 0) {
        llm_redo_set32(&l->redo, &llm_ledger_hold(l, l->expired_last)->next, i);

    } else {
        llm_redo_set32(&l->redo, &l->expired_first, i);
    }

    llm_redo_set32(&l->redo, &l->expired_last, i);
}


/* a change of its own: the oldest expired one makes room */

static void
llm_hold_bury(llm_ledger_t *l)
{
    uint32_t         i, k;
    llm_hold_t      *h;
    llm_slot_t      *c;
    llm_hold_meta_t  meta;

    i = l->expired_first;

    if (i == 0 || i > l->holds_max) {
        return;
    }

    h = llm_ledger_hold(l, i);

    for (k = 0; k < h->meta.n && k < LLM_BUDGETS_MAX; k++) {
        if (h->counters[k] == 0 || h->counters[k] > l->counters_max) {
            continue;
        }

        c = llm_ledger_slot(l, h->counters[k]);
        llm_redo_set32(&l->redo, &c->holds, c->holds - 1);
    }

    memset(&meta, 0, sizeof(llm_hold_meta_t));

    llm_redo_set64(&l->redo, &h->meta, &meta);
    llm_redo_set32(&l->redo, &l->expired_first, h->next);

    if (h->next == 0) {
        llm_redo_set32(&l->redo, &l->expired_last, 0);
    }

    llm_redo_set32(&l->redo, &h->next, l->holds_free);
    llm_redo_set32(&l->redo, &l->holds_free, i);

    (void) llm_redo_commit(&l->redo);
}


unsigned
llm_ledger_sweep(llm_ledger_t *l, int64_t now, int charge,
    int (*gone)(uint32_t owner), unsigned max)
{
    uint32_t     i, last;
    unsigned     n, graves;
    llm_hold_t  *h;
    llm_sweep_t  sw;

    n = 0;
    graves = max;
    sw.gone = gone;
    sw.n = 0;

    for (i = 1; n < max; i = last + 1) {
        if (llm_ledger_lock(l) != LLM_OK) {
            break;
        }

        last = i + LLM_SWEEP_BATCH - 1;

        for ( /* void */ ; i <= last && i <= l->holds_top && n < max; i++) {
            n += llm_sweep_hold(l, llm_ledger_hold(l, i), now, charge, &sw);
        }

        last = last < l->holds_top ? last : 0;

        llm_ledger_unlock(l);

        if (last == 0) {
            break;
        }
    }

    if (llm_ledger_lock(l) != LLM_OK) {
        return n;
    }

    while (graves-- && l->expired_first && l->expired_first <= l->holds_max) {
        h = llm_ledger_hold(l, l->expired_first);

        if (h->meta.state == LLM_HOLD_EXPIRED
            && h->expires > now - LLM_LEDGER_KEEP)
        {
            break;
        }

        llm_hold_bury(l);
    }

    llm_slot_reap(l, now - LLM_LEDGER_KEEP, LLM_LEDGER_PRESS);

    llm_ledger_unlock(l);

    return n;
}


static int
llm_sweep_hold(llm_ledger_t *l, llm_hold_t *h, int64_t now, int charge,
    llm_sweep_t *sw)
{
    int64_t  nothing[LLM_UNIT_N] = { 0, 0, 0 };

    if (h->meta.state != LLM_HOLD_OPEN) {
        return 0;
    }

    if (llm_sweep_gone(sw, h->owner)) {

        /* nobody is left who could settle later: this is final */

        llm_hold_finish(l, h, h->meta.noted ? h->noted
                              : charge ? h->amount : nothing, NULL, 0);

    } else if (h->expires <= now) {
        llm_hold_expire(l, h, charge);

    } else {
        return 0;
    }

    llm_redo_add(&l->redo, (int64_t *) &l->expired, 1);

    return llm_redo_commit(&l->redo) == LLM_OK;
}


/* asking costs a system call, and there are few owners */

static int
llm_sweep_gone(llm_sweep_t *sw, uint32_t owner)
{
    unsigned  i;

    if (sw->gone == NULL) {
        return 0;
    }

    for (i = 0; i < sw->n; i++) {
        if (sw->owner[i] == owner) {
            return sw->state[i];
        }
    }

    if (sw->n == LLM_SWEEP_OWNERS) {
        return sw->gone(owner);
    }

    sw->owner[i] = owner;
    sw->state[i] = sw->gone(owner);
    sw->n++;

    return sw->state[i];
}
