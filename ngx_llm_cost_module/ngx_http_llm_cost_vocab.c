
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


/*
 * The vocabularies, opened once per configuration, and which of them counts
 * for a model.
 */


#define NGX_HTTP_LLM_COST_COUNTED     64
#define NGX_HTTP_LLM_COST_NAME        96


/* which vocabulary counts for a model, as it was found the last time */

typedef struct {
    const llm_price_t  *price;
    ngx_uint_t          vocab;
    unsigned            estimate:1;
    size_t              len;                        /* 0: an empty place */
    u_char              name[NGX_HTTP_LLM_COST_NAME];
} ngx_http_llm_cost_counted_t;


static ngx_int_t ngx_http_llm_cost_open_vocab(ngx_conf_t *cf,
    ngx_http_llm_cost_main_conf_t *lmcf, ngx_str_t *name, ngx_uint_t needed);
static ngx_uint_t ngx_http_llm_cost_vocab_seen(ngx_uint_t row,
    const char *vocab);
static void ngx_http_llm_cost_vocab_cleanup(void *data);
static ngx_uint_t ngx_http_llm_cost_vocab_index(
    ngx_http_llm_cost_main_conf_t *lmcf, const ngx_str_t *name);
static void ngx_http_llm_cost_find_vocab(ngx_http_llm_cost_main_conf_t *lmcf,
    const ngx_str_t *model, const llm_price_t *price,
    ngx_http_llm_cost_counted_t *counted);
static ngx_int_t ngx_http_llm_cost_use_vocab(
    ngx_http_llm_cost_main_conf_t *lmcf, ngx_uint_t n, llm_counter_t *c);


/*
 * Scratch memory of the tokenizer: one for each vocabulary that the worker has
 * used, since a scratch forgets what it has learned when it changes between
 * vocabularies.  A worker is one thread, and counting never yields.
 */

static llm_scratch_t  **ngx_http_llm_cost_scratches;

/*
 * Models that this worker has counted for, since expressions over a name take
 * longer than its text may.  A place is the last one's that has come to it.
 */

static ngx_http_llm_cost_counted_t  *ngx_http_llm_cost_counted;


/*
 * Vocabularies are opened when nginx reads its configuration, or not at all.
 * NGX_DECLINED if one cannot be used and is not needed.
 */

static ngx_int_t
ngx_http_llm_cost_open_vocab(ngx_conf_t *cf,
    ngx_http_llm_cost_main_conf_t *lmcf, ngx_str_t *name, ngx_uint_t needed)
{
    char                        err[NGX_MAX_CONF_ERRSTR];
    u_char                     *path;
    ngx_file_info_t             fi;
    ngx_pool_cleanup_t         *cln;
    ngx_http_llm_cost_vocab_t  *v;

    if (ngx_http_llm_cost_vocab_index(lmcf, name) < lmcf->vocabs.nelts) {
        return NGX_OK;
    }

    path = ngx_pnalloc(cf->pool, lmcf->data_path.len + name->len
                                 + sizeof("/vocab/.llmv"));
    cln = ngx_pool_cleanup_add(cf->pool, 0);
    v = ngx_array_push(&lmcf->vocabs);

    if (path == NULL || cln == NULL || v == NULL) {
        return NGX_ERROR;
    }

    ngx_sprintf(path, "%V/vocab/%V.llmv%Z", &lmcf->data_path, name);

    if (!needed && ngx_file_info(path, &fi) == NGX_FILE_ERROR
        && ngx_errno == NGX_ENOENT)
    {
        lmcf->vocabs.nelts--;
        return NGX_DECLINED;
    }

    v->name = *name;

    if (llm_vocab_open(&v->vocab, (char *) path, err, sizeof(err)) != 0) {
        ngx_log_error((needed ? NGX_LOG_EMERG : NGX_LOG_WARN), cf->log, 0,
                      "llm_tokenizer: vocabulary \"%V\": %s; \"llm-tokens "
                      "--list\" shows which are there, and llm_data_path "
                      "says where", name, err);
        lmcf->vocabs.nelts--;
        return needed ? NGX_ERROR : NGX_DECLINED;
    }

    cln->handler = ngx_http_llm_cost_vocab_cleanup;
    cln->data = v->vocab;

    return NGX_OK;
}


