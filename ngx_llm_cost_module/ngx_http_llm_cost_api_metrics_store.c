
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_api_metrics.h"


/*
 * The part of the metrics page that budgets, the store and the zone fill.
 * Budgets are shown by name, never by key, which clients may invent.
 */


#define NGX_HTTP_LLM_COST_API_BUDGETS  128
#define NGX_HTTP_LLM_COST_API_SLICE    1024    /* counters at a time */


/* all counters of one budget name, unit and period */

typedef struct {
    llm_counter_view_t  first;
    int64_t             keys;
    int64_t             used;           /* of the fullest, parts of 10000 */
} ngx_http_llm_cost_api_group_t;


static ngx_int_t ngx_http_llm_cost_api_slice(ngx_http_llm_cost_api_t *api);
static ngx_int_t ngx_http_llm_cost_api_group(ngx_http_llm_cost_api_t *api,
    const llm_counter_view_t *v);
static void ngx_http_llm_cost_api_next_slice(ngx_event_t *ev);
static void ngx_http_llm_cost_api_no_slice(ngx_http_llm_cost_api_t *api);
static void ngx_http_llm_cost_api_metrics_group(ngx_http_llm_cost_out_t *o,
    const char *name, const ngx_http_llm_cost_api_group_t *g);
static void ngx_http_llm_cost_api_amounts(ngx_http_llm_cost_api_t *api,
    llm_unit_e unit);
static void ngx_http_llm_cost_api_amount_value(ngx_http_llm_cost_out_t *o,
    const llm_counter_view_t *v, ngx_uint_t what);
static void ngx_http_llm_cost_api_metrics_ledger(
    ngx_http_llm_cost_api_t *api);


/*
 * A zone may have a hundred thousand counters.  They are read in slices, and
 * whatever else there is to do comes in between.  A timer says when, since a
 * worker that is told to leave waits for nothing else.
 */

