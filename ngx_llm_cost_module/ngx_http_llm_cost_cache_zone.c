
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


/*
 * The cache's first level, answers in shared memory (llm_cache.h): all there
 * is without Redis, in front of it with Redis.
 */


static void ngx_http_llm_cost_cache_add_payer(llm_cache_item_t *item,
    const u_char *data, size_t len);


/* a miss after which nothing is left to do: what is there is no entry */

ngx_int_t
ngx_http_llm_cost_cache_zone_get(ngx_http_llm_cost_zone_t *z,
    ngx_http_llm_cost_ctx_t *ctx)
{
    size_t       size;
    u_char      *p;
    ngx_int_t    rc;
    ngx_pool_t  *pool;

    pool = ctx->request->pool;

    if (llm_cache_get(z->cache, ctx->cache_key, ngx_time(), NULL, &size)
        != LLM_OK)
    {
        return NGX_DECLINED;
    }

    p = ngx_pnalloc(pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    /* one that was replaced by another size in between is a miss */

    if (llm_cache_get(z->cache, ctx->cache_key, ngx_time(), p, &size)
        != LLM_OK)
    {
        return NGX_DECLINED;
    }

    rc = ngx_http_llm_cost_entry_read(pool, p, size, &ctx->entry);

    if (rc == NGX_DECLINED) {
        (void) llm_cache_remove(z->cache, ctx->cache_key);
    }

    if (rc == NGX_OK && !ngx_http_llm_cost_cache_fresh(ctx)) {
        ctx->entry = NULL;
        return NGX_DECLINED;
    }

    return rc;
}


ngx_int_t
ngx_http_llm_cost_cache_zone_put(ngx_http_llm_cost_zone_t *z,
    ngx_http_llm_cost_ctx_t *ctx, const u_char *p, size_t size,
    time_t stored)
{
    llm_cache_item_t                     item;
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    llcf = ngx_http_get_module_loc_conf(ctx->request,
                                        ngx_http_llm_cost_module);

    ngx_http_llm_cost_cache_item(ctx, &item);

    item.stored = stored;
    item.expires = stored + llcf->cache_ttl;

    return llm_cache_put(z->cache, &item, ngx_time(), p, size) == LLM_OK
           ? NGX_OK : NGX_DECLINED;
}


/*
 * Whose entry it is: who gives room for it, and by what it can be found.  The
 * first is the one that a client cannot choose freely.
 */

void
ngx_http_llm_cost_cache_item(ngx_http_llm_cost_ctx_t *ctx,
    llm_cache_item_t *item)
{
    ngx_uint_t  i;

    ngx_memzero(item, sizeof(llm_cache_item_t));

    item->key = ctx->cache_key;
    item->model = ctx->q.model;

    ngx_http_llm_cost_cache_add_payer(item, ctx->key_id.data,
                                      ctx->key_id.len);

    if (ctx->adm.n == 0 || ctx->budgets[0].key.len == 0) {
        ngx_http_llm_cost_cache_add_payer(item, ctx->user.data,
                                          ctx->user.len);
    }

    for (i = 0; i < ctx->adm.n; i++) {
        ngx_http_llm_cost_cache_add_payer(item, ctx->budgets[i].key.data,
                                          ctx->budgets[i].key.len);
    }

    ngx_http_llm_cost_cache_add_payer(item, ctx->user.data, ctx->user.len);
}


static void
ngx_http_llm_cost_cache_add_payer(llm_cache_item_t *item, const u_char *data,
    size_t len)
{
    uint32_t    name;
    ngx_uint_t  i;

    if (len == 0) {
        return;
    }

    name = llm_cache_name(data, len);

    for (i = 0; i < LLM_CACHE_PAYERS; i++) {

        if (item->payers[i] == name) {
            return;
        }

        if (item->payers[i] == 0) {
            item->payers[i] = name;
            return;
        }
    }
}
