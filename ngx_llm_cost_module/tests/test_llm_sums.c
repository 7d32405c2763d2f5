
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "dialect_fixture.h"


extern const llm_provider_t  llm_anthropic, llm_bedrock, llm_cohere,
                             llm_gemini, llm_ollama;


/*
 * A figure that is one of a sum and cannot be read leaves the sum unknown, if
 * no total says it: what is left of it would be too little.
 */

static void
test_sums(void **state)
{
    size_t     i;
    dialect_t  f;

#define MESSAGE(u)  "{\"stop_reason\":\"end_turn\",\"usage\":{" u "}}"
#define GEMINI(u)   "{\"candidates\":[],\"usageMetadata\":{" u "}}"
#define WORDS       "{\"contents\":[{\"parts\":[{\"text\":\"hi\"}]}]}"
#define ASKED       "{\"max_tokens\":9,\"messages\":[{\"role\":\"user\","     \
                    "\"content\":\"hi\"}]"

    static const struct {
        const llm_provider_t  *p;
        const char            *path;
        const char            *request;
        const char            *answer;
        int64_t                input;
        int64_t                output;
    } sums[] = {
        { &llm_anthropic, "/v1/messages", ASKED ",\"model\":\"m\"}",
          MESSAGE("\"input_tokens\":10,\"cache_read_input_tokens\":-3,"
                  "\"output_tokens\":5"), -1, 5 },
        { &llm_anthropic, "/v1/messages", ASKED ",\"model\":\"m\"}",
          MESSAGE("\"input_tokens\":10,\"cache_creation_input_tokens\":"
                  "\"x\",\"output_tokens\":5"), -1, 5 },
        { &llm_anthropic, "/v1/messages", ASKED ",\"model\":\"m\"}",
          MESSAGE("\"input_tokens\":10,\"cache_read_input_tokens\":null,"
                  "\"output_tokens\":5"), 10, 5 },
        { &llm_bedrock, "/model/m/converse", "{\"messages\":[]}",
          "{\"usage\":{\"inputTokens\":10,\"outputTokens\":5,"
          "\"cacheReadInputTokens\":1.5}}", -1, 5 },
        { &llm_gemini, "/v1beta/models/m:generateContent", WORDS,
          GEMINI("\"promptTokenCount\":10,\"candidatesTokenCount\":5,"
                 "\"thoughtsTokenCount\":-2"), 10, -1 },
        { &llm_gemini, "/v1beta/models/m:generateContent", WORDS,
          GEMINI("\"promptTokenCount\":10,\"candidatesTokenCount\":5,"
                 "\"thoughtsTokenCount\":-2,\"totalTokenCount\":17"),
          10, 7 },
        { &llm_gemini, "/v1beta/models/m:generateContent", WORDS,
          GEMINI("\"promptTokenCount\":10,\"candidatesTokenCount\":5,"
                 "\"toolUsePromptTokenCount\":[],\"totalTokenCount\":35"),
          30, 5 },
        { &llm_gemini, "/v1beta/interactions",
          "{\"model\":\"m\",\"input\":\"hi\"}",
          "{\"usage\":{\"total_input_tokens\":-10,\"total_output_tokens\":5,"
          "\"total_tool_use_tokens\":0}}", -1, 5 },
        { &llm_gemini, "/v1beta/interactions",
          "{\"model\":\"m\",\"input\":\"hi\"}",
          "{\"usage\":{\"total_input_tokens\":-10,\"total_output_tokens\":5,"
          "\"total_tool_use_tokens\":0,\"total_tokens\":15}}", 10, 5 },
        { &llm_gemini, "/v1beta/interactions",
          "{\"model\":\"m\",\"input\":\"hi\"}",
          "{\"usage\":{\"total_input_tokens\":10,\"total_output_tokens\":5,"
          "\"total_thought_tokens\":\"?\"}}", 10, -1 },

        /* a total says what is left out, and what is above its parts */

        { &llm_gemini, "/v1beta/interactions",
          "{\"model\":\"m\",\"input\":\"hi\"}",
          "{\"usage\":{\"total_input_tokens\":10,\"total_tokens\":17}}",
          10, 7 },
        { &llm_gemini, "/v1beta/interactions",
          "{\"model\":\"m\",\"input\":\"hi\"}",
          "{\"usage\":{\"total_input_tokens\":10,\"total_output_tokens\":2,"
          "\"total_tokens\":17}}", 10, 7 },
        { &llm_gemini, "/v1beta/interactions",
          "{\"model\":\"m\",\"input\":\"hi\"}",
          "{\"usage\":{\"total_input_tokens\":0,\"total_output_tokens\":0,"
          "\"total_tokens\":0}}", 0, 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
        ask(&f, sums[i].p, sums[i].path, sums[i].request);
        answer_begin(&f, NULL);
        answer_json(&f, sums[i].answer);
        expect_usage_sane(&f.a.usage);

        if (f.a.usage.input != sums[i].input
            || f.a.usage.output != sums[i].output)
        {
            fail_msg("%s: %lld and %lld", sums[i].answer,
                     (long long) f.a.usage.input,
                     (long long) f.a.usage.output);
        }

        done(&f);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_sums)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
