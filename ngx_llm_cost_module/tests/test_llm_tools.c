
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Tools that a provider runs and is paid for by the call: how many are allowed
 * by a request, how many an answer says or shows, and what they cost at the
 * prices that ship.
 */

#include "calls_fixture.h"
#include "price_fixture.h"


extern const llm_provider_t  llm_anthropic;

#define CHAT       "/v1/chat/completions"
#define MESSAGES   "/v1/messages"
#define RESPONSES  "/v1/responses"


/* what a request allows */

static void
test_allowed(void **state)
{
    size_t     i;
    char       body[512];
    dialect_t  f;

    static const struct {
        const char  *rest;
        calls_t      most;
        int64_t      size;
    } rows[] = {
        { "", { 0, 0, 0, 0, 0 }, -1 },
        { ",\"tools\":null", { 0, 0, 0, 0, 0 }, -1 },
        { ",\"tools\":[{\"type\":\"function\",\"name\":\"web_search\"}]",
          { 0, 0, 0, 0, 0 }, -1 },
        { ",\"tools\":[{\"type\":\"web_search\",\"search_context_size\":"
          "\"high\"}]", { -1, 0, 0, 0, 0 }, LLM_SEARCH_HIGH },
        { ",\"tools\":[{\"type\":\"web_search_preview_2025_03_11\"}],"
          "\"max_tool_calls\":3", { 3, 0, 0, 0, 0 }, -1 },
        { ",\"tools\":[{\"type\":\"web_search\"},{\"type\":\"file_search\"}],"
          "\"max_tool_calls\":2", { 2, 2, 0, 0, 0 }, -1 },

        /* of X every post is paid, in whatever order the two are */

        { ",\"tools\":[{\"type\":\"x_search\"},{\"type\":\"web_search\"}],"
          "\"max_tool_calls\":2", { 100, 0, 0, 0, 0 }, -1 },
        { ",\"tools\":[{\"type\":\"web_search\"},{\"type\":\"x_search\"}]",
          { 400, 0, 0, 0, 0 }, -1 },

        /* Perplexity's and xAI's own */

        { ",\"tools\":[{\"type\":\"fetch_url\"},{\"type\":\"sandbox\"},"
          "{\"type\":\"people_search\"},{\"type\":\"finance_search\"}]",
          { 0, 0, -1, -1, -1 }, -1 },
        { ",\"tools\":[{\"type\":\"image_search\"},{\"type\":"
          "\"collections_search\"},{\"type\":\"code_execution\"},{\"type\":"
          "\"openrouter:web_fetch\"}],\"max_tool_calls\":3",
          { 3, 3, 3, 3, 0 }, -1 },
        { ",\"tools\":[{\"type\":\"file_search\"}],\"max_tool_calls\":null",
          { 0, -1, 0, 0, 0 }, -1 },

        /* one container, as large as it is asked for; code by the call */

        { ",\"tools\":[{\"type\":\"code_interpreter\",\"container\":"
          "{\"type\":\"auto\"}}]", { 0, 0, 0, 1, 0 }, -1 },
        { ",\"tools\":[{\"type\":\"code_interpreter\",\"container\":"
          "{\"type\":\"auto\",\"memory_limit\":\"16g\"}}]",
          { 0, 0, 0, 16, 0 }, -1 },
        { ",\"tools\":[{\"type\":\"code_interpreter\",\"container\":"
          "\"cntr_1\"}]", { 0, 0, 0, 1, 0 }, -1 },
        { ",\"tools\":[{\"type\":\"code_interpreter\"}]",
          { 0, 0, 0, -1, 0 }, -1 },
        { ",\"tools\":[{\"type\":\"shell\",\"environment\":"
          "{\"type\":\"container_auto\",\"memory_limit\":\"4g\"}}]",
          { 0, 0, 0, 4, 0 }, -1 },
        { ",\"tools\":[{\"type\":\"shell\",\"environment\":"
          "{\"type\":\"local\"}}]", { 0, 0, 0, 0, 0 }, -1 },
        { ",\"tools\":[{\"type\":\"shell\"}]", { 0, 0, 0, 0, 0 }, -1 },
        { ",\"tools\":[{\"type\":7},{}]", { 0, 0, 0, 0, 0 }, -1 },

        /* of two containers each is one */

        { ",\"tools\":[{\"type\":\"code_interpreter\",\"container\":"
          "{\"type\":\"auto\"}},{\"type\":\"shell\",\"environment\":"
          "{\"type\":\"container_auto\",\"memory_limit\":\"4g\"}}]",
          { 0, 0, 0, 5, 0 }, -1 }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(body, sizeof(body), "{\"model\":\"m\",\"input\":\"x\"%s}",
                 rows[i].rest);

        ask(&f, &llm_openai, RESPONSES, body);

        assert_int_equal(f.rc, LLM_OK);
        expect_calls(body, &f.q.most, &rows[i].most);
        assert_int_equal(f.q.most.search_size, rows[i].size);

        done(&f);
    }

    expect_bad(&llm_openai, RESPONSES,
               "{\"model\":\"m\",\"input\":\"x\",\"max_tool_calls\":\"3\"}",
               "max_tool_calls", "must be an integer");
    expect_bad(&llm_openai, RESPONSES,
               "{\"model\":\"m\",\"input\":\"x\",\"max_tool_calls\":-1}",
               "max_tool_calls", "must not be negative");
}


