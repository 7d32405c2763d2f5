
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_cohere.h"
#include "llm_openai.h"


/*
 * Cohere's answers.  They name their tokens twice: those that the model saw,
 * with all that Cohere puts around a prompt, and those that are billed.
 */

#define LLM_COHERE_EVENT_NODES   65536


typedef struct {
    llm_json_t     json;
    llm_output_t   output;
} llm_cohere_state_t;


/* vectors and rankings: pictures are input, and others count tokens alone */

static void
llm_cohere_input(llm_answer_t *a, llm_usage_t *u, int64_t total)
{
    if (a->kind == LLM_KIND_EMBEDDINGS) {
        u->input = llm_sum(u->input, u->image_input);

        if (u->images_in >= 0 && u->input < 0) {
            u->input = 0;
        }
    }

    if (u->input < 0) {
        u->input = total;
    }

    if (u->queries >= 0 && a->kind == LLM_KIND_RERANK && u->input < 0) {
        u->input = 0;
    }

    if (!llm_kind_has_output(a->kind) && u->input >= 0 && u->output < 0) {
        u->output = 0;
    }
}


/* what is billed; what the model saw, where nothing is said of that */

static void
llm_cohere_usage(llm_answer_t *a, const llm_json_t *j, uint32_t obj)
{
    uint32_t     billed, tokens, f[5];
    llm_usage_t  u = LLM_USAGE_INIT;

    static const char * const  names[] = {
        "input_tokens", "output_tokens", "search_units", "images",
        "image_tokens"
    };

    if (llm_answer_part(a, j, obj, LLM_JSON_OBJECT) == LLM_JSON_NONE) {
        return;
    }

    billed = llm_json_get(j, obj, "billed_units");
    tokens = llm_answer_part(a, j, llm_json_get(j, obj, "tokens"),
                             LLM_JSON_OBJECT);

    llm_json_fields(j, llm_given(j, billed)
                       ? llm_answer_part(a, j, billed, LLM_JSON_OBJECT)
                       : tokens, names, 5, f);

    u.input = llm_answer_figure(a, j, f[0]);
    u.output = llm_answer_figure(a, j, f[1]);
    u.queries = llm_answer_figure(a, j, f[2]);
    u.images_in = llm_answer_figure(a, j, f[3]);
    u.image_input = llm_answer_figure(a, j, f[4]);
    u.reasoning = llm_answer_figure(a, j, llm_json_get(j, tokens,
                                                       "reasoning_tokens"));

    if (!llm_given(j, billed) && !llm_given(j, tokens)) {

        /* OpenRouter hands on the searches of Cohere's rankings, and a cost */

        u.queries = llm_answer_figure(a, j, llm_json_get(j, obj,
                                                         "search_units"));
        u.reported_cost = llm_openai_usage_cost(j, obj);
    }

    llm_cohere_input(a, &u, llm_answer_figure(a, j, llm_json_get(j, obj,
                                                         "total_tokens")));

    if (u.input >= 0 || u.output >= 0) {
        a->usage_seen = 1;
    }

    llm_usage_merge(&a->usage, &u);
}


/* text of an answer or of an event of either version */

static void
llm_cohere_out(llm_answer_t *a, llm_cohere_state_t *st, const llm_json_t *j,
    uint32_t obj)
{
    uint32_t                i, f[5];
    const llm_json_node_t  *v;

    static const char * const  names[] = {
        "text", "tool_plan", "tool_calls", "content", "thinking"
    };

    if (a->counter == NULL || llm_kind_of(j, obj) != LLM_JSON_OBJECT) {
        return;
    }

    v = j->nodes;
    llm_json_fields(j, obj, names, 5, f);

    llm_output_string(&st->output, a, 1, j, f[0]);
    llm_output_string(&st->output, a, 1, j, f[4]);
    llm_output_string(&st->output, a, 2, j, f[1]);
    llm_output_value(&st->output, a, 3, j, f[2]);
    llm_output_string(&st->output, a, 1, j, f[3]);

    if (llm_kind_of(j, f[3]) == LLM_JSON_ARRAY) {

        for (i = f[3] + 1; i < llm_json_next(j, f[3]); i = v[i].next) {
            llm_cohere_out(a, st, j, i);
        }

    } else {
        llm_cohere_out(a, st, j, f[3]);
    }
}


