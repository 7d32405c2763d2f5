
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


/* What a location says, and what it has from the level above. */


static void ngx_http_llm_cost_merge_policy(ngx_http_llm_cost_loc_conf_t *conf,
    const ngx_http_llm_cost_loc_conf_t *prev);
static void ngx_http_llm_cost_merge_cache(ngx_http_llm_cost_loc_conf_t *conf,
    const ngx_http_llm_cost_loc_conf_t *prev);
static char *ngx_http_llm_cost_merge_budgets(ngx_conf_t *cf,
    ngx_http_llm_cost_loc_conf_t *prev, ngx_http_llm_cost_loc_conf_t *conf);
static ngx_int_t ngx_http_llm_cost_join_budgets(ngx_conf_t *cf,
    ngx_http_llm_cost_loc_conf_t *prev, ngx_http_llm_cost_loc_conf_t *conf);


void *
ngx_http_llm_cost_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_llm_cost_loc_conf_t  *llcf;

    llcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_llm_cost_loc_conf_t));
    if (llcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     llcf->user = NULL;
     *     llcf->tags = NULL;
     *     llcf->budgets = NULL;
     *     llcf->unknown_price = NULL;
     *     llcf->cache_key = NULL;
     */

    llcf->enable = NGX_CONF_UNSET;
    llcf->provider = NGX_CONF_UNSET_PTR;
    llcf->vendor = NGX_CONF_UNSET_PTR;
    llcf->budgets_none = NGX_CONF_UNSET;
    llcf->unknown_model = NGX_CONF_UNSET_UINT;
    llcf->unknown_path = NGX_CONF_UNSET_UINT;
    llcf->reserve_output = NGX_CONF_UNSET;
    llcf->fit = NGX_CONF_UNSET_UINT;
    llcf->fit_min = NGX_CONF_UNSET;
    llcf->store_failure = NGX_CONF_UNSET_UINT;
    llcf->client_abort = NGX_CONF_UNSET_UINT;
    llcf->drain_size = NGX_CONF_UNSET_SIZE;
    llcf->drain_time = NGX_CONF_UNSET_MSEC;
    llcf->upstream_lost = NGX_CONF_UNSET_UINT;
    llcf->cache = NGX_CONF_UNSET;
    llcf->cache_ttl = NGX_CONF_UNSET;
    llcf->cache_lock = NGX_CONF_UNSET;
    llcf->cache_lock_timeout = NGX_CONF_UNSET_MSEC;
    llcf->cache_scope = NGX_CONF_UNSET_UINT;
    llcf->cache_bypass = NGX_CONF_UNSET_PTR;
    llcf->no_cache = NGX_CONF_UNSET_PTR;
    llcf->cache_max_size = NGX_CONF_UNSET_SIZE;
    llcf->usage_inject = NGX_CONF_UNSET;
    llcf->headers = NGX_CONF_UNSET;
    llcf->max_body = NGX_CONF_UNSET_SIZE;
    llcf->max_response = NGX_CONF_UNSET_SIZE;
    llcf->trust_reported_cost = NGX_CONF_UNSET;

    return llcf;
}


