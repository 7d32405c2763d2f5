/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * The edges of the library: arguments, limits, streams, images that lie.
 * That counts are right is what diff.c is for.
 */

#include "../include/llm_tokenizer.h"
#include "../src/llm_tok_piece.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>


#define TEST_ROOM  (1 << 20)

static llm_vocab_t    *o200k;
static llm_vocab_t    *cl100k;
static llm_scratch_t  *scratch;
static char            text[TEST_ROOM];
static uint32_t        ids[3 * TEST_ROOM];
static char            image_path[64];


static void
test_path(char *path, size_t size, const char *name)
{
    const char  *dir;

    dir = getenv("LLM_VOCAB_DIR");
    (void) snprintf(path, size, "%s/%s.llmv", dir ? dir : ".", name);
}


static llm_vocab_t *
test_open(const char *name)
{
    char          path[1024], err[1200];
    llm_vocab_t  *v;

    test_path(path, sizeof(path), name);

    if (llm_vocab_open(&v, path, err, sizeof(err)) != 0) {
        (void) fprintf(stderr, "%s\n", err);
        exit(1);
    }

    return v;
}


static size_t
test_count(const char *s)
{
    return llm_count(o200k, scratch, s, strlen(s));
}


static size_t
test_fill(const char *unit, size_t n)
{
    size_t  i, len;

    len = strlen(unit);

    for (i = 0; i < n; i++) {
        text[i] = unit[i % len];
    }

    return n;
}


static size_t
test_random(size_t n, unsigned seed)
{
    size_t             i;
    static const char  set[] = "ab cdeST'\n 19!/,.\xc3\xa9\xe4\xb8\xad";

    for (i = 0; i < n; i++) {
        seed = seed * 1103515245 + 12345;
        text[i] = set[(seed >> 16) % (sizeof(set) - 1)];
    }

    return n;
}


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


/* short texts of what the patterns treat differently */

static size_t
test_soup(unsigned *seed)
{
    size_t                    n, len;
    const char               *part;
    static const char *const  parts[] = {
        "a", "b", "A", "B", "s", "S", "re", "LL", "'", "'", "'s", "'ll", " ",
        " ", "  ", "\t", "\n", "\r\n", "\n\n", "/", "/", "//", "!", ".", "-",
        "1", "12", "1234", "\xc3\xa9", "\xe4\xb8\xad", "\xcc\x81", "\xc5\xbf",
        "\xc2\xa0", "\xe2\x80\x99", "\xff", "\xe4\xb8", "word", "Word", "WORD",
        "\xd0\x96", "\xd0\xb6", "\xef\xbc\x8c", "\v", "          ",
    };

    *seed = *seed * 1103515245 + 12345;
    len = 1 + (*seed >> 16) % 150;

    for (n = 0; n < len; n += strlen(part)) {
        *seed = *seed * 1103515245 + 12345;
        part = parts[(*seed >> 16) % (sizeof(parts) / sizeof(parts[0]))];
        memcpy(text + n, part, strlen(part));
    }

    return n;
}


/* where pieces begin: counts would not show a cut that no token crosses */

static void
test_split(void **state)
{
    size_t             i, j, n, at, next;
    uint32_t           wide[LLM_TOK_BATCH + 4], one[LLM_TOK_BATCH + 4];
    unsigned           turn, seed;
    llm_tok_split_t    split;
    const unsigned     grammars[4] = {
        LLM_TOK_CL100K, LLM_TOK_O200K, LLM_TOK_QWEN, LLM_TOK_TEKKEN
    };

    (void) state;
    seed = 11;

    if (llm_scratch_simd(scratch, LLM_SIMD_AVX2) != 0
        && llm_scratch_simd(scratch, LLM_SIMD_NEON) != 0)
    {
        skip();
    }

    for (turn = 0; turn < 60000; turn++) {
        n = test_soup(&seed);

        llm_tok_split_init(&split, o200k, scratch, text, n);
        split.grammar = grammars[turn & 3];
        split.scan = llm_tok_scanner(split.grammar);
        i = llm_tok_split(&split, wide);
        assert_int_equal(wide[i], n);

        split.simd = LLM_SIMD_SCALAR;
        split.p = (uint8_t *) text;
        j = llm_tok_split(&split, one);

        assert_int_equal(i, j);
        assert_memory_equal(wide, one, i * sizeof(uint32_t));

        /* a certain place is where a piece begins in any longer text */

        for (at = 1; at < n; at += 5) {
            next = llm_tok_certain(split.grammar, (uint8_t *) text,
                                   at);

            for (j = 0; j < i && one[j] < next; j++) { /* void */ }

            assert_int_equal(j < i ? one[j] : n, next);
        }
    }
}


