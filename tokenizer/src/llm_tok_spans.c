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
 * the same time, for the trie is larger than the caches; not those that begin
 * or end where a border is gone before anything else happens.  What is left is
 * comparing sets of borders, eight spans at once.
 */

#include "llm_tok_internal.h"


#if LLM_TOK_HAVE_AVX2

#include <immintrin.h>


#define LLM_TOK_TARGET  __attribute__((target("avx2,bmi,popcnt")))

#define LLM_TOK_USE_AVX2  1

#include "llm_tok_sure.h"

/* spans of two and more bytes in n, and in the longest text; times eight */
#define llm_tok_spans_of(n)  (((size_t) (n) * ((n) - 1) / 2 + 8) & ~(size_t) 7)
#define LLM_TOK_EIGHTS  (llm_tok_spans_of(LLM_TOK_SPANNED) / 8)
#define LLM_TOK_STARTS  (LLM_TOK_AHEAD * (LLM_TOK_SPANNED - 1))


/*
 * The bytes of a text end at LLM_TOK_SPANNED, and places are counted so that
 * this is the end of each text.  A set of borders has a bit for each of them.
 *
 * A span: the upper half of the node that it leads to, which tells the token
 * and where its second part begins; where it begins and ends itself.
 */

#define LLM_TOK_SPAN_FROM            16
#define llm_tok_span_from(span)      ((unsigned) (span) >> LLM_TOK_SPAN_FROM)
#define llm_tok_span_to(span)        ((unsigned) (span) & 31)

/* where the second part begins, from the first byte of the span on */

#define LLM_TOK_SPAN_LEFT            37
#define LLM_TOK_SPAN_LEFT_MASK       (31ULL << LLM_TOK_SPAN_LEFT)

/*
 * What is compared of spans that are due: from the highest bits on the token
 * plus one, where the span begins, and the border that is taken away; all of
 * it complemented, so that the greatest is merged first, and 0 is none.
 */

#define LLM_TOK_ORDER_BITS           10
#define llm_tok_order_border(order)  (~(order) & 31)


/* a text; behind it come those of its spans that are tokens */

typedef struct {
    uint8_t   bytes[LLM_TOK_SPANNED + 1];
    uint32_t  spans;
    uint32_t  first;                        /* where it begins */
    uint32_t  borders;                      /* that are not gone at once */
    uint32_t  unused[5];
} llm_tok_spanned_t;

#define llm_tok_spans_in(text)  ((uint64_t *) (void *) ((text) + 1))


/*
 * A span that may be the beginning of a token, and in its upper half the node
 * that tells.  The lower half is that of the span, without its last byte, with
 * the place of the text: one number is both, for texts lie at multiples of 64.
 */

typedef uint64_t  llm_tok_start_t;

#define llm_tok_start(node, place)  ((uint64_t) (node) << 32 | (place))

/* texts take no more room than they need: so they stay in the nearest cache */

#define LLM_TOK_SPANS_ROOM  (48 * 1024)

typedef struct {
    llm_tok_start_t  start[LLM_TOK_STARTS + 1];
    uint32_t         at[LLM_TOK_AHEAD];     /* of each text in room */
    uint8_t          room[LLM_TOK_SPANS_ROOM] __attribute__((aligned(64)));
} llm_tok_spans_t;

#define llm_tok_spanned(s, at)                                                \
    ((llm_tok_spanned_t *) (void *) ((s)->room + ((at) & ~63u)))


/*
 * Writes down the span that leads to a node, and the one that is longer by a
 * byte; returns the next free place for such a one.  Whether the one is a token
 * and the other may begin one cannot be predicted: so both are written, and
 * what is not is overwritten by the next.
 */

LLM_TOK_TARGET static inline llm_tok_start_t *
llm_tok_spans_add(const llm_vocab_t *v, llm_tok_spanned_t *text, uint64_t node,
    uint32_t place, uint32_t borders, llm_tok_start_t *next)
{
    size_t    to;
    uint32_t  base, n;

    n = text->spans;
    llm_tok_spans_in(text)[n] = (node & ~0xffffffffULL) | place;
    n += borders >> (place & 31) & (node >= llm_tok_node(0, 0, 0, 1));
    text->spans = n;

    base = llm_tok_node_base(node);
    to = place & 31;
    n = base + text->bytes[to];
    *next = llm_tok_start(n, place);
    __builtin_prefetch(v->node + n);

    /* not behind the end of the text */

    return next + ((-base & ((uint32_t) to - LLM_TOK_SPANNED)) >> 31);
}


/* takes a text, and what tells its spans of two bytes is on the way */

LLM_TOK_TARGET static inline void
llm_tok_spans_take(const llm_vocab_t *v, llm_tok_spanned_t *spanned,
    const llm_tok_text_t *text)
{
    unsigned        n, from;
    const uint8_t  *p;

    n = text->len;
    p = text->p;

    spanned->spans = 0;
    spanned->first = LLM_TOK_SPANNED - n;
    memcpy(spanned->bytes + LLM_TOK_SPANNED - n, p, n);
    spanned->bytes[LLM_TOK_SPANNED] = 0;

    for (from = 0; from + 1 < n; from++) {
        __builtin_prefetch(&v->root[(unsigned) p[from] << 8 | p[from + 1]]);
    }
}


