
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * What is asked for rarely: Gemini's interactions and Vertex AI's predict,
 * Mistral's OCR, agents and infilling, Anthropic's old completions; and how all
 * of it, batches and runs too, can be asked for wrongly.
 */

#include "dialect_fixture.h"


extern const llm_provider_t  llm_anthropic, llm_cohere, llm_gemini;

#define INTERACT  "/v1beta/interactions"
#define DECIDE    "/v1beta/decisions"
#define DECISION  "{\"model\":\"m\",\"input\":\"hi\",\"questions\":{\"a\":{}}}"
#define VIDEOS    "/v1/videos/generations"
#define VEO       "/v1beta/models/veo-3:predictLongRunning"
#define GEMINI_BATCH  "/v1beta/models/m:batchGenerateContent"
#define COMPLETE  "/v1/complete"
#define OCR       "/v1/ocr"
#define AGENT     "/v1/agents/completions"
#define BATCH     "/v1/messages/batches"
#define JOBS      "/v1/batch/jobs"
#define RUNS      "/v1/threads/t/runs"
#define PREDICT                                                               \
    "/v1/projects/p/locations/us/publishers/google/models/%s:predict"

static llm_counter_t  bytes = { .count = count_bytes };


static void
expect_count(dialect_t *f, int64_t tokens)
{
    assert_int_equal(f->rc, LLM_OK);
    assert_int_equal(f->p->count(&f->q, &bytes), LLM_OK);

    if (f->q.input_tokens != tokens) {
        fail_msg("%lld tokens", (long long) f->q.input_tokens);
    }

    assert_true(f->q.bounded);
}


static void
predict(dialect_t *f, const char *model, const char *body)
{
    static char  path[256];

    snprintf(path, sizeof(path), PREDICT, model);
    ask(f, &llm_gemini, path, body);
}


