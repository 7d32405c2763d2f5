
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_THINKS_H_INCLUDED_
#define _LLM_THINKS_H_INCLUDED_


/*
 * What a model thinks is billed as output, and often shown to nobody or as a
 * summary.  Of an answer that breaks off, such output cannot be counted: see
 * q->unseen in llm_provider.h.
 */

#include "llm_provider.h"


/*
 * The model of this name, in whichever dialect, thinks without being asked and
 * does not show it.  OpenAI's own are known to llm_openai_family().
 */

int llm_thinks_unseen(const llm_str_t *model);

/* a member of Anthropic's shape: {"type":"enabled"}, and not "disabled" */

int llm_thinks_asked(const llm_json_t *j, uint32_t thinking);


#endif /* _LLM_THINKS_H_INCLUDED_ */
