
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * A ledger in a region of another size.  Reservations stay where they are,
 * since their place is part of their identity; counters move up.
 */

#include <stdlib.h>
#include <string.h>

#include "llm_ledger_region.h"


static void llm_copy_header(llm_ledger_t *to, const llm_ledger_t *from);
static void llm_copy_counters(llm_ledger_t *to, llm_ledger_t *from,
    uint32_t *moved);
static void llm_copy_holds(llm_ledger_t *to, llm_ledger_t *from,
    const uint32_t *moved, uint32_t top);


size_t
llm_ledger_needs(llm_ledger_t *l)
{
    uint32_t  top;

    for (top = l->holds_top; top > 0; top--) {
        if (llm_ledger_hold(l, top)->meta.state != LLM_HOLD_FREE) {
            break;
        }
    }

    return llm_ledger_size(l->counters_used, top);
}


/* to is new and empty, and nobody else has either; the past is whole */

int
llm_ledger_copy(llm_ledger_t *to, llm_ledger_t *from)
{
    uint32_t   top, *moved;

    for (top = from->holds_top; top > 0; top--) {
        if (llm_ledger_hold(from, top)->meta.state != LLM_HOLD_FREE) {
            break;
        }
    }

    if (from->counters_used > to->counters_max || top > to->holds_max) {
        return LLM_LIMIT;
    }

    moved = calloc(from->counters_top + 1, sizeof(uint32_t));
    if (moved == NULL) {
        return LLM_ERROR;
    }

    llm_copy_header(to, from);
    llm_copy_counters(to, from, moved);
    llm_copy_holds(to, from, moved, top);

    free(moved);

    return LLM_OK;
}


static void
llm_copy_header(llm_ledger_t *to, const llm_ledger_t *from)
{
    to->node = from->node;
    to->seed[0] = from->seed[0];
    to->seed[1] = from->seed[1];
    to->gen = from->gen;
    memcpy(to->store, from->store, LLM_LEDGER_STORE);
    to->store_seen = from->store_seen;
    to->names_top = from->names_top;

    to->reserves = from->reserves;
    to->refusals = from->refusals;
    to->settles = from->settles;
    to->cancels = from->cancels;
    to->expired = from->expired;
    to->full = from->full;
    to->overrun = from->overrun;

    memcpy(to->names, from->names, sizeof(to->names));
}


static void
llm_copy_counters(llm_ledger_t *to, llm_ledger_t *from, uint32_t *moved)
{
    uint32_t     i, n, *bucket;
    llm_slot_t  *c;

    n = 0;

    for (i = 1; i <= from->counters_top; i++) {
        c = llm_ledger_slot(from, i);

        if (!(c->meta.flags & LLM_SLOT_USED)) {
            continue;
        }

        moved[i] = ++n;
        bucket = llm_ledger_bucket(to, c->hash);

        *llm_ledger_own(to, n) = *llm_ledger_own(from, i);
        *llm_ledger_slot(to, n) = *c;
        llm_ledger_slot(to, n)->next = *bucket;
        *bucket = n;
    }

    to->counters_top = n;
    to->counters_used = n;
}


static void
llm_copy_holds(llm_ledger_t *to, llm_ledger_t *from, const uint32_t *moved,
    uint32_t top)
{
    uint32_t     i;
    unsigned     k;
    llm_hold_t  *h;

    for (i = top; i > 0; i--) {
        h = llm_ledger_hold(to, i);
        *h = *llm_ledger_hold(from, i);

        if (h->meta.state == LLM_HOLD_FREE) {
            h->next = to->holds_free;
            to->holds_free = i;
            continue;
        }

        for (k = 0; k < LLM_BUDGETS_MAX; k++) {
            h->counters[k] = k < h->meta.n && h->counters[k] != 0
                             && h->counters[k] <= from->counters_top
                             ? moved[h->counters[k]] : 0;
        }
    }

    to->holds_top = top;
    to->holds_used = from->holds_used;
    to->expired_first = from->expired_first;
    to->expired_last = from->expired_last;
}
