/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Makes the cuckoo table that tells which short texts are one token.  Tokens
 * that are no UTF-8 are not in it: text that looks like them is repaired
 * before it is merged.
 */

#include "llm_vocab.h"
#include "../src/llm_tok_internal.h"

#include <stdlib.h>


#define VOCAB_KICKS  10000


static int
vocab_seat(llm_tok_entry_t *set, const llm_tok_entry_t *key)
{
    int  i;

    for (i = 0; i < LLM_TOK_WAYS; i++) {
        if (set[i].hi == 0) {
            set[i] = *key;
            return 1;
        }
    }

    return 0;
}


/* where there is no seat, the key takes one and its holder looks for another */

static int
vocab_insert(llm_tok_entry_t *table, uint64_t mask, llm_tok_entry_t key)
{
    uint32_t          i, kick;
    uint64_t          hash;
    llm_tok_entry_t  *one, *two, *set, out;

    for (kick = 0; kick < VOCAB_KICKS; kick++) {
        hash = llm_tok_entry_hash(&key);
        one = table + (hash & mask) * LLM_TOK_WAYS;
        two = table + (llm_tok_other_hash(hash) & mask) * LLM_TOK_WAYS;

        if (vocab_seat(one, &key) || vocab_seat(two, &key)) {
            return 1;
        }

        i = kick * 2654435761u >> 16;
        set = (i & 4) ? one : two;
        out = set[i & 3];
        set[i & 3] = key;
        key = out;
    }

    return 0;
}


int
vocab_whole(const vocab_t *v, llm_tok_entry_t *set, unsigned bits)
{
    uint32_t              i, j;
    uint64_t              byte;
    llm_tok_entry_t       key;
    const vocab_token_t  *t;

    for (i = 0; i < v->tokens + v->specials; i++) {
        t = i < v->tokens ? &v->token[i] : &v->special[i - v->tokens];

        if (i >= v->tokens + v->exceptions && !vocab_is_user(v, t)) {
            continue;
        }

        if (t->len > LLM_TOK_SHORT
            || !llm_tok_valid((uint8_t *) v->text + t->ofs, t->len))
        {
            continue;
        }

        key.lo = 0;
        key.hi = (uint64_t) t->len << 60;

        for (j = 0; j < t->len; j++) {
            byte = (uint8_t) v->text[t->ofs + j];

            if (j < 8) {
                key.lo |= byte << (8 * j);

            } else {
                key.hi |= byte << (8 * (j - 8));
            }
        }

        if (!vocab_insert(set, (1ULL << bits) - 1, key)) {
            return 0;
        }
    }

    return 1;
}


unsigned
vocab_whole_bits(const vocab_t *v, unsigned bits)
{
    int               fits;
    llm_tok_entry_t  *set;

    for ( ;; bits++) {
        set = vocab_alloc((size_t) LLM_TOK_WAYS << bits, sizeof(*set));
        fits = vocab_whole(v, set, bits);
        free(set);

        if (fits) {
            return bits;
        }
    }
}
