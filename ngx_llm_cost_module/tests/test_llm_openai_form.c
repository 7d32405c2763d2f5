
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Streams made of everything that events of chats are made of, in any order
 * and with damage: what is known of them must not depend on whether an event
 * was parsed or known by its form.
 */

#include "openai_twin.h"


static uint64_t  seed;


static unsigned
dice(unsigned n)
{
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;

    return (unsigned) (seed >> 33) % n;
}


static llm_counter_t *
counter(void)
{
    char                   path[1024], err[256];
    void                  *mem;
    const char            *dir;
    static llm_counter_t   c;

    if (c.vocab) {
        return &c;
    }

    dir = getenv("LLM_VOCAB_DIR");
    snprintf(path, sizeof(path), "%s/o200k_base.llmv",
             dir ? dir : "build/vocab");

    if (llm_vocab_open((llm_vocab_t **) &c.vocab, path, err, sizeof(err)) != 0
        || posix_memalign(&mem, 64, llm_scratch_size()) != 0)
    {
        return NULL;
    }

    c.scratch = llm_scratch_init(mem, llm_scratch_size());
    c.count = llm_counter_plain;

    return &c;
}


static const char *
pick(const char * const *list, unsigned n)
{
    return list[dice(n)];
}

#define PICK(...)                                                             \
    pick((const char * const []) { __VA_ARGS__ },                             \
         sizeof((const char * const []) { __VA_ARGS__ }) / sizeof(char *))


static const char *
some_text(void)
{
    return PICK("", "one", " two", " three words here", "\\n",
                "\\u00e9t\\u00e9", "\xc3\xa9\xf0\x9f\x98\x80", "\\ud83d",
                "\\\"q\\\\", "\\q", "\xff",
                "a much longer piece of text that takes more than one of the "
                "steps of sixteen bytes", "text", "stop", "p");
}


static size_t
some_delta(char *out)
{
    switch (dice(8)) {

    case 0:
        return sprintf(out, "{\"role\":\"assistant\",\"content\":\"%s\"}",
                       some_text());
    case 1:
        return sprintf(out, "{\"reasoning_content\":\"%s\",\"content\":%s}",
                       some_text(), PICK("null", "\"\"", "\"x\"", "[]"));
    case 2:
        return sprintf(out, "{\"tool_calls\":[{\"index\":%u,\"function\":"
                       "{\"arguments\":\"%s\",\"name\":\"f\"}}]}", dice(3),
                       some_text());
    case 3:
        return sprintf(out, "{\"content\":\"%s\",\"reasoning\":\"%s\","
                       "\"reasoning_details\":[{\"text\":\"%s\"}]}",
                       some_text(), some_text(), some_text());
    case 4:
        return sprintf(out, "{}");

    default:
        return sprintf(out, "{\"content\":\"%s\"}", some_text());
    }
}


static size_t
some_event(char *out)
{
    char  *p;

    p = out;

    if (dice(40) == 0) {
        return sprintf(out, "%s", PICK("[DONE]", "", "[]", "null", "{",
                                       "{\"error\":{\"message\":\"m\"}}"));
    }

    p += sprintf(p, "{\"id\":\"c\",\"model\":\"%s\",\"choices\":[",
                 dice(20) ? "gpt-4o" : some_text());
    p += sprintf(p, "{\"index\":%u,\"delta\":", dice(4) ? 0 : dice(4));
    p += some_delta(p);
    p += sprintf(p, ",\"finish_reason\":%s}]",
                 dice(12) ? "null" : PICK("\"stop\"", "\"length\"", "3"));

    if (dice(3) == 0) {
        p += sprintf(p, ",\"obfuscation\":\"%s\"", some_text());
    }

    if (dice(3) == 0) {
        p += sprintf(p, ",\"usage\":%s",
                     dice(20) ? "null"
                              : PICK("{\"completion_tokens\":7}", "\"\"", "{}",
                                     "{\"prompt_tokens\":\"5\"}"));
    }

    if (dice(60) == 0) {
        p += sprintf(p, ",%s", PICK("\"error\":{}", "\"error\":null",
                                    "\"service_tier\":\"flex\"",
                                    "\"x_groq\":{\"usage\":{\"prompt_tokens\""
                                    ":1}}"));
    }

    return p - out + sprintf(p, "}");
}


