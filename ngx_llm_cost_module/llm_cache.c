
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_cache_region.h"
#include "llm_shm.h"

#include <string.h>


/*
 * The table of the cache.  After a worker died with the lock, all entries are
 * dropped: it is a cache.
 */


#define LLM_CACHE_PER_BUCKET  2048    /* bytes of the share */
#define LLM_CACHE_PER_MARK    1024
#define LLM_CACHE_SLICE       256     /* buckets purged under one lock */


static int llm_cache_lock(llm_cache_t *c);
static void llm_cache_reset(llm_cache_t *c);
static uint32_t llm_cache_find(llm_cache_t *c, const unsigned char *key,
    int64_t now);
static int llm_cache_purges(const llm_cache_purge_t *p,
    const llm_cache_node_t *node);
static uint8_t llm_cache_slot(llm_cache_t *c, const llm_str_t *model,
    uint32_t hash);


llm_cache_t *
llm_cache_create(void *mem, size_t size, uint64_t seed)
{
    size_t        room;
    llm_cache_t  *c;

    if (size < LLM_CACHE_SIZE_MIN) {
        return NULL;
    }

    c = mem;
    memset(c, 0, sizeof(llm_cache_t));

    c->version = LLM_CACHE_VERSION;
    c->header_size = sizeof(llm_cache_t);
    c->size = size;

    c->buckets = (uint32_t) (size / LLM_CACHE_PER_BUCKET + 1);
    c->marks = (uint32_t) (size / LLM_CACHE_PER_MARK + 1);

    c->marks_off = sizeof(llm_cache_t) + c->buckets * sizeof(uint32_t);
    c->map_off = (c->marks_off + c->marks * sizeof(uint32_t) + 7)
                 & ~(size_t) 7;

    /* a bit for each unit, a bit for each word of them */

    room = size - c->map_off;
    c->words = (uint32_t) (room / (64 * LLM_CACHE_UNIT) + 1);
    c->summary_off = c->map_off + c->words * sizeof(uint64_t);
    c->units_off = (c->summary_off + (c->words + 63) / 64 * sizeof(uint64_t)
                    + LLM_CACHE_UNIT - 1)
                   & ~(size_t) (LLM_CACHE_UNIT - 1);
    c->units = (uint32_t) ((size - c->units_off) / LLM_CACHE_UNIT);

    llm_shm_seed(c->seed, seed);

    if (llm_shm_mutex_init(&c->mutex) != LLM_OK) {
        return NULL;
    }

    llm_cache_reset(c);

    c->magic = LLM_CACHE_MAGIC;

    return c;
}


llm_cache_t *
llm_cache_attach(void *mem, size_t size)
{
    llm_cache_t  *c;

    c = mem;

    return (c->magic == LLM_CACHE_MAGIC && c->version == LLM_CACHE_VERSION
            && c->header_size == sizeof(llm_cache_t) && c->size == size)
           ? c : NULL;
}


uint32_t
llm_cache_name(const unsigned char *data, size_t len)
{
    size_t    i;
    uint32_t  h;

    h = 0x811c9dc5;

    for (i = 0; i < len; i++) {
        h = (h ^ data[i]) * 0x01000193;
    }

    return h ? h : 1;
}


int
llm_cache_get(llm_cache_t *c, const unsigned char *key, int64_t now,
    llm_mem_t *mem, llm_cache_found_t *found)
{
    uint32_t           i, sum[2], expected[2];
    llm_cache_node_t  *node;

    if (llm_cache_lock(c) != LLM_OK) {
        return LLM_DECLINED;
    }

    i = llm_cache_find(c, key, now);

    if (i == 0) {
        llm_shm_unlock(&c->mutex);
        return LLM_DECLINED;
    }

    node = llm_cache_node(c, i);

    found->stored = node->stored;
    found->data.len = node->size;
    found->data.data = llm_alloc(mem, node->size);

    if (found->data.data == NULL) {
        llm_shm_unlock(&c->mutex);
        return LLM_ERROR;
    }

    memcpy(expected, node->sum, sizeof(expected));
    llm_cache_copy_out(c, i, found->data.data, node->size);

    llm_cache_touch(c, i);
    c->models[node->slot].hits++;

    llm_shm_unlock(&c->mutex);

    /* what memory has not kept as it was is none */

    llm_cache_sum(found->data.data, found->data.len, sum);

    if (memcmp(sum, expected, sizeof(sum)) != 0) {
        (void) llm_cache_remove(c, key);
        return LLM_DECLINED;
    }

    return LLM_OK;
}


/* writes what a node says of its entry; its runs are there already */

