
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_price_table.h"


/* Hours of lower rates: windows of a UTC day, on some days of the week. */

#define LLM_HOURS_DAY        86400


/* days since 1970 of a second; before it, too */

static int64_t
llm_price_day(int64_t t)
{
    return t / LLM_HOURS_DAY - (t % LLM_HOURS_DAY < 0);
}


/* the day of the week, Monday is 0, on the calendar of a zone */

static unsigned
llm_price_weekday(const llm_zone_t *zone, int64_t when)
{
    int64_t  start, end, day;

    if (zone == NULL) {

        /* 1970 began on a Thursday */

        day = (llm_price_day(when) + 3) % 7;

        return day < 0 ? day + 7 : day;
    }

    /* whole days since the local week began; one may be an hour off */

    llm_window_find(zone, LLM_PERIOD_WEEK, when, &start, &end);
    llm_window_find(zone, LLM_PERIOD_DAY, when, &day, &end);

    return (day - start + LLM_HOURS_DAY / 2) / LLM_HOURS_DAY;
}


int
llm_price_hours_open(const llm_price_hours_t *h, int64_t when)
{
    unsigned  i, minute, day;

    if (when < 0) {
        return 0;
    }

    minute = when % LLM_HOURS_DAY / 60;
    day = llm_price_weekday(h->zone, when);

    for (i = 0; i < h->n; i++) {

        if (minute >= h->windows[i].start && minute < h->windows[i].end
            && h->windows[i].days & 1u << day)
        {
            return 1;
        }
    }

    return 0;
}
