
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "dialect_fixture.h"


extern const llm_provider_t  llm_bedrock;

#define CONVERSE  "/model/amazon.nova-lite-v1:0/converse"
#define STREAM    "/model/amazon.nova-lite-v1:0/converse-stream"
#define INVOKE    "/model/amazon.titan-text-lite-v1/invoke"
#define CHUNKS    "/model/us.anthropic.claude-v2/invoke-with-response-stream"
#define GUARD     "/guardrail/g/version/1/apply"


static void
test_paths(void **state)
{
    size_t       i;
    llm_route_t  r;

    static const struct {
        const char  *method;
        const char  *path;
        llm_path_e   what;
        llm_kind_e   kind;
        const char  *model;
    } rows[] = {
        { "POST", CONVERSE, LLM_PATH_METERED, LLM_KIND_CHAT,
          "amazon.nova-lite-v1:0" },
        { "POST", STREAM, LLM_PATH_METERED, LLM_KIND_CHAT,
          "amazon.nova-lite-v1:0" },
        { "POST", "/aws/model/eu.amazon.nova-pro-v1:0/invoke",
          LLM_PATH_METERED, LLM_KIND_CHAT, "eu.amazon.nova-pro-v1:0" },
        { "POST", "/model/amazon.titan-embed-text-v2:0/invoke",
          LLM_PATH_METERED, LLM_KIND_EMBEDDINGS,
          "amazon.titan-embed-text-v2:0" },
        { "POST", "/model/cohere.rerank-v3-5:0/invoke", LLM_PATH_METERED,
          LLM_KIND_RERANK, "cohere.rerank-v3-5:0" },

        /* an ARN is priced as what it is a profile of */

        { "POST", "/model/arn:aws:bedrock:us-east-1:1:inference-profile/"
          "us.amazon.nova-lite-v1:0/converse", LLM_PATH_METERED,
          LLM_KIND_CHAT, "us.amazon.nova-lite-v1:0" },
        { "POST", "/model/arn:aws:sagemaker:us-east-1:1:endpoint/mine/invoke",
          LLM_PATH_METERED, LLM_KIND_CHAT, "mine" },

        { "POST", "/model/a/count-tokens", LLM_PATH_FREE, 0, "" },
        { "GET", "/async-invoke/x", LLM_PATH_FREE, 0, "" },
        { "POST", "/async-invoke", LLM_PATH_UNSUPPORTED, 0, "" },
        { "POST", "/guardrail/g/version/1/apply", LLM_PATH_METERED,
          LLM_KIND_MODERATION, "g" },
        { "POST", "/guardrail-checks/invoke", LLM_PATH_UNSUPPORTED, 0, "" },
        { "POST", "/model/a/invoke-with-bidirectional-stream",
          LLM_PATH_UNSUPPORTED, 0, "" },
        { "POST", "/model/a/other", LLM_PATH_UNKNOWN, 0, "" },
        { "POST", "/model//converse", LLM_PATH_UNKNOWN, 0, "" },
        { "GET", CONVERSE, LLM_PATH_UNKNOWN, 0, "" }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {

        if (route_of(&llm_bedrock, &r, rows[i].method, rows[i].path)
            != rows[i].what)
        {
            fail_msg("%s %s", rows[i].method, rows[i].path);
        }

        if (rows[i].what == LLM_PATH_METERED) {
            assert_int_equal(r.kind, rows[i].kind);
            assert_int_equal(r.model.len, strlen(rows[i].model));
            assert_memory_equal(r.model.data, rows[i].model, r.model.len);
        }
    }
}


static void
limit(const char *path, const char *body, int64_t max, int64_t choices)
{
    dialect_t  f;

    ask(&f, &llm_bedrock, path, body);

    if (f.rc != LLM_OK || f.q.max_output != max || f.q.choices != choices) {
        fail_msg("%s: %d %lld %lld", body, f.rc, (long long) f.q.max_output,
                 (long long) f.q.choices);
    }

    /* signed: not a byte of it may change */

    assert_true(f.q.sealed && f.q.model_in_path);
    assert_false(f.q.can_fit || f.q.can_inject);
    expect_edit(&f, 5, body);
    done(&f);
}


static void
test_limits(void **state)
{
    (void) state;

    limit(CONVERSE, "{\"messages\":[]}", -1, 1);
    limit(CONVERSE, "{\"messages\":[],\"inferenceConfig\":{\"maxTokens\":7}}",
          7, 1);
    limit(INVOKE, "{\"prompt\":\"\",\"max_tokens_to_sample\":50}", 50, 1);
    limit(INVOKE, "{\"prompt\":\"\",\"max_gen_len\":50,\"max_tokens\":60}",
          60, 1);
    limit(INVOKE, "{\"inputText\":\"\",\"textGenerationConfig\":{"
          "\"maxTokenCount\":9}}", 9, 1);
    limit(INVOKE, "{\"messages\":[],\"inferenceConfig\":{"
          "\"max_new_tokens\":8}}", 8, 1);
    limit(INVOKE, "{\"prompt\":\"\",\"max_tokens\":4,\"num_generations\":3}",
          4, 3);
    limit("/model/amazon.titan-embed-text-v2:0/invoke",
          "{\"inputText\":\"a\"}", 0, 1);
}


static void
test_bad(void **state)
{
    (void) state;

    expect_bad(&llm_bedrock, CONVERSE, "[]", NULL,
               "the request body must be a JSON object");
    expect_bad(&llm_bedrock, CONVERSE, "{\"messages\":{}}", "messages",
               "must be an array");
    expect_bad(&llm_bedrock, CONVERSE, "{\"messages\":[1]}", "messages",
               "must be an array of objects");
    expect_bad(&llm_bedrock, CONVERSE, "{\"inferenceConfig\":1}",
               "inferenceConfig", "must be an object");
    expect_bad(&llm_bedrock, CONVERSE, "{\"inferenceConfig\":{\"maxTokens\":"
               "\"7\"}}", "maxTokens", "must be an integer");
    expect_bad(&llm_bedrock, CONVERSE, "{\"inferenceConfig\":{\"maxTokens\":1,"
               "\"maxTokens\":2}}", "maxTokens",
               "must not occur more than once");
    expect_bad(&llm_bedrock, INVOKE, "{\"max_tokens\":-1}", "max_tokens",
               "must be at least 1");
    expect_bad(&llm_bedrock, INVOKE, "{\"num_generations\":1000000000}",
               "num_generations", "is too large");
    expect_bad(&llm_bedrock, CONVERSE, "{\"serviceTier\":{\"type\":1}}",
               "serviceTier.type", "must be a string");
    expect_bad(&llm_bedrock, "/model/a\x7f/converse", "{}", "modelId",
               "of the path cannot be one");
}


static void
test_error(void **state)
{
    llm_refusal_t  f;

    (void) state;

    expect_error(&llm_bedrock, LLM_REFUSE_BUDGET, 400, "budget_exceeded",
        "a \"b\"", "{\"__type\":\"ServiceQuotaExceededException\","
        "\"message\":\"a \\\"b\\\"\",\"reason\":\"budget_exceeded\"}");
    expect_error(&llm_bedrock, LLM_REFUSE_TOO_EXPENSIVE, 400, "x", "y",
        "{\"__type\":\"ValidationException\",\"message\":\"y\","
        "\"reason\":\"x\"}");

    memset(&f, 0, sizeof(f));
    f.why = LLM_REFUSE_BUDGET;
    f.status = 429;
    assert_int_equal(llm_bedrock.status(NULL, &f), 400);

    f.why = LLM_REFUSE_STORE;
    f.status = 503;
    assert_int_equal(llm_bedrock.status(NULL, &f), 503);
}


static void
whole(const char *path, const char *answer, int64_t input, int64_t output,
    int64_t read, int64_t write, int64_t hour, unsigned bad)
{
    dialect_t  f;

    ask(&f, &llm_bedrock, path, "{}");
    assert_int_equal(f.rc, LLM_OK);
    answer_begin(&f, NULL);
    answer_json(&f, answer);
    expect_usage_sane(&f.a.usage);

    if (f.a.usage.input != input || f.a.usage.output != output
        || f.a.usage.cached_input != read || f.a.usage.cache_write != write
        || f.a.usage.cache_write_1h != hour || f.a.usage_bad != bad)
    {
        fail_msg("%s: %lld %lld %lld %lld %lld %u", answer,
                 (long long) f.a.usage.input, (long long) f.a.usage.output,
                 (long long) f.a.usage.cached_input,
                 (long long) f.a.usage.cache_write,
                 (long long) f.a.usage.cache_write_1h, f.a.usage_bad);
    }

    assert_int_equal(f.a.usage_seen, input >= 0 || output >= 0);
    done(&f);
}


static void
test_usage(void **state)
{
    (void) state;

    /* input stands beside the cache; both names of a figure are one */

    whole(CONVERSE, "{\"stopReason\":\"end_turn\",\"usage\":{"
          "\"inputTokens\":12,\"outputTokens\":5,\"totalTokens\":1045,"
          "\"cacheReadInputTokens\":1000,\"cacheReadInputTokenCount\":1000,"
          "\"cacheWriteInputTokens\":28,\"cacheWriteInputTokenCount\":28,"
          "\"cacheDetails\":[{\"ttl\":\"5m\",\"inputTokens\":20},"
          "{\"ttl\":\"1h\",\"inputTokens\":8}],\"serverToolUsage\":{}}}",
          1040, 5, 1000, 20, 8, 0);

    /* what is for an hour is all of it, or one of the list cannot be read */

    whole(CONVERSE, "{\"usage\":{\"inputTokens\":12,\"outputTokens\":5,"
          "\"cacheDetails\":[{\"ttl\":\"1h\",\"inputTokens\":8}]}}",
          20, 5, -1, 0, 8, 0);
    whole(CONVERSE, "{\"usage\":{\"inputTokens\":12,\"outputTokens\":5,"
          "\"cacheWriteInputTokens\":28,\"cacheDetails\":[{\"ttl\":\"1h\","
          "\"inputTokens\":8},{\"ttl\":\"1h\",\"inputTokens\":\"x\"}]}}",
          40, 5, -1, 28, -1, 1);
    whole(CONVERSE, "{\"usage\":{\"inputTokens\":12,\"outputTokens\":5,"
          "\"cacheWriteInputTokens\":[],\"cacheDetails\":[{\"ttl\":\"1h\","
          "\"inputTokens\":8}]}}", -1, 5, -1, -1, 8, 1);

    /* Titan, whose counts have fractions of nothing */

    whole(INVOKE, "{\"inputTextTokenCount\":28,\"results\":["
          "{\"tokenCount\":40},{\"tokenCount\":\"x\"}]}", 28, -1, -1, -1, -1,
          1);
    whole(INVOKE, "{\"inputTextTokenCount\":28,\"results\":["
          "{\"tokenCount\":40},7]}", 28, -1, -1, -1, -1, 1);

    whole(INVOKE, "{\"inputTextTokenCount\":28.0,\"results\":["
          "{\"tokenCount\":40.0},{\"tokenCount\":2}]}", 28, 42, -1, -1, -1, 0);

    /* Llama, Claude, OpenAI's kind */

    whole(INVOKE, "{\"generation\":\"x\",\"prompt_token_count\":5,"
          "\"generation_token_count\":10}", 5, 10, -1, -1, -1, 0);
    whole(INVOKE, "{\"usage\":{\"input_tokens\":5,\"output_tokens\":2,"
          "\"cache_read_input_tokens\":3,\"cache_creation_input_tokens\":4,"
          "\"cache_creation\":{\"ephemeral_5m_input_tokens\":1,"
          "\"ephemeral_1h_input_tokens\":3}}}", 12, 2, 3, 1, 3, 0);
    whole(INVOKE, "{\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2,"
          "\"prompt_tokens_details\":{\"cached_tokens\":4}}}",
          9, 2, 4, -1, -1, 0);
    whole("/model/amazon.titan-embed-text-v2:0/invoke",
          "{\"embedding\":[0.5],\"inputTextTokenCount\":5}",
          5, 0, -1, -1, -1, 0);

    /* half of it, nothing, and nonsense */

    whole(CONVERSE, "{\"usage\":{\"outputTokens\":50}}", -1, 50, -1, -1, -1,
          0);
    whole(CONVERSE, "{}", -1, -1, -1, -1, -1, 0);
    whole(CONVERSE, "{\"usage\":null}", -1, -1, -1, -1, -1, 0);
    whole(CONVERSE, "{\"usage\":{\"inputTokens\":-4,\"outputTokens\":1.5}}",
          -1, -1, -1, -1, -1, 1);
    whole(CONVERSE, "{\"usage\":{\"inputTokens\":[],\"outputTokens\":\"3\"}}",
          -1, 3, -1, -1, -1, 1);
    whole(CONVERSE, "{\"usage\":{\"inputTokens\":1e99,\"outputTokens\":1}}",
          -1, 1, -1, -1, -1, 1);
}


static const llm_str_t *
header(void *ctx, const char *name)
{
    static const llm_str_t  in = llm_string("23"), out = llm_string("32");
    static const llm_str_t  read = llm_string("5"), written = llm_string("7");

    if (strcmp(name, "x-amzn-bedrock-performanceconfig-latency") == 0) {
        return ctx;
    }

    return strcmp(name, "x-amzn-bedrock-input-token-count") == 0 ? &in
           : strcmp(name, "x-amzn-bedrock-output-token-count") == 0 ? &out
           : strcmp(name, "x-amzn-bedrock-cache-read-input-token-count") == 0
             ? &read
           : strcmp(name, "x-amzn-bedrock-cache-write-input-token-count") == 0
             ? &written : NULL;
}


/*
 * In the header and nowhere else, and known though the body never comes; what
 * the body says is newer.
 */

static void
test_headers(void **state)
{
    dialect_t      f;
    llm_headers_t  h;

    (void) state;

    h.get = header;
    h.ctx = NULL;

    ask(&f, &llm_bedrock, INVOKE, "{}");
    answer_begin(&f, NULL);
    assert_int_equal(f.p->headers(&f.a, &h), LLM_OK);
    assert_int_equal(f.a.usage.input, 35);
    assert_int_equal(f.a.usage.cached_input, 5);
    assert_int_equal(f.a.usage.cache_write, 7);
    assert_int_equal(f.a.usage.output, 32);
    assert_true(f.a.usage_seen && !f.a.finished);

    answer_json(&f, "{\"completion\":\"x\",\"stop_reason\":\"stop\"}");
    assert_int_equal(f.a.usage.input, 35);
    assert_int_equal(f.a.usage.output, 32);
    assert_true(f.a.usage_seen && f.a.finished);

    answer_json(&f, "{\"usage\":{\"output_tokens\":33}}");
    assert_int_equal(f.a.usage.input, 35);
    assert_int_equal(f.a.usage.output, 33);
    done(&f);
}


/* latency that is paid for, if the answer says that it was given */

/* a router of prompts says which model it chose, whose price holds then */

static void
test_chosen(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_bedrock, CONVERSE, "{\"messages\":[]}");
    answer_begin(&f, NULL);
    answer_json(&f, "{\"stopReason\":\"end_turn\",\"usage\":{\"inputTokens\":1,"
                    "\"outputTokens\":2},\"trace\":{\"promptRouter\":{"
                    "\"invokedModelId\":\"arn:aws:bedrock:x::foundation-model/"
                    "maker.m\"}}}");
    assert_int_equal(f.a.served.len, 43);
    assert_memory_equal(f.a.served.data + 36, "maker.m", 7);
    assert_int_equal(f.a.model.len, 43);
    done(&f);

    ask(&f, &llm_bedrock, CONVERSE, "{\"messages\":[]}");
    answer_begin(&f, NULL);
    answer_json(&f, "{\"usage\":{\"inputTokens\":1},\"trace\":{\"guardrail\":7,"
                    "\"promptRouter\":7}}");
    assert_int_equal(f.a.served.len, 0);
    done(&f);
}


