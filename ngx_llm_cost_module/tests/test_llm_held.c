
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_held.h"
#include "ledger_fixture.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>


#define ROOM  4

static unsigned char      mem[16384] __attribute__((aligned(16)));
static llm_held_table_t  *t;


static int
setup(void **state)
{
    size_t  size;

    (void) state;

    for (size = 64; llm_held_create(mem, size) == NULL; size += 16) {
        /* the smallest table has one place */
    }

    /* a size is rounded down, which must not cost a place */

    t = llm_held_create(mem, size + (ROOM - 1) * (sizeof(llm_held_t) + 8)
                             + 15);

    return t ? 0 : -1;
}


static llm_held_t
held(const char *name, llm_held_e what, int64_t made, int64_t until)
{
    llm_held_t  h;

    memset(&h, 0, sizeof(h));

    memcpy(h.name, name, strlen(name));
    memcpy(h.work, name, strlen(name));
    h.version = LLM_HELD_VERSION;
    h.what = what;
    h.made = made;
    h.until = until;
    h.payer = 1;

    return h;
}


static int
put(const char *name, llm_held_e what, int64_t made, uint64_t payer)
{
    llm_held_t  h;

    h = held(name, what, made, 1000);
    h.payer = payer;

    return llm_held_put(t, &h, made);
}


static int
get(const char *name, int64_t now)
{
    llm_held_t     h;
    unsigned char  n[LLM_HELD_NAME] = "";

    memcpy(n, name, strlen(name));

    return llm_held_get(t, n, now, &h);
}


static int
claim(const char *name, int64_t now)
{
    unsigned char  n[LLM_HELD_NAME] = "";

    memcpy(n, name, strlen(name));

    return llm_held_claim(t, n, now);
}


static void
is_found_until_its_time_is_over(void **state)
{
    llm_held_t  h, got;

    (void) state;

    h = held("a", LLM_HELD_FILE, 1, 10);
    h.most[LLM_UNIT_USD] = 5;
    assert_int_equal(llm_held_put(t, &h, 1), LLM_OK);
    assert_int_equal(llm_held_get(t, h.name, 9, &got), LLM_OK);
    assert_memory_equal(&h, &got, llm_held_size(&h));

    assert_int_equal(get("a", 10), LLM_DECLINED);
    assert_int_equal(get("b", 1), LLM_DECLINED);

    /* names that begin alike are different */

    assert_int_equal(put("same-begin-1", LLM_HELD_FILE, 1, 1), LLM_OK);
    assert_int_equal(get("same-begin-2", 1), LLM_DECLINED);
    assert_int_equal(llm_held_used(t), 2);
}


static void
is_claimed_once(void **state)
{
    (void) state;

    assert_int_equal(put("a", LLM_HELD_WORK, 1, 1), LLM_OK);
    assert_int_equal(claim("b", 2), LLM_DECLINED);
    assert_int_equal(claim("a", 2), LLM_OK);
    assert_int_equal(claim("a", 2), LLM_DECLINED);

    /* ... whoever writes it again */

    assert_int_equal(put("a", LLM_HELD_WORK, 1, 1), LLM_OK);
    assert_int_equal(claim("a", 2), LLM_DECLINED);

    /* what is over cannot be settled any more */

    assert_int_equal(put("b", LLM_HELD_WORK, 1, 1), LLM_OK);
    assert_int_equal(claim("b", 1000), LLM_DECLINED);
}


/* what was spent stays while it is owed, whoever writes the record again */