static void
test_paths(void **state)
{
    size_t       i;
    llm_route_t  r;

    static const struct {
        const llm_provider_t  *p;
        const char            *method;
        const char            *path;
        llm_path_e             what;
        llm_kind_e             kind;
    } rows[] = {
        { &llm_gemini, "POST", INTERACT, LLM_PATH_METERED,
          LLM_KIND_RESPONSES },
        { &llm_gemini, "GET", INTERACT "/v1_x", LLM_PATH_TOLD,
          LLM_KIND_RESPONSES },
        { &llm_gemini, "POST", INTERACT "/v1_x/cancel", LLM_PATH_TOLD,
          LLM_KIND_RESPONSES },
        { &llm_gemini, "DELETE", INTERACT "/v1_x", LLM_PATH_FREE, 0 },
        { &llm_openai, "GET", "/v1/responses/resp_x", LLM_PATH_TOLD,
          LLM_KIND_RESPONSES },
        { &llm_openai, "POST", "/v1/responses/resp_x/cancel", LLM_PATH_TOLD,
          LLM_KIND_RESPONSES },
        { &llm_openai, "GET", "/v1/responses/resp_x/input_items",
          LLM_PATH_FREE, 0 },
        { &llm_openai, "DELETE", "/v1/responses/resp_x", LLM_PATH_FREE, 0 },
        { &llm_gemini, "POST", "/models/gemini-embedding-001:predict",
          LLM_PATH_METERED, LLM_KIND_EMBEDDINGS },
        { &llm_gemini, "POST", "/models/imagen-4.0-generate-001:predict",
          LLM_PATH_METERED, LLM_KIND_IMAGES },
        { &llm_gemini, "POST", "/models/imagegeneration@006:predict",
          LLM_PATH_METERED, LLM_KIND_IMAGES },
        { &llm_gemini, "POST", "/models/lyria-002:predict",
          LLM_PATH_UNSUPPORTED, 0 },
        { &llm_gemini, "POST", "/models/veo-3:predictLongRunning",
          LLM_PATH_METERED, LLM_KIND_VIDEO },
        { &llm_gemini, "POST", "/models/lyria-002:predictLongRunning",
          LLM_PATH_UNSUPPORTED, 0 },
        { &llm_gemini, "POST", "/models/veo-3:fetchPredictOperation",
          LLM_PATH_FREE, 0 },
        { &llm_gemini, "GET", "/v1beta/models/veo-3/operations/x",
          LLM_PATH_TOLD, LLM_KIND_VIDEO },
        { &llm_gemini, "GET", "/v1beta/operations/x", LLM_PATH_FREE, 0 },
        { &llm_gemini, "POST", "/v1beta/models/m:batchGenerateContent",
          LLM_PATH_METERED, LLM_KIND_BATCH },
        { &llm_gemini, "GET", "/v1beta/batches/x", LLM_PATH_TOLD,
          LLM_KIND_BATCH },
        { &llm_gemini, "GET", "/v1/batches/x", LLM_PATH_UNKNOWN, 0 },
        { &llm_openai, "POST", "/v1/videos/generations", LLM_PATH_METERED,
          LLM_KIND_VIDEO },
        { &llm_openai, "GET", "/v1/videos/x", LLM_PATH_TOLD, LLM_KIND_VIDEO },
        { &llm_openai, "POST", "/v1/videos/edits", LLM_PATH_UNKNOWN, 0 },
        { &llm_openai, "POST", "/v1/videos", LLM_PATH_UNSUPPORTED, 0 },
        { &llm_anthropic, "POST", COMPLETE, LLM_PATH_METERED,
          LLM_KIND_COMPLETION },
        { &llm_openai, "POST", OCR, LLM_PATH_METERED, LLM_KIND_OCR },
        { &llm_openai, "POST", AGENT, LLM_PATH_METERED, LLM_KIND_CHAT },
        { &llm_openai, "POST", "/v1/fim/completions", LLM_PATH_METERED,
          LLM_KIND_COMPLETION }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {

        if (route_of(rows[i].p, &r, rows[i].method, rows[i].path)
            != rows[i].what
            || (rows[i].kind && r.kind != rows[i].kind))
        {
            fail_msg("%s %s", rows[i].method, rows[i].path);
        }
    }
}


static void
test_interaction(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_gemini, INTERACT,
        "{\"model\":\"gemini-2.5-flash\",\"system_instruction\":\"ab\","
        "\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
        "\"text\":\"hello\"}]},{\"type\":\"function_result\",\"call_id\":\"x\","
        "\"result\":{\"a\":1}}],\"stream\":true,"
        "\"tools\":[{\"type\":\"google_search\"}],"
        "\"generation_config\":{\"max_output_tokens\":500}}");

    /* 1, "ab", "user", "hello", {"a":1}, [{"type":"google_search"}] */

    expect_count(&f, 1 + 2 + 4 + 5 + 7 + 26);
    assert_true(f.q.stream && f.q.stateful);
    assert_int_equal(f.q.max_output, 500);
    assert_int_equal(f.q.most.searches, -1);

    answer_begin(&f, NULL);
    answer_event(&f, "", "{\"interaction\":{\"status\":\"in_progress\","
                 "\"model\":\"gemini-2.5-flash\"},\"metadata\":{\"usage\":"
                 "{\"total_input_tokens\":11,\"total_output_tokens\":0,"
                 "\"total_thought_tokens\":68,\"total_tokens\":79}}}");
    answer_event(&f, "", "{\"delta\":{\"text\":\"a\",\"type\":\"text\"}}");
    assert_int_equal(f.a.usage.output, 68);

    /* each of them is all until then, but for a step's own */

    answer_event(&f, "", "{\"event_type\":\"step.delta\",\"metadata\":"
                 "{\"total_usage\":{\"total_input_tokens\":11,"
                 "\"total_output_tokens\":7}}}");
    assert_int_equal(f.a.usage.output, 7);
    answer_event(&f, "", "{\"event_type\":\"step.stop\",\"step_usage\":"
                 "{\"total_output_tokens\":2},\"usage\":"
                 "{\"total_input_tokens\":11,\"total_output_tokens\":9}}");
    assert_int_equal(f.a.usage.output, 9);
    assert_false(f.a.finished);
    answer_event(&f, "", "{\"interaction\":{\"status\":\"completed\","
                 "\"service_tier\":\"priority\","
                 "\"usage\":{\"total_tokens\":179,\"total_input_tokens\":11,"
                 "\"input_tokens_by_modality\":[{\"modality\":\"image\","
                 "\"tokens\":4},{\"modality\":\"text\",\"tokens\":7}],"
                 "\"total_cached_tokens\":3,\"total_output_tokens\":42,"
                 "\"total_tool_use_tokens\":5,\"total_thought_tokens\":126,"
                 "\"grounding_tool_count\":[{\"type\":\"google_search\","
                 "\"count\":2},{\"type\":\"google_maps\",\"count\":1},"
                 "{\"type\":\"retrieval\",\"count\":3},{\"count\":7},"
                 "{\"type\":\"google_search\",\"count\":-1},8]}}}");
    answer_event(&f, "", "[DONE]");
    f.p->finish(&f.a);

    assert_true(f.a.finished && f.a.usage_seen);
    assert_int_equal(f.a.usage.searches, 2);
    assert_int_equal(f.a.usage.maps_queries, 1);
    assert_int_equal(f.a.usage.file_searches, 3);
    assert_int_equal(f.a.usage.input, 16);
    assert_int_equal(f.a.usage.output, 168);
    assert_int_equal(f.a.usage.reasoning, 126);
    assert_int_equal(f.a.usage.cached_input, 3);
    assert_int_equal(f.a.usage.image_input, 4);
    assert_int_equal(f.a.service_tier.len, 8);
    done(&f);

    /* in the background: what it will use nobody tells */

    ask(&f, &llm_gemini, INTERACT, "{\"agent\":\"deep-research\","
        "\"input\":\"hi\",\"background\":true}");
    expect_count(&f, 1 + 2);
    answer_begin(&f, NULL);
    answer_json(&f, "{\"status\":\"in_progress\",\"agent\":\"x\"}");
    assert_true(f.a.deferred && !f.a.finished && !f.a.usage_seen);
    done(&f);
}


