
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_api.h"


/*
 * Prometheus text.  The number of series is bounded: sets of provider, model
 * and status class, refusal codes, and names of budgets, never their keys,
 * which clients may invent.  docs/metrics.md lists the names.
 */


#define NGX_HTTP_LLM_COST_API_BUDGETS  128


/* all counters of one budget name, unit and period */

typedef struct {
    llm_counter_view_t  first;
    int64_t             keys;
    int64_t             used;           /* of the fullest, parts of 10000 */
} ngx_http_llm_cost_api_group_t;


static void ngx_http_llm_cost_api_head(ngx_http_llm_cost_out_t *o,
    const char *name, const char *type, const char *help);
static void ngx_http_llm_cost_api_value(ngx_http_llm_cost_out_t *o,
    const char *name, int64_t value);
static void ngx_http_llm_cost_api_usd_value(ngx_http_llm_cost_out_t *o,
    const char *name, int64_t nano);
static void ngx_http_llm_cost_api_label(ngx_http_llm_cost_out_t *o,
    const char *name, const u_char *p, size_t len);
static void ngx_http_llm_cost_api_metrics_sets(ngx_http_llm_cost_api_t *api);
static void ngx_http_llm_cost_api_metrics_cache(ngx_http_llm_cost_api_t *api);
static void ngx_http_llm_cost_api_metrics_refusals(
    ngx_http_llm_cost_api_t *api);
static ngx_int_t ngx_http_llm_cost_api_groups(ngx_http_llm_cost_api_t *api,
    ngx_array_t *groups);
static void ngx_http_llm_cost_api_metrics_budgets(
    ngx_http_llm_cost_api_t *api, ngx_array_t *groups);
static void ngx_http_llm_cost_api_metrics_group(ngx_http_llm_cost_out_t *o,
    const char *name, const ngx_http_llm_cost_api_group_t *g);
static void ngx_http_llm_cost_api_amount_value(ngx_http_llm_cost_out_t *o,
    const llm_counter_view_t *v, ngx_uint_t what);
static void ngx_http_llm_cost_api_metrics_store(ngx_http_llm_cost_api_t *api);
static void ngx_http_llm_cost_api_metrics_ledger(
    ngx_http_llm_cost_api_t *api);


/* metrics are of this node: whoever scrapes adds them up */

