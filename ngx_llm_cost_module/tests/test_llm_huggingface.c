
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/* What TGI, TEI and Hugging Face's API take in words of their own. */

#include "dialect_fixture.h"


extern const llm_provider_t  llm_huggingface;

#define TEXT    "/generate"
#define STREAM  "/generate_stream"
#define EMBED   "/embed"
#define TASK    "/hf-inference/models/org/name"

#define ASKED   "{\"inputs\":\"hello\",\"parameters\":{\"max_new_tokens\":50}}"


static void
test_parse(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_huggingface, TEXT, "{\"inputs\":\"a\",\"parameters\":{"
        "\"max_new_tokens\":7,\"best_of\":2}}");
    assert_int_equal(f.rc, LLM_OK);
    assert_string_equal(f.q.model.data, "generate");
    assert_int_equal(f.q.max_output, 7);
    assert_int_equal(f.q.choices, 2);
    assert_true(f.q.can_fit && !f.q.stream);
    done(&f);

    ask(&f, &llm_huggingface, STREAM, "{\"inputs\":\"a\"}");
    assert_true(f.q.stream);
    assert_int_equal(f.q.max_output, -1);
    done(&f);

    ask(&f, &llm_huggingface, TASK, ASKED);
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.model.len, 8);
    assert_memory_equal(f.q.model.data, "org/name", 8);
    done(&f);

    ask(&f, &llm_huggingface, "/models/org/name", ASKED);
    assert_memory_equal(f.q.model.data, "org/name", 8);
    done(&f);

    ask(&f, &llm_huggingface, "/", ASKED);
    assert_int_equal(f.rc, LLM_OK);
    assert_string_equal(f.q.model.data, "generate");
    done(&f);

    ask(&f, &llm_huggingface, TASK "/pipeline/feature-extraction",
        "{\"inputs\":[\"a\"]}");
    assert_int_equal(f.rc, LLM_OK);
    assert_memory_equal(f.q.model.data, "org/name", 8);
    assert_int_equal(f.q.model.len, 8);
    assert_int_equal(f.q.max_output, 0);
    assert_int_equal(f.q.kind, LLM_KIND_EMBEDDINGS);
    done(&f);

    ask(&f, &llm_huggingface, EMBED, "{\"inputs\":\"a\"}");
    assert_string_equal(f.q.model.data, "embed");
    done(&f);
}


/* what is no text, or is asked for in other words, is none of these */

static void
test_declined(void **state)
{
    size_t     i;
    dialect_t  f;

    static const struct {
        const char  *path;
        const char  *body;
    } rows[] = {
        { TEXT, "{\"prompt\":\"a\"}" },
        { EMBED, "{\"texts\":[\"a\"]}" },
        { TASK, "{\"inputs\":\"a\"}" },
        { "/", "{\"inputs\":\"a\"}" },
        { "/", "{\"prompt\":\"a\"}" },
        { TASK, "{\"inputs\":{\"question\":\"a\"}}" },
        { TASK, "{\"inputs\":[\"a\"],\"parameters\":{\"max_new_tokens\":7}}" }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ask(&f, &llm_huggingface, rows[i].path, rows[i].body);
        assert_int_equal(f.rc, LLM_DECLINED);
        done(&f);
    }
}


static void
test_bad(void **state)
{
    (void) state;

    expect_bad(&llm_huggingface, TEXT, "[]", NULL,
               "the request body must be a JSON object");
    expect_bad(&llm_huggingface, TEXT, "{\"inputs\":7}", "inputs",
               "must be a string");
    expect_bad(&llm_huggingface, TEXT, "{\"inputs\":\"a\",\"parameters\":7}",
               "parameters", "must be an object");
    expect_bad(&llm_huggingface, TEXT, "{\"inputs\":\"a\",\"parameters\":{"
               "\"max_new_tokens\":0}}", "max_new_tokens",
               "must be at least 1");
    expect_bad(&llm_huggingface, TEXT, "{\"inputs\":\"a\",\"parameters\":{"
               "\"best_of\":1000}}", "best_of", "is too large");
    expect_bad(&llm_huggingface, TEXT, "{\"inputs\":\"a\",\"inputs\":\"b\"}",
               "inputs", "must not occur more than once");
}


static void
expect_count(const char *path, const char *body, int64_t n)
{
    dialect_t      f;
    llm_counter_t  c;

    memset(&c, 0, sizeof(c));
    c.count = count_bytes;

    ask(&f, &llm_huggingface, path, body);
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(llm_huggingface.count(&f.q, &c), LLM_OK);
    assert_int_equal(f.q.input_tokens, n);
    assert_true(f.q.estimate && f.q.bounded);
    done(&f);
}


static void
test_count(void **state)
{
    (void) state;

    expect_count(TEXT, ASKED, 5);
    expect_count(EMBED, "{\"inputs\":[\"ab\",\"cde\"]}", 5);
    expect_count(EMBED, "{\"inputs\":[[1,2,3],[4]]}", 4);
}


/* fields of a header, for f's answer */

static void
headers(dialect_t *f, const char **fields)
{
    llm_headers_t  h;

    h.get = fixture_header;
    h.ctx = fields;

    assert_int_equal(llm_huggingface.headers(&f->a, &h), LLM_OK);
}


