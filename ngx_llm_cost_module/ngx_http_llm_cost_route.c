
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"
#include "llm_vendor.h"


/*
 * Before the body: whose dialect a request is in, which of its paths it asks
 * for, and who sends the bill.
 *
 * Most requests ask for few paths of few upstreams, and finding out takes
 * longer than all else that is done before the body: a worker remembers what
 * it found, and which headers were looked at for it.
 */


#define NGX_HTTP_LLM_COST_ROUTES        64
#define NGX_HTTP_LLM_COST_ROUTE_PATH    104     /* bytes of a path */
#define NGX_HTTP_LLM_COST_ROUTE_ASKED   4       /* headers */
#define NGX_HTTP_LLM_COST_ROUTE_VALUE   24      /* bytes of one */
#define NGX_HTTP_LLM_COST_TARGETS       32


/* a header that a dialect has asked for, and what it was told */

typedef struct {
    const char             *name;
    size_t                  name_len;
    size_t                  len;                /* 0: there is none */
    u_char                  value[NGX_HTTP_LLM_COST_ROUTE_VALUE];
} ngx_http_llm_cost_asked_t;


typedef struct {
    const llm_provider_t   *conf;               /* of llm_provider, or NULL */
    const llm_vendor_t     *vendor;
    ngx_uint_t              method;
    const llm_provider_t   *provider;           /* NULL: nothing yet */
    llm_path_e              what;
    llm_route_t             route;              /* its texts are in path */
    ngx_uint_t              nasked;
    ngx_http_llm_cost_asked_t  asked[NGX_HTTP_LLM_COST_ROUTE_ASKED];
    size_t                  len;
    u_char                  path[NGX_HTTP_LLM_COST_ROUTE_PATH];
} ngx_http_llm_cost_route_t;


static llm_path_e ngx_http_llm_cost_route_find(
    const ngx_http_llm_cost_loc_conf_t *llcf, const llm_provider_t **provider,
    llm_route_t *route);
static ngx_http_llm_cost_route_t *ngx_http_llm_cost_route_known(
    ngx_http_request_t *r, const ngx_http_llm_cost_loc_conf_t *llcf,
    ngx_uint_t *same);
static void ngx_http_llm_cost_route_recall(
    const ngx_http_llm_cost_route_t *k, const llm_provider_t **provider,
    llm_route_t *route);
static void ngx_http_llm_cost_route_learn(ngx_http_request_t *r,
    const ngx_http_llm_cost_loc_conf_t *llcf, ngx_http_llm_cost_route_t *k,
    const llm_provider_t *provider, llm_path_e what, const llm_route_t *route);
static void ngx_http_llm_cost_route_move(llm_str_t *s, const u_char *from,
    size_t len, u_char *to);
static const llm_str_t *ngx_http_llm_cost_route_ask(void *ctx,
    const char *name);
static const llm_str_t *ngx_http_llm_cost_route_header(void *ctx,
    const char *name);
static ngx_uint_t ngx_http_llm_cost_dotted(ngx_str_t *uri);
static ngx_str_t *ngx_http_llm_cost_upstream_host(
    ngx_http_upstream_srv_conf_t *uscf, ngx_uint_t i);


/* where the proxy module keeps its configuration; unset: there is none */

static ngx_uint_t  ngx_http_llm_cost_proxy_index = NGX_CONF_UNSET_UINT;

/* of this worker */

static ngx_http_llm_cost_route_t   ngx_http_llm_cost_routes[
                                                  NGX_HTTP_LLM_COST_ROUTES];
static ngx_http_llm_cost_target_t  ngx_http_llm_cost_targets[
                                                  NGX_HTTP_LLM_COST_TARGETS];

/* what is asked while a path is looked for */

static ngx_http_llm_cost_asked_t   ngx_http_llm_cost_route_asked[
                                              NGX_HTTP_LLM_COST_ROUTE_ASKED];
