/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Images that are damaged, and images that lie.
 */

#include "tok_test.h"


static uint32_t  ids[3 * TEST_ROOM];
static char      image_path[64];


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

        for (at = 0; at < 2 * TEST_ROOM; at++) {
            ids[at] = (uint32_t) at;
        }

        (void) llm_decode(v, ids, at, text, TEST_ROOM);
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
        cmocka_unit_test(test_bad_images),
        cmocka_unit_test(test_lying_images),
    };

    (void) snprintf(image_path, sizeof(image_path), "/tmp/llm-tok-XXXXXX");
    fd = mkstemp(image_path);

    if (fd == -1) {
        return 1;
    }

    (void) close(fd);
    test_begin();
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    test_end();
    (void) unlink(image_path);

    return rc;
}
