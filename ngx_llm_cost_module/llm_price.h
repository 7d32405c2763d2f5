
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_PRICE_H_INCLUDED_
#define _LLM_PRICE_H_INCLUDED_


#include "llm_core.h"
#include "llm_usage.h"


/*
 * Prices.  A rate is pico-USD per token (0.15 USD per million tokens is
 * 150000) or per other unit, -1 where the row does not list it.  A cost is the
 * sum of units times rates in 128 bits, rounded up once to nano-USD.
 */

typedef enum {

    /* by the token */

    LLM_RATE_INPUT = 0,
    LLM_RATE_OUTPUT,
    LLM_RATE_CACHED_INPUT,
    LLM_RATE_CACHED_AUDIO,
    LLM_RATE_CACHED_IMAGE,
    LLM_RATE_CACHE_WRITE,
    LLM_RATE_CACHE_WRITE_1H,
    LLM_RATE_CACHE_WRITE_DAY,
    LLM_RATE_AUDIO_INPUT,
    LLM_RATE_IMAGE_INPUT,
    LLM_RATE_VIDEO_INPUT,
    LLM_RATE_REASONING,
    LLM_RATE_AUDIO_OUTPUT,
    LLM_RATE_IMAGE_OUTPUT,
    LLM_RATE_VIDEO_OUTPUT,
    LLM_RATE_CITATION,

    /* by the character, second, picture, page, call */

    LLM_RATE_INPUT_CHAR,
    LLM_RATE_OUTPUT_CHAR,
    LLM_RATE_AUDIO_INPUT_SECOND,
    LLM_RATE_VIDEO_INPUT_SECOND,
    LLM_RATE_AUDIO_OUTPUT_SECOND,
    LLM_RATE_VIDEO_OUTPUT_SECOND,
    LLM_RATE_REQUEST_SECOND,                    /* of a machine's time */
    LLM_RATE_INPUT_IMAGE,
    LLM_RATE_OUTPUT_IMAGE,
    LLM_RATE_INPUT_PIXEL,
    LLM_RATE_OUTPUT_PIXEL,
    LLM_RATE_PAGE,
    LLM_RATE_PAGE_ANNOTATED,
    LLM_RATE_QUERY,
    LLM_RATE_REQUEST,
    LLM_RATE_SEARCH_LOW,
    LLM_RATE_SEARCH_MEDIUM,
    LLM_RATE_SEARCH_HIGH,
    LLM_RATE_MAPS_QUERY,
    LLM_RATE_FILE_SEARCH,
    LLM_RATE_WEB_FETCH,
    LLM_RATE_CODE_SESSION,
    LLM_RATE_TOOL_CALL,

    LLM_RATE_N
} llm_rate_e;

#define LLM_RATE_UNITS       LLM_RATE_INPUT_CHAR   /* what follows the tokens */

/* "input", "cache_write_1h", ...: also the names of llm_price's parameters */

const llm_str_t *llm_rate_name(llm_rate_e rate);


/* surcharges on tokens, in units of 1/10000: 1.1 is 11000, 0 is none */

typedef enum {
    LLM_FACTOR_GEO_US = 0,                      /* inference_geo "us" */
    LLM_FACTOR_GEO_EU,
    LLM_FACTOR_FAST,                            /* speed "fast" */
    LLM_FACTOR_HOST_US,                         /* us., eu., gov. host names */
    LLM_FACTOR_HOST_EU,                         /* others: the dearer of two */
    LLM_FACTOR_HOST_GOV,
    LLM_FACTOR_REGION,                          /* any host but the global */
    LLM_FACTOR_LATER,                           /* from llm_price_t.later on */
    LLM_FACTOR_N
} llm_factor_e;

#define LLM_FACTOR_ONE       10000


#define LLM_PRICE_STEPS      4
#define LLM_PRICE_NAME_MAX   512     /* bytes of a model's name */

/* calls of a tool that a request may make without a bound: what is reserved */

#define LLM_PRICE_CALLS      8

/* seconds of a machine that are reserved where nothing bounds them */

#define LLM_PRICE_SECONDS    600


/* rates by tier: LLM_RATE_N of them, or NULL where the tier lists none */

typedef struct {
    int64_t          above;                     /* input tokens above N: */
    int64_t         *rates[LLM_TIER_N];         /* whole request moves */
} llm_price_step_t;


typedef struct llm_price_s        llm_price_t;
typedef struct llm_price_hours_s  llm_price_hours_t;   /* of lower rates */

struct llm_price_s {
    llm_str_t          model;                   /* the row's key */
    llm_str_t          provider;                /* litellm_provider, or empty */
    llm_str_t          vocabulary;              /* of base=, else empty */
    llm_str_t          mode;                    /* "chat", or empty */
    llm_str_t          source;                  /* where the row is from */
    llm_str_t          date;                    /* and of when, or empty */
    int64_t           *rates[LLM_TIER_N];
    llm_price_step_t  *steps;                   /* ascending; few rows have */
    unsigned           nsteps;
    llm_price_hours_t *hours;                   /* or NULL */
    int32_t            factors[LLM_FACTOR_N];
    int64_t            later;                   /* seconds since 1970 */
    int64_t            max_output;              /* tokens, -1 unknown */
    int64_t            max_input;               /* tokens, -1 unknown */
    llm_str_t          unread;                  /* a price that it lists and
                                                   nobody reads, or empty */
    unsigned           able;                    /* LLM_ABLE_*, as listed */
    unsigned           per_prompt:1;            /* searches: at most one */
};


/* what a row lists, -1 where it does not */

int64_t llm_price_rate(const llm_price_t *p, llm_tier_e tier, llm_rate_e rate);

