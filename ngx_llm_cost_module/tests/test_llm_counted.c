
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * What is counted of requests besides their texts: documents, results of
 * tools, files, and marks.  A token is a byte here, so that a row is the bytes
 * of its texts and what the dialect adds for their shape.
 */

#include "dialect_fixture.h"
#include "usage_fixture.h"


extern const llm_provider_t  llm_anthropic, llm_bedrock, llm_cohere,
                             llm_gemini, llm_mistral, llm_openai, llm_vercel;


#define MESSAGES   "/v1/messages"
#define CONVERSE   "/model/m/converse"
#define GENERATE   "/v1beta/models/gemini-2.5-pro:generateContent"
#define VERCEL     "/v3/ai/language-model"

#define CLAUDE     "{\"model\":\"claude-sonnet-4-5\",\"max_tokens\":9,"
#define BLOCKS     CLAUDE "\"messages\":[{\"role\":\"user\",\"content\":["
#define WORD       "{\"type\":\"text\",\"text\":\"hi\"}"
#define GOOGLES    "{\"text\":\"hi\"}"
#define TEXT_FILE  "{\"type\":\"document\",\"source\":{\"type\":\"text\","   \
                   "\"media_type\":\"text/plain\",\"data\":"
#define PARTS      "{\"contents\":[{\"parts\":["
#define TOOL       "{\"prompt\":[{\"role\":\"tool\",\"content\":["             \
                   "{\"type\":\"tool-result\",\"toolCallId\":\"a\","          \
                   "\"toolName\":\"b\",\"output\":"
#define ENDS       "]}]}"
#define SAID       CLAUDE "\"messages\":[{\"role\":\"user\",\"content\":"      \
                   "\"hi\"}]"
#define HI         "{\"messages\":[{\"role\":\"user\",\"content\":["


/* beside which what is in the row is counted, and how much more that is */

