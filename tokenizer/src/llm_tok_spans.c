/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Counts the tokens of short texts as the definition has it, lowest rank first,
 * leftmost first, without a look at pairs: a token is made of one pair only,
 * the one that its own bytes lead to.  So a merge is known by the span of bytes
 * that it makes a token of, and is due as soon as the span has borders at
 * both ends and between the two parts, and no other.
 *
 * All spans of a text that are tokens are found first, those of many texts at
 * the same time, for the trie is larger than the caches.  What is left is
 * comparing sets of borders, eight spans at once.
 */

#include "llm_tok_internal.h"


#if LLM_TOK_HAVE_AVX2

#include <immintrin.h>


#define LLM_TOK_TARGET  __attribute__((target("avx2,bmi,popcnt")))

/* spans of two and more bytes in LLM_TOK_SHORT, and a multiple of eight */
#define LLM_TOK_SPANS   112
#define LLM_TOK_EIGHTS  (LLM_TOK_SPANS / 8)
#define LLM_TOK_STARTS  (LLM_TOK_AHEAD * (LLM_TOK_SHORT - 1))


/*
 * A span: from the highest bits on the token plus one, where it begins, where
 * its second part begins, and how many bytes of the text come after it.  Of two
 * that are due the lesser is merged first.
 */

#define llm_tok_span(node, place)  ((uint32_t) ((node) >> 33) + (place))
#define llm_tok_span_place(from, left)                                        \
    ((unsigned) (from) << 8 | (unsigned) (from) << 4 | (unsigned) (left))
#define llm_tok_span_border(span)  ((span) >> 4 & 15)


/* a text with those of its spans that are tokens: 512 bytes */

typedef struct {
    uint32_t  spans;
    uint8_t   bytes[LLM_TOK_LONG + 12];     /* it ends at LLM_TOK_LONG */
    uint32_t  span[LLM_TOK_SPANS] __attribute__((aligned(32)));
} llm_tok_spanned_t;


/* a span that may be the beginning of a token, and the node that tells */

typedef struct {
    uint32_t  node;
    uint16_t  text;                         /* where it is in spanned */
    uint16_t  place;
} llm_tok_start_t;

typedef struct {
    llm_tok_start_t    start[LLM_TOK_STARTS + 1];
    llm_tok_spanned_t  spanned[LLM_TOK_AHEAD];
} llm_tok_spans_t;

#define llm_tok_spanned(s, at)                                                \
    ((llm_tok_spanned_t *) (void *) ((char *) (s)->spanned + (at)))


/*
 * Writes down the span that leads to a node, and the one that is longer by a
 * byte; returns the next free place for such a one.  Whether the one is a token
 * and the other may begin one cannot be predicted: so both are written, and
 * what is not is overwritten by the next.
 */

LLM_TOK_TARGET static inline llm_tok_start_t *
llm_tok_spans_add(const llm_vocab_t *v, llm_tok_spanned_t *text,
    uint64_t node, unsigned at, unsigned place, llm_tok_start_t *next)
{
    size_t    left;
    uint32_t  longer;

    text->span[text->spans] = llm_tok_span(node, place);
    text->spans += node >= llm_tok_node(0, 0, 0, 1);

    left = place & 15;
    longer = llm_tok_node_base(node) + text->bytes[LLM_TOK_LONG - left];
    __builtin_prefetch(v->node + longer);

    next->node = longer;
    next->text = (uint16_t) at;
    next->place = (uint16_t) (place - 1);

    return next + ((llm_tok_node_base(node) != 0) & (left != 0));
}


/* all spans of two bytes */

LLM_TOK_TARGET static inline llm_tok_start_t *
llm_tok_spans_begin(const llm_vocab_t *v, llm_tok_spans_t *s, size_t i,
    const llm_tok_text_t *text, llm_tok_start_t *next)
{
    unsigned            n, from;
    uint64_t            node;
    const uint8_t      *p;
    llm_tok_spanned_t  *spanned;

    n = text->len;
    p = text->p;
    spanned = &s->spanned[i];

    spanned->spans = 0;
    memcpy(spanned->bytes + LLM_TOK_LONG - n, p, n);
    spanned->bytes[LLM_TOK_LONG] = 0;

    for (from = 0; from + 1 < n; from++) {
        node = v->root[(unsigned) p[from] << 8 | p[from + 1]];
        next = llm_tok_spans_add(v, spanned, node,
                                 (unsigned) (i * sizeof(llm_tok_spanned_t)),
                                 llm_tok_span_place(from, n - 2 - from), next);
    }

    return next;
}


/* a byte more, for all of them that are left */

LLM_TOK_TARGET static inline llm_tok_start_t *
llm_tok_spans_longer(const llm_vocab_t *v, llm_tok_spans_t *s,
    const llm_tok_start_t *end)
{
    uint64_t                node;
    uint32_t                check;
    llm_tok_start_t         start, *next;
    llm_tok_spanned_t      *text;
    const llm_tok_start_t  *from;

    next = s->start;

    for (from = s->start; from < end; from++) {
        llm_tok_step();
        start = *from;
        node = v->node[start.node];
        text = llm_tok_spanned(s, start.text);
        check = 0x100u | text->bytes[LLM_TOK_LONG - 1 - (start.place & 15)];
        node = llm_tok_node_check(node) == check ? node : 0;
        next = llm_tok_spans_add(v, text, node, start.text, start.place,
                                 next);
    }

    return next;
}


