
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"
#include "llm_shm.h"


/*
 * The shared memory zone: made, or found again by a reload.
 *
 * The zone has fixed shares, each one allocation made when the zone is: the
 * ledger 1/2, statistics 1/8, cached answers 1/4, token counts 1/16, work that
 * goes on 1/32, flights 1/128, what counts are worth 1/128; the rest is the
 * slab allocator's own.  A reload keeps all of it.  Every part knows its
 * layout: a module of another version that is reloaded over it does not start,
 * instead of reading counters wrongly.
 */


#define NGX_HTTP_LLM_COST_ZONE_VERSION  6


/* at the zone's beginning; survives reloads */

typedef struct {
    uint32_t                    version;
    uint32_t                    header_size;

    llm_ledger_t               *ledger;         /* NULL: in a file */
    uint64_t                    state;          /* the file's inode, or 0 */
    llm_stats_t                *stats;
    llm_cache_t                *cache;
    llm_memo_t                 *memo;           /* or NULL */
    llm_flights_t              *flights;
    llm_learn_table_t          *learn;          /* or NULL */
    llm_held_table_t           *held;           /* or NULL */

    size_t                      ledger_size;
    size_t                      stats_size;
    size_t                      cache_size;
    size_t                      memo_size;
    size_t                      flights_size;
    size_t                      learn_size;
    size_t                      held_size;

    ngx_atomic_t                swept;          /* second of the last sweep */
} ngx_http_llm_cost_zone_sh_t;


static ngx_int_t ngx_http_llm_cost_zone_create(ngx_http_llm_cost_zone_t *z,
    size_t size);
static void ngx_http_llm_cost_zone_shares(ngx_http_llm_cost_zone_sh_t *sh,
    size_t size);
static ngx_int_t ngx_http_llm_cost_zone_parts(ngx_http_llm_cost_zone_t *z);
static ngx_int_t ngx_http_llm_cost_zone_attach(ngx_http_llm_cost_zone_t *z);
static ngx_int_t ngx_http_llm_cost_zone_ledger(ngx_http_llm_cost_zone_t *z);
static ngx_int_t ngx_http_llm_cost_zone_old_ledger(ngx_http_llm_cost_zone_t *z,
    const char **err);
static ngx_int_t ngx_http_llm_cost_zone_old_parts(ngx_http_llm_cost_zone_t *z,
    ngx_http_llm_cost_zone_sh_t *sh, const char **err);
static uint64_t ngx_http_llm_cost_zone_running(ngx_http_llm_cost_zone_t *z);


ngx_int_t
ngx_http_llm_cost_zone_init(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_http_llm_cost_zone_t  *z;

    z = shm_zone->data;

    z->shm_zone = shm_zone;
    z->shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    /*
     * data, what the old cycle had, is not looked at: a module that was
     * replaced on disk may have given it another layout.
     */

    if (data || shm_zone->shm.exists) {
        return ngx_http_llm_cost_zone_attach(z);
    }

    return ngx_http_llm_cost_zone_create(z, shm_zone->shm.size);
}


static ngx_int_t
ngx_http_llm_cost_zone_create(ngx_http_llm_cost_zone_t *z, size_t size)
{
    ngx_int_t                     rc;
    ngx_str_t                    *name;
    ngx_http_llm_cost_zone_sh_t  *sh;

    name = &z->shm_zone->shm.name;

    sh = ngx_slab_calloc(z->shpool, sizeof(ngx_http_llm_cost_zone_sh_t));
    if (sh == NULL) {
        goto small;
    }

    z->shpool->data = sh;
    z->shpool->log_nomem = 0;

    sh->version = NGX_HTTP_LLM_COST_ZONE_VERSION;
    sh->header_size = sizeof(ngx_http_llm_cost_zone_sh_t);

    ngx_http_llm_cost_zone_shares(sh, size);

    rc = ngx_http_llm_cost_zone_ledger(z);

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc == NGX_OK && ngx_http_llm_cost_zone_parts(z) == NGX_OK) {
        return NGX_OK;
    }

small:

    ngx_log_error(NGX_LOG_EMERG, z->shm_zone->shm.log, 0,
                  "llm_zone \"%V\" of %uz bytes is too small: "
                  "use %dm or more", name, size, NGX_HTTP_LLM_COST_ZONE_MIN
                                                 / (1024 * 1024));
    return NGX_ERROR;
}


static void
ngx_http_llm_cost_zone_shares(ngx_http_llm_cost_zone_sh_t *sh, size_t size)
{
    sh->ledger_size = size / 2 & ~(ngx_pagesize - 1);
    sh->stats_size = size / 8 & ~(ngx_pagesize - 1);
    sh->cache_size = size / 4 & ~(ngx_pagesize - 1);
    sh->memo_size = size / 16 & ~(ngx_pagesize - 1);
    sh->flights_size = size / 128 & ~(ngx_pagesize - 1);
    sh->learn_size = size / 128 & ~(ngx_pagesize - 1);
    sh->held_size = size / 32 & ~(ngx_pagesize - 1);
}


