
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_MARKS_H_INCLUDED_
#define _LLM_MARKS_H_INCLUDED_


/*
 * What a request holds, by the names in its body, in any dialect and at any
 * depth: what is asked of every request is found in one walk over its nodes.
 */

#include "llm_json.h"


#define LLM_MARK_CACHE       0x01    /* cache_control */
#define LLM_MARK_RETENTION   0x02    /* prompt_cache_retention, _options */
#define LLM_MARK_MEDIA       0x04    /* pictures, documents, sound, and what
                                        is elsewhere: counted by a guess */
#define LLM_MARK_CALLS       0x08    /* calls of tools, and their results */
#define LLM_MARK_TOOLS       0x10    /* definitions of tools */
#define LLM_MARK_SCHEMA      0x20    /* the form that an answer must have */


/*
 * A name counts wherever a string is: a text of just that word marks a request
 * too.  Of a body that is no JSON (j->n is 0) whatever costs may be true.
 */

unsigned llm_marks(const llm_json_t *j);


#endif /* _LLM_MARKS_H_INCLUDED_ */