static void
ngx_http_llm_cost_vocab_cleanup(void *data)
{
    llm_vocab_close(data);
}


/*
 * Those that must be there, those configured, and whatever else of the table of
 * well-known models is there.  All of them are opened at once: it is a mapping
 * and a look at each page, about a millisecond for 10 MB, the pages are those
 * of the page cache, which all processes share, and a worker may not be allowed
 * to read the files.  One that cannot be used and that nobody named is no
 * reason not to start: its models are then counted as an estimate.
 */

ngx_int_t
ngx_http_llm_cost_init_vocabs(ngx_conf_t *cf,
    ngx_http_llm_cost_main_conf_t *lmcf)
{
    int                             estimate;
    ngx_str_t                       name;
    ngx_uint_t                      i;
    const char                     *known;
    ngx_http_llm_cost_tokenizer_t  *t;
    static ngx_str_t                names[] = {
        ngx_string("o200k_base"),
        ngx_string("cl100k_base")
    };

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (ngx_http_llm_cost_open_vocab(cf, lmcf, &names[i], 1) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    t = lmcf->tokenizers.elts;

    for (i = 0; i < lmcf->tokenizers.nelts; i++) {
        if (ngx_http_llm_cost_open_vocab(cf, lmcf, &t[i].vocab_name, 1)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    for (i = 0; llm_model_row(i, &known, &estimate); i++) {

        if (ngx_http_llm_cost_vocab_seen(i, known)) {
            continue;
        }

        name.data = (u_char *) known;
        name.len = ngx_strlen(known);

        if (ngx_http_llm_cost_open_vocab(cf, lmcf, &name, 0) == NGX_ERROR) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* an earlier row names it: one that cannot be opened is warned about once */

static ngx_uint_t
ngx_http_llm_cost_vocab_seen(ngx_uint_t row, const char *vocab)
{
    int          estimate;
    ngx_uint_t   i;
    const char  *earlier;

    for (i = 0; i < row; i++) {
        if (llm_model_row(i, &earlier, &estimate)
            && ngx_strcmp(earlier, vocab) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* llm_tokenizer pattern vocabulary */

char *
ngx_http_llm_cost_conf_tokenizer(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_llm_cost_main_conf_t *lmcf = conf;

    u_char                          errstr[NGX_MAX_CONF_ERRSTR];
    ngx_str_t                      *value;
    ngx_regex_compile_t             rc;
    ngx_http_llm_cost_tokenizer_t  *t;

    value = cf->args->elts;

    t = ngx_array_push(&lmcf->tokenizers);
    if (t == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(t, sizeof(ngx_http_llm_cost_tokenizer_t));

    t->pattern = value[1];
    t->vocab_name = value[2];

    if (value[1].data[0] != '~') {
        return NGX_CONF_OK;
    }

    ngx_memzero(&rc, sizeof(ngx_regex_compile_t));

    rc.pattern.data = value[1].data + 1;
    rc.pattern.len = value[1].len - 1;
    rc.pool = cf->pool;
    rc.err.len = NGX_MAX_CONF_ERRSTR;
    rc.err.data = errstr;

    if (ngx_regex_compile(&rc) != NGX_OK) {
        return ngx_http_llm_cost_conf_error(cf, "%V, write a name or \"~\" "
                   "and a regular expression", &rc.err);
    }

    t->regex = rc.regex;

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_llm_cost_init_scratch(ngx_cycle_t *cycle)
{
    ngx_http_llm_cost_main_conf_t  *lmcf;

    lmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_llm_cost_module);

    ngx_http_llm_cost_scratches = ngx_pcalloc(cycle->pool,
                                              lmcf->vocabs.nelts
                                              * sizeof(llm_scratch_t *));

    ngx_http_llm_cost_counted = ngx_pcalloc(cycle->pool,
                                       NGX_HTTP_LLM_COST_COUNTED
                                       * sizeof(ngx_http_llm_cost_counted_t));

    return ngx_http_llm_cost_scratches && ngx_http_llm_cost_counted
           ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_llm_cost_use_vocab(ngx_http_llm_cost_main_conf_t *lmcf, ngx_uint_t n,
    llm_counter_t *c)
{
    void                       *p;
    llm_scratch_t             **scratch;
    ngx_http_llm_cost_vocab_t  *v;

    v = lmcf->vocabs.elts;
    scratch = &ngx_http_llm_cost_scratches[n];

    if (*scratch == NULL) {
        p = ngx_pmemalign(ngx_cycle->pool, llm_scratch_size(), 64);
        if (p == NULL) {
            return NGX_ERROR;
        }

        *scratch = llm_scratch_init(p, llm_scratch_size());
    }

    c->vocab = v[n].vocab;
    c->scratch = *scratch;

    return NGX_OK;
}


static ngx_uint_t
ngx_http_llm_cost_vocab_index(ngx_http_llm_cost_main_conf_t *lmcf,
    const ngx_str_t *name)
{
    ngx_uint_t                  i;
    ngx_http_llm_cost_vocab_t  *v;

    v = lmcf->vocabs.elts;

    for (i = 0; i < lmcf->vocabs.nelts; i++) {
        if (v[i].name.len == name->len
            && ngx_strncmp(v[i].name.data, name->data, name->len) == 0)
        {
            break;
        }
    }

    return i;
}


ngx_int_t
ngx_http_llm_cost_counter(ngx_http_llm_cost_main_conf_t *lmcf,
    const ngx_str_t *model, const llm_price_t *price, llm_counter_t *c)
{
    ngx_uint_t                    key;
    ngx_http_llm_cost_counted_t  *counted, one;

    ngx_http_llm_cost_memo_counter(lmcf->zone, c);

    if (model->len == 0 || model->len > NGX_HTTP_LLM_COST_NAME) {
        counted = &one;
        ngx_http_llm_cost_find_vocab(lmcf, model, price, counted);

    } else {
        key = ngx_hash_key(model->data, model->len);
        counted = &ngx_http_llm_cost_counted[key % NGX_HTTP_LLM_COST_COUNTED];

        if (counted->len != model->len || counted->price != price
            || ngx_memcmp(counted->name, model->data, model->len) != 0)
        {
            ngx_http_llm_cost_find_vocab(lmcf, model, price, counted);

            counted->price = price;
            counted->len = model->len;
            ngx_memcpy(counted->name, model->data, model->len);
        }
    }

    c->estimate = counted->estimate;

    return ngx_http_llm_cost_use_vocab(lmcf, counted->vocab, c);
}


/* configured, of the price row's base, well known, guessed */

static void
ngx_http_llm_cost_find_vocab(ngx_http_llm_cost_main_conf_t *lmcf,
    const ngx_str_t *model, const llm_price_t *price,
    ngx_http_llm_cost_counted_t *counted)
{
    int                             estimate;
    ngx_str_t                       name;
    const char                     *known;
    ngx_uint_t                      i;
    ngx_http_llm_cost_tokenizer_t  *t;

    t = lmcf->tokenizers.elts;

    for (i = 0; i < lmcf->tokenizers.nelts; i++) {

        if (t[i].regex
            ? ngx_regex_exec(t[i].regex, (ngx_str_t *) model, NULL, 0) >= 0
            : t[i].pattern.len == model->len
              && ngx_strncmp(t[i].pattern.data, model->data, model->len) == 0)
        {
            counted->vocab = ngx_http_llm_cost_vocab_index(lmcf,
                                                           &t[i].vocab_name);
            counted->estimate = 0;
            return;
        }
    }

    estimate = 0;

    if (price && price->vocabulary.len) {
        known = llm_model_vocab((char *) price->vocabulary.data,
                                price->vocabulary.len, &estimate);

    } else {
        known = llm_model_vocab((char *) model->data, model->len, &estimate);
    }

    name.data = (u_char *) known;
    name.len = ngx_strlen(known);

    counted->vocab = ngx_http_llm_cost_vocab_index(lmcf, &name);

    if (counted->vocab == lmcf->vocabs.nelts) {

        /* well known, but its vocabulary is not there */

        counted->vocab = 0;
        estimate = 1;
    }

    counted->estimate = estimate ? 1 : 0;
}
