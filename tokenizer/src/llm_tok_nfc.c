/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Normalization forms C and KC, a part at a time.
 *
 * Characters that nothing is to be done about go through as they are.  The
 * rest are taken together with the one before them, taken apart, their marks
 * put in order, and composed.  Text that is ill-formed is U+FFFD.
 */

#include "llm_tok_nfc.h"


/*
 * Code points that are looked at together: a letter with more marks than that
 * is normalized in parts.
 */
#define LLM_TOK_NFC_MOST   1024
#define LLM_TOK_NFC_SPLIT  18          /* that one is taken apart into */
#define LLM_TOK_NFC_BYTES  (4 * LLM_TOK_NFC_MOST)
#define LLM_TOK_NFC_MARKS  128         /* bytes of them before it is asked */

#define LLM_TOK_HANGUL     0xac00
#define LLM_TOK_LEAD       0x1100
#define LLM_TOK_VOWEL      0x1161
#define LLM_TOK_TRAIL      0x11a7
#define LLM_TOK_LEADS      19
#define LLM_TOK_VOWELS     21
#define LLM_TOK_TRAILS     28
#define LLM_TOK_HANGULS    (LLM_TOK_LEADS * LLM_TOK_VOWELS * LLM_TOK_TRAILS)


typedef struct {
    unsigned  form;
    size_t    n;
    uint32_t  c[LLM_TOK_NFC_MOST];
    uint8_t   order[LLM_TOK_NFC_MOST];
} llm_tok_nfc_t;


static inline unsigned
llm_tok_nfc_kind(unsigned form, uint32_t c)
{
    if (form & LLM_TOK_NFKC) {
        return llm_tok_nfkc_block[((unsigned) llm_tok_nfkc_index[c >> 7] << 7)
                                  + (c & 127)];
    }

    return llm_tok_nfc_block[((unsigned) llm_tok_nfc_index[c >> 7] << 7)
                             + (c & 127)];
}


int
llm_tok_is_inert(unsigned form, uint32_t c)
{
    return llm_tok_nfc_kind(form, c) == 0;
}


/* whether eight characters of ASCII are at p, which stay as they are */

static inline int
llm_tok_nfc_eight(const uint8_t *p, const uint8_t *end)
{
    uint64_t  word;

    if (end - p < (ptrdiff_t) sizeof(word)) {
        return 0;
    }

    memcpy(&word, p, sizeof(word));

    return (word & 0x8080808080808080ULL) == 0;
}


int
llm_tok_is_nfc(unsigned form, const uint8_t *p, size_t len)
{
    unsigned        kind, last;
    uint32_t        c;
    const uint8_t  *end;

    last = 0;

    for (end = p + len; p < end; /* void */) {
        if (llm_tok_nfc_eight(p, end)) {
            last = 0;
            p += 8;
            continue;
        }

        p += llm_tok_char_at(p, end, &c);
        kind = llm_tok_nfc_kind(form, c);

        if (kind >= LLM_TOK_NFC_CHANGE || (kind && kind < last)) {
            return 0;
        }

        last = kind;
    }

    return 1;
}


static void
llm_tok_nfc_add(llm_tok_nfc_t *s, uint32_t c)
{
    s->c[s->n] = c;
    s->order[s->n] = llm_tok_nfc_kind(0, c) & LLM_TOK_NFC_ORDER;
    s->n++;
}


/* adds what a table says; returns 0 if it says nothing */

static int
llm_tok_nfc_look(llm_tok_nfc_t *s, uint32_t c,
    const llm_tok_nfc_split_t *table, size_t n, const uint32_t *pool)
{
    size_t  i, low, high, middle;

    for (low = 0, high = n; low < high; ) {
        middle = low + (high - low) / 2;

        if (table[middle].c < c) {
            low = middle + 1;

        } else {
            high = middle;
        }
    }

    if (low == n || table[low].c != c) {
        return 0;
    }

    for (i = 0; i < table[low].n; i++) {
        llm_tok_nfc_add(s, pool[table[low].at + i]);
    }

    return 1;
}


