
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


/*
 * Work that nobody has asked for in time: its reservation has expired, and is
 * charged in full.  No request has that in its line of a log, so the ledger log
 * gets one, by the name of the work in place of a request's: two nodes that
 * know of it write the same.  What is told of it after all is in the line of
 * the request that hears of it, and another line takes the first one back.
 *
 * Once a second one worker of the node looks; also for work whose worker has
 * died before all was done for it (_held_heir.c).
 */


#define NGX_HTTP_LLM_COST_LAPSE_MAX    16     /* a second */
#define NGX_HTTP_LLM_COST_LAPSE_AFTER  5      /* s: then it has expired */


void
ngx_http_llm_cost_held_sweep(void)
{
    uint32_t                        cursor;
    ngx_uint_t                      n;
    llm_held_t                      record;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    lmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_llm_cost_module);

    if (lmcf->zone->held == NULL) {
        return;
    }

    ngx_http_llm_cost_held_zone_follow(lmcf->zone);

    cursor = 0;
    n = 0;

    while (n < NGX_HTTP_LLM_COST_LAPSE_MAX
           && llm_held_next(lmcf->zone->held, &cursor, &record) == LLM_OK)
    {
        if (lmcf->ledger_log
            && llm_held_lapses(&record,
                               ngx_time() - NGX_HTTP_LLM_COST_LAPSE_AFTER))
        {
            lmcf->store->lapse(&record);
            n++;

        } else {
            n += ngx_http_llm_cost_held_inherit(&record);
        }
    }
}


/* the store says that it is so; a line that cannot be written is tried again */

void
ngx_http_llm_cost_held_lapse(llm_held_t *record)
{
    ngx_http_llm_cost_main_conf_t  *lmcf;

    if (ngx_http_llm_cost_held_line(record, 0) != LLM_OK) {
        return;
    }

    lmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_llm_cost_module);

    record->lapsed = 1;
    (void) lmcf->store->keep(record);
}


int
ngx_http_llm_cost_held_line(const llm_held_t *record, ngx_uint_t back)
{
    int64_t                          spent[LLM_UNIT_N];
    unsigned                         i;
    unsigned char                    name[LLM_REQUEST_ID];
    llm_budget_t                     budgets[LLM_BUDGETS_MAX];
    ngx_http_llm_cost_ledger_line_t  line;

    ngx_memcpy(name, record->work, LLM_REQUEST_ID);

    for (i = 0; i < LLM_UNIT_N; i++) {
        spent[i] = back ? -record->most[i] : record->most[i];
    }

    /* both lines count: they need names that differ */

    if (back) {
        name[0] = (unsigned char) ~name[0];
    }

    line.request_id = name;
    line.work.len = 0;
    line.source = NGX_HTTP_LLM_COST_SOURCE_COUNTED;
    line.why = back ? "asked for after its time" : "not asked for in time";
    line.spent = spent;
    line.budgets = budgets;
    line.n = llm_held_unpack(record, budgets);

    return ngx_http_llm_cost_ledger_write(&line);
}
