
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include <ngx_config.h>
#include <openssl/evp.h>

#include "ngx_http_llm_cost.h"


/*
 * $llm_request_digest and $llm_prefix_digest: 32 hex digits that are the same
 * for the same question, and for questions that begin alike, so that a log
 * without a word of them tells what was asked twice.  They are reckoned when
 * the log asks for them and cost nothing otherwise.
 *
 * A digest lets whoever reads the log try out guesses at a short question;
 * llm_key_salt_file goes into it and takes that away.
 */


#define NGX_HTTP_LLM_COST_PREFIX      4096    /* bytes of the body */
#define NGX_HTTP_LLM_COST_DIGEST_HEX  32


static void ngx_http_llm_cost_digest_update(void *md, const void *p, size_t n);
static ngx_int_t ngx_http_llm_cost_digest_question(
    ngx_http_llm_cost_ctx_t *ctx, EVP_MD_CTX *md);


/*
 * Kept, one a process: finding the algorithm takes libcrypto longer than a
 * digest does.
 */

EVP_MD_CTX *
ngx_http_llm_cost_sha256(void)
{
    static EVP_MD_CTX  *ctx;

    if (ctx) {
        return EVP_DigestInit_ex(ctx, NULL, NULL) ? ctx : NULL;
    }

    ctx = EVP_MD_CTX_new();

    if (ctx && !EVP_DigestInit_ex(ctx, EVP_sha256(), NULL)) {
        EVP_MD_CTX_free(ctx);
        ctx = NULL;
    }

    return ctx;
}


static void
ngx_http_llm_cost_digest_update(void *md, const void *p, size_t n)
{
    (void) EVP_DigestUpdate(md, p, n);
}


/* NGX_DECLINED: there was no question, or it has no canonical form */

static ngx_int_t
ngx_http_llm_cost_digest_question(ngx_http_llm_cost_ctx_t *ctx,
    EVP_MD_CTX *md)
{
    int  rc;

    /* what was counted has been read and understood to its end */

    if ((ctx->q.input_tokens < 0 && !ctx->unmeasured) || ctx->q.json.n == 0) {
        return NGX_DECLINED;
    }

    ngx_http_llm_cost_digest_update(md, ctx->provider->name.data,
                                    ctx->provider->name.len);
    ngx_http_llm_cost_digest_update(md, ctx->request->uri.data,
                                    ctx->request->uri.len);

    rc = ctx->provider->canonical(&ctx->q, ngx_http_llm_cost_digest_update,
                                  md);

    return rc == LLM_OK ? NGX_OK
           : rc == LLM_ERROR ? NGX_ERROR : NGX_DECLINED;
}


/* NGX_OK, NGX_DECLINED: there is none, NGX_ERROR */

ngx_int_t
ngx_http_llm_cost_digest(ngx_http_llm_cost_ctx_t *ctx, ngx_uint_t prefix,
    ngx_str_t *hex)
{
    u_char                          digest[EVP_MAX_MD_SIZE];
    ngx_int_t                       rc;
    EVP_MD_CTX                     *md;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    if (prefix && ctx->body.len < NGX_HTTP_LLM_COST_PREFIX) {
        return NGX_DECLINED;
    }

    lmcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_llm_cost_module);

    md = ngx_http_llm_cost_sha256();
    if (md == NULL) {
        return NGX_ERROR;
    }

    ngx_http_llm_cost_digest_update(md, lmcf->key_salt.data,
                                    lmcf->key_salt.len);

    if (prefix) {
        ngx_http_llm_cost_digest_update(md, ctx->body.data,
                                        NGX_HTTP_LLM_COST_PREFIX);
        rc = NGX_OK;

    } else {
        rc = ngx_http_llm_cost_digest_question(ctx, md);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    hex->data = ngx_pnalloc(ctx->request->pool, NGX_HTTP_LLM_COST_DIGEST_HEX);

    if (hex->data == NULL || EVP_DigestFinal_ex(md, digest, NULL) != 1) {
        return NGX_ERROR;
    }

    ngx_hex_dump(hex->data, digest, NGX_HTTP_LLM_COST_DIGEST_HEX / 2);
    hex->len = NGX_HTTP_LLM_COST_DIGEST_HEX;

    return NGX_OK;
}
