/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Counting a text that arrives in parts.
 */

#include "llm_tok_piece.h"


void
llm_count_stream_init(llm_count_stream_t *cs, const llm_vocab_t *v,
    llm_scratch_t *s)
{
    cs->vocab = v;
    cs->scratch = s;
    cs->count = 0;
    cs->len = 0;
    cs->estimate = 0;
    cs->begun = 0;
}


/*
 * Counts what no later byte can change.  A cut that must be made elsewhere
 * does not go through a character.
 */

static void
llm_count_stream_settle(llm_count_stream_t *cs)
{
    size_t  n;

    n = llm_tok_last_piece(cs->vocab, cs->scratch,
                           (const uint8_t *) cs->carry, cs->len);

    /* the rest will not see what was before it */

    cs->estimate |= cs->vocab->regex
                    && llm_tok_regex_looks_behind(cs->vocab->regex);

    if (n == 0) {
        cs->estimate = 1;
        n = cs->len;

        while (n > cs->len - 4 && (cs->carry[n - 1] & 0xc0) == 0x80) {
            n--;
        }

        if ((cs->carry[n - 1] & 0xc0) == 0xc0) {
            n--;
        }
    }

    cs->count += llm_tok_count_from(cs->vocab, cs->scratch, cs->carry, n,
                                    SIZE_MAX, !cs->begun);
    cs->begun = 1;
    cs->len -= n;
    memmove(cs->carry, cs->carry + n, cs->len);
}


void
llm_count_stream_feed(llm_count_stream_t *cs, const char *text, size_t len)
{
    size_t  n;

    while (len) {
        if (cs->len == LLM_COUNT_STREAM_CARRY) {
            llm_count_stream_settle(cs);
        }

        n = LLM_COUNT_STREAM_CARRY - cs->len;
        n = n < len ? n : len;

        memcpy(cs->carry + cs->len, text, n);
        cs->len += n;
        text += n;
        len -= n;
    }
}


size_t
llm_count_stream_finish(const llm_count_stream_t *cs, int *estimate)
{
    if (estimate) {
        *estimate = cs->estimate;
    }

    return cs->count + llm_tok_count_from(cs->vocab, cs->scratch, cs->carry,
                                          cs->len, SIZE_MAX, !cs->begun);
}
