
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_redis.h"


/*
 * Cached answers in Redis, the second level, and copies of them in the zone,
 * the first one.
 *
 * A purge deletes in Redis, then gets a number and is written down there
 * (purge.lua).  A node hears of the number with every answer that it reads,
 * and asks for it every second; then it reads what was purged and forgets its
 * copies.  It keeps a copy only of what it has read under the number that it
 * has come to itself: so no copy is made of what was purged before.
 */


static void ngx_http_llm_cost_redis_found(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply);
static void ngx_http_llm_cost_redis_forget_answer(const u_char *key);
static ngx_int_t ngx_http_llm_cost_redis_put_command(
    ngx_http_llm_cost_ctx_t *ctx, ngx_http_llm_cost_redis_op_t *op,
    const u_char *p, size_t size, time_t ttl);
static void ngx_http_llm_cost_redis_kept(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply);
static ngx_uint_t ngx_http_llm_cost_redis_purge_heard(redisReply *reply);
static void ngx_http_llm_cost_redis_purge_number(
    ngx_http_llm_cost_redis_op_t *op, redisReply *reply);
static void ngx_http_llm_cost_redis_purge_ask(int64_t heard);
static void ngx_http_llm_cost_redis_purge_done(
    ngx_http_llm_cost_redis_op_t *op, redisReply *reply);
static ngx_int_t ngx_http_llm_cost_redis_purge_one(redisReply *reply,
    uint64_t *number, uint64_t *last, llm_cache_purge_t *purge, u_char *key);


#define NGX_HTTP_LLM_COST_LOOKED_OFTEN  192     /* of 256: three of four */


/* of this worker: of 256 look-ups so many are hits, the last ones most */

static ngx_uint_t  ngx_http_llm_cost_looked;

/* ... it asks what was purged */

static ngx_uint_t  ngx_http_llm_cost_purge_asked;


/*
 * An admission asks for the answer and reserves in one step, for which all has
 * to be known: the input is counted, an identity is in the journal, the budgets
 * are told.  A hit needs none of it.  Where nearly all look-ups are hits, the
 * answer is looked for by itself, and who misses takes two steps.
 */

ngx_uint_t
ngx_http_llm_cost_redis_looks_first(ngx_http_llm_cost_ctx_t *ctx)
{
    return ngx_http_llm_cost_looked >= NGX_HTTP_LLM_COST_LOOKED_OFTEN
           && !ngx_http_llm_cost_budget_requests(ctx);
}


void
ngx_http_llm_cost_redis_looked(ngx_uint_t hit)
{
    ngx_uint_t  n;

    n = ngx_http_llm_cost_looked;

    ngx_http_llm_cost_looked = hit ? n + (256 - n) / 16 : n - n / 16;
}


/* the answer only: nothing to reserve, or from a server of its own */

ngx_int_t
ngx_http_llm_cost_redis_lookup(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_http_llm_cost_redis_t     *redis;
    ngx_http_llm_cost_redis_op_t  *op;

    redis = ngx_http_llm_cost_redis_answers();

    op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_found, ctx);
    if (op == NULL) {
        return NGX_ERROR;
    }

    /* a value of another type is none */

    ngx_http_llm_cost_redis_command(redis, "MGET");
    ngx_http_llm_cost_redis_answer_key(ctx->cache_key);
    ngx_http_llm_cost_redis_key("ce");

    if (ngx_http_llm_cost_redis_end(op) != NGX_OK) {
        ngx_http_llm_cost_redis_free(op);
        return NGX_ERROR;
    }

    if (ngx_http_llm_cost_redis_send(redis, op, redis->conf->timeout)
        == NGX_OK)
    {
        ctx->op = op;
        return NGX_AGAIN;
    }

    ngx_http_llm_cost_redis_free(op);

    return ctx->adm.n && !ctx->only_cached
           ? ngx_http_llm_cost_redis_reserve(ctx, 0) : NGX_OK;
}


