
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_api.h"


/*
 * The arguments of llm_api's endpoints: which rows, of which time.  What cannot
 * be meant is refused with the name of the argument and what it may be.
 */


static ngx_int_t ngx_http_llm_cost_api_period(ngx_http_llm_cost_api_t *api);
static ngx_int_t ngx_http_llm_cost_api_arg_time(ngx_http_llm_cost_api_t *api,
    const char *name, int64_t *t);
static ngx_int_t ngx_http_llm_cost_api_date_time(u_char *p, size_t len,
    int64_t *t);
static ngx_int_t ngx_http_llm_cost_api_digits(u_char *p, size_t n);


/* NGX_DECLINED: nothing is wrong, go on; else what has been answered */

ngx_int_t
ngx_http_llm_cost_api_args(ngx_http_llm_cost_api_t *api)
{
    ngx_int_t  rc;

    if (ngx_http_llm_cost_api_arg(api, "user", &api->user) == NGX_ERROR
        || ngx_http_llm_cost_api_arg(api, "by", &api->by) == NGX_ERROR
        || ngx_http_llm_cost_api_arg(api, "name", &api->name) == NGX_ERROR
        || ngx_http_llm_cost_api_arg(api, "key", &api->key) == NGX_ERROR)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (api->by.len
        && ngx_strcmp(api->by.data, "endpoint") != 0
        && ngx_strcmp(api->by.data, "provider") != 0
        && (api->format != ngx_http_llm_cost_api_series_format
            || (ngx_strcmp(api->by.data, "model") != 0
                && ngx_strcmp(api->by.data, "user") != 0))
        && (api->by.len < 5 || ngx_strncmp(api->by.data, "tag:", 4) != 0))
    {
        return ngx_http_llm_cost_api_refuse(api, NGX_HTTP_BAD_REQUEST, "by",
                   "by must be \"tag:NAME\", \"endpoint\" or \"provider\", "
                   "of usage/series also \"model\" or \"user\"");
    }

    if (api->format == ngx_http_llm_cost_api_clear_format) {
        return ngx_http_llm_cost_api_clear_args(api);
    }

    rc = ngx_http_llm_cost_api_period(api);

    return (rc == NGX_DECLINED
            && api->format == ngx_http_llm_cost_api_series_format)
           ? ngx_http_llm_cost_api_series_args(api) : rc;
}


/*
 * The last N clock hours, the running one included, or all clock hours that
 * from= (included) and to= (excluded) touch.
 */

static ngx_int_t
ngx_http_llm_cost_api_period(ngx_http_llm_cost_api_t *api)
{
    int64_t    now;
    ngx_int_t  rc, n;
    ngx_str_t  value;

    now = (int64_t) ngx_time();

    api->hours = NGX_HTTP_LLM_COST_API_HOURS;
    api->to = now - now % 3600 + 3600;

    rc = ngx_http_llm_cost_api_arg(api, "hours", &value);

    if (rc == NGX_OK) {
        n = value.len > 4 ? NGX_ERROR : ngx_atoi(value.data, value.len);

        if (n < 1 || n > NGX_HTTP_LLM_COST_API_HOURS_MAX) {
            return ngx_http_llm_cost_api_refuse(api, NGX_HTTP_BAD_REQUEST,
                       "hours", "hours must be a whole number from 1 to 744");
        }

        api->hours = n;
    }

    rc = ngx_http_llm_cost_api_arg_time(api, "to", &api->to);

    if (rc == NGX_ERROR) {
        goto invalid;
    }

    api->to = (api->to + 3599) / 3600 * 3600;
    api->from = api->to - (int64_t) api->hours * 3600;

    rc = ngx_http_llm_cost_api_arg_time(api, "from", &api->from);

    if (rc == NGX_ERROR) {
        goto invalid;
    }

    api->from -= api->from % 3600;

    if (api->from >= api->to
        || api->to - api->from > NGX_HTTP_LLM_COST_API_HOURS_MAX * 3600)
    {
        return ngx_http_llm_cost_api_refuse(api, NGX_HTTP_BAD_REQUEST, "from",
                   "from must be before to, by 744 hours at most");
    }

    api->hours = (ngx_uint_t) ((api->to - api->from) / 3600);

    return NGX_DECLINED;

invalid:

    return ngx_http_llm_cost_api_refuse(api, NGX_HTTP_BAD_REQUEST, "from",
               "from and to must be seconds since 1970 or a time such as "
               "2026-11-22T00:00:00Z");
}


