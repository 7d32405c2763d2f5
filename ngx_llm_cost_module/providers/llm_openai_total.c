
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai.h"

#include <string.h>


/* What the figures of a usage leave out, and its total or its sender tells. */


/*
 * Two leave what was thought out of the output and of the total, and charge it
 * as output all the same: Vercel's gateway, and DeepInfra with Google's models.
 */

static void
llm_openai_thought(const llm_answer_t *a, llm_usage_t *u, unsigned vercel)
{
    size_t     i;
    llm_str_t  s;

    if (u->reasoning <= 0 || u->output < 0) {
        return;
    }

    if (vercel) {
        u->output += u->reasoning;
        return;
    }

    s = (a->model.len || a->q == NULL) ? a->model : a->q->model;
    s = llm_openai_bare(&s);

    for (i = 0; u->reasoning > u->output && i + 5 < s.len; i++) {

        if (memcmp(s.data + i, "gemini", 6) == 0
            || memcmp(s.data + i, "gemma-", 6) == 0)
        {
            u->output += u->reasoning;
        }
    }
}


/*
 * More came from a cache than was read at all: that is beside the input, and in
 * the total or not.
 */

static void
llm_openai_beside(llm_usage_t *u, int64_t total, int64_t cached)
{
    int64_t  left;

    left = total - u->input - (u->output > 0 ? u->output : 0);

    if (left >= cached && left != u->reasoning) {
        left -= cached;
    }

    u->input += cached;

    if (left >= 0) {
        u->output = (u->output > 0) ? u->output + left : left;
    }
}


/*
 * A total that is larger than the two parts: tokens were left out of
 * completion_tokens, those of reasoning, which xAI names and Google's
 * compatible endpoint does not.  Two are left out of prompt_tokens: sound,
 * which Mistral charges by the second, and what a cache read and wrote, where a
 * gateway hands on the figures of Claude as they are.
 */

static void
llm_openai_larger(llm_usage_t *u, int64_t total)
{
    int64_t  cached;

    cached = llm_sum(llm_sum(u->cached_input, u->cache_write),
                     llm_sum(u->cache_write_1h, u->cache_write_day));

    if (u->input >= 0 && cached > u->input) {
        llm_openai_beside(u, total, cached);
        return;
    }

    if (total < 0) {
        return;
    }

    if (u->input < 0 && u->output >= 0 && total >= u->output) {
        u->input = total - u->output;
        return;
    }

    if (u->audio_input_ms > 0 && u->output >= 0) {
        return;
    }

    if (u->input >= 0 && u->output >= 0 && cached > 0
        && cached != u->reasoning
        && total - u->input - u->output == cached)
    {
        u->input += cached;
        return;
    }

    if (u->input >= 0 && total >= u->input
        && (u->output < 0 || total - u->input > u->output))
    {
        u->output = total - u->input;
    }
}


void
llm_openai_total(const llm_answer_t *a, llm_usage_t *u, int64_t total,
    unsigned vercel)
{
    int64_t  output;

    if (a->kind == LLM_KIND_EMBEDDINGS) {

        if (u->input < 0) {
            u->input = total;
        }

        if (u->input >= 0 && u->output < 0) {
            u->output = 0;
        }

        return;
    }

    output = u->output;

    llm_openai_larger(u, total);

    if (u->output == output) {
        llm_openai_thought(a, u, vercel);
    }
}


void
llm_openai_plugged(llm_answer_t *a, const llm_json_t *j, uint32_t tools,
    uint32_t plugins, llm_usage_t *u)
{
    uint32_t  node;

    node = llm_json_get(j, tools, "web_search");

    if (node == LLM_JSON_NONE) {
        node = llm_json_get(j, plugins, "search");
    }

    node = llm_answer_part(a, j, node, LLM_JSON_OBJECT);

    if (u->searches < 0) {
        u->searches = llm_answer_figure(a, j, llm_json_get(j, node, "count"));
    }
}


void
llm_openai_both(const llm_json_t *j, uint32_t obj, llm_usage_t *u)
{
    if (u->image_input > 0
        && !llm_openai_given(j, llm_json_get(j, obj, "input_tokens"))
        && llm_openai_given(j, llm_json_get(j, obj, "num_input_text_tokens")))
    {
        u->input = llm_sum(u->input, u->image_input);
    }
}
