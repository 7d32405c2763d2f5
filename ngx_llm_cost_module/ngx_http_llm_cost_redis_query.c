
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_redis.h"


/*
 * Reading for llm_api.  A query is a row of commands, each sent when the reply
 * to the one before it is in, so that Redis is never kept busy for long by one
 * reader; the request waits until the last.
 */


#define NGX_HTTP_LLM_COST_QUERY_PAGE     500
#define NGX_HTTP_LLM_COST_QUERY_FIELDS   10     /* of a counter */
#define NGX_HTTP_LLM_COST_QUERY_TIMEOUT  5000


static ngx_int_t ngx_http_llm_cost_query_send(ngx_http_llm_cost_query_t *q);
static void ngx_http_llm_cost_query_ask(ngx_http_llm_cost_query_t *q,
    ngx_http_llm_cost_redis_t *redis);
static void ngx_http_llm_cost_query_ask_budgets(ngx_http_llm_cost_query_t *q,
    ngx_http_llm_cost_redis_t *redis);
static void ngx_http_llm_cost_query_wanted(ngx_http_llm_cost_query_t *q,
    ngx_str_t *s);
static void ngx_http_llm_cost_query_scan(ngx_http_llm_cost_query_t *q,
    ngx_http_llm_cost_redis_t *redis);
static void ngx_http_llm_cost_query_reply(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply);
static ngx_int_t ngx_http_llm_cost_query_read(ngx_http_llm_cost_query_t *q,
    redisReply *reply);
static ngx_int_t ngx_http_llm_cost_query_read_budgets(
    ngx_http_llm_cost_query_t *q, redisReply *reply);
static ngx_int_t ngx_http_llm_cost_query_read_budget(
    ngx_http_llm_cost_query_t *q, redisReply *reply, size_t i);
static ngx_int_t ngx_http_llm_cost_query_unit(redisReply *s, llm_unit_e *unit);
static ngx_int_t ngx_http_llm_cost_query_read_alerts(
    ngx_http_llm_cost_query_t *q, redisReply *reply);
static ngx_int_t ngx_http_llm_cost_query_read_alert(llm_alert_t *a,
    redisReply *fields);
static ngx_int_t ngx_http_llm_cost_query_read_scan(
    ngx_http_llm_cost_query_t *q, redisReply *reply);
static void ngx_http_llm_cost_query_unlink(redisReply *keys);
static void ngx_http_llm_cost_query_finish(ngx_http_llm_cost_query_t *q,
    ngx_http_llm_cost_redis_op_t *op, ngx_int_t rc);
static void ngx_http_llm_cost_query_wake(ngx_event_t *ev);


ngx_int_t
ngx_http_llm_cost_redis_query(ngx_http_llm_cost_query_t *q)
{
    ngx_uint_t  i;

    if (ngx_array_init(&q->budgets, q->pool, 16, sizeof(llm_counter_view_t))
        != NGX_OK
        || ngx_array_init(&q->alerts, q->pool, 16, sizeof(llm_alert_t))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < q->ndims; i++) {
        ngx_rbtree_init(&q->dims[i].tree, &q->dims[i].sentinel,
                        ngx_str_rbtree_insert_value);
    }

    q->at = q->what == NGX_HTTP_LLM_COST_QUERY_USAGE ? q->from : 0;
    q->cursor[0] = '0';
    q->cursor_len = 1;

    return ngx_http_llm_cost_query_send(q);
}


void
ngx_http_llm_cost_redis_query_forget(ngx_http_llm_cost_query_t *q)
{
    ngx_http_llm_cost_redis_op_t  *op;

    op = q->op;
    q->op = NULL;

    if (op == NULL) {
        return;
    }

    if (op->done || ngx_http_llm_cost_redis_forget(op) == NGX_OK) {
        ngx_http_llm_cost_redis_free(op);
    }
}


