
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Tools that a conversation brings on its way are reserved as those that the
 * request names are, and so are the models that may answer in its place.
 */

#include "calls_fixture.h"


extern const llm_provider_t  llm_anthropic;

#define MESSAGES   "/v1/messages"
#define RESPONSES  "/v1/responses"


/* tools that items of the input bring are as dear as others */

static void
test_brought(void **state)
{
    size_t     i;
    char       body[512];
    dialect_t  f;

    static const struct {
        const char  *tools;
        const char  *item;
        calls_t      most;
        int          stateful;
    } rows[] = {
        { "[]", "{\"type\":\"additional_tools\",\"role\":\"developer\","
          "\"tools\":[{\"type\":\"web_search\"}]}", { 4, 0, 0, 0, 0 }, 1 },
        { "null", "{\"type\":\"tool_search_output\",\"tools\":"
          "[{\"type\":\"function\"},{\"type\":\"file_search\"}]}",
          { 0, 4, 0, 0, 0 }, 1 },
        { "[{\"type\":\"file_search\"}]", "{\"type\":\"additional_tools\","
          "\"tools\":[{\"type\":\"code_interpreter\",\"container\":"
          "{\"type\":\"auto\",\"memory_limit\":\"4g\"}}]}",
          { 0, 4, 0, 4, 0 }, 1 },
        { "[{\"type\":\"function\"}]", "{\"type\":\"additional_tools\","
          "\"tools\":[{\"type\":\"custom\"}]}", { 0, 0, 0, 0, 0 }, 0 },
        { "[]", "{\"type\":\"additional_tools\",\"tools\":7}",
          { 0, 0, 0, 0, 0 }, 0 },
        { "[]", "{\"type\":\"additional_tools\",\"tools\":[null,3,[{}]]}",
          { 0, 0, 0, 0, 0 }, 1 }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(body, sizeof(body), "{\"model\":\"m\",\"max_tool_calls\":4,"
                 "\"tools\":%s,\"input\":[{\"role\":\"user\",\"content\":"
                 "\"x\"},%s]}", rows[i].tools, rows[i].item);

        ask(&f, &llm_openai, RESPONSES, body);

        assert_int_equal(f.rc, LLM_OK);
        expect_calls(body, &f.q.most, &rows[i].most);
        assert_int_equal(f.q.stateful, rows[i].stateful);

        done(&f);
    }
}


/* one that makes pictures may be brought again, but no other one */

static void
test_brought_painters(void **state)
{
    int64_t    low;
    dialect_t  f;

    (void) state;

#define PAINTS(more)  "{\"type\":\"image_generation\",\"size\":"           \
                      "\"1024x1024\"" more "}"
#define BRINGS(one, two)                                                      \
    "{\"model\":\"m\",\"tools\":[" one "],\"input\":[{\"type\":"              \
    "\"additional_tools\",\"tools\":[" two "]}]}"

    ask(&f, &llm_openai, RESPONSES,
        BRINGS(PAINTS(",\"quality\":\"low\""), ""));
    assert_int_equal(f.rc, LLM_OK);
    low = f.q.guest.most.output;
    done(&f);

    ask(&f, &llm_openai, RESPONSES,
        BRINGS("", PAINTS(",\"quality\":\"high\"")","
                   PAINTS(",\"quality\":\"low\"")));
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.guest.model.len, 22);
    assert_true(f.q.guest.most.output > low);
    done(&f);

    /* a film is thought to be as many pictures; who draws is not told */

    ask(&f, &llm_openai, RESPONSES,
        BRINGS(PAINTS(",\"quality\":\"low\",\"output_format\":\"gif\","
                      "\"frame_count\":3"), ""));
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.guest.most.output, 3 * (low - 256) + 256);
    done(&f);

    ask(&f, &llm_openai, RESPONSES,
        BRINGS(PAINTS(",\"output_format\":\"svg\""), ""));
    assert_int_equal(f.rc, LLM_DECLINED);
    assert_int_equal(f.q.crowd, 1);
    done(&f);

    expect_bad(&llm_openai, RESPONSES,
               BRINGS(PAINTS(""), PAINTS(",\"model\":\"gpt-image-9\"")),
               "tools", "must not name two models that make pictures");
}


#define ADDS(tool)                                                            \
    "{\"type\":\"tool_addition\",\"tool\":{\"type\":\"tool_definition\","      \
    "\"definition\":" tool "}}"
#define ADVISES(more)                                                         \
    "{\"type\":\"advisor_20260301\",\"name\":\"advisor\"" more "}"

