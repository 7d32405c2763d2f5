
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_live.h"


/*
 * llm_cache_lock: of requests for the same answer one goes upstream.
 *
 * A request that missed asks the table of flights (llm_flight.h).  The first
 * one leads: it is forwarded, and lands when its answer was kept or when it
 * ended without one.  The others give back what they have reserved and wait.
 * When the leader lands, those of the same worker are woken at once, those of
 * other workers when they next look at the table.  A waiter that is woken asks
 * the store again: for a hit, or to be the next leader.  As soon as the
 * leader's answer turns out to be a stream, those of its worker who want one
 * like it join it instead (_follow.c).
 *
 *   waiting request    owner: this file (ctx->flight_wait)
 *                      guard: its timer; llm_cache_lock_timeout in all
 *                      resumed by: a landing, the timer
 *                      cleaned by: ngx_http_llm_cost_flight_end()
 */


#define NGX_HTTP_LLM_COST_FLIGHT_LOOK      20     /* ms, first look */
#define NGX_HTTP_LLM_COST_FLIGHT_LOOK_MAX  200
#define NGX_HTTP_LLM_COST_FLEET_LOOK       50
#define NGX_HTTP_LLM_COST_FLEET_LOOK_MAX   400
#define NGX_HTTP_LLM_COST_FLEET_TOLD       1000   /* it is told, but for locks
                                                     that expire */


static ngx_int_t ngx_http_llm_cost_flight_fleet(
    ngx_http_llm_cost_ctx_t *ctx, const ngx_http_llm_cost_loc_conf_t *llcf);
static ngx_int_t ngx_http_llm_cost_flight_wait(ngx_http_llm_cost_ctx_t *ctx);
static ngx_msec_t ngx_http_llm_cost_flight_next(
    ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_flight_timer(ngx_event_t *ev);
static void ngx_http_llm_cost_flight_resume(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_flight_wake(const u_char *key,
    ngx_uint_t leaders);
static void ngx_http_llm_cost_flight_post(ngx_http_llm_cost_ctx_t *ctx);


/* of this worker: requests that wait */

static ngx_queue_t  ngx_http_llm_cost_waiting;


void
ngx_http_llm_cost_flight_init_process(void)
{
    ngx_queue_init(&ngx_http_llm_cost_waiting);
}


/* before the store looks for an entry */

void
ngx_http_llm_cost_flight_look(ngx_http_llm_cost_ctx_t *ctx)
{
    ctx->landed = llm_flights_landed(ngx_http_llm_cost_zone()->flights);
}


/*
 * After a miss.  NGX_OK: go on with the verdict; NGX_AGAIN: it waits, or asks
 * the store anew; an HTTP status.
 */

ngx_int_t
ngx_http_llm_cost_flight_enter(ngx_http_llm_cost_ctx_t *ctx)
{
    const ngx_http_llm_cost_loc_conf_t   *llcf;

    llcf = ngx_http_get_module_loc_conf(ctx->request,
                                        ngx_http_llm_cost_module);

    if (!ctx->lookup || !ctx->storable || !llcf->cache_lock || ctx->alone) {
        return NGX_OK;
    }

    if (ctx->flight.slot) {
        return ngx_http_llm_cost_flight_fleet(ctx, llcf);
    }

    switch (llm_flight_enter(ngx_http_llm_cost_zone()->flights,
                             ctx->cache_key, ctx->landed, ngx_pid,
                             ngx_current_msec, llcf->cache_lock_timeout,
                             &ctx->flight))
    {
    case LLM_FLIGHT_LEAD:

        /* who cannot go does not lead: somebody else may have the means */

        return ngx_http_llm_cost_flight_fleet(ctx, llcf);

    case LLM_FLIGHT_ALONE:
        ctx->alone = 1;
        return NGX_OK;

    case LLM_FLIGHT_BUSY:

        if (ctx->waited && ngx_current_msec - ctx->waited
                           >= llcf->cache_lock_timeout)
        {
            ctx->alone = 1;
            return NGX_OK;
        }

        break;

    default: /* LLM_FLIGHT_LOOK */
        break;
    }

    return ngx_http_llm_cost_flight_wait(ctx);
}


/*
 * It leads on its node.  Before it goes it asks whether another node is on the
 * way; then it waits for that one, and the others of its node for it.
 */

static ngx_int_t
ngx_http_llm_cost_flight_fleet(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf)
{
    const ngx_http_llm_cost_main_conf_t  *lmcf;

    lmcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_llm_cost_module);

    if (ctx->verdict != NGX_HTTP_LLM_COST_FITS) {

        /* who cannot go does not lead: somebody else may have the means */

        ngx_http_llm_cost_flight_end(ctx, LLM_LANDED_FAILED);

        return NGX_OK;
    }

    switch (ctx->fleet) {

    case NGX_HTTP_LLM_COST_FLEET_NONE:
        if (lmcf->store->take == NULL
            || lmcf->store->take(ctx) != NGX_AGAIN)
        {
            return NGX_OK;
        }

        ctx->state = NGX_HTTP_LLM_COST_ADMITTING;

        return ngx_http_llm_cost_wait(ctx->request);

    case NGX_HTTP_LLM_COST_FLEET_WAITS:
        ctx->fleet = NGX_HTTP_LLM_COST_FLEET_NONE;

        if (ctx->waited && ngx_current_msec - ctx->waited
                           >= llcf->cache_lock_timeout)
        {
            ctx->fleet = NGX_HTTP_LLM_COST_FLEET_AWAY;
            return NGX_OK;
        }

        return ngx_http_llm_cost_flight_wait(ctx);

    case NGX_HTTP_LLM_COST_FLEET_LOOKS:
        ctx->fleet = NGX_HTTP_LLM_COST_FLEET_NONE;
        lmcf->store->cancel(ctx, NULL);

        return ngx_http_llm_cost_ask(ctx);

    default:
        return NGX_OK;
    }
}


static ngx_int_t
ngx_http_llm_cost_flight_wait(ngx_http_llm_cost_ctx_t *ctx)
{
    const ngx_http_llm_cost_main_conf_t  *lmcf;

    lmcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_llm_cost_module);

    lmcf->store->cancel(ctx, NULL);

    if (ctx->waited == 0) {
        ctx->waited = ngx_current_msec ? ngx_current_msec : 1;
    }

    ctx->state = NGX_HTTP_LLM_COST_WAITING;

    ctx->flight_wait.handler = ngx_http_llm_cost_flight_timer;
    ctx->flight_wait.data = ctx;
    ctx->flight_wait.log = ctx->request->connection->log;

    ngx_queue_insert_tail(&ngx_http_llm_cost_waiting, &ctx->flight_queue);

    /* a stream that began while the store was asked has woken those who
       waited then, and will not again before it lands */

    if (ctx->flight.slot == 0 && ngx_http_llm_cost_live_find(ctx)) {
        ngx_post_event(&ctx->flight_wait, &ngx_posted_events);

    } else {
        ngx_add_timer(&ctx->flight_wait, ngx_http_llm_cost_flight_next(ctx));
    }

    return ngx_http_llm_cost_wait(ctx->request);
}


