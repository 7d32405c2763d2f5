
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include <ngx_config.h>
#include <openssl/evp.h>

#include "ngx_http_llm_cost.h"
#include "llm_form.h"
#include "llm_cache_memo.h"


/*
 * Which request is the same as which.  docs/cache.md says what is in the key
 * and why; whoever adds a field here makes more requests different, which is
 * always safe, and whoever takes one out had better be sure.
 */


/* the fields of a key on their way to its digest, in few pieces */

typedef struct {
    EVP_MD_CTX  *md;
    ngx_uint_t   failed;
    size_t       len;
    u_char       buf[512];
} ngx_http_llm_cost_cache_form_t;


static ngx_int_t ngx_http_llm_cost_cache_question(
    ngx_http_llm_cost_ctx_t *ctx, u_char *digest);
static llm_cache_memo_t *ngx_http_llm_cost_cache_memo(void);
static ngx_int_t ngx_http_llm_cost_cache_canonical(
    ngx_http_llm_cost_ctx_t *ctx, u_char *digest);
static void ngx_http_llm_cost_cache_update(void *md, const void *p, size_t n);
static void ngx_http_llm_cost_cache_key_route(ngx_http_llm_cost_ctx_t *ctx,
    ngx_http_llm_cost_cache_form_t *form);
static void ngx_http_llm_cost_cache_key_path(ngx_http_llm_cost_ctx_t *ctx,
    ngx_http_llm_cost_cache_form_t *form);
static void ngx_http_llm_cost_cache_key_args(ngx_http_llm_cost_ctx_t *ctx,
    ngx_http_llm_cost_cache_form_t *form);
static void ngx_http_llm_cost_cache_key_payer(ngx_http_llm_cost_ctx_t *ctx,
    ngx_http_llm_cost_cache_form_t *form);
static void ngx_http_llm_cost_cache_field(ngx_http_llm_cost_cache_form_t *form,
    const void *p, size_t n);
static void ngx_http_llm_cost_cache_put(ngx_http_llm_cost_cache_form_t *form,
    const void *p, size_t n);
static void ngx_http_llm_cost_cache_flush(
    ngx_http_llm_cost_cache_form_t *form);


ngx_int_t
ngx_http_llm_cost_cache_make_key(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf)
{
    u_char                          question[LLM_CACHE_MEMO_DIGEST];
    u_char                          digest[EVP_MAX_MD_SIZE];
    ngx_int_t                       rc;
    ngx_str_t                       value;
    ngx_http_llm_cost_cache_form_t  form;

    ngx_str_null(&value);

    if (llcf->cache_key
        && ngx_http_complex_value(ctx->request, llcf->cache_key, &value)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    rc = ngx_http_llm_cost_cache_question(ctx, question);
    if (rc != NGX_OK) {
        return rc;
    }

    form.failed = 0;
    form.len = 0;
    form.md = ngx_http_llm_cost_sha256();

    if (form.md == NULL) {
        return NGX_ERROR;
    }

    ngx_http_llm_cost_cache_key_route(ctx, &form);
    ngx_http_llm_cost_cache_field(&form, value.data, value.len);

    if (llcf->cache_scope == NGX_HTTP_LLM_COST_SCOPE_SHARED) {
        ngx_http_llm_cost_cache_field(&form, "shared", 6);

    } else {
        ngx_http_llm_cost_cache_key_payer(ctx, &form);
    }

    ngx_http_llm_cost_cache_field(&form, question, sizeof(question));
    ngx_http_llm_cost_cache_flush(&form);

    if (form.failed || EVP_DigestFinal_ex(form.md, digest, NULL) != 1) {
        return NGX_ERROR;
    }

    ngx_memcpy(ctx->cache_key, digest, NGX_HTTP_LLM_COST_CACHE_KEY);

    return NGX_OK;
}


/*
 * The digest of what is asked.  It depends on the body, its dialect and kind,
 * and the model, which the path may name: what all of them gave once they give
 * again, so that the same words need not be looked at.
 */

static ngx_int_t
ngx_http_llm_cost_cache_question(ngx_http_llm_cost_ctx_t *ctx, u_char *digest)
{
    ngx_int_t              rc;
    const u_char          *known, *dialect;
    llm_cache_memo_t      *memo;
    llm_cache_memo_key_t   key;

    memo = ngx_http_llm_cost_cache_memo();

    /* an upload is made of more than its body: the boundary is in a header */

    if (memo == NULL || ctx->q.route.raw) {
        return ngx_http_llm_cost_cache_canonical(ctx, digest);
    }

    /* an address within the provider: of no other one, and of no other kind */

    dialect = (const u_char *) ctx->provider + ctx->q.kind;

    llm_cache_memo_key(&ngx_http_llm_cost_zone()->memo, dialect,
                       &ctx->q.model, &ctx->q.body, &key);

    known = llm_cache_memo_get(memo, &key);

    if (known) {
        ngx_memcpy(digest, known, LLM_CACHE_MEMO_DIGEST);
        return NGX_OK;
    }

    rc = ngx_http_llm_cost_cache_canonical(ctx, digest);

    if (rc == NGX_OK) {
        llm_cache_memo_put(memo, &key, digest);
    }

    return rc;
}


/* of this worker; NULL: every question is looked at */

static llm_cache_memo_t *
ngx_http_llm_cost_cache_memo(void)
{
    static llm_cache_memo_t  *memo;

    /* its hash is the zone's, which has none without random numbers */

    if (memo == NULL && ngx_http_llm_cost_zone()->memo.memo) {
        memo = ngx_memalign(64, llm_cache_memo_size(), ngx_cycle->log);

        if (memo) {
            ngx_memzero(memo, llm_cache_memo_size());
        }
    }

    return memo;
}


static ngx_int_t
ngx_http_llm_cost_cache_canonical(ngx_http_llm_cost_ctx_t *ctx, u_char *digest)
{
    u_char       sha256[EVP_MAX_MD_SIZE];
    EVP_MD_CTX  *md;

    md = ngx_http_llm_cost_sha256();
    if (md == NULL) {
        return NGX_ERROR;
    }

    switch (ctx->provider->canonical(&ctx->q, ngx_http_llm_cost_cache_update,
                                     md))
    {
    case LLM_OK:
        break;

    case LLM_DECLINED:
        return NGX_DECLINED;

    default:
        return NGX_ERROR;
    }

    if (EVP_DigestFinal_ex(md, sha256, NULL) != 1) {
        return NGX_ERROR;
    }

    ngx_memcpy(digest, sha256, LLM_CACHE_MEMO_DIGEST);

    return NGX_OK;
}


static void
ngx_http_llm_cost_cache_update(void *md, const void *p, size_t n)
{
    (void) EVP_DigestUpdate(md, p, n);
}


/*
 * Where the request goes to.  The form in which an answer is expected is a
 * part of that only where the answer cannot be given in another one.
 */

static void
ngx_http_llm_cost_cache_key_route(ngx_http_llm_cost_ctx_t *ctx,
    ngx_http_llm_cost_cache_form_t *form)
{
    u_char                     head[6];
    llm_form_t                 wanted;
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
        wanted = llm_form_wanted(&ctx->q);
        head[2] = 1 + wanted.framing;
        head[3] = wanted.usage;
    }

    ngx_http_llm_cost_cache_field(form, head, sizeof(head));
    ngx_http_llm_cost_cache_field(form, ctx->provider->name.data,
                                  ctx->provider->name.len);
    ngx_http_llm_cost_cache_field(form, cscf->server_name.data,
                                  cscf->server_name.len);
    ngx_http_llm_cost_cache_field(form, clcf->name.data, clcf->name.len);
    ngx_http_llm_cost_cache_key_path(ctx, form);
    ngx_http_llm_cost_cache_key_args(ctx, form);
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
    ngx_http_llm_cost_cache_form_t *form)
{
    size_t      len;
    ngx_str_t  *uri;

    uri = &ctx->request->uri;
    len = uri->len;

    if (ctx->q.same_path && ngx_http_llm_cost_cache_forms(ctx)) {
        len = ngx_min(len, ctx->q.same_path);
    }

    ngx_http_llm_cost_cache_field(form, uri->data, len);
}


