
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_filter.h"


/*
 * Headers of the response: what is known at admission goes out with the
 * header, the rest with the header of a held answer or as trailers of what is
 * not held.  A value that comes from outside is cut down to what a header may
 * hold; headers of these names that upstream sent are removed, since a client
 * could not tell them from ours.
 */


typedef struct {
    size_t       len;
    const char  *name;
    ngx_uint_t   trailer;       /* unsigned  trailer:1; */
} ngx_http_llm_cost_header_t;


#define ngx_http_llm_cost_header(s, t)   { sizeof(s) - 1, s, t }

enum {
    NGX_HTTP_LLM_COST_H_MODEL = 0,
    NGX_HTTP_LLM_COST_H_INPUT,
    NGX_HTTP_LLM_COST_H_OUTPUT,
    NGX_HTTP_LLM_COST_H_COST,
    NGX_HTTP_LLM_COST_H_CACHE,
    NGX_HTTP_LLM_COST_H_BUDGET,
    NGX_HTTP_LLM_COST_H_REMAINING,
    NGX_HTTP_LLM_COST_H_FIT
};

static const ngx_http_llm_cost_header_t  ngx_http_llm_cost_headers[] = {
    ngx_http_llm_cost_header("X-Model", 0),
    ngx_http_llm_cost_header("X-Input-Tokens", 0),
    ngx_http_llm_cost_header("X-Output-Tokens", 1),
    ngx_http_llm_cost_header("X-Cost-USD", 1),
    ngx_http_llm_cost_header("X-Cache", 0),
    ngx_http_llm_cost_header("X-Budget-Name", 0),
    ngx_http_llm_cost_header("X-Budget-Remaining-USD", 0),
    ngx_http_llm_cost_header("X-Budget-Fit", 0),
    { 0, NULL, 0 }
};


ngx_int_t
ngx_http_llm_cost_add_header(ngx_http_request_t *r, ngx_list_t *list,
    const char *name, size_t name_len, ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(list);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    h->key.len = name_len;
    h->key.data = (u_char *) name;
    h->value = *value;
    h->lowcase_key = NULL;

#if (nginx_version >= 1023000)
    h->next = NULL;
#endif

    return NGX_OK;
}


static ngx_int_t
ngx_http_llm_cost_push(ngx_http_llm_cost_ctx_t *ctx, ngx_list_t *list,
    ngx_uint_t n, ngx_str_t *value)
{
    const ngx_http_llm_cost_header_t  *h;

    h = &ngx_http_llm_cost_headers[n];

    return ngx_http_llm_cost_add_header(ctx->request, list, h->name, h->len,
                                        value);
}


static ngx_int_t
ngx_http_llm_cost_push_number(ngx_http_llm_cost_ctx_t *ctx, ngx_list_t *list,
    ngx_uint_t n, int64_t number)
{
    ngx_str_t  value;

    if (number < 0) {
        /* not known: no header is better than a wrong one */
        return NGX_OK;
    }

    value.data = ngx_pnalloc(ctx->request->pool, NGX_INT64_LEN);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    value.len = ngx_sprintf(value.data, "%L", number) - value.data;

    return ngx_http_llm_cost_push(ctx, list, n, &value);
}


static ngx_int_t
ngx_http_llm_cost_push_usd(ngx_http_llm_cost_ctx_t *ctx, ngx_list_t *list,
    ngx_uint_t n, int64_t nano)
{
    ngx_str_t  value;

    if (nano < 0) {
        return NGX_OK;
    }

    value.data = ngx_pnalloc(ctx->request->pool, LLM_USD_LEN);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    value.len = llm_usd_print(value.data, nano);

    return ngx_http_llm_cost_push(ctx, list, n, &value);
}


/* text from outside: printable ASCII only, and not endless */

static ngx_int_t
ngx_http_llm_cost_push_text(ngx_http_llm_cost_ctx_t *ctx, ngx_list_t *list,
    ngx_uint_t n, const u_char *data, size_t len)
{
    size_t     i;
    ngx_str_t  value;

    len = ngx_min(len, 2 * NGX_HTTP_LLM_COST_MODEL_MAX);

    value.data = ngx_pnalloc(ctx->request->pool, len);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    value.len = 0;

    for (i = 0; i < len; i++) {
        if (data[i] >= 0x20 && data[i] < 0x7f) {
            value.data[value.len++] = data[i];
        }
    }

    if (value.len == 0) {
        return NGX_OK;
    }

    return ngx_http_llm_cost_push(ctx, list, n, &value);
}


