
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_arena.h"
#include "llm_json_mend.h"


static char  mended[4096];

static const char *
mend(const char *text, size_t len)
{
    size_t         cut, n;
    unsigned char  tail[LLM_JSON_MEND_TAIL];

    assert_int_equal(llm_json_mend((const unsigned char *) text, len, &cut,
                                   tail, &n), LLM_OK);
    assert_true(cut <= len && n <= sizeof(tail));
    assert_true(cut + n < sizeof(mended));

    memcpy(mended, text, cut);
    memcpy(mended + cut, tail, n);
    mended[cut + n] = '\0';

    return mended;
}


#define expect(text, want)                                                    \
    assert_string_equal(mend(text, strlen(text)), want)


static void
test_places(void **state)
{
    (void) state;

    expect("", "");
    expect("{", "{}");
    expect("{\"ke", "{}");
    expect("{\"key\"", "{}");
    expect("{\"key\": ", "{}");
    expect("{\"key\": tru", "{}");
    expect("{\"key\": 1", "{}");
    expect("{\"key\": 1,", "{\"key\": 1}");
    expect("{\"key\": 1, \"b", "{\"key\": 1}");
    expect("{\"key\": \"", "{}");
    expect("{\"key\": \"va", "{\"key\": \"v\"}");
    expect("{\"key\": \"va\"", "{\"key\": \"va\"}");
    expect("{\"a\":[1,2,[3,{\"b\":\"c,d", "{\"a\":[1,2,[3,{\"b\":\"c,\"}]]}");
    expect("{\"a\":[1,{\"b\":2},{\"c", "{\"a\":[1,{\"b\":2},{}]}");
    expect("{\"a\":[1]}", "{\"a\":[1]}");
    expect("[\"}{\",\"x", "[\"}{\",\"\"]");
}


static void
test_characters(void **state)
{
    (void) state;

    expect("[\"ab\\", "[\"ab\"]");
    expect("[\"ab\\\"", "[\"ab\"]");
    expect("[\"ab\\\"c", "[\"ab\\\"\"]");
    expect("[\"ab\\u00e", "[\"ab\"]");
    expect("[\"ab\\u00e9c", "[\"ab\\u00e9\"]");
    expect("[\"ab\xe2\x82", "[\"ab\"]");
    expect("[\"ab\xe2\x82\xac!", "[\"ab\xe2\x82\xac\"]");
}


/* whatever the text is cut at, what is made of it can be parsed */

static void
test_every_cut(void **state)
{
    size_t        i;
    llm_json_t    j;
    llm_arena_t   arena;

    static const char  text[] =
        " {\"id\": \"x\\u00e9\\\\\", \"n\": [1, -2.5e3, true, null, []],\n"
        "\"o\": {\"k\\\"ey\": {}, \"\": \"\xf0\x9f\x98\x80 \\ud83d\\ude00\"},"
        "\"last\": \"long text, with {brackets]: and\\nmore\"} ";

    (void) state;

    for (i = 2; i <= sizeof(text) - 1; i++) {
        llm_arena_init(&arena);

        memset(&j, 0, sizeof(llm_json_t));
        j.mem = &arena.mem;

        mend(text, i);
        assert_int_equal(llm_json_parse(&j, (unsigned char *) mended,
                                        strlen(mended)), LLM_OK);
        llm_arena_free(&arena);
    }
}


static void
test_no_json(void **state)
{
    size_t         i, cut, n;
    unsigned char  text[1000], tail[LLM_JSON_MEND_TAIL];

    (void) state;

    expect("}}}]]]", "}}}]]]");

    memset(text, '[', sizeof(text));
    assert_int_equal(llm_json_mend(text, sizeof(text), &cut, tail, &n),
                     LLM_LIMIT);
    assert_int_equal(llm_json_mend(text, LLM_JSON_DEPTH, &cut, tail, &n),
                     LLM_OK);
    assert_int_equal(n, LLM_JSON_DEPTH);

    /* nothing that comes makes it write beyond its tail */

    for (i = 0; i < 20000; i++) {
        for (n = 0; n < sizeof(text); n++) {
            text[n] = "{}[]\",:\\u\xc3 1"[rand() % 12];
        }

        (void) llm_json_mend(text, rand() % sizeof(text), &cut, tail, &n);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_characters),
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_no_json)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
