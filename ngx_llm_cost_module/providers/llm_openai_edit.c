
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai.h"
#include "llm_responses.h"
#include "llm_media.h"

#include <stdio.h>
#include <string.h>


/*
 * What is written into a request, and what is written to a client instead of
 * an answer.  Edits are splices: the bytes between them stay what they were.
 */


/* a splice of literal text; kept in the order of their places */

static void
llm_openai_splice(llm_edits_t *e, size_t start, size_t end,
    const llm_str_t *text)
{
    unsigned  i;

    if (e->n == LLM_EDITS) {
        return;
    }

    for (i = e->n++; i > 0 && e->e[i - 1].start > start; i--) {
        e->e[i] = e->e[i - 1];
    }

    e->e[i].start = start;
    e->e[i].end = end;
    e->e[i].text = *text;
}


/* the value of a node becomes text */

static void
llm_openai_replace(llm_request_t *q, llm_edits_t *e, uint32_t node,
    const llm_str_t *text)
{
    const llm_json_node_t  *v;

    v = llm_json_node(&q->json, node);

    llm_openai_splice(e, v->start, v->end, text);
}


/*
 * A member in front of an object's first one: it can not come after a copy of
 * itself, since parse() has refused a name that occurs twice.
 */

static int
llm_openai_add_member(llm_request_t *q, llm_edits_t *e, uint32_t obj,
    const char *member)
{
    size_t                  len;
    llm_str_t               text;
    const llm_json_node_t  *v;

    v = llm_json_node(&q->json, obj);
    len = strlen(member);

    text.data = llm_alloc(q->mem, len + 1);
    if (text.data == NULL) {
        return LLM_ERROR;
    }

    memcpy(text.data, member, len);
    text.len = len;

    if (v->next > obj + 1) {
        text.data[text.len++] = ',';
    }

    llm_openai_splice(e, v->start + 1, v->start + 1, &text);

    return LLM_OK;
}


static int
llm_openai_edit_usage(llm_request_t *q, llm_edits_t *e, const uint32_t *f)
{
    uint32_t                node, options;
    static const llm_str_t  yes = llm_string("true");
    static const llm_str_t  whole = llm_string("{\"include_usage\":true}");

    options = f[LLM_OPENAI_STREAM_OPTIONS];

    if (options == LLM_JSON_NONE) {
        return llm_openai_add_member(q, e, 0,
                                 "\"stream_options\":{\"include_usage\":true}");
    }

    if (!llm_openai_given(&q->json, options)) {
        llm_openai_replace(q, e, options, &whole);
        return LLM_OK;
    }

    node = llm_json_get(&q->json, options, "include_usage");

    if (node == LLM_JSON_NONE) {
        return llm_openai_add_member(q, e, options, "\"include_usage\":true");
    }

    llm_openai_replace(q, e, node, &yes);

    return LLM_OK;
}


/*
 * OpenAI's reasoning models refuse max_tokens, and most servers that speak
 * the dialect know nothing but max_tokens: the model's name decides.
 */

static llm_openai_field_e
llm_openai_max_field(const llm_str_t *model)
{
    switch (llm_openai_family(model)) {

    case LLM_OPENAI_O_SERIES:
    case LLM_OPENAI_GPT5:
        return LLM_OPENAI_MAX_COMPLETION;

    default:
        return LLM_OPENAI_MAX_TOKENS;
    }
}


/* a maximum that is there is lowered where it is above; 1: it was there */

static int
llm_openai_edit_lower(llm_request_t *q, llm_edits_t *e, uint32_t node,
    const llm_str_t *text)
{
    int64_t  v;

    if (!llm_openai_given(&q->json, node)) {
        return 0;
    }

    if (llm_json_int(&q->json, node, &v) != LLM_OK || v > e->set_max_output) {
        llm_openai_replace(q, e, node, text);
    }

    return 1;
}


