
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_redis.h"


/*
 * How far the node has come in joining a store, in the box that its workers
 * share: what is established stays so, whichever worker goes on, and whoever
 * it was that began.
 */


#define NGX_HTTP_LLM_COST_JOIN_PATIENCE  3000   /* ms */


static void ngx_http_llm_cost_redis_joined_first(
    const ngx_http_llm_cost_redis_hello_t *h);


/*
 * Where to go on with the store that has said hello.  The other binary of an
 * upgrade has a record of its own, or the others have not waited for this node:
 * once what was spent is in the counters, nothing of it is repeated.
 */

void
ngx_http_llm_cost_redis_joined_met(const ngx_http_llm_cost_redis_hello_t *h)
{
    ngx_http_llm_cost_redis_box_t     *box;
    ngx_http_llm_cost_redis_joined_t  *at;

    box = ngx_http_llm_cost_redis_box();
    at = &box->joined;

    if (at->age != box->age
        || ngx_memcmp(at->id, h->id, NGX_HTTP_LLM_COST_REDIS_ID) != 0)
    {
        ngx_http_llm_cost_redis_joined_first(h);
    }

    if (at->step == NGX_HTTP_LLM_COST_JOIN_REPLAY
        && h->phase >= NGX_HTTP_LLM_COST_JOIN_REPLAYED)
    {
        at->pos = 0;
        at->deep = 1;
        at->step = NGX_HTTP_LLM_COST_JOIN_WAIT_REPLAYED;
    }
}


/*
 * Nothing is known of this store yet; its id comes last.  If this nginx has
 * never met one, what an earlier one has told is on no record: it is in the
 * zone, and lost where this is another store.
 */

static void
ngx_http_llm_cost_redis_joined_first(const ngx_http_llm_cost_redis_hello_t *h)
{
    ngx_uint_t                         changed, past;
    llm_ledger_t                      *l;
    ngx_http_llm_cost_redis_box_t     *box;
    ngx_http_llm_cost_redis_joined_t  *at;

    box = ngx_http_llm_cost_redis_box();
    at = &box->joined;

    l = ngx_http_llm_cost_zone()->ledger;

    changed = (ngx_memcmp(box->id, h->id, NGX_HTTP_LLM_COST_REDIS_ID) != 0);
    past = (box->id[0] == '\0' && llm_ledger_has_store(l));

    ngx_http_llm_cost_redis_box_lock();
    ngx_http_llm_cost_redis_box_recorded(box);
    ngx_http_llm_cost_redis_box_unlock();

    ngx_memzero(at, sizeof(ngx_http_llm_cost_redis_joined_t));
    ngx_memory_barrier();

    at->base = h->base;
    at->seen = h->stamp;
    at->since = h->time;
    at->deep = (changed
                && (at->base < box->log->dropped
                    || (past && !llm_ledger_is_store(l, h->id))));
    at->age = box->age;
    at->step = changed ? NGX_HTTP_LLM_COST_JOIN_REPLAY
                       : NGX_HTTP_LLM_COST_JOIN_HOLDS;

    ngx_http_llm_cost_redis_box_lock();

    if (past) {
        box->log->dropped = NGX_HTTP_LLM_COST_REDIS_NEVER;

    } else if (changed && box->log->dropped == NGX_HTTP_LLM_COST_REDIS_NEVER) {

        /* of all incarnations before this one, and of this one nothing */

        box->log->dropped = (uint64_t) h->stamp;
    }

    ngx_http_llm_cost_redis_box_unlock();

    ngx_memory_barrier();

    ngx_memcpy(at->id, h->id, NGX_HTTP_LLM_COST_REDIS_ID);
}


/*
 * Whether the nodes that were there when Redis went away are as far.  What has
 * been waited counts for all of the join, however many attempts it takes.
 */

ngx_uint_t
ngx_http_llm_cost_redis_joined_come(const ngx_http_llm_cost_redis_hello_t *h,
    ngx_msec_t waited)
{
    ngx_http_llm_cost_redis_box_t  *box;

    box = ngx_http_llm_cost_redis_box();

    if ((ngx_atomic_uint_t) h->come >= box->peers
        || box->joined.waited >= NGX_HTTP_LLM_COST_JOIN_PATIENCE)
    {
        return 1;
    }

    box->joined.waited += waited;

    return 0;
}


/* from here on the store decides */

void
ngx_http_llm_cost_redis_joined(ngx_http_llm_cost_redis_t *redis,
    const ngx_http_llm_cost_redis_hello_t *h, ngx_uint_t repeated)
{
    ngx_http_llm_cost_redis_box_t  *box;

    box = ngx_http_llm_cost_redis_box();

    ngx_http_llm_cost_redis_box_lock();

    if (ngx_memcmp(box->id, redis->id, NGX_HTTP_LLM_COST_REDIS_ID) != 0) {
        ngx_memcpy(box->id, redis->id, NGX_HTTP_LLM_COST_REDIS_ID);
        box->seen = box->joined.seen;
    }

    box->seen = ngx_max(box->seen, box->joined.seen);

    /* what was restored from the counters is on no record */

    ngx_http_llm_cost_redis_box_recorded(box);

    if (h->deep) {
        box->log->dropped = ngx_max(box->log->dropped, (uint64_t) h->stamp);
    }

    box->nodes = ngx_max(h->nodes, 1);
    box->peers = ngx_max(h->recent, 1);

    ngx_memory_barrier();

    box->state = NGX_HTTP_LLM_COST_STORE_READY;
    box->joiner = 0;

    ngx_http_llm_cost_redis_box_unlock();

    llm_ledger_set_store(ngx_http_llm_cost_zone()->ledger, redis->id,
                         box->seen);
    llm_ledger_release(ngx_http_llm_cost_zone()->ledger, (uint32_t) ngx_pid);

    llm_stats_count(ngx_http_llm_cost_zone()->stats, LLM_STATS_STORE_CHANGES,
                    1);

    ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                  "llm cost: Redis %V is back after %T s, %ui operations were "
                  "repeated%s", &redis->conf->addr.name,
                  ngx_time() - (time_t) box->since, repeated,
                  h->deep
                  ? "; it had lost more than was recorded: counters start from "
                    "what the nodes knew last" : "");

    (void) ngx_http_llm_cost_redis_outbox_send(redis, 0);
}
