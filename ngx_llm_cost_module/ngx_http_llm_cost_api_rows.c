
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_api_redis.h"


/* budgets and alerts of the fleet, as llm_api's rows */


#define NGX_HTTP_LLM_COST_API_PAGE    100     /* counters at a time */
#define NGX_HTTP_LLM_COST_API_FIELDS  10      /* of a counter */


static ngx_int_t ngx_http_llm_cost_api_counter_read(
    ngx_http_llm_cost_api_t *api, redisReply *reply, ngx_uint_t i);
static ngx_int_t ngx_http_llm_cost_api_copy(u_char *to, uint8_t *len,
    size_t max, const ngx_str_t *from);
static ngx_int_t ngx_http_llm_cost_api_unit(const ngx_str_t *name,
    llm_unit_e *unit);
static ngx_int_t ngx_http_llm_cost_api_alert_read(redisReply *reply,
    llm_alert_t *alert);


ngx_int_t
ngx_http_llm_cost_api_budgets_ask(ngx_http_llm_cost_api_t *api)
{
    u_char                         *p;
    ngx_uint_t                      i;
    ngx_str_t                      *s, *wanted[2];
    ngx_http_llm_cost_api_fleet_t  *f;

    f = api->fleet;

    ngx_http_llm_cost_redis_begin(f->redis, NGX_HTTP_LLM_COST_SCRIPT_BUDGETS);
    ngx_http_llm_cost_redis_indexes();

    ngx_http_llm_cost_redis_number(ngx_time());
    ngx_http_llm_cost_redis_number(f->cursor);
    ngx_http_llm_cost_redis_number(NGX_HTTP_LLM_COST_API_PAGE);

    wanted[0] = &api->name;
    wanted[1] = &api->key;

    for (i = 0; i < 2; i++) {
        s = wanted[i];

        if (s->data == NULL) {
            ngx_http_llm_cost_redis_text("");
            continue;
        }

        p = ngx_pnalloc(api->request->pool, s->len + 1);
        if (p == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        p[0] = '=';
        ngx_memcpy(p + 1, s->data, s->len);
        ngx_http_llm_cost_redis_arg(p, s->len + 1);
    }

    return ngx_http_llm_cost_api_fleet_send(api);
}


ngx_int_t
ngx_http_llm_cost_api_budgets_read(ngx_http_llm_cost_api_t *api,
    redisReply *reply)
{
    ngx_int_t   rc;
    ngx_uint_t  i;

    if (ngx_http_llm_cost_redis_integer(reply, 0, &api->fleet->cursor)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    for (i = 1; i < reply->elements; i += NGX_HTTP_LLM_COST_API_FIELDS) {

        if (reply->elements - i < NGX_HTTP_LLM_COST_API_FIELDS) {
            return NGX_DECLINED;
        }

        rc = ngx_http_llm_cost_api_counter_read(api, reply, i);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return api->fleet->cursor < 0 ? NGX_OK : NGX_AGAIN;
}


/* name, key, unit, period, start, end, limit, mode, spent, reserved */

static ngx_int_t
ngx_http_llm_cost_api_counter_read(ngx_http_llm_cost_api_t *api,
    redisReply *reply, ngx_uint_t i)
{
    ngx_str_t            name, key, unit, period, mode;
    llm_str_t            s;
    llm_counter_view_t  *v;

    v = ngx_array_push(&api->budgets);
    if (v == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_memzero(v, sizeof(llm_counter_view_t));

    if (ngx_http_llm_cost_api_text(reply, i, &name) != NGX_OK
        || ngx_http_llm_cost_api_text(reply, i + 1, &key) != NGX_OK
        || ngx_http_llm_cost_api_text(reply, i + 2, &unit) != NGX_OK
        || ngx_http_llm_cost_api_text(reply, i + 3, &period) != NGX_OK
        || ngx_http_llm_cost_redis_integer(reply, i + 4, &v->start) != NGX_OK
        || ngx_http_llm_cost_redis_integer(reply, i + 5, &v->end) != NGX_OK
        || ngx_http_llm_cost_redis_integer(reply, i + 6, &v->limit) != NGX_OK
        || ngx_http_llm_cost_api_text(reply, i + 7, &mode) != NGX_OK
        || ngx_http_llm_cost_redis_integer(reply, i + 8, &v->spent) != NGX_OK
        || ngx_http_llm_cost_redis_integer(reply, i + 9, &v->reserved)
           != NGX_OK)
    {
        return NGX_DECLINED;
    }

    s.data = period.data;
    s.len = period.len;

    if (ngx_http_llm_cost_api_copy(v->name, &v->name_len, LLM_NAME_MAX, &name)
        != NGX_OK
        || ngx_http_llm_cost_api_copy(v->key, &v->key_len, LLM_KEY_MAX, &key)
           != NGX_OK
        || ngx_http_llm_cost_api_unit(&unit, &v->unit) != NGX_OK
        || llm_period_parse(&s, &v->period) != LLM_OK)
    {
        return NGX_DECLINED;
    }

    if (v->end == 0) {
        v->end = INT64_MAX;
    }

    if (v->limit < 0) {
        v->limit = LLM_NO_LIMIT;
    }

    v->observe = (mode.len && mode.data[0] == 'o');

    return NGX_OK;
}


ngx_int_t
ngx_http_llm_cost_api_text(redisReply *reply, ngx_uint_t i, ngx_str_t *text)
{
    redisReply  *e;

    if (reply->type != REDIS_REPLY_ARRAY || i >= reply->elements) {
        return NGX_DECLINED;
    }

    e = reply->element[i];

    if (e->type != REDIS_REPLY_STRING) {
        return NGX_DECLINED;
    }

    text->data = (u_char *) e->str;
    text->len = e->len;

    return NGX_OK;
}


static ngx_int_t
ngx_http_llm_cost_api_copy(u_char *to, uint8_t *len, size_t max,
    const ngx_str_t *from)
{
    if (from->len > max) {
        return NGX_DECLINED;
    }

    ngx_memcpy(to, from->data, from->len);
    *len = (uint8_t) from->len;

    return NGX_OK;
}


static ngx_int_t
ngx_http_llm_cost_api_unit(const ngx_str_t *name, llm_unit_e *unit)
{
    ngx_uint_t  i;

    for (i = 0; i < LLM_UNIT_N; i++) {

        if (name->len == ngx_strlen(ngx_http_llm_cost_api_units[i])
            && ngx_memcmp(name->data, ngx_http_llm_cost_api_units[i],
                          name->len)
               == 0)
        {
            *unit = i;
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_llm_cost_api_alerts_ask(ngx_http_llm_cost_api_t *api)
{
    ngx_http_llm_cost_redis_command(api->fleet->redis, "XREVRANGE");
    ngx_http_llm_cost_redis_key("a");
    ngx_http_llm_cost_redis_text("+");
    ngx_http_llm_cost_redis_text("-");
    ngx_http_llm_cost_redis_text("COUNT");
    ngx_http_llm_cost_redis_number(LLM_STATS_ALERTS);

    return ngx_http_llm_cost_api_fleet_send(api);
}


/* an array of [id, [field, value, ...]] */

ngx_int_t
ngx_http_llm_cost_api_alerts_read(ngx_http_llm_cost_api_t *api,
    redisReply *reply)
{
    ngx_uint_t    i;
    redisReply   *e;
    llm_alert_t  *alert;

    if (reply->type != REDIS_REPLY_ARRAY) {
        return NGX_DECLINED;
    }

    for (i = 0; i < reply->elements; i++) {
        e = reply->element[i];

        alert = ngx_array_push(&api->alerts);
        if (alert == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        if (e->type != REDIS_REPLY_ARRAY || e->elements != 2
            || ngx_http_llm_cost_api_alert_read(e->element[1], alert)
               != NGX_OK)
        {
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


/* the values in the order in which raise() of common.lua writes them */

static ngx_int_t
ngx_http_llm_cost_api_alert_read(redisReply *reply, llm_alert_t *alert)
{
    int64_t     threshold;
    ngx_str_t   name, key, unit, period;
    llm_str_t   s;

    ngx_memzero(alert, sizeof(llm_alert_t));

    if (ngx_http_llm_cost_redis_integer(reply, 1, &alert->time) != NGX_OK
        || ngx_http_llm_cost_api_text(reply, 3, &name) != NGX_OK
        || ngx_http_llm_cost_api_text(reply, 5, &key) != NGX_OK
        || ngx_http_llm_cost_api_text(reply, 7, &unit) != NGX_OK
        || ngx_http_llm_cost_api_text(reply, 9, &period) != NGX_OK
        || ngx_http_llm_cost_redis_integer(reply, 11, &alert->start) != NGX_OK
        || ngx_http_llm_cost_redis_integer(reply, 13, &alert->end) != NGX_OK
        || ngx_http_llm_cost_redis_integer(reply, 15, &threshold) != NGX_OK
        || ngx_http_llm_cost_redis_integer(reply, 17, &alert->spent) != NGX_OK
        || ngx_http_llm_cost_redis_integer(reply, 19, &alert->limit)
           != NGX_OK
        || threshold < 0 || threshold > 255)
    {
        return NGX_DECLINED;
    }

    s.data = period.data;
    s.len = period.len;

    if (ngx_http_llm_cost_api_copy(alert->budget, &alert->budget_len,
                                   LLM_NAME_MAX, &name)
        != NGX_OK
        || ngx_http_llm_cost_api_copy(alert->key, &alert->key_len,
                                      LLM_KEY_MAX, &key)
           != NGX_OK
        || ngx_http_llm_cost_api_unit(&unit, &alert->unit) != NGX_OK
        || llm_period_parse(&s, &alert->period) != LLM_OK)
    {
        return NGX_DECLINED;
    }

    alert->threshold = (uint8_t) threshold;
    alert->error = (threshold >= 100);
    alert->text_len = (uint8_t) ngx_http_llm_cost_alert_text(alert);

    return NGX_OK;
}
