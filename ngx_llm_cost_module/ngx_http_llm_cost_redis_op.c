
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_redis.h"


/*
 * Operations: a command, who wants its reply, and until when.  An op that is
 * queued belongs to its connection, otherwise to its owner.
 */


static ngx_http_llm_cost_redis_conn_t *ngx_http_llm_cost_redis_choose(
    ngx_http_llm_cost_redis_t *redis, ngx_http_llm_cost_redis_op_t *op);
static ngx_uint_t ngx_http_llm_cost_redis_unasked(
    ngx_http_llm_cost_redis_t *redis, ngx_http_llm_cost_redis_op_t *op);
static void ngx_http_llm_cost_redis_forgotten(
    ngx_http_llm_cost_redis_op_t *op, redisReply *reply);
static void ngx_http_llm_cost_redis_op_timer(ngx_event_t *ev);


ngx_http_llm_cost_redis_op_t *
ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_pt handler, void *data)
{
    ngx_http_llm_cost_redis_op_t  *op;

    op = ngx_calloc(sizeof(ngx_http_llm_cost_redis_op_t), ngx_cycle->log);
    if (op == NULL) {
        return NULL;
    }

    op->handler = handler;
    op->data = data;
    op->ident = -1;
    op->script = NGX_HTTP_LLM_COST_SCRIPT_NONE;

    op->timer.handler = ngx_http_llm_cost_redis_op_timer;
    op->timer.data = op;
    op->timer.log = ngx_cycle->log;

    return op;
}


void
ngx_http_llm_cost_redis_free(ngx_http_llm_cost_redis_op_t *op)
{
    if (op->timer.timer_set) {
        ngx_del_timer(&op->timer);
    }

    if (op->wake.posted) {
        ngx_delete_posted_event(&op->wake);
    }

    if (op->budgets) {
        ngx_free(op->budgets);
    }

    if (op->plain) {
        ngx_free(op->plain);
    }

    if (op->command) {
        ngx_free(op->command);
    }

    ngx_free(op);
}


ngx_int_t
ngx_http_llm_cost_redis_send(ngx_http_llm_cost_redis_t *redis,
    ngx_http_llm_cost_redis_op_t *op, ngx_msec_t timeout)
{
    ngx_http_llm_cost_redis_conn_t  *conn;

    conn = ngx_http_llm_cost_redis_choose(redis, op);

    if (conn == NULL
        || ngx_http_llm_cost_redis_unasked(redis, op)
        || conn->nops >= NGX_HTTP_LLM_COST_REDIS_OPS_MAX
        || conn->bytes + op->size > NGX_HTTP_LLM_COST_REDIS_BYTES_MAX)
    {
        return NGX_DECLINED;
    }

    op->conn = conn;
    conn->nops++;
    conn->bytes += op->size;
    ngx_queue_insert_tail(&conn->waiting, &op->queue);

    /*
     * Not cancelable: a worker that is told to leave stays until the client
     * that waits is answered, and for a moment to see a settlement arrive.
     */

    ngx_add_timer(&op->timer, timeout);

    if (conn->state == NGX_HTTP_LLM_COST_REDIS_READY) {

        /* what is sent in one turn of the event loop leaves in one write */

        ngx_post_event(&conn->flush, &ngx_posted_events);

    } else if (conn->state == NGX_HTTP_LLM_COST_REDIS_IDLE
               || conn->state == NGX_HTTP_LLM_COST_REDIS_BACKOFF)
    {
        if (conn->timer.timer_set) {
            ngx_del_timer(&conn->timer);
        }

        ngx_http_llm_cost_redis_connect(conn);
    }

    return NGX_OK;
}


/*
 * While the node is away, only the one that joins asks what counts.  Of another
 * worker Redis may still have connections that look well: nobody shall wait for
 * an answer on one before Redis has answered there since.
 */

