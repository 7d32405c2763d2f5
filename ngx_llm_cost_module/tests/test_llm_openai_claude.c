
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * A Claude that is spoken to in OpenAI's dialect: what Anthropic puts around
 * tools and calls.  A token is a byte here, of which 118 percent are
 * counted, or of the last tokenizer's 138.
 */

#include "dialect_fixture.h"


extern const llm_provider_t  llm_anthropic;


static void
count(const char *model, const char *messages, const char *more,
    int64_t texts, int64_t around)
{
    char           body[4096];
    int64_t        want;
    dialect_t      f;
    llm_counter_t  c;

    snprintf(body, sizeof(body), "{\"model\":\"%s\",\"messages\":[%s]%s}",
             model, messages, more);

    memset(&c, 0, sizeof(c));
    c.count = count_bytes;

    ask(&f, &llm_openai, "/v1/chat/completions", body);
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.p->count(&f.q, &c), LLM_OK);

    want = texts * (strstr(model, "-4-7") || strstr(model, "m-") ? 138 : 118)
           / 100 + 4 + around;

    if (f.q.input_tokens != want || !f.q.estimate) {
        fail_msg("%s: %lld, not %lld", body, (long long) f.q.input_tokens,
                 (long long) want);
    }

    done(&f);
}


#define HI     "{\"role\":\"user\",\"content\":\"abc\"}"
#define TOOLS  ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":"    \
               "\"ff\",\"description\":\"dd\",\"parameters\":"               \
               "{ \"a\" : 1 }}}]"


static void
test_texts(void **state)
{
    (void) state;

    count("claude-sonnet-4-5", HI, "", 3, 3);
    count("anthropic/claude-3.5-haiku", HI "," HI, "", 6, 6);
    count("claude-opus-4-7", HI "," HI, "", 6, 6);
    count("m-claude", "{\"role\":\"user\",\"content\":[{\"type\":\"text\","
          "\"text\":\"ab\"},{\"type\":\"text\",\"text\":\"c\"}]}", "", 3, 3);
}


static void
test_tools(void **state)
{
    (void) state;

    count("claude-sonnet-4-5", HI, TOOLS, 3 + 11, 3 + 500 + 24);
    count("anthropic/claude-sonnet-4", HI, TOOLS, 3 + 11, 3 + 340 + 12);
    count("anthropic/claude-sonnet-4:beta", HI, TOOLS, 14, 3 + 340 + 12);
    count("anthropic/claude-opus-4.1", HI, TOOLS, 14, 3 + 340 + 12);
    count("anthropic/claude-3.7-sonnet", HI, TOOLS, 14, 3 + 340 + 12);
    count("anthropic/claude-3.5-haiku", HI, TOOLS, 14, 3 + 290 + 12);

    count("claude-sonnet-4-5", HI, TOOLS ",\"tool_choice\":\"required\"", 14,
          3 + 500 + 24 + 105);
    count("claude-sonnet-4-5", HI, TOOLS ",\"tool_choice\":\"auto\"", 14,
          3 + 500 + 24);
    count("claude-sonnet-4-5", HI, ",\"response_format\":{\"type\":"
          "\"json_schema\",\"json_schema\":{\"name\":\"n\"}}", 3 + 12,
          3 + 150);
}


static void
test_calls(void **state)
{
    (void) state;

    count("claude-sonnet-4-5", HI ",{\"role\":\"assistant\",\"tool_calls\":[{"
          "\"id\":\"1\",\"type\":\"function\",\"function\":{\"name\":\"ff\","
          "\"arguments\":\"{\\\"a\\\":1}\"}}]},{\"role\":\"tool\","
          "\"tool_call_id\":\"1\",\"content\":\"xyz\"}", "", 3 + 2 + 7 + 3,
          3 * 3 + 36 + 28);
}


static void
test_files(void **state)
{
    (void) state;

    count("claude-sonnet-4-5", "{\"role\":\"user\",\"content\":[{\"type\":"
          "\"image_url\",\"image_url\":{\"url\":\"https://a/b\"}}]}", "", 0,
          3 + 1568);
    count("claude-sonnet-4-5", "{\"role\":\"user\",\"content\":[{\"type\":"
          "\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,"
          "iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAIAAAAlC+aJ\"}}]}", "", 0, 3 + 9);
    count("claude-sonnet-4-5", "{\"role\":\"user\",\"content\":[{\"type\":"
          "\"image_url\",\"image_url\":{\"url\":\"data:image\\/png;base64,"
          "iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAIAAAAlC+aJ\"}}]}", "", 0, 3 + 9);
    count("claude-sonnet-4-5", "{\"role\":\"user\",\"content\":[{\"type\":"
          "\"file\",\"file\":{\"file_id\":\"f\"}}]}", "", 0, 3 + 10000);
}


/* the same of Anthropic's own dialect: what is asked for besides texts */

static int64_t
messages(const char *model, const char *more)
{
    char           body[1024];
    int64_t        n;
    dialect_t      f;
    llm_counter_t  c;

    snprintf(body, sizeof(body),
             "{\"model\":\"%s\",\"max_tokens\":1,\"messages\":[" HI "]%s}",
             model, more);

    memset(&c, 0, sizeof(c));
    c.count = count_bytes;

    ask(&f, &llm_anthropic, "/v1/messages", body);
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.p->count(&f.q, &c), LLM_OK);

    n = f.q.input_tokens - 4 - 3;
    done(&f);

    return n;
}


static void
test_messages(void **state)
{
    (void) state;

    assert_int_equal(messages("claude-sonnet-4-5", ""), 3);
    assert_int_equal(messages("claude-opus-4-7", ""), 4);

    assert_int_equal(messages("claude-sonnet-4-5", ",\"thinking\":{\"type\":"
                              "\"enabled\",\"budget_tokens\":1024}"), 3 + 28);
    assert_int_equal(messages("claude-sonnet-4-5",
                              ",\"thinking\":{\"type\":\"disabled\"}"), 3);
    assert_int_equal(messages("claude-opus-4-6",
                              ",\"thinking\":{\"type\":\"adaptive\"}"),
                     3 + 17);
    assert_int_equal(messages("claude-opus-5",
                              ",\"thinking\":{\"type\":\"adaptive\"}"), 4);
    assert_int_equal(messages("claude-opus-5", ",\"output_config\":{"
                              "\"task_budget\":{\"type\":\"tokens\","
                              "\"total\":9}}"), 4 + 35);

    /* a tool that is shown when it was found */

    assert_int_equal(messages("claude-sonnet-4-5", ",\"tools\":[{\"name\":"
                              "\"ff\",\"description\":\"dd\"}]"),
                     7 * 118 / 100 + 500 + 24);
    assert_int_equal(messages("claude-sonnet-4-5", ",\"tools\":[{\"name\":"
                              "\"ff\",\"description\":\"dd\"},{\"name\":"
                              "\"gg\",\"defer_loading\":true}]"),
                     7 * 118 / 100 + 500 + 24);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_tools),
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_files)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
