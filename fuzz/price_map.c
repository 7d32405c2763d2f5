
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * libFuzzer: a price map, or the parameters of a configured row where the
 * first byte is '='.  Whatever was read, no rate is negative but for -1, a
 * cost never exceeds the worst case, and fit is its inverse.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -Ingx_llm_cost_module \
 *       -o price_map fuzz/price_map.c ngx_llm_cost_module/llm_price*.c \
 *       ngx_llm_cost_module/llm_json*.c ngx_llm_cost_module/llm_usage.c \
 *       -lpcre2-8
 */

#include "llm_price.h"
#include "steps.h"


#define FUZZ_ARGS            16
#define FUZZ_ROW             4096
#define FUZZ_FIXED           65536     /* what costs are computed, in bytes */


/* a usage of figures that the input's own bytes choose */

static void
fuzz_usage(llm_usage_t *u, uint64_t *seed)
{
    size_t    i;
    int64_t  *v;

    v = (int64_t *) u;

    for (i = 0; i < LLM_USAGE_FIELDS; i++) {
        *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
        v[i] = (int64_t) (*seed >> 33) % 300000 - 1;
    }

    u->tier = -1;
    u->geo = (int64_t) (*seed >> 40) % LLM_GEO_N;
    u->search_size = (int64_t) (*seed >> 45) % LLM_SEARCH_N;
    u->fast = (int64_t) (*seed >> 50) % 2;

    u->orch_input = -1;
    u->orch_output = -1;

    if (u->input < 0) {
        u->input = 0;
    }

    if (u->output < 0) {
        u->output = 0;
    }
}


static void
fuzz_fit(const llm_price_t *p, const llm_price_terms_t *terms,
    llm_usage_t *most)
{
    int64_t  fit;

    fit = llm_price_fit(p, terms, most, LLM_NANO);
    fuzz_assert(fit >= -1);

    if (fit < 0) {
        return;
    }

    most->output = fit;
    fuzz_assert(llm_price_worst(p, terms, most) <= LLM_NANO);

    if (fit < INT64_MAX) {
        most->output = fit + 1;
        fuzz_assert(llm_price_worst(p, terms, most) > LLM_NANO);
    }
}


static void
fuzz_amounts(const llm_price_t *p, uint64_t seed)
{
    int64_t            cost, worst;
    unsigned           i;
    llm_usage_t        u;
    llm_price_parts_t  parts;
    llm_price_terms_t  terms;

    for (i = 0; i < LLM_RATE_N; i++) {
        fuzz_assert(llm_price_rate(p, LLM_TIER_DEFAULT, i) >= -1);
    }

    for (i = 0; i < LLM_TIER_N; i++) {
        fuzz_usage(&u, &seed);

        terms.tier = i;
        terms.host = (seed >> 35) % LLM_GEO_N;
        terms.when = (seed >> 36) % 2 ? (int64_t) (seed >> 33) : -1;
        terms.tools = (seed >> 37) % 2 ? p : NULL;

        worst = llm_price_worst(p, &terms, &u);
        cost = llm_price_cost(p, &terms, &u, &parts);

        fuzz_assert(worst >= -1 && worst <= LLM_NANO_MAX + 1);
        fuzz_assert(cost >= -1 && cost <= LLM_NANO_MAX);
        fuzz_assert(worst < 0 || cost <= worst);

        fuzz_fit(p, &terms, &u);
    }
}


static void
fuzz_row(llm_prices_t *t, const unsigned char *data, size_t len)
{
    char                 err[64];
    size_t               i, start;
    unsigned             n;
    llm_str_t            model, args[FUZZ_ARGS], text;
    static llm_str_t     none = llm_string("");
    unsigned char        copy[FUZZ_ROW];
    const llm_price_t   *p;

    if (len > FUZZ_ROW) {
        return;
    }

    memcpy(copy, data, len);

    n = 0;
    start = 0;
    model = none;

    for (i = 0; i <= len && n < FUZZ_ARGS; i++) {
        if (i == len || copy[i] == ' ') {
            text.data = copy + start;
            text.len = i - start;

            if (start == 0) {
                model = text;

            } else {
                args[n++] = text;
            }

            start = i + 1;
        }
    }

    if (llm_prices_add(t, &model, args, n, err, sizeof(err)) == LLM_OK) {
        p = llm_prices_find(t, &model, &none);

        if (p) {
            fuzz_amounts(p, len);
        }
    }
}


static void
fuzz_map(llm_prices_t *t, const unsigned char *data, size_t len)
{
    char                err[64];
    unsigned            i;
    const llm_price_t  *p;
    static llm_str_t    provider = llm_string("p");
    static llm_str_t    names[] = {
        llm_string("m"), llm_string("a-2024-01-01"), llm_string("ft:m:x"),
        llm_string("gpt-4o"), llm_string("q/m-latest")
    };

    if (llm_prices_load(t, data, len, err, sizeof(err)) != LLM_OK) {
        fuzz_assert(memchr(err, '\0', sizeof(err)) != NULL);
        return;
    }

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        p = llm_prices_find(t, &names[i], &provider);

        if (p) {
            fuzz_amounts(p, len);
        }
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    uint64_t            since;
    llm_prices_t       *t;
    static fuzz_mem_t   m;

    since = steps;
    t = llm_prices_create(fuzz_begin(&m));

    if (t) {
        if (len && data[0] == '=') {
            fuzz_row(t, data + 1, len - 1);

        } else {
            fuzz_map(t, data, len);
        }

        llm_prices_destroy(t);
    }

    steps_bounded(since, len + FUZZ_FIXED, "prices");
    fuzz_end(&m);

    return 0;
}
