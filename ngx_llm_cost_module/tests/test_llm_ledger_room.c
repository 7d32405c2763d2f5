
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Places for counters, names and reservations: a table that is full, what makes
 * room in it, and how much memory it takes.
 */

#include <stdio.h>

#include "ledger_fixture.h"
#include "llm_ledger_region.h"


/* a grave makes room before anybody is refused */

static void
expired_ones_make_room(void **state)
{
    unsigned           i, n;
    llm_ledger_t      *l;
    llm_budget_t       b;
    llm_admission_t    a;
    llm_ledger_stat_t  st;

    (void) state;

    l = ledger_new(6, 5);
    b = budget("user", "ann", LLM_UNIT_USD, LLM_NO_LIMIT);
    llm_ledger_stat(l, &st);
    n = st.holds_max;
    assert_true(n >= 5);

    a = admission(&b, 1, 1);

    for (i = 0; i < n; i++) {
        assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    }

    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FULL);
    assert_int_equal(a.id.seq, 0);
    assert_int_equal(llm_ledger_sweep(l, T0 + 600, 1, 2), 2);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FULL);

    llm_ledger_stat(l, &st);
    assert_int_equal(st.holds, n);
    assert_int_equal(st.full, 2);

    /* and after a day they go by themselves */

    assert_int_equal(llm_ledger_sweep(l, T0 + 600, 1, n), n);
    assert_int_equal(llm_ledger_sweep(l, T0 + 600 + DAY, 1, n), 0);
    assert_int_equal(llm_ledger_settle(l, &a.id, a.granted, NULL, 0),
                     LLM_DECLINED);

    ledger_free(l, 6, 5);
}


/*
 * In a table that is full each counter, the last one too, is held, granted,
 * settled, charged for what expires, and gone after its window.
 */

static void
every_place_counts(void **state)
{
    char                key[16];
    unsigned            i;
    llm_ledger_t       *l;
    llm_budget_t        b;
    llm_admission_t     a;
    llm_ledger_stat_t   st;
    llm_counter_view_t  v;

    static const int64_t  granted[LLM_UNIT_N] = { 30, 100, 1 };
    static const int64_t  spent[LLM_UNIT_N] = { 20, 10, 1 };

    (void) state;

    l = ledger_new(60, 10);
    llm_ledger_stat(l, &st);

    for (i = 0; i < st.counters_max; i++) {
        sprintf(key, "user%u", i);
        b = budget("user", key, LLM_UNIT_USD, 1000);

        a = admission(&b, 1, 50);
        assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
        assert_int_equal(llm_ledger_granted(l, &a.id, granted), LLM_OK);
        assert_true(view_find(l, "user", key, &v));
        assert_int_equal(v.reserved, 30);

        assert_int_equal(llm_ledger_settle(l, &a.id, spent, NULL, 0), LLM_OK);
        assert_true(view_find(l, "user", key, &v));
        assert_int_equal(v.spent, 20);
        assert_int_equal(v.reserved, 0);

        a = admission(&b, 1, 7);
        assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
        assert_int_equal(llm_ledger_cancel(l, &a.id), LLM_OK);

        a = admission(&b, 1, 5);
        assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
        assert_int_equal(llm_ledger_sweep(l, T0 + 600, 1, 10), 1);
        assert_true(view_find(l, "user", key, &v));
        assert_int_equal(v.spent, 25);
        assert_int_equal(v.reserved, 0);
    }

    llm_ledger_stat(l, &st);
    assert_int_equal(st.counters, st.counters_max);

    for (i = 0; i < 20; i++) {
        a = admission(NULL, 0, 0);
        a.now = T0 + 3 * DAY;
        (void) llm_ledger_sweep(l, T0 + 3 * DAY, 1, 10);
        assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
        assert_int_equal(llm_ledger_cancel(l, &a.id), LLM_OK);
    }

    llm_ledger_stat(l, &st);
    assert_int_equal(st.counters, 0);

    ledger_free(l, 60, 10);
}


