
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


/*
 * Requests that are inside a request: an upload of 50,000 of them, a line
 * each.  Every one is counted and priced as if it were sent by itself, at the
 * rates of a batch, and the sum is what the whole can cost.
 *
 * A worker has others to serve: after some milliseconds the rest is left to
 * an event.  Whatever one of them needs is in a pool of its own, which is
 * emptied before the next, so that memory is bounded by the largest.
 */


#define NGX_HTTP_LLM_COST_PARTS_SLICE   5000        /* us */


struct ngx_http_llm_cost_parts_s {
    llm_inner_t                 in;
    ngx_pool_t                 *pool;
    llm_mem_t                   mem;
    ngx_http_llm_cost_ctx_t     line;
    ngx_event_t                 event;

    int64_t                     most[LLM_UNIT_N];
    int64_t                     input;
    int64_t                     output;
    ngx_str_t                   path;           /* of the first; of all */
    ngx_str_t                   model;          /* of the first */
    llm_kind_e                  kind;
    int64_t                     open;           /* answers without a maximum,
                                                   of a model that nobody has
                                                   named */
    unsigned                    unnamed:1;
    unsigned                    several:1;      /* models */
    unsigned                    inexact:1;      /* tokens are not all */
};


static void ngx_http_llm_cost_parts_event(ngx_event_t *ev);
static void ngx_http_llm_cost_scratch_cleanup(void *data);
static ngx_int_t ngx_http_llm_cost_parts_one(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf, llm_refusal_t *f);
static ngx_int_t ngx_http_llm_cost_parts_next(ngx_http_llm_cost_ctx_t *ctx,
    llm_refusal_t *f);
static void ngx_http_llm_cost_parts_line(ngx_http_llm_cost_ctx_t *ctx,
    ngx_http_llm_cost_parts_t *parts);
static ngx_int_t ngx_http_llm_cost_parts_same(ngx_http_llm_cost_ctx_t *ctx,
    llm_refusal_t *f);
static void ngx_http_llm_cost_parts_add(ngx_http_llm_cost_parts_t *parts);
static ngx_uint_t ngx_http_llm_cost_parts_exact(
    ngx_http_llm_cost_ctx_t *line);


