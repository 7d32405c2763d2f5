
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_anthropic.h"
#include "llm_batch.h"
#include "llm_path.h"
#include "llm_canon.h"
#include "llm_openai.h"
#include "llm_thinks.h"

#include <string.h>


/*
 * Anthropic's dialect: messages, at Anthropic's and through Vertex, batches of
 * them, and old completions.  Counting tokens and looking at batches is free.
 */


/* by "default" the dearest that is known to stand in for another */

#define LLM_ANTHROPIC_FALLBACK  "claude-opus-4-8"


/* what of a request is in the key of the cache: llm_canon.h */

static const char * const  llm_anthropic_less[] = {
    "stream", "metadata", NULL
};

static const char * const  llm_anthropic_verbatim[] = {
    "tools", "input", "output_format", "output_config", NULL
};

static const char * const  llm_anthropic_state[] = {
    "file_id", "container", "mcp_servers", "thread", "plugins", NULL
};

static const llm_canon_t  llm_anthropic_canon = {
    llm_anthropic_less, llm_anthropic_verbatim, llm_anthropic_state
};


const char * const  llm_anthropic_names[LLM_ANTHROPIC_FIELDS] = {
    "model", "messages", "system", "max_tokens", "stream", "tools",
    "tool_choice", "service_tier", "speed", "mcp_servers", "container",
    "output_format", "output_config", "thinking", "fallbacks", "thread",
    "models"
};


static const llm_path_row_t  llm_anthropic_paths[] = {
    { "POST", "/messages", LLM_PATH_METERED, LLM_KIND_CHAT,
      LLM_ANTHROPIC_PLAIN },
    { "POST", "/messages/count_tokens", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "POST", "/messages/batches", LLM_PATH_METERED, LLM_KIND_BATCH,
      LLM_LONG_PARTS },
    { "POST", "/messages/batches/*/cancel", LLM_PATH_TOLD, LLM_KIND_BATCH,
      LLM_LONG_STATE },
    { "GET", "/messages/batches", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET", "/messages/batches/*", LLM_PATH_TOLD, LLM_KIND_BATCH,
      LLM_LONG_STATE },
    { "DELETE", "/messages/batches/*", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET", "/messages/batches/*/results", LLM_PATH_TOLD, LLM_KIND_BATCH,
      LLM_LONG_RESULTS },
    { "POST", "/complete", LLM_PATH_METERED, LLM_KIND_COMPLETION,
      LLM_ANTHROPIC_PLAIN },
    { "POST", "/publishers/anthropic/models/count-tokens:rawPredict",
      LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "POST", "/publishers/anthropic/models/*:rawPredict", LLM_PATH_METERED,
      LLM_KIND_CHAT, LLM_ANTHROPIC_RAW },
    { "POST", "/publishers/anthropic/models/*:streamRawPredict",
      LLM_PATH_METERED, LLM_KIND_CHAT, LLM_ANTHROPIC_STREAM_RAW }
};


/* what others have, too, and is Anthropic's where it says so */

