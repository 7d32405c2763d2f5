
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_shm.h"
#include "llm_memo_region.h"


/* The hash of a text; llm_memo.h says why it is this one. */


#define LLM_MEMO_P           (((llm_uint128_t) 1 << 127) - 1)
#define LLM_MEMO_TOP         (UINT64_MAX >> 2)


static inline llm_uint128_t llm_memo_mix(llm_uint128_t y,
    const llm_memo_secret_t *s, const uint64_t a[2], const uint64_t b[2]);


void
llm_memo_key(const llm_memo_view_t *view, const void *vocab,
    const unsigned char *text, size_t len, llm_memo_key_t *key)
{
    uint64_t  value[2];

    llm_memo_poly(view, vocab, text, len, value);

    key->h[0] = llm_shm_hash(view->memo->secret.sip, value, 2);
    key->h[1] = value[0];
}


void
llm_memo_poly(const llm_memo_view_t *view, const void *vocab,
    const unsigned char *text, size_t len, uint64_t value[2])
{
    size_t                    n;
    uint64_t                  first[4], sum[LLM_MEMO_SUMS];
    llm_uint128_t             y;
    const llm_memo_secret_t  *s;

    s = &view->memo->secret;

    first[0] = (uintptr_t) vocab;
    first[1] = view->generation;
    first[2] = len;
    first[3] = 0;

    y = llm_memo_mix(0, s, first, first + 2);

    do {
        n = (len < LLM_MEMO_BLOCK) ? len : LLM_MEMO_BLOCK;

        view->nh(s->nh, text, n, sum);

        sum[1] &= LLM_MEMO_TOP;
        sum[3] &= LLM_MEMO_TOP;

        y = llm_memo_mix(y, s, sum, sum + 2);

        text += n;
        len -= n;

    } while (len);

    value[0] = (uint64_t) y;
    value[1] = (uint64_t) (y >> 64);
}


/*
 * (y + a) * s + b * r modulo p = 2^127 - 1, where 2^128 is 2.  y is at most
 * 2^127 as all results are, a and b are below 2^126, and the words of r and s
 * below 2^61, so that no sum here reaches 2^128: low and 2 * high are at most
 * 2^126 - 2^65 each, and what mid adds to them is at most 2^127 + 2^64.
 */

static inline llm_uint128_t
llm_memo_mix(llm_uint128_t y, const llm_memo_secret_t *s, const uint64_t a[2],
    const uint64_t b[2])
{
    uint64_t       y0, y1;
    llm_uint128_t  low, mid, high;

    y += (llm_uint128_t) a[1] << 64 | a[0];
    y0 = (uint64_t) y;
    y1 = (uint64_t) (y >> 64);

    low = (llm_uint128_t) b[0] * s->r[0];
    mid = (llm_uint128_t) b[0] * s->r[1] + (llm_uint128_t) b[1] * s->r[0];
    high = (llm_uint128_t) b[1] * s->r[1];

    low += (llm_uint128_t) y0 * s->s[0];
    mid += (llm_uint128_t) y0 * s->s[1] + (llm_uint128_t) y1 * s->s[0];
    high += (llm_uint128_t) y1 * s->s[1];

    low += (high << 1) + (mid >> 63);
    low += (llm_uint128_t) ((uint64_t) mid & UINT64_MAX >> 1) << 64;

    return (low & LLM_MEMO_P) + (low >> 127);
}
