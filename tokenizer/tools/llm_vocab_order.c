/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Finds out what a list of merges makes of each token's own bytes, and puts the
 * tokens into the order in which their merges apply.
 *
 * Wherever a token is in an encoding, the merges inside of it were those that
 * its bytes alone go through.  So it is made of one pair, however many the
 * list has for it, and one that its own bytes do not lead to is never made.
 */

#include "llm_vocab.h"
#include "../src/llm_tok_internal.h"

#include <stdlib.h>
#include <string.h>


#define VOCAB_NO_PAIR  UINT32_MAX

/* more than that are all looked up */
#define VOCAB_IRREGULAR  4096


typedef struct {
    vocab_t             *v;
    const vocab_pair_t  *pair;
    uint32_t            *slot;      /* rank plus one, 0 if free */
    uint32_t             mask;
    uint32_t             byte[256]; /* the token of each */
    vocab_hash_t         hash;
} vocab_ranks_t;

typedef struct {
    uint32_t  token;                /* as it was read */
    uint32_t  len;
    uint32_t  level;                /* the last of the merges it needs */
    uint32_t  rank;
    int       part;                 /* no merge makes it */
    int       irregular;
} vocab_place_t;


static uint32_t *
vocab_ranks_find(vocab_ranks_t *r, uint32_t left, uint32_t right)
{
    uint32_t             i;
    uint64_t             hash;
    const vocab_pair_t  *pair;

    hash = ((uint64_t) left << 32 | right) * 0x9e3779b97f4a7c15ULL;

    for (i = (uint32_t) (hash >> 32) & r->mask; r->slot[i];
         i = (i + 1) & r->mask)
    {
        pair = &r->pair[r->slot[i] - 1];

        if (pair->left == left && pair->right == right) {
            break;
        }
    }

    return &r->slot[i];
}


/* the rank of a merge, or none; of two for one pair the last counts */

static uint32_t
vocab_rank(vocab_ranks_t *r, uint32_t left, uint32_t right)
{
    return *vocab_ranks_find(r, left, right) - 1;
}


static void
vocab_ranks_fill(vocab_ranks_t *r, vocab_t *v, const vocab_pair_t *pair,
    uint32_t pairs)
{
    uint32_t              i;
    const vocab_token_t  *t;

    r->v = v;
    r->pair = pair;
    r->mask = 4 * VOCAB_MAX_MERGES - 1;
    r->slot = vocab_alloc(r->mask + 1, sizeof(uint32_t));

    for (i = 0; i < pairs; i++) {
        *vocab_ranks_find(r, pair[i].left, pair[i].right) = i + 1;
    }

    memset(r->byte, 0xff, sizeof(r->byte));

    for (i = 0; i < v->tokens; i++) {
        t = &v->token[i];

        if (t->len == 1) {
            r->byte[(uint8_t) v->text[t->ofs]] = i;
        }
    }

    for (i = 0; i < 256 && !(v->flags & LLM_TOK_CHARS); i++) {
        if (r->byte[i] == UINT32_MAX) {
            die("byte 0x%02x is no token", (unsigned) i);
        }
    }

    vocab_fill(&r->hash, v);
}


/* the smallest parts of a token; returns how many */

static uint32_t
vocab_parts(vocab_ranks_t *r, const vocab_token_t *t, uint32_t *token)
{
    uint32_t        n, len, slot, c;
    const uint8_t  *p, *end;

    p = (const uint8_t *) r->v->text + t->ofs;

    for (n = 0, end = p + t->len; p < end; p += len) {
        len = 1;
        token[n] = r->byte[*p];

        if (r->v->flags & LLM_TOK_CHARS) {
            len = (uint32_t) llm_tok_char(p, end, &c);
            slot = *vocab_find(&r->hash, (const char *) p, len);
            token[n] = slot ? slot - 1 : VOCAB_NO_PAIR;
        }

        n++;
    }

    return n;
}


/* the rank of the merge that the bytes of a token end with, or none */

