/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Where pieces begin, and text that is cut: in parts, in streams, and where it
 * is normalized.
 */

#include "tok_test.h"


#if LLM_TOK_HAVE_AVX512
#define TEST_EMULATED  -1
size_t test_split_avx512(llm_tok_split_t *split, uint32_t *at);
#else
#define TEST_EMULATED  LLM_SIMD_SCALAR
#endif

static uint32_t  ids[3 * TEST_ROOM];


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


/* the first pieces of a text */

static size_t
test_split_with(int simd, const llm_vocab_t *v, unsigned grammar, size_t n,
    uint32_t *at)
{
    llm_tok_split_t  split;

    llm_tok_split_init(&split, v, scratch, text, n);
    split.grammar = grammar;
    split.scan = llm_tok_scanner(grammar);
    split.simd = simd;

#if LLM_TOK_HAVE_AVX512
    if (simd == TEST_EMULATED) {
        return test_split_avx512(&split, at);
    }
#endif

    return llm_tok_split(&split, at);
}


/*
 * All ways that there are find the same pieces, but that without a pattern the
 * scalar one may part more.
 */

static size_t
test_split_same(const llm_vocab_t *v, unsigned grammar, size_t n,
    uint32_t *one)
{
    int       simd, first;
    size_t    i, j;
    uint32_t  wide[LLM_TOK_BATCH + 4];

    first = grammar == LLM_TOK_JOIN ? scratch->simd : LLM_SIMD_SCALAR;
    i = test_split_with(first, v, grammar, n, one);
    assert_int_equal(one[i], n);

    for (simd = TEST_EMULATED; simd <= LLM_SIMD_AVX512; simd++) {
        if (simd == LLM_SIMD_SCALAR
            || (simd > LLM_SIMD_SCALAR && llm_scratch_simd(scratch, simd) != 0))
        {
            continue;
        }

        j = test_split_with(simd, v, grammar, n, wide);
        assert_int_equal(i, j);
        assert_memory_equal(wide, one, (i + 1) * sizeof(uint32_t));
    }

    return i;
}


/* where pieces begin: counts would not show a cut that no token crosses */

static void
test_split(void **state)
{
    size_t                 i, j, n, at, next;
    uint32_t               one[LLM_TOK_BATCH + 4];
    unsigned               turn, seed, grammar;
    llm_vocab_t           *mistral;
    static const unsigned  grammars[] = {
        LLM_TOK_CL100K, LLM_TOK_O200K, LLM_TOK_QWEN, LLM_TOK_TEKKEN,
        LLM_TOK_GPT2, LLM_TOK_DEEPSEEK
    };

    (void) state;
    seed = 11;
    mistral = test_open("mistral");

    for (turn = 0; turn < 60000; turn++) {
        n = test_soup(&seed);

        if (turn % 7 == 6) {
            if (scratch->simd != LLM_SIMD_SCALAR) {
                (void) test_split_same(mistral, LLM_TOK_JOIN, n, one);
            }

            continue;
        }

        grammar = grammars[turn % 7];
        i = test_split_same(o200k, grammar, n, one);

        /* a certain place is where a piece begins in any longer text */

        for (at = 1; at < n; at += 5) {
            next = llm_tok_certain(grammar, (uint8_t *) text, at);

            for (j = 0; j < i && one[j] < next; j++) { /* void */ }

            assert_int_equal(j < i ? one[j] : n, next);
        }
    }

    llm_vocab_close(mistral);
    scratch = llm_scratch_init(scratch, llm_scratch_size());
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
        { "\xcc\x81\xff \xe2\x84\xa6", "\xcc\x81\xff \xce\xa9", 9 },
        { "it stays as it is: \xd8\xa8\xd9\x91\xd9\x8e\xd8\xa8\xd9\x8e\xd9\x91",
          "it stays as it is: \xd8\xa8\xd9\x8e\xd9\x91\xd8\xa8\xd9\x8e\xd9\x91",
          2000 }
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

    /* the last of many marks comes before all of them */

    for (i = 1; i < 401; i += 2) {
        memcpy(text + i, "\xd9\x91", 2);
    }

    memcpy(text + i, "\xd9\x8e", 2);
    n = llm_count(qwen, scratch, text, i + 2);

    memmove(text + 3, text + 1, i - 1);
    memcpy(text + 1, "\xd9\x8e", 2);
    assert_int_equal(llm_count(qwen, scratch, text, i + 2), n);

    llm_vocab_close(qwen);
}


