
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/* Digests by the bytes they were made of: what is told apart, what stays. */

#include "llm_cache_memo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


static llm_memo_view_t    view;
static llm_cache_memo_t  *memo;
static char               dialects[2];


static int
setup(void **state)
{
    llm_memo_t  *m;

    (void) state;

    m = aligned_alloc(4096, 65536);
    memo = aligned_alloc(64, (llm_cache_memo_size() + 63) / 64 * 64);

    if (m == NULL || memo == NULL || llm_memo_create(m, 65536) == NULL) {
        return -1;
    }

    memset(memo, 0, llm_cache_memo_size());
    llm_memo_open(m, &view);

    return 0;
}


static int
teardown(void **state)
{
    (void) state;

    free(memo);
    free(view.memo);

    return 0;
}


static llm_cache_memo_key_t
key_of(int dialect, const char *model, const char *body)
{
    llm_str_t             m, b;
    llm_cache_memo_key_t  key;

    m.data = (unsigned char *) model;
    m.len = strlen(model);
    b.data = (unsigned char *) body;
    b.len = strlen(body);

    llm_cache_memo_key(&view, &dialects[dialect], &m, &b, &key);

    return key;
}


static void
put(const llm_cache_memo_key_t *key, int n)
{
    unsigned char  digest[LLM_CACHE_MEMO_DIGEST];

    memset(digest, n, sizeof(digest));
    llm_cache_memo_put(memo, key, digest);
}


/* what was put, or -1 */

static int
get(const llm_cache_memo_key_t *key)
{
    int                   i;
    const unsigned char  *digest;

    digest = llm_cache_memo_get(memo, key);

    for (i = 1; digest && i < LLM_CACHE_MEMO_DIGEST; i++) {
        assert_int_equal(digest[i], digest[0]);
    }

    return digest ? digest[0] : -1;
}


static void
test_told_apart(void **state)
{
    int                   i, k;
    llm_memo_view_t       was;
    llm_cache_memo_key_t  keys[7];

    (void) state;

    keys[0] = key_of(0, "m", "body");
    keys[1] = key_of(1, "m", "body");
    keys[2] = key_of(0, "n", "body");
    keys[3] = key_of(0, "", "body");
    keys[4] = key_of(0, "m", "body ");
    keys[5] = key_of(0, "body", "m");

    /* another configuration */

    was = view;
    llm_memo_open(view.memo, &view);
    keys[6] = key_of(0, "m", "body");
    view = was;

    for (i = 0; i < 7; i++) {
        assert_int_equal(get(&keys[i]), -1);
        put(&keys[i], i);

        for (k = 0; k <= i; k++) {
            assert_int_equal(get(&keys[k]), k);
        }
    }
}


/* what is asked for meanwhile stays, however many come that are not */

static void
test_flood(void **state)
{
    int                   i, k, there;
    char                  text[32];
    llm_cache_memo_key_t  hot[64], key;

    (void) state;

    for (i = 0; i < 64; i++) {
        snprintf(text, sizeof(text), "hot %d", i);
        hot[i] = key_of(0, "m", text);
        put(&hot[i], i);
    }

    there = 0;

    for (k = 0; k < 200; k++) {

        for (i = 0; i < 64; i++) {
            there += (get(&hot[i]) == i);
        }

        for (i = 0; i < 1000; i++) {
            snprintf(text, sizeof(text), "cold %d", k * 1000 + i);
            key = key_of(0, "m", text);
            put(&key, 200);
        }
    }

    assert_true(there >= 200 * 64 * 95 / 100);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(test_told_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_flood, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
