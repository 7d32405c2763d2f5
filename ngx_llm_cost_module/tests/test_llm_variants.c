
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * What providers document and recordings rarely show: figures beside the
 * usual ones, and other names for them.
 */

#include "dialect_fixture.h"


extern const llm_provider_t  llm_anthropic, llm_bedrock, llm_cohere;

#define CHAT      "/v1/chat/completions"
#define HELLO     "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
#define REQUEST   "{\"model\":\"m\"," HELLO
#define SAID      "\"choices\":[{\"index\":0,\"finish_reason\":\"stop\","      \
                  "\"message\":{\"content\":\"x\"}}],\"usage\":{"
#define TOKENS    "\"prompt_tokens\":100,\"completion_tokens\":5,"
#define AROUND    "\"total_tokens\":105,"


/* an answer to a request, and what its usage is then */

static void
answered(dialect_t *f, const llm_provider_t *p, const char *path,
    const char *request, const char *answer)
{
    ask(f, p, path, request);
    assert_int_equal(f->path, LLM_PATH_METERED);
    assert_int_equal(f->rc, LLM_OK);

    answer_begin(f, NULL);
    answer_json(f, answer);
    expect_usage_sane(&f->a.usage);
}


typedef struct {
    const char  *usage;           /* but for the tokens */
    int64_t      input;
    int64_t      output;
    int64_t      cached;
    int64_t      written;
    int64_t      audio_ms;
    int64_t      reported;
} chat_t;


