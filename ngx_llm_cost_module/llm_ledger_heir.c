
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * What dead owners have left.  Nothing is written to a log under the region's
 * lock: a reservation whose owner is dead changes no more by itself, and two
 * heirs that meet write the same line twice and settle once.
 */

#include <string.h>

#include "llm_ledger_region.h"


#define LLM_HEIR_BATCH       256      /* slots looked at under one lock */
#define LLM_HEIR_OWNERS      32       /* whose state is asked once a call */


typedef struct {
    const llm_ledger_heir_t  *heir;
    unsigned                  n;
    uint32_t                  owner[LLM_HEIR_OWNERS];
    int                       state[LLM_HEIR_OWNERS];
} llm_heir_search_t;


static int llm_heir_next(llm_ledger_t *l, llm_heir_search_t *s,
    uint32_t *cursor, llm_hold_view_t *v);
static int llm_heir_gone(llm_heir_search_t *s, uint32_t owner);
static int llm_heir_end(llm_ledger_t *l, const llm_ledger_heir_t *heir,
    llm_hold_view_t *v);


unsigned
llm_ledger_inherit(llm_ledger_t *l, const llm_ledger_heir_t *heir,
    unsigned max)
{
    int                rc;
    uint32_t           cursor;
    unsigned           n;
    llm_hold_view_t    v;
    llm_heir_search_t  s;

    n = 0;
    cursor = 0;
    s.heir = heir;
    s.n = 0;

    while (n < max) {

        if (llm_ledger_lock(l) != LLM_OK) {
            break;
        }

        rc = llm_heir_next(l, &s, &cursor, &v);

        llm_ledger_unlock(l);

        if (rc == LLM_DECLINED) {
            break;
        }

        if (rc == LLM_OK) {
            if (llm_heir_end(l, heir, &v) != LLM_OK) {
                break;
            }

            n++;
        }
    }

    return n;
}


unsigned
llm_ledger_has_left(llm_ledger_t *l, int (*gone)(uint32_t owner))
{
    int                rc;
    uint32_t           cursor;
    llm_hold_view_t    v;
    llm_heir_search_t  s;
    llm_ledger_heir_t  heir;

    heir.gone = gone;
    s.heir = &heir;
    s.n = 0;
    cursor = 0;

    do {
        if (llm_ledger_lock(l) != LLM_OK) {
            return 0;
        }

        rc = llm_heir_next(l, &s, &cursor, &v);

        llm_ledger_unlock(l);

    } while (rc == LLM_LIMIT);

    return rc == LLM_OK;
}


/* LLM_LIMIT: none yet, others may have the lock in between */

static int
llm_heir_next(llm_ledger_t *l, llm_heir_search_t *s, uint32_t *cursor,
    llm_hold_view_t *v)
{
    unsigned     i;
    llm_hold_t  *h;

    for (i = 0; i < LLM_HEIR_BATCH; i++) {

        if (*cursor >= l->holds_top) {
            return LLM_DECLINED;
        }

        h = llm_ledger_hold(l, ++*cursor);

        if (h->meta.state != LLM_HOLD_FREE && h->meta.state != LLM_HOLD_DONE
            && llm_heir_gone(s, h->owner))
        {
            llm_view_fill_hold(l, h, v);
            return LLM_OK;
        }
    }

    return LLM_LIMIT;
}


/* asking costs a system call, and there are few owners */

static int
llm_heir_gone(llm_heir_search_t *s, uint32_t owner)
{
    unsigned  i;

    for (i = 0; i < s->n; i++) {
        if (s->owner[i] == owner) {
            return s->state[i];
        }
    }

    if (s->n == LLM_HEIR_OWNERS) {
        return s->heir->gone(owner);
    }

    s->owner[i] = owner;
    s->state[i] = s->heir->gone(owner);
    s->n++;

    return s->state[i];
}


static int
llm_heir_end(llm_ledger_t *l, const llm_ledger_heir_t *heir,
    llm_hold_view_t *v)
{
    int  rc, spends;

    spends = v->settled || v->has_note;

    if (v->has_note && !v->settled) {

        /* requests were granted, however this one ended */

        v->granted[LLM_UNIT_USD] = v->noted[LLM_UNIT_USD];
        v->granted[LLM_UNIT_TOKENS] = v->noted[LLM_UNIT_TOKENS];
    }

    if (spends && v->unlogged) {
        rc = heir->log ? heir->log(heir->data, v) : LLM_OK;

        if (rc != LLM_OK) {
            return rc;
        }

        (void) llm_ledger_logged(l, &v->id);
    }

    if (v->settled) {
        return LLM_OK;
    }

    if (heir->settle) {
        heir->settle(heir->data, v, spends ? v->granted : NULL);

    } else if (spends) {
        (void) llm_ledger_settle(l, &v->id, v->granted, NULL, 0);

    } else {
        (void) llm_ledger_cancel(l, &v->id);
    }

    return LLM_OK;
}


void
llm_ledger_born(llm_ledger_t *l, uint32_t owner)
{
    uint32_t     i;
    llm_hold_t  *h;

    if (llm_ledger_lock(l) != LLM_OK) {
        return;
    }

    for (i = 1; i <= l->holds_top && i <= l->holds_max; i++) {
        h = llm_ledger_hold(l, i);

        if (h->meta.state != LLM_HOLD_FREE && h->owner == owner) {
            llm_redo_set32(&l->redo, &h->owner, 0);
            (void) llm_redo_commit(&l->redo);
        }
    }

    llm_ledger_unlock(l);
}


/*
 * Work that goes on when its request is over, a batch or a run, has no heir:
 * it is in the region as any other, so a restart and a copy keep it, and no
 * worker inherits or renews it.
 */

int
llm_ledger_leave(llm_ledger_t *l, const llm_hold_id_t *id, int64_t expires)
{
    int              rc;
    llm_hold_t      *h;
    llm_hold_meta_t  meta;

    if (llm_ledger_lock(l) != LLM_OK) {
        return LLM_ERROR;
    }

    rc = LLM_DECLINED;
    h = llm_hold_find(l, id);

    if (h && h->meta.state == LLM_HOLD_OPEN) {
        meta = h->meta;
        meta.keep = 0;
        meta.noted = 0;

        llm_redo_set64(&l->redo, &h->meta, &meta);
        llm_redo_set64(&l->redo, &h->expires, &expires);
        llm_redo_set32(&l->redo, &h->owner, LLM_LEDGER_NOBODY);
        rc = llm_redo_commit(&l->redo);
    }

    llm_ledger_unlock(l);

    return rc;
}
