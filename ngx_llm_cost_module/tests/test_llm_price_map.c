
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/* Maps in LiteLLM's format: what is read of them. */

#include "price_fixture.h"


#define D  LLM_TIER_DEFAULT
#define F  LLM_TIER_FLEX
#define P  LLM_TIER_PRIORITY
#define U  LLM_TIER_ULTRAFAST
#define B  LLM_TIER_BATCH


static const llm_price_t *
load(prices_t *t, const char *map)
{
    prices_init(t);

    if (prices_load(t, map) != LLM_OK) {
        fail_msg("%s: %s", map, t->err);
    }

    return prices_find(t, "m");
}


/* one row of one rate, as a number and as a string */

static void
check_rate(const char *number, int64_t pico)
{
    char                map[256];
    unsigned            i;
    prices_t            t;
    const llm_price_t  *p;

    for (i = 0; i < 2; i++) {
        snprintf(map, sizeof(map), "{\"m\":{\"input_cost_per_token\":%s%s%s}}",
                 i ? "\"" : "", number, i ? "\"" : "");

        p = load(&t, map);

        if (llm_price_rate(p, D, LLM_RATE_INPUT) != pico) {
            fail_msg("%s: %lld", map,
                     (long long) llm_price_rate(p, D, LLM_RATE_INPUT));
        }

        prices_free(&t);
    }
}


static void
test_numbers(void **state)
{
    (void) state;

    check_rate("0", 0);
    check_rate("0.0", 0);
    check_rate("0e5", 0);
    check_rate("3e-7", 300000);
    check_rate("3E-07", 300000);
    check_rate("1.5e-06", 1500000);
    check_rate("0.0000025", 2500000);
    check_rate("1.25e-6", 1250000);
    check_rate("30e-6", 30000000);
    check_rate("0.1", 100000000000);
    check_rate("1", 1000000000000);
    check_rate("1e3", 1000000000000000);
    check_rate("7.5e-8", 75000);

    /* no binary fraction comes near them; what is finer goes up */

    check_rate("1.0000000000001e-6", 1000001);
    check_rate("2.0000000000000002e-07", 200001);
    check_rate("1e-12", 1);
    check_rate("1e-13", 1);
    check_rate("1e-400", 1);
    check_rate("0.000000000000000000000000000000000000000000000001", 1);
}


/* every key of a rate, of one unit unless it says "per_1k" */

static const struct {
    const char   *key;
    llm_rate_e    rate;
} keys[] = {
    { "input_cost_per_token", LLM_RATE_INPUT },
    { "output_cost_per_token", LLM_RATE_OUTPUT },
    { "cache_read_input_token_cost", LLM_RATE_CACHED_INPUT },
    { "cache_read_input_audio_token_cost", LLM_RATE_CACHED_AUDIO },
    { "cache_read_input_image_token_cost", LLM_RATE_CACHED_IMAGE },
    { "cache_creation_input_token_cost", LLM_RATE_CACHE_WRITE },
    { "cache_creation_input_token_cost_above_1hr", LLM_RATE_CACHE_WRITE_1H },
    { "cache_creation_input_token_cost_above_12hr", LLM_RATE_CACHE_WRITE_DAY },
    { "input_cost_per_audio_token", LLM_RATE_AUDIO_INPUT },
    { "input_cost_per_image_token", LLM_RATE_IMAGE_INPUT },
    { "input_cost_per_video_token", LLM_RATE_VIDEO_INPUT },
    { "output_cost_per_reasoning_token", LLM_RATE_REASONING },
    { "output_cost_per_audio_token", LLM_RATE_AUDIO_OUTPUT },
    { "output_cost_per_image_token", LLM_RATE_IMAGE_OUTPUT },
    { "output_cost_per_video_token", LLM_RATE_VIDEO_OUTPUT },
    { "citation_cost_per_token", LLM_RATE_CITATION },
    { "input_cost_per_character", LLM_RATE_INPUT_CHAR },
    { "output_cost_per_character", LLM_RATE_OUTPUT_CHAR },
    { "input_cost_per_audio_per_second", LLM_RATE_AUDIO_INPUT_SECOND },
    { "input_cost_per_video_per_second", LLM_RATE_VIDEO_INPUT_SECOND },
    { "output_cost_per_audio_per_second", LLM_RATE_AUDIO_OUTPUT_SECOND },
    { "output_cost_per_video_per_second", LLM_RATE_VIDEO_OUTPUT_SECOND },
    { "cost_per_second", LLM_RATE_REQUEST_SECOND },
    { "input_cost_per_image", LLM_RATE_INPUT_IMAGE },
    { "output_cost_per_image", LLM_RATE_OUTPUT_IMAGE },
    { "input_cost_per_pixel", LLM_RATE_INPUT_PIXEL },
    { "output_cost_per_pixel", LLM_RATE_OUTPUT_PIXEL },
    { "ocr_cost_per_page", LLM_RATE_PAGE },
    { "annotation_cost_per_page", LLM_RATE_PAGE_ANNOTATED },
    { "input_cost_per_query", LLM_RATE_QUERY },
    { "input_cost_per_request", LLM_RATE_REQUEST },
    { "google_maps_grounding_cost_per_query", LLM_RATE_MAPS_QUERY },
    { "file_search_cost_per_1k_calls", LLM_RATE_FILE_SEARCH },
    { "code_interpreter_cost_per_session", LLM_RATE_CODE_SESSION },
    { "web_fetch_cost_per_1k_calls", LLM_RATE_WEB_FETCH },
    { "tool_cost_per_1k_calls", LLM_RATE_TOOL_CALL }
};