static ngx_uint_t                  ngx_http_llm_cost_route_nasked;


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
    ngx_uint_t                  same;
    llm_path_e                  path;
    ngx_http_llm_cost_route_t  *k;

    ngx_memzero(route, sizeof(llm_route_t));

    route->method.len = r->method_name.len;
    route->method.data = r->method_name.data;
    route->path.len = r->uri.len;
    route->path.data = r->uri.data;
    route->args.len = r->args.len;
    route->args.data = r->args.data;
    route->headers.get = ngx_http_llm_cost_route_ask;
    route->headers.ctx = r;
    route->kind = LLM_KIND_OTHER;

    *provider = llcf->provider ? llcf->provider : &llm_openai;

    if (r->valid_unparsed_uri && ngx_http_llm_cost_dotted(&r->unparsed_uri)) {
        route->headers.get = ngx_http_llm_cost_route_header;
        return LLM_PATH_UNKNOWN;
    }

    k = ngx_http_llm_cost_route_known(r, llcf, &same);

    if (same) {
        ngx_http_llm_cost_route_recall(k, provider, route);
        path = k->what;

    } else {
        ngx_http_llm_cost_route_nasked = 0;

        path = ngx_http_llm_cost_route_find(llcf, provider, route);

        if (k) {
            ngx_http_llm_cost_route_learn(r, llcf, k, *provider, path, route);
        }
    }

    route->headers.get = ngx_http_llm_cost_route_header;

    return path;
}


