/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * The edges of the library: arguments, limits, ids, names of models.  That
 * counts are right is what diff.c is for.
 */

#include "tok_test.h"


static uint32_t  ids[3 * TEST_ROOM];


static void
test_known_counts(void **state)
{
    (void) state;

    /* from tiktoken */
    assert_int_equal(llm_encode(o200k, scratch, "hello world, hello", 18, ids,
                                8), 4);
    assert_int_equal(ids[0], 24912);
    assert_int_equal(ids[1], 2375);
    assert_int_equal(ids[2], 11);
    assert_int_equal(ids[3], 40617);

    assert_int_equal(llm_count(o200k, scratch, NULL, 0), 0);
    assert_int_equal(test_count("a"), 1);

    /* a special token's text is seven ordinary tokens, not one */
    assert_int_equal(test_count("<|endoftext|>"), 7);

    /* U+FFFD for each maximal subpart */
    assert_int_equal(test_count("\xff"), test_count("\xef\xbf\xbd"));
    assert_int_equal(test_count("\xf0\x9f\x98"), test_count("\xef\xbf\xbd"));
    assert_int_equal(test_count("\xed\xa0\x80"),
                     test_count("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"));
    assert_int_equal(test_count("\xc0\x80"),
                     test_count("\xef\xbf\xbd\xef\xbf\xbd"));
}


static void
test_scratch(void **state)
{
    char  *mem;

    (void) state;

    assert_true(llm_scratch_size() <= 700000);
    mem = aligned_alloc(64, 768 * 1024);

    assert_null(llm_scratch_init(NULL, llm_scratch_size()));
    assert_null(llm_scratch_init(mem + 8, llm_scratch_size()));
    assert_null(llm_scratch_init(mem, llm_scratch_size() - 1));
    assert_non_null(llm_scratch_init(mem, llm_scratch_size()));
    assert_int_equal(llm_scratch_simd((llm_scratch_t *) mem, 99), -1);

    free(mem);
}


static void
test_two_vocabularies(void **state)
{
    int     i;
    size_t  a, b, n;

    (void) state;

    n = test_random(5000, 7);
    a = llm_encode(o200k, scratch, text, n, ids, 0);
    b = llm_encode(cl100k, scratch, text, n, ids, 0);
    assert_int_not_equal(a, b);

    for (i = 0; i < 3; i++) {
        assert_int_equal(llm_count(o200k, scratch, text, n), a);
        assert_int_equal(llm_count(cl100k, scratch, text, n), b);
    }

    /* a batch may come between two counts with another vocabulary */
    assert_int_equal(llm_encode(o200k, scratch, text, n, ids, 0), a);
    assert_int_equal(llm_count(cl100k, scratch, text, n), b);
}


static void
test_limit(void **state)
{
    size_t  n, all;

    (void) state;

    n = test_random(100000, 3);
    all = llm_count(o200k, scratch, text, n);

    assert_int_equal(llm_count_limit(o200k, scratch, text, n, all), all);
    assert_int_equal(llm_count_limit(o200k, scratch, text, n, all + 1), all);
    assert_int_equal(llm_count_limit(o200k, scratch, text, n, all - 1), all);
    assert_int_equal(llm_count_limit(o200k, scratch, text, n, 10), 11);
    assert_int_equal(llm_count_limit(o200k, scratch, text, n, 0), 1);
    assert_int_equal(llm_count_limit(o200k, scratch, text, 0, 0), 0);
    assert_int_equal(llm_count_limit(o200k, scratch, text, n, SIZE_MAX), all);
}


/* short texts are remembered as a whole; they differ in a byte or the length */

