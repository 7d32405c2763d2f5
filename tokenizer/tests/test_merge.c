/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * The ways to merge a piece give the same tokens: the quick one, slices, many
 * short texts side by side, the spans of short ones, and the one that never
 * looks back.
 */

#include "../include/llm_tokenizer.h"
#include "../src/llm_tok_near.h"

#define LLM_TOK_TARGET
#include "../src/llm_tok_sure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>


#define TEST_MAX    20000
#define TEST_KINDS  9


static const char     *names[] = { "o200k_base", "cl100k_base", "llama3" };
static const char     *long_names[] = { "o200k_base", "cl100k_base", "llama3",
                                        "mistral", "p50k_base" };
static llm_scratch_t  *scratch;
static uint8_t         text[TEST_MAX + 4];
static uint32_t        want[TEST_MAX + 4], got[TEST_MAX + 4];
static unsigned        seed = 1;


static unsigned
test_random(unsigned n)
{
    seed = seed * 1103515245 + 12345;

    return (seed >> 12) % n;
}


/* by turns scalar and what is best here */

static int
test_simd(size_t turn)
{
    return turn / TEST_KINDS % 2 ? LLM_SIMD_SCALAR : scratch->simd;
}


/* text of one kind, valid UTF-8 of len bytes or up to three more */

static size_t
test_text(unsigned kind, size_t len)
{
    size_t    at, i, word;
    uint32_t  c, run;

    word = 1 + test_random(9);
    run = (uint32_t) "-=#*a_^\n "[test_random(9)];

    for (at = 0; at < len; ) {
        c = 'a' + test_random(26);

        switch (kind) {

        case 1:
            c = 'a' + test_random(2);
            break;

        case 2:
            c = (uint32_t) "ABCabcxyz0129+/="[test_random(16)];
            break;

        case 3:
            c = 0xac00 + test_random(11172);
            break;

        case 4:
            c = 0x4e00 + test_random(20000);
            break;

        case 5:
            c = 0x400 + test_random(0x50);
            break;

        case 6:         /* repeats itself with a period, and then does not */
            c = test_random(300) ? 'a' + (uint32_t) (at % word % 26) : 'q';
            break;

        case 7:
            c = test_random(500) ? 'a' : ' ';
            break;

        case 8:
            c = run;
            break;
        }

        i = at;

        if (c < 0x80) {
            text[at++] = (uint8_t) c;
            continue;
        }

        if (c >= 0x800) {
            text[at++] = (uint8_t) (0xe0 | c >> 12);
        }

        text[at++] = (uint8_t) ((c >= 0x800 ? 0x80 : 0xc0) | (c >> 6 & 0x3f));
        text[at++] = (uint8_t) (0x80 | (c & 0x3f));
        assert_true(llm_tok_valid(text + i, at - i));
    }

    return at;
}


static llm_tok_out_t
test_out(const llm_vocab_t *v, uint32_t *ids)
{
    llm_tok_out_t  out;

    out.ids = ids;
    out.max = TEST_MAX;
    out.n = 0;
    out.map = v->ids;

    return out;
}


static llm_vocab_t *
test_open(const char *name)
{
    char          path[512], err[256];
    llm_vocab_t  *v;

    (void) snprintf(path, sizeof(path), "%s/%s.llmv", getenv("LLM_VOCAB_DIR"),
                    name);

    if (llm_vocab_open(&v, path, err, sizeof(err)) != 0) {
        fail_msg("%s", err);
    }

    /* what it remembers is another one's */

    (void) llm_scratch_init(scratch, llm_scratch_size());

    return v;
}


/* in slices, if these can be joined, is as without looking back */

static int
test_slices(const llm_vocab_t *v, size_t turn, size_t len, int space)
{
    int            rc, simd;
    llm_tok_out_t  slow, slices;

    slow = test_out(v, want);
    slices = test_out(v, got);
    memset(got, 0, sizeof(got));

    simd = scratch->simd;
    scratch->simd = test_simd(turn);
    rc = llm_tok_bpe_slices(v, scratch, text, len, space, &slices);
    scratch->simd = simd;

    if (rc != 0) {
        return 0;
    }

    llm_tok_bpe_forward(v, text, len, space, &slow);

    assert_int_equal(slices.n, slow.n);
    assert_memory_equal(got, want, slow.n * sizeof(uint32_t));

    return 1;
}


