
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_price_table.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>


/* the thresholds of one row: 999,999,999,999 tokens */

#define LLM_PRICE_ABOVE_DIGITS   12


static const struct {
    llm_str_t   suffix;
    llm_tier_e  tier;
} llm_price_tiers[] = {
    { llm_string("_flex"), LLM_TIER_FLEX },
    { llm_string("_priority"), LLM_TIER_PRIORITY },
    { llm_string("_ultrafast"), LLM_TIER_ULTRAFAST },
    { llm_string("_batches"), LLM_TIER_BATCH },
    { llm_string("_batch"), LLM_TIER_BATCH },
    { llm_string(""), LLM_TIER_DEFAULT }
};


static int
llm_price_skip(llm_str_t *s, const char *text)
{
    size_t  n;

    n = strlen(text);

    if (s->len < n || memcmp(s->data, text, n) != 0) {
        return 0;
    }

    s->data += n;
    s->len -= n;

    return 1;
}


static int
llm_price_above(llm_str_t *s, int64_t *above)
{
    unsigned  n;

    *above = 0;

    if (!llm_price_skip(s, "_above_")) {
        return LLM_OK;
    }

    for (n = 0; s->len && *s->data >= '0' && *s->data <= '9'; n++) {

        if (n == LLM_PRICE_ABOVE_DIGITS) {
            return LLM_DECLINED;
        }

        *above = *above * 10 + (*s->data - '0');
        s->data++;
        s->len--;
    }

    if (*above == 0) {
        return LLM_DECLINED;
    }

    if (llm_price_skip(s, "k")) {
        *above *= 1000;
    }

    (void) llm_price_skip(s, "_tokens");

    return LLM_OK;
}


int
llm_price_key(const llm_price_name_t *names, const llm_str_t *text,
    llm_price_key_t *key)
{
    unsigned    i;
    llm_str_t   rest;

    for ( /* void */ ; names->name.len; names++) {

        rest = *text;

        if (rest.len < names->name.len
            || memcmp(rest.data, names->name.data, names->name.len) != 0)
        {
            continue;
        }

        rest.data += names->name.len;
        rest.len -= names->name.len;

        if (llm_price_above(&rest, &key->above) != LLM_OK) {
            continue;
        }

        for (i = 0; /* void */ ; i++) {

            if (rest.len == llm_price_tiers[i].suffix.len
                && memcmp(rest.data, llm_price_tiers[i].suffix.data, rest.len)
                   == 0)
            {
                key->rate = names->rate;
                key->tier = llm_price_tiers[i].tier;

                return LLM_OK;
            }

            if (llm_price_tiers[i].suffix.len == 0) {
                break;
            }
        }
    }

    return LLM_DECLINED;
}


static void
llm_price_unlist(int64_t rates[LLM_TIER_N][LLM_RATE_N])
{
    unsigned  tier, rate;

    for (tier = 0; tier < LLM_TIER_N; tier++) {
        for (rate = 0; rate < LLM_RATE_N; rate++) {
            rates[tier][rate] = -1;
        }
    }
}


void
llm_price_init(llm_price_t *p)
{
    memset(p, 0, sizeof(llm_price_t));

    llm_price_unlist(p->rates);

    p->max_output = -1;
    p->max_input = -1;
}


int
llm_price_slot(llm_prices_t *t, llm_price_t *p, const llm_price_key_t *key,
    int64_t **slot)
{
    unsigned           i;
    llm_price_step_t  *step;

    if (key->above == 0) {
        *slot = &p->rates[key->tier][key->rate];
        return LLM_OK;
    }

    for (i = 0; i < p->nsteps && p->steps[i].above < key->above; i++) {
        /* void */
    }

    if (i == p->nsteps || p->steps[i].above != key->above) {

        if (p->nsteps == LLM_PRICE_STEPS) {
            return LLM_LIMIT;
        }

        if (p->steps == NULL) {
            p->steps = llm_alloc(&t->mem,
                                 LLM_PRICE_STEPS * sizeof(llm_price_step_t));
            if (p->steps == NULL) {
                return LLM_ERROR;
            }
        }

        step = &p->steps[i];
        memmove(step + 1, step, (p->nsteps - i) * sizeof(llm_price_step_t));

        step->above = key->above;
        llm_price_unlist(step->rates);

        p->nsteps++;
    }

    *slot = &p->steps[i].rates[key->tier][key->rate];

    return LLM_OK;
}


int
llm_price_copy(llm_prices_t *t, llm_price_t *to, const llm_price_t *from)
{
    *to = *from;

    if (from->steps == NULL) {
        return LLM_OK;
    }

    to->steps = llm_alloc(&t->mem, LLM_PRICE_STEPS * sizeof(llm_price_step_t));
    if (to->steps == NULL) {
        return LLM_ERROR;
    }

    memcpy(to->steps, from->steps, from->nsteps * sizeof(llm_price_step_t));

    return LLM_OK;
}


int
llm_price_error(char *err, size_t errsize, const char *fmt, ...)
{
    char     *p;
    va_list   args;

    if (errsize == 0) {
        return LLM_BAD;
    }

    va_start(args, fmt);
    (void) vsnprintf(err, errsize, fmt, args);
    va_end(args);

    /* the text quotes a file, and ends up in a log and on a terminal */

    for (p = err; *p; p++) {
        if (*p < 0x20 || *p > 0x7e) {
            *p = '?';
        }
    }

    return LLM_BAD;
}
