
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Reading the ledger: counters, open reservations, figures, and a check of
 * the whole region.
 */

#include <string.h>

#include "llm_ledger_region.h"


#define LLM_VIEW_BATCH       1024     /* free slots passed under one lock */


static int llm_view_slot(llm_ledger_t *l, uint32_t *cursor,
    llm_counter_view_t *v);
static int llm_view_hold(llm_ledger_t *l, uint32_t *cursor,
    llm_hold_view_t *v);
static void llm_view_fill(llm_ledger_t *l, const llm_slot_t *c,
    llm_counter_view_t *v);


int
llm_ledger_peek(llm_ledger_t *l, const llm_budget_t *b,
    llm_balance_t *balance)
{
    if (llm_budget_check(b) != LLM_OK) {
        return LLM_BAD;
    }

    return llm_ledger_peek_all(l, b, 1, balance) ? LLM_OK : LLM_DECLINED;
}


/* one lock for all of them: who only looks is in a hurry */

unsigned
llm_ledger_peek_all(llm_ledger_t *l, const llm_budget_t *budgets, unsigned n,
    llm_balance_t *balances)
{
    unsigned     i, seen;
    llm_slot_t  *c;

    for (i = 0; i < n; i++) {
        memset(&balances[i], 0, sizeof(llm_balance_t));
        balances[i].limit = budgets[i].limit;
    }

    if (n == 0 || llm_ledger_lock(l) != LLM_OK) {
        return 0;
    }

    seen = 0;

    for (i = 0; i < n; i++) {

        c = llm_budget_check(&budgets[i]) == LLM_OK
            ? llm_slot_find(l, &budgets[i], llm_slot_hash(l, &budgets[i]))
            : NULL;

        if (c == NULL) {
            continue;
        }

        balances[i].spent = c->spent;
        balances[i].reserved = c->reserved;
        balances[i].alone = c->alone;

        if (c->meta.flags & LLM_SLOT_PATCHED) {
            balances[i].limit = c->limit;
        }

        if (c->meta.flags & LLM_SLOT_SEEN) {
            seen |= 1u << i;
        }
    }

    llm_ledger_unlock(l);

    return seen;
}


int
llm_ledger_next(llm_ledger_t *l, uint32_t *cursor, llm_counter_view_t *v)
{
    int  rc;

    do {
        if (llm_ledger_lock(l) != LLM_OK) {
            return LLM_ERROR;
        }

        rc = llm_view_slot(l, cursor, v);

        llm_ledger_unlock(l);

    } while (rc == LLM_LIMIT);

    return rc;
}


int
llm_ledger_find(llm_ledger_t *l, const llm_budget_t *b, llm_counter_view_t *v)
{
    llm_slot_t  *c;

    if (llm_budget_check(b) != LLM_OK) {
        return LLM_BAD;
    }

    if (llm_ledger_lock(l) != LLM_OK) {
        return LLM_ERROR;
    }

    c = llm_slot_find(l, b, llm_slot_hash(l, b));

    if (c) {
        llm_view_fill(l, c, v);
    }

    llm_ledger_unlock(l);

    return c ? LLM_OK : LLM_DECLINED;
}


int
llm_ledger_next_hold(llm_ledger_t *l, uint32_t *cursor, llm_hold_view_t *v)
{
    int  rc;

    do {
        if (llm_ledger_lock(l) != LLM_OK) {
            return LLM_ERROR;
        }

        rc = llm_view_hold(l, cursor, v);

        llm_ledger_unlock(l);

    } while (rc == LLM_LIMIT);

    return rc;
}


/* LLM_LIMIT: nothing found yet, others may have the lock in between */

static int
llm_view_slot(llm_ledger_t *l, uint32_t *cursor, llm_counter_view_t *v)
{
    unsigned     n;
    llm_slot_t  *c;

    for (n = 0; n < LLM_VIEW_BATCH; n++) {
        if (*cursor >= l->counters_top) {
            return LLM_DECLINED;
        }

        c = llm_ledger_slot(l, ++*cursor);

        if (c->meta.flags & LLM_SLOT_USED) {
            llm_view_fill(l, c, v);
            return LLM_OK;
        }
    }

    return LLM_LIMIT;
}


