
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _REPORT_H_INCLUDED_
#define _REPORT_H_INCLUDED_


/*
 * llm-report: access logs in the format of examples/nginx/log_format.conf to
 * a bill, a forecast and a list of what was wasted.
 *
 *   report_read.c    files to lines, gzip or plain, in one block of memory
 *   report_line.c    a line to a record
 *   report_seen.c    what was seen before; bounded
 *   report_table.c   names to sums; bounded, the rest is "other"
 *   report_waste.c   what need not have been paid
 *   report_month.c   what the month will cost
 *   report_text.c, _json.c, _csv.c, _html.c   the same figures in four forms
 *
 * Money is nano-USD, an unknown number -1, and a day counts from 1970 in UTC.
 * Memory does not grow with the log but for the tables, which have bounds.
 */

#include "llm_core.h"
#include "llm_json.h"
#include "llm_price.h"

#include <stdint.h>
#include <stdio.h>


#define REPORT_LINE_MAX      65536       /* bytes of a line */
#define REPORT_TOKENS_MAX    1000000000000LL  /* of a request; money: 9e6 USD */
#define REPORT_NAMES_MAX     65536       /* names of one breakdown */
#define REPORT_BREAKDOWNS    16
#define REPORT_WORKS         (1 << 18)   /* 4 MB; three quarters are used */
#define REPORT_TOP           20          /* rows that a person is shown */


/* sums stop at the largest number instead of becoming negative */

static inline int64_t
report_fit(llm_int128_t n)
{
    return n > INT64_MAX ? INT64_MAX : (int64_t) n;
}


static inline void
report_plus(int64_t *sum, int64_t n)
{
    *sum = report_fit((llm_int128_t) *sum + n);
}


/* a request as its line tells it; texts point into the line */

typedef struct {
    int64_t        time;                 /* seconds since 1970 */
    int64_t        status;
    int64_t        input;
    int64_t        cached;
    int64_t        output;
    int64_t        cost;
    int64_t        saved;
    llm_str_t      model;
    llm_str_t      user;
    llm_str_t      key_id;
    llm_str_t      endpoint;
    llm_str_t      provider;
    llm_str_t      source;
    llm_str_t      cache;
    llm_str_t      refusal;
    llm_str_t      request;              /* digest of the question, or empty */
    llm_str_t      prefix;               /* digest of its beginning */
    llm_str_t      work;                 /* that it has settled, or empty */
    llm_str_t      day;                  /* "2026-11-22", in UTC */
    llm_str_t      by[REPORT_BREAKDOWNS];  /* members that --by names */
    char           date[12];
} report_record_t;


/* what is added up, in total and for each name */

typedef struct {
    int64_t        requests;             /* that went upstream, or were hits */
    int64_t        hits;
    int64_t        refused;
    int64_t        failed;               /* upstream's own 4xx and 5xx */
    int64_t        estimated;            /* usage not said by upstream */
    int64_t        unpriced;             /* no cost is known */
    int64_t        input;
    int64_t        cached;
    int64_t        output;
    int64_t        cost;
    int64_t        saved;
} report_sum_t;


typedef struct {
    llm_str_t      name;
    uint64_t       hash;
    report_sum_t   sum;
} report_row_t;


typedef struct {
    report_row_t  *rows;                 /* in order of appearance */
    uint32_t      *slots;                /* open addressing; 0 is empty */
    size_t         n;
    size_t         size;                 /* slots, a power of two */
    report_sum_t   other;                /* names there was no room for */
} report_table_t;


typedef struct {
    llm_str_t      name;                 /* "user", "tag:team" */
    const char    *member;               /* of the line; NULL: the day */
    report_table_t table;
} report_breakdown_t;


/* what was seen before, by 64 bits that name it, in a table of a fixed size */

typedef struct {
    uint64_t       key;                  /* 0: empty */
    int64_t        time;                 /* when it was last seen */
} report_seen_t;


