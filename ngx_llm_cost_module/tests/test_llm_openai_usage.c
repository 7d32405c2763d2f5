
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * What a usage object of OpenAI's and its speakers leaves out: totals that fill
 * it in, and writes to a cache that are kept for longer.
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

        /* and sound that is charged by the second */

        { IN(10) "," OUT(5) "," TOTAL(400)
          ",\"prompt_audio_seconds\":3", 10, 5 },
        { IN(10) "," OUT(0) "," TOTAL(400)
          ",\"prompt_audio_seconds\":3", 10, 0 },
        { IN(10) "," OUT(5) "," TOTAL(400)
          ",\"prompt_audio_seconds\":0", 10, 390 },
        { IN(10) "," TOTAL(400) ",\"prompt_audio_seconds\":3", 10, 390 },

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


/* an hour, 12 hours, and the rest for 5 minutes: never more than was written */

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
        { "\"cache_creation_tokens\":0,\"cache_write_tokens_details\":{"
          "\"ttl_12h_tokens\":15}", 0, -1, -1 }
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


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_totals),
        cmocka_unit_test(test_kept)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
