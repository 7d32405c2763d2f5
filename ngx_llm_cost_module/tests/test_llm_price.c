
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * What a request costs, and what it can cost at most.  The expected amounts
 * were worked out by hand: N USD per million tokens are N * 1000 nano-USD per
 * token.
 */

#include "price_fixture.h"


#define GPT_4O                                                                \
    "input=2.50 output=10 cached_input=1.25"

#define CLAUDE                                                                \
    "input=3 output=15 cached_input=0.30 cache_write=3.75 cache_write_1h=6 "  \
    "input_above_200k=6 output_above_200k=22.5 cached_input_above_200k=0.6 "  \
    "cache_write_above_200k=7.5 cache_write_1h_above_200k=12"

#define GPT_5                                                                 \
    "input=1.25 output=10 cached_input=0.125 "                                \
    "input_flex=0.625 output_flex=5 cached_input_flex=0.0625 "                \
    "input_priority=2.50 output_priority=20 cached_input_priority=0.25"

#define STEPS                                                                 \
    "input=1 output=10 input_priority=2 input_above_128k=1.5 "                \
    "output_above_128k=15 input_above_128k_priority=4"

#define TWO_STEPS                                                             \
    "input=1 output=1 input_above_10=2 input_above_20=3"

#define AUDIO                                                                 \
    "input=2.5 output=10 cached_input=1.25 audio_input=40 audio_output=80 "   \
    "audio_input_flex=20"

#define D  LLM_TIER_DEFAULT
#define F  LLM_TIER_FLEX
#define P  LLM_TIER_PRIORITY
#define U  LLM_TIER_ULTRAFAST
#define B  LLM_TIER_BATCH


typedef struct {
    const char   *row;
    llm_tier_e    tier;
    const char   *usage;
    int64_t       nano;
} cost_t;


