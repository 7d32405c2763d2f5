
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * A region that somebody has edited, or that memory has spoiled: each thing
 * that can be wrong in it is found before anything in it is followed, and a
 * region that is full to its last place is not taken for a wrong one.
 */

#include <stdio.h>

#include "ledger_check.h"


#define COUNTERS  30
#define HOLDS     5


/* the places of what damaged_ledger() makes */

enum {
    H_OPEN = 1,                       /* of two budgets */
    H_SETTLED,                        /* and not logged */
    H_FREE,
    H_EXPIRED,
    H_EXPIRED_2
};

enum {
    C_USD = 1,
    C_CALLS,
    C_QUIET,                          /* of no reservation */
    C_FREE
};


static void
reserve(llm_ledger_t *l, llm_budget_t *b, unsigned n, int64_t expires,
    llm_hold_id_t *id)
{
    llm_admission_t  a;

    a = admission(b, n, 100);
    a.expires = expires;
    a.keep = 1;
    memset(a.request_id, 1, LLM_REQUEST_ID);

    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    *id = a.id;
}


/* a bit of everything, a free counter among it */

static llm_ledger_t *
damaged_ledger(void)
{
    int64_t         spent[LLM_UNIT_N] = { 30, 5, 1 };
    unsigned        i;
    llm_ledger_t   *l;
    llm_budget_t    b[4];
    llm_hold_id_t   id[6];

    l = ledger_new(COUNTERS, HOLDS);

    b[0] = budget("user", "ann", LLM_UNIT_USD, 1000);
    b[1] = budget("calls", "ann", LLM_UNIT_REQUESTS, 100);
    b[2] = budget("over", "", LLM_UNIT_USD, 100);
    b[2].start -= 5 * DAY;
    b[2].end -= 5 * DAY;

    for (i = H_OPEN; i <= H_EXPIRED_2; i++) {
        reserve(l, b, 2, i < H_EXPIRED ? T0 + 900 : T0 + 10, &id[i]);
    }

    assert_int_equal(llm_ledger_settle(l, &id[H_SETTLED], spent, NULL, 0),
                     LLM_OK);
    assert_int_equal(llm_ledger_cancel(l, &id[H_FREE]), LLM_OK);
    assert_int_equal(llm_ledger_logged(l, &id[H_FREE]), LLM_DECLINED);
    b[3] = budget("quiet", "", LLM_UNIT_TOKENS, 100);

    assert_int_equal(llm_ledger_patch(l, &b[3], 7), LLM_OK);
    assert_int_equal(llm_ledger_patch(l, &b[2], 7), LLM_OK);
    assert_int_equal(llm_ledger_sweep(l, T0 + 20, 1, 9), 2);

    assert_int_equal(l->counters_used, 3);
    assert_int_equal(l->counters_top, 4);
    assert_int_equal(l->counters_free, C_FREE);
    assert_int_equal(llm_ledger_hold(l, H_FREE)->meta.state, LLM_HOLD_FREE);
    assert_int_equal(llm_ledger_hold(l, H_SETTLED)->meta.state,
                     LLM_HOLD_SETTLED);
    assert_int_equal(llm_ledger_hold(l, H_EXPIRED_2)->meta.state,
                     LLM_HOLD_EXPIRED);
    assert_int_equal(l->expired_last, H_EXPIRED_2);
    assert_ledger(l);

    return l;
}


#define slot(i)  llm_ledger_slot(l, i)
#define hold(i)  llm_ledger_hold(l, i)

