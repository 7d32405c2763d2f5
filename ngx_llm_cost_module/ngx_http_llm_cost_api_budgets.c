
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_api.h"


/* budgets and alerts */


static ngx_uint_t ngx_http_llm_cost_api_wanted(ngx_http_llm_cost_api_t *api,
    const llm_counter_view_t *v);
static void ngx_http_llm_cost_api_marks(ngx_http_llm_cost_api_t *api,
    const llm_counter_view_t *v);
static void ngx_http_llm_cost_api_amount(ngx_http_llm_cost_out_t *o,
    const char *name, llm_unit_e unit, int64_t amount);
static void ngx_http_llm_cost_api_alert_format(ngx_http_llm_cost_out_t *o,
    const llm_alert_t *alert);


const char  *ngx_http_llm_cost_api_units[] = { "usd", "tokens", "requests" };


/* counters whose windows are not over, of any budget, in any order */

ngx_int_t
ngx_http_llm_cost_api_budgets_fetch(ngx_http_llm_cost_api_t *api)
{
    uint32_t             cursor;
    llm_counter_view_t   v, *row;

    if (ngx_array_init(&api->budgets, api->request->pool, 16,
                       sizeof(llm_counter_view_t))
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cursor = 0;

    while (llm_ledger_next(api->zone->ledger, &cursor, &v) == LLM_OK) {

        if (!ngx_http_llm_cost_api_wanted(api, &v)) {
            continue;
        }

        row = ngx_array_push(&api->budgets);
        if (row == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        *row = v;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_llm_cost_api_wanted(ngx_http_llm_cost_api_t *api,
    const llm_counter_view_t *v)
{
    if (v->end <= (int64_t) ngx_time()) {
        return 0;
    }

    if (api->name.data
        && (api->name.len != v->name_len
            || ngx_memcmp(api->name.data, v->name, v->name_len) != 0))
    {
        return 0;
    }

    return api->key.data == NULL
           || (api->key.len == v->key_len
               && ngx_memcmp(api->key.data, v->key, v->key_len) == 0);
}


void
ngx_http_llm_cost_api_budgets_format(ngx_http_llm_cost_api_t *api)
{
    ngx_uint_t           i;
    llm_counter_view_t  *v;

    v = api->budgets.elts;

    ngx_http_llm_cost_out(&api->out, "[");

    for (i = 0; i < api->budgets.nelts; i++) {

        if (i) {
            ngx_http_llm_cost_out(&api->out, ",");
        }

        ngx_http_llm_cost_api_budget_format(api, &v[i]);
    }

    ngx_http_llm_cost_out(&api->out, "]\n");
}


void
ngx_http_llm_cost_api_budget_format(ngx_http_llm_cost_api_t *api,
    const llm_counter_view_t *v)
{
    int64_t                   remaining;
    ngx_http_llm_cost_out_t  *o;

    o = &api->out;

    ngx_http_llm_cost_out(o, "{\"name\":");
    ngx_http_llm_cost_out_string(o, v->name, v->name_len);
    ngx_http_llm_cost_out(o, ",\"key\":");
    ngx_http_llm_cost_out_string(o, v->key, v->key_len);
    ngx_http_llm_cost_out(o, ",\"period\":\"");
    ngx_http_llm_cost_out(o, llm_period_name(v->period));
    ngx_http_llm_cost_out(o, "\",\"window\":");
    ngx_http_llm_cost_out_time(o, v->start);
    ngx_http_llm_cost_out(o, ",\"unit\":\"");
    ngx_http_llm_cost_out(o, ngx_http_llm_cost_api_units[v->unit]);
    ngx_http_llm_cost_out(o, "\"");

    if (v->limit == LLM_NO_LIMIT) {
        ngx_http_llm_cost_out(o, ",\"limit\":null");

    } else {
        ngx_http_llm_cost_api_amount(o, "limit", v->unit, v->limit);
    }

    ngx_http_llm_cost_api_amount(o, "spent", v->unit, v->spent);
    ngx_http_llm_cost_api_amount(o, "reserved", v->unit, v->reserved);

    if (v->limit == LLM_NO_LIMIT) {
        ngx_http_llm_cost_out(o, ",\"remaining\":null");

    } else {
        remaining = v->limit - v->spent - v->reserved;
        ngx_http_llm_cost_api_amount(o, "remaining", v->unit,
                                     ngx_max(remaining, 0));
    }

    ngx_http_llm_cost_out(o, ",\"resets_at\":");
    ngx_http_llm_cost_out_time(o, v->end);
    ngx_http_llm_cost_out(o, v->observe ? ",\"mode\":\"observe\""
                                        : ",\"mode\":\"enforce\"");
    ngx_http_llm_cost_api_marks(api, v);
    ngx_http_llm_cost_out(o, "}");
}


/* the thresholds of alert=, of a budget that this node's configuration has */

static void
ngx_http_llm_cost_api_marks(ngx_http_llm_cost_api_t *api,
    const llm_counter_view_t *v)
{
    unsigned                           k;
    ngx_uint_t                         i;
    const ngx_http_llm_cost_budget_t  *b;

    b = api->lmcf->budgets.elts;

    for (i = 0; i < api->lmcf->budgets.nelts; i++) {

        if (b[i].name.len != v->name_len
            || ngx_memcmp(b[i].name.data, v->name, v->name_len) != 0)
        {
            continue;
        }

        ngx_http_llm_cost_out(&api->out, ",\"alerts\":[");

        for (k = 0; k < b[i].nalerts; k++) {
            ngx_http_llm_cost_out(&api->out, k ? "," : "");
            ngx_http_llm_cost_out_int(&api->out, b[i].alerts[k]);
        }

        ngx_http_llm_cost_out(&api->out, "]");

        return;
    }
}


static void
ngx_http_llm_cost_api_amount(ngx_http_llm_cost_out_t *o, const char *name,
    llm_unit_e unit, int64_t amount)
{
    ngx_http_llm_cost_out(o, ",\"");
    ngx_http_llm_cost_out(o, name);
    ngx_http_llm_cost_out(o, "\":");

    if (unit == LLM_UNIT_USD) {
        ngx_http_llm_cost_out_usd(o, amount);

    } else {
        ngx_http_llm_cost_out_int(o, amount);
    }
}


ngx_int_t
ngx_http_llm_cost_api_alerts_fetch(ngx_http_llm_cost_api_t *api)
{
    uint64_t      cursor;
    ngx_uint_t    i;
    llm_alert_t  *alert;

    if (ngx_array_init(&api->alerts, api->request->pool, LLM_STATS_ALERTS,
                       sizeof(llm_alert_t))
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cursor = 0;

    for (i = 0; i < LLM_STATS_ALERTS; i++) {

        alert = (llm_alert_t *) api->alerts.elts + i;

        if (llm_alert_next(api->zone->stats, &cursor, alert) != LLM_OK) {
            break;
        }

        api->alerts.nelts++;
    }

    return NGX_OK;
}


/* newest first */

void
ngx_http_llm_cost_api_alerts_format(ngx_http_llm_cost_api_t *api)
{
    ngx_uint_t    i;
    llm_alert_t  *alert;

    alert = api->alerts.elts;

    ngx_http_llm_cost_out(&api->out, "[");

    for (i = 0; i < api->alerts.nelts; i++) {

        if (i) {
            ngx_http_llm_cost_out(&api->out, ",");
        }

        ngx_http_llm_cost_api_alert_format(&api->out, &alert[i]);
    }

    ngx_http_llm_cost_out(&api->out, "]\n");
}


static void
ngx_http_llm_cost_api_alert_format(ngx_http_llm_cost_out_t *o,
    const llm_alert_t *alert)
{
    ngx_http_llm_cost_out(o, "{\"time\":");
    ngx_http_llm_cost_out_time(o, alert->time);
    ngx_http_llm_cost_out(o, alert->error ? ",\"level\":\"error\""
                                          : ",\"level\":\"warning\"");
    ngx_http_llm_cost_out(o, ",\"budget\":");
    ngx_http_llm_cost_out_string(o, alert->budget, alert->budget_len);
    ngx_http_llm_cost_out(o, ",\"key\":");
    ngx_http_llm_cost_out_string(o, alert->key, alert->key_len);
    ngx_http_llm_cost_out(o, ",\"window\":");
    ngx_http_llm_cost_out_time(o, alert->start);
    ngx_http_llm_cost_out(o, ",\"threshold\":");
    ngx_http_llm_cost_out_int(o, alert->threshold);
    ngx_http_llm_cost_api_amount(o, "spent", alert->unit, alert->spent);
    ngx_http_llm_cost_api_amount(o, "limit", alert->unit, alert->limit);
    ngx_http_llm_cost_out(o, ",\"text\":");
    ngx_http_llm_cost_out_string(o, alert->text, alert->text_len);
    ngx_http_llm_cost_out(o, "}");
}
