
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_redis.h"


/*
 * The state of a connection, and of the Redis behind it, and what follows a
 * failure.
 *
 * Where money lives, one line in the log of the node says that Redis is away
 * and why, and one that it is back, however many workers, connections, attempts
 * and requests there are between the two.
 */


#define NGX_HTTP_LLM_COST_REDIS_BASE     50     /* ms, of the backoff */
#define NGX_HTTP_LLM_COST_REDIS_TOP      400


static ngx_uint_t ngx_http_llm_cost_redis_asked(
    ngx_http_llm_cost_redis_conn_t *conn);
static void ngx_http_llm_cost_redis_down(ngx_http_llm_cost_redis_t *redis,
    ngx_err_t err, const char *why, ngx_uint_t asked);
static void ngx_http_llm_cost_redis_shut(
    ngx_http_llm_cost_redis_conn_t *conn);
static void ngx_http_llm_cost_redis_drop(
    ngx_http_llm_cost_redis_conn_t *conn);


void
ngx_http_llm_cost_redis_ready(ngx_http_llm_cost_redis_conn_t *conn)
{
    ngx_http_llm_cost_redis_t  *redis;

    redis = conn->redis;

    conn->state = NGX_HTTP_LLM_COST_REDIS_READY;
    conn->failures = 0;

    conn->timer.cancelable = 1;
    ngx_add_timer(&conn->timer, NGX_HTTP_LLM_COST_REDIS_PATIENCE);

    if (redis->listens) {
        redis->down = 0;
        redis->ready = 1;
        ngx_http_llm_cost_redis_subscribe(redis);
        return;
    }

    if (redis->down && !redis->money) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "llm cost: Redis %V is back after %T s",
                      &redis->conf->addr.name, ngx_time() - redis->since);

    } else if (!redis->ready) {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "llm cost: Redis %V is connected",
                      &redis->conf->addr.name);
    }

    redis->down = 0;
    redis->ready = 1;

    ngx_http_llm_cost_redis_flush(conn);

    if (redis->money) {

        /* what was said before may have been said to another one */

        ngx_http_llm_cost_redis_join_failed();
        ngx_http_llm_cost_redis_join(redis);
    }
}


/* one of the errors after which the next command would fail as well */

ngx_uint_t
ngx_http_llm_cost_redis_unusable(redisReply *reply)
{
    const char  **w;

    static const char  *words[] = {
        "LOADING ", "READONLY ", "OOM ", "NOAUTH ", "WRONGPASS ", "NOPERM ",
        "MASTERDOWN ", "MISCONF ", "NOREPLICAS ", "BUSY ", "CLUSTERDOWN ",
        "MOVED ", "UNKILLABLE ", NULL
    };

    for (w = words; *w; w++) {

        /* older versions put what a script met behind "ERR Error running" */

        if (ngx_strstr(reply->str, *w)) {
            return 1;
        }
    }

    return 0;
}


/* connect and greetings took too long; time to try again; time to check */

void
ngx_http_llm_cost_redis_timer_handler(ngx_event_t *ev)
{
    ngx_connection_t                *dummy;
    ngx_http_llm_cost_redis_conn_t  *conn;

    dummy = ev->data;
    conn = dummy->data;

    switch (conn->state) {

    case NGX_HTTP_LLM_COST_REDIS_BACKOFF:
        ngx_http_llm_cost_redis_connect(conn);
        return;

    case NGX_HTTP_LLM_COST_REDIS_READY:
        ngx_http_llm_cost_redis_greet(conn);
        return;

    default:
        ngx_http_llm_cost_redis_fail(conn, conn->err, "cannot connect");
    }
}


void
ngx_http_llm_cost_redis_fail(ngx_http_llm_cost_redis_conn_t *conn,
    ngx_err_t err, const char *why)
{
    ngx_msec_t                  delay;
    ngx_uint_t                  leave;
    ngx_http_llm_cost_redis_t  *redis;

    redis = conn->redis;
    leave = (conn->c && conn->c->close) || ngx_exiting;

    if (conn->state == NGX_HTTP_LLM_COST_REDIS_READY && conn->nops == 0) {

        /* Redis closes what is idle for long: the next op connects again */

        ngx_http_llm_cost_redis_shut(conn);
        conn->state = NGX_HTTP_LLM_COST_REDIS_IDLE;
        return;
    }

    if (!leave) {
        ngx_http_llm_cost_redis_down(redis, err, why,
                                     ngx_http_llm_cost_redis_asked(conn));
    }

    ngx_http_llm_cost_redis_shut(conn);

    conn->state = NGX_HTTP_LLM_COST_REDIS_BACKOFF;

    if (!leave) {
        delay = NGX_HTTP_LLM_COST_REDIS_BASE << ngx_min(conn->failures, 8);
        delay = ngx_min(delay, NGX_HTTP_LLM_COST_REDIS_TOP);
        delay = delay * (80 + ngx_random() % 41) / 100;

        /* nobody depends on it */

        delay = redis->listens ? delay * 10 : delay;

        conn->failures++;
        conn->timer.cancelable = 1;
        ngx_add_timer(&conn->timer, delay);

    } else {
        redis->down = 1;
    }

    ngx_http_llm_cost_redis_drop(conn);
}


