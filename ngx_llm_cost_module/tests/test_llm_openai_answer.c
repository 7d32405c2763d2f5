
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "openai_fixture.h"
#include "vocab_fixture.h"


typedef struct {
    llm_arena_t    arena;
    llm_answer_t   a;
    int            last;         /* what the last event was */
} reading_t;


static void
begin(reading_t *r, llm_kind_e kind, llm_counter_t *c)
{
    memset(r, 0, sizeof(reading_t));
    llm_arena_init(&r->arena);
    llm_answer_init(&r->a, &r->arena.mem, kind, c);
}


static void
end(reading_t *r)
{
    llm_arena_free(&r->arena);
}


static void
whole(reading_t *r, llm_kind_e kind, const char *body)
{
    llm_json_t  j;

    begin(r, kind, NULL);

    memset(&j, 0, sizeof(j));
    j.mem = &r->arena.mem;

    assert_int_equal(llm_json_parse(&j, llm_arena_copy(&r->arena, body,
                                                       strlen(body)),
                                    strlen(body)), LLM_OK);
    assert_int_equal(llm_openai.answer(&r->a, &j), LLM_OK);
}


static void
event(reading_t *r, const char *data)
{
    char       *copy;
    llm_str_t   type, s;

    copy = malloc(strlen(data));
    memcpy(copy, data, strlen(data));

    type.len = 0;
    type.data = NULL;
    s.data = (unsigned char *) copy;
    s.len = strlen(data);

    r->last = llm_openai.event(&r->a, &type, &s);
    free(copy);
}


#define FIELDS  11

#define in_usage(field)  offsetof(llm_usage_t, field) / sizeof(int64_t)

static const size_t  fields[FIELDS] = {
    in_usage(input), in_usage(output), in_usage(cached_input),
    in_usage(cache_write), in_usage(cache_write_1h), in_usage(audio_input),
    in_usage(image_input), in_usage(reasoning), in_usage(audio_output),
    in_usage(image_output), in_usage(reported_cost)
};


static void
expect(const char *usage, llm_kind_e kind, unsigned seen, unsigned bad,
    const int64_t want[FIELDS])
{
    int        i;
    char       body[1024];
    reading_t  r;

    sprintf(body, "{\"usage\":%s}", usage);
    whole(&r, kind, body);

    for (i = 0; i < FIELDS; i++) {
        if (((int64_t *) &r.a.usage)[fields[i]] != want[i]) {
            fail_msg("%s: field %d is %lld", usage, i,
                     (long long) ((int64_t *) &r.a.usage)[fields[i]]);
        }
    }

    if (r.a.usage_seen != seen || r.a.usage_bad != bad) {
        fail_msg("%s: seen %u, bad %u", usage, r.a.usage_seen, r.a.usage_bad);
    }

    end(&r);
}


#define CHAT(usage, seen, bad, ...)                                           \
    do {                                                                      \
        static const int64_t  want[FIELDS] = { __VA_ARGS__ };                 \
        expect(usage, LLM_KIND_CHAT, seen, bad, want);                        \
    } while (0)

#define EMBED(usage, seen, bad, ...)                                          \
    do {                                                                      \
        static const int64_t  want[FIELDS] = { __VA_ARGS__ };                 \
        expect(usage, LLM_KIND_EMBEDDINGS, seen, bad, want);                  \
    } while (0)

#define U  -1

