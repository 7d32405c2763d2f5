
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
 * For each state: who owns the request, which timer guards it, what resumes it,
 * and what cleans up when the request dies there.
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
    NGX_HTTP_LLM_COST_COUNTING,         /* the requests that its body holds,
                                           until the next event */
    NGX_HTTP_LLM_COST_COUNT,            /* ... the event has come */
    NGX_HTTP_LLM_COST_FINDING,          /* the store looks for the record of
                                           the work that it is about */
    NGX_HTTP_LLM_COST_FOUND,            /* ... and has answered */
    NGX_HTTP_LLM_COST_ADMITTING,
    NGX_HTTP_LLM_COST_ADMITTED,         /* verdict is in, not acted upon yet */
    NGX_HTTP_LLM_COST_WAITING,          /* for another request's answer */
    NGX_HTTP_LLM_COST_WAITED,           /* ... it has come, or will not: the
                                           store is asked again */
    NGX_HTTP_LLM_COST_FORWARD,
    NGX_HTTP_LLM_COST_ANSWERED
} ngx_http_llm_cost_state_e;


/*
 * llm_cache_lock over several nodes: the request that leads on its node asks
 * the fleet whether it may go upstream.  What it was told:
 */

typedef enum {
    NGX_HTTP_LLM_COST_FLEET_NONE = 0,   /* it was not asked */
    NGX_HTTP_LLM_COST_FLEET_LEADS,      /* it may */
    NGX_HTTP_LLM_COST_FLEET_WAITS,      /* another node leads: wait for it */
    NGX_HTTP_LLM_COST_FLEET_LOOKS,      /* another node has just stored the
                                           answer: look it up again */
    NGX_HTTP_LLM_COST_FLEET_AWAY        /* no reply: go, without the fleet */
} ngx_http_llm_cost_fleet_e;


/* what the store says; LLM_LEDGER_* for the first four */

#define NGX_HTTP_LLM_COST_FITS          LLM_LEDGER_FITS
#define NGX_HTTP_LLM_COST_SHORT         LLM_LEDGER_SHORT
#define NGX_HTTP_LLM_COST_NEVER         LLM_LEDGER_NEVER
#define NGX_HTTP_LLM_COST_FULL          LLM_LEDGER_FULL
#define NGX_HTTP_LLM_COST_HIT           4
#define NGX_HTTP_LLM_COST_STORE_DOWN    5   /* closed: refuse with 503 */


/*
 * Where the numbers of a request come from.  The names of $llm_usage_source
 * are in the same order.
 */

