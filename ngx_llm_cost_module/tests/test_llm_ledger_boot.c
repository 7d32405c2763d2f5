
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * What a boot finds of a ledger in a file, and what is found after a process
 * that makes, resizes or syncs one was killed, at every system call.
 */

#define _GNU_SOURCE

#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "ledger_file_fixture.h"


static void
a_boot_finds_the_last_sync(void **state)
{
    sums_t              s;
    uint64_t            last;
    unsigned            i;
    llm_ledger_file_t   f;

    (void) state;

    last = 0;

    for (i = 0; i < 40; i++) {
        file_open(&f, REGION);
        assert_int_equal(f.recovered, i > 0);

        if (i) {
            assert_sums(f.ledger, &s);
        }

        /* another store may know what is lost: by numbers that are not new */

        assert_true(request(f.ledger, i, i % 3).seq > last);
        (void) request(f.ledger, i + 100, 1);
        assert_int_equal(llm_ledger_file_sync(&f), 0);
        s = file_sums(f.ledger);

        if (i % 4 == 0) {
            assert_int_equal(llm_ledger_file_sync(&f), 0);
        }

        /* what comes after is lost, and nothing else */

        (void) request(f.ledger, i + 200, 1);
        last = request(f.ledger, i, 0).seq;
        llm_ledger_file_close(&f);

        power_loss(i);
    }
}


/* so many changes that the log is folded, and a last batch that is torn */

static void
a_torn_batch_is_none(void **state)
{
    sums_t              s;
    unsigned            i, k;
    uint64_t            pos;
    llm_ledger_file_t   f;

    (void) state;

    for (i = 0; i < 12; i++) {
        file_open(&f, REGION);

        for (k = 0; k < 150; k++) {
            (void) request(f.ledger, k, 1);
            assert_int_equal(llm_ledger_file_sync(&f), 0);
        }

        s = file_sums(f.ledger);
        pos = llm_file_state(&f)->log_pos;
        (void) request(f.ledger, 500 + i, 1);
        assert_int_equal(llm_ledger_file_sync(&f), 0);

        if (llm_file_state(&f)->log_pos <= pos) {
            pos = 0;                    /* the log was full */
        }

        /* the state's page may be older than the log, and never is newer */

        llm_file_state(&f)->epoch--;
        llm_ledger_file_close(&f);

        power_loss(i);

        if (i % 2) {
            file_patch(llm_file_log_off(REGION) + pos + 40 + i * 7, "\xff\xff",
                       2);
            file_open(&f, REGION);
            assert_sums(f.ledger, &s);

        } else {
            file_open(&f, REGION);
            s.spent += 14;
            s.counters++;
            s.settles++;
            assert_sums(f.ledger, &s);
        }

        llm_ledger_file_close(&f);
    }
}


/* a log that was on the disk and is not there any more is no ledger of 0 */

static void
refuses_what_cannot_be_repaired(void **state)
{
    llm_ledger_file_t   f;

    (void) state;

    file_open(&f, REGION);
    (void) request(f.ledger, 1, 1);
    assert_int_equal(llm_ledger_file_sync(&f), 0);
    (void) request(f.ledger, 2, 1);
    assert_int_equal(llm_ledger_file_sync(&f), 0);
    llm_ledger_file_close(&f);
    power_loss(1);
    file_patch(llm_file_log_off(REGION) + 40, "\xff\xff\xff", 3);
    assert_refused("it cannot be repaired: its log is damaged");

    file_patch(LLM_FILE_MARKS_OFF, "\0\0\0\0", 4);
    file_patch(LLM_FILE_MARKS_OFF + LLM_FILE_SECTOR, "\0\0\0\0", 4);
    assert_refused("it cannot be repaired: the mark of its base is damaged");
}


/* all of it: whose, for how much, until when, of which counters */

