
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * What goes on when its request is over: batches of OpenAI, Mistral and
 * Anthropic, runs of assistants.
 */

#include "dialect_fixture.h"


extern const llm_provider_t  llm_anthropic, llm_gemini;

#define BATCH  "/v1/messages/batches"

#define ONE(max, text)                                                        \
    "{\"custom_id\":\"a\",\"params\":{\"model\":\"claude-haiku-4-5\","       \
    "\"max_tokens\":" max ",\"messages\":[{\"role\":\"user\","             \
    "\"content\":\"" text "\"}]}}"

static llm_counter_t  bytes = { .count = count_bytes };


/* the requests in f, as bodies that are written one behind another */

static void
expect_inner(dialect_t *f, const char *path, const char *model, unsigned n,
    const char *first)
{
    llm_inner_t  in;

    memset(&in, 0, sizeof(in));
    in.mem = &f->arena.mem;

    assert_int_equal(f->rc, LLM_OK);

    while (f->p->inner(&f->q, &in) == LLM_OK) {
        assert_int_equal(in.path.len, strlen(path));
        assert_memory_equal(in.path.data, path, in.path.len);
        assert_int_equal(in.model.len, strlen(model));

        if (in.n == 1) {
            assert_int_equal(in.body.len, strlen(first));
            assert_memory_equal(in.body.data, first, in.body.len);
        }
    }

    assert_null(f->q.err);
    assert_int_equal(in.n, n);
}


static void
expect_inner_bad(dialect_t *f, const char *param, const char *err)
{
    int          rc;
    llm_inner_t  in;

    memset(&in, 0, sizeof(in));
    in.mem = &f->arena.mem;

    do {
        rc = f->p->inner(&f->q, &in);
    } while (rc == LLM_OK);

    assert_int_equal(rc, LLM_BAD);
    assert_string_equal(f->q.param, param);
    assert_string_equal(f->q.err, err);
    done(f);
}


/* what results say: how many cost something, say nothing, and their tokens */

static unsigned  told, mute;
static int64_t   told_out;

static int
result(llm_answer_t *a, const llm_answer_t *one)
{
    (void) a;

    told += one->usage_seen;
    mute += one->usage_bad;
    told_out += one->usage_seen ? one->usage.output : 0;

    return LLM_OK;
}


static void
results_of(dialect_t *f, const llm_provider_t *p, const char *path)
{
    memset(f, 0, sizeof(dialect_t));
    llm_arena_init(&f->arena);

    f->p = p;
    f->path = route_of(p, &f->q.route, "GET", path);
    f->q.kind = f->q.route.kind;

    assert_int_equal(f->path, LLM_PATH_TOLD);
    assert_int_equal(f->q.route.step, LLM_LONG_RESULTS);

    answer_begin(f, NULL);
    f->a.scratch = &f->arena.mem;
    f->a.result = result;
    told = mute = 0;
    told_out = 0;
}


static void
test_batch(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_anthropic, BATCH, "{\"requests\":[" ONE("5", "hi") ","
        "{\"params\":{\"model\":\"other\"}}," ONE("64000", "hi") "]}");
    expect_inner(&f, "/v1/messages", "", 3,
                 "{\"model\":\"claude-haiku-4-5\",\"max_tokens\":5,"
                 "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
    assert_true(f.q.stateful && f.q.sealed);

    answer_begin(&f, NULL);
    answer_json(&f, "{\"id\":\"msgbatch_1\",\"type\":\"message_batch\","
                "\"processing_status\":\"in_progress\","
                "\"request_counts\":{\"succeeded\":0}}");
    assert_int_equal(f.a.told.id.len, 10);
    assert_false(f.a.told.ended || f.a.told.unused);

    answer_begin(&f, NULL);
    answer_json(&f, "{\"id\":\"m\",\"processing_status\":\"ended\","
                "\"request_counts\":{\"succeeded\":1}}");
    assert_true(f.a.told.ended && !f.a.told.unused);

    answer_begin(&f, NULL);
    answer_json(&f, "{\"id\":\"m\",\"processing_status\":\"ended\","
                "\"request_counts\":{\"succeeded\":0}}");
    assert_true(f.a.told.ended && f.a.told.unused);
    done(&f);

    ask(&f, &llm_anthropic, BATCH, "{\"requests\":[{\"params\":1}]}");
    expect_inner_bad(&f, "requests.params", "must be an object");
    ask(&f, &llm_anthropic, BATCH, "{\"requests\":[{\"params\":{},"
        "\"params\":{}}]}");
    expect_inner_bad(&f, "requests.params", "must be an object");
    ask(&f, &llm_anthropic, BATCH, "{\"requests\":[{\"params\":{},"
        "\"Params\":{}}]}");
    expect_inner_bad(&f, "requests.params", "must be an object");

    results_of(&f, &llm_anthropic, BATCH "/b/results");
    answer_event(&f, "", "{\"custom_id\":\"0\",\"result\":{\"type\":"
        "\"succeeded\",\"message\":{\"model\":\"m\",\"type\":\"message\","
        "\"usage\":{\"input_tokens\":20,\"output_tokens\":5}}}}");
    answer_event(&f, "", "{\"custom_id\":\"1\",\"result\":{\"type\":"
        "\"errored\",\"error\":{\"type\":\"error\"}}}");
    answer_event(&f, "", "{\"custom_id\":\"2\",\"result\":{\"type\":"
        "\"expired\"}}");
    assert_int_equal(told, 1);
    assert_int_equal(told_out, 5);
    assert_int_equal(mute, 0);

    answer_event(&f, "", "{\"result\":{\"type\":\"succeeded\"}}");
    answer_event(&f, "", "{\"result\":{\"type\":\"succeeded\","
                 "\"message\":{}}}");
    answer_event(&f, "", "{\"result\":1}");
    answer_event(&f, "", "no JSON");
    assert_int_equal(told, 1);
    assert_int_equal(mute, 4);
    done(&f);
}


