
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


/* The store that is a zone of shared memory, and needs nothing else. */


static ngx_int_t ngx_http_llm_cost_zone_admit(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_zone_detach(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_zone_settle(ngx_http_llm_cost_ctx_t *ctx,
    const int64_t spent[LLM_UNIT_N], const llm_stats_event_t *event);
static void ngx_http_llm_cost_zone_cancel(ngx_http_llm_cost_ctx_t *ctx,
    const llm_stats_event_t *event);
static void ngx_http_llm_cost_zone_put(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_entry_t *entry, time_t ttl);
static ngx_int_t ngx_http_llm_cost_zone_init_process(ngx_cycle_t *cycle);
static void ngx_http_llm_cost_zone_exit_process(ngx_cycle_t *cycle);


const ngx_http_llm_cost_store_t  ngx_http_llm_cost_zone_store = {
    ngx_string("zone"),
    1,
    ngx_http_llm_cost_zone_admit,
    ngx_http_llm_cost_zone_detach,
    ngx_http_llm_cost_zone_settle,
    ngx_http_llm_cost_zone_cancel,
    NULL,                                  /* take() */
    NULL,                                  /* unlead() */
    NULL,                                  /* told() */
    ngx_http_llm_cost_zone_put,
    ngx_http_llm_cost_held_zone_find,
    ngx_http_llm_cost_held_zone_keep,
    ngx_http_llm_cost_held_zone_leave,
    NULL,                                  /* claim() */
    ngx_http_llm_cost_held_lapse,
    ngx_http_llm_cost_held_zone_resettle,
    ngx_http_llm_cost_zone_init_process,
    ngx_http_llm_cost_zone_exit_process
};


static ngx_int_t
ngx_http_llm_cost_zone_admit(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_http_llm_cost_zone_t  *z;

    z = ngx_http_llm_cost_zone();

    ctx->verdict = NGX_HTTP_LLM_COST_FITS;

    /* nothing counts it, and nobody has to write a line for it */

    if (ctx->adm.hit && !ctx->adm.keep
        && !ngx_http_llm_cost_budget_requests(ctx))
    {
        (void) llm_ledger_peek_all(z->ledger, ctx->budgets, ctx->adm.n,
                                   ctx->adm.balances);

        ctx->verdict = NGX_HTTP_LLM_COST_HIT;

        return NGX_OK;
    }

    /* a requests budget can refuse a hit, and says what it would have taken */

    if (ngx_http_llm_cost_measure(ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ctx->adm.n && (ctx->adm.hit || !ctx->only_cached)) {
        ctx->verdict = llm_ledger_reserve(z->ledger, &ctx->adm);

        if (ctx->verdict < 0) {
            return NGX_ERROR;
        }

        ngx_http_llm_cost_alert_admission(ctx);
    }

    if (ctx->verdict != NGX_HTTP_LLM_COST_FITS) {

        /* a hit too is refused where a requests budget is used up */

        ctx->entry = NULL;
        return NGX_OK;
    }

    ctx->held = (ctx->adm.n != 0 && (ctx->adm.hit || !ctx->only_cached));

    if (ctx->adm.hit) {
        ctx->verdict = NGX_HTTP_LLM_COST_HIT;
    }

    return NGX_OK;
}


static void
ngx_http_llm_cost_zone_detach(ngx_http_llm_cost_ctx_t *ctx)
{
    /* nothing ever waits here */

    ctx->op = NULL;
}


static void
ngx_http_llm_cost_zone_settle(ngx_http_llm_cost_ctx_t *ctx,
    const int64_t spent[LLM_UNIT_N], const llm_stats_event_t *event)
{
    ngx_http_llm_cost_zone_t  *z;

    z = ngx_http_llm_cost_zone();

    if (ctx->held) {
        ctx->held = 0;

        if (llm_ledger_settle_from(z->ledger, &ctx->adm.id, spent,
                                   ctx->source, ctx->adm.balances, ctx->adm.n)
            == LLM_OK)
        {
            ngx_http_llm_cost_alert_settled(ctx);
        }
    }

    if (event) {
        llm_stats_add(z->stats, event);
    }
}


static void
ngx_http_llm_cost_zone_cancel(ngx_http_llm_cost_ctx_t *ctx,
    const llm_stats_event_t *event)
{
    ngx_http_llm_cost_zone_t  *z;

    z = ngx_http_llm_cost_zone();

    if (ctx->held) {
        ctx->held = 0;
        (void) llm_ledger_cancel(z->ledger, &ctx->adm.id);
    }

    if (event) {
        llm_stats_add(z->stats, event);
    }
}


static void
ngx_http_llm_cost_zone_put(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_entry_t *entry, time_t ttl)
{
    (void) ngx_http_llm_cost_cache_zone_put(ngx_http_llm_cost_zone(), ctx,
                                            entry);
}


static ngx_int_t
ngx_http_llm_cost_zone_init_process(ngx_cycle_t *cycle)
{
    ngx_http_llm_cost_sweep_start(cycle);

    return NGX_OK;
}


static void
ngx_http_llm_cost_zone_exit_process(ngx_cycle_t *cycle)
{
    ngx_http_llm_cost_sweep_stop(cycle);
}
