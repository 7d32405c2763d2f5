
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_redis.h"
#include "llm_shm.h"


/*
 * Back to Redis.  One worker of the node does it while the zone still admits:
 *
 *   HELLO     which incarnation is it?  The one that this node knows, or else
 *             the store may have lost what it had confirmed, and then
 *   REPLAY    what it has confirmed since it was as it is now, from the record,
 *             and the nodes wait for each other
 *   BALANCES  limits that were patched; and where some node's record does not
 *             reach back that far, what the nodes knew of the counters, and then
 *             they wait again
 *   HOLDS     the open reservations of this node
 *   OUTBOX    what it has not confirmed, and what dead workers have left
 *   WAIT      until every node that was there is as far, or three seconds: one
 *             that is dead must not keep the others
 *   LAST      reservations that the zone has made meanwhile
 *
 * Everything has its identity, so that what the store still has is not counted
 * twice, whoever sends it, and however often this begins again: any failure
 * ends it, and the next worker that reaches Redis starts over.
 */


#define NGX_HTTP_LLM_COST_JOIN_BATCH     64
#define NGX_HTTP_LLM_COST_JOIN_BUDGETS   8      /* of one command */
#define NGX_HTTP_LLM_COST_JOIN_POLL      50     /* ms */
#define NGX_HTTP_LLM_COST_JOIN_PATIENCE  3000   /* ms */
#define NGX_HTTP_LLM_COST_JOIN_PASSES    4

/* as in join.lua */

#define NGX_HTTP_LLM_COST_JOIN_REPLAYED  1
#define NGX_HTTP_LLM_COST_JOIN_BALANCED  2
#define NGX_HTTP_LLM_COST_JOIN_MERGED    3


typedef enum {
    NGX_HTTP_LLM_COST_JOIN_NONE = 0,
    NGX_HTTP_LLM_COST_JOIN_HELLO,
    NGX_HTTP_LLM_COST_JOIN_REPLAY,
    NGX_HTTP_LLM_COST_JOIN_WAIT_REPLAYED,
    NGX_HTTP_LLM_COST_JOIN_BALANCES,
    NGX_HTTP_LLM_COST_JOIN_WAIT_BALANCED,
    NGX_HTTP_LLM_COST_JOIN_HOLDS,
    NGX_HTTP_LLM_COST_JOIN_OUTBOX,
    NGX_HTTP_LLM_COST_JOIN_WAIT_MERGED,
    NGX_HTTP_LLM_COST_JOIN_LAST
} ngx_http_llm_cost_join_step_e;


typedef struct {
    ngx_http_llm_cost_redis_t        *redis;
    ngx_http_llm_cost_join_step_e     step;
    uintptr_t                         turn;      /* of this attempt */
    ngx_uint_t                        inflight;
    ngx_uint_t                        ended;     /* of what is iterated */
    ngx_uint_t                        passes;
    ngx_uint_t                        repeated;
    ngx_uint_t                        changed;   /* another incarnation */
    ngx_uint_t                        ready;     /* but for the last pass */
    ngx_uint_t                        deep;      /* the record is too short */
    ngx_atomic_uint_t                 locals;
    uint64_t                          pos;
    uint32_t                          cursor;
    uint64_t                          base;      /* the store has what the node
                                                    knew, up to there */
    int64_t                           since;
    ngx_msec_t                        waiting;   /* since then */
    ngx_event_t                       timer;
    ngx_connection_t                  dummy;
    ngx_http_llm_cost_redis_hello_t   hello;
} ngx_http_llm_cost_join_t;


static void ngx_http_llm_cost_redis_join_step(
    ngx_http_llm_cost_join_step_e step);
static void ngx_http_llm_cost_redis_join_timer(ngx_event_t *ev);
static ngx_int_t ngx_http_llm_cost_redis_join_send(
    ngx_http_llm_cost_redis_op_t *op);
static void ngx_http_llm_cost_redis_join_sent(
    ngx_http_llm_cost_redis_op_t *op, redisReply *reply);
static void ngx_http_llm_cost_redis_join_say(ngx_uint_t phase);
static void ngx_http_llm_cost_redis_join_said(
    ngx_http_llm_cost_redis_op_t *op, redisReply *reply);
