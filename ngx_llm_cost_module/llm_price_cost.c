
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_price_table.h"

#include <string.h>


/*
 * What a usage costs.  Sums are kept in 10^-7 pico-USD: a rate is pico-USD, a
 * factor has four places, and milliseconds are thousandths of a second.  The
 * greatest of them is LLM_USAGE_MAX units at LLM_PRICE_RATE_MAX with
 * LLM_PRICE_FACTOR_MAX, 10^36, of which 128 bits hold 170.
 */

#define LLM_PRICE_WHOLE      1000             /* of the milliseconds' scale */

#define LLM_PRICE_PICO       (LLM_PRICE_WHOLE * LLM_FACTOR_ONE)
#define LLM_PRICE_NANO       (LLM_PRICE_PICO * 1000LL)

#define llm_price_n(a)       (sizeof(a) / sizeof(a[0]))


typedef struct {
    int64_t             rates[LLM_RATE_N];    /* of this request */
    int64_t             factor;
    llm_int128_t        sum;
    llm_price_parts_t  *parts;                /* or NULL */
    unsigned            unknown:1;            /* a rate or number is missing */
} llm_price_sum_t;


/* a part of a whole, or what stands beside the tokens */

typedef struct {
    llm_rate_e          kind;
    int64_t             tokens;
} llm_price_part_t;


static int64_t
llm_price_round(llm_int128_t sum, int64_t unit)
{
    llm_int128_t  v;

    v = sum / unit + (sum % unit != 0);

    return v > INT64_MAX ? INT64_MAX : (int64_t) v;
}


static void
llm_price_add(llm_price_sum_t *s, llm_rate_e kind, int64_t units,
    int64_t scale)
{
    int64_t       rate;
    llm_int128_t  v;

    if (units <= 0) {
        return;
    }

    rate = s->rates[kind];

    if (rate < 0 || (units > LLM_USAGE_MAX && rate > 0)) {
        s->unknown = 1;
        return;
    }

    if (rate == 0) {
        return;
    }

    v = (llm_int128_t) units * rate * scale
        * (kind < LLM_RATE_UNITS ? s->factor : LLM_FACTOR_ONE);

    s->sum += v;

    if (s->parts) {
        s->parts->parts[kind] += llm_price_round(v, LLM_PRICE_PICO);
    }
}


/*
 * One side of a request: a whole and its parts, the whole's rate for what is
 * left.  Parts may overlap (cached images are cached and images) and nobody
 * says by how much.  One at the whole's own rate makes no difference and is
 * left out; of the others the dearest are charged first, so that no token is
 * charged twice and a contradiction makes nothing cheaper.
 */

static void
llm_price_side(llm_price_sum_t *s, llm_price_part_t *parts, unsigned n,
    llm_rate_e kind, int64_t whole)
{
    int64_t           tokens;
    unsigned          i, k;
    llm_price_part_t  part;

    for (i = 1; i < n; i++) {
        part = parts[i];

        for (k = i; k > 0; k--) {
            if (s->rates[parts[k - 1].kind] >= s->rates[part.kind]) {
                break;
            }

            parts[k] = parts[k - 1];
        }

        parts[k] = part;
    }

    for (i = 0; i < n; i++) {

        if (parts[i].tokens <= 0
            || s->rates[parts[i].kind] == s->rates[kind])
        {
            continue;
        }

        tokens = parts[i].tokens < whole ? parts[i].tokens : whole;

        llm_price_add(s, parts[i].kind, tokens, LLM_PRICE_WHOLE);
        whole -= tokens;
    }

    llm_price_add(s, kind, whole, LLM_PRICE_WHOLE);
}


/* an unknown number of tokens costs nothing only if none of them can */

static void
llm_price_unknown(llm_price_sum_t *s, const llm_price_part_t *parts,
    unsigned n, llm_rate_e kind)
{
    unsigned  i;

    if (s->rates[kind] != 0) {
        s->unknown = 1;
        return;
    }

    for (i = 0; i < n; i++) {
        if (s->rates[parts[i].kind] != 0) {
            s->unknown = 1;
        }
    }
}


/* a figure that was said and has a rate */

static int
llm_price_said(const llm_price_sum_t *s, llm_rate_e kind, int64_t units)
{
    return units >= 0 && s->rates[kind] >= 0;
}


static int64_t
llm_price_less(int64_t whole, int64_t part)
{
    if (whole < 0 || part <= 0) {
        return whole;
    }

    return part < whole ? whole - part : 0;
}


/*
 * Units of one kind of input that are charged in place of its tokens: those
 * leave the input.  Returns 1 if they are.
 */

static int
llm_price_instead(llm_price_sum_t *s, llm_rate_e kind, int64_t units,
    int64_t scale, int64_t *tokens, int64_t *cached, llm_usage_t *u)
{
    if (!llm_price_said(s, kind, units)) {
        return 0;
    }

    llm_price_add(s, kind, units, scale);

    u->input = llm_price_less(u->input, *tokens);
    u->cached_input = llm_price_less(u->cached_input, *cached);

    *tokens = 0;
    *cached = 0;

    return 1;
}


