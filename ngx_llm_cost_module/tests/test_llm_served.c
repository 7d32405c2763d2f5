
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Tools that a host runs for the models of all makers: how often a request may
 * call them, how often its answer says that it did, and what that costs there.
 */

#include "price_fixture.h"
#include "said_fixture.h"


extern const llm_provider_t  llm_anthropic;

#define CHAT       "/v1/chat/completions"
#define RESPONSES  "/v1/responses"
#define MESSAGES   "/v1/messages"
#define KIMI       "{\"type\":\"builtin_function\",\"function\":{\"name\":"   \
                   "\"$web_search\"}}"
#define GLM(on)    "{\"type\":\"web_search\",\"web_search\":{\"enable\":" on  \
                   "}}"
#define SEARCH(p)  "{\"type\":\"openrouter:web_search\",\"parameters\":{" p   \
                   "}}"
#define FETCH      "{\"type\":\"openrouter:web_fetch\"}"
#define WEB(more)  "\"plugins\":[{\"id\":\"web\"" more "}]"

#define ASKED(more)  "{\"model\":\"m\",\"max_tokens\":9,\"messages\":["       \
                     "{\"role\":\"user\",\"content\":\"hi\"}]," more "}"
#define MORE(more)   "{\"model\":\"m\",\"stream\":true,\"max_tokens\":9,"     \
                     "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]," \
                     more "}"
#define USED(more)   "\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":5" \
                     more "}"
#define CALLED       "\"choices\":[{\"message\":{\"tool_calls\":[{"           \
                     "\"function\":{\"name\":\"$web_search\",\"arguments\":"  \
                     "\"{}\"}},{\"function\":{\"name\":\"get\","              \
                     "\"arguments\":\"{}\"}},{\"function\":{\"name\":"        \
                     "\"$web_search\",\"arguments\":\"{}\"}}]},"              \
                     "\"finish_reason\":\"tool_calls\"}],"


