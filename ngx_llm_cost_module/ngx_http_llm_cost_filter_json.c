
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_filter.h"
#include "llm_json_mend.h"


/*
 * A JSON answer is held, header and all, until it is whole: so that every
 * header can be there, and so that an answer that breaks off is a 502 and not
 * a short 200.  The bytes are copied once, as they are; upstream's buffers are
 * consumed at once, since it reads on only into buffers that it gets back.
 *
 * Beyond llm_max_response nothing is held any more.  The answer is passed on,
 * and of its members the small ones are read (llm_skim.h): usage is one.
 */


static ngx_int_t
ngx_http_llm_cost_start_skim(ngx_http_llm_cost_filter_t *f)
{
    f->skim = ngx_pcalloc(f->request->pool, sizeof(llm_skim_t));
    if (f->skim == NULL) {
        return NGX_ERROR;
    }

    f->skim->buf = ngx_pnalloc(f->request->pool, LLM_SKIM_MAX);

    return f->skim->buf ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_http_llm_cost_json_read(ngx_http_llm_cost_filter_t *f, const u_char *p,
    size_t len)
{
    ngx_http_llm_cost_loc_conf_t  *llcf;

    if (f->skim == NULL) {
        llcf = ngx_http_get_module_loc_conf(f->request,
                                            ngx_http_llm_cost_module);

        if (len <= llcf->max_response - f->text.len) {
            return ngx_http_llm_cost_text_add(f->request->pool, &f->text,
                                              p, len);
        }

        /* it was small enough as it came, but not decoded */

        if (ngx_http_llm_cost_start_skim(f) != NGX_OK) {
            return NGX_ERROR;
        }

        llm_skim_feed(f->skim, f->text.data, f->text.len);
        f->ctx->storable = 0;
    }

    llm_skim_feed(f->skim, p, len);

    return NGX_OK;
}


/* NGX_OK: parsed; NGX_DECLINED: ends too early; NGX_ABORT: not JSON */

static ngx_int_t
ngx_http_llm_cost_json_parse(ngx_http_llm_cost_filter_t *f, llm_json_t *j)
{
    int                        rc;
    ngx_http_llm_cost_text_t  *t;

    if (f->skim) {
        rc = llm_skim_finish(f->skim);

        if (rc == LLM_OK) {
            rc = llm_json_parse(j, f->skim->buf, f->skim->len);

        } else if (rc == LLM_BAD) {
            return NGX_DECLINED;
        }

    } else {
        t = f->inflate ? &f->text : &f->raw;

        rc = llm_json_parse(j, t->data, t->len);

        if (rc == LLM_BAD && j->err_pos >= t->len) {
            return NGX_DECLINED;
        }
    }

    if (rc == LLM_ERROR) {
        return NGX_ERROR;
    }

    return (rc == LLM_OK) ? NGX_OK : NGX_ABORT;
}


/* the usage of a whole answer; results as of json_parse() */

static ngx_int_t
ngx_http_llm_cost_json_answer(ngx_http_llm_cost_filter_t *f)
{
    ngx_int_t                 rc;
    llm_json_t                j;
    ngx_http_llm_cost_ctx_t  *ctx;

    ctx = f->ctx;

    if (f->inflate && !ngx_http_llm_cost_inflate_whole(f->inflate)) {
        ctx->unread = 1;
        return NGX_DECLINED;
    }

    ngx_memzero(&j, sizeof(llm_json_t));
    j.mem = &ctx->mem;

    rc = ngx_http_llm_cost_json_parse(f, &j);

    if (rc == NGX_OK && ctx->provider->answer(&ctx->answer, &j) != LLM_OK) {
        rc = NGX_ERROR;
    }

    /* what was skimmed lacks the text that could be counted instead */

    if (rc != NGX_OK || (f->skim && !ctx->answer.usage_seen)) {
        ctx->unread = 1;
    }

    return rc;
}


/* HOLD */


ngx_int_t
ngx_http_llm_cost_hold_header(ngx_http_llm_cost_filter_t *f)
{
    off_t                n;
    ngx_http_request_t  *r;

    r = f->request;

    r->filter_need_in_memory = 1;
    r->allow_ranges = 0;

    n = r->headers_out.content_length_n;

    if (n > 0) {
        /* not more than llm_max_response: json_mode() */

        f->raw.data = ngx_pnalloc(r->pool, (size_t) n);
        if (f->raw.data == NULL) {
            return NGX_ERROR;
        }

        f->raw.size = (size_t) n;
    }

    /* the header waits */

    return NGX_OK;
}


/* settle, then send what is held, with all that is known in its header */

static ngx_int_t
ngx_http_llm_cost_hold_finish(ngx_http_llm_cost_filter_t *f)
{
    ngx_int_t            rc;
    ngx_buf_t           *b;
    ngx_chain_t          out;
    ngx_http_request_t  *r;

    r = f->request;

    if (ngx_http_llm_cost_answer_end(f) != NGX_OK
        || ngx_http_llm_cost_request_headers(f->ctx) != NGX_OK
        || ngx_http_llm_cost_answer_headers(f->ctx, &r->headers_out.headers)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    rc = ngx_http_llm_cost_send_header(f->ctx);

    if (rc == NGX_ERROR || rc > NGX_OK) {
        return NGX_ERROR;
    }

    if (r->header_only) {
        return rc;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    if (f->raw.len) {
        b->pos = f->raw.data;
        b->last = f->raw.data + f->raw.len;
        b->temporary = 1;
    }

    b->last_buf = 1;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_llm_cost_send_body(f->ctx, &out);
}


/*
 * What has come of an answer that was cut: upstream will bill its text, so it
 * is counted as far as it goes.  What cannot be read is billed as reserved.
 */

static ngx_int_t
ngx_http_llm_cost_hold_count(ngx_http_llm_cost_filter_t *f)
{
    size_t                     cut, n;
    u_char                     tail[LLM_JSON_MEND_TAIL];
    llm_json_t                 j;
    ngx_http_llm_cost_ctx_t   *ctx;
    ngx_http_llm_cost_text_t  *t;

    ctx = f->ctx;
    t = &f->raw;

    if (f->inflate) {
        t = &f->text;

        if (t->len == 0
            && ngx_http_llm_cost_read(f, f->raw.data, f->raw.len) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (f->raw.len == 0) {
        return NGX_OK;
    }

    ctx->unread = 1;

    if (f->skim || llm_json_mend(t->data, t->len, &cut, tail, &n) != LLM_OK) {
        return NGX_OK;
    }

    t->len = cut;

    if (ngx_http_llm_cost_text_add(f->request->pool, t, tail, n) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_memzero(&j, sizeof(llm_json_t));
    j.mem = &ctx->mem;

    if (llm_json_parse(&j, t->data, t->len) == LLM_OK
        && ctx->provider->answer(&ctx->answer, &j) == LLM_OK)
    {
        ctx->unread = 0;
    }

    return NGX_OK;
}


/*
 * The answer has been cut, and nothing of it has been sent: a 502 in the
 * client's dialect takes its place.  error_page is not asked: a filter can
 * redirect to what is there at once only, and a fallback upstream is not.
 */

static ngx_int_t
ngx_http_llm_cost_hold_failed(ngx_http_llm_cost_filter_t *f)
{
    llm_refusal_t             why;
    ngx_http_request_t       *r;
    ngx_http_llm_cost_ctx_t  *ctx;

    r = f->request;
    ctx = f->ctx;

    ctx->cut = 1;
    ctx->storable = 0;

    if (ngx_http_llm_cost_hold_count(f) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_llm_cost_refusal(&why, LLM_REFUSE_UPSTREAM,
                              "The upstream server broke off its answer "
                              "before it was complete");

    f->raw.len = ctx->provider->error(NULL, &why);
    f->raw.data = ngx_pnalloc(r->pool, f->raw.len);

    if (f->raw.data == NULL) {
        return NGX_ERROR;
    }

    f->raw.len = ctx->provider->error(f->raw.data, &why);

    ngx_http_clean_header(r);

    r->headers_out.status = why.status;
    r->headers_out.content_length_n = f->raw.len;
    ngx_str_set(&r->headers_out.content_type, "application/json");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;

    return ngx_http_llm_cost_hold_finish(f);
}


/* nothing but the end of the connection said that this was all */

static ngx_uint_t
ngx_http_llm_cost_until_close(ngx_http_request_t *r)
{
    ngx_http_upstream_t  *u;

    u = r->upstream;

    return u->headers_in.content_length_n < 0 && !u->headers_in.chunked;
}


static ngx_int_t
ngx_http_llm_cost_hold_end(ngx_http_llm_cost_filter_t *f)
{
    ngx_int_t                 rc;
    ngx_http_request_t       *r;
    ngx_http_llm_cost_ctx_t  *ctx;

    r = f->request;
    ctx = f->ctx;

    if (f->inflate || ctx->q.kind == LLM_KIND_EMBEDDINGS) {

        /* vectors are long and of no use here: no node for each number */

        if (ctx->q.kind == LLM_KIND_EMBEDDINGS && !ctx->q.whole
            && ngx_http_llm_cost_start_skim(f) != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (ngx_http_llm_cost_read(f, f->raw.data, f->raw.len) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    rc = ngx_http_llm_cost_json_answer(f);

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc == NGX_DECLINED && ngx_http_llm_cost_until_close(r)) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "llm_cost: upstream closed the connection in the middle "
                      "of a JSON answer");

        return ngx_http_llm_cost_hold_failed(f);
    }

    ctx->complete = 1;

    if (rc != NGX_OK) {
        ctx->storable = 0;
    }

    if (ngx_http_llm_cost_answer_entry(f, f->inflate ? &f->text : &f->raw)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_llm_cost_hold_finish(f);
}


/* too large: what is held goes in front of what comes, and nothing is held */

static ngx_int_t
ngx_http_llm_cost_hold_release(ngx_http_llm_cost_filter_t *f, ngx_chain_t *in)
{
    ngx_int_t            rc;
    ngx_buf_t           *b;
    ngx_chain_t          out;
    ngx_http_request_t  *r;

    r = f->request;
    f->mode = NGX_HTTP_LLM_COST_WATCH;

    rc = ngx_http_llm_cost_watch_header(f);

    if (rc == NGX_ERROR || rc > NGX_OK) {
        return NGX_ERROR;
    }

    if (f->raw.len == 0) {
        return ngx_http_llm_cost_watch_body(f, in);
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->pos = f->raw.data;
    b->last = f->raw.data + f->raw.len;
    b->temporary = 1;

    out.buf = b;
    out.next = in;

    return ngx_http_llm_cost_watch_body(f, &out);
}


ngx_int_t
ngx_http_llm_cost_hold_body(ngx_http_llm_cost_filter_t *f, ngx_chain_t *in)
{
    size_t                         len;
    ngx_buf_t                     *b;
    ngx_chain_t                   *cl;
    ngx_http_request_t            *r;
    ngx_http_llm_cost_loc_conf_t  *llcf;

    r = f->request;
    llcf = ngx_http_get_module_loc_conf(r, ngx_http_llm_cost_module);

    for (cl = in; cl; cl = cl->next) {
        b = cl->buf;

        if (ngx_http_llm_cost_failed(r, b)) {
            return ngx_http_llm_cost_hold_failed(f);
        }

        if (ngx_buf_in_memory(b)) {
            len = b->last - b->pos;

            if (len > llcf->max_response - f->raw.len) {
                return ngx_http_llm_cost_hold_release(f, cl);
            }

            if (ngx_http_llm_cost_text_add(r->pool, &f->raw, b->pos, len)
                != NGX_OK)
            {
                return NGX_ERROR;
            }

            b->pos = b->last;

            if (b->in_file) {
                b->file_pos = b->file_last;
            }
        }

        if (b->last_buf) {
            return ngx_http_llm_cost_hold_end(f);
        }
    }

    return NGX_OK;
}


/* WATCH */


ngx_int_t
ngx_http_llm_cost_watch_header(ngx_http_llm_cost_filter_t *f)
{
    ngx_http_request_t  *r;

    r = f->request;

    r->filter_need_in_memory = 1;
    r->allow_ranges = 0;
    f->ctx->storable = 0;

    if (ngx_http_llm_cost_start_skim(f) != NGX_OK
        || ngx_http_llm_cost_request_headers(f->ctx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (r->headers_out.content_length_n == -1
        && ngx_http_llm_cost_expect_trailers(f) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_llm_cost_send_header(f->ctx);
}


ngx_int_t
ngx_http_llm_cost_watch_body(ngx_http_llm_cost_filter_t *f, ngx_chain_t *in)
{
    ngx_buf_t           *b;
    ngx_chain_t         *cl;
    ngx_http_request_t  *r;

    r = f->request;

    for (cl = in; cl; cl = cl->next) {
        b = cl->buf;

        if (ngx_http_llm_cost_failed(r, b)) {
            f->ctx->cut = 1;
            f->ctx->unread = 1;
        }

        if (ngx_buf_in_memory(b)
            && ngx_http_llm_cost_read(f, b->pos, b->last - b->pos) != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (b->last_buf) {
            f->ctx->complete = 1;

            if (ngx_http_llm_cost_json_answer(f) == NGX_ERROR
                || ngx_http_llm_cost_answer_end(f) != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    return ngx_http_llm_cost_send_body(f->ctx, in);
}