/* all spans of two bytes, unless something else is merged before */

LLM_TOK_TARGET static inline llm_tok_start_t *
llm_tok_spans_begin(const llm_vocab_t *v, llm_tok_spans_t *s, uint32_t at,
    llm_tok_start_t *next)
{
    unsigned            from;
    uint32_t            sure, starts, place;
    uint64_t            node, root[LLM_TOK_SPANNED + LLM_TOK_SURE_MORE];
    const uint8_t      *p;
    llm_tok_spanned_t  *text;

    text = llm_tok_spanned(s, at);
    p = text->bytes;

    for (from = text->first; from + 1 < LLM_TOK_SPANNED; from++) {
        root[from + 1] = v->root[(unsigned) p[from] << 8 | p[from + 1]];
    }

    sure = (uint32_t) llm_tok_sure(root + text->first,
                                   LLM_TOK_SPANNED - 1 - text->first)
           << text->first;
    text->borders = ~0u << text->first & ~(sure << 1);

    for (starts = text->borders & ((1u << (LLM_TOK_SPANNED - 1)) - 1); starts;
         starts &= starts - 1)
    {
        from = (unsigned) __builtin_ctz(starts);
        place = from << LLM_TOK_SPAN_FROM | at | (from + 2);
        node = root[from + 1] & ~(LLM_TOK_ROOT_AFTER | LLM_TOK_SPAN_LEFT_MASK);
        node |= 1ULL << LLM_TOK_SPAN_LEFT;
        next = llm_tok_spans_add(v, text, node, place,
                                 text->borders & ~(sure << 2), next);
    }

    return next;
}


/* a byte more, for all of them that are left */

LLM_TOK_TARGET static inline llm_tok_start_t *
llm_tok_spans_longer(const llm_vocab_t *v, llm_tok_spans_t *s,
    const llm_tok_start_t *end)
{
    uint32_t                place;
    uint64_t                node;
    llm_tok_start_t        *next;
    llm_tok_spanned_t      *text;
    const llm_tok_start_t  *from;

    next = s->start;

    for (from = s->start; from < end; from++) {
        llm_tok_step();
        place = (uint32_t) *from;
        node = v->node[*from >> 32];
        text = llm_tok_spanned(s, (uint16_t) place);

        /* an unused one has the label 0, and nothing else */

        node &= (uint64_t) 0 - ((uint8_t) node == text->bytes[place & 31]);
        next = llm_tok_spans_add(v, text, node, place + 1, text->borders,
                                 next);
    }

    return next;
}


/*
 * Nodes do not tell the first part of a token of more than LLM_TOK_SHORT bytes.
 * Spans are in the order of their lengths: these are the last ones.
 */

LLM_TOK_TARGET static inline void
llm_tok_spans_part(const llm_vocab_t *v, llm_tok_spanned_t *text)
{
    size_t     i, len;
    uint32_t   token, left;
    uint64_t  *span;

    span = llm_tok_spans_in(text);

    for (i = text->spans; i > 0; i--) {
        len = llm_tok_span_to(span[i - 1]) - llm_tok_span_from(span[i - 1]);

        if (len <= LLM_TOK_SHORT) {
            break;
        }

        token = llm_tok_node_token(span[i - 1]) - 1;
        left = llm_tok_left(v->rec[token]);
        len = left == token ? 0 : llm_tok_length(v, left);

        span[i - 1] &= ~LLM_TOK_SPAN_LEFT_MASK;
        span[i - 1] |= (uint64_t) (len & 31) << LLM_TOK_SPAN_LEFT;
    }
}


LLM_TOK_TARGET static inline uint32_t
llm_tok_spans_most(__m256i eight)
{
    __m128i  four;

    four = _mm_max_epu32(_mm256_castsi256_si128(eight),
                         _mm256_extracti128_si256(eight, 1));
    four = _mm_max_epu32(four, _mm_shuffle_epi32(four, 0x4e));
    four = _mm_max_epu32(four, _mm_shuffle_epi32(four, 0xb1));

    return (uint32_t) _mm_cvtsi128_si32(four);
}


/* what the spans see of the borders, and what they must see to be due */

typedef struct {
    __m256i  order;
    __m256i  sees;
    __m256i  due;
} llm_tok_eight_t;

