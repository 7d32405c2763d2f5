
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_api.h"


/*
 * usage/series: what usage/summary has, for each step of a span.  A step is a
 * whole number of clock hours; the first begins at from=, the last may be
 * shorter.  From the zone all of it is read at once, and so there are bounds
 * on the number of steps; from Redis it comes step by step.
 */


#define NGX_HTTP_LLM_COST_API_DAY  86400


static ngx_int_t ngx_http_llm_cost_api_series_step(
    ngx_http_llm_cost_api_t *api);
static ngx_int_t ngx_http_llm_cost_api_series_named(
    ngx_http_llm_cost_api_t *api, ngx_http_llm_cost_api_point_t *p);
static void ngx_http_llm_cost_api_point_format(ngx_http_llm_cost_api_t *api,
    ngx_http_llm_cost_api_point_t *p);


/* after from= and to= are known; NGX_DECLINED: nothing is wrong */

ngx_int_t
ngx_http_llm_cost_api_series_args(ngx_http_llm_cost_api_t *api)
{
    ngx_int_t                       rc;
    ngx_uint_t                      i, n, max;
    ngx_http_llm_cost_api_point_t  *p;

    rc = ngx_http_llm_cost_api_series_step(api);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (api->user.len) {
        return ngx_http_llm_cost_api_refuse(api, NGX_HTTP_BAD_REQUEST, "user",
                   "usage/series knows no user=: by=user has all of them");
    }

    if (api->by.len && api->by.data[0] == 'u') {

        if (api->step % NGX_HTTP_LLM_COST_API_DAY != 0) {
            return ngx_http_llm_cost_api_refuse(api, NGX_HTTP_BAD_REQUEST,
                       "step", "by=user is known by UTC day: step must be a "
                       "number of days, such as 1d");
        }

        api->from -= api->from % NGX_HTTP_LLM_COST_API_DAY;
    }

    n = (api->to - api->from + api->step - 1) / api->step;

    max = api->by.len ? NGX_HTTP_LLM_COST_API_POINTS_BY
                      : NGX_HTTP_LLM_COST_API_POINTS;

    if (n > max) {
        return ngx_http_llm_cost_api_refuse(api, NGX_HTTP_BAD_REQUEST, "step",
                   "step is too short: at most 744 steps, 62 with by=");
    }

    if (ngx_array_init(&api->points, api->request->pool, n,
                       sizeof(ngx_http_llm_cost_api_point_t))
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    p = api->points.elts;
    ngx_memzero(p, n * sizeof(ngx_http_llm_cost_api_point_t));

    for (i = 0; i < n; i++) {
        p[i].from = api->from + (int64_t) i * api->step;
        p[i].to = ngx_min(p[i].from + api->step, api->to);
    }

    return NGX_DECLINED;
}


/* "6h", "1d"; an hour, or a day for what is longer than two */

static ngx_int_t
ngx_http_llm_cost_api_series_step(ngx_http_llm_cost_api_t *api)
{
    u_char      unit;
    ngx_int_t   rc, n;
    ngx_str_t   value;

    rc = ngx_http_llm_cost_api_arg(api, "step", &value);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc == NGX_DECLINED) {
        api->step = (api->hours <= 48
                     && !(api->by.len && api->by.data[0] == 'u'))
                    ? 3600 : NGX_HTTP_LLM_COST_API_DAY;
        return NGX_DECLINED;
    }

    unit = value.len ? value.data[value.len - 1] : '\0';
    n = (value.len < 2 || value.len > 4)
        ? NGX_ERROR : ngx_atoi(value.data, value.len - 1);

    if (n < 1 || (unit != 'h' && unit != 'd')) {
        return ngx_http_llm_cost_api_refuse(api, NGX_HTTP_BAD_REQUEST, "step",
                   "step must be a number of hours or days, such as 6h or 1d");
    }

    api->step = n * (unit == 'h' ? 3600 : NGX_HTTP_LLM_COST_API_DAY);

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_llm_cost_api_series_next(ngx_http_llm_cost_api_t *api)
{
    ngx_http_llm_cost_api_point_t  *p;

    if (api->points.nelts == api->points.nalloc) {
        return NGX_DONE;
    }

    p = api->points.elts;
    p += api->points.nelts;

    api->from = p->from;
    api->to = p->to;
    ngx_memzero(&api->usage, sizeof(ngx_http_llm_cost_api_usage_t));

    return NGX_OK;
}


ngx_int_t
ngx_http_llm_cost_api_series_take(ngx_http_llm_cost_api_t *api)
{
    ngx_http_llm_cost_api_point_t  *p;

    p = ngx_array_push(&api->points);
    if (p == NULL) {
        return NGX_ERROR;
    }

    p->usage = api->usage;

    return api->by.len ? ngx_http_llm_cost_api_series_named(api, p) : NGX_OK;
}


/* the dearest names of a step, copied, and the sum of the rest */

static ngx_int_t
ngx_http_llm_cost_api_series_named(ngx_http_llm_cost_api_t *api,
    ngx_http_llm_cost_api_point_t *p)
{
    ngx_str_t                     name;
    ngx_uint_t                    i, known;
    ngx_array_t                  *rows;
    ngx_http_llm_cost_api_row_t  *from, *row, *other;

    from = api->usage.others.elts;
    rows = &p->usage.others;
    other = NULL;

    if (ngx_array_init(rows, api->request->pool,
                       NGX_HTTP_LLM_COST_API_NAMED + 1,
                       sizeof(ngx_http_llm_cost_api_row_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < api->usage.others.nelts; i++) {

        known = (i < NGX_HTTP_LLM_COST_API_NAMED);

        if (!known && other) {
            other->count += from[i].count;
            other->input += from[i].input;
            other->output += from[i].output;
            other->cost += from[i].cost;
            continue;
        }

        row = ngx_array_push(rows);
        if (row == NULL) {
            return NGX_ERROR;
        }

        *row = from[i];

        ngx_str_set(&name, "other");

        if (known) {
            name = from[i].name;
        }

        row->name.len = name.len;
        row->name.data = ngx_pstrdup(api->request->pool, &name);
        if (row->name.data == NULL) {
            return NGX_ERROR;
        }

        /* somebody may be called so: it is the one that the rest goes to */

        if (name.len == 5 && ngx_memcmp(name.data, "other", 5) == 0) {
            other = row;
        }
    }

    return NGX_OK;
}


/* what is read for a step is as large as the table of names: it goes at once */

ngx_int_t
ngx_http_llm_cost_api_series_fetch(ngx_http_llm_cost_api_t *api)
{
    ngx_int_t  rc;

    while (ngx_http_llm_cost_api_series_next(api) == NGX_OK) {

        api->pool = ngx_create_pool(4096, api->request->connection->log);
        if (api->pool == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        rc = ngx_http_llm_cost_api_span_fetch(api);

        if (rc == NGX_OK) {
            rc = ngx_http_llm_cost_api_series_take(api);
        }

        ngx_destroy_pool(api->pool);
        api->pool = api->request->pool;

        if (rc != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    return NGX_OK;
}


void
ngx_http_llm_cost_api_series_format(ngx_http_llm_cost_api_t *api)
{
    ngx_uint_t                      i;
    ngx_http_llm_cost_out_t        *o;
    ngx_http_llm_cost_api_point_t  *p;

    o = &api->out;
    p = api->points.elts;

    ngx_http_llm_cost_out(o, "{\"from\":");
    ngx_http_llm_cost_out_time(o, p[0].from);
    ngx_http_llm_cost_out(o, ",\"to\":");
    ngx_http_llm_cost_out_time(o, p[api->points.nelts - 1].to);
    ngx_http_llm_cost_out(o, ",\"step_hours\":");
    ngx_http_llm_cost_out_int(o, api->step / 3600);
    ngx_http_llm_cost_out(o, ",\"points\":[");

    for (i = 0; i < api->points.nelts; i++) {

        if (i) {
            ngx_http_llm_cost_out(o, ",\n");
        }

        ngx_http_llm_cost_api_point_format(api, &p[i]);
    }

    ngx_http_llm_cost_out(o, "]}\n");
}


static void
ngx_http_llm_cost_api_point_format(ngx_http_llm_cost_api_t *api,
    ngx_http_llm_cost_api_point_t *p)
{
    ngx_http_llm_cost_out_t        *o;
    ngx_http_llm_cost_api_usage_t  *u;

    o = &api->out;
    u = &p->usage;

    ngx_http_llm_cost_out(o, "{\"from\":");
    ngx_http_llm_cost_out_time(o, p->from);
    ngx_http_llm_cost_out(o, ",\"requests\":");
    ngx_http_llm_cost_out_int(o, u->requests);
    ngx_http_llm_cost_out(o, ",\"input\":");
    ngx_http_llm_cost_out_int(o, u->input);
    ngx_http_llm_cost_out(o, ",\"output\":");
    ngx_http_llm_cost_out_int(o, u->output);
    ngx_http_llm_cost_out(o, ",\"cost_usd\":");
    ngx_http_llm_cost_out_usd(o, u->cost);
    ngx_http_llm_cost_out(o, ",\"hits\":");
    ngx_http_llm_cost_out_int(o, u->hits);
    ngx_http_llm_cost_out(o, ",\"misses\":");
    ngx_http_llm_cost_out_int(o, u->misses);
    ngx_http_llm_cost_out(o, ",\"saved_cost_usd\":");
    ngx_http_llm_cost_out_usd(o, u->saved);

    if (api->by.len) {
        ngx_http_llm_cost_out(o, ",\"by\":");
        ngx_http_llm_cost_api_rows_format(api, &u->others);
    }

    ngx_http_llm_cost_out(o, "}");
}
