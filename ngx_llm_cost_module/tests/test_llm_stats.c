
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_arena.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "llm_stats.h"


#define T0    1700000000
#define HOUR  (T0 / 3600)


static llm_arena_t   arena;
static llm_stats_t  *st;
static size_t        st_size;


static void
region(size_t size)
{
    void  *mem;

    mem = mmap(NULL, size, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS,
               -1, 0);
    assert_true(mem != MAP_FAILED);
    memset(mem, 0xa5, size);

    st = llm_stats_create(mem, size);
    assert_non_null(st);
    st_size = size;
}


static int
set_up(void **state)
{
    (void) state;

    llm_arena_init(&arena);
    region(1 << 20);

    return 0;
}


static int
tear_down(void **state)
{
    (void) state;

    llm_arena_free(&arena);
    munmap(st, st_size);

    return 0;
}


static llm_str_t
str(const char *s)
{
    llm_str_t  v;

    v.data = (unsigned char *) s;
    v.len = strlen(s);

    return v;
}


static llm_stats_event_t
event(const char *model, const char *user, int64_t cost)
{
    llm_stats_event_t  e;

    memset(&e, 0, sizeof(e));

    e.time = T0;
    e.provider = str("openai");
    e.model = str(model);
    e.endpoint = str("/v1/chat/completions");
    e.user = str(user);
    e.input = 100;
    e.cached = 10;
    e.output = 20;
    e.reasoning = 5;
    e.cost = cost;
    e.cache = LLM_STATS_CACHE_MISS;
    e.called = 1;
    e.status = 200;

    return e;
}


/* a row by name, "other" included; a row of zeros where there is none */

static llm_stats_row_t
row_of(llm_stats_dim_e dim, const char *tag, const char *name, int64_t from,
    int64_t to)
{
    size_t            i, n;
    llm_str_t         t;
    llm_stats_row_t  *rows, none;

    if (tag) {
        t = str(tag);
    }

    assert_int_equal(llm_stats_query(st, &arena.mem, dim, tag ? &t : NULL,
                                     NULL, from, to, &rows, &n), LLM_OK);

    for (i = 0; i < n; i++) {
        if (rows[i].len == strlen(name)
            && memcmp(rows[i].name, name, rows[i].len) == 0)
        {
            return rows[i];
        }
    }

    memset(&none, 0, sizeof(none));

    return none;
}