/* all but the ledger */

static ngx_int_t
ngx_http_llm_cost_zone_parts(ngx_http_llm_cost_zone_t *z)
{
    void                         *cache, *memo, *learn, *held;
    ngx_http_llm_cost_zone_sh_t  *sh;

    sh = z->shpool->data;

    sh->stats = ngx_slab_alloc(z->shpool, sh->stats_size);
    cache = ngx_slab_alloc(z->shpool, sh->cache_size);
    memo = ngx_slab_alloc(z->shpool, sh->memo_size);
    sh->flights = ngx_slab_alloc(z->shpool, sh->flights_size);
    learn = sh->learn_size ? ngx_slab_alloc(z->shpool, sh->learn_size) : NULL;
    held = sh->held_size ? ngx_slab_alloc(z->shpool, sh->held_size) : NULL;

    if (sh->stats == NULL || cache == NULL || memo == NULL
        || sh->flights == NULL)
    {
        return NGX_DECLINED;
    }

    z->cache = llm_cache_create(cache, sh->cache_size,
                                (uint64_t) ngx_random());
    if (z->cache == NULL) {
        return NGX_DECLINED;
    }

    sh->cache = z->cache;
    sh->memo = ngx_http_llm_cost_memo_create(z, memo, sh->memo_size);

    /* nothing but estimates depends on it */

    if (learn) {
        sh->learn = llm_learn_create(learn, sh->learn_size);
        z->learn = sh->learn;
    }

    /* without it such work is billed at its most when it begins */

    if (held) {
        sh->held = llm_held_create(held, sh->held_size);
        z->held = sh->held;

        ngx_http_llm_cost_state_held(z, 1);
    }

    z->stats = llm_stats_create(sh->stats, sh->stats_size);
    z->flights = llm_flights_create(sh->flights, sh->flights_size,
                                    (uint64_t) ngx_random());

    if (z->stats == NULL || z->flights == NULL) {
        return NGX_DECLINED;
    }

    return NGX_OK;
}


/* a test of the configuration touches no file */

