
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_SKIM_H_INCLUDED_
#define _LLM_SKIM_H_INCLUDED_


/*
 * The small members of a JSON object that is too large to be kept.  Fed the
 * text piece by piece, it writes the object without white space and with null
 * in place of every member of more than LLM_SKIM_VALUE bytes:
 *
 *   {"data":[...2 MB...],"usage":{...}}  ->  {"data":null,"usage":{...}}
 *
 * It judges nothing: what it wrote is JSON if and only if the text was, as far
 * as it was written, and llm_json_parse() finds that out.
 */

#include "llm_core.h"


#define LLM_SKIM_VALUE       8192
#define LLM_SKIM_MAX         65536


/* start with everything zero but buf, which has room for LLM_SKIM_MAX bytes */

typedef struct {
    unsigned char   *buf;
    size_t           len;

    /* private */
    size_t           mark;         /* where the member's value starts in buf */
    unsigned         depth;
    unsigned         value:1;      /* in a value of the object, not in a key */
    unsigned         string:1;
    unsigned         escape:1;
    unsigned         omit:1;       /* the value has become too long */
    unsigned         full:1;
    unsigned         ended:1;      /* the object has been closed */
} llm_skim_t;


void llm_skim_feed(llm_skim_t *s, const unsigned char *p, size_t len);

/* LLM_OK: whole; LLM_BAD: it ends too early; LLM_LIMIT: too much to keep */

int llm_skim_finish(llm_skim_t *s);


#endif /* _LLM_SKIM_H_INCLUDED_ */
