
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_OPENAI_JOIN_H_INCLUDED_
#define _LLM_OPENAI_JOIN_H_INCLUDED_


/* What a stream of chunks has said so far, choice by choice. */

#include "llm_openai_reform.h"


typedef struct {
    llm_text_t            text;        /* with escapes */
    unsigned              given:1;     /* a string, if an empty one */
    unsigned              named:1;     /* ... or null */
} llm_openai_pieces_t;


typedef struct {
    llm_str_t             id;          /* values as they are spelled */
    llm_str_t             type;
    llm_str_t             name;
    llm_openai_pieces_t   arguments;
    llm_extra_t          *extra;
    unsigned              begun:1;
} llm_openai_tool_t;


typedef struct {
    int64_t               index;
    llm_str_t             role;
    llm_str_t             finish;
    llm_openai_pieces_t   say[LLM_OPENAI_SAY_N];
    llm_openai_pieces_t   text;        /* of a completion */
    llm_str_t             plain;       /* its logprobs */
    llm_openai_pieces_t   probs[2];    /* elements: of content, of refusal */
    llm_openai_tool_t     function;    /* function_call */
    llm_openai_tool_t    *tools;
    unsigned              ntools;
    unsigned              size;
    llm_extra_t          *extra;
    llm_extra_t          *message;
} llm_openai_part_t;


typedef struct {
    llm_mem_t            *mem;
    size_t                max;
    llm_str_t             top[LLM_OPENAI_TOP_N];
    llm_openai_part_t    *parts[LLM_FORM_CHOICES];
    unsigned              n;
    llm_extra_t          *extra;
    unsigned              completion:1;
} llm_openai_join_t;


/* the document; LLM_OK, LLM_DECLINED where it would not be whole, LLM_ERROR */

int llm_openai_join_put(llm_openai_join_t *s, llm_text_t *t);


#endif /* _LLM_OPENAI_JOIN_H_INCLUDED_ */
