/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * What is done with AVX2: ASCII text in blocks, looking for remembered pieces,
 * and merging short ones.
 */

#include "llm_tok_masks.h"
#include "llm_tok_near.h"


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


/* the same of 32 bytes, and of which are less: c and they have the top bit */

LLM_TOK_TARGET static inline uint64_t
llm_tok_lane_bits(__m256i a)
{
    return (uint32_t) _mm256_movemask_epi8(a);
}


LLM_TOK_TARGET static inline uint64_t
llm_tok_lane_equal(__m256i a, char c)
{
    return llm_tok_lane_bits(_mm256_cmpeq_epi8(a, _mm256_set1_epi8(c)));
}


LLM_TOK_TARGET static inline uint64_t
llm_tok_lane_less(__m256i a, char c)
{
    return llm_tok_lane_bits(_mm256_cmpgt_epi8(_mm256_set1_epi8(c), a));
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
    m->control = llm_tok_range(a, b, 0, 0x1f) | llm_tok_equal(a, b, 0x7f);

    llm_tok_masks_derive(m, all, llm_tok_range(a, b, '\t', 4));
}


#include "llm_tok_ascii.h"


LLM_TOK_TARGET size_t
llm_tok_split_avx2(llm_tok_split_t *split, uint32_t *at)
{
    return llm_tok_split_blocks(split, at);
}


/*
 * Whether text of at most 32 bytes, before end, is well-formed for sure:
 * without characters of four bytes, and those that no text has.
 */

LLM_TOK_TARGET int
llm_tok_valid_avx2(const uint8_t *p, size_t len, const uint8_t *end)
{
    uint8_t   copy[32];
    uint64_t  high, after, leads, three, wrong;
    __m256i   all;

    if (llm_tok_unlikely(end - p < 32)) {
        memset(copy, 0, sizeof(copy));
        memcpy(copy, p, len);
        p = copy;
    }

    all = _mm256_loadu_si256((const __m256i *) p);
    high = llm_tok_lane_bits(all) & ((1ULL << len) - 1);
    after = high & llm_tok_lane_less(all, (char) 0xc0);
    leads = high & ~after;
    three = leads & ~llm_tok_lane_less(all, (char) 0xe0);

    wrong = leads & (llm_tok_lane_less(all, (char) 0xc2)
                     | ~llm_tok_lane_less(all, (char) 0xf0)
                     | llm_tok_lane_equal(all, (char) 0xed));
    wrong |= (leads & llm_tok_lane_equal(all, (char) 0xe0)) << 1
             & llm_tok_lane_less(all, (char) 0xa0);

    return wrong == 0 && after == (leads << 1 | three << 2);
}


/* from 16 - n on, n bytes that belong to a piece */

static const uint8_t  llm_tok_own[32] = {
    255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255
};

/*
 * The last byte of a key by the length of the piece.  A long one has the bits
 * of a count, which no other key has: it is never found.
 */

#define llm_tok_tail(n)  ((uint64_t) (n) << 60)

static const uint64_t  llm_tok_tails[LLM_TOK_LONG + 1][2] = {
    { 0, llm_tok_tail(0) }, { 0, llm_tok_tail(1) }, { 0, llm_tok_tail(2) },
    { 0, llm_tok_tail(3) }, { 0, llm_tok_tail(4) }, { 0, llm_tok_tail(5) },
    { 0, llm_tok_tail(6) }, { 0, llm_tok_tail(7) }, { 0, llm_tok_tail(8) },
    { 0, llm_tok_tail(9) }, { 0, llm_tok_tail(10) }, { 0, llm_tok_tail(11) },
    { 0, llm_tok_tail(12) }, { 0, llm_tok_tail(13) }, { 0, llm_tok_tail(14) },
    { 0, llm_tok_tail(15) }, { 0, UINT64_MAX }
};


