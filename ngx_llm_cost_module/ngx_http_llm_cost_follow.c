
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_live.h"


/*
 * A request that joins a stream on its way (_live.c): it gets at once what has
 * come so far, then every event as it comes.  It is a hit of the cache: a store
 * admits it as such, it pays what a hit pays.
 *
 *   joining  owner: the store, as of ADMITTING; the stream is ours already, so
 *            that nothing of it is lost while the store is asked
 *   joined   owner: this file; state ANSWERED
 *            guard: send_timeout while the client takes nothing; what the
 *                   leader's upstream takes is guarded by its own timers
 *            resumed by: an event of the leader's, posted; the socket
 *            cleaned by: ngx_http_llm_cost_follow_drop()
 *
 * If the stream breaks off before anything was sent, the request asks anew; if
 * it breaks off later, it does so for all.
 */


static ngx_int_t ngx_http_llm_cost_follow_entry(
    ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_follow_event(ngx_event_t *ev);
static void ngx_http_llm_cost_follow_writer(ngx_http_request_t *r);
static void ngx_http_llm_cost_follow_go(ngx_http_llm_cost_follow_t *f);
static ngx_int_t ngx_http_llm_cost_follow_chain(ngx_http_llm_cost_follow_t *f,
    ngx_chain_t **out);
static ngx_int_t ngx_http_llm_cost_follow_output(ngx_http_llm_cost_follow_t *f,
    ngx_chain_t *out);
static ngx_int_t ngx_http_llm_cost_follow_arm(ngx_http_llm_cost_follow_t *f,
    ngx_uint_t anew);
static void ngx_http_llm_cost_follow_settle(ngx_http_llm_cost_follow_t *f);
static void ngx_http_llm_cost_follow_break(ngx_http_llm_cost_follow_t *f);


/* before the store is asked; ctx->follow: it is to be asked for a hit */

ngx_int_t
ngx_http_llm_cost_follow(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_http_llm_cost_follow_t          *f;
    ngx_http_llm_cost_live_t            *live;
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    llcf = ngx_http_get_module_loc_conf(ctx->request,
                                        ngx_http_llm_cost_module);

    if (!ctx->lookup || !ctx->storable || !llcf->cache_lock || ctx->alone
        || ctx->only_cached || ctx->flight.slot)
    {
        return NGX_OK;
    }

    live = ngx_http_llm_cost_live_find(ctx);

    if (live == NULL) {
        return NGX_OK;
    }

    f = ngx_pcalloc(ctx->request->pool, sizeof(ngx_http_llm_cost_follow_t));
    if (f == NULL) {
        return NGX_ERROR;
    }

    f->ctx = ctx;
    f->live = live;
    f->play.hidden = llm_form_wanted(&ctx->q).usage;

    f->event.handler = ngx_http_llm_cost_follow_event;
    f->event.data = f;
    f->event.log = ctx->request->connection->log;

    live->refs++;
    ngx_queue_insert_tail(&live->joined, &f->queue);
    llm_tape_open(&live->tape, &f->play.reader);

    ctx->follow = f;
    ctx->adm.hit = 1;

    return NGX_OK;
}


/* it has not joined, or is over */

void
ngx_http_llm_cost_follow_drop(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_http_llm_cost_follow_t  *f;

    f = ctx->follow;

    if (f == NULL) {
        return;
    }

    ctx->follow = NULL;

    if (f->event.posted) {
        ngx_delete_posted_event(&f->event);
    }

    ngx_queue_remove(&f->queue);
    llm_tape_close(&f->play.reader);
    ngx_http_llm_cost_live_free(f->live);
}


/*
 * The store has admitted it.  NGX_DECLINED: the stream is of no use any more,
 * and nothing was sent; else a return value of a phase handler.
 */

ngx_int_t
ngx_http_llm_cost_follow_begin(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_int_t                    rc;
    ngx_http_request_t          *r;
    ngx_http_llm_cost_follow_t  *f;

    f = ctx->follow;
    r = ctx->request;

    if (f->late || f->live->state == NGX_HTTP_LLM_COST_LIVE_BROKEN) {
        return NGX_DECLINED;
    }

    if (ngx_http_llm_cost_follow_entry(ctx) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->state = NGX_HTTP_LLM_COST_ANSWERED;
    ctx->cost = 0;

    ngx_http_llm_cost_cache_hit(ctx);

    if (ngx_http_llm_cost_cache_header(ctx, -1) != NGX_OK
        || ngx_http_llm_cost_wait(r) != NGX_AGAIN)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->write_event_handler = ngx_http_llm_cost_follow_writer;
    f->begun = 1;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        ngx_http_finalize_request(r, rc);
        return NGX_DONE;
    }

    if (f->live->tape.len == 0
        && ngx_http_send_special(r, NGX_HTTP_FLUSH) == NGX_ERROR)
    {
        ngx_http_finalize_request(r, NGX_ERROR);
        return NGX_DONE;
    }

    ngx_http_llm_cost_follow_go(f);

    return NGX_DONE;
}


/* what is served, as though it came from the cache, of the request's pool */

static ngx_int_t
ngx_http_llm_cost_follow_entry(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_pool_t                 *pool;
    ngx_http_llm_cost_live_t   *live;
    ngx_http_llm_cost_entry_t  *e;

    pool = ctx->request->pool;
    live = ctx->follow->live;

    e = ngx_pcalloc(pool, sizeof(ngx_http_llm_cost_entry_t));
    if (e == NULL) {
        return NGX_ERROR;
    }

    e->content_type.len = live->content_type.len;
    e->content_type.data = ngx_pstrdup(pool, &live->content_type);

    if (e->content_type.data == NULL) {
        return NGX_ERROR;
    }

    e->status = NGX_HTTP_OK;
    e->stored = ngx_time();
    e->input = -1;
    e->output = -1;

    ctx->entry = e;

    return NGX_OK;
}


static void
ngx_http_llm_cost_follow_event(ngx_event_t *ev)
{
    ngx_connection_t            *c;
    ngx_http_request_t          *r;
    ngx_http_llm_cost_follow_t  *f;

    f = ev->data;

    if (!f->begun || f->over) {
        return;
    }

    r = f->ctx->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    if (!ngx_http_llm_cost_play_waits(r) || f->late) {
        ngx_http_llm_cost_follow_go(f);
    }

    ngx_http_run_posted_requests(c);
}


/* as nginx's own writer, but that there may be more */

static void
ngx_http_llm_cost_follow_writer(ngx_http_request_t *r)
{
    ngx_event_t               *wev;
    ngx_http_llm_cost_ctx_t   *ctx;
    ngx_http_core_loc_conf_t  *clcf;

    ctx = ngx_http_llm_cost_get_ctx(r);
    wev = r->connection->write;

    if (wev->timedout) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, NGX_ETIMEDOUT,
                      "client timed out");
        r->connection->timedout = 1;

        ngx_http_finalize_request(r, NGX_HTTP_REQUEST_TIME_OUT);
        return;
    }

    if (wev->delayed) {
        clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

        if (ngx_handle_write_event(wev, clcf->send_lowat) != NGX_OK) {
            ngx_http_finalize_request(r, NGX_ERROR);
        }

        return;
    }

    if (ngx_http_llm_cost_play_waits(r)
        && ngx_http_llm_cost_follow_output(ctx->follow, NULL) != NGX_OK)
    {
        return;
    }

    ngx_http_llm_cost_follow_go(ctx->follow);
}


