
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include <ngx_config.h>
#include <openssl/evp.h>

#include "ngx_http_llm_cost.h"
#include "llm_utf8.h"


/*
 * Who a request is for.  The user and the tags are attribution: what somebody
 * says of himself.  The key id is the name of the credential that upstream
 * will check, never the credential: 32 hex digits of its SHA-256.
 */


static ngx_int_t ngx_http_llm_cost_credential(ngx_http_request_t *r,
    ngx_str_t *credential);
static ngx_int_t ngx_http_llm_cost_sigv4_key(ngx_str_t *value,
    ngx_str_t *credential);
static ngx_int_t ngx_http_llm_cost_label(ngx_pool_t *pool, ngx_str_t *s);
static u_char *ngx_http_llm_cost_log(ngx_http_request_t *r,
    ngx_http_request_t *sr, u_char *buf, size_t len);


/* who writes what a log line says of a request: nginx */

static ngx_http_log_handler_pt  ngx_http_llm_cost_next_log;


#define ngx_http_llm_cost_header(r, s)                                        \
    ngx_http_llm_cost_find_header(r, s, sizeof(s) - 1)


/* NGX_OK, NGX_DECLINED: the client sent no credential, NGX_ERROR */

ngx_int_t
ngx_http_llm_cost_key_id(ngx_http_request_t *r, ngx_str_t *id)
{
    u_char                          md[EVP_MAX_MD_SIZE], *p;
    ngx_int_t                       rc;
    ngx_str_t                       credential;
    EVP_MD_CTX                     *ctx;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    rc = ngx_http_llm_cost_credential(r, &credential);
    if (rc != NGX_OK) {
        return rc;
    }

    lmcf = ngx_http_get_module_main_conf(r, ngx_http_llm_cost_module);

    p = ngx_pnalloc(r->pool, NGX_HTTP_LLM_COST_KEY_ID_LEN);
    ctx = ngx_http_llm_cost_sha256();

    if (p == NULL || ctx == NULL
        || !EVP_DigestUpdate(ctx, lmcf->key_salt.data, lmcf->key_salt.len)
        || !EVP_DigestUpdate(ctx, credential.data, credential.len)
        || !EVP_DigestFinal_ex(ctx, md, NULL))
    {
        return NGX_ERROR;
    }

    ngx_hex_dump(p, md, NGX_HTTP_LLM_COST_KEY_ID_LEN / 2);

    id->data = p;
    id->len = NGX_HTTP_LLM_COST_KEY_ID_LEN;

    return NGX_OK;
}


static ngx_int_t
ngx_http_llm_cost_credential(ngx_http_request_t *r, ngx_str_t *credential)
{
    ngx_str_t  *value;

    if (r->headers_in.authorization) {
        value = &r->headers_in.authorization->value;

        if (value->len > 7
            && ngx_strncasecmp(value->data, (u_char *) "Bearer ", 7) == 0)
        {
            credential->data = value->data + 7;
            credential->len = value->len - 7;
            return NGX_OK;
        }

        if (ngx_http_llm_cost_sigv4_key(value, credential) == NGX_OK) {
            return NGX_OK;
        }
    }

    value = ngx_http_llm_cost_header(r, "x-api-key");

    if (value == NULL) {
        value = ngx_http_llm_cost_header(r, "api-key");
    }

    if (value == NULL) {
        value = ngx_http_llm_cost_header(r, "x-goog-api-key");
    }

    if (value) {
        *credential = *value;
        return NGX_OK;
    }

    if (ngx_http_arg(r, (u_char *) "key", 3, credential) == NGX_OK
        && credential->len)
    {
        return NGX_OK;
    }

    return NGX_DECLINED;
}


/* AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/bedrock/aws4_request */

static ngx_int_t
ngx_http_llm_cost_sigv4_key(ngx_str_t *value, ngx_str_t *credential)
{
    u_char  *p, *last;

    if (value->len < 16
        || ngx_strncmp(value->data, "AWS4-HMAC-SHA256", 16) != 0)
    {
        return NGX_DECLINED;
    }

    last = value->data + value->len;

    p = ngx_strnstr(value->data, "Credential=", value->len);
    if (p == NULL) {
        return NGX_DECLINED;
    }

    credential->data = p + sizeof("Credential=") - 1;

    p = ngx_strlchr(credential->data, last, '/');
    if (p == NULL || p == credential->data) {
        return NGX_DECLINED;
    }

    credential->len = p - credential->data;

    return NGX_OK;
}


/* the first header line of that name that is not empty, or NULL */

ngx_str_t *
ngx_http_llm_cost_find_header(ngx_http_request_t *r, const char *name,
    size_t len)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    part = &r->headers_in.headers.part;
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

        if (h[i].key.len == len && h[i].value.len
            && ngx_strncasecmp(h[i].key.data, (u_char *) name, len) == 0)
        {
            return &h[i].value;
        }
    }
}


