/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * llm-tokens: counts tokens, as wc counts words.  See llm-tokens.1.
 */

#include "../include/llm_tokenizer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


#ifndef LLM_VOCAB_DIR
#define LLM_VOCAB_DIR  "/usr/share/llm-cost/vocab"
#endif

#define TOKENS_BLOCK  (1 << 20)

enum { TOKENS_COUNT = 0, TOKENS_IDS, TOKENS_JSON };


typedef struct {
    llm_vocab_t    *vocab;
    llm_scratch_t  *scratch;
    const char     *model;
    int             estimate;   /* the model is not known */
    int             format;
    int             files;
    int             failed;
    size_t          total;
} tokens_t;


static void
tokens_warn(const char *name, const char *why)
{
    (void) fprintf(stderr, "llm-tokens: %s: %s\n", name, why);
}


static void
tokens_usage(void)
{
    (void) fprintf(stderr,
                   "usage: llm-tokens [-m MODEL | -v VOCABULARY] [-d DIR] "
                   "[--ids | --json] [FILE...]\n"
                   "       llm-tokens [-d DIR] --list\n");
    exit(2);
}


/* the whole text: ids and counts are those of one piece of text */

static char *
tokens_read(FILE *f, size_t *len)
{
    char    *p, *more;
    size_t   room, n;

    p = NULL;
    room = 0;
    *len = 0;

    do {
        if (room - *len < TOKENS_BLOCK) {
            room = 2 * room + TOKENS_BLOCK;
            more = realloc(p, room);

            if (more == NULL) {
                free(p);
                return NULL;
            }

            p = more;
        }

        n = fread(p + *len, 1, room - *len, f);
        *len += n;
    } while (n);

    return p;
}


static void
tokens_json_string(const char *s)
{
    (void) putchar('"');

    for ( /* void */ ; *s; s++) {
        if (*s == '"' || *s == '\\') {
            (void) printf("\\%c", *s);

        } else if ((unsigned char) *s < 0x20) {
            (void) printf("\\u%04x", (unsigned char) *s);

        } else {
            (void) putchar(*s);
        }
    }

    (void) putchar('"');
}


static int
tokens_ids(tokens_t *t, const char *text, size_t len)
{
    size_t     i, n;
    uint32_t  *ids;

    n = llm_count(t->vocab, t->scratch, text, len);
    ids = malloc((n + 1) * sizeof(uint32_t));

    if (ids == NULL) {
        return -1;
    }

    n = llm_encode(t->vocab, t->scratch, text, len, ids, n);

    for (i = 0; i < n; i++) {
        (void) printf("%s%u", i ? " " : "", (unsigned) ids[i]);
    }

    (void) putchar('\n');
    free(ids);

    return 0;
}


static void
tokens_text(tokens_t *t, const char *name, const char *text, size_t len)
{
    size_t  n;

    if (t->format == TOKENS_IDS) {
        if (tokens_ids(t, text, len) != 0) {
            tokens_warn(name, strerror(ENOMEM));
            t->failed = 1;
        }

        return;
    }

    n = llm_count(t->vocab, t->scratch, text, len);
    t->total += n;

    if (llm_scratch_cut(t->scratch)) {
        tokens_warn(name, "a piece of it was cut, this is an estimate");
        t->estimate = 1;
    }

    if (t->format == TOKENS_JSON) {
        (void) printf("%s{\"file\":", t->files ? "," : "");
        tokens_json_string(name);
        (void) printf(",\"bytes\":%zu,\"tokens\":%zu}", len, n);

    } else {
        (void) printf("%7zu %s\n", n, name);
    }

    t->files++;
}


static void
tokens_file(tokens_t *t, const char *name)
{
    int      standard;
    char    *text;
    FILE    *f;
    size_t   len;

    standard = strcmp(name, "-") == 0;
    f = standard ? stdin : fopen(name, "rb");

    if (f == NULL) {
        tokens_warn(name, strerror(errno));
        t->failed = 1;
        return;
    }

    errno = 0;
    text = tokens_read(f, &len);

    if (text == NULL || ferror(f)) {
        tokens_warn(name, strerror(errno ? errno : ENOMEM));
        t->failed = 1;

    } else {
        tokens_text(t, name, text, len);
    }

    free(text);

    if (!standard) {
        (void) fclose(f);
    }
}


