
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_batch.h"


int
llm_batch_event(llm_answer_t *a, const llm_str_t *data,
    llm_batch_result_pt result)
{
    int           rc;
    llm_batch_t  *b;
    llm_answer_t  one;

    if (a->result == NULL) {
        return LLM_EVENT_PASS;
    }

    b = llm_answer_state(a, sizeof(llm_batch_t));
    if (b == NULL) {
        return LLM_ERROR;
    }

    b->line.mem = a->mem;
    b->line.max = LLM_BATCH_NODES;
    b->body.mem = a->mem;
    b->body.max = LLM_BATCH_NODES;

    llm_answer_init(&one, a->scratch, LLM_KIND_CHAT, NULL);

    rc = llm_json_parse(&b->line, data->data, data->len);

    if (rc == LLM_OK && llm_kind_of(&b->line, 0) == LLM_JSON_OBJECT) {
        rc = result(b, &one);

    } else {
        one.usage_bad = 1;
    }

    if (rc == LLM_ERROR || a->result(a, &one) != LLM_OK) {
        return LLM_ERROR;
    }

    return LLM_EVENT_PASS;
}


int
llm_batch_body(llm_batch_t *b, uint32_t node)
{
    const llm_json_node_t  *v;

    v = llm_json_node(&b->line, node);

    return llm_json_parse(&b->body, b->line.data + v->start,
                          v->end - v->start);
}


int
llm_batch_inner(llm_request_t *q, uint32_t list, const char *member,
    const char *param, llm_inner_t *in)
{
    uint32_t                i, body;
    const llm_json_node_t  *v;

    v = q->json.nodes;
    i = in->at ? (uint32_t) in->at : list + 1;

    if (i >= llm_json_next(&q->json, list)) {
        return LLM_DECLINED;
    }

    if (in->n == LLM_BATCH_REQUESTS) {
        return llm_request_bad(q, "requests", "are too many");
    }

    body = llm_json_get(&q->json, i, member);

    if (llm_kind_of(&q->json, body) != LLM_JSON_OBJECT
        || llm_json_duplicate(&q->json, i, member)
        || llm_json_miscased(&q->json, i, &member, 1))
    {
        return llm_request_bad(q, param, "must be an object");
    }

    in->body.data = (unsigned char *) q->json.data + v[body].start;
    in->body.len = v[body].end - v[body].start;
    in->at = v[i].next;
    in->n++;

    return LLM_OK;
}


llm_framing_e
llm_batch_framing(const llm_request_t *q, const llm_str_t *type)
{
    return q->route.step == LLM_LONG_RESULTS ? LLM_FRAMING_NDJSON
                                             : llm_framing_of(type);
}
