
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/* Cohere and Ollama */

#include "dialect_fixture.h"


extern const llm_provider_t  llm_cohere, llm_ollama;

#define CHAT    "/v2/chat"
#define CHAT1   "/v1/chat"
#define EMBED   "/v2/embed"
#define RERANK  "/v2/rerank"
#define RANK    "/rerank"
#define MEDIA   "/v1/multimodalembeddings"
#define TEXTS   "/v1/contextualizedembeddings"
#define OLLAMA  "/api/chat"


static void
count(const llm_provider_t *p, const char *path, const char *body,
    int64_t tokens)
{
    dialect_t      f;
    llm_counter_t  c;

    memset(&c, 0, sizeof(c));
    c.count = count_bytes;

    ask(&f, p, path, body);
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(p->count(&f.q, &c), LLM_OK);

    if (f.q.input_tokens != tokens || !f.q.estimate) {
        fail_msg("%s: %lld", body, (long long) f.q.input_tokens);
    }

    done(&f);
}


static void
test_paths(void **state)
{
    size_t       i;
    llm_route_t  r;

    static const struct {
        const llm_provider_t  *p;
        const char            *method;
        const char            *path;
        llm_path_e             what;
        llm_kind_e             kind;
    } rows[] = {
        { &llm_cohere, "POST", CHAT, LLM_PATH_METERED, LLM_KIND_CHAT },
        { &llm_cohere, "POST", CHAT1, LLM_PATH_METERED, LLM_KIND_CHAT },
        { &llm_cohere, "POST", "/v1/generate", LLM_PATH_METERED,
          LLM_KIND_COMPLETION },
        { &llm_cohere, "POST", EMBED, LLM_PATH_METERED, LLM_KIND_EMBEDDINGS },
        { &llm_cohere, "POST", "/api/v1/rerank", LLM_PATH_METERED,
          LLM_KIND_RERANK },
        { &llm_cohere, "POST", RANK, LLM_PATH_METERED, LLM_KIND_RERANK },
        { &llm_cohere, "POST", MEDIA, LLM_PATH_METERED,
          LLM_KIND_EMBEDDINGS },
        { &llm_cohere, "POST", TEXTS, LLM_PATH_METERED,
          LLM_KIND_EMBEDDINGS },
        { &llm_cohere, "POST", "/tokenize", LLM_PATH_FREE, 0 },
        { &llm_cohere, "POST", "/v1/tokenize", LLM_PATH_FREE, 0 },
        { &llm_cohere, "POST", "/v1/classify", LLM_PATH_UNSUPPORTED, 0 },
        { &llm_cohere, "POST", "/v1/chat/completions", LLM_PATH_UNKNOWN, 0 },
        { &llm_cohere, "GET", CHAT, LLM_PATH_UNKNOWN, 0 },
        { &llm_cohere, "POST", OLLAMA, LLM_PATH_UNKNOWN, 0 },
        { &llm_ollama, "POST", OLLAMA, LLM_PATH_METERED, LLM_KIND_CHAT },
        { &llm_ollama, "POST", "/api/embed", LLM_PATH_METERED,
          LLM_KIND_EMBEDDINGS },
        { &llm_ollama, "GET", "/api/tags", LLM_PATH_FREE, 0 },
        { &llm_ollama, "POST", "/api/pull", LLM_PATH_UNKNOWN, 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {

        if (route_of(rows[i].p, &r, rows[i].method, rows[i].path)
            != rows[i].what
            || (rows[i].kind && r.kind != rows[i].kind))
        {
            fail_msg("%s %s", rows[i].method, rows[i].path);
        }
    }
}


static void
test_parse(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_cohere, CHAT, "{\"model\":\"m\",\"messages\":[],"
        "\"stream\":true,\"max_tokens\":7}");
    assert_int_equal(f.rc, LLM_OK);
    assert_true(f.q.stream && f.q.can_fit && !f.q.can_inject);
    assert_int_equal(f.q.max_output, 7);
    expect_edit(&f, 5, "{\"model\":\"m\",\"messages\":[],"
                "\"stream\":true,\"max_tokens\":5}");
    done(&f);

    ask(&f, &llm_cohere, "/v1/generate",
        "{\"model\":\"m\",\"prompt\":\"a\",\"num_generations\":3}");
    assert_int_equal(f.q.choices, 3);
    expect_edit(&f, 5, "{\"max_tokens\":5,\"model\":\"m\",\"prompt\":\"a\","
                "\"num_generations\":3}");
    done(&f);

    /* the old calls have a model of their own */

    ask(&f, &llm_cohere, CHAT1, "{\"message\":\"a\"}");
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.model.len, strlen("command-r-plus-08-2024"));
    done(&f);

    ask(&f, &llm_cohere, "/v1/generate", "{\"model\":\"\"}");
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.model.len, strlen("command"));
    done(&f);

    ask(&f, &llm_cohere, RANK, "{\"queries\":[],\"sources\":[]}");
    assert_int_equal(f.rc, LLM_DECLINED);
    done(&f);

    /* Ollama streams unless told not to */

    ask(&f, &llm_ollama, OLLAMA, "{\"model\":\"m\",\"messages\":[]}");
    assert_true(f.q.stream);
    assert_int_equal(f.q.max_output, -1);
    expect_edit(&f, 5, "{\"options\":{\"num_predict\":5},\"model\":\"m\","
                "\"messages\":[]}");
    done(&f);

    ask(&f, &llm_ollama, OLLAMA, "{\"model\":\"m\",\"stream\":false,"
        "\"options\":{\"num_predict\":-1}}");
    assert_false(f.q.stream);
    assert_int_equal(f.q.max_output, -1);
    expect_edit(&f, 5, "{\"model\":\"m\",\"stream\":false,"
                "\"options\":{\"num_predict\":5}}");
    done(&f);

    /* no server looks at 0: it is no limit, and a maximum takes its place */

    ask(&f, &llm_ollama, OLLAMA, "{\"model\":\"m\","
        "\"options\":{\"num_predict\":0}}");
    assert_int_equal(f.q.max_output, -1);
    expect_edit(&f, 5, "{\"model\":\"m\",\"options\":{\"num_predict\":5}}");
    done(&f);

    ask(&f, &llm_ollama, OLLAMA,
        "{\"model\":\"m\",\"options\":{\"seed\":1}}");
    expect_edit(&f, 5, "{\"model\":\"m\",\"options\":{\"num_predict\":5,"
                "\"seed\":1}}");
    done(&f);
}