static size_t
test_pieces(const llm_vocab_t *v, const char *p, size_t len)
{
    size_t           n;
    llm_tok_split_t  split;

    llm_tok_split_init(&split, v, scratch, p, len);

    for (n = 0; split.p < split.end; n++) {
        split.p = llm_tok_piece_end(&split, split.p);
    }

    return n;
}


/*
 * Long runs, in which not each character is looked at: what breaks off is what
 * U+FFFD in its place is, also where the end of the run goes on otherwise.
 */

static void
test_runs(void **state)
{
    size_t                    i, j, k, n, mended;
    llm_vocab_t              *v[2];
    const uint8_t            *from;
    static uint8_t            out[TEST_ROOM];
    static const char *const  runs[] = {
        "\xe4", "\xe4\xb8", "\xf0\x9f\x98", "\xb8", "\xe4\xb8\xad",
        "\xc3\xa9", " ", "\n", "\r\n", "^", "a", "A", "\xc3\x89",
        "\xf0\x9f\x98\x80", "\xe2\x80\x83", "1", "/",
    };
    static const char *const  ends[] = {
        "", "\xb8\xad", "\xad", "\x80", "a", "B", " ", "\n", "x y", "/a",
    };

    (void) state;
    v[0] = o200k;
    v[1] = cl100k;

    for (i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
        for (j = 0; j < sizeof(ends) / sizeof(ends[0]); j++) {
            for (k = 0; k < 24; k++) {
                n = test_fill(runs[i], (700 + k) * strlen(runs[i]));
                memcpy(text + n, ends[j], strlen(ends[j]));
                n += strlen(ends[j]);
                from = (uint8_t *) text;
                mended = llm_tok_mend(&from, from + n, out, sizeof(out));

                assert_int_equal(test_pieces(v[k % 2], text, n),
                                 test_pieces(v[k % 2], (char *) out, mended));
                assert_int_equal(llm_count(v[k % 2], scratch, text, n),
                                 llm_count(v[k % 2], scratch, (char *) out,
                                           mended));
            }
        }
    }
}


static size_t
test_put(uint8_t *p, uint32_t c)
{
    size_t  len;

    len = 0;

    if (c < 0x800) {
        p[len++] = (uint8_t) (0xc0 | c >> 6);

    } else if (c < 0x10000) {
        p[len++] = (uint8_t) (0xe0 | c >> 12);
        p[len++] = 0x80 | (c >> 6 & 0x3f);

    } else {
        p[len++] = (uint8_t) (0xf0 | c >> 18);
        p[len++] = 0x80 | (c >> 12 & 0x3f);
        p[len++] = 0x80 | (c >> 6 & 0x3f);
    }

    p[len++] = 0x80 | (c & 0x3f);

    return len;
}


static size_t
test_unpack(const llm_tok_entry_t *key, uint8_t *p)
{
    size_t             n, len;
    uint32_t           block;
    unsigned __int128  bits;

    bits = (unsigned __int128) (key->hi & ((1ULL << 35) - 1)) << 64 | key->lo;
    block = (uint32_t) (key->hi >> 42) << 7;
    *p = key->hi >> 35 & 127;
    len = *p ? 1 : 0;

    for (n = 0; bits >> (7 * n) > 1; n++) { /* void */ }

    while (n--) {
        len += test_put(p + len, block + ((uint32_t) (bits >> (7 * n)) & 127));
    }

    return len;
}


/* the key of a long piece is that of no other: the piece can be read off it */

