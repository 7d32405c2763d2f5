
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_LEARN_TABLE_H_INCLUDED_
#define _LLM_LEARN_TABLE_H_INCLUDED_


/* what the files of llm_learn share among themselves */

#include "llm_learn.h"


/*
 * The table: sets of a few places, of which a model and class has one.  A word
 * is read and written whole; what several words say together may be of two
 * moments, and is clipped to its bounds wherever it is used.
 */

#define LLM_LEARN_MAX        100000000LL     /* tokens of a pair */

#define llm_min(a, b)        ((a) < (b) ? (a) : (b))


typedef struct {
    uint64_t             key;
    uint64_t             used;               /* seconds */
    uint64_t             n;
    uint64_t             line;
    uint64_t             share;
    uint64_t             tokens;
    uint64_t             kinds;              /* of counts, in pairs */
    uint64_t             output;             /* median + 1, 0: none */
    uint64_t             outputs;            /* so far */
    uint64_t             pairs[LLM_LEARN_PAIRS];
    uint32_t             out[LLM_LEARN_PAIRS];
} llm_learn_place_t;

/* an answer that the fleet is still to be told of; turn is written last */

typedef struct {
    uint64_t             turn;
    uint64_t             key;
    uint64_t             pair;
    uint64_t             output;             /* + 1, 0: not said */
} llm_learn_news_t;

struct llm_learn_table_s {
    uint64_t             magic;
    uint64_t             sets;
    uint64_t             added;              /* to news, so far */
    uint64_t             told;
    uint64_t             seen;               /* of what the fleet knows */
    uint64_t             pad[3];
    llm_learn_news_t     news[LLM_LEARN_NEWS];
    llm_learn_place_t    places[];
};


#define llm_learn_read(p)       __atomic_load_n(p, __ATOMIC_RELAXED)
#define llm_learn_write(p, v)   __atomic_store_n(p, v, __ATOMIC_RELAXED)


const llm_learn_place_t *llm_learn_find(const llm_learn_table_t *t,
    uint64_t key);
llm_learn_place_t *llm_learn_take(llm_learn_table_t *t, uint64_t key);

/* a request of nothing says nothing, nor does one of more than there is */

int llm_learn_says(int64_t counted, int64_t reported);
void llm_learn_put(llm_learn_place_t *p, const llm_learn_answer_t *a);

/* llm_learn_fleet.c */

void llm_learn_tell(llm_learn_table_t *t, const llm_learn_answer_t *a);


#endif /* _LLM_LEARN_TABLE_H_INCLUDED_ */
