
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_redis.h"


/*
 * Connections to one Redis: nginx's own connection, events and timers; hiredis
 * only reads replies.  Commands leave in order and their replies come in the
 * same order, so that an op finds its reply by its place.
 *
 *   IDLE -> CONNECTING -> AUTH -> SELECT -> CHECK -> PROBE -> RUN_ID
 *     ^         |          |        |         |        |        |
 *     `--- BACKOFF <-------+--------+---------+--------+--------+---.
 *                    READY <- HELLO <- SCRIPTS <----------------'   |
 *                      `--------+---------+-------------------------'
 *
 * A connection opens at its first op.  When it fails, all of its ops fail; what
 * must not be lost is sent again by its owner.  While Redis is known to be
 * down nothing is queued: the owner is told at once.
 */


#define NGX_HTTP_LLM_COST_REDIS_BUFFER   16384
#define NGX_HTTP_LLM_COST_REDIS_IOVS     64


static void ngx_http_llm_cost_redis_connected(
    ngx_http_llm_cost_redis_conn_t *conn);
static void ngx_http_llm_cost_redis_write_handler(ngx_event_t *wev);
static void ngx_http_llm_cost_redis_flush_handler(ngx_event_t *ev);
static ngx_int_t ngx_http_llm_cost_redis_flush_some(
    ngx_http_llm_cost_redis_conn_t *conn);
static ngx_uint_t ngx_http_llm_cost_redis_gather(
    ngx_http_llm_cost_redis_conn_t *conn, ngx_chain_t *chain, ngx_buf_t *bufs);
static void ngx_http_llm_cost_redis_written(
    ngx_http_llm_cost_redis_conn_t *conn, ngx_buf_t *bufs, ngx_uint_t n);
static void ngx_http_llm_cost_redis_read_handler(ngx_event_t *rev);
static ngx_int_t ngx_http_llm_cost_redis_replies(
    ngx_http_llm_cost_redis_conn_t *conn);
static void ngx_http_llm_cost_redis_reply(
    ngx_http_llm_cost_redis_conn_t *conn, redisReply *reply);
static ngx_int_t ngx_http_llm_cost_redis_error(
    ngx_http_llm_cost_redis_conn_t *conn, ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply);
static ngx_uint_t ngx_http_llm_cost_redis_astray(
    ngx_http_llm_cost_redis_op_t *op, redisReply *reply);
static void ngx_http_llm_cost_redis_again(ngx_http_llm_cost_redis_op_t *op);


ngx_http_llm_cost_redis_t *
ngx_http_llm_cost_redis_create(ngx_cycle_t *cycle,
    ngx_http_llm_cost_redis_conf_t *conf, ngx_uint_t money)
{
    ngx_uint_t                       i;
    ngx_http_llm_cost_redis_t       *redis;
    ngx_http_llm_cost_redis_conn_t  *conn;

    redis = ngx_pcalloc(cycle->pool, sizeof(ngx_http_llm_cost_redis_t));
    if (redis == NULL) {
        return NULL;
    }

    redis->conf = conf;
    redis->money = money;
    redis->since = ngx_time();
    redis->nconns = ngx_max(conf->connections, 1);

    redis->tag.len = conf->prefix.len + 2;
    redis->tag.data = ngx_pnalloc(cycle->pool, redis->tag.len);
    redis->conns = ngx_pcalloc(cycle->pool, redis->nconns
                               * sizeof(ngx_http_llm_cost_redis_conn_t));

    if (redis->tag.data == NULL || redis->conns == NULL) {
        return NULL;
    }

    ngx_sprintf(redis->tag.data, "{%V}", &conf->prefix);

    for (i = 0; i < redis->nconns; i++) {
        conn = &redis->conns[i];

        conn->redis = redis;
        ngx_queue_init(&conn->waiting);
        ngx_queue_init(&conn->sent);

        /* debug logs want a connection in an event's data */

        conn->dummy.fd = (ngx_socket_t) -1;
        conn->dummy.data = conn;

        conn->timer.handler = ngx_http_llm_cost_redis_timer_handler;
        conn->timer.data = &conn->dummy;
        conn->timer.log = cycle->log;

        conn->flush.handler = ngx_http_llm_cost_redis_flush_handler;
        conn->flush.data = &conn->dummy;
        conn->flush.log = cycle->log;
    }

    return redis;
}


