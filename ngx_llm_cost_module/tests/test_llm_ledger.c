
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Admission and settlement, case by case.  Windows, what is left behind, full
 * tables and bad input are in test_llm_ledger_life.c, random sequences beside
 * a naive model in test_llm_ledger_model.c, killed processes in
 * test_llm_ledger_crash.c.
 */

#include "ledger_fixture.h"


static void
all_or_nothing(void **state)
{
    llm_ledger_t       *l;
    llm_budget_t        b[3];
    llm_admission_t     a;
    llm_ledger_stat_t   st;
    llm_counter_view_t  v;

    (void) state;

    l = ledger_new(64, 8);
    b[0] = budget("daily", "", LLM_UNIT_USD, 1000);
    b[1] = budget("user", "ann", LLM_UNIT_USD, 100);
    b[2] = budget("calls", "ann", LLM_UNIT_REQUESTS, 3);

    a = admission(b, 3, 60);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_true(a.id.seq != 0);
    assert_int_equal(a.balances[0].reserved, 60);
    assert_int_equal(a.balances[1].reserved, 60);
    assert_int_equal(a.balances[2].reserved, 1);
    assert_int_equal(a.granted[LLM_UNIT_USD], 60);

    a = admission(b, 3, 60);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_SHORT);
    assert_int_equal(a.refused, 1);
    assert_int_equal(a.id.seq, 0);
    assert_int_equal(a.granted[LLM_UNIT_USD], 0);
    assert_int_equal(a.balances[1].reserved, 60);
    assert_int_equal(a.balances[1].limit, 100);

    assert_true(view_find(l, "daily", "", &v));
    assert_int_equal(v.reserved, 60);
    assert_true(view_find(l, "calls", "ann", &v));
    assert_int_equal(v.reserved, 1);

    llm_ledger_stat(l, &st);
    assert_int_equal(st.counters, 3);
    assert_int_equal(st.holds, 1);
    assert_int_equal(st.reserves, 1);
    assert_int_equal(st.refusals, 1);

    ledger_free(l, 64, 8);
}


static void
grants_what_fits(void **state)
{
    llm_ledger_t    *l;
    llm_budget_t     b[3];
    llm_admission_t  a;

    (void) state;

    l = ledger_new(64, 8);
    b[0] = budget("daily", "", LLM_UNIT_USD, 1000);
    b[1] = budget("user", "ann", LLM_UNIT_USD, 100);
    b[2] = budget("look", "ann", LLM_UNIT_USD, 10);
    b[2].observe = 1;

    a = admission(b, 3, 30);
    a.most[LLM_UNIT_USD] = 500;
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(a.granted[LLM_UNIT_USD], 100);
    assert_int_equal(a.granted[LLM_UNIT_TOKENS], 100);
    assert_int_equal(a.balances[0].reserved, 100);
    assert_int_equal(a.balances[1].reserved, 100);
    assert_int_equal(a.balances[2].reserved, 100);
    assert_int_equal(llm_ledger_cancel(l, &a.id), LLM_OK);

    spend(l, b, 3, 80, 75, NULL);

    a = admission(b, 3, 25);
    a.most[LLM_UNIT_USD] = 26;
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(a.granted[LLM_UNIT_USD], 25);
    assert_int_equal(llm_ledger_cancel(l, &a.id), LLM_OK);

    a = admission(b, 3, 26);
    a.most[LLM_UNIT_USD] = 90;
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_SHORT);

    a = admission(b, 3, 101);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_NEVER);
    assert_int_equal(a.refused, 1);

    ledger_free(l, 64, 8);
}


/* a refusal names the budget before whose end a retry is in vain */

static void
names_the_last_to_end(void **state)
{
    llm_ledger_t    *l;
    llm_budget_t     b[3];
    llm_admission_t  a;

    (void) state;

    l = ledger_new(64, 8);
    b[0] = budget("day", "", LLM_UNIT_USD, 100);
    b[1] = budget("month", "", LLM_UNIT_USD, 100);
    b[1].period = LLM_PERIOD_MONTH;
    b[1].end += 20 * DAY;
    b[2] = budget("calls", "", LLM_UNIT_REQUESTS, 1);

    spend(l, b, 3, 100, 100, NULL);

    a = admission(b, 3, 1);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_SHORT);
    assert_int_equal(a.refused, 1);

    ledger_free(l, 64, 8);
}


