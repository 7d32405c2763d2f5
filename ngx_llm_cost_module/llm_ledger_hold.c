
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Reservations.  One is free, open, expired, or settled without a line in a
 * log.  The low bits of its seq are its slot, the others a number that is
 * never used twice, so that an old identity finds nothing.
 */

#include <string.h>

#include "llm_ledger_region.h"


static llm_hold_t *llm_hold_known(llm_ledger_t *l, const llm_hold_id_t *id);
static void llm_hold_keep(llm_ledger_t *l, llm_hold_t *h,
    const int64_t *spent, unsigned source);
static void llm_hold_release(llm_ledger_t *l, llm_hold_t *h);
static int llm_hold_note(llm_ledger_t *l, const llm_hold_id_t *id,
    const int64_t *spent, uint8_t sent);


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
llm_hold_open(llm_ledger_t *l, llm_hold_t *h, const llm_hold_meta_t *m)
{
    uint32_t  i;
    uint64_t  gen;

    i = llm_ledger_hold_index(l, h);

    h->seq = l->gen << LLM_HOLD_BITS | i;

    llm_ledger_touch(l, h, sizeof(llm_hold_t));

    if (i == l->holds_free) {
        llm_redo_set32(&l->redo, &l->holds_free, h->next);

    } else {
        llm_redo_set32(&l->redo, &l->holds_top, l->holds_top + 1);
    }

    gen = l->gen + 1;

    llm_redo_set64(&l->redo, &h->meta, m);
    llm_redo_set64(&l->redo, &l->gen, &gen);

    if (m->state == LLM_HOLD_OPEN) {
        llm_redo_set32(&l->redo, &l->holds_used, l->holds_used + 1);
    }
}


int
llm_ledger_settle(llm_ledger_t *l, const llm_hold_id_t *id,
    const int64_t spent[LLM_UNIT_N], llm_balance_t *balances, unsigned n)
{
    return llm_ledger_settle_from(l, id, spent, 0, balances, n);
}


int
llm_ledger_settle_from(llm_ledger_t *l, const llm_hold_id_t *id,
    const int64_t spent[LLM_UNIT_N], unsigned source,
    llm_balance_t *balances, unsigned n)
{
    return llm_hold_settle(l, id, spent, source, 0, balances, n);
}


int
llm_hold_settle(llm_ledger_t *l, const llm_hold_id_t *id,
    const int64_t spent[LLM_UNIT_N], unsigned source, int there,
    llm_balance_t *balances, unsigned n)
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

        if (there) {
            llm_hold_told(l, h, spent);
            llm_hold_doubt(l, h);
        }

        if (h->meta.keep) {
            llm_hold_keep(l, h, spent, source);

        } else {
            llm_hold_leave(l, h);
        }

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
        llm_hold_leave(l, h);
        llm_redo_add(&l->redo, (int64_t *) &l->cancels, 1);
        rc = llm_redo_commit(&l->redo);
    }

    llm_ledger_unlock(l);

    return rc;
}


int
llm_ledger_logged(llm_ledger_t *l, const llm_hold_id_t *id)
{
    int              rc;
    llm_hold_t      *h;
    llm_hold_meta_t  meta;

    if (llm_ledger_lock(l) != LLM_OK) {
        return LLM_ERROR;
    }

    rc = LLM_DECLINED;
    h = llm_hold_known(l, id);

    if (h && h->meta.keep) {

        if (h->meta.state == LLM_HOLD_SETTLED
            || h->meta.state == LLM_HOLD_LATE)
        {
            llm_hold_leave(l, h);

        } else {
            meta = h->meta;
            meta.keep = 0;
            llm_redo_set64(&l->redo, &h->meta, &meta);
        }

        rc = llm_redo_commit(&l->redo);
    }

    llm_ledger_unlock(l);

    return rc;
}


int
llm_ledger_granted(llm_ledger_t *l, const llm_hold_id_t *id,
    const int64_t granted[LLM_UNIT_N])
{
    int          u, rc;
    int64_t      less, reserved;
    unsigned     i;
    llm_hold_t  *h;
    llm_slot_t  *c;

    if (llm_ledger_lock(l) != LLM_OK) {
        return LLM_ERROR;
    }

    rc = LLM_DECLINED;
    h = llm_hold_find(l, id);

    if (h && h->meta.state == LLM_HOLD_OPEN) {

        for (i = 0; i < h->meta.n && i < LLM_BUDGETS_MAX; i++) {
            if (h->counters[i] == 0 || h->counters[i] > l->counters_max) {
                continue;
            }

            c = llm_ledger_slot(l, h->counters[i]);
            less = h->amount[c->meta.unit] - granted[c->meta.unit];
            reserved = c->reserved > less ? c->reserved - less : 0;

            llm_redo_set64(&l->redo, &c->reserved, &reserved);
        }

        for (u = 0; u < LLM_UNIT_N; u++) {
            llm_redo_set64(&l->redo, &h->amount[u], &granted[u]);
        }

        rc = llm_redo_commit(&l->redo);
    }

    llm_ledger_unlock(l);

    return rc;
}


