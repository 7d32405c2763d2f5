
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * A look at the whole region, slot by slot: whether it is one that the code
 * can have left.  The region may come from a file that somebody has edited, so
 * that nothing in it is followed before it was looked at.
 */

#include <stdlib.h>

#include "llm_ledger_region.h"


/* what is found by slot, to be compared with what the slots say */

typedef struct {
    llm_ledger_t    *l;
    int64_t         *reserved;        /* by counter; NULL: not of interest */
    uint32_t        *holds;
    uint32_t        *seen;
    uint32_t        *refs;            /* by name */
} llm_check_t;


static const char *llm_check_region(llm_check_t *ck);
static const char *llm_check_holds(llm_check_t *ck);
static const char *llm_check_free_holds(llm_ledger_t *l, uint32_t *listed);
static const char *llm_check_expired_holds(llm_ledger_t *l,
    uint32_t *listed);
static const char *llm_check_hold(llm_check_t *ck, uint32_t i);
static const char *llm_check_chains(llm_check_t *ck);
static const char *llm_check_slot(llm_check_t *ck, uint32_t i,
    uint32_t bucket);


const char *
llm_ledger_check(llm_ledger_t *l, int sums)
{
    const char   *wrong;
    llm_check_t   ck;

    if (l->counters_top > l->counters_max || l->holds_top > l->holds_max
        || l->names_top > LLM_LEDGER_NAMES)
    {
        return "more slots than there is room for";
    }

    ck.l = l;
    ck.reserved = sums ? calloc(l->counters_top + 1, sizeof(int64_t)) : NULL;
    ck.holds = calloc(l->counters_top + 1, sizeof(uint32_t));
    ck.seen = calloc(l->counters_top + 1, sizeof(uint32_t));
    ck.refs = calloc(LLM_LEDGER_NAMES, sizeof(uint32_t));

    if ((sums && ck.reserved == NULL) || ck.holds == NULL || ck.seen == NULL
        || ck.refs == NULL)
    {
        wrong = "no memory to check it";

    } else {
        wrong = llm_check_region(&ck);
    }

    free(ck.reserved);
    free(ck.holds);
    free(ck.seen);
    free(ck.refs);

    return wrong;
}


static const char *
llm_check_region(llm_check_t *ck)
{
    uint32_t       i, n;
    llm_slot_t    *c;
    const char    *wrong;
    llm_ledger_t  *l;

    l = ck->l;

    if (l->redo.n != 0 || l->redo.committed) {
        return "a change is left";
    }

    wrong = llm_check_holds(ck);

    if (wrong == NULL) {
        wrong = llm_check_chains(ck);
    }

    if (wrong) {
        return wrong;
    }

    n = l->counters_used;

    for (i = l->counters_free; i != 0; i = c->next) {

        if (i > l->counters_top || ck->seen[i]++) {
            return "the list of free counters";
        }

        c = llm_ledger_slot(l, i);

        if (c->meta.flags != 0) {
            return "flags of a free counter";
        }

        n++;
    }

    if (n != l->counters_top) {
        return "a lost counter";
    }

    for (i = 0; i < LLM_LEDGER_NAMES; i++) {
        if (ck->refs[i] != l->names[i].refs
            || l->names[i].len > LLM_NAME_MAX)
        {
            return "counters of a name";
        }
    }

    return NULL;
}


/* each is open, settled, in the list of the expired, or free */

static const char *
llm_check_holds(llm_check_t *ck)
{
    uint32_t       i, n, open, listed;
    const char    *wrong;
    llm_hold_t    *h;
    llm_ledger_t  *l;

    l = ck->l;
    open = 0;
    n = 0;

    for (i = 1; i <= l->holds_top; i++) {
        h = llm_ledger_hold(l, i);

        wrong = llm_check_hold(ck, i);
        if (wrong) {
            return wrong;
        }

        open += h->meta.state == LLM_HOLD_OPEN;
        n += h->meta.state == LLM_HOLD_OPEN
             || h->meta.state == LLM_HOLD_SETTLED;
    }

    if (open != l->holds_used) {
        return "the number of open reservations";
    }

    listed = 0;
    wrong = llm_check_free_holds(l, &listed);

    if (wrong == NULL) {
        wrong = llm_check_expired_holds(l, &listed);
    }

    if (wrong) {
        return wrong;
    }

    return n + listed == l->holds_top ? NULL : "a lost reservation";
}


