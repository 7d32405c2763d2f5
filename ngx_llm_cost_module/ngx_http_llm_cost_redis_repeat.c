
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_redis.h"


/*
 * What a node tells a store that it joins: ends of requests that are on record,
 * counters, open reservations.  One command at a time is made; who sends it,
 * and when, is the join's (_redis_join.c).
 */


#define NGX_HTTP_LLM_COST_REPEAT_LOOK    256    /* entries under one lock */


static ngx_uint_t ngx_http_llm_cost_redis_repeat_wanted(
    ngx_http_llm_cost_redis_repeat_t *r, const llm_counter_view_t *c,
    const llm_known_t *t);
static ngx_int_t ngx_http_llm_cost_redis_repeat_balance(
    ngx_http_llm_cost_redis_repeat_t *r, ngx_http_llm_cost_redis_op_t *op,
    const llm_hold_view_t *v, const uint32_t *at);


/*
 * What had been confirmed since the store was as it is now.  An empty one holds
 * no reservations, so that of a record that does not reach back only the last
 * minute matters: what is older is in the counters.
 */

ngx_int_t
ngx_http_llm_cost_redis_repeat_record(ngx_http_llm_cost_redis_repeat_t *r,
    ngx_http_llm_cost_redis_op_t **op)
{
    ngx_uint_t                      n;
    llm_oplog_entry_t              *e;
    ngx_http_llm_cost_redis_box_t  *box;

    e = NULL;
    *op = NULL;
    box = ngx_http_llm_cost_redis_box();

    ngx_http_llm_cost_redis_box_lock();

    /* what was admitted since the join began may have taken its place */

    if (r->pos < box->log->tail && box->log->dropped > r->base) {
        box->joined.deep = 1;
    }

    for (n = 0; n < NGX_HTTP_LLM_COST_REPEAT_LOOK; n++) {
        e = llm_oplog_next(box->log, &r->pos);

        if (e == NULL) {
            break;
        }

        r->pos += e->size;

        if (e->state == LLM_OPLOG_DONE && e->stamp > r->base
            && !(r->deep && r->base == 0 && e->time < r->oldest))
        {
            *op = ngx_http_llm_cost_redis_outbox_op(e, r->handler);

            if (*op) {
                (*op)->pos = r->pos - e->size;
            }

            break;
        }
    }

    ngx_http_llm_cost_redis_box_unlock();

    if (e == NULL) {
        return NGX_DONE;
    }

    return *op || n == NGX_HTTP_LLM_COST_REPEAT_LOOK ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_http_llm_cost_redis_repeat_counters(ngx_http_llm_cost_redis_repeat_t *r,
    ngx_http_llm_cost_redis_op_t **op)
{
    uint32_t             cursor, at[LLM_BUDGETS_MAX];
    ngx_int_t            rc;
    llm_ledger_t        *l;
    llm_hold_view_t      v;
    llm_counter_view_t  *c;

    *op = NULL;
    rc = NGX_OK;
    v.n = 0;
    cursor = (uint32_t) r->pos;
    l = ngx_http_llm_cost_zone()->ledger;

    if (r->told == NULL) {
        r->told = llm_ledger_told(l, &r->ntold);

        if (r->told == NULL) {
            return NGX_ERROR;
        }
    }

    while (v.n < LLM_BUDGETS_MAX) {
        c = &v.counters[v.n];

        if (llm_ledger_next(l, &cursor, c) != LLM_OK) {
            rc = NGX_DONE;
            break;
        }

        if (cursor <= r->ntold
            && ngx_http_llm_cost_redis_repeat_wanted(r, c,
                                                     &r->told[cursor - 1]))
        {
            at[v.n++] = cursor - 1;
        }
    }

    r->pos = cursor;

    if (v.n == 0) {
        return rc;
    }

    *op = ngx_http_llm_cost_redis_op(r->handler, NULL);
    if (*op == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_llm_cost_redis_repeat_balance(r, *op, &v, at) != NGX_OK) {
        ngx_http_llm_cost_redis_free(*op);
        *op = NULL;
        return NGX_ERROR;
    }

    return rc;
}


static ngx_uint_t
ngx_http_llm_cost_redis_repeat_wanted(ngx_http_llm_cost_redis_repeat_t *r,
    const llm_counter_view_t *c, const llm_known_t *t)
{
    if (t->start != c->start) {
        return 0;
    }

    /* of what has ended nothing more is heard that would correct it */

    if (r->second) {
        return t->known > 0 && c->end > (int64_t) ngx_time();
    }

    /* what has ended is still the bill of its window */

    return (c->patched && c->end > (int64_t) ngx_time())
           || (r->deep && (t->own > 0 || t->unsure > 0));
}


/* see balance.lua */

static ngx_int_t
ngx_http_llm_cost_redis_repeat_balance(ngx_http_llm_cost_redis_repeat_t *r,
    ngx_http_llm_cost_redis_op_t *op, const llm_hold_view_t *v,
    const uint32_t *at)
{
    ngx_uint_t                 i;
    llm_budget_t               budgets[LLM_BUDGETS_MAX];
    llm_hold_id_t              id;
    const llm_known_t          *t;
    const llm_counter_view_t  *c;

    ngx_http_llm_cost_redis_adopt_budgets(v, budgets);

    id.node = llm_ledger_node(ngx_http_llm_cost_zone()->ledger);
    id.seq = 0;

    ngx_http_llm_cost_redis_begin(ngx_http_llm_cost_redis_money(),
                                  NGX_HTTP_LLM_COST_SCRIPT_BALANCE);
    ngx_http_llm_cost_redis_indexes();
    ngx_http_llm_cost_redis_identity(&id);
    ngx_http_llm_cost_redis_counters(budgets, v->n);
    ngx_http_llm_cost_redis_number(v->n);
    ngx_http_llm_cost_redis_number(r->second);
    ngx_http_llm_cost_redis_budgets(budgets, v->n);

    for (i = 0; i < v->n; i++) {
        c = &v->counters[i];
        t = &r->told[at[i]];

        ngx_http_llm_cost_redis_number(!r->deep ? -1
                                       : r->second ? t->known : t->own);
        ngx_http_llm_cost_redis_number(t->unsure);
        ngx_http_llm_cost_redis_number(t->known);

        if (!c->patched || r->second) {
            ngx_http_llm_cost_redis_text("");

        } else {
            ngx_http_llm_cost_redis_number(c->limit == LLM_NO_LIMIT
                                           ? -1 : c->limit);
        }
    }

    return ngx_http_llm_cost_redis_end(op);
}


/* one open reservation that Redis has confirmed, or the zone has made */

ngx_int_t
ngx_http_llm_cost_redis_repeat_holds(ngx_http_llm_cost_redis_repeat_t *r,
    ngx_http_llm_cost_redis_op_t **op)
{
    uint32_t         cursor;
    llm_budget_t     budgets[LLM_BUDGETS_MAX];
    llm_admission_t  a;
    llm_hold_view_t  v;

    *op = NULL;
    cursor = (uint32_t) r->pos;

    do {
        if (llm_ledger_next_hold(ngx_http_llm_cost_zone()->ledger, &cursor, &v)
            != LLM_OK)
        {
            return NGX_DONE;
        }
    } while (v.granted[LLM_UNIT_REQUESTS] == 0);

    r->pos = cursor;

    ngx_http_llm_cost_redis_adopt_budgets(&v, budgets);

    ngx_memzero(&a, sizeof(llm_admission_t));

    a.id = v.id;
    a.budgets = budgets;
    a.n = v.n;
    a.now = (int64_t) ngx_time();
    a.expires = v.expires;
    ngx_memcpy(a.most, v.granted, sizeof(a.most));
    ngx_memcpy(a.least, v.granted, sizeof(a.least));

    *op = ngx_http_llm_cost_redis_op(r->handler, NULL);
    if (*op == NULL) {
        return NGX_ERROR;
    }

    (*op)->id = v.id;

    if (ngx_http_llm_cost_redis_reserve_command(*op, &a, NULL,
                                                NGX_HTTP_LLM_COST_REDIS_AGAIN)
        != NGX_OK)
    {
        ngx_http_llm_cost_redis_free(*op);
        *op = NULL;
        return NGX_ERROR;
    }

    return NGX_OK;
}


void
ngx_http_llm_cost_redis_repeat_end(ngx_http_llm_cost_redis_repeat_t *r)
{
    free(r->told);
    r->told = NULL;
}