static void
test_interaction_edit(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_gemini, INTERACT, "{\"model\":\"m\",\"input\":\"hi\"}");
    answer_begin(&f, NULL);
    answer_json(&f, "{\"status\":\"requires_action\",\"steps\":["
                "{\"type\":\"model_output\",\"content\":[{\"text\":\"abc\"}]},"
                "{\"type\":\"function_call\",\"arguments\":{\"a\":1}}]}");
    assert_true(f.a.finished);
    done(&f);

    ask(&f, &llm_gemini, INTERACT, "{\"model\":\"m\",\"input\":\"hi\"}");
    expect_edit(&f, 7, "{\"generation_config\":{\"max_output_tokens\":7},"
                       "\"model\":\"m\",\"input\":\"hi\"}");
    done(&f);

    ask(&f, &llm_gemini, INTERACT, "{\"model\":\"m\",\"input\":\"hi\","
        "\"generation_config\":{\"max_output_tokens\":9}}");
    expect_edit(&f, 7, "{\"model\":\"m\",\"input\":\"hi\","
                       "\"generation_config\":{\"max_output_tokens\":7}}");
    done(&f);

    ask(&f, &llm_gemini, INTERACT, "{\"model\":\"m\",\"input\":\"hi\","
        "\"generation_config\":{\"seed\":1}}");
    expect_edit(&f, 7, "{\"model\":\"m\",\"input\":\"hi\","
                       "\"generation_config\":{\"max_output_tokens\":7,"
                       "\"seed\":1}}");
    done(&f);

    ask(&f, &llm_gemini, INTERACT, "{\"model\":\"m\",\"input\":\"hi\","
        "\"generation_config\":null}");
    expect_edit(&f, 7, "{\"model\":\"m\",\"input\":\"hi\","
                       "\"generation_config\":{\"max_output_tokens\":7}}");
    done(&f);

    ask(&f, &llm_gemini, INTERACT, "{\"model\":\"m\",\"input\":\"hi\","
        "\"generation_config\":{\"max_output_tokens\":5}}");
    expect_edit(&f, 7, "{\"model\":\"m\",\"input\":\"hi\","
                       "\"generation_config\":{\"max_output_tokens\":5}}");
    done(&f);

    /* a decision takes none */

    ask(&f, &llm_gemini, DECIDE, DECISION);
    expect_edit(&f, 7, DECISION);
    expect_count(&f, 1 + 2 + (int64_t) sizeof("{\"a\":{}}") - 1);
    done(&f);
}


/* video: what it takes is in the request */

