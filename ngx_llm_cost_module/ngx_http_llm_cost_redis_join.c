
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_redis.h"


/*
 * Back to Redis.  One worker of the node does it while the zone still admits:
 *
 *   HELLO     which incarnation is it?  The one that this node knows, or else
 *             the store may have lost what it had confirmed, and then
 *   REPLAY    what it has confirmed since it was as it is now, from the record,
 *             and the nodes wait for each other
 *   HOLDS     the open reservations of this node
 *   OUTBOX    what it has not confirmed, and what dead workers have left
 *   BALANCES  of another incarnation, limits that were patched; and where some
 *             node's record does not reach back that far, what this node has
 *             spent of each counter: by now all that the store has of it is
 *             confirmed.  Then they wait again, and after that
 *   KNOWN     what the node knows of the counters as a whole
 *   WAIT      until every node that was there is as far, or three seconds: one
 *             that is dead must not keep the others
 *   LAST      reservations that the zone has made meanwhile
 *
 * Everything has its identity, so that what the store still has is not counted
 * twice, whoever sends it, and however often.  A failure ends the attempt of
 * this worker, not the join: where the store is the same one the next attempt
 * goes on where this one was (box->joined), and no wait begins anew.
 */


#define NGX_HTTP_LLM_COST_JOIN_BATCH     64
#define NGX_HTTP_LLM_COST_JOIN_POLL      50     /* ms */
#define NGX_HTTP_LLM_COST_JOIN_PASSES    4


typedef struct {
    ngx_http_llm_cost_redis_t         *redis;
    ngx_http_llm_cost_join_step_e      step;
    uintptr_t                          turn;     /* of this attempt */
    ngx_uint_t                         inflight;
    ngx_uint_t                         ended;    /* of what is repeated */
    ngx_uint_t                         passes;
    ngx_uint_t                         repeated;
    ngx_uint_t                         ready;    /* but for the last pass */
    ngx_atomic_uint_t                  locals;
    ngx_event_t                        timer;
    ngx_connection_t                   dummy;
    ngx_http_llm_cost_redis_hello_t    hello;
    ngx_http_llm_cost_redis_repeat_t   repeat;
} ngx_http_llm_cost_join_t;


static void ngx_http_llm_cost_redis_join_step(
    ngx_http_llm_cost_join_step_e step);
static void ngx_http_llm_cost_redis_join_end(void);
static void ngx_http_llm_cost_redis_join_timer(ngx_event_t *ev);
static void ngx_http_llm_cost_redis_join_repeat(
    ngx_http_llm_cost_redis_repeat_pt next);
static void ngx_http_llm_cost_redis_join_outbox(void);
static ngx_int_t ngx_http_llm_cost_redis_join_send(
    ngx_http_llm_cost_redis_op_t *op);
static void ngx_http_llm_cost_redis_join_sent(
    ngx_http_llm_cost_redis_op_t *op, redisReply *reply);
static void ngx_http_llm_cost_redis_join_say(ngx_uint_t phase);
static void ngx_http_llm_cost_redis_join_said(
    ngx_http_llm_cost_redis_op_t *op, redisReply *reply);
static void ngx_http_llm_cost_redis_join_met(void);
static void ngx_http_llm_cost_redis_join_wait(void);
static void ngx_http_llm_cost_redis_join_last(void);


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

    if (!llm_ledger_claim(ngx_http_llm_cost_zone()->ledger,
                          (uint32_t) ngx_pid, ngx_http_llm_cost_gone))
    {
        /* a worker of the other binary of an upgrade is at it */

        box->joiner = 0;
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

    join.step = NGX_HTTP_LLM_COST_JOIN_HELLO;
    join.turn++;
    join.inflight = 0;

    /* from an event of its own: the caller may be within a reply */

    ngx_add_timer(&join.timer, 1);
}


/* the next step, for whoever goes on from here as well */

static void
ngx_http_llm_cost_redis_join_step(ngx_http_llm_cost_join_step_e step)
{
    ngx_http_llm_cost_redis_joined_t  *at;

    at = &ngx_http_llm_cost_redis_box()->joined;

    ngx_http_llm_cost_redis_join_end();

    join.step = step;

    if (step <= NGX_HTTP_LLM_COST_JOIN_HOLDS) {
        at->pos = 0;
        ngx_memory_barrier();
        at->step = step;
    }

    join.repeat.base = at->base;
    join.repeat.deep = step == NGX_HTTP_LLM_COST_JOIN_REPLAY
                       ? at->deep != 0 : join.hello.deep != 0;
    join.repeat.second = (step == NGX_HTTP_LLM_COST_JOIN_KNOWN);
    join.repeat.oldest = (time_t) ngx_http_llm_cost_redis_box()->since
                         - NGX_HTTP_LLM_COST_REDIS_KEEP;
    join.repeat.handler = ngx_http_llm_cost_redis_join_sent;
}