static void
llm_cohere_end(llm_answer_t *a, const llm_json_t *j, uint32_t reason)
{
    if (!llm_given(j, reason)) {
        return;
    }

    a->finished = 1;

    if (llm_json_equal(j, reason, "MAX_TOKENS")) {
        a->truncated = 1;
    }

    if (llm_json_equal(j, reason, "ERROR")) {
        a->error = 1;
    }
}


/* an answer, or an event: they name the same things in the same places */

static void
llm_cohere_read(llm_answer_t *a, llm_cohere_state_t *st, const llm_json_t *j)
{
    uint32_t  f[8], list, delta, i;

    static const char * const  names[] = {
        "usage", "meta", "delta", "response", "message", "finish_reason",
        "generations", "is_finished"
    };

    if (llm_kind_of(j, 0) != LLM_JSON_OBJECT) {
        return;
    }

    llm_json_fields(j, 0, names, 8, f);

    delta = llm_answer_part(a, j, f[2], LLM_JSON_OBJECT);

    llm_cohere_usage(a, j, f[0]);
    llm_cohere_usage(a, j, f[1]);
    llm_cohere_usage(a, j, llm_json_get(j, delta, "usage"));
    llm_cohere_usage(a, j,
                     llm_json_get(j, llm_answer_part(a, j, f[3],
                                                     LLM_JSON_OBJECT),
                                  "meta"));

    llm_cohere_out(a, st, j, 0);
    llm_cohere_out(a, st, j, f[4]);
    llm_cohere_out(a, st, j, llm_json_get(j, delta, "message"));

    list = f[6];

    if (llm_kind_of(j, list) == LLM_JSON_ARRAY) {

        for (i = list + 1; i < llm_json_next(j, list);
             i = llm_json_next(j, i))
        {
            llm_cohere_out(a, st, j, i);
        }
    }

    llm_cohere_end(a, j, f[5]);
    llm_cohere_end(a, j, llm_json_get(j, delta, "finish_reason"));

    if (llm_kind_of(j, f[7]) == LLM_JSON_TRUE) {
        a->finished = 1;
    }

    if (llm_given(j, llm_json_get(j, delta, "error"))) {
        a->error = 1;
    }
}


int
llm_cohere_event(llm_answer_t *a, const llm_str_t *type, const llm_str_t *data)
{
    int                  rc;
    llm_cohere_state_t  *st;

    (void) type;

    a->stream = 1;

    st = llm_answer_state(a, sizeof(llm_cohere_state_t));
    if (st == NULL) {
        return LLM_ERROR;
    }

    st->json.mem = a->mem;
    st->json.max = LLM_COHERE_EVENT_NODES;

    rc = llm_json_parse(&st->json, data->data, data->len);

    if (rc == LLM_OK) {
        llm_cohere_read(a, st, &st->json);
    }

    return (rc == LLM_ERROR) ? LLM_ERROR : LLM_EVENT_PASS;
}


void
llm_cohere_finish(llm_answer_t *a)
{
    llm_cohere_state_t  *st;

    st = a->state;

    if (st) {
        a->counted_output = llm_output_tokens(&st->output);
    }
}


int
llm_cohere_answer(llm_answer_t *a, const llm_json_t *j)
{
    llm_cohere_state_t  *st;

    st = llm_answer_state(a, sizeof(llm_cohere_state_t));
    if (st == NULL) {
        return LLM_ERROR;
    }

    if (llm_kind_of(j, 0) == LLM_JSON_OBJECT
        && llm_answer_keep(a, j, llm_json_get(j, 0, "model"), &a->model)
           != LLM_OK)
    {
        return LLM_ERROR;
    }

    llm_cohere_read(a, st, j);

    a->finished |= a->usage_seen;

    llm_cohere_finish(a);

    return LLM_OK;
}
