
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _PRICE_FIXTURE_H_INCLUDED_
#define _PRICE_FIXTURE_H_INCLUDED_


/*
 * A table of prices and the calls of llm_price.h on C strings.  Rows are
 * written as in a configuration: "input=2.50 output=10".
 */

#include "llm_arena.h"
#include "llm_price.h"
#include "usage_fixture.h"


#define PRICES_ARGS          64


typedef struct {
    llm_arena_t    arena;
    llm_prices_t  *table;
    char           err[256];
} prices_t;


static inline void
prices_init(prices_t *t)
{
    llm_arena_init(&t->arena);
    t->err[0] = '\0';

    t->table = llm_prices_create(&t->arena.mem);
    assert_non_null(t->table);
}


static inline void
prices_free(prices_t *t)
{
    llm_prices_destroy(t->table);
    llm_arena_free(&t->arena);
}


static inline llm_str_t
prices_str(prices_t *t, const char *text)
{
    llm_str_t  s;

    s.len = strlen(text);
    s.data = llm_arena_copy(&t->arena, text, s.len);

    return s;
}


static inline int
prices_load(prices_t *t, const char *map)
{
    llm_str_t  s;

    s = prices_str(t, map);

    return llm_prices_load(t->table, s.data, s.len, t->err, sizeof(t->err));
}


/* a map with '...' in place of "...", which has to be right */

static inline void
prices_map(prices_t *t, const char *text)
{
    char  *p, map[1024];

    snprintf(map, sizeof(map), "%s", text);

    for (p = map; *p; p++) {
        if (*p == '\'') {
            *p = '"';
        }
    }

    if (prices_load(t, map) != LLM_OK) {
        fail_msg("%s: %s", text, t->err);
    }
}


static inline int
prices_add(prices_t *t, const char *model, const char *args)
{
    char       *p, *save, text[2048];
    unsigned    n;
    llm_str_t   name, a[PRICES_ARGS];

    name = prices_str(t, model);

    snprintf(text, sizeof(text), "%s", args);

    n = 0;

    for (p = strtok_r(text, " ", &save); p; p = strtok_r(NULL, " ", &save)) {
        assert_true(n < PRICES_ARGS);
        a[n++] = prices_str(t, p);
    }

    return llm_prices_add(t->table, &name, a, n, t->err, sizeof(t->err));
}


static inline const llm_price_t *
prices_find_of(prices_t *t, const char *model, const char *provider)
{
    llm_str_t  m, p;

    m = prices_str(t, model);
    p = prices_str(t, provider);

    return llm_prices_find(t->table, &m, &p);
}


static inline const llm_price_t *
prices_find(prices_t *t, const char *model)
{
    return prices_find_of(t, model, "");
}


/* the name of the row that is found, "-" for none */

static inline const char *
prices_name(prices_t *t, const char *model, const char *provider)
{
    const llm_price_t  *p;

    p = prices_find_of(t, model, provider);

    return p ? (const char *) p->model.data : "-";
}


/* a rate of a step, -1 where it is not listed */

static inline int64_t
prices_step(const llm_price_t *p, unsigned step, llm_tier_e tier,
    llm_rate_e rate)
{
    assert_true(step < p->nsteps);

    return p->steps[step].rates[tier] ? p->steps[step].rates[tier][rate] : -1;
}


/* terms of a tier, at no hour, anywhere */

static inline llm_price_terms_t
prices_terms(llm_tier_e tier)
{
    llm_price_terms_t  terms = { tier, LLM_GEO_GLOBAL, -1, NULL };

    return terms;
}


static inline int64_t
prices_cost(const llm_price_t *p, llm_tier_e tier, const llm_usage_t *u)
{
    llm_price_terms_t  terms;

    terms = prices_terms(tier);

    return llm_price_cost(p, &terms, u, NULL);
}


/* of a request that may use any kind of token */

static inline int64_t
prices_worst(const llm_price_t *p, llm_tier_e tier, int64_t input,
    int64_t output)
{
    llm_usage_t        most;
    llm_price_terms_t  terms;

    terms = prices_terms(tier);
    llm_usage_any(&most, input, output);

    return llm_price_worst(p, &terms, &most);
}


static inline int64_t
prices_fit(const llm_price_t *p, llm_tier_e tier, int64_t input,
    int64_t amount)
{
    llm_usage_t        most;
    llm_price_terms_t  terms;

    terms = prices_terms(tier);
    llm_usage_any(&most, input, 0);

    return llm_price_fit(p, &terms, &most, amount);
}


static inline char *
prices_read(const char *path, size_t *len)
{
    char  *text;
    FILE  *f;
    long   size;

    f = fopen(path, "rb");
    if (f == NULL) {
        return NULL;
    }

    assert_int_equal(fseek(f, 0, SEEK_END), 0);

    size = ftell(f);
    assert_true(size > 0);
    rewind(f);

    text = malloc(size);
    assert_non_null(text);

    *len = fread(text, 1, size, f);
    assert_int_equal(*len, size);

    fclose(f);

    return text;
}


/* the map that ships; tests run in the project's root */

static inline void
prices_load_shipped(prices_t *t)
{
    char    *text;
    size_t   len;

    text = prices_read("prices/prices.json", &len);
    assert_non_null(text);

    if (llm_prices_load(t->table, (unsigned char *) text, len, t->err,
                        sizeof(t->err))
        != LLM_OK)
    {
        fail_msg("%s", t->err);
    }

    free(text);
}


#endif /* _PRICE_FIXTURE_H_INCLUDED_ */
