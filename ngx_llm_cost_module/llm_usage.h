
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_USAGE_H_INCLUDED_
#define _LLM_USAGE_H_INCLUDED_


#include "llm_core.h"


/*
 * Service tiers: a rate that a tier lacks is the default tier's; a batch rate
 * that is not listed is half of the default tier's.
 */

typedef enum {
    LLM_TIER_DEFAULT = 0,
    LLM_TIER_FLEX,
    LLM_TIER_PRIORITY,
    LLM_TIER_ULTRAFAST,
    LLM_TIER_BATCH,
    LLM_TIER_DECISION,        /* by what is asked for, no answer names it */
    LLM_TIER_N
} llm_tier_e;


/*
 * A tier by the names that requests and answers use: "flex", "priority",
 * "fast" (which is priority), "ultrafast", "batch", and Gemini's traffic types
 * "FLEX", "BATCH", "ON_DEMAND_PRIORITY", ...; anything else, "auto" included,
 * is the default tier.
 */

llm_tier_e llm_tier_find(const llm_str_t *name);


/* where a request is processed, as far as prices know places */

typedef enum {
    LLM_GEO_GLOBAL = 0,       /* anywhere, which has no surcharge */
    LLM_GEO_US,
    LLM_GEO_EU,
    LLM_GEO_OTHER,            /* a region of its own: Vertex's, Bedrock's */
    LLM_GEO_GOV,              /* what is allowed to the US government */
    LLM_GEO_N
} llm_geo_e;

/* "us", "eu", "gov", "us-east-1", ...; "global", "not_available", "": global */

llm_geo_e llm_geo_find(const llm_str_t *name);


/* how much a web search reads: its price goes by that */

typedef enum {
    LLM_SEARCH_LOW = 0,
    LLM_SEARCH_MEDIUM,
    LLM_SEARCH_HIGH,
    LLM_SEARCH_N
} llm_search_e;

/* "low", "high"; anything else is the usual "medium" */

llm_search_e llm_search_find(const llm_str_t *name);


/*
 * What an answer says it used, in one meaning for every provider.
 *
 * All figures are int64_t, and -1 is "not said", which never counts as 0: a
 * dialect fills in what it reads and leaves the rest.  Explicit 0 is 0.
 *
 *   input    all input tokens: cached, written, audio, image, video ones and
 *            those that tools brought in are inside;
 *   output   all output tokens: reasoning, audio, image, video ones are inside.
 *
 * A provider whose counters exclude one another is turned into this form by
 * its dialect: of Anthropic input is input_tokens + cache_creation_ +
 * cache_read_input_tokens; of Gemini output is candidates + thoughts, and
 * input is prompt + toolUsePrompt.
 *
 * Parts are divisions of a whole, which need not add up to it.  Input is
 * divided in two independent ways: by what the provider's cache did with it
 * (cached, written for 5 minutes, an hour, a day: these exclude each other)
 * and by what it is (audio, image, video, text for what is left: these too).
 * The cached_ figures of a kind are where the two ways overlap, inside both
 * cached_input and the kind's own figure; -1 there is "nobody knows how much",
 * and then the dearer rate counts.
 *
 * What is not a token (from input_chars on) stands beside the tokens and is no
 * part of them: it is charged where the price list has a rate for it.
 */

