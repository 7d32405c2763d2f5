
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_JSON_MEND_H_INCLUDED_
#define _LLM_JSON_MEND_H_INCLUDED_


/*
 * The beginning of a JSON text, made whole: for an answer that broke off, of
 * which what came is to be counted.
 *
 *   {"a":[1,"two thr   ->   {"a":[1,"two th"]}
 */

#include "llm_json.h"


#define LLM_JSON_MEND_TAIL   (LLM_JSON_DEPTH + 1)

/*
 * The text up to *cut, followed by *n bytes of tail (which has room for
 * LLM_JSON_MEND_TAIL), is whole if the text was JSON as far as it went; as
 * little as possible is cut off.  LLM_OK, LLM_LIMIT: nested too deeply.
 */

int llm_json_mend(const unsigned char *text, size_t len, size_t *cut,
    unsigned char *tail, size_t *n);


#endif /* _LLM_JSON_MEND_H_INCLUDED_ */
