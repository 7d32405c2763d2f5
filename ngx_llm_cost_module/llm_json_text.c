
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_json_lex.h"
#include "llm_utf8.h"

#include <string.h>


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


/* what a backslash and this letter stand for, 0: it is no such escape */

static const unsigned char  llm_json_letters[256] = {
    ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f',
    ['n'] = '\n', ['r'] = '\r', ['t'] = '\t'
};


size_t
llm_json_unescape(const unsigned char *p, const unsigned char *last,
    unsigned char *d, size_t *n)
{
    int       low;
    unsigned  c;

    if (p[1] != 'u') {
        *d = llm_json_letters[p[1]];
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
    size_t          n;
    unsigned char  *start;

    start = d;

    for ( ;; ) {
        p = llm_json_copy(&d, p, last);

        if (p == last) {
            return d - start;
        }

        do {
            if (p[1] != 'u') {
                *d++ = llm_json_letters[p[1]];
                p += 2;

            } else {
                p += llm_json_unescape(p, last, d, &n);
                d += n;
            }

        } while (p < last && *p == '\\');
    }
}


/* length of the escape at p, which is a backslash; 0 where it is not one */

static inline unsigned
llm_json_escape_len(const unsigned char *p, const unsigned char *last)
{
    if (last - p < 2) {
        return 0;
    }

    if (llm_json_letters[p[1]]) {
        return 2;
    }

    return (p[1] == 'u' && llm_json_hex4(p + 2, last) >= 0) ? 6 : 0;
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
