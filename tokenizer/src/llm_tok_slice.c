/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Byte-pair encoding of a long text in slices side by side, for texts in which
 * the longest token is often the wrong one: random letters, for example.
 *
 * Each slice is encoded by itself.  Where two neighbours at a joint go together
 * nothing is to be done; where not, the text around the joint is encoded again,
 * and so is right if its ends go with the tokens before and after it.
 */

#include "llm_tok_internal.h"


#define LLM_TOK_SLICE   64      /* bytes */
#define LLM_TOK_SIDE    10      /* on each side of a joint, a token more */
#define LLM_TOK_SLICES  (LLM_TOK_MERGE_LANES + 1)
#define LLM_TOK_LONGER  256     /* bytes, where one comes after the other */

/* two more than are cut at a time, so that the end of the text is seen */
#define LLM_TOK_SLICE_BYTES  ((LLM_TOK_SLICES + 2) * LLM_TOK_SLICE + 4)


typedef struct {
    const llm_vocab_t  *v;
    llm_scratch_t      *s;
    const uint8_t      *p;      /* what is read up to here */
    const uint8_t      *end;
    int                 as_is;
    size_t              cut;    /* of the bytes read, those in slices */
    size_t              have;
    size_t              n;
    size_t              joints;
    uint32_t            from[LLM_TOK_SLICES];   /* the tokens of a slice that */
    uint32_t            to[LLM_TOK_SLICES];     /* no joint took */
    llm_tok_text_t      slice[LLM_TOK_SLICES];
    llm_tok_text_t      joint[LLM_TOK_SLICES];
    uint8_t             text[LLM_TOK_SLICE_BYTES];
} llm_tok_slices_t;


/* reads on, with what its tokens are made of in the place of other bytes */

static void
llm_tok_slices_read(llm_tok_slices_t *t)
{
    size_t    len, room;
    uint32_t  c;

    if (t->as_is) {
        len = (size_t) (t->end - t->p);
        room = sizeof(t->text) - t->have;
        len = len < room ? len : room;

        memcpy(t->text + t->have, t->p, len);
        t->have += len;
        t->p += len;

        return;
    }

    while (t->p < t->end && sizeof(t->text) - t->have >= 4) {
        llm_tok_step();
        len = llm_tok_char(t->p, t->end, &c);
        t->have += llm_tok_repair(t->v, t->p, len, t->text + t->have,
                                  sizeof(t->text) - t->have);
        t->p += len;
    }
}


/*
 * Merges texts from the n-th on.  One that is the same as the one before it has
 * the same tokens: in a run of one character nearly all are.
 */

static void
llm_tok_slices_merge(const llm_tok_slices_t *t, llm_tok_text_t *text,
    size_t from, size_t n)
{
    size_t           i;
    llm_tok_text_t  *one, *two;

    for (i = from; i < n; i++) {
        one = &text[i] - (i > 0);
        two = &text[i];

        if (one == two || one->len != two->len
            || memcmp(one->p, two->p, two->len) != 0)
        {
            continue;
        }

        llm_tok_merge_texts(t->v, t->s->simd, &text[from], i - from);
        from = i + 1;

        two->tokens = one->tokens;
        memcpy(two->token, one->token, one->tokens * sizeof(one->token[0]));
    }

    llm_tok_merge_texts(t->v, t->s->simd, &text[from], n - from);
}


/* how much of so many bytes is whole characters, where these are merged */

static size_t
llm_tok_slices_whole(const llm_tok_slices_t *t, size_t len)
{
    const uint8_t  *p;

    p = t->text + t->cut;

    if (t->v->chars && t->cut + len < t->have) {
        while ((p[len] & 0xc0) == 0x80) {
            len--;
        }
    }

    return len;
}


/* how long the next slice is: all, if that is not too much, or no short end */

static size_t
llm_tok_slices_len(const llm_tok_slices_t *t, size_t most, size_t len)
{
    size_t  left;

    left = t->have - t->cut;

    if (left <= most) {
        return left;
    }

    return llm_tok_slices_whole(t, left >= 2 * len ? len : left / 2);
}


