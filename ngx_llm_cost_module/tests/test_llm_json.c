
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "json_fixture.h"

#include <jansson.h>


static void
test_truncated(void **state)
{
    size_t  i, len;

    static const char  text[] =
        "{\"model\":\"gpt-\\u0034o\",\"n\":-1.5e+2,\"a\":[true,false,null,"
        "{\"\xf0\x9f\x98\x80\":\"0123456789abcdefgh\xc3\xa9\"}],"
        "\"s\":\"\\ud83d\\ude00\"}";

    (void) state;

    len = sizeof(text) - 1;

    for (i = 0; i < len; i++) {
        assert_int_equal(json_result(text, i), LLM_BAD);
    }

    assert_int_equal(json_result(text, len), LLM_OK);
}


static void
test_refused(void **state)
{
    size_t  i;

    static const struct {
        const char  *text;
        size_t       len;
    } bad[] = {
#define T(s)  { s, sizeof(s) - 1 }
        T(""), T(" "), T("\0"), T("{}\0"), T("\xef\xbb\xbf{}"), T("{} {}"),
        T("{]"), T("[}"), T("[1,]"), T("[,1]"), T("{,}"), T("{\"a\"}"),
        T("{\"a\":}"), T("{\"a\":1,}"), T("{a:1}"), T("{1:1}"), T("[1 2]"),
        T("{\"a\":1 \"b\":2}"), T("'a'"), T("nul"), T("nulL"), T("truee"),
        T("True"), T("NaN"), T("Infinity"), T("-Infinity"), T("01"), T("-"),
        T("+1"), T("1."), T(".5"), T("1.e3"), T("1e"), T("1e+"), T("0x10"),
        T("-01"), T("1_000"), T("// c\n1"), T("\""), T("\"\\"), T("\"\\\""),
        T("\"\\x41\""), T("\"\\u\""), T("\"\\u12\""), T("\"\\u12g4\""),
        T("\"\\U0041\""), T("\"\n\""), T("\"\t\""), T("\"\0\""),
        T("\"\x1f\""), T("[1]]"), T("\"a\"\"b\""), T("{\"a\"::1}"),

        /* UTF-8: lone, overlong, surrogate, too large, cut */
        T("\"\x80\""), T("\"\xbf\""), T("\"\xc0\x80\""), T("\"\xc1\xbf\""),
        T("\"\xe0\x80\x80\""), T("\"\xe0\x9f\xbf\""), T("\"\xed\xa0\x80\""),
        T("\"\xed\xbf\xbf\""), T("\"\xf0\x80\x80\x80\""),
        T("\"\xf0\x8f\xbf\xbf\""), T("\"\xf4\x90\x80\x80\""),
        T("\"\xf5\x80\x80\x80\""), T("\"\xff\""), T("\"\xfe\""),
        T("\"\xc3\""), T("\"\xe4\xbd\""), T("\"\xf0\x9f\x98\""),
        T("\"\xc3("), T("\"\xe4\xbd"), T("\"\xf0\x9f\x98")
#undef T
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (json_result(bad[i].text, bad[i].len) != LLM_BAD) {
            fail_msg("accepted: %s", bad[i].text);
        }
    }
}


static void
test_error_position(void **state)
{
    llm_json_t   j;
    llm_arena_t  a;

    (void) state;

    llm_arena_init(&a);

    assert_int_equal(json_parse(&a, &j, "{\"a\":tru}", 9), LLM_BAD);
    assert_string_equal(j.err, "unexpected character");
    assert_int_equal(j.err_pos, 8);

    assert_int_equal(json_parse(&a, &j, "[\"a\xff\"]", 6), LLM_BAD);
    assert_string_equal(j.err, "invalid UTF-8");
    assert_int_equal(j.err_pos, 3);

    assert_int_equal(json_parse(&a, &j, "[1,", 3), LLM_BAD);
    assert_string_equal(j.err, "unexpected end");
    assert_int_equal(j.err_pos, 3);

    assert_int_equal(json_parse(&a, &j, "\"a\nb\"", 5), LLM_BAD);
    assert_string_equal(j.err, "control character in string");
    assert_int_equal(j.err_pos, 2);

    llm_arena_free(&a);
}


/* every byte that ends plain text is seen at every distance and offset */