static void
llm_price_input_tokens(llm_price_sum_t *s, const llm_usage_t *u, int covered)
{
    int64_t           cached;
    llm_price_part_t  parts[] = {
        { LLM_RATE_CACHED_INPUT, 0 },
        { LLM_RATE_CACHED_AUDIO, u->cached_audio },
        { LLM_RATE_CACHED_IMAGE, u->cached_image },
        { LLM_RATE_CACHE_WRITE, u->cache_write },
        { LLM_RATE_CACHE_WRITE_1H, u->cache_write_1h },
        { LLM_RATE_CACHE_WRITE_DAY, u->cache_write_day },
        { LLM_RATE_AUDIO_INPUT,
          llm_price_less(u->audio_input, u->cached_audio) },
        { LLM_RATE_IMAGE_INPUT,
          llm_price_less(u->image_input, u->cached_image) },
        { LLM_RATE_VIDEO_INPUT,
          llm_price_less(u->video_input, u->cached_video) }
    };

    /* of cached video no list has a price of its own */

    cached = llm_price_less(u->cached_input, u->cached_audio);
    parts[0].tokens = llm_price_less(cached, u->cached_image);

    if (u->input >= 0) {
        llm_price_side(s, parts, llm_price_n(parts), LLM_RATE_INPUT, u->input);

    } else if (!covered) {
        llm_price_unknown(s, parts, llm_price_n(parts), LLM_RATE_INPUT);
    }
}


static void
llm_price_input(llm_price_sum_t *s, const llm_usage_t *usage)
{
    int          covered;
    llm_usage_t  u;

    u = *usage;

    covered = llm_price_instead(s, LLM_RATE_AUDIO_INPUT_SECOND,
                                u.audio_input_ms, 1, &u.audio_input,
                                &u.cached_audio, &u);

    covered |= llm_price_instead(s, LLM_RATE_VIDEO_INPUT_SECOND,
                                 u.video_input_ms, 1, &u.video_input,
                                 &u.cached_video, &u);

    covered |= llm_price_instead(s, LLM_RATE_INPUT_IMAGE, u.images_in,
                                 LLM_PRICE_WHOLE, &u.image_input,
                                 &u.cached_image, &u);

    if (llm_price_said(s, LLM_RATE_INPUT_PIXEL, u.pixels_in)) {
        llm_price_add(s, LLM_RATE_INPUT_PIXEL, u.pixels_in, LLM_PRICE_WHOLE);
        covered = 1;
    }

    /* characters are what the text is charged by, in place of its tokens */

    if (llm_price_said(s, LLM_RATE_INPUT_CHAR, u.input_chars)) {
        llm_price_add(s, LLM_RATE_INPUT_CHAR, u.input_chars, LLM_PRICE_WHOLE);
        s->rates[LLM_RATE_INPUT] = 0;
        covered = 1;
    }

    llm_price_input_tokens(s, &u, covered);
}


/* units of output stand in for tokens of their kind that nobody counted */

static int
llm_price_output_units(llm_price_sum_t *s, llm_rate_e kind, int64_t tokens,
    int64_t units, int64_t scale)
{
    if (tokens > 0 || !llm_price_said(s, kind, units)) {
        return 0;
    }

    llm_price_add(s, kind, units, scale);

    return 1;
}


static void
llm_price_output(llm_price_sum_t *s, const llm_usage_t *u)
{
    int               covered;
    llm_price_part_t  parts[] = {
        { LLM_RATE_REASONING, u->reasoning },
        { LLM_RATE_AUDIO_OUTPUT, u->audio_output },
        { LLM_RATE_IMAGE_OUTPUT, u->image_output },
        { LLM_RATE_VIDEO_OUTPUT, u->video_output }
    };

    covered = llm_price_output_units(s, LLM_RATE_AUDIO_OUTPUT_SECOND,
                                     u->audio_output, u->audio_output_ms, 1);

    covered |= llm_price_output_units(s, LLM_RATE_VIDEO_OUTPUT_SECOND,
                                      u->video_output, u->video_output_ms, 1);

    covered |= llm_price_output_units(s, LLM_RATE_OUTPUT_IMAGE,
                                      u->image_output, u->images_out,
                                      LLM_PRICE_WHOLE);

    covered |= llm_price_output_units(s, LLM_RATE_OUTPUT_PIXEL,
                                      u->image_output, u->pixels_out,
                                      LLM_PRICE_WHOLE);

    if (llm_price_said(s, LLM_RATE_OUTPUT_CHAR, u->output_chars)) {
        llm_price_add(s, LLM_RATE_OUTPUT_CHAR, u->output_chars,
                      LLM_PRICE_WHOLE);
        s->rates[LLM_RATE_OUTPUT] = 0;
        covered = 1;
    }

    if (u->output >= 0) {
        llm_price_side(s, parts, llm_price_n(parts), LLM_RATE_OUTPUT,
                       u->output);

    } else if (!covered) {
        llm_price_unknown(s, parts, llm_price_n(parts), LLM_RATE_OUTPUT);
    }
}


