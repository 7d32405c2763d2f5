
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/* Prices that a map lists and that no reader takes: none is passed over. */

#include "price_fixture.h"


typedef struct {
    const char  *row;
    unsigned     n;                      /* not understood */
    const char  *names;
    const char  *first;                  /* of the row, "" for none */
} unread_t;


static const unread_t  maps[] = {

    /* all of it is read, or is no price */

    { "{'m':{'input_cost_per_token':1e-6,'output_cost_per_token':2e-6}}", 0,
      "", "" },
    { "{'m':{'input_cost_per_token':1e-6,'output_cost_per_second_8k':0.1,"
      "'input_cost_per_token_above_77k_tokens_priority':2e-6}}", 0, "", "" },
    { "{'m':{'supports_x':true,'rpm':100,'comment':'a','deprecation_date':"
      "'2027-01-01'}}", 0, "", "" },

    /* a number above 0, a string of one, or something with members */

    { "{'m':{'input_cost_per_smell':1e-6}}", 1, "\"input_cost_per_smell\"",
      "input_cost_per_smell" },
    { "{'m':{'input_cost_per_smell':'1e-6'}}", 1, "\"input_cost_per_smell\"",
      "input_cost_per_smell" },
    { "{'m':{'output_cost_per_image_4K':{'hd':0.3}}}", 1,
      "\"output_cost_per_image_4K\"", "output_cost_per_image_4K" },
    { "{'m':{'price_list':[1]}}", 1, "\"price_list\"", "price_list" },
    { "{'m':{'asia_multiplier':1.2}}", 1, "\"asia_multiplier\"",
      "asia_multiplier" },
    { "{'m':{'input_cost_per_smell':1e400}}", 1, "\"input_cost_per_smell\"",
      "input_cost_per_smell" },
    { "{'m':{'input_cost_per_smell':0,'price_b':null,'price_c':'see there',"
      "'price_d':{},'price_e':[],'price_f':0.0,'price_g':'0'}}", 0, "", "" },

    /* nearly the name of one: a step or a tier that is none */

    { "{'m':{'input_cost_per_token_above_many_tokens':1e-6}}", 1,
      "\"input_cost_per_token_above_many_tokens\"",
      "input_cost_per_token_above_many_tokens" },
    { "{'m':{'input_cost_per_token_slow':1e-6}}", 1,
      "\"input_cost_per_token_slow\"", "input_cost_per_token_slow" },
    { "{'m':{'Input_cost_per_token':1e-6}}", 1, "\"Input_cost_per_token\"",
      "Input_cost_per_token" },

    /* inside of what has members */

    { "{'m':{'off_peak_pricing':{'hours_utc':'01:00-02:00',"
      "'input_cost_per_token':1e-6,'input_cost_per_token_flex':1e-6}}}", 1,
      "\"input_cost_per_token_flex\"", "input_cost_per_token_flex" },
    { "{'m':{'tiered_pricing':[{'range':[0,9],'input_cost_per_token':1e-6,"
      "'storage_cost':2}]}}", 1, "\"storage_cost\"", "storage_cost" },
    { "{'m':{'tiered_pricing':[{'max_results_range':[0,25],"
      "'input_cost_per_query':5e-3}]}}", 1, "\"tiered_pricing\"",
      "tiered_pricing" },
    { "{'m':{'search_context_cost_per_query':{'search_context_size_huge':1,"
      "'search_context_size_low':0.1}}}", 1, "\"search_context_size_huge\"",
      "search_context_size_huge" },
    { "{'m':{'provider_specific_entry':{'us':1.1,'apac':1.2,'note':'x',"
      "'frames':{'a':1}}}}", 1, "\"apac\"", "apac" },
    { "{'m':{'provider_specific_entry':{'json_only':1,'apac':1.0,'b':1.0001"
      "}}}", 1, "\"b\"", "b" },

    /* it is known that these are not charged: only the row tells of them */

    { "{'m':{'input_dbu_cost_per_token':1e-6}}", 0, "",
      "input_dbu_cost_per_token" },
    { "{'m':{'input_cost_per_token_balanced':1e-6}}", 0, "",
      "input_cost_per_token_balanced" },
    { "{'m':{'input_cost_per_video_per_second_above_8s_interval':1}}", 0, "",
      "input_cost_per_video_per_second_above_8s_interval" },
    { "{'m':{'provider_specific_entry':{'minimax_free_input_images':5}}}", 0,
      "", "minimax_free_input_images" },

    /* every one is counted, four kinds are named, each once */

    { "{'a':{'price_a':1,'price_b':1},'m':{'price_b':2,'price_a':2}}", 4,
      "\"price_a\", \"price_b\"", "price_b" },
    { "{'m':{'price_a':1,'price_b':1,'price_c':1,'price_d':1}}", 4,
      "\"price_a\", \"price_b\", \"price_c\", \"price_d\"", "price_a" },
    { "{'a':{'price_a':1},'b':{'price_b':1},'c':{'price_c':1},"
      "'d':{'price_d':1},'m':{'price_e':1}}", 5,
      "\"price_a\", \"price_b\", \"price_c\", \"price_d\", ...", "price_e" },
    { "{'sample_spec':{'price_a':1},'m':{}}", 0, "", "" },

    /* what quotes a file is fit for a terminal, and bounded */

    { "{'m':{'price\\u001b[2J':1}}", 1, "\"price?[2J\"", NULL },
    { "{'m':{'price_0123456789012345678901234567890123456789"
      "01234567890123456789':1,'price_1123456789012345678901234567890123456789"
      "01234567890123456789':1,'price_2123456789012345678901234567890123456789"
      "01234567890123456789':1,'price_3123456789012345678901234567890123456789"
      "01234567890123456789':1,'price_4':1}}", 5,
      "\"price_0123456789012345678901234567890123456789012345678901234567\", "
      "\"price_1123456789012345678901234567890123456789012345678901234567\", "
      "\"price_2123456789012345678901234567890123456789012345678901234567\", "
      "\"price_3123456789012345678901234567890123456789012345678901234567\", "
      "...", NULL }
};


