
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_vercel.h"
#include "llm_openai.h"
#include "llm_path.h"
#include "llm_canon.h"

#include <string.h>


/*
 * What Vercel's AI SDK says to the AI Gateway: its own calls, of whatever
 * model, with the model and whether a stream is wanted in the header.  The
 * second, third and fourth version of them are alike but for the figures of a
 * usage.  Pictures, sound and video are known, and refused.
 */


static llm_path_e llm_vercel_path(llm_route_t *route);
static int llm_vercel_parse(llm_request_t *q);
static int llm_vercel_edit(llm_request_t *q, llm_edits_t *e);
static size_t llm_vercel_error(unsigned char *buf, const llm_refusal_t *f);
static int llm_vercel_canonical(llm_request_t *q,
    void (*update)(void *ctx, const void *p, size_t n), void *ctx);


static const llm_path_row_t  llm_vercel_paths[] = {
    { "POST", "/language-model", LLM_PATH_METERED, LLM_KIND_CHAT,
      LLM_VERCEL_LANGUAGE },
    { "POST", "/decision-model", LLM_PATH_METERED, LLM_KIND_CHAT,
      LLM_VERCEL_DECIDE },
    { "POST", "/embedding-model", LLM_PATH_METERED, LLM_KIND_EMBEDDINGS,
      LLM_VERCEL_EMBED },
    { "POST", "/reranking-model", LLM_PATH_METERED, LLM_KIND_RERANK,
      LLM_VERCEL_RERANK },
    { "POST", "/image-model", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER, 0 },
    { "POST", "/speech-model", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER, 0 },
    { "POST", "/transcription-model", LLM_PATH_UNSUPPORTED,
      LLM_KIND_OTHER, 0 },
    { "POST", "/video-model", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER, 0 },
    { "POST", "/video-model/start", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER, 0 },
    { "POST", "/video-model/status", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "POST", "/ai/batch/start", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER, 0 },
    { "POST", "/ai/batch/*", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET", "/ai/config", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET", "/v1/report", LLM_PATH_FREE, LLM_KIND_OTHER, 0 }
};


const char * const  llm_vercel_names[LLM_VERCEL_FIELDS] = {
    "prompt", "maxOutputTokens", "tools", "responseFormat", "reasoning",
    "providerOptions", "stateParts", "questions", "values", "documents",
    "query"
};


/* what of a request is in the key of the cache: llm_canon.h */

static const char * const  llm_vercel_less[] = {
    "includeRawChunks", "headers", NULL
};

static const char * const  llm_vercel_verbatim[] = {
    "tools", "input", "responseFormat", "output", NULL
};

static const char * const  llm_vercel_state[] = {
    "reference", "previousResponseId", "conversation", "cachedContent",
    "container", "mcpServers", NULL
};

static const llm_canon_t  llm_vercel_canon = {
    llm_vercel_less, llm_vercel_verbatim, llm_vercel_state
};


const llm_provider_t  llm_vercel = {
    llm_string("vercel"),
    llm_vercel_path,
    llm_vercel_parse,
    llm_vercel_count,
    llm_vercel_edit,
    llm_vercel_answer,
    llm_vercel_event,
    llm_plain_finish,
    llm_vercel_error,
    llm_vercel_canonical,
    NULL,
    llm_answer_headers,
    NULL,
    NULL,
    NULL,
    NULL
};


/* the model is left to parse(): what a path says is remembered with the path */

static llm_path_e
llm_vercel_path(llm_route_t *route)
{
    const llm_path_row_t  *row;

    row = llm_path_find(llm_vercel_paths,
                        sizeof(llm_vercel_paths) / sizeof(llm_path_row_t),
                        route, NULL);
    if (row == NULL) {
        return LLM_PATH_UNKNOWN;
    }

    llm_str_set(&route->vendor, "vercel_ai_gateway");

    return row->what;
}


static int
llm_vercel_parse_model(llm_request_t *q)
{
    const char       *name;
    const llm_str_t  *model, *stream;

    name = q->route.op == LLM_VERCEL_LANGUAGE ? "ai-language-model-id"
                                              : "ai-model-id";
    model = llm_route_header(&q->route, name);

    if (model == NULL) {
        return llm_request_bad(q, name, "is required, in the header");
    }

    q->model = *model;

    /* it is not in the body, where another one could be written */

    q->model_in_path = 1;

    if (q->route.op == LLM_VERCEL_LANGUAGE) {
        stream = llm_route_header(&q->route, "ai-language-model-streaming");

        q->stream = stream && stream->len == 4
                    && memcmp(stream->data, "true", 4) == 0;
    }

    return llm_request_model_name(q, name);
}


