
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_bedrock.h"
#include "llm_json_lex.h"
#include "llm_path.h"

#include <string.h>


/*
 * Answers.  Figures of usage come by many names, in many places, and for some
 * models in the answer's header alone; the last one said holds, figure by
 * figure.  Input stands beside what the cache read and wrote, but for makers
 * that follow OpenAI.
 */

#define LLM_BEDROCK_EVENT_NODES  65536


/* figures, as they are said */

typedef enum {
    LLM_BEDROCK_IN = 0,
    LLM_BEDROCK_OUT,
    LLM_BEDROCK_READ,
    LLM_BEDROCK_WRITE,
    LLM_BEDROCK_WRITE_1H,
    LLM_BEDROCK_THOUGHT,
    LLM_BEDROCK_FIGURES
} llm_bedrock_figure_e;


typedef struct {
    llm_json_t      json;              /* of an event; nodes are kept */
    llm_json_t      inner;             /* of what a chunk holds */
    unsigned char  *text;              /* a chunk, decoded */
    size_t          size;
    llm_output_t    output;
    int64_t         v[LLM_BEDROCK_FIGURES];
    unsigned        within:1;          /* cached input is part of input */
    unsigned        stopped:1;
} llm_bedrock_state_t;


typedef struct {
    const char            *name;
    llm_bedrock_figure_e   figure;
} llm_bedrock_name_t;


static const llm_bedrock_name_t  llm_bedrock_figures[] = {
    { "inputTokens", LLM_BEDROCK_IN },
    { "inputTokenCount", LLM_BEDROCK_IN },
    { "input_tokens", LLM_BEDROCK_IN },
    { "inputTextTokenCount", LLM_BEDROCK_IN },
    { "prompt_token_count", LLM_BEDROCK_IN },
    { "prompt_tokens", LLM_BEDROCK_IN },
    { "outputTokens", LLM_BEDROCK_OUT },
    { "outputTokenCount", LLM_BEDROCK_OUT },
    { "output_tokens", LLM_BEDROCK_OUT },
    { "totalOutputTextTokenCount", LLM_BEDROCK_OUT },
    { "generation_token_count", LLM_BEDROCK_OUT },
    { "completion_tokens", LLM_BEDROCK_OUT },
    { "cacheReadInputTokens", LLM_BEDROCK_READ },
    { "cacheReadInputTokenCount", LLM_BEDROCK_READ },
    { "cache_read_input_tokens", LLM_BEDROCK_READ },
    { "cacheWriteInputTokens", LLM_BEDROCK_WRITE },
    { "cacheWriteInputTokenCount", LLM_BEDROCK_WRITE },
    { "cache_creation_input_tokens", LLM_BEDROCK_WRITE }
};

#define LLM_BEDROCK_NAMES                                                     \
    (sizeof(llm_bedrock_figures) / sizeof(llm_bedrock_name_t))


/* headers of an answer to invoke */

static const llm_bedrock_name_t  llm_bedrock_headers_in[] = {
    { "x-amzn-bedrock-input-token-count", LLM_BEDROCK_IN },
    { "x-amzn-bedrock-output-token-count", LLM_BEDROCK_OUT },
    { "x-amzn-bedrock-cache-read-input-token-count", LLM_BEDROCK_READ },
    { "x-amzn-bedrock-cache-write-input-token-count", LLM_BEDROCK_WRITE }
};


static llm_bedrock_state_t *
llm_bedrock_state(llm_answer_t *a)
{
    int                   i, fresh;
    llm_bedrock_state_t  *st;

    fresh = (a->state == NULL);

    st = llm_answer_state(a, sizeof(llm_bedrock_state_t));

    if (st && fresh) {
        for (i = 0; i < LLM_BEDROCK_FIGURES; i++) {
            st->v[i] = -1;
        }

        st->json.mem = a->mem;
        st->json.max = LLM_BEDROCK_EVENT_NODES;
        st->inner.mem = a->mem;
        st->inner.max = LLM_BEDROCK_EVENT_NODES;
    }

    return st;
}


static void
llm_bedrock_take(llm_bedrock_state_t *st, llm_bedrock_figure_e figure,
    int64_t v)
{
    if (v >= 0 || (v == LLM_UNUSABLE && st->v[figure] < 0)) {
        st->v[figure] = v;
    }
}


/* what was said, in the terms of all providers */

