
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_redis.h"


/* What the scripts are given: keys and arguments in the order of each. */


/* bytes of an argument, with its length in front; of a number, at most */

#define NGX_HTTP_LLM_COST_REDIS_ARG(len)  ((len) + sizeof("$1234\r\n\r\n") - 1)
#define NGX_HTTP_LLM_COST_REDIS_NUM                                           \
    NGX_HTTP_LLM_COST_REDIS_ARG(NGX_INT64_LEN)

#define NGX_HTTP_LLM_COST_REDIS_WORD     8      /* a unit, a period, a mode */
#define NGX_HTTP_LLM_COST_REDIS_NODE     16     /* hexadecimal digits */
#define NGX_HTTP_LLM_COST_REDIS_HASH     40     /* ... of a script */
#define NGX_HTTP_LLM_COST_REDIS_PERCENT  4      /* "100," */
#define NGX_HTTP_LLM_COST_REDIS_SUMS     12     /* of an event */


static size_t ngx_http_llm_cost_redis_budget_max(
    const ngx_http_llm_cost_budget_t *b, size_t tag);
static void ngx_http_llm_cost_redis_counter(const llm_budget_t *b);
static u_char *ngx_http_llm_cost_redis_part(u_char *p, const void *data,
    size_t len);
static void ngx_http_llm_cost_redis_label(const llm_str_t *s);


static const char  *ngx_http_llm_cost_redis_units[] = {
    "usd", "tokens", "requests"
};


/* those of all scripts that include common.lua */

void
ngx_http_llm_cost_redis_indexes(void)
{
    ngx_http_llm_cost_redis_key("b");
    ngx_http_llm_cost_redis_key("r");
    ngx_http_llm_cost_redis_key("n");
    ngx_http_llm_cost_redis_key("u");
    ngx_http_llm_cost_redis_key("a");
}


void
ngx_http_llm_cost_redis_identity(const llm_hold_id_t *id)
{
    ngx_http_llm_cost_redis_key("n:%016xL", id->node);
    ngx_http_llm_cost_redis_key("r:%016xL:%uL", id->node,
                                ngx_http_llm_cost_redis_seq(id));
}


void
ngx_http_llm_cost_redis_counters(const llm_budget_t *budgets, ngx_uint_t n)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {
        ngx_http_llm_cost_redis_counter(&budgets[i]);
    }
}


/* "b:NAME:KEY:UNIT:PERIOD:START" */

static void
ngx_http_llm_cost_redis_counter(const llm_budget_t *b)
{
    size_t       size;
    u_char      *p;
    const char  *unit, *period;

    unit = ngx_http_llm_cost_redis_units[b->unit];
    period = llm_period_name(b->period);

    size = sizeof("b:::::") - 1 + b->name.len + b->key.len
           + ngx_strlen(unit) + ngx_strlen(period) + NGX_INT64_LEN;

    p = ngx_http_llm_cost_redis_key_begin(size);
    if (p == NULL) {
        return;
    }

    p = ngx_http_llm_cost_redis_part(p, "b", 1);
    p = ngx_http_llm_cost_redis_part(p, b->name.data, b->name.len);
    p = ngx_http_llm_cost_redis_part(p, b->key.data, b->key.len);
    p = ngx_http_llm_cost_redis_part(p, unit, ngx_strlen(unit));
    p = ngx_http_llm_cost_redis_part(p, period, ngx_strlen(period));
    p = ngx_http_llm_cost_redis_decimal(p, b->start);

    ngx_http_llm_cost_redis_key_end(p);
}


static u_char *
ngx_http_llm_cost_redis_part(u_char *p, const void *data, size_t len)
{
    if (len) {
        p = ngx_cpymem(p, data, len);
    }

    *p++ = ':';

    return p;
}


/* what load_budgets() of common.lua reads */

