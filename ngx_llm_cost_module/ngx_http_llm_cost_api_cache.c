
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_api.h"


/* cache/stats, DELETE cache and health */


static void ngx_http_llm_cost_api_level(ngx_http_llm_cost_out_t *o,
    const char *name, const llm_cache_model_t *m, ngx_uint_t hits);
static void ngx_http_llm_cost_api_cached(ngx_http_llm_cost_api_t *api,
    const llm_cache_model_t *zone, const llm_cache_model_t *redis);
static void ngx_http_llm_cost_api_cache_models(ngx_http_llm_cost_api_t *api,
    const llm_cache_model_t *redis, ngx_uint_t n);
static const llm_cache_model_t *ngx_http_llm_cost_api_same(
    const llm_cache_model_t *m, const llm_cache_model_t *list, ngx_uint_t n);
static ngx_uint_t ngx_http_llm_cost_api_clear_known(const ngx_str_t *args);
static ngx_int_t ngx_http_llm_cost_api_clear_key(
    ngx_http_llm_cost_api_t *api);


ngx_int_t
ngx_http_llm_cost_api_cache_stat(ngx_http_llm_cost_api_t *api)
{
    api->cache = ngx_palloc(api->request->pool, sizeof(llm_cache_stat_t));

    if (api->cache == NULL
        || ngx_array_init(&api->answers, api->request->pool, 8,
                          sizeof(llm_cache_model_t))
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    llm_cache_stat(api->zone->cache, api->cache);

    return NGX_OK;
}


ngx_int_t
ngx_http_llm_cost_api_cache_fetch(ngx_http_llm_cost_api_t *api)
{
    llm_stats_totals_t  t;

    llm_stats_lifetime(api->zone->stats, &t);

    api->usage.hits = t.hits;
    api->usage.misses = t.misses;
    api->usage.saved = t.saved;

    return ngx_http_llm_cost_api_cache_stat(api);
}


/* what is kept is what the last level has; the first one's are copies */

void
ngx_http_llm_cost_api_cache_format(ngx_http_llm_cost_api_t *api)
{
    int64_t                         total;
    ngx_uint_t                      n;
    llm_cache_stat_t               *s;
    const llm_cache_model_t        *redis, *all;
    ngx_http_llm_cost_out_t        *o;
    ngx_http_llm_cost_api_usage_t  *u;

    o = &api->out;
    u = &api->usage;
    s = api->cache;
    n = api->answers.nelts;
    redis = n ? api->answers.elts : NULL;
    all = n ? redis : &s->all;
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
    ngx_http_llm_cost_out_int(o, all->entries);
    ngx_http_llm_cost_out(o, ",\"cache_bytes\":");
    ngx_http_llm_cost_out_int(o, all->bytes);
    ngx_http_llm_cost_out(o, ",\"saved_cost_usd\":");
    ngx_http_llm_cost_out_usd(o, u->saved);
    ngx_http_llm_cost_out(o, ",\"room\":");
    ngx_http_llm_cost_out_int(o, s->size);
    ngx_http_llm_cost_out(o, ",\"purged\":");
    ngx_http_llm_cost_out_int(o, s->purged);
    ngx_http_llm_cost_out(o, ",\"levels\":");
    ngx_http_llm_cost_api_cached(api, &s->all, redis);
    ngx_http_llm_cost_out(o, ",\"by_model\":{");
    ngx_http_llm_cost_api_cache_models(api, redis, n);
    ngx_http_llm_cost_out(o, "}}\n");
}


/* those of the zone, and those that only the n rows of Redis have */

static void
ngx_http_llm_cost_api_cache_models(ngx_http_llm_cost_api_t *api,
    const llm_cache_model_t *redis, ngx_uint_t n)
{
    ngx_uint_t                i, more;
    llm_cache_stat_t         *s;
    ngx_http_llm_cost_out_t  *o;

    o = &api->out;
    s = api->cache;
    more = 0;

    for (i = 0; i < s->nmodels; i++) {

        if (i == 0 && s->models[0].entries + s->models[0].hits
                      + s->models[0].evictions == 0)
        {
            continue;
        }

        ngx_http_llm_cost_out(o, more++ ? "," : "");
        ngx_http_llm_cost_out_string(o, i ? s->models[i].name : "other",
                                     i ? s->models[i].len : 5);
        ngx_http_llm_cost_out(o, ":");
        ngx_http_llm_cost_api_cached(api, &s->models[i],
                   i && n ? ngx_http_llm_cost_api_same(&s->models[i],
                                                       redis + 1, n - 1)
                          : NULL);
    }

    for (i = 1; i < n; i++) {

        if (ngx_http_llm_cost_api_same(&redis[i], s->models + 1,
                                       s->nmodels - 1)
            == NULL)
        {
            ngx_http_llm_cost_out(o, more++ ? "," : "");
            ngx_http_llm_cost_out_string(o, redis[i].name, redis[i].len);
            ngx_http_llm_cost_out(o, ":");
            ngx_http_llm_cost_api_cached(api, NULL, &redis[i]);
        }
    }
}


static void
ngx_http_llm_cost_api_cached(ngx_http_llm_cost_api_t *api,
    const llm_cache_model_t *zone, const llm_cache_model_t *redis)
{
    ngx_http_llm_cost_out_t  *o;

    o = &api->out;

    ngx_http_llm_cost_out(o, "{");

    if (zone) {
        ngx_http_llm_cost_api_level(o, "zone", zone, 1);
    }

    if (redis) {
        ngx_http_llm_cost_out(o, zone ? "," : "");
        ngx_http_llm_cost_api_level(o, "redis", redis, 0);
    }

    ngx_http_llm_cost_out(o, "}");
}


static void
ngx_http_llm_cost_api_level(ngx_http_llm_cost_out_t *o, const char *name,
    const llm_cache_model_t *m, ngx_uint_t hits)
{
    ngx_http_llm_cost_out_string(o, name, ngx_strlen(name));
    ngx_http_llm_cost_out(o, ":{\"entries\":");
    ngx_http_llm_cost_out_int(o, m->entries);
    ngx_http_llm_cost_out(o, ",\"bytes\":");
    ngx_http_llm_cost_out_int(o, m->bytes);

    if (hits) {
        ngx_http_llm_cost_out(o, ",\"hits\":");
        ngx_http_llm_cost_out_int(o, m->hits);
    }

    ngx_http_llm_cost_out(o, ",\"evictions\":");
    ngx_http_llm_cost_out_int(o, m->evictions);
    ngx_http_llm_cost_out(o, "}");
}


static const llm_cache_model_t *
ngx_http_llm_cost_api_same(const llm_cache_model_t *m,
    const llm_cache_model_t *list, ngx_uint_t n)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {
        if (list[i].len == m->len
            && ngx_memcmp(list[i].name, m->name, m->len) == 0)
        {
            return &list[i];
        }
    }

    return NULL;
}


