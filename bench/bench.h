
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _BENCH_H_INCLUDED_
#define _BENCH_H_INCLUDED_


/* What the measurements in C share: texts, processor time, medians. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "llm_tokenizer.h"


#define BENCH_TURNS  9


typedef struct {
    unsigned char     *p;
    size_t             len;
} bench_text_t;


static inline void
bench_die(const char *what)
{
    (void) fprintf(stderr, "bench: %s\n", what);
    exit(1);
}


/* of processor time: others on the machine do not count */

static inline double
bench_us(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);

    return (double) ts.tv_sec * 1e6 + (double) ts.tv_nsec / 1e3;
}


static inline bench_text_t
bench_read(const char *path)
{
    FILE          *f;
    bench_text_t   t;

    f = fopen(path, "rb");
    t.p = malloc(16 << 20);

    if (f == NULL || t.p == NULL) {
        bench_die(path);
    }

    t.len = fread(t.p, 1, 16 << 20, f);
    (void) fclose(f);

    return t;
}


static inline void *
bench_scratch(void)
{
    void  *mem;

    mem = aligned_alloc(64, (llm_scratch_size() + 63) / 64 * 64);

    if (mem == NULL) {
        bench_die("no memory");
    }

    return mem;
}


static inline int
bench_less(const void *a, const void *b)
{
    return (*(const double *) a > *(const double *) b)
           - (*(const double *) a < *(const double *) b);
}


static inline double
bench_median(double *t)
{
    qsort(t, BENCH_TURNS, sizeof(double), bench_less);

    return t[BENCH_TURNS / 2];
}


#endif /* _BENCH_H_INCLUDED_ */