static void
test_keys(void **state)
{
    char                map[256];
    int64_t             pico;
    size_t              i;
    unsigned            rate;
    prices_t            t;
    const llm_price_t  *p;

    (void) state;

    for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {

        snprintf(map, sizeof(map), "{\"m\":{\"input_cost_per_token\":0,"
                 "\"output_cost_per_token\":0}, \"n\":{\"%s\":3e-3,"
                 "\"%s_above_1k_tokens_priority\":5e-3}}", keys[i].key,
                 keys[i].key);

        (void) load(&t, map);
        p = prices_find(&t, "n");

        pico = strstr(keys[i].key, "_per_1k_") ? 1000000 : 1000000000;

        assert_int_equal(llm_price_rate(p, D, keys[i].rate), 3 * pico);
        assert_int_equal(p->steps[0].above, 1000);
        assert_int_equal(prices_step(p, 0, P, keys[i].rate), 5 * pico);

        for (rate = LLM_RATE_OUTPUT + 1; rate < LLM_RATE_N; rate++) {
            if (rate != keys[i].rate) {
                assert_int_equal(llm_price_rate(p, D, rate), -1);
            }
        }

        prices_free(&t);
    }
}


static void
test_row(void **state)
{
    prices_t            t;
    const llm_price_t  *p;

    (void) state;

    p = load(&t, "{\"sample_spec\": {\"max_tokens\": \"set to ...\","
             " \"input_cost_per_token\": \"USD\"},"
             "\"m\": {"
             "\"input_cost_per_token\": 1e-6,"
             "\"input_cost_per_token_flex\": 11e-6,"
             "\"output_cost_per_token_priority\": 12e-6,"
             "\"cache_read_input_token_cost_ultrafast\": 13e-6,"
             "\"input_cost_per_token_batches\": 14e-6,"
             "\"input_cost_per_token_above_200k_tokens\": 15e-6,"
             "\"cache_read_input_token_cost_above_128k_tokens_flex\": 16e-6,"
             "\"cache_creation_input_token_cost_above_1hr"
             "_above_200k_tokens\": 17e-6,"
             "\"litellm_provider\": \"open\\u0061i\","
             "\"max_tokens\": 5, \"max_output_tokens\": \"8192\","
             "\"max_input_tokens\": 1.28e5,"
             "\"output_cost_per_token_flex\": null}}");

    assert_int_equal(llm_price_rate(p, D, LLM_RATE_INPUT), 1000000);
    assert_int_equal(llm_price_rate(p, F, LLM_RATE_INPUT), 11000000);
    assert_int_equal(llm_price_rate(p, F, LLM_RATE_OUTPUT), -1);
    assert_int_equal(llm_price_rate(p, P, LLM_RATE_OUTPUT), 12000000);
    assert_int_equal(llm_price_rate(p, U, LLM_RATE_CACHED_INPUT), 13000000);
    assert_int_equal(llm_price_rate(p, B, LLM_RATE_INPUT), 14000000);

    assert_int_equal(p->nsteps, 2);
    assert_int_equal(p->steps[0].above, 128000);
    assert_int_equal(prices_step(p, 0, F, LLM_RATE_CACHED_INPUT), 16000000);
    assert_int_equal(p->steps[1].above, 200000);
    assert_int_equal(prices_step(p, 1, D, LLM_RATE_INPUT), 15000000);
    assert_int_equal(prices_step(p, 1, D, LLM_RATE_CACHE_WRITE_1H), 17000000);

    assert_string_equal((char *) p->provider.data, "openai");
    assert_int_equal(p->max_output, 8192);
    assert_int_equal(p->max_input, 128000);
    assert_null(prices_find(&t, "sample_spec"));

    prices_free(&t);
}


