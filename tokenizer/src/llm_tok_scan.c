/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Splits text into pieces as the published patterns do, one piece at a time
 * and without a table of states: each function is its pattern, read aloud.
 */

#include "llm_tok_internal.h"


#define llm_tok_in(class, set)  ((set) >> (class) & 1)

#define LLM_TOK_SPACES    (1 << LLM_TOK_S | 1 << LLM_TOK_R)
#define LLM_TOK_LETTERS   (1 << LLM_TOK_U | 1 << LLM_TOK_L | 1 << LLM_TOK_C)
#define LLM_TOK_OTHERS    (1 << LLM_TOK_P | 1 << LLM_TOK_M | 1 << LLM_TOK_X)
#define LLM_TOK_PREFIXES  (LLM_TOK_OTHERS | 1 << LLM_TOK_S)

/* o200k: [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}] and [\p{Ll}\p{Lm}\p{Lo}\p{M}] */
#define LLM_TOK_UPPERS    (1 << LLM_TOK_U | 1 << LLM_TOK_C | 1 << LLM_TOK_M)
#define LLM_TOK_LOWERS    (1 << LLM_TOK_L | 1 << LLM_TOK_C | 1 << LLM_TOK_M)

/* [\p{L}\p{M}] */
#define LLM_TOK_MARKED    (LLM_TOK_LETTERS | 1 << LLM_TOK_M)

#define LLM_TOK_END       9


/* the class of the character at p, and its length; LLM_TOK_END at the end */

static inline unsigned
llm_tok_at(const uint8_t *p, const uint8_t *end, size_t *len)
{
    uint32_t  c;

    if (llm_tok_unlikely(p == end)) {
        *len = 0;
        return LLM_TOK_END;
    }

    if (llm_tok_likely(*p < 0x80)) {
        *len = 1;
        return llm_tok_class_block[*p];
    }

    *len = llm_tok_char_at(p, end, &c);

    return llm_tok_class(c);
}


/* passes over ASCII of a set, eight bytes at a time */

static const uint8_t *
llm_tok_run_ascii(const uint8_t *p, const uint8_t *end, unsigned set)
{
    int       i;
    unsigned  in;
    uint64_t  eight;

    for ( /* void */ ; end - p >= 8; p += 8) {
        llm_tok_step();
        memcpy(&eight, p, 8);
        in = (eight & 0x8080808080808080ULL) == 0;

        for (i = 0; i < 8; i++) {
            in &= set >> llm_tok_class_block[p[i] & 0x7f];
        }

        if (!in) {
            break;
        }
    }

    return p;
}


/* how long the run of characters of a set is that begins at p */

static inline const uint8_t *
llm_tok_run(const uint8_t *p, const uint8_t *end, unsigned set)
{
    size_t          len;
    const uint8_t  *start;

    for (start = p; llm_tok_in(llm_tok_at(p, end, &len), set); ) {
        llm_tok_step();
        p += len;

        if (llm_tok_unlikely(p - start > LLM_TOK_RUN) && p < end) {
            p = *p == p[-(ptrdiff_t) len] ? llm_tok_same(p, end, len)
                                          : llm_tok_run_ascii(p, end, set);
        }
    }

    return p;
}


/* (?i:'s|'t|'re|'ve|'m|'ll|'d); U+017F is another s; 0 if it is not there */

static size_t
llm_tok_contraction(const uint8_t *p, const uint8_t *end)
{
    unsigned  c, d;

    if (end - p < 2 || *p != '\'') {
        return 0;
    }

    c = p[1] | 0x20;
    d = end - p > 2 ? p[2] : 0;

    if (c == 's' || c == 't' || c == 'm' || c == 'd') {
        return 2;
    }

    if (p[1] == 0xc5 && d == 0xbf) {
        return 3;
    }

    d |= 0x20;

    if ((c == 'r' && d == 'e') || (c == 'v' && d == 'e')
        || (c == 'l' && d == 'l'))
    {
        return 3;
    }

    return 0;
}


/* \p{N}{1,most} */

static inline const uint8_t *
llm_tok_digits(const uint8_t *p, const uint8_t *end, int most)
{
    int     i;
    size_t  len;

    for (i = 0; i < most && llm_tok_at(p, end, &len) == LLM_TOK_N; i++) {
        p += len;
    }

    return p;
}


/* \s*[\r\n]+|\s+(?!\S)|\s+ where some \s is; lines is 0 without the first */

static const uint8_t *
llm_tok_spaces(const uint8_t *p, const uint8_t *end, int lines)
{
    size_t          len;
    unsigned        class;
    const uint8_t  *start, *last, *after;

    start = p;
    last = p;
    after = NULL;

    for ( ;; ) {
        llm_tok_step();
        class = llm_tok_at(p, end, &len);

        if (!llm_tok_in(class, LLM_TOK_SPACES)) {
            break;
        }

        last = p;
        p += len;

        if (llm_tok_unlikely(p - start > LLM_TOK_RUN)) {
            p = llm_tok_same(p, end, len);
            last = p - len;
        }

        if (class == LLM_TOK_R && lines) {
            after = p;
        }
    }

    if (after) {
        return after;
    }

    return class == LLM_TOK_END || last == start ? p : last;
}


