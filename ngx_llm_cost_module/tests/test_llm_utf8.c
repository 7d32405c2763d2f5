
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_arena.h"
#include "llm_utf8.h"


static void
check_none(const char *text, size_t len)
{
    const unsigned char  *p;

    p = (const unsigned char *) text;

    assert_int_equal(llm_utf8_length(p, p + len), 0);
}


/* every scalar value and nothing else, as the standard's table has it */

static void
test_length(void **state)
{
    unsigned       c, n;
    unsigned char  d[4];

    (void) state;

    for (c = 0x80; c <= 0x10ffff; c++) {
        n = (unsigned) llm_utf8_put(d, c);

        assert_int_equal(n, c < 0x800 ? 2 : c < 0x10000 ? 3 : 4);
        assert_int_equal(llm_utf8_length(d, d + n),
                         c >= 0xd800 && c < 0xe000 ? 0 : n);
        assert_int_equal(llm_utf8_length(d, d + n - 1), 0);
    }

    (void) llm_utf8_put(d, 0x110000);
    assert_int_equal(llm_utf8_length(d, d + 4), 0);

    /* overlong forms of U+007F, U+07FF and U+FFFF */

    check_none("\xc1\xbf", 2);
    check_none("\xe0\x9f\xbf", 3);
    check_none("\xf0\x8f\xbf\xbf", 4);
}


/* in a buffer that is exactly as long: a byte too many is seen */

static void
check_clean(const char *text, size_t len, const char *clean)
{
    unsigned char  *p;

    p = malloc(len ? len : 1);
    assert_non_null(p);
    memcpy(p, text, len);

    assert_int_equal(llm_utf8_valid(p, len), memcmp(text, clean, len) == 0);

    llm_utf8_clean(p, len);

    assert_memory_equal(p, clean, len);
    assert_true(llm_utf8_valid(p, len));

    free(p);
}


static void
test_clean(void **state)
{
    size_t  i, len;
    char    text[32], clean[32];

    (void) state;

    check_clean("", 0, "");
    check_clean("plain", 5, "plain");
    check_clean("a\0b", 3, "a?b");
    check_clean("\xc3\xa9", 2, "\xc3\xa9");
    check_clean("\xe2\x82", 2, "??");
    check_clean("\xed\xa0\x80z", 4, "???z");
    check_clean("\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80");

    /* one bad byte at every place of every length */

    for (len = 1; len < sizeof(text); len++) {
        for (i = 0; i < len; i++) {
            memset(text, 'x', len);
            memset(clean, 'x', len);
            text[i] = (char) (i & 1 ? 0xff : 0);
            clean[i] = '?';

            check_clean(text, len, clean);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_clean)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
