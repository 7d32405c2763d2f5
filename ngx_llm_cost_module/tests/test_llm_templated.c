
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Models whose template is known, in the dialects of others: what is around
 * texts is the same in each.  A token is a byte here.
 */

#include "dialect_fixture.h"


extern const llm_provider_t  llm_anthropic, llm_bedrock, llm_ollama;
extern const llm_provider_t  llm_openai;

#define CONVERSE(model)  "/model/" model "/converse"
#define INVOKE(model)    "/model/" model "/invoke"
#define RESPONSES        "/v1/responses"
#define CHAT             "/v1/chat/completions"
#define MESSAGES         "/v1/messages"

#define CLAUDE           "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
#define NOVA             "us.amazon.nova-micro-v1:0"
#define NOVA2            "us.amazon.nova-2-lite-v1:0"
#define QWEN             "qwen.qwen3-32b-v1:0"

/* texts of n bytes, as a Claude of these generations has them */

#define TEXTS(n)         ((n) * 118 / 100)


static void
expect(const llm_provider_t *p, const char *path, const char *body,
    int64_t tokens)
{
    dialect_t      f;
    llm_counter_t  c;

    memset(&c, 0, sizeof(c));
    c.count = count_bytes;

    ask(&f, p, path, body);
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.p->count(&f.q, &c), LLM_OK);

    if (f.q.input_tokens != tokens || !f.q.estimate) {
        fail_msg("%s: %lld, not %lld%s", body, (long long) f.q.input_tokens,
                 (long long) tokens, f.q.estimate ? "" : ", exact");
    }

    done(&f);
}


#define SAID(role, text)                                                      \
    "{\"role\":\"" role "\",\"content\":[{\"text\":\"" text "\"}]}"

#define TOOL                                                                  \
    "{\"toolSpec\":{\"name\":\"ff\",\"description\":\"ddd\",\"inputSchema\":" \
    "{\"json\":{\"a\":1}}}}"

#define CALLED                                                                \
    "{\"role\":\"assistant\",\"content\":[{\"text\":\"ab\"},{\"toolUse\":{"   \
    "\"toolUseId\":\"unseen\",\"name\":\"ff\",\"input\":{\"a\":1}}},"         \
    "{\"toolUse\":{\"name\":\"ff\",\"input\":{}}}]},"                         \
    "{\"role\":\"user\",\"content\":[{\"toolResult\":{\"toolUseId\":\"x\","   \
    "\"status\":\"success\",\"content\":[{\"text\":\"r\"}]}},"                \
    "{\"toolResult\":{\"content\":[{\"json\":{\"b\": 2}}]}}]}"


static void
test_converse_claude(void **state)
{
    (void) state;

    expect(&llm_bedrock, CONVERSE(CLAUDE), "{\"messages\":["
           SAID("user", "abcde") "],\"system\":[]}", 4 + 3 + TEXTS(5));

    expect(&llm_bedrock, CONVERSE(CLAUDE), "{\"messages\":["
           SAID("user", "abcde") "],\"system\":[{\"text\":\"fgh\"},"
           "{\"cachePoint\":{\"type\":\"default\"}}]}",
           4 + 3 + 3 + TEXTS(8));

    /* {"a":1} is shown as it is; a tool that must be called */

    expect(&llm_bedrock, CONVERSE(CLAUDE), "{\"messages\":["
           SAID("user", "abcde") "],\"toolConfig\":{\"tools\":[" TOOL ","
           "{\"cachePoint\":{\"type\":\"default\"}}],"
           "\"toolChoice\":{\"auto\":{}}}}",
           4 + 3 + 500 + 24 + 24 + TEXTS(5 + 2 + 3 + 7));
    expect(&llm_bedrock, CONVERSE(CLAUDE), "{\"messages\":["
           SAID("user", "abcde") "],\"toolConfig\":{\"tools\":[" TOOL "],"
           "\"toolChoice\":{\"any\":{}}}}",
           4 + 3 + 500 + 24 + 105 + TEXTS(5 + 2 + 3 + 7));

    /* results of several calls are one message */

    expect(&llm_bedrock, CONVERSE(CLAUDE), "{\"messages\":["
           SAID("user", "abcde") "," CALLED "]}",
           4 + 3 * 3 + 2 * 36 + 2 * 28
           + TEXTS(5 + 2 + 2 + 7 + 2 + 2 + 1 + 7));

    /* a schema is in a string of its own */

    expect(&llm_bedrock, CONVERSE(CLAUDE), "{\"messages\":["
           SAID("user", "abcde") "],\"outputConfig\":{\"textFormat\":{"
           "\"type\":\"json_schema\",\"structure\":{\"jsonSchema\":{"
           "\"name\":\"nn\",\"schema\":\"{\\\"a\\\":1}\"}}}}}",
           4 + 3 + 150 + TEXTS(5 + 2 + 7));

    expect(&llm_bedrock, CONVERSE(CLAUDE), "{\"messages\":["
           SAID("user", "abcde") "],\"additionalModelRequestFields\":{"
           "\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1024}}}",
           4 + 3 + 28 + TEXTS(5));
    expect(&llm_bedrock, CONVERSE(CLAUDE), "{\"messages\":["
           SAID("user", "abcde") "],\"additionalModelRequestFields\":{"
           "\"thinking\":{\"type\":\"adaptive\"}}}", 4 + 3 + TEXTS(5));
}


