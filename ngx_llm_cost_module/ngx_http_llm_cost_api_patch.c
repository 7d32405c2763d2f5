
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_api_redis.h"


/*
 * PATCH budgets?name=&key= with {"limit":N}: another limit until the window
 * ends.  Which window that is follows from the configuration; the unit is that
 * of the counter that is there.
 */

#define NGX_HTTP_LLM_COST_API_PATCH_MAX  1024   /* bytes of the body */


static ngx_int_t ngx_http_llm_cost_api_patch_body(
    ngx_http_llm_cost_api_t *api);
static ngx_int_t ngx_http_llm_cost_api_patch_limit(
    ngx_http_llm_cost_api_t *api, llm_json_t *j);
static ngx_http_llm_cost_budget_t *ngx_http_llm_cost_api_patch_conf(
    ngx_http_llm_cost_api_t *api);
static ngx_int_t ngx_http_llm_cost_api_patch_amount(
    ngx_http_llm_cost_api_t *api, llm_unit_e unit, int64_t *limit);
static ngx_int_t ngx_http_llm_cost_api_patch_invalid(
    ngx_http_llm_cost_api_t *api, llm_unit_e unit);
static ngx_int_t ngx_http_llm_cost_api_patch_refuse(
    ngx_http_llm_cost_api_t *api, ngx_uint_t status, const char *param,
    const char *message);
static ngx_int_t ngx_http_llm_cost_api_patch_ask(
    ngx_http_llm_cost_api_t *api);
static ngx_int_t ngx_http_llm_cost_api_patch_reply(
    ngx_http_llm_cost_api_t *api, redisReply *reply);


static const char  ngx_http_llm_cost_api_patch_unknown[] =
    "there is no counter of this name and key in this window";
static const char  ngx_http_llm_cost_api_patch_several[] =
    "this name and key have counters of several units in this window";


ngx_int_t
ngx_http_llm_cost_api_patch_read(ngx_http_llm_cost_api_t *api)
{
    ngx_int_t                    rc;
    ngx_uint_t                   i;
    llm_budget_t                *b;
    ngx_http_llm_cost_budget_t  *conf;

    if (api->name.len == 0) {
        return ngx_http_llm_cost_api_refuse(api, NGX_HTTP_BAD_REQUEST, "name",
                                            "name must say which budget");
    }

    rc = ngx_http_llm_cost_api_patch_body(api);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    conf = ngx_http_llm_cost_api_patch_conf(api);

    if (conf == NULL || api->key.len > LLM_KEY_MAX) {
        return ngx_http_llm_cost_api_refuse(api, NGX_HTTP_NOT_FOUND, "name",
                                      ngx_http_llm_cost_api_patch_unknown);
    }

    for (i = 0; i < LLM_UNIT_N; i++) {
        b = &api->patched[i];

        b->name.len = conf->name.len;
        b->name.data = conf->name.data;
        b->key.len = api->key.len;
        b->key.data = api->key.data;
        b->unit = i;
        b->period = conf->period;

        llm_window_find(conf->timezone, conf->period, (int64_t) ngx_time(),
                        &b->start, &b->end);
    }

    return NGX_DECLINED;
}


/* sets api->limit, its text; NGX_DECLINED: go on, else the status */

static ngx_int_t
ngx_http_llm_cost_api_patch_body(ngx_http_llm_cost_api_t *api)
{
    ngx_int_t   rc;
    ngx_str_t   body;
    llm_mem_t   mem;
    llm_json_t  j;

    rc = ngx_http_llm_cost_body_gather(api->request,
                                       NGX_HTTP_LLM_COST_API_PATCH_MAX, &body);
    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    mem.alloc = ngx_http_llm_cost_pool_alloc;
    mem.ctx = api->request->pool;

    ngx_memzero(&j, sizeof(llm_json_t));
    j.mem = &mem;

    if (rc == NGX_DECLINED || llm_json_parse(&j, body.data, body.len) != LLM_OK
        || j.nodes[0].type != LLM_JSON_OBJECT)
    {
        return ngx_http_llm_cost_api_refuse(api, NGX_HTTP_BAD_REQUEST, NULL,
                   "the body must be a JSON object such as {\"limit\":25.5}");
    }

    return ngx_http_llm_cost_api_patch_limit(api, &j);
}


