
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_gemini.h"

#include <string.h>


/*
 * Vertex AI's predict: vectors of texts, which say their tokens each, and
 * pictures, of which those that came are counted.
 */

#define LLM_PREDICT_PICTURES  4          /* where the request does not say */
#define LLM_PREDICT_MAX       128


/* an array that has to be there, and its elements */

static int
llm_predict_instances(llm_request_t *q, uint32_t list, int64_t *n)
{
    int                     rc;
    uint32_t                i;
    const llm_json_node_t  *v;

    *n = 0;

    if (!llm_given(&q->json, list)) {
        return llm_request_bad(q, "instances", "is required");
    }

    rc = llm_request_array(q, list, "instances", 1);

    v = q->json.nodes;

    for (i = list + 1; rc == LLM_OK && i < llm_json_next(&q->json, list);
         i = v[i].next)
    {
        (*n)++;
    }

    return rc;
}


int
llm_gemini_predict_parse(llm_request_t *q)
{
    int       rc;
    int64_t   n, pictures;
    uint32_t  f[2], count;

    static const char * const  names[] = { "instances", "parameters" };

    q->max_output = 0;
    q->choices = 1;
    q->stateful = 1;

    llm_usage_text(&q->most, 0, 0);
    q->bounded = 1;

    if (llm_request_path_model(q, "model") != LLM_OK) {
        return LLM_BAD;
    }

    rc = llm_request_object(q, 0, NULL, names, 2, f);

    if (rc == LLM_OK) {
        rc = llm_predict_instances(q, f[0], &n);
    }

    if (rc != LLM_OK || q->kind != LLM_KIND_IMAGES) {

        /* what a text used is said beside its vector */

        q->whole = 1;
        return rc;
    }

    count = LLM_JSON_NONE;
    pictures = LLM_PREDICT_PICTURES;

    if (llm_given(&q->json, f[1])) {

        if (llm_kind_of(&q->json, f[1]) != LLM_JSON_OBJECT) {
            return llm_request_bad(q, "parameters", "must be an object");
        }

        count = llm_json_get(&q->json, f[1], "sampleCount");
    }

    rc = llm_request_number(q, count, "sampleCount", 1, LLM_PREDICT_MAX,
                            &pictures);

    q->most.images_out = n * pictures;
    q->unseen = 1;

    return rc;
}


int
llm_gemini_predict_count(llm_request_t *q, llm_counter_t *c)
{
    llm_input_t  in;

    static const char * const  names[] = { "content", "title", "text" };

    llm_input_init(&in, q, c);
    in.estimate = 1;

    if (q->kind != LLM_KIND_IMAGES) {
        llm_predict_texts(&in, names, 3);
    }

    return llm_input_end(&in);
}


void
llm_predict_texts(llm_input_t *in, const char * const *names, unsigned n)
{
    unsigned           k;
    uint32_t           i, list;
    const llm_json_t  *j;

    j = in->j;
    list = llm_json_get(j, 0, "instances");

    if (llm_kind_of(j, list) != LLM_JSON_ARRAY) {
        return;
    }

    for (i = list + 1; i < llm_json_next(j, list); i = llm_json_next(j, i)) {
        for (k = 0; k < n; k++) {
            llm_input_string(in, llm_json_get(j, i, names[k]));
        }
    }
}


/* a picture that was held back is not charged */

static int
llm_predict_is_picture(const llm_json_t *j, uint32_t node)
{
    return llm_kind_of(j, node) == LLM_JSON_OBJECT
           && (llm_given(j, llm_json_get(j, node, "bytesBase64Encoded"))
               || llm_given(j, llm_json_get(j, node, "gcsUri")));
}


/* {"embeddings":{"values":[...],"statistics":{"token_count":6}}} */

static int64_t
llm_predict_tokens(llm_answer_t *a, const llm_json_t *j, uint32_t node)
{
    static const char * const  path[] = {
        "embeddings", "statistics", "token_count"
    };

    size_t  i;

    for (i = 0; i < sizeof(path) / sizeof(path[0]); i++) {

        if (llm_kind_of(j, node) != LLM_JSON_OBJECT) {
            return -1;
        }

        node = llm_json_get(j, node, path[i]);
    }

    return llm_answer_figure(a, j, node);
}


int
llm_gemini_predict_answer(llm_answer_t *a, const llm_json_t *j)
{
    int64_t                 pictures, tokens;
    uint32_t                i, list;
    const llm_json_node_t  *v;

    if (llm_kind_of(j, 0) != LLM_JSON_OBJECT) {
        return LLM_OK;
    }

    a->error |= llm_given(j, llm_json_get(j, 0, "error"));
    list = llm_json_get(j, 0, "predictions");

    if (llm_kind_of(j, list) != LLM_JSON_ARRAY) {
        return LLM_OK;
    }

    v = j->nodes;
    a->finished = 1;
    pictures = 0;
    tokens = -1;

    for (i = list + 1; i < llm_json_next(j, list); i = v[i].next) {
        pictures += llm_predict_is_picture(j, i);
        tokens = llm_sum(tokens, llm_predict_tokens(a, j, i));
    }

    if (a->kind == LLM_KIND_IMAGES) {
        a->usage.images_out = pictures;
        return LLM_OK;
    }

    if (tokens >= 0) {
        a->usage.input = tokens;
        a->usage.output = 0;
        a->usage_seen = 1;
    }

    return LLM_OK;
}