ngx_int_t
ngx_http_llm_cost_api_groups(ngx_http_llm_cost_api_t *api)
{
    ngx_int_t  rc;

    if (ngx_array_init(&api->budgets, api->request->pool, 8,
                       sizeof(ngx_http_llm_cost_api_group_t))
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_llm_cost_api_slice(api);

    if (rc == NGX_AGAIN) {
        api->next.handler = ngx_http_llm_cost_api_next_slice;
        api->next.data = api;
        api->next.log = api->request->connection->log;
        api->forget = ngx_http_llm_cost_api_no_slice;

        ngx_add_timer(&api->next, 0);
    }

    return rc;
}


static ngx_int_t
ngx_http_llm_cost_api_slice(ngx_http_llm_cost_api_t *api)
{
    ngx_uint_t          n;
    llm_counter_view_t  v;

    for (n = 0; n < NGX_HTTP_LLM_COST_API_SLICE; n++) {

        if (llm_ledger_next(api->zone->ledger, &api->cursor, &v) != LLM_OK) {
            return NGX_OK;
        }

        if (v.end > (int64_t) ngx_time()
            && ngx_http_llm_cost_api_group(api, &v) != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    return NGX_AGAIN;
}


static void
ngx_http_llm_cost_api_next_slice(ngx_event_t *ev)
{
    ngx_int_t                 rc;
    ngx_http_llm_cost_api_t  *api;

    api = ev->data;

    rc = ngx_http_llm_cost_api_slice(api);

    if (rc == NGX_AGAIN) {
        ngx_add_timer(ev, 0);
        return;
    }

    ngx_http_llm_cost_api_resume(api, rc);
}


/* the client has gone */

static void
ngx_http_llm_cost_api_no_slice(ngx_http_llm_cost_api_t *api)
{
    if (api->next.timer_set) {
        ngx_del_timer(&api->next);
    }
}


static ngx_int_t
ngx_http_llm_cost_api_group(ngx_http_llm_cost_api_t *api,
    const llm_counter_view_t *v)
{
    int64_t                         used;
    ngx_uint_t                      i;
    llm_counter_view_t             *w;
    ngx_http_llm_cost_api_group_t  *g;

    g = api->budgets.elts;

    for (i = 0; i < api->budgets.nelts; i++) {
        w = &g[i].first;

        if (w->unit == v->unit && w->period == v->period
            && w->name_len == v->name_len
            && ngx_memcmp(w->name, v->name, v->name_len) == 0)
        {
            break;
        }
    }

    if (i == api->budgets.nelts) {

        if (i == NGX_HTTP_LLM_COST_API_BUDGETS) {
            return NGX_OK;
        }

        g = ngx_array_push(&api->budgets);
        if (g == NULL) {
            return NGX_ERROR;
        }

        ngx_memzero(g, sizeof(ngx_http_llm_cost_api_group_t));
        g->first = *v;
        g->keys = 1;

    } else {
        g = &g[i];
        g->keys++;
        g->first.spent += v->spent;
        g->first.reserved += v->reserved;
    }

    if (v->limit == LLM_NO_LIMIT) {
        return NGX_OK;
    }

    used = v->limit > 0
           ? (int64_t) ngx_min((__int128) v->spent * 10000 / v->limit,
                               10000000)
           : 10000;

    g->used = ngx_max(g->used, used);

    return NGX_OK;
}


void
ngx_http_llm_cost_api_metrics_budgets(ngx_http_llm_cost_api_t *api)
{
    ngx_uint_t                      i;
    ngx_http_llm_cost_out_t        *o;
    ngx_http_llm_cost_api_group_t  *g;

    o = &api->out;
    g = api->budgets.elts;

    for (i = 0; i < LLM_UNIT_N; i++) {
        ngx_http_llm_cost_api_amounts(api, i);
    }

    ngx_http_llm_cost_api_head(o, "llm_budget_keys", "gauge",
                               "Keys that have spent in the running windows.");

    for (i = 0; i < api->budgets.nelts; i++) {
        ngx_http_llm_cost_api_metrics_group(o, "llm_budget_keys", &g[i]);
        ngx_http_llm_cost_out_int(o, g[i].keys);
        ngx_http_llm_cost_out(o, "\n");
    }

    ngx_http_llm_cost_api_head(o, "llm_budget_used_ratio", "gauge",
                               "Spent by limit, of the fullest key.");

    for (i = 0; i < api->budgets.nelts; i++) {
        ngx_http_llm_cost_api_metrics_group(o, "llm_budget_used_ratio",
                                            &g[i]);
        ngx_http_llm_cost_out_ratio(o, g[i].used, 10000);
        ngx_http_llm_cost_out(o, "\n");
    }
}


/* the families of one unit: what is spent, reserved, and the limit */

static void
ngx_http_llm_cost_api_amounts(ngx_http_llm_cost_api_t *api, llm_unit_e unit)
{
    char                            name[64];
    ngx_uint_t                      i, what;
    ngx_http_llm_cost_out_t        *o;
    ngx_http_llm_cost_api_group_t  *g;

    static const char  *whats[][2] = {
        { "spent", "Settled in the running windows, all keys." },
        { "reserved", "Held by requests that are running, all keys." },
        { "limit", "Limit of a budget, of one key." }
    };

    o = &api->out;
    g = api->budgets.elts;

    for (what = 0; what < 3; what++) {

        *ngx_snprintf((u_char *) name, sizeof(name) - 1, "llm_budget_%s_%s",
                      whats[what][0], ngx_http_llm_cost_api_units[unit])
            = '\0';

        ngx_http_llm_cost_api_head(o, name, "gauge", whats[what][1]);

        for (i = 0; i < api->budgets.nelts; i++) {

            if (g[i].first.unit != unit
                || (what == 2 && g[i].first.limit == LLM_NO_LIMIT))
            {
                continue;
            }

            ngx_http_llm_cost_api_metrics_group(o, name, &g[i]);
            ngx_http_llm_cost_api_amount_value(o, &g[i].first, what);
        }
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


void
ngx_http_llm_cost_api_metrics_store(ngx_http_llm_cost_api_t *api)
{
    llm_stats_t                    *st;
    ngx_http_llm_cost_out_t        *o;
    ngx_http_llm_cost_api_state_t   s;

    o = &api->out;
    st = api->zone->stats;

    ngx_http_llm_cost_api_fleet_state(&s);

    ngx_http_llm_cost_api_head(o, "llm_store_up", "gauge",
                               "1 while the store of budgets answers.");
    ngx_http_llm_cost_out(o, "llm_store_up{");
    ngx_http_llm_cost_api_label(o, "store", api->lmcf->store->name.data,
                                api->lmcf->store->name.len);
    ngx_http_llm_cost_api_value(o, "}", !s.away);

    ngx_http_llm_cost_api_one(o, "llm_store_recovering", "gauge",
                              "1 while the node is on its way back to it.",
                              s.joining);
    ngx_http_llm_cost_api_one(o, "llm_store_nodes", "gauge",
                              "Nodes that share the store.", s.nodes);
    ngx_http_llm_cost_api_one(o, "llm_store_unconfirmed", "gauge",
                              "Settlements that it has not confirmed.",
                              s.pending);
    ngx_http_llm_cost_api_one(o, "llm_store_errors_total", "counter",
                              "Operations of the store that failed.",
                              llm_stats_counter(st, LLM_STATS_STORE_ERRORS));
    ngx_http_llm_cost_api_one(o, "llm_store_timeouts_total", "counter",
                              "Operations of the store without an answer.",
                              llm_stats_counter(st,
                                                LLM_STATS_STORE_TIMEOUTS));
    ngx_http_llm_cost_api_one(o, "llm_store_changes_total", "counter",
                              "Times that the store went away or came back.",
                              llm_stats_counter(st, LLM_STATS_STORE_CHANGES));

    ngx_http_llm_cost_api_metrics_ledger(api);
}


static void
ngx_http_llm_cost_api_metrics_ledger(ngx_http_llm_cost_api_t *api)
{
    llm_ledger_stat_t         st;
    ngx_http_llm_cost_out_t  *o;

    o = &api->out;

    llm_ledger_stat(api->zone->ledger, &st);

    ngx_http_llm_cost_api_one_usd(o, "llm_budget_overrun_usd", "gauge",
                                  "Spent above limits since the zone was "
                                  "made.", st.overrun);
    ngx_http_llm_cost_api_one(o, "llm_zone_counters", "gauge",
                              "Budget counters in shared memory.",
                              st.counters);
    ngx_http_llm_cost_api_one(o, "llm_zone_counters_limit", "gauge",
                              "Room for budget counters.", st.counters_max);
    ngx_http_llm_cost_api_one(o, "llm_zone_reservations", "gauge",
                              "Open reservations in shared memory.",
                              st.holds);
    ngx_http_llm_cost_api_one(o, "llm_zone_reservations_limit", "gauge",
                              "Room for open reservations.", st.holds_max);
    ngx_http_llm_cost_api_one(o, "llm_zone_full_total", "counter",
                              "Requests refused because the zone was full.",
                              st.full);

    ngx_http_llm_cost_api_head(o, "llm_reservations_total", "counter",
                               "Reservations by what became of them.");
    ngx_http_llm_cost_api_value(o, "llm_reservations_total"
                                "{result=\"settled\"}", st.settles);
    ngx_http_llm_cost_api_value(o, "llm_reservations_total"
                                "{result=\"cancelled\"}", st.cancels);
    ngx_http_llm_cost_api_value(o, "llm_reservations_total"
                                "{result=\"expired\"}", st.expired);
}
