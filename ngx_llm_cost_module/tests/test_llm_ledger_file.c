
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * The ledger in a file: what is kept, whose it is, what is refused and how,
 * and another size.
 */

#define _GNU_SOURCE

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "ledger_file_fixture.h"


static void
another_version(llm_file_head_t *head)
{
    head->version++;
}


static void
another_order(llm_file_head_t *head)
{
    head->endian = __builtin_bswap32(head->endian);
}


static void
is_kept(void **state)
{
    int64_t             spent[LLM_UNIT_N] = { 9, 3, 1 };
    sums_t              s;
    uint32_t            cursor;
    struct stat         st;
    llm_hold_id_t       id;
    llm_hold_view_t     v;
    llm_ledger_file_t   f, again;

    (void) state;

    file_open(&f, REGION);
    assert_true(f.made && !f.shared && !f.recovered);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_true(st.st_blocks * 512 >= st.st_size);

    id = request(f.ledger, 1, 0);
    (void) request(f.ledger, 2, 1);

    /* a second time in one process, as a reload does */

    file_open(&again, REGION);
    assert_true(again.shared && !again.made && again.ino == f.ino);
    (void) request(again.ledger, 3, 1);
    s = file_sums(f.ledger);
    assert_int_equal(s.spent, 4 * 7);
    assert_int_equal(s.reserved, 2 * 100);
    assert_sums(again.ledger, &s);
    llm_ledger_file_close(&f);
    llm_ledger_file_close(&again);

    /* and after all of them have gone: open ones have no owner */

    file_open(&f, REGION);
    assert_true(!f.made && !f.shared && !f.recovered);
    assert_sums(f.ledger, &s);
    cursor = 0;
    assert_int_equal(llm_ledger_next_hold(f.ledger, &cursor, &v), LLM_OK);
    assert_int_equal(v.owner, 0x7fffffff);
    assert_true(v.has_note);
    assert_int_equal(llm_ledger_settle(f.ledger, &id, spent, NULL, 0),
                     LLM_OK);
    llm_ledger_file_close(&f);
}


/* the lock goes on to whoever inherits the descriptor, and to nobody else */

static void
is_one_nginx(void **state)
{
    int                status;
    pid_t              pid;
    llm_ledger_file_t  f, other;

    (void) state;

    file_open(&f, REGION);

    pid = fork();
    assert_true(pid != -1);

    if (pid == 0) {
        _exit(llm_ledger_file_open(&other, path, REGION, NODE, err) != LLM_OK
              || !other.shared);
    }

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);

    pid = fork();
    assert_true(pid != -1);

    if (pid == 0) {
        llm_ledger_file_close(&f);
        _exit(llm_ledger_file_open(&other, path, REGION, NODE, err) != LLM_ERROR
              || strstr(err, "another nginx has it") == NULL);
    }

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    llm_ledger_file_close(&f);
}


/* killed with the ledger's lock, or the sync's, in a change */

static void
outlives_a_lock(void **state)
{
    pid_t               pid;
    sums_t              s;
    llm_ledger_file_t   f;

    (void) state;

    file_open(&f, REGION);
    (void) request(f.ledger, 1, 1);
    s = file_sums(f.ledger);
    llm_ledger_file_close(&f);

    pid = fork();
    assert_true(pid != -1);

    if (pid == 0) {
        file_open(&f, REGION);
        (void) llm_ledger_lock(f.ledger);
        llm_redo_add(&f.ledger->redo, (int64_t *) &f.ledger->settles, 5);
        f.ledger->redo.committed = 1;
        (void) pthread_mutex_lock(&llm_file_state(&f)->mutex);
        kill(getpid(), SIGKILL);
    }

    assert_int_equal(waitpid(pid, NULL, 0), pid);

    file_open(&f, REGION);
    s.settles += 5;
    assert_sums(f.ledger, &s);
    assert_int_equal(llm_ledger_file_sync(&f), 0);
    llm_ledger_file_close(&f);
}


