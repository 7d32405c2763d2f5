
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/* Records of what takes several requests: who finds, claims and owes them. */


#include "held_fixture.h"


static void
is_found_until_its_time_is_over(void **state)
{
    llm_held_t  h, got;

    (void) state;

    h = held("a", LLM_HELD_FILE, 1, 10);
    h.most[LLM_UNIT_USD] = 5;
    assert_int_equal(llm_held_put(t, &h, 1), LLM_OK);
    assert_int_equal(llm_held_get(t, h.name, 9, &got), LLM_OK);
    assert_memory_equal(&h, &got, llm_held_size(&h));

    assert_int_equal(get("a", 10), LLM_DECLINED);
    assert_int_equal(get("b", 1), LLM_DECLINED);

    /* names that begin alike are different */

    assert_int_equal(put("same-begin-1", LLM_HELD_FILE, 1, 1), LLM_OK);
    assert_int_equal(get("same-begin-2", 1), LLM_DECLINED);
    assert_int_equal(llm_held_used(t), 2);
}


static void
is_claimed_once(void **state)
{
    (void) state;

    assert_int_equal(put("a", LLM_HELD_WORK, 1, 1), LLM_OK);
    assert_int_equal(claim("b", 2), LLM_DECLINED);
    assert_int_equal(claim("a", 2), LLM_OK);
    assert_int_equal(claim("a", 2), LLM_DECLINED);

    /* ... whoever writes it again */

    assert_int_equal(put("a", LLM_HELD_WORK, 1, 1), LLM_OK);
    assert_int_equal(claim("a", 2), LLM_DECLINED);

    /* what is over cannot be settled any more */

    assert_int_equal(put("b", LLM_HELD_WORK, 1, 1), LLM_OK);
    assert_int_equal(claim("b", 1000), LLM_DECLINED);
}


/* what was spent stays while it is owed, whoever writes the record again */

static void
what_is_owed_stays(void **state)
{
    llm_held_t     h, got;
    llm_hold_id_t  id = { 7, 8 };

    (void) state;

    h = held("a", LLM_HELD_WORK, 1, 1000);
    h.id = id;
    h.most[LLM_UNIT_USD] = 100;
    assert_int_equal(llm_held_put(t, &h, 1), LLM_OK);

    h.done = LLM_HELD_DONE | LLM_HELD_UNCLAIMED | LLM_HELD_OWED;
    h.most[LLM_UNIT_USD] = 5;
    h.output = 42;
    assert_int_equal(llm_held_put(t, &h, 1), LLM_OK);

    h.done = LLM_HELD_DONE;
    h.most[LLM_UNIT_USD] = 100;
    assert_int_equal(llm_held_put(t, &h, 1), LLM_OK);
    assert_int_equal(llm_held_get(t, h.name, 1, &got), LLM_OK);
    assert_int_equal(got.done, 15);
    assert_int_equal(got.most[LLM_UNIT_USD], 5);

    /* it does not make room */

    assert_int_equal(put("b", LLM_HELD_WORK, 2, 1), LLM_OK);
    assert_int_equal(put("c", LLM_HELD_WORK, 2, 1), LLM_OK);
    assert_int_equal(put("d", LLM_HELD_WORK, 2, 1), LLM_OK);
    assert_int_equal(put("e", LLM_HELD_WORK, 2, 1), LLM_LIMIT);

    /* one thing after another, and by whom the rest */

    assert_int_equal(llm_held_clear(t, h.name, LLM_HELD_UNLOGGED, 43, &got),
                     LLM_OK);
    assert_int_equal(got.output, 43);
    assert_int_equal(got.done, LLM_HELD_DONE | LLM_HELD_UNCLAIMED
                               | LLM_HELD_UNSETTLED);

    id.seq++;
    assert_int_equal(llm_held_told(t, &id, 1, &got), LLM_DECLINED);
    id.seq--;
    assert_int_equal(llm_held_told(t, &id, 0, &got), LLM_OK);
    assert_int_equal(got.done, LLM_HELD_DONE | LLM_HELD_UNCLAIMED
                               | LLM_HELD_UNSETTLED | LLM_HELD_UNTOLD);
    assert_int_equal(llm_held_told(t, &id, 1, &got), LLM_OK);
    assert_int_equal(llm_held_told(t, &id, 1, &got), LLM_DECLINED);
    assert_int_equal(llm_held_told(t, &id, 0, &got), LLM_DECLINED);
    assert_int_equal(got.done, LLM_HELD_DONE | LLM_HELD_UNCLAIMED);
    assert_int_equal(put("e", LLM_HELD_WORK, 2, 1), LLM_LIMIT);

    assert_int_equal(llm_held_clear(t, h.name, LLM_HELD_UNCLAIMED, 44, &got),
                     LLM_OK);
    assert_int_equal(got.done, LLM_HELD_DONE);
    assert_int_equal(got.output, 43);
    assert_int_equal(llm_held_clear(t, h.name, LLM_HELD_UNCLAIMED, 44, &got),
                     LLM_DECLINED);
    assert_int_equal(put("e", LLM_HELD_WORK, 2, 1), LLM_OK);
}


