
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * The ledger behind another store: what that has told, what it has granted,
 * how far the ledger may go alone, and what is still to be told.
 */

#include "ledger_check.h"


static void
reserves_nothing_until_granted(void **state)
{
    int64_t          granted[LLM_UNIT_N] = { 40, 0, 1 };
    int64_t          spent[LLM_UNIT_N] = { 30, 0, 1 };
    llm_budget_t     b;
    llm_ledger_t    *l;
    llm_balance_t    bal;
    llm_admission_t  a;

    (void) state;

    l = ledger_new(64, 8);
    b = budget("daily", "", LLM_UNIT_USD, 100);

    a = admission(&b, 1, 0);
    memset(a.most, 0, sizeof(a.most));
    memset(a.least, 0, sizeof(a.least));

    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(llm_ledger_peek(l, &b, &bal), LLM_DECLINED);
    assert_int_equal(bal.reserved, 0);

    assert_int_equal(llm_ledger_granted(l, &a.id, granted), LLM_OK);
    assert_int_equal(llm_ledger_peek(l, &b, &bal), LLM_DECLINED);
    assert_int_equal(bal.reserved, 40);

    assert_int_equal(llm_ledger_settle(l, &a.id, spent, &bal, 1), LLM_OK);
    assert_int_equal(bal.reserved, 0);
    assert_int_equal(bal.spent, 30);

    /* it is over */

    assert_int_equal(llm_ledger_granted(l, &a.id, granted), LLM_DECLINED);

    ledger_free(l, 64, 8);
}


static void
knows_what_was_told(void **state)
{
    llm_budget_t   b, all[2];
    llm_ledger_t  *l;
    llm_balance_t  bal, bals[2];

    (void) state;

    l = ledger_new(64, 8);
    b = budget("user", "ann", LLM_UNIT_USD, 100);

    assert_int_equal(llm_ledger_peek(l, &b, &bal), LLM_DECLINED);
    assert_int_equal(bal.limit, 100);

    assert_int_equal(llm_ledger_shadow(l, &b, 20, 10, 1), LLM_OK);
    assert_int_equal(llm_ledger_peek(l, &b, &bal), LLM_OK);
    assert_int_equal(bal.spent, 20);
    assert_int_equal(bal.reserved, 10);

    assert_int_equal(llm_ledger_patch(l, &b, 500), LLM_OK);
    assert_int_equal(llm_ledger_peek(l, &b, &bal), LLM_OK);
    assert_int_equal(bal.limit, 500);

    all[0] = budget("user", "bob", LLM_UNIT_TOKENS, 7);
    all[1] = b;

    assert_int_equal(llm_ledger_peek_all(l, all, 2, bals), 2);
    assert_int_equal(bals[0].limit, 7);
    assert_int_equal(bals[0].spent, 0);
    assert_int_equal(bals[1].limit, 500);
    assert_int_equal(bals[1].spent, 20);

    ledger_free(l, 64, 8);
}


static int
reserve_alone(llm_ledger_t *l, llm_budget_t *b, int64_t amount,
    llm_admission_t *asked)
{
    int              rc;
    llm_admission_t  a;

    a = admission(b, 1, amount);
    a.alone = 1;
    rc = llm_ledger_reserve(l, &a);

    if (asked) {
        *asked = a;
    }

    return rc;
}


static void
goes_no_further_than_its_cap(void **state)
{
    llm_budget_t     b;
    llm_ledger_t    *l;
    llm_admission_t  a;

    (void) state;

    l = ledger_new(64, 8);
    b = budget("daily", "", LLM_UNIT_USD, 100);

    assert_int_equal(llm_ledger_shadow(l, &b, 40, 0, 1), LLM_OK);

    b.capped = 1;
    b.cap = 20;

    assert_int_equal(reserve_alone(l, &b, 20, NULL), LLM_LEDGER_FITS);
    assert_int_equal(reserve_alone(l, &b, 1, &a), LLM_LEDGER_SHORT);
    assert_int_equal(a.balances[0].limit, 100);

    /* beyond the limit as well */

    b.cap = 90;
    assert_int_equal(reserve_alone(l, &b, 70, NULL), LLM_LEDGER_FITS);
    assert_int_equal(reserve_alone(l, &b, 1, NULL), LLM_LEDGER_SHORT);

    /* an amount of 0 always fits */

    assert_int_equal(reserve_alone(l, &b, 0, NULL), LLM_LEDGER_FITS);

    ledger_free(l, 64, 8);
}


