
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_skim.h"

#include <string.h>


static void
llm_skim_put(llm_skim_t *s, unsigned char c)
{
    if (s->omit || s->full) {
        return;
    }

    if (s->value && s->len - s->mark == LLM_SKIM_VALUE) {
        s->omit = 1;
        return;
    }

    /* a value that turns out too long needs room for "null" */

    if (s->len + sizeof("null") > LLM_SKIM_MAX) {
        s->full = 1;
        return;
    }

    s->buf[s->len++] = c;
}


/* the comma or brace behind a member of the object */

static void
llm_skim_end_member(llm_skim_t *s)
{
    if (s->omit) {
        memcpy(s->buf + s->mark, "null", 4);
        s->len = s->mark + 4;
        s->omit = 0;
    }

    s->value = 0;
}


/* a byte outside of strings */

static void
llm_skim_token(llm_skim_t *s, unsigned char c)
{
    switch (c) {

    case ' ': case '\t': case '\r': case '\n':
        return;

    case '"':
        s->string = 1;
        break;

    case '{': case '[':
        s->depth++;
        break;

    case '}': case ']':
        if (s->depth == 1) {
            llm_skim_end_member(s);
            s->ended = 1;
        }

        s->depth -= (s->depth > 0);
        break;

    case ',':
        if (s->depth == 1) {
            llm_skim_end_member(s);
        }

        break;

    case ':':
        if (s->depth == 1) {
            llm_skim_put(s, c);
            s->mark = s->len;
            s->value = 1;
            return;
        }
    }

    llm_skim_put(s, c);
}


void
llm_skim_feed(llm_skim_t *s, const unsigned char *p, size_t len)
{
    const unsigned char  *last;

    for (last = p + len; p < last; p++) {

        if (!s->string) {
            llm_skim_token(s, *p);
            continue;
        }

        llm_skim_put(s, *p);

        if (s->escape) {
            s->escape = 0;

        } else if (*p == '\\') {
            s->escape = 1;

        } else if (*p == '"') {
            s->string = 0;
        }
    }
}


int
llm_skim_finish(llm_skim_t *s)
{
    if (s->full) {
        return LLM_LIMIT;
    }

    return (s->ended && s->depth == 0) ? LLM_OK : LLM_BAD;
}
