
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _TRAFFIC_GEMINI_H_INCLUDED_
#define _TRAFFIC_GEMINI_H_INCLUDED_


/* recorded usage of Gemini's APIs in our terms, read by another reader */

#include "traffic.h"


static inline int64_t
total(int64_t a, int64_t b)
{
    return a < 0 ? b : b < 0 ? a : a + b;
}


/* tokens of one kind, which is named or numbered */

static inline int64_t
gemini_kind(json_t *list, const char *name, int n)
{
    size_t    i;
    json_t   *o, *kind;
    int64_t   sum;

    sum = -1;

    json_array_foreach(list, i, o) {
        kind = json_object_get(o, "modality");

        if (strcmp(text(o, "modality"), name) == 0
            || (json_is_integer(kind) && json_integer_value(kind) == n))
        {
            sum = total(sum, number(o, "tokenCount"));
        }
    }

    return sum;
}


static inline void
expected_gemini(json_t *r, llm_usage_t *u)
{
    json_t  *o, *in, *out, *tools, *cache;

    static const llm_usage_t  unknown = LLM_USAGE_INIT;

    *u = unknown;
    o = json_object_get(r, "usage");

    if (!json_is_object(o)) {
        return;
    }

    in = json_object_get(o, "promptTokensDetails");
    in = in ? in : json_object_get(o, "promptTokenDetails");
    out = json_object_get(o, "candidatesTokensDetails");
    out = out ? out : json_object_get(o, "responseTokensDetails");
    tools = json_object_get(o, "toolUsePromptTokensDetails");
    cache = json_object_get(o, "cacheTokensDetails");

    /* what is not there is 0 */

    u->input = either(total(number(o, "promptTokenCount"),
                            number(o, "toolUsePromptTokenCount")), 0);
    u->output = either(number(o, "candidatesTokenCount"),
                       number(o, "responseTokenCount"));    /* live */
    u->output = either(total(u->output, number(o, "thoughtsTokenCount")), 0);
    u->cached_input = number(o, "cachedContentTokenCount");
    u->reasoning = number(o, "thoughtsTokenCount");

    u->image_input = total(gemini_kind(in, "IMAGE", 2),
                           gemini_kind(tools, "IMAGE", 2));
    u->video_input = total(gemini_kind(in, "VIDEO", 3),
                           gemini_kind(tools, "VIDEO", 3));
    u->audio_input = total(gemini_kind(in, "AUDIO", 4),
                           gemini_kind(tools, "AUDIO", 4));
    u->cached_image = gemini_kind(cache, "IMAGE", 2);
    u->cached_video = gemini_kind(cache, "VIDEO", 3);
    u->cached_audio = gemini_kind(cache, "AUDIO", 4);
    u->image_output = gemini_kind(out, "IMAGE", 2);
    u->video_output = gemini_kind(out, "VIDEO", 3);
    u->audio_output = gemini_kind(out, "AUDIO", 4);
}


/* of an interaction, whose names are others */

static inline int64_t
interaction_kind(json_t *o, const char *list, const char *kind)
{
    size_t    i;
    json_t   *part;
    int64_t   sum;

    sum = -1;

    json_array_foreach(json_object_get(o, list), i, part) {
        if (strcmp(text(part, "modality"), kind) == 0) {
            sum = total(sum, number(part, "tokens"));
        }
    }

    return sum;
}


static inline void
expected_interaction(json_t *r, llm_usage_t *u)
{
    json_t  *o;

    static const llm_usage_t  unknown = LLM_USAGE_INIT;

    *u = unknown;
    o = json_object_get(r, "usage");

    u->input = total(number(o, "total_input_tokens"),
                     number(o, "total_tool_use_tokens"));
    u->output = total(number(o, "total_output_tokens"),
                      number(o, "total_thought_tokens"));
    u->cached_input = number(o, "total_cached_tokens");
    u->reasoning = number(o, "total_thought_tokens");

    u->image_input = total(
        interaction_kind(o, "input_tokens_by_modality", "image"),
        interaction_kind(o, "tool_use_tokens_by_modality", "image"));
    u->audio_input = total(
        interaction_kind(o, "input_tokens_by_modality", "audio"),
        interaction_kind(o, "tool_use_tokens_by_modality", "audio"));
}


/* ... of an API that says none */

static inline void
expected_none(json_t *r, llm_usage_t *u)
{
    static const llm_usage_t  unknown = LLM_USAGE_INIT;

    (void) r;

    *u = unknown;
}


#endif /* _TRAFFIC_GEMINI_H_INCLUDED_ */