static const cost_t  costs[] = {

    /* the figures that price calculators quote, for one call of 1,000 */

    { "input=5 output=15", D, "in=500 out=200", 5500000 },
    { "input=0.15 output=0.60", D, "in=500 out=200", 195000 },
    { "input=0.25 output=1.25", D, "in=500 out=200", 375000 },
    { "input=0.14 output=0.28", D, "in=500 out=200", 126000 },

    /* cached input */

    { GPT_4O, D, "in=1000 out=500", 7500000 },
    { GPT_4O, D, "in=1000 out=500 cached=400", 7000000 },
    { GPT_4O, D, "in=1000 out=0 cached=1000", 1250000 },
    { GPT_4O, D, "in=1000 out=0 cached=1500", 1250000 },
    { GPT_4O, D, "in=1000 out=500 cached=0", 7500000 },
    { GPT_4O, D, "in=1000 out=500 reasoning=300", 7500000 },
    { GPT_4O, D, "in=0 out=0", 0 },
    { GPT_4O, D, "in=1 out=0", 2500 },
    { "input=3 output=15", D, "in=100 out=0 cached=50", 300000 },

    /* what is not known is not 0 */

    { GPT_4O, D, "out=1", -1 },
    { GPT_4O, D, "in=1", -1 },
    { GPT_4O, D, "", -1 },
    { "input=0.02", D, "in=1000 out=0", 20000 },
    { "input=0.02", D, "in=1000 out=1", -1 },
    { "input=0.02", D, "in=1000", -1 },
    { "output=1", D, "in=1 out=1", -1 },
    { "output=1 cached_input=1", D, "in=2 out=0 cached=1", -1 },
    { "output=1 cached_input=1", D, "in=2 out=0 cached=2", 2000 },

    /* a price of 0 is a price */

    { "input=0 output=0", D, "", 0 },
    { "input=0 output=0", D, "in=1000000 out=1000000", 0 },
    { "input=0 output=0", D, "in=9223372036854775807 out=0", 0 },
    { "input=0.02 output=0", D, "in=1000", 20000 },
    { "input=0 output=1", D, "out=10", 10000 },
    { "input=0 output=0 cached_input=1", D, "out=0", -1 },
    { "input=0 output=0 reasoning=1", D, "in=0", -1 },
    { "input=0 output=0 audio_output=1", D, "in=0", -1 },
    { "input=0 output=0 image_input=1", D, "out=0", -1 },
    { "input=1 output=1 reasoning=0 audio_output=0 image_output=0", D, "in=0",
      -1 },
    { "input=0 output=0 input_above_10=1", D, "out=0", -1 },

    /* rounded up, once */

    { "input=0.0001 output=0", D, "in=1 out=0", 1 },
    { "input=0.0001 output=0", D, "in=10 out=0", 1 },
    { "input=0.0001 output=0", D, "in=11 out=0", 2 },
    { "input=0.000001 output=0.000001", D, "in=1 out=1", 1 },
    { "input=0.000001 output=0.000001", D, "in=500 out=500", 1 },
    { "input=0.000001 output=0.000001", D, "in=500 out=501", 2 },
    { "input=0.0000001 output=0", D, "in=1000 out=0", 1 },
    { "input=0.0375 output=0.15", D, "in=1 out=0", 38 },
    { "input=0.0375 output=0.15", D, "in=2 out=0", 75 },
    { "input=0.0375 output=0.15", D, "in=3 out=1", 263 },
    { "input=0.15 output=0.60 cached_input=0.075", D, "in=3 out=1 cached=1",
      975 },

    /* cache writes, five minutes and an hour; the step of a whole request */

    { CLAUDE, D, "in=10000 out=1000 cached=6000 write=3000 hour=500",
      32550000 },
    { CLAUDE, D, "in=200000 out=100", 601500000 },
    { CLAUDE, D, "in=200001 out=100", 1202256000 },
    { CLAUDE, D, "in=250000 out=0 cached=200000 hour=10000", 480000000 },
    { CLAUDE, D, "in=300000 out=0 write=300000", 2250000000 },
    { "input=3 output=15 cache_write=3.75", D, "in=100 out=0 hour=100",
      375000 },
    { "input=3 output=15", D, "in=100 out=0 hour=60 write=40", 300000 },

    /* batches: as listed, otherwise half of what is */

    { CLAUDE, B, "in=1000 out=1000", 9000000 },
    { CLAUDE, B, "in=1000 out=0 cached=500", 825000 },
    { CLAUDE, B, "in=300000 out=0", 900000000 },
    { CLAUDE, B, "in=100 out=0 hour=100", 300000 },
    { "input=2 output=8 input_batch=0.5 output_batch=3", B, "in=1000 out=1000",
      3500000 },
    { "input=2 output=8 cached_input=1 input_batch=0.5", B,
      "in=1000 out=0 cached=1000", 500000 },
    { "input=0.000003 output=0", B, "in=500 out=0", 1 },
    { "input=0.000003 output=0", B, "in=501 out=0", 2 },

    /* service tiers, and what a tier does not list */

    { GPT_5, D, "in=1000 out=100", 2250000 },
    { GPT_5, F, "in=1000 out=100", 1125000 },
    { GPT_5, P, "in=1000 out=100", 4500000 },
    { GPT_5, U, "in=1000 out=100", 2250000 },
    { GPT_5, B, "in=1000 out=100", 1125000 },
    { GPT_5, F, "in=1000 out=0 cached=800", 175000 },
    { GPT_5, P, "in=1000 out=0 cached=800", 700000 },
    { GPT_5, B, "in=1 out=0 cached=1", 63 },
    { "input=1 output=2 input_priority=3", P, "in=1000 out=1000", 5000000 },
    { "input=1 output=2 input_ultrafast=9", U, "in=1000 out=1000", 11000000 },

    /* steps, with tiers */

    { STEPS, D, "in=128000 out=0", 128000000 },
    { STEPS, D, "in=128001 out=0", 192001500 },
    { STEPS, P, "in=1000 out=0", 2000000 },
    { STEPS, P, "in=200000 out=10", 800150000 },
    { STEPS, F, "in=200000 out=10", 300150000 },
    { STEPS, B, "in=200000 out=10", 150075000 },
    { TWO_STEPS, D, "in=10 out=0", 10000 },
    { TWO_STEPS, D, "in=11 out=0", 22000 },
    { TWO_STEPS, D, "in=20 out=0", 40000 },
    { TWO_STEPS, D, "in=21 out=1", 64000 },
    { "input=1 output=1 cached_input=0.1 input_above_10=2", D,
      "in=20 out=0 cached=10", 21000 },

    /* reasoning */

    { "input=1 output=4 reasoning=6", D, "in=0 out=100 reasoning=40",
      480000 },
    { "input=1 output=4 reasoning=6", D, "in=0 out=100 reasoning=150",
      600000 },
    { "input=1 output=4 reasoning=6", B, "in=0 out=100 reasoning=40",
      240000 },
    { "input=1 output=4 reasoning=0", D, "in=0 out=100 reasoning=40",
      240000 },
    { "input=1 output=4 reasoning=6 output_priority=8", P,
      "in=0 out=100 reasoning=40", 800000 },
    { "input=1 output=4 reasoning=6 output_priority=8 reasoning_priority=9",
      P, "in=0 out=100 reasoning=40", 840000 },
    { "input=1 output=4 reasoning=6 output_priority=8", F,
      "in=0 out=100 reasoning=40", 480000 },

    { "input=1 output=4 reasoning=6 audio_output=8", D,
      "in=0 out=100 reasoning=80 audio_output=80", 760000 },

    /* audio and images */

    { AUDIO, D, "in=100 out=50 audio_input=60 audio_output=20", 4400000 },
    { AUDIO, F, "in=100 out=0 audio_input=60", 1300000 },
    { GPT_4O, D, "in=100 out=50 audio_input=60 audio_output=20", 750000 },
    { "input=5 output=40 image_input=10", D, "in=100 out=1000 image_input=90",
      40950000 },
    { "input=0.30 output=2.50 image_output=30", D,
      "in=0 out=1300 image_output=1290", 38725000 },

    /* parts that overlap: dearest first, and none twice */

    { AUDIO, D, "in=100 out=0 cached=80 audio_input=60", 2450000 },
    { GPT_4O, D, "in=100 out=0 cached=80 image_input=60", 150000 },
    { CLAUDE, D, "in=100 out=0 cached=100 write=100 hour=100", 600000 },

    /* the most that is money */

    { "input=1000 output=0", D, "in=9000000000 out=0", LLM_NANO_MAX },
    { "input=1000 output=0", D, "in=9000000001 out=0", -1 },
    { "input=0.000001 output=0", D, "in=9223372036854775807 out=0", -1 },
    { "input=1000000000 output=1000000000", D,
      "in=9223372036854775807 out=9223372036854775807", -1 }
};


