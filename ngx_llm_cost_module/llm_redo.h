
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_REDO_H_INCLUDED_
#define _LLM_REDO_H_INCLUDED_


/*
 * The redo record of a region of shared memory.  A worker can be killed at any
 * instruction, and the region must then hold all of its change or nothing.
 *
 * A change is therefore first written down as a list of (place, value), then
 * marked committed by one store, then applied.  Whoever takes the lock after a
 * dead worker applies a committed record again, from its beginning (values,
 * not differences, so that a second time changes nothing), and forgets one
 * that is not.
 *
 * The region's own reader sees old values until the commit.
 */

#include "llm_shm.h"


/* of one change; larger ones are made of several, each whole in itself */

#define LLM_REDO_MAX         128

#define LLM_REDO_LINE        64       /* bytes to a bit of the bitmap */


typedef struct {
    uint32_t           offset;        /* in the region */
    uint32_t           size;          /* 4 or 8 */
    uint64_t           value;
} llm_redo_entry_t;


typedef struct {
    uint32_t           committed;
    uint32_t           n;
    uint32_t           base;          /* offset of this record */
    uint32_t           dirty;         /* offset of a bitmap, or 0: a bit for
                                         each line that was changed */
    llm_redo_entry_t   entries[LLM_REDO_MAX];
} llm_redo_t;


void llm_redo_init(llm_redo_t *r, void *region);

/*
 * Take the region's lock, repairing what a dead holder left.  LLM_ERROR: the
 * mutex is beyond repair.
 */

int llm_redo_lock(pthread_mutex_t *mutex, llm_redo_t *r, uint64_t size);

/*
 * Whoever locks a region for the first time after all others have died: the
 * mutex is theirs, and made anew by the caller.
 */

void llm_redo_repair(llm_redo_t *r, uint64_t size);

/* what is changed without the record, because nobody can reach it yet */

void llm_redo_mark(llm_redo_t *r, const void *p, size_t size);

void llm_redo_set32(llm_redo_t *r, uint32_t *p, uint32_t value);
void llm_redo_set64(llm_redo_t *r, void *p, const void *value);
void llm_redo_add(llm_redo_t *r, int64_t *p, int64_t delta);

/* LLM_ERROR: too many places, nothing was changed */

int llm_redo_commit(llm_redo_t *r);


#endif /* _LLM_REDO_H_INCLUDED_ */
