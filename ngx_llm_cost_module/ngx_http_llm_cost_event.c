
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


/* What the statistics are told of a request at its end. */


static void ngx_http_llm_cost_event_work(ngx_http_llm_cost_ctx_t *ctx,
    llm_stats_event_t *event);
static void ngx_http_llm_cost_event_tags(ngx_http_llm_cost_ctx_t *ctx,
    llm_stats_event_t *event);
static llm_stats_cache_e ngx_http_llm_cost_event_cache(
    const ngx_str_t *status);
static void ngx_http_llm_cost_event_call(ngx_http_llm_cost_ctx_t *ctx,
    llm_stats_event_t *event);
static llm_stats_op_e ngx_http_llm_cost_operation(
    ngx_http_llm_cost_ctx_t *ctx);


void
ngx_http_llm_cost_event(ngx_http_llm_cost_ctx_t *ctx,
    llm_stats_event_t *event)
{
    ngx_memzero(event, sizeof(llm_stats_event_t));

    event->time = ngx_time();
    event->provider = ctx->vendor;
    event->model = ctx->q.model;
    event->endpoint = ctx->q.path;
    ngx_http_llm_cost_event_work(ctx, event);
    event->user.len = ctx->user.len;
    event->user.data = ctx->user.data;

    ngx_http_llm_cost_event_tags(ctx, event);

    event->status = ctx->request->headers_out.status;
    event->cost = ctx->cost;
    event->saved = ctx->saved_cost;

    ngx_http_llm_cost_event_call(ctx, event);

    /* a hit shows its usage to the client, but uses nothing */

    if (ctx->source != NGX_HTTP_LLM_COST_SOURCE_CACHE) {
        event->input = ctx->usage.input;
        event->cached = ctx->usage.cached_input;
        event->output = ctx->usage.output;
        event->reasoning = ctx->usage.reasoning;
    }

    event->cache = ngx_http_llm_cost_event_cache(&ctx->cache_status);
}


static void
ngx_http_llm_cost_event_tags(ngx_http_llm_cost_ctx_t *ctx,
    llm_stats_event_t *event)
{
    ngx_uint_t                           i;
    ngx_http_llm_cost_tag_t             *tag;
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    llcf = ngx_http_get_module_loc_conf(ctx->request,
                                        ngx_http_llm_cost_module);

    if (llcf->tags == NULL) {
        return;
    }

    tag = llcf->tags->elts;

    for (i = 0; i < llcf->tags->nelts; i++) {
        event->tag_names[i].len = tag[i].name.len;
        event->tag_names[i].data = tag[i].name.data;
        event->tag_values[i].len = ctx->tags[i].len;
        event->tag_values[i].data = ctx->tags[i].data;
    }

    event->ntags = llcf->tags->nelts;
}


/* HIT, MISS, BYPASS or nothing */

static llm_stats_cache_e
ngx_http_llm_cost_event_cache(const ngx_str_t *status)
{
    switch (status->len) {

    case 3:
        return LLM_STATS_CACHE_HIT;

    case 4:
        return LLM_STATS_CACHE_MISS;

    case 6:
        return LLM_STATS_CACHE_BYPASS;

    default:
        return LLM_STATS_CACHE_NONE;
    }
}


/* the path names one batch, one thread: what is counted is what it ran */

static void
ngx_http_llm_cost_event_work(ngx_http_llm_cost_ctx_t *ctx,
    llm_stats_event_t *event)
{
    /* a batch may be of several models */

    if (event->model.len == 0) {
        llm_str_set(&event->model, "");
    }

    if (ctx->q.kind == LLM_KIND_RUN) {
        llm_str_set(&event->endpoint, "/v1/threads/runs");

    } else if (ctx->q.route.step >= LLM_LONG_STATE && ctx->record
               && ctx->record->path_len)
    {
        event->endpoint.data = ctx->record->path;
        event->endpoint.len = ctx->record->path_len;
    }
}


static void
ngx_http_llm_cost_event_call(ngx_http_llm_cost_ctx_t *ctx,
    llm_stats_event_t *event)
{
    event->called = (ctx->source != NGX_HTTP_LLM_COST_SOURCE_CACHE
                     && ctx->state == NGX_HTTP_LLM_COST_FORWARD
                     && !ctx->free);
    event->overhead = ctx->overhead;

    if (!event->called) {
        return;
    }

    event->operation = ngx_http_llm_cost_operation(ctx);
    event->lost = ctx->source == NGX_HTTP_LLM_COST_SOURCE_LOST;
    event->duration = (ngx_msec_int_t) (ngx_current_msec - ctx->sent);
    event->first_chunk = (ngx_msec_int_t) ctx->first_chunk;
    event->chunks = ctx->chunks;
}


/* the names that OpenTelemetry has for it, where it has one */

static llm_stats_op_e
ngx_http_llm_cost_operation(ngx_http_llm_cost_ctx_t *ctx)
{
    switch (ctx->q.kind) {

    case LLM_KIND_CHAT:
        return ctx->provider == &llm_gemini ? LLM_STATS_OP_GENERATE
                                            : LLM_STATS_OP_CHAT;

    case LLM_KIND_RESPONSES:
        return LLM_STATS_OP_CHAT;

    case LLM_KIND_COMPLETION:
        return LLM_STATS_OP_COMPLETION;

    case LLM_KIND_EMBEDDINGS:
        return LLM_STATS_OP_EMBEDDINGS;

    case LLM_KIND_IMAGES:
        return LLM_STATS_OP_IMAGES;

    case LLM_KIND_SPEECH:
        return LLM_STATS_OP_SPEECH;

    case LLM_KIND_TRANSCRIPTION:
        return LLM_STATS_OP_TRANSCRIPTION;

    case LLM_KIND_MODERATION:
        return LLM_STATS_OP_MODERATION;

    case LLM_KIND_RERANK:
        return LLM_STATS_OP_RERANK;

    case LLM_KIND_OCR:
        return LLM_STATS_OP_OCR;

    case LLM_KIND_BATCH:
        return LLM_STATS_OP_BATCH;

    default:
        return LLM_STATS_OP_OTHER;
    }
}