typedef struct {
    int64_t          input;
    int64_t          output;

    /* parts of input by what the provider's cache did */
    int64_t          cached_input;        /* read from it, of every kind */
    int64_t          cache_write;         /* for 5 minutes, or nobody says */
    int64_t          cache_write_1h;
    int64_t          cache_write_day;     /* for more than 12 hours */

    /* parts of input by what they are, cached ones included */
    int64_t          audio_input;
    int64_t          image_input;
    int64_t          video_input;

    /* parts of cached_input and of the three above */
    int64_t          cached_audio;
    int64_t          cached_image;
    int64_t          cached_video;

    /* parts of output */
    int64_t          reasoning;
    int64_t          audio_output;
    int64_t          image_output;
    int64_t          video_output;

    /*
     * Tokens that a provider's own orchestration used (OpenAI names them in
     * the details of Responses).  They are not inside input and output, and
     * are charged like those: providers do not say otherwise.
     */
    int64_t          orch_input;
    int64_t          orch_cached;         /* part of orch_input */
    int64_t          orch_output;

    /* beside the tokens: what is charged by something else */
    int64_t          input_chars;         /* characters, of speech and old
                                             Vertex models */
    int64_t          output_chars;
    int64_t          audio_input_ms;      /* milliseconds */
    int64_t          video_input_ms;
    int64_t          audio_output_ms;
    int64_t          video_output_ms;
    int64_t          images_in;           /* pictures */
    int64_t          images_out;
    int64_t          pixels_in;           /* of all pictures together */
    int64_t          pixels_out;
    int64_t          pages;               /* of documents: OCR */
    int64_t          pages_annotated;     /* of these pages, with annotation */
    int64_t          queries;             /* rerank: search units */

    /* calls of tools that the provider ran */
    int64_t          searches;            /* of the web */
    int64_t          maps_queries;        /* grounding with maps */
    int64_t          file_searches;
    int64_t          web_fetches;
    int64_t          code_sessions;       /* containers, code execution */
    int64_t          tool_calls;          /* any other */
    int64_t          citation_tokens;     /* Perplexity's; not inside input */

    /* of a machine that is paid by the hour: -1 is the time until upstream
       has answered */
    int64_t          request_ms;

    /* how it was processed; one of the enumerations above, or -1 */
    int64_t          search_size;         /* llm_search_e */
    int64_t          tier;                /* llm_tier_e, batch among them */
    int64_t          geo;                 /* llm_geo_e */
    int64_t          fast;                /* 1: at a speed that costs more */

    int64_t          reported_cost;       /* nano-USD that upstream names */
} llm_usage_t;


#define LLM_USAGE_FIELDS     (sizeof(llm_usage_t) / sizeof(int64_t))

#define LLM_USAGE_INIT                                                        \
    { -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,         \
      -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,         \
      -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1 }


/*
 * Usage that is billed beside that of the answer, at the price of its own
 * model: Anthropic's advisor.  An empty model is that of the answer.
 */

typedef struct llm_usage_item_s  llm_usage_item_t;

struct llm_usage_item_s {
    llm_usage_item_t *next;
    llm_str_t         model;
    llm_usage_t       usage;
};


/* the most of a kind that is taken for true: a greater figure is a fault */

#define LLM_USAGE_MAX        1000000000000LL


/* no tokens, and nothing beside them that is charged by itself: 1 */

int llm_usage_nothing(const llm_usage_t *u);

/* every field that from names replaces that of to: the last one said wins */

void llm_usage_merge(llm_usage_t *to, const llm_usage_t *from);

/* to += from, field by field; what only one of them says is taken from it.
   How a request was processed is not added up but merged. */

void llm_usage_add(llm_usage_t *to, const llm_usage_t *from);

/*
 * The most that a request can use, for llm_price_worst(): of one that may use
 * any kind of token that its model has a rate for, and nothing beside tokens;
 * and of plain text, whose input may be read from a cache and whose output may
 * be reasoning, but nothing else: whoever reads a request adds what it brings.
 */

void llm_usage_any(llm_usage_t *most, int64_t input, int64_t output);
void llm_usage_text(llm_usage_t *most, int64_t input, int64_t output);

/*
 * Pages that each search is charged beside itself, as if they were read; calls
 * are those of a tool whose number nothing bounds.
 */

void llm_usage_pages(llm_usage_t *u, int64_t pages, int64_t calls);

/*
 * Bring what a provider said into a form that can be priced: a part is never
 * larger than its whole, nothing is negative.  Returns 1 if it had to change
 * anything (the caller marks the usage as contradictory), else 0.
 */

int llm_usage_normalize(llm_usage_t *u);


#endif /* _LLM_USAGE_H_INCLUDED_ */
