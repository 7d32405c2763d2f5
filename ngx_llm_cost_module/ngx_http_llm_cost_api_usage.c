
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_api.h"


/* usage/summary and models */


#define NGX_HTTP_LLM_COST_API_HOUR  3600


static ngx_int_t ngx_http_llm_cost_api_rows(ngx_http_llm_cost_api_t *api,
    llm_stats_dim_e dim, const llm_str_t *tag, const llm_str_t *only,
    ngx_array_t *rows);
static ngx_int_t ngx_http_llm_cost_api_by(ngx_http_llm_cost_api_t *api);
static void ngx_http_llm_cost_api_by_format(ngx_http_llm_cost_api_t *api,
    const char *name, ngx_array_t *rows);
static void ngx_http_llm_cost_api_model_format(ngx_http_llm_cost_api_t *api,
    const ngx_http_llm_cost_api_row_t *row);
static void ngx_http_llm_cost_api_price_format(ngx_http_llm_cost_out_t *o,
    const llm_price_t *price, llm_match_e how);
static void ngx_http_llm_cost_api_rate_format(ngx_http_llm_cost_out_t *o,
    const char *name, const llm_price_t *price, llm_rate_e rate);
static void ngx_http_llm_cost_api_learned_format(ngx_http_llm_cost_out_t *o,
    const llm_learn_table_t *t, const llm_str_t *model);
static void ngx_http_llm_cost_api_line_format(ngx_http_llm_cost_out_t *o,
    const llm_learn_t *l);
static void ngx_http_llm_cost_api_origin_format(ngx_http_llm_cost_out_t *o,
    const char *name, const llm_str_t *text);


