
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_anthropic.h"


/* a tool with a type of its own runs at Anthropic: LLM_DECLINED */

static int
llm_anthropic_needs_tools(const llm_json_t *j, uint32_t tools)
{
    int       able;
    uint32_t  i, type;

    able = 0;

    for (i = tools + 1; llm_kind_of(j, tools) == LLM_JSON_ARRAY
         && i < llm_json_next(j, tools); i = llm_json_next(j, i))
    {
        type = llm_json_get(j, i, "type");

        if (llm_given(j, type) && !llm_json_equal(j, type, "custom")) {
            return LLM_DECLINED;
        }

        able = LLM_ABLE_TOOLS;
    }

    return able;
}


/*
 * What a request asks of one of Anthropic's models.  Servers and containers
 * that it brings, and tools in its messages, are not every model's: it stays
 * with its own then.
 */

int
llm_anthropic_needs(const llm_request_t *q, const llm_str_t *model)
{
    int                able, tools;
    uint32_t           f[LLM_ANTHROPIC_FIELDS];
    const llm_json_t  *j;

    static const llm_need_t  parts[] = {
        { "image", LLM_ABLE_IMAGES },
        { "document", LLM_ABLE_FILES },
        { NULL, 0 }
    };

    static const llm_need_t  brings[] = {
        { "tool_definition", LLM_ABLE_TOOLS },
        { NULL, 0 }
    };

    static const llm_need_t  thinks[] = {
        { "enabled", LLM_ABLE_REASONING },
        { "adaptive", LLM_ABLE_REASONING },
        { NULL, 0 }
    };

    (void) model;

    if (q->kind != LLM_KIND_CHAT) {
        return LLM_DECLINED;
    }

    j = &q->json;
    able = 0;

    llm_json_fields(j, 0, llm_anthropic_names, LLM_ANTHROPIC_FIELDS, f);

    tools = llm_anthropic_needs_tools(j, f[LLM_ANTHROPIC_TOOLS]);

    if (tools == LLM_DECLINED
        || llm_given(j, f[LLM_ANTHROPIC_SERVERS])
        || llm_given(j, f[LLM_ANTHROPIC_CONTAINER])
        || llm_given(j, f[LLM_ANTHROPIC_SPEED])
        || llm_given(j, f[LLM_ANTHROPIC_THREAD])
        || llm_needs_types(j, f[LLM_ANTHROPIC_MESSAGES], brings))
    {
        return LLM_DECLINED;
    }

    if (llm_given(j, f[LLM_ANTHROPIC_FORMAT])
        || llm_given(j, f[LLM_ANTHROPIC_CONFIG]))
    {
        able |= LLM_ABLE_SCHEMA;
    }

    return able | tools
           | (int) llm_needs_types(j, f[LLM_ANTHROPIC_MESSAGES], parts)
           | (int) llm_needs_types(j, f[LLM_ANTHROPIC_THINKING], thinks);
}
