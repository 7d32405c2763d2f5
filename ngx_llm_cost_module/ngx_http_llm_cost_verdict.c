
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


/*
 * The store's verdict, carried out: the request goes on, shortened where less
 * was granted, is answered from the cache, follows another one, is asked for
 * anew (a cheaper model, an entry of no use), or is refused.
 */


static ngx_int_t ngx_http_llm_cost_refused(ngx_http_llm_cost_ctx_t *ctx,
    llm_refuse_e why, const char *message);
static ngx_int_t ngx_http_llm_cost_short(ngx_http_llm_cost_ctx_t *ctx);
static int64_t ngx_http_llm_cost_fitting(ngx_http_llm_cost_ctx_t *ctx);
static ngx_int_t ngx_http_llm_cost_hit(ngx_http_llm_cost_ctx_t *ctx);
static ngx_int_t ngx_http_llm_cost_joins(ngx_http_llm_cost_ctx_t *ctx);
static ngx_int_t ngx_http_llm_cost_missed(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_log_full(ngx_http_llm_cost_ctx_t *ctx);
static ngx_int_t ngx_http_llm_cost_forward(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_shorten(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_goes_on(ngx_http_llm_cost_ctx_t *ctx);


/* a return value of a phase handler */

ngx_int_t
ngx_http_llm_cost_act(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_int_t  rc;

    if (ctx->only_cached && ctx->verdict != NGX_HTTP_LLM_COST_HIT
        && ctx->verdict != NGX_HTTP_LLM_COST_SHORT)
    {
        return ngx_http_llm_cost_refused(ctx, LLM_REFUSE_NOT_CACHED,
                                         "There is no cached answer, and "
                                         "only-if-cached asks for no other");
    }

    if (ctx->follow) {

        if (ctx->verdict == NGX_HTTP_LLM_COST_HIT) {
            return ngx_http_llm_cost_joins(ctx);
        }

        ngx_http_llm_cost_follow_drop(ctx);
    }

    /* a hit that is refused has nothing to wait for */

    if (ctx->verdict <= NGX_HTTP_LLM_COST_NEVER && !ctx->adm.trial
        && !ctx->adm.hit)
    {

        rc = ngx_http_llm_cost_flight_enter(ctx);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    switch (ctx->verdict) {

    case NGX_HTTP_LLM_COST_FITS:
        return ngx_http_llm_cost_forward(ctx);

    case NGX_HTTP_LLM_COST_HIT:
        return ngx_http_llm_cost_hit(ctx);

    case NGX_HTTP_LLM_COST_SHORT:
    case NGX_HTTP_LLM_COST_NEVER:
        return ctx->adm.trial ? ngx_http_llm_cost_over(ctx)
                              : ngx_http_llm_cost_short(ctx);

    case NGX_HTTP_LLM_COST_FULL:
        ngx_http_llm_cost_log_full(ctx);
        return ngx_http_llm_cost_refused(ctx, LLM_REFUSE_STORE,
            "There is no room to account for another payer now");

    default:
        return ngx_http_llm_cost_refused(ctx, LLM_REFUSE_STORE,
                                         "Budgets cannot be checked now");
    }
}


static ngx_int_t
ngx_http_llm_cost_refused(ngx_http_llm_cost_ctx_t *ctx, llm_refuse_e why,
    const char *message)
{
    llm_refusal_t  f;

    ngx_http_llm_cost_refusal(&f, why, message);

    return ngx_http_llm_cost_refuse(ctx, &f);
}


/* a budget has no room now, or never had room for as much as this */

static ngx_int_t
ngx_http_llm_cost_short(ngx_http_llm_cost_ctx_t *ctx)
{
    llm_refusal_t  f;

    if (ctx->verdict == NGX_HTTP_LLM_COST_SHORT) {
        ngx_http_llm_cost_refusal(&f, LLM_REFUSE_BUDGET, "Budget exceeded");

    } else {
        ctx->fit_output = ngx_http_llm_cost_fitting(ctx);
        ngx_http_llm_cost_refusal(&f, LLM_REFUSE_TOO_EXPENSIVE,
                                  "This request exceeds its budget");
    }

    ngx_http_llm_cost_budget_message(ctx, &f);

    return ngx_http_llm_cost_refuse(ctx, &f);
}


/* the output of each choice with which the whole budget would do */

static int64_t
ngx_http_llm_cost_fitting(ngx_http_llm_cost_ctx_t *ctx)
{
    int64_t        limit, fit;
    llm_budget_t  *b;

    b = &ctx->budgets[ctx->adm.refused];
    limit = ctx->adm.balances[ctx->adm.refused].limit;

    if (b->unit == LLM_UNIT_USD && ctx->price) {
        fit = ngx_http_llm_cost_price_fit(ctx, limit);

    } else if (b->unit == LLM_UNIT_TOKENS) {
        fit = limit - ctx->most_input;

    } else {
        fit = 0;
    }

    return fit > 0 ? fit / ctx->q.choices : 0;
}


static ngx_int_t
ngx_http_llm_cost_hit(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_int_t  rc;

    /* what Redis had may be damaged */

    rc = ctx->entry ? ngx_http_llm_cost_cache_form(ctx) : NGX_DECLINED;

    if (rc == NGX_DECLINED) {
        ctx->lookup = 0;
        return ngx_http_llm_cost_missed(ctx);
    }

    if (rc != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->state = NGX_HTTP_LLM_COST_ANSWERED;
    ngx_http_llm_cost_goes_on(ctx);

    return ngx_http_llm_cost_cache_send(ctx);
}


/* a stream on its way, if it is still of use */

static ngx_int_t
ngx_http_llm_cost_joins(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_int_t  rc;

    ngx_http_llm_cost_goes_on(ctx);

    rc = ngx_http_llm_cost_follow_begin(ctx);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    ngx_http_llm_cost_follow_drop(ctx);

    return ngx_http_llm_cost_missed(ctx);
}


/*
 * What was found is of no use to this request, and the store could not know: it
 * is asked anew.  Where a requests budget has counted the hit, it does not
 * count the request again; what is held is given back.  The fresh answer takes
 * the entry's place.
 */

static ngx_int_t
ngx_http_llm_cost_missed(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_http_llm_cost_main_conf_t  *lmcf;

    lmcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_llm_cost_module);

    if (lmcf->store->hits_at_once) {
        ctx->counted_request = 1;
        ctx->adm.most[LLM_UNIT_REQUESTS] = 0;
        ctx->adm.least[LLM_UNIT_REQUESTS] = 0;
    }

    lmcf->store->cancel(ctx, NULL);

    return ngx_http_llm_cost_ask(ctx);
}


/* whoever fills the zone must not fill the log too: a line a minute */

static void
ngx_http_llm_cost_log_full(ngx_http_llm_cost_ctx_t *ctx)
{
    static time_t  next;

    if (ngx_time() < next) {
        return;
    }

    next = ngx_time() + 60;

    ngx_log_error(NGX_LOG_CRIT, ctx->request->connection->log, 0,
                  "llm_zone has no room for another live counter or "
                  "reservation, make it larger: new payers are refused");
}


static ngx_int_t
ngx_http_llm_cost_forward(ngx_http_llm_cost_ctx_t *ctx)
{
    llm_edits_t                          e;
    ngx_http_request_t                  *r;
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    r = ctx->request;
    llcf = ngx_http_get_module_loc_conf(r, ngx_http_llm_cost_module);

    /* where nothing had to be reserved nobody has asked yet */

    if (ngx_http_llm_cost_measure(ctx) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->reserved_cost = ctx->adm.n ? ctx->adm.granted[LLM_UNIT_USD]
                                    : ctx->adm.most[LLM_UNIT_USD];

    if (ctx->held) {
        ngx_http_llm_cost_shorten(ctx);
    }

    ngx_memzero(&e, sizeof(llm_edits_t));

    e.set_max_output = ctx->written_max;

    if (llcf->usage_inject && ctx->q.can_inject) {
        e.inject_usage = 1;
        ctx->injected = 1;
    }

    if (e.inject_usage || e.set_max_output >= 0 || ctx->asked.len) {

        if (ctx->q.provider->edit(&ctx->q, &e) != LLM_OK
            || ngx_http_llm_cost_body_edit(ctx, &e) != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    ngx_http_llm_cost_limit_encodings(r);

    ctx->state = NGX_HTTP_LLM_COST_FORWARD;

    ngx_http_llm_cost_note(ctx);
    ngx_http_llm_cost_guard(ctx);
    ngx_http_llm_cost_goes_on(ctx);

    return NGX_DECLINED;
}


/* the store granted less than the worst case: less output will be asked for */

static void
ngx_http_llm_cost_shorten(ngx_http_llm_cost_ctx_t *ctx)
{
    int64_t           fit, output;
    unsigned          i;
    llm_admission_t  *adm;

    adm = &ctx->adm;
    output = ctx->max_output;

    for (i = 0; i < adm->n; i++) {

        switch (ctx->budgets[i].unit) {

        case LLM_UNIT_USD:
            if (ctx->price == NULL
                || adm->granted[LLM_UNIT_USD] >= adm->most[LLM_UNIT_USD])
            {
                continue;
            }

            fit = ngx_http_llm_cost_price_fit(ctx,
                                              adm->granted[LLM_UNIT_USD]);
            break;

        case LLM_UNIT_TOKENS:
            fit = adm->granted[LLM_UNIT_TOKENS] - ctx->most_input;
            break;

        default:
            continue;
        }

        output = ngx_min(output, fit);
    }

    if (output < ctx->max_output) {
        ctx->fitted = 1;
        ctx->written_max = output / ctx->q.choices;
        ctx->max_output = ctx->written_max * ctx->q.choices;
    }
}


/* whoever waited for another request's answer was not held up by our work */

static void
ngx_http_llm_cost_goes_on(ngx_http_llm_cost_ctx_t *ctx)
{
    ctx->sent = ngx_current_msec;

    if (ctx->waited == 0) {
        ctx->overhead = ngx_http_llm_cost_clock() - ctx->began;
    }
}