static void
a_full_table(void **state)
{
    char                key[16];
    unsigned            i;
    llm_ledger_t       *l;
    llm_budget_t        b[2];
    llm_admission_t     a;
    llm_ledger_stat_t   st;
    llm_counter_view_t  v;
    uint32_t            cursor;

    (void) state;

    l = ledger_new(60, 10);
    llm_ledger_stat(l, &st);
    b[0] = budget("daily", "", LLM_UNIT_USD, 1000000);
    b[1] = budget("user", "old", LLM_UNIT_USD, 100);
    b[1].start -= DAY;
    b[1].end -= DAY;
    spend(l, b, 2, 1, 1, NULL);

    for (i = 0; i < st.counters_max - 2; i++) {
        sprintf(key, "user%u", i);
        b[1] = budget("user", key, LLM_UNIT_USD, 100);
        spend(l, b, 2, 1, 1, NULL);
    }

    llm_ledger_stat(l, &st);
    assert_int_equal(st.counters, st.counters_max);

    /* the one whose window is over goes, none that is live does */

    b[1] = budget("user", "new", LLM_UNIT_USD, 100);
    spend(l, b, 2, 1, 1, NULL);
    assert_false(view_find(l, "user", "old", &v));

    b[1] = budget("user", "newer", LLM_UNIT_USD, 100);
    a = admission(b, 2, 1);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FULL);
    assert_int_equal(a.refused, 1);
    assert_int_equal(a.granted[LLM_UNIT_USD], 0);
    assert_int_equal(llm_ledger_patch(l, &b[1], 5), LLM_LEDGER_FULL);

    /* what cannot refuse is left out, and settles as if it were not there */

    b[1].observe = 1;
    spend(l, b, 2, 1, 1, NULL);
    b[1].observe = 0;
    b[1].limit = LLM_NO_LIMIT;
    spend(l, b, 2, 1, 1, NULL);
    assert_true(view_find(l, "daily", "", &v));
    assert_int_equal(v.spent, st.counters_max + 2);

    /* known payers go on */

    b[1] = budget("user", "user0", LLM_UNIT_USD, 100);
    spend(l, b, 2, 1, 1, NULL);

    /* a day after the window's end all have gone, a few at a time */

    for (i = 0; i < 20; i++) {
        a = admission(NULL, 0, 0);
        a.now = T0 + 3 * DAY;
        assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
        assert_int_equal(llm_ledger_cancel(l, &a.id), LLM_OK);
    }

    llm_ledger_stat(l, &st);
    assert_int_equal(st.counters, 0);
    cursor = 0;
    assert_int_equal(llm_ledger_next(l, &cursor, &v), LLM_DECLINED);

    ledger_free(l, 60, 10);
}


/* a name without counters gives its place to another */

static void
names_come_and_go(void **state)
{
    char                name[32];
    unsigned            i;
    llm_ledger_t       *l;
    llm_budget_t        b;
    llm_admission_t     a;
    llm_counter_view_t  v;

    (void) state;

    l = ledger_new(2000, 10);

    for (i = 0; i < 1024; i++) {
        sprintf(name, "budget%u", i);
        b = budget(name, "", LLM_UNIT_USD, 100);
        spend(l, &b, 1, 1, 1, NULL);
    }

    b = budget("another", "", LLM_UNIT_USD, 100);
    a = admission(&b, 1, 1);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FULL);

    (void) llm_ledger_sweep(l, T0 + 3 * DAY, 1, 1);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_true(view_find(l, "another", "", &v));
    assert_int_equal(v.reserved, 1);

    ledger_free(l, 2000, 10);
}


/* the figures that docs/budgets.md states */

static void
memory_is_as_stated(void **state)
{
    void              *mem;
    size_t             half;
    llm_ledger_stat_t  st;

    (void) state;

    half = 32 << 20;
    mem = mmap(NULL, half, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS,
               -1, 0);
    assert_true(mem != MAP_FAILED);
    assert_non_null(llm_ledger_create(mem, half, 1));
    llm_ledger_stat(mem, &st);
    assert_true(st.counters_max >= 200000);
    assert_true(st.holds_max >= 32768);
    assert_true(llm_ledger_size(200000, 1) <= half);
    munmap(mem, half);
}


static int
owner_7_is_gone(uint32_t owner)
{
    return owner == 7;
}


/* readers go past as many free places as there are, and past none of use */