#define U        -1
#define HELLO    "{\"model\":\"m\",\"messages\":[{\"role\":\"user\","          \
                 "\"content\":\"x\"}]}"
#define INPUT    "{\"model\":\"m\",\"input\":\"x\"}"
#define TOKENS   "\"input_tokens\":10,\"output_tokens\":5"
#define RESULT   "{\"status\":\"completed\",\"usage\":{" TOKENS
#define TOLD     ",\"server_side_tool_usage_details\":"

static const struct {
    const char  *path;
    const char  *request;
    const char  *answer;
    calls_t      calls;
} answers[] = {

    /* xAI, of whose searches one kind is as dear as the other */

    { RESPONSES, INPUT, RESULT TOLD "{\"web_search_calls\":2,"
      "\"x_search_calls\":3,\"code_interpreter_calls\":1,"
      "\"file_search_calls\":4,\"mcp_calls\":7,\"document_search_calls\":5}}}",
      { 5, 4, U, 1, 5 } },
    { RESPONSES, INPUT, RESULT TOLD "{\"x_search_calls\":3}}}",
      { 3, U, U, U, U } },
    { RESPONSES, INPUT, RESULT TOLD "{\"web_search_calls\":2,"
      "\"x_search_calls\":-3}}}", { 2, U, U, U, U } },

    /* ... which charges each post and each profile that a search brought */

    { RESPONSES, INPUT, RESULT TOLD "{\"web_search_calls\":2,"
      "\"x_search_calls\":1,\"x_posts_fetched\":44,\"x_users_fetched\":3,"
      "\"attachment_search_calls\":2,\"collections_search_calls\":4,"
      "\"code_execution_calls\":1}}}", { 46, 4, U, 1, 5 } },
    { RESPONSES, INPUT, RESULT TOLD "{\"x_search_calls\":2,"
      "\"x_posts_fetched\":0}}}", { 0, U, U, U, U } },
    { RESPONSES, INPUT, RESULT TOLD "{\"x_posts_fetched\":null,"
      "\"x_search_calls\":2}}}", { 2, U, U, U, U } },

    /* gateways, in the words of Anthropic */

    { CHAT, HELLO, "{\"choices\":[],\"usage\":{\"prompt_tokens\":1,"
      "\"completion_tokens\":1,\"server_tool_use\":{\"web_search_requests\":2,"
      "\"web_fetch_requests\":3}}}", { 2, U, 3, U, U } },

    { CHAT, HELLO, "{\"choices\":[],\"usage\":{\"prompt_tokens\":1,"
      "\"completion_tokens\":1,\"prompt_tokens_details\":"
      "{\"web_search_requests\":2}}}", { 2, U, U, U, U } },

    /* Groq, in the message alone */

    { CHAT, HELLO, "{\"choices\":[{\"message\":{\"content\":\"x\","
      "\"executed_tools\":[{\"index\":0,\"type\":\"browser_search\","
      "\"name\":\"browser.search\"},{\"index\":0,\"name\":null,\"type\":"
      "\"search\"},{\"name\":\"browser.open\"},{\"type\":\"python\"},7]}}],"
      "\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}",
      { 2, U, 1, U, U } },

    /* a container is paid once, a shell of the client's is not */

    { RESPONSES, INPUT, RESULT "},\"output\":["
      "{\"type\":\"shell_call\",\"environment\":{\"container_id\":\"a\"}},"
      "{\"type\":\"shell_call\",\"environment\":{\"container_id\":\"a\"}},"
      "{\"type\":\"shell_call\",\"environment\":{\"type\":\"local\"}},"
      "{\"type\":\"shell_call\",\"environment\":null},"
      "{\"type\":\"code_interpreter_call\",\"container_id\":\"a\"},"
      "{\"type\":\"file_search_call\"},7]}", { U, 1, U, 1, U } },
    { RESPONSES, "{\"model\":\"m\",\"input\":\"x\",\"tools\":[{\"type\":"
      "\"code_interpreter\",\"container\":{\"type\":\"auto\","
      "\"memory_limit\":\"4g\"}}]}", RESULT "},\"output\":["
      "{\"type\":\"code_interpreter_call\",\"container_id\":\"a\"},"
      "{\"type\":\"code_interpreter_call\",\"container_id\":\"b\"}]}",
      { U, U, U, 8, U } }
};


