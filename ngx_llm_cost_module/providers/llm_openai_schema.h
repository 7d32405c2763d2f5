
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_OPENAI_SCHEMA_H_INCLUDED_
#define _LLM_OPENAI_SCHEMA_H_INCLUDED_


/* JSON schemas of functions, read with bounds; of use to _tools.c alone */

#include "llm_openai.h"


/*
 * A schema, with what $ref and a lone allOf add to it: of two members with one
 * name the one in front holds.  In the order of their lengths, which they are
 * found by.
 */

typedef enum {
    LLM_SCHEMA_TYPE = 0,
    LLM_SCHEMA_ENUM,
    LLM_SCHEMA_REF,
    LLM_SCHEMA_TITLE,
    LLM_SCHEMA_ITEMS,
    LLM_SCHEMA_ANY_OF,
    LLM_SCHEMA_ONE_OF,
    LLM_SCHEMA_ALL_OF,
    LLM_SCHEMA_CONST,
    LLM_SCHEMA_FORMAT,
    LLM_SCHEMA_DEFAULT,
    LLM_SCHEMA_REQUIRED,
    LLM_SCHEMA_PROPERTIES,
    LLM_SCHEMA_DESCRIPTION,
    LLM_SCHEMA_N
} llm_schema_e;

typedef struct {
    uint32_t  root;                       /* where $ref starts */
    uint32_t  f[LLM_SCHEMA_N];
} llm_schema_t;


/* the type of a node, 0 where there is none */

static inline unsigned
llm_schema_kind(const llm_openai_tools_t *r, uint32_t node)
{
    return llm_kind_of(r->json, node);
}


/* the node is a string that is not empty */

static inline int
llm_schema_text(const llm_openai_tools_t *r, uint32_t node)
{
    return llm_schema_kind(r, node) == LLM_JSON_STRING
           && llm_json_size(r->json, node) != 0;
}


/* how much may be done for these, and written behind what is there */

void llm_schema_bounds(llm_openai_tools_t *r, uint32_t tools,
    uint32_t functions);

/* the bounds are passed: say "any" and that the count is an estimate */

int llm_schema_exhausted(llm_openai_tools_t *r);

/*
 * What was cut, if it was, becomes no less than all of it as it is written:
 * schemas that are wide, not deep, lead to each of their definitions once.
 */

void llm_schema_cut(llm_openai_tools_t *r);

/*
 * Members, elements or variants that are being written, each in those outside
 * of it.  What $ref leads back to from within (0) is not written again: how
 * OpenAI shows a schema that refers to itself is not known, so that the count
 * is an estimate.  LLM_JSON_NONE is never so.
 */

struct llm_schema_open_s {
    uint32_t                  node;
    const llm_schema_open_t  *outer;
};

int llm_schema_enter(llm_openai_tools_t *r, llm_schema_open_t *open,
    uint32_t node);
void llm_schema_leave(llm_openai_tools_t *r);

/* members of a schema; 0 where the node is no object */

int llm_schema_read(llm_openai_tools_t *r, uint32_t root, uint32_t node,
    llm_schema_t *s);

/* the lines of a text, each trimmed and in a comment of its own */

void llm_schema_comment(llm_openai_tools_t *r, uint32_t node);

/* title and description in front of what they describe; 1: there were any */

int llm_schema_comments(llm_openai_tools_t *r, const llm_schema_t *s);

/*
 * The property is among those that are required.  Most often it is the one
 * behind the last, which is kept in *next, at first LLM_JSON_NONE.
 */

int llm_schema_required(llm_openai_tools_t *r, const llm_schema_t *s,
    uint32_t key, uint32_t *next);


#endif /* _LLM_OPENAI_SCHEMA_H_INCLUDED_ */