static void
test_strings_at_every_length(void **state)
{
    int         k;
    char        text[96];
    size_t      n, at;
    json_t     *v;
    llm_str_t   s;
    llm_json_t  j;
    llm_arena_t a;

    static const char * const  marks[] = { "\\n", "\xc3\xa9", "\x1f", "\"" };

    (void) state;

    for (n = 0; n < 70; n++) {
        for (at = 0; at <= n; at++) {
            for (k = 0; k < 4; k++) {
                llm_arena_init(&a);

                memset(text, 'x', sizeof(text));
                text[0] = '"';
                memcpy(text + 1 + at, marks[k], strlen(marks[k]));
                text[1 + n + strlen(marks[k])] = '"';

                v = json_loadb(text, n + 2 + strlen(marks[k]),
                               JSON_DECODE_ANY, NULL);

                if (v) {
                    assert_int_equal(json_parse(&a, &j, text,
                                           n + 2 + strlen(marks[k])), LLM_OK);
                    llm_json_string(&j, 0, &s, NULL);
                    assert_int_equal(s.len, json_string_length(v));
                    assert_memory_equal(s.data, json_string_value(v), s.len);
                    json_decref(v);

                } else {
                    assert_int_equal(json_parse(&a, &j, text,
                                           n + 2 + strlen(marks[k])), LLM_BAD);
                }

                llm_arena_free(&a);
            }
        }
    }
}


static void
test_bounds(void **state)
{
    char         *text;
    size_t        i;
    llm_json_t    j;
    llm_arena_t   a;

    (void) state;

    text = malloc(2000000);

    memset(text, '[', 1000);
    memset(text + 1000, ']', 1000);
    assert_int_equal(json_result(text, 2000), LLM_LIMIT);

    memset(text + LLM_JSON_DEPTH, ']', LLM_JSON_DEPTH);
    assert_int_equal(json_result(text, 2 * LLM_JSON_DEPTH), LLM_OK);

    memset(text, '[', LLM_JSON_DEPTH + 1);
    memset(text + LLM_JSON_DEPTH + 1, ']', LLM_JSON_DEPTH + 1);
    assert_int_equal(json_result(text, 2 * LLM_JSON_DEPTH + 2), LLM_LIMIT);

    /* as many values as bytes allow */

    text[0] = '[';

    for (i = 0; i < 999999; i++) {
        text[1 + 2 * i] = '1';
        text[2 + 2 * i] = ',';
    }

    text[2 * i] = ']';

    llm_arena_init(&a);
    assert_int_equal(json_parse(&a, &j, text, 2 * i + 1), LLM_OK);
    assert_int_equal(j.n, i + 1);

    /* all the arrays that were doubled, together */

    assert_true(a.used < 2 * i + 3 * sizeof(llm_json_node_t) * i);

    j.nodes = NULL;
    j.size = 0;
    j.max = 1000;
    assert_int_equal(llm_json_parse(&j, (unsigned char *) text, 2 * i + 1),
                     LLM_LIMIT);
    assert_string_equal(j.err, "too many values");

    /* the bound holds on nodes that are there from before, too */

    j.max = 0;
    assert_int_equal(llm_json_parse(&j, (unsigned char *) text, 2 * i + 1),
                     LLM_OK);
    j.max = 1000;
    assert_int_equal(llm_json_parse(&j, (unsigned char *) text, 2 * i + 1),
                     LLM_LIMIT);

    llm_arena_free(&a);
    free(text);
}


static void
test_no_memory(void **state)
{
    size_t       left;
    llm_json_t   j;
    llm_arena_t  a;

    static const char  text[] = "[\"\\n\",1,2,3]";

    (void) state;

    for (left = 0; left < 1040; left += 16) {
        llm_arena_init(&a);

        memset(&j, 0, sizeof(j));
        j.mem = &a.mem;
        a.left = left;

        assert_int_equal(llm_json_parse(&j, (unsigned char *) text,
                                        sizeof(text) - 1),
                         left < 7 * sizeof(llm_json_node_t) ? LLM_ERROR
                                                            : LLM_OK);
        llm_arena_free(&a);
    }
}