typedef enum {
    NGX_HTTP_LLM_COST_SOURCE_NONE = 0,  /* nothing was used */
    NGX_HTTP_LLM_COST_SOURCE_UPSTREAM,  /* the usage in the answer */
    NGX_HTTP_LLM_COST_SOURCE_COUNTED,   /* counted or reserved here */
    NGX_HTTP_LLM_COST_SOURCE_CACHE,
    NGX_HTTP_LLM_COST_SOURCE_LOST       /* llm_upstream_lost */
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
    llm_str_t                   asked;              /* the model it asked for,
                                                       if over= has replaced
                                                       it; else empty */

    ngx_str_t                   user;
    ngx_str_t                   key_id;             /* hex, empty: no key */
    ngx_str_t                   tags[NGX_HTTP_LLM_COST_TAGS];

    /* the price at admission: it does not change while the request runs */
    const llm_price_t          *price;              /* NULL: unknown */
    const llm_str_t            *unpriced;           /* ... of this model */
    llm_price_terms_t           terms;
    llm_counter_t               counter;
    int64_t                     counted;            /* input tokens, before
                                                       they are corrected */
    int64_t                     most_input;         /* ... as reserved */
    int64_t                     max_output;         /* tokens of all choices,
                                                       as reserved */
    int64_t                     reserved_cost;      /* nano-USD */
    int64_t                     written_max;        /* by fit or N; -1: none */
    int64_t                     fit_output;         /* the most that would fit
                                                       a limit; 0: none */

    /* work that takes several requests, _held.c */
    u_char                      name[LLM_HELD_NAME];
    llm_held_t                 *record;             /* of that name, or NULL */
    ngx_http_llm_cost_parts_t  *parts;              /* requests in its body */
    ngx_http_llm_cost_tally_t  *tally;              /* results in its answer */
    ngx_str_t                   work;               /* name of the work that
                                                       it settles, or empty */

    /* admission: filled by _budget.c, answered by the store */
    llm_admission_t             adm;
    int64_t                     least[LLM_UNIT_N];  /* adm.least of a second
                                                       question, _over.c */
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
    uint64_t                    landed;             /* flights that had landed
                                                       before the last look */
    llm_flight_t                flight;             /* that this one leads */
    ngx_event_t                 flight_wait;        /* its handler is set
                                                       while this one waits */
    ngx_queue_t                 flight_queue;
    ngx_msec_t                  waited;             /* since when; 0: it has
                                                       not waited */
    ngx_msec_t                  look;               /* until the next look */
    ngx_http_llm_cost_fleet_e   fleet;              /* what it was told */
    uint64_t                    token;              /* of the flight in the
                                                       fleet; 0: none */
    ngx_queue_t                 fleet_queue;        /* while it leads there */
    ngx_http_llm_cost_live_t   *live;               /* its own stream, which
                                                       others may join */
    ngx_http_llm_cost_play_t   *play;               /* ... as its own client
                                                       reads it */
    ngx_http_llm_cost_follow_t *follow;             /* the stream of another
                                                       that it reads */

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
    int64_t                     began;              /* us: the body was read */
    int64_t                     overhead;           /* us from there until it
                                                       went upstream; -1: it
                                                       had to wait */
    ngx_msec_t                  sent;               /* when it went upstream */
    ngx_msec_t                  chunk;              /* when the last piece of
                                                       its stream came */
    ngx_msec_t                  first_chunk;        /* ms from sent to the
                                                       first one, or -1 */
    llm_stats_hist_t           *chunks;             /* NULL: not a stream */

    time_t                      noted;              /* when the journal was
                                                       last written to */

    unsigned                    unmeasured:1;       /* the input is not counted
                                                       yet: _measure() does */
    unsigned                    keyed:1;            /* cache_key is set */
    unsigned                    lookup:1;           /* ... and looked up */
    unsigned                    storable:1;         /* the answer may be
                                                       stored under it */
    unsigned                    kept:1;             /* ... and was */
    unsigned                    only_cached:1;      /* to be answered from the
                                                       cache or not at all */
    unsigned                    alone:1;            /* it goes upstream without
                                                       a flight, and waits for
                                                       none */
    unsigned                    looked:1;           /* it has looked again, as
                                                       the fleet told it to */
    unsigned                    followed:1;         /* another node waits for
                                                       its answer */
    unsigned                    held:1;             /* it has a reservation,
                                                       which it must end */
    unsigned                    local:1;            /* ... made in the zone
                                                       while Redis was away */
    unsigned                    renumbered:1;       /* ... under its second
                                                       identity: the first one
                                                       had been used before */
    unsigned                    counted_request:1;  /* a requests budget has
                                                       counted it already */
    unsigned                    batch:1;            /* at a batch's rates */
    unsigned                    injected:1;         /* the usage of its stream
                                                       was asked for by us */
    unsigned                    fitted:1;           /* a maximum was written
                                                       into it by llm_fit */
    unsigned                    complete:1;         /* the answer has ended as
                                                       it should */
    unsigned                    cut:1;              /* upstream broke it off */
    unsigned                    unread:1;           /* it could not be read: it
                                                       has no usage and no
                                                       count */
    unsigned                    free:1;             /* it is proxy_cache's, and
                                                       upstream was not asked */
    unsigned                    guarded:1;          /* we watch the client's
                                                       connection, not nginx */
    unsigned                    gone:1;             /* the client has left, the
                                                       answer is read on */
    unsigned                    settled:1;          /* the numbers are final */
    unsigned                    whole:1;            /* all that was reserved is
                                                       what is billed */
    unsigned                    claiming:1;         /* the store was asked
                                                       whether it may settle
                                                       the work: */
    unsigned                    late:1;             /* ... no, another node
                                                       has */
    unsigned                    unclaimed:1;        /* ... it has not
                                                       answered */
    unsigned                    ended:1;            /* its cleanup has begun */
};


