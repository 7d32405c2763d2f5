
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_anthropic_reform.h"

#include <string.h>


/*
 * The message that a stream stands for: what message_start and message_delta
 * say of it, the later one over the former, and its blocks, each with the
 * deltas that went to it.  How it is written is in llm_anthropic_join_put.c.
 */


/* the members of an object, over those there are; but for one */

static int
llm_anthropic_join_members(llm_anthropic_join_t *s, llm_extra_t **list,
    const llm_json_t *j, uint32_t obj, const char *less, const char *and)
{
    int       rc;
    uint32_t  key;

    if (!llm_form_is(j, obj, LLM_JSON_OBJECT)) {
        return LLM_DECLINED;
    }

    for (key = obj + 1; key < llm_json_next(j, obj);
         key = llm_json_next(j, key + 1))
    {
        if ((less && llm_json_equal(j, key, less))
            || (and && llm_json_equal(j, key, and)))
        {
            continue;
        }

        rc = llm_extra_set(list, s->mem, j, key);
        if (rc != LLM_OK) {
            return rc;
        }
    }

    return LLM_OK;
}


static int
llm_anthropic_join_start(llm_anthropic_join_t *s, const llm_json_t *j)
{
    int       rc;
    uint32_t  message, content;

    message = llm_json_get(j, 0, "message");

    if (s->begun || !llm_form_is(j, message, LLM_JSON_OBJECT)) {
        return LLM_DECLINED;
    }

    s->begun = 1;

    /* what is in it already has no deltas */

    content = llm_json_get(j, message, "content");

    if (!llm_form_is(j, content, LLM_JSON_ARRAY)
        || llm_json_next(j, content) != content + 1)
    {
        return LLM_DECLINED;
    }

    rc = llm_anthropic_join_members(s, &s->members, j, message, "content",
                                    "usage");

    if (rc == LLM_OK) {
        rc = llm_anthropic_join_members(s, &s->usage, j,
                                        llm_json_get(j, message, "usage"),
                                        NULL, NULL);
    }

    return rc;
}


/* what has changed of the message: its members, and those beside them */

static int
llm_anthropic_join_change(llm_anthropic_join_t *s, const llm_json_t *j)
{
    int                     rc;
    uint32_t                key;
    const llm_json_node_t  *v;

    rc = llm_anthropic_join_members(s, &s->members, j,
                                    llm_json_get(j, 0, "delta"), "content",
                                    NULL);

    v = j->nodes;

    for (key = 1; rc == LLM_OK && key < v[0].next; key = v[key + 1].next) {

        if (llm_json_equal(j, key, "usage")) {
            rc = llm_anthropic_join_members(s, &s->usage, j, key + 1, NULL,
                                            NULL);

        } else if (!llm_json_equal(j, key, "type")
                   && !llm_json_equal(j, key, "delta"))
        {
            rc = llm_extra_set(&s->members, s->mem, j, key);
        }
    }

    return rc;
}


/* the block of an event; NULL: none */

static llm_anthropic_block_t *
llm_anthropic_join_block(llm_anthropic_join_t *s, const llm_json_t *j)
{
    int64_t   index;
    uint32_t  node;

    node = llm_json_get(j, 0, "index");

    if (!llm_form_is(j, node, LLM_JSON_NUMBER)
        || llm_json_int(j, node, &index) != LLM_OK || index < 0
        || index >= s->n)
    {
        return NULL;
    }

    return s->blocks[index];
}


static int
llm_anthropic_join_begin(llm_anthropic_join_t *s, const llm_json_t *j)
{
    int                     rc;
    int64_t                 index;
    uint32_t                node, block, citations;
    llm_str_t               inside;
    llm_anthropic_block_t  *b;

    node = llm_json_get(j, 0, "index");
    block = llm_json_get(j, 0, "content_block");

    if (!llm_form_is(j, node, LLM_JSON_NUMBER)
        || llm_json_int(j, node, &index) != LLM_OK || index != s->n
        || s->n == LLM_FORM_ITEMS || !llm_form_is(j, block, LLM_JSON_OBJECT))
    {
        return LLM_DECLINED;
    }

    b = llm_alloc(s->mem, sizeof(llm_anthropic_block_t));
    if (b == NULL) {
        return LLM_ERROR;
    }

    memset(b, 0, sizeof(llm_anthropic_block_t));
    llm_text_init(&b->text, s->mem, s->max);
    llm_text_init(&b->input, s->mem, s->max);
    llm_text_init(&b->citations, s->mem, s->max);

    s->blocks[s->n++] = b;

    rc = llm_anthropic_join_members(s, &b->members, j, block, NULL, NULL);
    if (rc != LLM_OK) {
        return rc;
    }

    /* what it begins with is in front of what the deltas bring */

    inside = llm_form_inside(j, llm_json_get(j, block, "text"));
    llm_text_str(&b->text, &inside);

    inside = llm_form_inside(j, llm_json_get(j, block, "thinking"));
    llm_text_str(&b->text, &inside);

    b->signature = llm_form_inside(j, llm_json_get(j, block, "signature"));

    citations = llm_json_get(j, block, "citations");

    if (llm_form_is(j, citations, LLM_JSON_ARRAY)) {
        inside = llm_form_raw(j, citations);
        llm_text_add(&b->citations, inside.data + 1, inside.len - 2);

        if (llm_json_next(j, citations) == citations + 1) {
            b->citations.len = 0;
        }
    }

    return b->text.rc != LLM_OK ? b->text.rc : b->citations.rc;
}


