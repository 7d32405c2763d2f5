
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_PRICE_H_INCLUDED_
#define _LLM_PRICE_H_INCLUDED_


#include "llm_core.h"
#include "llm_usage.h"


/*
 * Prices.  A rate is pico-USD per token (0.15 USD per million tokens is
 * 150000), -1 where the row does not list it.  A cost is the sum of tokens
 * times rates in 128 bits, rounded up once to nano-USD.
 */

typedef enum {
    LLM_RATE_INPUT = 0,
    LLM_RATE_OUTPUT,
    LLM_RATE_CACHED_INPUT,
    LLM_RATE_CACHE_WRITE,
    LLM_RATE_CACHE_WRITE_1H,
    LLM_RATE_AUDIO_INPUT,
    LLM_RATE_IMAGE_INPUT,
    LLM_RATE_REASONING,
    LLM_RATE_AUDIO_OUTPUT,
    LLM_RATE_IMAGE_OUTPUT,
    LLM_RATE_N
} llm_rate_e;


#define LLM_PRICE_STEPS      4
#define LLM_PRICE_NAME_MAX   512     /* bytes of a model's name */

typedef struct {
    int64_t          above;                     /* input tokens above N: */
    int64_t          rates[LLM_TIER_N][LLM_RATE_N];  /* whole request moves */
} llm_price_step_t;


typedef struct llm_price_s  llm_price_t;

struct llm_price_s {
    llm_str_t         model;                    /* the row's key */
    llm_str_t         provider;                 /* litellm_provider, or empty */
    llm_str_t         vocabulary;               /* of base=, else empty */
    int64_t           rates[LLM_TIER_N][LLM_RATE_N];
    llm_price_step_t *steps;                    /* ascending; few rows have */
    unsigned          nsteps;
    int64_t           max_output;               /* tokens, -1 unknown */
    int64_t           max_input;                /* tokens, -1 unknown */
    unsigned          able;                     /* LLM_ABLE_*, as listed */
};


typedef struct llm_prices_s  llm_prices_t;      /* opaque: table and regexes */

llm_prices_t *llm_prices_create(llm_mem_t *mem);

/* frees what does not live in mem: regular expressions, if there are any; the
   rows stay */

void llm_prices_destroy(llm_prices_t *t);

/*
 * Add a map in LiteLLM's format.  A row replaces the whole row of the same
 * model of an earlier map (rates of two lists are never mixed), but not one of
 * the configuration.  A row without usable rates is kept for its limits.
 * LLM_OK, LLM_BAD (err: "line 3: ..."), LLM_ERROR; after a failure the table
 * may hold some of the rows and is of no use.
 */

int llm_prices_load(llm_prices_t *t, const unsigned char *json, size_t len,
    char *err, size_t errsize);

/*
 * Add one row of the configuration: model ("~regex" for an expression, "~*"
 * without case), arguments such as "base=gpt-4o-mini", "input=3.00" (USD per
 * million).  base= is looked up at once: maps are loaded before.
 */

int llm_prices_add(llm_prices_t *t, const llm_str_t *model,
    const llm_str_t *args, unsigned nargs, char *err, size_t errsize);

/*
 * The row of a model, or NULL: no price.  Names are tried in this order, the
 * first that has a row is taken:
 *
 *   1. the name;
 *   2. of a fine-tuned model "ft:BASE:...": "ft:BASE", as 1, 4 and 5 say;
 *   3. of a fine-tuned model: BASE, as 1, 4 and 5 say;
 *   4. the name without its date or "-latest" (-2024-08-06, -20241022, -0613,
 *      @20240620, @latest, @default);
 *   5. the undated name and "-latest";
 *   6. expressions, in order of the configuration, on the name as it is.
 *
 * Each name of 1 to 5 is tried as PROVIDER/NAME, as NAME, and then the same
 * without what precedes its first, second, ... slash.  Of two rows of one name
 * the configuration's wins over a map's, a later map's over an earlier one's.
 */

const llm_price_t *llm_prices_find(const llm_prices_t *t,
    const llm_str_t *model, const llm_str_t *provider);

/*
 * Nano-USD, or -1 where a rate that is needed is not listed, a needed counter
 * is unknown (of a part that is free it may be) or the sum is above
 * LLM_NANO_MAX.  A token is charged once: where parts overlap, the dearest are
 * charged first, up to the whole; parts at the whole's rate do not count.
 */

int64_t llm_price_cost(const llm_price_t *p, llm_tier_e tier,
    const llm_usage_t *u);

/*
 * The most that this many tokens can cost: every input token at the dearest
 * input rate of the row (steps included where input may pass them), every
 * output token at the dearest output rate, in the dearer of this tier and the
 * default one, which upstream may fall back to (a batch never does).  At least
 * what llm_price_cost() gives for any usage within these numbers.
 *
 * -1 where a needed rate or number is unknown; a sum above LLM_NANO_MAX is
 * LLM_NANO_MAX + 1, which fits no limit.
 */

int64_t llm_price_worst(const llm_price_t *p, llm_tier_e tier, int64_t input,
    int64_t output);

/*
 * The most output tokens whose worst case fits into the amount: INT64_MAX
 * where output is free, -1 where none fits or a rate is unknown.
 */

int64_t llm_price_fit(const llm_price_t *p, llm_tier_e tier, int64_t input,
    int64_t amount);


/* money as text */

#define LLM_USD_LEN          (sizeof("-9223372036.854775807") - 1)

/* nine places and no exponent: "0.000123000"; returns the length */

size_t llm_usd_print(unsigned char *buf, int64_t nano);

/* for people: at least two places, "1.00", "0.998", "0.000000375" */

size_t llm_usd_print_short(unsigned char *buf, int64_t nano);

/*
 * "50", "0.5", "1000.000000001" -> nano-USD.  LLM_BAD: no decimal number, a
 * sign, an exponent, more than nine places; LLM_LIMIT: above LLM_NANO_MAX.
 */

int llm_usd_parse(const unsigned char *p, size_t len, int64_t *nano);


#endif /* _LLM_PRICE_H_INCLUDED_ */
