
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "dialect_fixture.h"


extern const llm_provider_t  llm_gemini;

#define CHARS_64   "0123456789abcdef0123456789abcdef"                     \
                   "0123456789abcdef0123456789abcdef"
#define GENERATE  "/v1beta/models/gemini-2.5-flash:generateContent"
#define STREAM    "/v1beta/models/gemini-2.5-flash:streamGenerateContent"
#define EMBED     "/v1beta/models/gemini-embedding-001:embedContent"
#define BATCH     "/v1beta/models/gemini-embedding-001:batchEmbedContents"


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
        const char  *vendor;
    } rows[] = {
        { "POST", GENERATE, LLM_PATH_METERED, LLM_KIND_CHAT,
          "gemini-2.5-flash", "" },
        { "POST", STREAM, LLM_PATH_METERED, LLM_KIND_CHAT,
          "gemini-2.5-flash", "" },
        { "POST", "/proxy/v1/models/gemini-3-pro-preview:generateContent/",
          LLM_PATH_METERED, LLM_KIND_CHAT, "gemini-3-pro-preview", "" },
        { "POST", "/v1/projects/p/locations/europe-west4/publishers/google/"
          "models/gemini-2.5-pro:generateContent", LLM_PATH_METERED,
          LLM_KIND_CHAT, "gemini-2.5-pro", "vertex_ai" },
        { "POST", "/v1/publishers/google/models/gemini-2.5-pro:"
          "streamGenerateContent", LLM_PATH_METERED, LLM_KIND_CHAT,
          "gemini-2.5-pro", "vertex_ai" },
        { "POST", "/v1/projects/p/locations/l/endpoints/12:generateContent",
          LLM_PATH_METERED, LLM_KIND_CHAT, "12", "vertex_ai" },
        { "POST", "/v1beta/tunedModels/mine:generateContent",
          LLM_PATH_METERED, LLM_KIND_CHAT, "mine", "" },
        { "POST", EMBED, LLM_PATH_METERED, LLM_KIND_EMBEDDINGS,
          "gemini-embedding-001", "" },
        { "POST", BATCH, LLM_PATH_METERED, LLM_KIND_EMBEDDINGS,
          "gemini-embedding-001", "" },

        { "POST", "/v1beta/models/gemini-2.5-flash:countTokens",
          LLM_PATH_FREE, 0, "", "" },
        { "GET", "/v1beta/cachedContents/1", LLM_PATH_FREE, 0, "", "" },
        { "GET", "/v1beta/models/veo/operations/7", LLM_PATH_TOLD, 0, "", "" },
        { "POST", "/upload/v1beta/files", LLM_PATH_FREE, 0, "", "" },

        /* cost money, and cannot be counted */

        { "POST", "/v1beta/cachedContents", LLM_PATH_UNSUPPORTED, 0, "", "" },
        { "POST", "/v1beta/models/veo-3:predictLongRunning",
          LLM_PATH_METERED, LLM_KIND_VIDEO, "veo-3", "" },
        { "POST", "/v1beta/models/gemini-2.5-flash:batchGenerateContent",
          LLM_PATH_METERED, LLM_KIND_BATCH, "gemini-2.5-flash", "" },
        { "POST", "/v1beta/models/m:asyncBatchEmbedContent",
          LLM_PATH_UNSUPPORTED, 0, "", "" },
        { "POST", "/v1beta/models/gemini-2.5-flash:newThing",
          LLM_PATH_UNSUPPORTED, 0, "", "" },

        /* somebody else's */

        { "POST", "/v1/projects/p/locations/l/publishers/anthropic/models/"
          "claude-3-5-haiku@20241022:rawPredict", LLM_PATH_UNKNOWN, 0, "",
          "" },
        { "GET", GENERATE, LLM_PATH_UNKNOWN, 0, "", "" },
        { "POST", "/v1beta/models/:generateContent", LLM_PATH_UNKNOWN, 0, "",
          "" },
        { "POST", "/v1/chat/completions", LLM_PATH_UNKNOWN, 0, "", "" }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {

        if (route_of(&llm_gemini, &r, rows[i].method, rows[i].path)
            != rows[i].what)
        {
            fail_msg("%s %s", rows[i].method, rows[i].path);
        }

        if (rows[i].what == LLM_PATH_METERED) {
            assert_int_equal(r.kind, rows[i].kind);
            assert_int_equal(r.model.len, strlen(rows[i].model));
            assert_memory_equal(r.model.data, rows[i].model, r.model.len);
            assert_int_equal(r.vendor.len, strlen(rows[i].vendor));
        }
    }
}


