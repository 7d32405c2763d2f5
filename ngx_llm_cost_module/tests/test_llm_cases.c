
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "dialect_fixture.h"


extern const llm_provider_t  llm_anthropic, llm_bedrock, llm_cohere,
                             llm_gemini, llm_ollama;


/*
 * A member whose name differs from one that is read in the case of its letters
 * only: servers in Go or .NET take it for that one, and the last one counts.
 */

typedef struct {
    const llm_provider_t  *p;
    const char            *path;
    const char            *body;
    const char            *param;         /* NULL: it is none of them */
} case_row_t;


static void
test_cases(void **state)
{
    size_t     i;
    dialect_t  f;

#define HI  "\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":"   \
            "\"hi\"}]"

    static const case_row_t  cases[] = {
        { &llm_openai, "/v1/chat/completions", "{" HI ",\"Model\":\"dear\"}",
          "model" },
        { &llm_openai, "/v1/chat/completions",
          "{" HI ",\"max_tokens\":1,\"MAX_TOKENS\":9}", "max_tokens" },
        { &llm_openai, "/v1/chat/completions", "{" HI ",\"N\":9}", "n" },
        { &llm_openai, "/v1/chat/completions",
          "{" HI ",\"\xc5\xbf" "tream\":true}", "stream" },
        { &llm_openai, "/v1/chat/completions",
          "{" HI ",\"max_to\xe2\x84\xaa" "ens\":9}", "max_tokens" },
        { &llm_openai, "/v1/chat/completions",
          "{" HI ",\"\\u004dodel\":\"dear\"}", "model" },
        { &llm_openai, "/v1/chat/completions",
          "{" HI ",\"max_to\\u212aens\":9}", "max_tokens" },
        { &llm_openai, "/v1/chat/completions",
          "{" HI ",\"Models_\":1,\"Mode\":2,\"\":3,\"max-tokens\":4,"
          "\"\xc5\xbe" "tream\":5,\"max_to\xe2\x84\xab" "ens\":6,\"O\":7}",
          NULL },
        { &llm_openai, "/v1/responses",
          "{\"model\":\"m\",\"input\":\"hi\",\"Input\":\"dear\"}", "input" },
        { &llm_anthropic, "/v1/messages",
          "{" HI ",\"max_tokens\":1,\"Max_Tokens\":9}", "max_tokens" },
        { &llm_gemini, "/v1beta/models/m:generateContent",
          "{\"contents\":[],\"generationConfig\":{\"maxOutputTokens\":1,"
          "\"MaxOutputTokens\":9}}", "maxOutputTokens" },
        { &llm_ollama, "/api/chat",
          "{" HI ",\"options\":{\"num_predict\":1,\"NUM_PREDICT\":9}}",
          "num_predict" },
        { &llm_cohere, "/v2/chat", "{" HI ",\"Max_tokens\":9}", "max_tokens" },
        { &llm_bedrock, "/model/m/converse",
          "{\"messages\":[],\"InferenceConfig\":{}}", "inferenceConfig" }
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        ask(&f, cases[i].p, cases[i].path, cases[i].body);

        if (cases[i].param == NULL) {
            assert_int_equal(f.rc, LLM_OK);
            done(&f);
            continue;
        }

        if (f.rc != LLM_BAD) {
            fail_msg("%s is not refused", cases[i].body);
        }

        assert_string_equal(f.q.param, cases[i].param);
        assert_non_null(strstr(f.q.err, "case"));
        done(&f);
    }

#undef HI
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_cases)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
