
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_dialect.h"
#include "llm_path.h"
#include "llm_canon.h"

#include <string.h>


/*
 * What Aleph Alpha takes beside OpenAI's chat: completions of a prompt, and
 * vectors.  A prompt is a text, or a list of texts, tokens and pictures.  The
 * tokens of all answers to one request are said in one sum, on both sides: a
 * prompt is billed as often as it is answered.
 */

#define LLM_ALEPH_CHOICES    1024
#define LLM_ALEPH_PICTURE    1024       /* tokens: a guess, on the safe side */


typedef enum {
    LLM_ALEPH_COMPLETE = 0,
    LLM_ALEPH_EMBED,                    /* one prompt */
    LLM_ALEPH_EMBED_BATCH,              /* a list of them */
    LLM_ALEPH_EMBED_ASKED               /* an instruction, and what it is for */
} llm_aleph_op_e;


static llm_path_e llm_aleph_path(llm_route_t *route);
static int llm_aleph_parse(llm_request_t *q);
static int llm_aleph_count(llm_request_t *q, llm_counter_t *c);
static int llm_aleph_edit(llm_request_t *q, llm_edits_t *e);
static int llm_aleph_answer(llm_answer_t *a, const llm_json_t *j);
static int llm_aleph_event(llm_answer_t *a, const llm_str_t *type,
    const llm_str_t *data);
static size_t llm_aleph_error(unsigned char *buf, const llm_refusal_t *f);
static int llm_aleph_canonical(llm_request_t *q,
    void (*update)(void *ctx, const void *p, size_t n), void *ctx);
static unsigned llm_aleph_status(const llm_route_t *route,
    const llm_refusal_t *f);


static const llm_path_row_t  llm_aleph_paths[] = {
    { "POST", "/complete", LLM_PATH_METERED, LLM_KIND_COMPLETION,
      LLM_ALEPH_COMPLETE },
    { "POST", "/semantic_embed", LLM_PATH_METERED, LLM_KIND_EMBEDDINGS,
      LLM_ALEPH_EMBED },
    { "POST", "/batch_semantic_embed", LLM_PATH_METERED, LLM_KIND_EMBEDDINGS,
      LLM_ALEPH_EMBED_BATCH },
    { "POST", "/instructable_embed", LLM_PATH_METERED, LLM_KIND_EMBEDDINGS,
      LLM_ALEPH_EMBED_ASKED },
    { "POST", "/explain", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER, 0 },
    { "POST", "/evaluate", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER, 0 },
    { "GET", "/models_available", LLM_PATH_FREE, LLM_KIND_OTHER, 0 }
};


enum {
    LLM_ALEPH_MODEL = 0,
    LLM_ALEPH_PROMPT,
    LLM_ALEPH_PROMPTS,
    LLM_ALEPH_INPUT,
    LLM_ALEPH_INSTRUCTION,
    LLM_ALEPH_MAX,
    LLM_ALEPH_N,
    LLM_ALEPH_BEST_OF,
    LLM_ALEPH_STREAM,
    LLM_ALEPH_FIELDS
};

static const char * const  llm_aleph_names[] = {
    "model", "prompt", "prompts", "input", "instruction", "maximum_tokens",
    "n", "best_of", "stream"
};


/* what of a request is in the key of the cache: llm_canon.h */

static const char * const  llm_aleph_less[] = { "stream", "tags", NULL };
static const char * const  llm_aleph_none[] = { NULL };

static const llm_canon_t  llm_aleph_canon = {
    llm_aleph_less, llm_aleph_none, llm_aleph_none
};


const llm_provider_t  llm_aleph_alpha = {
    llm_string("aleph_alpha"),
    llm_aleph_path,
    llm_aleph_parse,
    llm_aleph_count,
    llm_aleph_edit,
    llm_aleph_answer,
    llm_aleph_event,
    llm_plain_finish,
    llm_aleph_error,
    llm_aleph_canonical,
    NULL,
    NULL,
    NULL,
    llm_aleph_status,
    NULL,
    NULL
};


/* Anthropic's old completions are below a version, which it says once more */

static llm_path_e
llm_aleph_path(llm_route_t *route)
{
    const llm_path_row_t  *row;

    row = llm_path_find(llm_aleph_paths,
                        sizeof(llm_aleph_paths) / sizeof(llm_path_row_t),
                        route, NULL);
    if (row == NULL) {
        return LLM_PATH_UNKNOWN;
    }

    if (row->kind == LLM_KIND_COMPLETION
        && (llm_path_matches(&route->path, "/v1/complete", NULL)
            || llm_route_header(route, "anthropic-version")))
    {
        return LLM_PATH_UNKNOWN;
    }

    return row->what;
}


