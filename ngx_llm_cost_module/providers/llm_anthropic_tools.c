
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_anthropic.h"
#include "llm_openai.h"

#include <string.h>


/* Tools that Anthropic runs: how much of them a request may use. */


/* input tokens from which on a context is compacted, where it is not said */

#define LLM_ANTHROPIC_COMPACT  150000


/*
 * An advisor is another model, which reads what has been said until then and
 * answers; none of it is in the totals of the model that asks it.  One that is
 * brought again is the same; of two only one would be reserved.
 */

static int
llm_anthropic_advisor(llm_request_t *q, uint32_t tool, int64_t uses)
{
    int           caches;
    int64_t       max;
    uint32_t      node;
    llm_str_t     model;
    llm_guest_t  *guest;

    guest = &q->guest;
    node = llm_json_get(&q->json, tool, "model");

    if (llm_kind_of(&q->json, node) != LLM_JSON_STRING
        || llm_json_string(&q->json, node, &model, NULL) != LLM_OK)
    {
        return LLM_OK;
    }

    node = llm_json_get(&q->json, tool, "max_tokens");

    if (llm_kind_of(&q->json, node) != LLM_JSON_NUMBER
        || llm_json_int(&q->json, node, &max) != LLM_OK || max < 0
        || max > LLM_DIALECT_TOKENS_MAX)
    {
        max = -1;
    }

    if (guest->model.len) {

        if (guest->model.len != model.len
            || memcmp(guest->model.data, model.data, model.len) != 0)
        {
            return llm_request_bad(q, "tools", "must not name two advisors");
        }

        uses = (uses < 0 || guest->calls < 0) ? -1 : uses + guest->calls;

        if (max >= 0 && (guest->most.output < 0 || guest->most.output > max)) {
            max = guest->most.output;
        }
    }

    caches = llm_given(&q->json, llm_json_get(&q->json, tool, "caching"))
             || guest->most.cache_write < 0;

    guest->model = model;
    guest->calls = uses;

    llm_usage_text(&guest->most, -1, max);

    if (caches) {
        guest->most.cache_write = -1;
        guest->most.cache_write_1h = -1;
    }

    return LLM_OK;
}


/* as many uses more; -1: without a bound */

static void
llm_anthropic_uses(int64_t *sum, int64_t uses)
{
    *sum = (*sum < 0 || uses < 0) ? -1 : *sum + uses;
}


/* a tool that Anthropic runs, and is paid for; any other one is nothing */

static int
llm_anthropic_server_tool(llm_request_t *q, uint32_t tool)
{
    int64_t            uses;
    uint32_t           node, type;
    const llm_json_t  *j;

    j = &q->json;
    type = llm_json_get(j, tool, "type");

    if (llm_kind_of(j, type) != LLM_JSON_STRING) {
        return LLM_OK;
    }

    node = llm_json_get(j, tool, "max_uses");

    if (!llm_given(j, node)
        || llm_json_int(j, node, &uses) != LLM_OK
        || uses < 0 || uses > LLM_DIALECT_TOKENS_MAX)
    {
        uses = -1;
    }

    if (llm_json_starts(j, type, "openrouter:")) {
        uses = llm_openai_uses(q, tool);
    }

    if (llm_openai_crowd(j, tool)) {
        q->crowd = 1;

    } else if (llm_json_starts(j, type, "web_search")
               || llm_json_starts(j, type, "openrouter:web_search"))
    {
        llm_anthropic_uses(&q->most.searches, uses);
        llm_openai_parse_pages(q, tool);

    } else if (llm_json_starts(j, type, "web_fetch")
               || llm_json_starts(j, type, "openrouter:web_fetch"))
    {
        llm_anthropic_uses(&q->most.web_fetches, uses);

    } else if (llm_json_starts(j, type, "code_execution")) {
        q->most.code_sessions = -1;

    } else if (llm_json_starts(j, type, "advisor")) {
        q->stateful = 1;
        return llm_anthropic_advisor(q, tool, uses);

    } else {
        return LLM_OK;
    }

    q->stateful = 1;

    return LLM_OK;
}


static int
llm_anthropic_list(llm_request_t *q, uint32_t list,
    int (*each)(llm_request_t *q, uint32_t node))
{
    int       rc;
    uint32_t  i;

    rc = LLM_OK;

    if (llm_kind_of(&q->json, list) != LLM_JSON_ARRAY) {
        return rc;
    }

    for (i = list + 1; rc == LLM_OK && i < llm_json_next(&q->json, list);
         i = llm_json_next(&q->json, i))
    {
        rc = each(q, i);
    }

    return rc;
}


/* {"type":"tool_addition","tool":{"type":"tool_definition","definition":..}} */

static int
llm_anthropic_addition(llm_request_t *q, uint32_t block)
{
    uint32_t  tool;

    tool = llm_json_get(&q->json, block, "tool");

    return llm_anthropic_server_tool(q, llm_json_get(&q->json, tool,
                                                     "definition"));
}


/* one that stands for earlier turns (compaction) has a list of such blocks */

static int
llm_anthropic_block(llm_request_t *q, uint32_t block)
{
    int  rc;

    rc = llm_anthropic_addition(q, block);

    return rc == LLM_OK
           ? llm_anthropic_list(q, llm_json_get(&q->json, block,
                                                "tool_changes"),
                                llm_anthropic_addition)
           : rc;
}


static int
llm_anthropic_message(llm_request_t *q, uint32_t message)
{
    return llm_anthropic_list(q, llm_json_get(&q->json, message, "content"),
                              llm_anthropic_block);
}


int
llm_anthropic_server_tools(llm_request_t *q, const uint32_t *f,
    unsigned brought)
{
    int  rc;

    rc = llm_anthropic_list(q, f[LLM_ANTHROPIC_TOOLS],
                            llm_anthropic_server_tool);

    return rc == LLM_OK && brought
           ? llm_anthropic_list(q, f[LLM_ANTHROPIC_MESSAGES],
                                llm_anthropic_message)
           : rc;
}


/*
 * A context that grows too large is compacted first: the same model reads all
 * of it and says what is left, in no more than the answer, as far as is known.
 * What has fewer bytes than tokens are wanted for that is not.
 */

void
llm_anthropic_compaction(llm_request_t *q)
{
    int64_t                 value;
    uint32_t                i, edits, node;
    llm_guest_t            *guest;
    const llm_json_node_t  *v;

    guest = &q->guest;
    v = q->json.nodes;
    edits = llm_json_get(&q->json, llm_json_get(&q->json, 0,
                                                "context_management"),
                         "edits");

    for (i = edits + 1; llm_kind_of(&q->json, edits) == LLM_JSON_ARRAY
         && i < llm_json_next(&q->json, edits); i = v[i].next)
    {
        if (!llm_json_starts(&q->json, llm_json_get(&q->json, i, "type"),
                             "compact"))
        {
            continue;
        }

        node = llm_json_get(&q->json, llm_json_get(&q->json, i, "trigger"),
                            "value");

        if (llm_kind_of(&q->json, node) != LLM_JSON_NUMBER
            || llm_json_int(&q->json, node, &value) != LLM_OK)
        {
            value = LLM_ANTHROPIC_COMPACT;
        }

        if (guest->model.len == 0 && (int64_t) q->body.len >= value) {
            guest->model = q->model;
            guest->calls = 1;

            llm_usage_text(&guest->most, -1, q->max_output);
            guest->most.cache_write = q->most.cache_write;
            guest->most.cache_write_1h = q->most.cache_write_1h;
        }
    }
}
