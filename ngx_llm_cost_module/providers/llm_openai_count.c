
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai.h"


int
llm_openai_count(llm_request_t *q, llm_counter_t *c)
{
    llm_str_t               s;
    uint32_t                i, end;
    const llm_json_node_t  *v;

    v = q->json.nodes;
    end = q->json.n;
    q->input_tokens = 3;
    q->estimate = 1;

    for (i = 0; i < end; i++) {
        if (v[i].type == LLM_JSON_STRING) {
            if (llm_json_string(&q->json, i, &s, NULL) != LLM_OK) {
                return LLM_ERROR;
            }
            q->input_tokens += c->count(c, s.data, s.len);
        }
    }

    return LLM_OK;
}
