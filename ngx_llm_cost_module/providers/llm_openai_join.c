
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai_join.h"

#include <string.h>


/*
 * The document that a stream stands for.  Pieces of text are put one behind
 * the other, calls of tools are told apart by their index, of everything else
 * one value is kept.  Two chunks that say different things about a member that
 * is not text make no document: whether the later one replaces the former or
 * goes behind it, only its maker knows.
 */

static int
llm_openai_pieces_add(llm_openai_join_t *s, llm_openai_pieces_t *p,
    const llm_json_t *j, uint32_t node)
{
    llm_str_t  inside;

    if (node == LLM_JSON_NONE) {
        return LLM_OK;
    }

    p->named = 1;

    if (llm_kind_of(j, node) == LLM_JSON_NULL) {
        return LLM_OK;
    }

    if (llm_kind_of(j, node) != LLM_JSON_STRING) {
        return LLM_DECLINED;
    }

    if (!p->given) {
        p->given = 1;
        llm_text_init(&p->text, s->mem, s->max);
    }

    inside = llm_form_inside(j, node);
    llm_text_str(&p->text, &inside);

    return p->text.rc;
}


/* a value that comes once, or again and the same; null and "" are none */

static int
llm_openai_join_once(llm_str_t *to, const llm_json_t *j, uint32_t node)
{
    llm_str_t  value;

    if (!llm_given(j, node)) {
        return LLM_OK;
    }

    value = llm_form_raw(j, node);

    if (value.len == 2 && value.data[0] == '"' && to->len) {
        return LLM_OK;
    }

    if (to->len > 2 && !llm_form_same(to, &value)) {
        return LLM_DECLINED;
    }

    *to = value;

    return LLM_OK;
}


static int
llm_openai_join_function(llm_openai_join_t *s, llm_openai_tool_t *t,
    const llm_json_t *j, uint32_t node)
{
    int       rc;
    uint32_t  f[2];

    static const char * const  names[] = { "name", "arguments" };

    if (!llm_given(j, node)) {
        return LLM_OK;
    }

    rc = llm_form_members(j, node, names, 2, f, NULL, NULL);

    if (rc == LLM_OK) {
        rc = llm_openai_join_once(&t->name, j, f[0]);
    }

    if (rc == LLM_OK) {
        rc = llm_openai_pieces_add(s, &t->arguments, j, f[1]);
    }

    t->begun = 1;

    return rc;
}


static llm_openai_tool_t *
llm_openai_join_tool_at(llm_openai_join_t *s, llm_openai_part_t *p,
    uint32_t i)
{
    unsigned            size;
    llm_openai_tool_t  *tools;

    if (i >= p->size) {

        for (size = p->size ? p->size : 2; size <= i; size *= 2) {
            /* void */
        }

        tools = llm_alloc(s->mem, size * sizeof(llm_openai_tool_t));
        if (tools == NULL) {
            return NULL;
        }

        memset(tools, 0, size * sizeof(llm_openai_tool_t));

        if (p->ntools) {
            memcpy(tools, p->tools, p->ntools * sizeof(llm_openai_tool_t));
        }

        p->tools = tools;
        p->size = size;
    }

    if (i >= p->ntools) {
        p->ntools = i + 1;
    }

    return &p->tools[i];
}


static int
llm_openai_join_tool(llm_openai_join_t *s, llm_openai_part_t *p,
    const llm_json_t *j, uint32_t node)
{
    int                 rc;
    int64_t             index;
    uint32_t            f[4];
    llm_openai_tool_t  *t;

    static const char * const  names[] = { "index", "id", "type",
                                           "function" };

    if (!llm_form_is(j, node, LLM_JSON_OBJECT)) {
        return LLM_DECLINED;
    }

    f[0] = llm_json_get(j, node, "index");

    if (!llm_form_is(j, f[0], LLM_JSON_NUMBER)
        || llm_json_int(j, f[0], &index) != LLM_OK || index < 0
        || index >= LLM_FORM_CHOICES)
    {
        return LLM_DECLINED;
    }

    t = llm_openai_join_tool_at(s, p, (uint32_t) index);
    if (t == NULL) {
        return LLM_ERROR;
    }

    rc = llm_form_members(j, node, names, 4, f, &t->extra, s->mem);

    if (rc == LLM_OK) {
        rc = llm_openai_join_once(&t->id, j, f[1]);
    }

    if (rc == LLM_OK) {
        rc = llm_openai_join_once(&t->type, j, f[2]);
    }

    if (rc == LLM_OK) {
        rc = llm_openai_join_function(s, t, j, f[3]);
    }

    return rc;
}


