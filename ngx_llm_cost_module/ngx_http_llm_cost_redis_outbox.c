
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_redis.h"


/*
 * The outbox: settlements and cancellations that Redis has not confirmed.  They
 * are in the record that the workers share, so that they outlive their worker
 * and a reload.  Any worker that reaches Redis sends them, oldest first; a copy
 * too many changes nothing there, because every one has its identity.
 *
 * The record is bounded.  While Redis is away, requests are refused before it
 * is full; what does not fit all the same stays open in the zone's ledger, and
 * is settled from there (_redis_adopt.c).
 *
 * Here is also what happens every second.
 */


#define NGX_HTTP_LLM_COST_OUTBOX_BATCH    32
#define NGX_HTTP_LLM_COST_OUTBOX_TICK     200
#define NGX_HTTP_LLM_COST_OUTBOX_TICKS    5      /* a second */


static ngx_uint_t ngx_http_llm_cost_redis_outbox_take(
    ngx_http_llm_cost_redis_op_t **ops, ngx_uint_t max, const u_char *store,
    ngx_uint_t *pending);
static void ngx_http_llm_cost_redis_outbox_told(llm_oplog_entry_t *e,
    ngx_http_llm_cost_redis_op_t *op);
static ngx_uint_t ngx_http_llm_cost_redis_outbox_back(
    ngx_http_llm_cost_redis_op_t *op, ngx_uint_t done);
static void ngx_http_llm_cost_redis_outbox_born(void);
static void ngx_http_llm_cost_redis_outbox_done(
    ngx_http_llm_cost_redis_op_t *op, redisReply *reply);
static void ngx_http_llm_cost_redis_tick(ngx_event_t *ev);
static void ngx_http_llm_cost_redis_second(ngx_http_llm_cost_redis_t *redis,
    ngx_http_llm_cost_redis_box_t *box);
static ngx_uint_t ngx_http_llm_cost_redis_due(ngx_atomic_t *last,
    ngx_atomic_uint_t now, ngx_atomic_uint_t interval);


/* of this worker */

static ngx_event_t        ngx_http_llm_cost_outbox_event;
static ngx_connection_t   ngx_http_llm_cost_outbox_dummy;
static ngx_uint_t         ngx_http_llm_cost_outbox_busy;


void
ngx_http_llm_cost_redis_outbox_add(ngx_http_llm_cost_redis_op_t *op)
{
    if (ngx_http_llm_cost_redis_box_add(op, 0) == NGX_OK) {
        (void) ngx_http_llm_cost_redis_pend(op, NULL, 0);
        return;
    }

    ngx_http_llm_cost_redis_orphan(&op->id, op->spends ? op->spent : NULL);
}


/* an op that sends an entry of the record as it is there; under the lock */

ngx_http_llm_cost_redis_op_t *
ngx_http_llm_cost_redis_outbox_op(llm_oplog_entry_t *e,
    ngx_http_llm_cost_redis_pt handler)
{
    ngx_http_llm_cost_redis_op_t  *op;

    op = ngx_http_llm_cost_redis_op(handler, NULL);
    if (op == NULL) {
        return NULL;
    }

    op->command = ngx_alloc(e->len, ngx_cycle->log);
    if (op->command == NULL) {
        ngx_http_llm_cost_redis_free(op);
        return NULL;
    }

    ngx_memcpy(op->command, llm_oplog_data(e), e->len);

    op->id.node = e->id[0];
    op->id.seq = e->id[1];
    ngx_memcpy(op->told, e->store, sizeof(op->told));

    op->size = e->len;
    op->script = NGX_HTTP_LLM_COST_SCRIPT_SETTLE;
    op->kind = NGX_HTTP_LLM_COST_SCRIPT_SETTLE;
    op->guarded = 1;

    return op;
}


/*
 * Some that nobody else is sending.  That this store is the first to be told is
 * written down before: whoever sends it may die.
 */

static ngx_uint_t
ngx_http_llm_cost_redis_outbox_take(ngx_http_llm_cost_redis_op_t **ops,
    ngx_uint_t max, const u_char *store, ngx_uint_t *pending)
{
    uint64_t                        pos;
    ngx_uint_t                      n;
    llm_oplog_entry_t              *e;
    ngx_http_llm_cost_redis_op_t   *op;
    ngx_http_llm_cost_redis_box_t  *box;

    n = 0;
    box = ngx_http_llm_cost_redis_box();

    ngx_http_llm_cost_redis_box_lock();

    e = llm_oplog_first(box->log, &pos);
    *pending = (e != NULL);

    while (e && n < max) {

        if (e->state == LLM_OPLOG_PENDING
            && (e->owner == 0
                || (e->owner != (uint32_t) ngx_pid
                    && ngx_http_llm_cost_gone(e->owner))))
        {
            op = ngx_http_llm_cost_redis_outbox_op(e,
                                          ngx_http_llm_cost_redis_outbox_done);
            if (op == NULL) {
                break;
            }

            op->pos = pos;
            op->tells = (e->store[0] == '\0');

            if (op->tells) {
                ngx_memcpy(e->store, store, LLM_OPLOG_STORE);
            }

            e->owner = (uint32_t) ngx_pid;
            ops[n++] = op;
        }

        pos += e->size;
        e = llm_oplog_next(box->log, &pos);
    }

    ngx_http_llm_cost_redis_box_unlock();

    return n;
}


