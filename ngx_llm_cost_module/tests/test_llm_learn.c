
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/* Lines through counts, their table, and what hostile figures do to them. */

#include "llm_arena.h"
#include "llm_learn.h"


#define TEST_SIZE            65536


static llm_learn_table_t *
table(void **mem)
{
    assert_int_equal(posix_memalign(mem, 64, TEST_SIZE), 0);

    return llm_learn_create(*mem, TEST_SIZE);
}


static uint64_t
key(const char *model, llm_learn_class_e c)
{
    llm_str_t  v = llm_string("anthropic"), m;

    m.data = (unsigned char *) model;
    m.len = strlen(model);

    return llm_learn_key(&v, &m, c);
}


/* 100 answers of reported = counted * slope / 100 + offset */

static void
teach(llm_learn_table_t *t, uint64_t k, int64_t slope, int64_t offset)
{
    int64_t   c;
    uint64_t  seed;
    unsigned  i;

    seed = 1;

    for (i = 0; i < 100; i++) {
        c = 10 + llm_random(&seed) % 5000;
        llm_learn_add(t, k, i, c, c * slope / 100 + offset, i % 50);
    }
}


static void
test_lines(void **state)
{
    void               *mem;
    unsigned            i;
    llm_learn_t         l;
    llm_learn_table_t  *t;

    static const struct {
        int64_t   slope, offset, counted, tokens;
    } lines[] = {
        { 100, 0, 1234, 1234 },
        { 100, 346, 1234, 1580 },
        { 100, -3, 1234, 1231 },
        { 110, 0, 2000, 2200 },
        { 90, 0, 2000, 1800 },
        { 120, 180, 1000, 1380 },
        { 75, 20, 1000, 770 },
        { 25, 0, 1000, 250 },
        { 400, 0, 1000, 4000 }
    };

    (void) state;

    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        t = table(&mem);

        teach(t, key("m", LLM_LEARN_TEXT), lines[i].slope, lines[i].offset);

        assert_int_equal(llm_learn_get(t, key("m", LLM_LEARN_TEXT), &l),
                         LLM_OK);
        assert_int_equal(l.answers, 100);
        assert_in_range(llm_learn_expect(&l, lines[i].counted),
                        lines[i].tokens - 1 - lines[i].tokens / 500,
                        lines[i].tokens + 1 + lines[i].tokens / 500);
        assert_true(llm_learn_most(&l, lines[i].counted) >= lines[i].tokens);
        assert_in_range(l.output, 20, 36);

        free(mem);
    }
}


/* what is exact stays exact, whatever else answers say now and then */

static void
test_outliers(void **state)
{
    void               *mem;
    int64_t             c;
    uint64_t            seed, k;
    unsigned            i;
    llm_learn_t         l;
    llm_learn_table_t  *t;

    (void) state;

    t = table(&mem);
    k = key("m", LLM_LEARN_TOOLS);
    seed = 7;

    for (i = 0; i < 100; i++) {
        c = 10 + llm_random(&seed) % 500;
        llm_learn_add(t, k, i, c, i % 5 ? c : c + 3000, -1);
    }

    assert_int_equal(llm_learn_get(t, k, &l), LLM_OK);
    assert_int_equal(llm_learn_expect(&l, 400), 400);
    assert_int_equal(l.output, -1);
    assert_true(llm_learn_most(&l, 400) > 400);

    free(mem);
}


static void
test_few(void **state)
{
    void               *mem;
    uint64_t            k;
    unsigned            i;
    llm_learn_t         l;
    llm_learn_table_t  *t;

    (void) state;

    t = table(&mem);
    k = key("m", LLM_LEARN_TEXT);

    assert_int_equal(llm_learn_get(t, k, &l), LLM_DECLINED);

    for (i = 1; i < LLM_LEARN_MIN; i++) {
        llm_learn_add(t, k, 1, 100, 200, 5);

        assert_int_equal(llm_learn_get(t, k, &l), LLM_OK);
        assert_int_equal(llm_learn_expect(&l, 100), 100);
        assert_int_equal(llm_learn_most(&l, 100), 100);
    }

    llm_learn_add(t, k, 1, 100, 200, 5);

    assert_int_equal(llm_learn_get(t, k, &l), LLM_OK);
    assert_int_equal(llm_learn_expect(&l, 100), 200);
    assert_int_equal(l.output, 5);

    /* nobody else's */

    assert_int_equal(llm_learn_get(t, key("m", LLM_LEARN_MEDIA), &l),
                     LLM_DECLINED);
    assert_int_equal(llm_learn_get(t, key("n", LLM_LEARN_TEXT), &l),
                     LLM_DECLINED);

    free(mem);
}


