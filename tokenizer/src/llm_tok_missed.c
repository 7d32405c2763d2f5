/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Pieces that are not remembered: tokens, or merged, many at a time.
 */

#include "llm_tok_near.h"
#include "llm_tok_piece.h"


/* pieces that are to be merged, of one kind */

typedef struct {
    size_t          n;
    llm_tok_text_t  text[LLM_TOK_AHEAD];
} llm_tok_queue_t;


/* what makes two texts, not what was made of them */

static inline void
llm_tok_swap(llm_tok_text_t *one, llm_tok_text_t *two)
{
    uint32_t        len, piece;
    const uint8_t  *p;

    p = one->p;
    len = one->len;
    piece = one->piece;

    one->p = two->p;
    one->len = two->len;
    one->piece = two->piece;

    two->p = p;
    two->len = len;
    two->piece = piece;
}


/* remembers the count of a piece that has a key; one may be there twice */

static inline void
llm_tok_keep(const llm_tok_batch_t *b, const llm_tok_text_t *text, size_t n)
{
    llm_tok_set_t   *set;
    llm_tok_miss_t  *miss;

    miss = &b->s->miss[text->piece];

    if (!llm_tok_has_key(miss) || n > 15) {
        return;
    }

    set = &llm_tok_known(b->s, miss->hash);

    if (llm_tok_recall_one(set, &miss->key) == 0) {
        llm_tok_remember(set, &miss->key, n);
    }
}


/* counts what can be counted faster than by merging; the others are left */

#if LLM_TOK_HAVE_AVX2

static size_t
llm_tok_merged_spans(const llm_tok_batch_t *b, llm_tok_queue_t *q)
{
    size_t           i, n, rest, total;
    llm_tok_text_t  *text;

    /* those to the front */

    for (i = 0, n = 0; i < q->n; i++) {
        text = &q->text[i];

        if (text->len <= LLM_TOK_SPANNED
            && !(b->v->chars && !llm_tok_are_ascii(text->p, text->len)))
        {
            llm_tok_swap(text, &q->text[n++]);
        }
    }

    llm_tok_count_spans(b->v, q->text, n);

    for (i = 0, rest = 0, total = 0; i < n; i++) {
        text = &q->text[i];

        if (text->tokens) {
            total += text->tokens;
            llm_tok_keep(b, text, text->tokens);

        } else {
            llm_tok_swap(text, &q->text[rest++]);
        }
    }

    for ( /* void */ ; i < q->n; i++) {
        llm_tok_swap(&q->text[i], &q->text[rest++]);
    }

    q->n = rest;

    return total;
}

#endif


static size_t
llm_tok_merged_short(const llm_tok_batch_t *b, llm_tok_queue_t *q)
{
    size_t  i, total;

    if (q->n == 0) {
        return 0;
    }

    total = 0;

#if LLM_TOK_HAVE_AVX2
    if (llm_tok_has_avx2(b->s->simd)) {
        total = llm_tok_merged_spans(b, q);
    }
#endif

    llm_tok_merge_texts(b->v, b->s->simd, q->text, q->n);

    for (i = 0; i < q->n; i++) {
        total += q->text[i].tokens;
        llm_tok_keep(b, &q->text[i], q->text[i].tokens);
    }

    q->n = 0;

    return total;
}


/*
 * The longest tokens if these are right.  If not, what is not too long is
 * merged with the short ones.
 */

static size_t
llm_tok_merged_long(const llm_tok_batch_t *b, llm_tok_queue_t *q,
    llm_tok_queue_t *shorts)
{
    int              as_is;
    size_t           i, n, total;
    llm_tok_out_t    out;
    llm_tok_text_t  *text;

    memset(&out, 0, sizeof(out));
    llm_tok_greedy(b->v, q->text, q->n);

    for (i = 0; i < q->n; i++) {
        llm_tok_bpe_fetch(b->v, b->s, &q->text[i]);
    }

    for (i = 0, total = 0; i < q->n; i++) {
        text = &q->text[i];
        as_is = llm_tok_as_is(b->v, text->p, text->len);
        n = as_is ? llm_tok_bpe_greedy(b->v, b->s, text) : 0;

        if (llm_tok_exception(b->v, text->p, text->len) != SIZE_MAX) {
            n = 1;
        }

        if (n == 0 && as_is && text->len <= LLM_TOK_MERGE) {
            shorts->text[shorts->n++] = *text;

            if (shorts->n == LLM_TOK_AHEAD) {
                total += llm_tok_merged_short(b, shorts);
            }

            continue;
        }

        if (n == 0) {
            out.n = 0;
            llm_tok_bpe(b->v, b->s, text->p, text->len, &out);
            n = out.n;
        }

        total += n;
        llm_tok_keep(b, text, n);
    }

    q->n = 0;

    return total;
}


