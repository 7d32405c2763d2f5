/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Makes the cuckoo table that tells which short texts are one token.  Tokens
 * that are no UTF-8 are not in it: text that looks like them is repaired
 * before it is merged.
 */

#include "llm_vocab.h"
#include "../src/llm_tok_internal.h"

#include <string.h>


#define VOCAB_KICKS  10000


#define VOCAB_FILL   95         /* percent */


/* entries are one or two words, of which the last is not 0 if it is in use */

static int
vocab_seat(uint64_t *set, const uint64_t *key, size_t words)
{
    int  i;

    for (i = 0; i < LLM_TOK_WAYS; i++, set += words) {
        if (set[words - 1] == 0) {
            memcpy(set, key, words * sizeof(uint64_t));
            return 1;
        }
    }

    return 0;
}


static uint64_t
vocab_hash(const uint64_t *key, size_t words)
{
    llm_tok_entry_t  entry;

    entry.lo = key[0];
    entry.hi = key[words - 1];

    if (words == 1) {
        entry.lo = key[0] & (UINT64_MAX >> 8);
        entry.hi = key[0] >> 56 << 60;
    }

    return llm_tok_entry_hash(&entry);
}


/* where there is no seat, the key takes one and its holder looks for another */

static void
vocab_insert(uint64_t *table, uint32_t sets, const uint64_t *entry,
    size_t words)
{
    uint32_t   i, kick;
    uint64_t   hash, *one, *two, *set, key[2], out[2];

    memcpy(key, entry, words * sizeof(uint64_t));

    for (kick = 0; kick < VOCAB_KICKS; kick++) {
        hash = vocab_hash(key, words);
        one = table + llm_tok_choose(hash >> 32, sets) * LLM_TOK_WAYS * words;
        two = table + llm_tok_choose(hash, sets) * LLM_TOK_WAYS * words;

        if (vocab_seat(one, key, words) || vocab_seat(two, key, words)) {
            return;
        }

        i = kick * 2654435761u >> 16;
        set = ((i & 4) ? one : two) + (i & 3) * words;
        memcpy(out, set, words * sizeof(uint64_t));
        memcpy(set, key, words * sizeof(uint64_t));
        memcpy(key, out, words * sizeof(uint64_t));
    }

    die("the short tokens do not fit");
}


/* the i-th text that may be a short piece and one token, or NULL */

static const vocab_token_t *
vocab_short(const vocab_t *v, uint32_t i)
{
    const vocab_token_t  *t;

    t = i < v->tokens ? &v->token[i] : &v->special[i - v->tokens];

    if (i >= v->tokens + v->exceptions && !vocab_is_user(v, t)) {
        return NULL;
    }

    return t->len <= LLM_TOK_SHORT
           && llm_tok_valid((uint8_t *) v->text + t->ofs, t->len) ? t : NULL;
}


void
vocab_whole_sets(const vocab_t *v, llm_tok_image_t *image)
{
    uint32_t              i, tiny, whole;
    const vocab_token_t  *t;

    for (i = 0, tiny = 0, whole = 0; i < v->tokens + v->specials; i++) {
        t = vocab_short(v, i);

        if (t) {
            tiny += t->len <= LLM_TOK_TINY;
            whole += t->len > LLM_TOK_TINY;
        }
    }

    image->tiny_sets = tiny * 100 / VOCAB_FILL / LLM_TOK_WAYS + 1;
    image->whole_sets = whole * 100 / VOCAB_FILL / LLM_TOK_WAYS + 1;
}


void
vocab_whole(const vocab_t *v, const llm_tok_image_t *image, uint64_t *tiny,
    llm_tok_entry_t *whole)
{
    uint32_t              i, j;
    uint64_t              byte, key[2];
    const vocab_token_t  *t;

    for (i = 0; i < v->tokens + v->specials; i++) {
        t = vocab_short(v, i);

        if (t == NULL) {
            continue;
        }

        key[0] = 0;
        key[1] = (uint64_t) t->len << 60;

        for (j = 0; j < t->len; j++) {
            byte = (uint8_t) v->text[t->ofs + j];
            key[j / 8] |= byte << (8 * (j % 8));
        }

        if (t->len > LLM_TOK_TINY) {
            vocab_insert((uint64_t *) whole, image->whole_sets, key, 2);

        } else {
            key[0] |= (uint64_t) t->len << 56;
            vocab_insert(tiny, image->tiny_sets, key, 1);
        }
    }
}
