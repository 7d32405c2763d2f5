
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_usage.h"


/* no request has more tokens; a greater figure is a fault of the sender */

#define LLM_USAGE_MAX        1000000000000LL


static void
llm_usage_take(int64_t *to, int64_t from)
{
    if (from >= 0) {
        *to = from;
    }
}


void
llm_usage_merge(llm_usage_t *to, const llm_usage_t *from)
{
    llm_usage_take(&to->input, from->input);
    llm_usage_take(&to->output, from->output);
    llm_usage_take(&to->cached_input, from->cached_input);
    llm_usage_take(&to->cache_write, from->cache_write);
    llm_usage_take(&to->cache_write_1h, from->cache_write_1h);
    llm_usage_take(&to->audio_input, from->audio_input);
    llm_usage_take(&to->image_input, from->image_input);
    llm_usage_take(&to->reasoning, from->reasoning);
    llm_usage_take(&to->audio_output, from->audio_output);
    llm_usage_take(&to->image_output, from->image_output);
    llm_usage_take(&to->reported_cost, from->reported_cost);
}


/* out of range becomes "not said" */

static int
llm_usage_range(int64_t *v, int64_t max)
{
    if (*v >= -1 && *v <= max) {
        return 0;
    }

    *v = -1;

    return 1;
}


/*
 * Parts that exclude one another, together at most their whole.  They are cut
 * in the order given: what is named first is the cheapest, so that a sender's
 * contradiction is never to the payer's advantage.
 */

static int
llm_usage_fit(int64_t whole, int64_t **parts, unsigned n)
{
    unsigned  i;
    int64_t   sum, over, cut;

    if (whole < 0) {
        return 0;
    }

    sum = 0;

    for (i = 0; i < n; i++) {
        sum += (*parts[i] > 0) ? *parts[i] : 0;
    }

    over = sum - whole;

    if (over <= 0) {
        return 0;
    }

    for (i = 0; i < n && over > 0; i++) {

        if (*parts[i] <= 0) {
            continue;
        }

        cut = (*parts[i] < over) ? *parts[i] : over;

        *parts[i] -= cut;
        over -= cut;
    }

    return 1;
}


int
llm_usage_normalize(llm_usage_t *u)
{
    int       changed;
    int64_t  *cache[3], *input[2], *output[3];

    changed = 0;

    changed |= llm_usage_range(&u->input, LLM_USAGE_MAX);
    changed |= llm_usage_range(&u->output, LLM_USAGE_MAX);
    changed |= llm_usage_range(&u->cached_input, LLM_USAGE_MAX);
    changed |= llm_usage_range(&u->cache_write, LLM_USAGE_MAX);
    changed |= llm_usage_range(&u->cache_write_1h, LLM_USAGE_MAX);
    changed |= llm_usage_range(&u->audio_input, LLM_USAGE_MAX);
    changed |= llm_usage_range(&u->image_input, LLM_USAGE_MAX);
    changed |= llm_usage_range(&u->reasoning, LLM_USAGE_MAX);
    changed |= llm_usage_range(&u->audio_output, LLM_USAGE_MAX);
    changed |= llm_usage_range(&u->image_output, LLM_USAGE_MAX);
    changed |= llm_usage_range(&u->reported_cost, LLM_NANO_MAX);

    /* a token may be cached and of a picture: two ways to divide the input */

    cache[0] = &u->cached_input;
    cache[1] = &u->cache_write;
    cache[2] = &u->cache_write_1h;

    input[0] = &u->image_input;
    input[1] = &u->audio_input;

    output[0] = &u->reasoning;
    output[1] = &u->image_output;
    output[2] = &u->audio_output;

    changed |= llm_usage_fit(u->input, cache, 3);
    changed |= llm_usage_fit(u->input, input, 2);
    changed |= llm_usage_fit(u->output, output, 3);

    return changed;
}
