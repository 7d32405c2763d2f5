/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Finds, for each token, the two tokens whose merge makes it: what byte-pair
 * encoding leaves of its bytes if only tokens of lower rank may be used.
 */

#include "llm_vocab.h"

#include <string.h>


uint32_t *
vocab_find(vocab_hash_t *hash, const char *p, uint32_t len)
{
    uint32_t              i;
    const vocab_token_t  *t;

    i = llm_tok_text_hash((const uint8_t *) p, len) & hash->mask;

    for ( /* void */ ; hash->slot[i]; i = (i + 1) & hash->mask)
    {
        t = &hash->v->token[hash->slot[i] - 1];

        if (t->len == len && memcmp(hash->v->text + t->ofs, p, len) == 0) {
            break;
        }
    }

    return &hash->slot[i];
}


void
vocab_fill(vocab_hash_t *hash, const vocab_t *v)
{
    uint32_t  i, *slot;

    hash->v = v;
    hash->mask = 4 * LLM_TOK_MAX_TOKENS - 1;
    hash->slot = vocab_alloc(hash->mask + 1, sizeof(uint32_t));

    for (i = 0; i < v->tokens; i++) {
        slot = vocab_find(hash, v->text + v->token[i].ofs, v->token[i].len);

        if (*slot) {
            die("tokens %u and %u are the same bytes",
                (unsigned) v->token[*slot - 1].id, (unsigned) v->token[i].id);
        }

        *slot = i + 1;
    }
}


/* the merge loop as its definition has it: lowest rank first, leftmost first */

static void
vocab_split(vocab_hash_t *hash, uint32_t self, uint32_t *left, uint32_t *right)
{
    uint32_t              i, n, best, at, rank, cut[LLM_TOK_MAX_TOKEN + 1];
    const char           *p;
    const vocab_token_t  *t;

    t = &hash->v->token[self];
    p = hash->v->text + t->ofs;

    for (n = 0; n <= t->len; n++) {
        cut[n] = n;
    }

    for (n = t->len; n > 2; n--) {
        best = self;
        at = 0;

        for (i = 0; i + 2 <= n; i++) {
            rank = *vocab_find(hash, p + cut[i], cut[i + 2] - cut[i]);

            if (rank && rank - 1 < best) {
                best = rank - 1;
                at = i;
            }
        }

        if (best == self) {
            die("token %u cannot be reached by merging",
                (unsigned) t->id);
        }

        memmove(&cut[at + 1], &cut[at + 2], (n - at - 1) * sizeof(cut[0]));
    }

    *left = *vocab_find(hash, p, cut[1]) - 1;
    *right = *vocab_find(hash, p + cut[1], t->len - cut[1]) - 1;
}


void
vocab_merge(vocab_t *v)
{
    char          c;
    uint32_t      i, *left, *right;
    vocab_hash_t  hash;

    vocab_fill(&hash, v);

    for (i = 0; i < 256; i++) {
        c = (char) i;

        if (*vocab_find(&hash, &c, 1) == 0) {
            die("byte 0x%02x is no token", (unsigned) i);
        }
    }

    left = vocab_alloc(v->tokens, sizeof(uint32_t));
    right = vocab_alloc(v->tokens, sizeof(uint32_t));

    for (i = 0; i < v->tokens; i++) {
        left[i] = i;
        right[i] = i;

        if (v->token[i].len > 1) {
            vocab_split(&hash, i, &left[i], &right[i]);

            if (left[i] >= i || right[i] >= i) {
                die("token %u is made of later ones",
                    (unsigned) v->token[i].id);
            }
        }
    }

    v->left = left;
    v->right = right;
}
