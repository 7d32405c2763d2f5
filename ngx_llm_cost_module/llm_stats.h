
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_STATS_H_INCLUDED_
#define _LLM_STATS_H_INCLUDED_


/*
 * Usage statistics in one region of memory that all workers map: what the
 * summary, the metrics, the list of models and the alerts are made of.  Like
 * the ledger it holds offsets and indices only, takes its own robust lock in
 * every call, and changes through a redo record; it allocates nothing.
 *
 * Memory is fixed, and so is the time of a call.  Totals by clock hour are
 * exact and kept for LLM_STATS_HOURS.  By model, provider, endpoint and tag
 * value there are rows by hour, by user rows by UTC day for at most
 * LLM_STATS_USERS users.  Where the room for rows ends, those of the oldest
 * hours go first, and new names of the present hour are left out.  What no
 * row has is reported as "other", which is the total less the rows: the sum
 * over names is always the exact total.
 *
 * When a user comes who is one too many for the day, one that spent least
 * among a few drawn at random goes into "other": a thousand invented users
 * cannot hide who really spends.
 */

#include "llm_core.h"
#include "llm_ledger.h"


#define LLM_STATS_HOURS      744
#define LLM_STATS_USERS      1000     /* a day; fewer in a small region */
#define LLM_STATS_LABEL      64       /* longer ones end in "~" and a hash */
#define LLM_STATS_TAGS       8
#define LLM_STATS_CODE       32       /* bytes of a refusal's code */
#define LLM_STATS_ALERTS     256
#define LLM_STATS_SETS       256      /* of metric labels */
#define LLM_STATS_CALLS      128      /* the same, of histograms */
#define LLM_STATS_BUCKETS    15       /* the last one is what is above */
#define LLM_STATS_TOP        64       /* users, and values of tags, that the
                                         metrics name */
#define LLM_STATS_TEXT       160      /* bytes of an alert's text */


typedef struct llm_stats_s  llm_stats_t;     /* the region itself */


/* llm_stats_create needs this much at least */

#define LLM_STATS_SIZE_MIN   (112 * 1024)

/* mem is aligned to 16; NULL: too small */

llm_stats_t *llm_stats_create(void *mem, size_t size);
llm_stats_t *llm_stats_attach(void *mem, size_t size, const char **err);


typedef enum {
    LLM_STATS_CACHE_NONE = 0,         /* the cache is off */
    LLM_STATS_CACHE_HIT,
    LLM_STATS_CACHE_MISS,
    LLM_STATS_CACHE_BYPASS
} llm_stats_cache_e;


/* what was asked for; llm_stats_operation() names it */

typedef enum {
    LLM_STATS_OP_OTHER = 0,
    LLM_STATS_OP_CHAT,
    LLM_STATS_OP_GENERATE,
    LLM_STATS_OP_COMPLETION,
    LLM_STATS_OP_EMBEDDINGS,
    LLM_STATS_OP_IMAGES,
    LLM_STATS_OP_SPEECH,
    LLM_STATS_OP_TRANSCRIPTION,
    LLM_STATS_OP_MODERATION,
    LLM_STATS_OP_RERANK,
    LLM_STATS_OP_OCR,
    LLM_STATS_OP_BATCH,
    LLM_STATS_OP_N
} llm_stats_op_e;

const char *llm_stats_operation(unsigned op);


/*
 * Values by size, each bucket without those below it.  The upper bounds of
 * the buckets: tokens 4^i, milliseconds 10 * 2^i (both as OpenTelemetry's
 * conventions for GenAI have them), microseconds 20 * 2^i; of the last one
 * none.
 */

typedef struct {
    int64_t            buckets[LLM_STATS_BUCKETS];
    int64_t            sum;
} llm_stats_hist_t;

void llm_stats_hist_tokens(llm_stats_hist_t *h, int64_t n);
void llm_stats_hist_ms(llm_stats_hist_t *h, int64_t ms);
void llm_stats_hist_us(llm_stats_hist_t *h, int64_t us);


/* one request at its end; -1 is unknown, strings are read during the call */

