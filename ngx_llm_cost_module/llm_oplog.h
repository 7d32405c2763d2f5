
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_OPLOG_H_INCLUDED_
#define _LLM_OPLOG_H_INCLUDED_


/*
 * A record of operations on another store: those that it has not confirmed
 * yet (pending), and, as far as there is room, those that it has (done), so
 * that they can be repeated should it lose them.
 *
 * The record is a ring of bytes in a region without pointers.  New entries
 * take the place of the oldest ones that are done; a pending one is never
 * overwritten: where it stands in the way the record is full.
 *
 * An entry is named by its position, which only ever ascends.  The caller
 * holds a lock around every call; whoever dies within one leaves the record
 * as it was before.
 */

#include "llm_core.h"


#define LLM_OPLOG_PENDING    1
#define LLM_OPLOG_DONE       2

#define LLM_OPLOG_STORE      16       /* bytes of a store's name */


typedef struct {
    uint32_t         size;            /* of the whole, a multiple of 8 */
    uint32_t         len;             /* of the data behind it */
    uint32_t         state;
    uint32_t         owner;           /* who is sending it, or 0 */
    int64_t          time;            /* when it was done */
    uint64_t         stamp;           /* the store's, when it was done */
    uint64_t         id[2];           /* the caller's */
    unsigned char    store[LLM_OPLOG_STORE];
                                      /* that may have been told of it first,
                                         or '\0' */
} llm_oplog_entry_t;


typedef struct {
    uint64_t         magic;
    uint32_t         version;
    uint32_t         header_size;
    uint64_t         size;            /* of the ring */
    uint64_t         head;            /* where the next entry goes */
    uint64_t         tail;            /* the oldest one */
    uint64_t         first;           /* none is pending before it */
    uint64_t         npending;
    uint64_t         dropped;         /* highest stamp that was overwritten */
    int64_t          dropped_time;    /* latest time that was overwritten */
} llm_oplog_t;


#define llm_oplog_data(e)    ((unsigned char *) ((e) + 1))


/* NULL: too small.  mem is aligned to 8 */

llm_oplog_t *llm_oplog_create(void *mem, size_t size);

/* a record that another process made, or NULL (err: which check failed) */

llm_oplog_t *llm_oplog_attach(void *mem, size_t size, const char **err);

/* LLM_LIMIT: there is no room behind what is pending */

int llm_oplog_add(llm_oplog_t *log, const uint64_t id[2],
    const unsigned char store[LLM_OPLOG_STORE], const void *data, size_t len,
    int state, int64_t time, uint64_t stamp);

/*
 * The first entry at or behind *pos, NULL when there is none; *pos is then its
 * own, and the next one is at *pos + size.
 */

llm_oplog_entry_t *llm_oplog_next(llm_oplog_t *log, uint64_t *pos);

/* the entry at pos, or NULL where it is no more */

llm_oplog_entry_t *llm_oplog_at(llm_oplog_t *log, uint64_t pos);

void llm_oplog_done(llm_oplog_t *log, llm_oplog_entry_t *e, int64_t time,
    uint64_t stamp);

/* the first pending entry, or NULL; *pos is its own */

llm_oplog_entry_t *llm_oplog_first(llm_oplog_t *log, uint64_t *pos);

/* bytes that are left for entries, headers included, until it is full */

size_t llm_oplog_room(llm_oplog_t *log);


#endif /* _LLM_OPLOG_H_INCLUDED_ */
