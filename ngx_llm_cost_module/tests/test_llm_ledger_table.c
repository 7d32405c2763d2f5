
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * The table of counters: which one is found, what a slot takes from its budget,
 * and how one leaves its chain.
 */

#include <stdio.h>

#include "ledger_check.h"


/* a hash may be the same for two: each member of what they are must be */

static void
no_other_counter_is_found(void **state)
{
    uint32_t       hash;
    unsigned       i;
    llm_slot_t    *c;
    llm_ledger_t  *l;
    llm_budget_t   b, other;

    (void) state;

    l = ledger_new(64, 8);
    b = budget("user", "ann", LLM_UNIT_USD, 100);
    spend(l, &b, 1, 10, 5, NULL);

    hash = llm_slot_hash(l, &b);
    c = llm_slot_find(l, &b, hash);
    assert_non_null(c);

    for (i = 0; i < 8; i++) {
        other = b;

        switch (i) {
        case 0: other.start++; break;
        case 1: other.unit = LLM_UNIT_TOKENS; break;
        case 2: other.period = LLM_PERIOD_WEEK; break;
        case 3: other.key.len = 2; break;
        case 4: other.key.len = 0; break;
        case 5: other.name.len = 3; break;
        case 6: other.key.data = (unsigned char *) "bob"; break;
        case 7: other.name.data = (unsigned char *) "team"; break;
        }

        assert_null(llm_slot_find(l, &other, hash));

        /* nor do they share a chain */

        assert_int_not_equal(llm_slot_hash(l, &other), hash);
    }

    /* where name and key meet is a part of what it is */

    other = b;
    other.name = (llm_str_t) { 5, (unsigned char *) "usera" };
    other.key = (llm_str_t) { 2, (unsigned char *) "nn" };
    assert_null(llm_slot_find(l, &other, hash));
    assert_int_not_equal(llm_slot_hash(l, &other), hash);

    assert_ptr_equal(llm_slot_find(l, &b, hash), c);
    assert_null(llm_slot_find(l, &b, hash + 1));

    ledger_free(l, 64, 8);
}


static void
windows_have_bounds(void **state)
{
    llm_budget_t  b;

    (void) state;

    b = budget("user", "ann", LLM_UNIT_USD, 100);
    assert_int_equal(llm_budget_check(&b), LLM_OK);

    b.start = b.end;
    assert_int_equal(llm_budget_check(&b), LLM_BAD);
    b.start = -1;
    assert_int_equal(llm_budget_check(&b), LLM_BAD);

    b.end = INT64_MAX;
    b.start = LLM_SLOT_ENDLESS;
    assert_int_equal(llm_budget_check(&b), LLM_BAD);
    b.start--;
    assert_int_equal(llm_budget_check(&b), LLM_OK);
}


/* the last slot stands before another one in a chain, and that one leaves */

static void
leaves_a_chain_behind_the_last_slot(void **state)
{
    char           key[16];
    unsigned       i;
    llm_ledger_t  *l;
    llm_budget_t   b;

    (void) state;

    l = ledger_new(60, 10);

    for (i = 0; l->counters_top < l->counters_max - 1; i++) {
        sprintf(key, "user%u", i);
        b = budget("user", key, LLM_UNIT_USD, 100);
        assert_int_equal(llm_ledger_patch(l, &b, 1), LLM_OK);
    }

    do {
        sprintf(key, "user%u", i++);
        b = budget("user", key, LLM_UNIT_USD, 100);
    } while (*llm_ledger_bucket(l, llm_slot_hash(l, &b)) == 0);

    assert_int_equal(llm_ledger_patch(l, &b, 1), LLM_OK);
    assert_int_equal(*llm_ledger_bucket(l, llm_slot_hash(l, &b)),
                     l->counters_max);
    assert_int_not_equal(llm_ledger_slot(l, l->counters_max)->next, 0);

    assert_int_equal(llm_ledger_lock(l), LLM_OK);
    llm_slot_reap(l, b.end - 1, l->counters_max);
    assert_int_equal(l->counters_used, l->counters_max);
    llm_slot_reap(l, b.end, l->counters_max - 1);
    assert_int_equal(l->counters_used, 1);
    assert_non_null(llm_slot_find(l, &b, llm_slot_hash(l, &b)));
    llm_slot_reap(l, b.end, l->counters_max);
    assert_int_equal(l->counters_used, 0);
    llm_ledger_unlock(l);

    assert_ledger(l);
    ledger_free(l, 60, 10);
}


/*
 * A request that ends its windows' lives as it comes: what makes room for its
 * second counter is not its first one.
 */

