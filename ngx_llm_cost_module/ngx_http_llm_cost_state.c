
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include <ngx_config.h>
#include <poll.h>
#include <pthread.h>

#include "ngx_http_llm_cost.h"
#include "llm_shm.h"


/*
 * llm_zone ... state=: the ledger is in a file (llm_ledger_file.h) instead of
 * the zone.  The master opens it, workers inherit the mapping; a reload and
 * the binary of an upgrade open it again and find that they have it already.
 *
 * In each worker a thread of its own brings the changes to the disk, once a
 * second: a disk that is slow must not stop the event loop.  The thread knows
 * the file and nothing of nginx but its log; which of the workers' threads
 * does the work is decided in the file.
 */


#define NGX_HTTP_LLM_COST_STATE_TICK    1000    /* ms */
#define NGX_HTTP_LLM_COST_STATE_STACK   (256 * 1024)
#define NGX_HTTP_LLM_COST_STATE_QUIET   60      /* ticks between complaints */


static void ngx_http_llm_cost_state_cleanup(void *data);
static void ngx_http_llm_cost_state_tell(ngx_http_llm_cost_zone_t *z);
static void *ngx_http_llm_cost_state_thread(void *data);


/* of this worker; the pipe's other end is closed to end the thread */

static pthread_t  ngx_http_llm_cost_state_tid;
static int        ngx_http_llm_cost_state_pipe[2];
static ngx_uint_t ngx_http_llm_cost_state_runs;


char *
ngx_http_llm_cost_state_conf(ngx_conf_t *cf, ngx_http_llm_cost_zone_t *z,
    ngx_str_t *name)
{
    ngx_pool_cleanup_t  *cln;

    if (name->len == 0) {
        return ngx_http_llm_cost_conf_error(cf,
                   "\"state=\" has no file name, write for "
                   "example \"state=/var/lib/nginx/llm.state\"");
    }

    z->state_name = *name;

    if (ngx_conf_full_name(cf->cycle, &z->state_name, 0) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    z->state.fd = -1;

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_CONF_ERROR;
    }

    cln->handler = ngx_http_llm_cost_state_cleanup;
    cln->data = z;

    return NGX_CONF_OK;
}


static void
ngx_http_llm_cost_state_cleanup(void *data)
{
    ngx_http_llm_cost_zone_t *z = data;

    llm_ledger_file_close(&z->state);

    if (z->held_fd > 0) {
        (void) close(z->held_fd);
        z->held_fd = 0;
    }
}


/* once the table is there; without the file, batches are lost with the zone */

void
ngx_http_llm_cost_state_held(ngx_http_llm_cost_zone_t *z, ngx_uint_t made)
{
    u_char  name[NGX_MAX_PATH];

    if (z->held == NULL || z->state.ledger == NULL) {
        return;
    }

    (void) ngx_snprintf(name, sizeof(name), "%V.held%Z", &z->state_name);
    name[sizeof(name) - 1] = '\0';

    z->held_fd = llm_held_file_open(z->held, (char *) name,
                                    (int64_t) ngx_time(),
                                    made && !z->state.shared);

    if (z->held_fd == -1) {
        ngx_log_error(NGX_LOG_WARN, z->shm_zone->shm.log, ngx_errno,
                      "\"%s\" cannot be used: batches that run while nginx "
                      "stops will be billed at their most", name);
        z->held_fd = 0;
    }
}


/* before: the file that the running configuration has, or 0 */

ngx_int_t
ngx_http_llm_cost_state_open(ngx_http_llm_cost_zone_t *z, size_t size,
    uint64_t before)
{
    char        err[LLM_FILE_ERR];
    uint64_t    node[2];
    ngx_log_t  *log;

    log = z->shm_zone->shm.log;

    llm_shm_seed(node, ((uint64_t) ngx_pid << 32) ^ (uint64_t) ngx_time());

    if (llm_ledger_file_open(&z->state, (char *) z->state_name.data, size,
                             node[0], err)
        != LLM_OK)
    {
        ngx_log_error(NGX_LOG_EMERG, log, 0,
                      "state file \"%V\" of llm_zone cannot be used: %s",
                      &z->state_name, err);
        return NGX_ERROR;
    }

    if (before && before != z->state.ino) {
        ngx_log_error(NGX_LOG_EMERG, log, 0,
                      "state= of llm_zone cannot be changed by a reload to "
                      "\"%V\": stop nginx, move the file, start nginx",
                      &z->state_name);
        return NGX_ERROR;
    }

    z->ledger = z->state.ledger;

    ngx_http_llm_cost_state_tell(z);

    return NGX_OK;
}


