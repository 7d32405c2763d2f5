
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Windows.  Local days are put on the line of UTC by one rule: a day begins at
 * the first instant at which the local clock shows its midnight or later.  So
 * midnights that do not exist, that exist twice, and whole days that a zone
 * skipped need no cases of their own, and windows have neither gaps nor
 * overlaps.
 */

#include <stdio.h>
#include <string.h>

#include "llm_window.h"
#include "llm_zone.h"


#define llm_floor_mod(a, b)  ((((a) % (b)) + (b)) % (b))
#define llm_floor_day(t)     (((t) - llm_floor_mod(t, 86400)) / 86400)


static int64_t llm_window_midnight(const llm_zone_t *z, int64_t day);
static void llm_window_clock(const llm_zone_t *z, int64_t now, int64_t size,
    int64_t *start, int64_t *end);
static void llm_window_days(llm_period_e period, int64_t day, int64_t *first,
    int64_t *next);


static const char  *llm_period_names[LLM_PERIOD_N] = {
    "minute", "hour", "day", "week", "month", "total"
};


void
llm_window_find(const llm_zone_t *z, llm_period_e period, int64_t now,
    int64_t *start, int64_t *end)
{
    int64_t        day, first, next;
    llm_stretch_t  s;

    if (now < LLM_TIME_MIN) {
        now = LLM_TIME_MIN;
    }

    if (now > LLM_TIME_MAX) {
        now = LLM_TIME_MAX;
    }

    switch (period) {

    case LLM_PERIOD_MINUTE:
        llm_window_clock(z, now, 60, start, end);
        return;

    case LLM_PERIOD_HOUR:
        llm_window_clock(z, now, 3600, start, end);
        return;

    case LLM_PERIOD_DAY:
    case LLM_PERIOD_WEEK:
    case LLM_PERIOD_MONTH:
        break;

    default:
        *start = 0;
        *end = INT64_MAX;
        return;
    }

    llm_zone_stretch(z, now, &s);
    day = llm_floor_day(now + s.offset);

    /* a clock set back over midnight does not bring back the day before */

    while (llm_window_midnight(z, day + 1) <= now) {
        day++;
    }

    llm_window_days(period, day, &first, &next);

    *start = llm_window_midnight(z, first);
    *end = llm_window_midnight(z, next);
}


/* the first instant at which the local clock shows that day or a later one */

static int64_t
llm_window_midnight(const llm_zone_t *z, int64_t day)
{
    int64_t        t, local;
    llm_stretch_t  s;

    local = day * 86400;
    t = local - LLM_ZONE_OFFSET_MAX - 1;

    for ( ;; ) {
        llm_zone_stretch(z, t, &s);

        if (t < local - s.offset) {
            t = local - s.offset;
        }

        if (t < s.end) {
            return t;
        }

        t = s.end;
    }
}


/* local hours or minutes; a change of the offset ends one and begins another */

static void
llm_window_clock(const llm_zone_t *z, int64_t now, int64_t size,
    int64_t *start, int64_t *end)
{
    int64_t        t;
    llm_stretch_t  s;

    llm_zone_stretch(z, now, &s);

    t = now - llm_floor_mod(now + s.offset, size);

    *start = t > s.start ? t : s.start;
    *end = t + size < s.end ? t + size : s.end;
}


static void
llm_window_days(llm_period_e period, int64_t day, int64_t *first,
    int64_t *next)
{
    int      month, d;
    int64_t  year;

    switch (period) {

    case LLM_PERIOD_WEEK:

        /* 1970-01-01 was a Thursday, three days after Monday */

        *first = day - llm_floor_mod(day + 3, 7);
        *next = *first + 7;
        break;

    case LLM_PERIOD_MONTH:
        llm_date(day, &year, &month, &d);

        *first = day - d + 1;
        *next = month == 12 ? llm_days(year + 1, 1, 1)
                            : llm_days(year, month + 1, 1);
        break;

    default:
        *first = day;
        *next = day + 1;
    }
}


/*
 * Years are counted from March here, so that the day which leap years add is
 * a year's last; 719468 days lie between 0000-03-01 and 1970-01-01.
 */

int64_t
llm_days(int64_t year, int month, int day)
{
    int64_t  m;

    m = month > 2 ? month - 3 : month + 9;

    if (month <= 2) {
        year--;
    }

    return year * 365 + (year - llm_floor_mod(year, 4)) / 4
           - (year - llm_floor_mod(year, 100)) / 100
           + (year - llm_floor_mod(year, 400)) / 400
           + (m * 153 + 2) / 5 + day - 1 - 719468;
}


void
llm_date(int64_t days, int64_t *year, int *month, int *day)
{
    int64_t  y, m, rest;

    /* 146097 days are 400 years; the guess is at most one year too late */

    y = (days + 719468) * 400;
    y = (y - llm_floor_mod(y, 146097)) / 146097 + 1;

    while (llm_days(y, 3, 1) > days) {
        y--;
    }

    rest = days - llm_days(y, 3, 1);
    m = (rest * 5 + 2) / 153;

    *day = (int) (rest - (m * 153 + 2) / 5) + 1;
    *month = (int) (m < 10 ? m + 3 : m - 9);
    *year = m < 10 ? y : y + 1;
}


int
llm_period_parse(const llm_str_t *text, llm_period_e *period)
{
    int  i;

    for (i = 0; i < LLM_PERIOD_N; i++) {
        if (strlen(llm_period_names[i]) == text->len
            && memcmp(llm_period_names[i], text->data, text->len) == 0)
        {
            *period = i;
            return LLM_OK;
        }
    }

    return LLM_BAD;
}


const char *
llm_period_name(llm_period_e period)
{
    return (unsigned) period < LLM_PERIOD_N ? llm_period_names[period] : "";
}


size_t
llm_time_print(unsigned char *buf, int64_t t)
{
    int      month, day, second, n;
    char     text[sizeof("2026-11-22T00:00:00Z") + 40];
    int64_t  year;

    if (t < LLM_TIME_MIN) {
        t = LLM_TIME_MIN;
    }

    if (t > LLM_TIME_MAX) {
        t = LLM_TIME_MAX;
    }

    llm_date(llm_floor_day(t), &year, &month, &day);
    second = (int) llm_floor_mod(t, 86400);

    n = snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02dZ",
                 (int) year, month, day, second / 3600, second / 60 % 60,
                 second % 60);

    memcpy(buf, text, n + 1);

    return n;
}
