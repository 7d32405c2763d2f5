
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Reservations that have ended here, while another store has still to hear of
 * it.  One is as one that has expired: it has left the counters' reserved
 * amounts and was charged, now with what was spent.  It is kept for whoever
 * finds it without its owner, and makes room when its slot is needed.
 */

#include <string.h>

#include "llm_ledger_region.h"


static int64_t llm_hold_pending(llm_ledger_t *l, const llm_hold_t *h,
    const llm_slot_t *c);


int
llm_ledger_pend(llm_ledger_t *l, const llm_hold_id_t *id,
    const llm_ledger_end_t *end, llm_balance_t *balances, unsigned n)
{
    int              u, rc;
    int64_t          amount;
    llm_hold_t      *h;
    llm_hold_meta_t  meta;

    if (llm_ledger_lock(l) != LLM_OK) {
        return LLM_ERROR;
    }

    rc = LLM_DECLINED;
    h = llm_hold_find(l, id);

    if (h) {
        llm_hold_finish(l, h, end->spent, balances, n);

        for (u = 0; u < LLM_UNIT_N; u++) {
            amount = end->spent == NULL ? 0
                     : u == LLM_UNIT_REQUESTS ? h->amount[u] : end->spent[u];

            llm_redo_set64(&l->redo, &h->amount[u], &amount);
            llm_redo_set64(&l->redo, &h->noted[u], &amount);
        }

        meta = h->meta;
        meta.noted = (end->spent != NULL);
        meta.source = end->source;
        meta.state = LLM_HOLD_EXPIRED;

        llm_redo_set64(&l->redo, &h->meta, &meta);
        llm_redo_set64(&l->redo, &h->expires, &end->time);
        llm_redo_set32(&l->redo, &h->owner, end->owner);

        if (h->meta.state == LLM_HOLD_OPEN) {
            llm_hold_retire(l, h);
        }

        llm_redo_add(&l->redo, (int64_t *) (end->spent ? &l->settles
                                                       : &l->cancels), 1);
        rc = llm_redo_commit(&l->redo);
    }

    llm_ledger_unlock(l);

    return rc;
}


int
llm_ledger_confirm(llm_ledger_t *l, const llm_hold_id_t *id)
{
    int              rc;
    llm_hold_t      *h;
    llm_hold_meta_t  meta;

    if (llm_ledger_lock(l) != LLM_OK) {
        return LLM_ERROR;
    }

    rc = LLM_DECLINED;
    h = llm_hold_find(l, id);

    if (h && h->meta.state == LLM_HOLD_EXPIRED) {

        if (h->meta.keep && h->meta.noted) {
            meta = h->meta;
            meta.state = LLM_HOLD_LATE;
            llm_redo_set64(&l->redo, &h->meta, &meta);

        } else {
            llm_hold_leave(l, h);
        }

        rc = llm_redo_commit(&l->redo);
    }

    llm_ledger_unlock(l);

    return rc;
}


int
llm_ledger_told(llm_ledger_t *l, const llm_budget_t *b, unsigned n,
    int64_t *spent)
{
    uint32_t     e;
    unsigned     i;
    llm_hold_t  *h;
    llm_slot_t  *c[LLM_BUDGETS_MAX];

    if (n > LLM_BUDGETS_MAX || llm_ledger_lock(l) != LLM_OK) {
        return LLM_ERROR;
    }

    for (i = 0; i < n; i++) {
        c[i] = llm_slot_find(l, &b[i], llm_slot_hash(l, &b[i]));
        spent[i] = c[i] ? c[i]->spent : 0;
    }

    for (e = l->expired_first; e && e <= l->holds_max; e = h->next) {
        h = llm_ledger_hold(l, e);

        if (h->meta.state != LLM_HOLD_EXPIRED) {
            continue;
        }

        for (i = 0; i < n; i++) {
            spent[i] -= llm_hold_pending(l, h, c[i]);
        }
    }

    for (i = 0; i < n; i++) {
        spent[i] = spent[i] > 0 ? spent[i] : 0;
    }

    llm_ledger_unlock(l);

    return LLM_OK;
}


static int64_t
llm_hold_pending(llm_ledger_t *l, const llm_hold_t *h, const llm_slot_t *c)
{
    unsigned  k;

    if (c == NULL) {
        return 0;
    }

    for (k = 0; k < h->meta.n && k < LLM_BUDGETS_MAX; k++) {
        if (h->counters[k] == llm_ledger_slot_index(l, c)) {
            return h->amount[c->meta.unit];
        }
    }

    return 0;
}
