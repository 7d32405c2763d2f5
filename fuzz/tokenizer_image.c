/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Images that lie: the input overwrites words of the image that $LLM_VOCAB
 * names, whose checksum is then put right.  What opens must count any text,
 * rightly or wrongly, without leaving its memory and in bounded time.  A small
 * image (the first 2,000 ranks, compiled with llm-vocab -g) is much faster.
 *
 *   make -C tokenizer fuzz
 */

#define _GNU_SOURCE

#include "../tokenizer/include/llm_tokenizer.h"
#include "../tokenizer/src/llm_tok_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>


#define FUZZ_WORD  12           /* 4 bytes say where, 8 what */


uint64_t  llm_tok_steps;

static char    *image;
static size_t   image_size;
static void    *scratch;


static void
fuzz_load(void)
{
    FILE        *f;
    const char  *path;

    path = getenv("LLM_VOCAB");
    f = path ? fopen(path, "rb") : NULL;
    image = malloc(64 << 20);

    if (f == NULL || image == NULL) {
        (void) fprintf(stderr, "set LLM_VOCAB\n");
        exit(1);
    }

    image_size = fread(image, 1, 64 << 20, f);
    (void) fclose(f);
    scratch = aligned_alloc(64, (llm_scratch_size() + 63) / 64 * 64);
}


static void
fuzz_use(llm_vocab_t *v)
{
    size_t              i, n;
    uint32_t            ids[4096];
    char                text[6000], out[256];
    llm_scratch_t      *s;
    static const char   words[] = "The quick brown fox's 1234\n\tjumps, aaa ";

    s = llm_scratch_init(scratch, llm_scratch_size());

    for (i = 0; i < sizeof(text); i++) {
        text[i] = i < 3000 ? words[i % (sizeof(words) - 1)] : 'a';
    }

    (void) llm_count(v, s, text, sizeof(text));
    n = llm_encode(v, s, text, sizeof(text), ids, 4096);
    (void) llm_decode(v, ids, n < 4096 ? n : 4096, out, sizeof(out));
    memset(text, 0xe4, sizeof(text));
    (void) llm_encode(v, s, text, sizeof(text), ids, 4096);

    for (i = 0; i < 4096; i++) {
        ids[i] = (uint32_t) i;
    }

    (void) llm_decode(v, ids, 4096, out, sizeof(out));
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int               fd;
    char              path[64], err[256];
    char             *copy;
    uint32_t          at;
    llm_vocab_t      *v;

    if (image == NULL) {
        fuzz_load();
    }

    fd = memfd_create("image", 0);
    if (fd == -1 || ftruncate(fd, (off_t) image_size) != 0) {
        exit(1);
    }

    copy = mmap(NULL, image_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (copy == MAP_FAILED) {
        exit(1);
    }

    memcpy(copy, image, image_size);

    for ( /* void */ ; size >= FUZZ_WORD; size -= FUZZ_WORD) {
        memcpy(&at, data, sizeof(at));

        /* half of them hit the header */

        at = at & 1 ? at % 240 : (uint32_t) (at % (image_size - 8));
        memcpy(copy + (at & ~7u), data + 4, 8);
        data += FUZZ_WORD;
    }

    ((llm_tok_image_t *) copy)->sum =
        llm_tok_sum(copy + LLM_TOK_SUMMED, image_size - LLM_TOK_SUMMED, NULL,
                    NULL);
    (void) munmap(copy, image_size);

    (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);

    if (llm_vocab_open(&v, path, err, sizeof(err)) == 0) {
        fuzz_use(v);
        llm_vocab_close(v);
    }

    (void) close(fd);

    return 0;
}