static int64_t
alone(llm_ledger_t *l, const llm_budget_t *b)
{
    llm_balance_t  bal;

    (void) llm_ledger_peek(l, b, &bal);

    return bal.alone;
}


/* whatever becomes of it, and whatever the other store says meanwhile */

static void
remembers_what_it_has_admitted_alone(void **state)
{
    int64_t           spent[LLM_UNIT_N] = { 7, 3, 1 };
    llm_budget_t      b;
    llm_ledger_t     *l;
    llm_admission_t   a;
    llm_ledger_end_t  end = { spent, 1, 7, T0, 1 };

    (void) state;

    l = ledger_new(64, 8);
    b = budget("daily", "", LLM_UNIT_USD, 100);
    b.capped = 1;
    b.cap = 50;

    assert_int_equal(reserve_alone(l, &b, 20, &a), LLM_LEDGER_FITS);
    assert_int_equal(alone(l, &b), 20);
    assert_int_equal(llm_ledger_cancel(l, &a.id), LLM_OK);
    assert_int_equal(alone(l, &b), 0);

    assert_int_equal(reserve_alone(l, &b, 20, &a), LLM_LEDGER_FITS);
    assert_int_equal(llm_ledger_pend(l, &a.id, &end, NULL, 0), LLM_OK);
    assert_int_equal(alone(l, &b), 7);
    assert_int_equal(llm_ledger_shadow(l, &b, 30, 5, 1), LLM_OK);
    assert_int_equal(llm_ledger_confirm(l, &a.id), LLM_OK);
    assert_int_equal(alone(l, &b), 7);

    /* it expires, is charged, and settled after all */

    assert_int_equal(reserve_alone(l, &b, 20, &a), LLM_LEDGER_FITS);
    assert_int_equal(llm_ledger_sweep(l, a.expires, 1, 9), 1);
    assert_int_equal(alone(l, &b), 27);
    assert_int_equal(llm_ledger_settle(l, &a.id, spent, NULL, 0), LLM_OK);
    assert_int_equal(alone(l, &b), 14);

    /* what the other store admits is none of it */

    a = admission(&b, 1, 30);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(alone(l, &b), 14);
    assert_int_equal(reserve_alone(l, &b, 37, NULL), LLM_LEDGER_SHORT);
    assert_int_equal(reserve_alone(l, &b, 36, NULL), LLM_LEDGER_FITS);

    ledger_free(l, 64, 8);
}


/* only what may be admitted alone is used up: that is no news of the budget */

static void
raises_no_alert_of_its_cap(void **state)
{
    llm_budget_t     b;
    llm_ledger_t    *l;
    llm_admission_t  a;

    (void) state;

    l = ledger_new(64, 8);
    b = budget("daily", "", LLM_UNIT_USD, 100);
    b.alerts[0] = 100;
    b.nalerts = 1;
    b.capped = 1;
    b.cap = 0;

    assert_int_equal(llm_ledger_shadow(l, &b, 0, 0, 1), LLM_OK);
    assert_int_equal(reserve_alone(l, &b, 10, &a), LLM_LEDGER_SHORT);
    assert_int_equal(a.balances[0].refused_first, 0);

    assert_int_equal(llm_ledger_shadow(l, &b, 91, 0, 1), LLM_OK);
    assert_int_equal(reserve_alone(l, &b, 10, &a), LLM_LEDGER_SHORT);
    assert_int_equal(a.balances[0].refused_first, 1);

    ledger_free(l, 64, 8);
}


static int
nobody(uint32_t owner)
{
    return owner == 0;
}


