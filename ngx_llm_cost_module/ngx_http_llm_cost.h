
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _NGX_HTTP_LLM_COST_H_INCLUDED_
#define _NGX_HTTP_LLM_COST_H_INCLUDED_


/*
 * The map of the glue: the structures that its files share, and one block of
 * prototypes per file.  The way of a request through them:
 *
 *   REWRITE .. ACCESS (all other handlers)
 *       |
 *   _request.c   the state machine, last in ACCESS or in PRECONTENT
 *   _route.c     dialect, path and vendor
 *   _admit.c     body to question, verdict to deed
 *       |  _body.c        body in one piece
 *       |  llm_json.c, providers/   what is asked for, input tokens
 *       |  _price.c, _budget.c      worst case, budgets, windows
 *       |  _cache.c       key
 *       |  store->admit() entry or reservation, one step
 *       +-- refused      _error.c, in the client's dialect
 *       +-- hit          _cache.c
 *       `-- forward      _body.c writes the edits
 *   CONTENT  proxy_pass
 *       |
 *   _filter.c    PASS | HOLD, WATCH (JSON) | STREAM (SSE); usage through
 *                providers/
 *       |
 *   _settle.c    price, settle, statistics, alerts: at the last byte, or from
 *                the request's cleanup when there was no last byte
 *   LOG          $llm_* of _variables.c
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "llm_core.h"
#include "llm_json.h"
#include "llm_sse.h"
#include "llm_usage.h"
#include "llm_price.h"
#include "llm_window.h"
#include "llm_ledger.h"
#include "llm_ledger_file.h"
#include "llm_stats.h"
#include "llm_learn.h"
#include "llm_provider.h"
#include "llm_vendor.h"
#include "llm_memo.h"
#include "llm_flight.h"
#include "llm_cache.h"
#include "llm_tokenizer.h"


#define NGX_HTTP_LLM_COST_MODEL_MAX     256
#define NGX_HTTP_LLM_COST_TAGS          8
#define NGX_HTTP_LLM_COST_KEY_ID_LEN    32      /* hex of $llm_api_key_id */
#define NGX_HTTP_LLM_COST_CACHE_KEY     32      /* bytes of SHA-256 */
#define NGX_HTTP_LLM_COST_LABEL_MAX     256     /* bytes of a user or tag */
#define NGX_HTTP_LLM_COST_MESSAGE       512     /* bytes of a refusal's text */
#define NGX_HTTP_LLM_COST_ITEMS         64      /* billed beside an answer */


typedef struct ngx_http_llm_cost_ctx_s    ngx_http_llm_cost_ctx_t;
typedef struct ngx_http_llm_cost_store_s  ngx_http_llm_cost_store_t;
typedef struct ngx_http_llm_cost_zone_s   ngx_http_llm_cost_zone_t;
typedef struct ngx_http_llm_cost_redis_s  ngx_http_llm_cost_redis_t;


/* configuration */


/* llm_zone: parts of one shared memory zone, each with a fixed share */

struct ngx_http_llm_cost_zone_s {
    ngx_shm_zone_t             *shm_zone;
    ngx_slab_pool_t            *shpool;
    llm_ledger_t               *ledger;
    llm_stats_t                *stats;      /* usage, counters, alerts */
    llm_cache_t                *cache;      /* exact cache, first level */
    llm_memo_view_t             memo;       /* token counts; may be absent */
    llm_flights_t              *flights;    /* llm_cache_lock */
    ngx_str_t                   state_name; /* empty: the ledger is in the */
    llm_ledger_file_t           state;      /* zone; else it is in there */
    llm_learn_table_t          *learn;      /* what they are worth, or NULL */
};


/* llm_redis, llm_cache_redis: what a connection needs to know */

