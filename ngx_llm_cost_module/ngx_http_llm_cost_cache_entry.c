
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include <ngx_config.h>
#include <openssl/evp.h>

#include "ngx_http_llm_cost.h"


/*
 * An entry as bytes, integers with the lowest byte first:
 *
 *    0  "llmc"
 *    4  version, 1 byte
 *    5  framing, and whether a stream shows its usage, 1 byte
 *    6  status, 2 bytes
 *    8  time stored, input tokens, output tokens, cost: 8 bytes each
 *   40  length of content type, of model: 2 bytes each; of body: 4 bytes
 *   48  SHA-256 of all other bytes, its first 16
 *   64  content type, model, body
 */


#define NGX_HTTP_LLM_COST_ENTRY_FRAMING  0x0f
#define NGX_HTTP_LLM_COST_ENTRY_USAGE    0x10
#define NGX_HTTP_LLM_COST_ENTRY_HEADER   48
#define NGX_HTTP_LLM_COST_ENTRY_DIGEST   16
#define NGX_HTTP_LLM_COST_ENTRY_TEXT     (NGX_HTTP_LLM_COST_ENTRY_HEADER      \
                                          + NGX_HTTP_LLM_COST_ENTRY_DIGEST)


static u_char *ngx_http_llm_cost_entry_put(u_char *p, uint64_t v,
    ngx_uint_t n);
static uint64_t ngx_http_llm_cost_entry_get(u_char **p, ngx_uint_t n);
static u_char *ngx_http_llm_cost_entry_text(u_char *p, const ngx_str_t *s);
static ngx_int_t ngx_http_llm_cost_entry_digest(const u_char *p, size_t len,
    u_char *digest);


size_t
ngx_http_llm_cost_entry_size(const ngx_http_llm_cost_entry_t *e)
{
    return NGX_HTTP_LLM_COST_ENTRY_TEXT + e->content_type.len + e->model.len
           + e->body.len;
}


void
ngx_http_llm_cost_entry_write(const ngx_http_llm_cost_entry_t *e, u_char *p)
{
    u_char  *start, *digest;

    start = p;

    p = ngx_cpymem(p, "llmc", 4);
    p = ngx_http_llm_cost_entry_put(p, NGX_HTTP_LLM_COST_ENTRY_VERSION, 1);
    p = ngx_http_llm_cost_entry_put(p, e->form.framing
                                       | (e->form.usage
                                          ? NGX_HTTP_LLM_COST_ENTRY_USAGE
                                          : 0),
                                    1);
    p = ngx_http_llm_cost_entry_put(p, e->status, 2);
    p = ngx_http_llm_cost_entry_put(p, (uint64_t) e->stored, 8);
    p = ngx_http_llm_cost_entry_put(p, (uint64_t) e->input, 8);
    p = ngx_http_llm_cost_entry_put(p, (uint64_t) e->output, 8);
    p = ngx_http_llm_cost_entry_put(p, (uint64_t) e->cost, 8);
    p = ngx_http_llm_cost_entry_put(p, e->content_type.len, 2);
    p = ngx_http_llm_cost_entry_put(p, e->model.len, 2);
    p = ngx_http_llm_cost_entry_put(p, e->body.len, 4);

    digest = p;

    p += NGX_HTTP_LLM_COST_ENTRY_DIGEST;
    p = ngx_http_llm_cost_entry_text(p, &e->content_type);
    p = ngx_http_llm_cost_entry_text(p, &e->model);
    p = ngx_http_llm_cost_entry_text(p, &e->body);

    if (ngx_http_llm_cost_entry_digest(start, p - start, digest) != NGX_OK) {

        /* without a digest nobody will take it for an entry */

        ngx_memzero(start, NGX_HTTP_LLM_COST_ENTRY_HEADER);
    }
}


/*
 * NGX_DECLINED for bytes that are not an entry of this version, or not
 * whole.  The entry's strings point into the bytes.
 */

