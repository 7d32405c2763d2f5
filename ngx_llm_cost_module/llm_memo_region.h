
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_MEMO_REGION_H_INCLUDED_
#define _LLM_MEMO_REGION_H_INCLUDED_


/* How a memo lies in memory; for its own files and tests. */

#include "llm_memo.h"


#define LLM_MEMO_MAGIC       0x316f6d656d6d6c6cULL
#define LLM_MEMO_VERSION     2

#define LLM_MEMO_BLOCK       1024            /* bytes of one NH */
#define LLM_MEMO_ROW         32
#define LLM_MEMO_WORDS       (LLM_MEMO_ROW / 4)
#define LLM_MEMO_SUMS        4
#define LLM_MEMO_ROWS        (LLM_MEMO_BLOCK / LLM_MEMO_ROW                   \
                              + LLM_MEMO_SUMS - 1)

#define LLM_MEMO_POINT       (UINT64_MAX >> 3)
#define LLM_MEMO_WAYS        5
#define LLM_MEMO_ALL         ((1 << LLM_MEMO_WAYS) - 1)


typedef unsigned __int128    llm_uint128_t;


/* two words in each of four columns */

struct llm_memo_row_s {
    uint32_t                 key[LLM_MEMO_WORDS];
} __attribute__((aligned(LLM_MEMO_ROW)));


/*
 * All of it random, but that the words of the points are below 2^61.  1.2 KB,
 * which stay in the processor's nearest cache.
 */

typedef struct {
    llm_memo_row_t           nh[LLM_MEMO_ROWS];
    uint64_t                 r[2];
    uint64_t                 s[2];
    uint64_t                 sip[2];
} llm_memo_secret_t;


typedef struct {
    uint64_t                 h[2];            /* of the key, less count */
    uint64_t                 count;           /* 0: free */
} llm_memo_entry_t;


/*
 * Two cache lines.  The bits of used tell which entries were asked for since
 * they came.  A new entry takes the place of one that was not, in turn; where
 * all were, all are forgotten to have been.  So a flood of texts that nobody
 * sends twice pushes out only its own kind.
 *
 * next is the set that was asked for after this one.  The turns of a
 * conversation ask in the same order, so it is fetched from memory while the
 * next text is hashed.
 *
 * All three are hints: an update that is lost between two processes costs no
 * more than a worse choice.
 */

typedef struct {
    uint16_t                 used;
    uint16_t                 hand;
    uint32_t                 next;
    llm_memo_entry_t         entries[LLM_MEMO_WAYS];
} llm_memo_set_t;


struct llm_memo_s {
    uint64_t                 magic;
    uint32_t                 version;
    uint32_t                 header_size;
    uint64_t                 size;
    uint64_t                 sets;
    uint64_t                 generation;      /* views given out */
    llm_memo_secret_t        secret;
};


#define LLM_MEMO_SETS_OFF                                                     \
    ((sizeof(llm_memo_t) + sizeof(llm_memo_set_t) - 1)                        \
     / sizeof(llm_memo_set_t) * sizeof(llm_memo_set_t))

_Static_assert(sizeof(llm_memo_set_t) == 128, "two cache lines a set");


/* which set; any number of sets, so that no memory is left over */

static inline uint64_t
llm_memo_place(const llm_memo_t *m, const llm_memo_key_t *key)
{
    return (uint64_t) (((llm_uint128_t) key->h[0] * m->sets) >> 64);
}


#define llm_memo_sets(m)                                                      \
    ((llm_memo_set_t *) ((unsigned char *) (m) + LLM_MEMO_SETS_OFF))


/*
 * The sums of a block of at most LLM_MEMO_BLOCK bytes: as fast as the processor
 * can, and without its help.  Both are the same.
 */

llm_memo_nh_pt llm_memo_nh_best(void);

void llm_memo_nh_plain(const llm_memo_row_t *k, const unsigned char *p,
    size_t n, uint64_t sum[LLM_MEMO_SUMS]);

/* the polynomial's value, at most 2^127 */

void llm_memo_poly(const llm_memo_view_t *view, const void *vocab,
    const unsigned char *text, size_t len, uint64_t value[2]);


#endif /* _LLM_MEMO_REGION_H_INCLUDED_ */
