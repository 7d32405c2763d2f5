
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Rows by name.  The lock is taken for one hour or day at a time, and sums are
 * kept by label; a label whose slot got another name meanwhile starts anew,
 * and what it had is in "other".  "other" is the total of the same hours, read
 * under the same lock, less the rows.
 */

#include <stdlib.h>
#include <string.h>

#include "llm_stats_region.h"


#define LLM_QUERY_BATCH      256      /* labels copied under one lock */


typedef struct {
    uint32_t             gen;
    uint32_t             used;
    int64_t              count;
    int64_t              input;
    int64_t              output;
    int64_t              cost;
} llm_query_sum_t;


typedef struct {
    llm_stats_t         *st;
    llm_stats_dim_e      dim;
    llm_str_t            tag;
    llm_str_t            only;
    unsigned char        tag_text[LLM_STATS_LABEL];
    unsigned char        only_text[LLM_STATS_LABEL];
    int64_t              from;
    int64_t              to;
    size_t               labels;
    llm_query_sum_t     *sums;        /* by label */
    llm_query_sum_t      total;
} llm_query_t;


static void llm_query_text(llm_str_t *to, unsigned char *buf,
    const llm_str_t *text);
static int llm_query_hours(llm_query_t *q);
static int llm_query_days(llm_query_t *q);
static void llm_query_total(llm_query_t *q, const llm_stats_hour_t *h);
static void llm_query_list(llm_query_t *q, uint32_t first);
static int llm_query_rows(llm_query_t *q, llm_stats_row_t *rows, size_t *n);
static int llm_query_wanted(llm_query_t *q, const llm_stats_label_t *lb);
static void llm_query_other(llm_query_t *q, llm_stats_row_t *rows, size_t *n);
static int llm_query_compare(const void *one, const void *two);


int
llm_stats_query(llm_stats_t *st, llm_mem_t *mem, llm_stats_dim_e dim,
    const llm_str_t *tag, const llm_str_t *only, int64_t from, int64_t to,
    llm_stats_row_t **rows, size_t *n)
{
    int          rc;
    size_t       i, found;
    llm_query_t  q;

    memset(&q, 0, sizeof(llm_query_t));

    q.st = st;
    q.dim = dim;
    q.from = from;
    q.to = to;
    q.labels = st->labels_max;

    llm_query_text(&q.tag, q.tag_text, tag);
    llm_query_text(&q.only, q.only_text, only);

    q.sums = llm_alloc(mem, q.labels * sizeof(llm_query_sum_t));

    if (q.sums == NULL) {
        return LLM_ERROR;
    }

    memset(q.sums, 0, q.labels * sizeof(llm_query_sum_t));

    rc = dim == LLM_STATS_USER ? llm_query_days(&q) : llm_query_hours(&q);

    if (rc != LLM_OK) {
        return rc;
    }

    found = 1;

    for (i = 0; i < q.labels; i++) {
        found += q.sums[i].used;
    }

    *rows = llm_alloc(mem, found * sizeof(llm_stats_row_t));

    if (*rows == NULL) {
        return LLM_ERROR;
    }

    if (llm_query_rows(&q, *rows, n) != LLM_OK) {
        return LLM_ERROR;
    }

    qsort(*rows, *n, sizeof(llm_stats_row_t), llm_query_compare);

    if (only == NULL) {
        llm_query_other(&q, *rows, n);
    }

    return LLM_OK;
}


/* as it would be as a label; data is NULL where there is none */

static void
llm_query_text(llm_str_t *to, unsigned char *buf, const llm_str_t *text)
{
    if (text) {
        to->data = buf;
        to->len = llm_stats_cut(buf, text);
    }
}


static int
llm_query_hours(llm_query_t *q)
{
    unsigned           i;
    llm_stats_t       *st;
    llm_stats_hour_t  *h;

    st = q->st;

    for (i = 0; i < LLM_STATS_RING; i++) {
        if (llm_stats_lock(st) != LLM_OK) {
            return LLM_ERROR;
        }

        h = &st->hours[i];

        if (h->hour != 0 && (int64_t) h->hour >= q->from
            && (int64_t) h->hour < q->to)
        {
            llm_query_total(q, h);
            llm_query_list(q, h->rows.first);
        }

        llm_stats_unlock(st);
    }

    return LLM_OK;
}