static const struct {
    const llm_provider_t  *p;
    const char            *path;
    const char            *without;
    const char            *with;
    int64_t                more;
    unsigned               estimate;
} rows[] = {

    { &llm_anthropic, MESSAGES,
      BLOCKS WORD ENDS,
      BLOCKS WORD "," TEXT_FILE "\"twelve bytes\"}}" ENDS,
      614, 1 },
    { &llm_anthropic, MESSAGES,
      BLOCKS WORD ENDS,
      BLOCKS WORD ",{\"type\":\"document\",\"source\":{\"type\":"
      "\"content\",\"content\":\"twelve bytes\"}}" ENDS,
      14, 1 },
    { &llm_anthropic, MESSAGES,
      BLOCKS WORD ENDS,
      BLOCKS WORD ",{\"type\":"
      "\"container_upload\",\"file_id\":\"f\"}" ENDS,
      10000, 1 },
    { &llm_anthropic, MESSAGES,
      SAID "}",
      SAID ",\"mcp_servers\":[{\"type\":\"url\"},{\"type\":\"url\"}]}",
      8000, 1 },
    { &llm_anthropic, MESSAGES,
      SAID "}",
      SAID ",\"output_format\":{\"type\":\"json_schema\",\"schema\":{}}}",
      190, 1 },
    { &llm_gemini, GENERATE,
      PARTS GOOGLES ENDS,
      PARTS GOOGLES ",{\"executableCode\":{\"code\":\"print(1)\"}}" ENDS,
      23, 1 },
    { &llm_gemini, GENERATE,
      PARTS GOOGLES ENDS,
      PARTS GOOGLES ",{\"codeExecutionResult\":{\"output\":\"1\"}}"
      ENDS,
      18, 1 },
    { &llm_gemini, GENERATE,
      PARTS GOOGLES ENDS,
      PARTS GOOGLES ",{\"fileData\":{\"mimeType\":\"application/pdf\","
      "\"fileUri\":\"gs://a\"}}" ENDS,
      258000, 1 },
    { &llm_gemini, GENERATE,
      PARTS GOOGLES ENDS,
      PARTS GOOGLES ",{\"inlineData\":{\"mimeType\":\"audio/mp3\","
      "\"data\":\"AAAAAAAA\"}}" ENDS,
      32, 1 },
    { &llm_vercel, VERCEL,
      TOOL "{\"type\":\"text\",\"value\":\"\"}}" ENDS,
      TOOL "{\"type\":\"text\",\"value\":\"twelve bytes\"}}" ENDS,
      12, 1 },
    { &llm_vercel, VERCEL,
      TOOL "{\"type\":\"text\",\"value\":\"\"}}" ENDS,
      TOOL "{\"type\":\"json\",\"value\":{\"a\": 1}}}" ENDS,
      7, 1 },
    { &llm_vercel, VERCEL,
      TOOL "{\"type\":\"text\",\"value\":\"\"}}" ENDS,
      TOOL "{\"type\":\"content\",\"value\":[{\"type\":\"text\",\"text\":"
      "\"twelve bytes\"},{\"type\":\"text\",\"text\":\"four\"}]}}" ENDS,
      16, 1 },
    { &llm_bedrock, CONVERSE,
      HI "{\"text\":\"hi\"}" ENDS,
      HI "{\"text\":\"hi\"},{\"document\":{\"format\":\"txt\",\"name\":\"n\","
      "\"source\":{\"text\":\"twelve bytes\"}}}" ENDS,
      16, 1 },
    { &llm_bedrock, CONVERSE,
      HI "{\"text\":\"hi\"}" ENDS,
      HI "{\"text\":\"hi\"},{\"cachePoint\":{\"type\":\"default\"}}" ENDS,
      0, 1 },
    { &llm_openai, "/v1/videos/generations",
      "{\"model\":\"m\",\"prompt\":\"\"}",
      "{\"model\":\"m\",\"prompt\":\"twelve bytes\"}",
      12, 1 },
    { &llm_mistral, "/v1/conversations",
      "{\"model\":\"m\",\"inputs\":\"hi\"}",
      "{\"model\":\"m\",\"inputs\":\"hi\",\"instructions\":\"twelve bytes\"}",
      12, 1 },
    { &llm_mistral, "/v1/conversations",
      "{\"model\":\"m\",\"inputs\":\"hi\"}",
      "{\"model\":\"m\",\"inputs\":\"hi\",\"tools\":[{\"type\":\"function\"}]}",
      21, 1 },
    { &llm_gemini, GENERATE, PARTS GOOGLES ENDS,
      PARTS GOOGLES "]}],\"cachedContent\":\"cachedContents/a\"}",
      32768, 1 },
    { &llm_cohere, "/v1/generate",
      "{\"model\":\"m\",\"prompt\":\"\"}",
      "{\"model\":\"m\",\"prompt\":\"twelve bytes\"}",
      12, 1 },
    { &llm_cohere, "/v2/embed",
      "{\"model\":\"m\",\"inputs\":[{\"content\":[{\"type\":\"text\",\"text\":"
      "\"hi\"}]}]}",
      "{\"model\":\"m\",\"inputs\":[{\"content\":[{\"type\":\"text\",\"text\":"
      "\"hi\"},{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:x\"}}]}]}",
      1600, 1 }
};


static const char  *vercel[] = {
    "ai-language-model-id", "openai/gpt-4o", NULL
};


static int64_t
counted(size_t i, const char *body, unsigned *estimate)
{
    int64_t        n;
    dialect_t      f;
    llm_counter_t  c;

    memset(&c, 0, sizeof(c));
    c.count = count_bytes;

    ask_with(&f, rows[i].p, rows[i].path,
             rows[i].p == &llm_vercel ? vercel : NULL, body);

    if (f.rc != LLM_OK) {
        fail_msg("%s: %s", body, f.q.err);
    }

    assert_int_equal(rows[i].p->count(&f.q, &c), LLM_OK);

    n = f.q.input_tokens;
    *estimate = f.q.estimate;
    done(&f);

    return n;
}


static void
test_counted(void **state)
{
    size_t    i;
    int64_t   n;
    unsigned  estimate;

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        n = counted(i, rows[i].with, &estimate)
            - counted(i, rows[i].without, &(unsigned) { 0 });

        if (n != rows[i].more || estimate != rows[i].estimate) {
            fail_msg("%s: %lld %u", rows[i].with, (long long) n, estimate);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_counted)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
