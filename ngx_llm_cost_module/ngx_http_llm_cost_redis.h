
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _NGX_HTTP_LLM_COST_REDIS_H_INCLUDED_
#define _NGX_HTTP_LLM_COST_REDIS_H_INCLUDED_


/*
 * What the files of the Redis store share, and what llm_api asks of it.
 *
 *   _redis.c         the store: admission
 *   _redis_answers.c cached answers, and purges of them
 *   _redis_flight.c  one flight over all nodes
 *   _redis_settle.c  settle, cancel, renew
 *   _redis_reply.c   what the scripts answer
 *   _redis_local.c   while Redis is away: the zone admits
 *   _redis_box.c     what the workers of a node share: state, record
 *   _redis_usage.c   usage of cache hits, added up before it is sent
 *   _redis_outbox.c  settlements that Redis has not confirmed; every second
 *   _redis_adopt.c   reservations of dead workers, and of long requests
 *   _redis_learn.c   corrections of estimates, shared by the fleet
 *   _redis_join.c    joining Redis again, which may have lost something
 *   _redis_joined.c  how far a join has come, for whichever worker goes on
 *   _redis_repeat.c  what Redis is told again during a join
 *   _redis_hello.c   commands and replies of a join, and the sign of life
 *   _redis_state.c   ready, failed, backoff
 *   _redis_greet.c   the first commands of a new connection
 *   _redis_script.c  scripts, and how a command is put together
 *   _redis_args.c    keys and arguments of each script
 *   _redis_op.c      operations
 *   _redis_conn.c    connections: sending, and matching replies to ops
 *
 * An operation (op) belongs to this side, never to a request: it lives until
 * its handler has run, which happens exactly once, with a reply or with NULL.
 * A request that waits for an op is woken by a posted event of its own.
 */

#include <ngx_config.h>
#include <hiredis/hiredis.h>

#include "ngx_http_llm_cost.h"
#include "llm_oplog.h"


#define NGX_HTTP_LLM_COST_REDIS_OPS_MAX     8192   /* of one connection */
#define NGX_HTTP_LLM_COST_REDIS_BYTES_MAX   (64 * 1024 * 1024)
#define NGX_HTTP_LLM_COST_REDIS_REPLY_MAX   (64 * 1024 * 1024)
#define NGX_HTTP_LLM_COST_REDIS_LINGER      2000   /* ms until an op that nobody
                                                      waits for fails */
#define NGX_HTTP_LLM_COST_REDIS_PATIENCE    5000   /* ms between two checks */
#define NGX_HTTP_LLM_COST_REDIS_KEY_MAX     192    /* without the hash tag */
#define NGX_HTTP_LLM_COST_REDIS_KEEP        60     /* s, of what is confirmed */
#define NGX_HTTP_LLM_COST_REDIS_ID          16     /* of an incarnation */
#define NGX_HTTP_LLM_COST_REDIS_RUN         40     /* id of Redis's process */
#define NGX_HTTP_LLM_COST_REDIS_NEVER       (1ULL << 53)
                                                   /* a stamp beyond all */

#define NGX_HTTP_LLM_COST_REDIS_STALE         -7   /* of another incarnation */

/* how an admission is asked, beside 0, and 1 for a hit */

#define NGX_HTTP_LLM_COST_REDIS_AGAIN         2    /* whatever fits now */
#define NGX_HTTP_LLM_COST_REDIS_LOOK          3    /* a hit takes nothing */

#define NGX_HTTP_LLM_COST_REDIS_FOUND         5    /* look.lua has a hit */
#define NGX_HTTP_LLM_COST_REDIS_CLOSED        6    /* the identity is over */
#define NGX_HTTP_LLM_COST_REDIS_ADMIT_STAMP   6    /* where the stamp is */
#define NGX_HTTP_LLM_COST_REDIS_SETTLE_STAMP  1

/*
 * Identities in Redis are (node, number); the ledger's seq has the number of a
 * reservation above the bits that say where it is.
 */

#define NGX_HTTP_LLM_COST_REDIS_SEQ_SHIFT   20
#define ngx_http_llm_cost_redis_seq(id)                                       \
    ((id)->seq >> NGX_HTTP_LLM_COST_REDIS_SEQ_SHIFT)


typedef struct ngx_http_llm_cost_redis_conn_s  ngx_http_llm_cost_redis_conn_t;
typedef struct ngx_http_llm_cost_redis_op_s    ngx_http_llm_cost_redis_op_t;