static void
test_usage(void **state)
{
    (void) state;

    CHAT("{\"prompt_tokens\":10,\"completion_tokens\":4,\"total_tokens\":14}",
         1, 0, 10, 4, U, U, U, U, U, U, U, U, U);

    CHAT("{\"prompt_tokens\":10,\"completion_tokens\":9,\"total_tokens\":19,"
         "\"prompt_tokens_details\":{\"cached_tokens\":1,"
         "\"cache_write_tokens\":2,\"audio_tokens\":3,\"image_tokens\":4},"
         "\"completion_tokens_details\":{\"reasoning_tokens\":5,"
         "\"audio_tokens\":6,\"image_tokens\":7,"
         "\"accepted_prediction_tokens\":1}}",
         1, 0, 10, 9, 1, 2, U, 3, 4, 5, 6, 7, U);

    /* said is said: zero is not unknown */

    CHAT("{\"prompt_tokens\":0,\"completion_tokens\":0,\"prompt_tokens_details"
         "\":null,\"completion_tokens_details\":{\"reasoning_tokens\":null}}",
         1, 0, 0, 0, U, U, U, U, U, U, U, U, U);

    /* other spellings */

    CHAT("{\"prompt_tokens\":10,\"completion_tokens\":4,"
         "\"prompt_cache_hit_tokens\":8,\"prompt_cache_miss_tokens\":2}",
         1, 0, 10, 4, 8, U, U, U, U, U, U, U, U);
    CHAT("{\"prompt_tokens\":10,\"completion_tokens\":4,\"cached_tokens\":7,"
         "\"cache_creation_input_tokens\":3,\"reasoning_tokens\":2}",
         1, 0, 10, 4, 7, 3, U, U, U, 2, U, U, U);
    CHAT("{\"prompt_tokens\":10,\"completion_tokens\":4,"
         "\"prompt_token_details\":{\"cached_tokens\":7}}",
         1, 0, 10, 4, 7, U, U, U, U, U, U, U, U);
    CHAT("{\"prompt_tokens\":\"28\",\"completion_tokens\":4.0}",
         1, 0, 28, 4, U, U, U, U, U, U, U, U, U);

    /* not usable is not known, and the rest is */

    CHAT("{\"prompt_tokens\":-1,\"completion_tokens\":4}",
         1, 1, U, 4, U, U, U, U, U, U, U, U, U);
    CHAT("{\"prompt_tokens\":1.5,\"completion_tokens\":4}",
         1, 1, U, 4, U, U, U, U, U, U, U, U, U);
    CHAT("{\"prompt_tokens\":1e18,\"completion_tokens\":4}",
         1, 1, U, 4, U, U, U, U, U, U, U, U, U);
    CHAT("{\"prompt_tokens\":1e400,\"completion_tokens\":true}",
         0, 1, U, U, U, U, U, U, U, U, U, U, U);
    CHAT("{\"prompt_tokens\":\"x\",\"completion_tokens\":{}}",
         0, 1, U, U, U, U, U, U, U, U, U, U, U);
    CHAT("{\"prompt_tokens\":1000000000000,\"completion_tokens\":0}",
         1, 0, 1000000000000LL, 0, U, U, U, U, U, U, U, U, U);
    CHAT("{\"prompt_tokens\":1000000000001,\"completion_tokens\":0}",
         1, 1, U, 0, U, U, U, U, U, U, U, U, U);
    CHAT("{}", 0, 0, U, U, U, U, U, U, U, U, U, U, U);
    CHAT("null", 0, 0, U, U, U, U, U, U, U, U, U, U, U);
    CHAT("[1,2]", 0, 1, U, U, U, U, U, U, U, U, U, U, U);
    CHAT("\"many\"", 0, 1, U, U, U, U, U, U, U, U, U, U, U);

    /* reasoning that is in the total only: named (xAI) or not (Google) */

    CHAT("{\"prompt_tokens\":468,\"completion_tokens\":77,"
         "\"total_tokens\":1127,\"completion_tokens_details\":"
         "{\"reasoning_tokens\":582}}",
         1, 0, 468, 659, U, U, U, U, U, 582, U, U, U);
    CHAT("{\"prompt_tokens\":35,\"completion_tokens\":12,"
         "\"total_tokens\":109}",
         1, 0, 35, 74, U, U, U, U, U, U, U, U, U);
    CHAT("{\"prompt_tokens\":35,\"total_tokens\":109}",
         1, 0, 35, 74, U, U, U, U, U, U, U, U, U);
    CHAT("{\"completion_tokens\":9,\"total_tokens\":109}",
         1, 0, 100, 9, U, U, U, U, U, U, U, U, U);
    CHAT("{\"prompt_tokens\":10,\"completion_tokens\":9,\"total_tokens\":3}",
         1, 0, 10, 9, U, U, U, U, U, U, U, U, U);
}


static void
test_reported_cost(void **state)
{
    (void) state;

#define COST(c, nano)                                                         \
    CHAT("{\"prompt_tokens\":1,\"completion_tokens\":1," c "}",               \
         1, 0, 1, 1, U, U, U, U, U, U, U, U, nano)

    COST("\"cost\":0.00014", 140000);
    COST("\"cost\":\"0.00014\"", 140000);
    COST("\"cost\":1.4e-4", 140000);
    COST("\"cost\":0", 0);
    COST("\"cost\":2", 2000000000);
    COST("\"cost\":0.0000000001", 1);
    COST("\"cost\":{\"input_tokens_cost\":1,\"total_cost\":0.006}", 6000000);
    COST("\"cost_in_usd_ticks\":3530500", 353050);
    COST("\"cost_in_usd_ticks\":11", 2);
    COST("\"cost\":null", U);
    COST("\"cost\":-1", U);
    COST("\"cost\":1e300", U);
    COST("\"cost\":true", U);
    COST("\"cost\":{}", U);
}


