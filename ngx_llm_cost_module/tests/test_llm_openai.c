
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "openai_fixture.h"


#define MESSAGES  "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]"


static llm_path_e
path(const char *method, const char *p, llm_kind_e *kind)
{
    llm_path_e   what;
    llm_route_t  route;

    memset(&route, 0, sizeof(llm_route_t));

    route.method.data = (unsigned char *) method;
    route.method.len = strlen(method);
    route.path.data = (unsigned char *) p;
    route.path.len = strlen(p);

    what = llm_openai.path(&route);
    *kind = route.kind;

    return what;
}


static void
test_paths(void **state)
{
    size_t      i;
    llm_kind_e  kind;

    static const struct {
        const char  *method;
        const char  *path;
        llm_path_e   what;
        llm_kind_e   kind;
    } t[] = {
        { "POST", "/v1/chat/completions", LLM_PATH_METERED, LLM_KIND_CHAT },
        { "POST", "/v1/chat/completions/", LLM_PATH_METERED, LLM_KIND_CHAT },
        { "POST", "/chat/completions", LLM_PATH_METERED, LLM_KIND_CHAT },
        { "POST", "/openai/v1/chat/completions", LLM_PATH_METERED,
          LLM_KIND_CHAT },
        { "POST", "/openai/deployments/x/chat/completions", LLM_PATH_METERED,
          LLM_KIND_CHAT },
        { "POST", "/v1/embeddings", LLM_PATH_METERED, LLM_KIND_EMBEDDINGS },
        { "POST", "/api/v1/embeddings", LLM_PATH_METERED,
          LLM_KIND_EMBEDDINGS },
        { "POST", "/v1/completions", LLM_PATH_METERED, LLM_KIND_COMPLETION },
        { "POST", "/v1/moderations", LLM_PATH_FREE, 0 },
        { "POST", "/v1/threads/t/messages", LLM_PATH_FREE, 0 },
        { "POST", "/v1/threads/t/runs", LLM_PATH_METERED, LLM_KIND_RUN },
        { "POST", "/v1/threads/runs", LLM_PATH_METERED, LLM_KIND_RUN },
        { "POST", "/v1/threads/t/runs/r", LLM_PATH_FREE, 0 },
        { "GET", "/v1/threads/t/runs/r", LLM_PATH_TOLD, LLM_KIND_RUN },
        { "GET", "/v1/threads/t/runs/r/steps", LLM_PATH_FREE, 0 },
        { "POST", "/v1/threads/t/runs/r/cancel", LLM_PATH_TOLD,
          LLM_KIND_RUN },
        { "POST", "/v1/threads/t/runs/r/submit_tool_outputs", LLM_PATH_TOLD,
          LLM_KIND_RUN },
        { "POST", "/v1/assistants", LLM_PATH_FREE, 0 },
        { "POST", "/v1/responses", LLM_PATH_METERED, LLM_KIND_RESPONSES },
        { "POST", "/v1/responses/compact", LLM_PATH_METERED,
          LLM_KIND_RESPONSES },
        { "POST", "/v1/responses/input_tokens", LLM_PATH_FREE, 0 },
        { "GET", "/v1/responses/resp_1/input_items", LLM_PATH_FREE, 0 },
        { "POST", "/v1/images/generations", LLM_PATH_METERED,
          LLM_KIND_IMAGES },
        { "POST", "/v1/audio/speech", LLM_PATH_METERED, LLM_KIND_SPEECH },
        { "POST", "/v1/batches", LLM_PATH_METERED, LLM_KIND_BATCH },
        { "POST", "/v1/files", LLM_PATH_METERED, LLM_KIND_BATCH },
        { "POST", "/v1/batch/jobs", LLM_PATH_METERED, LLM_KIND_BATCH },
        { "GET", "/v1/batch/jobs", LLM_PATH_FREE, 0 },
        { "GET", "/v1/batch/jobs/j", LLM_PATH_TOLD, LLM_KIND_BATCH },
        { "POST", "/v1/batches/b/cancel", LLM_PATH_TOLD, LLM_KIND_BATCH },
        { "POST", "/v1/messages/batches", LLM_PATH_UNKNOWN, 0 },
        { "POST", "/v1/messages", LLM_PATH_UNKNOWN, 0 },
        { "POST", "/v1/models", LLM_PATH_UNKNOWN, 0 },
        { "POST", "/v1beta/models/gemini:generateContent", LLM_PATH_UNKNOWN,
          0 },
        { "POST", "/v1/xchat/completionsx", LLM_PATH_UNKNOWN, 0 },
        { "POST", "", LLM_PATH_UNKNOWN, 0 },
        { "POST", "/", LLM_PATH_UNKNOWN, 0 },
        { "PUT", "/v1/chat/completions", LLM_PATH_UNKNOWN, 0 },
        { "GET", "/v1/models", LLM_PATH_FREE, 0 },
        { "GET", "/v1/models/gpt-4o", LLM_PATH_FREE, 0 },
        { "GET", "/v1/responses/resp_1", LLM_PATH_TOLD,
          LLM_KIND_RESPONSES },
        { "GET", "/v1/batches/b", LLM_PATH_TOLD, LLM_KIND_BATCH },
        { "GET", "/v1/batches", LLM_PATH_FREE, 0 },
        { "GET", "/v1/messages/batches/b", LLM_PATH_UNKNOWN, 0 },
        { "GET", "/v1/messages/batches/b/results", LLM_PATH_UNKNOWN, 0 },
        { "GET", "/v1/files/f/content", LLM_PATH_TOLD, LLM_KIND_BATCH },
        { "GET", "/v1/fine_tuning/jobs", LLM_PATH_FREE, 0 },
        { "DELETE", "/v1/files/f", LLM_PATH_FREE, 0 },
        { "POST", "/v1/responses/resp_1/cancel", LLM_PATH_TOLD,
          LLM_KIND_RESPONSES },
        { "GET", "/v1/modelsx", LLM_PATH_UNKNOWN, 0 },
        { "GET", "/index.html", LLM_PATH_UNKNOWN, 0 },
        { "POST", "/v1/cancel", LLM_PATH_UNKNOWN, 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        if (path(t[i].method, t[i].path, &kind) != t[i].what
            || (t[i].kind && kind != t[i].kind))
        {
            fail_msg("%s %s", t[i].method, t[i].path);
        }
    }
}


static void
test_facts(void **state)
{
    fixture_t  f;

    (void) state;

    chat(&f, "{\"model\":\"gpt-4o\"," MESSAGES "}");
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.model.len, 6);
    assert_memory_equal(f.q.model.data, "gpt-4o", 6);
    assert_int_equal(f.q.max_output, -1);
    assert_int_equal(f.q.choices, 1);
    assert_false(f.q.stream);
    assert_false(f.q.can_inject);
    assert_true(f.q.can_fit);
    assert_false(f.q.stateful);
    assert_int_equal(f.q.service_tier.len, 0);
    done(&f);

    chat(&f, "{\"m\\u006fdel\":\"gpt\\u002d4o\",\"n\":3,\"max_tokens\":10,"
             "\"max_completion_tokens\":20.0,\"stream\":true,\"store\":true,"
             "\"service_tier\":\"flex\"," MESSAGES "}");
    assert_int_equal(f.rc, LLM_OK);
    assert_memory_equal(f.q.model.data, "gpt-4o", 6);
    assert_int_equal(f.q.max_output, 20);
    assert_int_equal(f.q.choices, 3);
    assert_true(f.q.stream);
    assert_true(f.q.can_inject);
    assert_true(f.q.stateful);
    assert_memory_equal(f.q.service_tier.data, "flex", 4);
    done(&f);

    /* null is as good as absent */

    chat(&f, "{\"model\":\"m\",\"n\":null,\"max_tokens\":null,\"stream\":null,"
             "\"stream_options\":null,\"store\":null,\"service_tier\":null,"
             MESSAGES "}");
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.max_output, -1);
    assert_int_equal(f.q.choices, 1);
    assert_false(f.q.stream);
    done(&f);
}