static void
test_parse(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_gemini, GENERATE, "{\"contents\":[{\"parts\":[{\"text\":\"hi\""
        "}]}],\"generationConfig\":{\"maxOutputTokens\":100,"
        "\"candidateCount\":3}}");
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.max_output, 100);
    assert_int_equal(f.q.choices, 3);
    assert_false(f.q.stream);
    assert_true(f.q.can_fit);
    assert_false(f.q.can_inject);
    assert_true(f.q.model_in_path);
    assert_int_equal(f.q.model.len, 16);
    done(&f);

    ask(&f, &llm_gemini, STREAM, "{\"contents\":{\"parts\":{\"text\":\"hi\"}},"
        "\"generation_config\":{\"max_output_tokens\":7},"
        "\"service_tier\":\"flex\",\"cached_content\":\"cachedContents/1\"}");
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.max_output, 7);
    assert_int_equal(f.q.choices, 1);
    assert_true(f.q.stream);
    assert_true(f.q.stateful);
    assert_int_equal(f.q.service_tier.len, 4);
    done(&f);

    ask(&f, &llm_gemini, BATCH, "{\"requests\":[{\"content\":{\"parts\":["
        "{\"text\":\"a\"}]},\"model\":\"models/gemini-embedding-001\"}]}");
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.max_output, 0);
    done(&f);
}


/* Vertex AI may give it to another model, which has the price then */

static void
test_routing(void **state)
{
    dialect_t  f;

    (void) state;

#define ROUTED(config)  "{\"contents\":[],\"generationConfig\":{" config "}}"

    ask(&f, &llm_gemini, GENERATE,
        ROUTED("\"routing_config\":{\"manual_mode\":{\"model_name\":"
               "\"gemini-2.5-pro\"}}"));
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.nothers, 1);
    assert_memory_equal(f.q.others[0].data, "gemini-2.5-pro", 14);
    assert_int_equal(f.q.model.len, 16);

    answer_begin(&f, NULL);

    answer_json(&f, "{\"candidates\":[{\"finishReason\":\"STOP\"}],"
               "\"modelVersion\":\"gemini-2.5-pro\",\"usageMetadata\":"
               "{\"promptTokenCount\":3,\"candidatesTokenCount\":2}}");
    assert_int_equal(f.a.served.len, 14);
    done(&f);

    ask(&f, &llm_gemini, GENERATE,
        ROUTED("\"routingConfig\":{\"autoMode\":{}}"));
    assert_int_equal(f.rc, LLM_OK);
    assert_memory_equal(f.q.model.data, "(routed)", 8);
    done(&f);

    ask(&f, &llm_gemini, GENERATE,
        ROUTED("\"modelSelectionConfig\":{\"featureSelectionPreference\":"
               "\"BALANCED\"}"));
    assert_memory_equal(f.q.model.data, "(routed)", 8);
    done(&f);

    ask(&f, &llm_gemini, GENERATE,
        ROUTED("\"routingConfig\":null,\"modelSelectionConfig\":null"));
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.nothers, 0);
    assert_int_equal(f.q.model.len, 16);
    done(&f);

    /* what goes on where another one ended depends on that */

    ask(&f, &llm_gemini, GENERATE,
        "{\"contents\":[],\"continuationToken\":\"abc\"}");
    assert_true(f.q.stateful);
    done(&f);

    ask(&f, &llm_gemini, GENERATE, "{\"contents\":[],\"store\":true}");
    assert_true(f.q.stateful);
    done(&f);

    ask(&f, &llm_gemini, GENERATE, "{\"contents\":[],\"store\":false}");
    assert_false(f.q.stateful);
    done(&f);
}


