
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
 *   _admit.c     body to question
 *       |  _body.c        body in one piece
 *       |  llm_json.c, providers/   what is asked for, input tokens
 *       |  _price.c, _budget.c      worst case, budgets, windows
 *       |  _cache.c       key
 *       |  store->admit() entry or reservation, one step
 *   _verdict.c   what its answer means
 *       +-- refused      _error.c, in the client's dialect
 *       +-- hit          _cache.c
 *       `-- forward      _body.c writes the edits
 *   CONTENT  proxy_pass
 *       |
 *   _filter.c    PASS | HOLD, WATCH (JSON) | STREAM (SSE); usage through
 *                providers/
 *       |
 *   _settle.c    settle, statistics, alerts: at the last byte, or from the
 *       |        request's cleanup when there was no last byte
 *       `  _owes.c        usage, and what it costs
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
#include "llm_held.h"
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
typedef struct ngx_http_llm_cost_live_s    ngx_http_llm_cost_live_t;
typedef struct ngx_http_llm_cost_follow_s  ngx_http_llm_cost_follow_t;
typedef struct ngx_http_llm_cost_play_s    ngx_http_llm_cost_play_t;


#include "ngx_http_llm_cost_conf.h"
#include "ngx_http_llm_cost_ctx.h"


/* _module.c */

void *ngx_http_llm_cost_pool_alloc(void *pool, size_t size);


/* _conf.c: directive handlers that are not generic slots */

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


/* _conf_store.c */

