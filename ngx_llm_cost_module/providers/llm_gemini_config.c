
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_gemini.h"
#include "llm_thinks.h"


/*
 * What a request's generationConfig says of its answer: how long it may be, how
 * many there are, whether it is thought about, and which model gives it.
 */


#define LLM_GEMINI_CHOICES_MAX   128


int
llm_gemini_members(llm_request_t *q, uint32_t obj, const char *param,
    const char * const *camel, const char * const *snake, unsigned n,
    uint32_t *values)
{
    int       rc;
    unsigned  i;
    uint32_t  other[LLM_GEMINI_FIELDS];

    rc = llm_request_object(q, obj, param, camel, n, values);

    if (rc == LLM_OK) {
        rc = llm_request_object(q, obj, param, snake, n, other);
    }

    for (i = 0; i < n && rc == LLM_OK; i++) {

        if (values[i] == LLM_JSON_NONE) {
            values[i] = other[i];

        } else if (other[i] != LLM_JSON_NONE && other[i] != values[i]) {
            rc = llm_request_bad(q, camel[i], "must not occur more than once");
        }
    }

    return rc;
}


/*
 * Vertex AI may give a request to another model than that of the path: to the
 * one that is named, or to one of its choice.  That has no name before the
 * answer, and no price.
 */

static int
llm_gemini_parse_routing(llm_request_t *q, uint32_t routing,
    uint32_t selection)
{
    int       rc;
    uint32_t  f[2], name;

    static const char * const  camel[] = { "manualMode", "autoMode" };
    static const char * const  snake[] = { "manual_mode", "auto_mode" };

    rc = llm_gemini_members(q, routing, "routingConfig", camel, snake, 2, f);

    if (rc != LLM_OK) {
        return rc;
    }

    if (llm_given(&q->json, selection) || llm_given(&q->json, f[1])) {
        llm_str_set(&q->model, "(routed)");
    }

    if (!llm_given(&q->json, f[0])) {
        return LLM_OK;
    }

    rc = llm_request_object(q, f[0], "manualMode", NULL, 0, NULL);
    name = llm_gemini_get(&q->json, f[0], "modelName", "model_name");

    return rc == LLM_OK ? llm_request_other(q, name, "modelName") : rc;
}


int
llm_gemini_parse_config(llm_request_t *q, uint32_t config)
{
    int       rc;
    uint32_t  f[4];

    static const char * const  camel[] = {
        "maxOutputTokens", "candidateCount", "routingConfig",
        "modelSelectionConfig"
    };

    static const char * const  snake[] = {
        "max_output_tokens", "candidate_count", "routing_config",
        "model_selection_config"
    };

    if (!llm_given(&q->json, config)) {
        return LLM_OK;
    }

    rc = llm_gemini_members(q, config, "generationConfig", camel, snake, 4, f);

    if (rc == LLM_OK) {
        rc = llm_request_number(q, f[0], camel[0], 1, LLM_DIALECT_TOKENS_MAX,
                                &q->max_output);
    }

    if (rc == LLM_OK) {
        rc = llm_request_number(q, f[1], camel[1], 1, LLM_GEMINI_CHOICES_MAX,
                                &q->choices);
    }

    return rc == LLM_OK ? llm_gemini_parse_routing(q, f[2], f[3]) : rc;
}


int
llm_gemini_thinks(const llm_request_t *q, uint32_t config)
{
    int64_t   budget;
    uint32_t  thinking, node;

    thinking = llm_gemini_get(&q->json, config, "thinkingConfig",
                              "thinking_config");

    if (llm_kind_of(&q->json, thinking) != LLM_JSON_OBJECT) {
        return llm_thinks_unseen(&q->model);
    }

    node = llm_gemini_get(&q->json, thinking, "thinkingBudget",
                          "thinking_budget");

    return !llm_given(&q->json, node)
           || llm_json_int(&q->json, node, &budget) != LLM_OK || budget != 0;
}
