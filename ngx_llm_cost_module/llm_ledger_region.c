
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * The ledger's region: its layout and its lock.
 */

#include <string.h>

#include "llm_ledger_region.h"


#define LLM_LEDGER_UNIT                                                       \
    (LLM_LEDGER_PER_HOLD                                                      \
     * (sizeof(llm_slot_t) + sizeof(uint32_t) + sizeof(int64_t))              \
     + sizeof(llm_hold_t))

#define LLM_LEDGER_ALIGN     64
#define llm_ledger_align(n)                                                   \
    (((n) + LLM_LEDGER_ALIGN - 1) & ~(uint64_t) (LLM_LEDGER_ALIGN - 1))

/* the header and what alignment may take */
#define LLM_LEDGER_FIXED     (sizeof(llm_ledger_t) + 6 * LLM_LEDGER_ALIGN)

/* two bits for each line of the region, themselves not counted */
#define llm_ledger_bitmap(size)                                               \
    llm_ledger_align(((size) / LLM_REDO_LINE + 7) / 8)
#define LLM_LEDGER_BITMAPS   (LLM_REDO_LINE * 8 / 2)


typedef struct {
    uint32_t         counters;
    uint32_t         holds;
    uint32_t         buckets_off;
    uint32_t         counters_off;
    uint32_t         holds_off;
    uint32_t         own_off;
    uint32_t         dirty_off;
    uint32_t         dirty_size;
} llm_ledger_layout_t;


static int llm_ledger_layout(size_t size, llm_ledger_layout_t *la);


size_t
llm_ledger_size(size_t counters, size_t holds)
{
    size_t  n;

    n = (counters + LLM_LEDGER_PER_HOLD - 1) / LLM_LEDGER_PER_HOLD;

    if (n < holds) {
        n = holds;
    }

    if (n == 0) {
        n = 1;
    }

    n = LLM_LEDGER_FIXED + n * LLM_LEDGER_UNIT;

    return n + n / (LLM_LEDGER_BITMAPS - 1) + 4 * LLM_LEDGER_ALIGN;
}


llm_ledger_t *
llm_ledger_create(void *mem, size_t size, uint64_t node)
{
    llm_ledger_t        *l;
    llm_ledger_layout_t  la;

    if (((uintptr_t) mem & 15) || llm_ledger_layout(size, &la) != LLM_OK) {
        return NULL;
    }

    l = mem;
    memset(l, 0, sizeof(llm_ledger_t));

    l->version = LLM_LEDGER_VERSION;
    l->header_size = sizeof(llm_ledger_t);
    l->size = size;
    l->node = node;
    l->counters_max = la.counters;
    l->holds_max = la.holds;
    l->buckets_off = la.buckets_off;
    l->counters_off = la.counters_off;
    l->holds_off = la.holds_off;
    l->own_off = la.own_off;
    l->dirty_off = la.dirty_off;
    l->dirty_size = la.dirty_size;
    l->gen = 1;

    llm_redo_init(&l->redo, l);
    llm_shm_seed(l->seed, node);

    if (llm_shm_mutex_init(&l->mutex) != LLM_OK) {
        return NULL;
    }

    /* the slots stay untouched, and pages unused, until they are needed */

    memset(llm_ledger_at(l, l->buckets_off), 0,
           la.counters * sizeof(uint32_t));
    memset(llm_ledger_at(l, l->dirty_off), 0, 2 * la.dirty_size);

    /* from here on it can be attached to */

    __atomic_store_n(&l->magic, LLM_LEDGER_MAGIC, __ATOMIC_RELEASE);

    return l;
}


llm_ledger_t *
llm_ledger_attach(void *mem, size_t size, const char **err)
{
    llm_ledger_t        *l;
    llm_ledger_layout_t  la;

    l = mem;

    if (((uintptr_t) mem & 15) || llm_ledger_layout(size, &la) != LLM_OK) {
        *err = "the region is too small or not aligned";
        return NULL;
    }

    if (l->magic != LLM_LEDGER_MAGIC) {
        *err = "the region holds no ledger";
        return NULL;
    }

    if (l->version != LLM_LEDGER_VERSION
        || l->header_size != sizeof(llm_ledger_t))
    {
        *err = "the ledger is of another version";
        return NULL;
    }

    if (l->size != size
        || l->counters_max != la.counters || l->holds_max != la.holds
        || l->buckets_off != la.buckets_off
        || l->counters_off != la.counters_off
        || l->holds_off != la.holds_off || l->own_off != la.own_off
        || l->dirty_off != la.dirty_off || l->dirty_size != la.dirty_size
        || l->redo.base != offsetof(llm_ledger_t, redo))
    {
        *err = "the ledger is of another size";
        return NULL;
    }

    return l;
}


static int
llm_ledger_layout(size_t size, llm_ledger_layout_t *la)
{
    size_t    n, bitmap;
    uint64_t  off;

    /* offsets are 32-bit */

    if (size > UINT32_MAX) {
        size = UINT32_MAX;
    }

    bitmap = llm_ledger_bitmap(size);

    if (size < LLM_LEDGER_FIXED + 2 * bitmap + LLM_LEDGER_UNIT) {
        return LLM_LIMIT;
    }

    n = (size - LLM_LEDGER_FIXED - 2 * bitmap) / LLM_LEDGER_UNIT;

    if (n > LLM_HOLD_MASK) {
        n = LLM_HOLD_MASK;
    }

    la->holds = n;
    la->counters = n * LLM_LEDGER_PER_HOLD;

    off = llm_ledger_align(sizeof(llm_ledger_t));
    la->buckets_off = off;

    off = llm_ledger_align(off + la->counters * sizeof(uint32_t));
    la->counters_off = off;

    off = llm_ledger_align(off + la->counters * sizeof(llm_slot_t));
    la->holds_off = off;

    off = llm_ledger_align(off + la->holds * sizeof(llm_hold_t));
    la->own_off = off;

    off = llm_ledger_align(off + la->counters * sizeof(int64_t));
    la->dirty_off = off;
    la->dirty_size = bitmap;

    return LLM_OK;
}


int
llm_ledger_lock(llm_ledger_t *l)
{
    return llm_redo_lock(&l->mutex, &l->redo, l->size);
}


void
llm_ledger_unlock(llm_ledger_t *l)
{
    llm_shm_unlock(&l->mutex);
}
