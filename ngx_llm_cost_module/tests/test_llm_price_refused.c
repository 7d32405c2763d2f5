
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Maps in LiteLLM's format that are refused whole, and why: what is wrong in
 * them, too much of it, or no memory for it.
 */

#include "price_fixture.h"


static void
check_refused(const char *map, const char *err)
{
    prices_t  t;

    prices_init(&t);

    if (prices_load(&t, map) != LLM_BAD || strcmp(t.err, err) != 0) {
        fail_msg("%s: \"%s\"", map, t.err);
    }

    prices_free(&t);
}


static void
test_refused_values(void **state)
{
    unsigned            i;
    char                map[256];
    static const char  *bad[] = {
        "-1", "-1e-6", "\"-1\"", "\"NaN\"", "\"inf\"", "\"\"", "\"free\"",
        "\"1e-6 \"", "\"0x1\"", "true", "false", "[]", "{}", "[1e-6]", "1e19",
        "1e999999999", NULL
    };

    (void) state;

    for (i = 0; bad[i]; i++) {
        snprintf(map, sizeof(map),
                 "{\n\n \"m\": {\"output_cost_per_token\":\n %s}}", bad[i]);

        check_refused(map, "line 4: model \"m\", \"output_cost_per_token\": "
                      "not a price");
    }

    check_refused("{\"m\":{\"input_cost_per_token\":1001}}",
                  "line 1: model \"m\", \"input_cost_per_token\": more than "
                  "1000 USD per token");
    check_refused("{\"m\":{\"max_tokens\":-1}}",
                  "line 1: model \"m\", \"max_tokens\": not a number of "
                  "tokens");
    check_refused("{\"m\":{\"max_output_tokens\":1.5}}",
                  "line 1: model \"m\", \"max_output_tokens\": not a number "
                  "of tokens");
    check_refused("{\"m\":{\"max_input_tokens\":\"many\"}}",
                  "line 1: model \"m\", \"max_input_tokens\": not a number "
                  "of tokens");
    check_refused("{\"m\":{\"litellm_provider\":5}}",
                  "line 1: model \"m\", \"litellm_provider\": not a string");
}


static void
test_refused_shapes(void **state)
{
    (void) state;

    check_refused("", "line 1: unexpected end");
    check_refused("[]", "line 1: a price map is an object");
    check_refused("5", "line 1: a price map is an object");
    check_refused("{\"m\":{}", "line 1: unexpected end");
    check_refused("{\"a\":{},\n\"m\":{\"input_cost_per_token\":NaN}}",
                  "line 2: unexpected character");
    check_refused("{\"a\":{},\n\"m\":5\n\n}",
                  "line 2: model \"m\": not an object");
    check_refused("{\"a\":{},\n\"m\":null}",
                  "line 2: model \"m\": not an object");
    check_refused("{\"\":{}}", "line 1: model \"\": bad length of the name");
    check_refused("{\"m\":{},\n\"m\":{}}",
                  "line 2: model \"m\": duplicate model");
    check_refused("{\"m\":{\"input_cost_per_token\":1e-6,\n"
                  "\"input_cost_per_token\":1e-6}}",
                  "line 2: model \"m\", \"input_cost_per_token\": duplicate "
                  "key");
    check_refused("{\"m\":{\"input_cost_per_token\":0,\n"
                  "\"input_cost_per_token\":1e-6}}",
                  "line 2: model \"m\", \"input_cost_per_token\": duplicate "
                  "key");
    check_refused("{\"m\":{\"input_cost_per_token_above_128k_tokens\":1e-6,"
                  "\"input_cost_per_token_above_128000_tokens\":1e-6}}",
                  "line 1: model \"m\", "
                  "\"input_cost_per_token_above_128000_tokens\": duplicate "
                  "key");
    check_refused("{\"m\":{\"input_cost_per_token_above_1k_tokens\":1,"
                  "\"input_cost_per_token_above_2k_tokens\":1,"
                  "\"input_cost_per_token_above_3k_tokens\":1,"
                  "\"input_cost_per_token_above_4k_tokens\":1,"
                  "\"input_cost_per_token_above_5k_tokens\":1}}",
                  "line 1: model \"m\", "
                  "\"input_cost_per_token_above_5k_tokens\": too many steps");
    check_refused("{\"m\\u0007\\u00e9\":{\"tiered_pricing\":5}}",
                  "line 1: model \"m???\", \"tiered_pricing\": not an array");
    check_refused("{\"m\":{\"tiered_pricing\":[5]}}",
                  "line 1: model \"m\", \"tiered_pricing\": not an object");
    check_refused("{\"m\":{\"tiered_pricing\":[{\"range\":5}]}}",
                  "line 1: model \"m\", \"tiered_pricing\": bad range");
    check_refused("{\"m\":{\"tiered_pricing\":[{\"range\":[]}]}}",
                  "line 1: model \"m\", \"tiered_pricing\": bad range");
    check_refused("{\"m\":{\"tiered_pricing\":[{\"range\":[0,5],"
                  "\"input_cost_per_token\":\"free\"}]}}",
                  "line 1: model \"m\", \"input_cost_per_token\": not a price");
    check_refused("{\"m\":{\"tiered_pricing\":[{\"range\":[-1,5]}]}}",
                  "line 1: model \"m\", \"tiered_pricing\": bad range");
}