ngx_int_t
ngx_http_llm_cost_entry_read(ngx_pool_t *pool, u_char *p, size_t len,
    ngx_http_llm_cost_entry_t **e)
{
    u_char                     *start, digest[NGX_HTTP_LLM_COST_ENTRY_DIGEST];
    ngx_uint_t                  version, flags;
    ngx_http_llm_cost_entry_t  *entry;

    start = p;

    if (len < NGX_HTTP_LLM_COST_ENTRY_TEXT || ngx_memcmp(p, "llmc", 4) != 0) {
        return NGX_DECLINED;
    }

    entry = ngx_pcalloc(pool, sizeof(ngx_http_llm_cost_entry_t));
    if (entry == NULL) {
        return NGX_ERROR;
    }

    p += 4;
    version = (ngx_uint_t) ngx_http_llm_cost_entry_get(&p, 1);
    flags = (ngx_uint_t) ngx_http_llm_cost_entry_get(&p, 1);
    entry->form.framing = flags & NGX_HTTP_LLM_COST_ENTRY_FRAMING;
    entry->form.usage = (flags & NGX_HTTP_LLM_COST_ENTRY_USAGE) != 0;
    entry->status = (ngx_uint_t) ngx_http_llm_cost_entry_get(&p, 2);
    entry->stored = (time_t) ngx_http_llm_cost_entry_get(&p, 8);
    entry->input = (int64_t) ngx_http_llm_cost_entry_get(&p, 8);
    entry->output = (int64_t) ngx_http_llm_cost_entry_get(&p, 8);
    entry->cost = (int64_t) ngx_http_llm_cost_entry_get(&p, 8);
    entry->content_type.len = (size_t) ngx_http_llm_cost_entry_get(&p, 2);
    entry->model.len = (size_t) ngx_http_llm_cost_entry_get(&p, 2);
    entry->body.len = (size_t) ngx_http_llm_cost_entry_get(&p, 4);

    if (version != NGX_HTTP_LLM_COST_ENTRY_VERSION
        || entry->status != NGX_HTTP_OK || entry->body.len == 0
        || entry->content_type.len > NGX_HTTP_LLM_COST_ENTRY_TYPE
        || entry->model.len > NGX_HTTP_LLM_COST_MODEL_MAX
        || ngx_http_llm_cost_entry_size(entry) != len)
    {
        return NGX_DECLINED;
    }

    if (ngx_http_llm_cost_entry_digest(start, len, digest) != NGX_OK
        || ngx_memcmp(p, digest, NGX_HTTP_LLM_COST_ENTRY_DIGEST) != 0)
    {
        return NGX_DECLINED;
    }

    p += NGX_HTTP_LLM_COST_ENTRY_DIGEST;

    entry->content_type.data = p;
    p += entry->content_type.len;
    entry->model.data = p;
    p += entry->model.len;
    entry->body.data = p;

    *e = entry;

    return NGX_OK;
}


static u_char *
ngx_http_llm_cost_entry_put(u_char *p, uint64_t v, ngx_uint_t n)
{
    while (n--) {
        *p++ = (u_char) v;
        v >>= 8;
    }

    return p;
}


static uint64_t
ngx_http_llm_cost_entry_get(u_char **p, ngx_uint_t n)
{
    uint64_t    v;
    ngx_uint_t  i;

    v = 0;

    for (i = 0; i < n; i++) {
        v |= (uint64_t) (*p)[i] << (8 * i);
    }

    *p += n;

    return v;
}


static u_char *
ngx_http_llm_cost_entry_text(u_char *p, const ngx_str_t *s)
{
    return s->len ? ngx_cpymem(p, s->data, s->len) : p;
}


static ngx_int_t
ngx_http_llm_cost_entry_digest(const u_char *p, size_t len, u_char *digest)
{
    u_char       md[EVP_MAX_MD_SIZE];
    ngx_int_t    rc;
    EVP_MD_CTX  *c;

    c = EVP_MD_CTX_new();
    if (c == NULL) {
        return NGX_ERROR;
    }

    rc = NGX_ERROR;

    if (EVP_DigestInit_ex(c, EVP_sha256(), NULL) == 1
        && EVP_DigestUpdate(c, p, NGX_HTTP_LLM_COST_ENTRY_HEADER) == 1
        && EVP_DigestUpdate(c, p + NGX_HTTP_LLM_COST_ENTRY_TEXT,
                            len - NGX_HTTP_LLM_COST_ENTRY_TEXT) == 1
        && EVP_DigestFinal_ex(c, md, NULL) == 1)
    {
        ngx_memcpy(digest, md, NGX_HTTP_LLM_COST_ENTRY_DIGEST);
        rc = NGX_OK;
    }

    EVP_MD_CTX_free(c);

    return rc;
}