LLM_TOK_TARGET static inline __m128i
llm_tok_wide_key(const uint8_t *p, uint32_t len)
{
    __m128i   key, own, tail;
    uint32_t  n;

    n = len < LLM_TOK_LONG ? len : LLM_TOK_LONG;
    key = _mm_loadu_si128((const __m128i *) p);
    own = _mm_loadu_si128((const __m128i *) (llm_tok_own + LLM_TOK_LONG - n));
    tail = _mm_loadu_si128((const __m128i *) llm_tok_tails[n]);

    return _mm_or_si128(_mm_and_si128(key, own), tail);
}


/* without a branch on the length, but for the last ones of a text */

LLM_TOK_TARGET static inline void
llm_tok_keys(llm_scratch_t *s, const uint8_t *text, const uint8_t *end,
    size_t n)
{
    size_t     i, wide;
    uint8_t    copy[16];
    __m128i    key;
    uint32_t  *at;

    at = s->at;
    memset(copy, 0, sizeof(copy));

    for (wide = n; wide > 0 && end - text < at[wide - 1] + 16; wide--) {
        i = wide - 1;
        memcpy(copy, text + at[i], (size_t) (end - text) - at[i]);
        key = llm_tok_wide_key(copy, at[i + 1] - at[i]);
        _mm_store_si128((__m128i *) &s->key[i], key);
        s->hash[i] = llm_tok_entry_hash(&s->key[i]);
    }

    for (i = 0; i < wide; i++) {
        key = llm_tok_wide_key(text + at[i], at[i + 1] - at[i]);
        _mm_store_si128((__m128i *) &s->key[i], key);
        s->hash[i] = llm_tok_entry_hash(&s->key[i]);
        __builtin_prefetch(&llm_tok_known(s, s->hash[i]));
    }
}


/* the four of a set are compared at once, whether a piece is there or not */

LLM_TOK_TARGET size_t
llm_tok_recall_avx2(llm_scratch_t *s, const uint8_t *text,
    const uint8_t *end, size_t n, size_t *total)
{
    int                   which;
    size_t                i, last, unknown;
    __m256i               counts, found, hi, lo, mask;
    uint32_t              lasts[LLM_TOK_BATCH];
    const llm_tok_set_t  *set;

    llm_tok_keys(s, text, end, n);

    counts = _mm256_setzero_si256();
    mask = _mm256_set1_epi64x((int64_t) ~LLM_TOK_COUNT_MASK);

    for (i = 0, last = 0, unknown = 0; i < n; i++) {
        set = &llm_tok_known(s, s->hash[i]);
        lo = _mm256_load_si256((const __m256i *) set->lo);
        hi = _mm256_load_si256((const __m256i *) set->hi);

        found = _mm256_and_si256(
            _mm256_cmpeq_epi64(lo, _mm256_set1_epi64x((int64_t)
                                                      s->key[i].lo)),
            _mm256_cmpeq_epi64(_mm256_and_si256(hi, mask),
                               _mm256_set1_epi64x((int64_t) s->key[i].hi)));

        which = _mm256_movemask_pd(_mm256_castsi256_pd(found));
        s->unknown[unknown] = (uint32_t) i;
        unknown += which == 0;
        lasts[last] = (uint32_t) i;
        last += (unsigned) which / (1 << (LLM_TOK_WAYS - 1));

        /* the length stays in the upper half of each lane's lowest byte */

        hi = _mm256_srli_epi64(_mm256_and_si256(found, hi), 56);
        counts = _mm256_add_epi64(counts, _mm256_and_si256(
                                      hi, _mm256_set1_epi64x(15)));
    }

    for (i = 0; i < last; i++) {
        llm_tok_promote(&llm_tok_known(s, s->hash[lasts[i]]));
    }

    *total += (size_t) (_mm256_extract_epi64(counts, 0)
                        + _mm256_extract_epi64(counts, 1)
                        + _mm256_extract_epi64(counts, 2)
                        + _mm256_extract_epi64(counts, 3));

    return unknown;
}


/* remembers a piece that is a token, unless it is remembered */

