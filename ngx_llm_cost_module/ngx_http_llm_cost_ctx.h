
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _NGX_HTTP_LLM_COST_CTX_H_INCLUDED_
#define _NGX_HTTP_LLM_COST_CTX_H_INCLUDED_


/*
 * A request on its way, from access phase to cleanup, and the store that
 * it asks.  Included by ngx_http_llm_cost.h.
 */


/*
 * Who owns the request in a state, what guards it, what resumes it, and what
 * cleans up when it dies there:
 *
 *   state      owner          guard               resumed by     cleaned by
 *   NEW        phase engine   -                   -              -
 *   READING    body reader    client_body_timeout _body_done()   nothing held
 *   READ       phase engine   -                   -              nothing held
 *   COUNTING   _parts.c       a posted event      its handler    parts_stop()
 *   COUNT      phase engine   -                   -              nothing held
 *   FINDING    store (op)     op timer            _resume_as()   store->detach
 *   FOUND      phase engine   -                   -              nothing held
 *   ADMITTING  store (op)     op timer            _resume()      store->detach,
 *                                                                op cancels
 *   WAITING    _flight.c      llm_cache_lock_...  a landing      flight_end()
 *   FORWARD    upstream       proxy_*_timeout     filters        _settle_final
 *              (claiming:     op timer            _claimed()     store->detach,
 *               store (op))                                       _claimed()
 *   ANSWERED   we: refusal,   send_timeout        -              _settle_final
 *              hit
 *              _follow.c        send_timeout       the leader,    follow_drop()
 *                                                 the socket
 *
 * Only _request.c and _admit.c move a request from NEW to FORWARD or ANSWERED,
 * only _settle.c settles it, once.
 */

typedef enum {
    NGX_HTTP_LLM_COST_NEW = 0,
    NGX_HTTP_LLM_COST_READING,
    NGX_HTTP_LLM_COST_READ,
    NGX_HTTP_LLM_COST_COUNTING,         /* the requests that it holds */
    NGX_HTTP_LLM_COST_COUNT,            /* ... goes on */
    NGX_HTTP_LLM_COST_FINDING,          /* what it is about, in the store */
    NGX_HTTP_LLM_COST_FOUND,
    NGX_HTTP_LLM_COST_ADMITTING,
    NGX_HTTP_LLM_COST_ADMITTED,         /* verdict is in, not acted upon yet */
    NGX_HTTP_LLM_COST_WAITING,          /* for another request's answer */
    NGX_HTTP_LLM_COST_WAITED,           /* it is to ask the store again */
    NGX_HTTP_LLM_COST_FORWARD,
    NGX_HTTP_LLM_COST_ANSWERED
} ngx_http_llm_cost_state_e;


/* llm_cache_lock, what the fleet has said to who leads on its node */

typedef enum {
    NGX_HTTP_LLM_COST_FLEET_NONE = 0,   /* it was not asked */
    NGX_HTTP_LLM_COST_FLEET_LEADS,
    NGX_HTTP_LLM_COST_FLEET_WAITS,      /* another node leads */
    NGX_HTTP_LLM_COST_FLEET_LOOKS,      /* another node has landed */
    NGX_HTTP_LLM_COST_FLEET_AWAY        /* nobody knows: the node goes alone */
} ngx_http_llm_cost_fleet_e;


/* what the store says; LLM_LEDGER_* for the first four */

#define NGX_HTTP_LLM_COST_FITS          LLM_LEDGER_FITS
#define NGX_HTTP_LLM_COST_SHORT         LLM_LEDGER_SHORT
#define NGX_HTTP_LLM_COST_NEVER         LLM_LEDGER_NEVER
#define NGX_HTTP_LLM_COST_FULL          LLM_LEDGER_FULL
#define NGX_HTTP_LLM_COST_HIT           4
#define NGX_HTTP_LLM_COST_STORE_DOWN    5   /* closed: refuse with 503 */


/* where the numbers of a request come from; the order is that of the names */

