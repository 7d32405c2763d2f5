
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_OLLAMA_H_INCLUDED_
#define _LLM_OLLAMA_H_INCLUDED_


/* what the files of Ollama's dialect share among themselves */

#include "llm_dialect.h"


/* what a path asks for; route->op */

typedef enum {
    LLM_OLLAMA_NONE = 0,
    LLM_OLLAMA_CHAT,
    LLM_OLLAMA_GENERATE,
    LLM_OLLAMA_EMBED
} llm_ollama_op_e;


/* members of a request that cost, limit or change what is counted */

typedef enum {
    LLM_OLLAMA_MODEL = 0,
    LLM_OLLAMA_STREAM,
    LLM_OLLAMA_OPTIONS,
    LLM_OLLAMA_MESSAGES,
    LLM_OLLAMA_TOOLS,
    LLM_OLLAMA_PROMPT,
    LLM_OLLAMA_SUFFIX,
    LLM_OLLAMA_SYSTEM,
    LLM_OLLAMA_TEMPLATE,
    LLM_OLLAMA_CONTEXT,
    LLM_OLLAMA_IMAGES,
    LLM_OLLAMA_INPUT,
    LLM_OLLAMA_RAW,
    LLM_OLLAMA_FIELDS
} llm_ollama_field_e;

extern const char * const  llm_ollama_names[LLM_OLLAMA_FIELDS];


int llm_ollama_count(llm_request_t *q, llm_counter_t *c);


#endif /* _LLM_OLLAMA_H_INCLUDED_ */
