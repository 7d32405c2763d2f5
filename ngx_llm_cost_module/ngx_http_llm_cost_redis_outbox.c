
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include <signal.h>

#include "ngx_http_llm_cost_redis.h"


/*
 * The outbox: settlements and cancellations that Redis has not confirmed, in
 * a shared zone of their own, so that they outlive their worker and a reload.
 * Any worker that reaches Redis sends them, oldest first; a copy too many
 * changes nothing there, because every one has its identity.
 *
 * It is bounded by its zone.  What does not fit any more is lost for Redis
 * and said in the log: a reservation that Redis knows of expires there, and is
 * charged as llm_reservation_ttl says.
 *
 * Once a second one worker also looks after the journal: reservations of dead
 * workers are settled in Redis with what was noted of them.
 */


#define NGX_HTTP_LLM_COST_OUTBOX_SIZE     (4 * 1024 * 1024)
#define NGX_HTTP_LLM_COST_OUTBOX_VERSION  1
#define NGX_HTTP_LLM_COST_OUTBOX_BATCH    8      /* before any admission */
#define NGX_HTTP_LLM_COST_OUTBOX_ADOPT    64     /* a second */
#define NGX_HTTP_LLM_COST_OUTBOX_TICK     1000


typedef struct {
    ngx_queue_t                  queue;
    ngx_pid_t                    owner;      /* who is sending it, or 0 */
    ngx_http_llm_cost_script_e   script;
    size_t                       size;
    u_char                       command[1];
} ngx_http_llm_cost_outbox_entry_t;


typedef struct {
    ngx_uint_t                   version;
    ngx_queue_t                  entries;
    ngx_atomic_t                 n;
    ngx_atomic_t                 lost;
    ngx_atomic_t                 ticked;     /* second of the last tick */
} ngx_http_llm_cost_outbox_t;


static ngx_int_t ngx_http_llm_cost_redis_outbox_init(ngx_shm_zone_t *shm_zone,
    void *data);
static ngx_http_llm_cost_outbox_t *ngx_http_llm_cost_redis_outbox(
    ngx_slab_pool_t **shpool);
static ngx_uint_t ngx_http_llm_cost_redis_outbox_take(
    ngx_http_llm_cost_outbox_entry_t **entries);
static void ngx_http_llm_cost_redis_outbox_put_back(
    ngx_http_llm_cost_outbox_entry_t *e, ngx_uint_t sent);
static void ngx_http_llm_cost_redis_outbox_done(
    ngx_http_llm_cost_redis_op_t *op, redisReply *reply);
static void ngx_http_llm_cost_redis_tick(ngx_event_t *ev);
static void ngx_http_llm_cost_redis_adopt(void);
static void ngx_http_llm_cost_redis_adopt_hold(void *data,
    const llm_hold_view_t *v, const int64_t *spent);
static int ngx_http_llm_cost_redis_gone(ngx_pid_t pid);


static ngx_str_t  ngx_http_llm_cost_outbox_name =
                                              ngx_string("llm_redis_outbox");

/* of this worker */

static ngx_shm_zone_t    *ngx_http_llm_cost_outbox_zone;
static ngx_event_t        ngx_http_llm_cost_outbox_event;
static ngx_connection_t   ngx_http_llm_cost_outbox_dummy;
static ngx_uint_t         ngx_http_llm_cost_outbox_busy;


/* at configuration, when there is an llm_redis */

ngx_int_t
ngx_http_llm_cost_redis_init(ngx_conf_t *cf,
    ngx_http_llm_cost_main_conf_t *lmcf)
{
    ngx_shm_zone_t  *shm_zone;

    ngx_http_llm_cost_outbox_zone = NULL;

    if (lmcf->redis == NULL) {
        return NGX_OK;
    }

    shm_zone = ngx_shared_memory_add(cf, &ngx_http_llm_cost_outbox_name,
                                     NGX_HTTP_LLM_COST_OUTBOX_SIZE,
                                     &ngx_http_llm_cost_module);
    if (shm_zone == NULL) {
        return NGX_ERROR;
    }

    shm_zone->init = ngx_http_llm_cost_redis_outbox_init;
    shm_zone->data = lmcf;

    ngx_http_llm_cost_outbox_zone = shm_zone;

    return NGX_OK;
}


static ngx_int_t
ngx_http_llm_cost_redis_outbox_init(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_slab_pool_t             *shpool;
    ngx_http_llm_cost_outbox_t  *box;

    shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    if (data || shm_zone->shm.exists) {
        box = shpool->data;

        if (box->version == NGX_HTTP_LLM_COST_OUTBOX_VERSION) {
            return NGX_OK;
        }

        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "zone \"%V\" was made by another version of the "
                      "module: restart nginx instead of reloading it",
                      &shm_zone->shm.name);
        return NGX_ERROR;
    }

    box = ngx_slab_calloc(shpool, sizeof(ngx_http_llm_cost_outbox_t));
    if (box == NULL) {
        return NGX_ERROR;
    }

    box->version = NGX_HTTP_LLM_COST_OUTBOX_VERSION;
    ngx_queue_init(&box->entries);

    shpool->data = box;
    shpool->log_nomem = 0;

    return NGX_OK;
}


