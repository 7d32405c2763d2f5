
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_dialect.h"
#include "llm_path.h"
#include "llm_canon.h"

#include <string.h>


/*
 * What IBM's watsonx takes beside OpenAI's chat (llm_openai_hosts.c): text from
 * a prompt, vectors, and rankings.  In a stream each event has the tokens that
 * were made so far, and at most one has those of the prompt.
 */


/* a word of an answer, were each of its letters an escape */
#define LLM_WATSONX_WORD     96


typedef enum {
    LLM_WATSONX_NONE = 0,
    LLM_WATSONX_TEXT,
    LLM_WATSONX_STREAM,
    LLM_WATSONX_EMBED,
    LLM_WATSONX_RERANK
} llm_watsonx_op_e;


static llm_path_e llm_watsonx_path(llm_route_t *route);
static int llm_watsonx_parse(llm_request_t *q);
static int llm_watsonx_count(llm_request_t *q, llm_counter_t *c);
static int llm_watsonx_edit(llm_request_t *q, llm_edits_t *e);
static int llm_watsonx_answer(llm_answer_t *a, const llm_json_t *j);
static int llm_watsonx_event(llm_answer_t *a, const llm_str_t *type,
    const llm_str_t *data);
static size_t llm_watsonx_error(unsigned char *buf, const llm_refusal_t *f);
static int llm_watsonx_canonical(llm_request_t *q,
    void (*update)(void *ctx, const void *p, size_t n), void *ctx);


static const llm_path_row_t  llm_watsonx_paths[] = {
    { "POST", "/ml/v1/text/generation", LLM_PATH_METERED,
      LLM_KIND_COMPLETION, LLM_WATSONX_TEXT },
    { "POST", "/ml/v1/text/generation_stream", LLM_PATH_METERED,
      LLM_KIND_COMPLETION, LLM_WATSONX_STREAM },
    { "POST", "/ml/v1/deployments/*/text/generation", LLM_PATH_METERED,
      LLM_KIND_COMPLETION, LLM_WATSONX_TEXT },
    { "POST", "/ml/v1/deployments/*/text/generation_stream",
      LLM_PATH_METERED, LLM_KIND_COMPLETION, LLM_WATSONX_STREAM },
    { "POST", "/ml/v1-beta/generation/text", LLM_PATH_METERED,
      LLM_KIND_COMPLETION, LLM_WATSONX_TEXT },
    { "POST", "/ml/v1-beta/generation/text_stream", LLM_PATH_METERED,
      LLM_KIND_COMPLETION, LLM_WATSONX_STREAM },
    { "POST", "/ml/v1/text/embeddings", LLM_PATH_METERED,
      LLM_KIND_EMBEDDINGS, LLM_WATSONX_EMBED },
    { "POST", "/ml/v1/text/rerank", LLM_PATH_METERED, LLM_KIND_RERANK,
      LLM_WATSONX_RERANK },
    { "GET", "/ml/v1/foundation_model_specs", LLM_PATH_FREE,
      LLM_KIND_OTHER, 0 }
};


enum {
    LLM_WATSONX_MODEL = 0,
    LLM_WATSONX_INPUT,
    LLM_WATSONX_INPUTS,
    LLM_WATSONX_QUERY,
    LLM_WATSONX_PARAMETERS,
    LLM_WATSONX_FIELDS
};

static const char * const  llm_watsonx_names[] = {
    "model_id", "input", "inputs", "query", "parameters"
};


/* what of a request is in the key of the cache: llm_canon.h */

static const char * const  llm_watsonx_none[] = { NULL };

static const llm_canon_t  llm_watsonx_canon = {
    llm_watsonx_none, llm_watsonx_none, llm_watsonx_none
};


const llm_provider_t  llm_watsonx = {
    llm_string("watsonx"),
    llm_watsonx_path,
    llm_watsonx_parse,
    llm_watsonx_count,
    llm_watsonx_edit,
    llm_watsonx_answer,
    llm_watsonx_event,
    llm_plain_finish,
    llm_watsonx_error,
    llm_watsonx_canonical,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL
};


/* the path of a deployment names it, that of a model does not */

