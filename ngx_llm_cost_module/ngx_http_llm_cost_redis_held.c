
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_redis.h"


/*
 * Work that outlives its request, in a fleet: any node may be asked for it.
 * A record is a string with a time to live; the zone has a copy of what this
 * node has made or found, by which it is settled once here, and which serves
 * while Redis is away.  In Redis it is settled once by its identity.
 *
 * The reservation is in Redis alone: it leaves the journal of the node that
 * made it, which may be gone when it is settled.
 */


#define NGX_HTTP_LLM_COST_REDIS_RECLAIM  16     /* a second */


static ngx_int_t ngx_http_llm_cost_redis_held_ask(
    ngx_http_llm_cost_ctx_t *ctx, ngx_http_llm_cost_redis_op_t *op);
static void ngx_http_llm_cost_redis_held(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply);
static ngx_uint_t ngx_http_llm_cost_redis_held_read(redisReply *reply,
    llm_held_t *record);
static void ngx_http_llm_cost_redis_lapsed(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply);
static void ngx_http_llm_cost_redis_claimed(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply);
static void ngx_http_llm_cost_redis_reclaimed(
    ngx_http_llm_cost_redis_op_t *op, redisReply *reply);
static void ngx_http_llm_cost_redis_held_key(const u_char *name);
static void ngx_http_llm_cost_redis_held_claim(const llm_held_t *record);
static void ngx_http_llm_cost_redis_held_time(const llm_held_t *record);


ngx_int_t
ngx_http_llm_cost_redis_find(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_int_t                      rc;
    ngx_http_llm_cost_redis_t     *redis;
    ngx_http_llm_cost_redis_op_t  *op;

    /* what this node knows, for when there is no reply */

    rc = ngx_http_llm_cost_held_zone_find(ctx);
    if (rc != NGX_OK) {
        return rc;
    }

    redis = ngx_http_llm_cost_redis_money();

    op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_held, ctx);
    if (op == NULL) {
        return NGX_ERROR;
    }

    ngx_http_llm_cost_redis_command(redis, "GET");
    ngx_http_llm_cost_redis_held_key(ctx->name);

    return ngx_http_llm_cost_redis_held_ask(ctx, op);
}


/* NGX_AGAIN: its handler will hear; NGX_OK: Redis cannot be asked */

static ngx_int_t
ngx_http_llm_cost_redis_held_ask(ngx_http_llm_cost_ctx_t *ctx,
    ngx_http_llm_cost_redis_op_t *op)
{
    ngx_http_llm_cost_redis_t  *redis;

    redis = ngx_http_llm_cost_redis_money();

    if (ngx_http_llm_cost_redis_end(op) != NGX_OK
        || ngx_http_llm_cost_redis_send(redis, op, redis->conf->timeout)
           != NGX_OK)
    {
        ngx_http_llm_cost_redis_free(op);
        return NGX_OK;
    }

    ctx->op = op;

    return NGX_AGAIN;
}


/* what anybody may have written there is checked */

static void
ngx_http_llm_cost_redis_held(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply)
{
    llm_held_t               *record;
    ngx_http_llm_cost_ctx_t  *ctx;

    ctx = op->data;

    record = ngx_palloc(ctx->request->pool, sizeof(llm_held_t));

    if (record && ngx_http_llm_cost_redis_held_read(reply, record)
        && ngx_memcmp(record->name, ctx->name, LLM_HELD_NAME) == 0)
    {
        (void) ngx_http_llm_cost_held_zone_keep(record);
        ctx->record = record;
    }

    ngx_http_llm_cost_redis_wake(op, ngx_http_llm_cost_resume);
}


static ngx_uint_t
ngx_http_llm_cost_redis_held_read(redisReply *reply, llm_held_t *record)
{
    if (reply == NULL || reply->type != REDIS_REPLY_STRING || reply->len == 0
        || llm_held_read(record, reply->str, reply->len) != reply->len)
    {
        return 0;
    }

    /* what is to be done is for each node to know */

    record->done = record->done ? LLM_HELD_DONE : 0;

    return 1;
}


