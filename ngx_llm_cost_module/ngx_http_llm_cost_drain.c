
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_filter.h"


/*
 * A client that leaves, where its answer is to be read on to the usage.
 *
 * nginx closes the upstream connection when the client's ends, and stops
 * calling filters once a write has failed.  So the request gets event handlers
 * of ours as soon as its upstream has been started, and its output goes through
 * ngx_http_llm_cost_send_*(): whichever of them finds the client gone first
 * marks the request, what waits for the client is forgotten, and from then on
 * the answer is read as ever and swallowed here.  c->error is set, so that
 * nothing is retried, and so that nginx ends the request when upstream has
 * ended.  A timer and a number of bytes bound it: at either bound the upstream
 * connection is closed, as without a drain.
 *
 * So it is, too, where others wait for the answer (llm_cache_lock), whatever
 * llm_client_abort says.  While it goes on to others who have joined it,
 * neither bound counts: it has clients.
 */


static ngx_uint_t ngx_http_llm_cost_reads_on(ngx_http_llm_cost_ctx_t *ctx,
    ngx_uint_t followed);
static ngx_int_t ngx_http_llm_cost_content(ngx_http_request_t *r);
static void ngx_http_llm_cost_client_check(ngx_http_request_t *r);
static ngx_uint_t ngx_http_llm_cost_client_left(ngx_http_request_t *r);
static void ngx_http_llm_cost_client_write(ngx_http_request_t *r);
static ngx_int_t ngx_http_llm_cost_drain(ngx_http_llm_cost_ctx_t *ctx,
    const char *how);
