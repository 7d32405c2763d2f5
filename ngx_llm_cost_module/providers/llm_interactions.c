
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_gemini.h"

#include <string.h>


/*
 * Gemini's interactions: turns whose history the server keeps.  An answer has
 * its usage at the end, and sums up so far in some of its events; the last
 * that was said replaces all before it.
 */

#define LLM_INTERACTIONS_NODES   65536
#define LLM_INTERACTIONS_WINDOW  3600      /* s, of work in the background */


enum {
    LLM_INTERACTIONS_MODEL = 0,
    LLM_INTERACTIONS_AGENT,
    LLM_INTERACTIONS_INPUT,
    LLM_INTERACTIONS_SYSTEM,
    LLM_INTERACTIONS_TOOLS,
    LLM_INTERACTIONS_STREAM,
    LLM_INTERACTIONS_CONFIG,
    LLM_INTERACTIONS_TIER,
    LLM_INTERACTIONS_BACKGROUND,
    LLM_INTERACTIONS_QUESTIONS,
    LLM_INTERACTIONS_FIELDS
};

static const char * const  llm_interactions_names[] = {
    "model", "agent", "input", "system_instruction", "tools", "stream",
    "generation_config", "service_tier", "background", "questions"
};


typedef struct {
    llm_json_t     json;
    llm_output_t   output;
} llm_interactions_state_t;


/* an agent stands for a model, whose price is that of its name */

static int
llm_interactions_model(llm_request_t *q, const uint32_t *f)
{
    unsigned  agent;

    agent = !llm_given(&q->json, f[LLM_INTERACTIONS_MODEL])
            && llm_given(&q->json, f[LLM_INTERACTIONS_AGENT]);

    return agent ? llm_request_model(q, f[LLM_INTERACTIONS_AGENT], "agent")
                 : llm_request_model(q, f[LLM_INTERACTIONS_MODEL], "model");
}


static int
llm_interactions_config(llm_request_t *q, uint32_t config)
{
    int       rc;
    uint32_t  max;

    static const char * const  names[] = { "max_output_tokens" };

    if (!llm_given(&q->json, config)) {
        return LLM_OK;
    }

    rc = llm_request_object(q, config, "generation_config", names, 1, &max);

    return rc == LLM_OK ? llm_request_number(q, max, "max_output_tokens", 1,
                                             LLM_DIALECT_TOKENS_MAX,
                                             &q->max_output)
                        : rc;
}


int
llm_interactions_parse(llm_request_t *q)
{
    int       rc, stream, background;
    uint32_t  f[LLM_INTERACTIONS_FIELDS];

    q->max_output = -1;
    q->choices = 1;
    q->stateful = 1;
    q->can_fit = 1;
    stream = 0;
    background = 0;

    rc = llm_request_object(q, 0, NULL, llm_interactions_names,
                            LLM_INTERACTIONS_FIELDS, f);

    /* a decision has no maximum */

    if (rc == LLM_OK && llm_given(&q->json, f[LLM_INTERACTIONS_QUESTIONS])) {
        q->can_fit = 0;
        q->decides = 1;
    }

    if (rc == LLM_OK) {
        rc = llm_interactions_model(q, f);
    }

    if (rc == LLM_OK && !llm_given(&q->json, f[LLM_INTERACTIONS_INPUT])) {
        rc = llm_request_bad(q, "input", "is required");
    }

    if (rc == LLM_OK) {
        rc = llm_request_array(q, f[LLM_INTERACTIONS_TOOLS], "tools", 1);
    }

    if (rc == LLM_OK) {
        rc = llm_request_bool(q, f[LLM_INTERACTIONS_STREAM], "stream",
                              &stream);
    }

    if (rc == LLM_OK) {
        rc = llm_request_bool(q, f[LLM_INTERACTIONS_BACKGROUND], "background",
                              &background);
    }

    if (rc == LLM_OK) {
        rc = llm_request_string(q, f[LLM_INTERACTIONS_TIER], "service_tier",
                                &q->service_tier);
    }

    if (rc == LLM_OK) {
        rc = llm_interactions_config(q, f[LLM_INTERACTIONS_CONFIG]);
    }

    q->stream = stream;

    if (background) {
        q->route.step = LLM_LONG_RUN;
        q->window = LLM_INTERACTIONS_WINDOW;
    }

    return rc;
}


/* texts, wherever they are, and media by what they may be */