/* the time to the next look: twice the last one, up to a bound */

static ngx_msec_t
ngx_http_llm_cost_flight_next(ngx_http_llm_cost_ctx_t *ctx)
{
    const ngx_http_llm_cost_main_conf_t  *lmcf;

    lmcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_llm_cost_module);

    if (ctx->flight.slot == 0) {
        ctx->look = ctx->look ? ngx_min(2 * ctx->look,
                                        NGX_HTTP_LLM_COST_FLIGHT_LOOK_MAX)
                              : NGX_HTTP_LLM_COST_FLIGHT_LOOK;

    } else if (lmcf->store->told && lmcf->store->told()) {
        ctx->look = NGX_HTTP_LLM_COST_FLEET_TOLD;

    } else {
        ctx->look = ctx->look ? ngx_min(2 * ctx->look,
                                        NGX_HTTP_LLM_COST_FLEET_LOOK_MAX)
                              : NGX_HTTP_LLM_COST_FLEET_LOOK;
    }

    return ctx->look;
}


static void
ngx_http_llm_cost_flight_timer(ngx_event_t *ev)
{
    ngx_http_llm_cost_ctx_t             *ctx;
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    ctx = ev->data;
    llcf = ngx_http_get_module_loc_conf(ctx->request,
                                        ngx_http_llm_cost_module);

    /* a posted event is somebody's landing, not our timer */

    if (ev->timedout && ctx->flight.slot == 0
        && ngx_current_msec - ctx->waited < llcf->cache_lock_timeout
        && llm_flight_poll(ngx_http_llm_cost_zone()->flights, ctx->cache_key,
                           ngx_current_msec, llcf->cache_lock_timeout)
           == LLM_FLIGHT_BUSY)
    {
        ev->timedout = 0;
        ngx_add_timer(ev, ngx_http_llm_cost_flight_next(ctx));
        return;
    }

    ev->timedout = 0;

    ngx_http_llm_cost_flight_resume(ctx);
}


