
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_redis.h"


/*
 * One flight over all nodes (flight.lua).  Who leads on its node asks for the
 * lock of the fleet before it goes upstream, and renews it every second; who
 * finds it taken waits, with those of its node behind it.  It is told of the
 * landing over a connection that only listens; it looks by itself once a
 * second, since nobody tells of a lock that expires, and sooner while there is
 * no such connection.
 *
 * A lock is the flight's from take to land: by op->token once the answer is on
 * its way to Redis, by ctx->token until then.  To land twice, or without having
 * the lock, is harmless.
 */


#define NGX_HTTP_LLM_COST_LOCK_TIME   5000     /* ms */


static void ngx_http_llm_cost_redis_taken(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply);
static ngx_int_t ngx_http_llm_cost_redis_flight_command(
    ngx_http_llm_cost_redis_op_t *op, const char *verb, const u_char *key,
    uint64_t token, ngx_uint_t look);
static void ngx_http_llm_cost_redis_flight_tell(const char *verb,
    const u_char *key, uint64_t token);
static void ngx_http_llm_cost_redis_listening(
    ngx_http_llm_cost_redis_op_t *op, redisReply *reply);


/* of this worker: who leads in the fleet */

static ngx_queue_t                      ngx_http_llm_cost_leading;
static ngx_http_llm_cost_redis_t       *ngx_http_llm_cost_listener;


ngx_int_t
ngx_http_llm_cost_redis_flight_init(ngx_cycle_t *cycle,
    ngx_http_llm_cost_redis_conf_t *conf)
{
    ngx_http_llm_cost_redis_conf_t  *one;

    ngx_queue_init(&ngx_http_llm_cost_leading);

    one = ngx_palloc(cycle->pool, sizeof(ngx_http_llm_cost_redis_conf_t));
    if (one == NULL) {
        return NGX_ERROR;
    }

    *one = *conf;
    one->connections = 1;

    ngx_http_llm_cost_listener = ngx_http_llm_cost_redis_create(cycle, one, 0);

    if (ngx_http_llm_cost_listener == NULL) {
        return NGX_ERROR;
    }

    ngx_http_llm_cost_listener->listens = 1;

    return NGX_OK;
}


void
ngx_http_llm_cost_redis_flight_exit(void)
{
    ngx_http_llm_cost_redis_close(ngx_http_llm_cost_listener);
}


/* NGX_AGAIN: ctx is resumed, ctx->fleet is set; NGX_OK: nobody can be asked */

ngx_int_t
ngx_http_llm_cost_redis_take(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_http_llm_cost_redis_t     *redis;
    ngx_http_llm_cost_redis_op_t  *op;

    redis = ngx_http_llm_cost_redis_answers();

    if (ctx->token == 0) {
        ctx->token = ((uint64_t) ngx_random() << 32 ^ (uint64_t) ngx_random()
                      ^ (uint64_t) ngx_pid << 20) | 1;
    }

    op = redis->down ? NULL
                     : ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_taken,
                                                  ctx);
    if (op
        && ngx_http_llm_cost_redis_flight_command(op, "take", ctx->cache_key,
                                                  ctx->token, !ctx->looked)
           == NGX_OK
        && ngx_http_llm_cost_redis_send(redis, op, redis->conf->timeout)
           == NGX_OK)
    {
        ngx_http_llm_cost_redis_listen();
        ctx->op = op;

        return NGX_AGAIN;
    }

    if (op) {
        ngx_http_llm_cost_redis_free(op);
    }

    ctx->token = 0;

    return NGX_OK;
}


