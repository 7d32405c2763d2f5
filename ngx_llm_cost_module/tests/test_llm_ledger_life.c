
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * The life of counters and reservations: windows, patches, what is left
 * behind, full tables, bad input, memory.
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

    /* one with a note, one without: nothing was sent of that one */

    assert_int_equal(llm_ledger_inherit(l, &heir, 1), 1);
    assert_int_equal(llm_ledger_inherit(l, &heir, 9), 1);
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
    assert_int_equal(llm_ledger_shadow(l, &b, 40, 5), LLM_OK);
    assert_int_equal(llm_ledger_settle(l, &a.id, a.granted, &bal, 1), LLM_OK);
    assert_int_equal(bal.spent, 50);
    assert_int_equal(bal.reserved, 0);
    assert_int_equal(llm_ledger_shadow(l, &b, -1, 5), LLM_BAD);
    assert_int_equal(llm_ledger_shadow(l, &b, INT64_MAX, 1), LLM_BAD);

    b.key.len = 0;
    assert_int_equal(llm_ledger_shadow(l, &b, 99, 0), LLM_OK);
    a = admission(&b, 1, 2);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_SHORT);

    ledger_free(l, 64, 8);
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


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(windows_are_apart),
        cmocka_unit_test(limits_are_patched),
        cmocka_unit_test(sweeps_what_is_left_behind),
        cmocka_unit_test(expired_ones_make_room),
        cmocka_unit_test(a_full_table),
        cmocka_unit_test(names_come_and_go),
        cmocka_unit_test(sums_stay_numbers),
        cmocka_unit_test(refuses_bad_input),
        cmocka_unit_test(shadows_another_store),
        cmocka_unit_test(another_store_has_to_hear),
        cmocka_unit_test(memory_is_as_stated),
        cmocka_unit_test(two_hundred_thousand_users),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
