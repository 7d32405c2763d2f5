
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include <ngx_config.h>
#include <openssl/evp.h>

#include "ngx_http_llm_cost.h"
#include "llm_utf8.h"


/*
 * The budgets a request falls under, with their keys, limits and windows as
 * they are at this moment; and what a refusal says of one.
 */


static ngx_int_t ngx_http_llm_cost_budget_init(ngx_http_llm_cost_ctx_t *ctx,
    ngx_http_llm_cost_budget_t *conf, llm_refusal_t *f);
static ngx_int_t ngx_http_llm_cost_budget_set_key(
    ngx_http_llm_cost_ctx_t *ctx, ngx_http_llm_cost_budget_t *conf,
    ngx_str_t *key, llm_refusal_t *f);
static ngx_int_t ngx_http_llm_cost_budget_set_limit(
    ngx_http_llm_cost_ctx_t *ctx, const ngx_http_llm_cost_budget_t *conf,
    llm_budget_t *b, llm_refusal_t *f);
static void ngx_http_llm_cost_budget_window(ngx_http_llm_cost_budget_t *conf,
    int64_t now, llm_budget_t *b);
static ngx_int_t ngx_http_llm_cost_budget_key(ngx_http_llm_cost_ctx_t *ctx,
    ngx_str_t *key);
static u_char *ngx_http_llm_cost_budget_title(u_char *p, u_char *last,
    const llm_budget_t *b);
static u_char *ngx_http_llm_cost_print_amount(u_char *p, llm_unit_e unit,
    int64_t amount);


static const char  *ngx_http_llm_cost_periods[] = {
    "minute", "hourly", "daily", "weekly", "monthly", "total"
};


