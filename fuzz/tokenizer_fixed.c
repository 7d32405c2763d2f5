/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Runs a fuzzer on inputs that are the same each time, where there is no
 * libFuzzer:
 *
 *     tokenizer_fixed SEED INPUTS
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#define FIXED_MAX  2000


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static unsigned     seed;
static const char  *parts[] = {
    " ", "\n", "\r\n", "\t", "'s", "'ll", "'\xc5\xbf", "the", "The", "ABC",
    "12345", "/", "...", "--", "\xe4\xb8\xad", "\xe6\x96\x87", "\xc3\xa9",
    "e\xcc\x81", "\xf0\x9f\x98\x80", "\xe2\x80\x8d", "\xc2\xa0", "\xff",
    "\xe4\xb8", "\xed\xa0\x80", "\xef\xbf\xbd", "<|endoftext|>", "a", "A",
};


static unsigned
fixed_random(unsigned n)
{
    seed = seed * 1103515245 + 12345;

    return (seed >> 8) % n;
}


static size_t
fixed_input(uint8_t *data, unsigned kind)
{
    size_t       n, len, size;
    const char  *part;

    size = 2 + fixed_random(fixed_random(4) ? 100 : FIXED_MAX - 20);

    for (n = 0; n < size; n += len) {
        len = 1;
        data[n] = (uint8_t) fixed_random(256);

        if (kind == 1) {
            data[n] = (uint8_t) ('a' + fixed_random(26));

        } else if (kind > 1 && n >= 2) {
            part = parts[fixed_random(kind == 2 ? 4 : 28)];
            len = strlen(part);
            memcpy(data + n, part, len);
        }
    }

    return n;
}


int
main(int argc, char **argv)
{
    long     i;
    uint8_t  data[FIXED_MAX];

    if (argc != 3) {
        (void) fprintf(stderr, "usage: tokenizer_fixed SEED INPUTS\n");
        return 1;
    }

    seed = (unsigned) atol(argv[1]);

    for (i = 0; i < atol(argv[2]); i++) {
        (void) LLVMFuzzerTestOneInput(data, fixed_input(data,
                                                        (unsigned) i % 4));
    }

    (void) printf("%s inputs\n", argv[2]);

    return 0;
}
