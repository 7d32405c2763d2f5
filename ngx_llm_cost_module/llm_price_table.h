
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
#include "llm_window.h"


/* 1000 USD per token or other unit, 100 times the price: anything above is a
   mistake, and sums stay in 128 bits */

#define LLM_PRICE_RATE_MAX   1000000000000000LL
#define LLM_PRICE_SCALE      12          /* USD to pico-USD */
#define LLM_PRICE_FACTOR_SCALE  4
#define LLM_PRICE_FACTOR_MAX (100 * LLM_FACTOR_ONE)

#define LLM_PRICE_HOURS      16          /* windows of lower rates in a row */


/* hours of lower rates: a window is minutes of a UTC day, start < end; days
   are bits of a week that begins on Monday, in the row's own zone */

typedef struct {
    unsigned              start;
    unsigned              end;
    unsigned              days;
} llm_price_window_t;

struct llm_price_hours_s {
    int64_t              *rates;      /* LLM_RATE_N, -1: not lower */
    const llm_zone_t     *zone;       /* for weekdays, NULL: UTC */
    unsigned              n;
    llm_price_window_t    windows[LLM_PRICE_HOURS];
};

/* a second since 1970 is in one of the windows */

int llm_price_hours_open(const llm_price_hours_t *h, int64_t when);


typedef struct {
    llm_price_t           price;
    unsigned              map;        /* number of its map, 0: configuration */
    unsigned              alias:1;    /* of another row */
} llm_price_row_t;


typedef struct llm_price_regex_s  llm_price_regex_t;

struct llm_price_regex_s {
    llm_price_regex_t    *next;
    pcre2_code           *code;       /* PCRE2's own memory */
    llm_price_t           price;
};


typedef struct {
    unsigned              n;
    unsigned              named;
    llm_str_t             names[LLM_PRICE_UNREAD];
    unsigned              more:1;     /* names than these */
} llm_price_unread_t;


struct llm_prices_s {
    llm_mem_t             mem;

    llm_price_row_t     **slots;      /* open addressing, at most half full */
    size_t                size;       /* a power of two */
    size_t                n;
    unsigned              maps;       /* loaded so far */
    llm_price_unread_t    unread;     /* of the last one */

    llm_price_regex_t    *regex;
    llm_price_regex_t   **regex_last;
    pcre2_match_data     *match;
    pcre2_match_context  *limits;
};


/* a rate by its name, USD per 10^per units; arrays end with an empty name */

typedef struct {
    llm_str_t             name;
    llm_rate_e            rate;
    int                   per;
} llm_price_name_t;

typedef struct {
    llm_rate_e            rate;
    llm_tier_e            tier;
    int64_t               above;      /* 0: not a step */
    int                   per;
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

/* LLM_RATE_N rates, none of them listed; NULL: no memory */

int64_t *llm_price_block(llm_prices_t *t);

/*
 * Rates that stand for what a row leaves out: tokens cost nothing where other
 * units are what is charged.
 */

int llm_price_complete(llm_prices_t *t, llm_price_t *p);

/*
 * The rates of a request of so many input tokens: one after the other from
 * hours of lower rates, the step's tier, the step, the row's tier, the row,
 * and then that of its whole.  -1 where nothing lists one.
 */

const llm_price_step_t *llm_price_step(const llm_price_t *p, int64_t input);

void llm_price_rates(const llm_price_t *p, const llm_price_step_t *step,
    const llm_price_terms_t *terms, llm_tier_e tier, int64_t r[LLM_RATE_N]);

/* surcharges as one factor; geo and fast of a usage, -1: none; worst: whatever
   may apply where they are -1 */

/* searches are charged at most once */

int llm_price_once(const llm_price_t *p, const llm_price_terms_t *terms);

int64_t llm_price_factor(const llm_price_t *p, const llm_price_terms_t *terms,
    const llm_usage_t *u, int worst);

/*
 * A row whose model is "~" or "~*" and an expression; LLM_BAD: err says what is
 * wrong with that.
 */

int llm_price_regex_add(llm_prices_t *t, const llm_price_t *price, char *err,
    size_t errsize);

/* an empty row, everything unknown */

void llm_price_init(llm_price_t *p);

/* to gets its own of whatever is behind a pointer and may change */

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

/* anything unprintable as "?" */

void llm_price_printable(char *text);

/* error text of at most errsize bytes, likewise */

int llm_price_error(char *err, size_t errsize, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));


#endif /* _LLM_PRICE_TABLE_H_INCLUDED_ */
