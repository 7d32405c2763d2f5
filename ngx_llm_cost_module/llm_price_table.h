
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_PRICE_TABLE_H_INCLUDED_
#define _LLM_PRICE_TABLE_H_INCLUDED_


/*
 * What the files of llm_price share: the table, and how the name of a rate is
 * read.  Nobody else includes this.
 */

#define PCRE2_CODE_UNIT_WIDTH  8
#include <pcre2.h>

#include "llm_price.h"


/* 1000 USD per token: anything above is a mistake, and sums stay in 128 bits */

#define LLM_PRICE_RATE_MAX   1000000000000000LL


typedef struct {
    llm_price_t           price;
    unsigned              map;        /* number of its map, 0: configuration */
} llm_price_row_t;


typedef struct llm_price_regex_s  llm_price_regex_t;

struct llm_price_regex_s {
    llm_price_regex_t    *next;
    pcre2_code           *code;       /* PCRE2's own memory */
    llm_price_t           price;
};


struct llm_prices_s {
    llm_mem_t             mem;

    llm_price_row_t     **slots;      /* open addressing, at most half full */
    size_t                size;       /* a power of two */
    size_t                n;
    unsigned              maps;       /* loaded so far */

    llm_price_regex_t    *regex;
    llm_price_regex_t   **regex_last;
    pcre2_match_data     *match;
    pcre2_match_context  *limits;
};


/* a rate by its name; arrays end with an empty name */

typedef struct {
    llm_str_t             name;
    llm_rate_e            rate;
} llm_price_name_t;

typedef struct {
    llm_rate_e            rate;
    llm_tier_e            tier;
    int64_t               above;      /* 0: not a step */
} llm_price_key_t;


/*
 * NAME[_above_N[k][_tokens]][_TIER] -> key; LLM_DECLINED: not a rate.  Whole
 * and exact, so that a key which means something else is never half read.
 */

int llm_price_key(const llm_price_name_t *names, const llm_str_t *text,
    llm_price_key_t *key);

/* where a key's rate is kept; LLM_LIMIT: too many steps; LLM_ERROR */

int llm_price_slot(llm_prices_t *t, llm_price_t *p,
    const llm_price_key_t *key, int64_t **slot);

/* an empty row, everything unknown */

void llm_price_init(llm_price_t *p);

/* steps are the only thing that rows could share: to gets its own */

int llm_price_copy(llm_prices_t *t, llm_price_t *to, const llm_price_t *from);

/* copies text into the table's memory */

int llm_prices_text(llm_prices_t *t, llm_str_t *to, const llm_str_t *from);

/* the row of exactly this name, or NULL */

llm_price_row_t *llm_prices_get(const llm_prices_t *t, const llm_str_t *name);

/*
 * Put a row, its strings in the table's memory, in place of one of the same
 * name; map is 0 for the configuration.  LLM_DECLINED: the configuration has
 * that name, or the same map; LLM_ERROR.
 */

int llm_prices_put(llm_prices_t *t, const llm_price_t *p, unsigned map);

/* error text of at most errsize bytes, anything unprintable as "?" */

int llm_price_error(char *err, size_t errsize, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));


#endif /* _LLM_PRICE_TABLE_H_INCLUDED_ */
