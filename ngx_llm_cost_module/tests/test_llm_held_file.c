
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/* Records as they are written, in a file and elsewhere, and read again. */


#include <signal.h>
#include <sys/resource.h>

#include "held_fixture.h"


static void
budgets_come_back(void **state)
{
    unsigned      i, n;
    llm_held_t    h;
    llm_budget_t  b[LLM_BUDGETS_MAX], got[LLM_BUDGETS_MAX];

    static const char  longest[] = "123456789012345678901234567890123456789012"
                                   "3456789012345678901234";

    (void) state;

    h = held("a", LLM_HELD_WORK, 1, 2);

    for (i = 0; i < LLM_BUDGETS_MAX; i++) {
        b[i] = budget("daily", i % 2 ? "somebody" : "", i % LLM_UNIT_N,
                      i + 1);
        b[i].observe = (i == 2);
    }

    llm_held_pack(&h, b, 3);
    assert_int_equal(llm_held_unpack(&h, got), 3);

    for (i = 0; i < 3; i++) {
        assert_int_equal(got[i].name.len, 5);
        assert_memory_equal(got[i].name.data, "daily", 5);
        assert_int_equal(got[i].key.len, b[i].key.len);
        assert_memory_equal(got[i].key.data, b[i].key.data, b[i].key.len);
        assert_int_equal(got[i].unit, b[i].unit);
        assert_int_equal(got[i].period, b[i].period);
        assert_int_equal(got[i].start, b[i].start);
        assert_int_equal(got[i].end, b[i].end);
        assert_int_equal(got[i].limit, b[i].limit);
        assert_int_equal(got[i].observe, b[i].observe);
        assert_int_equal(got[i].nalerts, 2);
        assert_memory_equal(got[i].alerts, b[i].alerts, LLM_ALERTS_MAX);
    }

    /* as many as a request can have, of names as long as they may be */

    for (i = 0; i < LLM_BUDGETS_MAX; i++) {
        b[i].name.data = (unsigned char *) longest;
        b[i].name.len = LLM_NAME_MAX;
        b[i].key.data = (unsigned char *) longest;
        b[i].key.len = LLM_KEY_MAX;
    }

    llm_held_pack(&h, b, LLM_BUDGETS_MAX);
    assert_int_equal(llm_held_size(&h), sizeof(h));
    assert_int_equal(llm_held_unpack(&h, got), LLM_BUDGETS_MAX);

    assert_int_equal(got[LLM_BUDGETS_MAX - 1].limit, LLM_BUDGETS_MAX);
    assert_int_equal(got[LLM_BUDGETS_MAX - 1].key.len, LLM_KEY_MAX);
    assert_memory_equal(got[LLM_BUDGETS_MAX - 1].key.data, longest,
                        LLM_KEY_MAX);

    /* bytes that lie */

    for (i = 0; i < h.budgets_len; i++) {
        h.budgets[i] ^= 0xff;
        n = llm_held_unpack(&h, got);
        assert_in_range(n, 0, LLM_BUDGETS_MAX);
        h.budgets[i] ^= 0xff;
    }

    h.budgets_len = 20;
    assert_int_equal(llm_held_unpack(&h, got), 0);

    /* no more than it says, and no more than there is room for */

    for (i = 0; i < LLM_BUDGETS_MAX; i++) {
        b[i].name.len = b[i].key.len = 1;
    }

    llm_held_pack(&h, b, LLM_BUDGETS_MAX);
    memcpy(h.budgets + h.budgets_len, h.budgets, h.budgets_len / 16);
    h.budgets_len += h.budgets_len / 16;
    h.nbudgets = LLM_BUDGETS_MAX + 1;
    assert_int_equal(llm_held_unpack(&h, got), LLM_BUDGETS_MAX);
    h.nbudgets = 2;
    assert_int_equal(llm_held_unpack(&h, got), 2);
}