/* what an answer is made from has to be there */

static int
llm_vercel_parse_input(llm_request_t *q, const uint32_t *f)
{
    unsigned  i;

    switch (q->route.op) {

    case LLM_VERCEL_LANGUAGE:
        i = LLM_VERCEL_PROMPT;
        break;

    case LLM_VERCEL_DECIDE:
        q->decides = 1;
        i = LLM_VERCEL_STATE;
        break;

    case LLM_VERCEL_EMBED:
        i = LLM_VERCEL_VALUES;
        break;

    default: /* LLM_VERCEL_RERANK */
        return llm_given(&q->json, f[LLM_VERCEL_DOCUMENTS])
               ? LLM_OK : llm_request_bad(q, "documents", "is required");
    }

    if (!llm_given(&q->json, f[i])) {
        return llm_request_bad(q, llm_vercel_names[i], "is required");
    }

    return llm_request_array(q, f[i], llm_vercel_names[i],
                             i != LLM_VERCEL_VALUES);
}


static int
llm_vercel_parse(llm_request_t *q)
{
    int       rc;
    uint32_t  f[LLM_VERCEL_FIELDS];

    q->max_output = -1;
    q->choices = 1;

    llm_usage_text(&q->most, 0, 0);
    q->bounded = 1;

    rc = llm_request_object(q, 0, NULL, llm_vercel_names, LLM_VERCEL_FIELDS,
                            f);

    if (rc == LLM_OK) {
        rc = llm_vercel_parse_model(q);
    }

    if (rc == LLM_OK) {
        rc = llm_vercel_parse_input(q, f);
    }

    if (rc == LLM_OK) {
        rc = llm_request_array(q, f[LLM_VERCEL_TOOLS], "tools", 1);
    }

    if (rc == LLM_OK) {
        rc = llm_request_number(q, f[LLM_VERCEL_MAX], "maxOutputTokens", 1,
                                LLM_DIALECT_TOKENS_MAX, &q->max_output);
    }

    q->can_fit = 1;

    if (rc == LLM_OK) {
        rc = llm_vercel_options(q, f);
    }

    if (rc != LLM_OK) {
        return rc;
    }

    if (!llm_kind_has_output(q->kind)) {
        q->max_output = 0;
        q->can_fit = 0;
        return LLM_OK;
    }

    q->unseen = llm_openai_thinks(q, f[LLM_VERCEL_REASONING]);

    return llm_vercel_tools(q, f[LLM_VERCEL_TOOLS]);
}


static int
llm_vercel_edit(llm_request_t *q, llm_edits_t *e)
{
    e->n = 0;

    return llm_edit_max(q, e, 0, "maxOutputTokens", "\"maxOutputTokens\":");
}


/* the SDK makes an error of its own of each of these types */

static const char *
llm_vercel_type(const llm_refusal_t *f)
{
    switch (f->why) {

    case LLM_REFUSE_BUDGET:
        return "rate_limit_exceeded";

    case LLM_REFUSE_UNKNOWN_MODEL:
        return "model_not_found";

    case LLM_REFUSE_NO_KEY:
        return "forbidden";

    case LLM_REFUSE_UNKNOWN_PATH:
        return "not_found";

    case LLM_REFUSE_STORE:
    case LLM_REFUSE_UPSTREAM:
    case LLM_REFUSE_NOT_CACHED:
        return "internal_server_error";

    default:
        return "invalid_request_error";
    }
}


static size_t
llm_vercel_error(unsigned char *buf, const llm_refusal_t *f)
{
    llm_writer_t  w;

    w.buf = buf;
    w.len = 0;

    llm_write(&w, "{\"error\":{\"message\":\"");
    llm_write_escaped(&w, &f->message);
    llm_write(&w, "\",\"type\":\"");
    llm_write(&w, llm_vercel_type(f));
    llm_write(&w, "\",\"code\":\"");
    llm_write_escaped(&w, &f->code);
    llm_write(&w, "\"}}");

    return w.len;
}


static int
llm_vercel_canonical(llm_request_t *q,
    void (*update)(void *ctx, const void *p, size_t n), void *ctx)
{
    return llm_canonical(q, &llm_vercel_canon, update, ctx);
}