static void
ngx_http_llm_cost_redis_found(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply)
{
    ngx_int_t                 rc;
    ngx_http_llm_cost_ctx_t  *ctx;

    ctx = op->data;

    if (reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2) {
        ngx_http_llm_cost_redis_entry(ctx, reply->element[0],
                                      reply->element[1]);
    }

    if (ctx->entry && ngx_http_llm_cost_cache_form(ctx) != NGX_OK) {
        ctx->entry = NULL;
    }

    ctx->adm.hit = (ctx->entry != NULL);

    if (reply) {
        ngx_http_llm_cost_redis_looked(ctx->adm.hit);
    }

    if (ctx->adm.n && (ctx->entry || !ctx->only_cached)) {
        rc = ctx->adm.hit ? ngx_http_llm_cost_redis_hit(ctx)
                          : ngx_http_llm_cost_redis_reserve(ctx, 0);

        if (rc == NGX_AGAIN) {
            ngx_http_llm_cost_redis_free(op);
            return;
        }

        if (rc == NGX_ERROR) {
            ctx->verdict = NGX_HTTP_LLM_COST_STORE_DOWN;
        }

    } else if (ctx->entry) {
        ctx->verdict = NGX_HTTP_LLM_COST_HIT;
    }

    ngx_http_llm_cost_redis_wake(op, ngx_http_llm_cost_resume);
}


void
ngx_http_llm_cost_redis_entry(ngx_http_llm_cost_ctx_t *ctx,
    redisReply *reply, redisReply *purge)
{
    u_char      *p;
    ngx_int_t    rc;
    ngx_uint_t   same;
    ngx_pool_t  *pool;

    ctx->entry = NULL;

    same = ngx_http_llm_cost_redis_purge_heard(purge);

    if (reply->type != REDIS_REPLY_STRING) {
        return;
    }

    pool = ctx->request->pool;

    p = ngx_pnalloc(pool, reply->len + 1);
    if (p == NULL) {
        return;
    }

    ngx_memcpy(p, reply->str, reply->len);

    rc = ngx_http_llm_cost_entry_read(pool, p, reply->len, &ctx->entry);

    if (rc != NGX_OK) {
        ctx->entry = NULL;

        if (rc == NGX_DECLINED) {
            ngx_http_llm_cost_redis_forget_answer(ctx->cache_key);
        }

        return;
    }

    if (same) {
        (void) ngx_http_llm_cost_cache_zone_put(ngx_http_llm_cost_zone(), ctx,
                                                ctx->entry);
    }

    if (!ngx_http_llm_cost_cache_fresh(ctx)) {
        ctx->entry = NULL;
    }
}


void
ngx_http_llm_cost_redis_answer_indexes(void)
{
    ngx_http_llm_cost_redis_key("c");
    ngx_http_llm_cost_redis_key("cm");
    ngx_http_llm_cost_redis_key("cs");
    ngx_http_llm_cost_redis_key("ce");
    ngx_http_llm_cost_redis_key("cp");
}


/* damaged, or of another version: put.lua without an answer forgets */

static void
ngx_http_llm_cost_redis_forget_answer(const u_char *key)
{
    ngx_http_llm_cost_redis_t     *redis;
    ngx_http_llm_cost_redis_op_t  *op;

    redis = ngx_http_llm_cost_redis_answers();

    op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_done, NULL);
    if (op == NULL) {
        return;
    }

    ngx_http_llm_cost_redis_begin(redis, NGX_HTTP_LLM_COST_SCRIPT_PUT);
    ngx_http_llm_cost_redis_answer_indexes();
    ngx_http_llm_cost_redis_answer_key(key);
    ngx_http_llm_cost_redis_number(0);
    ngx_http_llm_cost_redis_text("");

    (void) ngx_http_llm_cost_redis_tell(redis, op,
                                        ngx_http_llm_cost_redis_end(op));
}


void
ngx_http_llm_cost_redis_put(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_entry_t *entry, time_t ttl)
{
    size_t                         size;
    u_char                        *p;
    ngx_http_llm_cost_redis_t     *redis;
    ngx_http_llm_cost_redis_op_t  *op;

    redis = ngx_http_llm_cost_redis_answers();
    size = ngx_http_llm_cost_entry_size(entry);

    p = ngx_alloc(size, ngx_cycle->log);
    if (p == NULL) {
        return;
    }

    ngx_http_llm_cost_entry_write(entry, p);

    /* those of this node find it at once */

    if (ngx_http_llm_cost_cache_zone_put(ngx_http_llm_cost_zone(), ctx, entry)
        == NGX_OK)
    {
        ngx_http_llm_cost_flight_land(ctx->cache_key, &ctx->flight,
                                      LLM_LANDED_KEPT);
    }

    op = redis->down ? NULL
                     : ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_kept,
                                                  NULL);

    if (op
        && ngx_http_llm_cost_redis_put_command(ctx, op, p, size, ttl)
           == NGX_OK
        && ngx_http_llm_cost_redis_send(redis, op,
                                        NGX_HTTP_LLM_COST_REDIS_LINGER)
           == NGX_OK)
    {
        /* what the zone has no room for is found once Redis has it */

        op->flight = ctx->flight;
        op->token = ngx_http_llm_cost_redis_take_token(ctx);
        ctx->flight.slot = 0;
        op = NULL;
    }

    if (op) {
        ngx_http_llm_cost_redis_free(op);
    }

    ngx_free(p);
}


