/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Compares the library with the ids that gen-diff.js wrote, on every path:
 *
 *     diff IMAGE < FILE
 */

#include "../include/llm_tokenizer.h"
#include "../src/llm_tok_piece.h"

#include <stdio.h>
#include <stdlib.h>


#define DIFF_MAX  (1 << 22)


typedef struct {
    llm_vocab_t    *v;
    llm_scratch_t  *s;
    char            text[DIFF_MAX];
    uint8_t         normal[3 * DIFF_MAX];
    uint32_t        want[DIFF_MAX];
    uint32_t        got[DIFF_MAX];
    uint32_t        len;
    uint32_t        ids;
    unsigned        seed;
    unsigned long   records;
    unsigned long   bytes;
} diff_t;


static void
diff_fail(const diff_t *d, const char *what, size_t n)
{
    size_t    i, j, same;
    char      piece[256];

    for (same = 0; same < n && same < d->ids; same++) {
        if (d->got[same] != d->want[same]) {
            break;
        }
    }

    (void) printf("%s: %s differs in record %lu (%u bytes): %zu tokens, "
                  "the reference has %u; the first other one is %zu\n",
                  llm_vocab_name(d->v), what, d->records, (unsigned) d->len,
                  n, (unsigned) d->ids, same);

    for (i = same > 4 ? same - 4 : 0; i < same + 4; i++) {
        if (i < d->ids) {
            j = llm_decode(d->v, &d->want[i], 1, piece, sizeof(piece));
            (void) printf("  want %u \"%.*s\"\n", (unsigned) d->want[i],
                          (int) j, piece);
        }

        if (i < n) {
            j = llm_decode(d->v, &d->got[i], 1, piece, sizeof(piece));
            (void) printf("  got  %u \"%.*s\"\n", (unsigned) d->got[i],
                          (int) j, piece);
        }
    }

    for (i = 0; i < d->len && i < 400; i++) {
        (void) printf("%02x", (unsigned char) d->text[i]);
    }

    (void) printf("\n");
    exit(1);
}


static unsigned
diff_random(diff_t *d, unsigned n)
{
    d->seed = d->seed * 1103515245 + 12345;

    return (d->seed >> 8) % n;
}


static void
diff_count(diff_t *d, const char *what)
{
    size_t  n;

    n = llm_count(d->v, d->s, d->text, d->len);
    if (n != d->ids) {
        diff_fail(d, what, n);
    }
}


static void
diff_stream(diff_t *d)
{
    int                        estimate;
    size_t                     at, n;
    static llm_count_stream_t  cs;

    llm_count_stream_init(&cs, d->v, d->s);

    for (at = 0; at < d->len; at += n) {
        n = 1 + diff_random(d, diff_random(d, 4) ? 8 : 3000);
        n = n < d->len - at ? n : d->len - at;
        llm_count_stream_feed(&cs, d->text + at, n);
    }

    n = llm_count_stream_finish(&cs, &estimate);

    if (n != d->ids && !estimate) {
        diff_fail(d, "the stream", n);
    }
}


/* each piece the way that only huge ones go */

static void
diff_forward(diff_t *d)
{
    size_t          n, except;
    uint32_t        token;
    llm_tok_out_t   out, count;
    const uint8_t  *p, *end;
    llm_tok_split_t split;

    out.ids = d->got;
    out.max = DIFF_MAX;
    out.n = 0;
    out.map = d->v->ids;
    memset(&count, 0, sizeof(count));

    if (d->v->prepend) {
        return;
    }

    p = (uint8_t *) d->text;
    end = p + d->len;

    if (d->v->nfc) {
        n = llm_tok_nfc(d->v->nfc, &p, end, d->normal, sizeof(d->normal));
        p = d->normal;
        end = p + n;

    } else if (d->v->regex) {
        n = llm_tok_mend(&p, end, d->normal, sizeof(d->normal));
        p = d->normal;
        end = p + n;
    }

    llm_tok_split_init(&split, d->v, d->s, (const char *) p,
                       (size_t) (end - p));

    for ( /* void */ ; p < end; p += n) {
        n = (size_t) (llm_tok_piece_end(&split, p) - p);
        except = llm_tok_exception(d->v, p, n);

        if (except != SIZE_MAX) {
            token = (uint32_t) except;
            llm_tok_emit(&out, &token, 1);
            llm_tok_emit(&count, &token, 1);
            continue;
        }

        llm_tok_bpe_forward(d->v, p, n, 0, &out);
        llm_tok_bpe_forward(d->v, p, n, 0, &count);
    }

    if (out.n != d->ids || count.n != d->ids
        || memcmp(d->got, d->want, d->ids * sizeof(uint32_t)) != 0)
    {
        diff_fail(d, "the forward merge", out.n);
    }
}


/* with all instructions that there are but the scalar ones */

static void
diff_blocks(diff_t *d)
{
    int     simd;
    size_t  n;

    for (simd = LLM_SIMD_AVX2; simd <= LLM_SIMD_AVX512; simd++) {
        if (llm_scratch_simd(d->s, simd) != 0) {
            continue;
        }

        diff_count(d, "count in blocks");

        n = llm_encode(d->v, d->s, d->text, d->len, d->got, DIFF_MAX);

        if (n != d->ids
            || memcmp(d->got, d->want, n * sizeof(uint32_t)) != 0)
        {
            diff_fail(d, "encode in blocks", n);
        }
    }

    (void) llm_scratch_simd(d->s, LLM_SIMD_SCALAR);
}


/* who counts a text first merges it, and the other one remembers it */

static void
diff_record(diff_t *d)
{
    size_t  n;

    n = llm_encode(d->v, d->s, d->text, d->len, d->got, DIFF_MAX);

    if (n != d->ids
        || memcmp(d->got, d->want, n * sizeof(uint32_t)) != 0)
    {
        diff_fail(d, "encode", n);
    }

    (void) llm_scratch_simd(d->s, LLM_SIMD_SCALAR);

    if (d->records % 2) {
        diff_count(d, "count");
    }

    diff_blocks(d);

    if (d->records % 2 == 0) {
        diff_count(d, "count");
    }

    diff_stream(d);

    if (d->records % 16 == 0) {
        diff_forward(d);
    }
}


static int
diff_read(void *p, size_t size, size_t n)
{
    return fread(p, size, n, stdin) == n;
}


int
main(int argc, char **argv)
{
    char            err[256];
    static diff_t   d;

    if (argc != 2 || llm_vocab_open(&d.v, argv[1], err, sizeof(err)) != 0) {
        (void) printf("diff: %s\n", argc == 2 ? err : "usage: diff IMAGE");
        return 1;
    }

    d.s = llm_scratch_init(aligned_alloc(64, (llm_scratch_size() + 63)
                                             / 64 * 64),
                           llm_scratch_size());
    if (d.s == NULL) {
        return 1;
    }

    while (diff_read(&d.len, sizeof(d.len), 1)) {
        if (d.len > DIFF_MAX || !diff_read(d.text, 1, d.len)
            || !diff_read(&d.ids, sizeof(d.ids), 1) || d.ids > DIFF_MAX
            || !diff_read(d.want, sizeof(uint32_t), d.ids))
        {
            (void) printf("diff: the records are broken\n");
            return 1;
        }

        diff_record(&d);
        d.records++;
        d.bytes += d.len;
    }

    (void) printf("%s: %lu texts, %lu bytes: the same\n",
                  llm_vocab_name(d.v), d.records, d.bytes);
    llm_vocab_close(d.v);

    return d.records ? 0 : 1;
}