/* ... and those that messages bring */

static void
test_messages(void **state)
{
    size_t     i;
    char       body[1024];
    dialect_t  f;

    static const struct {
        const char  *tools;
        const char  *block;
        calls_t      most;
        int          stateful;
    } rows[] = {
        { "{\"type\":\"web_search_20250305\",\"max_uses\":2}", "",
          { 2, 0, 0, 0, 0 }, 1 },
        { "{\"type\":\"web\\u005fsearch_20250305\",\"max_uses\":2}", "",
          { 2, 0, 0, 0, 0 }, 1 },
        { "{\"type\":\"web_search_20250305\",\"max_uses\":2},"
          "{\"type\":\"web_search_20250305\",\"max_uses\":3}", "",
          { 5, 0, 0, 0, 0 }, 1 },
        { "{\"type\":\"web_search_20250305\"},"
          "{\"type\":\"web_search_20250305\",\"max_uses\":1}", "",
          { -1, 0, 0, 0, 0 }, 1 },
        { "{\"type\":\"web_fetch_20250910\",\"max_uses\":99999999999}", "",
          { 0, 0, -1, 0, 0 }, 1 },
        { "{\"type\":7},{\"type\":null},{\"name\":\"f\"}", "",
          { 0, 0, 0, 0, 0 }, 0 },
        { "", ADDS("{\"type\":\"web_search_20260318\",\"max_uses\":4}"),
          { 4, 0, 0, 0, 0 }, 1 },
        { "", "{\"type\":\"compaction\",\"tool_changes\":["
          ADDS("{\"type\":\"code_execution_20260521\"}") "]}",
          { 0, 0, 0, -1, 0 }, 1 },
        { "", "{\"type\":\"compaction\",\"tool_changes\":{\"type\":"
          "\"tool_definition\"}}", { 0, 0, 0, 0, 0 }, 0 },
        { "", "{\"type\":\"tool_definition\",\"tool\":[7]}",
          { 0, 0, 0, 0, 0 }, 0 },
        { "", ADDS("{\"name\":\"f\",\"input_schema\":{}}"),
          { 0, 0, 0, 0, 0 }, 0 },

        /* a text that looks like one is a text */

        { "", "{\"type\":\"text\",\"text\":\"tool_definition\"}",
          { 0, 0, 0, 0, 0 }, 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(body, sizeof(body), "{\"model\":\"m\",\"max_tokens\":9,"
                 "\"tools\":[%s],\"messages\":[{\"role\":\"system\","
                 "\"content\":[%s]},{\"role\":\"user\",\"content\":\"x\"}]}",
                 rows[i].tools, rows[i].block);

        ask(&f, &llm_anthropic, MESSAGES, body);

        assert_int_equal(f.rc, LLM_OK);
        expect_calls(body, &f.q.most, &rows[i].most);
        assert_int_equal(f.q.stateful, rows[i].stateful);

        done(&f);
    }
}


#define ADVISED(more)                                                         \
    "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\","      \
    "\"content\":\"x\"}]" more "}"

static void
test_advisors(void **state)
{
    dialect_t  f;

    (void) state;

    /* one that is brought again may be called as often again */

    ask(&f, &llm_anthropic, MESSAGES,
        ADVISED(",\"tools\":["
                ADVISES(",\"model\":\"a\",\"max_uses\":1,\"max_tokens\":50,"
                        "\"caching\":{}") ","
                ADVISES(",\"model\":\"a\",\"max_uses\":2,\"max_tokens\":7")
                "]"));

    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.guest.calls, 3);
    assert_int_equal(f.q.guest.most.output, 50);
    assert_int_equal(f.q.guest.most.cache_write, -1);
    done(&f);

    expect_bad(&llm_anthropic, MESSAGES,
               ADVISED(",\"tools\":[" ADVISES(",\"model\":\"a\"") ","
                       ADVISES(",\"model\":\"b\"") "]"),
               "tools", "must not name two advisors");
}


/* one more pass over all of a context that is long enough for it */

