
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * The order of stores matters to a process that is killed, not to another
 * processor: only the compiler has to be held back.  The kernel hands the lock
 * on after the dead worker's stores are visible.
 */

#include <string.h>

#include "llm_redo.h"


#define llm_redo_order()     __atomic_signal_fence(__ATOMIC_SEQ_CST)
#define llm_redo_region(r)   ((unsigned char *) (r) - (r)->base)


static void llm_redo_set(llm_redo_t *r, void *p, uint32_t size,
    uint64_t value);
static void llm_redo_recover(llm_redo_t *r, uint64_t size);
static void llm_redo_apply(llm_redo_t *r);


void
llm_redo_init(llm_redo_t *r, void *region)
{
    r->committed = 0;
    r->n = 0;
    r->base = (unsigned char *) r - (unsigned char *) region;
    r->dirty = 0;
}


int
llm_redo_lock(pthread_mutex_t *mutex, llm_redo_t *r, uint64_t size)
{
    switch (llm_shm_lock(mutex)) {

    case LLM_OK:
        return LLM_OK;

    case LLM_SHM_DIED:
        llm_redo_recover(r, size);

        /* who is killed before this line leaves the same work to the next */

        return llm_shm_repaired(mutex);

    default:
        return LLM_ERROR;
    }
}


void
llm_redo_repair(llm_redo_t *r, uint64_t size)
{
    llm_redo_recover(r, size);
}


void
llm_redo_mark(llm_redo_t *r, const void *p, size_t size)
{
    size_t          i, last;
    unsigned char  *bits;

    if (r->dirty == 0) {
        return;
    }

    bits = llm_redo_region(r) + r->dirty;
    i = (unsigned char *) p - llm_redo_region(r);
    last = (i + size - 1) / LLM_REDO_LINE;

    for (i /= LLM_REDO_LINE; i <= last; i++) {
        bits[i / 8] |= 1 << i % 8;
    }
}


void
llm_redo_set32(llm_redo_t *r, uint32_t *p, uint32_t value)
{
    llm_redo_set(r, p, sizeof(uint32_t), value);
}


void
llm_redo_set64(llm_redo_t *r, void *p, const void *value)
{
    uint64_t  v;

    memcpy(&v, value, sizeof(uint64_t));
    llm_redo_set(r, p, sizeof(uint64_t), v);
}


/* the sum is in range: amounts are bounded where they come in */

void
llm_redo_add(llm_redo_t *r, int64_t *p, int64_t delta)
{
    llm_redo_set(r, p, sizeof(int64_t), (uint64_t) (*p + delta));
}


static void
llm_redo_set(llm_redo_t *r, void *p, uint32_t size, uint64_t value)
{
    llm_redo_entry_t  *e;

    if (r->n < LLM_REDO_MAX) {
        e = &r->entries[r->n];
        e->offset = (unsigned char *) p - llm_redo_region(r);
        e->size = size;
        e->value = value;
    }

    r->n++;
}


int
llm_redo_commit(llm_redo_t *r)
{
    if (r->n > LLM_REDO_MAX) {
        r->n = 0;
        return LLM_ERROR;
    }

    llm_redo_order();
    __atomic_store_n(&r->committed, 1, __ATOMIC_RELEASE);
    llm_redo_order();

    llm_redo_apply(r);

    return LLM_OK;
}


/* offsets come from memory that may be a file: none may point outside */

static void
llm_redo_recover(llm_redo_t *r, uint64_t size)
{
    uint32_t           i;
    llm_redo_entry_t  *e;

    if (r->committed != 1 || r->n > LLM_REDO_MAX) {
        r->committed = 0;
        r->n = 0;
        return;
    }

    for (i = 0; i < r->n; i++) {
        e = &r->entries[i];

        if ((e->size != 4 && e->size != 8) || e->offset % e->size
            || e->offset > size - e->size)
        {
            r->committed = 0;
            r->n = 0;
            return;
        }
    }

    llm_redo_apply(r);
}


static void
llm_redo_apply(llm_redo_t *r)
{
    uint32_t           i, v, line;
    unsigned char     *bits;
    llm_redo_entry_t  *e;

    bits = r->dirty ? llm_redo_region(r) + r->dirty : NULL;

    for (i = 0; i < r->n; i++) {
        e = &r->entries[i];

        if (bits) {

            /* a word is in one line, since it is aligned */

            line = e->offset / LLM_REDO_LINE;
            bits[line / 8] |= 1 << line % 8;
        }

        if (e->size == sizeof(uint32_t)) {
            v = (uint32_t) e->value;
            memcpy(llm_redo_region(r) + e->offset, &v, sizeof(uint32_t));

        } else {
            memcpy(llm_redo_region(r) + e->offset, &e->value, sizeof(uint64_t));
        }
    }

    llm_redo_order();
    __atomic_store_n(&r->committed, 0, __ATOMIC_RELEASE);
    llm_redo_order();

    r->n = 0;

    llm_redo_order();
}
