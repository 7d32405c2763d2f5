
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_VERCEL_H_INCLUDED_
#define _LLM_VERCEL_H_INCLUDED_


/* what the files of the dialect of Vercel's AI Gateway share */

#include "llm_dialect.h"


/* what a path asks for; route->op */

typedef enum {
    LLM_VERCEL_NONE = 0,
    LLM_VERCEL_LANGUAGE,
    LLM_VERCEL_DECIDE,
    LLM_VERCEL_EMBED,
    LLM_VERCEL_RERANK
} llm_vercel_op_e;


/* members of a request that cost, limit or change what is counted */

typedef enum {
    LLM_VERCEL_PROMPT = 0,
    LLM_VERCEL_MAX,
    LLM_VERCEL_TOOLS,
    LLM_VERCEL_FORMAT,
    LLM_VERCEL_REASONING,
    LLM_VERCEL_OPTIONS,
    LLM_VERCEL_STATE,
    LLM_VERCEL_QUESTIONS,
    LLM_VERCEL_VALUES,
    LLM_VERCEL_DOCUMENTS,
    LLM_VERCEL_QUERY,
    LLM_VERCEL_FIELDS
} llm_vercel_field_e;

extern const char * const  llm_vercel_names[LLM_VERCEL_FIELDS];


/*
 * providerOptions: what each provider is told, for the gateway does not say
 * beforehand which one it will ask.  LLM_OK, LLM_BAD, LLM_ERROR.
 */

int llm_vercel_options(llm_request_t *q, const uint32_t *f);

/*
 * Tools that a provider or the gateway runs: q->most, q->crowd; LLM_OK, or
 * LLM_BAD where they are more than anybody takes.
 */

#define LLM_VERCEL_RUN       64

int llm_vercel_tools(llm_request_t *q, uint32_t tools);

/*
 * Those tools of a request, at most LLM_VERCEL_RUN, and the place of one in a
 * usage; NULL where nothing is charged for it.
 */

unsigned llm_vercel_run(const llm_json_t *j, uint32_t *run);
int64_t *llm_vercel_called(const llm_json_t *j, uint32_t tool, llm_usage_t *u);


int llm_vercel_count(llm_request_t *q, llm_counter_t *c);

int llm_vercel_answer(llm_answer_t *a, const llm_json_t *j);
int llm_vercel_event(llm_answer_t *a, const llm_str_t *type,
    const llm_str_t *data);


#endif /* _LLM_VERCEL_H_INCLUDED_ */