static void
read_usage(const char *text, llm_usage_t *u)
{
    char  *p, *eq, *save, buf[256];

    *u = (llm_usage_t) LLM_USAGE_INIT;

    snprintf(buf, sizeof(buf), "%s", text);

    for (p = strtok_r(buf, " ", &save); p; p = strtok_r(NULL, " ", &save)) {

        eq = strchr(p, '=');
        assert_non_null(eq);
        *eq = '\0';

        *usage_figure(u, p) = strtoll(eq + 1, NULL, 10);
    }
}


static void
test_costs(void **state)
{
    int64_t        nano;
    unsigned       i;
    prices_t       t;
    const cost_t  *c;
    llm_usage_t    u;

    (void) state;

    for (i = 0; i < sizeof(costs) / sizeof(costs[0]); i++) {
        c = &costs[i];

        prices_init(&t);

        if (prices_add(&t, "m", c->row) != LLM_OK) {
            fail_msg("%s: %s", c->row, t.err);
        }

        read_usage(c->usage, &u);

        nano = prices_cost(prices_find(&t, "m"), c->tier, &u);

        prices_free(&t);

        if (nano != c->nano) {
            fail_msg("%s: tier %d, %s: %lld, not %lld", c->row, c->tier,
                     c->usage, (long long) nano, (long long) c->nano);
        }
    }
}


