
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_redis.h"
#include "llm_shm.h"


/*
 * What the workers of a node share about Redis, in a zone of its own that
 * outlives them and a reload:
 *
 *   the state     one for the node: while one worker admits from the zone, no
 *                 worker asks Redis, so that what the zone knows of a counter
 *                 is either Redis's word or this node's own doing
 *   the record    settlements and cancellations: those that Redis has not
 *                 confirmed, and as many as fit of those that it has
 *
 * NEW (never heard of Redis) and READY admit through Redis, AWAY admits as
 * llm_store_failure says.  Only a join (_redis_join.c) leads back to READY.
 */


#define NGX_HTTP_LLM_COST_BOX_VERSION  7


static ngx_int_t ngx_http_llm_cost_redis_box_init(ngx_shm_zone_t *shm_zone,
    void *data);


static ngx_str_t  ngx_http_llm_cost_box_name = ngx_string("llm_redis_journal");

static ngx_shm_zone_t  *ngx_http_llm_cost_box_zone;


/* at configuration, when there is an llm_redis */

ngx_int_t
ngx_http_llm_cost_redis_init(ngx_conf_t *cf,
    ngx_http_llm_cost_main_conf_t *lmcf)
{
    ngx_shm_zone_t  *shm_zone;

    ngx_http_llm_cost_box_zone = NULL;

    if (lmcf->redis == NULL) {
        return NGX_OK;
    }

    shm_zone = ngx_shared_memory_add(cf, &ngx_http_llm_cost_box_name,
                                     lmcf->redis->journal,
                                     &ngx_http_llm_cost_module);
    if (shm_zone == NULL) {
        return NGX_ERROR;
    }

    shm_zone->init = ngx_http_llm_cost_redis_box_init;
    shm_zone->data = lmcf;

    ngx_http_llm_cost_box_zone = shm_zone;

    return NGX_OK;
}


static ngx_int_t
ngx_http_llm_cost_redis_box_init(ngx_shm_zone_t *shm_zone, void *data)
{
    size_t                           size;
    uint64_t                         seed[2];
    const char                      *err;
    ngx_slab_pool_t                 *shpool;
    ngx_http_llm_cost_redis_box_t   *box;

    shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    if (data || shm_zone->shm.exists) {
        box = shpool->data;

        if (box->version == NGX_HTTP_LLM_COST_BOX_VERSION
            && llm_oplog_attach(box->log, box->log_size, &err) != NULL)
        {
            return NGX_OK;
        }

        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "zone \"%V\" was made by another version of the "
                      "module: restart nginx instead of reloading it",
                      &shm_zone->shm.name);
        return NGX_ERROR;
    }

    box = ngx_slab_calloc(shpool, sizeof(ngx_http_llm_cost_redis_box_t));
    if (box == NULL) {
        return NGX_ERROR;
    }

    shpool->data = box;
    shpool->log_nomem = 0;

    box->version = NGX_HTTP_LLM_COST_BOX_VERSION;
    box->age = 1;

    llm_shm_seed(seed, (uint64_t) ngx_random());
    box->record = (uint32_t) seed[0] | 1;

    /* all that is left, but for what the slab allocator wants for itself */

    size = shpool->pfree * ngx_pagesize;

    while (box->log == NULL && size > ngx_pagesize) {
        size -= ngx_pagesize;
        box->log = ngx_slab_alloc(shpool, size);
    }

    if (box->log == NULL) {
        return NGX_ERROR;
    }

    box->log_size = size;

    return llm_oplog_create(box->log, size) ? NGX_OK : NGX_ERROR;
}


ngx_http_llm_cost_redis_box_t *
ngx_http_llm_cost_redis_box(void)
{
    ngx_slab_pool_t  *shpool;

    shpool = (ngx_slab_pool_t *) ngx_http_llm_cost_box_zone->shm.addr;

    return shpool->data;
}


void
ngx_http_llm_cost_redis_box_lock(void)
{
    ngx_slab_pool_t  *shpool;

    shpool = (ngx_slab_pool_t *) ngx_http_llm_cost_box_zone->shm.addr;

    ngx_shmtx_lock(&shpool->mutex);
}


void
ngx_http_llm_cost_redis_box_unlock(void)
{
    ngx_slab_pool_t  *shpool;

    shpool = (ngx_slab_pool_t *) ngx_http_llm_cost_box_zone->shm.addr;

    ngx_shmtx_unlock(&shpool->mutex);
}


/* from now on the zone admits; 1 for the worker that was the first to say so */

