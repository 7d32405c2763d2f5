
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * A process is stopped after every single instruction of an operation, and what
 * another one would find in the region at that moment is repaired and looked
 * at: it is the state of before or the state of after, and nothing else.
 */

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "llm_arena.h"

#include "ledger_check.h"


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


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(every_instruction),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