static void
a_boot_finds_what_is_open(void **state)
{
    char                key[LLM_KEY_MAX + 1];
    int64_t             spent[LLM_UNIT_N] = { 5, 4, 1 };
    uint32_t            cursor, again;
    unsigned            i, k;
    llm_budget_t        b[4];
    llm_balance_t       bal[4];
    llm_hold_view_t     was[9], v;
    llm_admission_t     a;
    llm_ledger_file_t   f;

    (void) state;

    file_open(&f, REGION);

    memset(key, 'k', LLM_KEY_MAX);
    key[LLM_KEY_MAX] = '\0';

    b[0] = budget("all", "", LLM_UNIT_USD, LLM_NO_LIMIT);
    b[1] = budget("tokens", key, LLM_UNIT_TOKENS, 100000);
    b[2] = budget("calls", "", LLM_UNIT_REQUESTS, 1000);
    b[3] = budget("user", key, LLM_UNIT_USD, 100000);

    /* the second of each is as it was, and another one is changed */

    for (i = 0; i < 9; i++) {
        a = admission(b, 4 - i % 2, 100 + i);
        a.expires += i;
        a.owner = LLM_LEDGER_NOBODY;
        a.keep = i & 1;
        memset(a.request_id, 'a' + i, LLM_REQUEST_ID);
        assert_int_equal(llm_ledger_reserve(f.ledger, &a), LLM_LEDGER_FITS);
        assert_int_equal(llm_ledger_file_sync(&f), 0);
    }

    for (i = 0, cursor = 0; i < 9; i++) {
        assert_int_equal(llm_ledger_next_hold(f.ledger, &cursor, &was[i]),
                         LLM_OK);
    }

    assert_int_equal(llm_ledger_next_hold(f.ledger, &cursor, &v),
                     LLM_DECLINED);
    llm_ledger_file_close(&f);
    power_loss(3);
    file_open(&f, REGION);

    for (i = 0, cursor = 0; i < 9; i++) {
        assert_int_equal(llm_ledger_next_hold(f.ledger, &cursor, &v), LLM_OK);
        assert_memory_equal(&v, &was[i], sizeof(v));
        assert_int_equal(v.request_id[LLM_REQUEST_ID - 1], 'a' + i);
    }

    again = cursor;
    assert_int_equal(llm_ledger_next_hold(f.ledger, &again, &v),
                     LLM_DECLINED);

    for (i = 0; i < 9; i++) {
        assert_int_equal(llm_ledger_settle(f.ledger, &was[i].id, spent, bal,
                                           4),
                         LLM_OK);

        for (k = 0; k < was[i].n; k++) {
            assert_int_equal(bal[k].spent, (k == 3 ? i / 2 + 1 : i + 1)
                                           * spent[b[k].unit]);
        }
    }

    assert_ledger(f.ledger);
    llm_ledger_file_close(&f);
}


/* whoever was writing to the disk has died; the others go on, and write it */

static void
dies_in_a_sync(llm_ledger_file_t *f)
{
    pid_t  pid;

    pid = fork();
    assert_true(pid != -1);

    if (pid == 0) {
        _exit(pthread_mutex_lock(&llm_file_state(f)->mutex));
    }

    assert_int_equal(waitpid(pid, NULL, 0), pid);
}


static void
a_sync_goes_on_for_another(void **state)
{
    sums_t              s;
    llm_ledger_file_t   f;

    (void) state;

    file_open(&f, REGION);
    (void) request(f.ledger, 1, 1);
    assert_int_equal(llm_ledger_file_sync(&f), 0);
    (void) request(f.ledger, 2, 1);
    dies_in_a_sync(&f);
    assert_int_equal(llm_ledger_file_sync(&f), 0);
    (void) request(f.ledger, 3, 1);
    assert_int_equal(llm_ledger_file_sync(&f), 0);
    s = file_sums(f.ledger);
    assert_int_equal(s.settles, 3);
    llm_ledger_file_close(&f);
    power_loss(4);
    file_open(&f, REGION);
    assert_sums(f.ledger, &s);

    /* what is on the disk is not what was put there, and that is said */

    (void) request(f.ledger, 4, 1);
    assert_int_equal(llm_ledger_file_sync(&f), 0);
    file_patch(llm_file_log_off(REGION) + 40, "\xff\xff\xff", 3);
    (void) request(f.ledger, 5, 1);
    dies_in_a_sync(&f);
    assert_int_equal(llm_ledger_file_sync(&f), EBADMSG);

    /* it is all there anew, and what follows */

    (void) request(f.ledger, 6, 1);
    assert_int_equal(llm_ledger_file_sync(&f), 0);
    s = file_sums(f.ledger);
    assert_int_equal(s.settles, 6);
    llm_ledger_file_close(&f);
    power_loss(5);
    file_open(&f, REGION);
    assert_sums(f.ledger, &s);

    /* nor does it come from a lock that nobody can have again */

    dies_in_a_sync(&f);
    assert_int_equal(pthread_mutex_lock(&llm_file_state(&f)->mutex),
                     EOWNERDEAD);
    assert_int_equal(pthread_mutex_unlock(&llm_file_state(&f)->mutex), 0);
    assert_int_equal(llm_ledger_file_sync(&f), ENOTRECOVERABLE);
    llm_ledger_file_close(&f);
}