/* ` ?[^\s\p{L}\p{N}]+` or NULL */

static const uint8_t *
llm_tok_others(const uint8_t *p, const uint8_t *end)
{
    const uint8_t  *start;

    start = p + (*p == ' ');
    p = llm_tok_run(start, end, LLM_TOK_OTHERS);

    return p == start ? NULL : p;
}


/* [upper]*[lower]+ or NULL */

static const uint8_t *
llm_tok_word(const uint8_t *p, const uint8_t *end)
{
    size_t          len;
    unsigned        class;
    const uint8_t  *both, *start;

    both = NULL;
    start = p;

    for ( ;; ) {
        llm_tok_step();
        class = llm_tok_at(p, end, &len);

        if (!llm_tok_in(class, LLM_TOK_UPPERS)) {
            break;
        }

        p += len;

        if (llm_tok_unlikely(p - start > LLM_TOK_RUN)) {
            p = llm_tok_same(p, end, len);
        }

        if (class != LLM_TOK_U) {
            both = p;
        }
    }

    if (class == LLM_TOK_L) {
        return llm_tok_run(p + len, end, LLM_TOK_LOWERS);
    }

    /* backtracking: the last that is upper and lower is the only lower */

    return both;
}


/*
 * The first two branches of o200k's pattern, which differ only in that the
 * second does without a lower case letter, or NULL.
 */

static const uint8_t *
llm_tok_o200k_word(const uint8_t *p, const uint8_t *end,
    unsigned class, size_t len, int suffixes)
{
    const uint8_t  *q, *start;

    q = NULL;
    start = llm_tok_in(class, LLM_TOK_PREFIXES) ? p + len : p;

    if (start != p) {
        q = llm_tok_word(start, end);
    }

    if (q == NULL && (start == p || class == LLM_TOK_M)) {
        q = llm_tok_word(p, end);
    }

    if (q == NULL) {
        q = llm_tok_run(start, end, LLM_TOK_UPPERS);

        if (q == start) {
            return NULL;
        }
    }

    return suffixes ? q + llm_tok_contraction(q, end) : q;
}


/* most digits at a time; whether words have contractions for suffixes */

static inline size_t
llm_tok_o200k(const uint8_t *p, const uint8_t *end, int most, int suffixes)
{
    size_t          len;
    unsigned        class;
    const uint8_t  *q;

    class = llm_tok_at(p, end, &len);

    if (class == LLM_TOK_N) {
        return (size_t) (llm_tok_digits(p, end, most) - p);
    }

    if (class != LLM_TOK_R) {
        q = llm_tok_o200k_word(p, end, class, len, suffixes);
        if (q) {
            return (size_t) (q - p);
        }

        q = llm_tok_others(p, end);
        if (q) {
            while (q < end && (*q == '\r' || *q == '\n' || *q == '/')) {
                q++;
            }

            return (size_t) (q - p);
        }
    }

    return (size_t) (llm_tok_spaces(p, end, 1) - p);
}


static size_t
llm_tok_scan_o200k(const uint8_t *p, const uint8_t *end)
{
    return llm_tok_o200k(p, end, 3, 1);
}


static size_t
llm_tok_scan_tekken(const uint8_t *p, const uint8_t *end)
{
    return llm_tok_o200k(p, end, 1, 0);
}


static inline size_t
llm_tok_cl100k(const uint8_t *p, const uint8_t *end, int most)
{
    size_t          len;
    unsigned        class;
    const uint8_t  *q, *start;

    class = llm_tok_at(p, end, &len);

    if (class == LLM_TOK_N) {
        return (size_t) (llm_tok_digits(p, end, most) - p);
    }

    if (class != LLM_TOK_R) {
        len = llm_tok_in(class, LLM_TOK_PREFIXES) ? len : 0;

        if (*p == '\'' && llm_tok_contraction(p, end)) {
            return llm_tok_contraction(p, end);
        }

        start = p + len;
        q = llm_tok_run(start, end, LLM_TOK_LETTERS);
        if (q != start) {
            return (size_t) (q - p);
        }

        q = llm_tok_others(p, end);
        if (q) {
            while (q < end && (*q == '\r' || *q == '\n')) {
                q++;
            }

            return (size_t) (q - p);
        }
    }

    return (size_t) (llm_tok_spaces(p, end, 1) - p);
}


static size_t
llm_tok_scan_cl100k(const uint8_t *p, const uint8_t *end)
{
    return llm_tok_cl100k(p, end, 3);
}


static size_t
llm_tok_scan_qwen(const uint8_t *p, const uint8_t *end)
{
    return llm_tok_cl100k(p, end, 1);
}


/*
 * DeepSeek splits three times: digits by threes; runs of the characters that
 * Chinese and Japanese have most of, and what is between them; and each of
 * those by itself, so that where one ends there is an end of text.
 */

static inline int
llm_tok_is_cjk(uint32_t c)
{
    return (c >= 0x4e00 && c <= 0x9fa5) || (c >= 0x3040 && c <= 0x30ff);
}


