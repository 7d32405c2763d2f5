
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


/*
 * The state machine of a request's first half; the table of states is in
 * ngx_http_llm_cost.h.  No request is read or charged before every access
 * handler has agreed, and none escapes:
 *
 *   - our access handler is the first of its array, so the last to run;
 *   - "satisfy any" lets another handler jump over it, and a handler that
 *     moves itself at run time (lua does) may stand behind it: in both cases
 *     the access handler steps aside and precontent does the work, which is
 *     reached exactly when access was granted.
 */


/* output to reserve where neither client, configuration nor price row says */

#define NGX_HTTP_LLM_COST_OUTPUT_DEFAULT  16384
#define NGX_HTTP_LLM_COST_OUTPUT_MAX      1000000000000LL


static ngx_int_t ngx_http_llm_cost_run(ngx_http_request_t *r,
    const ngx_http_llm_cost_loc_conf_t *llcf);
static ngx_int_t ngx_http_llm_cost_start(ngx_http_request_t *r,
    const ngx_http_llm_cost_loc_conf_t *llcf);
static llm_path_e ngx_http_llm_cost_path(ngx_http_request_t *r,
    const ngx_http_llm_cost_loc_conf_t *llcf, const llm_provider_t **provider,
    llm_kind_e *kind);
static ngx_http_llm_cost_ctx_t *ngx_http_llm_cost_create_ctx(
    ngx_http_request_t *r);
static ngx_int_t ngx_http_llm_cost_early_refusal(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf, llm_path_e path,
    llm_refusal_t *f);
static ngx_uint_t ngx_http_llm_cost_is_websocket(ngx_http_request_t *r);
static ngx_uint_t ngx_http_llm_cost_is_encoded(ngx_http_request_t *r);
static void ngx_http_llm_cost_body_done(ngx_http_request_t *r);
static ngx_int_t ngx_http_llm_cost_admit(ngx_http_llm_cost_ctx_t *ctx);
static ngx_int_t ngx_http_llm_cost_parse(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf, llm_refusal_t *f);
static void ngx_http_llm_cost_parse_message(ngx_http_llm_cost_ctx_t *ctx,
    llm_refusal_t *f, const char *err, const char *param, size_t pos);
static ngx_int_t ngx_http_llm_cost_find_price(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf, llm_refusal_t *f);
static ngx_int_t ngx_http_llm_cost_worst_case(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf);
static ngx_int_t ngx_http_llm_cost_wait(ngx_http_request_t *r);
static ngx_int_t ngx_http_llm_cost_act(ngx_http_llm_cost_ctx_t *ctx);
static ngx_int_t ngx_http_llm_cost_forward(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_shorten(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_cleanup(void *data);
static void ngx_http_llm_cost_pool_cleanup(void *data);


ngx_int_t
ngx_http_llm_cost_access_handler(ngx_http_request_t *r)
{
    ngx_http_phase_handler_t            *ph;
    ngx_http_core_loc_conf_t            *clcf;
    ngx_http_core_main_conf_t           *cmcf;
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    llcf = ngx_http_get_module_loc_conf(r, ngx_http_llm_cost_module);

    if (!llcf->enable) {
        return NGX_DECLINED;
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);

    ph = cmcf->phase_engine.handlers;

    if (clcf->satisfy == NGX_HTTP_SATISFY_ANY
        || ph[r->phase_handler + 1].checker != ngx_http_core_post_access_phase)
    {
        return NGX_DECLINED;
    }

    return ngx_http_llm_cost_run(r, llcf);
}


ngx_int_t
ngx_http_llm_cost_precontent_handler(ngx_http_request_t *r)
{
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    llcf = ngx_http_get_module_loc_conf(r, ngx_http_llm_cost_module);

    if (!llcf->enable || r->post_action) {
        return NGX_DECLINED;
    }

    if (r == r->main) {
        return ngx_http_llm_cost_run(r, llcf);
    }

    /* it could spend money that nobody has reserved */

    if (llcf->enforced) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "subrequest into a location with an enforced llm_budget "
                      "is forbidden");
        return NGX_HTTP_FORBIDDEN;
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_llm_cost_run(ngx_http_request_t *r,
    const ngx_http_llm_cost_loc_conf_t *llcf)
{
    ngx_http_llm_cost_ctx_t  *ctx;

    ctx = ngx_http_llm_cost_get_ctx(r);

    if (ctx == NULL) {
        return ngx_http_llm_cost_start(r, llcf);
    }

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "llm cost run, state: %d", (int) ctx->state);

    switch (ctx->state) {

    case NGX_HTTP_LLM_COST_NEW:
    case NGX_HTTP_LLM_COST_READING:
        return NGX_DONE;

    case NGX_HTTP_LLM_COST_READ:
        return ngx_http_llm_cost_admit(ctx);

    case NGX_HTTP_LLM_COST_ADMITTING:
        return NGX_AGAIN;

    case NGX_HTTP_LLM_COST_ADMITTED:
        return ngx_http_llm_cost_act(ctx);

    default:

        /* FORWARD or ANSWERED: an internal redirect is not another request */

        return NGX_DECLINED;
    }
}


/*
 * An internal redirect or an error page clears the module contexts but keeps
 * the pool: there our context is found by its cleanup handler.
 */

ngx_http_llm_cost_ctx_t *
ngx_http_llm_cost_get_ctx(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t       *cln;
    ngx_http_llm_cost_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_llm_cost_module);

    if (ctx || !(r->internal || r->filter_finalize || r->error_page)) {
        return ctx;
    }

    for (cln = r->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_http_llm_cost_pool_cleanup) {
            ngx_http_set_ctx(r, cln->data, ngx_http_llm_cost_module);
            return cln->data;
        }
    }

    return NULL;
}


