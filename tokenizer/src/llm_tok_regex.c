/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Any split pattern, by PCRE2 with JIT if the processor allows.
 *
 * Nothing is allocated after opening: what PCRE2 needs for a match lies in the
 * scratch, and JIT uses 32 kilobytes of the stack.  A match sees a window of
 * the text at first and is told so: it says when it would have looked further,
 * and only then gets more.  What that costs, and matches that try much, are
 * paid from a budget in proportion to the text, so that time is, too.
 */

#define PCRE2_CODE_UNIT_WIDTH  8

#include "llm_tok_internal.h"

#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>


#define LLM_TOK_REGEX_FEW     1000      /* match limits of PCRE2 */
#define LLM_TOK_REGEX_MANY    100000
#define LLM_TOK_REGEX_WINDOW  4096
#define LLM_TOK_REGEX_CREDIT  4000000
#define LLM_TOK_REGEX_RATE    64        /* of budget, for a byte */
#define LLM_TOK_REGEX_HEAP    20        /* kilobytes, without JIT */


struct llm_tok_regex_s {
    unsigned              steps;
    int                   jit;
    int                   behind;
    pcre2_code           *code[LLM_TOK_REGEX_STEPS];
    pcre2_match_context  *few;
    pcre2_match_context  *many;
};


/* what PCRE2 asks for lies in a row, and is given back as a whole */

static void *
llm_tok_regex_alloc(size_t size, void *data)
{
    void           *p;
    llm_scratch_t  *s;

    s = data;
    size = (size + 15) & ~(size_t) 15;

    if (size > sizeof(s->arena) - s->arena_used) {
        return NULL;
    }

    p = s->arena + s->arena_used;
    s->arena_used += size;

    return p;
}


static void
llm_tok_regex_free(void *p, void *data)
{
    (void) p;
    (void) data;
}


static pcre2_match_data *
llm_tok_regex_match_data(llm_scratch_t *s)
{
    pcre2_general_context  *general;

    if (s->match == NULL) {
        s->arena_used = 0;
        general = pcre2_general_context_create(llm_tok_regex_alloc,
                                               llm_tok_regex_free, s);
        s->match = general ? pcre2_match_data_create(1, general) : NULL;
    }

    return s->match;
}


static int
llm_tok_regex_compile(llm_tok_regex_t *r, const char *pattern, char *err,
    size_t errsize)
{
    int          code;
    size_t       n, at, size;
    uint32_t     behind;
    PCRE2_UCHAR  why[128];

    code = 0;
    at = 0;
    n = r->steps;

    r->code[n] = pcre2_compile((PCRE2_SPTR) pattern, PCRE2_ZERO_TERMINATED,
                               PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C,
                               &code, &at, NULL);
    if (r->code[n] == NULL) {
        (void) pcre2_get_error_message(code, why, sizeof(why));
        (void) snprintf(err, errsize, "its split pattern is not supported: %s "
                        "at byte %zu of \"%s\"", (char *) why, at, pattern);
        return -1;
    }

    r->steps++;

    /* no JIT for one means none for all: they share a budget */

    size = 0;

    if (pcre2_jit_compile(r->code[n], PCRE2_JIT_COMPLETE
                                      | PCRE2_JIT_PARTIAL_HARD) != 0
        || pcre2_pattern_info(r->code[n], PCRE2_INFO_JITSIZE, &size) != 0
        || size == 0)
    {
        r->jit = 0;
    }

    if (pcre2_pattern_info(r->code[n], PCRE2_INFO_MAXLOOKBEHIND, &behind) == 0
        && behind)
    {
        r->behind = 1;
    }

    return 0;
}


