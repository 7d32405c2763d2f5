
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/* What Mistral has beside OpenAI's chat: conversations and judgements. */

#include "dialect_fixture.h"


extern const llm_provider_t  llm_mistral;

#define START     "/v1/conversations"
#define APPEND    "/v1/conversations/conv_1"
#define RESTART   "/v1/conversations/conv_1/restart"
#define JUDGE     "/v1/chat/moderations"
#define SHARED    "/v1/moderations"

#define ASKED     "{\"model\":\"mistral-large\",\"inputs\":\"hello\"}"


static void
test_paths(void **state)
{
    size_t       i;
    llm_route_t  r;

    static const struct {
        const char  *method;
        const char  *path;
        llm_path_e   what;
    } rows[] = {
        { "POST", START, LLM_PATH_METERED },
        { "POST", APPEND, LLM_PATH_METERED },
        { "POST", RESTART, LLM_PATH_METERED },
        { "POST", "/v1/conversations/conv_1/items", LLM_PATH_UNKNOWN },
        { "GET", APPEND, LLM_PATH_UNKNOWN },
        { "DELETE", APPEND, LLM_PATH_UNKNOWN },
        { "POST", JUDGE, LLM_PATH_METERED },
        { "POST", "/v1/classifications", LLM_PATH_METERED },
        { "POST", "/v1/chat/completions", LLM_PATH_UNKNOWN }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(route_of(&llm_mistral, &r, rows[i].method,
                                  rows[i].path), rows[i].what);
    }
}


/* OpenAI has two of the paths, where they cost nothing */

static void
test_costless(void **state)
{
    size_t     i;
    dialect_t  f;

    static const struct {
        const char  *path;
        const char  *body;
        unsigned     costless;
    } rows[] = {
        { START, "{}", 1 },
        { START, "{\"items\":[{\"type\":\"message\"}],\"metadata\":{}}", 1 },
        { START, ASKED, 0 },
        { START, "{\"metadata\":{},\"model\":\"m\",\"inputs\":\"a\"}", 0 },
        { APPEND, "{\"metadata\":{\"a\":\"b\"}}", 1 },
        { APPEND, "{}", 0 },
        { APPEND, "{\"inputs\":\"a\"}", 0 },
        { APPEND, "{\"metadata\":{},\"tool_confirmations\":[]}", 0 },
        { RESTART, "{\"metadata\":{}}", 0 },
        { SHARED, "{\"input\":\"a\"}", 1 },
        { SHARED, "{\"input\":\"a\",\"model\":\"omni-moderation-latest\"}",
          1 },
        { SHARED, "{\"input\":\"a\",\"model\":\"mistral-moderation-2603\"}",
          0 },
        { SHARED, "{\"input\":\"a\",\"model\":\"m\\u0069stral-moderation\"}",
          0 },
        { SHARED, "{\"input\":\"a\",\"model\":7}", 1 },
        { JUDGE, "{\"input\":\"a\",\"model\":\"m\"}", 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ask(&f, &llm_mistral, rows[i].path, rows[i].body);
        assert_int_equal(f.rc, LLM_OK);

        if (f.q.costless != rows[i].costless) {
            fail_msg("%s %s", rows[i].path, rows[i].body);
        }

        done(&f);
    }
}


static void
test_parse(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_mistral, START,
        "{\"agent_id\":\"ag_1\",\"inputs\":[{\"role\":\"user\"}],\"stream\":"
        "true,\"completion_args\":{\"max_tokens\":7},\"tools\":[{\"type\":"
        "\"web_search_premium\"},{\"type\":\"code_interpreter\"},{\"type\":"
        "\"function\"}]}");
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.model.len, 4);
    assert_int_equal(f.q.max_output, 7);
    assert_int_equal(f.q.most.searches, -1);
    assert_int_equal(f.q.most.code_sessions, -1);
    assert_int_equal(f.q.most.file_searches, 0);
    assert_true(f.q.stream && f.q.stateful && f.q.can_fit);
    done(&f);

    ask(&f, &llm_mistral, APPEND, "{\"inputs\":\"a\"}");
    assert_int_equal(f.rc, LLM_OK);
    assert_memory_equal(f.q.model.data, "(conversation)", 14);
    assert_int_equal(f.q.max_output, -1);
    assert_true(f.q.model_in_path);
    done(&f);
}