static void
test_asked(void **state)
{
    size_t     i;
    char       body[512];
    dialect_t  f;

    static const struct {
        const char  *rest;
        int64_t      searches;
        int64_t      fetches;
        int64_t      pages;
        unsigned     sure;
        int          rc;
    } rows[] = {

        /* 30 steps at OpenRouter, or as many as are allowed */

        { "\"tools\":[" SEARCH("") "]", 30, 0, 0, 0, LLM_OK },
        { "\"tools\":[" SEARCH("") "," FETCH "],\"max_tool_calls\":4",
          4, 4, 0, 0, LLM_OK },
        { "\"tools\":[" SEARCH("") "],\"max_tool_calls\":0", 0, 0, 0, 0,
          LLM_OK },
        { "\"tools\":[" SEARCH("") "],\"max_tool_calls\":90", 30, 0, 0, 0,
          LLM_OK },
        { "\"tools\":[" SEARCH("") "],\"max_tool_calls\":-4", 30, 0, 0, 0,
          LLM_OK },
        { "\"tools\":[" SEARCH("") "],\"max_tool_calls\":4,"
          "\"stop_server_tools_when\":[{\"type\":\"max_cost\"}]",
          30, 0, 0, 0, LLM_OK },
        { "\"tools\":[" SEARCH("\"max_uses\":3") "],\"max_tool_calls\":4",
          3, 0, 0, 0, LLM_OK },
        { "\"tools\":[" SEARCH("\"max_uses\":3") "," SEARCH("\"max_uses\":2")
          "]", 3, 0, 0, 0, LLM_OK },

        /* more results than ten, and deeper ones, cost more */

        { "\"tools\":[" SEARCH("\"max_results\":10") "]", 30, 0, 0, 0,
          LLM_OK },
        { "\"tools\":[" SEARCH("\"max_results\":25,\"mode\":\"fast\"") "]",
          30, 0, 15, 0, LLM_OK },
        { "\"tools\":[" SEARCH("\"max_results\":12,\"mode\":\"deep\"") "]",
          30, 0, 7, 0, LLM_OK },
        { "\"tools\":[" SEARCH("\"mode\":\"deep-lite\"") "]", 30, 0, 5, 0,
          LLM_OK },
        { "\"tools\":[" SEARCH("\"mode\":\"deep-reasoning\"") "]", 30, 0, 8,
          0, LLM_OK },
        { "\"tools\":[" SEARCH("\"max_results\":9e9") "]", 30, 0, 990, 0,
          LLM_OK },
        { "\"tools\":[{\"type\":\"web_search\",\"max_results\":14}]",
          -1, 0, 4, 0, LLM_OK },

        /* the plugin, which searches once unless the model does it itself */

        { WEB(""), -1, 0, 0, 1, LLM_OK },
        { WEB(",\"engine\":\"native\""), -1, 0, 0, 1, LLM_OK },
        { WEB(",\"engine\":\"auto\""), -1, 0, 0, 1, LLM_OK },
        { WEB(",\"engine\":\"exa\",\"max_results\":11"), 1, 0, 1, 1, LLM_OK },
        { WEB(",\"engine\":\"exa\"},{\"id\":\"web\""), -1, 0, 0, 1, LLM_OK },
        { WEB(",\"enabled\":false"), 0, 0, 0, 0, LLM_OK },
        { "\"plugins\":[{\"id\":\"web-fetch\",\"max_uses\":2}]", 0, 2, 0, 0,
          LLM_OK },
        { "\"web_search_options\":{}", 1, 0, 0, 1, LLM_OK },
        { "\"web_search_options\":{},\"tools\":[" SEARCH("") "]", 30, 0, 0,
          1, LLM_OK },

        /* a machine that is paid by the second */

        { "\"tools\":[{\"type\":\"openrouter:shell\"}]", 0, 0, 0, 0,
          LLM_DECLINED },
        { "\"tools\":[{\"type\":\"openrouter:browser_use\"}]", 0, 0, 0, 0,
          LLM_DECLINED },
        { "\"tools\":[{\"type\":\"openrouter:bash\"}]", 0, 0, 0, 0, LLM_OK },
        { "\"tools\":[{\"type\":\"openrouter:bash\",\"parameters\":"
          "{\"engine\":\"openrouter\"}}]", 0, 0, 0, 0, LLM_DECLINED },
        { "\"tools\":[{\"type\":\"openrouter:datetime\"}]", 0, 0, 0, 0,
          LLM_OK },

        /* Moonshot's and Z.ai's */

        { "\"tools\":[" KIMI "]", -1, 0, 0, 0, LLM_OK },
        { "\"tools\":[{\"type\":\"builtin_function\",\"function\":{\"name\":"
          "\"$other\"}}]", 0, 0, 0, 0, LLM_OK },
        { "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":"
          "\"$web_search\"}}]", 0, 0, 0, 0, LLM_OK },
        { "\"tools\":[" GLM("true") "]", -1, 0, 0, 1, LLM_OK },
        { "\"tools\":[" GLM("false") "]", -1, 0, 0, 0, LLM_OK }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(body, sizeof(body), "{\"model\":\"m\",\"messages\":[],%s}",
                 rows[i].rest);

        ask(&f, &llm_openai, CHAT, body);

        if (f.rc != rows[i].rc
            || f.q.most.searches != rows[i].searches
            || f.q.most.web_fetches != rows[i].fetches
            || f.q.search_pages != rows[i].pages
            || f.q.searches != rows[i].sure)
        {
            fail_msg("%s: %d, %lld, %lld, %lld, %u", body, f.rc,
                     (long long) f.q.most.searches,
                     (long long) f.q.most.web_fetches,
                     (long long) f.q.search_pages, f.q.searches);
        }

        done(&f);
    }
}


/* the same in the dialects of others */

