
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_STATS_REGION_H_INCLUDED_
#define _LLM_STATS_REGION_H_INCLUDED_


/*
 * The inside of the statistics' region, for llm_stats*.c and llm_alert.c only.
 * As in the ledger, links are indices plus one, all functions want the lock
 * held, and what can be reached is changed through the redo record.
 *
 *   hours   a ring of clock hours: totals, and a list of rows
 *   days    a ring of UTC days: a list of users' rows
 *   rows    count, tokens and cost of one label in one hour or day
 *   labels  names, once each, as long as a row has them
 *   gone    rows of hours that left the ring, freed a few at a time
 *   sets, calls, tops   what metrics are made of, and only grows
 */

#include "llm_redo.h"
#include "llm_stats.h"


#define LLM_STATS_MAGIC      0x31737461746d6c6cULL
#define LLM_STATS_VERSION    2

/* whole days around LLM_STATS_HOURS, so that users' days have totals, too */
#define LLM_STATS_RING       768
#define LLM_STATS_DAYS       33

#define LLM_STATS_PER_LABEL  4        /* rows to one label */
#define LLM_STATS_REAP       64       /* rows freed per request */
#define LLM_STATS_DRAW       16       /* users drawn to find a small one */
#define LLM_STATS_CODES      32
#define LLM_STATS_PROBES     16

/* a label that stands for the name of a tag, beside llm_stats_dim_e */
#define LLM_STATS_TAG_NAME   LLM_STATS_DIM_N

/* amounts above this are taken for it, so that sums stay numbers */
#define LLM_STATS_MOST       (1LL << 50)


typedef struct {
    uint32_t             hash;
    uint32_t             next;        /* in chain or free list */
    uint32_t             refs;        /* rows; of a tag's name: its values */
    uint32_t             gen;         /* of this use of the slot */
    uint32_t             tag;         /* label of its name, or 0 */
    uint32_t             row;         /* found last; may be another's now */
    uint8_t              dim;
    uint8_t              len;
    uint8_t              unused[2];
    unsigned char        text[LLM_STATS_LABEL];
} llm_stats_label_t;


typedef struct {
    uint32_t             time;        /* hour, or day of users' rows */
    uint32_t             label;       /* 0: about to get another one */
    uint32_t             next;        /* in chain or free list */
    uint32_t             follow;      /* in the list of its hour or day */
    int64_t              count;
    int64_t              input;
    int64_t              output;
    int64_t              cost;
} llm_stats_entry_t;


typedef struct {
    uint32_t             first;
    uint32_t             last;
} llm_stats_list_t;


typedef struct {
    uint64_t             hour;        /* 0: never used */
    llm_stats_list_t     rows;
    uint16_t             names[LLM_STATS_USER];   /* one redo word */
    llm_stats_totals_t   totals;
} llm_stats_hour_t;


typedef struct {
    uint64_t             day;
    llm_stats_list_t     rows;
} llm_stats_day_t;


typedef struct {
    uint64_t             hash;        /* 0: free */
    uint32_t             calls;       /* index plus one of its last one */
    llm_stats_set_t      set;
} llm_stats_slot_t;


typedef struct {
    uint64_t             hash;        /* 0: free */
    llm_stats_calls_t    calls;
} llm_stats_calls_slot_t;


/* of users, and of tags: places are taken in order, and then exchanged */

#define LLM_STATS_GROUPS     (LLM_STATS_TAGS + 1)
#define LLM_STATS_HINTS      256

typedef struct {
    int64_t              count;
    int64_t              input;
    int64_t              output;
    int64_t              cost;
} llm_stats_amounts_t;

typedef struct {
    uint64_t             hash;        /* 0: is getting a name */
    unsigned char        name[LLM_STATS_LABEL];
    uint8_t              name_len;
    uint8_t              group;
    llm_stats_amounts_t  own;         /* since it has this place */
    int64_t              had_count;   /* at most, before */
    int64_t              had_cost;
} llm_stats_place_t;

typedef struct {
    unsigned char        name[LLM_STATS_LABEL];
    uint8_t              len;
    llm_stats_amounts_t  rest;
} llm_stats_group_t;

typedef struct {
    uint32_t             used;
    uint32_t             ngroups;
    int64_t              least_count; /* of who left last: no less than */
    int64_t              least_cost;  /* anybody who left before */
    llm_stats_group_t    groups[LLM_STATS_GROUPS];
    uint8_t              hints[LLM_STATS_HINTS];  /* place of a hash, maybe */
} llm_stats_ranks_t;


typedef struct {
    uint64_t             seq;         /* 0: free, or being written */
    llm_alert_t          alert;
} llm_stats_alert_t;


struct llm_stats_s {
    uint64_t             magic;
    uint32_t             version;
    uint32_t             header_size;
    uint64_t             size;
    uint64_t             seed[2];

    uint32_t             labels_max;
    uint32_t             rows_max;
    uint32_t             users_max;
    uint32_t             sets_max;
    uint32_t             calls_max;
    uint32_t             top_max;     /* of users, and again of tags */
    uint32_t             alerts_max;

