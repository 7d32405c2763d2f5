
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"
#include "llm_shm.h"


/*
 * llm_ledger_log: a line for each request that was paid and has none in an
 * access log, because its worker died in between, and for work that was charged
 * since nobody has asked for it.  Access logs and ledger logs together are the
 * counters, to the nano-dollar; what is in several of them (a worker may die
 * after its line and before it says so) is known by its request id.
 *
 * A reservation is kept until the request has been logged.  Our log handler
 * runs after the access log's.
 *
 * Where nobody has asked for $request_id before, it gets its value here.  The
 * one of nginx takes 16 bytes of OpenSSL, which costs a request more than all
 * else of the ledger; this one is as hard to guess, a keyed hash of a number.
 */


/* what is not a counter of a line */
#define NGX_HTTP_LLM_COST_LEDGER_LINE                                         \
    (sizeof("{\"time\":\"1970-09-28T12:00:00+06:00\",\"request_id\":\"\","    \
            "\"usage_source\":\"upstream\",\"cost\":\"\",\"why\":\"\","       \
            "\"work\":\"\",\"budgets\":\"\"}\n")                              \
     + 2 * LLM_REQUEST_ID + LLM_HELD_TEXT + LLM_USD_LEN + 64)

#define NGX_HTTP_LLM_COST_LEDGER_SILENCE  60    /* s between complaints */


static ngx_int_t ngx_http_llm_cost_request_id(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, u_char *id);
static void ngx_http_llm_cost_random_id(u_char *id);
static ngx_int_t ngx_http_llm_cost_log_handler(ngx_http_request_t *r);
static u_char *ngx_http_llm_cost_ledger_print(u_char *p,
    const ngx_http_llm_cost_ledger_line_t *line);
static u_char *ngx_http_llm_cost_print_key(u_char *p, const llm_str_t *key);
static void ngx_http_llm_cost_ledger_complain(ngx_open_file_t *file,
    ngx_err_t err);


static const char  *ngx_http_llm_cost_units[] = {
    "usd", "tokens", "requests"
};


