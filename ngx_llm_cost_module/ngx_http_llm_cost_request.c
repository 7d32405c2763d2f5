
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


/*
 * The state machine of a request's first half; the table of states is in
 * ngx_http_llm_cost_ctx.h.  No request is read or charged before every access
 * handler has agreed, and none escapes:
 *
 *   - our access handler is the first of its array, so the last to run;
 *   - "satisfy any" lets another handler jump over it, and a handler that
 *     moves itself at run time (lua does) may stand behind it: in both cases
 *     the access handler steps aside and precontent does the work, which is
 *     reached exactly when access was granted.
 */


static ngx_int_t ngx_http_llm_cost_run(ngx_http_request_t *r,
    const ngx_http_llm_cost_loc_conf_t *llcf);
static ngx_int_t ngx_http_llm_cost_start(ngx_http_request_t *r,
    const ngx_http_llm_cost_loc_conf_t *llcf);
static ngx_int_t ngx_http_llm_cost_meter(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf, llm_path_e path);
static ngx_http_llm_cost_ctx_t *ngx_http_llm_cost_create_ctx(
    ngx_http_request_t *r);
static ngx_int_t ngx_http_llm_cost_early_refusal(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf, llm_path_e path,
    llm_refusal_t *f);
static ngx_uint_t ngx_http_llm_cost_is_websocket(ngx_http_request_t *r);
static ngx_uint_t ngx_http_llm_cost_is_encoded(ngx_http_request_t *r);
static ngx_int_t ngx_http_llm_cost_read_body(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_body_done(ngx_http_request_t *r);
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

    case NGX_HTTP_LLM_COST_COUNT:
        return ngx_http_llm_cost_parts_go(ctx);

    case NGX_HTTP_LLM_COST_FOUND:
        return ngx_http_llm_cost_held_found(ctx);

    case NGX_HTTP_LLM_COST_COUNTING:
    case NGX_HTTP_LLM_COST_FINDING:
    case NGX_HTTP_LLM_COST_ADMITTING:
    case NGX_HTTP_LLM_COST_WAITING:
        return NGX_AGAIN;

    case NGX_HTTP_LLM_COST_WAITED:
        return ngx_http_llm_cost_ask(ctx);

    case NGX_HTTP_LLM_COST_ADMITTED:
        return ngx_http_llm_cost_act(ctx);

    default:

        /* FORWARD or ANSWERED: an internal redirect is not another request */

        if (ctx->state == NGX_HTTP_LLM_COST_FORWARD) {
            ngx_http_llm_cost_guard(ctx);
        }

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
    llm_path_e                path;
    llm_route_t               route;
    const llm_provider_t     *provider;
    ngx_http_llm_cost_ctx_t  *ctx;

    if (ngx_http_llm_cost_hide_key(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (r->method & (NGX_HTTP_OPTIONS|NGX_HTTP_HEAD)) {
        return NGX_DECLINED;
    }

    path = ngx_http_llm_cost_route(r, llcf, &provider, &route);

    if (path == LLM_PATH_FREE && !ngx_http_llm_cost_is_websocket(r)) {
        return NGX_DECLINED;
    }

    ctx = ngx_http_llm_cost_create_ctx(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->provider = provider;
    ctx->q.provider = provider;
    ctx->q.kind = route.kind;
    ctx->q.route = route;

    ngx_http_llm_cost_vendor(r, llcf, provider, &route, &ctx->vendor);

    if (path == LLM_PATH_TOLD && !ngx_http_llm_cost_is_websocket(r)) {

        return ngx_http_llm_cost_identity(ctx) == NGX_OK
               ? ngx_http_llm_cost_held_start(ctx)
               : NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_llm_cost_meter(ctx, llcf, path);
}


/* refused, passed unmetered, or its body is read: the rest is admission */

static ngx_int_t
ngx_http_llm_cost_meter(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf, llm_path_e path)
{
    ngx_int_t      rc;
    llm_refusal_t  f;

    rc = ngx_http_llm_cost_early_refusal(ctx, llcf, path, &f);

    if (rc != NGX_OK && ngx_http_llm_cost_identity(ctx) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc == NGX_DECLINED) {
        return ngx_http_llm_cost_refuse(ctx, &f);
    }

    if (rc == NGX_ABORT) {

        /* not metered, and allowed to be */

        ctx->state = NGX_HTTP_LLM_COST_ANSWERED;
        return NGX_DECLINED;
    }

    return ngx_http_llm_cost_read_body(ctx);
}


static ngx_int_t
ngx_http_llm_cost_read_body(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = ctx->request;
    ctx->state = NGX_HTTP_LLM_COST_READING;

    rc = ngx_http_read_client_request_body(r, ngx_http_llm_cost_body_done);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    /* gives back the reference that reading took */

    ngx_http_finalize_request(r, NGX_DONE);

    return NGX_DONE;
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

    ngx_http_llm_cost_question_init(ctx);

    ctx->cost = -1;
    ctx->max_age = -1;
    ctx->first_token = (ngx_msec_t) -1;
    ctx->first_chunk = (ngx_msec_t) -1;
    ctx->overhead = -1;
    ctx->usage = (llm_usage_t) LLM_USAGE_INIT;

    llm_answer_init(&ctx->answer, &ctx->mem, LLM_KIND_OTHER, NULL);

    ngx_http_set_ctx(r, ctx, ngx_http_llm_cost_module);

    return ctx;
}


/* what is asked for, before anything of it is known; dialect and kind apart */

void
ngx_http_llm_cost_question_init(ngx_http_llm_cost_ctx_t *ctx)
{
    llm_request_t  *q;

    q = &ctx->q;

    ngx_memzero(q, sizeof(llm_request_t));

    q->mem = &ctx->mem;
    q->path.len = ctx->request->uri.len;
    q->path.data = ctx->request->uri.data;
    q->max_output = -1;
    q->choices = 1;
    q->input_tokens = -1;

    ctx->written_max = -1;
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
        return ngx_http_llm_cost_unmetered(llcf, path, f);
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


/* of a path that cannot be metered: the same */

ngx_int_t
ngx_http_llm_cost_unmetered(const ngx_http_llm_cost_loc_conf_t *llcf,
    llm_path_e path, llm_refusal_t *f)
{
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


/* the store will answer from an event; until then only the client may go */

ngx_int_t
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
    ngx_http_llm_cost_resume_as(ctx, ctx->state == NGX_HTTP_LLM_COST_FINDING
                                     ? NGX_HTTP_LLM_COST_FOUND
                                     : NGX_HTTP_LLM_COST_ADMITTED);
}


void
ngx_http_llm_cost_resume_as(ngx_http_llm_cost_ctx_t *ctx,
    ngx_http_llm_cost_state_e state)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = ctx->request;
    c = r->connection;

    ctx->op = NULL;
    ctx->state = state;

    ngx_http_set_log_request(c->log, r);

    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_core_run_phases;

    if (ngx_http_post_request(r, NULL) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
    }

    ngx_http_run_posted_requests(c);
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

    ctx->ended = 1;

    if (ctx->claiming) {
        ngx_http_llm_cost_held_claimed(ctx);
    }

    ngx_http_llm_cost_parts_stop(ctx);

    if (ctx->user.len == 0) {

        /* left while the body was read; the access log has a name for it */

        (void) ngx_http_llm_cost_identity(ctx);
    }

    ngx_http_llm_cost_drain_stop(ctx);
    ngx_http_llm_cost_settle_final(ctx);
    ngx_http_llm_cost_live_leave(ctx);
    ngx_http_llm_cost_follow_drop(ctx);
    ngx_http_llm_cost_flight_end(ctx, LLM_LANDED_FAILED);
}


static void
ngx_http_llm_cost_pool_cleanup(void *data)
{
    /* the mark of get_ctx(); by now everything is settled */
}
