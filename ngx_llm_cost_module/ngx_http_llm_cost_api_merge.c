
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_api_redis.h"


/*
 * usage/summary of the fleet: some hours at a time are read from Redis and
 * added up by name.
 *
 * Rows of users are kept by UTC day, at its first hour, and so the hours
 * before and after those that were asked for belong to them, in their days:
 *
 *     first of the day | from ........ to | end of the day
 *     users only       | all              | users' total only
 */


#define NGX_HTTP_LLM_COST_API_STEP   6        /* hours; a part of a day */
#define NGX_HTTP_LLM_COST_API_NAMES  10000    /* the rest is "other" */


/* in the order of TOTALS of usage.lua; the first four are those of a row */

typedef enum {
    NGX_HTTP_LLM_COST_API_COUNT = 0,
    NGX_HTTP_LLM_COST_API_INPUT,
    NGX_HTTP_LLM_COST_API_OUTPUT,
    NGX_HTTP_LLM_COST_API_COST,
    NGX_HTTP_LLM_COST_API_CACHED,
    NGX_HTTP_LLM_COST_API_REASONING,
    NGX_HTTP_LLM_COST_API_SAVED,
    NGX_HTTP_LLM_COST_API_HITS,
    NGX_HTTP_LLM_COST_API_MISSES,
    NGX_HTTP_LLM_COST_API_CALLS,
    NGX_HTTP_LLM_COST_API_UNPRICED,
    NGX_HTTP_LLM_COST_API_TOTALS
} ngx_http_llm_cost_api_total_e;


typedef struct {
    ngx_str_node_t               sn;          /* str is the row's name */
    ngx_http_llm_cost_api_row_t  row;
} ngx_http_llm_cost_api_name_t;


typedef struct {
    ngx_rbtree_t                 tree;
    ngx_rbtree_node_t            sentinel;
    ngx_uint_t                   n;
    ngx_array_t                 *rows;        /* where they are wanted */
    ngx_str_t                    dimension;   /* in Redis */
    ngx_uint_t                   users;       /* by whole days */
} ngx_http_llm_cost_api_table_t;


struct ngx_http_llm_cost_api_merge_s {
    int64_t                      hour;        /* to be asked for next */
    int64_t                      end;         /* of what is being asked */
    int64_t                      first;       /* of all, by whole days */
    int64_t                      from;
    int64_t                      to;
    int64_t                      last;
    int64_t                      totals[NGX_HTTP_LLM_COST_API_TOTALS];
    int64_t                      of_days[NGX_HTTP_LLM_COST_API_TOTALS];
    ngx_uint_t                   ntables;
    ngx_http_llm_cost_api_table_t  tables[3];
};


static ngx_int_t ngx_http_llm_cost_api_merge_table(
    ngx_http_llm_cost_api_t *api, ngx_array_t *rows, ngx_str_t *dimension,
    ngx_uint_t users);
static ngx_int_t ngx_http_llm_cost_api_merge_tables(
    ngx_http_llm_cost_api_t *api);
static ngx_uint_t ngx_http_llm_cost_api_merge_wanted(
    ngx_http_llm_cost_api_merge_t *m, ngx_http_llm_cost_api_table_t *t);
static ngx_int_t ngx_http_llm_cost_api_merge_rows(
    ngx_http_llm_cost_api_t *api, ngx_http_llm_cost_api_table_t *t,
    redisReply *reply);
static ngx_http_llm_cost_api_row_t *ngx_http_llm_cost_api_merge_row(
    ngx_http_llm_cost_api_t *api, ngx_http_llm_cost_api_table_t *t,
    ngx_str_t *name);
static ngx_int_t ngx_http_llm_cost_api_merge_done(
    ngx_http_llm_cost_api_t *api);
static ngx_int_t ngx_http_llm_cost_api_merge_other(
    ngx_http_llm_cost_api_t *api, ngx_http_llm_cost_api_table_t *t);
static ngx_rbtree_node_t *ngx_http_llm_cost_api_merge_first(
    ngx_http_llm_cost_api_table_t *t);
static void ngx_http_llm_cost_api_merge_rest(ngx_http_llm_cost_api_t *api,
    ngx_http_llm_cost_api_table_t *t, int64_t rest[4]);
static int ngx_libc_cdecl ngx_http_llm_cost_api_merge_dearer(const void *one,
    const void *two);