static llm_path_e
llm_watsonx_path(llm_route_t *route)
{
    llm_str_t              star;
    const llm_path_row_t  *row;

    row = llm_path_find(llm_watsonx_paths,
                        sizeof(llm_watsonx_paths) / sizeof(llm_path_row_t),
                        route, &star);
    if (row == NULL) {
        return LLM_PATH_UNKNOWN;
    }

    route->model = star;
    llm_str_set(&route->vendor, "watsonx");

    return row->what;
}


/* of 0 it takes what it would of none, which is not known */

static int
llm_watsonx_parse_parameters(llm_request_t *q, uint32_t parameters)
{
    int       rc;
    uint32_t  f[1];

    static const char * const  names[] = { "max_new_tokens" };

    if (!llm_given(&q->json, parameters)) {
        return LLM_OK;
    }

    rc = llm_request_object(q, parameters, "parameters", names, 1, f);

    if (rc == LLM_OK) {
        rc = llm_request_number(q, f[0], "max_new_tokens", 0,
                                LLM_DIALECT_TOKENS_MAX, &q->max_output);
    }

    if (q->max_output == 0) {
        q->max_output = -1;
    }

    return rc;
}


/* a prompt, or a list: of texts, or of objects that hold one */

static int
llm_watsonx_parse_input(llm_request_t *q, const uint32_t *f)
{
    int        rc;
    llm_str_t  s;

    if (q->kind == LLM_KIND_COMPLETION) {
        return llm_request_string(q, f[LLM_WATSONX_INPUT], "input", &s);
    }

    if (!llm_given(&q->json, f[LLM_WATSONX_INPUTS])) {
        return llm_request_bad(q, "inputs", "is required");
    }

    rc = llm_request_array(q, f[LLM_WATSONX_INPUTS], "inputs",
                           q->kind == LLM_KIND_RERANK);

    return rc == LLM_OK
           ? llm_request_string(q, f[LLM_WATSONX_QUERY], "query", &s) : rc;
}


static int
llm_watsonx_parse(llm_request_t *q)
{
    int       rc;
    uint32_t  f[LLM_WATSONX_FIELDS];

    q->max_output = -1;
    q->choices = 1;

    rc = llm_request_object(q, 0, NULL, llm_watsonx_names,
                            LLM_WATSONX_FIELDS, f);

    if (rc == LLM_OK) {
        rc = q->route.model.len
             ? llm_request_path_model(q, "model_id")
             : llm_request_model(q, f[LLM_WATSONX_MODEL], "model_id");
    }

    /* no other model is written into any of them */

    q->model_in_path = 1;

    if (rc == LLM_OK) {
        rc = llm_watsonx_parse_input(q, f);
    }

    if (q->kind != LLM_KIND_COMPLETION) {
        q->max_output = 0;
        return rc;
    }

    q->stream = (q->route.op == LLM_WATSONX_STREAM);
    q->can_fit = 1;

    return rc == LLM_OK
           ? llm_watsonx_parse_parameters(q, f[LLM_WATSONX_PARAMETERS]) : rc;
}


static int
llm_watsonx_count(llm_request_t *q, llm_counter_t *c)
{
    uint32_t                i, list, f[LLM_WATSONX_FIELDS];
    llm_input_t             in;
    const llm_json_node_t  *v;

    llm_input_init(&in, q, c);
    llm_usage_text(&q->most, 0, 0);

    q->bounded = 1;
    in.estimate = 1;                  /* a deployment may put words around it */
    v = q->json.nodes;

    llm_json_fields(&q->json, 0, llm_watsonx_names, LLM_WATSONX_FIELDS, f);

    llm_input_string(&in, f[LLM_WATSONX_INPUT]);

    list = f[LLM_WATSONX_INPUTS];

    if (llm_kind_of(&q->json, list) == LLM_JSON_ARRAY) {

        /* what is ranked is read with the query, each by itself */

        for (i = list + 1; i < llm_json_next(&q->json, list); i = v[i].next) {
            llm_input_strings(&in, i);
            llm_input_string(&in, f[LLM_WATSONX_QUERY]);
        }
    }

    /* a prompt of a deployment has places for what is named here */

    if (q->kind == LLM_KIND_COMPLETION) {
        list = llm_json_get(&q->json, f[LLM_WATSONX_PARAMETERS],
                            "prompt_variables");
        llm_input_strings(&in, list);
    }

    return llm_input_end(&in);
}


