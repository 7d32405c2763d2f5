
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_api.h"


/* cache/stats, DELETE cache and health */


ngx_int_t
ngx_http_llm_cost_api_cache_fetch(ngx_http_llm_cost_api_t *api)
{
    llm_stats_totals_t  t;

    llm_stats_lifetime(api->zone->stats, &t);

    api->usage.hits = t.hits;
    api->usage.misses = t.misses;
    api->usage.saved = t.saved;

    ngx_http_llm_cost_cache_zone_stat(api->zone, &api->entries, &api->bytes);

    return NGX_OK;
}


void
ngx_http_llm_cost_api_cache_format(ngx_http_llm_cost_api_t *api)
{
    int64_t                         total;
    ngx_http_llm_cost_out_t        *o;
    ngx_http_llm_cost_api_usage_t  *u;

    o = &api->out;
    u = &api->usage;
    total = u->hits + u->misses;

    ngx_http_llm_cost_out(o, "{\"hits\":");
    ngx_http_llm_cost_out_int(o, u->hits);
    ngx_http_llm_cost_out(o, ",\"misses\":");
    ngx_http_llm_cost_out_int(o, u->misses);
    ngx_http_llm_cost_out(o, ",\"total\":");
    ngx_http_llm_cost_out_int(o, total);
    ngx_http_llm_cost_out(o, ",\"hit_rate\":");
    ngx_http_llm_cost_out_ratio(o, u->hits, total);
    ngx_http_llm_cost_out(o, ",\"cache_size\":");
    ngx_http_llm_cost_out_int(o, api->entries);
    ngx_http_llm_cost_out(o, ",\"cache_bytes\":");
    ngx_http_llm_cost_out_int(o, api->bytes);
    ngx_http_llm_cost_out(o, ",\"saved_cost_usd\":");
    ngx_http_llm_cost_out_usd(o, u->saved);
    ngx_http_llm_cost_out(o, "}\n");
}


ngx_int_t
ngx_http_llm_cost_api_clear_fetch(ngx_http_llm_cost_api_t *api)
{
    api->deleted = ngx_http_llm_cost_cache_zone_clear(api->zone);

    ngx_log_error(NGX_LOG_NOTICE, api->request->connection->log, 0,
                  "llm cost: %ui cached answers deleted", api->deleted);

    return NGX_OK;
}


void
ngx_http_llm_cost_api_clear_format(ngx_http_llm_cost_api_t *api)
{
    ngx_http_llm_cost_out(&api->out, "{\"deleted\":");
    ngx_http_llm_cost_out_int(&api->out, api->deleted);
    ngx_http_llm_cost_out(&api->out, "}\n");
}


/* the store may be away: 503, so that a balancer can send clients elsewhere */

ngx_int_t
ngx_http_llm_cost_api_health_fetch(ngx_http_llm_cost_api_t *api)
{
    if (ngx_http_llm_cost_api_fleet_down()) {
        api->status = NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    return NGX_OK;
}


void
ngx_http_llm_cost_api_health_format(ngx_http_llm_cost_api_t *api)
{
    ngx_http_llm_cost_out_t        *o;
    ngx_http_llm_cost_api_state_t   s;

    o = &api->out;

    ngx_http_llm_cost_api_fleet_state(&s);

    ngx_http_llm_cost_out(o, api->status == NGX_HTTP_OK
                             ? "{\"status\":\"ok\",\"store\":"
                             : s.joining
                             ? "{\"status\":\"store is recovering\",\"store\":"
                             : "{\"status\":\"store is away\",\"store\":");
    ngx_http_llm_cost_out_string(o, api->lmcf->store->name.data,
                                 api->lmcf->store->name.len);
    ngx_http_llm_cost_out(o, "}\n");
}
