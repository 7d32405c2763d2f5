
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_tape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>


/* what leaks or is used too late is found by the sanitizer */

static llm_tape_t  t;


static int
setup(void **state)
{
    (void) state;

    return llm_tape_init(&t);
}


static int
teardown(void **state)
{
    (void) state;

    llm_tape_end(&t);

    return 0;
}


static void
add(const char *s, unsigned hidden)
{
    assert_int_equal(llm_tape_add(&t, s, strlen(s), hidden), LLM_OK);
}


static void
expect(llm_tape_reader_t *r, unsigned hidden, const char *s)
{
    size_t     len;
    llm_str_t  piece;

    len = 0;

    while (llm_tape_next(r, hidden, &piece)) {
        assert_true(piece.len && len + piece.len <= strlen(s));
        assert_memory_equal(piece.data, s + len, piece.len);
        len += piece.len;
    }

    assert_int_equal(len, strlen(s));
}


static void
test_each_reads_all(void **state)
{
    char               all[16];
    llm_tape_reader_t  early, late;

    (void) state;

    llm_tape_open(&t, &early);
    expect(&early, 0, "");

    add("one", 0);
    expect(&early, 0, "one");
    add("two", 0);

    llm_tape_open(&t, &late);
    expect(&late, 0, "onetwo");
    expect(&early, 0, "two");
    expect(&early, 0, "");

    assert_int_equal(llm_tape_copy(&t, 0, (unsigned char *) all), 6);
    assert_memory_equal(all, "onetwo", 6);
    assert_int_equal(t.len, 6);

    llm_tape_close(&early);
    llm_tape_close(&late);
}


static void
test_hidden(void **state)
{
    char               all[16];
    llm_tape_reader_t  some, every;

    (void) state;

    llm_tape_open(&t, &some);
    llm_tape_open(&t, &every);

    add("a", 0);
    add("BC", 1);
    add("D", 1);
    add("e", 0);

    expect(&some, 0, "ae");
    expect(&every, 1, "aBCDe");
    assert_int_equal(some.at, 5);

    assert_int_equal(llm_tape_copy(&t, 1, (unsigned char *) all), 5);
    assert_memory_equal(all, "aBCDe", 5);
    assert_int_equal(llm_tape_copy(&t, 0, (unsigned char *) all), 2);
    assert_memory_equal(all, "ae", 2);

    llm_tape_close(&some);
    llm_tape_close(&every);
}


/* readers outlive the writer, and one another */

static void
test_ends(void **state)
{
    llm_tape_reader_t  one, two;

    (void) state;

    llm_tape_open(&t, &one);
    llm_tape_open(&t, &two);
    add("all", 0);
    llm_tape_end(&t);
    llm_tape_end(&t);

    llm_tape_close(&two);
    expect(&one, 0, "all");
    llm_tape_done(&one);
    llm_tape_close(&one);
}


static char *
block(char c)
{
    static char  text[10001];

    memset(text, c, sizeof(text) - 1);

    return text;
}


/* random sizes, readers that come, lag and go: each gets every byte */

static void
test_random(void **state)
{
    char               *text, *p;
    size_t              len, n, i, k;
    llm_str_t           piece;
    llm_tape_reader_t   r[8];

    (void) state;

    text = malloc(400000);
    assert_non_null(text);

    for (i = 0; i < 400000; i++) {
        text[i] = (char) ('a' + i * i % 23);
    }

    for (k = 0; k < 8; k++) {
        llm_tape_open(&t, &r[k]);
    }

    srand(7);

    for (len = 0; len < 390000; len += n) {
        n = rand() % (rand() % 8 ? 300 : 9000);
        assert_int_equal(llm_tape_add(&t, text + len, n, 0), LLM_OK);

        k = rand() % 8;
        p = text + r[k].at;

        if (rand() % 3 && llm_tape_next(&r[k], 0, &piece)) {
            assert_memory_equal(piece.data, p, piece.len);
            assert_int_equal(r[k].at, p - text + piece.len);
        }

        if (rand() % 3 == 0) {
            llm_tape_done(&r[k]);
        }

        if (rand() % 50 == 0) {
            llm_tape_close(&r[k]);
            llm_tape_open(&t, &r[k]);
        }
    }

    for (k = 0; k < 8; k++) {
        p = text + r[k].at;

        while (llm_tape_next(&r[k], 0, &piece)) {
            assert_memory_equal(piece.data, p, piece.len);
            p += piece.len;
        }

        assert_int_equal(p - text, len);
        llm_tape_close(&r[k]);
    }

    free(text);
}


/* without a beginning it is as long as its slowest reader is behind */

static void
test_window(void **state)
{
    size_t             used, i;
    llm_str_t          piece;
    llm_tape_reader_t  r;

    (void) state;

    llm_tape_open(&t, &r);
    add(block('x'), 0);
    llm_tape_forget(&t);

    used = 0;

    for (i = 0; i < 1000; i++) {
        add(block('y'), 0);

        while (llm_tape_next(&r, 0, &piece)) { /* void */ }

        assert_int_equal(r.at, t.len);
        assert_int_equal(r.done, t.len - (i == 0 ? 20000 : 10000));
        llm_tape_done(&r);

        /* the one it is in is the last one */

        assert_ptr_equal(r.held, t.tail);
        used += 10000;
    }

    assert_int_equal(t.len, used + 10000);
    llm_tape_close(&r);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(test_each_reads_all, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hidden, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_random, setup, teardown),
        cmocka_unit_test_setup_teardown(test_window, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
