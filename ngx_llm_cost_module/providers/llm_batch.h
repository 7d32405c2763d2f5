
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_BATCH_H_INCLUDED_
#define _LLM_BATCH_H_INCLUDED_


/*
 * What batches have in common, in whichever dialect.  Their results are an
 * answer a line: what a line has around the answer is the dialect's, and so is
 * whether it is charged.
 */

#include "llm_dialect.h"


#define LLM_BATCH_NODES  (1024 * 1024)  /* of a line, or an answer in it */


typedef struct {
    llm_json_t            line;
    llm_json_t            body;       /* of the answer in it */
} llm_batch_t;


/*
 * One line, an object, into an answer of its own.  LLM_OK, LLM_ERROR; what
 * cannot be read, or should say what it used and does not, is usage_bad.
 */

typedef int (*llm_batch_result_pt)(llm_batch_t *b, llm_answer_t *one);

/* the event() of a dialect, for a line; a->result has the answer */

int llm_batch_event(llm_answer_t *a, const llm_str_t *data,
    llm_batch_result_pt result);

/* the object at a node of the line, parsed: what llm_json_parse() returns */

int llm_batch_body(llm_batch_t *b, uint32_t node);

/*
 * An inner() of a batch that holds its requests in a list: the next one, whose
 * body is a member of its item.
 */

#define LLM_BATCH_REQUESTS  100000

int llm_batch_inner(llm_request_t *q, uint32_t list, const char *member,
    const char *param, llm_inner_t *in);

/* a framing(): results are lines, whatever media type files have there */

llm_framing_e llm_batch_framing(const llm_request_t *q,
    const llm_str_t *type);


#endif /* _LLM_BATCH_H_INCLUDED_ */