static void
test_bad(void **state)
{
    static const bad_t  rows[] = {
        { GENERATE, "[]", NULL, "the request body must be a JSON object" },
        { GENERATE, "{}", "contents", "is required" },
        { GENERATE, "{\"contents\":null}", "contents", "is required" },
        { GENERATE, "{\"contents\":\"hi\"}", "contents", "must be an object" },
        { GENERATE, "{\"contents\":[1]}", "contents",
          "must be an array of objects" },
        { GENERATE, "{\"contents\":[],\"contents\":[]}", "contents",
          "must not occur more than once" },
        { GENERATE, "{\"contents\":[],\"generationConfig\":[]}",
          "generationConfig", "must be an object" },
        { GENERATE, "{\"contents\":[],\"generationConfig\":{},"
          "\"generation_config\":{}}", "generationConfig",
          "must not occur more than once" },
        { GENERATE, "{\"contents\":[],\"generationConfig\":{"
          "\"maxOutputTokens\":1,\"max_output_tokens\":9}}",
          "maxOutputTokens", "must not occur more than once" },
        { GENERATE, "{\"contents\":[],\"generationConfig\":{"
          "\"maxOutputTokens\":\"100\"}}", "maxOutputTokens",
          "must be an integer" },
        { GENERATE, "{\"contents\":[],\"generationConfig\":{"
          "\"maxOutputTokens\":-1}}", "maxOutputTokens",
          "must be at least 1" },
        { GENERATE, "{\"contents\":[],\"generationConfig\":{"
          "\"candidateCount\":1000000000}}", "candidateCount",
          "is too large" },
        { GENERATE, "{\"contents\":[],\"generationConfig\":{"
          "\"candidateCount\":1.5}}", "candidateCount",
          "must be an integer" },
        { GENERATE, "{\"contents\":[],\"tools\":\"x\"}", "tools",
          "must be an array" },
        { GENERATE, "{\"contents\":[],\"serviceTier\":1}", "serviceTier",
          "must be a string" },
        { GENERATE, "{\"contents\":[],\"generationConfig\":{"
          "\"routingConfig\":[]}}", "routingConfig", "must be an object" },
        { GENERATE, "{\"contents\":[],\"generationConfig\":{"
          "\"routingConfig\":{\"manualMode\":{},\"manual_mode\":{}}}}",
          "manualMode", "must not occur more than once" },
        { GENERATE, "{\"contents\":[],\"generationConfig\":{"
          "\"routingConfig\":{\"manualMode\":\"x\"}}}", "manualMode",
          "must be an object" },
        { GENERATE, "{\"contents\":[],\"generationConfig\":{"
          "\"routingConfig\":{\"manualMode\":{\"modelName\":7}}}}",
          "modelName", "must be a string" },
        { GENERATE, "{\"contents\":[],\"generationConfig\":{"
          "\"routingConfig\":{\"manualMode\":{}}}}", "modelName",
          "is required" },
        { EMBED, "{}", "content", "is required" },
        { EMBED, "{\"content\":[]}", "content", "must be an object" },
        { BATCH, "{\"requests\":{}}", "requests", "must be an array" },
        { BATCH, "{\"requests\":[{\"model\":\"models/other\"}]}",
          "requests.model", "must be the model of the path" },
        { "/v1/models/a\x01:generateContent", "{}", "model",
          "of the path cannot be one" }
    };

    (void) state;

    expect_all_bad(&llm_gemini, rows, sizeof(rows) / sizeof(bad_t));
}