static void
is_found_behind_free_places(void **state)
{
    uint32_t             cursor;
    unsigned             i;
    llm_ledger_t        *l;
    llm_budget_t         b;
    llm_hold_id_t        id[1100];
    llm_admission_t      a;
    llm_hold_view_t      h;
    llm_counter_view_t   v;

    (void) state;

    l = ledger_new(2400, 1100);
    b = budget("old", "", LLM_UNIT_USD, LLM_NO_LIMIT);

    for (i = 0; i < 1100; i++) {
        b.start = T0 - 100 * DAY + i;
        b.end = b.start + DAY;

        a = admission(&b, 1, 1);
        a.now = b.start;
        a.owner = 7;
        assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
        id[i] = a.id;
    }

    b = budget("new", "", LLM_UNIT_USD, LLM_NO_LIMIT);
    a = admission(&b, 1, 1);
    a.owner = 7;
    assert_int_equal(llm_ledger_cancel(l, &id[1099]), LLM_OK);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    id[1099] = a.id;

    /* the first place is no exception */

    for (i = 1; i < 1099; i++) {
        assert_int_equal(llm_ledger_cancel(l, &id[i]), LLM_OK);
    }

    assert_int_equal(llm_ledger_note(l, &id[0], a.granted), LLM_OK);
    assert_int_equal(llm_ledger_disown(l, &id[1099]), LLM_OK);
    assert_int_equal(llm_ledger_has_left(l, owner_7_is_gone), 1);
    cursor = 0;
    assert_int_equal(llm_ledger_next_hold(l, &cursor, &h), LLM_OK);
    assert_int_equal(h.id.seq, id[0].seq);
    assert_int_equal(llm_ledger_settle(l, &id[0], a.granted, NULL, 0), LLM_OK);
    assert_int_equal(llm_ledger_has_left(l, owner_7_is_gone), 0);

    cursor = 0;
    assert_int_equal(llm_ledger_next_hold(l, &cursor, &h), LLM_OK);
    assert_int_equal(h.id.seq, id[1099].seq);
    assert_int_equal(h.n, 1);
    assert_int_equal(llm_ledger_next_hold(l, &cursor, &h), LLM_DECLINED);

    for (i = 0; i < 10; i++) {
        (void) llm_ledger_sweep(l, T0, 1, 1);
    }

    cursor = 0;
    assert_int_equal(llm_ledger_next(l, &cursor, &v), LLM_OK);
    assert_int_equal(v.name_len, 3);
    assert_memory_equal(v.name, "new", 3);
    assert_int_equal(cursor, 1101);
    assert_int_equal(llm_ledger_next(l, &cursor, &v), LLM_DECLINED);

    ledger_free(l, 2400, 1100);
}


/*
 * 200,000 users in the half of a 64m zone, all alive: none is refused, and the
 * next admission meets as short a chain as the first.
 */

static void
two_hundred_thousand_users(void **state)
{
    char                key[16];
    void               *mem;
    int64_t             spent[LLM_UNIT_N] = { 60, 10, 1 };
    size_t              half;
    uint32_t            i, k, n, most;
    llm_budget_t        b;
    llm_ledger_t       *l;
    llm_admission_t     a;
    llm_ledger_stat_t   st;

    (void) state;

    half = 32 << 20;
    mem = mmap(NULL, half, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS,
               -1, 0);
    assert_true(mem != MAP_FAILED);
    l = llm_ledger_create(mem, half, 1);
    assert_non_null(l);

    for (i = 0; i < 200000; i++) {
        snprintf(key, sizeof(key), "user-%u", i);
        b = budget("user", key, LLM_UNIT_USD, 100);
        a = admission(&b, 1, 60);

        if (llm_ledger_reserve(l, &a) != LLM_LEDGER_FITS
            || llm_ledger_settle(l, &a.id, spent, NULL, 0) != LLM_OK)
        {
            fail_msg("user %u", i);
        }
    }

    llm_ledger_stat(l, &st);
    assert_int_equal(st.counters, 200000);
    assert_int_equal(st.full, 0);

    for (i = 0; i < 200000; i += 997) {
        snprintf(key, sizeof(key), "user-%u", i);
        b = budget("user", key, LLM_UNIT_USD, 100);
        a = admission(&b, 1, 60);
        assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_SHORT);
        assert_int_equal(a.balances[0].spent, 60);
    }

    most = 0;

    for (i = 0; i < l->counters_max; i++) {
        n = 0;

        for (k = ((uint32_t *) llm_ledger_at(l, l->buckets_off))[i];
             k != 0;
             k = llm_ledger_slot(l, k)->next)
        {
            n++;
        }

        most = n > most ? n : most;
    }

    assert_true(most <= 16);
    munmap(mem, half);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(expired_ones_make_room),
        cmocka_unit_test(every_place_counts),
        cmocka_unit_test(a_full_table),
        cmocka_unit_test(names_come_and_go),
        cmocka_unit_test(memory_is_as_stated),
        cmocka_unit_test(is_found_behind_free_places),
        cmocka_unit_test(two_hundred_thousand_users),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
