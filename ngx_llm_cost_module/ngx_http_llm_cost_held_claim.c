
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


/*
 * Work whose use has been told is settled once.  Several requests may be told
 * of it at the same moment: of those of a node the table of what is held knows
 * the first one, and of the first ones of all nodes the store.  Until the
 * store has said who that is a request has a reference of its own, so that its
 * line in the access log says what came of it.
 *
 * Where the store is away every node has to take its own for the first.  Their
 * lines name the work ($llm_work), so that whoever reads logs counts it once;
 * and the fleet is told when the store is back, so that no more nodes do.
 */


static llm_held_t *ngx_http_llm_cost_held_work(ngx_http_llm_cost_ctx_t *ctx,
    llm_held_t *record);
static void ngx_http_llm_cost_held_take(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_held_drop(ngx_http_llm_cost_ctx_t *ctx);


/* what the reservation was made of, for whoever settles it now */

ngx_uint_t
ngx_http_llm_cost_held_claim(ngx_http_llm_cost_ctx_t *ctx)
{
    u_char                         *text;
    llm_held_t                      record;
    llm_budget_t                   *budgets;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    lmcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_llm_cost_module);

    budgets = ngx_pcalloc(ctx->request->pool,
                          LLM_BUDGETS_MAX * sizeof(llm_budget_t));

    text = ngx_pnalloc(ctx->request->pool, LLM_HELD_TEXT);

    if (budgets == NULL || text == NULL || lmcf->zone->held == NULL) {
        return 0;
    }

    ngx_http_llm_cost_held_zone_follow(lmcf->zone);

    /* a node that was asked for the results alone does not have it yet */

    if (llm_held_put(lmcf->zone->held,
                     ngx_http_llm_cost_held_work(ctx, &record), ngx_time())
           == LLM_ERROR
        || llm_held_claim(lmcf->zone->held, ctx->record->work, ngx_time())
           != LLM_OK)
    {
        return 0;
    }

    if (!ctx->held) {
        ctx->budgets = budgets;
        ctx->work.data = text;
        ctx->work.len = llm_held_text(ctx->record, text);
    }

    return 1;
}


static llm_held_t *
ngx_http_llm_cost_held_work(ngx_http_llm_cost_ctx_t *ctx, llm_held_t *record)
{
    *record = *ctx->record;

    ngx_memcpy(record->name, record->work, LLM_HELD_NAME);
    record->what = LLM_HELD_WORK;

    return record;
}


void
ngx_http_llm_cost_held_settle(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_http_llm_cost_main_conf_t  *lmcf;

    lmcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_llm_cost_module);

    ctx->unclaimed = (lmcf->store->claim != NULL);

    /* a request that is in its cleanup cannot wait */

    if (lmcf->store->claim && !ctx->ended
        && lmcf->store->claim(ctx) == NGX_AGAIN)
    {
        ctx->claiming = 1;
        ctx->request->main->count++;
        return;
    }

    ngx_http_llm_cost_held_take(ctx);
}


void
ngx_http_llm_cost_held_claimed(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    ctx->claiming = 0;

    if (ctx->late) {
        ngx_http_llm_cost_held_drop(ctx);

    } else {
        ngx_http_llm_cost_held_take(ctx);
    }

    if (ctx->ended) {
        return;
    }

    r = ctx->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    ngx_http_finalize_request(r, NGX_DONE);
    ngx_http_run_posted_requests(c);
}


static void
ngx_http_llm_cost_held_take(ngx_http_llm_cost_ctx_t *ctx)
{
    llm_held_t                      record;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    lmcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_llm_cost_module);

    if (ctx->record->lapsed) {
        (void) ngx_http_llm_cost_held_line(ctx->record, 1);
    }

    /* by whatever name it is asked for, and on whatever node */

    record = *ctx->record;
    record.done = LLM_HELD_DONE;
    (void) lmcf->store->keep(&record);

    ngx_http_llm_cost_held_work(ctx, &record);
    record.done = LLM_HELD_DONE | (ctx->unclaimed ? LLM_HELD_UNCLAIMED : 0);
    (void) lmcf->store->keep(&record);

    ctx->adm.budgets = ctx->budgets;
    ctx->adm.n = llm_held_unpack(ctx->record, ctx->budgets);
    ctx->adm.id = ctx->record->id;
    ctx->adm.granted[LLM_UNIT_REQUESTS] = 1;
    ctx->held = (ctx->record->id.seq != 0);

    ngx_http_llm_cost_held_owe(ctx);
    ngx_http_llm_cost_settle_spent(ctx);
}


/* it is in the log of another node */

static void
ngx_http_llm_cost_held_drop(ngx_http_llm_cost_ctx_t *ctx)
{
    static const llm_usage_t  none = LLM_USAGE_INIT;

    ctx->work.len = 0;
    ctx->usage = none;
    ctx->usage.input = 0;
    ctx->usage.output = 0;
    ctx->cost = 0;
    ctx->source = NGX_HTTP_LLM_COST_SOURCE_NONE;
    ngx_memzero(ctx->spent, sizeof(ctx->spent));
}
