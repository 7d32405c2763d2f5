
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/* What watsonx takes beside chat: text from a prompt, vectors, rankings. */

#include "dialect_fixture.h"


extern const llm_provider_t  llm_watsonx;

#define TEXT    "/ml/v1/text/generation"
#define STREAM  "/ml/v1/text/generation_stream"
#define OURS    "/ml/v1/deployments/dep-1/text/generation"
#define EMBED   "/ml/v1/text/embeddings"
#define RANK    "/ml/v1/text/rerank"

#define ASKED   "{\"model_id\":\"ibm/granite\",\"input\":\"hello\"}"


static void
test_parse(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_watsonx, TEXT, "{\"model_id\":\"ibm/granite\",\"input\":\"a\","
        "\"parameters\":{\"max_new_tokens\":7}}");
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.model.len, 11);
    assert_int_equal(f.q.max_output, 7);
    assert_true(f.q.can_fit && f.q.model_in_path && !f.q.stream);
    done(&f);

    ask(&f, &llm_watsonx, OURS, "{}");
    assert_int_equal(f.rc, LLM_OK);
    assert_memory_equal(f.q.model.data, "dep-1", 5);
    assert_int_equal(f.q.max_output, -1);
    done(&f);

    ask(&f, &llm_watsonx, STREAM, ASKED);
    assert_true(f.q.stream);
    done(&f);

    ask(&f, &llm_watsonx, "/ml/v1-beta/generation/text_stream", ASKED);
    assert_int_equal(f.rc, LLM_OK);
    assert_true(f.q.stream);
    done(&f);

    ask(&f, &llm_watsonx, "/ml/v1-beta/generation/text", ASKED);
    assert_true(f.rc == LLM_OK && !f.q.stream);
    done(&f);

    ask(&f, &llm_watsonx, EMBED, "{\"model_id\":\"m\",\"inputs\":[\"a\"]}");
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.max_output, 0);
    assert_false(f.q.can_fit);
    done(&f);
}


static void
test_bad(void **state)
{
    static const bad_t  rows[] = {
        { TEXT, "[]", NULL, "the request body must be a JSON object" },
        { TEXT, "{}", "model_id", "is required" },
        { TEXT, "{\"model_id\":7}", "model_id", "must be a string" },
        { TEXT, "{\"model_id\":\"a\",\"model_id\":\"b\"}", "model_id",
          "must not occur more than once" },
        { TEXT, "{\"model_id\":\"a\",\"input\":[\"b\"]}", "input",
          "must be a string" },
        { TEXT, "{\"model_id\":\"a\",\"parameters\":7}", "parameters",
          "must be an object" },
        { TEXT, "{\"model_id\":\"a\",\"parameters\":{\"max_new_tokens\":"
          "\"7\"}}", "max_new_tokens", "must be an integer" },
        { TEXT, "{\"model_id\":\"a\",\"parameters\":{\"max_new_tokens\":"
          "-1}}", "max_new_tokens", "must not be negative" },
        { TEXT, "{\"model_id\":\"a\",\"parameters\":{\"max_new_tokens\":"
          "1e12}}", "max_new_tokens", "is too large" },
        { TEXT, "{\"model_id\":\"a\",\"parameters\":{\"max_new_tokens\":1,"
          "\"max_new_tokens\":2}}", "max_new_tokens",
          "must not occur more than once" },
        { EMBED, "{\"model_id\":\"a\"}", "inputs", "is required" },
        { EMBED, "{\"model_id\":\"a\",\"inputs\":\"b\"}", "inputs",
          "must be an array" },
        { RANK, "{\"model_id\":\"a\",\"inputs\":[\"b\"]}", "inputs",
          "must be an array of objects" },
        { RANK, "{\"model_id\":\"a\",\"inputs\":[],\"query\":{}}", "query",
          "must be a string" }
    };

    (void) state;

    expect_all_bad(&llm_watsonx, rows, sizeof(rows) / sizeof(bad_t));
}


static void
test_edit(void **state)
{
    size_t     i;
    dialect_t  f;

    static const struct {
        const char  *body;
        const char  *want;
    } rows[] = {
        { "{\"model_id\":\"m\"}",
          "{\"parameters\":{\"max_new_tokens\":50},\"model_id\":\"m\"}" },
        { "{\"model_id\":\"m\",\"parameters\":null}",
          "{\"model_id\":\"m\",\"parameters\":{\"max_new_tokens\":50}}" },
        { "{\"model_id\":\"m\",\"parameters\":{\"a\":1}}",
          "{\"model_id\":\"m\",\"parameters\":{\"max_new_tokens\":50,"
          "\"a\":1}}" },
        { "{\"model_id\":\"m\",\"parameters\":{\"max_new_tokens\":90}}",
          "{\"model_id\":\"m\",\"parameters\":{\"max_new_tokens\":50}}" },
        { "{\"model_id\":\"m\",\"parameters\":{\"max_new_tokens\":0}}",
          "{\"model_id\":\"m\",\"parameters\":{\"max_new_tokens\":50}}" },
        { "{\"model_id\":\"m\",\"parameters\":{\"max_new_tokens\":9}}",
          "{\"model_id\":\"m\",\"parameters\":{\"max_new_tokens\":9}}" }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ask(&f, &llm_watsonx, TEXT, rows[i].body);
        expect_edit(&f, 50, rows[i].want);
        done(&f);
    }
}


