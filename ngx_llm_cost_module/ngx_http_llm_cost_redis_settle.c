
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_redis.h"


/*
 * The end of a request, and the renewal of one that lives long.  Nobody waits:
 * what is needed when the reply comes is copied into the op.
 */


static void ngx_http_llm_cost_redis_end_request(ngx_http_llm_cost_ctx_t *ctx,
    const int64_t *spent, const llm_stats_event_t *event);
static ngx_http_llm_cost_redis_op_t *ngx_http_llm_cost_redis_end_op(
    ngx_http_llm_cost_ctx_t *ctx, const int64_t *spent,
    const llm_stats_event_t *event);
static void ngx_http_llm_cost_redis_guess(ngx_http_llm_cost_ctx_t *ctx,
    const int64_t *spent);


void
ngx_http_llm_cost_redis_settle(ngx_http_llm_cost_ctx_t *ctx,
    const int64_t spent[LLM_UNIT_N], const llm_stats_event_t *event)
{
    ngx_http_llm_cost_redis_end_request(ctx, spent, event);
}


void
ngx_http_llm_cost_redis_cancel(ngx_http_llm_cost_ctx_t *ctx,
    const llm_stats_event_t *event)
{
    ngx_http_llm_cost_redis_end_request(ctx, NULL, event);
}


/* spent is NULL for a cancelled one; event is NULL where nothing is counted */

static void
ngx_http_llm_cost_redis_end_request(ngx_http_llm_cost_ctx_t *ctx,
    const int64_t *spent, const llm_stats_event_t *event)
{
    ngx_uint_t                     held;
    ngx_http_llm_cost_zone_t      *z;
    ngx_http_llm_cost_redis_op_t  *op;

    z = ngx_http_llm_cost_zone();
    held = ctx->held;
    ctx->held = 0;

    if (event) {
        llm_stats_add(z->stats, event);
    }

    if (!held) {
        if (event
            && ngx_http_llm_cost_redis_usage_add(event) != NGX_OK)
        {
            ngx_http_llm_cost_redis_usage_send(event, 1);
        }

        return;
    }

    op = ngx_http_llm_cost_redis_end_op(ctx, spent, event);

    if (op == NULL) {
        ngx_http_llm_cost_redis_orphan(&ctx->adm.id, spent);
        return;
    }

    if (ctx->local) {
        ngx_http_llm_cost_redis_settle_local(ctx, op);
        return;
    }

    ngx_http_llm_cost_redis_guess(ctx, spent);

    (void) llm_ledger_note_end(z->ledger, &op->id,
                               op->spends ? op->spent : NULL);

    ngx_http_llm_cost_redis_send_end(op);
}


static ngx_http_llm_cost_redis_op_t *
ngx_http_llm_cost_redis_end_op(ngx_http_llm_cost_ctx_t *ctx,
    const int64_t *spent, const llm_stats_event_t *event)
{
    ngx_http_llm_cost_redis_op_t  *op;

    op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_settled, NULL);
    if (op == NULL) {
        return NULL;
    }

    op->id = ctx->adm.id;
    op->spends = (spent != NULL);
    op->source = ctx->source;

    if (spent) {
        ngx_memcpy(op->spent, spent, sizeof(op->spent));
        op->spent[LLM_UNIT_REQUESTS] = ctx->adm.granted[LLM_UNIT_REQUESTS];
    }

    if (ngx_http_llm_cost_redis_copy_budgets(op, ctx->budgets, ctx->adm.n)
            != NGX_OK
        || ngx_http_llm_cost_redis_settlement(op, event) != NGX_OK)
    {
        ngx_http_llm_cost_redis_free(op);
        return NULL;
    }

    return op;
}


/* what cannot be sent is on record, and is sent later */

void
ngx_http_llm_cost_redis_send_end(ngx_http_llm_cost_redis_op_t *op)
{
    if (ngx_http_llm_cost_redis_send(ngx_http_llm_cost_redis_money(), op,
                                     NGX_HTTP_LLM_COST_REDIS_LINGER)
        != NGX_OK)
    {
        ngx_http_llm_cost_redis_settled(op, NULL);
    }
}


/* what the balances will be, for the headers: nobody waits for the reply */

static void
ngx_http_llm_cost_redis_guess(ngx_http_llm_cost_ctx_t *ctx,
    const int64_t *spent)
{
    ngx_uint_t      i;
    llm_unit_e      unit;
    llm_balance_t  *b;

    for (i = 0; i < ctx->adm.n; i++) {
        b = &ctx->adm.balances[i];
        unit = ctx->budgets[i].unit;

        b->reserved = ngx_max(b->reserved - ctx->adm.granted[unit], 0);

        if (spent) {
            b->spent += spent[unit];
        }
    }
}


void
ngx_http_llm_cost_redis_settled(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply)
{
    ngx_int_t       rc;
    ngx_uint_t      i, k, counts;
    llm_budget_t   *b;
    llm_balance_t   balances[LLM_BUDGETS_MAX];

    if (reply == NULL
        || ngx_http_llm_cost_redis_read_balances(reply, 2, balances,
                                                 op->nbudgets)
           != NGX_OK)
    {
        ngx_http_llm_cost_redis_complain(reply);
        ngx_http_llm_cost_redis_outbox_add(op);
        ngx_http_llm_cost_redis_free(op);
        return;
    }

    counts = ngx_http_llm_cost_redis_box_counts(op);

    rc = ngx_http_llm_cost_redis_box_add(op, 1);

    if (counts) {
        ngx_http_llm_cost_redis_close_journal(op);

    } else if (rc == NGX_OK) {
        (void) ngx_http_llm_cost_redis_pend(op, NULL, 0);

    } else {
        ngx_http_llm_cost_redis_orphan(&op->id,
                                       op->spends ? op->spent : NULL);
    }

    if (counts) {
        ngx_http_llm_cost_redis_shadow(op->budgets, balances, op->nbudgets,
                                       op->stamp);
    }

    for (i = 0; i < op->nbudgets; i++) {
        b = &op->budgets[i];

        for (k = 0; k < b->nalerts; k++) {
            if (balances[i].crossed & (1 << k)) {
                ngx_http_llm_cost_alert(ngx_cycle->log, b, b->alerts[k],
                                        balances[i].spent, balances[i].limit);
            }
        }
    }

    ngx_http_llm_cost_redis_free(op);
}


/* of a request that lives long */

void
ngx_http_llm_cost_redis_renew(const llm_hold_id_t *id, time_t expires)
{
    ngx_http_llm_cost_redis_t     *redis;
    ngx_http_llm_cost_redis_op_t  *op;

    redis = ngx_http_llm_cost_redis_money();

    op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_done, NULL);
    if (op == NULL) {
        return;
    }

    ngx_http_llm_cost_redis_begin(redis, NGX_HTTP_LLM_COST_SCRIPT_RENEW);
    ngx_http_llm_cost_redis_indexes();
    ngx_http_llm_cost_redis_identity(id);
    ngx_http_llm_cost_redis_number(ngx_max(expires - ngx_time(), 1));

    (void) ngx_http_llm_cost_redis_tell(redis, op,
                                        ngx_http_llm_cost_redis_end(op));
}
