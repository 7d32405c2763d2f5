
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai.h"
#include "llm_batch.h"
#include "llm_media.h"
#include "llm_responses.h"
#include "llm_canon.h"
#include "llm_dialect.h"

#include <string.h>


/*
 * OpenAI's dialect: chat completions and embeddings, and everybody who speaks
 * them (Azure, Groq, Mistral, DeepSeek, OpenRouter, vLLM, Ollama, ...).
 */

#define LLM_OPENAI_CHOICES_MAX  128
#define LLM_OPENAI_TOKENS_MAX   INT32_MAX


static const char * const  llm_openai_names[LLM_OPENAI_FIELDS] = {
    "model", "messages", "input", "stream", "stream_options", "max_tokens",
    "max_completion_tokens", "n", "best_of", "tools", "tool_choice",
    "functions", "function_call", "response_format", "service_tier", "store",
    "modalities", "reasoning_effort", "web_search_options", "prompt", "suffix",
    "models"
};


/* what of a request is in the key of the cache: llm_canon.h */

static const char * const  llm_openai_less[] = {
    "stream", "stream_options", "user", "metadata", "store",
    "safety_identifier", "prompt_cache_key", "prompt_cache_retention",
    NULL
};

static const char * const  llm_openai_verbatim[] = {
    "tools", "functions", "response_format", NULL
};

static const char * const  llm_openai_state[] = {
    "file_id", "web_search_options", "search_parameters", "plugins", NULL
};

static const llm_canon_t  llm_openai_canon = {
    llm_openai_less, llm_openai_verbatim, llm_openai_state
};


const char *
llm_openai_fields(const llm_json_t *j, uint32_t values[LLM_OPENAI_FIELDS])
{
    return llm_json_fields(j, 0, llm_openai_names, LLM_OPENAI_FIELDS, values);
}


int
llm_openai_given(const llm_json_t *j, uint32_t node)
{
    return llm_given(j, node);
}


static int
llm_openai_bad(llm_request_t *q, llm_openai_field_e field, const char *err)
{
    q->err = err;
    q->param = llm_openai_names[field];

    return LLM_BAD;
}


/* who is to answer: a model, an agent, or one of several models */

static int
llm_openai_parse_model(llm_request_t *q, const uint32_t *f)
{
    int  rc;

    if (llm_openai_hosted(q)) {
        return llm_openai_host_parse(q, f);
    }

    if (q->kind == LLM_KIND_CHAT && q->route.op == LLM_OPENAI_AGENT) {
        return llm_request_model(q, llm_json_get(&q->json, 0, "agent_id"),
                                 "agent_id");
    }

    /* of OpenRouter's list it takes the first that is to be had */

    rc = llm_request_others(q, f[LLM_OPENAI_MODELS]);
    if (rc != LLM_OK) {
        return rc;
    }

    if (llm_openai_deployment(&q->path, &q->model)) {
        q->model_in_path = 1;

    } else if (q->route.model.len) {
        q->model = q->route.model;
        q->model_in_path = 1;

    } else if (q->nothers && !llm_openai_given(&q->json, f[LLM_OPENAI_MODEL]))
    {
        q->model = q->others[0];

    } else {
        return llm_request_model(q, f[LLM_OPENAI_MODEL], "model");
    }

    return llm_request_model_name(q, "model");
}


/* an integer from 1 to max; *v is left alone where it is absent or null */

static int
llm_openai_parse_number(llm_request_t *q, const uint32_t *f,
    llm_openai_field_e field, int64_t max, int64_t *v)
{
    int                rc;
    int64_t            n;
    uint32_t           node;
    const llm_json_t  *j;

    j = &q->json;
    node = f[field];

    if (!llm_openai_given(j, node)) {
        return LLM_OK;
    }

    rc = llm_json_int(j, node, &n);

    if (rc == LLM_BAD) {
        return llm_openai_bad(q, field, "must be an integer");
    }

    if (n < 1) {
        return llm_openai_bad(q, field, "must be at least 1");
    }

    if (rc == LLM_LIMIT || n > max) {
        return llm_openai_bad(q, field, max == LLM_OPENAI_CHOICES_MAX
                                        ? "must be at most 128"
                                        : "must be at most 2147483647");
    }

    if (n > *v) {
        *v = n;
    }

    return LLM_OK;
}