static void
test_embeddings(void **state)
{
    reading_t  r;

    (void) state;

    EMBED("{\"prompt_tokens\":8,\"total_tokens\":8}",
          1, 0, 8, 0, U, U, U, U, U, U, U, U, U);
    EMBED("{\"total_tokens\":8}", 1, 0, 8, 0, U, U, U, U, U, U, U, U, U);
    EMBED("{}", 0, 0, U, U, U, U, U, U, U, U, U, U, U);

    whole(&r, LLM_KIND_EMBEDDINGS, "{\"object\":\"list\",\"data\":[],"
          "\"model\":\"text-embedding-3-small\",\"usage\":{\"prompt_tokens\":"
          "2,\"total_tokens\":2}}");
    assert_true(r.a.finished);
    assert_int_equal(r.a.model.len, 22);
    end(&r);
}


static void
test_whole_answers(void **state)
{
    reading_t  r;

    (void) state;

    whole(&r, LLM_KIND_CHAT, "{\"model\":\"gpt-4o\\u002d1\",\"service_tier\":"
          "\"flex\",\"choices\":[{\"index\":0,\"message\":{},"
          "\"finish_reason\":\"stop\"},{\"index\":1,\"finish_reason\":"
          "\"length\"}]}");
    assert_true(r.a.finished);
    assert_true(r.a.truncated);
    assert_false(r.a.error);
    assert_false(r.a.stream);
    assert_false(r.a.usage_seen);
    assert_int_equal(r.a.model.len, 8);
    assert_memory_equal(r.a.model.data, "gpt-4o-1", 8);
    assert_memory_equal(r.a.service_tier.data, "flex", 4);
    end(&r);

    whole(&r, LLM_KIND_CHAT, "{\"choices\":[{\"index\":0,\"finish_reason\":"
          "\"stop\"},{\"index\":1,\"finish_reason\":null}]}");
    assert_false(r.a.finished);
    end(&r);

    whole(&r, LLM_KIND_CHAT, "{\"choices\":[]}");
    assert_false(r.a.finished);
    end(&r);

    whole(&r, LLM_KIND_CHAT, "{\"error\":{\"message\":\"no\"},\"choices\":"
          "[{\"index\":0,\"finish_reason\":\"stop\"}],\"usage\":"
          "{\"prompt_tokens\":3,\"completion_tokens\":0}}");
    assert_true(r.a.error);
    assert_true(r.a.usage_seen);
    end(&r);

    whole(&r, LLM_KIND_CHAT, "{\"error\":null}");
    assert_false(r.a.error);
    end(&r);

    /* anything at all may come */

    whole(&r, LLM_KIND_CHAT, "[]");
    assert_false(r.a.finished);
    end(&r);

    whole(&r, LLM_KIND_CHAT, "{\"model\":5,\"choices\":[1,[],{\"index\":-3,"
          "\"message\":7},{\"index\":1e300},{\"index\":5000,\"delta\":"
          "{\"tool_calls\":{}}}],\"usage\":{\"prompt_tokens_details\":[]},"
          "\"x_groq\":[],\"service_tier\":{}}");
    assert_int_equal(r.a.model.len, 0);
    end(&r);
}


static void
test_stream(void **state)
{
    reading_t  r;

    (void) state;

    begin(&r, LLM_KIND_CHAT, NULL);

    event(&r, "{\"model\":\"\",\"choices\":[],\"prompt_filter_results\":[]}");
    assert_int_equal(r.last, LLM_EVENT_PASS);
    event(&r, "{\"model\":\"gpt-4o\",\"usage\":null,\"choices\":[{\"index\":0,"
              "\"delta\":{\"content\":\"a\"},\"finish_reason\":null}]}");
    assert_int_equal(r.last, LLM_EVENT_PASS);
    event(&r, "{\"model\":\"other\",\"usage\":null,\"choices\":[{\"index\":0,"
              "\"delta\":{},\"finish_reason\":\"stop\"}]}");
    assert_int_equal(r.last, LLM_EVENT_PASS);
    assert_false(r.a.usage_seen);

    event(&r, "{\"id\":\"x\",\"object\":\"chat.completion.chunk\","
              "\"created\":1,\"model\":\"gpt-4o\",\"system_fingerprint\":null,"
              "\"service_tier\":\"default\",\"obfuscation\":\"zz\","
              "\"choices\":[],\"usage\":{\"prompt_tokens\":5,"
              "\"completion_tokens\":2,\"total_tokens\":7}}");
    assert_int_equal(r.last, LLM_EVENT_USAGE);
    assert_true(r.a.usage_seen);
    assert_false(r.a.finished);

    event(&r, "[DONE]");
    assert_int_equal(r.last, LLM_EVENT_PASS);
    llm_openai.finish(&r.a);

    assert_true(r.a.finished);
    assert_true(r.a.stream);
    assert_int_equal(r.a.usage.input, 5);
    assert_int_equal(r.a.usage.output, 2);
    assert_int_equal(r.a.model.len, 6);
    assert_memory_equal(r.a.model.data, "gpt-4o", 6);
    end(&r);
}