/* keys that look like a rate and are none must not be half understood */

static void
test_ignored(void **state)
{
    unsigned            tier, rate;
    prices_t            t;
    const llm_price_t  *p;

    (void) state;

    p = load(&t, "{\"m\": {"
             "\"input_cost_per_token_balanced\": 1,"
             "\"input_cost_per_token_cheap\": 1,"
             "\"cache_creation_input_token_cost_above_2hr\": 1,"
             "\"input_dbu_cost_per_token\": -1,"
             "\"vector_store_cost_per_gb_per_day\": \"?\","
             "\"xinput_cost_per_token\": {},"
             "\"mode\": \"chat\", \"source\": [1], \"max_tokens\": 0,"
             "\"tiered_pricing\": [{\"max_results_range\": [0, 5]}]}}");

    for (tier = 0; tier < LLM_TIER_N; tier++) {
        for (rate = 0; rate < LLM_RATE_N; rate++) {
            assert_int_equal(llm_price_rate(p, tier, rate), -1);
        }
    }

    assert_int_equal(p->nsteps, 0);
    assert_int_equal(p->max_output, -1);
    assert_int_equal(prices_worst(p, D, 1, 1), -1);

    prices_free(&t);
}


static void
test_tiered(void **state)
{
    prices_t            t;
    const llm_price_t  *p;

    (void) state;

    p = load(&t, "{\"m\": {\"tiered_pricing\": ["
             "{\"range\": [0, 32000.0], \"input_cost_per_token\": 1e-6,"
             " \"output_cost_per_token\": 2e-6},"
             "{\"range\": [32e3, 128000], \"input_cost_per_token\": \"3e-6\","
             " \"output_cost_per_token\": 4e-6}],"
             "\"input_cost_per_token\": 9e-6,"
             "\"cache_read_input_token_cost\": 5e-7}}");

    assert_int_equal(llm_price_rate(p, 0, LLM_RATE_INPUT), 1000000);
    assert_int_equal(llm_price_rate(p, 0, LLM_RATE_CACHED_INPUT), 500000);
    assert_int_equal(p->nsteps, 1);

    assert_int_equal(prices_worst(p, D, 32000, 1),
                     32002000);
    assert_int_equal(prices_worst(p, D, 32001, 1),
                     96007000);
    assert_int_equal(prices_worst(p, D, 200000, 1),
                     600004000);

    prices_free(&t);
}


/* habits of the format */

static void
test_habits(void **state)
{
    prices_t            t;
    const llm_price_t  *p;

    (void) state;

    /* xAI's steps begin at N */

    p = load(&t, "{\"m\": {\"litellm_provider\": \"xai\","
             "\"input_cost_per_token\": 1e-6, \"output_cost_per_token\": 0,"
             "\"input_cost_per_token_above_200k_tokens\": 2e-6}}");

    assert_int_equal(prices_worst(p, D, 199999, 0),
                     199999000);
    assert_int_equal(prices_worst(p, D, 200000, 0),
                     400000000);
    prices_free(&t);

    p = load(&t, "{\"m\": {\"input_cost_per_token\": 1e-6,"
             "\"output_cost_per_token\": 0,"
             "\"input_cost_per_token_above_199k_tokens\": 2e-6}}");

    assert_int_equal(prices_worst(p, D, 199000, 0), 199000000);
    assert_int_equal(prices_worst(p, D, 199001, 0), 398002000);
    prices_free(&t);

    /* pictures that are listed as input, with a 0 where they are output */

    p = load(&t, "{\"m\": {\"mode\": \"image_generation\","
             "\"input_cost_per_image\": 0.04,"
             "\"output_cost_per_image\": 0}}");

    assert_int_equal(llm_price_rate(p, 0, LLM_RATE_OUTPUT_IMAGE), 40000000000);
    assert_int_equal(llm_price_rate(p, 0, LLM_RATE_INPUT_IMAGE), -1);
    prices_free(&t);

    /* output that is images */

    p = load(&t, "{\"m\": {\"input_cost_per_token\": 1e-6,"
             "\"output_cost_per_token\": 0,"
             "\"output_cost_per_image_token\": 4e-5}}");

    assert_int_equal(llm_price_rate(p, 0, LLM_RATE_OUTPUT), 40000000);
    prices_free(&t);

    p = load(&t, "{\"m\": {\"output_cost_per_image_token\": 4e-5}}");

    assert_int_equal(llm_price_rate(p, 0, LLM_RATE_OUTPUT), 40000000);
    prices_free(&t);

    /* the older name of the most output */

    p = load(&t, "{\"m\": {\"max_tokens\": 4096}}");

    assert_int_equal(p->max_output, 4096);
    prices_free(&t);

    /* the older name of what is read from a cache, unless there is the other */

    p = load(&t, "{\"m\": {\"input_cost_per_token_cache_hit\": 1e-6}}");

    assert_int_equal(llm_price_rate(p, D, LLM_RATE_CACHED_INPUT), 1000000);
    prices_free(&t);

    p = load(&t, "{\"m\": {\"input_cost_per_token_cache_hit\": 0}}");

    assert_int_equal(llm_price_rate(p, D, LLM_RATE_CACHED_INPUT), 0);
    prices_free(&t);

    p = load(&t, "{\"m\": {\"input_cost_per_token_cache_hit\": 1e-6,"
             "\"cache_read_input_token_cost\": 2e-6}}");

    assert_int_equal(llm_price_rate(p, D, LLM_RATE_CACHED_INPUT), 2000000);
    prices_free(&t);

    p = load(&t, "{\"m\": {\"input_cost_per_token_cache_hit\": 1e-6,"
             "\"cache_read_input_token_cost\": 0}}");

    assert_int_equal(llm_price_rate(p, D, LLM_RATE_CACHED_INPUT), 0);
    prices_free(&t);
}