#define DAMAGES(damage)                                                       \
    damage("more slots", l->counters_top = l->counters_max + 1)               \
    damage("more slots", l->holds_top = l->holds_max + 1)                     \
    damage("more slots", l->names_top = LLM_LEDGER_NAMES + 1)                 \
    damage("a change is left", l->redo.n = 1)                                 \
    damage("a change is left", l->redo.committed = 1)                         \
    damage("free counters", l->counters_free = l->counters_top + 1)           \
    damage("free counters", slot(C_FREE)->next = C_FREE)                      \
    damage("free counters", slot(C_FREE)->next = C_USD)                       \
    damage("flags of a free", slot(C_FREE)->meta.flags = LLM_SLOT_PATCHED)    \
    damage("a lost counter", l->counters_free = 0)                            \
    damage("a lost counter", l->counters_top++)                               \
    damage("counters of a name", l->names[slot(C_USD)->name].refs++)          \
    damage("counters of a name", l->names[LLM_LEDGER_NAMES - 1].refs = 1)     \
    damage("counters of a name",                                              \
           l->names[slot(C_USD)->name].len = LLM_NAME_MAX + 1)                \
    damage("number of open", l->holds_used++)                                 \
    damage("free reservations", l->holds_free = l->holds_top + 1)             \
    damage("free reservations", hold(H_FREE)->next = H_FREE)                  \
    damage("free reservations", hold(H_FREE)->next = H_SETTLED)               \
    damage("a lost reservation", l->holds_free = 0)                           \
    damage("list of expired", l->expired_first = l->holds_top + 1)            \
    damage("list of expired", l->expired_first = H_OPEN)                      \
    damage("list of expired", hold(H_EXPIRED_2)->next = H_EXPIRED)            \
    damage("end of the list of expired", l->expired_last = H_EXPIRED)         \
    damage("end of the list of expired", hold(H_EXPIRED)->next = 0)           \
    damage("the state", hold(H_OPEN)->meta.state = LLM_HOLD_LATE + 1)         \
    damage("the state", hold(H_OPEN)->meta.n = LLM_BUDGETS_MAX + 1)           \
    damage("number of a reservation", hold(H_OPEN)->seq++)                    \
    damage("number of a reservation",                                         \
           hold(H_OPEN)->seq = l->gen << LLM_HOLD_BITS | H_OPEN)              \
    damage("amount of a reservation",                                         \
           hold(H_OPEN)->amount[LLM_UNIT_REQUESTS] = -1)                      \
    damage("amount of a reservation",                                         \
           hold(H_OPEN)->noted[LLM_UNIT_USD] = -1)                            \
    damage("counter of a reservation",                                        \
           hold(H_OPEN)->counters[1] = l->counters_top + 1)                   \
    damage("counter of a reservation", hold(H_OPEN)->counters[1] = C_FREE)    \
    damage("counter of a reservation", slot(C_CALLS)->meta.unit = LLM_UNIT_N) \
    damage("chain of counters", slot(C_USD)->next = C_USD)                    \
    damage("chain of counters", slot(C_USD)->next = l->counters_top + 1)      \
    damage("number of counters", l->counters_used++)                          \
    damage("name, window or unit", slot(C_QUIET)->meta.unit = LLM_UNIT_N)     \
    damage("name, window or unit",                                            \
           slot(C_CALLS)->meta.period = LLM_PERIOD_N)                         \
    damage("name, window or unit", slot(C_CALLS)->key_len = LLM_KEY_MAX + 1)  \
    damage("name, window or unit", slot(C_CALLS)->name = LLM_LEDGER_NAMES)    \
    damage("name, window or unit",                                            \
           slot(C_CALLS)->start = slot(C_CALLS)->end)                         \
    damage("a wrong chain", slot(C_CALLS)->hash ^= UINT32_MAX)                \
    damage("number of reservations", slot(C_CALLS)->holds++)                  \
    damage("a counter's amounts", slot(C_CALLS)->spent = -1)                  \
    damage("a counter's amounts", slot(C_CALLS)->reserved = -1)               \
    damage("a counter's amounts", slot(C_CALLS)->limit = -1)                  \
    damage("a counter's amounts", slot(C_CALLS)->alone = -1)                  \
    damage("a counter's amounts", slot(C_CALLS)->spent = INT64_MAX)           \
    damage("a counter's amounts", *llm_ledger_own(l, C_CALLS) = -1)           \
    damage("reserved amount", slot(C_USD)->reserved++)                        \
    damage("reserved amount", hold(H_OPEN)->amount[LLM_UNIT_USD]++)


static void
each_damage_is_found(void **state)
{
    size_t          size;
    unsigned        n;
    const char     *wrong;
    llm_ledger_t   *l;
    unsigned char  *was;

    (void) state;

    l = damaged_ledger();
    size = llm_ledger_size(COUNTERS, HOLDS);

    was = malloc(size);
    assert_non_null(was);
    memcpy(was, l, size);
    n = 0;

#define damage(why, what)                                                     \
    what;                                                                     \
    wrong = llm_ledger_check(l, 1);                                           \
                                                                              \
    if (wrong == NULL || strstr(wrong, why) == NULL) {                        \
        fail_msg("%s: \"%s\" is not \"%s\"", #what, wrong ? wrong : "fine",   \
                 why);                                                        \
    }                                                                         \
                                                                              \
    memcpy(l, was, size);                                                     \
    n++;

    DAMAGES(damage)

    assert_int_equal(n, 51);
    assert_ledger(l);

    /* what another store has told is no sum of what is here */

    slot(C_USD)->reserved++;
    assert_null(llm_ledger_check(l, 0));

    free(was);
    ledger_free(l, COUNTERS, HOLDS);
}


/* 16 budgets of the longest names and keys, in every place that there is */