static void
ngx_http_llm_cost_flight_resume(ngx_http_llm_cost_ctx_t *ctx)
{
    if (ctx->flight_wait.timer_set) {
        ngx_del_timer(&ctx->flight_wait);
    }

    ngx_queue_remove(&ctx->flight_queue);
    ctx->flight_wait.handler = NULL;

    ngx_http_llm_cost_resume_as(ctx, NGX_HTTP_LLM_COST_WAITED);
}


/*
 * Each in an event of its own: none of them runs inside the leader's.  Of those
 * who wait for another node, only the one that leads here has to ask.
 */

static void
ngx_http_llm_cost_flight_wake(const u_char *key, ngx_uint_t leaders)
{
    ngx_queue_t              *q;
    ngx_http_llm_cost_ctx_t  *ctx;

    for (q = ngx_queue_head(&ngx_http_llm_cost_waiting);
         q != ngx_queue_sentinel(&ngx_http_llm_cost_waiting);
         q = ngx_queue_next(q))
    {
        ctx = ngx_queue_data(q, ngx_http_llm_cost_ctx_t, flight_queue);

        if ((ctx->flight.slot != 0) == leaders
            && ngx_memcmp(ctx->cache_key, key, NGX_HTTP_LLM_COST_CACHE_KEY)
               == 0)
        {
            ngx_http_llm_cost_flight_post(ctx);
        }
    }
}


static void
ngx_http_llm_cost_flight_post(ngx_http_llm_cost_ctx_t *ctx)
{
    if (ctx->flight_wait.timer_set) {
        ngx_del_timer(&ctx->flight_wait);
    }

    ngx_post_event(&ctx->flight_wait, &ngx_posted_events);
}


void
ngx_http_llm_cost_flight_land(const u_char *key, llm_flight_t *flight,
    llm_landed_e how)
{
    if (flight->slot == 0) {
        return;
    }

    llm_flight_land(ngx_http_llm_cost_zone()->flights, flight, how);
    ngx_http_llm_cost_flight_wake(key, 0);
}


/* a stream that they want in another form is nothing to them */

void
ngx_http_llm_cost_flight_opened(const u_char *key)
{
    ngx_queue_t              *q;
    ngx_http_llm_cost_ctx_t  *ctx;

    for (q = ngx_queue_head(&ngx_http_llm_cost_waiting);
         q != ngx_queue_sentinel(&ngx_http_llm_cost_waiting);
         q = ngx_queue_next(q))
    {
        ctx = ngx_queue_data(q, ngx_http_llm_cost_ctx_t, flight_queue);

        if (ctx->flight.slot == 0
            && ngx_memcmp(ctx->cache_key, key, NGX_HTTP_LLM_COST_CACHE_KEY)
               == 0
            && ngx_http_llm_cost_live_find(ctx))
        {
            ngx_http_llm_cost_flight_post(ctx);
        }
    }
}


void
ngx_http_llm_cost_flight_told(const u_char *key)
{
    ngx_http_llm_cost_flight_wake(key, 1);
}


ngx_uint_t
ngx_http_llm_cost_flight_followed(ngx_http_llm_cost_ctx_t *ctx)
{
    return ctx->followed || ngx_http_llm_cost_live_joined(ctx)
           || llm_flight_followed(ngx_http_llm_cost_zone()->flights,
                                  &ctx->flight);
}


/* the request leads no more, and waits no more, whatever it did */

void
ngx_http_llm_cost_flight_end(ngx_http_llm_cost_ctx_t *ctx, llm_landed_e how)
{
    const ngx_http_llm_cost_main_conf_t  *lmcf;

    lmcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_llm_cost_module);

    ngx_http_llm_cost_flight_land(ctx->cache_key, &ctx->flight, how);

    if (ctx->token) {
        lmcf->store->unlead(ctx);
    }

    if (ctx->flight_wait.handler == NULL) {
        return;
    }

    if (ctx->flight_wait.timer_set) {
        ngx_del_timer(&ctx->flight_wait);
    }

    if (ctx->flight_wait.posted) {
        ngx_delete_posted_event(&ctx->flight_wait);
    }

    ngx_queue_remove(&ctx->flight_queue);
    ctx->flight_wait.handler = NULL;
}