static llm_path_e
ngx_http_llm_cost_route_find(const ngx_http_llm_cost_loc_conf_t *llcf,
    const llm_provider_t **provider, llm_route_t *route)
{
    ngx_uint_t  i;
    llm_path_e  path;

    /* a vendor may have paths of other dialects than it mainly speaks */

    if (llcf->provider && llcf->vendor == NULL) {
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


/*
 * The place of this path; same: it is the one that is there.  NULL: it is not
 * remembered.  Arguments are no part of it, no dialect looks at them here.
 */

static ngx_http_llm_cost_route_t *
ngx_http_llm_cost_route_known(ngx_http_request_t *r,
    const ngx_http_llm_cost_loc_conf_t *llcf, ngx_uint_t *same)
{
    ngx_str_t                  *value;
    ngx_uint_t                  i;
    ngx_http_llm_cost_asked_t  *a;
    ngx_http_llm_cost_route_t  *k;

    *same = 0;

    /* a method that nginx does not know is a text, not a bit */

    if (r->uri.len > NGX_HTTP_LLM_COST_ROUTE_PATH
        || r->method == NGX_HTTP_UNKNOWN)
    {
        return NULL;
    }

    k = &ngx_http_llm_cost_routes[ngx_murmur_hash2(r->uri.data, r->uri.len)
                                  % NGX_HTTP_LLM_COST_ROUTES];

    if (k->provider == NULL || k->conf != llcf->provider
        || k->vendor != llcf->vendor
        || k->method != r->method || k->len != r->uri.len
        || ngx_memcmp(k->path, r->uri.data, k->len) != 0)
    {
        return k;
    }

    for (i = 0; i < k->nasked; i++) {
        a = &k->asked[i];

        value = ngx_http_llm_cost_find_header(r, a->name, a->name_len);

        if (a->len != (value ? value->len : 0)
            || (a->len && ngx_memcmp(a->value, value->data, a->len) != 0))
        {
            return k;
        }
    }

    *same = 1;

    return k;
}


static void
ngx_http_llm_cost_route_recall(const ngx_http_llm_cost_route_t *k,
    const llm_provider_t **provider, llm_route_t *route)
{
    *provider = k->provider;

    route->kind = k->route.kind;
    route->op = k->route.op;
    route->raw = k->route.raw;
    route->step = k->route.step;
    route->model = k->route.model;
    route->vendor = k->route.vendor;
    route->object = k->route.object;

    ngx_http_llm_cost_route_move(&route->model, k->path, k->len,
                                 route->path.data);
    ngx_http_llm_cost_route_move(&route->object, k->path, k->len,
                                 route->path.data);
}


static void
ngx_http_llm_cost_route_learn(ngx_http_request_t *r,
    const ngx_http_llm_cost_loc_conf_t *llcf, ngx_http_llm_cost_route_t *k,
    const llm_provider_t *provider, llm_path_e what, const llm_route_t *route)
{
    if (ngx_http_llm_cost_route_nasked > NGX_HTTP_LLM_COST_ROUTE_ASKED) {
        return;
    }

    k->conf = llcf->provider;
    k->vendor = llcf->vendor;
    k->method = r->method;
    k->provider = provider;
    k->what = what;
    k->route = *route;

    k->nasked = ngx_http_llm_cost_route_nasked;
    ngx_memcpy(k->asked, ngx_http_llm_cost_route_asked, sizeof(k->asked));

    k->len = r->uri.len;
    ngx_memcpy(k->path, r->uri.data, k->len);

    ngx_http_llm_cost_route_move(&k->route.model, r->uri.data, k->len,
                                 k->path);
    ngx_http_llm_cost_route_move(&k->route.object, r->uri.data, k->len,
                                 k->path);
}


/* a part of one path becomes the same part of its copy */

static void
ngx_http_llm_cost_route_move(llm_str_t *s, const u_char *from, size_t len,
    u_char *to)
{
    if (s->len && s->data >= from && s->data < from + len) {
        s->data = to + (s->data - from);
    }
}


/* by a dialect that looks for its path */

static const llm_str_t *
ngx_http_llm_cost_route_ask(void *ctx, const char *name)
{
    const llm_str_t            *value;
    ngx_http_llm_cost_asked_t  *a;

    value = ngx_http_llm_cost_route_header(ctx, name);

    if (ngx_http_llm_cost_route_nasked >= NGX_HTTP_LLM_COST_ROUTE_ASKED
        || (value && value->len > NGX_HTTP_LLM_COST_ROUTE_VALUE))
    {
        ngx_http_llm_cost_route_nasked = NGX_HTTP_LLM_COST_ROUTE_ASKED + 1;
        return value;
    }

    a = &ngx_http_llm_cost_route_asked[ngx_http_llm_cost_route_nasked++];

    a->name = name;
    a->name_len = ngx_strlen(name);
    a->len = value ? value->len : 0;

    if (value) {
        ngx_memcpy(a->value, value->data, value->len);
    }

    return value;
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
    const ngx_http_llm_cost_target_t  *t;

    if (route->vendor.len) {
        *vendor = route->vendor;
        return;
    }

    if (llcf->vendor) {
        *vendor = llcf->vendor->name;
        return;
    }

    t = ngx_http_llm_cost_target(r);

    *vendor = t->vendor ? t->vendor->name : provider->name;
}


/* what the names of its hosts say of where a request goes */

const ngx_http_llm_cost_target_t *
ngx_http_llm_cost_target(ngx_http_request_t *r)
{
    ngx_str_t                     *host;
    ngx_uint_t                     i;
    ngx_http_upstream_conf_t      *ucf;
    ngx_http_llm_cost_target_t    *t;
    ngx_http_upstream_srv_conf_t  *uscf;

    static ngx_http_llm_cost_target_t  nowhere;

    /* it is the first member there, as in every module with an upstream */

    ucf = ngx_http_llm_cost_proxy_index != NGX_CONF_UNSET_UINT
          ? r->loc_conf[ngx_http_llm_cost_proxy_index] : NULL;
    uscf = ucf ? ucf->upstream : NULL;

    if (uscf == NULL) {
        return &nowhere;
    }

    t = &ngx_http_llm_cost_targets[((uintptr_t) uscf >> 6)
                                   % NGX_HTTP_LLM_COST_TARGETS];

    /* addresses are of one cycle, and a worker of one process may see two */

    if (t->upstream == uscf && t->cycle == ngx_cycle) {
        return t;
    }

    ngx_memzero(t, sizeof(ngx_http_llm_cost_target_t));

    t->cycle = (const void *) ngx_cycle;
    t->upstream = uscf;

    for (i = 0; /* void */ ; i++) {

        host = ngx_http_llm_cost_upstream_host(uscf, i);
        if (host == NULL) {
            break;
        }

        if (t->vendor == NULL) {
            t->vendor = llm_vendor_of_host((llm_str_t *) host);
        }

        if (t->region.len == 0) {
            t->geo = llm_vendor_region_of_host((llm_str_t *) host,
                                               &t->region);
        }
    }

    return t;
}


/*
 * What proxy_pass names, then the first server of an upstream of that name.  A
 * host that is only known at run time is not known here.
 */

static ngx_str_t *
ngx_http_llm_cost_upstream_host(ngx_http_upstream_srv_conf_t *uscf,
    ngx_uint_t i)
{
    ngx_http_upstream_server_t  *server;

    if (i == 0) {
        return &uscf->host;
    }

    if (i > 1 || uscf->servers == NULL || uscf->servers->nelts == 0) {
        return NULL;
    }

    server = uscf->servers->elts;

    return &server[0].name;
}
