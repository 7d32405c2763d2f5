
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "report.h"

#include <string.h>


/*
 * Every value of the log is a string but for two, and an empty string or "-"
 * is "not known".  A line without "time", "usage_source" and "cost" is of
 * another format.
 */

enum {
    REPORT_TIME = 0,
    REPORT_STATUS,
    REPORT_URI,
    REPORT_PROVIDER,
    REPORT_MODEL,
    REPORT_USER,
    REPORT_KEY_ID,
    REPORT_SOURCE,
    REPORT_CACHE,
    REPORT_REFUSAL,
    REPORT_INPUT,
    REPORT_CACHED,
    REPORT_OUTPUT,
    REPORT_COST,
    REPORT_SAVED,
    REPORT_REQUEST,
    REPORT_PREFIX,
    REPORT_WORK,
    REPORT_MEMBERS
};


static const char * const  report_members[REPORT_MEMBERS] = {
    "time", "status", "uri", "provider", "model", "user", "api_key_id",
    "usage_source", "cache", "refusal", "input_tokens", "cached_tokens",
    "output_tokens", "cost", "saved_cost", "request_digest", "prefix_digest",
    "work"
};


/*
 * What is being decoded goes here: texts of one line, all together.  A member
 * is decoded for the record and once more if --by names it, never a third
 * time, and no text gets longer by that.
 */

typedef struct {
    const llm_json_t  *json;
    unsigned char     *p;
    int                bad;
} report_text_t;


static unsigned char  report_decoded[2 * REPORT_LINE_MAX];


static llm_str_t
report_string(report_text_t *t, uint32_t node)
{
    llm_str_t               s;
    const llm_json_node_t  *v;

    s.len = 0;
    s.data = (unsigned char *) "";

    if (node == LLM_JSON_NONE) {
        return s;
    }

    v = &t->json->nodes[node];

    if (v->type != LLM_JSON_STRING) {
        s.data = (unsigned char *) t->json->data + v->start;
        s.len = v->end - v->start;

    } else if (llm_json_string(t->json, node, &s, t->p) != LLM_OK) {
        t->bad = 1;
        s.len = 0;

    } else {
        t->p += v->escaped ? v->end - v->start : 0;
    }

    if (s.len == 1 && s.data[0] == '-') {
        s.len = 0;
    }

    return s;
}


static int64_t
report_number(report_text_t *t, uint32_t node)
{
    int64_t    n;
    llm_str_t  s;

    s = report_string(t, node);

    if (s.len == 0) {
        return -1;
    }

    if (llm_parse_int(s.data, s.len, &n) != LLM_OK
        || n < 0 || n > REPORT_TOKENS_MAX)
    {
        t->bad = 1;
        return -1;
    }

    return n;
}


static int64_t
report_usd(report_text_t *t, uint32_t node)
{
    int64_t    n;
    llm_str_t  s;

    s = report_string(t, node);

    if (s.len == 0) {
        return -1;
    }

    if (llm_usd_parse(s.data, s.len, &n) != LLM_OK || n > LLM_NANO_MAX) {
        t->bad = 1;
        return -1;
    }

    return n;
}


int
report_line(report_t *rp, const char *line, size_t len, report_record_t *r)
{
    unsigned       i;
    uint32_t       v[REPORT_MEMBERS], by[REPORT_BREAKDOWNS];
    llm_str_t      time;
    const char    *names[REPORT_BREAKDOWNS];
    llm_json_t    *j;
    report_text_t  t;

    j = &rp->json;

    if (llm_json_parse(j, (const unsigned char *) line, len) != LLM_OK
        || j->nodes[0].type != LLM_JSON_OBJECT)
    {
        return LLM_BAD;
    }

    (void) llm_json_fields(j, 0, report_members, REPORT_MEMBERS, v);

    if (v[REPORT_TIME] == LLM_JSON_NONE || v[REPORT_SOURCE] == LLM_JSON_NONE
        || v[REPORT_COST] == LLM_JSON_NONE)
    {
        return LLM_DECLINED;
    }

    t.json = j;
    t.p = report_decoded;
    t.bad = 0;

    time = report_string(&t, v[REPORT_TIME]);
    r->time = report_time(&time);

    if (r->time < 0) {
        return LLM_BAD;
    }

    r->status = report_number(&t, v[REPORT_STATUS]);
    r->input = report_number(&t, v[REPORT_INPUT]);
    r->cached = report_number(&t, v[REPORT_CACHED]);
    r->output = report_number(&t, v[REPORT_OUTPUT]);
    r->cost = report_usd(&t, v[REPORT_COST]);
    r->saved = report_usd(&t, v[REPORT_SAVED]);
    r->model = report_string(&t, v[REPORT_MODEL]);
    r->user = report_string(&t, v[REPORT_USER]);
    r->key_id = report_string(&t, v[REPORT_KEY_ID]);
    r->endpoint = report_string(&t, v[REPORT_URI]);
    r->provider = report_string(&t, v[REPORT_PROVIDER]);
    r->source = report_string(&t, v[REPORT_SOURCE]);
    r->cache = report_string(&t, v[REPORT_CACHE]);
    r->refusal = report_string(&t, v[REPORT_REFUSAL]);
    r->request = report_string(&t, v[REPORT_REQUEST]);
    r->prefix = report_string(&t, v[REPORT_PREFIX]);
    r->work = report_string(&t, v[REPORT_WORK]);

    report_date(r->time / 86400, r->date);
    r->day.data = (unsigned char *) r->date;
    r->day.len = 10;

    for (i = 0; i < rp->nby; i++) {
        names[i] = rp->by[i].member ? rp->by[i].member : "";
    }

    (void) llm_json_fields(j, 0, names, rp->nby, by);

    for (i = 0; i < rp->nby; i++) {
        r->by[i] = rp->by[i].member ? report_string(&t, by[i]) : r->day;
    }

    return t.bad ? LLM_BAD : LLM_OK;
}
