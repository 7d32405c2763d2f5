
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_TAPE_H_INCLUDED_
#define _LLM_TAPE_H_INCLUDED_


/*
 * Bytes that one writes and many read, each at its own pace: an answer on its
 * way, for those who have joined it.  It is a list of chunks that never move;
 * what is read points into them, nothing is copied.
 *
 * A chunk lives as long as anybody needs it: each holds the one behind it, a
 * reader holds the oldest one that it has not done with, the tape its last one
 * and, until the beginning is given up, its first one.  So nothing outlives its
 * readers, and without a beginning the tape is as long as its slowest reader
 * is behind.  All are of one process.
 *
 * Some bytes are not for everybody: a reader says whether it wants them, too.
 */

#include "llm_core.h"


typedef struct llm_tape_chunk_s  llm_tape_chunk_t;

typedef struct {
    llm_tape_chunk_t  *head;          /* NULL: the beginning was given up */
    llm_tape_chunk_t  *tail;          /* NULL: nothing more is written */
    size_t             len;           /* of all that was written */
} llm_tape_t;

typedef struct {
    llm_tape_chunk_t  *held;          /* the oldest that is still in use */
    llm_tape_chunk_t  *chunk;         /* what comes next is in this one */
    size_t             pos;
    size_t             at;            /* bytes of the tape before that, */
    size_t             done;          /* and before what is in use */
} llm_tape_reader_t;


/* LLM_OK, LLM_ERROR: no memory */

int llm_tape_init(llm_tape_t *t);
int llm_tape_add(llm_tape_t *t, const void *p, size_t len, unsigned hidden);

/* nobody begins to read any more; again is harmless */

void llm_tape_forget(llm_tape_t *t);

/* ... and nothing is written: it is its readers' alone */

void llm_tape_end(llm_tape_t *t);

/*
 * All of it, hidden bytes only if wanted, from its beginning, which must be
 * there, into room for len bytes.  Returns how many they are.
 */

size_t llm_tape_copy(const llm_tape_t *t, unsigned hidden,
    unsigned char *dst);


/* from the beginning, which must be there */

void llm_tape_open(const llm_tape_t *t, llm_tape_reader_t *r);

/* 1: the next bytes in one piece; 0: there are no more now */

int llm_tape_next(llm_tape_reader_t *r, unsigned hidden, llm_str_t *piece);

/* nothing that next() has given is in use any more */

void llm_tape_done(llm_tape_reader_t *r);

void llm_tape_close(llm_tape_reader_t *r);


#endif /* _LLM_TAPE_H_INCLUDED_ */
