
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai.h"

#include <string.h>


/*
 * Text in the making: what OpenAI puts together from a request before it is
 * tokenized.  JSON inside of it is written as Python writes it.
 */


int
llm_openai_grow(llm_openai_text_t *t, size_t n)
{
    size_t          size;
    unsigned char  *data;

    if (t->failed) {
        return 0;
    }

    for (size = t->size ? t->size * 2 : 1024; size < t->len + n; ) {
        size *= 2;
    }

    data = llm_alloc(t->mem, size);
    if (data == NULL) {
        t->failed = 1;
        return 0;
    }

    if (t->len) {
        memcpy(data, t->data, t->len);
    }

    t->data = data;
    t->size = size;

    return 1;
}


void
llm_openai_put_string(llm_openai_text_t *t, const llm_json_t *j, uint32_t node)
{
    size_t                  len;
    llm_str_t               s;
    const llm_json_node_t  *v;

    if (llm_kind_of(j, node) != LLM_JSON_STRING) {
        return;
    }

    v = llm_json_node(j, node);
    len = v->end - v->start;

    if (!v->escaped) {
        llm_openai_put(t, j->data + v->start, len);

    } else if (llm_openai_reserve(t, len)) {
        llm_json_string(j, node, &s, t->data + t->len);
        t->len += s.len;
    }
}


/* the string of a node as JSON writes it, with its quotes */

static void
llm_openai_quote(llm_openai_text_t *t, const llm_json_t *j, uint32_t node,
    unsigned flags)
{
    size_t  from;

    llm_openai_puts(t, "\"");
    from = t->len;
    llm_openai_put_string(t, j, node);

    /* what needed no escape there needs none here */

    if (llm_json_node(j, node)->escaped || (flags & LLM_OPENAI_ASCII)) {
        llm_openai_escape(t, from, flags);
    }

    llm_openai_puts(t, "\"");
}


void
llm_openai_insert(llm_openai_text_t *t, size_t at, const char *s)
{
    size_t  n;

    n = strlen(s);

    if (llm_openai_reserve(t, n)) {
        memmove(t->data + at + n, t->data + at, t->len - at);
        memcpy(t->data + at, s, n);
        t->len += n;
    }
}


static void
llm_openai_put_hex(llm_openai_text_t *t, unsigned c)
{
    unsigned char      d[6];
    static const char  hex[] = "0123456789abcdef";

    d[0] = '\\';
    d[1] = 'u';
    d[2] = (unsigned char) hex[(c >> 12) & 15];
    d[3] = (unsigned char) hex[(c >> 8) & 15];
    d[4] = (unsigned char) hex[(c >> 4) & 15];
    d[5] = (unsigned char) hex[c & 15];

    llm_openai_put(t, d, 6);
}


/* the character at p, valid UTF-8, as \uXXXX; returns its length */

static size_t
llm_openai_put_ascii(llm_openai_text_t *t, const unsigned char *p)
{
    unsigned  c;

    if (*p < 0xe0) {
        llm_openai_put_hex(t, (p[0] & 0x1f) << 6 | (p[1] & 0x3f));
        return 2;
    }

    if (*p < 0xf0) {
        llm_openai_put_hex(t, (p[0] & 0xf) << 12 | (p[1] & 0x3f) << 6
                              | (p[2] & 0x3f));
        return 3;
    }

    c = (unsigned) (p[0] & 7) << 18 | (p[1] & 0x3f) << 12
        | (p[2] & 0x3f) << 6 | (p[3] & 0x3f);
    c -= 0x10000;

    llm_openai_put_hex(t, 0xd800 + (c >> 10));
    llm_openai_put_hex(t, 0xdc00 + (c & 0x3ff));

    return 4;
}


/*
 * The bytes of t from an offset on become the inside of a JSON string; they
 * are taken out and put back, most often as they were.
 */