static ngx_int_t
ngx_http_llm_cost_start(ngx_http_request_t *r,
    const ngx_http_llm_cost_loc_conf_t *llcf)
{
    ngx_int_t                 rc;
    llm_kind_e                kind;
    llm_path_e                path;
    llm_refusal_t             f;
    const llm_provider_t     *provider;
    ngx_http_llm_cost_ctx_t  *ctx;

    if (r->method & (NGX_HTTP_OPTIONS|NGX_HTTP_HEAD)) {
        return NGX_DECLINED;
    }

    path = ngx_http_llm_cost_path(r, llcf, &provider, &kind);

    if (path == LLM_PATH_FREE && !ngx_http_llm_cost_is_websocket(r)) {
        return NGX_DECLINED;
    }

    ctx = ngx_http_llm_cost_create_ctx(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->provider = provider;
    ctx->q.provider = provider;
    ctx->q.kind = kind;

    if (ngx_http_llm_cost_identity(ctx) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_llm_cost_early_refusal(ctx, llcf, path, &f);

    if (rc == NGX_DECLINED) {
        return ngx_http_llm_cost_refuse(ctx, &f);
    }

    if (rc == NGX_ABORT) {

        /* not metered, and allowed to be */

        ctx->state = NGX_HTTP_LLM_COST_ANSWERED;
        return NGX_DECLINED;
    }

    ctx->state = NGX_HTTP_LLM_COST_READING;

    rc = ngx_http_read_client_request_body(r, ngx_http_llm_cost_body_done);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    /* gives back the reference that reading took */

    ngx_http_finalize_request(r, NGX_DONE);

    return NGX_DONE;
}


/* which dialect the path belongs to; unknown ones answer in OpenAI's */

static llm_path_e
ngx_http_llm_cost_path(ngx_http_request_t *r,
    const ngx_http_llm_cost_loc_conf_t *llcf, const llm_provider_t **provider,
    llm_kind_e *kind)
{
    ngx_uint_t   i;
    llm_str_t   *method, *uri;
    llm_path_e   path;

    method = (llm_str_t *) &r->method_name;
    uri = (llm_str_t *) &r->uri;

    if (llcf->provider) {
        *provider = llcf->provider;
        return llcf->provider->path(method, uri, kind);
    }

    for (i = 0; llm_providers[i]; i++) {
        path = llm_providers[i]->path(method, uri, kind);

        if (path != LLM_PATH_UNKNOWN) {
            *provider = llm_providers[i];
            return path;
        }
    }

    *provider = llm_providers[0];
    *kind = LLM_KIND_OTHER;

    return LLM_PATH_UNKNOWN;
}


static ngx_http_llm_cost_ctx_t *
ngx_http_llm_cost_create_ctx(ngx_http_request_t *r)
{
    ngx_http_cleanup_t       *hcln;
    ngx_pool_cleanup_t       *cln;
    ngx_http_llm_cost_ctx_t  *ctx;

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_llm_cost_ctx_t));
    cln = ngx_pool_cleanup_add(r->pool, 0);
    hcln = ngx_http_cleanup_add(r, 0);

    if (ctx == NULL || cln == NULL || hcln == NULL) {
        return NULL;
    }

    /*
     * The http cleanup runs before the access log is written, whatever ends
     * the request; the pool's only marks the context for get_ctx().
     */

    hcln->handler = ngx_http_llm_cost_cleanup;
    hcln->data = ctx;

    cln->handler = ngx_http_llm_cost_pool_cleanup;
    cln->data = ctx;

    ctx->request = r;
    ctx->mem.alloc = ngx_http_llm_cost_pool_alloc;
    ctx->mem.ctx = r->pool;

    ctx->q.mem = &ctx->mem;
    ctx->q.path.len = r->uri.len;
    ctx->q.path.data = r->uri.data;
    ctx->q.max_output = -1;
    ctx->q.choices = 1;
    ctx->q.input_tokens = -1;

    ctx->written_max = -1;
    ctx->cost = -1;
    ctx->first_token = (ngx_msec_t) -1;
    ctx->usage = (llm_usage_t) LLM_USAGE_INIT;

    llm_answer_init(&ctx->answer, &ctx->mem, LLM_KIND_OTHER, NULL);

    ngx_http_set_ctx(r, ctx, ngx_http_llm_cost_module);

    return ctx;
}