/* figures from outside: bounded, never negative, nothing overflows */

static void
test_hostile(void **state)
{
    void               *mem;
    int64_t             v, most;
    uint64_t            k, seed;
    unsigned            i, n;
    llm_learn_t         l;
    llm_learn_table_t  *t;

    static const int64_t  figures[] = {
        INT64_MIN, -1, 0, 1, 2, 1000, 99999999, 100000000, 100000001,
        4294967296, INT64_MAX
    };

    (void) state;

    t = table(&mem);
    k = key("m", LLM_LEARN_TEXT);
    seed = 3;
    n = sizeof(figures) / sizeof(figures[0]);

    for (i = 0; i < 5000; i++) {
        llm_learn_add(t, k, i, figures[llm_random(&seed) % n],
                      figures[llm_random(&seed) % n],
                      figures[llm_random(&seed) % n]);

        assert_int_equal(llm_learn_get(t, k, &l), LLM_OK);

        v = figures[llm_random(&seed) % n];
        most = llm_learn_most(&l, v);

        assert_true(most >= llm_learn_expect(&l, v));

        if (v > 0 && v < 1000000000) {
            assert_true(most > 0);
            assert_true(most <= v * 4 * 6 + 200000000);
        }
    }

    free(mem);
}


/* more models than there are places: the oldest leave, the table holds */

static void
test_full(void **state)
{
    char                name[16];
    void               *mem;
    unsigned            i, found;
    llm_learn_t         l;
    llm_learn_table_t  *t;

    (void) state;

    t = table(&mem);

    for (i = 0; i < 5000; i++) {
        snprintf(name, sizeof(name), "m%u", i);
        llm_learn_add(t, key(name, LLM_LEARN_TEXT), i, 100, 150, 1);
    }

    for (i = 0, found = 0; i < 5000; i++) {
        snprintf(name, sizeof(name), "m%u", i);

        if (llm_learn_get(t, key(name, LLM_LEARN_TEXT), &l) == LLM_OK) {
            assert_int_equal(l.answers, 1);
            found++;
        }
    }

    assert_in_range(found, 40, 80);
    assert_int_equal(llm_learn_get(t, key("m4999", LLM_LEARN_TEXT), &l),
                     LLM_OK);

    assert_ptr_equal(llm_learn_attach(mem, TEST_SIZE), t);
    assert_null(llm_learn_attach(mem, TEST_SIZE / 2));
    assert_null(llm_learn_create(mem, 64));

    free(mem);
}


static llm_learn_class_e
class_of(const char *body)
{
    llm_json_t         j;
    llm_arena_t        a;
    llm_learn_class_e  class;

    llm_arena_init(&a);
    memset(&j, 0, sizeof(j));
    j.mem = &a.mem;

    assert_int_equal(llm_json_parse(&j, (unsigned char *) body, strlen(body)),
                     LLM_OK);

    class = llm_learn_class(llm_marks(&j));
    llm_arena_free(&a);

    return class;
}


static void
test_classes(void **state)
{
    (void) state;

    assert_int_equal(class_of("{\"messages\":[]}"), LLM_LEARN_TEXT);
    assert_int_equal(class_of("{\"tools\":[]}"), LLM_LEARN_TOOLS);
    assert_int_equal(class_of("{\"tools\":[],\"m\":[{\"tool_calls\":[]}]}"),
                     LLM_LEARN_CALLS);
    assert_int_equal(class_of("{\"tools\":[],\"m\":"
                              "[{\"type\":\"image_url\"}]}"),
                     LLM_LEARN_MEDIA);
    assert_int_equal(class_of("{\"contents\":[{\"inlineData\":{}}]}"),
                     LLM_LEARN_MEDIA);
    assert_int_equal(class_of("{\"response_format\":"
                              "{\"type\":\"json_schema\"}}"),
                     LLM_LEARN_SCHEMA);

    assert_string_equal(llm_learn_class_name(LLM_LEARN_CALLS), "calls");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_outliers),
        cmocka_unit_test(test_few),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_classes)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