static void
what_is_owed_stays(void **state)
{
    llm_held_t     h, got;
    llm_hold_id_t  id = { 7, 8 };

    (void) state;

    h = held("a", LLM_HELD_WORK, 1, 1000);
    h.id = id;
    h.most[LLM_UNIT_USD] = 100;
    assert_int_equal(llm_held_put(t, &h, 1), LLM_OK);

    h.done = LLM_HELD_DONE | LLM_HELD_UNCLAIMED | LLM_HELD_OWED;
    h.most[LLM_UNIT_USD] = 5;
    h.output = 42;
    assert_int_equal(llm_held_put(t, &h, 1), LLM_OK);

    h.done = LLM_HELD_DONE;
    h.most[LLM_UNIT_USD] = 100;
    assert_int_equal(llm_held_put(t, &h, 1), LLM_OK);
    assert_int_equal(llm_held_get(t, h.name, 1, &got), LLM_OK);
    assert_int_equal(got.done, 15);
    assert_int_equal(got.most[LLM_UNIT_USD], 5);

    /* it does not make room */

    assert_int_equal(put("b", LLM_HELD_WORK, 2, 1), LLM_OK);
    assert_int_equal(put("c", LLM_HELD_WORK, 2, 1), LLM_OK);
    assert_int_equal(put("d", LLM_HELD_WORK, 2, 1), LLM_OK);
    assert_int_equal(put("e", LLM_HELD_WORK, 2, 1), LLM_LIMIT);

    /* one thing after another, and by whom the rest */

    assert_int_equal(llm_held_clear(t, h.name, LLM_HELD_UNLOGGED, 43, &got),
                     LLM_OK);
    assert_int_equal(got.output, 43);
    assert_int_equal(got.done, LLM_HELD_DONE | LLM_HELD_UNCLAIMED
                               | LLM_HELD_UNSETTLED);

    id.seq++;
    assert_int_equal(llm_held_told(t, &id, 1, &got), LLM_DECLINED);
    id.seq--;
    assert_int_equal(llm_held_told(t, &id, 0, &got), LLM_OK);
    assert_int_equal(got.done, LLM_HELD_DONE | LLM_HELD_UNCLAIMED
                               | LLM_HELD_UNSETTLED | LLM_HELD_UNTOLD);
    assert_int_equal(llm_held_told(t, &id, 1, &got), LLM_OK);
    assert_int_equal(llm_held_told(t, &id, 1, &got), LLM_DECLINED);
    assert_int_equal(llm_held_told(t, &id, 0, &got), LLM_DECLINED);
    assert_int_equal(got.done, LLM_HELD_DONE | LLM_HELD_UNCLAIMED);
    assert_int_equal(put("e", LLM_HELD_WORK, 2, 1), LLM_LIMIT);

    assert_int_equal(llm_held_clear(t, h.name, LLM_HELD_UNCLAIMED, 44, &got),
                     LLM_OK);
    assert_int_equal(got.done, LLM_HELD_DONE);
    assert_int_equal(got.output, 43);
    assert_int_equal(llm_held_clear(t, h.name, LLM_HELD_UNCLAIMED, 44, &got),
                     LLM_DECLINED);
    assert_int_equal(put("e", LLM_HELD_WORK, 2, 1), LLM_OK);
}


/* a worker that gets the number of a dead one is not who does the rest */

static void
a_namesake_owes_nothing(void **state)
{
    llm_held_t  h, got;

    (void) state;

    h = held("a", LLM_HELD_WORK, 1, 1000);
    h.done = LLM_HELD_DONE | LLM_HELD_OWED;
    h.output = 42;
    assert_int_equal(llm_held_put(t, &h, 1), LLM_OK);

    memcpy(h.name, "b", 1);
    h.done = LLM_HELD_DONE | LLM_HELD_UNCLAIMED;
    assert_int_equal(llm_held_put(t, &h, 1), LLM_OK);

    llm_held_born(t, 43);
    memcpy(h.name, "a", 1);
    assert_int_equal(llm_held_get(t, h.name, 1, &got), LLM_OK);
    assert_int_equal(got.output, 42);

    llm_held_born(t, 42);
    assert_int_equal(llm_held_get(t, h.name, 1, &got), LLM_OK);
    assert_int_equal(got.output, 0);
    assert_int_equal(got.done, LLM_HELD_DONE | LLM_HELD_OWED);

    /* what is owed no more has tokens there */

    memcpy(h.name, "b", 1);
    assert_int_equal(llm_held_get(t, h.name, 1, &got), LLM_OK);
    assert_int_equal(got.output, 42);
}


