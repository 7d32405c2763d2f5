
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_json.h"
#include "llm_json_lex.h"

#include <string.h>


/* Numbers: their grammar, and their exact values without any float. */


static const unsigned char *
llm_json_digits(const unsigned char *p, const unsigned char *last)
{
    while (p < last && (unsigned) *p - '0' <= 9) {
        p++;
    }

    return p;
}


const unsigned char *
llm_json_number(const unsigned char *p, const unsigned char *last,
    const unsigned char **stop)
{
    const unsigned char  *digits;

    if (p < last && *p == '-') {
        p++;
    }

    if (p < last && *p == '0') {
        p++;

    } else {
        digits = p;
        p = llm_json_digits(p, last);

        if (p == digits) {
            goto failed;
        }
    }

    if (p < last && *p == '.') {
        digits = ++p;
        p = llm_json_digits(p, last);

        if (p == digits) {
            goto failed;
        }
    }

    if (p < last && (*p == 'e' || *p == 'E')) {
        p++;

        if (p < last && (*p == '+' || *p == '-')) {
            p++;
        }

        digits = p;
        p = llm_json_digits(p, last);

        if (p == digits) {
            goto failed;
        }
    }

    return p;

failed:

    *stop = p;

    return NULL;
}


/* from its letter on, or 0 where there is none; it saturates */

static int64_t
llm_parse_exponent(const unsigned char *p, const unsigned char *last)
{
    int      neg;
    int64_t  e;

    if (p == last) {
        return 0;
    }

    p++;
    neg = (*p == '-');

    if (*p == '+' || *p == '-') {
        p++;
    }

    for (e = 0; p < last; p++) {
        if (e < INT64_MAX / 100) {
            e = e * 10 + (*p - '0');
        }
    }

    return neg ? -e : e;
}


/*
 * So many digits of the text as a number, zeros behind them if it has fewer;
 * *rest says that others than zero are left.  1: it is larger than the bound.
 */

static int
llm_parse_digits(const unsigned char *p, const unsigned char *end,
    int64_t digits, uint64_t bound, uint64_t *v, int *rest)
{
    uint64_t  n;

    n = 0;
    *rest = 0;

    for ( /* void */ ; p < end; p++) {

        if (*p == '.') {
            continue;
        }

        if (digits <= 0) {
            *rest |= (*p != '0');
            continue;
        }

        digits--;

        if (n > (bound - (*p - '0')) / 10) {
            return 1;
        }

        n = n * 10 + (*p - '0');
    }

    for ( /* void */ ; n && digits > 0; digits--) {

        if (n > bound / 10) {
            return 1;
        }

        n *= 10;
    }

    *v = n;

    return 0;
}


/*
 * A decimal text as an integer number of units of 10^-scale.  The digits are
 * taken one by one, so that nothing but the result has to fit into 64 bits;
 * what is left of them rounds it up.
 */

static int
llm_parse_decimal(const unsigned char *p, size_t len, int scale, int64_t *v,
    int *rest)
{
    int                   neg, limit;
    int64_t               digits;
    uint64_t              n, bound;
    const unsigned char  *point, *end, *last, *stop;

    last = p + len;

    if (llm_json_number(p, last, &stop) != last) {
        return LLM_BAD;
    }

    neg = (*p == '-');
    p += neg;

    for (end = p; end < last && *end != 'e' && *end != 'E'; end++) {
        /* void */
    }

    point = memchr(p, '.', end - p);

    digits = (point ? point : end) - p;
    digits += llm_parse_exponent(end, last) + scale;

    bound = (uint64_t) INT64_MAX + neg;
    limit = llm_parse_digits(p, end, digits, bound, &n, rest);

    if (*rest && !limit) {
        limit = (n == bound);
        n++;
    }

    if (limit) {
        n = bound;
    }

    *v = neg ? (int64_t) (0 - n) : (int64_t) n;

    return limit ? LLM_LIMIT : LLM_OK;
}


int
llm_parse_scaled(const unsigned char *p, size_t len, int scale, int64_t *v)
{
    int  rest;

    return llm_parse_decimal(p, len, scale, v, &rest);
}


int
llm_parse_int(const unsigned char *p, size_t len, int64_t *v)
{
    int      rc, rest;
    size_t   i;
    int64_t  n;

    /* what nearly every number is: a few digits; others are read slowly */

    if (len && len <= 18 && (*p != '0' || len == 1)) {

        for (n = 0, i = 0; i < len && (unsigned) p[i] - '0' <= 9; i++) {
            n = n * 10 + (p[i] - '0');
        }

        if (i == len) {
            *v = n;
            return LLM_OK;
        }
    }

    rc = llm_parse_decimal(p, len, 0, v, &rest);

    return (rc == LLM_OK && rest) ? LLM_BAD : rc;
}


int
llm_json_int(const llm_json_t *j, uint32_t node, int64_t *v)
{
    const llm_json_node_t  *n;

    if (node >= j->n || j->nodes[node].type != LLM_JSON_NUMBER) {
        return LLM_BAD;
    }

    n = &j->nodes[node];

    return llm_parse_int(j->data + n->start, n->end - n->start, v);
}