static void
test_latency(void **state)
{
    size_t         i;
    dialect_t      f;
    llm_str_t      s;
    llm_headers_t  h;

    static const struct {
        const char  *latency;
        int64_t      fast;
    } rows[] = {
        { "optimized", 1 }, { "standard", 0 }, { "optimizedX", 0 }
    };

    (void) state;

    h.get = header;
    h.ctx = &s;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        s = str(rows[i].latency);

        ask(&f, &llm_bedrock, INVOKE, "{}");
        answer_begin(&f, NULL);
        assert_int_equal(f.p->headers(&f.a, &h), LLM_OK);
        assert_int_equal(f.a.usage.fast, rows[i].fast);
        done(&f);
    }

    ask(&f, &llm_bedrock, CONVERSE, "{\"messages\":[],\"performanceConfig\":"
        "{\"latency\":\"optimized\"}}");
    answer_begin(&f, NULL);
    answer_json(&f, "{\"usage\":{\"inputTokens\":1,\"outputTokens\":2}}");
    assert_int_equal(f.a.usage.fast, -1);
    answer_json(&f, "{\"performanceConfig\":{\"latency\":1}}");
    assert_int_equal(f.a.usage.fast, -1);
    answer_json(&f, "{\"performanceConfig\":{\"latency\":\"optimized\"}}");
    assert_int_equal(f.a.usage.fast, 1);
    done(&f);
}


