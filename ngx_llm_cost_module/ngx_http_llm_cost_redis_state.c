
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_redis.h"


/*
 * The state of a connection, and of the Redis behind it: greetings before the
 * first op, what makes a server unfit for money, and what follows a failure.
 *
 * One line in the log says that Redis is away and why, and one that it is back,
 * however many connections, attempts and requests there are between the two.
 */


#define NGX_HTTP_LLM_COST_REDIS_BASE     50     /* ms, of the backoff */
#define NGX_HTTP_LLM_COST_REDIS_TOP      800
#define NGX_HTTP_LLM_COST_REDIS_PATIENCE 5000   /* ms between two checks */


static void ngx_http_llm_cost_redis_say(ngx_http_llm_cost_redis_conn_t *conn);
static void ngx_http_llm_cost_redis_load(
    ngx_http_llm_cost_redis_conn_t *conn);
static ngx_int_t ngx_http_llm_cost_redis_say_it(
    ngx_http_llm_cost_redis_conn_t *conn, ngx_http_llm_cost_redis_op_t *op);
static void ngx_http_llm_cost_redis_greeted(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply);
static ngx_int_t ngx_http_llm_cost_redis_fit(
    ngx_http_llm_cost_redis_conn_t *conn, redisReply *reply);
static void ngx_http_llm_cost_redis_policy(redisReply *reply,
    ngx_str_t *policy);
static void ngx_http_llm_cost_redis_ready(
    ngx_http_llm_cost_redis_conn_t *conn);
static void ngx_http_llm_cost_redis_down(ngx_http_llm_cost_redis_t *redis,
    ngx_err_t err, const char *why);
static void ngx_http_llm_cost_redis_shut(
    ngx_http_llm_cost_redis_conn_t *conn);
static void ngx_http_llm_cost_redis_drop(
    ngx_http_llm_cost_redis_conn_t *conn);
static void ngx_http_llm_cost_redis_changed(ngx_http_llm_cost_redis_t *redis);


/* what is to be said next, from what was said last */

void
ngx_http_llm_cost_redis_greet(ngx_http_llm_cost_redis_conn_t *conn)
{
    ngx_http_llm_cost_redis_t  *redis;

    redis = conn->redis;

    switch (conn->state) {

    case NGX_HTTP_LLM_COST_REDIS_CONNECTING:
        conn->state = NGX_HTTP_LLM_COST_REDIS_AUTH;

        if (redis->conf->password.len) {
            break;
        }

        /* fall through */

    case NGX_HTTP_LLM_COST_REDIS_AUTH:
        conn->state = NGX_HTTP_LLM_COST_REDIS_SELECT;

        if (redis->conf->db) {
            break;
        }

        /* fall through */

    case NGX_HTTP_LLM_COST_REDIS_SELECT:
        conn->state = NGX_HTTP_LLM_COST_REDIS_CHECK;

        if (redis->money) {
            break;
        }

        /* fall through */

    case NGX_HTTP_LLM_COST_REDIS_CHECK:
        conn->state = NGX_HTTP_LLM_COST_REDIS_PROBE;
        break;

    case NGX_HTTP_LLM_COST_REDIS_PROBE:
        conn->state = NGX_HTTP_LLM_COST_REDIS_SCRIPTS;
        ngx_http_llm_cost_redis_load(conn);
        return;

    case NGX_HTTP_LLM_COST_REDIS_SCRIPTS:
        if (--conn->loading == 0) {
            ngx_http_llm_cost_redis_ready(conn);
        }

        return;

    default: /* READY: is it still fit? */
        break;
    }

    ngx_http_llm_cost_redis_say(conn);
}