LLM_TOK_TARGET static inline uint32_t
llm_tok_spans_least(__m256i eight)
{
    __m128i  four;

    four = _mm_min_epu32(_mm256_castsi256_si128(eight),
                         _mm256_extracti128_si256(eight, 1));
    four = _mm_min_epu32(four, _mm_shuffle_epi32(four, 0x4e));
    four = _mm_min_epu32(four, _mm_shuffle_epi32(four, 0xb1));

    return (uint32_t) _mm_cvtsi128_si32(four);
}


/* what the spans see of the borders, and what they must see to be due */

typedef struct {
    __m256i  span;
    __m256i  sees;
    __m256i  due;
} llm_tok_eight_t;

LLM_TOK_TARGET static inline void
llm_tok_spans_eight(const uint32_t *span, unsigned n, llm_tok_eight_t *e)
{
    __m256i  one, from, border, to, mask, none;

    one = _mm256_set1_epi32(1);
    mask = _mm256_set1_epi32(15);

    e->span = _mm256_load_si256((const __m256i *) span);
    none = _mm256_cmpeq_epi32(e->span, _mm256_setzero_si256());

    from = _mm256_and_si256(_mm256_srli_epi32(e->span, 8), mask);
    border = _mm256_and_si256(_mm256_srli_epi32(e->span, 4), mask);
    to = _mm256_sub_epi32(_mm256_set1_epi32((int) n),
                          _mm256_and_si256(e->span, mask));

    from = _mm256_sllv_epi32(one, from);
    border = _mm256_sllv_epi32(one, border);
    to = _mm256_sllv_epi32(one, to);

    e->sees = _mm256_sub_epi32(_mm256_add_epi32(to, to), from);
    e->due = _mm256_or_si256(_mm256_or_si256(from, border),
                             _mm256_or_si256(to, none));
}


/*
 * The number of tokens, or 0 if irregular ones may be among them, whose order
 * is not that of their indexes.  Each turn takes a border away, so that there
 * are no more turns than bytes, whatever an image says.
 */

LLM_TOK_TARGET static uint32_t
llm_tok_spans_merge(const llm_vocab_t *v, const uint32_t *span, size_t spans,
    unsigned n)
{
    size_t           i, eights;
    __m256i          least, all, limit, wrong, is;
    uint32_t         next, borders;
    llm_tok_eight_t  e[LLM_TOK_EIGHTS];

    eights = (spans + 7) / 8;
    wrong = _mm256_setzero_si256();
    limit = _mm256_set1_epi32((int) ((v->regular + 1) << 12) - 1);

    for (i = 0; i < eights; i++) {
        llm_tok_spans_eight(span + 8 * i, n, &e[i]);
        wrong = _mm256_or_si256(wrong, _mm256_cmpgt_epi32(e[i].span, limit));
    }

    if (llm_tok_unlikely(!_mm256_testz_si256(wrong, wrong))) {
        return 0;
    }

    for (borders = (2u << n) - 1; ; borders &= ~(1u << next)) {
        llm_tok_step();
        all = _mm256_set1_epi32((int) borders);
        least = _mm256_set1_epi32(-1);

        for (i = 0; i < eights; i++) {
            is = _mm256_cmpeq_epi32(_mm256_and_si256(all, e[i].sees),
                                    e[i].due);
            least = _mm256_min_epu32(least, _mm256_or_si256(
                        e[i].span, _mm256_xor_si256(is,
                                                    _mm256_set1_epi32(-1))));
        }

        next = llm_tok_spans_least(least);

        if (next == UINT32_MAX) {
            break;
        }

        next = llm_tok_span_border(next);
    }

    /* those of the text itself do not count, and an image may lie about them */

    borders &= (1u << n) - 2;

    return 1 + (uint32_t) _mm_popcnt_u32(borders);
}


LLM_TOK_TARGET void
llm_tok_count_spans(const llm_vocab_t *v, llm_tok_text_t *text, size_t n)
{
    size_t               i, j;
    llm_tok_spans_t      s;
    llm_tok_start_t     *end;
    llm_tok_spanned_t   *spanned;

    for (i = 0, end = s.start; i < n; i++) {
        end = llm_tok_spans_begin(v, &s, i, &text[i], end);
    }

    while (end > s.start) {
        end = llm_tok_spans_longer(v, &s, end);
    }

    for (i = 0; i < n; i++) {
        spanned = &s.spanned[i];

        for (j = spanned->spans; j % 8; j++) {
            spanned->span[j] = 0;
        }

        text[i].tokens = llm_tok_spans_merge(v, spanned->span, spanned->spans,
                                             text[i].len);
    }
}


#else

typedef int  llm_tok_spans_are_not_for_this_processor_t;

#endif