static void
test_stream_options(void **state)
{
    size_t     i;
    char       body[256];
    fixture_t  f;

    static const struct {
        const char  *stream;
        const char  *options;
        unsigned     asked;
        unsigned     refused;
        unsigned     inject;
    } t[] = {
        { "true", "{}", 0, 0, 1 },
        { "true", "null", 0, 0, 1 },
        { "true", "{\"include_usage\":null}", 0, 0, 1 },
        { "true", "{\"include_usage\":true}", 1, 0, 0 },
        { "true", "{\"include_usage\":false}", 0, 1, 1 },
        { "true", "{\"include_obfuscation\":false}", 0, 0, 1 },
        { "false", "{}", 0, 0, 0 },
        { "false", "null", 0, 0, 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        sprintf(body, "{\"model\":\"m\",\"stream\":%s,\"stream_options\":%s,"
                MESSAGES "}", t[i].stream, t[i].options);

        chat(&f, body);
        assert_int_equal(f.rc, LLM_OK);
        assert_int_equal(f.q.usage_asked, t[i].asked);
        assert_int_equal(f.q.usage_refused, t[i].refused);
        assert_int_equal(f.q.can_inject, t[i].inject);
        done(&f);
    }
}


static void
test_refused(void **state)
{
    size_t     i;
    fixture_t  f;

    static const struct {
        const char  *body;
        const char  *param;
        const char  *err;
    } t[] = {
        { "[]", NULL, "the request body must be a JSON object" },
        { "\"x\"", NULL, "the request body must be a JSON object" },
        { "null", NULL, "the request body must be a JSON object" },
        { "{}", "model", "is required" },
        { "{\"model\":null," MESSAGES "}", "model", "is required" },
        { "{\"model\":4," MESSAGES "}", "model", "must be a string" },
        { "{\"model\":{}," MESSAGES "}", "model", "must be a string" },
        { "{\"model\":\"\"," MESSAGES "}", "model", "must not be empty" },
        { "{\"model\":\"a\\nb\"," MESSAGES "}", "model",
          "must not hold control characters" },
        { "{\"model\":\"a\\u0000\"," MESSAGES "}", "model",
          "must not hold control characters" },
        { "{\"model\":\"m\"}", "messages", "is required" },
        { "{\"model\":\"m\",\"messages\":{}}", "messages",
          "must be an array" },
        { "{\"model\":\"m\",\"messages\":\"Hi\"}", "messages",
          "must be an array" },
        { "{\"model\":\"m\",\"messages\":[\"Hi\"]}", "messages",
          "must be an array of objects" },
        { "{\"model\":\"m\",\"messages\":[{},[]]}", "messages",
          "must be an array of objects" },
        { "{\"model\":\"m\",\"stream\":\"true\"," MESSAGES "}", "stream",
          "must be true or false" },
        { "{\"model\":\"m\",\"stream\":1," MESSAGES "}", "stream",
          "must be true or false" },
        { "{\"model\":\"m\",\"store\":1," MESSAGES "}", "store",
          "must be true or false" },
        { "{\"model\":\"m\",\"stream_options\":[]," MESSAGES "}",
          "stream_options", "must be an object" },
        { "{\"model\":\"m\",\"stream_options\":{\"include_usage\":1},"
          MESSAGES "}", "stream_options",
          "must have include_usage true or false" },
        { "{\"model\":\"m\",\"stream_options\":{\"include_usage\":false,"
          "\"include_usage\":true}," MESSAGES "}", "stream_options",
          "has include_usage more than once" },
        { "{\"model\":\"m\",\"stream_options\":{\"include_usage\":true,"
          "\"Include_usage\":false}," MESSAGES "}", "stream_options",
          "must have include_usage in this case" },
        { "{\"model\":\"m\",\"service_tier\":1," MESSAGES "}", "service_tier",
          "must be a string" },
        { "{\"model\":\"m\",\"n\":0," MESSAGES "}", "n", "must be at least 1" },
        { "{\"model\":\"m\",\"n\":129," MESSAGES "}", "n",
          "must be at most 128" },
        { "{\"model\":\"m\",\"n\":1.5," MESSAGES "}", "n",
          "must be an integer" },
        { "{\"model\":\"m\",\"n\":\"2\"," MESSAGES "}", "n",
          "must be an integer" },
        { "{\"model\":\"m\",\"max_tokens\":0," MESSAGES "}", "max_tokens",
          "must be at least 1" },
        { "{\"model\":\"m\",\"max_tokens\":-1," MESSAGES "}", "max_tokens",
          "must be at least 1" },
        { "{\"model\":\"m\",\"max_tokens\":-1e400," MESSAGES "}", "max_tokens",
          "must be at least 1" },
        { "{\"model\":\"m\",\"max_tokens\":1e400," MESSAGES "}", "max_tokens",
          "must be at most 2147483647" },
        { "{\"model\":\"m\",\"max_tokens\":2147483648," MESSAGES "}",
          "max_tokens", "must be at most 2147483647" },
        { "{\"model\":\"m\",\"max_tokens\":0.5," MESSAGES "}", "max_tokens",
          "must be an integer" },
        { "{\"model\":\"m\",\"max_tokens\":\"10\"," MESSAGES "}", "max_tokens",
          "must be an integer" },
        { "{\"model\":\"m\",\"max_tokens\":true," MESSAGES "}", "max_tokens",
          "must be an integer" },
        { "{\"model\":\"m\",\"max_tokens\":5,\"max_completion_tokens\":0,"
          MESSAGES "}", "max_completion_tokens", "must be at least 1" }
    };

    (void) state;

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        chat(&f, t[i].body);

        if (f.rc != LLM_BAD) {
            fail_msg("%s: %d", t[i].body, f.rc);
        }

        assert_string_equal(f.q.err, t[i].err);

        if (t[i].param) {
            assert_string_equal(f.q.param, t[i].param);

        } else {
            assert_null(f.q.param);
        }

        done(&f);
    }
}


