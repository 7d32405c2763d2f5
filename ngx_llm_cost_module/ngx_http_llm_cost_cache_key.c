
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include <ngx_config.h>
#include <openssl/evp.h>

#include "ngx_http_llm_cost.h"
#include "llm_form.h"


/*
 * Which request is the same as which.  docs/cache.md says what is in the key
 * and why; whoever adds a field here makes more requests different, which is
 * always safe, and whoever takes one out had better be sure.
 */


static void ngx_http_llm_cost_cache_key_route(ngx_http_llm_cost_ctx_t *ctx,
    EVP_MD_CTX *md);
static void ngx_http_llm_cost_cache_key_path(ngx_http_llm_cost_ctx_t *ctx,
    EVP_MD_CTX *md);
static void ngx_http_llm_cost_cache_key_args(ngx_http_llm_cost_ctx_t *ctx,
    EVP_MD_CTX *md);
static void ngx_http_llm_cost_cache_key_payer(ngx_http_llm_cost_ctx_t *ctx,
    EVP_MD_CTX *md);
static void ngx_http_llm_cost_cache_update(void *md, const void *p, size_t n);
static void ngx_http_llm_cost_cache_field(EVP_MD_CTX *md, const void *p,
    size_t n);


ngx_int_t
ngx_http_llm_cost_cache_make_key(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf)
{
    int          canonical;
    u_char       digest[EVP_MAX_MD_SIZE];
    ngx_int_t    rc;
    ngx_str_t    value;
    EVP_MD_CTX  *md;

    ngx_str_null(&value);

    if (llcf->cache_key
        && ngx_http_complex_value(ctx->request, llcf->cache_key, &value)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    md = EVP_MD_CTX_new();
    if (md == NULL) {
        return NGX_ERROR;
    }

    rc = NGX_ERROR;

    if (EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1) {
        goto done;
    }

    ngx_http_llm_cost_cache_key_route(ctx, md);
    ngx_http_llm_cost_cache_field(md, value.data, value.len);

    if (llcf->cache_scope == NGX_HTTP_LLM_COST_SCOPE_SHARED) {
        ngx_http_llm_cost_cache_field(md, "shared", 6);

    } else {
        ngx_http_llm_cost_cache_key_payer(ctx, md);
    }

    canonical = ctx->provider->canonical(&ctx->q,
                                         ngx_http_llm_cost_cache_update, md);

    if (canonical == LLM_DECLINED) {
        rc = NGX_DECLINED;

    } else if (canonical == LLM_OK
               && EVP_DigestFinal_ex(md, digest, NULL) == 1)
    {
        ngx_memcpy(ctx->cache_key, digest, NGX_HTTP_LLM_COST_CACHE_KEY);
        rc = NGX_OK;
    }

done:

    EVP_MD_CTX_free(md);

    return rc;
}


/*
 * Where the request goes to.  The form in which an answer is expected is a
 * part of that only where the answer cannot be given in another one.
 */

static void
ngx_http_llm_cost_cache_key_route(ngx_http_llm_cost_ctx_t *ctx,
    EVP_MD_CTX *md)
{
    u_char                     head[6];
    llm_form_t                 form;
    in_port_t                  port;
    ngx_http_request_t        *r;
    ngx_http_core_srv_conf_t  *cscf;
    ngx_http_core_loc_conf_t  *clcf;

    r = ctx->request;
    cscf = ngx_http_get_module_srv_conf(r, ngx_http_core_module);
    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    /* two servers of one name differ in the port, the same on every node */

    port = ngx_inet_get_port(r->connection->local_sockaddr);

    head[0] = NGX_HTTP_LLM_COST_ENTRY_VERSION;
    head[1] = (u_char) ctx->q.kind;
    head[2] = 0;
    head[3] = 0;
    head[4] = (u_char) (port >> 8);
    head[5] = (u_char) port;

    if (!ngx_http_llm_cost_cache_forms(ctx)) {
        form = llm_form_wanted(&ctx->q);
        head[2] = 1 + form.framing;
        head[3] = form.usage;
    }

    ngx_http_llm_cost_cache_field(md, head, sizeof(head));
    ngx_http_llm_cost_cache_field(md, ctx->provider->name.data,
                                  ctx->provider->name.len);
    ngx_http_llm_cost_cache_field(md, cscf->server_name.data,
                                  cscf->server_name.len);
    ngx_http_llm_cost_cache_field(md, clcf->name.data, clcf->name.len);
    ngx_http_llm_cost_cache_key_path(ctx, md);
    ngx_http_llm_cost_cache_key_args(ctx, md);
}


/* an entry serves whatever form of the answer is asked for */

ngx_uint_t
ngx_http_llm_cost_cache_forms(ngx_http_llm_cost_ctx_t *ctx)
{
    return ctx->provider->reform != NULL && !ctx->q.one_form;
}


/* less what of it says nothing but the form: ":streamGenerateContent" */

static void
ngx_http_llm_cost_cache_key_path(ngx_http_llm_cost_ctx_t *ctx,
    EVP_MD_CTX *md)
{
    size_t      len;
    ngx_str_t  *uri;

    uri = &ctx->request->uri;
    len = uri->len;

    if (ctx->q.same_path && ngx_http_llm_cost_cache_forms(ctx)) {
        len = ngx_min(len, ctx->q.same_path);
    }

    ngx_http_llm_cost_cache_field(md, uri->data, len);
}


/*
 * All arguments but "key", which is a credential and counted as one, and
 * "alt", where it chooses a form.
 */

static void
ngx_http_llm_cost_cache_key_args(ngx_http_llm_cost_ctx_t *ctx,
    EVP_MD_CTX *md)
{
    u_char      *p, *last, *end;
    ngx_str_t   *args;
    ngx_uint_t   forms;

    args = &ctx->request->args;
    p = args->data;
    end = p + args->len;

    forms = ctx->q.same_path && ngx_http_llm_cost_cache_forms(ctx);

    while (p < end) {

        last = ngx_strlchr(p, end, '&');
        if (last == NULL) {
            last = end;
        }

        if (last - p < 4
            || (ngx_strncasecmp(p, (u_char *) "key=", 4) != 0
                && !(forms && ngx_memcmp(p, "alt=", 4) == 0)))
        {
            ngx_http_llm_cost_cache_field(md, p, last - p);
        }

        p = last + 1;
    }

    ngx_http_llm_cost_cache_field(md, "&", 1);
}


static void
ngx_http_llm_cost_cache_key_payer(ngx_http_llm_cost_ctx_t *ctx,
    EVP_MD_CTX *md)
{
    u_char      n;
    ngx_uint_t  i;

    n = (u_char) ctx->adm.n;

    ngx_http_llm_cost_cache_field(md, "payer", 5);
    ngx_http_llm_cost_cache_field(md, ctx->key_id.data, ctx->key_id.len);
    ngx_http_llm_cost_cache_field(md, ctx->user.data, ctx->user.len);
    ngx_http_llm_cost_cache_field(md, &n, 1);

    for (i = 0; i < ctx->adm.n; i++) {
        ngx_http_llm_cost_cache_field(md, ctx->budgets[i].name.data,
                                      ctx->budgets[i].name.len);
        ngx_http_llm_cost_cache_field(md, ctx->budgets[i].key.data,
                                      ctx->budgets[i].key.len);
    }
}


static void
ngx_http_llm_cost_cache_update(void *md, const void *p, size_t n)
{
    (void) EVP_DigestUpdate(md, p, n);
}


/* a field begins with its length, so that no two can be read as one */

static void
ngx_http_llm_cost_cache_field(EVP_MD_CTX *md, const void *p, size_t n)
{
    uint64_t  len;

    len = n;

    (void) EVP_DigestUpdate(md, &len, sizeof(len));

    if (n) {
        (void) EVP_DigestUpdate(md, p, n);
    }
}