/* the request may be over when this returns */

static void
ngx_http_llm_cost_follow_go(ngx_http_llm_cost_follow_t *f)
{
    ngx_chain_t  *out;

    if (f->late) {
        ngx_log_error(NGX_LOG_INFO, f->ctx->request->connection->log, 0,
                      "client is too far behind the stream that it has "
                      "joined");
        ngx_http_llm_cost_follow_break(f);
        return;
    }

    if (f->play.busy || ngx_http_llm_cost_play_waits(f->ctx->request)) {
        (void) ngx_http_llm_cost_follow_arm(f, 0);
        return;
    }

    if (ngx_http_llm_cost_follow_chain(f, &out) != NGX_OK) {
        ngx_http_finalize_request(f->ctx->request, NGX_ERROR);
        return;
    }

    if (out && ngx_http_llm_cost_follow_output(f, out) != NGX_OK) {
        return;
    }

    if (!f->over && f->live->state == NGX_HTTP_LLM_COST_LIVE_BROKEN
        && f->play.reader.at == f->live->tape.len)
    {
        ngx_http_llm_cost_follow_break(f);
    }
}


/* all that there is now, and the end, if it is there */

static ngx_int_t
ngx_http_llm_cost_follow_chain(ngx_http_llm_cost_follow_t *f, ngx_chain_t **out)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl, **last;

    *out = NULL;
    last = out;

    if (ngx_http_llm_cost_play_next(&f->play, f->ctx->request->pool, &last)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (f->live->state == NGX_HTTP_LLM_COST_LIVE_WHOLE) {

        b = ngx_calloc_buf(f->ctx->request->pool);
        cl = ngx_alloc_chain_link(f->ctx->request->pool);

        if (b == NULL || cl == NULL) {
            return NGX_ERROR;
        }

        b->last_buf = 1;
        b->last_in_chain = 1;

        cl->buf = b;
        cl->next = NULL;
        *last = cl;

        f->over = 1;
        ngx_http_llm_cost_follow_settle(f);
    }

    return NGX_OK;
}