/* of a step: replies to what it has sent are not wanted any more */

static void
ngx_http_llm_cost_redis_join_end(void)
{
    join.step = NGX_HTTP_LLM_COST_JOIN_NONE;
    join.turn++;
    join.inflight = 0;
    join.ended = 0;
    join.repeat.pos = 0;

    ngx_http_llm_cost_redis_repeat_end(&join.repeat);
}


void
ngx_http_llm_cost_redis_join_failed(void)
{
    if (join.step == NGX_HTTP_LLM_COST_JOIN_NONE) {
        return;
    }

    ngx_http_llm_cost_redis_join_end();

    if (join.timer.timer_set) {
        ngx_del_timer(&join.timer);
    }

    llm_ledger_release(ngx_http_llm_cost_zone()->ledger, (uint32_t) ngx_pid);

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
    if (join.inflight) {
        return;
    }

    if (ngx_exiting && join.step != NGX_HTTP_LLM_COST_JOIN_LAST) {
        ngx_http_llm_cost_redis_join_stop();
        return;
    }

    switch (join.step) {

    case NGX_HTTP_LLM_COST_JOIN_HELLO:
        ngx_http_llm_cost_redis_join_say(0);
        return;

    case NGX_HTTP_LLM_COST_JOIN_REPLAY:
        ngx_http_llm_cost_redis_join_repeat(
                                       ngx_http_llm_cost_redis_repeat_record);
        return;

    case NGX_HTTP_LLM_COST_JOIN_BALANCES:
    case NGX_HTTP_LLM_COST_JOIN_KNOWN:
        ngx_http_llm_cost_redis_join_repeat(
                                     ngx_http_llm_cost_redis_repeat_counters);
        return;

    case NGX_HTTP_LLM_COST_JOIN_HOLDS:
    case NGX_HTTP_LLM_COST_JOIN_LAST:
        ngx_http_llm_cost_redis_join_repeat(
                                        ngx_http_llm_cost_redis_repeat_holds);
        return;

    case NGX_HTTP_LLM_COST_JOIN_OUTBOX:
        ngx_http_llm_cost_redis_join_outbox();
        return;

    case NGX_HTTP_LLM_COST_JOIN_WAIT_REPLAYED:
        ngx_http_llm_cost_redis_join_say(NGX_HTTP_LLM_COST_JOIN_REPLAYED);
        return;

    case NGX_HTTP_LLM_COST_JOIN_WAIT_BALANCED:
        ngx_http_llm_cost_redis_join_say(NGX_HTTP_LLM_COST_JOIN_BALANCED);
        return;

    case NGX_HTTP_LLM_COST_JOIN_WAIT_MERGED:
        ngx_http_llm_cost_redis_join_say(NGX_HTTP_LLM_COST_JOIN_MERGED);
        return;

    default:
        return;
    }
}


/*
 * A batch, when the one before it has been answered: what was sent until then
 * is done for whoever goes on from here.
 */

static void
ngx_http_llm_cost_redis_join_repeat(ngx_http_llm_cost_redis_repeat_pt next)
{
    ngx_int_t                          rc;
    ngx_http_llm_cost_redis_op_t      *op;
    ngx_http_llm_cost_redis_joined_t  *at;

    at = &ngx_http_llm_cost_redis_box()->joined;

    if (join.step < NGX_HTTP_LLM_COST_JOIN_HOLDS) {
        at->pos = join.repeat.pos;
    }

    while (!join.ended && join.inflight < NGX_HTTP_LLM_COST_JOIN_BATCH) {
        rc = next(&join.repeat, &op);

        if (rc == NGX_ERROR
            || (op && ngx_http_llm_cost_redis_join_send(op) != NGX_OK))
        {
            ngx_http_llm_cost_redis_join_failed();
            return;
        }

        join.ended = (rc == NGX_DONE);
    }

    if (join.inflight) {
        return;
    }

    switch (join.step) {

    case NGX_HTTP_LLM_COST_JOIN_LAST:
        ngx_http_llm_cost_redis_join_last();
        return;

    case NGX_HTTP_LLM_COST_JOIN_BALANCES:
        ngx_http_llm_cost_redis_join_step(
                                        join.hello.deep
                                        ? NGX_HTTP_LLM_COST_JOIN_WAIT_BALANCED
                                        : NGX_HTTP_LLM_COST_JOIN_WAIT_MERGED);
        break;

    default:
        ngx_http_llm_cost_redis_join_step(join.step + 1);
    }

    ngx_http_llm_cost_redis_join_go(join.redis);
}


