/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Counting: finds pieces in batches and looks up what is remembered of them.
 */

#include "llm_tok_piece.h"


/*
 * The sets where a short piece is if it is a token.  To be inlined at once:
 * gcc takes a function that does nothing but fetch for one that does nothing,
 * and leaves out its calls.  Without a branch on the kind of piece, which
 * cannot be predicted.
 */

__attribute__((always_inline)) static inline void
llm_tok_fetch_whole(const llm_vocab_t *v, const llm_tok_entry_t *key,
    uint64_t hash)
{
    int          tiny;
    size_t       size;
    uint32_t     sets;
    const char  *base;

    tiny = key->hi >> 60 <= LLM_TOK_TINY;
    size = LLM_TOK_WAYS * sizeof(llm_tok_entry_t) >> tiny;
    sets = tiny ? v->image->tiny_sets : v->image->whole_sets;
    base = tiny ? (const char *) v->tiny : (const char *) v->whole;

    __builtin_prefetch(base + llm_tok_choose(hash >> 32, sets) * size);
    __builtin_prefetch(base + llm_tok_choose(hash, sets) * size);
}


/*
 * Counts the pieces that are remembered.  The others wait until there are so
 * many that what is known of them has come from memory.
 */

static size_t
llm_tok_count_batch(llm_tok_batch_t *b, size_t n)
{
    size_t            i, k, total;
    uint32_t         *at;
    llm_scratch_t    *s;
    llm_tok_miss_t   *miss;

    s = b->s;
    at = s->at;
    total = 0;

#if LLM_TOK_HAVE_AVX2
    n = llm_tok_has_avx2(s->simd)
        ? llm_tok_recall_avx2(s, b->text, b->end, n, &total)
        : llm_tok_recall(s, b->text, b->end, n, &total);
#else
    n = llm_tok_recall(s, b->text, b->end, n, &total);
#endif

    for (k = 0; k < n; k++) {
        i = s->unknown[k];

        miss = &s->miss[b->missed++];
        miss->p = b->text + at[i];
        miss->len = at[i + 1] - at[i];
        miss->hash = s->hash[i];
        miss->key = s->key[i];

        if (miss->len < LLM_TOK_LONG) {
            llm_tok_fetch_whole(b->v, &miss->key, miss->hash);
            continue;
        }

        if (llm_tok_pack(miss->p, miss->len, &miss->key)) {
            miss->hash = llm_tok_entry_hash(&miss->key);
            __builtin_prefetch(&llm_tok_known(s, miss->hash));
        }
    }

    if (b->missed >= LLM_TOK_MISSED) {
        total += llm_tok_count_missed(b);
    }

    return total;
}


/*
 * A text that is not normalized is, in the scratch, part by part.  Each part
 * ends where a piece does.
 */

typedef struct {
    const uint8_t  *p;
    const uint8_t  *end;
    size_t          have;       /* bytes in the scratch */
    size_t          n;          /* of them, the part */
} llm_tok_parts_t;

#define LLM_TOK_LOOK_AHEAD  64


/*
 * The last piece that begins so far from the end that what follows the end does
 * not matter, 0 if there is none but the first.  Spaces may belong to a piece
 * that depends on what comes after all of them.
 */

static size_t
llm_tok_last_start(const llm_vocab_t *v, llm_scratch_t *s, const uint8_t *p,
    size_t len)
{
    size_t            last;
    uint32_t          c;
    unsigned          class;
    llm_tok_split_t   split;

    llm_tok_split_init(&split, v, s, (const char *) p, len);

    for (last = 0; split.p + LLM_TOK_LOOK_AHEAD < split.end; ) {
        (void) llm_tok_char(split.p, split.end, &c);
        class = llm_tok_class(c);

        if (class != LLM_TOK_S && class != LLM_TOK_R) {
            last = (size_t) (split.p - p);
        }

        split.p = llm_tok_piece_end(&split, split.p);
    }

    return last;
}


static int
llm_tok_next_part(const llm_vocab_t *v, llm_scratch_t *s, llm_tok_parts_t *t)
{
    t->have -= t->n;
    memmove(s->normal, s->normal + t->n, t->have);

    t->have += v->nfc
               ? llm_tok_nfc(v->nfc, &t->p, t->end, s->normal + t->have,
                             sizeof(s->normal) - t->have)
               : llm_tok_mend(&t->p, t->end, s->normal + t->have,
                              sizeof(s->normal) - t->have);
    t->n = t->have;

    if (t->p < t->end) {
        t->n = llm_tok_last_piece(v, s, s->normal, t->have);

        if (t->n == 0 && v->grammar != LLM_TOK_REGEX) {
            t->n = llm_tok_last_start(v, s, s->normal, t->have);
        }

        if (t->n == 0) {
            t->n = t->have;
            s->cut = 1;
        }
    }

    return t->n != 0;
}


/* returns 0 if the text is to be taken as it is */

