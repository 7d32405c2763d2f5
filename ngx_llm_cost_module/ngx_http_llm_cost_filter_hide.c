
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_filter.h"


/*
 * A stream whose usage was asked for by us and not by the client: the event
 * that holds nothing else is cut out.  Whether an event is that one is known
 * when it is whole, so that the bytes of an event that is not whole yet are
 * kept back (no client could have acted on them), and go on, or not, with the
 * rest of it.
 *
 * The bytes kept back lie in buffers of our own: upstream's is read into again
 * as soon as this filter returns it empty.  Our buffers come back through
 * f->busy and f->free, and there are never more than those of one event, so
 * that memory does not grow with the stream.  An event longer than what is
 * kept back at most is not the usage, and ends the hiding.
 */

#define NGX_HTTP_LLM_COST_HIDE_BUF  4096
#define NGX_HTTP_LLM_COST_HIDE_MAX  65536


/* the chain that goes out, and where it is appended to */

typedef struct {
    ngx_chain_t   *first;
    ngx_chain_t  **last;
} ngx_http_llm_cost_out_t;


static ngx_chain_t *
ngx_http_llm_cost_hide_link(ngx_http_llm_cost_filter_t *f)
{
    ngx_buf_t    *b;
    ngx_pool_t   *pool;
    ngx_chain_t  *cl;

    pool = f->request->pool;

    cl = ngx_chain_get_free_buf(pool, &f->free);
    if (cl == NULL) {
        return NULL;
    }

    b = cl->buf;

    if (b->start == NULL) {
        b->start = ngx_palloc(pool, NGX_HTTP_LLM_COST_HIDE_BUF);
        if (b->start == NULL) {
            return NULL;
        }

        b->pos = b->start;
        b->last = b->start;
        b->end = b->start + NGX_HTTP_LLM_COST_HIDE_BUF;
        b->temporary = 1;
        b->flush = 1;
        b->tag = (ngx_buf_tag_t) &ngx_http_llm_cost_module;
    }

    return cl;
}


/* bytes that are not decided yet, behind those that are there already */

static ngx_int_t
ngx_http_llm_cost_hide_carry(ngx_http_llm_cost_filter_t *f, const u_char *p,
    size_t len)
{
    size_t        n;
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    f->carried += len;

    while (len) {
        b = f->carry_buf;

        if (b == NULL || b->last == b->end) {
            cl = ngx_http_llm_cost_hide_link(f);
            if (cl == NULL) {
                return NGX_ERROR;
            }

            *f->carry_last = cl;
            f->carry_last = &cl->next;
            b = cl->buf;
            f->carry_buf = b;
        }

        n = ngx_min(len, (size_t) (b->end - b->last));

        b->last = ngx_cpymem(b->last, p, n);
        p += n;
        len -= n;
    }

    return NGX_OK;
}


/* what is kept back is decided: it is for all, or only for who asks for it */

static void
ngx_http_llm_cost_hide_tell(ngx_http_llm_cost_filter_t *f, ngx_uint_t hidden)
{
    ngx_chain_t  *cl;

    for (cl = f->carry; cl; cl = cl->next) {
        ngx_http_llm_cost_live_feed(f->ctx, cl->buf->pos,
                                    cl->buf->last - cl->buf->pos, hidden);
    }
}


/* ... go on to the client */

static void
ngx_http_llm_cost_hide_accept(ngx_http_llm_cost_filter_t *f,
    ngx_http_llm_cost_out_t *out)
{
    if (f->carry == NULL) {
        return;
    }

    ngx_http_llm_cost_hide_tell(f, 0);

    *out->last = f->carry;
    out->last = f->carry_last;

    f->carry = NULL;
    f->carry_last = &f->carry;
    f->carry_buf = NULL;
    f->carried = 0;
}


/* ... or were the usage */

static void
ngx_http_llm_cost_hide_drop(ngx_http_llm_cost_filter_t *f)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    ngx_http_llm_cost_hide_tell(f, 1);

    for (cl = f->carry; cl; cl = cl->next) {
        b = cl->buf;
        b->pos = b->start;
        b->last = b->start;
    }

    *f->carry_last = f->free;
    f->free = f->carry;

    f->carry = NULL;
    f->carry_last = &f->carry;
    f->carry_buf = NULL;
    f->carried = 0;
}