/* a prompt, or a list of such */

static int
llm_aleph_parse_prompt(llm_request_t *q, uint32_t node, const char *param)
{
    if (!llm_given(&q->json, node)) {
        return llm_request_bad(q, param, "is required");
    }

    return llm_kind_of(&q->json, node) == LLM_JSON_STRING
           ? LLM_OK : llm_request_array(q, node, param, 0);
}


static int
llm_aleph_parse_complete(llm_request_t *q, const uint32_t *f)
{
    int      rc, stream;
    int64_t  best;

    best = 1;
    stream = 0;

    rc = llm_request_number(q, f[LLM_ALEPH_MAX], "maximum_tokens", 0,
                            LLM_DIALECT_TOKENS_MAX, &q->max_output);

    if (q->max_output == 0) {
        q->max_output = -1;             /* what it takes it for is not said */
    }

    if (rc == LLM_OK) {
        rc = llm_request_number(q, f[LLM_ALEPH_N], "n", 1, LLM_ALEPH_CHOICES,
                                &q->choices);
    }

    if (rc == LLM_OK) {
        rc = llm_request_number(q, f[LLM_ALEPH_BEST_OF], "best_of", 1,
                                LLM_ALEPH_CHOICES, &best);
    }

    if (rc == LLM_OK) {
        rc = llm_request_bool(q, f[LLM_ALEPH_STREAM], "stream", &stream);
    }

    if (best > q->choices) {
        q->choices = best;
    }

    q->stream = stream;
    q->can_fit = 1;

    return rc;
}


static int
llm_aleph_parse(llm_request_t *q)
{
    int       rc;
    uint32_t  f[LLM_ALEPH_FIELDS];

    q->max_output = -1;
    q->choices = 1;

    llm_usage_text(&q->most, 0, 0);
    q->bounded = 1;

    rc = llm_request_object(q, 0, NULL, llm_aleph_names, LLM_ALEPH_FIELDS, f);

    if (rc == LLM_OK) {
        rc = llm_request_model(q, f[LLM_ALEPH_MODEL], "model");
    }

    if (rc != LLM_OK) {
        return rc;
    }

    switch (q->route.op) {

    case LLM_ALEPH_EMBED_BATCH:
        rc = llm_aleph_parse_prompt(q, f[LLM_ALEPH_PROMPTS], "prompts");
        break;

    case LLM_ALEPH_EMBED_ASKED:
        rc = llm_aleph_parse_prompt(q, f[LLM_ALEPH_INPUT], "input");
        break;

    default:
        rc = llm_aleph_parse_prompt(q, f[LLM_ALEPH_PROMPT], "prompt");
    }

    if (q->kind != LLM_KIND_COMPLETION) {
        q->max_output = 0;
        return rc;
    }

    return rc == LLM_OK ? llm_aleph_parse_complete(q, f) : rc;
}


/* {"type":"text","data":""}, "token_ids" with a list, or an "image" */

static void
llm_aleph_item(llm_input_t *in, uint32_t item)
{
    uint32_t                i, data;
    const llm_json_node_t  *v;

    v = in->j->nodes;

    switch (llm_kind_of(in->j, item)) {

    case LLM_JSON_STRING:
        llm_input_string(in, item);
        return;

    case LLM_JSON_NUMBER:
        in->tokens++;
        return;

    case LLM_JSON_OBJECT:
        break;

    default:
        return;
    }

    data = llm_json_get(in->j, item, "data");

    if (llm_kind_of(in->j, data) == LLM_JSON_ARRAY) {

        for (i = data + 1; i < llm_json_next(in->j, data); i = v[i].next) {
            in->tokens++;
        }

    } else if (llm_json_equal(in->j, llm_json_get(in->j, item, "type"),
                              "image"))
    {
        in->tokens += LLM_ALEPH_PICTURE;

    } else {
        llm_input_string(in, data);
    }
}


static void
llm_aleph_items(llm_input_t *in, uint32_t list)
{
    uint32_t                i;
    const llm_json_node_t  *v;

    v = in->j->nodes;

    for (i = list + 1; i < llm_json_next(in->j, list); i = v[i].next) {
        llm_aleph_item(in, i);
    }
}


/* a prompt, or a list of prompts */

static void
llm_aleph_prompt(llm_input_t *in, uint32_t node)
{
    uint32_t                i;
    const llm_json_node_t  *v;

    if (llm_kind_of(in->j, node) != LLM_JSON_ARRAY) {
        llm_input_string(in, node);
        return;
    }

    v = in->j->nodes;

    for (i = node + 1; i < llm_json_next(in->j, node); i = v[i].next) {

        if (llm_kind_of(in->j, i) == LLM_JSON_ARRAY) {
            llm_aleph_items(in, i);

        } else {
            llm_aleph_item(in, i);
        }
    }
}


