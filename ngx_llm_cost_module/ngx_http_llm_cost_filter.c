
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_filter.h"


static ngx_int_t ngx_http_llm_cost_header_filter(ngx_http_request_t *r);
static ngx_int_t ngx_http_llm_cost_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);


ngx_http_output_header_filter_pt  ngx_http_llm_cost_next_header_filter;
ngx_http_output_body_filter_pt    ngx_http_llm_cost_next_body_filter;


#define NGX_HTTP_LLM_COST_TEXT_MIN  16384


/* room is made for all of len; the caller bounds it */

ngx_int_t
ngx_http_llm_cost_text_add(ngx_pool_t *pool, ngx_http_llm_cost_text_t *t,
    const u_char *p, size_t len)
{
    u_char  *data;
    size_t   size;

    if (len > t->size - t->len) {

        size = t->size ? t->size * 2 : NGX_HTTP_LLM_COST_TEXT_MIN;

        while (size < t->len + len) {
            size *= 2;
        }

        data = ngx_pnalloc(pool, size);
        if (data == NULL) {
            return NGX_ERROR;
        }

        if (t->data) {
            ngx_memcpy(data, t->data, t->len);
            (void) ngx_pfree(pool, t->data);
        }

        t->data = data;
        t->size = size;
    }

    if (len) {
        ngx_memcpy(t->data + t->len, p, len);
        t->len += len;
    }

    return NGX_OK;
}


/*
 * An upstream that breaks off leaves no last buffer: it is finalized, its
 * connection is gone, and a lone flush goes out.  While it lives, a flush has
 * either data or a peer connection.
 */

ngx_uint_t
ngx_http_llm_cost_failed(ngx_http_request_t *r, ngx_buf_t *b)
{
    return b->flush
           && !b->last_buf
           && !ngx_buf_in_memory(b)
           && !b->in_file
           && r->upstream
           && r->upstream->peer.connection == NULL;
}


ngx_int_t
ngx_http_llm_cost_expect_trailers(ngx_http_llm_cost_filter_t *f)
{
    ngx_http_request_t            *r;
    ngx_http_core_loc_conf_t      *clcf;
    ngx_http_llm_cost_loc_conf_t  *llcf;

    r = f->request;

    llcf = ngx_http_get_module_loc_conf(r, ngx_http_llm_cost_module);
    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (!llcf->headers
        || r->http_version < NGX_HTTP_VERSION_11
        || (r->http_version < NGX_HTTP_VERSION_20
            && !clcf->chunked_transfer_encoding))
    {
        return NGX_OK;
    }

    f->trailers = 1;
    r->expect_trailers = 1;
    ngx_http_clear_content_length(r);

    return ngx_http_llm_cost_announce_trailers(r);
}


ngx_int_t
ngx_http_llm_cost_answer_end(ngx_http_llm_cost_filter_t *f)
{
    f->mode = NGX_HTTP_LLM_COST_OFF;

    ngx_http_llm_cost_settle(f->ctx);

    if (!f->trailers) {
        return NGX_OK;
    }

    return ngx_http_llm_cost_answer_headers(f->ctx,
                                         &f->request->headers_out.trailers);
}


ngx_int_t
ngx_http_llm_cost_answer_entry(ngx_http_llm_cost_filter_t *f,
    ngx_http_llm_cost_text_t *body)
{
    ngx_http_llm_cost_ctx_t    *ctx;
    ngx_http_llm_cost_entry_t  *e;

    ctx = f->ctx;

    if (!ctx->storable || !ctx->complete || ctx->answer.error) {
        ctx->storable = 0;
        return NGX_OK;
    }

    e = ngx_pcalloc(f->request->pool, sizeof(ngx_http_llm_cost_entry_t));
    if (e == NULL) {
        return NGX_ERROR;
    }

    e->status = ctx->answer_status;
    e->content_type = f->request->headers_out.content_type;
    e->body.data = body->data;
    e->body.len = body->len;
    e->form.framing = f->framing;
    e->form.usage = ctx->answer.stream
                    && (ctx->q.usage_asked || ctx->injected);

    ctx->entry = e;

    return NGX_OK;
}


