
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_price_table.h"

#include <string.h>


/*
 * Which rates a request has: a row lists some of them, for some tiers, above
 * some numbers of tokens, in some hours; what is not listed in the most
 * special place is looked for in the next.
 */

#define LLM_PRICE_LEVELS     5


typedef struct {
    const int64_t    *rates;
    unsigned          halve:1;           /* default rates stand in for batch */
} llm_price_level_t;


static int64_t
llm_price_pick(const llm_price_level_t *l, unsigned n, llm_rate_e rate)
{
    int64_t   r;
    unsigned  i;

    for (i = 0; i < n; i++) {
        r = l[i].rates[rate];

        if (r >= 0) {
            return l[i].halve && rate < LLM_RATE_UNITS ? r / 2 + r % 2 : r;
        }
    }

    return -1;
}


static int64_t
llm_price_pick_or(const llm_price_level_t *l, unsigned n, llm_rate_e rate,
    int64_t otherwise)
{
    int64_t  r;

    r = llm_price_pick(l, n, rate);

    return r >= 0 ? r : otherwise;
}


/*
 * A part that costs what its whole costs has no price of its own: lists repeat
 * that of the whole, but not in every place that has one for it.
 */

static int64_t
llm_price_pick_part(const llm_price_level_t *l, unsigned n, llm_rate_e rate,
    llm_rate_e whole, int64_t otherwise)
{
    unsigned  i;

    for (i = 0; i < n; i++) {

        if (l[i].rates[rate] >= 0) {
            return l[i].rates[rate] == l[i].rates[whole]
                   ? otherwise : llm_price_pick(&l[i], 1, rate);
        }
    }

    return otherwise;
}


/* the first place that lists either: a tier's output comes before the
   reasoning rate of the default tier */

static int64_t
llm_price_pick_reasoning(const llm_price_level_t *l, unsigned n)
{
    int64_t   r;
    unsigned  i;

    for (i = 0; i < n; i++) {
        r = llm_price_pick_or(&l[i], 1, LLM_RATE_REASONING,
                              llm_price_pick(&l[i], 1, LLM_RATE_OUTPUT));
        if (r >= 0) {
            return r;
        }
    }

    return -1;
}


/* a host with tools of its own keeps no hours of another's row */

static int
llm_price_keeps(const llm_price_t *p, const llm_price_terms_t *terms)
{
    const llm_str_t  *host;

    if (terms->tools == NULL) {
        return 1;
    }

    host = &terms->tools->provider;

    return p->provider.len == host->len
           && (host->len == 0
               || memcmp(p->provider.data, host->data, host->len) == 0);
}


/*
 * The places, the most special one first.  Hours of lower rates stand before
 * all that a row says, in the default tier: what other tiers cost in them
 * nobody publishes.  In a batch half of a token's plain rate stands in for one
 * that is not listed; tools cost the same there.
 */

static unsigned
llm_price_levels(llm_price_level_t *l, const llm_price_t *p,
    const llm_price_step_t *step, const llm_price_terms_t *terms,
    llm_tier_e tier)
{
    unsigned  n, batch;

    n = 0;
    batch = (tier == LLM_TIER_BATCH);

    if (p->hours && tier == LLM_TIER_DEFAULT && llm_price_keeps(p, terms)
        && llm_price_hours_open(p->hours, terms->when))
    {
        l[n++] = (llm_price_level_t) { p->hours->rates, 0 };
    }

    if (step && tier != LLM_TIER_DEFAULT && step->rates[tier]) {
        l[n++] = (llm_price_level_t) { step->rates[tier], 0 };
    }

    if (step && step->rates[LLM_TIER_DEFAULT]) {
        l[n++] = (llm_price_level_t) { step->rates[LLM_TIER_DEFAULT], batch };
    }

    if (tier != LLM_TIER_DEFAULT && p->rates[tier]) {
        l[n++] = (llm_price_level_t) { p->rates[tier], 0 };
    }

    if (p->rates[LLM_TIER_DEFAULT]) {
        l[n++] = (llm_price_level_t) { p->rates[LLM_TIER_DEFAULT], batch };
    }

    return n;
}


/*
 * What the host takes for calls of tools that it runs itself, where that is
 * dearer.  A size of a search that the model's row leaves out is the dearest of
 * the others there.  Google alone charges searches once a prompt: of such a row
 * those of another host are the host's.
 */

static void
llm_price_rates_tools(const llm_price_t *p, const llm_price_t *tools,
    int64_t r[LLM_RATE_N])
{
    unsigned  i;
    int64_t   rate, search;

    search = -1;

    for (i = LLM_RATE_SEARCH_LOW; i <= LLM_RATE_SEARCH_HIGH; i++) {
        search = r[i] > search ? r[i] : search;
    }

    for (i = LLM_RATE_SEARCH_LOW; i <= LLM_RATE_TOOL_CALL; i++) {
        rate = llm_price_rate(tools, LLM_TIER_DEFAULT, i);

        if (i <= LLM_RATE_SEARCH_HIGH) {

            if (p->per_prompt && rate >= 0) {
                r[i] = -1;

            } else if (r[i] < 0) {
                r[i] = search;
            }
        }

        if (rate > r[i]) {
            r[i] = rate;
        }
    }
}


int
llm_price_once(const llm_price_t *p, const llm_price_terms_t *terms)
{
    return p->per_prompt
           && (terms->tools == NULL
               || llm_price_rate(terms->tools, LLM_TIER_DEFAULT,
                                 LLM_RATE_SEARCH_MEDIUM) < 0);
}


