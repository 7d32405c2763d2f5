/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Any bytes: the count is that of the ids, the same on each path and in
 * parts; decoding gives the text back if it is valid UTF-8.  The vocabulary
 * is the image that $LLM_VOCAB names.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -o tokenizer_count \
 *       fuzz/tokenizer_count.c tokenizer/src/*.c -lpcre2-8
 */

#include "../tokenizer/include/llm_tokenizer.h"
#include "../tokenizer/src/llm_tok_internal.h"

#include <stdio.h>
#include <stdlib.h>


#define FUZZ_MAX  8192


static llm_vocab_t    *vocab;
static llm_scratch_t  *scratch;


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


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                        estimate;
    char                       back[4 * FUZZ_MAX];
    size_t                     n, at, step, bytes;
    const char                *text;
    static uint32_t            ids[3 * FUZZ_MAX];
    static llm_count_stream_t  cs;

    if (size < 1 || size > FUZZ_MAX) {
        return 0;
    }

    if (vocab == NULL) {
        fuzz_open();
    }

    step = 1 + data[0];
    text = (const char *) data + 1;
    size--;

    n = llm_encode(vocab, scratch, text, size, ids, 3 * FUZZ_MAX);
    fuzz_is(n <= 3 * size);
    fuzz_is(llm_count(vocab, scratch, text, size) == n);
    fuzz_is(llm_count_limit(vocab, scratch, text, size, n) == n);

    if (n) {
        fuzz_is(llm_count_limit(vocab, scratch, text, size, n - 1) == n);
    }

    (void) llm_scratch_simd(scratch, LLM_SIMD_SCALAR);
    fuzz_is(llm_count(vocab, scratch, text, size) == n);
    (void) llm_scratch_simd(scratch, LLM_SIMD_AVX2);

    bytes = llm_decode(vocab, ids, n, back, sizeof(back));

    if (llm_tok_valid((const uint8_t *) text, size) && !vocab->nfc) {
        fuzz_is(bytes == size && memcmp(back, text, size) == 0);
    }

    llm_count_stream_init(&cs, vocab, scratch);

    for (at = 0; at < size; at += step) {
        llm_count_stream_feed(&cs, text + at,
                              step < size - at ? step : size - at);
    }

    at = llm_count_stream_finish(&cs, &estimate);
    fuzz_is(estimate || at == n);

    return 0;
}