static ngx_int_t
ngx_http_llm_cost_hide_append(ngx_http_llm_cost_filter_t *f,
    ngx_http_llm_cost_out_t *out, ngx_buf_t *b)
{
    ngx_chain_t  *cl;

    cl = ngx_alloc_chain_link(f->request->pool);
    if (cl == NULL) {
        return NGX_ERROR;
    }

    cl->buf = b;
    cl->next = NULL;

    *out->last = cl;
    out->last = &cl->next;

    return NGX_OK;
}


/*
 * The usage event [start, end) of a buffer is cut out, together with what
 * there is of it in the carry; what is in front of it is copied and goes on.
 */

static ngx_int_t
ngx_http_llm_cost_hide_cut(ngx_http_llm_cost_filter_t *f, ngx_buf_t *b,
    u_char *start, u_char *end, ngx_http_llm_cost_out_t *out)
{
    if (start > b->pos) {

        if (ngx_http_llm_cost_hide_carry(f, b->pos, start - b->pos)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        ngx_http_llm_cost_hide_accept(f, out);
    }

    ngx_http_llm_cost_hide_drop(f);

    start = ngx_max(start, b->pos);
    ngx_http_llm_cost_live_feed(f->ctx, start, end - start, 1);

    f->usage = 0;
    f->swallow_lf = (end == b->last && end[-1] == CR);
    b->pos = end;

    return NGX_OK;
}


/* the LF of a CRLF whose CR was the last byte of the usage event */

static void
ngx_http_llm_cost_hide_lf(ngx_http_llm_cost_filter_t *f, ngx_buf_t *b)
{
    u_char  *p;

    if (!f->swallow_lf) {
        return;
    }

    f->swallow_lf = 0;

    p = b->pos;
    b->pos += (*p == LF);

    ngx_http_llm_cost_live_feed(f->ctx, p, b->pos - p, 1);
}


/* where in the buffer the bytes begin that have to be kept back; p: read */

static u_char *
ngx_http_llm_cost_hide_from(ngx_http_llm_cost_filter_t *f, ngx_buf_t *b,
    u_char *p)
{
    if (!llm_sse_at_boundary(f->sse)) {
        return ngx_max(p + f->sse->start, b->pos);
    }

    if (f->request->upstream->length != 0) {
        return b->last;
    }

    /*
     * Upstream has sent everything: the last buffer follows as soon as this
     * one is empty, and both go out, with trailers, in one write.
     */

    return b->pos;
}


/*
 * Data of one buffer of upstream: [pos, from) may go on, [from, last) is not
 * decided.  The buffer is cut down to the former, the latter is carried.
 */

static ngx_int_t
ngx_http_llm_cost_hide_data(ngx_http_llm_cost_filter_t *f, ngx_buf_t *b,
    ngx_http_llm_cost_out_t *out)
{
    u_char  *p, *from;

    p = b->pos;

    /* what was to wait for the last buffer, if this one comes in between */

    if (llm_sse_at_boundary(f->sse)) {
        ngx_http_llm_cost_hide_accept(f, out);
    }

    ngx_http_llm_cost_hide_lf(f, b);

    do {
        if (ngx_http_llm_cost_stream_read(f, p, b->last - p) != NGX_OK) {
            return NGX_ERROR;
        }

        if (!f->usage) {
            break;
        }

        if (ngx_http_llm_cost_hide_cut(f, b, p + f->sse->start,
                                       p + f->usage_end, out)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        p = b->pos;

    } while (p < b->last);

    from = ngx_http_llm_cost_hide_from(f, b, p);

    if (from > b->pos || from == b->last) {
        ngx_http_llm_cost_hide_accept(f, out);
        ngx_http_llm_cost_live_feed(f->ctx, b->pos, from - b->pos, 0);
    }

    if (ngx_http_llm_cost_hide_carry(f, from, b->last - from) != NGX_OK) {
        return NGX_ERROR;
    }

    b->last = from;
    b->in_file = 0;

    return NGX_OK;
}


/* upstream sends nothing more: what is undecided is decided */

static ngx_int_t
ngx_http_llm_cost_hide_end(ngx_http_llm_cost_filter_t *f,
    ngx_http_llm_cost_out_t *out)
{
    if (ngx_http_llm_cost_stream_last_event(f) != NGX_OK) {
        return NGX_ERROR;
    }

    if (f->usage) {
        f->usage = 0;
        ngx_http_llm_cost_hide_drop(f);

        return NGX_OK;
    }

    ngx_http_llm_cost_hide_accept(f, out);

    return NGX_OK;
}


/*
 * A buffer with data and without an end.  Once an event was too long to be
 * kept back, the rest of the same chain goes on as it is, too.
 */

static ngx_int_t
ngx_http_llm_cost_hide_buf(ngx_http_llm_cost_filter_t *f, ngx_buf_t *b,
    ngx_http_llm_cost_out_t *out)
{
    if (!f->hide) {
        if (ngx_http_llm_cost_stream_read(f, b->pos, b->last - b->pos)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        return ngx_http_llm_cost_hide_append(f, out, b);
    }

    if (ngx_http_llm_cost_hide_data(f, b, out) != NGX_OK) {
        return NGX_ERROR;
    }

    if (b->pos < b->last
        && ngx_http_llm_cost_hide_append(f, out, b) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (f->carried > NGX_HTTP_LLM_COST_HIDE_MAX) {
        f->hide = 0;
        f->ctx->storable = 0;

        ngx_http_llm_cost_hide_accept(f, out);
    }

    return NGX_OK;
}


/* a buffer without data: a flush, or the end of one kind or the other */

static ngx_int_t
ngx_http_llm_cost_hide_special(ngx_http_llm_cost_filter_t *f, ngx_buf_t *b,
    ngx_http_llm_cost_out_t *out)
{
    ngx_uint_t  failed;

    failed = ngx_http_llm_cost_failed(f->request, b);

    if ((failed || b->last_buf)
        && ngx_http_llm_cost_hide_end(f, out) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (failed) {
        f->ctx->cut = 1;
        ngx_http_llm_cost_live_end(f->ctx, 0);
    }

    if (b->last_buf && ngx_http_llm_cost_stream_end(f) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_llm_cost_hide_append(f, out, b);
}


/* the end that came with data, in a buffer of its own */

static ngx_buf_t *
ngx_http_llm_cost_hide_split(ngx_http_llm_cost_filter_t *f, ngx_buf_t *b)
{
    ngx_buf_t  *last;

    last = ngx_calloc_buf(f->request->pool);
    if (last == NULL) {
        return NULL;
    }

    last->last_buf = 1;
    last->last_in_chain = b->last_in_chain;

    b->last_buf = 0;
    b->last_in_chain = 0;

    return last;
}


static ngx_int_t
ngx_http_llm_cost_hide_chain(ngx_http_llm_cost_filter_t *f, ngx_chain_t *in,
    ngx_http_llm_cost_out_t *out)
{
    ngx_buf_t  *b, *last;

    for ( /* void */ ; in; in = in->next) {
        b = in->buf;

        if (ngx_buf_in_memory(b) && b->pos < b->last) {
            last = NULL;

            if (b->last_buf) {
                last = ngx_http_llm_cost_hide_split(f, b);
                if (last == NULL) {
                    return NGX_ERROR;
                }
            }

            if (ngx_http_llm_cost_hide_buf(f, b, out) != NGX_OK) {
                return NGX_ERROR;
            }

            b = last;
        }

        if (b && ngx_http_llm_cost_hide_special(f, b, out) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_llm_cost_hide_body(ngx_http_llm_cost_filter_t *f, ngx_chain_t *in)
{
    ngx_int_t                 rc;
    ngx_http_llm_cost_out_t   out;

    out.first = NULL;
    out.last = &out.first;

    if (ngx_http_llm_cost_hide_chain(f, in, &out) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_llm_cost_live_wake(f->ctx);

    if (in && out.first == NULL) {
        /* all of it is kept back */
        return NGX_OK;
    }

    rc = ngx_http_llm_cost_play(f->ctx, out.first);

    ngx_chain_update_chains(f->request->pool, &f->free, &f->busy, &out.first,
                            (ngx_buf_tag_t) &ngx_http_llm_cost_module);

    return rc;
}
