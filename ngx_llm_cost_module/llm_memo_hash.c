
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include <string.h>

#include "llm_shm.h"
#include "llm_memo_region.h"


/* The hash of a text; llm_memo.h says why it is this one. */


#define LLM_MEMO_P           (((llm_uint128_t) 1 << 127) - 1)
#define LLM_MEMO_SUM         (((llm_uint128_t) 1 << 126) - 1)

#define llm_memo_fold(x)     (((x) & LLM_MEMO_P) + ((x) >> 127))


static void llm_memo_nh(const uint64_t *k, const unsigned char *p, size_t n,
    llm_uint128_t sum[2]);
static llm_uint128_t llm_memo_step(llm_uint128_t y, const uint64_t r[2],
    llm_uint128_t x);


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
    size_t                    n, whole, left;
    unsigned char             last[16];
    llm_uint128_t             y, sum[2];
    const llm_memo_secret_t  *s;

    s = &view->memo->secret;
    left = len;
    y = (llm_uint128_t) view->generation << 64 | (uintptr_t) vocab;

    do {
        n = (left < LLM_MEMO_BLOCK) ? left : LLM_MEMO_BLOCK;
        whole = n & ~(size_t) 15;

        sum[0] = 0;
        sum[1] = 0;

        llm_memo_nh(s->nh, text, whole, sum);

        if (whole < n) {
            memset(last, 0, sizeof(last));
            memcpy(last, text + whole, n - whole);

            llm_memo_nh(s->nh + whole / 8, last, sizeof(last), sum);
        }

        y = llm_memo_step(y, s->point, sum[0] & LLM_MEMO_SUM);
        y = llm_memo_step(y, s->point, sum[1] & LLM_MEMO_SUM);

        text += n;
        left -= n;

    } while (left);

    y = llm_memo_step(y, s->point, len);

    value[0] = (uint64_t) y;
    value[1] = (uint64_t) (y >> 64);
}


/* adds to both sums; their keys are the same, two words further on */

static void
llm_memo_nh(const uint64_t *k, const unsigned char *p, size_t n,
    llm_uint128_t sum[2])
{
    uint64_t              m[2];
    const unsigned char  *end;
    llm_uint128_t         a, b;

    a = sum[0];
    b = sum[1];

    for (end = p + n; p < end; p += 16) {
        memcpy(m, p, sizeof(m));

        a += (llm_uint128_t) (m[0] + k[0]) * (m[1] + k[1]);
        b += (llm_uint128_t) (m[0] + k[2]) * (m[1] + k[3]);

        k += 2;
    }

    sum[0] = a;
    sum[1] = b;
}


/*
 * y * r + x modulo p = 2^127 - 1.  r < 2^127, x < 2^126, y <= p as all results
 * are.  2^128 is 2, and folding a number below 2^128 gives at most p + 1.
 */

static llm_uint128_t
llm_memo_step(llm_uint128_t y, const uint64_t r[2], llm_uint128_t x)
{
    uint64_t       y0, y1;
    llm_uint128_t  low, mid, high;

    y0 = (uint64_t) y;
    y1 = (uint64_t) (y >> 64);

    low = (llm_uint128_t) y0 * r[0];
    mid = (llm_uint128_t) y0 * r[1] + (llm_uint128_t) y1 * r[0];
    high = (llm_uint128_t) y1 * r[1];

    low = llm_memo_fold(low);
    low = llm_memo_fold(low + llm_memo_fold(mid << 64));
    low = llm_memo_fold(low + (high << 1));
    low = llm_memo_fold(low + ((mid >> 64) << 1) + x);

    return llm_memo_fold(low);
}