static void
llm_cache_describe(llm_cache_t *c, uint32_t i, const llm_cache_item_t *item,
    const uint32_t *sum, size_t size)
{
    uint32_t           run, units;
    llm_cache_node_t  *node;

    node = llm_cache_node(c, i);
    units = 0;

    for (run = i; run; run = llm_cache_run(c, run)->next) {
        units += llm_cache_run(c, run)->units;
    }

    memset(node, 0, sizeof(llm_cache_node_t));
    memcpy(node->key, item->key, LLM_CACHE_KEY);
    memcpy(node->payers, item->payers, sizeof(item->payers));
    memcpy(node->sum, sum, sizeof(node->sum));

    node->expires = (uint32_t) (item->expires < UINT32_MAX ? item->expires
                                                           : UINT32_MAX);
    node->stored = (uint32_t) item->stored;
    node->size = (uint32_t) size;
    node->units = units;
    node->owner = (uint8_t) (item->payers[0] % LLM_CACHE_OWNERS);
    node->model = llm_cache_name(item->model.data, item->model.len);
    node->slot = llm_cache_slot(c, &item->model, node->model);
}


/* puts a node into the table, and into its model's totals */

static void
llm_cache_enter(llm_cache_t *c, uint32_t i, uint64_t hash)
{
    uint32_t           *bucket;
    llm_cache_node_t   *node;
    llm_cache_model_t  *model;

    node = llm_cache_node(c, i);
    bucket = &llm_cache_table(c)[hash % c->buckets];
    node->chain = *bucket;
    *bucket = i;

    model = &c->models[node->slot];
    model->entries++;
    model->bytes += node->size;
    model->room += (uint64_t) node->units * LLM_CACHE_UNIT;
}


int
llm_cache_put(llm_cache_t *c, const llm_cache_item_t *item, int64_t now,
    const void *data, size_t size)
{
    uint32_t  i, sum[2];
    uint64_t  hash;
    unsigned  kept;

    if (size > (size_t) c->units / LLM_CACHE_PART * LLM_CACHE_UNIT
        || item->expires <= now)
    {
        return LLM_DECLINED;
    }

    llm_cache_sum(data, size, sum);

    if (llm_cache_lock(c) != LLM_OK) {
        return LLM_DECLINED;
    }

    kept = 0;
    i = llm_cache_find(c, item->key, now);

    if (i) {
        kept = (llm_cache_node(c, i)->queue == LLM_CACHE_KEPT);
        llm_cache_drop(c, i);
    }

    i = llm_cache_room(c, size);
    hash = llm_cache_hash(c, item->key);

    llm_cache_describe(c, i, item, sum, size);
    llm_cache_copy_in(c, i, data, size);
    llm_cache_enter(c, i, hash);
    llm_cache_push(c, i, LLM_CACHE_TRIAL);

    if (llm_cache_marked(c, hash) || kept) {
        llm_cache_touch(c, i);
    }

    llm_shm_unlock(&c->mutex);

    return LLM_OK;
}


unsigned
llm_cache_remove(llm_cache_t *c, const unsigned char *key)
{
    uint32_t  i;

    if (llm_cache_lock(c) != LLM_OK) {
        return 0;
    }

    i = llm_cache_find(c, key, 0);

    if (i) {
        llm_cache_drop(c, i);
        c->purged++;
    }

    llm_shm_unlock(&c->mutex);

    return i != 0;
}


unsigned
llm_cache_used(llm_cache_t *c)
{
    return __atomic_load_n(&c->free, __ATOMIC_RELAXED) < c->units;
}


uint64_t
llm_cache_purge(llm_cache_t *c, const llm_cache_purge_t *p)
{
    uint32_t           b, end, i, next;
    uint64_t           n;
    llm_cache_node_t  *node;

    n = 0;

    for (b = 0; b < c->buckets; b = end) {

        end = b + LLM_CACHE_SLICE;
        end = end < c->buckets ? end : c->buckets;

        if (llm_cache_lock(c) != LLM_OK) {
            return n;
        }

        for ( /* void */ ; b < end; b++) {
            for (i = llm_cache_table(c)[b]; i; i = next) {
                node = llm_cache_node(c, i);
                next = node->chain;

                if (llm_cache_purges(p, node)) {
                    llm_cache_drop(c, i);
                    c->purged++;
                    n++;
                }
            }
        }

        llm_shm_unlock(&c->mutex);
    }

    return n;
}


/* each condition that is set has to be met */

static int
llm_cache_purges(const llm_cache_purge_t *p, const llm_cache_node_t *node)
{
    unsigned  k;

    if ((p->model && node->model != p->model)
        || (p->before && node->stored >= p->before)
        || (p->key && memcmp(p->key, node->key, LLM_CACHE_KEY) != 0))
    {
        return 0;
    }

    if (!p->payer) {
        return 1;
    }

    for (k = 0; k < LLM_CACHE_PAYERS; k++) {
        if (node->payers[k] == p->payer) {
            return 1;
        }
    }

    return 0;
}