static void
test_chat(void **state)
{
    size_t     i;
    char       answer[1024];
    dialect_t  f;

    static const chat_t  rows[] = {

        /* with a key of one's own the fee is not all */

        { AROUND "\"cost\":0.0001,\"is_byok\":true,\"cost_details\":"
          "{\"upstream_inference_cost\":0.002}",
          100, 5, -1, -1, -1, 2100000 },
        { AROUND "\"cost\":0.0001,\"is_byok\":false,\"cost_details\":"
          "{\"upstream_inference_cost\":0.002}",
          100, 5, -1, -1, -1, 100000 },
        { AROUND "\"cost\":0.0001,\"is_byok\":true,\"cost_details\":"
          "{\"upstream_inference_cost\":null}",
          100, 5, -1, -1, -1, 100000 },
        { AROUND "\"cost\":0.0001,\"is_byok\":true",
          100, 5, -1, -1, -1, 100000 },

        /* Claude's figures beside OpenAI's, or in their details */

        { AROUND "\"cache_read_input_tokens\":60,"
          "\"cache_creation_input_tokens\":20", 100, 5, 60, 20, -1, -1 },
        { AROUND "\"prompt_tokens_details\":{\"cached_tokens\":60,"
          "\"cache_creation_tokens\":20}", 100, 5, 60, 20, -1, -1 },
        { AROUND "\"prompt_tokens_details\":{\"cached_tokens\":60,"
          "\"cache_creation_input_tokens\":20}", 100, 5, 60, 20, -1, -1 },

        /* ... and as Claude counts, which the total shows */

        { "\"total_tokens\":185,\"cache_read_input_tokens\":60,"
          "\"cache_creation_input_tokens\":20", 180, 5, 60, 20, -1, -1 },
        { "\"total_tokens\":186,\"cache_read_input_tokens\":60,"
          "\"cache_creation_input_tokens\":20", 100, 86, 60, 20, -1, -1 },
        { "\"total_tokens\":185,\"prompt_tokens_details\":{"
          "\"cached_tokens\":80},\"completion_tokens_details\":"
          "{\"reasoning_tokens\":80}", 100, 85, 80, -1, -1, -1 },

        /* LiteLLM says how long a cache keeps them */

        { AROUND "\"prompt_tokens_details\":{\"cache_creation_tokens\":20,"
          "\"cache_creation_token_details\":{\"ephemeral_5m_input_tokens\":"
          "5,\"ephemeral_1h_input_tokens\":15}}", 100, 5, -1, 5, -1, -1 },
        { AROUND "\"prompt_tokens_details\":{\"cache_creation_tokens\":20,"
          "\"cache_creation_token_details\":{\"ephemeral_1h_input_tokens\":"
          "90}}", 100, 5, -1, 0, -1, -1 },
        { AROUND "\"prompt_tokens_details\":{\"cache_creation_tokens\":20,"
          "\"cache_creation_token_details\":[]}", 100, 5, -1, 20, -1, -1 },

        /* ... and OpenAI */

        { AROUND "\"prompt_tokens_details\":{\"cached_tokens\":60,"
          "\"cache_write_tokens\":20,\"cache_write_tokens_details\":{"
          "\"ttl_30m_tokens\":8,\"ttl_12h_tokens\":12}}",
          100, 5, 60, 8, -1, -1 },
        { AROUND "\"prompt_tokens_details\":{\"cache_write_tokens\":20,"
          "\"cache_write_tokens_details\":{\"ttl_30m_tokens\":20,"
          "\"ttl_12h_tokens\":null}}", 100, 5, -1, 20, -1, -1 },

        /* sound that is charged by the second is in the total alone */

        { "\"total_tokens\":400,\"prompt_audio_seconds\":203",
          100, 5, -1, -1, 203000, -1 },
        { "\"total_tokens\":400,\"prompt_audio_seconds\":null",
          100, 300, -1, -1, -1, -1 }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {

        snprintf(answer, sizeof(answer), "{\"model\":\"m\"," SAID TOKENS
                 "%s}}", rows[i].usage);
        answered(&f, &llm_openai, CHAT, REQUEST, answer);

        if (f.a.usage.input != rows[i].input
            || f.a.usage.output != rows[i].output
            || f.a.usage.cached_input != rows[i].cached
            || f.a.usage.cache_write != rows[i].written
            || f.a.usage.audio_input_ms != rows[i].audio_ms
            || f.a.usage.reported_cost != rows[i].reported)
        {
            fail_msg("%s: %lld %lld %lld %lld %lld %lld", rows[i].usage,
                     (long long) f.a.usage.input,
                     (long long) f.a.usage.output,
                     (long long) f.a.usage.cached_input,
                     (long long) f.a.usage.cache_write,
                     (long long) f.a.usage.audio_input_ms,
                     (long long) f.a.usage.reported_cost);
        }

        done(&f);
    }
}


/* of an answer's header */

static const llm_str_t *
header(void *ctx, const char *name)
{
    return strcmp(name, "x-litellm-response-cost") == 0 ? ctx : NULL;
}


/* what gateways say that they take, and where Moonshot says its usage */

static void
test_gateways(void **state)
{
    size_t         i;
    llm_str_t      s;
    dialect_t      f;
    llm_headers_t  h;

    static const struct {
        const char  *text;
        int64_t      nano;
    } costs[] = {
        { "0.0001155", 115500 }, { "3.5e-06", 3500 }, { "1.2e-10", 1 },
        { "-0.1", -1 }, { "None", -1 }, { "", -1 }, { "1e300", -1 }
    };

    (void) state;

    h.get = header;
    h.ctx = &s;

    for (i = 0; i < sizeof(costs) / sizeof(costs[0]); i++) {
        s = str(costs[i].text);

        ask(&f, &llm_openai, CHAT, REQUEST);
        answer_begin(&f, NULL);
        assert_int_equal(f.p->headers(&f.a, &h), LLM_OK);
        answer_json(&f, "{" SAID TOKENS AROUND "\"x\":0}}");
        assert_int_equal(f.a.usage.reported_cost, costs[i].nano);
        assert_int_equal(f.a.usage.input, 100);
        done(&f);
    }

    answered(&f, &llm_anthropic, "/v1/messages", "{\"model\":\"m\","
             "\"max_tokens\":9," HELLO, "{\"usage\":{\"input_tokens\":1,"
             "\"output_tokens\":2,\"cost\":0.0001,\"is_byok\":true,"
             "\"cost_details\":{\"upstream_inference_cost\":0.002}}}");
    assert_int_equal(f.a.usage.reported_cost, 2100000);
    done(&f);

    ask(&f, &llm_openai, CHAT, REQUEST);
    answer_begin(&f, NULL);
    answer_event(&f, "", "{\"choices\":[{\"index\":0,\"delta\":{},"
                 "\"finish_reason\":\"stop\",\"usage\":{" TOKENS
                 "\"total_tokens\":105}}]}");
    assert_int_equal(f.a.usage_seen, 1);
    assert_int_equal(f.a.usage.input, 100);
    assert_int_equal(f.a.usage.output, 5);
    done(&f);
}


/* a search for each request is charged, though nothing is said of it */

static void
test_searches(void **state)
{
    size_t     i;
    dialect_t  f;

    static const struct {
        const char  *request;
        const char  *usage;
        int64_t      searches;
        int64_t      size;
    } rows[] = {
        { "{\"model\":\"sonar-pro\"," HELLO, "", 1, -1 },
        { "{\"model\":\"perplexity/sonar\"," HELLO,
          ",\"search_context_size\":\"low\"", 1, LLM_SEARCH_LOW },
        { "{\"model\":\"sonar-deep-research\"," HELLO,
          ",\"num_search_queries\":21", 21, -1 },
        { "{\"model\":\"m\"," HELLO, ",\"search_context_size\":\"high\"", 1,
          LLM_SEARCH_HIGH },
        { "{\"model\":\"m\"," HELLO, ",\"num_sources_used\":3", 3, -1 },
        { "{\"model\":\"gpt-4o-search-preview-2025-03-11\"," HELLO, "", 1,
          -1 },
        { "{\"model\":\"gpt-5-search-api\",\"web_search_options\":"
          "{\"search_context_size\":\"high\"}," HELLO, "", 1,
          LLM_SEARCH_HIGH },
        { "{\"model\":\"m\",\"web_search_options\":null," HELLO, "", -1, -1 },
        { REQUEST, "", -1, -1 }
    };

    char  answer[512];

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(answer, sizeof(answer), "{" SAID TOKENS AROUND
                 "\"x\":0%s}}", rows[i].usage);
        answered(&f, &llm_openai, CHAT, rows[i].request, answer);

        if (f.a.usage.searches != rows[i].searches
            || f.a.usage.search_size != rows[i].size)
        {
            fail_msg("%s: %lld %lld", rows[i].request,
                     (long long) f.a.usage.searches,
                     (long long) f.a.usage.search_size);
        }

        done(&f);
    }
}


