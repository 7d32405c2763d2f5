
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Bedrock's streams, of each kind that it has, in which one value after the
 * other is what it cannot be.  A figure is the one that was said, or unknown;
 * who loses one says that the usage is bad, or that bytes were lost.
 */

#include "dialect_fixture.h"
#include "usage_fixture.h"
#include "eventstream_spoiled.h"
#include "llm_frame.h"


extern const llm_provider_t  llm_bedrock;


#define METRICS(in, read)                                                     \
                       "\"amazon-bedrock-invocationMetrics\":{"               \
                       "\"inputTokenCount\":" in ",\"outputTokenCount\":10,"  \
                       "\"cacheReadInputTokenCount\":" read ","              \
                       "\"cacheWriteInputTokenCount\":" read ","             \
                       "\"invocationLatency\":7,\"firstByteLatency\":3}"


/* messages: a type and a payload; where there is no type, of a chunk */

typedef struct {
    const char  *path;
    const char  *request;
    const char  *messages[15];
    const char  *want;
} stream_t;


static const stream_t  streams[] = {

    { "/model/amazon.nova-lite-v1:0/converse-stream", "{\"messages\":[]}",
      { "messageStart", "{\"role\":\"assistant\",\"p\":\"abc\"}",
        "contentBlockDelta", "{\"contentBlockIndex\":0,\"delta\":{"
        "\"text\":\"hello there\"}}",
        "contentBlockStart", "{\"contentBlockIndex\":1,\"start\":{"
        "\"toolUse\":{\"toolUseId\":\"t\",\"name\":\"f\"}}}",
        "contentBlockDelta", "{\"contentBlockIndex\":1,\"delta\":{"
        "\"toolUse\":{\"input\":\"{}\"}}}",
        "contentBlockStop", "{\"contentBlockIndex\":1}",
        "messageStop", "{\"stopReason\":\"tool_use\"}",
        "metadata", "{\"usage\":{\"inputTokens\":14,\"outputTokens\":10,"
        "\"totalTokens\":30,\"cacheReadInputTokens\":4,"
        "\"cacheWriteInputTokens\":2,\"cacheDetails\":[{\"ttl\":\"1h\","
        "\"inputTokens\":1},{\"ttl\":\"5m\",\"inputTokens\":1}]},"
        "\"metrics\":{\"latencyMs\":7},\"serviceTier\":{\"type\":"
        "\"default\"}}" },
      "in=20 out=10 cached=4 write=1 hour=1" },

    { "/model/anthropic.claude-sonnet-4-5/invoke-with-response-stream",
      "{\"max_tokens\":9,\"messages\":[]}",
      { "", "{\"type\":\"message_start\",\"message\":{\"model\":\"claude\","
        "\"usage\":{\"input_tokens\":12,\"cache_read_input_tokens\":4,"
        "\"cache_creation_input_tokens\":4,\"cache_creation\":{"
        "\"ephemeral_1h_input_tokens\":1},\"output_tokens\":1}}}",
        "", "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{"
        "\"type\":\"text_delta\",\"text\":\"hello there\"}}",
        "", "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
        "\"end_turn\"},\"usage\":{\"output_tokens\":10,"
        "\"output_tokens_details\":{\"thinking_tokens\":3}}}",
        "", "{\"type\":\"message_stop\"," METRICS("12", "4") "}" },
      "in=20 out=10 cached=4 write=3 hour=1 reasoning=3" },

    { "/model/amazon.titan-text-express-v1/invoke-with-response-stream",
      "{\"inputText\":\"x\"}",
      { "", "{\"outputText\":\"hello there\",\"index\":0,"
        "\"totalOutputTextTokenCount\":10,\"completionReason\":\"FINISH\","
        "\"inputTextTokenCount\":20}" },
      "in=20 out=10" },

    { "/model/meta.llama3-8b/invoke-with-response-stream",
      "{\"prompt\":\"x\"}",
      { "", "{\"generation\":\"hello\",\"prompt_token_count\":20,"
        "\"generation_token_count\":10,\"stop_reason\":\"stop\","
        METRICS("20", "0") "}" },
      "in=20 out=10 cached=0 write=0" },

    { "/model/openai.gpt-oss-20b/invoke-with-response-stream",
      "{\"messages\":[]}",
      { "", "{\"choices\":[{\"delta\":{\"content\":\"hello\"}}],\"usage\":{"
        "\"prompt_tokens\":20,\"completion_tokens\":10,\"total_tokens\":30,"
        "\"prompt_tokens_details\":{\"cached_tokens\":4},"
        "\"completion_tokens_details\":{\"reasoning_tokens\":3}},"
        "\"amazon-bedrock-invocationMetrics\":{\"inputTokenCount\":20,"
        "\"outputTokenCount\":10}}" },
      "in=20 out=10 cached=4 reasoning=3" }
};

