
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
        { "GET", "/v1/responses/resp_1", LLM_PATH_FREE, 0 },
        { "GET", "/v1/batches/b", LLM_PATH_TOLD, LLM_KIND_BATCH },
        { "GET", "/v1/batches", LLM_PATH_FREE, 0 },
        { "GET", "/v1/messages/batches/b", LLM_PATH_UNKNOWN, 0 },
        { "GET", "/v1/messages/batches/b/results", LLM_PATH_UNKNOWN, 0 },
        { "GET", "/v1/files/f/content", LLM_PATH_TOLD, LLM_KIND_BATCH },
        { "GET", "/v1/fine_tuning/jobs", LLM_PATH_FREE, 0 },
        { "DELETE", "/v1/files/f", LLM_PATH_FREE, 0 },
        { "POST", "/v1/responses/resp_1/cancel", LLM_PATH_FREE, 0 },
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


/* the body with the edits in it; what lies between them is not touched */

static void
edited(const char *body, unsigned inject, int64_t max, const char *model,
    const char *want)
{
    char         out[1024];
    size_t       at, n;
    unsigned     i;
    fixture_t    f;
    llm_json_t   j;
    llm_edits_t  e;

    chat(&f, body);
    assert_int_equal(f.rc, LLM_OK);

    memset(&e, 0, sizeof(e));
    e.inject_usage = inject;
    e.set_max_output = max;
    e.set_model.data = (unsigned char *) model;
    e.set_model.len = strlen(model);

    assert_int_equal(llm_openai.edit(&f.q, &e), LLM_OK);

    for (at = 0, n = 0, i = 0; i < e.n; i++) {
        assert_true(e.e[i].start >= at);
        assert_true(e.e[i].end >= e.e[i].start);

        memcpy(out + n, body + at, e.e[i].start - at);
        n += e.e[i].start - at;
        memcpy(out + n, e.e[i].text.data, e.e[i].text.len);
        n += e.e[i].text.len;
        at = e.e[i].end;
    }

    strcpy(out + n, body + at);
    assert_string_equal(out, want);

    memset(&j, 0, sizeof(j));
    j.mem = &f.arena.mem;
    assert_int_equal(llm_json_parse(&j, (unsigned char *) out, strlen(out)),
                     LLM_OK);
    done(&f);
}


#define M      MESSAGES
#define USAGE  "{\"include_usage\":true}"

static void
test_edit_usage(void **state)
{
    (void) state;

    edited(" { \"model\":\"m\",\"stream\":true," M "}", 1, -1, "",
           " {\"stream_options\":" USAGE ", \"model\":\"m\",\"stream\":true,"
           M "}");

    edited("{\"model\":\"m\",\"stream\":true,\"stream_options\" : null ," M "}",
           1, -1, "",
           "{\"model\":\"m\",\"stream\":true,\"stream_options\" : " USAGE " ,"
           M "}");

    edited("{\"model\":\"m\",\"stream\":true,\"stream_options\":{ }," M "}",
           1, -1, "",
           "{\"model\":\"m\",\"stream\":true,\"stream_options\":"
           "{\"include_usage\":true }," M "}");

    edited("{\"model\":\"m\",\"stream\":true,\"stream_options\":"
           "{ \"include_obfuscation\":false }," M "}", 1, -1, "",
           "{\"model\":\"m\",\"stream\":true,\"stream_options\":"
           "{\"include_usage\":true, \"include_obfuscation\":false }," M "}");

    edited("{\"model\":\"m\",\"stream\":true,\"stream_options\":"
           "{\"include_usage\" : null }," M "}", 1, -1, "",
           "{\"model\":\"m\",\"stream\":true,\"stream_options\":"
           "{\"include_usage\" : true }," M "}");

    edited("{\"model\":\"m\",\"stream\":true,\"stream_options\":"
           "{\"include_usage\":false}," M "}", 1, -1, "",
           "{\"model\":\"m\",\"stream\":true,\"stream_options\":"
           "{\"include_usage\":true}," M "}");

    /* not wanted, or no stream: nothing */

    edited("{\"model\":\"m\",\"stream\":true," M "}", 0, -1, "",
           "{\"model\":\"m\",\"stream\":true," M "}");
    edited("{\"model\":\"m\"," M "}", 1, -1, "", "{\"model\":\"m\"," M "}");
}


