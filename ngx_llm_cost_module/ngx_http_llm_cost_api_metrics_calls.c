
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_api_metrics.h"


/*
 * The part of the metrics page that calls of upstream fill, under the names
 * and with the attributes and buckets of OpenTelemetry's semantic conventions
 * for generative AI; what this module takes of a request's time; and who
 * spends most.  The conventions are followed as Prometheus spells them: dots
 * become underscores, a unit ends the name, and that of tokens, which is a
 * remark, is left out.
 */


/* buckets of tokens, of times, and of our own time: llm_stats.h */

static const char  *ngx_http_llm_cost_api_tokens[LLM_STATS_BUCKETS] = {
    "1", "4", "16", "64", "256", "1024", "4096", "16384", "65536", "262144",
    "1048576", "4194304", "16777216", "67108864", "+Inf"
};

static const char  *ngx_http_llm_cost_api_times[LLM_STATS_BUCKETS] = {
    "0.01", "0.02", "0.04", "0.08", "0.16", "0.32", "0.64", "1.28", "2.56",
    "5.12", "10.24", "20.48", "40.96", "81.92", "+Inf"
};

static const char  *ngx_http_llm_cost_api_own_times[LLM_STATS_BUCKETS] = {
    "0.00002", "0.00004", "0.00008", "0.00016", "0.00032", "0.00064",
    "0.00128", "0.00256", "0.00512", "0.01024", "0.02048", "0.04096",
    "0.08192", "0.16384", "+Inf"
};


/* calls of one kind, and where the text of their labels is */

typedef struct {
    llm_stats_calls_t           calls;
    size_t                      pos;
    size_t                      len;
} ngx_http_llm_cost_api_calls_t;


typedef struct {
    const char                 *name;
    const char                 *help;
    const char                **bounds;
    int64_t                     unit;       /* of the sum; 1: as it is */
    llm_stats_hist_e            first;
    llm_stats_hist_e            last;       /* by gen_ai_token_type */
} ngx_http_llm_cost_api_family_t;


static const ngx_http_llm_cost_api_family_t
    ngx_http_llm_cost_api_families[] =
{
    { "gen_ai_client_token_usage",
      "Tokens of a call of upstream, as billed.",
      ngx_http_llm_cost_api_tokens, 1,
      LLM_STATS_HIST_INPUT, LLM_STATS_HIST_OUTPUT },

    { "gen_ai_client_operation_duration_seconds",
      "From the sending of a call to the last byte of its answer.",
      ngx_http_llm_cost_api_times, 1000,
      LLM_STATS_HIST_DURATION, LLM_STATS_HIST_DURATION },

    { "gen_ai_client_operation_time_to_first_chunk_seconds",
      "From the sending of a call to the first event of its stream.",
      ngx_http_llm_cost_api_times, 1000,
      LLM_STATS_HIST_FIRST, LLM_STATS_HIST_FIRST },

    { "gen_ai_client_operation_time_per_output_chunk_seconds",
      "Between two events of a stream.",
      ngx_http_llm_cost_api_times, 1000,
      LLM_STATS_HIST_CHUNK, LLM_STATS_HIST_CHUNK }
};


static void ngx_http_llm_cost_api_calls_labels(ngx_http_llm_cost_out_t *o,
    const llm_stats_calls_t *c);
static void ngx_http_llm_cost_api_family(ngx_http_llm_cost_out_t *o,
    const ngx_http_llm_cost_api_family_t *f, ngx_array_t *calls,
    const u_char *labels);
static void ngx_http_llm_cost_api_hist(ngx_http_llm_cost_out_t *o,
    const ngx_http_llm_cost_api_family_t *f, const llm_stats_hist_t *h,
    const u_char *labels, size_t len);
static void ngx_http_llm_cost_api_sum(ngx_http_llm_cost_out_t *o,
    int64_t value, int64_t unit);
static void ngx_http_llm_cost_api_tops(ngx_http_llm_cost_api_t *api,
    llm_stats_dim_e dim, const char *name);


