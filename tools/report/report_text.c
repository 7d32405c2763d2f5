
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "report.h"

#include <string.h>


/* for people: what it cost, who spent it, what is to come, what was wasted */


/* to the cent, what is below a dollar to the millionth; buf is returned */

static const char *
report_usd(int64_t nano, char *buf)
{
    int64_t        unit;
    unsigned char  text[LLM_USD_LEN];

    unit = (nano < LLM_NANO) ? 1000 : LLM_NANO / 100;
    nano = (nano + unit / 2) / unit * unit;

    (void) snprintf(buf, LLM_USD_LEN + 2, "$%.*s",
                    (int) llm_usd_print_short(text, nano), text);

    return buf;
}


/* a name is somebody's text: what could steer a terminal is shown as '?' */

static void
report_text_name(const llm_str_t *name)
{
    size_t  i, n;
    char    buf[33];

    n = (name->len < 32) ? name->len : 32;

    for (i = 0; i < n; i++) {
        buf[i] = (name->data[i] < ' ' || name->data[i] == 127)
                 ? '?' : name->data[i];
    }

    buf[n] = '\0';

    (void) printf("  %-32s", n ? buf : "-");
}


static void
report_text_sum(const report_sum_t *s)
{
    char  cost[LLM_USD_LEN + 2];

    (void) printf(" %10lld %8lld %14lld %14lld  %s\n", (long long) s->requests,
                  (long long) s->hits, (long long) s->input,
                  (long long) s->output, report_usd(s->cost, cost));
}


static void
report_text_breakdown(report_breakdown_t *b, size_t top)
{
    size_t           i;
    report_table_t  *t;

    static const llm_str_t  other = llm_string("other");

    t = &b->table;
    report_table_sort(t);

    (void) printf("\nBy %s\n  %-32s %10s %8s %14s %14s  %s\n", b->name.data,
                  "", "requests", "hits", "input", "output", "cost");

    for (i = 0; i < t->n && i < top; i++) {
        report_text_name(&t->rows[i].name);
        report_text_sum(&t->rows[i].sum);
    }

    for ( /* void */ ; i < t->n; i++) {
        report_sum_add(&t->other, &t->rows[i].sum);
    }

    if (t->other.requests || t->other.refused) {
        report_text_name(&other);
        report_text_sum(&t->other);
    }
}


static void
report_text_month(const report_t *rp)
{
    char            a[LLM_USD_LEN + 2], b[LLM_USD_LEN + 2];
    char            c[LLM_USD_LEN + 2];
    report_month_t  m;

    report_month(rp, &m);

    if (m.month[0] == '\0') {
        return;
    }

    (void) printf("\nForecast for %s: %s\n  %s spent, and %s a day (", m.month,
                  report_usd(m.forecast, a), report_usd(m.spent, b),
                  report_usd(m.per_day, c));

    if (m.days) {
        (void) printf("mean of the last %u whole days", m.days);

    } else {
        (void) printf("the log holds no whole day");
    }

    (void) printf(") for the %lld.%lld days that are left\n",
                  (long long) m.left / 86400,
                  (long long) m.left % 86400 * 10 / 86400);
}


static void
report_text_waste(const report_t *rp)
{
    char              a[LLM_USD_LEN + 2], b[LLM_USD_LEN + 2];
    unsigned          i;
    report_finding_t  found[REPORT_WASTE_N];

    report_waste_result(rp, found);

    (void) printf("\nNeed not have been paid\n");

    for (i = 0; i < REPORT_WASTE_N; i++) {

        if (report_waste_blind(rp, i)) {
            (void) printf("  %-48s not known: %s\n", report_waste_title(i),
                          i == REPORT_WASTE_SMALL ? "no price map"
                          : "the log has no digests");
            continue;
        }

        (void) printf("  %-48s %s of %s (%lld requests)\n",
                      report_waste_title(i), report_usd(found[i].saving, a),
                      report_usd(found[i].cost, b),
                      (long long) found[i].requests);
    }
}


void
report_text(report_t *rp, size_t top)
{
    char           from[12], to[12], a[LLM_USD_LEN + 2], b[LLM_USD_LEN + 2];
    unsigned       i;
    report_sum_t  *s;

    s = &rp->total;

    if (rp->first == -1) {
        (void) printf("no metered request in %lld lines\n",
                      (long long) rp->lines);

    } else {
        report_date(rp->first / 86400, from);
        report_date(rp->last / 86400, to);
        (void) printf("%s to %s: %s, %lld requests, %lld input and %lld "
                      "output tokens\n", from, to, report_usd(s->cost, a),
                      (long long) s->requests, (long long) s->input,
                      (long long) s->output);
    }

    (void) printf("%lld cache hits saved %s; %lld refused, %lld failed, %lld "
                  "counted here for want of usage, %lld with no known cost\n",
                  (long long) s->hits, report_usd(s->saved, b),
                  (long long) s->refused, (long long) s->failed,
                  (long long) s->estimated, (long long) s->unpriced);

    if (rp->broken || rp->foreign) {
        (void) printf("%lld lines skipped: %lld broken, %lld of another "
                      "format\n", (long long) (rp->broken + rp->foreign),
                      (long long) rp->broken, (long long) rp->foreign);
    }

    if (rp->again) {
        (void) printf("%lld lines of work that another line has, not counted\n",
                      (long long) rp->again);
    }

    for (i = 0; i < rp->nby; i++) {
        report_text_breakdown(&rp->by[i], top);
    }

    report_text_month(rp);
    report_text_waste(rp);
}