/* a worker that gets the number of a dead one is not who does the rest */

static void
a_namesake_owes_nothing(void **state)
{
    llm_held_t  h, got;

    (void) state;

    h = held("a", LLM_HELD_WORK, 1, 1000);
    h.done = LLM_HELD_DONE | LLM_HELD_OWED;
    h.output = 42;
    assert_int_equal(llm_held_put(t, &h, 1), LLM_OK);

    memcpy(h.name, "b", 1);
    h.done = LLM_HELD_DONE | LLM_HELD_UNCLAIMED;
    assert_int_equal(llm_held_put(t, &h, 1), LLM_OK);

    llm_held_born(t, 43);
    memcpy(h.name, "a", 1);
    assert_int_equal(llm_held_get(t, h.name, 1, &got), LLM_OK);
    assert_int_equal(got.output, 42);

    llm_held_born(t, 42);
    assert_int_equal(llm_held_get(t, h.name, 1, &got), LLM_OK);
    assert_int_equal(got.output, 0);
    assert_int_equal(got.done, LLM_HELD_DONE | LLM_HELD_OWED);

    /* what is owed no more has tokens there */

    memcpy(h.name, "b", 1);
    assert_int_equal(llm_held_get(t, h.name, 1, &got), LLM_OK);
    assert_int_equal(got.output, 42);
}


static void
work_has_a_name_for_logs(void **state)
{
    size_t         len;
    llm_held_t     h;
    unsigned char  text[LLM_HELD_TEXT];

    (void) state;

    h = held("a\xff", LLM_HELD_WORK, 1795711565, 1795715165);
    h.id.seq = 2097153;

    len = llm_held_text(&h, text);
    assert_int_equal(len, 51);
    assert_memory_equal(text, "61ff0000000000000000000000000000:1795711565:"
                              "2097153", 51);

    h.made = INT64_MIN;
    h.id.seq = UINT64_MAX;
    assert_in_range(llm_held_text(&h, text), 70, LLM_HELD_TEXT);
}


