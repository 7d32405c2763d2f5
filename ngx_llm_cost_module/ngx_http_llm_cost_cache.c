
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include <ngx_config.h>
#include <openssl/evp.h>

#include "ngx_http_llm_cost.h"
#include "llm_form.h"


/*
 * The exact cache: which request is the same as which, what an entry looks
 * like as bytes, and how one is sent.  docs/cache.md says what is in the key
 * and why; whoever adds a field there makes more requests different, which is
 * always safe, and whoever takes one out had better be sure.
 */


#define NGX_HTTP_LLM_COST_ENTRY_VERSION  2
#define NGX_HTTP_LLM_COST_ENTRY_FRAMING  0x0f
#define NGX_HTTP_LLM_COST_ENTRY_USAGE    0x10
#define NGX_HTTP_LLM_COST_ENTRY_HEADER   48
#define NGX_HTTP_LLM_COST_ENTRY_DIGEST   16
#define NGX_HTTP_LLM_COST_ENTRY_TEXT     (NGX_HTTP_LLM_COST_ENTRY_HEADER      \
                                          + NGX_HTTP_LLM_COST_ENTRY_DIGEST)
#define NGX_HTTP_LLM_COST_ENTRY_TYPE     255     /* bytes of content type */


static ngx_uint_t ngx_http_llm_cost_cache_payer(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf);
static u_char *ngx_http_llm_cost_cache_asked(ngx_http_request_t *r,
    const char *directive, u_char **last);
static time_t ngx_http_llm_cost_cache_max_age(ngx_http_request_t *r);
static ngx_int_t ngx_http_llm_cost_cache_age(ngx_http_llm_cost_ctx_t *ctx);
static ngx_int_t ngx_http_llm_cost_cache_make_key(
    ngx_http_llm_cost_ctx_t *ctx, const ngx_http_llm_cost_loc_conf_t *llcf);
static void ngx_http_llm_cost_cache_key_route(ngx_http_llm_cost_ctx_t *ctx,
    EVP_MD_CTX *md);