typedef struct {
    ngx_addr_t                  addr;
    ngx_str_t                   username;
    ngx_str_t                   password;
    ngx_str_t                   prefix;     /* "llm:" */
    ngx_int_t                   db;
    ngx_msec_t                  timeout;
    ngx_msec_t                  connect_timeout;
    ngx_uint_t                  connections;
    size_t                      journal;    /* bytes, of llm_redis only */
    size_t                      answers;    /* bytes of them; 0: any */
    u_char                     *file_name;  /* of the directive, */
    ngx_uint_t                  line;       /* for messages */
} ngx_http_llm_cost_redis_conf_t;


/* llm_price as written; added once all price files are loaded */

typedef struct {
    ngx_str_t                  *args;       /* directive, model, name=value… */
    ngx_uint_t                  nargs;
    u_char                     *file_name;
    ngx_uint_t                  line;
} ngx_http_llm_cost_price_row_t;


/* llm_tokenizer, and one of each vocabulary that may be used */

typedef struct {
    ngx_str_t                   name;
    llm_vocab_t                *vocab;
} ngx_http_llm_cost_vocab_t;


typedef struct {
    ngx_str_t                   pattern;    /* exact, or "~regex" */
    ngx_regex_t                *regex;
    ngx_str_t                   vocab_name;
} ngx_http_llm_cost_tokenizer_t;


typedef struct {
    ngx_http_llm_cost_zone_t   *zone;
    ngx_http_llm_cost_redis_conf_t  *redis;         /* NULL: zone is the store */
    ngx_http_llm_cost_redis_conf_t  *cache_redis;   /* NULL: as redis */
    const ngx_http_llm_cost_store_t *store;

    llm_prices_t               *prices;
    ngx_array_t                 price_files;        /* ngx_str_t */
    ngx_array_t                 price_rows;         /* ..._price_row_t */

    ngx_str_t                   data_path;          /* llm_data_path */
    ngx_array_t                 vocabs;             /* ..._vocab_t */
    ngx_array_t                 tokenizers;         /* ..._tokenizer_t */
    ngx_array_t                 budgets;            /* ..._budget_t, all */

    ngx_str_t                   key_salt;           /* llm_key_salt_file */
    ngx_open_file_t            *ledger_log;         /* or NULL */
    ngx_int_t                   request_id;         /* index; with ledger_log */
    ngx_msec_t                  reservation_ttl;
    ngx_uint_t                  reservation_charge; /* on expiry */

    ngx_array_t                 metered;            /* of _conf_check.c */

    unsigned                    enabled:1;          /* llm_cost on somewhere */
} ngx_http_llm_cost_main_conf_t;


#define NGX_HTTP_LLM_COST_EMPTY_REJECT  0
#define NGX_HTTP_LLM_COST_EMPTY_SKIP    1
#define NGX_HTTP_LLM_COST_EMPTY_TEXT    2

typedef struct {
    ngx_str_t                   name;
    ngx_http_complex_value_t   *key;        /* NULL: one counter for all */
    ngx_http_complex_value_t   *limit_text; /* limit with variables, or NULL */
    ngx_str_t                   limit_arg;  /* as configured */
    int64_t                     limit;
    llm_unit_e                  unit;
    llm_period_e                period;
    llm_zone_t                 *timezone;
    ngx_str_t                   timezone_name;
    ngx_str_t                   empty_text;
    llm_str_t                   over;       /* cheaper model, or empty */
    unsigned                    past;       /* percent; 0: where it is short */
    unsigned                    empty:2;    /* NGX_HTTP_LLM_COST_EMPTY_* */
    unsigned                    observe:1;
    unsigned                    nalerts;
    uint8_t                     alerts[LLM_ALERTS_MAX];
} ngx_http_llm_cost_budget_t;


typedef struct {
    ngx_str_t                   name;
    ngx_http_complex_value_t    value;
} ngx_http_llm_cost_tag_t;


#define NGX_HTTP_LLM_COST_OUTPUT_EXPECTED  -2       /* of reserve_output */


/* values of the enumerated directives */

#define NGX_HTTP_LLM_COST_FIT_OFF       0
#define NGX_HTTP_LLM_COST_FIT_MISSING   1
#define NGX_HTTP_LLM_COST_FIT_ON        2

