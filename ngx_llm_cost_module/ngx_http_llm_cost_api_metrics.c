
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_api_metrics.h"
#include "llm_utf8.h"


/*
 * Prometheus text.  The number of series is bounded: sets of provider, model
 * and status class, the same with operations, refusal codes, names of budgets,
 * and the users and values of tags that spend most.  docs/metrics.md lists the
 * names.
 */


/* a set, and where the text of its labels is */

typedef struct {
    llm_stats_set_t             set;
    size_t                      pos;
    size_t                      len;
} ngx_http_llm_cost_api_set_t;


typedef struct {
    const char                 *name;
    const char                 *help;
    size_t                      offset;     /* in llm_stats_set_t */
} ngx_http_llm_cost_api_counter_t;


static const ngx_http_llm_cost_api_counter_t
    ngx_http_llm_cost_api_set_counters[] =
{
    { "llm_requests_total",
      "Requests that ended, cache hits included.",
      offsetof(llm_stats_set_t, count) },

    { "llm_input_tokens_total",
      "Input tokens that upstream was paid for.",
      offsetof(llm_stats_set_t, input) },

    { "llm_output_tokens_total",
      "Output tokens that upstream was paid for.",
      offsetof(llm_stats_set_t, output) },

    { "llm_cost_usd_total",
      "Cost of requests in USD.",
      offsetof(llm_stats_set_t, cost) },

    { NULL, NULL, 0 }
};


static ngx_int_t ngx_http_llm_cost_api_metrics_sets(
    ngx_http_llm_cost_api_t *api);
static void ngx_http_llm_cost_api_set_labels(ngx_http_llm_cost_out_t *o,
    const llm_stats_set_t *set);
static void ngx_http_llm_cost_api_set_lines(ngx_http_llm_cost_out_t *o,
    const ngx_http_llm_cost_api_counter_t *c, ngx_array_t *sets,
    const u_char *labels);
static void ngx_http_llm_cost_api_metrics_totals(
    ngx_http_llm_cost_api_t *api);
static void ngx_http_llm_cost_api_metrics_cache(ngx_http_llm_cost_api_t *api,
    const llm_stats_totals_t *t);
static void ngx_http_llm_cost_api_metrics_refusals(
    ngx_http_llm_cost_api_t *api);
static int64_t ngx_http_llm_cost_api_refused(llm_stats_t *st,
    const llm_str_t *code);


/* metrics are of this node: whoever scrapes adds them up */

ngx_int_t
ngx_http_llm_cost_api_metrics_fetch(ngx_http_llm_cost_api_t *api)
{
    ngx_int_t  rc;

    rc = ngx_http_llm_cost_api_cache_stat(api);

    return rc == NGX_OK ? ngx_http_llm_cost_api_groups(api) : rc;
}


void
ngx_http_llm_cost_api_metrics_format(ngx_http_llm_cost_api_t *api)
{
    if (ngx_http_llm_cost_api_metrics_sets(api) != NGX_OK
        || ngx_http_llm_cost_api_metrics_calls(api) != NGX_OK)
    {
        api->out.failed = 1;
        return;
    }

    ngx_http_llm_cost_api_metrics_tops(api);
    ngx_http_llm_cost_api_metrics_totals(api);
    ngx_http_llm_cost_api_metrics_refusals(api);
    ngx_http_llm_cost_api_metrics_budgets(api);
    ngx_http_llm_cost_api_metrics_store(api);
}


void
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


void
ngx_http_llm_cost_api_value(ngx_http_llm_cost_out_t *o, const char *name,
    int64_t value)
{
    ngx_http_llm_cost_out(o, name);
    ngx_http_llm_cost_out(o, " ");
    ngx_http_llm_cost_out_int(o, value);
    ngx_http_llm_cost_out(o, "\n");
}


void
ngx_http_llm_cost_api_usd_value(ngx_http_llm_cost_out_t *o, const char *name,
    int64_t nano)
{
    ngx_http_llm_cost_out(o, name);
    ngx_http_llm_cost_out(o, " ");
    ngx_http_llm_cost_out_usd(o, nano);
    ngx_http_llm_cost_out(o, "\n");
}


