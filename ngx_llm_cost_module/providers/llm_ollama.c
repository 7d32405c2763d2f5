
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_ollama.h"
#include "llm_path.h"
#include "llm_canon.h"

#include <string.h>


/*
 * Ollama's own dialect: chat, generate and embed.  An answer is a stream of a
 * value a line unless the request says no; the last value has the counts.  The
 * one of the prompt is left out at times, and is counted then.
 */


static llm_path_e llm_ollama_path(llm_route_t *route);
static int llm_ollama_parse(llm_request_t *q);
static int llm_ollama_edit(llm_request_t *q, llm_edits_t *e);
static int llm_ollama_answer(llm_answer_t *a, const llm_json_t *j);
static int llm_ollama_event(llm_answer_t *a, const llm_str_t *type,
    const llm_str_t *data);
static size_t llm_ollama_error(unsigned char *buf, const llm_refusal_t *f);
static int llm_ollama_canonical(llm_request_t *q,
    void (*update)(void *ctx, const void *p, size_t n), void *ctx);


static const llm_path_row_t  llm_ollama_paths[] = {
    { "POST", "/api/chat", LLM_PATH_METERED, LLM_KIND_CHAT, LLM_OLLAMA_CHAT },
    { "POST", "/api/generate", LLM_PATH_METERED, LLM_KIND_COMPLETION,
      LLM_OLLAMA_GENERATE },
    { "POST", "/api/embed", LLM_PATH_METERED, LLM_KIND_EMBEDDINGS,
      LLM_OLLAMA_EMBED },
    { "POST", "/api/embeddings", LLM_PATH_METERED, LLM_KIND_EMBEDDINGS,
      LLM_OLLAMA_EMBED },
    { "POST", "/api/show", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET", "/api/tags", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET", "/api/ps", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET", "/api/version", LLM_PATH_FREE, LLM_KIND_OTHER, 0 }
};


const char * const  llm_ollama_names[LLM_OLLAMA_FIELDS] = {
    "model", "stream", "options", "messages", "tools", "prompt", "suffix",
    "system", "template", "context", "images", "input",
    "raw"
};


/* what of a request is in the key of the cache: llm_canon.h */

static const char * const  llm_ollama_less[] = {
    "stream", "keep_alive", NULL
};

static const char * const  llm_ollama_verbatim[] = {
    "tools", "format", "arguments", NULL
};

static const char * const  llm_ollama_state[] = {
    NULL
};

static const llm_canon_t  llm_ollama_canon = {
    llm_ollama_less, llm_ollama_verbatim, llm_ollama_state
};


const llm_provider_t  llm_ollama = {
    llm_string("ollama"),
    llm_ollama_path,
    llm_ollama_parse,
    llm_ollama_count,
    llm_ollama_edit,
    llm_ollama_answer,
    llm_ollama_event,
    llm_plain_finish,
    llm_ollama_error,
    llm_ollama_canonical,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL
};


static llm_path_e
llm_ollama_path(llm_route_t *route)
{
    const llm_path_row_t  *row;

    row = llm_path_find(llm_ollama_paths,
                        sizeof(llm_ollama_paths) / sizeof(llm_path_row_t),
                        route, NULL);

    return row ? row->what : LLM_PATH_UNKNOWN;
}


/* -1 and 0 are no limit, -2 is as much as fits: as if it were not there */

static int
llm_ollama_parse_options(llm_request_t *q, uint32_t options)
{
    int       rc;
    int64_t   n;
    uint32_t  f[1];

    static const char * const  names[] = { "num_predict" };

    if (!llm_given(&q->json, options)) {
        return LLM_OK;
    }

    rc = llm_request_object(q, options, "options", names, 1, f);

    n = -1;

    if (rc == LLM_OK) {
        rc = llm_request_number(q, f[0], "num_predict", -2,
                                LLM_DIALECT_TOKENS_MAX, &n);
    }

    q->max_output = (n > 0) ? n : -1;

    return rc;
}


static int
llm_ollama_parse(llm_request_t *q)
{
    int       rc, stream;
    uint32_t  f[LLM_OLLAMA_FIELDS];

    q->max_output = -1;
    q->choices = 1;
    stream = 1;

    rc = llm_request_object(q, 0, NULL, llm_ollama_names, LLM_OLLAMA_FIELDS,
                            f);

    if (rc == LLM_OK) {
        rc = llm_request_model(q, f[LLM_OLLAMA_MODEL], "model");
    }

    if (rc == LLM_OK) {
        rc = llm_request_bool(q, f[LLM_OLLAMA_STREAM], "stream", &stream);
    }

    if (rc == LLM_OK) {
        rc = llm_ollama_parse_options(q, f[LLM_OLLAMA_OPTIONS]);
    }

    if (rc == LLM_OK) {
        rc = llm_request_array(q, f[LLM_OLLAMA_MESSAGES], "messages", 1);
    }

    if (q->kind == LLM_KIND_EMBEDDINGS) {
        q->max_output = 0;
        return rc;
    }

    q->stream = stream;
    q->can_fit = 1;

    return rc;
}


static int
llm_ollama_edit(llm_request_t *q, llm_edits_t *e)
{
    e->n = 0;

    return llm_edit_max_in(q, e, "options", "num_predict",
                           "\"options\":{\"num_predict\":");
}


static int
llm_ollama_read(llm_answer_t *a, llm_plain_t *st, const llm_json_t *j)
{
    uint32_t     f[9], message;
    llm_usage_t  u = LLM_USAGE_INIT;

    static const char * const  names[] = {
        "model", "prompt_eval_count", "eval_count", "done", "done_reason",
        "error", "response", "thinking", "message"
    };

    if (llm_kind_of(j, 0) != LLM_JSON_OBJECT) {
        return LLM_OK;
    }

    llm_json_fields(j, 0, names, 9, f);

    if (llm_answer_keep(a, j, f[0], &a->model) != LLM_OK) {
        return LLM_ERROR;
    }

    u.input = llm_answer_figure(a, j, f[1]);
    u.output = llm_answer_figure(a, j, f[2]);

    if (a->kind == LLM_KIND_EMBEDDINGS && u.input >= 0) {
        u.output = 0;
        a->finished = 1;
    }

    if (u.input >= 0 || u.output >= 0) {
        a->usage_seen = 1;
    }

    llm_usage_merge(&a->usage, &u);

    if (llm_kind_of(j, f[3]) == LLM_JSON_TRUE) {
        a->finished = 1;
    }

    if (llm_given(j, f[4]) && llm_json_equal(j, f[4], "length")) {
        a->truncated = 1;
    }

    if (llm_given(j, f[5])) {
        a->error = 1;
    }

    message = f[8];

    llm_output_string(&st->output, a, 1, j, f[6]);
    llm_output_string(&st->output, a, 2, j, f[7]);
    llm_output_string(&st->output, a, 2, j,
                      llm_json_get(j, message, "thinking"));
    llm_output_string(&st->output, a, 1, j,
                      llm_json_get(j, message, "content"));
    llm_output_value(&st->output, a, 3, j,
                     llm_json_get(j, message, "tool_calls"));

    return LLM_OK;
}


static int
llm_ollama_answer(llm_answer_t *a, const llm_json_t *j)
{
    return llm_plain_answer(a, j, llm_ollama_read);
}


static int
llm_ollama_event(llm_answer_t *a, const llm_str_t *type, const llm_str_t *data)
{
    (void) type;

    return llm_plain_event(a, data, llm_ollama_read);
}


static size_t
llm_ollama_error(unsigned char *buf, const llm_refusal_t *f)
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
llm_ollama_canonical(llm_request_t *q,
    void (*update)(void *ctx, const void *p, size_t n), void *ctx)
{
    return llm_canonical(q, &llm_ollama_canon, update, ctx);
}
