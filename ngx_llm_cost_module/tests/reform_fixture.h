
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _REFORM_FIXTURE_H_INCLUDED_
#define _REFORM_FIXTURE_H_INCLUDED_


/* Kept answers and their other forms. */

#include "llm_arena.h"
#include "llm_form.h"

#include <jansson.h>


typedef struct {
    const llm_provider_t  *provider;
    llm_kind_e             kind;
    unsigned               op;
} reform_t;


#define JSON    LLM_FRAMING_JSON, 0
#define SSE     LLM_FRAMING_SSE, 0
#define USAGE   LLM_FRAMING_SSE, 1
#define ARRAY   LLM_FRAMING_ARRAY, 0


static size_t  reform_left = SIZE_MAX;


/* LLM_*; *out is to be freed, a text that ends with zero */

static inline int
reform_bytes(const reform_t *r, llm_framing_e from, unsigned from_usage,
    llm_framing_e to, unsigned to_usage, const char *body, size_t len,
    char **out, size_t *n)
{
    int            rc;
    char          *copy;
    llm_str_t      in;
    llm_form_t     a, b;
    llm_text_t     text;
    llm_arena_t    arena;
    llm_request_t  q;

    llm_arena_init(&arena);
    arena.left = reform_left;

    memset(&q, 0, sizeof(q));
    q.mem = &arena.mem;
    q.kind = r->kind;
    q.route.op = r->op;

    a.framing = from;
    a.usage = from_usage;
    b.framing = to;
    b.usage = to_usage;

    /* exactly as long as it is */

    copy = malloc(len ? len : 1);
    memcpy(copy, body, len);

    in.data = (unsigned char *) copy;
    in.len = len;

    llm_text_init(&text, &arena.mem, LLM_FORM_MAX(len));

    rc = r->provider->reform(&q, &a, &b, &in, &text);

    *out = NULL;

    if (rc == LLM_OK) {
        *out = malloc(text.len + 1);
        memcpy(*out, text.data, text.len);
        (*out)[text.len] = '\0';
        *n = text.len;
    }

    free(copy);
    llm_arena_free(&arena);

    return rc;
}


/* the other form, or NULL; to be freed */

static inline char *
reform(const reform_t *r, llm_framing_e from, unsigned from_usage,
    llm_framing_e to, unsigned to_usage, const char *body)
{
    int     rc;
    char   *out;
    size_t  n;

    rc = reform_bytes(r, from, from_usage, to, to_usage, body, strlen(body),
                      &out, &n);

    assert_true(rc == LLM_OK || rc == LLM_DECLINED || rc == LLM_LIMIT);

    return out;
}


static inline void
same_json(const char *one, const char *two)
{
    char    *a, *b;
    json_t  *x, *y;

    assert_non_null(one);

    x = json_loads(one, 0, NULL);
    y = json_loads(two, 0, NULL);

    assert_non_null(x);
    assert_non_null(y);

    if (!json_equal(x, y)) {
        a = json_dumps(x, JSON_SORT_KEYS);
        b = json_dumps(y, JSON_SORT_KEYS);
        assert_string_equal(a, b);
    }

    json_decref(x);
    json_decref(y);
}


/* a document as a stream is the document again */

static inline void
there_and_back(const reform_t *r, llm_framing_e stream, unsigned usage,
    const char *document)
{
    char  *there, *back;

    there = reform(r, JSON, stream, usage, document);
    assert_non_null(there);

    back = reform(r, stream, usage, JSON, there);
    same_json(back, document);

    free(there);
    free(back);
}


/*
 * The stored bytes are anybody's: cut anywhere, with any byte another, nothing
 * but one of the results may come of them; with little memory, too.
 */

static inline void
damaged(const reform_t *r, llm_framing_e from, unsigned from_usage,
    llm_framing_e to, unsigned to_usage, const char *body)
{
    int       rc;
    char     *copy, *out;
    size_t    i, n, len;

    static const unsigned char  bytes[] = { '"', '}', ']', ',', '\n', '0',
                                            '\\', '\0', 0xff };

    len = strlen(body);

    for (i = 0; i < len; i++) {
        (void) reform_bytes(r, from, from_usage, to, to_usage, body, i, &out,
                            &n);
        free(out);
    }

    copy = malloc(len + 1);

    for (i = 0; i < len; i++) {
        strcpy(copy, body);
        copy[i] = bytes[i % sizeof(bytes)];

        rc = reform_bytes(r, from, from_usage, to, to_usage, copy, len, &out,
                          &n);
        assert_int_not_equal(rc, LLM_ERROR);
        free(out);
    }

    free(copy);

    for (i = 0; i < 16384; i += 64) {
        reform_left = i;
        (void) reform_bytes(r, from, from_usage, to, to_usage, body, len,
                            &out, &n);
        free(out);
    }

    reform_left = SIZE_MAX;
}


#endif /* _REFORM_FIXTURE_H_INCLUDED_ */
