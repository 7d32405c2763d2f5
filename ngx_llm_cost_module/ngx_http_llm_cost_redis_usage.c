
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_redis.h"


/*
 * Usage of the fleet: summary.lua adds up a few hours in one call, and the
 * calls are added up here.  First the hours that were asked for, with the rows
 * that are kept by hour; then, for rows by user, the whole days they touch.
 */


#define NGX_HTTP_LLM_COST_USAGE_TOTALS  11   /* before the rows */
#define NGX_HTTP_LLM_COST_USAGE_ROW     5    /* values of a row */
#define NGX_HTTP_LLM_COST_USAGE_STEP    6    /* hours of a call with rows */


typedef struct {
    ngx_str_node_t               sn;
    llm_stats_row_t              row;
} ngx_http_llm_cost_usage_node_t;


static const char *ngx_http_llm_cost_usage_dim(ngx_http_llm_cost_query_t *q,
    ngx_http_llm_cost_query_dim_t *d);
static ngx_uint_t ngx_http_llm_cost_usage_by_user(
    ngx_http_llm_cost_query_t *q);
static ngx_int_t ngx_http_llm_cost_usage_totals(llm_stats_totals_t *t,
    redisReply *reply);
static ngx_int_t ngx_http_llm_cost_usage_rows(ngx_http_llm_cost_query_t *q,
    ngx_http_llm_cost_query_dim_t *d, redisReply *reply);
static ngx_int_t ngx_http_llm_cost_usage_add(ngx_http_llm_cost_query_t *q,
    ngx_http_llm_cost_query_dim_t *d, redisReply *reply, size_t i);
static ngx_int_t ngx_http_llm_cost_usage_finish(ngx_http_llm_cost_query_t *q,
    ngx_http_llm_cost_query_dim_t *d);
static ngx_int_t ngx_http_llm_cost_usage_other(
    ngx_http_llm_cost_query_dim_t *d, const llm_stats_totals_t *t);
static int ngx_libc_cdecl ngx_http_llm_cost_usage_cmp(const void *one,
    const void *two);


static const char  *ngx_http_llm_cost_usage_dims[] = {
    "model", "provider", "endpoint", "tag", "user"
};


void
ngx_http_llm_cost_redis_usage_ask(ngx_http_llm_cost_query_t *q)
{
    ngx_uint_t  i, rows;

    rows = q->ndims - ngx_http_llm_cost_usage_by_user(q);

    if (q->by_day) {
        q->next = q->at + 24;

    } else {
        q->next = rows ? ngx_min(q->at + NGX_HTTP_LLM_COST_USAGE_STEP, q->to)
                       : q->to;
    }

    ngx_http_llm_cost_redis_begin(ngx_http_llm_cost_redis_money(),
                                  NGX_HTTP_LLM_COST_SCRIPT_SUMMARY);
    ngx_http_llm_cost_redis_indexes();
    ngx_http_llm_cost_redis_number(q->at);
    ngx_http_llm_cost_redis_number(q->next);

    for (i = 0; i < q->ndims; i++) {
        if ((q->dims[i].dim == LLM_STATS_USER) == q->by_day) {
            ngx_http_llm_cost_redis_text(
                           ngx_http_llm_cost_usage_dim(q, &q->dims[i]));
        }
    }
}


static const char *
ngx_http_llm_cost_usage_dim(ngx_http_llm_cost_query_t *q,
    ngx_http_llm_cost_query_dim_t *d)
{
    u_char  *p;

    if (d->dim != LLM_STATS_TAG) {
        return ngx_http_llm_cost_usage_dims[d->dim];
    }

    p = ngx_pnalloc(q->pool, sizeof("tag:") + d->tag.len);
    if (p == NULL) {
        return "";
    }

    ngx_sprintf(p, "tag:%V%Z", &d->tag);

    return (char *) p;
}