int
llm_ledger_disown(llm_ledger_t *l, const llm_hold_id_t *id)
{
    int          rc;
    llm_hold_t  *h;

    if (llm_ledger_lock(l) != LLM_OK) {
        return LLM_ERROR;
    }

    rc = LLM_DECLINED;
    h = llm_hold_find(l, id);

    if (h && h->meta.state == LLM_HOLD_OPEN) {
        llm_redo_set32(&l->redo, &h->owner, 0);
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
    return llm_hold_note(l, id, spent, 0);
}


int
llm_ledger_note_end(llm_ledger_t *l, const llm_hold_id_t *id,
    const int64_t spent[LLM_UNIT_N])
{
    return llm_hold_note(l, id, spent, 1);
}


static int
llm_hold_note(llm_ledger_t *l, const llm_hold_id_t *id, const int64_t *spent,
    uint8_t sent)
{
    int              u, rc;
    llm_hold_t      *h;
    llm_hold_meta_t  meta;

    for (u = 0; spent && u < LLM_UNIT_N; u++) {
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
        for (u = 0; spent && u < LLM_UNIT_N; u++) {
            llm_redo_set64(&l->redo, &h->noted[u], &spent[u]);
        }

        meta = h->meta;
        meta.noted = (spent != NULL);
        meta.sent = meta.sent || sent;

        llm_redo_set64(&l->redo, &h->meta, &meta);
        rc = llm_redo_commit(&l->redo);
    }

    llm_ledger_unlock(l);

    return rc;
}


llm_hold_t *
llm_hold_find(llm_ledger_t *l, const llm_hold_id_t *id)
{
    llm_hold_t  *h;

    h = llm_hold_known(l, id);

    return h && (h->meta.state == LLM_HOLD_OPEN
                 || h->meta.state == LLM_HOLD_EXPIRED) ? h : NULL;
}


static llm_hold_t *
llm_hold_known(llm_ledger_t *l, const llm_hold_id_t *id)
{
    uint32_t     i;
    llm_hold_t  *h;

    i = id->seq & LLM_HOLD_MASK;

    if (id->node != l->node || i == 0 || i > l->holds_top) {
        return NULL;
    }

    h = llm_ledger_hold(l, i);

    return h->seq == id->seq && h->meta.state != LLM_HOLD_FREE ? h : NULL;
}


void
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

        over = llm_hold_charge(l, h, c, held, amount, b);

        if (most < over) {
            most = over;
        }
    }

    /* one request above several budgets is one overrun: the largest */

    if (most) {
        llm_redo_add(&l->redo, &l->overrun, most);
    }
}


int64_t
llm_hold_charge(llm_ledger_t *l, const llm_hold_t *h, llm_slot_t *c,
    int64_t held, int64_t delta, llm_balance_t *balance)
{
    int64_t          spent, reserved, alone, base;
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

    if (h->meta.alone) {
        sum = (llm_int128_t) c->alone + delta - held;
        alone = sum < 0 ? 0 : sum > INT64_MAX ? INT64_MAX : (int64_t) sum;

        llm_redo_set64(&l->redo, &c->alone, &alone);
    }

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


/* into the redo record: settled, with what a line of the log has to say */

static void
llm_hold_keep(llm_ledger_t *l, llm_hold_t *h, const int64_t *spent,
    unsigned source)
{
    llm_hold_meta_t  meta;

    meta = h->meta;
    meta.source = source;

    if (meta.state == LLM_HOLD_EXPIRED) {
        meta.state = LLM_HOLD_LATE;

    } else {
        meta.state = LLM_HOLD_SETTLED;
        llm_redo_set32(&l->redo, &l->holds_used, l->holds_used - 1);
    }

    llm_redo_set64(&l->redo, &h->meta, &meta);
    llm_redo_set64(&l->redo, &h->amount[LLM_UNIT_USD], &spent[LLM_UNIT_USD]);
    llm_redo_set64(&l->redo, &h->amount[LLM_UNIT_TOKENS],
                   &spent[LLM_UNIT_TOKENS]);
}


void
llm_hold_leave(llm_ledger_t *l, llm_hold_t *h)
{
    unsigned     i;
    llm_slot_t  *c;

    for (i = 0; i < h->meta.n && i < LLM_BUDGETS_MAX; i++) {
        if (h->counters[i] != 0 && h->counters[i] <= l->counters_max) {
            c = llm_ledger_slot(l, h->counters[i]);
            llm_redo_set32(&l->redo, &c->holds, c->holds - 1);
        }
    }

    llm_hold_release(l, h);
}


static void
llm_hold_release(llm_ledger_t *l, llm_hold_t *h)
{
    llm_hold_meta_t  meta;

    memset(&meta, 0, sizeof(llm_hold_meta_t));

    if (h->meta.state == LLM_HOLD_EXPIRED || h->meta.state == LLM_HOLD_LATE) {

        /* it stays where it is in the list of the expired */

        meta.state = LLM_HOLD_DONE;
        llm_redo_set64(&l->redo, &h->meta, &meta);

        return;
    }

    llm_redo_set64(&l->redo, &h->meta, &meta);
    llm_redo_set32(&l->redo, &h->next, l->holds_free);
    llm_redo_set32(&l->redo, &l->holds_free, llm_ledger_hold_index(l, h));

    if (h->meta.state == LLM_HOLD_OPEN) {
        llm_redo_set32(&l->redo, &l->holds_used, l->holds_used - 1);
    }
}