static void
test_stream(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_bedrock, STREAM, "{}");
    assert_true(f.q.stream);
    answer_begin(&f, NULL);
    answer_event(&f, "messageStart", "{\"role\":\"assistant\"}");
    answer_event(&f, "contentBlockDelta",
                 "{\"delta\":{\"text\":\"hi\"},\"p\":\"abc\"}");
    f.p->finish(&f.a);
    assert_false(f.a.finished || f.a.usage_seen);
    answer_event(&f, "messageStop", "{\"stopReason\":\"max_tokens\"}");
    answer_event(&f, "metadata", "{\"usage\":{\"inputTokens\":15,"
                 "\"outputTokens\":100},\"metrics\":{\"latencyMs\":1}}");
    f.p->finish(&f.a);
    assert_true(f.a.finished && f.a.usage_seen && f.a.truncated);
    assert_int_equal(f.a.usage.input, 15);
    assert_int_equal(f.a.usage.output, 100);

    answer_event(&f, "error", "{\"message\":\"slow down\"}");
    assert_true(f.a.error);
    done(&f);
}


/* JSON in base64 in JSON */

static void
test_chunks(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_bedrock, CHUNKS, "{\"messages\":[]}");
    answer_begin(&f, NULL);

    /* {"type":"message_start","message":{"model":"claude-v2","usage":
       {"input_tokens":12,"output_tokens":2}}} */

    answer_event(&f, "chunk", "{\"bytes\":\"eyJ0eXBlIjoibWVzc2FnZV9zdGFydCIsI"
        "m1lc3NhZ2UiOnsibW9kZWwiOiJjbGF1ZGUtdjIiLCJ1c2FnZSI6eyJpbnB1dF90b2tlb"
        "nMiOjEyLCJvdXRwdXRfdG9rZW5zIjoyfX19\",\"p\":\"ab\"}");
    f.p->finish(&f.a);
    assert_int_equal(f.a.usage.input, 12);
    assert_int_equal(f.a.usage.output, 2);
    assert_int_equal(f.a.model.len, 9);
    assert_false(f.a.finished);

    /* {"type":"message_stop","amazon-bedrock-invocationMetrics":
       {"inputTokenCount":12,"outputTokenCount":100}} */

    answer_event(&f, "chunk", "{\"bytes\":\"\\u0065yJ0eXBlIjoibWVzc2FnZV9zdG9wI"
        "iwiY"
        "W1hem9uLWJlZHJvY2staW52b2NhdGlvbk1ldHJpY3MiOnsiaW5wdXRUb2tlbkNvdW50I"
        "joxMiwib3V0cHV0VG9rZW5Db3VudCI6MTAwfX0=\"}");
    f.p->finish(&f.a);
    assert_int_equal(f.a.usage.output, 100);
    assert_true(f.a.finished);

    /* no base64, no JSON in it, no text at all */

    answer_event(&f, "chunk", "{\"bytes\":\"???\"}");
    answer_event(&f, "chunk", "{\"bytes\":\"AAAA\"}");
    answer_event(&f, "chunk", "{\"bytes\":7}");
    answer_event(&f, "chunk", "nothing");
    assert_int_equal(f.a.usage.output, 100);
    done(&f);
}


