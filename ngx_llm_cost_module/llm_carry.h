
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_CARRY_H_INCLUDED_
#define _LLM_CARRY_H_INCLUDED_


/* bytes of a stream that are kept from one piece of input to the next */

#include "llm_core.h"


typedef struct {
    unsigned char   *data;
    size_t           len;
    size_t           size;
} llm_carry_t;


/* LLM_OK, LLM_ERROR: no memory; whoever calls bounds what is kept */

int llm_carry_add(llm_carry_t *c, llm_mem_t *mem, const unsigned char *p,
    size_t len);


#endif /* _LLM_CARRY_H_INCLUDED_ */
