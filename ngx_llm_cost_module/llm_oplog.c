
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include <string.h>

#include "llm_oplog.h"


#define LLM_OPLOG_MAGIC      0x31676f6c706f6d6cULL
#define LLM_OPLOG_VERSION    3
#define LLM_OPLOG_PAD        3        /* up to the end of the ring */
#define LLM_OPLOG_MIN        4096


#define llm_oplog_align(n)   (((n) + 7) & ~(size_t) 7)

#define llm_oplog_place(log, pos)                                             \
    ((llm_oplog_entry_t *) ((unsigned char *) ((log) + 1)                     \
                            + (pos) % (log)->size))


static uint64_t llm_oplog_reclaim(llm_oplog_t *log, uint64_t until);


llm_oplog_t *
llm_oplog_create(void *mem, size_t size)
{
    llm_oplog_t  *log;

    if (size < LLM_OPLOG_MIN) {
        return NULL;
    }

    log = mem;
    memset(log, 0, sizeof(llm_oplog_t));

    log->magic = LLM_OPLOG_MAGIC;
    log->version = LLM_OPLOG_VERSION;
    log->header_size = sizeof(llm_oplog_t);

    /* a multiple of an entry's header, so that padding always has room */

    log->size = (size - sizeof(llm_oplog_t)) / sizeof(llm_oplog_entry_t)
                * sizeof(llm_oplog_entry_t);

    return log;
}


llm_oplog_t *
llm_oplog_attach(void *mem, size_t size, const char **err)
{
    llm_oplog_t  *log;

    log = mem;

    if (size < LLM_OPLOG_MIN || log->magic != LLM_OPLOG_MAGIC) {
        *err = "it is no record of operations";
        return NULL;
    }

    if (log->version != LLM_OPLOG_VERSION
        || log->header_size != sizeof(llm_oplog_t)
        || log->size > size - sizeof(llm_oplog_t))
    {
        *err = "its record of operations has another layout";
        return NULL;
    }

    if (log->tail > log->head || log->head - log->tail > log->size) {
        *err = "its record of operations is broken";
        return NULL;
    }

    return log;
}


int
llm_oplog_add(llm_oplog_t *log, const uint64_t id[2],
    const unsigned char store[LLM_OPLOG_STORE], const void *data, size_t len,
    int state, int64_t time, uint64_t stamp)
{
    size_t              size, pad;
    uint64_t            head;
    llm_oplog_entry_t  *e;

    /* whole headers: whatever is left at the end of the ring can hold one */

    size = (sizeof(llm_oplog_entry_t) + len + sizeof(llm_oplog_entry_t) - 1)
           / sizeof(llm_oplog_entry_t) * sizeof(llm_oplog_entry_t);

    if (len > log->size || size > log->size / 4) {
        return LLM_LIMIT;
    }

    head = log->head;
    pad = log->size - head % log->size;

    if (pad >= size) {
        pad = 0;
    }

    if (llm_oplog_reclaim(log, head + pad + size) != head + pad + size) {
        return LLM_LIMIT;
    }

    if (pad) {
        e = llm_oplog_place(log, head);
        memset(e, 0, sizeof(llm_oplog_entry_t));
        e->size = (uint32_t) pad;
        e->state = LLM_OPLOG_PAD;
    }

    e = llm_oplog_place(log, head + pad);

    e->size = (uint32_t) size;
    e->len = (uint32_t) len;
    e->state = state;
    e->owner = 0;
    e->time = time;
    e->stamp = stamp;
    e->id[0] = id[0];
    e->id[1] = id[1];
    memcpy(e->store, store, LLM_OPLOG_STORE);
    memcpy(llm_oplog_data(e), data, len);

    if (state == LLM_OPLOG_PENDING) {
        log->npending++;
    }

    /* what is not behind head yet does not exist */

    __asm__ volatile ("" ::: "memory");

    log->head = head + pad + size;

    return LLM_OK;
}


/* overwrites what is done, so that head may be until; how far it may be */

static uint64_t
llm_oplog_reclaim(llm_oplog_t *log, uint64_t until)
{
    llm_oplog_entry_t  *e;

    while (until - log->tail > log->size) {

        if (log->tail == log->head) {
            log->tail = until - log->size;
            break;
        }

        e = llm_oplog_place(log, log->tail);

        if (e->state == LLM_OPLOG_PENDING) {
            return log->tail + log->size;
        }

        if (e->state == LLM_OPLOG_DONE) {
            if (log->dropped < e->stamp) {
                log->dropped = e->stamp;
            }

            if (log->dropped_time < e->time) {
                log->dropped_time = e->time;
            }
        }

        log->tail += e->size;
    }

    return until;
}


llm_oplog_entry_t *
llm_oplog_next(llm_oplog_t *log, uint64_t *pos)
{
    llm_oplog_entry_t  *e;

    if (*pos < log->tail) {
        *pos = log->tail;
    }

    while (*pos < log->head) {
        e = llm_oplog_place(log, *pos);

        if (e->state != LLM_OPLOG_PAD) {
            return e;
        }

        *pos += e->size;
    }

    return NULL;
}


llm_oplog_entry_t *
llm_oplog_at(llm_oplog_t *log, uint64_t pos)
{
    if (pos < log->tail || pos >= log->head) {
        return NULL;
    }

    return llm_oplog_place(log, pos);
}


void
llm_oplog_done(llm_oplog_t *log, llm_oplog_entry_t *e, int64_t time,
    uint64_t stamp)
{
    if (e->state != LLM_OPLOG_PENDING) {
        return;
    }

    e->time = time;
    e->stamp = stamp;
    e->owner = 0;
    e->state = LLM_OPLOG_DONE;

    log->npending--;
}


llm_oplog_entry_t *
llm_oplog_first(llm_oplog_t *log, uint64_t *pos)
{
    llm_oplog_entry_t  *e;

    *pos = log->first;

    while ((e = llm_oplog_next(log, pos)) != NULL) {

        if (e->state == LLM_OPLOG_PENDING) {
            log->first = *pos;
            return e;
        }

        *pos += e->size;
    }

    /* whoever died while it said that one is done has not counted it */

    log->first = log->head;
    log->npending = 0;

    return NULL;
}


size_t
llm_oplog_room(llm_oplog_t *log)
{
    uint64_t  pos;

    if (llm_oplog_first(log, &pos) == NULL) {
        return log->size;
    }

    return log->size - (log->head - pos);
}
