
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * The life of counters and reservations: windows, patches, what is left
 * behind, bad input.
 */

#include <stdio.h>

#include "ledger_fixture.h"
#include "llm_ledger_region.h"


/* the window is in the identity: another window, another counter */

static void
windows_are_apart(void **state)
{
    int64_t             spent[LLM_UNIT_N] = { 5, 0, 1 };
    llm_ledger_t       *l;
    llm_budget_t        b;
    llm_balance_t       bal;
    llm_admission_t     a, next;
    llm_counter_view_t  v;

    (void) state;

    l = ledger_new(64, 8);
    b = budget("user", "ann", LLM_UNIT_USD, 100);
    a = admission(&b, 1, 100);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);

    b.start += DAY;
    b.end += DAY;
    next = admission(&b, 1, 100);
    next.now += DAY;
    assert_int_equal(llm_ledger_reserve(l, &next), LLM_LEDGER_FITS);

    /* settled where it was reserved */

    assert_int_equal(llm_ledger_settle(l, &a.id, spent, &bal, 1), LLM_OK);
    assert_int_equal(bal.spent, 5);
    assert_int_equal(bal.reserved, 0);
    assert_int_equal(llm_ledger_settle(l, &next.id, spent, &bal, 1), LLM_OK);
    assert_int_equal(bal.spent, 5);

    /* unit and period are, too */

    b.unit = LLM_UNIT_TOKENS;
    a = admission(&b, 1, 1);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(a.balances[0].spent, 0);
    b.period = LLM_PERIOD_HOUR;
    a = admission(&b, 1, 1);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(a.balances[0].reserved, 100);

    /* names and keys that differ only in where they are cut */

    b = budget("userann", "", LLM_UNIT_USD, 100);
    a = admission(&b, 1, 1);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(a.balances[0].reserved, 1);
    assert_true(view_find(l, "userann", "", &v));

    ledger_free(l, 64, 8);
}


static void
limits_are_patched(void **state)
{
    llm_ledger_t       *l;
    llm_budget_t        b;
    llm_admission_t     a;
    llm_counter_view_t  v;

    (void) state;

    l = ledger_new(64, 8);
    b = budget("user", "ann", LLM_UNIT_USD, 100);

    /* before anything was spent */

    assert_int_equal(llm_ledger_patch(l, &b, 300), LLM_OK);
    a = admission(&b, 1, 250);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(a.balances[0].limit, 300);
    assert_true(view_find(l, "user", "ann", &v));
    assert_int_equal(v.limit, 300);
    assert_true(v.patched);

    assert_int_equal(llm_ledger_patch(l, &b, 200), LLM_OK);
    a = admission(&b, 1, 1);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_SHORT);
    assert_int_equal(llm_ledger_patch(l, &b, -1), LLM_BAD);

    /* in its window only; elsewhere the limit is what is configured now */

    b.start += DAY;
    b.end += DAY;
    a = admission(&b, 1, 100);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    b.limit = 50;
    a = admission(&b, 1, 1);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_SHORT);
    assert_int_equal(a.balances[0].limit, 50);

    ledger_free(l, 64, 8);
}


/* another limit in the same window holds for whoever looks, and once is all
   that a threshold is raised, with spend only */

static void
limits_are_configured(void **state)
{
    llm_ledger_t       *l;
    llm_budget_t        b;
    llm_balance_t       bal;
    llm_counter_view_t  v;

    (void) state;

    l = ledger_new(64, 8);
    b = budget("user", "ann", LLM_UNIT_USD, 1000);

    spend(l, &b, 1, 10, 0, &bal);
    assert_int_equal(bal.crossed, 0);

    spend(l, &b, 1, 40, 40, &bal);
    assert_int_equal(bal.crossed, 0);
    assert_true(view_find(l, "user", "ann", &v));
    assert_int_equal(v.limit, 1000);

    b.limit = 100;
    spend(l, &b, 1, 50, 45, &bal);
    assert_int_equal(bal.limit, 100);
    assert_int_equal(bal.crossed, 1);
    assert_true(view_find(l, "user", "ann", &v));
    assert_int_equal(v.limit, 100);

    spend(l, &b, 1, 10, 0, &bal);
    assert_int_equal(bal.crossed, 0);

    b.limit = 500;
    spend(l, &b, 1, 10, 5, &bal);
    assert_true(view_find(l, "user", "ann", &v));
    assert_int_equal(v.limit, 500);

    ledger_free(l, 64, 8);
}


static int
owner_7_is_gone(uint32_t owner)
{
    return owner == 7;
}