static void
test_bad(void **state)
{
    static const bad_t  rows[] = {
        { START, "[]", NULL, "the request body must be a JSON object" },
        { START, "{\"inputs\":\"a\"}", "model", "is required" },
        { START, "{\"inputs\":\"a\",\"model\":7}", "model",
          "must be a string" },
        { START, "{\"inputs\":\"a\",\"agent_id\":[]}", "agent_id",
          "must be a string" },
        { START, "{\"model\":\"a\",\"model\":\"b\"}", "model",
          "must not occur more than once" },
        { START, "{\"model\":\"a\",\"tools\":{}}", "tools",
          "must be an array" },
        { START, "{\"model\":\"a\",\"instructions\":7}", "instructions",
          "must be a string" },
        { START, "{\"model\":\"a\",\"stream\":\"yes\"}", "stream",
          "must be true or false" },
        { START, "{\"model\":\"a\",\"completion_args\":[]}",
          "completion_args", "must be an object" },
        { START, "{\"model\":\"a\",\"completion_args\":{\"max_tokens\":0}}",
          "max_tokens", "must be at least 1" },
        { START, "{\"model\":\"a\",\"completion_args\":{\"max_tokens\":"
          "1e15}}", "max_tokens", "is too large" },
        { START, "{\"model\":\"a\",\"completion_args\":{\"max_tokens\":1,"
          "\"max_tokens\":2}}", "max_tokens",
          "must not occur more than once" },
        { START, "{\"model\":\"a\",\"completion_args\":{\"max_tokens\":1,"
          "\"Max_tokens\":2}}", "max_tokens",
          "must have its letters in this case" },
        { JUDGE, "{\"input\":[]}", "model", "is required" }
    };

    (void) state;

    expect_all_bad(&llm_mistral, rows, sizeof(rows) / sizeof(bad_t));
}


static void
test_edit(void **state)
{
    size_t     i;
    dialect_t  f;

    static const struct {
        const char  *args;
        const char  *want;
    } rows[] = {
        { "\"completion_args\":null", "\"completion_args\":"
          "{\"max_tokens\":50}" },
        { "\"completion_args\":{}", "\"completion_args\":"
          "{\"max_tokens\":50}" },
        { "\"completion_args\":{\"max_tokens\":90}", "\"completion_args\":"
          "{\"max_tokens\":50}" },
        { "\"completion_args\":{\"max_tokens\":9}", "\"completion_args\":"
          "{\"max_tokens\":9}" },
        { "\"stream\":false", "\"stream\":false" }
    };
    char  body[128], want[192];

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(body, sizeof(body), "{\"model\":\"m\",\"inputs\":\"a\",%s}",
                 rows[i].args);
        snprintf(want, sizeof(want), "{%s\"model\":\"m\",\"inputs\":\"a\",%s}",
                 i == 4 ? "\"completion_args\":{\"max_tokens\":50}," : "",
                 rows[i].want);

        ask(&f, &llm_mistral, START, body);
        expect_edit(&f, 50, want);
        done(&f);
    }

    /* another model, whose name may have to be escaped */

    ask(&f, &llm_mistral, START, "{\"inputs\":\"a\",\"model\":\"m\"}");
    expect_edit_as(&f, -1, "a\"b", "{\"inputs\":\"a\",\"model\":\"a\\\"b\"}");
    expect_edit_as(&f, 50, "b", "{\"completion_args\":{\"max_tokens\":50},"
                                "\"inputs\":\"a\",\"model\":\"b\"}");
    done(&f);

    /* what is written first may stand last */

    ask(&f, &llm_mistral, START, "{\"model\":\"m\",\"inputs\":\"a\","
        "\"completion_args\":{\"max_tokens\":90}}");
    expect_edit_as(&f, 50, "b", "{\"model\":\"b\",\"inputs\":\"a\","
                                "\"completion_args\":{\"max_tokens\":50}}");
    done(&f);
}


#define SAID(usage)                                                           \
    "{\"object\":\"conversation.response\",\"conversation_id\":\"c\","        \
    "\"outputs\":[{\"type\":\"message.output\",\"model\":\"mistral-medium\"," \
    "\"content\":[{\"type\":\"text\",\"text\":\"a\"}]}],\"usage\":" usage "}"