/* takes a character apart; there is room for all that one is made of */

static void
llm_tok_nfc_split(llm_tok_nfc_t *s, uint32_t c)
{
    if (c - LLM_TOK_HANGUL < LLM_TOK_HANGULS) {
        c -= LLM_TOK_HANGUL;
        llm_tok_nfc_add(s, LLM_TOK_LEAD
                           + c / (LLM_TOK_VOWELS * LLM_TOK_TRAILS));
        llm_tok_nfc_add(s, LLM_TOK_VOWEL
                           + c / LLM_TOK_TRAILS % LLM_TOK_VOWELS);

        if (c % LLM_TOK_TRAILS) {
            llm_tok_nfc_add(s, LLM_TOK_TRAIL + c % LLM_TOK_TRAILS);
        }

        return;
    }

    if ((s->form & LLM_TOK_NFKC)
        && llm_tok_nfc_look(s, c, llm_tok_nfkc_splits, llm_tok_nfkc_nsplits,
                            llm_tok_nfkc_pool))
    {
        return;
    }

    if (!llm_tok_nfc_look(s, c, llm_tok_nfc_splits, llm_tok_nfc_nsplits,
                          llm_tok_nfc_pool))
    {
        llm_tok_nfc_add(s, c);
    }
}


/* what two characters compose to, or 0 */

static uint32_t
llm_tok_nfc_join(uint32_t first, uint32_t second)
{
    size_t                     low, high, middle;
    const llm_tok_nfc_join_t  *join;

    if (first - LLM_TOK_LEAD < LLM_TOK_LEADS
        && second - LLM_TOK_VOWEL < LLM_TOK_VOWELS)
    {
        return LLM_TOK_HANGUL
               + ((first - LLM_TOK_LEAD) * LLM_TOK_VOWELS
                  + second - LLM_TOK_VOWEL) * LLM_TOK_TRAILS;
    }

    if (first - LLM_TOK_HANGUL < LLM_TOK_HANGULS
        && (first - LLM_TOK_HANGUL) % LLM_TOK_TRAILS == 0
        && second - LLM_TOK_TRAIL - 1 < LLM_TOK_TRAILS - 1)
    {
        return first + second - LLM_TOK_TRAIL;
    }

    for (low = 0, high = llm_tok_nfc_njoins; low < high; ) {
        middle = low + (high - low) / 2;
        join = &llm_tok_nfc_joins[middle];

        if (join->first < first
            || (join->first == first && join->second < second))
        {
            low = middle + 1;

        } else {
            high = middle;
        }
    }

    join = &llm_tok_nfc_joins[low];

    return low < llm_tok_nfc_njoins && join->first == first
           && join->second == second ? join->c : 0;
}


/* puts marks in order: those of one class keep theirs */

static void
llm_tok_nfc_sort(llm_tok_nfc_t *s)
{
    size_t    i, j;
    uint8_t   order;
    uint32_t  c;

    for (i = 1; i < s->n; i++) {
        c = s->c[i];
        order = s->order[i];

        for (j = i; order && j > 0 && s->order[j - 1] > order; j--) {
            llm_tok_step();
            s->c[j] = s->c[j - 1];
            s->order[j] = s->order[j - 1];
        }

        s->c[j] = c;
        s->order[j] = order;
    }
}


/* a mark joins the letter before it unless a mark of its class is between */

static void
llm_tok_nfc_compose(llm_tok_nfc_t *s)
{
    size_t    i, n, base;
    uint8_t   last;
    uint32_t  c;

    n = 0;
    base = SIZE_MAX;
    last = 0;

    for (i = 0; i < s->n; i++) {
        llm_tok_step();
        if (base != SIZE_MAX && (n == base + 1 || last < s->order[i])) {
            c = llm_tok_nfc_join(s->c[base], s->c[i]);

            if (c) {
                s->c[base] = c;
                continue;
            }
        }

        last = s->order[i];
        base = last ? base : n;
        s->c[n++] = s->c[i];
    }

    s->n = n;
}