static const llm_path_row_t  llm_anthropic_shared[] = {
    { "GET", "/models", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET", "/models/*", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET POST", "/files", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET DELETE", "/files/*", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET", "/files/*/content", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET POST", "/skills", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET POST DELETE", "/skills/**", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET", "/organizations/**", LLM_PATH_FREE, LLM_KIND_OTHER, 0 }
};


#define llm_anthropic_rows(t)  t, sizeof(t) / sizeof(llm_path_row_t)

static llm_path_e
llm_anthropic_path(llm_route_t *route)
{
    llm_str_t              star;
    const llm_path_row_t  *row;

    row = llm_path_find(llm_anthropic_rows(llm_anthropic_paths), route, &star);

    if (row == NULL && llm_route_header(route, "anthropic-version")) {
        row = llm_path_find(llm_anthropic_rows(llm_anthropic_shared), route,
                            NULL);
    }

    if (row == NULL) {
        return LLM_PATH_UNKNOWN;
    }

    if (row->kind == LLM_KIND_BATCH) {
        route->step = row->op;
        route->object = star;

    } else if (row->what == LLM_PATH_METERED
               && row->op != LLM_ANTHROPIC_PLAIN)
    {
        route->model = star;
        llm_str_set(&route->vendor, "vertex_ai");
    }

    return row->what;
}


/*
 * Marks that write to the provider's cache, wherever they are: a text that
 * reads like one only makes the reserve larger.  1: there may be tools in the
 * messages, too.
 */

static unsigned
llm_anthropic_marks(llm_request_t *q)
{
    size_t                  len;
    uint32_t                i;
    unsigned                mark, hour, brought;
    const llm_json_t       *j;
    const llm_json_node_t  *v;

    j = &q->json;
    mark = 0;
    hour = 0;
    brought = 0;

    for (i = 0; i < j->n; i++) {

        v = &j->nodes[i];
        len = v->end - v->start;

        /* nearly every string is told by its length */

        if (!v->escaped && len != sizeof("1h") - 1
            && len != sizeof("cache_control") - 1
            && len != sizeof("tool_definition") - 1)
        {
            continue;
        }

        /* a client that writes out what it does not use says null */

        mark |= llm_json_equal(j, i, "cache_control")
                && !(i + 1 < j->n && llm_kind_of(j, i + 1) == LLM_JSON_NULL);
        hour |= llm_json_equal(j, i, "1h");
        brought |= llm_json_equal(j, i, "tool_definition");
    }

    if (mark) {
        q->most.cache_write = -1;
        q->most.cache_write_1h = hour ? -1 : 0;
    }

    return brought;
}


static int
llm_anthropic_parse_model(llm_request_t *q, uint32_t node)
{
    if (q->route.op != LLM_ANTHROPIC_PLAIN) {
        q->model = q->route.model;
        q->model_in_path = 1;
    }

    if (q->model.len == 0) {
        return llm_request_model(q, node, "model");
    }

    if (!llm_path_model(&q->model)) {
        return llm_request_bad(q, "model", "of the path cannot be one");
    }

    return LLM_OK;
}


/* what a text or a list of blocks may be */

static int
llm_anthropic_parse_content(llm_request_t *q, uint32_t node,
    const char *param)
{
    if (llm_kind_of(&q->json, node) == LLM_JSON_STRING) {
        return LLM_OK;
    }

    if (llm_given(&q->json, node)
        && llm_kind_of(&q->json, node) != LLM_JSON_ARRAY)
    {
        return llm_request_bad(q, param, "must be a string or an array");
    }

    return llm_request_array(q, node, param, 1);
}


static int
llm_anthropic_parse_messages(llm_request_t *q, uint32_t messages)
{
    int                     rc;
    uint32_t                i;
    const llm_json_node_t  *v;

    if (!llm_given(&q->json, messages)) {
        return llm_request_bad(q, "messages", "is required");
    }

    rc = llm_request_array(q, messages, "messages", 1);

    v = q->json.nodes;

    for (i = messages + 1;
         rc == LLM_OK && i < llm_json_next(&q->json, messages);
         i = v[i].next)
    {
        rc = llm_anthropic_parse_content(q,
                                       llm_json_get(&q->json, i, "content"),
                                       "messages.content");
    }

    return rc;
}


/* one that may answer: its name, a maximum of its own, and whether in haste */

static int
llm_anthropic_parse_fallback(llm_request_t *q, uint32_t obj)
{
    int       rc;
    int64_t   max;
    uint32_t  speed;

    max = -1;
    rc = llm_request_other(q, llm_json_get(&q->json, obj, "model"),
                           "fallbacks.model");

    if (rc == LLM_OK) {
        rc = llm_request_number(q, llm_json_get(&q->json, obj, "max_tokens"),
                                "fallbacks.max_tokens", 0,
                                LLM_DIALECT_TOKENS_MAX, &max);
    }

    /* a smaller maximum that is written for one leaves the others' */

    if (max > q->max_output) {
        q->max_output = max;
        q->can_fit = 0;
    }

    speed = llm_json_get(&q->json, obj, "speed");

    if (llm_kind_of(&q->json, speed) == LLM_JSON_STRING
        && llm_json_equal(&q->json, speed, "fast"))
    {
        q->most.fast = 1;
    }

    return rc;
}


/*
 * Models that are asked where this one refuses.  Which they are by "default",
 * Anthropic knows, and goes by the reason: the dearest that it is known to
 * take is reserved (docs/dialects.md).
 */

static int
llm_anthropic_parse_fallbacks(llm_request_t *q, uint32_t list)
{
    int                     rc;
    uint32_t                i;
    const llm_json_node_t  *v;

    if (llm_kind_of(&q->json, list) == LLM_JSON_STRING) {

        if (q->nothers == LLM_OTHERS) {
            return llm_request_bad(q, "models", "must name fewer models");
        }

        llm_str_set(&q->others[q->nothers], LLM_ANTHROPIC_FALLBACK);
        q->nothers++;

        return LLM_OK;
    }

    rc = llm_request_array(q, list, "fallbacks", 1);

    if (rc != LLM_OK || llm_kind_of(&q->json, list) != LLM_JSON_ARRAY) {
        return rc;
    }

    v = q->json.nodes;

    for (i = list + 1; rc == LLM_OK && i < llm_json_next(&q->json, list);
         i = v[i].next)
    {
        rc = llm_anthropic_parse_fallback(q, i);
    }

    return rc;
}


/* the most of each kind, before anything says that it may be more */

static int
llm_anthropic_parse_most(llm_request_t *q, const uint32_t *f)
{
    unsigned  brought;

    llm_usage_text(&q->most, 0, 0);
    q->bounded = 1;

    brought = llm_anthropic_marks(q);

    if (llm_kind_of(&q->json, f[LLM_ANTHROPIC_SPEED]) == LLM_JSON_STRING
        && llm_json_equal(&q->json, f[LLM_ANTHROPIC_SPEED], "fast"))
    {
        q->most.fast = 1;
    }

    /* a thread's earlier turns are the server's */

    if (llm_given(&q->json, f[LLM_ANTHROPIC_SERVERS])
        || llm_given(&q->json, f[LLM_ANTHROPIC_CONTAINER])
        || llm_given(&q->json, f[LLM_ANTHROPIC_THREAD]))
    {
        q->stateful = 1;
    }

    /* OpenRouter takes its own additions in this dialect, too */

    q->crowd = (llm_openai_parse_plugins(q) == LLM_DECLINED);

    return llm_anthropic_server_tools(q, f, brought);
}


/* what bounds the answer, and how it is to come */

static int
llm_anthropic_parse_answer(llm_request_t *q, const uint32_t *f)
{
    int  rc, stream;

    stream = (q->route.op == LLM_ANTHROPIC_STREAM_RAW);

    /* 0 fills the cache, and nothing is said */

    rc = llm_request_number(q, f[LLM_ANTHROPIC_MAX_TOKENS], "max_tokens", 0,
                            LLM_DIALECT_TOKENS_MAX, &q->max_output);

    if (rc == LLM_OK) {
        rc = llm_anthropic_parse_fallbacks(q, f[LLM_ANTHROPIC_FALLBACKS]);
    }

    if (rc == LLM_OK) {
        rc = llm_request_bool(q, f[LLM_ANTHROPIC_STREAM], "stream", &stream);
    }

    if (rc == LLM_OK) {
        rc = llm_request_string(q, f[LLM_ANTHROPIC_TIER], "service_tier",
                                &q->service_tier);
    }

    q->stream = stream;
    q->unseen = llm_thinks_asked(&q->json, f[LLM_ANTHROPIC_THINKING]);

    return rc;
}


/* on Vertex the same model, whether it streams or not: up to the colon */

static void
llm_anthropic_same_path(llm_request_t *q)
{
    if (q->route.op == LLM_ANTHROPIC_PLAIN) {
        return;
    }

    for (q->same_path = q->path.len;
         q->same_path > 0 && q->path.data[q->same_path - 1] != ':';
         q->same_path--)
    {
        /* void */
    }
}


int
llm_anthropic_parse(llm_request_t *q)
{
    int       rc;
    uint32_t  f[LLM_ANTHROPIC_FIELDS];

    if (q->kind == LLM_KIND_COMPLETION) {
        return llm_anthropic_complete_parse(q);
    }

    if (q->kind == LLM_KIND_BATCH) {
        return llm_anthropic_batch_parse(q);
    }

    q->max_output = -1;
    q->choices = 1;
    q->can_fit = !q->sealed;

    if (llm_kind_of(&q->json, 0) != LLM_JSON_OBJECT) {
        return llm_request_bad(q, NULL,
                               "the request body must be a JSON object");
    }

    rc = llm_request_object(q, 0, NULL, llm_anthropic_names,
                            LLM_ANTHROPIC_FIELDS, f);

    if (rc == LLM_OK) {
        rc = llm_anthropic_parse_model(q, f[LLM_ANTHROPIC_MODEL]);
    }

    if (rc == LLM_OK) {
        rc = llm_anthropic_parse_messages(q, f[LLM_ANTHROPIC_MESSAGES]);
    }

    if (rc == LLM_OK) {
        rc = llm_anthropic_parse_content(q, f[LLM_ANTHROPIC_SYSTEM], "system");
    }

    if (rc == LLM_OK) {
        rc = llm_request_array(q, f[LLM_ANTHROPIC_TOOLS], "tools", 1);
    }

    if (rc == LLM_OK) {
        rc = llm_anthropic_parse_most(q, f);
    }

    if (rc == LLM_OK) {
        rc = llm_request_others(q, f[LLM_ANTHROPIC_MODELS]);
    }

    if (rc == LLM_OK) {
        llm_anthropic_same_path(q);
        rc = llm_anthropic_parse_answer(q, f);
        llm_anthropic_compaction(q);
    }

    return rc == LLM_OK && q->crowd ? LLM_DECLINED : rc;
}


static int
llm_anthropic_edit(llm_request_t *q, llm_edits_t *e)
{
    int       rc;
    uint32_t  f[LLM_ANTHROPIC_FIELDS];

    if (q->kind == LLM_KIND_COMPLETION) {
        return llm_anthropic_complete_edit(q, e);
    }

    e->n = 0;
    rc = LLM_OK;

    if (q->kind == LLM_KIND_BATCH) {
        return LLM_OK;
    }

    llm_json_fields(&q->json, 0, llm_anthropic_names, LLM_ANTHROPIC_FIELDS, f);

    if (e->set_max_output > 0 && q->can_fit) {

        if (f[LLM_ANTHROPIC_MAX_TOKENS] == LLM_JSON_NONE) {
            rc = llm_edit_member(q, e, 0, "\"max_tokens\":",
                                 e->set_max_output, "");

        } else if (q->max_output < 0 || q->max_output > e->set_max_output) {
            rc = llm_edit_number(q, e, f[LLM_ANTHROPIC_MAX_TOKENS],
                                 e->set_max_output);
        }
    }

    if (rc == LLM_OK && e->set_model.len) {
        rc = llm_edit_string(q, e, f[LLM_ANTHROPIC_MODEL], &e->set_model);
    }

    return rc;
}


/* the types by status, which the SDK turns into errors of their own */

static const char *
llm_anthropic_error_type(unsigned status)
{
    switch (status) {

    case 402:
        return "billing_error";

    case 403:
        return "permission_error";

    case 404:
        return "not_found_error";

    case 413:
        return "request_too_large";

    case 429:
        return "rate_limit_error";

    default:
        return status < 500 ? "invalid_request_error" : "api_error";
    }
}


size_t
llm_anthropic_error(unsigned char *buf, const llm_refusal_t *f)
{
    llm_writer_t  w;

    w.buf = buf;
    w.len = 0;

    llm_write(&w, "{\"type\":\"error\",\"error\":{\"type\":\"");
    llm_write(&w, llm_anthropic_error_type(f->status));
    llm_write(&w, "\",\"message\":\"");
    llm_write_escaped(&w, &f->message);
    llm_write(&w, "\",\"code\":\"");
    llm_write_escaped(&w, &f->code);
    llm_write(&w, "\"}}");

    return w.len;
}


static int
llm_anthropic_canonical(llm_request_t *q,
    void (*update)(void *ctx, const void *p, size_t n), void *ctx)
{
    if (q->kind == LLM_KIND_BATCH) {
        return LLM_DECLINED;
    }

    return llm_canonical(q, &llm_anthropic_canon, update, ctx);
}


const llm_provider_t  llm_anthropic = {
    llm_string("anthropic"),
    llm_anthropic_path,
    llm_anthropic_parse,
    llm_anthropic_count,
    llm_anthropic_edit,
    llm_anthropic_answer,
    llm_anthropic_event,
    llm_anthropic_finish,
    llm_anthropic_error,
    llm_anthropic_canonical,
    llm_batch_framing,
    llm_answer_headers,
    llm_anthropic_needs,
    NULL,
    llm_anthropic_reform,
    llm_anthropic_batch_inner
};
