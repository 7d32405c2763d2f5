
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"
#include "llm_shm.h"


/*
 * Cached answers in shared memory.  The share is cut into blocks of one size
 * and an entry is a chain of them: nothing fragments, the memory is bounded,
 * and room for n blocks is made by at most n removals.
 *
 * Two queues, each least recently used first to leave.  An entry begins on
 * trial and is kept once it was asked for again; only entries on trial make
 * room for new ones while there are any.  So a flood of texts that nobody
 * asks twice cannot push out what is asked every minute.
 *
 * Links are indices plus one, 0 is "none".  What the lock guards is a cache:
 * after a worker died with the lock, all entries are dropped.
 */


#define NGX_HTTP_LLM_COST_CACHE_MAGIC    0x3168636163656c6cULL
#define NGX_HTTP_LLM_COST_CACHE_VERSION  1
#define NGX_HTTP_LLM_COST_CACHE_BLOCK    128
#define NGX_HTTP_LLM_COST_CACHE_PART     8    /* of the share, one entry */


typedef enum {
    NGX_HTTP_LLM_COST_CACHE_TRIAL = 0,
    NGX_HTTP_LLM_COST_CACHE_KEPT,
    NGX_HTTP_LLM_COST_CACHE_QUEUES
} ngx_http_llm_cost_cache_queue_e;


typedef struct {
    uint32_t                          first;    /* used last */
    uint32_t                          last;
    uint32_t                          blocks;
} ngx_http_llm_cost_cache_queue_t;


/* the beginning of an entry's first block, its bytes follow */

typedef struct {
    u_char                            key[NGX_HTTP_LLM_COST_CACHE_KEY];
    int64_t                           expires;
    uint32_t                          chain;    /* in the hash */
    uint32_t                          prev;     /* in its queue */
    uint32_t                          next;
    uint32_t                          size;     /* bytes */
    uint32_t                          blocks;
    uint32_t                          tail;     /* last block */
    uint32_t                          queue;
    uint32_t                          unused;
} ngx_http_llm_cost_cache_node_t;


struct ngx_http_llm_cost_cache_s {
    uint64_t                          magic;
    uint32_t                          version;
    uint32_t                          header_size;
    uint64_t                          size;
    uint64_t                          seed[2];

    uint32_t                          max;      /* blocks */
    uint32_t                          buckets;
    uint32_t                          links_off;
    uint32_t                          blocks_off;

    pthread_mutex_t                   mutex;

    uint32_t                          top;      /* blocks ever used */
    uint32_t                          free;
    uint32_t                          used;
    uint32_t                          entries;
    uint64_t                          bytes;
    ngx_http_llm_cost_cache_queue_t   queues[NGX_HTTP_LLM_COST_CACHE_QUEUES];
};


#define ngx_http_llm_cost_cache_table(c)                                      \
    ((uint32_t *) ((u_char *) (c) + sizeof(ngx_http_llm_cost_cache_t)))
#define ngx_http_llm_cost_cache_link(c, i)                                    \
    ((uint32_t *) ((u_char *) (c) + (c)->links_off))[(i) - 1]
#define ngx_http_llm_cost_cache_block(c, i)                                   \
    ((u_char *) (c) + (c)->blocks_off                                         \
     + (size_t) ((i) - 1) * NGX_HTTP_LLM_COST_CACHE_BLOCK)
#define ngx_http_llm_cost_cache_node(c, i)                                    \
    ((ngx_http_llm_cost_cache_node_t *) ngx_http_llm_cost_cache_block(c, i))


static ngx_int_t ngx_http_llm_cost_cache_lock(ngx_http_llm_cost_cache_t *c);
static void ngx_http_llm_cost_cache_reset(ngx_http_llm_cost_cache_t *c);
static uint32_t *ngx_http_llm_cost_cache_bucket(ngx_http_llm_cost_cache_t *c,
    const u_char *key);
static uint32_t ngx_http_llm_cost_cache_find(ngx_http_llm_cost_cache_t *c,
    const u_char *key);
