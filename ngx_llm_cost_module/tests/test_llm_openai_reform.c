
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/* Chats and completions: documents out of streams, and streams out of those. */

#include "reform_fixture.h"


static const reform_t  chat = { &llm_openai, LLM_KIND_CHAT, 0 };
static const reform_t  completion = { &llm_openai, LLM_KIND_COMPLETION, 0 };


#define TOP   "\"id\":\"c1\",\"created\":7,\"model\":\"m-1\""
#define HEAD  "{\"object\":\"chat.completion\"," TOP ",\"choices\":"
#define USED  "\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":5,"      \
              "\"total_tokens\":15,\"cost\":1.50e-3}"

#define PLAIN HEAD "[{\"index\":0,\"message\":{\"role\":\"assistant\","       \
              "\"content\":\"Hel\\\"lo \\ud83d\\ude00\\n\","                  \
              "\"refusal\":null},\"logprobs\":null,"                          \
              "\"finish_reason\":\"stop\"}]," USED ",\"service_tier\":"       \
              "\"default\",\"system_fingerprint\":\"fp\"}"

#define CALLS HEAD "[{\"index\":0,\"message\":{\"role\":\"assistant\","       \
              "\"content\":null,\"tool_calls\":[{\"id\":\"a\",\"type\":"      \
              "\"function\",\"function\":{\"name\":\"f\",\"arguments\":"      \
              "\"{\\\"x\\\":1}\"}},{\"id\":\"b\",\"type\":\"function\","      \
              "\"function\":{\"name\":\"g\",\"arguments\":\"\"},"             \
              "\"extra_content\":{\"google\":{\"s\":[1,2]}}}]},"              \
              "\"logprobs\":null,\"finish_reason\":\"tool_calls\"}],"         \
              USED "}"


#define CHUNK(choices, more)                                                  \
    "data: {\"object\":\"chat.completion.chunk\"," TOP ",\"choices\":["       \
    choices "]" more "}\n\n"
#define DELTA(i, delta)                                                       \
    CHUNK("{\"index\":" #i ",\"delta\":{" delta "},\"finish_reason\":null}",  \
          ",\"usage\":null,\"obfuscation\":\"xy\"")
#define STOP(i, why)                                                          \
    CHUNK("{\"index\":" #i ",\"delta\":{},\"finish_reason\":\"" why "\"}", "")
#define LAST  CHUNK("", "," USED)
#define DONE  "data: [DONE]\n\n"

#define HELLO DELTA(0, "\"role\":\"assistant\",\"content\":\"\","             \
                       "\"refusal\":null")                                    \
              DELTA(0, "\"content\":\"Hel\\\"lo \\ud83d\"")                   \
              DELTA(0, "\"content\":\"\\ude00\\n\"")                          \
              STOP(0, "stop")


static void
test_there_and_back(void **state)
{
    (void) state;

    there_and_back(&chat, USAGE, PLAIN);
    there_and_back(&chat, USAGE, CALLS);

    there_and_back(&chat, USAGE,
        HEAD "[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
        "null,\"refusal\":\"I won't\"},\"logprobs\":{\"content\":null,"
        "\"refusal\":[{\"token\":\"I\",\"logprob\":-1.5e-7,\"bytes\":[73]}]},"
        "\"finish_reason\":\"stop\"}]," USED "}");

    there_and_back(&chat, USAGE,
        HEAD "[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
        "\"b\",\"reasoning_content\":\"a\",\"annotations\":[{\"type\":\"u\"}]"
        "},\"logprobs\":{\"content\":[1,2],\"refusal\":null},"
        "\"finish_reason\":\"stop\",\"native_finish_reason\":\"end\"},"
        "{\"index\":2,\"message\":{\"role\":\"assistant\",\"content\":\"\","
        "\"reasoning\":\"r\"},\"logprobs\":null,\"finish_reason\":\"length\"}]"
        "," USED ",\"provider\":\"P\"}");

    there_and_back(&chat, USAGE,
        HEAD "[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
        "null,\"function_call\":{\"name\":\"f\",\"arguments\":\"{}\"}},"
        "\"logprobs\":null,\"finish_reason\":\"function_call\"}]," USED "}");

    there_and_back(&completion, USAGE,
        "{\"object\":\"text_completion\"," TOP ",\"choices\":[{\"index\":0,"
        "\"text\":\"one\",\"logprobs\":null,\"finish_reason\":\"stop\"},"
        "{\"index\":1,\"text\":\"two\",\"logprobs\":null,"
        "\"finish_reason\":\"length\"}]," USED "}");
}


