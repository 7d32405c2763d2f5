
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "report.h"

#include <stdlib.h>
#include <string.h>


#define REPORT_NAME_MAX  256


uint64_t
report_hash(const void *data, size_t len, uint64_t seed)
{
    uint64_t              h;
    const unsigned char  *p, *end;

    /* FNV-1a with a last mix: names of a log that is read offline */

    h = seed ^ 0xcbf29ce484222325ULL;
    p = data;

    for (end = p + len; p < end; p++) {
        h = (h ^ *p) * 0x100000001b3ULL;
    }

    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93ULL;

    return h ^ (h >> 32);
}


int
report_table_init(report_table_t *t)
{
    memset(t, 0, sizeof(report_table_t));

    t->size = 2 * REPORT_NAMES_MAX;
    t->rows = malloc(REPORT_NAMES_MAX * sizeof(report_row_t));
    t->slots = calloc(t->size, sizeof(uint32_t));

    return (t->rows && t->slots) ? 0 : -1;
}


/* the sums of a name; of "other" once the table is full */

report_sum_t *
report_table_get(report_t *rp, report_table_t *t, const llm_str_t *name)
{
    size_t          i, len;
    uint64_t        h;
    report_row_t   *row;
    unsigned char  *p;

    len = (name->len < REPORT_NAME_MAX) ? name->len : REPORT_NAME_MAX;
    h = report_hash(name->data, len, 0);

    for (i = h & (t->size - 1); t->slots[i]; i = (i + 1) & (t->size - 1)) {
        row = &t->rows[t->slots[i] - 1];

        if (row->hash == h && row->name.len == len
            && memcmp(row->name.data, name->data, len) == 0)
        {
            return &row->sum;
        }
    }

    if (t->n == REPORT_NAMES_MAX) {
        return &t->other;
    }

    p = llm_alloc(rp->mem, len ? len : 1);

    if (p == NULL) {
        return &t->other;
    }

    memcpy(p, name->data, len);

    row = &t->rows[t->n++];
    memset(row, 0, sizeof(report_row_t));
    row->name.data = p;
    row->name.len = len;
    row->hash = h;

    t->slots[i] = t->n;

    return &row->sum;
}


static int
report_is(const llm_str_t *s, const char *text)
{
    return s->len == strlen(text) && memcmp(s->data, text, s->len) == 0;
}


/* an unknown number adds nothing, and is counted where it is money */

void
report_add(report_sum_t *s, const report_record_t *r)
{
    if (r->refusal.len) {
        s->refused++;
        return;
    }

    s->requests++;
    s->hits += report_is(&r->cache, "HIT");
    s->failed += r->status >= 400;
    s->estimated += report_is(&r->source, "counted")
                    || report_is(&r->source, "lost");
    s->unpriced += (r->cost < 0);

    report_plus(&s->input, r->input > 0 ? r->input : 0);
    report_plus(&s->cached, r->cached > 0 ? r->cached : 0);
    report_plus(&s->output, r->output > 0 ? r->output : 0);
    report_plus(&s->cost, r->cost > 0 ? r->cost : 0);
    report_plus(&s->saved, r->saved > 0 ? r->saved : 0);
}


void
report_sum_add(report_sum_t *to, const report_sum_t *from)
{
    to->requests += from->requests;
    to->hits += from->hits;
    to->refused += from->refused;
    to->failed += from->failed;
    to->estimated += from->estimated;
    to->unpriced += from->unpriced;
    report_plus(&to->input, from->input);
    report_plus(&to->cached, from->cached);
    report_plus(&to->output, from->output);
    report_plus(&to->cost, from->cost);
    report_plus(&to->saved, from->saved);
}


static int
report_by_name(const void *a, const void *b)
{
    int                  rc;
    size_t               len;
    const report_row_t  *x, *y;

    x = a;
    y = b;
    len = (x->name.len < y->name.len) ? x->name.len : y->name.len;
    rc = memcmp(x->name.data, y->name.data, len);

    return rc ? rc : (x->name.len > y->name.len) - (x->name.len < y->name.len);
}


static int
report_by_cost(const void *a, const void *b)
{
    const report_row_t  *x, *y;

    x = a;
    y = b;

    if (x->sum.cost != y->sum.cost) {
        return (x->sum.cost < y->sum.cost) ? 1 : -1;
    }

    if (x->sum.requests != y->sum.requests) {
        return (x->sum.requests < y->sum.requests) ? 1 : -1;
    }

    return report_by_name(a, b);
}


void
report_table_sort(report_table_t *t)
{
    qsort(t->rows, t->n, sizeof(report_row_t), report_by_cost);
}


void
report_table_sort_names(report_table_t *t)
{
    qsort(t->rows, t->n, sizeof(report_row_t), report_by_name);
}