static void
work_has_a_name_for_logs(void **state)
{
    size_t         len;
    llm_held_t     h;
    unsigned char  text[LLM_HELD_TEXT];

    (void) state;

    h = held("a\xff", LLM_HELD_WORK, 1795711565, 1795715165);
    h.id.seq = 2097153;

    len = llm_held_text(&h, text);
    assert_int_equal(len, 51);
    assert_memory_equal(text, "61ff0000000000000000000000000000:1795711565:"
                              "2097153", 51);

    h.made = INT64_MIN;
    h.id.seq = UINT64_MAX;
    assert_in_range(llm_held_text(&h, text), 70, LLM_HELD_TEXT);
}


static void
makes_room_without_losing_money(void **state)
{
    (void) state;

    assert_int_equal(put("work", LLM_HELD_WORK, 1, 1), LLM_OK);
    assert_int_equal(put("old", LLM_HELD_FILE, 2, 1), LLM_OK);
    assert_int_equal(put("mine", LLM_HELD_FILE, 3, 2), LLM_OK);
    assert_int_equal(put("new", LLM_HELD_FILE, 4, 1), LLM_OK);

    /* a file of the same payer, though there is an older one */

    assert_int_equal(put("mine2", LLM_HELD_FILE, 5, 2), LLM_OK);
    assert_int_equal(get("mine", 5), LLM_DECLINED);
    assert_int_equal(get("old", 5), LLM_OK);

    /* the oldest of others, and what is done before that */

    assert_int_equal(put("x", LLM_HELD_WORK, 6, 3), LLM_OK);
    assert_int_equal(get("old", 6), LLM_DECLINED);

    assert_int_equal(claim("work", 6), LLM_OK);
    assert_int_equal(put("y", LLM_HELD_WORK, 7, 1), LLM_OK);
    assert_int_equal(get("work", 7), LLM_DECLINED);
    assert_int_equal(get("new", 7), LLM_OK);

    assert_int_equal(put("z", LLM_HELD_RESULTS, 8, 1), LLM_OK);
    assert_int_equal(put("w", LLM_HELD_WORK, 8, 1), LLM_OK);
    assert_int_equal(get("x", 8), LLM_OK);

    /* nothing but money: it does not leave */

    assert_int_equal(put("v", LLM_HELD_WORK, 9, 1), LLM_LIMIT);
    assert_int_equal(get("y", 9), LLM_OK);

    /* until it is over */

    assert_int_equal(put("v", LLM_HELD_WORK, 1000, 1), LLM_OK);
    assert_int_equal(llm_held_used(t), ROOM);
}


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

    for (i = 0; i < 7; i++) {
        bad = h;

        switch (i) {
        case 0: bad.version++; break;
        case 1: bad.what = 9; break;
        case 2: bad.model_len = 255; break;
        case 3: bad.path_len = 255; break;
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
    h = held("over", LLM_HELD_WORK, 1, 5);
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


/* a worker that dies with the lock takes nothing along */

static void
outlives_a_worker(void **state)
{
    int                status;
    pid_t              pid;
    void              *shared;
    llm_held_table_t  *was;

    (void) state;

    shared = mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS,
                  -1, 0);
    was = t;
    t = llm_held_create(shared, 8192);
    assert_ptr_equal(llm_held_attach(shared, 8192), t);

    pid = fork();

    if (pid == 0) {
        (void) put("a", LLM_HELD_WORK, 1, 1);
        _exit(0);
    }

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(claim("a", 2), LLM_OK);

    munmap(shared, 8192);
    t = was;
}


/* nobody owns it: it is not inherited, and is charged in full in the end */

static int
gone(uint32_t owner)
{
    return owner != LLM_LEDGER_NOBODY;
}


static void
a_reservation_is_left_to_itself(void **state)
{
    int64_t            spent[LLM_UNIT_N] = { 30, 3, 1 };
    llm_budget_t       b;
    llm_ledger_t      *l;
    llm_admission_t    a;
    llm_counter_view_t v;
    llm_ledger_heir_t  heir = { gone, NULL, NULL, NULL };

    (void) state;

    l = ledger_new(8, 8);
    b = budget("daily", "", LLM_UNIT_USD, 100);

    a = admission(&b, 1, 50);
    a.keep = 1;
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(llm_ledger_leave(l, &a.id, T0 + 2 * DAY), LLM_OK);
    assert_int_equal(llm_ledger_inherit(l, &heir, 9), 0);
    assert_int_equal(llm_ledger_sweep(l, T0 + DAY, 0, 9), 0);

    assert_int_equal(llm_ledger_settle(l, &a.id, spent, NULL, 0), LLM_OK);
    assert_int_equal(llm_ledger_leave(l, &a.id, T0 + DAY), LLM_DECLINED);
    assert_int_equal(llm_ledger_find(l, &b, &v), LLM_OK);
    assert_int_equal(v.spent, 30);
    assert_int_equal(v.reserved, 0);

    /* what others let go is charged here, and settled late all the same */

    a = admission(&b, 1, 50);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(llm_ledger_leave(l, &a.id, T0 + 100), LLM_OK);
    assert_int_equal(llm_ledger_sweep(l, T0 + 100, 0, 9), 1);
    assert_int_equal(llm_ledger_find(l, &b, &v), LLM_OK);
    assert_int_equal(v.spent, 80);
    assert_int_equal(llm_ledger_settle(l, &a.id, spent, NULL, 0), LLM_OK);
    assert_int_equal(llm_ledger_find(l, &b, &v), LLM_OK);
    assert_int_equal(v.spent, 60);

    ledger_free(l, 8, 8);
}


/* of work alone, from the end of its reservation on, and once */

static void
lapses_once(void **state)
{
    int64_t     over;
    llm_held_t  h, other;

    (void) state;

    over = 100000;

    h = held("a", LLM_HELD_WORK, 1, over + LLM_HELD_LATE);
    h.id.seq = 1;

    assert_false(llm_held_lapses(&h, over - 1));
    assert_true(llm_held_lapses(&h, over));
    assert_true(llm_held_lapses(&h, over + LLM_HELD_LATE - 1));
    assert_false(llm_held_lapses(&h, over + LLM_HELD_LATE));

    other = h;
    other.what = LLM_HELD_FILE;
    assert_false(llm_held_lapses(&other, over));

    other = h;
    other.id.seq = 0;
    assert_false(llm_held_lapses(&other, over));

    other = h;
    other.done = 1;
    assert_false(llm_held_lapses(&other, over));

    /* another name of the same work */

    other = h;
    other.name[0] = 'b';
    assert_false(llm_held_lapses(&other, over));

    /* whoever writes it again without knowing */

    other = h;
    other.lapsed = 1;
    assert_int_equal(llm_held_put(t, &other, over), LLM_OK);
    assert_int_equal(llm_held_put(t, &h, over), LLM_OK);
    assert_int_equal(llm_held_get(t, h.name, over, &other), LLM_OK);
    assert_true(other.lapsed);
    assert_false(llm_held_lapses(&other, over));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup(is_found_until_its_time_is_over, setup),
        cmocka_unit_test_setup(is_claimed_once, setup),
        cmocka_unit_test_setup(what_is_owed_stays, setup),
        cmocka_unit_test_setup(a_namesake_owes_nothing, setup),
        cmocka_unit_test_setup(work_has_a_name_for_logs, setup),
        cmocka_unit_test_setup(makes_room_without_losing_money, setup),
        cmocka_unit_test_setup(budgets_come_back, setup),
        cmocka_unit_test_setup(what_comes_from_elsewhere_is_checked, setup),
        cmocka_unit_test_setup(knows_an_older_version, setup),
        cmocka_unit_test_setup(outlives_a_restart, setup),
        cmocka_unit_test_setup(two_tables_follow_a_file, setup),
        cmocka_unit_test_setup(a_restart_knows_what_is_owed, setup),
        cmocka_unit_test_setup(distrusts_a_file, setup),
        cmocka_unit_test_setup(outlives_a_worker, setup),
        cmocka_unit_test_setup(lapses_once, setup),
        cmocka_unit_test(a_reservation_is_left_to_itself)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