#define JOBS   "/v1/batch/jobs"
#define JOB(requests)                                                         \
    "{\"endpoint\":\"/v1/chat/completions\",\"model\":\"small\","             \
    "\"requests\":" requests "}"

/* what answers say of files, batches and jobs */

/* a file of requests: a line each, however it ends, and none that is empty */

static void
lines_of(dialect_t *f, const char *text)
{
    memset(f, 0, sizeof(dialect_t));
    llm_arena_init(&f->arena);

    f->p = &llm_openai;
    f->rc = LLM_OK;
    f->q.mem = &f->arena.mem;
    f->q.kind = LLM_KIND_BATCH;
    f->q.route.step = LLM_LONG_FILE;
    f->q.requests.len = strlen(text);
    f->q.requests.data = llm_arena_copy(&f->arena, text, f->q.requests.len);
}


static void
test_lines(void **state)
{
    size_t     i;
    dialect_t  f;

    static const struct {
        const char  *text;
        const char  *param;
        const char  *err;
    } bad[] = {
        { "[1]", "file", "must hold a JSON object a line" },
        { "{\"url\":\"/a\",\"body\":{}}\nx", "file",
          "must hold a JSON object a line" },
        { "{\"url\":\"/a\",\"url\":\"/b\",\"body\":{}}", "url",
          "must not occur more than once" },
        { "{\"url\":\"/a\",\"body\":{},\"body\":{}}", "body",
          "must not occur more than once" },
        { "{\"url\":7,\"body\":{}}", "url",
          "must be a string in each line" },
        { "{\"url\":\"/a\",\"body\":[]}", "body",
          "must be an object in each line" },
        { "{\"url\":\"/a\"}", "body", "must be an object in each line" }
    };

    (void) state;

    lines_of(&f, "\n \t\r\n{\"custom_id\":\"a\",\"url\":\"/v1/embeddings\","
             "\"body\":{\"model\":\"m\"}}\r\n\n"
             "{\"url\":\"\\/v1\\/embeddings\",\"body\":{}}  \n"
             "{\"body\":{\"n\":1},\"url\":\"/v1/embeddings\"}");
    expect_inner(&f, "/v1/embeddings", "", 3, "{\"model\":\"m\"}");
    done(&f);

    lines_of(&f, "");
    expect_inner(&f, "", "", 0, "");
    done(&f);

    lines_of(&f, "\r\n \n");
    expect_inner(&f, "", "", 0, "");
    done(&f);

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        lines_of(&f, bad[i].text);
        expect_inner_bad(&f, bad[i].param, bad[i].err);
    }
}


