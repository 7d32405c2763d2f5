
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _NGX_HTTP_LLM_COST_API_METRICS_H_INCLUDED_
#define _NGX_HTTP_LLM_COST_API_METRICS_H_INCLUDED_


/*
 * What the files of the metrics page share.  A family, all lines of one name,
 * is in one piece behind its head.
 */

#include "ngx_http_llm_cost_api.h"


void ngx_http_llm_cost_api_head(ngx_http_llm_cost_out_t *o, const char *name,
    const char *type, const char *help);

/* a line; name may end in labels, or be "}" behind them */

void ngx_http_llm_cost_api_value(ngx_http_llm_cost_out_t *o,
    const char *name, int64_t value);
void ngx_http_llm_cost_api_usd_value(ngx_http_llm_cost_out_t *o,
    const char *name, int64_t nano);

/* head and line of a metric without labels */

void ngx_http_llm_cost_api_one(ngx_http_llm_cost_out_t *o, const char *name,
    const char *type, const char *help, int64_t value);
void ngx_http_llm_cost_api_one_usd(ngx_http_llm_cost_out_t *o,
    const char *name, const char *type, const char *help, int64_t nano);

/* name="value" */

void ngx_http_llm_cost_api_label(ngx_http_llm_cost_out_t *o,
    const char *name, const u_char *p, size_t len);


/* _api_metrics_calls.c */

ngx_int_t ngx_http_llm_cost_api_metrics_calls(ngx_http_llm_cost_api_t *api);
void ngx_http_llm_cost_api_metrics_tops(ngx_http_llm_cost_api_t *api);


/* _api_metrics_store.c */

/* budgets by name, into api->budgets; NGX_AGAIN: some events later */

ngx_int_t ngx_http_llm_cost_api_groups(ngx_http_llm_cost_api_t *api);
void ngx_http_llm_cost_api_metrics_budgets(ngx_http_llm_cost_api_t *api);
void ngx_http_llm_cost_api_metrics_store(ngx_http_llm_cost_api_t *api);


#endif /* _NGX_HTTP_LLM_COST_API_METRICS_H_INCLUDED_ */
