
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LEDGER_CHECK_H_INCLUDED_
#define _LEDGER_CHECK_H_INCLUDED_


/*
 * The invariants of a ledger's region (docs/budgets.md), checked slot by slot.
 * Returns what is wrong, or NULL.  Takes and leaves the lock.
 */

#include "ledger_fixture.h"
#include "llm_ledger_region.h"


#define ledger_wrong(cond, text)                                              \
    if (cond) {                                                               \
        wrong = text;                                                         \
        goto done;                                                            \
    }


static inline const char *
ledger_check(llm_ledger_t *l)
{
    int64_t      *reserved;
    uint32_t      i, k, n, used, settled, *holds, *refs, *seen;
    const char   *wrong;
    llm_hold_t   *h;
    llm_slot_t   *c;

    if (llm_ledger_lock(l) != LLM_OK) {
        return "the lock is beyond repair";
    }

    wrong = NULL;
    reserved = calloc(l->counters_max + 1, sizeof(int64_t));
    holds = calloc(l->counters_max + 1, sizeof(uint32_t));
    seen = calloc(l->counters_max + 1, sizeof(uint32_t));
    refs = calloc(LLM_LEDGER_NAMES, sizeof(uint32_t));

    ledger_wrong(l->redo.n != 0 || l->redo.committed, "a change is left");

    /* reservations: open, settled, in the list of the expired, or free */

    for (n = 0, settled = 0, i = 1; i <= l->holds_top; i++) {
        h = llm_ledger_hold(l, i);

        ledger_wrong(h->meta.state == LLM_HOLD_OPEN
                     && (h->seq & LLM_HOLD_MASK) != i, "seq of another slot");
        n += h->meta.state == LLM_HOLD_OPEN;

        settled += h->meta.state == LLM_HOLD_SETTLED;

        if (h->meta.state == LLM_HOLD_FREE
            || h->meta.state == LLM_HOLD_DONE)
        {
            continue;
        }

        for (k = 0; k < h->meta.n; k++) {
            if (h->counters[k] == 0) {
                continue;
            }

            ledger_wrong(h->counters[k] > l->counters_top, "no such slot");
            c = llm_ledger_slot(l, h->counters[k]);
            ledger_wrong(!(c->meta.flags & LLM_SLOT_USED), "counter is free");
            holds[h->counters[k]]++;

            if (h->meta.state == LLM_HOLD_OPEN) {
                reserved[h->counters[k]] += h->amount[c->meta.unit];
            }
        }
    }

    ledger_wrong(n != l->holds_used, "number of open reservations");

    for (used = 0, i = l->holds_free; i != 0; i = h->next) {
        h = llm_ledger_hold(l, i);
        ledger_wrong(h->meta.state != LLM_HOLD_FREE, "not a free one");
        ledger_wrong(++used > l->holds_top, "a loop of free ones");
    }

    n += used;

    for (used = 0, k = 0, i = l->expired_first; i != 0; k = i, i = h->next) {
        h = llm_ledger_hold(l, i);
        ledger_wrong(h->meta.state != LLM_HOLD_EXPIRED
                     && h->meta.state != LLM_HOLD_LATE
                     && h->meta.state != LLM_HOLD_DONE, "not an expired one");
        ledger_wrong(++used > l->holds_top, "a loop of expired ones");
    }

    ledger_wrong(l->expired_last != k, "end of the expired");
    ledger_wrong(n + used + settled != l->holds_top, "a lost reservation");

    /* counters: each in its chain, or free */

    for (n = 0, i = 0; i < l->counters_max; i++) {
        for (k = ((uint32_t *) llm_ledger_at(l, l->buckets_off))[i];
             k != 0;
             k = c->next)
        {
            ledger_wrong(k > l->counters_top, "a chain leads out");
            c = llm_ledger_slot(l, k);
            ledger_wrong(seen[k]++, "in two chains");
            ledger_wrong(!(c->meta.flags & LLM_SLOT_USED), "free in a chain");
            ledger_wrong((((uint64_t) c->hash * l->counters_max) >> 32) != i,
                         "in a wrong chain");
            ledger_wrong(c->holds != holds[k], "number of reservations");
            ledger_wrong(c->reserved != reserved[k], "reserved amount");
            ledger_wrong(c->spent < 0 || c->spent > INT64_MAX - c->reserved,
                         "spent amount");
            refs[c->name]++;
            n++;
        }
    }

    ledger_wrong(n != l->counters_used, "number of counters");

    for (i = l->counters_free; i != 0; i = c->next) {
        c = llm_ledger_slot(l, i);
        ledger_wrong(seen[i]++, "free twice, or in use");
        ledger_wrong(c->meta.flags != 0, "flags of a free one");
        n++;
    }

    ledger_wrong(n != l->counters_top, "a lost counter");

    for (i = 0; i < LLM_LEDGER_NAMES; i++) {
        ledger_wrong(refs[i] != l->names[i].refs, "counters of a name");
    }

done:

    free(reserved);
    free(holds);
    free(seen);
    free(refs);

    llm_ledger_unlock(l);

    return wrong;
}


static inline void
assert_ledger(llm_ledger_t *l)
{
    const char  *wrong;

    wrong = ledger_check(l);

    if (wrong) {
        fail_msg("ledger: %s", wrong);
    }
}


#endif /* _LEDGER_CHECK_H_INCLUDED_ */
