/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Compares a scanner with PCRE2 on the same pattern, piece by piece:
 *
 *     scan [-w] IMAGE IMAGE_FOR_PCRE2 LIST STEP BYTES
 *
 * Each STEP-th code point (each below U+3400) is put between letters, digits,
 * spaces, line ends and itself.  Those that are split otherwise, because the
 * tables of Unicode differ, must be in LIST, and none else; -w writes it.  Then
 * come BYTES of random text of the others.  A list holds for one version of
 * PCRE2: with another one those that differ are left out only.
 */

#define PCRE2_CODE_UNIT_WIDTH  8

#include "../src/llm_tok_piece.h"

#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>


#define SCAN_LAST  0x10ffff
#define SCAN_ALL   0x3400
#define SCAN_TEXT  4096


typedef struct {
    llm_vocab_t    *one;
    llm_vocab_t    *two;
    llm_scratch_t  *s;
    size_t          len;
    unsigned        seed;
    uint8_t         text[SCAN_TEXT];
    uint8_t         differs[SCAN_LAST + 1];
    uint8_t         listed[SCAN_LAST + 1];
} scan_t;


static size_t
scan_put(uint32_t c, uint8_t *out)
{
    if (c < 0x80) {
        out[0] = (uint8_t) c;
        return 1;
    }

    if (c < 0x800) {
        out[0] = (uint8_t) (0xc0 | c >> 6);
        out[1] = (uint8_t) (0x80 | (c & 63));
        return 2;
    }

    if (c < 0x10000) {
        out[0] = (uint8_t) (0xe0 | c >> 12);
        out[1] = (uint8_t) (0x80 | (c >> 6 & 63));
        out[2] = (uint8_t) (0x80 | (c & 63));
        return 3;
    }

    out[0] = (uint8_t) (0xf0 | c >> 18);
    out[1] = (uint8_t) (0x80 | (c >> 12 & 63));
    out[2] = (uint8_t) (0x80 | (c >> 6 & 63));
    out[3] = (uint8_t) (0x80 | (c & 63));

    return 4;
}


/* where the two part ways, or the text's length */

static size_t
scan_compare(scan_t *t)
{
    const uint8_t    *a, *b;
    llm_tok_split_t   one, two;

    llm_tok_split_init(&one, t->one, t->s, (char *) t->text, t->len);
    llm_tok_split_init(&two, t->two, t->s, (char *) t->text, t->len);

    for (a = t->text; a < one.end; /* void */) {
        b = llm_tok_piece_end(&two, a);

        if (llm_tok_piece_end(&one, a) != b) {
            return (size_t) (a - t->text);
        }

        a = b;
    }

    return t->len;
}


static void
scan_code_point(scan_t *t, uint32_t c)
{
    size_t              i;
    static const char   around[] = "a*b** *A*1 *\n*'*!* *\r\n\n* \t*s*'ll*3*";

    for (t->len = 0, i = 0; around[i]; i++) {
        t->len += scan_put(around[i] == '*' ? c : (uint32_t) around[i],
                           t->text + t->len);
    }

    t->differs[c] = scan_compare(t) != t->len;
}


static unsigned
scan_random(scan_t *t, unsigned n)
{
    t->seed = t->seed * 1103515245 + 12345;

    return (t->seed >> 8) % n;
}


static uint32_t
scan_any(scan_t *t)
{
    uint32_t               c;
    static const char      often[] = "  \n\n\r\t'''sStTrReEvVlLdDmM019!./-ab";
    static const uint32_t  up_to[] = { 0x80, 0x250, 0x800, 0x3400, 0x110000 };

    do {
        c = scan_random(t, 2) ? (uint32_t) often[scan_random(t, 35)]
            : scan_random(t, up_to[scan_random(t, 5)]);
    } while (t->differs[c] || t->listed[c] || (c >= 0xd800 && c <= 0xdfff));

    return c;
}