static int
llm_openai_join_tools(llm_openai_join_t *s, llm_openai_part_t *p,
    const llm_json_t *j, uint32_t node)
{
    int                     rc;
    uint32_t                i;
    const llm_json_node_t  *v;

    v = j->nodes;

    if (!llm_given(j, node)) {
        return LLM_OK;
    }

    if (llm_kind_of(j, node) != LLM_JSON_ARRAY) {
        return LLM_DECLINED;
    }

    for (i = node + 1; i < llm_json_next(j, node); i = v[i].next) {
        rc = llm_openai_join_tool(s, p, j, i);
        if (rc != LLM_OK) {
            return rc;
        }
    }

    return LLM_OK;
}


static int
llm_openai_join_delta(llm_openai_join_t *s, llm_openai_part_t *p,
    const llm_json_t *j, uint32_t node)
{
    int       rc;
    unsigned  i;
    uint32_t  f[9];

    /* the last is a number for each piece of text, and means nothing more */

    static const char * const  names[] = {
        LLM_OPENAI_SAYINGS, "role", "tool_calls", "function_call", "audio",
        "token_id"
    };

    if (!llm_given(j, node)) {
        return LLM_OK;
    }

    rc = llm_form_members(j, node, names, 9, f, &p->message, s->mem);

    for (i = 0; i < LLM_OPENAI_SAY_N && rc == LLM_OK; i++) {
        rc = llm_openai_pieces_add(s, &p->say[i], j, f[i]);
    }

    if (rc == LLM_OK) {
        rc = llm_openai_join_once(&p->role, j, f[4]);
    }

    if (rc == LLM_OK) {
        rc = llm_openai_join_tools(s, p, j, f[5]);
    }

    if (rc == LLM_OK) {
        rc = llm_openai_join_function(s, &p->function, j, f[6]);
    }

    if (rc == LLM_OK && llm_form_is(j, f[7], LLM_JSON_OBJECT)) {
        rc = LLM_DECLINED;
    }

    return rc;
}


/* what is between the brackets of an array, behind what there is */

static int
llm_openai_join_elements(llm_openai_join_t *s, llm_openai_pieces_t *p,
    const llm_json_t *j, uint32_t node)
{
    llm_str_t  raw;

    if (!llm_given(j, node)) {
        return LLM_OK;
    }

    if (llm_kind_of(j, node) != LLM_JSON_ARRAY) {
        return LLM_DECLINED;
    }

    if (!p->given) {
        p->given = 1;
        llm_text_init(&p->text, s->mem, s->max);
    }

    if (llm_json_next(j, node) == node + 1) {
        return LLM_OK;
    }

    if (p->text.len) {
        llm_text_put(&p->text, ",");
    }

    raw = llm_form_raw(j, node);
    llm_text_add(&p->text, raw.data + 1, raw.len - 2);

    return p->text.rc;
}


static int
llm_openai_join_probs(llm_openai_join_t *s, llm_openai_part_t *p,
    const llm_json_t *j, uint32_t node)
{
    int       rc;
    uint32_t  f[2];

    static const char * const  names[] = { "content", "refusal" };

    if (!llm_given(j, node)) {
        return LLM_OK;
    }

    rc = llm_form_members(j, node, names, 2, f, NULL, NULL);

    if (rc == LLM_OK) {
        rc = llm_openai_join_elements(s, &p->probs[0], j, f[0]);
    }

    if (rc == LLM_OK) {
        rc = llm_openai_join_elements(s, &p->probs[1], j, f[1]);
    }

    return rc;
}


static int
llm_openai_join_part(llm_openai_join_t *s, const llm_json_t *j,
    uint32_t node, llm_openai_part_t **part)
{
    int64_t   index;
    unsigned  i;

    index = 0;

    if (node != LLM_JSON_NONE
        && (llm_kind_of(j, node) != LLM_JSON_NUMBER
            || llm_json_int(j, node, &index) != LLM_OK || index < 0
            || index >= LLM_FORM_CHOICES))
    {
        return LLM_DECLINED;
    }

    for (i = 0; i < s->n && s->parts[i]->index != index; i++) { /* void */ }

    if (i == s->n) {

        if (s->n == LLM_FORM_CHOICES) {
            return LLM_DECLINED;
        }

        s->parts[i] = llm_alloc(s->mem, sizeof(llm_openai_part_t));
        if (s->parts[i] == NULL) {
            return LLM_ERROR;
        }

        memset(s->parts[i], 0, sizeof(llm_openai_part_t));
        s->parts[i]->index = index;
        s->n++;
    }

    *part = s->parts[i];

    return LLM_OK;
}


