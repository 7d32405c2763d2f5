
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai.h"


/*
 * Usage objects.  The figures of one object replace those of an earlier one
 * field by field, never add up: many servers repeat a running total.
 */

#define LLM_OPENAI_USAGE_MAX  1000000000000LL

typedef struct {
    const char  *obj;            /* member that holds it; NULL: usage itself */
    const char  *name;
    size_t       field;          /* of llm_usage_t */
} llm_openai_figure_t;


#define llm_figure(obj, name, f)  { obj, name, offsetof(llm_usage_t, f) }

/* of two rows for one field the first that is said holds */

static const llm_openai_figure_t  llm_openai_figures[] = {
    llm_figure(NULL, "prompt_tokens", input),
    llm_figure(NULL, "completion_tokens", output),

    llm_figure("prompt_tokens_details", "cached_tokens", cached_input),
    llm_figure(NULL, "prompt_cache_hit_tokens", cached_input),   /* DeepSeek */
    llm_figure(NULL, "cached_tokens", cached_input),             /* Moonshot */
    llm_figure(NULL, "num_cached_tokens", cached_input),         /* Mistral */

    llm_figure("prompt_tokens_details", "cache_write_tokens", cache_write),
    llm_figure(NULL, "cache_creation_input_tokens", cache_write), /* Vercel */

    llm_figure("prompt_tokens_details", "audio_tokens", audio_input),
    llm_figure("prompt_tokens_details", "image_tokens", image_input),

    llm_figure("completion_tokens_details", "reasoning_tokens", reasoning),
    llm_figure(NULL, "reasoning_tokens", reasoning),

    llm_figure("completion_tokens_details", "audio_tokens", audio_output),
    llm_figure("completion_tokens_details", "image_tokens", image_output)
};


/* a count, sent as a number or as a string; -1 where there is none */

static int64_t
llm_openai_figure(llm_answer_t *a, const llm_json_t *j, uint32_t node)
{
    int                     rc;
    int64_t                 v;
    const llm_json_node_t  *n;

    if (!llm_openai_given(j, node)) {
        return -1;
    }

    n = &j->nodes[node];
    rc = LLM_BAD;

    if (n->type == LLM_JSON_NUMBER || n->type == LLM_JSON_STRING) {
        rc = llm_parse_int(j->data + n->start, n->end - n->start, &v);
    }

    if (rc != LLM_OK || v < 0 || v > LLM_OPENAI_USAGE_MAX) {
        a->usage_bad = 1;
        return -1;
    }

    return v;
}


/* an amount with a scale of 10^-n usd as nano-usd, -1 where it is none */

static int64_t
llm_openai_amount(const llm_json_t *j, uint32_t node, int scale)
{
    int64_t                 v;
    const llm_json_node_t  *n;

    if (!llm_openai_given(j, node)) {
        return -1;
    }

    n = &j->nodes[node];

    if ((n->type != LLM_JSON_NUMBER && n->type != LLM_JSON_STRING)
        || llm_parse_scaled(j->data + n->start, n->end - n->start, scale, &v)
           != LLM_OK
        || v < 0 || v > LLM_NANO_MAX)
    {
        return -1;
    }

    return v;
}


/*
 * What upstream says that it takes: a number (OpenRouter), an object
 * (Perplexity), or ticks of 10^-10 usd (xAI).
 */

static int64_t
llm_openai_reported(const llm_json_t *j, uint32_t obj)
{
    uint32_t  cost;

    cost = llm_json_get(j, obj, "cost");

    if (cost == LLM_JSON_NONE) {
        return llm_openai_amount(j, llm_json_get(j, obj, "cost_in_usd_ticks"),
                                 -1);
    }

    if (j->nodes[cost].type == LLM_JSON_OBJECT) {
        cost = llm_json_get(j, cost, "total_cost");
    }

    return llm_openai_amount(j, cost, 9);
}


/*
 * total_tokens fills in what is not said.  Where it is larger than the two
 * parts, tokens were left out of completion_tokens: those of reasoning, which
 * xAI names and Google's compatible endpoint does not.
 */

static void
llm_openai_total(llm_usage_t *u, int64_t total, llm_kind_e kind)
{
    if (kind == LLM_KIND_EMBEDDINGS) {

        if (u->input < 0) {
            u->input = total;
        }

        if (u->input >= 0 && u->output < 0) {
            u->output = 0;
        }

        return;
    }

    if (total < 0) {
        return;
    }

    if (u->input < 0 && u->output >= 0 && total >= u->output) {
        u->input = total - u->output;
        return;
    }

    if (u->input >= 0 && total > u->input
        && (u->output < 0 || total - u->input > u->output))
    {
        u->output = total - u->input;
    }
}


void
llm_openai_usage(llm_answer_t *a, const llm_json_t *j, uint32_t obj)
{
    size_t                      i, n;
    int64_t                    *v, total;
    uint32_t                    from;
    llm_usage_t                 u = LLM_USAGE_INIT;
    const llm_openai_figure_t  *f;

    n = sizeof(llm_openai_figures) / sizeof(llm_openai_figure_t);

    for (i = 0; i < n; i++) {
        f = &llm_openai_figures[i];
        v = (int64_t *) ((char *) &u + f->field);

        if (*v != -1) {
            continue;
        }

        from = f->obj ? llm_json_get(j, obj, f->obj) : obj;

        if (from != LLM_JSON_NONE) {
            *v = llm_openai_figure(a, j, llm_json_get(j, from, f->name));
        }
    }

    total = llm_openai_figure(a, j, llm_json_get(j, obj, "total_tokens"));

    llm_openai_total(&u, total, a->kind);

    u.reported_cost = llm_openai_reported(j, obj);

    if (u.input >= 0 || u.output >= 0) {
        a->usage_seen = 1;
    }

    llm_usage_merge(&a->usage, &u);
}
