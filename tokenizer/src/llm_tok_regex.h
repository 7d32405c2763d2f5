/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Split patterns that have no scanner of their own, matched by PCRE2.
 */

#ifndef LLM_TOK_REGEX_H_INCLUDED_
#define LLM_TOK_REGEX_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>


#define LLM_TOK_REGEX_STEPS  8
#define LLM_TOK_REGEX_ARENA  24576      /* bytes of a scratch for PCRE2 */


typedef struct llm_tok_regex_s  llm_tok_regex_t;

struct llm_vocab_s;
struct llm_scratch_s;


/*
 * Where a step is.  What it splits is a piece of the step before, which it
 * takes for a whole text; matches are pieces, and what is between them.
 */

typedef struct {
    const uint8_t  *start;          /* the piece found last */
    const uint8_t  *end;
    const uint8_t  *match;          /* found already, at or after end */
    const uint8_t  *match_end;      /* NULL if none is */
    int             more;           /* the piece may go on after end */
} llm_tok_step_t;

typedef struct {
    const uint8_t   *text;
    const uint8_t   *end;
    uint64_t         budget;        /* what may be spent beyond the usual */
    int              more;          /* the text goes on after its end */
    llm_tok_step_t   step[LLM_TOK_REGEX_STEPS];
} llm_tok_cursor_t;


/*
 * Compiles patterns, each with a NUL behind it.  NULL and a sentence in err if
 * one is none, or if there is no memory.
 */
llm_tok_regex_t *llm_tok_regex_open(const char *patterns, size_t len,
    char *err, size_t errsize);
void llm_tok_regex_close(llm_tok_regex_t *r);

/* whether what is before a piece may matter to it */
int llm_tok_regex_looks_behind(const llm_tok_regex_t *r);

/* more: only what holds whatever follows the text is wanted */
void llm_tok_regex_begin(llm_tok_cursor_t *c, const uint8_t *text,
    const uint8_t *end, int more);

/*
 * Where the piece ends that begins at p, which is where the last one ended.
 * NULL if more text is needed to tell.  Where PCRE2 reaches one of its limits
 * a piece is cut after LLM_TOK_REGEX_CUT bytes, and the scratch says so.
 */
#define LLM_TOK_REGEX_CUT  256

const uint8_t *llm_tok_regex_end(const llm_tok_regex_t *r,
    struct llm_scratch_s *s, llm_tok_cursor_t *c, const uint8_t *p);


#endif /* LLM_TOK_REGEX_H_INCLUDED_ */
