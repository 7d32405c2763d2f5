
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


/*
 * What is told of work that goes on elsewhere: that it is over, or what each of
 * its requests has used.  The sum settles it, once; _held.c says for whom.
 */


struct ngx_http_llm_cost_tally_s {
    ngx_pool_t                 *pool;           /* of one result */
    llm_mem_t                   mem;
    ngx_http_llm_cost_ctx_t     line;
    u_char                      model[NGX_HTTP_LLM_COST_MODEL_MAX];
    llm_usage_t                 usage;
    int64_t                     cost;           /* -1: not known */
};


static void ngx_http_llm_cost_held_bind(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_held_cost(ngx_http_llm_cost_ctx_t *ctx,
    const llm_usage_t *usage, int64_t cost);
static void ngx_http_llm_cost_held_all(ngx_http_llm_cost_ctx_t *ctx);
static ngx_uint_t ngx_http_llm_cost_held_state(ngx_http_llm_cost_ctx_t *ctx);
static ngx_uint_t ngx_http_llm_cost_held_said(ngx_http_llm_cost_ctx_t *ctx);
static int ngx_http_llm_cost_held_result(llm_answer_t *a,
    const llm_answer_t *one);
static void ngx_http_llm_cost_held_price(ngx_http_llm_cost_ctx_t *ctx,
    const llm_answer_t *one);


/* the filter is about to read an answer that may hold results */

ngx_int_t
ngx_http_llm_cost_held_listen(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_http_llm_cost_tally_t  *tally;

    if (ctx->q.route.step != LLM_LONG_RESULTS || ctx->record == NULL) {
        return NGX_OK;
    }

    tally = ngx_pcalloc(ctx->request->pool, sizeof(ngx_http_llm_cost_tally_t));
    if (tally == NULL) {
        return NGX_ERROR;
    }

    tally->pool = ngx_http_llm_cost_scratch(ctx->request, &tally->mem);
    if (tally->pool == NULL) {
        return NGX_ERROR;
    }

    tally->usage = (llm_usage_t) LLM_USAGE_INIT;

    ctx->tally = tally;
    ctx->answer.scratch = &tally->mem;
    ctx->answer.result = ngx_http_llm_cost_held_result;
    ctx->answer.result_data = ctx;

    return NGX_OK;
}


/* of a result: what it cost comes on top, or the sum is not known */

static int
ngx_http_llm_cost_held_result(llm_answer_t *a, const llm_answer_t *one)
{
    int64_t                     cost;
    llm_usage_t                 usage;
    ngx_http_llm_cost_ctx_t    *ctx, *line;
    ngx_http_llm_cost_tally_t  *tally;

    ctx = a->result_data;
    tally = ctx->tally;
    line = &tally->line;
    usage = one->usage;

    if (one->usage_bad) {
        tally->cost = -1;
    }

    if (!one->usage_seen || tally->cost < 0) {
        goto done;
    }

    ngx_http_llm_cost_held_price(ctx, one);

    if (usage.output < 0 && !llm_kind_has_output(one->kind)) {
        usage.output = 0;
    }

    if (line->price == NULL || usage.input < 0 || usage.output < 0) {
        tally->cost = -1;
        goto done;
    }

    (void) llm_usage_normalize(&usage);

    line->answer.items = one->items;
    line->answer.served = one->served;

    cost = ngx_http_llm_cost_price_usage(line, &usage);

    tally->cost = (cost < 0 || cost > LLM_NANO_MAX - tally->cost)
                  ? -1 : tally->cost + cost;

    llm_usage_add(&tally->usage, &usage);

done:

    ngx_reset_pool(tally->pool);

    return LLM_OK;
}


/*
 * The price of a result is that of the model that was asked for, if all asked
 * for one; else of the one that answered.  It stays for the next result.
 */

static void
ngx_http_llm_cost_held_price(ngx_http_llm_cost_ctx_t *ctx,
    const llm_answer_t *one)
{
    llm_str_t                   model;
    ngx_http_llm_cost_ctx_t    *line;
    ngx_http_llm_cost_tally_t  *tally;

    tally = ctx->tally;
    line = &tally->line;
    model = one->model;

    if (ctx->record->model_len) {
        model.data = ctx->record->model;
        model.len = ctx->record->model_len;
    }

    if (model.len > NGX_HTTP_LLM_COST_MODEL_MAX) {
        model.len = 0;
    }

    if (line->request && model.len == line->q.model.len
        && ngx_memcmp(model.data, line->q.model.data, model.len) == 0)
    {
        return;
    }

    ngx_memzero(line, sizeof(ngx_http_llm_cost_ctx_t));

    line->request = ctx->request;
    line->vendor = ctx->vendor;
    line->batch = ctx->record->batch;
    line->mem = ctx->mem;
    ngx_http_llm_cost_question_init(line);

    /* the answer's memory is used again for the next one */

    ngx_memcpy(tally->model, model.data, model.len);
    line->q.kind = one->kind;
    line->q.model.data = tally->model;
    line->q.model.len = model.len;

    ngx_http_llm_cost_price_find(line);
}


ngx_uint_t
ngx_http_llm_cost_held_told(ngx_http_llm_cost_ctx_t *ctx)
{
    llm_usage_t                 none = LLM_USAGE_INIT;
    ngx_http_llm_cost_tally_t  *tally;

    ctx->source = NGX_HTTP_LLM_COST_SOURCE_NONE;
    ctx->cost = 0;

    if (ctx->record == NULL || ctx->answer_status != NGX_HTTP_OK || ctx->free
        || !ctx->complete || ctx->cut
        || (ctx->answer.error && !ctx->answer.told.ended))
    {
        return 0;
    }

    if (ctx->q.route.step != LLM_LONG_RESULTS) {
        return ctx->unread ? 0 : ngx_http_llm_cost_held_state(ctx);
    }

    tally = ctx->tally;

    if (tally == NULL || ctx->answer.told.pending
        || (ctx->unread && ctx->answer.state == NULL)
        || !ngx_http_llm_cost_held_claim(ctx))
    {
        return 0;
    }

    if (ctx->unread || tally->cost < 0) {

        /* a result was too long to be read, or does not say what it used */

        ngx_http_llm_cost_held_all(ctx);

    } else if (tally->usage.input < 0) {
        none.input = 0;
        none.output = 0;
        ngx_http_llm_cost_held_cost(ctx, &none, 0);

    } else {
        ngx_http_llm_cost_held_cost(ctx, &tally->usage, tally->cost);
    }

    return 1;
}


static ngx_uint_t
ngx_http_llm_cost_held_state(ngx_http_llm_cost_ctx_t *ctx)
{
    llm_usage_t   usage = LLM_USAGE_INIT;
    llm_answer_t *a;

    a = &ctx->answer;

    ngx_http_llm_cost_held_bind(ctx);

    if (!a->told.ended) {
        return 0;
    }

    if (a->told.unused) {

        if (!ngx_http_llm_cost_held_claim(ctx)) {
            return 0;
        }

        usage.input = 0;
        usage.output = 0;
        ngx_http_llm_cost_held_cost(ctx, &usage, 0);

        return 1;
    }

    /* it costs what was held for it */

    if (a->told.made && !ctx->record->exact) {

        if (!ngx_http_llm_cost_held_claim(ctx)) {
            return 0;
        }

        ngx_http_llm_cost_held_all(ctx);
        ctx->source = NGX_HTTP_LLM_COST_SOURCE_UPSTREAM;

        return 1;
    }

    /* a sum of nothing is said by those who say none, but for runs */

    if (!a->usage_seen || a->usage_bad || !ctx->record->exact
        || (ctx->record->batch && a->usage.input < 1))
    {
        return 0;
    }

    return ngx_http_llm_cost_held_said(ctx);
}


/*
 * ... at the price of the model that was asked for.  Tokens that are not said
 * are not known, which makes the cost of a model that charges them unknown: it
 * stays held.
 */

static ngx_uint_t
ngx_http_llm_cost_held_said(ngx_http_llm_cost_ctx_t *ctx)
{
    int64_t       cost;
    llm_usage_t   usage;
    llm_answer_t *a;

    a = &ctx->answer;

    ctx->batch = ctx->record->batch;
    ctx->q.kind = ctx->record->kind;
    ctx->q.bounded = 1;
    ctx->q.model.data = ctx->record->model;
    ctx->q.model.len = ctx->record->model_len;

    ngx_http_llm_cost_price_find(ctx);

    if (ctx->price == NULL
        || ngx_http_llm_cost_price_lacks(ctx, &a->usage))
    {
        return 0;
    }

    usage = a->usage;

    if (usage.output < 0 && !llm_kind_has_output(ctx->q.kind)) {
        usage.output = 0;
    }

    if (usage.tier < 0 && a->service_tier.len) {
        usage.tier = llm_tier_find(&a->service_tier);
    }

    (void) llm_usage_normalize(&usage);

    cost = ngx_http_llm_cost_price_usage(ctx, &usage);

    if (cost < 0 || cost > LLM_NANO_MAX
        || !ngx_http_llm_cost_held_claim(ctx))
    {
        return 0;
    }

    ngx_http_llm_cost_held_cost(ctx, &usage, cost);

    return 1;
}


/* the file that it names leads to the same money; that of what has failed
   says nothing that is charged */

static void
ngx_http_llm_cost_held_bind(ngx_http_llm_cost_ctx_t *ctx)
{
    llm_held_t                      record;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    lmcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_llm_cost_module);

    record = *ctx->record;
    record.what = LLM_HELD_RESULTS;

    if (ngx_http_llm_cost_held_name(ctx, &ctx->answer.told.file, record.name,
                                    &record.payer)
        == NGX_OK)
    {
        (void) lmcf->store->keep(&record);
    }
}


