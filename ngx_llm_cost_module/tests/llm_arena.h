
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_ARENA_H_INCLUDED_
#define _LLM_ARENA_H_INCLUDED_


/*
 * What a pool is in nginx: memory that dies together.  Every block is one
 * malloc() of exactly the size asked for, so that AddressSanitizer sees a byte
 * too many; left bounds the total, to see what happens without memory.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "llm_core.h"


typedef struct llm_block_s  llm_block_t;

struct llm_block_s {
    llm_block_t  *next;
    void         *data;
};

typedef struct {
    llm_mem_t     mem;
    llm_block_t  *blocks;
    size_t        used;
    size_t        left;
} llm_arena_t;


static inline void *
llm_arena_alloc(void *ctx, size_t size)
{
    llm_arena_t  *a;
    llm_block_t  *b;

    a = ctx;

    if (size > a->left) {
        return NULL;
    }

    b = malloc(sizeof(llm_block_t));
    if (b == NULL) {
        return NULL;
    }

    b->data = malloc(size);
    b->next = a->blocks;

    a->blocks = b;
    a->left -= size;
    a->used += size;

    return b->data;
}


static inline void
llm_arena_init(llm_arena_t *a)
{
    memset(a, 0, sizeof(llm_arena_t));

    a->mem.alloc = llm_arena_alloc;
    a->mem.ctx = a;
    a->left = SIZE_MAX;
}


static inline void
llm_arena_free(llm_arena_t *a)
{
    llm_block_t  *b;

    while (a->blocks) {
        b = a->blocks;
        a->blocks = b->next;

        free(b->data);
        free(b);
    }
}


/* a copy with nothing behind its last byte */

static inline unsigned char *
llm_arena_copy(llm_arena_t *a, const void *p, size_t len)
{
    unsigned char  *d;

    d = llm_arena_alloc(a, len);
    assert_true(d != NULL || len == 0);

    if (len) {
        memcpy(d, p, len);
    }

    return d;
}


/* the same numbers on every machine */

static inline uint32_t
llm_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;

    return (uint32_t) (*seed >> 33);
}


#endif /* _LLM_ARENA_H_INCLUDED_ */