/*
 * It was ready, or somebody waits for something.  An attempt to connect again,
 * while the other workers get on well, changes nothing for the node.
 */

static ngx_uint_t
ngx_http_llm_cost_redis_asked(ngx_http_llm_cost_redis_conn_t *conn)
{
    ngx_queue_t                   *q;
    ngx_http_llm_cost_redis_op_t  *op;

    if (conn->state == NGX_HTTP_LLM_COST_REDIS_READY) {
        return 1;
    }

    for (q = ngx_queue_head(&conn->waiting);
         q != ngx_queue_sentinel(&conn->waiting);
         q = ngx_queue_next(q))
    {
        op = ngx_queue_data(q, ngx_http_llm_cost_redis_op_t, queue);

        if (!op->greeting) {
            return 1;
        }
    }

    return 0;
}


static void
ngx_http_llm_cost_redis_down(ngx_http_llm_cost_redis_t *redis, ngx_err_t err,
    const char *why, ngx_uint_t asked)
{
    size_t       i;
    u_char      *p;
    ngx_uint_t   first;

    first = !redis->down;

    if (first) {
        redis->since = ngx_time();
        redis->down = 1;
    }

    if (redis->money ? !asked : !first || redis->listens) {
        return;
    }

    p = redis->error;

    for (i = 0; why[i] && i < sizeof(redis->error) - 1; i++) {
        *p++ = why[i] >= ' ' && why[i] < 0x7f ? why[i] : '?';
    }

    *p = '\0';

    if (redis->money && !ngx_http_llm_cost_redis_box_away()) {

        /* another worker has said it */

        return;
    }

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, err,
                  "llm cost: Redis %V is away: %s; %s",
                  &redis->conf->addr.name, redis->error,
                  redis->money ? "llm_store_failure decides until it is back"
                               : "answers are not cached until it is back");
}


static void
ngx_http_llm_cost_redis_shut(ngx_http_llm_cost_redis_conn_t *conn)
{
    if (conn->timer.timer_set) {
        ngx_del_timer(&conn->timer);
    }

    if (conn->flush.posted) {
        ngx_delete_posted_event(&conn->flush);
    }

    if (conn->reader) {
        redisReaderFree(conn->reader);
        conn->reader = NULL;
    }

    if (conn->c) {
        ngx_close_connection(conn->c);
        conn->c = NULL;
    }
}


/* every op learns that there will be no reply; it may send another one */

static void
ngx_http_llm_cost_redis_drop(ngx_http_llm_cost_redis_conn_t *conn)
{
    ngx_queue_t                   *q, ops;
    ngx_http_llm_cost_redis_op_t  *op;

    ngx_queue_init(&ops);

    if (!ngx_queue_empty(&conn->sent)) {
        ngx_queue_add(&ops, &conn->sent);
        ngx_queue_init(&conn->sent);
    }

    if (!ngx_queue_empty(&conn->waiting)) {
        ngx_queue_add(&ops, &conn->waiting);
        ngx_queue_init(&conn->waiting);
    }

    while (!ngx_queue_empty(&ops)) {
        q = ngx_queue_head(&ops);
        op = ngx_queue_data(q, ngx_http_llm_cost_redis_op_t, queue);

        if (!op->greeting) {
            llm_stats_count(ngx_http_llm_cost_zone()->stats,
                            conn->redis->money ? LLM_STATS_STORE_ERRORS
                                               : LLM_STATS_CACHE_ERRORS, 1);
        }

        ngx_http_llm_cost_redis_unlink(op);
        op->handler(op, NULL);
    }
}


void
ngx_http_llm_cost_redis_lost(ngx_http_llm_cost_redis_t *redis)
{
    if (ngx_http_llm_cost_redis_box_away()) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "llm cost: Redis %V is away: it is another one, or has "
                      "lost what it had confirmed; llm_store_failure decides "
                      "until what is known here is repeated",
                      &redis->conf->addr.name);
    }

    ngx_http_llm_cost_redis_join(redis);
}


/* the worker leaves: what is queued is written once more, and not waited for */

void
ngx_http_llm_cost_redis_close(ngx_http_llm_cost_redis_t *redis)
{
    ngx_uint_t                       i;
    ngx_http_llm_cost_redis_conn_t  *conn;

    for (i = 0; i < redis->nconns; i++) {
        conn = &redis->conns[i];

        if (conn->state == NGX_HTTP_LLM_COST_REDIS_READY && conn->c) {
            ngx_http_llm_cost_redis_flush(conn);
        }
    }

    redis->down = 1;

    for (i = 0; i < redis->nconns; i++) {
        conn = &redis->conns[i];

        ngx_http_llm_cost_redis_shut(conn);
        conn->state = NGX_HTTP_LLM_COST_REDIS_BACKOFF;
        ngx_http_llm_cost_redis_drop(conn);
    }
}
