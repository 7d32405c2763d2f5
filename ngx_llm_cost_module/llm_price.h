
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


/* service tiers: a rate that a tier lacks is the default tier's */

typedef enum {
    LLM_TIER_DEFAULT = 0,
    LLM_TIER_FLEX,
    LLM_TIER_PRIORITY,
    LLM_TIER_BATCH,
    LLM_TIER_N
} llm_tier_e;


#define LLM_PRICE_STEPS      4

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
    llm_price_step_t  steps[LLM_PRICE_STEPS];   /* ascending */
    unsigned          nsteps;
    int64_t           max_output;               /* tokens, -1 unknown */
    int64_t           max_input;                /* tokens, -1 unknown */
};


typedef struct llm_prices_s  llm_prices_t;      /* opaque: table and regexes */

llm_prices_t *llm_prices_create(llm_mem_t *mem);

/* frees what does not live in mem (regular expressions) */

void llm_prices_destroy(llm_prices_t *t);

/*
 * Add a map in LiteLLM's format; later rows replace earlier ones key by key.
 * LLM_OK, LLM_BAD (err: "line 3: …"), LLM_ERROR.
 */

int llm_prices_load(llm_prices_t *t, const unsigned char *json, size_t len,
    char *err, size_t errsize);

/*
 * Add one row of the configuration: model ("~regex" for an expression),
 * arguments such as "base=gpt-4o-mini", "input=3.00" (USD per million).
 */

int llm_prices_add(llm_prices_t *t, const llm_str_t *model,
    const llm_str_t *args, unsigned nargs, char *err, size_t errsize);

/*
 * The row of a model: exact, provider prefixes tried and stripped, a dated
 * name (-2024-08-06, -20241022, -0613, @date, -latest) falls back to the undated,
 * "ft:" to its base, then expressions in order.  NULL: no price.
 */

const llm_price_t *llm_prices_find(const llm_prices_t *t,
    const llm_str_t *model, const llm_str_t *provider);

/* nano-USD, or -1 where a rate that is needed is not listed or it overflows */

int64_t llm_price_cost(const llm_price_t *p, llm_tier_e tier,
    const llm_usage_t *u);

/*
 * The most that this many tokens can cost: every input token at the dearest
 * input rate of the row (steps included where input may pass them), every
 * output token at the dearest output rate, in the dearest tier that can apply.
 */

int64_t llm_price_worst(const llm_price_t *p, llm_tier_e tier, int64_t input,
    int64_t output);

/* the most output tokens whose worst case fits into the amount; -1: none */

int64_t llm_price_fit(const llm_price_t *p, llm_tier_e tier, int64_t input,
    int64_t amount);


/* money as text */

#define LLM_USD_LEN          (sizeof("-9223372036.854775807") - 1)

/* nine places and no exponent: "0.000123000"; returns the length */

size_t llm_usd_print(unsigned char *buf, int64_t nano);

/* for people: at least two places, "1.00", "0.998", "0.000000375" */

size_t llm_usd_print_short(unsigned char *buf, int64_t nano);

/* "50", "0.5", "1000.000000001" -> nano-USD; LLM_BAD, LLM_LIMIT */

int llm_usd_parse(const unsigned char *p, size_t len, int64_t *nano);


#endif /* _LLM_PRICE_H_INCLUDED_ */
