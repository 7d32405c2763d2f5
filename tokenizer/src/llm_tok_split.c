/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Splits text into batches of pieces, with the widest instructions that the
 * scratch allows; and the scratch itself.
 */

#include "llm_tok_piece.h"


/* what may be looked at after a piece: a text of USER, or a character */
#define LLM_TOK_AFTER  (LLM_TOK_MAX_USER + 4)


size_t
llm_scratch_size(void)
{
    return sizeof(llm_scratch_t);
}


llm_scratch_t *
llm_scratch_init(void *mem, size_t size)
{
    llm_scratch_t  *s;

    if (mem == NULL || (uintptr_t) mem % 64 != 0
        || size < sizeof(llm_scratch_t))
    {
        return NULL;
    }

    s = mem;
    memset(s, 0, sizeof(llm_scratch_t));

    /* the last one that is there; AVX2 and NEON are not there both */

    (void) llm_scratch_simd(s, LLM_SIMD_AVX2);
    (void) llm_scratch_simd(s, LLM_SIMD_NEON);

#if LLM_TOK_HAVE_AVX512

    /* those without VBMI lower their clock for registers of 64 bytes */

    if (__builtin_cpu_supports("avx512vbmi")) {
        (void) llm_scratch_simd(s, LLM_SIMD_AVX512);
    }

#endif

    return s;
}