/* what an orchestration used is charged as any token is */

static void
llm_price_orchestration(llm_price_sum_t *s, const llm_usage_t *u)
{
    int64_t  cached;

    cached = u->orch_cached < u->orch_input ? u->orch_cached : u->orch_input;

    llm_price_add(s, LLM_RATE_INPUT, llm_price_less(u->orch_input, cached),
                  LLM_PRICE_WHOLE);
    llm_price_add(s, LLM_RATE_CACHED_INPUT, cached, LLM_PRICE_WHOLE);
    llm_price_add(s, LLM_RATE_OUTPUT, u->orch_output, LLM_PRICE_WHOLE);
}


/* the rate of a search by its size; where the row lists others, the dearest */

static llm_rate_e
llm_price_search(const int64_t *rates, int64_t size)
{
    unsigned    i;
    llm_rate_e  rate;

    if (size < 0 || size >= LLM_SEARCH_N) {
        size = LLM_SEARCH_MEDIUM;
    }

    rate = LLM_RATE_SEARCH_LOW + size;

    if (rates[rate] >= 0) {
        return rate;
    }

    for (i = LLM_RATE_SEARCH_LOW; i <= LLM_RATE_SEARCH_HIGH; i++) {
        if (rates[i] > rates[rate]) {
            rate = i;
        }
    }

    return rate;
}


/* pages with annotations cost something else where a list has it */

static int64_t
llm_price_annotated(const int64_t *rates, const llm_usage_t *u)
{
    return rates[LLM_RATE_PAGE_ANNOTATED] < 0 ? 0 : u->pages_annotated;
}


/*
 * Pages, calls and the like.  A row that has no price for one charges it not:
 * most models' tools are free, or their tokens are what is charged.
 */

static void
llm_price_units(llm_price_sum_t *s, unsigned once, const llm_usage_t *u)
{
    size_t            i;
    llm_price_part_t  units[] = {
        { LLM_RATE_PAGE, llm_price_less(u->pages,
                                        llm_price_annotated(s->rates, u)) },
        { LLM_RATE_PAGE_ANNOTATED, llm_price_annotated(s->rates, u) },
        { LLM_RATE_QUERY, u->queries },
        { LLM_RATE_REQUEST, 1 },
        { llm_price_search(s->rates, u->search_size),
          (once && u->searches > 1) ? 1 : u->searches },
        { LLM_RATE_MAPS_QUERY, u->maps_queries },
        { LLM_RATE_FILE_SEARCH, u->file_searches },
        { LLM_RATE_WEB_FETCH, u->web_fetches },
        { LLM_RATE_CODE_SESSION, u->code_sessions },
        { LLM_RATE_TOOL_CALL, u->tool_calls },
        { LLM_RATE_CITATION, u->citation_tokens }
    };

    for (i = 0; i < llm_price_n(units); i++) {
        if (s->rates[units[i].kind] >= 0) {
            llm_price_add(s, units[i].kind, units[i].tokens, LLM_PRICE_WHOLE);
        }
    }

    if (s->rates[LLM_RATE_REQUEST_SECOND] < 0) {
        return;
    }

    if (u->request_ms < 0 && s->rates[LLM_RATE_REQUEST_SECOND] > 0) {
        s->unknown = 1;
    }

    llm_price_add(s, LLM_RATE_REQUEST_SECOND, u->request_ms, 1);
}


int64_t
llm_price_cost(const llm_price_t *p, const llm_price_terms_t *terms,
    const llm_usage_t *u, llm_price_parts_t *parts)
{
    int64_t          nano;
    llm_tier_e       tier;
    llm_price_sum_t  s;

    /* which step applies is not known either */

    if (u->input < 0 && p->nsteps) {
        return -1;
    }

    /* a decision is one, in whatever tier it was answered */

    tier = terms->tier;

    if (tier != LLM_TIER_DECISION && u->tier >= 0 && u->tier < LLM_TIER_N) {
        tier = (llm_tier_e) u->tier;
    }

    llm_price_rates(p, llm_price_step(p, u->input), terms, tier, s.rates);

    s.factor = llm_price_factor(p, terms, u, 0);
    s.sum = 0;
    s.parts = parts;
    s.unknown = 0;

    if (parts) {
        memset(parts, 0, sizeof(llm_price_parts_t));
    }

    /* the text's rates may change while the others are added up */

    llm_price_orchestration(&s, u);
    llm_price_input(&s, u);
    llm_price_output(&s, u);
    llm_price_units(&s, llm_price_once(p, terms), u);

    if (s.unknown) {
        return -1;
    }

    nano = llm_price_round(s.sum, LLM_PRICE_NANO);

    return nano > LLM_NANO_MAX ? -1 : nano;
}