static void ngx_http_llm_cost_redis_join_met(void);
static ngx_uint_t ngx_http_llm_cost_redis_join_come(void);
static ngx_int_t ngx_http_llm_cost_redis_join_replay(void);
static ngx_int_t ngx_http_llm_cost_redis_join_balances(void);
static ngx_int_t ngx_http_llm_cost_redis_join_balance_command(
    ngx_http_llm_cost_redis_op_t *op, const llm_hold_view_t *v);
static ngx_int_t ngx_http_llm_cost_redis_join_hold(void);
static void ngx_http_llm_cost_redis_join_last(void);
static void ngx_http_llm_cost_redis_join_ready(void);
static void ngx_http_llm_cost_redis_pinged(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply);


static ngx_http_llm_cost_join_t  join;


/* if it is necessary, and nobody else is at it */

void
ngx_http_llm_cost_redis_join(ngx_http_llm_cost_redis_t *redis)
{
    ngx_atomic_uint_t               joiner;
    ngx_http_llm_cost_redis_box_t  *box;

    box = ngx_http_llm_cost_redis_box();

    if (box->state != NGX_HTTP_LLM_COST_STORE_AWAY || redis->down
        || ngx_exiting || join.step != NGX_HTTP_LLM_COST_JOIN_NONE)
    {
        return;
    }

    joiner = box->joiner;

    if (joiner && joiner != (ngx_atomic_uint_t) ngx_pid
        && !ngx_http_llm_cost_gone((uint32_t) joiner))
    {
        return;
    }

    if (!ngx_atomic_cmp_set(&box->joiner, joiner,
                            (ngx_atomic_uint_t) ngx_pid))
    {
        return;
    }

    join.redis = redis;
    join.ready = 0;
    join.passes = 0;
    join.repeated = 0;

    if (join.timer.handler == NULL) {
        join.dummy.fd = (ngx_socket_t) -1;
        join.timer.handler = ngx_http_llm_cost_redis_join_timer;
        join.timer.data = &join.dummy;
        join.timer.log = ngx_cycle->log;
        join.timer.cancelable = 1;
    }

    ngx_http_llm_cost_redis_join_step(NGX_HTTP_LLM_COST_JOIN_HELLO);

    /* from an event of its own: the caller may be within a reply */

    ngx_add_timer(&join.timer, 1);
}


static void
ngx_http_llm_cost_redis_join_step(ngx_http_llm_cost_join_step_e step)
{
    join.step = step;
    join.turn++;
    join.inflight = 0;
    join.ended = 0;
    join.pos = 0;
    join.cursor = 0;
    join.waiting = ngx_current_msec;
}


void
ngx_http_llm_cost_redis_join_failed(void)
{
    if (join.step == NGX_HTTP_LLM_COST_JOIN_NONE) {
        return;
    }

    ngx_http_llm_cost_redis_join_step(NGX_HTTP_LLM_COST_JOIN_NONE);

    if (join.timer.timer_set) {
        ngx_del_timer(&join.timer);
    }

    (void) ngx_atomic_cmp_set(&ngx_http_llm_cost_redis_box()->joiner,
                              (ngx_atomic_uint_t) ngx_pid, 0);

    /* where Redis still answers, there is no connection to come back */

    if (!join.redis->down && !ngx_exiting) {
        ngx_add_timer(&join.timer, NGX_HTTP_LLM_COST_JOIN_POLL);
    }
}


void
ngx_http_llm_cost_redis_join_stop(void)
{
    ngx_http_llm_cost_redis_join_failed();

    if (join.timer.timer_set) {
        ngx_del_timer(&join.timer);
    }
}


static void
ngx_http_llm_cost_redis_join_timer(ngx_event_t *ev)
{
    if (join.step == NGX_HTTP_LLM_COST_JOIN_NONE) {
        ngx_http_llm_cost_redis_join(join.redis);
        return;
    }

    ngx_http_llm_cost_redis_join_go(join.redis);
}


