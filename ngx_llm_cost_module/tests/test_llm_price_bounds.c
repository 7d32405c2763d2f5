
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * What is reserved for a request, by what is known of it, and what a rented
 * machine costs.
 */

#include "price_maps.h"


typedef struct {
    const char   *row;
    llm_tier_e    tier;
    const char   *most;
    int64_t       pico;
} bound_t;


/* what is reserved: nothing for what a request cannot use */

static const bound_t  bounds[] = {

    /* plain text is not reserved at the rate of a cache for an hour */

    { STEPS, D, "in=1000 out=100", 1000 * M + 100 * 4 * M },
    { STEPS, D, "in=1000 out=100 write=-1", 1000 * 5 * M / 4 + 100 * 4 * M },
    { STEPS, D, "in=1000 out=100 hour=-1", 1000 * 2 * M + 100 * 4 * M },
    { STEPS, D, "in=1000 out=100 write=400 hour=100",
      100 * 2 * M + 400 * 5 * M / 4 + 500 * M + 100 * 4 * M },
    { STEPS, D, "in=1000 out=100 hour=5000", 1000 * 2 * M + 100 * 4 * M },
    { STEPS, D, "in=200001 out=1", 200001 * 2 * M + 6 * M },
    { STEPS, D, "in=200001 out=1 hour=-1", 200001 * 4 * M + 6 * M },
    { STEPS, B, "in=1000 out=100", 1000 * M / 2 + 100 * 2 * M },

    /* the tier asked for, or the one it may fall back to */

    { TIERS, F, "in=1000 out=100", 1000 * 2 * M + 100 * 8 * M },
    { TIERS, P, "in=1000 out=100", 1000 * 4 * M + 100 * 16 * M },
    { TIERS, B, "in=1000 out=100", 1000 * M + 100 * 4 * M },
    { DECIDED, E, "in=1000 out=100", 1000 * 2 * M + 100 * 8 * M },

    /* media, as much as the request brings */

    { MEDIA, D, "in=1000 out=10", 1000 * 4 * M + 10 * 16 * M },
    { MEDIA, D, "in=1000 out=10 audio_input=100",
      900 * 4 * M + 100 * 32 * M + 10 * 16 * M },
    { MEDIA, D, "in=1000 out=10 image_input=-1",
      1000 * 5 * M + 10 * 16 * M },
    { MEDIA, D, "in=1000 out=10 audio_output=-1",
      1000 * 4 * M + 10 * 64 * M },
    { MEDIA, D, "in=1000 out=10 audio_output=4 image_output=4",
      1000 * 4 * M + 4 * 64 * M + 4 * 40 * M + 2 * 16 * M },
    { REASONING, D, "in=0 out=10 reasoning=-1", 10 * 6 * M },
    { REASONING, D, "in=0 out=10 reasoning=0", 10 * 4 * M },

    /* tools: what is bounded, what is not */

    { TOOLS, D, "in=0 out=0 searches=5", 5 * 14 * CENT / 10 },
    { TOOLS, D, "in=0 out=0 searches=5 search_size=0", 5 * 6 * CENT / 10 },
    { TOOLS, D, "in=0 out=0 searches=-1 search_size=1",
      LLM_PRICE_CALLS * CENT },
    { TOOLS, D, "in=0 out=0 code_sessions=1", 3 * CENT },
    { TOOLS, D, "in=0 out=0 code_sessions=-1", LLM_PRICE_CALLS * 3 * CENT },
    { GEMINI_2, D, "in=0 out=0 searches=-1", 35 * CENT / 10 },
    { GEMINI_2, D, "in=0 out=0 searches=2", 35 * CENT / 10 },
    { GEMINI_2, D, "in=0 out=0 searches=0", 0 },
    { TIERS, D, "in=0 out=0 searches=-1 code_sessions=-1", 0 },

    /* surcharges that nobody excludes */

    { CLAUDE, D, "in=1000 out=0", 1000 * 5 * M / 10 * 11 },
    { CLAUDE, D, "in=1000 out=0 geo=0", 1000 * 5 * M },
    { CLAUDE, D, "in=1000 out=0 geo=0 fast=1", 1000 * 10 * M },
    { CLAUDE, D, "in=1000 out=0 geo=0 fast=-1", 1000 * 10 * M },
    { HOSTS, D, "in=1000 out=0 host=2", 1000 * M / 10 * 11 },
    { HOSTS, D, "in=1000 out=0 host=3", 1000 * M / 10 * 11 },

    /* beside tokens, only what is known can be bounded */

    { DALLE, D, "in=10 out=0 images_out=4", 16 * CENT },
    { DALLE, D, "in=10 out=0 images_out=-1", UNKNOWN },
    { GEMINI_IMAGE, D, "in=10 out=100 image_output=-1 images_out=-1",
      10 * 2 * M + 100 * 120 * M },
    { OLD_VERTEX, D, "in=10 out=0 images_in=-1 audio_input_ms=-1",
      10 * 9 * M },
    { SPEECH, D, "in=10 out=0 input_chars=40", 40 * 15 * M },
    { WHISPER, D, "in=0 out=0 audio_input_ms=1500", 15 * CENT / 1000 },
    { MACHINE, D, "in=10 out=0", 600 * CENT / 25 },
    { MACHINE, D, "in=10 out=0 request_ms=1000", CENT / 25 },
    { MACHINE, D, "in=10 out=0 request_ms=0", 0 },
    { OCR, D, "in=0 out=0 pages=2 pages_annotated=2",
      2 * CENT * 4 / 10 + 2 * CENT / 2 },
    { DEEP, D, "in=0 out=0", CENT / 10 }
};


