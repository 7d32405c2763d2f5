
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_bedrock.h"


/*
 * What came of a request, where no usage says it: text by the names of the
 * models' makers, to be counted, and pictures.  And of which model it came.
 */


/* members that hold text which was produced */

static const char * const  llm_bedrock_texts[] = {
    "text", "outputText", "generation", "completion", "thinking",
    "partial_json", "content", "input"
};


/* pictures that came: they are all that is charged */

void
llm_bedrock_pictures(llm_answer_t *a, const llm_json_t *j)
{
    uint32_t  i, list;

    list = llm_json_get(j, 0, "images");

    if (list == LLM_JSON_NONE) {
        list = llm_json_get(j, 0, "artifacts");
    }

    if (a->kind != LLM_KIND_IMAGES || llm_kind_of(j, list) != LLM_JSON_ARRAY) {
        return;
    }

    a->usage.images_out = 0;
    a->finished = 1;

    for (i = list + 1; i < llm_json_next(j, list); i = llm_json_next(j, i)) {
        a->usage.images_out++;
    }
}


/* text that was produced, wherever it is; depth is bounded by the scanner */

void
llm_bedrock_out(llm_answer_t *a, llm_output_t *out, const llm_json_t *j,
    uint32_t node, int text)
{
    size_t                  k;
    uint32_t                i;
    unsigned                object;
    const llm_json_node_t  *v;

    v = j->nodes;

    if (llm_kind_of(j, node) == LLM_JSON_STRING && text) {
        llm_output_string(out, a, 1, j, node);
        return;
    }

    object = (llm_kind_of(j, node) == LLM_JSON_OBJECT);

    if (!object && llm_kind_of(j, node) != LLM_JSON_ARRAY) {
        return;
    }

    for (i = node + 1; i < llm_json_next(j, node); i = v[i].next) {

        if (!object) {
            llm_bedrock_out(a, out, j, i, text);
            continue;
        }

        text = 0;

        for (k = 0; k < sizeof(llm_bedrock_texts) / sizeof(char *); k++) {
            text |= llm_json_equal(j, i, llm_bedrock_texts[k]);
        }

        llm_bedrock_out(a, out, j, ++i, text);
    }
}


int
llm_bedrock_chosen(llm_answer_t *a, const llm_json_t *j, uint32_t trace)
{
    int  rc;

    rc = llm_answer_keep(a, j, llm_json_get(j, llm_json_get(j, trace,
                                                            "promptRouter"),
                                            "invokedModelId"), &a->served);

    if (a->served.len && a->model.len == 0) {
        a->model = a->served;
    }

    return rc;
}


/* the end of an answer, in the words of the models' makers */

unsigned
llm_bedrock_ends(llm_answer_t *a, const llm_json_t *j, uint32_t obj)
{
    unsigned  i, stopped;
    uint32_t  f[5];

    static const char * const  names[] = {
        "stopReason", "stop_reason", "completionReason", "finish_reason",
        "is_finished"
    };

    llm_json_fields(j, obj, names, 5, f);
    stopped = 0;

    for (i = 0; i < 5; i++) {

        if (!llm_given(j, f[i]) || llm_kind_of(j, f[i]) == LLM_JSON_FALSE) {
            continue;
        }

        stopped = 1;

        if (llm_json_equal(j, f[i], "max_tokens")
            || llm_json_equal(j, f[i], "length")
            || llm_json_equal(j, f[i], "LENGTH"))
        {
            a->truncated = 1;
        }
    }

    return stopped;
}
