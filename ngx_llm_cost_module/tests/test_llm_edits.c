
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * A maximum of 50 that is written into a request of each dialect, and another
 * model: the larger one gives way, the smaller one stays, and every other byte
 * is what it was.
 */

#include "dialect_fixture.h"


extern const llm_provider_t  llm_anthropic, llm_bedrock, llm_cohere,
                             llm_gemini, llm_huggingface;


#define CHAT      "/v1/chat/completions"
#define MESSAGES  "/v1/messages"
#define GENERATE  "/v1beta/models/m:generateContent"
#define HI        "\"messages\":[]"
#define WORDS     "\"contents\":[]"


typedef struct {
    const llm_provider_t  *p;
    const char            *path;
    const char            *body;
    const char            *want;          /* NULL: nothing is changed */
    const char            *model;
} edit_row_t;


static const edit_row_t  maxima[] = {

    { &llm_openai, CHAT, "{\"model\":\"m\"," HI "}",
      "{\"max_tokens\":50,\"model\":\"m\"," HI "}", "" },
    { &llm_openai, CHAT, "{\"model\":\"o3\"," HI "}",
      "{\"max_completion_tokens\":50,\"model\":\"o3\"," HI "}", "" },
    { &llm_openai, CHAT, "{\"model\":\"m\",\"max_tokens\":90," HI "}",
      "{\"model\":\"m\",\"max_tokens\":50," HI "}", "" },
    { &llm_openai, CHAT, "{\"model\":\"m\",\"max_tokens\":9," HI "}", NULL,
      "" },
    { &llm_openai, CHAT, "{\"model\":\"m\",\"max_tokens\":null," HI "}",
      "{\"model\":\"m\",\"max_tokens\":50," HI "}", "" },
    { &llm_openai, CHAT, "{\"max_completion_tokens\":90,\"model\":\"m\","
      "\"max_tokens\":60," HI "}",
      "{\"max_completion_tokens\":50,\"model\":\"m\",\"max_tokens\":50," HI
      "}", "" },
    { &llm_openai, CHAT, "{\"max_completion_tokens\":9,\"model\":\"m\","
      "\"max_tokens\":60," HI "}",
      "{\"max_completion_tokens\":9,\"model\":\"m\",\"max_tokens\":50," HI
      "}", "" },
    { &llm_openai, "/v1/completions", "{\"model\":\"m\",\"prompt\":\"a\"}",
      "{\"max_tokens\":50,\"model\":\"m\",\"prompt\":\"a\"}", "" },

    { &llm_openai, "/v1/responses", "{\"model\":\"m\",\"input\":\"a\"}",
      "{\"max_output_tokens\":50,\"model\":\"m\",\"input\":\"a\"}", "" },
    { &llm_openai, "/v1/responses", "{\"max_output_tokens\":null,\"model\":"
      "\"m\",\"input\":\"a\"}",
      "{\"max_output_tokens\":50,\"model\":\"m\",\"input\":\"a\"}", "" },
    { &llm_openai, "/v1/responses", "{\"model\":\"m\",\"input\":\"a\","
      "\"max_output_tokens\":90}",
      "{\"model\":\"m\",\"input\":\"a\",\"max_output_tokens\":50}", "" },
    { &llm_openai, "/v1/responses", "{\"model\":\"m\",\"input\":\"a\","
      "\"max_output_tokens\":50}", NULL, "" },
    { &llm_openai, "/v1/responses", "{\"model\":\"m\",\"input\":\"a\","
      "\"max_output_tokens\":9}", NULL, "" },

    { &llm_anthropic, MESSAGES, "{\"model\":\"m\",\"max_tokens\":90," HI "}",
      "{\"model\":\"m\",\"max_tokens\":50," HI "}", "" },
    { &llm_anthropic, MESSAGES, "{\"model\":\"m\",\"max_tokens\":0," HI "}",
      NULL, "" },
    { &llm_anthropic, MESSAGES, "{\"model\":\"m\"," HI "}",
      "{\"max_tokens\":50,\"model\":\"m\"," HI "}", "" },
    { &llm_anthropic, "/v1/complete", "{\"model\":\"m\",\"prompt\":\"a\","
      "\"max_tokens_to_sample\":90}",
      "{\"model\":\"m\",\"prompt\":\"a\",\"max_tokens_to_sample\":50}", "" },
    { &llm_anthropic, "/v1/complete", "{\"model\":\"m\",\"prompt\":\"a\","
      "\"max_tokens_to_sample\":50}", NULL, "" },

    { &llm_gemini, GENERATE, "{" WORDS "}",
      "{\"generationConfig\":{\"maxOutputTokens\":50}," WORDS "}", "" },
    { &llm_gemini, GENERATE, "{" WORDS ",\"generationConfig\":{}}",
      "{" WORDS ",\"generationConfig\":{\"maxOutputTokens\":50}}", "" },
    { &llm_gemini, GENERATE, "{" WORDS ",\"generation_config\":{"
      "\"max_output_tokens\":90}}",
      "{" WORDS ",\"generation_config\":{\"max_output_tokens\":50}}", "" },
    { &llm_gemini, GENERATE, "{" WORDS ",\"generationConfig\":{"
      "\"maxOutputTokens\":9}}", NULL, "" },

    /* it is signed */

    { &llm_bedrock, "/model/m/converse", "{" HI "}", NULL, "" },

    { &llm_cohere, "/v2/chat", "{\"model\":\"m\"," HI "}",
      "{\"max_tokens\":50,\"model\":\"m\"," HI "}", "" },
    { &llm_cohere, "/v2/chat", "{\"model\":\"m\"," HI ",\"max_tokens\":90}",
      "{\"model\":\"m\"," HI ",\"max_tokens\":50}", "" },
    { &llm_huggingface, "/generate", "{\"inputs\":\"a\",\"parameters\":{"
      "\"max_new_tokens\":90}}",
      "{\"inputs\":\"a\",\"parameters\":{\"max_new_tokens\":50}}", "" },
    { &llm_huggingface, "/generate", "{\"inputs\":\"a\",\"parameters\":{"
      "\"max_new_tokens\":1}}", NULL, "" },
    { &llm_anthropic, MESSAGES, "{\"model\":\"m\",\"max_tokens\":1," HI "}",
      NULL, "" }
};


