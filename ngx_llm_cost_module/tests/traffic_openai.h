
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _TRAFFIC_OPENAI_H_INCLUDED_
#define _TRAFFIC_OPENAI_H_INCLUDED_


/* recorded usage of OpenAI's APIs in our terms, read by another reader */

#include "traffic.h"


/* what the recorder says of a chat, a completion, or embeddings */

static inline void
expected_openai(json_t *r, llm_usage_t *u)
{
    int64_t   total;
    json_t   *o, *in, *out, *cost;

    static const llm_usage_t  unknown = LLM_USAGE_INIT;

    *u = unknown;

    o = json_object_get(r, "usage");
    in = json_object_get(o, "prompt_tokens_details");
    out = json_object_get(o, "completion_tokens_details");
    total = number(o, "total_tokens");

    u->input = number(o, "prompt_tokens");
    u->output = number(o, "completion_tokens");

    if (strcmp(text(r, "api"), "openai.embeddings") == 0) {
        u->input = either(u->input, total);
        u->output = (u->input < 0) ? -1 : either(u->output, 0);

    } else if (total >= 0 && total > u->input + u->output) {
        u->output = total - u->input;
    }

    u->cached_input = either(number(in, "cached_tokens"),
                             either(number(o, "prompt_cache_hit_tokens"),
                                    either(number(o, "cached_tokens"),
                                           number(o, "num_cached_tokens"))));
    u->cache_write = either(number(in, "cache_write_tokens"),
                            number(o, "cache_creation_input_tokens"));
    u->audio_input = number(in, "audio_tokens");
    u->image_input = number(in, "image_tokens");
    u->reasoning = either(number(out, "reasoning_tokens"),
                          number(o, "reasoning_tokens"));
    u->audio_output = number(out, "audio_tokens");
    u->image_output = number(out, "image_tokens");

    cost = json_object_get(o, "cost");
    cost = json_is_object(cost) ? json_object_get(cost, "total_cost") : cost;

    if (json_is_number(cost)) {
        u->reported_cost = llround(json_number_value(cost) * 1e9);

    } else if (number(o, "cost_in_usd_ticks") >= 0) {
        u->reported_cost = (number(o, "cost_in_usd_ticks") + 9) / 10;
    }
}


#endif /* _TRAFFIC_OPENAI_H_INCLUDED_ */