/* llm_tok_as_is() of a piece of at most LLM_TOK_SPANNED bytes */

static inline int
llm_tok_short_as_is(const llm_tok_batch_t *b, const llm_tok_miss_t *miss)
{
#if LLM_TOK_HAVE_AVX2
    if (llm_tok_has_avx2(b->s->simd) && !b->v->chars
        && llm_tok_valid_avx2(miss->p, miss->len, b->end))
    {
        return 1;
    }
#endif

    return llm_tok_as_is(b->v, miss->p, miss->len);
}


/*
 * Whether a piece is merged as the definition has it: not where the longest
 * tokens are nearly always right, which characters of three bytes tell, nor
 * long ones of ASCII, in which they often are.
 */

static inline int
llm_tok_is_merged(const llm_tok_batch_t *b, const llm_tok_miss_t *miss)
{
    if (miss->len >= LLM_TOK_LONG) {
        return miss->len <= LLM_TOK_SPANNED && llm_tok_has_avx2(b->s->simd)
               && *miss->p < 0xe3 && miss->p[1] < 0xe3 && !b->v->chars
               && !llm_tok_are_ascii(miss->p, miss->len)
               && llm_tok_short_as_is(b, miss);
    }

    if (((miss->key.lo | miss->key.hi << 8) & 0x8080808080808080ULL) == 0) {
        return 1;
    }

    return *miss->p < 0xe3 && llm_tok_short_as_is(b, miss);
}


/*
 * An indented word where spaces join each other last: if the word with a space
 * before it is one token, that is made before the other spaces are joined, and
 * these are by themselves.  Returns 0 if it cannot tell.
 */

static size_t
llm_tok_indented(const llm_tok_batch_t *b, const llm_tok_miss_t *miss)
{
    size_t    n, spaces;

    for (n = 0; n < miss->len && miss->p[n] == ' '; n++) { /* void */ }

    if (n < 2 || n > LLM_TOK_LONG || miss->len == n
        || miss->len - n + 1 >= LLM_TOK_LONG
        || !llm_tok_as_is(b->v, miss->p, miss->len)
        || llm_tok_recall_text(b->v, b->s, miss->p + n - 1,
                               miss->len - n + 1) != 1)
    {
        return 0;
    }

    spaces = llm_tok_recall_text(b->v, b->s, miss->p, n - 1);

    return spaces ? spaces + 1 : 0;
}


/*
 * Leaves a piece to the others of its kind, and counts these when there are
 * enough of them.
 */

static size_t
llm_tok_queue(const llm_tok_batch_t *b, size_t piece, llm_tok_queue_t *shorts,
    llm_tok_queue_t *longs)
{
    size_t                 n;
    llm_tok_text_t        *text;
    llm_tok_queue_t       *q;
    const llm_tok_miss_t  *miss;

    miss = &b->s->miss[piece];

    if (miss->len >= LLM_TOK_LONG) {
        n = 0;

        if (llm_tok_has_key(miss)) {
            n = llm_tok_recall_one(&llm_tok_known(b->s, miss->hash),
                                   &miss->key);

        } else if (b->v->image->flags & LLM_TOK_LATE) {
            n = llm_tok_indented(b, miss);
        }

        if (n == 0
            && llm_tok_exception(b->v, miss->p, miss->len) != SIZE_MAX)
        {
            n = 1;
        }

        if (n) {
            return n;
        }
    }

    q = llm_tok_is_merged(b, miss) ? shorts : longs;
    text = &q->text[q->n++];
    text->p = miss->p;
    text->len = miss->len;
    text->piece = (uint32_t) piece;

    if (q->n < LLM_TOK_AHEAD) {
        return 0;
    }

    return q == shorts ? llm_tok_merged_short(b, q)
                       : llm_tok_merged_long(b, q, shorts);
}


size_t
llm_tok_count_missed(llm_tok_batch_t *b)
{
    size_t            i, n, total;
    uint16_t          rest[LLM_TOK_MISSES];
    llm_tok_queue_t   shorts, longs;

    if (b->missed == 0) {
        return 0;
    }

#if LLM_TOK_HAVE_AVX2
    n = llm_tok_has_avx2(b->s->simd)
        ? llm_tok_know_avx2(b->v, b->s, b->missed, rest)
        : llm_tok_know(b->v, b->s, b->missed, rest);
#else
    n = llm_tok_know(b->v, b->s, b->missed, rest);
#endif

    shorts.n = 0;
    longs.n = 0;
    total = b->missed - n;

    for (i = 0; i < n; i++) {
        total += llm_tok_queue(b, rest[i], &shorts, &longs);
    }

    b->missed = 0;

    total += llm_tok_merged_long(b, &longs, &shorts);

    return total + llm_tok_merged_short(b, &shorts);
}