static void
test_headers(void **state)
{
    dialect_t  f;

    static const char  *text[] = {
        "x-prompt-tokens", "7", "x-generated-tokens", "9", NULL
    };

    static const char  *embed[] = {
        "x-compute-tokens", "7", "x-prompt-tokens", "1", NULL
    };

    static const char  *none[] = { NULL };
    static const char  *zero[] = { "x-prompt-tokens", "0", NULL };
    static const char  *nought[] = { "x-generated-tokens", "0", NULL };

    (void) state;

    ask(&f, &llm_huggingface, TEXT, ASKED);
    answer_begin(&f, NULL);
    headers(&f, text);
    answer_json(&f, "{\"generated_text\":\"Hello\"}");
    assert_true(f.a.usage_seen && f.a.finished);
    assert_int_equal(f.a.usage.input, 7);
    assert_int_equal(f.a.usage.output, 9);
    done(&f);

    ask(&f, &llm_huggingface, EMBED, "{\"inputs\":\"a\"}");
    answer_begin(&f, NULL);
    headers(&f, embed);
    answer_json(&f, "[[0.1,0.2]]");
    assert_int_equal(f.a.usage.input, 7);
    assert_int_equal(f.a.usage.output, 0);
    done(&f);

    /* 0 is said, too */

    ask(&f, &llm_huggingface, TEXT, ASKED);
    answer_begin(&f, NULL);
    headers(&f, zero);
    assert_true(f.a.usage_seen);
    assert_int_equal(f.a.usage.input, 0);
    assert_int_equal(f.a.usage.output, -1);
    done(&f);

    ask(&f, &llm_huggingface, TEXT, ASKED);
    answer_begin(&f, NULL);
    headers(&f, nought);
    assert_true(f.a.usage_seen);
    assert_int_equal(f.a.usage.output, 0);
    done(&f);

    ask(&f, &llm_huggingface, TEXT, ASKED);
    answer_begin(&f, NULL);
    headers(&f, none);
    answer_json(&f, "[{\"generated_text\":\"Hello\"}]");
    assert_true(f.a.finished && !f.a.usage_seen);
    done(&f);
}


static void
test_details(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_huggingface, TEXT, ASKED);
    answer_begin(&f, NULL);
    answer_json(&f, "{\"generated_text\":\"Hello\",\"details\":{"
                "\"finish_reason\":\"length\",\"generated_tokens\":5,"
                "\"prefill\":[{\"id\":1},{\"id\":2}],"
                "\"best_of_sequences\":[{\"generated_tokens\":3}]}}");
    assert_int_equal(f.a.usage.input, 2);
    assert_int_equal(f.a.usage.output, 8);
    assert_true(f.a.truncated);
    done(&f);

    /* of several one cannot be read, so that their sum is not known */

    ask(&f, &llm_huggingface, TEXT, ASKED);
    answer_begin(&f, NULL);
    answer_json(&f, "{\"details\":{\"generated_tokens\":5,\"input_length\":2,"
                "\"best_of_sequences\":[{\"generated_tokens\":3},"
                "{\"generated_tokens\":\"x\"}]}}");
    assert_int_equal(f.a.usage.input, 2);
    assert_int_equal(f.a.usage.output, -1);
    assert_true(f.a.usage_bad);
    done(&f);
}


static void
test_stream(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_huggingface, STREAM, ASKED);
    answer_begin(&f, NULL);
    answer_event(&f, "", "{\"index\":1,\"token\":{\"id\":1,\"text\":\"He\","
                 "\"special\":false},\"generated_text\":null,"
                 "\"details\":null}");
    assert_false(f.a.finished);
    answer_event(&f, "", "{\"index\":2,\"token\":{\"id\":2,\"text\":\"</s>\","
                 "\"special\":true},\"generated_text\":\"He\",\"details\":{"
                 "\"finish_reason\":\"eos_token\",\"generated_tokens\":2,"
                 "\"input_length\":4}}");
    assert_true(f.a.finished && !f.a.truncated);
    assert_int_equal(f.a.usage.input, 4);
    assert_int_equal(f.a.usage.output, 2);
    done(&f);

    ask(&f, &llm_huggingface, STREAM, ASKED);
    answer_begin(&f, NULL);
    answer_event(&f, "", "{\"error\":\"x\",\"error_type\":\"generation\"}");
    assert_true(f.a.error);
    done(&f);
}


static void
test_edit(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_huggingface, TEXT, "{\"inputs\":\"a\"}");
    expect_edit(&f, 5, "{\"parameters\":{\"max_new_tokens\":5},"
                       "\"inputs\":\"a\"}");
    done(&f);

    ask(&f, &llm_huggingface, TEXT, ASKED);
    expect_edit(&f, 5, "{\"inputs\":\"hello\",\"parameters\":{"
                       "\"max_new_tokens\":5}}");
    done(&f);
}


static void
test_error(void **state)
{
    (void) state;

    expect_error(&llm_huggingface, LLM_REFUSE_BUDGET, 429, "budget_exceeded",
                 "a", "{\"error\":\"a\",\"error_type\":\"overloaded\","
                 "\"code\":\"budget_exceeded\"}");
    expect_error(&llm_huggingface, LLM_REFUSE_INVALID, 400, "c", "a",
                 "{\"error\":\"a\",\"error_type\":\"validation\","
                 "\"code\":\"c\"}");
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_declined),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_details),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_edit),
        cmocka_unit_test(test_error)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