static void
test_count(void **state)
{
    dialect_t      f;
    llm_counter_t  c;

    (void) state;

    memset(&c, 0, sizeof(c));
    c.count = count_bytes;

    ask(&f, &llm_bedrock, CONVERSE, "{\"messages\":[{\"role\":\"user\","
        "\"content\":[{\"text\":\"hello\"},{\"cachePoint\":{\"type\":"
        "\"default\",\"ttl\":\"1h\"}},{\"image\":{\"format\":\"png\","
        "\"source\":{\"bytes\":\"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        "AAAAAAAAAAAAAAAA\"}}}]}],\"inferenceConfig\":{\"stopSequences\":"
        "[\"not counted\"]},\"toolConfig\":{ \"tools\": [] }}");
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.p->count(&f.q, &c), LLM_OK);

    /* hello, png, a picture of one pixel */

    assert_int_equal(f.q.input_tokens, 5 + 3 + 1);
    assert_true(f.q.estimate && f.q.bounded);
    assert_int_equal(f.q.most.cache_write_1h, -1);
    assert_int_equal(f.q.most.cache_write, 0);
    assert_int_equal(f.q.most.image_input, -1);
    done(&f);

    /* one of 2^32 - 1 by as much, which is no more than the largest */

    ask(&f, &llm_bedrock, CONVERSE, "{\"messages\":[{\"role\":\"user\","
        "\"content\":[{\"image\":{\"format\":\"png\","
        "\"source\":{\"bytes\":\"iVBORw0KGgoAAAANSUhEUv//////////CAYAAAAAAAAA"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}}}]}]}");
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.p->count(&f.q, &c), LLM_OK);
    assert_int_equal(f.q.input_tokens, 3 + 1600);
    done(&f);

    /* one of 8 by 16 pixels, by an encoder that has an escape for a slash */

    ask(&f, &llm_bedrock, CONVERSE, "{\"messages\":[{\"role\":\"user\","
        "\"content\":[{\"image\":{\"format\":\"jpeg\","
        "\"source\":{\"bytes\":\"\\/9j\\/wAARCAAQAAgAAAAAAAAAAAAAAAAAAAAAA"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}}}]}]}");
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.p->count(&f.q, &c), LLM_OK);
    assert_int_equal(f.q.input_tokens, 4 + 1);
    done(&f);
}


