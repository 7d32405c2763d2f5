
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_USAGE_H_INCLUDED_
#define _LLM_USAGE_H_INCLUDED_


#include "llm_core.h"


/*
 * What an answer says it used, in one meaning for every provider:
 *
 *   input    all input tokens, cached, written and audio ones included;
 *   output   all output tokens, reasoning and audio ones included.
 *
 * A provider whose counters exclude one another (Anthropic, Gemini) is turned
 * into this form by its dialect.  -1 is "not said" and never counts as 0.
 */

typedef struct {
    int64_t          input;
    int64_t          output;
    int64_t          cached_input;        /* part of input */
    int64_t          cache_write;         /* part of input; 5 minutes */
    int64_t          cache_write_1h;      /* part of input */
    int64_t          audio_input;         /* part of input */
    int64_t          image_input;         /* part of input */
    int64_t          reasoning;           /* part of output */
    int64_t          audio_output;        /* part of output */
    int64_t          image_output;        /* part of output */
    int64_t          reported_cost;       /* nano-USD that upstream names */
} llm_usage_t;


#define LLM_USAGE_INIT                                                        \
    { -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1 }


/* every field that from names replaces that of to: the last one said wins */

void llm_usage_merge(llm_usage_t *to, const llm_usage_t *from);

/*
 * Bring what a provider said into a form that can be priced: a part is never
 * larger than its whole, nothing is negative.  Returns 1 if it had to change
 * anything (the caller marks the usage as contradictory), else 0.
 */

int llm_usage_normalize(llm_usage_t *u);


#endif /* _LLM_USAGE_H_INCLUDED_ */
