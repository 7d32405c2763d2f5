/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Counting: finds pieces in batches, looks up what is remembered of them and
 * merges the rest.
 */

#include "llm_tok_internal.h"
#include "llm_tok_piece.h"


typedef struct {
    const llm_vocab_t  *v;
    llm_scratch_t      *s;
    const uint8_t      *text;       /* where the batch begins */
    const uint8_t      *end;
} llm_tok_batch_t;


/* merges a piece and remembers what came out of it, if that can be */

static size_t
llm_tok_miss(const llm_tok_batch_t *b, const uint8_t *p, uint32_t len,
    const llm_tok_entry_t *key, llm_tok_entry_t *set)
{
    llm_tok_out_t  out;

    out.ids = NULL;
    out.max = 0;
    out.n = 0;
    out.map = NULL;

    llm_tok_bpe(b->v, b->s, p, len, &out);

    if (len < LLM_TOK_LONG && out.n < 16) {
        set[3] = set[2];
        set[2] = set[1];
        set[1] = set[0];
        set[0].lo = key->lo;
        set[0].hi = key->hi | (uint64_t) out.n << 56;
    }

    return out.n;
}


static inline size_t
llm_tok_lookup(const llm_tok_batch_t *b, const uint8_t *p, uint32_t len,
    const llm_tok_entry_t *key)
{
    int               i;
    size_t            n;
    uint64_t          hash;
    llm_tok_entry_t  *hot, *set, found;

    hash = llm_tok_key_hash(key);
    hot = &b->s->hot[llm_tok_hot_slot(hash)];

    if (llm_tok_likely(llm_tok_entry_is(hot, key))) {
        return llm_tok_entry_count(hot);
    }

    set = b->s->warm[llm_tok_warm_slot(hash)];

    for (i = 0; i < 4; i++) {
        if (llm_tok_entry_is(&set[i], key)) {
            found = set[i];
            *hot = found;
            return llm_tok_entry_count(&found);
        }
    }

    n = llm_tok_miss(b, p, len, key, set);

    if (n < 16) {
        *hot = set[0];
    }

    return n;
}


static size_t
llm_tok_count_batch(const llm_tok_batch_t *b, size_t n)
{
    size_t           i, total;
    uint32_t         len, *at;
    const uint8_t   *p;
    llm_scratch_t   *s;

    s = b->s;
    at = s->at;

    for (i = 0; i < n; i++) {
        len = at[i + 1] - at[i];

        if (llm_tok_likely(len < LLM_TOK_LONG)) {
            llm_tok_key(b->text + at[i], len, b->end, &s->key[i]);
            __builtin_prefetch(
                s->warm[llm_tok_warm_slot(llm_tok_key_hash(&s->key[i]))]);
        }
    }

    total = 0;

    for (i = 0; i < n; i++) {
        p = b->text + at[i];
        len = at[i + 1] - at[i];

        if (llm_tok_likely(len < LLM_TOK_LONG)) {
            total += llm_tok_lookup(b, p, len, &s->key[i]);

        } else {
            total += llm_tok_miss(b, p, len, NULL, NULL);
        }
    }

    return total;
}


size_t
llm_count_limit(const llm_vocab_t *v, llm_scratch_t *s, const char *text,
    size_t len, size_t limit)
{
    size_t             n, total;
    llm_tok_batch_t    b;
    llm_tok_split_t    split;

    if (s->vocab != v->image->sum) {
        llm_tok_forget(s);
        s->vocab = v->image->sum;
    }

    llm_tok_split_init(&split, v, s, text, len);

    b.v = v;
    b.s = s;
    b.end = split.end;
    total = 0;

    while (split.p < split.end) {
        b.text = split.p;
        n = llm_tok_split(&split, s->at);
        total += llm_tok_count_batch(&b, n);

        if (total > limit) {
            return limit + 1;
        }
    }

    return total;
}


size_t
llm_count(const llm_vocab_t *v, llm_scratch_t *s, const char *text,
    size_t len)
{
    return llm_count_limit(v, s, text, len, SIZE_MAX);
}


size_t
llm_encode(const llm_vocab_t *v, llm_scratch_t *s, const char *text,
    size_t len, uint32_t *ids, size_t max)
{
    size_t            i, n;
    llm_tok_out_t     out;
    llm_tok_split_t   split;
    const uint8_t    *start;

    llm_tok_split_init(&split, v, s, text, len);

    if (s->vocab != v->image->sum) {
        llm_tok_forget(s);
        s->vocab = v->image->sum;
    }

    out.ids = ids;
    out.max = max;
    out.n = 0;
    out.map = v->ids;

    while (split.p < split.end) {
        start = split.p;
        n = llm_tok_split(&split, s->at);

        for (i = 0; i < n; i++) {
            llm_tok_bpe(v, s, start + s->at[i], s->at[i + 1] - s->at[i], &out);
        }
    }

    return out.n;
}