static void
llm_interactions_input(llm_input_t *in, uint32_t node)
{
    uint32_t                i, type;
    const llm_json_node_t  *v;

    v = in->j->nodes;

    switch (llm_kind_of(in->j, node)) {

    case LLM_JSON_STRING:
        llm_input_string(in, node);
        return;

    case LLM_JSON_ARRAY:

        for (i = node + 1; i < llm_json_next(in->j, node); i = v[i].next) {
            llm_interactions_input(in, i);
        }

        return;

    case LLM_JSON_OBJECT:
        break;

    default:
        return;
    }

    type = llm_json_get(in->j, node, "type");

    if (llm_kind_of(in->j, type) == LLM_JSON_STRING
        && (llm_json_equal(in->j, type, "image")
            || llm_json_equal(in->j, type, "audio")
            || llm_json_equal(in->j, type, "video")
            || llm_json_equal(in->j, type, "document")))
    {
        llm_gemini_media(in, node, llm_json_get(in->j, node, "data"), 0);
        return;
    }

    for (i = node + 1; i < llm_json_next(in->j, node); i = v[i + 1].next) {

        if (llm_json_equal(in->j, i, "arguments")
            || llm_json_equal(in->j, i, "result"))
        {
            llm_input_value(in, i + 1);

        } else if (!llm_json_equal(in->j, i, "type")
                   && !llm_json_equal(in->j, i, "id")
                   && !llm_json_equal(in->j, i, "call_id")
                   && !llm_json_equal(in->j, i, "signature"))
        {
            llm_interactions_input(in, i + 1);
        }
    }
}


/* what the model may do by itself, as often as it likes */

static void
llm_interactions_tools(llm_request_t *q, uint32_t tools)
{
    uint32_t                i, type;
    const llm_json_node_t  *v;

    v = q->json.nodes;

    if (llm_kind_of(&q->json, tools) != LLM_JSON_ARRAY) {
        return;
    }

    for (i = tools + 1; i < llm_json_next(&q->json, tools); i = v[i].next) {

        type = llm_json_get(&q->json, i, "type");

        if (llm_kind_of(&q->json, type) != LLM_JSON_STRING
            || llm_json_equal(&q->json, type, "function"))
        {
            continue;
        }

        q->most.searches = -1;
        q->most.maps_queries = -1;
        q->most.file_searches = -1;
        q->most.code_sessions = -1;
    }
}


int
llm_interactions_count(llm_request_t *q, llm_counter_t *c)
{
    uint32_t     f[LLM_INTERACTIONS_FIELDS];
    llm_input_t  in;

    llm_input_init(&in, q, c);
    llm_usage_text(&q->most, 0, 0);
    q->bounded = 1;

    llm_json_fields(&q->json, 0, llm_interactions_names,
                    LLM_INTERACTIONS_FIELDS, f);

    /* what the server has kept of earlier turns is not seen */

    in.estimate = 1;
    in.tokens = 1;

    llm_gemini_modalities_out(q, LLM_JSON_NONE);
    llm_interactions_input(&in, f[LLM_INTERACTIONS_SYSTEM]);
    llm_interactions_input(&in, f[LLM_INTERACTIONS_INPUT]);
    llm_input_value(&in, f[LLM_INTERACTIONS_TOOLS]);
    llm_input_value(&in, f[LLM_INTERACTIONS_QUESTIONS]);
    llm_interactions_tools(q, f[LLM_INTERACTIONS_TOOLS]);

    return llm_input_end(&in);
}


int
llm_interactions_edit(llm_request_t *q, llm_edits_t *e)
{
    e->n = 0;

    return llm_edit_max_in(q, e, "generation_config", "max_output_tokens",
                           "\"generation_config\":{\"max_output_tokens\":");
}


/* text of a step, of a piece of one, or of a content */

static void
llm_interactions_out(llm_answer_t *a, llm_output_t *out, const llm_json_t *j,
    uint32_t node)
{
    uint32_t                i, f[3];
    const llm_json_node_t  *v;

    static const char * const  names[] = { "text", "arguments", "content" };

    v = j->nodes;

    if (llm_kind_of(j, node) == LLM_JSON_ARRAY) {

        for (i = node + 1; i < llm_json_next(j, node); i = v[i].next) {
            llm_interactions_out(a, out, j, i);
        }

        return;
    }

    if (llm_kind_of(j, node) != LLM_JSON_OBJECT) {
        return;
    }

    llm_json_fields(j, node, names, 3, f);

    llm_output_string(out, a, 1, j, f[0]);

    if (llm_kind_of(j, f[1]) == LLM_JSON_STRING) {
        llm_output_string(out, a, 2, j, f[1]);

    } else {
        llm_output_value(out, a, 2, j, f[1]);
    }

    llm_interactions_out(a, out, j, f[2]);
}