static ngx_uint_t ngx_http_llm_cost_cache_forms(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_cache_key_path(ngx_http_llm_cost_ctx_t *ctx,
    EVP_MD_CTX *md);
static void ngx_http_llm_cost_cache_key_args(ngx_http_llm_cost_ctx_t *ctx,
    EVP_MD_CTX *md);
static void ngx_http_llm_cost_cache_key_payer(ngx_http_llm_cost_ctx_t *ctx,
    EVP_MD_CTX *md);
static void ngx_http_llm_cost_cache_update(void *md, const void *p, size_t n);
static void ngx_http_llm_cost_cache_field(EVP_MD_CTX *md, const void *p,
    size_t n);
static u_char *ngx_http_llm_cost_entry_put(u_char *p, uint64_t v,
    ngx_uint_t n);
static uint64_t ngx_http_llm_cost_entry_get(u_char **p, ngx_uint_t n);
static u_char *ngx_http_llm_cost_entry_text(u_char *p, const ngx_str_t *s);
static ngx_int_t ngx_http_llm_cost_entry_digest(const u_char *p, size_t len,
    u_char *digest);


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

    /* the client's own wish, as to any other cache */

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


/* NGX_DECLINED: the dialect has no canonical form of this request */

static ngx_int_t
ngx_http_llm_cost_cache_make_key(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf)
{
    int          canonical;
    u_char       digest[EVP_MAX_MD_SIZE];
    ngx_int_t    rc;
    ngx_str_t    value;
    EVP_MD_CTX  *md;

    ngx_str_null(&value);

    if (llcf->cache_key
        && ngx_http_complex_value(ctx->request, llcf->cache_key, &value)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    md = EVP_MD_CTX_new();
    if (md == NULL) {
        return NGX_ERROR;
    }

    rc = NGX_ERROR;

    if (EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1) {
        goto done;
    }

    ngx_http_llm_cost_cache_key_route(ctx, md);
    ngx_http_llm_cost_cache_field(md, value.data, value.len);

    if (llcf->cache_scope == NGX_HTTP_LLM_COST_SCOPE_SHARED) {
        ngx_http_llm_cost_cache_field(md, "shared", 6);

    } else {
        ngx_http_llm_cost_cache_key_payer(ctx, md);
    }

    canonical = ctx->provider->canonical(&ctx->q,
                                         ngx_http_llm_cost_cache_update, md);

    if (canonical == LLM_DECLINED) {
        rc = NGX_DECLINED;

    } else if (canonical == LLM_OK
               && EVP_DigestFinal_ex(md, digest, NULL) == 1)
    {
        ngx_memcpy(ctx->cache_key, digest, NGX_HTTP_LLM_COST_CACHE_KEY);
        rc = NGX_OK;
    }

done:

    EVP_MD_CTX_free(md);

    return rc;
}


/*
 * Where the request goes to.  The form in which an answer is expected is a
 * part of that only where the answer cannot be given in another one.
 */

static void
ngx_http_llm_cost_cache_key_route(ngx_http_llm_cost_ctx_t *ctx,
    EVP_MD_CTX *md)
{
    u_char                     head[6];
    llm_form_t                 form;
    in_port_t                  port;
    ngx_http_request_t        *r;
    ngx_http_core_srv_conf_t  *cscf;
    ngx_http_core_loc_conf_t  *clcf;

    r = ctx->request;
    cscf = ngx_http_get_module_srv_conf(r, ngx_http_core_module);
    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    /* two servers of one name differ in the port, the same on every node */

    port = ngx_inet_get_port(r->connection->local_sockaddr);

    head[0] = NGX_HTTP_LLM_COST_ENTRY_VERSION;
    head[1] = (u_char) ctx->q.kind;
    head[2] = 0;
    head[3] = 0;
    head[4] = (u_char) (port >> 8);
    head[5] = (u_char) port;

    if (!ngx_http_llm_cost_cache_forms(ctx)) {
        form = llm_form_wanted(&ctx->q);
        head[2] = 1 + form.framing;
        head[3] = form.usage;
    }

    ngx_http_llm_cost_cache_field(md, head, sizeof(head));
    ngx_http_llm_cost_cache_field(md, ctx->provider->name.data,
                                  ctx->provider->name.len);
    ngx_http_llm_cost_cache_field(md, cscf->server_name.data,
                                  cscf->server_name.len);
    ngx_http_llm_cost_cache_field(md, clcf->name.data, clcf->name.len);
    ngx_http_llm_cost_cache_key_path(ctx, md);
    ngx_http_llm_cost_cache_key_args(ctx, md);
}


/* an entry serves whatever form of the answer is asked for */

static ngx_uint_t
ngx_http_llm_cost_cache_forms(ngx_http_llm_cost_ctx_t *ctx)
{
    return ctx->provider->reform != NULL && !ctx->q.one_form;
}


/* less what of it says nothing but the form: ":streamGenerateContent" */

static void
ngx_http_llm_cost_cache_key_path(ngx_http_llm_cost_ctx_t *ctx,
    EVP_MD_CTX *md)
{
    size_t      len;
    ngx_str_t  *uri;

    uri = &ctx->request->uri;
    len = uri->len;

    if (ctx->q.same_path && ngx_http_llm_cost_cache_forms(ctx)) {
        len = ngx_min(len, ctx->q.same_path);
    }

    ngx_http_llm_cost_cache_field(md, uri->data, len);
}


/*
 * All arguments but "key", which is a credential and counted as one, and
 * "alt", where it chooses a form.
 */

static void
ngx_http_llm_cost_cache_key_args(ngx_http_llm_cost_ctx_t *ctx,
    EVP_MD_CTX *md)
{
    u_char      *p, *last, *end;
    ngx_str_t   *args;
    ngx_uint_t   forms;

    args = &ctx->request->args;
    p = args->data;
    end = p + args->len;

    forms = ctx->q.same_path && ngx_http_llm_cost_cache_forms(ctx);

    while (p < end) {

        last = ngx_strlchr(p, end, '&');
        if (last == NULL) {
            last = end;
        }

        if (last - p < 4
            || (ngx_strncasecmp(p, (u_char *) "key=", 4) != 0
                && !(forms && ngx_memcmp(p, "alt=", 4) == 0)))
        {
            ngx_http_llm_cost_cache_field(md, p, last - p);
        }

        p = last + 1;
    }

    ngx_http_llm_cost_cache_field(md, "&", 1);
}


static void
ngx_http_llm_cost_cache_key_payer(ngx_http_llm_cost_ctx_t *ctx,
    EVP_MD_CTX *md)
{
    u_char      n;
    ngx_uint_t  i;

    n = (u_char) ctx->adm.n;

    ngx_http_llm_cost_cache_field(md, "payer", 5);
    ngx_http_llm_cost_cache_field(md, ctx->key_id.data, ctx->key_id.len);
    ngx_http_llm_cost_cache_field(md, ctx->user.data, ctx->user.len);
    ngx_http_llm_cost_cache_field(md, &n, 1);

    for (i = 0; i < ctx->adm.n; i++) {
        ngx_http_llm_cost_cache_field(md, ctx->budgets[i].name.data,
                                      ctx->budgets[i].name.len);
        ngx_http_llm_cost_cache_field(md, ctx->budgets[i].key.data,
                                      ctx->budgets[i].key.len);
    }
}


static void
ngx_http_llm_cost_cache_update(void *md, const void *p, size_t n)
{
    (void) EVP_DigestUpdate(md, p, n);
}


/* a field begins with its length, so that no two can be read as one */

static void
ngx_http_llm_cost_cache_field(EVP_MD_CTX *md, const void *p, size_t n)
{
    uint64_t  len;

    len = n;

    (void) EVP_DigestUpdate(md, &len, sizeof(len));

    if (n) {
        (void) EVP_DigestUpdate(md, p, n);
    }
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

    ngx_str_set(&ctx->cache_status, "HIT");
    ctx->answer.model.len = e->model.len;
    ctx->answer.model.data = e->model.data;

    r->headers_out.status = e->status;

    /* before the headers: they show what is left of the budgets */

    ngx_http_llm_cost_settle(ctx);

    r->headers_out.content_type = e->content_type;
    r->headers_out.content_type_len = e->content_type.len;
    r->headers_out.content_type_lowcase = NULL;
    r->headers_out.content_length_n = e->body.len;

    if (ngx_http_llm_cost_cache_age(ctx) != NGX_OK
        || ngx_http_llm_cost_request_headers(ctx) != NGX_OK
        || ngx_http_llm_cost_answer_headers(ctx, &r->headers_out.headers)
           != NGX_OK)
    {
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


/*
 * An entry as bytes, integers with the lowest byte first:
 *
 *    0  "llmc"
 *    4  version, 1 byte
 *    5  framing, and whether a stream shows its usage, 1 byte
 *    6  status, 2 bytes
 *    8  time stored, input tokens, output tokens, cost: 8 bytes each
 *   40  length of content type, of model: 2 bytes each; of body: 4 bytes
 *   48  SHA-256 of all other bytes, its first 16
 *   64  content type, model, body
 */

size_t
ngx_http_llm_cost_entry_size(const ngx_http_llm_cost_entry_t *e)
{
    return NGX_HTTP_LLM_COST_ENTRY_TEXT + e->content_type.len + e->model.len
           + e->body.len;
}


void
ngx_http_llm_cost_entry_write(const ngx_http_llm_cost_entry_t *e, u_char *p)
{
    u_char  *start, *digest;

    start = p;

    p = ngx_cpymem(p, "llmc", 4);
    p = ngx_http_llm_cost_entry_put(p, NGX_HTTP_LLM_COST_ENTRY_VERSION, 1);
    p = ngx_http_llm_cost_entry_put(p, e->form.framing
                                       | (e->form.usage
                                          ? NGX_HTTP_LLM_COST_ENTRY_USAGE
                                          : 0),
                                    1);
    p = ngx_http_llm_cost_entry_put(p, e->status, 2);
    p = ngx_http_llm_cost_entry_put(p, (uint64_t) e->stored, 8);
    p = ngx_http_llm_cost_entry_put(p, (uint64_t) e->input, 8);
    p = ngx_http_llm_cost_entry_put(p, (uint64_t) e->output, 8);
    p = ngx_http_llm_cost_entry_put(p, (uint64_t) e->cost, 8);
    p = ngx_http_llm_cost_entry_put(p, e->content_type.len, 2);
    p = ngx_http_llm_cost_entry_put(p, e->model.len, 2);
    p = ngx_http_llm_cost_entry_put(p, e->body.len, 4);

    digest = p;

    p += NGX_HTTP_LLM_COST_ENTRY_DIGEST;
    p = ngx_http_llm_cost_entry_text(p, &e->content_type);
    p = ngx_http_llm_cost_entry_text(p, &e->model);
    p = ngx_http_llm_cost_entry_text(p, &e->body);

    if (ngx_http_llm_cost_entry_digest(start, p - start, digest) != NGX_OK) {

        /* without a digest nobody will take it for an entry */

        ngx_memzero(start, NGX_HTTP_LLM_COST_ENTRY_HEADER);
    }
}


/*
 * NGX_DECLINED for bytes that are not an entry of this version, or not
 * whole.  The entry's strings point into the bytes.
 */

ngx_int_t
ngx_http_llm_cost_entry_read(ngx_pool_t *pool, u_char *p, size_t len,
    ngx_http_llm_cost_entry_t **e)
{
    u_char                     *start, digest[NGX_HTTP_LLM_COST_ENTRY_DIGEST];
    ngx_uint_t                  version, flags;
    ngx_http_llm_cost_entry_t  *entry;

    start = p;

    if (len < NGX_HTTP_LLM_COST_ENTRY_TEXT || ngx_memcmp(p, "llmc", 4) != 0) {
        return NGX_DECLINED;
    }

    entry = ngx_pcalloc(pool, sizeof(ngx_http_llm_cost_entry_t));
    if (entry == NULL) {
        return NGX_ERROR;
    }

    p += 4;
    version = (ngx_uint_t) ngx_http_llm_cost_entry_get(&p, 1);
    flags = (ngx_uint_t) ngx_http_llm_cost_entry_get(&p, 1);
    entry->form.framing = flags & NGX_HTTP_LLM_COST_ENTRY_FRAMING;
    entry->form.usage = (flags & NGX_HTTP_LLM_COST_ENTRY_USAGE) != 0;
    entry->status = (ngx_uint_t) ngx_http_llm_cost_entry_get(&p, 2);
    entry->stored = (time_t) ngx_http_llm_cost_entry_get(&p, 8);
    entry->input = (int64_t) ngx_http_llm_cost_entry_get(&p, 8);
    entry->output = (int64_t) ngx_http_llm_cost_entry_get(&p, 8);
    entry->cost = (int64_t) ngx_http_llm_cost_entry_get(&p, 8);
    entry->content_type.len = (size_t) ngx_http_llm_cost_entry_get(&p, 2);
    entry->model.len = (size_t) ngx_http_llm_cost_entry_get(&p, 2);
    entry->body.len = (size_t) ngx_http_llm_cost_entry_get(&p, 4);

    if (version != NGX_HTTP_LLM_COST_ENTRY_VERSION
        || entry->status != NGX_HTTP_OK || entry->body.len == 0
        || entry->content_type.len > NGX_HTTP_LLM_COST_ENTRY_TYPE
        || entry->model.len > NGX_HTTP_LLM_COST_MODEL_MAX
        || ngx_http_llm_cost_entry_size(entry) != len)
    {
        return NGX_DECLINED;
    }

    if (ngx_http_llm_cost_entry_digest(start, len, digest) != NGX_OK
        || ngx_memcmp(p, digest, NGX_HTTP_LLM_COST_ENTRY_DIGEST) != 0)
    {
        return NGX_DECLINED;
    }

    p += NGX_HTTP_LLM_COST_ENTRY_DIGEST;

    entry->content_type.data = p;
    p += entry->content_type.len;
    entry->model.data = p;
    p += entry->model.len;
    entry->body.data = p;

    *e = entry;

    return NGX_OK;
}


static u_char *
ngx_http_llm_cost_entry_put(u_char *p, uint64_t v, ngx_uint_t n)
{
    while (n--) {
        *p++ = (u_char) v;
        v >>= 8;
    }

    return p;
}


static uint64_t
ngx_http_llm_cost_entry_get(u_char **p, ngx_uint_t n)
{
    uint64_t    v;
    ngx_uint_t  i;

    v = 0;

    for (i = 0; i < n; i++) {
        v |= (uint64_t) (*p)[i] << (8 * i);
    }

    *p += n;

    return v;
}


static u_char *
ngx_http_llm_cost_entry_text(u_char *p, const ngx_str_t *s)
{
    return s->len ? ngx_cpymem(p, s->data, s->len) : p;
}


static ngx_int_t
ngx_http_llm_cost_entry_digest(const u_char *p, size_t len, u_char *digest)
{
    u_char       md[EVP_MAX_MD_SIZE];
    ngx_int_t    rc;
    EVP_MD_CTX  *c;

    c = EVP_MD_CTX_new();
    if (c == NULL) {
        return NGX_ERROR;
    }

    rc = NGX_ERROR;

    if (EVP_DigestInit_ex(c, EVP_sha256(), NULL) == 1
        && EVP_DigestUpdate(c, p, NGX_HTTP_LLM_COST_ENTRY_HEADER) == 1
        && EVP_DigestUpdate(c, p + NGX_HTTP_LLM_COST_ENTRY_TEXT,
                            len - NGX_HTTP_LLM_COST_ENTRY_TEXT) == 1
        && EVP_DigestFinal_ex(c, md, NULL) == 1)
    {
        ngx_memcpy(digest, md, NGX_HTTP_LLM_COST_ENTRY_DIGEST);
        rc = NGX_OK;
    }

    EVP_MD_CTX_free(c);

    return rc;
}
