
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_price_map.h"

#include <string.h>


/*
 * off_peak_pricing: rates, and when they hold.  "hours_utc" is a window or a
 * list of them and holds on every day; "windows" is a list of such with the
 * "weekdays" that they hold on, read on the calendar of "weekday_timezone".
 * What cannot be read is an error: a price that holds at another time than it
 * says is a wrong one.
 */

#define LLM_HOURS_MINUTES    1440
#define LLM_HOURS_EVERY_DAY  0x7f
#define LLM_HOURS_ZONE       64          /* bytes of a zone's name */


static int
llm_price_map_number_at(const unsigned char *p, unsigned most, unsigned *v)
{
    if ((unsigned) p[0] - '0' > 9 || (unsigned) p[1] - '0' > 9) {
        return LLM_BAD;
    }

    *v = (p[0] - '0') * 10 + (p[1] - '0');

    return *v <= most ? LLM_OK : LLM_BAD;
}


/* "HH:MM" as minutes */

static int
llm_price_map_clock(const unsigned char *p, unsigned *minutes)
{
    unsigned  h, m;

    if (llm_price_map_number_at(p, 23, &h) != LLM_OK || p[2] != ':'
        || llm_price_map_number_at(p + 3, 59, &m) != LLM_OK)
    {
        return LLM_BAD;
    }

    *minutes = h * 60 + m;

    return LLM_OK;
}


static int
llm_price_map_window_add(llm_price_hours_t *h, unsigned start, unsigned end,
    unsigned days)
{
    if (start == end) {
        return LLM_OK;
    }

    if (h->n == LLM_PRICE_HOURS) {
        return LLM_LIMIT;
    }

    h->windows[h->n].start = start;
    h->windows[h->n].end = end;
    h->windows[h->n].days = days;
    h->n++;

    return LLM_OK;
}


/* "16:30-00:30": one that passes midnight is two; equal ends are a whole day */

static int
llm_price_map_window(llm_price_map_t *m, const llm_str_t *key, uint32_t node,
    llm_price_hours_t *h, unsigned days)
{
    int        rc;
    unsigned   start, end;
    llm_str_t  s;

    if (llm_kind_of(&m->json, node) != LLM_JSON_STRING) {
        return llm_price_map_error(m, node, key, "hours are not a string");
    }

    if (llm_json_string(&m->json, node, &s, NULL) != LLM_OK) {
        return LLM_ERROR;
    }

    if (s.len != sizeof("HH:MM-HH:MM") - 1 || s.data[5] != '-'
        || llm_price_map_clock(s.data, &start) != LLM_OK
        || llm_price_map_clock(s.data + 6, &end) != LLM_OK)
    {
        return llm_price_map_error(m, node, key,
                                   "hours are not \"HH:MM-HH:MM\"");
    }

    if (start < end) {
        rc = llm_price_map_window_add(h, start, end, days);

    } else {
        rc = llm_price_map_window_add(h, start, LLM_HOURS_MINUTES, days);

        if (rc == LLM_OK) {
            rc = llm_price_map_window_add(h, 0, end, days);
        }
    }

    return rc == LLM_OK ? LLM_OK
                        : llm_price_map_error(m, node, key, "too many hours");
}


static int
llm_price_map_windows(llm_price_map_t *m, const llm_str_t *key, uint32_t node,
    llm_price_hours_t *h, unsigned days)
{
    int       rc;
    uint32_t  i;

    if (llm_kind_of(&m->json, node) != LLM_JSON_ARRAY) {
        return llm_price_map_window(m, key, node, h, days);
    }

    for (i = node + 1; i < llm_json_next(&m->json, node);
         i = llm_json_next(&m->json, i))
    {
        rc = llm_price_map_window(m, key, i, h, days);
        if (rc != LLM_OK) {
            return rc;
        }
    }

    return LLM_OK;
}


/* 1 to 7 from Monday, or "mon", "Monday" */

static int
llm_price_map_weekday(llm_price_map_t *m, uint32_t node, unsigned *day)
{
    size_t                  i, k;
    int64_t                 v;
    llm_str_t               s;
    const llm_json_node_t  *n;
    static const char      *names[] = {
        "mon", "tue", "wed", "thu", "fri", "sat", "sun"
    };

    n = llm_json_node(&m->json, node);

    if (n->type == LLM_JSON_NUMBER) {

        if (llm_json_int(&m->json, node, &v) != LLM_OK || v < 1 || v > 7) {
            return LLM_BAD;
        }

        *day = v - 1;

        return LLM_OK;
    }

    if (n->type != LLM_JSON_STRING
        || llm_json_string(&m->json, node, &s, NULL) != LLM_OK || s.len < 3)
    {
        return LLM_BAD;
    }

    for (i = 0; i < 7; i++) {

        for (k = 0; k < 3 && (s.data[k] | 0x20) == names[i][k]; k++) {
            /* void */
        }

        if (k == 3) {
            *day = i;
            return LLM_OK;
        }
    }

    return LLM_BAD;
}