static void
makes_room_without_losing_money(void **state)
{
    (void) state;

    assert_int_equal(put("work", LLM_HELD_WORK, 1, 1), LLM_OK);
    assert_int_equal(put("old", LLM_HELD_FILE, 2, 1), LLM_OK);
    assert_int_equal(put("mine", LLM_HELD_FILE, 3, 2), LLM_OK);
    assert_int_equal(put("new", LLM_HELD_FILE, 4, 1), LLM_OK);

    /* a file of the same payer, though there is an older one */

    assert_int_equal(put("mine2", LLM_HELD_FILE, 5, 2), LLM_OK);
    assert_int_equal(get("mine", 5), LLM_DECLINED);
    assert_int_equal(get("old", 5), LLM_OK);

    /* the oldest of others, and what is done before that */

    assert_int_equal(put("x", LLM_HELD_WORK, 6, 3), LLM_OK);
    assert_int_equal(get("old", 6), LLM_DECLINED);

    assert_int_equal(claim("work", 6), LLM_OK);
    assert_int_equal(put("y", LLM_HELD_WORK, 7, 1), LLM_OK);
    assert_int_equal(get("work", 7), LLM_DECLINED);
    assert_int_equal(get("new", 7), LLM_OK);

    assert_int_equal(put("z", LLM_HELD_RESULTS, 8, 1), LLM_OK);
    assert_int_equal(put("w", LLM_HELD_WORK, 8, 1), LLM_OK);
    assert_int_equal(get("x", 8), LLM_OK);

    /* nothing but money: it does not leave */

    assert_int_equal(put("v", LLM_HELD_WORK, 9, 1), LLM_LIMIT);
    assert_int_equal(get("y", 9), LLM_OK);

    /* until it is over */

    assert_int_equal(put("v", LLM_HELD_WORK, 1000, 1), LLM_OK);
    assert_int_equal(llm_held_used(t), ROOM);
}


/* one that may leave sooner than others goes, however old those are */

static void
age_is_asked_among_equals(void **state)
{
    llm_held_t  h;

    (void) state;

    assert_int_equal(put("mine", LLM_HELD_FILE, 5, 2), LLM_OK);
    assert_int_equal(put("mine2", LLM_HELD_FILE, 4, 2), LLM_OK);
    assert_int_equal(put("old", LLM_HELD_FILE, 1, 1), LLM_OK);
    assert_int_equal(put("work", LLM_HELD_WORK, 0, 2), LLM_OK);
    assert_int_equal(put("a", LLM_HELD_FILE, 6, 2), LLM_OK);
    assert_int_equal(get("mine2", 6), LLM_DECLINED);
    assert_int_equal(get("old", 6), LLM_OK);

    /* what is over before all of them */

    assert_int_equal(setup(NULL), 0);
    h = held("over", LLM_HELD_WORK, 8, 9);
    assert_int_equal(llm_held_put(t, &h, 8), LLM_OK);
    assert_int_equal(put("done", LLM_HELD_WORK, 2, 1), LLM_OK);
    assert_int_equal(claim("done", 3), LLM_OK);
    assert_int_equal(put("mine", LLM_HELD_UNNAMED, 1, 2), LLM_OK);
    assert_int_equal(put("old", LLM_HELD_FILE, 0, 1), LLM_OK);
    assert_int_equal(put("a", LLM_HELD_WORK, 9, 2), LLM_OK);
    assert_int_equal(put("b", LLM_HELD_WORK, 9, 2), LLM_OK);
    assert_int_equal(get("done", 9), LLM_DECLINED);
    assert_int_equal(get("mine", 9), LLM_OK);
    assert_int_equal(get("old", 9), LLM_OK);
}


/* a worker that dies with the lock takes nothing along */

static void
outlives_a_worker(void **state)
{
    int                status;
    pid_t              pid;
    void              *shared;
    llm_held_table_t  *was;

    (void) state;

    shared = mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS,
                  -1, 0);
    was = t;
    t = llm_held_create(shared, 8192);
    assert_ptr_equal(llm_held_attach(shared, 8192), t);

    pid = fork();

    if (pid == 0) {
        (void) put("a", LLM_HELD_WORK, 1, 1);
        _exit(0);
    }

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(claim("a", 2), LLM_OK);

    munmap(shared, 8192);
    t = was;
}


/* nobody owns it: it is not inherited, and is charged in full in the end */

static int
gone(uint32_t owner)
{
    return owner != LLM_LEDGER_NOBODY;
}


