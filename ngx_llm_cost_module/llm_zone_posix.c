
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * The rule at the end of a TZif file, for times after its table: a POSIX TZ
 * string such as "EET-2EEST,M3.5.0/3,M10.5.0/4" or "<-03>3", with RFC 8536's
 * times of day from -167 to 167 hours.
 */

#include "llm_zone.h"


typedef struct {
    const unsigned char  *p;
    const unsigned char  *end;
} llm_posix_t;


static int llm_posix_name(llm_posix_t *x);
static int llm_posix_number(llm_posix_t *x, int max, int *n);
static int llm_posix_time(llm_posix_t *x, int hours, int64_t *t);
static int llm_posix_date(llm_posix_t *x, llm_zone_date_t *d);
static int llm_posix_char(llm_posix_t *x, unsigned char c);
static int64_t llm_posix_day(const llm_zone_date_t *d, int year);


int
llm_zone_posix(const unsigned char *p, const unsigned char *end,
    llm_zone_rule_t *rule)
{
    int64_t      t;
    llm_posix_t  x;

    x.p = p;
    x.end = end;

    /* POSIX counts westwards */

    if (llm_posix_name(&x) != LLM_OK
        || llm_posix_time(&x, 24, &t) != LLM_OK)
    {
        return LLM_BAD;
    }

    rule->given = 1;
    rule->changes = 0;
    rule->std = -t;
    rule->dst = -t;

    if (x.p == x.end) {
        return LLM_OK;
    }

    if (llm_posix_name(&x) != LLM_OK) {
        return LLM_BAD;
    }

    rule->dst = rule->std + 3600;

    if (x.p < x.end && *x.p != ',') {
        if (llm_posix_time(&x, 24, &t) != LLM_OK) {
            return LLM_BAD;
        }

        rule->dst = -t;
    }

    rule->changes = rule->dst != rule->std;

    if (!llm_posix_char(&x, ',')
        || llm_posix_date(&x, &rule->begin) != LLM_OK
        || !llm_posix_char(&x, ',')
        || llm_posix_date(&x, &rule->end) != LLM_OK)
    {
        return LLM_BAD;
    }

    return x.p == x.end ? LLM_OK : LLM_BAD;
}


int64_t
llm_zone_begin(const llm_zone_rule_t *rule, int year)
{
    return llm_posix_day(&rule->begin, year) * 86400 + rule->begin.time
           - rule->std;
}


int64_t
llm_zone_end(const llm_zone_rule_t *rule, int year)
{
    return llm_posix_day(&rule->end, year) * 86400 + rule->end.time
           - rule->dst;
}


static int64_t
llm_posix_day(const llm_zone_date_t *d, int year)
{
    int      n;
    int64_t  day, next;

    switch (d->kind) {

    case LLM_ZONE_JULIAN:

        /* days after February have their number in every year */

        return d->day <= 59 ? llm_days(year, 1, 1) + d->day - 1
                            : llm_days(year, 3, 1) + d->day - 60;

    case LLM_ZONE_DAY:
        return llm_days(year, 1, 1) + d->day;

    default:
        break;
    }

    /* 1970-01-01 was a Thursday, 4 */

    day = llm_days(year, d->month, 1);
    next = d->month == 12 ? llm_days(year + 1, 1, 1)
                          : llm_days(year, d->month + 1, 1);

    n = (int) (((day + 4) % 7 + 7) % 7);
    day += (d->day - n + 7) % 7 + 7 * (d->week - 1);

    return day < next ? day : day - 7;
}


static int
llm_posix_name(llm_posix_t *x)
{
    unsigned char         c;
    const unsigned char  *start;

    if (llm_posix_char(x, '<')) {
        while (x->p < x->end && *x->p != '>') {
            x->p++;
        }

        return llm_posix_char(x, '>') ? LLM_OK : LLM_BAD;
    }

    start = x->p;

    while (x->p < x->end) {
        c = *x->p | 0x20;

        if (c < 'a' || c > 'z') {
            break;
        }

        x->p++;
    }

    return x->p - start >= 3 ? LLM_OK : LLM_BAD;
}


static int
llm_posix_number(llm_posix_t *x, int max, int *n)
{
    const unsigned char  *start;

    start = x->p;
    *n = 0;

    while (x->p < x->end && *x->p >= '0' && *x->p <= '9') {
        *n = *n * 10 + (*x->p++ - '0');

        if (*n > max) {
            return LLM_BAD;
        }
    }

    return x->p > start ? LLM_OK : LLM_BAD;
}


/* [+-]hh[:mm[:ss]] */

static int
llm_posix_time(llm_posix_t *x, int hours, int64_t *t)
{
    int  n, sign;

    sign = 1;

    if (llm_posix_char(x, '-')) {
        sign = -1;

    } else {
        (void) llm_posix_char(x, '+');
    }

    if (llm_posix_number(x, hours, &n) != LLM_OK) {
        return LLM_BAD;
    }

    *t = (int64_t) n * 3600;

    if (llm_posix_char(x, ':')) {
        if (llm_posix_number(x, 59, &n) != LLM_OK) {
            return LLM_BAD;
        }

        *t += n * 60;

        if (llm_posix_char(x, ':')) {
            if (llm_posix_number(x, 59, &n) != LLM_OK) {
                return LLM_BAD;
            }

            *t += n;
        }
    }

    *t *= sign;

    return LLM_OK;
}


/* Jn, n or Mm.w.d, then an optional /time */

static int
llm_posix_date(llm_posix_t *x, llm_zone_date_t *d)
{
    d->month = 1;
    d->week = 1;
    d->time = 7200;

    if (llm_posix_char(x, 'M')) {
        d->kind = LLM_ZONE_MONTH;

        if (llm_posix_number(x, 12, &d->month) != LLM_OK || d->month == 0
            || !llm_posix_char(x, '.')
            || llm_posix_number(x, 5, &d->week) != LLM_OK || d->week == 0
            || !llm_posix_char(x, '.')
            || llm_posix_number(x, 6, &d->day) != LLM_OK)
        {
            return LLM_BAD;
        }

    } else if (llm_posix_char(x, 'J')) {
        d->kind = LLM_ZONE_JULIAN;

        if (llm_posix_number(x, 365, &d->day) != LLM_OK || d->day == 0) {
            return LLM_BAD;
        }

    } else {
        d->kind = LLM_ZONE_DAY;

        if (llm_posix_number(x, 365, &d->day) != LLM_OK) {
            return LLM_BAD;
        }
    }

    if (llm_posix_char(x, '/')) {
        return llm_posix_time(x, 167, &d->time);
    }

    return LLM_OK;
}


static int
llm_posix_char(llm_posix_t *x, unsigned char c)
{
    if (x->p < x->end && *x->p == c) {
        x->p++;
        return 1;
    }

    return 0;
}
