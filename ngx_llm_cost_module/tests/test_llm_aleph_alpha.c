
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/* Aleph Alpha's completions and vectors */

#include "dialect_fixture.h"


extern const llm_provider_t  llm_aleph_alpha, llm_anthropic;

#define TEXT    "/complete"
#define EMBED   "/semantic_embed"
#define BATCH   "/batch_semantic_embed"
#define ASKED   "/instructable_embed"

#define HELLO   "{\"model\":\"m\",\"prompt\":\"hello\"}"


static void
test_path(void **state)
{
    size_t       i;
    llm_route_t  r;

    static const char  *version[] = { "anthropic-version", "2023-06-01",
                                      NULL };
    static const struct {
        const char   *path;
        const char  **headers;
        llm_path_e    want;
    } rows[] = {
        { TEXT, NULL, LLM_PATH_METERED },
        { "/aa/complete/", NULL, LLM_PATH_METERED },
        { "/v1/complete", NULL, LLM_PATH_UNKNOWN },
        { TEXT, version, LLM_PATH_UNKNOWN },
        { EMBED, version, LLM_PATH_METERED },
        { "/explain", NULL, LLM_PATH_UNSUPPORTED },
        { "/completely", NULL, LLM_PATH_UNKNOWN }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        memset(&r, 0, sizeof(r));
        r.method = str("POST");
        r.path = str(rows[i].path);
        r.headers.get = fixture_header;
        r.headers.ctx = rows[i].headers;

        assert_int_equal(llm_aleph_alpha.path(&r), rows[i].want);
    }

    /* who names no version is not answered in Anthropic's words */

    assert_int_equal(route_of(&llm_anthropic, &r, "POST", "/v1/complete"),
                     LLM_PATH_METERED);
}


static void
test_parse(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_aleph_alpha, TEXT, "{\"model\":\"luminous-base\","
        "\"prompt\":[{\"type\":\"text\",\"data\":\"a\"}],"
        "\"maximum_tokens\":7,\"n\":2,\"best_of\":3,\"stream\":true}");
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.model.len, 13);
    assert_int_equal(f.q.max_output, 7);
    assert_int_equal(f.q.choices, 3);
    assert_true(f.q.can_fit && f.q.stream && f.q.bounded);
    done(&f);

    ask(&f, &llm_aleph_alpha, TEXT, HELLO);
    assert_int_equal(f.q.max_output, -1);
    assert_int_equal(f.q.choices, 1);
    assert_false(f.q.stream);
    done(&f);

    ask(&f, &llm_aleph_alpha, TEXT,
        "{\"model\":\"m\",\"prompt\":\"\",\"maximum_tokens\":0,\"n\":4}");
    assert_int_equal(f.q.max_output, -1);
    assert_int_equal(f.q.choices, 4);
    done(&f);

    ask(&f, &llm_aleph_alpha, EMBED, HELLO);
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.kind, LLM_KIND_EMBEDDINGS);
    assert_int_equal(f.q.max_output, 0);
    assert_false(f.q.can_fit);
    done(&f);
}


static void
test_bad(void **state)
{
    static const bad_t  rows[] = {
        { TEXT, "[]", NULL, "the request body must be a JSON object" },
        { TEXT, "{}", "model", "is required" },
        { TEXT, "{\"model\":7}", "model", "must be a string" },
        { TEXT, "{\"model\":\"m\"}", "prompt", "is required" },
        { TEXT, "{\"model\":\"m\",\"prompt\":{}}", "prompt",
          "must be an array" },
        { TEXT, "{\"model\":\"m\",\"prompt\":\"\",\"prompt\":\"a\"}",
          "prompt", "must not occur more than once" },
        { TEXT, "{\"model\":\"m\",\"prompt\":\"\",\"maximum_tokens\":-1}",
          "maximum_tokens", "must not be negative" },
        { TEXT, "{\"model\":\"m\",\"prompt\":\"\",\"maximum_tokens\":1e12}",
          "maximum_tokens", "is too large" },
        { TEXT, "{\"model\":\"m\",\"prompt\":\"\",\"n\":0}", "n",
          "must be at least 1" },
        { TEXT, "{\"model\":\"m\",\"prompt\":\"\",\"n\":1000000000}", "n",
          "is too large" },
        { TEXT, "{\"model\":\"m\",\"prompt\":\"\",\"best_of\":\"3\"}",
          "best_of", "must be an integer" },
        { TEXT, "{\"model\":\"m\",\"prompt\":\"\",\"stream\":1}", "stream",
          "must be true or false" },
        { BATCH, HELLO, "prompts", "is required" },
        { ASKED, HELLO, "input", "is required" }
    };

    (void) state;

    expect_all_bad(&llm_aleph_alpha, rows, sizeof(rows) / sizeof(bad_t));
}


static void
test_edit(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_aleph_alpha, TEXT, HELLO);
    expect_edit(&f, 50, "{\"maximum_tokens\":50,\"model\":\"m\","
                "\"prompt\":\"hello\"}");
    done(&f);

    ask(&f, &llm_aleph_alpha, TEXT,
        "{\"model\":\"m\",\"prompt\":\"\",\"maximum_tokens\":0}");
    expect_edit(&f, 50,
                "{\"model\":\"m\",\"prompt\":\"\",\"maximum_tokens\":50}");
    done(&f);
}


static size_t
bytes(llm_counter_t *c, const unsigned char *text, size_t len)
{
    (void) c;
    (void) text;

    return len;
}