int
llm_scratch_simd(llm_scratch_t *s, int simd)
{
    if (simd == LLM_SIMD_SCALAR) {
        s->simd = simd;
        return 0;
    }

#if LLM_TOK_HAVE_AVX2
    if (simd == LLM_SIMD_AVX2 && __builtin_cpu_supports("avx2")
        && __builtin_cpu_supports("bmi"))
    {
        s->simd = simd;
        return 0;
    }
#endif

#if LLM_TOK_HAVE_AVX512
    if (simd == LLM_SIMD_AVX512 && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi"))
    {
        s->simd = simd;
        return 0;
    }
#endif

#if LLM_TOK_HAVE_NEON
    if (simd == LLM_SIMD_NEON) {
        s->simd = simd;
        return 0;
    }
#endif

    return -1;
}


void
llm_tok_split_init(llm_tok_split_t *split, const llm_vocab_t *v,
    llm_scratch_t *s, const char *text, size_t len)
{
    split->p = (const uint8_t *) text;
    split->end = len ? split->p + len : split->p;
    split->scan = llm_tok_scanner(v->grammar);
    split->v = v;
    split->s = s;
    split->grammar = v->grammar;
    split->simd = s->simd;

    if (v->grammar == LLM_TOK_REGEX) {
        llm_tok_regex_begin(&split->cursor, split->p, split->end, 0);
    }
}


const uint8_t *
llm_tok_other_end(llm_tok_split_t *split, const uint8_t *p, const uint8_t *end)
{
    const uint8_t  *to;

    if (split->grammar == LLM_TOK_JOIN) {
        return llm_tok_join_end(split->v, p, end);
    }

    to = llm_tok_regex_end(split->v->regex, split->s, &split->cursor, p);

    return to < end ? to : end;
}


int
llm_scratch_cut(llm_scratch_t *s)
{
    int  cut;

    cut = s->cut;
    s->cut = 0;

    return cut;
}


/* the characters before and after a place */

static int
llm_tok_are_inert(unsigned form, const uint8_t *p, size_t at, size_t len)
{
    size_t    i;
    uint32_t  before, after;

    for (i = at - 1; i > 0 && (p[i] & 0xc0) == 0x80; i--) { /* void */ }

    (void) llm_tok_char(p + i, p + at, &before);
    (void) llm_tok_char(p + at, p + len, &after);

    return llm_tok_is_inert(form, before) && llm_tok_is_inert(form, after);
}


/*
 * Whether the first n bytes of a text are split by themselves as they are with
 * what follows them.  Spaces before a word may not be: "\s+(?!\S)".
 */

static int
llm_tok_is_apart(const llm_vocab_t *v, llm_scratch_t *s, const uint8_t *p,
    size_t n, size_t len)
{
    const uint8_t     *at, *to;
    llm_tok_cursor_t   apart, whole;

    llm_tok_regex_begin(&apart, p, p + n, 0);
    llm_tok_regex_begin(&whole, p, p + len, 1);

    for (at = p; at < p + n; at = to) {
        to = llm_tok_regex_end(v->regex, s, &apart, at);

        if (to == NULL || to != llm_tok_regex_end(v->regex, s, &whole, at)) {
            return 0;
        }
    }

    return 1;
}


#define LLM_TOK_LAST  4         /* places that are tried */

/* llm_tok_last_piece() of text that is well-formed */

static size_t
llm_tok_last_valid(const llm_vocab_t *v, llm_scratch_t *s, const uint8_t *p,
    size_t len)
{
    size_t             i, n, last[LLM_TOK_LAST];
    const uint8_t     *at, *to;
    llm_tok_cursor_t   cursor;

    llm_tok_regex_begin(&cursor, p, p + len, 1);

    for (n = 0, at = p; ; n++, at = to) {
        last[n % LLM_TOK_LAST] = (size_t) (at - p);
        to = llm_tok_regex_end(v->regex, s, &cursor, at);

        if (to == NULL) {
            break;
        }
    }

    for (i = 0; i < LLM_TOK_LAST && i < n; i++) {
        if (llm_tok_is_apart(v, s, p, last[(n - i) % LLM_TOK_LAST], len)) {
            return last[(n - i) % LLM_TOK_LAST];
        }
    }

    return 0;
}


/* PCRE2 takes well-formed text: it is mended, and the place found back */

static size_t
llm_tok_last_match(const llm_vocab_t *v, llm_scratch_t *s, const uint8_t *p,
    size_t len)
{
    size_t          n, last, mended;
    uint32_t        c;
    const uint8_t  *at, *end;

    /* what a character that is not all there will be is not known */

    for (n = 1; n < 4 && n <= len; n++) {
        if (p[len - n] >= 0xc0) {
            len -= n < (p[len - n] < 0xe0 ? 2u : p[len - n] < 0xf0 ? 3u : 4u)
                   ? n : 0;
            break;
        }
    }

    if (llm_tok_valid(p, len)) {
        return llm_tok_last_valid(v, s, p, len);
    }

    at = p;
    end = p + len;
    last = llm_tok_last_valid(v, s, s->normal,
                              llm_tok_mend(&at, end, s->normal,
                                           sizeof(s->normal)));

    for (mended = 0, at = p; mended < last && at < end; at += n) {
        n = llm_tok_char(at, end, &c);
        mended += c == 0xfffd ? 3 : n;
    }

    return (size_t) (at - p);
}


size_t
llm_tok_last_piece(const llm_vocab_t *v, llm_scratch_t *s, const uint8_t *p,
    size_t len)
{
    size_t            last, all;
    llm_tok_split_t   split;

    if (v->grammar == LLM_TOK_REGEX) {
        return llm_tok_last_match(v, s, p, len);
    }

    if (v->grammar != LLM_TOK_JOIN) {

        /* what KC changes may be of another class afterwards */

        all = len;

        do {
            len = llm_tok_certain(v->grammar, p, len);
        } while ((v->nfc & LLM_TOK_NFKC) && len
                 && !llm_tok_are_inert(v->nfc, p, len, all));

        return len;
    }

    llm_tok_split_init(&split, v, s, (const char *) p, len);

    /* of what follows a piece, at most the longest text of USER is looked at */

    for (last = 0; split.p + LLM_TOK_AFTER <= split.end; /* void */) {
        last = (size_t) (split.p - p);
        split.p = llm_tok_join_end(v, split.p, split.end);
    }

    return last;
}


static size_t
llm_tok_split_scalar(llm_tok_split_t *split, uint32_t *at)
{
    size_t          n;
    const uint8_t  *p, *start;

    start = split->p;
    p = start;

    for (n = 0; n < LLM_TOK_BATCH && p < split->end; n++) {
        if (p - start > LLM_TOK_BATCH_BYTES) {
            break;
        }

        at[n] = (uint32_t) (p - start);
        p = llm_tok_piece_end(split, p);
    }

    at[n] = (uint32_t) (p - start);
    split->p = p;

    return n;
}


size_t
llm_tok_split(llm_tok_split_t *split, uint32_t *at)
{
    if (split->grammar == LLM_TOK_REGEX) {
        return llm_tok_split_scalar(split, at);
    }

#if LLM_TOK_HAVE_AVX2
    if (split->simd == LLM_SIMD_AVX2) {
        return llm_tok_split_avx2(split, at);
    }
#endif

#if LLM_TOK_HAVE_AVX512
    if (split->simd == LLM_SIMD_AVX512) {
        return llm_tok_split_avx512(split, at);
    }
#endif

#if LLM_TOK_HAVE_NEON
    if (split->simd == LLM_SIMD_NEON) {
        return llm_tok_split_neon(split, at);
    }
#endif

    return llm_tok_split_scalar(split, at);
}