ngx_int_t
ngx_http_llm_cost_api_metrics_fetch(ngx_http_llm_cost_api_t *api)
{
    if (ngx_array_init(&api->budgets, api->request->pool, 8,
                       sizeof(ngx_http_llm_cost_api_group_t))
        != NGX_OK
        || ngx_http_llm_cost_api_groups(api, &api->budgets) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_llm_cost_cache_zone_stat(api->zone, &api->entries, &api->bytes);

    return NGX_OK;
}


void
ngx_http_llm_cost_api_metrics_format(ngx_http_llm_cost_api_t *api)
{
    ngx_http_llm_cost_api_metrics_sets(api);
    ngx_http_llm_cost_api_metrics_cache(api);
    ngx_http_llm_cost_api_metrics_refusals(api);
    ngx_http_llm_cost_api_metrics_budgets(api, &api->budgets);
    ngx_http_llm_cost_api_metrics_store(api);
    ngx_http_llm_cost_api_metrics_ledger(api);
}


static void
ngx_http_llm_cost_api_head(ngx_http_llm_cost_out_t *o, const char *name,
    const char *type, const char *help)
{
    ngx_http_llm_cost_out(o, "# HELP ");
    ngx_http_llm_cost_out(o, name);
    ngx_http_llm_cost_out(o, " ");
    ngx_http_llm_cost_out(o, help);
    ngx_http_llm_cost_out(o, "\n# TYPE ");
    ngx_http_llm_cost_out(o, name);
    ngx_http_llm_cost_out(o, " ");
    ngx_http_llm_cost_out(o, type);
    ngx_http_llm_cost_out(o, "\n");
}


static void
ngx_http_llm_cost_api_value(ngx_http_llm_cost_out_t *o, const char *name,
    int64_t value)
{
    ngx_http_llm_cost_out(o, name);
    ngx_http_llm_cost_out(o, " ");
    ngx_http_llm_cost_out_int(o, value);
    ngx_http_llm_cost_out(o, "\n");
}


static void
ngx_http_llm_cost_api_usd_value(ngx_http_llm_cost_out_t *o, const char *name,
    int64_t nano)
{
    ngx_http_llm_cost_out(o, name);
    ngx_http_llm_cost_out(o, " ");
    ngx_http_llm_cost_out_usd(o, nano);
    ngx_http_llm_cost_out(o, "\n");
}


/* a label with its comma; what is not UTF-8 becomes U+FFFD */

static void
ngx_http_llm_cost_api_label(ngx_http_llm_cost_out_t *o, const char *name,
    const u_char *p, size_t len)
{
    u_char        *start, *last;
    const u_char  *end;

    ngx_http_llm_cost_out(o, name);
    ngx_http_llm_cost_out(o, "=\"");

    end = p + len;

    while (p < end) {

        switch (*p) {

        case '\\':
            ngx_http_llm_cost_out(o, "\\\\");
            p++;
            continue;

        case '"':
            ngx_http_llm_cost_out(o, "\\\"");
            p++;
            continue;

        case '\n':
            ngx_http_llm_cost_out(o, "\\n");
            p++;
            continue;
        }

        start = (u_char *) p;
        last = start;

        if (*p >= 0x80 && ngx_utf8_decode(&last, end - p) > 0x10ffff) {
            ngx_http_llm_cost_out(o, "\xef\xbf\xbd");
            p++;
            continue;
        }

        last = (*p < 0x80) ? start + 1 : last;
        ngx_http_llm_cost_out_bytes(o, start, last - start);
        p = last;
    }

    ngx_http_llm_cost_out(o, "\"");
}


/* four metrics of the same sets: a family has to be in one piece */

static void
ngx_http_llm_cost_api_metrics_sets(ngx_http_llm_cost_api_t *api)
{
    u_char                    status[3];
    uint32_t                  cursor;
    ngx_uint_t                i;
    llm_stats_set_t           set;
    ngx_http_llm_cost_out_t  *o;

    static const char *names[][2] = {
        { "llm_requests_total",
          "Requests that ended, cache hits included." },
        { "llm_input_tokens_total",
          "Input tokens that upstream was paid for." },
        { "llm_output_tokens_total",
          "Output tokens that upstream was paid for." },
        { "llm_cost_usd_total",
          "Cost of requests in USD." }
    };

    o = &api->out;

    for (i = 0; i < 4; i++) {
        ngx_http_llm_cost_api_head(o, names[i][0], "counter", names[i][1]);

        cursor = 0;

        while (llm_stats_next_set(api->zone->stats, &cursor, &set)
               == LLM_OK)
        {
            ngx_sprintf(status, "%dxx", (int) set.status_class);

            ngx_http_llm_cost_out(o, names[i][0]);
            ngx_http_llm_cost_out(o, "{");
            ngx_http_llm_cost_api_label(o, "provider", set.provider,
                                        set.provider_len);
            ngx_http_llm_cost_out(o, ",");
            ngx_http_llm_cost_api_label(o, "model", set.model,
                                        set.model_len);
            ngx_http_llm_cost_out(o, ",");

            if (set.other) {
                ngx_http_llm_cost_api_label(o, "status",
                                            (u_char *) "other", 5);
            } else {
                ngx_http_llm_cost_api_label(o, "status", status, 3);
            }

            ngx_http_llm_cost_out(o, "} ");

            switch (i) {

            case 0:
                ngx_http_llm_cost_out_int(o, set.count);
                break;

            case 1:
                ngx_http_llm_cost_out_int(o, set.input);
                break;

            case 2:
                ngx_http_llm_cost_out_int(o, set.output);
                break;

            default: /* 3 */
                ngx_http_llm_cost_out_usd(o, set.cost);
                break;
            }

            ngx_http_llm_cost_out(o, "\n");
        }
    }
}


static void
ngx_http_llm_cost_api_metrics_cache(ngx_http_llm_cost_api_t *api)
{
    llm_stats_totals_t        t;
    ngx_http_llm_cost_out_t  *o;

    o = &api->out;

    llm_stats_lifetime(api->zone->stats, &t);

    ngx_http_llm_cost_api_head(o, "llm_upstream_requests_total", "counter",
                               "Requests that went upstream.");
    ngx_http_llm_cost_api_value(o, "llm_upstream_requests_total", t.calls);

    ngx_http_llm_cost_api_head(o, "llm_unpriced_requests_total", "counter",
                               "Requests whose cost is not known.");
    ngx_http_llm_cost_api_value(o, "llm_unpriced_requests_total",
                                t.unpriced);

    ngx_http_llm_cost_api_head(o, "llm_cached_input_tokens_total", "counter",
                               "Input tokens that the provider had cached.");
    ngx_http_llm_cost_api_value(o, "llm_cached_input_tokens_total",
                                t.cached);

    ngx_http_llm_cost_api_head(o, "llm_reasoning_tokens_total", "counter",
                               "Output tokens that were reasoning.");
    ngx_http_llm_cost_api_value(o, "llm_reasoning_tokens_total",
                                t.reasoning);

    ngx_http_llm_cost_api_head(o, "llm_cache_hits_total", "counter",
                               "Answers from the exact cache.");
    ngx_http_llm_cost_api_value(o, "llm_cache_hits_total", t.hits);

    ngx_http_llm_cost_api_head(o, "llm_cache_misses_total", "counter",
                               "Requests that the exact cache did not have.");
    ngx_http_llm_cost_api_value(o, "llm_cache_misses_total", t.misses);

    ngx_http_llm_cost_api_head(o, "llm_cache_saved_usd_total", "counter",
                               "What the hits would have cost.");
    ngx_http_llm_cost_api_usd_value(o, "llm_cache_saved_usd_total", t.saved);

    ngx_http_llm_cost_api_head(o, "llm_cache_errors_total", "counter",
                               "Entries that could not be read or written.");
    ngx_http_llm_cost_api_value(o, "llm_cache_errors_total",
                                llm_stats_counter(api->zone->stats,
                                                  LLM_STATS_CACHE_ERRORS));

    ngx_http_llm_cost_api_head(o, "llm_cache_entries", "gauge",
                               "Cached answers in shared memory.");
    ngx_http_llm_cost_api_value(o, "llm_cache_entries", api->entries);

    ngx_http_llm_cost_api_head(o, "llm_cache_bytes", "gauge",
                               "Size of the cached answers.");
    ngx_http_llm_cost_api_value(o, "llm_cache_bytes", api->bytes);
}


static void
ngx_http_llm_cost_api_metrics_refusals(ngx_http_llm_cost_api_t *api)
{
    uint32_t                  cursor;
    llm_stats_t              *st;
    llm_stats_refusal_t       refusal;
    ngx_http_llm_cost_out_t  *o;

    o = &api->out;
    st = api->zone->stats;

    ngx_http_llm_cost_api_head(o, "llm_refusals_total", "counter",
                               "Requests refused before they went upstream.");
    cursor = 0;

    while (llm_stats_next_refusal(st, &cursor, &refusal) == LLM_OK) {
        ngx_http_llm_cost_out(o, "llm_refusals_total{");
        ngx_http_llm_cost_api_label(o, "code", refusal.code, refusal.len);
        ngx_http_llm_cost_api_value(o, "}", refusal.count);
    }

    ngx_http_llm_cost_api_head(o, "llm_alerts_total", "counter",
                               "Alerts raised by budgets.");
    ngx_http_llm_cost_api_value(o, "llm_alerts_total{level=\"warning\"}",
                                llm_stats_counter(st,
                                                  LLM_STATS_ALERT_WARNINGS));
    ngx_http_llm_cost_api_value(o, "llm_alerts_total{level=\"error\"}",
                                llm_stats_counter(st,
                                                  LLM_STATS_ALERT_ERRORS));
}


static ngx_int_t
ngx_http_llm_cost_api_groups(ngx_http_llm_cost_api_t *api,
    ngx_array_t *groups)
{
    int64_t                         used;
    uint32_t                        cursor;
    ngx_uint_t                      i;
    llm_counter_view_t              v, *w;
    ngx_http_llm_cost_api_group_t  *g;

    cursor = 0;

    while (llm_ledger_next(api->zone->ledger, &cursor, &v) == LLM_OK) {

        if (v.end <= (int64_t) ngx_time()) {
            continue;
        }

        g = groups->elts;

        for (i = 0; i < groups->nelts; i++) {
            w = &g[i].first;

            if (w->unit == v.unit && w->period == v.period
                && w->name_len == v.name_len
                && ngx_memcmp(w->name, v.name, v.name_len) == 0)
            {
                break;
            }
        }

        if (i == groups->nelts) {

            if (i == NGX_HTTP_LLM_COST_API_BUDGETS) {
                continue;
            }

            g = ngx_array_push(groups);
            if (g == NULL) {
                return NGX_ERROR;
            }

            ngx_memzero(g, sizeof(ngx_http_llm_cost_api_group_t));
            g->first = v;
            g->keys = 1;

        } else {
            g = &g[i];
            g->keys++;
            g->first.spent += v.spent;
            g->first.reserved += v.reserved;
        }

        if (v.limit == LLM_NO_LIMIT) {
            continue;
        }

        used = v.limit > 0
               ? (int64_t) ngx_min((__int128) v.spent * 10000 / v.limit,
                                   10000000)
               : 10000;

        g->used = ngx_max(g->used, used);
    }

    return NGX_OK;
}


static void
ngx_http_llm_cost_api_metrics_budgets(ngx_http_llm_cost_api_t *api,
    ngx_array_t *groups)
{
    char                            name[64];
    ngx_uint_t                      i, unit, what;
    ngx_http_llm_cost_out_t        *o;
    ngx_http_llm_cost_api_group_t  *g;

    static const char  *whats[][2] = {
        { "spent", "Settled in the running windows, all keys." },
        { "reserved", "Held by requests that are running, all keys." },
        { "limit", "Limit of a budget, of one key." }
    };

    o = &api->out;
    g = groups->elts;

    for (unit = 0; unit < LLM_UNIT_N; unit++) {
        for (what = 0; what < 3; what++) {

            *ngx_snprintf((u_char *) name, sizeof(name) - 1,
                          "llm_budget_%s_%s", whats[what][0],
                          ngx_http_llm_cost_api_units[unit])
                = '\0';

            ngx_http_llm_cost_api_head(o, name, "gauge", whats[what][1]);

            for (i = 0; i < groups->nelts; i++) {

                if ((ngx_uint_t) g[i].first.unit != unit
                    || (what == 2 && g[i].first.limit == LLM_NO_LIMIT))
                {
                    continue;
                }

                ngx_http_llm_cost_api_metrics_group(o, name, &g[i]);

                ngx_http_llm_cost_api_amount_value(o, &g[i].first, what);
            }
        }
    }

    ngx_http_llm_cost_api_head(o, "llm_budget_keys", "gauge",
                               "Keys that have spent in the running windows.");

    for (i = 0; i < groups->nelts; i++) {
        ngx_http_llm_cost_api_metrics_group(o, "llm_budget_keys", &g[i]);
        ngx_http_llm_cost_out_int(o, g[i].keys);
        ngx_http_llm_cost_out(o, "\n");
    }

    ngx_http_llm_cost_api_head(o, "llm_budget_used_ratio", "gauge",
                               "Spent by limit, of the fullest key.");

    for (i = 0; i < groups->nelts; i++) {
        ngx_http_llm_cost_api_metrics_group(o, "llm_budget_used_ratio",
                                            &g[i]);
        ngx_http_llm_cost_out_ratio(o, g[i].used, 10000);
        ngx_http_llm_cost_out(o, "\n");
    }
}


static void
ngx_http_llm_cost_api_metrics_group(ngx_http_llm_cost_out_t *o,
    const char *name, const ngx_http_llm_cost_api_group_t *g)
{
    const char  *period;

    period = llm_period_name(g->first.period);

    ngx_http_llm_cost_out(o, name);
    ngx_http_llm_cost_out(o, "{");
    ngx_http_llm_cost_api_label(o, "budget", g->first.name,
                                g->first.name_len);
    ngx_http_llm_cost_out(o, ",");
    ngx_http_llm_cost_api_label(o, "period", (u_char *) period,
                                ngx_strlen(period));
    ngx_http_llm_cost_out(o, "} ");
}


static void
ngx_http_llm_cost_api_amount_value(ngx_http_llm_cost_out_t *o,
    const llm_counter_view_t *v, ngx_uint_t what)
{
    int64_t  amount;

    amount = what == 0 ? v->spent : what == 1 ? v->reserved : v->limit;

    if (v->unit == LLM_UNIT_USD) {
        ngx_http_llm_cost_out_usd(o, amount);

    } else {
        ngx_http_llm_cost_out_int(o, amount);
    }

    ngx_http_llm_cost_out(o, "\n");
}


static void
ngx_http_llm_cost_api_metrics_store(ngx_http_llm_cost_api_t *api)
{
    llm_stats_t                    *st;
    ngx_http_llm_cost_out_t        *o;
    ngx_http_llm_cost_api_state_t   s;

    o = &api->out;
    st = api->zone->stats;

    ngx_http_llm_cost_api_fleet_state(&s);

    ngx_http_llm_cost_api_head(o, "llm_store_recovering", "gauge",
                               "1 while the node is on its way back to it.");
    ngx_http_llm_cost_api_value(o, "llm_store_recovering", s.joining);

    ngx_http_llm_cost_api_head(o, "llm_store_nodes", "gauge",
                               "Nodes that share the store.");
    ngx_http_llm_cost_api_value(o, "llm_store_nodes", s.nodes);

    ngx_http_llm_cost_api_head(o, "llm_store_unconfirmed", "gauge",
                               "Settlements that it has not confirmed.");
    ngx_http_llm_cost_api_value(o, "llm_store_unconfirmed", s.pending);

    ngx_http_llm_cost_api_head(o, "llm_store_up", "gauge",
                               "1 while the store of budgets answers.");
    ngx_http_llm_cost_out(o, "llm_store_up{");
    ngx_http_llm_cost_api_label(o, "store", api->lmcf->store->name.data,
                                api->lmcf->store->name.len);
    ngx_http_llm_cost_api_value(o, "}", !s.away);

    ngx_http_llm_cost_api_head(o, "llm_store_errors_total", "counter",
                               "Operations of the store that failed.");
    ngx_http_llm_cost_api_value(o, "llm_store_errors_total",
                                llm_stats_counter(st,
                                                  LLM_STATS_STORE_ERRORS));

    ngx_http_llm_cost_api_head(o, "llm_store_timeouts_total", "counter",
                               "Operations of the store without an answer.");
    ngx_http_llm_cost_api_value(o, "llm_store_timeouts_total",
                                llm_stats_counter(st,
                                                  LLM_STATS_STORE_TIMEOUTS));

    ngx_http_llm_cost_api_head(o, "llm_store_changes_total", "counter",
                               "Times that the store went away or came back.");
    ngx_http_llm_cost_api_value(o, "llm_store_changes_total",
                                llm_stats_counter(st,
                                                  LLM_STATS_STORE_CHANGES));
}


static void
ngx_http_llm_cost_api_metrics_ledger(ngx_http_llm_cost_api_t *api)
{
    llm_ledger_stat_t         st;
    ngx_http_llm_cost_out_t  *o;

    o = &api->out;

    llm_ledger_stat(api->zone->ledger, &st);

    ngx_http_llm_cost_api_head(o, "llm_budget_overrun_usd", "gauge",
                               "Spent above limits since the zone was made.");
    ngx_http_llm_cost_api_usd_value(o, "llm_budget_overrun_usd", st.overrun);

    ngx_http_llm_cost_api_head(o, "llm_zone_counters", "gauge",
                               "Budget counters in shared memory.");
    ngx_http_llm_cost_api_value(o, "llm_zone_counters", st.counters);

    ngx_http_llm_cost_api_head(o, "llm_zone_counters_limit", "gauge",
                               "Room for budget counters.");
    ngx_http_llm_cost_api_value(o, "llm_zone_counters_limit",
                                st.counters_max);

    ngx_http_llm_cost_api_head(o, "llm_zone_reservations", "gauge",
                               "Open reservations in shared memory.");
    ngx_http_llm_cost_api_value(o, "llm_zone_reservations", st.holds);

    ngx_http_llm_cost_api_head(o, "llm_zone_reservations_limit", "gauge",
                               "Room for open reservations.");
    ngx_http_llm_cost_api_value(o, "llm_zone_reservations_limit",
                                st.holds_max);

    ngx_http_llm_cost_api_head(o, "llm_zone_full_total", "counter",
                               "Requests refused because the zone was full.");
    ngx_http_llm_cost_api_value(o, "llm_zone_full_total", st.full);

    ngx_http_llm_cost_api_head(o, "llm_reservations_total", "counter",
                               "Reservations by what became of them.");
    ngx_http_llm_cost_api_value(o, "llm_reservations_total"
                                "{result=\"settled\"}", st.settles);
    ngx_http_llm_cost_api_value(o, "llm_reservations_total"
                                "{result=\"cancelled\"}", st.cancels);
    ngx_http_llm_cost_api_value(o, "llm_reservations_total"
                                "{result=\"expired\"}", st.expired);
}
