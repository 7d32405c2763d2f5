
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Reservations whose time is up.  An expired one has left the counters'
 * reserved amounts and was charged; it stays for a day, or until its slot is
 * needed, so that a settlement which comes after all is applied in full: the
 * counters then get the difference.
 */

#include <string.h>

#include "llm_ledger_region.h"


#define LLM_SWEEP_BATCH      256      /* slots looked at under one lock */


static void llm_hold_expire(llm_ledger_t *l, llm_hold_t *h, int charge);
static int llm_sweep_hold(llm_ledger_t *l, llm_hold_t *h, int64_t now,
    int charge);


unsigned
llm_ledger_sweep(llm_ledger_t *l, int64_t now, int charge, unsigned max)
{
    uint32_t     i, last;
    unsigned     n, graves;
    llm_hold_t  *h;

    n = 0;
    graves = max;

    for (i = 1; n < max; i = last + 1) {
        if (llm_ledger_lock(l) != LLM_OK) {
            break;
        }

        last = i + LLM_SWEEP_BATCH - 1;

        for ( /* void */ ; i <= last && i <= l->holds_top && n < max; i++) {
            n += llm_sweep_hold(l, llm_ledger_hold(l, i), now, charge);
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

        if (h->meta.state != LLM_HOLD_DONE
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
llm_sweep_hold(llm_ledger_t *l, llm_hold_t *h, int64_t now, int charge)
{
    if (h->meta.state != LLM_HOLD_OPEN || h->expires > now) {
        return 0;
    }

    llm_hold_expire(l, h, charge);
    llm_redo_add(&l->redo, (int64_t *) &l->expired, 1);

    return llm_redo_commit(&l->redo) == LLM_OK;
}


/* into the redo record: charged as said, and kept for a late settlement */

static void
llm_hold_expire(llm_ledger_t *l, llm_hold_t *h, int charge)
{
    int64_t          zero;
    uint32_t         k;
    llm_slot_t      *c;
    llm_hold_meta_t  meta;

    /* work that was left alone has been done, whoever asked for it */

    charge |= (h->owner == LLM_LEDGER_NOBODY);

    for (k = 0; k < h->meta.n && k < LLM_BUDGETS_MAX; k++) {
        if (h->counters[k] == 0 || h->counters[k] > l->counters_max) {
            continue;
        }

        c = llm_ledger_slot(l, h->counters[k]);

        (void) llm_hold_charge(l, h, c, h->amount[c->meta.unit],
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

    llm_redo_set64(&l->redo, &h->meta, &meta);
    llm_hold_retire(l, h);
}


void
llm_hold_retire(llm_ledger_t *l, llm_hold_t *h)
{
    uint32_t  i;

    i = llm_ledger_hold_index(l, h);

    llm_redo_set32(&l->redo, &h->next, 0);
    llm_redo_set32(&l->redo, &l->holds_used, l->holds_used - 1);

    if (l->expired_last != 0) {
        llm_redo_set32(&l->redo, &llm_ledger_hold(l, l->expired_last)->next, i);

    } else {
        llm_redo_set32(&l->redo, &l->expired_first, i);
    }

    llm_redo_set32(&l->redo, &l->expired_last, i);
}


void
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