/* some live a tenth shorter: what was kept together does not leave together */

static ngx_int_t
ngx_http_llm_cost_redis_put_command(ngx_http_llm_cost_ctx_t *ctx,
    ngx_http_llm_cost_redis_op_t *op, const u_char *p, size_t size, time_t ttl)
{
    u_char                      names[16 * (LLM_CACHE_PAYERS + 1)], *last;
    ngx_uint_t                  i;
    llm_cache_item_t            item;
    ngx_http_llm_cost_redis_t  *redis;

    redis = ngx_http_llm_cost_redis_answers();

    ngx_http_llm_cost_cache_item(ctx, &item);

    last = ngx_sprintf(names, "m%uD",
                       llm_cache_name(item.model.data, item.model.len));

    for (i = 0; i < LLM_CACHE_PAYERS && item.payers[i]; i++) {
        last = ngx_sprintf(last, ",%uD", item.payers[i]);
    }

    ngx_memcpy(op->key, ctx->cache_key, NGX_HTTP_LLM_COST_CACHE_KEY);

    ngx_http_llm_cost_redis_begin(redis, NGX_HTTP_LLM_COST_SCRIPT_PUT);
    ngx_http_llm_cost_redis_answer_indexes();
    ngx_http_llm_cost_redis_answer_key(ctx->cache_key);
    ngx_http_llm_cost_redis_number(ttl - ngx_random() % (ttl / 10 + 1));
    ngx_http_llm_cost_redis_arg(p, size);
    ngx_http_llm_cost_redis_number(ngx_time());
    ngx_http_llm_cost_redis_arg(names, last - names);
    ngx_http_llm_cost_redis_arg(item.model.data,
                                ngx_min(item.model.len, LLM_CACHE_NAME));
    ngx_http_llm_cost_redis_number(redis->conf->answers);
    ngx_http_llm_cost_redis_number(redis->money);

    return ngx_http_llm_cost_redis_end(op);
}


static void
ngx_http_llm_cost_redis_kept(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply)
{
    ngx_http_llm_cost_flight_land(op->key, &op->flight,
                                  reply && reply->type == REDIS_REPLY_INTEGER
                                  && reply->integer
                                  ? LLM_LANDED_KEPT : LLM_LANDED_UNFIT);
    ngx_http_llm_cost_redis_land(op->key, op->token);

    ngx_http_llm_cost_redis_done(op, reply);
}


void
ngx_http_llm_cost_redis_purges(void)
{
    ngx_http_llm_cost_redis_t     *redis;
    ngx_http_llm_cost_redis_op_t  *op;

    redis = ngx_http_llm_cost_redis_answers();

    /* where there are no copies, nobody has to connect for this */

    if (redis->down || ngx_exiting
        || (redis->conns[0].state != NGX_HTTP_LLM_COST_REDIS_READY
            && !llm_cache_used(ngx_http_llm_cost_zone()->cache)))
    {
        return;
    }

    op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_purge_number,
                                    NULL);
    if (op == NULL) {
        return;
    }

    op->timer.cancelable = 1;

    ngx_http_llm_cost_redis_command(redis, "GET");
    ngx_http_llm_cost_redis_key("ce");

    (void) ngx_http_llm_cost_redis_tell(redis, op,
                                        ngx_http_llm_cost_redis_end(op));
}


static void
ngx_http_llm_cost_redis_purge_number(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply)
{
    if (reply) {
        (void) ngx_http_llm_cost_redis_purge_heard(reply);
    }

    ngx_http_llm_cost_redis_done(op, reply);
}


/* 1: it is the one that this node has come to */