static void
ngx_http_llm_cost_state_tell(ngx_http_llm_cost_zone_t *z)
{
    ngx_log_t          *log;
    llm_ledger_file_t  *f;

    f = &z->state;
    log = z->shm_zone->shm.log;

    if (f->made) {
        ngx_log_error(NGX_LOG_NOTICE, log, 0,
                      "state file \"%V\" is new: the ledger starts empty",
                      &z->state_name);
    }

    if (f->recovered) {
        ngx_log_error(NGX_LOG_NOTICE, log, 0,
                      "state file \"%V\" is from before the last boot: the "
                      "ledger is that of its last second or of its stop",
                      &z->state_name);
    }

    if (f->resized) {
        ngx_log_error(NGX_LOG_NOTICE, log, 0,
                      "state file \"%V\" was copied into another size",
                      &z->state_name);
    }

    if (f->kept) {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "state file \"%V\" keeps its size while processes have "
                      "it: the new size of llm_zone holds for its ledger when "
                      "nginx is started anew", &z->state_name);
    }
}


ngx_int_t
ngx_http_llm_cost_state_start(ngx_cycle_t *cycle, ngx_http_llm_cost_zone_t *z)
{
    int             rc;
    sigset_t        all, old;
    pthread_attr_t  attr;

    /* without a master there is one process, which syncs when it ends */

    if (z->state.ledger == NULL || ngx_process != NGX_PROCESS_WORKER) {
        return NGX_OK;
    }

    if (pipe(ngx_http_llm_cost_state_pipe) == -1) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_errno, "pipe() failed");
        return NGX_ERROR;
    }

    (void) pthread_attr_init(&attr);
    (void) pthread_attr_setstacksize(&attr, NGX_HTTP_LLM_COST_STATE_STACK);

    /* signals are the worker's */

    (void) sigfillset(&all);
    (void) pthread_sigmask(SIG_SETMASK, &all, &old);

    rc = pthread_create(&ngx_http_llm_cost_state_tid, &attr,
                        ngx_http_llm_cost_state_thread, z);

    (void) pthread_sigmask(SIG_SETMASK, &old, NULL);
    (void) pthread_attr_destroy(&attr);

    if (rc != 0) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, rc,
                      "pthread_create() failed");
        return NGX_ERROR;
    }

    ngx_http_llm_cost_state_runs = 1;

    return NGX_OK;
}


void
ngx_http_llm_cost_state_stop(ngx_http_llm_cost_zone_t *z)
{
    if (z->state.ledger == NULL) {
        return;
    }

    if (ngx_http_llm_cost_state_runs) {
        (void) close(ngx_http_llm_cost_state_pipe[1]);
        (void) pthread_join(ngx_http_llm_cost_state_tid, NULL);
        (void) close(ngx_http_llm_cost_state_pipe[0]);

        ngx_http_llm_cost_state_runs = 0;
    }

    (void) llm_ledger_file_sync(&z->state);
}


static void *
ngx_http_llm_cost_state_thread(void *data)
{
    ngx_http_llm_cost_zone_t *z = data;

    int            err;
    ngx_uint_t     quiet;
    struct pollfd  pfd;

    quiet = 0;
    pfd.fd = ngx_http_llm_cost_state_pipe[0];
    pfd.events = POLLIN;

    while (poll(&pfd, 1, NGX_HTTP_LLM_COST_STATE_TICK) == 0) {

        err = llm_ledger_file_sync(&z->state);

        if (quiet) {
            quiet--;
        }

        if (err && quiet == 0) {
            ngx_log_error(NGX_LOG_CRIT, ngx_cycle->log, err,
                          err == EBADMSG
                          ? "state file \"%V\" was damaged on the disk, and "
                            "has been written anew from memory"
                          : "state file \"%V\" cannot be written: a power "
                            "loss now loses more than a second",
                          &z->state_name);
            quiet = NGX_HTTP_LLM_COST_STATE_QUIET;
        }
    }

    return NULL;
}
