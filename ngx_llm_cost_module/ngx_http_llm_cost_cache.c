
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"
#include "llm_form.h"


/*
 * The exact cache: which requests are looked up, which answers are kept, and
 * how a hit is sent.
 */


static ngx_uint_t ngx_http_llm_cost_cache_payer(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf);
static u_char *ngx_http_llm_cost_cache_asked(ngx_http_request_t *r,
    const char *directive, u_char **last);
static ngx_int_t ngx_http_llm_cost_cache_wishes(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf);
static time_t ngx_http_llm_cost_cache_max_age(ngx_http_request_t *r);
static ngx_int_t ngx_http_llm_cost_cache_age(ngx_http_llm_cost_ctx_t *ctx);


/* after budgets and identity are known, before the store is asked */

ngx_int_t
ngx_http_llm_cost_cache_prepare(ngx_http_llm_cost_ctx_t *ctx)
{
    u_char                              *last;
    ngx_int_t                            rc;
    ngx_http_request_t                  *r;
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    r = ctx->request;
    llcf = ngx_http_get_module_loc_conf(r, ngx_http_llm_cost_module);

    if (!llcf->cache) {
        return NGX_OK;
    }

    ngx_str_set(&ctx->cache_status, "BYPASS");

    ctx->only_cached = ngx_http_llm_cost_cache_asked(r, "only-if-cached",
                                                     &last)
                       != NULL;
    ctx->max_age = ngx_http_llm_cost_cache_max_age(r);

    if (ctx->q.stateful
        || (llcf->cache_scope != NGX_HTTP_LLM_COST_SCOPE_SHARED
            && !ngx_http_llm_cost_cache_payer(ctx, llcf)))
    {
        return NGX_OK;
    }

    rc = ngx_http_llm_cost_cache_make_key(ctx, llcf);

    if (rc != NGX_OK) {
        return rc == NGX_DECLINED ? NGX_OK : NGX_ERROR;
    }

    ctx->keyed = 1;

    return ngx_http_llm_cost_cache_wishes(ctx, llcf);
}


/*
 * May an answer be stored, and may a stored one be given: what the client
 * says in Cache-Control, as to any other cache, and llm_cache_bypass.
 */

static ngx_int_t
ngx_http_llm_cost_cache_wishes(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf)
{
    u_char              *last;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ngx_http_llm_cost_cache_asked(r, "no-store", &last)) {
        return NGX_OK;
    }

    ctx->storable = 1;

    if (ngx_http_llm_cost_cache_asked(r, "no-cache", &last)
        || ctx->max_age == 0)
    {
        return NGX_OK;
    }

    switch (ngx_http_test_predicates(r, llcf->cache_bypass)) {

    case NGX_ERROR:
        return NGX_ERROR;

    case NGX_DECLINED:
        return NGX_OK;

    default: /* NGX_OK */
        ctx->lookup = 1;
        ngx_str_set(&ctx->cache_status, "MISS");
        return NGX_OK;
    }
}


/*
 * The directive of the request's Cache-Control: what is behind its name, up to
 * last; NULL where it has none.
 */

static u_char *
ngx_http_llm_cost_cache_asked(ngx_http_request_t *r, const char *directive,
    u_char **last)
{
    u_char     *p, *end, *word;
    size_t      len, n;
    ngx_str_t  *value;

    value = ngx_http_llm_cost_find_header(r, "cache-control", 13);

    if (value == NULL) {
        return NULL;
    }

    n = ngx_strlen(directive);
    p = value->data;
    end = p + value->len;

    while (p < end) {

        while (p < end && (*p == ' ' || *p == ',' || *p == '\t')) {
            p++;
        }

        word = p;

        while (p < end && *p != ',') {
            p++;
        }

        *last = p;

        while (*last > word && ((*last)[-1] == ' ' || (*last)[-1] == '\t')) {
            (*last)--;
        }

        len = *last - word;

        if (len >= n && ngx_strncasecmp(word, (u_char *) directive, n) == 0
            && (len == n || word[n] == '='))
        {
            return word + n;
        }
    }

    return NULL;
}


/* seconds, also in quotes; -1 where there is none, or none that can be read */

