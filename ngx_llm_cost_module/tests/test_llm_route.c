
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/* what a path, a host and a media type say */

#include "llm_arena.h"
#include "llm_frame.h"
#include "llm_path.h"
#include "llm_vendor.h"


static llm_str_t
str(const char *s)
{
    llm_str_t  t;

    t.data = (unsigned char *) s;
    t.len = strlen(s);

    return t;
}


static void
test_patterns(void **state)
{
    size_t     i;
    llm_str_t  path, star;

    static const struct {
        const char  *path;
        const char  *pattern;
        const char  *star;          /* NULL: no match */
    } t[] = {
        { "/v1/chat/completions", "/chat/completions", "" },
        { "/v1/chat/completions/", "/chat/completions", "" },
        { "/v1/xchat/completions", "/chat/completions", NULL },
        { "/v1/chat/completions/x", "/chat/completions", NULL },
        { "/v1/models/m-1:generateContent", "/models/*:generateContent",
          "m-1" },
        { "/v1/models/a:b:generateContent", "/models/*:generateContent",
          "a:b" },
        { "/v1/models/:generateContent", "/models/*:generateContent", NULL },
        { "/v1/models/a/b:generateContent", "/models/*:generateContent",
          NULL },
        { "/model/a:1/converse", "/model/**/converse", "a:1" },
        { "/model/arn:x/y/z/converse", "/model/**/converse", "arn:x/y/z" },
        { "/model//converse", "/model/**/converse", NULL },
        { "/a/x/b/y/c", "/a/*/b/*/c", "x" },
        { "/a/x/b/y/d", "/a/*/b/*/c", NULL },
        { "", "/a", NULL },
        { "/", "/a", NULL },
        { "a", "/a", NULL }
    };

    (void) state;

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        path = str(t[i].path);

        if (llm_path_matches(&path, t[i].pattern, &star)
            != (t[i].star != NULL))
        {
            fail_msg("%s, %s", t[i].path, t[i].pattern);
        }

        if (t[i].star) {
            assert_int_equal(star.len, strlen(t[i].star));
            assert_memory_equal(star.data, t[i].star, star.len);
        }
    }
}


/* a path that is made to be matched slowly */

static void
test_long(void **state)
{
    char       *p;
    size_t      i;
    llm_str_t   path;

    (void) state;

    p = malloc(LLM_PATH_MAX + 2);

    for (i = 0; i < LLM_PATH_MAX; i++) {
        p[i] = (i % 2) ? 'a' : '/';
    }

    path.data = (unsigned char *) p;
    path.len = LLM_PATH_MAX;

    assert_false(llm_path_matches(&path, "/a/**/b", NULL));
    assert_true(llm_path_matches(&path, "/a/a", NULL));

    p[LLM_PATH_MAX] = '/';
    p[LLM_PATH_MAX + 1] = 'a';
    path.len = LLM_PATH_MAX + 2;

    assert_false(llm_path_matches(&path, "/a/a", NULL));

    free(p);
}


static void
test_table(void **state)
{
    llm_str_t              star;
    llm_route_t            route;
    const llm_path_row_t  *row;

    static const llm_path_row_t  rows[] = {
        { "GET DELETE", "/things/*", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
        { "POST", "/things/*", LLM_PATH_METERED, LLM_KIND_CHAT, 7 }
    };

    (void) state;

    memset(&route, 0, sizeof(route));
    route.path = str("/v1/things/x");
    route.args = str("key=secret&alt=sse");

    route.method = str("DELETE");
    row = llm_path_find(rows, 2, &route, &star);
    assert_ptr_equal(row, &rows[0]);

    route.method = str("POST");
    row = llm_path_find(rows, 2, &route, &star);
    assert_ptr_equal(row, &rows[1]);
    assert_int_equal(route.kind, LLM_KIND_CHAT);
    assert_int_equal(route.op, 7);
    assert_int_equal(star.len, 1);

    route.method = str("PUT");
    assert_null(llm_path_find(rows, 2, &route, &star));

    assert_null(llm_route_header(&route, "x"));
}


static void
test_names(void **state)
{
    char       name[300];
    llm_str_t  s;

    (void) state;

    memset(name, 'm', sizeof(name));
    s.data = (unsigned char *) name;

    s.len = 0;
    assert_false(llm_path_model(&s));
    s.len = 256;
    assert_true(llm_path_model(&s));
    s.len = 257;
    assert_false(llm_path_model(&s));

    s = str("a\nb");
    assert_false(llm_path_model(&s));
    s = str("a\177");
    assert_false(llm_path_model(&s));
}


static void
test_vendors(void **state)
{
    size_t               i;
    llm_str_t            s, o;
    const llm_vendor_t  *v;

    static const struct {
        const char  *host;
        const char  *name;
    } t[] = {
        { "api.groq.com", "groq" },
        { "API.Groq.com:443", "groq" },
        { "api.groq.com.", "groq" },
        { "eu.api.openai.com", "openai" },
        { "evilapi.openai.com", NULL },
        { "us-east5-aiplatform.googleapis.com", "vertex_ai" },
        { "acme.openai.azure.com", "azure" },
        { "openai.azure.com", NULL },
        { "bedrock-runtime.us-east-1.amazonaws.com", "bedrock" },
        { "api.openai.com.example.org", NULL },
        { "127.0.0.1:8000", NULL },
        { "", NULL }
    };

    (void) state;

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        s = str(t[i].host);
        v = llm_vendor_of_host(&s);

        if (t[i].name == NULL) {
            if (v) {
                fail_msg("%s", t[i].host);
            }

            continue;
        }

        assert_non_null(v);
        assert_int_equal(v->name.len, strlen(t[i].name));
        assert_memory_equal(v->name.data, t[i].name, v->name.len);
        assert_ptr_equal(llm_vendor_find(&v->name)->dialect, v->dialect);
    }

    s = str("acme");
    assert_null(llm_vendor_find(&s));

    /* of the names that OpenTelemetry has, and of one that it has not */

    llm_str_set(&s, "bedrock");
    o = llm_vendor_otel(&s);
    assert_int_equal(o.len, 11);
    assert_memory_equal(o.data, "aws.bedrock", 11);
    llm_str_set(&s, "groq");
    o = llm_vendor_otel(&s);
    assert_ptr_equal(o.data, s.data);
    assert_int_equal(o.len, 4);
}


static void
test_framings(void **state)
{
    size_t     i;
    llm_str_t  s;

    static const struct {
        const char     *type;
        llm_framing_e   framing;
    } t[] = {
        { "application/json", LLM_FRAMING_JSON },
        { "Application/JSON", LLM_FRAMING_JSON },
        { "application/problem+json", LLM_FRAMING_JSON },
        { "text/event-stream", LLM_FRAMING_SSE },
        { "application/x-ndjson", LLM_FRAMING_NDJSON },
        { "application/vnd.amazon.eventstream", LLM_FRAMING_AWS },
        { "text/html", LLM_FRAMING_NONE },
        { "xapplication/json", LLM_FRAMING_NONE },
        { "", LLM_FRAMING_NONE }
    };

    (void) state;

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        s = str(t[i].type);
        assert_int_equal(llm_framing_of(&s), t[i].framing);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_vendors),
        cmocka_unit_test(test_framings)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