static const struct {
    const llm_provider_t  *p;
    const char            *path;
    const char            *body;
    int64_t                ms;               /* -1: refused */
    int64_t                images;
    const char            *priced;
} videos[] = {
    { &llm_openai, VIDEOS, "{\"model\":\"v\",\"prompt\":\"a\"}", 15000, 0,
      "" },
    { &llm_openai, VIDEOS, "{\"model\":\"v\",\"duration\":5,"
      "\"resolution\":\"720p\",\"image\":{\"url\":\"x\"},"
      "\"reference_images\":[{},{}]}", 5000, 3, "720p/v" },
    { &llm_openai, VIDEOS, "{\"model\":\"v\",\"duration\":\"7\"}", 7000, 0,
      "" },
    { &llm_openai, VIDEOS, "{\"prompt\":\"a\"}", -1, 0, "" },
    { &llm_openai, VIDEOS, "{\"model\":\"v\",\"duration\":\"\\u0037\"}",
      7000, 0, "" },
    { &llm_openai, VIDEOS, "{\"model\":\"v\",\"duration\":0}", -1, 0, "" },
    { &llm_openai, VIDEOS, "{\"model\":\"v\",\"duration\":\"-1\"}", -1, 0,
      "" },
    { &llm_openai, VIDEOS, "{\"model\":\"v\",\"duration\":601}", -1, 0, "" },
    { &llm_openai, VIDEOS, "{\"model\":\"v\",\"duration\":1.5}", -1, 0, "" },
    { &llm_openai, VIDEOS, "{\"model\":\"v\",\"resolution\":"
      "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}", 15000, 0, "" },
    { &llm_openai, VIDEOS, "[]", -1, 0, "" },
    { &llm_gemini, VEO, "{\"instances\":[{\"prompt\":\"a\"}]}", 8000, 0,
      "720p/veo-3" },
    { &llm_gemini, VEO, "{\"instances\":[{},{}],\"parameters\":{"
      "\"durationSeconds\":\"4\",\"sampleCount\":3,"
      "\"resolution\":\"4k\"}}", 24000, 0, "4k/veo-3" },
    { &llm_gemini, VEO, "{\"instances\":{}}", -1, 0, "" },
    { &llm_gemini, VEO, "{\"parameters\":{}}", -1, 0, "" },
    { &llm_gemini, VEO, "{\"instances\":[{}],\"parameters\":[]}", -1, 0, "" },
    { &llm_gemini, VEO, "{\"instances\":[{}],\"parameters\":{"
      "\"sampleCount\":1000000000}}", -1, 0, "" }
};


static void
test_videos(void **state)
{
    size_t     i;
    dialect_t  f;

    (void) state;

    for (i = 0; i < sizeof(videos) / sizeof(videos[0]); i++) {
        ask(&f, videos[i].p, videos[i].path, videos[i].body);

        if (videos[i].ms < 0) {
            assert_int_equal(f.rc, LLM_BAD);
            done(&f);
            continue;
        }

        assert_int_equal(f.rc, LLM_OK);
        assert_int_equal(f.q.most.video_output_ms, videos[i].ms);
        assert_int_equal(f.q.most.images_in, videos[i].images);
        assert_int_equal(f.q.priced.len, strlen(videos[i].priced));
        assert_int_equal(strncmp(f.q.priced.len ? (char *) f.q.priced.data
                                                : "", videos[i].priced,
                                 f.q.priced.len), 0);
        assert_int_equal(f.q.route.step, LLM_LONG_RUN);
        done(&f);
    }
}


/* Gemini's batches: requests that are not there, or there twice */

