
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Eight processes work on one region and are killed at random; the counters
 * must be what their journals say.
 */

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "llm_arena.h"

#include "ledger_check.h"


#define WORKERS     8
#define USERS       10
#define KILLS       80
#define RECORDS     16384
#define OPEN        16              /* reservations of one worker */


/*
 * A worker writes down what it is told and what it is about to do, in memory
 * that outlives it; state is stored last.
 */

#define ADMITTED    1
#define SETTLING    2
#define SETTLED     3

typedef struct {
    int              state;
    unsigned         user;
    llm_hold_id_t    id;
    int64_t          granted;
    int64_t          cost;
} record_t;


typedef struct {
    unsigned         n;
    int              overspent;
    int              failed;
    record_t         records[RECORDS];
} journal_t;


typedef struct {
    llm_ledger_t    *l;
    journal_t       *journals;        /* shared */
    pid_t            pids[WORKERS];
    int64_t          cost[USERS];     /* what the dead have settled */
    int64_t          requests[USERS];
} crash_t;


static crash_t  crash;


static void
crash_budgets(llm_budget_t *b, unsigned user)
{
    static const char  *users[USERS] = {
        "u0", "u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8", "u9"
    };

    b[0] = budget("all", "", LLM_UNIT_USD, 0);
    b[1] = budget("user", users[user], LLM_UNIT_USD, 1000000000);
    b[2] = budget("calls", users[user], LLM_UNIT_REQUESTS, 1000000000);
    b[3] = budget("look", "", LLM_UNIT_USD, 5);
    b[3].observe = 1;
}


static int
crash_reserve(journal_t *j, uint64_t *seed)
{
    int              rc;
    unsigned         i;
    record_t        *r;
    llm_budget_t     b[4];
    llm_admission_t  a;

    r = &j->records[j->n];
    r->user = llm_random(seed) % USERS;
    crash_budgets(b, r->user);

    a = admission(b, 4, 50 + llm_random(seed) % 50);
    a.least[LLM_UNIT_USD] = 10;
    a.owner = getpid();
    rc = llm_ledger_reserve(crash.l, &a);

    if (rc == LLM_LEDGER_SHORT) {
        return 0;
    }

    if (rc != LLM_LEDGER_FITS) {
        j->failed = 1;
        return 0;
    }

    for (i = 0; i < 3; i++) {
        if (a.balances[i].spent + a.balances[i].reserved
            > a.balances[i].limit)
        {
            j->overspent = 1;
        }
    }

    r->id = a.id;
    r->granted = a.granted[LLM_UNIT_USD];
    __atomic_store_n(&r->state, ADMITTED, __ATOMIC_RELEASE);
    __atomic_store_n(&j->n, j->n + 1, __ATOMIC_RELEASE);

    return 1;
}


static void
crash_work(journal_t *j, uint64_t seed)
{
    unsigned   nopen, k, open[OPEN];
    int64_t    spent[LLM_UNIT_N] = { 0, 0, 1 };
    record_t  *r;

    for (nopen = 0; j->n < RECORDS; /* void */ ) {
        if (nopen < OPEN && (nopen == 0 || llm_random(&seed) % 2)) {
            open[nopen] = j->n;
            nopen += crash_reserve(j, &seed);
            continue;
        }

        k = llm_random(&seed) % nopen;
        r = &j->records[open[k]];
        open[k] = open[--nopen];

        r->cost = llm_random(&seed) % (r->granted + 1);
        spent[LLM_UNIT_USD] = r->cost;
        __atomic_store_n(&r->state, SETTLING, __ATOMIC_RELEASE);

        if (llm_ledger_settle(crash.l, &r->id, spent, NULL, 0) != LLM_OK) {
            j->failed = 1;
        }

        __atomic_store_n(&r->state, SETTLED, __ATOMIC_RELEASE);
    }

    for ( ;; ) {
        pause();
    }
}


/* the worker is dead: what it was about to settle is settled, just once */

