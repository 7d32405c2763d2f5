
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


/* llm_ledger_log file */

char *
ngx_http_llm_cost_conf_ledger_log(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_llm_cost_main_conf_t *lmcf = conf;

    ngx_str_t  *value;

    if (lmcf->ledger_log) {
        return "is duplicate";
    }

    value = cf->args->elts;

    /* what access_log takes, and would be the name of a file here */

    if (ngx_strcmp(value[1].data, "off") == 0
        || ngx_strncmp(value[1].data, "syslog:", 7) == 0
        || ngx_http_script_variables_count(&value[1]))
    {
        return ngx_http_llm_cost_conf_error(cf,
                   "\"%V\" is not a file, write the name of one, without "
                   "variables, or leave it out", &value[1]);
    }

    lmcf->ledger_log = ngx_conf_open_file(cf->cycle, &value[1]);

    return lmcf->ledger_log ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* llm_prices file */

char *
ngx_http_llm_cost_conf_prices(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_llm_cost_main_conf_t *lmcf = conf;

    ngx_str_t  *value, *file;

    value = cf->args->elts;

    file = ngx_array_push(&lmcf->price_files);
    if (file == NULL) {
        return NGX_CONF_ERROR;
    }

    *file = value[1];

    if (ngx_conf_full_name(cf->cycle, file, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/*
 * llm_price model name=value ...: kept as written, since base= may name a row
 * of a file that a later directive loads; _prices.c adds them in order.
 */

char *
ngx_http_llm_cost_conf_price(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_llm_cost_main_conf_t *lmcf = conf;

    ngx_http_llm_cost_price_row_t  *row;

    row = ngx_array_push(&lmcf->price_rows);
    if (row == NULL) {
        return NGX_CONF_ERROR;
    }

    row->args = ngx_pnalloc(cf->pool, cf->args->nelts * sizeof(ngx_str_t));
    if (row->args == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memcpy(row->args, cf->args->elts, cf->args->nelts * sizeof(ngx_str_t));

    row->nargs = cf->args->nelts;
    row->file_name = cf->conf_file->file.name.data;
    row->line = cf->conf_file->line;

    return NGX_CONF_OK;
}


/* llm_provider auto|dialect|vendor, who has paths of other dialects, too */

char *
ngx_http_llm_cost_conf_provider(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_llm_cost_loc_conf_t *llcf = conf;

    u_char               known[256], *p;
    llm_str_t            name;
    ngx_str_t           *value;
    ngx_uint_t           i;
    const llm_vendor_t  *v;

    if (llcf->provider != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "auto") == 0) {
        llcf->provider = NULL;
        llcf->vendor = NULL;
        return NGX_CONF_OK;
    }

    name = *(llm_str_t *) &value[1];
    v = llm_vendor_find(&name);

    llcf->vendor = NULL;

    /* of those that have a dialect of their name, some mainly speak another */

    if (v && ngx_strcmp(value[1].data, v->dialect) != 0) {
        name.data = (u_char *) v->dialect;
        name.len = ngx_strlen(v->dialect);

        llcf->vendor = v;
    }

    llcf->provider = llm_provider_find(&name);

    if (llcf->provider == NULL) {
        p = known;

        for (i = 0; llm_providers[i]; i++) {
            p = ngx_slprintf(p, known + sizeof(known), "\"%V\", ",
                             (ngx_str_t *) &llm_providers[i]->name);
        }

        return ngx_http_llm_cost_conf_error(cf, "unknown provider \"%V\", "
                   "known are \"auto\", %*s and vendors such as \"groq\" or "
                   "\"azure\"", &value[1], (size_t) (p - known - 2), known);
    }

    return NGX_CONF_OK;
}


/* llm_tag name value */

char *
ngx_http_llm_cost_conf_tag(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_llm_cost_loc_conf_t *llcf = conf;

    u_char                            ch;
    size_t                            i;
    ngx_str_t                        *value;
    ngx_http_llm_cost_tag_t          *tag;
    ngx_http_compile_complex_value_t  ccv;

    value = cf->args->elts;

    for (i = 0; i < value[1].len; i++) {
        ch = value[1].data[i];

        if (!(ch >= 'a' && ch <= 'z') && !(ch >= '0' && ch <= '9')
            && ch != '_')
        {
            i = 0;
            break;
        }
    }

    if (i == 0 || value[1].len > LLM_NAME_MAX) {
        return ngx_http_llm_cost_conf_error(cf,
                   "invalid tag name \"%V\", it must have 1 to %d of "
                   "a-z, 0-9 and _", &value[1], LLM_NAME_MAX);
    }

    if (llcf->tags == NULL) {
        llcf->tags = ngx_array_create(cf->pool, NGX_HTTP_LLM_COST_TAGS,
                                      sizeof(ngx_http_llm_cost_tag_t));
        if (llcf->tags == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    if (llcf->tags->nelts == NGX_HTTP_LLM_COST_TAGS) {
        return "is given more than 8 times";
    }

    tag = ngx_array_push(llcf->tags);
    if (tag == NULL) {
        return NGX_CONF_ERROR;
    }

    tag->name = value[1];

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = &value[2];
    ccv.complex_value = &tag->value;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* llm_reserve_output model|expected|N */

char *
ngx_http_llm_cost_conf_reserve_output(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_llm_cost_loc_conf_t *llcf = conf;

    ngx_int_t   n;
    ngx_str_t  *value;

    if (llcf->reserve_output != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "model") == 0) {
        llcf->reserve_output = 0;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[1].data, "expected") == 0) {
        llcf->reserve_output = NGX_HTTP_LLM_COST_OUTPUT_EXPECTED;
        return NGX_CONF_OK;
    }

    n = ngx_atoi(value[1].data, value[1].len);

    if (n < 1 || n > 100000000) {
        return ngx_http_llm_cost_conf_error(cf,
                   "invalid number of tokens \"%V\", it must be "
                   "\"model\", \"expected\" or 1 to 100000000",
                   &value[1]);
    }

    llcf->reserve_output = n;

    return NGX_CONF_OK;
}


/* llm_fit missing|on|off [min=N] */

char *
ngx_http_llm_cost_conf_fit(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_llm_cost_loc_conf_t *llcf = conf;

    ngx_int_t   n;
    ngx_str_t  *value;

    if (llcf->fit != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "missing") == 0) {
        llcf->fit = NGX_HTTP_LLM_COST_FIT_MISSING;

    } else if (ngx_strcmp(value[1].data, "on") == 0) {
        llcf->fit = NGX_HTTP_LLM_COST_FIT_ON;

    } else if (ngx_strcmp(value[1].data, "off") == 0) {
        llcf->fit = NGX_HTTP_LLM_COST_FIT_OFF;

    } else {
        return ngx_http_llm_cost_conf_error(cf,
                   "invalid value \"%V\", it must be \"missing\", "
                   "\"on\" or \"off\"", &value[1]);
    }

    if (cf->args->nelts == 2) {
        return NGX_CONF_OK;
    }

    n = NGX_ERROR;

    if (ngx_strncmp(value[2].data, "min=", 4) == 0) {
        n = ngx_atoi(value[2].data + 4, value[2].len - 4);
    }

    if (n < 1 || n > 1000000) {
        return ngx_http_llm_cost_conf_error(cf,
                   "invalid parameter \"%V\", it must be "
                   "\"min=N\" with 1 to 1000000 tokens", &value[2]);
    }

    llcf->fit_min = n;

    return NGX_CONF_OK;
}