/* video by its lines: a row for each size, the dearest for who says none */

static void
test_sizes(void **state)
{
    size_t    i;
    prices_t  t;

    static const struct {
        const char  *name;
        int64_t      milli;                  /* USD a second, in thousandths */
    } rows[] = {
        { "x/v", 20 }, { "x/480p/v", 1 }, { "x/720p/v", 3 },
        { "x/1080p/v", 20 }, { "x/4k/v", 1 }, { "w", 7 }, { "480p/w", 7 },
        { "480p/z", 0 }, { "720p/z", 2 }
    };

    (void) state;

    prices_init(&t);

    assert_int_equal(prices_load(&t, "{\"x/v\":{\"mode\":\"video_generation\","
        "\"output_cost_per_second\":0.001,"
        "\"output_cost_per_second_720p\":0.003,"
        "\"output_cost_per_second_1080p\":0.02},"
        "\"z\":{\"mode\":\"video_generation\","
        "\"output_cost_per_second\":0.002,"
        "\"output_cost_per_second_480p\":0},"
        "\"w\":{\"mode\":\"video_generation\","
        "\"output_cost_per_second_480p\":0.007},"
        "\"u\":{\"mode\":\"video_generation\","
        "\"output_cost_per_second\":0.001},"
        "\"c\":{\"mode\":\"chat\",\"output_cost_per_second\":0.001,"
        "\"output_cost_per_second_720p\":0.003}}"), LLM_OK);

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_string_equal(prices_name(&t, rows[i].name, ""), rows[i].name);
        assert_int_equal(llm_price_rate(prices_find(&t, rows[i].name), D,
                                        LLM_RATE_VIDEO_OUTPUT_SECOND),
                         rows[i].milli * 1000000000);
    }

    assert_string_equal(prices_name(&t, "720p/w", ""), "w");
    assert_string_equal(prices_name(&t, "720p/u", ""), "u");
    assert_string_equal(prices_name(&t, "720p/c", ""), "c");

    prices_free(&t);
}


static void
test_override(void **state)
{
    prices_t            t;
    const llm_price_t  *p;

    (void) state;

    prices_init(&t);

    assert_int_equal(prices_add(&t, "mine", "input=7 output=7"), LLM_OK);

    assert_int_equal(prices_load(&t, "{\"m\":{\"input_cost_per_token\":1e-6,"
                                 "\"cache_read_input_token_cost\":1e-7},"
                                 "\"n\":{\"input_cost_per_token\":1e-6},"
                                 "\"mine\":{\"input_cost_per_token\":1e-6}}"),
                     LLM_OK);

    assert_int_equal(prices_load(&t, "{\"m\":{\"input_cost_per_token\":2e-6}"
                                 "}"),
                     LLM_OK);

    /* a row goes as a whole: the old discount was on the old price */

    p = prices_find(&t, "m");
    assert_int_equal(llm_price_rate(p, 0, LLM_RATE_INPUT), 2000000);
    assert_int_equal(llm_price_rate(p, 0, LLM_RATE_CACHED_INPUT), -1);

    assert_int_equal(llm_price_rate(prices_find(&t, "n"), D, LLM_RATE_INPUT),
                     1000000);
    assert_int_equal(llm_price_rate(prices_find(&t, "mine"), 0, LLM_RATE_INPUT),
                     7000000);

    prices_free(&t);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_row),
        cmocka_unit_test(test_ignored),
        cmocka_unit_test(test_tiered),
        cmocka_unit_test(test_habits),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_override)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
