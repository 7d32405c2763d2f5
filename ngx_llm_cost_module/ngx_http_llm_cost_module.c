
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_redis.h"


static void *ngx_http_llm_cost_create_main_conf(ngx_conf_t *cf);
static char *ngx_http_llm_cost_init_main_conf(ngx_conf_t *cf, void *conf);
static char *ngx_http_llm_cost_enable(ngx_conf_t *cf, void *post, void *data);
static ngx_int_t ngx_http_llm_cost_preconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_http_llm_cost_init(ngx_conf_t *cf);
static ngx_int_t ngx_http_llm_cost_init_process(ngx_cycle_t *cycle);
static void ngx_http_llm_cost_exit_process(ngx_cycle_t *cycle);


static ngx_conf_post_t  ngx_http_llm_cost_enable_post =
    { ngx_http_llm_cost_enable };


static ngx_conf_enum_t  ngx_http_llm_cost_unknown_path[] = {
    { ngx_string("reject"), NGX_HTTP_LLM_COST_UNKNOWN_REJECT },
    { ngx_string("allow"), NGX_HTTP_LLM_COST_UNKNOWN_ALLOW },
    { ngx_null_string, 0 }
};


static ngx_conf_enum_t  ngx_http_llm_cost_upstream_lost[] = {
    { ngx_string("counted"), NGX_HTTP_LLM_COST_LOST_COUNTED },
    { ngx_string("reserve"), NGX_HTTP_LLM_COST_LOST_RESERVE },
    { ngx_string("zero"), NGX_HTTP_LLM_COST_LOST_ZERO },
    { ngx_null_string, 0 }
};


static ngx_conf_enum_t  ngx_http_llm_cost_cache_scope[] = {
    { ngx_string("payer"), NGX_HTTP_LLM_COST_SCOPE_PAYER },
    { ngx_string("shared"), NGX_HTTP_LLM_COST_SCOPE_SHARED },
    { ngx_null_string, 0 }
};


#define NGX_HTTP_LLM_COST_HSL                                                 \
    NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF


