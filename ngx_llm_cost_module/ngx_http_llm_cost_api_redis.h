
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _NGX_HTTP_LLM_COST_API_REDIS_H_INCLUDED_
#define _NGX_HTTP_LLM_COST_API_REDIS_H_INCLUDED_


/*
 * How rows of llm_api are read from Redis, page after page: _api_redis.c has
 * the frame, _api_rows.c reads budgets and alerts, _api_merge.c usage.
 */

#include "ngx_http_llm_cost_api.h"
#include "ngx_http_llm_cost_redis.h"


/*
 * ask: NGX_AGAIN when a command was sent.  read: NGX_OK when all is there,
 * NGX_AGAIN when there is more to ask for, NGX_DONE when that was sent,
 * NGX_DECLINED for what is no such reply.  Both: an HTTP status.
 */

typedef ngx_int_t (*ngx_http_llm_cost_api_ask_pt)(
    ngx_http_llm_cost_api_t *api);
typedef ngx_int_t (*ngx_http_llm_cost_api_read_pt)(
    ngx_http_llm_cost_api_t *api, redisReply *reply);


struct ngx_http_llm_cost_api_fleet_s {
    ngx_http_llm_cost_redis_t       *redis;
    ngx_http_llm_cost_redis_op_t    *op;
    ngx_http_llm_cost_api_ask_pt     ask;
    ngx_http_llm_cost_api_read_pt    read;
    int64_t                          cursor;
    ngx_int_t                        rc;
    unsigned                         posted:1;
};


/* _api_redis.c */

ngx_int_t ngx_http_llm_cost_api_fleet_start(ngx_http_llm_cost_api_t *api,
    ngx_http_llm_cost_redis_t *redis, ngx_http_llm_cost_api_ask_pt ask,
    ngx_http_llm_cost_api_read_pt read);

/* sends the command that was put together */

ngx_int_t ngx_http_llm_cost_api_fleet_send(ngx_http_llm_cost_api_t *api);


/* _api_rows.c */

ngx_int_t ngx_http_llm_cost_api_budgets_ask(ngx_http_llm_cost_api_t *api);
ngx_int_t ngx_http_llm_cost_api_budgets_read(ngx_http_llm_cost_api_t *api,
    redisReply *reply);
ngx_int_t ngx_http_llm_cost_api_alerts_ask(ngx_http_llm_cost_api_t *api);
ngx_int_t ngx_http_llm_cost_api_alerts_read(ngx_http_llm_cost_api_t *api,
    redisReply *reply);
ngx_int_t ngx_http_llm_cost_api_text(redisReply *reply, ngx_uint_t i,
    ngx_str_t *text);


/* _api_merge.c */

ngx_int_t ngx_http_llm_cost_api_merge_init(ngx_http_llm_cost_api_t *api);
ngx_int_t ngx_http_llm_cost_api_merge_ask(ngx_http_llm_cost_api_t *api);
ngx_int_t ngx_http_llm_cost_api_merge_read(ngx_http_llm_cost_api_t *api,
    redisReply *reply);


#endif /* _NGX_HTTP_LLM_COST_API_REDIS_H_INCLUDED_ */
