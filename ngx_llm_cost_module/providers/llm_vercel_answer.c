
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_vercel.h"
#include "llm_templated.h"

#include <string.h>


/*
 * Answers of Vercel's AI Gateway: a result, or a part of one after another.
 * Each says its usage once, at its end; what the gateway takes for it, and what
 * the provider said, are beside that.
 */


/* a call is told in pieces and once more in whole: pieces are counted then */

typedef struct {
    llm_plain_t           plain;
    uint32_t              run[LLM_VERCEL_RUN];  /* tools that others run */
    unsigned              nrun;
    unsigned              typed:1;
    unsigned              looked:1;             /* for them */
} llm_vercel_state_t;


/* a figure of its own, or one of several: {"total":7,"cacheRead":2} */

static void
llm_vercel_figure(llm_answer_t *a, const llm_json_t *j, uint32_t node,
    const char *name, int64_t *v)
{
    int64_t  n;

    if (llm_kind_of(j, node) == LLM_JSON_OBJECT) {
        node = llm_json_get(j, node, name);

    } else if (strcmp(name, "total") != 0) {
        return;
    }

    n = llm_answer_figure(a, j, node);

    if (n >= 0) {
        *v = n;
    }
}


/*
 * What the provider itself has said: what was written for an hour, and calls
 * of tools, which the gateway's own figures do not tell.
 */

static void
llm_vercel_raw(llm_answer_t *a, const llm_json_t *j, uint32_t raw,
    llm_usage_t *u)
{
    int64_t   n;
    uint32_t  node, f[2];

    static const char * const  names[] = {
        "web_search_requests", "web_fetch_requests"
    };

    raw = llm_answer_part(a, j, raw, LLM_JSON_OBJECT);

    node = llm_answer_part(a, j, llm_json_get(j, raw, "cache_creation"),
                           LLM_JSON_OBJECT);
    n = llm_answer_figure(a, j, llm_json_get(j, node,
                                             "ephemeral_1h_input_tokens"));

    if (n > 0 && u->cache_write >= n) {
        u->cache_write_1h = n;
        u->cache_write -= n;
    }

    node = llm_answer_part(a, j, llm_json_get(j, raw, "server_tool_use"),
                           LLM_JSON_OBJECT);
    llm_json_fields(j, node, names, 2, f);

    u->searches = llm_answer_figure(a, j, f[0]);
    u->web_fetches = llm_answer_figure(a, j, f[1]);

    (void) llm_answer_keep(a, j, llm_json_get(j, raw, "service_tier"),
                           &a->service_tier);
}


/*
 * In the second version figures of Claude leave out what its cache read, and
 * what it wrote is beside the usage.
 */

static void
llm_vercel_old(llm_answer_t *a, const llm_json_t *j, uint32_t usage,
    uint32_t metadata, llm_usage_t *u)
{
    int64_t   written;
    uint32_t  f[2], node;

    static const char * const  names[] = {
        "cachedInputTokens", "reasoningTokens"
    };

    llm_json_fields(j, usage, names, 2, f);

    u->cached_input = llm_answer_figure(a, j, f[0]);
    u->reasoning = llm_answer_figure(a, j, f[1]);

    if (a->q == NULL || u->input < 0 || !llm_claude_is(&a->q->model)) {
        return;
    }

    node = llm_json_get(j, metadata, "anthropic");
    written = llm_answer_figure(a, j, llm_json_get(j, node,
                                               "cacheCreationInputTokens"));

    u->cache_write = written;
    u->input = llm_sum(llm_sum(u->input, u->cached_input), written);

    llm_vercel_raw(a, j, llm_json_get(j, node, "usage"), u);
}


static void
llm_vercel_usage(llm_answer_t *a, const llm_json_t *j, uint32_t usage,
    uint32_t metadata)
{
    uint32_t     f[4];
    llm_usage_t  u = LLM_USAGE_INIT;

    static const char * const  names[] = {
        "inputTokens", "outputTokens", "tokens", "raw"
    };

    if (llm_answer_part(a, j, usage, LLM_JSON_OBJECT) == LLM_JSON_NONE) {
        return;
    }

    llm_json_fields(j, usage, names, 4, f);

    llm_vercel_figure(a, j, f[0], "total", &u.input);
    llm_vercel_figure(a, j, f[0], "cacheRead", &u.cached_input);
    llm_vercel_figure(a, j, f[0], "cacheWrite", &u.cache_write);
    llm_vercel_figure(a, j, f[1], "total", &u.output);
    llm_vercel_figure(a, j, f[1], "reasoning", &u.reasoning);
    llm_vercel_figure(a, j, f[2], "total", &u.input);

    if (llm_kind_of(j, f[0]) == LLM_JSON_OBJECT) {
        llm_vercel_raw(a, j, f[3], &u);

    } else {
        llm_vercel_old(a, j, usage, metadata, &u);
    }

    if (!llm_kind_has_output(a->kind) && u.input >= 0) {
        u.output = 0;
    }

    a->usage_seen |= (u.input >= 0 || u.output >= 0);

    llm_usage_merge(&a->usage, &u);
}


