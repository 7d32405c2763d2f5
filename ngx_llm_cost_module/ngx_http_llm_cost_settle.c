
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


/*
 * The end of a request: what it used, what that costs, and the one settlement
 * of its reservation.  It happens at the answer's last byte, before the client
 * has it, so that the client's next request finds its budget settled; and for
 * everything that has no last byte, in the request's cleanup, before the
 * access log is written.
 *
 *   never sent upstream               cancelled, nothing is spent
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


static void ngx_http_llm_cost_note_work(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_price(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_price_answer(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_price_broken(ngx_http_llm_cost_ctx_t *ctx);
static ngx_uint_t ngx_http_llm_cost_owes_all(ngx_http_llm_cost_ctx_t *ctx);
static ngx_uint_t ngx_http_llm_cost_unseen(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_use_seen(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_use_tokens(ngx_http_llm_cost_ctx_t *ctx,
    int64_t input, int64_t output);
static void ngx_http_llm_cost_use_counted(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_use_reserve(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_apply(ngx_http_llm_cost_ctx_t *ctx);
static ngx_uint_t ngx_http_llm_cost_sent(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_event(ngx_http_llm_cost_ctx_t *ctx,
    llm_stats_event_t *event);
static void ngx_http_llm_cost_event_work(ngx_http_llm_cost_ctx_t *ctx,
    llm_stats_event_t *event);
static void ngx_http_llm_cost_event_call(ngx_http_llm_cost_ctx_t *ctx,
    llm_stats_event_t *event);
static llm_stats_op_e ngx_http_llm_cost_operation(
    ngx_http_llm_cost_ctx_t *ctx);


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
    llm_stats_event_t               event;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    if (ctx->settled) {
        return;
    }

    ctx->settled = 1;

    if (ctx->q.route.step >= LLM_LONG_STATE) {

        if (!ngx_http_llm_cost_held_told(ctx)) {
            return;
        }

    } else {
        ngx_http_llm_cost_price(ctx);
    }

    ngx_http_llm_cost_event(ctx, &event);

    lmcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_llm_cost_module);

    lmcf->store->settle(ctx, ctx->spent, &event);

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


/* usage, cost and source of a request that was sent upstream, or hit */

static void
ngx_http_llm_cost_price(ngx_http_llm_cost_ctx_t *ctx)
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

    if (!ctx->answer.usage_seen) {
        ngx_http_llm_cost_use_seen(ctx);
        ctx->source = NGX_HTTP_LLM_COST_SOURCE_COUNTED;
        return;
    }

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


/* the answer's end is missing: who broke it off decides who is believed */

static void
ngx_http_llm_cost_price_broken(ngx_http_llm_cost_ctx_t *ctx)
{
    int64_t                              output;
    ngx_uint_t                           client;
    ngx_http_request_t                  *r;
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    r = ctx->request;
    llcf = ngx_http_get_module_loc_conf(r, ngx_http_llm_cost_module);

    client = !ctx->cut
             && (r->connection->error || r->connection->timedout
                 || r->headers_out.status == NGX_HTTP_CLIENT_CLOSED_REQUEST);

    if (client) {
        ctx->source = NGX_HTTP_LLM_COST_SOURCE_COUNTED;

        if (ngx_http_llm_cost_owes_all(ctx)) {
            ngx_http_llm_cost_use_reserve(ctx);
            return;
        }

    } else {
        ctx->source = NGX_HTTP_LLM_COST_SOURCE_LOST;

        if (llcf->upstream_lost == NGX_HTTP_LLM_COST_LOST_ZERO) {
            ctx->usage.input = 0;
            ctx->usage.output = 0;
            return;
        }

        if (ctx->unread
            || llcf->upstream_lost == NGX_HTTP_LLM_COST_LOST_RESERVE)
        {
            ngx_http_llm_cost_use_reserve(ctx);
            return;
        }
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


/* if its client leaves now: llm_client_abort */

static ngx_uint_t
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


static void
ngx_http_llm_cost_event(ngx_http_llm_cost_ctx_t *ctx,
    llm_stats_event_t *event)
{
    ngx_uint_t                           i;
    ngx_http_request_t                  *r;
    ngx_http_llm_cost_tag_t             *tag;
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    r = ctx->request;
    llcf = ngx_http_get_module_loc_conf(r, ngx_http_llm_cost_module);

    ngx_memzero(event, sizeof(llm_stats_event_t));

    event->time = ngx_time();
    event->provider = ctx->vendor;
    event->model = ctx->q.model;
    event->endpoint = ctx->q.path;
    ngx_http_llm_cost_event_work(ctx, event);
    event->user.len = ctx->user.len;
    event->user.data = ctx->user.data;

    if (llcf->tags) {
        tag = llcf->tags->elts;

        for (i = 0; i < llcf->tags->nelts; i++) {
            event->tag_names[i].len = tag[i].name.len;
            event->tag_names[i].data = tag[i].name.data;
            event->tag_values[i].len = ctx->tags[i].len;
            event->tag_values[i].data = ctx->tags[i].data;
        }

        event->ntags = llcf->tags->nelts;
    }

    event->status = r->headers_out.status;
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

    switch (ctx->cache_status.len) {

    case 3:
        event->cache = LLM_STATS_CACHE_HIT;
        break;

    case 4:
        event->cache = LLM_STATS_CACHE_MISS;
        break;

    case 6:
        event->cache = LLM_STATS_CACHE_BYPASS;
        break;

    default:
        event->cache = LLM_STATS_CACHE_NONE;
        break;
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