/*
 * What can be refused before the body is read.  NGX_OK: read it;
 * NGX_DECLINED: refuse with f; NGX_ABORT: pass unmetered.
 */

static ngx_int_t
ngx_http_llm_cost_early_refusal(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf, llm_path_e path,
    llm_refusal_t *f)
{
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ngx_http_llm_cost_is_websocket(r)) {
        ngx_http_llm_cost_refusal(f, LLM_REFUSE_UPGRADE,
            "Realtime connections (Upgrade) cannot be metered here");
        return NGX_DECLINED;
    }

    if (path != LLM_PATH_METERED) {

        if (llcf->unknown_path == NGX_HTTP_LLM_COST_UNKNOWN_ALLOW
            || (llcf->unknown_path == NGX_HTTP_LLM_COST_UNKNOWN_AUTO
                && !llcf->enforced))
        {
            return NGX_ABORT;
        }

        ngx_http_llm_cost_refusal(f, LLM_REFUSE_UNKNOWN_PATH,
            (path == LLM_PATH_UNSUPPORTED)
            ? "This endpoint costs money and cannot be metered here"
            : "This path is not known here");
        return NGX_DECLINED;
    }

    if (ngx_http_llm_cost_is_encoded(r)) {
        ngx_http_llm_cost_refusal(f, LLM_REFUSE_MEDIA_TYPE,
            "A compressed request body cannot be metered: send it without "
            "Content-Encoding");
        return NGX_DECLINED;
    }

    if (r->headers_in.content_length_n > (off_t) llcf->max_body) {

        if (!llcf->enforced) {
            return NGX_ABORT;
        }

        ngx_http_llm_cost_refusal(f, LLM_REFUSE_TOO_LARGE,
            "The request body is too large to be metered");
        return NGX_DECLINED;
    }

    return NGX_OK;
}


/* only WebSocket: Java's client offers h2c on every request, which is never
   passed on */

