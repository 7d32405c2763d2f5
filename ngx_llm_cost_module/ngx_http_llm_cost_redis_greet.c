
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_redis.h"


/*
 * What is said on a new connection before the first op, and from time to time
 * on one that is open: who we are, what makes a server unfit for money, which
 * process and which incarnation of the store it is.
 */


static ngx_uint_t ngx_http_llm_cost_redis_needed(
    ngx_http_llm_cost_redis_conn_t *conn);
static void ngx_http_llm_cost_redis_say(ngx_http_llm_cost_redis_conn_t *conn);
static ngx_int_t ngx_http_llm_cost_redis_words(
    ngx_http_llm_cost_redis_conn_t *conn, ngx_http_llm_cost_redis_op_t *op);
static void ngx_http_llm_cost_redis_auth(ngx_http_llm_cost_redis_t *redis);
static void ngx_http_llm_cost_redis_probe(ngx_http_llm_cost_redis_t *redis);
static void ngx_http_llm_cost_redis_check(
    ngx_http_llm_cost_redis_conn_t *conn);
static void ngx_http_llm_cost_redis_load(
    ngx_http_llm_cost_redis_conn_t *conn);
static void ngx_http_llm_cost_redis_say_it(
    ngx_http_llm_cost_redis_conn_t *conn, ngx_http_llm_cost_redis_op_t *op);
static void ngx_http_llm_cost_redis_greeted(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply);
static ngx_int_t ngx_http_llm_cost_redis_fit(
    ngx_http_llm_cost_redis_conn_t *conn, redisReply *reply);
static void ngx_http_llm_cost_redis_policy(redisReply *reply,
    ngx_str_t *policy);
static void ngx_http_llm_cost_redis_run_id(ngx_http_llm_cost_redis_t *redis,
    redisReply *reply);
static ngx_int_t ngx_http_llm_cost_redis_met(
    ngx_http_llm_cost_redis_conn_t *conn, redisReply *reply);
static void ngx_http_llm_cost_redis_met_first(
    const ngx_http_llm_cost_redis_hello_t *h);


/* what is to be said next, from what was said last */

void
ngx_http_llm_cost_redis_greet(ngx_http_llm_cost_redis_conn_t *conn)
{
    if (conn->state == NGX_HTTP_LLM_COST_REDIS_READY) {

        /* is it still fit? */

        ngx_http_llm_cost_redis_say(conn);
        return;
    }

    if (conn->state == NGX_HTTP_LLM_COST_REDIS_SCRIPTS && --conn->loading) {
        return;
    }

    do {
        conn->state++;
    } while (!ngx_http_llm_cost_redis_needed(conn));

    switch (conn->state) {

    case NGX_HTTP_LLM_COST_REDIS_SCRIPTS:
        ngx_http_llm_cost_redis_load(conn);
        break;

    case NGX_HTTP_LLM_COST_REDIS_READY:
        ngx_http_llm_cost_redis_ready(conn);
        break;

    default:
        ngx_http_llm_cost_redis_say(conn);
    }
}


/* whether its state is one to stop at, with this server */

static ngx_uint_t
ngx_http_llm_cost_redis_needed(ngx_http_llm_cost_redis_conn_t *conn)
{
    ngx_http_llm_cost_redis_t  *redis;

    redis = conn->redis;

    switch (conn->state) {

    case NGX_HTTP_LLM_COST_REDIS_AUTH:
        return redis->conf->password.len != 0;

    case NGX_HTTP_LLM_COST_REDIS_SELECT:
        return redis->conf->db != 0;

    case NGX_HTTP_LLM_COST_REDIS_CHECK:
    case NGX_HTTP_LLM_COST_REDIS_RUN_ID:
    case NGX_HTTP_LLM_COST_REDIS_HELLO:
        return redis->money;

    default: /* PROBE, SCRIPTS, READY */
        return 1;
    }
}


static void
ngx_http_llm_cost_redis_say(ngx_http_llm_cost_redis_conn_t *conn)
{
    ngx_http_llm_cost_redis_op_t  *op;

    op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_greeted, conn);
    if (op == NULL) {
        ngx_http_llm_cost_redis_fail(conn, 0, "no memory");
        return;
    }

    if (ngx_http_llm_cost_redis_words(conn, op) != NGX_OK) {
        ngx_http_llm_cost_redis_free(op);
        ngx_http_llm_cost_redis_fail(conn, 0, "no memory");
        return;
    }

    ngx_http_llm_cost_redis_say_it(conn, op);
    ngx_http_llm_cost_redis_flush(conn);
}