/* reply is NULL when there will be none; the handler owns op from now on */

typedef void (*ngx_http_llm_cost_redis_pt)(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply);

/* what a request does when the reply that it has waited for is there */

typedef void (*ngx_http_llm_cost_redis_go_pt)(ngx_http_llm_cost_ctx_t *ctx);


/* a connection goes through these in order, until it is READY */

typedef enum {
    NGX_HTTP_LLM_COST_REDIS_IDLE = 0,
    NGX_HTTP_LLM_COST_REDIS_CONNECTING,
    NGX_HTTP_LLM_COST_REDIS_AUTH,
    NGX_HTTP_LLM_COST_REDIS_SELECT,
    NGX_HTTP_LLM_COST_REDIS_CHECK,      /* may it evict counters? */
    NGX_HTTP_LLM_COST_REDIS_PROBE,      /* may scripts write? */
    NGX_HTTP_LLM_COST_REDIS_RUN_ID,     /* which process is it? */
    NGX_HTTP_LLM_COST_REDIS_SCRIPTS,    /* all scripts are loaded */
    NGX_HTTP_LLM_COST_REDIS_HELLO,      /* which incarnation is it? */
    NGX_HTTP_LLM_COST_REDIS_READY,
    NGX_HTTP_LLM_COST_REDIS_BACKOFF
} ngx_http_llm_cost_redis_state_e;


typedef enum {
    NGX_HTTP_LLM_COST_SCRIPT_ADMIT = 0,
    NGX_HTTP_LLM_COST_SCRIPT_SETTLE,
    NGX_HTTP_LLM_COST_SCRIPT_RENEW,
    NGX_HTTP_LLM_COST_SCRIPT_PUT,
    NGX_HTTP_LLM_COST_SCRIPT_BUDGETS,
    NGX_HTTP_LLM_COST_SCRIPT_SUMMARY,
    NGX_HTTP_LLM_COST_SCRIPT_JOIN,
    NGX_HTTP_LLM_COST_SCRIPT_BALANCE,
    NGX_HTTP_LLM_COST_SCRIPT_PATCH,
    NGX_HTTP_LLM_COST_SCRIPT_PURGE,
    NGX_HTTP_LLM_COST_SCRIPT_FLIGHT,
    NGX_HTTP_LLM_COST_SCRIPT_LEARN,
    NGX_HTTP_LLM_COST_SCRIPT_N,
    NGX_HTTP_LLM_COST_SCRIPT_NONE       /* a plain command */
} ngx_http_llm_cost_script_e;


struct ngx_http_llm_cost_redis_op_s {
    void                            *data;       /* the handler's */
    ngx_http_llm_cost_redis_pt       handler;
    ngx_http_llm_cost_redis_conn_t  *conn;       /* NULL: not queued */
    ngx_int_t                        ident;      /* after three pointers, as
                                                    in ngx_connection_t */
    ngx_queue_t                      queue;
    ngx_event_t                      timer;      /* until the reply */
    ngx_event_t                      wake;       /* posted when it has come */
    ngx_http_llm_cost_redis_go_pt    go;         /* ... and calls this */

    ngx_http_llm_cost_script_e       script;     /* as it is sent, */
    ngx_http_llm_cost_script_e       kind;       /* and as it was made */
    u_char                          *command;    /* ngx_alloc() */
    size_t                           size;
    size_t                           sent;       /* bytes of it */

    llm_hold_id_t                    id;         /* of a reservation */
    int64_t                          spent[LLM_UNIT_N];
    llm_budget_t                    *budgets;    /* copy, ngx_alloc() */
    ngx_uint_t                       nbudgets;
    ngx_uint_t                       source;     /* of what was spent */
    int64_t                          count;      /* requests in its usage */
    uint64_t                         pos;        /* in the record */
    uint64_t                         call;       /* number of the command: its
                                                    reply ends with it */
    u_char                           store[NGX_HTTP_LLM_COST_REDIS_ID];
                                                 /* incarnation that it was
                                                    sent to */
    u_char                           told[NGX_HTTP_LLM_COST_REDIS_ID];
                                                 /* incarnation that another op
                                                    was sent to before, with
                                                    the same; or '\0' */
    uint64_t                         stamp;      /* of the reply */
    u_char                          *plain;      /* as it was before it got
                                                    its script's text */
    size_t                           plain_size;