void
ngx_http_llm_cost_api_one(ngx_http_llm_cost_out_t *o, const char *name,
    const char *type, const char *help, int64_t value)
{
    ngx_http_llm_cost_api_head(o, name, type, help);
    ngx_http_llm_cost_api_value(o, name, value);
}


void
ngx_http_llm_cost_api_one_usd(ngx_http_llm_cost_out_t *o, const char *name,
    const char *type, const char *help, int64_t nano)
{
    ngx_http_llm_cost_api_head(o, name, type, help);
    ngx_http_llm_cost_api_usd_value(o, name, nano);
}


/*
 * Names of the statistics are UTF-8 without zeros, those of the configuration
 * need not be: what is not becomes U+FFFD.
 */

void
ngx_http_llm_cost_api_label(ngx_http_llm_cost_out_t *o, const char *name,
    const u_char *p, size_t len)
{
    unsigned       n;
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

        n = (*p < 0x80) ? 1 : llm_utf8_length(p, end);

        if (n == 0) {
            ngx_http_llm_cost_out(o, "\xef\xbf\xbd");
            p++;
            continue;
        }

        ngx_http_llm_cost_out_bytes(o, p, n);
        p += n;
    }

    ngx_http_llm_cost_out(o, "\"");
}


/* the labels of a set are written once, and copied into each family */

