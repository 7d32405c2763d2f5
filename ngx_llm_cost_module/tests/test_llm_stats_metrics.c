
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_arena.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "llm_stats.h"


#define T0  1700000000


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

    region(1 << 20);

    return 0;
}


static int
tear_down(void **state)
{
    (void) state;

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
    e.output = 20;
    e.cost = cost;
    e.called = 1;
    e.status = 200;
    e.operation = LLM_STATS_OP_CHAT;
    e.duration = 1500;
    e.first_chunk = -1;
    e.overhead = -1;

    return e;
}


static int64_t
count_of(const llm_stats_hist_t *h)
{
    int      i;
    int64_t  n;

    n = 0;

    for (i = 0; i < LLM_STATS_BUCKETS; i++) {
        n += h->buckets[i];
    }

    return n;
}


/* every bound is in its bucket, and what is above it is in the next one */

static void
bounds(void **state)
{
    int               i;
    int64_t           tokens, ms, us;
    llm_stats_hist_t  h;

    (void) state;

    tokens = 1;
    ms = 10;
    us = 20;

    for (i = 0; i < LLM_STATS_BUCKETS - 1; i++) {
        memset(&h, 0, sizeof(h));
        llm_stats_hist_tokens(&h, tokens);
        llm_stats_hist_tokens(&h, tokens + 1);
        assert_int_equal(h.buckets[i], 1);
        assert_int_equal(h.buckets[i + 1], 1);
        assert_int_equal(h.sum, 2 * tokens + 1);

        memset(&h, 0, sizeof(h));
        llm_stats_hist_ms(&h, ms);
        llm_stats_hist_ms(&h, ms + 1);
        assert_int_equal(h.buckets[i], 1);
        assert_int_equal(h.buckets[i + 1], 1);
        assert_int_equal(h.sum, 2 * ms + 1);

        memset(&h, 0, sizeof(h));
        llm_stats_hist_us(&h, us);
        llm_stats_hist_us(&h, us + 1);
        assert_int_equal(h.buckets[i], 1);
        assert_int_equal(h.buckets[i + 1], 1);
        assert_int_equal(h.sum, 2 * us + 1);

        tokens *= 4;
        ms *= 2;
        us *= 2;
    }

    memset(&h, 0, sizeof(h));
    llm_stats_hist_tokens(&h, 0);
    llm_stats_hist_ms(&h, 0);
    llm_stats_hist_us(&h, -5);
    assert_int_equal(h.buckets[0], 3);
    assert_int_equal(h.sum, 0);
    llm_stats_hist_tokens(&h, INT64_MAX / 4);
    llm_stats_hist_ms(&h, INT64_MAX / 4);
    assert_int_equal(h.buckets[LLM_STATS_BUCKETS - 1], 2);
}


/* the set of these labels; all zeros where there is none */

static llm_stats_calls_t
calls_of(const char *model, unsigned operation, unsigned error)
{
    int                found;
    uint32_t           cursor;
    llm_stats_calls_t  c, one;

    memset(&one, 0, sizeof(one));
    found = 0;

    for (cursor = 0; llm_stats_next_calls(st, &cursor, &c) == LLM_OK;
         /* void */ )
    {
        if (!c.other && c.model_len == strlen(model)
            && memcmp(c.model, model, c.model_len) == 0
            && c.operation == operation && c.error == error)
        {
            assert_false(found);
            found = 1;
            one = c;
        }
    }

    return one;
}