static void
test_long(void **state)
{
    int            sliced;
    size_t         i, j, len;
    unsigned       kind;
    llm_vocab_t   *v;
    llm_tok_out_t  slow, quick;

    (void) state;

    for (i = 0; i < sizeof(long_names) / sizeof(long_names[0]); i++) {
        v = test_open(long_names[i]);
        for (j = 0; j < 40 * TEST_KINDS; j++) {
            kind = (unsigned) j % TEST_KINDS;
            len = test_text(kind, j < TEST_KINDS ? TEST_MAX
                                                 : 65 + test_random(900));

            slow = test_out(v, want);
            quick = test_out(v, got);
            llm_tok_bpe_forward(v, text, len, 0, &slow);
            llm_tok_bpe(v, scratch, text, len, &quick);

            assert_int_equal(quick.n, slow.n);
            assert_memory_equal(got, want, slow.n * sizeof(uint32_t));

            /* random letters and runs are what slices are for */

            sliced = test_slices(v, j, len, 0);
            assert_true(sliced || (kind != 0 && kind != 8));
            sliced = test_slices(v, j, len, 1);
            assert_true(sliced || kind != 8);

            /* what is ill-formed has other bytes, which slices put there */

            text[test_random((unsigned) len)] = 0xff;
            (void) test_slices(v, j, len, 0);
        }

        llm_vocab_close(v);
    }
}


static void
test_short(void **state)
{
    size_t          i, j, k, n, at, len;
    llm_vocab_t    *v;
    llm_tok_out_t   slow;
    llm_tok_text_t  part[50];

    (void) state;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        v = test_open(names[i]);

        for (j = 0; j < 20 * TEST_KINDS; j++) {
            len = test_text((unsigned) j % TEST_KINDS, 3000);

            /* parts of bytes, not of characters: merging does not mind */

            for (n = 0, at = 0; n < 50 && at + LLM_TOK_MERGE < len; n++) {
                part[n].p = text + at;
                part[n].len = 1 + test_random(j % 2 ? 15 : LLM_TOK_MERGE);
                at += part[n].len;
            }

            llm_tok_merge_texts(v, test_simd(j), part, n);

            for (k = 0; k < n; k++) {
                if (!llm_tok_valid(part[k].p, part[k].len)) {
                    continue;
                }

                slow = test_out(v, want);
                slow.map = NULL;
                llm_tok_bpe_forward(v, part[k].p, part[k].len, 0, &slow);

                assert_int_equal(part[k].tokens, slow.n);
                assert_memory_equal(part[k].token, want,
                                    slow.n * sizeof(uint32_t));
            }
        }

        llm_vocab_close(v);
    }
}


/* the same of a text by itself, all merges of one rank at once */

static void
test_rounds(void **state)
{
    size_t         i, j, n, len;
    llm_vocab_t   *v;
    llm_tok_out_t  slow;

    (void) state;

    for (i = 0; i < sizeof(long_names) / sizeof(long_names[0]); i++) {
        v = test_open(long_names[i]);

        for (j = 0; j < 100 * TEST_KINDS; j++) {
            len = test_text((unsigned) j % TEST_KINDS,
                            1 + test_random(LLM_TOK_ROUNDS - 3));

            slow = test_out(v, want);
            slow.map = NULL;
            llm_tok_bpe_forward(v, text, len, 0, &slow);

            n = llm_tok_merge_rounds(v, text, len, got);

            assert_int_equal(n, slow.n);
            assert_memory_equal(got, want, n * sizeof(uint32_t));
        }

        llm_vocab_close(v);
    }
}


/* what is merged before anything else is stays together */

static void
test_sure(void **state)
{
    size_t          i, j, k, len, told;
    uint64_t        sure, root[LLM_TOK_SPANNED + LLM_TOK_SURE_MORE];
    llm_vocab_t    *v;
    llm_tok_out_t   slow;

    (void) state;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        v = test_open(names[i]);
        told = 0;

        for (j = 0; j < 1000 * TEST_KINDS; j++) {
            len = test_text((unsigned) j % TEST_KINDS,
                            2 + test_random(LLM_TOK_SPANNED - 4));

            for (k = 0; k + 1 < len; k++) {
                root[k + 1] = v->root[(unsigned) text[k] << 8 | text[k + 1]];
            }

            sure = llm_tok_sure(root, len - 1);
            slow = test_out(v, want);
            slow.map = NULL;
            llm_tok_bpe_forward(v, text, len, 0, &slow);

            for (k = 0, len = 0; k < slow.n; k++) {
                assert_true(len == 0 || !(sure >> (len - 1) & 1));
                len += llm_tok_length(v, want[k]);
            }

            told += (size_t) __builtin_popcountll(sure);
        }

        assert_true(told > 1000);
        llm_vocab_close(v);
    }
}