static uint32_t
vocab_last_merge(vocab_ranks_t *r, uint32_t self)
{
    uint32_t              i, n, best, last, token[LLM_TOK_MAX_TOKEN],
                          rank[LLM_TOK_MAX_TOKEN];
    const vocab_token_t  *t;

    t = &r->v->token[self];
    last = VOCAB_NO_PAIR;

    n = vocab_parts(r, t, token);

    for (i = 0; i + 1 < n; i++) {
        rank[i] = vocab_rank(r, token[i], token[i + 1]);
    }

    while (n > 1) {
        for (best = 0, i = 1; i + 1 < n; i++) {
            best = rank[i] < rank[best] ? i : best;
        }

        last = rank[best];

        if (last == VOCAB_NO_PAIR) {
            return VOCAB_NO_PAIR;
        }

        token[best] = r->pair[last].token;
        n--;

        for (i = best + 1; i < n; i++) {
            token[i] = token[i + 1];
            rank[i] = rank[i + 1];
        }

        if (best > 0) {
            rank[best - 1] = vocab_rank(r, token[best - 1], token[best]);
        }

        if (best + 1 < n) {
            rank[best] = vocab_rank(r, token[best], token[best + 1]);
        }
    }

    return last;
}


static int
vocab_by_len(const void *one, const void *two)
{
    const vocab_place_t  *a, *b;

    a = one;
    b = two;

    return a->len != b->len ? (a->len > b->len) - (a->len < b->len)
                            : (a->token > b->token) - (a->token < b->token);
}


/*
 * What no merge makes first, by id; irregular tokens last; then parts are of no
 * higher level than the whole, but shorter.
 */

static int
vocab_by_level(const void *one, const void *two)
{
    const vocab_place_t  *a, *b;

    a = one;
    b = two;

    if (a->part != b->part) {
        return a->part ? -1 : 1;
    }

    if (a->irregular != b->irregular) {
        return a->irregular ? 1 : -1;
    }

    if (a->level != b->level) {
        return a->level > b->level ? 1 : -1;
    }

    if (a->len != b->len) {
        return a->len > b->len ? 1 : -1;
    }

    return (a->rank > b->rank) - (a->rank < b->rank);
}


/*
 * Finds each token's last merge.  Tokens that no merge makes become specials,
 * the first ones, where that counts as a piece.  Returns how many are left.
 */

static uint32_t
vocab_places(vocab_ranks_t *r, vocab_place_t *place, int ignore_merges)
{
    uint32_t        i, n, rank, specials;
    vocab_t        *v;
    vocab_token_t  *t, *special;

    v = r->v;
    special = vocab_alloc(v->tokens + v->specials, sizeof(vocab_token_t));
    specials = 0;

    for (i = 0, n = 0; i < v->tokens; i++) {
        t = &v->token[i];
        rank = vocab_last_merge(r, i);

        place[n].part = vocab_is_part(v, t);

        if (!place[n].part && rank == VOCAB_NO_PAIR) {
            special[specials++] = *t;
            continue;
        }

        place[n].token = i;
        place[n].len = t->len;
        place[n].rank = place[n].part ? t->id : rank;
        n++;
    }

    v->exceptions = ignore_merges ? specials : 0;

    if (specials + v->specials > VOCAB_MAX_SPECIALS) {
        die("%u tokens are made by no merge", (unsigned) specials);
    }

    memcpy(special + specials, v->special,
           v->specials * sizeof(vocab_token_t));
    v->special = special;
    v->specials += specials;

    return n;
}


/*
 * Regular tokens have their index for a rank, the others a place between two of
 * these.  If there are too many for that, all keep the ranks of their merges.
 */

