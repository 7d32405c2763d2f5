
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * The record of operations: what is pending stays, what is done makes room,
 * and positions name the same entries whatever has happened in between.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "llm_oplog.h"


#define SIZE     8192


static union {
    uint64_t       align;
    unsigned char  mem[SIZE];
} region;


static llm_oplog_t *
fresh(void)
{
    llm_oplog_t  *log;

    memset(region.mem, 0xa5, SIZE);
    log = llm_oplog_create(region.mem, SIZE);

    assert_non_null(log);

    return log;
}


static int
add(llm_oplog_t *log, unsigned n, size_t len, int state)
{
    uint64_t       id[2];
    unsigned char  data[2048], store[LLM_OPLOG_STORE];

    memset(data, (int) (n & 0xff), len);
    memset(store, (int) (n & 0xff), LLM_OPLOG_STORE);

    id[0] = n;
    id[1] = ~(uint64_t) n;

    return llm_oplog_add(log, id, store, data, len, state, 1000 + n, n);
}


static unsigned
count(llm_oplog_t *log, unsigned state)
{
    unsigned            n;
    uint64_t            pos;
    llm_oplog_entry_t  *e;

    n = 0;
    pos = 0;

    while ((e = llm_oplog_next(log, &pos)) != NULL) {
        n += (e->state == state);
        pos += e->size;
    }

    return n;
}


static void
test_reads_back(void **state)
{
    unsigned            i;
    uint64_t            pos;
    llm_oplog_t        *log;
    llm_oplog_entry_t  *e;

    (void) state;

    log = fresh();

    for (i = 1; i <= 5; i++) {
        assert_int_equal(add(log, i, 10 * i, LLM_OPLOG_DONE), LLM_OK);
    }

    pos = 0;

    for (i = 1; i <= 5; i++) {
        e = llm_oplog_next(log, &pos);

        assert_non_null(e);
        assert_int_equal(e->len, 10 * i);
        assert_int_equal(e->stamp, i);
        assert_int_equal(e->id[0], i);
        assert_int_equal(e->id[1], ~(uint64_t) i);
        assert_int_equal(e->store[LLM_OPLOG_STORE - 1], i);
        assert_int_equal(llm_oplog_data(e)[0], i);
        assert_int_equal(llm_oplog_data(e)[10 * i - 1], i);
        assert_ptr_equal(llm_oplog_at(log, pos), e);

        pos += e->size;
    }

    assert_null(llm_oplog_next(log, &pos));
    assert_null(llm_oplog_at(log, pos));
}


static void
test_done_makes_room(void **state)
{
    unsigned            i;
    uint64_t            pos, last;
    llm_oplog_t        *log;
    llm_oplog_entry_t  *e;

    (void) state;

    log = fresh();

    for (i = 1; i <= 1000; i++) {
        assert_int_equal(add(log, i, 100 + i % 700, LLM_OPLOG_DONE), LLM_OK);
    }

    last = 0;
    pos = 0;

    while ((e = llm_oplog_next(log, &pos)) != NULL) {
        assert_true(last == 0 || e->stamp == last + 1);
        assert_int_equal(llm_oplog_data(e)[e->len - 1], e->stamp & 0xff);

        if (last == 0) {
            assert_int_equal(log->dropped, e->stamp - 1);
            assert_int_equal(log->dropped_time, 1000 + e->stamp - 1);
        }

        last = e->stamp;
        pos += e->size;
    }

    assert_int_equal(last, 1000);
    assert_true(count(log, LLM_OPLOG_DONE) > 8);
}


