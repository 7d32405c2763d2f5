
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/* Other names of a model in a map: "alias_of" and "aliases". */

#include "price_fixture.h"


#define ROW(n)  "{'input_cost_per_token':" #n "e-6,'output_cost_per_token':1}"


typedef struct {
    const char  *map;
    const char  *model;
    int64_t      input;                  /* pico-USD, -1: unknown */
    unsigned     unread;
    const char  *names;
} alias_t;


static const alias_t  maps[] = {

    /* before and behind what it means */

    { "{'a':{'alias_of':'m'},'m':" ROW(3) "}", "a", 3000000, 0, "" },
    { "{'m':" ROW(3) ",'a':{'alias_of':'m'}}", "a", 3000000, 0, "" },
    { "{'m':" ROW(3) ",'\\u0061':{'alias_of':'\\u006d'}}", "a", 3000000, 0,
      "" },
    { "{'m':" ROW(3) ",'p/a':{'alias_of':'m'}}", "p/a", 3000000, 0, "" },

    /* it is that row and nothing else */

    { "{'a':{'input_cost_per_token':9,'alias_of':'m'},'m':" ROW(3) "}", "a",
      3000000, 0, "" },

    /* of nothing, of itself, of an alias: in any order */

    { "{'a':{'alias_of':'m'}}", "a", -1, 1, "\"alias_of\"" },
    { "{'a':{'alias_of':'a'}}", "a", -1, 1, "\"alias_of\"" },
    { "{'a':{'alias_of':''}}", "a", -1, 1, "\"alias_of\"" },
    { "{'a':{'alias_of':'b'},'b':{'alias_of':'m'},'m':" ROW(3) "}", "a", -1,
      1, "\"alias_of\"" },
    { "{'b':{'alias_of':'m'},'m':" ROW(3) ",'a':{'alias_of':'b'}}", "a", -1,
      1, "\"alias_of\"" },
    { "{'a':{'alias_of':'b'},'b':{'alias_of':'a'}}", "b", -1, 2,
      "\"alias_of\"" },

    /* what is no name is no alias */

    { "{'a':{'alias_of':7,'input_cost_per_token':1e-6}}", "a", 1000000, 0,
      "" },
    { "{'a':{'alias_of':null}}", "a", -1, 0, "" },

    /* a row lists names of its own */

    { "{'m':{'input_cost_per_token':2e-6,'aliases':['a','b']}}", "b", 2000000,
      0, "" },
    { "{'m':{'input_cost_per_token':2e-6,'aliases':[]}}", "m", 2000000, 0,
      "" },
    { "{'m':{'input_cost_per_token':2e-6,'aliases':'a'}}", "a", -2, 1,
      "\"aliases\"" },
    { "{'m':{'input_cost_per_token':2e-6,'aliases':[1,['b'],'','a']}}", "a",
      2000000, 3, "\"aliases\"" },

    /* a name that is another row's stays it, and is said */

    { "{'m':{'input_cost_per_token':2e-6,'aliases':['a']},'a':" ROW(3) "}",
      "a", 3000000, 1, "\"aliases\"" },
    { "{'m':{'input_cost_per_token':2e-6,'aliases':['a']},"
      "'n':{'input_cost_per_token':4e-6,'aliases':['a']}}", "a", 2000000, 1,
      "\"aliases\"" },
    { "{'m':{'input_cost_per_token':2e-6,'aliases':['a']},"
      "'a':{'alias_of':'n'},'n':" ROW(3) "}", "a", 3000000, 1,
      "\"aliases\"" },
    { "{'b':{'alias_of':'a'},"
      "'m':{'input_cost_per_token':2e-6,'aliases':['a']}}", "b", -1, 1,
      "\"alias_of\"" }
};


/* -2: no row, -1: one that does not say it */

static int64_t
input_of(prices_t *t, const char *model)
{
    const llm_price_t  *p;

    p = prices_find(t, model);

    return p ? llm_price_rate(p, LLM_TIER_DEFAULT, LLM_RATE_INPUT) : -2;
}


