
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_arena.h"
#include "llm_json_form.h"


/* the form of a text with holes where the keys are "a", and at one node */

static int
make(llm_arena_t *a, llm_json_form_t *f, const char *text, uint32_t have)
{
    unsigned                   n;
    uint32_t                   nodes[LLM_JSON_FORM_HOLES];
    llm_json_t                 j;
    static const char * const  names[] = { "a", "bc", NULL };

    memset(&j, 0, sizeof(j));
    j.mem = &a->mem;

    assert_int_equal(llm_json_parse(&j, (unsigned char *) text, strlen(text)),
                     LLM_OK);

    n = llm_json_form_holes(&j, names, &have, have != LLM_JSON_NONE, nodes,
                            LLM_JSON_FORM_HOLES);

    return llm_json_form_make(f, &j, nodes, n);
}


/* matches in memory of its very size; the holes' texts, each with a '|' */

static int
match(const llm_json_form_t *f, const char *text, char *out)
{
    int              rc;
    char            *copy;
    unsigned         i;
    llm_str_t        s;
    llm_json_hole_t  holes[LLM_JSON_FORM_HOLES];

    s.len = strlen(text);
    copy = malloc(s.len);
    memcpy(copy, text, s.len);
    s.data = (unsigned char *) copy;

    rc = llm_json_form_match(f, &s, holes);

    *out = '\0';

    for (i = 0; rc && i < f->n; i++) {
        sprintf(out + strlen(out), "%.*s%s|", (int) holes[i].text.len,
                holes[i].text.data, holes[i].escaped ? "!" : "");
    }

    free(copy);

    return rc;
}


static void
test_match(void **state)
{
    char             out[256];
    size_t           i;
    llm_arena_t      a;
    llm_json_form_t  f;

    static const struct {
        const char  *text;
        const char  *holes;          /* NULL: not of the form */
    } t[] = {
        { "{\"x\":1,\"a\":\"one\",\"l\":[{\"bc\":\"\"}],\"n\":null}", "one||" },
        { "{\"x\":1,\"a\":\"\",\"l\":[{\"bc\":\"two\"}],\"n\":null}", "|two|" },
        { "{\"x\":1,\"a\":\"\\n\\u00e9\",\"l\":[{\"bc\":\"\xc3\xa9\"}],"
          "\"n\":null}", "\\n\\u00e9!|\xc3\xa9|" },
        { "{\"x\":1,\"a\":\"\\\"}\",\"l\":[{\"bc\":\"\"}],\"n\":null}",
          "\\\"}!||" },

        /* other texts, and what is no text at all */

        { "{\"x\":2,\"a\":\"one\",\"l\":[{\"bc\":\"\"}],\"n\":null}", NULL },
        { "{\"x\":1,\"a\":\"one\",\"l\":[{\"bc\":\"\"}],\"n\":null}}", NULL },
        { "{\"x\":1,\"a\":\"one\",\"l\":[{\"bc\":\"\"} ],\"n\":null}", NULL },
        { "{\"x\":1,\"a\":\"one\",\"l\":[{\"bc\":\"\"}],\"n\":null", NULL },
        { "{\"x\":1,\"a\":\"one\",\"l\":[{\"bc\":\"\"}],\"n\":nul1}", NULL },
        { "{\"x\":1,\"a\":null,\"l\":[{\"bc\":\"\"}],\"n\":null}", NULL },
        { "{\"x\":1,\"a\":\"one", NULL },
        { "{\"x\":1,\"a\":\"one\\", NULL },
        { "{\"x\":1,\"a\":\"one\",\"b\":\"\",\"l\":[{\"bc\":\"\"}],"
          "\"n\":null}", NULL },
        { "{\"x\":1,\"a\":\"\\q\",\"l\":[{\"bc\":\"\"}],\"n\":null}", NULL },
        { "{\"x\":1,\"a\":\"\\u12\",\"l\":[{\"bc\":\"\"}],\"n\":null}", NULL },
        { "{\"x\":1,\"a\":\"\n\",\"l\":[{\"bc\":\"\"}],\"n\":null}", NULL },
        { "{\"x\":1,\"a\":\"\xff\",\"l\":[{\"bc\":\"\"}],\"n\":null}", NULL },
        { "{\"x\":1,\"a\":\"\xed\xa0\x80\",\"l\":[{\"bc\":\"\"}],\"n\":null}",
          NULL },
        { "", NULL }
    };

    (void) state;

    llm_arena_init(&a);

    assert_int_equal(make(&a, &f, t[0].text, LLM_JSON_NONE), LLM_OK);
    assert_int_equal(f.n, 2);

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {

        if (match(&f, t[i].text, out) != (t[i].holes != NULL)
            || (t[i].holes && strcmp(out, t[i].holes) != 0))
        {
            fail_msg("%s: %s", t[i].text, out);
        }
    }

    llm_arena_free(&a);
}


