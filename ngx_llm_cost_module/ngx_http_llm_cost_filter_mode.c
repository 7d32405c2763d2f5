
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_filter.h"


/*
 * The mode of an answer, chosen once from its header, and who reads its bytes
 * in that mode.
 */


static ngx_int_t ngx_http_llm_cost_coding(ngx_http_llm_cost_filter_t *f);
static ngx_http_llm_cost_mode_e ngx_http_llm_cost_json_mode(
    ngx_http_request_t *r);
static llm_framing_e ngx_http_llm_cost_framing(ngx_http_llm_cost_ctx_t *ctx,
    ngx_str_t *type);
static ngx_uint_t ngx_http_llm_cost_is_type(ngx_str_t *type, const char *name,
    size_t len);
static void ngx_http_llm_cost_media_type(ngx_http_request_t *r,
    ngx_str_t *type);
static ngx_int_t ngx_http_llm_cost_read_decoded(void *data, const u_char *p,
    size_t len);


/*
 * The mode of an answer.  Only one of status 2xx with a whole body has a
 * usage; what is refused or moved is passed on as it comes.
 */

ngx_int_t
ngx_http_llm_cost_choose(ngx_http_llm_cost_filter_t *f)
{
    ngx_int_t                  rc;
    ngx_str_t                  type;
    ngx_uint_t                 status;
    ngx_http_request_t        *r;
    ngx_http_llm_cost_mode_e   mode;

    r = f->request;
    status = r->headers_out.status;

    f->mode = NGX_HTTP_LLM_COST_PASS;

    if (status < NGX_HTTP_OK || status >= NGX_HTTP_SPECIAL_RESPONSE
        || f->ctx->free)
    {
        return NGX_OK;
    }

    f->ctx->unread = 1;

    if (r->header_only || r->method == NGX_HTTP_HEAD || r->upstream->upgrade
        || status == NGX_HTTP_NO_CONTENT
        || status == NGX_HTTP_PARTIAL_CONTENT)
    {
        return NGX_OK;
    }

    ngx_http_llm_cost_media_type(r, &type);

    f->framing = ngx_http_llm_cost_framing(f->ctx, &type);

    switch (f->framing) {

    case LLM_FRAMING_NONE:
        return NGX_OK;

    case LLM_FRAMING_JSON:
        mode = ngx_http_llm_cost_json_mode(r);
        break;

    default:
        mode = NGX_HTTP_LLM_COST_STREAM;
    }

    rc = ngx_http_llm_cost_coding(f);

    if (rc == NGX_OK) {
        f->mode = mode;
        f->ctx->unread = 0;
    }

    return (rc == NGX_ERROR) ? NGX_ERROR : NGX_OK;
}


static ngx_http_llm_cost_mode_e
ngx_http_llm_cost_json_mode(ngx_http_request_t *r)
{
    ngx_http_llm_cost_loc_conf_t  *llcf;

    llcf = ngx_http_get_module_loc_conf(r, ngx_http_llm_cost_module);

    return (r->headers_out.content_length_n > (off_t) llcf->max_response)
           ? NGX_HTTP_LLM_COST_WATCH : NGX_HTTP_LLM_COST_HOLD;
}


static llm_framing_e
ngx_http_llm_cost_framing(ngx_http_llm_cost_ctx_t *ctx, ngx_str_t *type)
{
    llm_str_t  t;

    t.len = type->len;
    t.data = type->data;

    if (ctx->provider->framing) {
        return ctx->provider->framing(&ctx->q, &t);
    }

    return llm_framing_of(&t);
}


/* NGX_OK: it can be read; NGX_DECLINED: the coding is not known */

static ngx_int_t
ngx_http_llm_cost_coding(ngx_http_llm_cost_filter_t *f)
{
    ngx_table_elt_t     *h;
    ngx_http_request_t  *r;

    r = f->request;
    h = r->headers_out.content_encoding;

    if (h == NULL || h->hash == 0 || h->value.len == 0
        || ngx_http_llm_cost_is_type(&h->value, "identity", 8))
    {
        return NGX_OK;
    }

    if (!ngx_http_llm_cost_is_type(&h->value, "gzip", 4)
        && !ngx_http_llm_cost_is_type(&h->value, "x-gzip", 6)
        && !ngx_http_llm_cost_is_type(&h->value, "deflate", 7))
    {
        return NGX_DECLINED;
    }

    f->inflate = ngx_http_llm_cost_inflate_create(r,
                                           ngx_http_llm_cost_read_decoded, f);

    return f->inflate ? NGX_OK : NGX_ERROR;
}


/* application/json, with or without parameters */

static void
ngx_http_llm_cost_media_type(ngx_http_request_t *r, ngx_str_t *type)
{
    size_t  n;

    *type = r->headers_out.content_type;

    for (n = 0; n < type->len; n++) {
        if (type->data[n] == ';' || type->data[n] == ' ') {
            break;
        }
    }

    type->len = n;
}


static ngx_uint_t
ngx_http_llm_cost_is_type(ngx_str_t *type, const char *name, size_t len)
{
    return type->len == len
           && ngx_strncasecmp(type->data, (u_char *) name, len) == 0;
}


static ngx_int_t
ngx_http_llm_cost_read_decoded(void *data, const u_char *p, size_t len)
{
    ngx_http_llm_cost_filter_t *f = data;

    if (f->mode == NGX_HTTP_LLM_COST_STREAM) {
        return ngx_http_llm_cost_stream_read(f, p, len);
    }

    return ngx_http_llm_cost_json_read(f, p, len);
}


ngx_int_t
ngx_http_llm_cost_read(ngx_http_llm_cost_filter_t *f, const u_char *p,
    size_t len)
{
    ngx_int_t  rc;

    if (len == 0) {
        return NGX_OK;
    }

    if (f->inflate == NULL) {
        return ngx_http_llm_cost_read_decoded(f, p, len);
    }

    rc = ngx_http_llm_cost_inflate(f->inflate, p, len);

    return (rc == NGX_ERROR) ? NGX_ERROR : NGX_OK;
}
