
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include <string.h>

#include "llm_memo_region.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define LLM_MEMO_HAVE_AVX2  1
#include <immintrin.h>
#endif


/*
 * NH of a block, four times at once.  A row of text meets four rows of keys,
 * each one row further on than the one before: that is the Toeplitz form, in
 * four columns that share no key.
 *
 * The bytes behind the last whole row are the end of another one that begins
 * with zeros.
 */


#if LLM_MEMO_HAVE_AVX2
static void llm_memo_nh_avx2(const llm_memo_row_t *k, const unsigned char *p,
    size_t n, uint64_t sum[LLM_MEMO_SUMS]);
#endif


llm_memo_nh_pt
llm_memo_nh_best(void)
{
#if LLM_MEMO_HAVE_AVX2
    if (__builtin_cpu_supports("avx2")) {
        return llm_memo_nh_avx2;
    }
#endif

    return llm_memo_nh_plain;
}


static inline uint64_t
llm_memo_row(const llm_memo_row_t *k, const uint32_t *text)
{
    unsigned  i;
    uint64_t  sum;

    for (sum = 0, i = 0; i < LLM_MEMO_WORDS; i += 2) {
        sum += (uint64_t) (text[i] + k->key[i]) * (text[i + 1] + k->key[i + 1]);
    }

    return sum;
}


void
llm_memo_nh_plain(const llm_memo_row_t *k, const unsigned char *p, size_t n,
    uint64_t sum[LLM_MEMO_SUMS])
{
    unsigned              i;
    uint32_t              text[LLM_MEMO_WORDS];
    const unsigned char  *end;

    memset(sum, 0, LLM_MEMO_SUMS * sizeof(uint64_t));

    for (end = p + n; (size_t) (end - p) >= sizeof(text); p += sizeof(text)) {
        memcpy(text, p, sizeof(text));

        for (i = 0; i < LLM_MEMO_SUMS; i++) {
            sum[i] += llm_memo_row(k + i, text);
        }

        k++;
    }

    if (p < end) {
        n = (size_t) (end - p);
        memset(text, 0, sizeof(text));
        memcpy((unsigned char *) text + sizeof(text) - n, p, n);

        for (i = 0; i < LLM_MEMO_SUMS; i++) {
            sum[i] += llm_memo_row(k + i, text);
        }
    }
}


#if LLM_MEMO_HAVE_AVX2

#define LLM_MEMO_TARGET      __attribute__((target("avx2")))


/* from n on, the mask of the last n bytes of a row */

static const unsigned char  llm_memo_last[2 * LLM_MEMO_ROW] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255
};


LLM_MEMO_TARGET static inline __m256i
llm_memo_product(__m256i text, const llm_memo_row_t *k)
{
    __m256i  x;

    x = _mm256_add_epi32(text, *(const __m256i *) k);

    return _mm256_mul_epu32(x, _mm256_srli_epi64(x, 32));
}


/* the row that ends where the block does; less is read only of short texts */

LLM_MEMO_TARGET static inline __m256i
llm_memo_last_row(const unsigned char *p, size_t n)
{
    size_t         left;
    unsigned char  last[LLM_MEMO_ROW];

    left = n % LLM_MEMO_ROW;

    if (n < LLM_MEMO_ROW) {
        memset(last, 0, sizeof(last));
        memcpy(last + LLM_MEMO_ROW - left, p, left);

        return _mm256_loadu_si256((const __m256i *) last);
    }

    return _mm256_and_si256(
        _mm256_loadu_si256((const __m256i *) (p + n - LLM_MEMO_ROW)),
        _mm256_loadu_si256((const __m256i *) (llm_memo_last + left)));
}


LLM_MEMO_TARGET static void
llm_memo_nh_avx2(const llm_memo_row_t *k, const unsigned char *p, size_t n,
    uint64_t sum[LLM_MEMO_SUMS])
{
    __m256i               text, a, b, c, d;
    const unsigned char  *end;

    a = _mm256_setzero_si256();
    b = a;
    c = a;
    d = a;

#define llm_memo_add_row()                                                    \
    a = _mm256_add_epi64(a, llm_memo_product(text, k));                       \
    b = _mm256_add_epi64(b, llm_memo_product(text, k + 1));                   \
    c = _mm256_add_epi64(c, llm_memo_product(text, k + 2));                   \
    d = _mm256_add_epi64(d, llm_memo_product(text, k + 3))

    for (end = p + n / LLM_MEMO_ROW * LLM_MEMO_ROW; p < end;
         p += LLM_MEMO_ROW, k++)
    {
        text = _mm256_loadu_si256((const __m256i *) p);
        llm_memo_add_row();
    }

    if (n % LLM_MEMO_ROW) {
        text = llm_memo_last_row(p - n / LLM_MEMO_ROW * LLM_MEMO_ROW, n);
        llm_memo_add_row();
    }

#undef llm_memo_add_row

    /* sums of both columns of a half, then of both halves */

    text = _mm256_add_epi64(_mm256_unpacklo_epi64(a, b),
                            _mm256_unpackhi_epi64(a, b));
    c = _mm256_add_epi64(_mm256_unpacklo_epi64(c, d),
                         _mm256_unpackhi_epi64(c, d));

    a = _mm256_permute2x128_si256(text, c, 0x20);
    b = _mm256_permute2x128_si256(text, c, 0x31);

    _mm256_storeu_si256((__m256i *) sum, _mm256_add_epi64(a, b));
}

#endif
