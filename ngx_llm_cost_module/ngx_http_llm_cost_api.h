
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _NGX_HTTP_LLM_COST_API_H_INCLUDED_
#define _NGX_HTTP_LLM_COST_API_H_INCLUDED_


#include "ngx_http_llm_cost.h"


/*
 * llm_api: a request is parsed (_api.c), its rows are fetched, from the zone
 * at once or from Redis some events later (_api_redis.c, _api_merge.c), and
 * then written by the endpoint's format() (_api_usage.c, _api_budgets.c,
 * _api_cache.c, _api_metrics.c).
 */


#define NGX_HTTP_LLM_COST_API_HOURS     24
#define NGX_HTTP_LLM_COST_API_HOURS_MAX 744


/* how a node stands with the store that the fleet shares */

typedef struct {
    ngx_uint_t                  nodes;
    ngx_uint_t                  pending;        /* not confirmed by it */
    unsigned                    away:1;
    unsigned                    joining:1;      /* on the way back */
} ngx_http_llm_cost_api_state_t;


/* text that grows in the request's pool; failed is set instead of returned */

typedef struct {
    ngx_pool_t                 *pool;
    u_char                     *start;
    u_char                     *pos;
    u_char                     *end;
    unsigned                    failed:1;
} ngx_http_llm_cost_out_t;

void ngx_http_llm_cost_out(ngx_http_llm_cost_out_t *o, const char *text);
void ngx_http_llm_cost_out_bytes(ngx_http_llm_cost_out_t *o, const void *p,
    size_t len);
void ngx_http_llm_cost_out_int(ngx_http_llm_cost_out_t *o, int64_t n);

/* nano-USD as a JSON number, exact, without zeros at the end: 0.000375 */

void ngx_http_llm_cost_out_usd(ngx_http_llm_cost_out_t *o, int64_t nano);

/* a JSON string with its quotes */

void ngx_http_llm_cost_out_string(ngx_http_llm_cost_out_t *o, const void *p,
    size_t len);

/* a / b with four places; 0 where b is 0 */

void ngx_http_llm_cost_out_ratio(ngx_http_llm_cost_out_t *o, uint64_t a,
    uint64_t b);
void ngx_http_llm_cost_out_time(ngx_http_llm_cost_out_t *o, int64_t t);


/* what usage/summary shows, from wherever it comes */

typedef struct {
    ngx_str_t                   name;
    int64_t                     count;
    int64_t                     input;
    int64_t                     output;
    int64_t                     cost;       /* nano-USD */
} ngx_http_llm_cost_api_row_t;


typedef struct {
    int64_t                     requests;
    int64_t                     input;
    int64_t                     output;
    int64_t                     cost;
    int64_t                     saved;
    int64_t                     hits;
    int64_t                     misses;
    int64_t                     api_calls;  /* requests that went upstream */

    ngx_array_t                 models;     /* ..._api_row_t */
    ngx_array_t                 users;
    ngx_array_t                 others;     /* by= of the request */
} ngx_http_llm_cost_api_usage_t;


/* usage/series: the same of each step */

#define NGX_HTTP_LLM_COST_API_POINTS    744
#define NGX_HTTP_LLM_COST_API_POINTS_BY 62     /* with names */
#define NGX_HTTP_LLM_COST_API_NAMED     20     /* the rest is "other" */

typedef struct {
    int64_t                     from;
    int64_t                     to;
    ngx_http_llm_cost_api_usage_t  usage;
} ngx_http_llm_cost_api_point_t;


typedef struct ngx_http_llm_cost_api_s        ngx_http_llm_cost_api_t;
typedef struct ngx_http_llm_cost_api_fleet_s  ngx_http_llm_cost_api_fleet_t;
typedef struct ngx_http_llm_cost_api_merge_s  ngx_http_llm_cost_api_merge_t;

/*
 * NGX_OK; an HTTP status (503: the store is away); NGX_AGAIN: api_resume()
 * will be called from an event of its own, unless forget() was called first.
 */

typedef ngx_int_t (*ngx_http_llm_cost_api_fetch_pt)(
    ngx_http_llm_cost_api_t *api);
typedef void (*ngx_http_llm_cost_api_format_pt)(
    ngx_http_llm_cost_api_t *api);