static void
test_hostile(void **state)
{
    char      *text, *p;
    size_t     size;
    unsigned   i;
    prices_t   t;

    (void) state;

    size = 5 * 1024 * 1024;
    text = malloc(size);
    assert_non_null(text);

    /* deep */

    prices_init(&t);
    memset(text, '[', size);
    memcpy(text, "{\"m\":", 5);
    assert_int_equal(llm_prices_load(t.table, (unsigned char *) text, size,
                                     t.err, sizeof(t.err)),
                     LLM_BAD);
    assert_int_equal(strncmp(t.err, "line 1: ", 8), 0);

    /* wide: more values than any list has */

    memset(text, ' ', size);
    p = text + sprintf(text, "{\"m\":[");

    while (p < text + size - 4) {
        *p++ = '1';
        *p++ = ',';
    }

    memcpy(p - 1, "]} ", 3);
    assert_int_equal(llm_prices_load(t.table, (unsigned char *) text,
                                     p + 1 - text, t.err, sizeof(t.err)),
                     LLM_BAD);
    assert_string_equal(t.err, "line 1: too many values");

    /* large */

    assert_int_equal(llm_prices_load(t.table, (unsigned char *) text,
                                     (size_t) 1 << 40, t.err, sizeof(t.err)),
                     LLM_BAD);
    assert_int_equal(strncmp(t.err, "larger than ", 12), 0);

    /* a long name, and not much room for what is wrong with it */

    memset(text, 'x', 1000);
    memcpy(text, "{\"", 2);
    strcpy(text + 1000, "\":{}}");

    assert_int_equal(prices_load(&t, text), LLM_BAD);
    assert_int_equal(strncmp(t.err, "line 1: model \"xxx", 18), 0);

    for (i = 0; i < 40; i++) {
        char  err[40];

        assert_int_equal(llm_prices_load(t.table, (unsigned char *) text,
                                         strlen(text), err, i),
                         LLM_BAD);
        assert_true(i == 0 || strlen(err) < i);
    }

    prices_free(&t);
    free(text);
}


static void
test_no_memory(void **state)
{
    int         rc;
    size_t      left;
    prices_t    t;
    llm_str_t   map;

    (void) state;

    rc = LLM_ERROR;

    for (left = 0; rc != LLM_OK; left += 16) {
        assert_true(left < 100000);

        prices_init(&t);

        map = prices_str(&t, "{\"m\":{\"input_cost_per_token_above_1k_tokens\""
                         ":1e-6,\"aliases\":[\"n\"],"
                         "\"litellm_provider\":\"x\","
                         "\"input_cost_per_token_flex\":1e-6,"
                         "\"off_peak_pricing\":{\"hours_utc\":\"01:00-02:00\","
                         "\"input_cost_per_token\":1e-7},"
                         "\"mode\":\"video_generation\","
                         "\"output_cost_per_second\":0.1,"
                         "\"output_cost_per_second_4k\":0.2}}");
        t.arena.left = left;

        rc = llm_prices_load(t.table, map.data, map.len, t.err,
                             sizeof(t.err));
        assert_true(rc == LLM_OK || rc == LLM_ERROR);

        /* all of it, or an error */

        if (rc == LLM_OK) {
            assert_non_null(prices_find(&t, "m")->hours);
            assert_int_equal(prices_find(&t, "m")->nsteps, 1);
            assert_string_equal(prices_name(&t, "4k/m", ""), "4k/m");
            assert_string_equal(prices_name(&t, "n", ""), "n");
        }

        prices_free(&t);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_refused_values),
        cmocka_unit_test(test_refused_shapes),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_no_memory)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
