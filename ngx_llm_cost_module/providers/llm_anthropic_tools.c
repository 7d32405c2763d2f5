
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_anthropic.h"


/* Tools that Anthropic runs: how much of them a request may use. */


/*
 * An advisor is another model, which reads what has been said until then and
 * answers; none of it is in the totals of the model that asks it.
 */

static void
llm_anthropic_advisor(llm_request_t *q, uint32_t tool, int64_t uses)
{
    int64_t       max;
    uint32_t      node;
    llm_guest_t  *guest;

    guest = &q->guest;
    node = llm_json_get(&q->json, tool, "model");

    if (llm_kind_of(&q->json, node) != LLM_JSON_STRING
        || llm_json_string(&q->json, node, &guest->model, NULL) != LLM_OK)
    {
        return;
    }

    node = llm_json_get(&q->json, tool, "max_tokens");

    if (llm_kind_of(&q->json, node) != LLM_JSON_NUMBER
        || llm_json_int(&q->json, node, &max) != LLM_OK || max < 0
        || max > LLM_DIALECT_TOKENS_MAX)
    {
        max = -1;
    }

    guest->calls = uses;

    llm_usage_text(&guest->most, -1, max);

    if (llm_given(&q->json, llm_json_get(&q->json, tool, "caching"))) {
        guest->most.cache_write = -1;
        guest->most.cache_write_1h = -1;
    }
}


/* tools that Anthropic runs, and is paid for */

void
llm_anthropic_server_tools(llm_request_t *q, uint32_t tools)
{
    int64_t                 uses;
    uint32_t                i, type, node;
    const llm_json_node_t  *v;

    v = q->json.nodes;

    if (llm_kind_of(&q->json, tools) != LLM_JSON_ARRAY) {
        return;
    }

    for (i = tools + 1; i < v[tools].next; i = v[i].next) {

        type = llm_json_get(&q->json, i, "type");

        if (!llm_given(&q->json, type)) {
            continue;
        }

        node = llm_json_get(&q->json, i, "max_uses");

        if (!llm_given(&q->json, node)
            || llm_json_int(&q->json, node, &uses) != LLM_OK || uses < 0)
        {
            uses = -1;
        }

        if (llm_json_starts(&q->json, type, "web_search")) {
            q->most.searches = uses;
            q->stateful = 1;

        } else if (llm_json_starts(&q->json, type, "web_fetch")) {
            q->most.web_fetches = uses;
            q->stateful = 1;

        } else if (llm_json_starts(&q->json, type, "code_execution")) {
            q->most.code_sessions = -1;
            q->stateful = 1;

        } else if (llm_json_starts(&q->json, type, "advisor")) {
            llm_anthropic_advisor(q, i, uses);
            q->stateful = 1;
        }
    }
}