void
ngx_http_llm_cost_redis_budgets(const llm_budget_t *budgets, ngx_uint_t n)
{
    u_char              *p, *last;
    ngx_uint_t           i, k;
    const llm_budget_t  *b;

    for (i = 0; i < n; i++) {
        b = &budgets[i];

        ngx_http_llm_cost_redis_arg(b->name.data, b->name.len);
        ngx_http_llm_cost_redis_arg(b->key.data, b->key.len);
        ngx_http_llm_cost_redis_text(ngx_http_llm_cost_redis_units[b->unit]);
        ngx_http_llm_cost_redis_text(llm_period_name(b->period));
        ngx_http_llm_cost_redis_number(b->start);
        ngx_http_llm_cost_redis_number(b->end == INT64_MAX ? 0 : b->end);
        ngx_http_llm_cost_redis_number(b->limit == LLM_NO_LIMIT ? -1
                                                               : b->limit);
        ngx_http_llm_cost_redis_text(b->observe ? "observe" : "enforce");

        p = ngx_http_llm_cost_redis_room(LLM_ALERTS_MAX
                                         * NGX_HTTP_LLM_COST_REDIS_PERCENT);
        if (p == NULL) {
            return;
        }

        last = p;

        for (k = 0; k < b->nalerts && k < LLM_ALERTS_MAX; k++) {
            last = ngx_http_llm_cost_redis_decimal(last, b->alerts[k]);
            *last++ = ',';
        }

        ngx_http_llm_cost_redis_arg(p, last - p);
    }
}


/* what count_usage() of usage.lua reads: the sums of count of them */

void
ngx_http_llm_cost_redis_event(const llm_stats_event_t *e, int64_t count)
{
    unsigned  i;

    ngx_http_llm_cost_redis_number(e->time);

    ngx_http_llm_cost_redis_number(count);
    ngx_http_llm_cost_redis_number(ngx_max(e->input, 0));
    ngx_http_llm_cost_redis_number(ngx_max(e->output, 0));
    ngx_http_llm_cost_redis_number(ngx_max(e->cost, 0));
    ngx_http_llm_cost_redis_number(ngx_max(e->cached, 0));
    ngx_http_llm_cost_redis_number(ngx_max(e->reasoning, 0));
    ngx_http_llm_cost_redis_number(ngx_max(e->saved, 0));
    ngx_http_llm_cost_redis_number(e->cache == LLM_STATS_CACHE_HIT
                                   ? count : 0);
    ngx_http_llm_cost_redis_number(e->cache == LLM_STATS_CACHE_MISS
                                   ? count : 0);
    ngx_http_llm_cost_redis_number(e->called ? count : 0);
    ngx_http_llm_cost_redis_number(e->cost < 0 ? count : 0);

    ngx_http_llm_cost_redis_label(&e->model);
    ngx_http_llm_cost_redis_label(&e->provider);
    ngx_http_llm_cost_redis_label(&e->endpoint);
    ngx_http_llm_cost_redis_label(&e->user);

    ngx_http_llm_cost_redis_number(e->ntags);

    for (i = 0; i < e->ntags && i < LLM_STATS_TAGS; i++) {
        ngx_http_llm_cost_redis_label(&e->tag_names[i]);
        ngx_http_llm_cost_redis_label(&e->tag_values[i]);
    }
}


/* names of any length come from clients */

static void
ngx_http_llm_cost_redis_label(const llm_str_t *s)
{
    u_char  *p;

    if (s->len <= LLM_STATS_LABEL) {
        ngx_http_llm_cost_redis_arg(s->data, s->len);
        return;
    }

    p = ngx_http_llm_cost_redis_room(LLM_STATS_LABEL);
    if (p == NULL) {
        return;
    }

    ngx_memcpy(p, s->data, LLM_STATS_LABEL - 9);
    ngx_sprintf(p + LLM_STATS_LABEL - 9, "~%08xD",
                ngx_crc32_long(s->data, s->len));

    ngx_http_llm_cost_redis_arg(p, LLM_STATS_LABEL);
}


void
ngx_http_llm_cost_redis_answer_key(const u_char *key)
{
    u_char  hex[NGX_HTTP_LLM_COST_CACHE_KEY * 2];

    ngx_hex_dump(hex, (u_char *) key, NGX_HTTP_LLM_COST_CACHE_KEY);

    ngx_http_llm_cost_redis_key("c:%*s", sizeof(hex), hex);
}


/* the end of op's reservation, or of a request that had none, for settle.lua */

