
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * What pictures come to by their size, and at most where it is not seen.  A
 * picture's tokens are those of a request with it less those of the same
 * without it.
 */

#include "dialect_fixture.h"


extern const llm_provider_t  llm_anthropic, llm_bedrock;


/* the head of a PNG file in base64; w is 0: an address */

static const char *
png(unsigned w, unsigned h)
{
    size_t         i, n;
    unsigned       v;
    static char    text[64];
    unsigned char  head[24];

    static const char  digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
                                  "qrstuvwxyz0123456789+/";

    memcpy(head, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16);

    for (i = 0; i < 4; i++) {
        head[16 + i] = (unsigned char) (w >> (24 - 8 * i));
        head[20 + i] = (unsigned char) (h >> (24 - 8 * i));
    }

    for (n = 0, i = 0; i < sizeof(head); i += 3) {
        v = (unsigned) head[i] << 16 | (unsigned) head[i + 1] << 8
            | head[i + 2];

        text[n++] = digits[v >> 18];
        text[n++] = digits[v >> 12 & 63];
        text[n++] = digits[v >> 6 & 63];
        text[n++] = digits[v & 63];
    }

    text[n] = '\0';

    return text;
}


static int64_t
tokens(const llm_provider_t *p, const char *path, const char *body)
{
    int64_t        n;
    dialect_t      f;
    llm_counter_t  c;

    memset(&c, 0, sizeof(c));
    c.count = count_bytes;

    ask(&f, p, path, body);
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(p->count(&f.q, &c), LLM_OK);

    n = f.q.input_tokens;
    done(&f);

    return n;
}


static void
expect(const char *what, unsigned w, unsigned h, int64_t n, int64_t want)
{
    if (n != want) {
        fail_msg("%s, %u x %u: %lld, not %lld", what, w, h, (long long) n,
                 (long long) want);
    }
}


/* of chat and of Responses alike */

static void
openai(const char *model, const char *detail, unsigned w, unsigned h,
    int64_t want)
{
    char         chat[512], responses[512];
    const char  *url;

    url = w ? png(w, h) : "https://a/b.png";

    snprintf(chat, sizeof(chat), "{\"model\":\"%s\",\"messages\":[{\"role\":"
             "\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{"
             "\"url\":\"%s%s\"%s%s%s}}]}]}", model,
             w ? "data:image/png;base64," : "", url,
             detail ? ",\"detail\":\"" : "", detail ? detail : "",
             detail ? "\"" : "");

    snprintf(responses, sizeof(responses), "{\"model\":\"%s\",\"input\":[{"
             "\"role\":\"user\",\"content\":[{\"type\":\"input_image\","
             "\"image_url\":\"%s%s\"%s%s%s}]}]}", model,
             w ? "data:image/png;base64," : "", url,
             detail ? ",\"detail\":\"" : "", detail ? detail : "",
             detail ? "\"" : "");

    expect(model, w, h, tokens(&llm_openai, "/v1/responses", responses)
                        - tokens(&llm_openai, "/v1/chat/completions", chat),
           0);

    snprintf(responses, sizeof(responses), "{\"model\":\"%s\",\"messages\":[{"
             "\"role\":\"user\",\"content\":[]}]}", model);

    expect(model, w, h, tokens(&llm_openai, "/v1/chat/completions", chat)
                        - tokens(&llm_openai, "/v1/chat/completions",
                                 responses), want);
}


/*
 * Patches were computed with the guide's formula in floating point, apart from
 * this code; times 1.2, 1.5, 1.62, rounded up.
 */

static void
test_patches(void **state)
{
    size_t  i;

    static const struct {
        unsigned  w, h;
        int64_t   low, old, wide, high, original, whole, further;
    } rows[] = {
        { 1, 1, 1, 1, 1, 1, 1, 1, 1 },
        { 640, 480, 192, 300, 300, 300, 300, 300, 300 },
        { 1024, 1024, 256, 1024, 1024, 1024, 1024, 1024, 1024 },
        { 1280, 720, 144, 920, 920, 920, 920, 920, 920 },
        { 1800, 2400, 192, 1452, 3072, 2451, 4275, 4275, 2451 },
        { 2048, 2048, 256, 1521, 4096, 2500, 4096, 4096, 2500 },
        { 3024, 1964, 176, 1488, 2688, 2480, 5890, 5890, 2480 },
        { 8000, 300, 16, 192, 192, 192, 1504, 2500, 2500 },
        { 7952, 3000, 112, 1512, 1600, 1600, 9882, 23406, 2400 },
        { 100, 4000, 16, 128, 128, 128, 500, 500, 500 },
        { 65535, 65535, 256, 1521, 4096, 2500, 10000, 29929, 2500 },
        { 4000000000U, 1, 16, 64, 64, 64, 188, 2048, 2048 },
        { 0, 0, 256, 1536, 4096, 2500, 10000, 30000, 2500 }
    };

    (void) state;

#define times(n, percent)  (((n) * (percent) + 99) / 100)

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {

#define row(model, detail, n, percent)                                        \
        openai(model, detail, rows[i].w, rows[i].h,                           \
               times(rows[i].n, percent))

        row("gpt-5-mini", NULL, old, 120);
        row("gpt-5-nano", "high", old, 150);
        row("o4-mini", NULL, old, 172);
        row("gpt-4.1-mini", "low", wide, 162);
        row("gpt-5.2", NULL, wide, 120);
        row("gpt-5.4", NULL, high, 120);
        row("gpt-5.4-mini", "low", wide, 120);
        row("gpt-5.4-nano-2026-03-17", "original", original, 120);
        row("gpt-5.5", NULL, original, 120);
        row("gpt-5.5", "auto", original, 120);
        row("gpt-5.5", "low", low, 120);
        row("gpt-5.5", "high", high, 120);
        row("gpt-5.6-sol", NULL, whole, 120);
        row("gpt-5.6-terra", "high", high, 120);
        row("gpt-6-luna", NULL, whole, 120);
        row("azure/gpt-6.1-sol", "high", further, 120);
        row("gpt-7", "low", low, 120);
        row("openai/gpt-5.6-luna", "original", whole, 120);
    }
}


