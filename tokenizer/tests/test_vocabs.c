/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * What holds for every kind of vocabulary: with a scanner, normalized, without
 * a pattern, and with one that is left to PCRE2, with JIT and without.
 */

#include "../include/llm_tokenizer.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>


#define TEST_ROOM   65536
#define TEST_LONG   100000000
#define TEST_GUARD  4096


static const char  *test_names[] = {
    "o200k_base", "r50k_base", "qwen3", "deepseek_v3", "claude", "mistral",
    "regex", "nojit"
};

#define TEST_VOCABS  (sizeof(test_names) / sizeof(test_names[0]))

static llm_vocab_t    *vocab[TEST_VOCABS];
static llm_scratch_t  *scratch;
static char           *guard;
static char            text[TEST_ROOM];
static uint32_t        ids[12 * TEST_ROOM];


static const char  test_sample[] =
    "It's 12345 apples;  don't <b>count</b> them!!\n\n\n\tx = a[0] // 3\r\n"
    "\xd0\xa1\xd1\x87\xd1\x91\xd1\x82\xd1\x87\xd0\xb8\xd0\xba \xe4\xb8\xad"
    "\xe6\x96\x87\xef\xbc\x8c\xe6\x97\xa5\xe6\x9c\xac\xe3\x83\xbb\xe8\xaa\x9e "
    "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7 \xed\x95\x9c\xea\xb5\xad "
    "caf\xc3\xa9 na\xc3\xafve \xe2\x82\xac" "5.00 <|endoftext|> ";


static void
test_run(const char *command)
{
    if (system(command) != 0) {
        (void) fprintf(stderr, "failed: %s\n", command);
        exit(1);
    }
}


/* patterns are PCRE2's, the second as a processor without JIT would have it */

static void
test_compile(const char *image, const char *name)
{
    int   n;
    char  command[8192];

    n = snprintf(command, sizeof(command),
                    "sed 's/\"pat_str\": *\"/&%s/' '%s/npm/r50k_base.json' "
                    "> '%s.json' && '%s' -p -n %s -o '%s' '%s.json' "
                    "> /dev/null && rm '%s.json'",
                    strcmp(name, "nojit") == 0 ? "(*NO_JIT)" : "",
                    getenv("LLM_VOCAB_DIR"), image, getenv("LLM_VOCAB"), name,
                    image, image, image);
    assert_in_range(n, 1, sizeof(command) - 1);
    test_run(command);
}


static int
test_setup(void **state)
{
    char    path[1024], err[1200];
    size_t  i;

    (void) state;

    for (i = 0; i < TEST_VOCABS; i++) {
        (void) snprintf(path, sizeof(path), "%s/%s.llmv",
                        getenv("LLM_VOCAB_DIR"), test_names[i]);

        if (i >= TEST_VOCABS - 2) {
            (void) snprintf(path, sizeof(path), "/tmp/test_vocabs.%ld.llmv",
                            (long) getpid());
            test_compile(path, test_names[i]);
        }

        if (llm_vocab_open(&vocab[i], path, err, sizeof(err)) != 0) {
            (void) fprintf(stderr, "%s\n", err);
            return -1;
        }

        if (i >= TEST_VOCABS - 2) {
            (void) unlink(path);
        }
    }

    guard = aligned_alloc(64, (llm_scratch_size() + TEST_GUARD + 63) / 64 * 64);
    memset(guard + llm_scratch_size(), 0x5a, TEST_GUARD);
    scratch = llm_scratch_init(guard, llm_scratch_size());

    return scratch ? 0 : -1;
}


static int
test_teardown(void **state)
{
    size_t  i;

    (void) state;

    for (i = 0; i < TEST_VOCABS; i++) {
        llm_vocab_close(vocab[i]);
    }

    free(guard);

    return 0;
}


static void
test_guarded(void)
{
    size_t  i;

    for (i = 0; i < TEST_GUARD; i++) {
        assert_int_equal(guard[llm_scratch_size() + i], 0x5a);
    }
}