/*
 * Upstream's answer is what a live upstream (u->cleanup: it has not been
 * finalized) sends as its header.  Error pages, X-Accel-Redirect targets and
 * responses of other handlers are not.
 */

static ngx_uint_t
ngx_http_llm_cost_is_answer(ngx_http_request_t *r)
{
    ngx_http_upstream_t  *u;

#if (NGX_HTTP_CACHE)

    if (r->cached) {
        return 1;
    }

#endif

    u = r->upstream;

    return u && u->cleanup && !u->header_sent;
}


/*
 * An error page in the place of upstream's own error (proxy_intercept_errors):
 * that nothing is owed is known from what upstream said.
 */

static void
ngx_http_llm_cost_intercepted(ngx_http_llm_cost_ctx_t *ctx,
    ngx_http_request_t *r)
{
    ngx_uint_t  status;

    if (r->upstream == NULL || ctx->filter) {
        return;
    }

    status = r->upstream->headers_in.status_n;

    if (status >= NGX_HTTP_BAD_REQUEST) {
        ctx->answer_status = status;
    }
}


static const llm_str_t *
ngx_http_llm_cost_answer_header(void *ctx, const char *name)
{
    size_t               len;
    ngx_uint_t           i;
    ngx_list_part_t     *part;
    ngx_table_elt_t     *h;
    ngx_http_request_t  *r = ctx;

    len = ngx_strlen(name);
    part = &r->headers_out.headers.part;
    h = part->elts;

    for (i = 0; /* void */ ; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                return NULL;
            }

            part = part->next;
            h = part->elts;
            i = 0;
        }

        if (h[i].hash && h[i].key.len == len
            && ngx_strncasecmp(h[i].key.data, (u_char *) name, len) == 0)
        {
            return (const llm_str_t *) &h[i].value;
        }
    }
}


/* some say what was used in the header of their answer, and nowhere else */

static ngx_int_t
ngx_http_llm_cost_read_header(ngx_http_llm_cost_ctx_t *ctx,
    ngx_http_request_t *r)
{
    llm_headers_t  h;

    if (ctx->provider->headers == NULL
        || r->headers_out.status >= NGX_HTTP_SPECIAL_RESPONSE || ctx->free)
    {
        return NGX_OK;
    }

    h.get = ngx_http_llm_cost_answer_header;
    h.ctx = r;

    return ctx->provider->headers(&ctx->answer, &h) == LLM_OK ? NGX_OK
                                                              : NGX_ERROR;
}


static ngx_http_llm_cost_filter_t *
ngx_http_llm_cost_filter_create(ngx_http_llm_cost_ctx_t *ctx,
    ngx_http_request_t *r)
{
    ngx_http_llm_cost_filter_t  *f;

    f = ngx_pcalloc(r->pool, sizeof(ngx_http_llm_cost_filter_t));
    if (f == NULL) {
        return NULL;
    }

    f->ctx = ctx;
    f->request = r;

    ctx->filter = f;
    ctx->answer_status = r->headers_out.status;
    ctx->cut = 0;
    ctx->unread = 0;

#if (NGX_HTTP_CACHE)
    ctx->free = r->cached;
#endif

    if (r->headers_out.status != NGX_HTTP_OK || ctx->free) {
        ctx->storable = 0;
    }

    llm_answer_init(&ctx->answer, &ctx->mem, ctx->q.kind,
                    ctx->counter.vocab ? &ctx->counter : NULL);
    ctx->answer.q = &ctx->q;

    if (ngx_http_llm_cost_read_header(ctx, r) != NGX_OK
        || ngx_http_llm_cost_held_listen(ctx) != NGX_OK)
    {
        return NULL;
    }

    return f;
}