/* one that cannot be read is not folded: all of the ledger is written anew */

static void
a_damaged_log_is_left(void **state)
{
    int                 rc, marks;
    sums_t              s;
    unsigned            i;
    llm_ledger_file_t   f;

    (void) state;

    for (marks = 0; marks < 2; marks++) {

        file_open(&f, REGION);
        (void) request(f.ledger, 1, 1);
        assert_int_equal(llm_ledger_file_sync(&f), 0);

        if (marks) {
            assert_int_equal(llm_file_unmark(&f), 0);

        } else {
            file_patch(llm_file_log_off(REGION) + 40, "\xff\xff\xff", 3);
        }

        for (i = 0, rc = 0; i < 1000 && rc == 0; i++) {
            (void) request(f.ledger, i, 1);
            rc = llm_ledger_file_sync(&f);
        }

        assert_in_range(i, 10, 999);
        assert_int_equal(rc, EBADMSG);
        s = file_sums(f.ledger);
        assert_int_equal(s.settles, i + 1);

        /* nothing is wanting there, before another batch and behind it */

        llm_ledger_file_close(&f);
        power_loss(6);
        file_open(&f, REGION);
        assert_sums(f.ledger, &s);
        (void) request(f.ledger, i, 1);
        assert_int_equal(llm_ledger_file_sync(&f), 0);
        s = file_sums(f.ledger);
        llm_ledger_file_close(&f);
        power_loss(7);
        file_open(&f, REGION);
        assert_sums(f.ledger, &s);
        llm_ledger_file_close(&f);
        (void) file_fresh(state);
    }
}


/* of a counter also what this node has added to what others have told */

static void
another_size_keeps_its_own(void **state)
{
    uint32_t            i;
    llm_ledger_file_t   f;

    (void) state;

    file_open(&f, LARGER);
    (void) request(f.ledger, 1, 1);

    for (i = 1; i <= f.ledger->counters_top; i++) {
        *llm_ledger_own(f.ledger, i) = 7;
    }

    llm_ledger_file_close(&f);
    file_open(&f, REGION);
    assert_true(f.resized);
    llm_ledger_file_close(&f);
    power_loss(8);
    file_open(&f, REGION);
    assert_true(f.recovered && f.ledger->counters_top == 2);

    for (i = 1; i <= f.ledger->counters_top; i++) {
        assert_int_equal(*llm_ledger_own(f.ledger, i), 7);
    }

    llm_ledger_file_close(&f);
}


/* what is killed at every system call, and what may be found then */

static void
does_make(void)
{
    llm_ledger_file_t  f;

    if (llm_ledger_file_open(&f, path, REGION, NODE, err) != LLM_OK) {
        _exit(2);
    }
}


static void
does_resize(void)
{
    llm_ledger_file_t  f;

    if (llm_ledger_file_open(&f, path, LARGER, NODE, err) != LLM_OK) {
        _exit(2);
    }
}


static void
does_sync(void)
{
    llm_ledger_file_t  f;

    if (llm_ledger_file_open(&f, path, REGION, NODE, err) != LLM_OK
        || llm_ledger_file_sync(&f) != 0)
    {
        _exit(2);
    }
}


/* runs until its system call number n; 0: it has ended before */

static int
killed_at(void (*does)(void), unsigned n)
{
    int    status;
    pid_t  pid;

    pid = fork();
    assert_true(pid != -1);

    if (pid == 0) {
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);

        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1) {
            _exit(99);
        }

        raise(SIGSTOP);
        does();
        _exit(0);
    }

    assert_int_equal(waitpid(pid, &status, 0), pid);

    while (WIFSTOPPED(status) && n--) {
        assert_int_equal(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
    }

    if (WIFSTOPPED(status)) {
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        return 1;
    }

    if (WIFEXITED(status) && WEXITSTATUS(status) == 99) {
        skip();
    }

    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);

    return 0;
}


