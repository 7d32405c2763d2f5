
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "report.h"

#include <stdlib.h>
#include <string.h>


/*
 * Three kinds of money that need not have been spent.  Each is reckoned low:
 * what is not certain is left out, and what the log does not say is not
 * guessed (report_waste_blind).
 *
 * Questions and beginnings are remembered by 64 bits of their digests in two
 * tables that do not grow, so that a log of more different questions than they
 * have room for finds fewer repetitions than there are, never more.
 */

#define REPORT_QUESTIONS     (1 << 21)   /* 32 MB; three quarters are used */
#define REPORT_PREFIXES      (1 << 17)

#define REPORT_PREFIX_TOKENS 1024        /* below it no provider caches */
#define REPORT_SMALL_INPUT   1000        /* tokens of a small request */
#define REPORT_SMALL_OUTPUT  100
#define REPORT_DEAR          5           /* times the other model's cost */
#define REPORT_MODELS        256


/* small requests of one model; the other models' rates decide at the end */

typedef struct {
    llm_str_t        model;
    llm_str_t        provider;
    report_finding_t small;
    int64_t          input;
    int64_t          output;
} report_model_t;


struct report_waste_s {
    int64_t          ttl;
    report_seen_t   *questions;
    report_seen_t   *prefixes;
    size_t           nquestions;
    size_t           nprefixes;
    report_finding_t repeated;
    report_finding_t prefix;
    report_model_t   models[REPORT_MODELS];
    unsigned         nmodels;
    unsigned         digests:1;          /* some line had one */
    unsigned         beginnings:1;
};


static const char * const  report_titles[REPORT_WASTE_N] = {
    "the same question again, not cached",
    "long beginnings that the provider did not cache",
    "small requests to dear models"
};

static const char * const  report_formulas[REPORT_WASTE_N] = {
    "cost of each answer to a question that the same payer had asked within "
    "the cache's lifetime before",

    "1,024 tokens x (input rate - cached input rate) for each request whose "
    "first 4 KB were seen within five minutes before, with no cached token",

    "requests of at most 1,000 input and 100 output tokens: their cost less "
    "that at the cheapest priced model of the same provider in this log, "
    "where that is at most a fifth"
};


report_waste_t *
report_waste_create(int64_t ttl)
{
    report_waste_t  *w;

    w = calloc(1, sizeof(report_waste_t));

    if (w == NULL) {
        return NULL;
    }

    w->ttl = ttl;
    w->questions = calloc(REPORT_QUESTIONS, sizeof(report_seen_t));
    w->prefixes = calloc(REPORT_PREFIXES, sizeof(report_seen_t));

    if (w->questions == NULL || w->prefixes == NULL) {
        free(w->questions);
        free(w->prefixes);
        free(w);
        return NULL;
    }

    return w;
}


static const llm_price_t *
report_price(const report_t *rp, const llm_str_t *model,
    const llm_str_t *provider)
{
    return rp->prices ? llm_prices_find(rp->prices, model, provider) : NULL;
}


static void
report_waste_repeated(report_waste_t *w, const report_record_t *r)
{
    int64_t   before;
    uint64_t  key;

    w->digests = 1;

    key = report_hash(r->request.data, r->request.len, 1);
    key = report_hash(r->user.data, r->user.len, key);
    key = report_hash(r->key_id.data, r->key_id.len, key);

    before = report_see(w->questions, REPORT_QUESTIONS, &w->nquestions, key,
                        r->time);

    if (before >= 0 && r->time - before <= w->ttl && r->cost > 0) {
        w->repeated.requests++;
        report_plus(&w->repeated.cost, r->cost);
        report_plus(&w->repeated.saving, r->cost);
    }
}


static void
report_waste_prefix(report_t *rp, const report_record_t *r)
{
    int64_t             before, in, cached;
    uint64_t            key;
    report_waste_t     *w;
    const llm_price_t  *price;

    w = rp->waste;
    w->beginnings = 1;

    key = report_hash(r->prefix.data, r->prefix.len, 2);
    key = report_hash(r->model.data, r->model.len, key);

    before = report_see(w->prefixes, REPORT_PREFIXES, &w->nprefixes, key,
                        r->time);

    if (before < 0 || r->time - before > 300 || r->cached > 0
        || r->input <= REPORT_PREFIX_TOKENS || r->cost <= 0)
    {
        return;
    }

    price = report_price(rp, &r->model, &r->provider);

    if (price == NULL) {
        return;
    }

    in = llm_price_rate(price, LLM_TIER_DEFAULT, LLM_RATE_INPUT);
    cached = llm_price_rate(price, LLM_TIER_DEFAULT, LLM_RATE_CACHED_INPUT);

    if (cached >= 0 && in > cached) {
        w->prefix.requests++;
        report_plus(&w->prefix.cost, r->cost);
        report_plus(&w->prefix.saving,
                    REPORT_PREFIX_TOKENS * (in - cached) / 1000);
    }
}


