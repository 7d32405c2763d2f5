
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_usage.h"

#include <string.h>
#include <strings.h>


/* where the figures that can be added up end */

#define LLM_USAGE_COUNTS     (offsetof(llm_usage_t, search_size)              \
                              / sizeof(int64_t))


#define llm_usage_is(s, text)                                                 \
    ((s)->len == sizeof(text) - 1                                             \
     && memcmp((s)->data, text, sizeof(text) - 1) == 0)


typedef struct {
    llm_str_t   name;
    llm_tier_e  tier;
} llm_usage_tier_t;


static const llm_usage_tier_t  llm_usage_tiers[] = {
    { llm_string("flex"), LLM_TIER_FLEX },
    { llm_string("priority"), LLM_TIER_PRIORITY },
    { llm_string("fast"), LLM_TIER_PRIORITY },
    { llm_string("ultrafast"), LLM_TIER_ULTRAFAST },
    { llm_string("batch"), LLM_TIER_BATCH },
    { llm_string("FLEX"), LLM_TIER_FLEX },
    { llm_string("ON_DEMAND_FLEX"), LLM_TIER_FLEX },
    { llm_string("ON_DEMAND_PRIORITY"), LLM_TIER_PRIORITY },
    { llm_string("BATCH"), LLM_TIER_BATCH },
    { llm_string(""), LLM_TIER_DEFAULT }
};


llm_tier_e
llm_tier_find(const llm_str_t *name)
{
    const llm_usage_tier_t  *t;

    for (t = llm_usage_tiers; t->name.len; t++) {
        if (name->len == t->name.len
            && memcmp(name->data, t->name.data, name->len) == 0)
        {
            return t->tier;
        }
    }

    return LLM_TIER_DEFAULT;
}


/* hosts are written in any case */

llm_geo_e
llm_geo_find(const llm_str_t *name)
{
    unsigned  i;

    static const struct {
        llm_str_t  name;
        llm_geo_e  geo;
    } places[] = {
        { llm_string("global"), LLM_GEO_GLOBAL },
        { llm_string("not_available"), LLM_GEO_GLOBAL },
        { llm_string("us"), LLM_GEO_US },
        { llm_string("eu"), LLM_GEO_EU },
        { llm_string("gov"), LLM_GEO_GOV }
    };

    if (name->len == 0) {
        return LLM_GEO_GLOBAL;
    }

    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (name->len == places[i].name.len
            && strncasecmp((char *) name->data, (char *) places[i].name.data,
                           name->len)
               == 0)
        {
            return places[i].geo;
        }
    }

    return LLM_GEO_OTHER;
}


llm_search_e
llm_search_find(const llm_str_t *name)
{
    if (llm_usage_is(name, "low")) {
        return LLM_SEARCH_LOW;
    }

    return llm_usage_is(name, "high") ? LLM_SEARCH_HIGH : LLM_SEARCH_MEDIUM;
}


/* all figures are int64_t, which a test holds the structure to */

void
llm_usage_merge(llm_usage_t *to, const llm_usage_t *from)
{
    size_t          i;
    int64_t        *t;
    const int64_t  *f;

    t = (int64_t *) to;
    f = (const int64_t *) from;

    for (i = 0; i < LLM_USAGE_FIELDS; i++) {
        if (f[i] >= 0) {
            t[i] = f[i];
        }
    }
}


void
llm_usage_add(llm_usage_t *to, const llm_usage_t *from)
{
    size_t          i;
    int64_t        *t, cost;
    const int64_t  *f;

    t = (int64_t *) to;
    f = (const int64_t *) from;

    cost = to->reported_cost;

    for (i = 0; i < LLM_USAGE_FIELDS; i++) {

        if (f[i] < 0) {
            continue;
        }

        if (i >= LLM_USAGE_COUNTS || t[i] < 0) {
            t[i] = f[i];

        } else if (__builtin_add_overflow(t[i], f[i], &t[i])) {
            t[i] = INT64_MAX;
        }
    }

    if (cost >= 0 && from->reported_cost >= 0
        && __builtin_add_overflow(cost, from->reported_cost,
                                  &to->reported_cost))
    {
        to->reported_cost = INT64_MAX;
    }
}