/*
 * User, key id and tags of a request.  Evaluated once, when the body has been
 * read and $llm_model is known: nginx keeps the value that a map had first.
 * A request that ends before that is named without its model.
 */

ngx_int_t
ngx_http_llm_cost_identity(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_str_t                     *value;
    ngx_uint_t                     i;
    ngx_http_request_t            *r;
    ngx_http_llm_cost_tag_t       *tag;
    ngx_http_llm_cost_loc_conf_t  *llcf;

    r = ctx->request;
    llcf = ngx_http_get_module_loc_conf(r, ngx_http_llm_cost_module);

    if (llcf->user) {
        if (ngx_http_complex_value(r, llcf->user, &ctx->user) != NGX_OK) {
            return NGX_ERROR;
        }

    } else {
        value = ngx_http_llm_cost_header(r, "x-user-id");
        if (value) {
            ctx->user = *value;
        }
    }

    if (ngx_http_llm_cost_label(r->pool, &ctx->user) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ctx->user.len == 0) {
        ngx_str_set(&ctx->user, "anonymous");
    }

    if (ngx_http_llm_cost_key_id(r, &ctx->key_id) == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (llcf->tags == NULL) {
        return NGX_OK;
    }

    tag = llcf->tags->elts;

    for (i = 0; i < llcf->tags->nelts; i++) {
        if (ngx_http_complex_value(r, &tag[i].value, &ctx->tags[i])
            != NGX_OK
            || ngx_http_llm_cost_label(r->pool, &ctx->tags[i]) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/*
 * A label is at most 256 bytes, cut where a UTF-8 character begins.  It is
 * often what a client sends, and goes into the access log: a byte that is not
 * UTF-8 would keep readers of JSON from a line, and a request from a bill.
 * Such a label keeps what is readable, and is told apart, since it says whose
 * an answer in the cache is, by 32 hex digits of its SHA-256.
 */

static ngx_int_t
ngx_http_llm_cost_label(ngx_pool_t *pool, ngx_str_t *s)
{
    size_t   n;
    u_char  *p, md[EVP_MAX_MD_SIZE];

    if (s->len > NGX_HTTP_LLM_COST_LABEL_MAX) {

        n = NGX_HTTP_LLM_COST_LABEL_MAX;

        while (n && (s->data[n] & 0xc0) == 0x80) {
            n--;
        }

        s->len = n;
    }

    if (llm_utf8_valid(s->data, s->len)) {
        return NGX_OK;
    }

    n = ngx_min(s->len, NGX_HTTP_LLM_COST_LABEL_MAX - 33);

    p = ngx_pnalloc(pool, n + 33);
    if (p == NULL
        || !EVP_Digest(s->data, s->len, md, NULL, EVP_sha256(), NULL))
    {
        return NGX_ERROR;
    }

    ngx_memcpy(p, s->data, n);
    llm_utf8_clean(p, n);

    p[n] = '~';
    ngx_hex_dump(&p[n + 1], md, 16);

    s->data = p;
    s->len = n + 33;

    return NGX_OK;
}


/* the value of every argument "key" is written over */

static void
ngx_http_llm_cost_mask(u_char *p, u_char *last)
{
    for ( /* void */ ; last - p > 5; p++) {

        if ((*p != '?' && *p != '&')
            || ngx_strncmp(p + 1, "key=", 4) != 0)
        {
            continue;
        }

        for (p += 5; p < last; p++) {

            if (*p == '&' || *p == ' ' || *p == '"' || *p == '#') {
                p--;
                break;
            }

            *p = '*';
        }
    }
}


static u_char *
ngx_http_llm_cost_log(ngx_http_request_t *r, ngx_http_request_t *sr,
    u_char *buf, size_t len)
{
    u_char  *last;

    last = ngx_http_llm_cost_next_log(r, sr, buf, len);

    ngx_http_llm_cost_mask(buf, last);

    return last;
}


/*
 * Google takes its key as an argument, and nginx writes arguments into every
 * line of the error log and into $request, which most access logs have.  From
 * here on both show "?key=***": the line is a copy, since upstream is sent
 * what the original holds.
 */

ngx_int_t
ngx_http_llm_cost_hide_key(ngx_http_request_t *r)
{
    u_char     *p;
    ngx_str_t   key;

    if (r->args.len < 5
        || ngx_http_arg(r, (u_char *) "key", 3, &key) != NGX_OK
        || r->log_handler == ngx_http_llm_cost_log)
    {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, r->request_line.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(p, r->request_line.data, r->request_line.len);
    ngx_http_llm_cost_mask(p, p + r->request_line.len);

    r->request_line.data = p;

    ngx_http_llm_cost_next_log = r->log_handler;
    r->log_handler = ngx_http_llm_cost_log;

    return NGX_OK;
}