static void
ngx_http_llm_cost_redis_say(ngx_http_llm_cost_redis_conn_t *conn)
{
    ngx_http_llm_cost_redis_t     *redis;
    ngx_http_llm_cost_redis_op_t  *op;

    redis = conn->redis;

    op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_greeted, conn);
    if (op == NULL) {
        ngx_http_llm_cost_redis_fail(conn, 0, "no memory");
        return;
    }

    switch (conn->state) {

    case NGX_HTTP_LLM_COST_REDIS_AUTH:
        ngx_http_llm_cost_redis_command(redis, "AUTH");

        if (redis->conf->username.len) {
            ngx_http_llm_cost_redis_arg(redis->conf->username.data,
                                        redis->conf->username.len);
        }

        ngx_http_llm_cost_redis_arg(redis->conf->password.data,
                                    redis->conf->password.len);
        break;

    case NGX_HTTP_LLM_COST_REDIS_SELECT:
        ngx_http_llm_cost_redis_command(redis, "SELECT");
        ngx_http_llm_cost_redis_number(redis->conf->db);
        break;

    case NGX_HTTP_LLM_COST_REDIS_PROBE:

        /* a write from a script, as everything that follows */

        ngx_http_llm_cost_redis_command(redis, "EVAL");
        ngx_http_llm_cost_redis_text(
                      "return redis.call('SET',KEYS[1],'1','EX','60')");
        ngx_http_llm_cost_redis_number(1);
        ngx_http_llm_cost_redis_key("probe");
        break;

    default: /* CHECK, READY */

        if (!redis->money) {
            ngx_http_llm_cost_redis_command(redis, "PING");

        } else if (conn->info) {
            ngx_http_llm_cost_redis_command(redis, "INFO");
            ngx_http_llm_cost_redis_text("memory");

        } else {
            ngx_http_llm_cost_redis_command(redis, "CONFIG");
            ngx_http_llm_cost_redis_text("GET");
            ngx_http_llm_cost_redis_text("maxmemory-policy");
        }
    }

    if (ngx_http_llm_cost_redis_say_it(conn, op) == NGX_OK) {
        ngx_http_llm_cost_redis_flush(conn);
    }
}


/*
 * All scripts at once, so that no command has to be sent twice: what was sent
 * after it would be done before it.  Where SCRIPT is forbidden that happens,
 * once, and is no fault.
 */

static void
ngx_http_llm_cost_redis_load(ngx_http_llm_cost_redis_conn_t *conn)
{
    ngx_uint_t                     i;
    ngx_http_llm_cost_redis_op_t  *op;

    for (i = 0; i < NGX_HTTP_LLM_COST_SCRIPT_N; i++) {

        op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_greeted, conn);
        if (op == NULL) {
            ngx_http_llm_cost_redis_fail(conn, 0, "no memory");
            return;
        }

        ngx_http_llm_cost_redis_command(conn->redis, "SCRIPT");
        ngx_http_llm_cost_redis_text("LOAD");
        ngx_http_llm_cost_redis_script(i);

        if (ngx_http_llm_cost_redis_say_it(conn, op) != NGX_OK) {
            return;
        }
    }

    conn->loading = i;

    ngx_http_llm_cost_redis_flush(conn);
}


static ngx_int_t
ngx_http_llm_cost_redis_say_it(ngx_http_llm_cost_redis_conn_t *conn,
    ngx_http_llm_cost_redis_op_t *op)
{
    if (ngx_http_llm_cost_redis_end(op) != NGX_OK) {
        ngx_http_llm_cost_redis_free(op);
        ngx_http_llm_cost_redis_fail(conn, 0, "no memory");
        return NGX_ERROR;
    }

    op->greeting = 1;
    op->conn = conn;
    conn->nops++;
    conn->bytes += op->size;

    if (conn->state == NGX_HTTP_LLM_COST_REDIS_READY) {
        op->timer.cancelable = 1;
        ngx_add_timer(&op->timer, NGX_HTTP_LLM_COST_REDIS_LINGER);
        ngx_queue_insert_tail(&conn->waiting, &op->queue);

    } else {
        ngx_queue_insert_head(&conn->waiting, &op->queue);
    }

    return NGX_OK;
}


static void
ngx_http_llm_cost_redis_greeted(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply)
{
    ngx_http_llm_cost_redis_conn_t  *conn;

    conn = op->data;

    ngx_http_llm_cost_redis_free(op);

    if (reply == NULL) {
        return;
    }

    if (conn->redis->money
        && (conn->state == NGX_HTTP_LLM_COST_REDIS_CHECK
            || conn->state == NGX_HTTP_LLM_COST_REDIS_READY))
    {
        switch (ngx_http_llm_cost_redis_fit(conn, reply)) {

        case NGX_OK:
            break;

        case NGX_AGAIN:
            ngx_http_llm_cost_redis_say(conn);
            return;

        default:
            return;
        }

    } else if (reply->type == REDIS_REPLY_ERROR
               && conn->state != NGX_HTTP_LLM_COST_REDIS_SCRIPTS)
    {
        ngx_http_llm_cost_redis_fail(conn, 0, reply->str);
        return;
    }

    if (conn->state == NGX_HTTP_LLM_COST_REDIS_READY) {
        ngx_add_timer(&conn->timer, NGX_HTTP_LLM_COST_REDIS_PATIENCE);
        return;
    }

    ngx_http_llm_cost_redis_greet(conn);
}


/*
 * A server that may evict counters is no ledger.  volatile-* spares keys that
 * have no time to live, as ours; allkeys-* does not.  Where CONFIG is
 * forbidden, INFO says the same.  NGX_AGAIN: it has to be asked.
 */