/* a prompt is billed as often as it is answered */

static void
test_count(void **state)
{
    size_t         i;
    dialect_t      f;
    llm_counter_t  c;

    static const struct {
        const char  *path;
        const char  *body;
        int64_t      tokens;
    } rows[] = {
        { TEXT, HELLO, 5 },
        { TEXT, "{\"model\":\"m\",\"prompt\":\"hello\",\"n\":3}", 15 },
        { TEXT, "{\"model\":\"m\",\"prompt\":[\"ab\",7,null,{\"type\":\"text\","
          "\"data\":\"cde\"},{\"type\":\"token_ids\",\"data\":[1,2,3,4]}]}",
          2 + 1 + 3 + 4 },
        { TEXT, "{\"model\":\"m\",\"prompt\":[{\"type\":\"image\",\"data\":"
          "\"aGk=\"}]}", 1024 },
        { EMBED, "{\"model\":\"m\",\"prompt\":[[\"ab\"],\"c\"]}", 3 },
        { BATCH, "{\"model\":\"m\",\"prompts\":[[{\"type\":\"text\",\"data\":"
          "\"ab\"}],[\"cd\",\"e\"],[[\"deep\"]]]}", 5 },
        { ASKED, "{\"model\":\"m\",\"instruction\":\"abc\",\"input\":["
          "{\"type\":\"text\",\"data\":\"de\"}]}", 5 }
    };

    (void) state;

    memset(&c, 0, sizeof(c));
    c.count = bytes;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ask(&f, &llm_aleph_alpha, rows[i].path, rows[i].body);
        assert_int_equal(f.p->count(&f.q, &c), LLM_OK);

        if (f.q.input_tokens != rows[i].tokens) {
            fail_msg("%s: %lld", rows[i].body, (long long) f.q.input_tokens);
        }

        assert_true(f.q.estimate);
        done(&f);
    }
}


static void
test_usage(void **state)
{
    size_t  i;

    static const struct {
        const char  *path;
        const char  *answer;
        int64_t      input;
        int64_t      output;
        unsigned     bad;
    } rows[] = {
        { TEXT, "{\"completions\":[{\"completion\":\"a\"}],"
          "\"num_tokens_prompt_total\":9,\"num_tokens_generated\":5}",
          9, 5, 0 },
        { TEXT, "{\"num_tokens_prompt_total\":9}", 9, -1, 0 },
        { TEXT, "{\"num_tokens_prompt_total\":-9,"
          "\"num_tokens_generated\":1.5}", -1, -1, 1 },
        { TEXT, "{\"num_tokens_prompt_total\":\"9\","
          "\"num_tokens_generated\":{}}", 9, -1, 1 },
        { TEXT, "{\"num_tokens_generated\":5}", -1, -1, 0 },
        { TEXT, "{\"completions\":{}}", -1, -1, 0 },
        { TEXT, "[]", -1, -1, 0 },
        { EMBED, "{\"embedding\":[0.5],\"num_tokens_prompt_total\":9}",
          9, 0, 0 },
        { EMBED, "{\"embedding\":[0.5],\"num_tokens_prompt_total\":null}",
          -1, -1, 0 },
        { EMBED, "{\"num_tokens_prompt_total\":1e30}", -1, -1, 1 }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect_answer(&llm_aleph_alpha, rows[i].path, HELLO, rows[i].answer,
                      rows[i].input, rows[i].output, rows[i].bad);
    }
}


static void
test_stream(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_aleph_alpha, TEXT, HELLO);
    answer_begin(&f, NULL);

    answer_event(&f, "", "{\"type\":\"stream_chunk\",\"index\":1,"
                 "\"completion\":\" an\"}");
    answer_event(&f, "", "{\"type\":\"stream_chunk\",\"index\":-1,"
                 "\"completion\":\"b\"}");
    answer_event(&f, "", "{\"type\":\"stream_summary\",\"index\":1,"
                 "\"model_version\":\"luminous\",\"finish_reason\":"
                 "\"maximum_tokens\"}");
    assert_true(f.a.truncated && !f.a.finished && !f.a.usage_bad);
    assert_int_equal(f.a.model.len, 8);

    answer_event(&f, "", "{\"type\":\"completion_summary\","
                 "\"num_tokens_prompt_total\":4,\"num_tokens_generated\":6}");
    assert_true(f.a.finished && !f.a.error);
    assert_int_equal(f.a.usage.input, 4);
    assert_int_equal(f.a.usage.output, 6);

    answer_event(&f, "", "{\"error\":\"busy\",\"code\":\"QUEUE_FULL\"}");
    assert_true(f.a.error);
    done(&f);
}


static void
test_refusal(void **state)
{
    llm_refusal_t  r;

    (void) state;

    expect_error(&llm_aleph_alpha, LLM_REFUSE_BUDGET, 402, "budget_exceeded",
                 "a \"b\"", "{\"error\":\"a \\\"b\\\"\","
                 "\"code\":\"budget_exceeded\"}");

    memset(&r, 0, sizeof(r));
    r.why = LLM_REFUSE_BUDGET;
    r.status = 429;
    assert_int_equal(llm_aleph_alpha.status(NULL, &r), 402);

    r.why = LLM_REFUSE_STORE;
    r.status = 503;
    assert_int_equal(llm_aleph_alpha.status(NULL, &r), 503);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_path),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_edit),
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_refusal)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
