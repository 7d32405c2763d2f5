
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "report.h"

#include <string.h>


#define REPORT_DAY   86400
#define REPORT_WEEK  7


/* days since 1970 of a date of the proleptic Gregorian calendar */

static int64_t
report_days(int64_t year, int64_t month, int64_t day)
{
    int64_t  era, yoe, doy;

    /* a year that begins in March has its leap day at the end */

    year -= month <= 2;
    era = (year >= 0 ? year : year - 399) / 400;
    yoe = year - era * 400;
    doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}


static void
report_civil(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    int64_t  era, doe, yoe, doy, mp;

    days += 719468;
    era = (days >= 0 ? days : days - 146096) / 146097;
    doe = days - era * 146097;
    yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    mp = (5 * doy + 2) / 153;

    *day = doy - (153 * mp + 2) / 5 + 1;
    *month = mp + (mp < 10 ? 3 : -9);
    *year = yoe + era * 400 + (*month <= 2);
}


void
report_date(int64_t day, char *buf)
{
    int64_t  y, m, d;

    report_civil(day, &y, &m, &d);

    (void) snprintf(buf, 11, "%04u-%02u-%02u", (unsigned) y % 10000,
                    (unsigned) m % 100, (unsigned) d % 100);
}


static int64_t
report_digits(const unsigned char *p, unsigned n)
{
    int64_t  v;

    for (v = 0; n; n--, p++) {
        if (*p < '0' || *p > '9') {
            return -1;
        }

        v = v * 10 + *p - '0';
    }

    return v;
}


int64_t
report_time(const llm_str_t *s)
{
    int64_t               y, m, d, h, min, sec, oh, om, t;
    const unsigned char  *p;

    p = s->data;

    if ((s->len != 10 && s->len != 20 && s->len != 25) || p[4] != '-'
        || p[7] != '-')
    {
        return -1;
    }

    y = report_digits(p, 4);
    m = report_digits(p + 5, 2);
    d = report_digits(p + 8, 2);

    if (y < 1970 || m < 1 || m > 12 || d < 1 || d > 31) {
        return -1;
    }

    t = report_days(y, m, d) * REPORT_DAY;

    if (s->len == 10) {
        return t;
    }

    h = report_digits(p + 11, 2);
    min = report_digits(p + 14, 2);
    sec = report_digits(p + 17, 2);

    if (p[10] != 'T' || p[13] != ':' || p[16] != ':' || h < 0 || h > 23
        || min < 0 || min > 59 || sec < 0 || sec > 60)
    {
        return -1;
    }

    t += h * 3600 + min * 60 + sec;

    if (s->len == 20) {
        return p[19] == 'Z' ? t : -1;
    }

    oh = report_digits(p + 20, 2);
    om = report_digits(p + 23, 2);

    if ((p[19] != '+' && p[19] != '-') || p[22] != ':' || oh < 0 || om < 0) {
        return -1;
    }

    return t + (p[19] == '-' ? 1 : -1) * (oh * 3600 + om * 60);
}


/* cost of a day of the log; the table of days is sorted by name */

static int64_t
report_day_cost(const report_t *rp, int64_t day)
{
    int     rc;
    char    date[12];
    size_t  lo, hi, mid;

    report_date(day, date);
    lo = 0;
    hi = rp->days.n;

    while (lo < hi) {
        mid = lo + (hi - lo) / 2;
        rc = memcmp(rp->days.rows[mid].name.data, date, 10);

        if (rc == 0) {
            return rp->days.rows[mid].sum.cost;
        }

        if (rc < 0) {
            lo = mid + 1;

        } else {
            hi = mid;
        }
    }

    return 0;
}


/*
 * Spent so far in the month of the last line, and for what is left of it the
 * mean of the last whole days of the log, a week at most: that has each day of
 * the week once.  Without a whole day the log's own span is what there is.
 */

void
report_month(const report_t *rp, report_month_t *m)
{
    int64_t  y, mon, d, day, first, start, end, sum, span;

    memset(m, 0, sizeof(report_month_t));

    if (rp->first == -1) {
        return;
    }

    day = rp->last / REPORT_DAY;
    first = rp->first / REPORT_DAY;

    report_civil(day, &y, &mon, &d);
    (void) snprintf(m->month, sizeof(m->month), "%04u-%02u",
                    (unsigned) y % 10000, (unsigned) mon % 100);

    start = day - d + 1;
    end = (mon == 12) ? report_days(y + 1, 1, 1) : report_days(y, mon + 1, 1);

    for (d = (start > first) ? start : first; d <= day; d++) {
        report_plus(&m->spent, report_day_cost(rp, d));
    }

    sum = 0;

    for (d = day - 1; d > first && m->days < REPORT_WEEK; d--) {
        report_plus(&sum, report_day_cost(rp, d));
        m->days++;
    }

    m->left = end * REPORT_DAY - rp->last;

    if (m->days) {
        m->per_day = sum / m->days;

    } else {
        span = rp->last - rp->first;
        span = (span < 3600) ? 3600 : span;
        m->per_day = report_fit((llm_int128_t) rp->total.cost * REPORT_DAY
                                / span);
    }

    m->forecast = report_fit(m->spent + (llm_int128_t) m->per_day * m->left
                                        / REPORT_DAY);
}
