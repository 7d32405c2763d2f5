/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * llm-tokens: counts tokens, as wc counts words.  See llm-tokens.1.
 */

#include "llm_tokens.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


#ifndef LLM_DATA_DIR
#define LLM_DATA_DIR  "/usr/share/llm-cost"
#endif

#define TOKENS_BLOCK  (1 << 20)

enum { TOKENS_COUNT = 0, TOKENS_IDS, TOKENS_JSON, TOKENS_CHAT };


typedef struct {
    llm_vocab_t    *vocab;
    llm_scratch_t  *scratch;
    const char     *model;
    const char     *name;       /* of the vocabulary, or NULL */
    const char     *dir;
    int             estimate;   /* the model is not known */
    int             format;
    int             files;
    int             failed;
    size_t          total;
} tokens_t;


static const char *tokens_for_model(void *ctx, tokens_chat_t *c);


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
                   "[--ids | --json | --chat] [FILE...]\n"
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
tokens_part(long long n, const char *name)
{
    if (n) {
        (void) printf("%7lld %s\n", n, name);
    }
}


/* the parts of an API request, and its model and vocabulary */

static void
tokens_request(tokens_t *t, const char *name, const char *text, size_t len)
{
    const char     *wrong;
    tokens_chat_t   c;

    memset(&c, 0, sizeof(c));

    wrong = tokens_chat ? tokens_chat(&c, text, len, t->model,
                                      tokens_for_model, t)
                        : "--chat comes with the module, not with the library";

    if (wrong) {
        tokens_warn(name, wrong);
        t->failed = 1;
        return;
    }

    tokens_part(c.messages, "messages");
    tokens_part(c.tools, "tools");
    tokens_part(c.format, "response format");
    tokens_part(c.images, "images");
    tokens_part(c.framing, "framing");

    (void) printf("%7lld %s (%s, %s%s)\n", c.total, name, c.model,
                  llm_vocab_name(c.vocab), c.estimate ? ", estimate" : "");
    t->total += (size_t) c.total;
}


static void
tokens_text(tokens_t *t, const char *name, const char *text, size_t len)
{
    size_t  n;

    if (t->format == TOKENS_CHAT) {
        tokens_request(t, name, text, len);
        return;
    }

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


/* the vocabulary of a request's model, if no option names one */

static const char *
tokens_for_model(void *ctx, tokens_chat_t *c)
{
    tokens_t    *t;
    const char  *name;

    t = ctx;
    c->estimate = 0;
    name = t->name ? t->name : llm_model_vocab(c->model, strlen(c->model),
                                               &c->estimate);

    if (t->vocab && strcmp(llm_vocab_name(t->vocab), name) != 0
        && strchr(name, '/') == NULL)
    {
        llm_vocab_close(t->vocab);
        free(t->scratch);
        t->vocab = NULL;
    }

    if (t->vocab == NULL) {
        tokens_open(t, t->dir, name);
    }

    c->vocab = t->vocab;
    c->scratch = t->scratch;

    return NULL;
}


static void
tokens_vocab_row(const char *path)
{
    char          err[4352];
    llm_vocab_t  *v;

    if (llm_vocab_open(&v, path, err, sizeof(err)) != 0) {
        (void) fprintf(stderr, "llm-tokens: %s\n", err);
        return;
    }

    (void) printf("%-14s %7zu ids  %s\n", llm_vocab_name(v),
                  llm_vocab_size(v), path);
    llm_vocab_close(v);
}


/* the images that are there, then the models */

static int
tokens_list(const char *dir)
{
    int          estimate;
    char         path[4096];
    size_t       i;
    glob_t       found;
    const char  *model, *vocab;

    (void) snprintf(path, sizeof(path), "%s/*.llmv", dir);
    (void) printf("Vocabularies\n\n");

    if (glob(path, 0, NULL, &found) == 0) {
        for (i = 0; i < found.gl_pathc; i++) {
            tokens_vocab_row(found.gl_pathv[i]);
        }

        globfree(&found);

    } else {
        (void) printf("none in %s\n", dir);
    }

    (void) printf("\nModels: the first expression that matches counts\n\n");

    for (i = 0; (model = llm_model_row(i, &vocab, &estimate)); i++) {
        (void) snprintf(path, sizeof(path), "%s/%s.llmv", dir, vocab);
        (void) printf("%-12s %-10s %s%s\n", vocab,
                      estimate ? "estimate" : "", model,
                      access(path, R_OK) == 0 ? "" : " (not installed)");
    }

    (void) printf("%-12s %-10s every other model\n", "o200k_base", "estimate");

    return fflush(stdout) == 0 ? 0 : 1;
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

    } else if (t->format != TOKENS_IDS && n > 1) {
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

        } else if (strcmp(argv[i], "--chat") == 0) {
            t->format = TOKENS_CHAT;

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


static void
tokens_options(tokens_t *t, int argc, char **argv)
{
    int  c;

    t->dir = getenv("LLM_VOCAB_DIR");
    t->dir = t->dir ? t->dir : LLM_DATA_DIR "/vocab";

    while ((c = getopt(argc, argv, "m:v:d:")) != -1) {
        switch (c) {

        case 'm':
            t->model = optarg;
            break;

        case 'v':
            t->name = optarg;
            break;

        case 'd':
            t->dir = optarg;
            break;

        default:
            tokens_usage();
        }
    }
}


int
main(int argc, char **argv)
{
    int              list;
    const char      *name;
    static tokens_t  t;

    list = tokens_long_options(&t, &argc, argv);
    tokens_options(&t, argc, argv);

    if (list) {
        return tokens_list(t.dir);
    }

    name = t.name;

    if (t.model && name && t.format != TOKENS_CHAT) {
        tokens_usage();
    }

    if (t.format == TOKENS_CHAT) {
        tokens_all(&t, argv + optind, argc - optind);
        llm_vocab_close(t.vocab);
        free(t.scratch);

        return t.failed || fflush(stdout) != 0;
    }

    if (t.model) {
        name = llm_model_vocab(t.model, strlen(t.model), &t.estimate);

        if (t.estimate) {
            tokens_warn(t.model, "its vocabulary is not known, this is an "
                        "estimate with that of another model");
        }
    }

    tokens_open(&t, t.dir, name ? name : "o200k_base");
    tokens_all(&t, argv + optind, argc - optind);
    llm_vocab_close(t.vocab);
    free(t.scratch);

    if (fflush(stdout) != 0 || ferror(stdout)) {
        tokens_warn("standard output", strerror(errno));
        return 1;
    }

    return t.failed;
}
