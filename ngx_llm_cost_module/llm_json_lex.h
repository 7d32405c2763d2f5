
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_JSON_LEX_H_INCLUDED_
#define _LLM_JSON_LEX_H_INCLUDED_


/* what the scanner and the reader of values share; of no use elsewhere */

#include "llm_core.h"


/* value of the four hexadecimal digits at p, -1 where they are not */

int llm_json_hex4(const unsigned char *p, const unsigned char *last);

/*
 * The end of the number at p as RFC 8259 has it, or NULL; *stop is then where
 * it went wrong.
 */

const unsigned char *llm_json_number(const unsigned char *p,
    const unsigned char *last, const unsigned char **stop);

/* length of the UTF-8 character at p (2 to 4), 0 where it is not one */

unsigned llm_json_utf8(const unsigned char *p, const unsigned char *last);

/* c as UTF-8, at most four bytes; returns its length */

size_t llm_json_put_utf8(unsigned char *d, unsigned c);


#endif /* _LLM_JSON_LEX_H_INCLUDED_ */