static ngx_uint_t
ngx_http_llm_cost_usage_by_user(ngx_http_llm_cost_query_t *q)
{
    ngx_uint_t  i, n;

    n = 0;

    for (i = 0; i < q->ndims; i++) {
        n += (q->dims[i].dim == LLM_STATS_USER);
    }

    return n;
}


ngx_int_t
ngx_http_llm_cost_redis_usage_read(ngx_http_llm_cost_query_t *q,
    redisReply *reply)
{
    ngx_uint_t  i, k;

    if (ngx_http_llm_cost_usage_totals(q->by_day ? &q->days : &q->totals,
                                       reply)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    k = NGX_HTTP_LLM_COST_USAGE_TOTALS;

    for (i = 0; i < q->ndims; i++) {
        if ((q->dims[i].dim == LLM_STATS_USER) != q->by_day) {
            continue;
        }

        if (k >= reply->elements
            || ngx_http_llm_cost_usage_rows(q, &q->dims[i],
                                            reply->element[k++])
               != NGX_OK)
        {
            return NGX_DECLINED;
        }
    }

    q->at = q->next;

    if (q->at < q->to) {
        return NGX_AGAIN;
    }

    if (!q->by_day && ngx_http_llm_cost_usage_by_user(q)) {
        q->by_day = 1;
        q->at = q->from - q->from % 24;
        return NGX_AGAIN;
    }

    for (i = 0; i < q->ndims; i++) {
        if (ngx_http_llm_cost_usage_finish(q, &q->dims[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* in the order of TOTALS in usage.lua */

static ngx_int_t
ngx_http_llm_cost_usage_totals(llm_stats_totals_t *t, redisReply *reply)
{
    int64_t     n;
    ngx_uint_t  i;
    int64_t    *totals[NGX_HTTP_LLM_COST_USAGE_TOTALS];

    totals[0] = &t->count;
    totals[1] = &t->input;
    totals[2] = &t->output;
    totals[3] = &t->cost;
    totals[4] = &t->cached;
    totals[5] = &t->reasoning;
    totals[6] = &t->saved;
    totals[7] = &t->hits;
    totals[8] = &t->misses;
    totals[9] = &t->calls;
    totals[10] = &t->unpriced;

    for (i = 0; i < NGX_HTTP_LLM_COST_USAGE_TOTALS; i++) {
        if (ngx_http_llm_cost_redis_integer(reply, i, &n) != NGX_OK) {
            return NGX_DECLINED;
        }

        *totals[i] += n;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_llm_cost_usage_rows(ngx_http_llm_cost_query_t *q,
    ngx_http_llm_cost_query_dim_t *d, redisReply *reply)
{
    size_t  i;

    if (reply->type != REDIS_REPLY_ARRAY) {
        return NGX_DECLINED;
    }

    for (i = 0; i + NGX_HTTP_LLM_COST_USAGE_ROW <= reply->elements;
         i += NGX_HTTP_LLM_COST_USAGE_ROW)
    {
        if (ngx_http_llm_cost_usage_add(q, d, reply, i) != NGX_OK) {
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_llm_cost_usage_add(ngx_http_llm_cost_query_t *q,
    ngx_http_llm_cost_query_dim_t *d, redisReply *reply, size_t i)
{
    int64_t                          v[4];
    uint32_t                         hash;
    ngx_str_t                        name;
    ngx_uint_t                       k;
    redisReply                      *e;
    ngx_http_llm_cost_usage_node_t  *node;

    e = reply->element[i];

    if (e->type != REDIS_REPLY_STRING || e->len > LLM_STATS_LABEL) {
        return NGX_DECLINED;
    }

    for (k = 0; k < 4; k++) {
        if (ngx_http_llm_cost_redis_integer(reply, i + 1 + k, &v[k])
            != NGX_OK)
        {
            return NGX_DECLINED;
        }
    }

    name.data = (u_char *) e->str;
    name.len = e->len;

    if (d->only.data
        && (name.len != d->only.len
            || ngx_memcmp(name.data, d->only.data, name.len) != 0))
    {
        return NGX_OK;
    }

    hash = ngx_crc32_long(name.data, name.len);

    node = (ngx_http_llm_cost_usage_node_t *)
               ngx_str_rbtree_lookup(&d->tree, &name, hash);

    if (node == NULL) {
        node = ngx_pcalloc(q->pool, sizeof(ngx_http_llm_cost_usage_node_t));
        if (node == NULL) {
            return NGX_DECLINED;
        }

        ngx_memcpy(node->row.name, name.data, name.len);
        node->row.len = name.len;
        node->sn.node.key = hash;
        node->sn.str.data = node->row.name;
        node->sn.str.len = name.len;

        ngx_rbtree_insert(&d->tree, &node->sn.node);
    }

    node->row.count += v[0];
    node->row.input += v[1];
    node->row.output += v[2];
    node->row.cost += v[3];

    return NGX_OK;
}


/* the dearest first; what has no row comes last, as "other" */

static ngx_int_t
ngx_http_llm_cost_usage_finish(ngx_http_llm_cost_query_t *q,
    ngx_http_llm_cost_query_dim_t *d)
{
    llm_stats_row_t                 *row;
    ngx_rbtree_node_t               *node;
    ngx_http_llm_cost_usage_node_t  *n;

    if (ngx_array_init(&d->rows, q->pool, 16, sizeof(llm_stats_row_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (d->tree.root != d->tree.sentinel) {

        for (node = ngx_rbtree_min(d->tree.root, d->tree.sentinel);
             node;
             node = ngx_rbtree_next(&d->tree, node))
        {
            n = (ngx_http_llm_cost_usage_node_t *) node;

            row = ngx_array_push(&d->rows);
            if (row == NULL) {
                return NGX_ERROR;
            }

            *row = n->row;
        }
    }

    ngx_qsort(d->rows.elts, d->rows.nelts, sizeof(llm_stats_row_t),
              ngx_http_llm_cost_usage_cmp);

    if (d->only.data) {
        return NGX_OK;
    }

    return ngx_http_llm_cost_usage_other(d, d->dim == LLM_STATS_USER
                                            ? &q->days : &q->totals);
}


static ngx_int_t
ngx_http_llm_cost_usage_other(ngx_http_llm_cost_query_dim_t *d,
    const llm_stats_totals_t *t)
{
    ngx_uint_t        i;
    llm_stats_row_t   other, *row;

    ngx_memzero(&other, sizeof(llm_stats_row_t));

    other.count = t->count;
    other.input = t->input;
    other.output = t->output;
    other.cost = t->cost;

    row = d->rows.elts;

    for (i = 0; i < d->rows.nelts; i++) {
        other.count -= row[i].count;
        other.input -= row[i].input;
        other.output -= row[i].output;
        other.cost -= row[i].cost;
    }

    /* both were read while requests went on ending */

    if (other.count <= 0) {
        return NGX_OK;
    }

    row = ngx_array_push(&d->rows);
    if (row == NULL) {
        return NGX_ERROR;
    }

    other.other = 1;
    other.len = sizeof("other") - 1;
    ngx_memcpy(other.name, "other", other.len);

    *row = other;

    return NGX_OK;
}


static int ngx_libc_cdecl
ngx_http_llm_cost_usage_cmp(const void *one, const void *two)
{
    int                     rc;
    const llm_stats_row_t  *a, *b;

    a = one;
    b = two;

    if (a->cost != b->cost) {
        return a->cost < b->cost ? 1 : -1;
    }

    if (a->count != b->count) {
        return a->count < b->count ? 1 : -1;
    }

    rc = ngx_memcmp(a->name, b->name, ngx_min(a->len, b->len));

    return rc ? rc : (int) a->len - (int) b->len;
}
