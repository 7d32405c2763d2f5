
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * What a usage object of OpenAI's and its speakers leaves out: totals that fill
 * it in, and writes to a cache that are kept for longer.  And what few say.
 */

#include "dialect_fixture.h"


static void
answer(dialect_t *f, const char *path, const char *usage)
{
    char  body[1024];

    snprintf(body, sizeof(body), "{\"model\":\"m\",\"choices\":[],\"data\":[],"
             "\"usage\":{%s}}", usage);

    ask(f, &llm_openai, path,
        "{\"model\":\"m\",\"messages\":[],\"input\":\"\"}");
    assert_int_equal(f->rc, LLM_OK);

    answer_begin(f, NULL);
    answer_json(f, body);
}


typedef struct {
    const char  *usage;
    int64_t      input;
    int64_t      output;
} total_t;


static void
expect_totals(const char *path, const total_t *rows, size_t n)
{
    size_t     i;
    dialect_t  f;

    for (i = 0; i < n; i++) {
        answer(&f, path, rows[i].usage);

        if (f.a.usage.input != rows[i].input
            || f.a.usage.output != rows[i].output)
        {
            fail_msg("%s: %lld and %lld", rows[i].usage,
                     (long long) f.a.usage.input,
                     (long long) f.a.usage.output);
        }

        done(&f);
    }
}


#define IN(n)     "\"prompt_tokens\":" #n
#define OUT(n)    "\"completion_tokens\":" #n
#define TOTAL(n)  "\"total_tokens\":" #n


