
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai.h"
#include "llm_responses.h"


/*
 * What a request asks of a model, so that it is not sent to one that cannot
 * take it.  What is not known here is not asked for; what OpenAI's own models
 * are known to refuse is.
 */


static const llm_need_t  llm_openai_parts[] = {
    { "image_url", LLM_ABLE_IMAGES },
    { "input_audio", LLM_ABLE_AUDIO_IN },
    { "file", LLM_ABLE_FILES },
    { NULL, 0 }
};


static unsigned
llm_openai_needs_fields(const llm_json_t *j, const uint32_t *f)
{
    uint32_t                i, node;
    unsigned                needs;
    const llm_json_node_t  *n;

    n = j->nodes;
    needs = 0;

    if (llm_openai_given(j, f[LLM_OPENAI_TOOLS])
        || llm_openai_given(j, f[LLM_OPENAI_FUNCTIONS]))
    {
        needs |= LLM_ABLE_TOOLS;
    }

    if (llm_openai_given(j, f[LLM_OPENAI_REASONING_EFFORT])) {
        needs |= LLM_ABLE_REASONING;
    }

    if (llm_openai_given(j, f[LLM_OPENAI_WEB_SEARCH])) {
        needs |= LLM_ABLE_SEARCH;
    }

    node = f[LLM_OPENAI_RESPONSE_FORMAT];

    if (llm_openai_given(j, node) && n[node].type == LLM_JSON_OBJECT) {
        i = llm_json_get(j, node, "type");

        if (i != LLM_JSON_NONE && llm_json_equal(j, i, "json_schema")) {
            needs |= LLM_ABLE_SCHEMA;
        }
    }

    node = f[LLM_OPENAI_MODALITIES];

    if (llm_openai_given(j, node) && n[node].type == LLM_JSON_ARRAY) {

        for (i = node + 1; i < n[node].next; i = n[i].next) {
            if (llm_json_equal(j, i, "audio")) {
                needs |= LLM_ABLE_AUDIO_OUT;
            }
        }
    }

    return needs;
}


/* members that OpenAI's reasoning models answer with a 400 */

static int
llm_openai_refused(const llm_json_t *j)
{
    unsigned                    i;
    static const char * const  names[] = {
        "max_tokens", "temperature", "top_p", "presence_penalty",
        "frequency_penalty", "logprobs", "top_logprobs", "logit_bias", "stop",
        NULL
    };

    for (i = 0; names[i]; i++) {
        if (llm_openai_given(j, llm_json_get(j, 0, names[i]))) {
            return 1;
        }
    }

    return 0;
}


int
llm_openai_needs(const llm_request_t *q, const llm_str_t *model)
{
    uint32_t           f[LLM_OPENAI_FIELDS];
    const llm_json_t  *j;

    j = &q->json;

    if (q->kind == LLM_KIND_RESPONSES) {
        return llm_responses_needs(q, model);
    }

    /* vectors of two models have nothing to do with each other */

    if (q->kind != LLM_KIND_CHAT) {
        return LLM_DECLINED;
    }

    llm_openai_fields(j, f);

    switch (llm_openai_family(model)) {

    case LLM_OPENAI_O_SERIES:
    case LLM_OPENAI_GPT5:

        if (llm_openai_refused(j)) {
            return LLM_DECLINED;
        }

        break;

    case LLM_OPENAI_CLASSIC:

        if (llm_openai_given(j, f[LLM_OPENAI_REASONING_EFFORT])) {
            return LLM_DECLINED;
        }

        break;

    default:
        break;
    }

    return (int) (llm_openai_needs_fields(j, f)
                  | llm_needs_types(j, f[LLM_OPENAI_MESSAGES],
                                    llm_openai_parts));
}