LLM_TOK_TARGET static inline void
llm_tok_spans_eight(const uint64_t *span, llm_tok_eight_t *e)
{
    __m256   a, b;
    __m256i  one, from, border, to, mask, token, node, place;

    one = _mm256_set1_epi32(1);
    mask = _mm256_set1_epi32(31);

    a = _mm256_load_ps((const float *) (const void *) span);
    b = _mm256_load_ps((const float *) (const void *) (span + 4));
    node = _mm256_castps_si256(_mm256_shuffle_ps(a, b, 0xdd));
    place = _mm256_castps_si256(_mm256_shuffle_ps(a, b, 0x88));

    token = _mm256_srli_epi32(node, 45 - 32);
    from = _mm256_srli_epi32(place, LLM_TOK_SPAN_FROM);
    border = _mm256_srli_epi32(node, LLM_TOK_SPAN_LEFT - 32);
    border = _mm256_and_si256(_mm256_add_epi32(from, border), mask);
    to = _mm256_and_si256(place, mask);

    e->order = _mm256_or_si256(
        _mm256_or_si256(_mm256_slli_epi32(token, LLM_TOK_ORDER_BITS),
                        _mm256_slli_epi32(from, 5)), border);
    e->order = _mm256_xor_si256(e->order, _mm256_set1_epi32(-1));

    from = _mm256_sllv_epi32(one, from);
    border = _mm256_sllv_epi32(one, border);
    to = _mm256_sllv_epi32(one, to);

    /* where there is no span nothing is seen */

    token = _mm256_cmpeq_epi32(token, _mm256_setzero_si256());
    e->sees = _mm256_sub_epi32(_mm256_add_epi32(to, to), from);
    e->sees = _mm256_andnot_si256(token, e->sees);
    e->due = _mm256_or_si256(_mm256_or_si256(from, border), to);
}


/*
 * The number of tokens, or 0 if irregular ones may be among them, whose order
 * is not that of their indexes.  Each turn takes a border away, so that there
 * are no more turns than bytes, whatever an image says.
 */

LLM_TOK_TARGET static uint32_t
llm_tok_spans_merge(const llm_vocab_t *v, const llm_tok_spanned_t *text)
{
    size_t           i, eights;
    __m256i          most, all, limit, wrong, is;
    uint32_t         next, borders;
    const uint64_t  *span;
    llm_tok_eight_t  e[LLM_TOK_EIGHTS];

    span = (const uint64_t *) (const void *) (text + 1);
    eights = (text->spans + 7) / 8;
    wrong = _mm256_setzero_si256();
    limit = _mm256_set1_epi32(-(int) ((v->regular + 1)
                                      << LLM_TOK_ORDER_BITS));

    for (i = 0; i < eights; i++) {
        llm_tok_spans_eight(span + 8 * i, &e[i]);
        wrong = _mm256_or_si256(wrong, _mm256_cmpgt_epi32(limit, e[i].order));
    }

    if (llm_tok_unlikely(!_mm256_testz_si256(wrong, wrong))) {
        return 0;
    }

    for (borders = text->borders; ; borders &= ~(1u << next)) {
        llm_tok_step();
        all = _mm256_set1_epi32((int) borders);
        most = _mm256_setzero_si256();

        for (i = 0; i < eights; i++) {
            is = _mm256_cmpeq_epi32(_mm256_and_si256(all, e[i].sees),
                                    e[i].due);
            most = _mm256_max_epu32(most, _mm256_and_si256(is, e[i].order));
        }

        next = llm_tok_spans_most(most);

        if (next == 0) {
            break;
        }

        next = llm_tok_order_border(next);
    }

    /* those of the text itself do not count, and an image may lie about them */

    borders &= (1u << LLM_TOK_SPANNED) - (2u << text->first);

    return 1 + (uint32_t) _mm_popcnt_u32(borders);
}


/* as many texts as there is room for; returns how many */

LLM_TOK_TARGET static inline size_t
llm_tok_spans_find(const llm_vocab_t *v, llm_tok_spans_t *s,
    const llm_tok_text_t *text, size_t n)
{
    size_t            i, at, to;
    llm_tok_start_t  *end;

    for (i = 0, at = 0, end = s->start; i < n; i++, at = to) {
        to = at + sizeof(llm_tok_spanned_t)
             + llm_tok_spans_of(text[i].len) * sizeof(uint64_t);

        if (to > LLM_TOK_SPANS_ROOM) {
            break;
        }

        s->at[i] = (uint32_t) at;
        llm_tok_spans_take(v, llm_tok_spanned(s, at), &text[i]);
    }

    n = i;

    for (i = 0; i < n; i++) {
        end = llm_tok_spans_begin(v, s, s->at[i], end);
    }

    while (end > s->start) {
        end = llm_tok_spans_longer(v, s, end);
    }

    return n;
}


LLM_TOK_TARGET void
llm_tok_count_spans(const llm_vocab_t *v, llm_tok_text_t *text, size_t n)
{
    size_t              i, j, found;
    llm_tok_spans_t     s;
    llm_tok_spanned_t  *spanned;

    for ( /* void */ ; n; text += found, n -= found) {
        found = llm_tok_spans_find(v, &s, text, n);

        for (i = 0; i < found; i++) {
            spanned = llm_tok_spanned(&s, s.at[i]);

            for (j = spanned->spans; j % 8; j++) {
                llm_tok_spans_in(spanned)[j] = 0;
            }

            llm_tok_spans_part(v, spanned);
            text[i].tokens = llm_tok_spans_merge(v, spanned);
        }
    }
}


#else

typedef int  llm_tok_spans_are_not_for_this_processor_t;

#endif