static void
what_comes_from_elsewhere_is_checked(void **state)
{
    size_t        i, size;
    llm_held_t    h, bad, got;
    llm_budget_t  b;

    (void) state;

    h = held("a", LLM_HELD_WORK, 1, 2);
    b = budget("daily", "somebody", LLM_UNIT_USD, 1);
    llm_held_pack(&h, &b, 1);
    size = llm_held_size(&h);

    assert_int_equal(llm_held_read(&got, &h, size), size);
    assert_memory_equal(&got, &h, size);
    assert_int_equal(llm_held_read(&got, &h, sizeof(h)), size);
    assert_int_equal(llm_held_read(&got, &h, size - 1), 0);
    assert_int_equal(llm_held_read(&got, &h, 100), 0);

    bad = h;
    bad.model_len = LLM_HELD_MODEL;
    bad.path_len = LLM_HELD_PATH;
    assert_int_equal(llm_held_read(&got, &bad, size), size);

    for (i = 0; i < 7; i++) {
        bad = h;

        switch (i) {
        case 0: bad.version++; break;
        case 1: bad.what = 9; break;
        case 2: bad.model_len = LLM_HELD_MODEL + 1; break;
        case 3: bad.path_len = LLM_HELD_PATH + 1; break;
        case 4: bad.budgets_len = LLM_HELD_BUDGETS + 1; break;
        case 5: bad.most[LLM_UNIT_USD] = -1; break;
        case 6: bad.version = 0; break;
        }

        assert_int_equal(llm_held_read(&got, &bad, sizeof(bad)), 0);
    }

    assert_null(llm_held_attach(mem, 64));
    assert_null(llm_held_create(mem, 64));
}


/* records that an older module has written: in Redis, or in a file */

static void
knows_an_older_version(void **state)
{
    int                   fd;
    char                  path[] = "/tmp/llm-held-XXXXXX";
    size_t                i, size;
    llm_held_t            h, bad, got;
    llm_budget_t          b[LLM_BUDGETS_MAX];
    const unsigned char  *p;

    (void) state;

    b[0] = budget("daily", "somebody", LLM_UNIT_USD, 1);
    h = held("old", LLM_HELD_WORK, 1, 1000);
    llm_held_pack(&h, b, 1);
    h.version = 1;

    size = offsetof(llm_held_t, budgets) + 384;
    assert_int_equal(llm_held_read(&got, &h, size - 1), 0);
    assert_int_equal(llm_held_read(&got, &h, size), size);
    assert_int_equal(got.version, LLM_HELD_VERSION);
    assert_int_equal(llm_held_unpack(&got, b), 1);
    assert_memory_equal(b[0].key.data, "somebody", 8);

    bad = h;
    bad.budgets_len = 385;
    assert_int_equal(llm_held_read(&got, &bad, sizeof(bad)), 0);

    p = (unsigned char *) &h;
    h.sum = 0;

    for (i = 0, got.sum = 2166136261U; i < size; i++) {
        got.sum = (got.sum ^ p[i]) * 16777619U;
    }

    h.sum = got.sum;

    fd = mkstemp(path);
    assert_true(fd != -1);
    assert_int_equal(write(fd, &h, size), size);

    h = held("new", LLM_HELD_WORK, 1, 1000);
    assert_int_equal(llm_held_file_add(t, fd, &h), 0);
    close(fd);

    close(llm_held_file_open(t, path, 10, 1));
    assert_int_equal(llm_held_used(t), 2);
    assert_int_equal(claim("old", 10), LLM_OK);

    unlink(path);
}


/* what is in the file is there after a restart, and what is torn is not */

static void
outlives_a_restart(void **state)
{
    int            fd;
    char           path[] = "/tmp/llm-held-XXXXXX", more[32];
    llm_held_t     h;
    struct stat    st;
    unsigned char  name[LLM_HELD_NAME] = "a";

    (void) state;

    fd = mkstemp(path);
    assert_true(fd != -1);
    close(fd);

    fd = llm_held_file_open(t, path, 1, 1);
    assert_true(fd > 0);

    h = held("a", LLM_HELD_WORK, 1, 1000);
    assert_int_equal(llm_held_file_add(t, fd, &h), 0);
    h.done = 1;
    assert_int_equal(llm_held_file_add(t, fd, &h), 0);

    /* torn, and others behind it */

    h = held("c", LLM_HELD_WORK, 1, 1000);
    assert_int_equal(write(fd, &h, 100), 100);

    h = held("b", LLM_HELD_WORK, 1, 1000);
    assert_int_equal(llm_held_file_add(t, fd, &h), 0);
    h = held("over", LLM_HELD_WORK, 1, 10);
    assert_int_equal(llm_held_file_add(t, fd, &h), 0);
    memset(&h, 0x11, 100);
    assert_int_equal(write(fd, &h, sizeof(h)), sizeof(h));
    assert_int_equal(write(fd, "torn", 4), 4);
    close(fd);

    assert_int_equal(setup(NULL), 0);
    fd = llm_held_file_open(t, path, 10, 1);
    assert_int_equal(llm_held_used(t), 2);
    assert_int_equal(claim("b", 10), LLM_OK);
    assert_int_equal(llm_held_claim(t, name, 10), LLM_DECLINED);

    /* ... written anew */

    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_size, 2 * llm_held_size(&h));

    /* a file that somebody else has is read, and left as it is */

    assert_int_equal(setup(NULL), 0);
    close(llm_held_file_open(t, path, 10, 0));
    assert_int_equal(llm_held_used(t), 2);
    assert_int_equal(llm_held_claim(t, name, 10), LLM_DECLINED);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_size, 2 * llm_held_size(&h));

    /* one that is too long becomes what is in the table */

    assert_int_equal(ftruncate(fd, 16 * 1024 * 1024 + 1), 0);
    h = held("c", LLM_HELD_WORK, 1, 1000);
    assert_int_equal(llm_held_put(t, &h, 1), LLM_OK);
    assert_int_equal(llm_held_file_add(t, fd, &h), 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_size, 3 * llm_held_size(&h));
    close(fd);

    (void) snprintf(more, sizeof(more), "%s/no", path);
    assert_int_equal(llm_held_file_open(t, more, 1, 1), -1);
    unlink(path);
}


