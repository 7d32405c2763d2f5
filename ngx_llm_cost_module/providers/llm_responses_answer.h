
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_RESPONSES_ANSWER_H_INCLUDED_
#define _LLM_RESPONSES_ANSWER_H_INCLUDED_


/* what _answer.c, which reads figures and text, and _tools.c share */

#include "llm_openai_answer.h"
#include "llm_responses.h"


/* calls of the provider's tools that are paid for one by one */

typedef struct {
    int64_t               searches;
    int64_t               files;
    int64_t               fetches;
    int64_t               sessions;       /* of containers, by their memory */
    uint64_t              container;      /* hash of the last one's id */
} llm_responses_calls_t;


/* an item of the output: one more call, or none */

void llm_responses_call(llm_answer_t *a, llm_responses_calls_t *calls,
    const llm_json_t *j, uint32_t item);

/* they are the usage's, as far as it does not say them itself */

void llm_responses_called(llm_answer_t *a, const llm_responses_calls_t *calls);

/*
 * The tool_usage of a response, and the list of tools that it repeats; what
 * drawings in its output have used.  LLM_OK, LLM_ERROR.
 */

int llm_responses_tools(llm_answer_t *a, const llm_json_t *j, uint32_t tools,
    uint32_t list);
int llm_responses_drawn(llm_answer_t *a, const llm_json_t *j, uint32_t output);


#endif /* _LLM_RESPONSES_ANSWER_H_INCLUDED_ */
