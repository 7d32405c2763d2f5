
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


/*
 * The cache's first level, answers in shared memory (llm_cache.h): all there
 * is without Redis, in front of it with Redis.
 */


static ngx_int_t ngx_http_llm_cost_cache_zone_get(ngx_http_llm_cost_zone_t *z,
    ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_cache_add_payer(llm_cache_item_t *item,
    const u_char *data, size_t len);


ngx_int_t
ngx_http_llm_cost_cache_first(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_int_t  rc;

    rc = ngx_http_llm_cost_cache_zone_get(ngx_http_llm_cost_zone(), ctx);

    if (rc == NGX_OK) {
        rc = ngx_http_llm_cost_cache_form(ctx);
    }

    if (rc == NGX_OK) {
        ctx->adm.hit = 1;
        return NGX_OK;
    }

    ctx->entry = NULL;

    return rc == NGX_DECLINED ? NGX_OK : rc;
}


static ngx_int_t
ngx_http_llm_cost_cache_zone_get(ngx_http_llm_cost_zone_t *z,
    ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_int_t          rc;
    llm_cache_found_t  found;

    switch (llm_cache_get(z->cache, ctx->cache_key, ngx_time(), &ctx->mem,
                          &found))
    {
    case LLM_OK:
        break;

    case LLM_DECLINED:
        return NGX_DECLINED;

    default:
        return NGX_ERROR;
    }

    rc = ngx_http_llm_cost_entry_unpack(ctx->request->pool, found.data.data,
                                        found.data.len, &ctx->entry);

    if (rc == NGX_DECLINED) {
        (void) llm_cache_remove(z->cache, ctx->cache_key);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    ctx->entry->stored = found.stored;

    if (!ngx_http_llm_cost_cache_fresh(ctx)) {
        ctx->entry = NULL;
        return NGX_DECLINED;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_llm_cost_cache_zone_put(ngx_http_llm_cost_zone_t *z,
    ngx_http_llm_cost_ctx_t *ctx, const ngx_http_llm_cost_entry_t *e)
{
    int                                  rc;
    u_char                              *p;
    llm_cache_item_t                     item;
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    llcf = ngx_http_get_module_loc_conf(ctx->request,
                                        ngx_http_llm_cost_module);

    p = ngx_alloc(ngx_http_llm_cost_entry_pack_max(e), ngx_cycle->log);
    if (p == NULL) {
        return NGX_DECLINED;
    }

    ngx_http_llm_cost_cache_item(ctx, &item);

    item.stored = e->stored;
    item.expires = e->stored + llcf->cache_ttl;

    rc = llm_cache_put(z->cache, &item, ngx_time(), p,
                       ngx_http_llm_cost_entry_pack(e, p));
    ngx_free(p);

    return rc == LLM_OK ? NGX_OK : NGX_DECLINED;
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