static void
llm_bedrock_apply(llm_answer_t *a, llm_bedrock_state_t *st)
{
    int64_t  *v, written;

    v = st->v;
    written = v[LLM_BEDROCK_WRITE];

    if (v[LLM_BEDROCK_IN] < 0 && v[LLM_BEDROCK_OUT] < 0) {
        return;
    }

    a->usage_seen = 1;

    a->usage.input = llm_said(v[LLM_BEDROCK_IN]);
    a->usage.output = llm_said(v[LLM_BEDROCK_OUT]);
    a->usage.cached_input = llm_said(v[LLM_BEDROCK_READ]);
    a->usage.cache_write = llm_said(written);
    a->usage.cache_write_1h = llm_said(v[LLM_BEDROCK_WRITE_1H]);
    a->usage.reasoning = llm_said(v[LLM_BEDROCK_THOUGHT]);

    /* what is written for an hour is named twice, or is all of it */

    if (v[LLM_BEDROCK_WRITE_1H] > 0 && written != LLM_UNUSABLE) {
        written = (written > v[LLM_BEDROCK_WRITE_1H])
                  ? written : v[LLM_BEDROCK_WRITE_1H];
        a->usage.cache_write = written - v[LLM_BEDROCK_WRITE_1H];
    }

    if (!st->within && a->usage.input >= 0) {
        a->usage.input = llm_sum(a->usage.input, v[LLM_BEDROCK_READ]);
        a->usage.input = llm_said(llm_sum(a->usage.input, written));
    }

    if (!llm_kind_has_output(a->kind) && a->usage.output < 0) {
        a->usage.output = 0;
    }
}


/* the tier that it was served in: of invoke the header says it */

static int
llm_bedrock_tier(llm_answer_t *a, const llm_str_t *tier)
{
    unsigned char  *p;

    if (tier == NULL || tier->len == 0) {
        return LLM_OK;
    }

    p = llm_alloc(a->mem, tier->len);
    if (p == NULL) {
        return LLM_ERROR;
    }

    memcpy(p, tier->data, tier->len);

    a->service_tier.data = p;
    a->service_tier.len = tier->len;

    return LLM_OK;
}


int
llm_bedrock_headers(llm_answer_t *a, const llm_headers_t *h)
{
    size_t                 i;
    const llm_str_t       *s;
    llm_bedrock_state_t   *st;

    st = llm_bedrock_state(a);
    if (st == NULL) {
        return LLM_ERROR;
    }

    for (i = 0; i < sizeof(llm_bedrock_headers_in)
                    / sizeof(llm_bedrock_name_t); i++)
    {
        s = h->get(h->ctx, llm_bedrock_headers_in[i].name);

        if (s) {
            llm_bedrock_take(st, llm_bedrock_headers_in[i].figure,
                             llm_answer_figure_text(a, s));
        }
    }

    llm_bedrock_apply(a, st);

    /* "optimized" was asked for and there was room for it: it costs more */

    s = h->get(h->ctx, "x-amzn-bedrock-performanceconfig-latency");

    if (s) {
        a->usage.fast = (s->len == 9 && memcmp(s->data, "optimized", 9) == 0);
    }

    return llm_bedrock_tier(a, h->get(h->ctx, "x-amzn-bedrock-service-tier"));
}


/* what was written for an hour, in the words of Converse and of Claude */

static void
llm_bedrock_ttl(llm_answer_t *a, llm_bedrock_state_t *st, const llm_json_t *j,
    uint32_t obj)
{
    uint32_t  list;

    list = llm_answer_part(a, j, llm_json_get(j, obj, "cacheDetails"),
                           LLM_JSON_ARRAY);

    if (list != LLM_JSON_NONE) {
        llm_bedrock_take(st, LLM_BEDROCK_WRITE_1H,
                         llm_bedrock_hour(a, j, list));
    }

    llm_bedrock_take(st, LLM_BEDROCK_WRITE_1H,
                     llm_bedrock_of(a, j, obj, "cache_creation",
                                    "ephemeral_1h_input_tokens"));
    llm_bedrock_take(st, LLM_BEDROCK_THOUGHT,
                     llm_bedrock_of(a, j, obj, "output_tokens_details",
                                    "thinking_tokens"));
}


/* members of OpenAI's kind of usage, which has its own idea of input */

