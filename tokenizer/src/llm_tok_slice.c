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


typedef struct {
    const uint8_t   *p;         /* what is cut up to here */
    const uint8_t   *end;
    int              simd;
    size_t           n;
    size_t           joints;
    uint32_t         from[LLM_TOK_SLICES];  /* the tokens of a slice that */
    uint32_t         to[LLM_TOK_SLICES];    /* no joint took */
    llm_tok_text_t   slice[LLM_TOK_SLICES];
    llm_tok_text_t   joint[LLM_TOK_SLICES];
} llm_tok_slices_t;


/* more slices after the one that is left; no short one at the end */

static void
llm_tok_slices_cut(const llm_vocab_t *v, llm_tok_slices_t *t)
{
    size_t  i, left, len, first;

    first = t->n;

    for (i = first; i < LLM_TOK_SLICES && t->p < t->end; i++) {
        left = (size_t) (t->end - t->p);
        len = left >= 2 * LLM_TOK_SLICE ? LLM_TOK_SLICE
                                        : left > LLM_TOK_SLICE ? left / 2
                                                               : left;
        t->slice[i].p = t->p;
        t->slice[i].len = (uint32_t) len;
        t->p += len;
    }

    t->n = i;
    llm_tok_merge_texts(v, t->simd, &t->slice[first], i - first);

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
llm_tok_slices_joint(const llm_vocab_t *v, llm_tok_slices_t *t, size_t k)
{
    size_t           before, after;
    llm_tok_text_t  *one, *two, *joint;

    one = &t->slice[k];
    two = &t->slice[k + 1];

    for (before = 0; before < LLM_TOK_SIDE && t->to[k] > t->from[k]; ) {
        before += llm_tok_length(v, one->token[--t->to[k]]);
    }

    for (after = 0; after < LLM_TOK_SIDE && t->from[k + 1] < two->tokens; ) {
        after += llm_tok_length(v, two->token[t->from[k + 1]++]);
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
llm_tok_slices_fetch(const llm_vocab_t *v, const llm_tok_slices_t *t)
{
    size_t                 k;
    uint64_t               hash;
    const llm_tok_text_t  *one;

    for (k = 0; k + 1 < t->n; k++) {
        one = &t->slice[k];
        hash = llm_tok_pair_hash(llm_tok_pair_key(one->token[one->tokens - 1],
                                                  one[1].token[0]), v->seed);
        llm_tok_pair_fetch_filter(v, hash);
        __builtin_prefetch(llm_tok_pair_bucket(v, hash));
        __builtin_prefetch(&v->rec[one->token[one->tokens - 1]]);
        __builtin_prefetch(&v->rec[one[1].token[0]]);
    }
}


static int
llm_tok_slices_mend(const llm_vocab_t *v, llm_tok_slices_t *t)
{
    size_t           i, k;
    llm_tok_text_t  *one, *two, *joint;

    t->joints = 0;
    llm_tok_slices_fetch(v, t);

    for (k = 0; k + 1 < t->n; k++) {
        one = &t->slice[k];
        two = &t->slice[k + 1];

        if (!llm_tok_pair_valid(v, one->token[one->tokens - 1], two->token[0])
            && !llm_tok_slices_joint(v, t, k))
        {
            return 0;
        }
    }

    llm_tok_merge_texts(v, t->simd, t->joint, t->joints);

    for (i = 0; i < t->joints; i++) {
        joint = &t->joint[i];
        k = joint->piece;
        one = &t->slice[k];
        two = &t->slice[k + 1];

        if (t->from[k + 1] == t->to[k + 1]
            || !llm_tok_pair_valid(v, one->token[t->to[k] - 1],
                                   joint->token[0])
            || !llm_tok_pair_valid(v, joint->token[joint->tokens - 1],
                                   two->token[t->from[k + 1]]))
        {
            return 0;
        }
    }

    return 1;
}


int
llm_tok_bpe_slices(const llm_vocab_t *v, int simd, const uint8_t *p,
    size_t n, llm_tok_out_t *out)
{
    size_t            i, k, last;
    llm_tok_slices_t  t;

    t.p = p;
    t.end = p + n;
    t.simd = simd;
    t.n = 0;

    do {
        llm_tok_slices_cut(v, &t);

        if (!llm_tok_slices_mend(v, &t)) {
            return -1;
        }

        last = t.p < t.end ? t.n - 1 : t.n;

        for (i = 0, k = 0; k < last; k++) {
            llm_tok_emit(out, &t.slice[k].token[t.from[k]],
                         t.to[k] - t.from[k]);

            if (i < t.joints && t.joint[i].piece == k) {
                llm_tok_emit(out, t.joint[i].token, t.joint[i].tokens);
                i++;
            }
        }

        if (last < t.n) {
            t.slice[0] = t.slice[last];
            t.from[0] = t.from[last];
            t.to[0] = t.to[last];
        }

        t.n = 1;

    } while (t.p < t.end);

    return 0;
}
