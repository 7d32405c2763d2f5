
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


/*
 * What a request owes at its end: what it used, who says so, and what that
 * costs.
 *
 *   never sent upstream               nothing: it is not asked here
 *   upstream's own 4xx, 5xx           0
 *   usage in the answer               as reported
 *   complete, no usage                counted
 *   stream broken by the client       counted, or the reservation
 *   stream or answer lost             llm_upstream_lost
 *   answer not readable, or unread    the reservation
 *   because the client left
 *   counted, of a model that thinks   the reservation: what it has thought
 *   unseen                            is billed, and nobody else knows it
 */


static void ngx_http_llm_cost_price_answer(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_use_said(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_price_broken(ngx_http_llm_cost_ctx_t *ctx);
static ngx_uint_t ngx_http_llm_cost_left(ngx_http_llm_cost_ctx_t *ctx);
static ngx_uint_t ngx_http_llm_cost_lost(ngx_http_llm_cost_ctx_t *ctx);
static ngx_uint_t ngx_http_llm_cost_unseen(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_use_seen(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_use_tokens(ngx_http_llm_cost_ctx_t *ctx,
    int64_t input, int64_t output);
static void ngx_http_llm_cost_use_counted(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_use_reserve(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_apply(ngx_http_llm_cost_ctx_t *ctx);


/* usage, cost and source of a request that was sent upstream, or hit */

void
ngx_http_llm_cost_owes(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_uint_t  status;

    if (ctx->state == NGX_HTTP_LLM_COST_ANSWERED) {

        /* a cache hit: its usage is shown, what it saves is remembered */

        ctx->usage.input = ctx->entry->input;
        ctx->usage.output = ctx->entry->output;
        ctx->saved_cost = ctx->entry->cost;
        ctx->source = NGX_HTTP_LLM_COST_SOURCE_CACHE;
        ctx->cost = 0;
        ctx->spent[LLM_UNIT_REQUESTS] = !ctx->counted_request;
        return;
    }

    status = ctx->answer_status;

    if (status >= NGX_HTTP_BAD_REQUEST || ctx->free) {

        /* upstream's own refusal, or an answer of nginx's own cache */

        ctx->usage.input = 0;
        ctx->usage.output = 0;
        ctx->source = NGX_HTTP_LLM_COST_SOURCE_NONE;

    } else if (ctx->q.route.step && ngx_http_llm_cost_held_begun(ctx)) {
        return;

    } else if (ctx->complete && !ctx->cut) {
        ngx_http_llm_cost_price_answer(ctx);

    } else {
        ngx_http_llm_cost_price_broken(ctx);
    }

    ngx_http_llm_cost_apply(ctx);
}


static void
ngx_http_llm_cost_price_answer(ngx_http_llm_cost_ctx_t *ctx)
{
    /* what goes on in the background will be billed, and nobody will tell */

    if ((ctx->unread || ctx->answer.deferred) && !ctx->answer.usage_seen) {
        ngx_http_llm_cost_use_reserve(ctx);
        ctx->source = NGX_HTTP_LLM_COST_SOURCE_COUNTED;
        return;
    }

    /* of work that was waited for, as of work that is told of */

    if (ctx->q.route.step
        && ngx_http_llm_cost_price_lacks(ctx, &ctx->answer.usage))
    {
        ngx_http_llm_cost_use_reserve(ctx);
        ctx->source = NGX_HTTP_LLM_COST_SOURCE_COUNTED;
        return;
    }

    if (!ctx->answer.usage_seen) {
        ngx_http_llm_cost_use_seen(ctx);
        ctx->source = NGX_HTTP_LLM_COST_SOURCE_COUNTED;
        return;
    }

    ngx_http_llm_cost_use_said(ctx);

    if (ctx->source == NGX_HTTP_LLM_COST_SOURCE_UPSTREAM
        && !ctx->q.route.step)
    {
        ngx_http_llm_cost_learn_answer(ctx);
    }

    if (ctx->usage.tier < 0 && ctx->answer.service_tier.len) {
        ctx->usage.tier = llm_tier_find(&ctx->answer.service_tier);
    }

    if (llm_usage_normalize(&ctx->usage) || ctx->answer.usage_bad) {
        ngx_log_error(NGX_LOG_WARN, ctx->request->connection->log, 0,
                      "upstream sent a usage that contradicts itself or "
                      "cannot be read");
    }
}


/* the usage in the answer, completed where a half of it is missing */

static void
ngx_http_llm_cost_use_said(ngx_http_llm_cost_ctx_t *ctx)
{
    ctx->usage = ctx->answer.usage;
    ctx->source = NGX_HTTP_LLM_COST_SOURCE_UPSTREAM;

    if (ctx->usage.output < 0 && !llm_kind_has_output(ctx->q.kind)) {
        ctx->usage.output = 0;
    }

    /* pictures and seconds that were said are all that is charged */

    if (ctx->usage.input < 0 && ctx->usage.output <= 0
        && ngx_http_llm_cost_price_by_unit(ctx, &ctx->usage))
    {
        ctx->usage.input = 0;
        ctx->usage.output = 0;
    }

    if (ctx->usage.input < 0 || ctx->usage.output < 0) {

        /* half of it was not usable: the other half is counted */

        if (ctx->usage.input < 0) {
            ctx->usage.input = ctx->q.input_tokens;
        }

        if (ctx->usage.output < 0) {
            ctx->usage.output = ctx->answer.counted_output;
        }

        ctx->source = NGX_HTTP_LLM_COST_SOURCE_COUNTED;
    }
}


/* the answer's end is missing: who broke it off decides who is believed */

static void
ngx_http_llm_cost_price_broken(ngx_http_llm_cost_ctx_t *ctx)
{
    int64_t              output;
    ngx_uint_t           client;
    ngx_http_request_t  *r;

    r = ctx->request;

    client = !ctx->cut
             && (r->connection->error || r->connection->timedout
                 || r->headers_out.status == NGX_HTTP_CLIENT_CLOSED_REQUEST);

    if (client ? ngx_http_llm_cost_left(ctx) : ngx_http_llm_cost_lost(ctx)) {
        return;
    }

    if (ctx->answer.stream) {
        ctx->q.provider->finish(&ctx->answer);
    }

    ngx_http_llm_cost_use_seen(ctx);

    /*
     * Usage that came before the end is the better number if it is larger; of
     * the input it is the better one in any case, with all its parts.
     */

    if (ctx->answer.usage_seen && !ctx->whole) {
        output = ngx_max(ctx->usage.output, ctx->answer.usage.output);

        if (ctx->answer.usage.input >= 0) {
            ctx->usage = ctx->answer.usage;
        }

        ctx->usage.output = output;
        (void) llm_usage_normalize(&ctx->usage);
    }
}


/* the client broke it off; 1: the usage is set, whatever has been seen */

static ngx_uint_t
ngx_http_llm_cost_left(ngx_http_llm_cost_ctx_t *ctx)
{
    ctx->source = NGX_HTTP_LLM_COST_SOURCE_COUNTED;

    if (!ngx_http_llm_cost_owes_all(ctx)) {
        return 0;
    }

    ngx_http_llm_cost_use_reserve(ctx);

    return 1;
}


/* upstream broke it off, llm_upstream_lost says what then; 1: as above */

static ngx_uint_t
ngx_http_llm_cost_lost(ngx_http_llm_cost_ctx_t *ctx)
{
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    llcf = ngx_http_get_module_loc_conf(ctx->request,
                                        ngx_http_llm_cost_module);

    ctx->source = NGX_HTTP_LLM_COST_SOURCE_LOST;

    if (llcf->upstream_lost == NGX_HTTP_LLM_COST_LOST_ZERO) {
        ctx->usage.input = 0;
        ctx->usage.output = 0;
        return 1;
    }

    if (ctx->unread || llcf->upstream_lost == NGX_HTTP_LLM_COST_LOST_RESERVE) {
        ngx_http_llm_cost_use_reserve(ctx);
        return 1;
    }

    return 0;
}


/* if its client leaves now: llm_client_abort */

ngx_uint_t
ngx_http_llm_cost_owes_all(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_uint_t                           stream;
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    llcf = ngx_http_get_module_loc_conf(ctx->request,
                                        ngx_http_llm_cost_module);

    /* what was asked for, until upstream has said what it sends */

    stream = ctx->answer_status ? ctx->answer.stream : ctx->q.stream;

    /* an answer that is not a stream is being written in full upstream */

    return !stream || llcf->client_abort == NGX_HTTP_LLM_COST_ABORT_RESERVE
           || ngx_http_llm_cost_unseen(ctx);
}


/*
 * A usage that comes while the answer goes on tells of the output when it ends
 * (Anthropic), or as far as it has come (Gemini).  A provider that fails, and
 * says so, does not bill what nobody has got.
 */

static ngx_uint_t
ngx_http_llm_cost_unseen(ngx_http_llm_cost_ctx_t *ctx)
{
    return ctx->q.unseen && !ctx->answer.error
           && (!ctx->answer.usage_seen || ctx->answer.usage.output < 0);
}


/* what can be seen is not all, where a model writes what it does not show */

static void
ngx_http_llm_cost_use_seen(ngx_http_llm_cost_ctx_t *ctx)
{
    /* of pictures, those that came are all that was made */

    if (ngx_http_llm_cost_unseen(ctx) && ctx->answer.usage.images_out < 0) {
        ngx_http_llm_cost_use_reserve(ctx);
        return;
    }

    ngx_http_llm_cost_use_counted(ctx);
}


/* tokens that nobody has said, unless something else is what is charged */

static void
ngx_http_llm_cost_use_tokens(ngx_http_llm_cost_ctx_t *ctx, int64_t input,
    int64_t output)
{
    ctx->usage = ngx_http_llm_cost_price_units(ctx);

    if (ngx_http_llm_cost_price_by_unit(ctx, &ctx->usage)) {
        input = 0;
        output = 0;
    }

    ctx->usage.input = input;
    ctx->usage.output = output;
}


static void
ngx_http_llm_cost_use_counted(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_http_llm_cost_use_tokens(ctx, ctx->q.input_tokens,
                                 ctx->answer.counted_output);
}


static void
ngx_http_llm_cost_use_reserve(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_http_llm_cost_use_tokens(ctx, ctx->most_input, ctx->max_output);
    ctx->whole = 1;
}


/* amounts for the budgets; an unknown cost spends nothing, and is marked */

static void
ngx_http_llm_cost_apply(ngx_http_llm_cost_ctx_t *ctx)
{
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    llcf = ngx_http_get_module_loc_conf(ctx->request,
                                        ngx_http_llm_cost_module);

    if (ctx->q.route.step && ctx->whole) {
        ctx->cost = ctx->reserved_cost;

    } else if (llm_usage_nothing(&ctx->usage)) {
        ctx->cost = 0;

    } else if (llcf->trust_reported_cost && ctx->usage.reported_cost >= 0) {
        ctx->cost = ctx->usage.reported_cost;

    } else if (ctx->price) {
        ctx->cost = ctx->whole
                    ? ngx_http_llm_cost_price_worst(ctx, ctx->usage.output)
                    : ngx_http_llm_cost_price_usage(ctx, &ctx->usage);

        if (ctx->cost < 0 || ctx->cost > LLM_NANO_MAX) {
            ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, 0,
                          "cost of model \"%V\" is unknown: its price row "
                          "lacks a rate that its usage needs, the reserved "
                          "cost is billed", (ngx_str_t *) &ctx->q.model);
            ctx->cost = ctx->reserved_cost;
        }

    } else {
        ctx->cost = -1;
    }

    ctx->spent[LLM_UNIT_USD] = ctx->cost > 0 ? ctx->cost : 0;
    ctx->spent[LLM_UNIT_TOKENS] = ctx->usage.input + ctx->usage.output;
    ctx->spent[LLM_UNIT_REQUESTS] = !ctx->counted_request;
}
