
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_anthropic_usage.h"


/*
 * What a usage object says, in the form of all dialects.  Iterations are parts
 * of an answer; but for two they say nothing new.
 */


const llm_anthropic_figures_t  llm_anthropic_unknown = {
    -1, -1, -1, -1, -1, -1, -1, -1, -1
};


typedef struct {
    const char  *name;
    size_t       field;
} llm_anthropic_figure_t;

#define llm_figure(name, f)  { name, offsetof(llm_anthropic_figures_t, f) }

static const llm_anthropic_figure_t  llm_anthropic_usage_figures[] = {
    llm_figure("input_tokens", input),
    llm_figure("cache_creation_input_tokens", written),
    llm_figure("cache_read_input_tokens", read),
    llm_figure("output_tokens", output)
};


static int64_t
llm_anthropic_member(llm_answer_t *a, const llm_json_t *j, uint32_t obj,
    const char *name)
{
    if (llm_kind_of(j, obj) != LLM_JSON_OBJECT) {
        return -1;
    }

    return llm_answer_addend(a, j, llm_json_get(j, obj, name));
}


/* the figures of an object, a usage or an iteration of one */

void
llm_anthropic_read(llm_answer_t *a, const llm_json_t *j, uint32_t obj,
    llm_anthropic_figures_t *said)
{
    size_t    i;
    int64_t   v, *to;
    uint32_t  node;

#define llm_anthropic_take(to, from)                                          \
    v = from;                                                                 \
    if (v >= 0 || (v == LLM_UNUSABLE && to < 0)) {                            \
        to = v;                                                               \
    }

    for (i = 0; i < sizeof(llm_anthropic_usage_figures)
                    / sizeof(llm_anthropic_figure_t); i++)
    {
        to = (int64_t *) ((char *) said
                          + llm_anthropic_usage_figures[i].field);

        llm_anthropic_take(*to, llm_anthropic_member(a, j, obj,
                                    llm_anthropic_usage_figures[i].name));
    }

    node = llm_answer_part(a, j, llm_json_get(j, obj, "cache_creation"),
                           LLM_JSON_OBJECT);

    llm_anthropic_take(said->written_5m, llm_anthropic_member(a, j, node,
                                                "ephemeral_5m_input_tokens"));
    llm_anthropic_take(said->written_1h, llm_anthropic_member(a, j, node,
                                                "ephemeral_1h_input_tokens"));

    node = llm_answer_part(a, j, llm_json_get(j, obj, "output_tokens_details"),
                           LLM_JSON_OBJECT);

    llm_anthropic_take(said->thinking,
                       llm_anthropic_member(a, j, node, "thinking_tokens"));

    node = llm_answer_part(a, j, llm_json_get(j, obj, "server_tool_use"),
                           LLM_JSON_OBJECT);

    llm_anthropic_take(said->searches,
                       llm_anthropic_member(a, j, node,
                                            "web_search_requests"));
    llm_anthropic_take(said->fetches,
                       llm_anthropic_member(a, j, node,
                                            "web_fetch_requests"));
}


/*
 * ... in the form of all dialects: input holds what was read and written.  Of
 * what was written, the hour's part is known or not; the rest is of 5 minutes.
 */

void
llm_anthropic_convert(const llm_anthropic_figures_t *said, llm_usage_t *u)
{
    int64_t  hour, written;

    /* who says the parts alone, or 0 beside them, has written them all */

    written = said->written;

    if (written == -1 || written == 0) {
        written = llm_sum(written, llm_sum(said->written_5m,
                                           said->written_1h));
    }

    u->input = said->input < 0 ? -1
               : llm_said(llm_sum(said->input, llm_sum(written, said->read)));
    u->output = llm_said(said->output);
    u->cached_input = llm_said(said->read);
    u->cache_write = llm_said(said->written);

    if (said->written_5m >= 0 || said->written_1h >= 0) {

        hour = said->written_1h < 0 ? 0 : said->written_1h;
        u->cache_write_1h = llm_said(said->written_1h);

        if (said->written < 0) {
            u->cache_write = llm_said(said->written_5m);

        } else {
            u->cache_write = written > hour ? written - hour : 0;
        }
    }

    u->reasoning = llm_said(said->thinking);
    u->searches = llm_said(said->searches);
    u->web_fetches = llm_said(said->fetches);
}


