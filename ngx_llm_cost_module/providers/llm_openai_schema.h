
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_OPENAI_SCHEMA_H_INCLUDED_
#define _LLM_OPENAI_SCHEMA_H_INCLUDED_


/* JSON schemas of functions, read with bounds; of use to _tools.c alone */

#include "llm_openai.h"


/*
 * A schema, with what $ref and a lone allOf add to it: of two members with one
 * name the one in front holds.
 */

typedef enum {
    LLM_SCHEMA_TITLE = 0,
    LLM_SCHEMA_DESCRIPTION,
    LLM_SCHEMA_TYPE,
    LLM_SCHEMA_PROPERTIES,
    LLM_SCHEMA_REQUIRED,
    LLM_SCHEMA_ITEMS,
    LLM_SCHEMA_ANY_OF,
    LLM_SCHEMA_ONE_OF,
    LLM_SCHEMA_ALL_OF,
    LLM_SCHEMA_REF,
    LLM_SCHEMA_ENUM,
    LLM_SCHEMA_CONST,
    LLM_SCHEMA_DEFAULT,
    LLM_SCHEMA_FORMAT,
    LLM_SCHEMA_N
} llm_schema_e;

typedef struct {
    uint32_t  root;                       /* where $ref starts */
    uint32_t  f[LLM_SCHEMA_N];
} llm_schema_t;


/* the type of a node, 0 where there is none */

unsigned llm_schema_kind(const llm_openai_tools_t *r, uint32_t node);

/* the node is a string that is not empty */

int llm_schema_text(const llm_openai_tools_t *r, uint32_t node);

/* the bounds are passed: say "any" and that the count is an estimate */

int llm_schema_exhausted(llm_openai_tools_t *r);

/* members of a schema; 0 where the node is no object */

int llm_schema_read(llm_openai_tools_t *r, uint32_t root, uint32_t node,
    llm_schema_t *s);

/* the lines of a text, each trimmed and in a comment of its own */

void llm_schema_comment(llm_openai_tools_t *r, uint32_t node);

/* title and description in front of what they describe; 1: there were any */

int llm_schema_comments(llm_openai_tools_t *r, const llm_schema_t *s);

/* the property is among those that are required */

int llm_schema_required(llm_openai_tools_t *r, const llm_schema_t *s,
    uint32_t key);


#endif /* _LLM_OPENAI_SCHEMA_H_INCLUDED_ */