static const char *
llm_check_free_holds(llm_ledger_t *l, uint32_t *listed)
{
    uint32_t     i;
    llm_hold_t  *h;

    for (i = l->holds_free; i != 0; i = h->next) {

        if (i > l->holds_top || ++*listed > l->holds_top) {
            return "the list of free reservations";
        }

        h = llm_ledger_hold(l, i);

        if (h->meta.state != LLM_HOLD_FREE) {
            return "the list of free reservations";
        }
    }

    return NULL;
}


static const char *
llm_check_expired_holds(llm_ledger_t *l, uint32_t *listed)
{
    uint32_t     i, last;
    llm_hold_t  *h;

    last = 0;

    for (i = l->expired_first; i != 0; i = h->next) {

        if (i > l->holds_top || ++*listed > l->holds_top) {
            return "the list of expired reservations";
        }

        last = i;
        h = llm_ledger_hold(l, i);

        if (h->meta.state != LLM_HOLD_EXPIRED
            && h->meta.state != LLM_HOLD_LATE
            && h->meta.state != LLM_HOLD_DONE)
        {
            return "the list of expired reservations";
        }
    }

    if (last != l->expired_last) {
        return "the end of the list of expired reservations";
    }

    return NULL;
}


static const char *
llm_check_hold(llm_check_t *ck, uint32_t i)
{
    uint32_t      k;
    unsigned      j;
    llm_hold_t   *h;
    llm_slot_t   *c;

    h = llm_ledger_hold(ck->l, i);

    if (h->meta.state > LLM_HOLD_LATE || h->meta.n > LLM_BUDGETS_MAX) {
        return "the state of a reservation";
    }

    if (h->meta.state == LLM_HOLD_FREE || h->meta.state == LLM_HOLD_DONE) {
        return NULL;
    }

    if ((h->seq & LLM_HOLD_MASK) != i
        || h->seq >> LLM_HOLD_BITS >= ck->l->gen)
    {
        return "the number of a reservation";
    }

    for (j = 0; j < LLM_UNIT_N; j++) {
        if (h->amount[j] < 0 || h->noted[j] < 0) {
            return "the amount of a reservation";
        }
    }

    for (j = 0; j < h->meta.n; j++) {
        k = h->counters[j];

        if (k == 0) {
            continue;
        }

        if (k > ck->l->counters_top) {
            return "the counter of a reservation";
        }

        c = llm_ledger_slot(ck->l, k);

        if (!(c->meta.flags & LLM_SLOT_USED) || c->meta.unit >= LLM_UNIT_N) {
            return "the counter of a reservation";
        }

        ck->holds[k]++;

        if (ck->reserved && h->meta.state == LLM_HOLD_OPEN) {
            ck->reserved[k] += h->amount[c->meta.unit];
        }
    }

    return NULL;
}


static const char *
llm_check_chains(llm_check_t *ck)
{
    uint32_t       i, k, n;
    const char    *wrong;
    llm_ledger_t  *l;

    l = ck->l;
    n = 0;

    for (i = 0; i < l->counters_max; i++) {
        for (k = ((uint32_t *) llm_ledger_at(l, l->buckets_off))[i];
             k != 0;
             k = llm_ledger_slot(l, k)->next)
        {
            if (k > l->counters_top || ck->seen[k]++) {
                return "a chain of counters";
            }

            wrong = llm_check_slot(ck, k, i);
            if (wrong) {
                return wrong;
            }

            n++;
        }
    }

    return n == l->counters_used ? NULL : "the number of counters";
}


static const char *
llm_check_slot(llm_check_t *ck, uint32_t i, uint32_t bucket)
{
    llm_slot_t  *c;

    c = llm_ledger_slot(ck->l, i);

    if (!(c->meta.flags & LLM_SLOT_USED)
        || c->meta.unit >= LLM_UNIT_N || c->meta.period >= LLM_PERIOD_N
        || c->key_len > LLM_KEY_MAX || c->name >= LLM_LEDGER_NAMES
        || c->start >= c->end)
    {
        return "a counter's name, window or unit";
    }

    if ((((uint64_t) c->hash * ck->l->counters_max) >> 32) != bucket) {
        return "a counter in a wrong chain";
    }

    if (c->holds != ck->holds[i]) {
        return "a counter's number of reservations";
    }

    if (c->spent < 0 || c->reserved < 0 || c->limit < 0 || c->alone < 0
        || c->spent > INT64_MAX - c->reserved
        || *llm_ledger_own(ck->l, i) < 0)
    {
        return "a counter's amounts";
    }

    if (ck->reserved && c->reserved != ck->reserved[i]) {
        return "a counter's reserved amount";
    }

    ck->refs[c->name]++;

    return NULL;
}