    u_char                           work[LLM_HELD_NAME];
    u_char                           key[NGX_HTTP_LLM_COST_CACHE_KEY];
    llm_flight_t                     flight;     /* lands when it is kept, */
    uint64_t                         token;      /* and so does the fleet's */

    unsigned                         waited:1;   /* a client waits for it */
    unsigned                         looks:1;    /* for an answer, too */
    unsigned                         done:1;     /* the wake event is posted */
    unsigned                         spends:1;   /* else it is cancelled */
    unsigned                         greeting:1; /* before others may be sent */
    unsigned                         guarded:1;  /* for one incarnation only */
    unsigned                         replay:1;   /* for the one that is being
                                                    joined */
    unsigned                         hello:1;    /* asks which one that is */
    unsigned                         over:1;     /* its identity was */
    unsigned                         tells:1;    /* what is on record, first */
};


struct ngx_http_llm_cost_redis_conn_s {
    ngx_http_llm_cost_redis_t       *redis;
    ngx_connection_t                *c;
    redisReader                     *reader;
    ngx_http_llm_cost_redis_state_e  state;

    ngx_queue_t                      waiting;    /* ops not wholly sent */
    ngx_queue_t                      sent;       /* ops whose reply is due, in
                                                    the order of the replies */
    ngx_uint_t                       nops;       /* in both queues */
    size_t                           bytes;      /* of those that wait */

    ngx_event_t                      timer;      /* connect, backoff, check */
    ngx_event_t                      flush;      /* posted: send what waits */
    ngx_connection_t                 dummy;      /* data of these events */

    ngx_log_t                        quiet;      /* keeps nginx's own messages
                                                    on connect() out of logs */
    ngx_uint_t                       failures;   /* in a row */
    ngx_err_t                        err;        /* of connect() */
    ngx_uint_t                       loading;    /* SCRIPTS: still to come */
    uint64_t                         stamp;      /* the last that was seen */
    unsigned                         info:1;     /* CONFIG is forbidden, INFO is
                                                    asked instead */
};


/* a server, as one worker sees it */

struct ngx_http_llm_cost_redis_s {
    ngx_http_llm_cost_redis_conf_t  *conf;
    ngx_str_t                        tag;        /* "{llm:}" */
    ngx_uint_t                       nconns;
    ngx_http_llm_cost_redis_conn_t  *conns;
    time_t                           since;      /* of the state */
    u_char                           error[160]; /* why it is down */
    u_char                           run[NGX_HTTP_LLM_COST_REDIS_RUN];
    ngx_uint_t                       run_len;    /* 0: not known */
    u_char                           id[NGX_HTTP_LLM_COST_REDIS_ID];
    u_char                           lost[NGX_HTTP_LLM_COST_REDIS_ID];
                                                 /* has lost something */
    uint64_t                         calls;      /* guarded ones */
    ngx_atomic_uint_t                age;        /* of the box, when it last
                                                    answered a greeting */
    unsigned                         money:1;    /* budgets live there */
    unsigned                         ready:1;    /* was, at least once */
    unsigned                         down:1;
    unsigned                         loss:1;     /* lost is set */
    unsigned                         listens:1;  /* is told of flights, and */
    unsigned                         subscribed:1;   /* has said so */
};


/* the state of the store, of a node */

#define NGX_HTTP_LLM_COST_STORE_NEW         0
#define NGX_HTTP_LLM_COST_STORE_READY       1
#define NGX_HTTP_LLM_COST_STORE_AWAY        2


/*
 * How far the node has come in joining the incarnation id since it went away
 * (age).  Connections are lost and workers end, but what the store was told it
 * has: whoever joins next goes on from here.  Only the joiner writes to it.
 */

typedef struct {
    u_char                           id[NGX_HTTP_LLM_COST_REDIS_ID];
    uint64_t                         age;
    ngx_uint_t                       step;
    uint64_t                         pos;        /* of the step: done to it */
    uint64_t                         base;       /* the store has what the node
                                                    knew, up to there */
    uint64_t                         seen;       /* highest stamp of id */
    int64_t                          since;      /* Redis's time, at first */
    ngx_uint_t                       deep;       /* the record is too short, */
    ngx_uint_t                       said;       /* and the store knows */
    ngx_msec_t                       waited;     /* for other nodes */
} ngx_http_llm_cost_redis_joined_t;


/* what all workers of a node share; under its lock, except the atomics */

