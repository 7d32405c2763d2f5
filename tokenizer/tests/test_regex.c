/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Patterns that PCRE2 splits by, one after another: what is said to hold
 * whatever follows a text must hold for every text that goes on.
 */

#include "tok_test.h"


#define PATTERNS                                                              \
    "://\0"                                                                   \
    "\\p{N}+\0"                                                               \
    "(?:[A-Z][a-z]+)+(?![a-z])|\\p{L}+|[?!.]+(?= |$)"                         \
    "| ?[^\\s\\p{L}]{1,4}|\\s+(?!\\S)|\\s\0"

#define ROOM  256


static llm_tok_regex_t  *regex;


static size_t
soup(unsigned *seed, uint8_t *p)
{
    size_t                    n, len;
    const char               *part;
    static const char *const  parts[] = {
        ":", "/", "://", ":/", "\"", "\":", "a", "Ab", "A", "ab", "12", "3",
        " ", "  ", "\n", "!", ".", "?", "(", "\xc3\xa9", "\xe4\xb8\xad",
    };

    *seed = *seed * 1103515245 + 12345;
    len = 1 + (*seed >> 16) % 60;

    for (n = 0; n < len; n += strlen(part)) {
        *seed = *seed * 1103515245 + 12345;
        part = parts[(*seed >> 16) % (sizeof(parts) / sizeof(parts[0]))];
        memcpy(p + n, part, strlen(part));
    }

    return n;
}


static size_t
ends(const uint8_t *p, size_t len, int more, size_t *at)
{
    size_t            n;
    const uint8_t    *end;
    llm_tok_cursor_t  cursor;

    llm_tok_regex_begin(&cursor, p, p + len, more);

    for (n = 0, end = p; end < p + len; n++) {
        end = llm_tok_regex_end(regex, scratch, &cursor, end);

        if (end == NULL) {
            break;
        }

        at[n] = (size_t) (end - p);
    }

    return n;
}


static void
test_more(void **state)
{
    size_t    i, n, len, cut, known, all[ROOM], some[ROOM];
    uint8_t   p[ROOM];
    unsigned  turn, seed;

    (void) state;

    seed = 1;
    known = 0;

    for (turn = 0; turn < 3000; turn++) {
        len = soup(&seed, p);
        n = ends(p, len, 0, all);

        assert_int_equal(all[n - 1], len);

        for (cut = 1; cut < len; cut++) {
            if ((p[cut] & 0xc0) == 0x80) {
                continue;
            }

            n = ends(p, cut, 1, some);

            for (i = 0; i < n; i++) {
                assert_int_equal(some[i], all[i]);
            }

            known += n;
        }
    }

    /* it does not hold for want of anything said */

    assert_true(known > 3000 * 100);
}


int
main(void)
{
    int   rc;
    char  err[256];

    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_more),
    };

    test_begin();

    regex = llm_tok_regex_open(PATTERNS, sizeof(PATTERNS) - 1, err,
                               sizeof(err));
    if (regex == NULL) {
        (void) printf("%s\n", err);
        return 1;
    }

    rc = cmocka_run_group_tests(tests, NULL, NULL);

    llm_tok_regex_close(regex);
    test_end();

    return rc;
}
