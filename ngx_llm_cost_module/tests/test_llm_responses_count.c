
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * What is counted of a Responses request, letter by letter: tools that are not
 * in the system's message, and calls of two kinds.
 */

#include "seen_fixture.h"


static int64_t
responses(const char *model, const char *members, int estimate)
{
    char  body[2048];

    snprintf(body, sizeof(body), "{\"model\":\"%s\",%s}", model, members);

    return count_at("/v1/responses", LLM_KIND_RESPONSES, body, estimate);
}


static void
test_responses_tools(void **state)
{
    static const char  tools[] =
        "\"instructions\":\"Be kind\",\"input\":\"a\",\"tools\":["
        "{\"type\":\"function\",\"name\":\"f\"}]";

    (void) state;

    assert_int_equal(responses("gpt-4o", tools, 0), -1 - 2 + 3 + 3 + 3);
    assert_string_equal(seen.text,
                        "# Tools\n\n## functions\n\nnamespace functions {"
                        "\n\ntype f = () => any;\n\n} // namespace functions|"
                        "system|Be kind|user|a|");

    assert_int_equal(responses("gpt-5", tools, 1), -1 + 4 + 3 + 3 + 2);
    assert_int_equal(responses("openai.gpt-5.5", tools, 1),
                     -1 + 4 + 3 + 3 + 2);
    assert_int_equal(responses("o4-mini", tools, 1), 3 + 3 + 2);
}


static void
test_responses_calls(void **state)
{
    static const char  made[] =
        "\"input\":[{\"role\":\"user\",\"content\":\"a\"},"
        "{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\","
        "\"arguments\":\"{\\\"a\\\": 1}\"},"
        "{\"type\":\"function_call_output\",\"call_id\":\"c\","
        "\"output\":\"b\"}]";

    static const char  own[] =
        "\"input\":[{\"role\":\"user\",\"content\":\"a\"},"
        "{\"type\":\"function_call\",\"id\":\"fc_1\",\"call_id\":\"c\","
        "\"name\":\"f\",\"arguments\":\"{\\\"a\\\": 1}\"},"
        "{\"type\":\"function_call_output\",\"call_id\":\"c\","
        "\"output\":\"b\"}]";

    (void) state;

    assert_int_equal(responses("gpt-4o", made, 0), 3 + 4 + 4 + 3);
    assert_string_equal(seen.text,
                        "user|a| to=functions.f|{\"a\": 1}|f|b|");

    assert_int_equal(responses("gpt-4o", own, 1), 3 + 4 + 1 + 4 + 2 + 3);
    assert_string_equal(seen.text, "user|a| to=functions.f|{\"a\":1}|f|b|");

    assert_int_equal(responses("gpt-5", made, 1), 3 + 4 + 6 + 4 + 2);
    assert_int_equal(responses("gpt-5", own, 1), 3 + 4 + 6 + 1 + 4 + 2 + 2);
    assert_int_equal(responses("o3-mini", made, 1), 3 + 4 + 4 + 2);

    /* from 5.2 on they are the same */

    assert_int_equal(responses("gpt-5.4", made, 1),
                     responses("gpt-5.4", own, 1));
}


/* what is asked of a decision is read, too, and what is no text of its own */

static void
test_decisions(void **state)
{
    (void) state;

    count_at("/v1/decisions", LLM_KIND_RESPONSES,
             "{\"model\":\"gpt-6-luna\",\"input\":[{\"role\":\"user\","
             "\"content\":[{\"type\":\"input_json\",\"data\":{\"k\":1}}]}],"
             "\"questions\":[{\"name\":\"q\"}]}", 1);

    assert_string_equal(seen.text,
                        "user|{\"k\":1}|[{\"name\": \"q\"}]|");
}


/* a part that says what it is and has nothing in it */

static void
test_empty_parts(void **state)
{
    (void) state;

    count_at("/v1/responses", LLM_KIND_RESPONSES,
             "{\"model\":\"gpt-4o\",\"input\":[{\"role\":\"user\","
             "\"content\":[{\"type\":\"input_json\"}]}]}", 1);

    assert_string_equal(seen.text, "user|");

    count_at("/v1/responses", LLM_KIND_RESPONSES,
             "{\"model\":\"gpt-4o\",\"prompt\":{\"id\":\"pmpt_1\","
             "\"variables\":{\"v\":{\"type\":\"input_json\"}}}}", 1);

    assert_string_equal(seen.text, "");

    /* a picture of a screen that is not there */

    count_at("/v1/responses", LLM_KIND_RESPONSES,
             "{\"model\":\"gpt-4o\",\"input\":[{\"type\":"
             "\"computer_call_output\"}]}", 1);

    assert_string_equal(seen.text, "");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_responses_tools),
        cmocka_unit_test(test_responses_calls),
        cmocka_unit_test(test_decisions),
        cmocka_unit_test(test_empty_parts)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