/* the row charges pages, pictures, characters or seconds of a medium, and no
   tokens: a request of which these are not known has no price */

int llm_price_by_unit(const llm_price_t *p);


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
 * How many prices of the map that was loaded last are under keys that are not
 * known, and are not charged; text names the first few of these keys.
 */

#define LLM_PRICE_UNREAD     4
#define LLM_PRICE_UNREAD_LEN (LLM_PRICE_UNREAD * (64 + sizeof("\"\", ") - 1)  \
                              + sizeof("..."))

unsigned llm_prices_unread(const llm_prices_t *t,
    char text[LLM_PRICE_UNREAD_LEN]);

/*
 * Add one row of the configuration: model ("~regex" for an expression, "~*"
 * without case), arguments such as "base=gpt-4o-mini", "input=3.00" (USD per
 * million).  base= is looked up at once: maps are loaded before.
 */

int llm_prices_add(llm_prices_t *t, const llm_str_t *model,
    const llm_str_t *args, unsigned nargs, char *err, size_t errsize);


/* how a row was found */

typedef enum {
    LLM_MATCH_NONE = 0,
    LLM_MATCH_NAME,              /* the name as it is, perhaps less a prefix */
    LLM_MATCH_TUNED,             /* the base of a fine-tuned model */
    LLM_MATCH_REGION,            /* less Bedrock's "us." and the like */
    LLM_MATCH_UNDATED,           /* less its date */
    LLM_MATCH_LATEST,            /* the same and "-latest" */
    LLM_MATCH_REGEX
} llm_match_e;

const char *llm_match_name(llm_match_e match);      /* "undated" */


/*
 * The row of a model, or NULL: no price.  Names are tried in this order, the
 * first that has a row is taken:
 *
 *   1. the name;
 *   2. of a fine-tuned model "ft:BASE:...": "ft:BASE", as 1, 5 and 6 say;
 *   3. of a fine-tuned model: BASE, as 1, 5 and 6 say;
 *   4. of a name with a region in front as Bedrock writes it ("us.NAME"): the
 *      name without it, also in what follows;
 *   5. the name without its date or "-latest" (-2024-08-06, -20241022, -0613,
 *      @20240620, @latest, @default);
 *   6. the undated name and "-latest";
 *   7. expressions, in order of the configuration, on the name as it is.
 *
 * Each name of 1 to 6 is tried as PROVIDER/REGION/NAME, as PROVIDER/NAME, as
 * NAME, and then the same without what precedes its first, second, ... slash.
 * Of two rows of one name the configuration's wins over a map's, a later
 * map's over an earlier one's.  how may be NULL.
 */

const llm_price_t *llm_prices_look(const llm_prices_t *t,
    const llm_str_t *model, const llm_str_t *provider,
    const llm_str_t *region, llm_match_e *how);

/* the same, of no region */

const llm_price_t *llm_prices_find(const llm_prices_t *t,
    const llm_str_t *model, const llm_str_t *provider);


/* the row "(tools)" of a provider, by that very name: what it takes for calls
   of its own tools, or NULL */

const llm_price_t *llm_prices_tools(const llm_prices_t *t,
    const llm_str_t *provider);


/* every row with a name of its own, in no order; cursor starts at 0, NULL at
   the end */

const llm_price_t *llm_prices_next(const llm_prices_t *t, uint32_t *cursor);


/*
 * What was agreed when a request was admitted; it does not change later.  The
 * row of a host that has searches and other tools of its own for the models of
 * all makers stands beside that of the model: of its calls and the model's the
 * dearer holds.
 */

typedef struct {
    llm_tier_e         tier;     /* asked for */
    llm_geo_e          host;     /* of upstream's name: "eu.api.openai.com" */
    int64_t            when;     /* seconds since 1970, -1: no hour of lower
                                    rates, and no day before dearer ones */
    const llm_price_t *tools;    /* llm_prices_tools(), or NULL */
} llm_price_terms_t;


/* what a cost is made of, in pico-USD, each part rounded up by itself */

typedef struct {
    int64_t          parts[LLM_RATE_N];
} llm_price_parts_t;


/*
 * Nano-USD, or -1 where a rate that is needed is not listed, a needed counter
 * is unknown (of a part that is free it may be) or the sum is above
 * LLM_NANO_MAX.  A token is charged once: where parts overlap, the dearest are
 * charged first, up to the whole; parts at the whole's rate do not count.
 * The tier that the usage says goes before that of the terms.  parts may be
 * NULL.
 */

int64_t llm_price_cost(const llm_price_t *p, const llm_price_terms_t *terms,
    const llm_usage_t *u, llm_price_parts_t *parts);


/*
 * The most that a request can cost whose usage is nowhere above most: input
 * and output must be set; of any other figure 0 is "cannot be", -1 "may be,
 * and nobody knows how much": all tokens for a part of them, LLM_PRICE_CALLS
 * calls for a tool.  Every input token is taken at the dearest rate that is
 * left for it (steps included where input may pass them), likewise output, in
 * the dearer of this tier and the default one, which upstream may fall back
 * to (a batch never does).  At least what llm_price_cost() gives for any usage
 * within these numbers.
 *
 * -1 where a needed rate or number is unknown; a sum above LLM_NANO_MAX is
 * LLM_NANO_MAX + 1, which fits no limit.
 */

int64_t llm_price_worst(const llm_price_t *p, const llm_price_terms_t *terms,
    const llm_usage_t *most);

/*
 * The most output tokens whose worst case fits into the amount, in place of
 * those in most: INT64_MAX where any number does (output is free), -1 where
 * none fits or a rate is unknown.
 */

int64_t llm_price_fit(const llm_price_t *p, const llm_price_terms_t *terms,
    const llm_usage_t *most, int64_t amount);


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