#define RESULT(more)  "{\"model_id\":\"m\",\"results\":[{" more "}]}"

static void
test_usage(void **state)
{
    size_t  i;

    static const struct {
        const char  *path;
        const char  *asked;
        const char  *answer;
        int64_t      input;
        int64_t      output;
        unsigned     bad;
    } rows[] = {
        { TEXT, ASKED, RESULT("\"generated_token_count\":5,"
          "\"input_token_count\":9"), 9, 5, 0 },
        { TEXT, ASKED, RESULT("\"generated_token_count\":\"5\","
          "\"input_token_count\":0"), -1, 5, 0 },
        { TEXT, ASKED, RESULT("\"generated_token_count\":-5,"
          "\"input_token_count\":9"), 9, -1, 1 },
        { TEXT, ASKED, RESULT("\"generated_token_count\":1.5,"
          "\"input_token_count\":1e30"), -1, -1, 1 },
        { TEXT, ASKED, RESULT("\"generated_token_count\":null,"
          "\"input_token_count\":null"), -1, -1, 0 },
        { TEXT, ASKED, "{\"results\":{}}", -1, -1, 1 },
        { TEXT, ASKED, "{\"results\":[7,null]}", -1, -1, 1 },
        { TEXT, ASKED, "[]", -1, -1, 0 },
        { EMBED, "{\"model_id\":\"m\",\"inputs\":[]}",
          "{\"input_token_count\":9}", 9, 0, 0 },
        { EMBED, "{\"model_id\":\"m\",\"inputs\":[]}",
          "{\"input_token_count\":{}}", -1, -1, 1 },
        { RANK, "{\"model_id\":\"m\",\"inputs\":[]}",
          "{\"input_token_count\":9,\"results\":[]}", 9, 0, 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect_answer(&llm_watsonx, rows[i].path, rows[i].asked, rows[i].answer,
                      rows[i].input, rows[i].output, rows[i].bad);
    }
}


static void
test_stream(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_watsonx, STREAM, ASKED);
    answer_begin(&f, NULL);

    answer_event(&f, "message", RESULT("\"generated_text\":\"\","
                 "\"input_token_count\":12,\"generated_token_count\":0,"
                 "\"stop_reason\":\"NOT_FINISHED\""));
    answer_event(&f, "message", RESULT("\"generated_text\":\"a\","
                 "\"input_token_count\":0,\"generated_token_count\":4,"
                 "\"stop_reason\":\"not_finished\""));
    assert_false(f.a.finished);
    answer_event(&f, "message", RESULT("\"generated_text\":\"b\","
                 "\"input_token_count\":0,\"generated_token_count\":6,"
                 "\"stop_reason\":\"MAX_TOKENS\""));

    assert_int_equal(f.a.usage.input, 12);
    assert_int_equal(f.a.usage.output, 6);
    assert_true(f.a.finished && f.a.truncated && !f.a.error);

    answer_event(&f, "error", "{\"errors\":[{\"code\":\"x\"}]}");
    assert_true(f.a.error);
    answer_event(&f, "", "not JSON");
    done(&f);
}


static size_t
bytes(llm_counter_t *c, const unsigned char *text, size_t len)
{
    (void) c;
    (void) text;

    return len;
}


static void
expect_count(const char *path, const char *body, int64_t tokens)
{
    dialect_t      f;
    llm_counter_t  c;

    memset(&c, 0, sizeof(c));
    c.count = bytes;

    ask(&f, &llm_watsonx, path, body);
    assert_int_equal(f.p->count(&f.q, &c), LLM_OK);
    assert_int_equal(f.q.input_tokens, tokens);
    assert_true(f.q.estimate && f.q.bounded);
    done(&f);
}


static void
test_count(void **state)
{
    (void) state;

    expect_count(TEXT, ASKED, 5);
    expect_count(OURS, "{\"parameters\":{\"prompt_variables\":{\"a\":\"bcd\"}}"
                       ",\"input\":\"hi\"}", 5);
    expect_count(EMBED, "{\"model_id\":\"m\",\"inputs\":[\"ab\",\"c\",7]}", 3);
    expect_count(RANK, "{\"model_id\":\"m\",\"query\":\"xy\",\"inputs\":["
                       "{\"text\":\"abc\"},{\"text\":\"d\"}]}", 3 + 2 + 1 + 2);

    expect_error(&llm_watsonx, LLM_REFUSE_BUDGET, 429, "budget_exceeded",
                 "a \"b\"", "{\"errors\":[{\"code\":\"budget_exceeded\","
                 "\"message\":\"a \\\"b\\\"\"}]}");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_edit),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_count)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
