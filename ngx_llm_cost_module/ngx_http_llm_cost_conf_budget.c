
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"
#include "llm_utf8.h"


static ngx_int_t ngx_http_llm_cost_budget_name(const ngx_str_t *name);
static void ngx_http_llm_cost_budget_empty(ngx_http_llm_cost_budget_t *b,
    const ngx_str_t *s);
static ngx_uint_t ngx_http_llm_cost_budget_is_like(
    const ngx_http_llm_cost_budget_t *a, const ngx_http_llm_cost_budget_t *b);
static ngx_http_llm_cost_budget_t *ngx_http_llm_cost_budget_add(
    ngx_array_t *budgets, ngx_str_t *name);
static char *ngx_http_llm_cost_budget_arg(ngx_conf_t *cf,
    ngx_http_llm_cost_budget_t *b, ngx_str_t *arg);
static ngx_int_t ngx_http_llm_cost_budget_mode(ngx_http_llm_cost_budget_t *b,
    const ngx_str_t *s);
static char *ngx_http_llm_cost_budget_limit(ngx_conf_t *cf,
    ngx_http_llm_cost_budget_t *b, ngx_str_t *s);
static char *ngx_http_llm_cost_budget_alerts(ngx_conf_t *cf,
    ngx_http_llm_cost_budget_t *b, ngx_str_t *s);
static char *ngx_http_llm_cost_budget_over(ngx_conf_t *cf,
    ngx_http_llm_cost_budget_t *b, ngx_str_t *s);
static char *ngx_http_llm_cost_budget_check(ngx_conf_t *cf,
    ngx_http_llm_cost_budget_t *b);
static ngx_http_complex_value_t *ngx_http_llm_cost_compile(ngx_conf_t *cf,
    ngx_str_t *s);


/* a limit with its unit: "50usd", "1000000tokens", "100requests", "none" */

ngx_int_t
ngx_http_llm_cost_parse_limit(const ngx_str_t *s, int64_t *limit,
    llm_unit_e *unit)
{
    size_t                   len;
    ngx_uint_t               i;
    static const ngx_str_t   units[] = {
        ngx_string("usd"), ngx_string("tokens"), ngx_string("requests")
    };

    if (s->len == 4 && ngx_strncmp(s->data, "none", 4) == 0) {
        *limit = LLM_NO_LIMIT;
        return NGX_OK;
    }

    for (i = 0; i < LLM_UNIT_N; i++) {

        len = units[i].len;

        if (s->len <= len
            || ngx_strncmp(s->data + s->len - len, units[i].data, len) != 0)
        {
            continue;
        }

        len = s->len - len;
        *unit = i;

        if (i == LLM_UNIT_USD) {
            if (llm_usd_parse(s->data, len, limit) != LLM_OK) {
                return NGX_ERROR;
            }

        } else if (llm_parse_int(s->data, len, limit) != LLM_OK) {
            return NGX_ERROR;
        }

        return (*limit >= 0 && *limit <= LLM_NANO_MAX) ? NGX_OK : NGX_ERROR;
    }

    return NGX_ERROR;
}


/* llm_budget name [key=] limit= period= [...] | none */

