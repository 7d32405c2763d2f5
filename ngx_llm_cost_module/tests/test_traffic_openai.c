
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Text of recorded answers, counted as if they had said no usage; and events
 * that are known by their form, which need no parsing.
 */

#include "traffic_vocabs.h"
#include "openai_twin.h"


typedef struct {
    llm_answer_t  answer;
    unsigned      usage_events;
} reading_t;


static int
on_event(void *data, const llm_str_t *type, const llm_str_t *event, size_t end)
{
    int         rc;
    reading_t  *rd;

    (void) end;

    rd = data;
    rc = openai->event(&rd->answer, type, event);

    assert_true(rc >= 0);
    rd->usage_events += (rc == LLM_EVENT_USAGE);

    return LLM_OK;
}


/* an answer in pieces; 0: in one */

static void
read_answer(llm_arena_t *a, json_t *r, reading_t *rd, const char *body,
    size_t len, size_t piece, llm_counter_t *c)
{
    char        *copy;
    size_t       at, n;
    llm_sse_t    sse;
    llm_json_t   j;

    memset(rd, 0, sizeof(reading_t));

    llm_answer_init(&rd->answer, &a->mem, kind_of(r), c);

    if (!is_stream(r)) {
        memset(&j, 0, sizeof(j));
        j.mem = &a->mem;

        if (llm_json_parse(&j, (unsigned char *) body, len) == LLM_OK) {
            assert_int_equal(openai->answer(&rd->answer, &j), LLM_OK);
        }

        return;
    }

    memset(&sse, 0, sizeof(sse));
    sse.handler = on_event;
    sse.data = rd;
    sse.mem = &a->mem;

    for (at = 0; at < len; at += n) {
        n = (piece && at + piece < len) ? piece : len - at;

        copy = malloc(n);
        memcpy(copy, body + at, n);
        assert_int_equal(llm_sse_feed(&sse, (unsigned char *) copy, n),
                         LLM_OK);
        free(copy);
    }

    assert_int_equal(llm_sse_finish(&sse), LLM_OK);
    openai->finish(&rd->answer);
}


static int
by_value(const void *a, const void *b)
{
    double  x, y;

    x = *(const double *) a;
    y = *(const double *) b;

    return (x > y) - (x < y);
}


/* output counted as if no usage had come, against the usage that did come */

static void
test_output(void **state)
{
    char          *body, *p;
    double        *errors, diff;
    size_t         i, len, n, exact, far[2];
    json_t        *r;
    int64_t        want;
    reading_t      rd;
    llm_usage_t    u;
    llm_arena_t    a;
    llm_counter_t  c;

    (void) state;

    if (records == NULL || vocabs[0] == NULL || vocabs[1] == NULL) {
        skip();
    }

    errors = malloc(json_array_size(records) * sizeof(double));
    n = 0;
    exact = 0;
    far[0] = 0;
    far[1] = 0;

    json_array_foreach(records, i, r) {
        expected_openai(r, &u);
        want = u.output - (u.reasoning > 0 ? u.reasoning : 0);

        if (strcmp(text(r, "provider"), "openai") != 0
            || strcmp(text(r, "api"), "openai.chat") != 0
            || want <= 0 || u.reasoning > 0 || u.audio_output > 0)
        {
            continue;
        }

        body = body_of(r, &len);

        for (p = body; p < body + len; p++) {
            if (body + len - p > 7 && memcmp(p, "\"usage\"", 7) == 0) {
                p[1] = 'X';
            }
        }

        llm_arena_init(&a);
        read_answer(&a, r, &rd, body, len, 0,
                    counter_of(&c, text(r, "model_reported")));

        assert_int_equal(rd.answer.usage_seen, 0);

        diff = fabs((double) (rd.answer.counted_output - want)) / (double) want;
        exact += (rd.answer.counted_output == want);
        far[0] += (diff > 0.01);
        far[1] += (diff > 0.15);
        errors[n++] = diff;

        llm_arena_free(&a);
        free(body);
    }

    assert_true(traffic_more(n, 500));

    if (n == 0) {
        free(errors);
        return;
    }

    qsort(errors, n, sizeof(double), by_value);

    traffic_row("output", "| output of chat | %zu of %zu | %.1f %% | "
                "%.1f %% |", exact, n, 100 * errors[n / 2],
                100 * errors[n * 9 / 10]);

    assert_true(traffic_within(far[0], traffic_above(n, 5)));
    assert_true(traffic_within(far[1], traffic_above(n, 9)));

    free(errors);
}


/* most events of the recordings need no parsing, and none is misread so */

static int
on_twin_event(void *data, const llm_str_t *type, const llm_str_t *event,
    size_t end)
{
    (void) end;

    assert_true(twin_event(data, type, event) >= 0);

    return LLM_OK;
}


static void
test_forms(void **state)
{
    char           *body;
    size_t          i, len;
    twin_t          t;
    json_t         *r;
    unsigned        events, known;
    llm_sse_t       sse;
    llm_arena_t     a;
    llm_counter_t   c;

    (void) state;

    if (records == NULL) {
        skip();
    }

    events = 0;
    known = 0;

    json_array_foreach(records, i, r) {

        if (!is_stream(r)) {
            continue;
        }

        body = body_of(r, &len);
        llm_arena_init(&a);
        twin_begin(&t, &a.mem, kind_of(r),
                   counter_of(&c, text(r, "model_requested")));

        memset(&sse, 0, sizeof(sse));
        sse.handler = on_twin_event;
        sse.data = &t;
        sse.mem = &a.mem;

        assert_int_equal(llm_sse_feed(&sse, (unsigned char *) body, len),
                         LLM_OK);
        assert_int_equal(llm_sse_finish(&sse), LLM_OK);

        twin_end(&t);

        events += t.events;
        known += t.known;

        llm_arena_free(&a);
        free(body);
    }

    print_message("# %u of %u events known by their form\n", known, events);

    assert_true(traffic_more(known * 10, events * 6));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_output)
    };

    return cmocka_run_group_tests(tests, load, unload);
}
