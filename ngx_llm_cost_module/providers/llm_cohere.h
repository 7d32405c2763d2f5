
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_COHERE_H_INCLUDED_
#define _LLM_COHERE_H_INCLUDED_


#include "llm_dialect.h"


typedef enum {
    LLM_COHERE_NONE = 0,
    LLM_COHERE_CHAT_V1,
    LLM_COHERE_CHAT,
    LLM_COHERE_GENERATE,
    LLM_COHERE_EMBED,
    LLM_COHERE_EMBED_TEXTS,         /* chunks of documents, in their context */
    LLM_COHERE_EMBED_MEDIA,
    LLM_COHERE_RERANK
} llm_cohere_op_e;


/*
 * How many searches a ranking is billed as, at most: q->most.queries; who bills
 * it by the token reads the query with each document, which an array holds.
 */

void llm_cohere_units(llm_input_t *in, uint32_t query, uint32_t documents);


/* llm_cohere_chat.c: a counter as Cohere's, and what it bills of tools */

void llm_cohere_counter(llm_counter_t *c, llm_counter_t *plain);
void llm_cohere_tools(llm_input_t *in, uint32_t tools);


/* llm_cohere_answer.c */

int llm_cohere_answer(llm_answer_t *a, const llm_json_t *j);
int llm_cohere_event(llm_answer_t *a, const llm_str_t *type,
    const llm_str_t *data);
void llm_cohere_finish(llm_answer_t *a);


#endif /* _LLM_COHERE_H_INCLUDED_ */