static void
test_pending_stays(void **state)
{
    unsigned            i;
    uint64_t            pos;
    llm_oplog_t        *log;
    llm_oplog_entry_t  *e;

    (void) state;

    log = fresh();

    for (i = 1; i <= 20; i++) {
        assert_int_equal(add(log, i, 500, LLM_OPLOG_DONE), LLM_OK);
    }

    assert_null(llm_oplog_first(log, &pos));
    assert_int_equal(llm_oplog_room(log), log->size);

    assert_int_equal(add(log, 77, 500, LLM_OPLOG_PENDING), LLM_OK);
    assert_non_null(llm_oplog_first(log, &pos));

    for (i = 0; add(log, 78 + i, 500, LLM_OPLOG_DONE) == LLM_OK; i++) {
        assert_true(i < 100);
    }

    /* full behind it, and said so before */

    assert_true(i >= 10);
    assert_true(llm_oplog_room(log) < 700);

    e = llm_oplog_at(log, pos);
    assert_int_equal(e->stamp, 77);
    assert_int_equal(e->state, LLM_OPLOG_PENDING);

    llm_oplog_done(log, e, 5000, 500);
    llm_oplog_done(log, e, 6000, 600);
    assert_int_equal(e->stamp, 500);
    assert_int_equal(log->npending, 0);
    assert_null(llm_oplog_first(log, &pos));

    assert_int_equal(add(log, 200, 500, LLM_OPLOG_DONE), LLM_OK);
}


static void
test_too_long(void **state)
{
    llm_oplog_t  *log;

    static const uint64_t  id[2];

    (void) state;

    log = fresh();

    assert_int_equal(add(log, 1, 2040, LLM_OPLOG_DONE), LLM_LIMIT);
    assert_int_equal(llm_oplog_add(log, id, NULL, NULL, SIZE_MAX - 3,
                                   LLM_OPLOG_DONE, 0, 0), LLM_LIMIT);
    assert_int_equal(count(log, LLM_OPLOG_DONE), 0);
}


static void
test_attach(void **state)
{
    llm_oplog_t  *log;
    const char   *err;

    (void) state;

    log = fresh();

    assert_int_equal(add(log, 3, 100, LLM_OPLOG_PENDING), LLM_OK);
    assert_ptr_equal(llm_oplog_attach(region.mem, SIZE, &err), log);
    assert_int_equal(count(log, LLM_OPLOG_PENDING), 1);

    log->version++;
    assert_null(llm_oplog_attach(region.mem, SIZE, &err));
    log->version--;

    log->tail = log->head + 1;
    assert_null(llm_oplog_attach(region.mem, SIZE, &err));

    assert_null(llm_oplog_create(region.mem, 64));
}


/* beside a plain list: what is pending there is pending here, in order */

static void
test_random(void **state)
{
    size_t              len;
    unsigned            i, k, n, round;
    uint64_t            pos;
    llm_oplog_t        *log;
    uint64_t            pending[4096];
    llm_oplog_entry_t  *e;

    (void) state;

    srand(7);

    for (round = 0; round < 20; round++) {
        log = fresh();
        n = 0;

        for (i = 1; i < 4000; i++) {
            len = 1 + rand() % 1500;

            if (rand() % 3) {
                k = rand() % 4 ? LLM_OPLOG_DONE : LLM_OPLOG_PENDING;

                if (add(log, i, len, (int) k) == LLM_OK
                    && k == LLM_OPLOG_PENDING)
                {
                    pending[n++] = i;
                }

            } else if (n) {
                k = rand() % n;
                pos = 0;

                while ((e = llm_oplog_next(log, &pos)) != NULL) {
                    if (e->stamp == pending[k]
                        && e->state == LLM_OPLOG_PENDING)
                    {
                        break;
                    }

                    pos += e->size;
                }

                assert_non_null(e);
                llm_oplog_done(log, e, 9, 1);
                memmove(&pending[k], &pending[k + 1],
                        (n - k - 1) * sizeof(pending[0]));
                n--;
            }

            e = llm_oplog_first(log, &pos);
            assert_int_equal(log->npending, n);
            assert_true((e == NULL) == (n == 0));

            if (e) {
                assert_int_equal(e->stamp, pending[0]);
            }
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_reads_back),
        cmocka_unit_test(test_done_makes_room),
        cmocka_unit_test(test_pending_stays),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_attach),
        cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
