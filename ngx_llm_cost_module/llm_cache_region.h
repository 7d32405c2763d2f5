
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_CACHE_REGION_H_INCLUDED_
#define _LLM_CACHE_REGION_H_INCLUDED_


/*
 * The layout of the cache's region, for llm_cache*.c.
 *
 *   header | buckets | marks | map | summary | units of 32 bytes
 *
 * An entry is a chain of runs of units, its node at the beginning of the
 * first.  Which units are free is a bit each in the map, and which words of
 * the map have one a bit each in the summary: neighbours that become free are
 * one run without anybody joining them.  Links are indices of units plus one,
 * 0 is "none".
 */

#include <pthread.h>

#include "llm_cache.h"


#define LLM_CACHE_MAGIC     0x3268636163656c6cULL
#define LLM_CACHE_VERSION   2
#define LLM_CACHE_UNIT      32
#define LLM_CACHE_OWNERS    256
#define LLM_CACHE_PART      8         /* of the room, one entry */


typedef enum {
    LLM_CACHE_TRIAL = 0,
    LLM_CACHE_KEPT,
    LLM_CACHE_QUEUES
} llm_cache_queue_e;


/* a run of units begins with this, then an entry's bytes */

typedef struct {
    uint32_t           next;          /* run */
    uint32_t           units;
} llm_cache_run_t;


/* the beginning of the first run, behind its header */

typedef struct {
    unsigned char      key[LLM_CACHE_KEY];
    uint32_t           expires;
    uint32_t           stored;
    uint32_t           chain;         /* in the hash */
    uint32_t           prev;          /* in its queue */
    uint32_t           next;
    uint32_t           size;          /* bytes */
    uint32_t           units;
    uint32_t           model;         /* its name */
    uint32_t           payers[LLM_CACHE_PAYERS];
    uint32_t           sum[2];        /* of the bytes */
    uint8_t            slot;          /* of the model's counters */
    uint8_t            owner;
    uint8_t            queue;
    uint8_t            unused;
} llm_cache_node_t;


typedef struct {
    uint32_t           first;         /* used last */
    uint32_t           last;
    uint64_t           units;
} llm_cache_queue_t;


struct llm_cache_s {
    uint64_t           magic;
    uint32_t           version;
    uint32_t           header_size;
    uint64_t           size;
    uint64_t           seed[2];

    uint32_t           units;
    uint32_t           buckets;
    uint32_t           marks;
    uint32_t           words;         /* of the map */
    size_t             marks_off;
    size_t             map_off;
    size_t             summary_off;
    size_t             units_off;

    pthread_mutex_t    mutex;

    uint64_t           epoch;
    uint64_t           purged;
    uint32_t           free;          /* units */
    uint32_t           cursor;        /* where room was found last */
    uint64_t           queued[LLM_CACHE_QUEUES];       /* units */
    llm_cache_queue_t  queues[LLM_CACHE_OWNERS][LLM_CACHE_QUEUES];
    llm_cache_model_t  models[LLM_CACHE_MODELS];
};


#define llm_cache_at(c, off, type)                                            \
    ((type *) (void *) ((unsigned char *) (c) + (off)))
#define llm_cache_table(c)                                                    \
    llm_cache_at(c, sizeof(llm_cache_t), uint32_t)
#define llm_cache_mark(c)     llm_cache_at(c, (c)->marks_off, uint32_t)
#define llm_cache_map(c)      llm_cache_at(c, (c)->map_off, uint64_t)
#define llm_cache_summary(c)  llm_cache_at(c, (c)->summary_off, uint64_t)
#define llm_cache_run(c, i)                                                   \
    llm_cache_at(c, (c)->units_off + (size_t) ((i) - 1) * LLM_CACHE_UNIT,     \
                 llm_cache_run_t)
#define llm_cache_node(c, i)                                                  \
    ((llm_cache_node_t *) (llm_cache_run(c, i) + 1))


/* llm_cache.c */

uint64_t llm_cache_hash(llm_cache_t *c, const unsigned char *key);
void llm_cache_drop(llm_cache_t *c, uint32_t i);


/* llm_cache_queue.c */

void llm_cache_touch(llm_cache_t *c, uint32_t i);
void llm_cache_push(llm_cache_t *c, uint32_t i, llm_cache_queue_e queue);
void llm_cache_unlink(llm_cache_t *c, uint32_t i);

/*
 * A chain for an entry of size bytes, which is less than all there is, so that
 * this cannot fail.  It is in as few pieces as the free runs allow; the first
 * one holds the node.
 */

uint32_t llm_cache_room(llm_cache_t *c, size_t size);

/* it left a short while ago, and here it is again */

unsigned llm_cache_marked(llm_cache_t *c, uint64_t hash);


/* llm_cache_room.c */

/* what an entry of size bytes takes in one piece */

uint32_t llm_cache_room_for(size_t size);

void llm_cache_room_reset(llm_cache_t *c);

/*
 * A run of at most want units and of min at least; 0: there is none.  The
 * best one near the place where room was found or made last.
 */

uint32_t llm_cache_room_take(llm_cache_t *c, uint32_t want, uint32_t min);

/* all runs of a chain */

void llm_cache_room_give(llm_cache_t *c, uint32_t run);

void llm_cache_copy_in(llm_cache_t *c, uint32_t run, const void *data,
    size_t size);
void llm_cache_copy_out(llm_cache_t *c, uint32_t run, void *buf, size_t size);

/*
 * 64 bits that change with any bits of one word, and hardly ever do not where
 * more has changed.  They tell damage, not forgery: only workers write here.
 */

void llm_cache_sum(const void *data, size_t size, uint32_t sum[2]);


#endif /* _LLM_CACHE_REGION_H_INCLUDED_ */