static void
test_totals(void **state)
{
    static const total_t  chat[] = {
        { IN(10) "," OUT(5), 10, 5 },
        { IN(10) "," OUT(5) "," TOTAL(15), 10, 5 },

        /* one part is the rest of the total */

        { IN(10) "," TOTAL(15), 10, 5 },
        { IN(0) "," TOTAL(15), 0, 15 },
        { IN(15) "," TOTAL(15), 15, 0 },
        { OUT(5) "," TOTAL(15), 10, 5 },
        { OUT(0) "," TOTAL(15), 15, 0 },
        { OUT(15) "," TOTAL(15), 0, 15 },
        { OUT(0) "," TOTAL(0), 0, 0 },

        /* a total below a part takes nothing away, and says nothing */

        { IN(10) "," TOTAL(9), 10, -1 },
        { OUT(10) "," TOTAL(9), -1, 10 },
        { IN(10) "," OUT(5) "," TOTAL(9), 10, 5 },
        { IN(10) "," OUT(5) "," TOTAL(-1), 10, 5 },
        { TOTAL(9), -1, -1 },

        /* what it has above both is output that was left out */

        { IN(10) "," OUT(5) "," TOTAL(16), 10, 6 },
        { IN(0) "," OUT(0) "," TOTAL(16), 0, 16 },

        /* but what a cache read, where a gateway has left it out of input */

        { IN(10) "," OUT(5) "," TOTAL(35)
          ",\"prompt_tokens_details\":{\"cached_tokens\":20}", 30, 5 },
        { IN(0) "," OUT(0) "," TOTAL(20)
          ",\"prompt_tokens_details\":{\"cached_tokens\":20}", 20, 0 },

        /* ... which shows where more was cached than was read */

        { IN(10) "," OUT(5)
          ",\"prompt_tokens_details\":{\"cached_tokens\":20}", 30, 5 },
        { IN(10) "," OUT(5) "," TOTAL(15)
          ",\"prompt_tokens_details\":{\"cached_tokens\":20}", 30, 5 },
        { IN(10) "," OUT(5) "," TOTAL(43)
          ",\"prompt_tokens_details\":{\"cached_tokens\":20},"
          "\"completion_tokens_details\":{\"reasoning_tokens\":8}", 30, 13 },
        { IN(10) "," OUT(5) "," TOTAL(55)
          ",\"prompt_tokens_details\":{\"cached_tokens\":20},"
          "\"completion_tokens_details\":{\"reasoning_tokens\":40}", 30, 45 },
        { IN(10) "," TOTAL(18)
          ",\"prompt_tokens_details\":{\"cached_tokens\":20}", 30, 8 },
        { IN(10) ",\"prompt_tokens_details\":{\"cached_tokens\":20}", 30, -1 },

        /* Vercel charges what was thought beside what was said */

        { IN(10) "," OUT(5) "," TOTAL(15) ",\"market_cost\":0.5,"
          "\"completion_tokens_details\":{\"reasoning_tokens\":3}", 10, 8 },
        { IN(10) "," OUT(5) "," TOTAL(18) ",\"market_cost\":0.5,"
          "\"completion_tokens_details\":{\"reasoning_tokens\":3}", 10, 8 },
        { IN(10) "," OUT(5) "," TOTAL(15)
          ",\"completion_tokens_details\":{\"reasoning_tokens\":9}", 10, 5 },

        /* and sound that is charged by the second */

        { IN(10) "," OUT(5) "," TOTAL(400)
          ",\"prompt_audio_seconds\":3", 10, 5 },
        { IN(10) "," OUT(0) "," TOTAL(400)
          ",\"prompt_audio_seconds\":3", 10, 0 },
        { IN(10) "," OUT(5) "," TOTAL(400)
          ",\"prompt_audio_seconds\":0", 10, 390 },
        { IN(10) "," TOTAL(400) ",\"prompt_audio_seconds\":3", 10, 390 },

        /* a number is under one of two names, and 0 under the other */

        { IN(0) "," OUT(0) ",\"input_tokens\":10,\"output_tokens\":5",
          10, 5 },
        { IN(10) "," OUT(5) ",\"input_tokens\":0,\"output_tokens\":0",
          10, 5 },
        { IN(10) "," OUT(5) ",\"input_tokens\":11,\"output_tokens\":6",
          10, 5 },
        { IN(0) "," OUT(0) ",\"input_tokens\":0,\"output_tokens\":0",
          0, 0 },
        { IN(0) "," OUT(5) ",\"input_tokens\":\"x\"", -1, 5 },

        /* more was written for an hour than was read at all: it is beside */

        { IN(10) "," OUT(5) ",\"cache_creation\":{"
          "\"ephemeral_5m_input_tokens\":4,"
          "\"ephemeral_1h_input_tokens\":20}", 34, 5 },

        /* what cannot be read is not said */

        { "\"prompt_tokens\":[],\"completion_tokens\":\"7\"", -1, 7 },
        { "\"prompt_tokens\":true," OUT(5) "," TOTAL(15), 10, 5 }
    };

    static const total_t  vectors[] = {
        { TOTAL(9), 9, 0 },
        { IN(0) "," TOTAL(0), 0, 0 },
        { IN(5) "," TOTAL(9), 5, 0 },
        { IN(5) "," OUT(0) "," TOTAL(9), 5, 0 },
        { IN(5) "," OUT(3), 5, 3 }
    };

    (void) state;

    expect_totals("/v1/chat/completions", chat,
                  sizeof(chat) / sizeof(chat[0]));
    expect_totals("/v1/embeddings", vectors,
                  sizeof(vectors) / sizeof(vectors[0]));
}


/* an hour, 12 hours, and the rest for 5 minutes: all of it was written */