/* Azure's router: the price of the model that it chose, and a fee */

static void
test_routed(void **state)
{
    char       body[128];
    size_t     i;
    dialect_t  f;

    static const struct {
        const char  *model;
        int          rc;
    } names[] = {
        { "model-router", LLM_DECLINED },
        { "my_model_router-2", LLM_DECLINED },
        { "azure/model-router", LLM_DECLINED },
        { "model-route", LLM_OK },
        { "model-routes-all", LLM_OK },
        { "model.router", LLM_OK },
        { "modal-router", LLM_OK },
        { "the-large-model", LLM_OK }
    };

    (void) state;

    ask(&f, &llm_openai, "/openai/deployments/my-model-router/chat/completions",
        "{\"messages\":[]}");
    assert_int_equal(f.rc, LLM_DECLINED);
    assert_int_equal(f.q.crowd, 1);

    answer_begin(&f, NULL);
    answer_event(&f, "", "{\"model\":\"\",\"choices\":[]}");
    answer_event(&f, "", "{\"model\":\"chosen\",\"choices\":[{\"index\":0,"
                         "\"delta\":{}}],\"usage\":{\"prompt_tokens\":7,"
                         "\"completion_tokens\":5}}");
    f.p->finish(&f.a);

    assert_int_equal(f.a.served.len, 6);
    assert_memory_equal(f.a.served.data, "chosen", 6);
    assert_non_null(f.a.items);
    assert_null(f.a.items->next);
    assert_int_equal(f.a.items->model.len, 15);
    assert_int_equal(f.a.items->usage.input, 7);
    assert_int_equal(f.a.items->usage.output, 0);
    done(&f);

    ask(&f, &llm_openai, "/v1/responses",
        "{\"model\":\"model_router\",\"input\":\"x\"}");
    assert_int_equal(f.rc, LLM_DECLINED);
    assert_int_equal(f.q.crowd, 1);

    answer_begin(&f, NULL);
    answer_json(&f, "{\"status\":\"completed\",\"model\":\"chosen\"}");
    assert_int_equal(f.a.served.len, 6);
    assert_null(f.a.items);
    done(&f);

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(body, sizeof(body), "{\"model\":\"%s\",\"messages\":[]}",
                 names[i].model);
        ask(&f, &llm_openai, CHAT, body);

        if (f.rc != names[i].rc || f.q.crowd != (f.rc == LLM_DECLINED)) {
            fail_msg("%s: %d", names[i].model, f.rc);
        }

        done(&f);
    }
}


#define RESPONSE  "{\"id\":\"r\",\"status\":\"completed\",\"usage\":"          \
                  "{\"input_tokens\":10,\"output_tokens\":5},"


