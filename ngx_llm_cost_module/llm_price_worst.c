
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_price_table.h"


/*
 * The most that a request can cost, for its reservation.  Which tokens will be
 * cached, written or spent on thinking is not known; how many of each there
 * can be is.  So the dearest kinds are filled up first, each to its bound, and
 * the rest is charged as plain; and whatever upstream may choose (the tier, a
 * step that the input may pass) is taken at its dearest.
 */

#define LLM_PRICE_WHOLE      1000
#define LLM_PRICE_NANO       (LLM_PRICE_WHOLE * LLM_FACTOR_ONE * 1000LL)

#define LLM_PRICE_CASES      (2 * (LLM_PRICE_STEPS + 1))

#define llm_price_n(a)       (sizeof(a) / sizeof(a[0]))


typedef struct {
    llm_rate_e           kind;
    size_t               bound;               /* where in llm_usage_t */
} llm_price_bound_t;


typedef struct {
    int64_t              rates[LLM_RATE_N];
} llm_price_case_t;


/* what a request comes to in every way in which it may be charged */

typedef struct {
    unsigned             n;
    llm_price_case_t     cases[LLM_PRICE_CASES];
    int64_t              factor;
    const llm_usage_t   *most;
    int                  once;
} llm_price_worst_t;


#define llm_price_bound(kind, field)                                          \
    { kind, offsetof(llm_usage_t, field) }

static const llm_price_bound_t  llm_price_inputs[] = {
    llm_price_bound(LLM_RATE_CACHED_INPUT, cached_input),
    llm_price_bound(LLM_RATE_CACHED_AUDIO, cached_audio),
    llm_price_bound(LLM_RATE_CACHED_IMAGE, cached_image),
    llm_price_bound(LLM_RATE_CACHE_WRITE, cache_write),
    llm_price_bound(LLM_RATE_CACHE_WRITE_1H, cache_write_1h),
    llm_price_bound(LLM_RATE_CACHE_WRITE_DAY, cache_write_day),
    llm_price_bound(LLM_RATE_AUDIO_INPUT, audio_input),
    llm_price_bound(LLM_RATE_IMAGE_INPUT, image_input),
    llm_price_bound(LLM_RATE_VIDEO_INPUT, video_input)
};

static const llm_price_bound_t  llm_price_outputs[] = {
    llm_price_bound(LLM_RATE_REASONING, reasoning),
    llm_price_bound(LLM_RATE_AUDIO_OUTPUT, audio_output),
    llm_price_bound(LLM_RATE_IMAGE_OUTPUT, image_output),
    llm_price_bound(LLM_RATE_VIDEO_OUTPUT, video_output)
};

/* what has no bound of its own has to be known */

static const llm_price_bound_t  llm_price_counts[] = {
    llm_price_bound(LLM_RATE_INPUT_CHAR, input_chars),
    llm_price_bound(LLM_RATE_OUTPUT_CHAR, output_chars),
    llm_price_bound(LLM_RATE_INPUT_IMAGE, images_in),
    llm_price_bound(LLM_RATE_OUTPUT_IMAGE, images_out),
    llm_price_bound(LLM_RATE_INPUT_PIXEL, pixels_in),
    llm_price_bound(LLM_RATE_OUTPUT_PIXEL, pixels_out),
    llm_price_bound(LLM_RATE_PAGE, pages),
    llm_price_bound(LLM_RATE_PAGE_ANNOTATED, pages_annotated),
    llm_price_bound(LLM_RATE_QUERY, queries),
    llm_price_bound(LLM_RATE_CITATION, citation_tokens)
};

static const llm_price_bound_t  llm_price_times[] = {
    llm_price_bound(LLM_RATE_AUDIO_INPUT_SECOND, audio_input_ms),
    llm_price_bound(LLM_RATE_VIDEO_INPUT_SECOND, video_input_ms),
    llm_price_bound(LLM_RATE_AUDIO_OUTPUT_SECOND, audio_output_ms),
    llm_price_bound(LLM_RATE_VIDEO_OUTPUT_SECOND, video_output_ms)
};

static const llm_price_bound_t  llm_price_calls[] = {
    llm_price_bound(LLM_RATE_MAPS_QUERY, maps_queries),
    llm_price_bound(LLM_RATE_FILE_SEARCH, file_searches),
    llm_price_bound(LLM_RATE_WEB_FETCH, web_fetches),
    llm_price_bound(LLM_RATE_CODE_SESSION, code_sessions),
    llm_price_bound(LLM_RATE_TOOL_CALL, tool_calls)
};


static int64_t
llm_price_most(const llm_usage_t *most, const llm_price_bound_t *b)
{
    return *(const int64_t *) ((const char *) most + b->bound);
}


/* nothing is charged for more than LLM_USAGE_MAX; -1: the rate is missing */

static llm_int128_t
llm_price_product(int64_t units, int64_t rate, int64_t scale)
{
    if (units == 0) {
        return 0;
    }

    if (units > LLM_USAGE_MAX) {
        units = LLM_USAGE_MAX;
    }

    return rate < 0 ? -1 : (llm_int128_t) units * rate * scale;
}


