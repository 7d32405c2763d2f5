
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_CANON_H_INCLUDED_
#define _LLM_CANON_H_INCLUDED_


/*
 * The canonical form of a request, which is the same for all requests that must
 * get the same answer: what is in it and what is not, a dialect says by names.
 * docs/cache.md has the table; a test holds it against this code.
 */

#include "llm_provider.h"


typedef struct {
    /* members of the root that cannot change the answer; NULL ends each list */
    const char * const   *less;

    /*
     * Members, wherever they are, whose inside keeps the order of its members
     * and the spelling of its numbers, because a model is shown it so: tools,
     * schemas, what tools were called with.
     */
    const char * const   *verbatim;

    /*
     * Members, wherever they are but in those, that refer to something that
     * the provider keeps: the same words may get another answer tomorrow.
     */
    const char * const   *state;
} llm_canon_t;


/*
 * LLM_OK; LLM_DECLINED for a request without such a form: a reference, a name
 * that comes twice in an object whose order does not matter, a number of an
 * exponent that is no one's earnest; LLM_ERROR.
 */

int llm_canonical(const llm_request_t *q, const llm_canon_t *canon,
    void (*update)(void *ctx, const void *p, size_t n), void *ctx);


#endif /* _LLM_CANON_H_INCLUDED_ */