static void
test_bounds(void **state)
{
    int64_t             nano, want;
    unsigned            i;
    prices_t            t;
    llm_usage_t         most;
    const bound_t      *b;
    llm_price_terms_t   terms;

    (void) state;

    for (i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
        b = &bounds[i];

        load_row(&t, b->row);

        llm_usage_text(&most, 0, 0);
        most.reasoning = 0;

        terms = prices_terms(b->tier);
        read_kind(b->most, &most, &terms);

        nano = llm_price_worst(prices_find(&t, "m"), &terms, &most);
        want = b->pico < 0 ? -1 : (b->pico + 999) / 1000;

        if (nano != want) {
            fail_msg("%s: %s: %lld, not %lld", b->row, b->most,
                     (long long) nano, (long long) want);
        }

        prices_free(&t);
    }
}


/* a machine that is rented by the hour */

static void
test_machines(void **state)
{
    prices_t            t;
    const llm_price_t  *p;

    (void) state;

    prices_init(&t);

    /* 3.60 USD an hour are a tenth of a cent a second */

    assert_int_equal(prices_add(&t, "a", "gpu_hour=3.60"), LLM_OK);
    p = prices_find(&t, "a");
    assert_int_equal(llm_price_rate(p, D, LLM_RATE_REQUEST_SECOND),
                     USD / 1000);
    assert_int_equal(llm_price_rate(p, D, LLM_RATE_INPUT), 0);
    assert_int_equal(llm_price_rate(p, D, LLM_RATE_OUTPUT), 0);

    assert_int_equal(prices_add(&t, "b", "gpu_hour=3.60 gpus=8 parallel=16"),
                     LLM_OK);
    assert_int_equal(llm_price_rate(prices_find(&t, "b"), D,
                                    LLM_RATE_REQUEST_SECOND), USD / 2000);

    /* 2,000 tokens a second at 7.20 an hour: 1 USD per million */

    assert_int_equal(prices_add(&t, "c", "gpu_hour=3.60 gpus=2 "
                                "tokens_per_second=2000"), LLM_OK);
    p = prices_find(&t, "c");
    assert_int_equal(llm_price_rate(p, D, LLM_RATE_INPUT), M);
    assert_int_equal(llm_price_rate(p, D, LLM_RATE_OUTPUT), M);
    assert_int_equal(llm_price_rate(p, D, LLM_RATE_REQUEST_SECOND), -1);

    assert_int_equal(prices_add(&t, "d", "gpu_hour=0.000001"), LLM_OK);
    assert_int_equal(llm_price_rate(prices_find(&t, "d"), D,
                                    LLM_RATE_REQUEST_SECOND), 278);

    assert_int_equal(prices_add(&t, "e", "gpus=2 input=1"), LLM_BAD);
    assert_string_equal(t.err, "\"gpus\", \"parallel\" and "
                        "\"tokens_per_second\" need \"gpu_hour\"");
    assert_int_equal(prices_add(&t, "e", "gpu_hour=1 gpus=0"), LLM_BAD);
    assert_int_equal(prices_add(&t, "e", "gpu_hour=-1"), LLM_BAD);
    assert_int_equal(prices_add(&t, "e", "gpu_hour=x"), LLM_BAD);
    assert_int_equal(prices_add(&t, "e", "second=-0.1"), LLM_BAD);
    assert_int_equal(prices_add(&t, "e", "page=1001"), LLM_BAD);

    prices_free(&t);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_machines)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
