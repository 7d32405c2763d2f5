
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_HUGGINGFACE_H_INCLUDED_
#define _LLM_HUGGINGFACE_H_INCLUDED_


#include "llm_dialect.h"


#define LLM_HF_BEST_MAX      128         /* answers of which one is shown */


/*
 * What the header of TGI's and TEI's answers says that they used, and what
 * llm_answer_headers() reads there.
 */

int llm_huggingface_headers(llm_answer_t *a, const llm_headers_t *h);


#endif /* _LLM_HUGGINGFACE_H_INCLUDED_ */
