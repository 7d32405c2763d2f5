
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_filter.h"

#include <zlib.h>


/*
 * gzip and deflate are read beside the way that the bytes take: a copy of the
 * pointer goes in, the original goes on to the client.  What comes out may be
 * a thousand times as long as what went in; beyond the bounds below it is not
 * an answer of a language model, and reading stops.
 */

#define NGX_HTTP_LLM_COST_INFLATE_OUT    8192
#define NGX_HTTP_LLM_COST_INFLATE_FREE   (1024 * 1024)
#define NGX_HTTP_LLM_COST_INFLATE_RATIO  256


struct ngx_http_llm_cost_inflate_s {
    ngx_pool_t                    *pool;
    ngx_http_llm_cost_inflate_pt   handler;
    void                          *data;
    z_stream                       zs;
    uint64_t                       in;
    uint64_t                       out;

    unsigned                       members:1;   /* one has ended */
    unsigned                       ended:1;     /* ... and that was all */
    unsigned                       stopped:1;

    u_char                         buf[NGX_HTTP_LLM_COST_INFLATE_OUT];
};


static void *
ngx_http_llm_cost_inflate_alloc(void *opaque, u_int items, u_int size)
{
    ngx_http_llm_cost_inflate_t  *inf;

    inf = opaque;

    return ngx_palloc(inf->pool, (size_t) items * size);
}


static void
ngx_http_llm_cost_inflate_free(void *opaque, void *address)
{
    /* the request's pool frees it */
}


ngx_http_llm_cost_inflate_t *
ngx_http_llm_cost_inflate_create(ngx_http_request_t *r,
    ngx_http_llm_cost_inflate_pt handler, void *data)
{
    ngx_http_llm_cost_inflate_t  *inf;

    inf = ngx_palloc(r->pool, sizeof(ngx_http_llm_cost_inflate_t));
    if (inf == NULL) {
        return NULL;
    }

    ngx_memzero(inf, offsetof(ngx_http_llm_cost_inflate_t, buf));

    inf->pool = r->pool;
    inf->handler = handler;
    inf->data = data;

    inf->zs.zalloc = ngx_http_llm_cost_inflate_alloc;
    inf->zs.zfree = ngx_http_llm_cost_inflate_free;
    inf->zs.opaque = inf;

    /* 32: gzip or zlib, whatever the header says */

    if (inflateInit2(&inf->zs, MAX_WBITS + 32) != Z_OK) {
        return NULL;
    }

    return inf;
}


static ngx_int_t
ngx_http_llm_cost_inflate_stop(ngx_http_llm_cost_inflate_t *inf,
    const char *why)
{
    inf->stopped = 1;
    inf->ended = 0;

    ngx_log_error(NGX_LOG_WARN, inf->pool->log, 0,
                  "llm_cost: upstream's compressed answer is not read "
                  "any further: %s", why);

    return NGX_DECLINED;
}


/* one call of zlib; NGX_DONE: it wants more input */

static ngx_int_t
ngx_http_llm_cost_inflate_step(ngx_http_llm_cost_inflate_t *inf)
{
    int        rc;
    size_t     n;
    z_stream  *zs;

    zs = &inf->zs;

    zs->next_out = inf->buf;
    zs->avail_out = NGX_HTTP_LLM_COST_INFLATE_OUT;

    rc = inflate(zs, Z_SYNC_FLUSH);

    n = NGX_HTTP_LLM_COST_INFLATE_OUT - zs->avail_out;
    inf->out += n;

    if (n && inf->handler(inf->data, inf->buf, n) != NGX_OK) {
        return NGX_ERROR;
    }

    if (rc == Z_STREAM_END) {
        inf->members = 1;
        inf->ended = 1;

        if (inflateReset(zs) != Z_OK) {
            return NGX_ERROR;
        }

        return zs->avail_in ? NGX_OK : NGX_DONE;
    }

    if (rc != Z_OK && rc != Z_BUF_ERROR) {

        if (inf->members && zs->total_out == 0) {

            /* padding behind the last member, which every client ignores */

            inf->stopped = 1;
            inf->ended = 1;

            return NGX_DECLINED;
        }

        return ngx_http_llm_cost_inflate_stop(inf, "it is invalid");
    }

    if (inf->out > NGX_HTTP_LLM_COST_INFLATE_FREE
                   + inf->in * NGX_HTTP_LLM_COST_INFLATE_RATIO)
    {
        return ngx_http_llm_cost_inflate_stop(inf, "it swells too much");
    }

    return zs->avail_out ? NGX_DONE : NGX_OK;
}


ngx_int_t
ngx_http_llm_cost_inflate(ngx_http_llm_cost_inflate_t *inf, const u_char *p,
    size_t len)
{
    ngx_int_t  rc;

    if (inf->stopped) {
        return NGX_DECLINED;
    }

    if (len == 0) {
        return NGX_OK;
    }

    inf->in += len;
    inf->ended = 0;
    inf->zs.next_in = (u_char *) p;
    inf->zs.avail_in = len;

    do {
        rc = ngx_http_llm_cost_inflate_step(inf);
    } while (rc == NGX_OK);

    return (rc == NGX_DONE) ? NGX_OK : rc;
}


ngx_uint_t
ngx_http_llm_cost_inflate_whole(ngx_http_llm_cost_inflate_t *inf)
{
    return inf->ended;
}
