
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


/*
 * What is often written beside "llm_cost on" and does not go together with it
 * is warned about when nginx starts, once a location.
 *
 * The configuration of the proxy module is private.  What its directives have
 * set is found as nginx itself finds it: by the slot and the offset in the
 * module's table of directives.  A directive that is not there, or has a
 * handler of its own in this nginx, is not looked at.
 */


typedef char *(*ngx_http_llm_cost_slot_pt)(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);


typedef struct {
    void                      **loc_conf;       /* of all modules */
    ngx_http_core_loc_conf_t   *clcf;
} ngx_http_llm_cost_metered_t;


typedef struct {
    ngx_conf_t                 *cf;
    ngx_module_t               *proxy;
    void                       *conf;           /* the proxy's, of clcf */
    ngx_http_core_loc_conf_t   *clcf;
} ngx_http_llm_cost_check_t;


static void *ngx_http_llm_cost_proxy_value(ngx_http_llm_cost_check_t *c,
    const char *directive, ngx_http_llm_cost_slot_pt slot);
static ngx_uint_t ngx_http_llm_cost_proxy_off(ngx_http_llm_cost_check_t *c,
    const char *directive);
static void ngx_http_llm_cost_check_body(ngx_http_llm_cost_check_t *c);
static void ngx_http_llm_cost_check_encoding(ngx_http_llm_cost_check_t *c);
static void ngx_http_llm_cost_check_cache(ngx_http_llm_cost_check_t *c);
static void ngx_http_llm_cost_check_timeout(ngx_http_llm_cost_check_t *c);
static void ngx_http_llm_cost_check_warn(ngx_http_llm_cost_check_t *c,
    const char *text);


/* called while locations are merged: later they are hard to walk */

ngx_int_t
ngx_http_llm_cost_check_note(ngx_conf_t *cf)
{
    ngx_http_conf_ctx_t            *ctx;
    ngx_http_llm_cost_metered_t    *m;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    ctx = cf->ctx;
    lmcf = ctx->main_conf[ngx_http_llm_cost_module.ctx_index];

    m = ngx_array_push(&lmcf->metered);
    if (m == NULL) {
        return NGX_ERROR;
    }

    m->loc_conf = ctx->loc_conf;
    m->clcf = ctx->loc_conf[ngx_http_core_module.ctx_index];

    return NGX_OK;
}


ngx_int_t
ngx_http_llm_cost_check_init(ngx_conf_t *cf,
    ngx_http_llm_cost_main_conf_t *lmcf)
{
    return ngx_array_init(&lmcf->metered, cf->pool, 8,
                          sizeof(ngx_http_llm_cost_metered_t));
}


void
ngx_http_llm_cost_check(ngx_conf_t *cf, ngx_http_llm_cost_main_conf_t *lmcf)
{
    ngx_uint_t                    i;
    ngx_http_llm_cost_check_t     c;
    ngx_http_llm_cost_metered_t  *m;

    c.cf = cf;
    c.proxy = ngx_http_llm_cost_proxy(cf);

    if (c.proxy == NULL) {
        return;
    }

    m = lmcf->metered.elts;

    for (i = 0; i < lmcf->metered.nelts; i++) {
        c.clcf = m[i].clcf;
        c.conf = m[i].loc_conf[c.proxy->ctx_index];

        /* "if" and limit_except have the same as the location around them */

        if (c.conf == NULL || c.clcf->noname || c.clcf->handler == NULL) {
            continue;
        }

        ngx_http_llm_cost_check_body(&c);
        ngx_http_llm_cost_check_encoding(&c);
        ngx_http_llm_cost_check_cache(&c);
        ngx_http_llm_cost_check_timeout(&c);
    }
}


static void *
ngx_http_llm_cost_proxy_value(ngx_http_llm_cost_check_t *c,
    const char *directive, ngx_http_llm_cost_slot_pt slot)
{
    ngx_command_t  *cmd;

    cmd = c->proxy->commands;

    for ( /* void */ ; cmd && cmd->name.len; cmd++) {

        if (ngx_strcmp(cmd->name.data, directive) == 0) {
            return cmd->set == slot && cmd->conf == NGX_HTTP_LOC_CONF_OFFSET
                   ? (u_char *) c->conf + cmd->offset : NULL;
        }
    }

    return NULL;
}


static ngx_uint_t
ngx_http_llm_cost_proxy_off(ngx_http_llm_cost_check_t *c,
    const char *directive)
{
    ngx_flag_t  *flag;

    flag = ngx_http_llm_cost_proxy_value(c, directive, ngx_conf_set_flag_slot);

    return flag && *flag == 0;
}


