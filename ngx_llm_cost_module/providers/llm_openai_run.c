
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai.h"

#include <string.h>


/*
 * Runs of assistants.  What a run reads is in a thread that the server keeps,
 * and what it used is said when it is over: by its stream, or to whoever asks.
 */

#define LLM_RUN_WINDOW     3600           /* seconds; it ends after 600 */
#define LLM_RUN_NODES      65536


typedef struct {
    llm_json_t            json;
} llm_run_t;


typedef enum {
    LLM_RUN_MODEL = 0,
    LLM_RUN_ASSISTANT,
    LLM_RUN_STREAM,
    LLM_RUN_PROMPT,
    LLM_RUN_COMPLETION,
    LLM_RUN_FIELDS
} llm_run_field_e;

static const char * const  llm_run_names[LLM_RUN_FIELDS] = {
    "model", "assistant_id", "stream", "max_prompt_tokens",
    "max_completion_tokens"
};


/*
 * The price of a run that names no model is that of its assistant's name; its
 * input is bounded by what it says, or by what fits into the model.
 */

int
llm_openai_run_parse(llm_request_t *q)
{
    int       rc, stream;
    int64_t   prompt;
    uint32_t  f[LLM_RUN_FIELDS];

    q->choices = 1;
    q->max_output = -1;
    q->stateful = 1;
    q->sealed = 1;
    q->unseen = 1;
    q->window = LLM_RUN_WINDOW;

    stream = 0;
    prompt = -1;

    rc = llm_request_object(q, 0, NULL, llm_run_names, LLM_RUN_FIELDS, f);

    if (rc == LLM_OK) {
        rc = llm_given(&q->json, f[LLM_RUN_MODEL])
             ? llm_request_model(q, f[LLM_RUN_MODEL], "model")
             : llm_request_model(q, f[LLM_RUN_ASSISTANT], "assistant_id");
    }

    if (rc == LLM_OK) {
        rc = llm_request_bool(q, f[LLM_RUN_STREAM], "stream", &stream);
    }

    if (rc == LLM_OK) {
        rc = llm_request_number(q, f[LLM_RUN_PROMPT], "max_prompt_tokens", 1,
                                LLM_DIALECT_TOKENS_MAX, &prompt);
    }

    if (rc == LLM_OK) {
        rc = llm_request_number(q, f[LLM_RUN_COMPLETION],
                                "max_completion_tokens", 1,
                                LLM_DIALECT_TOKENS_MAX, &q->max_output);
    }

    q->stream = stream;

    llm_usage_text(&q->most, 0, 0);

    /* tools are the assistant's, and nobody sees them */

    q->most.code_sessions = -1;
    q->most.file_searches = -1;
    q->bounded = 1;

    q->input_tokens = prompt;

    return rc;
}


/* the run itself; steps repeat parts of its usage */

static int
llm_openai_run_state(llm_answer_t *a, const llm_json_t *j)
{
    size_t    i;
    uint32_t  f[5];

    static const char * const  names[] = { "id", "status", "usage", "model",
                                           "object" };
    static const char * const  over[] = { "completed", "incomplete", "failed",
                                          "cancelled", "expired" };

    llm_json_fields(j, 0, names, 5, f);

    if (llm_kind_of(j, f[4]) != LLM_JSON_STRING
        || !llm_json_equal(j, f[4], "thread.run"))
    {
        return LLM_OK;
    }

    if (llm_answer_keep(a, j, f[0], &a->told.id) != LLM_OK
        || llm_answer_keep(a, j, f[3], &a->model) != LLM_OK)
    {
        return LLM_ERROR;
    }

    for (i = 0; i < sizeof(over) / sizeof(over[0]); i++) {
        if (llm_kind_of(j, f[1]) == LLM_JSON_STRING
            && llm_json_equal(j, f[1], over[i]))
        {
            a->told.ended = 1;
        }
    }

    if (a->told.ended
        && llm_answer_part(a, j, f[2], LLM_JSON_OBJECT) != LLM_JSON_NONE)
    {
        llm_openai_usage(a, j, f[2]);
    }

    return LLM_OK;
}


int
llm_openai_run_answer(llm_answer_t *a, const llm_json_t *j)
{
    if (llm_kind_of(j, 0) != LLM_JSON_OBJECT) {
        return LLM_OK;
    }

    a->finished = 1;
    a->deferred = 1;
    a->error |= llm_given(j, llm_json_get(j, 0, "error"));

    return llm_openai_run_state(a, j);
}


int
llm_openai_run_event(llm_answer_t *a, const llm_str_t *type,
    const llm_str_t *data)
{
    int         rc;
    llm_run_t  *r;

    a->stream = 1;
    a->deferred = 1;

    if (data->len == 6 && memcmp(data->data, "[DONE]", 6) == 0) {
        a->finished = 1;
        return LLM_EVENT_PASS;
    }

    if (!llm_openai_is(type, "thread.run.")
        || llm_openai_is(type, "thread.run.step."))
    {
        return LLM_EVENT_PASS;
    }

    r = llm_answer_state(a, sizeof(llm_run_t));
    if (r == NULL) {
        return LLM_ERROR;
    }

    r->json.mem = a->mem;
    r->json.max = LLM_RUN_NODES;

    rc = llm_json_parse(&r->json, data->data, data->len);

    if (rc == LLM_OK && llm_kind_of(&r->json, 0) == LLM_JSON_OBJECT) {
        rc = llm_openai_run_state(a, &r->json);
    }

    a->finished |= a->told.ended;

    return rc == LLM_ERROR ? LLM_ERROR : LLM_EVENT_PASS;
}
