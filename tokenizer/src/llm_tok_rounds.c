/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Byte-pair encoding of one text as the definition has it, where it is too long
 * to be merged beside others: all merges of the least rank at once, from the
 * left.  In a run of one character each round makes half as many tokens of it.
 */

#include "llm_tok_near.h"


#define LLM_TOK_NEVER  UINT32_MAX


typedef struct {
    const llm_vocab_t  *v;
    size_t              n;
    uint32_t           *token;
    uint64_t            asked;                  /* the last pair */
    uint32_t            answer;
    uint32_t            made[LLM_TOK_ROUNDS];   /* with the next token */
    uint32_t            order[LLM_TOK_ROUNDS + 1];      /* the rank of that */
} llm_tok_rounds_t;


/* what the i-th token and the one after it merge into; returns the rank */

static inline uint32_t
llm_tok_rounds_ask(llm_tok_rounds_t *r, size_t i, uint32_t one, uint32_t two)
{
    uint32_t  token;
    uint64_t  key, hash;

    key = llm_tok_pair_key(one, two);

    if (key != r->asked) {
        llm_tok_step();
        hash = llm_tok_pair_hash(key, r->v->seed);
        r->asked = key;
        r->answer = llm_tok_pair_may_be(r->v, hash)
                    ? llm_tok_pair_find(r->v, key, hash) : LLM_TOK_NONE;
    }

    token = r->answer;
    r->made[i] = token;
    r->order[i] = token >= r->v->image->tokens ? LLM_TOK_NEVER
                  : token < r->v->regular ? token * LLM_TOK_BETWEEN
                                          : r->v->rank[token];

    return r->order[i];
}


static uint32_t
llm_tok_rounds_least(const llm_tok_rounds_t *r)
{
    size_t    i;
    uint32_t  least;

    least = LLM_TOK_NEVER;

    for (i = 0; i < r->n; i++) {
        least = r->order[i] < least ? r->order[i] : least;
    }

    return least;
}


/* what is left of a round stays as it is; returns the rank of the next one */

static uint32_t
llm_tok_rounds_stay(llm_tok_rounds_t *r, size_t from, size_t to)
{
    for ( /* void */ ; from < r->n; from++, to++) {
        r->token[to] = r->token[from];
        r->made[to] = r->made[from];
        r->order[to] = r->order[from];
    }

    r->n = to;

    return llm_tok_rounds_least(r);
}


/*
 * Makes the merges of one rank, until one brings about a merge that is wanted
 * earlier: a few vocabularies have such.  Returns the least rank of those that
 * are left.  That of the last token written waits for what comes behind it.
 */

static uint32_t
llm_tok_rounds_merge(llm_tok_rounds_t *r, uint32_t least)
{
    size_t    from, to;
    uint32_t  next, last, after;

    next = LLM_TOK_NEVER;
    last = LLM_TOK_NEVER;
    r->order[r->n] = least;

    for (from = 0, to = 0; /* void */ ; to++) {

        for ( /* void */ ; r->order[from] != least; from++, to++) {
            next = last < next ? last : next;
            last = r->order[from];

            r->token[to] = r->token[from];
            r->made[to] = r->made[from];
            r->order[to] = last;
        }

        if (from == r->n) {
            break;
        }

        r->token[to] = r->made[from];
        r->order[to] = LLM_TOK_NEVER;
        from += 2;

        if (to > 0) {
            last = llm_tok_rounds_ask(r, to - 1, r->token[to - 1],
                                      r->token[to]);
            next = last < next ? last : next;
        }

        after = LLM_TOK_NEVER;

        /* what merges next asks itself, unless it must wait */

        if (from < r->n && (r->order[from] != least || r->v->image->ranks)) {
            after = llm_tok_rounds_ask(r, to, r->token[to], r->token[from]);
        }

        if (next < least || after < least) {
            return llm_tok_rounds_stay(r, from, to + 1);
        }

        last = after;
    }

    r->n = to;

    return last < next ? last : next;
}


size_t
llm_tok_merge_rounds(const llm_vocab_t *v, const uint8_t *p, size_t n,
    uint32_t *token)
{
    size_t            i, len;
    uint32_t          least;
    llm_tok_rounds_t  r;

    r.v = v;
    r.n = 0;
    r.token = token;
    r.asked = UINT64_MAX;

    for (i = 0; i < n; i += len) {
        token[r.n++] = llm_tok_part(v, p + i, n - i, &len);
    }

    for (i = 0; i + 1 < r.n; i++) {
        (void) llm_tok_rounds_ask(&r, i, token[i], token[i + 1]);
    }

    r.order[i] = LLM_TOK_NEVER;

    for (least = llm_tok_rounds_least(&r); least != LLM_TOK_NEVER; ) {
        least = llm_tok_rounds_merge(&r, least);
    }

    return r.n;
}
