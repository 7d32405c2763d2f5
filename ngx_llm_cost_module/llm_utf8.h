
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_UTF8_H_INCLUDED_
#define _LLM_UTF8_H_INCLUDED_


/*
 * UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above
 * U+10FFFF.  nginx's own ngx_utf8_decode() takes surrogates, which no reader
 * of JSON does.
 */

#include <stddef.h>


/* length of the character at p (2 to 4), 0 where it is not one, or is ASCII */

static inline unsigned
llm_utf8_length(const unsigned char *p, const unsigned char *last)
{
    size_t         n;
    unsigned char  c;

    n = last - p;
    c = *p;

    if (c < 0xc2 || c > 0xf4 || n < 2 || (p[1] & 0xc0) != 0x80) {
        return 0;
    }

    if (c < 0xe0) {
        return 2;
    }

    if (n < 3 || (p[2] & 0xc0) != 0x80
        || (c == 0xe0 && p[1] < 0xa0)                    /* overlong */
        || (c == 0xed && p[1] > 0x9f))                   /* a surrogate */
    {
        return 0;
    }

    if (c < 0xf0) {
        return 3;
    }

    if (n < 4 || (p[3] & 0xc0) != 0x80
        || (c == 0xf0 && p[1] < 0x90)                    /* overlong */
        || (c == 0xf4 && p[1] > 0x8f))                   /* above U+10FFFF */
    {
        return 0;
    }

    return 4;
}


/* c as UTF-8, at most four bytes; returns its length */

size_t llm_utf8_put(unsigned char *d, unsigned c);

/* nothing but UTF-8, and no zero, which ends a text for some readers */

int llm_utf8_valid(const unsigned char *p, size_t len);

/* every byte that is not becomes "?", in place */

void llm_utf8_clean(unsigned char *p, size_t len);


#endif /* _LLM_UTF8_H_INCLUDED_ */