ngx_uint_t
ngx_http_llm_cost_redis_outbox_send(ngx_http_llm_cost_redis_t *redis,
    ngx_uint_t replay)
{
    ngx_uint_t                      i, n, pending;
    ngx_http_llm_cost_redis_op_t   *ops[NGX_HTTP_LLM_COST_OUTBOX_BATCH];
    ngx_http_llm_cost_redis_box_t  *box;

    box = ngx_http_llm_cost_redis_box();

    if (redis->down
        || ngx_http_llm_cost_outbox_busy >= NGX_HTTP_LLM_COST_OUTBOX_BATCH
        || (!replay && box->state == NGX_HTTP_LLM_COST_STORE_AWAY))
    {
        return 0;
    }

    n = ngx_http_llm_cost_redis_outbox_take(ops,
              NGX_HTTP_LLM_COST_OUTBOX_BATCH - ngx_http_llm_cost_outbox_busy,
              replay ? redis->id : box->id, &pending);

    for (i = 0; i < n; i++) {
        ops[i]->replay = replay;

        if (ngx_http_llm_cost_redis_send(redis, ops[i],
                                         NGX_HTTP_LLM_COST_REDIS_LINGER)
            != NGX_OK)
        {
            (void) ngx_http_llm_cost_redis_outbox_back(ops[i], 0);
            ngx_http_llm_cost_redis_free(ops[i]);
            continue;
        }

        ngx_http_llm_cost_outbox_busy++;
    }

    return !pending;
}


/* whether it is done */

static ngx_uint_t
ngx_http_llm_cost_redis_outbox_back(ngx_http_llm_cost_redis_op_t *op,
    ngx_uint_t done)
{
    llm_oplog_entry_t              *e;
    ngx_http_llm_cost_redis_box_t  *box;

    box = ngx_http_llm_cost_redis_box();

    ngx_http_llm_cost_redis_box_lock();

    e = llm_oplog_at(box->log, op->pos);
    done = done && ngx_http_llm_cost_redis_box_counts(op);

    if (e && op->tells) {
        ngx_http_llm_cost_redis_outbox_told(e, op);
    }

    if (e && done) {
        ngx_http_llm_cost_redis_box_recorded(box);
        llm_oplog_done(box->log, e, (int64_t) ngx_time(), op->stamp);

    } else if (e && e->owner == (uint32_t) ngx_pid) {
        e->owner = 0;
    }

    ngx_http_llm_cost_redis_box_unlock();

    if (done) {
        if (llm_ledger_confirm(ngx_http_llm_cost_zone()->ledger, &op->id)
            != LLM_OK)
        {
            ngx_http_llm_cost_held_zone_told(&op->id, 1);
        }

    } else if (op->sent) {
        (void) llm_ledger_unsure(ngx_http_llm_cost_zone()->ledger, &op->id);
    }

    return done;
}


/* it has left for the store that was known by then, or it never did */

static void
ngx_http_llm_cost_redis_outbox_told(llm_oplog_entry_t *e,
    ngx_http_llm_cost_redis_op_t *op)
{
    if (op->sent) {
        ngx_memcpy(e->store, op->store, LLM_OPLOG_STORE);

    } else {
        ngx_memzero(e->store, LLM_OPLOG_STORE);
    }
}


static void
ngx_http_llm_cost_redis_outbox_done(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply)
{
    ngx_uint_t                  done, replay;
    ngx_http_llm_cost_redis_t  *redis;

    redis = ngx_http_llm_cost_redis_money();

    /* what Redis does not take now it will not take later either */

    replay = op->replay;

    ngx_http_llm_cost_redis_complain(reply);
    done = ngx_http_llm_cost_redis_outbox_back(op, reply != NULL);
    ngx_http_llm_cost_redis_free(op);

    ngx_http_llm_cost_outbox_busy--;

    if (done) {
        (void) ngx_http_llm_cost_redis_outbox_send(redis, replay);
    }

    if (replay && done) {
        ngx_http_llm_cost_redis_join_go(redis);

    } else if (replay) {
        ngx_http_llm_cost_redis_join_failed();
    }
}


