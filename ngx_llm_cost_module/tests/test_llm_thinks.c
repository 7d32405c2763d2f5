
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/* Whose thoughts are billed and not shown, in every dialect that has them. */

#include "dialect_fixture.h"
#include "llm_thinks.h"


extern const llm_provider_t  llm_anthropic, llm_gemini, llm_bedrock;


static void
test_models(void **state)
{
    unsigned   i;
    llm_str_t  name;

    static const struct {
        const char  *name;
        int          thinks;
    } models[] = {
        { "gemini-2.5-pro", 1 },
        { "gemini-3-flash-preview", 1 },
        { "google/gemini-flash-latest", 1 },
        { "gemini-2.0-flash-001", 0 },
        { "gemini-1.5-pro", 0 },
        { "gemini-2.5-flash-lite", 0 },
        { "x-ai/grok-4-fast", 1 },
        { "grok-4-fast-non-reasoning", 0 },
        { "grok-3-mini", 0 },
        { "gpt-4o", 0 },
        { "", 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
        name = str(models[i].name);
        assert_int_equal(llm_thinks_unseen(&name), models[i].thinks);
    }
}


static int
unseen(const llm_provider_t *p, const char *path, const char *body)
{
    int        unseen;
    dialect_t  f;

    ask(&f, p, path, body);
    assert_int_equal(f.rc, LLM_OK);

    unseen = f.q.unseen;
    done(&f);

    return unseen;
}


static void
test_openai(void **state)
{
    unsigned  i;

    static const struct {
        const char  *body;
        int          unseen;
    } bodies[] = {
        { "{\"model\":\"gpt-4o\",\"messages\":[]}", 0 },
        { "{\"model\":\"o3\",\"messages\":[]}", 1 },
        { "{\"model\":\"gpt-5\",\"messages\":[],"
          "\"reasoning_effort\":\"none\"}", 0 },
        { "{\"model\":\"gemini-2.5-pro\",\"messages\":[]}", 1 },
        { "{\"model\":\"deepseek/deepseek-r1\",\"messages\":[]}", 0 },
        { "{\"model\":\"deepseek/deepseek-r1\",\"messages\":[],"
          "\"reasoning\":{\"exclude\":true}}", 1 },
        { "{\"model\":\"qwen/qwen3-32b\",\"messages\":[],"
          "\"reasoning_format\":\"hidden\"}", 1 },
        { "{\"model\":\"qwen/qwen3-32b\",\"messages\":[],"
          "\"include_reasoning\":false}", 1 },
        { "{\"model\":\"qwen/qwen3-32b\",\"messages\":[],"
          "\"reasoning\":5,\"reasoning_format\":[],"
          "\"include_reasoning\":0}", 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        if (unseen(&llm_openai, "/v1/chat/completions", bodies[i].body)
            != bodies[i].unseen)
        {
            fail_msg("%s", bodies[i].body);
        }
    }
}


#define MESSAGES  "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"

static void
test_anthropic(void **state)
{
    (void) state;

    assert_int_equal(unseen(&llm_anthropic, "/v1/messages",
        "{\"model\":\"c\"," MESSAGES "}"), 0);
    assert_int_equal(unseen(&llm_anthropic, "/v1/messages",
        "{\"model\":\"c\",\"thinking\":{\"type\":\"enabled\","
        "\"budget_tokens\":1024}," MESSAGES "}"), 1);
    assert_int_equal(unseen(&llm_anthropic, "/v1/messages",
        "{\"model\":\"c\",\"thinking\":{\"type\":\"adaptive\"}," MESSAGES "}"),
        1);
    assert_int_equal(unseen(&llm_anthropic, "/v1/messages",
        "{\"model\":\"c\",\"thinking\":{\"type\":\"disabled\"}," MESSAGES "}"),
        0);
}


#define CONTENTS  "\"contents\":[{\"parts\":[{\"text\":\"hi\"}]}]"

static void
test_gemini(void **state)
{
    const char  *old = "/v1beta/models/gemini-2.0-flash:generateContent";
    const char  *now = "/v1beta/models/gemini-2.5-flash:generateContent";

    (void) state;

    assert_int_equal(unseen(&llm_gemini, old, "{" CONTENTS "}"), 0);
    assert_int_equal(unseen(&llm_gemini, now, "{" CONTENTS "}"), 1);
    assert_int_equal(unseen(&llm_gemini, now,
        "{" CONTENTS ",\"generationConfig\":{\"thinkingConfig\":"
        "{\"thinkingBudget\":0}}}"), 0);
    assert_int_equal(unseen(&llm_gemini, now,
        "{" CONTENTS ",\"generation_config\":{\"thinking_config\":"
        "{\"thinking_budget\":-1}}}"), 1);
    assert_int_equal(unseen(&llm_gemini, now,
        "{" CONTENTS ",\"generationConfig\":{\"thinkingConfig\":"
        "{\"thinkingLevel\":\"low\"}}}"), 1);
}


static void
test_bedrock(void **state)
{
    const char  *converse = "/model/m/converse-stream";
    const char  *invoke = "/model/m/invoke";

    (void) state;

    assert_int_equal(unseen(&llm_bedrock, converse, "{\"messages\":[]}"), 0);
    assert_int_equal(unseen(&llm_bedrock, converse,
        "{\"messages\":[],\"additionalModelRequestFields\":"
        "{\"thinking\":{\"type\":\"enabled\"}}}"), 1);
    assert_int_equal(unseen(&llm_bedrock, converse,
        "{\"messages\":[],\"additionalModelRequestFields\":"
        "{\"reasoningConfig\":{\"type\":\"enabled\"}}}"), 1);
    assert_int_equal(unseen(&llm_bedrock, converse,
        "{\"messages\":[],\"additionalModelRequestFields\":\"x\"}"), 0);
    assert_int_equal(unseen(&llm_bedrock, invoke,
        "{\"messages\":[],\"thinking\":{\"type\":\"enabled\"}}"), 1);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_models),
        cmocka_unit_test(test_openai),
        cmocka_unit_test(test_anthropic),
        cmocka_unit_test(test_gemini),
        cmocka_unit_test(test_bedrock)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
