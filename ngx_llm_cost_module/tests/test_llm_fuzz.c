
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


/* a context that is compacted from about as many bytes as its body has */

static void
test_compaction(void **state)
{
    char        text[512];
    size_t      len, way, most;
    uint8_t    *data;

    static const char  body[] = "{\"model\":\"claude-opus-4-6\",\"max_tokens\":"
        "%d,\"context_management\":{\"edits\":[{\"type\":\"compact_20260112\","
        "\"trigger\":{\"type\":\"input_tokens\",\"value\":%zu}}]},\"messages\":"
        "[{\"role\":\"user\",\"content\":\"hi\"}]}";

    (void) state;

    for (way = 0; strcmp(ways[way].path, "/v1/messages") != 0; way++) {
        assert_true(way + 1 < WAYS);
    }

    for (most = 100; most < 1000; most++) {
        len = (size_t) snprintf(text, sizeof(text), body, 4000, most);
        assert_true(len < sizeof(text));

        data = malloc(len + 2);
        data[0] = (uint8_t) way;
        data[1] = 0;
        memcpy(data + 2, text, len);
        LLVMFuzzerTestOneInput(data, len + 2);
        free(data);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_dialects),
        cmocka_unit_test(test_compaction)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
