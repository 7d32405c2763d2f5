
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/* The dialect of Vercel's AI Gateway, of its versions 2 to 4. */

#include "dialect_fixture.h"
#include "llm_vercel.h"


extern const llm_provider_t  llm_vercel;

#define LANGUAGE  "/v3/ai/language-model"
#define DECIDE    "/v4/ai/decision-model"
#define EMBED     "/v3/ai/embedding-model"
#define RANK      "/v3/ai/reranking-model"

#define HI        "{\"role\":\"user\",\"content\":[{\"type\":\"text\","       \
                  "\"text\":\"hi\"}]}"
#define ASKED     "{\"prompt\":[" HI "],\"maxOutputTokens\":50"

static const char  *gpt[] = {
    "ai-language-model-id", "openai/gpt-5", "ai-model-id", "openai/gpt-5", NULL
};

static const char  *claude[] = {
    "ai-language-model-id", "anthropic/claude-sonnet-4.5",
    "ai-language-model-streaming", "true", NULL
};


static void
asked(dialect_t *f, const char **headers, const char *more)
{
    char  body[4096];

    snprintf(body, sizeof(body), ASKED "%s}", more);

    ask_with(f, &llm_vercel, LANGUAGE, headers, body);
    assert_int_equal(f->rc, LLM_OK);
}


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
        { "POST", LANGUAGE, LLM_PATH_METERED },
        { "POST", DECIDE, LLM_PATH_METERED },
        { "POST", EMBED, LLM_PATH_METERED },
        { "POST", RANK, LLM_PATH_METERED },
        { "POST", "/v3/ai/image-model", LLM_PATH_UNSUPPORTED },
        { "POST", "/v3/ai/video-model/start", LLM_PATH_UNSUPPORTED },
        { "POST", "/v4/ai/video-model/status", LLM_PATH_FREE },
        { "POST", "/v4/ai/batch/start", LLM_PATH_UNSUPPORTED },
        { "POST", "/v4/ai/batch/results", LLM_PATH_FREE },
        { "GET", "/v3/ai/config", LLM_PATH_FREE },
        { "POST", "/v3/ai/other-model", LLM_PATH_UNKNOWN },
        { "GET", LANGUAGE, LLM_PATH_UNKNOWN }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(route_of(&llm_vercel, &r, rows[i].method,
                                  rows[i].path), rows[i].what);
    }
}


static void
test_parse(void **state)
{
    dialect_t  f;

    (void) state;

    asked(&f, gpt, "");
    assert_int_equal(f.q.model.len, 12);
    assert_int_equal(f.q.max_output, 50);
    assert_true(f.q.can_fit && f.q.model_in_path && f.q.bounded);
    assert_false(f.q.stream);
    assert_string_equal(f.q.route.vendor.data, "vercel_ai_gateway");
    done(&f);

    asked(&f, claude, "");
    assert_true(f.q.stream);
    done(&f);

    ask_with(&f, &llm_vercel, EMBED, gpt, "{\"values\":[\"a\",\"b\"]}");
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.max_output, 0);
    assert_false(f.q.can_fit);
    done(&f);
}


