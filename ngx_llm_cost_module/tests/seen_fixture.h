
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _SEEN_FIXTURE_H_INCLUDED_
#define _SEEN_FIXTURE_H_INCLUDED_


/* a counter of which a token is a byte, and which keeps the texts */

#include "openai_fixture.h"


typedef struct {
    llm_counter_t   counter;
    char            text[1 << 20];
    size_t          len;
    size_t          calls;
} seen_t;

static seen_t  seen;


static inline size_t
see(llm_counter_t *c, const unsigned char *text, size_t len)
{
    seen_t  *s;

    s = c->data;
    s->calls++;

    assert_true(len > 0);

    if (s->len + len + 2 < sizeof(s->text)) {
        memcpy(s->text + s->len, text, len);
        s->len += len;
        s->text[s->len++] = '|';
        s->text[s->len] = '\0';
    }

    return len;
}


/* counts, and returns the tokens that are not of texts */

static inline int64_t
count_at(const char *path, llm_kind_e kind, const char *body, int estimate)
{
    fixture_t  f;

    memset(&seen, 0, sizeof(seen));
    seen.counter.count = see;
    seen.counter.data = &seen;

    request_at(&f, path, kind, body);

    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(llm_openai.count(&f.q, &seen.counter), LLM_OK);
    assert_int_equal(f.q.estimate, estimate);
    done(&f);

    return f.q.input_tokens - (int64_t) (seen.len - seen.calls);
}


#endif /* _SEEN_FIXTURE_H_INCLUDED_ */
