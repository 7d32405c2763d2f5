
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/* Responses, messages of Anthropic, and Gemini's answers in another form. */

#include "reform_fixture.h"


static reform_t  responses = { &llm_openai, LLM_KIND_RESPONSES, 0 };
static reform_t  messages = { NULL, LLM_KIND_CHAT, 0 };
static reform_t  gemini = { NULL, LLM_KIND_CHAT, 0 };


#define RESPONSE(status, output)                                              \
    "{\"id\":\"r\",\"object\":\"response\",\"created_at\":7,\"status\":\""    \
    status "\",\"error\":null,\"incomplete_details\":null,\"model\":\"m\","   \
    "\"output\":[" output "],\"usage\":{\"input_tokens\":1,"                  \
    "\"output_tokens\":2,\"total_tokens\":3},\"temperature\":1.0}"

#define SAID                                                                  \
    "{\"id\":\"t\",\"type\":\"reasoning\",\"summary\":[{\"type\":"            \
    "\"summary_text\",\"text\":\"hm\"}],\"content\":[{\"type\":"              \
    "\"reasoning_text\",\"text\":\"hmm\"}]},"                                 \
    "{\"id\":\"a\",\"type\":\"message\",\"role\":\"assistant\","              \
    "\"status\":\"completed\",\"content\":[{\"type\":\"output_text\","        \
    "\"text\":\"one\\n\\u00e9\",\"annotations\":[{\"type\":\"u\"}],"          \
    "\"logprobs\":[1.5e-7]},{\"type\":\"refusal\",\"refusal\":\"no\"}]},"     \
    "{\"id\":\"b\",\"type\":\"function_call\",\"status\":\"completed\","      \
    "\"call_id\":\"c\",\"name\":\"f\",\"arguments\":\"{\\\"x\\\":1}\"},"      \
    "{\"id\":\"d\",\"type\":\"custom_tool_call\",\"call_id\":\"e\","          \
    "\"name\":\"g\",\"input\":\"raw\"},"                                      \
    "{\"id\":\"w\",\"type\":\"web_search_call\",\"status\":\"completed\","    \
    "\"action\":{\"query\":\"q\"}}"


#define MESSAGE                                                               \
    "{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"model\":"    \
    "\"c\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\","          \
    "\"signature\":\"s==\"},{\"type\":\"text\",\"text\":\"one\\n\\u00e9\","   \
    "\"citations\":[{\"type\":\"x\"},{\"type\":\"y\"}]},{\"type\":"           \
    "\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{\"a\":\"\\\"b\\n\"," \
    "\"c\":1.50}},{\"type\":\"tool_use\",\"id\":\"u\",\"name\":\"g\","        \
    "\"input\":{}},{\"type\":\"web_search_tool_result\",\"content\":[1]}],"   \
    "\"stop_reason\":\"tool_use\",\"stop_sequence\":null,\"usage\":{"         \
    "\"input_tokens\":5,\"output_tokens\":70,\"cache_creation\":null}}"


#define CANDIDATE(parts, more)                                                \
    "{\"content\":{\"parts\":[" parts "],\"role\":\"model\"}" more            \
    ",\"index\":0}"
#define ANSWER(candidate)                                                     \
    "{\"candidates\":[" candidate "],\"usageMetadata\":{"                     \
    "\"promptTokenCount\":4},\"modelVersion\":\"g\",\"responseId\":\"r\"}"
#define TEXT(t)  "{\"text\":\"" t "\"}"
#define CALL     "{\"functionCall\":{\"name\":\"f\",\"args\":{\"x\":1}},"     \
                 "\"thoughtSignature\":\"s\"}"
#define STOP     ",\"finishReason\":\"STOP\""


static int
setup(void **state)
{
    llm_str_t  name;

    (void) state;

    llm_str_set(&name, "anthropic");
    messages.provider = llm_provider_find(&name);

    llm_str_set(&name, "gemini");
    gemini.provider = llm_provider_find(&name);

    return 0;
}


static void
declined(const reform_t *r, llm_framing_e from, const char * const *list,
    unsigned n)
{
    unsigned       i;
    llm_framing_e  to;

    to = (from == LLM_FRAMING_JSON) ? LLM_FRAMING_SSE : LLM_FRAMING_JSON;

    for (i = 0; i < n; i++) {
        if (reform(r, from, 0, to, 0, list[i]) != NULL) {
            fail_msg("not declined: %s", list[i]);
        }
    }
}

#define DECLINED(r, from, ...)                                                \
    declined(r, from, (const char * const []) { __VA_ARGS__ },                \
             sizeof((const char * const []) { __VA_ARGS__ }) / sizeof(char *))


/* events by their types, in order */

static void
events(const char *stream, const char *types)
{
    char        *out, *p;
    const char  *e;

    out = malloc(strlen(stream) + 1);
    p = out;

    for (e = strstr(stream, "event: "); e; e = strstr(e, "event: ")) {
        e += sizeof("event: ") - 1;
        p += sprintf(p, "%.*s ", (int) strcspn(e, "\n"), e);
    }

    assert_string_equal(out, types);
    free(out);
}


