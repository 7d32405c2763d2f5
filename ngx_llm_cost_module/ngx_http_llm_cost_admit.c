
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


/*
 * Admission: from the body to the store's question (what is asked for, what
 * it can cost at most, which budgets must hold it).  What its answer means for
 * the request is in _verdict.c.
 */


/* output to reserve where neither client, configuration nor price row says */

#define NGX_HTTP_LLM_COST_OUTPUT_DEFAULT  16384
#define NGX_HTTP_LLM_COST_INPUT_DEFAULT   1000000
#define NGX_HTTP_LLM_COST_OUTPUT_MAX      1000000000000LL

/*
 * Values of a body, keys among them: each takes 16 bytes and some time, and no
 * context of a model has room for so many.  A batch in one body is many
 * requests, of which those with the least text have a value in 10 bytes.
 */

#define NGX_HTTP_LLM_COST_VALUES          (1024 * 1024)
#define NGX_HTTP_LLM_COST_VALUE_BYTES     8


static ngx_int_t ngx_http_llm_cost_parse(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf, llm_refusal_t *f);
static void ngx_http_llm_cost_parse_message(ngx_http_llm_cost_ctx_t *ctx,
    llm_refusal_t *f, int rc, const char *err, const char *param, size_t pos);
static ngx_int_t ngx_http_llm_cost_count_input(ngx_http_llm_cost_ctx_t *ctx);


ngx_int_t
ngx_http_llm_cost_admit(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_int_t                            rc;
    llm_refusal_t                        f;
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    llcf = ngx_http_get_module_loc_conf(ctx->request,
                                        ngx_http_llm_cost_module);

    ctx->began = ngx_http_llm_cost_clock();

    rc = ngx_http_llm_cost_parse(ctx, llcf, &f);

    if (ngx_http_llm_cost_identity(ctx) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc == NGX_OK && ctx->q.costless) {
        rc = NGX_ABORT;
    }

    if (rc == NGX_OK && ctx->q.route.step) {
        return ngx_http_llm_cost_held_admit(ctx);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_llm_cost_find_price(ctx, llcf, &f);
    }

    return ngx_http_llm_cost_admit_counted(ctx, rc, &f);
}