static void
a_reservation_is_left_to_itself(void **state)
{
    int64_t            spent[LLM_UNIT_N] = { 30, 3, 1 };
    llm_budget_t       b;
    llm_ledger_t      *l;
    llm_admission_t    a;
    llm_counter_view_t v;
    llm_ledger_heir_t  heir = { gone, NULL, NULL, NULL };

    (void) state;

    l = ledger_new(8, 8);
    b = budget("daily", "", LLM_UNIT_USD, 100);

    a = admission(&b, 1, 50);
    a.keep = 1;
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(llm_ledger_leave(l, &a.id, T0 + 2 * DAY), LLM_OK);
    assert_int_equal(llm_ledger_inherit(l, &heir, 9), 0);
    assert_int_equal(llm_ledger_sweep(l, T0 + DAY, 0, 9), 0);

    assert_int_equal(llm_ledger_settle(l, &a.id, spent, NULL, 0), LLM_OK);
    assert_int_equal(llm_ledger_leave(l, &a.id, T0 + DAY), LLM_DECLINED);
    assert_int_equal(llm_ledger_find(l, &b, &v), LLM_OK);
    assert_int_equal(v.spent, 30);
    assert_int_equal(v.reserved, 0);

    /* what others let go is charged here, and settled late all the same */

    a = admission(&b, 1, 50);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(llm_ledger_leave(l, &a.id, T0 + 100), LLM_OK);
    assert_int_equal(llm_ledger_sweep(l, T0 + 100, 0, 9), 1);
    assert_int_equal(llm_ledger_find(l, &b, &v), LLM_OK);
    assert_int_equal(v.spent, 80);
    assert_int_equal(llm_ledger_settle(l, &a.id, spent, NULL, 0), LLM_OK);
    assert_int_equal(llm_ledger_find(l, &b, &v), LLM_OK);
    assert_int_equal(v.spent, 60);

    ledger_free(l, 8, 8);
}


/* of work alone, from the end of its reservation on, and once */

static void
lapses_once(void **state)
{
    int64_t     over;
    llm_held_t  h, other;

    (void) state;

    over = 100000;

    h = held("a", LLM_HELD_WORK, 1, over + LLM_HELD_LATE);
    h.id.seq = 1;

    assert_false(llm_held_lapses(&h, over - 1));
    assert_true(llm_held_lapses(&h, over));
    assert_true(llm_held_lapses(&h, over + LLM_HELD_LATE - 1));
    assert_false(llm_held_lapses(&h, over + LLM_HELD_LATE));

    other = h;
    other.what = LLM_HELD_FILE;
    assert_false(llm_held_lapses(&other, over));

    other = h;
    other.id.seq = 0;
    assert_false(llm_held_lapses(&other, over));

    other = h;
    other.done = 1;
    assert_false(llm_held_lapses(&other, over));

    /* another name of the same work */

    other = h;
    other.name[0] = 'b';
    assert_false(llm_held_lapses(&other, over));

    /* whoever writes it again without knowing */

    other = h;
    other.lapsed = 1;
    assert_int_equal(llm_held_put(t, &other, over), LLM_OK);
    assert_int_equal(llm_held_put(t, &h, over), LLM_OK);
    assert_int_equal(llm_held_get(t, h.name, over, &other), LLM_OK);
    assert_true(other.lapsed);
    assert_false(llm_held_lapses(&other, over));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup(is_found_until_its_time_is_over, setup),
        cmocka_unit_test_setup(is_claimed_once, setup),
        cmocka_unit_test_setup(what_is_owed_stays, setup),
        cmocka_unit_test_setup(a_namesake_owes_nothing, setup),
        cmocka_unit_test_setup(work_has_a_name_for_logs, setup),
        cmocka_unit_test_setup(makes_room_without_losing_money, setup),
        cmocka_unit_test_setup(age_is_asked_among_equals, setup),
        cmocka_unit_test_setup(outlives_a_worker, setup),
        cmocka_unit_test(a_reservation_is_left_to_itself),
        cmocka_unit_test_setup(lapses_once, setup)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
