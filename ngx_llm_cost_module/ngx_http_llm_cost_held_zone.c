
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

    ngx_http_llm_cost_held_zone_follow(z);

    record = ngx_palloc(ctx->request->pool, sizeof(llm_held_t));
    if (record == NULL) {
        return NGX_ERROR;
    }

    if (llm_held_get(z->held, ctx->name, ngx_time(), record) == LLM_OK) {
        ctx->record = record;
    }

    return NGX_OK;
}


/* what is known through the file: the other binary of an upgrade may add */

void
ngx_http_llm_cost_held_zone_follow(ngx_http_llm_cost_zone_t *z)
{
    if (z->held_fd > 0) {
        llm_held_file_follow(z->held, z->held_fd, (int64_t) ngx_time());
    }
}


ngx_int_t
ngx_http_llm_cost_held_zone_keep(const llm_held_t *record)
{
    llm_held_t                 kept;
    ngx_http_llm_cost_zone_t  *z;

    z = ngx_http_llm_cost_zone();

    if (z->held == NULL
        || llm_held_put(z->held, record, ngx_time()) != LLM_OK)
    {
        return NGX_DECLINED;
    }

    if (z->held_fd > 0
        && llm_held_get(z->held, record->name, ngx_time(), &kept) == LLM_OK)
    {
        (void) llm_held_file_add(z->held, z->held_fd, &kept);
    }

    return NGX_OK;
}


/* of what was to be done for work, this has been */

void
ngx_http_llm_cost_held_zone_clear(const u_char *work, ngx_uint_t done)
{
    llm_held_t                 kept;
    ngx_http_llm_cost_zone_t  *z;

    z = ngx_http_llm_cost_zone();

    if (z->held
        && llm_held_clear(z->held, work, (unsigned) done, (uint32_t) ngx_pid,
                          &kept)
           == LLM_OK
        && z->held_fd > 0)
    {
        (void) llm_held_file_add(z->held, z->held_fd, &kept);
    }
}


void
ngx_http_llm_cost_held_zone_told(const llm_hold_id_t *id, ngx_uint_t told)
{
    llm_held_t                 kept;
    ngx_http_llm_cost_zone_t  *z;

    z = ngx_http_llm_cost_zone();

    if (z->held && llm_held_told(z->held, id, (int) told, &kept) == LLM_OK
        && z->held_fd > 0)
    {
        (void) llm_held_file_add(z->held, z->held_fd, &kept);
    }
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


void
ngx_http_llm_cost_held_zone_resettle(const llm_held_t *record,
    llm_budget_t *budgets, unsigned n)
{
    (void) llm_ledger_settle(ngx_http_llm_cost_zone()->ledger, &record->id,
                             record->most, NULL, 0);
}