LLM_TOK_TARGET static inline void
llm_tok_remember_one(llm_scratch_t *s, const llm_tok_miss_t *miss)
{
    int             free;
    __m256i         lo, hi, found, mask;
    llm_tok_set_t  *set;

    set = &llm_tok_known(s, miss->hash);
    mask = _mm256_set1_epi64x((int64_t) ~LLM_TOK_COUNT_MASK);
    lo = _mm256_load_si256((const __m256i *) set->lo);
    hi = _mm256_load_si256((const __m256i *) set->hi);

    found = _mm256_and_si256(
        _mm256_cmpeq_epi64(lo, _mm256_set1_epi64x((int64_t) miss->key.lo)),
        _mm256_cmpeq_epi64(_mm256_and_si256(hi, mask),
                           _mm256_set1_epi64x((int64_t) miss->key.hi)));

    if (llm_tok_unlikely(!_mm256_testz_si256(found, found))) {
        return;
    }

    /* the first free place, or the last */

    hi = _mm256_cmpeq_epi64(hi, _mm256_setzero_si256());
    free = _mm256_movemask_pd(_mm256_castsi256_pd(hi));
    free = __builtin_ctz((unsigned) free | 1 << (LLM_TOK_WAYS - 1));

    set->lo[free] = miss->key.lo;
    set->hi[free] = miss->key.hi | 1ULL << 56;
}


LLM_TOK_TARGET static inline size_t
llm_tok_is_tiny(const llm_vocab_t *v, const llm_tok_miss_t *miss)
{
    __m256i  all, found;

    all = _mm256_set1_epi64x((int64_t) (miss->key.lo | miss->key.hi >> 4));
    found = _mm256_or_si256(
        _mm256_cmpeq_epi64(all, _mm256_loadu_si256((const __m256i *)
                               llm_tok_tiny_set(v, miss->hash >> 32))),
        _mm256_cmpeq_epi64(all, _mm256_loadu_si256((const __m256i *)
                               llm_tok_tiny_set(v, miss->hash))));

    return 1 - (size_t) _mm256_testz_si256(found, found);
}


/* which halves of two of four entries are those of a key, in both halves */

LLM_TOK_TARGET static inline __m256i
llm_tok_same_entries(const llm_tok_entry_t *two, __m256i key)
{
    __m256i  same;

    same = _mm256_cmpeq_epi64(_mm256_loadu_si256((const __m256i *) two), key);

    return _mm256_and_si256(same, _mm256_shuffle_epi32(same, 0x4e));
}


LLM_TOK_TARGET static inline size_t
llm_tok_is_whole(const llm_vocab_t *v, const llm_tok_miss_t *miss)
{
    __m256i                 key, found;
    const llm_tok_entry_t  *one, *two;

    key = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)
                                                      &miss->key));
    one = llm_tok_whole_set(v, miss->hash >> 32);
    two = llm_tok_whole_set(v, miss->hash);

    found = _mm256_or_si256(
        _mm256_or_si256(llm_tok_same_entries(one, key),
                        llm_tok_same_entries(one + 2, key)),
        _mm256_or_si256(llm_tok_same_entries(two, key),
                        llm_tok_same_entries(two + 2, key)));

    return 1 - (size_t) _mm256_testz_si256(found, found);
}


/*
 * Neither of which kind a piece is nor whether it is a token can be predicted:
 * so each kind is gone through by itself, and lists are made of what is found.
 */

