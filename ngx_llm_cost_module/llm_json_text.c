
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_json_lex.h"
#include "llm_utf8.h"

#include <string.h>

#if (__SSE2__)
#include <emmintrin.h>
#endif


/* The insides of strings: where they end, whether they are valid, escapes. */


static int
llm_json_hex(unsigned char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c |= 0x20;

    return (c >= 'a' && c <= 'f') ? c - 'a' + 10 : -1;
}


int
llm_json_hex4(const unsigned char *p, const unsigned char *last)
{
    int  i, d, v;

    if (last - p < 4) {
        return -1;
    }

    for (v = 0, i = 0; i < 4; i++) {
        d = llm_json_hex(p[i]);

        if (d < 0) {
            return -1;
        }

        v = v * 16 + d;
    }

    return v;
}


/* what a backslash and c stand for */

static unsigned char
llm_json_escaped(unsigned char c)
{
    switch (c) {

    case 'n':
        return '\n';

    case 't':
        return '\t';

    case 'r':
        return '\r';

    case 'b':
        return '\b';

    case 'f':
        return '\f';

    default:
        return c;
    }
}


size_t
llm_json_unescape(const unsigned char *p, const unsigned char *last,
    unsigned char *d, size_t *n)
{
    int       low;
    unsigned  c;

    if (p[1] != 'u') {
        *d = llm_json_escaped(p[1]);
        *n = 1;

        return 2;
    }

    c = (unsigned) llm_json_hex4(p + 2, last);

    if (c >= 0xd800 && c < 0xdc00 && last - p >= 12 && p[6] == '\\'
        && p[7] == 'u')
    {
        low = llm_json_hex4(p + 8, last);

        if (low >= 0xdc00 && low < 0xe000) {
            c = 0x10000 + ((c - 0xd800) << 10) + ((unsigned) low - 0xdc00);
            *n = llm_utf8_put(d, c);

            return 12;
        }
    }

    if (c >= 0xd800 && c < 0xe000) {
        c = 0xfffd;
    }

    *n = llm_utf8_put(d, c);

    return 6;
}


size_t
llm_json_decode(unsigned char *d, const unsigned char *p,
    const unsigned char *last)
{
    size_t                n;
    unsigned char        *start;
    const unsigned char  *end;

    start = d;

    while (p < last) {
        end = memchr(p, '\\', last - p);
        n = (end ? end : last) - p;

        memcpy(d, p, n);
        d += n;
        p += n;

        while (p < last && *p == '\\') {
            p += llm_json_unescape(p, last, d, &n);
            d += n;
        }
    }

    return d - start;
}


/*
 * The first byte from p on that is not plain: a quote, a backslash, a control
 * character or a byte of a non-ASCII character.  Most of a request is text,
 * so this loop is most of the work.
 */

#if (__SSE2__)

static const unsigned char *
llm_json_plain(const unsigned char *p, const unsigned char *last)
{
    unsigned  mask;
    __m128i   v, quote, slash, low;

    quote = _mm_set1_epi8('"');
    slash = _mm_set1_epi8('\\');
    low = _mm_set1_epi8(0x20);

    while (last - p >= 16) {
        v = _mm_loadu_si128((const __m128i *) p);

        /* signed compare: bytes from 0x80 on are below 0x20, too */

        mask = _mm_movemask_epi8(
                   _mm_or_si128(_mm_cmplt_epi8(v, low),
                                _mm_or_si128(_mm_cmpeq_epi8(v, quote),
                                             _mm_cmpeq_epi8(v, slash))));

        if (mask) {
            return p + __builtin_ctz(mask);
        }

        p += 16;
    }

    while (p < last && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\') {
        p++;
    }

    return p;
}

#else

#define LLM_ONES    0x0101010101010101ULL
#define LLM_HIGHS   0x8080808080808080ULL

/* high bit set in bytes below n; exact up to the first such byte */

#define llm_below(x, n)   (((x) - LLM_ONES * (n)) & ~(x) & LLM_HIGHS)
#define llm_equal(x, c)   llm_below((x) ^ (LLM_ONES * (c)), 1)


static const unsigned char *
llm_json_plain(const unsigned char *p, const unsigned char *last)
{
    uint64_t  x;

    while (last - p >= 8) {
        memcpy(&x, p, 8);

        if ((x & LLM_HIGHS) || llm_below(x, 0x20) || llm_equal(x, '"')
            || llm_equal(x, '\\'))
        {
            break;
        }

        p += 8;
    }

    while (p < last && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\') {
        p++;
    }

    return p;
}

#endif


/* length of the escape at p, which is a backslash; 0 where it is not one */

static unsigned
llm_json_escape_len(const unsigned char *p, const unsigned char *last)
{
    if (last - p < 2) {
        return 0;
    }

    switch (p[1]) {

    case '"': case '\\': case '/':
    case 'b': case 'f': case 'n': case 'r': case 't':
        return 2;

    case 'u':
        return (llm_json_hex4(p + 2, last) >= 0) ? 6 : 0;
    }

    return 0;
}


const unsigned char *
llm_json_text_end(const unsigned char *p, const unsigned char *last,
    unsigned *escaped, const unsigned char **stop)
{
    unsigned  n;

    *escaped = 0;

    for ( ;; ) {
        p = llm_json_plain(p, last);

        if (p == last) {
            break;
        }

        if (*p == '"') {
            return p;
        }

        if (*p == '\\') {
            *escaped = 1;
            n = llm_json_escape_len(p, last);

            if (n == 0) {
                p += (last - p == 1);
                break;
            }

            p += n;
            continue;
        }

        /* a control character is not the beginning of one, either */

        do {
            n = llm_utf8_length(p, last);

            if (n == 0) {
                *stop = p;
                return NULL;
            }

            p += n;

        } while (p < last && *p >= 0x80);
    }

    *stop = p;

    return NULL;
}