/* what lies before a cut is counted as if the text went on */

static void
test_cuts(void **state)
{
    size_t              i, j, n, at, all, cut;
    llm_vocab_t        *v;
    static const char  *names[] = {
        "r50k_base", "cl100k_base", "o200k_base", "qwen3", "deepseek_v3",
        "claude"
    };

    static const char   sample[] =
        "it's }\n\nx  \n y\n\n\n\n12345 a\xc2\xb2"
        "\xe2\x85\xa7V\xe2\x85\xa0 \xc2\xa0\xe2\x80\xa6!?\r\n//\n "
        "\xd9\x91\xd9\x8f"
        "\xe4\xb8\xad\xe3\x83\xbb\xef\xbd\xb6\xef\xbe\x9e\xef\xbd\xb6 e\xcc\x81"
        "\xe1\x84\x80\xe1\x85\xa1 don't\t\tgo\xc2\xb4s \xf0\x9f\x98\x80.";

    (void) state;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        v = test_open(names[i]);

        for (j = 0; j < sizeof(sample); j++) {
            n = sizeof(sample) - 1;
            memcpy(text, sample + j, n - j);
            memcpy(text + n - j, sample, j);
            all = llm_count(v, scratch, text, n);

            for (at = 1; at <= n; at++) {
                cut = llm_tok_last_piece(v, scratch, (uint8_t *) text, at);

                assert_int_equal(llm_count(v, scratch, text, cut)
                                 + llm_count(v, scratch, text + cut, n - cut),
                                 all);
            }
        }

        llm_vocab_close(v);
    }
}


static void
test_stream(void **state)
{
    int                 estimate;
    size_t              n, at, step, all;
    llm_count_stream_t  cs;

    (void) state;

    for (step = 1; step < 6000; step = step * 3 + 1) {
        n = test_random(50000, (unsigned) step);
        all = llm_count(o200k, scratch, text, n);
        llm_count_stream_init(&cs, o200k, scratch);
        assert_int_equal(llm_count_stream_finish(&cs, NULL), 0);

        for (at = 0; at < n; at += step) {
            llm_count_stream_feed(&cs, text + at,
                                  step < n - at ? step : n - at);

            if (at % 1000 == 0) {
                (void) llm_count_stream_finish(&cs, &estimate);
            }
        }

        assert_int_equal(llm_count_stream_finish(&cs, &estimate), all);
        assert_int_equal(llm_count_stream_finish(&cs, &estimate), all);
        assert_int_equal(estimate, 0);
    }
}


static void
test_stream_without_end(void **state)
{
    int                 estimate;
    size_t              at, n, got, all;
    llm_count_stream_t  cs;

    (void) state;

    n = test_fill("a", TEST_ROOM);
    all = llm_count(o200k, scratch, text, n);
    llm_count_stream_init(&cs, o200k, scratch);

    for (at = 0; at < n; at += 4) {
        llm_count_stream_feed(&cs, text + at, 4);
    }

    got = llm_count_stream_finish(&cs, &estimate);
    assert_int_equal(estimate, 1);
    assert_in_range(got, all - all / 100, all + all / 100);

    /* characters are not cut */
    n = test_fill("\xe4\xb8\xad", 30000);
    all = llm_count(o200k, scratch, text, n);
    llm_count_stream_init(&cs, o200k, scratch);
    llm_count_stream_feed(&cs, text, n);
    got = llm_count_stream_finish(&cs, &estimate);
    assert_int_equal(estimate, 1);
    assert_in_range(got, all - 10, all + 10);
}