static void
edit(const char *body, const char *want)
{
    dialect_t  f;

    ask(&f, &llm_gemini, GENERATE, body);
    expect_edit(&f, 50, want);
    done(&f);
}


static void
test_edit(void **state)
{
    (void) state;

    edit("{\"contents\":[]}",
         "{\"generationConfig\":{\"maxOutputTokens\":50},\"contents\":[]}");
    edit("{\"contents\":[], \"generationConfig\":null}",
         "{\"contents\":[], \"generationConfig\":{\"maxOutputTokens\":50}}");
    edit("{\"contents\":[],\"generationConfig\":{}}",
         "{\"contents\":[],\"generationConfig\":{\"maxOutputTokens\":50}}");
    edit("{\"contents\":[],\"generationConfig\":{ \"topK\":1}}",
         "{\"contents\":[],\"generationConfig\":{\"maxOutputTokens\":50,"
         " \"topK\":1}}");
    edit("{\"contents\":[],\"generation_config\":{\"max_output_tokens\":99}}",
         "{\"contents\":[],\"generation_config\":{\"max_output_tokens\":50}}");
    edit("{\"contents\":[],\"generationConfig\":{\"maxOutputTokens\":9}}",
         "{\"contents\":[],\"generationConfig\":{\"maxOutputTokens\":9}}");
    edit("{\"contents\":[],\"generationConfig\":{\"maxOutputTokens\":null}}",
         "{\"contents\":[],\"generationConfig\":{\"maxOutputTokens\":50}}");
}


static void
test_error(void **state)
{
    (void) state;

    expect_error(&llm_gemini, LLM_REFUSE_BUDGET, 429, "budget_exceeded",
        "a \"b\"", "{\"error\":{\"code\":429,\"message\":\"a \\\"b\\\"\","
        "\"status\":\"RESOURCE_EXHAUSTED\",\"details\":[{\"@type\":"
        "\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":"
        "\"budget_exceeded\",\"domain\":\"llm_cost\"}]}}");
    expect_error(&llm_gemini, LLM_REFUSE_INVALID, 400, "invalid_request", "x",
        "{\"error\":{\"code\":400,\"message\":\"x\",\"status\":"
        "\"INVALID_ARGUMENT\",\"details\":[{\"@type\":"
        "\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":"
        "\"invalid_request\",\"domain\":\"llm_cost\"}]}}");
}


static void
whole(dialect_t *f, const char *path, const char *answer)
{
    ask(f, &llm_gemini, path, "{\"contents\":[],\"content\":{}}");
    assert_int_equal(f->rc, LLM_OK);
    answer_begin(f, NULL);
    answer_json(f, answer);
    expect_usage_sane(&f->a.usage);
}


/* the tier may be in the header alone, in capitals or not */

static void
expect_tier(const char *header, const char *tier)
{
    dialect_t      f;
    const char    *headers[] = { "x-gemini-service-tier", header, NULL };
    llm_headers_t  h = { fixture_header, headers };

    ask(&f, &llm_gemini, GENERATE, "{\"contents\":[]}");
    answer_begin(&f, NULL);
    assert_int_equal(llm_gemini.headers(&f.a, &h), LLM_OK);
    answer_json(&f, "{\"usageMetadata\":{\"promptTokenCount\":9}}");

    if (f.a.service_tier.len != strlen(tier)
        || (*tier && memcmp(f.a.service_tier.data, tier, strlen(tier)) != 0))
    {
        fail_msg("%s: %.*s", header, (int) f.a.service_tier.len,
                 f.a.service_tier.data);
    }

    done(&f);
}


