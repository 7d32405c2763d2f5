
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/* Lines through counts, their table, and what hostile figures do to them. */

#include "learn_fixture.h"


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
        assert_int_equal(llm_learn_most(&l, 100), 157);
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


/* of a model that nothing is known of a quarter and some tokens more */

static void
test_first(void **state)
{
    void               *mem;
    int64_t             tokens, most;
    unsigned            i, k;
    llm_str_t           vendor = llm_string("anthropic");
    llm_str_t           model = llm_string("a");
    llm_learn_table_t  *t;

    static const struct {
        llm_learn_class_e  class;
        int64_t            counted, most;
    } rows[] = {
        { LLM_LEARN_TEXT, -1, -1 },
        { LLM_LEARN_TEXT, 0, 0 },
        { LLM_LEARN_TEXT, 1, 33 },
        { LLM_LEARN_TEXT, 4, 37 },
        { LLM_LEARN_CALLS, 1000, 1282 },
        { LLM_LEARN_TOOLS, 100000, 125032 },
        { LLM_LEARN_SCHEMA, INT64_MAX, INT64_MAX },
        { LLM_LEARN_MEDIA, 0, 0 },
        { LLM_LEARN_MEDIA, 1, 33 },
        { LLM_LEARN_MEDIA, 1000000, 1000032 },
        { LLM_LEARN_MEDIA, INT64_MAX, INT64_MAX }
    };

    (void) state;

    t = table(&mem);

    /* nor are fewer than four answers anything, of whatever class */

    for (k = 0; k < LLM_LEARN_MIN; k++) {

        for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            llm_learn_judge(t, &vendor, &model, rows[i].class,
                            rows[i].counted, &tokens, &most);
            assert_int_equal(tokens, rows[i].counted);
            assert_int_equal(most, rows[i].most);
        }

        llm_learn_add(t, key("a", LLM_LEARN_TEXT), 1, 100 + k, 900, -1);
    }

    llm_learn_judge(t, &vendor, &model, LLM_LEARN_TEXT, 100, &tokens, &most);
    assert_true(tokens >= 890 && most >= tokens * 5 / 4 + 32);

    llm_learn_judge(t, &vendor, &model, LLM_LEARN_MEDIA, 100, &tokens, &most);
    assert_true(tokens == 100 && most > 890);

    free(mem);
}


/* of two prompts no line is drawn, and the next may be another by far */

static void
test_few_kinds(void **state)
{
    void                *mem;
    int64_t              tokens, most;
    uint64_t             k;
    unsigned             i;
    llm_str_t            vendor = llm_string("anthropic"), model;
    llm_learn_t          l;
    llm_learn_table_t   *t;

    (void) state;

    t = table(&mem);
    k = key("a", LLM_LEARN_TEXT);
    model = (llm_str_t) llm_string("a");

    for (i = 0; i < 40; i++) {
        llm_learn_add(t, k, i, i % 2 ? 100 : 120, i % 2 ? 200 : 300, -1);
    }

    assert_int_equal(llm_learn_get(t, k, &l), LLM_OK);
    assert_int_equal(l.kinds, 2);
    assert_true(l.line.slope == 65536 || l.line.offset == 0);
    assert_true(llm_learn_expect(&l, 10) <= 10 * 3 + 200);
    assert_true(llm_learn_most(&l, 100)
                >= llm_learn_expect(&l, 100) * 3 / 2 + 32);

    /* another class of the model has more than it counts, at most */

    llm_learn_judge(t, &vendor, &model, LLM_LEARN_TOOLS, 100, &tokens, &most);
    assert_int_equal(tokens, 100);
    assert_int_equal(most, llm_learn_most(&l, 100));

    /* an offset takes away three quarters at most */

    for (i = 0; i < 400; i++) {
        llm_learn_add(t, k, i, 10000 + 100 * (i % 50), 100 * (i % 50) + 1, -1);
    }

    assert_int_equal(llm_learn_get(t, k, &l), LLM_OK);
    assert_true(l.kinds > 40);
    assert_true(llm_learn_expect(&l, 400) >= 100);

    /* of what is counted as the most that it can be no less is reserved */

    k = key("a", LLM_LEARN_MEDIA);

    for (i = 0; i < 40; i++) {
        llm_learn_add(t, k, i, 1000 + i, 500 + i / 2, -1);
    }

    llm_learn_judge(t, &vendor, &model, LLM_LEARN_MEDIA, 1500, &tokens, &most);
    assert_in_range(tokens, 700, 800);
    assert_int_equal(most, 1500);

    free(mem);
}


/* the middle of the last outputs, and the most of them */