static void
test_bad(void **state)
{
    (void) state;

    expect_bad(&llm_cohere, CHAT, "{}", "model", "is required");
    expect_bad(&llm_cohere, CHAT, "{\"model\":7}", "model",
               "must be a string");
    expect_bad(&llm_cohere, CHAT, "{\"model\":\"\"}", "model",
               "must not be empty");
    expect_bad(&llm_cohere, CHAT, "{\"model\":\"m\"}", "messages",
               "is required");
    expect_bad(&llm_cohere, CHAT, "{\"model\":\"m\",\"messages\":[7]}",
               "messages", "must be an array of objects");
    expect_bad(&llm_cohere, CHAT, "{\"model\":\"m\",\"messages\":[],"
               "\"max_tokens\":1,\"max_tokens\":9}", "max_tokens",
               "must not occur more than once");
    expect_bad(&llm_cohere, CHAT, "{\"model\":\"m\",\"stream\":1}", "stream",
               "must be true or false");
    expect_bad(&llm_cohere, CHAT1, "null", NULL,
               "the request body must be a JSON object");
    expect_bad(&llm_cohere, CHAT1, "{\"model\":\"m\",\"message\":[]}",
               "message", "must be a string");
    expect_bad(&llm_cohere, "/v1/generate",
               "{\"model\":\"m\",\"num_generations\":1000000000}",
               "num_generations", "is too large");
    expect_bad(&llm_cohere, MEDIA, "{\"model\":\"m\"}", "inputs",
               "is required");
    expect_bad(&llm_cohere, MEDIA, "{\"model\":\"m\",\"inputs\":[\"a\"]}",
               "inputs", "must be an array of objects");
    expect_bad(&llm_cohere, TEXTS, "{\"model\":\"m\",\"inputs\":1}",
               "inputs", "must be an array");
    expect_bad(&llm_cohere, RERANK, "{\"model\":\"m\",\"query\":\"a\"}",
               "documents", "is required");
    expect_bad(&llm_cohere, EMBED, "{\"model\":\"m\",\"texts\":\"a\"}",
               "texts", "must be an array");

    expect_bad(&llm_ollama, OLLAMA, "[]", NULL,
               "the request body must be a JSON object");
    expect_bad(&llm_ollama, OLLAMA, "{\"model\":null}", "model",
               "is required");
    expect_bad(&llm_ollama, OLLAMA, "{\"model\":\"m\",\"options\":[]}",
               "options", "must be an object");
    expect_bad(&llm_ollama, OLLAMA, "{\"model\":\"m\",\"options\":{"
               "\"num_predict\":-3}}", "num_predict", "is too small");
    expect_bad(&llm_ollama, OLLAMA, "{\"model\":\"m\",\"options\":{"
               "\"num_predict\":2.5}}", "num_predict", "must be an integer");
}


