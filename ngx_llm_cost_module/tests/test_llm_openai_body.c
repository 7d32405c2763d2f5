
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/* What is written into the body of a request, and the form that is its key. */

#include "openai_fixture.h"


#define MESSAGES  "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]"


/* the body with the edits in it; what lies between them is not touched */

static void
edited(const char *body, unsigned inject, int64_t max, const char *model,
    const char *want)
{
    char         out[1024];
    size_t       at, n;
    unsigned     i;
    fixture_t    f;
    llm_json_t   j;
    llm_edits_t  e;

    chat(&f, body);
    assert_int_equal(f.rc, LLM_OK);

    memset(&e, 0, sizeof(e));
    e.inject_usage = inject;
    e.set_max_output = max;
    e.set_model.data = (unsigned char *) model;
    e.set_model.len = strlen(model);

    assert_int_equal(llm_openai.edit(&f.q, &e), LLM_OK);

    for (at = 0, n = 0, i = 0; i < e.n; i++) {
        assert_true(e.e[i].start >= at);
        assert_true(e.e[i].end >= e.e[i].start);

        memcpy(out + n, body + at, e.e[i].start - at);
        n += e.e[i].start - at;
        memcpy(out + n, e.e[i].text.data, e.e[i].text.len);
        n += e.e[i].text.len;
        at = e.e[i].end;
    }

    strcpy(out + n, body + at);
    assert_string_equal(out, want);

    memset(&j, 0, sizeof(j));
    j.mem = &f.arena.mem;
    assert_int_equal(llm_json_parse(&j, (unsigned char *) out, strlen(out)),
                     LLM_OK);
    done(&f);
}


#define M      MESSAGES
#define USAGE  "{\"include_usage\":true}"

static void
test_edit_usage(void **state)
{
    (void) state;

    edited(" { \"model\":\"m\",\"stream\":true," M "}", 1, -1, "",
           " {\"stream_options\":" USAGE ", \"model\":\"m\",\"stream\":true,"
           M "}");

    edited("{\"model\":\"m\",\"stream\":true,\"stream_options\" : null ," M "}",
           1, -1, "",
           "{\"model\":\"m\",\"stream\":true,\"stream_options\" : " USAGE " ,"
           M "}");

    edited("{\"model\":\"m\",\"stream\":true,\"stream_options\":{ }," M "}",
           1, -1, "",
           "{\"model\":\"m\",\"stream\":true,\"stream_options\":"
           "{\"include_usage\":true }," M "}");

    edited("{\"model\":\"m\",\"stream\":true,\"stream_options\":"
           "{ \"include_obfuscation\":false }," M "}", 1, -1, "",
           "{\"model\":\"m\",\"stream\":true,\"stream_options\":"
           "{\"include_usage\":true, \"include_obfuscation\":false }," M "}");

    edited("{\"model\":\"m\",\"stream\":true,\"stream_options\":"
           "{\"include_usage\" : null }," M "}", 1, -1, "",
           "{\"model\":\"m\",\"stream\":true,\"stream_options\":"
           "{\"include_usage\" : true }," M "}");

    edited("{\"model\":\"m\",\"stream\":true,\"stream_options\":"
           "{\"include_usage\":false}," M "}", 1, -1, "",
           "{\"model\":\"m\",\"stream\":true,\"stream_options\":"
           "{\"include_usage\":true}," M "}");

    /* not wanted, or no stream: nothing */

    edited("{\"model\":\"m\",\"stream\":true," M "}", 0, -1, "",
           "{\"model\":\"m\",\"stream\":true," M "}");
    edited("{\"model\":\"m\"," M "}", 1, -1, "", "{\"model\":\"m\"," M "}");
}


static void
test_edit_max(void **state)
{
    (void) state;

    edited("{\"model\":\"gpt-4o\",\"max_tokens\":  500 ," M "}", 0, 16, "",
           "{\"model\":\"gpt-4o\",\"max_tokens\":  16 ," M "}");

    edited("{\"max_tokens\":500,\"model\":\"m\","
           "\"max_completion_tokens\":1e3," M "}", 0, 16, "",
           "{\"max_tokens\":16,\"model\":\"m\","
           "\"max_completion_tokens\":16," M "}");

    /* never raised */

    edited("{\"max_tokens\":5,\"model\":\"m\"," M "}", 0, 16, "",
           "{\"max_tokens\":5,\"model\":\"m\"," M "}");

    /* none there: the model's name decides which one it knows */

    edited("{\"model\":\"gpt-4o\"," M "}", 0, 16, "",
           "{\"max_tokens\":16,\"model\":\"gpt-4o\"," M "}");
    edited("{\"model\":\"openai/gpt-5-mini\"," M "}", 0, 16, "",
           "{\"max_completion_tokens\":16,\"model\":\"openai/gpt-5-mini\","
           M "}");
    edited("{\"model\":\"o3-mini\",\"max_tokens\":null," M "}", 0, 16, "",
           "{\"max_completion_tokens\":16,\"model\":\"o3-mini\","
           "\"max_tokens\":null," M "}");
    edited("{\"model\":\"llama-3\",\"max_tokens\":null," M "}", 0, 16, "",
           "{\"model\":\"llama-3\",\"max_tokens\":16," M "}");
    edited("{\"model\":\"ft:o1:org\"," M "}", 0, 9223372036854775807LL, "",
           "{\"max_completion_tokens\":9223372036854775807,"
           "\"model\":\"ft:o1:org\"," M "}");
}


