
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * An object or a list that has figures of a usage in it, replaced by what is
 * none: they may be there and nobody has read them, so that the usage is not
 * to be relied upon, in each dialect alike.  null is one that is not there.
 */

#include "dialect_fixture.h"


extern const llm_provider_t  llm_anthropic, llm_bedrock, llm_cohere,
                             llm_gemini, llm_mistral, llm_huggingface,
                             llm_watsonx, llm_vercel, llm_replicate;


#define CHAT       "/v1/chat/completions"
#define RESPONSES  "/v1/responses"
#define MESSAGES   "/v1/messages"
#define GENERATE   "/v1beta/models/m:generateContent"
#define STREAM     "/v1beta/models/m:streamGenerateContent"
#define INTERACT   "/v1beta/interactions"
#define CONVERSE   "/model/m/converse"
#define INVOKE     "/model/m/invoke"
#define LANGUAGE   "/v3/ai/language-model"

#define HI         "{\"model\":\"m\",\"max_tokens\":9,\"messages\":["         \
                   "{\"role\":\"user\",\"content\":\"hi\"}]}"
#define WORDS      "{\"contents\":[{\"parts\":[{\"text\":\"hi\"}]}]}"
#define TURNS      "{\"prompt\":[{\"role\":\"user\",\"content\":["           \
                   "{\"type\":\"text\",\"text\":\"hi\"}]}]}"

/* usages of seven and five tokens, with one more member; what is %s is wrong */

#define OPENAI(more)    "{\"usage\":{\"prompt_tokens\":7,"                    \
                        "\"completion_tokens\":5," more "}}"
#define CLAUDE(more)    "{\"usage\":{\"input_tokens\":7,\"output_tokens\":5," \
                        more "}}"
#define GOOGLE(more)    "{\"usageMetadata\":{\"promptTokenCount\":7,"         \
                        "\"candidatesTokenCount\":5," more "}}"
#define GROUNDED(more)  "{\"candidates\":[{\"groundingMetadata\":" more "}]}"
#define SAID(more)      "{\"usage\":{\"total_input_tokens\":7,"               \
                        "\"total_output_tokens\":5," more "}}"
#define AMAZON(more)    "{\"usage\":{\"inputTokens\":7,\"outputTokens\":5,"   \
                        more "}}"
#define VERCEL(more)    "{\"usage\":{\"inputTokens\":{\"total\":7},"          \
                        "\"outputTokens\":{\"total\":5}," more "}}"


/* Vercel says in the header which model is asked */

static const char  *vercel[] = {
    "ai-language-model-id", "anthropic/claude-sonnet-4.5",
    "ai-language-model-specification-version", "3", NULL
};


typedef struct {
    const llm_provider_t  *p;
    const char            *path;
    const char            *request;
    const char            *type;          /* of an event; NULL: an answer */
    const char            *answer;
    unsigned               list;          /* it is a list that it should be */
} part_t;