static ngx_uint_t
ngx_http_llm_cost_is_websocket(ngx_http_request_t *r)
{
    ngx_table_elt_t  *h;

    h = r->headers_in.upgrade;

    return h && ngx_strcasestrn(h->value.data, "websocket", 9 - 1) != NULL;
}


static ngx_uint_t
ngx_http_llm_cost_is_encoded(ngx_http_request_t *r)
{
    ngx_str_t  *value;

    value = ngx_http_llm_cost_find_header(r, "content-encoding", 16);

    return value
           && !(value->len == 8
                && ngx_strncasecmp(value->data, (u_char *) "identity", 8) == 0);
}


/*
 * Called from inside ngx_http_read_client_request_body() if the body was
 * there, from the read event otherwise.
 */

static void
ngx_http_llm_cost_body_done(ngx_http_request_t *r)
{
    ngx_http_llm_cost_ctx_t  *ctx;

    ctx = ngx_http_llm_cost_get_ctx(r);

    ctx->state = NGX_HTTP_LLM_COST_READ;

    r->preserve_body = 1;
    r->write_event_handler = ngx_http_core_run_phases;

    ngx_http_core_run_phases(r);
}


static ngx_int_t
ngx_http_llm_cost_admit(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_int_t                            rc;
    llm_refusal_t                        f;
    ngx_http_request_t                  *r;
    ngx_http_llm_cost_main_conf_t       *lmcf;
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    r = ctx->request;
    lmcf = ngx_http_get_module_main_conf(r, ngx_http_llm_cost_module);
    llcf = ngx_http_get_module_loc_conf(r, ngx_http_llm_cost_module);

    rc = ngx_http_llm_cost_parse(ctx, llcf, &f);

    if (rc == NGX_OK) {
        rc = ngx_http_llm_cost_find_price(ctx, llcf, &f);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_llm_cost_budgets_init(ctx, &f);
    }

    if (rc == NGX_DECLINED) {
        return ngx_http_llm_cost_refuse(ctx, &f);
    }

    if (rc == NGX_ABORT) {
        ctx->state = NGX_HTTP_LLM_COST_ANSWERED;
        return NGX_DECLINED;
    }

    if (rc != NGX_OK
        || ngx_http_llm_cost_worst_case(ctx, llcf) != NGX_OK
        || ngx_http_llm_cost_cache_prepare(ctx) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->adm.owner = ngx_pid;
    ctx->adm.expires = ctx->adm.now + lmcf->reservation_ttl / 1000;

    ctx->state = NGX_HTTP_LLM_COST_ADMITTING;

    rc = lmcf->store->admit(ctx);

    if (rc == NGX_AGAIN) {
        return ngx_http_llm_cost_wait(r);
    }

    if (rc != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->state = NGX_HTTP_LLM_COST_ADMITTED;

    return ngx_http_llm_cost_act(ctx);
}


/* body to facts; NGX_DECLINED: refuse with f, NGX_ABORT: pass unmetered */

static ngx_int_t
ngx_http_llm_cost_parse(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf, llm_refusal_t *f)
{
    int                  rc;
    llm_request_t       *q;
    ngx_http_request_t  *r;

    r = ctx->request;
    q = &ctx->q;

    switch (ngx_http_llm_cost_body_gather(r, llcf->max_body, &ctx->body)) {

    case NGX_OK:
        break;

    case NGX_DECLINED:
        if (!llcf->enforced) {
            return NGX_ABORT;
        }

        ngx_http_llm_cost_refusal(f, LLM_REFUSE_TOO_LARGE,
            "The request body is too large to be metered");
        return NGX_DECLINED;

    default:
        return NGX_ERROR;
    }

    q->json.mem = &ctx->mem;

    rc = llm_json_parse(&q->json, ctx->body.data, ctx->body.len);

    if (rc == LLM_BAD || rc == LLM_LIMIT) {
        ngx_http_llm_cost_parse_message(ctx, f, q->json.err, NULL,
                                        q->json.err_pos);
        return NGX_DECLINED;
    }

    if (rc == LLM_OK) {
        rc = q->provider->parse(q);
    }

    if (rc == LLM_BAD || rc == LLM_LIMIT) {
        ngx_http_llm_cost_parse_message(ctx, f, q->err, q->param, 0);
        return NGX_DECLINED;
    }

    return rc == LLM_OK ? NGX_OK : NGX_ERROR;
}


/* "Invalid 'max_tokens': must be at least 1", or what and where in the JSON */

static void
ngx_http_llm_cost_parse_message(ngx_http_llm_cost_ctx_t *ctx,
    llm_refusal_t *f, const char *err, const char *param, size_t pos)
{
    u_char  *p, *last;

    ngx_http_llm_cost_refusal(f, LLM_REFUSE_INVALID,
                              "The request cannot be read");

    p = ngx_pnalloc(ctx->request->pool, NGX_HTTP_LLM_COST_MESSAGE);
    if (p == NULL) {
        return;
    }

    f->message.data = p;
    last = p + NGX_HTTP_LLM_COST_MESSAGE;

    if (param) {
        p = ngx_slprintf(p, last, "Invalid '%s': %s", param, err);
        f->param.data = (u_char *) param;
        f->param.len = ngx_strlen(param);

    } else {
        p = ngx_slprintf(p, last, "The request body is not valid JSON: %s at "
                                  "byte %uz", err, pos);
    }

    f->message.len = p - f->message.data;
}


static ngx_int_t
ngx_http_llm_cost_find_price(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf, llm_refusal_t *f)
{
    u_char                         *p;
    int64_t                         one;
    ngx_uint_t                      policy;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    lmcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_llm_cost_module);

    ctx->tier = llm_tier_find(&ctx->q.service_tier);
    ctx->price = llm_prices_find(lmcf->prices, &ctx->q.model,
                                 &ctx->provider->name);

    /* a row may hold no price, or none for what this request produces */

    if (ctx->price) {
        one = llm_price_worst(ctx->price, ctx->tier, 1,
                              ctx->q.kind == LLM_KIND_EMBEDDINGS ? 0 : 1);
        if (one >= 0) {
            return NGX_OK;
        }

        ctx->price = NULL;
    }

    policy = llcf->unknown_model;

    if (policy == NGX_HTTP_LLM_COST_UNKNOWN_AUTO) {
        policy = llcf->enforced_usd ? NGX_HTTP_LLM_COST_UNKNOWN_REJECT
                                    : NGX_HTTP_LLM_COST_UNKNOWN_ALLOW;
    }

    if (policy == NGX_HTTP_LLM_COST_UNKNOWN_PRICE) {
        ctx->price = llcf->unknown_price;
        return NGX_OK;
    }

    if (policy == NGX_HTTP_LLM_COST_UNKNOWN_ALLOW) {
        return NGX_OK;
    }

    ngx_http_llm_cost_refusal(f, LLM_REFUSE_UNKNOWN_MODEL,
                              "The model has no price here");
    ngx_str_set((ngx_str_t *) &f->param, "model");

    p = ngx_pnalloc(ctx->request->pool, NGX_HTTP_LLM_COST_MESSAGE);
    if (p) {
        f->message.data = p;
        f->message.len = ngx_slprintf(p, p + NGX_HTTP_LLM_COST_MESSAGE,
                                      "The model '%V' has no price here, so "
                                      "it cannot be used under a budget",
                                      (ngx_str_t *) &ctx->q.model)
                         - p;
    }

    return NGX_DECLINED;
}


/*
 * Count the input and write down the most that the request can use, and the
 * least that is worth sending: between the two lies what fit may choose.
 */

static ngx_int_t
ngx_http_llm_cost_worst_case(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf)
{
    int64_t                         each, most, least;
    llm_request_t                  *q;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    q = &ctx->q;
    lmcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_llm_cost_module);

    ngx_http_llm_cost_counter(lmcf, (ngx_str_t *) &q->model, ctx->price,
                              &ctx->counter);

    if (q->provider->count(q, &ctx->counter) != LLM_OK) {
        return NGX_ERROR;
    }

    if (ctx->counter.estimate) {
        q->estimate = 1;
    }

    each = q->max_output;

    if (q->kind == LLM_KIND_EMBEDDINGS) {
        each = 0;

    } else if (each < 0) {

        if (llcf->reserve_output && q->can_fit) {
            each = llcf->reserve_output;
            ctx->written_max = each;

        } else if (ctx->price && ctx->price->max_output > 0) {
            each = ctx->price->max_output;

        } else {
            each = NGX_HTTP_LLM_COST_OUTPUT_DEFAULT;
        }
    }

    each = ngx_min(each, NGX_HTTP_LLM_COST_OUTPUT_MAX);
    most = each * q->choices;
    least = most;

    if (q->can_fit && q->kind == LLM_KIND_CHAT
        && (llcf->fit == NGX_HTTP_LLM_COST_FIT_ON
            || (llcf->fit == NGX_HTTP_LLM_COST_FIT_MISSING
                && q->max_output < 0)))
    {
        least = ngx_min(each, llcf->fit_min) * q->choices;
    }

    ctx->max_output = most;

    ctx->adm.most[LLM_UNIT_REQUESTS] = 1;
    ctx->adm.least[LLM_UNIT_REQUESTS] = 1;
    ctx->adm.most[LLM_UNIT_TOKENS] = q->input_tokens + most;
    ctx->adm.least[LLM_UNIT_TOKENS] = q->input_tokens + least;

    if (ctx->price) {
        ctx->adm.most[LLM_UNIT_USD] = llm_price_worst(ctx->price, ctx->tier,
                                                      q->input_tokens, most);
        ctx->adm.least[LLM_UNIT_USD] = llm_price_worst(ctx->price, ctx->tier,
                                                       q->input_tokens, least);
    }

    return NGX_OK;
}