static void
calls(void **state)
{
    llm_stats_hist_t   chunks, h;
    llm_stats_calls_t  c;
    llm_stats_event_t  e;

    (void) state;

    memset(&chunks, 0, sizeof(chunks));
    llm_stats_hist_ms(&chunks, 15);
    llm_stats_hist_ms(&chunks, 700);

    e = event("gpt-4o", "ann", 5);
    llm_stats_add(st, &e);
    e.first_chunk = 300;
    e.chunks = &chunks;
    e.overhead = 90;
    llm_stats_add(st, &e);

    c = calls_of("gpt-4o", LLM_STATS_OP_CHAT, 0);
    assert_memory_equal(c.provider, "openai", 6);
    assert_int_equal(c.hists[LLM_STATS_HIST_INPUT].buckets[4], 2);
    assert_int_equal(c.hists[LLM_STATS_HIST_INPUT].sum, 200);
    assert_int_equal(c.hists[LLM_STATS_HIST_OUTPUT].buckets[3], 2);
    assert_int_equal(c.hists[LLM_STATS_HIST_DURATION].buckets[8], 2);
    assert_int_equal(c.hists[LLM_STATS_HIST_DURATION].sum, 3000);
    assert_int_equal(c.hists[LLM_STATS_HIST_FIRST].buckets[5], 1);
    assert_int_equal(c.hists[LLM_STATS_HIST_CHUNK].buckets[1], 1);
    assert_int_equal(c.hists[LLM_STATS_HIST_CHUNK].buckets[7], 1);
    assert_int_equal(c.hists[LLM_STATS_HIST_CHUNK].sum, 715);

    llm_stats_overhead(st, &h);
    assert_int_equal(count_of(&h), 1);
    assert_int_equal(h.buckets[3], 1);
    assert_int_equal(h.sum, 90);

    /* unknown amounts are not zeros; a hit of the cache was no call */

    e = event("gpt-4o", "ann", 5);
    e.input = -1;
    e.output = 0;
    e.duration = -1;
    llm_stats_add(st, &e);
    e = event("gpt-4o", "ann", 5);
    e.called = 0;
    llm_stats_add(st, &e);

    c = calls_of("gpt-4o", LLM_STATS_OP_CHAT, 0);
    assert_int_equal(count_of(&c.hists[LLM_STATS_HIST_INPUT]), 2);
    assert_int_equal(count_of(&c.hists[LLM_STATS_HIST_OUTPUT]), 2);
    assert_int_equal(count_of(&c.hists[LLM_STATS_HIST_DURATION]), 2);

    /* errors have their durations for themselves, and tokens with the rest */

    e = event("gpt-4o", "ann", 0);
    e.status = 429;
    e.input = 0;
    e.output = 0;
    e.duration = 5;
    llm_stats_add(st, &e);
    e = event("gpt-4o", "ann", 5);
    e.lost = 1;
    llm_stats_add(st, &e);

    c = calls_of("gpt-4o", LLM_STATS_OP_CHAT, 429);
    assert_int_equal(c.hists[LLM_STATS_HIST_DURATION].buckets[0], 1);
    assert_int_equal(count_of(&c.hists[LLM_STATS_HIST_INPUT]), 0);
    c = calls_of("gpt-4o", LLM_STATS_OP_CHAT, LLM_STATS_LOST);
    assert_int_equal(count_of(&c.hists[LLM_STATS_HIST_DURATION]), 1);
    assert_int_equal(count_of(&c.hists[LLM_STATS_HIST_INPUT]), 0);
    c = calls_of("gpt-4o", LLM_STATS_OP_CHAT, 0);
    assert_int_equal(count_of(&c.hists[LLM_STATS_HIST_DURATION]), 2);
    assert_int_equal(count_of(&c.hists[LLM_STATS_HIST_INPUT]), 3);

    /* another operation of the same model, to and fro */

    e = event("gpt-4o", "ann", 5);
    e.operation = LLM_STATS_OP_COMPLETION;
    llm_stats_add(st, &e);
    e.operation = LLM_STATS_OP_CHAT;
    llm_stats_add(st, &e);
    c = calls_of("gpt-4o", LLM_STATS_OP_COMPLETION, 0);
    assert_int_equal(count_of(&c.hists[LLM_STATS_HIST_INPUT]), 1);
    c = calls_of("gpt-4o", LLM_STATS_OP_CHAT, 0);
    assert_int_equal(count_of(&c.hists[LLM_STATS_HIST_INPUT]), 4);

    assert_string_equal(llm_stats_operation(LLM_STATS_OP_GENERATE),
                        "generate_content");
    assert_string_equal(llm_stats_operation(LLM_STATS_OP_N), "other");
}


/* models without end, in a large region and in the smallest */

static void
calls_without_end(void **state)
{
    int                size;
    char               model[32];
    size_t             i;
    int64_t            sum;
    uint32_t           cursor, sets, others;
    llm_stats_calls_t  c;
    llm_stats_event_t  e;

    (void) state;

    for (size = 0; size < 2; size++) {

        for (i = 0; i < 3000; i++) {
            sprintf(model, "m%zu", i);
            e = event(model, "ann", 5);
            llm_stats_add(st, &e);
        }

        sum = 0;
        sets = 0;
        others = 0;

        for (cursor = 0; llm_stats_next_calls(st, &cursor, &c) == LLM_OK;
             sets++)
        {
            sum += count_of(&c.hists[LLM_STATS_HIST_DURATION]);
            others += c.other;
        }

        assert_int_equal(sum, 3000);
        assert_int_equal(others, 1);
        assert_in_range(sets, 2, LLM_STATS_CALLS + 1);
        assert_int_equal(llm_stats_next_calls(st, &cursor, &c), LLM_DECLINED);

        munmap(st, st_size);
        region(LLM_STATS_SIZE_MIN);
    }
}


/* the rows of users or tags; returns how many, "other" not among them */

