/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * llm-vocab: compiles a vocabulary into the image that llm_vocab_open() maps.
 */

#include "llm_vocab.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


#define VOCAB_OPTIONS  64


void
die(const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    (void) fputs("llm-vocab: ", stderr);
    (void) vfprintf(stderr, fmt, args);
    (void) fputc('\n', stderr);
    va_end(args);

    exit(1);
}


void *
vocab_alloc(size_t n, size_t size)
{
    void  *p;

    p = calloc(n + 1, size);
    if (p == NULL) {
        die("no memory");
    }

    return p;
}


static void
vocab_usage(void)
{
    die("usage: llm-vocab [-p] [-g gpt2|cl100k|o200k] [-u nfc|nfkc]\n"
        "                 [-s TEXT=ID] -n NAME -o IMAGE FILE\n"
        "FILE is a tokenizer.json, the JSON of npm's tiktoken, or base64 and\n"
        "rank in lines, which need -g: the split pattern that goes with them.\n"
        "-u normalizes texts first.  -s names a special token of a rank file.\n"
        "-p leaves the pattern to PCRE2 though there is a scanner for it.");
}


static uint32_t
vocab_named_grammar(const char *name)
{
    if (strcmp(name, "gpt2") == 0) {
        return LLM_TOK_GPT2;
    }

    if (strcmp(name, "cl100k") == 0) {
        return LLM_TOK_CL100K;
    }

    if (strcmp(name, "o200k") == 0) {
        return LLM_TOK_O200K;
    }

    vocab_usage();

    return 0;
}


static uint32_t
vocab_named_form(const char *name)
{
    if (strcmp(name, "nfc") == 0) {
        return LLM_TOK_NFC;
    }

    if (strcmp(name, "nfkc") == 0) {
        return LLM_TOK_NFKC;
    }

    vocab_usage();

    return 0;
}


/* a reader that has the old file mapped keeps it: write beside, then rename */

static void
vocab_write(const char *path, const void *image, size_t size)
{
    char   *tmp;
    FILE   *f;
    size_t  len;

    len = strlen(path) + sizeof(".new");
    tmp = vocab_alloc(len, 1);
    (void) snprintf(tmp, len, "%s.new", path);

    f = fopen(tmp, "wb");

    if (f == NULL || fwrite(image, 1, size, f) != size || fflush(f) != 0
        || fsync(fileno(f)) != 0)
    {
        die("cannot write \"%s\"", path);
    }

    /* who maps it reads it from the disk, which is how it gets large pages */

    (void) posix_fadvise(fileno(f), 0, 0, POSIX_FADV_DONTNEED);

    if (fclose(f) != 0 || rename(tmp, path) != 0) {
        die("cannot write \"%s\"", path);
    }
}


/* returns the image's path or NULL; special has room for VOCAB_OPTIONS */

static const char *
vocab_options(vocab_t *v, int argc, char **argv, char **special, size_t *n)
{
    int          c;
    const char  *out;

    out = NULL;
    *n = 0;

    while ((c = getopt(argc, argv, "g:n:o:ps:u:")) != -1) {
        switch (c) {

        case 'g':
            v->grammar = vocab_named_grammar(optarg);
            break;

        case 'n':
            if (strlen(optarg) >= sizeof(v->name)) {
                die("the name \"%s\" is too long", optarg);
            }

            (void) strcpy(v->name, optarg);
            break;

        case 'o':
            out = optarg;
            break;

        case 'p':
            v->no_scanner = 1;
            break;

        case 's':
            special[(*n)++] = optarg;

            if (*n == VOCAB_OPTIONS) {
                vocab_usage();
            }

            break;

        case 'u':
            v->flags |= vocab_named_form(optarg);
            break;

        default:
            vocab_usage();
        }
    }

    return out;
}


int
main(int argc, char **argv)
{
    char           *special[VOCAB_OPTIONS];
    void           *image;
    size_t          size, specials;
    const char     *out;
    static vocab_t  v;

    out = vocab_options(&v, argc, argv, special, &specials);

    if (out == NULL || v.name[0] == '\0' || optind + 1 != argc) {
        vocab_usage();
    }

    vocab_read(&v, argv[optind], special, specials);
    image = vocab_build(&v, &size);
    vocab_write(out, image, size);

    (void) printf("%s: %u tokens, %zu bytes\n", out, (unsigned) v.tokens,
                  size);

    return 0;
}