void
ngx_http_llm_cost_redis_connect(ngx_http_llm_cost_redis_conn_t *conn)
{
    ngx_int_t                        rc;
    ngx_connection_t                *c;
    ngx_peer_connection_t            pc;
    ngx_http_llm_cost_redis_conf_t  *conf;

    conf = conn->redis->conf;

    /* core says why each connect() failed; we say when the state changes */

    conn->quiet = *ngx_cycle->log;
    conn->quiet.log_level = NGX_LOG_ALERT;

    ngx_memzero(&pc, sizeof(ngx_peer_connection_t));

    pc.sockaddr = conf->addr.sockaddr;
    pc.socklen = conf->addr.socklen;
    pc.name = &conf->addr.name;
    pc.get = ngx_event_get_peer;
    pc.log = &conn->quiet;
    pc.log_error = NGX_ERROR_INFO;

    conn->state = NGX_HTTP_LLM_COST_REDIS_CONNECTING;

    rc = ngx_event_connect_peer(&pc);

    if (rc != NGX_OK && rc != NGX_AGAIN) {
        conn->err = ngx_socket_errno;

        if (pc.connection) {
            ngx_close_connection(pc.connection);
        }

        /* from an event of its own: the caller has only just queued its op */

        conn->timer.cancelable = 0;
        ngx_add_timer(&conn->timer, 1);

        return;
    }

    c = pc.connection;
    c->data = conn;
    c->log = ngx_cycle->log;
    c->read->log = ngx_cycle->log;
    c->write->log = ngx_cycle->log;
    c->read->handler = ngx_http_llm_cost_redis_read_handler;
    c->write->handler = ngx_http_llm_cost_redis_write_handler;

    conn->c = c;
    conn->err = NGX_ETIMEDOUT;
    conn->timer.cancelable = ngx_queue_empty(&conn->waiting);
    ngx_add_timer(&conn->timer, conf->connect_timeout);

    if (rc == NGX_OK) {
        ngx_post_event(c->write, &ngx_posted_events);
    }
}


static void
ngx_http_llm_cost_redis_connected(ngx_http_llm_cost_redis_conn_t *conn)
{
    int                err;
    socklen_t          len;
    ngx_connection_t  *c;

    c = conn->c;
    err = 0;
    len = sizeof(int);

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, (void *) &err, &len) == -1) {
        err = ngx_socket_errno;
    }

    if (err) {
        ngx_http_llm_cost_redis_fail(conn, err, "connect() failed");
        return;
    }

    if (conn->redis->conf->addr.sockaddr->sa_family != AF_UNIX
        && ngx_tcp_nodelay(c) != NGX_OK)
    {
        ngx_http_llm_cost_redis_fail(conn, ngx_socket_errno,
                                     "setsockopt() failed");
        return;
    }

    conn->reader = redisReaderCreate();

    if (conn->reader == NULL) {
        ngx_http_llm_cost_redis_fail(conn, 0, "no memory");
        return;
    }

    ngx_http_llm_cost_redis_greet(conn);
}


static void
ngx_http_llm_cost_redis_write_handler(ngx_event_t *wev)
{
    ngx_connection_t                *c;
    ngx_http_llm_cost_redis_conn_t  *conn;

    c = wev->data;
    conn = c->data;

    if (c->close) {
        ngx_http_llm_cost_redis_fail(conn, 0, "the worker has to leave");
        return;
    }

    if (conn->state == NGX_HTTP_LLM_COST_REDIS_CONNECTING) {
        ngx_http_llm_cost_redis_connected(conn);
        return;
    }

    ngx_http_llm_cost_redis_flush(conn);
}


static void
ngx_http_llm_cost_redis_flush_handler(ngx_event_t *ev)
{
    ngx_connection_t                *dummy;
    ngx_http_llm_cost_redis_conn_t  *conn;

    dummy = ev->data;
    conn = dummy->data;

    if (conn->state == NGX_HTTP_LLM_COST_REDIS_READY) {
        ngx_http_llm_cost_redis_flush(conn);
    }
}


void
ngx_http_llm_cost_redis_flush(ngx_http_llm_cost_redis_conn_t *conn)
{
    ngx_int_t     rc;
    ngx_event_t  *wev;

    wev = conn->c->write;

    do {
        rc = ngx_http_llm_cost_redis_flush_some(conn);
    } while (rc == NGX_OK && wev->ready);

    if (rc == NGX_ERROR || ngx_handle_write_event(wev, 0) != NGX_OK) {
        ngx_http_llm_cost_redis_fail(conn, 0, "send() failed");
    }
}


/* NGX_OK: there may be more; NGX_DONE: there is not */