static const part_t  parts[] = {

    { &llm_openai, CHAT, HI, NULL, "{\"usage\":%s}", 0 },
    { &llm_openai, CHAT, HI, "", "{\"choices\":[],\"x_groq\":%s}", 0 },
    { &llm_openai, CHAT, HI, "",
      "{\"choices\":[],\"x_groq\":{\"id\":\"r\",\"usage\":%s}}", 0 },
    { &llm_openai, CHAT, HI, NULL, OPENAI("\"prompt_tokens_details\":%s"), 0 },
    { &llm_openai, CHAT, HI, NULL, OPENAI("\"input_tokens_details\":%s"), 0 },
    { &llm_openai, CHAT, HI, NULL,
      OPENAI("\"completion_tokens_details\":%s"), 0 },
    { &llm_openai, CHAT, HI, NULL,
      OPENAI("\"server_tool_use_details\":%s"), 0 },
    { &llm_openai, CHAT, HI, NULL,
      OPENAI("\"server_side_tool_usage_details\":%s"), 0 },
    { &llm_openai, CHAT, HI, NULL, OPENAI("\"server_tool_use\":%s"), 0 },
    { &llm_openai, CHAT, HI, NULL, OPENAI("\"cached_tokens_details\":%s"), 0 },
    { &llm_openai, CHAT, HI, NULL,
      OPENAI("\"prompt_tokens_details\":{\"cached_tokens_details\":%s}"), 0 },
    { &llm_openai, CHAT, HI, NULL,
      OPENAI("\"prompt_tokens_details\":{"
             "\"cache_write_tokens_details\":%s}"), 0 },
    { &llm_openai, CHAT, HI, NULL,
      OPENAI("\"prompt_tokens_details\":{"
             "\"cache_creation_token_details\":%s}"), 0 },
    { &llm_openai, CHAT, HI, NULL, OPENAI("\"cache_creation\":%s"), 0 },
    { &llm_openai, CHAT, HI, NULL, OPENAI("\"tool_calls_details\":%s"), 0 },
    { &llm_openai, CHAT, HI, NULL,
      OPENAI("\"tool_calls_details\":{\"web_search\":%s}"), 0 },
    { &llm_openai, CHAT, HI, NULL, OPENAI("\"x_tools\":%s"), 0 },
    { &llm_openai, CHAT, HI, NULL,
      OPENAI("\"x_tools\":{\"web_search\":%s}"), 0 },
    { &llm_openai, CHAT, HI, NULL, OPENAI("\"plugins\":%s"), 0 },
    { &llm_openai, CHAT, HI, NULL,
      OPENAI("\"plugins\":{\"search\":%s}"), 0 },

    { &llm_openai, RESPONSES, "{\"model\":\"m\",\"input\":\"hi\"}", NULL,
      "{\"status\":\"completed\",\"usage\":%s}", 0 },
    { &llm_openai, RESPONSES, "{\"model\":\"m\",\"input\":\"hi\"}", "",
      "{\"type\":\"response.completed\",\"response\":%s}", 0 },
    { &llm_openai, RESPONSES, "{\"model\":\"m\",\"input\":\"hi\"}", "",
      "{\"type\":\"response.completed\",\"response\":{\"usage\":%s}}", 0 },
    { &llm_openai, RESPONSES, "{\"model\":\"m\",\"input\":\"hi\"}", NULL,
      "{\"status\":\"completed\",\"usage\":null,\"tool_usage\":%s}", 0 },
    { &llm_openai, RESPONSES, "{\"model\":\"m\",\"input\":\"hi\"}", NULL,
      "{\"status\":\"completed\",\"tool_usage\":{\"image_gen\":%s}}", 0 },
    { &llm_openai, RESPONSES, "{\"model\":\"m\",\"input\":\"hi\"}", NULL,
      "{\"status\":\"completed\",\"tool_usage\":{\"web_search\":%s}}", 0 },
    { &llm_openai, RESPONSES, "{\"model\":\"m\",\"input\":\"hi\"}", NULL,
      "{\"status\":\"completed\",\"output\":[{\"svg_usage\":%s}]}", 0 },

    { &llm_openai, "/v1/images/generations",
      "{\"model\":\"gpt-image-1\",\"prompt\":\"a\"}", NULL,
      "{\"data\":[{}],\"usage\":%s}", 0 },
    { &llm_openai, "/v1/audio/transcriptions",
      "{\"model\":\"m\",\"file\":\"\"}", NULL,
      "{\"text\":\"a\",\"usage\":%s}", 0 },
    { &llm_openai, "/v1/ocr",
      "{\"model\":\"m\",\"document\":{\"type\":\"document_url\","
      "\"document_url\":\"https://a\"}}", NULL, "{\"usage_info\":%s}", 0 },
    { &llm_openai, "/v1/threads/t/runs", "{\"assistant_id\":\"a\"}", NULL,
      "{\"object\":\"thread.run\",\"id\":\"r\",\"status\":\"completed\","
      "\"usage\":%s}", 0 },

    { &llm_anthropic, MESSAGES, HI, NULL, "{\"usage\":%s}", 0 },
    { &llm_anthropic, MESSAGES, HI, "message_start",
      "{\"type\":\"message_start\",\"message\":{\"usage\":%s}}", 0 },
    { &llm_anthropic, MESSAGES, HI, "message_delta",
      "{\"type\":\"message_delta\",\"delta\":{},\"usage\":%s}", 0 },
    { &llm_anthropic, MESSAGES, HI, NULL, CLAUDE("\"cache_creation\":%s"), 0 },
    { &llm_anthropic, MESSAGES, HI, NULL,
      CLAUDE("\"output_tokens_details\":%s"), 0 },
    { &llm_anthropic, MESSAGES, HI, NULL,
      CLAUDE("\"server_tool_use\":%s"), 0 },
    { &llm_anthropic, MESSAGES, HI, NULL, CLAUDE("\"iterations\":%s"), 1 },
    { &llm_anthropic, MESSAGES, HI, NULL, CLAUDE("\"iterations\":[%s]"), 0 },

    { &llm_gemini, GENERATE, WORDS, NULL, "{\"usageMetadata\":%s}", 0 },
    { &llm_gemini, STREAM, WORDS, "", "{\"usageMetadata\":%s}", 0 },
    { &llm_gemini, GENERATE, WORDS, NULL,
      GOOGLE("\"promptTokensDetails\":%s"), 1 },
    { &llm_gemini, GENERATE, WORDS, NULL,
      GOOGLE("\"promptTokensDetails\":[%s]"), 0 },
    { &llm_gemini, GENERATE, WORDS, NULL,
      GOOGLE("\"cacheTokensDetails\":%s"), 1 },
    { &llm_gemini, GENERATE, WORDS, NULL,
      GOOGLE("\"candidatesTokensDetails\":%s"), 1 },
    { &llm_gemini, GENERATE, WORDS, NULL, GROUNDED("%s"), 0 },
    { &llm_gemini, GENERATE, WORDS, NULL,
      GROUNDED("{\"webSearchQueries\":%s}"), 1 },
    { &llm_gemini, GENERATE, WORDS, NULL,
      GROUNDED("{\"imageSearchQueries\":%s}"), 1 },
    { &llm_gemini, GENERATE, WORDS, NULL,
      GROUNDED("{\"groundingChunks\":%s}"), 1 },
    { &llm_gemini, INTERACT, "{\"model\":\"m\",\"input\":\"hi\"}", NULL,
      "{\"usage\":%s}", 0 },
    { &llm_gemini, INTERACT, "{\"model\":\"m\",\"input\":\"hi\"}", NULL,
      SAID("\"input_tokens_by_modality\":%s"), 1 },
    { &llm_gemini, INTERACT, "{\"model\":\"m\",\"input\":\"hi\"}", NULL,
      SAID("\"input_tokens_by_modality\":[%s]"), 0 },
    { &llm_gemini, INTERACT, "{\"model\":\"m\",\"input\":\"hi\"}", NULL,
      SAID("\"grounding_tool_count\":%s"), 1 },
    { &llm_gemini, INTERACT, "{\"model\":\"m\",\"input\":\"hi\"}", NULL,
      SAID("\"grounding_tool_count\":[%s]"), 0 },

    { &llm_bedrock, CONVERSE, "{\"messages\":[]}", NULL, "{\"usage\":%s}", 0 },
    { &llm_bedrock, CONVERSE, "{\"messages\":[]}", "metadata",
      "{\"usage\":%s}", 0 },
    { &llm_bedrock, CONVERSE, "{\"messages\":[]}", NULL,
      AMAZON("\"cacheDetails\":%s"), 1 },
    { &llm_bedrock, CONVERSE, "{\"messages\":[]}", NULL,
      AMAZON("\"cacheDetails\":[%s]"), 0 },
    { &llm_bedrock, INVOKE, "{\"prompt\":\"x\"}", NULL,
      "{\"message\":{\"usage\":%s}}", 0 },
    { &llm_bedrock, INVOKE, "{\"prompt\":\"x\"}", NULL,
      "{\"amazon-bedrock-invocationMetrics\":%s}", 0 },
    { &llm_bedrock, INVOKE, "{\"prompt\":\"x\"}", NULL, "{\"results\":%s}",
      1 },
    { &llm_bedrock, INVOKE, "{\"prompt\":\"x\"}", NULL, "{\"results\":[%s]}",
      0 },
    { &llm_bedrock, INVOKE, "{\"prompt\":\"x\"}", NULL,
      CLAUDE("\"cache_creation\":%s"), 0 },
    { &llm_bedrock, INVOKE, "{\"prompt\":\"x\"}", NULL,
      CLAUDE("\"output_tokens_details\":%s"), 0 },
    { &llm_bedrock, INVOKE, "{\"prompt\":\"x\"}", NULL,
      OPENAI("\"prompt_tokens_details\":%s"), 0 },
    { &llm_bedrock, INVOKE, "{\"prompt\":\"x\"}", NULL,
      OPENAI("\"completion_tokens_details\":%s"), 0 },
    { &llm_bedrock, "/guardrail/x/version/1/apply",
      "{\"source\":\"INPUT\",\"content\":[{\"text\":{\"text\":\"x\"}}]}", NULL,
      "{\"usage\":%s}", 0 },

    { &llm_cohere, "/v2/chat", HI, NULL, "{\"usage\":%s}", 0 },
    { &llm_cohere, "/v2/chat", HI, NULL,
      "{\"usage\":{\"billed_units\":%s}}", 0 },
    { &llm_cohere, "/v2/chat", HI, NULL,
      "{\"usage\":{\"billed_units\":{\"input_tokens\":7},\"tokens\":%s}}", 0 },
    { &llm_cohere, "/v2/chat", HI, "",
      "{\"type\":\"message-end\",\"delta\":%s}", 0 },
    { &llm_cohere, "/v2/chat", HI, "",
      "{\"type\":\"message-end\",\"delta\":{\"usage\":%s}}", 0 },
    { &llm_cohere, "/v1/chat", "{\"model\":\"m\",\"message\":\"hi\"}", "",
      "{\"is_finished\":true,\"response\":%s}", 0 },
    { &llm_cohere, "/v1/chat", "{\"model\":\"m\",\"message\":\"hi\"}", NULL,
      "{\"meta\":%s}", 0 },
    { &llm_cohere, "/v2/rerank",
      "{\"model\":\"m\",\"query\":\"a\",\"documents\":[\"b\"]}", NULL,
      "{\"meta\":{\"billed_units\":%s}}", 0 },

    { &llm_mistral, "/v1/conversations", "{\"model\":\"m\",\"inputs\":\"hi\"}",
      NULL, "{\"usage\":%s}", 0 },
    { &llm_mistral, "/v1/conversations", "{\"model\":\"m\",\"inputs\":\"hi\"}",
      NULL, OPENAI("\"connectors\":%s"), 0 },

    { &llm_huggingface, "/generate", "{\"inputs\":\"hi\"}", NULL,
      "{\"generated_text\":\"a\",\"details\":%s}", 0 },
    { &llm_huggingface, "/generate", "{\"inputs\":\"hi\"}", NULL,
      "{\"details\":{\"generated_tokens\":5,\"prefill\":%s}}", 1 },
    { &llm_huggingface, "/generate", "{\"inputs\":\"hi\"}", NULL,
      "{\"details\":{\"generated_tokens\":5,\"best_of_sequences\":%s}}", 1 },

    { &llm_watsonx, "/ml/v1/text/generation",
      "{\"model_id\":\"m\",\"input\":\"hi\"}", NULL, "{\"results\":%s}", 1 },
    { &llm_watsonx, "/ml/v1/text/generation",
      "{\"model_id\":\"m\",\"input\":\"hi\"}", NULL, "{\"results\":[%s]}", 0 },

    { &llm_replicate, "/v1/models/a/b/predictions",
      "{\"input\":{\"prompt\":\"hi\"}}", NULL,
      "{\"id\":\"p\",\"status\":\"succeeded\",\"metrics\":%s}", 0 },
    { &llm_replicate, "/v1/models/a/b/predictions",
      "{\"input\":{\"prompt\":\"hi\"}}", NULL,
      "{\"id\":\"p\",\"status\":\"failed\",\"metrics\":%s}", 0 },

    { &llm_vercel, LANGUAGE, TURNS, NULL, "{\"usage\":%s}", 0 },
    { &llm_vercel, LANGUAGE, TURNS, NULL, VERCEL("\"raw\":%s"), 0 },
    { &llm_vercel, LANGUAGE, TURNS, NULL,
      VERCEL("\"raw\":{\"cache_creation\":%s}"), 0 },
    { &llm_vercel, LANGUAGE, TURNS, NULL,
      VERCEL("\"raw\":{\"server_tool_use\":%s}"), 0 },
    { &llm_vercel, LANGUAGE, TURNS, NULL,
      "{\"usage\":{\"inputTokens\":7,\"outputTokens\":5},"
      "\"providerMetadata\":{\"anthropic\":{\"usage\":%s}}}", 0 },
    { &llm_vercel, LANGUAGE, TURNS, NULL,
      "{\"providerMetadata\":{\"google\":{\"groundingMetadata\":%s}}}", 0 },
    { &llm_vercel, LANGUAGE, TURNS, NULL,
      "{\"providerMetadata\":{\"google\":{\"groundingMetadata\":{"
      "\"webSearchQueries\":%s}}}}", 1 }
};