static void
ngx_http_llm_cost_redis_join_outbox(void)
{
    ngx_uint_t  left;

    left = ngx_http_llm_cost_redis_adopt_all();

    if (ngx_http_llm_cost_redis_outbox_send(join.redis, 1) && !left) {
        ngx_http_llm_cost_redis_join_step(
            ngx_memcmp(ngx_http_llm_cost_redis_box()->id, join.redis->id,
                       NGX_HTTP_LLM_COST_REDIS_ID)
            ? NGX_HTTP_LLM_COST_JOIN_BALANCES
            : NGX_HTTP_LLM_COST_JOIN_WAIT_MERGED);
        ngx_http_llm_cost_redis_join_go(join.redis);
        return;
    }

    /* its replies come here; what another worker sends does not */

    if (!join.timer.timer_set) {
        ngx_add_timer(&join.timer, NGX_HTTP_LLM_COST_JOIN_POLL);
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

    if (current && reply && join.step == NGX_HTTP_LLM_COST_JOIN_REPLAY) {
        ngx_http_llm_cost_redis_box_repeated(op);
    }

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
    ngx_http_llm_cost_redis_op_t      *op;
    ngx_http_llm_cost_redis_joined_t  *at;

    at = &ngx_http_llm_cost_redis_box()->joined;

    op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_join_said, NULL);

    if (op == NULL) {
        ngx_http_llm_cost_redis_join_failed();
        return;
    }

    op->replay = 1;

    if (ngx_http_llm_cost_redis_join_command(join.redis, op, phase,
                                             at->deep && !at->said, at->since)
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
    ngx_uint_t                       current, fits;
    ngx_http_llm_cost_redis_hello_t  h;

    current = (op->data == (void *) join.turn);

    fits = reply && ngx_http_llm_cost_redis_join_read(reply, &h) == NGX_OK
           && (join.step == NGX_HTTP_LLM_COST_JOIN_HELLO
               || (!h.stale
                   && ngx_memcmp(h.id, join.hello.id, sizeof(h.id)) == 0));

    if (current && fits) {
        ngx_http_llm_cost_redis_box_saw(op, h.stamp);
    }

    ngx_http_llm_cost_redis_complain(reply);
    ngx_http_llm_cost_redis_free(op);

    if (!current) {
        return;
    }

    join.inflight--;

    if (!fits) {
        ngx_http_llm_cost_redis_join_failed();
        return;
    }

    join.hello = h;

    if (join.step == NGX_HTTP_LLM_COST_JOIN_HELLO) {
        ngx_http_llm_cost_redis_join_met();

    } else {
        ngx_http_llm_cost_redis_join_wait();
    }
}


static void
ngx_http_llm_cost_redis_join_met(void)
{
    uint64_t                           pos;
    ngx_http_llm_cost_redis_box_t     *box;
    ngx_http_llm_cost_redis_joined_t  *at;

    box = ngx_http_llm_cost_redis_box();
    at = &box->joined;

    ngx_memcpy(join.redis->id, join.hello.id, NGX_HTTP_LLM_COST_REDIS_ID);
    join.redis->loss = 0;
    join.locals = box->locals;

    ngx_http_llm_cost_redis_joined_met(&join.hello);

    pos = at->pos;
    ngx_http_llm_cost_redis_join_step(at->step);
    at->pos = pos;
    join.repeat.pos = pos;

    ngx_http_llm_cost_redis_join_go(join.redis);
}


/* until the others are as far; the rest of what was said, it says once */

static void
ngx_http_llm_cost_redis_join_wait(void)
{
    ngx_http_llm_cost_redis_box_t  *box;

    box = ngx_http_llm_cost_redis_box();
    box->joined.said = 1;

    if (!ngx_http_llm_cost_redis_joined_come(&join.hello,
                                             NGX_HTTP_LLM_COST_JOIN_POLL))
    {
        ngx_add_timer(&join.timer, NGX_HTTP_LLM_COST_JOIN_POLL);
        return;
    }

    if (join.step == NGX_HTTP_LLM_COST_JOIN_WAIT_MERGED) {
        ngx_http_llm_cost_redis_join_step(NGX_HTTP_LLM_COST_JOIN_LAST);
        join.ended = (join.locals == box->locals);
        join.locals = box->locals;

    } else {
        ngx_http_llm_cost_redis_join_step(join.step + 1);
    }

    ngx_http_llm_cost_redis_join_go(join.redis);
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
        ngx_http_llm_cost_redis_joined(join.redis, &join.hello,
                                       join.repeated);

        if (join.timer.timer_set) {
            ngx_del_timer(&join.timer);
        }

        join.ready = 1;
        again = (box->locals != join.locals);
    }

    if (!again) {

        /* should Redis be away again by now, another join begins */

        ngx_http_llm_cost_redis_join_end();
        return;
    }

    join.locals = box->locals;
    ngx_http_llm_cost_redis_join_step(NGX_HTTP_LLM_COST_JOIN_LAST);
    ngx_add_timer(&join.timer, 1);
}
