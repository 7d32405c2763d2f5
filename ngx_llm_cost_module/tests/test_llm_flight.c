
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_flight.h"
#include "llm_shm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>


#define SIZE  16384

static llm_flights_t  *f;
static unsigned char   a[LLM_FLIGHT_KEY] = "a", b[LLM_FLIGHT_KEY] = "b";


static int
setup(void **state)
{
    void  *mem;

    (void) state;

    mem = mmap(NULL, SIZE, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1,
               0);
    f = llm_flights_create(mem, SIZE, 1);

    return f ? 0 : -1;
}


static int
teardown(void **state)
{
    (void) state;

    return munmap(f, SIZE);
}


static llm_flight_e
enter(const unsigned char *key, uint64_t since, llm_flight_t *flight)
{
    memset(flight, 0, sizeof(llm_flight_t));

    return llm_flight_enter(f, key, since, getpid(), 1000, 500, flight);
}


static void
test_one_leads(void **state)
{
    uint64_t      since;
    llm_flight_t  one, two;

    (void) state;

    since = llm_flights_landed(f);

    assert_int_equal(enter(a, since, &one), LLM_FLIGHT_LEAD);
    assert_int_equal(llm_flight_followed(f, &one), 0);
    assert_int_equal(enter(a, since, &two), LLM_FLIGHT_BUSY);
    assert_int_equal(two.slot, 0);
    assert_int_equal(llm_flight_followed(f, &two), 0);
    assert_int_equal(llm_flight_followed(f, &one), 1);
    assert_int_equal(enter(b, since, &two), LLM_FLIGHT_LEAD);
    assert_int_equal(llm_flight_poll(f, a, 1000, 500), LLM_FLIGHT_BUSY);

    llm_flight_land(f, &one, LLM_LANDED_KEPT);

    assert_int_equal(one.slot, 0);
    assert_int_equal(llm_flight_poll(f, a, 1000, 500), LLM_FLIGHT_LOOK);
    assert_int_equal(llm_flight_poll(f, b, 1000, 500), LLM_FLIGHT_BUSY);

    /* again is harmless: somebody else's flight goes on */

    llm_flight_land(f, &one, LLM_LANDED_KEPT);
    assert_int_equal(llm_flight_poll(f, b, 1000, 500), LLM_FLIGHT_BUSY);
}


/* what landed after the look is looked for; what landed before was seen */

static void
test_landed_since(void **state)
{
    uint64_t      before, after;
    llm_flight_t  one, two;

    (void) state;

    before = llm_flights_landed(f);
    assert_int_equal(enter(a, before, &one), LLM_FLIGHT_LEAD);
    llm_flight_land(f, &one, LLM_LANDED_KEPT);
    after = llm_flights_landed(f);

    assert_int_equal(enter(a, before, &two), LLM_FLIGHT_LOOK);
    assert_int_equal(enter(a, after, &two), LLM_FLIGHT_LEAD);
    llm_flight_land(f, &two, LLM_LANDED_FAILED);

    /* a failure is somebody else's turn */

    assert_int_equal(enter(a, before, &two), LLM_FLIGHT_LEAD);
    llm_flight_land(f, &two, LLM_LANDED_UNFIT);

    assert_int_equal(enter(a, before, &two), LLM_FLIGHT_ALONE);
    assert_int_equal(enter(a, llm_flights_landed(f), &two), LLM_FLIGHT_LEAD);
}


static void
test_overtaken(void **state)
{
    llm_flight_t  one, two;

    (void) state;

    assert_int_equal(enter(a, 0, &one), LLM_FLIGHT_LEAD);
    memset(&two, 0, sizeof(two));
    assert_int_equal(llm_flight_enter(f, a, 0, getpid(), 1500, 500, &two),
                     LLM_FLIGHT_LEAD);

    /* the first one has no place any more */

    llm_flight_land(f, &one, LLM_LANDED_KEPT);
    assert_int_equal(llm_flight_poll(f, a, 1500, 500), LLM_FLIGHT_BUSY);
    llm_flight_land(f, &two, LLM_LANDED_KEPT);
    assert_int_equal(llm_flight_poll(f, a, 1500, 500), LLM_FLIGHT_LOOK);
}