static void
test_response_tools(void **state)
{
    dialect_t          f;
    llm_usage_item_t  *item;

    (void) state;

    answered(&f, &llm_openai, "/v1/responses",
             "{\"model\":\"gpt-5\",\"input\":\"x\",\"tools\":[{\"type\":"
             "\"web_search\"},{\"type\":\"image_generation\","
             "\"model\":\"gpt-image-1.5\"}]}",
             RESPONSE "\"output\":[{\"type\":\"web_search_call\"}],"
             "\"tool_usage\":{\"image_gen\":{\"input_tokens\":100,"
             "\"input_tokens_details\":{\"image_tokens\":60,"
             "\"text_tokens\":40},\"output_tokens\":1056,"
             "\"total_tokens\":1156},\"web_search\":{\"num_requests\":2}}}");

    assert_int_equal(f.a.usage.searches, 2);
    assert_int_equal(f.a.usage.input, 10);

    item = f.a.items;
    assert_non_null(item);
    assert_null(item->next);
    assert_int_equal(item->model.len, 13);
    assert_memory_equal(item->model.data, "gpt-image-1.5", 13);
    assert_int_equal(item->usage.input, 100);
    assert_int_equal(item->usage.image_input, 60);
    assert_int_equal(item->usage.output, 1056);
    assert_int_equal(item->usage.image_output, 1056);
    done(&f);

    /* the answer may tell which model it was; a drawing is one more's */

    answered(&f, &llm_openai, "/v1/responses",
             "{\"model\":\"gpt-5\",\"input\":\"x\",\"tools\":["
             "{\"type\":\"image_generation\"}]}",
             RESPONSE "\"tools\":[{\"type\":\"function\"},{\"type\":"
             "\"image_generation\",\"model\":\"painter\"}],\"output\":["
             "{\"type\":\"image_generation_call\",\"svg_usage\":{"
             "\"input_tokens\":30,\"model\":\"drawer\",\"output_tokens\":20,"
             "\"reasoning_tokens\":9,\"total_tokens\":50}}],"
             "\"tool_usage\":{\"image_gen\":{\"input_tokens\":1,"
             "\"output_tokens\":2,\"total_tokens\":3}}}");

    item = f.a.items;
    assert_non_null(item);
    assert_int_equal(item->model.len, 6);
    assert_memory_equal(item->model.data, "drawer", 6);
    assert_int_equal(item->usage.input, 30);
    assert_int_equal(item->usage.output, 20);
    assert_int_equal(item->usage.reasoning, 9);

    item = item->next;
    assert_non_null(item);
    assert_null(item->next);
    assert_int_equal(item->model.len, 7);
    assert_memory_equal(item->model.data, "painter", 7);
    assert_int_equal(item->usage.output, 2);
    done(&f);

    answered(&f, &llm_openai, "/v1/responses",
             "{\"model\":\"gpt-5\",\"input\":\"x\",\"tools\":["
             "{\"type\":\"image_generation\"}]}",
             RESPONSE "\"tools\":[{\"type\":\"image_generation\"},7],"
             "\"output\":[{\"svg_usage\":7}],"
             "\"tool_usage\":{\"image_gen\":{\"input_tokens\":1,"
             "\"output_tokens\":2,\"total_tokens\":3}}}");

    assert_non_null(f.a.items);
    assert_null(f.a.items->next);
    assert_int_equal(f.a.items->model.len, 22);
    done(&f);

    /* calls in one container are one session; a search that failed is none */

    answered(&f, &llm_openai, "/v1/responses",
             "{\"model\":\"gpt-5\",\"input\":\"x\"}",
             RESPONSE "\"output\":[{\"type\":\"code_interpreter_call\","
             "\"container_id\":\"a\"},{\"type\":\"code_interpreter_call\","
             "\"container_id\":\"a\"},{\"type\":\"code_interpreter_call\","
             "\"container_id\":\"b\"},{\"type\":\"web_search_call\"}],"
             "\"tool_usage\":{\"image_gen\":{\"input_tokens\":0,"
             "\"output_tokens\":0},\"web_search\":{\"num_requests\":0}}}");

    assert_null(f.a.items);
    assert_int_equal(f.a.usage.code_sessions, 2);
    assert_int_equal(f.a.usage.searches, 0);
    done(&f);

    /* who answers for a preset is known from its answer alone */

    answered(&f, &llm_openai, "/v1/responses",
             "{\"preset\":\"quick\",\"input\":\"x\"}",
             RESPONSE "\"model\":\"maker/m\"}");
    assert_int_equal(f.a.served.len, 7);
    assert_memory_equal(f.a.served.data, "maker/m", 7);
    done(&f);

    /* what was found is not what was asked for */

    answered(&f, &llm_openai, "/v1/responses",
             "{\"model\":\"grok-4\",\"input\":\"x\"}",
             "{\"status\":\"completed\",\"usage\":{\"input_tokens\":1,"
             "\"output_tokens\":1,\"num_sources_used\":9},"
             "\"tool_usage\":{\"image_gen\":{}}}");

    assert_int_equal(f.a.usage.searches, -1);
    assert_null(f.a.items);
    done(&f);
}


