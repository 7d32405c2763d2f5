
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Hours of lower rates as a map lists them: each way to write a day, and what
 * cannot be read, which is an error and never a price at another time.
 */

#include "price_fixture.h"
#include "llm_price_table.h"


/* Monday, 2026-11-23, 00:00 UTC */

#define MONDAY  1795392000
#define DAY     86400


static int
load(prices_t *t, const char *hours)
{
    char  map[1024], *p;

    prices_init(t);

    snprintf(map, sizeof(map), "{'m':{'litellm_provider':'p',"
             "'input_cost_per_token':2e-6,'output_cost_per_token':2e-6,"
             "'off_peak_pricing':{'input_cost_per_token':1e-6%s}}}", hours);

    for (p = map; *p; p++) {
        *p = (*p == '\'') ? '"' : *p;
    }

    return prices_load(t, map);
}


static int64_t
cost(prices_t *t, int64_t when)
{
    llm_usage_t        u = LLM_USAGE_INIT;
    llm_price_terms_t  terms;

    memset(&terms, 0, sizeof(terms));
    terms.when = when;

    u.input = 1000;
    u.output = 0;

    return llm_price_cost(prices_find(t, "m"), &terms, &u, NULL);
}


static void
test_days(void **state)
{
    char      hours[128];
    size_t    i, k, n;
    prices_t  t;

    static const char * const  days[] = {
        "'mon'", "'tue'", "'Wednesday'", "'THU'", "'fri'", "'saturday'",
        "'Sun'", "1", "2", "3", "4", "5", "6", "7"
    };

    (void) state;

    for (n = 0; n < sizeof(days) / sizeof(days[0]); n++) {
        i = n % 7;
        snprintf(hours, sizeof(hours), ",'windows':[{'hours_utc':"
                 "'09:00-17:30','weekdays':[%s]}]", days[n]);
        assert_int_equal(load(&t, hours), LLM_OK);

        for (k = 0; k < 7; k++) {
            assert_int_equal(cost(&t, MONDAY + k * DAY + 9 * 3600),
                             k == i ? 1000000 : 2000000);
        }

        assert_int_equal(cost(&t, MONDAY + i * DAY + 9 * 3600 - 1), 2000000);
        assert_int_equal(cost(&t, MONDAY + i * DAY + 63000 - 1), 1000000);
        assert_int_equal(cost(&t, MONDAY + i * DAY + 63000), 2000000);
        prices_free(&t);
    }
}


/* a host that runs tools of its own keeps no hours of another's row */

static void
test_elsewhere(void **state)
{
    size_t             i;
    prices_t           t;
    llm_str_t          host;
    llm_usage_t        u = LLM_USAGE_INIT;
    llm_price_terms_t  terms;

    static const struct {
        const char  *host;
        int64_t      nano;
    } rows[] = {
        { "far", 2000000 },
        { "near", 1000000 },
        { "none", 1000000 }
    };

    (void) state;

    prices_init(&t);
    prices_map(&t, "{'near/m':{'litellm_provider':'near',"
               "'input_cost_per_token':2e-6,'output_cost_per_token':2e-6,"
               "'off_peak_pricing':{'input_cost_per_token':1e-6,"
               "'hours_utc':'00:00-00:00'}},"
               "'near/(tools)':{'litellm_provider':'near',"
               "'web_fetch_cost_per_1k_calls':1},"
               "'far/(tools)':{'litellm_provider':'far',"
               "'web_fetch_cost_per_1k_calls':1}}");

    u.input = 1000;
    u.output = 0;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        host = prices_str(&t, rows[i].host);

        terms = prices_terms(LLM_TIER_DEFAULT);
        terms.when = MONDAY;
        terms.tools = llm_prices_tools(t.table, &host);

        assert_int_equal(llm_price_cost(prices_find(&t, "near/m"), &terms, &u,
                                        NULL), rows[i].nano);
    }

    prices_free(&t);
}


/* at an hour that nobody knows the usual price holds */

static void
test_unknown(void **state)
{
    prices_t  t;

    (void) state;

    assert_int_equal(load(&t, ",'hours_utc':'23:59-00:00',"
                          "'output_cost_per_token':null"), LLM_OK);
    assert_int_equal(cost(&t, MONDAY - 1), 1000000);
    assert_int_equal(cost(&t, MONDAY - 61), 2000000);
    assert_int_equal(cost(&t, MONDAY), 2000000);
    prices_free(&t);

    assert_int_equal(load(&t, ",'hours_utc':'00:00-00:00'"), LLM_OK);
    assert_int_equal(cost(&t, MONDAY), 1000000);
    assert_int_equal(cost(&t, MONDAY + 3 * DAY - 1), 1000000);
    assert_int_equal(cost(&t, -1), 2000000);
    prices_free(&t);
}