static void
test_tier(void **state)
{
    (void) state;

    expect_tier("PRIORITY", "priority");
    expect_tier("STANDARD", "standard");
    expect_tier("ON_DEMAND", "on_demand");
    expect_tier("AZ@[az{`09", "az@[az{`09");
    expect_tier("", "");
    expect_tier(CHARS_64, CHARS_64);
    expect_tier(CHARS_64 "a", "");
}


static void
test_usage(void **state)
{
    dialect_t  f;

    (void) state;

    /* thoughts and what tools read stand beside the other counters */

    whole(&f, GENERATE, "{\"candidates\":[{\"finishReason\":\"STOP\"}],"
        "\"modelVersion\":\"gemini-2.5-flash-001\",\"usageMetadata\":{"
        "\"promptTokenCount\":100,\"cachedContentTokenCount\":40,"
        "\"candidatesTokenCount\":20,\"thoughtsTokenCount\":30,"
        "\"toolUsePromptTokenCount\":7,\"totalTokenCount\":157,"
        "\"promptTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":50},"
        "{\"modality\":\"AUDIO\",\"tokenCount\":32},{\"modality\":\"VIDEO\","
        "\"tokenCount\":10},{\"modality\":\"IMAGE\",\"tokenCount\":8}],"
        "\"toolUsePromptTokensDetails\":[{\"modality\":2,\"tokenCount\":5}],"
        "\"cacheTokensDetails\":[{\"modality\":\"AUDIO\",\"tokenCount\":12}],"
        "\"candidatesTokensDetails\":[{\"modality\":\"IMAGE\","
        "\"tokenCount\":6}],\"trafficType\":\"ON_DEMAND_PRIORITY\"}}");

    assert_int_equal(f.a.usage.input, 107);
    assert_int_equal(f.a.usage.output, 50);
    assert_int_equal(f.a.usage.reasoning, 30);
    assert_int_equal(f.a.usage.cached_input, 40);
    assert_int_equal(f.a.usage.audio_input, 32);
    assert_int_equal(f.a.usage.video_input, 10);
    assert_int_equal(f.a.usage.image_input, 13);
    assert_int_equal(f.a.usage.cached_audio, 12);
    assert_int_equal(f.a.usage.image_output, 6);
    assert_true(f.a.finished && f.a.usage_seen && !f.a.usage_bad);
    assert_int_equal(f.a.service_tier.len, 18);
    assert_int_equal(f.a.model.len, 20);
    done(&f);

    /* a number between two modalities is none */

    whole(&f, GENERATE, "{\"usageMetadata\":{\"promptTokenCount\":9,"
        "\"promptTokensDetails\":[{\"modality\":1.5,\"tokenCount\":5},"
        "{\"modality\":2.0,\"tokenCount\":3}]}}");
    assert_int_equal(f.a.usage.image_input, 3);
    done(&f);

    /* what is not there is 0 once anything is */

    whole(&f, GENERATE, "{\"usageMetadata\":{\"promptTokenCount\":9}}");
    assert_int_equal(f.a.usage.input, 9);
    assert_int_equal(f.a.usage.output, 0);
    assert_int_equal(f.a.usage.reasoning, -1);
    done(&f);

    /* only a total: it has to be paid */

    whole(&f, GENERATE, "{\"usageMetadata\":{\"totalTokenCount\":9}}");
    assert_int_equal(f.a.usage.input, 9);
    assert_int_equal(f.a.usage.output, 0);
    done(&f);

    /* a total above its parts */

    whole(&f, GENERATE, "{\"usageMetadata\":{\"promptTokenCount\":5,"
          "\"candidatesTokenCount\":2,\"totalTokenCount\":17}}");
    assert_int_equal(f.a.usage.output, 12);
    done(&f);

    whole(&f, EMBED, "{\"embedding\":{\"values\":[0.5]},\"usageMetadata\":{"
          "\"promptTokenCount\":4,\"totalTokenCount\":6}}");
    assert_int_equal(f.a.usage.input, 4);
    assert_int_equal(f.a.usage.output, 0);
    assert_true(f.a.finished);
    done(&f);
}