typedef struct {
    int64_t            time;          /* UTC seconds */
    llm_str_t          provider;
    llm_str_t          model;
    llm_str_t          endpoint;
    llm_str_t          user;
    llm_str_t          tag_names[LLM_STATS_TAGS];
    llm_str_t          tag_values[LLM_STATS_TAGS];
    unsigned           ntags;
    int64_t            input;         /* tokens, cached ones included */
    int64_t            cached;
    int64_t            output;        /* reasoning included */
    int64_t            reasoning;
    int64_t            cost;          /* nano-USD */
    int64_t            saved;         /* by a hit */
    llm_stats_cache_e  cache;
    unsigned           called:1;      /* upstream was asked */
    unsigned           lost:1;        /* ... and its answer broke off */
    unsigned           status;        /* of the answer, 200 .. 599 */
    llm_stats_op_e     operation;
    int64_t            duration;      /* ms, from sending it to the last byte */
    int64_t            first_chunk;   /* ms, from sending it; of a stream */
    int64_t            overhead;      /* us that it waited for this module */
    const llm_stats_hist_t  *chunks;  /* ms between those of a stream or NULL */
} llm_stats_event_t;

void llm_stats_add(llm_stats_t *st, const llm_stats_event_t *e);


/* totals of clock hours [from, to), hours since 1970 */

typedef struct {
    int64_t            count;
    int64_t            input;
    int64_t            cached;
    int64_t            output;
    int64_t            reasoning;
    int64_t            cost;
    int64_t            saved;
    int64_t            hits;
    int64_t            misses;
    int64_t            calls;         /* upstream was asked */
    int64_t            unpriced;      /* requests of unknown cost */
} llm_stats_totals_t;

void llm_stats_totals(llm_stats_t *st, int64_t from, int64_t to,
    llm_stats_totals_t *totals);


/*
 * The same by name, dearest first, "other" last where it is not empty.  By
 * user, hours are widened to whole UTC days.  tag: the name, for LLM_STATS_TAG
 * (what has no such tag is in "other").  only: this name alone, or NULL.  The
 * array comes from mem.  LLM_OK or LLM_ERROR.
 */

typedef enum {
    LLM_STATS_MODEL = 0,
    LLM_STATS_PROVIDER,
    LLM_STATS_ENDPOINT,
    LLM_STATS_TAG,
    LLM_STATS_USER,
    LLM_STATS_DIM_N
} llm_stats_dim_e;

typedef struct {
    unsigned char      name[LLM_STATS_LABEL];
    uint8_t            len;
    unsigned           other:1;       /* name is "other" */
    int64_t            count;
    int64_t            input;
    int64_t            output;
    int64_t            cost;
} llm_stats_row_t;

int llm_stats_query(llm_stats_t *st, llm_mem_t *mem, llm_stats_dim_e dim,
    const llm_str_t *tag, const llm_str_t *only, int64_t from, int64_t to,
    llm_stats_row_t **rows, size_t *n);


/*
 * Counters since the region was made, which only grow.  By provider, model
 * and class of status (2 is 200 .. 299) for LLM_STATS_SETS sets, the first to
 * come; the rest in one set named "other", class 0.
 */

typedef struct {
    unsigned char      provider[LLM_STATS_LABEL];
    unsigned char      model[LLM_STATS_LABEL];
    uint8_t            provider_len;
    uint8_t            model_len;
    uint8_t            status_class;
    unsigned           other:1;
    int64_t            count;
    int64_t            input;
    int64_t            output;
    int64_t            cost;
} llm_stats_set_t;

/* cursor starts at 0; LLM_OK, or LLM_DECLINED at the end */

int llm_stats_next_set(llm_stats_t *st, uint32_t *cursor,
    llm_stats_set_t *set);

/*
 * Requests that went upstream, by provider, model and operation: what they
 * used, how long they took, and how their streams ran.  Where one ended in an
 * error its duration is in a set of its own, with the status or, for an answer
 * that broke off, LLM_STATS_LOST.  As with the sets, the first ones to come
 * have names.
 */

#define LLM_STATS_LOST       1

typedef enum {
    LLM_STATS_HIST_INPUT = 0,         /* tokens */
    LLM_STATS_HIST_OUTPUT,
    LLM_STATS_HIST_DURATION,          /* ms */
    LLM_STATS_HIST_FIRST,
    LLM_STATS_HIST_CHUNK,
    LLM_STATS_HIST_N
} llm_stats_hist_e;