ngx_int_t
ngx_http_llm_cost_admit_counted(ngx_http_llm_cost_ctx_t *ctx, ngx_int_t rc,
    llm_refusal_t *f)
{
    if (rc == NGX_OK) {
        rc = ngx_http_llm_cost_budgets_init(ctx, f);
    }

    if (rc == NGX_DECLINED) {
        return ngx_http_llm_cost_refuse(ctx, f);
    }

    if (rc == NGX_ABORT) {
        ctx->state = NGX_HTTP_LLM_COST_ANSWERED;
        return NGX_DECLINED;
    }

    if (rc != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->unmeasured = 1;

    if (ngx_http_llm_cost_cache_prepare(ctx) != NGX_OK
        || ngx_http_llm_cost_ledger_log_admit(ctx) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_llm_cost_ask(ctx);
}


/*
 * What the request can use, once somebody wants to know: a hit costs nothing
 * that would have to be known before.
 */

ngx_int_t
ngx_http_llm_cost_measure(ngx_http_llm_cost_ctx_t *ctx)
{
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    if (!ctx->unmeasured) {
        return NGX_OK;
    }

    llcf = ngx_http_get_module_loc_conf(ctx->request,
                                        ngx_http_llm_cost_module);

    if (ngx_http_llm_cost_worst_case(ctx, llcf) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx->unmeasured = 0;

    /* requests that are in a file go to the models that they name */

    if (!ctx->q.route.step || ctx->q.kind == LLM_KIND_RESPONSES) {
        ngx_http_llm_cost_over_init(ctx);
    }

    return NGX_OK;
}


/* the store's step; again, for a request that goes to a cheaper model */

ngx_int_t
ngx_http_llm_cost_ask(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_int_t                       rc;
    ngx_http_request_t             *r;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    r = ctx->request;
    lmcf = ngx_http_get_module_main_conf(r, ngx_http_llm_cost_module);

    ctx->adm.owner = ngx_pid;
    ctx->adm.expires = ctx->adm.now + lmcf->reservation_ttl / 1000;
    ctx->adm.hit = 0;
    ctx->entry = NULL;

    ctx->state = NGX_HTTP_LLM_COST_ADMITTING;

    ngx_http_llm_cost_flight_look(ctx);

    if (ngx_http_llm_cost_follow(ctx) != NGX_OK
        || (!ctx->adm.hit && ctx->lookup
            && ngx_http_llm_cost_cache_first(ctx) != NGX_OK))
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = lmcf->store->admit(ctx);

    if (rc == NGX_AGAIN) {
        return ngx_http_llm_cost_wait(r);
    }

    if (rc != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->state = NGX_HTTP_LLM_COST_ADMITTED;

    return ngx_http_llm_cost_act(ctx);
}


/* body to facts; NGX_DECLINED: refuse with f, NGX_ABORT: pass unmetered */

static ngx_int_t
ngx_http_llm_cost_parse(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf, llm_refusal_t *f)
{
    ngx_http_request_t  *r;

    r = ctx->request;

    switch (ngx_http_llm_cost_body_gather(r, llcf->max_body, &ctx->body)) {

    case NGX_OK:
        break;

    case NGX_DECLINED:
        if (!llcf->enforced) {
            return NGX_ABORT;
        }

        ngx_http_llm_cost_refusal(f, LLM_REFUSE_TOO_LARGE,
            "The request body is too large to be metered");
        return NGX_DECLINED;

    default:
        return NGX_ERROR;
    }

    return ngx_http_llm_cost_parse_body(ctx, f);
}


ngx_int_t
ngx_http_llm_cost_parse_body(ngx_http_llm_cost_ctx_t *ctx, llm_refusal_t *f)
{
    int             rc;
    llm_request_t  *q;

    q = &ctx->q;
    q->json.mem = &ctx->mem;
    q->body.len = ctx->body.len;
    q->body.data = ctx->body.data;
    q->json.max = NGX_HTTP_LLM_COST_VALUES;

    if (q->kind == LLM_KIND_BATCH
        && q->body.len / NGX_HTTP_LLM_COST_VALUE_BYTES > q->json.max)
    {
        q->json.max = q->body.len / NGX_HTTP_LLM_COST_VALUE_BYTES;
    }

    rc = q->route.raw ? LLM_OK
                      : llm_json_parse(&q->json, q->body.data, q->body.len);

    if (rc == LLM_BAD || rc == LLM_LIMIT) {
        ngx_http_llm_cost_parse_message(ctx, f, rc, q->json.err, NULL,
                                        q->json.err_pos);
        return NGX_DECLINED;
    }

    if (rc == LLM_OK) {
        rc = q->provider->parse(q);
        ctx->provider = q->provider;
    }

    if (rc == LLM_BAD || rc == LLM_LIMIT) {
        ngx_http_llm_cost_invalid(ctx, f, q->err, q->param);
        return NGX_DECLINED;
    }

    if (rc == LLM_DECLINED) {
        rc = ngx_http_llm_cost_unmetered(
                 ngx_http_get_module_loc_conf(ctx->request,
                                              ngx_http_llm_cost_module),
                 LLM_PATH_UNSUPPORTED, f);

        /* one that may pass is metered, where only its most is not known */

        return (rc == NGX_ABORT && q->crowd) ? NGX_OK : rc;
    }

    return rc == LLM_OK ? NGX_OK : NGX_ERROR;
}


void
ngx_http_llm_cost_invalid(ngx_http_llm_cost_ctx_t *ctx, llm_refusal_t *f,
    const char *err, const char *param)
{
    ngx_http_llm_cost_parse_message(ctx, f, LLM_BAD, err, param, 0);
}


/* "Invalid 'max_tokens': must be at least 1", or what and where in the body */

static void
ngx_http_llm_cost_parse_message(ngx_http_llm_cost_ctx_t *ctx,
    llm_refusal_t *f, int rc, const char *err, const char *param, size_t pos)
{
    u_char  *p, *last;

    ngx_http_llm_cost_refusal(f, LLM_REFUSE_INVALID,
                              "The request cannot be read");

    p = ngx_pnalloc(ctx->request->pool, NGX_HTTP_LLM_COST_MESSAGE);
    if (p == NULL) {
        return;
    }

    f->message.data = p;
    last = p + NGX_HTTP_LLM_COST_MESSAGE;

    if (param) {
        p = ngx_slprintf(p, last, "Invalid '%s': %s", param, err);
        f->param.data = (u_char *) param;
        f->param.len = ngx_strlen(param);

    } else {
        p = ngx_slprintf(p, last, "The request body %s: %s at byte %uz",
                         rc == LLM_LIMIT ? "cannot be read"
                                         : "is not valid JSON", err, pos);
    }

    f->message.len = p - f->message.data;
}


ngx_int_t
ngx_http_llm_cost_find_price(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf, llm_refusal_t *f)
{
    u_char      *p;
    ngx_uint_t   policy;

    ngx_http_llm_cost_price_find(ctx);

    if (ctx->price) {
        return NGX_OK;
    }

    policy = llcf->unknown_model;

    if (policy == NGX_HTTP_LLM_COST_UNKNOWN_AUTO) {
        policy = llcf->enforced_usd ? NGX_HTTP_LLM_COST_UNKNOWN_REJECT
                                    : NGX_HTTP_LLM_COST_UNKNOWN_ALLOW;
    }

    if (policy == NGX_HTTP_LLM_COST_UNKNOWN_PRICE) {
        ctx->price = llcf->unknown_price;
        return NGX_OK;
    }

    if (policy == NGX_HTTP_LLM_COST_UNKNOWN_ALLOW) {
        return NGX_OK;
    }

    ngx_http_llm_cost_refusal(f, LLM_REFUSE_UNKNOWN_MODEL,
                              "The model has no price here");
    llm_str_set(&f->param, "model");

    p = ngx_pnalloc(ctx->request->pool, NGX_HTTP_LLM_COST_MESSAGE);
    if (p) {
        f->message.data = p;
        f->message.len = ngx_slprintf(p, p + NGX_HTTP_LLM_COST_MESSAGE,
                                      "The model '%V' has no price here, so "
                                      "it cannot be used under a budget",
                                      (ngx_str_t *) ctx->unpriced)
                         - p;
    }

    return NGX_DECLINED;
}


/*
 * Count the input and write down the most that the request can use, and the
 * least that is worth sending: between the two lies what fit may choose.
 */

ngx_int_t
ngx_http_llm_cost_worst_case(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf)
{
    int64_t         each, most, least;
    llm_request_t  *q;

    q = &ctx->q;

    if (ctx->parts || ctx->record) {
        ngx_http_llm_cost_held_worst(ctx);
        return NGX_OK;
    }

    if (ngx_http_llm_cost_count_input(ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    each = ngx_http_llm_cost_most_output(ctx, llcf);

    most = each * q->choices;
    least = most;

    if (q->can_fit
        && (llcf->fit == NGX_HTTP_LLM_COST_FIT_ON
            || (llcf->fit == NGX_HTTP_LLM_COST_FIT_MISSING
                && q->max_output < 0)))
    {
        least = ngx_min(each, llcf->fit_min) * q->choices;
    }

    if (llcf->reserve_output == NGX_HTTP_LLM_COST_OUTPUT_EXPECTED) {
        most = ngx_http_llm_cost_learn_output(ctx, most);
        least = ngx_min(least, most);
    }

    ctx->max_output = most;

    ctx->adm.most[LLM_UNIT_REQUESTS] = 1;
    ctx->adm.least[LLM_UNIT_REQUESTS] = 1;
    ctx->adm.most[LLM_UNIT_TOKENS] = ctx->most_input + most;
    ctx->adm.least[LLM_UNIT_TOKENS] = ctx->most_input + least;

    if (ctx->price) {
        ctx->adm.most[LLM_UNIT_USD] = ngx_http_llm_cost_price_worst(ctx, most);
        ctx->adm.least[LLM_UNIT_USD] = ngx_http_llm_cost_price_worst(ctx,
                                                                     least);
    }

    return NGX_OK;
}


/* q->input_tokens, exact or an estimate, and ctx->most_input */

static ngx_int_t
ngx_http_llm_cost_count_input(ngx_http_llm_cost_ctx_t *ctx)
{
    llm_request_t                  *q;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    q = &ctx->q;
    lmcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_llm_cost_module);

    ctx->marks = llm_marks(&q->json);

    if (ngx_http_llm_cost_counter(lmcf, (ngx_str_t *) &q->model, ctx->price,
                                  &ctx->counter)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (q->provider->count(q, &ctx->counter) != LLM_OK) {
        return NGX_ERROR;
    }

    if (q->input_tokens < 0) {

        /* nobody has seen it: what fits into the model */

        q->input_tokens = (ctx->price && ctx->price->max_input > 0)
                          ? ctx->price->max_input
                          : NGX_HTTP_LLM_COST_INPUT_DEFAULT;
    }

    /* a bound is no count: nothing is learned from how far it is off */

    if (q->kind == LLM_KIND_RUN) {
        ctx->counter.estimate = 0;
    }

    if (ctx->counter.estimate) {
        q->estimate = 1;
    }

    ngx_http_llm_cost_learn_correct(ctx);

    return NGX_OK;
}


/*
 * The most that one choice can have: what the client says, then what the
 * configuration says (it will be written into the request), then the price row.
 */

int64_t
ngx_http_llm_cost_most_output(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf)
{
    int64_t         each;
    llm_request_t  *q;

    q = &ctx->q;

    if (!llm_kind_has_output(q->kind)) {
        return 0;
    }

    each = q->max_output;

    if (each < 0) {

        if (llcf->reserve_output > 0 && q->can_fit) {
            each = llcf->reserve_output;
            ctx->written_max = each;

        } else if (ctx->price && ctx->price->max_output > 0) {
            each = ctx->price->max_output;

        } else {
            each = NGX_HTTP_LLM_COST_OUTPUT_DEFAULT;
        }
    }

    return ngx_min(each, NGX_HTTP_LLM_COST_OUTPUT_MAX);
}


int64_t
ngx_http_llm_cost_clock(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}