static void
crash_read(journal_t *j)
{
    int64_t    spent[LLM_UNIT_N] = { 0, 0, 1 };
    unsigned   i;
    record_t  *r;

    assert_false(j->failed);
    assert_false(j->overspent);

    for (i = 0; i < j->n; i++) {
        r = &j->records[i];

        if (r->state == SETTLING) {
            spent[LLM_UNIT_USD] = r->cost;
            (void) llm_ledger_settle(crash.l, &r->id, spent, NULL, 0);
            r->state = SETTLED;
        }

        if (r->state != SETTLED) {
            continue;
        }

        assert_int_equal(llm_ledger_settle(crash.l, &r->id, spent, NULL, 0),
                         LLM_DECLINED);

        crash.cost[r->user] += r->cost;
        crash.requests[r->user]++;
    }

    memset(j, 0, sizeof(journal_t));
}


static int
crash_gone(uint32_t owner)
{
    unsigned  i;

    for (i = 0; i < WORKERS; i++) {
        if (crash.pids[i] == (pid_t) owner) {
            return 0;
        }
    }

    return 1;
}


/* what the dead have left open was never sent: it is as if it had not been */

static void
crash_sweep(void)
{
    uint32_t            cursor;
    unsigned            n;
    llm_hold_view_t     v;
    llm_ledger_heir_t   heir = { crash_gone, NULL, NULL, NULL };

    n = 0;
    cursor = 0;

    while (llm_ledger_next_hold(crash.l, &cursor, &v) == LLM_OK) {
        n += crash_gone(v.owner);
    }

    assert_int_equal(llm_ledger_inherit(crash.l, &heir, 100000), n);
}


static void
crash_start(unsigned i, uint64_t seed)
{
    crash.pids[i] = fork();
    assert_true(crash.pids[i] != -1);

    if (crash.pids[i] == 0) {
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        crash_work(&crash.journals[i], seed);
    }
}


static void
crash_kill(unsigned i)
{
    assert_int_equal(kill(crash.pids[i], SIGKILL), 0);
    assert_int_equal(waitpid(crash.pids[i], NULL, 0), crash.pids[i]);

    crash.pids[i] = 0;
    crash_read(&crash.journals[i]);
}


static void
crash_totals(void)
{
    char                key[8];
    int64_t             all, requests;
    unsigned            i;
    llm_counter_view_t  v;

    all = 0;
    requests = 0;

    for (i = 0; i < USERS; i++) {
        sprintf(key, "u%u", i);
        assert_true(view_find(crash.l, "user", key, &v));
        assert_int_equal(v.spent, crash.cost[i]);
        assert_int_equal(v.reserved, 0);
        assert_true(view_find(crash.l, "calls", key, &v));
        assert_int_equal(v.spent, crash.requests[i]);
        assert_int_equal(v.reserved, 0);
        all += crash.cost[i];
        requests += crash.requests[i];
    }

    assert_true(view_find(crash.l, "all", "", &v));
    assert_int_equal(v.spent, all);
    assert_true(v.spent <= v.limit);
    assert_true(view_find(crash.l, "look", "", &v));
    assert_int_equal(v.spent, all);
    assert_true(all > 10000 && requests > 1000);
}


static void
killed_at_random(void **state)
{
    unsigned      i, k;
    llm_budget_t  b[4];

    (void) state;

    crash.l = ledger_new(1000, 4000);
    crash.journals = mmap(NULL, WORKERS * sizeof(journal_t),
                          PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS,
                          -1, 0);
    assert_true(crash.journals != MAP_FAILED);
    crash_budgets(b, 0);

    assert_int_equal(llm_ledger_patch(crash.l, &b[0], 10000), LLM_OK);

    for (i = 0; i < WORKERS; i++) {
        crash_start(i, i);
    }

    for (k = 1; k <= KILLS; k++) {

        /* a budget that is always about to be exhausted */

        assert_int_equal(llm_ledger_patch(crash.l, &b[0], k * 20000), LLM_OK);
        usleep(1000 + k * 7 % 1500);

        crash_kill(k % WORKERS);
        crash_start(k % WORKERS, k + 100);

        if (k % 10 == 0) {
            crash_sweep();
            assert_ledger(crash.l);
        }
    }

    for (i = 0; i < WORKERS; i++) {
        crash_kill(i);
    }

    crash_sweep();
    assert_ledger(crash.l);
    crash_totals();

    munmap(crash.journals, WORKERS * sizeof(journal_t));
    ledger_free(crash.l, 1000, 4000);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(killed_at_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