static void
test_asked_elsewhere(void **state)
{
    size_t     i;
    dialect_t  f;

    static const struct {
        const llm_provider_t  *p;
        const char            *path;
        const char            *body;
        int64_t                searches;
        int64_t                fetches;
        int64_t                pages;
        int                    rc;
    } rows[] = {
        { &llm_openai, RESPONSES, "{\"model\":\"m\",\"input\":\"x\","
          "\"tools\":[" SEARCH("\"max_uses\":2,\"mode\":\"deep\"") "]}",
          2, 0, 5, LLM_OK },
        { &llm_openai, RESPONSES, "{\"model\":\"m\",\"input\":\"x\","
          "\"tools\":[" FETCH ",{\"type\":\"function\",\"mode\":\"deep\"}],"
          "\"max_tool_calls\":7}", 0, 7, 0, LLM_OK },
        { &llm_openai, RESPONSES, "{\"model\":\"m\",\"input\":\"x\","
          "\"tools\":[{\"type\":\"openrouter:shell\"}]}", 0, 0, 0,
          LLM_DECLINED },
        { &llm_openai, RESPONSES, "{\"model\":\"m\",\"input\":\"x\","
          WEB(",\"engine\":\"parallel\"") "}", 1, 0, 0, LLM_OK },
        { &llm_anthropic, MESSAGES, ASKED("\"tools\":["
          SEARCH("\"max_uses\":2,\"max_results\":20") "]"), 2, 0, 10,
          LLM_OK },
        { &llm_anthropic, MESSAGES, ASKED("\"tools\":[" FETCH "]"), 0, 30, 0,
          LLM_OK },
        { &llm_anthropic, MESSAGES, ASKED("\"tools\":[{\"type\":"
          "\"web_search_20250305\",\"max_uses\":50}]"), 50, 0, 0, LLM_OK },
        { &llm_anthropic, MESSAGES, ASKED("\"tools\":[{\"type\":"
          "\"openrouter:bash\",\"parameters\":{\"engine\":"
          "\"openrouter\"}}]"), 0, 0, 0, LLM_DECLINED }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ask(&f, rows[i].p, rows[i].path, rows[i].body);

        if (f.rc != rows[i].rc
            || f.q.most.searches != rows[i].searches
            || f.q.most.web_fetches != rows[i].fetches
            || f.q.search_pages != rows[i].pages)
        {
            fail_msg("%s: %d, %lld, %lld, %lld", rows[i].body, f.rc,
                     (long long) f.q.most.searches,
                     (long long) f.q.most.web_fetches,
                     (long long) f.q.search_pages);
        }

        done(&f);
    }
}


/* a model that searches has the price of the model */

static void
test_online(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_openai, CHAT,
        "{\"model\":\"openai/gpt-5.2:online\",\"messages\":[]}");

    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.most.searches, -1);
    assert_int_equal(f.q.searches, 1);
    assert_int_equal(f.q.model.len, sizeof("openai/gpt-5.2:online") - 1);
    assert_int_equal(f.q.priced.len, sizeof("openai/gpt-5.2") - 1);
    assert_memory_equal(f.q.priced.data, "openai/gpt-5.2", f.q.priced.len);

    done(&f);

    ask(&f, &llm_openai, CHAT, "{\"model\":\"online\",\"messages\":[]}");

    assert_int_equal(f.q.most.searches, 0);
    assert_int_equal(f.q.priced.len, 0);

    done(&f);
}