static void
test_openai_batch(void **state)
{
    size_t       i;
    dialect_t    f;
    llm_inner_t  in;

    static const struct {
        const char  *answer;
        unsigned     ended;
        unsigned     unused;
        size_t       file;
        int64_t      output;
    } t[] = {
        { "{\"status\":\"validating\",\"output_file_id\":null}", 0, 0, 0, -1 },
        { "{\"status\":\"failed\"}", 1, 1, 0, -1 },
        { "{\"status\":\"completed\",\"output_file_id\":\"file\","
          "\"usage\":{\"input_tokens\":1,\"output_tokens\":2}}", 1, 0, 4, 2 },
        { "{\"status\":\"in_progress\",\"output_file_id\":null,"
          "\"usage\":{\"input_tokens\":0,\"output_tokens\":0}}", 0, 0, 0,
          -1 },
        { "{\"status\":\"completed\",\"output_file_id\":null}", 1, 1, 0, -1 },
        { "{\"status\":\"completed\"}", 1, 0, 0, -1 },
        { "{\"status\":\"cancelled\",\"output_file_id\":\"f\"}", 1, 0, 1, -1 },
        { "{\"status\":\"QUEUED\",\"output_file\":null,"
          "\"succeeded_requests\":0}", 0, 0, 0, -1 },
        { "{\"status\":\"SUCCESS\",\"output_file\":\"abc\"}", 1, 0, 3, -1 },
        { "{\"status\":\"CANCELLED\",\"output_file\":null,"
          "\"succeeded_requests\":0}", 1, 1, 0, -1 },
        { "{\"status\":\"SUCCESS\",\"output_file\":null,"
          "\"succeeded_requests\":3}", 1, 0, 0, -1 },
        { "{\"status\":1,\"output_file_id\":{}}", 0, 0, 0, -1 }
    };

    (void) state;

    ask(&f, &llm_openai, "/v1/batches", "{\"input_file_id\":\"file-1\","
        "\"endpoint\":\"/v1/embeddings\",\"completion_window\":\"7d\"}");
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.route.step, LLM_LONG_START);
    assert_int_equal(f.q.object.len, 6);
    assert_int_equal(f.q.endpoint.len, 14);
    assert_int_equal(f.q.window, 7 * 86400);

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        answer_begin(&f, NULL);
        answer_json(&f, t[i].answer);

        if (f.a.told.ended != t[i].ended || f.a.told.unused != t[i].unused
            || f.a.told.file.len != t[i].file
            || f.a.usage.output != t[i].output)
        {
            fail_msg("%s", t[i].answer);
        }
    }

    done(&f);

    ask(&f, &llm_openai, JOBS, JOB("[{\"body\":{\"messages\":[]}},"
                                   "{\"body\":{}}]"));
    expect_inner(&f, "/v1/chat/completions", "small", 2, "{\"messages\":[]}");
    assert_int_equal(f.q.window, 86400);
    done(&f);

    ask(&f, &llm_openai, JOBS, "{\"input_files\":[\"file-1\"],\"endpoint\":"
        "\"/v1/embeddings\",\"agent_id\":\"ag\",\"timeout_hours\":48}");
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.route.step, LLM_LONG_START);
    assert_int_equal(f.q.object.len, 6);
    assert_int_equal(f.q.model.len, 2);
    assert_int_equal(f.q.window, 48 * 3600);

    /* its requests are elsewhere: none is in it */

    memset(&in, 0, sizeof(llm_inner_t));
    in.mem = f.q.mem;
    assert_int_not_equal(llm_openai.inner(&f.q, &in), LLM_OK);
    done(&f);

    ask(&f, &llm_openai, JOBS, JOB("[{\"body\":{}},{\"body\":[]}]"));
    expect_inner_bad(&f, "requests.body", "must be an object");

    results_of(&f, &llm_openai, "/v1/files/f/content");
    answer_event(&f, "", "{\"response\":{\"status_code\":200,\"body\":{"
        "\"object\":\"response\",\"status\":\"completed\",\"usage\":{"
        "\"input_tokens\":1,\"output_tokens\":7}}},\"error\":null}");
    answer_event(&f, "", "{\"response\":{\"status_code\":200,\"body\":{"
        "\"object\":\"list\",\"data\":[],\"usage\":{\"prompt_tokens\":1,"
        "\"total_tokens\":1}}}}");
    answer_event(&f, "", "{\"response\":{\"status_code\":500,\"body\":{}}}");
    answer_event(&f, "", "{\"response\":null,\"error\":{\"code\":\"x\"}}");
    assert_int_equal(told, 2);
    assert_int_equal(told_out, 7);
    assert_int_equal(mute, 0);

    answer_event(&f, "", "{\"response\":{\"body\":{}}}");
    answer_event(&f, "", "{\"response\":{\"body\":1}}");
    answer_event(&f, "", "[]");
    assert_int_equal(mute, 3);
    done(&f);
}


