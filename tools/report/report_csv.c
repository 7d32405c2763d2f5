
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "report.h"

#include <string.h>


/* for spreadsheets: every row of every breakdown, RFC 4180 */


/*
 * A cell that begins with one of these is a formula to a spreadsheet, and a
 * user may name itself as it likes: it gets an apostrophe.
 */

static void
report_csv_text(const llm_str_t *s)
{
    size_t  i;

    (void) putchar('"');

    if (s->len && strchr("=+-@\t\r", s->data[0])) {
        (void) putchar('\'');
    }

    for (i = 0; i < s->len; i++) {

        if (s->data[i] == '"') {
            (void) putchar('"');
        }

        (void) putchar(s->data[i]);
    }

    (void) putchar('"');
}


static void
report_csv_row(const llm_str_t *by, const llm_str_t *name,
    const report_sum_t *s)
{
    unsigned char  cost[LLM_USD_LEN], saved[LLM_USD_LEN];

    report_csv_text(by);
    (void) putchar(',');
    report_csv_text(name);

    (void) printf(",%lld,%lld,%lld,%lld,%lld,%lld,%lld,%lld,%lld,%.*s,%.*s"
                  "\r\n",
                  (long long) s->requests, (long long) s->hits,
                  (long long) s->refused, (long long) s->failed,
                  (long long) s->estimated, (long long) s->unpriced,
                  (long long) s->input, (long long) s->cached,
                  (long long) s->output,
                  (int) llm_usd_print(cost, s->cost), cost,
                  (int) llm_usd_print(saved, s->saved), saved);
}


void
report_csv(report_t *rp)
{
    size_t              i;
    unsigned            k;
    report_breakdown_t  *b;

    static const llm_str_t  total = llm_string("total");
    static const llm_str_t  other = llm_string("other");
    static const llm_str_t  none = llm_string("");

    (void) printf("by,name,requests,hits,refused,failed,estimated,unpriced,"
                  "input,cached,output,cost_usd,saved_usd\r\n");

    report_csv_row(&total, &none, &rp->total);

    for (k = 0; k < rp->nby; k++) {
        b = &rp->by[k];
        report_table_sort(&b->table);

        for (i = 0; i < b->table.n; i++) {
            report_csv_row(&b->name, &b->table.rows[i].name,
                           &b->table.rows[i].sum);
        }

        if (b->table.other.requests || b->table.other.refused) {
            report_csv_row(&b->name, &other, &b->table.other);
        }
    }
}
