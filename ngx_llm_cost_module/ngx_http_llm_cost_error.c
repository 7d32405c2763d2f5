
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


#define NGX_HTTP_LLM_COST_SPENT  402         /* nginx has no name for it */


/*
 * A refusal is our own answer, in the client's dialect, so that the official
 * SDKs raise their own typed error and do not try again.
 */


static ngx_int_t ngx_http_llm_cost_refuse_send(ngx_http_llm_cost_ctx_t *ctx,
    llm_refusal_t *f);
static ngx_int_t ngx_http_llm_cost_refuse_headers(
    ngx_http_llm_cost_ctx_t *ctx, llm_refusal_t *f);


typedef struct {
    ngx_uint_t    status;
    llm_str_t     code;
} ngx_http_llm_cost_refusal_t;


/* in the order of llm_refuse_e */

static const ngx_http_llm_cost_refusal_t  ngx_http_llm_cost_refusals[] = {
    { 0, llm_string("") },
    { NGX_HTTP_TOO_MANY_REQUESTS, llm_string("budget_exceeded") },
    { NGX_HTTP_BAD_REQUEST, llm_string("request_exceeds_budget") },
    { NGX_HTTP_BAD_REQUEST, llm_string("invalid_request") },
    { NGX_HTTP_BAD_REQUEST, llm_string("model_not_priced") },
    { NGX_HTTP_REQUEST_ENTITY_TOO_LARGE, llm_string("request_too_large") },
    { NGX_HTTP_NOT_FOUND, llm_string("unknown_path") },
    { NGX_HTTP_UNSUPPORTED_MEDIA_TYPE, llm_string("unsupported_encoding") },
    { NGX_HTTP_SERVICE_UNAVAILABLE, llm_string("budget_store_unavailable") },
    { NGX_HTTP_BAD_GATEWAY, llm_string("upstream_error") },
    { NGX_HTTP_BAD_REQUEST, llm_string("upgrade_not_supported") },
    { NGX_HTTP_FORBIDDEN, llm_string("budget_key_missing") },
    { NGX_HTTP_GATEWAY_TIME_OUT, llm_string("not_cached") }
};


void
ngx_http_llm_cost_refusal(llm_refusal_t *f, llm_refuse_e why,
    const char *message)
{
    const ngx_http_llm_cost_refusal_t  *row;

    row = &ngx_http_llm_cost_refusals[why];

    ngx_memzero(f, sizeof(llm_refusal_t));

    f->why = why;
    f->status = row->status;
    f->code = row->code;
    f->message.data = (u_char *) message;
    f->message.len = ngx_strlen(message);
}


/* the codes that there are, from 1 on; NULL behind the last */

const llm_str_t *
ngx_http_llm_cost_refusal_code(ngx_uint_t why)
{
    return why < sizeof(ngx_http_llm_cost_refusals)
                 / sizeof(ngx_http_llm_cost_refusals[0])
           ? &ngx_http_llm_cost_refusals[why].code : NULL;
}


/*
 * Vercel's AI SDK and LangChain.js repeat every 429, whatever its header says
 * of that; a 402, the status of a spent account, they pass on.
 */

static ngx_uint_t
ngx_http_llm_cost_repeats(ngx_http_request_t *r)
{
    u_char             *p;
    ngx_str_t          *agent;
    const char *const  *name;

    static const char *const  names[] = { "ai-sdk/", "langchainjs", NULL };

    agent = ngx_http_llm_cost_find_header(r, "user-agent",
                                          sizeof("user-agent") - 1);
    if (agent == NULL) {
        return 0;
    }

    for (name = names; *name; name++) {
        p = ngx_strlcasestrn(agent->data, agent->data + agent->len,
                             (u_char *) *name, ngx_strlen(*name) - 1);

        /* not within a word: Google's is called google-genai-sdk */

        if (p && (p == agent->data || p[-1] < 'a' || p[-1] > 'z')) {
            return 1;
        }
    }

    return 0;
}


/*
 * Answer the request.  NGX_DONE: the request is finalized and must not be
 * touched any more.
 */

ngx_int_t
ngx_http_llm_cost_refuse(ngx_http_llm_cost_ctx_t *ctx, llm_refusal_t *f)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ctx->provider->status) {
        f->status = ctx->provider->status(&ctx->q.route, f);
    }

    if (f->status == NGX_HTTP_TOO_MANY_REQUESTS
        && ngx_http_llm_cost_repeats(r))
    {
        f->status = NGX_HTTP_LLM_COST_SPENT;
    }

    ctx->state = NGX_HTTP_LLM_COST_ANSWERED;
    ctx->refusal.len = f->code.len;
    ctx->refusal.data = f->code.data;

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "llm request refused: %V", (ngx_str_t *) &f->code);

    rc = ngx_http_discard_request_body(r);

    return (rc == NGX_OK) ? ngx_http_llm_cost_refuse_send(ctx, f) : rc;
}


static ngx_int_t
ngx_http_llm_cost_refuse_send(ngx_http_llm_cost_ctx_t *ctx, llm_refusal_t *f)
{
    ngx_int_t            rc;
    ngx_buf_t           *b;
    ngx_chain_t          out;
    ngx_http_request_t  *r;

    r = ctx->request;

    b = ngx_create_temp_buf(r->pool, ctx->provider->error(NULL, f));
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->last += ctx->provider->error(b->pos, f);
    b->last_buf = 1;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    r->headers_out.status = f->status;
    r->headers_out.content_length_n = b->last - b->pos;
    ngx_str_set(&r->headers_out.content_type, "application/json");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;

    if (ngx_http_llm_cost_refuse_headers(ctx, f) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        ngx_http_finalize_request(r, rc);
        return NGX_DONE;
    }

    ngx_http_finalize_request(r, ngx_http_output_filter(r, &out));

    return NGX_DONE;
}


static ngx_int_t
ngx_http_llm_cost_refuse_headers(ngx_http_llm_cost_ctx_t *ctx,
    llm_refusal_t *f)
{
    u_char              *p;
    int64_t              wait;
    ngx_str_t            value;
    llm_budget_t        *b;
    ngx_http_request_t  *r;

    r = ctx->request;

    /* OpenAI's and Anthropic's SDKs repeat a 429, 409 or 5xx without this */

    ngx_str_set(&value, "false");

    if (f->status != NGX_HTTP_SERVICE_UNAVAILABLE
        && ngx_http_llm_cost_add_header(r, &r->headers_out.headers,
                                        "x-should-retry",
                                        sizeof("x-should-retry") - 1, &value)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (f->why != LLM_REFUSE_BUDGET) {
        return ngx_http_llm_cost_request_headers(ctx);
    }

    b = &ctx->budgets[ctx->adm.refused];

    if (b->period != LLM_PERIOD_TOTAL) {

        wait = b->end - ctx->adm.now;

        p = ngx_pnalloc(r->pool, NGX_INT64_LEN);
        if (p == NULL) {
            return NGX_ERROR;
        }

        value.data = p;
        value.len = ngx_sprintf(p, "%L", wait > 0 ? wait : 1) - p;

        if (ngx_http_llm_cost_add_header(r, &r->headers_out.headers,
                                         "Retry-After",
                                         sizeof("Retry-After") - 1, &value)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return ngx_http_llm_cost_request_headers(ctx);
}