static void
test_tiles(void **state)
{
    (void) state;

    openai("gpt-4o", NULL, 1024, 1024, 85 + 4 * 170);
    openai("gpt-4o", "low", 0, 0, 85);
    openai("gpt-4o", NULL, 0, 0, 85 + 8 * 170);
    openai("gpt-4.1", "high", 2048, 4096, 85 + 6 * 170);
    openai("gpt-4o-mini", NULL, 1, 1, 2833 + 5667);
    openai("gpt-5", NULL, 1024, 1024, 70 + 4 * 140);
    openai("gpt-5.1", NULL, 1024, 1024, 70 + 4 * 140);
    openai("gpt-5-chat-latest", "low", 1024, 1024, 70);
    openai("o3", NULL, 1024, 1024, 75 + 4 * 150);
    openai("computer-use-preview", NULL, 512, 512, 65 + 129);
}


/* a block of converse without its picture */

#define CONVERSE                                                              \
    "{\"messages\":[{\"role\":\"user\",\"content\":[{\"image\":{"             \
    "\"format\":\"png\"}}]}]}"


static void
claude(const char *model, unsigned w, unsigned h, int64_t want)
{
    char  path[128], body[512], empty[512];

    snprintf(body, sizeof(body), "{\"model\":\"%s\",\"max_tokens\":9,"
             "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
             "\"image\",\"source\":{\"type\":\"%s\",\"%s\":\"%s\"}}]}]}",
             model, w ? "base64" : "url", w ? "data" : "url",
             w ? png(w, h) : "https://a/b.png");

    snprintf(empty, sizeof(empty), "{\"model\":\"%s\",\"max_tokens\":9,"
             "\"messages\":[{\"role\":\"user\",\"content\":[]}]}", model);

    expect(model, w, h, tokens(&llm_anthropic, "/v1/messages", body)
                        - tokens(&llm_anthropic, "/v1/messages", empty), want);

    if (w == 0) {
        return;
    }

    /* and of Bedrock's converse */

    snprintf(path, sizeof(path), "/model/us.anthropic.%s-v1:0/converse", model);

    snprintf(body, sizeof(body), "{\"messages\":[{\"role\":\"user\","
             "\"content\":[{\"image\":{\"format\":\"png\",\"source\":{"
             "\"bytes\":\"%sAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}}}]}]}",
             png(w, h));

    expect(path, w, h, tokens(&llm_bedrock, path, body)
                       - tokens(&llm_bedrock, path, CONVERSE), want);
}


/* the examples of Anthropic's guide, and what is the most */

static void
test_claude(void **state)
{
    (void) state;

    claude("claude-sonnet-4-5", 1, 1, 1);
    claude("claude-sonnet-4-5", 1000, 1000, 1296);
    claude("claude-sonnet-4-5", 1092, 1092, 1521);
    claude("claude-sonnet-4-5", 1920, 1080, 1560);
    claude("claude-sonnet-4-5", 0, 0, 1568);
    claude("claude-3-5-sonnet-20240620", 0, 0, 1568);
    claude("claude-opus-4-7", 1000, 1000, 1296);
    claude("claude-opus-4-7", 1920, 1080, 2691);
    claude("claude-opus-4-8", 3840, 2160, 4784);
    claude("claude-sonnet-5", 4032, 3024, 4740);
    claude("claude-opus-5", 3024, 1964, 4760);
    claude("claude-fable-5", 8000, 1, 92);
    claude("claude-fable-5", 0, 0, 4784);
}


/* OpenAI's on Bedrock, whose names say where */

static void
test_bedrock(void **state)
{
    char  body[512];

    static const char  path[] = "/model/global.openai.gpt-5.6-sol/converse";

    (void) state;

    snprintf(body, sizeof(body), "{\"messages\":[{\"role\":\"user\","
             "\"content\":[{\"image\":{\"format\":\"png\",\"source\":{"
             "\"bytes\":\"%sAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}}}]}]}",
             png(3024, 1964));

    expect(path, 3024, 1964, tokens(&llm_bedrock, path, body)
           - tokens(&llm_bedrock, path, CONVERSE), times(5890, 120));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_patches),
        cmocka_unit_test(test_tiles),
        cmocka_unit_test(test_claude),
        cmocka_unit_test(test_bedrock)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
