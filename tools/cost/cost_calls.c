
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "cost.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#define COST_MODELS  8192


typedef struct {
    const llm_price_t  *row;
    int64_t             cost;
} cost_row_t;


static void
cost_usage(const cost_t *c, llm_usage_t *u)
{
    static const llm_usage_t  unknown = LLM_USAGE_INIT;

    *u = unknown;
    u->input = c->input == COST_NONE ? 0 : c->input;
    u->output = c->output == COST_NONE ? 0 : c->output;

    if (c->cached != COST_NONE) {
        u->cached_input = c->cached;
    }

    if (c->images != COST_NONE) {
        u->images_out = c->images;
    }

    if (c->audio != COST_NONE) {
        u->audio_input_ms = c->audio * 1000;
    }
}


/* -1: not known, as what speech costs whose characters nobody has counted */

static int64_t
cost_of(const cost_t *c, const llm_price_t *row)
{
    int64_t            cost;
    llm_usage_t        u;
    llm_price_terms_t  terms;

    memset(&terms, 0, sizeof(llm_price_terms_t));
    terms.when = -1;

    cost_usage(c, &u);

    cost = llm_price_cost(row, &terms, &u, NULL);

    return (cost == 0 && llm_price_by_unit(row)) ? -1 : cost;
}


int64_t
cost_request(cost_t *c, const llm_price_t **row)
{
    int64_t    cost;
    llm_str_t  model, provider;

    if (c->model == NULL) {
        (void) cost_fail("%s", "which --model?");
        return -1;
    }

    model.data = (unsigned char *) c->model;
    model.len = strlen(c->model);
    provider.data = NULL;
    provider.len = 0;

    *row = llm_prices_find(c->map, &model, &provider);

    if (*row == NULL) {
        (void) cost_fail("%s: the price map has no such model", c->model);
        return -1;
    }

    cost = cost_of(c, *row);

    if (cost < 0) {
        (void) cost_fail("%s: the price map has no rate for this", c->model);
    }

    return cost;
}


/* USD per million tokens, as price lists quote them */

static const char *
cost_rate(const llm_price_t *row, llm_rate_e rate, char *buf)
{
    int64_t  r;

    r = llm_price_rate(row, LLM_TIER_DEFAULT, rate);

    return r < 0 ? "-" : cost_usd(r * 1000, buf);
}


int
cost_estimate(cost_t *c, char **files, int n)
{
    int                 rc, i;
    char                a[40], b[40], d[40];
    int64_t             cost;
    const llm_price_t  *row;

    for (i = 0; i < n || (i == 0 && c->input == COST_NONE); i++) {
        rc = cost_count(c, n ? files[i] : "-");

        if (rc) {
            return rc;
        }

        if (n > 1 && i + 1 < n) {
            cost = cost_request(c, &row);
            (void) printf("  %s\n", cost < 0 ? "-" : cost_usd(cost, a));
        }
    }

    cost = cost_request(c, &row);

    if (cost < 0) {
        return 1;
    }

    if (row->unread.len) {
        (void) fprintf(stderr, "llm-cost: %s: its \"%.*s\" is not charged\n",
                       c->model, (int) row->unread.len, row->unread.data);
    }

    (void) printf("%s: %s\n  = %lld input x %s + %lld output x %s a million\n",
                  c->model, cost_usd(cost, a), (long long) c->input,
                  cost_rate(row, LLM_RATE_INPUT, b),
                  (long long) (c->output == COST_NONE ? 0 : c->output),
                  cost_rate(row, LLM_RATE_OUTPUT, d));

    return 0;
}


static int
cost_cheaper(const void *one, const void *two)
{
    int                rc;
    size_t             len;
    const cost_row_t  *a, *b;

    a = one;
    b = two;

    if (a->cost != b->cost) {
        return a->cost < b->cost ? -1 : 1;
    }

    len = a->row->model.len < b->row->model.len ? a->row->model.len
                                                : b->row->model.len;
    rc = memcmp(a->row->model.data, b->row->model.data, len);

    return rc ? rc : (a->row->model.len > b->row->model.len) ? 1 : -1;
}