static void
ngx_http_llm_cost_redis_taken(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply)
{
    ngx_http_llm_cost_ctx_t  *ctx;

    ctx = op->data;

    ngx_http_llm_cost_redis_complain(reply);

    if (reply == NULL || reply->type != REDIS_REPLY_INTEGER) {
        ctx->fleet = NGX_HTTP_LLM_COST_FLEET_AWAY;

    } else if (reply->integer == 2) {

        /* once: it may be one that is of no use to this request */

        ctx->fleet = NGX_HTTP_LLM_COST_FLEET_LOOKS;
        ctx->looked = 1;
        ctx->token = 0;

    } else if (reply->integer) {
        ctx->fleet = NGX_HTTP_LLM_COST_FLEET_LEADS;
        ngx_queue_insert_tail(&ngx_http_llm_cost_leading, &ctx->fleet_queue);

    } else {
        ctx->fleet = NGX_HTTP_LLM_COST_FLEET_WAITS;
        ctx->token = 0;
    }

    ngx_http_llm_cost_redis_wake(op, ngx_http_llm_cost_resume);
}


/* ctx leads no more; the lock is left to whoever keeps the answer, or opened */

uint64_t
ngx_http_llm_cost_redis_take_token(ngx_http_llm_cost_ctx_t *ctx)
{
    uint64_t  token;

    token = ctx->token;

    if (ctx->fleet == NGX_HTTP_LLM_COST_FLEET_LEADS) {
        ngx_queue_remove(&ctx->fleet_queue);
    }

    ctx->fleet = NGX_HTTP_LLM_COST_FLEET_NONE;
    ctx->token = 0;

    return token;
}


void
ngx_http_llm_cost_redis_unlead(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_http_llm_cost_redis_land(ctx->cache_key,
                                 ngx_http_llm_cost_redis_take_token(ctx));
}


void
ngx_http_llm_cost_redis_land(const u_char *key, uint64_t token)
{
    if (token) {
        ngx_http_llm_cost_redis_flight_tell("land", key, token);
    }
}


void
ngx_http_llm_cost_redis_flight_renew(void)
{
    ngx_queue_t              *q;
    ngx_http_llm_cost_ctx_t  *ctx;

    for (q = ngx_queue_head(&ngx_http_llm_cost_leading);
         q != ngx_queue_sentinel(&ngx_http_llm_cost_leading);
         q = ngx_queue_next(q))
    {
        ctx = ngx_queue_data(q, ngx_http_llm_cost_ctx_t, fleet_queue);

        ngx_http_llm_cost_redis_flight_tell("renew", ctx->cache_key,
                                            ctx->token);
    }
}


static ngx_int_t
ngx_http_llm_cost_redis_flight_command(ngx_http_llm_cost_redis_op_t *op,
    const char *verb, const u_char *key, uint64_t token, ngx_uint_t look)
{
    u_char                      hex[2 * NGX_HTTP_LLM_COST_CACHE_KEY];
    u_char                      flight[16], node[16], channel[256], *last;
    ngx_http_llm_cost_redis_t  *redis;

    redis = ngx_http_llm_cost_redis_answers();

    ngx_hex_dump(hex, (u_char *) key, NGX_HTTP_LLM_COST_CACHE_KEY);
    (void) ngx_sprintf(flight, "%016xL", token);
    (void) ngx_sprintf(node, "%016xL",
                       llm_ledger_node(ngx_http_llm_cost_zone()->ledger));
    last = ngx_snprintf(channel, sizeof(channel), "%Vf", &redis->tag);

    ngx_http_llm_cost_redis_begin(redis, NGX_HTTP_LLM_COST_SCRIPT_FLIGHT);
    ngx_http_llm_cost_redis_key("f:%*s", sizeof(hex), hex);

    if (look) {
        ngx_http_llm_cost_redis_answer_key(key);
    }

    ngx_http_llm_cost_redis_text(verb);
    ngx_http_llm_cost_redis_arg(flight, 16);
    ngx_http_llm_cost_redis_arg(node, 16);
    ngx_http_llm_cost_redis_number(NGX_HTTP_LLM_COST_LOCK_TIME);
    ngx_http_llm_cost_redis_arg(channel, last - channel);
    ngx_http_llm_cost_redis_arg(hex, sizeof(hex));

    return ngx_http_llm_cost_redis_end(op);
}


/* nobody waits: what gets lost expires */