/* what may be cut from a stream: an event that holds nothing but usage */

static void
test_usage_events(void **state)
{
    size_t     i;
    reading_t  r;

    static const struct {
        const char  *data;
        int          rc;
    } t[] = {
        { "{\"choices\":[],\"usage\":{}}", LLM_EVENT_USAGE },
        { "{\"choices\":[],\"usage\":null}", LLM_EVENT_PASS },
        { "{\"choices\":[]}", LLM_EVENT_PASS },
        { "{\"usage\":{\"prompt_tokens\":1}}", LLM_EVENT_PASS },
        { "{\"choices\":null,\"usage\":{}}", LLM_EVENT_PASS },
        { "{\"choices\":[{}],\"usage\":{}}", LLM_EVENT_PASS },
        { "{\"choices\":[],\"usage\":{},\"error\":{}}", LLM_EVENT_PASS },
        { "{\"choices\":[],\"usage\":{},\"prompt_filter_results\":[]}",
          LLM_EVENT_PASS },
        { "{\"choices\":[],\"usage\":{},\"citations\":[]}", LLM_EVENT_PASS },
        { "[]", LLM_EVENT_PASS }, { "", LLM_EVENT_PASS },
        { "{\"choices\":[],\"usage\":{}", LLM_EVENT_PASS },
        { "[DONE] ", LLM_EVENT_PASS }, { "\xff", LLM_EVENT_PASS }
    };

    (void) state;

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        begin(&r, LLM_KIND_CHAT, NULL);
        event(&r, t[i].data);

        if (r.last != t[i].rc) {
            fail_msg("%s", t[i].data);
        }

        assert_false(r.a.finished);
        end(&r);
    }
}


/* a running total is not added up; null does not take anything back */

static void
test_last_usage_wins(void **state)
{
    reading_t  r;

    (void) state;

    begin(&r, LLM_KIND_CHAT, NULL);
    event(&r, "{\"choices\":[{\"index\":0}],\"usage\":{\"prompt_tokens\":9,"
              "\"completion_tokens\":1,\"prompt_tokens_details\":"
              "{\"cached_tokens\":4}}}");
    event(&r, "{\"choices\":[{\"index\":0}],\"usage\":{\"prompt_tokens\":9,"
              "\"completion_tokens\":2}}");
    event(&r, "{\"choices\":[{\"index\":0}],\"usage\":{\"prompt_tokens\":8,"
              "\"completion_tokens\":3}}");
    event(&r, "{\"choices\":[{\"index\":0}],\"usage\":null}");
    event(&r, "{\"choices\":[{\"index\":0}],\"usage\":{\"prompt_tokens\":null,"
              "\"completion_tokens\":null}}");

    assert_int_equal(r.a.usage.input, 8);
    assert_int_equal(r.a.usage.output, 3);
    assert_int_equal(r.a.usage.cached_input, 4);
    end(&r);
}


static void
test_groq(void **state)
{
    reading_t  r;

    (void) state;

    begin(&r, LLM_KIND_CHAT, NULL);
    event(&r, "{\"choices\":[],\"x_groq\":{\"usage\":{\"prompt_tokens\":9,"
              "\"completion_tokens\":1}}}");
    assert_int_equal(r.a.usage.input, 9);
    event(&r, "{\"choices\":[],\"usage\":{\"prompt_tokens\":7,"
              "\"completion_tokens\":2},\"x_groq\":{\"usage\":"
              "{\"prompt_tokens\":9,\"completion_tokens\":1}}}");
    event(&r, "{\"choices\":[],\"x_groq\":{\"usage\":{\"prompt_tokens\":9,"
              "\"completion_tokens\":1}}}");
    assert_int_equal(r.a.usage.input, 7);
    assert_int_equal(r.a.usage.output, 2);
    end(&r);
}


