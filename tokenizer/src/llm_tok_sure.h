/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Which two bytes of a text are merged before anything else is merged with one
 * of them: ROOT's entries of these two and of what is on both sides tell.
 *
 * Code, not declarations: a file for each kind of processor includes it after
 * it has defined LLM_TOK_TARGET, and LLM_TOK_USE_AVX2 if that has it.
 */


/* as bits, of the first four of six entries that begin at root[-1] */

#if LLM_TOK_USE_AVX2

LLM_TOK_TARGET static inline uint32_t
llm_tok_sure_four(const uint64_t *root)
{
    __m256i  before, after, late, mask, order;

    mask = _mm256_set1_epi64x(LLM_TOK_ROOT_BEFORE);
    before = _mm256_loadu_si256((const __m256i *) (root - 1));
    order = _mm256_loadu_si256((const __m256i *) root);
    after = _mm256_loadu_si256((const __m256i *) (root + 1));

    before = _mm256_and_si256(before, mask);
    late = _mm256_and_si256(order, _mm256_set1_epi64x(LLM_TOK_ROOT_LATE));
    after = _mm256_and_si256(_mm256_srli_epi64(after, LLM_TOK_ROOT_SHIFT),
                             mask);

    /*
     * as llm_tok_root_order() has it; very great where there is no token, or
     * one that is late
     */

    order = _mm256_castps_si256(_mm256_cvtepi32_ps(
                                _mm256_srli_epi64(order, 45)));
    order = _mm256_sub_epi32(_mm256_srli_epi32(order, 19),
                             _mm256_set1_epi64x(127 << 4));
    order = _mm256_or_si256(order, late);

    order = _mm256_and_si256(_mm256_cmpgt_epi64(before, order),
                             _mm256_cmpgt_epi64(after, order));

    return (uint32_t) _mm256_movemask_pd(_mm256_castsi256_pd(order));
}

#else

static inline uint32_t
llm_tok_sure_four(const uint64_t *root)
{
    int       i;
    uint32_t  order, sure, token;

    for (i = 0, sure = 0; i < 4; i++) {
        token = llm_tok_node_token(root[i]);
        order = token && !(root[i] & LLM_TOK_ROOT_LATE)
                ? llm_tok_root_order(token) : UINT32_MAX;

        sure |= (uint32_t) (order < llm_tok_root_before(root[i - 1])
                            && order < llm_tok_root_after(root[i + 1])) << i;
    }

    return sure;
}

#endif


/* entries written besides those of the places */

#define LLM_TOK_SURE_MORE  5

/*
 * As bits, of n places.  root[1] to root[n] are what ROOT has for these and the
 * bytes after them; root[0] and four behind them are written here.
 */

LLM_TOK_TARGET static inline uint64_t
llm_tok_sure(uint64_t *root, size_t n)
{
    size_t    i;
    uint64_t  sure;

    root[0] = LLM_TOK_ROOT_BEFORE;
    root[n + 1] = LLM_TOK_ROOT_AFTER;
    memset(root + n + 2, 0, 3 * sizeof(uint64_t));

    for (i = 0, sure = 0; i < n; i += 4) {
        sure |= (uint64_t) llm_tok_sure_four(root + i + 1) << i;
    }

    return sure;
}