static int
llm_view_hold(llm_ledger_t *l, uint32_t *cursor, llm_hold_view_t *v)
{
    unsigned     n;
    llm_hold_t  *h;

    for (n = 0; n < LLM_VIEW_BATCH; n++) {
        if (*cursor >= l->holds_top) {
            return LLM_DECLINED;
        }

        h = llm_ledger_hold(l, ++*cursor);

        if (h->meta.state == LLM_HOLD_OPEN) {
            llm_view_fill_hold(l, h, v);
            return LLM_OK;
        }
    }

    return LLM_LIMIT;
}


void
llm_view_fill_hold(llm_ledger_t *l, const llm_hold_t *h, llm_hold_view_t *v)
{
    unsigned  i;

    memset(v, 0, sizeof(llm_hold_view_t));

    v->id.node = l->node;
    v->id.seq = h->seq;
    v->owner = h->owner;
    v->expires = h->expires;
    v->has_note = h->meta.noted;
    v->settled = (h->meta.state == LLM_HOLD_SETTLED
                  || h->meta.state == LLM_HOLD_LATE);
    v->unlogged = h->meta.keep;
    v->sent = h->meta.sent;
    v->source = h->meta.source;

    memcpy(v->granted, h->amount, sizeof(v->granted));
    memcpy(v->noted, h->noted, sizeof(v->noted));
    memcpy(v->request_id, h->request_id, LLM_REQUEST_ID);

    for (i = 0; i < h->meta.n && i < LLM_BUDGETS_MAX; i++) {
        if (h->counters[i] != 0 && h->counters[i] <= l->counters_max) {
            llm_view_fill(l, llm_ledger_slot(l, h->counters[i]),
                          &v->counters[v->n++]);
        }
    }
}


static void
llm_view_fill(llm_ledger_t *l, const llm_slot_t *c, llm_counter_view_t *v)
{
    const llm_ledger_name_t  *name;

    name = &l->names[c->name % LLM_LEDGER_NAMES];

    memset(v, 0, sizeof(llm_counter_view_t));
    memcpy(v->name, name->text, LLM_NAME_MAX);
    memcpy(v->key, c->key, LLM_KEY_MAX);

    v->name_len = name->len <= LLM_NAME_MAX ? name->len : LLM_NAME_MAX;
    v->key_len = c->key_len <= LLM_KEY_MAX ? c->key_len : LLM_KEY_MAX;
    v->unit = c->meta.unit;
    v->period = c->meta.period;
    v->observe = (c->meta.flags & LLM_SLOT_OBSERVE) != 0;
    v->patched = (c->meta.flags & LLM_SLOT_PATCHED) != 0;
    v->start = c->start;
    v->end = llm_slot_end(c);
    v->limit = c->limit;
    v->spent = c->spent;
    v->reserved = c->reserved;
}


uint64_t
llm_ledger_node(const llm_ledger_t *l)
{
    return l->node;
}


/* nobody has given as many as half of what there are: that is no number */

void
llm_ledger_number_from(llm_ledger_t *l, uint64_t least)
{
    if (least >> (63 - LLM_HOLD_BITS) || llm_ledger_lock(l) != LLM_OK) {
        return;
    }

    if (l->gen < least) {
        llm_redo_set64(&l->redo, &l->gen, &least);
        (void) llm_redo_commit(&l->redo);
    }

    llm_ledger_unlock(l);
}


void
llm_ledger_stat(llm_ledger_t *l, llm_ledger_stat_t *st)
{
    memset(st, 0, sizeof(llm_ledger_stat_t));

    st->counters_max = l->counters_max;
    st->holds_max = l->holds_max;

    if (llm_ledger_lock(l) != LLM_OK) {
        return;
    }

    st->counters = l->counters_used;
    st->holds = l->holds_used;
    st->reserves = l->reserves;
    st->refusals = l->refusals;
    st->settles = l->settles;
    st->cancels = l->cancels;
    st->expired = l->expired;
    st->full = l->full;
    st->overrun = l->overrun;

    llm_ledger_unlock(l);
}
