
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include <stdint.h>
#include <string.h>

#include "llm_utf8.h"


/* plain text, which has borrowed nothing, is seen in a few steps */

static int
llm_utf8_plain(const unsigned char *p, size_t len)
{
    size_t    i;
    uint64_t  word, high, none;

    high = 0;
    none = 0;

    if (len < 8) {
        for (i = 0; i < len; i++) {
            high |= p[i];
            none |= (uint64_t) p[i] - 1;
        }

    } else {
        for (i = 0; i < len; i += 8) {
            memcpy(&word, p + (i + 8 < len ? i : len - 8), 8);
            high |= word;
            none |= word - 0x0101010101010101ULL;
        }
    }

    return ((high | none) & 0x8080808080808080ULL) == 0;
}


/* bytes at the beginning that llm_utf8_valid() has nothing against */

static size_t
llm_utf8_good(const unsigned char *p, size_t len)
{
    unsigned              n;
    const unsigned char  *start, *last;

    start = p;

    for (last = p + len; p < last; p += n) {
        n = (*p < 0x80) ? *p != '\0' : llm_utf8_length(p, last);

        if (n == 0) {
            break;
        }
    }

    return p - start;
}


int
llm_utf8_valid(const unsigned char *p, size_t len)
{
    return llm_utf8_plain(p, len) || llm_utf8_good(p, len) == len;
}


void
llm_utf8_clean(unsigned char *p, size_t len)
{
    size_t  n;

    if (llm_utf8_plain(p, len)) {
        return;
    }

    for ( ;; ) {
        n = llm_utf8_good(p, len);

        if (n == len) {
            return;
        }

        p[n] = '?';
        p += n + 1;
        len -= n + 1;
    }
}


size_t
llm_utf8_put(unsigned char *d, unsigned c)
{
    if (c < 0x80) {
        d[0] = (unsigned char) c;
        return 1;
    }

    if (c < 0x800) {
        d[0] = (unsigned char) (0xc0 | (c >> 6));
        d[1] = (unsigned char) (0x80 | (c & 0x3f));
        return 2;
    }

    if (c < 0x10000) {
        d[0] = (unsigned char) (0xe0 | (c >> 12));
        d[1] = (unsigned char) (0x80 | ((c >> 6) & 0x3f));
        d[2] = (unsigned char) (0x80 | (c & 0x3f));
        return 3;
    }

    d[0] = (unsigned char) (0xf0 | (c >> 18));
    d[1] = (unsigned char) (0x80 | ((c >> 12) & 0x3f));
    d[2] = (unsigned char) (0x80 | ((c >> 6) & 0x3f));
    d[3] = (unsigned char) (0x80 | (c & 0x3f));

    return 4;
}