#define RUNS  "/v1/threads/t/runs"

#define RUN(status, usage)                                                    \
    "{\"id\":\"run_1\",\"object\":\"thread.run\",\"status\":\"" status         \
    "\",\"model\":\"gpt-4o\",\"usage\":" usage "}"

static void
test_run(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_openai, RUNS, "{\"assistant_id\":\"asst_1\"}");
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.model.len, 6);
    assert_int_equal(f.q.input_tokens, -1);
    assert_int_equal(f.q.max_output, -1);
    assert_true(f.q.sealed && f.q.stateful && !f.q.stream);

    answer_begin(&f, NULL);
    answer_json(&f, RUN("queued", "null"));
    assert_int_equal(f.a.told.id.len, 5);
    assert_true(f.a.deferred && !f.a.told.ended && !f.a.usage_seen);

    answer_begin(&f, NULL);
    answer_json(&f, RUN("incomplete",
                        "{\"prompt_tokens\":9,\"completion_tokens\":3}"));
    assert_true(f.a.told.ended);
    assert_int_equal(f.a.usage.output, 3);
    done(&f);

    ask(&f, &llm_openai, RUNS, "{\"assistant_id\":\"asst_1\",\"stream\":true,"
        "\"model\":\"gpt-4o\",\"max_prompt_tokens\":500,"
        "\"max_completion_tokens\":70}");
    assert_int_equal(f.p->count(&f.q, &bytes), LLM_OK);
    assert_int_equal(f.q.input_tokens, 500);
    assert_int_equal(f.q.max_output, 70);
    assert_true(f.q.stream);

    /* the usage of a step is a part of that of the run */

    answer_begin(&f, NULL);
    answer_event(&f, "thread.created", "{\"id\":\"thread_1\"}");
    answer_event(&f, "thread.run.created", RUN("queued", "null"));
    answer_event(&f, "thread.run.step.completed", "{\"id\":\"step_1\","
        "\"status\":\"completed\",\"usage\":{\"prompt_tokens\":9,"
        "\"completion_tokens\":3}}");
    assert_int_equal(f.a.told.id.len, 5);
    assert_true(!f.a.usage_seen && !f.a.finished);
    answer_event(&f, "thread.run.completed", RUN("completed",
        "{\"prompt_tokens\":9,\"completion_tokens\":3}"));
    assert_true(f.a.told.ended && f.a.finished);
    assert_int_equal(f.a.usage.input, 9);

    answer_begin(&f, NULL);
    answer_event(&f, "thread.run.requires_action",
                 RUN("requires_action", "null"));
    answer_event(&f, "thread.run.failed", "no JSON");
    assert_false(f.a.finished || f.a.told.ended);
    answer_event(&f, "done", "[DONE]");
    assert_true(f.a.finished && !f.a.told.ended);
    done(&f);
}


/* Gemini's: in the batch itself, what has come of each */

static void
test_gemini_results(void **state)
{
    dialect_t  f;

    (void) state;

    memset(&f, 0, sizeof(f));
    llm_arena_init(&f.arena);
    f.p = &llm_gemini;
    f.path = route_of(f.p, &f.q.route, "GET", "/v1beta/batches/b");
    f.q.kind = f.q.route.kind;
    assert_int_equal(f.path, LLM_PATH_TOLD);

    answer_begin(&f, NULL);
    f.a.scratch = &f.arena.mem;
    f.a.result = result;
    told = mute = 0;
    told_out = 0;

    answer_json(&f, "{\"name\":\"batches/b\",\"done\":true,\"response\":{"
                "\"inlinedResponses\":{\"inlinedResponses\":["
                "{\"response\":{\"usageMetadata\":{\"promptTokenCount\":3,"
                "\"candidatesTokenCount\":5}}},"
                "{\"error\":{\"code\":3}},"
                "{\"response\":{\"candidates\":[]}},"
                "{\"response\":{\"usageMetadata\":{\"promptTokenCount\":3,"
                "\"candidatesTokenCount\":6}}}]}}}");
    assert_int_equal(told, 2);
    assert_int_equal(mute, 1);
    assert_int_equal(told_out, 11);
    assert_true(f.a.told.ended && !f.a.told.pending);
    assert_int_equal(f.a.told.id.len, 1);
    done(&f);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_batch),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_openai_batch),
        cmocka_unit_test(test_gemini_results),
        cmocka_unit_test(test_run)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
