
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


static ngx_int_t ngx_http_llm_cost_parse_drain(
    ngx_http_llm_cost_loc_conf_t *llcf, ngx_str_t *value);
static ngx_int_t ngx_http_llm_cost_parse_amount(ngx_str_t *s,
    int64_t *amount);
static char *ngx_http_llm_cost_unknown_price(ngx_conf_t *cf, ngx_str_t *args,
    llm_price_t **price);
static char *ngx_http_llm_cost_unknown_invalid(ngx_conf_t *cf,
    ngx_str_t *value);


/* llm_store_failure local[=amount]|open|closed */

char *
ngx_http_llm_cost_conf_store_failure(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_llm_cost_loc_conf_t *llcf = conf;

    ngx_str_t  *value, s;

    if (llcf->store_failure != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    llcf->store_allowance = 0;

    if (ngx_strcmp(value[1].data, "open") == 0) {
        llcf->store_failure = NGX_HTTP_LLM_COST_FAIL_OPEN;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[1].data, "closed") == 0) {
        llcf->store_failure = NGX_HTTP_LLM_COST_FAIL_CLOSED;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[1].data, "local") == 0) {
        llcf->store_failure = NGX_HTTP_LLM_COST_FAIL_LOCAL;
        return NGX_CONF_OK;
    }

    if (ngx_strncmp(value[1].data, "local=", 6) == 0) {
        s.data = value[1].data + 6;
        s.len = value[1].len - 6;

        if (ngx_http_llm_cost_parse_amount(&s, &llcf->store_allowance)
            == NGX_OK)
        {
            llcf->store_failure = NGX_HTTP_LLM_COST_FAIL_LOCAL;
            return NGX_CONF_OK;
        }
    }

    return ngx_http_llm_cost_conf_error(cf,
               "invalid value \"%V\", it must be \"local\", "
               "\"local=5usd\", \"open\" or \"closed\"", &value[1]);
}


/* "5usd" or "5" */