/* 1, 0, or LLM_BAD where it is neither true nor false nor null */

static int
llm_openai_parse_bool(llm_request_t *q, uint32_t node,
    llm_openai_field_e field)
{
    if (!llm_openai_given(&q->json, node)) {
        return 0;
    }

    switch (llm_kind_of(&q->json, node)) {

    case LLM_JSON_TRUE:
        return 1;

    case LLM_JSON_FALSE:
        return 0;
    }

    return llm_openai_bad(q, field, "must be true or false");
}


static int
llm_openai_parse_stream(llm_request_t *q, const uint32_t *f)
{
    int                        asked;
    uint32_t                   options, node;
    const llm_json_t          *j;
    static const char * const  usage[] = { "include_usage" };

    j = &q->json;

    asked = llm_openai_parse_bool(q, f[LLM_OPENAI_STREAM], LLM_OPENAI_STREAM);
    if (asked < 0) {
        return LLM_BAD;
    }

    q->stream = asked || q->route.op == LLM_OPENAI_WATSONX_STREAM
                || q->route.op == LLM_OPENAI_VERTEX_STREAM;

    options = f[LLM_OPENAI_STREAM_OPTIONS];

    if (llm_openai_given(j, options)) {

        if (llm_kind_of(j, options) != LLM_JSON_OBJECT) {
            return llm_openai_bad(q, LLM_OPENAI_STREAM_OPTIONS,
                                  "must be an object");
        }

        if (llm_json_fields(j, options, usage, 1, &node)) {
            return llm_openai_bad(q, LLM_OPENAI_STREAM_OPTIONS,
                                  "has include_usage more than once");
        }

        if (llm_json_miscased(j, options, usage, 1)) {
            return llm_openai_bad(q, LLM_OPENAI_STREAM_OPTIONS,
                                  "must have include_usage in this case");
        }

        asked = llm_openai_parse_bool(q, node, LLM_OPENAI_STREAM_OPTIONS);
        if (asked < 0) {
            q->err = "must have include_usage true or false";
            return LLM_BAD;
        }

        q->usage_asked = asked;
        q->usage_refused = !asked && llm_openai_given(j, node);
    }

    /* who does not want to see the usage does not see it, injected or not */

    q->can_inject = q->stream && !q->usage_asked && !llm_openai_hosted(q);

    return LLM_OK;
}


/* text, texts, tokens, or arrays of tokens */

static int
llm_openai_parse_input(llm_request_t *q, uint32_t node)
{
    uint32_t                i;
    unsigned                type;
    const llm_json_t       *j;
    const llm_json_node_t  *v;

    j = &q->json;

    if (!llm_openai_given(j, node)) {
        return llm_openai_bad(q, LLM_OPENAI_INPUT, "is required");
    }

    v = j->nodes;

    if (llm_kind_of(j, node) == LLM_JSON_STRING) {
        return LLM_OK;
    }

    if (llm_kind_of(j, node) != LLM_JSON_ARRAY) {
        return llm_openai_bad(q, LLM_OPENAI_INPUT,
                              "must be a string or an array");
    }

    type = 0;

    for (i = node + 1; i < llm_json_next(j, node); i = v[i].next) {

        if (type == 0) {
            type = v[i].type;
        }

        if (v[i].type != type
            || (type != LLM_JSON_STRING && type != LLM_JSON_NUMBER
                && type != LLM_JSON_ARRAY)
            || (type == LLM_JSON_ARRAY && v[i].next > i + 1
                && v[i + 1].type != LLM_JSON_NUMBER))
        {
            return llm_openai_bad(q, LLM_OPENAI_INPUT,
                                  "must be an array of strings, of tokens, "
                                  "or of arrays of tokens");
        }
    }

    return LLM_OK;
}


/* the maximum of a completion that names none */