static void
test_usage_bad(void **state)
{
    size_t     i;
    dialect_t  f;

    static const struct {
        const char  *text;
        int64_t      input;
        int64_t      output;
        int          seen;
        int          bad;
    } rows[] = {
        { "{}", -1, -1, 0, 0 },
        { "{\"usageMetadata\":null}", -1, -1, 0, 0 },
        { "{\"usageMetadata\":7}", -1, -1, 0, 1 },
        { "{\"usageMetadata\":{}}", -1, -1, 0, 0 },
        { "{\"usageMetadata\":{\"promptTokenCount\":null}}", -1, -1, 0, 0 },
        { "{\"usageMetadata\":{\"promptTokenCount\":-5}}", -1, -1, 0, 1 },
        { "{\"usageMetadata\":{\"promptTokenCount\":1.5,"
          "\"candidatesTokenCount\":3}}", -1, 3, 1, 1 },
        { "{\"usageMetadata\":{\"promptTokenCount\":4,"
          "\"candidatesTokenCount\":{}}}", 4, -1, 1, 1 },
        { "{\"usageMetadata\":{\"promptTokenCount\":\"12\","
          "\"candidatesTokenCount\":3.0}}", 12, 3, 1, 0 },
        { "{\"usageMetadata\":{\"promptTokenCount\":1e30}}", -1, -1, 0, 1 },
        { "{\"usageMetadata\":{\"promptTokenCount\":1,"
          "\"promptTokenCount\":2}}", 2, 0, 1, 0 },
        { "{\"usageMetadata\":{\"promptTokenCount\":9,\"totalTokenCount\":2,"
          "\"candidatesTokenCount\":4}}", 9, 4, 1, 0 },
        { "[]", -1, -1, 0, 0 },
        { "{\"promptFeedback\":{\"blockReason\":\"SAFETY\"},"
          "\"usageMetadata\":{\"trafficType\":\"ON_DEMAND\"}}", 0, 0, 1, 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        whole(&f, GENERATE, rows[i].text);

        if (f.a.usage.input != rows[i].input
            || f.a.usage.output != rows[i].output
            || f.a.usage_seen != (unsigned) rows[i].seen
            || f.a.usage_bad != (unsigned) rows[i].bad)
        {
            fail_msg("%s: %lld %lld %u %u", rows[i].text,
                     (long long) f.a.usage.input,
                     (long long) f.a.usage.output, f.a.usage_seen,
                     f.a.usage_bad);
        }

        done(&f);
    }
}


static void
test_stream(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_gemini, STREAM, "{\"contents\":[]}");
    answer_begin(&f, NULL);

    answer_event(&f, "", "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":"
        "\"He\"}]}}],\"usageMetadata\":{\"promptTokenCount\":20,"
        "\"cachedContentTokenCount\":10,\"totalTokenCount\":20}}");
    answer_event(&f, "", "{\"candidates\":[{\"index\":1,\"finishReason\":"
        "\"STOP\"}]}");
    f.p->finish(&f.a);
    assert_false(f.a.finished);
    assert_int_equal(f.a.usage.input, 20);

    /* a bad figure is bad in its own event: the total tells here */

    answer_event(&f, "", "{\"usageMetadata\":{\"promptTokenCount\":20,"
        "\"thoughtsTokenCount\":[3]}}");
    assert_true(f.a.usage_bad);
    answer_event(&f, "", "{\"usageMetadata\":{\"promptTokenCount\":20,"
        "\"thoughtsTokenCount\":3,\"totalTokenCount\":30}}");
    assert_int_equal(f.a.usage.output, 10);
    assert_true(f.a.usage_bad);
    assert_int_equal(f.a.usage.input, 20);

    answer_event(&f, "", "{\"candidates\":[{\"finishReason\":\"MAX_TOKENS\"}],"
        "\"usageMetadata\":{\"promptTokenCount\":17,"
        "\"candidatesTokenCount\":6,\"totalTokenCount\":23}}");
    answer_event(&f, "", "not JSON");
    f.p->finish(&f.a);

    /* the last object holds as a whole, what it leaves out included */

    assert_int_equal(f.a.usage.input, 17);
    assert_int_equal(f.a.usage.output, 6);
    assert_int_equal(f.a.usage.cached_input, -1);
    assert_true(f.a.finished && f.a.truncated && !f.a.error);

    answer_event(&f, "", "{\"error\":{\"code\":503,\"message\":\"x\"}}");
    assert_true(f.a.error);
    assert_int_equal(f.a.usage.input, 17);
    done(&f);
}