static ngx_int_t ngx_http_llm_cost_forget(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_consume(ngx_chain_t *in);
static void ngx_http_llm_cost_drain_end(ngx_event_t *ev);
static void ngx_http_llm_cost_leave(ngx_http_request_t *r, ngx_int_t rc);


/*
 * Before the content handler runs, in each location that the request comes to.
 * An answer that is no stream is being written whether somebody waits or not.
 */

void
ngx_http_llm_cost_guard(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_http_request_t  *r;

    r = ctx->request;

    if (!ngx_http_llm_cost_reads_on(ctx, ctx->flight.slot != 0)
        || r->content_handler == NULL
        || r->content_handler == ngx_http_llm_cost_content)
    {
        return;
    }

    ctx->content = r->content_handler;
    r->content_handler = ngx_http_llm_cost_content;
}


static ngx_uint_t
ngx_http_llm_cost_reads_on(ngx_http_llm_cost_ctx_t *ctx, ngx_uint_t followed)
{
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    llcf = ngx_http_get_module_loc_conf(ctx->request,
                                        ngx_http_llm_cost_module);

    return followed || llcf->client_abort == NGX_HTTP_LLM_COST_ABORT_DRAIN
           || (llcf->client_abort == NGX_HTTP_LLM_COST_ABORT_BILL
               && !ctx->q.stream);
}


/* the location's own handler; then, if an upstream runs, the client is ours */

static ngx_int_t
ngx_http_llm_cost_content(ngx_http_request_t *r)
{
    ngx_int_t                 rc;
    ngx_http_upstream_t      *u;
    ngx_http_llm_cost_ctx_t  *ctx;

    ctx = ngx_http_llm_cost_get_ctx(r);

    rc = ctx->content(r);
    u = r->upstream;

    /* u->cleanup: it has been started and has not been finalized */

    if (rc != NGX_DONE || u == NULL || u->cleanup == NULL || u->header_sent
        || ctx->settled)
    {
        return rc;
    }

    if (ngx_handle_read_event(r->connection->read, 0) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->guarded = 1;

    r->read_event_handler = ngx_http_llm_cost_client_check;
    r->write_event_handler = ngx_http_llm_cost_client_check;

    return rc;
}


/* an event of the client's; the request may be over when this returns */

static void
ngx_http_llm_cost_client_check(ngx_http_request_t *r)
{
    ngx_http_llm_cost_ctx_t  *ctx;

    ctx = ngx_http_llm_cost_get_ctx(r);

    if (ctx->gone || !ngx_http_llm_cost_client_left(r)) {
        return;
    }

    if (!ngx_http_llm_cost_reads_on(ctx,
                                    ngx_http_llm_cost_flight_followed(ctx))
        && r->upstream && r->upstream->conf->ignore_client_abort)
    {
        return;
    }

    if (ngx_http_llm_cost_drain(ctx, "client closed its connection") != NGX_OK)
    {
        ngx_http_llm_cost_leave(r, NGX_HTTP_CLIENT_CLOSED_REQUEST);
        return;
    }

    /* upstream may have been waiting for the client to take what it had */

    if (r->upstream->header_sent) {
        r->write_event_handler(r);
    }
}


static ngx_uint_t
ngx_http_llm_cost_client_left(ngx_http_request_t *r)
{
    int                n;
    char               buf[1];
    ngx_err_t          err;
    ngx_connection_t  *c;

    c = r->connection;

    if (c->error) {
        return 1;
    }

    if (r->stream) {
        return 0;
    }

#if (NGX_HAVE_KQUEUE)

    if (ngx_event_flags & NGX_USE_KQUEUE_EVENT) {
        return c->read->pending_eof;
    }

#endif

#if (NGX_HAVE_EPOLLRDHUP)

    if ((ngx_event_flags & NGX_USE_EPOLL_EVENT) && ngx_use_epoll_rdhup) {
        return c->read->pending_eof;
    }

#endif

    n = recv(c->fd, buf, 1, MSG_PEEK);
    err = ngx_socket_errno;

    if (n > 0 && (ngx_event_flags & NGX_USE_LEVEL_EVENT) && c->read->active) {

        /* the next request is there already, and would be reported for ever */

        (void) ngx_del_event(c->read, NGX_READ_EVENT, 0);
    }

    return n == 0 || (n == -1 && err != NGX_EAGAIN);
}


/* the client takes nothing of what it is sent; then what upstream does */

static void
ngx_http_llm_cost_client_write(ngx_http_request_t *r)
{
    ngx_event_t              *wev;
    ngx_http_llm_cost_ctx_t  *ctx;

    ctx = ngx_http_llm_cost_get_ctx(r);
    wev = r->connection->write;

    if (wev->timedout && !ctx->gone) {
        wev->timedout = 0;
        r->connection->timedout = 1;

        if (ngx_http_llm_cost_drain(ctx, "client timed out") != NGX_OK) {
            ngx_http_llm_cost_leave(r, NGX_HTTP_REQUEST_TIME_OUT);
            return;
        }
    }

    ctx->writer(r);
}


static ngx_int_t
ngx_http_llm_cost_drain(ngx_http_llm_cost_ctx_t *ctx, const char *how)
{
    ngx_event_t                         *ev;
    ngx_connection_t                    *c;
    ngx_http_request_t                  *r;
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    r = ctx->request;
    c = r->connection;
    llcf = ngx_http_get_module_loc_conf(r, ngx_http_llm_cost_module);

    if (r->upstream == NULL || r->upstream->cleanup == NULL
        || !ngx_http_llm_cost_reads_on(ctx,
                                       ngx_http_llm_cost_flight_followed(ctx))
        || ngx_http_llm_cost_forget(ctx) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    ngx_log_error(NGX_LOG_INFO, c->log, 0,
                  "%s, its answer is read on to the usage", how);

    ctx->gone = 1;
    c->error = 1;

    /* nothing is written any more: never wait for when it could be */

    c->write->ready = 1;

    if (c->write->timer_set) {
        ngx_del_timer(c->write);
    }

    ev = &ctx->drain;

    ev->handler = ngx_http_llm_cost_drain_end;
    ev->data = c;
    ev->log = c->log;

    ngx_add_timer(ev, llcf->drain_time);

    return NGX_OK;
}


/*
 * What has been passed on and waits for the client.  An unbuffered upstream
 * waits for its busy buffers, an event pipe for all but a few of them.  HTTP/2
 * keeps frames of them, and writes into the buffers when it lets the frames
 * go: those must not be used again, which an event pipe would do.
 */

static ngx_int_t
ngx_http_llm_cost_forget(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_http_request_t          *r;
    ngx_http_upstream_t         *u;
    ngx_http_llm_cost_filter_t  *f;

    r = ctx->request;
    u = r->upstream;
    f = ctx->filter;

    if (u->header_sent && u->buffering && u->pipe->busy) {

        if (r->stream) {
            return NGX_DECLINED;
        }

        ngx_http_llm_cost_consume(u->pipe->busy);
    }

    u->busy_bufs = NULL;

    if (f) {
        f->busy = NULL;
    }

    ngx_http_llm_cost_play_forget(ctx);

    if (!r->stream) {
        r->out = NULL;
        r->connection->buffered &= ~NGX_HTTP_WRITE_BUFFERED;
    }

    return NGX_OK;
}


static void
ngx_http_llm_cost_consume(ngx_chain_t *in)
{
    ngx_buf_t  *b;

    for ( /* void */ ; in; in = in->next) {
        b = in->buf;
        b->pos = b->last;

        if (b->in_file) {
            b->file_pos = b->file_last;
        }
    }
}


ngx_int_t
ngx_http_llm_cost_send_header(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (!ctx->gone) {
        rc = ngx_http_llm_cost_next_header_filter(r);

        if (rc != NGX_ERROR || !r->connection->error || !ctx->guarded
            || ngx_http_llm_cost_drain(ctx, "client closed its connection")
               != NGX_OK)
        {
            return rc;
        }
    }

    r->headers_out.status = NGX_HTTP_CLIENT_CLOSED_REQUEST;

    return NGX_OK;
}


ngx_int_t
ngx_http_llm_cost_send_body(ngx_http_llm_cost_ctx_t *ctx, ngx_chain_t *in)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ctx->guarded && !ctx->gone) {
        rc = ngx_http_llm_cost_next_body_filter(r, in);

        if (rc != NGX_ERROR || !r->connection->error
            || ngx_http_llm_cost_drain(ctx, "client closed its connection")
               != NGX_OK)
        {
            return rc;
        }
    }

    if (!ctx->gone) {
        return ngx_http_llm_cost_next_body_filter(r, in);
    }

    ngx_http_llm_cost_consume(in);

    return NGX_OK;
}


/* output of upstream on its way: NGX_ERROR ends the request */

ngx_int_t
ngx_http_llm_cost_drain_check(ngx_http_llm_cost_ctx_t *ctx, ngx_chain_t *in)
{
    ngx_http_request_t                  *r;
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    r = ctx->request;

    if (!ctx->gone) {

        /* upstream has set its own handler since the client was guarded */

        if (r->write_event_handler != ngx_http_llm_cost_client_write
            && r->upstream && r->upstream->cleanup)
        {
            ctx->writer = r->write_event_handler;
            r->write_event_handler = ngx_http_llm_cost_client_write;
        }

        return NGX_OK;
    }

    llcf = ngx_http_get_module_loc_conf(r, ngx_http_llm_cost_module);

    if (ngx_http_llm_cost_live_joined(ctx)) {
        return NGX_OK;
    }

    for ( /* void */ ; in; in = in->next) {
        ctx->drained += ngx_buf_size(in->buf);
    }

    if (ctx->drained <= (off_t) llcf->drain_size) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "more than %uz bytes without a client, upstream connection "
                  "is closed", llcf->drain_size);

    return NGX_ERROR;
}