ngx_int_t
ngx_http_llm_cost_redis_settlement(ngx_http_llm_cost_redis_op_t *op,
    const llm_stats_event_t *event)
{
    ngx_int_t  i;

    ngx_http_llm_cost_redis_begin(ngx_http_llm_cost_redis_money(),
                                  NGX_HTTP_LLM_COST_SCRIPT_SETTLE);
    ngx_http_llm_cost_redis_indexes();
    ngx_http_llm_cost_redis_identity(&op->id);
    ngx_http_llm_cost_redis_counters(op->budgets, op->nbudgets);

    ngx_http_llm_cost_redis_number(ngx_time());
    ngx_http_llm_cost_redis_number(ngx_http_llm_cost_redis_seq(&op->id));
    ngx_http_llm_cost_redis_number(op->nbudgets);

    for (i = 0; i < LLM_UNIT_N; i++) {
        if (op->spends) {
            ngx_http_llm_cost_redis_number(op->spent[i]);

        } else {
            ngx_http_llm_cost_redis_text("");
        }
    }

    ngx_http_llm_cost_redis_number(event != NULL);
    ngx_http_llm_cost_redis_budgets(op->budgets, op->nbudgets);

    if (event) {
        ngx_http_llm_cost_redis_event(event, ngx_max(op->count, 1));
    }

    return ngx_http_llm_cost_redis_end(op);
}


/*
 * How much of the record the end of a request to this place may take, at most;
 * the largest of all places is promised to each request that is admitted while
 * Redis is away.
 */

void
ngx_http_llm_cost_redis_promise(ngx_http_llm_cost_main_conf_t *lmcf,
    const ngx_http_llm_cost_loc_conf_t *llcf)
{
    size_t                       size, tag;
    ngx_uint_t                   i, labels;
    ngx_http_llm_cost_budget_t  *b;

    if (lmcf->redis == NULL) {
        return;
    }

    tag = lmcf->redis->prefix.len + sizeof("{}") - 1;

    /* the command, its script, and how many keys; indexes() and identity() */

    size = sizeof(llm_oplog_entry_t) + 2 * NGX_HTTP_LLM_COST_REDIS_NUM
           + NGX_HTTP_LLM_COST_REDIS_ARG(sizeof("EVALSHA") - 1)
           + NGX_HTTP_LLM_COST_REDIS_ARG(NGX_HTTP_LLM_COST_REDIS_HASH)
           + 5 * NGX_HTTP_LLM_COST_REDIS_ARG(tag + 1)
           + 2 * NGX_HTTP_LLM_COST_REDIS_ARG(tag + sizeof("r::") - 1
                                             + NGX_HTTP_LLM_COST_REDIS_NODE
                                             + NGX_INT64_LEN);

    /* settlement(), event(), and what end() has behind them */

    labels = 4 + (llcf->tags ? 2 * llcf->tags->nelts : 0);

    size += (3 + LLM_UNIT_N + 1) * NGX_HTTP_LLM_COST_REDIS_NUM
            + (NGX_HTTP_LLM_COST_REDIS_SUMS + 1) * NGX_HTTP_LLM_COST_REDIS_NUM
            + labels * NGX_HTTP_LLM_COST_REDIS_ARG(LLM_STATS_LABEL)
            + 4 * NGX_HTTP_LLM_COST_REDIS_NUM;

    if (llcf->budgets) {
        b = llcf->budgets->elts;

        for (i = 0; i < llcf->budgets->nelts; i++) {
            size += ngx_http_llm_cost_redis_budget_max(&b[i], tag);
        }
    }

    lmcf->redis->promise = ngx_max(lmcf->redis->promise,
                                   ngx_align(size, sizeof(uint64_t)));
}


/* counter() and budgets() */

static size_t
ngx_http_llm_cost_redis_budget_max(const ngx_http_llm_cost_budget_t *b,
    size_t tag)
{
    size_t  key;

    key = b->key ? LLM_KEY_MAX : 0;

    return NGX_HTTP_LLM_COST_REDIS_ARG(tag + sizeof("b:::::") - 1
                                       + b->name.len + key
                                       + 2 * NGX_HTTP_LLM_COST_REDIS_WORD
                                       + NGX_INT64_LEN)
           + NGX_HTTP_LLM_COST_REDIS_ARG(b->name.len)
           + NGX_HTTP_LLM_COST_REDIS_ARG(key)
           + 3 * NGX_HTTP_LLM_COST_REDIS_ARG(NGX_HTTP_LLM_COST_REDIS_WORD)
           + 3 * NGX_HTTP_LLM_COST_REDIS_NUM
           + NGX_HTTP_LLM_COST_REDIS_ARG(LLM_ALERTS_MAX
                                         * NGX_HTTP_LLM_COST_REDIS_PERCENT);
}