static void
test_outputs(void **state)
{
    void               *mem;
    uint64_t            k;
    unsigned            i;
    llm_learn_t         l;
    llm_learn_table_t  *t;

    (void) state;

    t = table(&mem);
    k = key("a", LLM_LEARN_TEXT);

    for (i = 0; i < 7; i++) {
        llm_learn_add(t, k, 0, -1, -1, 90 - 10 * i);

        assert_int_equal(llm_learn_get(t, k, &l), LLM_OK);
        assert_int_equal(l.answers, 0);
        assert_int_equal(l.output, 90 - 10 * ((i + 1 - (i + 1) / 2) - 1));
        assert_int_equal(l.output_most, i < 3 ? -1 : 90);
    }

    for (i = 0; i < LLM_LEARN_PAIRS; i++) {
        llm_learn_add(t, k, 0, -1, -1, i % 2 ? 5 : 4);
    }

    assert_int_equal(llm_learn_get(t, k, &l), LLM_OK);
    assert_in_range(l.output, 4, 5);
    assert_int_equal(l.output_most, 5);

    free(mem);
}


/* what an answer was above the line is forgotten once it is not among the last
   ones, an eighth with each line */

static void
test_forgets(void **state)
{
    void               *mem;
    uint64_t            k;
    unsigned            i;
    llm_learn_t         l;
    llm_learn_table_t  *t;

    (void) state;

    t = table(&mem);
    k = key("a", LLM_LEARN_TEXT);

    for (i = 1; i <= 96; i++) {
        llm_learn_add(t, k, 0, 1000 + i, i == 17 ? 2017 : 1000 + i, -1);
        assert_int_equal(llm_learn_get(t, k, &l), LLM_OK);
        assert_int_equal(l.above.tokens, i < 17 ? 0 : i < 88 ? 1000
                                         : i < 96 ? 875 : 766);
        assert_int_equal(l.above.share, i < 17 ? 0 : i < 88 ? 64441
                                        : i < 96 ? 56386 : 49338);
    }

    free(mem);
}


/* a model that comes to the place of another has nothing of it */

static void
test_place(void **state)
{
    void               *mem;
    size_t              size;
    uint64_t            k;
    unsigned            i;
    llm_str_t           a, b, v = llm_string("ab"), w = llm_string("a");
    llm_learn_t         l;
    llm_learn_table_t  *t;

    (void) state;

    /* one set of places */

    size = sizeof(llm_learn_table_t) + 4 * sizeof(llm_learn_place_t);
    mem = aligned_alloc(64, (size + 63) / 64 * 64);
    assert_non_null(mem);
    t = llm_learn_create(mem, size);
    assert_non_null(t);

    for (i = 0; i < 400; i++) {
        k = 1 + i % 4;
        llm_learn_add(t, k, k == 3 ? 1 : 5 + i, 100 + i, 900, 50);
    }

    llm_learn_add(t, 9, 500, 100, 100, -1);

    assert_int_equal(llm_learn_get(t, 3, &l), LLM_DECLINED);
    assert_int_equal(llm_learn_get(t, 1, &l), LLM_OK);

    /* nor do its last outputs go on in the place behind it */

    assert_int_equal(l.answers, 100);
    assert_int_equal(l.output_most, 50);
    assert_int_equal(llm_learn_get(t, 9, &l), LLM_OK);

    assert_int_equal(l.answers, 1);
    assert_int_equal(l.kinds, 1);
    assert_int_equal(l.line.slope, 65536);
    assert_int_equal(l.line.offset, 0);
    assert_int_equal(l.above.share, 0);
    assert_int_equal(l.above.tokens, 0);
    assert_int_equal(l.output, -1);
    assert_int_equal(l.output_most, -1);

    llm_learn_add(t, 10, 501, -1, -1, -1);
    assert_int_equal(llm_learn_get(t, 10, &l), LLM_OK);
    assert_int_equal(l.kinds, 0);
    assert_int_equal(l.line.slope, 0);

    /* somebody else's memory */

    *(uint64_t *) mem ^= 1;
    assert_null(llm_learn_attach(mem, size));
    free(mem);

    /* who has a place: a vendor, a model and a class */

    a = (llm_str_t) llm_string("c");
    b = (llm_str_t) llm_string("bc");

    assert_true(llm_learn_key(&v, &a, 0) != llm_learn_key(&w, &b, 0));
    assert_true(llm_learn_key(&v, &a, 0) != llm_learn_key(&w, &a, 0));
    assert_true(llm_learn_key(&v, &a, 0) != llm_learn_key(&v, &b, 0));
    assert_true(llm_learn_key(&v, &a, 0) != llm_learn_key(&v, &a, 1));
    assert_true(llm_learn_key(&a, &a, 0) != llm_learn_key(&w, &a, 0));
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
    assert_string_equal(llm_learn_class_name(LLM_LEARN_TEXT), "text");
    assert_string_equal(llm_learn_class_name(LLM_LEARN_N), "");
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
        cmocka_unit_test(test_first),
        cmocka_unit_test(test_few_kinds),
        cmocka_unit_test(test_outputs),
        cmocka_unit_test(test_forgets),
        cmocka_unit_test(test_place),
        cmocka_unit_test(test_classes)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