uint64_t
llm_cache_epoch(llm_cache_t *c)
{
    return __atomic_load_n(&c->epoch, __ATOMIC_ACQUIRE);
}


void
llm_cache_set_epoch(llm_cache_t *c, uint64_t epoch)
{
    __atomic_store_n(&c->epoch, epoch, __ATOMIC_RELEASE);
}


void
llm_cache_stat(llm_cache_t *c, llm_cache_stat_t *stat)
{
    unsigned            i;
    llm_cache_model_t  *m;

    memset(stat, 0, sizeof(llm_cache_stat_t));

    if (llm_cache_lock(c) != LLM_OK) {
        return;
    }

    stat->size = (uint64_t) c->units * LLM_CACHE_UNIT;
    stat->purged = c->purged;

    for (i = 0; i < LLM_CACHE_MODELS; i++) {
        m = &c->models[i];

        stat->all.entries += m->entries;
        stat->all.bytes += m->bytes;
        stat->all.room += m->room;
        stat->all.hits += m->hits;
        stat->all.evictions += m->evictions;

        if (m->hash || i == 0) {
            stat->models[stat->nmodels++] = *m;
        }
    }

    llm_shm_unlock(&c->mutex);
}


static int
llm_cache_lock(llm_cache_t *c)
{
    switch (llm_shm_lock(&c->mutex)) {

    case LLM_OK:
        return LLM_OK;

    case LLM_SHM_DIED:
        llm_cache_reset(c);
        return llm_shm_repaired(&c->mutex);

    default:
        return LLM_ERROR;
    }
}


static void
llm_cache_reset(llm_cache_t *c)
{
    memset(c->queued, 0, sizeof(c->queued));
    memset(c->queues, 0, sizeof(c->queues));
    memset(c->models, 0, sizeof(c->models));
    memset(llm_cache_table(c), 0, c->buckets * sizeof(uint32_t));
    memset(llm_cache_mark(c), 0, c->marks * sizeof(uint32_t));

    llm_cache_room_reset(c);
}


uint64_t
llm_cache_hash(llm_cache_t *c, const unsigned char *key)
{
    uint64_t  words[LLM_CACHE_KEY / sizeof(uint64_t)];

    memcpy(words, key, LLM_CACHE_KEY);

    return llm_shm_hash(c->seed, words, sizeof(words) / sizeof(words[0]));
}


/* one whose time is over is removed where it is met */

static uint32_t
llm_cache_find(llm_cache_t *c, const unsigned char *key, int64_t now)
{
    uint32_t           i;
    llm_cache_node_t  *node;

    i = llm_cache_table(c)[llm_cache_hash(c, key) % c->buckets];

    while (i) {
        node = llm_cache_node(c, i);

        if (memcmp(node->key, key, LLM_CACHE_KEY) == 0) {

            if (node->expires > now) {
                return i;
            }

            llm_cache_drop(c, i);

            return 0;
        }

        i = node->chain;
    }

    return 0;
}


void
llm_cache_drop(llm_cache_t *c, uint32_t i)
{
    uint32_t           *link;
    llm_cache_node_t   *node;
    llm_cache_model_t  *m;

    node = llm_cache_node(c, i);
    link = &llm_cache_table(c)[llm_cache_hash(c, node->key) % c->buckets];

    while (*link != i) {
        link = &llm_cache_node(c, *link)->chain;
    }

    *link = node->chain;

    llm_cache_unlink(c, i);

    m = &c->models[node->slot];
    m->entries--;
    m->bytes -= node->size;
    m->room -= (uint64_t) node->units * LLM_CACHE_UNIT;

    llm_cache_room_give(c, i);
}


/* the model's counters; where there is no room for its name, those of others */

static uint8_t
llm_cache_slot(llm_cache_t *c, const llm_str_t *model, uint32_t hash)
{
    unsigned            i, found;
    llm_cache_model_t  *m;

    found = 0;

    for (i = 1; i < LLM_CACHE_MODELS; i++) {
        m = &c->models[i];

        if (m->hash == hash) {
            return (uint8_t) i;
        }

        if (m->entries == 0 && (found == 0 || m->hash == 0)) {
            found = i;

            if (m->hash == 0) {
                break;
            }
        }
    }

    if (found) {
        m = &c->models[found];

        c->models[0].hits += m->hits;
        c->models[0].evictions += m->evictions;

        memset(m, 0, sizeof(llm_cache_model_t));

        m->hash = hash;
        m->len = (uint32_t) (model->len < LLM_CACHE_NAME ? model->len
                                                         : LLM_CACHE_NAME);

        if (m->len) {
            memcpy(m->name, model->data, m->len);
        }
    }

    return (uint8_t) found;
}
