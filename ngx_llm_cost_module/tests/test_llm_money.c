
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_arena.h"
#include "llm_price.h"


typedef size_t (*print_pt)(unsigned char *buf, int64_t nano);


static void
check_print(print_pt print, int64_t nano, const char *text)
{
    size_t          n;
    unsigned char  *buf;

    /* exactly as large as it may be: a byte too many is seen */

    buf = malloc(LLM_USD_LEN);
    assert_non_null(buf);

    n = print(buf, nano);

    assert_int_equal(n, strlen(text));
    assert_memory_equal(buf, text, n);

    free(buf);
}


static void
test_print(void **state)
{
    (void) state;

    check_print(llm_usd_print, 0, "0.000000000");
    check_print(llm_usd_print, 1, "0.000000001");
    check_print(llm_usd_print, 123000, "0.000123000");
    check_print(llm_usd_print, 999999999, "0.999999999");
    check_print(llm_usd_print, 1000000000, "1.000000000");
    check_print(llm_usd_print, 5500000000, "5.500000000");
    check_print(llm_usd_print, -1, "-0.000000001");
    check_print(llm_usd_print, -1500000000, "-1.500000000");
    check_print(llm_usd_print, LLM_NANO_MAX, "9000000.000000000");
    check_print(llm_usd_print, INT64_MAX, "9223372036.854775807");
    check_print(llm_usd_print, INT64_MIN, "-9223372036.854775808");
}


static void
test_print_short(void **state)
{
    (void) state;

    check_print(llm_usd_print_short, 0, "0.00");
    check_print(llm_usd_print_short, 1000000000, "1.00");
    check_print(llm_usd_print_short, 998000000, "0.998");
    check_print(llm_usd_print_short, 375, "0.000000375");
    check_print(llm_usd_print_short, 1, "0.000000001");
    check_print(llm_usd_print_short, 10, "0.00000001");
    check_print(llm_usd_print_short, 100000000, "0.10");
    check_print(llm_usd_print_short, 10000000, "0.01");
    check_print(llm_usd_print_short, 1000000, "0.001");
    check_print(llm_usd_print_short, 1100000000, "1.10");
    check_print(llm_usd_print_short, 100000000000, "100.00");
    check_print(llm_usd_print_short, -40100000000, "-40.10");
    check_print(llm_usd_print_short, INT64_MIN, "-9223372036.854775808");
}


static void
check_parse(const char *text, int rc, int64_t nano)
{
    int            got;
    int64_t        v;
    llm_arena_t    a;

    llm_arena_init(&a);

    v = -7;
    got = llm_usd_parse(llm_arena_copy(&a, text, strlen(text)), strlen(text),
                        &v);

    llm_arena_free(&a);

    if (got != rc || v != (rc == LLM_OK ? nano : -7)) {
        fail_msg("\"%s\": %d, %lld", text, got, (long long) v);
    }
}


static void
test_parse(void **state)
{
    (void) state;

    check_parse("50", LLM_OK, 50000000000);
    check_parse("0.5", LLM_OK, 500000000);
    check_parse("1000.000000001", LLM_OK, 1000000000001);
    check_parse("0", LLM_OK, 0);
    check_parse("0.0", LLM_OK, 0);
    check_parse("007", LLM_OK, 7000000000);
    check_parse("0.000000001", LLM_OK, 1);
    check_parse("1.100000000000000000", LLM_OK, 1100000000);
    check_parse("9000000", LLM_OK, LLM_NANO_MAX);
    check_parse("9000000.000000000", LLM_OK, LLM_NANO_MAX);
    check_parse("8999999.999999999", LLM_OK, LLM_NANO_MAX - 1);
}


static void
test_parse_limit(void **state)
{
    (void) state;

    check_parse("9000000.000000001", LLM_LIMIT, 0);
    check_parse("9000001", LLM_LIMIT, 0);
    check_parse("10000000", LLM_LIMIT, 0);
    check_parse("18446744073709551617", LLM_LIMIT, 0);
    check_parse("99999999999999999999999999999999999999.9", LLM_LIMIT, 0);
}


static void
test_parse_bad(void **state)
{
    unsigned            i;
    static const char  *bad[] = {
        "", ".", "-", "-1", "+1", "1.", ".5", "1..2", "1.2.3", "1,5", "1e3",
        " 1", "1 ", "1:", "/1", "0x10", "1usd", "nan", "inf", "1.0000000001",
        "0.0000000001", "99999999999999999999999999x",
        "99999999999999999999999999.", NULL
    };

    (void) state;

    for (i = 0; bad[i]; i++) {
        check_parse(bad[i], LLM_BAD, 0);
    }
}


static void
test_round_trip(void **state)
{
    int64_t         nano, v;
    uint64_t        seed;
    unsigned        i;
    unsigned char   buf[LLM_USD_LEN];

    (void) state;

    seed = 1;

    for (i = 0; i < 10000; i++) {
        nano = ((int64_t) llm_random(&seed) << 22 ^ llm_random(&seed))
               % (LLM_NANO_MAX + 1);

        assert_int_equal(llm_usd_parse(buf, llm_usd_print(buf, nano), &v),
                         LLM_OK);
        assert_int_equal(v, nano);

        assert_int_equal(llm_usd_parse(buf, llm_usd_print_short(buf, nano),
                                       &v),
                         LLM_OK);
        assert_int_equal(v, nano);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_print),
        cmocka_unit_test(test_print_short),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_parse_limit),
        cmocka_unit_test(test_parse_bad),
        cmocka_unit_test(test_round_trip)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