void
ngx_http_llm_cost_redis_outbox_start(ngx_cycle_t *cycle)
{
    ngx_event_t  *ev;

    ngx_http_llm_cost_redis_outbox_born();

    ev = &ngx_http_llm_cost_outbox_event;

    ngx_memzero(ev, sizeof(ngx_event_t));

    ngx_http_llm_cost_outbox_dummy.fd = (ngx_socket_t) -1;

    ev->handler = ngx_http_llm_cost_redis_tick;
    ev->data = &ngx_http_llm_cost_outbox_dummy;
    ev->log = cycle->log;
    ev->cancelable = 1;

    ngx_add_timer(ev, ngx_http_llm_cost_redis_box()->state
                      == NGX_HTTP_LLM_COST_STORE_NEW
                      ? NGX_HTTP_LLM_COST_OUTBOX_TICK : 1);
}


/* what is being sent under this worker's number is a dead one's */

static void
ngx_http_llm_cost_redis_outbox_born(void)
{
    uint64_t                        pos;
    llm_oplog_entry_t              *e;
    ngx_http_llm_cost_redis_box_t  *box;

    box = ngx_http_llm_cost_redis_box();

    ngx_http_llm_cost_redis_box_lock();

    for (e = llm_oplog_first(box->log, &pos);
         e;
         e = llm_oplog_next(box->log, &pos))
    {
        if (e->owner == (uint32_t) ngx_pid) {
            e->owner = 0;
        }

        pos += e->size;
    }

    ngx_http_llm_cost_redis_box_unlock();
}


void
ngx_http_llm_cost_redis_outbox_stop(void)
{
    if (ngx_http_llm_cost_outbox_event.timer_set) {
        ngx_del_timer(&ngx_http_llm_cost_outbox_event);
    }
}


/*
 * A node that has heard of Redis stays in touch with it, so that it is counted
 * by the others, and learns soon of a loss that concerns it: whoever comes back
 * waits for a sign of life of those that are ready.
 */

static void
ngx_http_llm_cost_redis_tick(ngx_event_t *ev)
{
    ngx_http_llm_cost_redis_t      *redis;
    ngx_http_llm_cost_redis_box_t  *box;

    static ngx_uint_t  turn;

    ngx_add_timer(ev, NGX_HTTP_LLM_COST_OUTBOX_TICK);

    redis = ngx_http_llm_cost_redis_money();
    box = ngx_http_llm_cost_redis_box();

    if (turn++ % NGX_HTTP_LLM_COST_OUTBOX_TICKS == 0) {
        ngx_http_llm_cost_redis_second(redis, box);
    }

    if (redis->down) {
        return;
    }

    if (box->state == NGX_HTTP_LLM_COST_STORE_NEW) {

        /* an earlier nginx may have left something that nobody asks for */

        if (redis->conns[0].state == NGX_HTTP_LLM_COST_REDIS_IDLE
            && llm_ledger_has_store(ngx_http_llm_cost_zone()->ledger))
        {
            ngx_http_llm_cost_redis_ping(redis);
        }

        return;
    }

    if (box->state == NGX_HTTP_LLM_COST_STORE_AWAY) {
        ngx_http_llm_cost_redis_join(redis);
        return;
    }

    if (redis->conns[0].state == NGX_HTTP_LLM_COST_REDIS_READY
        && ngx_http_llm_cost_redis_due(&box->pinged, ngx_current_msec,
                                       NGX_HTTP_LLM_COST_OUTBOX_TICK))
    {
        ngx_http_llm_cost_redis_ping(redis);
    }
}


static void
ngx_http_llm_cost_redis_second(ngx_http_llm_cost_redis_t *redis,
    ngx_http_llm_cost_redis_box_t *box)
{
    ngx_http_llm_cost_redis_purges();
    ngx_http_llm_cost_redis_flight_renew();

    if (redis->down || box->state != NGX_HTTP_LLM_COST_STORE_READY) {
        return;
    }

    (void) ngx_http_llm_cost_redis_outbox_send(redis, 0);

    /* a new worker connects before a client waits for it */

    if (redis->conns[0].state == NGX_HTTP_LLM_COST_REDIS_IDLE) {
        ngx_http_llm_cost_redis_ping(redis);
    }

    if (ngx_http_llm_cost_redis_due(&box->ticked, ngx_time(), 1)) {
        ngx_http_llm_cost_redis_learn(redis);
        ngx_http_llm_cost_redis_adopt();
    }
}


/* of the workers of the node one does it, if nobody has since */

static ngx_uint_t
ngx_http_llm_cost_redis_due(ngx_atomic_t *last, ngx_atomic_uint_t now,
    ngx_atomic_uint_t interval)
{
    ngx_atomic_uint_t  before;

    before = *last;

    return now - before >= interval && ngx_atomic_cmp_set(last, before, now);
}