static void
adds_up(void **state)
{
    size_t              n;
    llm_str_t           only;
    llm_stats_row_t    *rows;
    llm_stats_event_t   e;
    llm_stats_totals_t  t;

    (void) state;

    e = event("gpt-4o", "ann", 500);
    e.ntags = 2;
    e.tag_names[0] = str("team");
    e.tag_values[0] = str("red");
    e.tag_names[1] = str("feature");
    e.tag_values[1] = str("red");
    llm_stats_add(st, &e);

    e = event("gpt-4o", "bob", 700);
    llm_stats_add(st, &e);

    e = event("gpt-4o-mini", "ann", -1);
    e.time += 3600;
    llm_stats_add(st, &e);

    e = event("gpt-4o", "ann", 0);
    e.cache = LLM_STATS_CACHE_HIT;
    e.called = 0;
    e.saved = 500;
    e.input = -1;
    llm_stats_add(st, &e);

    llm_stats_totals(st, HOUR, HOUR + 2, &t);
    assert_int_equal(t.count, 4);
    assert_int_equal(t.input, 300);
    assert_int_equal(t.cached, 40);
    assert_int_equal(t.output, 80);
    assert_int_equal(t.reasoning, 20);
    assert_int_equal(t.cost, 1200);
    assert_int_equal(t.saved, 500);
    assert_int_equal(t.hits, 1);
    assert_int_equal(t.misses, 3);
    assert_int_equal(t.calls, 3);
    assert_int_equal(t.unpriced, 1);

    llm_stats_totals(st, HOUR + 1, HOUR + 2, &t);
    assert_int_equal(t.count, 1);
    llm_stats_totals(st, HOUR + 2, INT64_MAX, &t);
    assert_int_equal(t.count, 0);
    llm_stats_lifetime(st, &t);
    assert_int_equal(t.count, 4);

    assert_int_equal(llm_stats_query(st, &arena.mem, LLM_STATS_MODEL, NULL,
                                     NULL, HOUR, HOUR + 2, &rows, &n), LLM_OK);
    assert_int_equal(n, 2);
    assert_memory_equal(rows[0].name, "gpt-4o", 6);
    assert_int_equal(rows[0].count, 3);
    assert_int_equal(rows[0].input, 200);
    assert_int_equal(rows[0].output, 60);
    assert_int_equal(rows[0].cost, 1200);
    assert_memory_equal(rows[1].name, "gpt-4o-mini", 11);
    assert_int_equal(rows[1].count, 1);

    only = str("gpt-4o-mini");
    assert_int_equal(llm_stats_query(st, &arena.mem, LLM_STATS_MODEL, NULL,
                                     &only, 0, INT64_MAX, &rows, &n), LLM_OK);
    assert_int_equal(n, 1);
    assert_int_equal(rows[0].count, 1);

    /* users: the whole day, whatever hour is asked for */

    assert_int_equal(row_of(LLM_STATS_USER, NULL, "ann", HOUR + 1,
                            HOUR + 2).count, 3);
    assert_int_equal(row_of(LLM_STATS_USER, NULL, "bob", HOUR + 1,
                            HOUR + 2).cost, 700);
    assert_int_equal(row_of(LLM_STATS_USER, NULL, "bob", HOUR + 24,
                            HOUR + 48).cost, 0);

    /* one value of two tags, and what has no tag */

    assert_int_equal(row_of(LLM_STATS_TAG, "team", "red", HOUR,
                            HOUR + 2).cost, 500);
    assert_int_equal(row_of(LLM_STATS_TAG, "team", "red", HOUR,
                            HOUR + 2).count, 1);
    assert_int_equal(row_of(LLM_STATS_TAG, "team", "other", HOUR,
                            HOUR + 2).count, 3);
    assert_int_equal(row_of(LLM_STATS_TAG, "none", "other", HOUR,
                            HOUR + 2).count, 4);
    assert_int_equal(row_of(LLM_STATS_PROVIDER, NULL, "openai", HOUR,
                            HOUR + 2).count, 4);
    assert_int_equal(row_of(LLM_STATS_ENDPOINT, NULL, "/v1/chat/completions",
                            HOUR, HOUR + 2).count, 4);
}


/* 744 hours, each exact; then they go, one by one */

static void
a_month_of_hours(void **state)
{
    int64_t             h;
    llm_stats_event_t   e;
    llm_stats_totals_t  t;

    (void) state;

    e = event("gpt-4o", "ann", 1);

    for (h = 0; h < 2000; h++) {
        e.time = T0 + h * 3600;
        e.cost = h;
        llm_stats_add(st, &e);
    }

    llm_stats_totals(st, HOUR + 2000 - LLM_STATS_HOURS, HOUR + 2000, &t);
    assert_int_equal(t.count, LLM_STATS_HOURS);
    assert_int_equal(t.cost, (1256 + 1999) * 744 / 2);
    assert_int_equal(row_of(LLM_STATS_MODEL, NULL, "gpt-4o", HOUR + 1256,
                            HOUR + 2000).cost, (1256 + 1999) * 744 / 2);
    assert_int_equal(row_of(LLM_STATS_MODEL, NULL, "other", HOUR + 1256,
                            HOUR + 2000).count, 0);

    /* whole days around the hours asked for */

    assert_int_equal(row_of(LLM_STATS_USER, NULL, "ann", HOUR + 1256,
                            HOUR + 2000).count
                     - (HOUR + 2000 - (HOUR + 1256) / 24 * 24), 0);
    assert_int_equal(row_of(LLM_STATS_USER, NULL, "other", HOUR + 1256,
                            HOUR + 2000).count, 0);

    llm_stats_totals(st, 0, HOUR + 2000 - 768, &t);
    assert_int_equal(t.count, 0);
    llm_stats_lifetime(st, &t);
    assert_int_equal(t.count, 2000);

    /* a clock that jumps ahead, and back, costs the hours it touched */

    e.time = T0 + 4000LL * 3600;
    llm_stats_add(st, &e);
    e.time = T0 + 1999 * 3600;
    llm_stats_add(st, &e);
    llm_stats_totals(st, HOUR + 1300, HOUR + 2000, &t);
    assert_in_range(t.count, 699, 701);
    e.time = INT64_MAX;
    llm_stats_add(st, &e);
    e.time = INT64_MIN;
    llm_stats_add(st, &e);
    e.time = T0 + 1999 * 3600;
    llm_stats_add(st, &e);
    llm_stats_totals(st, HOUR + 1999, HOUR + 2000, &t);
    assert_true(t.count >= 1);
}


