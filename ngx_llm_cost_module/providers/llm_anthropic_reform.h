
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_ANTHROPIC_REFORM_H_INCLUDED_
#define _LLM_ANTHROPIC_REFORM_H_INCLUDED_


/* Kept messages in another form. */

#include "llm_anthropic.h"
#include "llm_form.h"


/* a message that is gathered from the events of its stream */

typedef struct {
    llm_extra_t          *members;     /* as the block began */
    llm_text_t            text;        /* its inside: text or thinking */
    llm_text_t            input;       /* partial JSON, with escapes */
    llm_text_t            citations;   /* elements */
    llm_str_t             signature;   /* inside */
} llm_anthropic_block_t;


typedef struct {
    llm_mem_t              *mem;
    size_t                  max;
    llm_extra_t            *members;   /* of the message, less its content */
    llm_extra_t            *usage;
    llm_anthropic_block_t  *blocks[LLM_FORM_ITEMS];
    unsigned                n;
    unsigned                begun:1;
    unsigned                ended:1;
} llm_anthropic_join_t;


/*
 * The document of a gathered message, behind what is in t.  LLM_OK, LLM_ERROR,
 * or LLM_DECLINED where its stream was no whole message.
 */

int llm_anthropic_join_put(llm_anthropic_join_t *s, llm_text_t *t);

/* a document out of a stream, and a stream out of a document */

int llm_anthropic_join(const llm_request_t *q, const llm_str_t *body,
    llm_text_t *out);
int llm_anthropic_split(const llm_request_t *q, const llm_str_t *body,
    llm_text_t *out);


#endif /* _LLM_ANTHROPIC_REFORM_H_INCLUDED_ */