static void
test_brief(void **state)
{
    int             again;
    char           *p;
    size_t          i, j, len, n;
    unsigned        seed;
    llm_vocab_t    *v;

    static const char  bytes[] = "aab  \n'sS1./\0\xc3\xa9\xe4\xb8\xad";

    (void) state;

    seed = 1;

    for (i = 0; i < 20000; i++) {
        len = i % 17;
        v = i % 1000 < 500 ? o200k : cl100k;
        p = malloc(len + 1);
        assert_non_null(p);

        for (j = 0; j < len; j++) {
            seed = seed * 1103515245 + 12345;
            p[j] = bytes[(seed >> 16) % (i % 3 ? sizeof(bytes) : 3)];
        }

        n = llm_encode(v, scratch, p, len, NULL, 0);

        for (again = 0; again < 2; again++) {
            assert_int_equal(llm_count(v, scratch, p, len), n);
            assert_int_equal(llm_count_limit(v, scratch, p, len, n), n);
            assert_int_equal(llm_count_limit(v, scratch, p, len, 1),
                             n > 1 ? 2 : n);
        }

        free(p);
    }
}


static void
test_encode_room(void **state)
{
    size_t  n, all;

    (void) state;

    n = test_random(1000, 5);
    all = llm_count(o200k, scratch, text, n);

    ids[10] = 0xabcdef;
    assert_int_equal(llm_encode(o200k, scratch, text, n, ids, 10), all);
    assert_int_equal(ids[10], 0xabcdef);
    assert_int_equal(llm_encode(o200k, scratch, text, n, NULL, 0), all);
}


static void
test_round_trip(void **state)
{
    char         *back;
    size_t        i, n, len;
    static const char *const  unit[] = {
        "a", "\xe4\xb8\xad", "The quick brown fox, ", " \n", "''s", "1",
        "\xf0\x9f\x98\x80", "aB/", "=",
    };

    (void) state;

    back = malloc(TEST_ROOM);

    for (i = 0; i < sizeof(unit) / sizeof(unit[0]); i++) {
        len = test_fill(unit[i], 20000 * strlen(unit[i]));
        n = llm_encode(o200k, scratch, text, len, ids, 3 * TEST_ROOM);

        assert_int_equal(n, llm_count(o200k, scratch, text, len));
        assert_int_equal(llm_decode(o200k, ids, n, back, TEST_ROOM), len);
        assert_memory_equal(text, back, len);

        /* and without room */
        assert_int_equal(llm_decode(o200k, ids, n, back, 3), len);
        assert_int_equal(llm_decode(o200k, ids, n, NULL, 0), len);
    }

    free(back);
}


static void
test_decode_ids(void **state)
{
    char      out[32];
    uint32_t  some[3] = { 199999, 4000000000u, 24912 };

    (void) state;

    assert_int_equal(llm_decode(o200k, some, 3, out, sizeof(out)), 18);
    assert_memory_equal(out, "<|endoftext|>hello", 18);
    assert_true(llm_vocab_size(o200k) >= 199998);
    assert_string_equal(llm_vocab_name(o200k), "o200k_base");
}


/* the slow way must give what the quick one does, in long pieces too */

static void
test_forward(void **state)
{
    size_t         i, j, n, len;
    uint32_t      *got;
    llm_tok_out_t  out, count;

    (void) state;

    got = malloc(3 * TEST_ROOM * sizeof(uint32_t));

    for (i = 0; i < 4; i++) {
        len = i < 2 ? test_fill(i ? "ab" : "a", 30000)
                    : test_fill("etaoinshrdluetaonrsth", 30000);

        for (j = 0; i == 3 && j < len; j++) {
            text[j] = (char) ('a' + (j * j * 7919 + j * 31) % 23);
        }

        n = llm_encode(o200k, scratch, text, len, ids, 3 * TEST_ROOM);
        memset(&count, 0, sizeof(count));
        memset(&out, 0, sizeof(out));
        out.ids = got;
        out.max = 3 * TEST_ROOM;
        out.map = o200k->ids;

        llm_tok_bpe_forward(o200k, (uint8_t *) text, len, 0, &out);
        llm_tok_bpe_forward(o200k, (uint8_t *) text, len, 0, &count);

        assert_int_equal(out.n, n);
        assert_int_equal(count.n, n);
        assert_memory_equal(got, ids, n * sizeof(uint32_t));
    }

    /* a piece of broken bytes is longer than any buffer */

    memset(text, 0xff, 100000);
    n = llm_count(o200k, scratch, text, 100000);
    assert_int_equal(llm_encode(o200k, scratch, text, 100000, ids,
                                3 * TEST_ROOM), n);

    for (i = 0; i < 300000; i++) {
        text[i] = "\xef\xbf\xbd"[i % 3];
    }

    assert_int_equal(llm_count(o200k, scratch, text, 300000), n);
    free(got);
}



