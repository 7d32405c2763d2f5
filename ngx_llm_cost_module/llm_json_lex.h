
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_JSON_LEX_H_INCLUDED_
#define _LLM_JSON_LEX_H_INCLUDED_


/* what the files that read JSON share; of no use elsewhere */

#include "llm_core.h"


/*
 * The quote that ends the string whose inside begins at p; *escaped is set
 * if a backslash was seen.  NULL where that is no string: *stop is then where
 * it went wrong.
 */

const unsigned char *llm_json_text_end(const unsigned char *p,
    const unsigned char *last, unsigned *escaped, const unsigned char **stop);

/*
 * The inside of a string that text_end() has accepted, escapes resolved, to
 * d, which has room for as much as is read; returns what it wrote.
 */

size_t llm_json_decode(unsigned char *d, const unsigned char *p,
    const unsigned char *last);

/*
 * The escape at p, accepted, too, to d; *n is what it wrote, the result what
 * it read.  No escape is longer decoded than written.
 */

size_t llm_json_unescape(const unsigned char *p, const unsigned char *last,
    unsigned char *d, size_t *n);

/* value of the four hexadecimal digits at p, -1 where they are not */

int llm_json_hex4(const unsigned char *p, const unsigned char *last);

/*
 * The end of the number at p as RFC 8259 has it, or NULL; *stop is then where
 * it went wrong.
 */

const unsigned char *llm_json_number(const unsigned char *p,
    const unsigned char *last, const unsigned char **stop);

#endif /* _LLM_JSON_LEX_H_INCLUDED_ */