/* only values are holes: neither keys nor what looks like a key in an array */

static void
test_holes(void **state)
{
    char             out[256];
    size_t           i;
    llm_arena_t      a;
    llm_json_form_t  f;

    static const struct {
        const char  *text;
        uint32_t     have;
        const char  *holes;
    } t[] = {
        { "{\"a\":\"a\",\"b\":\"bc\",\"c\":\"d\"}", LLM_JSON_NONE, "a|" },
        { "[\"a\",\"x\",\"bc\",\"y\"]", LLM_JSON_NONE, "" },
        { "[\"a\",\"x\",\"bc\",\"y\"]", 2, "x|" },
        { "{\"a\":{\"q\":\"a\",\"a\":\"1\"},\"bc\":[\"2\"]}", LLM_JSON_NONE,
          "1|" },
        { "{\"a\":[],\"q\":\"1\",\"a\":\"2\"}", LLM_JSON_NONE, "2|" },
        { "{\"a\":\"1\",\"q\":\"2\",\"r\":\"3\"}", 4, "1|2|" },
        { "{\"a\":\"1\"}", 2, "1|" },
        { "{\"a\":1,\"bc\":null}", LLM_JSON_NONE, "1|" },
        { "{\"a\":-1,\"bc\":1.0}", LLM_JSON_NONE, "" },
        { "{\"a\":1e5,\"bc\":10}", LLM_JSON_NONE, "10|" },
        { "{\"\\u0061\":\"1\"}", LLM_JSON_NONE, "1|" },
        { "\"a\"", LLM_JSON_NONE, "" },
        { "{}", LLM_JSON_NONE, "" }
    };

    (void) state;

    llm_arena_init(&a);

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {

        assert_int_equal(make(&a, &f, t[i].text, t[i].have), LLM_OK);
        assert_int_equal(match(&f, t[i].text, out), 1);

        if (strcmp(out, t[i].holes) != 0) {
            fail_msg("%s: %s", t[i].text, out);
        }
    }

    llm_arena_free(&a);
}


/* counters, and brackets with white space between them */

