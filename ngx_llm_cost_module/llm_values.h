
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_VALUES_H_INCLUDED_
#define _LLM_VALUES_H_INCLUDED_


/*
 * An incremental reader of JSON values that come one after another: the
 * elements of one array that grows (Gemini without alt=sse), or objects with
 * white space between them, of any layout.
 *
 *   [{"a":1}      event {"a":1}
 *   ,
 *   {"a":2}]      event {"a":2}
 *
 * It finds where a value ends and no more: what it hands over is JSON if and
 * only if the text was.  Only objects and arrays are handed over, as soon as
 * they are whole; what lies in one piece of input is not copied, the rest up
 * to LLM_SSE_MAX bytes.  A value above that is dropped and counted.  A byte
 * that can stand between no values (an HTML page) ends the reading: broken.
 */

#include "llm_carry.h"
#include "llm_sse.h"


typedef struct {
    llm_sse_event_pt   handler;
    void              *data;
    llm_mem_t         *mem;

    uint64_t           events;
    uint64_t           dropped;
    unsigned           broken:1;

    /* private; all zero is the state before the first byte */
    unsigned           array:1;        /* in the outer array */
    unsigned           begun:1;        /* a value or the array has begun */
    unsigned           ended:1;        /* the outer array has ended */
    unsigned           string:1;
    unsigned           escape:1;
    unsigned           scalar:1;       /* a number or a word, not kept */
    unsigned           skip:1;         /* the value is too long */
    uint64_t           depth;          /* in the value; 0: between values */
    llm_carry_t        carry;
} llm_values_t;


int llm_values_feed(llm_values_t *v, const unsigned char *data, size_t len);

/* 1: the text fed so far is whole */

int llm_values_whole(const llm_values_t *v);


#endif /* _LLM_VALUES_H_INCLUDED_ */