static ngx_uint_t
ngx_http_llm_cost_redis_unasked(ngx_http_llm_cost_redis_t *redis,
    ngx_http_llm_cost_redis_op_t *op)
{
    ngx_http_llm_cost_redis_box_t  *box;

    box = ngx_http_llm_cost_redis_box();

    return box->state == NGX_HTTP_LLM_COST_STORE_AWAY && !op->replay
           && (op->guarded || (redis->money && redis->age != box->age));
}


ngx_int_t
ngx_http_llm_cost_redis_tell(ngx_http_llm_cost_redis_t *redis,
    ngx_http_llm_cost_redis_op_t *op, ngx_int_t rc)
{
    if (rc == NGX_OK
        && ngx_http_llm_cost_redis_send(redis, op,
                                        NGX_HTTP_LLM_COST_REDIS_LINGER)
           == NGX_OK)
    {
        return NGX_OK;
    }

    ngx_http_llm_cost_redis_free(op);

    return NGX_DECLINED;
}


/*
 * The least busy connection; one more is opened when all have work.  Where the
 * node gets on well with Redis, a worker that does not has it tried at once.
 */

static ngx_http_llm_cost_redis_conn_t *
ngx_http_llm_cost_redis_choose(ngx_http_llm_cost_redis_t *redis,
    ngx_http_llm_cost_redis_op_t *op)
{
    ngx_uint_t                       i;
    ngx_http_llm_cost_redis_conn_t  *conn, *best;

    if (redis->down) {
        return redis->money && op->guarded && !op->replay && !ngx_exiting
               ? &redis->conns[0] : NULL;
    }

    best = NULL;

    for (i = 0; i < redis->nconns; i++) {
        conn = &redis->conns[i];

        if (conn->state == NGX_HTTP_LLM_COST_REDIS_BACKOFF
            || (conn->state == NGX_HTTP_LLM_COST_REDIS_IDLE && best
                && best->nops == 0))
        {
            continue;
        }

        if (best == NULL || conn->nops < best->nops) {
            best = conn;
        }
    }

    return best;
}


ngx_int_t
ngx_http_llm_cost_redis_forget(ngx_http_llm_cost_redis_op_t *op)
{
    if (op->sent == 0) {
        ngx_http_llm_cost_redis_unlink(op);
        return NGX_OK;
    }

    if (op->timer.timer_set) {
        ngx_del_timer(&op->timer);
    }

    op->handler = ngx_http_llm_cost_redis_forgotten;
    op->data = NULL;

    /* the connection still has to prove that it is alive */

    ngx_add_timer(&op->timer, NGX_HTTP_LLM_COST_REDIS_LINGER);

    return NGX_DECLINED;
}


static void
ngx_http_llm_cost_redis_forgotten(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply)
{
    ngx_http_llm_cost_redis_free(op);
}


void
ngx_http_llm_cost_redis_unlink(ngx_http_llm_cost_redis_op_t *op)
{
    ngx_http_llm_cost_redis_conn_t  *conn;

    conn = op->conn;

    if (conn == NULL) {
        return;
    }

    ngx_queue_remove(&op->queue);

    if (op->sent < op->size) {
        conn->bytes -= op->size - op->sent;
    }

    conn->nops--;
    op->conn = NULL;

    if (op->timer.timer_set) {
        ngx_del_timer(&op->timer);
    }
}


/*
 * No reply in time: Redis may have done it or not.  Replies come in order, so
 * nothing behind it can be expected either, and the connection is given up.
 */

static void
ngx_http_llm_cost_redis_op_timer(ngx_event_t *ev)
{
    ngx_http_llm_cost_redis_op_t    *op;
    ngx_http_llm_cost_redis_conn_t  *conn;

    op = ev->data;
    conn = op->conn;

    if (conn->redis->money) {
        llm_stats_count(ngx_http_llm_cost_zone()->stats,
                        LLM_STATS_STORE_TIMEOUTS, 1);
    }

    ngx_http_llm_cost_redis_fail(conn, 0, "no reply in time");
}
