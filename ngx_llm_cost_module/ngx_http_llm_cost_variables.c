
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


/*
 * $llm_*.  The request's side exists from the access phase on, the answer's
 * side changes until the request ends, so nothing is cacheable.  A getter may
 * run in any phase, in a subrequest and after an error page; what is not known
 * is "not found", which the access log prints as "-".
 */


static ngx_int_t ngx_http_llm_cost_variable_text(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_llm_cost_variable_number(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_llm_cost_variable_counted(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_llm_cost_variable_money(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_llm_cost_variable_provider(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_llm_cost_variable_stream(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_llm_cost_variable_source(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_llm_cost_variable_attempts(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_llm_cost_variable_first(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_llm_cost_variable_key_id(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_llm_cost_variable_tag(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_llm_cost_variable_digest(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_llm_cost_variable_budgets(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static void ngx_http_llm_cost_set_value(ngx_http_variable_value_t *v,
    u_char *data, size_t len);


#define ngx_http_llm_cost_text(name, field)                                   \
    { ngx_string(name), NULL, ngx_http_llm_cost_variable_text,                \
      offsetof(ngx_http_llm_cost_ctx_t, field),                               \
      NGX_HTTP_VAR_NOCACHEABLE, 0 }

#define ngx_http_llm_cost_number(name, field)                                 \
    { ngx_string(name), NULL, ngx_http_llm_cost_variable_number,              \
      offsetof(ngx_http_llm_cost_ctx_t, field),                               \
      NGX_HTTP_VAR_NOCACHEABLE, 0 }

#define ngx_http_llm_cost_money(name, field)                                  \
    { ngx_string(name), NULL, ngx_http_llm_cost_variable_money,               \
      offsetof(ngx_http_llm_cost_ctx_t, field),                               \
      NGX_HTTP_VAR_NOCACHEABLE, 0 }


static ngx_http_variable_t  ngx_http_llm_cost_vars[] = {

    ngx_http_llm_cost_text("llm_model", q.model),
    ngx_http_llm_cost_text("llm_asked_model", asked),
    ngx_http_llm_cost_text("llm_response_model", answer.model),
    ngx_http_llm_cost_text("llm_user", user),
    ngx_http_llm_cost_text("llm_cache_status", cache_status),
    ngx_http_llm_cost_text("llm_refusal", refusal),
    ngx_http_llm_cost_text("llm_service_tier", answer.service_tier),
    ngx_http_llm_cost_text("llm_work", work),

    ngx_http_llm_cost_number("llm_input_tokens", usage.input),
    ngx_http_llm_cost_number("llm_cached_tokens", usage.cached_input),
    ngx_http_llm_cost_number("llm_cache_write_tokens", usage.cache_write),
    ngx_http_llm_cost_number("llm_output_tokens", usage.output),
    ngx_http_llm_cost_number("llm_reasoning_tokens", usage.reasoning),

    { ngx_string("llm_counted_tokens"), NULL,
      ngx_http_llm_cost_variable_counted,
      offsetof(ngx_http_llm_cost_ctx_t, q.input_tokens),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    ngx_http_llm_cost_money("llm_cost", cost),
    ngx_http_llm_cost_money("llm_reserved_cost", reserved_cost),
    ngx_http_llm_cost_money("llm_reported_cost", usage.reported_cost),
    ngx_http_llm_cost_money("llm_saved_cost", saved_cost),

    { ngx_string("llm_provider"), NULL, ngx_http_llm_cost_variable_provider,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("llm_stream"), NULL, ngx_http_llm_cost_variable_stream,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("llm_usage_source"), NULL, ngx_http_llm_cost_variable_source,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("llm_attempts"), NULL, ngx_http_llm_cost_variable_attempts,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("llm_time_to_first_token"), NULL,
      ngx_http_llm_cost_variable_first, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("llm_budgets"), NULL, ngx_http_llm_cost_variable_budgets,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("llm_request_digest"), NULL,
      ngx_http_llm_cost_variable_digest, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("llm_prefix_digest"), NULL,
      ngx_http_llm_cost_variable_digest, 1, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("llm_api_key_id"), NULL, ngx_http_llm_cost_variable_key_id,
      0, 0, 0 },

    { ngx_string("llm_tag_"), NULL, ngx_http_llm_cost_variable_tag,
      0, NGX_HTTP_VAR_NOCACHEABLE|NGX_HTTP_VAR_PREFIX, 0 },

      ngx_http_null_variable
};


static ngx_str_t  ngx_http_llm_cost_sources[] = {
    ngx_string("none"),
    ngx_string("upstream"),
    ngx_string("counted"),
    ngx_string("cache"),
    ngx_string("lost")
};


ngx_int_t
ngx_http_llm_cost_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_llm_cost_vars; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


static void
ngx_http_llm_cost_set_value(ngx_http_variable_value_t *v, u_char *data,
    size_t len)
{
    v->data = data;
    v->len = len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
}


static ngx_int_t
ngx_http_llm_cost_variable_text(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t                *s;
    ngx_http_llm_cost_ctx_t  *ctx;

    ctx = ngx_http_llm_cost_get_ctx(r->main);

    if (ctx == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    s = (ngx_str_t *) ((u_char *) ctx + data);

    if (s->len == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    ngx_http_llm_cost_set_value(v, s->data, s->len);

    return NGX_OK;
}


static ngx_int_t
ngx_http_llm_cost_variable_number(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                   *p;
    int64_t                   n;
    ngx_http_llm_cost_ctx_t  *ctx;

    ctx = ngx_http_llm_cost_get_ctx(r->main);

    n = ctx ? *(int64_t *) ((u_char *) ctx + data) : -1;

    if (n < 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, NGX_INT64_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_http_llm_cost_set_value(v, p, ngx_sprintf(p, "%L", n) - p);

    return NGX_OK;
}


/* a hit is counted when somebody asks */

static ngx_int_t
ngx_http_llm_cost_variable_counted(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_llm_cost_ctx_t  *ctx;

    ctx = ngx_http_llm_cost_get_ctx(r->main);

    if (ctx && ngx_http_llm_cost_measure(ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_llm_cost_variable_number(r, v, data);
}


static ngx_int_t
ngx_http_llm_cost_variable_money(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                   *p;
    int64_t                   nano;
    ngx_http_llm_cost_ctx_t  *ctx;

    ctx = ngx_http_llm_cost_get_ctx(r->main);

    nano = ctx ? *(int64_t *) ((u_char *) ctx + data) : -1;

    if (nano < 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, LLM_USD_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_http_llm_cost_set_value(v, p, llm_usd_print(p, nano));

    return NGX_OK;
}


static ngx_int_t
ngx_http_llm_cost_variable_provider(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_llm_cost_ctx_t  *ctx;

    ctx = ngx_http_llm_cost_get_ctx(r->main);

    if (ctx == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    ngx_http_llm_cost_set_value(v, ctx->vendor.data, ctx->vendor.len);

    return NGX_OK;
}


static ngx_int_t
ngx_http_llm_cost_variable_stream(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_llm_cost_ctx_t  *ctx;

    ctx = ngx_http_llm_cost_get_ctx(r->main);

    if (ctx == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    ngx_http_llm_cost_set_value(v, (u_char *) (ctx->q.stream ? "1" : "0"), 1);

    return NGX_OK;
}


static ngx_int_t
ngx_http_llm_cost_variable_source(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t                *s;
    ngx_http_llm_cost_ctx_t  *ctx;

    ctx = ngx_http_llm_cost_get_ctx(r->main);

    if (ctx == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    s = ngx_http_llm_cost_source(ctx->source);

    ngx_http_llm_cost_set_value(v, s->data, s->len);

    return NGX_OK;
}


ngx_str_t *
ngx_http_llm_cost_source(ngx_uint_t source)
{
    return &ngx_http_llm_cost_sources[ngx_min(source,
                                              NGX_HTTP_LLM_COST_SOURCE_LOST)];
}


/* upstreams that were tried, 0 for what was answered here; one is billed */

static ngx_int_t
ngx_http_llm_cost_variable_attempts(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                     *p;
    ngx_uint_t                  i, n;
    ngx_http_upstream_state_t  *state;

    if (ngx_http_llm_cost_get_ctx(r->main) == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    n = 0;

    if (r->main->upstream_states) {
        state = r->main->upstream_states->elts;

        for (i = 0; i < r->main->upstream_states->nelts; i++) {
            n += (state[i].peer != NULL);
        }
    }

    p = ngx_pnalloc(r->pool, NGX_INT_T_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_http_llm_cost_set_value(v, p, ngx_sprintf(p, "%ui", n) - p);

    return NGX_OK;
}


/* seconds with milliseconds, as $upstream_header_time */

static ngx_int_t
ngx_http_llm_cost_variable_first(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                   *p;
    ngx_http_llm_cost_ctx_t  *ctx;

    ctx = ngx_http_llm_cost_get_ctx(r->main);

    if (ctx == NULL || ctx->first_token == (ngx_msec_t) -1) {
        v->not_found = 1;
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, NGX_TIME_T_LEN + 4);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_http_llm_cost_set_value(v, p,
                                ngx_sprintf(p, "%T.%03M",
                                            (time_t) ctx->first_token / 1000,
                                            ctx->first_token % 1000)
                                - p);

    return NGX_OK;
}


/* needs no context: it may be a limit's key before the request is read */

static ngx_int_t
ngx_http_llm_cost_variable_key_id(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t                 id;
    ngx_http_llm_cost_ctx_t  *ctx;

    ctx = ngx_http_llm_cost_get_ctx(r->main);

    if (ctx && ctx->key_id.len) {
        id = ctx->key_id;

    } else {

        switch (ngx_http_llm_cost_key_id(r->main, &id)) {

        case NGX_OK:
            break;

        case NGX_DECLINED:
            v->not_found = 1;
            return NGX_OK;

        default:
            return NGX_ERROR;
        }
    }

    ngx_http_llm_cost_set_value(v, id.data, id.len);

    return NGX_OK;
}


/* data of a prefix variable is the name in full: "llm_tag_team" */

static ngx_int_t
ngx_http_llm_cost_variable_tag(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t *name = (ngx_str_t *) data;

    u_char                        *tag_name;
    size_t                         len;
    ngx_uint_t                     i;
    ngx_http_llm_cost_ctx_t       *ctx;
    ngx_http_llm_cost_tag_t       *tag;
    ngx_http_llm_cost_loc_conf_t  *llcf;

    ctx = ngx_http_llm_cost_get_ctx(r->main);
    llcf = ngx_http_get_module_loc_conf(r->main, ngx_http_llm_cost_module);

    if (ctx == NULL || llcf->tags == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    tag_name = name->data + sizeof("llm_tag_") - 1;
    len = name->len - (sizeof("llm_tag_") - 1);

    tag = llcf->tags->elts;

    for (i = 0; i < llcf->tags->nelts; i++) {
        if (tag[i].name.len == len
            && ngx_strncmp(tag[i].name.data, tag_name, len) == 0
            && ctx->tags[i].len)
        {
            ngx_http_llm_cost_set_value(v, ctx->tags[i].data,
                                        ctx->tags[i].len);
            return NGX_OK;
        }
    }

    v->not_found = 1;

    return NGX_OK;
}


/* data: 0 of the question, 1 of its beginning */

static ngx_int_t
ngx_http_llm_cost_variable_digest(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_int_t                 rc;
    ngx_str_t                 hex;
    ngx_http_llm_cost_ctx_t  *ctx;

    ctx = ngx_http_llm_cost_get_ctx(r->main);

    rc = ctx ? ngx_http_llm_cost_digest(ctx, data, &hex) : NGX_DECLINED;

    if (rc == NGX_OK) {
        ngx_http_llm_cost_set_value(v, hex.data, hex.len);

    } else if (rc == NGX_DECLINED) {
        v->not_found = 1;

    } else {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/*
 * Every counter that the request was counted in, for the ledger check:
 * "name|key|start of window|unit|amount", joined by commas.  What could be
 * taken for a separator in a key is written as %XX.
 */

static ngx_int_t
ngx_http_llm_cost_variable_budgets(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                   *p, *start;
    size_t                    len;
    int64_t                   amount;
    unsigned                  i;
    llm_budget_t             *b;
    ngx_http_llm_cost_ctx_t  *ctx;

    ctx = ngx_http_llm_cost_get_ctx(r->main);

    if (ctx == NULL || ctx->adm.n == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    len = ctx->adm.n * NGX_HTTP_LLM_COST_BUDGET_LEN;

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    start = p;

    for (i = 0; i < ctx->adm.n; i++) {
        b = &ctx->budgets[i];

        if (i) {
            *p++ = ',';
        }

        amount = ctx->spent[b->unit];

        /* as a hit that was of no use in the end */

        if (b->unit == LLM_UNIT_REQUESTS) {
            amount += ctx->counted_request;
        }

        p = ngx_http_llm_cost_print_budget(p, &b->name, &b->key, b->start,
                                           b->unit, amount);
    }

    ngx_http_llm_cost_set_value(v, start, p - start);

    return NGX_OK;
}