#define LLM_OPENAI_COMPLETION_MAX  16

/* what bounds the output, of a chat and of a completion */

static int
llm_openai_parse_limits(llm_request_t *q, const uint32_t *f)
{
    int  rc;

    rc = llm_openai_parse_stream(q, f);

    if (rc == LLM_OK) {
        rc = llm_openai_parse_number(q, f, LLM_OPENAI_MAX_TOKENS,
                                     LLM_OPENAI_TOKENS_MAX, &q->max_output);
    }

    if (rc == LLM_OK) {
        rc = llm_openai_parse_number(q, f, LLM_OPENAI_MAX_COMPLETION,
                                     LLM_OPENAI_TOKENS_MAX, &q->max_output);
    }

    if (rc == LLM_OK) {
        rc = llm_openai_parse_number(q, f, LLM_OPENAI_N,
                                     LLM_OPENAI_CHOICES_MAX, &q->choices);
    }

    if (rc == LLM_OK) {
        rc = llm_openai_parse_number(q, f, LLM_OPENAI_BEST_OF,
                                     LLM_OPENAI_CHOICES_MAX, &q->choices);
    }

    q->can_fit = 1;

    return rc;
}


/*
 * A prompt, or several: each gets as many answers as are asked for.  One that
 * is tokens is an array of numbers.
 */

static int
llm_openai_parse_completion(llm_request_t *q, const uint32_t *f)
{
    int                     rc;
    int64_t                 n;
    uint32_t                i, node;
    const llm_json_node_t  *v;

    node = f[LLM_OPENAI_PROMPT];
    v = q->json.nodes;
    n = 1;

    if (llm_openai_given(&q->json, node)) {

        rc = llm_openai_parse_input(q, node);
        if (rc != LLM_OK) {
            q->param = llm_openai_names[LLM_OPENAI_PROMPT];
            return rc;
        }

        if (llm_kind_of(&q->json, node) == LLM_JSON_ARRAY
            && llm_json_next(&q->json, node) > node + 1
            && llm_kind_of(&q->json, node + 1) != LLM_JSON_NUMBER)
        {
            for (n = 0, i = node + 1; i < llm_json_next(&q->json, node);
                 i = v[i].next)
            {
                n++;
            }
        }
    }

    rc = llm_openai_parse_limits(q, f);

    if (rc == LLM_OK && q->max_output < 0) {

        /* what others than OpenAI do without one is not known */

        if (llm_openai_family(&q->model) == LLM_OPENAI_CLASSIC
            || llm_openai_is(&q->model, "davinci-002")
            || llm_openai_is(&q->model, "babbage-002"))
        {
            q->max_output = LLM_OPENAI_COMPLETION_MAX;
        }
    }

    q->choices *= n;

    return rc;
}


static int
llm_openai_parse_chat(llm_request_t *q, const uint32_t *f)
{
    int                rc;
    uint32_t           i, node;
    const llm_json_t  *j;

    j = &q->json;
    node = f[LLM_OPENAI_MESSAGES];

    if (!llm_openai_given(j, node)) {
        return llm_openai_bad(q, LLM_OPENAI_MESSAGES, "is required");
    }

    if (llm_kind_of(j, node) != LLM_JSON_ARRAY) {
        return llm_openai_bad(q, LLM_OPENAI_MESSAGES, "must be an array");
    }

    for (i = node + 1; i < llm_json_next(j, node); i = llm_json_next(j, i)) {
        if (llm_kind_of(j, i) != LLM_JSON_OBJECT) {
            return llm_openai_bad(q, LLM_OPENAI_MESSAGES,
                                  "must be an array of objects");
        }
    }

    llm_openai_parse_search(q, f[LLM_OPENAI_WEB_SEARCH]);
    rc = llm_openai_parse_limits(q, f);

    if (rc == LLM_OK) {
        rc = llm_openai_parse_served(q, f[LLM_OPENAI_TOOLS]);

        if (rc == LLM_OK && llm_openai_routed(&q->model)) {
            rc = LLM_DECLINED;
        }

        q->crowd = (rc == LLM_DECLINED);
    }

    return rc;
}