static void
test_error(void **state)
{
    llm_refusal_t  f;

    (void) state;

    expect_error(&llm_cohere, LLM_REFUSE_BUDGET, 402, "budget_exceeded",
                 "a \"b\"", "{\"message\":\"a \\\"b\\\"\",\"code\":"
                 "\"budget_exceeded\"}");
    expect_error(&llm_ollama, LLM_REFUSE_BUDGET, 429, "budget_exceeded", "x",
                 "{\"error\":\"x\",\"code\":\"budget_exceeded\"}");

    memset(&f, 0, sizeof(f));
    f.why = LLM_REFUSE_BUDGET;
    f.status = 429;
    assert_int_equal(llm_cohere.status(NULL, &f), 402);
}


static void
whole(const llm_provider_t *p, const char *path, const char *answer,
    int64_t input, int64_t output, unsigned bad)
{
    dialect_t  f;

    ask(&f, p, path, "{\"model\":\"m\",\"message\":\"\",\"messages\":[],"
        "\"documents\":[],\"inputs\":[]}");
    assert_int_equal(f.rc, LLM_OK);
    answer_begin(&f, NULL);
    answer_json(&f, answer);
    expect_usage_sane(&f.a.usage);

    if (f.a.usage.input != input || f.a.usage.output != output
        || f.a.usage_bad != bad)
    {
        fail_msg("%s: %lld %lld %u", answer, (long long) f.a.usage.input,
                 (long long) f.a.usage.output, f.a.usage_bad);
    }

    assert_int_equal(f.a.usage_seen, input >= 0 || output >= 0);
    done(&f);
}


static void
test_usage(void **state)
{
    dialect_t  f;

    (void) state;

    /* what is billed, not what the model saw */

    whole(&llm_cohere, CHAT, "{\"finish_reason\":\"COMPLETE\",\"usage\":{"
          "\"billed_units\":{\"input_tokens\":7,\"output_tokens\":21},"
          "\"tokens\":{\"input_tokens\":502,\"output_tokens\":24},"
          "\"cached_tokens\":448}}", 7, 21, 0);
    whole(&llm_cohere, CHAT1, "{\"meta\":{\"billed_units\":{"
          "\"input_tokens\":6.0,\"output_tokens\":\"33\"}}}", 6, 33, 0);
    whole(&llm_cohere, CHAT, "{\"usage\":{\"tokens\":{\"input_tokens\":502,"
          "\"output_tokens\":24}}}", 502, 24, 0);
    whole(&llm_cohere, EMBED, "{\"meta\":{\"billed_units\":{"
          "\"input_tokens\":4,\"images\":1,\"image_tokens\":9}}}", 13, 0, 0);
    whole(&llm_cohere, EMBED, "{\"meta\":{\"billed_units\":{\"images\":2}}}",
          0, 0, 0);
    whole(&llm_cohere, EMBED, "{\"meta\":{\"billed_units\":{\"images\":0}}}",
          0, 0, 0);
    whole(&llm_cohere, EMBED, "{\"meta\":{\"billed_units\":{"
          "\"input_tokens\":0,\"image_tokens\":9}}}", 9, 0, 0);
    whole(&llm_cohere, "/v1/rerank", "{\"usage\":{\"total_tokens\":17,"
          "\"cost\":3.4e-07}}", 17, 0, 0);
    whole(&llm_cohere, TEXTS, "{\"data\":[],\"usage\":{\"total_tokens\":9}}",
          9, 0, 0);
    whole(&llm_cohere, MEDIA, "{\"data\":[],\"usage\":{\"text_tokens\":5,"
          "\"image_pixels\":2000000,\"total_tokens\":3576}}", 3576, 0, 0);

    ask(&f, &llm_cohere, RERANK, "{\"model\":\"m\",\"documents\":[]}");
    answer_begin(&f, NULL);
    answer_json(&f, "{\"meta\":{\"billed_units\":{\"search_units\":2}}}");
    assert_int_equal(f.a.usage.queries, 2);
    assert_int_equal(f.a.usage.input, 0);
    assert_true(f.a.usage_seen);
    done(&f);

    ask(&f, &llm_cohere, RERANK, "{\"model\":\"m\",\"documents\":[]}");
    answer_begin(&f, NULL);
    answer_json(&f, "{\"results\":[],\"usage\":{\"search_units\":3,"
                    "\"total_tokens\":17,\"cost\":0.006}}");
    assert_int_equal(f.a.usage.queries, 3);
    assert_int_equal(f.a.usage.input, 17);
    assert_int_equal(f.a.usage.reported_cost, 6000000);
    done(&f);

    whole(&llm_ollama, OLLAMA, "{\"done\":true,\"prompt_eval_count\":15,"
          "\"eval_count\":50}", 15, 50, 0);
    whole(&llm_ollama, OLLAMA, "{\"done\":true,\"eval_count\":50}", -1, 50,
          0);
    whole(&llm_ollama, "/api/embed", "{\"embeddings\":[[1]],"
          "\"prompt_eval_count\":4}", 4, 0, 0);

    /* nonsense */

    whole(&llm_cohere, CHAT, "{}", -1, -1, 0);
    whole(&llm_cohere, CHAT, "[]", -1, -1, 0);
    whole(&llm_cohere, CHAT, "{\"usage\":7}", -1, -1, 1);
    whole(&llm_cohere, CHAT, "{\"usage\":{\"billed_units\":{"
          "\"input_tokens\":-7,\"output_tokens\":1e30}}}", -1, -1, 1);
    whole(&llm_ollama, OLLAMA, "{\"prompt_eval_count\":1.5,"
          "\"eval_count\":null}", -1, -1, 1);
    whole(&llm_ollama, OLLAMA, "{\"eval_count\":1,\"eval_count\":2}", -1, 2,
          0);
}


