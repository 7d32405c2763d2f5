
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "report.h"
#include "report_page.h"

#include <string.h>


/*
 * One page that needs nothing else: style, the charting library (dygraphs)
 * and a few lines that feed it the days are in it.  A name in it is text of
 * somebody unknown; nothing of a log goes into a script, the plot reads its
 * numbers from the table of days.
 */


static void
report_html_text(const llm_str_t *s)
{
    size_t  i;

    for (i = 0; i < s->len; i++) {

        switch (s->data[i]) {

        case '<':
            (void) printf("&lt;");
            break;

        case '>':
            (void) printf("&gt;");
            break;

        case '&':
            (void) printf("&amp;");
            break;

        case '"':
            (void) printf("&quot;");
            break;

        default:
            (void) putchar(s->data[i] < ' ' ? ' ' : s->data[i]);
        }
    }
}


static void
report_html_usd(int64_t nano)
{
    unsigned char  buf[LLM_USD_LEN];

    (void) printf("%.*s", (int) llm_usd_print(buf, nano), buf);
}


static void
report_html_card(const char *title, int64_t n, int usd)
{
    (void) printf("<div class=card><b>");

    if (usd) {
        (void) putchar('$');
        report_html_usd(n);

    } else {
        (void) printf("%lld", (long long) n);
    }

    (void) printf("</b>%s</div>\n", title);
}


static void
report_html_row(const llm_str_t *name, const report_sum_t *s, int64_t most)
{
    (void) printf("<tr><th scope=row>");
    report_html_text(name);

    (void) printf("<td>%lld<td>%lld<td>%lld<td>%lld<td>",
                  (long long) s->requests, (long long) s->hits,
                  (long long) s->input, (long long) s->output);

    report_html_usd(s->cost);

    (void) printf("<td class=bar><meter min=0 max=1000 value=%lld></meter>\n",
                  (long long) (most > 0 ? (llm_int128_t) s->cost * 1000 / most
                                        : 0));
}


static void
report_html_head(const llm_str_t *title, const char *id)
{
    (void) printf("<section><h2>");
    report_html_text(title);

    (void) printf("</h2>\n<table%s%s><thead><tr><th scope=col>Name"
                  "<th scope=col>Requests<th scope=col>Hits"
                  "<th scope=col>Input<th scope=col>Output"
                  "<th scope=col>Cost, USD<td><tbody>\n",
                  id ? " id=" : "", id ? id : "");
}


static void
report_html_breakdown(report_breakdown_t *b, size_t top)
{
    size_t           i;
    int64_t          most;
    report_table_t  *t;

    static const llm_str_t  other = llm_string("other");

    t = &b->table;
    report_table_sort(t);
    report_html_head(&b->name, NULL);

    most = t->n ? t->rows[0].sum.cost : 0;

    for (i = 0; i < t->n && i < top; i++) {
        report_html_row(&t->rows[i].name, &t->rows[i].sum, most);
    }

    for ( /* void */ ; i < t->n; i++) {
        report_sum_add(&t->other, &t->rows[i].sum);
    }

    if (t->other.requests || t->other.refused) {
        report_html_row(&other, &t->other, most);
    }

    (void) printf("</table></section>\n");
}


/* the table that the plot is made of */

static void
report_html_days(const report_t *rp)
{
    size_t   i;
    int64_t  most;

    static const llm_str_t  title = llm_string("Cost by day");

    most = 0;

    for (i = 0; i < rp->days.n; i++) {
        if (rp->days.rows[i].sum.cost > most) {
            most = rp->days.rows[i].sum.cost;
        }
    }

    (void) printf("<div id=plot role=img aria-label=\"cost by day; the table "
                  "of days below has the same numbers\"></div>\n");

    report_html_head(&title, "days");

    for (i = 0; i < rp->days.n; i++) {
        report_html_row(&rp->days.rows[i].name, &rp->days.rows[i].sum, most);
    }

    (void) printf("</table></section>\n");
}


static void
report_html_month(const report_t *rp)
{
    report_month_t  m;

    report_month(rp, &m);

    if (m.month[0] == '\0') {
        return;
    }

    (void) printf("<section><h2>Forecast for %s: $", m.month);
    report_html_usd(m.forecast);
    (void) printf("</h2><p>$");
    report_html_usd(m.spent);
    (void) printf(" spent + $");
    report_html_usd(m.per_day);
    (void) printf(" a day (%s%.0u%s) &times; %lld seconds left / 86,400"
                  "</p></section>\n",
                  m.days ? "mean of the last " : "the log has no whole day",
                  m.days, m.days ? " whole days" : "", (long long) m.left);
}


static void
report_html_waste(const report_t *rp)
{
    unsigned          i;
    report_finding_t  found[REPORT_WASTE_N];

    report_waste_result(rp, found);

    (void) printf("<section><h2>Need not have been paid</h2><table><thead><tr>"
                  "<th scope=col>What<th scope=col>Requests"
                  "<th scope=col>They cost<th scope=col>Saving, USD"
                  "<th scope=col>Reckoned as<tbody>\n");

    for (i = 0; i < REPORT_WASTE_N; i++) {
        (void) printf("<tr><th scope=row>%s", report_waste_title(i));

        if (report_waste_blind(rp, i)) {
            (void) printf("<td colspan=3>the log does not tell");

        } else {
            (void) printf("<td>%lld<td>", (long long) found[i].requests);
            report_html_usd(found[i].cost);
            (void) printf("<td>");
            report_html_usd(found[i].saving);
        }

        (void) printf("<td class=why>%s\n", report_waste_formula(i));
    }

    (void) printf("</table></section>\n");
}


void
report_html(report_t *rp, size_t top)
{
    unsigned  i;

    (void) printf("<!DOCTYPE html>\n<html lang=en><meta charset=utf-8>\n"
                  "<meta name=viewport content=\"width=device-width\">\n"
                  "<title>LLM spend</title>\n<style>%s%s</style>\n"
                  "<h1>LLM spend</h1>\n<div class=cards>\n",
                  llm_script_dygraph_min_css, llm_script_report_css);

    report_html_card("cost", rp->total.cost, 1);
    report_html_card("requests", rp->total.requests, 0);
    report_html_card("input tokens", rp->total.input, 0);
    report_html_card("output tokens", rp->total.output, 0);
    report_html_card("cache hits", rp->total.hits, 0);
    report_html_card("saved by the cache", rp->total.saved, 1);
    report_html_card("refused", rp->total.refused, 0);
    report_html_card("no known cost", rp->total.unpriced, 0);
    report_html_card("lines skipped", rp->broken + rp->foreign, 0);

    (void) printf("</div>\n");

    report_html_month(rp);
    report_html_days(rp);

    for (i = 0; i < rp->nby; i++) {
        if (rp->by[i].member) {
            report_html_breakdown(&rp->by[i], top);
        }
    }

    report_html_waste(rp);

    (void) printf("<script>%s</script>\n<script>%s</script>\n",
                  llm_script_dygraph_min_js, llm_script_report_js);
}