static void
is_left_behind_on_purpose(void **state)
{
    int64_t            spent[LLM_UNIT_N] = { 7, 3, 1 };
    llm_budget_t       b;
    llm_ledger_t      *l;
    llm_balance_t      bal;
    llm_admission_t    a;
    llm_ledger_heir_t  heir;

    (void) state;

    l = ledger_new(64, 8);
    b = budget("daily", "", LLM_UNIT_USD, 100);
    a = admission(&b, 1, 20);

    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(llm_ledger_note(l, &a.id, spent), LLM_OK);

    memset(&heir, 0, sizeof(heir));
    heir.gone = nobody;

    assert_int_equal(llm_ledger_inherit(l, &heir, 8), 0);
    assert_int_equal(llm_ledger_disown(l, &a.id), LLM_OK);
    assert_int_equal(llm_ledger_inherit(l, &heir, 8), 1);

    (void) llm_ledger_peek(l, &b, &bal);
    assert_int_equal(bal.spent, 7);
    assert_int_equal(bal.reserved, 0);
    assert_int_equal(llm_ledger_disown(l, &a.id), LLM_DECLINED);

    ledger_free(l, 64, 8);
}


/* a worker that gets the number of a dead one is not who reserved */

static void
gives_nothing_to_a_namesake(void **state)
{
    llm_budget_t       b;
    llm_ledger_t      *l;
    llm_balance_t      bal;
    llm_admission_t    a, other;
    llm_ledger_heir_t  heir;

    (void) state;

    l = ledger_new(64, 8);
    b = budget("daily", "", LLM_UNIT_USD, 100);

    a = admission(&b, 1, 20);
    a.owner = 77;
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);

    other = admission(&b, 1, 5);
    other.owner = 78;
    assert_int_equal(llm_ledger_reserve(l, &other), LLM_LEDGER_FITS);

    memset(&heir, 0, sizeof(heir));
    heir.gone = nobody;

    llm_ledger_born(l, 77);
    assert_int_equal(llm_ledger_inherit(l, &heir, 8), 1);

    (void) llm_ledger_peek(l, &b, &bal);
    assert_int_equal(bal.reserved, 5);
    assert_int_equal(llm_ledger_cancel(l, &other.id), LLM_OK);

    ledger_free(l, 64, 8);
}


static void
remembers_how_far_the_other_had_come(void **state)
{
    llm_ledger_t   *l;
    unsigned char   store[LLM_LEDGER_STORE];

    (void) state;

    l = ledger_new(64, 8);

    assert_int_equal(llm_ledger_has_store(l), 0);
    assert_int_equal(llm_ledger_store(l, store), 0);

    llm_ledger_set_store(l, (const unsigned char *) "0123456789abcdef", 40);
    llm_ledger_saw(l, 42);
    llm_ledger_saw(l, 41);
    assert_int_equal(llm_ledger_store(l, store), 42);
    assert_memory_equal(store, "0123456789abcdef", LLM_LEDGER_STORE);
    assert_true(llm_ledger_is_store(l, store));

    /* another one, wherever that is */

    llm_ledger_set_store(l, (const unsigned char *) "fedcba9876543210", 7);
    assert_int_equal(llm_ledger_store(l, store), 7);
    assert_false(llm_ledger_is_store(l, (const unsigned char *)
                                        "0123456789abcdef"));

    ledger_free(l, 64, 8);
}


static void
knows_whose_record_was_the_last(void **state)
{
    llm_ledger_t  *l;

    (void) state;

    l = ledger_new(64, 8);

    assert_int_equal(llm_ledger_recorded(l, 7), 0);
    assert_int_equal(llm_ledger_recorded(l, 7), 0);
    assert_int_equal(llm_ledger_recorded(l, 9), 1);
    assert_int_equal(llm_ledger_recorded(l, 9), 0);
    assert_int_equal(llm_ledger_recorded(l, 7), 1);

    ledger_free(l, 64, 8);
}


static void
shadows_another_store(void **state)
{
    llm_ledger_t    *l;
    llm_budget_t     b;
    llm_balance_t    bal;
    llm_admission_t  a;

    (void) state;

    l = ledger_new(64, 8);
    b = budget("user", "ann", LLM_UNIT_USD, 100);

    a = admission(&b, 1, 10);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(llm_ledger_shadow(l, &b, 40, 5, 1), LLM_OK);
    assert_int_equal(llm_ledger_settle(l, &a.id, a.granted, &bal, 1), LLM_OK);
    assert_int_equal(bal.spent, 50);
    assert_int_equal(bal.reserved, 0);
    assert_int_equal(llm_ledger_shadow(l, &b, -1, 5, 1), LLM_BAD);
    assert_int_equal(llm_ledger_shadow(l, &b, INT64_MAX, 1, 1), LLM_BAD);

    b.key.len = 0;
    assert_int_equal(llm_ledger_shadow(l, &b, 99, 0, 1), LLM_OK);
    a = admission(&b, 1, 2);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_SHORT);

    /*
     * What another worker has heard before, and brings after it, takes nothing
     * back; the last that was heard may.
     */

    llm_ledger_saw(l, 7);
    assert_int_equal(llm_ledger_shadow(l, &b, 40, 9, 6), LLM_OK);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_SHORT);
    assert_int_equal(a.balances[0].spent, 99);
    assert_int_equal(llm_ledger_shadow(l, &b, 40, 9, 7), LLM_OK);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);

    ledger_free(l, 64, 8);
}