/* of the gateway itself: the price that it takes, and who has answered */

static int
llm_vercel_metadata(llm_answer_t *a, const llm_json_t *j, uint32_t metadata)
{
    int64_t                 n;
    uint32_t                gateway, routing, f[2];
    const llm_json_node_t  *v;

    static const char * const  names[] = { "cost", "routing" };

    gateway = llm_json_get(j, metadata, "gateway");

    if (llm_kind_of(j, gateway) != LLM_JSON_OBJECT) {
        return LLM_OK;
    }

    llm_json_fields(j, gateway, names, 2, f);

    if (llm_kind_of(j, f[0]) == LLM_JSON_STRING
        || llm_kind_of(j, f[0]) == LLM_JSON_NUMBER)
    {
        v = llm_json_node(j, f[0]);

        if (llm_parse_scaled(j->data + v->start, v->end - v->start, 9, &n)
            == LLM_OK
            && n >= 0 && n <= LLM_NANO_MAX)
        {
            a->usage.reported_cost = n;
        }
    }

    routing = llm_json_get(j, f[1], "canonicalSlug");

    return a->q && a->q->nothers
           ? llm_answer_replace(a, j, routing, &a->served) : LLM_OK;
}


/* Gemini's searches are in what it rests on, one for each thing looked for */

static void
llm_vercel_grounding(llm_answer_t *a, const llm_json_t *j, uint32_t metadata)
{
    int64_t                 n;
    uint32_t                i, list;
    unsigned                k;
    const llm_json_node_t  *v;

    static const char * const  names[] = { "google", "vertex", "googleVertex" };

    v = j->nodes;
    n = 0;

    for (k = 0; n == 0 && k < sizeof(names) / sizeof(names[0]); k++) {

        list = llm_json_get(j, metadata, names[k]);
        list = llm_answer_part(a, j,
                               llm_json_get(j, list, "groundingMetadata"),
                               LLM_JSON_OBJECT);
        list = llm_answer_part(a, j, llm_json_get(j, list, "webSearchQueries"),
                               LLM_JSON_ARRAY);

        if (list == LLM_JSON_NONE) {
            continue;
        }

        for (i = list + 1; i < llm_json_next(j, list); i = v[i].next) {
            n++;
        }
    }

    if (n > 0 && a->usage.searches < n) {
        a->usage.searches = n;
    }
}


/*
 * Calls of tools that somebody else ran, by the names that the request has for
 * them; the last one said of each holds.
 */

static void
llm_vercel_call(llm_answer_t *a, llm_vercel_state_t *st, const llm_json_t *j,
    uint32_t part)
{
    int64_t           *n;
    uint32_t           name;
    unsigned           i;
    const llm_json_t  *request;

    name = llm_json_get(j, part, "providerExecuted");

    if (llm_kind_of(j, name) != LLM_JSON_TRUE || a->q == NULL
        || a->q->json.n == 0)
    {
        return;
    }

    request = &a->q->json;

    if (!st->looked) {
        st->nrun = llm_vercel_run(request, st->run);
        st->looked = 1;
    }

    name = llm_json_get(j, part, "toolName");

    for (i = 0; i < st->nrun; i++) {

        if (!llm_json_alike_of(request, llm_json_get(request, st->run[i],
                                                     "name"), j, name))
        {
            continue;
        }

        n = llm_vercel_called(request, st->run[i], &a->usage);

        if (n) {
            *n = (*n < 0) ? 1 : *n + 1;
        }

        return;
    }
}