static ngx_command_t  ngx_http_llm_cost_commands[] = {

    { ngx_string("llm_cost"),
      NGX_HTTP_LLM_COST_HSL|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_llm_cost_loc_conf_t, enable),
      &ngx_http_llm_cost_enable_post },

    { ngx_string("llm_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE12,
      ngx_http_llm_cost_conf_zone,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("llm_redis"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_1MORE,
      ngx_http_llm_cost_conf_redis,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_llm_cost_main_conf_t, redis),
      NULL },

    { ngx_string("llm_cache_redis"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_1MORE,
      ngx_http_llm_cost_conf_redis,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_llm_cost_main_conf_t, cache_redis),
      NULL },

    { ngx_string("llm_prices"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_llm_cost_conf_prices,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("llm_price"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_2MORE,
      ngx_http_llm_cost_conf_price,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("llm_data_path"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_llm_cost_main_conf_t, data_path),
      NULL },

    { ngx_string("llm_tokenizer"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE2,
      ngx_http_llm_cost_conf_tokenizer,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("llm_key_salt_file"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_llm_cost_conf_salt,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("llm_ledger_log"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_llm_cost_conf_ledger_log,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("llm_reservation_ttl"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE12,
      ngx_http_llm_cost_conf_reservation_ttl,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("llm_unknown_model"),
      NGX_HTTP_LLM_COST_HSL|NGX_CONF_TAKE12,
      ngx_http_llm_cost_conf_unknown_model,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("llm_provider"),
      NGX_HTTP_LLM_COST_HSL|NGX_CONF_TAKE1,
      ngx_http_llm_cost_conf_provider,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("llm_user"),
      NGX_HTTP_LLM_COST_HSL|NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_llm_cost_loc_conf_t, user),
      NULL },

    { ngx_string("llm_tag"),
      NGX_HTTP_LLM_COST_HSL|NGX_CONF_TAKE2,
      ngx_http_llm_cost_conf_tag,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("llm_budget"),
      NGX_HTTP_LLM_COST_HSL|NGX_CONF_1MORE,
      ngx_http_llm_cost_conf_budget,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("llm_reserve_output"),
      NGX_HTTP_LLM_COST_HSL|NGX_CONF_TAKE1,
      ngx_http_llm_cost_conf_reserve_output,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("llm_fit"),
      NGX_HTTP_LLM_COST_HSL|NGX_CONF_TAKE12,
      ngx_http_llm_cost_conf_fit,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("llm_store_failure"),
      NGX_HTTP_LLM_COST_HSL|NGX_CONF_TAKE1,
      ngx_http_llm_cost_conf_store_failure,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("llm_client_abort"),
      NGX_HTTP_LLM_COST_HSL|NGX_CONF_TAKE1,
      ngx_http_llm_cost_conf_client_abort,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("llm_upstream_lost"),
      NGX_HTTP_LLM_COST_HSL|NGX_CONF_TAKE1,
      ngx_http_llm_cost_conf_enum,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_llm_cost_loc_conf_t, upstream_lost),
      &ngx_http_llm_cost_upstream_lost },

    { ngx_string("llm_cache"),
      NGX_HTTP_LLM_COST_HSL|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_llm_cost_loc_conf_t, cache),
      NULL },

    { ngx_string("llm_cache_ttl"),
      NGX_HTTP_LLM_COST_HSL|NGX_CONF_TAKE1,
      ngx_http_llm_cost_conf_sec,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_llm_cost_loc_conf_t, cache_ttl),
      NULL },

    { ngx_string("llm_cache_key"),
      NGX_HTTP_LLM_COST_HSL|NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_llm_cost_loc_conf_t, cache_key),
      NULL },

    { ngx_string("llm_cache_scope"),
      NGX_HTTP_LLM_COST_HSL|NGX_CONF_TAKE1,
      ngx_http_llm_cost_conf_enum,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_llm_cost_loc_conf_t, cache_scope),
      &ngx_http_llm_cost_cache_scope },

    { ngx_string("llm_cache_bypass"),
      NGX_HTTP_LLM_COST_HSL|NGX_CONF_1MORE,
      ngx_http_set_predicate_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_llm_cost_loc_conf_t, cache_bypass),
      NULL },

    { ngx_string("llm_no_cache"),
      NGX_HTTP_LLM_COST_HSL|NGX_CONF_1MORE,
      ngx_http_set_predicate_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_llm_cost_loc_conf_t, no_cache),
      NULL },

    { ngx_string("llm_cache_lock"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_llm_cost_loc_conf_t, cache_lock),
      NULL },

    { ngx_string("llm_cache_lock_timeout"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_llm_cost_conf_msec,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_llm_cost_loc_conf_t, cache_lock_timeout),
      NULL },

    { ngx_string("llm_cache_max_size"),
      NGX_HTTP_LLM_COST_HSL|NGX_CONF_TAKE1,
      ngx_http_llm_cost_conf_size,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_llm_cost_loc_conf_t, cache_max_size),
      NULL },

    { ngx_string("llm_usage_inject"),
      NGX_HTTP_LLM_COST_HSL|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_llm_cost_loc_conf_t, usage_inject),
      NULL },

    { ngx_string("llm_headers"),
      NGX_HTTP_LLM_COST_HSL|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_llm_cost_loc_conf_t, headers),
      NULL },

    { ngx_string("llm_max_body"),
      NGX_HTTP_LLM_COST_HSL|NGX_CONF_TAKE1,
      ngx_http_llm_cost_conf_size,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_llm_cost_loc_conf_t, max_body),
      NULL },

    { ngx_string("llm_max_response"),
      NGX_HTTP_LLM_COST_HSL|NGX_CONF_TAKE1,
      ngx_http_llm_cost_conf_size,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_llm_cost_loc_conf_t, max_response),
      NULL },

    { ngx_string("llm_unknown_path"),
      NGX_HTTP_LLM_COST_HSL|NGX_CONF_TAKE1,
      ngx_http_llm_cost_conf_enum,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_llm_cost_loc_conf_t, unknown_path),
      &ngx_http_llm_cost_unknown_path },

    { ngx_string("llm_trust_reported_cost"),
      NGX_HTTP_LLM_COST_HSL|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_llm_cost_loc_conf_t, trust_reported_cost),
      NULL },

    { ngx_string("llm_api"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS|NGX_CONF_TAKE1,
      ngx_http_llm_cost_conf_api,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_llm_cost_module_ctx = {
    ngx_http_llm_cost_preconfiguration,    /* preconfiguration */
    ngx_http_llm_cost_init,                /* postconfiguration */

    ngx_http_llm_cost_create_main_conf,    /* create main configuration */
    ngx_http_llm_cost_init_main_conf,      /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_llm_cost_create_loc_conf,     /* create location configuration */
    ngx_http_llm_cost_merge_loc_conf       /* merge location configuration */
};


ngx_module_t  ngx_http_llm_cost_module = {
    NGX_MODULE_V1,
    &ngx_http_llm_cost_module_ctx,         /* module context */
    ngx_http_llm_cost_commands,            /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_http_llm_cost_init_process,        /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_llm_cost_exit_process,        /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


void *
ngx_http_llm_cost_pool_alloc(void *pool, size_t size)
{
    return ngx_palloc(pool, size);
}


static void *
ngx_http_llm_cost_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_llm_cost_main_conf_t  *lmcf;

    lmcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_llm_cost_main_conf_t));
    if (lmcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     lmcf->zone, redis, cache_redis, store, prices = NULL;
     *     lmcf->data_path, key_salt = { 0, NULL };
     *     lmcf->enabled = 0;
     */

    lmcf->reservation_ttl = NGX_CONF_UNSET_MSEC;
    lmcf->reservation_charge = NGX_CONF_UNSET_UINT;

    if (ngx_array_init(&lmcf->price_files, cf->pool, 2, sizeof(ngx_str_t))
        != NGX_OK
        || ngx_array_init(&lmcf->price_rows, cf->pool, 8,
                          sizeof(ngx_http_llm_cost_price_row_t))
           != NGX_OK
        || ngx_array_init(&lmcf->vocabs, cf->pool, 4,
                          sizeof(ngx_http_llm_cost_vocab_t))
           != NGX_OK
        || ngx_array_init(&lmcf->tokenizers, cf->pool, 4,
                          sizeof(ngx_http_llm_cost_tokenizer_t))
           != NGX_OK
        || ngx_array_init(&lmcf->budgets, cf->pool, 4,
                          sizeof(ngx_http_llm_cost_budget_t))
           != NGX_OK
        || ngx_http_llm_cost_check_init(cf, lmcf) != NGX_OK)
    {
        return NULL;
    }

    return lmcf;
}


static char *
ngx_http_llm_cost_init_main_conf(ngx_conf_t *cf, void *conf)
{
    ngx_http_llm_cost_main_conf_t *lmcf = conf;

    if (lmcf->data_path.len == 0) {
        ngx_str_set(&lmcf->data_path, LLM_DATA_DIR);

    } else if (ngx_conf_full_name(cf->cycle, &lmcf->data_path, 0) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    ngx_conf_init_msec_value(lmcf->reservation_ttl, 600000);
    ngx_conf_init_uint_value(lmcf->reservation_charge, 1);

    lmcf->store = lmcf->redis ? &ngx_http_llm_cost_redis_store
                              : &ngx_http_llm_cost_zone_store;

    return NGX_CONF_OK;
}


/* a module that is loaded but metered nowhere costs nothing */

static char *
ngx_http_llm_cost_enable(ngx_conf_t *cf, void *post, void *data)
{
    ngx_flag_t                     *enable = data;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    if (*enable) {
        lmcf = ngx_http_conf_get_module_main_conf(cf,
                                                  ngx_http_llm_cost_module);
        lmcf->enabled = 1;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_llm_cost_preconfiguration(ngx_conf_t *cf)
{
    return ngx_http_llm_cost_add_variables(cf);
}


static ngx_int_t
ngx_http_llm_cost_init(ngx_conf_t *cf)
{
    ngx_http_handler_pt            *h, *handlers;
    ngx_http_core_main_conf_t      *cmcf;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    lmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_llm_cost_module);

    if (!lmcf->enabled) {
        return NGX_OK;
    }

    if (ngx_http_llm_cost_zone_default(cf, lmcf) != NGX_OK
        || ngx_http_llm_cost_redis_init(cf, lmcf) != NGX_OK
        || ngx_http_llm_cost_init_vocabs(cf, lmcf) != NGX_OK
        || ngx_http_llm_cost_init_prices(cf, lmcf) != NGX_OK
        || ngx_http_llm_cost_ledger_log_init(cf, lmcf) != NGX_OK
        || ngx_http_llm_cost_over_check(cf, lmcf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_llm_cost_check(cf, lmcf);

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    /*
     * Access handlers run from the last one of the array to the first: a
     * place in front lets every other module decide first.
     */

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_ACCESS_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    handlers = cmcf->phases[NGX_HTTP_ACCESS_PHASE].handlers.elts;
    ngx_memmove(&handlers[1], &handlers[0], (u_char *) h - (u_char *) handlers);
    handlers[0] = ngx_http_llm_cost_access_handler;

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_PRECONTENT_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_llm_cost_precontent_handler;

    if (ngx_http_llm_cost_route_init(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_llm_cost_filter_init(cf);
}


/*
 * Called in the cache manager and loader too, which leave without
 * exit_process, and where there is no http{} at all.
 */

static ngx_int_t
ngx_http_llm_cost_init_process(ngx_cycle_t *cycle)
{
    ngx_http_llm_cost_main_conf_t  *lmcf;

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    lmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_llm_cost_module);

    if (lmcf == NULL || !lmcf->enabled) {
        return NGX_OK;
    }

    if (ngx_http_llm_cost_init_scratch(cycle) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_llm_cost_flight_init_process();
    ngx_http_llm_cost_live_init_process();

    if (ngx_http_llm_cost_zone_start(cycle) != NGX_OK) {
        return NGX_ERROR;
    }

    llm_ledger_born(lmcf->zone->ledger, (uint32_t) ngx_pid);

    if (lmcf->zone->held) {
        llm_held_born(lmcf->zone->held, (uint32_t) ngx_pid);
    }

    return lmcf->store->init_process(cycle);
}


static void
ngx_http_llm_cost_exit_process(ngx_cycle_t *cycle)
{
    ngx_http_llm_cost_main_conf_t  *lmcf;

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return;
    }

    lmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_llm_cost_module);

    if (lmcf && lmcf->enabled) {
        lmcf->store->exit_process(cycle);
        ngx_http_llm_cost_zone_stop();
    }
}
