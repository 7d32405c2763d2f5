
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_ZONE_H_INCLUDED_
#define _LLM_ZONE_H_INCLUDED_


/*
 * What llm_window.c needs of a time zone: the stretch of time around an
 * instant in which the offset from UTC does not change.
 */

#include "llm_core.h"


#define LLM_ZONE_OFFSET_MAX  (26 * 3600)

/* dates within these are computed with, others are cut to them */
#define LLM_TIME_MIN         -62135596800LL        /* year 1 */
#define LLM_TIME_MAX         253402300799LL        /* end of year 9999 */


typedef struct {
    int64_t          start;           /* INT64_MIN: as far as one looks */
    int64_t          end;             /* INT64_MAX */
    int64_t          offset;          /* local time = UTC + offset */
} llm_stretch_t;


/* a date of the rules at the end of a TZif file, POSIX TZ */

typedef enum {
    LLM_ZONE_JULIAN = 0,              /* Jn: 1 .. 365, no 29 February */
    LLM_ZONE_DAY,                     /* n: 0 .. 365 */
    LLM_ZONE_MONTH                    /* Mm.w.d */
} llm_zone_date_e;

typedef struct {
    llm_zone_date_e  kind;
    int              day;             /* n, or day of week, Sunday 0 */
    int              month;
    int              week;
    int64_t          time;            /* seconds after local midnight */
} llm_zone_date_t;

typedef struct {
    int64_t          std;             /* offsets */
    int64_t          dst;
    llm_zone_date_t  begin;           /* of dst, in standard time */
    llm_zone_date_t  end;             /* of dst, in daylight time */
    unsigned         given:1;
    unsigned         changes:1;       /* dst differs from std */
} llm_zone_rule_t;


struct llm_zone_s {
    int64_t         *at;              /* ascending; the offset changes */
    int32_t         *offsets;         /* from at[i] on */
    unsigned         n;
    int32_t          first;           /* offset before at[0] */
    llm_zone_rule_t  rule;            /* after at[n - 1] */
};


void llm_zone_stretch(const struct llm_zone_s *z, int64_t t,
    llm_stretch_t *s);

/* llm_zone_posix.c; LLM_BAD */

int llm_zone_posix(const unsigned char *p, const unsigned char *end,
    llm_zone_rule_t *rule);
int64_t llm_zone_begin(const llm_zone_rule_t *rule, int year);
int64_t llm_zone_end(const llm_zone_rule_t *rule, int year);

/* llm_window.c: proleptic Gregorian calendar, days since 1970 */

int64_t llm_days(int64_t year, int month, int day);
void llm_date(int64_t days, int64_t *year, int *month, int *day);


#endif /* _LLM_ZONE_H_INCLUDED_ */