llm_tok_regex_t *
llm_tok_regex_open(const char *patterns, size_t len, char *err,
    size_t errsize)
{
    const char       *p, *end;
    llm_tok_regex_t  *r;

    r = calloc(1, sizeof(llm_tok_regex_t));

    if (r == NULL || len == 0 || patterns[len - 1] != '\0') {
        (void) snprintf(err, errsize, r ? "has no split pattern" : "no memory");
        free(r);
        return NULL;
    }

    r->jit = 1;

    for (p = patterns, end = p + len; p < end; p += strlen(p) + 1) {
        if (r->steps == LLM_TOK_REGEX_STEPS) {
            (void) snprintf(err, errsize, "has more than %d split patterns",
                            LLM_TOK_REGEX_STEPS);
            llm_tok_regex_close(r);
            return NULL;
        }

        if (llm_tok_regex_compile(r, p, err, errsize) != 0) {
            llm_tok_regex_close(r);
            return NULL;
        }
    }

    r->few = pcre2_match_context_create(NULL);
    r->many = pcre2_match_context_create(NULL);

    if (r->few == NULL || r->many == NULL) {
        (void) snprintf(err, errsize, "no memory");
        llm_tok_regex_close(r);
        return NULL;
    }

    (void) pcre2_set_match_limit(r->few, LLM_TOK_REGEX_FEW);
    (void) pcre2_set_match_limit(r->many, LLM_TOK_REGEX_MANY);
    (void) pcre2_set_heap_limit(r->few, LLM_TOK_REGEX_HEAP);
    (void) pcre2_set_heap_limit(r->many, LLM_TOK_REGEX_HEAP);

    return r;
}


void
llm_tok_regex_close(llm_tok_regex_t *r)
{
    unsigned  i;

    if (r == NULL) {
        return;
    }

    for (i = 0; i < r->steps; i++) {
        pcre2_code_free(r->code[i]);
    }

    pcre2_match_context_free(r->few);
    pcre2_match_context_free(r->many);
    free(r);
}


int
llm_tok_regex_looks_behind(const llm_tok_regex_t *r)
{
    return r->behind;
}


void
llm_tok_regex_begin(llm_tok_cursor_t *c, const uint8_t *text,
    const uint8_t *end, int more)
{
    memset(c, 0, sizeof(llm_tok_cursor_t));

    c->text = text;
    c->end = end;
    c->more = more;
    c->budget = LLM_TOK_REGEX_CREDIT
                + LLM_TOK_REGEX_RATE * (uint64_t) (end - text);
}


static int
llm_tok_regex_pay(llm_tok_cursor_t *c, uint64_t price)
{
    if (price > c->budget) {
        return 0;
    }

    c->budget -= price;

    return 1;
}


/* a place at or before q where a character begins */

static const uint8_t *
llm_tok_regex_border(const uint8_t *p, const uint8_t *q)
{
    while (q > p && (*q & 0xc0) == 0x80) {
        q--;
    }

    return q;
}


/*
 * Looks for a match at or after p in a text that begins at start and ends at
 * end, after which there may be more.  Returns what pcre2_match() does; a
 * limit that was reached and could not be raised is PCRE2_ERROR_MATCHLIMIT.
 */

static int
llm_tok_regex_match(const llm_tok_regex_t *r, llm_scratch_t *s,
    llm_tok_cursor_t *c, unsigned step, const uint8_t *start,
    const uint8_t *p, const uint8_t *end, int more)
{
    int                   code, open;
    size_t                window;
    uint32_t              options;
    const uint8_t        *to;
    pcre2_match_data     *match;
    pcre2_match_context  *limits;

    match = llm_tok_regex_match_data(s);
    limits = r->few;
    window = LLM_TOK_REGEX_WINDOW;

    for ( ;; ) {
        open = (size_t) (end - p) > window;
        to = open ? llm_tok_regex_border(p, p + window) : end;
        options = PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY_ATSTART
                  | (open || more ? PCRE2_PARTIAL_HARD : 0);

        if (match == NULL) {
            return PCRE2_ERROR_MATCHLIMIT;
        }

        code = r->jit
               ? pcre2_jit_match(r->code[step], start, (size_t) (to - start),
                                 (size_t) (p - start), options, match, limits)
               : pcre2_match(r->code[step], start, (size_t) (to - start),
                             (size_t) (p - start), options, match, limits);

        if (open && (code == PCRE2_ERROR_PARTIAL
                     || code == PCRE2_ERROR_NOMATCH))
        {
            window *= 16;

            if (!llm_tok_regex_pay(c, window)) {
                return PCRE2_ERROR_MATCHLIMIT;
            }

            continue;
        }

        if (code == PCRE2_ERROR_MATCHLIMIT && limits == r->few
            && llm_tok_regex_pay(c, LLM_TOK_REGEX_MANY))
        {
            limits = r->many;
            continue;
        }

        if (code < 0 && code != PCRE2_ERROR_NOMATCH
            && code != PCRE2_ERROR_PARTIAL)
        {
            return PCRE2_ERROR_MATCHLIMIT;
        }

        return code;
    }
}