static void
ngx_http_llm_cost_check_body(ngx_http_llm_cost_check_t *c)
{
    ngx_str_t  *body;

    body = ngx_http_llm_cost_proxy_value(c, "proxy_set_body",
                                         ngx_conf_set_str_slot);

    if (body && body->data) {
        ngx_http_llm_cost_check_warn(c, "\"proxy_set_body\" sends something "
            "else than what is counted and reserved, remove it");
    }

    if (ngx_http_llm_cost_proxy_off(c, "proxy_pass_request_body")) {
        ngx_http_llm_cost_check_warn(c, "\"proxy_pass_request_body off\" "
            "keeps back the request that is counted, remove it");
    }

    if (ngx_http_llm_cost_proxy_off(c, "proxy_request_buffering")) {
        ngx_http_llm_cost_check_warn(c, "\"proxy_request_buffering off\" has "
            "no effect, since a request is read whole before it is admitted, "
            "remove it");
    }
}


/* what nginx asks for itself goes past the list that we have shortened */

static void
ngx_http_llm_cost_check_encoding(ngx_http_llm_cost_check_t *c)
{
    ngx_str_t      *value;
    ngx_uint_t      i;
    ngx_array_t   **headers;
    ngx_keyval_t   *h;

    headers = ngx_http_llm_cost_proxy_value(c, "proxy_set_header",
                                            ngx_conf_set_keyval_slot);

    if (headers == NULL || *headers == NULL
        || *headers == NGX_CONF_UNSET_PTR)
    {
        return;
    }

    h = (*headers)->elts;

    for (i = 0; i < (*headers)->nelts; i++) {
        value = &h[i].value;

        if (h[i].key.len != sizeof("Accept-Encoding") - 1
            || ngx_strcasecmp(h[i].key.data, (u_char *) "Accept-Encoding")
               != 0
            || value->len == 0
            || ngx_strlchr(value->data, value->data + value->len, '$'))
        {
            continue;
        }

        if (ngx_strcasecmp(value->data, (u_char *) "gzip") != 0
            && ngx_strcasecmp(value->data, (u_char *) "identity") != 0)
        {
            ngx_http_llm_cost_check_warn(c, "\"proxy_set_header "
                "Accept-Encoding\" asks for answers that cannot be read here "
                "and are billed as reserved, write \"gzip\" or \"\"");
        }
    }
}


/*
 * Its answers are free, and its key knows nothing of a body unless it is told:
 * by default it holds no answers to POST.
 */

static void
ngx_http_llm_cost_check_cache(ngx_http_llm_cost_check_t *c)
{
#if (NGX_HTTP_CACHE)

    ngx_uint_t                *methods;
    ngx_http_upstream_conf_t  *ucf;

    methods = ngx_http_llm_cost_proxy_value(c, "proxy_cache_methods",
                                            ngx_conf_set_bitmask_slot);
    ucf = c->conf;

    /* the upstream is its first member exactly if its parts are in place */

    if (methods == NULL || methods != &ucf->cache_methods
        || !(*methods & NGX_HTTP_POST)
        || (ucf->cache_zone == NULL && ucf->cache_value == NULL))
    {
        return;
    }

    if (ucf->cache_background_update) {
        ngx_http_llm_cost_check_warn(c, "\"proxy_cache_background_update\" "
            "asks upstream for what is counted nowhere: write \"llm_cache "
            "on\" instead of \"proxy_cache\"");
        return;
    }

    ngx_http_llm_cost_check_warn(c, "\"proxy_cache\" answers POST requests "
        "by their address, whatever they ask: write \"llm_cache on\" instead");

#endif
}


static void
ngx_http_llm_cost_check_timeout(ngx_http_llm_cost_check_t *c)
{
    ngx_msec_t  *timeout;

    timeout = ngx_http_llm_cost_proxy_value(c, "proxy_read_timeout",
                                            ngx_conf_set_msec_slot);

    if (timeout && *timeout < 60000) {
        ngx_http_llm_cost_check_warn(c, "\"proxy_read_timeout\" is below 60s: "
            "an answer that takes longer to begin is lost, and billed all the "
            "same, write \"600s\"");
    }
}


static void
ngx_http_llm_cost_check_warn(ngx_http_llm_cost_check_t *c, const char *text)
{
    ngx_log_error(NGX_LOG_WARN, c->cf->log, 0,
                  "llm_cost in location \"%V\": %s", &c->clcf->name, text);
}