static int
llm_price_map_weekdays(llm_price_map_t *m, const llm_str_t *key,
    uint32_t node, unsigned *days)
{
    uint32_t  i;
    unsigned  day;

    *days = LLM_HOURS_EVERY_DAY;

    if (node == LLM_JSON_NONE || llm_kind_of(&m->json, node) == LLM_JSON_NULL) {
        return LLM_OK;
    }

    *days = 0;

    if (llm_kind_of(&m->json, node) != LLM_JSON_ARRAY) {
        return llm_price_map_error(m, node, key, "weekdays are not a list");
    }

    for (i = node + 1; i < llm_json_next(&m->json, node);
         i = llm_json_next(&m->json, i))
    {
        if (llm_price_map_weekday(m, i, &day) != LLM_OK) {
            return llm_price_map_error(m, i, key, "not a day of the week");
        }

        *days |= 1u << day;
    }

    return LLM_OK;
}


static int
llm_price_map_rules(llm_price_map_t *m, const llm_str_t *key, uint32_t node,
    llm_price_hours_t *h)
{
    int                     rc;
    uint32_t                i, hours;
    unsigned                days;
    const llm_json_node_t  *n;

    n = m->json.nodes;

    if (node == LLM_JSON_NONE || n[node].type == LLM_JSON_NULL) {
        return LLM_OK;
    }

    if (n[node].type != LLM_JSON_ARRAY) {
        return llm_price_map_error(m, node, key, "windows are not a list");
    }

    for (i = node + 1; i < n[node].next; i = n[i].next) {

        hours = n[i].type == LLM_JSON_OBJECT
                ? llm_json_get(&m->json, i, "hours_utc") : LLM_JSON_NONE;

        if (hours == LLM_JSON_NONE) {
            return llm_price_map_error(m, i, key, "a window without hours");
        }

        rc = llm_price_map_weekdays(m, key,
                                    llm_json_get(&m->json, i, "weekdays"),
                                    &days);
        if (rc == LLM_OK) {
            rc = llm_price_map_windows(m, key, hours, h, days);
        }

        if (rc != LLM_OK) {
            return rc;
        }
    }

    return LLM_OK;
}


static int
llm_price_map_zone(llm_price_map_t *m, const llm_str_t *key, uint32_t node,
    llm_price_hours_t *h)
{
    char       err[128], name[LLM_HOURS_ZONE];
    llm_str_t  s;

    if (node == LLM_JSON_NONE || llm_kind_of(&m->json, node) == LLM_JSON_NULL) {
        return LLM_OK;
    }

    if (llm_kind_of(&m->json, node) != LLM_JSON_STRING
        || llm_json_string(&m->json, node, &s, NULL) != LLM_OK
        || s.len == 0 || s.len >= sizeof(name)
        || memchr(s.data, '\0', s.len) != NULL)
    {
        return llm_price_map_error(m, node, key, "not a time zone");
    }

    memcpy(name, s.data, s.len);
    name[s.len] = '\0';

    h->zone = llm_zone_load(&m->prices->mem, name, err, sizeof(err));

    return h->zone ? LLM_OK
                   : llm_price_map_error(m, node, key,
                                         "a time zone that is not here");
}


static int
llm_price_map_hours_rates(llm_price_map_t *m, uint32_t node,
    llm_price_hours_t *h)
{
    int                     rc;
    int64_t                 v;
    uint32_t                i, end;
    llm_str_t               key;
    llm_price_key_t         k;
    const llm_json_node_t  *n;

    n = m->json.nodes;
    end = n[node].next;

    for (i = node + 1; i < end; i = n[n[i].next].next) {

        if (llm_json_string(&m->json, i, &key, NULL) != LLM_OK) {
            return LLM_ERROR;
        }

        if (llm_price_key(llm_price_map_names, &key, &k) != LLM_OK
            || k.above != 0 || k.tier != LLM_TIER_DEFAULT)
        {
            if (llm_price_map_other(m, &key, n[i].next) != LLM_OK) {
                return LLM_ERROR;
            }

            continue;
        }

        rc = llm_price_map_scaled(m, &key, n[i].next, LLM_PRICE_SCALE - k.per,
                                  &v);

        if (rc == LLM_OK) {
            h->rates[k.rate] = v;

        } else if (rc != LLM_DECLINED) {
            return rc;
        }
    }

    return LLM_OK;
}


int
llm_price_map_hours(llm_price_map_t *m, const llm_str_t *key, uint32_t node)
{
    int                 rc;
    uint32_t            hours;
    llm_price_hours_t  *h;

    if (llm_kind_of(&m->json, node) != LLM_JSON_OBJECT) {
        return llm_price_map_error(m, node, key, "not an object");
    }

    h = llm_alloc(&m->prices->mem, sizeof(llm_price_hours_t));
    if (h == NULL) {
        return LLM_ERROR;
    }

    memset(h, 0, sizeof(llm_price_hours_t));

    h->rates = llm_price_block(m->prices);
    if (h->rates == NULL) {
        return LLM_ERROR;
    }

    rc = llm_price_map_hours_rates(m, node, h);

    hours = llm_json_get(&m->json, node, "hours_utc");

    if (rc == LLM_OK && hours != LLM_JSON_NONE
        && llm_kind_of(&m->json, hours) != LLM_JSON_NULL)
    {
        rc = llm_price_map_windows(m, key, hours, h, LLM_HOURS_EVERY_DAY);
    }

    if (rc == LLM_OK) {
        rc = llm_price_map_rules(m, key,
                                 llm_json_get(&m->json, node, "windows"), h);
    }

    if (rc == LLM_OK) {
        rc = llm_price_map_zone(m, key,
                                llm_json_get(&m->json, node,
                                             "weekday_timezone"), h);
    }

    if (rc == LLM_OK) {
        m->row.hours = h;
    }

    return rc;
}
