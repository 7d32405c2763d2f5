
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _TRAFFIC_COHERE_H_INCLUDED_
#define _TRAFFIC_COHERE_H_INCLUDED_


/* recorded usage of Cohere and Ollama in our terms, read by another reader */

#include "traffic.h"


static inline void
expected_cohere(json_t *r, llm_usage_t *u)
{
    json_t  *o, *billed;

    static const llm_usage_t  unknown = LLM_USAGE_INIT;

    *u = unknown;

    o = json_object_get(r, "usage");
    billed = json_object_get(o, "billed_units");

    u->input = either(number(billed, "input_tokens"),
                      number(o, "total_tokens"));
    u->image_input = number(billed, "image_tokens");
    u->output = number(billed, "output_tokens");
    u->queries = number(billed, "search_units");
    u->reasoning = number(json_object_get(o, "tokens"), "reasoning_tokens");

    if (strcmp(text(r, "api"), "rerank") == 0 && json_is_object(o)) {
        u->input = either(u->input, 0);
        u->output = 0;

        if (json_is_number(json_object_get(o, "cost"))) {
            u->reported_cost = llround(json_number_value(
                                          json_object_get(o, "cost")) * 1e9);
        }
    }

    if (strcmp(text(r, "api"), "cohere.embed") == 0) {
        u->images_in = number(billed, "images");

        if (u->input >= 0 || u->image_input >= 0 || u->images_in >= 0) {
            u->input = either(u->input, 0) + either(u->image_input, 0);
            u->output = 0;
        }
    }
}


static inline void
expected_ollama(json_t *r, llm_usage_t *u)
{
    json_t  *o;

    static const llm_usage_t  unknown = LLM_USAGE_INIT;

    *u = unknown;

    o = json_object_get(r, "usage");

    u->input = number(o, "prompt_eval_count");
    u->output = number(o, "eval_count");

    if (strstr(text(r, "url_path"), "/embed") && u->input >= 0) {
        u->output = 0;
    }
}


#endif /* _TRAFFIC_COHERE_H_INCLUDED_ */