static void
test_packed(void **state)
{
    size_t                 i, j, n, len;
    unsigned               seed;
    uint8_t                p[80], again[80];
    llm_tok_entry_t        key;
    static const char      before[] = { 0, ' ', '(', 1, 127 };
    static const uint32_t  blocks[] = {
        0x80, 0x400, 0x580, 0x780, 0x800, 0x900, 0xe00, 0x1080, 0x2000,
        0x3080, 0x10300, 0x10ff00
    };

    (void) state;
    seed = 5;

    for (i = 0; i < 12 * 15 * 5; i++) {
        n = 1 + i / 12 % 15;
        p[0] = (uint8_t) before[i / 180];
        len = p[0] ? 1 : 0;

        for (j = 0; j < n; j++) {
            seed = seed * 1103515245 + 12345;
            len += test_put(p + len, blocks[i % 12] + (seed >> 16) % 128);
        }

        if (n > LLM_TOK_PACKED || blocks[i % 12] > 0xffff) {
            assert_false(llm_tok_pack(p, (uint32_t) len, &key));
            assert_int_equal(key.lo | key.hi, 0);
            continue;
        }

        assert_true(llm_tok_pack(p, (uint32_t) len, &key));
        assert_int_equal(test_unpack(&key, again), len);
        assert_memory_equal(p, again, len);

        /* what breaks off, has another block or is ASCII has none */

        assert_false(llm_tok_pack(p, (uint32_t) len - 1, &key));
        assert_false(llm_tok_pack(p, (uint32_t) len + test_put(p + len, 0x666),
                                  &key));
        p[len] = 'a';
        assert_false(llm_tok_pack(p, (uint32_t) len + 1, &key));
    }
}


#define TEST_WORDS  8

/* counts a word behind a space, with more than what is a brief text */

static void
test_come_by(const char *word)
{
    char  around[64];

    (void) snprintf(around, sizeof(around), "%s. . . . . . .", word);
    assert_true(llm_count(o200k, scratch, around, strlen(around)) > 0);
}


static int
test_is_known(const char *word)
{
    llm_tok_set_t    set;
    llm_tok_entry_t  key;

    llm_tok_key_inside((const uint8_t *) word, (uint32_t) strlen(word), &key);
    set = llm_tok_known(scratch, llm_tok_entry_hash(&key));

    return llm_tok_recall_one(&set, &key) != 0;
}


/* words that are remembered in one set */

static void
test_same_set(char word[TEST_WORDS][16])
{
    size_t           n;
    unsigned         i;
    llm_tok_entry_t  key;

    for (n = 0, i = 0; n < TEST_WORDS; i++) {
        (void) snprintf(word[n], sizeof(word[n]), " w%c%c%c%c%c",
                        'a' + i % 26, 'a' + i / 26 % 26, 'a' + i / 676 % 26,
                        'a' + i / 17576 % 26, 'a' + i / 456976 % 26);
        llm_tok_key_inside((uint8_t *) word[n], (uint32_t) strlen(word[n]),
                           &key);
        n += &llm_tok_known(scratch, llm_tok_entry_hash(&key))
             == &scratch->known[77];
    }
}


/* what was asked for again stays, however many come by once */

static void
test_remembered(void **state)
{
    int     simd;
    size_t  i;
    char    word[TEST_WORDS][16];

    (void) state;
    test_same_set(word);

    for (simd = LLM_SIMD_SCALAR; simd <= LLM_SIMD_AVX512; simd++) {
        scratch = llm_scratch_init(scratch, llm_scratch_size());

        if (llm_scratch_simd(scratch, simd) != 0) {
            continue;
        }

        for (i = 0; i < 5; i++) {
            test_come_by(word[i]);
            assert_true(test_is_known(word[i]));
        }

        assert_false(test_is_known(word[3]));
        test_come_by(word[4]);

        for (i = 5; i < TEST_WORDS; i++) {
            test_come_by(word[i]);
        }

        assert_true(test_is_known(word[4]));
        assert_true(test_is_known(word[0]));
        assert_true(test_is_known(word[1]));
        assert_false(test_is_known(word[2]));
        assert_false(test_is_known(word[5]));
        assert_true(test_is_known(word[7]));
    }

    scratch = llm_scratch_init(scratch, llm_scratch_size());
}


int
main(void)
{
    int                       rc;
    const struct CMUnitTest   tests[] = {
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_stream_without_end),
        cmocka_unit_test(test_normalized),
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_packed),
        cmocka_unit_test(test_remembered),
    };

    test_begin();
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    test_end();

    return rc;
}