static void
llm_vercel_said(llm_answer_t *a, llm_vercel_state_t *st, const llm_json_t *j,
    uint32_t part)
{
    uint32_t       f[5];
    llm_output_t  *out;

    static const char * const  names[] = {
        "type", "text", "delta", "toolName", "input"
    };

    out = &st->plain.output;
    llm_json_fields(j, part, names, 5, f);

    if (llm_json_starts(j, f[0], "tool-input-")) {
        st->typed = 1;
        llm_output_string(out, a, 3, j, f[2]);
        return;
    }

    if (llm_json_starts(j, f[0], "tool-call")) {

        if (!st->typed) {
            llm_output_string(out, a, 3, j, f[3]);
            llm_output_string(out, a, 4, j, f[4]);
        }

        llm_vercel_call(a, st, j, part);
        return;
    }

    if (llm_json_starts(j, f[0], "reasoning")) {
        llm_output_string(out, a, 2, j, f[1]);
        llm_output_string(out, a, 2, j, f[2]);
        return;
    }

    if (llm_json_starts(j, f[0], "text")) {
        llm_output_string(out, a, 1, j, f[1]);
        llm_output_string(out, a, 1, j, f[2]);
    }
}


/* {"unified":"length","raw":"max_tokens"}, or as text */

static void
llm_vercel_reason(llm_answer_t *a, const llm_json_t *j, uint32_t reason)
{
    if (llm_kind_of(j, reason) == LLM_JSON_OBJECT) {
        reason = llm_json_get(j, reason, "unified");
    }

    if (llm_json_starts(j, reason, "length")) {
        a->truncated = 1;
    }
}


/* what a whole answer and the last part of a stream have in common */

static int
llm_vercel_end(llm_answer_t *a, const llm_json_t *j)
{
    uint32_t  f[3];

    static const char * const  names[] = {
        "usage", "providerMetadata", "finishReason"
    };

    llm_json_fields(j, 0, names, 3, f);

    llm_vercel_usage(a, j, f[0], f[1]);
    llm_vercel_grounding(a, j, f[1]);
    llm_vercel_reason(a, j, f[2]);

    a->finished = 1;

    /* of a ranking none is said: what was counted of the request holds */

    if (a->kind == LLM_KIND_RERANK && a->q) {
        a->usage.queries = a->q->most.queries;
    }

    if (llm_vercel_metadata(a, j, f[1]) != LLM_OK) {
        return LLM_ERROR;
    }

    llm_answer_served(a);

    return LLM_OK;
}


static int
llm_vercel_whole(llm_answer_t *a, llm_plain_t *plain, const llm_json_t *j)
{
    uint32_t                i, content;
    llm_vercel_state_t     *st;
    const llm_json_node_t  *v;

    v = j->nodes;
    st = (llm_vercel_state_t *) plain;

    if (llm_kind_of(j, 0) != LLM_JSON_OBJECT) {
        return LLM_OK;
    }

    content = llm_json_get(j, 0, "content");

    for (i = content + 1; llm_kind_of(j, content) == LLM_JSON_ARRAY
         && i < llm_json_next(j, content); i = v[i].next)
    {
        llm_vercel_said(a, st, j, i);
    }

    llm_output_value(&plain->output, a, 4, j, llm_json_get(j, 0, "answers"));

    a->error |= llm_given(j, llm_json_get(j, 0, "error"));

    i = llm_json_get(j, 0, "response");

    if (llm_answer_keep(a, j, llm_json_get(j, i, "modelId"), &a->model)
        != LLM_OK
        || llm_answer_keep(a, j, llm_json_get(j, 0, "model"), &a->model)
           != LLM_OK)
    {
        return LLM_ERROR;
    }

    return llm_vercel_end(a, j);
}


static int
llm_vercel_piece(llm_answer_t *a, llm_plain_t *plain, const llm_json_t *j)
{
    uint32_t  type;

    type = llm_json_get(j, 0, "type");

    if (llm_json_starts(j, type, "response-metadata")) {
        return llm_answer_keep(a, j, llm_json_get(j, 0, "modelId"),
                               &a->model);
    }

    if (llm_json_starts(j, type, "finish")) {
        return llm_vercel_end(a, j);
    }

    if (llm_json_starts(j, type, "error")) {
        a->error = 1;
        return LLM_OK;
    }

    llm_vercel_said(a, (llm_vercel_state_t *) plain, j, 0);

    return LLM_OK;
}


/* the state is made as large as it is here, before any other asks for it */

int
llm_vercel_answer(llm_answer_t *a, const llm_json_t *j)
{
    return llm_answer_state(a, sizeof(llm_vercel_state_t)) == NULL
           ? LLM_ERROR : llm_plain_answer(a, j, llm_vercel_whole);
}


int
llm_vercel_event(llm_answer_t *a, const llm_str_t *type,
    const llm_str_t *data)
{
    (void) type;

    return llm_answer_state(a, sizeof(llm_vercel_state_t)) == NULL
           ? LLM_ERROR : llm_plain_event(a, data, llm_vercel_piece);
}
