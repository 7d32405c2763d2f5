
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_redis.h"


/*
 * What the scripts answer.  Whatever has another shape came from something
 * else than our scripts, and is treated as no answer.
 */


#define NGX_HTTP_LLM_COST_REDIS_HEAD     7   /* of an admission's reply */
#define NGX_HTTP_LLM_COST_REDIS_BALANCE  4   /* values of each budget */

/* amounts are exact up to 2^53; of three of these the sum still is a number */

#define NGX_HTTP_LLM_COST_REDIS_MOST     ((int64_t) 1 << 61)


static int64_t ngx_http_llm_cost_redis_bounded(int64_t n);
static ngx_uint_t ngx_http_llm_cost_redis_refuses(redisReply *reply);
static void ngx_http_llm_cost_redis_read_hit(ngx_http_llm_cost_ctx_t *ctx,
    redisReply *reply);
static ngx_int_t ngx_http_llm_cost_redis_read_granted(redisReply *reply,
    llm_admission_t *a);
static void ngx_http_llm_cost_redis_read_refusal(ngx_http_llm_cost_ctx_t *ctx);


ngx_int_t
ngx_http_llm_cost_redis_integer(redisReply *reply, ngx_uint_t i, int64_t *n)
{
    u_char      *p, *last;
    ngx_uint_t   minus;
    redisReply  *e;

    if (reply->type != REDIS_REPLY_ARRAY || i >= reply->elements) {
        return NGX_DECLINED;
    }

    e = reply->element[i];

    if (e->type == REDIS_REPLY_INTEGER) {
        *n = ngx_http_llm_cost_redis_bounded(e->integer);
        return NGX_OK;
    }

    if (e->type != REDIS_REPLY_STRING || e->len == 0 || e->len > 19) {
        return NGX_DECLINED;
    }

    p = (u_char *) e->str;
    last = p + e->len;
    minus = (*p == '-');
    p += minus;

    *n = ngx_atoof(p, last - p);

    if (*n < 0) {
        return NGX_DECLINED;
    }

    *n = ngx_http_llm_cost_redis_bounded(minus ? -*n : *n);

    return NGX_OK;
}


/* one of the numbers that common.lua has packed */

ngx_int_t
ngx_http_llm_cost_redis_packed(redisReply *reply, ngx_uint_t i, int64_t *n)
{
    u_char      *p;
    uint64_t     value;
    ngx_uint_t   k;
    redisReply  *e;

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements == 0) {
        return NGX_DECLINED;
    }

    e = reply->element[0];

    if (e->type != REDIS_REPLY_STRING
        || i >= (size_t) e->len / sizeof(uint64_t))
    {
        return NGX_DECLINED;
    }

    p = (u_char *) e->str + i * sizeof(uint64_t);
    value = 0;

    for (k = sizeof(uint64_t); k > 0; k--) {
        value = value << 8 | p[k - 1];
    }

    *n = ngx_http_llm_cost_redis_bounded((int64_t) value);

    return NGX_OK;
}


/* whoever writes to Redis may have written anything */

static int64_t
ngx_http_llm_cost_redis_bounded(int64_t n)
{
    return ngx_max(ngx_min(n, NGX_HTTP_LLM_COST_REDIS_MOST),
                   -NGX_HTTP_LLM_COST_REDIS_MOST);
}


/*
 * The store refuses what is meant for another incarnation.  A stamp that does
 * not ascend on a connection tells of a loss that others have covered up since.
 * What a greeting or a join is told of incarnations is theirs to judge.
 */

ngx_uint_t
ngx_http_llm_cost_redis_stale(ngx_http_llm_cost_redis_conn_t *conn,
    ngx_http_llm_cost_redis_op_t *op, redisReply *reply)
{
    int64_t     n;
    ngx_uint_t  i;

    switch (op->kind) {

    case NGX_HTTP_LLM_COST_SCRIPT_JOIN:
        return !op->greeting && !op->replay
               && ngx_http_llm_cost_redis_refuses(reply);

    case NGX_HTTP_LLM_COST_SCRIPT_ADMIT:
        i = NGX_HTTP_LLM_COST_REDIS_ADMIT_STAMP;
        break;

    case NGX_HTTP_LLM_COST_SCRIPT_SETTLE:
        i = NGX_HTTP_LLM_COST_REDIS_SETTLE_STAMP;
        break;

    default:
        return ngx_http_llm_cost_redis_refuses(reply);
    }

    if (ngx_http_llm_cost_redis_packed(reply, i, &n) != NGX_OK || n < 0) {
        return ngx_http_llm_cost_redis_refuses(reply);
    }

    op->stamp = n;

    if (op->stamp <= conn->stamp) {
        ngx_memcpy(conn->redis->lost, op->store, NGX_HTTP_LLM_COST_REDIS_ID);
        conn->redis->loss = 1;
        return 1;
    }

    conn->stamp = op->stamp;

    ngx_http_llm_cost_redis_box_saw(op, op->stamp);

    return 0;
}


static ngx_uint_t
ngx_http_llm_cost_redis_refuses(redisReply *reply)
{
    int64_t  n;

    return ngx_http_llm_cost_redis_integer(reply, 0, &n) == NGX_OK
           && n == NGX_HTTP_LLM_COST_REDIS_STALE;
}