static int
llm_watsonx_edit(llm_request_t *q, llm_edits_t *e)
{
    e->n = 0;

    return llm_edit_max_in(q, e, "parameters", "max_new_tokens",
                           "\"parameters\":{\"max_new_tokens\":");
}


/* the string is this one, in either case */

static int
llm_watsonx_is(const llm_json_t *j, uint32_t node, const char *text)
{
    llm_str_t      s;
    unsigned char  buf[LLM_WATSONX_WORD];

    return llm_json_size(j, node) <= sizeof(buf)
           && llm_json_string(j, node, &s, buf) == LLM_OK
           && s.len == strlen(text)
           && llm_lower_equal(s.data, text, s.len);
}


/* what was made, and why it ended */

static void
llm_watsonx_result(llm_answer_t *a, llm_plain_t *st,
    const llm_json_t *j, uint32_t result, llm_usage_t *u)
{
    int64_t   n;
    uint32_t  f[4];

    static const char * const  names[] = {
        "generated_text", "generated_token_count", "input_token_count",
        "stop_reason"
    };

    llm_json_fields(j, result, names, 4, f);
    llm_output_string(&st->output, a, 1, j, f[0]);

    n = llm_answer_figure(a, j, f[1]);
    u->output = n > u->output ? n : u->output;

    /* 0 is what an event says that does not know it */

    n = llm_answer_figure(a, j, f[2]);
    u->input = n > 0 && n > u->input ? n : u->input;

    if (llm_kind_of(j, f[3]) != LLM_JSON_STRING
        || llm_watsonx_is(j, f[3], "not_finished"))
    {
        return;
    }

    a->finished = 1;
    a->truncated |= llm_watsonx_is(j, f[3], "max_tokens");
    a->error |= llm_watsonx_is(j, f[3], "error");
}


static int
llm_watsonx_read(llm_answer_t *a, llm_plain_t *st,
    const llm_json_t *j)
{
    uint32_t     i, f[4];
    llm_usage_t  u;

    static const char * const  names[] = {
        "model_id", "results", "input_token_count", "errors"
    };

    if (llm_kind_of(j, 0) != LLM_JSON_OBJECT) {
        return LLM_OK;
    }

    llm_json_fields(j, 0, names, 4, f);

    if (llm_answer_keep(a, j, f[0], &a->model) != LLM_OK) {
        return LLM_ERROR;
    }

    u = a->usage;

    if (a->kind != LLM_KIND_COMPLETION) {
        u.input = llm_answer_figure(a, j, f[2]);
        u.output = u.input < 0 ? -1 : 0;
        a->finished = 1;

    } else if (llm_answer_part(a, j, f[1], LLM_JSON_ARRAY) != LLM_JSON_NONE) {

        for (i = f[1] + 1; i < llm_json_next(j, f[1]);
             i = llm_json_next(j, i))
        {
            llm_watsonx_result(a, st, j,
                               llm_answer_part(a, j, i, LLM_JSON_OBJECT), &u);
        }
    }

    a->usage.input = u.input;
    a->usage.output = u.output;
    a->usage_seen |= (u.input >= 0 || u.output >= 0);
    a->error |= llm_given(j, f[3]);

    return LLM_OK;
}


static int
llm_watsonx_answer(llm_answer_t *a, const llm_json_t *j)
{
    return llm_plain_answer(a, j, llm_watsonx_read);
}


static int
llm_watsonx_event(llm_answer_t *a, const llm_str_t *type,
    const llm_str_t *data)
{
    (void) type;

    return llm_plain_event(a, data, llm_watsonx_read);
}


static size_t
llm_watsonx_error(unsigned char *buf, const llm_refusal_t *f)
{
    llm_writer_t  w;

    w.buf = buf;
    w.len = 0;

    llm_write(&w, "{\"errors\":[{\"code\":\"");
    llm_write_escaped(&w, &f->code);
    llm_write(&w, "\",\"message\":\"");
    llm_write_escaped(&w, &f->message);
    llm_write(&w, "\"}]}");

    return w.len;
}


static int
llm_watsonx_canonical(llm_request_t *q,
    void (*update)(void *ctx, const void *p, size_t n), void *ctx)
{
    return llm_canonical(q, &llm_watsonx_canon, update, ctx);
}