/* "\K" moves where a match begins: no piece is empty or before p */

static void
llm_tok_regex_forwards(const uint8_t *p, const uint8_t *end,
    const uint8_t **from, const uint8_t **to)
{
    *from = *from < p ? p : *from;
    *to = *to < *from ? *from : *to;

    if (*to <= p) {
        for (*to = p + 1; *to < end && (**to & 0xc0) == 0x80; (*to)++) {
            /* void */
        }
    }
}


/*
 * The end of the piece at p of one step, which is to split [start, end).  If
 * there is more after end, it may be that a piece is known to reach as far as
 * that, and not whether it ends there: here->more; NULL: not even that.
 */

static const uint8_t *
llm_tok_regex_step(const llm_tok_regex_t *r, llm_scratch_t *s,
    llm_tok_cursor_t *c, unsigned step, const uint8_t *start,
    const uint8_t *p, const uint8_t *end, int more)
{
    int              code;
    size_t          *at;
    const uint8_t   *from, *to;
    llm_tok_step_t  *here;

    here = &c->step[step];
    here->more = 0;

    from = here->match;
    to = here->match_end;

    if (to == NULL || from < p) {
        code = llm_tok_regex_match(r, s, c, step, start, p, end, more);
        here->match_end = NULL;

        if (code == PCRE2_ERROR_NOMATCH) {
            here->more = more;
            return end > p ? end : NULL;
        }

        if (code == PCRE2_ERROR_MATCHLIMIT) {
            s->cut = 1;
            return end - p > LLM_TOK_REGEX_CUT
                   ? llm_tok_regex_border(p + 1, p + LLM_TOK_REGEX_CUT) : end;
        }

        at = pcre2_get_ovector_pointer(s->match);
        from = start + at[0];
        to = start + at[1];

        /* a match may begin at from, or what is before it goes on */

        if (code == PCRE2_ERROR_PARTIAL) {
            here->more = 1;
            return from > p ? from : NULL;
        }

        llm_tok_regex_forwards(p, end, &from, &to);
    }

    /* what is between two matches is a piece, too */

    if (from > p) {
        here->match = from;
        here->match_end = to > from ? to : NULL;

        return from;
    }

    here->match_end = NULL;

    return to;
}


const uint8_t *
llm_tok_regex_end(const llm_tok_regex_t *r, llm_scratch_t *s,
    llm_tok_cursor_t *c, const uint8_t *p)
{
    int              more;
    unsigned         i;
    const uint8_t   *start, *end;
    llm_tok_step_t  *step;

    start = c->text;
    end = c->end;
    more = c->more;

    for (i = 0; i < r->steps; i++) {
        step = &c->step[i];

        if (step->end == NULL || p >= step->end) {
            step->start = p;
            step->end = llm_tok_regex_step(r, s, c, i, start, p, end, more);

            if (step->end == NULL) {
                return NULL;
            }
        }

        /* the next step sees nothing but this piece */

        start = step->start;
        end = step->end;
        more = step->more;
    }

    return more ? NULL : end;
}
