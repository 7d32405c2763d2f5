
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_bedrock.h"


/*
 * A guardrail that is applied by itself.  Each of its policies is charged by
 * units of text; which it has, only AWS knows until it answers.  Units of all
 * of them are added up, and have one price, that of the dearest.
 */

#define LLM_BEDROCK_UNIT      1000      /* characters of a unit of text */
#define LLM_BEDROCK_POLICIES  5         /* that are charged, at most */


int
llm_bedrock_guard_parse(llm_request_t *q)
{
    int       rc;
    uint32_t  content;

    rc = llm_request_object(q, 0, NULL, NULL, 0, NULL);
    if (rc != LLM_OK) {
        return rc;
    }

    content = llm_json_get(&q->json, 0, "content");

    if (!llm_given(&q->json, content)) {
        return LLM_DECLINED;
    }

    llm_str_set(&q->model, "guardrail");

    /* a row without a price by the token will do: count() says how many */

    llm_usage_text(&q->most, 0, 0);
    q->bounded = 1;

    q->model_in_path = 1;
    q->stateful = 1;
    q->max_output = 0;

    return llm_request_array(q, content, "content", 1);
}


/* {"text":{"text":""}}, or a picture, which is a unit of one policy */

int
llm_bedrock_guard_count(llm_request_t *q, llm_counter_t *c)
{
    int64_t                 units;
    uint32_t                i, text, content;
    llm_input_t             in;
    const llm_json_node_t  *v;

    llm_input_init(&in, q, c);

    in.estimate = 1;
    units = 0;
    v = q->json.nodes;
    content = llm_json_get(&q->json, 0, "content");

    for (i = content + 1; i < llm_json_next(&q->json, content); i = v[i].next) {

        text = llm_json_get(&q->json, llm_json_get(&q->json, i, "text"),
                            "text");

        if (llm_kind_of(&q->json, text) != LLM_JSON_STRING) {
            units++;
            continue;
        }

        llm_input_string(&in, text);

        /* bytes are not fewer than characters */

        units += LLM_BEDROCK_POLICIES
                 * ((int64_t) (v[text].end - v[text].start) / LLM_BEDROCK_UNIT
                    + 1);
    }

    q->most.queries = units;

    return llm_input_end(&in);
}


/* words and patterns are looked for at no cost */

int
llm_bedrock_guard_answer(llm_answer_t *a, const llm_json_t *j)
{
    size_t    i;
    int64_t   units;
    uint32_t  usage;

    static const char * const  names[] = {
        "topicPolicyUnits", "contentPolicyUnits",
        "sensitiveInformationPolicyUnits", "contextualGroundingPolicyUnits",
        "automatedReasoningPolicyUnits", "contentPolicyImageUnits"
    };

    usage = llm_answer_part(a, j, llm_json_get(j, 0, "usage"),
                            LLM_JSON_OBJECT);
    units = -1;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        units = llm_sum(units, llm_answer_figure(a, j,
                                             llm_json_get(j, usage,
                                                          names[i])));
    }

    /* of what does not say it all the most that it can be is charged */

    if (a->q && (units < 0
                 || (a->usage_bad && units < a->q->most.queries)))
    {
        units = a->q->most.queries;
    }

    a->usage.queries = units;
    a->finished = 1;

    return LLM_OK;
}