static void
test_strings(void **state)
{
    size_t         i;
    llm_str_t      s;
    llm_json_t     j;
    llm_arena_t    a;
    unsigned char  buf[64];

    static const struct {
        const char  *text;
        const char  *value;
        size_t       len;
    } t[] = {
#define T(text, value)  { text, value, sizeof(value) - 1 }
        T("\"\"", ""),
        T("\"\\u0000\"", "\0"),
        T("\"a\\u0000b\"", "a\0b"),
        T("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"),
        T("\"\\u00e9\\u20AC\"", "\xc3\xa9\xe2\x82\xac"),
        T("\"\\uD83D\\uDE00\"", "\xf0\x9f\x98\x80"),
        T("\"\\udbff\\udfff\"", "\xf4\x8f\xbf\xbf"),
        T("\"\\ud800\"", "\xef\xbf\xbd"),
        T("\"\\udc00x\"", "\xef\xbf\xbdx"),
        T("\"\\ud800\\ud800\"", "\xef\xbf\xbd\xef\xbf\xbd"),
        T("\"\\ud800\\u0041\"", "\xef\xbf\xbd" "A"),
        T("\"\\ud800\\n\"", "\xef\xbf\xbd\n"),
        T("\"\\udc00\\ud83d\\ude00\"", "\xef\xbf\xbd\xf0\x9f\x98\x80")
#undef T
    };

    (void) state;

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        llm_arena_init(&a);

        assert_int_equal(json_parse(&a, &j, t[i].text, strlen(t[i].text)),
                         LLM_OK);
        assert_int_equal(llm_json_string(&j, 0, &s, NULL), LLM_OK);
        assert_int_equal(s.len, t[i].len);
        assert_memory_equal(s.data, t[i].value, s.len);

        /* never longer than it is written; into a buffer of the caller */

        assert_true(s.len <= j.nodes[0].end - j.nodes[0].start);
        assert_int_equal(llm_json_string(&j, 0, &s, buf), LLM_OK);
        assert_memory_equal(s.data, t[i].value, t[i].len);

        llm_arena_free(&a);
    }
}


/* what a string begins with, and which are the same, however written */

static void
test_alike(void **state)
{
    unsigned     i, k;
    llm_json_t   j;
    llm_arena_t  a;

    static const char  text[] =
        "[\"web_search\",\"web\\u005fsearch\",\"\\u0077eb_search\",\"web_\","
        "\"\\/9j\\/\xc3\xa9\",\"/9j/\\u00e9\",\"/9j/\\u00E8\",\"\",7]";

    static const char  same[] = "000344567";

    (void) state;

    llm_arena_init(&a);
    assert_int_equal(json_parse(&a, &j, text, sizeof(text) - 1), LLM_OK);

    for (i = 1; i < 10; i++) {
        for (k = 1; k < 9; k++) {
            assert_int_equal(llm_json_alike(&j, i, k),
                             i < 9 && same[i - 1] == same[k - 1]);
        }
    }

    for (i = 1; i < 10; i++) {
        assert_int_equal(llm_json_starts(&j, i, "web_search"), i < 4);
        assert_int_equal(llm_json_starts(&j, i, "web_"), i < 5);
        assert_int_equal(llm_json_starts(&j, i, "/9j/"), i > 4 && i < 8);
        assert_int_equal(llm_json_starts(&j, i, ""), i < 9);
    }

    llm_arena_free(&a);
}


static void
test_members(void **state)
{
    uint32_t     f[3];
    llm_json_t   j;
    llm_arena_t  a;

    static const char  text[] =
        "{\"a\":1,\"\\u006dodel\":\"x\",\"b\":{\"model\":2},\"a\":3,"
        "\"mode\":4,\"models\":5,\"\":6,\"a\\u0000\":7}";

    static const char * const  names[] = { "model", "a", "none" };

    (void) state;

    llm_arena_init(&a);
    assert_int_equal(json_parse(&a, &j, text, sizeof(text) - 1), LLM_OK);

    assert_true(llm_json_equal(&j, llm_json_get(&j, 0, "model"), "x"));
    assert_false(llm_json_equal(&j, llm_json_get(&j, 0, "model"), "xy"));
    assert_false(llm_json_equal(&j, llm_json_get(&j, 0, "model"), ""));
    assert_false(llm_json_equal(&j, llm_json_get(&j, 0, "b"), "x"));
    assert_int_equal(llm_json_get(&j, 0, "none"), LLM_JSON_NONE);
    assert_int_equal(llm_json_get(&j, 1, "a"), LLM_JSON_NONE);
    assert_int_equal(llm_json_get(&j, LLM_JSON_NONE, "a"), LLM_JSON_NONE);

    /* the last one, as upstream's reader has it */

    assert_int_equal(j.data[j.nodes[llm_json_get(&j, 0, "a")].start], '3');
    assert_int_equal(j.data[j.nodes[llm_json_get(&j, 0, "")].start], '6');

    assert_true(llm_json_duplicate(&j, 0, "a"));
    assert_false(llm_json_duplicate(&j, 0, "model"));
    assert_false(llm_json_duplicate(&j, 0, "none"));

    assert_string_equal(llm_json_fields(&j, 0, names, 3, f), "a");
    assert_int_equal(f[0], llm_json_get(&j, 0, "model"));
    assert_int_equal(f[1], llm_json_get(&j, 0, "a"));
    assert_int_equal(f[2], LLM_JSON_NONE);

    assert_null(llm_json_fields(&j, llm_json_get(&j, 0, "b"), names, 3, f));
    assert_int_equal(f[1], LLM_JSON_NONE);

    /* a name that is written in two ways is one name */

    assert_int_equal(json_parse(&a, &j, "{\"n\":1,\"\\u006e\":2}", 18), LLM_OK);
    assert_true(llm_json_duplicate(&j, 0, "n"));

    llm_arena_free(&a);
}