static void
sweeps_what_is_left_behind(void **state)
{
    int64_t             noted[LLM_UNIT_N] = { 11, 12, 1 };
    llm_ledger_t       *l;
    llm_budget_t        b[2];
    llm_balance_t       bal[2];
    llm_admission_t     a, live;
    llm_hold_view_t     hv;
    llm_ledger_stat_t   st;
    llm_counter_view_t  v;
    llm_ledger_heir_t   heir = { owner_7_is_gone, NULL, NULL, NULL };
    uint32_t            cursor;

    (void) state;

    l = ledger_new(64, 8);
    b[0] = budget("user", "ann", LLM_UNIT_USD, 1000);
    b[1] = budget("calls", "ann", LLM_UNIT_REQUESTS, 100);

    live = admission(b, 2, 100);
    assert_int_equal(llm_ledger_reserve(l, &live), LLM_LEDGER_FITS);

    a = admission(b, 2, 60);
    a.owner = 7;
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(llm_ledger_note(l, &a.id, noted), LLM_OK);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);

    cursor = 1;
    assert_int_equal(llm_ledger_next_hold(l, &cursor, &hv), LLM_OK);
    assert_int_equal(hv.owner, 7);
    assert_int_equal(hv.has_note, 1);
    assert_int_equal(hv.noted[0], 11);
    assert_int_equal(hv.granted[0], 60);
    assert_int_equal(hv.n, 2);
    assert_memory_equal(hv.counters[1].name, "calls", 6);
    assert_int_equal(llm_ledger_next_hold(l, &cursor, &hv), LLM_OK);
    assert_int_equal(hv.has_note, 0);
    assert_int_equal(hv.id.seq, a.id.seq);
    assert_int_equal(llm_ledger_next_hold(l, &cursor, &hv), LLM_DECLINED);

    /*
     * One with a note, one without: nothing was sent of that one.  A third was
     * being cancelled when its owner died.
     */

    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(llm_ledger_note(l, &a.id, noted), LLM_OK);
    assert_int_equal(llm_ledger_note_end(l, &a.id, NULL), LLM_OK);

    assert_int_equal(llm_ledger_inherit(l, &heir, 1), 1);
    assert_int_equal(llm_ledger_inherit(l, &heir, 9), 2);
    assert_int_equal(llm_ledger_inherit(l, &heir, 9), 0);
    assert_true(view_find(l, "user", "ann", &v));
    assert_int_equal(v.spent, 11);
    assert_int_equal(v.reserved, 100);
    assert_true(view_find(l, "calls", "ann", &v));
    assert_int_equal(v.spent, 1);
    assert_int_equal(llm_ledger_settle(l, &a.id, noted, NULL, 0),
                     LLM_DECLINED);

    /* renewed, it stays; expired, it is charged; settled late, corrected */

    assert_int_equal(llm_ledger_renew(l, &live.id, T0 + 900), LLM_OK);
    assert_int_equal(llm_ledger_sweep(l, T0 + 899, 1, 9), 0);
    assert_int_equal(llm_ledger_sweep(l, T0 + 900, 1, 9), 1);
    assert_true(view_find(l, "user", "ann", &v));
    assert_int_equal(v.spent, 11 + 100);
    assert_int_equal(v.reserved, 0);
    assert_int_equal(llm_ledger_renew(l, &live.id, T0), LLM_DECLINED);

    assert_int_equal(llm_ledger_settle(l, &live.id, noted, bal, 2), LLM_OK);
    assert_int_equal(bal[0].spent, 11 + 11);
    assert_int_equal(bal[1].spent, 2);
    assert_int_equal(llm_ledger_settle(l, &live.id, noted, bal, 2),
                     LLM_DECLINED);

    llm_ledger_stat(l, &st);
    assert_int_equal(st.holds, 0);
    assert_int_equal(st.expired, 1);

    /* released instead of charged: the request counts, its cost does not */

    a = admission(b, 2, 60);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(llm_ledger_sweep(l, T0 + 900, 0, 9), 1);
    assert_true(view_find(l, "user", "ann", &v));
    assert_int_equal(v.spent, 22);
    assert_true(view_find(l, "calls", "ann", &v));
    assert_int_equal(v.spent, 3);
    assert_int_equal(llm_ledger_settle(l, &a.id, noted, bal, 2), LLM_OK);
    assert_int_equal(bal[0].spent, 33);
    assert_int_equal(bal[1].spent, 3);

    ledger_free(l, 64, 8);
}