static void
llm_bedrock_openai(llm_answer_t *a, llm_bedrock_state_t *st,
    const llm_json_t *j, uint32_t obj)
{
    if (!llm_given(j, llm_json_get(j, obj, "prompt_tokens"))) {
        return;
    }

    st->within = 1;

    llm_bedrock_take(st, LLM_BEDROCK_READ,
                     llm_bedrock_of(a, j, obj, "prompt_tokens_details",
                                    "cached_tokens"));
    llm_bedrock_take(st, LLM_BEDROCK_THOUGHT,
                     llm_bedrock_of(a, j, obj, "completion_tokens_details",
                                    "reasoning_tokens"));
}


static void
llm_bedrock_usage(llm_answer_t *a, llm_bedrock_state_t *st,
    const llm_json_t *j, uint32_t obj)
{
    size_t    k;
    uint32_t  i;

    if (llm_answer_part(a, j, obj, LLM_JSON_OBJECT) == LLM_JSON_NONE) {
        return;
    }

    for (i = obj + 1; i < llm_json_next(j, obj); i = llm_json_next(j, i + 1)) {

        for (k = 0; k < LLM_BEDROCK_NAMES; k++) {

            if (llm_json_equal(j, i, llm_bedrock_figures[k].name)) {
                llm_bedrock_take(st, llm_bedrock_figures[k].figure,
                                 llm_answer_addend(a, j, i + 1));
            }
        }
    }

    llm_bedrock_ttl(a, st, j, obj);
    llm_bedrock_openai(a, st, j, obj);
}


/* which model answered, and at which rates; f as of llm_bedrock_read() */

static int
llm_bedrock_terms(llm_answer_t *a, const llm_json_t *j, const uint32_t *f)
{
    uint32_t  latency;

    if (llm_answer_keep(a, j, f[4], &a->model) != LLM_OK
        || llm_bedrock_chosen(a, j, f[10]) != LLM_OK
        || llm_answer_keep(a, j, llm_json_get(j, f[8], "type"),
                           &a->service_tier) != LLM_OK
        || llm_answer_keep(a, j, llm_json_get(j, f[1], "model"), &a->model)
           != LLM_OK)
    {
        return LLM_ERROR;
    }

    latency = llm_json_get(j, f[9], "latency");

    if (llm_kind_of(j, latency) == LLM_JSON_STRING) {
        a->usage.fast = llm_json_equal(j, latency, "optimized");
    }

    return LLM_OK;
}


/* a whole answer of invoke or converse, or what one chunk of a stream holds */

static int
llm_bedrock_read(llm_answer_t *a, llm_bedrock_state_t *st, const llm_json_t *j)
{
    unsigned  i;
    uint32_t  f[11];

    static const char * const  names[] = {
        "usage", "message", "metadata", "amazon-bedrock-invocationMetrics",
        "model", "messageStop", "delta", "error", "serviceTier",
        "performanceConfig", "trace"
    };

    if (llm_kind_of(j, 0) != LLM_JSON_OBJECT) {
        return LLM_OK;
    }

    llm_json_fields(j, 0, names, 11, f);

    if (llm_bedrock_terms(a, j, f) != LLM_OK) {
        return LLM_ERROR;
    }

    llm_bedrock_usage(a, st, j, 0);
    llm_bedrock_take(st, LLM_BEDROCK_OUT, llm_bedrock_results(a, j));
    llm_bedrock_pictures(a, j);

    if (llm_kind_of(j, f[1]) == LLM_JSON_STRING) {
        f[1] = LLM_JSON_NONE;                     /* the text of an error */
    }

    for (i = 0; i < 4; i++) {
        llm_bedrock_usage(a, st, j, f[i]);
        llm_bedrock_usage(a, st, j, llm_json_get(j, f[i], "usage"));
    }

    llm_bedrock_apply(a, st);

    st->stopped |= llm_bedrock_ends(a, j, 0);
    st->stopped |= llm_bedrock_ends(a, j, f[5]);
    st->stopped |= llm_bedrock_ends(a, j, f[6]);

    if (llm_given(j, f[3])) {
        a->finished = 1;
    }

    if (llm_given(j, f[7])) {
        a->error = 1;
    }

    if (a->counter) {
        llm_bedrock_out(a, &st->output, j, 0, 0);
    }

    return LLM_OK;
}