static void
test_dead_leader(void **state)
{
    int           status;
    pid_t         pid;
    llm_flight_t  one;

    (void) state;

    pid = fork();

    if (pid == 0) {
        _exit(enter(a, 0, &one));
    }

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), LLM_FLIGHT_LEAD);

    assert_int_equal(enter(a, 0, &one), LLM_FLIGHT_LEAD);
}


/* its number has gone to a process that is none of ours */

static void
test_namesake(void **state)
{
    int           gone, next, status, ready[2];
    char          ch;
    pid_t         pid;
    ssize_t       n;
    llm_flight_t  one;

    (void) state;

    ch = 0;
    assert_int_equal(pipe(ready), 0);

    pid = fork();

    if (pid == 0) {
        ch = (char) enter(a, 0, &one);
        (void) setpgid(0, 0);
        (void) !write(ready[1], &ch, 1);
        (void) pause();
        _exit(0);
    }

    n = read(ready[0], &ch, 1);
    gone = llm_shm_gone((uint32_t) pid);
    next = enter(a, 0, &one);

    /* what fails leaves nobody behind */

    (void) kill(pid, SIGKILL);
    (void) waitpid(pid, &status, 0);
    (void) close(ready[0]);
    (void) close(ready[1]);

    assert_int_equal(n, 1);
    assert_int_equal(ch, LLM_FLIGHT_LEAD);
    assert_int_equal(gone, 1);
    assert_int_equal(next, LLM_FLIGHT_LEAD);
    assert_int_equal(llm_shm_gone((uint32_t) getpid()), 0);
}


/* a full set is no reason to wait, nor to forget who is on the way */

static void
test_full(void **state)
{
    int             i, lead, alone;
    llm_flight_t    flight;
    unsigned char   key[LLM_FLIGHT_KEY];

    (void) state;

    memset(key, 0, sizeof(key));
    lead = 0;
    alone = 0;

    for (i = 0; i < 2000; i++) {
        memcpy(key, &i, sizeof(i));

        switch (enter(key, 0, &flight)) {

        case LLM_FLIGHT_LEAD:
            lead++;
            break;

        case LLM_FLIGHT_ALONE:
            alone++;
            break;

        default:
            fail();
        }
    }

    assert_int_equal(lead + alone, 2000);
    assert_true(lead > 100 && lead <= SIZE / 64);

    /* landed places are used again */

    llm_flight_land(f, &flight, LLM_LANDED_KEPT);
    assert_non_null(llm_flights_attach(f, SIZE));
    assert_null(llm_flights_attach(f, SIZE / 2));
    assert_null(llm_flights_create(key, sizeof(key), 1));
}


/* eight processes, one key: at no time do two of them lead */

static void
test_processes(void **state)
{
    int            i, k, status;
    pid_t          pids[8];
    uint64_t       since;
    llm_flight_t   flight;
    volatile int  *leads;

    (void) state;

    leads = mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS,
                 -1, 0);

    for (i = 0; i < 8; i++) {
        pids[i] = fork();

        if (pids[i] != 0) {
            continue;
        }

        for (k = 0; k < 20000; k++) {
            since = llm_flights_landed(f);

            if (enter(a, since, &flight) != LLM_FLIGHT_LEAD) {
                continue;
            }

            if (__atomic_add_fetch(leads, 1, __ATOMIC_SEQ_CST) != 1) {
                _exit(1);
            }

            __atomic_sub_fetch(leads, 1, __ATOMIC_SEQ_CST);
            llm_flight_land(f, &flight, LLM_LANDED_FAILED);
        }

        _exit(0);
    }

    for (i = 0; i < 8; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }

    (void) munmap((void *) leads, 4096);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(test_one_leads, setup, teardown),
        cmocka_unit_test_setup_teardown(test_landed_since, setup, teardown),
        cmocka_unit_test_setup_teardown(test_overtaken, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dead_leader, setup, teardown),
        cmocka_unit_test_setup_teardown(test_namesake, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full, setup, teardown),
        cmocka_unit_test_setup_teardown(test_processes, setup, teardown)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