typedef struct {
    ngx_uint_t                       version;
    ngx_atomic_t                     state;
    u_char                           id[NGX_HTTP_LLM_COST_REDIS_ID];
    ngx_atomic_t                     seen;       /* highest stamp of id */
    ngx_atomic_t                     nodes;      /* that share Redis */
    ngx_atomic_t                     peers;      /* that were there just now */
    ngx_atomic_t                     heard;      /* Redis's time in its last
                                                    answer to a sign of life */
    ngx_atomic_t                     since;      /* when it went away */
    ngx_atomic_t                     locals;     /* admitted by the zone */
    ngx_atomic_t                     joiner;     /* pid, or 0 */
    ngx_atomic_t                     ticked;     /* second of the last tick */
    ngx_atomic_t                     pinged;     /* ms */

    ngx_http_llm_cost_redis_joined_t  joined;
    ngx_atomic_t                     age;        /* how often it went away */
    time_t                           warned;
    uint32_t                         record;     /* a number of log */
    llm_oplog_t                     *log;
    size_t                           log_size;
} ngx_http_llm_cost_redis_box_t;


/* _redis_box.c */

ngx_int_t ngx_http_llm_cost_redis_init(ngx_conf_t *cf,
    ngx_http_llm_cost_main_conf_t *lmcf);
ngx_http_llm_cost_redis_box_t *ngx_http_llm_cost_redis_box(void);
void ngx_http_llm_cost_redis_box_lock(void);
void ngx_http_llm_cost_redis_box_unlock(void);
ngx_uint_t ngx_http_llm_cost_redis_box_away(void);
void ngx_http_llm_cost_redis_box_saw(ngx_http_llm_cost_redis_op_t *op,
    uint64_t stamp);
uint64_t ngx_http_llm_cost_redis_box_knows(u_char *id);
ngx_uint_t ngx_http_llm_cost_redis_box_room(void);
ngx_uint_t ngx_http_llm_cost_redis_box_holds(ngx_uint_t n);
ngx_uint_t ngx_http_llm_cost_redis_box_counts(
    ngx_http_llm_cost_redis_op_t *op);
ngx_uint_t ngx_http_llm_cost_redis_box_stray(
    ngx_http_llm_cost_redis_op_t *op);
void ngx_http_llm_cost_redis_box_repeated(ngx_http_llm_cost_redis_op_t *op);
void ngx_http_llm_cost_redis_box_recorded(ngx_http_llm_cost_redis_box_t *box);
ngx_int_t ngx_http_llm_cost_redis_box_add(ngx_http_llm_cost_redis_op_t *op,
    ngx_uint_t done);


/* _redis_op.c */

ngx_http_llm_cost_redis_op_t *ngx_http_llm_cost_redis_op(
    ngx_http_llm_cost_redis_pt handler, void *data);

/*
 * The op is the connection's until its handler runs, which never happens from
 * within this call.  NGX_DECLINED: Redis is away or has too much to do, the op
 * is still the caller's.
 */

ngx_int_t ngx_http_llm_cost_redis_send(ngx_http_llm_cost_redis_t *redis,
    ngx_http_llm_cost_redis_op_t *op, ngx_msec_t timeout);

/*
 * The same for an op that nobody waits for.  rc is the result of putting its
 * command together, _end().  NGX_DECLINED: it was not sent, and op is freed.
 */

ngx_int_t ngx_http_llm_cost_redis_tell(ngx_http_llm_cost_redis_t *redis,
    ngx_http_llm_cost_redis_op_t *op, ngx_int_t rc);

/*
 * Nobody wants the reply any more.  NGX_OK: the op was not sent, and is the
 * caller's again; NGX_DECLINED: it was sent, and frees itself.
 */

ngx_int_t ngx_http_llm_cost_redis_forget(ngx_http_llm_cost_redis_op_t *op);
void ngx_http_llm_cost_redis_free(ngx_http_llm_cost_redis_op_t *op);


void ngx_http_llm_cost_redis_unlink(ngx_http_llm_cost_redis_op_t *op);


/* _redis_conn.c */

ngx_http_llm_cost_redis_t *ngx_http_llm_cost_redis_create(ngx_cycle_t *cycle,
    ngx_http_llm_cost_redis_conf_t *conf, ngx_uint_t money);
void ngx_http_llm_cost_redis_connect(ngx_http_llm_cost_redis_conn_t *conn);
void ngx_http_llm_cost_redis_flush(ngx_http_llm_cost_redis_conn_t *conn);


/* _redis_greet.c */