static void
test_gemini_batch(void **state)
{
    size_t     i;
    dialect_t  f;

    static const struct {
        const char  *body;
        const char  *param;
    } bad[] = {
        { "{}", "batch" },
        { "[]", "batch" },
        { "{\"batch\":[]}", "inputConfig" },
        { "{\"batch\":{}}", "inputConfig" },
        { "{\"batch\":{},\"batch\":{}}", "batch" },
        { "{\"batch\":{\"inputConfig\":{\"fileName\":\"f\"}}}", "requests" },
        { "{\"batch\":{\"inputConfig\":{},\"input_config\":{}}}",
          "inputConfig" },
        { "{\"batch\":{\"inputConfig\":{\"requests\":[]}}}", "requests" },
        { "{\"batch\":{\"inputConfig\":{\"requests\":{\"requests\":{}}}}}",
          "requests" },
        { "{\"batch\":{\"inputConfig\":{\"requests\":{\"requests\":[]}}}}",
          "requests" },
        { "{\"batch\":{\"inputConfig\":{\"requests\":{\"requests\":[1]}}}}",
          "requests" },
        { "{\"batch\":{\"inputConfig\":{\"requests\":{\"requests\":[{}],"
          "\"Requests\":1}}}}", "requests" },
        { "{\"batch\":{},\"Batch\":{}}", "batch" }
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ask(&f, &llm_gemini, GEMINI_BATCH, bad[i].body);

        if (f.rc != LLM_BAD || strcmp(f.q.param, bad[i].param) != 0) {
            fail_msg("%s: %d, %s", bad[i].body, f.rc, f.q.param);
        }

        done(&f);
    }

    ask(&f, &llm_gemini, GEMINI_BATCH, "{\"batch\":{\"input_config\":{"
        "\"requests\":{\"requests\":[{\"request\":{}}]}}}}");
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.route.step, LLM_LONG_PARTS);

    /* it goes on, and says nothing; it is over, and nobody reads results */

    answer_begin(&f, NULL);
    answer_json(&f, "{}");
    assert_true(f.a.told.pending && f.a.told.id.len == 0);
    done(&f);

    ask(&f, &llm_gemini, GEMINI_BATCH, "{\"batch\":{\"input_config\":{"
        "\"requests\":{\"requests\":[{\"request\":{}}]}}}}");
    answer_begin(&f, NULL);
    answer_json(&f, "{\"name\":\"batches/b1\",\"metadata\":{}}");
    assert_true(f.a.told.pending && !f.a.told.ended);
    assert_int_equal(f.a.told.id.len, 2);
    done(&f);

    ask(&f, &llm_gemini, GEMINI_BATCH, "{\"batch\":{\"input_config\":{"
        "\"requests\":{\"requests\":[{\"request\":{}}]}}}}");
    answer_begin(&f, NULL);
    answer_json(&f, "{\"name\":\"b1\",\"done\":true,\"response\":{"
                "\"inlinedResponses\":{\"inlinedResponses\":[1]}}}");
    assert_true(!f.a.told.pending && f.a.told.ended);
    done(&f);
}


static void
test_predict(void **state)
{
    dialect_t  f;

    (void) state;

    predict(&f, "gemini-embedding-001", "{\"instances\":[{\"content\":\"abcd\","
            "\"task_type\":\"X\"},{\"content\":\"ef\",\"title\":\"g\"}]}");
    expect_count(&f, 7);
    assert_true(f.q.whole);

    answer_begin(&f, NULL);
    answer_json(&f, "{\"predictions\":[{\"embeddings\":{\"values\":[1],"
                "\"statistics\":{\"truncated\":false,\"token_count\":4}}},"
                "{\"embeddings\":{\"statistics\":{\"token_count\":3.0}}}]}");
    assert_true(f.a.usage_seen && f.a.finished);
    assert_int_equal(f.a.usage.input, 7);
    assert_int_equal(f.a.usage.output, 0);
    done(&f);

    predict(&f, "imagegeneration@006", "{\"instances\":[{\"prompt\":\"a\"}],"
            "\"parameters\":{\"sampleCount\":2}}");
    expect_count(&f, 0);
    assert_int_equal(f.q.most.images_out, 2);

    answer_begin(&f, NULL);
    answer_json(&f, "{\"predictions\":[{\"bytesBase64Encoded\":\"x\"},"
                "{\"raiFilteredReason\":\"no\"}]}");
    assert_int_equal(f.a.usage.images_out, 1);
    assert_false(f.a.usage_seen);
    done(&f);

    predict(&f, "imagegeneration", "{\"instances\":[{\"prompt\":\"a\"}]}");
    assert_int_equal(f.q.most.images_out, 4);
    done(&f);
}


static void
test_complete(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_anthropic, COMPLETE, "{\"model\":\"claude-2.1\","
        "\"prompt\":\"\\n\\nHuman: hi\",\"max_tokens_to_sample\":10,"
        "\"stream\":true}");
    expect_count(&f, 11);
    assert_int_equal(f.q.max_output, 10);
    expect_edit(&f, 5, "{\"model\":\"claude-2.1\",\"prompt\":"
                "\"\\n\\nHuman: hi\",\"max_tokens_to_sample\":5,"
                "\"stream\":true}");

    answer_begin(&f, NULL);
    answer_event(&f, "completion", "{\"completion\":\" Light\","
                 "\"stop_reason\":null,\"model\":\"claude-2.1\"}");
    answer_event(&f, "ping", "{\"type\":\"ping\"}");
    assert_false(f.a.finished);
    answer_event(&f, "completion", "{\"completion\":\"\","
                 "\"stop_reason\":\"max_tokens\",\"model\":\"claude-2.1\"}");
    assert_true(f.a.finished && f.a.truncated && !f.a.usage_seen);
    assert_int_equal(f.a.model.len, 10);
    done(&f);

    ask(&f, &llm_anthropic, COMPLETE, "{\"model\":\"claude-2\","
        "\"prompt\":\"\"}");
    assert_int_equal(f.rc, LLM_OK);
    answer_begin(&f, NULL);
    answer_json(&f, "{\"type\":\"error\",\"error\":{\"type\":\"x\"}}");
    assert_true(f.a.error);
    done(&f);
}


