
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_form.h"
#include "llm_sse.h"

#include <stdio.h>
#include <string.h>


#define LLM_TEXT_FIRST  256


typedef struct {
    llm_sse_t             sse;
    llm_json_t            json;
    llm_mem_t            *mem;
    const llm_str_t      *body;
    llm_form_event_pt     handler;
    void                 *data;
    unsigned              ended:1;      /* nothing more is fed */
} llm_form_walk_t;


llm_form_t
llm_form_wanted(const llm_request_t *q)
{
    llm_form_t  form;

    form.framing = q->framing ? q->framing
                   : q->stream ? LLM_FRAMING_SSE : LLM_FRAMING_JSON;
    form.usage = q->stream && q->usage_asked;

    return form;
}


void
llm_text_init(llm_text_t *t, llm_mem_t *mem, size_t max)
{
    memset(t, 0, sizeof(llm_text_t));

    t->mem = mem;
    t->max = max;
}


static int
llm_text_room(llm_text_t *t, size_t n)
{
    size_t          size;
    unsigned char  *p;

    if (t->rc != LLM_OK) {
        return 0;
    }

    if (n > t->max - t->len) {
        t->rc = LLM_LIMIT;
        return 0;
    }

    if (n <= t->size - t->len) {
        return 1;
    }

    size = t->size ? t->size : LLM_TEXT_FIRST;

    while (size - t->len < n) {
        size *= 2;
    }

    p = llm_alloc(t->mem, size);
    if (p == NULL) {
        t->rc = LLM_ERROR;
        return 0;
    }

    if (t->len) {
        memcpy(p, t->data, t->len);
    }

    t->data = p;
    t->size = size;

    return 1;
}


void
llm_text_add(llm_text_t *t, const void *p, size_t n)
{
    if (n && llm_text_room(t, n)) {
        memcpy(t->data + t->len, p, n);
        t->len += n;
    }
}


void
llm_text_put(llm_text_t *t, const char *s)
{
    llm_text_add(t, s, strlen(s));
}


void
llm_text_str(llm_text_t *t, const llm_str_t *s)
{
    llm_text_add(t, s->data, s->len);
}


void
llm_text_number(llm_text_t *t, int64_t n)
{
    char  buf[sizeof("-9223372036854775808")];

    snprintf(buf, sizeof(buf), "%lld", (long long) n);

    llm_text_put(t, buf);
}


void
llm_text_value(llm_text_t *t, const llm_str_t *value)
{
    size_t                i;
    const unsigned char  *p;

    for (p = value->data, i = 0; i < value->len; i++) {

        if (value->data[i] == '\n' || value->data[i] == '\r') {
            llm_text_add(t, p, value->data + i - p);
            p = value->data + i + 1;
        }
    }

    if (value->len) {
        llm_text_add(t, p, value->data + value->len - p);
    }
}


void
llm_text_escape(llm_text_t *t, const llm_str_t *s)
{
    size_t  n;

    n = llm_json_escape(NULL, s);

    if (n && llm_text_room(t, n)) {
        t->len += llm_json_escape(t->data + t->len, s);
    }
}


llm_str_t
llm_form_raw(const llm_json_t *j, uint32_t node)
{
    unsigned                quote;
    llm_str_t               s;
    const llm_json_node_t  *v;

    if (node == LLM_JSON_NONE) {
        s.len = 0;
        s.data = NULL;

        return s;
    }

    v = llm_json_node(j, node);
    quote = (v->type == LLM_JSON_STRING);

    s.data = (unsigned char *) j->data + v->start - quote;
    s.len = v->end - v->start + 2 * quote;

    return s;
}


llm_str_t
llm_form_inside(const llm_json_t *j, uint32_t node)
{
    llm_str_t               s;
    const llm_json_node_t  *v;

    s.len = 0;
    s.data = NULL;

    if (llm_form_is(j, node, LLM_JSON_STRING)) {
        v = llm_json_node(j, node);
        s.data = (unsigned char *) j->data + v->start;
        s.len = v->end - v->start;
    }

    return s;
}


int
llm_form_same(const llm_str_t *one, const llm_str_t *two)
{
    return one->len == two->len
           && (one->len == 0 || memcmp(one->data, two->data, one->len) == 0);
}


int
llm_form_is(const llm_json_t *j, uint32_t node, unsigned type)
{
    return node != LLM_JSON_NONE && llm_kind_of(j, node) == type;
}


static int
llm_extra_put(llm_extra_t **list, llm_mem_t *mem, const llm_json_t *j,
    uint32_t key, unsigned again)
{
    unsigned      n, null;
    llm_str_t     name, value;
    llm_extra_t  *e;

    null = (llm_kind_of(j, key + 1) == LLM_JSON_NULL);

    name = llm_form_inside(j, key);
    value = llm_form_raw(j, key + 1);

    if (!again
        && (null || (value.len == 2 && memcmp(value.data, "{}", 2) == 0)))
    {
        return LLM_OK;
    }

    n = 0;

    for (e = *list; e; e = e->next) {

        if (llm_form_same(&e->name, &name)) {

            if (!again && !llm_form_same(&e->value, &value)) {
                return LLM_DECLINED;
            }

            if (!null) {
                e->value = value;
            }

            return LLM_OK;
        }

        if (++n == LLM_FORM_CHOICES) {
            return LLM_DECLINED;
        }

        list = &e->next;
    }

    e = llm_alloc(mem, sizeof(llm_extra_t));
    if (e == NULL) {
        return LLM_ERROR;
    }

    e->name = name;
    e->value = value;
    e->next = NULL;
    *list = e;

    return LLM_OK;
}