static ngx_int_t
ngx_http_llm_cost_redis_flush_some(ngx_http_llm_cost_redis_conn_t *conn)
{
    ngx_buf_t    bufs[NGX_HTTP_LLM_COST_REDIS_IOVS];
    ngx_uint_t   n;
    ngx_chain_t  chain[NGX_HTTP_LLM_COST_REDIS_IOVS];

    n = ngx_http_llm_cost_redis_gather(conn, chain, bufs);

    if (n == 0) {
        return NGX_DONE;
    }

    if (conn->c->send_chain(conn->c, chain, 0) == NGX_CHAIN_ERROR) {
        return NGX_ERROR;
    }

    ngx_http_llm_cost_redis_written(conn, bufs, n);

    return NGX_OK;
}


/* what may be sent now: how many of the ops that wait, from the first on */

static ngx_uint_t
ngx_http_llm_cost_redis_gather(ngx_http_llm_cost_redis_conn_t *conn,
    ngx_chain_t *chain, ngx_buf_t *bufs)
{
    ngx_uint_t                     n;
    ngx_queue_t                   *q;
    ngx_http_llm_cost_redis_op_t  *op;

    n = 0;

    for (q = ngx_queue_head(&conn->waiting);
         q != ngx_queue_sentinel(&conn->waiting)
         && n < NGX_HTTP_LLM_COST_REDIS_IOVS;
         q = ngx_queue_next(q))
    {
        op = ngx_queue_data(q, ngx_http_llm_cost_redis_op_t, queue);

        /* until the connection is READY there are greetings only */

        if (conn->state != NGX_HTTP_LLM_COST_REDIS_READY && !op->greeting) {
            break;
        }

        if (op->sent == 0) {
            ngx_http_llm_cost_redis_stamp(op);
        }

        ngx_memzero(&bufs[n], sizeof(ngx_buf_t));
        bufs[n].pos = op->command + op->sent;
        bufs[n].last = op->command + op->size;
        bufs[n].memory = 1;

        chain[n].buf = &bufs[n];
        chain[n].next = NULL;

        if (n) {
            chain[n - 1].next = &chain[n];
        }

        n++;
    }

    return n;
}


/* bufs are of the first n ops that wait: those that are through have left */

static void
ngx_http_llm_cost_redis_written(ngx_http_llm_cost_redis_conn_t *conn,
    ngx_buf_t *bufs, ngx_uint_t n)
{
    size_t                         sent;
    ngx_uint_t                     i;
    ngx_queue_t                   *q;
    ngx_http_llm_cost_redis_op_t  *op;

    for (i = 0; i < n; i++) {
        q = ngx_queue_head(&conn->waiting);
        op = ngx_queue_data(q, ngx_http_llm_cost_redis_op_t, queue);

        sent = bufs[i].pos - (op->command + op->sent);
        op->sent += sent;
        conn->bytes -= sent;

        if (op->sent < op->size) {
            return;
        }

        ngx_queue_remove(q);
        ngx_queue_insert_tail(&conn->sent, q);
    }
}


static void
ngx_http_llm_cost_redis_read_handler(ngx_event_t *rev)
{
    ssize_t                          n;
    ngx_connection_t                *c;
    ngx_http_llm_cost_redis_conn_t  *conn;

    static u_char  buf[NGX_HTTP_LLM_COST_REDIS_BUFFER];

    c = rev->data;
    conn = c->data;

    if (c->close) {

        /* worker_shutdown_timeout */

        ngx_http_llm_cost_redis_fail(conn, 0, "the worker has to leave");
        return;
    }

    if (conn->state == NGX_HTTP_LLM_COST_REDIS_CONNECTING) {
        ngx_http_llm_cost_redis_connected(conn);

        if (conn->c != c) {
            return;
        }
    }

    do {
        n = c->recv(c, buf, sizeof(buf));

        if (n == NGX_AGAIN) {
            break;
        }

        if (n == NGX_ERROR || n == 0) {
            ngx_http_llm_cost_redis_fail(conn, n == 0 ? 0 : ngx_socket_errno,
                                         "connection lost");
            return;
        }

        if (redisReaderFeed(conn->reader, (char *) buf, n) != REDIS_OK
            || ngx_http_llm_cost_redis_replies(conn) != NGX_OK)
        {
            return;
        }

    } while (rev->ready);

    if (ngx_handle_read_event(rev, 0) != NGX_OK) {
        ngx_http_llm_cost_redis_fail(conn, 0, "no event");
    }
}


/* NGX_ERROR: the connection is no more */

