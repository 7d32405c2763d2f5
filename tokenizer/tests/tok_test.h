/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * What the unit tests of the library share: two vocabularies, a scratch, and
 * room for a text and its ids.
 */

#ifndef TOK_TEST_H_INCLUDED_
#define TOK_TEST_H_INCLUDED_


#include "../include/llm_tokenizer.h"
#include "../src/llm_tok_piece.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>


#define TEST_ROOM  (1 << 20)

static llm_vocab_t    *o200k;
static llm_vocab_t    *cl100k;
static llm_scratch_t  *scratch;
static char            text[TEST_ROOM];


static inline void
test_path(char *path, size_t size, const char *name)
{
    const char  *dir;

    dir = getenv("LLM_VOCAB_DIR");
    (void) snprintf(path, size, "%s/%s.llmv", dir ? dir : ".", name);
}


static inline llm_vocab_t *
test_open(const char *name)
{
    char          path[1024], err[1200];
    llm_vocab_t  *v;

    test_path(path, sizeof(path), name);

    if (llm_vocab_open(&v, path, err, sizeof(err)) != 0) {
        (void) fprintf(stderr, "%s\n", err);
        exit(1);
    }

    return v;
}


static inline size_t
test_count(const char *s)
{
    return llm_count(o200k, scratch, s, strlen(s));
}


static inline size_t
test_fill(const char *unit, size_t n)
{
    size_t  i, len;

    len = strlen(unit);

    for (i = 0; i < n; i++) {
        text[i] = unit[i % len];
    }

    return n;
}


static inline size_t
test_random(size_t n, unsigned seed)
{
    size_t             i;
    static const char  set[] = "ab cdeST'\n 19!/,.\xc3\xa9\xe4\xb8\xad";

    for (i = 0; i < n; i++) {
        seed = seed * 1103515245 + 12345;
        text[i] = set[(seed >> 16) % (sizeof(set) - 1)];
    }

    return n;
}


static inline void
test_begin(void)
{
    o200k = test_open("o200k_base");
    cl100k = test_open("cl100k_base");
    scratch = llm_scratch_init(aligned_alloc(64, (llm_scratch_size() + 63)
                                                 / 64 * 64),
                               llm_scratch_size());
}


static inline void
test_end(void)
{
    llm_vocab_close(o200k);
    llm_vocab_close(cl100k);
    free(scratch);
}


#endif /* TOK_TEST_H_INCLUDED_ */