static void
test_known_figures(void **state)
{
    unsigned            i;
    prices_t            t;
    llm_usage_t         u = LLM_USAGE_INIT;
    static const struct {
        const char     *model;
        int64_t         nano;        /* 1,000 calls */
    } known[] = {
        { "gpt-4o-2024-05-13", 5500000000 },
        { "gpt-4o-mini", 195000000 },
        { "claude-3-haiku-20240307", 375000000 },
        { "deepseek-coder", 126000000 }
    };

    (void) state;

    prices_init(&t);
    prices_load_shipped(&t);

    u.input = 500;
    u.output = 200;

    for (i = 0; i < 4; i++) {
        assert_int_equal(prices_cost(prices_find(&t, known[i].model), D, &u)
                         * 1000, known[i].nano);
    }

    prices_free(&t);
}


typedef struct {
    const char   *row;
    llm_tier_e    tier;
    int64_t       input;
    int64_t       output;
    int64_t       nano;
} worst_t;


static const worst_t  worsts[] = {
    { GPT_4O, D, 1000, 500, 7500000 },
    { GPT_4O, D, 0, 0, 0 },
    { GPT_4O, D, -1, 500, -1 },
    { GPT_4O, D, 1000, -1, -1 },
    { CLAUDE, D, 1000, 100, 7500000 },
    { CLAUDE, D, 200000, 0, 1200000000 },
    { CLAUDE, D, 200001, 0, 2400012000 },
    { CLAUDE, B, 1000, 100, 3750000 },
    { GPT_5, F, 1000, 100, 2250000 },
    { GPT_5, P, 1000, 100, 4500000 },
    { GPT_5, B, 1000, 100, 1125000 },
    { STEPS, P, 200000, 10, 800150000 },
    { TWO_STEPS, D, 21, 1, 64000 },
    { "input=3 output=1 input_above_10=2", D, 20, 0, 60000 },
    { "input=1 output=4 reasoning=6", D, 0, 100, 600000 },
    { AUDIO, D, 100, 50, 8000000 },
    { "input=0.02", D, 1000, 0, 20000 },
    { "input=0.02", D, 1000, 1, -1 },
    { "output=1", D, 0, 1, 1000 },
    { "output=1 cache_write=1", D, 1, 0, -1 },
    { "input=0.0375 output=0.15", D, 3, 1, 263 },
    { "input=1000 output=1000", D, 0, 9000000000, LLM_NANO_MAX },
    { "input=1000 output=1000", D, 0, 9000000001, LLM_NANO_MAX + 1 },
    { "input=1000000000 output=1000000000", D, INT64_MAX, INT64_MAX,
      LLM_NANO_MAX + 1 }
};


static void
test_worst(void **state)
{
    int64_t         nano;
    unsigned        i;
    prices_t        t;
    const worst_t  *w;

    (void) state;

    for (i = 0; i < sizeof(worsts) / sizeof(worsts[0]); i++) {
        w = &worsts[i];

        prices_init(&t);
        assert_int_equal(prices_add(&t, "m", w->row), LLM_OK);

        nano = prices_worst(prices_find(&t, "m"), w->tier, w->input,
                               w->output);
        prices_free(&t);

        if (nano != w->nano) {
            fail_msg("%s: tier %d, %lld, %lld: %lld, not %lld", w->row,
                     w->tier, (long long) w->input, (long long) w->output,
                     (long long) nano, (long long) w->nano);
        }
    }
}


static void
test_fit(void **state)
{
    prices_t            t;
    const llm_price_t  *p;

    (void) state;

    prices_init(&t);

    assert_int_equal(prices_add(&t, "m", GPT_4O), LLM_OK);
    p = prices_find(&t, "m");

    assert_int_equal(prices_fit(p, D, 1000, 7500000), 500);
    assert_int_equal(prices_fit(p, D, 1000, 7509999), 500);
    assert_int_equal(prices_fit(p, D, 1000, 7499999), 499);
    assert_int_equal(prices_fit(p, D, 1000, 2500000), 0);
    assert_int_equal(prices_fit(p, D, 1000, 2499999), -1);
    assert_int_equal(prices_fit(p, D, -1, 7500000), -1);
    assert_int_equal(prices_fit(p, D, 1000, -1), -1);
    /* 10^12 tokens are the most that is taken for true */

    assert_int_equal(prices_fit(p, D, INT64_MAX, INT64_MAX), 650000000000);
    assert_int_equal(prices_fit(p, D, 0, INT64_MAX), 900000000000);

    assert_int_equal(prices_add(&t, "free", "input=0 output=0"), LLM_OK);
    assert_int_equal(prices_fit(prices_find(&t, "free"), D, 1000, 0),
                     INT64_MAX);

    assert_int_equal(prices_add(&t, "embed", "input=1"), LLM_OK);
    assert_int_equal(prices_fit(prices_find(&t, "embed"), D, 1000, 5), -1);

    prices_free(&t);
}