static ngx_int_t
ngx_http_llm_cost_redis_replies(ngx_http_llm_cost_redis_conn_t *conn)
{
    void              *reply;
    ngx_connection_t  *c;

    c = conn->c;

    for ( ;; ) {
        if (redisReaderGetReply(conn->reader, &reply) != REDIS_OK) {
            ngx_http_llm_cost_redis_fail(conn, 0, "not a Redis reply");
            return NGX_ERROR;
        }

        if (reply == NULL) {
            break;
        }

        ngx_http_llm_cost_redis_reply(conn, reply);
        freeReplyObject(reply);

        if (conn->c != c) {
            return NGX_ERROR;
        }
    }

    if (conn->reader->len - conn->reader->pos
        > NGX_HTTP_LLM_COST_REDIS_REPLY_MAX)
    {
        ngx_http_llm_cost_redis_fail(conn, 0, "a reply is too large");
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_http_llm_cost_redis_reply(ngx_http_llm_cost_redis_conn_t *conn,
    redisReply *reply)
{
    ngx_queue_t                   *q;
    ngx_http_llm_cost_redis_op_t  *op;

    if (conn->redis->listens && ngx_http_llm_cost_redis_told(reply)) {
        return;
    }

    if (ngx_queue_empty(&conn->sent)) {
        ngx_http_llm_cost_redis_fail(conn, 0, "a reply nobody asked for");
        return;
    }

    q = ngx_queue_head(&conn->sent);
    op = ngx_queue_data(q, ngx_http_llm_cost_redis_op_t, queue);

    if (reply->type == REDIS_REPLY_ERROR
        && ngx_http_llm_cost_redis_error(conn, op, reply) != NGX_OK)
    {
        return;
    }

    if (op->guarded && ngx_http_llm_cost_redis_astray(op, reply)) {
        ngx_http_llm_cost_redis_fail(conn, 0, "the reply to something else");
        return;
    }

    if (op->guarded && ngx_http_llm_cost_redis_stale(conn, op, reply)) {

        if (ngx_http_llm_cost_redis_box_counts(op) && !op->replay) {

            /* whatever is at this address now, it is asked who it is */

            ngx_http_llm_cost_redis_fail(conn, 0, "it is another one, or has "
                                         "lost what it had confirmed");
            return;
        }

        reply = NULL;
    }

    ngx_http_llm_cost_redis_unlink(op);

    op->handler(op, reply);
}


/*
 * NGX_OK: the op's handler shall see it; NGX_AGAIN: the op is sent once more;
 * NGX_ERROR: the connection is no more, and op has had its handler.
 */

static ngx_int_t
ngx_http_llm_cost_redis_error(ngx_http_llm_cost_redis_conn_t *conn,
    ngx_http_llm_cost_redis_op_t *op, redisReply *reply)
{
    if (ngx_strncmp(reply->str, "NOSCRIPT", 8) == 0
        && ngx_http_llm_cost_redis_unsha(op) == NGX_OK)
    {
        /* this one only, with its text, which Redis then remembers */

        ngx_http_llm_cost_redis_again(op);
        return NGX_AGAIN;
    }

    if (conn->state == NGX_HTTP_LLM_COST_REDIS_READY
        && ngx_http_llm_cost_redis_unusable(reply))
    {
        ngx_http_llm_cost_redis_fail(conn, 0, reply->str);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* all answers of guarded scripts are arrays, which end with the call */

static ngx_uint_t
ngx_http_llm_cost_redis_astray(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply)
{
    int64_t  call;

    if (reply->type == REDIS_REPLY_ERROR) {
        return 0;
    }

    return reply->type != REDIS_REPLY_ARRAY
           || ngx_http_llm_cost_redis_integer(reply, reply->elements - 1,
                                              &call)
              != NGX_OK
           || (uint64_t) call != op->call;
}


static void
ngx_http_llm_cost_redis_again(ngx_http_llm_cost_redis_op_t *op)
{
    ngx_queue_t                     *q;
    ngx_http_llm_cost_redis_op_t    *first;
    ngx_http_llm_cost_redis_conn_t  *conn;

    conn = op->conn;

    ngx_queue_remove(&op->queue);

    q = &conn->waiting;

    if (!ngx_queue_empty(q)) {
        first = ngx_queue_data(ngx_queue_head(q),
                               ngx_http_llm_cost_redis_op_t, queue);

        /* a command that is half sent goes on first */

        if (first->sent) {
            q = ngx_queue_head(q);
        }
    }

    ngx_queue_insert_after(q, &op->queue);

    conn->bytes += op->size;
    ngx_post_event(&conn->flush, &ngx_posted_events);
}
