
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * The ledger in a file: what is kept, what is refused and how, and what a boot
 * finds.  A power loss is played: the head says another boot, and the region
 * is filled with what pages may hold then, anything.  Processes that make,
 * open, resize or sync a file are killed at every system call.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "llm_arena.h"

#include "ledger_check.h"
#include "llm_ledger_disk.h"


#define REGION      (160 * 1024)
#define LARGER      (400 * 1024)
#define NODE        0x1122334455667788ULL


static char  dir[32];
static char  path[64];
static char  err[LLM_FILE_ERR];


typedef struct {
    int64_t         spent;            /* of all counters */
    int64_t         reserved;
    unsigned        counters;
    uint64_t        settles;
} sums_t;


static int
file_setup(void **state)
{
    (void) state;

    /* in memory, if possible: these are thousands of synchronous writes */

    strcpy(dir, access("/dev/shm", W_OK) == 0 ? "/dev/shm/llm-file-XXXXXX"
                                              : "/tmp/llm-file-XXXXXX");

    if (mkdtemp(dir) == NULL) {
        return -1;
    }

    snprintf(path, sizeof(path), "%s/state", dir);

    return 0;
}


static int
file_teardown(void **state)
{
    (void) state;

    return rmdir(dir);
}


static int
file_fresh(void **state)
{
    char  name[80];

    (void) state;

    snprintf(name, sizeof(name), "%s.new", path);
    (void) unlink(name);
    (void) unlink(path);

    return 0;
}


static void
file_open(llm_ledger_file_t *f, size_t region)
{
    if (llm_ledger_file_open(f, path, region, NODE, err) != LLM_OK) {
        fail_msg("%s", err);
    }

    assert_ledger(f->ledger);
}


static void
assert_refused(const char *why)
{
    llm_ledger_file_t  f;

    assert_int_equal(llm_ledger_file_open(&f, path, REGION, NODE, err),
                     LLM_ERROR);

    if (strstr(err, why) == NULL) {
        fail_msg("\"%s\" is not \"%s\"", err, why);
    }
}


static void
file_patch(off_t at, const void *p, size_t n)
{
    int  fd;

    fd = open(path, O_RDWR);
    assert_true(fd != -1);
    assert_int_equal(pwrite(fd, p, n, at), n);
    close(fd);
}


static void
head_edit(void (*edit)(llm_file_head_t *head))
{
    int              fd;
    llm_file_head_t  head;

    fd = open(path, O_RDWR);
    assert_true(fd != -1);
    assert_int_equal(pread(fd, &head, sizeof(head), 0), sizeof(head));
    edit(&head);
    head.crc = llm_file_crc(0, &head, offsetof(llm_file_head_t, crc));
    assert_int_equal(pwrite(fd, &head, sizeof(head), 0), sizeof(head));
    close(fd);
}


static void
another_boot(llm_file_head_t *head)
{
    head->boot[0] ^= 1;
}


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


/* pages of the region as a power loss may leave them */

static void
power_loss(uint64_t seed)
{
    unsigned  i, n;
    char      page[LLM_FILE_PAGE];

    head_edit(another_boot);

    for (n = 0; n < REGION / LLM_FILE_PAGE; n++) {
        if (llm_random(&seed) % 2) {
            for (i = 0; i < LLM_FILE_PAGE; i++) {
                page[i] = llm_random(&seed);
            }

            file_patch(LLM_FILE_REGION_OFF + n * LLM_FILE_PAGE, page,
                       LLM_FILE_PAGE);
        }
    }
}


static sums_t
file_sums(llm_ledger_t *l)
{
    sums_t              s;
    uint32_t            cursor;
    llm_ledger_stat_t   st;
    llm_counter_view_t  v;

    memset(&s, 0, sizeof(s));

    for (cursor = 0; llm_ledger_next(l, &cursor, &v) == LLM_OK; /* void */ ) {
        s.spent += v.spent;
        s.reserved += v.reserved;
        s.counters++;
    }

    llm_ledger_stat(l, &st);
    s.settles = st.settles;

    return s;
}


static void
assert_sums(llm_ledger_t *l, const sums_t *s)
{
    sums_t  now;

    now = file_sums(l);
    assert_int_equal(now.spent, s->spent);
    assert_int_equal(now.reserved, s->reserved);
    assert_int_equal(now.counters, s->counters);
    assert_int_equal(now.settles, s->settles);
}


/* one request of user n, settled or left open */

static llm_hold_id_t
request(llm_ledger_t *l, unsigned n, int settles)
{
    char             key[16];
    int64_t          spent[LLM_UNIT_N] = { 7, 3, 1 };
    llm_budget_t     b[2];
    llm_admission_t  a;

    snprintf(key, sizeof(key), "u%u", n);
    b[0] = budget("all", "", LLM_UNIT_USD, LLM_NO_LIMIT);
    b[1] = budget("user", key, LLM_UNIT_USD, 1000000);
    a = admission(b, 2, 100);

    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(llm_ledger_note(l, &a.id, spent), LLM_OK);

    if (settles) {
        assert_int_equal(llm_ledger_settle(l, &a.id, spent, NULL, 0), LLM_OK);
    }

    return a.id;
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
a_boot_finds_the_last_sync(void **state)
{
    sums_t              s;
    unsigned            i;
    llm_ledger_file_t   f;

    (void) state;

    for (i = 0; i < 40; i++) {
        file_open(&f, REGION);
        assert_int_equal(f.recovered, i > 0);

        if (i) {
            assert_sums(f.ledger, &s);
        }

        (void) request(f.ledger, i, i % 3);
        (void) request(f.ledger, i + 100, 1);
        assert_int_equal(llm_ledger_file_sync(&f), 0);
        s = file_sums(f.ledger);

        if (i % 4 == 0) {
            assert_int_equal(llm_ledger_file_sync(&f), 0);
        }

        /* what comes after is lost, and nothing else */

        (void) request(f.ledger, i + 200, 1);
        (void) request(f.ledger, i, 0);
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
        cmocka_unit_test_teardown(is_kept, file_fresh),
        cmocka_unit_test_teardown(is_one_nginx, file_fresh),
        cmocka_unit_test_teardown(outlives_a_lock, file_fresh),
        cmocka_unit_test_teardown(refuses_what_is_no_ledger, file_fresh),
        cmocka_unit_test_teardown(a_boot_finds_the_last_sync, file_fresh),
        cmocka_unit_test_teardown(a_torn_batch_is_none, file_fresh),
        cmocka_unit_test_teardown(refuses_what_cannot_be_repaired, file_fresh),
        cmocka_unit_test_teardown(takes_another_size, file_fresh),
        cmocka_unit_test_teardown(is_made_or_not, file_fresh),
        cmocka_unit_test_teardown(has_one_size_or_the_other, file_fresh),
        cmocka_unit_test_teardown(is_synced_or_not, file_fresh),
    };

    return cmocka_run_group_tests(tests, file_setup, file_teardown);
}