static ngx_int_t
ngx_http_llm_cost_zone_ledger(ngx_http_llm_cost_zone_t *z)
{
    uint64_t                      before, node[2];
    ngx_http_llm_cost_zone_sh_t  *sh;

    sh = z->shpool->data;
    before = ngx_http_llm_cost_zone_running(z);

    if (z->state_name.len && !ngx_test_config) {
        if (ngx_http_llm_cost_state_open(z, sh->ledger_size, before)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        sh->state = z->state.ino;

        return NGX_OK;
    }

    if (before) {
        ngx_log_error(NGX_LOG_EMERG, z->shm_zone->shm.log, 0,
                      "state= of llm_zone \"%V\" cannot be taken away by a "
                      "reload: stop nginx and start it",
                      &z->shm_zone->shm.name);
        return NGX_ERROR;
    }

    sh->ledger = ngx_slab_alloc(z->shpool, sh->ledger_size);
    if (sh->ledger == NULL) {
        return NGX_DECLINED;
    }

    llm_shm_seed(node, ((uint64_t) ngx_pid << 32) ^ (uint64_t) ngx_time());

    z->ledger = llm_ledger_create(sh->ledger, sh->ledger_size, node[0]);

    ngx_log_error(NGX_LOG_NOTICE, z->shm_zone->shm.log, 0,
                  "llm_zone \"%V\": its ledger starts empty, as nothing is "
                  "kept over a start, an upgrade or another size without "
                  "state=", &z->shm_zone->shm.name);

    return z->ledger ? NGX_OK : NGX_DECLINED;
}


/* of a zone that a reload found as it was */

static ngx_int_t
ngx_http_llm_cost_zone_old_ledger(ngx_http_llm_cost_zone_t *z,
    const char **err)
{
    ngx_http_llm_cost_zone_sh_t  *sh;

    sh = z->shpool->data;

    if (z->state_name.len) {

        if (sh->state == 0) {
            ngx_log_error(NGX_LOG_WARN, z->shm_zone->shm.log, 0,
                          "llm_zone \"%V\" has state= now: its ledger is that "
                          "of the file, what was counted in memory stays "
                          "behind", &z->shm_zone->shm.name);
        }

        return ngx_http_llm_cost_state_open(z, sh->ledger_size, sh->state);
    }

    if (sh->state) {
        ngx_log_error(NGX_LOG_EMERG, z->shm_zone->shm.log, 0,
                      "state= of llm_zone \"%V\" cannot be taken away by a "
                      "reload: stop nginx and start it",
                      &z->shm_zone->shm.name);
        return NGX_ERROR;
    }

    z->ledger = llm_ledger_attach(sh->ledger, sh->ledger_size, err);

    return z->ledger ? NGX_OK : NGX_DECLINED;
}


/* the file of the zone that runs under this name with another size, or 0 */

static uint64_t
ngx_http_llm_cost_zone_running(ngx_http_llm_cost_zone_t *z)
{
    ngx_uint_t                    i;
    ngx_shm_zone_t               *zones;
    ngx_list_part_t              *part;
    ngx_slab_pool_t              *shpool;
    ngx_http_llm_cost_zone_sh_t  *sh;

    for (part = (ngx_list_part_t *) &ngx_cycle->shared_memory.part;
         part;
         part = part->next)
    {
        zones = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (zones[i].init != ngx_http_llm_cost_zone_init
                || zones[i].shm.addr == NULL
                || &zones[i] == z->shm_zone
                || zones[i].shm.name.len != z->shm_zone->shm.name.len
                || ngx_strncmp(zones[i].shm.name.data,
                               z->shm_zone->shm.name.data,
                               zones[i].shm.name.len)
                   != 0)
            {
                continue;
            }

            shpool = (ngx_slab_pool_t *) zones[i].shm.addr;
            sh = shpool->data;

            return sh->state;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_llm_cost_zone_attach(ngx_http_llm_cost_zone_t *z)
{
    ngx_int_t                     rc;
    const char                   *err;
    ngx_http_llm_cost_zone_sh_t  *sh;

    sh = z->shpool->data;

    if (sh->version != NGX_HTTP_LLM_COST_ZONE_VERSION
        || sh->header_size != sizeof(ngx_http_llm_cost_zone_sh_t))
    {
        err = "its layout is another one";
        goto failed;
    }

    rc = ngx_http_llm_cost_zone_old_ledger(z, &err);

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc == NGX_OK) {
        rc = ngx_http_llm_cost_zone_old_parts(z, sh, &err);
    }

    if (rc == NGX_OK) {
        return NGX_OK;
    }

failed:

    ngx_log_error(NGX_LOG_EMERG, z->shm_zone->shm.log, 0,
                  "llm_zone \"%V\" was made by another version of the module "
                  "(%s): restart nginx instead of reloading it",
                  &z->shm_zone->shm.name, err);

    return NGX_ERROR;
}


/* all but the ledger; NGX_DECLINED: err says which is of another version */

static ngx_int_t
ngx_http_llm_cost_zone_old_parts(ngx_http_llm_cost_zone_t *z,
    ngx_http_llm_cost_zone_sh_t *sh, const char **err)
{
    z->stats = llm_stats_attach(sh->stats, sh->stats_size, err);
    if (z->stats == NULL) {
        return NGX_DECLINED;
    }

    z->cache = llm_cache_attach(sh->cache, sh->cache_size);
    if (z->cache == NULL) {
        *err = "its cache is of another version";
        return NGX_DECLINED;
    }

    if (ngx_http_llm_cost_memo_attach(z, sh->memo, sh->memo_size, err)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    z->flights = llm_flights_attach(sh->flights, sh->flights_size);
    if (z->flights == NULL) {
        *err = "its table of flights is of another version";
        return NGX_DECLINED;
    }

    if (sh->learn) {
        z->learn = llm_learn_attach(sh->learn, sh->learn_size);
    }

    if (sh->held) {
        z->held = llm_held_attach(sh->held, sh->held_size);

        if (z->held == NULL) {
            *err = "its records of work are of another version";
            return NGX_DECLINED;
        }

        ngx_http_llm_cost_state_held(z, 0);
    }

    return NGX_OK;
}


/* in a worker: the configuration has taken effect */

ngx_int_t
ngx_http_llm_cost_zone_start(ngx_cycle_t *cycle)
{
    ngx_http_llm_cost_zone_t     *z;
    ngx_http_llm_cost_zone_sh_t  *sh;

    z = ngx_http_llm_cost_zone();
    sh = z->shpool->data;

    sh->state = z->state.ledger ? z->state.ino : 0;

    return ngx_http_llm_cost_state_start(cycle, z);
}


void
ngx_http_llm_cost_zone_stop(void)
{
    ngx_http_llm_cost_state_stop(ngx_http_llm_cost_zone());
}


ngx_http_llm_cost_zone_t *
ngx_http_llm_cost_zone(void)
{
    ngx_http_llm_cost_main_conf_t  *lmcf;

    lmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_llm_cost_module);

    return lmcf ? lmcf->zone : NULL;
}


/* of all workers one has it in each second */

ngx_uint_t
ngx_http_llm_cost_zone_turn(ngx_http_llm_cost_zone_t *z, time_t now)
{
    ngx_atomic_uint_t             last;
    ngx_http_llm_cost_zone_sh_t  *sh;

    sh = z->shpool->data;
    last = sh->swept;

    return last != (ngx_atomic_uint_t) now
           && ngx_atomic_cmp_set(&sh->swept, last, (ngx_atomic_uint_t) now);
}