/*
 * Names without end in a region much too small: totals stay exact, every
 * dimension adds up to them, and no row has more than it should.
 */

static void
names_without_end(void **state)
{
    int                 d;
    char                model[32], user[32], value[32];
    size_t              i, k, n;
    int64_t             hour, sum, cost;
    uint64_t            seed;
    llm_str_t           tag;
    llm_stats_row_t    *rows;
    llm_stats_event_t   e;
    llm_stats_totals_t  t, whole;

    (void) state;

    munmap(st, st_size);
    region(LLM_STATS_SIZE_MIN + 20000);
    seed = 7;
    tag = str("team");
    memset(&whole, 0, sizeof(whole));

    for (i = 0; i < 40000; i++) {
        sprintf(model, "m%u", llm_random(&seed) % (i % 3 ? 5 : 100000));
        sprintf(user, "u%u", llm_random(&seed) % (i % 3 ? 5 : 100000));
        sprintf(value, "v%u", llm_random(&seed) % (i % 3 ? 5 : 100000));

        e = event(model, user, llm_random(&seed) % 1000);
        e.time = T0 + i / 400 * 3600;
        e.ntags = 1;
        e.tag_names[0] = i % 5 ? tag : str(user);
        e.tag_values[0] = str(value);
        llm_stats_add(st, &e);

        whole.count++;
        whole.cost += e.cost;

        if (i % 999 != 0) {
            continue;
        }

        hour = e.time / 3600;
        llm_stats_totals(st, 0, hour + 1, &t);
        assert_int_equal(t.count, whole.count);
        assert_int_equal(t.cost, whole.cost);

        for (d = 0; d < LLM_STATS_DIM_N; d++) {
            assert_int_equal(llm_stats_query(st, &arena.mem, d, &tag, NULL, 0,
                                             hour + 1, &rows, &n), LLM_OK);
            sum = 0;
            cost = 0;

            for (k = 0; k < n; k++) {
                sum += rows[k].count;
                cost += rows[k].cost;
                assert_true(rows[k].other == (k == n - 1 && rows[k].len == 5));
            }

            assert_int_equal(sum, whole.count);
            assert_int_equal(cost, whole.cost);
        }

        llm_arena_free(&arena);
        llm_arena_init(&arena);
    }
}


/* a thousand users a day, and the real ones stay among invented ones */

static void
users_that_matter(void **state)
{
    char               name[32];
    size_t             i, n;
    llm_stats_row_t   *rows;
    llm_stats_event_t  e;

    (void) state;

    munmap(st, st_size);
    region(4 << 20);

    for (i = 0; i < 60000; i++) {
        sprintf(name, i % 10 ? "invented%zu" : "real%zu",
                i % 10 ? i : i / 10 % 300);
        e = event("gpt-4o", name, i % 10 ? 3 : 1000);
        llm_stats_add(st, &e);
    }

    assert_int_equal(llm_stats_query(st, &arena.mem, LLM_STATS_USER, NULL,
                                     NULL, HOUR, HOUR + 1, &rows, &n),
                     LLM_OK);
    assert_int_equal(n, LLM_STATS_USERS + 1);
    assert_true(rows[n - 1].other);

    for (i = 0; i < 300; i++) {
        assert_memory_equal(rows[i].name, "real", 4);
        assert_true(rows[i].count >= 19);
    }

    /* the next day begins with room for a thousand others */

    e = event("gpt-4o", "new", 1);
    e.time += 86400;
    llm_stats_add(st, &e);
    assert_int_equal(row_of(LLM_STATS_USER, NULL, "new", HOUR + 24,
                            HOUR + 25).count, 1);
    assert_int_equal(row_of(LLM_STATS_USER, NULL, "other", HOUR + 24,
                            HOUR + 25).count, 0);
}


