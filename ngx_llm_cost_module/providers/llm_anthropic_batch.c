
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_anthropic.h"

#include <string.h>


/*
 * Batches of messages: the requests are in one body, and what has come of them
 * is read a day later, a line each.
 */

#define LLM_BATCH_MAX         100000     /* requests of a batch */
#define LLM_BATCH_LINE_NODES  (1024 * 1024)


typedef struct {
    llm_json_t            line;
    llm_json_t            message;
} llm_batch_results_t;


static int
llm_batch_is(const llm_json_t *j, uint32_t node, const char *text)
{
    return llm_kind_of(j, node) == LLM_JSON_STRING
           && llm_json_equal(j, node, text);
}


int
llm_anthropic_batch_parse(llm_request_t *q)
{
    int                     rc;
    uint32_t                list;
    const llm_json_node_t  *v;

    static const char * const  names[] = { "requests" };

    q->max_output = 0;
    q->choices = 1;
    q->stateful = 1;
    q->sealed = 1;

    llm_usage_text(&q->most, 0, 0);
    q->bounded = 1;

    rc = llm_request_object(q, 0, NULL, names, 1, &list);

    if (rc == LLM_OK && !llm_given(&q->json, list)) {
        rc = llm_request_bad(q, "requests", "is required");
    }

    if (rc == LLM_OK) {
        rc = llm_request_array(q, list, "requests", 1);
    }

    v = q->json.nodes;

    if (rc == LLM_OK && v[list].next == list + 1) {
        rc = llm_request_bad(q, "requests", "must not be empty");
    }

    return rc;
}


int
llm_anthropic_batch_inner(llm_request_t *q, llm_inner_t *in)
{
    uint32_t                list, i, params;
    const llm_json_node_t  *v;

    v = q->json.nodes;
    list = llm_json_get(&q->json, 0, "requests");
    i = in->at ? (uint32_t) in->at : list + 1;

    if (i >= v[list].next) {
        return LLM_DECLINED;
    }

    if (in->n == LLM_BATCH_MAX) {
        return llm_request_bad(q, "requests", "are too many");
    }

    params = llm_json_get(&q->json, i, "params");

    if (llm_kind_of(&q->json, params) != LLM_JSON_OBJECT
        || llm_json_duplicate(&q->json, i, "params"))
    {
        return llm_request_bad(q, "requests.params", "must be an object");
    }

    llm_str_set(&in->path, "/v1/messages");

    in->body.data = (unsigned char *) q->json.data + v[params].start;
    in->body.len = v[params].end - v[params].start;
    in->at = v[i].next;
    in->n++;

    return LLM_OK;
}


/* requests that failed, were cancelled or came too late are not charged */

int
llm_anthropic_batch_answer(llm_answer_t *a, const llm_json_t *j)
{
    int64_t   n;
    uint32_t  f[4], node;

    static const char * const  names[] = { "id", "error", "processing_status",
                                           "request_counts" };

    if (llm_kind_of(j, 0) != LLM_JSON_OBJECT) {
        return LLM_OK;
    }

    llm_json_fields(j, 0, names, 4, f);

    a->finished = 1;
    a->deferred = 1;
    a->error |= llm_given(j, f[1]);

    a->told.ended = llm_batch_is(j, f[2], "ended");

    node = llm_kind_of(j, f[3]) == LLM_JSON_OBJECT
           ? llm_json_get(j, f[3], "succeeded") : LLM_JSON_NONE;

    a->told.unused = a->told.ended
                     && llm_kind_of(j, node) == LLM_JSON_NUMBER
                     && llm_json_int(j, node, &n) == LLM_OK && n == 0;

    return llm_answer_keep(a, j, f[0], &a->told.id);
}


static int
llm_batch_result(llm_batch_results_t *r, llm_answer_t *one)
{
    int                     rc;
    uint32_t                result, message;
    const llm_json_node_t  *v;

    result = llm_json_get(&r->line, 0, "result");

    if (llm_kind_of(&r->line, result) != LLM_JSON_OBJECT) {
        one->usage_bad = 1;
        return LLM_OK;
    }

    message = llm_json_get(&r->line, result, "message");

    if (llm_kind_of(&r->line, message) != LLM_JSON_OBJECT) {
        one->usage_bad = llm_batch_is(&r->line,
                                      llm_json_get(&r->line, result, "type"),
                                      "succeeded");
        return LLM_OK;
    }

    v = &r->line.nodes[message];

    rc = llm_json_parse(&r->message, r->line.data + v->start,
                        v->end - v->start);

    if (rc == LLM_OK) {
        rc = llm_anthropic_answer(one, &r->message);
    }

    one->usage_bad |= !one->usage_seen;

    return rc == LLM_ERROR ? rc : LLM_OK;
}


int
llm_anthropic_batch_event(llm_answer_t *a, const llm_str_t *data)
{
    int                   rc;
    llm_answer_t          one;
    llm_batch_results_t  *r;

    if (a->result == NULL) {
        return LLM_EVENT_PASS;
    }

    r = llm_answer_state(a, sizeof(llm_batch_results_t));
    if (r == NULL) {
        return LLM_ERROR;
    }

    r->line.mem = a->mem;
    r->line.max = LLM_BATCH_LINE_NODES;
    r->message.mem = a->mem;
    r->message.max = LLM_BATCH_LINE_NODES;

    llm_answer_init(&one, a->scratch, LLM_KIND_CHAT, NULL);

    rc = llm_json_parse(&r->line, data->data, data->len);

    if (rc == LLM_OK && r->line.nodes[0].type == LLM_JSON_OBJECT) {
        rc = llm_batch_result(r, &one);

    } else {
        one.usage_bad = 1;
    }

    if (rc == LLM_ERROR || a->result(a, &one) != LLM_OK) {
        return LLM_ERROR;
    }

    return LLM_EVENT_PASS;
}


llm_framing_e
llm_anthropic_framing(const llm_request_t *q, const llm_str_t *type)
{
    return q->route.step == LLM_LONG_RESULTS ? LLM_FRAMING_NDJSON
                                             : llm_framing_of(type);
}