void
ngx_http_llm_cost_redis_join_go(ngx_http_llm_cost_redis_t *redis)
{
    ngx_int_t   rc;
    ngx_uint_t  left;

    switch (join.step) {

    case NGX_HTTP_LLM_COST_JOIN_HELLO:
        if (join.inflight == 0) {
            ngx_http_llm_cost_redis_join_say(0);
        }

        return;

    case NGX_HTTP_LLM_COST_JOIN_REPLAY:
    case NGX_HTTP_LLM_COST_JOIN_BALANCES:
    case NGX_HTTP_LLM_COST_JOIN_HOLDS:
    case NGX_HTTP_LLM_COST_JOIN_LAST:

        while (!join.ended && join.inflight < NGX_HTTP_LLM_COST_JOIN_BATCH) {
            rc = join.step == NGX_HTTP_LLM_COST_JOIN_REPLAY
                     ? ngx_http_llm_cost_redis_join_replay()
                 : join.step == NGX_HTTP_LLM_COST_JOIN_BALANCES
                     ? ngx_http_llm_cost_redis_join_balances()
                     : ngx_http_llm_cost_redis_join_hold();

            if (rc == NGX_ERROR) {
                ngx_http_llm_cost_redis_join_failed();
                return;
            }

            join.ended = (rc == NGX_DONE);
        }

        if (join.inflight) {
            return;
        }

        if (join.step == NGX_HTTP_LLM_COST_JOIN_LAST) {
            ngx_http_llm_cost_redis_join_last();
            return;
        }

        ngx_http_llm_cost_redis_join_step(
            join.step == NGX_HTTP_LLM_COST_JOIN_BALANCES && !join.hello.deep
            ? NGX_HTTP_LLM_COST_JOIN_HOLDS : join.step + 1);
        ngx_http_llm_cost_redis_join_go(redis);
        return;

    case NGX_HTTP_LLM_COST_JOIN_OUTBOX:
        left = ngx_http_llm_cost_redis_adopt_all();

        if (ngx_http_llm_cost_redis_outbox_send(redis, 1) && !left) {
            ngx_http_llm_cost_redis_join_step(
                                        NGX_HTTP_LLM_COST_JOIN_WAIT_MERGED);
            ngx_http_llm_cost_redis_join_go(redis);
            return;
        }

        /* its replies come here; what another worker sends does not */

        if (!join.timer.timer_set) {
            ngx_add_timer(&join.timer, NGX_HTTP_LLM_COST_JOIN_POLL);
        }

        return;

    case NGX_HTTP_LLM_COST_JOIN_WAIT_REPLAYED:
    case NGX_HTTP_LLM_COST_JOIN_WAIT_BALANCED:
    case NGX_HTTP_LLM_COST_JOIN_WAIT_MERGED:
        if (join.inflight) {
            return;
        }

        ngx_http_llm_cost_redis_join_say(
            join.step == NGX_HTTP_LLM_COST_JOIN_WAIT_REPLAYED
                ? NGX_HTTP_LLM_COST_JOIN_REPLAYED
            : join.step == NGX_HTTP_LLM_COST_JOIN_WAIT_BALANCED
                ? NGX_HTTP_LLM_COST_JOIN_BALANCED
                : NGX_HTTP_LLM_COST_JOIN_MERGED);
        return;

    default:
        return;
    }
}


static ngx_int_t
ngx_http_llm_cost_redis_join_send(ngx_http_llm_cost_redis_op_t *op)
{
    op->replay = 1;
    op->data = (void *) join.turn;

    if (ngx_http_llm_cost_redis_send(join.redis, op,
                                     NGX_HTTP_LLM_COST_REDIS_LINGER)
        != NGX_OK)
    {
        ngx_http_llm_cost_redis_free(op);
        return NGX_ERROR;
    }

    join.inflight++;

    return NGX_OK;
}


/* something was repeated; what Redis does not take has no better time */

static void
ngx_http_llm_cost_redis_join_sent(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply)
{
    ngx_uint_t  current;

    current = (op->data == (void *) join.turn);

    ngx_http_llm_cost_redis_complain(reply);
    ngx_http_llm_cost_redis_free(op);

    if (!current) {
        return;
    }

    join.inflight--;

    if (reply == NULL) {
        ngx_http_llm_cost_redis_join_failed();
        return;
    }

    join.repeated++;

    ngx_http_llm_cost_redis_join_go(join.redis);
}