static void
test_answered(void **state)
{
    size_t     i;
    dialect_t  f;

    (void) state;

    for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        ask(&f, &llm_openai, answers[i].path, answers[i].request);
        answer_begin(&f, NULL);
        answer_json(&f, answers[i].answer);

        expect_calls(answers[i].answer, &f.a.usage, &answers[i].calls);
        expect_usage_sane(&f.a.usage);

        done(&f);
    }
}


#define ITEM(s)  "{\"type\":\"response.output_item.done\",\"item\":{" s "}}"

/* of a stream: what the end says, or else what has come */

static void
test_streamed(void **state)
{
    dialect_t  f;

    static const calls_t  come = { 2, 1, U, 1, U };
    static const calls_t  said = { 1, U, U, U, U };

    (void) state;

    ask(&f, &llm_openai, RESPONSES,
        "{\"model\":\"m\",\"input\":\"x\",\"stream\":true,\"tools\":"
        "[{\"type\":\"web_search\",\"search_context_size\":\"low\"}]}");

    answer_begin(&f, NULL);
    answer_event(&f, "", "{\"type\":\"response.created\",\"response\":"
                 "{\"status\":\"in_progress\",\"usage\":null,"
                 "\"output\":[]}}");
    answer_event(&f, "", ITEM("\"type\":\"web_search_call\""));
    answer_event(&f, "", ITEM("\"type\":\"web_search_call\",\"action\":"
                              "{\"type\":\"search\"}"));
    answer_event(&f, "", ITEM("\"type\":\"web_search_call\",\"action\":"
                              "{\"type\":\"open_page\"}"));
    answer_event(&f, "", ITEM("\"type\":\"file_search_call\""));
    answer_event(&f, "", ITEM("\"type\":\"code_interpreter_call\","
                              "\"container_id\":\"c\""));
    answer_event(&f, "", ITEM("\"type\":\"code_interpreter_call\","
                              "\"container_id\":\"c\""));
    answer_event(&f, "", ITEM("\"type\":\"message\""));

    f.p->finish(&f.a);

    expect_calls("broken off", &f.a.usage, &come);
    assert_int_equal(f.a.usage.search_size, LLM_SEARCH_LOW);
    assert_int_equal(f.a.usage_seen, 0);

    answer_event(&f, "", "{\"type\":\"response.completed\",\"response\":"
                 RESULT "},\"output\":[{\"type\":\"web_search_call\"}]}}");
    f.p->finish(&f.a);

    expect_calls("ended", &f.a.usage, &said);

    done(&f);
}


