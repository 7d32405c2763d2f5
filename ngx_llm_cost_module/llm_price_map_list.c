
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_price_map.h"
#include "llm_zone.h"

#include <string.h>


/* Members of a map's row that are objects or lists of their own. */


/*
 * {"range": [a, b], rates}: more than a tokens move the whole request there,
 * which is a step.  The range that starts at 0 is the row itself, and stands
 * above what the row says; the last one is taken as open.
 */

static int
llm_price_map_range(llm_price_map_t *m, const llm_str_t *name, uint32_t node,
    uint32_t range)
{
    int                     rc;
    int64_t                 above;
    uint32_t                i, end;
    llm_str_t               key;
    llm_price_key_t         k;
    const llm_json_node_t  *n;

    n = m->json.nodes;

    if (n[range].type != LLM_JSON_ARRAY || range + 1 == n[range].next
        || llm_json_int(&m->json, range + 1, &above) != LLM_OK || above < 0)
    {
        return llm_price_map_error(m, range, name, "bad range");
    }

    end = n[node].next;

    for (i = node + 1; i < end; i = n[n[i].next].next) {

        if (llm_json_string(&m->json, i, &key, NULL) != LLM_OK) {
            return LLM_ERROR;
        }

        if (llm_price_key(llm_price_map_names, &key, &k) != LLM_OK
            || k.above != 0)
        {
            if (llm_price_map_other(m, &key, n[i].next) != LLM_OK) {
                return LLM_ERROR;
            }

            continue;
        }

        k.above = above;

        rc = llm_price_map_rate(m, &k, &key, n[i].next, 1);
        if (rc != LLM_OK) {
            return rc;
        }
    }

    return LLM_OK;
}


int
llm_price_map_tiered(llm_price_map_t *m, const llm_str_t *name, uint32_t node)
{
    int                     rc;
    uint32_t                i, end, range;
    const llm_json_node_t  *n;

    n = m->json.nodes;

    if (n[node].type != LLM_JSON_ARRAY) {
        return llm_price_map_error(m, node, name, "not an array");
    }

    end = n[node].next;

    for (i = node + 1; i < end; i = n[i].next) {

        if (n[i].type != LLM_JSON_OBJECT) {
            return llm_price_map_error(m, i, name, "not an object");
        }

        /* a search service's is by results, without a price of tokens */

        range = llm_json_get(&m->json, i, "range");

        if (range == LLM_JSON_NONE) {
            if (llm_price_map_unread(m, name, i) != LLM_OK) {
                return LLM_ERROR;
            }

            continue;
        }

        rc = llm_price_map_range(m, name, i, range);
        if (rc != LLM_OK) {
            return rc;
        }
    }

    return LLM_OK;
}


/* {"search_context_size_low": ...} */

int
llm_price_map_search(llm_price_map_t *m, const llm_str_t *key, uint32_t node)
{
    int                     rc;
    uint32_t                i, end;
    llm_str_t               size;
    llm_price_key_t         k;
    const llm_json_node_t  *n;

    static const llm_price_name_t  sizes[] = {
        { llm_string("search_context_size_low"), LLM_RATE_SEARCH_LOW, 0 },
        { llm_string("search_context_size_medium"), LLM_RATE_SEARCH_MEDIUM,
          0 },
        { llm_string("search_context_size_high"), LLM_RATE_SEARCH_HIGH, 0 },
        { llm_string(""), LLM_RATE_N, 0 }
    };

    n = m->json.nodes;

    if (n[node].type != LLM_JSON_OBJECT) {
        return llm_price_map_error(m, node, key, "not an object");
    }

    end = n[node].next;

    for (i = node + 1; i < end; i = n[n[i].next].next) {

        if (llm_json_string(&m->json, i, &size, NULL) != LLM_OK) {
            return LLM_ERROR;
        }

        if (llm_price_key(sizes, &size, &k) != LLM_OK) {
            if (llm_price_map_unread(m, &size, n[i].next) != LLM_OK) {
                return LLM_ERROR;
            }

            continue;
        }

        rc = llm_price_map_rate(m, &k, &size, n[i].next, 0);
        if (rc != LLM_OK) {
            return rc;
        }
    }

    return LLM_OK;
}


int
llm_price_map_factor(llm_price_map_t *m, const llm_str_t *key, uint32_t node,
    llm_factor_e factor)
{
    int      rc;
    int64_t  v;

    rc = llm_price_map_scaled(m, key, node, LLM_PRICE_FACTOR_SCALE, &v);

    if (rc != LLM_OK) {
        return rc == LLM_DECLINED ? LLM_OK : rc;
    }

    if (v == 0 || v > LLM_PRICE_FACTOR_MAX) {
        return llm_price_map_error(m, node, key, "not a factor of a price");
    }

    m->row.factors[factor] = v;

    return LLM_OK;
}