static void
test_ends(void **state)
{
    llm_str_t  type, data;
    reading_t  r;

    (void) state;

    /* without [DONE], all choices ended */

    begin(&r, LLM_KIND_CHAT, NULL);
    event(&r, "{\"choices\":[{\"index\":0,\"finish_reason\":\"stop\"}]}");
    event(&r, "{\"choices\":[{\"index\":2,\"delta\":{\"content\":\"x\"}}]}");
    llm_openai.finish(&r.a);
    assert_false(r.a.finished);
    event(&r, "{\"choices\":[{\"index\":2,\"finish_reason\":\"length\"}]}");
    llm_openai.finish(&r.a);
    assert_true(r.a.finished);
    assert_true(r.a.truncated);
    end(&r);

    /* broken off, or never begun */

    begin(&r, LLM_KIND_CHAT, NULL);
    llm_openai.finish(&r.a);
    assert_false(r.a.finished);
    event(&r, "{\"choices\":[{\"index\":0,\"finish_reason\":null}]}");
    llm_openai.finish(&r.a);
    assert_false(r.a.finished);
    end(&r);

    /* errors: as a type, as a member */

    begin(&r, LLM_KIND_CHAT, NULL);
    llm_str_set(&type, "error");
    llm_str_set(&data, "overloaded");
    assert_int_equal(llm_openai.event(&r.a, &type, &data), LLM_EVENT_PASS);
    assert_true(r.a.error);
    end(&r);

    begin(&r, LLM_KIND_CHAT, NULL);
    event(&r, "{\"error\":{\"message\":\"no\"}}");
    assert_true(r.a.error);
    end(&r);
}


/* a long stream takes no more memory than a short one */

static void
test_memory(void **state)
{
    int        i;
    char       data[256];
    size_t     used;
    reading_t  r;

    (void) state;

    begin(&r, LLM_KIND_CHAT, NULL);
    used = 0;

    for (i = 0; i < 10000; i++) {
        sprintf(data, "{\"model\":\"m\",\"usage\":{\"prompt_tokens\":%d,"
                "\"completion_tokens\":1},\"choices\":[{\"index\":%d,"
                "\"delta\":{\"content\":\"\\n%d\"}}]}", i, i % 3, i);
        event(&r, data);

        if (i == 100) {
            used = r.arena.used;
        }
    }

    assert_int_equal(r.arena.used, used);
    assert_int_equal(r.a.usage.input, 9999);
    end(&r);

    /* none at all */

    begin(&r, LLM_KIND_CHAT, NULL);
    r.arena.left = 0;
    event(&r, "{}");
    assert_int_equal(r.last, LLM_ERROR);
    end(&r);
}


/* an event of nothing but values is not worth its memory */

static void
test_event_of_values(void **state)
{
    char       *data;
    size_t      i, n;
    reading_t   r;

    (void) state;

    n = 1 << 20;
    data = malloc(n);

    for (i = 1; i < n - 2; i += 2) {
        data[i] = '1';
        data[i + 1] = ',';
    }

    data[0] = '[';
    data[n - 2] = ']';
    data[n - 1] = '\0';

    begin(&r, LLM_KIND_CHAT, NULL);
    event(&r, data);
    assert_int_equal(r.last, LLM_EVENT_PASS);
    assert_true(r.arena.used < (4 << 20));
    end(&r);
    free(data);
}


/* output that nobody reports; needs the vocabularies */

static int64_t
tokens(llm_counter_t *c, const char *s)
{
    return (int64_t) c->count(c, (const unsigned char *) s, strlen(s));
}


