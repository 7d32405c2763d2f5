
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_OPENAI_REFORM_H_INCLUDED_
#define _LLM_OPENAI_REFORM_H_INCLUDED_


/* Kept answers of chats and completions in another form. */

#include "llm_openai.h"
#include "llm_form.h"


/* the members around the choices, of a document and of every chunk */

typedef enum {
    LLM_OPENAI_TOP_ID = 0,
    LLM_OPENAI_TOP_OBJECT,
    LLM_OPENAI_TOP_CREATED,
    LLM_OPENAI_TOP_MODEL,
    LLM_OPENAI_TOP_CHOICES,
    LLM_OPENAI_TOP_USAGE,
    LLM_OPENAI_TOP_FINGERPRINT,
    LLM_OPENAI_TOP_TIER,
    LLM_OPENAI_TOP_ERROR,
    LLM_OPENAI_TOP_GROQ,               /* usage and more, once it is known */
    LLM_OPENAI_TOP_SLA,                /* times, up to each chunk */
    LLM_OPENAI_TOP_PADDING,            /* of OpenAI: says nothing */
    LLM_OPENAI_TOP_PAD,                /* of Mistral */
    LLM_OPENAI_TOP_N
} llm_openai_top_e;

extern const char * const  llm_openai_top[LLM_OPENAI_TOP_N];


/* text of a message, of which a stream brings pieces */

typedef enum {
    LLM_OPENAI_SAY_CONTENT = 0,
    LLM_OPENAI_SAY_REFUSAL,
    LLM_OPENAI_SAY_REASONING,
    LLM_OPENAI_SAY_REASONING_CONTENT,
    LLM_OPENAI_SAY_N
} llm_openai_say_e;

#define LLM_OPENAI_SAYINGS  "content", "refusal", "reasoning",               \
                            "reasoning_content"


/* a document out of a stream */

int llm_openai_join(const llm_request_t *q, const llm_str_t *body,
    llm_text_t *out);

/* a stream out of a document, with its usage or without */

int llm_openai_split(const llm_request_t *q, unsigned usage,
    const llm_str_t *body, llm_text_t *out);


#endif /* _LLM_OPENAI_REFORM_H_INCLUDED_ */
