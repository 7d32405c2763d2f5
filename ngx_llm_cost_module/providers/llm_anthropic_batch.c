
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_anthropic.h"
#include "llm_batch.h"

#include <string.h>


/*
 * Batches of messages: the requests are in one body, and what has come of them
 * is read a day later, a line each.
 */


static int
llm_anthropic_batch_is(const llm_json_t *j, uint32_t node, const char *text)
{
    return llm_kind_of(j, node) == LLM_JSON_STRING
           && llm_json_equal(j, node, text);
}


int
llm_anthropic_batch_parse(llm_request_t *q)
{
    int       rc;
    uint32_t  list;

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

    if (rc == LLM_OK && llm_json_next(&q->json, list) == list + 1) {
        rc = llm_request_bad(q, "requests", "must not be empty");
    }

    return rc;
}


int
llm_anthropic_batch_inner(llm_request_t *q, llm_inner_t *in)
{
    llm_str_set(&in->path, "/v1/messages");

    return llm_batch_inner(q, llm_json_get(&q->json, 0, "requests"), "params",
                           "requests.params", in);
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

    a->told.ended = llm_anthropic_batch_is(j, f[2], "ended");

    node = llm_kind_of(j, f[3]) == LLM_JSON_OBJECT
           ? llm_json_get(j, f[3], "succeeded") : LLM_JSON_NONE;

    a->told.unused = a->told.ended
                     && llm_kind_of(j, node) == LLM_JSON_NUMBER
                     && llm_json_int(j, node, &n) == LLM_OK && n == 0;

    return llm_answer_keep(a, j, f[0], &a->told.id);
}


static int
llm_anthropic_batch_result(llm_batch_t *b, llm_answer_t *one)
{
    int       rc;
    uint32_t  result, message, type;

    result = llm_json_get(&b->line, 0, "result");

    if (llm_kind_of(&b->line, result) != LLM_JSON_OBJECT) {
        one->usage_bad = 1;
        return LLM_OK;
    }

    message = llm_json_get(&b->line, result, "message");

    if (llm_kind_of(&b->line, message) != LLM_JSON_OBJECT) {
        type = llm_json_get(&b->line, result, "type");
        one->usage_bad = llm_anthropic_batch_is(&b->line, type, "succeeded");

        return LLM_OK;
    }

    rc = llm_batch_body(b, message);

    if (rc == LLM_OK) {
        rc = llm_anthropic_answer(one, &b->body);
    }

    one->usage_bad |= !one->usage_seen;

    return rc == LLM_ERROR ? rc : LLM_OK;
}


int
llm_anthropic_batch_event(llm_answer_t *a, const llm_str_t *data)
{
    return llm_batch_event(a, data, llm_anthropic_batch_result);
}
