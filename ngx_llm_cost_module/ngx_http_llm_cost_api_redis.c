
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_api_redis.h"


/*
 * Rows of llm_api that the whole fleet has written.  They are read in pages,
 * so that no script keeps Redis from those who wait for an admission: when a
 * reply was read, the next page is asked for, and after the last one the
 * request goes on, in an event of its own.
 */


#define NGX_HTTP_LLM_COST_API_ANSWERS  400     /* to delete at a time */


static void ngx_http_llm_cost_api_fleet_reply(
    ngx_http_llm_cost_redis_op_t *op, redisReply *reply);
static void ngx_http_llm_cost_api_fleet_wake(ngx_event_t *ev);
static void ngx_http_llm_cost_api_fleet_forget(ngx_http_llm_cost_api_t *api);
static ngx_int_t ngx_http_llm_cost_api_series_read(
    ngx_http_llm_cost_api_t *api, redisReply *reply);
static ngx_int_t ngx_http_llm_cost_api_size_ask(ngx_http_llm_cost_api_t *api);
static ngx_int_t ngx_http_llm_cost_api_size_read(
    ngx_http_llm_cost_api_t *api, redisReply *reply);
static llm_cache_model_t *ngx_http_llm_cost_api_answers(
    ngx_http_llm_cost_api_t *api, const void *name, size_t len);
static ngx_int_t ngx_http_llm_cost_api_clear_ask(
    ngx_http_llm_cost_api_t *api);
static ngx_int_t ngx_http_llm_cost_api_clear_read(
    ngx_http_llm_cost_api_t *api, redisReply *reply);


ngx_uint_t
ngx_http_llm_cost_api_fleet_down(void)
{
    ngx_http_llm_cost_api_state_t  s;

    ngx_http_llm_cost_api_fleet_state(&s);

    return s.away;
}


/* of this node; all 0 where the zone is the store */

void
ngx_http_llm_cost_api_fleet_state(ngx_http_llm_cost_api_state_t *s)
{
    ngx_http_llm_cost_redis_box_t  *box;

    ngx_memzero(s, sizeof(ngx_http_llm_cost_api_state_t));

    if (ngx_http_llm_cost_redis_money() == NULL) {
        return;
    }

    box = ngx_http_llm_cost_redis_box();

    s->away = (box->state == NGX_HTTP_LLM_COST_STORE_AWAY);
    s->joining = s->away && box->joiner != 0;
    s->nodes = box->nodes;
    s->pending = box->log->npending;
}