static void
test_names(void **state)
{
    char            names[LLM_PRICE_UNREAD_LEN];
    int64_t         input;
    unsigned        i, n;
    prices_t        t;
    const alias_t  *m;

    (void) state;

    for (i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
        m = &maps[i];

        prices_init(&t);
        prices_map(&t, m->map);

        input = input_of(&t, m->model);
        n = llm_prices_unread(t.table, names);

        if (input != m->input || n != m->unread
            || strcmp(names, m->names) != 0)
        {
            fail_msg("%s: %lld, %u, %s", m->map, (long long) input, n, names);
        }

        prices_free(&t);
    }
}


/* of an earlier map, and in place of its row; a row is known by its own name */

static void
test_maps(void **state)
{
    prices_t            t;
    const llm_price_t  *p;

    (void) state;

    prices_init(&t);

    prices_map(&t, "{'m':" ROW(3) ",'b':" ROW(4) ",'c':{'alias_of':'m'}}");
    prices_map(&t, "{'a':{'alias_of':'m'},'b':{'alias_of':'c'},"
                   "'m':" ROW(5) "}");

    assert_int_equal(input_of(&t, "a"), 5000000);
    assert_int_equal(input_of(&t, "b"), 3000000);
    assert_int_equal(input_of(&t, "c"), 3000000);

    p = prices_find(&t, "a");
    assert_int_equal(p->model.len, 1);
    assert_int_equal(p->model.data[0], 'a');

    /* the configuration's row is its own */

    assert_int_equal(prices_add(&t, "d", "base=a input=1"), LLM_OK);
    assert_int_equal(input_of(&t, "d"), 1000000);
    assert_int_equal(input_of(&t, "a"), 5000000);

    prices_free(&t);
}


static int64_t
picture_of(prices_t *t, const char *model, const char *provider)
{
    const llm_price_t  *p;

    p = prices_find_of(t, model, provider);
    assert_non_null(p);

    return llm_price_rate(p, LLM_TIER_DEFAULT, LLM_RATE_OUTPUT_IMAGE);
}


static void
test_sizes(void **state)
{
    prices_t            t;
    const llm_price_t  *p;

    (void) state;

    prices_init(&t);

    prices_map(&t, "{'o/new':{'alias_of':'o/m'},'o/m':{"
                   "'mode':'video_generation','aliases':['old'],"
                   "'output_cost_per_second':0.1,"
                   "'output_cost_per_second_4k':0.5}}");

    p = prices_find(&t, "o/4k/new");
    assert_non_null(p);
    assert_int_equal(p->model.len, 8);
    assert_int_equal(llm_price_rate(p, LLM_TIER_DEFAULT,
                                    LLM_RATE_VIDEO_OUTPUT_SECOND),
                     500000000000);

    p = prices_find(&t, "720p/old");
    assert_non_null(p);
    assert_int_equal(llm_price_rate(p, LLM_TIER_DEFAULT,
                                    LLM_RATE_VIDEO_OUTPUT_SECOND),
                     100000000000);

    /* pictures: only the sizes that are listed, others have the model's */

    prices_map(&t, "{'p':{'alias_of':'x/g'},'x/g':{'mode':'image_generation',"
                   "'input_cost_per_image':0.06,"
                   "'output_cost_per_image_1K':0.04,"
                   "'output_cost_per_image_2K':'0.05'}}");

    assert_int_equal(picture_of(&t, "1k/p", ""), 40000000000);
    assert_int_equal(picture_of(&t, "2k/g", "x"), 50000000000);
    assert_int_equal(picture_of(&t, "4k/g", "x"), 60000000000);
    assert_int_equal(picture_of(&t, "p", ""), 60000000000);

    prices_free(&t);
}


/* a name that occurs twice is refused, whatever it is */

static void
test_twice(void **state)
{
    prices_t  t;

    (void) state;

    prices_init(&t);

    assert_int_equal(prices_load(&t, "{\"m\":{},\n"
                                     "\"a\":{\"alias_of\":\"m\"},\n"
                                     "\"a\":{\"alias_of\":\"m\"}}"),
                     LLM_BAD);
    assert_string_equal(t.err, "line 3: model \"a\": duplicate model");

    prices_free(&t);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_maps),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_twice)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