static void
test_padding(void **state)
{
    char             out[256];
    size_t           i;
    llm_arena_t      a;
    llm_json_form_t  f;

    static const struct {
        const char  *text;
        const char  *holes;
    } t[] = {
        { "{\"b\":[{\"bc\":\"x\",\"a\":7}]}", "x|7|" },
        { "{\"b\":[{\"bc\":\"} ]\",\"a\":0}]}", "} ]|0|" },
        { "{\"b\":[{\"bc\":\"x\",\"a\":1234567890123}  ]\r\n\t} ",
          "x|1234567890123|" },
        { "{\"b\":[{\"bc\":\"x\",\"a\":7} ]  }\n", "x|7|" },
        { "{\"b\":[{\"bc\":\"x\",\"a\":07}]}", NULL },
        { "{\"b\":[{\"bc\":\"x\",\"a\":}]}", NULL },
        { "{\"b\":[{\"bc\":\"x\",\"a\":-7}]}", NULL },
        { "{\"b\":[{\"bc\":\"x\",\"a\":7.0}]}", NULL },
        { "{\"b\":[{\"bc\":\"x\",\"a\":\"7\"}]}", NULL },
        { "{\"b\":[{\"bc\":\"x\",\"a\":7}}]", NULL },
        { "{\"b\":[{\"bc\":\"x\",\"a\":7}]}}", NULL },
        { "{\"b\":[{\"bc\":\"x\",\"a\":7}]", NULL },
        { "{\"b\":[{\"bc\":\"x\",\"a\": 7}]}", NULL },
        { "}]}", NULL },
        { "", NULL }
    };

    (void) state;

    llm_arena_init(&a);

    assert_int_equal(make(&a, &f, t[0].text, LLM_JSON_NONE), LLM_OK);

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {

        if (match(&f, t[i].text, out) != (t[i].holes != NULL)
            || (t[i].holes && strcmp(out, t[i].holes) != 0))
        {
            fail_msg("%s: %s", t[i].text, out);
        }
    }

    /* more brackets than are kept apart */

    strcpy(out, "[[[[[[[[[[[[[[[[[[[[{\"a\":1}]]]]]]]]]]]]]]]]]]]]");
    assert_int_equal(make(&a, &f, out, LLM_JSON_NONE), LLM_OK);
    assert_int_equal(f.ntail, LLM_JSON_FORM_TAIL);
    assert_int_equal(match(&f, out, out + 64), 1);

    llm_arena_free(&a);
}


/* what is too large is left, and the form as it was */

static void
test_bounds(void **state)
{
    int              i;
    char             text[4096], out[4096];
    llm_arena_t      a;
    llm_json_form_t  f;

    (void) state;

    llm_arena_init(&a);

    /* text in holes is not limited, that around it is: here 8 bytes of it */

    sprintf(text, "{\"a\":\"%0*d\"}", 2000, 0);
    assert_int_equal(make(&a, &f, text, LLM_JSON_NONE), LLM_OK);
    assert_int_equal(match(&f, text, out), 1);

    sprintf(text, "{\"x\":\"%0*d\"}", LLM_JSON_FORM_TEXT - 8, 0);
    assert_int_equal(make(&a, &f, text, LLM_JSON_NONE), LLM_OK);
    assert_int_equal(match(&f, text, out), 1);

    sprintf(text, "{\"x\":\"%0*d\"}", LLM_JSON_FORM_TEXT - 7, 0);
    assert_int_equal(make(&a, &f, text, LLM_JSON_NONE), LLM_DECLINED);
    assert_int_equal(match(&f, text, out), 0);

    sprintf(text, "{\"x\":\"%0*d\"}", LLM_JSON_FORM_TEXT - 8, 0);
    assert_int_equal(match(&f, text, out), 1);

    /* one hole more than there may be */

    strcpy(text, "[");

    for (i = 0; i <= LLM_JSON_FORM_HOLES; i++) {
        sprintf(text + strlen(text), "{\"a\":\"\"}%s",
                i == LLM_JSON_FORM_HOLES ? "]" : ",");
    }

    assert_int_equal(make(&a, &f, text, LLM_JSON_NONE), LLM_DECLINED);

    strcpy(text + 1 + LLM_JSON_FORM_HOLES * 9 - 1, "]");
    assert_int_equal(make(&a, &f, text, LLM_JSON_NONE), LLM_OK);
    assert_int_equal(f.n, LLM_JSON_FORM_HOLES);
    assert_int_equal(match(&f, text, out), 1);

    /* depth */

    memset(text, '[', LLM_JSON_DEPTH);
    memset(text + LLM_JSON_DEPTH, ']', LLM_JSON_DEPTH);
    text[LLM_JSON_DEPTH * 2] = '\0';
    assert_int_equal(make(&a, &f, text, LLM_JSON_NONE), LLM_OK);
    assert_int_equal(f.n, 0);
    assert_int_equal(match(&f, text, out), 1);

    llm_arena_free(&a);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_match),
        cmocka_unit_test(test_holes),
        cmocka_unit_test(test_padding),
        cmocka_unit_test(test_bounds)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