/* what need not have been paid, by kind */

typedef struct {
    int64_t        requests;
    int64_t        cost;                 /* what they cost */
    int64_t        saving;               /* what would not have been paid */
} report_finding_t;

typedef struct report_waste_s  report_waste_t;


typedef struct {
    report_breakdown_t  by[REPORT_BREAKDOWNS];
    unsigned            nby;

    report_sum_t        total;
    report_table_t      days;            /* named by date, for the forecast */
    int64_t             first;           /* times of the log; -1: none */
    int64_t             last;

    int64_t             lines;
    int64_t             broken;          /* no JSON, or not whole */
    int64_t             foreign;         /* JSON of another shape */
    int64_t             unmetered;       /* passed at no cost */
    int64_t             again;           /* work that was counted already */

    int64_t             from;            /* bounds of --from and --to */
    int64_t             to;

    report_seen_t      *works;
    size_t              nworks;
    report_waste_t     *waste;
    llm_prices_t       *prices;
    llm_mem_t          *mem;             /* lives as long as the report */
    llm_json_t          json;            /* of the current line */
} report_t;


typedef struct {
    int64_t        spent;                /* in the month of the last line */
    int64_t        per_day;              /* mean of the days below */
    unsigned       days;                 /* whole ones; 0: of what there is */
    int64_t        left;                 /* seconds to the end of the month */
    int64_t        forecast;
    char           month[8];             /* "2026-11" */
} report_month_t;


/* report_read.c: 0, or -1 after a message */

int report_read(report_t *rp, const char *name);


/* report_line.c: LLM_OK, LLM_BAD (broken), LLM_DECLINED (foreign) */

int report_line(report_t *rp, const char *line, size_t len,
    report_record_t *r);


/* report_table.c */

int report_table_init(report_table_t *t);
report_sum_t *report_table_get(report_t *rp, report_table_t *t,
    const llm_str_t *name);
void report_add(report_sum_t *s, const report_record_t *r);
void report_sum_add(report_sum_t *to, const report_sum_t *from);

/* rows by cost, then by name; the table must not be added to afterwards */

void report_table_sort(report_table_t *t);
void report_table_sort_names(report_table_t *t);
uint64_t report_hash(const void *data, size_t len, uint64_t seed);


/*
 * report_seen.c: the time it was seen before, or -1; from now on it is seen.
 * Once the table of size entries, a power of two, is three quarters full
 * nothing is added to it.
 */

int64_t report_see(report_seen_t *table, size_t size, size_t *n, uint64_t key,
    int64_t now);


/* report_waste.c */

#define REPORT_WASTE_REPEATED  0         /* the same question again */
#define REPORT_WASTE_PREFIX    1         /* a long beginning, never cached */
#define REPORT_WASTE_SMALL     2         /* small work for a dear model */
#define REPORT_WASTE_N         3

report_waste_t *report_waste_create(int64_t ttl);
void report_waste_add(report_t *rp, const report_record_t *r);
void report_waste_result(const report_t *rp,
    report_finding_t found[REPORT_WASTE_N]);

/* what was found and how it was reckoned, for every form of output */

const char *report_waste_title(unsigned kind);
const char *report_waste_formula(unsigned kind);

/* the log lacks what a kind is found by */

int report_waste_blind(const report_t *rp, unsigned kind);


/* report_month.c */

void report_month(const report_t *rp, report_month_t *m);

/* "2026-11-22" in 11 bytes; days since 1970 */

void report_date(int64_t day, char *buf);

/* "2026-11-22T03:04:05+02:00" or a date alone; -1: neither */

int64_t report_time(const llm_str_t *s);


/* the forms; each writes to stdout */

void report_text(report_t *rp, size_t top);
void report_json(report_t *rp, size_t top);
void report_csv(report_t *rp);
void report_html(report_t *rp, size_t top);


#endif /* _REPORT_H_INCLUDED_ */