static void
ngx_http_llm_cost_redis_join_say(ngx_uint_t phase)
{
    ngx_http_llm_cost_redis_op_t  *op;

    op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_join_said, NULL);

    if (op == NULL) {
        ngx_http_llm_cost_redis_join_failed();
        return;
    }

    op->replay = 1;

    if (ngx_http_llm_cost_redis_join_command(join.redis, op, phase, join.deep,
                                             join.since)
        != NGX_OK)
    {
        ngx_http_llm_cost_redis_free(op);
        ngx_http_llm_cost_redis_join_failed();
        return;
    }

    if (ngx_http_llm_cost_redis_join_send(op) != NGX_OK) {
        ngx_http_llm_cost_redis_join_failed();
    }
}


static void
ngx_http_llm_cost_redis_join_said(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply)
{
    ngx_uint_t                       current;
    ngx_http_llm_cost_redis_hello_t  h;

    current = (op->data == (void *) join.turn);

    ngx_http_llm_cost_redis_complain(reply);
    ngx_http_llm_cost_redis_free(op);

    if (!current) {
        return;
    }

    join.inflight--;

    if (reply == NULL
        || ngx_http_llm_cost_redis_join_read(reply, &h) != NGX_OK
        || (join.step != NGX_HTTP_LLM_COST_JOIN_HELLO
            && (h.stale || ngx_memcmp(h.id, join.hello.id, sizeof(h.id)))))
    {
        ngx_http_llm_cost_redis_join_failed();
        return;
    }

    join.hello = h;

    if (join.step == NGX_HTTP_LLM_COST_JOIN_HELLO) {
        ngx_http_llm_cost_redis_join_met();

    } else if (ngx_http_llm_cost_redis_join_come()) {

        switch (join.step) {

        case NGX_HTTP_LLM_COST_JOIN_WAIT_REPLAYED:
            ngx_http_llm_cost_redis_join_step(NGX_HTTP_LLM_COST_JOIN_BALANCES);
            break;

        case NGX_HTTP_LLM_COST_JOIN_WAIT_BALANCED:
            ngx_http_llm_cost_redis_join_step(NGX_HTTP_LLM_COST_JOIN_HOLDS);
            break;

        default:
            ngx_http_llm_cost_redis_join_step(NGX_HTTP_LLM_COST_JOIN_LAST);
            join.ended = (join.locals
                          == ngx_http_llm_cost_redis_box()->locals);
            join.locals = ngx_http_llm_cost_redis_box()->locals;
        }

    } else {
        ngx_add_timer(&join.timer, NGX_HTTP_LLM_COST_JOIN_POLL);
        return;
    }

    ngx_http_llm_cost_redis_join_go(join.redis);
}


static void
ngx_http_llm_cost_redis_join_met(void)
{
    ngx_http_llm_cost_redis_t      *redis;
    ngx_http_llm_cost_redis_box_t  *box;

    redis = join.redis;
    box = ngx_http_llm_cost_redis_box();

    ngx_memcpy(redis->id, join.hello.id, NGX_HTTP_LLM_COST_REDIS_ID);
    redis->loss = 0;

    join.base = join.hello.base;
    join.since = join.hello.time;
    join.changed = (ngx_memcmp(box->id, redis->id, NGX_HTTP_LLM_COST_REDIS_ID)
                    != 0);
    join.deep = (join.changed && join.base < box->log->dropped);
    join.locals = box->locals;

    ngx_http_llm_cost_redis_join_step(join.changed
                                      ? NGX_HTTP_LLM_COST_JOIN_REPLAY
                                      : NGX_HTTP_LLM_COST_JOIN_HOLDS);
}


/* whether the nodes that were there when Redis went away are as far */

static ngx_uint_t
ngx_http_llm_cost_redis_join_come(void)
{
    if ((ngx_atomic_uint_t) join.hello.come
        >= ngx_http_llm_cost_redis_box()->nodes)
    {
        return 1;
    }

    return (ngx_msec_int_t) (ngx_current_msec - join.waiting)
           >= NGX_HTTP_LLM_COST_JOIN_PATIENCE;
}


/* one entry of the record; NGX_DONE behind the last */

