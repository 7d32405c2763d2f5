/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Whether two tokens may stand beside each other: whether they are the encoding
 * of their bytes.  Most are judged by taking their merges back, irregular ones,
 * of which a vocabulary has few, by making them.
 */

#include "llm_tok_near.h"


static inline uint32_t
llm_tok_merge(const llm_vocab_t *v, uint32_t left, uint32_t right)
{
    uint64_t  key, hash;

    key = llm_tok_pair_key(left, right);
    hash = llm_tok_pair_hash(key, v->seed);

    return llm_tok_pair_may_be(v, hash) ? llm_tok_pair_find(v, key, hash)
                                        : LLM_TOK_NONE;
}


#define LLM_TOK_BOTH  (2 * LLM_TOK_MAX_TOKEN)

/* the smallest parts of a token, which are there before any merge */

static size_t
llm_tok_parts_of(const llm_vocab_t *v, uint32_t token, uint32_t *part)
{
    size_t          n, len;
    const uint8_t  *p, *end;
    char            text[LLM_TOK_MAX_TOKEN];

    p = (const uint8_t *) text;
    end = p + llm_tok_spell(v, token, text);

    for (n = 0; p < end; p += len) {
        part[n++] = llm_tok_part(v, p, (size_t) (end - p), &len);
    }

    return n;
}


/*
 * Merges the parts of two tokens as the definition has it, lowest rank first,
 * leftmost first, until a merge goes over the border or none is left.  For
 * irregular tokens, of which a vocabulary has few.
 */

static int
llm_tok_pair_merged(const llm_vocab_t *v, uint32_t one, uint32_t two)
{
    size_t    i, n, best, border;
    uint32_t  token[LLM_TOK_BOTH], merge[LLM_TOK_BOTH];

    border = llm_tok_parts_of(v, one, token);
    n = border + llm_tok_parts_of(v, two, token + border);

    for (i = 0; i + 1 < n; i++) {
        merge[i] = llm_tok_merge(v, token[i], token[i + 1]);
    }

    for ( ;; ) {
        best = n;

        for (i = 0; i + 1 < n; i++) {
            llm_tok_step();

            if (merge[i] < v->image->tokens
                && (best == n || v->rank[merge[i]] < v->rank[merge[best]]))
            {
                best = i;
            }
        }

        if (best == n) {
            return 1;
        }

        if (best + 1 == border) {
            return 0;
        }

        token[best] = merge[best];
        border -= best < border;
        n--;

        for (i = best + 1; i < n; i++) {
            token[i] = token[i + 1];
            merge[i] = merge[i + 1];
        }

        if (best > 0) {
            merge[best - 1] = llm_tok_merge(v, token[best - 1], token[best]);
        }

        if (best + 1 < n) {
            merge[best] = llm_tok_merge(v, token[best], token[best + 1]);
        }
    }
}


/*
 * Takes the merges of both tokens back, the latest first, and looks at each
 * state whether the two parts at the border would have merged earlier than
 * what was just taken back.  Ends because each turn lowers a token's index,
 * which llm_vocab_open() has checked.
 */

int
llm_tok_pair_valid(const llm_vocab_t *v, uint32_t one, uint32_t two)
{
    uint32_t  limit, merged, part, first, second;

    first = one;
    second = two;
    limit = LLM_TOK_NONE;

    if (llm_tok_unlikely((v->rec[one] | v->rec[two]) & LLM_TOK_IRREGULAR)
        && v->image->ranks)
    {
        return llm_tok_pair_merged(v, one, two);
    }

    for ( ;; ) {
        llm_tok_step();
        merged = llm_tok_merge(v, one, two);

        if (merged < v->image->tokens) {
            if (llm_tok_unlikely(v->rec[merged] & LLM_TOK_IRREGULAR)
                && v->image->ranks)
            {
                return llm_tok_pair_merged(v, first, second);
            }

            if (merged < limit) {
                return 0;
            }
        }

        if (one > two) {
            part = llm_tok_right(v->rec[one]);

            if (part != one) {
                limit = one;
                one = part;
                continue;
            }
        }

        part = llm_tok_left(v->rec[two]);

        if (part != two) {
            /* the same token further right would have been later */
            limit = two + 1;
            two = part;
            continue;
        }

        part = llm_tok_right(v->rec[one]);

        if (part == one) {
            return 1;
        }

        limit = one;
        one = part;
    }
}