/* one more answer that is billed beside this one, at its own model's price */

static int
llm_anthropic_advice(llm_answer_t *a, const llm_json_t *j, uint32_t obj)
{
    llm_usage_item_t         *item;
    llm_anthropic_figures_t   said;

    static const llm_usage_t  unknown = LLM_USAGE_INIT;

    item = llm_alloc(a->mem, sizeof(llm_usage_item_t));
    if (item == NULL) {
        return LLM_ERROR;
    }

    said = llm_anthropic_unknown;
    llm_anthropic_read(a, j, obj, &said);

    item->usage = unknown;
    item->model.len = 0;
    item->model.data = NULL;

    llm_anthropic_convert(&said, &item->usage);

    if (llm_answer_keep(a, j, llm_json_get(j, obj, "model"), &item->model)
        != LLM_OK)
    {
        return LLM_ERROR;
    }

    item->next = a->items;
    a->items = item;

    return LLM_OK;
}


/* one more part of an answer is added to those before */

static void
llm_anthropic_add(llm_answer_t *a, const llm_json_t *j, uint32_t obj,
    llm_anthropic_figures_t *sum)
{
    llm_anthropic_figures_t  one;

    one = llm_anthropic_unknown;
    llm_anthropic_read(a, j, obj, &one);

    sum->input = llm_sum(sum->input, one.input);
    sum->output = llm_sum(sum->output, one.output);
    sum->written = llm_sum(sum->written, one.written);
    sum->read = llm_sum(sum->read, one.read);
    sum->written_5m = llm_sum(sum->written_5m, one.written_5m);
    sum->written_1h = llm_sum(sum->written_1h, one.written_1h);
}


/*
 * Iterations are the parts of an answer.  They say nothing new, but for three:
 * what an advisor said is in no total; passes that compacted the context are
 * not in the totals either; and where another model stood in at the end, the
 * totals are what that one used.
 */

int
llm_anthropic_iterations(llm_answer_t *a, const llm_json_t *j, uint32_t list,
    llm_anthropic_figures_t *said)
{
    int                       rc;
    uint32_t                  i, type;
    unsigned                  compacted, fallback;
    const llm_json_node_t    *v;
    llm_anthropic_figures_t   sum;

    v = j->nodes;
    sum = llm_anthropic_unknown;
    compacted = 0;
    fallback = 0;

    a->items = NULL;

    for (i = list + 1; i < llm_json_next(j, list); i = v[i].next) {

        type = llm_json_get(j, llm_answer_part(a, j, i, LLM_JSON_OBJECT),
                            "type");

        if (!llm_given(j, type)) {
            continue;
        }

        rc = LLM_OK;

        if (llm_json_equal(j, type, "advisor_message")) {
            rc = llm_anthropic_advice(a, j, i);

        } else {
            llm_anthropic_add(a, j, i, &sum);
        }

        compacted |= llm_json_equal(j, type, "compaction");

        /* the last model that was asked has answered, and has the price */

        if (llm_json_equal(j, type, "fallback_message")) {
            fallback = 1;
            rc = llm_answer_replace(a, j, llm_json_get(j, i, "model"),
                                    &a->served);
        }

        if (rc != LLM_OK) {
            return rc;
        }
    }

    if (compacted && !fallback) {

        sum.thinking = said->thinking;
        sum.searches = said->searches;
        sum.fetches = said->fetches;

        *said = sum;
    }

    return LLM_OK;
}


void
llm_anthropic_place(llm_answer_t *a, const llm_json_t *j, uint32_t usage)
{
    uint32_t   node;
    llm_str_t  s;

    node = llm_json_get(j, usage, "inference_geo");

    if (llm_kind_of(j, node) == LLM_JSON_STRING
        && llm_json_string(j, node, &s, NULL) == LLM_OK)
    {
        a->usage.geo = llm_geo_find(&s);
    }

    node = llm_json_get(j, usage, "speed");

    if (llm_kind_of(j, node) == LLM_JSON_STRING) {
        a->usage.fast = llm_json_equal(j, node, "fast");
    }
}