static ngx_http_llm_cost_outbox_t *
ngx_http_llm_cost_redis_outbox(ngx_slab_pool_t **shpool)
{
    *shpool = (ngx_slab_pool_t *) ngx_http_llm_cost_outbox_zone->shm.addr;

    return (*shpool)->data;
}


void
ngx_http_llm_cost_redis_outbox_add(ngx_http_llm_cost_redis_op_t *op)
{
    ngx_slab_pool_t                   *shpool;
    ngx_http_llm_cost_outbox_t        *box;
    ngx_http_llm_cost_outbox_entry_t  *e;

    box = ngx_http_llm_cost_redis_outbox(&shpool);

    ngx_shmtx_lock(&shpool->mutex);

    e = ngx_slab_alloc_locked(shpool,
                              offsetof(ngx_http_llm_cost_outbox_entry_t,
                                       command) + op->size);
    if (e) {
        e->owner = 0;
        e->script = op->script;
        e->size = op->size;
        ngx_memcpy(e->command, op->command, op->size);

        ngx_queue_insert_tail(&box->entries, &e->queue);
        box->n++;

    } else {
        box->lost++;
    }

    ngx_shmtx_unlock(&shpool->mutex);

    if (e == NULL) {
        ngx_log_error(NGX_LOG_CRIT, ngx_cycle->log, 0,
                      "llm cost: no room to keep a settlement until Redis is "
                      "back: it is in the log only");
    }
}


/* some that nobody else is sending */

static ngx_uint_t
ngx_http_llm_cost_redis_outbox_take(
    ngx_http_llm_cost_outbox_entry_t **entries)
{
    ngx_uint_t                         n;
    ngx_queue_t                       *q;
    ngx_slab_pool_t                   *shpool;
    ngx_http_llm_cost_outbox_t        *box;
    ngx_http_llm_cost_outbox_entry_t  *e;

    n = 0;
    box = ngx_http_llm_cost_redis_outbox(&shpool);

    if (box->n == 0) {
        return 0;
    }

    ngx_shmtx_lock(&shpool->mutex);

    for (q = ngx_queue_head(&box->entries);
         q != ngx_queue_sentinel(&box->entries)
         && n < NGX_HTTP_LLM_COST_OUTBOX_BATCH;
         q = ngx_queue_next(q))
    {
        e = ngx_queue_data(q, ngx_http_llm_cost_outbox_entry_t, queue);

        if (e->owner == 0
            || (e->owner != ngx_pid && ngx_http_llm_cost_redis_gone(e->owner)))
        {
            e->owner = ngx_pid;
            entries[n++] = e;
        }
    }

    ngx_shmtx_unlock(&shpool->mutex);

    return n;
}


void
ngx_http_llm_cost_redis_outbox_send(ngx_http_llm_cost_redis_t *redis)
{
    ngx_uint_t                         i, n;
    ngx_http_llm_cost_redis_op_t      *op;
    ngx_http_llm_cost_outbox_entry_t  *entries[NGX_HTTP_LLM_COST_OUTBOX_BATCH];

    if (redis->down || ngx_http_llm_cost_outbox_busy) {
        return;
    }

    n = ngx_http_llm_cost_redis_outbox_take(entries);

    for (i = 0; i < n; i++) {
        op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_outbox_done,
                                        entries[i]);

        if (op == NULL) {
            ngx_http_llm_cost_redis_outbox_put_back(entries[i], 0);
            continue;
        }

        op->script = entries[i]->script;
        op->size = entries[i]->size;
        op->command = ngx_alloc(op->size, ngx_cycle->log);

        if (op->command) {
            ngx_memcpy(op->command, entries[i]->command, op->size);
        }

        if (op->command == NULL
            || ngx_http_llm_cost_redis_send(redis, op,
                                            NGX_HTTP_LLM_COST_REDIS_LINGER)
               != NGX_OK)
        {
            ngx_http_llm_cost_redis_outbox_put_back(entries[i], 0);
            ngx_http_llm_cost_redis_free(op);
            continue;
        }

        ngx_http_llm_cost_outbox_busy++;
    }
}


static void
ngx_http_llm_cost_redis_outbox_put_back(ngx_http_llm_cost_outbox_entry_t *e,
    ngx_uint_t sent)
{
    ngx_slab_pool_t             *shpool;
    ngx_http_llm_cost_outbox_t  *box;

    box = ngx_http_llm_cost_redis_outbox(&shpool);

    ngx_shmtx_lock(&shpool->mutex);

    if (sent) {
        ngx_queue_remove(&e->queue);
        ngx_slab_free_locked(shpool, e);
        box->n--;

    } else {
        e->owner = 0;
    }

    ngx_shmtx_unlock(&shpool->mutex);
}


