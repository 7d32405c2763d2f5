/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * The classes of the characters of a block of ASCII text as bit masks.
 */

#ifndef LLM_TOK_MASKS_H_INCLUDED_
#define LLM_TOK_MASKS_H_INCLUDED_


#include "llm_tok_piece.h"


#define LLM_TOK_BLOCK  64


/* bit i of a mask is byte i of the block; bits from the block's end on are 0 */

typedef struct {
    uint64_t  upper;
    uint64_t  lower;
    uint64_t  letter;
    uint64_t  digit;
    uint64_t  blank;            /* U+0020 */
    uint64_t  space;            /* \s other than CR and LF */
    uint64_t  line;             /* CR and LF */
    uint64_t  white;            /* both */
    uint64_t  other;
    uint64_t  apostrophe;
    uint64_t  slash;
    uint64_t  control;          /* neither printed nor white */
    uint64_t  last;             /* the last bit of the block */
    unsigned  len;
} llm_tok_masks_t;


/* the position after, and before, each of a mask's */

#define llm_tok_after(m)   ((m) << 1)
#define llm_tok_before(m)  ((m) >> 1)


/*
 * Those that follow from the others.  Here letter is all of upper and lower,
 * control all below the space and U+007F, and tabs U+0009 to U+000D.
 */

static inline void
llm_tok_masks_derive(llm_tok_masks_t *m, uint64_t all, uint64_t tabs)
{
    m->letter &= all;
    m->lower &= m->letter;
    m->upper = m->letter & ~m->lower;
    m->digit &= all;
    m->blank &= all;
    m->line &= all;
    tabs &= all;
    m->space = m->blank | (tabs & ~m->line);
    m->white = m->blank | tabs;
    m->control &= all & ~tabs;
    m->other = all & ~(m->letter | m->digit | m->white);
    m->apostrophe &= all;
    m->slash &= all;
    m->last = all & ~(all >> 1);
}


/* the block ends before its first byte of a mask, if there is one */

static inline void
llm_tok_masks_cut(llm_tok_masks_t *m, uint64_t mask)
{
    uint64_t  all;

    if (llm_tok_likely(mask == 0)) {
        return;
    }

    m->len = (unsigned) __builtin_ctzll(mask);
    all = (1ULL << m->len) - 1;

    m->letter &= all;
    m->digit &= all;
    m->blank &= all;
    m->space &= all;
    m->line &= all;
    m->white &= all;
    m->other &= all;
    m->apostrophe &= all;
    m->last = all & ~(all >> 1);
}


/* the bits of the first len bytes, up to one that is not ASCII */

static inline uint64_t
llm_tok_masks_all(llm_tok_masks_t *m, uint64_t high, unsigned len)
{
    uint64_t  all;

    all = len < 64 ? (1ULL << len) - 1 : ~0ULL;

    if (llm_tok_unlikely((high & all) != 0)) {
        len = (unsigned) __builtin_ctzll(high);
        all = (1ULL << len) - 1;
    }

    m->len = len;

    return all;
}


#endif /* LLM_TOK_MASKS_H_INCLUDED_ */
