
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LEDGER_FILE_FIXTURE_H_INCLUDED_
#define _LEDGER_FILE_FIXTURE_H_INCLUDED_


/*
 * A ledger in a file, in a directory of its own.  A power loss is played: the
 * head says another boot, and the region is filled with what pages may hold
 * then, anything.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
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
    uint64_t        counters;         /* no padding: it is compared as memory */
    uint64_t        settles;
} sums_t;


static inline int
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


static inline int
file_teardown(void **state)
{
    (void) state;

    return rmdir(dir);
}


static inline int
file_fresh(void **state)
{
    char  name[80];

    (void) state;

    snprintf(name, sizeof(name), "%s.new", path);
    (void) unlink(name);
    (void) unlink(path);

    return 0;
}


static inline void
file_open(llm_ledger_file_t *f, size_t region)
{
    if (llm_ledger_file_open(f, path, region, NODE, err) != LLM_OK) {
        fail_msg("%s", err);
    }

    assert_ledger(f->ledger);
}


static inline void
assert_refused(const char *why)
{
    llm_ledger_file_t  f;

    assert_int_equal(llm_ledger_file_open(&f, path, REGION, NODE, err),
                     LLM_ERROR);

    if (strstr(err, why) == NULL) {
        fail_msg("\"%s\" is not \"%s\"", err, why);
    }
}


static inline void
file_patch(off_t at, const void *p, size_t n)
{
    int  fd;

    fd = open(path, O_RDWR);
    assert_true(fd != -1);
    assert_int_equal(pwrite(fd, p, n, at), n);
    close(fd);
}


static inline void
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


static inline void
another_boot(llm_file_head_t *head)
{
    head->boot[0] ^= 1;
}


/* pages of the region as a power loss may leave them */

static inline void
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


static inline sums_t
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


static inline void
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

static inline llm_hold_id_t
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


#endif /* _LEDGER_FILE_FIXTURE_H_INCLUDED_ */