static int
owner_7_is_gone(uint32_t owner)
{
    return owner == 7;
}


/* what another store is told by whoever finds it */

typedef struct {
    unsigned  n;
    unsigned  cancelled;
    int64_t   usd;
} told_t;


static void
told_settle(void *data, const llm_hold_view_t *v, const int64_t *spent)
{
    told_t  *told;

    told = data;
    told->n++;

    assert_int_equal(v->owner, 7);

    if (spent) {
        told->usd += spent[LLM_UNIT_USD];
        assert_int_equal(spent[LLM_UNIT_REQUESTS], 1);

    } else {
        told->cancelled++;
    }
}


static void
told_of(llm_ledger_t *l, const char *name, llm_known_t *t)
{
    uint32_t             n, cursor;
    llm_known_t          *all;
    llm_counter_view_t   v;

    all = llm_ledger_told(l, &n);
    assert_non_null(all);
    assert_int_equal(n, l->counters_top);

    cursor = 0;

    while (llm_ledger_next(l, &cursor, &v) == LLM_OK) {
        if (v.name_len == strlen(name) && memcmp(v.name, name, v.name_len) == 0)
        {
            assert_true(cursor <= n);
            *t = all[cursor - 1];
            assert_int_equal(t->start, v.start);
        }
    }

    free(all);
}


/* ended here, while another store has not heard of it */

static void
another_store_has_to_hear(void **state)
{
    told_t               told;
    int64_t              spent[LLM_UNIT_N] = { 30, 5, 1 };
    unsigned             i;
    llm_known_t           t;
    llm_ledger_t        *l;
    llm_budget_t         b[2];
    llm_balance_t        bal[2];
    llm_hold_id_t        id[3];
    llm_admission_t      a;
    llm_ledger_end_t     end = { spent, 1, 7, T0, 0 };
    llm_ledger_heir_t    heir = { owner_7_is_gone, NULL, told_settle, &told };
    llm_counter_view_t   v;

    (void) state;

    memset(&told, 0, sizeof(told_t));

    l = ledger_new(64, 4);
    b[0] = budget("user", "ann", LLM_UNIT_USD, 1000);
    b[1] = budget("calls", "ann", LLM_UNIT_REQUESTS, 100);

    for (i = 0; i < 3; i++) {
        a = admission(b, 2, 100);
        assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
        id[i] = a.id;
    }

    assert_int_equal(llm_ledger_has_left(l, owner_7_is_gone), 0);

    /* it counts at once, and only once */

    assert_int_equal(llm_ledger_pend(l, &id[0], &end, bal, 2), LLM_OK);
    assert_int_equal(bal[0].spent, 30);
    assert_int_equal(bal[0].reserved, 200);
    assert_int_equal(llm_ledger_pend(l, &id[0], &end, bal, 2), LLM_OK);
    assert_int_equal(bal[0].spent, 30);
    assert_int_equal(bal[1].spent, 1);

    told_of(l, "user", &t);
    assert_int_equal(t.known, 0);
    assert_int_equal(t.own, 0);
    assert_int_equal(t.unsure, 0);

    /* its answer was lost: that store may have it */

    end.sent = 1;
    assert_int_equal(llm_ledger_pend(l, &id[0], &end, bal, 2), LLM_OK);
    told_of(l, "user", &t);
    assert_int_equal(t.unsure, 30);

    end.spent = NULL;
    assert_int_equal(llm_ledger_pend(l, &id[1], &end, bal, 2), LLM_OK);
    assert_int_equal(bal[0].spent, 30);
    assert_int_equal(bal[0].reserved, 100);

    /* who finds it tells the other store, which counts it in full */

    assert_int_equal(llm_ledger_has_left(l, owner_7_is_gone), 1);
    assert_int_equal(llm_ledger_inherit(l, &heir, 9), 2);
    assert_int_equal(told.n, 2);
    assert_int_equal(told.cancelled, 1);
    assert_int_equal(told.usd, 30);

    /* confirmed, nothing is left to tell; it may have been known before */

    assert_int_equal(llm_ledger_confirm(l, &id[0]), LLM_OK);
    told_of(l, "user", &t);
    assert_int_equal(t.known, 0);
    assert_int_equal(t.own, 30);
    assert_int_equal(t.unsure, 0);
    told_of(l, "calls", &t);
    assert_int_equal(t.own, 1);
    assert_int_equal(llm_ledger_confirm(l, &id[0]), LLM_DECLINED);
    assert_int_equal(llm_ledger_settle_there(l, &id[1], spent, 0), LLM_OK);
    told_of(l, "user", &t);
    assert_int_equal(t.own, 60);
    assert_int_equal(llm_ledger_settle_there(l, &id[1], spent, 0),
                     LLM_DECLINED);
    assert_int_equal(llm_ledger_confirm(l, &id[2]), LLM_DECLINED);
    assert_int_equal(llm_ledger_inherit(l, &heir, 9), 0);
    assert_true(view_find(l, "user", "ann", &v));
    assert_int_equal(v.spent, 0);
    assert_int_equal(v.reserved, 100);
    assert_null(llm_ledger_check(l, 1));

    ledger_free(l, 64, 4);
}