static void
vocab_ranks_scale(vocab_t *v)
{
    uint32_t  i, n, low, high, middle, *rank, *used;

    n = v->tokens;
    rank = vocab_alloc(n, sizeof(uint32_t));
    used = vocab_alloc(n, sizeof(uint32_t));

    while (n > 0 && v->irregular[n - 1]) {
        n--;
    }

    if (v->tokens - n > VOCAB_IRREGULAR) {
        return;
    }

    for (i = 0; i < n; i++) {
        rank[i] = i * LLM_TOK_BETWEEN;
    }

    for (i = n; i < v->tokens; i++) {

        for (low = 1, high = n; low < high; ) {
            middle = low + (high - low) / 2;

            if (v->left[middle] == middle || v->rank[middle] < v->rank[i]) {
                low = middle + 1;

            } else {
                high = middle;
            }
        }

        rank[i] = (low - 1) * LLM_TOK_BETWEEN;
        used[low - 1]++;
    }

    for (i = n; i < v->tokens; i++) {
        if (used[rank[i] / LLM_TOK_BETWEEN] >= LLM_TOK_BETWEEN) {
            return;
        }
    }

    for (i = n; i < v->tokens; i++) {
        low = rank[i] / LLM_TOK_BETWEEN * LLM_TOK_BETWEEN;

        for (rank[i] = low + 1, middle = n; middle < v->tokens; middle++) {
            rank[i] += rank[middle] / LLM_TOK_BETWEEN * LLM_TOK_BETWEEN == low
                       && v->rank[middle] < v->rank[i];
        }
    }

    v->rank = rank;
}


/* shorter tokens come before those that they are parts of */

static void
vocab_levels(const vocab_ranks_t *r, vocab_place_t *place, uint32_t n,
    uint32_t *level, uint8_t *irregular)
{
    uint32_t             i, token;
    vocab_place_t       *p;
    const vocab_pair_t  *pair;

    qsort(place, n, sizeof(vocab_place_t), vocab_by_len);

    for (i = 0; i < n; i++) {
        p = &place[i];
        token = p->token;
        p->level = p->rank;

        if (!p->part) {
            pair = &r->pair[p->rank];
            p->level = level[pair->left] > p->level ? level[pair->left]
                                                    : p->level;
            p->level = level[pair->right] > p->level ? level[pair->right]
                                                     : p->level;
            irregular[token] = p->level != p->rank || irregular[pair->left]
                               || irregular[pair->right];
            level[token] = p->level;
            p->irregular = irregular[token];
        }
    }
}


void
vocab_order(vocab_t *v, const vocab_pair_t *pair, uint32_t pairs,
    int ignore_merges)
{
    uint32_t        i, n, *at, *level;
    uint8_t        *irregular;
    vocab_place_t  *place;
    vocab_token_t  *token;
    vocab_ranks_t   r;

    vocab_ranks_fill(&r, v, pair, pairs);
    place = vocab_alloc(v->tokens, sizeof(vocab_place_t));
    at = vocab_alloc(v->tokens, sizeof(uint32_t));
    level = vocab_alloc(v->tokens, sizeof(uint32_t));
    irregular = vocab_alloc(v->tokens, 1);
    token = vocab_alloc(v->tokens, sizeof(vocab_token_t));

    n = vocab_places(&r, place, ignore_merges);
    vocab_levels(&r, place, n, level, irregular);
    qsort(place, n, sizeof(vocab_place_t), vocab_by_level);

    v->left = vocab_alloc(n, sizeof(uint32_t));
    v->right = vocab_alloc(n, sizeof(uint32_t));
    v->rank = vocab_alloc(n, sizeof(uint32_t));
    v->irregular = vocab_alloc(n, 1);

    for (i = 0; i < n; i++) {
        at[place[i].token] = i;
    }

    for (i = 0; i < n; i++) {
        token[i] = v->token[place[i].token];
        v->rank[i] = place[i].rank;
        v->irregular[i] = irregular[place[i].token];
        v->left[i] = i;
        v->right[i] = i;

        if (!place[i].part) {
            v->left[i] = at[pair[place[i].rank].left];
            v->right[i] = at[pair[place[i].rank].right];
        }
    }

    v->token = token;
    v->tokens = n;
    vocab_ranks_scale(v);
}
