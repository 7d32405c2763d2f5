
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_gemini.h"


/* What an interaction of Gemini's has used. */


/* [{"modality":"image","tokens":258}]: those of one kind, added to v */

static void
llm_interactions_kinds(llm_answer_t *a, const llm_json_t *j, uint32_t list,
    const char *kind, int64_t *v)
{
    uint32_t                i, modality;
    const llm_json_node_t  *n;

    if (llm_answer_part(a, j, list, LLM_JSON_ARRAY) == LLM_JSON_NONE) {
        return;
    }

    n = j->nodes;

    for (i = list + 1; i < n[list].next; i = n[i].next) {

        modality = llm_json_get(j, llm_answer_part(a, j, i, LLM_JSON_OBJECT),
                                "modality");

        if (llm_kind_of(j, modality) == LLM_JSON_STRING
            && llm_json_equal(j, modality, kind))
        {
            *v = llm_sum(*v, llm_answer_figure(a, j,
                                               llm_json_get(j, i, "tokens")));
        }
    }
}


/* of the root of a usage: the figures, and then their parts by kind */

static const char * const  llm_interactions_usage_names[] = {
    "total_input_tokens", "total_tool_use_tokens", "total_output_tokens",
    "total_thought_tokens", "total_cached_tokens", "total_tokens",
    "input_tokens_by_modality", "tool_use_tokens_by_modality",
    "output_tokens_by_modality", "cached_tokens_by_modality",
    "grounding_tool_count"
};

#define LLM_INTERACTIONS_FIGURES  6
#define LLM_INTERACTIONS_TOOLS    10
#define LLM_INTERACTIONS_USAGE    11


static void
llm_interactions_parts(llm_answer_t *a, const llm_json_t *j,
    const uint32_t *f, llm_usage_t *u)
{
    size_t  i;

    static const struct {
        unsigned     list;
        const char  *kind;
        size_t       field;
    } parts[] = {
        { 6, "image", offsetof(llm_usage_t, image_input) },
        { 6, "video", offsetof(llm_usage_t, video_input) },
        { 6, "audio", offsetof(llm_usage_t, audio_input) },
        { 7, "image", offsetof(llm_usage_t, image_input) },
        { 7, "video", offsetof(llm_usage_t, video_input) },
        { 7, "audio", offsetof(llm_usage_t, audio_input) },
        { 8, "image", offsetof(llm_usage_t, image_output) },
        { 8, "video", offsetof(llm_usage_t, video_output) },
        { 8, "audio", offsetof(llm_usage_t, audio_output) },
        { 9, "image", offsetof(llm_usage_t, cached_image) },
        { 9, "video", offsetof(llm_usage_t, cached_video) },
        { 9, "audio", offsetof(llm_usage_t, cached_audio) }
    };

    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        llm_interactions_kinds(a, j, f[parts[i].list], parts[i].kind,
                               (int64_t *) ((char *) u + parts[i].field));
    }
}


/* [{"type":"google_search","count":2}]: what Google's own tools were asked */

static void
llm_interactions_calls(llm_answer_t *a, const llm_json_t *j, uint32_t list,
    llm_usage_t *u)
{
    size_t                  k;
    int64_t                *n;
    uint32_t                i, f[2];
    const llm_json_node_t  *v;

    static const char * const  names[] = { "type", "count" };

    static const struct {
        const char  *type;
        size_t       field;
    } tools[] = {
        { "google_search", offsetof(llm_usage_t, searches) },
        { "google_maps", offsetof(llm_usage_t, maps_queries) },
        { "retrieval", offsetof(llm_usage_t, file_searches) }
    };

    if (llm_answer_part(a, j, list, LLM_JSON_ARRAY) == LLM_JSON_NONE) {
        return;
    }

    v = j->nodes;

    for (i = list + 1; i < llm_json_next(j, list); i = v[i].next) {

        llm_json_fields(j, llm_answer_part(a, j, i, LLM_JSON_OBJECT), names, 2,
                        f);

        for (k = 0; k < sizeof(tools) / sizeof(tools[0]); k++) {

            if (llm_kind_of(j, f[0]) == LLM_JSON_STRING
                && llm_json_equal(j, f[0], tools[k].type))
            {
                n = (int64_t *) ((char *) u + tools[k].field);
                *n = llm_sum(*n, llm_answer_figure(a, j, f[1]));
            }
        }
    }
}


void
llm_interactions_usage(llm_answer_t *a, const llm_json_t *j, uint32_t obj)
{
    int                i, said;
    int64_t            v[LLM_INTERACTIONS_FIGURES];
    uint32_t           f[LLM_INTERACTIONS_USAGE];
    llm_usage_t        u = LLM_USAGE_INIT;

    if (llm_answer_part(a, j, obj, LLM_JSON_OBJECT) == LLM_JSON_NONE) {
        return;
    }

    llm_json_fields(j, obj, llm_interactions_usage_names,
                    LLM_INTERACTIONS_USAGE, f);

    for (said = 0, i = 0; i < LLM_INTERACTIONS_FIGURES; i++) {
        v[i] = llm_answer_addend(a, j, f[i]);
        said |= (v[i] >= 0);
    }

    if (!said) {
        return;
    }

    u.input = v[0] < 0 ? -1 : llm_said(llm_sum(v[0], v[1]));
    u.output = llm_said(llm_sum(v[2], v[3]));
    u.reasoning = llm_said(v[3]);
    u.cached_input = llm_said(v[4]);

    if (u.input < 0 && u.output >= 0 && v[5] >= u.output) {
        u.input = v[5] - u.output;
    }

    /* what a total has above its parts is output: it has to be paid */

    if (u.input >= 0 && v[5] - u.input > u.output) {
        u.output = v[5] - u.input;
    }

    llm_interactions_parts(a, j, f, &u);
    llm_interactions_calls(a, j, f[LLM_INTERACTIONS_TOOLS], &u);

    a->usage = u;
    a->usage_seen |= (u.input >= 0 || u.output >= 0);
}