/* over lines: a value in an event is in one */

static void
test_pretty(void **state)
{
    char    *stream, *back, *pretty;
    json_t  *j;

    (void) state;

    j = json_loads(CALLS, 0, NULL);
    pretty = json_dumps(j, JSON_INDENT(2));
    json_decref(j);

    stream = reform(&chat, JSON, USAGE, pretty);
    assert_non_null(stream);

    back = reform(&chat, USAGE, JSON, stream);
    same_json(back, CALLS);

    free(pretty);
    free(stream);
    free(back);
}


static void
test_joined(void **state)
{
    char  *out;

    (void) state;

    out = reform(&chat, USAGE, JSON, HELLO LAST DONE);
    same_json(out, HEAD "[{\"index\":0,\"message\":{\"role\":\"assistant\","
              "\"content\":\"Hel\\\"lo \\ud83d\\ude00\\n\",\"refusal\":null},"
              "\"logprobs\":null,\"finish_reason\":\"stop\"}]," USED "}");
    free(out);

    /* comments, CRLF, no [DONE], the usage on the last chunk with a choice */

    out = reform(&chat, SSE, JSON,
                 ": wait\r\n\r\n"
                 "data: {" TOP ",\"choices\":[{\"index\":0,\"delta\":"
                 "{\"content\":\"a\"}}]}\r\n\r\n"
                 "data:{" TOP ",\"choices\":[{\"index\":0,\"delta\":"
                 "{\"content\":\"b\"},\"finish_reason\":\"stop\"}]," USED
                 "}\r\n");
    same_json(out, HEAD "[{\"index\":0,\"message\":{\"role\":\"assistant\","
              "\"content\":\"ab\"},\"logprobs\":null,\"finish_reason\":"
              "\"stop\"}]," USED "}");
    free(out);
}


static void
test_calls_joined(void **state)
{
    char  *out;

    (void) state;

    out = reform(&chat, USAGE, JSON,
        DELTA(0, "\"role\":\"assistant\",\"content\":null,\"tool_calls\":["
                 "{\"index\":1,\"id\":\"b\",\"type\":\"function\","
                 "\"function\":{\"name\":\"g\",\"arguments\":\"\"},"
                 "\"extra_content\":{\"google\":{\"s\":[1,2]}}}]")
        DELTA(0, "\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"type\":"
                 "\"function\",\"function\":{\"name\":\"f\",\"arguments\":"
                 "\"\"}}]")
        DELTA(0, "\"tool_calls\":[{\"index\":0,\"id\":\"\",\"function\":"
                 "{\"name\":\"\",\"arguments\":\"{\\\"x\"}},{\"index\":1,"
                 "\"function\":{\"arguments\":\"\"}}]")
        DELTA(0, "\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":"
                 "\"\\\":1}\"}}]")
        STOP(0, "tool_calls") LAST DONE);
    same_json(out, CALLS);
    free(out);
}


static void
test_usage(void **state)
{
    char  *out;

    (void) state;

    out = reform(&chat, USAGE, SSE, HELLO LAST DONE);
    assert_string_equal(out, HELLO DONE);
    free(out);

    /* cut off right behind it */

    out = reform(&chat, USAGE, SSE, HELLO "data: {\"choices\":[]," USED "}");
    assert_string_equal(out, HELLO);
    free(out);

    /* some show it to everybody */

    out = reform(&chat, SSE, USAGE, HELLO LAST DONE);
    assert_string_equal(out, HELLO LAST DONE);
    free(out);

    assert_null(reform(&chat, SSE, USAGE, HELLO DONE));

    out = reform(&chat, JSON, SSE, PLAIN);
    assert_null(strstr(out, "usage"));
    free(out);
}