static int
llm_aleph_count(llm_request_t *q, llm_counter_t *c)
{
    uint32_t     f[LLM_ALEPH_FIELDS];
    llm_input_t  in;

    llm_input_init(&in, q, c);
    in.estimate = 1;

    llm_json_fields(&q->json, 0, llm_aleph_names, LLM_ALEPH_FIELDS, f);

    llm_input_string(&in, f[LLM_ALEPH_INSTRUCTION]);
    llm_aleph_prompt(&in, f[LLM_ALEPH_INPUT]);
    llm_aleph_prompt(&in, f[LLM_ALEPH_PROMPTS]);
    llm_aleph_prompt(&in, f[LLM_ALEPH_PROMPT]);

    in.tokens *= q->choices;

    return llm_input_end(&in);
}


static int
llm_aleph_edit(llm_request_t *q, llm_edits_t *e)
{
    e->n = 0;

    return llm_edit_max(q, e, 0, "maximum_tokens", "\"maximum_tokens\":");
}


/* an answer of several, or a piece of one: it may say why it ended */

static void
llm_aleph_completion(llm_answer_t *a, llm_plain_t *st, const llm_json_t *j,
    uint32_t obj, int64_t part)
{
    uint32_t  f[2];

    static const char * const  names[] = { "completion", "finish_reason" };

    llm_json_fields(j, obj, names, 2, f);

    llm_output_string(&st->output, a, part, j, f[0]);
    a->truncated |= llm_json_equal(j, f[1], "maximum_tokens");
}


static int
llm_aleph_read(llm_answer_t *a, llm_plain_t *st, const llm_json_t *j)
{
    int64_t   part;
    uint32_t  i, f[6];

    static const char * const  names[] = {
        "model_version", "completions", "num_tokens_prompt_total",
        "num_tokens_generated", "index", "error"
    };

    if (llm_kind_of(j, 0) != LLM_JSON_OBJECT) {
        return LLM_OK;
    }

    llm_json_fields(j, 0, names, 6, f);

    if (llm_answer_keep(a, j, f[0], &a->model) != LLM_OK) {
        return LLM_ERROR;
    }

    if (llm_kind_of(j, f[1]) == LLM_JSON_ARRAY) {

        for (i = f[1] + 1, part = 1; i < llm_json_next(j, f[1]);
             i = llm_json_next(j, i))
        {
            llm_aleph_completion(a, st, j, i, part++);
        }

    } else {
        if (llm_json_int(j, f[4], &part) != LLM_OK || part < 0) {
            part = 0;
        }

        llm_aleph_completion(a, st, j, 0, part + 1);
    }

    /* the last event of a stream has both, an answer with vectors the first */

    if (llm_given(j, f[2])) {
        a->usage.input = llm_answer_figure(a, j, f[2]);
        a->usage.output = llm_kind_has_output(a->kind)
                          ? llm_answer_figure(a, j, f[3])
                          : a->usage.input < 0 ? -1 : 0;
        a->usage_seen |= (a->usage.input >= 0 || a->usage.output >= 0);
        a->finished = 1;
    }

    a->error |= llm_given(j, f[5]);

    return LLM_OK;
}


static int
llm_aleph_answer(llm_answer_t *a, const llm_json_t *j)
{
    return llm_plain_answer(a, j, llm_aleph_read);
}


static int
llm_aleph_event(llm_answer_t *a, const llm_str_t *type, const llm_str_t *data)
{
    (void) type;

    return llm_plain_event(a, data, llm_aleph_read);
}


/* its client repeats a request eight times that got 429 */

static unsigned
llm_aleph_status(const llm_route_t *route, const llm_refusal_t *f)
{
    (void) route;

    return (f->why == LLM_REFUSE_BUDGET) ? 402 : f->status;
}


static size_t
llm_aleph_error(unsigned char *buf, const llm_refusal_t *f)
{
    llm_writer_t  w;

    w.buf = buf;
    w.len = 0;

    llm_write(&w, "{\"error\":\"");
    llm_write_escaped(&w, &f->message);
    llm_write(&w, "\",\"code\":\"");
    llm_write_escaped(&w, &f->code);
    llm_write(&w, "\"}");

    return w.len;
}


static int
llm_aleph_canonical(llm_request_t *q,
    void (*update)(void *ctx, const void *p, size_t n), void *ctx)
{
    return llm_canonical(q, &llm_aleph_canon, update, ctx);
}
