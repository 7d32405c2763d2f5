
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "report.h"

#include "llm_utf8.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>


/*
 * One block holds the current lines.  A line that does not end in it is moved
 * to its beginning and the rest is read behind; one that fills it is dropped
 * to its end and counted as broken.
 */

#define REPORT_BLOCK  (1024 * 1024)


typedef struct {
    char        *data;
    size_t       len;
    unsigned     drop:1;                 /* inside a line that is too long */
} report_block_t;


static int report_again(report_t *rp, const report_record_t *r);
static void report_take(report_t *rp, char *line, size_t len);


/* every complete line of the block; what is left moves to its beginning */

static void
report_lines(report_t *rp, report_block_t *b, int last)
{
    char    *p, *end, *nl;
    size_t   len;

    p = b->data;
    end = p + b->len;

    while (p < end) {
        nl = memchr(p, '\n', end - p);

        if (nl == NULL && !last) {
            break;
        }

        len = (nl ? nl : end) - p;

        if (!b->drop) {
            report_take(rp, p, len);
        }

        b->drop = 0;
        p += len + 1;
    }

    b->len = (p < end) ? (size_t) (end - p) : 0;
    memmove(b->data, p, b->len);

    if (b->len >= REPORT_LINE_MAX) {
        rp->lines += !b->drop;
        rp->broken += !b->drop;
        b->drop = 1;
        b->len = 0;
    }
}


/*
 * What is no UTF-8 is no JSON, but nginx logs a path as it was sent: such a
 * byte becomes "?", so that nobody takes a request off the bill with it.
 */

static int
report_parse(report_t *rp, char *line, size_t len, report_record_t *r)
{
    int  rc;

    rc = report_line(rp, line, len, r);

    if (rc != LLM_BAD || llm_utf8_valid((unsigned char *) line, len)) {
        return rc;
    }

    llm_utf8_clean((unsigned char *) line, len);

    return report_line(rp, line, len, r);
}


/*
 * While Redis was away, several nodes may have been told what became of the
 * same work, and each has it in its log.
 */

static int
report_again(report_t *rp, const report_record_t *r)
{
    return r->work.len
           && report_see(rp->works, REPORT_WORKS, &rp->nworks,
                         report_hash(r->work.data, r->work.len, 3), r->time)
              != -1;
}


static void
report_take(report_t *rp, char *line, size_t len)
{
    unsigned         i;
    report_sum_t    *s;
    report_record_t  r;

    if (len && line[len - 1] == '\r') {
        len--;
    }

    if (len == 0) {
        return;
    }

    rp->lines++;

    switch (len > REPORT_LINE_MAX ? LLM_BAD : report_parse(rp, line, len, &r))
    {

    case LLM_OK:
        break;

    case LLM_DECLINED:
        rp->foreign++;
        return;

    default:
        rp->broken++;
        return;
    }

    if (r.time < rp->from || r.time >= rp->to) {
        return;
    }

    if (r.provider.len == 0) {
        rp->unmetered++;
        return;
    }

    if (report_again(rp, &r)) {
        rp->again++;
        return;
    }

    if (rp->first == -1 || r.time < rp->first) {
        rp->first = r.time;
    }

    if (r.time > rp->last) {
        rp->last = r.time;
    }

    report_add(&rp->total, &r);
    report_add(report_table_get(rp, &rp->days, &r.day), &r);

    for (i = 0; i < rp->nby; i++) {
        s = report_table_get(rp, &rp->by[i].table, &r.by[i]);
        report_add(s, &r);
    }

    report_waste_add(rp, &r);
}


int
report_read(report_t *rp, const char *name)
{
    int             n, rc;
    gzFile          f;
    report_block_t  b;

    f = strcmp(name, "-") ? gzopen(name, "rb") : gzdopen(0, "rb");
    b.data = malloc(REPORT_BLOCK);
    b.len = 0;
    b.drop = 0;

    if (f == NULL || b.data == NULL) {
        perror(name);
        free(b.data);

        if (f) {
            (void) gzclose(f);
        }

        return -1;
    }

    (void) gzbuffer(f, 256 * 1024);

    do {
        n = gzread(f, b.data + b.len, REPORT_BLOCK - b.len);

        if (n > 0) {
            b.len += n;
        }

        report_lines(rp, &b, n <= 0);
    } while (n > 0);

    rc = 0;

    if (n < 0) {
        (void) fprintf(stderr, "llm-report: %s: %s\n", name, gzerror(f, &n));
        rc = -1;
    }

    (void) gzclose(f);
    free(b.data);

    return rc;
}
