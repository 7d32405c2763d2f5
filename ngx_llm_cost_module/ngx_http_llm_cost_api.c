
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_api.h"


/*
 * llm_api: which endpoint, may it be asked so; then its rows are fetched and
 * written.  A path is recognised by how it ends, so that any location will do.
 */


typedef struct {
    ngx_str_t                        path;
    ngx_uint_t                       methods;
    ngx_str_t                        type;
    ngx_http_llm_cost_api_fetch_pt   fetch;
    ngx_http_llm_cost_api_fetch_pt   fleet;      /* with Redis; or NULL */
    ngx_http_llm_cost_api_format_pt  format;
} ngx_http_llm_cost_api_endpoint_t;


typedef struct {
    ngx_str_t                        key;
    ngx_str_t                        value;
} ngx_http_llm_cost_api_header_t;


static ngx_int_t ngx_http_llm_cost_api_handler(ngx_http_request_t *r);
static ngx_http_llm_cost_api_t *ngx_http_llm_cost_api_create(
    ngx_http_request_t *r);
static ngx_int_t ngx_http_llm_cost_api_answer(ngx_http_llm_cost_api_t *api,
    ngx_int_t rc);
static ngx_int_t ngx_http_llm_cost_api_wait(ngx_http_llm_cost_api_t *api);
static void ngx_http_llm_cost_api_left(void *data);
static ngx_int_t ngx_http_llm_cost_api_body(ngx_http_llm_cost_api_t *api);
static void ngx_http_llm_cost_api_body_done(ngx_http_request_t *r);
static ngx_int_t ngx_http_llm_cost_api_find(ngx_http_request_t *r,
    const ngx_http_llm_cost_api_endpoint_t **found);
static ngx_int_t ngx_http_llm_cost_api_send(ngx_http_llm_cost_api_t *api);


static const ngx_http_llm_cost_api_endpoint_t  ngx_http_llm_cost_api[] = {

    { ngx_string("/usage/summary"), NGX_HTTP_GET|NGX_HTTP_HEAD,
      ngx_string("application/json"),
      ngx_http_llm_cost_api_usage_fetch,
      ngx_http_llm_cost_api_fleet_usage,
      ngx_http_llm_cost_api_usage_format },

    { ngx_string("/usage/series"), NGX_HTTP_GET|NGX_HTTP_HEAD,
      ngx_string("application/json"),
      ngx_http_llm_cost_api_series_fetch,
      ngx_http_llm_cost_api_fleet_series,
      ngx_http_llm_cost_api_series_format },

    { ngx_string("/budgets"), NGX_HTTP_GET|NGX_HTTP_HEAD,
      ngx_string("application/json"),
      ngx_http_llm_cost_api_budgets_fetch,
      ngx_http_llm_cost_api_fleet_budgets,
      ngx_http_llm_cost_api_budgets_format },

    { ngx_string("/budgets"), NGX_HTTP_PATCH,
      ngx_string("application/json"),
      ngx_http_llm_cost_api_patch_fetch,
      ngx_http_llm_cost_api_fleet_patch,
      ngx_http_llm_cost_api_patch_format },

    { ngx_string("/alerts"), NGX_HTTP_GET|NGX_HTTP_HEAD,
      ngx_string("application/json"),
      ngx_http_llm_cost_api_alerts_fetch,
      ngx_http_llm_cost_api_fleet_alerts,
      ngx_http_llm_cost_api_alerts_format },

    { ngx_string("/cache/stats"), NGX_HTTP_GET|NGX_HTTP_HEAD,
      ngx_string("application/json"),
      ngx_http_llm_cost_api_cache_fetch,
      ngx_http_llm_cost_api_fleet_cache,
      ngx_http_llm_cost_api_cache_format },

    { ngx_string("/cache"), NGX_HTTP_DELETE,
      ngx_string("application/json"),
      ngx_http_llm_cost_api_clear_fetch,
      ngx_http_llm_cost_api_fleet_clear,
      ngx_http_llm_cost_api_clear_format },

    { ngx_string("/metrics"), NGX_HTTP_GET|NGX_HTTP_HEAD,
      ngx_string("text/plain; version=0.0.4; charset=utf-8"),
      ngx_http_llm_cost_api_metrics_fetch,
      NULL,
      ngx_http_llm_cost_api_metrics_format },

    { ngx_string("/models"), NGX_HTTP_GET|NGX_HTTP_HEAD,
      ngx_string("application/json"),
      ngx_http_llm_cost_api_models_fetch,
      NULL,
      ngx_http_llm_cost_api_models_format },

    { ngx_string("/health"), NGX_HTTP_GET|NGX_HTTP_HEAD,
      ngx_string("application/json"),
      ngx_http_llm_cost_api_health_fetch,
      NULL,
      ngx_http_llm_cost_api_health_format },

    { ngx_string("/dashboard"), NGX_HTTP_GET|NGX_HTTP_HEAD,
      ngx_string("text/html; charset=utf-8"),
      ngx_http_llm_cost_api_page_fetch,
      NULL,
      ngx_http_llm_cost_api_page_index_html },

    { ngx_string("/dashboard/app.js"), NGX_HTTP_GET|NGX_HTTP_HEAD,
      ngx_string("text/javascript; charset=utf-8"),
      ngx_http_llm_cost_api_page_fetch,
      NULL,
      ngx_http_llm_cost_api_page_app_js },

    { ngx_string("/dashboard/app.css"), NGX_HTTP_GET|NGX_HTTP_HEAD,
      ngx_string("text/css; charset=utf-8"),
      ngx_http_llm_cost_api_page_fetch,
      NULL,
      ngx_http_llm_cost_api_page_app_css },

    { ngx_string("/dashboard/dygraph.js"), NGX_HTTP_GET|NGX_HTTP_HEAD,
      ngx_string("text/javascript; charset=utf-8"),
      ngx_http_llm_cost_api_page_fetch,
      NULL,
      ngx_http_llm_cost_api_page_dygraph_min_js },

    { ngx_string("/dashboard/dygraph.css"), NGX_HTTP_GET|NGX_HTTP_HEAD,
      ngx_string("text/css; charset=utf-8"),
      ngx_http_llm_cost_api_page_fetch,
      NULL,
      ngx_http_llm_cost_api_page_dygraph_min_css },

    { ngx_null_string, 0, ngx_null_string, NULL, NULL, NULL }
};


