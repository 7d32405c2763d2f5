
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _VOCAB_FIXTURE_H_INCLUDED_
#define _VOCAB_FIXTURE_H_INCLUDED_


/* a counter with a real vocabulary, or NULL where none has been made */

#include <stdio.h>

#include "llm_arena.h"
#include "llm_provider.h"


static inline llm_counter_t *
counter(void)
{
    void                  *mem;
    char                   path[512], err[256];
    const char            *dir;
    static llm_counter_t   c;

    if (c.vocab) {
        return &c;
    }

    dir = getenv("LLM_VOCAB_DIR");
    snprintf(path, sizeof(path), "%s/o200k_base.llmv",
             dir ? dir : "build/vocab");

    if (llm_vocab_open((llm_vocab_t **) &c.vocab, path, err, sizeof(err)) != 0
        || posix_memalign(&mem, 64, llm_scratch_size()) != 0)
    {
        print_message("# %s\n", err);
        return NULL;
    }

    c.scratch = llm_scratch_init(mem, llm_scratch_size());
    c.count = llm_counter_plain;

    return &c;
}


#endif /* _VOCAB_FIXTURE_H_INCLUDED_ */