ngx_int_t
ngx_http_llm_cost_ledger_log_init(ngx_conf_t *cf,
    ngx_http_llm_cost_main_conf_t *lmcf)
{
    ngx_str_t                   name = ngx_string("request_id");
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;

    if (lmcf->ledger_log == NULL) {
        return NGX_OK;
    }

    lmcf->request_id = ngx_http_get_variable_index(cf, &name);
    if (lmcf->request_id == NGX_ERROR) {
        return NGX_ERROR;
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_LOG_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_llm_cost_log_handler;

    return NGX_OK;
}


/* before admission: what links the reservation to the access log */

ngx_int_t
ngx_http_llm_cost_ledger_log_admit(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_http_request_t             *r;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    r = ctx->request;
    lmcf = ngx_http_get_module_main_conf(r, ngx_http_llm_cost_module);

    if (lmcf->ledger_log == NULL) {
        return NGX_OK;
    }

    if (ngx_http_llm_cost_request_id(r, &r->variables[lmcf->request_id],
                                     ctx->adm.request_id)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ctx->adm.keep = 1;

    return NGX_OK;
}


static ngx_int_t
ngx_http_llm_cost_request_id(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, u_char *id)
{
    ngx_int_t   n;
    ngx_uint_t  i;

    if (!v->valid) {
        v->data = ngx_pnalloc(r->pool, 2 * LLM_REQUEST_ID);
        if (v->data == NULL) {
            return NGX_ERROR;
        }

        ngx_http_llm_cost_random_id(id);
        ngx_hex_dump(v->data, id, LLM_REQUEST_ID);

        v->len = 2 * LLM_REQUEST_ID;
        v->valid = 1;
        v->no_cacheable = 0;
        v->not_found = 0;

        return NGX_OK;
    }

    if (v->len != 2 * LLM_REQUEST_ID) {
        return NGX_ERROR;
    }

    for (i = 0; i < LLM_REQUEST_ID; i++) {
        n = ngx_hextoi(v->data + 2 * i, 2);
        if (n == NGX_ERROR) {
            return NGX_ERROR;
        }

        id[i] = (u_char) n;
    }

    return NGX_OK;
}


static void
ngx_http_llm_cost_random_id(u_char *id)
{
    uint64_t          words[2], half;

    static ngx_pid_t  owner;
    static uint64_t   seed[2], number;

    if (owner != ngx_pid) {
        owner = ngx_pid;
        llm_shm_seed(seed, ((uint64_t) ngx_pid << 32) ^ (uint64_t) ngx_time());
    }

    words[0] = ++number;

    for (words[1] = 0; words[1] < 2; words[1]++) {
        half = llm_shm_hash(seed, words, 2);
        id = ngx_cpymem(id, &half, sizeof(uint64_t));
    }
}


static ngx_int_t
ngx_http_llm_cost_log_handler(ngx_http_request_t *r)
{
    ngx_http_llm_cost_ctx_t        *ctx;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    ctx = r == r->main ? ngx_http_llm_cost_get_ctx(r) : NULL;

    if (ctx) {
        ngx_http_llm_cost_held_logged(ctx);
    }

    if (ctx && ctx->adm.keep && ctx->adm.id.seq) {
        lmcf = ngx_http_get_module_main_conf(r, ngx_http_llm_cost_module);

        (void) llm_ledger_logged(lmcf->zone->ledger, &ctx->adm.id);
    }

    return NGX_OK;
}


/* for llm_ledger_inherit() */

int
ngx_http_llm_cost_ledger_log_line(void *data, const llm_hold_view_t *view)
{
    unsigned                         i;
    llm_budget_t                     budgets[LLM_BUDGETS_MAX];
    const llm_counter_view_t        *v;
    ngx_http_llm_cost_ledger_line_t  line;

    for (i = 0; i < view->n; i++) {
        v = &view->counters[i];

        budgets[i].name.data = (u_char *) v->name;
        budgets[i].name.len = v->name_len;
        budgets[i].key.data = (u_char *) v->key;
        budgets[i].key.len = v->key_len;
        budgets[i].start = v->start;
        budgets[i].unit = v->unit;
    }

    line.request_id = view->request_id;
    line.work.len = 0;
    line.source = view->settled ? view->source
                                : NGX_HTTP_LLM_COST_SOURCE_LOST;
    line.why = view->settled ? "worker died before it logged" : "worker died";
    line.spent = view->granted;
    line.budgets = budgets;
    line.n = view->n;

    return ngx_http_llm_cost_ledger_write(&line);
}


/*
 * One write, so that lines of several workers and of a binary that is being
 * replaced do not mix.
 */

int
ngx_http_llm_cost_ledger_write(const ngx_http_llm_cost_ledger_line_t *line)
{
    u_char                         *p, *buf;
    size_t                          len;
    ssize_t                         n;
    ngx_open_file_t                *file;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    static ngx_uint_t               torn;

    lmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_llm_cost_module);
    file = lmcf->ledger_log;

    if (file == NULL) {
        return LLM_OK;
    }

    buf = ngx_alloc(NGX_HTTP_LLM_COST_LEDGER_LINE
                    + line->n * NGX_HTTP_LLM_COST_BUDGET_LEN, ngx_cycle->log);
    if (buf == NULL) {
        return LLM_ERROR;
    }

    p = buf;

    if (torn) {
        *p++ = LF;
    }

    p = ngx_http_llm_cost_ledger_print(p, line);

    len = p - buf;
    n = ngx_write_fd(file->fd, buf, len);

    ngx_free(buf);

    if (n == (ssize_t) len) {
        torn = 0;
        return LLM_OK;
    }

    torn = torn || n > 0;

    ngx_http_llm_cost_ledger_complain(file, n == -1 ? ngx_errno : 0);

    return LLM_ERROR;
}


static u_char *
ngx_http_llm_cost_ledger_print(u_char *p,
    const ngx_http_llm_cost_ledger_line_t *line)
{
    unsigned             i;
    const llm_budget_t  *b;

    p = ngx_sprintf(p, "{\"time\":\"%V\",\"request_id\":\"",
                    &ngx_cached_http_log_iso8601);
    p = ngx_hex_dump(p, (u_char *) line->request_id, LLM_REQUEST_ID);
    p = ngx_sprintf(p, "\",\"usage_source\":\"%V\",\"cost\":\"",
                    ngx_http_llm_cost_source(line->source));
    p += llm_usd_print(p, line->spent[LLM_UNIT_USD]);
    p = ngx_sprintf(p, "\",\"why\":\"%s\"", line->why);

    if (line->work.len) {
        p = ngx_sprintf(p, ",\"work\":\"%*s\"", line->work.len,
                        line->work.data);
    }

    p = ngx_cpymem(p, ",\"budgets\":\"", sizeof(",\"budgets\":\"") - 1);

    for (i = 0; i < line->n; i++) {
        b = &line->budgets[i];

        if (i) {
            *p++ = ',';
        }

        p = ngx_http_llm_cost_print_budget(p, &b->name, &b->key, b->start,
                                           b->unit, line->spent[b->unit]);
    }

    return ngx_cpymem(p, "\"}\n", 3);
}


u_char *
ngx_http_llm_cost_print_budget(u_char *p, const llm_str_t *name,
    const llm_str_t *key, int64_t start, llm_unit_e unit, int64_t amount)
{
    p = ngx_cpymem(p, name->data, name->len);
    *p++ = '|';
    p = ngx_http_llm_cost_print_key(p, key);
    *p++ = '|';
    p += llm_time_print(p, start);
    p = ngx_sprintf(p, "|%s|", ngx_http_llm_cost_units[unit]);

    if (unit == LLM_UNIT_USD) {
        return p + llm_usd_print(p, amount);
    }

    return ngx_sprintf(p, "%L", amount);
}


static u_char *
ngx_http_llm_cost_print_key(u_char *p, const llm_str_t *key)
{
    u_char  ch;
    size_t  i;

    for (i = 0; i < key->len; i++) {
        ch = key->data[i];

        if (ch <= ' ' || ch == '|' || ch == ',' || ch == '%' || ch == '"'
            || ch == '\\')
        {
            p = ngx_sprintf(p, "%%%02Xd", (ngx_int_t) ch);

        } else {
            *p++ = ch;
        }
    }

    return p;
}


/* the reservation stays as it is, and the line is tried again in a second */

static void
ngx_http_llm_cost_ledger_complain(ngx_open_file_t *file, ngx_err_t err)
{
    static time_t  next;

    if (ngx_time() < next) {
        return;
    }

    next = ngx_time() + NGX_HTTP_LLM_COST_LEDGER_SILENCE;

    ngx_log_error(NGX_LOG_CRIT, ngx_cycle->log, err,
                  "llm cost: cannot write to \"%V\": requests of dead workers "
                  "stay reserved until this is possible", &file->name);
}