#define THOUGHT(text)                                                         \
    "{\"reasoningContent\":{\"reasoningText\":{\"text\":\"" text "\","        \
    "\"signature\":\"unseen\"}}}"

static void
test_converse_thoughts(void **state)
{
    (void) state;

    /* shown again until a user says something else than results */

    expect(&llm_bedrock, CONVERSE(CLAUDE), "{\"messages\":["
           SAID("user", "abc") ",{\"role\":\"assistant\",\"content\":["
           THOUGHT("tttt") ",{\"toolUse\":{\"name\":\"f\",\"input\":{}}}]},"
           "{\"role\":\"user\",\"content\":[{\"toolResult\":{\"content\":[]}}]"
           "}]}", 4 + 3 * 3 + 36 + 28 + TEXTS(3 + 4 + 1 + 2));

    expect(&llm_bedrock, CONVERSE(CLAUDE), "{\"messages\":["
           SAID("user", "abc") ",{\"role\":\"assistant\",\"content\":["
           THOUGHT("tttt") ",{\"text\":\"xy\"}]}," SAID("user", "z") "]}",
           4 + 3 * 3 + TEXTS(3 + 2 + 1));

    expect(&llm_bedrock, CONVERSE(CLAUDE), "{\"messages\":[{\"role\":"
           "\"user\",\"content\":[{\"text\":\"a\"},{\"reasoningContent\":{"
           "\"redactedContent\":\"AAAA\"}}]}]}", 4 + 3 + TEXTS(1));
}


static void
test_converse_documents(void **state)
{
    (void) state;

    /* "abcdef" in base64, and what to cite it costs, once */

    expect(&llm_bedrock, CONVERSE(CLAUDE), "{\"messages\":[{\"role\":"
           "\"user\",\"content\":[{\"document\":{\"name\":\"n\",\"format\":"
           "\"txt\",\"source\":{\"bytes\":\"YWJjZGVm\"}}}]}]}",
           4 + 3 + TEXTS(6));
    expect(&llm_bedrock, CONVERSE(CLAUDE), "{\"messages\":[{\"role\":"
           "\"user\",\"content\":[{\"document\":{\"format\":\"txt\","
           "\"source\":{\"text\":\"abc\"},\"citations\":{\"enabled\":true}}},"
           "{\"searchResult\":{\"source\":\"s\",\"title\":\"tt\",\"content\":["
           "{\"text\":\"xyz\"}],\"citations\":{\"enabled\":true}}}]}]}",
           4 + 3 + 590 + TEXTS(3 + 1 + 2 + 3));

    /* pages of another format, by their bytes; a file of S3, as of any model */

    expect(&llm_bedrock, CONVERSE(CLAUDE), "{\"messages\":[{\"role\":"
           "\"user\",\"content\":[{\"document\":{\"format\":\"pdf\","
           "\"source\":{\"bytes\":\""
           "JVBERi0xJVBERi0xJVBERi0xJVBERi0xJVBERi0xJVBERi0xJVBERi0xJVBERi0x"
           "JVBERi0x\"}}}]}]}", 4 + 3 + 1500 + 72 / 6);
    expect(&llm_bedrock, CONVERSE(CLAUDE), "{\"messages\":[{\"role\":"
           "\"user\",\"content\":[{\"image\":{\"format\":\"png\",\"source\":{"
           "\"s3Location\":{\"uri\":\"s3://a\"}}}}]}]}",
           4 + 3 + 3 + 200000);
}