ngx_int_t
ngx_http_llm_cost_api_usage_fetch(ngx_http_llm_cost_api_t *api)
{
    ngx_http_llm_cost_api_usage_t  *u;

    u = &api->usage;

    if (api->user.len) {
        if (ngx_http_llm_cost_api_rows(api, LLM_STATS_USER, NULL,
                                       (llm_str_t *) &api->user, &u->users)
            != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        ngx_http_llm_cost_api_of_user(api);

        return NGX_OK;
    }

    if (ngx_http_llm_cost_api_rows(api, LLM_STATS_MODEL, NULL, NULL,
                                   &u->models)
        != NGX_OK
        || ngx_http_llm_cost_api_rows(api, LLM_STATS_USER, NULL, NULL,
                                      &u->users)
           != NGX_OK
        || ngx_http_llm_cost_api_span_fetch(api) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_llm_cost_api_span_fetch(ngx_http_llm_cost_api_t *api)
{
    llm_stats_totals_t              t;
    ngx_http_llm_cost_api_usage_t  *u;

    u = &api->usage;

    llm_stats_totals(api->zone->stats, api->from / NGX_HTTP_LLM_COST_API_HOUR,
                     api->to / NGX_HTTP_LLM_COST_API_HOUR, &t);

    u->requests = t.count;
    u->input = t.input;
    u->output = t.output;
    u->cost = t.cost;
    u->saved = t.saved;
    u->hits = t.hits;
    u->misses = t.misses;
    u->api_calls = t.calls;

    return ngx_http_llm_cost_api_by(api);
}


static ngx_int_t
ngx_http_llm_cost_api_by(ngx_http_llm_cost_api_t *api)
{
    llm_str_t        tag;
    llm_stats_dim_e  dim;

    if (api->by.len == 0) {
        return NGX_OK;
    }

    switch (api->by.data[0]) {

    case 'e':
        dim = LLM_STATS_ENDPOINT;
        break;

    case 'p':
        dim = LLM_STATS_PROVIDER;
        break;

    case 'm':
        dim = LLM_STATS_MODEL;
        break;

    case 'u':
        dim = LLM_STATS_USER;
        break;

    default: /* tag:NAME */
        dim = LLM_STATS_TAG;
        break;
    }

    tag.data = api->by.data + sizeof("tag:") - 1;
    tag.len = dim == LLM_STATS_TAG ? api->by.len - (sizeof("tag:") - 1) : 0;

    return ngx_http_llm_cost_api_rows(api, dim, &tag, NULL,
                                      &api->usage.others);
}


/* "other" is added to a row of that name, for somebody may be called so */

static ngx_int_t
ngx_http_llm_cost_api_rows(ngx_http_llm_cost_api_t *api, llm_stats_dim_e dim,
    const llm_str_t *tag, const llm_str_t *only, ngx_array_t *rows)
{
    size_t                        i, n;
    llm_mem_t                     mem;
    ngx_uint_t                    k;
    llm_stats_row_t              *from;
    ngx_http_llm_cost_api_row_t  *row, *other;

    mem.alloc = ngx_http_llm_cost_pool_alloc;
    mem.ctx = api->pool;

    if (llm_stats_query(api->zone->stats, &mem, dim, tag, only,
                        api->from / NGX_HTTP_LLM_COST_API_HOUR,
                        api->to / NGX_HTTP_LLM_COST_API_HOUR, &from, &n)
        != LLM_OK
        || ngx_array_init(rows, api->pool, n + 1,
                          sizeof(ngx_http_llm_cost_api_row_t))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < n; i++) {
        row = NULL;
        other = rows->elts;

        for (k = 0; from[i].other && k < rows->nelts; k++) {
            if (other[k].name.len == from[i].len
                && ngx_memcmp(other[k].name.data, from[i].name, from[i].len)
                   == 0)
            {
                row = &other[k];
            }
        }

        if (row == NULL) {
            row = ngx_array_push(rows);
            if (row == NULL) {
                return NGX_ERROR;
            }

            ngx_memzero(row, sizeof(ngx_http_llm_cost_api_row_t));
            row->name.data = from[i].name;
            row->name.len = from[i].len;
        }

        row->count += from[i].count;
        row->input += from[i].input;
        row->output += from[i].output;
        row->cost += from[i].cost;
    }

    return NGX_OK;
}


/* of one user there are rows by day only: they are the totals then */

void
ngx_http_llm_cost_api_of_user(ngx_http_llm_cost_api_t *api)
{
    ngx_uint_t                      i;
    ngx_http_llm_cost_api_row_t    *row;
    ngx_http_llm_cost_api_usage_t  *u;

    u = &api->usage;
    row = u->users.elts;

    for (i = 0; i < u->users.nelts; i++) {
        u->requests += row[i].count;
        u->input += row[i].input;
        u->output += row[i].output;
        u->cost += row[i].cost;
    }
}


void
ngx_http_llm_cost_api_usage_format(ngx_http_llm_cost_api_t *api)
{
    ngx_http_llm_cost_out_t        *o;
    ngx_http_llm_cost_api_usage_t  *u;

    o = &api->out;
    u = &api->usage;

    ngx_http_llm_cost_out(o, "{\"period_hours\":");
    ngx_http_llm_cost_out_int(o, api->hours);
    ngx_http_llm_cost_out(o, ",\"from\":");
    ngx_http_llm_cost_out_time(o, api->from);
    ngx_http_llm_cost_out(o, ",\"to\":");
    ngx_http_llm_cost_out_time(o, api->to);
    ngx_http_llm_cost_out(o, ",\"total_requests\":");
    ngx_http_llm_cost_out_int(o, u->requests);
    ngx_http_llm_cost_out(o, ",\"total_input_tokens\":");
    ngx_http_llm_cost_out_int(o, u->input);
    ngx_http_llm_cost_out(o, ",\"total_output_tokens\":");
    ngx_http_llm_cost_out_int(o, u->output);
    ngx_http_llm_cost_out(o, ",\"total_cost_usd\":");
    ngx_http_llm_cost_out_usd(o, u->cost);

    if (api->user.len) {
        ngx_http_llm_cost_api_by_format(api, "user", &u->users);
        ngx_http_llm_cost_out(o, "}\n");
        return;
    }

    ngx_http_llm_cost_api_by_format(api, "model", &u->models);
    ngx_http_llm_cost_api_by_format(api, "user", &u->users);

    if (api->by.len) {
        ngx_http_llm_cost_api_by_format(api,
                                        api->by.data[0] == 'e' ? "endpoint"
                                        : api->by.data[0] == 'p' ? "provider"
                                        : "tag", &u->others);
    }

    ngx_http_llm_cost_out(o, ",\"cache\":{\"hits\":");
    ngx_http_llm_cost_out_int(o, u->hits);
    ngx_http_llm_cost_out(o, ",\"misses\":");
    ngx_http_llm_cost_out_int(o, u->misses);
    ngx_http_llm_cost_out(o, ",\"total\":");
    ngx_http_llm_cost_out_int(o, u->hits + u->misses);
    ngx_http_llm_cost_out(o, ",\"hit_rate\":");
    ngx_http_llm_cost_out_ratio(o, u->hits, u->hits + u->misses);
    ngx_http_llm_cost_out(o, ",\"api_calls\":");
    ngx_http_llm_cost_out_int(o, u->api_calls);
    ngx_http_llm_cost_out(o, ",\"saved_cost_usd\":");
    ngx_http_llm_cost_out_usd(o, u->saved);
    ngx_http_llm_cost_out(o, "}}\n");
}


static void
ngx_http_llm_cost_api_by_format(ngx_http_llm_cost_api_t *api,
    const char *name, ngx_array_t *rows)
{
    ngx_http_llm_cost_out(&api->out, ",\"by_");
    ngx_http_llm_cost_out(&api->out, name);
    ngx_http_llm_cost_out(&api->out, "\":");
    ngx_http_llm_cost_api_rows_format(api, rows);
}


void
ngx_http_llm_cost_api_rows_format(ngx_http_llm_cost_api_t *api,
    ngx_array_t *rows)
{
    ngx_uint_t                    i;
    ngx_http_llm_cost_out_t      *o;
    ngx_http_llm_cost_api_row_t  *row;

    o = &api->out;
    row = rows->elts;

    ngx_http_llm_cost_out(o, "{");

    for (i = 0; i < rows->nelts; i++) {

        if (i) {
            ngx_http_llm_cost_out(o, ",");
        }

        ngx_http_llm_cost_out_string(o, row[i].name.data, row[i].name.len);
        ngx_http_llm_cost_out(o, ":{\"input\":");
        ngx_http_llm_cost_out_int(o, row[i].input);
        ngx_http_llm_cost_out(o, ",\"output\":");
        ngx_http_llm_cost_out_int(o, row[i].output);
        ngx_http_llm_cost_out(o, ",\"cost\":");
        ngx_http_llm_cost_out_usd(o, row[i].cost);
        ngx_http_llm_cost_out(o, ",\"count\":");
        ngx_http_llm_cost_out_int(o, row[i].count);
        ngx_http_llm_cost_out(o, "}");
    }

    ngx_http_llm_cost_out(o, "}");
}


/* models that were asked for in the last 744 hours */

ngx_int_t
ngx_http_llm_cost_api_models_fetch(ngx_http_llm_cost_api_t *api)
{
    api->from = api->to - NGX_HTTP_LLM_COST_API_HOURS_MAX
                          * NGX_HTTP_LLM_COST_API_HOUR;

    if (ngx_http_llm_cost_api_rows(api, LLM_STATS_MODEL, NULL, NULL,
                                   &api->usage.models)
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return NGX_OK;
}


void
ngx_http_llm_cost_api_models_format(ngx_http_llm_cost_api_t *api)
{
    ngx_uint_t                    i;
    ngx_http_llm_cost_api_row_t  *row;

    row = api->usage.models.elts;

    ngx_http_llm_cost_out(&api->out, "[");

    for (i = 0; i < api->usage.models.nelts; i++) {

        if (i) {
            ngx_http_llm_cost_out(&api->out, ",");
        }

        ngx_http_llm_cost_api_model_format(api, &row[i]);
    }

    ngx_http_llm_cost_out(&api->out, "]\n");
}


static void
ngx_http_llm_cost_api_model_format(ngx_http_llm_cost_api_t *api,
    const ngx_http_llm_cost_api_row_t *row)
{
    llm_str_t                       model, provider;
    const char                     *vocab;
    llm_match_e                     how;
    llm_counter_t                   counter;
    const llm_price_t              *price;
    ngx_http_llm_cost_out_t        *o;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    o = &api->out;
    lmcf = (ngx_http_llm_cost_main_conf_t *) api->lmcf;

    model.data = row->name.data;
    model.len = row->name.len;
    provider.len = 0;
    provider.data = NULL;

    how = LLM_MATCH_NONE;
    price = lmcf->prices ? llm_prices_look(lmcf->prices, &model, &provider,
                                           &provider, &how)
                         : NULL;

    ngx_memzero(&counter, sizeof(llm_counter_t));
    (void) ngx_http_llm_cost_counter(lmcf, &row->name, price, &counter);

    vocab = counter.vocab ? llm_vocab_name(counter.vocab) : NULL;

    ngx_http_llm_cost_out(o, "{\"model\":");
    ngx_http_llm_cost_out_string(o, model.data, model.len);
    ngx_http_llm_cost_out(o, ",\"requests\":");
    ngx_http_llm_cost_out_int(o, row->count);
    ngx_http_llm_cost_out(o, ",\"vocabulary\":");

    if (vocab) {
        ngx_http_llm_cost_out_string(o, vocab, ngx_strlen(vocab));

    } else {
        ngx_http_llm_cost_out(o, "null");
    }

    ngx_http_llm_cost_out(o, counter.estimate ? ",\"estimate\":true"
                                              : ",\"estimate\":false");
    ngx_http_llm_cost_api_learned_format(o, lmcf->zone->learn, &model);

    ngx_http_llm_cost_out(o, ",\"price_row\":");

    if (price) {
        ngx_http_llm_cost_api_price_format(o, price, how);

    } else {
        ngx_http_llm_cost_out(o, "null");
    }

    ngx_http_llm_cost_out(o, "}");
}


/*
 * The name of the row, and its members beside it.  Rates are USD per million
 * tokens, as price lists quote them.
 */

static void
ngx_http_llm_cost_api_price_format(ngx_http_llm_cost_out_t *o,
    const llm_price_t *price, llm_match_e how)
{
    ngx_http_llm_cost_out_string(o, price->model.data, price->model.len);
    ngx_http_llm_cost_api_rate_format(o, ",\"input\":", price,
                                      LLM_RATE_INPUT);
    ngx_http_llm_cost_api_rate_format(o, ",\"output\":", price,
                                      LLM_RATE_OUTPUT);
    ngx_http_llm_cost_api_origin_format(o, ",\"source\":", &price->source);
    ngx_http_llm_cost_api_origin_format(o, ",\"date\":", &price->date);

    if (price->unread.len) {
        ngx_http_llm_cost_api_origin_format(o, ",\"unread\":",
                                            &price->unread);
    }

    ngx_http_llm_cost_out(o, ",\"match\":\"");
    ngx_http_llm_cost_out(o, (char *) llm_match_name(how));
    ngx_http_llm_cost_out(o, "\"");
}


/* what counts of the model are worth, by whom it was asked from */

static void
ngx_http_llm_cost_api_learned_format(ngx_http_llm_cost_out_t *o,
    const llm_learn_table_t *t, const llm_str_t *model)
{
    ngx_uint_t           i, c, n;
    llm_learn_t          l;
    const llm_vendor_t  *v, *last;

    n = 0;
    last = NULL;

    for (i = 0; t && (v = llm_vendor_at(i)) != NULL; i++) {

        /* a vendor of several hosts is there several times */

        if (last && last->name.len == v->name.len
            && ngx_memcmp(last->name.data, v->name.data, v->name.len) == 0)
        {
            continue;
        }

        last = v;

        for (c = 0; c < LLM_LEARN_N; c++) {

            if (llm_learn_get(t, llm_learn_key(&v->name, model, c), &l)
                != LLM_OK)
            {
                continue;
            }

            ngx_http_llm_cost_out(o, n++ ? ",{\"provider\":"
                                         : ",\"learned\":[{\"provider\":");
            ngx_http_llm_cost_out_string(o, v->name.data, v->name.len);
            ngx_http_llm_cost_out(o, ",\"class\":\"");
            ngx_http_llm_cost_out(o, (char *) llm_learn_class_name(c));
            ngx_http_llm_cost_out(o, "\",\"counts\":");
            ngx_http_llm_cost_api_line_format(o, &l);
            ngx_http_llm_cost_out(o, "}");
        }
    }

    if (n) {
        ngx_http_llm_cost_out(o, "]");
    }
}


/* tokens = counted * slope + offset; the slope is kept in parts of 65536 */

static void
ngx_http_llm_cost_api_line_format(ngx_http_llm_cost_out_t *o,
    const llm_learn_t *l)
{
    ngx_http_llm_cost_out_int(o, l->answers);

    if (l->answers) {
        ngx_http_llm_cost_out(o, ",\"slope\":");
        ngx_http_llm_cost_out_usd(o, (int64_t) l->line.slope * LLM_NANO
                                     / 65536);
        ngx_http_llm_cost_out(o, ",\"offset\":");
        ngx_http_llm_cost_out_int(o, l->line.offset);
    }

    if (l->output >= 0) {
        ngx_http_llm_cost_out(o, ",\"output\":");
        ngx_http_llm_cost_out_int(o, l->output);
    }
}


/* a row of the configuration has neither source nor date */

static void
ngx_http_llm_cost_api_origin_format(ngx_http_llm_cost_out_t *o,
    const char *name, const llm_str_t *text)
{
    ngx_http_llm_cost_out(o, name);

    if (text->len) {
        ngx_http_llm_cost_out_string(o, text->data, text->len);

    } else {
        ngx_http_llm_cost_out(o, "null");
    }
}


/* pico-USD a token times a million, in nano-USD: 150000 is 0.15 USD */

static void
ngx_http_llm_cost_api_rate_format(ngx_http_llm_cost_out_t *o,
    const char *name, const llm_price_t *price, llm_rate_e rate)
{
    int64_t  r;

    r = llm_price_rate(price, LLM_TIER_DEFAULT, rate);

    ngx_http_llm_cost_out(o, name);

    if (r < 0 || r > INT64_MAX / 1000) {
        ngx_http_llm_cost_out(o, "null");

    } else {
        ngx_http_llm_cost_out_usd(o, r * 1000);
    }
}
