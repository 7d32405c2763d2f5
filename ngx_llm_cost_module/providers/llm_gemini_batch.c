
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_gemini.h"
#include "llm_batch.h"

#include <string.h>


/*
 * Batches that hold their requests, all of the model of the path; what has come
 * of each is in the batch itself, once it is over.  Those whose requests are in
 * a file elsewhere are refused.
 */


/* a member in either spelling, and not in both, which one of two may read */

static int
llm_gemini_batch_member(llm_request_t *q, uint32_t obj, const char *camel,
    const char *snake, uint32_t *node)
{
    uint32_t     f[2];
    const char  *names[2];

    names[0] = camel;
    names[1] = snake;

    if (llm_kind_of(&q->json, obj) != LLM_JSON_OBJECT) {
        return llm_request_bad(q, camel, "must be in an object");
    }

    if (llm_request_object(q, obj, camel, names, 2, f) != LLM_OK) {
        return LLM_BAD;
    }

    if (f[0] != LLM_JSON_NONE && f[1] != LLM_JSON_NONE) {
        return llm_request_bad(q, camel, "must not occur more than once");
    }

    *node = (f[0] != LLM_JSON_NONE) ? f[0] : f[1];

    return LLM_OK;
}


/* {"batch":{"inputConfig":{"requests":{"requests":[...]}}}} */

static int
llm_gemini_batch_list(llm_request_t *q, uint32_t *list)
{
    int     rc;
    size_t  i;

    static const struct {
        const char  *camel;
        const char  *snake;
    } path[] = {
        { "batch", "batch" },
        { "inputConfig", "input_config" },
        { "requests", "requests" },
        { "requests", "requests" }
    };

    *list = 0;

    for (i = 0; i < sizeof(path) / sizeof(path[0]); i++) {

        rc = llm_gemini_batch_member(q, *list, path[i].camel, path[i].snake,
                                     list);
        if (rc != LLM_OK) {
            return rc;
        }

        if (!llm_given(&q->json, *list)) {
            return llm_request_bad(q, path[i].camel,
                                   i > 1 ? "must be in the batch: of a file "
                                           "it is not known what it holds"
                                         : "is required");
        }
    }

    return llm_request_array(q, *list, "requests", 1);
}


int
llm_gemini_batch_parse(llm_request_t *q)
{
    int       rc;
    uint32_t  list;

    q->max_output = 0;
    q->choices = 1;
    q->stateful = 1;
    q->sealed = 1;

    llm_usage_text(&q->most, 0, 0);
    q->bounded = 1;

    if (llm_request_path_model(q, "model") != LLM_OK) {
        return LLM_BAD;
    }

    rc = llm_gemini_batch_list(q, &list);

    if (rc == LLM_OK && llm_json_next(&q->json, list) == list + 1) {
        rc = llm_request_bad(q, "requests", "must not be empty");
    }

    return rc;
}


int
llm_gemini_batch_inner(llm_request_t *q, llm_inner_t *in)
{
    uint32_t        list;
    unsigned char  *p;

    static const llm_str_t  before = llm_string("/v1beta/models/");
    static const llm_str_t  after = llm_string(":generateContent");

    if (llm_gemini_batch_list(q, &list) != LLM_OK) {
        return LLM_BAD;
    }

    p = llm_alloc(in->mem, before.len + q->model.len + after.len);
    if (p == NULL) {
        return LLM_ERROR;
    }

    in->path.data = p;
    in->path.len = before.len + q->model.len + after.len;

    memcpy(p, before.data, before.len);
    memcpy(p + before.len, q->model.data, q->model.len);
    memcpy(p + before.len + q->model.len, after.data, after.len);

    return llm_batch_inner(q, list, "request", "requests.request", in);
}


/* the list is in the response of the operation, and in what it tells of itself
   as well */

static uint32_t
llm_gemini_batch_results(const llm_json_t *j, uint32_t response,
    uint32_t metadata)
{
    uint32_t  node;

    node = response;

    if (llm_kind_of(j, node) != LLM_JSON_OBJECT
        || !llm_given(j, llm_json_get(j, node, "inlinedResponses")))
    {
        node = llm_kind_of(j, metadata) == LLM_JSON_OBJECT
               ? llm_json_get(j, metadata, "output") : LLM_JSON_NONE;
    }

    while (llm_kind_of(j, node) == LLM_JSON_OBJECT) {
        node = llm_json_get(j, node, "inlinedResponses");
    }

    return llm_kind_of(j, node) == LLM_JSON_ARRAY ? node : LLM_JSON_NONE;
}


/* one that failed has no response, and is not charged */

static int
llm_gemini_batch_result(llm_answer_t *a, const llm_json_t *j, uint32_t node)
{
    int                     rc;
    uint32_t                response;
    llm_json_t             *body;
    llm_answer_t            one;
    const llm_json_node_t  *v;

    body = llm_answer_state(a, sizeof(llm_json_t));
    if (body == NULL) {
        return LLM_ERROR;
    }

    body->mem = a->mem;
    body->max = LLM_BATCH_NODES;

    llm_answer_init(&one, a->scratch, LLM_KIND_CHAT, NULL);

    response = llm_kind_of(j, node) == LLM_JSON_OBJECT
               ? llm_json_get(j, node, "response") : LLM_JSON_NONE;

    if (llm_kind_of(j, response) == LLM_JSON_OBJECT) {
        v = llm_json_node(j, response);

        rc = llm_json_parse(body, j->data + v->start, v->end - v->start);

        if (rc == LLM_OK) {
            rc = llm_gemini_answer(&one, body);
        }

        if (rc == LLM_ERROR) {
            return rc;
        }

        one.usage_bad |= !one.usage_seen;
    }

    return a->result(a, &one);
}


int
llm_gemini_batch_answer(llm_answer_t *a, const llm_json_t *j)
{
    uint32_t                i, list, f[4];
    const llm_json_node_t  *v;

    static const char * const  names[] = {
        "name", "done", "response", "metadata"
    };

    a->finished = 1;
    a->deferred = 1;

    if (llm_kind_of(j, 0) != LLM_JSON_OBJECT) {
        a->told.pending = 1;
        return LLM_OK;
    }

    llm_json_fields(j, 0, names, 4, f);

    if (llm_answer_keep(a, j, f[0], &a->told.id) != LLM_OK) {
        return LLM_ERROR;
    }

    llm_gemini_operation(a);

    if (llm_kind_of(j, f[1]) != LLM_JSON_TRUE) {
        a->told.pending = 1;
        return LLM_OK;
    }

    a->told.ended = 1;
    list = llm_gemini_batch_results(j, f[2], f[3]);

    if (a->result == NULL || list == LLM_JSON_NONE) {
        return LLM_OK;
    }

    v = j->nodes;

    for (i = list + 1; i < llm_json_next(j, list); i = v[i].next) {
        if (llm_gemini_batch_result(a, j, i) != LLM_OK) {
            return LLM_ERROR;
        }
    }

    return LLM_OK;
}


/* "batches/ID", "models/M/operations/ID": it is asked for by its end */

void
llm_gemini_operation(llm_answer_t *a)
{
    size_t      i;
    llm_str_t  *id;

    id = &a->told.id;

    for (i = id->len; i > 0 && id->data[i - 1] != '/'; i--) {
        /* void */
    }

    /* of no name there is no address either */

    if (i) {
        id->data += i;
        id->len -= i;
    }
}
