
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/* What a node tells others of its answers, and what it takes of theirs. */

#include "learn_fixture.h"


static void
answers_of(llm_learn_answer_t *a, unsigned n, int64_t reported)
{
    unsigned  i;

    for (i = 0; i < n; i++) {
        a[i].key = 0;
        a[i].counted = 100 + i;
        a[i].reported = reported < 0 ? -1 : reported * (100 + i) / 100;
        a[i].output = 7;
    }
}


/* what is told is told once, the newest of what is too much */

static void
test_news(void **state)
{
    void                *mem;
    unsigned             i;
    llm_learn_table_t   *t;
    llm_learn_answer_t   a[LLM_LEARN_NEWS];

    (void) state;

    t = table(&mem);

    assert_int_equal(llm_learn_news(t, a, LLM_LEARN_NEWS), 0);

    llm_learn_add(t, key("a", LLM_LEARN_TEXT), 0, 10, 12, 5);
    llm_learn_add(t, key("b", LLM_LEARN_TEXT), 0, -1, 12, -1);
    llm_learn_add(t, key("b", LLM_LEARN_TEXT), 0, INT64_MAX, 12, INT64_MAX);

    assert_int_equal(llm_learn_news(t, a, 2), 2);
    assert_true(a[0].key == key("a", LLM_LEARN_TEXT) && a[0].counted == 10
                && a[0].reported == 12 && a[0].output == 5);
    assert_true(a[1].key == key("b", LLM_LEARN_TEXT) && a[1].counted == -1
                && a[1].reported == -1 && a[1].output == -1);

    assert_int_equal(llm_learn_news(t, a, LLM_LEARN_NEWS), 1);
    assert_true(a[0].counted == -1 && a[0].output == -1);
    assert_int_equal(llm_learn_news(t, a, LLM_LEARN_NEWS), 0);

    for (i = 0; i < LLM_LEARN_NEWS + 10; i++) {
        llm_learn_add(t, 1, 0, 1 + i, 1, -1);
    }

    assert_int_equal(llm_learn_news(t, a, LLM_LEARN_NEWS), LLM_LEARN_NEWS);
    assert_int_equal(a[0].counted, 11);
    assert_int_equal(a[LLM_LEARN_NEWS - 1].counted, LLM_LEARN_NEWS + 10);

    assert_int_equal(llm_learn_seen(t), 0);
    llm_learn_see(t, 9);
    assert_int_equal(llm_learn_seen(t), 9);

    free(mem);
}


/* the answers of all nodes, and on top what this one has not told yet */