/* what could not be written is said, and is not taken for written */

static void
a_write_may_fail(void **state)
{
    int            fd, fds[2];
    char           path[] = "/tmp/llm-held-XXXXXX";
    llm_held_t     h;
    struct stat    st;
    struct rlimit  old, small;

    (void) state;

    h = held("a", LLM_HELD_WORK, 1, 1000);

    fd = mkstemp(path);
    assert_true(fd != -1);
    unlink(path);

    /* ours, and an empty table leaves it empty */

    fds[0] = llm_held_file_open(t, path, 1, 1);
    assert_true(fds[0] != -1);
    assert_int_equal(fstat(fds[0], &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_size, 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 0);
    close(fds[0]);
    unlink(path);

    fds[0] = llm_held_file_open(t, path, 1, 0);
    assert_int_equal(fstat(fds[0], &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    close(fds[0]);
    unlink(path);

    assert_int_equal(llm_held_put(t, &h, 1), LLM_OK);

    /* not open for it */

    assert_int_equal(pipe(fds), 0);
    assert_int_equal(llm_held_file_add(t, fds[0], &h), EBADF);
    close(fds[0]);
    close(fds[1]);

    /* a part of it, and nothing */

    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 100;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(llm_held_file_add(t, fd, &h), EIO);
    assert_int_equal(llm_held_file_add(t, fd, &h), EFBIG);
    close(fd);

    /* ... of what is written anew: the old file stays */

    fd = llm_held_file_open(t, path, 1, 1);
    assert_true(fd != -1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 0);
    assert_int_equal(llm_held_file_add(t, fd, &h), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, llm_held_size(&h));
    close(fd);
    unlink(path);
}


/* two nginx of an upgrade have a table each, and one file */

static void
two_tables_follow_a_file(void **state)
{
    int                fd;
    char               tail[9], path[] = "/tmp/llm-held-XXXXXX";
    llm_held_t         h, got;
    struct stat        st;
    llm_held_table_t  *was;

    static unsigned char  other[sizeof(mem)] __attribute__((aligned(16)));

    (void) state;

    fd = mkstemp(path);
    assert_true(fd != -1);
    close(fd);

    fd = llm_held_file_open(t, path, 1, 1);
    was = t;

    /* what was begun before the other one starts, and after */

    h = held("a", LLM_HELD_WORK, 1, 1000);
    assert_int_equal(llm_held_put(t, &h, 1), LLM_OK);
    assert_int_equal(llm_held_file_add(t, fd, &h), 0);

    t = llm_held_create(other, sizeof(other));
    close(llm_held_file_open(t, path, 2, 0));
    assert_int_equal(llm_held_get(t, h.name, 2, &got), LLM_OK);

    h = held("b", LLM_HELD_WORK, 1, 1000);
    assert_int_equal(llm_held_put(was, &h, 1), LLM_OK);
    assert_int_equal(llm_held_file_add(was, fd, &h), 0);
    assert_int_equal(llm_held_get(t, h.name, 2, &got), LLM_DECLINED);
    llm_held_file_follow(t, fd, 2);
    assert_int_equal(llm_held_get(t, h.name, 2, &got), LLM_OK);

    /* what one has settled the other one does not; what is owed it leaves */

    h = held("a", LLM_HELD_WORK, 1, 1000);
    h.done = LLM_HELD_DONE | LLM_HELD_OWED;
    assert_int_equal(llm_held_put(t, &h, 1), LLM_OK);
    assert_int_equal(llm_held_file_add(t, fd, &h), 0);
    llm_held_file_follow(was, fd, 2);
    assert_int_equal(llm_held_claim(was, h.name, 2), LLM_DECLINED);
    assert_int_equal(llm_held_get(was, h.name, 2, &got), LLM_OK);
    assert_int_equal(got.done, LLM_HELD_DONE);

    /* its own records, which it reads as well, change nothing */

    llm_held_file_follow(t, fd, 2);
    assert_int_equal(llm_held_get(t, h.name, 2, &got), LLM_OK);
    assert_int_equal(got.done, LLM_HELD_DONE | LLM_HELD_OWED);

    /* a record that comes in two pieces is not passed over */

    h = held("d", LLM_HELD_WORK, 1, 1000);
    assert_int_equal(llm_held_file_add(was, fd, &h), 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(pread(fd, tail, sizeof(tail), st.st_size - 9), 9);
    assert_int_equal(ftruncate(fd, st.st_size - 9), 0);
    llm_held_file_follow(t, fd, 2);
    assert_int_equal(llm_held_get(t, h.name, 2, &got), LLM_DECLINED);
    assert_int_equal(write(fd, tail, sizeof(tail)), 9);
    llm_held_file_follow(t, fd, 2);
    assert_int_equal(llm_held_get(t, h.name, 2, &got), LLM_OK);

    /* written anew it is shorter, and what is new in it is found */

    assert_int_equal(ftruncate(fd, 0), 0);
    h = held("c", LLM_HELD_WORK, 1, 1000);
    assert_int_equal(llm_held_file_add(was, fd, &h), 0);
    llm_held_file_follow(t, fd, 2);
    assert_int_equal(llm_held_get(t, h.name, 2, &got), LLM_OK);

    close(fd);
    unlink(path);
}


/* of what is to be done the last record says it; who was to do it is gone */

static void
a_restart_knows_what_is_owed(void **state)
{
    int         fd;
    char        path[] = "/tmp/llm-held-XXXXXX";
    llm_held_t  h, got;

    (void) state;

    fd = mkstemp(path);
    assert_true(fd != -1);

    h = held("a", LLM_HELD_WORK, 1, 1000);
    h.done = LLM_HELD_DONE | LLM_HELD_UNCLAIMED | LLM_HELD_OWED;
    h.output = 42;
    assert_int_equal(llm_held_file_add(t, fd, &h), 0);
    memcpy(h.name, "b", 1);
    assert_int_equal(llm_held_file_add(t, fd, &h), 0);
    h.done = LLM_HELD_DONE;
    assert_int_equal(llm_held_file_add(t, fd, &h), 0);
    close(fd);

    close(llm_held_file_open(t, path, 10, 1));

    assert_int_equal(llm_held_get(t, h.name, 10, &got), LLM_OK);
    assert_int_equal(got.done, LLM_HELD_DONE);
    assert_int_equal(got.output, 42);

    memcpy(h.name, "a", 1);
    assert_int_equal(llm_held_get(t, h.name, 10, &got), LLM_OK);
    assert_int_equal(got.done, 15);
    assert_int_equal(got.output, 0);

    unlink(path);
}


/* what another user could have put there is neither read nor written to */

static void
distrusts_a_file(void **state)
{
    int          fd;
    char         path[] = "/tmp/test_llm_held.XXXXXX", link[64], next[64];
    struct stat  st;

    (void) state;

    fd = mkstemp(path);
    assert_true(fd > 0);
    close(fd);

    snprintf(link, sizeof(link), "%s.link", path);
    assert_int_equal(symlink(path, link), 0);
    assert_int_equal(llm_held_file_open(t, link, 1, 1), -1);
    assert_int_equal(errno, ELOOP);
    unlink(link);

    assert_int_equal(mkfifo(link, 0600), 0);
    assert_int_equal(llm_held_file_open(t, link, 1, 1), -1);
    assert_int_equal(errno, EPERM);
    unlink(link);

    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(llm_held_file_open(t, path, 1, 1), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(chmod(path, 0600), 0);

    /* the one that it is written anew to may be there already */

    snprintf(next, sizeof(next), "%s.new", path);
    snprintf(link, sizeof(link), "%s.else", path);
    assert_int_equal(symlink(link, next), 0);
    fd = llm_held_file_open(t, path, 1, 1);
    assert_true(fd > 0);
    assert_int_equal(lstat(link, &st), -1);
    assert_int_equal(lstat(next, &st), -1);

    close(fd);
    unlink(path);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup(budgets_come_back, setup),
        cmocka_unit_test_setup(what_comes_from_elsewhere_is_checked, setup),
        cmocka_unit_test_setup(knows_an_older_version, setup),
        cmocka_unit_test_setup(outlives_a_restart, setup),
        cmocka_unit_test_setup(a_write_may_fail, setup),
        cmocka_unit_test_setup(two_tables_follow_a_file, setup),
        cmocka_unit_test_setup(a_restart_knows_what_is_owed, setup),
        cmocka_unit_test_setup(distrusts_a_file, setup)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
