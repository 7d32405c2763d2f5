
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_filter.h"


/*
 * A stream is passed on at once, byte for byte: upstream's buffering is turned
 * off, the chain that comes in is the chain that goes out, and all that is
 * done here is looking.  ctx->answer is current after every event, so that a
 * client that leaves is billed for what upstream has sent.
 */


static void
ngx_http_llm_cost_first_event(ngx_http_llm_cost_filter_t *f)
{
    ngx_time_t          *tp;
    ngx_msec_int_t       ms;
    ngx_http_request_t  *r;

    r = f->request;
    tp = ngx_timeofday();

    ms = (ngx_msec_int_t) ((tp->sec - r->start_sec) * 1000
                           + (tp->msec - r->start_msec));

    f->ctx->first_token = ngx_max(ms, 0);
}


/*
 * A chunk is an event that holds an object, so "[DONE]" is none.  Of two in
 * one piece the second took no time: it is what a client sees, too.
 */

static void
ngx_http_llm_cost_chunk(ngx_http_llm_cost_ctx_t *ctx)
{
    if (ctx->first_chunk == (ngx_msec_t) -1) {
        ctx->first_chunk = ngx_current_msec - ctx->sent;

    } else {
        llm_stats_hist_ms(ctx->chunks,
                          (ngx_msec_int_t) (ngx_current_msec - ctx->chunk));
    }

    ctx->chunk = ngx_current_msec;
}


static int
ngx_http_llm_cost_stream_event(void *data, const llm_str_t *type,
    const llm_str_t *text, size_t end)
{
    ngx_http_llm_cost_filter_t *f = data;

    int                       rc;
    ngx_http_llm_cost_ctx_t  *ctx;

    ctx = f->ctx;

    if (ctx->first_token == (ngx_msec_t) -1) {
        ngx_http_llm_cost_first_event(f);
    }

    if (text->len && text->data[0] == '{') {
        ngx_http_llm_cost_chunk(ctx);
    }

    rc = ctx->provider->event(&ctx->answer, type, text);

    if (rc < 0) {
        return LLM_ERROR;
    }

    if (rc == LLM_EVENT_USAGE && f->hide) {

        /* to be cut out before anything behind it is read */

        f->usage = 1;
        f->usage_end = end;

        return LLM_DECLINED;
    }

    return LLM_OK;
}


ngx_int_t
ngx_http_llm_cost_stream_header(ngx_http_llm_cost_filter_t *f)
{
    ngx_http_request_t       *r;
    ngx_http_llm_cost_ctx_t  *ctx;

    r = f->request;
    ctx = f->ctx;

    r->filter_need_in_memory = 1;
    r->allow_ranges = 0;
    r->upstream->buffering = 0;

    ctx->answer.stream = 1;

    ctx->chunks = ngx_pcalloc(r->pool, sizeof(llm_stats_hist_t));
    if (ctx->chunks == NULL) {
        return NGX_ERROR;
    }

    f->frames.handler = ngx_http_llm_cost_stream_event;
    f->frames.data = f;
    f->frames.mem = &ctx->mem;

    if (llm_frames_init(&f->frames, f->framing) != LLM_OK) {
        return NGX_ERROR;
    }

    if (f->framing == LLM_FRAMING_SSE) {
        f->sse = f->frames.reader;
        f->sse->max = (ctx->q.kind == LLM_KIND_IMAGES) ? LLM_SSE_LONG : 0;
    }

    f->carry_last = &f->carry;

    if (ctx->injected && !ctx->q.usage_asked) {

        if (f->inflate || f->sse == NULL) {
            /* what cannot be cut is not kept for others, either */
            ctx->storable = 0;

        } else {
            f->hide = 1;
            ngx_http_clear_content_length(r);
            ngx_http_clear_etag(r);
        }
    }

    if (ngx_http_llm_cost_request_headers(ctx) != NGX_OK
        || ngx_http_llm_cost_expect_trailers(f) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_llm_cost_live_start(f);

    return ngx_http_llm_cost_send_header(ctx);
}


ngx_int_t
ngx_http_llm_cost_stream_read(ngx_http_llm_cost_filter_t *f, const u_char *p,
    size_t len)
{
    int  rc;

    rc = llm_frames_feed(&f->frames, p, len);

    if (rc == LLM_DECLINED && f->hide && f->usage) {
        rc = LLM_OK;
    }

    if (rc != LLM_OK) {
        return NGX_ERROR;
    }

    /* of a stream with a hidden part it is not decided yet what that is */

    if (!f->hide) {
        ngx_http_llm_cost_live_feed(f->ctx, p, len, 0);
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_llm_cost_stream_last_event(ngx_http_llm_cost_filter_t *f)
{
    int  rc;

    rc = llm_frames_finish(&f->frames);

    return (rc == LLM_OK || rc == LLM_DECLINED) ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_http_llm_cost_stream_end(ngx_http_llm_cost_filter_t *f)
{
    ngx_int_t                  rc;
    ngx_uint_t                 whole;
    ngx_http_llm_cost_ctx_t   *ctx;
    ngx_http_llm_cost_text_t   text;

    ctx = f->ctx;
    whole = 1;

    ctx->provider->finish(&ctx->answer);
    ctx->complete = ctx->answer.finished;

    if (f->inflate && !ngx_http_llm_cost_inflate_whole(f->inflate)) {
        whole = 0;
        ctx->complete = 0;
        ctx->unread = !ctx->answer.usage_seen;
    }

    if (f->frames.lost) {
        ctx->storable = 0;
        ctx->unread = !ctx->answer.usage_seen;
    }

    if (ctx->storable
        && (ngx_http_llm_cost_live_text(ctx, &text) != NGX_OK
            || ngx_http_llm_cost_answer_entry(f, &text) != NGX_OK))
    {
        return NGX_ERROR;
    }

    rc = ngx_http_llm_cost_answer_end(f);

    ngx_http_llm_cost_live_end(ctx, whole);

    return rc;
}


ngx_int_t
ngx_http_llm_cost_stream_body(ngx_http_llm_cost_filter_t *f, ngx_chain_t *in)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    ngx_http_llm_cost_note(f->ctx);

    if (f->hide) {
        return ngx_http_llm_cost_hide_body(f, in);
    }

    for (cl = in; cl; cl = cl->next) {
        b = cl->buf;

        if (ngx_buf_in_memory(b)
            && ngx_http_llm_cost_read(f, b->pos, b->last - b->pos) != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (ngx_http_llm_cost_failed(f->request, b)) {
            f->ctx->cut = 1;

            if (ngx_http_llm_cost_stream_last_event(f) != NGX_OK) {
                return NGX_ERROR;
            }

            ngx_http_llm_cost_live_end(f->ctx, 0);
        }

        if (b->last_buf
            && (ngx_http_llm_cost_stream_last_event(f) != NGX_OK
                || ngx_http_llm_cost_stream_end(f) != NGX_OK))
        {
            return NGX_ERROR;
        }
    }

    ngx_http_llm_cost_live_wake(f->ctx);

    return ngx_http_llm_cost_play(f->ctx, in);
}
