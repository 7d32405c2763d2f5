
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_price.h"


#define LLM_PICO_PER_NANO    1000

#define llm_price_parts(a)   (sizeof(a) / sizeof(llm_price_part_t))


/* one place where a rate may be listed, the most special one first */

typedef struct {
    const int64_t    *rates;
    unsigned          halve:1;           /* default rates stand in for batch */
} llm_price_level_t;


typedef struct {
    int64_t           tokens;
    int64_t           rate;
} llm_price_part_t;


static int64_t
llm_price_pick(const llm_price_level_t *l, unsigned n, llm_rate_e rate)
{
    int64_t   r;
    unsigned  i;

    for (i = 0; i < n; i++) {
        r = l[i].rates[rate];

        if (r >= 0) {
            return l[i].halve ? r / 2 + r % 2 : r;
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


/*
 * The rates of a request: each from the step's tier, the step, the row's tier,
 * the row, whichever lists it first, and then that of its whole.
 */

static void
llm_price_rates(const llm_price_t *p, const llm_price_step_t *step,
    llm_tier_e tier, int64_t r[LLM_RATE_N])
{
    int64_t            in, out;
    unsigned           n, batch;
    llm_price_level_t  l[4];

    n = 0;
    batch = (tier == LLM_TIER_BATCH);

    if (step) {
        l[n++] = (llm_price_level_t) { step->rates[tier], 0 };
        l[n++] = (llm_price_level_t) { step->rates[LLM_TIER_DEFAULT], batch };
    }

    l[n++] = (llm_price_level_t) { p->rates[tier], 0 };
    l[n++] = (llm_price_level_t) { p->rates[LLM_TIER_DEFAULT], batch };

    in = llm_price_pick(l, n, LLM_RATE_INPUT);
    out = llm_price_pick(l, n, LLM_RATE_OUTPUT);

    r[LLM_RATE_INPUT] = in;
    r[LLM_RATE_CACHED_INPUT]
        = llm_price_pick_or(l, n, LLM_RATE_CACHED_INPUT, in);
    r[LLM_RATE_CACHE_WRITE]
        = llm_price_pick_or(l, n, LLM_RATE_CACHE_WRITE, in);
    r[LLM_RATE_CACHE_WRITE_1H]
        = llm_price_pick_or(l, n, LLM_RATE_CACHE_WRITE_1H,
                            r[LLM_RATE_CACHE_WRITE]);
    r[LLM_RATE_AUDIO_INPUT]
        = llm_price_pick_or(l, n, LLM_RATE_AUDIO_INPUT, in);
    r[LLM_RATE_IMAGE_INPUT]
        = llm_price_pick_or(l, n, LLM_RATE_IMAGE_INPUT, in);

    r[LLM_RATE_OUTPUT] = out;
    r[LLM_RATE_REASONING] = llm_price_pick_reasoning(l, n);
    r[LLM_RATE_AUDIO_OUTPUT]
        = llm_price_pick_or(l, n, LLM_RATE_AUDIO_OUTPUT, out);
    r[LLM_RATE_IMAGE_OUTPUT]
        = llm_price_pick_or(l, n, LLM_RATE_IMAGE_OUTPUT, out);
}


/* the step that a number of input tokens has passed: the whole request is
   priced there */

static const llm_price_step_t *
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


/*
 * One side of a request: a whole and its parts, the whole's rate for what is
 * left.  Parts may overlap (cached images are cached and images) and nobody
 * says by how much.  One at the whole's own rate makes no difference and is
 * left out; of the others the dearest are charged first, so that no token is
 * charged twice and a contradiction makes nothing cheaper.  -1: the rate is
 * missing.
 */

static llm_int128_t
llm_price_side(llm_price_part_t *parts, unsigned n, int64_t whole,
    int64_t rate)
{
    int64_t           tokens;
    unsigned          i, k;
    llm_int128_t      sum;
    llm_price_part_t  part;

    for (i = 1; i < n; i++) {
        part = parts[i];

        for (k = i; k > 0 && parts[k - 1].rate < part.rate; k--) {
            parts[k] = parts[k - 1];
        }

        parts[k] = part;
    }

    sum = 0;

    for (i = 0; i < n; i++) {

        if (parts[i].tokens <= 0 || parts[i].rate == rate) {
            continue;
        }

        tokens = parts[i].tokens < whole ? parts[i].tokens : whole;

        sum += (llm_int128_t) tokens * parts[i].rate;
        whole -= tokens;
    }

    if (whole == 0) {
        return sum;
    }

    return rate < 0 ? -1 : sum + (llm_int128_t) whole * rate;
}


/* an unknown number of tokens costs nothing only if none of them can */

static llm_int128_t
llm_price_unknown(const llm_price_part_t *parts, unsigned n, int64_t rate)
{
    unsigned  i;

    if (rate != 0) {
        return -1;
    }

    for (i = 0; i < n; i++) {
        if (parts[i].rate != 0) {
            return -1;
        }
    }

    return 0;
}


static llm_int128_t
llm_price_input(const llm_usage_t *u, const int64_t *r)
{
    llm_price_part_t  parts[] = {
        { u->cached_input, r[LLM_RATE_CACHED_INPUT] },
        { u->cache_write, r[LLM_RATE_CACHE_WRITE] },
        { u->cache_write_1h, r[LLM_RATE_CACHE_WRITE_1H] },
        { u->audio_input, r[LLM_RATE_AUDIO_INPUT] },
        { u->image_input, r[LLM_RATE_IMAGE_INPUT] }
    };

    if (u->input < 0) {
        return llm_price_unknown(parts, llm_price_parts(parts),
                                 r[LLM_RATE_INPUT]);
    }

    return llm_price_side(parts, llm_price_parts(parts), u->input,
                          r[LLM_RATE_INPUT]);
}


static llm_int128_t
llm_price_output(const llm_usage_t *u, const int64_t *r)
{
    llm_price_part_t  parts[] = {
        { u->reasoning, r[LLM_RATE_REASONING] },
        { u->audio_output, r[LLM_RATE_AUDIO_OUTPUT] },
        { u->image_output, r[LLM_RATE_IMAGE_OUTPUT] }
    };

    if (u->output < 0) {
        return llm_price_unknown(parts, llm_price_parts(parts),
                                 r[LLM_RATE_OUTPUT]);
    }

    return llm_price_side(parts, llm_price_parts(parts), u->output,
                          r[LLM_RATE_OUTPUT]);
}


static int64_t
llm_price_round(llm_int128_t pico)
{
    llm_int128_t  nano;

    nano = pico / LLM_PICO_PER_NANO + (pico % LLM_PICO_PER_NANO != 0);

    return nano > LLM_NANO_MAX ? LLM_NANO_MAX + 1 : (int64_t) nano;
}


int64_t
llm_price_cost(const llm_price_t *p, llm_tier_e tier, const llm_usage_t *u)
{
    int64_t       nano, r[LLM_RATE_N];
    llm_int128_t  in, out;

    /* which step applies is not known either */

    if (u->input < 0 && p->nsteps) {
        return -1;
    }

    llm_price_rates(p, llm_price_step(p, u->input), tier, r);

    in = llm_price_input(u, r);
    out = llm_price_output(u, r);

    if (in < 0 || out < 0) {
        return -1;
    }

    nano = llm_price_round(in + out);

    return nano > LLM_NANO_MAX ? -1 : nano;
}


/*
 * The dearest of a whole's rate and those of its parts, from to to.  -1, not
 * listed, stays: it must not be covered by another rate.
 */

static void
llm_price_dearer(int64_t *dearest, const int64_t *r, llm_rate_e whole,
    llm_rate_e from, llm_rate_e to)
{
    unsigned  i;

    if (r[whole] < 0 || *dearest < 0) {
        *dearest = -1;
        return;
    }

    if (r[whole] > *dearest) {
        *dearest = r[whole];
    }

    for (i = from; i <= to; i++) {
        if (r[i] > *dearest) {
            *dearest = r[i];
        }
    }
}


/* the dearest rates that can apply to a request of so many input tokens */

static void
llm_price_dearest(const llm_price_t *p, llm_tier_e tier, int64_t input,
    int64_t *in, int64_t *out)
{
    int64_t                  r[LLM_RATE_N];
    unsigned                 i, k, tiers;
    llm_tier_e               t[2];
    const llm_price_step_t  *step;

    t[0] = tier;
    t[1] = LLM_TIER_DEFAULT;
    tiers = (tier == LLM_TIER_BATCH) ? 1 : 2;

    *in = 0;
    *out = 0;

    for (i = 0; i <= p->nsteps; i++) {
        step = i ? &p->steps[i - 1] : NULL;

        if (step && input <= step->above) {
            break;
        }

        for (k = 0; k < tiers; k++) {
            llm_price_rates(p, step, t[k], r);

            llm_price_dearer(in, r, LLM_RATE_INPUT, LLM_RATE_CACHED_INPUT,
                             LLM_RATE_IMAGE_INPUT);
            llm_price_dearer(out, r, LLM_RATE_OUTPUT, LLM_RATE_REASONING,
                             LLM_RATE_IMAGE_OUTPUT);
        }
    }
}


int64_t
llm_price_worst(const llm_price_t *p, llm_tier_e tier, int64_t input,
    int64_t output)
{
    int64_t  in, out;

    if (input < 0 || output < 0) {
        return -1;
    }

    llm_price_dearest(p, tier, input, &in, &out);

    if ((input && in < 0) || (output && out < 0)) {
        return -1;
    }

    return llm_price_round((llm_int128_t) input * in
                           + (llm_int128_t) output * out);
}


int64_t
llm_price_fit(const llm_price_t *p, llm_tier_e tier, int64_t input,
    int64_t amount)
{
    int64_t       in, out;
    llm_int128_t  left;

    if (input < 0 || amount < 0) {
        return -1;
    }

    if (amount > LLM_NANO_MAX) {
        amount = LLM_NANO_MAX;
    }

    llm_price_dearest(p, tier, input, &in, &out);

    if ((input && in < 0) || out < 0) {
        return -1;
    }

    left = (llm_int128_t) amount * LLM_PICO_PER_NANO
           - (llm_int128_t) input * in;

    if (left < 0) {
        return -1;
    }

    return out ? (int64_t) (left / out) : INT64_MAX;
}
