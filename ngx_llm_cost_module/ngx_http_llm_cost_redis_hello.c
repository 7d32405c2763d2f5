
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_redis.h"
#include "llm_shm.h"


/*
 * What a node says of itself, and what it learns of the store and of the other
 * nodes: join.lua, for greetings, for a join, and several times a second of a
 * node that is ready, so that whoever comes back knows soon who is there.
 */


static void ngx_http_llm_cost_redis_pinged(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply);


/* of a node that is ready */

void
ngx_http_llm_cost_redis_ping(ngx_http_llm_cost_redis_t *redis)
{
    ngx_http_llm_cost_redis_op_t  *op;

    op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_pinged, NULL);
    if (op == NULL) {
        return;
    }

    (void) ngx_http_llm_cost_redis_tell(redis, op,
        ngx_http_llm_cost_redis_join_command(redis, op,
                                     NGX_HTTP_LLM_COST_JOIN_MERGED, 0, 0));
}


static void
ngx_http_llm_cost_redis_pinged(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply)
{
    ngx_http_llm_cost_redis_box_t    *box;
    ngx_http_llm_cost_redis_hello_t   h;

    ngx_http_llm_cost_redis_complain(reply);

    if (reply && ngx_http_llm_cost_redis_box_counts(op)
        && ngx_http_llm_cost_redis_join_read(reply, &h) == NGX_OK)
    {
        box = ngx_http_llm_cost_redis_box();

        ngx_http_llm_cost_redis_box_saw(op, h.stamp);
        box->nodes = ngx_max(h.nodes, 1);
        box->peers = ngx_max(h.recent, 1);
    }

    ngx_http_llm_cost_redis_free(op);
}


/* what join.lua reads, and what it answers */

ngx_int_t
ngx_http_llm_cost_redis_join_command(ngx_http_llm_cost_redis_t *redis,
    ngx_http_llm_cost_redis_op_t *op, ngx_uint_t phase, ngx_uint_t deep,
    int64_t since)
{
    u_char                          node[NGX_HTTP_LLM_COST_REDIS_ID + 1];
    u_char                          candidate[NGX_HTTP_LLM_COST_REDIS_ID + 1];
    uint64_t                        seed[2];
    ngx_http_llm_cost_redis_box_t  *box;

    box = ngx_http_llm_cost_redis_box();

    op->hello = (phase == 0);

    llm_shm_seed(seed, ((uint64_t) ngx_pid << 32) ^ (uint64_t) ngx_random());

    ngx_sprintf(node, "%016xL",
                llm_ledger_node(ngx_http_llm_cost_zone()->ledger));
    ngx_sprintf(candidate, "%016xL", seed[0]);

    ngx_http_llm_cost_redis_begin(redis, NGX_HTTP_LLM_COST_SCRIPT_JOIN);
    ngx_http_llm_cost_redis_indexes();
    ngx_http_llm_cost_redis_arg(node, NGX_HTTP_LLM_COST_REDIS_ID);
    ngx_http_llm_cost_redis_arg(candidate, NGX_HTTP_LLM_COST_REDIS_ID);

    /* of the connection on which it was asked for, just now */

    ngx_http_llm_cost_redis_arg(redis->run,
                                op->hello && !op->replay ? redis->run_len : 0);

    ngx_http_llm_cost_redis_number(phase);
    ngx_http_llm_cost_redis_number(deep);
    ngx_http_llm_cost_redis_number(since);
    ngx_http_llm_cost_redis_arg(redis->lost, op->hello && redis->loss
                                             ? NGX_HTTP_LLM_COST_REDIS_ID : 0);
    ngx_http_llm_cost_redis_number(box->heard);
    ngx_http_llm_cost_redis_number(op->hello ? box->joined.seen : 0);

    return ngx_http_llm_cost_redis_end(op);
}


ngx_int_t
ngx_http_llm_cost_redis_join_read(redisReply *reply,
    ngx_http_llm_cost_redis_hello_t *h)
{
    int64_t      what;
    redisReply  *id;

    if (ngx_http_llm_cost_redis_integer(reply, 0, &what) != NGX_OK
        || ngx_http_llm_cost_redis_integer(reply, 2, &h->stamp) != NGX_OK
        || ngx_http_llm_cost_redis_integer(reply, 3, &h->base) != NGX_OK
        || ngx_http_llm_cost_redis_integer(reply, 4, &h->time) != NGX_OK
        || ngx_http_llm_cost_redis_integer(reply, 5, &h->come) != NGX_OK
        || ngx_http_llm_cost_redis_integer(reply, 6, &h->deep) != NGX_OK
        || ngx_http_llm_cost_redis_integer(reply, 7, &h->nodes) != NGX_OK
        || ngx_http_llm_cost_redis_integer(reply, 8, &h->recent) != NGX_OK
        || ngx_http_llm_cost_redis_integer(reply, 9, &h->phase) != NGX_OK
        || ngx_http_llm_cost_redis_integer(reply, 10, &h->free) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    id = reply->element[1];

    if (id->type != REDIS_REPLY_STRING
        || id->len != NGX_HTTP_LLM_COST_REDIS_ID)
    {
        return NGX_DECLINED;
    }

    ngx_memcpy(h->id, id->str, NGX_HTTP_LLM_COST_REDIS_ID);
    h->stale = (what == NGX_HTTP_LLM_COST_REDIS_STALE);

    ngx_http_llm_cost_redis_box()->heard = h->time;

    return NGX_OK;
}