void ngx_http_llm_cost_redis_greet(ngx_http_llm_cost_redis_conn_t *conn);


/* _redis_state.c */

void ngx_http_llm_cost_redis_ready(ngx_http_llm_cost_redis_conn_t *conn);
void ngx_http_llm_cost_redis_fail(ngx_http_llm_cost_redis_conn_t *conn,
    ngx_err_t err, const char *why);

/* Redis answers, but has lost what it had confirmed: the node joins again */

void ngx_http_llm_cost_redis_lost(ngx_http_llm_cost_redis_t *redis);
ngx_uint_t ngx_http_llm_cost_redis_unusable(redisReply *reply);
void ngx_http_llm_cost_redis_timer_handler(ngx_event_t *ev);
void ngx_http_llm_cost_redis_close(ngx_http_llm_cost_redis_t *redis);


/*
 * _redis_script.c: a command is put together between _begin() or _command()
 * and _end(), one at a time in a process.
 */

ngx_int_t ngx_http_llm_cost_redis_scripts_init(ngx_cycle_t *cycle);
void ngx_http_llm_cost_redis_begin(ngx_http_llm_cost_redis_t *redis,
    ngx_http_llm_cost_script_e script);
void ngx_http_llm_cost_redis_command(ngx_http_llm_cost_redis_t *redis,
    const char *name);

/* keys first, in the order of the script */

void ngx_http_llm_cost_redis_key(const char *fmt, ...);

/* a key that the caller writes: room for size bytes, then where it ends */

u_char *ngx_http_llm_cost_redis_key_begin(size_t size);
void ngx_http_llm_cost_redis_key_end(u_char *last);

/* arguments; data has to live until _end(), which copies it */

void ngx_http_llm_cost_redis_arg(const void *data, size_t len);
void ngx_http_llm_cost_redis_text(const char *text);
void ngx_http_llm_cost_redis_script(ngx_http_llm_cost_script_e script);
void ngx_http_llm_cost_redis_number(int64_t n);

/* memory until _end(); NULL: there is none, and _end() will fail */

u_char *ngx_http_llm_cost_redis_room(size_t size);
u_char *ngx_http_llm_cost_redis_decimal(u_char *p, int64_t n);

ngx_int_t ngx_http_llm_cost_redis_end(ngx_http_llm_cost_redis_op_t *op);
ngx_int_t ngx_http_llm_cost_redis_unsha(ngx_http_llm_cost_redis_op_t *op);

/* write into a guarded op, when it is sent, what it is valid for: common.lua */

void ngx_http_llm_cost_redis_stamp(ngx_http_llm_cost_redis_op_t *op);


/* _redis_args.c */

void ngx_http_llm_cost_redis_indexes(void);
void ngx_http_llm_cost_redis_identity(const llm_hold_id_t *id);
void ngx_http_llm_cost_redis_counters(const llm_budget_t *budgets,
    ngx_uint_t n);
void ngx_http_llm_cost_redis_budgets(const llm_budget_t *budgets,
    ngx_uint_t n);
void ngx_http_llm_cost_redis_event(const llm_stats_event_t *e, int64_t count);
void ngx_http_llm_cost_redis_answer_key(const u_char *key);
ngx_int_t ngx_http_llm_cost_redis_settlement(
    ngx_http_llm_cost_redis_op_t *op, const llm_stats_event_t *event);


/* _redis_usage.c */

/* of a hit without a reservation; NGX_DECLINED: it cannot be added to others */

ngx_int_t ngx_http_llm_cost_redis_usage_add(const llm_stats_event_t *event);
void ngx_http_llm_cost_redis_usage_flush(void);

/* the op is sent or freed */

void ngx_http_llm_cost_redis_usage_send(const llm_stats_event_t *event,
    int64_t count);


/* _redis_reply.c: NGX_DECLINED where the reply is of another kind */

ngx_int_t ngx_http_llm_cost_redis_integer(redisReply *reply, ngx_uint_t i,
    int64_t *n);
ngx_int_t ngx_http_llm_cost_redis_packed(redisReply *reply, ngx_uint_t i,
    int64_t *n);

/*
 * The reply to a guarded op.  1: it is of another incarnation, or of one that
 * has lost something; 0: it is valid, and its stamp, if any, is conn->stamp.
 */

ngx_uint_t ngx_http_llm_cost_redis_stale(
    ngx_http_llm_cost_redis_conn_t *conn, ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply);