#define NGX_HTTP_LLM_COST_UNKNOWN_AUTO    0     /* reject under a usd budget */
#define NGX_HTTP_LLM_COST_UNKNOWN_REJECT  1
#define NGX_HTTP_LLM_COST_UNKNOWN_ALLOW   2
#define NGX_HTTP_LLM_COST_UNKNOWN_PRICE   3

#define NGX_HTTP_LLM_COST_FAIL_LOCAL    0
#define NGX_HTTP_LLM_COST_FAIL_OPEN     1
#define NGX_HTTP_LLM_COST_FAIL_CLOSED   2

#define NGX_HTTP_LLM_COST_LOST_COUNTED  0
#define NGX_HTTP_LLM_COST_LOST_RESERVE  1
#define NGX_HTTP_LLM_COST_LOST_ZERO     2

#define NGX_HTTP_LLM_COST_ABORT_BILL    0
#define NGX_HTTP_LLM_COST_ABORT_RESERVE 1
#define NGX_HTTP_LLM_COST_ABORT_DRAIN   2

#define NGX_HTTP_LLM_COST_DRAIN_SIZE    (1024 * 1024)
#define NGX_HTTP_LLM_COST_DRAIN_TIME    60000

#define NGX_HTTP_LLM_COST_SCOPE_PAYER   0
#define NGX_HTTP_LLM_COST_SCOPE_SHARED  1


typedef struct {
    ngx_flag_t                  enable;             /* llm_cost */
    const llm_provider_t       *provider;           /* NULL: auto */
    const llm_vendor_t         *vendor;             /* NULL: by the host */

    ngx_http_complex_value_t   *user;               /* llm_user */
    ngx_array_t                *tags;               /* ..._tag_t */

    ngx_array_t                *budgets;            /* merged; ..._budget_t */
    ngx_flag_t                  budgets_none;       /* llm_budget none */
    unsigned                    enforced:1;         /* some budget enforces */
    unsigned                    enforced_usd:1;     /* ... of unit usd */

    ngx_uint_t                  unknown_model;
    llm_price_t                *unknown_price;      /* input=… output=… */
    ngx_uint_t                  unknown_path;       /* reject, allow, auto */

    ngx_int_t                   reserve_output;     /* N, 0: the model's */
    ngx_uint_t                  fit;
    ngx_int_t                   fit_min;

    ngx_uint_t                  store_failure;
    int64_t                     store_allowance;    /* nano-USD, local= */
    ngx_uint_t                  client_abort;
    size_t                      drain_size;
    ngx_msec_t                  drain_time;
    ngx_uint_t                  upstream_lost;

    ngx_flag_t                  cache;
    time_t                      cache_ttl;
    ngx_http_complex_value_t   *cache_key;
    ngx_uint_t                  cache_scope;
    ngx_array_t                *cache_bypass;       /* predicates */
    ngx_array_t                *no_cache;
    size_t                      cache_max_size;
    ngx_flag_t                  cache_lock;
    ngx_msec_t                  cache_lock_timeout;

    ngx_flag_t                  usage_inject;
    ngx_flag_t                  headers;
    size_t                      max_body;
    size_t                      max_response;
    ngx_flag_t                  trust_reported_cost;

    ngx_flag_t                  api;                /* llm_api */
    ngx_flag_t                  api_write;
} ngx_http_llm_cost_loc_conf_t;


/* a request */


/*
 * Who owns the request in a state, what guards it, what resumes it, and what
 * cleans up when it dies there:
 *
 *   state      owner          guard               resumed by     cleaned by
 *   NEW        phase engine   -                   -              -
 *   READING    body reader    client_body_timeout _body_done()   nothing held
 *   READ       phase engine   -                   -              nothing held
 *   ADMITTING  store (op)     op timer            _resume()      store->detach,
 *                                                                op cancels
 *   WAITING    _flight.c      llm_cache_lock_...  a landing      flight_end()
 *   FORWARD    upstream       proxy_*_timeout     filters        _settle_final
 *   ANSWERED   we: refusal,   send_timeout        -              _settle_final
 *              hit
 *
 * Only _request.c and _admit.c move a request from NEW to FORWARD or ANSWERED,
 * only _settle.c settles it, once.
 */