static const llm_str_t *
signature(void *ctx, const char *name)
{
    static llm_str_t  value;

    value = str(ctx);

    return strcmp(name, "authorization") == 0 ? &value : NULL;
}


/* Cohere's and Bedrock's rankings have one path: who signs asks for the last */

static void
ask_rank(dialect_t *f, const char *authorization, const char *body)
{
    ask(f, &llm_bedrock, CONVERSE, body);

    f->q.route.headers.get = signature;
    f->q.route.headers.ctx = (void *) authorization;
    f->q.route.path = str("/rerank");
    f->q.route.model = str("");
    f->q.model = str("");
    f->path = f->p->path(&f->q.route);
    f->q.kind = f->q.route.kind;

    if (f->path == LLM_PATH_METERED) {
        f->rc = f->p->parse(&f->q);
    }
}


#define RANKED(arn, sources)                                                  \
    "{\"queries\":[{\"type\":\"TEXT\",\"textQuery\":{\"text\":\"q\"}}],"       \
    "\"sources\":[" sources "],\"rerankingConfiguration\":{\"type\":"         \
    "\"BEDROCK_RERANKING_MODEL\",\"bedrockRerankingConfiguration\":{"         \
    "\"numberOfResults\":1,\"modelConfiguration\":{\"modelArn\":" arn "}}}}"