LLM_TOK_TARGET size_t
llm_tok_know_avx2(const llm_vocab_t *v, llm_scratch_t *s, size_t n,
    uint16_t *rest)
{
    size_t    i, is, tiny, whole, tokens, left;
    uint16_t  tinies[LLM_TOK_MISSES], wholes[LLM_TOK_MISSES],
              token[LLM_TOK_MISSES];

    for (i = 0, tiny = 0, whole = 0, left = 0; i < n; i++) {
        tinies[tiny] = (uint16_t) i;
        wholes[whole] = (uint16_t) i;
        rest[left] = (uint16_t) i;
        tiny += s->miss[i].len <= LLM_TOK_TINY;
        left += s->miss[i].len > LLM_TOK_SHORT;
        whole = i + 1 - tiny - left;
    }

    for (i = 0, tokens = 0; i < tiny; i++) {
        token[tokens] = tinies[i];
        rest[left] = tinies[i];
        is = llm_tok_is_tiny(v, &s->miss[tinies[i]]);
        tokens += is;
        left += 1 - is;
    }

    for (i = 0; i < whole; i++) {
        token[tokens] = wholes[i];
        rest[left] = wholes[i];
        is = llm_tok_is_whole(v, &s->miss[wholes[i]]);
        tokens += is;
        left += 1 - is;
    }

    for (i = 0; i < tokens; i++) {
        llm_tok_remember_one(s, &s->miss[token[i]]);
    }

    return left;
}


/* of up to 64 integers */

LLM_TOK_TARGET static inline int32_t
llm_tok_least(const int32_t *p, size_t n)
{
    size_t   i;
    __m128i  half;
    __m256i  least;

    least = _mm256_min_epi32(_mm256_loadu_si256((const __m256i *) p),
                             _mm256_loadu_si256((const __m256i *) (p + 8)));

    for (i = 16; i < n; i += 8) {
        least = _mm256_min_epi32(least, _mm256_loadu_si256((const __m256i *)
                                                           (p + i)));
    }

    half = _mm_min_epi32(_mm256_castsi256_si128(least),
                         _mm256_extracti128_si256(least, 1));
    half = _mm_min_epi32(half, _mm_shuffle_epi32(half, 0x4e));
    half = _mm_min_epi32(half, _mm_shuffle_epi32(half, 0xb1));

    return _mm_cvtsi128_si32(half);
}


/* where in a bucket a pair of tokens is, as a bit, or 0 */

LLM_TOK_TARGET static inline unsigned
llm_tok_in_bucket(const uint64_t *pair, uint64_t key)
{
    __m256i  a, b, all, mask;

    all = _mm256_set1_epi64x((int64_t) key);
    mask = _mm256_set1_epi64x((int64_t) LLM_TOK_PAIR_KEY);
    a = _mm256_loadu_si256((const __m256i *) pair);
    b = _mm256_loadu_si256((const __m256i *) (pair + 4));
    a = _mm256_cmpeq_epi64(_mm256_and_si256(a, mask), all);
    b = _mm256_cmpeq_epi64(_mm256_and_si256(b, mask), all);

    return (unsigned) _mm256_movemask_pd(_mm256_castsi256_pd(a))
           | (unsigned) _mm256_movemask_pd(_mm256_castsi256_pd(b)) << 4;
}


/* llm_tok_pair_find() */

LLM_TOK_TARGET static inline uint32_t
llm_tok_merged(const llm_vocab_t *v, uint64_t key, uint64_t hash)
{
    unsigned         found;
    const uint64_t  *pair;

    pair = llm_tok_pair_bucket(v, hash);
    found = llm_tok_in_bucket(pair, key);

    if (found == 0
        && (pair[llm_tok_pair_slot(hash)] & llm_tok_pair_away(hash)))
    {
        pair = llm_tok_pair_bucket(v, llm_tok_other_pair(hash));
        found = llm_tok_in_bucket(pair, key);
    }

    return found ? llm_tok_pair_token(pair[__builtin_ctz(found)])
                 : LLM_TOK_NONE;
}


#define LLM_TOK_USE_AVX2  1

#include "llm_tok_sure.h"
#include "llm_tok_merging.h"


LLM_TOK_TARGET void
llm_tok_merge_avx2(const llm_vocab_t *v, llm_tok_text_t *text, size_t n)
{
    llm_tok_merge_lanes(v, text, n);
}


#define LLM_TOK_VECTOR  32

#include "llm_tok_checking.h"


const llm_tok_checks_t  llm_tok_checks_avx2 = {
    llm_tok_sum_add, llm_tok_bad_nodes, llm_tok_bad_tokens
};


#else

typedef int  llm_tok_avx2_is_not_for_this_processor_t;

#endif
