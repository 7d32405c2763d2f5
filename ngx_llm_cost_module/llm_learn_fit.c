
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_learn.h"

#include <stdlib.h>


/*
 * A line through pairs of what was counted and what was reported, in integers.
 * Answers now and then hold what no count could know (the results of a search,
 * a cache of somebody's), so that means and squares are of no use.  Of four
 * lines, each from medians, the one is taken whose median error is least:
 *
 *   the count as it is;
 *   an offset;
 *   a slope;
 *   a slope and an offset, after Theil and Sen: the median of the slopes of
 *   all pairs of pairs, then the median of what is left.
 *
 * The simpler ones come first: what is exact stays so.
 */

#define LLM_LEARN_ONE        65536
#define LLM_LEARN_SLOPE_MIN  (LLM_LEARN_ONE / 4)
#define LLM_LEARN_SLOPE_MAX  (LLM_LEARN_ONE * 4)
#define LLM_LEARN_OFFSET_MAX 100000
#define LLM_LEARN_TOKENS_MAX 100000000LL
#define LLM_LEARN_SHARE_MAX  (LLM_LEARN_ONE * LLM_LEARN_TOKENS_MAX)
#define LLM_LEARN_KINDS      4           /* different counts for a line */
#define LLM_LEARN_SLOPES     (LLM_LEARN_PAIRS * (LLM_LEARN_PAIRS - 1) / 2)

/*
 * What is reserved above the greatest error that was seen, for the prompt that
 * comes next, which is worse than n others in one of n + 1 cases: an nth part,
 * a fiftieth at least, and some tokens, which are next to nothing beside the
 * output that is reserved and much of a short prompt.
 */

#define LLM_LEARN_MARGIN     50


static int
llm_learn_compare(const void *one, const void *two)
{
    int64_t  a, b;

    a = *(const int64_t *) one;
    b = *(const int64_t *) two;

    return (a > b) - (a < b);
}


static int64_t
llm_learn_median(int64_t *v, unsigned n)
{
    qsort(v, n, sizeof(int64_t), llm_learn_compare);

    return v[n / 2];
}


static int64_t
llm_learn_clip(int64_t v, int64_t min, int64_t max)
{
    return v < min ? min : v > max ? max : v;
}


static int64_t
llm_learn_on(const llm_learn_line_t *line, int64_t counted)
{
    int64_t  slope, offset, v;

    slope = llm_learn_clip(line->slope, LLM_LEARN_SLOPE_MIN,
                           LLM_LEARN_SLOPE_MAX);
    offset = llm_learn_clip(line->offset, -LLM_LEARN_OFFSET_MAX,
                            LLM_LEARN_OFFSET_MAX);

    v = counted * slope / LLM_LEARN_ONE + offset;

    /* an offset is not to take away more than the least slope would */

    slope = counted * LLM_LEARN_SLOPE_MIN / LLM_LEARN_ONE;
    v = v < slope ? slope : v;

    return v < 1 ? 1 : v;
}


/* the median of the relative errors, in 1/65536 */

static int64_t
llm_learn_error(const llm_learn_pair_t *p, unsigned n,
    const llm_learn_line_t *line)
{
    int64_t   e[LLM_LEARN_PAIRS];
    unsigned  i;

    for (i = 0; i < n; i++) {
        e[i] = llm_learn_on(line, p[i].counted) - (int64_t) p[i].reported;

        if (e[i] < 0) {
            e[i] = -e[i];
        }

        e[i] = e[i] * LLM_LEARN_ONE / p[i].reported;
    }

    return llm_learn_median(e, n);
}


/* the median of what is left above a slope */

static void
llm_learn_offset(const llm_learn_pair_t *p, unsigned n,
    llm_learn_line_t *line)
{
    int64_t   d[LLM_LEARN_PAIRS];
    unsigned  i;

    for (i = 0; i < n; i++) {
        d[i] = (int64_t) p[i].reported
               - (int64_t) p[i].counted * line->slope / LLM_LEARN_ONE;
    }

    line->offset = (int32_t) llm_learn_clip(llm_learn_median(d, n),
                                            -LLM_LEARN_OFFSET_MAX,
                                            LLM_LEARN_OFFSET_MAX);
}


static void
llm_learn_ratio(const llm_learn_pair_t *p, unsigned n, llm_learn_line_t *line)
{
    int64_t   s[LLM_LEARN_PAIRS];
    unsigned  i;

    for (i = 0; i < n; i++) {
        s[i] = (int64_t) p[i].reported * LLM_LEARN_ONE / p[i].counted;
    }

    line->slope = (uint32_t) llm_learn_clip(llm_learn_median(s, n),
                                            LLM_LEARN_SLOPE_MIN,
                                            LLM_LEARN_SLOPE_MAX);
    line->offset = 0;
}