/* what is asked of a member that is not there, unchecked */

static void
test_none(void **state)
{
    int64_t      v;
    uint32_t     f[1];
    llm_str_t    s;
    llm_json_t   j;
    llm_arena_t  a;

    static const char * const  names[] = { "a" };

    (void) state;

    llm_arena_init(&a);
    assert_int_equal(json_parse(&a, &j, "{\"a\":\"\"}", 8), LLM_OK);

    assert_int_equal(llm_json_equal(&j, LLM_JSON_NONE, ""), 0);
    assert_int_equal(llm_json_starts(&j, LLM_JSON_NONE, ""), 0);
    assert_int_equal(llm_json_alike(&j, LLM_JSON_NONE, 2), 0);
    assert_int_equal(llm_json_alike(&j, 2, LLM_JSON_NONE), 0);
    assert_int_equal(llm_json_duplicate(&j, LLM_JSON_NONE, "a"), 0);
    assert_int_equal(llm_json_int(&j, LLM_JSON_NONE, &v), LLM_BAD);
    assert_int_equal(llm_json_string(&j, LLM_JSON_NONE, &s, NULL), LLM_BAD);
    assert_int_equal(s.len, 0);

    assert_null(llm_json_miscased(&j, LLM_JSON_NONE, names, 1));
    assert_null(llm_json_fields(&j, LLM_JSON_NONE, names, 1, f));
    assert_int_equal(f[0], LLM_JSON_NONE);

    llm_arena_free(&a);
}