static void
test_stream(void **state)
{
    dialect_t  f;
    llm_str_t  type;

    (void) state;

    ask(&f, &llm_cohere, CHAT,
        "{\"model\":\"m\",\"messages\":[],\"stream\":true}");
    answer_begin(&f, NULL);
    answer_event(&f, "content-delta", "{\"type\":\"content-delta\",\"delta\":"
                 "{\"message\":{\"content\":{\"text\":\"a\"}}}}");
    assert_false(f.a.finished);
    answer_event(&f, "message-end", "{\"delta\":{\"finish_reason\":"
                 "\"MAX_TOKENS\",\"usage\":{\"billed_units\":{"
                 "\"input_tokens\":7,\"output_tokens\":109}}}}");
    answer_event(&f, "", "[DONE]");
    assert_true(f.a.finished && f.a.truncated && !f.a.error);
    assert_int_equal(f.a.usage.output, 109);

    type = str("application/stream+json");
    assert_int_equal(llm_cohere.framing(&f.q, &type), LLM_FRAMING_NDJSON);
    type = str("text/event-stream");
    assert_int_equal(llm_cohere.framing(&f.q, &type), LLM_FRAMING_SSE);
    done(&f);

    /* the first version */

    ask(&f, &llm_cohere, CHAT1,
        "{\"model\":\"m\",\"message\":\"a\",\"stream\":true}");
    answer_begin(&f, NULL);
    answer_event(&f, "", "{\"event_type\":\"text-generation\","
                 "\"is_finished\":false,\"text\":\"a\"}");
    assert_false(f.a.finished);
    answer_event(&f, "", "{\"event_type\":\"stream-end\",\"is_finished\":true,"
                 "\"finish_reason\":\"COMPLETE\",\"response\":{\"meta\":{"
                 "\"billed_units\":{\"input_tokens\":5,"
                 "\"output_tokens\":6}}}}");
    assert_true(f.a.finished);
    assert_int_equal(f.a.usage.input, 5);
    done(&f);

    ask(&f, &llm_ollama, OLLAMA, "{\"model\":\"m\",\"messages\":[]}");
    answer_begin(&f, NULL);
    answer_event(&f, "", "{\"model\":\"m\",\"message\":{\"content\":\"a\"},"
                 "\"done\":false}");
    assert_false(f.a.finished || f.a.usage_seen);
    answer_event(&f, "", "{\"done\":true,\"done_reason\":\"length\","
                 "\"eval_count\":50}");
    assert_true(f.a.finished && f.a.usage_seen && f.a.truncated);
    assert_int_equal(f.a.usage.input, -1);
    answer_event(&f, "", "{\"error\":\"out of memory\"}");
    assert_true(f.a.error);
    done(&f);
}


/* what is taken eight or sixteen bytes at a time, at every place of these */