/* what is known of all, less that which the other store has not heard of */

static void
what_is_pending_is_not_known(void **state)
{
    int64_t            spent[LLM_UNIT_N] = { 30, 5, 1 };
    llm_known_t        t;
    llm_ledger_t      *l;
    llm_budget_t       b;
    llm_balance_t      bal;
    llm_admission_t    a;
    llm_ledger_end_t   end = { spent, 1, 7, T0, 0 };

    (void) state;

    l = ledger_new(64, 4);
    b = budget("user", "ann", LLM_UNIT_USD, 1000);

    spend(l, &b, 1, 100, 50, &bal);

    a = admission(&b, 1, 100);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(llm_ledger_pend(l, &a.id, &end, &bal, 1), LLM_OK);
    assert_int_equal(bal.spent, 80);

    told_of(l, "user", &t);
    assert_int_equal(t.known, 50);

    assert_int_equal(llm_ledger_confirm(l, &a.id), LLM_OK);
    told_of(l, "user", &t);
    assert_int_equal(t.known, 80);

    /* where it may have been known before, that of the others stays */

    end.sent = 1;
    a = admission(&b, 1, 100);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(llm_ledger_pend(l, &a.id, &end, &bal, 1), LLM_OK);
    assert_int_equal(bal.spent, 110);
    assert_int_equal(llm_ledger_confirm(l, &a.id), LLM_OK);
    told_of(l, "user", &t);
    assert_int_equal(t.known, 80);
    assert_int_equal(t.own, 60);

    /* and there is no less than nothing */

    a = admission(&b, 1, 100);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(llm_ledger_pend(l, &a.id, &end, &bal, 1), LLM_OK);
    assert_int_equal(llm_ledger_shadow(l, &b, 10, 0, 1), LLM_OK);
    assert_int_equal(llm_ledger_confirm(l, &a.id), LLM_OK);
    told_of(l, "user", &t);
    assert_int_equal(t.known, 0);
    assert_ledger(l);

    ledger_free(l, 64, 4);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(reserves_nothing_until_granted),
        cmocka_unit_test(knows_what_was_told),
        cmocka_unit_test(goes_no_further_than_its_cap),
        cmocka_unit_test(remembers_what_it_has_admitted_alone),
        cmocka_unit_test(raises_no_alert_of_its_cap),
        cmocka_unit_test(is_left_behind_on_purpose),
        cmocka_unit_test(gives_nothing_to_a_namesake),
        cmocka_unit_test(remembers_how_far_the_other_had_come),
        cmocka_unit_test(knows_whose_record_was_the_last),
        cmocka_unit_test(shadows_another_store),
        cmocka_unit_test(another_store_has_to_hear),
        cmocka_unit_test(what_is_pending_is_not_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