    uint32_t             labels_off;
    uint32_t             rows_off;
    uint32_t             sets_off;
    uint32_t             calls_off;
    uint32_t             tops_off;
    uint32_t             alerts_off;
    uint32_t             users_off;
    uint32_t             label_buckets_off;
    uint32_t             row_buckets_off;

    pthread_mutex_t      mutex;

    uint32_t             labels_top;
    uint32_t             labels_free;
    uint32_t             labels_used;
    uint32_t             rows_top;
    uint32_t             rows_free;
    uint32_t             rows_used;
    llm_stats_list_t     gone;
    uint32_t             users_n;     /* of user_day, see users_off */
    uint32_t             unused;
    uint64_t             user_day;
    uint64_t             alerts_seq;

    int64_t              counters[LLM_STATS_COUNTER_N];
    llm_stats_totals_t   lifetime;
    llm_stats_set_t      other;
    llm_stats_refusal_t  refusals[LLM_STATS_CODES];
    llm_stats_calls_t    other_calls;
    llm_stats_hist_t     overhead;
    llm_stats_ranks_t    ranks[2];    /* users, tags */

    llm_redo_t           redo;
    llm_stats_day_t      days[LLM_STATS_DAYS];
    llm_stats_hour_t     hours[LLM_STATS_RING];
};


_Static_assert(sizeof(llm_stats_entry_t) == 48, "memory a row");
_Static_assert(sizeof(llm_stats_label_t) == 92, "memory a label");
_Static_assert(sizeof(((llm_stats_hour_t *) 0)->names) == 8, "a redo word");


#define llm_stats_at(st, off)   ((unsigned char *) (st) + (st)->off)

/* i is an index plus one */

#define llm_stats_label(st, i)                                                \
    ((llm_stats_label_t *) llm_stats_at(st, labels_off) + (i) - 1)
#define llm_stats_entry(st, i)                                                \
    ((llm_stats_entry_t *) llm_stats_at(st, rows_off) + (i) - 1)
#define llm_stats_users(st)   ((uint32_t *) llm_stats_at(st, users_off))
#define llm_stats_slot(st, i)                                                 \
    ((llm_stats_slot_t *) llm_stats_at(st, sets_off) + (i))
#define llm_stats_calls(st, i)                                                \
    ((llm_stats_calls_slot_t *) llm_stats_at(st, calls_off) + (i))
#define llm_stats_places(st, tags)                                            \
    ((llm_stats_place_t *) llm_stats_at(st, tops_off) + (tags) * (st)->top_max)
#define llm_stats_alert(st, i)                                                \
    ((llm_stats_alert_t *) llm_stats_at(st, alerts_off) + (i))


int llm_stats_lock(llm_stats_t *st);
void llm_stats_unlock(llm_stats_t *st);


/* llm_stats_table.c */

/*
 * The present hour and day: makes room in the rings where they are new, and
 * for the rows of one request.  After this nothing leaves the tables while
 * that request is added.
 */

void llm_stats_turn(llm_stats_t *st, uint64_t hour);

/* the row of a name, made where there is none; NULL: goes into "other" */

llm_stats_entry_t *llm_stats_row(llm_stats_t *st, uint64_t hour,
    llm_stats_dim_e dim, const llm_str_t *text, const llm_str_t *tag);


/* llm_stats_label.c */

/*
 * At most LLM_STATS_LABEL bytes that stand for text, which is UTF-8 then;
 * returns how many.
 */

size_t llm_stats_cut(unsigned char *buf, const llm_str_t *text);

/*
 * The label of a text, made where there is none; tag: the label of the tag
 * whose value it is, or 0.  Returns 0 where there is no room.
 */

uint32_t llm_label_get(llm_stats_t *st, uint8_t dim, const llm_str_t *text,
    uint32_t tag);

/* a label without rows leaves, and the name of its tag after its last value */

void llm_label_drop(llm_stats_t *st, uint32_t i);


/* llm_stats_metrics.c: into the redo record; NULL: into "other" */

llm_stats_slot_t *llm_stats_set_add(llm_stats_t *st,
    const llm_stats_event_t *e, const llm_stats_totals_t *t);

/* of the labels of a set, and what else makes a difference */

uint64_t llm_stats_set_hash(llm_stats_t *st, const unsigned char *provider,
    size_t provider_len, const unsigned char *model, size_t model_len,
    uint64_t more);


/* llm_stats_calls.c: without the redo record, see there */

void llm_stats_calls_add(llm_stats_t *st, const llm_stats_event_t *e,
    llm_stats_slot_t *slot);


/* llm_stats_top.c: the same; the record is empty */

void llm_stats_top_add(llm_stats_t *st, llm_stats_dim_e dim,
    const llm_str_t *tag, const llm_str_t *name, const llm_stats_totals_t *t);


#endif /* _LLM_STATS_REGION_H_INCLUDED_ */
