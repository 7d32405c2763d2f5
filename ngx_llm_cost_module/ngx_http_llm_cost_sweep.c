
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"
#include "llm_shm.h"

#include <limits.h>


/*
 * Once a second: what dead workers and lost requests have left behind is
 * settled by any worker that lives, and reservations of those that live are
 * kept.  The zone's clock says whose turn it is.
 */


#define NGX_HTTP_LLM_COST_SWEEP         1000    /* ms */
#define NGX_HTTP_LLM_COST_SWEEP_MAX     256     /* reservations at a time */


static void ngx_http_llm_cost_sweep_dead(ngx_http_llm_cost_zone_t *z,
    unsigned max, ngx_log_t *log);
static void ngx_http_llm_cost_sweep(ngx_event_t *ev);


/* of this worker */

static ngx_event_t       ngx_http_llm_cost_sweep_event;
static ngx_connection_t  ngx_http_llm_cost_sweep_dummy;


void
ngx_http_llm_cost_sweep_start(ngx_cycle_t *cycle)
{
    ngx_event_t  *ev;

    ev = &ngx_http_llm_cost_sweep_event;

    if (ngx_http_llm_cost_zone() == NULL || ev->timer_set) {
        return;
    }

    ngx_memzero(ev, sizeof(ngx_event_t));

    /* ngx_event_expire_timers() and debug logs want a connection in data */

    ngx_http_llm_cost_sweep_dummy.fd = (ngx_socket_t) -1;

    ev->handler = ngx_http_llm_cost_sweep;
    ev->data = &ngx_http_llm_cost_sweep_dummy;
    ev->log = cycle->log;
    ev->cancelable = 1;

    ngx_add_timer(ev, NGX_HTTP_LLM_COST_SWEEP);
}


/* a worker that died within the last second has nobody else, if all leave */

void
ngx_http_llm_cost_sweep_stop(ngx_cycle_t *cycle)
{
    ngx_http_llm_cost_zone_t  *z;

    if (ngx_http_llm_cost_sweep_event.timer_set) {
        ngx_del_timer(&ngx_http_llm_cost_sweep_event);
    }

    z = ngx_http_llm_cost_zone();

    if (z) {
        ngx_http_llm_cost_sweep_dead(z, UINT_MAX, cycle->log);
        ngx_http_llm_cost_held_sweep();
    }
}


static void
ngx_http_llm_cost_sweep_dead(ngx_http_llm_cost_zone_t *z, unsigned max,
    ngx_log_t *log)
{
    unsigned           n;
    llm_ledger_heir_t  heir;

    ngx_memzero(&heir, sizeof(llm_ledger_heir_t));

    heir.gone = ngx_http_llm_cost_gone;
    heir.log = ngx_http_llm_cost_ledger_log_line;

    n = llm_ledger_inherit(z->ledger, &heir, max);

    if (n) {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "llm cost: %ud requests were left without their worker, "
                      "and are settled now", n);
    }
}


static void
ngx_http_llm_cost_sweep(ngx_event_t *ev)
{
    unsigned                        n;
    time_t                          now;
    ngx_http_llm_cost_zone_t       *z;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    ngx_add_timer(ev, NGX_HTTP_LLM_COST_SWEEP);

    z = ngx_http_llm_cost_zone();
    now = ngx_time();

    if (!ngx_http_llm_cost_zone_turn(z, now)) {
        return;
    }

    lmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_llm_cost_module);

    ngx_http_llm_cost_sweep_dead(z, NGX_HTTP_LLM_COST_SWEEP_MAX, ev->log);

    ngx_http_llm_cost_keep_live(NULL);

    n = llm_ledger_sweep(z->ledger, (int64_t) now,
                         (int) lmcf->reservation_charge,
                         NGX_HTTP_LLM_COST_SWEEP_MAX);

    if (n) {
        ngx_log_error(NGX_LOG_WARN, ev->log, 0,
                      "llm cost: %ud reservations have expired, and are "
                      "settled now", n);
    }

    ngx_http_llm_cost_held_sweep();
}


void
ngx_http_llm_cost_keep_live(ngx_http_llm_cost_keep_pt also)
{
    time_t                          ttl, now, left;
    uint32_t                        cursor;
    ngx_uint_t                      n;
    llm_ledger_t                   *l;
    llm_hold_view_t                 v;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    lmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_llm_cost_module);

    l = lmcf->zone->ledger;
    ttl = (time_t) (lmcf->reservation_ttl / 1000);
    now = ngx_time();

    cursor = 0;
    n = 0;

    while (n < NGX_HTTP_LLM_COST_SWEEP_MAX
           && llm_ledger_next_hold(l, &cursor, &v) == LLM_OK)
    {
        left = (time_t) v.expires - now;

        /* more than all of it: the clock has been put back, and not Redis's */

        if ((left > ttl / 2 + 1 && left <= ttl)
            || v.owner == LLM_LEDGER_NOBODY
            || ngx_http_llm_cost_gone(v.owner))
        {
            continue;
        }

        (void) llm_ledger_renew(l, &v.id, (int64_t) (now + ttl));

        if (also) {
            also(&v.id, now + ttl);
        }

        n++;
    }
}


/* a reservation without an owner was left behind on purpose */

int
ngx_http_llm_cost_gone(uint32_t owner)
{
    return owner != LLM_LEDGER_NOBODY && llm_shm_gone(owner);
}