static void
long_names(void **state)
{
    char               a[200], b[200];
    size_t             n;
    llm_str_t          only;
    llm_stats_row_t   *rows;
    llm_stats_event_t  e;

    (void) state;

    memset(a, 'x', 199);
    a[199] = '\0';
    memcpy(b, a, 200);
    b[198] = 'y';

    e = event(a, "ann", 2);
    llm_stats_add(st, &e);
    e = event(b, "ann", 1);
    llm_stats_add(st, &e);

    assert_int_equal(llm_stats_query(st, &arena.mem, LLM_STATS_MODEL, NULL,
                                     NULL, HOUR, HOUR + 1, &rows, &n),
                     LLM_OK);
    assert_int_equal(n, 2);
    assert_int_equal(rows[0].len, LLM_STATS_LABEL);
    assert_int_equal(rows[0].name[55], '~');
    assert_int_equal(rows[0].cost, 2);

    only = str(b);
    assert_int_equal(llm_stats_query(st, &arena.mem, LLM_STATS_MODEL, NULL,
                                     &only, HOUR, HOUR + 1, &rows, &n),
                     LLM_OK);
    assert_int_equal(n, 1);
    assert_int_equal(rows[0].cost, 1);

    /* never in the middle of a character */

    memset(a, 'x', 199);
    memcpy(a + 54, "\xe2\x82\xac", 3);
    e = event(a, "ann", 9);
    llm_stats_add(st, &e);
    only = str(a);
    assert_int_equal(llm_stats_query(st, &arena.mem, LLM_STATS_MODEL, NULL,
                                     &only, HOUR, HOUR + 1, &rows, &n),
                     LLM_OK);
    assert_int_equal(n, 1);
    assert_int_equal(rows[0].len, 63);
    assert_int_equal(rows[0].name[54], '~');

    /* no name: counted, but not by name */

    e = event("", "", 4);
    llm_stats_add(st, &e);
    assert_int_equal(row_of(LLM_STATS_MODEL, NULL, "other", HOUR,
                            HOUR + 1).cost, 4);
}


static void
metrics(void **state)
{
    char                 model[32];
    size_t               i;
    int64_t              sum;
    uint32_t             cursor, sets;
    llm_str_t            code;
    llm_stats_set_t      s;
    llm_stats_event_t    e;
    llm_stats_refusal_t  r;

    (void) state;

    e = event("gpt-4o", "ann", 5);
    llm_stats_add(st, &e);
    llm_stats_add(st, &e);
    e.status = 503;
    llm_stats_add(st, &e);

    cursor = 0;
    sum = 0;

    while (llm_stats_next_set(st, &cursor, &s) == LLM_OK) {
        assert_int_equal(s.model_len, 6);
        assert_memory_equal(s.provider, "openai", 6);
        assert_int_equal(s.count, s.status_class == 2 ? 2 : 1);
        assert_int_equal(s.cost, s.count * 5);
        sum += s.count;
    }

    assert_int_equal(sum, 3);
    assert_int_equal(llm_stats_next_set(st, &cursor, &s), LLM_DECLINED);

    for (i = 0; i < 2000; i++) {
        sprintf(model, "m%zu", i);
        e = event(model, "ann", 5);
        llm_stats_add(st, &e);
    }

    sum = 0;
    sets = 0;

    for (cursor = 0; llm_stats_next_set(st, &cursor, &s) == LLM_OK; sets++) {
        sum += s.count;
        assert_true(s.other == (s.model_len == 5 && s.model[0] == 'o'));
    }

    assert_int_equal(sum, 2003);
    assert_in_range(sets, 200, LLM_STATS_SETS + 1);

    for (i = 0; i < 100; i++) {
        sprintf(model, "code%zu", i % 50);
        code = str(model);
        llm_stats_refuse(st, &code);
    }

    sum = 0;

    for (cursor = 0; llm_stats_next_refusal(st, &cursor, &r) == LLM_OK;
         /* void */ )
    {
        assert_int_equal(r.count, r.code[0] == 'o' ? 100 - 31 * 2 : 2);
        sum += r.count;
    }

    assert_int_equal(sum, 100);

    llm_stats_count(st, LLM_STATS_STORE_ERRORS, 3);
    llm_stats_count(st, LLM_STATS_STORE_ERRORS, -3);
    llm_stats_count(st, 77, 1);
    assert_int_equal(llm_stats_counter(st, LLM_STATS_STORE_ERRORS), 3);
    assert_int_equal(llm_stats_counter(st, 77), 0);
}