/* in runs of those characters, or between them */

static inline unsigned
llm_tok_rest_at(const uint8_t *p, const uint8_t *end, int cjk, size_t *len)
{
    uint32_t  c;
    unsigned  class;

    if (p == end) {
        *len = 0;
        return LLM_TOK_END;
    }

    *len = llm_tok_char_at(p, end, &c);
    class = llm_tok_class(c);

    return class == LLM_TOK_N || llm_tok_is_cjk(c) != cjk ? LLM_TOK_END
                                                          : class;
}


static inline const uint8_t *
llm_tok_rest_run(const uint8_t *p, const uint8_t *end, int cjk, unsigned set)
{
    size_t  len;

    while (llm_tok_in(llm_tok_rest_at(p, end, cjk, &len), set)) {
        p += len;
    }

    return p;
}


/* spaces, of which the last stays if an end is seen after it */

static const uint8_t *
llm_tok_rest_spaces(const uint8_t *p, const uint8_t *end)
{
    size_t          len, after;
    const uint8_t  *q;

    q = llm_tok_spaces(p, end, 1);

    if (q[-1] != '\r' && q[-1] != '\n'
        && llm_tok_rest_at(q, end, 0, &len) == LLM_TOK_S
        && llm_tok_rest_at(q + len, end, 0, &after) == LLM_TOK_END)
    {
        q += len;
    }

    return q;
}


/*
 * What no branch matches is a piece, too: up to the last such character if
 * that goes with a word.
 */

static const uint8_t *
llm_tok_rest_gap(const uint8_t *p, const uint8_t *end, int cjk)
{
    size_t          len;
    const uint8_t  *q, *last;

    for (last = q = p; llm_tok_rest_at(q, end, cjk, &len) == LLM_TOK_X; ) {
        last = q;
        q += len;
    }

    return llm_tok_in(llm_tok_rest_at(q, end, cjk, &len), LLM_TOK_MARKED)
           ? last : q;
}


/*
 * [punctuation of ASCII][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+
 * | ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
 */

static const uint8_t *
llm_tok_rest(const uint8_t *p, const uint8_t *end, int cjk, unsigned class,
    size_t len)
{
    const uint8_t  *q, *start;

    if (class == LLM_TOK_P && *p < 0x80) {
        for (q = p + 1; q < end && (*q | 0x20) >= 'a' && (*q | 0x20) <= 'z';
             q++)
        {
            /* void */
        }

        if (q > p + 1) {
            return q;
        }
    }

    start = class == LLM_TOK_S || class == LLM_TOK_X ? p + len : p;
    q = llm_tok_rest_run(start, end, cjk, LLM_TOK_MARKED);

    if (q != start) {
        return q;
    }

    start = p + (*p == ' ');
    q = llm_tok_rest_run(start, end, cjk, 1 << LLM_TOK_P);

    if (q != start) {
        while (!cjk && q < end && (*q == '\r' || *q == '\n')) {
            q++;
        }

        return q;
    }

    return class == LLM_TOK_X ? llm_tok_rest_gap(p, end, cjk)
                              : llm_tok_rest_spaces(p, end);
}


static size_t
llm_tok_scan_deepseek(const uint8_t *p, const uint8_t *end)
{
    int       cjk;
    size_t    len;
    uint32_t  c;
    unsigned  class;

    (void) llm_tok_char(p, end, &c);
    cjk = llm_tok_is_cjk(c);
    class = llm_tok_rest_at(p, end, cjk, &len);

    if (class != LLM_TOK_END) {
        return (size_t) (llm_tok_rest(p, end, cjk, class, len) - p);
    }

    return (size_t) (llm_tok_digits(p, end, 3) - p);
}


static size_t
llm_tok_scan_gpt2(const uint8_t *p, const uint8_t *end)
{
    size_t          n;
    const uint8_t  *q, *start;


    /* here the letters are small ones only */

    n = llm_tok_contraction(p, end);

    if (n && p[1] >= 'a' && p[1] <= 'z' && (n == 2 || p[2] >= 'a')) {
        return n;
    }

    start = p + (*p == ' ');

    q = llm_tok_run(start, end, LLM_TOK_LETTERS);

    if (q == start) {
        q = llm_tok_run(start, end, 1 << LLM_TOK_N);
    }

    if (q == start) {
        q = llm_tok_run(start, end, LLM_TOK_OTHERS);
    }

    if (q == start) {
        q = llm_tok_spaces(p, end, 0);
    }

    return (size_t) (q - p);
}


llm_tok_scan_pt
llm_tok_scanner(unsigned grammar)
{
    switch (grammar) {

    case LLM_TOK_GPT2:
        return llm_tok_scan_gpt2;

    case LLM_TOK_CL100K:
        return llm_tok_scan_cl100k;

    case LLM_TOK_O200K:
        return llm_tok_scan_o200k;

    case LLM_TOK_QWEN:
        return llm_tok_scan_qwen;

    case LLM_TOK_DEEPSEEK:
        return llm_tok_scan_deepseek;

    case LLM_TOK_TEKKEN:
        return llm_tok_scan_tekken;

    default:
        return NULL;
    }
}
