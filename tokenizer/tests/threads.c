/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * One vocabulary in several threads at the same time, each with its scratch:
 * built with -fsanitize=thread, which tells of what they share.
 *
 *     threads IMAGE...
 */

#include "../include/llm_tokenizer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#define THREADS_MOST  4
#define THREADS_TURNS 40


typedef struct {
    const llm_vocab_t  *vocab;
    size_t              tokens;
} threads_t;


static const char  threads_text[] =
    "Counting is for all of them: caf\xc3\xa9, e\xcc\x81, 12345, \xef\xac\x81,"
    "\n\n  \xd0\xbf\xd0\xbe\xd0\xb6\xd0\xb0\xd0\xbb\xd1\x83\xd0\xb9\xd1\x81"
    "\xd1\x82\xd0\xb0 \xe4\xb8\xad\xe6\x96\x87\xe6\xb5\x8b\xe8\xaf\x95 \xff"
    " qzxjkvwqzxjkvwqzxjkvwqzxjkvw \xf0\x9f\x98\x80 return x == y;\n";


static void *
threads_count(void *data)
{
    int                  i;
    char                 out[1024];
    size_t               size, n, at;
    uint32_t             ids[1024];
    threads_t           *t;
    llm_scratch_t       *s;
    llm_count_stream_t   cs;

    t = data;
    size = (llm_scratch_size() + 63) / 64 * 64;
    s = llm_scratch_init(aligned_alloc(64, size), size);

    for (i = 0; i < THREADS_TURNS; i++) {
        at = (size_t) i % 16;
        n = sizeof(threads_text) - 1 - at;

        t->tokens += llm_count(t->vocab, s, threads_text + at, n);
        t->tokens += llm_encode(t->vocab, s, threads_text + at, n, ids, 1024);
        t->tokens += llm_decode(t->vocab, ids, 10, out, sizeof(out));

        llm_count_stream_init(&cs, t->vocab, s);
        llm_count_stream_feed(&cs, threads_text, n);
        t->tokens += llm_count_stream_finish(&cs, NULL);
    }

    free(s);

    return NULL;
}


static void
threads_vocab(const char *path)
{
    int          i;
    char         err[256];
    pthread_t    thread[THREADS_MOST];
    threads_t    t[THREADS_MOST];
    llm_vocab_t  *v;

    if (llm_vocab_open(&v, path, err, sizeof(err)) != 0) {
        (void) fprintf(stderr, "%s\n", err);
        exit(1);
    }

    memset(t, 0, sizeof(t));

    for (i = 0; i < THREADS_MOST; i++) {
        t[i].vocab = v;

        if (pthread_create(&thread[i], NULL, threads_count, &t[i]) != 0) {
            exit(1);
        }
    }

    for (i = 0; i < THREADS_MOST; i++) {
        (void) pthread_join(thread[i], NULL);

        if (t[i].tokens == 0 || t[i].tokens != t[0].tokens) {
            (void) fprintf(stderr, "%s: the threads differ\n", path);
            exit(1);
        }
    }

    (void) printf("threads: %s, %zu each\n", llm_vocab_name(v), t[0].tokens);
    llm_vocab_close(v);
}


int
main(int argc, char **argv)
{
    int  i;

    for (i = 1; i < argc; i++) {
        threads_vocab(argv[i]);
    }

    return 0;
}
