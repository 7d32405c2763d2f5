
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


/*
 * Work is settled by a request that has no reservation: it has gone its own way
 * since the request that made it, and is in no worker's part of the ledger.  So
 * what is owed for it stands in its record, until a log has the line and, in a
 * fleet, Redis the settlement.  Where the worker is gone by then another one
 * writes the line, and settles it again: the store knows it by its identity.
 * So it does where the worker found no room for the settlement, once it has
 * logged.  As everywhere the line comes first: a death in between repeats one,
 * by the name of the same work.
 */


static ngx_uint_t ngx_http_llm_cost_held_left(const llm_held_t *record);


void
ngx_http_llm_cost_held_owe(ngx_http_llm_cost_ctx_t *ctx)
{
    unsigned                        owed;
    llm_held_t                      record;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    lmcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_llm_cost_module);

    owed = (lmcf->ledger_log ? LLM_HELD_UNLOGGED : 0)
           | (lmcf->store->claim ? LLM_HELD_UNSETTLED : 0);

    if (ctx->record->id.seq == 0 || owed == 0) {
        return;
    }

    record = *ctx->record;

    ngx_memcpy(record.name, record.work, LLM_HELD_NAME);
    ngx_memcpy(record.most, ctx->spent, sizeof(record.most));

    record.what = LLM_HELD_WORK;
    record.done |= LLM_HELD_DONE | owed;
    record.input = ctx->source;
    record.output = (uint32_t) ngx_pid;

    (void) ngx_http_llm_cost_held_zone_keep(&record);
}


void
ngx_http_llm_cost_held_logged(ngx_http_llm_cost_ctx_t *ctx)
{
    if (ctx->work.len) {
        ngx_http_llm_cost_held_zone_clear(ctx->record->work,
                                          LLM_HELD_UNLOGGED);
    }
}


ngx_uint_t
ngx_http_llm_cost_held_inherit(const llm_held_t *record)
{
    u_char                           name[LLM_REQUEST_ID];
    u_char                           work[LLM_HELD_TEXT];
    llm_budget_t                     budgets[LLM_BUDGETS_MAX];
    ngx_http_llm_cost_main_conf_t   *lmcf;
    ngx_http_llm_cost_ledger_line_t  line;

    if (!ngx_http_llm_cost_held_left(record)) {
        return 0;
    }

    lmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_llm_cost_module);

    ngx_memcpy(name, record->work, LLM_REQUEST_ID);

    line.request_id = name;
    line.work.data = work;
    line.work.len = llm_held_text(record, work);
    line.source = (ngx_uint_t) record->input;
    line.why = "worker died before it logged";
    line.spent = record->most;
    line.budgets = budgets;
    line.n = llm_held_unpack(record, budgets);

    if ((record->done & LLM_HELD_UNLOGGED)
        && ngx_http_llm_cost_ledger_write(&line) != LLM_OK)
    {
        return 1;
    }

    /* from now on this process does the rest */

    ngx_http_llm_cost_held_zone_clear(record->work,
                                      LLM_HELD_UNTOLD
                                      | (lmcf->store->claim
                                         ? LLM_HELD_UNLOGGED : LLM_HELD_OWED));

    lmcf->store->resettle(record, budgets, line.n);

    return 1;
}


/* who was to do the rest is gone, or could not */

static ngx_uint_t
ngx_http_llm_cost_held_left(const llm_held_t *record)
{
    if (!(record->done & LLM_HELD_OWED)) {
        return 0;
    }

    if ((record->done & (LLM_HELD_UNTOLD|LLM_HELD_UNLOGGED))
        == LLM_HELD_UNTOLD)
    {
        return 1;
    }

    return ngx_http_llm_cost_gone((uint32_t) record->output);
}