/* {"limit": a number that is not negative, or null} and nothing else */

static ngx_int_t
ngx_http_llm_cost_api_patch_limit(ngx_http_llm_cost_api_t *api, llm_json_t *j)
{
    uint32_t          i;
    llm_json_node_t  *n;

    n = j->nodes;

    for (i = 1; i < n[0].next; i = n[n[i].next].next) {

        if (!llm_json_equal(j, i, "limit") || api->limit.data) {
            return ngx_http_llm_cost_api_refuse(api, NGX_HTTP_BAD_REQUEST,
                       NULL, "the body must have \"limit\", once, and "
                       "nothing else");
        }

        api->limit.data = (u_char *) j->data + n[i + 1].start;
        api->limit.len = n[i + 1].end - n[i + 1].start;

        if ((n[i + 1].type != LLM_JSON_NUMBER
             && n[i + 1].type != LLM_JSON_NULL)
            || api->limit.data[0] == '-')
        {
            return ngx_http_llm_cost_api_refuse(api, NGX_HTTP_BAD_REQUEST,
                       "limit", "limit must be a number that is not "
                       "negative, or null for no limit");
        }
    }

    if (api->limit.data == NULL) {
        return ngx_http_llm_cost_api_refuse(api, NGX_HTTP_BAD_REQUEST,
                                            "limit", "limit is missing");
    }

    return NGX_DECLINED;
}


/* a name has one period and one zone wherever it is used */

static ngx_http_llm_cost_budget_t *
ngx_http_llm_cost_api_patch_conf(ngx_http_llm_cost_api_t *api)
{
    ngx_uint_t                   i;
    ngx_http_llm_cost_budget_t  *b;

    b = api->lmcf->budgets.elts;

    for (i = 0; i < api->lmcf->budgets.nelts; i++) {
        if (b[i].name.len == api->name.len
            && ngx_memcmp(b[i].name.data, api->name.data, api->name.len) == 0)
        {
            return &b[i];
        }
    }

    return NULL;
}


