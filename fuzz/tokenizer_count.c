/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Any bytes: the count is that of the ids, the same on each path and in
 * parts, wherever they are cut; decoding gives the text back if it is valid
 * UTF-8; and what the loops of the library do grows with the text only.  The
 * vocabulary is the image that $LLM_VOCAB names.
 *
 * The first bytes say how often the text is repeated and where it is cut.
 *
 *   make -C tokenizer fuzz
 */

#include "../tokenizer/include/llm_tokenizer.h"
#include "../tokenizer/src/llm_tok_internal.h"

#include <stdio.h>
#include <stdlib.h>


#define FUZZ_MAX    8192
#define FUZZ_TIMES  16

/*
 * Steps: no text is known that takes more than a tenth of this a byte.  Two
 * irregular tokens, as long as a token may be, are merged with the square of
 * their length.
 */
#define FUZZ_STEPS  64
#define FUZZ_FIRST  300000


uint64_t  llm_tok_steps;

static llm_vocab_t    *vocab;
static llm_scratch_t  *scratch;
static char            text[FUZZ_MAX * FUZZ_TIMES];
static uint32_t        ids[3 * FUZZ_MAX * FUZZ_TIMES];
static char            back[4 * FUZZ_MAX * FUZZ_TIMES];


static void
fuzz_open(void)
{
    char         err[256];
    const char  *path;

    path = getenv("LLM_VOCAB");

    if (path == NULL
        || llm_vocab_open(&vocab, path, err, sizeof(err)) != 0)
    {
        (void) fprintf(stderr, "%s\n", path ? err : "set LLM_VOCAB");
        exit(1);
    }

    scratch = llm_scratch_init(aligned_alloc(64, (llm_scratch_size() + 63)
                                                 / 64 * 64),
                               llm_scratch_size());
}


static void
fuzz_is(int truth)
{
    if (!truth) {
        abort();
    }
}


static void
fuzz_paths(size_t size, size_t n)
{
    int  simd;

    for (simd = LLM_SIMD_AVX512; simd >= LLM_SIMD_SCALAR; simd--) {
        if (llm_scratch_simd(scratch, simd) == 0) {
            fuzz_is(llm_count(vocab, scratch, text, size) == n);
        }
    }

    (void) llm_scratch_simd(scratch, LLM_SIMD_AVX2);
    (void) llm_scratch_simd(scratch, LLM_SIMD_NEON);
}


static void
fuzz_stream(size_t size, size_t n, unsigned seed)
{
    int                        estimate;
    size_t                     at, step;
    static llm_count_stream_t  cs;

    llm_count_stream_init(&cs, vocab, scratch);

    for (at = 0; at < size; at += step) {
        seed = seed * 1103515245 + 12345;
        step = 1 + (seed >> 16) % (seed & 0x8000 ? 9 : 700);
        step = step < size - at ? step : size - at;
        llm_count_stream_feed(&cs, text + at, step);
    }

    at = llm_count_stream_finish(&cs, &estimate);
    fuzz_is(estimate || at == n);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t  i, n, bytes;

    if (size < 2 || size > FUZZ_MAX) {
        return 0;
    }

    if (vocab == NULL) {
        fuzz_open();
    }

    size -= 2;

    for (i = 0; i <= data[0] % FUZZ_TIMES; i++) {
        memcpy(text + i * size, data + 2, size);
    }

    size *= i;
    llm_tok_steps = 0;
    n = llm_count(vocab, scratch, text, size);
    fuzz_is(llm_tok_steps <= FUZZ_FIRST + FUZZ_STEPS * size);

    fuzz_is(llm_encode(vocab, scratch, text, size, ids,
                       sizeof(ids) / sizeof(ids[0])) == n);
    fuzz_is(n <= 3 * size);
    fuzz_is(llm_count_limit(vocab, scratch, text, size, n) == n);

    if (n) {
        fuzz_is(llm_count_limit(vocab, scratch, text, size, n - 1) == n);
    }

    bytes = llm_decode(vocab, ids, n, back, sizeof(back));

    if (llm_tok_valid((const uint8_t *) text, size) && !vocab->nfc
        && !vocab->chars)
    {
        fuzz_is(bytes == size && memcmp(back, text, size) == 0);
    }

    fuzz_paths(size, n);
    fuzz_stream(size, n, data[1] + 1);

    return 0;
}
