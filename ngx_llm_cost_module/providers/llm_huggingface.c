
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_huggingface.h"
#include "llm_gemini.h"
#include "llm_path.h"
#include "llm_canon.h"

#include <string.h>


/*
 * What Hugging Face's own servers and its API take beside OpenAI's dialect:
 * text from a prompt, by itself or as a stream (TGI), and vectors (TEI).  Their
 * tokens are in the header of an answer, and in its details, if those are asked
 * for.  Of the other tasks of a model none is read.
 */


typedef enum {
    LLM_HF_NONE = 0,
    LLM_HF_TEXT,
    LLM_HF_STREAM,
    LLM_HF_TASK,                    /* whatever the model is for */
    LLM_HF_EMBED
} llm_hf_op_e;


static llm_path_e llm_hf_path(llm_route_t *route);
static int llm_hf_parse(llm_request_t *q);
static int llm_hf_count(llm_request_t *q, llm_counter_t *c);
static int llm_hf_edit(llm_request_t *q, llm_edits_t *e);
static int llm_hf_answer(llm_answer_t *a, const llm_json_t *j);
static int llm_hf_event(llm_answer_t *a, const llm_str_t *type,
    const llm_str_t *data);
static size_t llm_hf_error(unsigned char *buf, const llm_refusal_t *f);
static int llm_hf_canonical(llm_request_t *q,
    void (*update)(void *ctx, const void *p, size_t n), void *ctx);