static void
settles_exactly_once(void **state)
{
    int64_t             spent[LLM_UNIT_N] = { 70, 33, 0 };
    llm_ledger_t       *l;
    llm_budget_t        b[3];
    llm_hold_id_t       id;
    llm_balance_t       bal[3];
    llm_admission_t     a;
    llm_ledger_stat_t   st;
    llm_counter_view_t  v;

    (void) state;

    l = ledger_new(64, 8);
    b[0] = budget("daily", "", LLM_UNIT_USD, 1000);
    b[1] = budget("tokens", "ann", LLM_UNIT_TOKENS, 1000);
    b[2] = budget("calls", "ann", LLM_UNIT_REQUESTS, 3);

    a = admission(b, 3, 60);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(llm_ledger_settle(l, &a.id, spent, bal, 3), LLM_OK);
    assert_int_equal(bal[0].spent, 70);
    assert_int_equal(bal[0].reserved, 0);
    assert_int_equal(bal[0].limit, 1000);
    assert_int_equal(bal[1].spent, 33);
    assert_int_equal(bal[2].spent, 1);

    assert_int_equal(llm_ledger_settle(l, &a.id, spent, bal, 3),
                     LLM_DECLINED);
    assert_int_equal(llm_ledger_cancel(l, &a.id), LLM_DECLINED);
    assert_int_equal(llm_ledger_renew(l, &a.id, T0), LLM_DECLINED);
    assert_int_equal(llm_ledger_note(l, &a.id, spent), LLM_DECLINED);

    /* the slot is taken again, the old identity is still nobody's */

    id = a.id;
    a = admission(b, 3, 60);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_true(a.id.seq > id.seq);
    assert_int_equal(llm_ledger_settle(l, &id, spent, NULL, 0), LLM_DECLINED);

    id = a.id;
    id.node++;
    assert_int_equal(llm_ledger_settle(l, &id, spent, NULL, 0), LLM_DECLINED);

    assert_int_equal(llm_ledger_cancel(l, &a.id), LLM_OK);
    assert_int_equal(llm_ledger_cancel(l, &a.id), LLM_DECLINED);

    spent[0] = -1;
    assert_int_equal(llm_ledger_settle(l, &a.id, spent, NULL, 0), LLM_BAD);

    assert_true(view_find(l, "daily", "", &v));
    assert_int_equal(v.spent, 70);
    assert_int_equal(v.reserved, 0);
    assert_true(view_find(l, "calls", "ann", &v));
    assert_int_equal(v.spent, 1);
    assert_int_equal(v.reserved, 0);

    llm_ledger_stat(l, &st);
    assert_int_equal(st.holds, 0);
    assert_int_equal(st.settles, 1);
    assert_int_equal(st.cancels, 1);

    ledger_free(l, 64, 8);
}


/* in full, and what is above a limit is known; nothing more is admitted */

static void
records_an_overrun(void **state)
{
    llm_ledger_t      *l;
    llm_budget_t       b[3];
    llm_balance_t      bal[3];
    llm_admission_t    a;
    llm_ledger_stat_t  st;

    (void) state;

    l = ledger_new(64, 8);
    b[0] = budget("daily", "", LLM_UNIT_USD, 1000);
    b[1] = budget("user", "ann", LLM_UNIT_USD, 100);
    b[2] = budget("look", "ann", LLM_UNIT_USD, 1);
    b[2].observe = 1;

    spend(l, b, 3, 90, 130, bal);
    assert_int_equal(bal[1].spent, 130);
    llm_ledger_stat(l, &st);
    assert_int_equal(st.overrun, 30);

    a = admission(b, 3, 1);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_SHORT);

    /* what costs nothing fits even here: a free model, an exact hit */

    spend(l, b, 3, 0, 0, bal);
    assert_int_equal(bal[1].spent, 130);
    llm_ledger_stat(l, &st);
    assert_int_equal(st.overrun, 30);

    ledger_free(l, 64, 8);
}


static void
a_hit_costs_a_request(void **state)
{
    llm_ledger_t       *l;
    llm_budget_t        b[3];
    llm_admission_t     a;
    llm_ledger_stat_t   st;
    llm_counter_view_t  v;

    (void) state;

    l = ledger_new(64, 8);
    b[0] = budget("user", "ann", LLM_UNIT_USD, 100);
    b[1] = budget("tokens", "ann", LLM_UNIT_TOKENS, 100);
    b[2] = budget("calls", "ann", LLM_UNIT_REQUESTS, 2);

    /* on counters that are not there, and on exhausted ones */

    a = admission(b, 3, 0);
    a.hit = 1;
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(a.id.seq, 0);
    assert_int_equal(a.granted[LLM_UNIT_USD], 0);
    assert_int_equal(a.granted[LLM_UNIT_TOKENS], 0);
    assert_int_equal(a.balances[2].spent, 1);
    assert_int_equal(a.balances[2].crossed, 0);
    assert_int_equal(a.balances[0].limit, 100);
    assert_false(view_find(l, "user", "ann", &v));

    spend(l, b, 2, 100, 100, NULL);

    a = admission(b, 3, 500);
    a.hit = 1;
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(a.balances[0].spent, 100);
    assert_int_equal(a.balances[0].reserved, 0);
    assert_int_equal(a.balances[2].spent, 2);
    assert_int_equal(a.balances[2].crossed, 3);

    a = admission(b, 3, 500);
    a.hit = 1;
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_SHORT);
    assert_int_equal(a.refused, 2);
    assert_false(a.balances[2].refused_first);

    llm_ledger_stat(l, &st);
    assert_int_equal(st.holds, 0);

    ledger_free(l, 64, 8);
}