static void
refuses_what_is_no_ledger(void **state)
{
    int                 fd;
    char                other[80];
    uint32_t            bad;
    llm_ledger_file_t   f;
    struct rlimit       old, small;

    (void) state;

    fd = open(path, O_CREAT|O_RDWR, 0600);
    close(fd);
    assert_refused("it is empty or truncated");
    assert_int_equal(truncate(path, 1 << 20), 0);
    assert_refused("it is no ledger");
    assert_int_equal(chmod(path, 0660), 0);
    assert_refused("chmod 600");
    assert_int_equal(unlink(path), 0);

    assert_int_equal(mkfifo(path, 0600), 0);
    assert_refused("it is no regular file");
    assert_int_equal(unlink(path), 0);
    snprintf(other, sizeof(other), "%s.other", path);
    assert_int_equal(symlink(other, path), 0);
    assert_refused("it is a symbolic link");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_refused("directory");
    assert_int_equal(rmdir(path), 0);

    /* no room for it */

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 64 * 1024;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_refused("no room for its");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(access(path, F_OK), -1);
    snprintf(other, sizeof(other), "%s.new", path);
    assert_int_equal(access(other, F_OK), -1);

    /* a ledger, and then not quite */

    file_open(&f, REGION);
    (void) request(f.ledger, 1, 1);
    llm_ledger_file_close(&f);

    head_edit(another_version);
    assert_refused("it is of version 1.6, and this module knows 1.5");
    head_edit(another_order);
    assert_refused("another order of bytes");
    head_edit(another_order);
    file_patch(offsetof(llm_file_head_t, region), "x", 1);
    assert_refused("of version");
    file_patch(offsetof(llm_file_head_t, version),
               &(uint32_t) { LLM_FILE_VERSION << 16 | LLM_LEDGER_VERSION }, 4);
    assert_refused("its head is damaged");
    assert_int_equal(unlink(path), 0);

    file_open(&f, REGION);
    (void) request(f.ledger, 1, 1);
    llm_ledger_file_close(&f);
    assert_int_equal(truncate(path, llm_file_size(REGION) - 1), 0);
    assert_refused("it is truncated: ");
    assert_int_equal(unlink(path), 0);

    /* the kernel did not lose it, somebody has edited it */

    file_open(&f, REGION);
    (void) request(f.ledger, 1, 1);
    bad = 1000000;
    file_patch(LLM_FILE_REGION_OFF
               + ((char *) &llm_ledger_slot(f.ledger, 1)->next
                  - (char *) f.ledger), &bad, 4);
    llm_ledger_file_close(&f);
    assert_refused("it is damaged: a chain of counters");
}


