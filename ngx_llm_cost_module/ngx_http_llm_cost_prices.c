
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


/*
 * The price table, made once per configuration: the shipped map, then the files
 * of llm_prices, then the rows of llm_price, each in its order.
 */


#define NGX_HTTP_LLM_COST_PRICES_MAX  (64 * 1024 * 1024)


static llm_prices_t *ngx_http_llm_cost_prices_create(ngx_conf_t *cf);
static ngx_int_t ngx_http_llm_cost_add_prices(ngx_conf_t *cf,
    ngx_http_llm_cost_main_conf_t *lmcf);
static ngx_int_t ngx_http_llm_cost_load_prices(ngx_conf_t *cf,
    llm_prices_t *prices, ngx_str_t *file);
static void ngx_http_llm_cost_unread_prices(ngx_conf_t *cf,
    llm_prices_t *prices, ngx_str_t *file);
static u_char *ngx_http_llm_cost_read_file(ngx_conf_t *cf, ngx_str_t *file,
    size_t *len);
static u_char *ngx_http_llm_cost_read_all(ngx_conf_t *cf, ngx_file_t *f,
    size_t *len);
static void ngx_http_llm_cost_prices_cleanup(void *data);


ngx_int_t
ngx_http_llm_cost_init_prices(ngx_conf_t *cf,
    ngx_http_llm_cost_main_conf_t *lmcf)
{
    ngx_str_t   shipped, *file;
    ngx_uint_t  i;

    lmcf->prices = ngx_http_llm_cost_prices_create(cf);
    if (lmcf->prices == NULL) {
        return NGX_ERROR;
    }

    shipped.len = lmcf->data_path.len + sizeof("/prices/prices.json") - 1;
    shipped.data = ngx_pnalloc(cf->pool, shipped.len + 1);
    if (shipped.data == NULL) {
        return NGX_ERROR;
    }

    ngx_sprintf(shipped.data, "%V/prices/prices.json%Z", &lmcf->data_path);

    if (ngx_http_llm_cost_load_prices(cf, lmcf->prices, &shipped) != NGX_OK) {
        return NGX_ERROR;
    }

    file = lmcf->price_files.elts;

    for (i = 0; i < lmcf->price_files.nelts; i++) {
        if (ngx_http_llm_cost_load_prices(cf, lmcf->prices, &file[i])
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return ngx_http_llm_cost_add_prices(cf, lmcf);
}


static llm_prices_t *
ngx_http_llm_cost_prices_create(ngx_conf_t *cf)
{
    llm_mem_t           *mem;
    llm_prices_t        *prices;
    ngx_pool_cleanup_t  *cln;

    mem = ngx_palloc(cf->pool, sizeof(llm_mem_t));
    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (mem == NULL || cln == NULL) {
        return NULL;
    }

    mem->alloc = ngx_http_llm_cost_pool_alloc;
    mem->ctx = cf->pool;

    prices = llm_prices_create(mem);

    if (prices) {
        cln->handler = ngx_http_llm_cost_prices_cleanup;
        cln->data = prices;
    }

    return prices;
}


static ngx_int_t
ngx_http_llm_cost_add_prices(ngx_conf_t *cf,
    ngx_http_llm_cost_main_conf_t *lmcf)
{
    char                            err[NGX_MAX_CONF_ERRSTR];
    ngx_uint_t                      i;
    ngx_http_llm_cost_price_row_t  *row;

    row = lmcf->price_rows.elts;

    for (i = 0; i < lmcf->price_rows.nelts; i++) {

        if (llm_prices_add(lmcf->prices, (llm_str_t *) &row[i].args[1],
                           (llm_str_t *) &row[i].args[2], row[i].nargs - 2,
                           err, sizeof(err))
            != LLM_OK)
        {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "llm_price \"%V\": %s, write for example \"base="
                          "gpt-4o-mini\" or \"input=2.50 output=10\" (USD per "
                          "million tokens, docs/prices.md) in %s:%ui",
                          &row[i].args[1], err, row[i].file_name,
                          row[i].line);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_llm_cost_load_prices(ngx_conf_t *cf, llm_prices_t *prices,
    ngx_str_t *file)
{
    char     err[NGX_MAX_CONF_ERRSTR];
    size_t   len;
    u_char  *text;

    text = ngx_http_llm_cost_read_file(cf, file, &len);
    if (text == NULL) {
        return NGX_ERROR;
    }

    if (llm_prices_load(prices, text, len, err, sizeof(err)) != LLM_OK) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "llm_prices: price file "
                      "\"%V\": %s, docs/prices.md has its form", file, err);
        return NGX_ERROR;
    }

    ngx_http_llm_cost_unread_prices(cf, prices, file);

    return NGX_OK;
}


/* money that is not charged, and that a newer reader might know of */

static void
ngx_http_llm_cost_unread_prices(ngx_conf_t *cf, llm_prices_t *prices,
    ngx_str_t *file)
{
    char        names[LLM_PRICE_UNREAD_LEN];
    ngx_uint_t  n;

    n = llm_prices_unread(prices, names);

    if (n) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0, "llm_prices: price file "
                      "\"%V\" lists %ui prices that are not understood and "
                      "not charged, under %s", file, n, names);
    }
}


static u_char *
ngx_http_llm_cost_read_file(ngx_conf_t *cf, ngx_str_t *file, size_t *len)
{
    u_char      *text;
    ngx_file_t   f;

    ngx_memzero(&f, sizeof(ngx_file_t));

    f.name = *file;
    f.log = cf->log;
    f.fd = ngx_open_file(file->data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (f.fd == NGX_INVALID_FILE) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, ngx_errno,
                      "llm_prices: price file: " ngx_open_file_n " \"%V\" "
                      "failed, llm_prices and llm_data_path say where it is",
                      file);
        return NULL;
    }

    text = ngx_http_llm_cost_read_all(cf, &f, len);

    if (ngx_close_file(f.fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, cf->log, ngx_errno,
                      ngx_close_file_n " \"%V\" failed", file);
    }

    return text;
}


static u_char *
ngx_http_llm_cost_read_all(ngx_conf_t *cf, ngx_file_t *f, size_t *len)
{
    off_t             size;
    u_char           *text;
    ssize_t           n;
    ngx_file_info_t   fi;

    if (ngx_fd_info(f->fd, &fi) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, ngx_errno,
                      "llm_prices: " ngx_fd_info_n " \"%V\" failed", &f->name);
        return NULL;
    }

    size = ngx_file_size(&fi);

    if (!ngx_is_file(&fi) || size > NGX_HTTP_LLM_COST_PRICES_MAX) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "llm_prices: \"%V\" is no regular file or larger than "
                      "%d bytes", &f->name, NGX_HTTP_LLM_COST_PRICES_MAX);
        return NULL;
    }

    text = ngx_pnalloc(cf->pool, (size_t) size + 1);
    if (text == NULL) {
        return NULL;
    }

    n = ngx_read_file(f, text, (size_t) size, 0);

    if (n != size) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "llm_prices: \"%V\" could not be read whole", &f->name);
        return NULL;
    }

    *len = (size_t) n;

    return text;
}


static void
ngx_http_llm_cost_prices_cleanup(void *data)
{
    llm_prices_destroy(data);
}