static void
test_declined(void **state)
{
    unsigned  i;

    static const char * const  streams[] = {

        /* no usage, no end, no choice */

        HELLO DONE,
        DELTA(0, "\"content\":\"a\"") LAST DONE,
        LAST DONE,

        /* what is no chunk */

        HELLO "data: <html>\n\n" LAST DONE,
        HELLO "data: [1]\n\n" LAST DONE,
        HELLO "data: {\"error\":{\"message\":\"no\"}}\n\n" LAST DONE,

        /* what is more than text */

        DELTA(0, "\"audio\":{\"id\":\"a\"}") HELLO LAST DONE,
        DELTA(0, "\"content\":[{\"type\":\"text\"}]") HELLO LAST DONE,
        DELTA(0, "\"content\":\"a\",\"content\":\"b\"") HELLO LAST DONE,
        DELTA(0, "\"odd\":1") DELTA(0, "\"odd\":2") HELLO LAST DONE,
        DELTA(-1, "\"content\":\"a\"") HELLO LAST DONE,
        DELTA(128, "\"content\":\"a\"") HELLO LAST DONE,
        DELTA(0.5, "\"content\":\"a\"") HELLO LAST DONE,

        /* calls that are none */

        DELTA(0, "\"tool_calls\":[{\"index\":1,\"id\":\"a\",\"function\":"
                 "{\"name\":\"f\",\"arguments\":\"\"}}]") HELLO LAST DONE,
        DELTA(0, "\"tool_calls\":[{\"id\":\"a\",\"function\":{\"name\":\"f\","
                 "\"arguments\":\"\"}}]") HELLO LAST DONE,
        DELTA(0, "\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"type\":"
                 "\"custom\",\"custom\":{\"name\":\"f\"}}]") HELLO LAST DONE,
        DELTA(0, "\"tool_calls\":[{\"index\":0,\"id\":\"a\"},{\"index\":0,"
                 "\"id\":\"b\"}]") HELLO LAST DONE
    };

    static const char * const  documents[] = {
        "[]", "{}", "{\"id\":\"c\",\"choices\":[]," USED "}",
        "{\"id\":\"c\",\"choices\":{}," USED "}",
        HEAD "[{\"index\":0,\"message\":{\"content\":\"a\"},"
             "\"finish_reason\":\"stop\"}]}",
        HEAD "[{\"index\":0,\"message\":{\"content\":[]},"
             "\"finish_reason\":\"stop\"}]," USED "}",
        HEAD "[{\"index\":0,\"message\":{\"content\":\"a\",\"audio\":{}},"
             "\"finish_reason\":\"stop\"}]," USED "}",
        HEAD "[{\"index\":0,\"message\":{\"content\":\"a\"},"
             "\"finish_reason\":null}]," USED "}",
        HEAD "[{\"message\":{\"content\":\"a\"},"
             "\"finish_reason\":\"stop\"}]," USED "}",
        HEAD "[{\"index\":0,\"message\":{\"content\":null,\"tool_calls\":["
             "{\"id\":\"a\",\"type\":\"custom\",\"custom\":{}}]},"
             "\"finish_reason\":\"stop\"}]," USED "}",
        HEAD "[{\"index\":0,\"message\":{\"content\":\"a\"},"
             "\"finish_reason\":\"stop\"}]," USED ",\"error\":{}}"
    };

    (void) state;

    for (i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
        assert_null(reform(&chat, USAGE, JSON, streams[i]));
    }

    for (i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
        assert_null(reform(&chat, JSON, USAGE, documents[i]));
    }

    assert_null(reform(&chat, LLM_FRAMING_NDJSON, 0, JSON, PLAIN));
    assert_null(reform(&chat, JSON, ARRAY, PLAIN));
}


static void
test_damaged(void **state)
{
    (void) state;

    damaged(&chat, JSON, USAGE, PLAIN);
    damaged(&chat, JSON, USAGE, CALLS);
    damaged(&chat, USAGE, JSON, HELLO LAST DONE);
    damaged(&chat, USAGE, SSE, HELLO LAST DONE);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_pretty),
        cmocka_unit_test(test_joined),
        cmocka_unit_test(test_calls_joined),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_declined),
        cmocka_unit_test(test_damaged)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
