
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Entries of which a part was written.  First every mixture of the words of
 * three entries is looked at: nobody is told a count that is not his.  Then
 * eight processes read and write a memo of one set, and are killed at random.
 */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "llm_memo_region.h"


#define SIZE         4096
#define WORKERS      8
#define KEYS         24
#define KILLS        120
#define ROUNDS       500000       /* of each worker at the end */


static llm_memo_t *
region(void)
{
    void        *mem;
    llm_memo_t  *m;

    mem = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(mem != MAP_FAILED);

    m = llm_memo_create(mem, LLM_MEMO_SETS_OFF + sizeof(llm_memo_set_t));
    assert_non_null(m);
    assert_int_equal(m->sets, 1);

    return m;
}


static llm_memo_key_t
key_of(unsigned i)
{
    llm_memo_key_t  key;

    key.h[0] = (i + 1) * 0x9e3779b97f4a7c15ULL;
    key.h[1] = (i + 1) * 0xd6e8feb86659fd93ULL;

    return key;
}


/* some are the same, most are not */

static uint64_t
count_of(unsigned i)
{
    return 1 + i * 7 % 16;
}


static void
test_mixtures(void **state)
{
    unsigned           i, k, w;
    uint64_t           n, words[4][3];
    llm_memo_t        *m;
    llm_memo_key_t     key;
    llm_memo_entry_t  *e;

    (void) state;

    m = region();
    e = &((llm_memo_set_t *) ((char *) m + LLM_MEMO_SETS_OFF))->entries[0];

    memset(words, 0, sizeof(words));

    for (k = 0; k < 3; k++) {
        key = key_of(k);
        memset(e, 0, sizeof(llm_memo_entry_t));

        llm_memo_put(m, &key, count_of(k));
        memcpy(words[k], e, sizeof(llm_memo_entry_t));
    }

    /* each word is of one of the three, or was not written yet */

    for (i = 0; i < 64; i++) {
        for (w = 0; w < 3; w++) {
            memcpy((uint64_t *) e + w, &words[(i >> 2 * w) & 3][w],
                   sizeof(uint64_t));
        }

        for (k = 0; k < 3; k++) {
            key = key_of(k);
            n = llm_memo_get(m, &key);

            assert_int_equal(n, i == k * 21 ? count_of(k) : 0);
        }
    }

    (void) munmap(m, SIZE);
}


/* returns only if rounds is not 0; a wrong count ends the process */

static void
work(llm_memo_t *m, unsigned seed, unsigned rounds)
{
    unsigned        i, n;
    uint64_t        count;
    llm_memo_key_t  key;

    for (n = 1; n != rounds; n++) {
        seed = seed * 1103515245 + 12345;
        i = (seed >> 16) % KEYS;
        key = key_of(i);

        count = llm_memo_get(m, &key);

        if (count == 0) {
            llm_memo_put(m, &key, count_of(i));

        } else if (count != count_of(i)) {
            _exit(1);
        }
    }
}


static pid_t
start(llm_memo_t *m, unsigned seed, unsigned rounds)
{
    pid_t  pid;

    pid = fork();
    assert_true(pid != -1);

    if (pid == 0) {
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        work(m, seed, rounds);
        _exit(0);
    }

    return pid;
}


static void
test_processes(void **state)
{
    int              status;
    pid_t            pids[WORKERS];
    unsigned         i, k, n;
    llm_memo_t      *m;
    llm_memo_key_t   key;

    (void) state;

    m = region();

    for (i = 0; i < WORKERS; i++) {
        pids[i] = start(m, i, 0);
    }

    for (n = 0; n < KILLS; n++) {
        (void) usleep(2000);

        i = n * 5 % WORKERS;

        assert_int_equal(kill(pids[i], SIGKILL), 0);
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);

        /* none has seen a wrong count before */

        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);

        pids[i] = start(m, WORKERS + n, n < KILLS - WORKERS ? 0 : ROUNDS);
    }

    for (i = 0; i < WORKERS; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }

    /* all places are as good as new */

    for (k = 0; k < 1000; k++) {
        key = key_of(KEYS + k);
        llm_memo_put(m, &key, k + 1);
        assert_int_equal(llm_memo_get(m, &key), k + 1);
    }

    (void) munmap(m, SIZE);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_mixtures),
        cmocka_unit_test(test_processes)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
