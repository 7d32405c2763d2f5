
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_bedrock.h"


/* Figures that are in parts of an answer: by name, or a list of them. */


/* a figure that is in a part of a usage */

int64_t
llm_bedrock_of(llm_answer_t *a, const llm_json_t *j, uint32_t obj,
    const char *part, const char *name)
{
    uint32_t  node;

    node = llm_answer_part(a, j, llm_json_get(j, obj, part), LLM_JSON_OBJECT);

    return llm_answer_figure(a, j, llm_json_get(j, node, name));
}


/* [{"ttl":"1h","inputTokens":9}]: one that cannot be read may be that */

int64_t
llm_bedrock_hour(llm_answer_t *a, const llm_json_t *j, uint32_t list)
{
    int64_t                 n;
    uint32_t                i, f[2];
    unsigned                bad;
    const llm_json_node_t  *v;

    static const char * const  names[] = { "ttl", "inputTokens" };

    v = j->nodes;
    bad = a->usage_bad;
    a->usage_bad = 0;

    for (n = 0, i = list + 1; i < llm_json_next(j, list); i = v[i].next) {

        llm_json_fields(j, llm_answer_part(a, j, i, LLM_JSON_OBJECT), names, 2,
                        f);

        if (llm_answer_part(a, j, f[0], LLM_JSON_STRING) != LLM_JSON_NONE
            && llm_json_equal(j, f[0], "1h"))
        {
            n = llm_sum(n, llm_answer_figure(a, j, f[1]));
        }
    }

    n = a->usage_bad ? LLM_UNUSABLE : n;
    a->usage_bad |= bad;

    return n;
}


/* Titan counts each of its results */

int64_t
llm_bedrock_results(llm_answer_t *a, const llm_json_t *j)
{
    int64_t   n;
    uint32_t  i, list, obj;

    list = llm_json_get(j, 0, "results");

    if (llm_answer_part(a, j, list, LLM_JSON_ARRAY) == LLM_JSON_NONE) {
        return -1;
    }

    for (n = -1, i = list + 1; i < llm_json_next(j, list);
         i = llm_json_next(j, i))
    {
        obj = llm_answer_part(a, j, i, LLM_JSON_OBJECT);
        n = llm_sum(n, obj == LLM_JSON_NONE && llm_given(j, i)
                       ? LLM_UNUSABLE
                       : llm_answer_addend(a, j, llm_json_get(j, obj,
                                                              "tokenCount")));
    }

    return n;
}
