
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/* What a request holds: at any depth, in any case, however it is written. */

#include "llm_arena.h"
#include "llm_marks.h"


static unsigned
marks_of(const char *body)
{
    unsigned     marks;
    llm_json_t   j;
    llm_arena_t  a;

    llm_arena_init(&a);
    memset(&j, 0, sizeof(j));
    j.mem = &a.mem;

    assert_int_equal(llm_json_parse(&j, (unsigned char *) body, strlen(body)),
                     LLM_OK);

    marks = llm_marks(&j);
    llm_arena_free(&a);

    return marks;
}


static void
test_names(void **state)
{
    (void) state;

    assert_int_equal(marks_of("{\"messages\":[],\"model\":\"m\"}"), 0);
    assert_int_equal(marks_of("{\"tools\":[]}"), LLM_MARK_TOOLS);
    assert_int_equal(marks_of("{\"a\":[{\"b\":{\"cache_control\":{}}}]}"),
                     LLM_MARK_CACHE);
    assert_int_equal(marks_of("{\"prompt_cache_options\":{\"ttl\":\"12h\"}}"),
                     LLM_MARK_RETENTION);
    assert_int_equal(marks_of("{\"prompt_cache_retention\":\"24h\"}"),
                     LLM_MARK_RETENTION);
    assert_int_equal(marks_of("{\"type\":\"image_url\",\"x\":\"base64\","
                              "\"tool_result\":1,\"json_schema\":1}"),
                     LLM_MARK_MEDIA|LLM_MARK_CALLS|LLM_MARK_SCHEMA);
}


/* what is not in the request is counted by a guess, as pictures are */

static void
test_elsewhere(void **state)
{
    (void) state;

    assert_int_equal(marks_of("{\"mcp_servers\":[]}"), LLM_MARK_MEDIA);
    assert_int_equal(marks_of("{\"cachedContent\":\"a\"}"), LLM_MARK_MEDIA);
    assert_int_equal(marks_of("{\"cached_content\":\"a\"}"), LLM_MARK_MEDIA);
    assert_int_equal(marks_of("{\"tools\":[{\"fileSearch\":{}}]}"),
                     LLM_MARK_MEDIA|LLM_MARK_TOOLS);
    assert_int_equal(marks_of("{\"type\":\"file_search\"}"), LLM_MARK_MEDIA);
}


static void
test_disguises(void **state)
{
    char      all[512];
    unsigned  i;

    (void) state;

    assert_int_equal(marks_of("{\"Cache_Control\":1}"), LLM_MARK_CACHE);
    assert_int_equal(marks_of("{\"cache\\u005fcontrol\":1}"), LLM_MARK_CACHE);

    strcpy(all, "{\"");

    for (i = 0; i < sizeof("prompt_cache_retention") - 1; i++) {
        sprintf(all + 2 + 6 * i, "\\u%04x", "prompt_cache_retention"[i]);
    }

    strcat(all, "\":1}");
    assert_int_equal(marks_of(all), LLM_MARK_RETENTION);
}


/* a part of a text is no name */

static void
test_texts(void **state)
{
    (void) state;

    assert_int_equal(marks_of("{\"content\":\"what is cache_control?\"}"), 0);
    assert_int_equal(marks_of("{\"content\":\"\\\"tools\\\"\"}"), 0);
    assert_int_equal(marks_of("[\"tool\",\"toolsy\",\"\",5,null,true]"), 0);
}


/* what cannot be read may hold what costs */

static void
test_raw(void **state)
{
    llm_json_t  j;

    (void) state;

    memset(&j, 0, sizeof(j));
    assert_int_equal(llm_marks(&j), LLM_MARK_CACHE|LLM_MARK_RETENTION);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_elsewhere),
        cmocka_unit_test(test_disguises),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_raw)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