static void
test_ocr(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_openai, OCR, "{\"model\":\"mistral-ocr-latest\","
        "\"document\":{\"type\":\"document_url\",\"document_url\":\"x\"},"
        "\"bbox_annotation_format\":{\"type\":\"json_schema\"}}");
    expect_count(&f, 0);
    assert_int_equal(f.q.most.pages, 1000);
    assert_int_equal(f.q.most.pages_annotated, 1000);

    answer_begin(&f, NULL);
    answer_json(&f, "{\"pages\":null,\"model\":\"mistral-ocr-2512\","
                "\"usage_info\":{\"pages_processed\":29,"
                "\"doc_size_bytes\":null}}");
    assert_true(f.a.usage_seen && f.a.finished);
    assert_int_equal(f.a.usage.pages, 29);
    assert_int_equal(f.a.usage.pages_annotated, 29);
    done(&f);

    ask(&f, &llm_openai, OCR, "{\"model\":\"m\",\"document\":{\"type\":"
        "\"image_url\",\"image_url\":\"data:image/png;base64,iVBO\"}}");
    assert_int_equal(f.q.most.pages, 1);
    assert_int_equal(f.q.most.pages_annotated, 0);
    done(&f);

    ask(&f, &llm_openai, OCR, "{\"model\":\"m\",\"document\":{},"
        "\"pages\":[0,3,4]}");
    assert_int_equal(f.q.most.pages, 3);
    done(&f);
}


static void
test_mistral(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_openai, AGENT, "{\"agent_id\":\"ag:1:x\",\"messages\":["
        "{\"role\":\"user\",\"content\":\"hi\"}],\"max_tokens\":5}");
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.model.len, 6);
    assert_int_equal(f.q.max_output, 5);
    done(&f);

    ask(&f, &llm_openai, "/v1/fim/completions",
        "{\"model\":\"codestral-latest\",\"prompt\":\"def f(\","
        "\"suffix\":\"return a\",\"max_tokens\":9}");
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.p->count(&f.q, &bytes), LLM_OK);
    assert_int_equal(f.q.input_tokens, 6 + 8);

    answer_begin(&f, NULL);
    answer_json(&f, "{\"model\":\"codestral-2405\",\"choices\":[{\"index\":0,"
                "\"message\":{\"role\":\"assistant\",\"content\":\"a, b\"},"
                "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":12,"
                "\"total_tokens\":18,\"completion_tokens\":6}}");
    assert_true(f.a.usage_seen && f.a.finished);
    assert_int_equal(f.a.usage.input, 12);
    assert_int_equal(f.a.usage.output, 6);
    done(&f);
}


/* Writer's chat, which has the path of Cohere's, and all else of OpenAI's */

#define WRITER  "{\"model\":\"palmyra-x5\",\"n\":3,\"max_tokens\":9,"          \
                "\"stream\":true,\"messages\":[{\"role\":\"user\","           \
                "\"content\":\"hi\"}]}"