ngx_int_t
ngx_http_llm_cost_redis_read_balances(redisReply *reply, ngx_uint_t i,
    llm_balance_t *balances, ngx_uint_t n)
{
    int64_t     mark;
    ngx_uint_t  k;

    for (k = 0; k < n; k++, i += NGX_HTTP_LLM_COST_REDIS_BALANCE) {
        ngx_memzero(&balances[k], sizeof(llm_balance_t));

        if (ngx_http_llm_cost_redis_packed(reply, i, &balances[k].spent)
               != NGX_OK
            || ngx_http_llm_cost_redis_packed(reply, i + 1,
                                              &balances[k].reserved)
               != NGX_OK
            || ngx_http_llm_cost_redis_packed(reply, i + 2,
                                              &balances[k].limit)
               != NGX_OK
            || ngx_http_llm_cost_redis_packed(reply, i + 3, &mark) != NGX_OK)
        {
            return NGX_DECLINED;
        }

        if (balances[k].limit < 0) {
            balances[k].limit = LLM_NO_LIMIT;
        }

        balances[k].crossed = (uint8_t) mark;
    }

    /* a settlement without budgets has its own sign of life */

    return ngx_http_llm_cost_redis_packed(reply, 0, &mark);
}


ngx_int_t
ngx_http_llm_cost_redis_read_admission(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply)
{
    int64_t                   what, refused, hit;
    llm_admission_t          *a;
    ngx_http_llm_cost_ctx_t  *ctx;

    what = 0;
    ctx = op->data;
    a = &ctx->adm;

    if (ngx_http_llm_cost_redis_integer(reply, 0, &what) == NGX_OK
        && what == NGX_HTTP_LLM_COST_REDIS_FOUND && reply->elements == 4)
    {
        ngx_http_llm_cost_redis_read_hit(ctx, reply);
        return NGX_DONE;
    }

    if (ngx_http_llm_cost_redis_packed(reply, 0, &what) != NGX_OK
        || ngx_http_llm_cost_redis_packed(reply, 1, &refused) != NGX_OK
        || ngx_http_llm_cost_redis_packed(reply, 2, &hit) != NGX_OK
        || what < LLM_LEDGER_FITS || what > LLM_LEDGER_NEVER
        || refused < 0 || refused >= (int64_t) a->n)
    {
        op->over = (what == NGX_HTTP_LLM_COST_REDIS_CLOSED);
        ngx_http_llm_cost_redis_complain(reply);
        return NGX_DECLINED;
    }

    if (ngx_http_llm_cost_redis_read_granted(reply, a) != NGX_OK) {
        return NGX_DECLINED;
    }

    ctx->verdict = what;
    a->refused = refused;

    if (what != LLM_LEDGER_FITS) {
        ngx_http_llm_cost_redis_read_refusal(ctx);
        return NGX_OK;
    }

    /* one that was found in the zone is not in there */

    if (hit && !a->hit) {

        if (reply->elements != 4) {
            return NGX_DECLINED;
        }

        ngx_http_llm_cost_redis_read_hit(ctx, reply);
    }

    if (hit) {
        ctx->verdict = NGX_HTTP_LLM_COST_HIT;
    }

    return NGX_OK;
}


static void
ngx_http_llm_cost_redis_read_hit(ngx_http_llm_cost_ctx_t *ctx,
    redisReply *reply)
{
    ngx_http_llm_cost_redis_entry(ctx, reply->element[2], reply->element[1]);

    ctx->adm.hit = 1;
    ctx->verdict = NGX_HTTP_LLM_COST_HIT;
}


static ngx_int_t
ngx_http_llm_cost_redis_read_granted(redisReply *reply, llm_admission_t *a)
{
    ngx_uint_t  i;

    for (i = 0; i < LLM_UNIT_N; i++) {
        if (ngx_http_llm_cost_redis_packed(reply, 3 + i, &a->granted[i])
               != NGX_OK
            || a->granted[i] < 0 || a->granted[i] > a->most[i])
        {
            return NGX_DECLINED;
        }
    }

    return ngx_http_llm_cost_redis_read_balances(reply,
                                                 NGX_HTTP_LLM_COST_REDIS_HEAD,
                                                 a->balances, a->n);
}


/* the mark of a refusal; a hit, too, is refused for requests */

static void
ngx_http_llm_cost_redis_read_refusal(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_uint_t      i;
    llm_balance_t  *b;

    for (i = 0; i < ctx->adm.n; i++) {
        b = &ctx->adm.balances[i];

        b->refused_first = (b->crossed != 0);
        b->crossed = 0;
    }

    ctx->entry = NULL;
}


/* an error that leaves the connection usable: once a second is enough */

void
ngx_http_llm_cost_redis_complain(redisReply *reply)
{
    size_t         i, n;
    u_char         text[160];
    static time_t  last;

    if (reply == NULL || reply->type != REDIS_REPLY_ERROR
        || last == ngx_time())
    {
        return;
    }

    last = ngx_time();

    n = ngx_min(reply->len, sizeof(text));

    for (i = 0; i < n; i++) {
        text[i] = reply->str[i];

        if (text[i] < ' ' || text[i] >= 0x7f) {
            text[i] = '?';
        }
    }

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "llm cost: Redis said \"%*s\"", n, text);
}