/* two values for one name: we would read one and upstream the other */

static void
test_duplicates(void **state)
{
    char       body[512];
    size_t     i;
    fixture_t  f;

    static const char * const  names[] = {
        "model", "messages", "stream", "stream_options", "max_tokens",
        "max_completion_tokens", "n", "tools", "functions", "input",
        "response_format", "service_tier", "store", "tool_choice"
    };

    (void) state;

    for (i = 0; i < sizeof(names) / sizeof(char *); i++) {
        sprintf(body, "{\"%s\":null,\"model\":\"m\"," MESSAGES ",\"%s\":null}",
                names[i], names[i]);
        chat(&f, body);
        assert_int_equal(f.rc, LLM_BAD);
        assert_string_equal(f.q.param, names[i]);
        assert_string_equal(f.q.err, "must not occur more than once");
        done(&f);
    }

    /* written in another way it is still the same name */

    chat(&f, "{\"model\":\"cheap\",\"mode\\u006c\":\"dear\"," MESSAGES "}");
    assert_int_equal(f.rc, LLM_BAD);
    assert_string_equal(f.q.param, "model");
    done(&f);

    /* what costs nothing is upstream's business */

    chat(&f, "{\"model\":\"m\",\"user\":\"a\",\"user\":\"b\"," MESSAGES "}");
    assert_int_equal(f.rc, LLM_OK);
    done(&f);
}