static void
test_writer(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_cohere, "/v1/chat", WRITER);
    assert_int_equal(f.rc, LLM_OK);
    assert_ptr_equal(f.p, &llm_openai);
    assert_int_equal(f.q.choices, 3);
    assert_int_equal(f.q.max_output, 9);
    assert_true(f.q.stream && f.q.can_inject && f.q.can_fit);

    answer_begin(&f, NULL);
    answer_json(&f, "{\"model\":\"palmyra-x5\",\"usage\":{"
                "\"prompt_tokens\":40,\"total_tokens\":340,"
                "\"completion_tokens\":300,\"prompt_token_details\":{"
                "\"cached_tokens\":8}}}");
    assert_int_equal(f.a.usage.input, 40);
    assert_int_equal(f.a.usage.output, 300);
    assert_int_equal(f.a.usage.cached_input, 8);
    done(&f);

    /* Cohere's own, and Cohere's without what it needs */

    ask(&f, &llm_cohere, "/v1/chat", "{\"message\":\"hi\",\"messages\":[]}");
    assert_int_equal(f.rc, LLM_OK);
    assert_ptr_equal(f.p, &llm_cohere);
    done(&f);

    ask(&f, &llm_cohere, "/v1/chat", "{\"messages\":{}}");
    assert_ptr_equal(f.p, &llm_cohere);
    done(&f);

    ask(&f, &llm_cohere, "/v1/chat", "{\"model\":\"m\",\"messages\":[7]}");
    assert_int_equal(f.rc, LLM_BAD);
    assert_string_equal(f.q.param, "messages");
    done(&f);
}


static void
test_bad_request(void **state)
{
    size_t  i;

    static const struct {
        const llm_provider_t  *p;
        const char            *path;
        const char            *body;
        const char            *param;
        const char            *err;
    } rows[] = {
        { &llm_gemini, INTERACT, "{\"input\":\"a\"}", "model",
          "is required" },
        { &llm_gemini, INTERACT, "{\"model\":1,\"input\":\"a\"}", "model",
          "must be a string" },
        { &llm_gemini, INTERACT, "{\"model\":\"m\"}", "input",
          "is required" },
        { &llm_gemini, INTERACT, "{\"model\":\"m\",\"model\":\"n\"}", "model",
          "must not occur more than once" },
        { &llm_gemini, INTERACT,
          "{\"model\":\"m\",\"input\":\"a\",\"tools\":{}}", "tools",
          "must be an array" },
        { &llm_gemini, INTERACT,
          "{\"model\":\"m\",\"input\":\"a\",\"stream\":1}", "stream",
          "must be true or false" },
        { &llm_gemini, INTERACT,
          "{\"model\":\"m\",\"input\":\"a\",\"background\":\"x\"}",
          "background", "must be true or false" },
        { &llm_gemini, INTERACT, "{\"model\":\"m\",\"input\":\"a\","
          "\"generation_config\":{\"max_output_tokens\":0}}",
          "max_output_tokens", "must be at least 1" },
        { &llm_gemini, INTERACT, "{\"model\":\"m\",\"input\":\"a\","
          "\"generation_config\":{\"max_output_tokens\":1e12}}",
          "max_output_tokens", "is too large" },
        { &llm_anthropic, COMPLETE, "{\"prompt\":\"a\"}", "model",
          "is required" },
        { &llm_anthropic, COMPLETE, "{\"model\":\"m\"}", "prompt",
          "is required" },
        { &llm_anthropic, COMPLETE, "{\"model\":\"m\",\"prompt\":[]}",
          "prompt", "must be a string" },
        { &llm_anthropic, COMPLETE, "{\"model\":\"m\",\"prompt\":\"a\","
          "\"max_tokens_to_sample\":-1}", "max_tokens_to_sample",
          "must be at least 1" },
        { &llm_anthropic, COMPLETE, "{\"model\":\"m\",\"prompt\":\"a\","
          "\"stream\":\"x\"}", "stream", "must be true or false" },
        { &llm_anthropic, BATCH, "{}", "requests", "is required" },
        { &llm_anthropic, BATCH, "{\"requests\":{}}", "requests",
          "must be an array" },
        { &llm_anthropic, BATCH, "{\"requests\":[]}", "requests",
          "must not be empty" },
        { &llm_anthropic, BATCH, "{\"requests\":[1]}", "requests",
          "must be an array of objects" },
        { &llm_openai, "/v1/batches", "{}", "input_file_id",
          "is required" },
        { &llm_openai, "/v1/batches", "{\"input_file_id\":1}",
          "input_file_id", "must be a string" },
        { &llm_openai, "/v1/files", "{}", "Content-Type",
          "must be multipart/form-data" },
        { &llm_openai, JOBS, "{\"input_files\":[]}", "requests",
          "must hold the requests" },
        { &llm_openai, JOBS, "{\"input_files\":[\"f\"],\"requests\":[{}]}",
          "requests", "and input_files must not be in one job" },
        { &llm_openai, JOBS, "{\"input_files\":[\"f\",\"g\"]}",
          "input_files", "must name one file" },
        { &llm_openai, JOBS, "{\"input_files\":[1]}", "input_files",
          "must name one file" },
        { &llm_openai, JOBS, "{\"input_files\":[\"f\"]}", "model",
          "is required" },
        { &llm_openai, JOBS, "{\"input_files\":[\"f\"],\"model\":\"m\","
          "\"agent_id\":\"a\"}", "agent_id",
          "and model must not be in one job" },
        { &llm_openai, JOBS, "{\"requests\":[{}]}", "model",
          "is required" },
        { &llm_openai, RUNS, "{}", "assistant_id", "is required" },
        { &llm_openai, RUNS, "{\"assistant_id\":\"a\",\"stream\":1}",
          "stream", "must be true or false" },
        { &llm_openai, OCR, "{\"document\":{}}", "model", "is required" },
        { &llm_openai, OCR, "{\"model\":\"m\"}", "document", "is required" },
        { &llm_openai, OCR, "{\"model\":\"m\",\"document\":\"x\"}",
          "document", "must be an object" },
        { &llm_openai, OCR, "{\"model\":\"m\",\"document\":{},\"pages\":{}}",
          "pages", "must be an array" },
        { &llm_openai, AGENT, "{\"messages\":[]}", "agent_id",
          "is required" },
        { &llm_openai, AGENT, "{\"agent_id\":{},\"messages\":[]}",
          "agent_id", "must be a string" },
        { &llm_gemini, "/models/text-embedding-005:predict", "{}",
          "instances", "is required" },
        { &llm_gemini, "/models/text-embedding-005:predict",
          "{\"instances\":[1]}", "instances",
          "must be an array of objects" },
        { &llm_gemini, "/models/imagegeneration:predict",
          "{\"instances\":[{}],\"parameters\":[]}", "parameters",
          "must be an object" },
        { &llm_gemini, "/models/imagegeneration:predict",
          "{\"instances\":[{}],\"parameters\":{\"sampleCount\":1000000000}}",
          "sampleCount", "is too large" }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect_bad(rows[i].p, rows[i].path, rows[i].body, rows[i].param,
                   rows[i].err);
    }
}