ngx_uint_t
ngx_http_llm_cost_redis_box_away(void)
{
    ngx_uint_t                      first;
    ngx_http_llm_cost_redis_box_t  *box;

    box = ngx_http_llm_cost_redis_box();

    ngx_http_llm_cost_redis_box_lock();

    first = (box->state != NGX_HTTP_LLM_COST_STORE_AWAY);

    if (first) {
        box->since = ngx_time();
        box->age++;
        box->state = NGX_HTTP_LLM_COST_STORE_AWAY;
    }

    ngx_http_llm_cost_redis_box_unlock();

    if (first) {
        llm_stats_count(ngx_http_llm_cost_zone()->stats,
                        LLM_STATS_STORE_CHANGES, 1);
    }

    return first;
}


/*
 * The stamp of a reply, if it is of the incarnation that this node knows, or
 * that it is joining, which one worker does.  The zone has to know of it before
 * what the reply confirms.
 */

void
ngx_http_llm_cost_redis_box_saw(ngx_http_llm_cost_redis_op_t *op,
    uint64_t stamp)
{
    ngx_atomic_uint_t               seen;
    ngx_http_llm_cost_redis_box_t  *box;

    box = ngx_http_llm_cost_redis_box();

    if (op->replay) {
        if (ngx_http_llm_cost_redis_box_counts(op)) {
            box->joined.seen = ngx_max(box->joined.seen, stamp);
            llm_ledger_saw(ngx_http_llm_cost_zone()->ledger, stamp);
        }

        return;
    }

    if (ngx_memcmp(op->store, box->id, NGX_HTTP_LLM_COST_REDIS_ID) != 0) {
        return;
    }

    llm_ledger_saw(ngx_http_llm_cost_zone()->ledger, stamp);

    do {
        seen = box->seen;

        if (seen >= stamp
            || ngx_memcmp(op->store, box->id, NGX_HTTP_LLM_COST_REDIS_ID)
               != 0)
        {
            return;
        }

    } while (!ngx_atomic_cmp_set(&box->seen, seen, stamp));
}


/*
 * The incarnation that this node knows, and its highest stamp.  One that has
 * not heard of Redis yet knows what an earlier nginx has left in the zone; and
 * what the other binary of an upgrade has seen of it is there as well.
 */

uint64_t
ngx_http_llm_cost_redis_box_knows(u_char *id)
{
    uint64_t                        seen;
    ngx_http_llm_cost_redis_box_t  *box;

    box = ngx_http_llm_cost_redis_box();
    seen = llm_ledger_store(ngx_http_llm_cost_zone()->ledger, id);

    if (box->id[0] == '\0') {
        return seen;
    }

    if (ngx_memcmp(id, box->id, NGX_HTTP_LLM_COST_REDIS_ID) != 0) {
        ngx_memcpy(id, box->id, NGX_HTTP_LLM_COST_REDIS_ID);
        return box->seen;
    }

    return ngx_max(seen, box->seen);
}


/*
 * Whether the end of one more request could still be written down.  What is
 * open already has been promised its place.
 */

ngx_uint_t
ngx_http_llm_cost_redis_box_room(void)
{
    llm_ledger_stat_t  st;

    llm_ledger_stat(ngx_http_llm_cost_zone()->ledger, &st);

    return ngx_http_llm_cost_redis_box_holds((ngx_uint_t) st.holds + 32);
}


/* whether the ends of n requests can be written down now */

ngx_uint_t
ngx_http_llm_cost_redis_box_holds(ngx_uint_t n)
{
    size_t                          room;
    ngx_http_llm_cost_redis_box_t  *box;

    box = ngx_http_llm_cost_redis_box();

    ngx_http_llm_cost_redis_box_lock();
    room = llm_oplog_room(box->log);
    ngx_http_llm_cost_redis_box_unlock();

    return room > n * ngx_http_llm_cost_redis_money()->conf->promise;
}


/*
 * Whether what op's answer confirms is confirmed.  A connection to a primary
 * that has been replaced may still bring answers while, or after, another
 * worker has told the new one what the node has recorded; what they confirm has
 * to be said there as well.  Under the lock where it has to stay true.
 */

