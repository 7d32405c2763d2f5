
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"
#include "llm_vendor.h"


/*
 * Before the body: whose dialect a request is in, which of its paths it asks
 * for, and who sends the bill.
 */


static const llm_str_t *ngx_http_llm_cost_route_header(void *ctx,
    const char *name);
static ngx_uint_t ngx_http_llm_cost_dotted(ngx_str_t *uri);


/* where the proxy module keeps its configuration; unset: there is none */

static ngx_uint_t  ngx_http_llm_cost_proxy_index = NGX_CONF_UNSET_UINT;


ngx_int_t
ngx_http_llm_cost_route_init(ngx_conf_t *cf)
{
    ngx_module_t  *m;

    m = ngx_http_llm_cost_proxy(cf);

    ngx_http_llm_cost_proxy_index = m ? m->ctx_index : NGX_CONF_UNSET_UINT;

    return NGX_OK;
}


/* by its name: it may be built into nginx, or not be there */

ngx_module_t *
ngx_http_llm_cost_proxy(ngx_conf_t *cf)
{
    ngx_uint_t     i;
    ngx_module_t  *m;

    for (i = 0; cf->cycle->modules[i]; i++) {
        m = cf->cycle->modules[i];

        if (m->type == NGX_HTTP_MODULE
            && ngx_strcmp(m->name, "ngx_http_proxy_module") == 0)
        {
            return m;
        }
    }

    return NULL;
}


/* unknown paths are answered in the dialect that most speak */

llm_path_e
ngx_http_llm_cost_route(ngx_http_request_t *r,
    const ngx_http_llm_cost_loc_conf_t *llcf, const llm_provider_t **provider,
    llm_route_t *route)
{
    ngx_uint_t  i;
    llm_path_e  path;

    ngx_memzero(route, sizeof(llm_route_t));

    route->method.len = r->method_name.len;
    route->method.data = r->method_name.data;
    route->path.len = r->uri.len;
    route->path.data = r->uri.data;
    route->args.len = r->args.len;
    route->args.data = r->args.data;
    route->headers.get = ngx_http_llm_cost_route_header;
    route->headers.ctx = r;
    route->kind = LLM_KIND_OTHER;

    *provider = llcf->provider ? llcf->provider : &llm_openai;

    if (r->valid_unparsed_uri && ngx_http_llm_cost_dotted(&r->unparsed_uri)) {
        return LLM_PATH_UNKNOWN;
    }

    if (llcf->provider) {
        return llcf->provider->path(route);
    }

    for (i = 0; llm_providers[i]; i++) {
        path = llm_providers[i]->path(route);

        if (path != LLM_PATH_UNKNOWN) {
            *provider = llm_providers[i];
            return path;
        }
    }

    return LLM_PATH_UNKNOWN;
}


static const llm_str_t *
ngx_http_llm_cost_route_header(void *ctx, const char *name)
{
    return (const llm_str_t *) ngx_http_llm_cost_find_header(ctx, name,
                                                          ngx_strlen(name));
}


/*
 * Upstream gets the path as the client has written it.  One that nginx and
 * upstream may resolve to different things ("..", coded or not) could be
 * charged as one and served as the other.
 */

static ngx_uint_t
ngx_http_llm_cost_dotted(ngx_str_t *uri)
{
    u_char      *p, *last, c;
    ngx_uint_t   dots, other;

    dots = 0;
    other = 1;
    last = uri->data + uri->len;

    for (p = uri->data; p < last && *p != '?' && *p != '#'; p++) {
        c = *p;

        if (c == '%' && last - p > 2 && p[1] == '2') {

            switch (p[2] | 0x20) {

            case 'e':
                c = '.';
                p += 2;
                break;

            case 'f':
                c = '/';
                p += 2;
                break;
            }
        }

        if (c == '/') {

            if (dots && !other) {
                return 1;
            }

            dots = 0;
            other = 0;

        } else if (c == '.') {
            dots++;

        } else {
            other = 1;
        }
    }

    return dots && !other;
}


/*
 * The vendor by the host that requests go to, by what the path says, or by the
 * dialect.  llm_provider may have named one.
 */

void
ngx_http_llm_cost_vendor(ngx_http_request_t *r,
    const ngx_http_llm_cost_loc_conf_t *llcf, const llm_provider_t *provider,
    const llm_route_t *route, llm_str_t *vendor)
{
    ngx_str_t           *host;
    ngx_uint_t           i;
    const llm_vendor_t  *v;

    if (route->vendor.len) {
        *vendor = route->vendor;
        return;
    }

    if (llcf->vendor) {
        *vendor = llcf->vendor->name;
        return;
    }

    for (i = 0; /* void */ ; i++) {

        host = ngx_http_llm_cost_upstream_host(r, i);
        if (host == NULL) {
            break;
        }

        v = llm_vendor_of_host((llm_str_t *) host);
        if (v) {
            *vendor = v->name;
            return;
        }
    }

    *vendor = provider->name;
}


/*
 * What proxy_pass names, then the first server of an upstream of that name.  A
 * host that is only known at run time is not known here.
 */

ngx_str_t *
ngx_http_llm_cost_upstream_host(ngx_http_request_t *r, ngx_uint_t i)
{
    ngx_http_upstream_conf_t      *ucf;
    ngx_http_upstream_server_t    *server;
    ngx_http_upstream_srv_conf_t  *uscf;

    if (ngx_http_llm_cost_proxy_index == NGX_CONF_UNSET_UINT || i > 1) {
        return NULL;
    }

    /* it is the first member there, as in every module with an upstream */

    ucf = r->loc_conf[ngx_http_llm_cost_proxy_index];
    uscf = ucf ? ucf->upstream : NULL;

    if (uscf == NULL) {
        return NULL;
    }

    if (i == 0) {
        return &uscf->host;
    }

    if (uscf->servers == NULL || uscf->servers->nelts == 0) {
        return NULL;
    }

    server = uscf->servers->elts;

    return &server[0].name;
}
