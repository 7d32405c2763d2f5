
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_price.h"


#define LLM_USD_PLACES       9


/*
 * Nine places are always made, and short cuts zeros off: digits are written
 * from the right into a buffer that fits every int64.
 */

static size_t
llm_usd_format(unsigned char *buf, int64_t nano, unsigned places)
{
    size_t          n;
    uint64_t        v;
    unsigned        i, cut;
    unsigned char  *p, tmp[LLM_USD_LEN];

    v = nano < 0 ? - (uint64_t) nano : (uint64_t) nano;

    p = tmp + LLM_USD_LEN;
    cut = 1;

    for (i = LLM_USD_PLACES; i > 0; i--, v /= 10) {

        if (cut && i > places && v % 10 == 0) {
            continue;
        }

        cut = 0;
        *--p = '0' + v % 10;
    }

    *--p = '.';

    do {
        *--p = '0' + v % 10;
        v /= 10;
    } while (v);

    if (nano < 0) {
        *--p = '-';
    }

    for (n = 0; p < tmp + LLM_USD_LEN; n++) {
        buf[n] = *p++;
    }

    return n;
}


size_t
llm_usd_print(unsigned char *buf, int64_t nano)
{
    return llm_usd_format(buf, nano, LLM_USD_PLACES);
}


size_t
llm_usd_print_short(unsigned char *buf, int64_t nano)
{
    return llm_usd_format(buf, nano, 2);
}


/*
 * An amount is a promise of the one who wrote it, so nothing is rounded: a
 * tenth place that is not zero is an error.
 */

int
llm_usd_parse(const unsigned char *p, size_t len, int64_t *nano)
{
    int                   limit, places, dot;
    size_t                i;
    int64_t               v;
    unsigned              c;

    v = 0;
    limit = 0;
    places = 0;
    dot = 0;

    for (i = 0; i < len; i++) {
        c = p[i] - (unsigned) '0';

        if (c > 9) {
            if (p[i] != '.' || dot || i == 0 || i == len - 1) {
                return LLM_BAD;
            }

            dot = 1;
            continue;
        }

        if (places == LLM_USD_PLACES) {
            if (c) {
                return LLM_BAD;
            }

            continue;
        }

        places += dot;

        v = v * 10 + c;

        if (v > LLM_NANO_MAX) {

            /* the rest is still looked at: it may not be a number at all */

            limit = 1;
            v = LLM_NANO_MAX / 10;
        }
    }

    if (len == 0) {
        return LLM_BAD;
    }

    for ( /* void */ ; places < LLM_USD_PLACES && !limit; places++) {
        v *= 10;
        limit = v > LLM_NANO_MAX;
    }

    if (limit) {
        return LLM_LIMIT;
    }

    *nano = v;

    return LLM_OK;
}