ngx_uint_t
ngx_http_llm_cost_redis_box_counts(ngx_http_llm_cost_redis_op_t *op)
{
    ngx_http_llm_cost_redis_box_t  *box;

    box = ngx_http_llm_cost_redis_box();

    if (op->replay) {

        /* nobody else is repeating anything to another store meanwhile */

        return box->joiner == (ngx_atomic_uint_t) ngx_pid
               && ngx_memcmp(op->store, ngx_http_llm_cost_redis_money()->id,
                             NGX_HTTP_LLM_COST_REDIS_ID) == 0;
    }

    return box->state == NGX_HTTP_LLM_COST_STORE_READY
           && ngx_memcmp(op->store, box->id, NGX_HTTP_LLM_COST_REDIS_ID) == 0;
}


/* the node has joined another store since op was sent */

ngx_uint_t
ngx_http_llm_cost_redis_box_stray(ngx_http_llm_cost_redis_op_t *op)
{
    ngx_http_llm_cost_redis_box_t  *box;

    box = ngx_http_llm_cost_redis_box();

    return op->sent && box->state == NGX_HTTP_LLM_COST_STORE_READY
           && ngx_memcmp(op->store, box->id, NGX_HTTP_LLM_COST_REDIS_ID) != 0;
}


/*
 * One on record was repeated.  The store has it since op->stamp only: should it
 * go back to before, without leaving the incarnation, that is to be repeated
 * again.
 */

void
ngx_http_llm_cost_redis_box_repeated(ngx_http_llm_cost_redis_op_t *op)
{
    llm_oplog_entry_t              *e;
    ngx_http_llm_cost_redis_box_t  *box;

    box = ngx_http_llm_cost_redis_box();

    ngx_http_llm_cost_redis_box_lock();

    e = llm_oplog_at(box->log, op->pos);

    if (e && e->state == LLM_OPLOG_DONE && e->stamp < op->stamp
        && ngx_http_llm_cost_redis_box_counts(op))
    {
        e->stamp = op->stamp;
    }

    ngx_http_llm_cost_redis_box_unlock();
}


/*
 * Something of this node is on this record as confirmed, or will be.  Where the
 * last was on another one, this is no whole record of what there was until now,
 * and the other one may be gone when that matters: that of the other binary of
 * an upgrade, or of workers from before a reload that has changed journal=.
 * The lock is held.
 */

void
ngx_http_llm_cost_redis_box_recorded(ngx_http_llm_cost_redis_box_t *box)
{
    u_char         store[NGX_HTTP_LLM_COST_REDIS_ID];
    uint64_t       seen;
    llm_ledger_t  *l;

    l = ngx_http_llm_cost_zone()->ledger;

    if (llm_ledger_recorded(l, box->record)) {
        seen = llm_ledger_store(l, store);
        box->log->dropped = ngx_max(box->log->dropped, seen);
    }
}


/*
 * A settlement or cancellation: pending, or confirmed with op->stamp, if that
 * counts.  NGX_OK, or NGX_DECLINED where too much is pending.
 */

ngx_int_t
ngx_http_llm_cost_redis_box_add(ngx_http_llm_cost_redis_op_t *op,
    ngx_uint_t done)
{
    int                             rc;
    uint64_t                        dropped, id[2];
    int64_t                         dropped_time;
    ngx_http_llm_cost_redis_box_t  *box;

    box = ngx_http_llm_cost_redis_box();

    ngx_http_llm_cost_redis_box_lock();

    done = done && ngx_http_llm_cost_redis_box_counts(op);

    if (done) {
        ngx_http_llm_cost_redis_box_recorded(box);
    }

    dropped = box->log->dropped;

    id[0] = op->id.node;
    id[1] = op->id.seq;

    rc = llm_oplog_add(box->log, id,
                       op->sent && !op->told[0] ? op->store : op->told,
                       op->plain ? op->plain : op->command,
                       op->plain ? op->plain_size : op->size,
                       done ? LLM_OPLOG_DONE : LLM_OPLOG_PENDING,
                       (int64_t) ngx_time(), op->stamp);

    dropped_time = box->log->dropped_time;

    if (dropped != box->log->dropped
        && dropped_time > ngx_time() - NGX_HTTP_LLM_COST_REDIS_KEEP
        && box->warned + 3600 <= ngx_time())
    {
        box->warned = ngx_time();

    } else {
        dropped_time = 0;
    }

    ngx_http_llm_cost_redis_box_unlock();

    if (dropped_time) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "llm cost: journal= of llm_redis is too small for %d "
                      "seconds of what Redis has confirmed: it holds %T",
                      NGX_HTTP_LLM_COST_REDIS_KEEP,
                      ngx_time() - (time_t) dropped_time);
    }

    return rc == LLM_OK ? NGX_OK : NGX_DECLINED;
}