static void
test_responses(void **state)
{
    char  *out;

    (void) state;

    there_and_back(&responses, SSE, RESPONSE("completed", SAID));
    there_and_back(&responses, SSE, RESPONSE("incomplete", ""));

    out = reform(&responses, JSON, SSE, RESPONSE("completed",
                 "{\"id\":\"a\",\"type\":\"message\",\"content\":[{\"type\":"
                 "\"output_text\",\"text\":\"one\",\"annotations\":[]}]}"));
    events(out, "response.created response.in_progress "
           "response.output_item.added response.content_part.added "
           "response.output_text.delta response.output_text.done "
           "response.content_part.done response.output_item.done "
           "response.completed ");
    assert_non_null(strstr(out, "\"sequence_number\":8"));
    free(out);

    DECLINED(&responses, LLM_FRAMING_JSON,
             RESPONSE("failed", ""), RESPONSE("queued", ""), "{}", "[]",
             RESPONSE("completed", "1"), RESPONSE("completed", "{}"),
             RESPONSE("completed", "{\"type\":\"function_call\"}"),
             RESPONSE("completed", "{\"type\":\"message\",\"content\":[{"
                      "\"type\":\"output_audio\",\"text\":\"a\"}]}"));

#define EVENT(type, more)  "data: {\"type\":\"" type "\"" more "}\n\n"
#define END  EVENT("response.completed",                                      \
                   ",\"response\":" RESPONSE("completed", ""))

    DECLINED(&responses, LLM_FRAMING_SSE,
             EVENT("response.created", ""), EVENT("error", "") END,
             EVENT("response.failed", "") END, END END, "data: <\n\n" END,
             EVENT("response.output_item.done", "") END,
             EVENT("response.completed", ",\"response\":{}"));

    damaged(&responses, SSE, JSON, EVENT("response.created", "") END);
    damaged(&responses, JSON, SSE,
            RESPONSE("completed", "{\"id\":\"b\",\"type\":\"function_call\","
                     "\"arguments\":\"{}\"}"));
}


static void
test_messages(void **state)
{
    char  *out;

    (void) state;

    there_and_back(&messages, SSE, MESSAGE);

    out = reform(&messages, JSON, SSE, MESSAGE);
    events(out, "message_start "
           "content_block_start content_block_delta content_block_delta "
           "content_block_stop "
           "content_block_start content_block_delta content_block_delta "
           "content_block_delta content_block_stop "
           "content_block_start content_block_delta content_block_stop "
           "content_block_start content_block_stop "
           "content_block_start content_block_stop "
           "message_delta message_stop ");

    /* before anything has been said */

    assert_non_null(strstr(out, "\"stop_reason\":null,\"stop_sequence\":null,"
                           "\"usage\":{\"input_tokens\":5,"
                           "\"output_tokens\":1,"));
    free(out);
}


#define BEGIN  EVENT("message_start", ",\"message\":{\"id\":\"m\",\"role\":"  \
                     "\"assistant\",\"content\":[],\"stop_reason\":null,"     \
                     "\"usage\":{\"input_tokens\":5,\"output_tokens\":1}}")
#define BLOCK  EVENT("content_block_start", ",\"index\":0,\"content_block\":" \
                     "{\"type\":\"tool_use\",\"name\":\"f\",\"input\":{}}")
#define DELTA(d)  EVENT("content_block_delta", ",\"index\":0,\"delta\":{" d   \
                        "}")
#define INPUT(t)  DELTA("\"type\":\"input_json_delta\",\"partial_json\":\"" t \
                        "\"")
#define STOPPED  EVENT("message_delta", ",\"delta\":{\"stop_reason\":"        \
                       "\"tool_use\"},\"usage\":{\"input_tokens\":9,"         \
                       "\"output_tokens\":70}")                               \
                 EVENT("message_stop", "")