/*
 * All arguments but "key", which is a credential and counted as one, and
 * "alt", where it chooses a form.
 */

static void
ngx_http_llm_cost_cache_key_args(ngx_http_llm_cost_ctx_t *ctx,
    ngx_http_llm_cost_cache_form_t *form)
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
            ngx_http_llm_cost_cache_field(form, p, last - p);
        }

        p = last + 1;
    }

    ngx_http_llm_cost_cache_field(form, "&", 1);
}


static void
ngx_http_llm_cost_cache_key_payer(ngx_http_llm_cost_ctx_t *ctx,
    ngx_http_llm_cost_cache_form_t *form)
{
    u_char      n;
    ngx_uint_t  i;

    n = (u_char) ctx->adm.n;

    ngx_http_llm_cost_cache_field(form, "payer", 5);
    ngx_http_llm_cost_cache_field(form, ctx->key_id.data, ctx->key_id.len);
    ngx_http_llm_cost_cache_field(form, ctx->user.data, ctx->user.len);
    ngx_http_llm_cost_cache_field(form, &n, 1);

    for (i = 0; i < ctx->adm.n; i++) {
        ngx_http_llm_cost_cache_field(form, ctx->budgets[i].name.data,
                                      ctx->budgets[i].name.len);
        ngx_http_llm_cost_cache_field(form, ctx->budgets[i].key.data,
                                      ctx->budgets[i].key.len);
    }
}


/* a field begins with its length, so that no two can be read as one */

static void
ngx_http_llm_cost_cache_field(ngx_http_llm_cost_cache_form_t *form,
    const void *p, size_t n)
{
    uint64_t  len;

    len = n;

    ngx_http_llm_cost_cache_put(form, &len, sizeof(len));

    if (n) {
        ngx_http_llm_cost_cache_put(form, p, n);
    }
}


static void
ngx_http_llm_cost_cache_put(ngx_http_llm_cost_cache_form_t *form,
    const void *p, size_t n)
{
    if (n > sizeof(form->buf) - form->len) {
        ngx_http_llm_cost_cache_flush(form);
    }

    if (n > sizeof(form->buf)) {
        form->failed |= EVP_DigestUpdate(form->md, p, n) != 1;
        return;
    }

    ngx_memcpy(form->buf + form->len, p, n);
    form->len += n;
}


static void
ngx_http_llm_cost_cache_flush(ngx_http_llm_cost_cache_form_t *form)
{
    form->failed |= EVP_DigestUpdate(form->md, form->buf, form->len) != 1;
    form->len = 0;
}