static llm_int128_t
llm_price_sum(llm_int128_t a, llm_int128_t b)
{
    return (a < 0 || b < 0) ? -1 : a + b;
}


/* the dearest kind whose rate is below a bound, or the whole's where none of
   them is above it */

static int
llm_price_next(const int64_t *r, const llm_price_bound_t *b, unsigned n,
    llm_rate_e whole, unsigned used)
{
    int       best;
    unsigned  i;

    best = -1;

    for (i = 0; i < n; i++) {

        if (used & 1u << i || r[b[i].kind] <= r[whole]) {
            continue;
        }

        if (best < 0 || r[b[i].kind] > r[b[best].kind]) {
            best = i;
        }
    }

    return best;
}


static llm_int128_t
llm_price_worst_side(const llm_price_worst_t *w, const int64_t *r,
    const llm_price_bound_t *b, unsigned n, llm_rate_e whole, int64_t tokens)
{
    int           i;
    int64_t       take, scale;
    unsigned      used;
    llm_int128_t  sum;

    if (tokens == 0) {
        return 0;
    }

    if (r[whole] < 0) {
        return -1;
    }

    if (tokens > LLM_USAGE_MAX) {
        tokens = LLM_USAGE_MAX;
    }

    sum = 0;
    used = 0;
    scale = LLM_PRICE_WHOLE * w->factor;

    while (tokens) {

        i = llm_price_next(r, b, n, whole, used);
        if (i < 0) {
            break;
        }

        used |= 1u << i;

        take = llm_price_most(w->most, &b[i]);

        if (take < 0 || take > tokens) {
            take = tokens;
        }

        sum = llm_price_sum(sum, llm_price_product(take, r[b[i].kind], scale));
        tokens -= take;
    }

    return llm_price_sum(sum, llm_price_product(tokens, r[whole], scale));
}


/* what nobody counted is charged by its tokens, which have a bound */

static int
llm_price_by_token(const int64_t *r, llm_rate_e kind)
{
    switch (kind) {

    case LLM_RATE_AUDIO_INPUT_SECOND:
    case LLM_RATE_VIDEO_INPUT_SECOND:
    case LLM_RATE_INPUT_IMAGE:
    case LLM_RATE_INPUT_PIXEL:
    case LLM_RATE_INPUT_CHAR:
        return r[LLM_RATE_INPUT] > 0;

    case LLM_RATE_AUDIO_OUTPUT_SECOND:
    case LLM_RATE_VIDEO_OUTPUT_SECOND:
    case LLM_RATE_OUTPUT_IMAGE:
    case LLM_RATE_OUTPUT_PIXEL:
    case LLM_RATE_OUTPUT_CHAR:
        return r[LLM_RATE_OUTPUT] > 0;

    default:
        return 0;
    }
}


static llm_int128_t
llm_price_worst_units(const llm_price_worst_t *w, const int64_t *r,
    const llm_price_bound_t *b, unsigned n, int64_t unbound, int64_t scale)
{
    int64_t       units, factor;
    unsigned      i;
    llm_int128_t  sum;

    sum = 0;

    for (i = 0; i < n; i++) {

        if (r[b[i].kind] <= 0) {
            continue;
        }

        units = llm_price_most(w->most, &b[i]);

        if (units < 0) {
            units = llm_price_by_token(r, b[i].kind) ? 0 : unbound;
        }

        if (units < 0) {
            return -1;
        }

        factor = b[i].kind < LLM_RATE_UNITS ? w->factor : LLM_FACTOR_ONE;

        sum = llm_price_sum(sum, llm_price_product(units, r[b[i].kind],
                                                   scale * factor));
    }

    return sum;
}


static llm_int128_t
llm_price_worst_searches(const llm_price_worst_t *w, const int64_t *r)
{
    int64_t   n, rate;
    unsigned  i;

    n = w->most->searches < 0 ? LLM_PRICE_CALLS : w->most->searches;

    if (w->once && n > 1) {
        n = 1;
    }

    rate = 0;

    for (i = LLM_RATE_SEARCH_LOW; i <= LLM_RATE_SEARCH_HIGH; i++) {
        if (r[i] > rate) {
            rate = r[i];
        }
    }

    i = LLM_RATE_SEARCH_LOW + w->most->search_size;

    if (w->most->search_size >= 0 && w->most->search_size < LLM_SEARCH_N
        && r[i] >= 0)
    {
        rate = r[i];
    }

    return llm_price_product(n, rate, LLM_PRICE_WHOLE * LLM_FACTOR_ONE);
}