static void
test_fleet(void **state)
{
    void                *mem;
    uint64_t             k;
    llm_learn_t          l;
    llm_learn_table_t   *t;
    llm_learn_answer_t   a[LLM_LEARN_PAIRS], told[LLM_LEARN_NEWS];

    (void) state;

    t = table(&mem);
    k = key("a", LLM_LEARN_TEXT);
    answers_of(a, LLM_LEARN_PAIRS, 200);

    assert_int_equal(llm_learn_fleet(t, k, 0, a, 10), LLM_OK);
    assert_int_equal(llm_learn_get(t, k, &l), LLM_OK);
    assert_int_equal(l.answers, 10);
    assert_int_equal(l.output, 7);
    assert_int_equal(llm_learn_expect(&l, 1000), 2000);

    /* the same again changes nothing; less is of somebody who has lost some */

    assert_int_equal(llm_learn_fleet(t, k, 0, a, 10), LLM_OK);
    assert_int_equal(llm_learn_fleet(t, k, 0, a, 9), LLM_DECLINED);
    assert_int_equal(llm_learn_fleet(t, k, 0, a, 0), LLM_DECLINED);
    assert_int_equal(llm_learn_get(t, k, &l), LLM_OK);
    assert_int_equal(l.answers, 10);

    llm_learn_add(t, k, 0, 100, 200, 7);
    assert_int_equal(llm_learn_fleet(t, k, 0, a, 20), LLM_OK);
    assert_int_equal(llm_learn_get(t, k, &l), LLM_OK);
    assert_int_equal(l.answers, 21);

    assert_int_equal(llm_learn_news(t, told, LLM_LEARN_NEWS), 1);
    assert_int_equal(llm_learn_fleet(t, k, 0, a, 21), LLM_OK);
    assert_int_equal(llm_learn_get(t, k, &l), LLM_OK);
    assert_int_equal(l.answers, 21);

    /* what is not told yet of others is theirs; fewer outputs are fewer, too */

    llm_learn_add(t, key("b", LLM_LEARN_TEXT), 0, 100, 900, 7);
    assert_int_equal(llm_learn_fleet(t, k, 0, a, 22), LLM_OK);
    assert_int_equal(llm_learn_get(t, k, &l), LLM_OK);
    assert_int_equal(l.answers, 22);

    a[0].output = -1;
    assert_int_equal(llm_learn_fleet(t, k, 0, a, 22), LLM_DECLINED);
    a[0].output = 100000001;
    assert_int_equal(llm_learn_fleet(t, k, 0, a, 22), LLM_DECLINED);
    a[0].output = 100000000;
    assert_int_equal(llm_learn_fleet(t, k, 0, a, 22), LLM_OK);

    /* a full ring is taken over whole */

    answers_of(a, LLM_LEARN_PAIRS, 50);
    assert_int_equal(llm_learn_fleet(t, k, 0, a, LLM_LEARN_PAIRS), LLM_OK);
    assert_int_equal(llm_learn_get(t, k, &l), LLM_OK);
    assert_int_equal(llm_learn_expect(&l, 1000), 500);

    free(mem);
}


/* whatever Redis says: bounded, and no place of nobody's is taken */

static void
test_fleet_hostile(void **state)
{
    void                *mem;
    size_t               i;
    llm_str_t            s;
    llm_learn_t          l;
    llm_learn_table_t   *t;
    llm_learn_answer_t   a[LLM_LEARN_PAIRS];

    static const char * const  bad[] = {
        "", " ", "1", "1 2", "1 2 ", "1 2 3 ", "1 2 3 4", " 1 2 3", "x 2 3",
        "1 2 x", "-2 1 1", "1 -7 1", "1 1 -9", "99999999999 1 1",
        "1 99999999999999999999999 1", "1.5 1 1", "1  2 3", "1\n2 3"
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        s.data = (unsigned char *) bad[i];
        s.len = strlen(bad[i]);

        if (llm_learn_read_answer(&s, a) != LLM_BAD) {
            fail_msg("%s", bad[i]);
        }
    }

    s = (llm_str_t) llm_string("100000000 1 -1");
    assert_int_equal(llm_learn_read_answer(&s, a), LLM_OK);
    assert_true(a->counted == 100000000 && a->reported == 1
                && a->output == -1);

    t = table(&mem);
    answers_of(a, LLM_LEARN_PAIRS, 100000000);
    assert_int_equal(llm_learn_fleet(t, 0, 0, a, LLM_LEARN_PAIRS),
                     LLM_DECLINED);
    assert_int_equal(llm_learn_fleet(t, 1, 0, a, LLM_LEARN_PAIRS), LLM_OK);
    assert_int_equal(llm_learn_get(t, 1, &l), LLM_OK);
    assert_true(llm_learn_expect(&l, 1000) <= 4 * 1000 + 100000);
    assert_true(llm_learn_most(&l, 1000) <= 200000000);

    answers_of(a, LLM_LEARN_PAIRS, 0);
    assert_int_equal(llm_learn_fleet(t, 2, 0, a, LLM_LEARN_PAIRS), LLM_OK);
    assert_int_equal(llm_learn_get(t, 2, &l), LLM_OK);
    assert_int_equal(llm_learn_expect(&l, 1000), 1000);

    free(mem);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_news),
        cmocka_unit_test(test_fleet),
        cmocka_unit_test(test_fleet_hostile)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
