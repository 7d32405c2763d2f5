
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


/*
 * Alerts.  The store says what was crossed just now (once per threshold, key
 * and window); here it becomes a line in the error log and an entry of the
 * ring that GET alerts shows.  The text is for people: amounts of a limit of
 * one dollar or more are cut to cents, smaller ones are exact.
 */


static u_char *ngx_http_llm_cost_alert_amount(u_char *p, u_char *last,
    llm_unit_e unit, int64_t amount, int64_t limit);
static void ngx_http_llm_cost_alert_printable(ngx_str_t *s);


/* a budget that refuses for the first time in its window is used up */

void
ngx_http_llm_cost_alert_admission(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_uint_t      i;
    llm_balance_t  *b;

    for (i = 0; i < ctx->adm.n; i++) {
        b = &ctx->adm.balances[i];

        if (b->refused_first) {
            ngx_http_llm_cost_alert(ctx->request->connection->log,
                                    &ctx->budgets[i], 100, b->spent,
                                    b->limit);
        }
    }
}


void
ngx_http_llm_cost_alert_settled(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_uint_t      i, k;
    llm_budget_t   *budget;
    llm_balance_t  *b;

    for (i = 0; i < ctx->adm.n; i++) {
        b = &ctx->adm.balances[i];
        budget = &ctx->budgets[i];

        for (k = 0; k < budget->nalerts; k++) {

            if (b->crossed & (1 << k)) {
                ngx_http_llm_cost_alert(ctx->request->connection->log, budget,
                                        budget->alerts[k], b->spent,
                                        b->limit);
            }
        }
    }
}


void
ngx_http_llm_cost_alert(ngx_log_t *log, const llm_budget_t *b,
    ngx_uint_t percent, int64_t spent, int64_t limit)
{
    llm_alert_t                alert;
    ngx_str_t                  text, key;
    ngx_uint_t                 level;
    ngx_http_llm_cost_zone_t  *z;

    ngx_memzero(&alert, sizeof(llm_alert_t));

    alert.time = (int64_t) ngx_time();
    alert.start = b->start;
    alert.end = b->end;
    alert.spent = spent;
    alert.limit = limit;
    alert.unit = b->unit;
    alert.period = b->period;
    alert.error = (percent >= 100);
    alert.threshold = (uint8_t) percent;

    alert.budget_len = (uint8_t) ngx_min(b->name.len, LLM_NAME_MAX);
    ngx_memcpy(alert.budget, b->name.data, alert.budget_len);

    alert.key_len = (uint8_t) ngx_min(b->key.len, LLM_KEY_MAX);

    if (alert.key_len) {
        ngx_memcpy(alert.key, b->key.data, alert.key_len);
    }

    text.data = alert.text;
    text.len = ngx_http_llm_cost_alert_text(&alert);
    alert.text_len = (uint8_t) text.len;

    z = ngx_http_llm_cost_zone();
    if (z) {
        llm_alert_add(z->stats, &alert);
    }

    /* the key may be anything that a client has sent */

    key.data = alert.key;
    key.len = alert.key_len;
    ngx_http_llm_cost_alert_printable(&key);

    level = alert.error ? NGX_LOG_ERR : NGX_LOG_WARN;

    ngx_log_error(level, log, 0, "llm cost: %V%s%V%s", &text,
                  key.len ? ", key \"" : "", &key, key.len ? "\"" : "");
}


/* "daily budget 80% used ($40.10/$50.00)" */

size_t
ngx_http_llm_cost_alert_text(llm_alert_t *alert)
{
    u_char     *p, *last;
    ngx_str_t   name;

    p = alert->text;
    last = p + LLM_STATS_TEXT;

    name.data = alert->budget;
    name.len = alert->budget_len;

    p = ngx_slprintf(p, last, "%V budget %ui%% used (", &name,
                     (ngx_uint_t) alert->threshold);

    p = ngx_http_llm_cost_alert_amount(p, last, alert->unit, alert->spent,
                                       alert->limit);
    p = ngx_slprintf(p, last, "/");
    p = ngx_http_llm_cost_alert_amount(p, last, alert->unit, alert->limit,
                                       alert->limit);

    switch (alert->unit) {

    case LLM_UNIT_TOKENS:
        p = ngx_slprintf(p, last, " tokens)");
        break;

    case LLM_UNIT_REQUESTS:
        p = ngx_slprintf(p, last, " requests)");
        break;

    default: /* LLM_UNIT_USD */
        p = ngx_slprintf(p, last, ")");
        break;
    }

    return p - alert->text;
}


static u_char *
ngx_http_llm_cost_alert_amount(u_char *p, u_char *last, llm_unit_e unit,
    int64_t amount, int64_t limit)
{
    u_char     buf[LLM_USD_LEN];
    ngx_str_t  usd;

    if (unit != LLM_UNIT_USD) {
        return ngx_slprintf(p, last, "%L", amount);
    }

    if (limit >= LLM_NANO) {
        amount -= amount % (LLM_NANO / 100);
    }

    usd.data = buf;
    usd.len = llm_usd_print_short(buf, amount);

    return ngx_slprintf(p, last, "$%V", &usd);
}


static void
ngx_http_llm_cost_alert_printable(ngx_str_t *s)
{
    size_t  i;

    for (i = 0; i < s->len; i++) {
        if (s->data[i] < 0x20 || s->data[i] == 0x7f || s->data[i] == '"') {
            s->data[i] = '?';
        }
    }
}
