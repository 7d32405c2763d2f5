/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Stands in for llm_tok_regex.c where there is no PCRE2, in programs that use
 * vocabularies with a scanner only.
 */

#include "../src/llm_tok_regex.h"

#include <stdlib.h>


llm_tok_regex_t *
llm_tok_regex_open(const char *patterns, size_t len, char *err,
    size_t errsize)
{
    (void) patterns;
    (void) len;
    (void) err;
    (void) errsize;

    return NULL;
}


void
llm_tok_regex_close(llm_tok_regex_t *r)
{
    (void) r;
}


int
llm_tok_regex_looks_behind(const llm_tok_regex_t *r)
{
    (void) r;

    return 0;
}


void
llm_tok_regex_begin(llm_tok_cursor_t *c, const uint8_t *text,
    const uint8_t *end, int more)
{
    (void) c;
    (void) text;
    (void) end;
    (void) more;
}


const uint8_t *
llm_tok_regex_end(const llm_tok_regex_t *r, struct llm_scratch_s *s,
    llm_tok_cursor_t *c, const uint8_t *p)
{
    (void) r;
    (void) s;
    (void) c;
    (void) p;

    abort();
}