static ngx_int_t
ngx_http_llm_cost_redis_words(ngx_http_llm_cost_redis_conn_t *conn,
    ngx_http_llm_cost_redis_op_t *op)
{
    ngx_http_llm_cost_redis_t  *redis;

    redis = conn->redis;

    switch (conn->state) {

    case NGX_HTTP_LLM_COST_REDIS_AUTH:
        ngx_http_llm_cost_redis_auth(redis);
        break;

    case NGX_HTTP_LLM_COST_REDIS_SELECT:
        ngx_http_llm_cost_redis_command(redis, "SELECT");
        ngx_http_llm_cost_redis_number(redis->conf->db);
        break;

    case NGX_HTTP_LLM_COST_REDIS_PROBE:
        ngx_http_llm_cost_redis_probe(redis);
        break;

    case NGX_HTTP_LLM_COST_REDIS_RUN_ID:
        ngx_http_llm_cost_redis_command(redis, "INFO");
        ngx_http_llm_cost_redis_text("server");
        break;

    case NGX_HTTP_LLM_COST_REDIS_HELLO:
        return ngx_http_llm_cost_redis_join_command(redis, op, 0, 0, 0);

    default: /* CHECK, READY */
        ngx_http_llm_cost_redis_check(conn);
        break;
    }

    return ngx_http_llm_cost_redis_end(op);
}


static void
ngx_http_llm_cost_redis_auth(ngx_http_llm_cost_redis_t *redis)
{
    ngx_http_llm_cost_redis_command(redis, "AUTH");

    if (redis->conf->username.len) {
        ngx_http_llm_cost_redis_arg(redis->conf->username.data,
                                    redis->conf->username.len);
    }

    ngx_http_llm_cost_redis_arg(redis->conf->password.data,
                                redis->conf->password.len);
}


/* a write from a script, as everything that follows */

static void
ngx_http_llm_cost_redis_probe(ngx_http_llm_cost_redis_t *redis)
{
    ngx_http_llm_cost_redis_command(redis, "EVAL");
    ngx_http_llm_cost_redis_text(
                      "return redis.call('SET',KEYS[1],'1','EX','60')");
    ngx_http_llm_cost_redis_number(1);
    ngx_http_llm_cost_redis_key("probe");
}


/* does it answer; where it keeps money, does it forget what is in it, too */

static void
ngx_http_llm_cost_redis_check(ngx_http_llm_cost_redis_conn_t *conn)
{
    ngx_http_llm_cost_redis_t  *redis;

    redis = conn->redis;

    if (!redis->money) {
        ngx_http_llm_cost_redis_command(redis, "PING");

    } else if (conn->info) {

        /* of a server that does not show its configuration */

        ngx_http_llm_cost_redis_command(redis, "INFO");
        ngx_http_llm_cost_redis_text("memory");

    } else {
        ngx_http_llm_cost_redis_command(redis, "CONFIG");
        ngx_http_llm_cost_redis_text("GET");
        ngx_http_llm_cost_redis_text("maxmemory-policy");
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

        if (ngx_http_llm_cost_redis_end(op) != NGX_OK) {
            ngx_http_llm_cost_redis_free(op);
            ngx_http_llm_cost_redis_fail(conn, 0, "no memory");
            return;
        }

        ngx_http_llm_cost_redis_say_it(conn, op);
    }

    conn->loading = i;

    ngx_http_llm_cost_redis_flush(conn);
}


/* op is the connection's from now on */