static void
test_edit_model(void **state)
{
    (void) state;

    edited("{\"model\" : \"gpt-4o\" ," M "}", 0, -1, "gpt-4o-mini",
           "{\"model\" : \"gpt-4o-mini\" ," M "}");
    edited("{\"model\":\"gpt-4o\"," M "}", 0, -1, "a\"b\\c\n",
           "{\"model\":\"a\\\"b\\\\c\\n\"," M "}");

    /* all at once; a new model that knows another maximum */

    edited("{\"stream\":true," M ",\"model\":\"gpt-4o\"}", 1, 16, "gpt-5-mini",
           "{\"stream_options\":" USAGE ",\"max_completion_tokens\":16,"
           "\"stream\":true," M ",\"model\":\"gpt-5-mini\"}");
    edited("{\"model\":\"m\",\"stream\":true,\"max_completion_tokens\":9,"
           "\"stream_options\":{},\"max_tokens\":8," M "}", 1, 7, "n",
           "{\"model\":\"n\",\"stream\":true,\"max_completion_tokens\":7,"
           "\"stream_options\":{\"include_usage\":true},\"max_tokens\":7,"
           M "}");
}


/* the canonical form as one string of bytes */

typedef struct {
    unsigned char  *data;
    size_t          len;
} form_t;


static void
form_update(void *ctx, const void *p, size_t n)
{
    form_t  *f;

    f = ctx;
    f->data = realloc(f->data, f->len + n);
    memcpy(f->data + f->len, p, n);
    f->len += n;
}


static int
canonical(const char *body, form_t *form)
{
    int        rc;
    fixture_t  f;

    memset(form, 0, sizeof(form_t));
    chat(&f, body);
    assert_int_equal(f.rc, LLM_OK);
    rc = llm_openai.canonical(&f.q, form_update, form);
    done(&f);

    return rc;
}


static int
same(const char *a, const char *b)
{
    int     rc;
    form_t  x, y;

    assert_int_equal(canonical(a, &x), LLM_OK);
    assert_int_equal(canonical(b, &y), LLM_OK);

    rc = x.len == y.len && memcmp(x.data, y.data, x.len) == 0;

    free(x.data);
    free(y.data);

    return rc;
}


#define BODY(s)  "{\"model\":\"m\"," s "," MESSAGES "}"
#define SAID(s)  "{\"model\":\"m\",\"messages\":[" s "]}"

