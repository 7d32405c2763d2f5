/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Merging short texts, for any processor.
 */

#include "llm_tok_near.h"


#define LLM_TOK_TARGET
#define llm_tok_merged  llm_tok_pair_find


typedef int32_t  llm_tok_four_t __attribute__((vector_size(16)));


static inline int32_t
llm_tok_least(const int32_t *p, size_t n)
{
    size_t           i;
    int32_t          least;
    llm_tok_four_t   one, two, less;

    memcpy(&one, p, sizeof(one));

    for (i = 0; i < n; i += 4) {
        memcpy(&two, p + i, sizeof(two));
        less = two < one;
        one = (two & less) | (one & ~less);
    }

    least = one[0] < one[1] ? one[0] : one[1];
    least = one[2] < least ? one[2] : least;

    return one[3] < least ? one[3] : least;
}


#include "llm_tok_sure.h"
#include "llm_tok_merging.h"


void
llm_tok_merge_texts(const llm_vocab_t *v, int simd, llm_tok_text_t *text,
    size_t n)
{
#if LLM_TOK_HAVE_AVX2
    if (llm_tok_has_avx2(simd)) {
        llm_tok_merge_avx2(v, text, n);
        return;
    }
#endif

    (void) simd;
    llm_tok_merge_lanes(v, text, n);
}