ngx_int_t
ngx_http_llm_cost_api_metrics_calls(ngx_http_llm_cost_api_t *api)
{
    uint32_t                        cursor;
    ngx_uint_t                      i;
    ngx_array_t                     calls;
    llm_stats_hist_t                h;
    llm_stats_calls_t               c;
    ngx_http_llm_cost_out_t         labels;
    ngx_http_llm_cost_api_calls_t  *p;

    static const ngx_http_llm_cost_api_family_t  overhead = {
        "llm_overhead_seconds",
        "Time that a request waited for this module before it went on.",
        ngx_http_llm_cost_api_own_times, 1000000, 0, 0
    };

    ngx_memzero(&labels, sizeof(ngx_http_llm_cost_out_t));
    labels.pool = api->request->pool;

    if (ngx_array_init(&calls, labels.pool, 8,
                       sizeof(ngx_http_llm_cost_api_calls_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    cursor = 0;

    while (llm_stats_next_calls(api->zone->stats, &cursor, &c) == LLM_OK) {

        p = ngx_array_push(&calls);
        if (p == NULL) {
            return NGX_ERROR;
        }

        p->calls = c;
        p->pos = labels.pos - labels.start;

        ngx_http_llm_cost_api_calls_labels(&labels, &c);

        p->len = labels.pos - labels.start - p->pos;
    }

    if (labels.failed) {
        return NGX_ERROR;
    }

    for (i = 0; i < 4; i++) {
        ngx_http_llm_cost_api_family(&api->out,
                                     &ngx_http_llm_cost_api_families[i],
                                     &calls, labels.start);
    }

    llm_stats_overhead(api->zone->stats, &h);

    ngx_http_llm_cost_api_head(&api->out, overhead.name, "histogram",
                               overhead.help);
    ngx_http_llm_cost_api_hist(&api->out, &overhead, &h, NULL, 0);

    return NGX_OK;
}


static void
ngx_http_llm_cost_api_calls_labels(ngx_http_llm_cost_out_t *o,
    const llm_stats_calls_t *c)
{
    u_char       error[NGX_INT_T_LEN];
    llm_str_t    provider;
    const char  *operation;

    provider.data = (u_char *) c->provider;
    provider.len = c->provider_len;
    provider = llm_vendor_otel(&provider);

    operation = llm_stats_operation(c->operation);

    ngx_http_llm_cost_api_label(o, "gen_ai_operation_name",
                                (u_char *) operation, ngx_strlen(operation));
    ngx_http_llm_cost_out(o, ",");
    ngx_http_llm_cost_api_label(o, "gen_ai_provider_name", provider.data,
                                provider.len);
    ngx_http_llm_cost_out(o, ",");
    ngx_http_llm_cost_api_label(o, "gen_ai_request_model", c->model,
                                c->model_len);

    if (c->error == LLM_STATS_LOST) {
        ngx_http_llm_cost_out(o, ",error_type=\"lost\"");

    } else if (c->error) {
        ngx_http_llm_cost_out(o, ",");
        ngx_http_llm_cost_api_label(o, "error_type", error,
                                    ngx_sprintf(error, "%d", (int) c->error)
                                    - error);
    }
}


/* of calls that have no value of a family there is no series */

static void
ngx_http_llm_cost_api_family(ngx_http_llm_cost_out_t *o,
    const ngx_http_llm_cost_api_family_t *f, ngx_array_t *calls,
    const u_char *labels)
{
    u_char                         *p, *last;
    ngx_uint_t                      i, k;
    ngx_http_llm_cost_api_calls_t  *c;
    u_char                          text[4 * 6 * LLM_STATS_LABEL];

    ngx_http_llm_cost_api_head(o, f->name, "histogram", f->help);

    c = calls->elts;

    for (i = 0; i < calls->nelts; i++) {
        for (k = f->first; k <= f->last; k++) {

            p = ngx_cpymem(text, labels + c[i].pos,
                           ngx_min(c[i].len, sizeof(text) - 64));
            last = p;

            if (f->first != f->last) {
                last = ngx_sprintf(p, ",gen_ai_token_type=\"%s\"",
                                   k == f->first ? "input" : "output");
            }

            ngx_http_llm_cost_api_hist(o, f, &c[i].calls.hists[k], text,
                                       last - text);
        }
    }
}


static void
ngx_http_llm_cost_api_hist(ngx_http_llm_cost_out_t *o,
    const ngx_http_llm_cost_api_family_t *f, const llm_stats_hist_t *h,
    const u_char *labels, size_t len)
{
    int64_t     n;
    ngx_uint_t  i;

    n = 0;

    for (i = 0; i < LLM_STATS_BUCKETS; i++) {
        n += h->buckets[i];
    }

    if (n == 0 && len) {
        return;
    }

    n = 0;

    for (i = 0; i < LLM_STATS_BUCKETS; i++) {
        n += h->buckets[i];

        ngx_http_llm_cost_out(o, f->name);
        ngx_http_llm_cost_out(o, "_bucket{");
        ngx_http_llm_cost_out_bytes(o, labels, len);
        ngx_http_llm_cost_out(o, len ? ",le=\"" : "le=\"");
        ngx_http_llm_cost_out(o, f->bounds[i]);
        ngx_http_llm_cost_api_value(o, "\"}", n);
    }

    ngx_http_llm_cost_out(o, f->name);
    ngx_http_llm_cost_out(o, len ? "_sum{" : "_sum");
    ngx_http_llm_cost_out_bytes(o, labels, len);
    ngx_http_llm_cost_out(o, len ? "} " : " ");
    ngx_http_llm_cost_api_sum(o, h->sum, f->unit);

    ngx_http_llm_cost_out(o, f->name);
    ngx_http_llm_cost_out(o, len ? "_count{" : "_count");
    ngx_http_llm_cost_out_bytes(o, labels, len);
    ngx_http_llm_cost_api_value(o, len ? "}" : "", n);
}


static void
ngx_http_llm_cost_api_sum(ngx_http_llm_cost_out_t *o, int64_t value,
    int64_t unit)
{
    u_char  text[2 * NGX_INT64_LEN];

    if (unit == 1) {
        ngx_http_llm_cost_out_int(o, value);

    } else {
        ngx_http_llm_cost_out_bytes(o, text,
            ngx_sprintf(text, unit == 1000 ? "%L.%03L" : "%L.%06L",
                        value / unit, value % unit)
            - text);
    }

    ngx_http_llm_cost_out(o, "\n");
}


void
ngx_http_llm_cost_api_metrics_tops(ngx_http_llm_cost_api_t *api)
{
    ngx_http_llm_cost_api_tops(api, LLM_STATS_USER, "user");
    ngx_http_llm_cost_api_one_usd(&api->out, "llm_user_missed_usd", "gauge",
        "Most that is missing of a user, named or not.",
        llm_stats_missed(api->zone->stats, LLM_STATS_USER));

    ngx_http_llm_cost_api_tops(api, LLM_STATS_TAG, "tag");
    ngx_http_llm_cost_api_one_usd(&api->out, "llm_tag_missed_usd", "gauge",
        "Most that is missing of a tag's value, named or not.",
        llm_stats_missed(api->zone->stats, LLM_STATS_TAG));
}


static void
ngx_http_llm_cost_api_top_labels(ngx_http_llm_cost_out_t *o,
    llm_stats_dim_e dim, const llm_stats_top_t *top)
{
    ngx_http_llm_cost_out(o, "{");

    if (dim == LLM_STATS_TAG) {
        ngx_http_llm_cost_api_label(o, "tag", top->tag, top->tag_len);
        ngx_http_llm_cost_out(o, ",");
    }

    ngx_http_llm_cost_api_label(o, dim == LLM_STATS_TAG ? "value" : "user",
                                top->name, top->name_len);
}


/* of the family of this index in ngx_http_llm_cost_api_tops() */

static void
ngx_http_llm_cost_api_top_value(ngx_http_llm_cost_out_t *o, ngx_uint_t family,
    const llm_stats_top_t *top)
{
    switch (family) {

    case 0:
        ngx_http_llm_cost_api_value(o, "}", top->count);
        break;

    case 1:
        ngx_http_llm_cost_api_value(o, "}", top->input);
        break;

    case 2:
        ngx_http_llm_cost_api_value(o, "}", top->output);
        break;

    default: /* 3 */
        ngx_http_llm_cost_api_usd_value(o, "}", top->cost);
        break;
    }
}


/* four families, each read anew: within one, names are there once */

static void
ngx_http_llm_cost_api_tops(ngx_http_llm_cost_api_t *api, llm_stats_dim_e dim,
    const char *name)
{
    char                      family[64];
    uint32_t                  cursor;
    ngx_uint_t                i;
    llm_stats_top_t           top;
    ngx_http_llm_cost_out_t  *o;

    static const char  *families[] = {
        "requests_total", "input_tokens_total", "output_tokens_total",
        "cost_usd_total"
    };

    static const char  *helps[] = {
        "Requests of those who spend most.",
        "Input tokens of those who spend most.",
        "Output tokens of those who spend most.",
        "Cost of those who spend most."
    };

    o = &api->out;

    for (i = 0; i < 4; i++) {
        *ngx_snprintf((u_char *) family, sizeof(family) - 1, "llm_%s_%s",
                      name, families[i])
            = '\0';

        ngx_http_llm_cost_api_head(o, family, "counter", helps[i]);

        cursor = 0;

        while (llm_stats_next_top(api->zone->stats, dim, &cursor, &top)
               == LLM_OK)
        {
            ngx_http_llm_cost_out(o, family);
            ngx_http_llm_cost_api_top_labels(o, dim, &top);
            ngx_http_llm_cost_api_top_value(o, i, &top);
        }
    }
}