/*
 * What DELETE cache is to forget: everything, or what all of model=, payer=,
 * key= and older_than= agree upon.  A name that is not known is an error:
 * otherwise a slip of the pen would forget everything.
 */

ngx_int_t
ngx_http_llm_cost_api_clear_args(ngx_http_llm_cost_api_t *api)
{
    ngx_int_t           age;
    ngx_str_t           value;
    llm_cache_purge_t  *purge;

    purge = &api->purge;

    if (!ngx_http_llm_cost_api_clear_known(&api->request->args)) {
        return ngx_http_llm_cost_api_refuse(api, NGX_HTTP_BAD_REQUEST,
                   NULL, "a purge is narrowed by model=, payer=, key= and "
                   "older_than=, each with a value, and by nothing else");
    }

    if (ngx_http_llm_cost_api_arg(api, "model", &value) == NGX_OK) {
        purge->model = llm_cache_name(value.data, value.len);
    }

    if (ngx_http_llm_cost_api_arg(api, "payer", &value) == NGX_OK) {
        purge->payer = llm_cache_name(value.data, value.len);
    }

    if (ngx_http_llm_cost_api_arg(api, "older_than", &value) == NGX_OK) {
        age = ngx_parse_time(&value, 1);

        if (age == NGX_ERROR || age >= ngx_time()) {
            return ngx_http_llm_cost_api_refuse(api, NGX_HTTP_BAD_REQUEST,
                       "older_than", "older_than must be a time, as 90, 5m or "
                       "1d");
        }

        purge->before = ngx_time() - age + 1;
    }

    if (api->key.len == 0) {
        return NGX_DECLINED;
    }

    if (ngx_http_llm_cost_api_clear_key(api) != NGX_OK) {
        return ngx_http_llm_cost_api_refuse(api, NGX_HTTP_BAD_REQUEST, "key",
                   "key must be the 64 hexadecimal digits of an X-Cache-Key");
    }

    return NGX_DECLINED;
}


static ngx_uint_t
ngx_http_llm_cost_api_clear_known(const ngx_str_t *args)
{
    u_char            *p, *last, *end;
    const ngx_str_t   *name;
    static ngx_str_t   names[] = {
        ngx_string("model="), ngx_string("payer="), ngx_string("key="),
        ngx_string("older_than="), ngx_null_string
    };

    last = args->data + args->len;

    for (p = args->data; p < last; p = end + 1) {

        end = ngx_strlchr(p, last, '&');
        end = end ? end : last;

        for (name = names; name->len; name++) {
            if ((size_t) (end - p) > name->len
                && ngx_strncasecmp(p, name->data, name->len) == 0)
            {
                break;
            }
        }

        if (name->len == 0) {
            return 0;
        }
    }

    return 1;
}


static ngx_int_t
ngx_http_llm_cost_api_clear_key(ngx_http_llm_cost_api_t *api)
{
    size_t     i;
    ngx_int_t  n;

    if (api->key.len != 2 * LLM_CACHE_KEY) {
        return NGX_ERROR;
    }

    for (i = 0; i < LLM_CACHE_KEY; i++) {
        n = ngx_hextoi(api->key.data + 2 * i, 2);

        if (n == NGX_ERROR) {
            return NGX_ERROR;
        }

        api->purge_key[i] = (u_char) n;
    }

    api->purge.key = api->purge_key;

    return NGX_OK;
}


ngx_int_t
ngx_http_llm_cost_api_clear_fetch(ngx_http_llm_cost_api_t *api)
{
    api->deleted = llm_cache_purge(api->zone->cache, &api->purge);

    return NGX_OK;
}


void
ngx_http_llm_cost_api_clear_format(ngx_http_llm_cost_api_t *api)
{
    ngx_log_error(NGX_LOG_NOTICE, api->request->connection->log, 0,
                  "llm cost: %ui cached answers deleted", api->deleted);

    if (api->deleted == 0 && api->purge.key) {
        ngx_http_llm_cost_api_error(api, NGX_HTTP_NOT_FOUND, "key",
                                    "no answer is kept under this key");
        return;
    }

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
