/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Fills the tables of which characters stand beside each other in tokens: see
 * llm_tok_near.h.
 */

#include "llm_vocab.h"

#include <string.h>


static const uint8_t *
vocab_bytes(const vocab_t *v, uint32_t token)
{
    return (const uint8_t *) v->text + v->token[token].ofs;
}


static uint32_t
vocab_three(const uint8_t *p)
{
    return p[0] | (uint32_t) p[1] << 8 | (uint32_t) p[2] << 16;
}


/* the code point of a character of three bytes, 0 if it is another */

static unsigned
vocab_wide_char(const uint8_t *p, size_t len)
{
    if (len < 3 || (p[0] & 0xf0) != 0xe0 || (p[1] & 0xc0) != 0x80
        || (p[2] & 0xc0) != 0x80)
    {
        return 0;
    }

    return (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
}


/* a block is 64 characters; the first one is empty */

uint32_t
vocab_wide_blocks(const vocab_t *v, uint16_t at[LLM_TOK_WIDE_AT])
{
    uint32_t  i, c, n;

    memset(at, 0, LLM_TOK_WIDE_AT * sizeof(at[0]));

    for (i = 0, n = 1; i < v->tokens; i++) {
        c = vocab_wide_char(vocab_bytes(v, i), v->token[i].len);

        if (c && v->token[i].len == 3 && at[c >> 6] == 0) {
            at[c >> 6] = (uint16_t) n++;
        }
    }

    return n;
}


static uint64_t
vocab_walk(const vocab_trie_t *trie, const uint8_t *p)
{
    return trie->node[llm_tok_node_base(trie->root[p[0] << 8 | p[1]]) + p[2]];
}


void
vocab_wide(const vocab_t *v, const vocab_trie_t *trie, const uint16_t *at,
    uint64_t *wide)
{
    uint32_t  i, c, len;

    for (i = 0; i < v->tokens; i++) {
        c = vocab_wide_char(vocab_bytes(v, i), v->token[i].len);

        if (c && v->token[i].len == 3) {
            wide[at[c >> 6] * 64u + (c & 63)] =
                (vocab_walk(trie, vocab_bytes(v, i)) & ~0xffULL)
                | LLM_TOK_WIDE_PLAIN;
        }
    }

    /* those that go on with a part of such a character */

    for (i = 0; i < v->tokens; i++) {
        len = v->token[i].len;
        c = vocab_wide_char(vocab_bytes(v, i), len);

        if (c && len > 3 && (vocab_bytes(v, i)[3] & 0xf0) == 0xe0
            && vocab_wide_char(vocab_bytes(v, i) + 3, len - 3) == 0)
        {
            wide[at[c >> 6] * 64u + (c & 63)] &= ~LLM_TOK_WIDE_PLAIN;
        }
    }
}


static void
vocab_near_set(uint64_t *near, unsigned bits, const uint8_t *p, uint64_t bit)
{
    uint64_t  at;

    at = llm_tok_near_at(vocab_three(p - 3), vocab_three(p), bits);
    near[at >> 5] |= bit << (2 * (at & 31));
}


/*
 * BORDER has the merges of which a part is shorter than three bytes, NEAR the
 * others, unless BORDER says that there may be one anyway.
 */

void
vocab_near(const vocab_t *v, uint64_t *border, uint64_t *near, unsigned bits)
{
    int             full;
    uint32_t        i, at, left, len;
    const uint8_t  *p;

    for (full = 0; full < 2; full++) {
        for (i = 0; i < v->tokens; i++) {
            p = vocab_bytes(v, i);
            len = v->token[i].len;
            left = v->token[v->left[i]].len;

            if (v->left[i] == i) {
                continue;
            }

            at = (uint32_t) p[left - 1] << 8 | p[left];

            if (left < 3 || len - left < 3) {
                border[at >> 6] |= 1ULL << (at & 63);

            } else if (full && !(border[at >> 6] >> (at & 63) & 1)) {
                vocab_near_set(near, bits, p + left, LLM_TOK_NEAR_JOIN);
            }
        }
    }

    for (i = 0; i < v->tokens; i++) {
        p = vocab_bytes(v, i);
        len = v->token[i].len;

        if (vocab_wide_char(p, len) && vocab_wide_char(p + 3, len - 3)) {
            vocab_near_set(near, bits, p + 3, LLM_TOK_NEAR_BEGIN);
        }
    }
}