/*
 * Llama 3 has tokens that are one only as a whole piece, and merges that are
 * wanted before those that make their parts.
 */

static void
test_llama3(void **state)
{
    char          out[64];
    size_t        n;
    llm_vocab_t  *llama;

    (void) state;

    llama = test_open("llama3");

    n = llm_encode(llama, scratch, " vi\xe1\xbb\x87""c", 7, ids, 8);
    assert_int_equal(n, 1);
    assert_int_equal(llm_count(llama, scratch, " vi\xe1\xbb\x87""c", 7), 1);
    assert_true(ids[0] < llm_vocab_size(llama));
    assert_int_equal(llm_decode(llama, ids, 1, out, sizeof(out)), 7);
    assert_memory_equal(out, " vi\xe1\xbb\x87""c", 7);
    assert_true(llm_count(llama, scratch, " vi\xe1\xbb\x87""cs", 8) > 1);

    ids[0] = 128009;
    assert_int_equal(llm_decode(llama, ids, 1, out, sizeof(out)), 10);
    assert_memory_equal(out, "<|eot_id|>", 10);
    assert_true(llm_count(llama, scratch, "<|eot_id|>", 10) > 1);

    llm_vocab_close(llama);
}


/* a broken byte is U+FFFD, which is no punctuation of ASCII: | r\u00f3l */

static void
test_deepseek(void **state)
{
    llm_vocab_t  *v;

    (void) state;

    v = test_open("deepseek_v3");

    assert_int_equal(llm_encode(v, scratch, "\xa1r\xc3\xb3l", 5, ids, 8), 3);
    assert_int_equal(ids[0], 2808);
    assert_int_equal(ids[1], 16575);
    assert_int_equal(ids[2], 78);

    llm_vocab_close(v);
}


static void
test_model(const char *model, const char *vocab, int guess)
{
    int  estimate;

    assert_string_equal(llm_model_vocab(model, strlen(model), &estimate),
                        vocab);
    assert_int_equal(estimate, guess);
}