/*
 * Text that has to be normalized goes through the scratch in parts: the count
 * is that of the text as it becomes, for short pieces and long ones.
 */

static void
test_normalized(void **state)
{
    size_t        i, n;
    llm_vocab_t  *qwen;

    static const struct {
        const char  *raw;
        const char  *nfc;
        size_t       times;
    } texts[] = {
        { "caf e\xcc\x81tait ", "caf \xc3\xa9tait ", 20000 },
        { "e\xcc\x81", "\xc3\xa9", 12000 },
        { "e\xcc\x81.x", "\xc3\xa9.x", 60000 },
        { "\n \xe2\x84\xab  ", "\n \xc3\x85  ", 50000 },
        { "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8'", "\xea\xb0\x81'", 30000 },
        { "a\xcc\x82\xcc\xa3 ", "\xe1\xba\xad ", 30000 },
        { "\xcc\x81\xff \xe2\x84\xa6", "\xcc\x81\xff \xce\xa9", 9 }
    };

    (void) state;

    qwen = test_open("qwen3");

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        n = llm_count(qwen, scratch, text,
                      test_fill(texts[i].nfc,
                                texts[i].times * strlen(texts[i].nfc)));
        assert_true(n > 0);

        (void) test_fill(texts[i].raw, texts[i].times * strlen(texts[i].raw));
        assert_int_equal(llm_count(qwen, scratch, text, texts[i].times
                                                 * strlen(texts[i].raw)), n);
        assert_int_equal(llm_encode(qwen, scratch, text,
                                    texts[i].times * strlen(texts[i].raw),
                                    ids, 3 * TEST_ROOM), n);
        assert_int_equal(llm_count_limit(qwen, scratch, text,
                                         texts[i].times
                                         * strlen(texts[i].raw), n - 1), n);
    }

    /* a letter with more marks than are looked at together is still counted */

    text[0] = 'e';

    for (i = 1; i < 100001; i += 2) {
        memcpy(text + i, i & 2 ? "\xcc\x81" : "\xcc\xa3", 2);
    }

    assert_true(llm_count(qwen, scratch, text, i) > 1000);

    llm_vocab_close(qwen);
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