static void
test_unread(void **state)
{
    char              names[LLM_PRICE_UNREAD_LEN];
    unsigned          i, n;
    prices_t          t;
    const unread_t   *m;
    const llm_str_t  *first;

    (void) state;

    for (i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
        m = &maps[i];

        prices_init(&t);
        prices_map(&t, m->row);

        n = llm_prices_unread(t.table, names);

        if (n != m->n || strcmp(names, m->names) != 0) {
            fail_msg("%s: %u, %s", m->row, n, names);
        }

        first = &prices_find(&t, "m")->unread;

        if (m->first) {
            assert_int_equal(first->len, strlen(m->first));
            assert_int_equal(strncmp(first->len ? (char *) first->data : "",
                                     m->first, first->len), 0);
        }

        prices_free(&t);
    }
}


/* each map has its own, and a row of the configuration has its base's */

static void
test_maps(void **state)
{
    char      names[LLM_PRICE_UNREAD_LEN];
    prices_t  t;

    (void) state;

    prices_init(&t);

    prices_map(&t, "{'a':{'price_a':1}}");
    assert_int_equal(llm_prices_unread(t.table, names), 1);

    prices_map(&t, "{'b':{'input_cost_per_token':1}}");
    assert_int_equal(llm_prices_unread(t.table, names), 0);
    assert_string_equal(names, "");

    assert_int_equal(prices_add(&t, "c", "base=a input=1"), LLM_OK);
    assert_int_equal(prices_find(&t, "c")->unread.len, 7);

    prices_free(&t);
}


/* a new kind of price in the map that ships is read, or is put into the list
   of those that are not, with a line in docs/prices.md */

static void
test_shipped(void **state)
{
    char      names[LLM_PRICE_UNREAD_LEN];
    prices_t  t;

    (void) state;

    prices_init(&t);
    prices_load_shipped(&t);

    (void) llm_prices_unread(t.table, names);
    assert_string_equal(names, "");

    prices_free(&t);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_unread),
        cmocka_unit_test(test_maps),
        cmocka_unit_test(test_shipped)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
