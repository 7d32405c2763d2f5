
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_responses.h"
#include "llm_openai.h"


/*
 * What a request of the Responses API asks of a model.  Tools that run at
 * OpenAI, searching apart, are priced and served by model: such a request stays
 * with its own.
 */


static const llm_need_t  llm_responses_parts[] = {
    { "input_image", LLM_ABLE_IMAGES },
    { "input_file", LLM_ABLE_FILES },
    { "input_audio", LLM_ABLE_AUDIO_IN },
    { NULL, 0 }
};


/* LLM_ABLE_*, or LLM_DECLINED */

static int
llm_responses_needs_tools(const llm_json_t *j, const uint32_t *f)
{
    int                   able;
    uint32_t              tool, type;
    llm_responses_walk_t  w;

    able = 0;

    llm_responses_walk(&w, j, f[LLM_RESPONSES_TOOLS], f[LLM_RESPONSES_INPUT]);

    while ((tool = llm_responses_walk_next(&w)) != LLM_JSON_NONE) {

        type = llm_json_get(j, tool, "type");

        if (type == LLM_JSON_NONE) {
            return LLM_DECLINED;
        }

        if (llm_json_equal(j, type, "function")
            || llm_json_equal(j, type, "custom"))
        {
            able |= LLM_ABLE_TOOLS;

        } else if (llm_json_equal(j, type, "web_search")) {
            able |= LLM_ABLE_SEARCH;

        } else {
            return LLM_DECLINED;
        }
    }

    return able;
}


int
llm_responses_needs(const llm_request_t *q, const llm_str_t *model)
{
    int                 able;
    uint32_t            f[LLM_RESPONSES_FIELDS];
    const llm_json_t   *j;
    llm_openai_family_e family;

    static const llm_need_t  schema[] = {
        { "json_schema", LLM_ABLE_SCHEMA },
        { NULL, 0 }
    };

    j = &q->json;
    family = llm_openai_family(model);

    llm_json_fields(j, 0, llm_responses_names, LLM_RESPONSES_FIELDS, f);

    able = llm_responses_needs_tools(j, f);

    if (able < 0 || q->route.op != LLM_RESPONSES_CREATE) {
        return LLM_DECLINED;
    }

    if (llm_given(j, llm_json_get(j, 0, "reasoning"))) {

        if (family == LLM_OPENAI_CLASSIC) {
            return LLM_DECLINED;
        }

        able |= LLM_ABLE_REASONING;
    }

    if ((family == LLM_OPENAI_O_SERIES || family == LLM_OPENAI_GPT5)
        && (llm_given(j, llm_json_get(j, 0, "temperature"))
            || llm_given(j, llm_json_get(j, 0, "top_p"))))
    {
        return LLM_DECLINED;
    }

    return able
           | (int) llm_needs_types(j, f[LLM_RESPONSES_INPUT],
                                   llm_responses_parts)
           | (int) llm_needs_types(j, f[LLM_RESPONSES_TEXT], schema);
}