ngx_int_t
ngx_http_llm_cost_api_merge_init(ngx_http_llm_cost_api_t *api)
{
    ngx_http_llm_cost_api_merge_t  *m;

    m = ngx_pcalloc(api->request->pool,
                    sizeof(ngx_http_llm_cost_api_merge_t));
    if (m == NULL) {
        return NGX_ERROR;
    }

    m->from = api->from / 3600;
    m->to = api->to / 3600;
    m->first = m->from;
    m->last = m->to;

    api->merge = m;

    if (api->step == 0) {
        m->first -= m->first % 24;
        m->last = (m->last + 23) / 24 * 24;
    }

    m->hour = m->first;

    return ngx_http_llm_cost_api_merge_tables(api);
}


/* a series has the rows of by= alone, and steps of whole days by user */

static ngx_int_t
ngx_http_llm_cost_api_merge_tables(ngx_http_llm_cost_api_t *api)
{
    ngx_str_t                       model, user;
    ngx_http_llm_cost_api_usage_t  *u;

    u = &api->usage;

    ngx_str_set(&model, "model");
    ngx_str_set(&user, "user");

    if (api->step == 0) {

        if (ngx_http_llm_cost_api_merge_table(api, &u->users, &user, 1)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (api->user.len) {
            return NGX_OK;
        }

        if (ngx_http_llm_cost_api_merge_table(api, &u->models, &model, 0)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (api->by.len == 0) {
        return NGX_OK;
    }

    return ngx_http_llm_cost_api_merge_table(api, &u->others, &api->by,
                                             api->by.data[0] == 'u');
}


static ngx_int_t
ngx_http_llm_cost_api_merge_table(ngx_http_llm_cost_api_t *api,
    ngx_array_t *rows, ngx_str_t *dimension, ngx_uint_t users)
{
    ngx_http_llm_cost_api_table_t  *t;

    t = &api->merge->tables[api->merge->ntables];

    ngx_rbtree_init(&t->tree, &t->sentinel, ngx_str_rbtree_insert_value);

    t->rows = rows;
    t->dimension = *dimension;
    t->users = users;

    api->merge->ntables++;

    return ngx_array_init(rows, api->request->pool, 16,
                          sizeof(ngx_http_llm_cost_api_row_t));
}


ngx_int_t
ngx_http_llm_cost_api_merge_ask(ngx_http_llm_cost_api_t *api)
{
    ngx_uint_t                      i;
    ngx_http_llm_cost_api_merge_t  *m;
    ngx_http_llm_cost_api_table_t  *t;

    m = api->merge;

    /* up to the next border of a page, of what was asked for, of all */

    m->end = m->hour - m->hour % NGX_HTTP_LLM_COST_API_STEP
             + NGX_HTTP_LLM_COST_API_STEP;

    if (m->hour < m->from) {
        m->end = ngx_min(m->end, m->from);

    } else if (m->hour < m->to) {
        m->end = ngx_min(m->end, m->to);

    } else {
        m->end = m->last;
    }

    /* before it on the same connection */

    ngx_http_llm_cost_redis_usage_flush();

    ngx_http_llm_cost_redis_begin(ngx_http_llm_cost_redis_money(),
                                  NGX_HTTP_LLM_COST_SCRIPT_SUMMARY);
    ngx_http_llm_cost_redis_indexes();
    ngx_http_llm_cost_redis_number(m->hour);
    ngx_http_llm_cost_redis_number(m->end);

    for (i = 0; i < m->ntables; i++) {
        t = &m->tables[i];

        if (ngx_http_llm_cost_api_merge_wanted(m, t)) {
            ngx_http_llm_cost_redis_arg(t->dimension.data, t->dimension.len);
        }
    }

    return ngx_http_llm_cost_api_fleet_send(api);
}


/* the rows of users are at the first hour of a day only */

static ngx_uint_t
ngx_http_llm_cost_api_merge_wanted(ngx_http_llm_cost_api_merge_t *m,
    ngx_http_llm_cost_api_table_t *t)
{
    if (t->users) {
        return m->hour % 24 == 0 && m->hour < m->to;
    }

    return m->hour >= m->from && m->hour < m->to;
}


ngx_int_t
ngx_http_llm_cost_api_merge_read(ngx_http_llm_cost_api_t *api,
    redisReply *reply)
{
    int64_t                         n;
    ngx_int_t                       rc;
    ngx_uint_t                      i, k;
    ngx_http_llm_cost_api_merge_t  *m;

    m = api->merge;

    for (i = 0; i < NGX_HTTP_LLM_COST_API_TOTALS; i++) {

        if (ngx_http_llm_cost_redis_integer(reply, i, &n) != NGX_OK) {
            return NGX_DECLINED;
        }

        m->of_days[i] += n;

        if (m->hour >= m->from && m->hour < m->to) {
            m->totals[i] += n;
        }
    }

    for (k = 0; k < m->ntables; k++) {

        if (!ngx_http_llm_cost_api_merge_wanted(m, &m->tables[k])) {
            continue;
        }

        if (i == reply->elements) {
            return NGX_DECLINED;
        }

        rc = ngx_http_llm_cost_api_merge_rows(api, &m->tables[k],
                                              reply->element[i++]);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    m->hour = m->end;

    return m->hour < m->last ? NGX_AGAIN
                             : ngx_http_llm_cost_api_merge_done(api);
}


/* an array of name, count, input, output, cost, name, ... */

static ngx_int_t
ngx_http_llm_cost_api_merge_rows(ngx_http_llm_cost_api_t *api,
    ngx_http_llm_cost_api_table_t *t, redisReply *reply)
{
    int64_t                       n[4];
    ngx_uint_t                    i, k;
    ngx_str_t                     name;
    redisReply                   *e;
    ngx_http_llm_cost_api_row_t  *row;

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements % 5 != 0) {
        return NGX_DECLINED;
    }

    for (i = 0; i < reply->elements; i += 5) {
        e = reply->element[i];

        if (e->type != REDIS_REPLY_STRING) {
            return NGX_DECLINED;
        }

        for (k = 0; k < 4; k++) {
            if (ngx_http_llm_cost_redis_integer(reply, i + 1 + k, &n[k])
                != NGX_OK)
            {
                return NGX_DECLINED;
            }
        }

        name.data = (u_char *) e->str;
        name.len = e->len;

        if (t->users && api->user.len
            && (name.len != api->user.len
                || ngx_memcmp(name.data, api->user.data, name.len) != 0))
        {
            continue;
        }

        row = ngx_http_llm_cost_api_merge_row(api, t, &name);

        if (row == NULL) {
            if (t->n < NGX_HTTP_LLM_COST_API_NAMES) {
                return NGX_HTTP_INTERNAL_SERVER_ERROR;
            }

            continue;
        }

        row->count += n[NGX_HTTP_LLM_COST_API_COUNT];
        row->input += n[NGX_HTTP_LLM_COST_API_INPUT];
        row->output += n[NGX_HTTP_LLM_COST_API_OUTPUT];
        row->cost += n[NGX_HTTP_LLM_COST_API_COST];
    }

    return NGX_OK;
}


/* the row of a name, a new one if need be: NULL without memory or room */

static ngx_http_llm_cost_api_row_t *
ngx_http_llm_cost_api_merge_row(ngx_http_llm_cost_api_t *api,
    ngx_http_llm_cost_api_table_t *t, ngx_str_t *name)
{
    uint32_t                       hash;
    ngx_http_llm_cost_api_name_t  *node;

    hash = ngx_crc32_short(name->data, name->len);

    node = (ngx_http_llm_cost_api_name_t *)
               ngx_str_rbtree_lookup(&t->tree, name, hash);

    if (node) {
        return &node->row;
    }

    if (t->n == NGX_HTTP_LLM_COST_API_NAMES) {
        return NULL;
    }

    node = ngx_pcalloc(api->request->pool,
                       sizeof(ngx_http_llm_cost_api_name_t));
    if (node == NULL) {
        return NULL;
    }

    node->sn.str.data = ngx_pstrdup(api->request->pool, name);
    if (node->sn.str.data == NULL) {
        return NULL;
    }

    node->sn.str.len = name->len;
    node->sn.node.key = hash;
    node->row.name = node->sn.str;

    ngx_rbtree_insert(&t->tree, &node->sn.node);
    t->n++;

    return &node->row;
}


static ngx_int_t
ngx_http_llm_cost_api_merge_done(ngx_http_llm_cost_api_t *api)
{
    ngx_uint_t                      i;
    ngx_http_llm_cost_api_merge_t  *m;
    ngx_http_llm_cost_api_usage_t  *u;

    m = api->merge;
    u = &api->usage;

    for (i = 0; i < m->ntables; i++) {
        if (ngx_http_llm_cost_api_merge_other(api, &m->tables[i]) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    if (api->user.len) {
        ngx_http_llm_cost_api_of_user(api);
        return NGX_OK;
    }

    u->requests = m->totals[NGX_HTTP_LLM_COST_API_COUNT];
    u->input = m->totals[NGX_HTTP_LLM_COST_API_INPUT];
    u->output = m->totals[NGX_HTTP_LLM_COST_API_OUTPUT];
    u->cost = m->totals[NGX_HTTP_LLM_COST_API_COST];
    u->saved = m->totals[NGX_HTTP_LLM_COST_API_SAVED];
    u->hits = m->totals[NGX_HTTP_LLM_COST_API_HITS];
    u->misses = m->totals[NGX_HTTP_LLM_COST_API_MISSES];
    u->api_calls = m->totals[NGX_HTTP_LLM_COST_API_CALLS];

    return NGX_OK;
}


/* rows, dearest first, and last the total less the rows: "other" */

static ngx_int_t
ngx_http_llm_cost_api_merge_other(ngx_http_llm_cost_api_t *api,
    ngx_http_llm_cost_api_table_t *t)
{
    int64_t                       rest[4];
    ngx_str_t                     other;
    ngx_rbtree_node_t            *node;
    ngx_http_llm_cost_api_row_t  *row;

    ngx_http_llm_cost_api_merge_rest(api, t, rest);

    if (rest[NGX_HTTP_LLM_COST_API_COUNT] > 0 && api->user.len == 0) {

        /* somebody may be called so */

        ngx_str_set(&other, "other");
        t->n = ngx_min(t->n, NGX_HTTP_LLM_COST_API_NAMES - 1);

        row = ngx_http_llm_cost_api_merge_row(api, t, &other);
        if (row == NULL) {
            return NGX_ERROR;
        }

        row->count += rest[NGX_HTTP_LLM_COST_API_COUNT];
        row->input += rest[NGX_HTTP_LLM_COST_API_INPUT];
        row->output += rest[NGX_HTTP_LLM_COST_API_OUTPUT];
        row->cost += rest[NGX_HTTP_LLM_COST_API_COST];
    }

    for (node = ngx_http_llm_cost_api_merge_first(t);
         node;
         node = ngx_rbtree_next(&t->tree, node))
    {
        row = ngx_array_push(t->rows);
        if (row == NULL) {
            return NGX_ERROR;
        }

        *row = ((ngx_http_llm_cost_api_name_t *) node)->row;
    }

    ngx_qsort(t->rows->elts, t->rows->nelts,
              sizeof(ngx_http_llm_cost_api_row_t),
              ngx_http_llm_cost_api_merge_dearer);

    return NGX_OK;
}


static ngx_rbtree_node_t *
ngx_http_llm_cost_api_merge_first(ngx_http_llm_cost_api_table_t *t)
{
    return t->tree.root == &t->sentinel
           ? NULL
           : ngx_rbtree_min(t->tree.root, &t->sentinel);
}


/* the totals less what the rows have of them */

static void
ngx_http_llm_cost_api_merge_rest(ngx_http_llm_cost_api_t *api,
    ngx_http_llm_cost_api_table_t *t, int64_t rest[4])
{
    int64_t                      *totals;
    ngx_rbtree_node_t            *node;
    ngx_http_llm_cost_api_row_t  *row;

    totals = t->users ? api->merge->of_days : api->merge->totals;
    ngx_memcpy(rest, totals, 4 * sizeof(int64_t));

    for (node = ngx_http_llm_cost_api_merge_first(t);
         node;
         node = ngx_rbtree_next(&t->tree, node))
    {
        row = &((ngx_http_llm_cost_api_name_t *) node)->row;

        rest[NGX_HTTP_LLM_COST_API_COUNT] -= row->count;
        rest[NGX_HTTP_LLM_COST_API_INPUT] -= row->input;
        rest[NGX_HTTP_LLM_COST_API_OUTPUT] -= row->output;
        rest[NGX_HTTP_LLM_COST_API_COST] -= row->cost;
    }
}


static int ngx_libc_cdecl
ngx_http_llm_cost_api_merge_dearer(const void *one, const void *two)
{
    const ngx_http_llm_cost_api_row_t  *a = one;
    const ngx_http_llm_cost_api_row_t  *b = two;

    if (a->cost != b->cost) {
        return a->cost > b->cost ? -1 : 1;
    }

    return ngx_memn2cmp(a->name.data, b->name.data, a->name.len, b->name.len)
           < 0 ? -1 : 1;
}