static void
test_converse_others(void **state)
{
    (void) state;

    expect(&llm_bedrock, CONVERSE(NOVA), "{\"messages\":["
           SAID("user", "abcde") "],\"system\":[{\"text\":\"fgh\"}]}", 8);

    expect(&llm_bedrock, CONVERSE(NOVA), "{\"messages\":[{\"role\":"
           "\"user\",\"content\":[{\"guardContent\":{\"text\":{\"text\":"
           "\"abc\",\"qualifiers\":[\"query\"]}}}]}]}", 3);

    /* the tools of the host's own are told in 65 */

    expect(&llm_bedrock, CONVERSE(NOVA2), "{\"messages\":["
           SAID("user", "abcde") "],\"toolConfig\":{\"tools\":[{"
           "\"systemTool\":{\"name\":\"nova_grounding\"}}]}}", 46 + 5 + 65);
    expect(&llm_bedrock, CONVERSE(NOVA2), "{\"messages\":["
           SAID("user", "abcde") "],\"additionalModelRequestFields\":{"
           "\"reasoningConfig\":{\"type\":\"enabled\"}}}", 46 + 5 + 50);

    /* invoked, it has the words of converse */

    expect(&llm_bedrock, INVOKE(NOVA), "{\"schemaVersion\":\"messages-v1\","
           "\"messages\":[" SAID("user", "abcde") "]}", 5);

    /* and others those of OpenAI's chat or of Anthropic's messages */

    expect(&llm_bedrock, CONVERSE(QWEN), "{\"messages\":["
           SAID("user", "abcde") "]}", 5 + 5 + 3);
    expect(&llm_bedrock, INVOKE(QWEN), "{\"messages\":[{\"role\":\"user\","
           "\"content\":\"abcde\"}]}", 5 + 5 + 3);
    expect(&llm_bedrock, INVOKE(CLAUDE), "{\"anthropic_version\":\"b\","
           "\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":"
           "\"abcde\"}]}", 4 + 3 + TEXTS(5));

    /* nothing is known of it, or it is no chat: all texts */

    expect(&llm_bedrock, CONVERSE("us.writer.palmyra-x4-v1:0"),
           "{\"messages\":[" SAID("user", "abcde") "]}", 4 + 5);
    expect(&llm_bedrock, INVOKE("meta.llama3-8b-instruct-v1:0"),
           "{\"prompt\":\"abcde\"}", 5);

    /* neither texts nor objects where they are wanted: what is around them */

    expect(&llm_bedrock, CONVERSE(QWEN), "{\"messages\":[{\"role\":7,"
           "\"content\":[7,{\"text\":{}},{\"toolUse\":[]},{\"toolResult\":7},"
           "{\"document\":7},{\"reasoningContent\":\"x\"},{\"toolResult\":{"
           "\"content\":7}}]}],\"toolConfig\":{\"tools\":[7,{\"toolSpec\":7}],"
           "\"toolChoice\":7},\"outputConfig\":{\"textFormat\":7},"
           "\"system\":{}}", 11 + 4 + 2 * 5 + 76 + 5 + 3 + 15 + 3);
}


