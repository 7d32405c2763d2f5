
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_lines.h"

#include <string.h>


/* a whole line without its LF; end is where it ends in the input */

static int
llm_lines_line(llm_lines_t *l, const unsigned char *p, size_t len, size_t end)
{
    llm_str_t  type, text;

    while (len && (p[len - 1] == '\r' || p[len - 1] == ' ')) {
        len--;
    }

    while (len && *p == ' ') {
        p++;
        len--;
    }

    if (len == 0) {
        return LLM_OK;
    }

    if (len > LLM_SSE_MAX) {
        l->dropped++;
        return LLM_OK;
    }

    l->events++;

    llm_str_set(&type, "");
    text.data = (unsigned char *) p;
    text.len = len;

    return l->handler(l->data, &type, &text, end);
}


/* the input ends inside a line */

static int
llm_lines_carry(llm_lines_t *l, const unsigned char *p, size_t len)
{
    if (l->skip) {
        return LLM_OK;
    }

    if (len > LLM_SSE_MAX - l->carry.len) {
        l->carry.len = 0;
        l->skip = 1;
        l->dropped++;

        return LLM_OK;
    }

    return llm_carry_add(&l->carry, l->mem, p, len);
}


int
llm_lines_feed(llm_lines_t *l, const unsigned char *data, size_t len)
{
    int                   rc;
    const unsigned char  *p, *lf, *last;

    last = data + len;

    for (p = data; p < last; p = lf + 1) {

        lf = memchr(p, '\n', last - p);

        if (lf == NULL) {
            return llm_lines_carry(l, p, last - p);
        }

        if (l->skip) {
            l->skip = 0;
            continue;
        }

        if (l->carry.len == 0) {
            rc = llm_lines_line(l, p, lf - p, lf + 1 - data);

        } else {
            rc = llm_lines_carry(l, p, lf - p);

            if (rc == LLM_OK && !l->skip) {
                rc = llm_lines_line(l, l->carry.data, l->carry.len,
                                    lf + 1 - data);
            }

            l->carry.len = 0;
            l->skip = 0;
        }

        if (rc != LLM_OK) {
            return rc;
        }
    }

    return LLM_OK;
}


int
llm_lines_finish(llm_lines_t *l)
{
    size_t  len;

    len = l->carry.len;

    l->carry.len = 0;
    l->skip = 0;

    return llm_lines_line(l, l->carry.data, len, 0);
}