int
llm_extra_keep(llm_extra_t **list, llm_mem_t *mem, const llm_json_t *j,
    uint32_t key)
{
    return llm_extra_put(list, mem, j, key, 0);
}


int
llm_extra_set(llm_extra_t **list, llm_mem_t *mem, const llm_json_t *j,
    uint32_t key)
{
    return llm_extra_put(list, mem, j, key, 1);
}


void
llm_extra_write(llm_text_t *t, const llm_extra_t *list)
{
    for ( /* void */ ; list; list = list->next) {
        llm_text_put(t, ",\"");
        llm_text_str(t, &list->name);
        llm_text_put(t, "\":");
        llm_text_value(t, &list->value);
    }
}


int
llm_form_members(const llm_json_t *j, uint32_t obj,
    const char * const *names, unsigned n, uint32_t *values,
    llm_extra_t **list, llm_mem_t *mem)
{
    int                     rc;
    uint32_t                key;
    unsigned                i;
    const llm_json_node_t  *v;

    for (i = 0; i < n; i++) {
        values[i] = LLM_JSON_NONE;
    }

    if (!llm_form_is(j, obj, LLM_JSON_OBJECT)) {
        return LLM_DECLINED;
    }

    v = j->nodes;

    for (key = obj + 1; key < llm_json_next(j, obj); key = v[key + 1].next) {

        for (i = 0; i < n && !llm_json_equal(j, key, names[i]); i++) {
            /* void */
        }

        if (i < n) {
            if (values[i] != LLM_JSON_NONE) {
                return LLM_DECLINED;
            }

            values[i] = key + 1;
            continue;
        }

        if (list == NULL) {
            if (v[key + 1].type != LLM_JSON_NULL) {
                return LLM_DECLINED;
            }

            continue;
        }

        rc = llm_extra_keep(list, mem, j, key);
        if (rc != LLM_OK) {
            return rc;
        }
    }

    return LLM_OK;
}


void
llm_form_object(llm_text_t *t, const llm_json_t *j, uint32_t obj,
    const llm_form_swap_t *swap)
{
    unsigned                i, n;
    uint32_t                key;
    llm_str_t               s;
    const llm_json_node_t  *v;

    v = j->nodes;
    n = 0;

    llm_text_put(t, "{");

    for (key = obj + 1; key < llm_json_next(j, obj); key = v[key + 1].next) {

        for (i = 0; swap[i].name && !llm_json_equal(j, key, swap[i].name);
             i++)
        {
            /* void */
        }

        if (swap[i].name && swap[i].value == NULL) {
            continue;
        }

        s = llm_form_raw(j, key);
        llm_text_put(t, n++ ? "," : "");
        llm_text_str(t, &s);
        llm_text_put(t, ":");

        if (swap[i].name) {
            llm_text_put(t, swap[i].value);

        } else {
            s = llm_form_raw(j, key + 1);
            llm_text_value(t, &s);
        }
    }

    llm_text_put(t, "}");
}


/* what is in the body stays; what the reader has put together is copied */

static int
llm_form_stay(const llm_form_walk_t *w, llm_str_t *s)
{
    unsigned char  *p;

    if (s->len == 0
        || (s->data >= w->body->data
            && s->data < w->body->data + w->body->len))
    {
        return LLM_OK;
    }

    p = llm_alloc(w->mem, s->len);
    if (p == NULL) {
        return LLM_ERROR;
    }

    memcpy(p, s->data, s->len);
    s->data = p;

    return LLM_OK;
}


static int
llm_form_walk(void *data, const llm_str_t *type, const llm_str_t *text,
    size_t end)
{
    llm_form_walk_t *w = data;

    int               rc;
    llm_form_event_t  e;

    if (text->len == 0) {
        return LLM_OK;
    }

    e.type = *type;
    e.text = *text;
    e.start = w->sse.start;
    e.end = w->ended ? w->body->len : end;
    e.j = &w->json;

    if (llm_form_stay(w, &e.text) != LLM_OK) {
        return LLM_ERROR;
    }

    rc = llm_json_parse(&w->json, e.text.data, e.text.len);

    if (rc == LLM_ERROR) {
        return LLM_ERROR;
    }

    if (rc != LLM_OK) {
        e.j = NULL;
    }

    return w->handler(w->data, &e);
}


int
llm_form_events(const llm_str_t *body, llm_mem_t *mem,
    llm_form_event_pt handler, void *data)
{
    int              rc;
    llm_form_walk_t  w;

    memset(&w, 0, sizeof(llm_form_walk_t));

    w.mem = mem;
    w.body = body;
    w.handler = handler;
    w.data = data;
    w.json.mem = mem;
    w.sse.mem = mem;
    w.sse.handler = llm_form_walk;
    w.sse.data = &w;

    rc = llm_sse_feed(&w.sse, body->data, body->len);

    if (rc == LLM_OK) {
        w.ended = 1;
        rc = llm_sse_finish(&w.sse);
    }

    if (rc == LLM_OK && w.sse.dropped) {
        rc = LLM_DECLINED;
    }

    return rc;
}


int
llm_form_done(const llm_form_event_t *e)
{
    return e->text.len == 6 && memcmp(e->text.data, "[DONE]", 6) == 0;
}


int
llm_form_document(const llm_str_t *body, llm_mem_t *mem, llm_json_t *j,
    unsigned array)
{
    int  rc;

    memset(j, 0, sizeof(llm_json_t));
    j->mem = mem;

    rc = llm_json_parse(j, body->data, body->len);

    if (rc == LLM_ERROR) {
        return LLM_ERROR;
    }

    return (rc == LLM_OK
            && j->nodes[0].type == (array ? LLM_JSON_ARRAY : LLM_JSON_OBJECT))
           ? LLM_OK : LLM_DECLINED;
}
