
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_JSON_LEX_H_INCLUDED_
#define _LLM_JSON_LEX_H_INCLUDED_


/* what the files that read JSON share; of no use elsewhere */

#include "llm_core.h"

#include <string.h>

#if (__SSE2__)
#include <emmintrin.h>
#endif


/*
 * llm_json_plain(): the first byte from p on that is not plain, which is a
 * quote, a backslash, a control character or a byte of a non-ASCII character.
 * Most of a request is text, so that this loop is most of the work.
 *
 * llm_json_copy(): what is in front of the next quote or backslash, to *d,
 * which is moved on; returns where that is.  More than that is written to, up
 * to the length of what is still to be read.
 */

#if (__SSE2__)

static inline const unsigned char *
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


static inline const unsigned char *
llm_json_copy(unsigned char **d, const unsigned char *p,
    const unsigned char *last)
{
    unsigned        mask;
    __m128i         v, quote, slash;
    unsigned char  *to;

    to = *d;
    quote = _mm_set1_epi8('"');
    slash = _mm_set1_epi8('\\');

    while (last - p >= 16) {
        v = _mm_loadu_si128((const __m128i *) p);
        _mm_storeu_si128((__m128i *) to, v);

        mask = _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(v, quote),
                                              _mm_cmpeq_epi8(v, slash)));

        if (mask) {
            *d = to + __builtin_ctz(mask);
            return p + __builtin_ctz(mask);
        }

        to += 16;
        p += 16;
    }

    while (p < last && *p != '"' && *p != '\\') {
        *to++ = *p++;
    }

    *d = to;

    return p;
}

#else

#define LLM_ONES    0x0101010101010101ULL
#define LLM_HIGHS   0x8080808080808080ULL

/* high bit set in bytes below n; exact up to the first such byte */

#define llm_below(x, n)   (((x) - LLM_ONES * (n)) & ~(x) & LLM_HIGHS)
#define llm_equal(x, c)   llm_below((x) ^ (LLM_ONES * (c)), 1)


static inline const unsigned char *
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


static inline const unsigned char *
llm_json_copy(unsigned char **d, const unsigned char *p,
    const unsigned char *last)
{
    uint64_t        x;
    unsigned char  *to;

    to = *d;

    while (last - p >= 8) {
        memcpy(&x, p, 8);

        if (llm_equal(x, '"') || llm_equal(x, '\\')) {
            break;
        }

        memcpy(to, &x, 8);
        to += 8;
        p += 8;
    }

    while (p < last && *p != '"' && *p != '\\') {
        *to++ = *p++;
    }

    *d = to;

    return p;
}

#endif


/*
 * The quote that ends the string whose inside begins, or goes on, at p;
 * *escaped is set if a backslash was seen.  NULL where that is no string: *stop
 * is then where it went wrong.
 */

const unsigned char *llm_json_text_end(const unsigned char *p,
    const unsigned char *last, unsigned *escaped, const unsigned char **stop);

/*
 * The inside of a string that text_end() has accepted, escapes resolved, to
 * d, which is elsewhere and has room for as much as is read, all of which may
 * be written to; returns how much of it is the text.
 */

size_t llm_json_decode(unsigned char *d, const unsigned char *p,
    const unsigned char *last);

/*
 * The escape at p, accepted, too, to d; *n is what it wrote, the result what
 * it read.  No escape is longer decoded than written.
 */

size_t llm_json_unescape(const unsigned char *p, const unsigned char *last,
    unsigned char *d, size_t *n);

/* value of the four hexadecimal digits at p, -1 where they are not */

int llm_json_hex4(const unsigned char *p, const unsigned char *last);

/*
 * The end of the number at p as RFC 8259 has it, or NULL; *stop is then where
 * it went wrong.
 */

const unsigned char *llm_json_number(const unsigned char *p,
    const unsigned char *last, const unsigned char **stop);


#endif /* _LLM_JSON_LEX_H_INCLUDED_ */
