
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


/*
 * A cheaper model instead of a refusal: over=model:NAME.
 *
 * Where a budget that the request falls under has one, the store is asked for
 * a trial: all budgets in one step as ever, but a refusal changes nothing and
 * raises no alert, and a budget that has come to its fraction refuses, too.
 * What is refused is asked a second time, and that is the last: as a request
 * for the cheaper model, priced, counted and cached as one, or, where that one
 * cannot take it, as it was, without the fraction.  So an admission takes one
 * step where it fits, and two at most.
 */


static ngx_int_t ngx_http_llm_cost_downgrade(ngx_http_llm_cost_ctx_t *ctx,
    const llm_str_t *model);
static ngx_int_t ngx_http_llm_cost_over_body(ngx_http_llm_cost_ctx_t *ctx,
    const llm_str_t *model, int *needs);
static ngx_int_t ngx_http_llm_cost_over_price(ngx_http_llm_cost_ctx_t *ctx,
    unsigned needs, int64_t before);


/* a model that has no price could not be told to be cheaper */

ngx_int_t
ngx_http_llm_cost_over_check(ngx_conf_t *cf,
    ngx_http_llm_cost_main_conf_t *lmcf)
{
    ngx_uint_t                   i;
    ngx_http_llm_cost_budget_t  *b;
    static const llm_str_t       none = llm_string("");

    b = lmcf->budgets.elts;

    for (i = 0; i < lmcf->budgets.nelts; i++) {

        if (b[i].over.len
            && llm_prices_find(lmcf->prices, &b[i].over, &none) == NULL)
        {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "llm_budget: model \"%V\" of over= of budget "
                          "\"%V\" has no price, give it one with llm_price",
                          (ngx_str_t *) &b[i].over, &b[i].name);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* a budget whose cheaper model is the one asked for has nothing to try */

void
ngx_http_llm_cost_over_init(ngx_http_llm_cost_ctx_t *ctx)
{
    unsigned                     i;
    llm_str_t                   *model;
    ngx_http_llm_cost_budget_t  *conf;

    model = &ctx->q.model;

    for (i = 0; i < ctx->adm.n; i++) {
        conf = ctx->budget_confs[i];

        if (conf->over.len == 0
            || (conf->over.len == model->len
                && ngx_memcmp(conf->over.data, model->data, model->len) == 0))
        {
            continue;
        }

        ctx->budgets[i].past = (uint8_t) conf->past;
        ctx->adm.trial = 1;
    }

    /* rather another model than an answer cut short by fit */

    if (ctx->adm.trial) {
        ngx_memcpy(ctx->least, ctx->adm.least, sizeof(ctx->least));
        ngx_memcpy(ctx->adm.least, ctx->adm.most, sizeof(ctx->least));
    }
}


/* the trial was refused; a return value of a phase handler */

ngx_int_t
ngx_http_llm_cost_over(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_int_t                    rc;
    ngx_http_llm_cost_ctx_t      was;
    ngx_http_llm_cost_budget_t  *conf;

    ctx->adm.trial = 0;
    ngx_memcpy(ctx->adm.least, ctx->least, sizeof(ctx->least));

    conf = ctx->budget_confs[ctx->adm.refused];

    if (conf->over.len) {
        was = *ctx;

        rc = ngx_http_llm_cost_downgrade(ctx, &conf->over);

        if (rc == NGX_ERROR) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        if (rc == NGX_DECLINED) {
            *ctx = was;
        }
    }

    return ngx_http_llm_cost_ask(ctx);
}


/*
 * The request as one for the other model.  NGX_DECLINED: that one cannot take
 * it, or would cost no less; ctx is then to be put back.
 */

static ngx_int_t
ngx_http_llm_cost_downgrade(ngx_http_llm_cost_ctx_t *ctx,
    const llm_str_t *model)
{
    int                                  needs;
    int64_t                              before;
    ngx_int_t                            rc;
    llm_refusal_t                        f;
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    llcf = ngx_http_get_module_loc_conf(ctx->request,
                                        ngx_http_llm_cost_module);

    before = ctx->price ? ctx->adm.most[LLM_UNIT_USD] : INT64_MAX;
    ctx->asked = ctx->q.model;

    rc = ngx_http_llm_cost_over_body(ctx, model, &needs);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_llm_cost_find_price(ctx, llcf, &f);
    if (rc != NGX_OK) {
        return rc;
    }

    if (ctx->price == NULL) {
        return NGX_DECLINED;
    }

    if (ngx_http_llm_cost_worst_case(ctx, llcf) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = ngx_http_llm_cost_over_price(ctx, (unsigned) needs, before);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_log_error(NGX_LOG_INFO, ctx->request->connection->log, 0,
                  "llm budget \"%V\" sends the request to a cheaper model",
                  &ctx->budget_confs[ctx->adm.refused]->name);

    return ngx_http_llm_cost_cache_prepare(ctx);
}


/* the body with the other model in it, parsed as if it had come so */

static ngx_int_t
ngx_http_llm_cost_over_body(ngx_http_llm_cost_ctx_t *ctx,
    const llm_str_t *model, int *needs)
{
    llm_edits_t    e;
    llm_refusal_t  f;
    llm_request_t  q;

    q = ctx->q;

    if (q.provider->needs == NULL || q.sealed || q.model_in_path || q.nothers)
    {
        return NGX_DECLINED;
    }

    *needs = q.provider->needs(&q, model);

    if (*needs < 0) {
        return NGX_DECLINED;
    }

    ngx_memzero(&e, sizeof(llm_edits_t));

    e.set_max_output = -1;
    e.set_model = *model;

    if (q.provider->edit(&q, &e) != LLM_OK
        || ngx_http_llm_cost_body_rewrite(ctx, &e) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_llm_cost_question_init(ctx);

    ctx->q.provider = q.provider;
    ctx->q.kind = q.kind;
    ctx->q.route = q.route;
    ctx->keyed = 0;
    ctx->lookup = 0;
    ctx->storable = 0;

    if (ngx_http_llm_cost_parse_body(ctx, &f) != NGX_OK) {
        return NGX_ERROR;
    }

    /* the path may name the model, where nothing changes it */

    return (ctx->q.model.len == model->len
            && ngx_memcmp(ctx->q.model.data, model->data, model->len) == 0)
           ? NGX_OK : NGX_DECLINED;
}


/* its price row says what it takes; the input is counted in its vocabulary */

static ngx_int_t
ngx_http_llm_cost_over_price(ngx_http_llm_cost_ctx_t *ctx, unsigned needs,
    int64_t before)
{
    int64_t             stated;
    const llm_price_t  *price;

    price = ctx->price;
    stated = ngx_max(ctx->q.max_output, 0);

    if ((needs & price->able) != needs
        || ctx->adm.most[LLM_UNIT_USD] < 0
        || ctx->adm.most[LLM_UNIT_USD] >= before)
    {
        return NGX_DECLINED;
    }

    if (price->max_output >= 0 && stated > price->max_output) {
        return NGX_DECLINED;
    }

    /* where only the output's limit is apart from it, it is the context */

    if (price->max_input >= 0
        && ctx->q.input_tokens + stated > price->max_input)
    {
        return NGX_DECLINED;
    }

    return NGX_OK;
}