static void
test_ollama(void **state)
{
    (void) state;

    expect(&llm_ollama, "/api/chat", "{\"model\":\"qwen3\",\"messages\":[{"
           "\"role\":\"system\",\"content\":\"abc\"},{\"role\":\"user\","
           "\"content\":\"de\"}]}", 5 + 3 + 5 + 2 + 3);

    /* arguments are written as Python has them, {"a": 1} */

    expect(&llm_ollama, "/api/chat", "{\"model\":\"qwen3\",\"messages\":[{"
           "\"role\":\"assistant\",\"content\":\"\",\"thinking\":\"tt\","
           "\"tool_calls\":[{\"function\":{\"name\":\"ff\",\"arguments\":{"
           "\"a\":1}}}]},{\"role\":\"tool\",\"tool_name\":\"ff\",\"content\":"
           "\"r\"}]}", 5 + 5 + 2 + 11 + 2 + 8 + 4 + 5 + 1 + 3);

    /* a prompt is what a user says, but not one that is raw */

    expect(&llm_ollama, "/api/generate", "{\"model\":\"qwen3\",\"system\":"
           "\"abc\",\"prompt\":\"de\",\"template\":\"\"}", 5 + 3 + 5 + 2 + 3);
    expect(&llm_ollama, "/api/generate", "{\"model\":\"qwen3\",\"prompt\":"
           "\"de\",\"raw\":true}", 2);
    expect(&llm_ollama, "/api/generate", "{\"model\":\"qwen3\",\"prompt\":"
           "\"de\",\"template\":\"fgh\"}", 5);
    expect(&llm_ollama, "/api/embed", "{\"model\":\"qwen3-embedding\","
           "\"input\":[\"ab\",\"c\"]}", 3);
}


static void
test_responses(void **state)
{
    (void) state;

    expect(&llm_openai, RESPONSES, "{\"model\":\"qwen3\",\"instructions\":"
           "\"abc\",\"input\":\"de\"}", 5 + 3 + 5 + 2 + 3);

    /* calls of one turn are one message, and thoughts of it count */

    expect(&llm_openai, RESPONSES, "{\"model\":\"qwen3\",\"input\":[{"
           "\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":"
           "\"de\"}]},{\"type\":\"reasoning\",\"summary\":[],\"content\":[{"
           "\"type\":\"reasoning_text\",\"text\":\"tt\"}]},{\"type\":"
           "\"function_call\",\"name\":\"ff\",\"arguments\":\"{}\"},{\"type\":"
           "\"function_call\",\"name\":\"ff\",\"arguments\":\"{}\"},{\"type\":"
           "\"function_call_output\",\"output\":\"r\"}]}",
           5 + 2 + 5 + 2 + 5 + 2 * (11 + 2 + 2) + 4 + 5 + 1 + 3);

    expect(&llm_openai, RESPONSES, "{\"model\":\"qwen3\",\"input\":[{"
           "\"role\":\"assistant\",\"content\":\"de\"},{\"type\":"
           "\"function_call\",\"name\":\"ff\",\"arguments\":\"{}\"}]}",
           5 + 2 + 11 + 2 + 2 + 3);

    /* thoughts in a form that a gateway does not know are not passed on */

    expect(&llm_openai, CHAT, "{\"model\":\"kimi-k2.5\",\"messages\":[{"
           "\"role\":\"assistant\",\"content\":\"a\","
           "\"reasoning_details\":[{\"format\":\"unknown\",\"text\":"
           "\"bcd\"},{\"format\":\"x\",\"text\":\"ef\"}]}]}",
           6 + 1 + 2 + 4);

    expect(&llm_openai, RESPONSES, "{\"model\":\"anthropic/claude-opus-4-5\","
           "\"input\":[{\"role\":\"user\",\"content\":\"abcde\"}],\"tools\":[{"
           "\"type\":\"function\",\"name\":\"ff\",\"parameters\":{}}],"
           "\"tool_choice\":\"required\"}",
           4 + 3 + 500 + 24 + 105 + TEXTS(5 + 2 + 2));

    /* DeepSeek is told of the highest effort, which is the default here */

    expect(&llm_openai, RESPONSES, "{\"model\":\"deepseek-v4-flash\","
           "\"input\":\"abc\"}", 1 + 1 + 3 + 2 + 79);
    expect(&llm_openai, RESPONSES, "{\"model\":\"deepseek-v4-flash\","
           "\"input\":\"abc\",\"reasoning\":{\"effort\":\"low\"}}",
           1 + 1 + 3 + 2);
    expect(&llm_openai, CHAT, "{\"model\":\"deepseek-v4-flash\","
           "\"messages\":[{\"role\":\"user\",\"content\":\"abc\"}]}",
           1 + 1 + 3 + 2);
    expect(&llm_openai, CHAT, "{\"model\":\"deepseek-v4-flash\","
           "\"reasoning_effort\":\"max\",\"messages\":[{\"role\":"
           "\"user\",\"content\":\"abc\"}]}", 1 + 1 + 3 + 2 + 79);

    /* sealed thoughts by their length, which 40 of it are not */

    expect(&llm_openai, RESPONSES, "{\"model\":\"grok-4.3\",\"input\":[{"
           "\"type\":\"reasoning\",\"encrypted_content\":"
           "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"},{"
           "\"role\":\"user\",\"content\":\"abc\"}]}", 189 + 2 + 3 + 3);
}


