
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * The ledger's region: its layout, its lock and its redo record.
 *
 * A worker can be killed at any instruction.  A change is therefore first
 * written down as a list of (offset, value), then marked committed by one
 * store, then applied.  Whoever takes the lock after a dead worker applies a
 * committed record again, from its beginning (values, not differences, so
 * that a second time changes nothing), and forgets one that is not.
 *
 * The order of stores matters to a process that is killed, not to another
 * processor: only the compiler has to be held back.  The kernel hands the lock
 * on after the dead worker's stores are visible.
 */

#include <string.h>

#include "llm_ledger_region.h"
#include "llm_shm.h"


#define LLM_LEDGER_UNIT                                                       \
    (LLM_LEDGER_PER_HOLD * (sizeof(llm_counter_t) + sizeof(uint32_t))         \
     + sizeof(llm_hold_t))

#define LLM_LEDGER_ALIGN     64
#define llm_ledger_align(n)                                                   \
    (((n) + LLM_LEDGER_ALIGN - 1) & ~(uint64_t) (LLM_LEDGER_ALIGN - 1))

/* the header and what alignment may take */
#define LLM_LEDGER_FIXED     (sizeof(llm_ledger_t) + 4 * LLM_LEDGER_ALIGN)

#define llm_ledger_order()   __atomic_signal_fence(__ATOMIC_SEQ_CST)


typedef struct {
    uint32_t         counters;
    uint32_t         holds;
    uint32_t         buckets_off;
    uint32_t         counters_off;
    uint32_t         holds_off;
} llm_ledger_layout_t;


static int llm_ledger_layout(size_t size, llm_ledger_layout_t *la);
static void llm_redo_set(llm_ledger_t *l, void *p, uint32_t size,
    uint64_t value);
static void llm_redo_apply(llm_ledger_t *l);


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

    return LLM_LEDGER_FIXED + n * LLM_LEDGER_UNIT;
}


llm_ledger_t *
llm_ledger_create(void *mem, size_t size, uint64_t node)
{
    llm_ledger_t         *l;
    llm_ledger_layout_t   la;

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
    l->gen = 1;

    llm_shm_seed(l->seed, node);

    if (llm_shm_mutex_init(&l->mutex) != LLM_OK) {
        return NULL;
    }

    /* the slots stay untouched, and pages unused, until they are needed */

    memset(llm_ledger_at(l, l->buckets_off), 0,
           la.counters * sizeof(uint32_t));

    llm_ledger_order();
    l->magic = LLM_LEDGER_MAGIC;

    return l;
}


llm_ledger_t *
llm_ledger_attach(void *mem, size_t size, const char **err)
{
    llm_ledger_t         *l;
    llm_ledger_layout_t   la;

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
        || l->holds_off != la.holds_off)
    {
        *err = "the ledger is of another size";
        return NULL;
    }

    return l;
}


static int
llm_ledger_layout(size_t size, llm_ledger_layout_t *la)
{
    size_t    n;
    uint64_t  off;

    /* offsets are 32-bit */

    if (size > UINT32_MAX) {
        size = UINT32_MAX;
    }

    if (size < LLM_LEDGER_FIXED + LLM_LEDGER_UNIT) {
        return LLM_LIMIT;
    }

    n = (size - LLM_LEDGER_FIXED) / LLM_LEDGER_UNIT;

    if (n > LLM_HOLD_MASK) {
        n = LLM_HOLD_MASK;
    }

    la->holds = n;
    la->counters = n * LLM_LEDGER_PER_HOLD;

    off = llm_ledger_align(sizeof(llm_ledger_t));
    la->buckets_off = off;

    off = llm_ledger_align(off + la->counters * sizeof(uint32_t));
    la->counters_off = off;

    off = llm_ledger_align(off + la->counters * sizeof(llm_counter_t));
    la->holds_off = off;

    return LLM_OK;
}


int
llm_ledger_lock(llm_ledger_t *l)
{
    switch (llm_shm_lock(&l->mutex)) {

    case LLM_OK:
        return LLM_OK;

    case LLM_SHM_DIED:
        llm_redo_recover(l);

        /* who is killed before this line leaves the same work to the next */

        return llm_shm_repaired(&l->mutex);

    default:
        return LLM_ERROR;
    }
}


void
llm_ledger_unlock(llm_ledger_t *l)
{
    llm_shm_unlock(&l->mutex);
}


void
llm_redo_set32(llm_ledger_t *l, uint32_t *p, uint32_t value)
{
    llm_redo_set(l, p, sizeof(uint32_t), value);
}


void
llm_redo_set64(llm_ledger_t *l, void *p, const void *value)
{
    uint64_t  v;

    memcpy(&v, value, sizeof(uint64_t));
    llm_redo_set(l, p, sizeof(uint64_t), v);
}


/* the sum is in range: amounts are bounded where they come in */

void
llm_redo_add(llm_ledger_t *l, int64_t *p, int64_t delta)
{
    llm_redo_set(l, p, sizeof(int64_t), (uint64_t) (*p + delta));
}


static void
llm_redo_set(llm_ledger_t *l, void *p, uint32_t size, uint64_t value)
{
    llm_redo_t        *redo;
    llm_redo_entry_t  *e;

    redo = &l->redo;

    if (redo->n < LLM_REDO_MAX) {
        e = &redo->entries[redo->n];
        e->offset = (unsigned char *) p - (unsigned char *) l;
        e->size = size;
        e->value = value;
    }

    redo->n++;
}


int
llm_redo_commit(llm_ledger_t *l)
{
    if (l->redo.n > LLM_REDO_MAX) {
        l->redo.n = 0;
        return LLM_ERROR;
    }

    llm_ledger_order();
    __atomic_store_n(&l->redo.committed, 1, __ATOMIC_RELEASE);
    llm_ledger_order();

    llm_redo_apply(l);

    return LLM_OK;
}


/* offsets come from memory that may be a file: none may point outside */

void
llm_redo_recover(llm_ledger_t *l)
{
    uint32_t           i;
    llm_redo_entry_t  *e;

    if (l->redo.committed != 1 || l->redo.n > LLM_REDO_MAX) {
        l->redo.committed = 0;
        l->redo.n = 0;
        return;
    }

    for (i = 0; i < l->redo.n; i++) {
        e = &l->redo.entries[i];

        if ((e->size != 4 && e->size != 8) || e->offset > l->size - e->size) {
            l->redo.committed = 0;
            l->redo.n = 0;
            return;
        }
    }

    llm_redo_apply(l);
}


static void
llm_redo_apply(llm_ledger_t *l)
{
    uint32_t           i, v;
    llm_redo_entry_t  *e;

    for (i = 0; i < l->redo.n; i++) {
        e = &l->redo.entries[i];

        if (e->size == sizeof(uint32_t)) {
            v = (uint32_t) e->value;
            memcpy(llm_ledger_at(l, e->offset), &v, sizeof(uint32_t));

        } else {
            memcpy(llm_ledger_at(l, e->offset), &e->value, sizeof(uint64_t));
        }
    }

    llm_ledger_order();
    __atomic_store_n(&l->redo.committed, 0, __ATOMIC_RELEASE);
    llm_ledger_order();

    l->redo.n = 0;

    llm_ledger_order();
}
