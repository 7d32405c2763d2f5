
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_ANTHROPIC_REFORM_H_INCLUDED_
#define _LLM_ANTHROPIC_REFORM_H_INCLUDED_


/* Kept messages in another form. */

#include "llm_anthropic.h"
#include "llm_form.h"


/* a document out of a stream, and a stream out of a document */

int llm_anthropic_join(const llm_request_t *q, const llm_str_t *body,
    llm_text_t *out);
int llm_anthropic_split(const llm_request_t *q, const llm_str_t *body,
    llm_text_t *out);


#endif /* _LLM_ANTHROPIC_REFORM_H_INCLUDED_ */