static ngx_uint_t
ngx_http_llm_cost_redis_purge_heard(redisReply *reply)
{
    off_t  number;

    number = 0;

    if (reply->type == REDIS_REPLY_STRING) {
        number = ngx_atoof((u_char *) reply->str, reply->len);
    }

    if (number == (off_t) llm_cache_epoch(ngx_http_llm_cost_zone()->cache)) {
        return 1;
    }

    ngx_http_llm_cost_redis_purge_ask(ngx_max(number, 0));

    return 0;
}


static void
ngx_http_llm_cost_redis_purge_ask(int64_t heard)
{
    ngx_http_llm_cost_redis_t     *redis;
    ngx_http_llm_cost_redis_op_t  *op;

    redis = ngx_http_llm_cost_redis_answers();

    if (ngx_http_llm_cost_purge_asked) {
        return;
    }

    op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_purge_done, NULL);
    if (op == NULL) {
        return;
    }

    op->count = heard;

    ngx_http_llm_cost_redis_command(redis, "LRANGE");
    ngx_http_llm_cost_redis_key("cp");
    ngx_http_llm_cost_redis_number(0);
    ngx_http_llm_cost_redis_number(-1);

    if (ngx_http_llm_cost_redis_tell(redis, op,
                                     ngx_http_llm_cost_redis_end(op))
        != NGX_OK)
    {
        return;
    }

    ngx_http_llm_cost_purge_asked = 1;
}


/*
 * The latest first.  Where the list does not reach from the number that was
 * heard of back to what this node has come to, or is lost (an evicting policy
 * may take it), all copies go, once.
 */

static void
ngx_http_llm_cost_redis_purge_done(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply)
{
    u_char              key[LLM_CACHE_KEY];
    size_t              i;
    uint64_t            number, last, latest, known, heard;
    llm_cache_t        *c;
    llm_cache_purge_t   purge;

    ngx_http_llm_cost_purge_asked = 0;

    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY) {
        ngx_http_llm_cost_redis_done(op, reply);
        return;
    }

    c = ngx_http_llm_cost_zone()->cache;
    known = llm_cache_epoch(c);
    heard = (uint64_t) op->count;
    latest = 0;

    for (i = 0; i < reply->elements; i++) {

        if (ngx_http_llm_cost_redis_purge_one(reply->element[i], &number,
                                              &last, &purge, key)
            != NGX_OK)
        {
            break;
        }

        if (i == 0) {
            latest = number;

            if (latest < heard) {
                break;
            }
        }

        if (number == known) {
            goto done;
        }

        (void) llm_cache_purge(c, &purge);

        if (last == known) {
            goto done;
        }
    }

    ngx_memzero(&purge, sizeof(llm_cache_purge_t));
    (void) llm_cache_purge(c, &purge);

done:

    llm_cache_set_epoch(c, ngx_max(latest, heard));

    ngx_http_llm_cost_redis_done(op, reply);
}


/* "NUMBER LAST MODEL PAYER BEFORE KEY", a 0 for what does not matter */

static ngx_int_t
ngx_http_llm_cost_redis_purge_one(redisReply *reply, uint64_t *number,
    uint64_t *last, llm_cache_purge_t *purge, u_char *key)
{
    off_t        n[5];
    u_char      *p, *start, *end;
    ngx_int_t    byte;
    ngx_uint_t   i;

    if (reply->type != REDIS_REPLY_STRING) {
        return NGX_DECLINED;
    }

    p = (u_char *) reply->str;
    end = p + reply->len;

    for (i = 0; i < 5; i++) {
        start = p;

        while (p < end && *p != ' ') {
            p++;
        }

        n[i] = ngx_atoof(start, p - start);

        if (n[i] < 0 || p == end) {
            return NGX_DECLINED;
        }

        p++;
    }

    ngx_memzero(purge, sizeof(llm_cache_purge_t));

    *number = n[0];
    *last = n[1];
    purge->model = (uint32_t) n[2];
    purge->payer = (uint32_t) n[3];
    purge->before = n[4];

    if (end - p < 2 * LLM_CACHE_KEY) {
        return NGX_OK;
    }

    for (i = 0; i < LLM_CACHE_KEY; i++) {
        byte = ngx_hextoi(p + 2 * i, 2);

        if (byte == NGX_ERROR) {
            return NGX_DECLINED;
        }

        key[i] = (u_char) byte;
    }

    purge->key = key;

    return NGX_OK;
}
