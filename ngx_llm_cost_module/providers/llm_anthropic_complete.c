
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_anthropic.h"

#include <string.h>


/*
 * Anthropic's old completions: a prompt with its turns in it.  No answer says
 * what it used, so both sides are counted here.
 */

#define LLM_COMPLETE_EVENT_NODES  4096


typedef struct {
    llm_json_t     json;
    llm_output_t   output;
} llm_complete_state_t;


enum {
    LLM_COMPLETE_MODEL = 0,
    LLM_COMPLETE_PROMPT,
    LLM_COMPLETE_MAX,
    LLM_COMPLETE_STREAM,
    LLM_COMPLETE_FIELDS
};

static const char * const  llm_complete_names[] = {
    "model", "prompt", "max_tokens_to_sample", "stream"
};


int
llm_anthropic_complete_parse(llm_request_t *q)
{
    int        rc, stream;
    uint32_t   f[LLM_COMPLETE_FIELDS];
    llm_str_t  prompt;

    q->max_output = -1;
    q->choices = 1;
    q->can_fit = 1;
    q->stateful = 1;                       /* nobody asks for these again */
    stream = 0;

    llm_usage_text(&q->most, 0, 0);
    q->bounded = 1;

    rc = llm_request_object(q, 0, NULL, llm_complete_names,
                            LLM_COMPLETE_FIELDS, f);

    if (rc == LLM_OK) {
        rc = llm_request_model(q, f[LLM_COMPLETE_MODEL], "model");
    }

    if (rc == LLM_OK && !llm_given(&q->json, f[LLM_COMPLETE_PROMPT])) {
        rc = llm_request_bad(q, "prompt", "is required");
    }

    if (rc == LLM_OK) {
        rc = llm_request_string(q, f[LLM_COMPLETE_PROMPT], "prompt", &prompt);
    }

    if (rc == LLM_OK) {
        rc = llm_request_number(q, f[LLM_COMPLETE_MAX],
                                "max_tokens_to_sample", 1,
                                LLM_DIALECT_TOKENS_MAX, &q->max_output);
    }

    if (rc == LLM_OK) {
        rc = llm_request_bool(q, f[LLM_COMPLETE_STREAM], "stream", &stream);
    }

    q->stream = stream;

    return rc;
}


int
llm_anthropic_complete_count(llm_request_t *q, llm_counter_t *c)
{
    llm_input_t  in;

    llm_input_init(&in, q, c);
    in.estimate = 1;

    llm_input_string(&in, llm_json_get(&q->json, 0, "prompt"));

    return llm_input_end(&in);
}


int
llm_anthropic_complete_edit(llm_request_t *q, llm_edits_t *e)
{
    uint32_t  max;

    e->n = 0;

    if (e->set_max_output <= 0) {
        return LLM_OK;
    }

    max = llm_json_get(&q->json, 0, "max_tokens_to_sample");

    if (max == LLM_JSON_NONE) {
        return llm_edit_member(q, e, 0, "\"max_tokens_to_sample\":",
                               e->set_max_output, "");
    }

    if (q->max_output >= 0 && q->max_output <= e->set_max_output) {
        return LLM_OK;
    }

    return llm_edit_number(q, e, max, e->set_max_output);
}


/* an answer, or an event: each has a piece of the text */

static int
llm_complete_read(llm_answer_t *a, llm_complete_state_t *st,
    const llm_json_t *j)
{
    uint32_t  f[4];

    static const char * const  names[] = {
        "completion", "stop_reason", "model", "error"
    };

    if (llm_kind_of(j, 0) != LLM_JSON_OBJECT) {
        return LLM_OK;
    }

    llm_json_fields(j, 0, names, 4, f);

    if (llm_answer_keep(a, j, f[2], &a->model) != LLM_OK) {
        return LLM_ERROR;
    }

    if (a->counter) {
        llm_output_string(&st->output, a, 1, j, f[0]);
    }

    if (llm_given(j, f[1])) {
        a->finished = 1;
        a->truncated |= (llm_kind_of(j, f[1]) == LLM_JSON_STRING
                         && llm_json_equal(j, f[1], "max_tokens"));
    }

    a->error |= llm_given(j, f[3]);

    return LLM_OK;
}


int
llm_anthropic_complete_event(llm_answer_t *a, const llm_str_t *data)
{
    int                    rc;
    llm_complete_state_t  *st;

    a->stream = 1;

    st = llm_answer_state(a, sizeof(llm_complete_state_t));
    if (st == NULL) {
        return LLM_ERROR;
    }

    st->json.mem = a->mem;
    st->json.max = LLM_COMPLETE_EVENT_NODES;

    rc = llm_json_parse(&st->json, data->data, data->len);

    if (rc == LLM_OK) {
        rc = llm_complete_read(a, st, &st->json);
    }

    return (rc == LLM_ERROR) ? LLM_ERROR : LLM_EVENT_PASS;
}


void
llm_anthropic_complete_finish(llm_answer_t *a)
{
    llm_complete_state_t  *st;

    st = a->state;

    if (st) {
        a->counted_output = llm_output_tokens(&st->output);
    }
}


int
llm_anthropic_complete_answer(llm_answer_t *a, const llm_json_t *j)
{
    llm_complete_state_t  *st;

    st = llm_answer_state(a, sizeof(llm_complete_state_t));

    if (st == NULL || llm_complete_read(a, st, j) != LLM_OK) {
        return LLM_ERROR;
    }

    llm_anthropic_complete_finish(a);

    return LLM_OK;
}
