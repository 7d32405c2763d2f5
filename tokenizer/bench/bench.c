/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Measures the library, one cell a call:
 *
 *     bench IMAGE fresh|cold|repeat BLOCK A B     MB/s of counting B
 *     bench IMAGE run UNIT BYTES                  ms for one call; random
 *                                                 letters if UNIT is empty
 *     bench IMAGE sum A B                         MB/s of summing bytes
 *     bench IMAGE open                            ms to open
 *
 * "fresh" counts A first and times one pass over B in calls of BLOCK bytes.
 */

#include "../include/llm_tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>


#define BENCH_TURNS  9


typedef struct {
    char    *p;
    size_t   len;
} bench_text_t;

static llm_vocab_t    *vocab;
static llm_scratch_t  *scratch;
static size_t          tokens;


/* of processor time: others on the machine do not count */

static double
bench_ms(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);

    return (double) ts.tv_sec * 1e3 + (double) ts.tv_nsec / 1e6;
}


static void
bench_die(const char *what)
{
    (void) fprintf(stderr, "bench: %s\n", what);
    exit(1);
}


static bench_text_t
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


static void
bench_count(const bench_text_t *t, size_t block)
{
    size_t  at, n;

    for (at = 0; at < t->len; at += n) {
        n = block < t->len - at ? block : t->len - at;

        /* a block does not begin inside a character */

        while (at + n < t->len && (t->p[at + n] & 0xc0) == 0x80) {
            n++;
        }

        tokens += llm_count(vocab, scratch, t->p + at, n);
    }
}


static void
bench_forget(void)
{
    void  *mem;

    mem = scratch;
    scratch = llm_scratch_init(mem, llm_scratch_size());

    if (getenv("LLM_SIMD")) {
        (void) llm_scratch_simd(scratch, atoi(getenv("LLM_SIMD")));
    }
}


static int
bench_less(const void *a, const void *b)
{
    return (*(const double *) a > *(const double *) b)
           - (*(const double *) a < *(const double *) b);
}


static double
bench_median(double *t)
{
    qsort(t, BENCH_TURNS, sizeof(double), bench_less);

    return t[BENCH_TURNS / 2];
}


static void
bench_text(const char *how, size_t block, const bench_text_t *a,
    const bench_text_t *b)
{
    int     i;
    double  t[BENCH_TURNS];

    for (i = 0; i < BENCH_TURNS; i++) {
        bench_forget();

        if (strcmp(how, "cold") != 0) {
            bench_count(a, 1 << 20);
        }

        if (strcmp(how, "repeat") == 0) {
            bench_count(b, block);
        }

        tokens = 0;
        t[i] = bench_ms();
        bench_count(b, block);
        t[i] = bench_ms() - t[i];
    }

    (void) printf("%.1f %zu\n",
                  (double) b->len / 1e3 / bench_median(t), tokens);
}


static void
bench_one(const bench_text_t *b)
{
    int     i;
    double  t[BENCH_TURNS];

    for (i = 0; i < BENCH_TURNS; i++) {
        bench_forget();
        (void) llm_count(vocab, scratch, "warm", 4);

        tokens = 0;
        t[i] = bench_ms();
        tokens = llm_count(vocab, scratch, b->p, b->len);
        t[i] = bench_ms() - t[i];
    }

    (void) printf("%.3f %zu\n", bench_median(t), tokens);
}


static bench_text_t
bench_run(const char *unit, size_t n)
{
    size_t        i, len;
    unsigned      seed;
    bench_text_t  t;

    len = strlen(unit);
    t.p = malloc(n + len + 1);
    t.len = 0;
    seed = 12345;

    if (t.p == NULL) {
        bench_die("no memory");
    }

    for (i = 0; t.len < n; i++) {
        if (len == 0) {
            seed = seed * 1103515245 + 12345;
            t.p[t.len++] = (char) ('a' + (seed >> 16) % 26);

        } else {
            memcpy(t.p + t.len, unit, len);
            t.len += len;
        }
    }

    return t;
}


static void
bench_sum(const bench_text_t *b)
{
    int       i;
    size_t    j;
    double    t[BENCH_TURNS];
    unsigned  sum;

    for (i = 0; i < BENCH_TURNS; i++) {
        t[i] = bench_ms();

        for (sum = 0, j = 0; j < b->len; j++) {
            sum += (unsigned char) b->p[j];
        }

        t[i] = bench_ms() - t[i];
        tokens += sum;
    }

    (void) printf("%.1f %zu\n",
                  (double) b->len / 1e3 / bench_median(t), tokens);
}


static void
bench_open(const char *path)
{
    int           i;
    char          err[256];
    double        t[BENCH_TURNS];
    llm_vocab_t  *v;

    for (i = 0; i < BENCH_TURNS; i++) {
        t[i] = bench_ms();

        if (llm_vocab_open(&v, path, err, sizeof(err)) != 0) {
            bench_die(err);
        }

        t[i] = bench_ms() - t[i];
        llm_vocab_close(v);
    }

    (void) printf("%.3f 0\n", bench_median(t));
}


int
main(int argc, char **argv)
{
    char          err[256];
    bench_text_t  a, b;

    if (argc < 3
        || llm_vocab_open(&vocab, argv[1], err, sizeof(err)) != 0)
    {
        bench_die(argc < 3 ? "usage: see bench.c" : err);
    }

    scratch = aligned_alloc(64, (llm_scratch_size() + 63) / 64 * 64);
    bench_forget();

    if (strcmp(argv[2], "open") == 0) {
        bench_open(argv[1]);

    } else if (strcmp(argv[2], "run") == 0 && argc == 5) {
        b = bench_run(argv[3], (size_t) atol(argv[4]));
        bench_one(&b);

    } else if (strcmp(argv[2], "sum") == 0 && argc == 4) {
        b = bench_read(argv[3]);
        bench_sum(&b);

    } else if (argc == 6) {
        a = bench_read(argv[4]);
        b = bench_read(argv[5]);
        bench_text(argv[2], (size_t) atol(argv[3]), &a, &b);

    } else {
        bench_die("usage: see bench.c");
    }

    return 0;
}