static llm_int128_t
llm_price_worst_beside(const llm_price_worst_t *w, const int64_t *r)
{
    int64_t       ms;
    llm_int128_t  sum;

    sum = llm_price_worst_units(w, r, llm_price_counts,
                                llm_price_n(llm_price_counts), -1,
                                LLM_PRICE_WHOLE);

    sum = llm_price_sum(sum, llm_price_worst_units(w, r, llm_price_times,
                                                   llm_price_n(llm_price_times),
                                                   -1, 1));

    sum = llm_price_sum(sum, llm_price_worst_units(w, r, llm_price_calls,
                                                   llm_price_n(llm_price_calls),
                                                   LLM_PRICE_CALLS,
                                                   LLM_PRICE_WHOLE));

    sum = llm_price_sum(sum, llm_price_worst_searches(w, r));

    if (r[LLM_RATE_REQUEST] > 0) {
        sum = llm_price_sum(sum, llm_price_product(1, r[LLM_RATE_REQUEST],
                                                   LLM_PRICE_WHOLE
                                                   * LLM_FACTOR_ONE));
    }

    if (r[LLM_RATE_REQUEST_SECOND] > 0) {
        ms = w->most->request_ms < 0 ? LLM_PRICE_SECONDS * 1000
                                     : w->most->request_ms;

        sum = llm_price_sum(sum, llm_price_product(ms,
                                                   r[LLM_RATE_REQUEST_SECOND],
                                                   LLM_FACTOR_ONE));
    }

    return sum;
}


static llm_int128_t
llm_price_worst_case(const llm_price_worst_t *w, const int64_t *r,
    int64_t output)
{
    llm_int128_t  sum;

    sum = llm_price_worst_side(w, r, llm_price_inputs,
                               llm_price_n(llm_price_inputs), LLM_RATE_INPUT,
                               w->most->input);

    sum = llm_price_sum(sum, llm_price_worst_side(w, r, llm_price_outputs,
                            llm_price_n(llm_price_outputs), LLM_RATE_OUTPUT,
                            output));

    return llm_price_sum(sum, llm_price_worst_beside(w, r));
}


/* nano-USD of the dearest way, LLM_NANO_MAX + 1 for more than is money here */

static int64_t
llm_price_worst_of(const llm_price_worst_t *w, int64_t output)
{
    unsigned      i;
    llm_int128_t  sum, most;

    most = 0;

    for (i = 0; i < w->n; i++) {

        sum = llm_price_worst_case(w, w->cases[i].rates, output);

        if (sum < 0) {
            return -1;
        }

        if (sum > most) {
            most = sum;
        }
    }

    most = most / LLM_PRICE_NANO + (most % LLM_PRICE_NANO != 0);

    return most > LLM_NANO_MAX ? LLM_NANO_MAX + 1 : (int64_t) most;
}


static void
llm_price_worst_init(llm_price_worst_t *w, const llm_price_t *p,
    const llm_price_terms_t *terms, const llm_usage_t *most)
{
    unsigned                 i, k, tiers;
    llm_tier_e               t[2];
    const llm_price_step_t  *step;

    t[0] = terms->tier;
    t[1] = LLM_TIER_DEFAULT;
    tiers = (t[0] == LLM_TIER_BATCH || t[0] == t[1]) ? 1 : 2;

    w->n = 0;
    w->most = most;
    w->factor = llm_price_factor(p, terms, most, 1);
    w->once = llm_price_once(p, terms);

    for (i = 0; i <= p->nsteps; i++) {
        step = i ? &p->steps[i - 1] : NULL;

        if (step && most->input <= step->above) {
            break;
        }

        for (k = 0; k < tiers; k++) {
            llm_price_rates(p, step, terms, t[k], w->cases[w->n++].rates);
        }
    }
}


int64_t
llm_price_worst(const llm_price_t *p, const llm_price_terms_t *terms,
    const llm_usage_t *most)
{
    llm_price_worst_t  w;

    if (most->input < 0 || most->output < 0) {
        return -1;
    }

    llm_price_worst_init(&w, p, terms, most);

    return llm_price_worst_of(&w, most->output);
}


int64_t
llm_price_fit(const llm_price_t *p, const llm_price_terms_t *terms,
    const llm_usage_t *most, int64_t amount)
{
    int64_t            nano, low, high, middle;
    llm_price_worst_t  w;

    if (most->input < 0 || amount < 0) {
        return -1;
    }

    if (amount > LLM_NANO_MAX) {
        amount = LLM_NANO_MAX;
    }

    llm_price_worst_init(&w, p, terms, most);

    /* a rate that is missing shows with the first token */

    nano = llm_price_worst_of(&w, 0);

    if (nano < 0 || nano > amount || llm_price_worst_of(&w, 1) < 0) {
        return -1;
    }

    if (llm_price_worst_of(&w, LLM_USAGE_MAX) <= amount) {
        return INT64_MAX;
    }

    /* more tokens never cost less: the last that fits is found by halving */

    low = 0;
    high = LLM_USAGE_MAX;

    while (high - low > 1) {
        middle = low + (high - low) / 2;

        if (llm_price_worst_of(&w, middle) <= amount) {
            low = middle;

        } else {
            high = middle;
        }
    }

    return low;
}
