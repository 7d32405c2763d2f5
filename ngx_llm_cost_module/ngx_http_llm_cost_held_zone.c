
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


/*
 * Records of work that outlives its request, in shared memory and, with state=,
 * in a file beside the ledger's; Redis has its own (_redis_held.c).
 */


ngx_int_t
ngx_http_llm_cost_held_zone_find(ngx_http_llm_cost_ctx_t *ctx)
{
    llm_held_t                *record;
    ngx_http_llm_cost_zone_t  *z;

    z = ngx_http_llm_cost_zone();
    ctx->record = NULL;

    if (z->held == NULL) {
        return NGX_OK;
    }

    record = ngx_palloc(ctx->request->pool, sizeof(llm_held_t));
    if (record == NULL) {
        return NGX_ERROR;
    }

    if (llm_held_get(z->held, ctx->name, ngx_time(), record) == LLM_OK) {
        ctx->record = record;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_llm_cost_held_zone_keep(const llm_held_t *record)
{
    ngx_http_llm_cost_zone_t  *z;

    z = ngx_http_llm_cost_zone();

    if (z->held == NULL
        || llm_held_put(z->held, record, ngx_time()) != LLM_OK)
    {
        return NGX_DECLINED;
    }

    if (z->held_fd > 0) {
        (void) llm_held_file_add(z->held, z->held_fd, record);
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_llm_cost_held_zone_leave(ngx_http_llm_cost_ctx_t *ctx, time_t until)
{
    if (llm_ledger_leave(ngx_http_llm_cost_zone()->ledger, &ctx->adm.id,
                         until)
        != LLM_OK)
    {
        return NGX_DECLINED;
    }

    ctx->held = 0;

    return NGX_OK;
}