static void
ngx_http_llm_cost_redis_flight_tell(const char *verb, const u_char *key,
    uint64_t token)
{
    ngx_http_llm_cost_redis_t     *redis;
    ngx_http_llm_cost_redis_op_t  *op;

    redis = ngx_http_llm_cost_redis_answers();

    if (redis->down) {
        return;
    }

    op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_done, NULL);
    if (op == NULL) {
        return;
    }

    (void) ngx_http_llm_cost_redis_tell(redis, op,
             ngx_http_llm_cost_redis_flight_command(op, verb, key, token, 0));
}


/*
 * The connection that only listens: it opens with the first flight, and stays.
 * Where it is not there, those who wait look more often.
 */

void
ngx_http_llm_cost_redis_listen(void)
{
    ngx_http_llm_cost_redis_conn_t  *conn;

    conn = &ngx_http_llm_cost_listener->conns[0];

    if (conn->state == NGX_HTTP_LLM_COST_REDIS_IDLE && !ngx_exiting) {
        ngx_http_llm_cost_redis_connect(conn);
    }
}


ngx_uint_t
ngx_http_llm_cost_redis_listens(void)
{
    return ngx_http_llm_cost_listener
           && ngx_http_llm_cost_listener->subscribed
           && ngx_http_llm_cost_listener->conns[0].state
              == NGX_HTTP_LLM_COST_REDIS_READY;
}


/* the connection is ready: from now on it is told */

void
ngx_http_llm_cost_redis_subscribe(ngx_http_llm_cost_redis_t *redis)
{
    ngx_http_llm_cost_redis_op_t  *op;

    redis->subscribed = 0;

    op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_listening, redis);
    if (op == NULL) {
        return;
    }

    op->timer.cancelable = 1;

    ngx_http_llm_cost_redis_command(redis, "SUBSCRIBE");
    ngx_http_llm_cost_redis_key("f");

    (void) ngx_http_llm_cost_redis_tell(redis, op,
                                        ngx_http_llm_cost_redis_end(op));
}


static void
ngx_http_llm_cost_redis_listening(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply)
{
    ngx_http_llm_cost_redis_t  *redis;

    redis = op->data;
    redis->subscribed = reply && reply->type == REDIS_REPLY_ARRAY;

    ngx_http_llm_cost_redis_done(op, reply);
}


/* 1: it was a message: ["message", channel, "landed KEY" or "waits KEY"] */

ngx_uint_t
ngx_http_llm_cost_redis_told(redisReply *reply)
{
    u_char                    key[NGX_HTTP_LLM_COST_CACHE_KEY], *p;
    ngx_int_t                 byte;
    ngx_uint_t                i, landed;
    redisReply               *m;
    ngx_queue_t              *q;
    ngx_http_llm_cost_ctx_t  *ctx;

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3
        || reply->element[0]->type != REDIS_REPLY_STRING
        || reply->element[2]->type != REDIS_REPLY_STRING
        || ngx_strcmp(reply->element[0]->str, "message") != 0)
    {
        return 0;
    }

    m = reply->element[2];
    landed = (ngx_strncmp(m->str, "landed ", 7) == 0);
    i = landed ? 7 : 6;

    if (m->len != i + 2 * sizeof(key)) {
        return 1;
    }

    p = (u_char *) m->str + i;

    for (i = 0; i < sizeof(key); i++) {
        byte = ngx_hextoi(p + 2 * i, 2);

        if (byte == NGX_ERROR) {
            return 1;
        }

        key[i] = (u_char) byte;
    }

    if (landed) {
        ngx_http_llm_cost_flight_told(key);
        return 1;
    }

    for (q = ngx_queue_head(&ngx_http_llm_cost_leading);
         q != ngx_queue_sentinel(&ngx_http_llm_cost_leading);
         q = ngx_queue_next(q))
    {
        ctx = ngx_queue_data(q, ngx_http_llm_cost_ctx_t, fleet_queue);

        if (ngx_memcmp(ctx->cache_key, key, sizeof(key)) == 0) {
            ctx->followed = 1;
        }
    }

    return 1;
}
