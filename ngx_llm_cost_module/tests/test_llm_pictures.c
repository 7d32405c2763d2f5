
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "dialect_fixture.h"


extern const llm_provider_t  llm_anthropic, llm_bedrock, llm_cohere,
                             llm_gemini, llm_ollama;


/* a picture of 20 MB, one that is cut short, one that is elsewhere: no more
   than pictures can cost, and no less where nothing can be seen of it */

#define PICTURE  (20 * 1024 * 1024)

static const struct {
    const llm_provider_t  *p;
    const char            *path;
    const char            *before;
    const char            *after;
    const char            *elsewhere;
} pictures[] = {
    { &llm_openai, "/v1/chat/completions",
      "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\",\"content\":[{"
      "\"type\":\"image_url\",\"image_url\":{\"url\":\"",
      "\"}}]}]}", "https://a/b.png" },
    { &llm_openai, "/v1/responses",
      "{\"model\":\"gpt-4o\",\"input\":[{\"role\":\"user\",\"content\":[{"
      "\"type\":\"input_image\",\"image_url\":\"", "\"}]}]}",
      "https://a/b.png" },
    { &llm_anthropic, "/v1/messages",
      "{\"model\":\"claude-sonnet-4-5\",\"max_tokens\":9,\"messages\":[{"
      "\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{"
      "\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"",
      "\"}}]}]}", "" },
    { &llm_gemini, "/v1beta/models/gemini-2.5-flash:generateContent",
      "{\"contents\":[{\"parts\":[{\"inlineData\":{\"mimeType\":"
      "\"image/png\",\"data\":\"", "\"}}]}]}", "" },
    { &llm_bedrock, "/model/amazon.nova-lite-v1:0/converse",
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"image\":{\"format\":"
      "\"png\",\"source\":{\"bytes\":\"", "\"}}}]}]}", "" },
    { &llm_ollama, "/api/chat",
      "{\"model\":\"llama3\",\"messages\":[{\"role\":\"user\",\"content\":"
      "\"a\",\"images\":[\"", "\"]}]}", "" }
};


static int64_t
picture(size_t i, const char *data, size_t pad)
{
    char           *body;
    size_t          n;
    int64_t         tokens;
    dialect_t       f;
    llm_counter_t   c;

    body = malloc(strlen(pictures[i].before) + strlen(data) + pad
                  + strlen(pictures[i].after) + 64);

    n = sprintf(body, "%s%s%s", pictures[i].before,
                (pad && *pictures[i].elsewhere) ? "data:image/png;base64," : "",
                data);
    memset(body + n, 'A', pad);
    strcpy(body + n + pad, pictures[i].after);

    ask(&f, pictures[i].p, pictures[i].path, body);
    assert_int_equal(f.rc, LLM_OK);

    memset(&c, 0, sizeof(c));
    c.count = count_bytes;
    assert_int_equal(f.p->count(&f.q, &c), LLM_OK);

    tokens = f.q.input_tokens;

    done(&f);
    free(body);

    return tokens;
}


static void
test_pictures(void **state)
{
    size_t   i;
    int64_t  large, cut, elsewhere;

    /* 64 by 64 pixels, and the first bytes of it */

    static const char  png[] = "iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAIAAAAlC+aJ";

    (void) state;

    for (i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++) {
        large = picture(i, png, PICTURE);
        cut = picture(i, "iVBO", 4);
        elsewhere = picture(i, pictures[i].elsewhere, 0);

        if (large < 1 || large > 20000 || cut < large || cut > 20000
            || elsewhere < (*pictures[i].elsewhere ? large : 1))
        {
            fail_msg("%s: %lld, cut short %lld, elsewhere %lld",
                     pictures[i].path, (long long) large, (long long) cut,
                     (long long) elsewhere);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_pictures)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