ngx_int_t
ngx_http_llm_cost_parts_begin(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_http_request_t         *r;
    ngx_http_llm_cost_parts_t  *parts;

    r = ctx->request;

    parts = ngx_pcalloc(r->pool, sizeof(ngx_http_llm_cost_parts_t));
    if (parts == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    parts->pool = ngx_http_llm_cost_scratch(r, &parts->mem);
    if (parts->pool == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    parts->event.handler = ngx_http_llm_cost_parts_event;
    parts->event.data = ctx;
    parts->event.log = r->connection->log;

    ctx->parts = parts;

    return ngx_http_llm_cost_parts_go(ctx);
}


ngx_pool_t *
ngx_http_llm_cost_scratch(ngx_http_request_t *r, llm_mem_t *mem)
{
    ngx_pool_t          *pool;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    pool = ngx_create_pool(ngx_pagesize, r->connection->log);
    if (pool == NULL) {
        return NULL;
    }

    cln->handler = ngx_http_llm_cost_scratch_cleanup;
    cln->data = pool;

    mem->alloc = ngx_http_llm_cost_pool_alloc;
    mem->ctx = pool;

    return pool;
}


static void
ngx_http_llm_cost_scratch_cleanup(void *data)
{
    ngx_destroy_pool(data);
}


void
ngx_http_llm_cost_parts_stop(ngx_http_llm_cost_ctx_t *ctx)
{
    if (ctx->parts && ctx->parts->event.timer_set) {
        ngx_del_timer(&ctx->parts->event);
    }
}


static void
ngx_http_llm_cost_parts_event(ngx_event_t *ev)
{
    ngx_http_llm_cost_resume_as(ev->data, NGX_HTTP_LLM_COST_COUNT);
}


/* as many as fit into a slice; a return value of a phase handler */

ngx_int_t
ngx_http_llm_cost_parts_go(ngx_http_llm_cost_ctx_t *ctx)
{
    int64_t                              until;
    ngx_int_t                            rc;
    llm_refusal_t                        f;
    ngx_http_llm_cost_parts_t           *parts;
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    parts = ctx->parts;
    llcf = ngx_http_get_module_loc_conf(ctx->request,
                                        ngx_http_llm_cost_module);

    until = ngx_http_llm_cost_clock() + NGX_HTTP_LLM_COST_PARTS_SLICE;

    do {
        ngx_reset_pool(parts->pool);

        rc = ngx_http_llm_cost_parts_one(ctx, llcf, &f);

        if (rc == NGX_DONE) {
            ngx_reset_pool(parts->pool);
            return ngx_http_llm_cost_admit_counted(ctx, NGX_OK, &f);
        }

        if (rc != NGX_OK) {
            return ngx_http_llm_cost_admit_counted(ctx, rc, &f);
        }

    } while (ngx_http_llm_cost_clock() < until);

    ctx->state = NGX_HTTP_LLM_COST_COUNTING;

    /* a worker that is told to leave waits for timers, not for posted events */

    ngx_add_timer(&parts->event, 0);

    return ngx_http_llm_cost_wait(ctx->request);
}


/* NGX_OK, NGX_DONE: that was the last, NGX_DECLINED: refuse with f */

static ngx_int_t
ngx_http_llm_cost_parts_one(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf, llm_refusal_t *f)
{
    ngx_int_t                   rc;
    llm_path_e                  path;
    ngx_http_llm_cost_ctx_t    *line;
    ngx_http_llm_cost_parts_t  *parts;

    rc = ngx_http_llm_cost_parts_next(ctx, f);
    if (rc != NGX_OK) {
        return rc;
    }

    parts = ctx->parts;
    line = &parts->line;

    ngx_http_llm_cost_parts_line(ctx, parts);

    path = parts->in.kind == LLM_KIND_OTHER
           ? ctx->provider->path(&line->q.route) : LLM_PATH_METERED;

    if (path == LLM_PATH_FREE) {
        return ngx_http_llm_cost_parts_same(ctx, f);
    }

    if (path != LLM_PATH_METERED || line->q.route.step) {
        ngx_http_llm_cost_invalid(ctx, f, "names an endpoint that cannot be "
                                          "metered in a batch", "url");
        return NGX_DECLINED;
    }

    if (parts->in.model.len) {
        line->q.route.model = parts->in.model;
    }

    line->q.kind = line->q.route.kind;

    rc = ngx_http_llm_cost_parse_body(line, f);

    if (rc == NGX_OK) {
        line->q.can_fit = 0;
        rc = parts->in.unnamed ? NGX_OK
                               : ngx_http_llm_cost_find_price(line, llcf, f);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_llm_cost_worst_case(line, llcf);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_llm_cost_parts_same(ctx, f);
    }

    if (rc == NGX_OK) {
        ngx_http_llm_cost_parts_add(parts);
    }

    return rc;
}


/* reads on to the next request, parts->in; as ngx_http_llm_cost_parts_one() */

static ngx_int_t
ngx_http_llm_cost_parts_next(ngx_http_llm_cost_ctx_t *ctx, llm_refusal_t *f)
{
    int                         rc;
    ngx_http_llm_cost_parts_t  *parts;

    parts = ctx->parts;

    parts->in.mem = &parts->mem;
    parts->in.model.len = 0;
    parts->in.unnamed = 0;
    parts->in.kind = LLM_KIND_OTHER;

    rc = ctx->provider->inner(&ctx->q, &parts->in);

    if (rc == LLM_BAD) {
        ngx_http_llm_cost_invalid(ctx, f, ctx->q.err, ctx->q.param);
        return NGX_DECLINED;
    }

    if (rc == LLM_DECLINED && parts->in.n) {
        return NGX_DONE;
    }

    if (rc == LLM_DECLINED) {
        ngx_http_llm_cost_invalid(ctx, f, "must hold a request", "file");
        return NGX_DECLINED;
    }

    return rc == LLM_OK ? NGX_OK : NGX_ERROR;
}


/* a context as if the request that was found had come by itself */

static void
ngx_http_llm_cost_parts_line(ngx_http_llm_cost_ctx_t *ctx,
    ngx_http_llm_cost_parts_t *parts)
{
    ngx_http_llm_cost_ctx_t  *line;

    line = &parts->line;

    ngx_memzero(line, sizeof(ngx_http_llm_cost_ctx_t));

    line->request = ctx->request;
    line->provider = ctx->provider;
    line->vendor = ctx->vendor;
    line->mem = parts->mem;
    line->batch = 1;
    line->body.len = parts->in.body.len;
    line->body.data = parts->in.body.data;

    ngx_http_llm_cost_question_init(line);

    line->q.provider = ctx->provider;
    line->q.path = parts->in.path;

    llm_str_set(&line->q.route.method, "POST");
    line->q.route.path = parts->in.path;
    line->q.route.kind = parts->in.kind;
}


/*
 * All have one path: whoever makes a batch names it, and a server that went by
 * one of the two could read a request as another than was counted.
 */

static ngx_int_t
ngx_http_llm_cost_parts_same(ngx_http_llm_cost_ctx_t *ctx, llm_refusal_t *f)
{
    ngx_str_t                  *path, *model;
    ngx_pool_t                 *pool;
    ngx_http_llm_cost_parts_t  *parts;

    parts = ctx->parts;
    pool = ctx->request->pool;
    path = (ngx_str_t *) &parts->in.path;
    model = (ngx_str_t *) &parts->line.q.model;

    if (parts->in.n > 1) {

        if (path->len != parts->path.len
            || parts->in.unnamed != parts->unnamed
            || ngx_memcmp(path->data, parts->path.data, path->len) != 0)
        {
            ngx_http_llm_cost_invalid(ctx, f, "must be the same in all "
                                              "requests of a batch", "url");
            return NGX_DECLINED;
        }

        if (model->len != parts->model.len
            || ngx_memcmp(model->data, parts->model.data, model->len) != 0)
        {
            parts->several = 1;
        }

        return NGX_OK;
    }

    parts->kind = parts->line.q.kind;
    parts->unnamed = parts->in.unnamed;
    parts->several = parts->in.unnamed;

    parts->path.len = path->len;
    parts->path.data = ngx_pstrdup(pool, path);

    parts->model.len = model->len;
    parts->model.data = model->len ? ngx_pstrdup(pool, model) : NULL;

    return (parts->path.data && (parts->model.data || model->len == 0))
           ? NGX_OK : NGX_ERROR;
}


/* a price that is not known is above what any budget holds, and stays so */

static void
ngx_http_llm_cost_parts_add(ngx_http_llm_cost_parts_t *parts)
{
    ngx_http_llm_cost_ctx_t  *line;

    line = &parts->line;

    if (parts->in.unnamed && line->q.max_output < 0) {

        /* what it can be is the model's maximum: whose, is not known yet */

        parts->open += line->q.choices;
        line->adm.most[LLM_UNIT_TOKENS] -= line->max_output;
        line->max_output = 0;
    }

    parts->most[LLM_UNIT_USD] = ngx_min(parts->most[LLM_UNIT_USD]
                                        + line->adm.most[LLM_UNIT_USD],
                                        LLM_NANO_MAX + 1);
    parts->most[LLM_UNIT_TOKENS] += line->adm.most[LLM_UNIT_TOKENS];
    parts->input += line->q.input_tokens;
    parts->output += line->max_output;

    if (!parts->inexact && !ngx_http_llm_cost_parts_exact(line)) {
        parts->inexact = 1;
    }
}


/*
 * Some tell the tokens of a batch as a sum.  That is enough where nothing but
 * tokens is charged, and where a token costs the same in a long request.
 */

static ngx_uint_t
ngx_http_llm_cost_parts_exact(ngx_http_llm_cost_ctx_t *line)
{
    int          needs;
    int64_t      one, many;
    llm_usage_t  u = LLM_USAGE_INIT;

    if (line->price == NULL || line->q.bounded
        || line->q.provider->needs == NULL)
    {
        return 0;
    }

    needs = line->q.provider->needs(&line->q, &line->q.model);

    if (needs < 0 || (needs & ~(LLM_ABLE_TOOLS | LLM_ABLE_SCHEMA
                                | LLM_ABLE_REASONING)))
    {
        return 0;
    }

    u.input = 1000;
    u.output = llm_kind_has_output(line->q.kind) ? 1000 : 0;

    one = llm_price_cost(line->price, &line->terms, &u, NULL);

    u.input *= 10000;
    u.output *= 10000;

    many = llm_price_cost(line->price, &line->terms, &u, NULL);

    return one >= 0 && many == one * 10000;
}


/* -1: their models are known; else how many answers have no maximum */

int64_t
ngx_http_llm_cost_parts_open(ngx_http_llm_cost_ctx_t *ctx)
{
    return (ctx->parts && ctx->parts->unnamed) ? ctx->parts->open : -1;
}


/* what all of them can use; record may be NULL */

void
ngx_http_llm_cost_parts_worst(ngx_http_llm_cost_ctx_t *ctx,
    llm_held_t *record)
{
    ngx_http_llm_cost_parts_t  *parts;

    parts = ctx->parts;

    if (record) {
        record->batch = 1;
        record->kind = (uint8_t) parts->kind;
        record->exact = !parts->inexact && !parts->several;

        llm_held_set(record->path, &record->path_len, LLM_HELD_PATH,
                     (llm_str_t *) &parts->path);

        if (!parts->several) {
            llm_held_set(record->model, &record->model_len, LLM_HELD_MODEL,
                         (llm_str_t *) &parts->model);
        }

        return;
    }

    ctx->adm.most[LLM_UNIT_USD] = parts->most[LLM_UNIT_USD];
    ctx->adm.most[LLM_UNIT_TOKENS] = parts->most[LLM_UNIT_TOKENS];

    ctx->q.input_tokens = parts->input;
    ctx->most_input = parts->most[LLM_UNIT_TOKENS] - parts->output;
    ctx->max_output = parts->output;

    if (!parts->several) {
        ctx->q.model.len = parts->model.len;
        ctx->q.model.data = parts->model.data;
    }
}