static void
llm_interactions_status(llm_answer_t *a, const llm_json_t *j, uint32_t node)
{
    if (llm_kind_of(j, node) != LLM_JSON_STRING) {
        return;
    }

    if (llm_json_equal(j, node, "in_progress")
        || llm_json_equal(j, node, "queued"))
    {
        a->deferred = !a->stream;
        return;
    }

    a->finished = 1;
    a->told.ended = 1;

    if (llm_json_equal(j, node, "failed")) {
        a->error = 1;
    }
}


/* an interaction: whole, or as the events at both ends of a stream hold it */

static int
llm_interactions_read(llm_answer_t *a, llm_output_t *out, const llm_json_t *j,
    uint32_t obj)
{
    uint32_t  f[7];

    static const char * const  names[] = {
        "model", "status", "service_tier", "usage", "error", "id", "answers"
    };

    if (llm_kind_of(j, obj) != LLM_JSON_OBJECT) {
        return LLM_OK;
    }

    llm_json_fields(j, obj, names, 7, f);

    if (llm_answer_keep(a, j, f[0], &a->model) != LLM_OK
        || llm_answer_keep(a, j, f[2], &a->service_tier) != LLM_OK
        || (a->q && a->q->route.step
            && llm_answer_keep(a, j, f[5], &a->told.id) != LLM_OK))
    {
        return LLM_ERROR;
    }

    a->error |= llm_given(j, f[4]);
    a->finished |= llm_given(j, f[6]);

    llm_interactions_status(a, j, f[1]);
    llm_interactions_usage(a, j, f[3]);

    if (a->counter && !a->stream) {
        llm_output_value(out, a, 3, j, f[6]);
        llm_interactions_out(a, out, j, llm_json_get(j, obj, "steps"));
        llm_interactions_out(a, out, j, llm_json_get(j, obj, "outputs"));
    }

    return LLM_OK;
}


int
llm_interactions_answer(llm_answer_t *a, const llm_json_t *j)
{
    llm_interactions_state_t  *st;

    st = llm_answer_state(a, sizeof(llm_interactions_state_t));

    if (st == NULL
        || llm_interactions_read(a, &st->output, j, 0) != LLM_OK)
    {
        return LLM_ERROR;
    }

    llm_interactions_finish(a);

    return LLM_OK;
}


int
llm_interactions_event(llm_answer_t *a, const llm_str_t *data)
{
    int                        rc;
    uint32_t                   f[6];
    llm_json_t                *j;
    llm_interactions_state_t  *st;

    static const char * const  names[] = {
        "interaction", "metadata", "delta", "error", "step", "usage"
    };

    a->stream = 1;

    st = llm_answer_state(a, sizeof(llm_interactions_state_t));
    if (st == NULL) {
        return LLM_ERROR;
    }

    j = &st->json;
    j->mem = a->mem;
    j->max = LLM_INTERACTIONS_NODES;

    rc = llm_json_parse(j, data->data, data->len);

    if (rc != LLM_OK || llm_kind_of(j, 0) != LLM_JSON_OBJECT) {
        return (rc == LLM_ERROR) ? LLM_ERROR : LLM_EVENT_PASS;
    }

    llm_json_fields(j, 0, names, 6, f);

    /* so far; that of a step alone has another name */

    if (llm_kind_of(j, f[1]) == LLM_JSON_OBJECT) {
        llm_interactions_usage(a, j, llm_json_get(j, f[1], "usage"));
        llm_interactions_usage(a, j, llm_json_get(j, f[1], "total_usage"));
    }

    llm_interactions_usage(a, j, f[5]);

    a->error |= llm_given(j, f[3]);

    if (a->counter) {
        llm_interactions_out(a, &st->output, j, f[2]);
    }

    return llm_interactions_read(a, &st->output, j, f[0]) == LLM_OK
           ? LLM_EVENT_PASS : LLM_ERROR;
}


void
llm_interactions_finish(llm_answer_t *a)
{
    llm_interactions_state_t  *st;

    st = a->state;

    if (st) {
        a->counted_output = llm_output_tokens(&st->output);
    }
}