/* 0: all counts are the same, and nothing follows of a slope */

static int
llm_learn_slopes(const llm_learn_pair_t *p, unsigned n,
    llm_learn_line_t *line)
{
    int64_t   s[LLM_LEARN_SLOPES], d;
    unsigned  i, k, m;

    for (i = 0, m = 0; i < n; i++) {
        for (k = i + 1; k < n; k++) {
            d = (int64_t) p[k].counted - (int64_t) p[i].counted;

            if (d) {
                s[m++] = ((int64_t) p[k].reported - (int64_t) p[i].reported)
                         * LLM_LEARN_ONE / d;
            }
        }
    }

    if (m == 0) {
        return 0;
    }

    line->slope = (uint32_t) llm_learn_clip(llm_learn_median(s, m),
                                            LLM_LEARN_SLOPE_MIN,
                                            LLM_LEARN_SLOPE_MAX);
    llm_learn_offset(p, n, line);

    return 1;
}


static void
llm_learn_better(const llm_learn_pair_t *p, unsigned n,
    const llm_learn_line_t *line, llm_learn_line_t *best, int64_t *error)
{
    int64_t  e;

    e = llm_learn_error(p, n, line);

    if (e < *error) {
        *best = *line;
        *error = e;
    }
}


unsigned
llm_learn_kinds(const llm_learn_pair_t *p, unsigned n)
{
    unsigned  i, k, kinds;

    for (i = 0, kinds = 0; i < n; i++) {
        for (k = 0; k < i && p[k].counted != p[i].counted; k++);

        kinds += (k == i);
    }

    return kinds;
}


void
llm_learn_raise(const llm_learn_pair_t *p, unsigned n,
    const llm_learn_line_t *line, llm_learn_above_t *above)
{
    int64_t   v, e;
    unsigned  i;

    for (i = 0; i < n; i++) {
        v = llm_learn_on(line, p[i].counted);
        e = (int64_t) p[i].reported - v;

        if (e <= 0) {
            continue;
        }

        if (e > above->tokens) {
            above->tokens = e;
        }

        e = e * LLM_LEARN_ONE / v + 1;

        if (e > above->share) {
            above->share = e;
        }
    }
}


void
llm_learn_fit(const llm_learn_pair_t *pairs, unsigned n,
    llm_learn_line_t *line)
{
    int64_t           error;
    llm_learn_line_t  l;

    line->slope = LLM_LEARN_ONE;
    line->offset = 0;

    if (n == 0) {
        return;
    }

    error = llm_learn_error(pairs, n, line);

    l = *line;
    llm_learn_offset(pairs, n, &l);
    llm_learn_better(pairs, n, &l, line, &error);

    llm_learn_ratio(pairs, n, &l);
    llm_learn_better(pairs, n, &l, line, &error);

    /* two points make a line, and no more */

    if (llm_learn_kinds(pairs, n) >= LLM_LEARN_KINDS
        && llm_learn_slopes(pairs, n, &l))
    {
        llm_learn_better(pairs, n, &l, line, &error);
    }
}


int64_t
llm_learn_expect(const llm_learn_t *l, int64_t counted)
{
    if (l->answers < LLM_LEARN_MIN || counted <= 0
        || counted > INT64_MAX / LLM_LEARN_SLOPE_MAX - LLM_LEARN_OFFSET_MAX)
    {
        return counted;
    }

    return llm_learn_on(&l->line, counted);
}


/*
 * With too few answers none of them says by how much the count is wrong: the
 * part is that of the fewest that do.
 */

int64_t
llm_learn_most(const llm_learn_t *l, int64_t counted)
{
    int64_t  v, share, tokens, part;

    v = llm_learn_expect(l, counted);

    if (v <= 0 || v > INT64_MAX / 2 - LLM_LEARN_TOKENS_MAX) {
        return v;
    }

    if (l->answers < LLM_LEARN_MIN) {
        return v + v / LLM_LEARN_MIN + LLM_LEARN_EXTRA;
    }

    share = llm_learn_clip(l->above.share, 0, LLM_LEARN_SHARE_MAX);
    tokens = llm_learn_clip(l->above.tokens, 0, LLM_LEARN_TOKENS_MAX);

    if ((llm_int128_t) v * share / LLM_LEARN_ONE < tokens) {
        tokens = v * share / LLM_LEARN_ONE;
    }

    part = l->kinds ? l->kinds : 1;
    part = part < LLM_LEARN_MARGIN ? part : LLM_LEARN_MARGIN;

    return v + tokens + v / part + LLM_LEARN_EXTRA;
}
