
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "report.h"

#include <string.h>


/* for programs: money is a decimal number with nine places, never a float */


static void
report_json_usd(const char *name, int64_t nano)
{
    unsigned char  buf[LLM_USD_LEN];

    (void) printf("\"%s\":%.*s", name, (int) llm_usd_print(buf, nano), buf);
}


static void
report_json_string(const llm_str_t *s)
{
    unsigned char  buf[6 * 256];

    (void) printf("\"%.*s\"", (int) llm_json_escape(buf, s), buf);
}


static void
report_json_sum(const report_sum_t *s)
{
    (void) printf("\"requests\":%lld,\"hits\":%lld,\"refused\":%lld,"
                  "\"failed\":%lld,\"estimated\":%lld,\"unpriced\":%lld,"
                  "\"input\":%lld,\"cached\":%lld,\"output\":%lld,",
                  (long long) s->requests, (long long) s->hits,
                  (long long) s->refused, (long long) s->failed,
                  (long long) s->estimated, (long long) s->unpriced,
                  (long long) s->input, (long long) s->cached,
                  (long long) s->output);

    report_json_usd("cost_usd", s->cost);
    (void) putchar(',');
    report_json_usd("saved_usd", s->saved);
}


static void
report_json_breakdown(report_breakdown_t *b, size_t top)
{
    size_t           i;
    llm_str_t        name;
    report_table_t  *t;

    t = &b->table;
    report_table_sort(t);

    name.data = (unsigned char *) b->name.data;
    name.len = b->name.len;

    report_json_string(&name);
    (void) printf(":{\"names\":%zu,\"rows\":[", t->n);

    for (i = 0; i < t->n && i < top; i++) {
        (void) printf("%s{\"name\":", i ? "," : "");
        report_json_string(&t->rows[i].name);
        (void) putchar(',');
        report_json_sum(&t->rows[i].sum);
        (void) putchar('}');
    }

    (void) printf("],\"other\":{");

    for ( /* void */ ; i < t->n; i++) {
        report_sum_add(&t->other, &t->rows[i].sum);
    }

    report_json_sum(&t->other);
    (void) printf("}}");
}


static void
report_json_waste(const report_t *rp)
{
    unsigned          i;
    llm_str_t         s;
    report_finding_t  found[REPORT_WASTE_N];

    report_waste_result(rp, found);

    for (i = 0; i < REPORT_WASTE_N; i++) {
        (void) printf("%s{\"finding\":\"%s\",", i ? "," : "",
                      report_waste_title(i));

        if (report_waste_blind(rp, i)) {
            (void) printf("\"requests\":null,\"cost_usd\":null,"
                          "\"saving_usd\":null,");

        } else {
            (void) printf("\"requests\":%lld,",
                          (long long) found[i].requests);
            report_json_usd("cost_usd", found[i].cost);
            (void) putchar(',');
            report_json_usd("saving_usd", found[i].saving);
            (void) putchar(',');
        }

        s.data = (unsigned char *) report_waste_formula(i);
        s.len = strlen(report_waste_formula(i));

        (void) printf("\"formula\":");
        report_json_string(&s);
        (void) putchar('}');
    }
}


void
report_json(report_t *rp, size_t top)
{
    unsigned        i;
    report_month_t  m;

    report_month(rp, &m);

    (void) printf("{\"from\":%lld,\"to\":%lld,\"lines\":%lld,\"broken\":%lld,"
                  "\"foreign\":%lld,\"unmetered\":%lld,\"again\":%lld,"
                  "\"total\":{",
                  (long long) rp->first, (long long) rp->last,
                  (long long) rp->lines, (long long) rp->broken,
                  (long long) rp->foreign, (long long) rp->unmetered,
                  (long long) rp->again);

    report_json_sum(&rp->total);

    (void) printf("},\"by\":{");

    for (i = 0; i < rp->nby; i++) {
        (void) printf("%s", i ? "," : "");
        report_json_breakdown(&rp->by[i], top);
    }

    (void) printf("},\"month\":{\"month\":\"%s\",", m.month);
    report_json_usd("spent_usd", m.spent);
    (void) putchar(',');
    report_json_usd("per_day_usd", m.per_day);
    (void) printf(",\"days\":%u,\"seconds_left\":%lld,", m.days,
                  (long long) m.left);
    report_json_usd("forecast_usd", m.forecast);

    (void) printf("},\"waste\":[");
    report_json_waste(rp);
    (void) printf("]}\n");
}