static void
test_model_length(void **state)
{
    char       body[12000];
    fixture_t  f;

    (void) state;

    sprintf(body, "{\"model\":\"%0256d\"," MESSAGES "}", 1);
    chat(&f, body);
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.model.len, 256);
    done(&f);

    sprintf(body, "{\"model\":\"%0257d\"," MESSAGES "}", 1);
    chat(&f, body);
    assert_int_equal(f.rc, LLM_BAD);
    assert_string_equal(f.q.err, "must be at most 256 bytes long");
    done(&f);

    sprintf(body, "{\"model\":\"\\u0041%010000d\"," MESSAGES "}", 1);
    chat(&f, body);
    assert_int_equal(f.rc, LLM_BAD);
    assert_string_equal(f.q.param, "model");
    done(&f);
}


static void
test_azure(void **state)
{
    fixture_t  f;

    (void) state;

    request_at(&f, "/openai/deployments/prod-4o/chat/completions",
               LLM_KIND_CHAT, "{" MESSAGES "}");
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.model.len, 7);
    assert_memory_equal(f.q.model.data, "prod-4o", 7);
    done(&f);

    /* the body's model is not the one that answers, nor that is paid */

    request_at(&f, "/openai/deployments/prod-4o/chat/completions",
               LLM_KIND_CHAT, "{\"model\":\"gpt-4o-mini\"," MESSAGES "}");
    assert_int_equal(f.rc, LLM_OK);
    assert_memory_equal(f.q.model.data, "prod-4o", 7);
    done(&f);

    request_at(&f, "/openai/deployments//chat/completions", LLM_KIND_CHAT,
               "{" MESSAGES "}");
    assert_int_equal(f.rc, LLM_BAD);
    assert_string_equal(f.q.param, "model");
    done(&f);
}