static void
test_messages_joined(void **state)
{
    char  *out;

    (void) state;

    out = reform(&messages, SSE, JSON,
                 BEGIN EVENT("ping", "") BLOCK INPUT("") INPUT("{\\\"x\\\"")
                 INPUT(":\\\"\\\\n\\\"}")
                 EVENT("content_block_stop", ",\"index\":0") STOPPED);
    same_json(out, "{\"id\":\"m\",\"role\":\"assistant\",\"content\":[{"
              "\"type\":\"tool_use\",\"name\":\"f\",\"input\":{\"x\":\"\\n\"}"
              "}],\"stop_reason\":\"tool_use\",\"usage\":{\"input_tokens\":9,"
              "\"output_tokens\":70}}");
    free(out);

    DECLINED(&messages, LLM_FRAMING_SSE,
             BEGIN BLOCK INPUT("{}"), BLOCK STOPPED, BEGIN BEGIN STOPPED,
             BEGIN BLOCK BLOCK STOPPED, BEGIN BLOCK INPUT("{") STOPPED,
             BEGIN BLOCK INPUT("1") STOPPED, BEGIN INPUT("{}") STOPPED,
             BEGIN EVENT("message_stop", ""), BEGIN STOPPED STOPPED,
             BEGIN EVENT("error", "") STOPPED,
             BEGIN EVENT("message_change", "") STOPPED,
             BEGIN BLOCK DELTA("\"type\":\"text_delta\",\"text\":\"a\"")
             STOPPED,
             BEGIN BLOCK DELTA("\"type\":\"audio_delta\"") STOPPED);

    DECLINED(&messages, LLM_FRAMING_JSON,
             "{}", "[]", "{\"type\":\"error\"}",
             "{\"type\":\"message\",\"content\":[1],\"stop_reason\":\"a\","
             "\"usage\":{\"output_tokens\":1}}",
             "{\"type\":\"message\",\"content\":[],\"stop_reason\":null,"
             "\"usage\":{\"output_tokens\":1}}",
             "{\"type\":\"message\",\"content\":[],\"stop_reason\":\"a\","
             "\"usage\":{}}");

    damaged(&messages, SSE, JSON, BEGIN BLOCK INPUT("{}") STOPPED);
    damaged(&messages, JSON, SSE, MESSAGE);
}


static void
test_gemini(void **state)
{
    char  *out;

    (void) state;

    there_and_back(&gemini, SSE, ANSWER(CANDIDATE(TEXT("a") "," CALL, STOP)));
    there_and_back(&gemini, ARRAY,
                   ANSWER(CANDIDATE(TEXT("a") "," CALL, STOP)));

    /* text goes on, and is not mixed with thoughts; a signature is not lost */

#define PIECES(before, between, after)                                        \
    before ANSWER(CANDIDATE("{\"text\":\"h\",\"thought\":true}", "")) after   \
    between                                                                   \
    before ANSWER(CANDIDATE("{\"text\":\"m\",\"thought\":true},"              \
                            TEXT("on"), "")) after between                    \
    before ANSWER(CANDIDATE(TEXT("e\\n"), "")) after between                  \
    before ANSWER(CANDIDATE("{\"text\":\"\",\"thoughtSignature\":\"s\"},"     \
                            TEXT("two"), STOP)) after

#define TOGETHER                                                              \
    ANSWER(CANDIDATE("{\"text\":\"hm\",\"thought\":true}," TEXT("one\\n")     \
                     ",{\"text\":\"\",\"thoughtSignature\":\"s\"},"           \
                     TEXT("two"), STOP))

    out = reform(&gemini, SSE, JSON, PIECES("data: ", "", "\r\n\r\n"));
    same_json(out, TOGETHER);
    free(out);

    out = reform(&gemini, ARRAY, JSON, "[" PIECES("", ",\r\n", "") "\n]");
    same_json(out, TOGETHER);
    free(out);

    out = reform(&gemini, SSE, ARRAY, PIECES("data: ", "", "\r\n\r\n"));
    same_json(out, "[" PIECES("", ",", "") "]");
    free(out);

    out = reform(&gemini, ARRAY, SSE, "[" PIECES("", ",\n", "") "\n]");
    assert_string_equal(out, PIECES("data: ", "", "\r\n\r\n"));
    free(out);

    there_and_back(&gemini, SSE, "{\"promptFeedback\":{\"blockReason\":\"X\"},"
                   "\"usageMetadata\":{\"promptTokenCount\":4}}");
}


static void
test_gemini_declined(void **state)
{
    (void) state;

#define LINE(a)  "data: " a "\r\n\r\n"

    DECLINED(&gemini, LLM_FRAMING_SSE,
             LINE(ANSWER(CANDIDATE(TEXT("a"), ""))), LINE("[]"), LINE("{}"),
             LINE("{\"error\":{}}") LINE(ANSWER(CANDIDATE("", STOP))),
             LINE(ANSWER(CANDIDATE("1", STOP))),
             LINE(ANSWER(CANDIDATE("", ",\"finishReason\":\"A\"")))
             LINE(ANSWER(CANDIDATE("", STOP))),
             LINE(ANSWER(CANDIDATE("", ",\"groundingMetadata\":{\"a\":1}")))
             LINE(ANSWER(CANDIDATE("", STOP
                                   ",\"groundingMetadata\":{\"a\":2}"))));

    DECLINED(&gemini, LLM_FRAMING_JSON, "[]", "1", "{");

    damaged(&gemini, SSE, JSON, LINE(ANSWER(CANDIDATE(TEXT("a"), "")))
            LINE(ANSWER(CANDIDATE(TEXT("b") "," CALL, STOP))));
    damaged(&gemini, ARRAY, JSON, "[" ANSWER(CANDIDATE(TEXT("a"), STOP)) "]");
    damaged(&gemini, JSON, ARRAY, ANSWER(CANDIDATE(TEXT("a"), STOP)));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_responses),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_messages_joined),
        cmocka_unit_test(test_gemini),
        cmocka_unit_test(test_gemini_declined)
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
