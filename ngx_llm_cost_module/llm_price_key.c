
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
    { llm_string("_decisions"), LLM_TIER_DECISION },
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
                key->per = names->per;
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


int64_t *
llm_price_block(llm_prices_t *t)
{
    int64_t   *rates;
    unsigned   i;

    rates = llm_alloc(&t->mem, LLM_RATE_N * sizeof(int64_t));
    if (rates == NULL) {
        return NULL;
    }

    for (i = 0; i < LLM_RATE_N; i++) {
        rates[i] = -1;
    }

    return rates;
}


void
llm_price_init(llm_price_t *p)
{
    memset(p, 0, sizeof(llm_price_t));

    p->max_output = -1;
    p->max_input = -1;
}


static int
llm_price_step_slot(llm_prices_t *t, llm_price_t *p, int64_t above,
    llm_price_step_t **found)
{
    unsigned           i;
    llm_price_step_t  *step;

    for (i = 0; i < p->nsteps && p->steps[i].above < above; i++) {
        /* void */
    }

    if (i == p->nsteps || p->steps[i].above != above) {

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

        memset(step, 0, sizeof(llm_price_step_t));
        step->above = above;

        p->nsteps++;
    }

    *found = &p->steps[i];

    return LLM_OK;
}


int
llm_price_slot(llm_prices_t *t, llm_price_t *p, const llm_price_key_t *key,
    int64_t **slot)
{
    int                 rc;
    int64_t           **rates;
    llm_price_step_t   *step;

    rates = p->rates;

    if (key->above) {
        rc = llm_price_step_slot(t, p, key->above, &step);
        if (rc != LLM_OK) {
            return rc;
        }

        rates = step->rates;
    }

    if (rates[key->tier] == NULL) {
        rates[key->tier] = llm_price_block(t);
        if (rates[key->tier] == NULL) {
            return LLM_ERROR;
        }
    }

    *slot = &rates[key->tier][key->rate];

    return LLM_OK;
}


static int
llm_price_copy_rates(llm_prices_t *t, int64_t **rates, unsigned n)
{
    int64_t   *own;
    unsigned   i;

    for (i = 0; i < n; i++) {

        if (rates[i] == NULL) {
            continue;
        }

        own = llm_price_block(t);
        if (own == NULL) {
            return LLM_ERROR;
        }

        memcpy(own, rates[i], LLM_RATE_N * sizeof(int64_t));
        rates[i] = own;
    }

    return LLM_OK;
}


static int
llm_price_copy_hours(llm_prices_t *t, llm_price_t *p)
{
    llm_price_hours_t  *h;

    if (p->hours == NULL) {
        return LLM_OK;
    }

    h = llm_alloc(&t->mem, sizeof(llm_price_hours_t));
    if (h == NULL) {
        return LLM_ERROR;
    }

    *h = *p->hours;
    p->hours = h;

    return llm_price_copy_rates(t, &h->rates, 1);
}


int
llm_price_copy(llm_prices_t *t, llm_price_t *to, const llm_price_t *from)
{
    unsigned           i;
    llm_price_step_t  *steps;

    *to = *from;

    if (llm_price_copy_rates(t, to->rates, LLM_TIER_N) != LLM_OK
        || llm_price_copy_hours(t, to) != LLM_OK)
    {
        return LLM_ERROR;
    }

    if (from->steps == NULL) {
        return LLM_OK;
    }

    steps = llm_alloc(&t->mem, LLM_PRICE_STEPS * sizeof(llm_price_step_t));
    if (steps == NULL) {
        return LLM_ERROR;
    }

    memcpy(steps, from->steps, from->nsteps * sizeof(llm_price_step_t));
    to->steps = steps;

    for (i = 0; i < to->nsteps; i++) {
        if (llm_price_copy_rates(t, steps[i].rates, LLM_TIER_N) != LLM_OK) {
            return LLM_ERROR;
        }
    }

    return LLM_OK;
}


int64_t
llm_price_rate(const llm_price_t *p, llm_tier_e tier, llm_rate_e rate)
{
    return p->rates[tier] ? p->rates[tier][rate] : -1;
}


/* a row has a price above 0 for one of these kinds */

static int
llm_price_lists(const llm_price_t *p, unsigned from, unsigned to)
{
    unsigned  i, tier;

    for (tier = 0; tier < LLM_TIER_N; tier++) {
        for (i = from; i < to; i++) {
            if (llm_price_rate(p, tier, i) > 0) {
                return 1;
            }
        }
    }

    return 0;
}


int
llm_price_by_unit(const llm_price_t *p)
{
    return !llm_price_lists(p, 0, LLM_RATE_UNITS)
           && p->nsteps == 0
           && (llm_price_lists(p, LLM_RATE_UNITS, LLM_RATE_REQUEST_SECOND)
               || llm_price_lists(p, LLM_RATE_INPUT_IMAGE, LLM_RATE_REQUEST));
}


/*
 * Where pages, pictures or seconds are what is charged, price lists leave out
 * tokens, and they are free.  A price of tools alone says nothing about them.
 */

int
llm_price_complete(llm_prices_t *t, llm_price_t *p)
{
    int64_t          *slot;
    unsigned          i;
    llm_price_key_t   key;

    if (p->nsteps || llm_price_lists(p, 0, LLM_RATE_UNITS)
        || !llm_price_lists(p, LLM_RATE_UNITS, LLM_RATE_REQUEST + 1))
    {
        return LLM_OK;
    }

    memset(&key, 0, sizeof(llm_price_key_t));

    for (i = LLM_RATE_INPUT; i <= LLM_RATE_OUTPUT; i++) {
        key.rate = i;

        if (llm_price_slot(t, p, &key, &slot) != LLM_OK) {
            return LLM_ERROR;
        }

        *slot = 0;
    }

    return LLM_OK;
}


/* what quotes a file, and ends up in a log and on a terminal */

void
llm_price_printable(char *text)
{
    for ( /* void */ ; *text; text++) {
        if (*text < 0x20 || *text > 0x7e) {
            *text = '?';
        }
    }
}


int
llm_price_error(char *err, size_t errsize, const char *fmt, ...)
{
    va_list  args;

    if (errsize == 0) {
        return LLM_BAD;
    }

    va_start(args, fmt);
    (void) vsnprintf(err, errsize, fmt, args);
    va_end(args);

    llm_price_printable(err);

    return LLM_BAD;
}
