
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Processes that are killed.  First a process is stopped after every single
 * instruction of an operation, and what another one would find in the region
 * at that moment is repaired and looked at: it is the state of before or the
 * state of after, and nothing else.  Then eight processes work on one region
 * and are killed at random; the counters must be what their journals say.
 */

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "llm_arena.h"

#include "ledger_check.h"


#define WORKERS     8
#define USERS       10
#define KILLS       80
#define RECORDS     16384
#define OPEN        16              /* reservations of one worker */
#define HELD        8               /* reservations that are stepped through */


typedef struct {
    llm_ledger_t    *l;
    size_t           size;
    llm_budget_t     budgets[3];
    llm_hold_id_t    hold;            /* an open reservation */
    llm_hold_id_t    late;            /* an expired one */
    llm_hold_id_t    alone;           /* admitted without another store */
    llm_hold_id_t    kept;            /* until it is logged */
    llm_hold_id_t    unlogged;        /* settled, and so still there */
} stage_t;


typedef void (*operation_pt)(stage_t *s);


/* what of a region says whether an operation has happened */

typedef struct {
    int64_t             spent;
    int64_t             reserved;
    int64_t             alone;
    llm_ledger_stat_t   stat;
} summary_t;


static void
op_reserve(stage_t *s)
{
    llm_admission_t  a;

    a = admission(s->budgets, 3, 10);
    (void) llm_ledger_reserve(s->l, &a);
}


/* while another store is away; and one that was admitted so is settled */

static void
op_alone(stage_t *s)
{
    llm_admission_t  a;

    a = admission(s->budgets, 3, 10);
    a.alone = 1;
    (void) llm_ledger_reserve(s->l, &a);
}


static void
op_settle_alone(stage_t *s)
{
    int64_t           spent[LLM_UNIT_N] = { 990, 7, 1 };
    llm_ledger_end_t  end = { spent, 1, 7, T0, 0 };

    (void) llm_ledger_pend(s->l, &s->alone, &end, NULL, 0);
}


static void
op_settle(stage_t *s)
{
    int64_t        spent[LLM_UNIT_N] = { 990, 7, 1 };
    llm_balance_t  bal[3];

    (void) llm_ledger_settle(s->l, &s->hold, spent, bal, 3);
}


static void
op_late(stage_t *s)
{
    int64_t  spent[LLM_UNIT_N] = { 3, 7, 1 };

    (void) llm_ledger_settle(s->l, &s->late, spent, NULL, 0);
}


/* both of them settled for another store, which then hears of one */

static void
op_pend(stage_t *s)
{
    int64_t           spent[LLM_UNIT_N] = { 990, 7, 1 };
    llm_ledger_end_t  end = { spent, 1, 7, T0, 0 };

    (void) llm_ledger_pend(s->l, &s->hold, &end, NULL, 0);
}


static void
op_pend_late(stage_t *s)
{
    llm_ledger_end_t  end = { NULL, 0, 7, T0, 0 };

    (void) llm_ledger_pend(s->l, &s->late, &end, NULL, 0);
}


static void
op_confirm(stage_t *s)
{
    (void) llm_ledger_confirm(s->l, &s->late);
}


static void
op_expire(stage_t *s)
{
    (void) llm_ledger_sweep(s->l, T0 + 600, 1, 1);
}


static void
op_cancel(stage_t *s)
{
    (void) llm_ledger_cancel(s->l, &s->hold);
}


static void
op_note(stage_t *s)
{
    int64_t  spent[LLM_UNIT_N] = { 5, 7, 1 };

    (void) llm_ledger_note(s->l, &s->hold, spent);
}


static void
op_renew(stage_t *s)
{
    (void) llm_ledger_renew(s->l, &s->hold, T0 + 9999);
}


/* settled and not logged, then logged: the two ends of a request's line */

static void
op_keep(stage_t *s)
{
    int64_t  spent[LLM_UNIT_N] = { 12, 7, 1 };

    (void) llm_ledger_settle_there(s->l, &s->kept, spent, 1);
}


static void
op_logged(stage_t *s)
{
    (void) llm_ledger_logged(s->l, &s->unlogged);
}


static void
op_hit(stage_t *s)
{
    llm_admission_t  a;

    a = admission(s->budgets, 3, 0);
    a.hit = 1;
    a.keep = 1;
    (void) llm_ledger_reserve(s->l, &a);
}


/* refused, with the alert of the window's first refusal */

static void
op_refuse(stage_t *s)
{
    llm_admission_t  a;

    a = admission(s->budgets, 1, 995);
    (void) llm_ledger_reserve(s->l, &a);
}


static void
op_patch(stage_t *s)
{
    (void) llm_ledger_patch(s->l, &s->budgets[2], 5);
}


/* what owner 7 has left: one open with a note, nothing else */

static int
owner_7_is_gone(uint32_t owner)
{
    return owner == 7;
}


static void
op_inherit(stage_t *s)
{
    llm_ledger_heir_t  heir = { owner_7_is_gone, NULL, NULL, NULL };

    (void) llm_ledger_inherit(s->l, &heir, 9);
}


static void
op_reap(stage_t *s)
{
    (void) llm_ledger_sweep(s->l, T0 + 5 * DAY, 1, 0);
}


/* a region with a past: counters, an open reservation, an expired one */