struct ngx_http_llm_cost_api_s {
    ngx_http_request_t                  *request;
    ngx_pool_t                          *pool;      /* of rows that are read
                                                       from the zone */
    const ngx_http_llm_cost_main_conf_t *lmcf;
    ngx_http_llm_cost_zone_t            *zone;
    ngx_str_t                            type;      /* of the answer */
    ngx_http_llm_cost_api_format_pt      format;
    ngx_http_llm_cost_api_fetch_pt       fetch;
    ngx_uint_t                           status;
    ngx_http_llm_cost_out_t              out;

    /* rows that come from Redis; NULL: none are being waited for */
    void                               (*forget)(
                                             ngx_http_llm_cost_api_t *api);
    ngx_http_llm_cost_api_fleet_t       *fleet;
    ngx_http_llm_cost_api_merge_t       *merge;

    /* arguments */
    ngx_uint_t                           hours;
    int64_t                              from;      /* clock hours, UTC */
    int64_t                              to;
    int64_t                              step;      /* seconds; 0: no series */
    ngx_str_t                            user;
    ngx_str_t                            by;        /* dimension, or empty */
    ngx_str_t                            name;
    ngx_str_t                            key;

    /* PATCH budgets: the limit as it is written, null or a number */
    ngx_str_t                            limit;
    llm_budget_t                         patched[LLM_UNIT_N];
    const char                          *refusal;   /* once it was fetched */
    const char                          *param;

    /* rows */
    ngx_http_llm_cost_api_usage_t        usage;
    ngx_array_t                          points;    /* ..._api_point_t */
    ngx_array_t                          budgets;   /* llm_counter_view_t */
    uint32_t                             cursor;    /* of metrics, in them */
    ngx_event_t                          next;      /* ... their next part */
    ngx_array_t                          alerts;    /* llm_alert_t */
    llm_cache_stat_t                    *cache;     /* of this node */
    ngx_array_t                          answers;   /* llm_cache_model_t, of
                                                       Redis; first the sum */
    llm_cache_purge_t                    purge;
    u_char                               purge_key[LLM_CACHE_KEY];
    ngx_uint_t                           deleted;
};


/* _api.c */

void ngx_http_llm_cost_api_resume(ngx_http_llm_cost_api_t *api,
    ngx_int_t rc);
void ngx_http_llm_cost_api_error(ngx_http_llm_cost_api_t *api,
    ngx_uint_t status, const char *param, const char *message);
ngx_int_t ngx_http_llm_cost_api_refuse(ngx_http_llm_cost_api_t *api,
    ngx_uint_t status, const char *param, const char *message);


/* _api_args.c */

/* NGX_DECLINED: nothing is wrong, go on; else what has been answered */

ngx_int_t ngx_http_llm_cost_api_args(ngx_http_llm_cost_api_t *api);

/* an argument, unescaped and ended by a zero byte; NGX_DECLINED: not given */

ngx_int_t ngx_http_llm_cost_api_arg(ngx_http_llm_cost_api_t *api,
    const char *name, ngx_str_t *value);


/* _api_usage.c */

ngx_int_t ngx_http_llm_cost_api_usage_fetch(ngx_http_llm_cost_api_t *api);
void ngx_http_llm_cost_api_usage_format(ngx_http_llm_cost_api_t *api);
ngx_int_t ngx_http_llm_cost_api_models_fetch(ngx_http_llm_cost_api_t *api);
void ngx_http_llm_cost_api_models_format(ngx_http_llm_cost_api_t *api);

/* with user=, the rows of that user are the totals */

void ngx_http_llm_cost_api_of_user(ngx_http_llm_cost_api_t *api);


/* totals, and rows of by=, of api->from to api->to; memory from api->pool */

ngx_int_t ngx_http_llm_cost_api_span_fetch(ngx_http_llm_cost_api_t *api);

/* {"NAME":{"input":...},...} */

void ngx_http_llm_cost_api_rows_format(ngx_http_llm_cost_api_t *api,
    ngx_array_t *rows);


/* _api_series.c */

ngx_int_t ngx_http_llm_cost_api_series_args(ngx_http_llm_cost_api_t *api);
ngx_int_t ngx_http_llm_cost_api_series_fetch(ngx_http_llm_cost_api_t *api);
void ngx_http_llm_cost_api_series_format(ngx_http_llm_cost_api_t *api);

/* the next step becomes api->from, api->to; NGX_DONE: there is none */

ngx_int_t ngx_http_llm_cost_api_series_next(ngx_http_llm_cost_api_t *api);