static ngx_int_t
ngx_http_llm_cost_query_send(ngx_http_llm_cost_query_t *q)
{
    ngx_http_llm_cost_redis_t     *redis;
    ngx_http_llm_cost_redis_op_t  *op;

    redis = q->what >= NGX_HTTP_LLM_COST_QUERY_CACHE_COUNT
            ? ngx_http_llm_cost_redis_answers()
            : ngx_http_llm_cost_redis_money();

    op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_query_reply, q);
    if (op == NULL) {
        return NGX_ERROR;
    }

    ngx_http_llm_cost_query_ask(q, redis);

    if (ngx_http_llm_cost_redis_end(op) != NGX_OK) {
        ngx_http_llm_cost_redis_free(op);
        return NGX_ERROR;
    }

    if (ngx_http_llm_cost_redis_send(redis, op,
                                     NGX_HTTP_LLM_COST_QUERY_TIMEOUT)
        != NGX_OK)
    {
        ngx_http_llm_cost_redis_free(op);
        return NGX_DECLINED;
    }

    q->op = op;

    return NGX_AGAIN;
}


static void
ngx_http_llm_cost_query_ask(ngx_http_llm_cost_query_t *q,
    ngx_http_llm_cost_redis_t *redis)
{
    switch (q->what) {

    case NGX_HTTP_LLM_COST_QUERY_BUDGETS:
        ngx_http_llm_cost_query_ask_budgets(q, redis);
        return;

    case NGX_HTTP_LLM_COST_QUERY_USAGE:
        ngx_http_llm_cost_redis_usage_ask(q);
        return;

    case NGX_HTTP_LLM_COST_QUERY_ALERTS:
        ngx_http_llm_cost_redis_command(redis, "XREVRANGE");
        ngx_http_llm_cost_redis_key("a");
        ngx_http_llm_cost_redis_text("+");
        ngx_http_llm_cost_redis_text("-");
        ngx_http_llm_cost_redis_text("COUNT");
        ngx_http_llm_cost_redis_number(LLM_STATS_ALERTS);
        return;

    case NGX_HTTP_LLM_COST_QUERY_CACHE_COUNT:
        ngx_http_llm_cost_redis_command(redis, "ZCOUNT");
        ngx_http_llm_cost_redis_key("c");
        ngx_http_llm_cost_redis_number(ngx_time());
        ngx_http_llm_cost_redis_text("+inf");
        return;

    default: /* NGX_HTTP_LLM_COST_QUERY_CACHE_CLEAR */
        ngx_http_llm_cost_query_scan(q, redis);
        return;
    }
}


static void
ngx_http_llm_cost_query_ask_budgets(ngx_http_llm_cost_query_t *q,
    ngx_http_llm_cost_redis_t *redis)
{
    ngx_http_llm_cost_redis_begin(redis, NGX_HTTP_LLM_COST_SCRIPT_BUDGETS);
    ngx_http_llm_cost_redis_indexes();
    ngx_http_llm_cost_redis_number(ngx_time());
    ngx_http_llm_cost_redis_number(q->at);
    ngx_http_llm_cost_redis_number(NGX_HTTP_LLM_COST_QUERY_PAGE);
    ngx_http_llm_cost_query_wanted(q, &q->name);
    ngx_http_llm_cost_query_wanted(q, &q->key);
}


/* "=" in front: an empty name is asked for otherwise than none */

static void
ngx_http_llm_cost_query_wanted(ngx_http_llm_cost_query_t *q, ngx_str_t *s)
{
    u_char  *p;

    p = s->data ? ngx_pnalloc(q->pool, s->len + 1) : NULL;

    if (p == NULL) {
        ngx_http_llm_cost_redis_text("");
        return;
    }

    *p = '=';
    ngx_memcpy(p + 1, s->data, s->len);

    ngx_http_llm_cost_redis_arg(p, s->len + 1);
}


/* all answers, also those that the index has lost; the prefix is no pattern */

