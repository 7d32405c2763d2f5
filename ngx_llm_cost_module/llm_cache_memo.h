
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_CACHE_MEMO_H_INCLUDED_
#define _LLM_CACHE_MEMO_H_INCLUDED_


/*
 * Digests of canonical requests by the bytes that they were made of, so that
 * a question that is asked again word for word is neither written in its
 * canonical form nor digested.  It belongs to one process: a digest depends on
 * the bytes, the model, the dialect and the code of this process, and on
 * nothing that a configuration says.
 *
 * The bytes are told apart by the keyed hash of the memo of counts; llm_memo.h
 * says what it takes to find two with one hash.  Who did would get the answer
 * to another question, and no other payer's: who pays is added to the digest
 * afterwards.
 */

#include "llm_memo.h"


#define LLM_CACHE_MEMO_DIGEST  32
#define LLM_CACHE_MEMO_WAYS    4
#define LLM_CACHE_MEMO_SETS    2048

typedef struct llm_cache_memo_s  llm_cache_memo_t;

/* bytes of memory that is aligned to 64 and zero */

size_t llm_cache_memo_size(void);


/* of one question, filled by llm_cache_memo_key() */

typedef struct {
    llm_memo_key_t       body;
    llm_memo_key_t       model;
} llm_cache_memo_key_t;

/* dialect: an address of its own for each dialect and kind of request */

void llm_cache_memo_key(const llm_memo_view_t *view, const void *dialect,
    const llm_str_t *model, const llm_str_t *body, llm_cache_memo_key_t *key);

/* NULL: not known */

const unsigned char *llm_cache_memo_get(llm_cache_memo_t *m,
    const llm_cache_memo_key_t *key);

void llm_cache_memo_put(llm_cache_memo_t *m, const llm_cache_memo_key_t *key,
    const unsigned char *digest);


#endif /* _LLM_CACHE_MEMO_H_INCLUDED_ */