static void
test_bad(void **state)
{
    size_t    i;
    prices_t  t;

#define ON(day)  ",'windows':[{'hours_utc':'01:00-02:00','weekdays':" day "}]"
#define EIGHT    "01234567"
#define LONG     EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT

    static const struct {
        const char  *hours;
        const char  *err;
    } rows[] = {
        { ON("[0]"), "not a day of the week" },
        { ON("[8]"), "not a day of the week" },
        { ON("[1.5]"), "not a day of the week" },
        { ON("[null]"), "not a day of the week" },
        { ON("['mo']"), "not a day of the week" },
        { ON("['may']"), "not a day of the week" },
        { ON("['sux']"), "not a day of the week" },
        { ON("'mon'"), "weekdays are not a list" },
        { ",'windows':{}", "windows are not a list" },
        { ",'windows':[{'weekdays':[1]}]", "a window without hours" },
        { ",'windows':[7]", "a window without hours" },
        { ",'hours_utc':1", "hours are not a string" },
        { ",'hours_utc':'01:00-02:0'", "hours are not \"HH:MM-HH:MM\"" },
        { ",'hours_utc':'01:00-02:000'", "hours are not \"HH:MM-HH:MM\"" },
        { ",'hours_utc':'01:00 02:00'", "hours are not \"HH:MM-HH:MM\"" },
        { ",'hours_utc':'24:00-02:00'", "hours are not \"HH:MM-HH:MM\"" },
        { ",'hours_utc':'01:60-02:00'", "hours are not \"HH:MM-HH:MM\"" },
        { ",'hours_utc':'01:00-2:000'", "hours are not \"HH:MM-HH:MM\"" },
        { ",'hours_utc':'01:00-02.00'", "hours are not \"HH:MM-HH:MM\"" },
        { ",'hours_utc':'/1:00-02:00'", "hours are not \"HH:MM-HH:MM\"" },
        { ",'hours_utc':'0::00-02:00'", "hours are not \"HH:MM-HH:MM\"" },
        { ",'hours_utc':'0:1:0-02:00'", "hours are not \"HH:MM-HH:MM\"" },
        { ",'output_cost_per_token':'free'", "not a price" },
        { ",'weekday_timezone':7", "not a time zone" },
        { ",'weekday_timezone':''", "not a time zone" },
        { ",'weekday_timezone':'" LONG "'", "not a time zone" },
        { ",'weekday_timezone':'Mars/Olympus'",
          "a time zone that is not here" }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {

        if (load(&t, rows[i].hours) != LLM_BAD
            || strstr(t.err, rows[i].err) == NULL)
        {
            fail_msg("%s: \"%s\"", rows[i].hours, t.err);
        }

        prices_free(&t);
    }
}


/* as many windows as a row has room for, and one more */

static void
test_many(void **state)
{
    char      hours[512];
    size_t    i, n;
    prices_t  t;

    (void) state;

    for (n = LLM_PRICE_HOURS; n <= LLM_PRICE_HOURS + 1; n++) {
        strcpy(hours, ",'hours_utc':['01:00-02:00'");

        for (i = 1; i < n; i++) {
            strcat(hours, ",'03:00-04:00'");
        }

        strcat(hours, "]");

        assert_int_equal(load(&t, hours),
                         n == LLM_PRICE_HOURS ? LLM_OK : LLM_BAD);
        assert_true(n == LLM_PRICE_HOURS || strstr(t.err, "too many hours"));
        prices_free(&t);
    }
}


/* rates that end: the factor holds from the day's first second on */

static void
test_later(void **state)
{
    size_t    i;
    prices_t  t;

    static const struct {
        const char  *day;
        const char  *err;
    } rows[] = {
        { "{'2026-11-31':2}", "not a day" },
        { "{'2026-00-01':2}", "not a day" },
        { "{'2026-13-01':2}", "not a day" },
        { "{'2026-11-00':2}", "not a day" },
        { "{'1969-12-31':2}", "not a day" },
        { "{'2026/11-23':2}", "not a day" },
        { "{'2026-11/23':2}", "not a day" },
        { "{'2026-11-2x':2}", "not a day" },
        { "{'2026-11-2':2}", "not a day" },
        { "{'2026-11-23T':2}", "not a day" },
        { "{'2026-11-23':0}", "not a factor of a price" },
        { "{'2026-11-23':101}", "not a factor of a price" },
        { "{'2026-11-23':'x'}", "" },
        { "{'2026-11-23':2,'2026-11-24':3}", "not one day" },
        { "{}", "not one day" },
        { "2", "not an object" }
    };

    (void) state;

    assert_int_equal(load(&t, "},'price_multiplier_from':{'2026-11-23':2"),
                     LLM_OK);
    assert_int_equal(cost(&t, MONDAY - 1), 2000000);
    assert_int_equal(cost(&t, MONDAY), 4000000);
    assert_int_equal(cost(&t, MONDAY + DAY), 4000000);
    assert_int_equal(cost(&t, -1), 4000000);
    prices_free(&t);

    /* what gets cheaper is not counted on without a time */

    assert_int_equal(load(&t, "},'price_multiplier_from':{'2026-11-23':0.5"),
                     LLM_OK);
    assert_int_equal(cost(&t, MONDAY - 1), 2000000);
    assert_int_equal(cost(&t, MONDAY), 1000000);
    assert_int_equal(cost(&t, -1), 2000000);
    prices_free(&t);

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char  later[128];

        /* load() closes one more object */

        snprintf(later, sizeof(later), "},'price_multiplier_from':%s,"
                 "'off_peak_pricing':{", rows[i].day);
        assert_int_equal(load(&t, later), LLM_BAD);
        assert_non_null(strstr(t.err, rows[i].err));
        prices_free(&t);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_days),
        cmocka_unit_test(test_elsewhere),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_later)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
