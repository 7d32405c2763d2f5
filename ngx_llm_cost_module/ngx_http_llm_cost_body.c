
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include <ngx_config.h>
#include <sys/mman.h>

#include "ngx_http_llm_cost.h"


#define NGX_HTTP_LLM_COST_BODY_MAP  (1024 * 1024)


static ngx_int_t ngx_http_llm_cost_body_map(ngx_http_request_t *r,
    ngx_str_t *body);
static ngx_int_t ngx_http_llm_cost_body_copy(ngx_http_request_t *r,
    ngx_str_t *body);
static void ngx_http_llm_cost_body_unmap(void *data);


/*
 * The request's body.  A body that nginx has in one piece of memory is used
 * where it lies, and a large one that is in a temporary file is mapped;
 * otherwise (two buffers, a small file) it is copied once.
 * Nobody changes those bytes: an edited body is a new buffer, so that what the
 * client sent stays at hand for a fallback to another location.
 */

ngx_int_t
ngx_http_llm_cost_body_gather(ngx_http_request_t *r, size_t max,
    ngx_str_t *body)
{
    off_t         size;
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    body->len = 0;
    body->data = (u_char *) "";

    if (r->request_body == NULL || r->request_body->bufs == NULL) {
        return NGX_OK;
    }

    size = 0;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        size += ngx_buf_size(cl->buf);
    }

    if (size > (off_t) max) {
        return NGX_DECLINED;
    }

    body->len = (size_t) size;

    /* a chunked body ends with a buffer that holds nothing */

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        b = cl->buf;

        if (ngx_buf_in_memory(b) && b->last - b->pos == (ssize_t) size) {
            body->data = b->pos;
            return NGX_OK;
        }
    }

    if (body->len >= NGX_HTTP_LLM_COST_BODY_MAP
        && ngx_http_llm_cost_body_map(r, body) == NGX_OK)
    {
        return NGX_OK;
    }

    return ngx_http_llm_cost_body_copy(r, body);
}


static ngx_int_t
ngx_http_llm_cost_body_copy(ngx_http_request_t *r, ngx_str_t *body)
{
    u_char       *p;
    ssize_t       n;
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    p = ngx_pnalloc(r->pool, body->len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    body->data = p;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        b = cl->buf;

        if (ngx_buf_in_memory(b)) {
            p = ngx_cpymem(p, b->pos, b->last - b->pos);
            continue;
        }

        if (!b->in_file) {
            continue;
        }

        /* just written, so it is read from the page cache */

        n = ngx_read_file(b->file, p, (size_t) (b->file_last - b->file_pos),
                          b->file_pos);

        if (n != (ssize_t) (b->file_last - b->file_pos)) {
            ngx_log_error(NGX_LOG_ALERT, r->connection->log, 0,
                          "request body file \"%V\" was not read whole",
                          &b->file->name);
            return NGX_ERROR;
        }

        p += n;
    }

    return NGX_OK;
}


/*
 * Of a file of many requests only what is being read is in memory.  Nobody
 * else has the temporary file, so it does not become shorter meanwhile.
 * NGX_DECLINED: it is to be copied.
 */

static ngx_int_t
ngx_http_llm_cost_body_map(ngx_http_request_t *r, ngx_str_t *body)
{
    void                *p;
    ngx_buf_t           *b;
    ngx_str_t           *map;
    ngx_chain_t         *cl;
    ngx_pool_cleanup_t  *cln;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        b = cl->buf;

        if (!ngx_buf_in_memory(b) && b->in_file && b->file_pos == 0
            && b->file_last == (off_t) body->len)
        {
            break;
        }
    }

    if (cl == NULL) {
        return NGX_DECLINED;
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_str_t));
    if (cln == NULL) {
        return NGX_DECLINED;
    }

    p = mmap(NULL, body->len, PROT_READ, MAP_PRIVATE, cl->buf->file->fd, 0);
    if (p == MAP_FAILED) {
        return NGX_DECLINED;
    }

    body->data = p;

    map = cln->data;
    *map = *body;
    cln->handler = ngx_http_llm_cost_body_unmap;

    return NGX_OK;
}


static void
ngx_http_llm_cost_body_unmap(void *data)
{
    ngx_str_t *map = data;

    (void) munmap(map->data, map->len);
}


static size_t
ngx_http_llm_cost_edited_len(const ngx_str_t *body, const llm_edits_t *e)
{
    size_t    len;
    unsigned  i;

    len = body->len;

    for (i = 0; i < e->n; i++) {
        len -= e->e[i].end - e->e[i].start;
        len += e->e[i].text.len;
    }

    return len;
}


static u_char *
ngx_http_llm_cost_edited(u_char *p, const ngx_str_t *body,
    const llm_edits_t *e)
{
    size_t    from;
    unsigned  i;

    from = 0;

    for (i = 0; i < e->n; i++) {
        p = ngx_cpymem(p, body->data + from, e->e[i].start - from);
        p = ngx_cpymem(p, e->e[i].text.data, e->e[i].text.len);
        from = e->e[i].end;
    }

    return ngx_cpymem(p, body->data + from, body->len - from);
}


/* another text in the place of ctx->body, for a request that is asked anew */

ngx_int_t
ngx_http_llm_cost_body_rewrite(ngx_http_llm_cost_ctx_t *ctx,
    const llm_edits_t *e)
{
    u_char  *p;
    size_t   len;

    len = ngx_http_llm_cost_edited_len(&ctx->body, e);

    p = ngx_pnalloc(ctx->request->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_http_llm_cost_edited(p, &ctx->body, e);

    ctx->body.data = p;
    ctx->body.len = len;

    return NGX_OK;
}


/*
 * Put the edits into a body of our own.  The buffer starts at its memory's
 * start: a retry on the next upstream rewinds pos to start.
 */

ngx_int_t
ngx_http_llm_cost_body_edit(ngx_http_llm_cost_ctx_t *ctx,
    const llm_edits_t *e)
{
    size_t               len;
    ngx_buf_t           *b;
    ngx_chain_t         *cl;
    ngx_table_elt_t     *h;
    ngx_http_request_t  *r;

    if (e->n == 0 && ctx->asked.len == 0) {
        return NGX_OK;
    }

    r = ctx->request;
    len = ngx_http_llm_cost_edited_len(&ctx->body, e);

    b = ngx_create_temp_buf(r->pool, len);
    cl = ngx_alloc_chain_link(r->pool);

    if (b == NULL || cl == NULL) {
        return NGX_ERROR;
    }

    b->last = ngx_http_llm_cost_edited(b->last, &ctx->body, e);
    b->last_buf = 1;

    cl->buf = b;
    cl->next = NULL;

    r->request_body->bufs = cl;
    r->request_body->buf = b;
    r->request_body->temp_file = NULL;

    r->headers_in.content_length_n = len;

    h = r->headers_in.content_length;

    if (h) {
        h->value.data = ngx_pnalloc(r->pool, NGX_OFF_T_LEN);
        if (h->value.data == NULL) {
            return NGX_ERROR;
        }

        h->value.len = ngx_sprintf(h->value.data, "%uz", len) - h->value.data;
    }

    return NGX_OK;
}