/* a row and the memory of its rates */

typedef struct {
    llm_price_t       price;
    llm_price_step_t  steps[LLM_PRICE_STEPS];
    int64_t           rates[LLM_PRICE_STEPS + 1][LLM_TIER_N][LLM_RATE_N];
} random_t;


/* rates of every size, half of them not listed, up to four steps */

static void
random_rates(uint64_t *seed, int64_t rates[LLM_TIER_N][LLM_RATE_N],
    int64_t **list, int some)
{
    unsigned  tier, rate;

    for (tier = 0; tier < LLM_TIER_N; tier++) {
        list[tier] = (some || llm_random(seed) % 4) ? rates[tier] : NULL;

        for (rate = 0; rate < LLM_RATE_N; rate++) {
            rates[tier][rate] = -1;

            if (llm_random(seed) % (rate < LLM_RATE_UNITS ? 2 : 8) == 1) {
                rates[tier][rate] = llm_random(seed) >> llm_random(seed) % 31;
            }
        }
    }

    if (some) {
        rates[D][LLM_RATE_INPUT] = llm_random(seed) % 100000000;
        rates[D][LLM_RATE_OUTPUT] = llm_random(seed) % 100000000;
    }
}


static void
random_price(uint64_t *seed, random_t *r)
{
    unsigned      i;
    llm_price_t  *p;

    p = &r->price;

    memset(p, 0, sizeof(llm_price_t));

    random_rates(seed, r->rates[0], p->rates, llm_random(seed) % 8);

    p->steps = r->steps;
    p->nsteps = llm_random(seed) % (LLM_PRICE_STEPS + 1);
    p->per_prompt = llm_random(seed) % 2;

    for (i = 0; i < LLM_FACTOR_N; i++) {
        p->factors[i] = llm_random(seed) % 4 ? 0 : llm_random(seed) % 30000;
    }

    for (i = 0; i < p->nsteps; i++) {
        r->steps[i].above = (i ? r->steps[i - 1].above : 0)
                            + 1 + llm_random(seed) % 100000;
        random_rates(seed, r->rates[i + 1], r->steps[i].rates, 0);
    }
}


static int64_t
random_tokens(uint64_t *seed, int64_t most)
{
    int64_t  v;

    v = ((int64_t) llm_random(seed) << 31 | llm_random(seed))
        >> llm_random(seed) % 62;

    return v % (most + 1);
}


/* most: any figure, -1 among them; u: nowhere above it, often unknown */