/*
 * Models that answer in text.  Of few rows the map does not say what they do;
 * one that charges what it reads and nothing for what it writes makes vectors.
 */

static int
cost_answers(const llm_price_t *row)
{
    size_t  i;

    static const llm_str_t  modes[] = {
        llm_string("chat"), llm_string("responses"), llm_string("completion")
    };

    if (llm_price_rate(row, LLM_TIER_DEFAULT, LLM_RATE_INPUT) > 0
        && llm_price_rate(row, LLM_TIER_DEFAULT, LLM_RATE_OUTPUT) == 0)
    {
        return 0;
    }

    for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (row->mode.len == modes[i].len
            && memcmp(row->mode.data, modes[i].data, modes[i].len) == 0)
        {
            return 1;
        }
    }

    return row->mode.len == 0;
}


/* every model of the map that can be asked so, the cheapest first */

int
cost_compare(cost_t *c, char **files, int n)
{
    char                a[40], b[40], d[40];
    int                 rc;
    size_t              i, rows;
    uint32_t            cursor;
    const llm_price_t  *row;

    static cost_row_t  all[COST_MODELS];

    if (n) {
        rc = cost_count(c, files[0]);

        if (rc) {
            return rc;
        }
    }

    if (c->input == COST_NONE) {
        return cost_fail("%s", "compare needs a file, or --input and "
                               "--output");
    }

    cursor = 0;
    rows = 0;

    while ((row = llm_prices_next(c->map, &cursor)) != NULL
           && rows < COST_MODELS)
    {
        all[rows].row = row;
        all[rows].cost = cost_of(c, row);

        if (llm_price_rate(row, LLM_TIER_DEFAULT, LLM_RATE_INPUT) >= 0
            && all[rows].cost >= 0 && cost_answers(row)
            && (row->max_input < 0 || c->input <= row->max_input)
            && (row->max_output < 0 || c->output <= row->max_output))
        {
            rows++;
        }
    }

    qsort(all, rows, sizeof(cost_row_t), cost_cheaper);

    (void) printf("%-48s %12s %10s %10s\n", "model", "a request", "input",
                  "output");

    for (i = 0; i < rows; i++) {
        row = all[i].row;
        (void) printf("%-48.*s %12s %10s %10s\n", (int) row->model.len,
                      row->model.data, cost_usd(all[i].cost, a),
                      cost_rate(row, LLM_RATE_INPUT, b),
                      cost_rate(row, LLM_RATE_OUTPUT, d));
    }

    (void) printf("a request = %lld input x input + %lld output x output, "
                  "rates a million tokens\n", (long long) c->input,
                  (long long) (c->output == COST_NONE ? 0 : c->output));

    return 0;
}


int
cost_monthly(cost_t *c, char **files, int n)
{
    char                a[40], b[40], d[40];
    int64_t             cost;
    llm_int128_t        month;
    const llm_price_t  *row;

    if (n && cost_count(c, files[0]) != 0) {
        return 2;
    }

    if (c->requests == COST_NONE || c->input == COST_NONE) {
        return cost_fail("%s", "monthly needs --daily-requests, and a file or "
                               "--input and --output");
    }

    cost = cost_request(c, &row);

    if (cost < 0) {
        return 1;
    }

    month = (llm_int128_t) cost * c->requests * COST_DAYS;

    if (month > LLM_NANO_MAX) {
        return cost_fail("%s", "more than 9,000,000 USD a month");
    }

    (void) printf("%s: %s a month\n  = %lld requests a day x %d days x %s a "
                  "request\n", c->model, cost_usd((int64_t) month, a),
                  (long long) c->requests, COST_DAYS, cost_usd(cost, b));

    (void) printf("  a request = %lld input x %s + %lld output x %s a "
                  "million\n", (long long) c->input,
                  cost_rate(row, LLM_RATE_INPUT, d),
                  (long long) (c->output == COST_NONE ? 0 : c->output),
                  cost_rate(row, LLM_RATE_OUTPUT, b));

    return 0;
}