static void
test_embeddings(void **state)
{
    char       body[256];
    size_t     i;
    fixture_t  f;

    static const struct {
        const char  *input;
        int          rc;
    } t[] = {
        { "\"text\"", LLM_OK }, { "[\"a\",\"b\"]", LLM_OK },
        { "[1,2,3]", LLM_OK }, { "[[1,2],[3]]", LLM_OK }, { "[]", LLM_OK },
        { "[[]]", LLM_OK }, { "null", LLM_BAD }, { "5", LLM_BAD },
        { "{}", LLM_BAD }, { "[\"a\",1]", LLM_BAD }, { "[null]", LLM_BAD },
        { "[{}]", LLM_BAD }, { "[[\"a\"]]", LLM_BAD }
    };

    (void) state;

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        sprintf(body, "{\"model\":\"e\",\"input\":%s}", t[i].input);
        request_at(&f, "/v1/embeddings", LLM_KIND_EMBEDDINGS, body);

        if (f.rc != t[i].rc) {
            fail_msg("%s", body);
        }

        if (f.rc == LLM_OK) {
            assert_int_equal(f.q.max_output, 0);
            assert_false(f.q.can_fit);
            assert_false(f.q.can_inject);

        } else {
            assert_string_equal(f.q.param, "input");
        }

        done(&f);
    }
}


static void
test_errors(void **state)
{
    size_t         i, n;
    unsigned char  buf[512];
    llm_refusal_t  f;

    static const struct {
        llm_refuse_e  why;
        const char   *type;
    } t[] = {
        { LLM_REFUSE_BUDGET, "insufficient_quota" },
        { LLM_REFUSE_TOO_EXPENSIVE, "invalid_request_error" },
        { LLM_REFUSE_INVALID, "invalid_request_error" },
        { LLM_REFUSE_UNKNOWN_MODEL, "invalid_request_error" },
        { LLM_REFUSE_STORE, "server_error" },
        { LLM_REFUSE_UPSTREAM, "api_error" }
    };

    char  want[512];

    (void) state;

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        memset(&f, 0, sizeof(f));
        f.why = t[i].why;
        llm_str_set(&f.message, "say \"no\"\n\x01");
        llm_str_set(&f.code, "a_code");

        sprintf(want, "{\"error\":{\"message\":\"say \\\"no\\\"\\n\\u0001\","
                "\"type\":\"%s\",\"param\":null,\"code\":\"a_code\"}}",
                t[i].type);

        n = llm_openai.error(NULL, &f);
        assert_int_equal(n, strlen(want));
        assert_int_equal(llm_openai.error(buf, &f), n);
        assert_memory_equal(buf, want, n);
    }

    llm_str_set(&f.param, "model");
    f.code.len = 0;
    n = llm_openai.error(buf, &f);
    buf[n] = '\0';
    assert_non_null(strstr((char *) buf,
                           ",\"param\":\"model\",\"code\":null}}"));
}


static void
test_completions(void **state)
{
    size_t     i;
    fixture_t  f;

    static const struct {
        const char  *body;
        int64_t      choices;         /* 0: refused */
        int64_t      most;
    } t[] = {
        { "{\"model\":\"gpt-3.5-turbo-instruct\",\"prompt\":\"a\"}", 1, 16 },
        { "{\"model\":\"gpt-3.5-turbo-instruct\"}", 1, 16 },
        { "{\"model\":\"davinci-002\",\"prompt\":[\"a\",\"b\"],\"n\":3,"
          "\"max_tokens\":7}", 6, 7 },
        { "{\"model\":\"davinci-002\",\"prompt\":[1,2,3],\"best_of\":4}", 4,
          16 },
        { "{\"model\":\"davinci-002\",\"prompt\":[[1],[2,3]]}", 2, 16 },
        { "{\"model\":\"llama\",\"prompt\":\"a\"}", 1, -1 },
        { "{\"model\":\"llama\",\"prompt\":{}}", 0, 0 },
        { "{\"model\":\"llama\",\"prompt\":[\"a\",1]}", 0, 0 },
        { "{\"model\":\"llama\",\"prompt\":\"a\",\"n\":1000000000}", 0, 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        request_at(&f, "/v1/completions", LLM_KIND_COMPLETION, t[i].body);

        if (t[i].choices == 0) {
            assert_int_equal(f.rc, LLM_BAD);

        } else if (f.rc != LLM_OK || f.q.choices != t[i].choices
                   || f.q.max_output != t[i].most || !f.q.can_fit)
        {
            fail_msg("%s: %lld, %lld", t[i].body, (long long) f.q.choices,
                     (long long) f.q.max_output);
        }

        done(&f);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_completions),
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_stream_options),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_duplicates),
        cmocka_unit_test(test_model_length),
        cmocka_unit_test(test_azure),
        cmocka_unit_test(test_embeddings),
        cmocka_unit_test(test_errors)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