static void
raises_alerts_once(void **state)
{
    llm_ledger_t    *l;
    llm_budget_t     b[2];
    llm_balance_t    bal[2];
    llm_admission_t  a;

    (void) state;

    l = ledger_new(64, 8);
    b[0] = budget("daily", "", LLM_UNIT_USD, 1000);
    b[1] = budget("user", "ann", LLM_UNIT_USD, 100);

    spend(l, b, 2, 79, 79, bal);
    assert_int_equal(bal[1].crossed, 0);
    spend(l, b, 2, 1, 1, NULL);
    spend(l, b, 2, 1, 1, bal);
    assert_int_equal(bal[0].crossed, 0);
    assert_int_equal(bal[1].crossed, 1);
    spend(l, b, 2, 1, 1, bal);
    assert_int_equal(bal[1].crossed, 0);

    /* the first refusal, once, and then the spend itself no more */

    a = admission(b, 2, 19);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_SHORT);
    assert_true(a.balances[1].refused_first);
    assert_false(a.balances[0].refused_first);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_SHORT);
    assert_false(a.balances[1].refused_first);
    spend(l, b, 2, 18, 18, bal);
    assert_int_equal(bal[1].crossed, 0);

    /* what can never fit says nothing about the budget */

    b[1] = budget("user", "bob", LLM_UNIT_USD, 100);
    spend(l, b, 2, 1, 1, NULL);
    a = admission(b, 2, 101);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_NEVER);
    assert_false(a.balances[1].refused_first);

    /* both at once, then the refusal raises nothing */

    spend(l, b, 2, 99, 99, bal);
    assert_int_equal(bal[1].crossed, 3);
    a = admission(b, 2, 1);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_SHORT);
    assert_false(a.balances[1].refused_first);

    /* no alert of 100 percent was asked for */

    b[1] = budget("user", "eve", LLM_UNIT_USD, 100);
    b[1].nalerts = 1;
    spend(l, b, 2, 99, 99, NULL);
    a = admission(b, 2, 2);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_SHORT);
    assert_false(a.balances[1].refused_first);
    b[1] = budget("user", "bob", LLM_UNIT_USD, 100);

    /* thresholds configured anew, in the same window */

    b[1].nalerts = 3;
    b[1].alerts[0] = 50;
    b[1].alerts[1] = 80;
    b[1].alerts[2] = 100;
    spend(l, b, 2, 0, 0, bal);
    assert_int_equal(bal[1].crossed, 1);

    ledger_free(l, 64, 8);
}


static void
a_trial_changes_nothing(void **state)
{
    llm_ledger_t       *l;
    llm_budget_t        b[2];
    llm_balance_t       bal[2];
    llm_admission_t     a;
    llm_ledger_stat_t   st;

    (void) state;

    l = ledger_new(64, 8);
    b[0] = budget("daily", "", LLM_UNIT_USD, 100);
    b[1] = budget("seen", "", LLM_UNIT_USD, 10);
    b[0].past = 50;
    b[1].past = 50;
    b[1].observe = 1;

    /* below its fraction a budget takes what fits, and one that observes is
       past nothing */

    spend(l, b, 2, 49, 49, NULL);
    a = admission(b, 2, 51);
    a.trial = 1;
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(llm_ledger_cancel(l, &a.id), LLM_OK);

    a = admission(b, 2, 52);
    a.trial = 1;
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_SHORT);
    assert_int_equal(a.refused, 0);
    assert_false(a.balances[0].refused_first);

    a = admission(b, 2, 101);
    a.trial = 1;
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_NEVER);

    /* at the fraction, spent or held, only a trial is refused */

    spend(l, b, 1, 1, 1, NULL);
    a = admission(b, 2, 1);
    a.trial = 1;
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_SHORT);
    a = admission(b, 2, 0);
    a.trial = 1;
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(llm_ledger_cancel(l, &a.id), LLM_OK);
    spend(l, b, 2, 49, 49, bal);
    assert_int_equal(bal[0].crossed, 1);

    llm_ledger_stat(l, &st);
    assert_int_equal(st.refusals, 0);
    assert_int_equal(st.holds, 0);

    a = admission(b, 2, 2);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_SHORT);
    assert_true(a.balances[0].refused_first);

    ledger_free(l, 64, 8);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(all_or_nothing),
        cmocka_unit_test(grants_what_fits),
        cmocka_unit_test(names_the_last_to_end),
        cmocka_unit_test(settles_exactly_once),
        cmocka_unit_test(records_an_overrun),
        cmocka_unit_test(a_hit_costs_a_request),
        cmocka_unit_test(raises_alerts_once),
        cmocka_unit_test(a_trial_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