static void
ngx_http_llm_cost_redis_outbox_done(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply)
{
    ngx_uint_t                  sent;
    ngx_http_llm_cost_redis_t  *redis;

    redis = ngx_http_llm_cost_redis_money();

    /* what Redis does not take now it will not take later either */

    sent = (reply != NULL);

    ngx_http_llm_cost_redis_complain(reply);
    ngx_http_llm_cost_redis_outbox_put_back(op->data, sent);
    ngx_http_llm_cost_redis_free(op);

    ngx_http_llm_cost_outbox_busy--;

    if (sent) {
        ngx_http_llm_cost_redis_outbox_send(redis);
    }
}


void
ngx_http_llm_cost_redis_outbox_start(ngx_cycle_t *cycle)
{
    ngx_event_t  *ev;

    ev = &ngx_http_llm_cost_outbox_event;

    ngx_memzero(ev, sizeof(ngx_event_t));

    ngx_http_llm_cost_outbox_dummy.fd = (ngx_socket_t) -1;

    ev->handler = ngx_http_llm_cost_redis_tick;
    ev->data = &ngx_http_llm_cost_outbox_dummy;
    ev->log = cycle->log;
    ev->cancelable = 1;

    ngx_add_timer(ev, NGX_HTTP_LLM_COST_OUTBOX_TICK);
}


void
ngx_http_llm_cost_redis_outbox_stop(void)
{
    if (ngx_http_llm_cost_outbox_event.timer_set) {
        ngx_del_timer(&ngx_http_llm_cost_outbox_event);
    }
}


static void
ngx_http_llm_cost_redis_tick(ngx_event_t *ev)
{
    ngx_slab_pool_t             *shpool;
    ngx_atomic_uint_t            last, now;
    ngx_http_llm_cost_redis_t   *redis;
    ngx_http_llm_cost_outbox_t  *box;

    ngx_add_timer(ev, NGX_HTTP_LLM_COST_OUTBOX_TICK);

    redis = ngx_http_llm_cost_redis_money();
    box = ngx_http_llm_cost_redis_outbox(&shpool);

    ngx_http_llm_cost_redis_outbox_send(redis);

    last = box->ticked;
    now = (ngx_atomic_uint_t) ngx_time();

    if (redis->down || last == now
        || !ngx_atomic_cmp_set(&box->ticked, last, now))
    {
        return;
    }

    ngx_http_llm_cost_redis_adopt();
}


/*
 * Reservations of this node that nobody will settle.  Redis lets its own
 * expire; here they leave at the same time.
 */

static void
ngx_http_llm_cost_redis_adopt(void)
{
    llm_ledger_t                   *l;
    llm_ledger_heir_t               heir;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    lmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_llm_cost_module);
    l = ngx_http_llm_cost_zone()->ledger;

    heir.gone = ngx_http_llm_cost_gone;
    heir.log = ngx_http_llm_cost_ledger_log_line;
    heir.settle = ngx_http_llm_cost_redis_adopt_hold;
    heir.data = NULL;

    (void) llm_ledger_inherit(l, &heir, NGX_HTTP_LLM_COST_OUTBOX_ADOPT);

    (void) llm_ledger_sweep(l, (int64_t) ngx_time(),
                            (int) lmcf->reservation_charge,
                            NGX_HTTP_LLM_COST_OUTBOX_ADOPT);
}


/*
 * With a note it is settled as noted.  Without one nothing was sent upstream:
 * what Redis holds for it, if anything, is let go.
 */

static void
ngx_http_llm_cost_redis_adopt_hold(void *data, const llm_hold_view_t *v,
    const int64_t *spent)
{
    ngx_uint_t                     i;
    llm_budget_t                   budgets[LLM_BUDGETS_MAX], *b;
    ngx_http_llm_cost_redis_op_t  *op;

    op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_settled, NULL);
    if (op == NULL) {
        return;
    }

    op->id = v->id;

    if (spent) {
        op->spends = 1;
        ngx_memcpy(op->spent, spent, sizeof(op->spent));
    }

    ngx_memzero(budgets, sizeof(budgets));

    for (i = 0; spent && i < v->n && i < LLM_BUDGETS_MAX; i++) {
        b = &budgets[i];

        b->name.data = (u_char *) v->counters[i].name;
        b->name.len = v->counters[i].name_len;
        b->key.data = (u_char *) v->counters[i].key;
        b->key.len = v->counters[i].key_len;
        b->unit = v->counters[i].unit;
        b->period = v->counters[i].period;
        b->start = v->counters[i].start;
        b->end = v->counters[i].end;
        b->limit = v->counters[i].limit;
        b->observe = v->counters[i].observe;
    }

    if (ngx_http_llm_cost_redis_copy_budgets(op, budgets, i) != NGX_OK
        || ngx_http_llm_cost_redis_settlement(op, NULL) != NGX_OK
        || ngx_http_llm_cost_redis_send(ngx_http_llm_cost_redis_money(), op,
                                        NGX_HTTP_LLM_COST_REDIS_LINGER)
           != NGX_OK)
    {
        ngx_http_llm_cost_redis_free(op);
    }
}


static int
ngx_http_llm_cost_redis_gone(ngx_pid_t pid)
{
    return kill(pid, 0) == -1 && ngx_errno == ESRCH;
}