static void
tokens_open(tokens_t *t, const char *dir, const char *name)
{
    void  *mem;
    char   path[4096], err[4352];
    int    n;

    /* what has a slash is the path of an image */

    if (strchr(name, '/')) {
        n = snprintf(path, sizeof(path), "%s", name);

    } else {
        n = snprintf(path, sizeof(path), "%s/%s.llmv", dir, name);
    }

    if (n < 0 || (size_t) n >= sizeof(path)) {
        tokens_warn(name, "the path is too long");
        exit(1);
    }

    if (llm_vocab_open(&t->vocab, path, err, sizeof(err)) != 0) {
        (void) fprintf(stderr, "llm-tokens: %s\n", err);
        exit(1);
    }

    mem = aligned_alloc(64, (llm_scratch_size() + 63) / 64 * 64);
    t->scratch = llm_scratch_init(mem, llm_scratch_size());

    if (t->scratch == NULL) {
        tokens_warn(name, strerror(ENOMEM));
        exit(1);
    }
}


static void
tokens_list(const char *dir)
{
    size_t       i;
    const char  *model, *vocab;
    char         path[4096];

    for (i = 0; (model = llm_model_row(i, &vocab)) != NULL; i++) {
        (void) snprintf(path, sizeof(path), "%s/%s.llmv", dir, vocab);
        (void) printf("%-26s %-14s%s\n", model, vocab,
                      access(path, R_OK) == 0 ? "" : " (not installed)");
    }
}


static void
tokens_all(tokens_t *t, char **name, int n)
{
    int  i;

    if (t->format == TOKENS_JSON) {
        (void) printf("{\"vocabulary\":");
        tokens_json_string(llm_vocab_name(t->vocab));
        (void) printf(",\"files\":[");
    }

    if (n == 0) {
        tokens_file(t, "-");
    }

    for (i = 0; i < n; i++) {
        tokens_file(t, name[i]);
    }

    if (t->format == TOKENS_JSON) {
        (void) printf("],\"tokens\":%zu,\"estimate\":%s}\n", t->total,
                      t->estimate ? "true" : "false");

    } else if (t->format == TOKENS_COUNT && n > 1) {
        (void) printf("%7zu total\n", t->total);
    }
}


/* takes the long options out of argv; returns 1 if it was --list */

static int
tokens_long_options(tokens_t *t, int *argc, char **argv)
{
    int  i, n, list;

    list = 0;

    for (i = 1, n = 1; i < *argc; i++) {
        if (strcmp(argv[i], "--ids") == 0) {
            t->format = TOKENS_IDS;

        } else if (strcmp(argv[i], "--json") == 0) {
            t->format = TOKENS_JSON;

        } else if (strcmp(argv[i], "--list") == 0) {
            list = 1;

        } else if (strcmp(argv[i], "--") == 0) {
            while (i < *argc) {
                argv[n++] = argv[i++];
            }

        } else if (strncmp(argv[i], "--", 2) == 0) {
            tokens_usage();

        } else {
            argv[n++] = argv[i];
        }
    }

    argv[n] = NULL;
    *argc = n;

    return list;
}


int
main(int argc, char **argv)
{
    int              c, list;
    const char      *dir, *name;
    static tokens_t  t;

    list = tokens_long_options(&t, &argc, argv);
    name = NULL;
    dir = getenv("LLM_VOCAB_DIR");
    dir = dir ? dir : LLM_VOCAB_DIR;

    while ((c = getopt(argc, argv, "m:v:d:")) != -1) {
        switch (c) {

        case 'm':
            t.model = optarg;
            break;

        case 'v':
            name = optarg;
            break;

        case 'd':
            dir = optarg;
            break;

        default:
            tokens_usage();
        }
    }

    if (list) {
        tokens_list(dir);
        return 0;
    }

    if (t.model && name) {
        tokens_usage();
    }

    if (t.model) {
        name = llm_model_vocab(t.model, strlen(t.model), &t.estimate);

        if (t.estimate) {
            tokens_warn(t.model, "its vocabulary is not known, this is an "
                        "estimate with that of another model");
        }
    }

    tokens_open(&t, dir, name ? name : "o200k_base");
    tokens_all(&t, argv + optind, argc - optind);
    llm_vocab_close(t.vocab);
    free(t.scratch);

    if (fflush(stdout) != 0 || ferror(stdout)) {
        tokens_warn("standard output", strerror(errno));
        return 1;
    }

    return t.failed;
}