static void
expect_usable(const part_t *row, const char *value, unsigned bad)
{
    char       body[1024];
    dialect_t  f;

    snprintf(body, sizeof(body), row->answer, value);

    ask_with(&f, row->p, row->path, row->p == &llm_vercel ? vercel : NULL,
             row->request);
    assert_int_equal(f.rc, LLM_OK);
    answer_begin(&f, NULL);

    if (row->type) {
        answer_event(&f, row->type, body);
        f.p->finish(&f.a);

    } else {
        answer_json(&f, body);
    }

    if (f.a.usage_bad != bad) {
        fail_msg("%s %s: %u", row->path, body, f.a.usage_bad);
    }

    expect_usage_sane(&f.a.usage);
    done(&f);
}


static void
test_parts(void **state)
{
    size_t  i, k;

    static const char * const  wrong[] = {
        "7", "-1", "1.5", "1e400", "\"\"", "\"x\"", "true", "false"
    };

    (void) state;

    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {

        for (k = 0; k < sizeof(wrong) / sizeof(wrong[0]); k++) {
            expect_usable(&parts[i], wrong[k], 1);
        }

        expect_usable(&parts[i], parts[i].list ? "{}" : "[]", 1);
        expect_usable(&parts[i], parts[i].list ? "{\"a\":7}" : "[7]", 1);

        expect_usable(&parts[i], "null", 0);
        expect_usable(&parts[i], parts[i].list ? "[]" : "{}", 0);
    }
}


/* what stands in such a place in answers that are right all the same */

static void
test_others(void **state)
{
    size_t  i;

    static const part_t  others[] = {
        { &llm_bedrock, INVOKE, "{\"prompt\":\"x\"}", NULL,
          "{\"message\":%s}", 0 },
        { &llm_anthropic, MESSAGES, HI, "error",
          "{\"type\":\"error\",\"message\":%s}", 0 },
        { &llm_vercel, LANGUAGE, TURNS, NULL,
          "{\"providerMetadata\":{\"anthropic\":%s}}", 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        expect_usable(&others[i], "\"too many requests\"", 0);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_others)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
