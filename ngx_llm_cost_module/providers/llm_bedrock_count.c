
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_bedrock.h"
#include "llm_anthropic.h"
#include "llm_image.h"
#include "llm_templated.h"

#include <string.h>


/*
 * Input tokens of whatever a model's maker calls a request: all texts in it.
 * That is an estimate on the safe side, since roles and names are counted,
 * too, and stand for what is put around messages.
 */

#define LLM_BEDROCK_IMAGE_MAX    1600      /* tokens of a picture */
#define LLM_BEDROCK_IMAGE_AREA   750       /* pixels of one token */
#define LLM_BEDROCK_FILE_BYTES   6         /* of base64, for one token */
#define LLM_BEDROCK_FILE         200000    /* of a file by address */
#define LLM_BEDROCK_PICTURES     128       /* of one request */

/* a text that is shorter is no file, whatever its name */

#define LLM_BEDROCK_TEXT_MAX     64


/* members that hold files */

static const char * const  llm_bedrock_files[] = {
    "bytes", "data", "image", "images", "inputImage", "image_url", "url"
};

/* members that are not shown to a model */

static const char * const  llm_bedrock_settings[] = {
    "inferenceConfig", "textGenerationConfig", "guardrailConfig",
    "performanceConfig", "requestMetadata", "serviceTier", "outputConfig",
    "anthropic_version", "anthropic_beta", "schemaVersion", "embeddingConfig",
    "embeddingTypes", "input_type", "truncate", "stop", "stop_sequences",
    "stopSequences", "thinking", "signature", "redactedContent",
    "rerankingConfiguration"
};


static int
llm_bedrock_is(const llm_json_t *j, uint32_t key, const char * const *names,
    size_t n)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        if (llm_json_equal(j, key, names[i])) {
            return 1;
        }
    }

    return 0;
}


/* by the rules of whose model it is; of those that say none by its area */

static int64_t
llm_bedrock_picture(const llm_input_t *in, const llm_str_t *data, uint32_t w,
    uint32_t h)
{
    int64_t    n;
    unsigned   estimate;
    llm_str_t  model;

    model = llm_openai_bare(&in->q->model);

    if (llm_claude_is(&in->q->model)) {
        return llm_anthropic_picture(&in->q->model, data);
    }

    estimate = 1;

    if (llm_openai_is(&model, "gpt-")) {
        return llm_openai_picture(in->q, LLM_JSON_NONE, w, h, &estimate);
    }

    n = (int64_t) ((uint64_t) w * h / LLM_BEDROCK_IMAGE_AREA) + 1;

    return n < LLM_BEDROCK_IMAGE_MAX ? n : LLM_BEDROCK_IMAGE_MAX;
}


static void
llm_bedrock_file(llm_input_t *in, uint32_t node)
{
    uint32_t   w, h;
    llm_str_t  s;

    llm_input_data(in, node, &s);

    if (s.len <= LLM_BEDROCK_TEXT_MAX) {
        llm_input_string(in, node);
        return;
    }

    in->q->most.image_input = -1;
    in->q->most.audio_input = -1;
    in->q->most.video_input = -1;
    in->q->most.images_in++;

    llm_image_base64(&s, &w, &h);

    in->tokens += (w && h) ? llm_bedrock_picture(in, &s, w, h)
                           : (int64_t) s.len / LLM_BEDROCK_FILE_BYTES;
}


/* a place for a mark of the prompt cache, which makes writing dearer */

void
llm_bedrock_mark(llm_input_t *in, uint32_t node)
{
    uint32_t  ttl;

    ttl = llm_json_get(in->j, node, "ttl");

    if (ttl != LLM_JSON_NONE && llm_json_equal(in->j, ttl, "1h")) {
        in->q->most.cache_write_1h = -1;

    } else {
        in->q->most.cache_write = -1;
    }
}


/* all strings of a value; depth is bounded by the scanner */