static void
test_edit_max(void **state)
{
    (void) state;

    edited("{\"model\":\"gpt-4o\",\"max_tokens\":  500 ," M "}", 0, 16, "",
           "{\"model\":\"gpt-4o\",\"max_tokens\":  16 ," M "}");

    edited("{\"max_tokens\":500,\"model\":\"m\","
           "\"max_completion_tokens\":1e3," M "}", 0, 16, "",
           "{\"max_tokens\":16,\"model\":\"m\","
           "\"max_completion_tokens\":16," M "}");

    /* never raised */

    edited("{\"max_tokens\":5,\"model\":\"m\"," M "}", 0, 16, "",
           "{\"max_tokens\":5,\"model\":\"m\"," M "}");

    /* none there: the model's name decides which one it knows */

    edited("{\"model\":\"gpt-4o\"," M "}", 0, 16, "",
           "{\"max_tokens\":16,\"model\":\"gpt-4o\"," M "}");
    edited("{\"model\":\"openai/gpt-5-mini\"," M "}", 0, 16, "",
           "{\"max_completion_tokens\":16,\"model\":\"openai/gpt-5-mini\","
           M "}");
    edited("{\"model\":\"o3-mini\",\"max_tokens\":null," M "}", 0, 16, "",
           "{\"max_completion_tokens\":16,\"model\":\"o3-mini\","
           "\"max_tokens\":null," M "}");
    edited("{\"model\":\"llama-3\",\"max_tokens\":null," M "}", 0, 16, "",
           "{\"model\":\"llama-3\",\"max_tokens\":16," M "}");
    edited("{\"model\":\"ft:o1:org\"," M "}", 0, 9223372036854775807LL, "",
           "{\"max_completion_tokens\":9223372036854775807,"
           "\"model\":\"ft:o1:org\"," M "}");
}