static void
test_rank(void **state)
{
    size_t     i, n;
    char       body[4096];
    dialect_t  f;

    static const struct {
        const char  *body;
        const char  *param;
    } rows[] = {
        { "{}", "rerankingConfiguration" },
        { "{\"rerankingConfiguration\":[]}", "rerankingConfiguration" },
        { "{\"rerankingConfiguration\":{\"bedrockRerankingConfiguration\":"
          "null}}", "bedrockRerankingConfiguration" },
        { RANKED("7", ""), "modelArn" },
        { RANKED("null", ""), "modelArn" }
    };

    (void) state;

    ask_rank(&f, "Bearer x", "{}");
    assert_int_equal(f.path, LLM_PATH_UNKNOWN);
    assert_int_equal(f.q.route.kind, LLM_KIND_OTHER);
    done(&f);

    ask_rank(&f, "AWS4-HMAC-SHA256 Credential=x",
             RANKED("\"arn:aws:bedrock:us-west-2::foundation-model/"
                    "amazon.rerank-v1:0\"", "{\"type\":\"INLINE\"}"));
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.kind, LLM_KIND_RERANK);
    assert_int_equal(f.q.model.len, 18);
    assert_memory_equal(f.q.model.data, "amazon.rerank-v1:0", 18);
    assert_int_equal(f.q.most.queries, 1);
    assert_true(f.q.bounded && f.q.max_output == 0);
    done(&f);

    for (i = 0; i < 5; i++) {
        ask_rank(&f, "AWS4-HMAC-SHA256 Credential=x", rows[i].body);
        assert_int_equal(f.rc, LLM_BAD);
        assert_string_equal(f.q.param, rows[i].param);
        done(&f);
    }

    /* a search is 100 documents, and 101 are two */

    for (i = 99; i <= 101; i++) {

        n = (size_t) sprintf(body, "{\"documents\":[");

        while (n < sizeof("{\"documents\":[") - 1 + 3 * i) {
            n += (size_t) sprintf(body + n, "\"\",");
        }

        sprintf(body + n - 1, "]}");

        ask(&f, &llm_bedrock, "/model/cohere.rerank-v3-5:0/invoke", body);
        assert_int_equal(f.rc, LLM_OK);
        assert_int_equal(f.q.most.queries, i > 100 ? 2 : 1);
        done(&f);
    }
}