static void
ngx_http_llm_cost_drain_end(ngx_event_t *ev)
{
    ngx_connection_t                    *c;
    ngx_http_request_t                  *r;
    ngx_http_llm_cost_ctx_t             *ctx;
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    c = ev->data;
    r = c->data;
    r = r->main;
    ctx = ngx_http_llm_cost_get_ctx(r);

    if (ngx_http_llm_cost_live_joined(ctx)) {
        llcf = ngx_http_get_module_loc_conf(r, ngx_http_llm_cost_module);
        ngx_add_timer(ev, llcf->drain_time);
        return;
    }

    ngx_http_set_log_request(c->log, r);

    ngx_log_error(NGX_LOG_INFO, c->log, 0,
                  "no end of the answer in time without a client, upstream "
                  "connection is closed");

    ngx_http_llm_cost_leave(r, NGX_HTTP_CLIENT_CLOSED_REQUEST);

    ngx_http_run_posted_requests(c);
}


/*
 * The end from outside of upstream's handlers: its cleanup gives back the
 * reference that is theirs, so that ours keeps the request for the others.
 */

static void
ngx_http_llm_cost_leave(ngx_http_request_t *r, ngx_int_t rc)
{
    r->main->count++;

    ngx_http_finalize_request(r, rc);
}


/* the request's cleanup */

void
ngx_http_llm_cost_drain_stop(ngx_http_llm_cost_ctx_t *ctx)
{
    if (ctx->drain.timer_set) {
        ngx_del_timer(&ctx->drain);
    }
}