static int
llm_query_days(llm_query_t *q)
{
    int64_t            first;
    unsigned           i, k;
    llm_stats_t       *st;
    llm_stats_day_t   *d;
    llm_stats_hour_t  *h;

    st = q->st;

    for (i = 0; i < LLM_STATS_DAYS; i++) {
        if (llm_stats_lock(st) != LLM_OK) {
            return LLM_ERROR;
        }

        d = &st->days[i];
        first = (int64_t) d->day * 24;

        if (d->day != 0 && first + 24 > q->from && first < q->to) {
            for (k = 0; k < 24; k++) {
                h = &st->hours[(first + k) % LLM_STATS_RING];

                if ((int64_t) h->hour == first + k) {
                    llm_query_total(q, h);
                }
            }

            llm_query_list(q, d->rows.first);
        }

        llm_stats_unlock(st);
    }

    return LLM_OK;
}


static void
llm_query_total(llm_query_t *q, const llm_stats_hour_t *h)
{
    q->total.count += h->totals.count;
    q->total.input += h->totals.input;
    q->total.output += h->totals.output;
    q->total.cost += h->totals.cost;
}


static void
llm_query_list(llm_query_t *q, uint32_t first)
{
    uint32_t            i;
    llm_query_sum_t    *sum;
    llm_stats_label_t  *lb;
    llm_stats_entry_t  *row;

    for (i = first; i != 0; i = row->follow) {
        row = llm_stats_entry(q->st, i);

        if (row->label == 0) {
            continue;
        }

        lb = llm_stats_label(q->st, row->label);

        if (lb->dim != q->dim) {
            continue;
        }

        sum = &q->sums[row->label - 1];

        if (!sum->used || sum->gen != lb->gen) {
            memset(sum, 0, sizeof(llm_query_sum_t));
            sum->used = 1;
            sum->gen = lb->gen;
        }

        sum->count += row->count;
        sum->input += row->input;
        sum->output += row->output;
        sum->cost += row->cost;
    }
}


static int
llm_query_rows(llm_query_t *q, llm_stats_row_t *rows, size_t *n)
{
    size_t              i, k;
    llm_stats_row_t    *r;
    llm_query_sum_t    *sum;
    llm_stats_label_t  *lb;

    *n = 0;

    for (i = 0; i < q->labels; /* void */ ) {
        if (llm_stats_lock(q->st) != LLM_OK) {
            return LLM_ERROR;
        }

        for (k = 0; k < LLM_QUERY_BATCH && i < q->labels; k++, i++) {
            sum = &q->sums[i];

            /* a killed worker may leave a row with nothing in it */

            if (!sum->used || sum->count == 0) {
                continue;
            }

            lb = llm_stats_label(q->st, i + 1);

            if (lb->gen != sum->gen || !llm_query_wanted(q, lb)) {
                continue;
            }

            r = &rows[(*n)++];
            memset(r, 0, sizeof(llm_stats_row_t));
            memcpy(r->name, lb->text, LLM_STATS_LABEL);
            r->len = lb->len;
            r->count = sum->count;
            r->input = sum->input;
            r->output = sum->output;
            r->cost = sum->cost;

            q->total.count -= sum->count;
            q->total.input -= sum->input;
            q->total.output -= sum->output;
            q->total.cost -= sum->cost;
        }

        llm_stats_unlock(q->st);
    }

    return LLM_OK;
}


static int
llm_query_wanted(llm_query_t *q, const llm_stats_label_t *lb)
{
    const llm_stats_label_t  *name;

    if (q->only.data && (lb->len != q->only.len
                         || memcmp(lb->text, q->only.data, lb->len) != 0))
    {
        return 0;
    }

    if (q->dim != LLM_STATS_TAG) {
        return 1;
    }

    if (q->tag.data == NULL || lb->tag == 0) {
        return 0;
    }

    name = llm_stats_label(q->st, lb->tag);

    return name->len == q->tag.len
           && memcmp(name->text, q->tag.data, name->len) == 0;
}


static void
llm_query_other(llm_query_t *q, llm_stats_row_t *rows, size_t *n)
{
    llm_stats_row_t  *r;

    if (q->total.count <= 0) {
        return;
    }

    r = &rows[(*n)++];

    memset(r, 0, sizeof(llm_stats_row_t));
    memcpy(r->name, "other", 5);
    r->len = 5;
    r->other = 1;
    r->count = q->total.count;
    r->input = q->total.input > 0 ? q->total.input : 0;
    r->output = q->total.output > 0 ? q->total.output : 0;
    r->cost = q->total.cost > 0 ? q->total.cost : 0;
}


/* the dearest first; names, which differ, make the order the same each time */

static int
llm_query_compare(const void *one, const void *two)
{
    int                     rc;
    const llm_stats_row_t  *a, *b;

    a = one;
    b = two;

    if (a->cost != b->cost) {
        return a->cost > b->cost ? -1 : 1;
    }

    if (a->count != b->count) {
        return a->count > b->count ? -1 : 1;
    }

    rc = memcmp(a->name, b->name, LLM_STATS_LABEL);

    return rc != 0 ? rc : (int) a->len - (int) b->len;
}