typedef enum {
    NGX_HTTP_LLM_COST_NEW = 0,
    NGX_HTTP_LLM_COST_READING,
    NGX_HTTP_LLM_COST_READ,
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


struct ngx_http_llm_cost_ctx_s {
    ngx_http_request_t         *request;
    ngx_http_llm_cost_state_e   state;

    llm_mem_t                   mem;                /* the request's pool */
    const llm_provider_t       *provider;
    llm_str_t                   vendor;             /* who sends the bill */
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
    llm_price_terms_t           terms;
    llm_counter_t               counter;
    int64_t                     counted;            /* input, uncorrected */
    int64_t                     most_input;         /* ... and reserved */
    int64_t                     max_output;         /* all choices; reserved */
    int64_t                     reserved_cost;      /* nano-USD */
    int64_t                     written_max;        /* by fit or N; -1: none */
    int64_t                     fit_output;         /* the most that would fit
                                                       a limit; 0: none */

    /* admission: filled by _budget.c, answered by the store */
    llm_admission_t             adm;
    int64_t                     least[LLM_UNIT_N];  /* of what follows a trial */
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
    ngx_http_llm_cost_fleet_e   fleet;              /* the flight of all nodes */
    uint64_t                    token;              /* ... its name, or 0 */
    ngx_queue_t                 fleet_queue;        /* while it leads there */

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
    unsigned                    local:1;            /* held in the zone while
                                                       the store is away */
};


/* the store: one interface, two implementations that pass the same suite */

struct ngx_http_llm_cost_store_s {
    ngx_str_t     name;                             /* "zone", "redis" */

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

    ngx_int_t   (*init_process)(ngx_cycle_t *cycle);
    void        (*exit_process)(ngx_cycle_t *cycle);
};


extern ngx_module_t                     ngx_http_llm_cost_module;

extern const ngx_http_llm_cost_store_t  ngx_http_llm_cost_zone_store;
extern const ngx_http_llm_cost_store_t  ngx_http_llm_cost_redis_store;


/* _module.c */

void *ngx_http_llm_cost_pool_alloc(void *pool, size_t size);


/* _conf.c: directive handlers that are not generic slots */

char *ngx_http_llm_cost_conf_zone(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
ngx_int_t ngx_http_llm_cost_zone_default(ngx_conf_t *cf,
    ngx_http_llm_cost_main_conf_t *lmcf);
char *ngx_http_llm_cost_conf_redis(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_llm_cost_conf_prices(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_llm_cost_conf_price(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_llm_cost_conf_provider(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_llm_cost_conf_tokenizer(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_llm_cost_conf_tag(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_llm_cost_conf_reserve_output(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
char *ngx_http_llm_cost_conf_fit(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_llm_cost_conf_ledger_log(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_llm_cost_conf_salt(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


/* _conf_slot.c: errors that say what to write instead, NGX_CONF_ERROR */

char *ngx_http_llm_cost_conf_error(ngx_conf_t *cf, const char *fmt, ...);
char *ngx_http_llm_cost_conf_size(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_llm_cost_conf_sec(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_llm_cost_conf_msec(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_llm_cost_conf_enum(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


/* _conf_check.c: what does not go together with "llm_cost on" */

ngx_int_t ngx_http_llm_cost_check_init(ngx_conf_t *cf,
    ngx_http_llm_cost_main_conf_t *lmcf);
ngx_int_t ngx_http_llm_cost_check_note(ngx_conf_t *cf);
void ngx_http_llm_cost_check(ngx_conf_t *cf,
    ngx_http_llm_cost_main_conf_t *lmcf);


/* _conf_policy.c: what to do when something is unknown or away */

char *ngx_http_llm_cost_conf_unknown_model(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
char *ngx_http_llm_cost_conf_store_failure(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
char *ngx_http_llm_cost_conf_client_abort(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
char *ngx_http_llm_cost_conf_reservation_ttl(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);


/* _conf_budget.c: llm_budget */

char *ngx_http_llm_cost_conf_budget(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
ngx_int_t ngx_http_llm_cost_parse_limit(const ngx_str_t *s, int64_t *limit,
    llm_unit_e *unit);
char *ngx_http_llm_cost_merge_budgets(ngx_conf_t *cf,
    ngx_http_llm_cost_loc_conf_t *prev, ngx_http_llm_cost_loc_conf_t *conf);


/* _model.c: prices, vocabularies and counters of models */

ngx_int_t ngx_http_llm_cost_init_prices(ngx_conf_t *cf,
    ngx_http_llm_cost_main_conf_t *lmcf);
ngx_int_t ngx_http_llm_cost_init_vocabs(ngx_conf_t *cf,
    ngx_http_llm_cost_main_conf_t *lmcf);
ngx_int_t ngx_http_llm_cost_init_scratch(ngx_cycle_t *cycle);
ngx_int_t ngx_http_llm_cost_counter(ngx_http_llm_cost_main_conf_t *lmcf,
    const ngx_str_t *model, const llm_price_t *price, llm_counter_t *c);


/* _request.c: the state machine */

ngx_int_t ngx_http_llm_cost_access_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_llm_cost_precontent_handler(ngx_http_request_t *r);
ngx_http_llm_cost_ctx_t *ngx_http_llm_cost_get_ctx(ngx_http_request_t *r);
void ngx_http_llm_cost_resume(ngx_http_llm_cost_ctx_t *ctx);
void ngx_http_llm_cost_resume_as(ngx_http_llm_cost_ctx_t *ctx,
    ngx_http_llm_cost_state_e state);
ngx_int_t ngx_http_llm_cost_wait(ngx_http_request_t *r);
void ngx_http_llm_cost_question_init(ngx_http_llm_cost_ctx_t *ctx);


/* _route.c: dialect, path, vendor */

ngx_int_t ngx_http_llm_cost_route_init(ngx_conf_t *cf);
llm_path_e ngx_http_llm_cost_route(ngx_http_request_t *r,
    const ngx_http_llm_cost_loc_conf_t *llcf, const llm_provider_t **provider,
    llm_route_t *route);
void ngx_http_llm_cost_vendor(ngx_http_request_t *r,
    const ngx_http_llm_cost_loc_conf_t *llcf, const llm_provider_t *provider,
    const llm_route_t *route, llm_str_t *vendor);


/* null behind the last name of the host that proxy_pass sends to */

ngx_str_t *ngx_http_llm_cost_upstream_host(ngx_http_request_t *r,
    ngx_uint_t i);


/* _price.c: row, terms, worst case, cost of a usage */

void ngx_http_llm_cost_price_find(ngx_http_llm_cost_ctx_t *ctx);
int64_t ngx_http_llm_cost_price_worst(ngx_http_llm_cost_ctx_t *ctx,
    int64_t output);
int64_t ngx_http_llm_cost_price_fit(ngx_http_llm_cost_ctx_t *ctx,
    int64_t amount);
llm_usage_t ngx_http_llm_cost_price_units(ngx_http_llm_cost_ctx_t *ctx);
ngx_uint_t ngx_http_llm_cost_price_by_unit(ngx_http_llm_cost_ctx_t *ctx,
    llm_usage_t *usage);
int64_t ngx_http_llm_cost_price_usage(ngx_http_llm_cost_ctx_t *ctx,
    const llm_usage_t *usage);


/* _learn.c: counts are corrected by what answers say */

void ngx_http_llm_cost_learn_correct(ngx_http_llm_cost_ctx_t *ctx);
int64_t ngx_http_llm_cost_learn_output(ngx_http_llm_cost_ctx_t *ctx,
    int64_t most);
void ngx_http_llm_cost_learn_answer(ngx_http_llm_cost_ctx_t *ctx);


/* _admit.c: body to question, verdict to deed */

ngx_int_t ngx_http_llm_cost_admit(ngx_http_llm_cost_ctx_t *ctx);
ngx_int_t ngx_http_llm_cost_ask(ngx_http_llm_cost_ctx_t *ctx);
ngx_int_t ngx_http_llm_cost_act(ngx_http_llm_cost_ctx_t *ctx);

/* ctx->body to facts, their price, their worst case, for whoever asks anew */

ngx_int_t ngx_http_llm_cost_parse_body(ngx_http_llm_cost_ctx_t *ctx,
    llm_refusal_t *f);
ngx_int_t ngx_http_llm_cost_find_price(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf, llm_refusal_t *f);
ngx_int_t ngx_http_llm_cost_worst_case(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf);


/* _over.c: a cheaper model instead of a refusal */

ngx_int_t ngx_http_llm_cost_over_check(ngx_conf_t *cf,
    ngx_http_llm_cost_main_conf_t *lmcf);
void ngx_http_llm_cost_over_init(ngx_http_llm_cost_ctx_t *ctx);
ngx_int_t ngx_http_llm_cost_over(ngx_http_llm_cost_ctx_t *ctx);


/* _identity.c: who pays */

ngx_int_t ngx_http_llm_cost_key_id(ngx_http_request_t *r, ngx_str_t *id);
ngx_int_t ngx_http_llm_cost_identity(ngx_http_llm_cost_ctx_t *ctx);
ngx_int_t ngx_http_llm_cost_hide_key(ngx_http_request_t *r);
ngx_str_t *ngx_http_llm_cost_find_header(ngx_http_request_t *r,
    const char *name, size_t len);


/* _body.c */

/* body of the request in one piece; NGX_OK, NGX_ERROR, NGX_DECLINED: > max */

ngx_int_t ngx_http_llm_cost_body_gather(ngx_http_request_t *r, size_t max,
    ngx_str_t *body);
ngx_int_t ngx_http_llm_cost_body_edit(ngx_http_llm_cost_ctx_t *ctx,
    const llm_edits_t *e);
ngx_int_t ngx_http_llm_cost_body_rewrite(ngx_http_llm_cost_ctx_t *ctx,
    const llm_edits_t *e);


/* _budget.c */

/* NGX_OK, NGX_ERROR, NGX_DECLINED: ctx->refusal and msg say why (refuse) */

ngx_int_t ngx_http_llm_cost_budgets_init(ngx_http_llm_cost_ctx_t *ctx,
    llm_refusal_t *f);
void ngx_http_llm_cost_budget_message(ngx_http_llm_cost_ctx_t *ctx,
    llm_refusal_t *f);


/* _error.c */

ngx_int_t ngx_http_llm_cost_refuse(ngx_http_llm_cost_ctx_t *ctx,
    llm_refusal_t *f);
void ngx_http_llm_cost_refusal(llm_refusal_t *f, llm_refuse_e why,
    const char *message);
const llm_str_t *ngx_http_llm_cost_refusal_code(ngx_uint_t why);


/* _filter.c; what its own files share is in ngx_http_llm_cost_filter.h */

ngx_int_t ngx_http_llm_cost_filter_init(ngx_conf_t *cf);


/* _headers.c: the response headers of design.md section 3 */

ngx_int_t ngx_http_llm_cost_add_header(ngx_http_request_t *r,
    ngx_list_t *list, const char *name, size_t name_len, ngx_str_t *value);

/* after the body was edited: ctx->injected decides, too */

void ngx_http_llm_cost_limit_encodings(ngx_http_request_t *r);
ngx_int_t ngx_http_llm_cost_request_headers(ngx_http_llm_cost_ctx_t *ctx);
ngx_int_t ngx_http_llm_cost_answer_headers(ngx_http_llm_cost_ctx_t *ctx,
    ngx_list_t *list);


/* _drain.c: a client that leaves before its answer has ended */

void ngx_http_llm_cost_guard(ngx_http_llm_cost_ctx_t *ctx);
void ngx_http_llm_cost_drain_stop(ngx_http_llm_cost_ctx_t *ctx);


/* _settle.c */

/* note in the journal what is known so far; cheap to call often */

void ngx_http_llm_cost_note(ngx_http_llm_cost_ctx_t *ctx);

/* price what is known and settle, once; from the filter at the last byte */

void ngx_http_llm_cost_settle(ngx_http_llm_cost_ctx_t *ctx);

/* the same from the request's cleanup: whatever happened, it ends here */

void ngx_http_llm_cost_settle_final(ngx_http_llm_cost_ctx_t *ctx);


/* _flight.c: of requests for one answer, one goes upstream */

void ngx_http_llm_cost_flight_init_process(void);
void ngx_http_llm_cost_flight_look(ngx_http_llm_cost_ctx_t *ctx);
ngx_int_t ngx_http_llm_cost_flight_enter(ngx_http_llm_cost_ctx_t *ctx);
void ngx_http_llm_cost_flight_end(ngx_http_llm_cost_ctx_t *ctx,
    llm_landed_e how);

/* somebody waits for the answer of the one that leads */

ngx_uint_t ngx_http_llm_cost_flight_followed(ngx_http_llm_cost_ctx_t *ctx);

/* another node's flight has landed */

void ngx_http_llm_cost_flight_told(const u_char *key);

/* the same for a flight that a store has taken over, until its put() is done */

void ngx_http_llm_cost_flight_land(const u_char *key, llm_flight_t *flight,
    llm_landed_e how);


/* _cache.c: key, entries, hits */

ngx_int_t ngx_http_llm_cost_cache_prepare(ngx_http_llm_cost_ctx_t *ctx);
ngx_int_t ngx_http_llm_cost_cache_send(ngx_http_llm_cost_ctx_t *ctx);

/* a hit in the form that is asked for; NGX_DECLINED: it cannot be given so */

ngx_int_t ngx_http_llm_cost_cache_form(ngx_http_llm_cost_ctx_t *ctx);

/* the entry is not older than the client wants it */

ngx_uint_t ngx_http_llm_cost_cache_fresh(ngx_http_llm_cost_ctx_t *ctx);

/* a fresh answer, ctx->entry->body, goes to the store if it may be kept */

void ngx_http_llm_cost_cache_keep(ngx_http_llm_cost_ctx_t *ctx);

/* an entry as bytes, the same in zone and Redis: versioned, with a digest */

size_t ngx_http_llm_cost_entry_size(const ngx_http_llm_cost_entry_t *e);
void ngx_http_llm_cost_entry_write(const ngx_http_llm_cost_entry_t *e,
    u_char *p);
ngx_int_t ngx_http_llm_cost_entry_read(ngx_pool_t *pool, u_char *p,
    size_t len, ngx_http_llm_cost_entry_t **e);


/* _cache_zone.c: entries in shared memory; NGX_DECLINED: there is none */

ngx_int_t ngx_http_llm_cost_cache_zone_get(ngx_http_llm_cost_zone_t *z,
    ngx_http_llm_cost_ctx_t *ctx);
ngx_int_t ngx_http_llm_cost_cache_zone_put(ngx_http_llm_cost_zone_t *z,
    ngx_http_llm_cost_ctx_t *ctx, const u_char *p, size_t size,
    time_t stored);

/* key, model and payers of ctx's entry */

void ngx_http_llm_cost_cache_item(ngx_http_llm_cost_ctx_t *ctx,
    llm_cache_item_t *item);


/* _zone.c: the shared memory zone and the store that needs nothing else */

#define NGX_HTTP_LLM_COST_ZONE_MIN      (1024 * 1024)

ngx_int_t ngx_http_llm_cost_zone_init(ngx_shm_zone_t *shm_zone, void *data);
ngx_int_t ngx_http_llm_cost_zone_start(ngx_cycle_t *cycle);
void ngx_http_llm_cost_zone_stop(void);
ngx_http_llm_cost_zone_t *ngx_http_llm_cost_zone(void);

/* the sweeper of the ledger: with Redis as the store the journal needs it */

void ngx_http_llm_cost_sweep_start(ngx_cycle_t *cycle);
void ngx_http_llm_cost_sweep_stop(void);

/*
 * Reservations whose worker lives do not expire, whether anything comes from
 * upstream or not; also() tells another store, or is NULL.
 */

typedef void (*ngx_http_llm_cost_keep_pt)(const llm_hold_id_t *id,
    time_t expires);

void ngx_http_llm_cost_keep_live(ngx_http_llm_cost_keep_pt also);

/* whether the worker that owns a reservation is dead */

int ngx_http_llm_cost_gone(uint32_t owner);


/* _state.c: the file that the ledger is in with state= */

char *ngx_http_llm_cost_state_conf(ngx_conf_t *cf,
    ngx_http_llm_cost_zone_t *z, ngx_str_t *name);
ngx_int_t ngx_http_llm_cost_state_open(ngx_http_llm_cost_zone_t *z,
    size_t size, uint64_t before);
ngx_int_t ngx_http_llm_cost_state_start(ngx_cycle_t *cycle,
    ngx_http_llm_cost_zone_t *z);
void ngx_http_llm_cost_state_stop(ngx_http_llm_cost_zone_t *z);


/* _ledger_log.c: lines of requests whose worker died before it logged them */

ngx_int_t ngx_http_llm_cost_ledger_log_init(ngx_conf_t *cf,
    ngx_http_llm_cost_main_conf_t *lmcf);
ngx_int_t ngx_http_llm_cost_ledger_log_admit(ngx_http_llm_cost_ctx_t *ctx);
int ngx_http_llm_cost_ledger_log_line(void *data,
    const llm_hold_view_t *view);


/* _memo.c: token counts of texts that were counted before */

llm_memo_t *ngx_http_llm_cost_memo_create(ngx_http_llm_cost_zone_t *z,
    void *mem, size_t size);
ngx_int_t ngx_http_llm_cost_memo_attach(ngx_http_llm_cost_zone_t *z,
    void *mem, size_t size, const char **err);
void ngx_http_llm_cost_memo_counter(ngx_http_llm_cost_zone_t *z,
    llm_counter_t *c);


/* _alert.c: what ctx->adm.balances say has just been crossed */

void ngx_http_llm_cost_alert_admission(ngx_http_llm_cost_ctx_t *ctx);
void ngx_http_llm_cost_alert_settled(ngx_http_llm_cost_ctx_t *ctx);
void ngx_http_llm_cost_alert(ngx_log_t *log, const llm_budget_t *b,
    ngx_uint_t percent, int64_t spent, int64_t limit);

/* alert->text from its numbers; returns the length */

size_t ngx_http_llm_cost_alert_text(llm_alert_t *alert);


/* _redis.c, _redis_conn.c: see ngx_http_llm_cost_redis.h */


/* _digest.c: what the log tells of a question without its words */

ngx_int_t ngx_http_llm_cost_digest(ngx_http_llm_cost_ctx_t *ctx,
    ngx_uint_t prefix, ngx_str_t *hex);


/* _variables.c */

ngx_int_t ngx_http_llm_cost_add_variables(ngx_conf_t *cf);

/* "name|key|start of window|unit|amount" of $llm_budgets; returns its end */

#define NGX_HTTP_LLM_COST_BUDGET_LEN                                          \
    (LLM_NAME_MAX + 3 * LLM_KEY_MAX + LLM_USD_LEN                             \
     + sizeof("||2026-11-22T00:00:00Z|requests|,"))

u_char *ngx_http_llm_cost_print_budget(u_char *p, const llm_str_t *name,
    const llm_str_t *key, int64_t start, llm_unit_e unit, int64_t amount);
ngx_str_t *ngx_http_llm_cost_source(ngx_uint_t source);


/* _api.c: llm_api */

char *ngx_http_llm_cost_conf_api(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


#endif /* _NGX_HTTP_LLM_COST_H_INCLUDED_ */