char *
ngx_http_llm_cost_conf_budget(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_llm_cost_loc_conf_t *llcf = conf;

    char                        *rv;
    ngx_str_t                   *value;
    ngx_uint_t                   i;
    ngx_http_llm_cost_budget_t  *b;

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "none") == 0) {
        llcf->budgets_none = 1;
        return NGX_CONF_OK;
    }

    if (ngx_http_llm_cost_budget_name(&value[1]) != NGX_OK) {
        return ngx_http_llm_cost_conf_error(cf,
                   "invalid budget name \"%V\", it must have 1 to %d "
                   "characters without ':', '=', '|', ',', backslashes, "
                   "quotes and control characters",
                   &value[1], LLM_NAME_MAX);
    }

    if (llcf->budgets == NULL) {
        llcf->budgets = ngx_array_create(cf->pool, 4,
                                         sizeof(ngx_http_llm_cost_budget_t));
        if (llcf->budgets == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_http_llm_cost_budget_find(llcf->budgets, &value[1])) {
        return ngx_http_llm_cost_conf_error(cf,
                   "budget \"%V\" is given twice on this level, give "
                   "one of them another name",
                   &value[1]);
    }

    b = ngx_http_llm_cost_budget_add(llcf->budgets, &value[1]);
    if (b == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {
        rv = ngx_http_llm_cost_budget_arg(cf, b, &value[i]);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    return ngx_http_llm_cost_budget_check(cf, b);
}


/* a budget with the defaults of its parameters; limit and period have none */

static ngx_http_llm_cost_budget_t *
ngx_http_llm_cost_budget_add(ngx_array_t *budgets, ngx_str_t *name)
{
    ngx_http_llm_cost_budget_t  *b;

    b = ngx_array_push(budgets);
    if (b == NULL) {
        return NULL;
    }

    ngx_memzero(b, sizeof(ngx_http_llm_cost_budget_t));

    b->name = *name;
    b->period = LLM_PERIOD_N;
    b->nalerts = 2;
    b->alerts[0] = 80;
    b->alerts[1] = 100;
    ngx_str_set(&b->timezone_name, "UTC");

    return b;
}


/* it stands in keys of Redis, in $llm_budgets, and in JSON, as it is */

static ngx_int_t
ngx_http_llm_cost_budget_name(const ngx_str_t *name)
{
    size_t  i;

    if (name->len == 0 || name->len > LLM_NAME_MAX
        || !llm_utf8_valid(name->data, name->len))
    {
        return NGX_ERROR;
    }

    for (i = 0; i < name->len; i++) {
        if (name->data[i] < ' ' || name->data[i] == 0x7f
            || ngx_strchr(":=|,\\\"", name->data[i]))
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static char *
ngx_http_llm_cost_budget_arg(ngx_conf_t *cf, ngx_http_llm_cost_budget_t *b,
    ngx_str_t *arg)
{
    ngx_str_t   s;
    u_char     *p;

    p = ngx_strlchr(arg->data, arg->data + arg->len, '=');

    if (p) {
        s.data = p + 1;
        s.len = arg->data + arg->len - s.data;

        if (ngx_strncmp(arg->data, "key=", 4) == 0 && s.len) {
            b->key = ngx_http_llm_cost_compile(cf, &s);
            return b->key ? NGX_CONF_OK : NGX_CONF_ERROR;
        }

        if (ngx_strncmp(arg->data, "limit=", 6) == 0) {
            return ngx_http_llm_cost_budget_limit(cf, b, &s);
        }

        if (ngx_strncmp(arg->data, "alert=", 6) == 0) {
            return ngx_http_llm_cost_budget_alerts(cf, b, &s);
        }

        if (ngx_strncmp(arg->data, "timezone=", 9) == 0 && s.len) {
            b->timezone_name = s;
            return NGX_CONF_OK;
        }

        if (ngx_strncmp(arg->data, "period=", 7) == 0
            && llm_period_parse((llm_str_t *) &s, &b->period) == LLM_OK)
        {
            return NGX_CONF_OK;
        }

        if (ngx_strncmp(arg->data, "mode=", 5) == 0
            && ngx_http_llm_cost_budget_mode(b, &s) == NGX_OK)
        {
            return NGX_CONF_OK;
        }

        if (ngx_strncmp(arg->data, "over=", 5) == 0) {
            return ngx_http_llm_cost_budget_over(cf, b, &s);
        }

        if (ngx_strncmp(arg->data, "empty=", 6) == 0 && s.len
            && s.len <= LLM_KEY_MAX)
        {
            ngx_http_llm_cost_budget_empty(b, &s);
            return NGX_CONF_OK;
        }
    }

    return ngx_http_llm_cost_conf_error(cf,
               "invalid parameter \"%V\" of budget \"%V\", known are "
               "key=, limit=N(usd|tokens|requests), "
               "period=(minute|hour|day|week|month|total), timezone=, "
               "alert=80%%,100%%, mode=(enforce|observe), "
               "empty=(reject|skip|TEXT) and "
               "over=(reject|model:NAME[@N%%])", arg, &b->name);
}


/* what a request without a key is counted under */

static void
ngx_http_llm_cost_budget_empty(ngx_http_llm_cost_budget_t *b,
    const ngx_str_t *s)
{
    if (ngx_strcmp(s->data, "reject") == 0) {
        b->empty = NGX_HTTP_LLM_COST_EMPTY_REJECT;

    } else if (ngx_strcmp(s->data, "skip") == 0) {
        b->empty = NGX_HTTP_LLM_COST_EMPTY_SKIP;

    } else {
        b->empty = NGX_HTTP_LLM_COST_EMPTY_TEXT;
        b->empty_text = *s;
    }
}


static ngx_int_t
ngx_http_llm_cost_budget_mode(ngx_http_llm_cost_budget_t *b,
    const ngx_str_t *s)
{
    if (ngx_strcmp(s->data, "enforce") == 0) {
        return NGX_OK;
    }

    if (ngx_strcmp(s->data, "observe") == 0) {
        b->observe = 1;
        return NGX_OK;
    }

    return NGX_DECLINED;
}


static char *
ngx_http_llm_cost_budget_limit(ngx_conf_t *cf, ngx_http_llm_cost_budget_t *b,
    ngx_str_t *s)
{
    b->limit_arg = *s;

    if (ngx_http_script_variables_count(s)) {
        b->limit_text = ngx_http_llm_cost_compile(cf, s);
        return b->limit_text ? NGX_CONF_OK : NGX_CONF_ERROR;
    }

    if (ngx_http_llm_cost_parse_limit(s, &b->limit, &b->unit) != NGX_OK) {
        return ngx_http_llm_cost_conf_error(cf,
                   "invalid limit \"%V\" of budget \"%V\", write for "
                   "example \"50usd\" (at most 9000000), "
                   "\"1000000tokens\", \"100requests\" or \"none\"",
                   s, &b->name);
    }

    return NGX_CONF_OK;
}


/* "80%,100%": ascending percentages */

static char *
ngx_http_llm_cost_budget_alerts(ngx_conf_t *cf, ngx_http_llm_cost_budget_t *b,
    ngx_str_t *s)
{
    u_char     *p, *last, *end;
    ngx_int_t   n;

    b->nalerts = 0;

    if (s->len == 3 && ngx_strncmp(s->data, "off", 3) == 0) {
        return NGX_CONF_OK;
    }

    last = s->data + s->len;

    for (p = s->data; p <= last; p = end + 1) {

        end = ngx_strlchr(p, last, ',');
        if (end == NULL) {
            end = last;
        }

        if (end - p < 2 || *(end - 1) != '%' || b->nalerts == LLM_ALERTS_MAX) {
            goto invalid;
        }

        n = ngx_atoi(p, end - p - 1);

        if (n < 1 || n > 100
            || (b->nalerts && n <= b->alerts[b->nalerts - 1]))
        {
            goto invalid;
        }

        b->alerts[b->nalerts++] = (uint8_t) n;
    }

    return NGX_CONF_OK;

invalid:

    return ngx_http_llm_cost_conf_error(cf,
               "invalid alert \"%V\" of budget \"%V\", write at most "
               "%d ascending percentages such as \"80%%,100%%\", or "
               "\"off\"", s, &b->name, LLM_ALERTS_MAX);
}


/*
 * "reject", "model:NAME", "model:NAME@80%"; a NAME may hold an @ of its own,
 * so that only one with a percentage behind it is ours
 */

static char *
ngx_http_llm_cost_budget_over(ngx_conf_t *cf, ngx_http_llm_cost_budget_t *b,
    ngx_str_t *s)
{
    u_char     *p, *last;
    ngx_int_t   n;

    b->past = 0;
    b->over.len = 0;

    if (s->len == 6 && ngx_strncmp(s->data, "reject", 6) == 0) {
        return NGX_CONF_OK;
    }

    if (s->len <= 6 || ngx_strncmp(s->data, "model:", 6) != 0) {
        goto invalid;
    }

    b->over.data = s->data + 6;
    b->over.len = s->len - 6;

    last = s->data + s->len;

    if (*(last - 1) == '%') {

        for (p = last - 1; p > b->over.data && *p != '@'; p--) { /* void */ }

        n = ngx_atoi(p + 1, last - 1 - (p + 1));

        if (p == b->over.data || n < 1 || n > 100) {
            goto invalid;
        }

        b->past = (unsigned) n;
        b->over.len = p - b->over.data;
    }

    if (b->over.len <= NGX_HTTP_LLM_COST_MODEL_MAX) {
        return NGX_CONF_OK;
    }

invalid:

    return ngx_http_llm_cost_conf_error(cf,
               "invalid over=\"%V\" of budget \"%V\", write "
               "\"reject\", \"model:NAME\" or \"model:NAME@80%%\"",
               s, &b->name);
}


static ngx_uint_t
ngx_http_llm_cost_budget_is_like(const ngx_http_llm_cost_budget_t *a,
    const ngx_http_llm_cost_budget_t *b)
{
    if (a->period != b->period
        || a->timezone_name.len != b->timezone_name.len
        || ngx_strncmp(a->timezone_name.data, b->timezone_name.data,
                       b->timezone_name.len)
           != 0)
    {
        return 0;
    }

    /* a limit that is a variable brings its unit along, and none has one */

    return a->unit == b->unit || a->limit_text || b->limit_text
           || a->limit == LLM_NO_LIMIT || b->limit == LLM_NO_LIMIT;
}


/*
 * A name is one line of counters wherever it is used, so its unit, its period
 * and its zone are the same everywhere; only keys and limits may differ.
 */

static char *
ngx_http_llm_cost_budget_check(ngx_conf_t *cf, ngx_http_llm_cost_budget_t *b)
{
    char                            err[NGX_MAX_CONF_ERRSTR];
    llm_mem_t                       mem;
    ngx_uint_t                      i;
    ngx_http_llm_cost_budget_t     *other;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    if (b->limit_arg.len == 0 || b->period == LLM_PERIOD_N) {
        return ngx_http_llm_cost_conf_error(cf,
                   "budget \"%V\" has no %s, write for example "
                   "\"%s\"", &b->name,
                   b->limit_arg.len ? "period" : "limit",
                   b->limit_arg.len ? "period=day" : "limit=50usd");
    }

    mem.alloc = ngx_http_llm_cost_pool_alloc;
    mem.ctx = cf->pool;

    b->timezone = llm_zone_load(&mem, (char *) b->timezone_name.data, err,
                                sizeof(err));
    if (b->timezone == NULL) {
        return ngx_http_llm_cost_conf_error(cf,
                   "timezone \"%V\" of budget \"%V\": %s, write a name "
                   "of the time zone database such as \"Europe/Kyiv\"",
                   &b->timezone_name, &b->name, err);
    }

    lmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_llm_cost_module);

    for (i = 0; i < lmcf->budgets.nelts; i++) {
        other = &((ngx_http_llm_cost_budget_t *) lmcf->budgets.elts)[i];

        if (other->name.len != b->name.len
            || ngx_strncmp(other->name.data, b->name.data, b->name.len) != 0)
        {
            continue;
        }

        if (!ngx_http_llm_cost_budget_is_like(other, b)) {
            return ngx_http_llm_cost_conf_error(cf,
                       "budget \"%V\" was given before with another "
                       "unit, period or timezone, use another name",
                       &b->name);
        }
    }

    other = ngx_array_push(&lmcf->budgets);
    if (other == NULL) {
        return NGX_CONF_ERROR;
    }

    *other = *b;

    return NGX_CONF_OK;
}


ngx_http_llm_cost_budget_t *
ngx_http_llm_cost_budget_find(ngx_array_t *budgets, ngx_str_t *name)
{
    ngx_uint_t                   i;
    ngx_http_llm_cost_budget_t  *b;

    b = budgets->elts;

    for (i = 0; i < budgets->nelts; i++) {
        if (b[i].name.len == name->len
            && ngx_strncmp(b[i].name.data, name->data, name->len) == 0)
        {
            return &b[i];
        }
    }

    return NULL;
}


static ngx_http_complex_value_t *
ngx_http_llm_cost_compile(ngx_conf_t *cf, ngx_str_t *s)
{
    ngx_http_complex_value_t          *cv;
    ngx_http_compile_complex_value_t   ccv;

    cv = ngx_palloc(cf->pool, sizeof(ngx_http_complex_value_t));
    if (cv == NULL) {
        return NULL;
    }

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = s;
    ccv.complex_value = cv;

    return ngx_http_compile_complex_value(&ccv) == NGX_OK ? cv : NULL;
}