/* more slices after the one that is left */

static void
llm_tok_slices_cut(llm_tok_slices_t *t)
{
    size_t  i, first;

    llm_tok_slices_read(t);
    first = t->n;

    for (i = first; i < LLM_TOK_SLICES && t->cut < t->have; i++) {
        t->slice[i].p = t->text + t->cut;
        t->slice[i].len = (uint32_t) llm_tok_slices_len(t, LLM_TOK_SLICE,
                                                          LLM_TOK_SLICE);
        t->cut += t->slice[i].len;
    }

    t->n = i;
    llm_tok_slices_merge(t, t->slice, first, i);

    for (i = first; i < t->n; i++) {
        t->from[i] = 0;
        t->to[i] = t->slice[i].tokens;
    }
}


/*
 * Takes tokens from both sides of the joint after a slice.  Returns 0 if it
 * leaves none.
 */

static int
llm_tok_slices_joint(llm_tok_slices_t *t, size_t k)
{
    size_t           before, after;
    llm_tok_text_t  *one, *two, *joint;

    one = &t->slice[k];
    two = &t->slice[k + 1];

    for (before = 0; before < LLM_TOK_SIDE && t->to[k] > t->from[k]; ) {
        before += llm_tok_length(t->v, one->token[--t->to[k]]);
    }

    for (after = 0; after < LLM_TOK_SIDE && t->from[k + 1] < two->tokens; ) {
        after += llm_tok_length(t->v, two->token[t->from[k + 1]++]);
    }

    /* an image may lie about lengths */

    if (t->to[k] == t->from[k] || t->from[k + 1] == two->tokens
        || before > one->len || after > two->len
        || before + after > LLM_TOK_MERGE)
    {
        return 0;
    }

    joint = &t->joint[t->joints++];
    joint->p = one->p + one->len - before;
    joint->len = (uint32_t) (before + after);
    joint->piece = (uint32_t) k;

    return 1;
}


/* what tells whether two neighbours go together is fetched for all of them */

static void
llm_tok_slices_fetch(const llm_tok_slices_t *t)
{
    size_t                 k;
    uint64_t               hash;
    const llm_tok_text_t  *one;

    for (k = 0; k + 1 < t->n; k++) {
        one = &t->slice[k];
        hash = llm_tok_pair_hash(llm_tok_pair_key(one->token[one->tokens - 1],
                                                  one[1].token[0]),
                                 t->v->seed);
        llm_tok_pair_fetch_filter(t->v, hash);
        __builtin_prefetch(llm_tok_pair_bucket(t->v, hash));
        __builtin_prefetch(&t->v->rec[one->token[one->tokens - 1]]);
        __builtin_prefetch(&t->v->rec[one[1].token[0]]);
    }
}


static int
llm_tok_slices_mend(llm_tok_slices_t *t)
{
    size_t           i, k;
    llm_tok_text_t  *one, *two, *joint;

    t->joints = 0;
    llm_tok_slices_fetch(t);

    for (k = 0; k + 1 < t->n; k++) {
        one = &t->slice[k];
        two = &t->slice[k + 1];

        if (!llm_tok_pair_fits(t->v, t->s, one->token[one->tokens - 1],
                               two->token[0])
            && !llm_tok_slices_joint(t, k))
        {
            return 0;
        }
    }

    llm_tok_slices_merge(t, t->joint, 0, t->joints);

    for (i = 0; i < t->joints; i++) {
        joint = &t->joint[i];
        k = joint->piece;
        one = &t->slice[k];
        two = &t->slice[k + 1];

        if (t->from[k + 1] == t->to[k + 1]
            || !llm_tok_pair_fits(t->v, t->s, one->token[t->to[k] - 1],
                                  joint->token[0])
            || !llm_tok_pair_fits(t->v, t->s, joint->token[joint->tokens - 1],
                                  two->token[t->from[k + 1]]))
        {
            return 0;
        }
    }

    return 1;
}


/* keeps what has been read from one place on */

