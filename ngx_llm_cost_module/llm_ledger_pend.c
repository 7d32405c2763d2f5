
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Reservations that have ended here, while another store has still to hear of
 * it.  One is as one that has expired: it has left the counters' reserved
 * amounts and was charged, now with what was spent.  It is kept for whoever
 * finds it without its owner, and makes room when its slot is needed.
 */

#include <stdlib.h>
#include <string.h>

#include "llm_ledger_region.h"


static void llm_pend_untell(llm_ledger_t *l, const llm_hold_t *h,
    llm_known_t *t, uint32_t n);


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
        meta.sent = meta.sent || end->sent;
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


void
llm_hold_told(llm_ledger_t *l, const llm_hold_t *h, const int64_t *spent)
{
    int64_t    *own, amount;
    uint32_t    k;
    unsigned    i;
    llm_unit_e  unit;

    for (i = 0; spent && i < h->meta.n && i < LLM_BUDGETS_MAX; i++) {
        k = h->counters[i];

        if (k == 0 || k > l->counters_max) {
            continue;
        }

        unit = llm_ledger_slot(l, k)->meta.unit;
        own = llm_ledger_own(l, k);

        /* an admission is a request, however it ended */

        amount = unit == LLM_UNIT_REQUESTS ? h->amount[unit] : spent[unit];
        amount = *own < INT64_MAX - amount ? *own + amount : INT64_MAX;

        llm_redo_set64(&l->redo, own, &amount);
    }
}


int
llm_ledger_settle_there(llm_ledger_t *l, const llm_hold_id_t *id,
    const int64_t spent[LLM_UNIT_N], unsigned source)
{
    return llm_hold_settle(l, id, spent, source, 1, NULL, 0);
}


void
llm_ledger_set_store(llm_ledger_t *l, const unsigned char *store,
    uint64_t seen)
{
    if (llm_ledger_lock(l) == LLM_OK) {
        llm_redo_set64(&l->redo, l->store, store);
        llm_redo_set64(&l->redo, l->store + 8, store + 8);
        llm_redo_set64(&l->redo, &l->store_seen, &seen);
        (void) llm_redo_commit(&l->redo);
        llm_ledger_unlock(l);
    }
}


uint64_t
llm_ledger_store(llm_ledger_t *l, unsigned char *store)
{
    memcpy(store, l->store, LLM_LEDGER_STORE);

    return __atomic_load_n(&l->store_seen, __ATOMIC_RELAXED);
}


/* without the lock: it only ascends, and what it is told for follows */

void
llm_ledger_saw(llm_ledger_t *l, uint64_t seen)
{
    uint64_t  now;

    now = __atomic_load_n(&l->store_seen, __ATOMIC_RELAXED);

    while (now < seen
           && !__atomic_compare_exchange_n(&l->store_seen, &now, seen, 0,
                                           __ATOMIC_RELAXED, __ATOMIC_RELAXED))
    {
        /* void */
    }
}


/* without the lock, before what is on the record leaves the region */

int
llm_ledger_recorded(llm_ledger_t *l, uint32_t record)
{
    uint32_t  last;

    if (__atomic_load_n(&l->record, __ATOMIC_ACQUIRE) == record) {
        return 0;
    }

    last = __atomic_exchange_n(&l->record, record, __ATOMIC_ACQ_REL);

    return last != 0 && last != record;
}


int
llm_ledger_is_store(llm_ledger_t *l, const unsigned char *store)
{
    return memcmp(l->store, store, LLM_LEDGER_STORE) == 0;
}


int
llm_ledger_has_store(llm_ledger_t *l)
{
    return l->store[0] != '\0';
}


/*
 * What that store had said of the counters may have held it before it was added
 * here: until it says something again, what is known is rather less than more.
 */