/*
 * NGX_OK: the verdict and the balances are read.  NGX_DONE: a hit for which
 * nothing was counted, without balances.  NGX_DECLINED: it is no such reply or,
 * with op->over, the identity was used before.
 */

ngx_int_t ngx_http_llm_cost_redis_read_admission(
    ngx_http_llm_cost_redis_op_t *op, redisReply *reply);
ngx_int_t ngx_http_llm_cost_redis_read_balances(redisReply *reply,
    ngx_uint_t i, llm_balance_t *balances, ngx_uint_t n);
void ngx_http_llm_cost_redis_complain(redisReply *reply);


/* _redis_local.c */

/* an identity, and its entry in the journal; NGX_DECLINED: the zone is full */

ngx_int_t ngx_http_llm_cost_redis_journal(ngx_http_llm_cost_ctx_t *ctx,
    llm_hold_id_t *id);
void ngx_http_llm_cost_redis_unjournal(const llm_hold_id_t *id);
void ngx_http_llm_cost_redis_close_journal(
    ngx_http_llm_cost_redis_op_t *op);
int ngx_http_llm_cost_redis_pend(ngx_http_llm_cost_redis_op_t *op,
    llm_balance_t *balances, ngx_uint_t n);
void ngx_http_llm_cost_redis_patched(const llm_counter_view_t *c);
void ngx_http_llm_cost_redis_shadow(const llm_budget_t *budgets,
    const llm_balance_t *balances, ngx_uint_t n, uint64_t stamp);

/* the verdict of llm_store_failure; NGX_DECLINED: Redis has just come back */

ngx_int_t ngx_http_llm_cost_redis_local(ngx_http_llm_cost_ctx_t *ctx);
void ngx_http_llm_cost_redis_settle_local(ngx_http_llm_cost_ctx_t *ctx,
    ngx_http_llm_cost_redis_op_t *op);
void ngx_http_llm_cost_redis_orphan(const llm_hold_id_t *id,
    const int64_t *spent);
void ngx_http_llm_cost_redis_revoke(const llm_hold_id_t *id);
ngx_int_t ngx_http_llm_cost_redis_copy_budgets(
    ngx_http_llm_cost_redis_op_t *op, const llm_budget_t *budgets,
    ngx_uint_t n);


/* _redis_outbox.c */

void ngx_http_llm_cost_redis_outbox_start(ngx_cycle_t *cycle);
void ngx_http_llm_cost_redis_outbox_stop(void);

/* Redis is still to be told of op's end; its journal entry is over */

void ngx_http_llm_cost_redis_outbox_add(ngx_http_llm_cost_redis_op_t *op);

/* send some of what is pending; 1: nothing is pending */

ngx_uint_t ngx_http_llm_cost_redis_outbox_send(
    ngx_http_llm_cost_redis_t *redis, ngx_uint_t replay);
ngx_http_llm_cost_redis_op_t *ngx_http_llm_cost_redis_outbox_op(
    llm_oplog_entry_t *e, ngx_http_llm_cost_redis_pt handler);


/* _redis_adopt.c */

void ngx_http_llm_cost_redis_adopt(void);

/* put on record what dead workers have left; 0: there is nothing more */

ngx_uint_t ngx_http_llm_cost_redis_adopt_all(void);

/* a last look, as this worker exits */

void ngx_http_llm_cost_redis_adopt_last(void);
void ngx_http_llm_cost_redis_adopt_budgets(const llm_hold_view_t *v,
    llm_budget_t *budgets);


/* _redis_join.c */

void ngx_http_llm_cost_redis_join(ngx_http_llm_cost_redis_t *redis);

/* go on: what the join has waited for is there */

void ngx_http_llm_cost_redis_join_go(ngx_http_llm_cost_redis_t *redis);
void ngx_http_llm_cost_redis_join_failed(void);
void ngx_http_llm_cost_redis_join_stop(void);


/* _redis_repeat.c: the store that is joined is told what the node knows */

typedef struct {
    ngx_http_llm_cost_redis_pt       handler;
    uint64_t                         pos;        /* in what is repeated */
    uint64_t                         base;
    time_t                           oldest;     /* of the record */
    llm_known_t                      *told;       /* of counters, malloc() */
    uint32_t                         ntold;
    unsigned                         deep:1;
    unsigned                         second:1;   /* round of the counters */
} ngx_http_llm_cost_redis_repeat_t;