static int
llm_openai_join_again(const llm_json_t *j, uint32_t delta, uint32_t text)
{
    llm_str_t  one, two;

    if (!llm_form_is(j, delta, LLM_JSON_OBJECT)) {
        return 0;
    }

    one = llm_form_inside(j, llm_json_get(j, delta, "content"));
    two = llm_form_inside(j, text);

    return llm_form_same(&one, &two);
}


static int
llm_openai_join_choice(llm_openai_join_t *s, const llm_json_t *j,
    uint32_t node)
{
    int                 rc;
    uint32_t            f[6];
    llm_openai_part_t  *p;

    static const char * const  names[] = { "index", "delta", "finish_reason",
                                           "logprobs", "text", "message" };

    if (!llm_form_is(j, node, LLM_JSON_OBJECT)) {
        return LLM_DECLINED;
    }

    rc = llm_openai_join_part(s, j, llm_json_get(j, node, "index"), &p);

    if (rc == LLM_OK) {
        rc = llm_form_members(j, node, names, 6, f, &p->extra, s->mem);
    }

    if (rc != LLM_OK) {
        return rc;
    }

    /* some say the same once more as the text of a completion */

    if (llm_form_is(j, f[5], LLM_JSON_OBJECT)
        || (s->completion ? f[1] != LLM_JSON_NONE
                          : f[4] != LLM_JSON_NONE
                            && !llm_openai_join_again(j, f[1], f[4])))
    {
        return LLM_DECLINED;
    }

    rc = llm_openai_join_delta(s, p, j, f[1]);

    if (rc == LLM_OK) {
        rc = llm_openai_join_once(&p->finish, j, f[2]);
    }

    if (rc == LLM_OK) {
        rc = s->completion ? llm_openai_join_once(&p->plain, j, f[3])
                           : llm_openai_join_probs(s, p, j, f[3]);
    }

    if (rc == LLM_OK && s->completion) {
        rc = llm_openai_pieces_add(s, &p->text, j, f[4]);
    }

    return rc;
}


/* of the members around the choices the last one holds, of usage too */

static int
llm_openai_join_top(llm_openai_join_t *s, const llm_json_t *j,
    const uint32_t *f)
{
    unsigned   i;
    llm_str_t  value;

    for (i = 0; i < LLM_OPENAI_TOP_N; i++) {

        if (!llm_given(j, f[i])) {
            continue;
        }

        value = llm_form_raw(j, f[i]);

        switch (i) {

        case LLM_OPENAI_TOP_ERROR:
            return LLM_DECLINED;

        case LLM_OPENAI_TOP_ID:
        case LLM_OPENAI_TOP_MODEL:
        case LLM_OPENAI_TOP_CREATED:

            /* Azure begins with empty ones */

            if (s->top[i].len > 2) {
                continue;
            }

            break;

        case LLM_OPENAI_TOP_USAGE:
            if (llm_kind_of(j, f[i]) != LLM_JSON_OBJECT) {
                return LLM_DECLINED;
            }

            break;
        }

        s->top[i] = value;
    }

    return LLM_OK;
}


static int
llm_openai_join_event(void *data, const llm_form_event_t *e)
{
    llm_openai_join_t *s = data;

    int                     rc;
    uint32_t                i, choices, f[LLM_OPENAI_TOP_N];
    const llm_json_node_t  *v;

    if (e->j == NULL) {
        return llm_form_done(e) ? LLM_OK : LLM_DECLINED;
    }

    rc = llm_form_members(e->j, 0, llm_openai_top, LLM_OPENAI_TOP_N, f,
                          &s->extra, s->mem);

    if (rc == LLM_OK) {
        rc = llm_openai_join_top(s, e->j, f);
    }

    choices = f[LLM_OPENAI_TOP_CHOICES];

    if (rc != LLM_OK || choices == LLM_JSON_NONE) {
        return rc;
    }

    v = e->j->nodes;

    if (llm_kind_of(e->j, choices) != LLM_JSON_ARRAY) {
        return LLM_DECLINED;
    }

    for (i = choices + 1; rc == LLM_OK && i < llm_json_next(e->j, choices);
         i = v[i].next)
    {
        rc = llm_openai_join_choice(s, e->j, i);
    }

    return rc;
}


int
llm_openai_join(const llm_request_t *q, const llm_str_t *body,
    llm_text_t *out)
{
    int                 rc;
    llm_openai_join_t  *s;

    s = llm_alloc(q->mem, sizeof(llm_openai_join_t));
    if (s == NULL) {
        return LLM_ERROR;
    }

    memset(s, 0, sizeof(llm_openai_join_t));

    s->mem = q->mem;
    s->max = out->max;
    s->completion = (q->kind == LLM_KIND_COMPLETION);

    rc = llm_form_events(body, q->mem, llm_openai_join_event, s);

    return rc == LLM_OK ? llm_openai_join_put(s, out) : rc;
}
