
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_redis.h"

#include <limits.h>


/*
 * Once a second one worker looks at the reservations of this node: those of
 * dead workers are settled in Redis with what was noted of them, and those of
 * requests that live long are renewed, here and there, whether anything comes
 * from upstream or not.
 */


#define NGX_HTTP_LLM_COST_REDIS_ADOPT     64     /* a second */


static unsigned ngx_http_llm_cost_redis_inherit(void *data, unsigned max);
static void ngx_http_llm_cost_redis_adopt_hold(void *data,
    const llm_hold_view_t *v, const int64_t *spent);


/*
 * Redis lets its own reservations expire; here they leave at the same time.
 */

void
ngx_http_llm_cost_redis_adopt(void)
{
    ngx_http_llm_cost_main_conf_t  *lmcf;

    lmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_llm_cost_module);

    (void) ngx_http_llm_cost_redis_inherit(NULL,
                                           NGX_HTTP_LLM_COST_REDIS_ADOPT);

    ngx_http_llm_cost_keep_live(ngx_http_llm_cost_redis_renew);

    (void) llm_ledger_sweep(ngx_http_llm_cost_zone()->ledger,
                            (int64_t) ngx_time(),
                            (int) lmcf->reservation_charge,
                            NGX_HTTP_LLM_COST_REDIS_ADOPT);

    ngx_http_llm_cost_held_sweep();
    ngx_http_llm_cost_redis_reclaim();
}


/*
 * Before the node admits through Redis, all of it has to be there.  What was
 * settled while Redis was away is among it where nginx itself was killed since.
 */

ngx_uint_t
ngx_http_llm_cost_redis_adopt_all(void)
{
    if (!ngx_http_llm_cost_redis_box_holds(NGX_HTTP_LLM_COST_REDIS_ADOPT)) {
        return 1;
    }

    return ngx_http_llm_cost_redis_inherit(ngx_http_llm_cost_redis_box(),
                                           NGX_HTTP_LLM_COST_REDIS_ADOPT);
}


/*
 * A worker that died within the last second has nobody else, if all leave.
 * What cannot be sent any more is on record, and in the zone for whoever starts
 * next.
 */

void
ngx_http_llm_cost_redis_adopt_last(void)
{
    (void) ngx_http_llm_cost_redis_inherit(NULL, UINT_MAX);

    ngx_http_llm_cost_held_sweep();
}


/* to the record where there is data, else to Redis */

static unsigned
ngx_http_llm_cost_redis_inherit(void *data, unsigned max)
{
    llm_ledger_heir_t  heir;

    heir.gone = ngx_http_llm_cost_gone;
    heir.log = ngx_http_llm_cost_ledger_log_line;
    heir.settle = ngx_http_llm_cost_redis_adopt_hold;
    heir.data = data;

    return llm_ledger_inherit(ngx_http_llm_cost_zone()->ledger, &heir, max);
}


/*
 * With a note it is settled as noted.  Without one nothing was sent upstream:
 * what Redis holds for it, if anything, is let go.
 */

static void
ngx_http_llm_cost_redis_adopt_hold(void *data, const llm_hold_view_t *v,
    const int64_t *spent)
{
    llm_budget_t                   budgets[LLM_BUDGETS_MAX];
    ngx_http_llm_cost_redis_op_t  *op;

    op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_settled, NULL);
    if (op == NULL) {
        return;
    }

    op->id = v->id;

    if (v->sent) {
        (void) llm_ledger_store(ngx_http_llm_cost_zone()->ledger, op->told);
    }

    if (spent) {
        op->spends = 1;
        ngx_memcpy(op->spent, spent, sizeof(op->spent));
    }

    ngx_http_llm_cost_redis_adopt_budgets(v, budgets);

    if (ngx_http_llm_cost_redis_copy_budgets(op, budgets, spent ? v->n : 0)
            != NGX_OK
        || ngx_http_llm_cost_redis_settlement(op, NULL) != NGX_OK)
    {
        ngx_http_llm_cost_redis_free(op);
        return;
    }

    if (data) {
        ngx_http_llm_cost_redis_outbox_add(op);
        ngx_http_llm_cost_redis_free(op);
        return;
    }

    (void) llm_ledger_unsure(ngx_http_llm_cost_zone()->ledger, &op->id);

    if (ngx_http_llm_cost_redis_send(ngx_http_llm_cost_redis_money(), op,
                                     NGX_HTTP_LLM_COST_REDIS_LINGER)
        != NGX_OK)
    {
        ngx_http_llm_cost_redis_free(op);
    }
}


/* the budgets of a reservation, as those of a request; of v's strings */

void
ngx_http_llm_cost_redis_adopt_budgets(const llm_hold_view_t *v,
    llm_budget_t *budgets)
{
    ngx_uint_t     i;
    llm_budget_t  *b;

    ngx_memzero(budgets, LLM_BUDGETS_MAX * sizeof(llm_budget_t));

    for (i = 0; i < v->n && i < LLM_BUDGETS_MAX; i++) {
        b = &budgets[i];

        b->name.data = (u_char *) v->counters[i].name;
        b->name.len = v->counters[i].name_len;
        b->key.data = (u_char *) v->counters[i].key;
        b->key.len = v->counters[i].key_len;
        b->unit = v->counters[i].unit;
        b->period = v->counters[i].period;
        b->start = v->counters[i].start;
        b->end = v->counters[i].end;
        b->limit = v->counters[i].limit;
        b->observe = v->counters[i].observe;
    }
}