/* OpenAI's: tools that a search finds, which are not shown before */

#define SEARCH                                                                \
    "\"tools\":[{\"type\":\"tool_search\"},{\"type\":\"function\","          \
    "\"name\":\"ff\",\"defer_loading\":true}]"

static void
test_tool_search(void **state)
{
    int64_t  base;

    (void) state;

    /* a message of tools, in which there is the search alone */

    base = 3 + 4 + 1 + 2 + 3
           + (int64_t) strlen("# Tools\n\n## functions\n\nnamespace functions"
                              " {\n\n{\"type\":\"tool_search\"}"
                              "} // namespace functions");

    expect(&llm_openai, RESPONSES, "{\"model\":\"gpt-5.4\",\"input\":\"a\","
           SEARCH "}", base + 570);
    expect(&llm_openai, RESPONSES, "{\"model\":\"gpt-5.4\",\"input\":[{"
           "\"role\":\"user\",\"content\":\"a\"},{\"type\":"
           "\"tool_search_call\"}]," SEARCH "}", base + 330 + 4 + 27);
    expect(&llm_openai, RESPONSES, "{\"model\":\"gpt-5.4\",\"input\":[{"
           "\"role\":\"user\",\"content\":\"a\"},{\"type\":"
           "\"tool_search_output\"}]," SEARCH "}", base + 30 + 4 + 29);

    /* one that the client makes is shown as a function is; more tools */

    expect(&llm_openai, RESPONSES, "{\"model\":\"gpt-5.4\",\"input\":\"a\","
           "\"tools\":[{\"type\":\"tool_search\",\"execution\":\"client\","
           "\"parameters\":{}}]}",
           base - (int64_t) strlen("{\"type\":\"tool_search\"}")
           + (int64_t) strlen("type  = () => any;\n\n"));
    expect(&llm_openai, RESPONSES, "{\"model\":\"gpt-5.4\",\"input\":[{"
           "\"role\":\"user\",\"content\":\"a\"},{\"type\":"
           "\"additional_tools\"}]}", 3 + 4 + 1 + 2 + 4 + 58 + 27);
}


/* what a model thought is sealed: it is counted while its turn goes on */

static void
test_sealed(void **state)
{
    char    body[4096], sealed[1501];
    size_t  i;

    static const char * const  after[] = {
        "", ",{\"role\":\"user\",\"content\":\"a\"}"
    };

    (void) state;

    memset(sealed, 'a', 1500);
    sealed[1500] = '\0';

    for (i = 0; i < 2; i++) {
        snprintf(body, sizeof(body), "{\"model\":\"gpt-5\",\"input\":[{"
                 "\"role\":\"user\",\"content\":\"a\"},{\"type\":"
                 "\"reasoning\",\"encrypted_content\":\"%s\"}%s]}", sealed,
                 after[i]);
        expect(&llm_openai, RESPONSES, body, i ? 2 * (3 + 4 + 1) + 2
                                               : 3 + 4 + 1 + 2 + 100);
    }
}


/* what tools that Anthropic ran have brought, and thoughts of this turn */

#define MESSAGE(blocks, after)                                                \
    "{\"model\":\"claude-sonnet-4-5\",\"max_tokens\":9,\"messages\":["        \
    "{\"role\":\"assistant\",\"content\":[" blocks "]}" after "]}"

#define USER  ",{\"role\":\"user\",\"content\":\"z\"}"