static void
takes_another_size(void **state)
{
    unsigned            i;
    int64_t             spent[LLM_UNIT_N] = { 7, 3, 1 };
    sums_t              s;
    unsigned char       store[LLM_LEDGER_STORE];
    llm_hold_id_t       id[40];
    llm_ledger_file_t   f, g;

    (void) state;

    file_open(&f, REGION);

    for (i = 0; i < 40; i++) {
        id[i] = request(f.ledger, i, 0);
    }

    llm_ledger_set_store(f.ledger, (const unsigned char *) "0123456789abcdef",
                         1);

    for (i = 0; i < 40; i += 2) {
        llm_ledger_saw(f.ledger, i + 2);
        assert_int_equal(llm_ledger_settle(f.ledger, &id[i], spent, NULL, 0),
                         LLM_OK);
    }

    s = file_sums(f.ledger);

    /* not while somebody has it */

    file_open(&g, LARGER);
    assert_true(g.kept && g.shared && !g.resized);
    llm_ledger_file_close(&g);
    llm_ledger_file_close(&f);

    file_open(&f, LARGER);
    assert_true(f.resized && f.region == LARGER / 4096 * 4096);
    assert_sums(f.ledger, &s);
    assert_true(f.ledger->counters_max > 1800);

    for (i = 1; i < 40; i += 2) {
        assert_int_equal(llm_ledger_settle(f.ledger, &id[i], spent, NULL, 0),
                         LLM_OK);
        assert_int_equal(llm_ledger_settle(f.ledger, &id[i], spent, NULL, 0),
                         LLM_DECLINED);
    }

    for (i = 0; i < 1200; i++) {
        (void) request(f.ledger, i, 1);
    }

    s = file_sums(f.ledger);
    llm_ledger_file_close(&f);

    assert_refused("the zone is too small for what it holds, make it ");

    file_open(&f, LARGER);
    assert_sums(f.ledger, &s);
    llm_ledger_file_close(&f);

    /* smaller, and a power loss after that */

    file_open(&f, 300 * 1024);
    assert_true(f.resized);
    assert_sums(f.ledger, &s);
    llm_ledger_file_close(&f);
    head_edit(another_boot);
    file_open(&f, 300 * 1024);
    assert_true(f.recovered && !f.resized);
    assert_sums(f.ledger, &s);
    assert_int_equal(llm_ledger_store(f.ledger, store), 40);
    assert_memory_equal(store, "0123456789abcdef", LLM_LEDGER_STORE);
    llm_ledger_file_close(&f);
}


/* what is left of a page at its end is not asked for again and again */

static void
takes_whole_pages(void **state)
{
    llm_ledger_file_t  f;

    (void) state;

    file_open(&f, REGION + 100);
    assert_int_equal(f.region, REGION);
    llm_ledger_file_close(&f);
    file_open(&f, REGION + LLM_FILE_PAGE - 1);
    assert_true(!f.resized && f.region == REGION);
    llm_ledger_file_close(&f);
}


static int
never(uint32_t owner)
{
    (void) owner;

    return 0;
}


/* who told another store of it has gone, whatever process has its number */

static void
nobody_tells_after_a_restart(void **state)
{
    llm_ledger_file_t  f;

    (void) state;

    file_open(&f, REGION);
    assert_int_equal(llm_ledger_claim(f.ledger, 7, never), 1);
    assert_int_equal(llm_ledger_claim(f.ledger, 8, never), 0);
    llm_ledger_file_close(&f);
    file_open(&f, REGION);
    assert_int_equal(llm_ledger_claim(f.ledger, 8, never), 1);
    llm_ledger_file_close(&f);
}


/* of the user that nginx runs as, or of root; needs root to be seen */

static void
belongs_to_us_or_to_root(void **state)
{
    int                status;
    pid_t              pid;
    llm_ledger_file_t  f;

    (void) state;

    if (geteuid() != 0) {
        skip();
    }

    file_open(&f, REGION);
    llm_ledger_file_close(&f);

    assert_int_equal(chown(path, 12345, -1), 0);
    assert_refused("it belongs to another user");

    assert_int_equal(chmod(dir, 0711), 0);
    pid = fork();
    assert_true(pid != -1);

    if (pid == 0) {
        _exit(seteuid(12345) != 0
              || llm_ledger_file_open(&f, path, REGION, NODE, err) != LLM_OK);
    }

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_teardown(is_kept, file_fresh),
        cmocka_unit_test_teardown(is_one_nginx, file_fresh),
        cmocka_unit_test_teardown(outlives_a_lock, file_fresh),
        cmocka_unit_test_teardown(refuses_what_is_no_ledger, file_fresh),
        cmocka_unit_test_teardown(takes_another_size, file_fresh),
        cmocka_unit_test_teardown(takes_whole_pages, file_fresh),
        cmocka_unit_test_teardown(nobody_tells_after_a_restart, file_fresh),
        cmocka_unit_test_teardown(belongs_to_us_or_to_root, file_fresh),
    };

    return cmocka_run_group_tests(tests, file_setup, file_teardown);
}
