
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * The fuzzer of dialects, for a while that is the same each time: requests,
 * answers and events with bytes changed, cut out, doubled and put together
 * from several.  "make fuzz" goes on with libFuzzer.
 */

#include "llm_arena.h"

#define FUZZ_PLAIN
#include "../../fuzz/dialects.c"
#include "fuzz_seeds.h"


#define ROUNDS  100000
#define MOST    4096


/* a seed, less some bytes, with some others, and perhaps a piece of another */

static size_t
spoil(uint64_t *seed, uint8_t *out)
{
    size_t       len, at, n;
    const char  *s, *other;

    s = seeds[llm_random(seed) % SEEDS];
    other = seeds[llm_random(seed) % SEEDS];

    out[0] = llm_random(seed);
    out[1] = llm_random(seed);

    len = strlen(s);
    memcpy(out + 2, s, len);

    for (n = llm_random(seed) % 5; n; n--) {

        at = llm_random(seed) % (len + 1);

        switch (llm_random(seed) % 4) {

        case 0:
            out[2 + at] = llm_random(seed);
            len += (at == len);
            break;

        case 1:
            len = at;
            break;

        case 2:
            out[2 + at] = "{}[]\",:0-e.tn\\\n"[llm_random(seed) % 15];
            len += (at == len);
            break;

        default:
            len = at + strlen(other) / 2;
            memcpy(out + 2 + at, other + strlen(other) / 2,
                   strlen(other) / 2);
        }
    }

    return len + 2;
}


static void
test_dialects(void **state)
{
    unsigned   i;
    size_t     len;
    uint64_t   seed;
    uint8_t   *out, *copy;

    (void) state;

    seed = 1;
    out = malloc(MOST);

    for (i = 0; i < ROUNDS; i++) {
        len = spoil(&seed, out);
        assert_true(len < MOST / 2);

        copy = malloc(len);
        memcpy(copy, out, len);
        LLVMFuzzerTestOneInput(copy, len);
        free(copy);
    }

    free(out);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_dialects)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
