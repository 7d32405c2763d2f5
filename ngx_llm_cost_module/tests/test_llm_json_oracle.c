
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/* Values of chance, and spoiled ones, read as jansson reads them. */

#include "json_fixture.h"

#include <jansson.h>


/* our tree as jansson's; *next is the node after it */

static json_t *
convert(llm_json_t *j, uint32_t node, uint32_t *next)
{
    char                    *number, *key;
    json_t                  *v, *child;
    int64_t                  n;
    uint32_t                 i;
    llm_str_t                s;
    const llm_json_node_t   *p;

    p = &j->nodes[node];
    *next = node + 1;

    switch (p->type) {

    case LLM_JSON_OBJECT:
        v = json_object();

        for (i = node + 1; i < p->next; ) {
            assert_int_equal(j->nodes[i].type, LLM_JSON_STRING);
            assert_int_equal(llm_json_string(j, i, &s, NULL), LLM_OK);
            assert_int_equal(j->nodes[i].next, i + 1);

            key = strndup((char *) s.data, s.len);
            child = convert(j, i + 1, &i);
            json_object_set_new(v, key, child);
            free(key);
        }

        assert_int_equal(i, p->next);
        *next = i;
        return v;

    case LLM_JSON_ARRAY:
        v = json_array();

        for (i = node + 1; i < p->next; ) {
            json_array_append_new(v, convert(j, i, &i));
        }

        assert_int_equal(i, p->next);
        *next = i;
        return v;

    case LLM_JSON_STRING:
        assert_int_equal(llm_json_string(j, node, &s, NULL), LLM_OK);
        return json_stringn((char *) s.data, s.len);

    case LLM_JSON_NUMBER:
        number = strndup((char *) j->data + p->start, p->end - p->start);

        if (strpbrk(number, ".eE") == NULL) {
            assert_int_equal(llm_json_int(j, node, &n), LLM_OK);
            v = json_integer(n);

        } else {
            v = json_real(strtod(number, NULL));
        }

        free(number);
        return v;

    case LLM_JSON_TRUE:
        return json_true();

    case LLM_JSON_FALSE:
        return json_false();
    }

    assert_int_equal(p->type, LLM_JSON_NULL);

    return json_null();
}


/*
 * Both agree on the text.  jansson refuses a few things that we take on
 * purpose: half a surrogate pair, and numbers that its own types cannot hold.
 */

static unsigned
compare(const char *text, size_t len)
{
    int            rc;
    json_t        *ours, *theirs;
    uint32_t       next;
    llm_json_t     j;
    llm_arena_t    a;
    json_error_t   err;

    llm_arena_init(&a);

    rc = json_parse(&a, &j, text, len);
    theirs = json_loadb(text, len, JSON_DECODE_ANY|JSON_ALLOW_NUL, &err);

    if (theirs == NULL && rc == LLM_OK) {
        if (strstr(err.text, "Unicode") == NULL
            && strstr(err.text, "too big") == NULL
            && strstr(err.text, "NUL byte in object key") == NULL
            && strstr(err.text, "real number overflow") == NULL)
        {
            fail_msg("accepted, jansson: %s: %.*s", err.text, (int) len, text);
        }

    } else if (theirs) {

        if (rc != LLM_OK) {
            fail_msg("%s at %zu: %.*s", j.err, j.err_pos, (int) len, text);
        }

        ours = convert(&j, 0, &next);
        assert_int_equal(next, j.n);

        if (!json_equal(ours, theirs)) {
            fail_msg("another value: %.*s", (int) len, text);
        }

        json_decref(ours);
    }

    json_decref(theirs);
    llm_arena_free(&a);

    return rc == LLM_OK;
}


typedef struct {
    char      text[4096];
    size_t    len;
    uint64_t  seed;
} gen_t;


static void
gen_put(gen_t *g, const char *s)
{
    size_t  n;

    n = strlen(s);

    if (g->len + n < sizeof(g->text)) {
        memcpy(g->text + g->len, s, n);
        g->len += n;
    }
}


static void
gen_space(gen_t *g)
{
    static const char * const  spaces[] = { "", "", "", " ", "\n\t", "\r " };

    gen_put(g, spaces[llm_random(&g->seed) % 6]);
}


static void
gen_string(gen_t *g)
{
    unsigned  n;

    static const char * const  parts[] = {
        "a", "hello world", "0123456789abcdef0", "\\n", "\\\"", "\\\\", "\\/",
        "\\u0041", "\\ud83d\\ude00", "\xc3\xa9", "\xe4\xbd\xa0",
        "\xf0\x9f\x98\x80", "\\b\\f\\r\\t", "\\u20ac", "{\xe2\x80\xa8}", " ",
        "\x7f", "'", "[,]:", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"
    };

    gen_put(g, "\"");

    for (n = llm_random(&g->seed) % 6; n; n--) {
        gen_put(g, parts[llm_random(&g->seed) % 21]);
    }

    gen_put(g, "\"");
}


static void
gen_value(gen_t *g, unsigned depth)
{
    unsigned  n, object;

    static const char * const  scalars[] = {
        "0", "-0", "1", "-17", "9223372036854775807", "1.5", "1e3", "2E-2",
        "0.1e+1", "true", "false", "null"
    };

    gen_space(g);
    n = llm_random(&g->seed) % (depth > 5 ? 2 : 4);

    if (n == 0) {
        gen_put(g, scalars[llm_random(&g->seed) % 12]);

    } else if (n == 1) {
        gen_string(g);

    } else {
        object = (n == 2);
        gen_put(g, object ? "{" : "[");
        gen_space(g);

        for (n = llm_random(&g->seed) % 5; n; n--) {

            if (object) {
                gen_space(g);
                gen_string(g);
                gen_space(g);
                gen_put(g, ":");
            }

            gen_value(g, depth + 1);

            if (n > 1) {
                gen_put(g, ",");
            }
        }

        gen_put(g, object ? "}" : "]");
    }

    gen_space(g);
}


static void
test_against_jansson(void **state)
{
    char      *copy;
    gen_t      g;
    size_t     i, at;
    unsigned   ok, bad;

    static const char  bytes[] = "\"\\{}[]:,0-.eEtfn \x80\xc3\xed\xf0\x01\x7f";

    (void) state;

    g.seed = 1;
    ok = 0;
    bad = 0;

    for (i = 0; i < 4000; i++) {
        g.len = 0;
        gen_value(&g, 0);

        copy = malloc(g.len);
        memcpy(copy, g.text, g.len);

        ok += compare(copy, g.len);

        /* one byte changed, one taken out */

        at = llm_random(&g.seed) % g.len;
        copy[at] = bytes[llm_random(&g.seed) % (sizeof(bytes) - 1)];
        bad += !compare(copy, g.len);

        memmove(copy + at, copy + at + 1, g.len - at - 1);
        bad += !compare(copy, g.len - 1);

        free(copy);
    }

    /* the comparison has seen both outcomes often */

    assert_true(ok > 3500);
    assert_true(bad > 2000);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_against_jansson)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