/* NGX_OK: there may be more; else the request is over, or waits */

static ngx_int_t
ngx_http_llm_cost_follow_output(ngx_http_llm_cost_follow_t *f, ngx_chain_t *out)
{
    ngx_int_t            rc;
    ngx_event_t         *wev;
    ngx_http_request_t  *r;

    r = f->ctx->request;

    rc = ngx_http_output_filter(r, out);

    if (rc == NGX_ERROR || f->over) {
        ngx_http_finalize_request(r, rc);
        return NGX_DONE;
    }

    ngx_http_llm_cost_play_sent(&f->play, r->pool, out);

    if (ngx_http_llm_cost_play_waits(r)) {
        return ngx_http_llm_cost_follow_arm(f, 1);
    }

    wev = r->connection->write;

    if (wev->timer_set && !wev->delayed) {
        ngx_del_timer(wev);
    }

    return NGX_OK;
}


/*
 * Until the client takes more.  Its time begins anew only where it has taken
 * something, not where there is more for it.
 */

static ngx_int_t
ngx_http_llm_cost_follow_arm(ngx_http_llm_cost_follow_t *f, ngx_uint_t anew)
{
    ngx_event_t               *wev;
    ngx_http_request_t        *r;
    ngx_http_core_loc_conf_t  *clcf;

    r = f->ctx->request;
    wev = r->connection->write;
    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (!wev->delayed && (anew || !wev->timer_set)) {
        ngx_add_timer(wev, clcf->send_timeout);
    }

    if (ngx_handle_write_event(wev, clcf->send_lowat) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_ERROR);
        return NGX_DONE;
    }

    return NGX_AGAIN;
}


/* what it would have cost is known now */

static void
ngx_http_llm_cost_follow_settle(ngx_http_llm_cost_follow_t *f)
{
    ngx_http_llm_cost_ctx_t    *ctx;
    ngx_http_llm_cost_entry_t  *e;

    ctx = f->ctx;
    e = ctx->entry;

    e->input = f->live->input;
    e->output = f->live->output;
    e->cost = f->live->cost;

    ctx->answer.model.data = ngx_pstrdup(ctx->request->pool, &f->live->model);

    if (ctx->answer.model.data) {
        ctx->answer.model.len = f->live->model.len;
    }

    ngx_http_llm_cost_settle(ctx);
}


/* as nginx does where an upstream breaks off: there is no last chunk */

static void
ngx_http_llm_cost_follow_break(ngx_http_llm_cost_follow_t *f)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = f->ctx->request;

    f->over = 1;
    r->keepalive = 0;

    if (f->late) {
        ngx_http_finalize_request(r, NGX_ERROR);
        return;
    }

    rc = ngx_http_send_special(r, NGX_HTTP_FLUSH);

    ngx_http_finalize_request(r, rc);
}
