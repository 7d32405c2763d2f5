
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * What a request asks of a model: abilities, and members that OpenAI's models
 * of a family refuse.
 */

#include "openai_fixture.h"

#include <stdio.h>


#define HI  "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"


static int
needs(const char *members, const char *model)
{
    int        rc;
    char       body[1024];
    fixture_t  f;
    llm_str_t  name;

    snprintf(body, sizeof(body), "{\"model\":\"gpt-4.1\",%s}", members);
    chat(&f, body);
    assert_int_equal(f.rc, LLM_OK);

    name.data = (unsigned char *) model;
    name.len = strlen(model);
    rc = llm_openai.needs(&f.q, &name);

    done(&f);

    return rc;
}


static void
test_abilities(void **state)
{
    unsigned  i;

    static const struct {
        const char  *members;
        int          needs;
    } t[] = {
        { HI, 0 },
        { HI ",\"tools\":null,\"temperature\":0.5,\"max_tokens\":5", 0 },
        { HI ",\"tools\":[]", LLM_ABLE_TOOLS },
        { HI ",\"functions\":[{\"name\":\"f\"}]", LLM_ABLE_TOOLS },
        { HI ",\"response_format\":{\"type\":\"json_object\"}", 0 },
        { HI ",\"response_format\":{\"type\":\"json_schema\"}",
          LLM_ABLE_SCHEMA },
        { HI ",\"web_search_options\":{}", LLM_ABLE_SEARCH },
        { HI ",\"modalities\":[\"text\",\"audio\"]", LLM_ABLE_AUDIO_OUT },
        { HI ",\"reasoning_effort\":\"low\"", LLM_ABLE_REASONING },
        { "\"messages\":[{\"role\":\"user\",\"content\":["
          "{\"type\":\"text\",\"text\":\"a\"},"
          "{\"type\":\"image_url\",\"image_url\":{\"url\":\"u\"}},"
          "{\"type\":\"input_audio\"},{\"type\":\"file\"},1,{}]},"
          "{\"role\":\"assistant\"}]",
          LLM_ABLE_IMAGES | LLM_ABLE_AUDIO_IN | LLM_ABLE_FILES }
    };

    (void) state;

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        assert_int_equal(needs(t[i].members, "some-model"), t[i].needs);
    }
}


static void
test_refused(void **state)
{
    fixture_t  f;
    llm_str_t  name = llm_string("text-embedding-3-small");

    (void) state;

    assert_int_equal(needs(HI ",\"max_tokens\":5", "gpt-4o-mini"), 0);
    assert_int_equal(needs(HI ",\"max_tokens\":5", "o4-mini"), LLM_DECLINED);
    assert_int_equal(needs(HI ",\"max_completion_tokens\":5", "o4-mini"), 0);
    assert_int_equal(needs(HI ",\"stop\":\"a\"", "azure/gpt-5-mini"),
                     LLM_DECLINED);
    assert_int_equal(needs(HI ",\"temperature\":null", "gpt-5-mini"), 0);
    assert_int_equal(needs(HI ",\"reasoning_effort\":\"low\"",
                           "gpt-4o-mini"),
                     LLM_DECLINED);

    request_at(&f, "/v1/embeddings", LLM_KIND_EMBEDDINGS,
               "{\"model\":\"text-embedding-3-large\",\"input\":\"a\"}");
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(llm_openai.needs(&f.q, &name), LLM_DECLINED);
    done(&f);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_abilities),
        cmocka_unit_test(test_refused)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