static ngx_int_t
ngx_http_llm_cost_redis_join_replay(void)
{
    ngx_uint_t                      n;
    llm_oplog_entry_t              *e;
    ngx_http_llm_cost_redis_op_t   *op;
    ngx_http_llm_cost_redis_box_t  *box;

    op = NULL;
    box = ngx_http_llm_cost_redis_box();

    ngx_http_llm_cost_redis_box_lock();

    for (n = 0; n < 256; n++) {
        e = llm_oplog_next(box->log, &join.pos);

        if (e == NULL) {
            break;
        }

        join.pos += e->size;

        if (e->state == LLM_OPLOG_DONE && e->stamp > join.base) {
            op = ngx_http_llm_cost_redis_outbox_op(e,
                                           ngx_http_llm_cost_redis_join_sent);
            break;
        }
    }

    ngx_http_llm_cost_redis_box_unlock();

    if (op) {
        return ngx_http_llm_cost_redis_join_send(op);
    }

    return e == NULL ? NGX_DONE : n == 256 ? NGX_OK : NGX_ERROR;
}


/*
 * Some counters, as this node knows them.  What is pending is left out: the
 * outbox is still to tell of it, and the store will count it in full.
 */

static ngx_int_t
ngx_http_llm_cost_redis_join_balances(void)
{
    ngx_int_t                      rc;
    llm_hold_view_t                v;
    llm_counter_view_t            *c;
    ngx_http_llm_cost_redis_op_t  *op;

    rc = NGX_OK;
    v.n = 0;

    while (v.n < NGX_HTTP_LLM_COST_JOIN_BUDGETS) {
        c = &v.counters[v.n];

        if (llm_ledger_next(ngx_http_llm_cost_zone()->ledger, &join.cursor, c)
            != LLM_OK)
        {
            rc = NGX_DONE;
            break;
        }

        if (c->end > (int64_t) ngx_time()
            && (c->patched || (join.hello.deep && c->spent > 0)))
        {
            v.n++;
        }
    }

    if (v.n == 0) {
        return rc;
    }

    op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_join_sent, NULL);
    if (op == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_llm_cost_redis_join_balance_command(op, &v) != NGX_OK) {
        ngx_http_llm_cost_redis_free(op);
        return NGX_ERROR;
    }

    return ngx_http_llm_cost_redis_join_send(op) == NGX_OK ? rc : NGX_ERROR;
}


static ngx_int_t
ngx_http_llm_cost_redis_join_balance_command(ngx_http_llm_cost_redis_op_t *op,
    const llm_hold_view_t *v)
{
    int64_t                    spent[LLM_BUDGETS_MAX];
    ngx_uint_t                 i;
    llm_budget_t               budgets[LLM_BUDGETS_MAX];
    llm_hold_id_t              id;
    const llm_counter_view_t  *c;

    ngx_http_llm_cost_redis_adopt_budgets(v, budgets);

    if (llm_ledger_told(ngx_http_llm_cost_zone()->ledger, budgets, v->n, spent)
        != LLM_OK)
    {
        return NGX_ERROR;
    }

    ngx_memzero(&id, sizeof(llm_hold_id_t));

    ngx_http_llm_cost_redis_begin(join.redis,
                                  NGX_HTTP_LLM_COST_SCRIPT_BALANCE);
    ngx_http_llm_cost_redis_indexes();
    ngx_http_llm_cost_redis_identity(&id);
    ngx_http_llm_cost_redis_counters(budgets, v->n);
    ngx_http_llm_cost_redis_number(v->n);
    ngx_http_llm_cost_redis_budgets(budgets, v->n);

    for (i = 0; i < v->n; i++) {
        c = &v->counters[i];

        ngx_http_llm_cost_redis_number(spent[i]);
        ngx_http_llm_cost_redis_number(join.hello.deep != 0);

        if (!c->patched) {
            ngx_http_llm_cost_redis_text("");

        } else {
            ngx_http_llm_cost_redis_number(c->limit == LLM_NO_LIMIT
                                           ? -1 : c->limit);
        }
    }

    return ngx_http_llm_cost_redis_end(op);
}


/* one open reservation that Redis has confirmed, or the zone has made */