#if LLM_TOK_HAVE_AVX2

/* counts without merging, where no token is out of order */

static void
test_spans(void **state)
{
    size_t          i, j, k, n, at, len, told;
    llm_vocab_t    *v;
    llm_tok_out_t   slow;
    llm_tok_text_t  part[LLM_TOK_AHEAD];

    (void) state;

    if (!llm_tok_has_avx2(scratch->simd)) {
        skip();
    }

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        v = test_open(names[i]);
        told = 0;

        for (j = 0; j < 100 * TEST_KINDS; j++) {
            len = test_text((unsigned) j % TEST_KINDS, 1000);

            for (n = 0, at = 0; n < LLM_TOK_AHEAD && at + LLM_TOK_SPANNED < len;
                 n++) {
                part[n].p = text + at;
                part[n].len = 1 + test_random(LLM_TOK_SPANNED);
                at += part[n].len;
            }

            llm_tok_count_spans(v, part, n);

            for (k = 0; k < n; k++) {
                if (!llm_tok_valid(part[k].p, part[k].len)) {
                    continue;
                }

                slow = test_out(v, want);
                llm_tok_bpe_forward(v, part[k].p, part[k].len, 0, &slow);
                told += part[k].tokens != 0;

                if (part[k].tokens || v->image->ranks == 0) {
                    assert_int_equal(part[k].tokens, slow.n);
                }
            }
        }

        assert_true(told > 10000);
        llm_vocab_close(v);
    }
}

#endif


/* appends a token's bytes to what is at text + at */

static size_t
test_token(const llm_vocab_t *v, size_t token, size_t at)
{
    return at + llm_tok_spell(v, token, (char *) text + at);
}


/* what tables say of neighbours without a look at their tokens */

static void
test_near(void **state)
{
    size_t        i, j, one, two, len, border, sure;
    uint64_t      node;
    llm_vocab_t  *v;

    (void) state;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        v = test_open(names[i]);
        sure = 0;

        /* each merge joins, and what a token begins with is not alone */

        for (j = 0; j < v->image->tokens; j++) {
            one = llm_tok_left(v->rec[j]);
            border = test_token(v, one, 0);
            len = test_token(v, llm_tok_right(v->rec[j]), border);

            if (one != j && (text[border] & 0xc0) != 0x80) {
                assert_true(llm_tok_may_join(v, text, text + border,
                                             text + len));
            }

            (void) test_token(v, j, 0);
            memset(text + len, 0x80, 3);
            node = len > 3 && llm_tok_is_wide(*text) ? llm_tok_wide(v, text)
                                                     : 0;

            if (node) {
                assert_false(llm_tok_wide_alone(v, node, text,
                                                text + len + 3));
            }
        }

        /* where nothing joins any two tokens may meet */

        for (j = 0; j < 300000; j++) {
            one = test_random(v->image->tokens);
            two = test_random(v->image->tokens);
            border = test_token(v, one, 0);
            len = test_token(v, two, border);

            if (llm_tok_valid(text, border)
                && llm_tok_valid(text + border, len - border)
                && !llm_tok_may_join(v, text, text + border, text + len))
            {
                assert_true(llm_tok_pair_valid(v, (uint32_t) one,
                                               (uint32_t) two));
                sure++;
            }
        }

        assert_true(sure > 10000);
        llm_vocab_close(v);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_short),
        cmocka_unit_test(test_rounds),
        cmocka_unit_test(test_sure),
#if LLM_TOK_HAVE_AVX2
        cmocka_unit_test(test_spans),
#endif
        cmocka_unit_test(test_near),
    };

    scratch = llm_scratch_init(aligned_alloc(64, (llm_scratch_size() + 63)
                                                 / 64 * 64),
                               llm_scratch_size());

    if (getenv("LLM_VOCAB_DIR") == NULL || scratch == NULL) {
        (void) fprintf(stderr, "set LLM_VOCAB_DIR\n");
        return 1;
    }

    return cmocka_run_group_tests(tests, NULL, NULL);
}