static void
test_kept(void **state)
{
    size_t     i;
    dialect_t  f;

    static const struct {
        const char  *details;
        int64_t      written;
        int64_t      hour;
        int64_t      day;
    } rows[] = {
        { "\"cache_creation_tokens\":50", 50, -1, -1 },
        { "\"cache_creation_tokens\":50,\"cache_creation_token_details\":{"
          "\"ephemeral_1h_input_tokens\":20}", 30, 20, -1 },
        { "\"cache_creation_tokens\":50,\"cache_creation_token_details\":{"
          "\"ephemeral_1h_input_tokens\":50}", 0, 50, -1 },
        { "\"cache_creation_tokens\":50,\"cache_creation_token_details\":{"
          "\"ephemeral_1h_input_tokens\":70}", 0, 70, -1 },
        { "\"cache_creation_tokens\":50,\"cache_creation_token_details\":{"
          "\"ephemeral_1h_input_tokens\":0}", 50, -1, -1 },
        { "\"cache_creation_tokens\":50,\"cache_creation_token_details\":7",
          50, -1, -1 },
        { "\"cache_creation_tokens\":50,\"cache_write_tokens_details\":{"
          "\"ttl_12h_tokens\":15}", 35, -1, 15 },
        { "\"cache_creation_tokens\":50,\"cache_creation_token_details\":{"
          "\"ephemeral_12h_input_tokens\":15}", 35, -1, 15 },
        { "\"cache_write_tokens\":50},\"cache_creation\":{"
          "\"ephemeral_1h_input_tokens\":20", 30, 20, -1 },

        /* the parts alone, and beside the 0 of who writes down every name */

        { "\"cache_creation_tokens\":0,\"cache_write_tokens_details\":{"
          "\"ttl_12h_tokens\":15}", 0, -1, 15 },
        { "\"cached_tokens\":0},\"cache_creation\":{"
          "\"ephemeral_1h_input_tokens\":20", 0, 20, -1 },
        { "\"cached_tokens\":0},\"cache_creation\":{"
          "\"ephemeral_5m_input_tokens\":4,"
          "\"ephemeral_1h_input_tokens\":20", 4, 20, -1 },
        { "\"cached_tokens\":0},\"cache_creation\":{"
          "\"ephemeral_5m_input_tokens\":4", 4, -1, -1 },
        { "\"cache_creation_tokens\":0,\"cache_creation_token_details\":{"
          "\"ephemeral_5m_input_tokens\":4,"
          "\"ephemeral_12h_input_tokens\":20}", 4, -1, 20 },

        /* said in two places they are the same tokens */

        { "\"cache_write_tokens\":50,\"cache_creation_token_details\":{"
          "\"ephemeral_1h_input_tokens\":20}},\"cache_creation\":{"
          "\"ephemeral_1h_input_tokens\":20", 30, 20, -1 },
        { "\"cache_write_tokens\":50,\"cache_creation_token_details\":{"
          "\"ephemeral_1h_input_tokens\":20}},\"cache_creation\":{"
          "\"ephemeral_1h_input_tokens\":30", 30, 20, -1 },
        { "\"cache_write_tokens\":50,\"cache_creation_token_details\":{"
          "\"ephemeral_1h_input_tokens\":0}},\"cache_creation\":{"
          "\"ephemeral_1h_input_tokens\":20", 30, 20, -1 },
        { "\"cache_write_tokens\":50,\"cache_creation_token_details\":{"
          "\"ephemeral_1h_input_tokens\":20},"
          "\"cache_write_tokens_details\":{\"ttl_12h_tokens\":10}",
          20, 20, 10 },
        { "\"cache_write_tokens\":50,\"cache_creation_token_details\":{"
          "\"ephemeral_12h_input_tokens\":20},"
          "\"cache_write_tokens_details\":{\"ttl_12h_tokens\":20}",
          30, -1, 20 }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char  usage[512];

        snprintf(usage, sizeof(usage), IN(100) "," OUT(5)
                 ",\"prompt_tokens_details\":{%s}", rows[i].details);
        answer(&f, "/v1/chat/completions", usage);

        if (f.a.usage.cache_write != rows[i].written
            || f.a.usage.cache_write_1h != rows[i].hour
            || f.a.usage.cache_write_day != rows[i].day
            || f.a.usage.input != 100)
        {
            fail_msg("%s: %lld, %lld, %lld", rows[i].details,
                     (long long) f.a.usage.cache_write,
                     (long long) f.a.usage.cache_write_1h,
                     (long long) f.a.usage.cache_write_day);
        }

        done(&f);
    }
}


/* Google's models think beside what they say, where DeepInfra has them */

