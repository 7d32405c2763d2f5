
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_redis.h"


/*
 * What counts by estimate are worth, over all nodes (learn.lua): once a second
 * and node, never on the way of a request.  The number of an answer, and what
 * it says, are all that Redis is told of it.  Whatever comes back is checked
 * value by value, and what follows of it is bounded (llm_learn.h).
 */


#define NGX_HTTP_LLM_COST_LEARN_KEY    16       /* hex digits */
#define NGX_HTTP_LLM_COST_LEARN_TEXT   64
#define NGX_HTTP_LLM_COST_LEARN_PAUSE  60       /* s: Redis refuses it */


static ngx_int_t ngx_http_llm_cost_redis_learn_command(
    ngx_http_llm_cost_redis_op_t *op, llm_learn_table_t *t);
static void ngx_http_llm_cost_redis_learned(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply);
static void ngx_http_llm_cost_redis_learn_read(llm_learn_table_t *t,
    redisReply *reply);
static uint64_t ngx_http_llm_cost_redis_learn_key(redisReply *e);


/* of this worker */

static ngx_uint_t  ngx_http_llm_cost_learning;
static time_t      ngx_http_llm_cost_learn_pause;


void
ngx_http_llm_cost_redis_learn(ngx_http_llm_cost_redis_t *redis)
{
    llm_learn_table_t             *t;
    ngx_http_llm_cost_redis_op_t  *op;

    t = ngx_http_llm_cost_zone()->learn;

    if (t == NULL || ngx_http_llm_cost_learning
        || ngx_time() < ngx_http_llm_cost_learn_pause)
    {
        return;
    }

    op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_learned, NULL);

    if (op == NULL) {
        return;
    }

    if (ngx_http_llm_cost_redis_tell(redis, op,
                                ngx_http_llm_cost_redis_learn_command(op, t))
        != NGX_OK)
    {
        return;
    }

    ngx_http_llm_cost_learning = 1;
}


static ngx_int_t
ngx_http_llm_cost_redis_learn_command(ngx_http_llm_cost_redis_op_t *op,
    llm_learn_table_t *t)
{
    u_char              *p;
    unsigned             i, n;
    llm_learn_answer_t  *a;

    static llm_learn_answer_t  answers[LLM_LEARN_NEWS];
    static u_char              text[LLM_LEARN_NEWS + 1]
                                   [NGX_HTTP_LLM_COST_LEARN_KEY
                                    + NGX_HTTP_LLM_COST_LEARN_TEXT];

    n = llm_learn_news(t, answers, LLM_LEARN_NEWS);

    ngx_http_llm_cost_redis_begin(ngx_http_llm_cost_redis_money(),
                                  NGX_HTTP_LLM_COST_SCRIPT_LEARN);
    ngx_http_llm_cost_redis_key("t");
    ngx_http_llm_cost_redis_key("t:n");

    p = ngx_sprintf(text[n], "%uL", llm_learn_seen(t));
    ngx_http_llm_cost_redis_arg(text[n], p - text[n]);

    for (i = 0; i < n; i++) {
        a = &answers[i];

        p = ngx_sprintf(text[i], "%016xL", a->key);
        ngx_http_llm_cost_redis_arg(text[i], NGX_HTTP_LLM_COST_LEARN_KEY);

        p = ngx_sprintf(p, "%L %L %L", a->counted, a->reported, a->output);
        ngx_http_llm_cost_redis_arg(text[i] + NGX_HTTP_LLM_COST_LEARN_KEY,
                                    p - text[i]
                                    - NGX_HTTP_LLM_COST_LEARN_KEY);
    }

    return ngx_http_llm_cost_redis_end(op);
}


static void
ngx_http_llm_cost_redis_learned(ngx_http_llm_cost_redis_op_t *op,
    redisReply *reply)
{
    ngx_http_llm_cost_learning = 0;

    ngx_http_llm_cost_redis_complain(reply);
    ngx_http_llm_cost_redis_free(op);

    if (reply && reply->type == REDIS_REPLY_ERROR) {
        ngx_http_llm_cost_learn_pause = ngx_time()
                                        + NGX_HTTP_LLM_COST_LEARN_PAUSE;
    }

    if (reply && reply->type == REDIS_REPLY_ARRAY) {
        ngx_http_llm_cost_redis_learn_read(ngx_http_llm_cost_zone()->learn,
                                           reply);
    }
}


static void
ngx_http_llm_cost_redis_learn_read(llm_learn_table_t *t, redisReply *reply)
{
    size_t                    i, k;
    int64_t                   seen;
    unsigned                  n;
    llm_str_t                 s;
    redisReply               *list;
    llm_learn_answer_t        answers[LLM_LEARN_PAIRS];

    if (ngx_http_llm_cost_redis_integer(reply, 0, &seen) != NGX_OK
        || seen < 0)
    {
        return;
    }

    for (i = 1; i + 1 < reply->elements; i += 2) {
        list = reply->element[i + 1];

        if (list->type != REDIS_REPLY_ARRAY) {
            continue;
        }

        for (k = 0, n = 0; k < list->elements && n < LLM_LEARN_PAIRS; k++) {

            if (list->element[k]->type == REDIS_REPLY_STRING) {
                s.data = (u_char *) list->element[k]->str;
                s.len = list->element[k]->len;

                n += (llm_learn_read_answer(&s, &answers[n]) == LLM_OK);
            }
        }

        (void) llm_learn_fleet(t,
                   ngx_http_llm_cost_redis_learn_key(reply->element[i]),
                   ngx_time(), answers, n);
    }

    llm_learn_see(t, (uint64_t) seen);
}


/* 0: it is none */

static uint64_t
ngx_http_llm_cost_redis_learn_key(redisReply *e)
{
    size_t    i;
    uint64_t  key, digit;

    if (e->type != REDIS_REPLY_STRING
        || e->len != NGX_HTTP_LLM_COST_LEARN_KEY)
    {
        return 0;
    }

    for (i = 0, key = 0; i < NGX_HTTP_LLM_COST_LEARN_KEY; i++) {

        if (e->str[i] >= '0' && e->str[i] <= '9') {
            digit = (uint64_t) (e->str[i] - '0');

        } else if (e->str[i] >= 'a' && e->str[i] <= 'f') {
            digit = (uint64_t) (e->str[i] - 'a' + 10);

        } else {
            return 0;
        }

        key = key << 4 | digit;
    }

    return key;
}