/* the store: one interface, two implementations that pass the same suite */

struct ngx_http_llm_cost_store_s {
    ngx_str_t     name;                             /* "zone", "redis" */

    /* 1: a hit is counted by admit(), and cancel() of it takes nothing back */
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
     * Settle ctx's reservation with what was spent of each unit, or cancel it,
     * and add the event to the usage statistics.  Nobody waits; what is needed
     * later is copied.  Without a reservation (ctx->held == 0) only the
     * statistics are fed.
     */
    void        (*settle)(ngx_http_llm_cost_ctx_t *ctx,
                          const int64_t spent[LLM_UNIT_N],
                          const llm_stats_event_t *event);
    void        (*cancel)(ngx_http_llm_cost_ctx_t *ctx,
                          const llm_stats_event_t *event);

    /*
     * May ctx, which leads on this node, lead in the fleet?  NGX_OK: go on;
     * NGX_AGAIN: as of admit(), and the answer will be in ctx->fleet.  NULL:
     * there is no fleet.
     */
    ngx_int_t   (*take)(ngx_http_llm_cost_ctx_t *ctx);

    /* ctx does not lead in the fleet any more; harmless if it never did */
    void        (*unlead)(ngx_http_llm_cost_ctx_t *ctx);

    /* 1: a node that waits for another one will be told when it has landed */
    ngx_uint_t  (*told)(void);

    /* keep an answer under ctx->cache_key for ttl seconds; nobody waits */
    void        (*put)(ngx_http_llm_cost_ctx_t *ctx,
                       const ngx_http_llm_cost_entry_t *entry, time_t ttl);

    /*
     * Look for the record of ctx->name.  NGX_OK: it is ctx->record, NULL where
     * there is none; NGX_AGAIN: as of admit(), and the state will be FOUND.
     */
    ngx_int_t   (*find)(ngx_http_llm_cost_ctx_t *ctx);

    /* keep a record, copied; NGX_OK, or NGX_DECLINED: there is no room */
    ngx_int_t   (*keep)(const llm_held_t *record);

    /*
     * ctx's reservation outlives ctx, to expire at this time, and ctx->held is
     * cleared.  NGX_DECLINED: it cannot, and ctx still has to end it.
     */
    ngx_int_t   (*leave)(ngx_http_llm_cost_ctx_t *ctx, time_t until);

    /*
     * May ctx settle the work that it was told of?  It is the first on this
     * node to do so.  NGX_DECLINED: it has to, as nobody can be asked;
     * NGX_AGAIN: ngx_http_llm_cost_held_claimed() will be called, with the
     * answer in ctx->late and ctx->unclaimed.  NULL: there are no other nodes.
     */
    ngx_int_t   (*claim)(ngx_http_llm_cost_ctx_t *ctx);

    /*
     * As far as this node knows, the reservation of this work has expired.  If
     * nobody has settled it, ngx_http_llm_cost_held_lapse() is called.
     */
    void        (*lapse)(llm_held_t *record);

    /* settle work once more, for a worker that may have died doing so */
    void        (*resettle)(const llm_held_t *record, llm_budget_t *budgets,
                            unsigned n);

    ngx_int_t   (*init_process)(ngx_cycle_t *cycle);
    void        (*exit_process)(ngx_cycle_t *cycle);
};


extern ngx_module_t                     ngx_http_llm_cost_module;

extern const ngx_http_llm_cost_store_t  ngx_http_llm_cost_zone_store;
extern const ngx_http_llm_cost_store_t  ngx_http_llm_cost_redis_store;


#endif /* _NGX_HTTP_LLM_COST_CTX_H_INCLUDED_ */