static void
test_write(const void *data, size_t size)
{
    FILE  *f;

    f = fopen(image_path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}


static void
test_refused(const void *data, size_t size, const char *why)
{
    char          err[512];
    llm_vocab_t  *v;

    test_write(data, size);
    v = o200k;
    assert_int_equal(llm_vocab_open(&v, image_path, err, sizeof(err)), -1);
    assert_null(v);

    if (strstr(err, why) == NULL || strstr(err, image_path) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", err, why);
    }
}


static char *
test_image(size_t *size)
{
    char    path[1024], *data;
    FILE   *f;

    test_path(path, sizeof(path), "r50k_base");
    f = fopen(path, "rb");
    assert_non_null(f);
    data = malloc(16 << 20);
    *size = fread(data, 1, 16 << 20, f);
    (void) fclose(f);

    return data;
}


static void
test_bad_images(void **state)
{
    char             *data, err[64];
    size_t            size, i;
    uint32_t          saved;
    llm_vocab_t      *v;
    llm_tok_image_t  *image;

    (void) state;

    data = test_image(&size);
    image = (llm_tok_image_t *) data;

    test_refused(data, 0, "not a vocabulary image");
    test_refused(data, 100, "not a vocabulary image");
    test_refused(data, sizeof(*image), "truncated");
    test_refused(data, size - 1, "truncated");
    test_refused(data, size / 2, "truncated");

    data[size] = 0;
    test_refused(data, size + 1, "appended");

    for (i = LLM_TOK_SUMMED; i < size; i += size / 40) {
        data[i] ^= (char) (1 << i % 8);
        test_refused(data, size, "checksum");
        data[i] ^= (char) (1 << i % 8);
    }

    saved = image->version;
    image->version++;
    test_refused(data, size, "format version");
    image->version = saved;

    image->endian = __builtin_bswap32(image->endian);
    test_refused(data, size, "byte order");
    image->endian = __builtin_bswap32(image->endian);

    data[0] ^= 1;
    test_refused(data, size, "not a vocabulary image");
    free(data);

    assert_int_equal(llm_vocab_open(&v, "/", err, sizeof(err)), -1);
    assert_non_null(strstr(err, "regular file"));
    assert_int_equal(llm_vocab_open(&v, "/nonexistent", err, 10), -1);
    assert_int_equal(strlen(err), 9);
    llm_vocab_close(NULL);
}


/* images whose checksum is right and whose tables are not */

static void
test_lying_images(void **state)
{
    char             *data, *copy, err[256];
    size_t            size, at, bits, word;
    unsigned          i, j, opened, seed;
    llm_vocab_t      *v;
    llm_tok_image_t  *image;

    (void) state;

    data = test_image(&size);
    copy = malloc(size);
    image = (llm_tok_image_t *) copy;
    seed = 1;
    opened = 0;

    for (i = 0; i < 60; i++) {
        memcpy(copy, data, size);

        for (j = 0; j < (i % 3 ? 1 : 20000); j++) {
            seed = seed * 1103515245 + 12345;
            at = i % 4 ? LLM_TOK_SUMMED + (seed >> 8) % (size - LLM_TOK_SUMMED)
                       : LLM_TOK_SUMMED + (seed >> 8) % 120;
            bits = i % 2 ? 54 + (seed >> 4) % 8 : (seed >> 4) % 64;

            if (at + 8 <= size) {
                at &= ~(size_t) 7;
                memcpy(&word, copy + at, 8);
                word ^= 1ULL << bits;
                memcpy(copy + at, &word, 8);
            }
        }

        image->sum = llm_tok_sum(copy + LLM_TOK_SUMMED, size - LLM_TOK_SUMMED,
                                 NULL, NULL);
        test_write(copy, size);

        if (llm_vocab_open(&v, image_path, err, sizeof(err)) != 0) {
            continue;
        }

        opened++;
        at = test_fill("the quick brown fox's \n 1234, aaaaaaaaaaaa", 9000);
        (void) llm_count(v, scratch, text, at);
        at = test_fill("ab", 9000);
        bits = llm_encode(v, scratch, text, at, ids, 3 * TEST_ROOM);
        (void) llm_decode(v, ids, bits < 3 * TEST_ROOM ? bits : 10, text,
                          TEST_ROOM);
        memset(text, 0xe4, 5000);
        (void) llm_encode(v, scratch, text, 5000, ids, 3 * TEST_ROOM);
        llm_vocab_close(v);
    }

    assert_in_range(opened, 1, 59);
    free(data);
    free(copy);
}


int
main(void)
{
    int                       fd, rc;
    const struct CMUnitTest   tests[] = {
        cmocka_unit_test(test_known_counts),
        cmocka_unit_test(test_scratch),
        cmocka_unit_test(test_two_vocabularies),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_encode_room),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_decode_ids),
        cmocka_unit_test(test_forward),
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_stream_without_end),
        cmocka_unit_test(test_normalized),
        cmocka_unit_test(test_llama3),
        cmocka_unit_test(test_deepseek),
        cmocka_unit_test(test_models),
        cmocka_unit_test(test_bad_images),
        cmocka_unit_test(test_lying_images),
    };

    (void) snprintf(image_path, sizeof(image_path), "/tmp/llm-tok-XXXXXX");
    fd = mkstemp(image_path);

    if (fd == -1) {
        return 1;
    }

    (void) close(fd);
    o200k = test_open("o200k_base");
    cl100k = test_open("cl100k_base");
    scratch = llm_scratch_init(aligned_alloc(64, (llm_scratch_size() + 63)
                                                 / 64 * 64),
                               llm_scratch_size());

    rc = cmocka_run_group_tests(tests, NULL, NULL);

    (void) unlink(image_path);
    llm_vocab_close(o200k);
    llm_vocab_close(cl100k);
    free(scratch);

    return rc;
}