static void
sums_stay_numbers(void **state)
{
    int64_t          big[LLM_UNIT_N] = { INT64_MAX, INT64_MAX, 1 };
    llm_ledger_t    *l;
    llm_budget_t     b[2];
    llm_balance_t    bal[2];
    llm_admission_t  a;

    (void) state;

    l = ledger_new(64, 8);
    b[0] = budget("all", "", LLM_UNIT_USD, LLM_NO_LIMIT);
    b[1] = budget("look", "", LLM_UNIT_TOKENS, 10);
    b[1].observe = 1;

    a = admission(b, 2, INT64_MAX - 5);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    a = admission(b, 2, 6);
    a.most[LLM_UNIT_USD] = INT64_MAX;
    a.least[LLM_UNIT_USD] = 5;
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(a.granted[LLM_UNIT_USD], 5);
    assert_int_equal(llm_ledger_settle(l, &a.id, big, bal, 2), LLM_OK);
    assert_int_equal(bal[0].spent, 5);
    assert_int_equal(bal[0].reserved, INT64_MAX - 5);
    assert_int_equal(bal[1].spent, INT64_MAX - 100);

    ledger_free(l, 64, 8);
}


static void
refuses_bad_input(void **state)
{
    char             text[80];
    const char      *err;
    llm_ledger_t    *l;
    llm_budget_t     b[LLM_BUDGETS_MAX + 1];
    llm_admission_t  a;
    unsigned         i;

    (void) state;

    memset(text, 'x', sizeof(text));
    text[79] = '\0';

    l = ledger_new(64, 8);

    for (i = 0; i <= LLM_BUDGETS_MAX; i++) {
        b[i] = budget("user", text + 79 - i, LLM_UNIT_USD, 100);
    }

    a = admission(b, LLM_BUDGETS_MAX, 1);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    a = admission(b, LLM_BUDGETS_MAX + 1, 1);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_BAD);

    a = admission(b, 2, -1);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_BAD);
    a = admission(b, 2, 5);
    a.most[0] = 4;
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_BAD);

    b[1] = b[0];
    a = admission(b, 2, 1);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_BAD);

    b[0] = budget("user", text, LLM_UNIT_USD, 100);
    a = admission(b, 1, 1);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_BAD);
    b[0] = budget(text, "", LLM_UNIT_USD, 100);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_BAD);
    b[0] = budget("", "ann", LLM_UNIT_USD, 100);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_BAD);
    b[0] = budget("user", "ann", LLM_UNIT_USD, -1);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_BAD);

    /* regions that are something else */

    assert_null(llm_ledger_create((char *) l + 1, 1 << 20, 1));
    assert_null(llm_ledger_create(l, 4096, 1));

    assert_ptr_equal(llm_ledger_attach(l, llm_ledger_size(64, 8), &err), l);
    assert_null(llm_ledger_attach(l, llm_ledger_size(64, 8) + 999, &err));
    assert_string_equal(err, "the ledger is of another size");
    ((uint32_t *) l)[2]++;
    assert_null(llm_ledger_attach(l, llm_ledger_size(64, 8), &err));
    assert_string_equal(err, "the ledger is of another version");
    *(char *) l = 'x';
    assert_null(llm_ledger_attach(l, llm_ledger_size(64, 8), &err));
    assert_string_equal(err, "the region holds no ledger");

    ledger_free(l, 64, 8);
}


/* another store says up to where numbers were given; it may say anything */

static void
gives_numbers_from(void **state)
{
    uint64_t          last;
    llm_budget_t      b;
    llm_ledger_t     *l;
    llm_admission_t   a;

    (void) state;

    l = ledger_new(64, 8);
    b = budget("user", "ann", LLM_UNIT_USD, 100);
    a = admission(&b, 1, 1);

    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    last = a.id.seq;

    llm_ledger_number_from(l, 1 << 20);
    llm_ledger_number_from(l, 8);
    llm_ledger_number_from(l, UINT64_MAX);
    llm_ledger_number_from(l, (uint64_t) 1 << 43);

    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(a.id.seq >> 20, 1 << 20);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(a.id.seq >> 20, (1 << 20) + 1);
    assert_true(a.id.seq > last);

    ledger_free(l, 64, 8);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(windows_are_apart),
        cmocka_unit_test(limits_are_patched),
        cmocka_unit_test(limits_are_configured),
        cmocka_unit_test(sweeps_what_is_left_behind),
        cmocka_unit_test(sums_stay_numbers),
        cmocka_unit_test(gives_numbers_from),
        cmocka_unit_test(refuses_bad_input),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