static ngx_uint_t
ngx_http_llm_cost_is_ours(ngx_table_elt_t *h)
{
    const ngx_http_llm_cost_header_t  *own;

    for (own = ngx_http_llm_cost_headers; own->len; own++) {
        if (h->key.len == own->len
            && ngx_strncasecmp(h->key.data, (u_char *) own->name, own->len)
               == 0)
        {
            return 1;
        }
    }

    return 0;
}


static void
ngx_http_llm_cost_remove_ours(ngx_list_t *list)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    for (part = &list->part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (ngx_http_llm_cost_is_ours(&h[i])) {
                h[i].hash = 0;
            }
        }
    }
}


/*
 * The enforced usd budget that leaves least.  The store keeps the balances as
 * its last step left them: with the reservation, then with what was spent.
 */

static ngx_http_llm_cost_budget_t *
ngx_http_llm_cost_tightest(ngx_http_llm_cost_ctx_t *ctx, int64_t *remaining)
{
    int64_t                      left, least;
    ngx_uint_t                   i;
    llm_budget_t                *b;
    llm_balance_t               *balance;
    ngx_http_llm_cost_budget_t  *found;

    found = NULL;
    least = 0;

    /* of work that an earlier request has reserved for there are none */

    for (i = 0; i < ctx->adm.n && ctx->budget_confs; i++) {
        b = &ctx->budgets[i];
        balance = &ctx->adm.balances[i];

        if (b->unit != LLM_UNIT_USD || b->observe
            || balance->limit == LLM_NO_LIMIT)
        {
            continue;
        }

        left = balance->limit - balance->spent - balance->reserved;

        if (found == NULL || left < least) {
            found = ctx->budget_confs[i];
            least = left;
        }
    }

    *remaining = ngx_max(least, 0);

    return found;
}