typedef enum {
    NGX_HTTP_LLM_COST_SOURCE_NONE = 0,
    NGX_HTTP_LLM_COST_SOURCE_UPSTREAM,
    NGX_HTTP_LLM_COST_SOURCE_COUNTED,
    NGX_HTTP_LLM_COST_SOURCE_CACHE,
    NGX_HTTP_LLM_COST_SOURCE_LOST
} ngx_http_llm_cost_source_e;


/* a cached answer; data lives in the request's pool */

typedef struct {
    ngx_uint_t                  status;
    ngx_str_t                   content_type;
    ngx_str_t                   body;
    ngx_str_t                   model;              /* of the answer */
    int64_t                     input;              /* its usage and cost */
    int64_t                     output;
    int64_t                     cost;
    time_t                      stored;
    llm_form_t                  form;
} ngx_http_llm_cost_entry_t;


typedef struct ngx_http_llm_cost_parts_s  ngx_http_llm_cost_parts_t;
typedef struct ngx_http_llm_cost_tally_s  ngx_http_llm_cost_tally_t;


struct ngx_http_llm_cost_ctx_s {
    ngx_http_request_t         *request;
    ngx_http_llm_cost_state_e   state;

    llm_mem_t                   mem;                /* the request's pool */
    const llm_provider_t       *provider;
    llm_str_t                   vendor;             /* who sends the bill */
    llm_str_t                   region;             /* of vendor, or empty */
    llm_request_t               q;
    unsigned                    marks;              /* LLM_MARK_*, of body */
    ngx_str_t                   body;               /* as the client sent it,
                                                       or with another model */
    llm_str_t                   asked;              /* the model that it asked
                                                       for; empty: it got it */

    ngx_str_t                   user;
    ngx_str_t                   key_id;             /* hex, empty: no key */
    ngx_str_t                   tags[NGX_HTTP_LLM_COST_TAGS];

    /* price of admission: it does not change while the request runs */
    const llm_price_t          *price;              /* NULL: unknown */
    const llm_str_t            *unpriced;           /* ... the one without it */
    llm_price_terms_t           terms;
    llm_counter_t               counter;
    int64_t                     counted;            /* input, uncorrected */
    int64_t                     most_input;         /* ... and reserved */
    int64_t                     max_output;         /* all choices; reserved */
    int64_t                     reserved_cost;      /* nano-USD */
    int64_t                     written_max;        /* by fit or N; -1: none */
    int64_t                     fit_output;         /* the most that would fit
                                                       a limit; 0: none */

    /* a part of something longer, _held.c */
    u_char                      name[LLM_HELD_NAME];
    llm_held_t                 *record;             /* of that name, or NULL */
    ngx_http_llm_cost_parts_t  *parts;              /* requests in its body */
    ngx_http_llm_cost_tally_t  *tally;              /* results in its answer */
    ngx_str_t                   work;               /* that it has settled */

    /* admission: filled by _budget.c, answered by the store */
    llm_admission_t             adm;
    int64_t                     least[LLM_UNIT_N];  /* of what comes after */
    llm_budget_t               *budgets;            /* adm.n of them */
    ngx_http_llm_cost_budget_t **budget_confs;      /* in the same order */
    ngx_int_t                   verdict;
    void                       *op;                 /* the store's, waiting */

    /* exact cache */
    u_char                      cache_key[NGX_HTTP_LLM_COST_CACHE_KEY];
    ngx_http_llm_cost_entry_t  *entry;              /* hit, or being made */
    ngx_str_t                   cache_status;       /* HIT MISS BYPASS, empty */
    time_t                      max_age;            /* the client's; -1: any */