static const llm_path_row_t  llm_hf_paths[] = {
    { "POST", "/generate", LLM_PATH_METERED, LLM_KIND_COMPLETION,
      LLM_HF_TEXT },
    { "POST", "/generate_stream", LLM_PATH_METERED, LLM_KIND_COMPLETION,
      LLM_HF_STREAM },
    { "POST", "/embed", LLM_PATH_METERED, LLM_KIND_EMBEDDINGS, LLM_HF_EMBED },
    { "POST", "/embed_all", LLM_PATH_METERED, LLM_KIND_EMBEDDINGS,
      LLM_HF_EMBED },
    { "POST", "/embed_sparse", LLM_PATH_METERED, LLM_KIND_EMBEDDINGS,
      LLM_HF_EMBED },
    { "POST", "/models/**/pipeline/feature-extraction", LLM_PATH_METERED,
      LLM_KIND_EMBEDDINGS, LLM_HF_EMBED },
    { "POST", "/models/**/pipeline/text-generation", LLM_PATH_METERED,
      LLM_KIND_COMPLETION, LLM_HF_TEXT },
    { "POST", "/hf-inference/models/**", LLM_PATH_METERED,
      LLM_KIND_COMPLETION, LLM_HF_TASK },
    { "POST", "/models/*/*", LLM_PATH_METERED, LLM_KIND_COMPLETION,
      LLM_HF_TASK },
    { "GET", "/info", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET", "/health", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "POST", "/tokenize", LLM_PATH_FREE, LLM_KIND_OTHER, 0 }
};


enum {
    LLM_HF_INPUTS = 0,
    LLM_HF_PARAMETERS,
    LLM_HF_STREAMS,
    LLM_HF_FIELDS
};

static const char * const  llm_hf_names[] = {
    "inputs", "parameters", "stream"
};


/* what of a request is in the key of the cache: llm_canon.h */

static const char * const  llm_hf_less[] = { "stream", NULL };
static const char * const  llm_hf_none[] = { NULL };

static const llm_canon_t  llm_hf_canon = {
    llm_hf_less, llm_hf_none, llm_hf_none
};


const llm_provider_t  llm_huggingface = {
    llm_string("huggingface"),
    llm_hf_path,
    llm_hf_parse,
    llm_hf_count,
    llm_hf_edit,
    llm_hf_answer,
    llm_hf_event,
    llm_plain_finish,
    llm_hf_error,
    llm_hf_canonical,
    NULL,
    llm_huggingface_headers,
    NULL,
    NULL,
    NULL,
    NULL
};


/* sound and pictures are sent to a model by themselves, and are not read */

static int
llm_hf_json(const llm_route_t *route)
{
    const llm_str_t  *type;

    static const char  json[] = "application/json";

    type = llm_route_header(route, "content-type");

    return type == NULL
           || (type->len >= sizeof(json) - 1
               && memcmp(type->data, json, sizeof(json) - 1) == 0);
}


/*
 * A server of one model takes at its root what it is for, as a task is taken:
 * without a maximum of new tokens it is not known to be text.
 */

static llm_path_e
llm_hf_root(llm_route_t *route)
{
    if (route->path.len != 1 || !llm_path_method(&route->method, "POST")
        || !llm_hf_json(route))
    {
        return LLM_PATH_UNKNOWN;
    }

    route->kind = LLM_KIND_COMPLETION;
    route->op = LLM_HF_TASK;

    return LLM_PATH_METERED;
}


/* the path of the API names the model: "/models/ORGANIZATION/NAME" */

static llm_path_e
llm_hf_path(llm_route_t *route)
{
    llm_str_t              star, name;
    const llm_path_row_t  *row;

    row = llm_path_find(llm_hf_paths,
                        sizeof(llm_hf_paths) / sizeof(llm_path_row_t),
                        route, &star);
    if (row == NULL) {
        return llm_hf_root(route);
    }

    if (row->op == LLM_HF_TASK) {

        if (!llm_hf_json(route)) {
            return LLM_PATH_UNKNOWN;
        }

        if (llm_path_matches(&route->path, "/models/**", &name)) {
            star = name;
        }
    }

    route->model = star;

    return row->what;
}


/* a server of one model names none */

static int
llm_hf_parse_model(llm_request_t *q)
{
    if (q->route.model.len) {
        return llm_request_path_model(q, "model");
    }

    if (q->kind == LLM_KIND_EMBEDDINGS) {
        llm_str_set(&q->model, "embed");

    } else {
        llm_str_set(&q->model, "generate");
    }

    q->model_in_path = 1;

    return LLM_OK;
}


/*
 * What the task of a model is, no path says that is not made for one: a maximum
 * of new tokens is asked of text alone.
 */

static int
llm_hf_parse_text(llm_request_t *q, const uint32_t *f)
{
    int        rc, stream;
    uint32_t   p[2];
    llm_str_t  s;

    static const char * const  names[] = { "max_new_tokens", "best_of" };

    stream = (q->route.op == LLM_HF_STREAM);
    rc = LLM_OK;
    p[0] = LLM_JSON_NONE;
    p[1] = LLM_JSON_NONE;

    if (llm_given(&q->json, f[LLM_HF_PARAMETERS])) {
        rc = llm_request_object(q, f[LLM_HF_PARAMETERS], "parameters", names,
                                2, p);
    }

    if (rc == LLM_OK && q->route.op == LLM_HF_TASK
        && (!llm_given(&q->json, p[0])
            || llm_kind_of(&q->json, f[LLM_HF_INPUTS]) != LLM_JSON_STRING))
    {
        return LLM_DECLINED;
    }

    if (rc == LLM_OK) {
        rc = llm_request_string(q, f[LLM_HF_INPUTS], "inputs", &s);
    }

    if (rc == LLM_OK) {
        rc = llm_request_number(q, p[0], "max_new_tokens", 1,
                                LLM_DIALECT_TOKENS_MAX, &q->max_output);
    }

    if (rc == LLM_OK) {
        rc = llm_request_number(q, p[1], "best_of", 1, LLM_HF_BEST_MAX,
                                &q->choices);
    }

    if (rc == LLM_OK) {
        rc = llm_request_bool(q, f[LLM_HF_STREAMS], "stream", &stream);
    }

    q->stream = stream;
    q->can_fit = 1;

    return rc;
}


static int
llm_hf_parse(llm_request_t *q)
{
    int       rc;
    uint32_t  f[LLM_HF_FIELDS];

    q->max_output = -1;
    q->choices = 1;

    rc = llm_request_object(q, 0, NULL, llm_hf_names, LLM_HF_FIELDS, f);

    if (rc != LLM_OK) {
        return rc;
    }

    /* whoever else has such a path asks in other words */

    if (!llm_given(&q->json, f[LLM_HF_INPUTS])) {
        return LLM_DECLINED;
    }

    rc = llm_hf_parse_model(q);

    if (q->kind == LLM_KIND_EMBEDDINGS) {
        q->max_output = 0;
        return rc;
    }

    return rc == LLM_OK ? llm_hf_parse_text(q, f) : rc;
}


static int
llm_hf_count(llm_request_t *q, llm_counter_t *c)
{
    llm_input_t  in;

    llm_input_init(&in, q, c);
    llm_usage_text(&q->most, 0, 0);

    q->bounded = 1;
    in.estimate = 1;

    /* texts, pairs of them, or tokens */

    llm_gemini_words(&in, llm_json_get(&q->json, 0, "inputs"));

    return llm_input_end(&in);
}


static int
llm_hf_edit(llm_request_t *q, llm_edits_t *e)
{
    e->n = 0;

    return llm_edit_max_in(q, e, "parameters", "max_new_tokens",
                           "\"parameters\":{\"max_new_tokens\":");
}


int
llm_huggingface_headers(llm_answer_t *a, const llm_headers_t *h)
{
    const llm_str_t  *in, *out;

    in = h->get(h->ctx, "x-prompt-tokens");
    out = h->get(h->ctx, "x-generated-tokens");

    if (!llm_kind_has_output(a->kind)) {
        in = h->get(h->ctx, "x-compute-tokens");
        out = NULL;
    }

    if (in) {
        a->usage.input = llm_answer_figure_text(a, in);
    }

    if (out) {
        a->usage.output = llm_answer_figure_text(a, out);
    }

    if (in && !llm_kind_has_output(a->kind) && a->usage.input >= 0) {
        a->usage.output = 0;
    }

    a->usage_seen |= (a->usage.input >= 0 || a->usage.output >= 0);

    return llm_answer_headers(a, h);
}


/* what was made: of the best answer, and of those that were not */

static void
llm_hf_details(llm_answer_t *a, const llm_json_t *j, uint32_t details)
{
    uint32_t                i, f[5];
    llm_usage_t             u = LLM_USAGE_INIT;
    const llm_json_node_t  *v;

    static const char * const  names[] = {
        "generated_tokens", "input_length", "prefill", "finish_reason",
        "best_of_sequences"
    };

    if (llm_answer_part(a, j, details, LLM_JSON_OBJECT) == LLM_JSON_NONE) {
        return;
    }

    v = j->nodes;
    llm_json_fields(j, details, names, 5, f);

    f[2] = llm_answer_part(a, j, f[2], LLM_JSON_ARRAY);
    f[4] = llm_answer_part(a, j, f[4], LLM_JSON_ARRAY);

    u.output = llm_answer_addend(a, j, f[0]);
    u.input = llm_answer_figure(a, j, f[1]);

    for (i = f[4] + 1; f[4] != LLM_JSON_NONE
         && i < llm_json_next(j, f[4]); i = v[i].next)
    {
        u.output = llm_sum(u.output, llm_answer_addend(a, j,
                                       llm_json_get(j, i, "generated_tokens")));
    }

    u.output = llm_said(u.output);

    /* each token of the prompt, where they are asked for */

    if (u.input < 0 && f[2] != LLM_JSON_NONE) {

        for (i = f[2] + 1; i < llm_json_next(j, f[2]); i = v[i].next) {
            u.input = (u.input < 0) ? 1 : u.input + 1;
        }
    }

    a->truncated |= llm_json_starts(j, f[3], "length");
    a->usage_seen |= (u.input >= 0 || u.output >= 0);

    llm_usage_merge(&a->usage, &u);
}


/* {"generated_text":""}, or a piece: {"token":{"text":"","special":false}} */

static void
llm_hf_text(llm_answer_t *a, llm_plain_t *st, const llm_json_t *j,
    uint32_t obj)
{
    uint32_t  f[4];

    static const char * const  names[] = {
        "generated_text", "details", "token", "error"
    };

    llm_json_fields(j, obj, names, 4, f);

    if (llm_kind_of(j, f[2]) == LLM_JSON_OBJECT) {

        if (llm_kind_of(j, llm_json_get(j, f[2], "special"))
            != LLM_JSON_TRUE)
        {
            llm_output_string(&st->output, a, 1, j,
                              llm_json_get(j, f[2], "text"));
        }

        a->finished |= llm_given(j, f[0]);

    } else {
        llm_output_string(&st->output, a, 1, j, f[0]);
        a->finished |= !a->stream;
    }

    a->error |= llm_given(j, f[3]);

    llm_hf_details(a, j, f[1]);
}


static int
llm_hf_read(llm_answer_t *a, llm_plain_t *st, const llm_json_t *j)
{
    uint32_t  i;

    if (a->kind == LLM_KIND_EMBEDDINGS) {
        a->finished = 1;
        return LLM_OK;
    }

    switch (llm_kind_of(j, 0)) {

    case LLM_JSON_OBJECT:
        llm_hf_text(a, st, j, 0);
        break;

    case LLM_JSON_ARRAY:
        for (i = 1; i < llm_json_next(j, 0); i = llm_json_next(j, i)) {
            llm_hf_text(a, st, j, i);
        }
    }

    return LLM_OK;
}


static int
llm_hf_answer(llm_answer_t *a, const llm_json_t *j)
{
    return llm_plain_answer(a, j, llm_hf_read);
}


static int
llm_hf_event(llm_answer_t *a, const llm_str_t *type, const llm_str_t *data)
{
    (void) type;

    return llm_plain_event(a, data, llm_hf_read);
}


static size_t
llm_hf_error(unsigned char *buf, const llm_refusal_t *f)
{
    llm_writer_t  w;

    w.buf = buf;
    w.len = 0;

    llm_write(&w, "{\"error\":\"");
    llm_write_escaped(&w, &f->message);
    llm_write(&w, "\",\"error_type\":\"");
    llm_write(&w, f->why == LLM_REFUSE_BUDGET || f->why == LLM_REFUSE_STORE
                  ? "overloaded" : "validation");
    llm_write(&w, "\",\"code\":\"");
    llm_write_escaped(&w, &f->code);
    llm_write(&w, "\"}");

    return w.len;
}


static int
llm_hf_canonical(llm_request_t *q,
    void (*update)(void *ctx, const void *p, size_t n), void *ctx)
{
    return llm_canonical(q, &llm_hf_canon, update, ctx);
}