typedef struct {
    unsigned char      provider[LLM_STATS_LABEL];
    unsigned char      model[LLM_STATS_LABEL];
    uint8_t            provider_len;
    uint8_t            model_len;
    uint8_t            operation;
    uint8_t            other;
    uint16_t           error;         /* 0: none */
    llm_stats_hist_t   hists[LLM_STATS_HIST_N];
} llm_stats_calls_t;

int llm_stats_next_calls(llm_stats_t *st, uint32_t *cursor,
    llm_stats_calls_t *calls);

/* microseconds that requests waited before they went on, of all of them */

void llm_stats_overhead(llm_stats_t *st, llm_stats_hist_t *h);


/*
 * The LLM_STATS_TOP users, and values of tags, that spent most, by the
 * Space-Saving algorithm: one that has no place takes that of the one that
 * spent least, which goes into "other", and is taken to have spent as much
 * before.  A row holds what was spent since its name got its place, so that
 * rows and "other" always add up to the total, none ever has more than was
 * spent, and what is missing is at most the total divided by the places;
 * llm_stats_missed() is the bound that holds now.
 *
 * Of tags there are LLM_STATS_TAGS names; values of more are in one "other"
 * of the tag "other".
 */

typedef struct {
    unsigned char      tag[LLM_STATS_LABEL];
    unsigned char      name[LLM_STATS_LABEL];
    uint8_t            tag_len;       /* 0: a user */
    uint8_t            name_len;
    uint8_t            other;
    int64_t            count;
    int64_t            input;
    int64_t            output;
    int64_t            cost;
} llm_stats_top_t;

/* dim is LLM_STATS_USER or LLM_STATS_TAG */

int llm_stats_next_top(llm_stats_t *st, llm_stats_dim_e dim,
    uint32_t *cursor, llm_stats_top_t *top);
int64_t llm_stats_missed(llm_stats_t *st, llm_stats_dim_e dim);

/* all requests since then; what is in the sets and more */

void llm_stats_lifetime(llm_stats_t *st, llm_stats_totals_t *totals);

/* refusals by code; the same, for the first 31 codes and "other" */

void llm_stats_refuse(llm_stats_t *st, const llm_str_t *code);

typedef struct {
    unsigned char      code[LLM_STATS_CODE];
    uint8_t            len;
    int64_t            count;
} llm_stats_refusal_t;

int llm_stats_next_refusal(llm_stats_t *st, uint32_t *cursor,
    llm_stats_refusal_t *refusal);

/* other things that are counted */

typedef enum {
    LLM_STATS_STORE_ERRORS = 0,       /* operations that failed */
    LLM_STATS_STORE_TIMEOUTS,
    LLM_STATS_STORE_CHANGES,          /* of its state, up or down */
    LLM_STATS_CACHE_ERRORS,
    LLM_STATS_ALERT_WARNINGS,         /* counted by llm_alert_add() */
    LLM_STATS_ALERT_ERRORS,
    LLM_STATS_COUNTER_N
} llm_stats_counter_e;

void llm_stats_count(llm_stats_t *st, llm_stats_counter_e counter, int64_t n);
int64_t llm_stats_counter(llm_stats_t *st, llm_stats_counter_e counter);


/* the last LLM_STATS_ALERTS alerts (fewer in a small region) */

typedef struct {
    int64_t            time;
    int64_t            start;         /* of the window */
    int64_t            end;
    int64_t            spent;
    int64_t            limit;
    llm_unit_e         unit;
    llm_period_e       period;
    uint8_t            error;         /* else a warning */
    uint8_t            threshold;     /* percent */
    uint8_t            budget_len;
    uint8_t            key_len;
    uint8_t            text_len;
    unsigned char      budget[LLM_NAME_MAX];
    unsigned char      key[LLM_KEY_MAX];
    unsigned char      text[LLM_STATS_TEXT];
} llm_alert_t;

void llm_alert_add(llm_stats_t *st, const llm_alert_t *alert);

/*
 * From the newest back; cursor starts at 0, and goes on where it was when new
 * ones came.  LLM_OK, or LLM_DECLINED at the end.
 */

int llm_alert_next(llm_stats_t *st, uint64_t *cursor, llm_alert_t *alert);


#endif /* _LLM_STATS_H_INCLUDED_ */
