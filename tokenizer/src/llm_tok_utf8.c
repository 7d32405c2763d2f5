/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Characters of text that may be anything.
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "llm_tok_piece.h"


#define LLM_TOK_BLOCK  "\xe2\x96\x81"      /* U+2581 */


/*
 * Table 3-7 of the Unicode standard: what may follow a lead byte first, and
 * how many bytes follow.  A sequence that breaks off is as long as it got.
 */

size_t
llm_tok_char(const uint8_t *p, const uint8_t *end, uint32_t *c)
{
    size_t    i, follow;
    uint8_t   lead, low, high;
    uint32_t  value;

    lead = *p;
    low = 0x80;
    high = 0xbf;

    if (lead < 0x80) {
        *c = lead;
        return 1;
    }

    *c = 0xfffd;

    if (lead < 0xc2 || lead > 0xf4) {
        return 1;
    }

    if (lead < 0xe0) {
        follow = 1;
        value = lead & 0x1f;

    } else if (lead < 0xf0) {
        follow = 2;
        value = lead & 0x0f;
        low = lead == 0xe0 ? 0xa0 : 0x80;
        high = lead == 0xed ? 0x9f : 0xbf;

    } else {
        follow = 3;
        value = lead & 0x07;
        low = lead == 0xf0 ? 0x90 : 0x80;
        high = lead == 0xf4 ? 0x8f : 0xbf;
    }

    for (i = 1; i <= follow; i++) {
        if (p + i == end || p[i] < low || p[i] > high) {
            return i;
        }

        value = value << 6 | (p[i] & 0x3f);
        low = 0x80;
        high = 0xbf;
    }

    *c = value;

    return i;
}


/* what llm_tok_char() says of a well-formed U+FFFD too */

static int
llm_tok_is_broken(const uint8_t *p, size_t n, uint32_t c)
{
    return c == 0xfffd && (n != 3 || *p != 0xef);
}


/*
 * How many bytes eight ones begin with that are whole characters of one length,
 * or 0 where it takes a closer look: leads C0, C1, E0 and ED.
 */

static inline size_t
llm_tok_valid_eight(uint64_t word)
{
    uint64_t  leads;

    if ((word & 0x8080808080808080ULL) == 0) {
        return 8;
    }

    if ((word & 0xc0e0c0e0c0e0c0e0ULL) == 0x80c080c080c080c0ULL) {
        leads = (word & 0x001e001e001e001eULL) + 0x7fff7fff7fff7fffULL;

        return (leads & 0x8000800080008000ULL) == 0x8000800080008000ULL
               ? 8 : 0;
    }

    if ((word & 0xc0c0f0c0c0f0ULL) == 0x8080e08080e0ULL) {
        leads = 1ULL << (word & 15) | 1ULL << (word >> 24 & 15);

        return (leads & (1ULL << 0xd | 1)) == 0 ? 6 : 0;
    }

    return 0;
}


int
llm_tok_valid(const uint8_t *p, size_t len)
{
    size_t          n;
    uint32_t        c;
    const uint8_t  *end, *start;

    start = p;

    for (end = p + len; p < end; p += n) {
        llm_tok_step();

        if (end - p >= 8) {
            n = llm_tok_valid_eight(llm_tok_load(p));

            if (llm_tok_likely(n)) {
                continue;
            }
        }

        n = llm_tok_char_at(p, end, &c);

        if (llm_tok_is_broken(p, n, c)) {
            return 0;
        }

        if (llm_tok_unlikely(p - start > LLM_TOK_RUN)) {
            p = llm_tok_same(p + n, end, n) - n;
        }
    }

    return 1;
}


int
llm_tok_as_is(const llm_vocab_t *v, const uint8_t *p, size_t len)
{
    return llm_tok_valid(p, len)
           && (!v->chars || memmem(p, len, LLM_TOK_BLOCK, 3) == NULL);
}


size_t
llm_tok_repair(const llm_vocab_t *v, const uint8_t *p, size_t len,
    uint8_t *out, size_t room)
{
    size_t          n, written;
    uint32_t        c;
    const uint8_t  *end, *from;

    written = 0;

    for (end = p + len; p < end; p += n) {
        llm_tok_step();
        n = llm_tok_char(p, end, &c);
        from = p;
        len = n;

        if (llm_tok_is_broken(p, n, c)) {
            from = (const uint8_t *) "\xef\xbf\xbd";
            len = 3;

        } else if (c == 0x2581 && v->chars) {
            from = (const uint8_t *) " ";
            len = 1;
        }

        if (room - written < len) {
            return SIZE_MAX;
        }

        memcpy(out + written, from, len);
        written += len;
    }

    return written;
}


size_t
llm_tok_mend(const uint8_t **p, const uint8_t *end, uint8_t *out, size_t room)
{
    size_t          n, len, written;
    uint32_t        c;
    const uint8_t  *from;

    for (written = 0; *p < end && room - written >= 4; *p += n) {
        n = llm_tok_char(*p, end, &c);
        len = n;
        from = *p;

        if (llm_tok_is_broken(from, n, c)) {
            from = (const uint8_t *) "\xef\xbf\xbd";
            len = 3;
        }

        memcpy(out + written, from, len);
        written += len;
    }

    return written;
}


/*
 * Whether no pattern lets a piece go on from one character into the next.
 * A word goes on with marks and, after an apostrophe, a contraction;
 * punctuation goes on with line ends, those with "/", spaces with anything.
 * DeepSeek takes the marks among Japanese letters for letters.  GPT-2's line
 * ends are spaces, of which the last is apart if something follows.
 */

static int
llm_tok_parts(unsigned grammar, unsigned class, unsigned next, uint32_t c)
{
    switch (class) {

    case LLM_TOK_S:
        return 0;

    case LLM_TOK_R:
        return grammar != LLM_TOK_GPT2 && next != LLM_TOK_S
               && next != LLM_TOK_R && c != '/';

    case LLM_TOK_N:
        return next != LLM_TOK_N;

    case LLM_TOK_P:
    case LLM_TOK_M:
    case LLM_TOK_X:
        return next == LLM_TOK_S || next == LLM_TOK_N;

    default:
        return next == LLM_TOK_S || next == LLM_TOK_N || next == LLM_TOK_R
               || next == LLM_TOK_X
               || (next == LLM_TOK_P && c != '\''
                   && (c < 0x3040 || c > 0x30ff));
    }
}


size_t
llm_tok_certain(unsigned grammar, const uint8_t *text, size_t len)
{
    size_t    at, back, n;
    uint32_t  c, next;

    for (at = len; at > 1; ) {
        at--;

        n = llm_tok_char(text + at, text + len, &next);
        if (llm_tok_is_broken(text + at, n, next)) {
            continue;
        }

        for (back = 1; back < 4 && back < at; back++) {
            if ((text[at - back] & 0xc0) != 0x80) {
                break;
            }
        }

        n = llm_tok_char(text + at - back, text + at, &c);

        if (n == back && !llm_tok_is_broken(text + at - back, n, c)
            && llm_tok_parts(grammar, llm_tok_class(c), llm_tok_class(next),
                             next))
        {
            return at;
        }
    }

    return 0;
}