static void
test_compaction(void **state)
{
    size_t     i;
    char       body[512];
    dialect_t  f;

    static const struct {
        const char  *more;
        int64_t      calls;
        int64_t      cache_write;
    } rows[] = {
        { "", 0, 0 },
        { ",\"context_management\":null", 0, 0 },
        { ",\"context_management\":{\"edits\":{\"type\":\"compact\"}}", 0, 0 },
        { ",\"context_management\":{\"edits\":[7,{\"type\":"
          "\"clear_tool_uses_20250919\"}]}", 0, 0 },
        { ",\"context_management\":{\"edits\":[{\"type\":"
          "\"compact_20260112\"}]}", 0, 0 },
        { ",\"context_management\":{\"edits\":[{\"type\":"
          "\"compact_20260112\",\"trigger\":{\"type\":\"input_tokens\","
          "\"value\":50}}]}", 1, 0 },
        { ",\"cache_control\":{\"type\":\"ephemeral\"},"
          "\"context_management\":{\"edits\":[{\"type\":"
          "\"compact_20260112\",\"trigger\":{\"value\":50}}]}", 1, -1 },
        { ",\"context_management\":{\"edits\":[{\"type\":"
          "\"compact_20260112\",\"trigger\":{\"value\":5000}}]}", 0, 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(body, sizeof(body), ADVISED("%s"), rows[i].more);
        ask(&f, &llm_anthropic, MESSAGES, body);

        assert_int_equal(f.rc, LLM_OK);

        if (f.q.guest.calls != rows[i].calls
            || f.q.guest.most.cache_write != rows[i].cache_write
            || (rows[i].calls && (f.q.guest.model.len != 1
                                  || f.q.guest.most.input != -1
                                  || f.q.guest.most.output != 9)))
        {
            fail_msg("%s: %lld", body, (long long) f.q.guest.calls);
        }

        done(&f);
    }
}


/* who may answer in place of the model, and what the server knows alone */

static void
test_messages_elsewhere(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_anthropic, MESSAGES, ADVISED(",\"fallbacks\":\"default\""));
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.nothers, 1);
    assert_int_equal(f.q.others[0].len, 15);
    assert_memory_equal(f.q.others[0].data, "claude-opus-4-8", 15);
    assert_int_equal(f.q.most.fast, 0);
    done(&f);

    ask(&f, &llm_anthropic, MESSAGES,
        ADVISED(",\"fallbacks\":[{\"model\":\"a\"},{\"model\":\"b\","
                "\"speed\":\"fast\",\"max_tokens\":12}]"));
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.nothers, 2);
    assert_int_equal(f.q.most.fast, 1);
    assert_int_equal(f.q.max_output, 12);
    done(&f);

    ask(&f, &llm_anthropic, MESSAGES,
        ADVISED(",\"thread\":{\"type\":\"continue\","
                "\"previous_message_id\":\"msg_1\"}"));
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.stateful, 1);
    assert_int_equal(llm_anthropic.needs(&f.q, &f.q.model), LLM_DECLINED);
    done(&f);

    ask(&f, &llm_anthropic, MESSAGES, ADVISED(",\"fallbacks\":null,"
                                              "\"thread\":null"));
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.stateful, 0);
    assert_int_equal(f.q.nothers, 0);
    done(&f);
}


/* work in the background is held for as long as it is said to take */