static void
test_bad(void **state)
{
    size_t     i;
    dialect_t  f;

    static const struct {
        const char  *path;
        const char  *body;
        const char  *param;
        const char  *err;
    } rows[] = {
        { LANGUAGE, "[]", NULL, "the request body must be a JSON object" },
        { LANGUAGE, "{}", "prompt", "is required" },
        { LANGUAGE, "{\"prompt\":7}", "prompt", "must be an array" },
        { LANGUAGE, "{\"prompt\":[7]}", "prompt",
          "must be an array of objects" },
        { LANGUAGE, "{\"prompt\":[],\"prompt\":[]}", "prompt",
          "must not occur more than once" },
        { LANGUAGE, "{\"prompt\":[],\"maxOutputTokens\":0}",
          "maxOutputTokens", "must be at least 1" },
        { LANGUAGE, "{\"prompt\":[],\"tools\":7}", "tools",
          "must be an array" },
        { LANGUAGE, "{\"prompt\":[],\"providerOptions\":7}",
          "providerOptions", "must be an object" },
        { LANGUAGE, "{\"prompt\":[],\"providerOptions\":{\"gateway\":"
          "{\"models\":7}}}", "models", "must be an array" },
        { LANGUAGE, "{\"prompt\":[],\"providerOptions\":{\"gateway\":"
          "{\"models\":[7]}}}", "models", "must be a string" },
        { LANGUAGE, "{\"prompt\":[],\"providerOptions\":{\"openai\":"
          "{\"serviceTier\":7}}}", "serviceTier", "must be a string" },
        { LANGUAGE, "{\"prompt\":[],\"providerOptions\":{\"anthropic\":"
          "{\"thinking\":{\"budgetTokens\":\"7\"}}}}", "budgetTokens",
          "must be an integer" },
        { DECIDE, "{}", "stateParts", "is required" },
        { EMBED, "{}", "values", "is required" },
        { RANK, "{}", "documents", "is required" }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {

        ask_with(&f, &llm_vercel, rows[i].path, gpt, rows[i].body);

        if (f.rc != LLM_BAD || strcmp(f.q.err, rows[i].err) != 0
            || (rows[i].param
                && strcmp(f.q.param ? f.q.param : "", rows[i].param) != 0))
        {
            fail_msg("%s: %d, %s %s", rows[i].body, f.rc,
                     f.q.param ? f.q.param : "-", f.q.err ? f.q.err : "-");
        }

        done(&f);
    }

    expect_bad(&llm_vercel, LANGUAGE, ASKED "}", "ai-language-model-id",
               "is required, in the header");
    expect_bad(&llm_vercel, EMBED, "{\"values\":[]}", "ai-model-id",
               "is required, in the header");
}


/* what a request may cost beside its text */

static void
test_options(void **state)
{
    dialect_t  f;

    (void) state;

    asked(&f, gpt, ",\"providerOptions\":{\"gateway\":{\"models\":"
          "[\"a/b\",{\"model\":\"c\",\"when\":{}}]}}");
    assert_int_equal(f.q.nothers, 2);
    assert_memory_equal(f.q.others[1].data, "c", 1);
    done(&f);

    asked(&f, gpt, ",\"providerOptions\":{\"openai\":{\"serviceTier\":"
          "\"flex\"},\"gateway\":{\"serviceTier\":\"priority\"}}");
    assert_memory_equal(f.q.service_tier.data, "priority", 8);
    done(&f);

    asked(&f, gpt, ",\"providerOptions\":{\"gateway\":{\"serviceTier\":"
          "\"priority\"},\"openai\":{\"serviceTier\":\"flex\"}}");
    assert_memory_equal(f.q.service_tier.data, "priority", 8);
    done(&f);

    asked(&f, claude, ",\"providerOptions\":{\"anthropic\":{\"speed\":"
          "\"fast\"}}");
    assert_int_equal(f.q.most.fast, 1);
    assert_int_equal(f.q.most.cache_write, 0);
    done(&f);

    asked(&f, claude, ",\"providerOptions\":{\"anthropic\":{\"thinking\":"
          "{\"type\":\"enabled\",\"budgetTokens\":1000}}}");
    assert_int_equal(f.q.max_output, 1050);
    assert_false(f.q.can_fit);
    done(&f);

    asked(&f, claude, ",\"reasoning\":\"high\"");
    assert_int_equal(f.q.max_output, -1);
    assert_false(f.q.can_fit);
    done(&f);

    asked(&f, claude, ",\"reasoning\":\"none\"");
    assert_int_equal(f.q.max_output, 50);
    done(&f);

    asked(&f, claude, ",\"providerOptions\":{\"gateway\":{\"caching\":"
          "\"auto\"}}");
    assert_int_equal(f.q.most.cache_write, -1);
    assert_int_equal(f.q.most.cache_write_1h, -1);
    done(&f);

    asked(&f, gpt, "");
    assert_int_equal(f.q.most.cache_write, -1);
    assert_int_equal(f.q.most.cache_write_day, 0);
    done(&f);

    asked(&f, gpt, ",\"providerOptions\":{\"xai\":{\"searchParameters\":"
          "{\"mode\":\"auto\"}}}");
    assert_int_equal(f.q.most.searches, -1);
    done(&f);

    asked(&f, claude, ",\"providerOptions\":{\"anthropic\":{\"fallbacks\":"
          "\"default\"}}");
    assert_true(f.q.crowd);
    done(&f);
}


#define TOOLS(id, args)                                                       \
    ",\"tools\":[{\"type\":\"function\",\"name\":\"f\",\"inputSchema\":{}},"  \
    "{\"type\":\"provider\",\"id\":\"" id "\",\"name\":\"web\",\"args\":"     \
    args "}]"


static void
test_tools(void **state)
{
    char       body[2048];
    dialect_t  f;

    (void) state;

    asked(&f, gpt, TOOLS("openai.web_search", "{}"));
    assert_int_equal(f.q.most.searches, -1);
    assert_int_equal(f.q.most.code_sessions, 0);
    done(&f);

    asked(&f, claude, TOOLS("anthropic.web_search_20250305",
                            "{\"maxUses\":3}"));
    assert_int_equal(f.q.most.searches, 3);
    done(&f);

    asked(&f, gpt, TOOLS("openai.file_search", "{}"));
    assert_int_equal(f.q.most.file_searches, -1);
    assert_int_equal(f.q.most.searches, 0);
    done(&f);

    asked(&f, gpt, TOOLS("google.google_maps", "{}"));
    assert_int_equal(f.q.most.maps_queries, -1);
    done(&f);

    asked(&f, gpt, TOOLS("openai.code_interpreter", "{}"));
    assert_int_equal(f.q.most.code_sessions, -1);
    done(&f);

    asked(&f, gpt, TOOLS("openai.image_generation", "{}"));
    assert_true(f.q.crowd);
    done(&f);

    asked(&f, gpt, "");
    assert_false(f.q.crowd);
    assert_int_equal(f.q.most.searches, 0);
    done(&f);

    /* the same with escapes; of a long one it is not asked what it is */

    asked(&f, gpt, TOOLS("openai.web\\u005fse\\u0061rch", "{\"maxUses\":2}"));
    assert_int_equal(f.q.most.searches, 2);
    assert_true(f.q.stateful);
    done(&f);

    snprintf(body, sizeof(body), TOOLS("%01100d\\u0061", "{}"), 0);
    asked(&f, gpt, body);
    assert_true(f.q.crowd);
    done(&f);
}


/* more tools that others run than anybody takes, among one's own */

static void
test_many_tools(void **state)
{
    size_t     n;
    char       body[16384];
    unsigned   i, run;
    dialect_t  f;

    (void) state;

    for (run = LLM_VERCEL_RUN; run <= LLM_VERCEL_RUN + 1; run++) {

        n = (size_t) sprintf(body, "{\"prompt\":[],\"tools\":[{}");

        for (i = 0; i < run; i++) {
            n += (size_t) sprintf(body + n, ",{\"type\":\"function\","
                                  "\"name\":\"f%u\"},{\"type\":\"provider\","
                                  "\"id\":\"openai.web_search\",\"name\":"
                                  "\"w%u\"}", i, i);
        }

        strcpy(body + n, "]}");

        ask_with(&f, &llm_vercel, LANGUAGE, gpt, body);
        assert_int_equal(f.rc, run > LLM_VERCEL_RUN ? LLM_BAD : LLM_OK);

        if (f.rc == LLM_OK) {
            answer_begin(&f, NULL);
            answer_event(&f, "", "{\"type\":\"tool-call\",\"toolName\":"
                         "\"w63\",\"providerExecuted\":true}");
            answer_event(&f, "", "{\"type\":\"finish\",\"usage\":{"
                         "\"inputTokens\":7,\"outputTokens\":1}}");
            assert_int_equal(f.a.usage.searches, 1);

        } else {
            assert_string_equal(f.q.param, "tools");
        }

        done(&f);
    }
}


/* a byte is a token: what is counted shows */

static int64_t
counted(const char *path, const char **headers, const char *body)
{
    int64_t        n;
    dialect_t      f;
    llm_counter_t  c;

    memset(&c, 0, sizeof(c));
    c.count = count_bytes;

    ask_with(&f, &llm_vercel, path, headers, body);
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(llm_vercel.count(&f.q, &c), LLM_OK);
    assert_true(f.q.estimate);

    n = f.q.input_tokens;
    done(&f);

    return n;
}


#define COUNTED(part)                                                         \
    counted(LANGUAGE, gpt, "{\"prompt\":[{\"role\":\"user\",\"content\":["    \
            "{\"type\":\"text\",\"text\":\"hi\"}" part "]}]}")

static void
test_count(void **state)
{
    int64_t  base, data, address;

    (void) state;

    base = COUNTED("");

    assert_true(base >= 2);
    assert_int_equal(COUNTED(",{\"type\":\"text\",\"text\":\"hello\"}"),
                     base + 5);

    /* a picture is the largest, a document what its bytes come to */

    assert_true(COUNTED(",{\"type\":\"file\",\"mediaType\":\"image/png\","
                        "\"data\":\"AAAA\"}") >= base + 2240);

    address = COUNTED(",{\"type\":\"file\",\"mediaType\":\"application/pdf\","
                      "\"data\":\"https://a/b\"}");
    assert_int_equal(address, base + 20000);

    data = COUNTED(",{\"type\":\"file\",\"mediaType\":\"application/pdf\","
                   "\"data\":{\"type\":\"data\",\"data\":"
                   "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}}");
    assert_int_equal(data, base + 4);

    assert_int_equal(COUNTED(",{\"type\":\"file\",\"mediaType\":\"text/plain\","
                             "\"data\":\"data:text/plain;base64,aGVsbG8=\"}"),
                     base + 5 + 1);

    assert_true(counted(LANGUAGE, gpt, "{\"prompt\":[" HI ",{\"role\":"
                        "\"assistant\",\"content\":[{\"type\":\"tool-call\","
                        "\"toolName\":\"weather\",\"input\":{\"city\":\"x\"}}]"
                        "},{\"role\":\"tool\",\"content\":[{\"type\":"
                        "\"tool-result\",\"output\":{\"type\":\"text\","
                        "\"value\":\"rainy\"}}]}]}")
                >= base + 7 + 12 + 5);

    assert_true(counted(LANGUAGE, gpt, "{\"prompt\":[" HI "],\"tools\":[{"
                        "\"type\":\"function\",\"name\":\"weather\","
                        "\"inputSchema\":{\"type\":\"object\"}}]}")
                >= base + 7 + 6);
}


/* what is in no chat */

static void
test_lists(void **state)
{
    dialect_t      f;
    llm_counter_t  c;

    (void) state;

    assert_int_equal(counted(EMBED, gpt, "{\"values\":[\"ab\",\"cde\"]}"), 5);
    assert_true(counted(DECIDE, gpt, "{\"stateParts\":[{\"type\":\"text\","
                        "\"text\":\"hello\"}],\"questions\":{\"a\":{}}}")
                >= 5 + 9);

    memset(&c, 0, sizeof(c));
    c.count = count_bytes;

    ask_with(&f, &llm_vercel, RANK, gpt, "{\"query\":\"q\",\"documents\":{"
             "\"type\":\"text\",\"values\":[\"ab\",\"cd\"]}}");
    assert_int_equal(llm_vercel.count(&f.q, &c), LLM_OK);
    assert_int_equal(f.q.input_tokens, 6);
    assert_int_equal(f.q.most.queries, 1);
    done(&f);
}


#define NEW_USAGE                                                             \
    "\"usage\":{\"inputTokens\":{\"total\":100,\"noCache\":20,"               \
    "\"cacheRead\":50,\"cacheWrite\":30},\"outputTokens\":{\"total\":40,"     \
    "\"text\":30,\"reasoning\":10},\"raw\":{\"cache_creation\":{"             \
    "\"ephemeral_1h_input_tokens\":10},\"server_tool_use\":{"                 \
    "\"web_search_requests\":2},\"service_tier\":\"priority\"}}"

#define PAID                                                                  \
    "\"providerMetadata\":{\"gateway\":{\"cost\":\"0.0012\",\"routing\":{"    \
    "\"canonicalSlug\":\"a/b\"}}}"


static void
expect_new_usage(const llm_answer_t *a)
{
    assert_true(a->usage_seen && a->finished && !a->usage_bad);
    assert_int_equal(a->usage.input, 100);
    assert_int_equal(a->usage.output, 40);
    assert_int_equal(a->usage.cached_input, 50);
    assert_int_equal(a->usage.cache_write, 20);
    assert_int_equal(a->usage.cache_write_1h, 10);
    assert_int_equal(a->usage.reasoning, 10);
    assert_int_equal(a->usage.searches, 2);
    assert_int_equal(a->usage.reported_cost, 1200000);
    assert_memory_equal(a->service_tier.data, "priority", 8);
}


static void
test_answer(void **state)
{
    dialect_t  f;

    (void) state;

    asked(&f, claude, "");
    answer_begin(&f, NULL);
    answer_json(&f, "{\"content\":[{\"type\":\"text\",\"text\":\"Hi\"}],"
                "\"finishReason\":{\"unified\":\"length\",\"raw\":\"x\"},"
                NEW_USAGE "," PAID ",\"response\":{\"modelId\":\"m\"}}");
    expect_new_usage(&f.a);
    assert_true(f.a.truncated);
    assert_int_equal(f.a.model.len, 1);
    assert_int_equal(f.a.served.len, 0);
    done(&f);

    asked(&f, claude, ",\"providerOptions\":{\"gateway\":{\"models\":"
          "[\"a/b\"]}}");
    answer_begin(&f, NULL);
    answer_json(&f, "{\"content\":[]," NEW_USAGE "," PAID "}");
    assert_memory_equal(f.a.served.data, "a/b", 3);
    done(&f);

    ask_with(&f, &llm_vercel, EMBED, gpt, "{\"values\":[\"a\"]}");
    answer_begin(&f, NULL);
    answer_json(&f, "{\"embeddings\":[[0.1]],\"usage\":{\"tokens\":7}}");
    assert_int_equal(f.a.usage.input, 7);
    assert_int_equal(f.a.usage.output, 0);
    done(&f);
}


/* the second version's: Claude's input is without what its cache did */

static void
test_old_usage(void **state)
{
    dialect_t  f;

    static const char  old[] = "{\"content\":[],\"finishReason\":\"stop\","
        "\"usage\":{\"inputTokens\":20,\"outputTokens\":40,\"totalTokens\":60,"
        "\"cachedInputTokens\":50,\"reasoningTokens\":10},"
        "\"providerMetadata\":{\"anthropic\":{\"cacheCreationInputTokens\":30}"
        "}}";

    (void) state;

    asked(&f, claude, "");
    answer_begin(&f, NULL);
    answer_json(&f, old);
    assert_int_equal(f.a.usage.input, 100);
    assert_int_equal(f.a.usage.cached_input, 50);
    assert_int_equal(f.a.usage.cache_write, 30);
    assert_int_equal(f.a.usage.reasoning, 10);
    done(&f);

    /* all of it came from there */

    asked(&f, claude, "");
    answer_begin(&f, NULL);
    answer_json(&f, "{\"usage\":{\"inputTokens\":0,\"outputTokens\":4,"
                "\"cachedInputTokens\":50},\"providerMetadata\":{"
                "\"anthropic\":{\"cacheCreationInputTokens\":30}}}");
    assert_int_equal(f.a.usage.input, 80);
    assert_int_equal(f.a.usage.cache_write, 30);
    done(&f);

    asked(&f, gpt, "");
    answer_begin(&f, NULL);
    answer_json(&f, old);
    assert_int_equal(f.a.usage.input, 20);
    assert_int_equal(f.a.usage.cached_input, 50);
    done(&f);
}


static void
test_stream(void **state)
{
    dialect_t  f;

    (void) state;

    asked(&f, claude, "");
    answer_begin(&f, NULL);
    answer_event(&f, "", "{\"type\":\"stream-start\",\"warnings\":[]}");
    answer_event(&f, "", "{\"type\":\"response-metadata\",\"modelId\":\"m\"}");
    answer_event(&f, "", "{\"type\":\"text-delta\",\"id\":\"0\","
                 "\"delta\":\"Hello\"}");
    assert_false(f.a.finished);
    answer_event(&f, "", "{\"type\":\"finish\",\"finishReason\":\"stop\","
                 NEW_USAGE "," PAID "}");
    expect_new_usage(&f.a);
    assert_int_equal(f.a.model.len, 1);
    done(&f);

    asked(&f, claude, "");
    answer_begin(&f, NULL);
    answer_event(&f, "", "{\"type\":\"error\",\"error\":\"x\"}");
    assert_true(f.a.error);
    done(&f);
}


/* calls that a provider ran, where its own figures do not tell of them */

static void
test_called(void **state)
{
    dialect_t  f;

    static const char  call[] = "{\"type\":\"tool-call\",\"toolName\":\"web\","
        "\"input\":\"{}\",\"providerExecuted\":true}";

    (void) state;

    asked(&f, gpt, TOOLS("openai.web_search", "{}"));
    answer_begin(&f, NULL);
    answer_event(&f, "", call);
    answer_event(&f, "", call);
    answer_event(&f, "", "{\"type\":\"tool-call\",\"toolName\":\"f\","
                 "\"input\":\"{}\"}");
    answer_event(&f, "", "{\"type\":\"finish\",\"usage\":{\"inputTokens\":7,"
                 "\"outputTokens\":1}}");
    assert_int_equal(f.a.usage.searches, 2);
    done(&f);

    /* its name is another spelling */

    asked(&f, gpt, TOOLS("openai.web_search", "{}"));
    answer_begin(&f, NULL);
    answer_event(&f, "", "{\"type\":\"tool-call\",\"toolName\":\"w\\u0065b\","
                 "\"input\":\"{}\",\"providerExecuted\":true}");
    answer_event(&f, "", "{\"type\":\"finish\",\"usage\":{\"inputTokens\":7,"
                 "\"outputTokens\":1}}");
    assert_int_equal(f.a.usage.searches, 1);
    done(&f);

    asked(&f, gpt, "");
    answer_begin(&f, NULL);
    answer_event(&f, "", "{\"type\":\"finish\",\"usage\":{\"inputTokens\":7,"
                 "\"outputTokens\":1},\"providerMetadata\":{\"google\":{"
                 "\"groundingMetadata\":{\"webSearchQueries\":[\"a\",\"b\"]}}"
                 "}}");
    assert_int_equal(f.a.usage.searches, 2);
    done(&f);
}


static void
test_edit(void **state)
{
    dialect_t  f;

    (void) state;

    ask_with(&f, &llm_vercel, LANGUAGE, gpt, "{\"prompt\":[]}");
    expect_edit(&f, 5, "{\"maxOutputTokens\":5,\"prompt\":[]}");
    done(&f);

    ask_with(&f, &llm_vercel, LANGUAGE, gpt,
             "{\"prompt\":[], \"maxOutputTokens\": 9}");
    expect_edit(&f, 5, "{\"prompt\":[], \"maxOutputTokens\": 5}");
    done(&f);
}


static void
test_error(void **state)
{
    (void) state;

    expect_error(&llm_vercel, LLM_REFUSE_BUDGET, 429, "budget_exceeded", "a",
                 "{\"error\":{\"message\":\"a\",\"type\":"
                 "\"rate_limit_exceeded\",\"code\":\"budget_exceeded\"}}");
    expect_error(&llm_vercel, LLM_REFUSE_STORE, 503, "c", "a",
                 "{\"error\":{\"message\":\"a\",\"type\":"
                 "\"internal_server_error\",\"code\":\"c\"}}");
    expect_error(&llm_vercel, LLM_REFUSE_INVALID, 400, "c", "a",
                 "{\"error\":{\"message\":\"a\",\"type\":"
                 "\"invalid_request_error\",\"code\":\"c\"}}");
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_tools),
        cmocka_unit_test(test_many_tools),
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_answer),
        cmocka_unit_test(test_old_usage),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_called),
        cmocka_unit_test(test_edit),
        cmocka_unit_test(test_error)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
