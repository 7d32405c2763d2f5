
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Recorded answers in another form and back.  What is in a stream that was made
 * of a document is the document; what is in a document that was made of a
 * stream is in the stream that is made of that one.
 */

#include "reform_fixture.h"
#include "traffic.h"


typedef struct {
    const char    *api;
    reform_t       reform;
    llm_framing_e  stream;
    unsigned       usage;
    unsigned       documents;       /* of so many at least ... */
    unsigned       streams;
    unsigned       percent;         /* ... this part has another form */
} row_t;


static const row_t  rows[] = {
    { "openai.chat", { &llm_openai, LLM_KIND_CHAT, 0 }, USAGE, 1000, 150,
      90 },
    { "groq.chat", { &llm_openai, LLM_KIND_CHAT, 0 }, USAGE, 30, 4, 50 },
    { "openai.completions", { &llm_openai, LLM_KIND_COMPLETION, 0 }, USAGE,
      30, 2, 50 },
    { "openai.responses", { &llm_openai, LLM_KIND_RESPONSES, 0 }, SSE, 400,
      150, 90 },
    { "anthropic.messages", { NULL, LLM_KIND_CHAT, 0 }, SSE, 350, 140, 90 },
    { "gemini.generateContent", { NULL, LLM_KIND_CHAT, 0 }, SSE, 400, 0, 90 },
    { "gemini.stream", { NULL, LLM_KIND_CHAT, 0 }, SSE, 0, 90, 90 }
};


static unsigned  wrong;         /* what came back is not what went there */


#define USED  "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,"          \
              "\"completion_tokens\":1,\"total_tokens\":2}}\n\n"


/* members that only a document has, or that say nothing */

static void
prune(json_t *v)
{
    void        *tmp;
    size_t       i;
    json_t      *e;
    const char  *key;

    if (json_is_array(v)) {
        json_array_foreach(v, i, e) {
            prune(e);
        }
    }

    json_object_foreach_safe(v, tmp, key, e) {

        prune(e);

        if (json_is_null(e)
            || (strcmp(key, "content_filter_results") == 0
                && json_object_size(e) == 0)
            || (strcmp(key, "tool_calls") == 0 && json_array_size(e) == 0)
            || (strcmp(key, "delta") == 0 && json_object_get(v, "message"))
            || (strcmp(key, "index") == 0 && json_object_get(v, "function")))
        {
            json_object_del(v, key);
        }
    }
}


static json_t *
pruned(const char *text, size_t len)
{
    json_t  *j;

    j = json_loadb(text, len, JSON_ALLOW_NUL, NULL);
    prune(j);

    return j;
}


static void
same(json_t *r, json_t *one, json_t *two)
{
    char  *a, *b;

    /* half a surrogate pair is nothing for jansson */

    if ((one == NULL && two == NULL) || json_equal(one, two)) {
        return;
    }

    a = json_dumps(one, JSON_SORT_KEYS);
    b = json_dumps(two, JSON_SORT_KEYS);

    print_message("# %s:\n%.4000s\n%.4000s\n", text(r, "id"), a, b);
    wrong++;

    free(a);
    free(b);
}


/* 1: it has another form, which is as good */

static int
document(const row_t *row, const reform_t *f, json_t *r, const char *body,
    size_t len)
{
    int      rc;
    char    *there, *back;
    size_t   n, m;
    json_t  *one, *two;

    rc = reform_bytes(f, JSON, row->stream, row->usage, body, len, &there,
                      &n);

    if (rc == LLM_DECLINED) {
        print_message("# %s %s: has no stream\n", row->api, text(r, "id"));
        return 0;
    }

    assert_int_equal(rc, LLM_OK);

    rc = reform_bytes(f, row->stream, row->usage, JSON, there, n, &back, &m);

    if (rc != LLM_OK) {
        print_message("# %s: back: %d\n%.3000s\n", text(r, "id"), rc, there);
        wrong++;
        free(there);
        return 0;
    }

    one = pruned(body, len);
    two = pruned(back, m);

    same(r, one, two);

    json_decref(one);
    json_decref(two);
    free(there);
    free(back);

    return 1;
}


static int
stream(const row_t *row, const reform_t *f, json_t *r, const char *body,
    size_t len)
{
    int      rc;
    char    *once, *there, *twice;
    size_t   n, m, k;
    json_t  *one, *two;

    rc = reform_bytes(f, row->stream, row->usage, JSON, body, len, &once, &n);

    if (rc == LLM_DECLINED) {
        print_message("# %s %s: has no document\n", row->api, text(r, "id"));
        return 0;
    }

    assert_int_equal(rc, LLM_OK);
    assert_int_equal(reform_bytes(f, JSON, row->stream, row->usage, once, n,
                                  &there, &m), LLM_OK);
    assert_int_equal(reform_bytes(f, row->stream, row->usage, JSON, there, m,
                                  &twice, &k), LLM_OK);

    one = pruned(once, n);
    two = pruned(twice, k);

    same(r, one, two);

    json_decref(one);
    json_decref(two);
    free(once);
    free(there);
    free(twice);

    return 1;
}


static void
test_recordings(const row_t *row, const reform_t *f)
{
    char      *body;
    size_t     i, len;
    json_t    *r;
    unsigned   all[2], good[2], n, s;

    memset(all, 0, sizeof(all));
    memset(good, 0, sizeof(good));

    json_array_foreach(records, i, r) {

        if (strcmp(text(r, "api"), row->api) || number(r, "status") != 200) {
            continue;
        }

        s = is_stream(r);
        body = body_of(r, &len);

        if (s && row->usage && !json_is_object(json_object_get(r, "usage"))) {

            /* what upstream says who is asked for it, as we do */

            body = realloc(body, len + sizeof(USED));
            memcpy(body + len, USED, sizeof(USED) - 1);
            len += sizeof(USED) - 1;
        }

        all[s]++;
        good[s] += s ? stream(row, f, r, body, len)
                     : document(row, f, r, body, len);
        free(body);
    }

    print_message("# %s: %u of %u documents, %u of %u streams\n", row->api,
                  good[0], all[0], good[1], all[1]);

    n = all[0] + all[1];

    assert_true(traffic_more(all[0] + 1, row->documents));
    assert_true(traffic_more(all[1] + 1, row->streams));
    assert_true(traffic_within(n - good[0] - good[1],
                               n - n * row->percent / 100));
}


static void
test_traffic(void **state)
{
    size_t     i;
    reform_t   f;
    llm_str_t  name;

    (void) state;

    traffic_load(NULL);

    if (records == NULL) {
        skip();
    }

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {

        f = rows[i].reform;

        if (f.provider == NULL) {
            name.data = (unsigned char *) rows[i].api;
            name.len = strcspn(rows[i].api, ".");
            f.provider = llm_provider_find(&name);
        }

        test_recordings(&rows[i], &f);
    }

    assert_int_equal(wrong, 0);

    json_decref(records);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_traffic)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
