
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_redis.h"


/*
 * The store that a fleet shares.  A request takes two round trips: one that
 * looks its answer up and reserves, and one that settles, for which nobody
 * waits.
 *
 *   admit   a reservation of nothing in the zone's ledger gives the identity:
 *           it is the journal.  Then admit.lua; what it grants is written
 *           there.  A refusal takes the journal entry back; no reply in time
 *           cancels the identity, whatever became of it, and leaves the
 *           request to llm_store_failure
 *   settle  the amounts are noted in the journal, then settle.lua.  Its reply
 *           closes the journal entry; without a reply the command goes to the
 *           record in shared memory, from where any worker sends it later
 *
 * What Redis says of a counter is written into the zone's ledger as its last
 * known state.
 */


static ngx_int_t ngx_http_llm_cost_redis_admit(ngx_http_llm_cost_ctx_t *ctx);
static ngx_int_t ngx_http_llm_cost_redis_ask(ngx_http_llm_cost_ctx_t *ctx,
    ngx_http_llm_cost_redis_op_t *op, ngx_uint_t lookup);
static void ngx_http_llm_cost_redis_admitted(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply);
static void ngx_http_llm_cost_redis_unanswered(ngx_http_llm_cost_ctx_t *ctx,
    ngx_http_llm_cost_redis_op_t *op);
static void ngx_http_llm_cost_redis_take_back(
    ngx_http_llm_cost_redis_op_t *op);
static void ngx_http_llm_cost_redis_wake_handler(ngx_event_t *ev);
static void ngx_http_llm_cost_redis_detach(ngx_http_llm_cost_ctx_t *ctx);
static ngx_int_t ngx_http_llm_cost_redis_init_process(ngx_cycle_t *cycle);
static void ngx_http_llm_cost_redis_exit_process(ngx_cycle_t *cycle);


const ngx_http_llm_cost_store_t  ngx_http_llm_cost_redis_store = {
    ngx_string("redis"),
    0,
    ngx_http_llm_cost_redis_admit,
    ngx_http_llm_cost_redis_detach,
    ngx_http_llm_cost_redis_settle,
    ngx_http_llm_cost_redis_cancel,
    ngx_http_llm_cost_redis_take,
    ngx_http_llm_cost_redis_unlead,
    ngx_http_llm_cost_redis_listens,
    ngx_http_llm_cost_redis_put,
    ngx_http_llm_cost_redis_find,
    ngx_http_llm_cost_redis_keep,
    ngx_http_llm_cost_redis_leave,
    ngx_http_llm_cost_redis_claim,
    ngx_http_llm_cost_redis_lapse,
    ngx_http_llm_cost_redis_resettle,
    ngx_http_llm_cost_redis_init_process,
    ngx_http_llm_cost_redis_exit_process
};


/* of this worker; the second is the first where there is one server only */

static ngx_http_llm_cost_redis_t  *ngx_http_llm_cost_money;
static ngx_http_llm_cost_redis_t  *ngx_http_llm_cost_answers;


ngx_http_llm_cost_redis_t *
ngx_http_llm_cost_redis_money(void)
{
    return ngx_http_llm_cost_money;
}


ngx_http_llm_cost_redis_t *
ngx_http_llm_cost_redis_answers(void)
{
    return ngx_http_llm_cost_answers;
}


static ngx_int_t
ngx_http_llm_cost_redis_admit(ngx_http_llm_cost_ctx_t *ctx)
{
    ctx->held = 0;
    ctx->local = 0;
    ctx->verdict = NGX_HTTP_LLM_COST_FITS;

    if (ctx->adm.hit) {
        return ngx_http_llm_cost_redis_hit(ctx);
    }

    if (ctx->lookup
        && (ctx->adm.n == 0 || ctx->only_cached || ctx->max_age >= 0
            || ngx_http_llm_cost_answers != ngx_http_llm_cost_money
            || ngx_http_llm_cost_redis_looks_first(ctx)))
    {
        return ngx_http_llm_cost_redis_lookup(ctx);
    }

    if (ctx->adm.n == 0) {
        return NGX_OK;
    }

    return ngx_http_llm_cost_redis_reserve(ctx, ctx->lookup);
}