ngx_int_t
ngx_http_llm_cost_api_fleet_budgets(ngx_http_llm_cost_api_t *api)
{
    if (ngx_array_init(&api->budgets, api->request->pool, 16,
                       sizeof(llm_counter_view_t))
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_llm_cost_api_fleet_start(api,
                                       ngx_http_llm_cost_redis_money(),
                                       ngx_http_llm_cost_api_budgets_ask,
                                       ngx_http_llm_cost_api_budgets_read);
}


ngx_int_t
ngx_http_llm_cost_api_fleet_alerts(ngx_http_llm_cost_api_t *api)
{
    if (ngx_array_init(&api->alerts, api->request->pool, 16,
                       sizeof(llm_alert_t))
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_llm_cost_api_fleet_start(api,
                                       ngx_http_llm_cost_redis_money(),
                                       ngx_http_llm_cost_api_alerts_ask,
                                       ngx_http_llm_cost_api_alerts_read);
}


/* hits and misses are this node's, the answers are everybody's */

ngx_int_t
ngx_http_llm_cost_api_fleet_cache(ngx_http_llm_cost_api_t *api)
{
    ngx_int_t  rc;

    rc = ngx_http_llm_cost_api_cache_fetch(api);

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_llm_cost_api_fleet_start(api,
                                       ngx_http_llm_cost_redis_answers(),
                                       ngx_http_llm_cost_api_size_ask,
                                       ngx_http_llm_cost_api_size_read);
}


ngx_int_t
ngx_http_llm_cost_api_fleet_clear(ngx_http_llm_cost_api_t *api)
{
    return ngx_http_llm_cost_api_fleet_start(api,
                                       ngx_http_llm_cost_redis_answers(),
                                       ngx_http_llm_cost_api_clear_ask,
                                       ngx_http_llm_cost_api_clear_read);
}


/* usage: which hours are asked for is the business of _api_merge.c */

ngx_int_t
ngx_http_llm_cost_api_fleet_usage(ngx_http_llm_cost_api_t *api)
{
    if (ngx_http_llm_cost_api_merge_init(api) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_llm_cost_api_fleet_start(api,
                                       ngx_http_llm_cost_redis_money(),
                                       ngx_http_llm_cost_api_merge_ask,
                                       ngx_http_llm_cost_api_merge_read);
}


/* one step of the series after the other, each as a summary of its own */

ngx_int_t
ngx_http_llm_cost_api_fleet_series(ngx_http_llm_cost_api_t *api)
{
    if (ngx_http_llm_cost_api_series_next(api) != NGX_OK
        || ngx_http_llm_cost_api_merge_init(api) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_llm_cost_api_fleet_start(api,
                                       ngx_http_llm_cost_redis_money(),
                                       ngx_http_llm_cost_api_merge_ask,
                                       ngx_http_llm_cost_api_series_read);
}


static ngx_int_t
ngx_http_llm_cost_api_series_read(ngx_http_llm_cost_api_t *api,
    redisReply *reply)
{
    ngx_int_t  rc;

    rc = ngx_http_llm_cost_api_merge_read(api, reply);

    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_http_llm_cost_api_series_take(api) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ngx_http_llm_cost_api_series_next(api) == NGX_DONE) {
        return NGX_OK;
    }

    return ngx_http_llm_cost_api_merge_init(api) == NGX_OK
           ? NGX_AGAIN : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


ngx_int_t
ngx_http_llm_cost_api_fleet_start(ngx_http_llm_cost_api_t *api,
    ngx_http_llm_cost_redis_t *redis, ngx_http_llm_cost_api_ask_pt ask,
    ngx_http_llm_cost_api_read_pt read)
{
    ngx_http_llm_cost_api_fleet_t  *f;

    f = ngx_pcalloc(api->request->pool,
                    sizeof(ngx_http_llm_cost_api_fleet_t));
    if (f == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    f->redis = redis;
    f->ask = ask;
    f->read = read;

    api->fleet = f;
    api->forget = ngx_http_llm_cost_api_fleet_forget;

    return ask(api);
}


ngx_int_t
ngx_http_llm_cost_api_fleet_send(ngx_http_llm_cost_api_t *api)
{
    ngx_http_llm_cost_redis_op_t   *op;
    ngx_http_llm_cost_api_fleet_t  *f;

    f = api->fleet;

    op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_api_fleet_reply, api);
    if (op == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ngx_http_llm_cost_redis_end(op) != NGX_OK) {
        ngx_http_llm_cost_redis_free(op);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ngx_http_llm_cost_redis_send(f->redis, op,
                                     NGX_HTTP_LLM_COST_REDIS_LINGER)
        != NGX_OK)
    {
        ngx_http_llm_cost_redis_free(op);
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    f->op = op;

    return NGX_AGAIN;
}


/* the op is ours from now on; the request's code does not run in here */

static void
ngx_http_llm_cost_api_fleet_reply(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply)
{
    ngx_int_t                       rc;
    ngx_http_llm_cost_api_t        *api;
    ngx_http_llm_cost_api_fleet_t  *f;

    api = op->data;
    f = api->fleet;

    rc = NGX_HTTP_SERVICE_UNAVAILABLE;

    if (reply) {
        rc = f->read(api, reply);

        if (rc == NGX_DECLINED) {
            ngx_http_llm_cost_redis_complain(reply);

            ngx_log_error(NGX_LOG_ERR, api->request->connection->log, 0,
                          "llm cost: Redis sent what is not an answer to "
                          "llm_api");
            rc = NGX_HTTP_SERVICE_UNAVAILABLE;
        }
    }

    if (rc == NGX_AGAIN) {
        rc = f->ask(api);
    }

    if (rc == NGX_AGAIN || rc == NGX_DONE) {
        ngx_http_llm_cost_redis_free(op);
        return;
    }

    f->op = op;
    f->rc = rc;
    f->posted = 1;

    op->wake.handler = ngx_http_llm_cost_api_fleet_wake;
    op->wake.data = api;
    op->wake.log = ngx_cycle->log;

    ngx_post_event(&op->wake, &ngx_posted_events);
}


static void
ngx_http_llm_cost_api_fleet_wake(ngx_event_t *ev)
{
    ngx_http_llm_cost_api_t        *api;
    ngx_http_llm_cost_api_fleet_t  *f;

    api = ev->data;
    f = api->fleet;

    ngx_http_llm_cost_redis_free(f->op);
    f->op = NULL;

    ngx_http_llm_cost_api_resume(api, f->rc);
}


static void
ngx_http_llm_cost_api_fleet_forget(ngx_http_llm_cost_api_t *api)
{
    ngx_http_llm_cost_api_fleet_t  *f;

    f = api->fleet;

    if (f->op == NULL) {
        return;
    }

    if (f->posted || ngx_http_llm_cost_redis_forget(f->op) == NGX_OK) {
        ngx_http_llm_cost_redis_free(f->op);
    }

    f->op = NULL;
}


static ngx_int_t
ngx_http_llm_cost_api_size_ask(ngx_http_llm_cost_api_t *api)
{
    ngx_http_llm_cost_redis_command(api->fleet->redis, "HGETALL");
    ngx_http_llm_cost_redis_key("cs");

    return ngx_http_llm_cost_api_fleet_send(api);
}


/* n, b and v, and n:MODEL, b:MODEL and v:MODEL of each model */

static ngx_int_t
ngx_http_llm_cost_api_size_read(ngx_http_llm_cost_api_t *api,
    redisReply *reply)
{
    int64_t             n;
    ngx_str_t           name;
    ngx_uint_t          i;
    llm_cache_model_t  *m;

    if (reply->type != REDIS_REPLY_ARRAY
        || ngx_http_llm_cost_api_answers(api, "", 0) == NULL)
    {
        return NGX_DECLINED;
    }

    for (i = 0; i + 1 < reply->elements; i += 2) {

        if (ngx_http_llm_cost_api_text(reply, i, &name) != NGX_OK
            || name.len == 0 || (name.len > 1 && name.data[1] != ':')
            || ngx_http_llm_cost_redis_integer(reply, i + 1, &n) != NGX_OK)
        {
            return NGX_DECLINED;
        }

        m = ngx_http_llm_cost_api_answers(api, name.data + 2,
                                          name.len > 2 ? name.len - 2 : 0);
        if (m == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        switch (name.data[0]) {

        case 'n':
            m->entries = n;
            break;

        case 'b':
            m->bytes = n;
            break;

        default:
            m->evictions = n;
        }
    }

    return NGX_OK;
}


/* the row of a model; the first one is that of all, and has no name */

static llm_cache_model_t *
ngx_http_llm_cost_api_answers(ngx_http_llm_cost_api_t *api,
    const void *name, size_t len)
{
    ngx_uint_t          i;
    llm_cache_model_t  *m;

    len = ngx_min(len, LLM_CACHE_NAME);
    m = api->answers.elts;

    for (i = 0; i < api->answers.nelts; i++) {
        if (m[i].len == len && ngx_memcmp(m[i].name, name, len) == 0) {
            return &m[i];
        }
    }

    m = ngx_array_push(&api->answers);

    if (m) {
        ngx_memzero(m, sizeof(llm_cache_model_t));
        ngx_memcpy(m->name, name, len);
        m->len = len;
    }

    return m;
}


/*
 * A page of the books after the other.  A node that dies in between has not
 * purged: nothing is written down, and whoever asked has no answer.
 */

static ngx_int_t
ngx_http_llm_cost_api_clear_ask(ngx_http_llm_cost_api_t *api)
{
    u_char              model[16], payer[16], record[160], *p, *last;
    llm_cache_purge_t  *purge;

    purge = &api->purge;

    ngx_http_llm_cost_redis_begin(api->fleet->redis,
                                  NGX_HTTP_LLM_COST_SCRIPT_PURGE);
    ngx_http_llm_cost_redis_answer_indexes();

    if (purge->key) {
        ngx_http_llm_cost_redis_answer_key(purge->key);
    }

    ngx_http_llm_cost_redis_number(api->fleet->cursor);
    ngx_http_llm_cost_redis_number(NGX_HTTP_LLM_COST_API_ANSWERS);

    last = ngx_sprintf(model, "m%uD", purge->model);
    ngx_http_llm_cost_redis_arg(model, purge->model ? last - model : 0);

    last = ngx_sprintf(payer, "%uD", purge->payer);
    ngx_http_llm_cost_redis_arg(payer, purge->payer ? last - payer : 0);

    last = ngx_sprintf(record, "%uD %uD %L ", purge->model, purge->payer,
                       purge->before);

    if (purge->key) {
        last = ngx_hex_dump(last, (u_char *) purge->key, LLM_CACHE_KEY);
    }

    p = last;

    if (purge->before) {
        p = ngx_sprintf(last, "%L", purge->before);
    }

    ngx_http_llm_cost_redis_arg(last, p - last);
    ngx_http_llm_cost_redis_arg(record, last - record);

    return ngx_http_llm_cost_api_fleet_send(api);
}


static ngx_int_t
ngx_http_llm_cost_api_clear_read(ngx_http_llm_cost_api_t *api,
    redisReply *reply)
{
    int64_t   deleted;
    uint64_t  copies;

    if (ngx_http_llm_cost_redis_integer(reply, 0, &api->fleet->cursor)
            != NGX_OK
        || ngx_http_llm_cost_redis_integer(reply, 1, &deleted) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    api->deleted += deleted;

    if (api->fleet->cursor) {
        return NGX_AGAIN;
    }

    /* this node need not wait to hear of it */

    copies = llm_cache_purge(api->zone->cache, &api->purge);

    if (api->deleted == 0) {
        api->deleted = copies;
    }

    ngx_http_llm_cost_redis_purges();

    return NGX_OK;
}