static ngx_int_t
ngx_http_llm_cost_push_budget(ngx_http_llm_cost_ctx_t *ctx, ngx_list_t *list)
{
    int64_t                      remaining;
    ngx_http_llm_cost_budget_t  *b;

    b = ngx_http_llm_cost_tightest(ctx, &remaining);

    if (b == NULL) {
        return NGX_OK;
    }

    if (ngx_http_llm_cost_push_text(ctx, list, NGX_HTTP_LLM_COST_H_BUDGET,
                                    b->name.data, b->name.len)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_llm_cost_push_usd(ctx, list,
                                      NGX_HTTP_LLM_COST_H_REMAINING,
                                      remaining);
}


/* "gpt-4o-mini; asked=gpt-4o" where another model was asked for */

static ngx_int_t
ngx_http_llm_cost_push_model(ngx_http_llm_cost_ctx_t *ctx, ngx_list_t *list)
{
    u_char     *p;
    ngx_str_t   value;

    value.len = ctx->q.model.len;
    value.data = ctx->q.model.data;

    if (ctx->asked.len) {
        value.len += sizeof("; asked=") - 1 + ctx->asked.len;

        p = ngx_pnalloc(ctx->request->pool, value.len);
        if (p == NULL) {
            return NGX_ERROR;
        }

        value.data = p;

        ngx_sprintf(p, "%V; asked=%V", (ngx_str_t *) &ctx->q.model,
                    (ngx_str_t *) &ctx->asked);
    }

    return ngx_http_llm_cost_push_text(ctx, list, NGX_HTTP_LLM_COST_H_MODEL,
                                       value.data, value.len);
}


ngx_int_t
ngx_http_llm_cost_request_headers(ngx_http_llm_cost_ctx_t *ctx)
{
    int64_t                        input;
    ngx_list_t                    *list;
    ngx_http_request_t            *r;
    ngx_http_llm_cost_loc_conf_t  *llcf;

    r = ctx->request;
    llcf = ngx_http_get_module_loc_conf(r, ngx_http_llm_cost_module);

    if (!llcf->headers) {
        return NGX_OK;
    }

    list = &r->headers_out.headers;

    ngx_http_llm_cost_remove_ours(list);

    if (ctx->settled && ctx->usage.input >= 0) {
        input = ctx->usage.input;

    } else if (ngx_http_llm_cost_measure(ctx) == NGX_OK) {
        input = ctx->q.input_tokens;

    } else {
        return NGX_ERROR;
    }

    if (ngx_http_llm_cost_push_model(ctx, list) != NGX_OK
        || ngx_http_llm_cost_push_number(ctx, list,
                                         NGX_HTTP_LLM_COST_H_INPUT, input)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ctx->cache_status.len
        && ngx_http_llm_cost_push(ctx, list, NGX_HTTP_LLM_COST_H_CACHE,
                                  &ctx->cache_status)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ctx->fitted
        && ngx_http_llm_cost_push_number(ctx, list, NGX_HTTP_LLM_COST_H_FIT,
                                         ctx->written_max)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_llm_cost_push_budget(ctx, list);
}


ngx_int_t
ngx_http_llm_cost_answer_headers(ngx_http_llm_cost_ctx_t *ctx,
    ngx_list_t *list)
{
    ngx_http_request_t            *r;
    ngx_http_llm_cost_loc_conf_t  *llcf;

    r = ctx->request;
    llcf = ngx_http_get_module_loc_conf(r, ngx_http_llm_cost_module);

    if (!llcf->headers) {
        return NGX_OK;
    }

    if (list == &r->headers_out.trailers) {
        /* request_headers() has seen to upstream's headers already */

        ngx_http_llm_cost_remove_ours(list);
    }

    if (ngx_http_llm_cost_push_number(ctx, list, NGX_HTTP_LLM_COST_H_OUTPUT,
                                      ctx->usage.output)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_llm_cost_push_usd(ctx, list, NGX_HTTP_LLM_COST_H_COST,
                                      ctx->cost);
}


/* one line a name: readers that do not split the list understand it, too */

ngx_int_t
ngx_http_llm_cost_announce_trailers(ngx_http_request_t *r)
{
    ngx_str_t                          value;
    const ngx_http_llm_cost_header_t  *h;

    for (h = ngx_http_llm_cost_headers; h->len; h++) {

        if (!h->trailer) {
            continue;
        }

        value.len = h->len;
        value.data = (u_char *) h->name;

        if (ngx_http_llm_cost_add_header(r, &r->headers_out.headers,
                                         "Trailer", sizeof("Trailer") - 1,
                                         &value)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* an element of Accept-Encoding, weight included, that can be read here */

static ngx_uint_t
ngx_http_llm_cost_readable(const u_char *p, const u_char *last)
{
    size_t  len;

    for (len = 0; p + len < last; len++) {
        if (p[len] == ';' || p[len] == ' ' || p[len] == '\t') {
            break;
        }
    }

    return (len == 4 && ngx_strncasecmp((u_char *) p, (u_char *) "gzip", 4)
                        == 0)
           || (len == 8
               && ngx_strncasecmp((u_char *) p, (u_char *) "identity", 8)
                  == 0);
}


/* "br, gzip;q=0.8, *" becomes "gzip;q=0.8" */

static size_t
ngx_http_llm_cost_keep_readable(u_char *dst, ngx_str_t *value)
{
    u_char  *p, *d, *last, *end;

    d = dst;
    last = value->data + value->len;

    for (p = value->data; p < last; p = end + 1) {

        while (p < last && (*p == ' ' || *p == '\t')) {
            p++;
        }

        end = ngx_strlchr(p, last, ',');

        if (end == NULL) {
            end = last;
        }

        if (!ngx_http_llm_cost_readable(p, end)) {
            continue;
        }

        if (d > dst) {
            *d++ = ',';
            *d++ = ' ';
        }

        d = ngx_cpymem(d, p, end - p);
    }

    return d - dst;
}


static void
ngx_http_llm_cost_limit_encoding(ngx_http_request_t *r, ngx_table_elt_t *h,
    ngx_uint_t identity)
{
    u_char  *p;
    size_t   len;

    /* an element that is kept may get a space that it did not have */

    p = ngx_pnalloc(r->pool, h->value.len * 2 + 1);
    len = 0;

    if (p && !identity) {
        len = ngx_http_llm_cost_keep_readable(p, &h->value);
    }

    if (len == 0) {
        ngx_str_set(&h->value, "identity");
        return;
    }

    /* values of headers end with a zero */

    p[len] = '\0';

    h->value.data = p;
    h->value.len = len;
}


/*
 * Upstream must not answer in a coding that cannot be read.  What the client
 * accepts is remembered first (ngx_http_gzip_ok() keeps its verdict), so that
 * gzip and gunzip between us and the client decide as if nothing had changed.
 * A stream that bytes are cut out of must not be coded at all.
 */

void
ngx_http_llm_cost_limit_encodings(ngx_http_request_t *r)
{
    ngx_uint_t                i, identity;
    ngx_list_part_t          *part;
    ngx_table_elt_t          *h;
    ngx_http_llm_cost_ctx_t  *ctx;

#if (NGX_HTTP_GZIP)

    if (!r->gzip_tested) {
        (void) ngx_http_gzip_ok(r);
    }

#endif

    ctx = ngx_http_llm_cost_get_ctx(r);
    identity = ctx && ctx->injected;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (h[i].key.len == sizeof("Accept-Encoding") - 1
                && ngx_strncasecmp(h[i].key.data,
                                   (u_char *) "Accept-Encoding",
                                   sizeof("Accept-Encoding") - 1)
                   == 0)
            {
                ngx_http_llm_cost_limit_encoding(r, &h[i], identity);
            }
        }
    }
}