void
llm_bedrock_walk(llm_input_t *in, uint32_t node, int file)
{
    uint32_t                i;
    unsigned                object;
    const llm_json_node_t  *v;

    v = in->j->nodes;

    if (llm_kind_of(in->j, node) == LLM_JSON_STRING) {

        if (file) {
            llm_bedrock_file(in, node);

        } else {
            llm_input_string(in, node);
        }

        return;
    }

    object = (llm_kind_of(in->j, node) == LLM_JSON_OBJECT);

    if (!object && llm_kind_of(in->j, node) != LLM_JSON_ARRAY) {
        return;
    }

    for (i = node + 1; i < llm_json_next(in->j, node); i = v[i].next) {

        if (!object) {
            llm_bedrock_walk(in, i, file);
            continue;
        }

        if (llm_json_equal(in->j, i, "cachePoint")
            || llm_json_equal(in->j, i, "cache_control"))
        {
            i++;

            if (llm_given(in->j, i)) {
                llm_bedrock_mark(in, i);
            }

            continue;
        }

        if (llm_json_equal(in->j, i, "s3Location")) {
            in->q->most.image_input = -1;
            in->q->most.video_input = -1;
            in->tokens += LLM_BEDROCK_FILE;
            i++;
            continue;
        }

        file = llm_bedrock_is(in->j, i, llm_bedrock_files,
                              sizeof(llm_bedrock_files) / sizeof(char *));

        llm_bedrock_walk(in, ++i, file);
    }
}


/* pictures that are made, in the words of Amazon and of Stability */

static int64_t
llm_bedrock_asked(const llm_request_t *q)
{
    int64_t   n;
    uint32_t  node;

    node = llm_json_get(&q->json, llm_json_get(&q->json, 0,
                                               "imageGenerationConfig"),
                        "numberOfImages");

    if (node == LLM_JSON_NONE) {
        node = llm_json_get(&q->json, 0, "samples");
    }

    if (node == LLM_JSON_NONE || llm_json_int(&q->json, node, &n) != LLM_OK
        || n < 1)
    {
        return 1;
    }

    return n < LLM_BEDROCK_PICTURES ? n : LLM_BEDROCK_PICTURES;
}


void
llm_bedrock_units(llm_request_t *q)
{
    if (q->kind != LLM_KIND_IMAGES && q->kind != LLM_KIND_RERANK) {
        return;
    }

    llm_usage_text(&q->most, 0, 0);
    q->bounded = 1;

    if (q->kind == LLM_KIND_IMAGES) {
        q->most.images_out = llm_bedrock_asked(q);

    } else {
        q->most.queries = llm_bedrock_searches(q);
    }
}


/* whoever's body it is: all of it that is no setting */

static int
llm_bedrock_texts(llm_request_t *q, llm_counter_t *c)
{
    uint32_t                i;
    llm_input_t             in;
    const llm_json_node_t  *v;

    llm_input_init(&in, q, c);

    v = q->json.nodes;
    in.estimate = 1;

    for (i = 1; i < v[0].next; i = v[i].next) {

        if (llm_bedrock_is(&q->json, i, llm_bedrock_settings,
                           sizeof(llm_bedrock_settings) / sizeof(char *)))
        {
            i++;
            continue;
        }

        /* tools are shown as JSON, with their names and marks */

        if (llm_json_equal(&q->json, i, "tools")
            || llm_json_equal(&q->json, i, "toolConfig"))
        {
            llm_input_value(&in, ++i);
            continue;
        }

        llm_bedrock_walk(&in, ++i, 0);
    }

    return llm_input_end(&in);
}


/*
 * Models are invoked in the words of their makers: Claudes in Anthropic's,
 * Nova in those of converse, and all others that have a chat in OpenAI's.
 */

static int
llm_bedrock_invoke(llm_request_t *q, llm_counter_t *c)
{
    llm_template_t         claude;
    llm_openai_count_t     cc;
    const llm_template_t  *t;

    if (llm_kind_of(&q->json, llm_json_get(&q->json, 0, "messages"))
        != LLM_JSON_ARRAY)
    {
        return LLM_DECLINED;
    }

    if (llm_claude_is(&q->model)) {
        return llm_anthropic_count(q, c);
    }

    if (llm_model_holds(&q->model, "nova-")) {
        return llm_bedrock_converse(q, c);
    }

    llm_count_init(&cc, q, c);
    t = llm_templated_of(&cc, &claude);

    if (t == NULL) {
        return LLM_DECLINED;
    }

    llm_openai_templated(&cc, t);

    return llm_count_done(&cc);
}


int
llm_bedrock_count(llm_request_t *q, llm_counter_t *c)
{
    int  rc;

    llm_usage_text(&q->most, 0, 0);
    q->bounded = 1;

    if (q->route.op == LLM_BEDROCK_GUARD) {
        return llm_bedrock_guard_count(q, c);
    }

    llm_bedrock_units(q);

    if (q->route.op <= LLM_BEDROCK_CONVERSE_STREAM) {
        rc = llm_bedrock_converse(q, c);

    } else {
        rc = llm_bedrock_invoke(q, c);
    }

    return rc == LLM_DECLINED ? llm_bedrock_texts(q, c) : rc;
}