static void
test_edit_model(void **state)
{
    (void) state;

    edited("{\"model\" : \"gpt-4o\" ," M "}", 0, -1, "gpt-4o-mini",
           "{\"model\" : \"gpt-4o-mini\" ," M "}");
    edited("{\"model\":\"gpt-4o\"," M "}", 0, -1, "a\"b\\c\n",
           "{\"model\":\"a\\\"b\\\\c\\n\"," M "}");

    /* all at once; a new model that knows another maximum */

    edited("{\"stream\":true," M ",\"model\":\"gpt-4o\"}", 1, 16, "gpt-5-mini",
           "{\"stream_options\":" USAGE ",\"max_completion_tokens\":16,"
           "\"stream\":true," M ",\"model\":\"gpt-5-mini\"}");
    edited("{\"model\":\"m\",\"stream\":true,\"max_completion_tokens\":9,"
           "\"stream_options\":{},\"max_tokens\":8," M "}", 1, 7, "n",
           "{\"model\":\"n\",\"stream\":true,\"max_completion_tokens\":7,"
           "\"stream_options\":{\"include_usage\":true},\"max_tokens\":7,"
           M "}");
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


/* the canonical form as one string of bytes */

typedef struct {
    unsigned char  *data;
    size_t          len;
} form_t;


static void
form_update(void *ctx, const void *p, size_t n)
{
    form_t  *f;

    f = ctx;
    f->data = realloc(f->data, f->len + n);
    memcpy(f->data + f->len, p, n);
    f->len += n;
}


static int
canonical(const char *body, form_t *form)
{
    int        rc;
    fixture_t  f;

    memset(form, 0, sizeof(form_t));
    chat(&f, body);
    assert_int_equal(f.rc, LLM_OK);
    rc = llm_openai.canonical(&f.q, form_update, form);
    done(&f);

    return rc;
}


static int
same(const char *a, const char *b)
{
    int     rc;
    form_t  x, y;

    assert_int_equal(canonical(a, &x), LLM_OK);
    assert_int_equal(canonical(b, &y), LLM_OK);

    rc = x.len == y.len && memcmp(x.data, y.data, x.len) == 0;

    free(x.data);
    free(y.data);

    return rc;
}


#define BODY(s)  "{\"model\":\"m\"," s "," MESSAGES "}"
#define SAID(s)  "{\"model\":\"m\",\"messages\":[" s "]}"

static void
test_canonical(void **state)
{
    size_t  i;

    static const struct {
        const char  *a;
        const char  *b;
        unsigned     same;
    } t[] = {
        { "{\"model\":\"m\"," MESSAGES "}",
          " {\n" MESSAGES " , \"model\" : \"\\u006d\" } ", 1 },
        { SAID("{\"role\":\"user\",\"content\":\"\\u00e9\\n\"}"),
          SAID("{\"content\":\"\xc3\xa9\\u000a\",\"role\":\"user\"}"), 1 },
        { BODY("\"temperature\":1"), BODY("\"temperature\":1.0"), 1 },
        { BODY("\"temperature\":1"), BODY("\"temperature\":10e-1"), 1 },
        { BODY("\"temperature\":0"), BODY("\"temperature\":-0.00e7"), 1 },
        { BODY("\"temperature\":1e-08"), BODY("\"temperature\":0.01e-6"), 1 },
        { BODY("\"temperature\":100"), BODY("\"temperature\":1E+2"), 1 },
        { BODY("\"temperature\":0.7"), BODY("\"temperature\":0.70"), 1 },
        { BODY("\"temperature\":0.7"), BODY("\"temperature\":0.07"), 0 },
        { BODY("\"temperature\":1"), BODY("\"temperature\":-1"), 0 },
        { BODY("\"temperature\":1"), BODY("\"temperature\":10"), 0 },
        { BODY("\"temperature\":1"), BODY("\"temperature\":\"1\""), 0 },
        { BODY("\"user\":\"a\""), BODY("\"user\":\"b\""), 1 },
        { BODY("\"metadata\":{}"), BODY("\"store\":false"), 1 },
        { BODY("\"stream\":false"), BODY("\"user\":\"b\""), 1 },
        { BODY("\"stream\":false"), BODY("\"stream\":true"), 1 },
        { BODY("\"stream\":true"),
          BODY("\"stream\":true,\"stream_options\":{}"), 1 },
        { BODY("\"stream\":true"),
          BODY("\"stream\":true,\"stream_options\":{\"include_usage\":true}"),
          1 },
        { BODY("\"stop\":[\"a\",\"b\"]"), BODY("\"stop\":[\"b\",\"a\"]"), 0 },
        { BODY("\"stop\":[\"a\",\"b\"]"), BODY("\"stop\":[\"ab\"]"), 0 },
        { BODY("\"stop\":[[\"a\"],\"b\"]"), BODY("\"stop\":[[\"a\",\"b\"]]"),
          0 },
        { BODY("\"stop\":\"\""), BODY("\"stop\":null"), 0 },
        { BODY("\"stop\":[]"), BODY("\"stop\":{}"), 0 },
        { BODY("\"stop\":true"), BODY("\"stop\":false"), 0 },
        { BODY("\"seed\":1"), BODY("\"seed\":2"), 0 },
        { BODY("\"a\":\"1\",\"b\":\"2\""), BODY("\"b\":\"2\",\"a\":\"1\""),
          1 },
        { BODY("\"a\":\"1\",\"b\":\"2\""), BODY("\"a\":\"2\",\"b\":\"1\""),
          0 },
        { SAID("{\"role\":\"user\"},{\"role\":\"system\"}"),
          SAID("{\"role\":\"system\"},{\"role\":\"user\"}"), 0 },
        { SAID("{\"role\":\"user\"},{}"), SAID("{},{\"role\":\"user\"}"), 0 },
        { SAID("{\"a\":\"b\"}"), SAID("{\"a\":\"b\"},{}"), 0 },

        /* a model reads tools and schemas in the order they are written in */

        { BODY("\"tools\":[{\"a\":1,\"b\":2}]"),
          BODY("\"tools\":[{\"b\":2,\"a\":1}]"), 0 },
        { BODY("\"tools\":[{\"a\":1}]"), BODY("\"tools\":[{\"a\":1.0}]"), 0 },
        { BODY("\"tools\":[ {\"a\": 1}]"), BODY("\"tools\":[{\"a\":1}]"), 1 },
        { BODY("\"response_format\":{\"a\":1,\"b\":2}"),
          BODY("\"response_format\":{\"b\":2,\"a\":1}"), 0 },

        /* halves of surrogate pairs all look like U+FFFD once decoded */

        { BODY("\"stop\":\"\\ud800\""), BODY("\"stop\":\"\\ud801\""), 0 },
        { BODY("\"stop\":\"\\ud800\""), BODY("\"stop\":\"\xef\xbf\xbd\""), 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        if (same(t[i].a, t[i].b) != (int) t[i].same) {
            fail_msg("%s and %s", t[i].a, t[i].b);
        }
    }
}


static void
test_canonical_declined(void **state)
{
    size_t  i;
    form_t  form;

    static const char * const  bodies[] = {
        BODY("\"seed\":1,\"seed\":2"),
        SAID("{\"role\":\"user\",\"role\":\"system\"}"),
        BODY("\"seed\":1e99999999999999999999"),
        BODY("\"seed\":1,\"s\\u0065ed\":2")
    };

    (void) state;

    for (i = 0; i < sizeof(bodies) / sizeof(char *); i++) {
        assert_int_equal(canonical(bodies[i], &form), LLM_DECLINED);
        free(form.data);
    }
}


/* large texts go through in place, whatever the buffer in between holds */

static void
test_canonical_long(void **state)
{
    char       *body, *p;
    size_t      n;
    form_t      form;

    (void) state;

    body = malloc(100000);

    for (n = 0; n < 2000; n += 61) {
        p = body + sprintf(body, "{\"model\":\"m\",\"stop\":\"");
        memset(p, 'x', n);
        strcpy(p + n, "\"," MESSAGES "}");

        assert_int_equal(canonical(body, &form), LLM_OK);
        assert_true(form.len > n);
        free(form.data);
    }

    free(body);
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
        cmocka_unit_test(test_edit_usage),
        cmocka_unit_test(test_edit_max),
        cmocka_unit_test(test_edit_model),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_canonical),
        cmocka_unit_test(test_canonical_declined),
        cmocka_unit_test(test_canonical_long)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