char *
ngx_http_llm_cost_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_llm_cost_loc_conf_t *prev = parent;
    ngx_http_llm_cost_loc_conf_t *conf = child;

    /* a place of llm_api asks for nothing that costs money */

    ngx_conf_merge_value(conf->enable, conf->api == 1 ? 0 : prev->enable, 0);
    ngx_conf_merge_ptr_value(conf->provider, prev->provider, NULL);
    ngx_conf_merge_ptr_value(conf->vendor, prev->vendor, NULL);

    if (conf->user == NULL) {
        conf->user = prev->user;
    }

    if (conf->tags == NULL) {
        conf->tags = prev->tags;
    }

    if (ngx_http_llm_cost_merge_budgets(cf, prev, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    ngx_http_llm_cost_redis_promise(
        ngx_http_conf_get_module_main_conf(cf, ngx_http_llm_cost_module), conf);

    ngx_http_llm_cost_merge_policy(conf, prev);
    ngx_http_llm_cost_merge_cache(conf, prev);

    ngx_conf_merge_value(conf->usage_inject, prev->usage_inject, 1);
    ngx_conf_merge_value(conf->headers, prev->headers, 1);
    ngx_conf_merge_size_value(conf->max_body, prev->max_body,
                              16 * 1024 * 1024);
    ngx_conf_merge_size_value(conf->max_response, prev->max_response,
                              2 * 1024 * 1024);
    ngx_conf_merge_value(conf->trust_reported_cost,
                         prev->trust_reported_cost, 0);

    if (conf->enable && ngx_http_llm_cost_check_note(cf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static void
ngx_http_llm_cost_merge_policy(ngx_http_llm_cost_loc_conf_t *conf,
    const ngx_http_llm_cost_loc_conf_t *prev)
{
    if (conf->unknown_model == NGX_CONF_UNSET_UINT) {
        conf->unknown_price = prev->unknown_price;
    }

    ngx_conf_merge_uint_value(conf->unknown_model, prev->unknown_model,
                              NGX_HTTP_LLM_COST_UNKNOWN_AUTO);
    ngx_conf_merge_uint_value(conf->unknown_path, prev->unknown_path,
                              NGX_HTTP_LLM_COST_UNKNOWN_AUTO);

    ngx_conf_merge_value(conf->reserve_output, prev->reserve_output, 0);
    ngx_conf_merge_uint_value(conf->fit, prev->fit,
                              NGX_HTTP_LLM_COST_FIT_MISSING);
    ngx_conf_merge_value(conf->fit_min, prev->fit_min, 16);

    if (conf->store_failure == NGX_CONF_UNSET_UINT) {
        conf->store_allowance = prev->store_allowance;
    }

    ngx_conf_merge_uint_value(conf->store_failure, prev->store_failure,
                              NGX_HTTP_LLM_COST_FAIL_LOCAL);
    ngx_conf_merge_uint_value(conf->client_abort, prev->client_abort,
                              NGX_HTTP_LLM_COST_ABORT_BILL);
    ngx_conf_merge_size_value(conf->drain_size, prev->drain_size,
                              NGX_HTTP_LLM_COST_DRAIN_SIZE);
    ngx_conf_merge_msec_value(conf->drain_time, prev->drain_time,
                              NGX_HTTP_LLM_COST_DRAIN_TIME);
    ngx_conf_merge_uint_value(conf->upstream_lost, prev->upstream_lost,
                              NGX_HTTP_LLM_COST_LOST_COUNTED);
}


static void
ngx_http_llm_cost_merge_cache(ngx_http_llm_cost_loc_conf_t *conf,
    const ngx_http_llm_cost_loc_conf_t *prev)
{
    ngx_conf_merge_value(conf->cache, prev->cache, 0);
    ngx_conf_merge_sec_value(conf->cache_ttl, prev->cache_ttl, 3600);
    ngx_conf_merge_value(conf->cache_lock, prev->cache_lock, 1);
    ngx_conf_merge_msec_value(conf->cache_lock_timeout,
                              prev->cache_lock_timeout, 60000);

    if (conf->cache_key == NULL) {
        conf->cache_key = prev->cache_key;
    }

    ngx_conf_merge_uint_value(conf->cache_scope, prev->cache_scope,
                              NGX_HTTP_LLM_COST_SCOPE_PAYER);
    ngx_conf_merge_ptr_value(conf->cache_bypass, prev->cache_bypass, NULL);
    ngx_conf_merge_ptr_value(conf->no_cache, prev->no_cache, NULL);
    ngx_conf_merge_size_value(conf->cache_max_size, prev->cache_max_size,
                              1024 * 1024);
}


/* what the outer level has and the inner one does not override adds up */

static char *
ngx_http_llm_cost_merge_budgets(ngx_conf_t *cf,
    ngx_http_llm_cost_loc_conf_t *prev, ngx_http_llm_cost_loc_conf_t *conf)
{
    ngx_uint_t                   i;
    ngx_http_llm_cost_budget_t  *b;

    ngx_conf_init_value(conf->budgets_none, 0);

    if (conf->budgets_none || prev->budgets == NULL) {
        /* void */

    } else if (conf->budgets == NULL) {
        conf->budgets = prev->budgets;

    } else if (ngx_http_llm_cost_join_budgets(cf, prev, conf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (conf->budgets == NULL) {
        return NGX_CONF_OK;
    }

    if (conf->budgets->nelts > LLM_BUDGETS_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "llm_budget: more than %d budgets apply to one "
                           "location, write \"llm_budget none\" there to "
                           "leave out those of outer levels",
                           LLM_BUDGETS_MAX);
        return NGX_CONF_ERROR;
    }

    conf->enforced = 0;
    conf->enforced_usd = 0;

    b = conf->budgets->elts;

    for (i = 0; i < conf->budgets->nelts; i++) {
        if (b[i].observe) {
            continue;
        }

        conf->enforced = 1;

        if (b[i].limit_text || b[i].unit == LLM_UNIT_USD) {
            conf->enforced_usd = 1;
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_llm_cost_join_budgets(ngx_conf_t *cf,
    ngx_http_llm_cost_loc_conf_t *prev, ngx_http_llm_cost_loc_conf_t *conf)
{
    ngx_uint_t                   i;
    ngx_array_t                 *merged;
    ngx_http_llm_cost_budget_t  *b, *outer;

    merged = ngx_array_create(cf->pool,
                              prev->budgets->nelts + conf->budgets->nelts,
                              sizeof(ngx_http_llm_cost_budget_t));
    if (merged == NULL) {
        return NGX_ERROR;
    }

    outer = prev->budgets->elts;

    for (i = 0; i < prev->budgets->nelts; i++) {
        if (ngx_http_llm_cost_budget_find(conf->budgets, &outer[i].name)) {
            continue;
        }

        b = ngx_array_push(merged);
        if (b == NULL) {
            return NGX_ERROR;
        }

        *b = outer[i];
    }

    b = ngx_array_push_n(merged, conf->budgets->nelts);
    if (b == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(b, conf->budgets->elts,
               conf->budgets->nelts * sizeof(ngx_http_llm_cost_budget_t));

    conf->budgets = merged;

    return NGX_OK;
}