/* audio of an answer is not the same in a stream and out of it */

static int
llm_openai_speaks(const llm_json_t *j, uint32_t modalities)
{
    uint32_t                i;
    const llm_json_node_t  *v;

    v = j->nodes;

    if (llm_kind_of(j, modalities) != LLM_JSON_ARRAY) {
        return 0;
    }

    for (i = modalities + 1; i < llm_json_next(j, modalities); i = v[i].next) {
        if (v[i].type == LLM_JSON_STRING && llm_json_equal(j, i, "audio")) {
            return 1;
        }
    }

    return 0;
}


static int
llm_openai_parse_text(llm_request_t *q, const uint32_t *f)
{
    int  stored;

    stored = llm_openai_parse_bool(q, f[LLM_OPENAI_STORE], LLM_OPENAI_STORE);

    if (stored < 0) {
        return stored;
    }

    q->stateful = stored;
    q->one_form = llm_openai_speaks(&q->json, f[LLM_OPENAI_MODALITIES]);
    q->unseen = llm_openai_thinks(q, f[LLM_OPENAI_REASONING_EFFORT]);

    return (q->kind == LLM_KIND_COMPLETION)
           ? llm_openai_parse_completion(q, f) : llm_openai_parse_chat(q, f);
}


/* what asks a model for text, or for vectors of it */

static int
llm_openai_parse_body(llm_request_t *q)
{
    int       rc;
    uint32_t  f[LLM_OPENAI_FIELDS];

    q->max_output = -1;
    q->choices = 1;

    if (llm_kind_of(&q->json, 0) != LLM_JSON_OBJECT) {
        return llm_request_bad(q, NULL,
                               "the request body must be a JSON object");
    }

    rc = llm_request_object(q, 0, NULL, llm_openai_names, LLM_OPENAI_FIELDS,
                            f);

    if (rc == LLM_OK) {
        rc = llm_openai_parse_model(q, f);
    }

    if (rc == LLM_OK) {
        rc = llm_request_string(q, f[LLM_OPENAI_SERVICE_TIER], "service_tier",
                                &q->service_tier);
    }

    if (rc != LLM_OK) {
        return rc;
    }

    if (q->kind == LLM_KIND_EMBEDDINGS) {
        q->max_output = 0;
        return llm_openai_parse_input(q, f[LLM_OPENAI_INPUT]);
    }

    return llm_openai_parse_text(q, f);
}


static int
llm_openai_parse(llm_request_t *q)
{
    int  rc;

    if (llm_media_is(q->kind)) {
        return llm_media_parse(q);
    }

    switch (q->kind) {

    case LLM_KIND_BATCH:
        return llm_openai_batch_parse(q);

    case LLM_KIND_RUN:
        return llm_openai_run_parse(q);

    case LLM_KIND_RESPONSES:
        rc = llm_responses_parse(q);
        q->unseen = llm_openai_thinks(q, LLM_JSON_NONE);
        return rc;

    default:
        return llm_openai_parse_body(q);
    }
}


static int
llm_openai_canonical(llm_request_t *q,
    void (*update)(void *ctx, const void *p, size_t n), void *ctx)
{
    if (llm_media_is(q->kind) || q->kind == LLM_KIND_BATCH
        || q->kind == LLM_KIND_RUN)
    {
        return LLM_DECLINED;
    }

    if (q->kind == LLM_KIND_RESPONSES) {
        return llm_responses_canonical(q, update, ctx);
    }

    return llm_canonical(q, &llm_openai_canon, update, ctx);
}


const llm_provider_t  llm_openai = {
    llm_string("openai"),
    llm_openai_path,
    llm_openai_parse,
    llm_openai_count,
    llm_openai_edit,
    llm_openai_answer,
    llm_openai_event,
    llm_openai_finish,
    llm_openai_error,
    llm_openai_canonical,
    llm_batch_framing,
    llm_answer_headers,
    llm_openai_needs,
    NULL,
    llm_openai_reform,
    llm_openai_batch_inner
};