static ngx_int_t
ngx_http_llm_cost_parse_amount(ngx_str_t *s, int64_t *amount)
{
    size_t  len;

    len = s->len;

    if (len > 3 && ngx_strncmp(s->data + len - 3, "usd", 3) == 0) {
        len -= 3;
    }

    if (llm_usd_parse(s->data, len, amount) != LLM_OK || *amount < 0) {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* llm_client_abort bill|drain[=size|time]|reserve */

char *
ngx_http_llm_cost_conf_client_abort(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_llm_cost_loc_conf_t *llcf = conf;

    ngx_str_t  *value, *mode;

    if (llcf->client_abort != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;
    mode = &value[1];

    if (ngx_strcmp(mode->data, "bill") == 0) {
        llcf->client_abort = NGX_HTTP_LLM_COST_ABORT_BILL;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(mode->data, "reserve") == 0) {
        llcf->client_abort = NGX_HTTP_LLM_COST_ABORT_RESERVE;
        return NGX_CONF_OK;
    }

    if (ngx_strncmp(mode->data, "drain", 5) == 0) {
        llcf->client_abort = NGX_HTTP_LLM_COST_ABORT_DRAIN;

        if (mode->len == 5
            || ngx_http_llm_cost_parse_drain(llcf, mode) == NGX_OK)
        {
            return NGX_CONF_OK;
        }
    }

    return ngx_http_llm_cost_conf_error(cf,
               "invalid value \"%V\", it must be \"bill\", "
               "\"drain\", \"drain=30s\", \"drain=64k\", "
               "\"drain=1M\" or \"reserve\"", mode);
}


/*
 * "drain=" and a size or a time.  "10m" is megabytes to one half of nginx and
 * minutes to the other: here it is neither.
 */

static ngx_int_t
ngx_http_llm_cost_parse_drain(ngx_http_llm_cost_loc_conf_t *llcf,
    ngx_str_t *value)
{
    u_char     last;
    ngx_str_t  s;

    if (value->data[5] != '=' || value->len < 8) {
        return NGX_ERROR;
    }

    s.data = value->data + 6;
    s.len = value->len - 6;
    last = s.data[s.len - 1];

    if (last == 'k' || last == 'K' || last == 'M') {
        llcf->drain_size = (size_t) ngx_parse_size(&s);

        return llcf->drain_size != (size_t) NGX_ERROR ? NGX_OK : NGX_ERROR;
    }

    if (last == 's' || last == 'h') {
        llcf->drain_time = (ngx_msec_t) ngx_parse_time(&s, 0);

        return llcf->drain_time != (ngx_msec_t) NGX_ERROR ? NGX_OK : NGX_ERROR;
    }

    return NGX_ERROR;
}


/* llm_reservation_ttl time [charge|release] */

char *
ngx_http_llm_cost_conf_reservation_ttl(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_llm_cost_main_conf_t *lmcf = conf;

    ngx_int_t   n;
    ngx_str_t  *value;

    if (lmcf->reservation_ttl != NGX_CONF_UNSET_MSEC) {
        return "is duplicate";
    }

    value = cf->args->elts;

    n = ngx_parse_time(&value[1], 0);

    if (n < 1000) {
        return ngx_http_llm_cost_conf_error(cf,
                   "invalid time \"%V\", it must be at least 1s, write for "
                   "example \"10m\"",
                   &value[1]);
    }

    lmcf->reservation_ttl = n;

    if (cf->args->nelts == 2) {
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[2].data, "charge") == 0) {
        lmcf->reservation_charge = 1;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[2].data, "release") == 0) {
        lmcf->reservation_charge = 0;
        return NGX_CONF_OK;
    }

    return ngx_http_llm_cost_conf_error(cf,
               "invalid parameter \"%V\", it must be \"charge\" or "
               "\"release\"", &value[2]);
}


/* llm_unknown_model reject|allow|input=… output=… */

char *
ngx_http_llm_cost_conf_unknown_model(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_llm_cost_loc_conf_t *llcf = conf;

    char       *rv;
    ngx_str_t  *value;

    if (llcf->unknown_model != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 3) {

        rv = ngx_http_llm_cost_unknown_price(cf, &value[1],
                                             &llcf->unknown_price);

        if (rv == NGX_CONF_OK) {
            llcf->unknown_model = NGX_HTTP_LLM_COST_UNKNOWN_PRICE;
        }

        return rv;
    }

    if (ngx_strcmp(value[1].data, "reject") == 0) {
        llcf->unknown_model = NGX_HTTP_LLM_COST_UNKNOWN_REJECT;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[1].data, "allow") == 0) {
        llcf->unknown_model = NGX_HTTP_LLM_COST_UNKNOWN_ALLOW;
        return NGX_CONF_OK;
    }

    return ngx_http_llm_cost_unknown_invalid(cf, &value[1]);
}


/* a row of its own in a table of its own: nothing else can find it */

static char *
ngx_http_llm_cost_unknown_price(ngx_conf_t *cf, ngx_str_t *args,
    llm_price_t **price)
{
    char               err[NGX_MAX_CONF_ERRSTR];
    llm_mem_t         *mem;
    llm_prices_t      *prices;
    static llm_str_t   any = llm_string("*");
    static llm_str_t   none = llm_string("");

    mem = ngx_palloc(cf->pool, sizeof(llm_mem_t));
    if (mem == NULL) {
        return NGX_CONF_ERROR;
    }

    mem->alloc = ngx_http_llm_cost_pool_alloc;
    mem->ctx = cf->pool;

    prices = llm_prices_create(mem);
    if (prices == NULL) {
        return NGX_CONF_ERROR;
    }

    if (llm_prices_add(prices, &any, (llm_str_t *) args, 2, err, sizeof(err))
        != LLM_OK)
    {
        return ngx_http_llm_cost_conf_error(cf, "%s, write for example "
                   "\"input=1 output=3\", in usd per million tokens", err);
    }

    *price = (llm_price_t *) llm_prices_find(prices, &any, &none);

    if (*price == NULL
        || llm_price_rate(*price, LLM_TIER_DEFAULT, LLM_RATE_INPUT) < 0
        || llm_price_rate(*price, LLM_TIER_DEFAULT, LLM_RATE_OUTPUT) < 0)
    {
        return ngx_http_llm_cost_unknown_invalid(cf, args);
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_llm_cost_unknown_invalid(ngx_conf_t *cf, ngx_str_t *value)
{
    return ngx_http_llm_cost_conf_error(cf,
               "invalid value \"%V\", it must be \"reject\", "
               "\"allow\" or \"input=N output=N\" in usd per million "
               "tokens", value);
}