/*
 * Of every answer, so that a page of this location neither loads nor tells
 * anything elsewhere, and no answer is taken for what it is not.
 */

static const ngx_http_llm_cost_api_header_t  ngx_http_llm_cost_api_headers[] = {
    { ngx_string("Cache-Control"), ngx_string("no-store") },
    { ngx_string("X-Content-Type-Options"), ngx_string("nosniff") },
    { ngx_string("Referrer-Policy"), ngx_string("no-referrer") },
    { ngx_string("Content-Security-Policy"),
      ngx_string("default-src 'none'; script-src 'self'; style-src 'self'; "
                 "connect-src 'self'; img-src 'self' data:; base-uri 'none'; "
                 "form-action 'none'; frame-ancestors 'none'") },
    { ngx_null_string, ngx_null_string }
};


/* llm_api [write=on] */

char *
ngx_http_llm_cost_conf_api(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_llm_cost_loc_conf_t *llcf = conf;

    ngx_str_t                 *value;
    ngx_http_core_loc_conf_t  *clcf;

    if (llcf->api == 1) {
        return "is duplicate";
    }

    value = cf->args->elts;

    llcf->api = 1;
    llcf->api_write = 0;

    if (cf->args->nelts == 2) {

        if (ngx_strcmp(value[1].data, "write=on") == 0) {
            llcf->api_write = 1;

        } else if (ngx_strcmp(value[1].data, "write=off") != 0) {
            return ngx_http_llm_cost_conf_error(cf,
                       "invalid parameter \"%V\", it must be "
                       "\"write=on\" or \"write=off\"", &value[1]);
        }
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_llm_cost_api_handler;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_llm_cost_api_handler(ngx_http_request_t *r)
{
    ngx_int_t                                rc;
    ngx_http_llm_cost_api_t                 *api;
    const ngx_http_llm_cost_loc_conf_t      *llcf;
    const ngx_http_llm_cost_api_endpoint_t  *ep;

    rc = (r->method & NGX_HTTP_PATCH) ? NGX_OK
                                      : ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    api = ngx_http_llm_cost_api_create(r);
    if (api == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_llm_cost_api_find(r, &ep);
    if (rc != NGX_OK) {
        return rc;
    }

    llcf = ngx_http_get_module_loc_conf(r, ngx_http_llm_cost_module);

    if ((ep->methods & (NGX_HTTP_DELETE|NGX_HTTP_PATCH)) && !llcf->api_write) {
        rc = ngx_http_discard_request_body(r);
        if (rc != NGX_OK) {
            return rc;
        }

        return ngx_http_llm_cost_api_refuse(api, NGX_HTTP_FORBIDDEN, NULL,
                   "writing is not allowed here: it needs \"llm_api "
                   "write=on\"");
    }

    api->type = ep->type;
    api->format = ep->format;
    api->fetch = (ep->fleet && api->lmcf->redis) ? ep->fleet : ep->fetch;

    rc = ngx_http_llm_cost_api_args(api);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (ep->methods & NGX_HTTP_PATCH) {
        return ngx_http_llm_cost_api_body(api);
    }

    rc = api->fetch(api);

    return rc == NGX_AGAIN ? ngx_http_llm_cost_api_wait(api)
                           : ngx_http_llm_cost_api_answer(api, rc);
}


static ngx_http_llm_cost_api_t *
ngx_http_llm_cost_api_create(ngx_http_request_t *r)
{
    ngx_http_llm_cost_api_t  *api;

    api = ngx_pcalloc(r->pool, sizeof(ngx_http_llm_cost_api_t));
    if (api == NULL) {
        return NULL;
    }

    api->request = r;
    api->pool = r->pool;
    api->lmcf = ngx_http_get_module_main_conf(r, ngx_http_llm_cost_module);
    api->zone = ngx_http_llm_cost_zone();
    api->status = NGX_HTTP_OK;
    api->out.pool = r->pool;

    return api;
}


/* the module's context is a metered request's, so api is found elsewhere */

static ngx_int_t
ngx_http_llm_cost_api_body(ngx_http_llm_cost_api_t *api)
{
    ngx_int_t            rc;
    ngx_http_cleanup_t  *cln;

    cln = ngx_http_cleanup_add(api->request, 0);
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = ngx_http_llm_cost_api_left;
    cln->data = api;

    rc = ngx_http_read_client_request_body(api->request,
                                           ngx_http_llm_cost_api_body_done);

    return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
}


static void
ngx_http_llm_cost_api_body_done(ngx_http_request_t *r)
{
    ngx_int_t                 rc;
    ngx_http_cleanup_t       *cln;
    ngx_http_llm_cost_api_t  *api;

    cln = r->cleanup;

    while (cln->handler != ngx_http_llm_cost_api_left) {
        cln = cln->next;
    }

    api = cln->data;

    rc = ngx_http_llm_cost_api_patch_read(api);

    if (rc == NGX_DECLINED) {
        rc = api->fetch(api);
        rc = rc == NGX_AGAIN ? ngx_http_llm_cost_api_wait(api)
                             : ngx_http_llm_cost_api_answer(api, rc);
    }

    ngx_http_finalize_request(r, rc);
}


static ngx_int_t
ngx_http_llm_cost_api_answer(ngx_http_llm_cost_api_t *api, ngx_int_t rc)
{
    if (rc == NGX_HTTP_SERVICE_UNAVAILABLE) {
        return ngx_http_llm_cost_api_refuse(api, rc, NULL,
                                            "the store does not answer");
    }

    if (rc != NGX_OK) {
        return rc;
    }

    api->format(api);

    return ngx_http_llm_cost_api_send(api);
}


/* the operation that is waited for has a timer of its own */

static ngx_int_t
ngx_http_llm_cost_api_wait(ngx_http_llm_cost_api_t *api)
{
    ngx_http_cleanup_t  *cln;
    ngx_http_request_t  *r;

    r = api->request;

    cln = ngx_http_cleanup_add(r, 0);
    if (cln == NULL) {
        ngx_http_llm_cost_api_left(api);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = ngx_http_llm_cost_api_left;
    cln->data = api;

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;
    r->main->count++;

    return NGX_DONE;
}


/* the client has gone, or has its answer: nobody wants the rows any more */

static void
ngx_http_llm_cost_api_left(void *data)
{
    ngx_http_llm_cost_api_t *api = data;

    if (api->forget) {
        api->forget(api);
        api->forget = NULL;
    }
}


void
ngx_http_llm_cost_api_resume(ngx_http_llm_cost_api_t *api, ngx_int_t rc)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = api->request;
    c = r->connection;

    api->forget = NULL;

    ngx_http_set_log_request(c->log, r);

    ngx_http_finalize_request(r, ngx_http_llm_cost_api_answer(api, rc));
    ngx_http_run_posted_requests(c);
}


static ngx_int_t
ngx_http_llm_cost_api_find(ngx_http_request_t *r,
    const ngx_http_llm_cost_api_endpoint_t **found)
{
    ngx_int_t                                rc;
    const ngx_http_llm_cost_api_endpoint_t  *ep;

    rc = NGX_HTTP_NOT_FOUND;

    for (ep = ngx_http_llm_cost_api; ep->path.len; ep++) {

        if (r->uri.len < ep->path.len
            || ngx_memcmp(r->uri.data + r->uri.len - ep->path.len,
                          ep->path.data, ep->path.len)
               != 0)
        {
            continue;
        }

        if (r->method & ep->methods) {
            *found = ep;
            return NGX_OK;
        }

        rc = NGX_HTTP_NOT_ALLOWED;
    }

    return rc;
}


ngx_int_t
ngx_http_llm_cost_api_refuse(ngx_http_llm_cost_api_t *api, ngx_uint_t status,
    const char *param, const char *message)
{
    ngx_http_llm_cost_api_error(api, status, param, message);

    return ngx_http_llm_cost_api_send(api);
}


/* an error in the shape that clients of LLM APIs know */

void
ngx_http_llm_cost_api_error(ngx_http_llm_cost_api_t *api, ngx_uint_t status,
    const char *param, const char *message)
{
    ngx_http_llm_cost_out_t  *o;

    o = &api->out;

    ngx_http_llm_cost_out(o, "{\"error\":{\"message\":");
    ngx_http_llm_cost_out_string(o, message, ngx_strlen(message));
    ngx_http_llm_cost_out(o, status < NGX_HTTP_INTERNAL_SERVER_ERROR
                             ? ",\"type\":\"invalid_request_error\""
                             : ",\"type\":\"server_error\"");
    ngx_http_llm_cost_out(o, ",\"param\":");

    if (param) {
        ngx_http_llm_cost_out_string(o, param, ngx_strlen(param));

    } else {
        ngx_http_llm_cost_out(o, "null");
    }

    ngx_http_llm_cost_out(o, ",\"code\":null}}");

    api->status = status;
    ngx_str_set(&api->type, "application/json");
}


static ngx_int_t
ngx_http_llm_cost_api_send(ngx_http_llm_cost_api_t *api)
{
    ngx_int_t                              rc;
    ngx_buf_t                             *b;
    ngx_chain_t                            out;
    ngx_table_elt_t                       *h;
    ngx_http_request_t                    *r;
    const ngx_http_llm_cost_api_header_t  *header;

    r = api->request;

    if (api->out.failed) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    for (header = ngx_http_llm_cost_api_headers; header->key.len; header++) {
        h = ngx_list_push(&r->headers_out.headers);
        if (h == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        ngx_memzero(h, sizeof(ngx_table_elt_t));
        h->hash = 1;
        h->key = header->key;
        h->value = header->value;
    }

    r->headers_out.status = api->status;
    r->headers_out.content_type = api->type;
    r->headers_out.content_type_len = api->type.len;
    r->headers_out.content_type_lowcase = NULL;
    r->headers_out.content_length_n = api->out.pos - api->out.start;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b->pos = api->out.start;
    b->last = api->out.pos;
    b->memory = (b->last != b->pos);
    b->last_buf = (r == r->main);
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}