static void
test_bad_usage(void **state)
{
    char       body[256];
    size_t     i;
    dialect_t  f;

    static const char * const  values[] = {
        "-1", "1.5", "1e30", "\"x\"", "{}", "[]", "true", "\"-5\""
    };

    (void) state;

    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {

        snprintf(body, sizeof(body), "{\"status\":\"completed\",\"usage\":"
                 "{\"total_input_tokens\":%s,\"total_output_tokens\":2}}",
                 values[i]);

        ask(&f, &llm_gemini, INTERACT, "{\"model\":\"m\",\"input\":\"a\"}");
        answer_begin(&f, NULL);
        answer_json(&f, body);
        assert_true(f.a.usage_bad);
        assert_int_equal(f.a.usage.input, -1);
        assert_int_equal(f.a.usage.output, 2);
        done(&f);

        snprintf(body, sizeof(body), "{\"usage_info\":{\"pages_processed\":%s"
                 "}}", values[i]);

        ask(&f, &llm_openai, OCR, "{\"model\":\"m\",\"document\":{}}");
        answer_begin(&f, NULL);
        answer_json(&f, body);
        assert_true(f.a.usage_bad && !f.a.usage_seen);
        expect_usage_sane(&f.a.usage);
        done(&f);

        snprintf(body, sizeof(body), "{\"predictions\":[{\"embeddings\":"
                 "{\"statistics\":{\"token_count\":%s}}}]}", values[i]);

        predict(&f, "text-embedding-005", "{\"instances\":[]}");
        answer_begin(&f, NULL);
        answer_json(&f, body);
        assert_true(f.a.usage_bad && !f.a.usage_seen);
        done(&f);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_interaction),
        cmocka_unit_test(test_videos),
        cmocka_unit_test(test_gemini_batch),
        cmocka_unit_test(test_interaction_edit),
        cmocka_unit_test(test_predict),
        cmocka_unit_test(test_complete),
        cmocka_unit_test(test_ocr),
        cmocka_unit_test(test_mistral),
        cmocka_unit_test(test_writer),
        cmocka_unit_test(test_bad_request),
        cmocka_unit_test(test_bad_usage)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