/*
 * A part that has no rate anywhere has that of its whole, or of the kind that
 * it is a kind of.
 */

void
llm_price_rates(const llm_price_t *p, const llm_price_step_t *step,
    const llm_price_terms_t *terms, llm_tier_e tier, int64_t r[LLM_RATE_N])
{
    unsigned           i, n;
    llm_price_level_t  l[LLM_PRICE_LEVELS];

    /* in the order of llm_rate_e; a kind before what falls back to it */

    static const llm_rate_e  fallback[LLM_RATE_UNITS] = {
        LLM_RATE_N, LLM_RATE_N, LLM_RATE_INPUT, LLM_RATE_CACHED_INPUT,
        LLM_RATE_CACHED_INPUT, LLM_RATE_INPUT, LLM_RATE_CACHE_WRITE,
        LLM_RATE_CACHE_WRITE, LLM_RATE_INPUT, LLM_RATE_INPUT, LLM_RATE_INPUT,
        LLM_RATE_OUTPUT, LLM_RATE_OUTPUT, LLM_RATE_OUTPUT, LLM_RATE_OUTPUT,
        LLM_RATE_N
    };

    n = llm_price_levels(l, p, step, terms, tier);

    for (i = 0; i < LLM_RATE_N; i++) {

        if (i < LLM_RATE_UNITS && fallback[i] != LLM_RATE_N) {
            r[i] = llm_price_pick_part(l, n, i, fallback[i], r[fallback[i]]);

        } else {
            r[i] = llm_price_pick(l, n, i);
        }
    }

    r[LLM_RATE_REASONING] = llm_price_pick_reasoning(l, n);

    if (terms->tools) {
        llm_price_rates_tools(p, terms->tools, r);
    }
}


/* the step that a number of input tokens has passed: the whole request is
   priced there */

const llm_price_step_t *
llm_price_step(const llm_price_t *p, int64_t input)
{
    unsigned  i;

    for (i = p->nsteps; i > 0; i--) {
        if (input > p->steps[i - 1].above) {
            return &p->steps[i - 1];
        }
    }

    return NULL;
}


/* the product of two factors, rounded up; rows hold each below 100, and of
   their products nothing is above that either */

static int64_t
llm_price_times(int64_t factor, int64_t other)
{
    if (other == 0) {
        return factor;
    }

    factor = (factor * other + LLM_FACTOR_ONE - 1) / LLM_FACTOR_ONE;

    return factor > LLM_PRICE_FACTOR_MAX ? LLM_PRICE_FACTOR_MAX : factor;
}


static int64_t
llm_price_dearer(int64_t a, int64_t b)
{
    return a > b ? a : b;
}


/*
 * A discount is not counted on for the worst case, and what is not said may be
 * the dearest there is.
 */

static int64_t
llm_price_factor_geo(const int32_t *f, int64_t geo, int worst)
{
    int64_t  factor;

    factor = 0;

    if (geo == LLM_GEO_US || (worst && geo < 0)) {
        factor = f[LLM_FACTOR_GEO_US];
    }

    if (geo == LLM_GEO_EU || (worst && geo < 0)) {
        factor = llm_price_dearer(factor, f[LLM_FACTOR_GEO_EU]);
    }

    return worst ? llm_price_dearer(factor, LLM_FACTOR_ONE) : factor;
}


static int64_t
llm_price_factor_fast(const int32_t *f, int64_t fast, int worst)
{
    if (!worst) {
        return fast > 0 ? f[LLM_FACTOR_FAST] : 0;
    }

    return fast == 0 ? 0 : llm_price_dearer(f[LLM_FACTOR_FAST],
                                            LLM_FACTOR_ONE);
}


int64_t
llm_price_factor(const llm_price_t *p, const llm_price_terms_t *terms,
    const llm_usage_t *u, int worst)
{
    int64_t         factor;
    const int32_t  *f;

    f = p->factors;

    factor = llm_price_times(LLM_FACTOR_ONE,
                             llm_price_factor_geo(f, u->geo, worst));
    factor = llm_price_times(factor,
                             llm_price_factor_fast(f, u->fast, worst));

    if (terms->host == LLM_GEO_US) {
        factor = llm_price_times(factor, f[LLM_FACTOR_HOST_US]);

    } else if (terms->host == LLM_GEO_EU) {
        factor = llm_price_times(factor, f[LLM_FACTOR_HOST_EU]);

    } else if (terms->host == LLM_GEO_GOV) {
        factor = llm_price_times(factor, f[LLM_FACTOR_HOST_GOV]);

    } else if (terms->host == LLM_GEO_OTHER) {

        /* the surcharge is one for all places, lists name two of them */

        factor = llm_price_times(factor,
                                 llm_price_dearer(f[LLM_FACTOR_HOST_US],
                                                  f[LLM_FACTOR_HOST_EU]));
    }

    if (terms->host != LLM_GEO_GLOBAL) {
        factor = llm_price_times(factor, f[LLM_FACTOR_REGION]);
    }

    if (terms->when >= p->later) {
        factor = llm_price_times(factor, f[LLM_FACTOR_LATER]);

    } else if (terms->when < 0) {
        factor = llm_price_times(factor,
                                 llm_price_dearer(f[LLM_FACTOR_LATER],
                                                  LLM_FACTOR_ONE));
    }

    return factor;
}