static ngx_int_t
ngx_http_llm_cost_api_metrics_sets(ngx_http_llm_cost_api_t *api)
{
    uint32_t                                cursor;
    ngx_array_t                             sets;
    llm_stats_set_t                         set;
    ngx_http_llm_cost_out_t                 labels;
    ngx_http_llm_cost_api_set_t            *s;
    const ngx_http_llm_cost_api_counter_t  *c;

    ngx_memzero(&labels, sizeof(ngx_http_llm_cost_out_t));
    labels.pool = api->request->pool;

    if (ngx_array_init(&sets, labels.pool, 16,
                       sizeof(ngx_http_llm_cost_api_set_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    cursor = 0;

    while (llm_stats_next_set(api->zone->stats, &cursor, &set) == LLM_OK) {

        s = ngx_array_push(&sets);
        if (s == NULL) {
            return NGX_ERROR;
        }

        s->set = set;
        s->pos = labels.pos - labels.start;

        ngx_http_llm_cost_api_set_labels(&labels, &set);

        s->len = labels.pos - labels.start - s->pos;
    }

    if (labels.failed) {
        return NGX_ERROR;
    }

    for (c = ngx_http_llm_cost_api_set_counters; c->name; c++) {
        ngx_http_llm_cost_api_set_lines(&api->out, c, &sets, labels.start);
    }

    return NGX_OK;
}


static void
ngx_http_llm_cost_api_set_labels(ngx_http_llm_cost_out_t *o,
    const llm_stats_set_t *set)
{
    u_char  status[sizeof("other")], *last;

    last = ngx_sprintf(status, set->other ? "other" : "%dxx",
                       (int) set->status_class);

    ngx_http_llm_cost_out(o, "{");
    ngx_http_llm_cost_api_label(o, "provider", set->provider,
                                set->provider_len);
    ngx_http_llm_cost_out(o, ",");
    ngx_http_llm_cost_api_label(o, "model", set->model, set->model_len);
    ngx_http_llm_cost_out(o, ",");
    ngx_http_llm_cost_api_label(o, "status", status, last - status);
    ngx_http_llm_cost_out(o, "} ");
}


static void
ngx_http_llm_cost_api_set_lines(ngx_http_llm_cost_out_t *o,
    const ngx_http_llm_cost_api_counter_t *c, ngx_array_t *sets,
    const u_char *labels)
{
    ngx_uint_t                    i;
    ngx_http_llm_cost_api_set_t  *s;

    ngx_http_llm_cost_api_head(o, c->name, "counter", c->help);

    s = sets->elts;

    for (i = 0; i < sets->nelts; i++) {
        ngx_http_llm_cost_out(o, c->name);
        ngx_http_llm_cost_out_bytes(o, labels + s[i].pos, s[i].len);

        if (c->offset == offsetof(llm_stats_set_t, cost)) {
            ngx_http_llm_cost_out_usd(o, s[i].set.cost);

        } else {
            ngx_http_llm_cost_out_int(o,
                *(int64_t *) ((u_char *) &s[i].set + c->offset));
        }

        ngx_http_llm_cost_out(o, "\n");
    }
}


static void
ngx_http_llm_cost_api_metrics_totals(ngx_http_llm_cost_api_t *api)
{
    llm_stats_totals_t        t;
    ngx_http_llm_cost_out_t  *o;

    o = &api->out;

    llm_stats_lifetime(api->zone->stats, &t);

    ngx_http_llm_cost_api_one(o, "llm_upstream_requests_total", "counter",
                              "Requests that went upstream.", t.calls);
    ngx_http_llm_cost_api_one(o, "llm_unpriced_requests_total", "counter",
                              "Requests whose cost is not known.",
                              t.unpriced);
    ngx_http_llm_cost_api_one(o, "llm_cached_input_tokens_total", "counter",
                              "Input tokens that the provider had cached.",
                              t.cached);
    ngx_http_llm_cost_api_one(o, "llm_reasoning_tokens_total", "counter",
                              "Output tokens that were reasoning.",
                              t.reasoning);

    ngx_http_llm_cost_api_metrics_cache(api, &t);
}


static void
ngx_http_llm_cost_api_metrics_cache(ngx_http_llm_cost_api_t *api,
    const llm_stats_totals_t *t)
{
    ngx_http_llm_cost_out_t  *o;

    o = &api->out;

    ngx_http_llm_cost_api_one(o, "llm_cache_hits_total", "counter",
                              "Answers from the exact cache.", t->hits);
    ngx_http_llm_cost_api_one(o, "llm_cache_misses_total", "counter",
                              "Requests that the exact cache did not have.",
                              t->misses);
    ngx_http_llm_cost_api_one_usd(o, "llm_cache_saved_usd_total", "counter",
                                  "What the hits would have cost.", t->saved);
    ngx_http_llm_cost_api_one(o, "llm_cache_errors_total", "counter",
                              "Entries that could not be read or written.",
                              llm_stats_counter(api->zone->stats,
                                                LLM_STATS_CACHE_ERRORS));
    ngx_http_llm_cost_api_one(o, "llm_cache_entries", "gauge",
                              "Cached answers in shared memory.",
                              api->cache->all.entries);
    ngx_http_llm_cost_api_one(o, "llm_cache_bytes", "gauge",
                              "Size of the cached answers.",
                              api->cache->all.bytes);
    ngx_http_llm_cost_api_one(o, "llm_cache_evictions_total", "counter",
                              "Answers that made room for others.",
                              api->cache->all.evictions);
}


/*
 * Every code from the start, since the first one of a series that begins with
 * it is an increase that Prometheus does not see.
 */

static void
ngx_http_llm_cost_api_metrics_refusals(ngx_http_llm_cost_api_t *api)
{
    ngx_uint_t                i;
    llm_stats_t              *st;
    const llm_str_t          *code;
    ngx_http_llm_cost_out_t  *o;

    o = &api->out;
    st = api->zone->stats;

    ngx_http_llm_cost_api_head(o, "llm_refusals_total", "counter",
                               "Requests refused before they went upstream.");

    for (i = 1; (code = ngx_http_llm_cost_refusal_code(i)) != NULL; i++) {

        ngx_http_llm_cost_out(o, "llm_refusals_total{");
        ngx_http_llm_cost_api_label(o, "code", code->data, code->len);
        ngx_http_llm_cost_api_value(o, "}",
                                    ngx_http_llm_cost_api_refused(st, code));
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


static int64_t
ngx_http_llm_cost_api_refused(llm_stats_t *st, const llm_str_t *code)
{
    uint32_t             cursor;
    llm_stats_refusal_t  r;

    cursor = 0;

    while (llm_stats_next_refusal(st, &cursor, &r) == LLM_OK) {

        if (r.len == code->len && ngx_memcmp(r.code, code->data, r.len) == 0) {
            return r.count;
        }
    }

    return 0;
}