static const said_t  served_rows[] = {

    /* what no usage tells of is one search, if it is sure */

    { &llm_openai, CHAT, ASKED(WEB("")), "{" USED("") "}",
      "in=7 out=5 searches=1 seen" },
    { &llm_openai, CHAT, ASKED(WEB("")),
      "{" USED(",\"server_tool_use\":{\"web_search_requests\":3}") "}",
      "in=7 out=5 searches=3 seen" },
    { &llm_openai, CHAT, ASKED(WEB("")),
      "{" USED(",\"server_tool_use\":{\"web_search_requests\":0}") "}",
      "in=7 out=5 searches=0 seen" },
    { &llm_openai, CHAT, ASKED(WEB(",\"enabled\":false")), "{" USED("") "}",
      "in=7 out=5 seen" },
    { &llm_openai, CHAT, ASKED("\"tools\":[" SEARCH("") "]"), "{" USED("") "}",
      "in=7 out=5 seen" },
    { &llm_openai, CHAT, ASKED("\"tools\":[" GLM("true") "]"),
      "{" USED("") ",\"web_search\":[{\"title\":\"t\"}]}",
      "in=7 out=5 searches=1 seen" },
    { &llm_openai, RESPONSES, "{\"model\":\"m\",\"input\":\"hi\"," WEB("")
      "}", "{\"status\":\"completed\",\"output\":[],\"usage\":{"
      "\"input_tokens\":7,\"output_tokens\":5}}",
      "in=7 out=5 searches=1 seen finished ended" },
    { &llm_anthropic, MESSAGES, ASKED(WEB("")),
      "{\"type\":\"message\",\"stop_reason\":\"end_turn\",\"usage\":{"
      "\"input_tokens\":7,\"output_tokens\":5}}",
      "in=7 out=5 searches=1 seen finished" },

    /* pages that may have been read: no more than calls that were made */

    { &llm_openai, CHAT, ASKED("\"tools\":[" FETCH "]"),
      "{" USED(",\"server_tool_use_details\":{\"tool_calls_executed\":4,"
      "\"tool_calls_requested\":6}") "}",
      "in=7 out=5 web_fetches=4 seen" },
    { &llm_openai, CHAT, ASKED("\"tools\":[" SEARCH("") "]"),
      "{" USED(",\"server_tool_use_details\":{\"tool_calls_executed\":4,"
      "\"web_search_requests\":4}") "}",
      "in=7 out=5 searches=4 seen" },
    { &llm_openai, CHAT, ASKED("\"tools\":[" FETCH "]"),
      "{" USED(",\"server_tool_use_details\":{\"tool_calls_executed\":4,"
      "\"web_fetch_requests\":1}") "}",
      "in=7 out=5 web_fetches=1 seen" },
    { &llm_openai, CHAT, ASKED("\"tools\":[" FETCH "]"),
      "{" USED(",\"server_tool_use_details\":{\"tool_calls_executed\":-4}")
      "}", "in=7 out=5 seen bad" },
    { &llm_openai, RESPONSES, "{\"model\":\"m\",\"input\":\"hi\","
      "\"tools\":[" FETCH "," SEARCH("") "]}",
      "{\"status\":\"completed\",\"output\":[{\"type\":"
      "\"openrouter:web_search\"},{\"type\":\"openrouter:web_fetch\"},"
      "{\"type\":\"openrouter:web_fetch\"},{\"type\":\"message\"}],"
      "\"usage\":{\"input_tokens\":7,\"output_tokens\":5,"
      "\"server_tool_use_details\":{\"tool_calls_executed\":9}}}",
      "in=7 out=5 searches=1 web_fetches=2 seen finished ended" },

    /* Moonshot's search is a call that its answer makes */

    { &llm_openai, CHAT, ASKED("\"tools\":[" KIMI "]"),
      "{" CALLED USED("") "}",
      "in=7 out=5 searches=2 seen finished" },
    { &llm_openai, CHAT, ASKED("\"tools\":[" KIMI "]"),
      "{\"choices\":[{\"message\":{\"content\":\"hi\"},\"finish_reason\":"
      "\"stop\"}]," USED("") "}",
      "in=7 out=5 seen finished" },
    { &llm_openai, CHAT, ASKS, "{" CALLED USED("") "}",
      "in=7 out=5 seen finished" },
    { &llm_openai, CHAT, MORE("\"tools\":[" KIMI "]"),
      "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":"
      "{\"name\":\"$web_search\",\"arguments\":\"\"}}]}}]}\n"
      "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":"
      "{\"arguments\":\"{}\"}}]}}]}\n"
      "{\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}],"
      USED("") "}\n[DONE]\n",
      "in=7 out=5 searches=1 seen finished" }
};


static void
test_answered(void **state)
{
    (void) state;

    check_rows(served_rows, sizeof(served_rows) / sizeof(said_t));
}


static void
test_pages(void **state)
{
    size_t       i;
    llm_usage_t  u;

    const llm_usage_t  unknown = LLM_USAGE_INIT;

    static const struct {
        int64_t  searches;
        int64_t  fetches;
        int64_t  pages;
        int64_t  calls;
        int64_t  want;
    } rows[] = {
        { 3, 2, 5, 0, 17 },
        { 3, -1, 5, 0, 15 },
        { -1, -1, 5, 0, -1 },
        { -1, 0, 5, 8, 40 },
        { -1, -1, 5, 8, 48 },
        { 0, 7, 5, 8, 7 },
        { 3, 7, 0, 8, 7 },
        { LLM_USAGE_MAX, 7, 990, 0, LLM_USAGE_MAX },
        { LLM_USAGE_MAX, LLM_USAGE_MAX + 9, 1, 0, LLM_USAGE_MAX }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        u = unknown;
        u.searches = rows[i].searches;
        u.web_fetches = rows[i].fetches;

        llm_usage_pages(&u, rows[i].pages, rows[i].calls);

        assert_int_equal(u.web_fetches, rows[i].want);
        assert_int_equal(u.searches, rows[i].searches);
    }
}