char *ngx_http_llm_cost_conf_zone(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
ngx_int_t ngx_http_llm_cost_zone_default(ngx_conf_t *cf,
    ngx_http_llm_cost_main_conf_t *lmcf);
char *ngx_http_llm_cost_conf_redis(ngx_conf_t *cf, ngx_command_t *cmd,
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
ngx_http_llm_cost_budget_t *ngx_http_llm_cost_budget_find(
    ngx_array_t *budgets, ngx_str_t *name);


/* _conf_merge.c */

void *ngx_http_llm_cost_create_loc_conf(ngx_conf_t *cf);
char *ngx_http_llm_cost_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);


/* _prices.c: the price table */

ngx_int_t ngx_http_llm_cost_init_prices(ngx_conf_t *cf,
    ngx_http_llm_cost_main_conf_t *lmcf);


/* _vocab.c: vocabularies, and which of them counts for a model */

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
ngx_int_t ngx_http_llm_cost_unmetered(
    const ngx_http_llm_cost_loc_conf_t *llcf, llm_path_e path,
    llm_refusal_t *f);


/* _route.c: dialect, path, vendor */

ngx_int_t ngx_http_llm_cost_route_init(ngx_conf_t *cf);
ngx_module_t *ngx_http_llm_cost_proxy(ngx_conf_t *cf);
llm_path_e ngx_http_llm_cost_route(ngx_http_request_t *r,
    const ngx_http_llm_cost_loc_conf_t *llcf, const llm_provider_t **provider,
    llm_route_t *route);
void ngx_http_llm_cost_vendor(ngx_http_request_t *r,
    const ngx_http_llm_cost_loc_conf_t *llcf, const llm_provider_t *provider,
    const llm_route_t *route, llm_str_t *vendor);


/*
 * Where the requests of a location go, as far as the host names of its
 * upstream tell.  Never NULL: what they do not tell is NULL, global or empty.
 */

typedef struct {
    const void            *cycle;         /* whose addresses these are */
    const void            *upstream;
    const llm_vendor_t    *vendor;
    llm_geo_e              geo;
    llm_str_t              region;
} ngx_http_llm_cost_target_t;

const ngx_http_llm_cost_target_t *ngx_http_llm_cost_target(
    ngx_http_request_t *r);


/* _price.c: row, terms, worst case, cost of a usage */

void ngx_http_llm_cost_price_find(ngx_http_llm_cost_ctx_t *ctx);
int64_t ngx_http_llm_cost_price_worst(ngx_http_llm_cost_ctx_t *ctx,
    int64_t output);
int64_t ngx_http_llm_cost_price_fit(ngx_http_llm_cost_ctx_t *ctx,
    int64_t amount);
llm_usage_t ngx_http_llm_cost_price_units(ngx_http_llm_cost_ctx_t *ctx);
ngx_uint_t ngx_http_llm_cost_price_by_unit(ngx_http_llm_cost_ctx_t *ctx,
    llm_usage_t *usage);
ngx_uint_t ngx_http_llm_cost_price_lacks(ngx_http_llm_cost_ctx_t *ctx,
    llm_usage_t *usage);
int64_t ngx_http_llm_cost_price_usage(ngx_http_llm_cost_ctx_t *ctx,
    const llm_usage_t *usage);


/* _learn.c: estimates are corrected by the usage that answers report */

void ngx_http_llm_cost_learn_correct(ngx_http_llm_cost_ctx_t *ctx);
int64_t ngx_http_llm_cost_learn_output(ngx_http_llm_cost_ctx_t *ctx,
    int64_t most);
void ngx_http_llm_cost_learn_answer(ngx_http_llm_cost_ctx_t *ctx);


/* _admit.c: body to question */

ngx_int_t ngx_http_llm_cost_admit(ngx_http_llm_cost_ctx_t *ctx);
ngx_int_t ngx_http_llm_cost_ask(ngx_http_llm_cost_ctx_t *ctx);

/*
 * Count the input and set the worst case, unless that is done already: to be
 * called before q.input_tokens or the amounts of adm are read.  A cache hit
 * needs neither.  NGX_OK or NGX_ERROR.
 */

ngx_int_t ngx_http_llm_cost_measure(ngx_http_llm_cost_ctx_t *ctx);

/*
 * The steps of admission, for those that ask again with another body: what
 * ctx->body asks for, its price, its worst case.  NGX_OK, NGX_ERROR, or
 * NGX_DECLINED with f: refuse; parse_body() may return NGX_ABORT as well: pass
 * it unmetered.  most_output() is the most that one choice can have, tokens.
 */

ngx_int_t ngx_http_llm_cost_parse_body(ngx_http_llm_cost_ctx_t *ctx,
    llm_refusal_t *f);
ngx_int_t ngx_http_llm_cost_find_price(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf, llm_refusal_t *f);
ngx_int_t ngx_http_llm_cost_worst_case(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf);
int64_t ngx_http_llm_cost_most_output(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf);


/*
 * What follows once the price is known.  rc is what has come of it so far, as
 * above; the result is that of a phase handler.
 */

ngx_int_t ngx_http_llm_cost_admit_counted(ngx_http_llm_cost_ctx_t *ctx,
    ngx_int_t rc, llm_refusal_t *f);

/* monotonic, in microseconds: nginx's own time is only updated by events */

int64_t ngx_http_llm_cost_clock(void);

/* f: an invalid request, with the message "Invalid 'param': err" */

void ngx_http_llm_cost_invalid(ngx_http_llm_cost_ctx_t *ctx, llm_refusal_t *f,
    const char *err, const char *param);


/* _verdict.c: what the store's answer means for the request */

ngx_int_t ngx_http_llm_cost_act(ngx_http_llm_cost_ctx_t *ctx);


/* _parts.c: requests inside a request, counted a few at a time */

ngx_int_t ngx_http_llm_cost_parts_begin(ngx_http_llm_cost_ctx_t *ctx);
ngx_int_t ngx_http_llm_cost_parts_go(ngx_http_llm_cost_ctx_t *ctx);
void ngx_http_llm_cost_parts_stop(ngx_http_llm_cost_ctx_t *ctx);
void ngx_http_llm_cost_parts_worst(ngx_http_llm_cost_ctx_t *ctx,
    llm_held_t *record);
int64_t ngx_http_llm_cost_parts_open(ngx_http_llm_cost_ctx_t *ctx);

/*
 * A pool that dies with r, and mem on it: for work that is repeated, and whose
 * memory is reset each time.  NULL: no memory.
 */

ngx_pool_t *ngx_http_llm_cost_scratch(ngx_http_request_t *r, llm_mem_t *mem);


/*
 * _held.c: files of requests, batches and runs.  Several requests of the
 * client belong to one such work: one begins it, later ones ask how it goes
 * on.  A record (llm_held.h) connects them, ctx->record.
 */

/* these return what a phase handler does */

ngx_int_t ngx_http_llm_cost_held_start(ngx_http_llm_cost_ctx_t *ctx);
ngx_int_t ngx_http_llm_cost_held_admit(ngx_http_llm_cost_ctx_t *ctx);
ngx_int_t ngx_http_llm_cost_held_found(ngx_http_llm_cost_ctx_t *ctx);

/* the most that the work which ctx begins can use, into ctx->adm */

void ngx_http_llm_cost_held_worst(ngx_http_llm_cost_ctx_t *ctx);

/*
 * The answer to a request that begins work has ended.  1: the reservation was
 * handed over to the record, or there was none; 0: ctx still has it and must
 * settle it.
 */

ngx_uint_t ngx_http_llm_cost_held_begun(ngx_http_llm_cost_ctx_t *ctx);

/*
 * The name under which the record of a payer's object is kept, and the hash
 * that stands for the payer in it.  NGX_OK, NGX_ERROR, or NGX_DECLINED: the
 * object has no name, or one that is too long.
 */

ngx_int_t ngx_http_llm_cost_held_name(ngx_http_llm_cost_ctx_t *ctx,
    const llm_str_t *object, u_char name[LLM_HELD_NAME], uint64_t *payer);


/* _held_told.c: an answer may say what work has used */

/* to be called before the answer is read; NGX_OK or NGX_ERROR */

ngx_int_t ngx_http_llm_cost_held_listen(ngx_http_llm_cost_ctx_t *ctx);

/*
 * The answer has ended.  1: it did say so, and ctx has to settle the work with
 * the amounts that are now in ctx.
 */

ngx_uint_t ngx_http_llm_cost_held_told(ngx_http_llm_cost_ctx_t *ctx);


/* _held_claim.c: work is settled once, though several may be told of it */

/* 1: ctx is the one request on its node that settles the work of ctx->record */

ngx_uint_t ngx_http_llm_cost_held_claim(ngx_http_llm_cost_ctx_t *ctx);

/*
 * Settle it, with the amounts in ctx: at once where there is no fleet, else
 * when the store has answered, which keeps a reference of the request.
 */

void ngx_http_llm_cost_held_settle(ngx_http_llm_cost_ctx_t *ctx);

/*
 * The store has answered, or will not any more.  If ctx->late is set another
 * node has settled it, and ctx has nothing to pay.
 */

void ngx_http_llm_cost_held_claimed(ngx_http_llm_cost_ctx_t *ctx);


/*
 * _held_heir.c: a worker may die after it has settled work and before a log
 * has the line, or Redis the settlement.  Until then the record says that it
 * is owed.
 */

/* ctx begins to settle it; its line is in the access log */

void ngx_http_llm_cost_held_owe(ngx_http_llm_cost_ctx_t *ctx);
void ngx_http_llm_cost_held_logged(ngx_http_llm_cost_ctx_t *ctx);

/* 1: whoever owed it is gone, and this process has begun to do it instead */

ngx_uint_t ngx_http_llm_cost_held_inherit(const llm_held_t *record);


/* _held_lapse.c: work whose results nobody has asked for in time */

void ngx_http_llm_cost_held_sweep(void);
void ngx_http_llm_cost_held_lapse(llm_held_t *record);

/*
 * Its line in the ledger log; back: the line that takes the former one back,
 * with the same amounts below 0.  LLM_OK, or an error: it is not written.
 */

int ngx_http_llm_cost_held_line(const llm_held_t *record, ngx_uint_t back);


/* _held_zone.c: records in shared memory and, with state=, in a file */

/* read what others have added to the file; call it before a record is sought */

void ngx_http_llm_cost_held_zone_follow(ngx_http_llm_cost_zone_t *z);

/* members of the store's table, see ngx_http_llm_cost_ctx.h */

ngx_int_t ngx_http_llm_cost_held_zone_find(ngx_http_llm_cost_ctx_t *ctx);
ngx_int_t ngx_http_llm_cost_held_zone_keep(const llm_held_t *record);
ngx_int_t ngx_http_llm_cost_held_zone_leave(ngx_http_llm_cost_ctx_t *ctx,
    time_t until);
void ngx_http_llm_cost_held_zone_resettle(const llm_held_t *record,
    llm_budget_t *budgets, unsigned n);

/* done (LLM_HELD_UNLOGGED, ...) is not owed for this work any more */

void ngx_http_llm_cost_held_zone_clear(const u_char *work, ngx_uint_t done);

/* told: Redis has the settlement; 0: there was no room to keep it for Redis */

void ngx_http_llm_cost_held_zone_told(const llm_hold_id_t *id,
    ngx_uint_t told);


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

/* NGX_OK, NGX_ERROR, or NGX_DECLINED: refuse with f */

ngx_int_t ngx_http_llm_cost_budgets_init(ngx_http_llm_cost_ctx_t *ctx,
    llm_refusal_t *f);

/* 1: one of the request's budgets counts requests */

ngx_uint_t ngx_http_llm_cost_budget_requests(ngx_http_llm_cost_ctx_t *ctx);

/* the text for a client whose request does not fit ctx->adm.refused */

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


/* _headers.c: the response headers, README.md has their list */

ngx_int_t ngx_http_llm_cost_add_header(ngx_http_request_t *r,
    ngx_list_t *list, const char *name, size_t name_len, ngx_str_t *value);

/*
 * Ask upstream only for codings that can be read here.  To be called after the
 * body was edited: it depends on ctx->injected.
 */

void ngx_http_llm_cost_limit_encodings(ngx_http_request_t *r);
ngx_int_t ngx_http_llm_cost_request_headers(ngx_http_llm_cost_ctx_t *ctx);
ngx_int_t ngx_http_llm_cost_answer_headers(ngx_http_llm_cost_ctx_t *ctx,
    ngx_list_t *list);


/* _drain.c: a client that leaves before its answer has ended */

void ngx_http_llm_cost_guard(ngx_http_llm_cost_ctx_t *ctx);
void ngx_http_llm_cost_drain_stop(ngx_http_llm_cost_ctx_t *ctx);


/* _settle.c */

/*
 * Note in the journal what is known of the usage so far, for whoever settles
 * the request if this worker dies; cheap enough to be called often.
 */

void ngx_http_llm_cost_note(ngx_http_llm_cost_ctx_t *ctx);

/*
 * Price what is known, and settle.  settle() is the filter's, at the last byte
 * of the answer; settle_final() is the cleanup's, and ends a request whatever
 * became of it.  Whichever of the two comes first does it, once.
 */

void ngx_http_llm_cost_settle(ngx_http_llm_cost_ctx_t *ctx);
void ngx_http_llm_cost_settle_final(ngx_http_llm_cost_ctx_t *ctx);

/* settle the amounts that are in ctx->spent; the caller sees that it is once */

void ngx_http_llm_cost_settle_spent(ngx_http_llm_cost_ctx_t *ctx);


/* _owes.c: sets ctx->usage, source, cost and spent from what is known now */

void ngx_http_llm_cost_owes(ngx_http_llm_cost_ctx_t *ctx);

/* 1: a client that leaves now owes all that is reserved */

ngx_uint_t ngx_http_llm_cost_owes_all(ngx_http_llm_cost_ctx_t *ctx);


/* _event.c: what the statistics are told */

void ngx_http_llm_cost_event(ngx_http_llm_cost_ctx_t *ctx,
    llm_stats_event_t *event);


/* _flight.c: of several requests for one answer, one goes upstream: it leads */

void ngx_http_llm_cost_flight_init_process(void);
void ngx_http_llm_cost_flight_look(ngx_http_llm_cost_ctx_t *ctx);
ngx_int_t ngx_http_llm_cost_flight_enter(ngx_http_llm_cost_ctx_t *ctx);
void ngx_http_llm_cost_flight_end(ngx_http_llm_cost_ctx_t *ctx,
    llm_landed_e how);

/* 1: ctx leads, and somebody waits for its answer */

ngx_uint_t ngx_http_llm_cost_flight_followed(ngx_http_llm_cost_ctx_t *ctx);

/* the leader's stream has begun: others of this worker may join it */

void ngx_http_llm_cost_flight_opened(const u_char *key);

/* another node has said that its flight has landed: waiters look again */

void ngx_http_llm_cost_flight_told(const u_char *key);

/* as flight_end(), for a flight that the store keeps until its put() is done */

void ngx_http_llm_cost_flight_land(const u_char *key, llm_flight_t *flight,
    llm_landed_e how);


/* _live.c: a stream that is still coming, and those who read it along */

void ngx_http_llm_cost_live_init_process(void);
ngx_uint_t ngx_http_llm_cost_live_joined(ngx_http_llm_cost_ctx_t *ctx);
void ngx_http_llm_cost_live_leave(ngx_http_llm_cost_ctx_t *ctx);
void ngx_http_llm_cost_live_end(ngx_http_llm_cost_ctx_t *ctx,
    ngx_uint_t whole);


/* _follow.c: a request that the store admits may join ctx->follow, a stream */

ngx_int_t ngx_http_llm_cost_follow(ngx_http_llm_cost_ctx_t *ctx);
ngx_int_t ngx_http_llm_cost_follow_begin(ngx_http_llm_cost_ctx_t *ctx);
void ngx_http_llm_cost_follow_drop(ngx_http_llm_cost_ctx_t *ctx);


/* _cache.c: look-ups, answers that are kept, hits */

/* sets keyed, lookup and storable; NGX_OK or NGX_ERROR */

ngx_int_t ngx_http_llm_cost_cache_prepare(ngx_http_llm_cost_ctx_t *ctx);

/* answer with ctx->entry; the result is that of a phase handler */

ngx_int_t ngx_http_llm_cost_cache_send(ngx_http_llm_cost_ctx_t *ctx);

/* its parts: the figures of ctx->entry; its header, length -1: not known */

void ngx_http_llm_cost_cache_hit(ngx_http_llm_cost_ctx_t *ctx);
ngx_int_t ngx_http_llm_cost_cache_header(ngx_http_llm_cost_ctx_t *ctx,
    off_t length);

/*
 * Bring ctx->entry into the form that the client asks for.  NGX_OK, NGX_ERROR,
 * or NGX_DECLINED: this form cannot be made of it.
 */

ngx_int_t ngx_http_llm_cost_cache_form(ngx_http_llm_cost_ctx_t *ctx);

/*
 * Look into the zone.  If there is an entry that can be sent, it is ctx->entry
 * and ctx->adm.hit is set.  NGX_OK or NGX_ERROR.
 */

ngx_int_t ngx_http_llm_cost_cache_first(ngx_http_llm_cost_ctx_t *ctx);

/* 1: ctx->entry is not older than the client allows */

ngx_uint_t ngx_http_llm_cost_cache_fresh(ngx_http_llm_cost_ctx_t *ctx);

/* a fresh answer, ctx->entry->body, goes to the store if it may be kept */

void ngx_http_llm_cost_cache_keep(ngx_http_llm_cost_ctx_t *ctx);

/* _cache_key.c: NGX_DECLINED: the dialect has no canonical form of it */

ngx_int_t ngx_http_llm_cost_cache_make_key(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf);

/* 1: one entry serves every form of the answer, as the dialect converts it */

ngx_uint_t ngx_http_llm_cost_cache_forms(ngx_http_llm_cost_ctx_t *ctx);

/* _cache_entry.c: an entry as bytes */

#define NGX_HTTP_LLM_COST_ENTRY_VERSION 2
#define NGX_HTTP_LLM_COST_ENTRY_TYPE    255     /* bytes of content type */

size_t ngx_http_llm_cost_entry_size(const ngx_http_llm_cost_entry_t *e);
void ngx_http_llm_cost_entry_write(const ngx_http_llm_cost_entry_t *e,
    u_char *p);
ngx_int_t ngx_http_llm_cost_entry_read(ngx_pool_t *pool, u_char *p,
    size_t len, ngx_http_llm_cost_entry_t **e);

/* ... as the zone keeps it, at most pack_max() bytes */

size_t ngx_http_llm_cost_entry_pack_max(const ngx_http_llm_cost_entry_t *e);
size_t ngx_http_llm_cost_entry_pack(const ngx_http_llm_cost_entry_t *e,
    u_char *p);
ngx_int_t ngx_http_llm_cost_entry_unpack(ngx_pool_t *pool, u_char *p,
    size_t len, ngx_http_llm_cost_entry_t **e);


/* _cache_zone.c: entries in shared memory; NGX_DECLINED: there is none */

ngx_int_t ngx_http_llm_cost_cache_zone_put(ngx_http_llm_cost_zone_t *z,
    ngx_http_llm_cost_ctx_t *ctx, const ngx_http_llm_cost_entry_t *e);

/* key, model and payers of ctx's entry */

void ngx_http_llm_cost_cache_item(ngx_http_llm_cost_ctx_t *ctx,
    llm_cache_item_t *item);


/* _zone.c: the shared memory zone; _zone_store.c: the store that it is */

#define NGX_HTTP_LLM_COST_ZONE_MIN      (1024 * 1024)

ngx_int_t ngx_http_llm_cost_zone_init(ngx_shm_zone_t *shm_zone, void *data);
ngx_int_t ngx_http_llm_cost_zone_start(ngx_cycle_t *cycle);
void ngx_http_llm_cost_zone_stop(void);
ngx_http_llm_cost_zone_t *ngx_http_llm_cost_zone(void);
ngx_uint_t ngx_http_llm_cost_zone_turn(ngx_http_llm_cost_zone_t *z,
    time_t now);


/* _sweep.c: ends the reservations of dead workers, renews those of live ones */

void ngx_http_llm_cost_sweep_start(ngx_cycle_t *cycle);
void ngx_http_llm_cost_sweep_stop(ngx_cycle_t *cycle);

/*
 * Renew the reservations whose worker lives: they do not expire, whether
 * anything comes from upstream or not.  also() is called for each of them, to
 * tell another store, or is NULL.
 */

typedef void (*ngx_http_llm_cost_keep_pt)(const llm_hold_id_t *id,
    time_t expires);

void ngx_http_llm_cost_keep_live(ngx_http_llm_cost_keep_pt also);

/* 1: the worker that owns a reservation is dead */

int ngx_http_llm_cost_gone(uint32_t owner);


/* _state.c: with state= the ledger is in a file */

char *ngx_http_llm_cost_state_conf(ngx_conf_t *cf,
    ngx_http_llm_cost_zone_t *z, ngx_str_t *name);
ngx_int_t ngx_http_llm_cost_state_open(ngx_http_llm_cost_zone_t *z,
    size_t size, uint64_t before);
ngx_int_t ngx_http_llm_cost_state_start(ngx_cycle_t *cycle,
    ngx_http_llm_cost_zone_t *z);
void ngx_http_llm_cost_state_stop(ngx_http_llm_cost_zone_t *z);

/*
 * The file of z->held beside it.  made: this start has made the table, which is
 * filled from the file; 0: a reload has found it in shared memory.
 */

void ngx_http_llm_cost_state_held(ngx_http_llm_cost_zone_t *z,
    ngx_uint_t made);


/* _ledger_log.c: lines of requests whose worker died before it logged them */

ngx_int_t ngx_http_llm_cost_ledger_log_init(ngx_conf_t *cf,
    ngx_http_llm_cost_main_conf_t *lmcf);
ngx_int_t ngx_http_llm_cost_ledger_log_admit(ngx_http_llm_cost_ctx_t *ctx);
int ngx_http_llm_cost_ledger_log_line(void *data,
    const llm_hold_view_t *view);

typedef struct {
    const unsigned char        *request_id;          /* LLM_REQUEST_ID bytes */
    llm_str_t                   work;                /* that it settles, or
                                                        none */
    ngx_uint_t                  source;
    const char                 *why;
    const int64_t              *spent;               /* LLM_UNIT_N */
    const llm_budget_t         *budgets;
    unsigned                    n;
} ngx_http_llm_cost_ledger_line_t;

/* LLM_OK, also where no such log is configured, or an error */

int ngx_http_llm_cost_ledger_write(
    const ngx_http_llm_cost_ledger_line_t *line);

/* "name|key|start of window|unit|amount" of $llm_budgets; returns its end */

#define NGX_HTTP_LLM_COST_BUDGET_LEN                                          \
    (LLM_NAME_MAX + 3 * LLM_KEY_MAX + LLM_USD_LEN                             \
     + sizeof("||2026-11-22T00:00:00Z|requests|,"))

u_char *ngx_http_llm_cost_print_budget(u_char *p, const llm_str_t *name,
    const llm_str_t *key, int64_t start, llm_unit_e unit, int64_t amount);


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


/* _redis_args.c; what else is Redis's is in ngx_http_llm_cost_redis.h */

void ngx_http_llm_cost_redis_promise(ngx_http_llm_cost_main_conf_t *lmcf,
    const ngx_http_llm_cost_loc_conf_t *llcf);


/* _digest.c: hashes by which logs tell that two requests ask the same */

/*
 * A SHA-256 that has just begun, or NULL.  A worker has one, so the former use
 * of it must have ended.
 */

struct evp_md_ctx_st *ngx_http_llm_cost_sha256(void);

ngx_int_t ngx_http_llm_cost_digest(ngx_http_llm_cost_ctx_t *ctx,
    ngx_uint_t prefix, ngx_str_t *hex);


/* _variables.c */

ngx_int_t ngx_http_llm_cost_add_variables(ngx_conf_t *cf);
ngx_str_t *ngx_http_llm_cost_source(ngx_uint_t source);


/* _api.c: llm_api */

char *ngx_http_llm_cost_conf_api(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


#endif /* _NGX_HTTP_LLM_COST_H_INCLUDED_ */
