
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_CACHE_H_INCLUDED_
#define _LLM_CACHE_H_INCLUDED_


/*
 * Answers in shared memory: the first level of the exact cache.  What an entry
 * is made of is its owner's business; here it is bytes under a key of 32.
 *
 * Bounded: room for an entry is made by removing others.  Three rules say
 * which, so that what is asked for every minute stays:
 *
 *   - a new entry is on trial; it is kept once it was asked for again.  Those
 *     on trial leave first while they have a quarter of the room, so that a
 *     flood of questions that nobody asks twice pushes out only its like;
 *   - of the keys that left lately a mark remains: who comes back is kept at
 *     once, though it was asked for too seldom to be found on trial;
 *   - of several payers, the one whose entries take most gives room, its own
 *     least recently used ones: nobody pushes out what others use.
 *
 * An entry takes its bytes, 100 more, and is rounded up to 32; each further
 * piece that it is cut into takes 8.  Tables take 3 percent of the share.
 */

#include "llm_core.h"


#define LLM_CACHE_KEY       32        /* bytes of a key */
#define LLM_CACHE_PAYERS    4         /* that an entry may be found by */
#define LLM_CACHE_MODELS    64        /* that are counted by name */
#define LLM_CACHE_NAME      64        /* bytes of such a name */
#define LLM_CACHE_SIZE_MIN  131072

typedef struct llm_cache_s  llm_cache_t;

llm_cache_t *llm_cache_create(void *mem, size_t size, uint64_t seed);

/* NULL: of another version or size */

llm_cache_t *llm_cache_attach(void *mem, size_t size);


typedef struct {
    const unsigned char  *key;
    llm_str_t             model;
    uint32_t              payers[LLM_CACHE_PAYERS];    /* llm_cache_name(), or
                                                          0; the first one
                                                          gives room */
    int64_t               stored;
    int64_t               expires;
} llm_cache_item_t;

/* a name in few bits, the same on every node; never 0 */

uint32_t llm_cache_name(const unsigned char *data, size_t len);


typedef struct {
    llm_str_t             data;
    int64_t               stored;
} llm_cache_found_t;

/*
 * LLM_OK: a copy in mem; LLM_DECLINED: there is none, or it was damaged and is
 * there no more; LLM_ERROR: no memory.
 */

int llm_cache_get(llm_cache_t *c, const unsigned char *key, int64_t now,
    llm_mem_t *mem, llm_cache_found_t *found);

/* LLM_DECLINED: larger than an eighth of the share */

int llm_cache_put(llm_cache_t *c, const llm_cache_item_t *item, int64_t now,
    const void *data, size_t size);

/* 1: it was there */

unsigned llm_cache_remove(llm_cache_t *c, const unsigned char *key);


/* 0: nothing is kept */

unsigned llm_cache_used(llm_cache_t *c);


/* what is set has to agree */

typedef struct {
    const unsigned char  *key;
    uint32_t              model;      /* llm_cache_name() */
    uint32_t              payer;
    int64_t               before;     /* stored earlier than that */
} llm_cache_purge_t;

/* the number of entries that have gone; in slices, so that nobody waits long */

uint64_t llm_cache_purge(llm_cache_t *c, const llm_cache_purge_t *purge);


/*
 * The purges of a fleet are numbered.  The number is that of the last one that
 * was carried out here; it is 0 until the first was heard of.
 */

uint64_t llm_cache_epoch(llm_cache_t *c);
void llm_cache_set_epoch(llm_cache_t *c, uint64_t epoch);


typedef struct {
    char                  name[LLM_CACHE_NAME];
    uint32_t              len;
    uint32_t              hash;
    uint64_t              entries;
    uint64_t              bytes;      /* of the entries */
    uint64_t              room;       /* that they take */
    uint64_t              hits;
    uint64_t              evictions;
} llm_cache_model_t;

typedef struct {
    llm_cache_model_t     all;
    uint64_t              purged;
    uint64_t              size;       /* all the room there is */
    unsigned              nmodels;
    llm_cache_model_t     models[LLM_CACHE_MODELS];    /* the first: others */
} llm_cache_stat_t;

void llm_cache_stat(llm_cache_t *c, llm_cache_stat_t *stat);


#endif /* _LLM_CACHE_H_INCLUDED_ */
