
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_values.h"

#include <string.h>


/* the bytes that can end a number or a word */

static int
llm_values_space(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}


/* a byte between values; it may begin one */

static void
llm_values_between(llm_values_t *v, unsigned char c)
{
    if (llm_values_space(c)) {
        v->scalar = 0;
        return;
    }

    if (v->ended) {
        v->broken = 1;
        return;
    }

    switch (c) {

    case '{':
        v->depth = 1;
        break;

    case '[':
        if (v->begun) {
            v->depth = 1;

        } else {
            v->array = 1;
        }

        break;

    case ',':
        v->scalar = 0;
        v->broken = !v->array;
        break;

    case ']':
        v->scalar = 0;
        v->ended = v->array;
        v->broken = !v->array;
        break;

    case '"':
        /* a string by itself is of no use, but has to be got over */

        v->string = v->array;
        v->broken = !v->array;
        break;

    default:
        v->scalar = v->array;
        v->broken = !v->array
                    || !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
                         || c == '-' || c == '+' || c == '.' || c == 'E');
    }

    v->begun = 1;
}


/* a byte of a value, or of a string between values */

static void
llm_values_inside(llm_values_t *v, unsigned char c)
{
    if (v->string) {

        if (v->escape) {
            v->escape = 0;

        } else if (c == '\\') {
            v->escape = 1;

        } else if (c == '"') {
            v->string = 0;
        }

        return;
    }

    switch (c) {

    case '"':
        v->string = 1;
        break;

    case '{': case '[':
        v->depth++;
        break;

    case '}': case ']':
        v->depth--;
    }
}


/* a part of a value that ends with this input, or goes on in the next */

static int
llm_values_keep(llm_values_t *v, const unsigned char *p, size_t len)
{
    if (v->skip) {
        return LLM_OK;
    }

    if (len > LLM_SSE_MAX - v->carry.len) {
        v->carry.len = 0;
        v->skip = 1;

        return LLM_OK;
    }

    return llm_carry_add(&v->carry, v->mem, p, len);
}


/* a whole value: what is carried of it, then [p, p + len) */

static int
llm_values_emit(llm_values_t *v, const unsigned char *p, size_t len,
    size_t end)
{
    int        rc;
    llm_str_t  type, text;

    if (v->carry.len || v->skip || len > LLM_SSE_MAX) {
        rc = llm_values_keep(v, p, len);

        text.data = v->carry.data;
        text.len = v->carry.len;

    } else {
        rc = LLM_OK;
        text.data = (unsigned char *) p;
        text.len = len;
    }

    if (rc == LLM_OK && !v->skip) {
        v->events++;

        llm_str_set(&type, "");
        rc = v->handler(v->data, &type, &text, end);

    } else if (v->skip) {
        v->dropped++;
    }

    v->carry.len = 0;
    v->skip = 0;

    return rc;
}


int
llm_values_feed(llm_values_t *v, const unsigned char *data, size_t len)
{
    int                   rc;
    const unsigned char  *p, *start, *last;

    last = data + len;
    start = v->depth ? data : NULL;

    for (p = data; p < last && !v->broken; p++) {

        if (v->depth == 0 && !v->string) {
            llm_values_between(v, *p);

            if (v->depth) {
                start = p;
            }

            continue;
        }

        llm_values_inside(v, *p);

        if (v->depth || start == NULL) {
            continue;
        }

        rc = llm_values_emit(v, start, p + 1 - start, p + 1 - data);
        start = NULL;

        if (rc != LLM_OK) {
            return rc;
        }
    }

    return (start && !v->broken) ? llm_values_keep(v, start, last - start)
                                 : LLM_OK;
}


int
llm_values_whole(const llm_values_t *v)
{
    return !v->broken && v->begun && v->depth == 0 && !v->string && !v->scalar
           && v->array == v->ended;
}
