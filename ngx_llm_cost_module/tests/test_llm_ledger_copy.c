
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * A ledger that goes into a region of another size: reservations keep their
 * numbers and what they are charged to, and nothing is left behind.
 */

#include <stdio.h>

#include "ledger_check.h"


/* full, with one counter that is over: what is new then is left out */

static llm_ledger_t *
full_ledger(llm_budget_t *day)
{
    char           key[16];
    unsigned       i;
    llm_ledger_t  *l;
    llm_budget_t   b;

    l = ledger_new(12, 4);

    b = budget("old", "", LLM_UNIT_USD, 100);
    b.start -= 9 * DAY;
    b.end -= 9 * DAY;
    assert_int_equal(llm_ledger_patch(l, &b, 1), LLM_OK);
    assert_int_equal(llm_ledger_patch(l, day, 1000), LLM_OK);

    for (i = 0; l->counters_top < l->counters_max; i++) {
        sprintf(key, "user%u", i);
        b = budget("user", key, LLM_UNIT_TOKENS, 100 + i);
        assert_int_equal(llm_ledger_shadow(l, &b, i, 0, 1), LLM_OK);
    }

    return l;
}


static void
reserve(llm_ledger_t *l, llm_budget_t *b, unsigned n, llm_hold_id_t *id)
{
    llm_admission_t  a;

    a = admission(b, n, 10);
    a.now -= 9 * DAY - 1;
    a.owner = 17;
    memcpy(a.request_id, "0123456789abcdef", LLM_REQUEST_ID);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    *id = a.id;
}


static void
assert_counters_equal(llm_ledger_t *to, llm_ledger_t *from)
{
    uint32_t            cursor;
    unsigned            n;
    llm_budget_t        b;
    llm_counter_view_t  v, w;

    n = 0;

    for (cursor = 0; llm_ledger_next(from, &cursor, &v) == LLM_OK; n++) {
        memset(&b, 0, sizeof(b));
        b.name = (llm_str_t) { v.name_len, v.name };
        b.key = (llm_str_t) { v.key_len, v.key };
        b.unit = v.unit;
        b.period = v.period;
        b.start = v.start;
        b.end = v.end;
        assert_int_equal(llm_ledger_find(to, &b, &w), LLM_OK);
        assert_memory_equal(&w, &v, sizeof(v));
    }

    assert_int_equal(to->counters_used, n);
}


static void
reservations_keep_their_counters(void **state)
{
    int64_t             spent[LLM_UNIT_N] = { 7, 3, 1 };
    uint32_t            cursor;
    unsigned            i;
    llm_ledger_t       *from, *to;
    llm_budget_t        b[2];
    llm_hold_id_t       id[3];
    llm_balance_t       bal[2];
    llm_hold_view_t     v, w;
    llm_counter_view_t  now;

    (void) state;

    b[0] = budget("day", "", LLM_UNIT_USD, 1000);
    b[1] = budget("seen", "", LLM_UNIT_USD, 1000);
    b[1].observe = 1;

    from = full_ledger(&b[0]);

    /* the second has no place, and its reservation none of its charges */

    for (i = 0; i < 3; i++) {
        reserve(from, b, 2, &id[i]);
        assert_int_equal(llm_ledger_hold(from, i + 1)->counters[1], 0);
    }

    /* the counter that is over goes: those behind it will move */

    assert_int_equal(llm_ledger_cancel(from, &id[0]), LLM_OK);
    assert_int_equal(llm_ledger_sweep(from, T0, 1, 9), 0);
    assert_int_equal(from->counters_used, from->counters_max - 1);
    assert_ledger(from);

    to = ledger_new(60, 10);
    to->node = 99;
    assert_int_equal(llm_ledger_copy(to, from), LLM_OK);
    assert_int_equal(to->node, from->node);
    assert_null(llm_ledger_check(to, 1));
    assert_counters_equal(to, from);

    for (i = 1, cursor = 0; i < 3; i++) {
        assert_int_equal(llm_ledger_next_hold(to, &cursor, &w), LLM_OK);
        cursor--;
        assert_int_equal(llm_ledger_next_hold(from, &cursor, &v), LLM_OK);
        assert_memory_equal(&w, &v, sizeof(v));
        assert_int_equal(v.id.seq, id[i].seq);
    }

    for (i = 1; i < 3; i++) {
        assert_int_equal(llm_ledger_hold(to, i + 1)->counters[1], 0);
        assert_int_equal(llm_ledger_settle(to, &id[i], spent, bal, 2), LLM_OK);
        assert_int_equal(bal[0].spent, 7 * i);
        assert_int_equal(bal[1].spent, 0);
    }

    assert_ledger(to);
    assert_int_equal(llm_ledger_find(to, &b[0], &now), LLM_OK);
    assert_int_equal(now.spent, 14);
    assert_int_equal(now.reserved, 0);
    assert_int_equal(llm_ledger_find(to, &b[1], &now), LLM_DECLINED);

    /* a new one has a number that none had, in the place that is free */

    reserve(to, b, 1, &id[0]);
    assert_int_equal(id[0].seq & LLM_HOLD_MASK, 3);
    assert_true(id[0].seq > id[2].seq);
    assert_ledger(to);

    ledger_free(from, 12, 4);
    ledger_free(to, 60, 10);
}


/* places of reservations that are over, behind the last open one, are not */

static void
needs_what_is_in_use(void **state)
{
    unsigned        i;
    llm_ledger_t   *from, *to;
    llm_budget_t    b;
    llm_hold_id_t   id[8];

    (void) state;

    b = budget("day", "", LLM_UNIT_USD, 1000);
    from = ledger_new(6, 8);

    for (i = 0; i < 8; i++) {
        reserve(from, &b, 1, &id[i]);
    }

    assert_int_equal(llm_ledger_needs(from), llm_ledger_size(1, 8));

    for (i = 0; i < 8; i++) {
        if (i != 3) {
            assert_int_equal(llm_ledger_cancel(from, &id[i]), LLM_OK);
        }
    }

    assert_int_equal(llm_ledger_needs(from), llm_ledger_size(1, 4));

    to = ledger_new(1, 3);
    assert_int_equal(to->holds_max, 3);
    assert_int_equal(llm_ledger_copy(to, from), LLM_LIMIT);
    ledger_free(to, 1, 3);

    to = ledger_new(1, 4);
    assert_int_equal(llm_ledger_copy(to, from), LLM_OK);
    assert_ledger(to);
    assert_int_equal(llm_ledger_cancel(to, &id[3]), LLM_OK);
    assert_int_equal(llm_ledger_needs(to), llm_ledger_size(1, 0));
    ledger_free(to, 1, 4);
    ledger_free(from, 6, 8);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(reservations_keep_their_counters),
        cmocka_unit_test(needs_what_is_in_use),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