/* api->usage is that of the step */

ngx_int_t ngx_http_llm_cost_api_series_take(ngx_http_llm_cost_api_t *api);


/* _api_cache.c */

ngx_int_t ngx_http_llm_cost_api_cache_stat(ngx_http_llm_cost_api_t *api);
ngx_int_t ngx_http_llm_cost_api_cache_fetch(ngx_http_llm_cost_api_t *api);
void ngx_http_llm_cost_api_cache_format(ngx_http_llm_cost_api_t *api);

/* NGX_DECLINED: go on; else what has been answered */

ngx_int_t ngx_http_llm_cost_api_clear_args(ngx_http_llm_cost_api_t *api);
ngx_int_t ngx_http_llm_cost_api_clear_fetch(ngx_http_llm_cost_api_t *api);
void ngx_http_llm_cost_api_clear_format(ngx_http_llm_cost_api_t *api);
ngx_int_t ngx_http_llm_cost_api_health_fetch(ngx_http_llm_cost_api_t *api);
void ngx_http_llm_cost_api_health_format(ngx_http_llm_cost_api_t *api);


/* _api_budgets.c */

extern const char  *ngx_http_llm_cost_api_units[];      /* by llm_unit_e */

ngx_int_t ngx_http_llm_cost_api_budgets_fetch(ngx_http_llm_cost_api_t *api);
void ngx_http_llm_cost_api_budgets_format(ngx_http_llm_cost_api_t *api);
ngx_int_t ngx_http_llm_cost_api_alerts_fetch(ngx_http_llm_cost_api_t *api);
void ngx_http_llm_cost_api_alerts_format(ngx_http_llm_cost_api_t *api);


void ngx_http_llm_cost_api_budget_format(ngx_http_llm_cost_api_t *api,
    const llm_counter_view_t *v);


/* _api_patch.c: NGX_DECLINED: go on; else what has been answered */

ngx_int_t ngx_http_llm_cost_api_patch_read(ngx_http_llm_cost_api_t *api);
ngx_int_t ngx_http_llm_cost_api_patch_fetch(ngx_http_llm_cost_api_t *api);
ngx_int_t ngx_http_llm_cost_api_fleet_patch(ngx_http_llm_cost_api_t *api);
void ngx_http_llm_cost_api_patch_format(ngx_http_llm_cost_api_t *api);


/* _api_metrics.c */

ngx_int_t ngx_http_llm_cost_api_metrics_fetch(ngx_http_llm_cost_api_t *api);
void ngx_http_llm_cost_api_metrics_format(ngx_http_llm_cost_api_t *api);


/* _api_page.c: the dashboard's files */

ngx_int_t ngx_http_llm_cost_api_page_fetch(ngx_http_llm_cost_api_t *api);
void ngx_http_llm_cost_api_page_index_html(ngx_http_llm_cost_api_t *api);
void ngx_http_llm_cost_api_page_app_js(ngx_http_llm_cost_api_t *api);
void ngx_http_llm_cost_api_page_app_css(ngx_http_llm_cost_api_t *api);
void ngx_http_llm_cost_api_page_dygraph_min_js(ngx_http_llm_cost_api_t *api);
void ngx_http_llm_cost_api_page_dygraph_min_css(ngx_http_llm_cost_api_t *api);


/* _api_redis.c: fetch() of what the fleet has written */

ngx_int_t ngx_http_llm_cost_api_fleet_usage(ngx_http_llm_cost_api_t *api);
ngx_int_t ngx_http_llm_cost_api_fleet_series(ngx_http_llm_cost_api_t *api);
ngx_int_t ngx_http_llm_cost_api_fleet_budgets(ngx_http_llm_cost_api_t *api);
ngx_int_t ngx_http_llm_cost_api_fleet_alerts(ngx_http_llm_cost_api_t *api);
ngx_int_t ngx_http_llm_cost_api_fleet_cache(ngx_http_llm_cost_api_t *api);
ngx_int_t ngx_http_llm_cost_api_fleet_clear(ngx_http_llm_cost_api_t *api);
ngx_uint_t ngx_http_llm_cost_api_fleet_down(void);
void ngx_http_llm_cost_api_fleet_state(ngx_http_llm_cost_api_state_t *s);


#endif /* _NGX_HTTP_LLM_COST_API_H_INCLUDED_ */