static void
random_usage(uint64_t *seed, llm_usage_t *most, llm_usage_t *u)
{
    size_t    i;
    int64_t  *m, *v, bound;

    m = (int64_t *) most;
    v = (int64_t *) u;

    for (i = 0; i < LLM_USAGE_FIELDS; i++) {
        m[i] = llm_random(seed) % 3 ? random_tokens(seed, 600000) : -1;

        if (llm_random(seed) % 4 == 0) {
            m[i] = 0;
        }
    }

    most->input = random_tokens(seed, 500000);
    most->output = random_tokens(seed, 500000);
    most->search_size = (int64_t) (llm_random(seed) % 4) - 1;
    most->geo = (int64_t) (llm_random(seed) % 4) - 1;
    most->fast = (int64_t) (llm_random(seed) % 3) - 1;
    most->tier = -1;

    for (i = 0; i < LLM_USAGE_FIELDS; i++) {
        bound = m[i] < 0 ? LLM_PRICE_CALLS : m[i];
        v[i] = llm_random(seed) % 4 ? random_tokens(seed, bound) : -1;

        if (m[i] == 0) {
            v[i] = 0;
        }
    }

    /* parts of tokens without a bound: any number of them */

    for (i = 0; i < offsetof(llm_usage_t, orch_input) / 8; i++) {
        if (m[i] < 0 && v[i] >= 0) {
            v[i] = random_tokens(seed, 600000);
        }
    }

    /* units without a bound are reserved by their tokens: none is said */

    for (i = offsetof(llm_usage_t, input_chars) / 8;
         i <= offsetof(llm_usage_t, pixels_out) / 8; i++)
    {
        if (m[i] < 0) {
            v[i] = -1;
        }
    }

    u->input = llm_random(seed) % 2 ? most->input
                                    : random_tokens(seed, most->input);
    u->output = llm_random(seed) % 2 ? most->output
                                     : random_tokens(seed, most->output);

    /* these are not ordered: what is said of the most is so */

    if (most->search_size < 0) {
        u->search_size = (int64_t) (llm_random(seed) % 4) - 1;

    } else {
        u->search_size = most->search_size;
    }

    u->geo = most->geo < 0 ? (int64_t) (llm_random(seed) % 4) - 1 : most->geo;
    u->fast = most->fast < 0 ? (int64_t) (llm_random(seed) % 3) - 1
                             : llm_random(seed) % (most->fast + 1);
    u->tier = -1;

    /* what orchestrations use nobody bounds */

    u->orch_input = -1;
    u->orch_cached = -1;
    u->orch_output = -1;
    u->request_ms = most->request_ms < 0 ? LLM_PRICE_SECONDS * 1000
                                         : u->request_ms;
}


/* no usage costs more than what was reserved for it, in its own tier or in
   the one that upstream falls back to */

static void
test_worst_is_worst(void **state)
{
    int64_t            cost, worst, more;
    uint64_t           seed;
    random_t           r;
    unsigned           i, known;
    llm_tier_e         tier;
    llm_usage_t        u, most;
    llm_price_terms_t  terms;

    (void) state;

    seed = 2;
    known = 0;

    for (i = 0; i < 200000; i++) {
        random_price(&seed, &r);
        random_usage(&seed, &most, &u);

        tier = llm_random(&seed) % LLM_TIER_N;

        terms = prices_terms(tier);
        terms.host = llm_random(&seed) % LLM_GEO_N;

        if (tier != B && llm_random(&seed) % 2) {
            u.tier = D;
        }

        worst = llm_price_worst(&r.price, &terms, &most);

        if (worst < 0) {
            continue;
        }

        cost = llm_price_cost(&r.price, &terms, &u, NULL);

        if (cost > worst) {
            fail_msg("row %u: %lld, reserved %lld", i, (long long) cost,
                     (long long) worst);
        }

        /* more tokens never cost less; their rate may be unknown */

        most.input++;
        most.output++;

        more = llm_price_worst(&r.price, &terms, &most);

        assert_true(more == -1 || more >= worst);
        known += (cost >= 0);
    }

    assert_true(known > 20000);
}


static void
test_fit_is_inverse(void **state)
{
    int64_t            amount, n;
    uint64_t           seed;
    random_t           r;
    unsigned           i, fits;
    llm_usage_t        u, most;
    llm_price_terms_t  terms;

    (void) state;

    seed = 3;
    fits = 0;

    for (i = 0; i < 20000; i++) {
        random_price(&seed, &r);
        random_usage(&seed, &most, &u);

        terms = prices_terms(llm_random(&seed) % LLM_TIER_N);
        amount = random_tokens(&seed, LLM_NANO_MAX);

        n = llm_price_fit(&r.price, &terms, &most, amount);

        if (n < 0) {
            most.output = 1;

            if (llm_price_worst(&r.price, &terms, &most) >= 0) {
                most.output = 0;
                assert_true(llm_price_worst(&r.price, &terms, &most) > amount);
            }

            continue;
        }

        most.output = n;
        assert_true(llm_price_worst(&r.price, &terms, &most) <= amount);

        if (n < INT64_MAX) {
            most.output = n + 1;
            assert_true(llm_price_worst(&r.price, &terms, &most) > amount);
            fits++;
        }
    }

    assert_true(fits > 2000);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_costs),
        cmocka_unit_test(test_known_figures),
        cmocka_unit_test(test_worst),
        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_worst_is_worst),
        cmocka_unit_test(test_fit_is_inverse)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