void
llm_hold_doubt(llm_ledger_t *l, const llm_hold_t *h)
{
    int64_t      spent;
    unsigned     i;
    llm_slot_t  *c;

    for (i = 0; i < h->meta.n && i < LLM_BUDGETS_MAX; i++) {
        if (h->counters[i] == 0 || h->counters[i] > l->counters_max) {
            continue;
        }

        c = llm_ledger_slot(l, h->counters[i]);
        spent = c->spent;

        if (h->meta.state == LLM_HOLD_EXPIRED) {
            spent -= h->amount[c->meta.unit];
        }

        spent = spent > 0 ? spent : 0;

        llm_redo_set64(&l->redo, &c->spent, &spent);
    }
}


int
llm_ledger_claim(llm_ledger_t *l, uint32_t owner, int (*gone)(uint32_t owner))
{
    uint32_t  teller;

    teller = __atomic_load_n(&l->teller, __ATOMIC_ACQUIRE);

    if (teller == owner) {
        return 1;
    }

    if (teller && !gone(teller)) {
        return 0;
    }

    return __atomic_compare_exchange_n(&l->teller, &teller, owner, 0,
                                       __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}


void
llm_ledger_release(llm_ledger_t *l, uint32_t owner)
{
    (void) __atomic_compare_exchange_n(&l->teller, &owner, 0, 0,
                                       __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}


int
llm_ledger_unsure(llm_ledger_t *l, const llm_hold_id_t *id)
{
    int              rc;
    llm_hold_t      *h;
    llm_hold_meta_t  meta;

    if (llm_ledger_lock(l) != LLM_OK) {
        return LLM_ERROR;
    }

    rc = LLM_DECLINED;
    h = llm_hold_find(l, id);

    if (h && !h->meta.sent) {
        meta = h->meta;
        meta.sent = 1;
        llm_redo_set64(&l->redo, &h->meta, &meta);
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

        llm_hold_told(l, h, h->meta.noted ? h->amount : NULL);

        if (h->meta.sent) {
            llm_hold_doubt(l, h);
        }

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


/*
 * In one pass over the counters and one over the reservations, under the lock,
 * so that it is all of one moment: some milliseconds for a zone that is full.
 */

llm_known_t *
llm_ledger_told(llm_ledger_t *l, uint32_t *n)
{
    uint32_t     i, max;
    llm_slot_t  *c;
    llm_known_t  *t;

    max = l->counters_max;

    t = calloc(max, sizeof(llm_known_t));
    if (t == NULL) {
        return NULL;
    }

    if (llm_ledger_lock(l) != LLM_OK) {
        free(t);
        return NULL;
    }

    *n = l->counters_top < max ? l->counters_top : max;

    for (i = 0; i < *n; i++) {
        c = llm_ledger_slot(l, i + 1);

        if (c->meta.flags & LLM_SLOT_USED) {
            t[i].start = c->start;
            t[i].known = c->spent;
            t[i].own = *llm_ledger_own(l, i + 1);
        }
    }

    for (i = 1; i <= l->holds_top && i <= l->holds_max; i++) {
        llm_pend_untell(l, llm_ledger_hold(l, i), t, *n);
    }

    llm_ledger_unlock(l);

    return t;
}


/*
 * What is pending has been charged here, and is still to be told of; what is
 * open has not, but its end may be on the way.
 */

static void
llm_pend_untell(llm_ledger_t *l, const llm_hold_t *h, llm_known_t *t,
    uint32_t n)
{
    int64_t      amount;
    unsigned     k;
    llm_unit_e   unit;
    llm_known_t  *c;

    if (h->meta.state != LLM_HOLD_EXPIRED
        && !(h->meta.state == LLM_HOLD_OPEN && h->meta.sent))
    {
        return;
    }

    for (k = 0; k < h->meta.n && k < LLM_BUDGETS_MAX; k++) {
        if (h->counters[k] == 0 || h->counters[k] > n) {
            continue;
        }

        unit = llm_ledger_slot(l, h->counters[k])->meta.unit;
        c = &t[h->counters[k] - 1];

        if (h->meta.state == LLM_HOLD_EXPIRED) {
            amount = h->amount[unit];
            c->known = c->known > amount ? c->known - amount : 0;

        } else {
            amount = unit == LLM_UNIT_REQUESTS ? h->amount[unit]
                                               : h->noted[unit];
        }

        if (h->meta.sent) {
            c->unsure += amount;
        }
    }
}