#define DELTA(s)  "{\"choices\":[{\"delta\":{\"executed_tools\":[" s "]}}]}"

/* Groq says one of them when it begins, and again with what it found */

static void
test_streamed_chat(void **state)
{
    dialect_t  f;

    static const calls_t  want = { 2, U, 1, U, U };

    (void) state;

    ask(&f, &llm_openai, CHAT, HELLO);

    answer_begin(&f, NULL);
    answer_event(&f, "", DELTA("{\"index\":0,\"name\":\"browser.search\"}"));
    answer_event(&f, "", DELTA("{\"index\":0,\"name\":\"browser.search\","
                               "\"output\":\"x\"}"));
    answer_event(&f, "", DELTA("{\"index\":1,\"name\":\"browser.open\"},"
                               "{\"index\":2,\"type\":\"search\"}"));
    f.p->finish(&f.a);

    expect_calls("Groq's", &f.a.usage, &want);

    done(&f);
}


#define BLOCK(s)  "{\"type\":\"content_block_start\",\"index\":1,"             \
                  "\"content_block\":{\"type\":" s "}}"

static void
test_streamed_messages(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_anthropic, MESSAGES,
        "{\"model\":\"m\",\"max_tokens\":9,\"stream\":true,\"messages\":"
        "[{\"role\":\"user\",\"content\":\"x\"}]}");

    answer_begin(&f, NULL);
    answer_event(&f, "", "{\"type\":\"message_start\",\"message\":{\"usage\":{"
                 TOKENS ",\"server_tool_use\":{\"web_search_requests\":0}}}}");
    answer_event(&f, "", BLOCK("\"server_tool_use\",\"name\":\"web_search\""));
    answer_event(&f, "", BLOCK("\"server_tool_use\",\"name\":\"web_search\""));
    answer_event(&f, "", BLOCK("\"server_tool_use\",\"name\":\"web_fetch\""));
    answer_event(&f, "", BLOCK("\"tool_use\",\"name\":\"web_search\""));

    f.p->finish(&f.a);
    assert_int_equal(f.a.usage.searches, 2);

    /* one of them failed, and is not charged */

    answer_event(&f, "", "{\"type\":\"message_delta\",\"usage\":{"
                 "\"output_tokens\":7,\"server_tool_use\":"
                 "{\"web_search_requests\":1}}}");

    f.p->finish(&f.a);
    assert_int_equal(f.a.usage.searches, 1);

    done(&f);
}


/* a tool that is paid for is found however its name is written */

static void
test_hosted(void **state)
{
    size_t     i;
    char       body[512];
    dialect_t  f;

    static const char * const  types[] = {
        "web_search_20250305", "web\\u005fsearch_20260101",
        "\\u0077eb_search_20250305"
    };

    (void) state;

    for (i = 0; i < sizeof(types) / sizeof(char *); i++) {
        snprintf(body, sizeof(body), "{\"model\":\"claude-sonnet-4-5\","
                 "\"max_tokens\":9,\"messages\":[{\"role\":\"user\","
                 "\"content\":\"x\"}],\"tools\":[{\"type\":\"%s\",\"name\":"
                 "\"web_search\",\"max_uses\":3}]}", types[i]);

        ask(&f, &llm_anthropic, MESSAGES, body);
        assert_int_equal(f.rc, LLM_OK);
        assert_int_equal(f.q.most.searches, 3);
        done(&f);
    }
}


/* a mark of the cache makes writing to it possible; none is no mark */