static int
llm_anthropic_join_piece(llm_text_t *t, const llm_json_t *j, uint32_t node)
{
    llm_str_t  inside;

    if (!llm_form_is(j, node, LLM_JSON_STRING)) {
        return LLM_DECLINED;
    }

    inside = llm_form_inside(j, node);
    llm_text_str(t, &inside);

    return t->rc;
}


static int
llm_anthropic_join_signature(llm_anthropic_block_t *b, const llm_json_t *j,
    uint32_t node)
{
    /* whether a second one goes behind the first nobody says */

    if (b->signature.len || !llm_form_is(j, node, LLM_JSON_STRING)) {
        return LLM_DECLINED;
    }

    b->signature = llm_form_inside(j, node);

    return LLM_OK;
}


static int
llm_anthropic_join_citation(llm_anthropic_block_t *b, const llm_json_t *j,
    uint32_t node)
{
    llm_str_t  value;

    if (node == LLM_JSON_NONE) {
        return LLM_DECLINED;
    }

    value = llm_form_raw(j, node);
    llm_text_put(&b->citations, b->citations.len ? "," : "");
    llm_text_str(&b->citations, &value);

    return b->citations.rc;
}


static int
llm_anthropic_join_delta(llm_anthropic_join_t *s, const llm_json_t *j)
{
    uint32_t                delta, type;
    llm_anthropic_block_t  *b;

    b = llm_anthropic_join_block(s, j);
    delta = llm_json_get(j, 0, "delta");

    if (b == NULL || !llm_form_is(j, delta, LLM_JSON_OBJECT)) {
        return LLM_DECLINED;
    }

    type = llm_json_get(j, delta, "type");

    if (!llm_form_is(j, type, LLM_JSON_STRING)) {
        return LLM_DECLINED;
    }

    if (llm_json_equal(j, type, "text_delta")) {
        return llm_anthropic_join_piece(&b->text, j,
                                        llm_json_get(j, delta, "text"));
    }

    if (llm_json_equal(j, type, "thinking_delta")) {
        return llm_anthropic_join_piece(&b->text, j,
                                        llm_json_get(j, delta, "thinking"));
    }

    if (llm_json_equal(j, type, "input_json_delta")) {
        return llm_anthropic_join_piece(&b->input, j,
                                     llm_json_get(j, delta, "partial_json"));
    }

    if (llm_json_equal(j, type, "signature_delta")) {
        return llm_anthropic_join_signature(b, j,
                                        llm_json_get(j, delta, "signature"));
    }

    if (llm_json_equal(j, type, "citations_delta")) {
        return llm_anthropic_join_citation(b, j,
                                        llm_json_get(j, delta, "citation"));
    }

    return LLM_DECLINED;
}


static int
llm_anthropic_join_event(void *data, const llm_form_event_t *e)
{
    llm_anthropic_join_t *s = data;

    uint32_t           type;
    const llm_json_t  *j;

    j = e->j;

    if (j == NULL || s->ended || llm_kind_of(j, 0) != LLM_JSON_OBJECT) {
        return LLM_DECLINED;
    }

    type = llm_json_get(j, 0, "type");

    if (!llm_form_is(j, type, LLM_JSON_STRING)) {
        return LLM_DECLINED;
    }

    if (llm_json_equal(j, type, "content_block_delta")) {
        return llm_anthropic_join_delta(s, j);
    }

    if (llm_json_equal(j, type, "ping")
        || llm_json_equal(j, type, "content_block_stop"))
    {
        return LLM_OK;
    }

    if (llm_json_equal(j, type, "message_start")) {
        return llm_anthropic_join_start(s, j);
    }

    if (llm_json_equal(j, type, "content_block_start")) {
        return llm_anthropic_join_begin(s, j);
    }

    if (llm_json_equal(j, type, "message_delta")) {
        return llm_anthropic_join_change(s, j);
    }

    if (llm_json_equal(j, type, "message_stop")) {
        s->ended = 1;
        return LLM_OK;
    }

    /* an error, or what came after this was written */

    return LLM_DECLINED;
}


int
llm_anthropic_join(const llm_request_t *q, const llm_str_t *body,
    llm_text_t *out)
{
    int                    rc;
    llm_anthropic_join_t  *s;

    s = llm_alloc(q->mem, sizeof(llm_anthropic_join_t));
    if (s == NULL) {
        return LLM_ERROR;
    }

    memset(s, 0, sizeof(llm_anthropic_join_t));

    s->mem = q->mem;
    s->max = out->max;

    rc = llm_form_events(body, q->mem, llm_anthropic_join_event, s);

    return rc == LLM_OK ? llm_anthropic_join_put(s, out) : rc;
}