static unsigned
tops(llm_stats_dim_e dim, const char *tag, llm_stats_top_t *rows,
    llm_stats_top_t *all, llm_stats_top_t *other)
{
    unsigned         n;
    uint32_t         cursor;
    llm_stats_top_t  t;

    n = 0;
    memset(all, 0, sizeof(*all));
    memset(other, 0, sizeof(*other));

    for (cursor = 0; llm_stats_next_top(st, dim, &cursor, &t) == LLM_OK;
         /* void */ )
    {
        if (t.tag_len != strlen(tag) || memcmp(t.tag, tag, t.tag_len) != 0) {
            continue;
        }

        all->count += t.count;
        all->input += t.input;
        all->output += t.output;
        all->cost += t.cost;

        if (t.other) {
            *other = t;

        } else {
            assert_true(n < LLM_STATS_TOP);
            rows[n++] = t;
        }
    }

    return n;
}


static const llm_stats_top_t *
top_of(const llm_stats_top_t *rows, unsigned n, const char *name)
{
    unsigned  i;

    for (i = 0; i < n; i++) {
        if (rows[i].name_len == strlen(name)
            && memcmp(rows[i].name, name, rows[i].name_len) == 0)
        {
            return &rows[i];
        }
    }

    return NULL;
}


/*
 * A million users who come once, and forty who come again and again: these
 * are named, none has more than it spent, what is missing of one is within
 * the stated bound, and all of them together are the total.
 */

static void
a_million_users(void **state)
{
    char                   name[32];
    size_t                 i;
    int64_t                spent[40], missed;
    unsigned               n;
    uint64_t               seed;
    llm_stats_top_t        all, other;
    llm_stats_event_t      e;
    llm_stats_totals_t     t;
    const llm_stats_top_t *row;
    static llm_stats_top_t rows[LLM_STATS_TOP];

    (void) state;

    memset(spent, 0, sizeof(spent));
    seed = 11;

    for (i = 0; i < 1000000; i++) {
        sprintf(name, "invented%zu", i);
        e = event("gpt-4o", name, llm_random(&seed) % 100);

        if (i % 10 == 0) {
            sprintf(name, "real%zu", i / 10 % 40);
            e.user = str(name);
            e.cost = 4000;
            spent[i / 10 % 40] += e.cost;
        }

        llm_stats_add(st, &e);
    }

    n = tops(LLM_STATS_USER, "", rows, &all, &other);
    llm_stats_lifetime(st, &t);
    missed = llm_stats_missed(st, LLM_STATS_USER);

    assert_int_equal(n, LLM_STATS_TOP);
    assert_int_equal(all.count, 1000000);
    assert_int_equal(all.cost, t.cost);
    assert_int_equal(all.input, t.input);
    assert_int_equal(all.output, t.output);
    assert_in_range(missed, 1, t.cost / LLM_STATS_TOP);

    for (i = 0; i < 40; i++) {
        sprintf(name, "real%zu", i);
        row = top_of(rows, n, name);
        assert_non_null(row);
        assert_in_range(row->cost, spent[i] - missed, spent[i]);
    }

    for (i = 0; i < n; i++) {
        assert_true(rows[i].cost <= spent[0]);
    }
}


/* where nothing costs anything, those who ask most are named */

static void
users_without_costs(void **state)
{
    char                    name[32];
    size_t                  i;
    unsigned                n;
    llm_stats_top_t         all, other;
    llm_stats_event_t       e;
    static llm_stats_top_t  rows[LLM_STATS_TOP];

    (void) state;

    for (i = 0; i < 20000; i++) {
        sprintf(name, i % 4 ? "real%zu" : "invented%zu", i % 4 ? i % 16 : i);
        e = event("llama", name, -1);
        llm_stats_add(st, &e);
    }

    n = tops(LLM_STATS_USER, "", rows, &all, &other);
    assert_int_equal(all.count, 20000);
    assert_int_equal(all.cost, 0);

    for (i = 0; i < 16; i++) {
        sprintf(name, "real%zu", i);
        assert_int_equal(top_of(rows, n, name) != NULL, i % 4 != 0);
    }
}