ngx_int_t
ngx_http_llm_cost_redis_keep(const llm_held_t *record)
{
    ngx_int_t                      rc;
    llm_held_t                     there;
    ngx_http_llm_cost_redis_op_t  *op;

    rc = ngx_http_llm_cost_held_zone_keep(record);
    if (rc != NGX_OK) {
        return rc;
    }

    op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_done, NULL);
    if (op == NULL) {
        return NGX_OK;
    }

    there = *record;
    there.done = record->done ? LLM_HELD_DONE : 0;

    ngx_http_llm_cost_redis_command(ngx_http_llm_cost_redis_money(), "SET");
    ngx_http_llm_cost_redis_held_key(record->name);
    ngx_http_llm_cost_redis_arg(&there, llm_held_size(&there));
    ngx_http_llm_cost_redis_held_time(record);

    (void) ngx_http_llm_cost_redis_tell(ngx_http_llm_cost_redis_money(), op,
                                        ngx_http_llm_cost_redis_end(op));

    return NGX_OK;
}


/*
 * A renewal that does not arrive leaves the reservation to expire early: it is
 * charged in full, and what is settled within a day after that corrects it.
 */

ngx_int_t
ngx_http_llm_cost_redis_leave(ngx_http_llm_cost_ctx_t *ctx, time_t until)
{
    if (ctx->local) {
        return NGX_DECLINED;
    }

    ngx_http_llm_cost_redis_renew(&ctx->adm.id, until);
    ngx_http_llm_cost_redis_unjournal(&ctx->adm.id);

    ctx->held = 0;

    return NGX_OK;
}


/*
 * Who is the first to say so settles it, counts it and has it in his log.  What
 * is not heard of Redis in time is settled here, too: Redis knows it by its
 * identity, and charges it once.
 */

ngx_int_t
ngx_http_llm_cost_redis_claim(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_int_t                      rc;
    ngx_http_llm_cost_redis_op_t  *op;

    op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_claimed, ctx);
    if (op == NULL) {
        return NGX_DECLINED;
    }

    ngx_http_llm_cost_redis_held_claim(ctx->record);

    rc = ngx_http_llm_cost_redis_held_ask(ctx, op);

    return rc == NGX_OK ? NGX_DECLINED : rc;
}


static void
ngx_http_llm_cost_redis_claimed(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply)
{
    ngx_http_llm_cost_ctx_t  *ctx;

    ctx = op->data;
    ctx->late = (reply && reply->type == REDIS_REPLY_NIL);
    ctx->unclaimed = (reply == NULL || reply->type == REDIS_REPLY_ERROR);

    ngx_http_llm_cost_redis_wake(op, ngx_http_llm_cost_held_claimed);
}


/*
 * Redis was away when this node settled it: now the others hear of that, so
 * that none settles it once more.  One that has meanwhile stays the first.
 */

void
ngx_http_llm_cost_redis_reclaim(void)
{
    uint32_t                       cursor;
    ngx_uint_t                     n;
    llm_held_t                     record;
    ngx_http_llm_cost_zone_t      *z;
    ngx_http_llm_cost_redis_op_t  *op;

    z = ngx_http_llm_cost_zone();
    cursor = 0;
    n = 0;

    while (z->held && n < NGX_HTTP_LLM_COST_REDIS_RECLAIM
           && llm_held_next(z->held, &cursor, &record) == LLM_OK)
    {
        if (!(record.done & LLM_HELD_UNCLAIMED)) {
            continue;
        }

        (void) ngx_http_llm_cost_redis_keep(&record);

        op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_reclaimed,
                                        NULL);
        if (op == NULL) {
            return;
        }

        ngx_memcpy(op->work, record.work, LLM_HELD_NAME);
        ngx_http_llm_cost_redis_held_claim(&record);

        (void) ngx_http_llm_cost_redis_tell(ngx_http_llm_cost_redis_money(),
                                            op,
                                            ngx_http_llm_cost_redis_end(op));
        n++;
    }
}