/*
 * The next command of a repetition, in *op, or NULL if this step has none.
 * NGX_OK: more will follow; NGX_DONE: it was the last one; NGX_ERROR.
 */

typedef ngx_int_t (*ngx_http_llm_cost_redis_repeat_pt)(
    ngx_http_llm_cost_redis_repeat_t *r, ngx_http_llm_cost_redis_op_t **op);

ngx_int_t ngx_http_llm_cost_redis_repeat_record(
    ngx_http_llm_cost_redis_repeat_t *r, ngx_http_llm_cost_redis_op_t **op);
ngx_int_t ngx_http_llm_cost_redis_repeat_counters(
    ngx_http_llm_cost_redis_repeat_t *r, ngx_http_llm_cost_redis_op_t **op);
ngx_int_t ngx_http_llm_cost_redis_repeat_holds(
    ngx_http_llm_cost_redis_repeat_t *r, ngx_http_llm_cost_redis_op_t **op);
void ngx_http_llm_cost_redis_repeat_end(ngx_http_llm_cost_redis_repeat_t *r);


/* _redis_hello.c */

void ngx_http_llm_cost_redis_ping(ngx_http_llm_cost_redis_t *redis);
ngx_int_t ngx_http_llm_cost_redis_join_command(
    ngx_http_llm_cost_redis_t *redis, ngx_http_llm_cost_redis_op_t *op,
    ngx_uint_t phase, ngx_uint_t deep, int64_t since);


typedef struct {
    u_char                           id[NGX_HTTP_LLM_COST_REDIS_ID];
    int64_t                          stamp;
    int64_t                          base;
    int64_t                          time;
    int64_t                          come;
    int64_t                          deep;
    int64_t                          nodes;
    int64_t                          recent;
    int64_t                          phase;      /* of this node */
    int64_t                          free;       /* its numbers, from here on */
    unsigned                         stale:1;
} ngx_http_llm_cost_redis_hello_t;

ngx_int_t ngx_http_llm_cost_redis_join_read(redisReply *reply,
    ngx_http_llm_cost_redis_hello_t *h);


/* _redis_joined.c */

typedef enum {
    NGX_HTTP_LLM_COST_JOIN_NONE = 0,
    NGX_HTTP_LLM_COST_JOIN_HELLO,
    NGX_HTTP_LLM_COST_JOIN_REPLAY,
    NGX_HTTP_LLM_COST_JOIN_WAIT_REPLAYED,
    NGX_HTTP_LLM_COST_JOIN_HOLDS,
    NGX_HTTP_LLM_COST_JOIN_OUTBOX,
    NGX_HTTP_LLM_COST_JOIN_BALANCES,
    NGX_HTTP_LLM_COST_JOIN_WAIT_BALANCED,
    NGX_HTTP_LLM_COST_JOIN_KNOWN,
    NGX_HTTP_LLM_COST_JOIN_WAIT_MERGED,
    NGX_HTTP_LLM_COST_JOIN_LAST
} ngx_http_llm_cost_join_step_e;

void ngx_http_llm_cost_redis_joined_met(
    const ngx_http_llm_cost_redis_hello_t *h);
ngx_uint_t ngx_http_llm_cost_redis_joined_come(
    const ngx_http_llm_cost_redis_hello_t *h, ngx_msec_t waited);
void ngx_http_llm_cost_redis_joined(ngx_http_llm_cost_redis_t *redis,
    const ngx_http_llm_cost_redis_hello_t *h, ngx_uint_t repeated);


/* as in join.lua */

#define NGX_HTTP_LLM_COST_JOIN_REPLAYED     1
#define NGX_HTTP_LLM_COST_JOIN_BALANCED     2
#define NGX_HTTP_LLM_COST_JOIN_MERGED       3


/* _redis_answers.c */

ngx_int_t ngx_http_llm_cost_redis_lookup(ngx_http_llm_cost_ctx_t *ctx);
void ngx_http_llm_cost_redis_put(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_entry_t *entry, time_t ttl);

/*
 * looks_first(), 1: the cache is asked by itself, before anything is reserved,
 * as most look-ups have been hits.  looked() is told the result of each.
 */

ngx_uint_t ngx_http_llm_cost_redis_looks_first(ngx_http_llm_cost_ctx_t *ctx);
void ngx_http_llm_cost_redis_looked(ngx_uint_t hit);

/*
 * Set ctx->entry from the reply, and keep a copy in the zone.  Where the reply
 * is not an entry, ctx->entry is NULL and the one in Redis is removed.  purge:
 * the number of the last purge when Redis answered.
 */

