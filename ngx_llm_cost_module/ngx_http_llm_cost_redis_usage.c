
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_redis.h"


/*
 * Usage of requests that hold nothing: hits.  They are what comes fastest, and
 * most are alike in all that is counted, so each worker adds them up and tells
 * Redis ten times a second, or before it asks for sums itself.  What is lost
 * with a worker or with Redis is in the zone's statistics.
 */


#define NGX_HTTP_LLM_COST_USAGE_ROWS   16
#define NGX_HTTP_LLM_COST_USAGE_TEXT   1024     /* bytes of names of a row */
#define NGX_HTTP_LLM_COST_USAGE_DELAY  100      /* ms */


typedef struct {
    llm_stats_event_t  event;
    int64_t            count;
    u_char             text[NGX_HTTP_LLM_COST_USAGE_TEXT];
} ngx_http_llm_cost_usage_row_t;


static ngx_uint_t ngx_http_llm_cost_usage_names(const llm_stats_event_t *e,
    llm_str_t *names);
static ngx_uint_t ngx_http_llm_cost_usage_same(
    const ngx_http_llm_cost_usage_row_t *row, const llm_stats_event_t *e);
static ngx_int_t ngx_http_llm_cost_usage_copy(
    ngx_http_llm_cost_usage_row_t *row, const llm_stats_event_t *e);
static u_char *ngx_http_llm_cost_usage_move(llm_str_t *s, u_char *p);
static void ngx_http_llm_cost_usage_timer(ngx_event_t *ev);


/* of this worker */

static ngx_http_llm_cost_usage_row_t  ngx_http_llm_cost_usage_rows[
                                               NGX_HTTP_LLM_COST_USAGE_ROWS];
static ngx_uint_t                     ngx_http_llm_cost_usage_n;
static ngx_event_t                    ngx_http_llm_cost_usage_event;
static ngx_connection_t               ngx_http_llm_cost_usage_dummy;


ngx_int_t
ngx_http_llm_cost_redis_usage_add(const llm_stats_event_t *e)
{
    ngx_uint_t                      i;
    ngx_event_t                    *ev;
    ngx_http_llm_cost_usage_row_t  *row;

    if (e->cache != LLM_STATS_CACHE_HIT || e->called) {
        return NGX_DECLINED;
    }

    for (i = 0; i < ngx_http_llm_cost_usage_n; i++) {
        row = &ngx_http_llm_cost_usage_rows[i];

        if (ngx_http_llm_cost_usage_same(row, e)) {
            row->count++;
            row->event.saved += ngx_max(e->saved, 0);
            return NGX_OK;
        }
    }

    if (i == NGX_HTTP_LLM_COST_USAGE_ROWS) {
        ngx_http_llm_cost_redis_usage_flush();
        i = 0;
    }

    if (ngx_http_llm_cost_usage_copy(&ngx_http_llm_cost_usage_rows[i], e)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    ngx_http_llm_cost_usage_n = i + 1;

    ev = &ngx_http_llm_cost_usage_event;

    if (!ev->timer_set) {

        /* not cancelable: a worker that is told to leave tells it before */

        ngx_http_llm_cost_usage_dummy.fd = (ngx_socket_t) -1;

        ev->handler = ngx_http_llm_cost_usage_timer;
        ev->data = &ngx_http_llm_cost_usage_dummy;
        ev->log = ngx_cycle->log;

        ngx_add_timer(ev, NGX_HTTP_LLM_COST_USAGE_DELAY);
    }

    return NGX_OK;
}


/* all that tells one row from another but the hour */

static ngx_uint_t
ngx_http_llm_cost_usage_names(const llm_stats_event_t *e, llm_str_t *names)
{
    ngx_uint_t  i, n;

    n = 0;

    names[n++] = e->model;
    names[n++] = e->provider;
    names[n++] = e->endpoint;
    names[n++] = e->user;

    for (i = 0; i < e->ntags; i++) {
        names[n++] = e->tag_names[i];
        names[n++] = e->tag_values[i];
    }

    return n;
}


static ngx_uint_t
ngx_http_llm_cost_usage_same(const ngx_http_llm_cost_usage_row_t *row,
    const llm_stats_event_t *e)
{
    llm_str_t   a[4 + 2 * LLM_STATS_TAGS], b[4 + 2 * LLM_STATS_TAGS];
    ngx_uint_t  i, n;

    if (row->event.time / 3600 != e->time / 3600
        || row->event.ntags != e->ntags)
    {
        return 0;
    }

    n = ngx_http_llm_cost_usage_names(&row->event, a);
    (void) ngx_http_llm_cost_usage_names(e, b);

    for (i = 0; i < n; i++) {
        if (a[i].len != b[i].len
            || (a[i].len
                && ngx_memcmp(a[i].data, b[i].data, a[i].len) != 0))
        {
            return 0;
        }
    }

    return 1;
}


/* the names die with the request */

static ngx_int_t
ngx_http_llm_cost_usage_copy(ngx_http_llm_cost_usage_row_t *row,
    const llm_stats_event_t *e)
{
    size_t      size;
    u_char     *p;
    llm_str_t   names[4 + 2 * LLM_STATS_TAGS];
    ngx_uint_t  i, n;

    n = ngx_http_llm_cost_usage_names(e, names);

    for (size = 0, i = 0; i < n; i++) {
        size += names[i].len;
    }

    if (size > NGX_HTTP_LLM_COST_USAGE_TEXT) {
        return NGX_DECLINED;
    }

    row->event = *e;
    row->event.saved = ngx_max(e->saved, 0);
    row->count = 1;

    p = row->text;
    p = ngx_http_llm_cost_usage_move(&row->event.model, p);
    p = ngx_http_llm_cost_usage_move(&row->event.provider, p);
    p = ngx_http_llm_cost_usage_move(&row->event.endpoint, p);
    p = ngx_http_llm_cost_usage_move(&row->event.user, p);

    for (i = 0; i < e->ntags; i++) {
        p = ngx_http_llm_cost_usage_move(&row->event.tag_names[i], p);
        p = ngx_http_llm_cost_usage_move(&row->event.tag_values[i], p);
    }

    return NGX_OK;
}


static u_char *
ngx_http_llm_cost_usage_move(llm_str_t *s, u_char *p)
{
    if (s->len) {
        ngx_memcpy(p, s->data, s->len);
    }

    s->data = p;

    return p + s->len;
}


static void
ngx_http_llm_cost_usage_timer(ngx_event_t *ev)
{
    ngx_http_llm_cost_redis_usage_flush();
}


void
ngx_http_llm_cost_redis_usage_flush(void)
{
    ngx_uint_t                      i, n;
    ngx_http_llm_cost_usage_row_t  *row;

    if (ngx_http_llm_cost_usage_event.timer_set) {
        ngx_del_timer(&ngx_http_llm_cost_usage_event);
    }

    n = ngx_http_llm_cost_usage_n;
    ngx_http_llm_cost_usage_n = 0;

    for (i = 0; i < n; i++) {
        row = &ngx_http_llm_cost_usage_rows[i];
        ngx_http_llm_cost_redis_usage_send(&row->event, row->count);
    }
}


void
ngx_http_llm_cost_redis_usage_send(const llm_stats_event_t *event,
    int64_t count)
{
    ngx_http_llm_cost_redis_op_t  *op;

    op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_done, NULL);
    if (op == NULL) {
        return;
    }

    op->count = count;

    (void) ngx_http_llm_cost_redis_tell(ngx_http_llm_cost_redis_money(), op,
                              ngx_http_llm_cost_redis_settlement(op, event));
}
