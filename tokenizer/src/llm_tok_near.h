/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * What is known of characters beside each other, without the tokens that they
 * are in: of those of three bytes, which Chinese, Japanese and Korean have,
 * most are a token, and most pairs of them are in none.  All of it is for text
 * that is well-formed.
 */

#ifndef LLM_TOK_NEAR_H_INCLUDED_
#define LLM_TOK_NEAR_H_INCLUDED_


#include "llm_tok_internal.h"


#define llm_tok_is_wide(c)  (((c) & 0xf0) == 0xe0)


/* the two bits of NEAR for the three bytes before and after a place */

static inline unsigned
llm_tok_near(const llm_vocab_t *v, const uint8_t *p)
{
    uint32_t  one, two;
    uint64_t  at;

    memcpy(&one, p - 3, sizeof(one));
    memcpy(&two, p - 1, sizeof(two));

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    one = __builtin_bswap32(one);
    two = __builtin_bswap32(two);
#endif

    at = llm_tok_near_at(one & 0xffffff, two >> 8, v->image->near_bits);

    return (unsigned) (v->near[at >> 5] >> (2 * (at & 31))) & 3;
}


/*
 * Whether a merge may go over a place inside of a text: if not, any two tokens
 * may meet there.
 */

static inline int
llm_tok_may_join(const llm_vocab_t *v, const uint8_t *start,
    const uint8_t *p, const uint8_t *end)
{
    unsigned  at;

    at = (unsigned) p[-1] << 8 | p[0];

    if (v->border[at >> 6] >> (at & 63) & 1) {
        return 1;
    }

    return p - start >= 3 && end - p >= 3
           && (llm_tok_near(v, p) & LLM_TOK_NEAR_JOIN) != 0;
}


/* the trie's node of a character of three bytes; 0 if that is no token */

static inline uint64_t
llm_tok_wide(const llm_vocab_t *v, const uint8_t *p)
{
    unsigned  c;

    c = (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);

    return v->wide[((unsigned) v->wide_at[c >> 6] << 6) + (c & 63)];
}


/* the node that a byte leads to, 0 if there is none */

static inline uint64_t
llm_tok_child(const llm_vocab_t *v, uint64_t node, uint8_t byte)
{
    if (llm_tok_node_base(node) == 0) {
        return 0;
    }

    node = v->node[llm_tok_node_base(node) + byte];

    return llm_tok_node_check(node) == (byte | 0x100u) ? node : 0;
}


/* a character that is a token, where these are the smallest parts, or a byte */

static inline uint32_t
llm_tok_part(const llm_vocab_t *v, const uint8_t *p, size_t left,
    size_t *len)
{
    size_t    i, n;
    uint64_t  node;

    *len = 1;

    if (!v->chars || *p < 0xc0) {
        return v->byte[*p];
    }

    n = *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;

    if (n > left) {
        return v->byte[*p];
    }

    node = v->root[(unsigned) p[0] << 8 | p[1]];

    for (i = 2; i < n; i++) {
        node = llm_tok_child(v, node, p[i]);
    }

    if (llm_tok_node_token(node) == 0) {
        return v->byte[*p];
    }

    *len = n;

    return llm_tok_node_token(node) - 1;
}


/* whether all bytes of a text are ASCII */

static inline int
llm_tok_are_ascii(const uint8_t *p, size_t n)
{
    size_t   i;
    uint8_t  all;

    for (all = 0, i = 0; i < n; i++) {
        all |= p[i];
    }

    return all < 0x80;
}


/* whether the token of such a character is the longest that begins with it */

static inline int
llm_tok_wide_alone(const llm_vocab_t *v, uint64_t node, const uint8_t *p,
    const uint8_t *end)
{
    return (node & LLM_TOK_WIDE_PLAIN) && end - p >= 6
           && llm_tok_is_wide(p[3])
           && (llm_tok_near(v, p + 3) & LLM_TOK_NEAR_BEGIN) == 0;
}


#endif /* LLM_TOK_NEAR_H_INCLUDED_ */