static void
test_models(void **state)
{
    int          estimate;
    size_t       i;
    const char  *vocab;

    (void) state;

    test_model("gpt-4o", "o200k_base", 0);
    test_model("gpt-4o-mini-2024-07-18", "o200k_base", 0);
    test_model("gpt-4.1-nano", "o200k_base", 0);
    test_model("gpt-5", "o200k_base", 0);
    test_model("gpt-5-mini", "o200k_base", 0);
    test_model("o1", "o200k_base", 0);
    test_model("o3-mini", "o200k_base", 0);
    test_model("o4-mini", "o200k_base", 0);
    test_model("chatgpt-4o-latest", "o200k_base", 0);
    test_model("gpt-oss-120b", "o200k_base", 0);
    test_model("openai/gpt-oss-20b:free", "o200k_base", 0);
    test_model("gpt-4", "cl100k_base", 0);
    test_model("gpt-4-turbo", "cl100k_base", 0);
    test_model("gpt-4-0613", "cl100k_base", 0);
    test_model("gpt-3.5-turbo", "cl100k_base", 0);
    test_model("text-embedding-3-small", "cl100k_base", 0);
    test_model("text-embedding-ada-002", "cl100k_base", 0);
    test_model("davinci-002", "cl100k_base", 0);
    test_model("ft:gpt-4o-mini:org::abc", "o200k_base", 0);
    test_model("ft:gpt-3.5-turbo-0613:org:x:y", "cl100k_base", 0);
    test_model("openai/gpt-4", "cl100k_base", 0);
    test_model("azure/eu/gpt-4o", "o200k_base", 0);

    test_model("meta-llama/Llama-3.1-8B-Instruct", "llama3", 0);
    test_model("meta-llama/Meta-Llama-3-70B", "llama3", 0);
    test_model("llama3.2:3b", "llama3", 0);
    test_model("us.meta.llama3-1-70b-instruct-v1:0", "llama3", 0);
    test_model("Llama-4-Scout-17B-16E-Instruct", "o200k_base", 1);
    test_model("Qwen/Qwen2.5-Coder-7B", "qwen3", 0);
    test_model("qwen3:8b", "qwen3", 0);
    test_model("Qwen3-235B-A22B", "qwen3", 0);
    test_model("qwen3.5-plus", "qwen3", 1);
    test_model("deepseek-ai/DeepSeek-V3", "deepseek_v3", 0);
    test_model("deepseek-r1", "deepseek_v3", 0);
    test_model("deepseek-r1-distill-llama-70b", "llama3", 0);
    test_model("DeepSeek-R1-Distill-Qwen-32B", "qwen3", 0);
    test_model("deepseek-chat", "deepseek_v3", 1);

    test_model("claude-2.1", "claude", 0);
    test_model("claude-instant-1.2", "claude", 0);
    test_model("anthropic.claude-v2:1", "claude", 0);
    test_model("claude-opus-4-1", "o200k_base", 1);
    test_model("us.anthropic.claude-3-5-sonnet-20241022-v2:0", "o200k_base", 1);
    test_model("google/gemma-3-27b-it", "gemma3", 0);
    test_model("gemma3:4b", "gemma3", 0);
    test_model("gemma-2-9b", "gemini", 1);
    test_model("gemini-1.5-pro", "gemini", 1);
    test_model("gemini-2.5-flash", "gemma3", 1);
    test_model("open-mixtral-8x7b", "mistral", 0);
    test_model("mistralai/Mistral-7B-Instruct-v0.2", "mistral", 0);
    test_model("open-mistral-nemo-2407", "tekken", 0);
    test_model("mistral-small-2506", "tekken", 0);
    test_model("mistral-large-latest", "tekken", 1);
    test_model("text-davinci-003", "p50k_base", 0);
    test_model("text-curie-001", "r50k_base", 0);
    test_model("davinci", "r50k_base", 0);
    test_model("gpt-4.2", "o200k_base", 1);
    test_model("o2", "o200k_base", 1);
    test_model("o11", "o200k_base", 1);

    memset(text, 'a', 1000);
    memcpy(text, "gpt-4o", 6);
    assert_string_equal(llm_model_vocab(text, 256, &estimate), "o200k_base");
    assert_int_equal(estimate, 0);
    assert_string_equal(llm_model_vocab(text, 257, &estimate), "o200k_base");
    assert_int_equal(estimate, 1);

    test_model("", "o200k_base", 1);
    test_model("ft:", "o200k_base", 1);
    test_model("openai/", "o200k_base", 1);
    test_model("gpt-4x", "o200k_base", 1);
    test_model("o10", "o200k_base", 1);
    test_model("GPT-4", "cl100k_base", 0);

    /* the length counts, not a NUL; no estimate wanted is all right */
    assert_string_equal(llm_model_vocab("gpt-4o", 5, NULL), "cl100k_base");

    for (i = 0; llm_model_row(i, &vocab, &estimate); i++) {
        assert_non_null(vocab);
    }

    assert_true(i > 10);
    assert_null(llm_model_row(1000, &vocab, &estimate));
}


int
main(void)
{
    int                       rc;
    const struct CMUnitTest   tests[] = {
        cmocka_unit_test(test_known_counts),
        cmocka_unit_test(test_scratch),
        cmocka_unit_test(test_two_vocabularies),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_brief),
        cmocka_unit_test(test_encode_room),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_decode_ids),
        cmocka_unit_test(test_forward),
        cmocka_unit_test(test_llama3),
        cmocka_unit_test(test_deepseek),
        cmocka_unit_test(test_models),
    };

    test_begin();
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    test_end();

    return rc;
}