static void
test_counted_output(void **state)
{
    int64_t         n;
    reading_t       r;
    llm_counter_t  *c;

    (void) state;

    c = counter();
    if (c == NULL) {
        skip();
    }

    /* two choices in turns, a word cut in two */

    begin(&r, LLM_KIND_CHAT, c);
    event(&r, "{\"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\"delta\":"
              "{\"role\":\"assistant\",\"content\":\"\"}}]}");
    event(&r, "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Some inter\""
              "}}]}");
    event(&r, "{\"choices\":[{\"index\":1,\"delta\":{\"content\":\"Bon\"}}]}");
    event(&r, "{\"choices\":[{\"index\":0,\"delta\":{\"content\":"
              "\"nationalization\\n\"}}]}");
    event(&r, "{\"choices\":[{\"index\":1,\"delta\":{\"content\":"
              "\"jour \\u00e9t\\u00e9\"}}]}");
    llm_openai.finish(&r.a);
    n = tokens(c, "Some internationalization\n")
        + tokens(c, "Bonjour \xc3\xa9t\xc3\xa9");
    assert_int_equal(r.a.counted_output, n);

    /* asked again, the same */

    llm_openai.finish(&r.a);
    assert_int_equal(r.a.counted_output, n);
    end(&r);

    /* calls */

    begin(&r, LLM_KIND_CHAT, c);
    event(&r, "{\"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\"delta\":"
              "{\"content\":null,\"tool_calls\":[{\"index\":0,\"id\":\"c\","
              "\"function\":{\"name\":\"get_weather\",\"arguments\":\"\"}}]}}]"
              "}");
    event(&r, "{\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":["
              "{\"index\":0,\"function\":{\"arguments\":\"{\\\"ci\"}}]}}]}");
    event(&r, "{\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":["
              "{\"index\":0,\"function\":{\"arguments\":\"ty\\\":1}\"}}]}}]}");
    llm_openai.finish(&r.a);
    assert_int_equal(r.a.counted_output, tokens(c, "get_weather")
                     + tokens(c, "{\"city\":1}") + 7);
    end(&r);

    /* thoughts that are shown, in two spellings at once */

    begin(&r, LLM_KIND_CHAT, c);
    event(&r, "{\"model\":\"deepseek-r1\",\"choices\":[{\"index\":0,\"delta\":"
              "{\"reasoning\":\"Let me see\",\"reasoning_content\":"
              "\"Let me see\"}}]}");
    event(&r, "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Yes\"}}]}");
    llm_openai.finish(&r.a);
    assert_int_equal(r.a.counted_output, tokens(c, "Let me see")
                     + tokens(c, "Yes"));
    end(&r);

    /* lists of texts and of thoughts, and messages one after another */

    begin(&r, LLM_KIND_CHAT, c);
    event(&r, "{\"model\":\"magistral\",\"choices\":[{\"delta\":{\"content\":"
              "[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\","
              "\"text\":\"Let me see\"},{\"type\":\"thinking\","
              "\"thinking\":[{\"text\":\"no deeper\"}]}]}]}}]}");
    event(&r, "{\"choices\":[{\"delta\":{\"content\":[{\"type\":\"text\","
              "\"text\":\"Yes\"},{\"type\":\"reference\"},7]}}]}");
    llm_openai.finish(&r.a);
    assert_int_equal(r.a.counted_output, tokens(c, "Let me see")
                     + tokens(c, "Yes"));
    end(&r);

    begin(&r, LLM_KIND_CHAT, c);
    event(&r, "{\"model\":\"m\",\"choices\":[{\"messages\":[{\"content\":"
              "\"Let me see\"},{\"content\":\", yes\"},null]}]}");
    llm_openai.finish(&r.a);
    assert_int_equal(r.a.counted_output, tokens(c, "Let me see, yes"));
    end(&r);

    /* a call with a text of its own */

    begin(&r, LLM_KIND_CHAT, c);
    event(&r, "{\"model\":\"gpt-4o\",\"choices\":[{\"delta\":{"
              "\"tool_calls\":[{\"index\":0,\"type\":\"custom\","
              "\"custom\":{\"name\":\"run\",\"input\":\"\"}}]}}]}");
    event(&r, "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,"
              "\"custom\":{\"input\":\"print(1)\"}}]}}]}");
    llm_openai.finish(&r.a);
    assert_int_equal(r.a.counted_output, tokens(c, "run")
                     + tokens(c, "print(1)") + 7);
    end(&r);

    /* nothing was said */

    begin(&r, LLM_KIND_CHAT, c);
    event(&r, "{\"choices\":[{\"index\":0,\"finish_reason\":\"stop\"}]}");
    llm_openai.finish(&r.a);
    assert_int_equal(r.a.counted_output, 0);
    end(&r);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_reported_cost),
        cmocka_unit_test(test_embeddings),
        cmocka_unit_test(test_whole_answers),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_usage_events),
        cmocka_unit_test(test_last_usage_wins),
        cmocka_unit_test(test_groq),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_event_of_values),
        cmocka_unit_test(test_counted_output)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
