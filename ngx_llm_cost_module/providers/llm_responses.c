
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_responses.h"


/*
 * Requests of the Responses API.  They are stateful: what a model reads may be
 * on the server (a previous response, a conversation, a prompt by name), and
 * what it says stays there.  So no answer is kept in the cache, and where the
 * input cannot be seen its count is an estimate.
 */


const char * const  llm_responses_names[LLM_RESPONSES_FIELDS] = {
    "model", "input", "instructions", "stream", "max_output_tokens", "tools",
    "tool_choice", "text", "service_tier", "background",
    "previous_response_id", "conversation", "prompt"
};


static int
llm_responses_parse_input(llm_request_t *q, const uint32_t *f)
{
    uint32_t  input;

    input = f[LLM_RESPONSES_INPUT];

    if (!llm_given(&q->json, input)) {

        /* there is something on the server, or nothing to answer to */

        if (llm_given(&q->json, f[LLM_RESPONSES_PREVIOUS])
            || llm_given(&q->json, f[LLM_RESPONSES_CONVERSATION])
            || llm_given(&q->json, f[LLM_RESPONSES_PROMPT])
            || llm_given(&q->json, f[LLM_RESPONSES_INSTRUCTIONS]))
        {
            return LLM_OK;
        }

        return llm_request_bad(q, "input", "is required");
    }

    if (q->json.nodes[input].type == LLM_JSON_STRING) {
        return LLM_OK;
    }

    if (q->json.nodes[input].type != LLM_JSON_ARRAY) {
        return llm_request_bad(q, "input", "must be a string or an array");
    }

    return llm_request_array(q, input, "input", 1);
}


int
llm_responses_parse(llm_request_t *q)
{
    int        rc, stream, background;
    uint32_t   f[LLM_RESPONSES_FIELDS];
    llm_str_t  previous, instructions;

    q->max_output = -1;
    q->choices = 1;
    q->stateful = 1;
    q->can_fit = (q->route.op == LLM_RESPONSES_CREATE);

    stream = 0;
    background = 0;

    if (q->json.nodes[0].type != LLM_JSON_OBJECT) {
        return llm_request_bad(q, NULL,
                               "the request body must be a JSON object");
    }

    rc = llm_request_object(q, 0, NULL, llm_responses_names,
                            LLM_RESPONSES_FIELDS, f);

    if (rc == LLM_OK) {

        if (llm_given(&q->json, f[LLM_RESPONSES_MODEL])
            || !llm_given(&q->json, f[LLM_RESPONSES_PROMPT]))
        {
            rc = llm_request_model(q, f[LLM_RESPONSES_MODEL], "model");

        } else {
            /* which one it is, the server knows: no price has this name */

            llm_str_set(&q->model, "(prompt)");
        }
    }

    if (rc == LLM_OK) {
        rc = llm_responses_parse_input(q, f);
    }

    if (rc == LLM_OK) {
        rc = llm_request_string(q, f[LLM_RESPONSES_INSTRUCTIONS],
                                "instructions", &instructions);
    }

    if (rc == LLM_OK) {
        rc = llm_request_string(q, f[LLM_RESPONSES_PREVIOUS],
                                "previous_response_id", &previous);
    }

    if (rc == LLM_OK) {
        rc = llm_request_string(q, f[LLM_RESPONSES_TIER], "service_tier",
                                &q->service_tier);
    }

    if (rc == LLM_OK) {
        rc = llm_request_array(q, f[LLM_RESPONSES_TOOLS], "tools", 1);
    }

    if (rc == LLM_OK) {
        rc = llm_request_bool(q, f[LLM_RESPONSES_STREAM], "stream", &stream);
    }

    if (rc == LLM_OK) {
        rc = llm_request_bool(q, f[LLM_RESPONSES_BACKGROUND], "background",
                              &background);
    }

    if (rc == LLM_OK) {
        rc = llm_request_number(q, f[LLM_RESPONSES_MAX_OUTPUT],
                                "max_output_tokens", 1, LLM_DIALECT_TOKENS_MAX,
                                &q->max_output);
    }

    q->stream = stream;

    return rc;
}


int
llm_responses_edit(llm_request_t *q, llm_edits_t *e)
{
    int       rc;
    uint32_t  f[LLM_RESPONSES_FIELDS];

    e->n = 0;
    rc = LLM_OK;

    llm_json_fields(&q->json, 0, llm_responses_names, LLM_RESPONSES_FIELDS, f);

    if (e->set_max_output > 0 && q->can_fit) {

        if (f[LLM_RESPONSES_MAX_OUTPUT] == LLM_JSON_NONE) {
            rc = llm_edit_member(q, e, 0, "\"max_output_tokens\":",
                                 e->set_max_output, "");

        } else if (q->max_output < 0 || q->max_output > e->set_max_output) {
            rc = llm_edit_number(q, e, f[LLM_RESPONSES_MAX_OUTPUT],
                                 e->set_max_output);
        }
    }

    if (rc == LLM_OK && e->set_model.len) {
        rc = llm_openai_edit_model(q, e, f[LLM_RESPONSES_MODEL]);
    }

    return rc;
}