static void
test_background(void **state)
{
    size_t     i;
    char       body[256];
    dialect_t  f;

    static const struct {
        const char  *options;
        int          rc;
        int64_t      window;
    } rows[] = {
        { "null", LLM_OK, 3600 },
        { "{}", LLM_OK, 3600 },
        { "[]", LLM_OK, 3600 },
        { "{\"completion_window\":\"soonest\"}", LLM_OK, 3600 },
        { "{\"completion_window\":\"2h\"}", LLM_OK, 7200 },
        { "{\"completion_window\":\"8h\"}", LLM_OK, 28800 },
        { "{\"completion_window\":\"1h\"}", LLM_OK, 3600 },
        { "{\"completion_window\":8}", LLM_BAD, 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(body, sizeof(body), "{\"model\":\"m\",\"input\":\"x\","
                 "\"background\":true,\"background_options\":%s}",
                 rows[i].options);

        ask(&f, &llm_openai, RESPONSES, body);

        if (f.rc != rows[i].rc
            || (f.rc == LLM_OK && f.q.window != rows[i].window))
        {
            fail_msg("%s: %d, %lld", body, f.rc, (long long) f.q.window);
        }

        done(&f);
    }
}


/* each of the agents that may be at work at once may say as much */

static void
test_agents(void **state)
{
    size_t     i;
    char       body[256];
    dialect_t  f;

    static const struct {
        const char  *agents;
        int64_t      choices;
        const char  *param;
        const char  *err;
    } rows[] = {
        { "null", 1, NULL, NULL },
        { "{}", 1, NULL, NULL },
        { "{\"enabled\":false,\"max_concurrent_subagents\":9}", 1, NULL, NULL },
        { "{\"enabled\":true}", 4, NULL, NULL },
        { "{\"enabled\":true,\"max_concurrent_subagents\":null}", 4, NULL,
          NULL },
        { "{\"enabled\":true,\"max_concurrent_subagents\":7}", 8, NULL, NULL },
        { "7", 0, "multi_agent", "must be an object" },
        { "{\"enabled\":1}", 0, "multi_agent.enabled",
          "must be true or false" },
        { "{\"enabled\":true,\"max_concurrent_subagents\":1000000000}", 0,
          "multi_agent.max_concurrent_subagents", "is too large" },
        { "{\"enabled\":true,\"max_concurrent_subagents\":-1}", 0,
          "multi_agent.max_concurrent_subagents", "must not be negative" },
        { "{\"enabled\":true},\"multi_agent\":{}", 0, "multi_agent",
          "must not occur more than once" }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(body, sizeof(body), "{\"model\":\"m\",\"input\":\"x\","
                 "\"multi_agent\":%s}", rows[i].agents);

        if (rows[i].err) {
            expect_bad(&llm_openai, RESPONSES, body, rows[i].param,
                       rows[i].err);
            continue;
        }

        ask(&f, &llm_openai, RESPONSES, body);

        assert_int_equal(f.rc, LLM_OK);
        assert_int_equal(f.q.choices, rows[i].choices);
        assert_int_equal(f.q.stateful, rows[i].choices > 1);

        done(&f);
    }
}


/* tools of a chat that its host runs, and those that ask other models */

static void
test_chat(void **state)
{
    size_t     i;
    char       body[512];
    dialect_t  f;

    static const struct {
        const char  *rest;
        calls_t      most;
        int          rc;
    } rows[] = {
        { "\"tools\":[{\"type\":\"function\"}]", { 0, 0, 0, 0, 0 }, LLM_OK },
        { "\"tools\":[{\"type\":\"browser_search\"},{\"type\":"
          "\"code_interpreter\"}]", { -1, 0, 0, -1, 0 }, LLM_OK },
        { "\"tools\":[{\"type\":\"web_search\",\"web_search\":{}}]",
          { -1, 0, 0, 0, 0 }, LLM_OK },
        { "\"tools\":[{\"type\":\"openrouter:web_fetch\"}]",
          { 0, 0, 30, 0, 0 }, LLM_OK },
        { "\"tools\":[{\"type\":\"openrouter:subagent\"}]",
          { 0, 0, 0, 0, 0 }, LLM_DECLINED },
        { "\"tools\":[{\"type\":\"openr\\u006futer:advisor\"}]",
          { 0, 0, 0, 0, 0 }, LLM_DECLINED },
        { "\"plugins\":[{\"id\":\"web\",\"max_results\":3}]",
          { -1, 0, 0, 0, 0 }, LLM_OK },
        { "\"plugins\":[{\"id\":\"web-fetch\"}]", { 0, 0, 30, 0, 0 },
          LLM_OK },
        { "\"plugins\":[{\"id\":\"fusion\"}]", { 0, 0, 0, 0, 0 },
          LLM_DECLINED },
        { "\"plugins\":[7,{},{\"id\":null}]", { 0, 0, 0, 0, 0 }, LLM_OK },
        { "\"plugins\":{\"id\":\"web\"}", { 0, 0, 0, 0, 0 }, LLM_OK },
        { "\"search_parameters\":{\"mode\":\"auto\"}",
          { -1, 0, 0, 0, 0 }, LLM_OK },
        { "\"search_parameters\":{}", { -1, 0, 0, 0, 0 }, LLM_OK },
        { "\"search_parameters\":{\"mode\":\"off\"}", { 0, 0, 0, 0, 0 },
          LLM_OK },
        { "\"search_parameters\":[]", { 0, 0, 0, 0, 0 }, LLM_OK },
        { "\"enable_search\":true", { -1, 0, 0, 0, 0 }, LLM_OK },
        { "\"enable_search\":false", { 0, 0, 0, 0, 0 }, LLM_OK }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(body, sizeof(body), "{\"model\":\"m\",\"messages\":[],%s}",
                 rows[i].rest);

        ask(&f, &llm_openai, "/v1/chat/completions", body);

        if (f.rc != rows[i].rc) {
            fail_msg("%s: %d", body, f.rc);
        }

        if (f.rc == LLM_OK) {
            expect_calls(body, &f.q.most, &rows[i].most);
        }

        done(&f);
    }

    ask(&f, &llm_openai, RESPONSES, "{\"model\":\"m\",\"input\":\"x\","
        "\"tools\":[{\"type\":\"openrouter:fusion\"}]}");
    assert_int_equal(f.rc, LLM_DECLINED);
    assert_int_equal(f.q.crowd, 1);
    done(&f);
}


/* OpenRouter's and Perplexity's additions to the dialects of others */

static void
test_routed(void **state)
{
    size_t     i;
    char       body[256];
    dialect_t  f;

    static const struct {
        const llm_provider_t  *provider;
        const char            *path;
        const char            *rest;
        int                    rc;
        const char            *model;
        unsigned               others;
        int64_t                searches;
        int                    crowd;
    } rows[] = {
        { &llm_openai, RESPONSES, "\"model\":\"a\",\"models\":[\"b\",\"c\"]",
          LLM_OK, "a", 2, 0, 0 },
        { &llm_openai, RESPONSES, "\"models\":[\"b\",\"c\"],\"preset\":\"p\"",
          LLM_OK, "b", 2, 0, 0 },
        { &llm_openai, RESPONSES, "\"preset\":\"p\"", LLM_OK, "(preset)", 0,
          0, 0 },
        { &llm_openai, RESPONSES, "\"models\":[],\"preset\":null", LLM_BAD,
          NULL, 0, 0, 0 },
        { &llm_openai, RESPONSES, "\"models\":\"b\"", LLM_BAD, NULL, 0, 0,
          0 },
        { &llm_openai, RESPONSES, "\"model\":\"a\",\"plugins\":[{\"id\":"
          "\"web\"}]", LLM_OK, "a", 0, -1, 0 },
        { &llm_openai, RESPONSES, "\"model\":\"a\",\"plugins\":[{\"id\":"
          "\"fusion\"}]", LLM_DECLINED, "a", 0, 0, 1 },
        { &llm_anthropic, MESSAGES, "\"model\":\"a\",\"models\":[\"b\"],"
          "\"fallbacks\":\"default\"", LLM_OK, "a", 2, 0, 0 },
        { &llm_anthropic, MESSAGES, "\"model\":\"a\",\"models\":[1]",
          LLM_BAD, NULL, 0, 0, 0 },
        { &llm_anthropic, MESSAGES, "\"model\":\"a\",\"plugins\":[{\"id\":"
          "\"web\"}]", LLM_OK, "a", 0, -1, 0 },
        { &llm_anthropic, MESSAGES, "\"model\":\"a\",\"tools\":[{\"type\":"
          "\"openrouter:web_search\"}]", LLM_OK, "a", 0, 30, 0 },
        { &llm_anthropic, MESSAGES, "\"model\":\"a\",\"tools\":[{\"type\":"
          "\"openrouter:image_generation\"}]", LLM_DECLINED, "a", 0, 0, 1 },
        { &llm_anthropic, MESSAGES, "\"model\":\"a\",\"plugins\":[{\"id\":"
          "\"fusion\"}]", LLM_DECLINED, "a", 0, 0, 1 },
        { &llm_anthropic, MESSAGES, "\"model\":\"a\",\"models\":[\"1\",\"2\","
          "\"3\",\"4\",\"5\",\"6\",\"7\",\"8\"],\"fallbacks\":\"default\"",
          LLM_BAD, NULL, 0, 0, 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(body, sizeof(body), rows[i].provider == &llm_openai
                 ? "{\"input\":\"x\",%s}"
                 : "{\"max_tokens\":9,\"messages\":[],%s}", rows[i].rest);

        ask(&f, rows[i].provider, rows[i].path, body);

        if (f.rc != rows[i].rc) {
            fail_msg("%s: %d", body, f.rc);
        }

        if (f.rc != LLM_BAD
            && (f.q.model.len != strlen(rows[i].model)
                || memcmp(f.q.model.data, rows[i].model, f.q.model.len) != 0
                || f.q.nothers != rows[i].others
                || f.q.most.searches != rows[i].searches
                || f.q.crowd != rows[i].crowd))
        {
            fail_msg("%s: %.*s, %u, %lld", body, (int) f.q.model.len,
                     f.q.model.data, f.q.nothers,
                     (long long) f.q.most.searches);
        }

        done(&f);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_brought),
        cmocka_unit_test(test_brought_painters),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_advisors),
        cmocka_unit_test(test_compaction),
        cmocka_unit_test(test_messages_elsewhere),
        cmocka_unit_test(test_background),
        cmocka_unit_test(test_agents),
        cmocka_unit_test(test_chat),
        cmocka_unit_test(test_routed)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
