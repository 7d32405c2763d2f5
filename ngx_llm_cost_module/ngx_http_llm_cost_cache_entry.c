
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include <ngx_config.h>
#include <openssl/evp.h>

#include "ngx_http_llm_cost.h"


/*
 * An entry as bytes.  In Redis, which others can write to, integers with the
 * lowest byte first:
 *
 *    0  "llmc"
 *    4  version, 1 byte
 *    5  framing, and whether a stream shows its usage, 1 byte
 *    6  status, 2 bytes
 *    8  time stored, input tokens, output tokens, cost: 8 bytes each
 *   40  length of content type, of model: 2 bytes each; of body: 4 bytes
 *   48  SHA-256 of all other bytes, its first 16
 *   64  content type, model, body
 *
 * In the zone, where only workers write and the table knows the time, the size
 * and a sum of the bytes:
 *
 *    0  as byte 5 above
 *    1  length of content type, 1 byte
 *    2  length of model, input tokens, output tokens, cost: each plus 1, in
 *       groups of 7 bits, the lowest first; the last one has no highest bit
 *       content type, model, body
 */


#define NGX_HTTP_LLM_COST_ENTRY_FRAMING  0x0f
#define NGX_HTTP_LLM_COST_ENTRY_USAGE    0x10
#define NGX_HTTP_LLM_COST_ENTRY_HEADER   48
#define NGX_HTTP_LLM_COST_ENTRY_DIGEST   16
#define NGX_HTTP_LLM_COST_ENTRY_VARINT   10
#define NGX_HTTP_LLM_COST_ENTRY_TEXT     (NGX_HTTP_LLM_COST_ENTRY_HEADER      \
                                          + NGX_HTTP_LLM_COST_ENTRY_DIGEST)


static ngx_uint_t ngx_http_llm_cost_entry_flags(
    const ngx_http_llm_cost_entry_t *e);
static u_char *ngx_http_llm_cost_entry_put(u_char *p, uint64_t v,
    ngx_uint_t n);
static uint64_t ngx_http_llm_cost_entry_get(u_char **p, ngx_uint_t n);
static u_char *ngx_http_llm_cost_entry_put_varint(u_char *p, int64_t n);
static ngx_int_t ngx_http_llm_cost_entry_get_varint(u_char **p, u_char *last,
    int64_t *n);
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
    p = ngx_http_llm_cost_entry_put(p, ngx_http_llm_cost_entry_flags(e), 1);
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


size_t
ngx_http_llm_cost_entry_pack_max(const ngx_http_llm_cost_entry_t *e)
{
    return 2 + 4 * NGX_HTTP_LLM_COST_ENTRY_VARINT + e->content_type.len
           + e->model.len + e->body.len;
}


size_t
ngx_http_llm_cost_entry_pack(const ngx_http_llm_cost_entry_t *e, u_char *start)
{
    u_char  *p;

    p = start;

    *p++ = (u_char) ngx_http_llm_cost_entry_flags(e);
    *p++ = (u_char) e->content_type.len;

    p = ngx_http_llm_cost_entry_put_varint(p, (int64_t) e->model.len);
    p = ngx_http_llm_cost_entry_put_varint(p, e->input);
    p = ngx_http_llm_cost_entry_put_varint(p, e->output);
    p = ngx_http_llm_cost_entry_put_varint(p, e->cost);

    p = ngx_http_llm_cost_entry_text(p, &e->content_type);
    p = ngx_http_llm_cost_entry_text(p, &e->model);
    p = ngx_http_llm_cost_entry_text(p, &e->body);

    return p - start;
}


/* its strings point into the bytes; all of it but when it was stored */

ngx_int_t
ngx_http_llm_cost_entry_unpack(ngx_pool_t *pool, u_char *p, size_t len,
    ngx_http_llm_cost_entry_t **e)
{
    u_char                     *last;
    int64_t                     model;
    ngx_http_llm_cost_entry_t  *entry;

    last = p + len;

    if (len < 2) {
        return NGX_DECLINED;
    }

    entry = ngx_pcalloc(pool, sizeof(ngx_http_llm_cost_entry_t));
    if (entry == NULL) {
        return NGX_ERROR;
    }

    entry->status = NGX_HTTP_OK;
    entry->form.framing = *p & NGX_HTTP_LLM_COST_ENTRY_FRAMING;
    entry->form.usage = (*p++ & NGX_HTTP_LLM_COST_ENTRY_USAGE) != 0;
    entry->content_type.len = *p++;

    if (ngx_http_llm_cost_entry_get_varint(&p, last, &model) != NGX_OK
        || ngx_http_llm_cost_entry_get_varint(&p, last, &entry->input)
           != NGX_OK
        || ngx_http_llm_cost_entry_get_varint(&p, last, &entry->output)
           != NGX_OK
        || ngx_http_llm_cost_entry_get_varint(&p, last, &entry->cost)
           != NGX_OK
        || model < 0 || model > NGX_HTTP_LLM_COST_MODEL_MAX
        || (size_t) (last - p) <= entry->content_type.len + (size_t) model)
    {
        return NGX_DECLINED;
    }

    entry->content_type.data = p;
    p += entry->content_type.len;
    entry->model.data = p;
    entry->model.len = (size_t) model;
    p += model;
    entry->body.data = p;
    entry->body.len = last - p;

    *e = entry;

    return NGX_OK;
}


static ngx_uint_t
ngx_http_llm_cost_entry_flags(const ngx_http_llm_cost_entry_t *e)
{
    return e->form.framing
           | (e->form.usage ? NGX_HTTP_LLM_COST_ENTRY_USAGE : 0);
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


/* -1, what is not known, is a 0 */

static u_char *
ngx_http_llm_cost_entry_put_varint(u_char *p, int64_t n)
{
    uint64_t  v;

    for (v = (uint64_t) n + 1; v >= 0x80; v >>= 7) {
        *p++ = (u_char) (v | 0x80);
    }

    *p++ = (u_char) v;

    return p;
}


static ngx_int_t
ngx_http_llm_cost_entry_get_varint(u_char **p, u_char *last, int64_t *n)
{
    uint64_t    v;
    ngx_uint_t  shift;

    v = 0;

    for (shift = 0; *p < last && shift < 64; shift += 7) {
        v |= (uint64_t) (**p & 0x7f) << shift;

        if (*(*p)++ < 0x80) {
            *n = (int64_t) (v - 1);
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


static u_char *
ngx_http_llm_cost_entry_text(u_char *p, const ngx_str_t *s)
{
    return s->len ? ngx_cpymem(p, s->data, s->len) : p;
}


static ngx_int_t
ngx_http_llm_cost_entry_digest(const u_char *p, size_t len, u_char *digest)
{
    u_char       sha256[EVP_MAX_MD_SIZE];
    EVP_MD_CTX  *md;

    md = ngx_http_llm_cost_sha256();

    if (md == NULL
        || EVP_DigestUpdate(md, p, NGX_HTTP_LLM_COST_ENTRY_HEADER) != 1
        || EVP_DigestUpdate(md, p + NGX_HTTP_LLM_COST_ENTRY_TEXT,
                            len - NGX_HTTP_LLM_COST_ENTRY_TEXT) != 1
        || EVP_DigestFinal_ex(md, sha256, NULL) != 1)
    {
        return NGX_ERROR;
    }

    ngx_memcpy(digest, sha256, NGX_HTTP_LLM_COST_ENTRY_DIGEST);

    return NGX_OK;
}