/* the store will answer from an event; until then only the client may go */

static ngx_int_t
ngx_http_llm_cost_wait(ngx_http_request_t *r)
{
    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    if (r->connection->read->ready) {
        ngx_post_event(r->connection->read, &ngx_posted_events);

    } else if (ngx_handle_read_event(r->connection->read, 0) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return NGX_AGAIN;
}


/* the store's verdict is in; called from an event of the store's own */

void
ngx_http_llm_cost_resume(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = ctx->request;
    c = r->connection;

    ctx->op = NULL;
    ctx->state = NGX_HTTP_LLM_COST_ADMITTED;

    ngx_http_set_log_request(c->log, r);

    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_core_run_phases;

    if (ngx_http_post_request(r, NULL) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
    }

    ngx_http_run_posted_requests(c);
}


static ngx_int_t
ngx_http_llm_cost_act(ngx_http_llm_cost_ctx_t *ctx)
{
    int64_t         limit, fit;
    llm_refusal_t   f;
    llm_budget_t   *b;

    switch (ctx->verdict) {

    case NGX_HTTP_LLM_COST_FITS:
        return ngx_http_llm_cost_forward(ctx);

    case NGX_HTTP_LLM_COST_HIT:
        ctx->state = NGX_HTTP_LLM_COST_ANSWERED;
        return ngx_http_llm_cost_cache_send(ctx);

    case NGX_HTTP_LLM_COST_SHORT:
        ngx_http_llm_cost_refusal(&f, LLM_REFUSE_BUDGET, "Budget exceeded");
        ngx_http_llm_cost_budget_message(ctx, &f);
        break;

    case NGX_HTTP_LLM_COST_NEVER:
        b = &ctx->budgets[ctx->adm.refused];
        limit = ctx->adm.balances[ctx->adm.refused].limit;

        if (b->unit == LLM_UNIT_USD && ctx->price) {
            fit = llm_price_fit(ctx->price, ctx->tier, ctx->q.input_tokens,
                                limit);

        } else if (b->unit == LLM_UNIT_TOKENS) {
            fit = limit - ctx->q.input_tokens;

        } else {
            fit = 0;
        }

        ctx->fit_output = fit > 0 ? fit / ctx->q.choices : 0;

        ngx_http_llm_cost_refusal(&f, LLM_REFUSE_TOO_EXPENSIVE,
                                  "This request exceeds its budget");
        ngx_http_llm_cost_budget_message(ctx, &f);
        break;

    case NGX_HTTP_LLM_COST_FULL:
        ngx_log_error(NGX_LOG_CRIT, ctx->request->connection->log, 0,
                      "llm_zone has no room for another live counter or "
                      "reservation, make it larger");
        ngx_http_llm_cost_refusal(&f, LLM_REFUSE_STORE,
            "There is no room to account for another payer now");
        break;

    default:
        ngx_http_llm_cost_refusal(&f, LLM_REFUSE_STORE,
            "Budgets cannot be checked now");
        break;
    }

    return ngx_http_llm_cost_refuse(ctx, &f);
}


static ngx_int_t
ngx_http_llm_cost_forward(ngx_http_llm_cost_ctx_t *ctx)
{
    llm_edits_t                          e;
    ngx_http_request_t                  *r;
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    r = ctx->request;
    llcf = ngx_http_get_module_loc_conf(r, ngx_http_llm_cost_module);

    ctx->reserved_cost = ctx->adm.n ? ctx->adm.granted[LLM_UNIT_USD]
                                    : ctx->adm.most[LLM_UNIT_USD];

    if (ctx->held) {
        ngx_http_llm_cost_shorten(ctx);
    }

    ngx_memzero(&e, sizeof(llm_edits_t));

    e.set_max_output = ctx->written_max;

    if (llcf->usage_inject && ctx->q.can_inject) {
        e.inject_usage = 1;
        ctx->injected = 1;
    }

    if (e.inject_usage || e.set_max_output >= 0) {

        if (ctx->q.provider->edit(&ctx->q, &e) != LLM_OK
            || ngx_http_llm_cost_body_edit(ctx, &e) != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    ngx_http_llm_cost_limit_encodings(r);

    ctx->state = NGX_HTTP_LLM_COST_FORWARD;

    return NGX_DECLINED;
}


/* the store granted less than the worst case: less output will be asked for */

static void
ngx_http_llm_cost_shorten(ngx_http_llm_cost_ctx_t *ctx)
{
    int64_t           fit, output;
    unsigned          i;
    llm_admission_t  *adm;

    adm = &ctx->adm;
    output = ctx->max_output;

    for (i = 0; i < adm->n; i++) {

        switch (ctx->budgets[i].unit) {

        case LLM_UNIT_USD:
            if (ctx->price == NULL
                || adm->granted[LLM_UNIT_USD] >= adm->most[LLM_UNIT_USD])
            {
                continue;
            }

            fit = llm_price_fit(ctx->price, ctx->tier, ctx->q.input_tokens,
                                adm->granted[LLM_UNIT_USD]);
            break;

        case LLM_UNIT_TOKENS:
            fit = adm->granted[LLM_UNIT_TOKENS] - ctx->q.input_tokens;
            break;

        default:
            continue;
        }

        output = ngx_min(output, fit);
    }

    if (output < ctx->max_output) {
        ctx->fitted = 1;
        ctx->written_max = output / ctx->q.choices;
        ctx->max_output = ctx->written_max * ctx->q.choices;
    }
}


/* the request ends, in whatever state; the access log is still to come */

static void
ngx_http_llm_cost_cleanup(void *data)
{
    ngx_http_llm_cost_ctx_t *ctx = data;

    ngx_http_llm_cost_main_conf_t  *lmcf;

    if (ctx->op) {
        lmcf = ngx_http_get_module_main_conf(ctx->request,
                                             ngx_http_llm_cost_module);
        lmcf->store->detach(ctx);
    }

    ngx_http_llm_cost_settle_final(ctx);
}


static void
ngx_http_llm_cost_pool_cleanup(void *data)
{
    /* the mark of get_ctx(); by now everything is settled */
}