static void
test_thought(void **state)
{
    size_t     i;
    char       body[256];
    dialect_t  f;

    static const struct {
        const char  *model;
        int64_t      output;
    } rows[] = {
        { "google/gemini-9-flash", 12 },
        { "google/gemma-9-it", 12 },
        { "gemini", 12 },
        { "gemin", 5 },
        { "maker/gemmal", 5 },
        { "", 5 }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(body, sizeof(body), "{\"model\":\"%s\",\"choices\":[],"
                 "\"usage\":{" IN(10) "," OUT(5) "," TOTAL(15) ","
                 "\"completion_tokens_details\":{\"reasoning_tokens\":7}}}",
                 rows[i].model);

        ask(&f, &llm_openai, "/v1/chat/completions",
            "{\"model\":\"m\",\"messages\":[]}");
        answer_begin(&f, NULL);
        answer_json(&f, body);

        if (f.a.usage.output != rows[i].output) {
            fail_msg("%s: %lld", rows[i].model, (long long) f.a.usage.output);
        }

        done(&f);
    }
}


/* figures that few say: fields of what they are, in the order of the rows */

static void
test_rarely_said(void **state)
{
    size_t     i;
    dialect_t  f;

    static const struct {
        const char  *usage;
        size_t       field;
        int64_t      value;
        unsigned     bad;
    } rows[] = {
        { "\"prompt_tokens_details\":{\"cached_tokens\":6,"
          "\"cached_tokens_details\":{\"audio_tokens\":4}}",
          offsetof(llm_usage_t, cached_audio), 4, 0 },
        { "\"prompt_tokens_details\":{\"cached_tokens_details\":{"
          "\"image_tokens\":3}}", offsetof(llm_usage_t, cached_image), 3, 0 },
        { "\"cached_tokens\":6,\"cached_tokens_details\":{"
          "\"cached_image_tokens\":5,\"cached_text_tokens\":1}",
          offsetof(llm_usage_t, cached_image), 5, 0 },
        { "\"cached_tokens_details\":[5]",
          offsetof(llm_usage_t, cached_image), -1, 1 },
        { "\"input_tokens_details\":{\"cache_read_input_tokens\":7}",
          offsetof(llm_usage_t, cached_input), 7, 0 },
        { "\"cached_input_tokens\":7",
          offsetof(llm_usage_t, cached_input), 7, 0 },
        { "\"prompt_tokens_details\":{\"google_maps_grounding_requests\":1}",
          offsetof(llm_usage_t, maps_queries), 1, 0 },
        { "\"tool_calls_details\":{\"web_search\":{\"invocation\":2},"
          "\"other\":{\"invocation\":9}}",
          offsetof(llm_usage_t, searches), 2, 0 },
        { "\"tool_calls_details\":{\"web_search\":{\"invocation\":2},"
          "\"image_search\":{\"invocation\":3}}",
          offsetof(llm_usage_t, searches), 5, 0 },
        { "\"x_tools\":{\"web_search\":{\"count\":4}},\"plugins\":{"
          "\"search\":{\"count\":1}}", offsetof(llm_usage_t, searches), 4, 0 },
        { "\"plugins\":{\"search\":{\"count\":1,\"strategy\":\"turbo\"}}",
          offsetof(llm_usage_t, searches), 1, 0 },
        { "\"plugins\":{\"search\":2},\"x_tools\":[]",
          offsetof(llm_usage_t, searches), -1, 1 },
        { "\"tool_calls_details\":{\"fetch_url\":{\"invocation\":3}}",
          offsetof(llm_usage_t, web_fetches), 3, 0 },
        { "\"tool_calls_details\":{\"people_search\":{\"invocation\":1},"
          "\"finance_search\":{\"invocation\":4}}",
          offsetof(llm_usage_t, tool_calls), 5, 0 },
        { "\"tool_calls_details\":{\"web_search\":7,\"sandbox\":{}}",
          offsetof(llm_usage_t, searches), -1, 1 }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char  usage[512];

        snprintf(usage, sizeof(usage), IN(100) "," OUT(5) ",%s",
                 rows[i].usage);
        answer(&f, "/v1/chat/completions", usage);

        assert_int_equal(f.a.usage_bad, rows[i].bad);
        assert_int_equal(f.a.usage.input, 100);

        if (*(int64_t *) ((char *) &f.a.usage + rows[i].field)
            != rows[i].value)
        {
            fail_msg("%s: %lld", rows[i].usage, (long long)
                     *(int64_t *) ((char *) &f.a.usage + rows[i].field));
        }

        done(&f);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_totals),
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_thought),
        cmocka_unit_test(test_rarely_said)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