static int
llm_openai_edit_max(llm_request_t *q, llm_edits_t *e, const uint32_t *f)
{
    int                  there;
    char                 buf[64];
    llm_str_t            text;
    const llm_str_t     *model;
    llm_openai_field_e   field;

    text.data = llm_alloc(q->mem, sizeof("9223372036854775807"));
    if (text.data == NULL) {
        return LLM_ERROR;
    }

    text.len = sprintf((char *) text.data, "%lld",
                       (long long) e->set_max_output);

    there = llm_openai_edit_lower(q, e, f[LLM_OPENAI_MAX_TOKENS], &text);
    there |= llm_openai_edit_lower(q, e, f[LLM_OPENAI_MAX_COMPLETION], &text);

    if (there) {
        return LLM_OK;
    }

    model = e->set_model.len ? &e->set_model : &q->model;
    field = llm_openai_max_field(model);

    if (f[field] != LLM_JSON_NONE) {
        llm_openai_replace(q, e, f[field], &text);
        return LLM_OK;
    }

    snprintf(buf, sizeof(buf), "\"%s\":%lld",
             field == LLM_OPENAI_MAX_TOKENS ? "max_tokens"
                                            : "max_completion_tokens",
             (long long) e->set_max_output);

    return llm_openai_add_member(q, e, 0, buf);
}


/* a model that the path names cannot be changed in the body */

int
llm_openai_edit_model(llm_request_t *q, llm_edits_t *e, uint32_t node)
{
    llm_str_t  text;

    if (llm_kind_of(&q->json, node) != LLM_JSON_STRING) {
        return LLM_OK;
    }

    text.len = llm_json_escape(NULL, &e->set_model);

    text.data = llm_alloc(q->mem, text.len);
    if (text.data == NULL) {
        return LLM_ERROR;
    }

    llm_json_escape(text.data, &e->set_model);
    llm_openai_replace(q, e, node, &text);

    return LLM_OK;
}


int
llm_openai_edit(llm_request_t *q, llm_edits_t *e)
{
    int       rc;
    uint32_t  f[LLM_OPENAI_FIELDS];

    if (q->kind == LLM_KIND_RESPONSES) {
        return llm_responses_edit(q, e);
    }

    e->n = 0;
    rc = LLM_OK;

    if (llm_media_is(q->kind) || q->route.step) {
        return LLM_OK;
    }

    llm_openai_fields(&q->json, f);

    if (e->inject_usage && q->can_inject) {
        rc = llm_openai_edit_usage(q, e, f);
    }

    if (rc == LLM_OK && e->set_max_output > 0 && q->can_fit) {
        rc = llm_openai_edit_max(q, e, f);
    }

    if (rc == LLM_OK && e->set_model.len) {
        rc = llm_openai_edit_model(q, e, f[LLM_OPENAI_MODEL]);
    }

    return rc;
}


/*
 * The types are those that OpenAI's SDKs turn into their own exceptions; the
 * code is what a program may decide upon.
 */

static const char *
llm_openai_error_type(llm_refuse_e why)
{
    switch (why) {

    case LLM_REFUSE_BUDGET:
        return "insufficient_quota";

    case LLM_REFUSE_STORE:
        return "server_error";

    case LLM_REFUSE_UPSTREAM:
    case LLM_REFUSE_NOT_CACHED:
        return "api_error";

    default:
        return "invalid_request_error";
    }
}


static size_t
llm_openai_error_text(unsigned char *buf, size_t len, const char *text)
{
    size_t  n;

    n = strlen(text);

    if (buf) {
        memcpy(buf + len, text, n);
    }

    return len + n;
}


/* a string, or null where it is empty */

static size_t
llm_openai_error_string(unsigned char *buf, size_t len, const llm_str_t *s)
{
    if (s->len == 0) {
        return llm_openai_error_text(buf, len, "null");
    }

    len = llm_openai_error_text(buf, len, "\"");
    len += llm_json_escape(buf ? buf + len : NULL, s);

    return llm_openai_error_text(buf, len, "\"");
}


size_t
llm_openai_error(unsigned char *buf, const llm_refusal_t *f)
{
    size_t  len;

    len = llm_openai_error_text(buf, 0, "{\"error\":{\"message\":\"");
    len += llm_json_escape(buf ? buf + len : NULL, &f->message);
    len = llm_openai_error_text(buf, len, "\",\"type\":\"");
    len = llm_openai_error_text(buf, len, llm_openai_error_type(f->why));
    len = llm_openai_error_text(buf, len, "\",\"param\":");
    len = llm_openai_error_string(buf, len, &f->param);
    len = llm_openai_error_text(buf, len, ",\"code\":");
    len = llm_openai_error_string(buf, len, &f->code);

    return llm_openai_error_text(buf, len, "}}");
}