void
llm_openai_escape(llm_openai_text_t *t, size_t from, unsigned flags)
{
    size_t              n, k;
    const char         *at;
    unsigned char       d[2], *copy;
    static const char   special[] = "\"\\\b\f\n\r\t", shown[] = "\"\\bfnrt";

    for (n = from; n < t->len; n++) {
        if (t->data[n] < 0x20 || t->data[n] == '"' || t->data[n] == '\\'
            || (t->data[n] >= 0x80 && (flags & LLM_OPENAI_ASCII)))
        {
            break;
        }
    }

    if (n == t->len) {
        return;
    }

    k = t->len - n;

    copy = llm_alloc(t->mem, k);
    if (copy == NULL) {
        t->failed = 1;
        return;
    }

    memcpy(copy, t->data + n, k);
    t->len = n;

    for (n = 0; n < k; ) {

        at = copy[n] ? strchr(special, copy[n]) : NULL;

        if (at) {
            d[0] = '\\';
            d[1] = (unsigned char) shown[at - special];
            llm_openai_put(t, d, 2);
            n++;

        } else if (copy[n] < 0x20) {
            llm_openai_put_hex(t, copy[n]);
            n++;

        } else if (copy[n] >= 0x80 && (flags & LLM_OPENAI_ASCII)) {
            n += llm_openai_put_ascii(t, copy + n);

        } else {
            llm_openai_put(t, copy + n, 1);
            n++;
        }
    }
}


/* what a schema says to a validator, and a model is not shown */

static int
llm_openai_hidden(const llm_json_t *j, uint32_t key)
{
    size_t  i;

    static const char * const  hidden[] = {
        "required", "additionalProperties", "default", "minimum", "maximum",
        "minItems", "maxItems"
    };

    for (i = 0; i < sizeof(hidden) / sizeof(char *); i++) {
        if (llm_json_equal(j, key, hidden[i])) {
            return 1;
        }
    }

    return 0;
}


/* names: the members are properties, which may be called anything */

static void
llm_openai_render_members(llm_openai_text_t *t, const llm_json_t *j,
    uint32_t node, unsigned flags, unsigned names)
{
    uint32_t                i;
    unsigned                object, first, inner;
    const llm_json_node_t  *v;

    v = j->nodes;
    object = (llm_kind_of(j, node) == LLM_JSON_OBJECT);
    first = 1;

    llm_openai_puts(t, object ? "{" : "[");

    for (i = node + 1; i < llm_json_next(j, node); i = v[i].next) {

        if (object && (flags & LLM_OPENAI_SCHEMA) && !names
            && llm_openai_hidden(j, i))
        {
            i++;
            continue;
        }

        if (!first) {
            llm_openai_puts(t, (flags & LLM_OPENAI_SPACED) ? ", " : ",");
        }

        first = 0;
        inner = 0;

        if (object) {
            llm_openai_quote(t, j, i, flags);
            llm_openai_puts(t, (flags & LLM_OPENAI_SPACED) ? ": " : ":");

            inner = (flags & LLM_OPENAI_SCHEMA) && !names
                    && (llm_json_equal(j, i, "properties")
                        || llm_json_equal(j, i, "$defs")
                        || llm_json_equal(j, i, "definitions"));
            i++;
        }

        if (v[i].type == LLM_JSON_OBJECT || v[i].type == LLM_JSON_ARRAY) {
            llm_openai_render_members(t, j, i, flags, inner);

        } else {
            llm_openai_render(t, j, i, flags);
        }
    }

    llm_openai_puts(t, object ? "}" : "]");
}


void
llm_openai_render(llm_openai_text_t *t, const llm_json_t *j, uint32_t node,
    unsigned flags)
{
    const llm_json_node_t  *v;

    if (node == LLM_JSON_NONE) {
        return;
    }

    v = llm_json_node(j, node);

    switch (v->type) {

    case LLM_JSON_OBJECT:
    case LLM_JSON_ARRAY:
        llm_openai_render_members(t, j, node, flags, 0);
        break;

    case LLM_JSON_STRING:
        llm_openai_quote(t, j, node, flags);
        break;

    default:
        llm_openai_put(t, j->data + v->start, v->end - v->start);
    }
}