static void
is_made_or_not(void **state)
{
    unsigned            n;
    llm_ledger_file_t   f;

    for (n = 1; killed_at(does_make, n); n++) {
        file_open(&f, REGION);
        (void) request(f.ledger, 1, 1);
        llm_ledger_file_close(&f);
        assert_int_equal(file_fresh(state), 0);
    }

    assert_true(n > 20);
}


static void
has_one_size_or_the_other(void **state)
{
    sums_t              s;
    unsigned            n, i, ends;
    llm_ledger_file_t   f;

    (void) state;

    for (n = 1, ends = 0; !ends; n += 2) {
        file_open(&f, REGION);

        for (i = 0; i < 30; i++) {
            (void) request(f.ledger, i, i % 2);
        }

        s = file_sums(f.ledger);
        llm_ledger_file_close(&f);

        ends = !killed_at(does_resize, n);

        if (n % 4 == 1) {
            file_open(&f, LARGER);

        } else {
            file_open(&f, REGION);
        }

        assert_sums(f.ledger, &s);
        llm_ledger_file_close(&f);
        assert_int_equal(file_fresh(state), 0);
    }

    assert_true(n > 20);
}


/* a sync that was killed, then a boot: before it, or after it */

static void
is_synced_or_not(void **state)
{
    int                 folds;
    sums_t              before, after, now;
    unsigned            n, i, ends;
    llm_ledger_file_t   f;

    (void) state;

    for (folds = 0; folds < 2; folds++) {
        for (n = 1, ends = 0; !ends; n++) {
            file_open(&f, REGION);

            for (i = 0; i < 8; i++) {
                (void) request(f.ledger, i, 1);
                assert_int_equal(llm_ledger_file_sync(&f), 0);
            }

            if (folds) {

                /* the next batch finds no room */

                while (llm_file_state(&f)->log_pos + 2000
                       < llm_file_log_size(REGION))
                {
                    for (i = 0; i < 200; i++) {
                        (void) request(f.ledger, i, 1);
                    }

                    if (llm_file_log_size(REGION)
                        - llm_file_state(&f)->log_pos < 60000)
                    {
                        break;
                    }

                    assert_int_equal(llm_ledger_file_sync(&f), 0);
                }
            }

            assert_int_equal(llm_ledger_file_sync(&f), 0);
            before = file_sums(f.ledger);

            for (i = 0; i < 300; i++) {
                (void) request(f.ledger, i, 1);
            }

            after = file_sums(f.ledger);
            llm_ledger_file_close(&f);

            ends = !killed_at(does_sync, n);

            power_loss(n);
            file_open(&f, REGION);
            now = file_sums(f.ledger);
            assert_true(memcmp(&now, &before, sizeof(now)) == 0
                        || memcmp(&now, &after, sizeof(now)) == 0);

            if (ends) {
                assert_memory_equal(&now, &after, sizeof(now));
            }

            llm_ledger_file_close(&f);
            assert_int_equal(file_fresh(state), 0);
        }

        assert_true(n > 10);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_teardown(a_boot_finds_the_last_sync, file_fresh),
        cmocka_unit_test_teardown(a_torn_batch_is_none, file_fresh),
        cmocka_unit_test_teardown(refuses_what_cannot_be_repaired, file_fresh),
        cmocka_unit_test_teardown(a_boot_finds_what_is_open, file_fresh),
        cmocka_unit_test_teardown(a_sync_goes_on_for_another, file_fresh),
        cmocka_unit_test_teardown(another_size_keeps_its_own, file_fresh),
        cmocka_unit_test_teardown(a_damaged_log_is_left, file_fresh),
        cmocka_unit_test_teardown(is_made_or_not, file_fresh),
        cmocka_unit_test_teardown(has_one_size_or_the_other, file_fresh),
        cmocka_unit_test_teardown(is_synced_or_not, file_fresh),
    };

    return cmocka_run_group_tests(tests, file_setup, file_teardown);
}
