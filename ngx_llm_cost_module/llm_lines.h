
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_LINES_H_INCLUDED_
#define _LLM_LINES_H_INCLUDED_


/*
 * An incremental reader of NDJSON: a line, a value.  It has the handler of
 * llm_sse.h; the type of an event is empty.  What straddles pieces of input is
 * copied, up to LLM_SSE_MAX bytes; a line above that is dropped and counted.
 * Empty lines are none; the last one needs no end (llm_lines_finish()).
 */

#include "llm_carry.h"
#include "llm_sse.h"


typedef struct {
    llm_sse_event_pt   handler;
    void              *data;
    llm_mem_t         *mem;

    uint64_t           events;
    uint64_t           dropped;

    /* private; all zero is the state before the first byte */
    llm_carry_t        carry;
    unsigned           skip:1;         /* the rest of a line too long */
} llm_lines_t;


int llm_lines_feed(llm_lines_t *l, const unsigned char *data, size_t len);
int llm_lines_finish(llm_lines_t *l);


#endif /* _LLM_LINES_H_INCLUDED_ */