/* no maximum is wanted, or one as well; a name may have to be escaped */

static const edit_row_t  models[] = {

    { &llm_openai, CHAT, "{\"max_tokens\":90,\"model\":\"m\"," HI "}",
      "{\"max_tokens\":90,\"model\":\"a/b\"," HI "}", "a/b" },
    { &llm_openai, CHAT, "{" HI ",\"model\":\"m\",\"max_tokens\":7}",
      "{" HI ",\"model\":\"\\\"\\\\\",\"max_tokens\":7}", "\"\\" },
    { &llm_openai, "/v1/responses", "{\"input\":\"a\",\"model\":\"m\"}",
      "{\"input\":\"a\",\"model\":\"b\"}", "b" },
    { &llm_anthropic, MESSAGES, "{\"max_tokens\":9,\"model\":\"m\"," HI "}",
      "{\"max_tokens\":9,\"model\":\"b\"," HI "}", "b" },
    /* it stands in the path */

    { &llm_gemini, GENERATE, "{" WORDS "}", NULL, "b" },
    { &llm_bedrock, "/model/m/converse", "{" HI "}", NULL, "b" }
};


static void
check_edits(const edit_row_t *rows, size_t n, int64_t max)
{
    size_t     i;
    dialect_t  f;

    for (i = 0; i < n; i++) {
        ask(&f, rows[i].p, rows[i].path, rows[i].body);
        expect_edit_as(&f, max, rows[i].model,
                       rows[i].want ? rows[i].want : rows[i].body);
        done(&f);
    }
}


static void
test_maxima(void **state)
{
    (void) state;

    check_edits(maxima, sizeof(maxima) / sizeof(maxima[0]), 50);
}


static void
test_models(void **state)
{
    (void) state;

    check_edits(models, sizeof(models) / sizeof(models[0]), -1);
}


/* both, in the order of the body */

static void
test_both(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_openai, CHAT, "{\"model\":\"m\",\"max_tokens\":90," HI "}");
    expect_edit_as(&f, 50, "b", "{\"model\":\"b\",\"max_tokens\":50," HI "}");
    done(&f);

    ask(&f, &llm_openai, "/v1/responses", "{\"max_output_tokens\":90,"
        "\"input\":\"a\",\"model\":\"m\"}");
    expect_edit_as(&f, 50, "b", "{\"max_output_tokens\":50,\"input\":\"a\","
                                "\"model\":\"b\"}");
    done(&f);

    ask(&f, &llm_anthropic, MESSAGES, "{\"model\":\"m\"," HI
        ",\"max_tokens\":90}");
    expect_edit_as(&f, 50, "b", "{\"model\":\"b\"," HI ",\"max_tokens\":50}");
    done(&f);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_maxima),
        cmocka_unit_test(test_models),
        cmocka_unit_test(test_both),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