/*
 * An answer was found.  A hit costs nothing that is counted but a request, so
 * that Redis is asked only where requests are; what the headers say of the
 * budgets is then what this node last knew.
 */

ngx_int_t
ngx_http_llm_cost_redis_hit(ngx_http_llm_cost_ctx_t *ctx)
{
    if (ngx_http_llm_cost_budget_requests(ctx)) {
        return ngx_http_llm_cost_redis_reserve(ctx, 0);
    }

    ngx_http_llm_cost_redis_known(ctx);

    ctx->verdict = NGX_HTTP_LLM_COST_HIT;

    return NGX_OK;
}


/* the balances, as this node last knew them */

void
ngx_http_llm_cost_redis_known(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_uint_t  i, seen;

    seen = llm_ledger_peek_all(ngx_http_llm_cost_zone()->ledger, ctx->budgets,
                               ctx->adm.n, ctx->adm.balances);

    for (i = 0; i < ctx->adm.n; i++) {
        if (!(seen & (1u << i))) {
            ctx->adm.balances[i].limit = LLM_NO_LIMIT;
        }
    }
}


ngx_int_t
ngx_http_llm_cost_redis_reserve(ngx_http_llm_cost_ctx_t *ctx,
    ngx_uint_t lookup)
{
    ngx_int_t                      rc;
    ngx_http_llm_cost_redis_op_t  *op;

    if (ngx_http_llm_cost_measure(ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_http_llm_cost_redis_box()->state
        == NGX_HTTP_LLM_COST_STORE_AWAY)
    {
        rc = ngx_http_llm_cost_redis_local(ctx);

        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_admitted, ctx);
    if (op == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_llm_cost_redis_journal(ctx, &op->id);

    if (rc != NGX_OK) {
        ngx_http_llm_cost_redis_free(op);

        if (rc == NGX_DECLINED) {
            ctx->verdict = NGX_HTTP_LLM_COST_FULL;
            return NGX_OK;
        }

        return NGX_ERROR;
    }

    rc = ngx_http_llm_cost_redis_ask(ctx, op, lookup);

    if (rc != NGX_AGAIN) {
        ngx_http_llm_cost_redis_unjournal(&op->id);
        ngx_http_llm_cost_redis_free(op);
    }

    if (rc == NGX_DECLINED) {
        rc = ngx_http_llm_cost_redis_local(ctx);
    }

    return rc == NGX_DECLINED ? NGX_ERROR : rc;
}


static ngx_int_t
ngx_http_llm_cost_redis_ask(ngx_http_llm_cost_ctx_t *ctx,
    ngx_http_llm_cost_redis_op_t *op, ngx_uint_t lookup)
{
    ngx_uint_t                  how;
    ngx_http_llm_cost_redis_t  *redis;

    redis = ngx_http_llm_cost_money;
    how = ctx->adm.hit;

    if (lookup && !ngx_http_llm_cost_budget_requests(ctx)) {
        how = NGX_HTTP_LLM_COST_REDIS_LOOK;
        op->looks = 1;
    }

    if (ngx_http_llm_cost_redis_reserve_command(op, &ctx->adm,
                                         lookup ? ctx->cache_key : NULL, how)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_http_llm_cost_redis_send(redis, op, redis->conf->timeout)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    ctx->op = op;

    return NGX_AGAIN;
}


/* how: as admit.lua has it */

ngx_int_t
ngx_http_llm_cost_redis_reserve_command(ngx_http_llm_cost_redis_op_t *op,
    const llm_admission_t *a, const u_char *answer_key, ngx_uint_t how)
{
    ngx_int_t                       i;
    ngx_http_llm_cost_redis_t      *redis;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    redis = ngx_http_llm_cost_money;
    lmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_llm_cost_module);

    ngx_http_llm_cost_redis_begin(redis, NGX_HTTP_LLM_COST_SCRIPT_ADMIT);
    ngx_http_llm_cost_redis_indexes();
    ngx_http_llm_cost_redis_identity(&op->id);
    ngx_http_llm_cost_redis_counters(a->budgets, a->n);

    if (answer_key) {
        ngx_http_llm_cost_redis_answer_key(answer_key);
        ngx_http_llm_cost_redis_key("ce");
    }

    ngx_http_llm_cost_redis_number(a->now);
    ngx_http_llm_cost_redis_number(ngx_max(a->expires - a->now, 1));
    ngx_http_llm_cost_redis_number(ngx_http_llm_cost_redis_seq(&op->id));
    ngx_http_llm_cost_redis_number(a->n);
    ngx_http_llm_cost_redis_number(lmcf->reservation_charge != 0
                                   || a->lasts);
    ngx_http_llm_cost_redis_number(how);

    for (i = 0; i < LLM_UNIT_N; i++) {
        ngx_http_llm_cost_redis_number(a->most[i]);
    }

    for (i = 0; i < LLM_UNIT_N; i++) {
        ngx_http_llm_cost_redis_number(a->least[i]);
    }

    ngx_http_llm_cost_redis_budgets(a->budgets, a->n);

    for (i = 0; a->trial && i < (ngx_int_t) a->n; i++) {
        ngx_http_llm_cost_redis_number(a->budgets[i].past);
    }

    return ngx_http_llm_cost_redis_end(op);
}


static void
ngx_http_llm_cost_redis_admitted(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply)
{
    ngx_int_t                 rc;
    ngx_http_llm_cost_ctx_t  *ctx;

    ctx = op->data;

    rc = reply ? ngx_http_llm_cost_redis_read_admission(op, reply)
               : NGX_DECLINED;

    if (rc == NGX_DECLINED) {
        ngx_http_llm_cost_redis_unanswered(ctx, op);
        return;
    }

    if (op->looks) {
        ngx_http_llm_cost_redis_looked(rc == NGX_DONE);
    }

    if (rc == NGX_DONE) {
        ngx_http_llm_cost_redis_known(ctx);
        ngx_http_llm_cost_redis_unjournal(&op->id);
        ngx_http_llm_cost_redis_wake(op, ngx_http_llm_cost_resume);
        return;
    }

    /* a hit is held where requests are counted */

    if (ctx->verdict == NGX_HTTP_LLM_COST_FITS
        || (ctx->verdict == NGX_HTTP_LLM_COST_HIT
            && ngx_http_llm_cost_budget_requests(ctx)))
    {
        /* whoever joins another store meanwhile finds it in the journal */

        (void) llm_ledger_granted(ngx_http_llm_cost_zone()->ledger, &op->id,
                                  ctx->adm.granted);

        if (!ngx_http_llm_cost_redis_box_counts(op)) {
            ngx_http_llm_cost_redis_unanswered(ctx, op);
            return;
        }

        ctx->held = 1;
        ctx->adm.id = op->id;

    } else {
        ngx_http_llm_cost_redis_unjournal(&op->id);
    }

    if (ngx_http_llm_cost_redis_box_counts(op)) {
        ngx_http_llm_cost_redis_shadow(ctx->budgets, ctx->adm.balances,
                                       ctx->adm.n, op->stamp);
    }

    ngx_http_llm_cost_alert_admission(ctx);
    ngx_http_llm_cost_alert_settled(ctx);

    ngx_http_llm_cost_redis_wake(op, ngx_http_llm_cost_resume);
}


/*
 * Whatever has become of it: it is over.  A store that the node has joined
 * since is asked instead, or, by another identity, the same one where it knew
 * that of this request; else the zone decides.
 */

static void
ngx_http_llm_cost_redis_unanswered(ngx_http_llm_cost_ctx_t *ctx,
    ngx_http_llm_cost_redis_op_t *op)
{
    ngx_int_t   rc;
    ngx_uint_t  lookup;

    ngx_http_llm_cost_redis_take_back(op);

    if (ngx_http_llm_cost_redis_box_stray(op)
        || (op->over && !ctx->renumbered))
    {
        ctx->renumbered |= op->over;      /* once, whatever is joined */
        rc = NGX_DECLINED;

    } else {
        rc = ngx_http_llm_cost_redis_local(ctx);
    }

    if (rc == NGX_DECLINED) {
        lookup = ctx->lookup
                 && ngx_http_llm_cost_answers == ngx_http_llm_cost_money;

        rc = ngx_http_llm_cost_redis_reserve(ctx, lookup);
    }

    if (rc == NGX_AGAIN) {
        ngx_http_llm_cost_redis_free(op);
        return;
    }

    if (rc != NGX_OK) {
        ctx->verdict = NGX_HTTP_LLM_COST_STORE_DOWN;
    }

    ngx_http_llm_cost_redis_wake(op, ngx_http_llm_cost_resume);
}


static void
ngx_http_llm_cost_redis_take_back(ngx_http_llm_cost_redis_op_t *op)
{
    if (op->sent) {
        ngx_http_llm_cost_redis_revoke(&op->id);

    } else {
        ngx_http_llm_cost_redis_unjournal(&op->id);
    }
}


/* the request goes on in an event of its own, never inside a reply */

void
ngx_http_llm_cost_redis_wake(ngx_http_llm_cost_redis_op_t *op,
    ngx_http_llm_cost_redis_go_pt go)
{
    ngx_http_llm_cost_ctx_t  *ctx;

    ctx = op->data;
    ctx->op = op;

    op->done = 1;
    op->go = go;
    op->wake.handler = ngx_http_llm_cost_redis_wake_handler;
    op->wake.data = op;
    op->wake.log = ngx_cycle->log;

    ngx_post_event(&op->wake, &ngx_posted_events);
}


static void
ngx_http_llm_cost_redis_wake_handler(ngx_event_t *ev)
{
    ngx_http_llm_cost_ctx_t        *ctx;
    ngx_http_llm_cost_redis_op_t   *op;
    ngx_http_llm_cost_redis_go_pt   go;

    op = ev->data;
    ctx = op->data;
    go = op->go;

    ctx->op = NULL;
    ngx_http_llm_cost_redis_free(op);

    go(ctx);
}


/* the client has gone while it waited: what was reserved for it is not used */

static void
ngx_http_llm_cost_redis_detach(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_http_llm_cost_redis_op_t  *op;

    op = ctx->op;
    ctx->op = NULL;

    if (op->done) {

        /* the verdict is in: a reservation is cancelled as any other */

        ngx_http_llm_cost_redis_free(op);
        return;
    }

    if (op->id.seq) {
        ngx_http_llm_cost_redis_take_back(op);
    }

    if (ngx_http_llm_cost_redis_forget(op) == NGX_OK) {
        ngx_http_llm_cost_redis_free(op);
    }
}


void
ngx_http_llm_cost_redis_done(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply)
{
    ngx_http_llm_cost_redis_complain(reply);
    ngx_http_llm_cost_redis_free(op);
}


static ngx_int_t
ngx_http_llm_cost_redis_init_process(ngx_cycle_t *cycle)
{
    ngx_http_llm_cost_main_conf_t  *lmcf;

    lmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_llm_cost_module);

    if (ngx_http_llm_cost_redis_scripts_init(cycle) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_llm_cost_money = ngx_http_llm_cost_redis_create(cycle,
                                                             lmcf->redis, 1);
    ngx_http_llm_cost_answers = ngx_http_llm_cost_money;

    if (lmcf->cache_redis) {
        ngx_http_llm_cost_answers = ngx_http_llm_cost_redis_create(cycle,
                                                      lmcf->cache_redis, 0);
    }

    if (ngx_http_llm_cost_money == NULL || ngx_http_llm_cost_answers == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_llm_cost_redis_flight_init(cycle,
                                            ngx_http_llm_cost_answers->conf)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_llm_cost_redis_outbox_start(cycle);

    return NGX_OK;
}


static void
ngx_http_llm_cost_redis_exit_process(ngx_cycle_t *cycle)
{
    ngx_http_llm_cost_redis_outbox_stop();
    ngx_http_llm_cost_redis_join_stop();
    ngx_http_llm_cost_redis_flight_exit();
    ngx_http_llm_cost_redis_adopt_last();

    ngx_http_llm_cost_redis_close(ngx_http_llm_cost_money);

    if (ngx_http_llm_cost_answers != ngx_http_llm_cost_money) {
        ngx_http_llm_cost_redis_close(ngx_http_llm_cost_answers);
    }
}