/*
 * A number of another name may be a factor, too; notes are no numbers, and what
 * is switched on is a 1, which as a factor would change nothing.
 */

static int
llm_price_map_entry_one(llm_price_map_t *m, const llm_str_t *key,
    uint32_t name, uint32_t node)
{
    int64_t                 v;
    unsigned                i;
    llm_str_t               s;
    const llm_json_node_t  *n;

    static const struct {
        const char    *name;
        llm_factor_e   factor;
    } entries[] = {
        { "us", LLM_FACTOR_GEO_US },
        { "eu", LLM_FACTOR_GEO_EU },
        { "fast", LLM_FACTOR_FAST },
        { NULL, LLM_FACTOR_N }
    };

    for (i = 0; entries[i].name; i++) {
        if (llm_json_equal(&m->json, name, entries[i].name)) {
            return llm_price_map_factor(m, key, node, entries[i].factor);
        }
    }

    n = llm_json_node(&m->json, node);

    if (n->type != LLM_JSON_NUMBER
        || (llm_parse_scaled(m->json.data + n->start, n->end - n->start,
                             LLM_PRICE_FACTOR_SCALE, &v) == LLM_OK
            && v == LLM_FACTOR_ONE))
    {
        return LLM_OK;
    }

    if (llm_json_string(&m->json, name, &s, NULL) != LLM_OK) {
        return LLM_ERROR;
    }

    return llm_price_map_unread(m, &s, node);
}


/* {"us": 1.1, "fast": 2}, and notes of other kinds */

int
llm_price_map_entry(llm_price_map_t *m, const llm_str_t *key, uint32_t node)
{
    int                     rc;
    uint32_t                i, end;
    const llm_json_node_t  *n;

    n = m->json.nodes;

    if (n[node].type != LLM_JSON_OBJECT) {
        return llm_price_map_error(m, node, key, "not an object");
    }

    end = n[node].next;

    for (i = node + 1; i < end; i = n[n[i].next].next) {
        rc = llm_price_map_entry_one(m, key, i, n[i].next);
        if (rc != LLM_OK) {
            return rc;
        }
    }

    return LLM_OK;
}


/* "YYYY-MM-DD" as the second that it begins at */

static int
llm_price_map_day(const llm_str_t *s, int64_t *begin)
{
    int      month, day, v[3];
    size_t   i;
    int64_t  days, year;

    if (s->len != sizeof("YYYY-MM-DD") - 1) {
        return LLM_BAD;
    }

    memset(v, 0, sizeof(v));

    for (i = 0; i < s->len; i++) {

        if (i == 4 || i == 7) {
            if (s->data[i] != '-') {
                return LLM_BAD;
            }

            continue;
        }

        if ((unsigned) s->data[i] - '0' > 9) {
            return LLM_BAD;
        }

        v[(i > 4) + (i > 7)] *= 10;
        v[(i > 4) + (i > 7)] += s->data[i] - '0';
    }

    if (v[0] < 1970 || v[1] < 1 || v[1] > 12) {
        return LLM_BAD;
    }

    /* the 30th of February would be another day */

    days = llm_days(v[0], v[1], v[2]);
    llm_date(days, &year, &month, &day);

    *begin = days * 86400;

    return year == v[0] && month == v[1] && day == v[2] ? LLM_OK : LLM_BAD;
}


/* {"2026-12-01": 2}: what the tokens cost from the begin of a UTC day on */

int
llm_price_map_from(llm_price_map_t *m, const llm_str_t *key, uint32_t node)
{
    uint32_t                name, end;
    llm_str_t               s;
    const llm_json_node_t  *n;

    n = m->json.nodes;

    if (n[node].type != LLM_JSON_OBJECT) {
        return llm_price_map_error(m, node, key, "not an object");
    }

    name = node + 1;
    end = n[node].next;

    if (name == end || n[n[name].next].next != end) {
        return llm_price_map_error(m, node, key, "not one day");
    }

    if (llm_json_string(&m->json, name, &s, NULL) != LLM_OK) {
        return LLM_ERROR;
    }

    if (llm_price_map_day(&s, &m->row.later) != LLM_OK) {
        return llm_price_map_error(m, name, key, "not a day");
    }

    return llm_price_map_factor(m, key, n[name].next, LLM_FACTOR_LATER);
}
