
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * What requests of the other dialects ask of a model, and the model written
 * into them; OpenAI's chat is in test_llm_openai_needs.c.
 */

#include "dialect_fixture.h"


extern const llm_provider_t  llm_openai;
extern const llm_provider_t  llm_anthropic;


typedef struct {
    const char  *body;
    const char  *model;
    int          needs;
} need_t;


static void
expect(const llm_provider_t *p, const char *path, const need_t *t, unsigned n)
{
    int        needs;
    unsigned   i;
    dialect_t  f;
    llm_str_t  model;

    for (i = 0; i < n; i++) {
        ask(&f, p, path, t[i].body);
        assert_int_equal(f.rc, LLM_OK);

        model = str(t[i].model);
        needs = p->needs(&f.q, &model);

        if (needs != t[i].needs) {
            fail_msg("%s: %d, not %d", t[i].body, needs, t[i].needs);
        }

        done(&f);
    }
}


static void
test_responses(void **state)
{
    static const need_t  t[] = {
        { "{\"model\":\"gpt-4.1\",\"input\":\"hi\"}", "gpt-4o-mini", 0 },
        { "{\"model\":\"gpt-4.1\",\"input\":[{\"role\":\"user\",\"content\":["
          "{\"type\":\"input_text\",\"text\":\"a\"},"
          "{\"type\":\"input_image\",\"image_url\":\"u\"}]}]}",
          "gpt-4o-mini", LLM_ABLE_IMAGES },
        { "{\"model\":\"gpt-4.1\",\"input\":\"hi\",\"tools\":["
          "{\"type\":\"function\",\"name\":\"f\"}],\"text\":{\"format\":"
          "{\"type\":\"json_schema\"}}}",
          "gpt-4o-mini", LLM_ABLE_TOOLS | LLM_ABLE_SCHEMA },
        { "{\"model\":\"gpt-4.1\",\"input\":\"hi\",\"tools\":["
          "{\"type\":\"code_interpreter\"}]}", "gpt-4o-mini", LLM_DECLINED },
        { "{\"model\":\"o3\",\"input\":\"hi\",\"reasoning\":{}}",
          "o4-mini", LLM_ABLE_REASONING },
        { "{\"model\":\"o3\",\"input\":\"hi\",\"reasoning\":{}}",
          "gpt-4o-mini", LLM_DECLINED },
        { "{\"model\":\"gpt-4.1\",\"input\":\"hi\",\"temperature\":0}",
          "gpt-5-mini", LLM_DECLINED }
    };

    (void) state;

    expect(&llm_openai, "/v1/responses", t, sizeof(t) / sizeof(t[0]));
}


#define HI  "\"max_tokens\":9,"                                               \
            "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"

static void
test_anthropic(void **state)
{
    static const need_t  t[] = {
        { "{\"model\":\"claude-opus-4-0\"," HI "}", "claude-3-5-haiku", 0 },
        { "{\"model\":\"claude-opus-4-0\"," HI ",\"tools\":[{\"name\":\"f\","
          "\"input_schema\":{}}],\"thinking\":{\"type\":\"enabled\","
          "\"budget_tokens\":5}}",
          "claude-3-5-haiku", LLM_ABLE_TOOLS | LLM_ABLE_REASONING },
        { "{\"model\":\"claude-opus-4-0\"," HI ",\"thinking\":"
          "{\"type\":\"disabled\"}}", "claude-3-5-haiku", 0 },
        { "{\"model\":\"claude-opus-4-0\"," HI ",\"tools\":[{\"name\":"
          "\"web_search\",\"type\":\"web_search_20250305\"}]}",
          "claude-3-5-haiku", LLM_DECLINED },
        { "{\"model\":\"claude-opus-4-0\",\"max_tokens\":9,\"messages\":["
          "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\","
          "\"tool_use_id\":\"a\",\"content\":[{\"type\":\"image\","
          "\"source\":{\"type\":\"url\",\"url\":\"u\"}}]}]}]}",
          "claude-3-5-haiku", LLM_ABLE_IMAGES }
    };

    (void) state;

    expect(&llm_anthropic, "/v1/messages", t, sizeof(t) / sizeof(t[0]));
}


static void
test_model_is_written(void **state)
{
    dialect_t    f;
    llm_edits_t  e;

    (void) state;

    ask(&f, &llm_anthropic, "/v1/messages",
        "{\"model\":\"claude-opus-4-0\"," HI "}");
    assert_int_equal(f.rc, LLM_OK);

    memset(&e, 0, sizeof(e));
    e.set_max_output = -1;
    e.set_model = str("a\"b");

    assert_int_equal(llm_anthropic.edit(&f.q, &e), LLM_OK);
    assert_int_equal(e.n, 1);
    assert_int_equal(e.e[0].text.len, 4);
    assert_memory_equal(e.e[0].text.data, "a\\\"b", 4);
    assert_int_equal(e.e[0].end - e.e[0].start, strlen("claude-opus-4-0"));

    done(&f);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_responses),
        cmocka_unit_test(test_anthropic),
        cmocka_unit_test(test_model_is_written)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
