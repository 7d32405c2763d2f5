
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_ANTHROPIC_USAGE_H_INCLUDED_
#define _LLM_ANTHROPIC_USAGE_H_INCLUDED_


/* a usage object of Anthropic's, for whoever reads its answers */

#include "llm_anthropic.h"


/* figures as they are said: they exclude one another */

typedef struct {
    int64_t               input;
    int64_t               written;
    int64_t               read;
    int64_t               written_5m;
    int64_t               written_1h;
    int64_t               output;
    int64_t               thinking;
    int64_t               searches;
    int64_t               fetches;
} llm_anthropic_figures_t;

extern const llm_anthropic_figures_t  llm_anthropic_unknown;


/* the figures of an object, a usage or an iteration of one */

void llm_anthropic_read(llm_answer_t *a, const llm_json_t *j, uint32_t obj,
    llm_anthropic_figures_t *said);

/* ... in the form of all dialects */

void llm_anthropic_convert(const llm_anthropic_figures_t *said,
    llm_usage_t *u);

/* what the parts of an answer change of its figures; LLM_OK, LLM_ERROR */

int llm_anthropic_iterations(llm_answer_t *a, const llm_json_t *j,
    uint32_t list, llm_anthropic_figures_t *said);

/* where and how fast it was served */

void llm_anthropic_place(llm_answer_t *a, const llm_json_t *j,
    uint32_t usage);


#endif /* _LLM_ANTHROPIC_USAGE_H_INCLUDED_ */