static void
expect_tier(dialect_t *f, const char *tier)
{
    assert_int_equal(f->a.service_tier.len, strlen(tier));
    assert_memory_equal(f->a.service_tier.data, tier, strlen(tier));
}


static const llm_str_t *
tier_header(void *ctx, const char *name)
{
    static const llm_str_t  tier = llm_string("priority");

    (void) ctx;

    return strcmp(name, "x-amzn-bedrock-service-tier") == 0 ? &tier : NULL;
}


/* the tier that an answer was given in is said in several places */

static void
test_tiers(void **state)
{
    dialect_t      f;
    llm_headers_t  h;

    (void) state;

    answered(&f, &llm_openai, CHAT, REQUEST,
             "{" SAID TOKENS AROUND "\"service_tier\":\"priority\"}}");
    expect_tier(&f, "priority");
    done(&f);

    answered(&f, &llm_bedrock, "/model/m/converse",
             "{\"messages\":[],\"serviceTier\":{\"type\":\"flex\"}}",
             "{\"stopReason\":\"end_turn\",\"usage\":{\"inputTokens\":1,"
             "\"outputTokens\":1},\"serviceTier\":{\"type\":\"default\"}}");
    expect_tier(&f, "default");
    done(&f);

    ask(&f, &llm_bedrock, "/model/m/invoke", "{\"prompt\":\"x\"}");
    answer_begin(&f, NULL);
    h.get = tier_header;
    h.ctx = NULL;
    assert_int_equal(llm_bedrock.headers(&f.a, &h), LLM_OK);
    expect_tier(&f, "priority");
    done(&f);

    /* the end of a stream does not repeat what its beginning says */

    ask(&f, &llm_anthropic, "/v1/messages",
        "{\"model\":\"m\",\"max_tokens\":9,\"stream\":true," HELLO);
    answer_begin(&f, NULL);
    answer_event(&f, "message_start", "{\"type\":\"message_start\","
                 "\"message\":{\"usage\":{\"input_tokens\":1,"
                 "\"output_tokens\":1,\"service_tier\":\"priority\"}}}");
    answer_event(&f, "message_delta", "{\"type\":\"message_delta\","
                 "\"delta\":{\"stop_reason\":\"end_turn\"},"
                 "\"usage\":{\"output_tokens\":7}}");
    expect_tier(&f, "priority");
    assert_int_equal(f.a.usage.output, 7);
    done(&f);
}


/* maps and pictures that were looked for; searches that repeat are one */

static void
test_grounding(void **state)
{
    dialect_t  f;

    (void) state;

    answered(&f, &llm_gemini, "/v1beta/models/g:generateContent",
             "{\"contents\":[]}",
             "{\"candidates\":[{\"finishReason\":\"STOP\","
             "\"groundingMetadata\":{\"webSearchQueries\":[\"a\",\"b\"],"
             "\"imageSearchQueries\":[\"b\",\"c\"],\"groundingChunks\":["
             "{\"web\":{}},{\"maps\":{\"placeId\":\"p\"}},"
             "{\"maps\":{\"placeId\":\"q\"}}]}}],"
             "\"usageMetadata\":{\"promptTokenCount\":1,"
             "\"candidatesTokenCount\":2,\"totalTokenCount\":3}}");

    assert_int_equal(f.a.usage.searches, 3);
    assert_int_equal(f.a.usage.maps_queries, 1);
    assert_int_equal(f.a.usage.output, 2);
    done(&f);
}


#define TEN  "\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\","


/* pictures of models that say no tokens are charged by their number */