static void
ngx_http_llm_cost_held_cost(ngx_http_llm_cost_ctx_t *ctx,
    const llm_usage_t *usage, int64_t cost)
{
    ctx->usage = *usage;
    ctx->usage.input = ngx_max(usage->input, 0);
    ctx->usage.output = ngx_max(usage->output, 0);

    ctx->cost = cost;
    ctx->source = NGX_HTTP_LLM_COST_SOURCE_UPSTREAM;
    ctx->q.model.data = ctx->record->model;
    ctx->q.model.len = ctx->record->model_len;

    ctx->spent[LLM_UNIT_USD] = cost;
    ctx->spent[LLM_UNIT_TOKENS] = ctx->usage.input + ctx->usage.output;
    ctx->spent[LLM_UNIT_REQUESTS] = 1;
}


static void
ngx_http_llm_cost_held_all(ngx_http_llm_cost_ctx_t *ctx)
{
    llm_usage_t  usage = LLM_USAGE_INIT;

    usage.output = ctx->record->output;
    usage.input = ctx->record->most[LLM_UNIT_TOKENS] - usage.output;

    ngx_http_llm_cost_held_cost(ctx, &usage, ctx->record->most[LLM_UNIT_USD]);

    ctx->source = NGX_HTTP_LLM_COST_SOURCE_COUNTED;
}