/* the JSON that is in a chunk as base64; LLM_OK, LLM_BAD, LLM_ERROR */

static int
llm_bedrock_decode(llm_answer_t *a, llm_bedrock_state_t *st, uint32_t node,
    llm_str_t *s)
{
    size_t                  len;
    llm_str_t               data;
    const llm_json_node_t  *v;

    v = llm_json_node(&st->json, node);
    len = v->end - v->start;

    data.data = (unsigned char *) st->json.data + v->start;
    data.len = len;

    if (len > st->size) {

        st->text = llm_alloc(a->mem, len * 2);
        if (st->text == NULL) {
            st->size = 0;
            return LLM_ERROR;
        }

        st->size = len * 2;
    }

    /* a slash may be an escape; what is decoded is never ahead of its text */

    if (v->escaped) {
        data.len = llm_json_decode(st->text, data.data, data.data + len);
        data.data = st->text;
    }

    s->data = st->text;
    s->len = llm_base64(st->text, &data);

    return (s->len || len == 0) ? LLM_OK : LLM_BAD;
}


static int
llm_bedrock_chunk(llm_answer_t *a, llm_bedrock_state_t *st)
{
    int        rc;
    uint32_t   node;
    llm_str_t  s;

    node = llm_json_get(&st->json, 0, "bytes");

    if (llm_answer_part(a, &st->json, node, LLM_JSON_STRING) == LLM_JSON_NONE) {
        return LLM_OK;
    }

    rc = llm_bedrock_decode(a, st, node, &s);

    if (rc == LLM_OK) {
        rc = llm_json_parse(&st->inner, s.data, s.len);
    }

    if (rc == LLM_OK) {
        (void) llm_answer_part(a, &st->inner, 0, LLM_JSON_OBJECT);
        rc = llm_bedrock_read(a, st, &st->inner);
    }

    /* what is no base64, or no JSON, may have been the usage */

    a->usage_bad |= (rc != LLM_OK);

    return (rc == LLM_ERROR) ? LLM_ERROR : LLM_OK;
}


static int
llm_bedrock_named(const llm_str_t *type, const char *name)
{
    return type->len == strlen(name)
           && memcmp(type->data, name, type->len) == 0;
}


int
llm_bedrock_event(llm_answer_t *a, const llm_str_t *type,
    const llm_str_t *data)
{
    int                   rc;
    llm_bedrock_state_t  *st;

    a->stream = 1;

    st = llm_bedrock_state(a);
    if (st == NULL) {
        return LLM_ERROR;
    }

    if (llm_bedrock_named(type, "error")) {
        a->error = 1;
        return LLM_EVENT_PASS;
    }

    rc = llm_json_parse(&st->json, data->data, data->len);

    if (rc == LLM_OK) {
        (void) llm_answer_part(a, &st->json, 0, LLM_JSON_OBJECT);
    }

    if (rc == LLM_OK && llm_bedrock_named(type, "chunk")) {
        rc = llm_bedrock_chunk(a, st);

    } else if (rc == LLM_OK) {
        rc = llm_bedrock_read(a, st, &st->json);

        if (llm_bedrock_named(type, "metadata")) {
            a->finished = 1;
        }
    }

    return (rc == LLM_ERROR) ? LLM_ERROR : LLM_EVENT_PASS;
}


void
llm_bedrock_finish(llm_answer_t *a)
{
    llm_bedrock_state_t  *st;

    st = a->state;

    if (st) {
        a->finished |= st->stopped;
        a->counted_output = llm_output_tokens(&st->output);
    }
}


int
llm_bedrock_answer(llm_answer_t *a, const llm_json_t *j)
{
    llm_bedrock_state_t  *st;

    if (a->kind == LLM_KIND_MODERATION) {
        return llm_bedrock_guard_answer(a, j);
    }

    st = llm_bedrock_state(a);

    if (st == NULL || llm_bedrock_read(a, st, j) != LLM_OK) {
        return LLM_ERROR;
    }

    /* makers say in many places why they ended, and what is whole has */

    if (a->usage_seen && !a->error) {
        a->finished = 1;
    }

    /* how many searches it was, no answer says */

    if (a->kind == LLM_KIND_RERANK && a->q && a->q->bounded) {
        a->usage.queries = a->q->most.queries;
    }

    llm_bedrock_finish(a);

    return LLM_OK;
}
