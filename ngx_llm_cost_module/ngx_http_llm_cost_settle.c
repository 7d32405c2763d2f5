
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


/*
 * The end of a request: the one settlement of its reservation, with what it
 * owes (_owes.c).  It happens at the answer's last byte, before the client has
 * it, so that the client's next request finds its budget settled; and for
 * everything that has no last byte, in the request's cleanup, before the
 * access log is written.
 */


static void ngx_http_llm_cost_note_work(ngx_http_llm_cost_ctx_t *ctx);
static ngx_uint_t ngx_http_llm_cost_sent(ngx_http_llm_cost_ctx_t *ctx);


/*
 * What this request costs if this worker dies now, for whoever finds its
 * reservation: its input once it is sent, then the output that went by; or
 * all that was reserved, where a client that leaves has to pay that.  At most
 * once a second, since nobody needs it finer.
 */

void
ngx_http_llm_cost_note(ngx_http_llm_cost_ctx_t *ctx)
{
    int64_t                         cost, spent[LLM_UNIT_N];
    llm_usage_t                     usage;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    if (!ctx->held || ctx->noted == ngx_time()) {
        return;
    }

    ctx->noted = ngx_time();

    if (ctx->q.route.step) {
        ngx_http_llm_cost_note_work(ctx);
        return;
    }

    usage = ngx_http_llm_cost_price_units(ctx);
    usage.input = ctx->q.input_tokens;
    usage.output = ctx->answer.counted_output;

    if (ngx_http_llm_cost_owes_all(ctx)) {
        usage.output = ctx->max_output;
        cost = ctx->price
               ? ngx_http_llm_cost_price_worst(ctx, usage.output) : 0;

    } else {
        cost = ctx->price ? ngx_http_llm_cost_price_usage(ctx, &usage) : 0;
    }

    spent[LLM_UNIT_USD] = ngx_max(cost, 0);
    spent[LLM_UNIT_TOKENS] = usage.input + usage.output;
    spent[LLM_UNIT_REQUESTS] = !ctx->counted_request;

    lmcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_llm_cost_module);

    (void) llm_ledger_note(lmcf->zone->ledger, &ctx->adm.id, spent);
}


/* of work that nobody will find again all is owed, of a file nothing */

static void
ngx_http_llm_cost_note_work(ngx_http_llm_cost_ctx_t *ctx)
{
    int64_t                         spent[LLM_UNIT_N];
    ngx_http_llm_cost_main_conf_t  *lmcf;

    ngx_memzero(spent, sizeof(spent));

    if (ctx->q.route.step != LLM_LONG_FILE) {
        spent[LLM_UNIT_USD] = ctx->reserved_cost;
        spent[LLM_UNIT_TOKENS] = ctx->adm.most[LLM_UNIT_TOKENS];
    }

    spent[LLM_UNIT_REQUESTS] = 1;

    lmcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_llm_cost_module);

    (void) llm_ledger_note(lmcf->zone->ledger, &ctx->adm.id, spent);
}


void
ngx_http_llm_cost_settle(ngx_http_llm_cost_ctx_t *ctx)
{
    if (ctx->settled) {
        return;
    }

    ctx->settled = 1;

    if (ctx->q.route.step >= LLM_LONG_STATE) {

        if (ngx_http_llm_cost_held_told(ctx)) {
            ngx_http_llm_cost_held_settle(ctx);
        }

        return;
    }

    ngx_http_llm_cost_owes(ctx);
    ngx_http_llm_cost_settle_spent(ctx);
    ngx_http_llm_cost_cache_keep(ctx);

    /* whole and yet not kept: who waits for such an answer waits in vain */

    ngx_http_llm_cost_flight_end(ctx, ctx->kept
                                      || ctx->source
                                         == NGX_HTTP_LLM_COST_SOURCE_CACHE
                                      ? LLM_LANDED_KEPT
                                      : ctx->complete && !ctx->cut
                                        && ctx->answer_status == NGX_HTTP_OK
                                        ? LLM_LANDED_UNFIT
                                        : LLM_LANDED_FAILED);
}


void
ngx_http_llm_cost_settle_spent(ngx_http_llm_cost_ctx_t *ctx)
{
    llm_stats_event_t               event;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    ngx_http_llm_cost_event(ctx, &event);

    lmcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_llm_cost_module);

    lmcf->store->settle(ctx, ctx->spent, &event);
}


void
ngx_http_llm_cost_settle_final(ngx_http_llm_cost_ctx_t *ctx)
{
    llm_stats_event_t               event;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    if (ctx->settled) {
        return;
    }

    if (ctx->state == NGX_HTTP_LLM_COST_FORWARD
        && (ctx->answer_status || ngx_http_llm_cost_sent(ctx)))
    {
        ngx_http_llm_cost_settle(ctx);
        return;
    }

    if (ctx->state == NGX_HTTP_LLM_COST_ANSWERED
        && ctx->verdict == NGX_HTTP_LLM_COST_HIT && ctx->entry)
    {
        ngx_http_llm_cost_settle(ctx);
        return;
    }

    if (ctx->q.route.step >= LLM_LONG_STATE) {
        ctx->settled = 1;
        return;
    }

    /*
     * Nothing was sent: refused, or the client left first, or no upstream
     * could be reached.  A reservation that waits for the store's reply is
     * cancelled by detach().
     */

    ctx->settled = 1;
    ctx->cost = 0;
    ctx->source = NGX_HTTP_LLM_COST_SOURCE_NONE;

    lmcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_llm_cost_module);

    if (ctx->state == NGX_HTTP_LLM_COST_FORWARD) {
        ngx_http_llm_cost_event(ctx, &event);
        lmcf->store->cancel(ctx, &event);
        return;
    }

    if (ctx->refusal.len) {
        llm_stats_refuse(lmcf->zone->stats, (llm_str_t *) &ctx->refusal);
    }

    lmcf->store->cancel(ctx, NULL);
}


/*
 * Some byte of the request has reached an upstream that did not answer it with
 * an error of its own: an attempt that did costs nothing, whatever the next
 * one came to.
 */

static ngx_uint_t
ngx_http_llm_cost_sent(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_uint_t                  i;
    ngx_http_request_t         *r;
    ngx_http_upstream_state_t  *state;

    r = ctx->request;

    if (r->upstream_states == NULL) {
        return 0;
    }

    state = r->upstream_states->elts;

    for (i = 0; i < r->upstream_states->nelts; i++) {

        if (state[i].header_time != (ngx_msec_t) -1
            && state[i].status >= NGX_HTTP_BAD_REQUEST)
        {
            continue;
        }

        if (state[i].bytes_sent > 0) {
            return 1;
        }
    }

    return 0;
}
