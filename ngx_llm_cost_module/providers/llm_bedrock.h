
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_BEDROCK_H_INCLUDED_
#define _LLM_BEDROCK_H_INCLUDED_


/* what the files of the Bedrock dialect share among themselves */

#include "llm_dialect.h"


/* what a path asks for; route->op */

typedef enum {
    LLM_BEDROCK_NONE = 0,
    LLM_BEDROCK_CONVERSE,
    LLM_BEDROCK_CONVERSE_STREAM,
    LLM_BEDROCK_INVOKE,
    LLM_BEDROCK_INVOKE_STREAM,
    LLM_BEDROCK_RANK,
    LLM_BEDROCK_GUARD
} llm_bedrock_op_e;


int llm_bedrock_count(llm_request_t *q, llm_counter_t *c);

/* converse with a model whose template is known; else LLM_DECLINED */

int llm_bedrock_converse(llm_request_t *q, llm_counter_t *c);

/* all strings of a value, and pictures in it; and a mark of the cache */

void llm_bedrock_walk(llm_input_t *in, uint32_t node, int file);
void llm_bedrock_mark(llm_input_t *in, uint32_t node);

/* what is charged by its number, and not by the token */

void llm_bedrock_units(llm_request_t *q);


/*
 * "arn:aws:bedrock:us-east-1:1:inference-profile/us.amazon.nova-lite-v1:0" is
 * priced as what follows its last slash.
 */

llm_str_t llm_bedrock_model(const llm_str_t *id);


/* llm_bedrock_rank.c: rankings, and the searches that one is charged as */

int llm_bedrock_rank_parse(llm_request_t *q);
int64_t llm_bedrock_searches(const llm_request_t *q);


/* llm_bedrock_guard.c: a guardrail that is applied by itself */

int llm_bedrock_guard_parse(llm_request_t *q);
int llm_bedrock_guard_count(llm_request_t *q, llm_counter_t *c);
int llm_bedrock_guard_answer(llm_answer_t *a, const llm_json_t *j);


/* llm_bedrock_output.c: what came, to be counted */

void llm_bedrock_pictures(llm_answer_t *a, const llm_json_t *j);
void llm_bedrock_out(llm_answer_t *a, llm_output_t *out, const llm_json_t *j,
    uint32_t node, int text);

/* ... and of which model: a router says in its trace what it chose */

int llm_bedrock_chosen(llm_answer_t *a, const llm_json_t *j, uint32_t trace);

/* ... and whether it says that it has ended; or was cut off */

unsigned llm_bedrock_ends(llm_answer_t *a, const llm_json_t *j, uint32_t obj);

/*
 * llm_bedrock_usage.c: a figure of a part of obj, what of cacheDetails is for
 * an hour, and of Titan all that its results took; -1 where there is none.
 * Sums are LLM_UNUSABLE if one of them cannot be read.
 */

int64_t llm_bedrock_of(llm_answer_t *a, const llm_json_t *j, uint32_t obj,
    const char *part, const char *name);
int64_t llm_bedrock_hour(llm_answer_t *a, const llm_json_t *j, uint32_t list);
int64_t llm_bedrock_results(llm_answer_t *a, const llm_json_t *j);


int llm_bedrock_headers(llm_answer_t *a, const llm_headers_t *h);
int llm_bedrock_answer(llm_answer_t *a, const llm_json_t *j);
int llm_bedrock_event(llm_answer_t *a, const llm_str_t *type,
    const llm_str_t *data);
void llm_bedrock_finish(llm_answer_t *a);


#endif /* _LLM_BEDROCK_H_INCLUDED_ */