static void
ngx_http_llm_cost_redis_say_it(ngx_http_llm_cost_redis_conn_t *conn,
    ngx_http_llm_cost_redis_op_t *op)
{
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

    if (conn->state == NGX_HTTP_LLM_COST_REDIS_RUN_ID) {
        ngx_http_llm_cost_redis_run_id(conn->redis, reply);
        ngx_http_llm_cost_redis_greet(conn);
        return;
    }

    if (conn->state == NGX_HTTP_LLM_COST_REDIS_HELLO) {
        if (ngx_http_llm_cost_redis_met(conn, reply) == NGX_OK) {
            ngx_http_llm_cost_redis_greet(conn);
        }

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


/*
 * A process of its own may have a data set of its own: that of an older file,
 * or of a replica that had not received everything.  Where INFO is forbidden
 * only the stamps tell.
 */

static void
ngx_http_llm_cost_redis_run_id(ngx_http_llm_cost_redis_t *redis,
    redisReply *reply)
{
    u_char  *p, *last;

    redis->run_len = 0;

    if (reply->type != REDIS_REPLY_STRING) {
        return;
    }

    last = (u_char *) reply->str + reply->len;
    p = ngx_strlcasestrn((u_char *) reply->str, last, (u_char *) "run_id:",
                         7 - 1);
    if (p == NULL) {
        return;
    }

    for (p += 7;
         p < last && *p > ' ' && redis->run_len < NGX_HTTP_LLM_COST_REDIS_RUN;
         p++)
    {
        redis->run[redis->run_len++] = *p;
    }
}


/* the connection is for the incarnation that it has just named */

static ngx_int_t
ngx_http_llm_cost_redis_met(ngx_http_llm_cost_redis_conn_t *conn,
    redisReply *reply)
{
    ngx_uint_t                        known;
    ngx_http_llm_cost_redis_t        *redis;
    ngx_http_llm_cost_redis_box_t    *box;
    ngx_http_llm_cost_redis_hello_t   h;

    redis = conn->redis;
    box = ngx_http_llm_cost_redis_box();

    if (reply->type == REDIS_REPLY_ERROR) {
        ngx_http_llm_cost_redis_fail(conn, 0, reply->str);
        return NGX_ERROR;
    }

    if (ngx_http_llm_cost_redis_join_read(reply, &h) != NGX_OK) {
        ngx_http_llm_cost_redis_fail(conn, 0, "not a reply of our script");
        return NGX_ERROR;
    }

    ngx_memcpy(redis->id, h.id, sizeof(h.id));
    redis->loss = 0;
    conn->stamp = 0;

    if (box->state == NGX_HTTP_LLM_COST_STORE_NEW) {
        ngx_http_llm_cost_redis_met_first(&h);
    }

    ngx_http_llm_cost_redis_box_lock();

    known = (ngx_memcmp(box->id, h.id, sizeof(h.id)) == 0);
    redis->age = box->age;

    ngx_http_llm_cost_redis_box_unlock();

    if (!known) {
        ngx_http_llm_cost_redis_lost(redis);
    }

    return NGX_OK;
}


/*
 * A node that has heard of none takes the incarnation as it is, unless its zone
 * knows of another one, or has something left to tell: both are of an earlier
 * nginx, and the record of that is gone.  Then it has to join it, as one that
 * knew another one has: nothing is sent for an incarnation that this node does
 * not know.
 */

static void
ngx_http_llm_cost_redis_met_first(const ngx_http_llm_cost_redis_hello_t *h)
{
    ngx_uint_t                      left, same, past;
    llm_ledger_t                   *l;
    ngx_http_llm_cost_redis_box_t  *box;

    box = ngx_http_llm_cost_redis_box();
    l = ngx_http_llm_cost_zone()->ledger;

    /* the file of the zone may be older than what that nginx did */

    llm_ledger_number_from(l, (uint64_t) ngx_max(h->free, 0));

    left = llm_ledger_has_left(l, ngx_http_llm_cost_gone);
    past = llm_ledger_has_store(l);
    same = !past || llm_ledger_is_store(l, h->id);

    ngx_http_llm_cost_redis_box_lock();

    if (box->state != NGX_HTTP_LLM_COST_STORE_NEW) {

        /* another worker was first */

        ngx_http_llm_cost_redis_box_unlock();
        return;
    }

    if (same) {
        ngx_memcpy(box->id, h->id, sizeof(h->id));
        box->seen = h->stamp;
    }

    /* what an earlier nginx has told it is not on record */

    box->log->dropped = past ? NGX_HTTP_LLM_COST_REDIS_NEVER
                             : (uint64_t) h->stamp;
    box->nodes = h->nodes + 1;          /* and this one */
    box->peers = ngx_max(h->recent, 1);
    box->since = ngx_time();
    box->state = left || !same ? NGX_HTTP_LLM_COST_STORE_AWAY
                               : NGX_HTTP_LLM_COST_STORE_READY;

    ngx_http_llm_cost_redis_box_unlock();

    if (same) {
        llm_ledger_set_store(l, h->id, h->stamp);
    }
}