ngx_int_t
ngx_http_llm_cost_budgets_init(ngx_http_llm_cost_ctx_t *ctx,
    llm_refusal_t *f)
{
    ngx_int_t                      rc;
    ngx_uint_t                     i, n;
    ngx_http_request_t            *r;
    ngx_http_llm_cost_budget_t    *conf;
    ngx_http_llm_cost_loc_conf_t  *llcf;

    r = ctx->request;
    llcf = ngx_http_get_module_loc_conf(r, ngx_http_llm_cost_module);

    ctx->adm.now = ngx_time();

    if (llcf->budgets == NULL) {
        return NGX_OK;
    }

    n = llcf->budgets->nelts;

    ctx->budgets = ngx_pcalloc(r->pool, n * sizeof(llm_budget_t));
    ctx->budget_confs = ngx_palloc(r->pool, n * sizeof(void *));

    if (ctx->budgets == NULL || ctx->budget_confs == NULL) {
        return NGX_ERROR;
    }

    ctx->adm.budgets = ctx->budgets;

    conf = llcf->budgets->elts;

    for (i = 0; i < n; i++) {
        rc = ngx_http_llm_cost_budget_init(ctx, &conf[i], f);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


ngx_uint_t
ngx_http_llm_cost_budget_requests(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_uint_t  i;

    for (i = 0; i < ctx->adm.n; i++) {
        if (ctx->budgets[i].unit == LLM_UNIT_REQUESTS) {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_llm_cost_budget_init(ngx_http_llm_cost_ctx_t *ctx,
    ngx_http_llm_cost_budget_t *conf, llm_refusal_t *f)
{
    ngx_int_t      rc;
    ngx_str_t      key;
    llm_budget_t  *b;

    b = &ctx->budgets[ctx->adm.n];

    ngx_str_null(&key);

    if (conf->key) {
        rc = ngx_http_llm_cost_budget_set_key(ctx, conf, &key, f);

        if (rc != NGX_OK) {
            return rc == NGX_DONE ? NGX_OK : rc;
        }
    }

    rc = ngx_http_llm_cost_budget_set_limit(ctx, conf, b, f);
    if (rc != NGX_OK) {
        return rc;
    }

    b->name.len = conf->name.len;
    b->name.data = conf->name.data;
    b->key.len = key.len;
    b->key.data = key.data;
    b->period = conf->period;
    b->observe = conf->observe;
    b->nalerts = conf->nalerts;
    ngx_memcpy(b->alerts, conf->alerts, sizeof(b->alerts));

    ngx_http_llm_cost_budget_window(conf, ctx->adm.now, b);

    ctx->budget_confs[ctx->adm.n++] = conf;

    return NGX_OK;
}


/* NGX_DONE: the budget does not apply to a request without this key */

static ngx_int_t
ngx_http_llm_cost_budget_set_key(ngx_http_llm_cost_ctx_t *ctx,
    ngx_http_llm_cost_budget_t *conf, ngx_str_t *key, llm_refusal_t *f)
{
    if (ngx_http_complex_value(ctx->request, conf->key, key) != NGX_OK) {
        return NGX_ERROR;
    }

    if (key->len == 0) {

        if (conf->empty == NGX_HTTP_LLM_COST_EMPTY_SKIP) {
            return NGX_DONE;
        }

        if (conf->empty == NGX_HTTP_LLM_COST_EMPTY_REJECT) {
            ngx_log_error(NGX_LOG_INFO, ctx->request->connection->log, 0,
                          "key of llm budget \"%V\" is empty", &conf->name);
            ngx_http_llm_cost_refusal(f, LLM_REFUSE_NO_KEY,
                "This request names nobody who pays for it: a key or "
                "user that a budget asks for is missing");
            return NGX_DECLINED;
        }

        *key = conf->empty_text;
    }

    return ngx_http_llm_cost_budget_key(ctx, key);
}


static ngx_int_t
ngx_http_llm_cost_budget_set_limit(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_budget_t *conf, llm_budget_t *b, llm_refusal_t *f)
{
    ngx_str_t            limit;
    ngx_http_request_t  *r;

    b->unit = conf->unit;
    b->limit = conf->limit;

    if (conf->limit_text == NULL) {
        return NGX_OK;
    }

    r = ctx->request;

    if (ngx_http_complex_value(r, conf->limit_text, &limit) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_http_llm_cost_parse_limit(&limit, &b->limit, &b->unit) == NGX_OK) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "limit of llm budget \"%V\" is not valid: \"%V\"",
                  &conf->name, &limit);
    ngx_http_llm_cost_refusal(f, LLM_REFUSE_STORE,
        "The limit of a budget that applies to this request is not known");

    return NGX_DECLINED;
}


/*
 * The last window of each period is remembered, as most are in the same one.
 * Time zones are of one cycle.
 */

static void
ngx_http_llm_cost_budget_window(ngx_http_llm_cost_budget_t *conf, int64_t now,
    llm_budget_t *b)
{
    static struct {
        const void        *cycle;
        const llm_zone_t  *timezone;
        int64_t            start;
        int64_t            end;
    } known[LLM_PERIOD_N], *k;

    k = &known[conf->period];

    if (k->cycle != (const void *) ngx_cycle || k->timezone != conf->timezone
        || now < k->start || now >= k->end)
    {
        k->cycle = (const void *) ngx_cycle;
        k->timezone = conf->timezone;

        llm_window_find(conf->timezone, conf->period, now, &k->start, &k->end);
    }

    b->start = k->start;
    b->end = k->end;
}


/*
 * A key as counters have it: at most LLM_KEY_MAX bytes, printable ASCII or
 * UTF-8.  A longer or binary one keeps what is readable of its beginning and
 * is told apart by 32 hex digits of its SHA-256.
 */

static ngx_int_t
ngx_http_llm_cost_budget_key(ngx_http_llm_cost_ctx_t *ctx, ngx_str_t *key)
{
    u_char  md[EVP_MAX_MD_SIZE], *p;
    size_t  i, len;

    if (key->len <= LLM_KEY_MAX) {

        for (i = 0; i < key->len; i++) {
            if (key->data[i] < 0x20 || key->data[i] == 0x7f) {
                break;
            }
        }

        if (i == key->len && llm_utf8_valid(key->data, key->len)) {
            return NGX_OK;
        }
    }

    p = ngx_pnalloc(ctx->request->pool, LLM_KEY_MAX);
    if (p == NULL
        || !EVP_Digest(key->data, key->len, md, NULL, EVP_sha256(), NULL))
    {
        return NGX_ERROR;
    }

    len = ngx_min(key->len, LLM_KEY_MAX - 33);

    for (i = 0; i < len; i++) {
        p[i] = (key->data[i] > 0x20 && key->data[i] < 0x7f) ? key->data[i]
                                                            : '_';
    }

    p[i] = '~';
    ngx_hex_dump(&p[i + 1], md, 16);

    key->data = p;
    key->len = i + 33;

    return NGX_OK;
}


/*
 * "User daily budget of $1.00 exceeded: $0.998 spent, $0.001 held, this
 * request needs up to $0.010; resets 2026-11-22T00:00:00Z"
 */

void
ngx_http_llm_cost_budget_message(ngx_http_llm_cost_ctx_t *ctx,
    llm_refusal_t *f)
{
    u_char         *p, *last;
    int64_t         need;
    const char     *bound;
    llm_budget_t   *b;
    llm_balance_t  *balance;

    b = &ctx->budgets[ctx->adm.refused];
    balance = &ctx->adm.balances[ctx->adm.refused];

    /* what fit could not make small enough, or what it must not touch */

    need = ctx->adm.least[b->unit];
    bound = (need < ctx->adm.most[b->unit]) ? "at least" : "up to";

    p = ngx_pnalloc(ctx->request->pool, NGX_HTTP_LLM_COST_MESSAGE);
    if (p == NULL) {
        return;
    }

    f->message.data = p;
    last = p + NGX_HTTP_LLM_COST_MESSAGE;

    p = ngx_http_llm_cost_budget_title(p, last, b);
    p = ngx_http_llm_cost_print_amount(p, b->unit, balance->limit);

    if (f->why == LLM_REFUSE_TOO_EXPENSIVE) {
        p = ngx_slprintf(p, last, " can never hold this request, which needs "
                                  "%s ", bound);
        p = ngx_http_llm_cost_print_amount(p, b->unit, need);

        if (ctx->fit_output > 0) {
            p = ngx_slprintf(p, last, "; the largest maximum of output tokens "
                                      "that fits is %L", ctx->fit_output);
        }

        f->message.len = p - f->message.data;
        return;
    }

    p = ngx_slprintf(p, last, " exceeded: ");
    p = ngx_http_llm_cost_print_amount(p, b->unit, balance->spent);
    p = ngx_slprintf(p, last, " spent, ");
    p = ngx_http_llm_cost_print_amount(p, b->unit, balance->reserved);
    p = ngx_slprintf(p, last, " held, this request needs %s ", bound);
    p = ngx_http_llm_cost_print_amount(p, b->unit, need);

    if (b->period != LLM_PERIOD_TOTAL) {
        p = ngx_slprintf(p, last, "; resets ");
        p += llm_time_print(p, b->end);
    }

    f->message.len = p - f->message.data;
}


/* "Daily budget", "Team monthly budget": its name, its period if it has none */

static u_char *
ngx_http_llm_cost_budget_title(u_char *p, u_char *last, const llm_budget_t *b)
{
    const char *period = ngx_http_llm_cost_periods[b->period];

    *p++ = ngx_toupper(b->name.data[0]);
    p = ngx_cpymem(p, b->name.data + 1, b->name.len - 1);

    if (b->name.len != ngx_strlen(period)
        || ngx_strncmp(b->name.data, period, b->name.len) != 0)
    {
        p = ngx_slprintf(p, last, " %s", period);
    }

    return ngx_slprintf(p, last, " budget of ");
}


static u_char *
ngx_http_llm_cost_print_amount(u_char *p, llm_unit_e unit, int64_t amount)
{
    switch (unit) {

    case LLM_UNIT_USD:
        *p++ = '$';
        return p + llm_usd_print_short(p, amount);

    case LLM_UNIT_TOKENS:
        return ngx_sprintf(p, "%L tokens", amount);

    default:
        return ngx_sprintf(p, "%L requests", amount);
    }
}
