
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_REPLICATE_H_INCLUDED_
#define _LLM_REPLICATE_H_INCLUDED_


/* What the two files of Replicate's dialect have in common. */

#include "llm_dialect.h"


/* a string that names a file, or is one: an address, or "data:..." */

int llm_replicate_file(const llm_json_t *j, uint32_t node);

int llm_replicate_answer(llm_answer_t *a, const llm_json_t *j);
int llm_replicate_event(llm_answer_t *a, const llm_str_t *type,
    const llm_str_t *data);


#endif /* _LLM_REPLICATE_H_INCLUDED_ */