static void
llm_tok_slices_move(llm_tok_slices_t *t, const uint8_t *p)
{
    size_t  from;

    from = (size_t) (p - t->text);
    memmove(t->text, p, t->have - from);
    t->have -= from;
    t->cut -= from;
}


static void
llm_tok_slices_begin(llm_tok_slices_t *t, const uint8_t *p, int space)
{
    t->p = p;
    t->cut = 0;
    t->have = 0;
    t->n = 0;

    if (space) {
        t->text[t->have++] = ' ';
    }
}


static int
llm_tok_slices_join(llm_tok_slices_t *t, llm_tok_out_t *out)
{
    int     more;
    size_t  i, k, last;

    do {
        llm_tok_slices_cut(t);

        if (!llm_tok_slices_mend(t)) {
            return -1;
        }

        more = t->cut < t->have || t->p < t->end;
        last = more ? t->n - 1 : t->n;

        for (i = 0, k = 0; k < last; k++) {
            llm_tok_emit(out, &t->slice[k].token[t->from[k]],
                         t->to[k] - t->from[k]);

            if (i < t->joints && t->joint[i].piece == k) {
                llm_tok_emit(out, t->joint[i].token, t->joint[i].tokens);
                i++;
            }
        }

        if (more) {
            t->slice[0] = t->slice[last];
            t->from[0] = t->from[last];
            t->to[0] = t->to[last];
            t->n = 1;
            llm_tok_slices_move(t, t->slice[0].p);
            t->slice[0].p = t->text;
        }

    } while (more);

    return 0;
}


/*
 * Longer slices, one after the other, where it depends on all that comes before
 * how a text goes on: in " aaa..." each slice would begin in the middle of a
 * token.  So each begins where a token of the one before ends, half of that one
 * before its end.  One that is the same as the one before has its tokens.
 */

static int
llm_tok_slices_chain(llm_tok_slices_t *t, llm_tok_out_t *out)
{
    int       more;
    size_t    n, at, len, left, tokens;
    uint32_t  last, token[LLM_TOK_ROUNDS];

    last = LLM_TOK_NONE;
    tokens = 0;
    left = 0;
    len = 0;

    do {
        if (t->have - t->cut < 2 * LLM_TOK_LONGER && t->p < t->end) {
            llm_tok_slices_move(t, t->text + t->cut - left);
            llm_tok_slices_read(t);
        }

        at = t->cut;
        n = llm_tok_slices_len(t, LLM_TOK_ROUNDS, LLM_TOK_LONGER);
        more = at + n < t->have || t->p < t->end;

        if (n != len || memcmp(t->text + at - left, t->text + at, n) != 0) {
            tokens = llm_tok_merge_rounds(t->v, t->text + at, n, token);
        }

        if (last != LLM_TOK_NONE
            && !llm_tok_pair_fits(t->v, t->s, last, token[0]))
        {
            return -1;
        }

        len = n;
        left = n;
        n = tokens;

        while (more && n > 1 && left + LLM_TOK_LONGER / 2 > len) {
            left -= llm_tok_length(t->v, token[--n]);
        }

        /* an image may lie about lengths */

        if (left > len || (more && left < LLM_TOK_SLICE / 2)) {
            return -1;
        }

        llm_tok_emit(out, token, n);
        last = token[n - 1];
        t->cut += left;

    } while (more);

    return 0;
}


int
llm_tok_bpe_slices(const llm_vocab_t *v, llm_scratch_t *s, const uint8_t *p,
    size_t n, int space, llm_tok_out_t *out)
{
    size_t            before;
    llm_tok_slices_t  t;

    t.v = v;
    t.s = s;
    t.end = p + n;
    t.as_is = llm_tok_as_is(v, p, n);
    before = out->n;

    llm_tok_slices_begin(&t, p, space);

    if (llm_tok_slices_join(&t, out) == 0) {
        return 0;
    }

    out->n = before;
    llm_tok_slices_begin(&t, p, space);

    return llm_tok_slices_chain(&t, out);
}