static time_t
ngx_http_llm_cost_cache_max_age(ngx_http_request_t *r)
{
    time_t   age;
    u_char  *p, *last;

    p = ngx_http_llm_cost_cache_asked(r, "max-age", &last);

    if (p == NULL || p == last) {
        return -1;
    }

    p++;

    if (last - p > 2 && *p == '"' && last[-1] == '"') {
        p++;
        last--;
    }

    while (last - p > 1 && *p == '0') {
        p++;
    }

    age = ngx_atotm(p, last - p);

    return age == NGX_ERROR ? -1 : age;
}


ngx_uint_t
ngx_http_llm_cost_cache_fresh(ngx_http_llm_cost_ctx_t *ctx)
{
    return ctx->max_age < 0
           || ngx_time() - ctx->entry->stored <= ctx->max_age;
}


/*
 * A client can name itself as it likes in X-User-ID, so that the default of
 * llm_user is nobody's word; a budget's key, or an llm_user that somebody has
 * configured, is.
 */

static ngx_uint_t
ngx_http_llm_cost_cache_payer(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf)
{
    ngx_uint_t  i;

    if (ctx->key_id.len) {
        return 1;
    }

    for (i = 0; i < ctx->adm.n; i++) {
        if (ctx->budgets[i].key.len) {
            return 1;
        }
    }

    return llcf->user != NULL && ctx->user.len != 0
           && !(ctx->user.len == sizeof("anonymous") - 1
                && ngx_memcmp(ctx->user.data, "anonymous", ctx->user.len)
                   == 0);
}


/*
 * The entry has come in one form and is asked for in another.  What it says of
 * itself is of no use where it does not fit its body: such a one is a miss.
 */

ngx_int_t
ngx_http_llm_cost_cache_form(ngx_http_llm_cost_ctx_t *ctx)
{
    int                         rc;
    llm_str_t                   body;
    llm_form_t                  to;
    llm_text_t                  out;
    ngx_http_llm_cost_entry_t  *e;

    e = ctx->entry;
    to = llm_form_wanted(&ctx->q);

    if (e->form.framing == to.framing
        && (e->form.usage == to.usage || to.framing != LLM_FRAMING_SSE))
    {
        return NGX_OK;
    }

    if (!ngx_http_llm_cost_cache_forms(ctx)) {

        /* upstream answered so, whatever was asked for: as it would again */

        return NGX_OK;
    }

    body.len = e->body.len;
    body.data = e->body.data;

    llm_text_init(&out, &ctx->mem, LLM_FORM_MAX(body.len));

    rc = ctx->provider->reform(&ctx->q, &e->form, &to, &body, &out);

    if (rc != LLM_OK) {
        return rc == LLM_ERROR ? NGX_ERROR : NGX_DECLINED;
    }

    e->body.len = out.len;
    e->body.data = out.data;

    if (e->form.framing != to.framing) {

        if (to.framing == LLM_FRAMING_SSE) {
            ngx_str_set(&e->content_type, "text/event-stream; charset=utf-8");

        } else {
            ngx_str_set(&e->content_type, "application/json");
        }
    }

    e->form = to;

    return NGX_OK;
}


/*
 * A hit: JSON or events, with headers that say what the answer took when it
 * was fresh.
 */