/* a search is paid for once, however often it is named */

static void
test_searches(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_gemini, STREAM, "{\"contents\":[]}");
    answer_begin(&f, NULL);
    answer_event(&f, "", "{\"candidates\":[{\"groundingMetadata\":{"
                 "\"webSearchQueries\":[\"a\",\"\",\"b\"]}}]}");
    answer_event(&f, "", "{\"candidates\":[{\"groundingMetadata\":{"
                 "\"webSearchQueries\":[\"b\",\"c\",1]}}],\"usageMetadata\":{"
                 "\"promptTokenCount\":1}}");
    assert_int_equal(f.a.usage.searches, 3);
    assert_int_equal(f.a.usage.input, 1);
    done(&f);
}


static void
test_framing(void **state)
{
    size_t     i;
    dialect_t  f;
    llm_str_t  type;

    static const struct {
        const char     *path;
        const char     *type;
        llm_framing_e   framing;
    } rows[] = {
        { GENERATE, "application/json", LLM_FRAMING_JSON },
        { STREAM, "application/json", LLM_FRAMING_ARRAY },
        { STREAM, "text/event-stream", LLM_FRAMING_SSE },
        { STREAM, "text/html", LLM_FRAMING_NONE }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ask(&f, &llm_gemini, rows[i].path, "{\"contents\":[]}");
        type = str(rows[i].type);

        assert_int_equal(llm_gemini.framing(&f.q, &type), rows[i].framing);
        done(&f);
    }
}


static void
digest_update(void *ctx, const void *p, size_t n)
{
    size_t     i;
    uint64_t  *h;

    h = ctx;

    for (i = 0; i < n; i++) {
        *h = (*h ^ ((const unsigned char *) p)[i]) * 0x100000001b3ULL;
    }
}


static uint64_t
digest(const char *path, const char *body)
{
    uint64_t   h;
    dialect_t  f;

    h = 0;
    ask(&f, &llm_gemini, path, body);
    assert_int_equal(f.p->canonical(&f.q, digest_update, &h), LLM_OK);
    done(&f);

    return h;
}


static void
test_canonical(void **state)
{
    uint64_t  h;

    (void) state;

    h = digest(GENERATE, "{\"contents\":[],\"tools\":[]}");

    assert_true(digest(GENERATE, "{ \"contents\" : [ ],\"labels\":{\"a\":1},"
                       "\"tools\":[]}") == h);
    assert_true(digest(GENERATE, "{\"contents\":[[]],\"tools\":[]}") != h);
    assert_true(digest(GENERATE, "{\"contents\":[{}],\"tools\":[]}")
                != digest(GENERATE, "{\"contents\":[],\"tools\":[{}]}"));
    assert_true(digest(STREAM, "{\"contents\":[],\"tools\":[]}") == h);
    assert_true(digest("/v1/models/other:generateContent",
                       "{\"contents\":[],\"tools\":[]}") != h);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_routing),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_edit),
        cmocka_unit_test(test_error),
        cmocka_unit_test(test_tier),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_usage_bad),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_searches),
        cmocka_unit_test(test_framing),
        cmocka_unit_test(test_canonical)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