static void
test_canonical(void **state)
{
    size_t  i;

    static const struct {
        const char  *a;
        const char  *b;
        unsigned     same;
    } t[] = {
        { "{\"model\":\"m\"," MESSAGES "}",
          " {\n" MESSAGES " , \"model\" : \"\\u006d\" } ", 1 },
        { SAID("{\"role\":\"user\",\"content\":\"\\u00e9\\n\"}"),
          SAID("{\"content\":\"\xc3\xa9\\u000a\",\"role\":\"user\"}"), 1 },
        { BODY("\"temperature\":1"), BODY("\"temperature\":1.0"), 1 },
        { BODY("\"temperature\":1"), BODY("\"temperature\":10e-1"), 1 },
        { BODY("\"temperature\":0"), BODY("\"temperature\":-0.00e7"), 1 },
        { BODY("\"temperature\":1e-08"), BODY("\"temperature\":0.01e-6"), 1 },
        { BODY("\"temperature\":100"), BODY("\"temperature\":1E+2"), 1 },
        { BODY("\"temperature\":0.7"), BODY("\"temperature\":0.70"), 1 },
        { BODY("\"temperature\":0.7"), BODY("\"temperature\":0.07"), 0 },
        { BODY("\"temperature\":1"), BODY("\"temperature\":-1"), 0 },
        { BODY("\"temperature\":1"), BODY("\"temperature\":10"), 0 },
        { BODY("\"temperature\":1"), BODY("\"temperature\":\"1\""), 0 },
        { BODY("\"user\":\"a\""), BODY("\"user\":\"b\""), 1 },
        { BODY("\"metadata\":{}"), BODY("\"store\":false"), 1 },
        { BODY("\"stream\":false"), BODY("\"user\":\"b\""), 1 },
        { BODY("\"stream\":false"), BODY("\"stream\":true"), 1 },
        { BODY("\"stream\":true"),
          BODY("\"stream\":true,\"stream_options\":{}"), 1 },
        { BODY("\"stream\":true"),
          BODY("\"stream\":true,\"stream_options\":{\"include_usage\":true}"),
          1 },
        { BODY("\"stop\":[\"a\",\"b\"]"), BODY("\"stop\":[\"b\",\"a\"]"), 0 },
        { BODY("\"stop\":[\"a\",\"b\"]"), BODY("\"stop\":[\"ab\"]"), 0 },
        { BODY("\"stop\":[[\"a\"],\"b\"]"), BODY("\"stop\":[[\"a\",\"b\"]]"),
          0 },
        { BODY("\"stop\":\"\""), BODY("\"stop\":null"), 0 },
        { BODY("\"stop\":[]"), BODY("\"stop\":{}"), 0 },
        { BODY("\"stop\":true"), BODY("\"stop\":false"), 0 },
        { BODY("\"seed\":1"), BODY("\"seed\":2"), 0 },
        { BODY("\"a\":\"1\",\"b\":\"2\""), BODY("\"b\":\"2\",\"a\":\"1\""),
          1 },
        { BODY("\"a\":\"1\",\"b\":\"2\""), BODY("\"a\":\"2\",\"b\":\"1\""),
          0 },
        { SAID("{\"role\":\"user\"},{\"role\":\"system\"}"),
          SAID("{\"role\":\"system\"},{\"role\":\"user\"}"), 0 },
        { SAID("{\"role\":\"user\"},{}"), SAID("{},{\"role\":\"user\"}"), 0 },
        { SAID("{\"a\":\"b\"}"), SAID("{\"a\":\"b\"},{}"), 0 },

        /* a model reads tools and schemas in the order they are written in */

        { BODY("\"tools\":[{\"a\":1,\"b\":2}]"),
          BODY("\"tools\":[{\"b\":2,\"a\":1}]"), 0 },
        { BODY("\"tools\":[{\"a\":1}]"), BODY("\"tools\":[{\"a\":1.0}]"), 0 },
        { BODY("\"tools\":[ {\"a\": 1}]"), BODY("\"tools\":[{\"a\":1}]"), 1 },
        { BODY("\"response_format\":{\"a\":1,\"b\":2}"),
          BODY("\"response_format\":{\"b\":2,\"a\":1}"), 0 },

        /* halves of surrogate pairs all look like U+FFFD once decoded */

        { BODY("\"stop\":\"\\ud800\""), BODY("\"stop\":\"\\ud801\""), 0 },
        { BODY("\"stop\":\"\\ud800\""), BODY("\"stop\":\"\xef\xbf\xbd\""), 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        if (same(t[i].a, t[i].b) != (int) t[i].same) {
            fail_msg("%s and %s", t[i].a, t[i].b);
        }
    }
}


static void
test_canonical_declined(void **state)
{
    size_t  i;
    form_t  form;

    static const char * const  bodies[] = {
        BODY("\"seed\":1,\"seed\":2"),
        SAID("{\"role\":\"user\",\"role\":\"system\"}"),
        BODY("\"seed\":1e99999999999999999999"),
        BODY("\"seed\":1,\"s\\u0065ed\":2")
    };

    (void) state;

    for (i = 0; i < sizeof(bodies) / sizeof(char *); i++) {
        assert_int_equal(canonical(bodies[i], &form), LLM_DECLINED);
        free(form.data);
    }
}


/* large texts go through in place, whatever the buffer in between holds */

static void
test_canonical_long(void **state)
{
    char       *body, *p;
    size_t      n;
    form_t      form;

    (void) state;

    body = malloc(100000);

    for (n = 0; n < 2000; n += 61) {
        p = body + sprintf(body, "{\"model\":\"m\",\"stop\":\"");
        memset(p, 'x', n);
        strcpy(p + n, "\"," MESSAGES "}");

        assert_int_equal(canonical(body, &form), LLM_OK);
        assert_true(form.len > n);
        free(form.data);
    }

    free(body);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_edit_usage),
        cmocka_unit_test(test_edit_max),
        cmocka_unit_test(test_edit_model),
        cmocka_unit_test(test_canonical),
        cmocka_unit_test(test_canonical_declined),
        cmocka_unit_test(test_canonical_long)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