static void
test_marked(void **state)
{
    size_t     i;
    char       body[512];
    dialect_t  f;

    static const struct {
        const char  *mark;
        int64_t      most;
    } rows[] = {
        { "{\"type\":\"ephemeral\"}", -1 }, { "null", 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(body, sizeof(body), "{\"model\":\"claude-sonnet-4-5\","
                 "\"max_tokens\":9,\"messages\":[{\"role\":\"user\","
                 "\"content\":[{\"type\":\"text\",\"text\":\"x\","
                 "\"cache_control\":%s}]}]}", rows[i].mark);

        ask(&f, &llm_anthropic, MESSAGES, body);
        assert_int_equal(f.rc, LLM_OK);
        assert_int_equal(f.q.most.cache_write, rows[i].most);
        done(&f);
    }
}


/* reckoned by hand; the first is what xAI took for a recorded request */

static void
test_costs(void **state)
{
    size_t             i;
    int64_t            nano;
    prices_t           t;
    llm_usage_t        u;
    llm_price_terms_t  terms;

    const llm_usage_t  unknown = LLM_USAGE_INIT;

    static const struct {
        const char  *model;
        int64_t      input;
        int64_t      cached;
        int64_t      output;
        calls_t      calls;
        int64_t      nano;
    } rows[] = {
        { "xai/grok-4.3", 5689, 2048, 444, { 2, U, U, U, U },
          4551250 + 409600 + 1110000 + 2 * 5000000 },
        { "xai/grok-4.3", 0, U, 0, { 1, 2, U, 3, 4 },
          5000000 + 2 * 2500000 + 3 * 5000000 + 4 * 10000000 },
        { "xai/grok-3", 1000, U, 100, { 3, U, U, U, U },
          3000000 + 1500000 + 3 * 5000000 },
        { "claude-haiku-4-5", 1000, U, 100, { 2, U, 9, U, U },
          1000000 + 500000 + 2 * 10000000 },
        { "o3-deep-research", 100, U, 10, { 20, 2, U, 1, U },
          1000000 + 400000 + 20 * 10000000 + 2 * 2500000 + 30000000 },
        { "gpt-4o", 100, U, 10, { 1, U, U, U, U },
          250000 + 100000 + 25000000 },
        { "gpt-5", 100, U, 10, { 1, 1, U, 4, U },
          125000 + 100000 + 10000000 + 2500000 + 4 * 30000000 },
        { "azure/gpt-5", 100, U, 10, { U, U, U, 1, U },
          125000 + 100000 + 33000000 },
        { "groq/openai/gpt-oss-120b", 100, U, 10, { 2, U, 3, U, U },
          15000 + 6000 + 2 * 5000000 + 3 * 1000000 }
    };

    (void) state;

    prices_init(&t);
    prices_load_shipped(&t);

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        u = unknown;
        u.input = rows[i].input;
        u.cached_input = rows[i].cached;
        u.output = rows[i].output;
        u.searches = rows[i].calls.searches;
        u.file_searches = rows[i].calls.file_searches;
        u.web_fetches = rows[i].calls.web_fetches;
        u.code_sessions = rows[i].calls.code_sessions;
        u.tool_calls = rows[i].calls.tool_calls;

        terms = prices_terms(LLM_TIER_DEFAULT);
        nano = llm_price_cost(prices_find(&t, rows[i].model), &terms, &u,
                              NULL);

        if (nano != rows[i].nano) {
            fail_msg("%s: %lld, not %lld", rows[i].model, (long long) nano,
                     (long long) rows[i].nano);
        }
    }

    prices_free(&t);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_allowed),
        cmocka_unit_test(test_answered),
        cmocka_unit_test(test_streamed),
        cmocka_unit_test(test_streamed_chat),
        cmocka_unit_test(test_streamed_messages),
        cmocka_unit_test(test_hosted),
        cmocka_unit_test(test_marked),
        cmocka_unit_test(test_costs)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