static void
test_count_at_every_place(void **state)
{
    int   n, at;
    char  body[256];

    (void) state;

#define told(format, more)                                                    \
    (void) snprintf(body, sizeof(body), format, at, FILL, n - at, FILL);      \
    count(&llm_cohere, CHAT, body, n + (more))

#define FILL        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define TOOL(mark)  "{\"model\":\"m\",\"messages\":[],\"tools\":[ "            \
                    "[ \"%.*s" mark "%.*s\" , \"a b c d e f g h\" ]]}"
#define SAYS(mark)  "{\"model\":\"m\",\"messages\":[{\"role\":\"user\","       \
                    "\"content\":\"%.*s" mark "%.*s\"}]}"

    for (n = 0; n <= 40; n++) {
        for (at = 0; at <= n; at++) {
            told(TOOL(" "), 22 + 1);
            told(TOOL("\\\""), 22 + 2);
            told(TOOL("\\/"), 22 + 1);
            told(TOOL("\\u00e9"), 22 + 2);
            told(TOOL("\xc3\xa9\\n"), 22 + 4);
            told(SAYS("9999"), 4 + 2);
            told(SAYS("\xc2\xb5/:"), 4);
        }
    }
}


static void
test_count(void **state)
{
    dialect_t      f;
    llm_counter_t  c;

    (void) state;

    count(&llm_cohere, CHAT, "{\"model\":\"m\",\"messages\":[{\"role\":"
          "\"user\",\"content\":\"hello\"}],\"tools\":[ {\"a\": 1} ]}",
          5 + 7);
    /* a tool is its name, description and schema; calls are not billed */

    count(&llm_cohere, CHAT, "{\"model\":\"m\",\"messages\":[{\"role\":"
          "\"assistant\",\"tool_plan\":\"abc\","
          "\"tool_calls\":[{\"id\":\"x\"}]},"
          "{\"role\":\"tool\",\"tool_call_id\":\"x\",\"content\":\"de\"}],"
          "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\","
          "\"description\":\"gh\",\"parameters\":{\"a\": {}}}}]}",
          3 + 2 + 1 + 2 + 8);

    /* a digit is a token, and three are one here */

    count(&llm_cohere, CHAT, "{\"model\":\"m\",\"messages\":[{\"role\":"
          "\"user\",\"content\":\"1 2345\"}]}", 6 + 2);

    count(&llm_cohere, CHAT1, "{\"model\":\"m\",\"message\":\"abc\","
          "\"chat_history\":[{\"message\":\"de\"}],\"preamble\":\"f\"}", 6);
    count(&llm_cohere, EMBED, "{\"model\":\"m\",\"texts\":[\"ab\",\"c\"]}", 3);
    count(&llm_cohere, EMBED, "{\"model\":\"m\",\"images\":[\"data:x\"]}",
          1600);
    count(&llm_ollama, OLLAMA, "{\"model\":\"m\",\"messages\":[{\"content\":"
          "\"hello\",\"images\":[\"aa\"]}]}", 4 + 5 + 1600);
    count(&llm_ollama, "/api/generate", "{\"model\":\"m\",\"prompt\":\"abc\","
          "\"context\":[1,2,3,4]}", 4 + 7);

    /* by the token the query is read with each document */

    count(&llm_cohere, RANK, "{\"model\":\"m\",\"query\":\"abc\","
          "\"documents\":[\"de\",{\"text\":\"f\"},\"\"]}", 3 + 2 + 3 + 1 + 3);

    /* Voyage's: texts that belong together, and what is no text */

    count(&llm_cohere, TEXTS, "{\"model\":\"m\",\"inputs\":[[\"ab\",\"c\"],"
          "[\"d\"]]}", 4);
    count(&llm_cohere, TEXTS, "{\"model\":\"m\",\"input\":[[\"ab\"]]}", 2);
    count(&llm_cohere, MEDIA, "{\"model\":\"m\",\"inputs\":[{\"content\":["
          "{\"type\":\"text\",\"text\":\"ab\"}]}]}", 6);
    count(&llm_cohere, MEDIA, "{\"model\":\"m\",\"inputs\":[{\"content\":["
          "{\"type\":\"text\",\"text\":\"ab\"},{\"type\":\"image_url\","
          "\"image_url\":\"x\"}]},{\"content\":[{\"type\":\"image_base64\","
          "\"image_base64\":\"y\"}]}]}", 64000);

    /* a server of one model gets no name of it, and texts */

    count(&llm_cohere, RANK, "{\"query\":\"abc\",\"texts\":[\"de\",\"f\"]}", 9);

    /* a long document counts as several */

    memset(&c, 0, sizeof(c));
    c.count = count_bytes;

    ask(&f, &llm_cohere, RERANK, "{\"model\":\"m\",\"query\":\"a\","
        "\"documents\":[\"b\",{\"text\":\"c\"}]}");
    assert_int_equal(f.p->count(&f.q, &c), LLM_OK);
    assert_int_equal(f.q.most.queries, 1);
    done(&f);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_error),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_count_at_every_place)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