/* bytes are changed, taken out or doubled */

static size_t
damage(char *p, size_t len)
{
    size_t  at;

    if (len == 0) {
        return 0;
    }

    at = dice((unsigned) len);

    switch (dice(3)) {

    case 0:
        p[at] = (char) dice(256);
        return len;

    case 1:
        memmove(p + at, p + at + 1, len - at - 1);
        return len - 1;

    default:
        memmove(p + at + 1, p + at, len - at);
        return len + 1;
    }
}


static void
test_random(void **state)
{
    char         *copy, buf[4096];
    twin_t        t;
    unsigned      i, k, known, events;
    llm_str_t     type, data;
    llm_arena_t   a;

    (void) state;

    known = 0;
    events = 0;

    for (i = 0; i < 2000; i++) {

        seed = i;
        llm_arena_init(&a);
        twin_begin(&t, &a.mem, LLM_KIND_CHAT, dice(4) ? counter() : NULL);

        for (k = dice(60); k; k--) {

            data.len = some_event(buf);

            if (dice(10) == 0) {
                data.len = damage(buf, data.len);
            }

            copy = malloc(data.len);
            memcpy(copy, buf, data.len);
            data.data = (unsigned char *) copy;

            type.data = (unsigned char *) "error";
            type.len = dice(100) ? 0 : 5;

            assert_true(twin_event(&t, &type, &data) >= 0);
            free(copy);
        }

        twin_end(&t);
        known += t.known;
        events += t.events;
        llm_arena_free(&a);
    }

    print_message("# %u of %u events known by their form\n", known, events);

    assert_true(known > events / 20);
}


/* memory may end anywhere: nothing is misread, and no form is lost for good */

static void
test_memory(void **state)
{
    size_t        left;
    twin_t        t;
    unsigned      i;
    llm_str_t     type, data;
    llm_arena_t   a;

    static const char  event[] = "{\"choices\":[{\"index\":0,\"delta\":"
                                 "{\"content\":\"x\"}}]}";

    (void) state;

    type.len = 0;
    type.data = NULL;
    data.data = (unsigned char *) event;
    data.len = sizeof(event) - 1;

    llm_arena_init(&a);
    twin_begin(&t, &a.mem, LLM_KIND_CHAT, NULL);

    assert_int_equal(twin_event(&t, &type, &data), LLM_EVENT_PASS);
    assert_int_equal(twin_event(&t, &type, &data), LLM_EVENT_PASS);
    assert_int_equal(t.known, 1);

    llm_arena_free(&a);

    for (left = 0; left < 20000; left += 500) {

        llm_arena_init(&a);
        a.left = left;
        llm_answer_init(&t.a, &a.mem, LLM_KIND_CHAT, NULL);

        for (i = 0; i < 3; i++) {
            llm_openai_event(&t.a, &type, &data);
        }

        llm_arena_free(&a);
    }
}


/* a stream of many forms takes no more memory than one of a few */

static void
test_many_forms(void **state)
{
    char           buf[256];
    size_t         used;
    unsigned       i;
    llm_str_t      type, data;
    llm_arena_t    a;
    llm_answer_t   answer;

    (void) state;

    llm_arena_init(&a);
    llm_answer_init(&answer, &a.mem, LLM_KIND_CHAT, NULL);

    type.len = 0;
    type.data = NULL;
    data.data = (unsigned char *) buf;
    used = 0;

    for (i = 0; i < 10000; i++) {
        data.len = sprintf(buf, "{\"created\":%u,\"choices\":[{\"delta\":"
                           "{\"content\":\"x\"}}]}", i);
        assert_int_equal(llm_openai_event(&answer, &type, &data),
                         LLM_EVENT_PASS);

        if (i == 100) {
            used = a.used;
        }
    }

    assert_int_equal(a.used, used);

    llm_arena_free(&a);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_many_forms)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