static int
scan_texts(scan_t *t, size_t bytes)
{
    size_t  at, i, done, limit;

    for (done = 0; done < bytes; done += t->len) {
        limit = 1 + scan_random(t, scan_random(t, 4) ? 60 : SCAN_TEXT - 8);

        for (t->len = 0; t->len < limit; ) {
            t->len += scan_put(scan_any(t), t->text + t->len);
        }

        at = scan_compare(t);

        if (at != t->len) {
            (void) printf("%s: another piece at byte %zu of:", t->one->image
                          ->name, at);

            for (i = at > 20 ? at - 20 : 0; i < t->len && i < at + 40; i++) {
                (void) printf(" %02x", t->text[i]);
            }

            (void) printf("\n");
            return 1;
        }
    }

    return 0;
}


static void
scan_write(const scan_t *t, const char *path, const char *version)
{
    FILE      *f;
    uint32_t   c, from;

    f = fopen(path, "w");

    if (f == NULL) {
        perror(path);
        exit(1);
    }

    (void) fprintf(f, "# Code points that %s splits otherwise; made by "
                   "tests/scan.c -w\nPCRE2 %s\n", "PCRE2", version);

    for (c = 0; c <= SCAN_LAST; c++) {
        if (!t->differs[c]) {
            continue;
        }

        for (from = c; c < SCAN_LAST && t->differs[c + 1]; c++) { /* void */ }

        (void) fprintf(f, from == c ? "%04X\n" : "%04X-%04X\n",
                       (unsigned) from, (unsigned) c);
    }

    (void) fclose(f);
}


/* returns whether the list is that of this PCRE2 */

static int
scan_read(scan_t *t, const char *path, const char *version)
{
    int        same;
    FILE      *f;
    char       line[256];
    unsigned   from, to;

    f = fopen(path, "r");

    if (f == NULL) {
        perror(path);
        exit(1);
    }

    for (same = 0; fgets(line, sizeof(line), f); ) {
        if (strncmp(line, "PCRE2 ", 6) == 0) {
            line[strcspn(line, "\n")] = '\0';
            same = strcmp(line + 6, version) == 0;
            continue;
        }

        to = 0;

        if (line[0] == '#' || sscanf(line, "%x-%x", &from, &to) < 1) {
            continue;
        }

        for (to = to ? to : from; from <= to && from <= SCAN_LAST; from++) {
            t->listed[from] = 1;
        }
    }

    (void) fclose(f);

    return same;
}


static void
scan_open(llm_vocab_t **v, const char *path)
{
    char  err[512];

    if (llm_vocab_open(v, path, err, sizeof(err)) != 0) {
        (void) printf("scan: %s\n", err);
        exit(1);
    }
}


int
main(int argc, char **argv)
{
    int             write, same, wrong;
    char            version[64], *space;
    uint32_t        c, step, n;
    static scan_t   t;

    write = argc > 1 && strcmp(argv[1], "-w") == 0;
    argv += write;

    if (argc - write != 6) {
        (void) printf("usage: scan [-w] IMAGE IMAGE LIST STEP BYTES\n");
        return 1;
    }

    scan_open(&t.one, argv[1]);
    scan_open(&t.two, argv[2]);
    t.s = llm_scratch_init(aligned_alloc(64, (llm_scratch_size() + 63)
                                             / 64 * 64),
                           llm_scratch_size());
    t.seed = 5;
    step = (uint32_t) atoi(argv[4]);

    (void) pcre2_config(PCRE2_CONFIG_VERSION, version);
    space = strchr(version, ' ');

    if (space) {
        *space = '\0';
    }

    same = write || scan_read(&t, argv[3], version);
    wrong = 0;

    for (c = 0, n = 0; c <= SCAN_LAST; c++) {
        if ((c >= 0xd800 && c <= 0xdfff) || (c > SCAN_ALL && c % step)) {
            continue;
        }

        scan_code_point(&t, c);
        n++;

        if (!write && same && t.differs[c] != t.listed[c]) {
            (void) printf("%s: U+%04X is split %s\n", t.one->image->name,
                          (unsigned) c, t.differs[c] ? "otherwise"
                          : "the same, though it is in the list");
            wrong = 1;
        }
    }

    if (write) {
        scan_write(&t, argv[3], version);
        return 0;
    }

    wrong |= scan_texts(&t, (size_t) atol(argv[5]));

    (void) printf("%s: %u code points, %s bytes: %s as by PCRE2 %s\n",
                  t.one->image->name, (unsigned) n, argv[5],
                  wrong ? "not" : "split", version);

    return wrong;
}