static void
test_usage(void **state)
{
    size_t     i;
    dialect_t  f;

    static const struct {
        const char  *answer;
        int64_t      input;
        int64_t      output;
        int64_t      searches;
        unsigned     bad;
    } rows[] = {
        { SAID("{\"prompt_tokens\":9,\"completion_tokens\":5,"
          "\"total_tokens\":14}"), 9, 5, -1, 0 },

        /* connectors, beside the prompt or in it */

        { SAID("{\"prompt_tokens\":9,\"completion_tokens\":5,"
          "\"total_tokens\":114,\"connector_tokens\":100,\"connectors\":"
          "{\"web_search\":2,\"web_search_premium\":1}}"), 109, 5, 3, 0 },
        { SAID("{\"prompt_tokens\":109,\"completion_tokens\":5,"
          "\"total_tokens\":114,\"connector_tokens\":100}"), 109, 5, -1, 0 },
        { SAID("{\"prompt_tokens\":9,\"completion_tokens\":5,"
          "\"connector_tokens\":100}"), 109, 5, -1, 0 },

        /* a total that contradicts its parts */

        { SAID("{\"prompt_tokens\":9,\"completion_tokens\":5,"
          "\"total_tokens\":3}"), 9, 5, -1, 0 },
        { SAID("{\"prompt_tokens\":-9,\"completion_tokens\":1.5,"
          "\"total_tokens\":{}}"), -1, -1, -1, 1 },
        { SAID("{\"prompt_tokens\":1e30,\"completion_tokens\":5,"
          "\"connectors\":{\"web_search\":-1}}"), -1, 5, -1, 1 },
        { SAID("null"), -1, -1, -1, 0 },
        { SAID("[]"), -1, -1, -1, 1 },
        { "{\"outputs\":{}}", -1, -1, -1, 0 },
        { "{\"outputs\":[7,null,[]]}", -1, -1, -1, 0 },
        { "[]", -1, -1, -1, 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ask(&f, &llm_mistral, START, ASKED);
        answer_begin(&f, NULL);
        answer_json(&f, rows[i].answer);

        if (f.a.usage.input != rows[i].input
            || f.a.usage.output != rows[i].output
            || f.a.usage.searches != rows[i].searches
            || f.a.usage_bad != rows[i].bad)
        {
            fail_msg("%s: %lld %lld %lld %u", rows[i].answer,
                     (long long) f.a.usage.input,
                     (long long) f.a.usage.output,
                     (long long) f.a.usage.searches, f.a.usage_bad);
        }

        assert_int_equal(f.a.served.len, 0);
        done(&f);
    }

    /* of one that goes on only the answer knows the model */

    ask(&f, &llm_mistral, APPEND, "{\"inputs\":\"a\"}");
    answer_begin(&f, NULL);
    answer_json(&f, SAID("{\"prompt_tokens\":9,\"completion_tokens\":5}"));
    assert_int_equal(f.a.served.len, 14);
    done(&f);
}


static void
test_stream(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_mistral, APPEND, "{\"inputs\":\"a\",\"stream\":true}");
    answer_begin(&f, NULL);

    answer_event(&f, "conversation.response.started",
                 "{\"type\":\"conversation.response.started\","
                 "\"conversation_id\":\"c\"}");
    answer_event(&f, "message.output.delta",
                 "{\"type\":\"message.output.delta\",\"model\":"
                 "\"mistral-medium\",\"content\":\"a\"}");
    answer_event(&f, "message.output.delta",
                 "{\"type\":\"message.output.delta\",\"content\":{\"type\":"
                 "\"text\",\"text\":\"b\"}}");
    answer_event(&f, "", "[]");
    answer_event(&f, "", "no JSON");
    assert_false(f.a.finished || f.a.usage_seen);

    answer_event(&f, "conversation.response.done",
                 "{\"type\":\"conversation.response.done\",\"usage\":{"
                 "\"prompt_tokens\":9,\"completion_tokens\":5,"
                 "\"total_tokens\":14}}");
    assert_true(f.a.finished && f.a.usage_seen && !f.a.error);
    assert_int_equal(f.a.usage.input, 9);
    assert_int_equal(f.a.usage.output, 5);
    assert_int_equal(f.a.served.len, 14);

    answer_event(&f, "conversation.response.error",
                 "{\"type\":\"conversation.response.error\",\"code\":1}");
    assert_true(f.a.error);
    done(&f);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_costless),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_edit),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_stream)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