void ngx_http_llm_cost_redis_entry(ngx_http_llm_cost_ctx_t *ctx,
    redisReply *reply, redisReply *purge);

/* _redis_held.c: see the store's find, keep, leave and lapse */

ngx_int_t ngx_http_llm_cost_redis_find(ngx_http_llm_cost_ctx_t *ctx);
ngx_int_t ngx_http_llm_cost_redis_keep(const llm_held_t *record);
ngx_int_t ngx_http_llm_cost_redis_leave(ngx_http_llm_cost_ctx_t *ctx,
    time_t until);
ngx_int_t ngx_http_llm_cost_redis_claim(ngx_http_llm_cost_ctx_t *ctx);
void ngx_http_llm_cost_redis_lapse(llm_held_t *record);
void ngx_http_llm_cost_redis_resettle(const llm_held_t *record,
    llm_budget_t *budgets, unsigned n);

/* tell Redis of work that was settled while it could not be asked; every
   second some of it */

void ngx_http_llm_cost_redis_reclaim(void);


/* _redis_flight.c */

ngx_int_t ngx_http_llm_cost_redis_flight_init(ngx_cycle_t *cycle,
    ngx_http_llm_cost_redis_conf_t *conf);
void ngx_http_llm_cost_redis_flight_exit(void);
ngx_int_t ngx_http_llm_cost_redis_take(ngx_http_llm_cost_ctx_t *ctx);
void ngx_http_llm_cost_redis_unlead(ngx_http_llm_cost_ctx_t *ctx);
void ngx_http_llm_cost_redis_flight_renew(void);

/* ctx's flight in the fleet goes to whoever stores the answer, and lands it */

uint64_t ngx_http_llm_cost_redis_take_token(ngx_http_llm_cost_ctx_t *ctx);
void ngx_http_llm_cost_redis_land(const u_char *key, uint64_t token);

void ngx_http_llm_cost_redis_listen(void);
ngx_uint_t ngx_http_llm_cost_redis_listens(void);
void ngx_http_llm_cost_redis_subscribe(ngx_http_llm_cost_redis_t *redis);

/* 1: the reply was a message of a channel, and has been read */

ngx_uint_t ngx_http_llm_cost_redis_told(redisReply *reply);


/* every second: has anything been purged? */

void ngx_http_llm_cost_redis_purges(void);

/* KEYS of what includes answers.lua */

void ngx_http_llm_cost_redis_answer_indexes(void);


/* _redis.c: of this worker; NULL before it starts, or without Redis */

void ngx_http_llm_cost_redis_known(ngx_http_llm_cost_ctx_t *ctx);
ngx_int_t ngx_http_llm_cost_redis_hit(ngx_http_llm_cost_ctx_t *ctx);
ngx_int_t ngx_http_llm_cost_redis_reserve(ngx_http_llm_cost_ctx_t *ctx,
    ngx_uint_t lookup);
void ngx_http_llm_cost_redis_wake(ngx_http_llm_cost_redis_op_t *op,
    ngx_http_llm_cost_redis_go_pt go);


ngx_int_t ngx_http_llm_cost_redis_reserve_command(
    ngx_http_llm_cost_redis_op_t *op, const llm_admission_t *a,
    const u_char *answer_key, ngx_uint_t again);

ngx_http_llm_cost_redis_t *ngx_http_llm_cost_redis_money(void);
ngx_http_llm_cost_redis_t *ngx_http_llm_cost_redis_answers(void);
void ngx_http_llm_cost_redis_done(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply);


/* _redis_learn.c: every second */

void ngx_http_llm_cost_redis_learn(ngx_http_llm_cost_redis_t *redis);


/* _redis_settle.c */

void ngx_http_llm_cost_redis_settle(ngx_http_llm_cost_ctx_t *ctx,
    const int64_t spent[LLM_UNIT_N], const llm_stats_event_t *event);
void ngx_http_llm_cost_redis_cancel(ngx_http_llm_cost_ctx_t *ctx,
    const llm_stats_event_t *event);
void ngx_http_llm_cost_redis_renew(const llm_hold_id_t *id, time_t expires);
void ngx_http_llm_cost_redis_send_end(ngx_http_llm_cost_redis_op_t *op);
void ngx_http_llm_cost_redis_settled(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply);



#endif /* _NGX_HTTP_LLM_COST_REDIS_H_INCLUDED_ */