static ngx_int_t
ngx_http_llm_cost_api_patch_amount(ngx_http_llm_cost_api_t *api,
    llm_unit_e unit, int64_t *limit)
{
    int  rc;

    if (api->limit.data[0] == 'n') {
        *limit = LLM_NO_LIMIT;
        return NGX_OK;
    }

    rc = unit == LLM_UNIT_USD
         ? llm_usd_parse(api->limit.data, api->limit.len, limit)
         : llm_parse_int(api->limit.data, api->limit.len, limit);

    return rc == LLM_OK && *limit >= 0 && *limit <= LLM_NANO_MAX
           ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
ngx_http_llm_cost_api_patch_invalid(ngx_http_llm_cost_api_t *api,
    llm_unit_e unit)
{
    return ngx_http_llm_cost_api_patch_refuse(api, NGX_HTTP_BAD_REQUEST,
               "limit", unit == LLM_UNIT_USD
               ? "limit must be usd, at most 9000000, with nine decimals at "
                 "most and no exponent"
               : "limit must be a whole number of tokens or requests, at most "
                 "9000000000000000");
}


/* the answer is written now, and sent by whoever formats it */

static ngx_int_t
ngx_http_llm_cost_api_patch_refuse(ngx_http_llm_cost_api_t *api,
    ngx_uint_t status, const char *param, const char *message)
{
    api->status = status;
    api->refusal = message;
    api->param = param;

    return NGX_OK;
}


ngx_int_t
ngx_http_llm_cost_api_patch_fetch(ngx_http_llm_cost_api_t *api)
{
    int                  rc;
    int64_t              limit;
    ngx_uint_t           i, found;
    llm_ledger_t        *l;
    llm_counter_view_t  *v;

    l = api->zone->ledger;
    found = LLM_UNIT_N;

    if (ngx_array_init(&api->budgets, api->request->pool, 1,
                       sizeof(llm_counter_view_t))
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    v = ngx_array_push(&api->budgets);

    for (i = 0; i < LLM_UNIT_N; i++) {
        rc = llm_ledger_find(l, &api->patched[i], v);

        if (rc == LLM_ERROR) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        if (rc == LLM_OK && found != LLM_UNIT_N) {
            return ngx_http_llm_cost_api_patch_refuse(api,
                       NGX_HTTP_BAD_REQUEST, "name",
                       ngx_http_llm_cost_api_patch_several);
        }

        if (rc == LLM_OK) {
            found = i;
        }
    }

    if (found == LLM_UNIT_N) {
        return ngx_http_llm_cost_api_patch_refuse(api, NGX_HTTP_NOT_FOUND,
                   "name", ngx_http_llm_cost_api_patch_unknown);
    }

    if (ngx_http_llm_cost_api_patch_amount(api, found, &limit) != NGX_OK) {
        return ngx_http_llm_cost_api_patch_invalid(api, found);
    }

    if (llm_ledger_patch(l, &api->patched[found], limit) != LLM_OK
        || llm_ledger_find(l, &api->patched[found], v) != LLM_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_llm_cost_api_fleet_patch(ngx_http_llm_cost_api_t *api)
{
    if (ngx_array_init(&api->budgets, api->request->pool, 1,
                       sizeof(llm_counter_view_t))
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_llm_cost_api_fleet_start(api,
                                       ngx_http_llm_cost_redis_money(),
                                       ngx_http_llm_cost_api_patch_ask,
                                       ngx_http_llm_cost_api_patch_reply);
}


static ngx_int_t
ngx_http_llm_cost_api_patch_ask(ngx_http_llm_cost_api_t *api)
{
    int64_t     limit;
    ngx_uint_t  i;

    ngx_http_llm_cost_redis_begin(api->fleet->redis,
                                  NGX_HTTP_LLM_COST_SCRIPT_PATCH);
    ngx_http_llm_cost_redis_counters(api->patched, LLM_UNIT_N);

    for (i = 0; i < LLM_UNIT_N; i++) {

        if (ngx_http_llm_cost_api_patch_amount(api, i, &limit) == NGX_OK) {
            ngx_http_llm_cost_redis_number(limit == LLM_NO_LIMIT ? -1 : limit);

        } else {
            ngx_http_llm_cost_redis_text("");
        }
    }

    return ngx_http_llm_cost_api_fleet_send(api);
}


static ngx_int_t
ngx_http_llm_cost_api_patch_reply(ngx_http_llm_cost_api_t *api,
    redisReply *reply)
{
    int64_t    what;
    ngx_str_t  unit;

    if (ngx_http_llm_cost_redis_integer(reply, 0, &what) != NGX_OK) {
        return NGX_DECLINED;
    }

    if (what == -2 && ngx_http_llm_cost_api_text(reply, 1, &unit) == NGX_OK) {
        return ngx_http_llm_cost_api_patch_invalid(api,
                   unit.len == 3 ? LLM_UNIT_USD : LLM_UNIT_TOKENS);
    }

    if (what == -3) {
        return ngx_http_llm_cost_api_patch_refuse(api, NGX_HTTP_BAD_REQUEST,
                   "name", ngx_http_llm_cost_api_patch_several);
    }

    if (what == -1 && reply->elements == 1) {
        return ngx_http_llm_cost_api_patch_refuse(api, NGX_HTTP_NOT_FOUND,
                   "name", ngx_http_llm_cost_api_patch_unknown);
    }

    if (ngx_http_llm_cost_api_budgets_read(api, reply) != NGX_OK) {
        return NGX_DECLINED;
    }

    /* should Redis lose it, this node has heard of it */

    ngx_http_llm_cost_redis_patched(api->budgets.elts);

    return NGX_OK;
}


/* the counter as GET budgets shows it */

void
ngx_http_llm_cost_api_patch_format(ngx_http_llm_cost_api_t *api)
{
    if (api->refusal) {
        ngx_http_llm_cost_api_error(api, api->status, api->param,
                                    api->refusal);
        return;
    }

    ngx_log_error(NGX_LOG_NOTICE, api->request->connection->log, 0,
                  "llm cost: another limit for budget \"%V\" until its "
                  "window ends", &api->name);

    ngx_http_llm_cost_api_budget_format(api, api->budgets.elts);
    ngx_http_llm_cost_out(&api->out, "\n");
}