static void
no_counter_of_the_request_makes_room(void **state)
{
    char             key[16];
    unsigned         i;
    llm_ledger_t    *l;
    llm_budget_t     b[2], live;
    llm_admission_t  a;

    (void) state;

    l = ledger_new(60, 10);
    b[0] = budget("day", "", LLM_UNIT_USD, 100);
    b[1] = budget("user", "new", LLM_UNIT_USD, 100);
    b[1].end += DAY;
    assert_int_equal(llm_ledger_patch(l, &b[0], 100), LLM_OK);

    for (i = 0; l->counters_top < l->counters_max; i++) {
        sprintf(key, "user%u", i);
        live = budget("user", key, LLM_UNIT_USD, 100);
        live.end += 10 * DAY;
        assert_int_equal(llm_ledger_patch(l, &live, 1), LLM_OK);
    }

    a = admission(b, 2, 10);
    a.now = b[0].end;
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FULL);
    assert_int_equal(a.refused, 1);
    assert_non_null(llm_slot_find(l, &b[0], llm_slot_hash(l, &b[0])));

    /* another one of that window does */

    a = admission(&b[1], 1, 10);
    a.now = b[0].end;
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_null(llm_slot_find(l, &b[0], llm_slot_hash(l, &b[0])));

    assert_ledger(l);
    ledger_free(l, 60, 10);
}


/* a mode that is configured anew holds for what is shown, and for overruns */

static void
observes_as_long_as_it_is_said(void **state)
{
    llm_ledger_t        *l;
    llm_budget_t         b;
    llm_ledger_stat_t    st;
    llm_counter_view_t   v;

    (void) state;

    l = ledger_new(64, 8);
    b = budget("user", "ann", LLM_UNIT_USD, 100);
    b.observe = 1;

    spend(l, &b, 1, 10, 150, NULL);
    assert_int_equal(llm_ledger_find(l, &b, &v), LLM_OK);
    assert_int_equal(v.observe, 1);
    llm_ledger_stat(l, &st);
    assert_int_equal(st.overrun, 0);

    b.observe = 0;
    b.limit = 200;
    spend(l, &b, 1, 10, 60, NULL);
    assert_int_equal(llm_ledger_find(l, &b, &v), LLM_OK);
    assert_int_equal(v.observe, 0);
    llm_ledger_stat(l, &st);
    assert_int_equal(st.overrun, 10);

    b.observe = 1;
    spend(l, &b, 1, 10, 60, NULL);
    assert_int_equal(llm_ledger_find(l, &b, &v), LLM_OK);
    assert_int_equal(v.observe, 1);
    llm_ledger_stat(l, &st);
    assert_int_equal(st.overrun, 10);

    ledger_free(l, 64, 8);
}


/* whatever the slot was before: of one threshold, none has been raised yet */

static void
a_new_counter_has_raised_nothing(void **state)
{
    llm_slot_t     *c;
    llm_ledger_t   *l;
    llm_budget_t    b;
    llm_balance_t   bal;

    (void) state;

    l = ledger_new(64, 8);
    b = budget("user", "ann", LLM_UNIT_USD, 100);
    b.nalerts = 1;

    assert_int_equal(llm_ledger_lock(l), LLM_OK);
    c = llm_slot_make(l, &b, llm_slot_hash(l, &b), T0);
    llm_ledger_unlock(l);

    assert_non_null(c);
    assert_int_equal(c->meta.fired, 0);
    assert_int_equal(c->meta.alerts[0], 80);
    assert_int_equal(c->meta.alerts[1], 0);
    assert_int_equal(c->meta.alerts[LLM_ALERTS_MAX - 1], 0);

    spend(l, &b, 1, 90, 90, &bal);
    assert_int_equal(bal.crossed, 1);

    ledger_free(l, 64, 8);
}


/* a list that is shorter than the request's budgets is filled, and no more */

static void
balances_are_as_many_as_asked_for(void **state)
{
    int64_t          spent[LLM_UNIT_N] = { 5, 1, 1 };
    llm_ledger_t    *l;
    llm_budget_t     b[2];
    llm_balance_t    bal[2];
    llm_admission_t  a;

    (void) state;

    l = ledger_new(64, 8);
    b[0] = budget("user", "ann", LLM_UNIT_USD, 100);
    b[1] = budget("day", "", LLM_UNIT_USD, 100);

    a = admission(b, 2, 10);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    bal[1].spent = -7;
    assert_int_equal(llm_ledger_settle(l, &a.id, spent, bal, 1), LLM_OK);
    assert_int_equal(bal[0].spent, 5);
    assert_int_equal(bal[1].spent, -7);

    ledger_free(l, 64, 8);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(no_other_counter_is_found),
        cmocka_unit_test(windows_have_bounds),
        cmocka_unit_test(leaves_a_chain_behind_the_last_slot),
        cmocka_unit_test(no_counter_of_the_request_makes_room),
        cmocka_unit_test(observes_as_long_as_it_is_said),
        cmocka_unit_test(a_new_counter_has_raised_nothing),
        cmocka_unit_test(balances_are_as_many_as_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