/* by the map that ships, reckoned by hand, in nano-USD */

static void
test_prices(void **state)
{
    size_t             i;
    int64_t            nano;
    prices_t           t;
    llm_str_t          host;
    llm_usage_t        u;
    llm_price_terms_t  terms;

    const llm_usage_t  unknown = LLM_USAGE_INIT;

    static const struct {
        const char  *model;
        const char  *host;
        int64_t      searches;
        int64_t      size;
        int64_t      fetches;
        int64_t      nano;
    } rows[] = {

        /* Exa's, where the model's maker has none; else the dearer */

        { "deepseek/deepseek-chat-v3.1", "openrouter", 3, -1, 2,
          3 * 7000000 + 2 * 1000000 },
        { "deepseek/deepseek-chat-v3.1", "openrouter", 1, 2, -1, 7000000 },
        { "openai/gpt-5-mini", "openrouter", 2, -1, -1, 2 * 7000000 },
        { "openai/gpt-5.5", "openrouter", 2, 0, -1, 2 * 10000000 },
        { "x-ai/grok-4.6", "openrouter", 2, -1, -1, 2 * 7000000 },
        { "google/gemini-3.8-flash", "openrouter", 2, -1, 1,
          2 * 14000000 + 1000000 },

        /* once for each prompt is Google's way alone */

        { "google/gemini-2.0-flash", "openrouter", 3, -1, -1, 3 * 7000000 },
        { "gemini-2.0-flash", "gemini", 3, -1, -1, 35000000 },

        { "moonshotai/kimi-k2", "vercel_ai_gateway", 1, -1, 9, 7000000 },
        { "kimi-k3", "moonshot", 2, -1, -1, 2 * 5000000 },
        { "glm-5.3", "zai", 1, -1, -1, 10000000 },
        { "deepseek-chat", "deepseek", 5, -1, 5, 0 }
    };

    (void) state;

    prices_init(&t);
    prices_load_shipped(&t);

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        u = unknown;
        u.input = 0;
        u.output = 0;
        u.searches = rows[i].searches;
        u.search_size = rows[i].size;
        u.web_fetches = rows[i].fetches;

        host = prices_str(&t, rows[i].host);

        terms = prices_terms(LLM_TIER_DEFAULT);
        terms.tools = llm_prices_tools(t.table, &host);

        nano = llm_price_cost(prices_find_of(&t, rows[i].model, rows[i].host),
                              &terms, &u, NULL);

        if (nano != rows[i].nano) {
            fail_msg("%s of %s: %lld", rows[i].model, rows[i].host,
                     (long long) nano);
        }

        u.searches = (u.searches > 0) ? u.searches : 0;
        u.web_fetches = (u.web_fetches > 0) ? u.web_fetches : 0;

        nano = llm_price_worst(prices_find_of(&t, rows[i].model,
                                              rows[i].host), &terms, &u);

        if (nano < rows[i].nano) {
            fail_msg("%s of %s: at most %lld", rows[i].model, rows[i].host,
                     (long long) nano);
        }
    }

    prices_free(&t);
}


/* an expression stands for models, not for a host's tools */

static void
test_named(void **state)
{
    prices_t   t;
    llm_str_t  host;

    (void) state;

    prices_init(&t);

    assert_int_equal(prices_add(&t, "~tools", "input=1 search=9"), LLM_OK);

    host = prices_str(&t, "openrouter");
    assert_null(llm_prices_tools(t.table, &host));

    assert_int_equal(prices_add(&t, "openrouter/(tools)", "search=0.05"),
                     LLM_OK);
    assert_non_null(llm_prices_tools(t.table, &host));

    host = prices_str(&t, "groq");
    assert_null(llm_prices_tools(t.table, &host));

    prices_free(&t);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_asked),
        cmocka_unit_test(test_asked_elsewhere),
        cmocka_unit_test(test_online),
        cmocka_unit_test(test_answered),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_prices),
        cmocka_unit_test(test_named)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