ngx_int_t
ngx_http_llm_cost_cache_send(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_int_t                   rc;
    ngx_buf_t                  *b;
    ngx_chain_t                 out;
    ngx_http_request_t         *r;
    ngx_http_llm_cost_entry_t  *e;

    r = ctx->request;
    e = ctx->entry;

    ctx->answer.model.len = e->model.len;
    ctx->answer.model.data = e->model.data;

    ngx_http_llm_cost_cache_hit(ctx);

    /* before the headers: they show what is left of the budgets */

    ngx_http_llm_cost_settle(ctx);

    if (ngx_http_llm_cost_cache_header(ctx, e->body.len) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->pos = e->body.data;
    b->last = e->body.data + e->body.len;
    b->memory = 1;
    b->last_buf = 1;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    rc = ngx_http_send_header(r);

    if (rc != NGX_ERROR && rc <= NGX_OK && !r->header_only) {
        rc = ngx_http_output_filter(r, &out);
    }

    ngx_http_finalize_request(r, rc);

    return NGX_DONE;
}


void
ngx_http_llm_cost_cache_hit(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_str_set(&ctx->cache_status, "HIT");

    ctx->request->headers_out.status = ctx->entry->status;
}


ngx_int_t
ngx_http_llm_cost_cache_header(ngx_http_llm_cost_ctx_t *ctx, off_t length)
{
    ngx_http_request_t         *r;
    ngx_http_llm_cost_entry_t  *e;

    r = ctx->request;
    e = ctx->entry;

    r->headers_out.content_type = e->content_type;
    r->headers_out.content_type_len = e->content_type.len;
    r->headers_out.content_type_lowcase = NULL;
    r->headers_out.content_length_n = length;

    if (ngx_http_llm_cost_cache_age(ctx) != NGX_OK
        || ngx_http_llm_cost_request_headers(ctx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_llm_cost_answer_headers(ctx, &r->headers_out.headers);
}


/* how old the answer is, and what it is kept under */

static ngx_int_t
ngx_http_llm_cost_cache_age(ngx_http_llm_cost_ctx_t *ctx)
{
    time_t                               age;
    ngx_str_t                            value;
    ngx_list_t                          *list;
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    llcf = ngx_http_get_module_loc_conf(ctx->request,
                                        ngx_http_llm_cost_module);

    if (!llcf->headers) {
        return NGX_OK;
    }

    list = &ctx->request->headers_out.headers;
    age = ngx_time() - ctx->entry->stored;

    value.data = ngx_pnalloc(ctx->request->pool,
                             NGX_TIME_T_LEN + 2 * NGX_HTTP_LLM_COST_CACHE_KEY);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    value.len = ngx_sprintf(value.data, "%T", ngx_max(age, 0)) - value.data;

    if (ngx_http_llm_cost_add_header(ctx->request, list, "Age", 3, &value)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    value.data += NGX_TIME_T_LEN;
    value.len = 2 * NGX_HTTP_LLM_COST_CACHE_KEY;
    ngx_hex_dump(value.data, ctx->cache_key, NGX_HTTP_LLM_COST_CACHE_KEY);

    return ngx_http_llm_cost_add_header(ctx->request, list, "X-Cache-Key", 11,
                                        &value);
}


/*
 * Kept are only whole answers that ended as they should, and none that was
 * cut to fit a budget: whoever asks next may have more left.
 */

void
ngx_http_llm_cost_cache_keep(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_http_request_t                  *r;
    ngx_http_llm_cost_entry_t           *e;
    const ngx_http_llm_cost_loc_conf_t  *llcf;
    const ngx_http_llm_cost_main_conf_t  *lmcf;

    r = ctx->request;
    e = ctx->entry;
    llcf = ngx_http_get_module_loc_conf(r, ngx_http_llm_cost_module);
    lmcf = ngx_http_get_module_main_conf(r, ngx_http_llm_cost_module);

    if (!ctx->storable || !ctx->keyed || !ctx->complete || e == NULL
        || ctx->verdict != NGX_HTTP_LLM_COST_FITS)
    {
        return;
    }

    if (e->status != NGX_HTTP_OK || e->body.len == 0
        || e->body.len > llcf->cache_max_size || llcf->cache_ttl <= 0
        || e->content_type.len > NGX_HTTP_LLM_COST_ENTRY_TYPE)
    {
        return;
    }

    if (!ctx->answer.finished || ctx->answer.error || ctx->fitted
        || (ctx->written_max >= 0 && ctx->answer.truncated))
    {
        return;
    }

    if (ngx_http_test_predicates(r, llcf->no_cache) != NGX_OK) {
        return;
    }

    if (ctx->answer.model.len <= NGX_HTTP_LLM_COST_MODEL_MAX) {
        e->model.len = ctx->answer.model.len;
        e->model.data = ctx->answer.model.data;
    }

    e->input = ctx->usage.input;
    e->output = ctx->usage.output;
    e->cost = ctx->cost;
    e->stored = ngx_time();

    ctx->kept = 1;
    lmcf->store->put(ctx, e, llcf->cache_ttl);
}