static void
stage_make(stage_t *s)
{
    int64_t          spent[LLM_UNIT_N] = { 5, 7, 1 };
    llm_budget_t     old;
    llm_admission_t  a;

    s->size = llm_ledger_size(HELD * 6, HELD);
    s->l = ledger_new(HELD * 6, HELD);

    s->budgets[0] = budget("daily", "", LLM_UNIT_USD, 1000);
    s->budgets[1] = budget("user", "ann", LLM_UNIT_USD, 1000);
    s->budgets[2] = budget("calls", "ann", LLM_UNIT_REQUESTS, 100);

    old = budget("old", "x", LLM_UNIT_USD, 1000);
    old.end = old.start + 60;
    a = admission(&old, 1, 5);
    assert_int_equal(llm_ledger_reserve(s->l, &a), LLM_LEDGER_FITS);
    assert_int_equal(llm_ledger_cancel(s->l, &a.id), LLM_OK);

    a = admission(s->budgets, 3, 20);
    a.expires = T0 + 1;
    assert_int_equal(llm_ledger_reserve(s->l, &a), LLM_LEDGER_FITS);
    s->late = a.id;
    assert_int_equal(llm_ledger_sweep(s->l, T0 + 1, 1, 9), 1);

    a = admission(s->budgets, 3, 30);
    assert_int_equal(llm_ledger_reserve(s->l, &a), LLM_LEDGER_FITS);
    s->hold = a.id;

    a.alone = 1;
    assert_int_equal(llm_ledger_reserve(s->l, &a), LLM_LEDGER_FITS);
    s->alone = a.id;

    a = admission(s->budgets, 3, 10);
    a.keep = 1;
    assert_int_equal(llm_ledger_reserve(s->l, &a), LLM_LEDGER_FITS);
    s->unlogged = a.id;
    assert_int_equal(llm_ledger_settle(s->l, &a.id, spent, NULL, 0), LLM_OK);
    assert_int_equal(llm_ledger_reserve(s->l, &a), LLM_LEDGER_FITS);
    s->kept = a.id;

    a.owner = 7;
    assert_int_equal(llm_ledger_reserve(s->l, &a), LLM_LEDGER_FITS);
    assert_int_equal(llm_ledger_note(s->l, &a.id, spent), LLM_OK);

    /* the next admission meets a counter, and makes two and a name */

    s->budgets[1] = budget("user", "new", LLM_UNIT_USD, 1000);
    s->budgets[2] = budget("new", "new", LLM_UNIT_USD, 1000);
}


static void
summarize(llm_ledger_t *l, summary_t *sum)
{
    uint32_t            cursor;
    llm_counter_view_t  v;

    memset(sum, 0, sizeof(summary_t));
    cursor = 0;

    while (llm_ledger_next(l, &cursor, &v) == LLM_OK) {
        sum->spent += v.spent;
        sum->reserved += v.reserved;
        sum->alone += llm_ledger_slot(l, cursor)->alone;
    }

    llm_ledger_stat(l, &sum->stat);

    /* an empty counter more, or one that is over less, is no difference */

    sum->stat.counters = 0;
}


/*
 * The region as the next process would find it: the kernel marks the lock of
 * a dead holder, which is all that differs from the bytes at that moment.
 */

static void
assert_repaired(llm_ledger_t *copy, const stage_t *s, const summary_t *before,
    const summary_t *after)
{
    summary_t  now;

    memcpy(copy, s->l, s->size);

    if (copy->mutex.__data.__lock != 0) {
        copy->mutex.__data.__lock = 0x40000000;     /* FUTEX_OWNER_DIED */
    }

    assert_ledger(copy);
    summarize(copy, &now);

    assert_true(memcmp(&now, before, sizeof(now)) == 0
                || memcmp(&now, after, sizeof(now)) == 0);
}


static void
step_through(operation_pt op)
{
    int            status;
    void          *copy, *last;
    pid_t          pid;
    stage_t        s;
    summary_t      before, after;
    unsigned long  steps, changes;

    stage_make(&s);
    copy = aligned_alloc(64, (s.size + 63) & ~(size_t) 63);
    last = malloc(s.size);

    memcpy(last, s.l, s.size);
    summarize(s.l, &before);
    op(&s);
    summarize(s.l, &after);
    memcpy(s.l, last, s.size);

    pid = fork();
    assert_true(pid != -1);

    if (pid == 0) {
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);

        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1) {
            _exit(99);
        }

        raise(SIGSTOP);
        op(&s);
        _exit(0);
    }

    assert_int_equal(waitpid(pid, &status, 0), pid);

    if (WIFEXITED(status) && WEXITSTATUS(status) == 99) {
        free(copy);
        free(last);
        ledger_free(s.l, HELD * 6, HELD);
        skip();
    }

    changes = 0;

    for (steps = 0; WIFSTOPPED(status); steps++) {
        if (memcmp(last, s.l, s.size) != 0) {
            memcpy(last, s.l, s.size);
            assert_repaired(copy, &s, &before, &after);
            changes++;
        }

        assert_int_equal(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
    }

    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_repaired(copy, &s, &after, &after);
    assert_true(steps > 100 && changes > 3);

    free(copy);
    free(last);
    ledger_free(s.l, HELD * 6, HELD);
}


static void
every_instruction(void **state)
{
    (void) state;

    step_through(op_reserve);
    step_through(op_alone);
    step_through(op_settle_alone);
    step_through(op_settle);
    step_through(op_late);
    step_through(op_pend);
    step_through(op_pend_late);
    step_through(op_confirm);
    step_through(op_expire);
    step_through(op_reap);
    step_through(op_cancel);
    step_through(op_note);
    step_through(op_renew);
    step_through(op_keep);
    step_through(op_logged);
    step_through(op_hit);
    step_through(op_refuse);
    step_through(op_patch);
    step_through(op_inherit);
}


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
        cmocka_unit_test(every_instruction),
        cmocka_unit_test(killed_at_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