static void
a_full_one_is_right(void **state)
{
    char             name[LLM_BUDGETS_MAX][LLM_NAME_MAX + 1];
    char             key[LLM_KEY_MAX + 1];
    int64_t          spent[LLM_UNIT_N] = { 7, 3, 1 };
    unsigned         i;
    uint32_t         cursor;
    llm_ledger_t    *l;
    llm_budget_t     b[LLM_BUDGETS_MAX];
    llm_balance_t    bal[LLM_BUDGETS_MAX];
    llm_hold_id_t    id;
    llm_hold_view_t  v;

    (void) state;

    l = ledger_new(LLM_BUDGETS_MAX, 1);
    memset(key, 'k', LLM_KEY_MAX);
    key[LLM_KEY_MAX] = '\0';

    for (i = 0; i < LLM_BUDGETS_MAX; i++) {
        (void) snprintf(name[i], sizeof(name[i]), "%032u", i);
        b[i] = budget(name[i], key, LLM_UNIT_USD, 1000);
    }

    reserve(l, b, LLM_BUDGETS_MAX, T0 + 10, &id);
    assert_ledger(l);

    cursor = 0;
    assert_int_equal(llm_ledger_next_hold(l, &cursor, &v), LLM_OK);
    assert_int_equal(v.n, LLM_BUDGETS_MAX);
    assert_memory_equal(v.counters[LLM_BUDGETS_MAX - 1].key, key, LLM_KEY_MAX);
    assert_memory_equal(v.counters[LLM_BUDGETS_MAX - 1].name,
                        name[LLM_BUDGETS_MAX - 1], LLM_NAME_MAX);

    assert_int_equal(llm_ledger_settle(l, &id, spent, bal, LLM_BUDGETS_MAX),
                     LLM_OK);
    assert_int_equal(llm_ledger_logged(l, &id), LLM_OK);

    for (i = 0; i < LLM_BUDGETS_MAX; i++) {
        assert_int_equal(bal[i].spent, 7);
        assert_int_equal(bal[i].reserved, 0);
    }

    /* and the rest of the places */

    while (l->holds_top < l->holds_max) {
        reserve(l, b, 1, T0 + 10, &id);
    }

    for (i = 0; l->counters_top < l->counters_max; i++) {
        (void) snprintf(key, sizeof(key), "user%u", i);
        b[0] = budget("user", key, LLM_UNIT_USD, 1000);
        assert_int_equal(llm_ledger_patch(l, &b[0], 1), LLM_OK);
    }

    assert_int_equal(l->holds_top, l->holds_max);
    assert_ledger(l);

    ledger_free(l, LLM_BUDGETS_MAX, 1);
}


/* a header is believed in all of its members or not at all */

#define HEADERS(header)                                                       \
    header("holds no ledger", l->magic ^= 1)                                  \
    header("another version", l->version--)                                   \
    header("another version", l->header_size++)                               \
    header("another size", l->size++)                                         \
    header("another size", l->counters_max++)                                 \
    header("another size", l->holds_max++)                                    \
    header("another size", l->buckets_off += 64)                              \
    header("another size", l->counters_off += 64)                             \
    header("another size", l->holds_off += 64)                                \
    header("another size", l->own_off += 64)                                  \
    header("another size", l->dirty_off += 64)                                \
    header("another size", l->dirty_size += 64)                               \
    header("another size", l->redo.base += 64)


static void
each_header_is_refused(void **state)
{
    size_t         size;
    const char    *wrong;
    llm_ledger_t  *l, was;

    (void) state;

    l = ledger_new(COUNTERS, HOLDS);
    size = llm_ledger_size(COUNTERS, HOLDS);
    was = *l;

    assert_ptr_equal(llm_ledger_attach(l, size, &wrong), l);

#define header(why, what)                                                     \
    what;                                                                     \
    assert_null(llm_ledger_attach(l, size, &wrong));                          \
                                                                              \
    if (strstr(wrong, why) == NULL) {                                         \
        fail_msg("%s: \"%s\" is not \"%s\"", #what, wrong, why);              \
    }                                                                         \
                                                                              \
    *l = was;

    HEADERS(header)

    assert_ptr_equal(llm_ledger_attach(l, size, &wrong), l);

    ledger_free(l, COUNTERS, HOLDS);
}


/* the smallest one has room for one reservation, within its size */

static void
a_small_one_is_whole_or_none(void **state)
{
    void          *mem;
    size_t         size, most;
    llm_ledger_t  *l;

    (void) state;

    most = llm_ledger_size(1, 1);

    for (l = NULL, size = 16; l == NULL; size += 16) {
        assert_true(size <= most);
        mem = malloc(size);
        assert_non_null(mem);

        l = llm_ledger_create(mem, size, 1);

        if (l == NULL) {
            free(mem);
        }
    }

    size -= 16;

    assert_int_equal(l->holds_max, 1);
    assert_true(l->own_off + l->counters_max * sizeof(int64_t)
                <= l->dirty_off);
    assert_true(l->dirty_off + 2 * l->dirty_size <= size);
    assert_ledger(l);

    free(l);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(each_damage_is_found),
        cmocka_unit_test(a_full_one_is_right),
        cmocka_unit_test(each_header_is_refused),
        cmocka_unit_test(a_small_one_is_whole_or_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