static ngx_int_t
ngx_http_llm_cost_redis_fit(ngx_http_llm_cost_redis_conn_t *conn,
    redisReply *reply)
{
    ngx_str_t  policy;

    ngx_http_llm_cost_redis_policy(reply, &policy);

    if (policy.len == 0) {

        if (reply->type == REDIS_REPLY_ERROR
            && (conn->info || ngx_strncmp(reply->str, "LOADING", 7) == 0
                || ngx_strncmp(reply->str, "NOAUTH", 6) == 0))
        {
            ngx_http_llm_cost_redis_fail(conn, 0, reply->str);
            return NGX_ERROR;
        }

        if (!conn->info) {
            conn->info = 1;
            return NGX_AGAIN;
        }

        ngx_http_llm_cost_redis_fail(conn, 0, "its maxmemory-policy is not "
                                     "known: allow CONFIG GET or INFO");
        return NGX_ERROR;
    }

    if (policy.len >= 7 && ngx_strncmp(policy.data, "allkeys", 7) == 0) {
        ngx_http_llm_cost_redis_fail(conn, 0, "its maxmemory-policy may evict "
                                     "counters: set noeviction or volatile-*");
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_http_llm_cost_redis_policy(redisReply *reply, ngx_str_t *policy)
{
    u_char  *p, *last;

    ngx_str_null(policy);

    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2
        && reply->element[1]->type == REDIS_REPLY_STRING)
    {
        policy->data = (u_char *) reply->element[1]->str;
        policy->len = reply->element[1]->len;
        return;
    }

    if (reply->type != REDIS_REPLY_STRING) {
        return;
    }

    last = (u_char *) reply->str + reply->len;
    p = ngx_strlcasestrn((u_char *) reply->str, last,
                         (u_char *) "maxmemory_policy:", 17 - 1);
    if (p == NULL) {
        return;
    }

    policy->data = p + 17;

    for (p = policy->data; p < last && *p > ' '; p++) { /* void */ }

    policy->len = p - policy->data;
}


static void
ngx_http_llm_cost_redis_ready(ngx_http_llm_cost_redis_conn_t *conn)
{
    ngx_http_llm_cost_redis_t  *redis;

    redis = conn->redis;

    conn->state = NGX_HTTP_LLM_COST_REDIS_READY;
    conn->failures = 0;

    conn->timer.cancelable = 1;
    ngx_add_timer(&conn->timer, NGX_HTTP_LLM_COST_REDIS_PATIENCE);

    if (redis->down) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "llm cost: Redis %V is back after %T s",
                      &redis->conf->addr.name, ngx_time() - redis->since);

    } else if (!redis->ready) {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "llm cost: Redis %V is connected",
                      &redis->conf->addr.name);
    }

    if (redis->down || !redis->ready) {
        ngx_http_llm_cost_redis_changed(redis);
    }

    redis->down = 0;
    redis->ready = 1;

    ngx_http_llm_cost_redis_flush(conn);

    if (redis->money) {
        ngx_http_llm_cost_redis_outbox_send(redis);
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
        ngx_http_llm_cost_redis_down(redis, err, why);
    }

    ngx_http_llm_cost_redis_shut(conn);

    conn->state = NGX_HTTP_LLM_COST_REDIS_BACKOFF;

    if (!leave) {
        delay = NGX_HTTP_LLM_COST_REDIS_BASE << ngx_min(conn->failures, 8);
        delay = ngx_min(delay, NGX_HTTP_LLM_COST_REDIS_TOP);
        delay = delay * (80 + ngx_random() % 41) / 100;

        conn->failures++;
        conn->timer.cancelable = 1;
        ngx_add_timer(&conn->timer, delay);

    } else {
        redis->down = 1;
    }

    ngx_http_llm_cost_redis_drop(conn);
}


static void
ngx_http_llm_cost_redis_down(ngx_http_llm_cost_redis_t *redis, ngx_err_t err,
    const char *why)
{
    size_t   i;
    u_char  *p;

    if (redis->down) {
        return;
    }

    ngx_http_llm_cost_redis_changed(redis);
    redis->down = 1;

    p = redis->error;

    for (i = 0; why[i] && i < sizeof(redis->error) - 1; i++) {
        *p++ = why[i] >= ' ' && why[i] < 0x7f ? why[i] : '?';
    }

    *p = '\0';

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


static void
ngx_http_llm_cost_redis_changed(ngx_http_llm_cost_redis_t *redis)
{
    redis->since = ngx_time();

    if (redis->money) {
        llm_stats_count(ngx_http_llm_cost_zone()->stats,
                        LLM_STATS_STORE_CHANGES, 1);
    }
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