static void
test_pictures(void **state)
{
    size_t         i;
    dialect_t      f;
    llm_counter_t  c;

    static const struct {
        const char  *path;
        const char  *request;
        const char  *answer;
        int64_t      most;
        int64_t      made;
    } rows[] = {
        { "/model/amazon.titan-image-generator-v2:0/invoke",
          "{\"taskType\":\"TEXT_IMAGE\",\"imageGenerationConfig\":"
          "{\"numberOfImages\":3}}", "{\"images\":[\"a\",\"b\"]}", 3, 2 },
        { "/model/us.amazon.nova-canvas-v1:0/invoke",
          "{\"imageGenerationConfig\":{\"numberOfImages\":1000000000}}",
          "{\"images\":[\"a\"],\"error\":null}", 128, 1 },
        { "/model/stability.stable-diffusion-xl-v1/invoke",
          "{\"text_prompts\":[{\"text\":\"x\"}]}",
          "{\"artifacts\":[{\"base64\":\"a\"}]}", 1, 1 },
        { "/model/stability.sd3-5-large-v1:0/invoke",
          "{\"prompt\":\"x\",\"samples\":-1}", "{\"images\":[]}", 1, 0 }
    };

    (void) state;

    memset(&c, 0, sizeof(c));
    c.count = count_bytes;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        answered(&f, &llm_bedrock, rows[i].path, rows[i].request,
                 rows[i].answer);

        assert_int_equal(f.q.kind, LLM_KIND_IMAGES);
        assert_int_equal(f.q.max_output, 0);
        assert_int_equal(llm_bedrock.count(&f.q, &c), LLM_OK);
        assert_int_equal(f.q.most.images_out, rows[i].most);
        assert_int_equal(f.a.usage.images_out, rows[i].made);
        assert_true(f.a.finished);
        done(&f);
    }

    /* ... and rankings by searches, which no answer tells of */

    for (i = 0; i < 2; i++) {
        answered(&f, &llm_bedrock, "/model/amazon.rerank-v1:0/invoke",
                 i ? "{\"query\":\"x\",\"documents\":[" TEN TEN TEN TEN TEN
                     TEN TEN TEN TEN TEN "\"a\"]}"
                   : "{\"query\":\"x\"}", "{\"results\":[]}");

        assert_int_equal(f.q.most.queries, i + 1);
        assert_int_equal(f.a.usage.queries, i + 1);
        done(&f);
    }

    answered(&f, &llm_cohere, "/v1/embed",
             "{\"model\":\"m\",\"images\":[\"x\"]}",
             "{\"meta\":{\"billed_units\":{\"images\":1}}}");
    assert_int_equal(f.a.usage.images_in, 1);
    assert_int_equal(f.a.usage.input, 0);
    assert_true(f.a.usage_seen);
    done(&f);
}


/* what is asked for later is billed at its most: nothing will tell of it */

static void
test_deferred(void **state)
{
    dialect_t  f;

    (void) state;

    answered(&f, &llm_openai, CHAT, "{\"model\":\"m\",\"deferred\":true,"
             HELLO, "{\"request_id\":\"r\"}");
    assert_true(f.a.deferred);
    assert_false(f.a.usage_seen);
    done(&f);

    answered(&f, &llm_openai, CHAT, REQUEST, "{\"request_id\":\"r\"," SAID
             TOKENS AROUND "\"x\":0}}");
    assert_false(f.a.deferred);
    done(&f);
}


/* a prompt that the server has stands for the model that it names */

static void
test_prompt(void **state)
{
    dialect_t  f;

    (void) state;

    answered(&f, &llm_openai, "/v1/prompts/pp-1/completions",
             "{\"variables\":{\"x\":\"y\"}}", "{" SAID TOKENS AROUND
             "\"x\":0}}");
    assert_int_equal(f.q.model.len, 4);
    assert_memory_equal(f.q.model.data, "pp-1", 4);
    assert_true(f.q.model_in_path);
    assert_int_equal(f.a.usage.input, 100);
    done(&f);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_chat),
        cmocka_unit_test(test_gateways),
        cmocka_unit_test(test_searches),
        cmocka_unit_test(test_response_tools),
        cmocka_unit_test(test_routed),
        cmocka_unit_test(test_tiers),
        cmocka_unit_test(test_grounding),
        cmocka_unit_test(test_pictures),
        cmocka_unit_test(test_deferred),
        cmocka_unit_test(test_prompt)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