static void
test_integers(void **state)
{
    int      rc;
    size_t   i;
    int64_t  v;

    static const struct {
        const char  *text;
        int          rc;
        int64_t      v;
    } t[] = {
        { "0", LLM_OK, 0 }, { "-0", LLM_OK, 0 }, { "1", LLM_OK, 1 },
        { "1.0", LLM_OK, 1 }, { "1.000e0", LLM_OK, 1 },
        { "28.0", LLM_OK, 28 }, { "1e3", LLM_OK, 1000 },
        { "1.5e1", LLM_OK, 15 }, { "1500e-2", LLM_OK, 15 },
        { "-12", LLM_OK, -12 }, { "0e999999999999999999999", LLM_OK, 0 },
        { "9223372036854775807", LLM_OK, INT64_MAX },
        { "-9223372036854775808", LLM_OK, INT64_MIN },
        { "9223372036854775808", LLM_LIMIT, INT64_MAX },
        { "-9223372036854775809", LLM_LIMIT, INT64_MIN },
        { "1e400", LLM_LIMIT, INT64_MAX }, { "-1e400", LLM_LIMIT, INT64_MIN },
        { "1e999999999999999999999", LLM_LIMIT, INT64_MAX },
        { "1.5", LLM_BAD, 0 }, { "1e-1", LLM_BAD, 0 },
        { "1e-999999999999999999999", LLM_BAD, 0 }, { "", LLM_BAD, 0 },
        { " 1", LLM_BAD, 0 }, { "1 ", LLM_BAD, 0 }, { "+1", LLM_BAD, 0 },
        { "01", LLM_BAD, 0 }, { "1,000", LLM_BAD, 0 }, { "0x1", LLM_BAD, 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        rc = llm_parse_int((unsigned char *) t[i].text, strlen(t[i].text), &v);

        if (rc != t[i].rc || (rc != LLM_BAD && v != t[i].v)) {
            fail_msg("%s: %d, %lld", t[i].text, rc, (long long) v);
        }
    }
}


static void
test_scaled(void **state)
{
    int      rc;
    size_t   i;
    int64_t  v;

    static const struct {
        const char  *text;
        int          scale;
        int          rc;
        int64_t      v;
    } t[] = {
        { "3e-7", 12, LLM_OK, 300000 },
        { "0.00000015", 12, LLM_OK, 150000 },
        { "1.25", 9, LLM_OK, 1250000000 },
        { "0.0000000001", 9, LLM_OK, 1 },            /* away from zero */
        { "-0.0000000001", 9, LLM_OK, -1 },
        { "0.0000000010000", 9, LLM_OK, 1 },
        { "0.00000000100001", 9, LLM_OK, 2 },
        { "3530500", -1, LLM_OK, 353050 },
        { "3530501", -1, LLM_OK, 353051 },
        { "5", -1, LLM_OK, 1 }, { "0", -1, LLM_OK, 0 },
        { "1e-400", 9, LLM_OK, 1 },
        { "9223372036.854775807", 9, LLM_OK, INT64_MAX },
        { "9223372036.8547758071", 9, LLM_LIMIT, INT64_MAX },
        { "9223372036.854775808", 9, LLM_LIMIT, INT64_MAX },
        { "1e300", 9, LLM_LIMIT, INT64_MAX },
        { "x", 9, LLM_BAD, 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        rc = llm_parse_scaled((unsigned char *) t[i].text, strlen(t[i].text),
                              t[i].scale, &v);

        if (rc != t[i].rc || (rc != LLM_BAD && v != t[i].v)) {
            fail_msg("%s: %d, %lld", t[i].text, rc, (long long) v);
        }
    }
}


static void
test_escape(void **state)
{
    size_t         i, n, k;
    uint64_t       seed;
    llm_str_t      s, back;
    llm_json_t     j;
    llm_arena_t    a;
    unsigned char  in[32], out[200];

    (void) state;

    s.data = (unsigned char *) "a\"\\\n\x01\x7f\xc3\xa9\xff\xe4\xbd";
    s.len = 11;
    n = llm_json_escape(NULL, &s);
    assert_int_equal(llm_json_escape(out, &s), n);
    assert_int_equal(n, strlen("a\\\"\\\\\\n\\u0001\\u007f\xc3\xa9"
                               "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"));
    assert_memory_equal(out, "a\\\"\\\\\\n\\u0001\\u007f\xc3\xa9"
                             "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", n);

    seed = 7;

    for (i = 0; i < 2000; i++) {
        s.data = in;
        s.len = llm_random(&seed) % sizeof(in);

        for (k = 0; k < s.len; k++) {
            in[k] = (unsigned char) (llm_random(&seed) % (i & 1 ? 128 : 256));
        }

        llm_arena_init(&a);

        out[0] = '"';
        n = llm_json_escape(out + 1, &s);
        out[n + 1] = '"';

        assert_int_equal(json_parse(&a, &j, out, n + 2), LLM_OK);
        llm_json_string(&j, 0, &back, NULL);

        if (i & 1) {
            assert_int_equal(back.len, s.len);
            assert_memory_equal(back.data, in, s.len);
        }

        llm_arena_free(&a);
    }
}


/* a document is read again and again without new memory */

static void
test_again(void **state)
{
    int          i;
    size_t       used;
    llm_json_t   j;
    llm_arena_t  a;

    (void) state;

    llm_arena_init(&a);
    assert_int_equal(json_parse(&a, &j, "[1,2,{\"a\":3}]", 13), LLM_OK);
    used = a.used;

    for (i = 0; i < 100; i++) {
        assert_int_equal(llm_json_parse(&j, (unsigned char *) "{\"b\":[]}", 8),
                         LLM_OK);
        assert_int_equal(j.n, 3);
        assert_int_equal(j.nodes[0].next, 3);
    }

    assert_int_equal(a.used, used);
    llm_arena_free(&a);
}


/* an event without data */

static void
test_nothing(void **state)
{
    llm_json_t   j;
    llm_arena_t  a;

    (void) state;

    llm_arena_init(&a);
    memset(&j, 0, sizeof(j));
    j.mem = &a.mem;

    assert_int_equal(llm_json_parse(&j, NULL, 0), LLM_BAD);
    assert_non_null(j.data);
    assert_int_equal(j.err_pos, 0);

    llm_arena_free(&a);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_error_position),
        cmocka_unit_test(test_strings_at_every_length),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_alike),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_scaled),
        cmocka_unit_test(test_escape),
        cmocka_unit_test(test_again)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
