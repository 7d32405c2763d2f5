
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_arena.h"
#include "llm_usage.h"


static void
test_merge(void **state)
{
    llm_usage_t  u = LLM_USAGE_INIT, v = LLM_USAGE_INIT;

    (void) state;

    u.input = 10;
    u.cached_input = 4;
    u.reasoning = 3;

    /* what is said replaces, zero too; what is not said leaves */

    v.input = 8;
    v.output = 0;
    v.reasoning = 0;
    v.reported_cost = 5;
    llm_usage_merge(&u, &v);

    assert_int_equal(u.input, 8);
    assert_int_equal(u.output, 0);
    assert_int_equal(u.cached_input, 4);
    assert_int_equal(u.reasoning, 0);
    assert_int_equal(u.reported_cost, 5);
    assert_int_equal(u.audio_input, -1);
}


static void
test_consistent(void **state)
{
    llm_usage_t  u = LLM_USAGE_INIT;

    (void) state;

    assert_int_equal(llm_usage_normalize(&u), 0);

    u.input = 100;
    u.output = 50;
    u.cached_input = 60;
    u.cache_write = 30;
    u.cache_write_1h = 10;
    u.audio_input = 70;           /* audio may be cached */
    u.image_input = 30;
    u.reasoning = 50;

    assert_int_equal(llm_usage_normalize(&u), 0);
    assert_int_equal(u.cached_input, 60);
    assert_int_equal(u.audio_input, 70);
    assert_int_equal(u.reasoning, 50);
}


/* a part above its whole is cut, where it is cheapest first */

static void
test_contradictory(void **state)
{
    llm_usage_t  u = LLM_USAGE_INIT;

    (void) state;

    u.input = 100;
    u.output = 10;
    u.cached_input = 90;
    u.cache_write = 30;
    u.reasoning = 11;

    assert_int_equal(llm_usage_normalize(&u), 1);
    assert_int_equal(u.cached_input, 70);
    assert_int_equal(u.cache_write, 30);
    assert_int_equal(u.reasoning, 10);
    assert_int_equal(llm_usage_normalize(&u), 0);

    u.cache_write = 101;
    u.cache_write_1h = 5;
    assert_int_equal(llm_usage_normalize(&u), 1);
    assert_int_equal(u.cached_input, 0);
    assert_int_equal(u.cache_write, 95);
    assert_int_equal(u.cache_write_1h, 5);
}


static void
test_out_of_range(void **state)
{
    llm_usage_t  u = LLM_USAGE_INIT;

    (void) state;

    u.input = -5;
    u.output = 1000000000001LL;
    u.cached_input = 7;           /* of nobody knows how many */
    u.reported_cost = LLM_NANO_MAX + 1;

    assert_int_equal(llm_usage_normalize(&u), 1);
    assert_int_equal(u.input, -1);
    assert_int_equal(u.output, -1);
    assert_int_equal(u.cached_input, 7);
    assert_int_equal(u.reported_cost, -1);
    assert_int_equal(llm_usage_normalize(&u), 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_consistent),
        cmocka_unit_test(test_contradictory),
        cmocka_unit_test(test_out_of_range)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