static void
report_waste_small(report_t *rp, const report_record_t *r)
{
    unsigned         i;
    report_waste_t  *w;
    report_model_t  *m;

    w = rp->waste;

    for (i = 0; i < w->nmodels; i++) {
        m = &w->models[i];

        if (m->model.len == r->model.len
            && memcmp(m->model.data, r->model.data, r->model.len) == 0)
        {
            break;
        }
    }

    if (i == REPORT_MODELS) {
        return;
    }

    m = &w->models[i];

    if (i == w->nmodels) {
        m->model.data = llm_alloc(rp->mem, r->model.len + r->provider.len + 1);

        if (m->model.data == NULL) {
            return;
        }

        m->provider.data = m->model.data + r->model.len;
        m->model.len = r->model.len;
        m->provider.len = r->provider.len;
        memcpy(m->model.data, r->model.data, r->model.len);
        memcpy(m->provider.data, r->provider.data, r->provider.len);
        w->nmodels++;
    }

    if (r->input >= 0 && r->input <= REPORT_SMALL_INPUT && r->output >= 0
        && r->output <= REPORT_SMALL_OUTPUT)
    {
        m->small.requests++;
        report_plus(&m->small.cost, r->cost);
        report_plus(&m->input, r->input);
        report_plus(&m->output, r->output);
    }
}


void
report_waste_add(report_t *rp, const report_record_t *r)
{
    if (r->refusal.len || r->status >= 400
        || (r->cache.len == 3 && memcmp(r->cache.data, "HIT", 3) == 0))
    {
        return;
    }

    if (r->request.len) {
        report_waste_repeated(rp->waste, r);
    }

    if (r->prefix.len) {
        report_waste_prefix(rp, r);
    }

    if (r->model.len && r->cost > 0) {
        report_waste_small(rp, r);
    }
}


/* what m's small requests would cost at the cheapest other model; -1: none */

static int64_t
report_cheapest(const report_t *rp, const report_model_t *m)
{
    int64_t                cost, best;
    unsigned               i;
    llm_usage_t            u = LLM_USAGE_INIT;
    const llm_price_t     *price;
    llm_price_terms_t      terms = { LLM_TIER_DEFAULT, LLM_GEO_GLOBAL, -1,
                                     NULL };
    const report_model_t  *other;

    best = -1;
    u.input = m->input;
    u.output = m->output;

    for (i = 0; i < rp->waste->nmodels; i++) {
        other = &rp->waste->models[i];

        if (other == m || other->provider.len != m->provider.len
            || memcmp(other->provider.data, m->provider.data,
                      m->provider.len))
        {
            continue;
        }

        price = report_price(rp, &other->model, &other->provider);
        cost = price ? llm_price_cost(price, &terms, &u, NULL) : -1;

        if (cost > 0 && (best < 0 || cost < best)) {
            best = cost;
        }
    }

    return best;
}


void
report_waste_result(const report_t *rp, report_finding_t found[REPORT_WASTE_N])
{
    int64_t                other;
    unsigned               i;
    report_finding_t      *f;
    const report_model_t  *m;

    found[REPORT_WASTE_REPEATED] = rp->waste->repeated;
    found[REPORT_WASTE_PREFIX] = rp->waste->prefix;

    f = &found[REPORT_WASTE_SMALL];
    memset(f, 0, sizeof(report_finding_t));

    for (i = 0; i < rp->waste->nmodels; i++) {
        m = &rp->waste->models[i];

        if (m->small.requests == 0) {
            continue;
        }

        other = report_cheapest(rp, m);

        if (other < 0 || m->small.cost / REPORT_DEAR < other) {
            continue;
        }

        f->requests += m->small.requests;
        report_plus(&f->cost, m->small.cost);
        report_plus(&f->saving, m->small.cost - other);
    }
}


const char *
report_waste_title(unsigned kind)
{
    return report_titles[kind];
}


const char *
report_waste_formula(unsigned kind)
{
    return report_formulas[kind];
}


int
report_waste_blind(const report_t *rp, unsigned kind)
{
    switch (kind) {

    case REPORT_WASTE_REPEATED:
        return !rp->waste->digests;

    case REPORT_WASTE_PREFIX:
        return !rp->waste->beginnings || rp->prices == NULL;

    default:
        return rp->prices == NULL;
    }
}