static void
tags(void **state)
{
    char                    name[32];
    int                     i;
    unsigned                n;
    llm_stats_top_t         all, other;
    llm_stats_event_t       e;
    static llm_stats_top_t  rows[LLM_STATS_TOP];

    (void) state;

    e = event("gpt-4o", "ann", 7);
    e.ntags = 2;
    e.tag_names[0] = str("team");
    e.tag_values[0] = str("red");
    e.tag_names[1] = str("feature");
    e.tag_values[1] = str("red");
    llm_stats_add(st, &e);
    e.ntags = 1;
    llm_stats_add(st, &e);
    e.tag_values[0] = str("");
    llm_stats_add(st, &e);
    e.tag_values[0] = str("other");
    llm_stats_add(st, &e);

    n = tops(LLM_STATS_TAG, "team", rows, &all, &other);
    assert_int_equal(n, 1);
    assert_int_equal(rows[0].count, 2);
    assert_int_equal(rows[0].cost, 14);
    assert_int_equal(other.count, 2);
    assert_int_equal(all.cost, 28);
    n = tops(LLM_STATS_TAG, "feature", rows, &all, &other);
    assert_int_equal(n, 1);
    assert_int_equal(rows[0].count, 1);
    assert_int_equal(other.count, 0);

    /* names of tags without end, two of them in one request */

    e.ntags = 2;
    e.tag_values[0] = str("x");
    e.tag_values[1] = str("x");

    for (i = 0; i < 1000; i++) {
        sprintf(name, "tag%d", i);
        e.tag_names[0] = str(name);
        e.tag_names[1] = str("other");
        llm_stats_add(st, &e);
    }

    n = tops(LLM_STATS_TAG, "other", rows, &all, &other);
    assert_int_equal(n, 0);
    assert_int_equal(other.count, 1000 + 1000 - (LLM_STATS_TAGS - 2));
    n = tops(LLM_STATS_TAG, "tag0", rows, &all, &other);
    assert_int_equal(n, 1);
    assert_int_equal(all.count, 1);
}


/* what cannot be shown as it is never looks like two of one */

static void
hostile_names(void **state)
{
    int                     i;
    size_t                  k;
    unsigned                n;
    llm_str_t               user;
    llm_stats_top_t         all, other;
    llm_stats_event_t       e;
    static llm_stats_top_t  rows[LLM_STATS_TOP];

    static const struct {
        const char  *name;
        size_t       len;
        const char  *shown;           /* NULL: as it is */
    } names[] = {
        { "a\"b\\c\nd\re\x01", 10, NULL },
        { "\xe2\x82\xac\xf0\x9f\x98\x80", 7, NULL },
        { "a\xff", 2, "a?" },
        { "a\xfe", 2, "a?" },
        { "a\0", 2, "a?" },
        { "\x01\0\x01", 3, "\x01?\x01" },
        { "\xe2\x82", 2, "??" },
        { "\xc0\x80 a text that is longer", 24, "?? a text that is longer" },
        { "\xed\xa0\x80", 3, "???" },
        { "other", 5, "" }
    };

    (void) state;

    e = event("gpt-4o", "", 1);

    for (i = 0; i < 10; i++) {
        user.data = (unsigned char *) names[i].name;
        user.len = names[i].len;
        e.user = user;
        llm_stats_add(st, &e);
    }

    n = tops(LLM_STATS_USER, "", rows, &all, &other);
    assert_int_equal(all.count, 10);
    assert_int_equal(other.count, 1);
    assert_int_equal(n, 7);
    assert_int_equal(top_of(rows, n, "a?")->count, 3);

    for (i = 0; i < 9; i++) {
        assert_non_null(top_of(rows, n, names[i].shown ? names[i].shown
                                                       : names[i].name));
    }

    for (i = 0; i < (int) n; i++) {
        for (k = i + 1; k < n; k++) {
            assert_false(rows[i].name_len == rows[k].name_len
                         && memcmp(rows[i].name, rows[k].name,
                                   rows[i].name_len) == 0);
        }
    }
}


/*
 * Workers are killed while names come and go: what each may take with it is
 * one request.
 */

static void
killed_workers(void **state)
{
    int                     i;
    pid_t                   pid[2];
    llm_stats_top_t         all, other;
    llm_stats_totals_t      t;
    static llm_stats_top_t  rows[LLM_STATS_TOP];

    (void) state;

    for (i = 0; i < 40; i++) {
        if (i >= 2) {
            usleep(1500 + i * 37);
            kill(pid[i % 2], SIGKILL);
            assert_int_equal(waitpid(pid[i % 2], NULL, 0), pid[i % 2]);
        }

        pid[i % 2] = fork();
        assert_true(pid[i % 2] != -1);

        if (pid[i % 2] == 0) {
            char               name[32];
            uint64_t           seed = i;
            llm_stats_event_t  e;

            for ( ;; ) {
                sprintf(name, "n%u", llm_random(&seed) % 300);
                e = event("gpt-4o", name, 1);
                llm_stats_add(st, &e);
            }
        }
    }

    for (i = 0; i < 2; i++) {
        kill(pid[i], SIGKILL);
        assert_int_equal(waitpid(pid[i], NULL, 0), pid[i]);
    }

    llm_stats_lifetime(st, &t);
    (void) tops(LLM_STATS_USER, "", rows, &all, &other);
    assert_true(t.count > 1000);
    assert_in_range(all.count, t.count - 40, t.count + 40);
    assert_in_range(all.cost, t.count - 40, t.count + 40);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(bounds),
        cmocka_unit_test_setup_teardown(calls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(calls_without_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_million_users, set_up, tear_down),
        cmocka_unit_test_setup_teardown(users_without_costs, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(tags, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hostile_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(killed_workers, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