static ngx_int_t
ngx_http_llm_cost_pass_header(ngx_http_llm_cost_filter_t *f)
{
    f->ctx->storable = 0;

    if (ngx_http_llm_cost_request_headers(f->ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_llm_cost_send_header(f->ctx);
}


static ngx_int_t
ngx_http_llm_cost_header_filter(ngx_http_request_t *r)
{
    ngx_http_llm_cost_ctx_t     *ctx;
    ngx_http_llm_cost_filter_t  *f;

    if (r != r->main) {
        return ngx_http_llm_cost_next_header_filter(r);
    }

    ctx = ngx_http_llm_cost_get_ctx(r);

    if (ctx == NULL || ctx->state != NGX_HTTP_LLM_COST_FORWARD) {
        return ngx_http_llm_cost_next_header_filter(r);
    }

    f = ctx->filter;

    if (f) {
        /* another response takes the place of the one that was being read */

        f->mode = NGX_HTTP_LLM_COST_OFF;
    }

    if (ctx->settled || !ngx_http_llm_cost_is_answer(r)) {
        ngx_http_llm_cost_intercepted(ctx, r);
        return ngx_http_llm_cost_next_header_filter(r);
    }

    f = ngx_http_llm_cost_filter_create(ctx, r);

    if (f == NULL || ngx_http_llm_cost_choose(f) != NGX_OK) {
        return NGX_ERROR;
    }

    switch (f->mode) {

    case NGX_HTTP_LLM_COST_HOLD:
        return ngx_http_llm_cost_hold_header(f);

    case NGX_HTTP_LLM_COST_WATCH:
        return ngx_http_llm_cost_watch_header(f);

    case NGX_HTTP_LLM_COST_STREAM:
        return ngx_http_llm_cost_stream_header(f);

    default: /* NGX_HTTP_LLM_COST_PASS */
        return ngx_http_llm_cost_pass_header(f);
    }
}


/* what is not read is at least followed to its end */

static ngx_int_t
ngx_http_llm_cost_pass_body(ngx_http_llm_cost_filter_t *f, ngx_chain_t *in)
{
    ngx_chain_t  *cl;

    for (cl = in; cl; cl = cl->next) {

        if (ngx_http_llm_cost_failed(f->request, cl->buf)) {
            f->ctx->cut = 1;
        }

        if (cl->buf->last_buf) {
            f->ctx->complete = 1;

            if (ngx_http_llm_cost_answer_end(f) != NGX_OK) {
                return NGX_ERROR;
            }
        }
    }

    return ngx_http_llm_cost_send_body(f->ctx, in);
}


static ngx_int_t
ngx_http_llm_cost_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_http_llm_cost_ctx_t     *ctx;
    ngx_http_llm_cost_filter_t  *f;

    if (r != r->main) {
        return ngx_http_llm_cost_next_body_filter(r, in);
    }

    ctx = ngx_http_llm_cost_get_ctx(r);

    if (ctx == NULL || ctx->filter == NULL) {
        return ngx_http_llm_cost_next_body_filter(r, in);
    }

    f = ctx->filter;

    if (ctx->guarded && ngx_http_llm_cost_drain_check(ctx, in) != NGX_OK) {
        return NGX_ERROR;
    }

    switch (f->mode) {

    case NGX_HTTP_LLM_COST_PASS:
        return ngx_http_llm_cost_pass_body(f, in);

    case NGX_HTTP_LLM_COST_HOLD:
        return ngx_http_llm_cost_hold_body(f, in);

    case NGX_HTTP_LLM_COST_WATCH:
        return ngx_http_llm_cost_watch_body(f, in);

    case NGX_HTTP_LLM_COST_STREAM:
        return ngx_http_llm_cost_stream_body(f, in);

    default: /* NGX_HTTP_LLM_COST_OFF */
        return ngx_http_llm_cost_send_body(ctx, in);
    }
}


ngx_int_t
ngx_http_llm_cost_filter_init(ngx_conf_t *cf)
{
    ngx_http_llm_cost_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_llm_cost_header_filter;

    ngx_http_llm_cost_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_http_llm_cost_body_filter;

    return NGX_OK;
}