static void
test_anthropic(void **state)
{
    (void) state;

    expect(&llm_anthropic, MESSAGES, MESSAGE("{\"type\":"
           "\"web_search_tool_result\",\"content\":[{\"type\":"
           "\"web_search_result\",\"title\":\"tt\",\"url\":\"u\","
           "\"encrypted_content\":\"aaaaaaaaaaaa\"}]}", ""),
           4 + 3 + 28 + 2 + TEXTS(2));
    expect(&llm_anthropic, MESSAGES, MESSAGE("{\"type\":"
           "\"bash_code_execution_tool_result\",\"content\":{\"type\":"
           "\"bash_code_execution_result\",\"stdout\":\"abc\",\"stderr\":"
           "\"d\",\"return_code\":0}}", ""), 4 + 3 + 28 + TEXTS(4));

    expect(&llm_anthropic, MESSAGES, MESSAGE("{\"type\":"
           "\"redacted_thinking\",\"data\":\"aaaaaaaaaaaa\"},{\"type\":"
           "\"thinking\",\"thinking\":\"\",\"signature\":\"aaaaaa\"},{"
           "\"type\":\"thinking\",\"thinking\":\"xy\",\"signature\":"
           "\"aaaaaa\"}", USER), 4 + 3 * 2 + 2 + 1 + TEXTS(3));
    expect(&llm_anthropic, MESSAGES, MESSAGE("{\"type\":"
           "\"redacted_thinking\",\"data\":\"aaaaaaaaaaaa\"},{\"type\":"
           "\"thinking\",\"thinking\":\"\",\"signature\":\"aaaaaa\"}",
           USER USER), 4 + 3 * 3 + TEXTS(2));
}


/* OpenAI's: documents that are elsewhere, or are a text; kept prompts */

static void
test_documents(void **state)
{
    (void) state;

    expect(&llm_openai, RESPONSES, "{\"model\":\"gpt-4o\",\"input\":[{"
           "\"role\":\"user\",\"content\":[{\"type\":\"input_file\","
           "\"file_url\":\"https://a/b\"}]}]}", 3 + 4 + 20000 + 3);
    expect(&llm_openai, CHAT, "{\"model\":\"gpt-4o\",\"messages\":[{"
           "\"role\":\"user\",\"content\":[{\"type\":\"file\",\"file\":{"
           "\"file_id\":\"f\"}}]}]}", 3 + 4 + 20000 + 3);
    expect(&llm_openai, CHAT, "{\"model\":\"gpt-4o\",\"messages\":[{"
           "\"role\":\"user\",\"content\":[{\"type\":\"file\",\"file\":{"
           "\"file_data\":\"data:text/plain;base64,YWJjZGVm\"}}]}]}",
           3 + 4 + 6 + 3);
    expect(&llm_openai, CHAT, "{\"model\":\"gpt-4o\",\"messages\":[{"
           "\"role\":\"user\",\"content\":[{\"type\":\"video_url\","
           "\"video_url\":{\"url\":\"https://a/b\"}}]}]}",
           3 + 4 + 20000 + 3);
    expect(&llm_openai, CHAT, "{\"model\":\"mistral-tiny\",\"messages\":[{"
           "\"role\":\"user\",\"content\":[{\"type\":\"document_url\","
           "\"document_url\":\"https://a/b\"}]}]}", 1 + 2 + 20000);

    /* a picture that was made, and one of a screen, are not their base64 */

    expect(&llm_openai, RESPONSES, "{\"model\":\"gpt-4o\",\"input\":[{"
           "\"type\":\"image_generation_call\",\"result\":\"AAAA\"},{"
           "\"type\":\"computer_call_output\",\"output\":{\"type\":"
           "\"computer_screenshot\",\"image_url\":\"data:image/png;base64,"
           "iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAIAAAAlC+aJ\"}}]}",
           2 * 4 + 1600 + 85 + 170 + 3);

    expect(&llm_openai, RESPONSES, "{\"prompt\":{\"id\":\"p\",\"variables\":{"
           "\"a\":\"abc\",\"b\":{\"type\":\"input_text\",\"text\":\"de\"}}}}",
           500 + 3 + 2 + 3);
    expect(&llm_openai, RESPONSES, "{\"prompt\":{\"id\":\"p\",\"variables\":"
           "[7]}}", 500 + 3);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_converse_claude),
        cmocka_unit_test(test_converse_thoughts),
        cmocka_unit_test(test_converse_documents),
        cmocka_unit_test(test_converse_others),
        cmocka_unit_test(test_ollama),
        cmocka_unit_test(test_responses),
        cmocka_unit_test(test_tool_search),
        cmocka_unit_test(test_sealed),
        cmocka_unit_test(test_anthropic),
        cmocka_unit_test(test_documents)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