static size_t
llm_tok_nfc_put(uint32_t c, uint8_t *out)
{
    if (c < 0x80) {
        out[0] = (uint8_t) c;
        return 1;
    }

    if (c < 0x800) {
        out[0] = (uint8_t) (0xc0 | c >> 6);
        out[1] = 0x80 | (c & 0x3f);
        return 2;
    }

    if (c < 0x10000) {
        out[0] = (uint8_t) (0xe0 | c >> 12);
        out[1] = 0x80 | (c >> 6 & 0x3f);
        out[2] = 0x80 | (c & 0x3f);
        return 3;
    }

    out[0] = (uint8_t) (0xf0 | c >> 18);
    out[1] = 0x80 | (c >> 12 & 0x3f);
    out[2] = 0x80 | (c >> 6 & 0x3f);
    out[3] = 0x80 | (c & 0x3f);

    return 4;
}


/*
 * Where the characters end that stay as they are, with marks that are in order
 * and join nothing: before the last one that something may follow.  They are
 * at most room bytes.
 */

static const uint8_t *
llm_tok_nfc_plain(unsigned form, const uint8_t *p, const uint8_t *end,
    size_t room)
{
    size_t          n;
    uint32_t        c;
    unsigned        kind, before;
    const uint8_t  *start, *last;

    start = p;
    last = p;
    before = 0;

    while (p < end && (size_t) (p - start) + 8 <= room) {
        if (llm_tok_nfc_eight(p, end)) {
            last = p + 7;
            before = 0;
            p += 8;
            continue;
        }

        n = llm_tok_char_at(p, end, &c);
        kind = llm_tok_nfc_kind(form, c);

        /* U+FFFD may be what is ill-formed, and is to be written then */

        if (kind >= LLM_TOK_NFC_CHANGE || (kind && kind < before)
            || c == 0xfffd || p - last > LLM_TOK_NFC_MARKS)
        {
            return last;
        }

        last = kind ? last : p;
        before = kind;
        p += n;
    }

    return p == end ? end : last;
}


/* the character at *p and all that may combine with it */

static size_t
llm_tok_nfc_segment(unsigned form, const uint8_t **p, const uint8_t *end,
    uint8_t *out)
{
    size_t         i, n, written;
    uint32_t       c;
    unsigned       kind;
    llm_tok_nfc_t  s;

    s.form = form;
    s.n = 0;

    while (*p < end && s.n < LLM_TOK_NFC_MOST - LLM_TOK_NFC_SPLIT) {
        n = llm_tok_char(*p, end, &c);
        kind = llm_tok_nfc_kind(form, c);

        if (s.n && (kind == 0 || (kind & LLM_TOK_NFC_ALONE))) {
            break;
        }

        llm_tok_nfc_split(&s, c);
        *p += n;
    }

    llm_tok_nfc_sort(&s);
    llm_tok_nfc_compose(&s);

    for (i = 0, written = 0; i < s.n; i++) {
        written += llm_tok_nfc_put(s.c[i], out + written);
    }

    return written;
}


size_t
llm_tok_nfc(unsigned form, const uint8_t **p, const uint8_t *end,
    uint8_t *out, size_t room)
{
    size_t          n, written;
    const uint8_t  *to;

    written = 0;

    while (*p < end && room - written > 2 * LLM_TOK_NFC_BYTES) {
        to = llm_tok_nfc_plain(form, *p, end,
                               room - written - LLM_TOK_NFC_BYTES);
        n = (size_t) (to - *p);

        memcpy(out + written, *p, n);
        written += n;
        *p = to;

        if (to < end) {
            written += llm_tok_nfc_segment(form, p, end, out + written);
        }
    }

    return written;
}
