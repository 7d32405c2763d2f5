/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * ASCII text in blocks, with AVX2.
 */

#include "llm_tok_masks.h"


#if LLM_TOK_HAVE_AVX2

#include <immintrin.h>


#define LLM_TOK_TARGET        __attribute__((target("avx2,bmi,popcnt")))
#define llm_tok_lowest(bits)  _tzcnt_u64(bits)


LLM_TOK_TARGET static inline uint64_t
llm_tok_bits(__m256i a, __m256i b)
{
    return (uint32_t) _mm256_movemask_epi8(a)
           | (uint64_t) (uint32_t) _mm256_movemask_epi8(b) << 32;
}


LLM_TOK_TARGET static inline uint64_t
llm_tok_equal(__m256i a, __m256i b, char c)
{
    __m256i  all;

    all = _mm256_set1_epi8(c);

    return llm_tok_bits(_mm256_cmpeq_epi8(a, all), _mm256_cmpeq_epi8(b, all));
}


/* bytes c to c + n */

LLM_TOK_TARGET static inline uint64_t
llm_tok_range(__m256i a, __m256i b, char c, char n)
{
    __m256i  base, most;

    base = _mm256_set1_epi8(c);
    most = _mm256_set1_epi8(n);
    a = _mm256_sub_epi8(a, base);
    b = _mm256_sub_epi8(b, base);

    return llm_tok_bits(_mm256_cmpeq_epi8(_mm256_min_epu8(a, most), a),
                        _mm256_cmpeq_epi8(_mm256_min_epu8(b, most), b));
}


/*
 * Classifies a block of len bytes, shorter if a byte is not ASCII.  All of its
 * 64 bytes can be read.
 */

LLM_TOK_TARGET static inline void
llm_tok_classify(const uint8_t *p, unsigned len, llm_tok_masks_t *m)
{
    __m256i   a, b, fold;
    uint64_t  all;

    a = _mm256_loadu_si256((const __m256i *) p);
    b = _mm256_loadu_si256((const __m256i *) (p + 32));
    fold = _mm256_set1_epi8(0x20);

    all = llm_tok_masks_all(m, llm_tok_bits(a, b), len);

    m->letter = llm_tok_range(_mm256_or_si256(a, fold),
                              _mm256_or_si256(b, fold), 'a', 25);
    m->lower = llm_tok_bits(_mm256_slli_epi16(a, 2),
                            _mm256_slli_epi16(b, 2));
    m->digit = llm_tok_range(a, b, '0', 9);
    m->blank = llm_tok_equal(a, b, ' ');
    m->line = llm_tok_equal(a, b, '\n') | llm_tok_equal(a, b, '\r');
    m->apostrophe = llm_tok_equal(a, b, '\'');
    m->slash = llm_tok_equal(a, b, '/');

    llm_tok_masks_derive(m, all, llm_tok_range(a, b, '\t', 4));
}


#include "llm_tok_ascii.h"


LLM_TOK_TARGET size_t
llm_tok_split_avx2(llm_tok_split_t *split, uint32_t *at)
{
    return llm_tok_split_blocks(split, at);
}


#else

typedef int  llm_tok_avx2_is_not_for_this_processor_t;

#endif