    /* llm_cache_lock, _flight.c */
    uint64_t                    landed;             /* before the last look */
    llm_flight_t                flight;             /* that this one leads */
    ngx_event_t                 flight_wait;        /* handler: it waits */
    ngx_queue_t                 flight_queue;
    ngx_msec_t                  waited;             /* since; 0: not yet */
    ngx_msec_t                  look;               /* time to the next one */
    ngx_http_llm_cost_fleet_e   fleet;              /* flight of all nodes */
    uint64_t                    token;              /* ... its name, or 0 */
    ngx_queue_t                 fleet_queue;        /* while it leads there */
    ngx_http_llm_cost_live_t   *live;               /* its stream, _live.c, */
    ngx_http_llm_cost_play_t   *play;               /* read by its client */
    ngx_http_llm_cost_follow_t *follow;             /* of another, _follow.c */

    /* the answer */
    llm_answer_t                answer;
    ngx_uint_t                  answer_status;      /* upstream's; 0: none */
    void                       *filter;             /* of _filter.c */

    /* a client that leaves, _drain.c */
    ngx_http_handler_pt         content;            /* the location's own */
    ngx_http_event_handler_pt   writer;             /* upstream's own */
    ngx_event_t                 drain;              /* its bound in time */
    off_t                       drained;            /* bytes without client */

    /* the end */
    llm_usage_t                 usage;              /* normalised, as billed */
    int64_t                     cost;               /* nano-USD, -1 unknown */
    int64_t                     spent[LLM_UNIT_N];  /* as settled */
    int64_t                     saved_cost;         /* of a hit */
    ngx_http_llm_cost_source_e  source;
    ngx_str_t                   refusal;            /* code, or empty */
    ngx_msec_t                  first_token;        /* ms from start, or -1 */

    /* how long things took, for the metrics */
    int64_t                     began;              /* us: the body is there */
    int64_t                     overhead;           /* us until it went on;
                                                       -1: it waited */
    ngx_msec_t                  sent;               /* it went upstream */
    ngx_msec_t                  chunk;              /* its last one, */
    ngx_msec_t                  first_chunk;        /* and since sent, or -1 */
    llm_stats_hist_t           *chunks;             /* NULL: not a stream */

    time_t                      noted;              /* in the journal */

    unsigned                    unmeasured:1;       /* input is not counted,
                                                       _measure() does */
    unsigned                    keyed:1;            /* cache_key is set */
    unsigned                    lookup:1;           /* ... is looked up */
    unsigned                    storable:1;         /* answer may be cached */
    unsigned                    held:1;             /* a reservation is open */
    unsigned                    injected:1;         /* usage was asked for */
    unsigned                    fitted:1;
    unsigned                    settled:1;          /* numbers are final */
    unsigned                    whole:1;            /* the reservation is
                                                       billed as it was */
    unsigned                    complete:1;         /* answer ended normally */
    unsigned                    cut:1;              /* upstream broke it off */
    unsigned                    unread:1;           /* could not be looked at:
                                                       no usage, no count */
    unsigned                    free:1;             /* proxy_cache's: upstream
                                                       was not asked */
    unsigned                    guarded:1;          /* its leaving is ours to
                                                       see */
    unsigned                    gone:1;             /* the client; the answer
                                                       is read on */
    unsigned                    kept:1;             /* ... was */
    unsigned                    counted_request:1;  /* by a requests budget,
                                                       already */
    unsigned                    alone:1;            /* waits for nobody */
    unsigned                    only_cached:1;      /* ... or not at all */
    unsigned                    looked:1;           /* again, as it was told */
    unsigned                    followed:1;         /* another node waits for
                                                       its answer */
    unsigned                    batch:1;            /* at a batch's rates */
    unsigned                    local:1;            /* held in the zone while
                                                       the store is away */
    unsigned                    claiming:1;         /* the fleet is asked, may
                                                       it settle? */
    unsigned                    late:1;             /* ... another node has */
    unsigned                    unclaimed:1;        /* ... nobody has said */
    unsigned                    renumbered:1;       /* its first identity was
                                                       given before */
    unsigned                    ended:1;            /* its cleanup has begun */
};


/* the store: one interface, two implementations that pass the same suite */

struct ngx_http_llm_cost_store_s {
    ngx_str_t     name;                             /* "zone", "redis" */

    /* a hit is counted when it is admitted: to cancel it takes nothing back */
    ngx_uint_t    hits_at_once;

