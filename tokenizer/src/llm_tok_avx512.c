/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * ASCII text in blocks, with AVX-512BW, where a comparison of the 64 bytes of a
 * block gives a mask at once.  All else is done as with AVX2.
 */

#include "llm_tok_masks.h"


#if LLM_TOK_HAVE_AVX512

#include <immintrin.h>


/* a test defines another, for which it has what does the same */

#ifndef LLM_TOK_TARGET
#define LLM_TOK_TARGET                                                        \
    __attribute__((target("avx512f,avx512bw,bmi,popcnt")))
#endif

#define llm_tok_lowest(bits)  _tzcnt_u64(bits)


LLM_TOK_TARGET static inline uint64_t
llm_tok_equal(__m512i block, char c)
{
    return _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8(c));
}


/* bytes c to c + n */

LLM_TOK_TARGET static inline uint64_t
llm_tok_range(__m512i block, char c, char n)
{
    return _mm512_cmple_epu8_mask(_mm512_sub_epi8(block, _mm512_set1_epi8(c)),
                                  _mm512_set1_epi8(n));
}


/*
 * Classifies a block of len bytes, shorter if a byte is not ASCII.  All of its
 * 64 bytes can be read.
 */

LLM_TOK_TARGET static inline void
llm_tok_classify(const uint8_t *p, unsigned len, llm_tok_masks_t *m)
{
    __m512i   block, fold;
    uint64_t  all;

    block = _mm512_loadu_si512(p);
    fold = _mm512_set1_epi8(0x20);

    all = llm_tok_masks_all(m, _mm512_movepi8_mask(block), len);

    m->letter = llm_tok_range(_mm512_or_si512(block, fold), 'a', 25);
    m->lower = _mm512_test_epi8_mask(block, fold);
    m->digit = llm_tok_range(block, '0', 9);
    m->blank = llm_tok_equal(block, ' ');
    m->line = llm_tok_equal(block, '\n') | llm_tok_equal(block, '\r');
    m->apostrophe = llm_tok_equal(block, '\'');
    m->slash = llm_tok_equal(block, '/');
    m->control = llm_tok_range(block, 0, 0x1f) | llm_tok_equal(block, 0x7f);

    llm_tok_masks_derive(m, all, llm_tok_range(block, '\t', 4));
}


#include "llm_tok_ascii.h"


LLM_TOK_TARGET size_t
llm_tok_split_avx512(llm_tok_split_t *split, uint32_t *at)
{
    return llm_tok_split_blocks(split, at);
}


#else

typedef int  llm_tok_avx512_is_not_for_this_processor_t;

#endif
