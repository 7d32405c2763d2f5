
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _NGX_HTTP_LLM_COST_CONF_H_INCLUDED_
#define _NGX_HTTP_LLM_COST_CONF_H_INCLUDED_


/*
 * What the configuration is read into, main, per budget and per location.  All
 * of it is made by _conf*.c and not written to afterwards.  Included by
 * ngx_http_llm_cost.h, which has the types that are only named here.
 */


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
    llm_held_table_t           *held;       /* work that goes on, or NULL */
    ngx_fd_t                    held_fd;    /* its file; 0: there is none */
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
    size_t                      journal;    /* bytes, of llm_redis only, */
    size_t                      promise;    /* ... for a request's end */
    size_t                      answers;    /* bytes of them; 0: any */
    u_char                     *file_name;  /* of the directive, */
    ngx_uint_t                  line;       /* for messages */
} ngx_http_llm_cost_redis_conf_t;


/* llm_price as written; added once all price files are loaded */

typedef struct {
    ngx_str_t                  *args;       /* directive, model, name=value */
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
    ngx_http_llm_cost_redis_conf_t  *redis;         /* NULL: zone is store */
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


#endif /* _NGX_HTTP_LLM_COST_CONF_H_INCLUDED_ */
