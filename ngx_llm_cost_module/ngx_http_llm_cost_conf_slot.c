
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


/*
 * nginx's own slots say of some values only that they are invalid: these say
 * of which directive, which value, and what to write instead.
 */


static char *ngx_http_llm_cost_conf_slot(ngx_conf_t *cf, char *rv,
    const char *examples);


/* "llm_fit: invalid value "x", write ... in FILE:LINE" */

char * ngx_cdecl
ngx_http_llm_cost_conf_error(ngx_conf_t *cf, const char *fmt, ...)
{
    u_char      buf[NGX_MAX_CONF_ERRSTR], *last;
    va_list     args;
    ngx_str_t  *value;

    va_start(args, fmt);
    last = ngx_vslprintf(buf, buf + sizeof(buf), fmt, args);
    va_end(args);

    value = cf->args->elts;

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%V: %*s", &value[0],
                       (size_t) (last - buf), buf);

    return NGX_CONF_ERROR;
}


char *
ngx_http_llm_cost_conf_size(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_http_llm_cost_conf_slot(cf,
               ngx_conf_set_size_slot(cf, cmd, conf),
               "a size such as \"64k\" or \"16m\"");
}


char *
ngx_http_llm_cost_conf_sec(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_http_llm_cost_conf_slot(cf,
               ngx_conf_set_sec_slot(cf, cmd, conf),
               "a time such as \"30s\", \"10m\" or \"1h\"");
}


char *
ngx_http_llm_cost_conf_msec(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_http_llm_cost_conf_slot(cf,
               ngx_conf_set_msec_slot(cf, cmd, conf),
               "a time such as \"500ms\", \"30s\" or \"10m\"");
}


static char *
ngx_http_llm_cost_conf_slot(ngx_conf_t *cf, char *rv, const char *examples)
{
    ngx_str_t  *value;

    if (rv == NGX_CONF_OK || rv == NGX_CONF_ERROR
        || ngx_strcmp(rv, "is duplicate") == 0)
    {
        return rv;
    }

    value = cf->args->elts;

    return ngx_http_llm_cost_conf_error(cf, "invalid value \"%V\", write %s",
                                        &value[1], examples);
}


char *
ngx_http_llm_cost_conf_enum(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    u_char            known[256], *p;
    ngx_str_t        *value;
    ngx_uint_t        i;
    ngx_conf_enum_t  *e;

    value = cf->args->elts;
    e = cmd->post;
    p = known;

    for (i = 0; e[i].name.len; i++) {

        if (e[i].name.len == value[1].len
            && ngx_strcasecmp(e[i].name.data, value[1].data) == 0)
        {
            return ngx_conf_set_enum_slot(cf, cmd, conf);
        }

        p = ngx_slprintf(p, known + sizeof(known), "%s\"%V\"",
                         i == 0 ? "" : e[i + 1].name.len ? ", " : " or ",
                         &e[i].name);
    }

    return ngx_http_llm_cost_conf_error(cf, "invalid value \"%V\", it must be "
                                        "%*s", &value[1], (size_t) (p - known),
                                        known);
}