/* the sample, turned by so many bytes, so that it is ill-formed at times */

static size_t
test_turned(size_t by)
{
    size_t  n;

    n = sizeof(test_sample) - 1;
    by %= n;
    memcpy(text, test_sample + by, n - by);
    memcpy(text + n - by, test_sample, by);

    return n;
}


static size_t
test_stream(const llm_vocab_t *v, const char *p, size_t len, size_t step,
    int *estimate)
{
    size_t                     n;
    static llm_count_stream_t  cs;

    llm_count_stream_init(&cs, v, scratch);

    for ( /* void */ ; len; len -= n, p += n) {
        n = step < len ? step : len;
        llm_count_stream_feed(&cs, p, n);
    }

    return llm_count_stream_finish(&cs, estimate);
}


/* patterns are the same whoever looks for them */

static void
test_same_counts(void **state)
{
    size_t  i, n;

    (void) state;

    for (i = 0; i < sizeof(test_sample); i++) {
        n = test_turned(i);

        assert_int_equal(llm_count(vocab[6], scratch, text, n),
                         llm_count(vocab[1], scratch, text, n));
        assert_int_equal(llm_count(vocab[7], scratch, text, n),
                         llm_count(vocab[1], scratch, text, n));
    }

    assert_int_equal(llm_scratch_cut(scratch), 0);
}


static void
test_limits(void **state)
{
    size_t  i, j, n, all, limit;

    (void) state;

    for (i = 0; i < TEST_VOCABS; i++) {
        for (j = 0; j < 40; j++) {
            n = test_turned(j * 7);
            all = llm_count(vocab[i], scratch, text, n);

            assert_int_equal(llm_encode(vocab[i], scratch, text, n, ids,
                                        sizeof(ids) / sizeof(ids[0])), all);

            for (limit = j % 3; limit < all + 3; limit += 5) {
                assert_int_equal(llm_count_limit(vocab[i], scratch, text, n,
                                                 limit),
                                 all > limit ? limit + 1 : all);
            }
        }
    }

    test_guarded();
}


/* decoding gives the text, and the space that a vocabulary puts before it */

static void
test_round_trips(void **state)
{
    size_t              i, n, len, first;
    static const char  *texts[] = {
        "", " ", "  a", "caf\xc3\xa9\n\n", "\xe4\xb8\xad\xe6\x96\x87",
        "\xf0\x90\x8d\x88 <0x41> \xef\xbf\xbd", "a\tb  c", "x\x01\x7f"
    };
    size_t              j;
    char                out[1024];

    (void) state;

    for (i = 0; i < TEST_VOCABS; i++) {
        for (j = 0; j < sizeof(texts) / sizeof(texts[0]); j++) {
            len = strlen(texts[j]);
            n = llm_encode(vocab[i], scratch, texts[j], len, ids, 1024);
            n = llm_decode(vocab[i], ids, n, out, sizeof(out));
            first = len && strcmp(llm_vocab_name(vocab[i]), "mistral") == 0;

            assert_int_equal(n, len + first);
            assert_memory_equal(out + first, texts[j], len);
            assert_true(first == 0 || out[0] == ' ');
        }
    }
}


static void
test_streams(void **state)
{
    int     estimate;
    size_t  i, j, n, step;

    (void) state;

    for (i = 0; i < TEST_VOCABS; i++) {
        for (n = 0, j = 0; n < TEST_ROOM - 2 * sizeof(test_sample); j++) {
            memcpy(text + n, test_sample + j % 40, sizeof(test_sample) - 41);
            n += sizeof(test_sample) - 41;
        }

        for (step = 1; step < 9000; step = step * 3 + 1) {
            assert_int_equal(test_stream(vocab[i], text, n, step, &estimate),
                             llm_count(vocab[i], scratch, text, n));
            assert_int_equal(estimate, 0);
        }
    }

    test_guarded();
}


/*
 * Where the carry of a stream is counted, spaces may end that are others by
 * themselves than before the word that follows.
 */

