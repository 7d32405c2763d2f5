
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _FUZZ_H_INCLUDED_
#define _FUZZ_H_INCLUDED_


/* memory of one run, each block by itself; what the fuzzers share */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "llm_core.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


#define FUZZ_BLOCKS  65536

typedef struct {
    llm_mem_t   mem;
    void       *blocks[FUZZ_BLOCKS];
    size_t      n;
} fuzz_mem_t;


static inline void *
fuzz_alloc(void *ctx, size_t size)
{
    fuzz_mem_t  *m;

    m = ctx;

    if (m->n == FUZZ_BLOCKS) {
        return NULL;
    }

    m->blocks[m->n] = malloc(size);

    return m->blocks[m->n++];
}


static inline llm_mem_t *
fuzz_begin(fuzz_mem_t *m)
{
    m->n = 0;
    m->mem.alloc = fuzz_alloc;
    m->mem.ctx = m;

    return &m->mem;
}


static inline void
fuzz_end(fuzz_mem_t *m)
{
    while (m->n) {
        free(m->blocks[--m->n]);
    }
}


/* what must hold, in every build */

#define fuzz_assert(x)                                                        \
    do {                                                                      \
        if (!(x)) {                                                           \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x);           \
            abort();                                                          \
        }                                                                     \
    } while (0)


#endif /* _FUZZ_H_INCLUDED_ */
