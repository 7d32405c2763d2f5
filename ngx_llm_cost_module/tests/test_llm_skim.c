
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_arena.h"
#include "llm_skim.h"


/* the skeleton of a text that comes in pieces of n bytes (0: at once) */

static unsigned char  out[LLM_SKIM_MAX];

static int
skim(llm_skim_t *s, const char *text, size_t len, size_t n)
{
    size_t  i;

    memset(s, 0, sizeof(llm_skim_t));
    memset(out, 0xaa, sizeof(out));
    s->buf = out;

    n = n ? n : len;

    for (i = 0; i < len; i += n) {
        llm_skim_feed(s, (const unsigned char *) text + i,
                      n < len - i ? n : len - i);
    }

    return llm_skim_finish(s);
}


static void
expect(const char *text, size_t len, int rc, const char *want)
{
    size_t      i;
    llm_skim_t  s;

    static const size_t  pieces[] = { 0, 1, 7 };

    for (i = 0; i < 3; i++) {
        assert_int_equal(skim(&s, text, len, pieces[i]), rc);

        if (want) {
            assert_int_equal(s.len, strlen(want));
            assert_memory_equal(out, want, s.len);
        }
    }
}


/* head, then n bytes of a string, then tail */

static char *
with_string(const char *head, size_t n, int c, const char *tail, size_t *len)
{
    char  *p;

    *len = strlen(head) + n + strlen(tail);
    p = malloc(*len + 1);

    strcpy(p, head);
    memset(p + strlen(head), c, n);
    strcpy(p + strlen(head) + n, tail);

    return p;
}


static void
test_small(void **state)
{
    static const char  text[] = " {\n \"a\" : [ 1, {\"b\": \"x , } y\"} ],\t"
                                "\"c d\": \"\\\\\\\"\", \"e\":null}\r\n";
    (void) state;

    expect(text, sizeof(text) - 1, LLM_OK,
           "{\"a\":[1,{\"b\":\"x , } y\"}],\"c d\":\"\\\\\\\"\",\"e\":null}");

    expect("{}", 2, LLM_OK, "{}");
}


static void
test_long_members(void **state)
{
    char    *p;
    size_t   len;

    (void) state;

    p = with_string("{\"m\": \"x\", \"t\": [\"", 20000, '}',
                    "\", 1], \"usage\": {\"n\": 7}}", &len);
    expect(p, len, LLM_OK, "{\"m\":\"x\",\"t\":null,\"usage\":{\"n\":7}}");
    free(p);

    p = with_string("{\"t\":\"", 20000, 'a', "\"}", &len);
    expect(p, len, LLM_OK, "{\"t\":null}");
    free(p);

    /* what lies in a text is no member of the object */

    p = with_string("{\"t\":\"", 20000, 'a',
                    "\\\",\\\"usage\\\":{\\\"n\\\":1}\",\"usage\":2}", &len);
    expect(p, len, LLM_OK, "{\"t\":null,\"usage\":2}");
    free(p);
}


static void
test_bound(void **state)
{
    char        *p;
    size_t       len;
    llm_skim_t   s;

    (void) state;

    /* quotes included, the value is as long as may be, and one byte longer */

    p = with_string("{\"t\":\"", LLM_SKIM_VALUE - 2, 'a', "\"}", &len);
    expect(p, len, LLM_OK, p);
    free(p);

    p = with_string("{\"t\":\"", LLM_SKIM_VALUE - 1, 'a', "\"}", &len);
    expect(p, len, LLM_OK, "{\"t\":null}");
    free(p);

    /* a key is not a value: it is not left out, it is too much */

    p = with_string("{\"", LLM_SKIM_MAX, 'k', "\":1}", &len);
    assert_int_equal(skim(&s, p, len, 0), LLM_LIMIT);
    assert_true(s.len < LLM_SKIM_MAX);
    free(p);
}


static void
test_many_members(void **state)
{
    char        *p, *last;
    size_t       i;
    llm_skim_t   s;

    (void) state;

    p = malloc(2000000);
    last = p + sprintf(p, "{\"a\":1");

    for (i = 0; i < 100000; i++) {
        last += sprintf(last, ",\"k%zu\":%zu", i, i);
    }

    last += sprintf(last, "}");

    assert_int_equal(skim(&s, p, last - p, 0), LLM_LIMIT);
    assert_true(s.len <= LLM_SKIM_MAX);

    free(p);
}


static void
test_not_whole(void **state)
{
    (void) state;

    expect("", 0, LLM_BAD, "");
    expect("{\"a\":1", 6, LLM_BAD, NULL);
    expect("{\"a\":\"}", 7, LLM_BAD, NULL);
    expect("{\"a\":[}", 7, LLM_BAD, NULL);
    expect("[1,2]", 5, LLM_OK, "[1,2]");
    expect("12", 2, LLM_BAD, NULL);

    /* closed more often than opened: nothing breaks, the parser will tell */

    expect("}}}]{", 5, LLM_BAD, NULL);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_long_members),
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_many_members),
        cmocka_unit_test(test_not_whole)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