static void
alerts(void **state)
{
    int          i;
    uint64_t     cursor;
    llm_alert_t  a, b;

    (void) state;

    cursor = 0;
    assert_int_equal(llm_alert_next(st, &cursor, &b), LLM_DECLINED);

    memset(&a, 0, sizeof(a));
    memcpy(a.text, "text", 4);
    a.text_len = 255;

    for (i = 0; i < 1000; i++) {
        a.spent = i;
        a.error = i & 1;
        llm_alert_add(st, &a);
    }

    for (i = 999; i > 999 - LLM_STATS_ALERTS; i--) {
        assert_int_equal(llm_alert_next(st, &cursor, &b), LLM_OK);
        assert_int_equal(b.spent, i);
        assert_int_equal(b.text_len, LLM_STATS_TEXT);
    }

    assert_int_equal(llm_alert_next(st, &cursor, &b), LLM_DECLINED);
    assert_int_equal(llm_stats_counter(st, LLM_STATS_ALERT_ERRORS), 500);
    assert_int_equal(llm_stats_counter(st, LLM_STATS_ALERT_WARNINGS), 500);
}


/* workers are killed while they add: no lock stays, nothing is half done */

static void
killed_workers(void **state)
{
    int                 i, d;
    size_t              k, n;
    pid_t               pid[4];
    int64_t             sum;
    llm_str_t           tag;
    llm_stats_row_t    *rows;
    llm_stats_totals_t  t;

    (void) state;

    for (i = 0; i < 60; i++) {
        if (i >= 4) {
            usleep(1500 + i * 37);
            kill(pid[i % 4], SIGKILL);
            assert_int_equal(waitpid(pid[i % 4], NULL, 0), pid[i % 4]);
        }

        pid[i % 4] = fork();
        assert_true(pid[i % 4] != -1);

        if (pid[i % 4] == 0) {
            char               name[32];
            uint64_t           seed = i;
            llm_stats_event_t  e;

            for ( ;; ) {
                sprintf(name, "n%u", llm_random(&seed) % 3000);
                e = event(name, name, 1);
                e.time = T0 + llm_random(&seed) % 3000 * 3600;
                e.ntags = 1;
                e.tag_names[0] = str("team");
                e.tag_values[0] = str(name);
                llm_stats_add(st, &e);
            }
        }
    }

    for (i = 0; i < 4; i++) {
        kill(pid[i], SIGKILL);
        assert_int_equal(waitpid(pid[i], NULL, 0), pid[i]);
    }

    tag = str("team");
    llm_stats_totals(st, 0, INT64_MAX, &t);
    assert_true(t.count > 0);
    assert_int_equal(t.cost, t.count);

    for (d = 0; d < LLM_STATS_USER; d++) {
        assert_int_equal(llm_stats_query(st, &arena.mem, d, &tag, NULL, 0,
                                         INT64_MAX, &rows, &n), LLM_OK);
        sum = 0;

        for (k = 0; k < n; k++) {
            assert_int_equal(rows[k].cost, rows[k].count);
            assert_true(rows[k].count > 0 && rows[k].count <= t.count);
            sum += rows[k].count;
        }

        assert_int_equal(sum, t.count);
    }
}


static void
regions(void **state)
{
    const char  *err;

    (void) state;

    assert_null(llm_stats_create(st, LLM_STATS_SIZE_MIN - 1));
    assert_null(llm_stats_create((char *) st + 8, 1 << 19));
    assert_ptr_equal(llm_stats_attach(st, st_size, &err), st);
    assert_null(llm_stats_attach(st, st_size - 16, &err));
    assert_string_equal(err, "the statistics are of another size");
    *(char *) st = 1;
    assert_null(llm_stats_attach(st, st_size, &err));
    assert_string_equal(err, "the region holds no statistics");
    assert_non_null(llm_stats_create(st, LLM_STATS_SIZE_MIN));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(adds_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_month_of_hours, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_without_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(users_that_matter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(metrics, set_up, tear_down),
        cmocka_unit_test_setup_teardown(alerts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(killed_workers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(regions, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