static void
test_stream_spaces(void **state)
{
    int     estimate;
    size_t  i, at, n;

    (void) state;

    for (i = 0; i < TEST_VOCABS; i++) {
        for (at = LLM_COUNT_STREAM_CARRY - 20; at < LLM_COUNT_STREAM_CARRY + 2;
             at++)
        {
            n = LLM_COUNT_STREAM_CARRY + 40;
            memset(text, 'e', n);

            for (n = 0; n < at - 4; n += 4) {
                text[n] = ' ';
            }

            memcpy(text + at - 2, "\n\n", 2);
            n = LLM_COUNT_STREAM_CARRY + 40;

            assert_int_equal(test_stream(vocab[i], text, n, n, &estimate),
                             llm_count(vocab[i], scratch, text, n));
            assert_false(estimate);
        }
    }
}


/* each token behind spaces, which may join it, or each other first */

static void
test_indented(void **state)
{
    size_t    i, n, len, spaces;
    uint32_t  id, words[2];

    (void) state;

    for (i = 0; i < TEST_VOCABS; i++) {
        for (id = 0; id < 32000; id += i == 5 ? 1 : 97) {
            words[0] = id;
            words[1] = id * 7 % 31991;
            spaces = id % 19;

            memcpy(text, "x\n                   ", 21);
            len = 2 + spaces;
            len += llm_decode(vocab[i], words, 1 + id % 2, text + len, 1000);

            n = llm_encode(vocab[i], scratch, text, len, ids, 0);

            assert_int_equal(llm_count(vocab[i], scratch, text, len), n);
            assert_int_equal(llm_count(vocab[i], scratch, text, len), n);
        }
    }
}


/* not one byte, whatever the text, once a vocabulary is open */

static void
test_no_allocation(void **state)
{
    size_t            i, j, n;
    char              out[4096];
    struct mallinfo2  before, after;

    (void) state;
    before = mallinfo2();

    for (i = 0; i < TEST_VOCABS; i++) {
        scratch = llm_scratch_init(guard, llm_scratch_size());

        for (j = 0; j < sizeof(test_sample); j += 5) {
            n = test_turned(j);
            memcpy(text + n, "e\xcc\x81\xef\xbd\xb6\xef\xbe\x9e\xe2\x91\xa0",
                   12);
            n = llm_encode(vocab[i], scratch, text, n + 12, ids, 4096);
            (void) llm_decode(vocab[i], ids, n, out, sizeof(out));
        }

        (void) llm_count(vocab[i], scratch, text, TEST_ROOM);
        (void) test_stream(vocab[i], text, TEST_ROOM, 1000, NULL);
    }

    after = mallinfo2();

    assert_int_equal(after.uordblks, before.uordblks);
    assert_int_equal(after.hblkhd, before.hblkhd);
    (void) llm_scratch_cut(scratch);
}


/* 100 MB of one letter: one piece, or in windows */

static void
test_one_letter(void **state)
{
    char                *p;
    size_t               i, j, all, part;
    static const size_t  which[] = { 0, 5, 6 };

    (void) state;

    p = malloc(TEST_LONG);
    assert_non_null(p);
    memset(p, 'a', TEST_LONG);
    p[0] = '\n';

    for (i = 0; i < sizeof(which) / sizeof(which[0]); i++) {
        j = which[i];

        all = llm_count(vocab[j], scratch, p, TEST_LONG);
        part = llm_count(vocab[j], scratch, p, TEST_LONG / 100);

        assert_in_range(all, 100 * (part - 5), 100 * part);
        assert_int_equal(llm_scratch_cut(scratch), 0);
    }

    /* which is slow if the vocabulary puts a space before them */

    all = llm_count(vocab[5], scratch, p + 1, TEST_LONG / 100);
    assert_in_range(all, TEST_LONG / 800, TEST_LONG / 800 + 10);

    test_guarded();
    free(p);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_same_counts),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_stream_spaces),
        cmocka_unit_test(test_indented),
        cmocka_unit_test(test_no_allocation),
        cmocka_unit_test(test_one_letter),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