static void ngx_http_llm_cost_cache_push(ngx_http_llm_cost_cache_t *c,
    uint32_t i, ngx_http_llm_cost_cache_queue_e queue);
static void ngx_http_llm_cost_cache_unlink(ngx_http_llm_cost_cache_t *c,
    uint32_t i);
static void ngx_http_llm_cost_cache_touch(ngx_http_llm_cost_cache_t *c,
    uint32_t i);
static void ngx_http_llm_cost_cache_remove(ngx_http_llm_cost_cache_t *c,
    uint32_t i);
static uint32_t ngx_http_llm_cost_cache_alloc(ngx_http_llm_cost_cache_t *c,
    uint32_t blocks, uint32_t *tail);
static void ngx_http_llm_cost_cache_copy_in(ngx_http_llm_cost_cache_t *c,
    uint32_t i, const u_char *p, size_t len);
static void ngx_http_llm_cost_cache_copy_out(ngx_http_llm_cost_cache_t *c,
    uint32_t i, u_char *p, size_t len);


ngx_int_t
ngx_http_llm_cost_cache_zone_init(ngx_http_llm_cost_zone_t *z, size_t share)
{
    size_t                      room;
    ngx_http_llm_cost_cache_t  *c;

    c = ngx_slab_alloc(z->shpool, share);
    if (c == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(c, sizeof(ngx_http_llm_cost_cache_t));

    /* a block costs itself, its link, and a bucket for every eighth */

    room = share - sizeof(ngx_http_llm_cost_cache_t)
           - 2 * NGX_HTTP_LLM_COST_CACHE_BLOCK;

    c->max = (uint32_t) ngx_min(room * 8
                                / (8 * NGX_HTTP_LLM_COST_CACHE_BLOCK
                                   + 9 * sizeof(uint32_t)),
                                UINT32_MAX / 64);
    c->buckets = c->max / 8 + 1;
    c->links_off = sizeof(ngx_http_llm_cost_cache_t)
                   + c->buckets * sizeof(uint32_t);
    c->blocks_off = ngx_align(c->links_off + c->max * sizeof(uint32_t),
                              NGX_HTTP_LLM_COST_CACHE_BLOCK);

    c->version = NGX_HTTP_LLM_COST_CACHE_VERSION;
    c->header_size = sizeof(ngx_http_llm_cost_cache_t);
    c->size = share;

    llm_shm_seed(c->seed, (uint64_t) ngx_random());

    if (llm_shm_mutex_init(&c->mutex) != LLM_OK) {
        return NGX_ERROR;
    }

    ngx_http_llm_cost_cache_reset(c);

    c->magic = NGX_HTTP_LLM_COST_CACHE_MAGIC;
    z->cache = c;

    return NGX_OK;
}


ngx_int_t
ngx_http_llm_cost_cache_zone_attach(ngx_http_llm_cost_zone_t *z, void *mem,
    size_t share)
{
    ngx_http_llm_cost_cache_t  *c;

    c = mem;

    if (c->magic != NGX_HTTP_LLM_COST_CACHE_MAGIC
        || c->version != NGX_HTTP_LLM_COST_CACHE_VERSION
        || c->header_size != sizeof(ngx_http_llm_cost_cache_t)
        || c->size != share)
    {
        return NGX_DECLINED;
    }

    z->cache = c;

    return NGX_OK;
}


/*
 * The bytes are copied into the request's pool.  Nothing is allocated under
 * the lock, so the entry is looked up twice; one that was replaced by another
 * size in between is a miss.
 */

ngx_int_t
ngx_http_llm_cost_cache_zone_get(ngx_http_llm_cost_zone_t *z,
    const u_char *key, ngx_pool_t *pool, ngx_http_llm_cost_entry_t **e)
{
    u_char                     *p;
    uint32_t                    i;
    size_t                      size;
    ngx_http_llm_cost_cache_t  *c;

    c = z->cache;

    if (ngx_http_llm_cost_cache_lock(c) != NGX_OK) {
        return NGX_DECLINED;
    }

    i = ngx_http_llm_cost_cache_find(c, key);
    size = i ? ngx_http_llm_cost_cache_node(c, i)->size : 0;

    llm_shm_unlock(&c->mutex);

    if (i == 0) {
        return NGX_DECLINED;
    }

    p = ngx_pnalloc(pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_llm_cost_cache_lock(c) != NGX_OK) {
        return NGX_DECLINED;
    }

    i = ngx_http_llm_cost_cache_find(c, key);

    if (i == 0 || ngx_http_llm_cost_cache_node(c, i)->size != size) {
        llm_shm_unlock(&c->mutex);
        return NGX_DECLINED;
    }

    ngx_http_llm_cost_cache_copy_out(c, i, p, size);
    ngx_http_llm_cost_cache_touch(c, i);

    llm_shm_unlock(&c->mutex);

    return ngx_http_llm_cost_entry_read(pool, p, size, e);
}


void
ngx_http_llm_cost_cache_zone_put(ngx_http_llm_cost_zone_t *z,
    const u_char *key, const ngx_http_llm_cost_entry_t *e, time_t ttl)
{
    size_t   size;
    u_char  *p;

    size = ngx_http_llm_cost_entry_size(e);

    p = ngx_alloc(size, ngx_cycle->log);
    if (p == NULL) {
        return;
    }

    ngx_http_llm_cost_entry_write(e, p);
    ngx_http_llm_cost_cache_zone_put_bytes(z, key, p, size, ttl);

    ngx_free(p);
}


/* an entry too large for the share is not kept: nothing else has to go */

void
ngx_http_llm_cost_cache_zone_put_bytes(ngx_http_llm_cost_zone_t *z,
    const u_char *key, const u_char *p, size_t size, time_t ttl)
{
    uint32_t                         i, tail, blocks, *bucket;
    ngx_http_llm_cost_cache_t       *c;
    ngx_http_llm_cost_cache_node_t  *node;

    c = z->cache;

    if (size > (size_t) c->max / NGX_HTTP_LLM_COST_CACHE_PART
               * NGX_HTTP_LLM_COST_CACHE_BLOCK)
    {
        return;
    }

    blocks = (uint32_t) ((sizeof(ngx_http_llm_cost_cache_node_t) + size
                          + NGX_HTTP_LLM_COST_CACHE_BLOCK - 1)
                         / NGX_HTTP_LLM_COST_CACHE_BLOCK);

    if (blocks > c->max || ngx_http_llm_cost_cache_lock(c) != NGX_OK) {
        return;
    }

    i = ngx_http_llm_cost_cache_find(c, key);
    if (i) {
        ngx_http_llm_cost_cache_remove(c, i);
    }

    i = ngx_http_llm_cost_cache_alloc(c, blocks, &tail);

    node = ngx_http_llm_cost_cache_node(c, i);
    ngx_memcpy(node->key, key, NGX_HTTP_LLM_COST_CACHE_KEY);
    node->expires = (int64_t) ngx_time() + ttl;
    node->size = (uint32_t) size;
    node->blocks = blocks;
    node->tail = tail;

    ngx_http_llm_cost_cache_copy_in(c, i, p, size);
    ngx_http_llm_cost_cache_push(c, i, NGX_HTTP_LLM_COST_CACHE_TRIAL);

    bucket = ngx_http_llm_cost_cache_bucket(c, key);
    node->chain = *bucket;
    *bucket = i;

    c->entries++;
    c->bytes += size;

    llm_shm_unlock(&c->mutex);
}


ngx_uint_t
ngx_http_llm_cost_cache_zone_clear(ngx_http_llm_cost_zone_t *z)
{
    ngx_uint_t                  n;
    ngx_http_llm_cost_cache_t  *c;

    c = z->cache;

    if (ngx_http_llm_cost_cache_lock(c) != NGX_OK) {
        return 0;
    }

    n = c->entries;
    ngx_http_llm_cost_cache_reset(c);

    llm_shm_unlock(&c->mutex);

    return n;
}


void
ngx_http_llm_cost_cache_zone_stat(ngx_http_llm_cost_zone_t *z,
    ngx_uint_t *entries, size_t *bytes)
{
    ngx_http_llm_cost_cache_t  *c;

    *entries = 0;
    *bytes = 0;

    c = z->cache;

    if (ngx_http_llm_cost_cache_lock(c) != NGX_OK) {
        return;
    }

    *entries = c->entries;
    *bytes = (size_t) c->bytes;

    llm_shm_unlock(&c->mutex);
}


static ngx_int_t
ngx_http_llm_cost_cache_lock(ngx_http_llm_cost_cache_t *c)
{
    switch (llm_shm_lock(&c->mutex)) {

    case LLM_OK:
        return NGX_OK;

    case LLM_SHM_DIED:
        ngx_http_llm_cost_cache_reset(c);
        return llm_shm_repaired(&c->mutex) == LLM_OK ? NGX_OK : NGX_ERROR;

    default:
        return NGX_ERROR;
    }
}


static void
ngx_http_llm_cost_cache_reset(ngx_http_llm_cost_cache_t *c)
{
    c->top = 0;
    c->free = 0;
    c->used = 0;
    c->entries = 0;
    c->bytes = 0;

    ngx_memzero(c->queues, sizeof(c->queues));
    ngx_memzero(ngx_http_llm_cost_cache_table(c),
                c->buckets * sizeof(uint32_t));
}


static uint32_t *
ngx_http_llm_cost_cache_bucket(ngx_http_llm_cost_cache_t *c,
    const u_char *key)
{
    uint64_t  hash, words[NGX_HTTP_LLM_COST_CACHE_KEY / sizeof(uint64_t)];

    ngx_memcpy(words, key, NGX_HTTP_LLM_COST_CACHE_KEY);

    hash = llm_shm_hash(c->seed, words, sizeof(words) / sizeof(words[0]));

    return ngx_http_llm_cost_cache_table(c) + hash % c->buckets;
}


/* one whose time is over is removed where it is met */

static uint32_t
ngx_http_llm_cost_cache_find(ngx_http_llm_cost_cache_t *c, const u_char *key)
{
    uint32_t                         i;
    ngx_http_llm_cost_cache_node_t  *node;

    i = *ngx_http_llm_cost_cache_bucket(c, key);

    while (i) {
        node = ngx_http_llm_cost_cache_node(c, i);

        if (ngx_memcmp(node->key, key, NGX_HTTP_LLM_COST_CACHE_KEY) == 0) {

            if (node->expires > (int64_t) ngx_time()) {
                return i;
            }

            ngx_http_llm_cost_cache_remove(c, i);

            return 0;
        }

        i = node->chain;
    }

    return 0;
}


static void
ngx_http_llm_cost_cache_push(ngx_http_llm_cost_cache_t *c, uint32_t i,
    ngx_http_llm_cost_cache_queue_e queue)
{
    ngx_http_llm_cost_cache_node_t   *node;
    ngx_http_llm_cost_cache_queue_t  *q;

    q = &c->queues[queue];
    node = ngx_http_llm_cost_cache_node(c, i);

    node->queue = queue;
    node->prev = 0;
    node->next = q->first;

    if (q->first) {
        ngx_http_llm_cost_cache_node(c, q->first)->prev = i;

    } else {
        q->last = i;
    }

    q->first = i;
    q->blocks += node->blocks;
}


static void
ngx_http_llm_cost_cache_unlink(ngx_http_llm_cost_cache_t *c, uint32_t i)
{
    ngx_http_llm_cost_cache_node_t   *node;
    ngx_http_llm_cost_cache_queue_t  *q;

    node = ngx_http_llm_cost_cache_node(c, i);
    q = &c->queues[node->queue];

    if (node->prev) {
        ngx_http_llm_cost_cache_node(c, node->prev)->next = node->next;

    } else {
        q->first = node->next;
    }

    if (node->next) {
        ngx_http_llm_cost_cache_node(c, node->next)->prev = node->prev;

    } else {
        q->last = node->prev;
    }

    q->blocks -= node->blocks;
}


/* three quarters at most are kept: what is new always has room for a trial */

static void
ngx_http_llm_cost_cache_touch(ngx_http_llm_cost_cache_t *c, uint32_t i)
{
    uint32_t                          last;
    ngx_http_llm_cost_cache_queue_t  *kept;

    kept = &c->queues[NGX_HTTP_LLM_COST_CACHE_KEPT];

    ngx_http_llm_cost_cache_unlink(c, i);
    ngx_http_llm_cost_cache_push(c, i, NGX_HTTP_LLM_COST_CACHE_KEPT);

    while (kept->blocks > c->max / 4 * 3 && kept->last != i) {
        last = kept->last;
        ngx_http_llm_cost_cache_unlink(c, last);
        ngx_http_llm_cost_cache_push(c, last, NGX_HTTP_LLM_COST_CACHE_TRIAL);
    }
}


static void
ngx_http_llm_cost_cache_remove(ngx_http_llm_cost_cache_t *c, uint32_t i)
{
    uint32_t                        *link;
    ngx_http_llm_cost_cache_node_t  *node;

    node = ngx_http_llm_cost_cache_node(c, i);
    link = ngx_http_llm_cost_cache_bucket(c, node->key);

    while (*link != i) {
        link = &ngx_http_llm_cost_cache_node(c, *link)->chain;
    }

    *link = node->chain;

    ngx_http_llm_cost_cache_unlink(c, i);

    ngx_http_llm_cost_cache_link(c, node->tail) = c->free;
    c->free = i;

    c->used -= node->blocks;
    c->bytes -= node->size;
    c->entries--;
}


/* the caller has made sure that blocks <= c->max, so that this cannot fail */

static uint32_t
ngx_http_llm_cost_cache_alloc(ngx_http_llm_cost_cache_t *c, uint32_t blocks,
    uint32_t *tail)
{
    uint32_t                          i, first, n;
    ngx_http_llm_cost_cache_queue_t  *q;

    while (c->max - c->used < blocks) {
        q = &c->queues[NGX_HTTP_LLM_COST_CACHE_TRIAL];

        if (q->last == 0) {
            q = &c->queues[NGX_HTTP_LLM_COST_CACHE_KEPT];
        }

        ngx_http_llm_cost_cache_remove(c, q->last);
    }

    first = 0;
    *tail = 0;

    for (n = 0; n < blocks; n++) {

        if (c->free) {
            i = c->free;
            c->free = ngx_http_llm_cost_cache_link(c, i);

        } else {
            i = ++c->top;
        }

        if (first == 0) {
            first = i;

        } else {
            ngx_http_llm_cost_cache_link(c, *tail) = i;
        }

        *tail = i;
    }

    ngx_http_llm_cost_cache_link(c, *tail) = 0;
    c->used += blocks;

    return first;
}


static void
ngx_http_llm_cost_cache_copy_in(ngx_http_llm_cost_cache_t *c, uint32_t i,
    const u_char *p, size_t len)
{
    size_t  n, off;

    off = sizeof(ngx_http_llm_cost_cache_node_t);

    while (len) {
        n = ngx_min(len, NGX_HTTP_LLM_COST_CACHE_BLOCK - off);

        ngx_memcpy(ngx_http_llm_cost_cache_block(c, i) + off, p, n);

        p += n;
        len -= n;
        off = 0;
        i = ngx_http_llm_cost_cache_link(c, i);
    }
}


static void
ngx_http_llm_cost_cache_copy_out(ngx_http_llm_cost_cache_t *c, uint32_t i,
    u_char *p, size_t len)
{
    size_t  n, off;

    off = sizeof(ngx_http_llm_cost_cache_node_t);

    while (len) {
        n = ngx_min(len, NGX_HTTP_LLM_COST_CACHE_BLOCK - off);

        p = ngx_cpymem(p, ngx_http_llm_cost_cache_block(c, i) + off, n);

        len -= n;
        off = 0;
        i = ngx_http_llm_cost_cache_link(c, i);
    }
}