static void
ngx_http_llm_cost_redis_reclaimed(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply)
{
    if (reply && reply->type != REDIS_REPLY_ERROR) {
        ngx_http_llm_cost_held_zone_clear(op->work, LLM_HELD_UNCLAIMED);
    }

    ngx_http_llm_cost_redis_done(op, reply);
}


/* of a worker that has died, or an nginx; Redis may have heard of it */

void
ngx_http_llm_cost_redis_resettle(const llm_held_t *record,
    llm_budget_t *budgets, unsigned n)
{
    ngx_http_llm_cost_redis_op_t  *op;

    op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_settled, NULL);
    if (op == NULL) {
        ngx_http_llm_cost_redis_orphan(&record->id, record->most);
        return;
    }

    op->id = record->id;
    op->spends = 1;
    ngx_memcpy(op->spent, record->most, sizeof(op->spent));

    if (ngx_http_llm_cost_redis_copy_budgets(op, budgets, n) != NGX_OK
        || ngx_http_llm_cost_redis_settlement(op, NULL) != NGX_OK)
    {
        ngx_http_llm_cost_redis_orphan(&record->id, record->most);
        ngx_http_llm_cost_redis_free(op);
        return;
    }

    ngx_http_llm_cost_redis_send_end(op);
}


/* another node may have settled it, or have written its line */

void
ngx_http_llm_cost_redis_lapse(llm_held_t *record)
{
    ngx_http_llm_cost_redis_t     *redis;
    ngx_http_llm_cost_redis_op_t  *op;

    redis = ngx_http_llm_cost_redis_money();

    op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_lapsed, NULL);
    if (op == NULL) {
        return;
    }

    ngx_http_llm_cost_redis_command(redis, "GET");
    ngx_http_llm_cost_redis_held_key(record->name);

    if (ngx_http_llm_cost_redis_end(op) != NGX_OK
        || ngx_http_llm_cost_redis_send(redis, op,
                                        NGX_HTTP_LLM_COST_REDIS_LINGER)
           != NGX_OK)
    {
        ngx_http_llm_cost_redis_free(op);
    }
}


static void
ngx_http_llm_cost_redis_lapsed(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply)
{
    llm_held_t  record;

    if (ngx_http_llm_cost_redis_held_read(reply, &record)) {

        (void) ngx_http_llm_cost_held_zone_keep(&record);

        if (llm_held_lapses(&record, ngx_time())) {
            ngx_http_llm_cost_held_lapse(&record);
        }
    }

    ngx_http_llm_cost_redis_done(op, reply);
}


static void
ngx_http_llm_cost_redis_held_key(const u_char *name)
{
    u_char  hex[LLM_HELD_NAME * 2];

    ngx_hex_dump(hex, (u_char *) name, LLM_HELD_NAME);

    ngx_http_llm_cost_redis_key("h:%*s", sizeof(hex), hex);
}


static void
ngx_http_llm_cost_redis_held_claim(const llm_held_t *record)
{
    u_char  text[LLM_HELD_TEXT];
    size_t  len;

    len = llm_held_text(record, text);

    ngx_http_llm_cost_redis_command(ngx_http_llm_cost_redis_money(), "SET");
    ngx_http_llm_cost_redis_key("hs:%*s", len, text);
    ngx_http_llm_cost_redis_text("1");
    ngx_http_llm_cost_redis_held_time(record);
    ngx_http_llm_cost_redis_text("NX");
}


static void
ngx_http_llm_cost_redis_held_time(const llm_held_t *record)
{
    ngx_http_llm_cost_redis_text("EX");
    ngx_http_llm_cost_redis_number(ngx_max(record->until - ngx_time(), 1));
}