ngx_int_t
ngx_http_llm_cost_api_arg(ngx_http_llm_cost_api_t *api, const char *name,
    ngx_str_t *value)
{
    u_char     *dst, *src;
    ngx_str_t   raw;

    ngx_str_null(value);

    if (ngx_http_arg(api->request, (u_char *) name, ngx_strlen(name), &raw)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    dst = ngx_pnalloc(api->request->pool, raw.len + 1);
    if (dst == NULL) {
        return NGX_ERROR;
    }

    value->data = dst;
    src = raw.data;

    ngx_unescape_uri(&dst, &src, raw.len, 0);

    *dst = '\0';
    value->len = dst - value->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_llm_cost_api_arg_time(ngx_http_llm_cost_api_t *api,
    const char *name, int64_t *t)
{
    ngx_int_t  rc;
    ngx_str_t  value;

    rc = ngx_http_llm_cost_api_arg(api, name, &value);
    if (rc != NGX_OK) {
        return rc;
    }

    if (value.len > 0 && value.len <= 11
        && ngx_http_llm_cost_api_digits(value.data, value.len) != NGX_ERROR)
    {
        *t = (int64_t) ngx_atotm(value.data, value.len);
        return *t < 0 ? NGX_ERROR : NGX_OK;
    }

    return ngx_http_llm_cost_api_date_time(value.data, value.len, t);
}


/* 2026-11-22T00:00:00Z */

static ngx_int_t
ngx_http_llm_cost_api_date_time(u_char *p, size_t len, int64_t *t)
{
    int64_t  n, year, month, day, era;

    if (len != 20 || p[4] != '-' || p[7] != '-' || p[10] != 'T'
        || p[13] != ':' || p[16] != ':' || p[19] != 'Z'
        || ngx_http_llm_cost_api_digits(p, 4) < 1970
        || ngx_http_llm_cost_api_digits(p + 5, 2) < 1
        || ngx_http_llm_cost_api_digits(p + 5, 2) > 12
        || ngx_http_llm_cost_api_digits(p + 8, 2) < 1
        || ngx_http_llm_cost_api_digits(p + 8, 2) > 31
        || ngx_http_llm_cost_api_digits(p + 11, 2) < 0
        || ngx_http_llm_cost_api_digits(p + 11, 2) > 23
        || ngx_http_llm_cost_api_digits(p + 14, 2) < 0
        || ngx_http_llm_cost_api_digits(p + 14, 2) > 59
        || ngx_http_llm_cost_api_digits(p + 17, 2) < 0
        || ngx_http_llm_cost_api_digits(p + 17, 2) > 59)
    {
        return NGX_ERROR;
    }

    year = ngx_http_llm_cost_api_digits(p, 4);
    month = ngx_http_llm_cost_api_digits(p + 5, 2);
    day = ngx_http_llm_cost_api_digits(p + 8, 2);

    /* days since 1970 with years that begin in March */

    if (month <= 2) {
        year--;
        month += 12;
    }

    era = year / 100;
    n = 365 * year + year / 4 - era + era / 4 + (153 * (month - 3) + 2) / 5
        + day - 1 - 719468;

    *t = n * 86400 + ngx_http_llm_cost_api_digits(p + 11, 2) * 3600
         + ngx_http_llm_cost_api_digits(p + 14, 2) * 60
         + ngx_http_llm_cost_api_digits(p + 17, 2);

    return NGX_OK;
}


static ngx_int_t
ngx_http_llm_cost_api_digits(u_char *p, size_t n)
{
    return ngx_atoi(p, n);
}