static ngx_int_t
ngx_http_llm_cost_redis_join_hold(void)
{
    llm_budget_t                   budgets[LLM_BUDGETS_MAX];
    llm_admission_t                a;
    llm_hold_view_t                v;
    ngx_http_llm_cost_redis_op_t  *op;

    do {
        if (llm_ledger_next_hold(ngx_http_llm_cost_zone()->ledger,
                                 &join.cursor, &v)
            != LLM_OK)
        {
            return NGX_DONE;
        }
    } while (v.granted[LLM_UNIT_REQUESTS] == 0);

    ngx_http_llm_cost_redis_adopt_budgets(&v, budgets);

    ngx_memzero(&a, sizeof(llm_admission_t));

    a.id = v.id;
    a.budgets = budgets;
    a.n = v.n;
    a.now = (int64_t) ngx_time();
    a.expires = v.expires;
    ngx_memcpy(a.most, v.granted, sizeof(a.most));
    ngx_memcpy(a.least, v.granted, sizeof(a.least));

    op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_join_sent, NULL);
    if (op == NULL) {
        return NGX_ERROR;
    }

    op->id = v.id;

    if (ngx_http_llm_cost_redis_reserve_command(op, &a, NULL,
                                              NGX_HTTP_LLM_COST_REDIS_AGAIN)
        != NGX_OK)
    {
        ngx_http_llm_cost_redis_free(op);
        return NGX_ERROR;
    }

    return ngx_http_llm_cost_redis_join_send(op);
}


/*
 * Once more for what was admitted during the last pass, a few times; then the
 * node is ready, and once more for what was admitted before it was.  Whoever
 * admits looks at the state afterwards, so that nothing is between the two.
 */

static void
ngx_http_llm_cost_redis_join_last(void)
{
    ngx_uint_t                      again;
    ngx_http_llm_cost_redis_box_t  *box;

    box = ngx_http_llm_cost_redis_box();
    again = (!join.ready && box->locals != join.locals
             && ++join.passes < NGX_HTTP_LLM_COST_JOIN_PASSES);

    if (!join.ready && !again) {
        ngx_http_llm_cost_redis_join_ready();
        join.ready = 1;
        again = (box->locals != join.locals);
    }

    if (!again) {

        /* should Redis be away again by now, another join begins */

        ngx_http_llm_cost_redis_join_step(NGX_HTTP_LLM_COST_JOIN_NONE);
        return;
    }

    join.locals = box->locals;
    ngx_http_llm_cost_redis_join_step(NGX_HTTP_LLM_COST_JOIN_LAST);
    ngx_add_timer(&join.timer, 1);
}


static void
ngx_http_llm_cost_redis_join_ready(void)
{
    ngx_http_llm_cost_redis_t      *redis;
    ngx_http_llm_cost_redis_box_t  *box;

    redis = join.redis;
    box = ngx_http_llm_cost_redis_box();

    ngx_http_llm_cost_redis_box_lock();

    if (join.changed) {
        ngx_memcpy(box->id, redis->id, NGX_HTTP_LLM_COST_REDIS_ID);
        box->seen = join.hello.stamp;
    }

    box->nodes = ngx_max(join.hello.nodes, 1);

    ngx_memory_barrier();

    box->state = NGX_HTTP_LLM_COST_STORE_READY;
    box->joiner = 0;

    ngx_http_llm_cost_redis_box_unlock();

    if (join.timer.timer_set) {
        ngx_del_timer(&join.timer);
    }

    llm_stats_count(ngx_http_llm_cost_zone()->stats, LLM_STATS_STORE_CHANGES,
                    1);

    ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                  "llm cost: Redis %V is back after %T s, %ui operations were "
                  "repeated%s", &redis->conf->addr.name,
                  ngx_time() - (time_t) box->since, join.repeated,
                  join.hello.deep
                  ? "; it had lost more than was recorded: counters start from "
                    "what the nodes knew last" : "");

    (void) ngx_http_llm_cost_redis_outbox_send(redis, 0);
}


/* once a second, of a node that is ready */

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
    }

    ngx_http_llm_cost_redis_free(op);
}


/* what join.lua reads, and what it answers */

ngx_int_t
ngx_http_llm_cost_redis_join_command(ngx_http_llm_cost_redis_t *redis,
    ngx_http_llm_cost_redis_op_t *op, ngx_uint_t phase, ngx_uint_t deep,
    int64_t since)
{
    u_char    node[NGX_HTTP_LLM_COST_REDIS_ID + 1];
    u_char    candidate[NGX_HTTP_LLM_COST_REDIS_ID + 1];
    uint64_t  seed[2];

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
        || ngx_http_llm_cost_redis_integer(reply, 7, &h->nodes) != NGX_OK)
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

    return NGX_OK;
}