    /*
     * Look up ctx->cache_key (if keyed and the entry is not bypassed) and
     * reserve ctx->adm, in one step.  NGX_OK: ctx->verdict is set (and
     * ctx->entry on a hit).  NGX_AGAIN: ngx_http_llm_cost_resume(ctx) will be
     * called from an event of its own, never from inside a reply callback;
     * until then ctx->op belongs to the store.  NGX_ERROR: our own fault, 500.
     */
    ngx_int_t   (*admit)(ngx_http_llm_cost_ctx_t *ctx);

    /* the client has gone while admit() waits: ctx must not be used again */
    void        (*detach)(ngx_http_llm_cost_ctx_t *ctx);

    /*
     * Settle or cancel ctx's reservation (amounts: what was spent of each
     * unit), count the event in the usage statistics.  Nobody waits; what is
     * needed later is copied.  hold may be absent (ctx->held == 0): then only
     * the statistics are fed.
     */
    void        (*settle)(ngx_http_llm_cost_ctx_t *ctx,
                          const int64_t spent[LLM_UNIT_N],
                          const llm_stats_event_t *event);
    void        (*cancel)(ngx_http_llm_cost_ctx_t *ctx,
                          const llm_stats_event_t *event);

    /*
     * Who leads on this node: may it lead the fleet?  NGX_OK: go on; NGX_AGAIN:
     * as of admit(), then ctx->fleet says it.  NULL: there is no fleet.
     */
    ngx_int_t   (*take)(ngx_http_llm_cost_ctx_t *ctx);

    /* ... it does not lead any more; harmless where it never did */
    void        (*unlead)(ngx_http_llm_cost_ctx_t *ctx);

    /* 1: those who wait for another node will be told */
    ngx_uint_t  (*told)(void);

    /* keep an answer under ctx->cache_key for ttl seconds; nobody waits */
    void        (*put)(ngx_http_llm_cost_ctx_t *ctx,
                       const ngx_http_llm_cost_entry_t *entry, time_t ttl);

    /*
     * The record of ctx->name: NGX_OK and ctx->record, which is NULL where
     * there is none; NGX_AGAIN: as of admit(), then the state is FOUND.
     */
    ngx_int_t   (*find)(ngx_http_llm_cost_ctx_t *ctx);

    /* NGX_OK, or NGX_DECLINED where there is no room for it */
    ngx_int_t   (*keep)(const llm_held_t *record);

    /*
     * ctx's reservation outlives ctx, until then; NGX_DECLINED: it cannot, and
     * ctx still has it.
     */
    ngx_int_t   (*leave)(ngx_http_llm_cost_ctx_t *ctx, time_t until);

    /*
     * May ctx settle what it was told of, and what it is the first on this
     * node to settle?  NGX_DECLINED: it has to, as nobody can be asked;
     * NGX_AGAIN: as of admit(), but it is ngx_http_llm_cost_held_claimed() that
     * is called, and ctx->late and ctx->unclaimed say it.  NULL: there are no
     * other nodes, and what is settled is settled at once.
     */
    ngx_int_t   (*claim)(ngx_http_llm_cost_ctx_t *ctx);

    /*
     * What has been left has expired, as far as this node knows: if nobody has
     * settled it, ngx_http_llm_cost_held_lapse() is to be told.
     */
    void        (*lapse)(llm_held_t *record);

    /* what work has used is told, maybe not for the first time */
    void        (*resettle)(const llm_held_t *record, llm_budget_t *budgets,
                            unsigned n);

    ngx_int_t   (*init_process)(ngx_cycle_t *cycle);
    void        (*exit_process)(ngx_cycle_t *cycle);
};


extern ngx_module_t                     ngx_http_llm_cost_module;

extern const ngx_http_llm_cost_store_t  ngx_http_llm_cost_zone_store;
extern const ngx_http_llm_cost_store_t  ngx_http_llm_cost_redis_store;


#endif /* _NGX_HTTP_LLM_COST_CTX_H_INCLUDED_ */