static void
ngx_http_llm_cost_query_scan(ngx_http_llm_cost_query_t *q,
    ngx_http_llm_cost_redis_t *redis)
{
    u_char  *p, *pattern;
    size_t   i;

    ngx_http_llm_cost_redis_command(redis, "SCAN");
    ngx_http_llm_cost_redis_arg(q->cursor, q->cursor_len);
    ngx_http_llm_cost_redis_text("MATCH");

    pattern = ngx_pnalloc(q->pool, redis->tag.len * 2 + 3);
    if (pattern == NULL) {
        ngx_http_llm_cost_redis_text("");
        return;
    }

    p = pattern;

    for (i = 0; i < redis->tag.len; i++) {
        if (ngx_strchr("*?[]\\", redis->tag.data[i])) {
            *p++ = '\\';
        }

        *p++ = redis->tag.data[i];
    }

    p = ngx_cpymem(p, "c:*", 3);

    ngx_http_llm_cost_redis_arg(pattern, p - pattern);
    ngx_http_llm_cost_redis_text("COUNT");
    ngx_http_llm_cost_redis_number(NGX_HTTP_LLM_COST_QUERY_PAGE);
}


static void
ngx_http_llm_cost_query_reply(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply)
{
    ngx_int_t                   rc;
    ngx_http_llm_cost_query_t  *q;

    q = op->data;
    q->op = NULL;

    if (reply == NULL) {
        ngx_http_llm_cost_query_finish(q, op, NGX_HTTP_SERVICE_UNAVAILABLE);
        return;
    }

    ngx_http_llm_cost_redis_complain(reply);

    rc = ngx_http_llm_cost_query_read(q, reply);

    if (rc == NGX_AGAIN) {
        rc = ngx_http_llm_cost_query_send(q);

        if (rc == NGX_AGAIN) {
            ngx_http_llm_cost_redis_free(op);
            return;
        }
    }

    if (rc == NGX_ERROR) {
        rc = NGX_HTTP_INTERNAL_SERVER_ERROR;

    } else if (rc == NGX_DECLINED) {
        rc = NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    ngx_http_llm_cost_query_finish(q, op, rc);
}


static void
ngx_http_llm_cost_query_finish(ngx_http_llm_cost_query_t *q,
    ngx_http_llm_cost_redis_op_t *op, ngx_int_t rc)
{
    q->rc = rc;
    q->op = op;

    op->done = 1;
    op->wake.handler = ngx_http_llm_cost_query_wake;
    op->wake.data = op;
    op->wake.log = ngx_cycle->log;

    ngx_post_event(&op->wake, &ngx_posted_events);
}


static void
ngx_http_llm_cost_query_wake(ngx_event_t *ev)
{
    ngx_http_llm_cost_query_t     *q;
    ngx_http_llm_cost_redis_op_t  *op;

    op = ev->data;
    q = op->data;

    q->op = NULL;
    ngx_http_llm_cost_redis_free(op);

    q->done(q);
}


/* NGX_OK: that was all; NGX_AGAIN; NGX_DECLINED: not such a reply */

static ngx_int_t
ngx_http_llm_cost_query_read(ngx_http_llm_cost_query_t *q, redisReply *reply)
{
    switch (q->what) {

    case NGX_HTTP_LLM_COST_QUERY_BUDGETS:
        return ngx_http_llm_cost_query_read_budgets(q, reply);

    case NGX_HTTP_LLM_COST_QUERY_USAGE:
        return ngx_http_llm_cost_redis_usage_read(q, reply);

    case NGX_HTTP_LLM_COST_QUERY_ALERTS:
        return ngx_http_llm_cost_query_read_alerts(q, reply);

    case NGX_HTTP_LLM_COST_QUERY_CACHE_COUNT:
        if (reply->type != REDIS_REPLY_INTEGER) {
            return NGX_DECLINED;
        }

        q->count = reply->integer;
        return NGX_OK;

    default: /* NGX_HTTP_LLM_COST_QUERY_CACHE_CLEAR */
        return ngx_http_llm_cost_query_read_scan(q, reply);
    }
}


static ngx_int_t
ngx_http_llm_cost_query_read_budgets(ngx_http_llm_cost_query_t *q,
    redisReply *reply)
{
    size_t   i;
    int64_t  next;

    if (ngx_http_llm_cost_redis_integer(reply, 0, &next) != NGX_OK) {
        return NGX_DECLINED;
    }

    for (i = 1; i + NGX_HTTP_LLM_COST_QUERY_FIELDS <= reply->elements;
         i += NGX_HTTP_LLM_COST_QUERY_FIELDS)
    {
        if (ngx_http_llm_cost_query_read_budget(q, reply, i) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (next <= q->at) {
        return NGX_OK;
    }

    q->at = next;

    return NGX_AGAIN;
}


/* a counter that somebody else has written is left out */

static ngx_int_t
ngx_http_llm_cost_query_read_budget(ngx_http_llm_cost_query_t *q,
    redisReply *reply, size_t i)
{
    size_t               k;
    llm_str_t            period;
    redisReply         **e;
    llm_counter_view_t   v, *row;

    e = &reply->element[i];

    for (k = 0; k < NGX_HTTP_LLM_COST_QUERY_FIELDS; k++) {
        if (e[k]->type != REDIS_REPLY_STRING) {
            return NGX_OK;
        }
    }

    ngx_memzero(&v, sizeof(llm_counter_view_t));

    period.data = (u_char *) e[3]->str;
    period.len = e[3]->len;

    if (e[0]->len > LLM_NAME_MAX || e[1]->len > LLM_KEY_MAX
        || ngx_http_llm_cost_query_unit(e[2], &v.unit) != NGX_OK
        || llm_period_parse(&period, &v.period) != LLM_OK
        || ngx_http_llm_cost_redis_integer(reply, i + 4, &v.start) != NGX_OK
        || ngx_http_llm_cost_redis_integer(reply, i + 5, &v.end) != NGX_OK
        || ngx_http_llm_cost_redis_integer(reply, i + 6, &v.limit) != NGX_OK
        || ngx_http_llm_cost_redis_integer(reply, i + 8, &v.spent) != NGX_OK
        || ngx_http_llm_cost_redis_integer(reply, i + 9, &v.reserved)
           != NGX_OK)
    {
        return NGX_OK;
    }

    ngx_memcpy(v.name, e[0]->str, e[0]->len);
    v.name_len = e[0]->len;
    ngx_memcpy(v.key, e[1]->str, e[1]->len);
    v.key_len = e[1]->len;

    v.observe = (e[7]->len > 0 && e[7]->str[0] == 'o');

    if (v.end == 0) {
        v.end = INT64_MAX;
    }

    if (v.limit < 0) {
        v.limit = LLM_NO_LIMIT;
    }

    row = ngx_array_push(&q->budgets);
    if (row == NULL) {
        return NGX_ERROR;
    }

    *row = v;

    return NGX_OK;
}


static ngx_int_t
ngx_http_llm_cost_query_unit(redisReply *s, llm_unit_e *unit)
{
    if (s->len == 0) {
        return NGX_DECLINED;
    }

    switch (s->str[0]) {

    case 'u':
        *unit = LLM_UNIT_USD;
        return NGX_OK;

    case 't':
        *unit = LLM_UNIT_TOKENS;
        return NGX_OK;

    case 'r':
        *unit = LLM_UNIT_REQUESTS;
        return NGX_OK;
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_llm_cost_query_read_alerts(ngx_http_llm_cost_query_t *q,
    redisReply *reply)
{
    size_t        i;
    llm_alert_t   a, *row;
    redisReply   *e;

    if (reply->type != REDIS_REPLY_ARRAY) {
        return NGX_DECLINED;
    }

    for (i = 0; i < reply->elements; i++) {
        e = reply->element[i];

        if (e->type != REDIS_REPLY_ARRAY || e->elements != 2
            || ngx_http_llm_cost_query_read_alert(&a, e->element[1])
               != NGX_OK)
        {
            continue;
        }

        row = ngx_array_push(&q->alerts);
        if (row == NULL) {
            return NGX_ERROR;
        }

        *row = a;
    }

    return NGX_OK;
}


/* the fields of raise() in common.lua, in its order */

static ngx_int_t
ngx_http_llm_cost_query_read_alert(llm_alert_t *a, redisReply *fields)
{
    size_t        i;
    int64_t       percent;
    llm_str_t     period;
    redisReply  **e;

    ngx_memzero(a, sizeof(llm_alert_t));

    if (fields->type != REDIS_REPLY_ARRAY || fields->elements < 20) {
        return NGX_DECLINED;
    }

    e = fields->element;

    for (i = 0; i < 20; i++) {
        if (e[i]->type != REDIS_REPLY_STRING) {
            return NGX_DECLINED;
        }
    }

    period.data = (u_char *) e[9]->str;
    period.len = e[9]->len;

    if (e[3]->len > LLM_NAME_MAX || e[5]->len > LLM_KEY_MAX
        || ngx_http_llm_cost_redis_integer(fields, 1, &a->time) != NGX_OK
        || ngx_http_llm_cost_query_unit(e[7], &a->unit) != NGX_OK
        || llm_period_parse(&period, &a->period) != LLM_OK
        || ngx_http_llm_cost_redis_integer(fields, 11, &a->start) != NGX_OK
        || ngx_http_llm_cost_redis_integer(fields, 13, &a->end) != NGX_OK
        || ngx_http_llm_cost_redis_integer(fields, 15, &percent) != NGX_OK
        || ngx_http_llm_cost_redis_integer(fields, 17, &a->spent) != NGX_OK
        || ngx_http_llm_cost_redis_integer(fields, 19, &a->limit) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    if (a->end == 0) {
        a->end = INT64_MAX;
    }

    a->threshold = (uint8_t) percent;
    a->error = (percent >= 100);

    a->budget_len = e[3]->len;
    ngx_memcpy(a->budget, e[3]->str, e[3]->len);
    a->key_len = e[5]->len;
    ngx_memcpy(a->key, e[5]->str, e[5]->len);

    return NGX_OK;
}


static ngx_int_t
ngx_http_llm_cost_query_read_scan(ngx_http_llm_cost_query_t *q,
    redisReply *reply)
{
    redisReply  *cursor, *keys;

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2) {
        return NGX_DECLINED;
    }

    cursor = reply->element[0];
    keys = reply->element[1];

    if (cursor->type != REDIS_REPLY_STRING || cursor->len == 0
        || cursor->len > sizeof(q->cursor)
        || keys->type != REDIS_REPLY_ARRAY)
    {
        return NGX_DECLINED;
    }

    if (keys->elements) {
        q->count += keys->elements;
        ngx_http_llm_cost_query_unlink(keys);
    }

    ngx_memcpy(q->cursor, cursor->str, cursor->len);
    q->cursor_len = cursor->len;

    return q->cursor_len == 1 && q->cursor[0] == '0' ? NGX_OK : NGX_AGAIN;
}


/* on the same connection, so before the reply to the next SCAN */

static void
ngx_http_llm_cost_query_unlink(redisReply *keys)
{
    size_t                         i, k, n;
    ngx_http_llm_cost_redis_t     *redis;
    ngx_http_llm_cost_redis_op_t  *op;

    redis = ngx_http_llm_cost_redis_answers();

    for (i = 0; i < keys->elements; i += n) {
        n = ngx_min(keys->elements - i, NGX_HTTP_LLM_COST_QUERY_PAGE / 2);

        op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_done, NULL);
        if (op == NULL) {
            return;
        }

        ngx_http_llm_cost_redis_command(redis, "UNLINK");
        ngx_http_llm_cost_redis_key("c");

        for (k = i; k < i + n; k++) {
            if (keys->element[k]->type == REDIS_REPLY_STRING) {
                ngx_http_llm_cost_redis_arg(keys->element[k]->str,
                                            keys->element[k]->len);
            }
        }

        if (ngx_http_llm_cost_redis_end(op) != NGX_OK
            || ngx_http_llm_cost_redis_send(redis, op,
                                            NGX_HTTP_LLM_COST_REDIS_LINGER)
               != NGX_OK)
        {
            ngx_http_llm_cost_redis_free(op);
            return;
        }
    }
}