int
llm_usage_nothing(const llm_usage_t *u)
{
    size_t          i;
    const int64_t  *v;

    v = (const int64_t *) u;

    for (i = 0; i < LLM_USAGE_COUNTS; i++) {
        if (v[i] > 0) {
            return 0;
        }
    }

    return u->input == 0 && u->output == 0;
}


void
llm_usage_text(llm_usage_t *most, int64_t input, int64_t output)
{
    memset(most, 0, sizeof(llm_usage_t));

    most->input = input;
    most->output = output;

    most->cached_input = -1;
    most->reasoning = -1;

    /* time passes whatever is asked for; how it is processed is not known */

    most->request_ms = -1;
    most->tier = -1;
    most->geo = -1;
    most->search_size = -1;
    most->reported_cost = -1;
}


void
llm_usage_any(llm_usage_t *most, int64_t input, int64_t output)
{
    llm_usage_text(most, input, output);

    most->cache_write = -1;
    most->cache_write_1h = -1;
    most->cache_write_day = -1;
    most->audio_input = -1;
    most->image_input = -1;
    most->video_input = -1;
    most->cached_audio = -1;
    most->cached_image = -1;
    most->cached_video = -1;
    most->audio_output = -1;
    most->image_output = -1;
    most->video_output = -1;
    most->fast = -1;
}


void
llm_usage_pages(llm_usage_t *u, int64_t pages, int64_t calls)
{
    int64_t  n, read;

    n = u->searches < 0 ? calls : u->searches;
    read = u->web_fetches < 0 ? calls : u->web_fetches;

    if (pages <= 0 || n <= 0) {
        return;
    }

    read = read > LLM_USAGE_MAX ? LLM_USAGE_MAX : read;
    n = n > (LLM_USAGE_MAX - read) / pages ? LLM_USAGE_MAX - read : n * pages;

    u->web_fetches = read + n;
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


static int
llm_usage_part(int64_t *part, int64_t whole)
{
    return llm_usage_fit(whole, &part, 1);
}


/*
 * A token may be cached and of a picture: two ways to divide the input, and
 * the cached ones of a kind are within both.
 */

static int
llm_usage_parts(llm_usage_t *u)
{
    int       changed;
    int64_t  *cache[4], *input[3], *cached[3], *output[4];

    cache[0] = &u->cached_input;
    cache[1] = &u->cache_write;
    cache[2] = &u->cache_write_1h;
    cache[3] = &u->cache_write_day;

    input[0] = &u->image_input;
    input[1] = &u->video_input;
    input[2] = &u->audio_input;

    /* what is dear as it is saves most by being cached: it is cut first */

    cached[0] = &u->cached_audio;
    cached[1] = &u->cached_video;
    cached[2] = &u->cached_image;

    output[0] = &u->reasoning;
    output[1] = &u->image_output;
    output[2] = &u->video_output;
    output[3] = &u->audio_output;

    changed = llm_usage_fit(u->input, cache, 4);
    changed |= llm_usage_fit(u->input, input, 3);
    changed |= llm_usage_fit(u->output, output, 4);

    changed |= llm_usage_part(&u->cached_audio, u->audio_input);
    changed |= llm_usage_part(&u->cached_image, u->image_input);
    changed |= llm_usage_part(&u->cached_video, u->video_input);
    changed |= llm_usage_fit(u->cached_input, cached, 3);

    changed |= llm_usage_part(&u->orch_cached, u->orch_input);
    changed |= llm_usage_part(&u->pages_annotated, u->pages);

    return changed;
}


int
llm_usage_normalize(llm_usage_t *u)
{
    int       changed;
    size_t    i;
    int64_t  *v;

    changed = 0;
    v = (int64_t *) u;

    for (i = 0; i < LLM_USAGE_COUNTS; i++) {
        changed |= llm_usage_range(&v[i], LLM_USAGE_MAX);
    }

    changed |= llm_usage_range(&u->search_size, LLM_SEARCH_N - 1);
    changed |= llm_usage_range(&u->tier, LLM_TIER_N - 1);
    changed |= llm_usage_range(&u->geo, LLM_GEO_N - 1);
    changed |= llm_usage_range(&u->fast, 1);
    changed |= llm_usage_range(&u->reported_cost, LLM_NANO_MAX);

    return changed | llm_usage_parts(u);
}
