
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_cache_memo.h"

#include <string.h>


typedef struct {
    llm_cache_memo_key_t  key;
    unsigned char         digest[LLM_CACHE_MEMO_DIGEST];
} llm_cache_memo_entry_t;


/*
 * A new entry takes the place of one that was not asked for since the last
 * round, in turn: questions that nobody asks twice push out only their like.
 */

typedef struct {
    llm_cache_memo_entry_t  entries[LLM_CACHE_MEMO_WAYS];
} llm_cache_memo_set_t;


struct llm_cache_memo_s {
    llm_cache_memo_set_t  sets[LLM_CACHE_MEMO_SETS];
    uint8_t               used[LLM_CACHE_MEMO_SETS];    /* a bit a way */
    uint8_t               hand[LLM_CACHE_MEMO_SETS];
};


_Static_assert(sizeof(llm_cache_memo_entry_t) == 64, "a cache line");


size_t
llm_cache_memo_size(void)
{
    return sizeof(llm_cache_memo_t);
}


void
llm_cache_memo_key(const llm_memo_view_t *view, const void *dialect,
    const llm_str_t *model, const llm_str_t *body, llm_cache_memo_key_t *key)
{
    llm_memo_key(view, dialect, body->data, body->len, &key->body);
    llm_memo_key(view, dialect, model->data, model->len, &key->model);
}


const unsigned char *
llm_cache_memo_get(llm_cache_memo_t *m, const llm_cache_memo_key_t *key)
{
    size_t                   set;
    unsigned                 i;
    llm_cache_memo_entry_t  *e;

    set = key->body.h[0] % LLM_CACHE_MEMO_SETS;
    e = m->sets[set].entries;

    for (i = 0; i < LLM_CACHE_MEMO_WAYS; i++) {
        if (memcmp(&e[i].key, key, sizeof(*key)) == 0) {
            m->used[set] |= (uint8_t) (1 << i);
            return e[i].digest;
        }
    }

    return NULL;
}


void
llm_cache_memo_put(llm_cache_memo_t *m, const llm_cache_memo_key_t *key,
    const unsigned char *digest)
{
    size_t                   set;
    unsigned                 i;
    llm_cache_memo_entry_t  *e;

    set = key->body.h[0] % LLM_CACHE_MEMO_SETS;

    if (m->used[set] == (1 << LLM_CACHE_MEMO_WAYS) - 1) {
        m->used[set] = 0;
    }

    i = m->hand[set];

    do {
        i = (i + 1) % LLM_CACHE_MEMO_WAYS;
    } while (m->used[set] & (1 << i));

    m->hand[set] = (uint8_t) i;

    e = &m->sets[set].entries[i];
    e->key = *key;
    memcpy(e->digest, digest, LLM_CACHE_MEMO_DIGEST);
}