static int
llm_tok_parts_init(const llm_vocab_t *v, llm_scratch_t *s,
    llm_tok_parts_t *t, const char *text, size_t len)
{
    if (s->vocab != v->image->sum) {
        llm_tok_forget(s);
        s->vocab = v->image->sum;
    }

    if (llm_tok_likely(!v->nfc)
        || llm_tok_is_nfc(v->nfc, (const uint8_t *) text, len))
    {
        if (llm_tok_likely(v->grammar != LLM_TOK_REGEX)
            || llm_tok_valid((const uint8_t *) text, len))
        {
            return 0;
        }
    }

    t->p = (const uint8_t *) text;
    t->end = t->p + len;
    t->have = 0;
    t->n = 0;

    return 1;
}


static size_t
llm_tok_count_text(const llm_vocab_t *v, llm_scratch_t *s, const void *text,
    size_t len, size_t limit, int begins)
{
    size_t             n, total;
    llm_tok_out_t      out;
    llm_tok_batch_t    b;
    llm_tok_split_t    split;

    llm_tok_split_init(&split, v, s, text, len);

    b.v = v;
    b.s = s;
    b.end = split.end;
    b.missed = 0;
    total = 0;

    if (llm_tok_unlikely(v->prepend && begins)) {
        memset(&out, 0, sizeof(out));
        split.p = llm_tok_prepended(v, s, split.p, split.end, &out);
        total = out.n;
    }

    while (split.p < split.end) {
        b.text = split.p;
        n = llm_tok_split(&split, s->at);
        total += llm_tok_count_batch(&b, n);

        if (total > limit) {
            return limit + 1;
        }
    }

    total += llm_tok_count_missed(&b);

    return total > limit ? limit + 1 : total;
}


size_t
llm_tok_count_from(const llm_vocab_t *v, llm_scratch_t *s, const char *text,
    size_t len, size_t limit, int begins)
{
    size_t           total;
    llm_tok_parts_t  t;

    if (!llm_tok_parts_init(v, s, &t, text, len)) {
        return llm_tok_count_text(v, s, text, len, limit, begins);
    }

    total = 0;

    while (total <= limit && llm_tok_next_part(v, s, &t)) {
        total += llm_tok_count_text(v, s, s->normal, t.n, limit - total, 0);
    }

    return total;
}


/*
 * A whole text that is as short as a remembered piece: a role or a name, which
 * comes again and again.  len is 1 to 15.
 */

static size_t
llm_tok_count_brief(const llm_vocab_t *v, llm_scratch_t *s, const char *text,
    size_t len)
{
    int               cut;
    size_t            n;
    llm_tok_entry_t   key, *e;

    llm_tok_key_inside((const uint8_t *) text, (uint32_t) len, &key);
    e = &s->brief[llm_tok_entry_hash(&key) % LLM_TOK_BRIEF];

    if (e->lo == key.lo && (e->hi & ~LLM_TOK_COUNT_MASK) == key.hi
        && s->vocab == v->image->sum)
    {
        return (size_t) (e->hi >> 56 & 15);
    }

    cut = s->cut;
    s->cut = 0;
    n = llm_tok_count_from(v, s, text, len, SIZE_MAX, 1);

    /* what is not exact must say so the next time, too */

    if (!s->cut && n <= 15) {
        e->lo = key.lo;
        e->hi = key.hi | (uint64_t) n << 56;
    }

    s->cut |= cut;

    return n;
}


size_t
llm_count_limit(const llm_vocab_t *v, llm_scratch_t *s, const char *text,
    size_t len, size_t limit)
{
    size_t  n;

    if (len == 0 || len >= LLM_TOK_LONG) {
        return llm_tok_count_from(v, s, text, len, limit, 1);
    }

    n = llm_tok_count_brief(v, s, text, len);

    return n > limit ? limit + 1 : n;
}


size_t
llm_count(const llm_vocab_t *v, llm_scratch_t *s, const char *text,
    size_t len)
{
    return llm_count_limit(v, s, text, len, SIZE_MAX);
}


static void
llm_tok_encode_text(const llm_vocab_t *v, llm_scratch_t *s, const void *text,
    size_t len, llm_tok_out_t *out)
{
    size_t            i, n;
    llm_tok_split_t   split;
    const uint8_t    *start;

    llm_tok_split_init(&split, v, s, text, len);

    if (v->prepend) {
        split.p = llm_tok_prepended(v, s, split.p, split.end, out);
    }

    while (split.p < split.end) {
        start = split.p;
        n = llm_tok_split(&split, s->at);

        for (i = 0; i < n; i++) {
            llm_tok_bpe(v, s, start + s->at[i], s->at[i + 1] - s->at[i], out);
        }
    }
}


size_t
llm_encode(const llm_vocab_t *v, llm_scratch_t *s, const char *text,
    size_t len, uint32_t *ids, size_t max)
{
    llm_tok_out_t    out;
    llm_tok_parts_t  t;

    out.ids = ids;
    out.max = max;
    out.n = 0;
    out.map = v->ids;

    if (!llm_tok_parts_init(v, s, &t, text, len)) {
        llm_tok_encode_text(v, s, text, len, &out);
        return out.n;
    }

    while (llm_tok_next_part(v, s, &t)) {
        llm_tok_encode_text(v, s, s->normal, t.n, &out);
    }

    return out.n;
}