#define STREAMS  (sizeof(streams) / sizeof(streams[0]))


typedef struct {
    const stream_t  *row;
    llm_usage_t      want;                /* of the stream as it is */
    unsigned         tried;
} check_t;


static size_t
put_stream(unsigned char *out, const stream_t *row)
{
    char    coded[2048], payload[3072];
    size_t  i, n;

    for (n = 0, i = 0; row->messages[i]; i += 2) {

        if (*row->messages[i]) {
            n += eventstream_put(out + n, "event", row->messages[i],
                                 row->messages[i + 1]);
            continue;
        }

        EVP_EncodeBlock((unsigned char *) coded,
                        (const unsigned char *) row->messages[i + 1],
                        (int) strlen(row->messages[i + 1]));
        snprintf(payload, sizeof(payload), "{\"bytes\":\"%s\"}", coded);
        n += eventstream_put(out + n, "event", "chunk", payload);
    }

    return n;
}


static int
on_event(void *data, const llm_str_t *type, const llm_str_t *text, size_t end)
{
    dialect_t  *f;

    (void) end;

    f = data;

    return f->p->event(&f->a, type, text) < 0 ? LLM_ERROR : LLM_OK;
}


/* 1: bytes of it were lost */

static unsigned
read_stream(dialect_t *f, const stream_t *row, const unsigned char *body,
    size_t len)
{
    llm_frames_t  frames;

    ask(f, &llm_bedrock, row->path, row->request);
    assert_int_equal(f->rc, LLM_OK);
    answer_begin(f, NULL);

    memset(&frames, 0, sizeof(frames));
    frames.handler = on_event;
    frames.data = f;
    frames.mem = &f->arena.mem;

    assert_int_equal(llm_frames_init(&frames, LLM_FRAMING_AWS), LLM_OK);
    assert_int_equal(llm_frames_feed(&frames, body, len), LLM_OK);
    assert_int_equal(llm_frames_finish(&frames), LLM_OK);

    f->p->finish(&f->a);

    return frames.lost;
}


static void
check_spoiled(void *ctx, const unsigned char *body, size_t len,
    const spoiled_t *how)
{
    check_t    *c;
    unsigned    lost;
    dialect_t   f;

    c = ctx;
    c->tried++;

    lost = read_stream(&f, c->row, body, len);
    spoiled_check(c->row->path, how, &f.a, lost, &c->want);

    done(&f);
}


static void
test_spoiled(void **state)
{
    char           text[256];
    json_t        *tried;
    size_t         i, len;
    check_t        c;
    dialect_t      f;
    llm_usage_t    none = LLM_USAGE_INIT;
    unsigned char  body[8192];

    (void) state;

    for (i = 0; i < STREAMS; i++) {
        len = put_stream(body, &streams[i]);

        memset(&c, 0, sizeof(c));
        c.row = &streams[i];

        assert_int_equal(read_stream(&f, c.row, body, len), 0);
        assert_int_equal(f.a.usage_bad, 0);
        assert_int_equal(f.a.finished, 1);

        c.want = f.a.usage;
        usage_print(text, sizeof(text), &c.want, &none);
        assert_string_equal(text, c.row->want);
        done(&f);

        tried = json_object();
        spoiled_each(body, len, "", tried, check_spoiled, &c);
        json_decref(tried);

        assert_true(c.tried >= 100);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_spoiled)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