/* units of 1,000 characters, of each policy that a guardrail may have */

static void
test_guardrail(void **state)
{
    dialect_t      f;
    llm_counter_t  c;

    (void) state;

    memset(&c, 0, sizeof(c));
    c.count = count_bytes;

    ask(&f, &llm_bedrock, GUARD, "{\"source\":\"INPUT\",\"content\":[{\"text\":"
        "{\"text\":\"hello\"}},{\"image\":{\"format\":\"png\"}}]}");
    assert_int_equal(f.rc, LLM_OK);
    assert_string_equal(f.q.model.data, "guardrail");
    assert_true(f.q.sealed && f.q.stateful);
    assert_int_equal(llm_bedrock.count(&f.q, &c), LLM_OK);
    assert_int_equal(f.q.input_tokens, 5);
    assert_int_equal(f.q.most.queries, 5 + 1);

    answer_begin(&f, NULL);
    answer_json(&f, "{\"usage\":{\"topicPolicyUnits\":1,"
                "\"contentPolicyUnits\":2,\"wordPolicyUnits\":7,"
                "\"sensitiveInformationPolicyFreeUnits\":7,"
                "\"contentPolicyImageUnits\":1},\"action\":\"NONE\"}");
    assert_true(f.a.finished);
    assert_int_equal(f.a.usage.queries, 4);

    answer_begin(&f, NULL);
    answer_json(&f, "{\"action\":\"NONE\"}");
    assert_int_equal(f.a.usage.queries, 6);

    /* a part that cannot be read is not nothing */

    answer_begin(&f, NULL);
    answer_json(&f, "{\"usage\":{\"topicPolicyUnits\":1,"
                "\"contentPolicyUnits\":1.5},\"action\":\"NONE\"}");
    assert_true(f.a.usage_bad);
    assert_int_equal(f.a.usage.queries, 6);
    done(&f);

    ask(&f, &llm_bedrock, GUARD, "{\"source\":\"INPUT\"}");
    assert_int_equal(f.rc, LLM_DECLINED);
    done(&f);

    expect_bad(&llm_bedrock, GUARD, "{\"content\":7}", "content",
               "must be an array");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_rank),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_error),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_chosen),
        cmocka_unit_test(test_latency),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_guardrail)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
