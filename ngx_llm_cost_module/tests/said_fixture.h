
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _SAID_FIXTURE_H_INCLUDED_
#define _SAID_FIXTURE_H_INCLUDED_


/* rows of answers: all that each says it has used is one text */

#include "dialect_fixture.h"
#include "usage_fixture.h"
#include "vocab_fixture.h"


extern const llm_provider_t  llm_vercel;


/* a chat, whole and as a stream */

#define ASKS       "{\"model\":\"m\",\"max_tokens\":9,\"messages\":["         \
                   "{\"role\":\"user\",\"content\":\"hi\"}]}"
#define ASKS_MORE  "{\"model\":\"m\",\"stream\":true,\"max_tokens\":9,"       \
                   "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"


typedef struct {
    const llm_provider_t  *p;
    const char            *path;
    const char            *request;
    const char            *answer;        /* or events, a line each */
    const char            *want;
} said_t;


/* Vercel says in the header which model is asked */

static const char  *vercel[] = {
    "ai-language-model-id", "openai/gpt-4o",
    "ai-language-model-specification-version", "3",
    "ai-language-model-streaming", "true", "ai-model-id", "cohere/rerank",
    NULL
};


static void
print_answer(char *text, size_t size, const llm_answer_t *a)
{
    size_t       n;
    unsigned     i;
    llm_usage_t  none = LLM_USAGE_INIT;

    const struct {
        const char  *name;
        unsigned     is;
    } bits[] = {
        { "seen", a->usage_seen }, { "bad", a->usage_bad },
        { "finished", a->finished }, { "truncated", a->truncated },
        { "error", a->error }, { "deferred", a->deferred },
        { "ended", a->told.ended }, { "unused", a->told.unused },
        { "made", a->told.made }
    };

    n = usage_print(text, size, &a->usage, &none);

    if (a->counted_output && a->usage.output < 0) {
        n += snprintf(text + n, size - n, "%scounted=%lld", n ? " " : "",
                      (long long) a->counted_output);
    }

    for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
        if (bits[i].is) {
            n += snprintf(text + n, size - n, "%s%s", n ? " " : "",
                          bits[i].name);
        }
    }

    if (a->model.len) {
        n += snprintf(text + n, size - n, " of=%.*s", (int) a->model.len,
                      a->model.data);
    }

    if (a->served.len) {
        n += snprintf(text + n, size - n, " by=%.*s", (int) a->served.len,
                      a->served.data);
    }

    if (a->service_tier.len) {
        n += snprintf(text + n, size - n, " at=%.*s",
                      (int) a->service_tier.len, a->service_tier.data);
    }

    assert_true(n < size);
}


static void
check_answer(const said_t *row, const char *request, const char *answer)
{
    char            text[1024], *line, *save, *lines;
    dialect_t       f;

    ask_with(&f, row->p, row->path, row->p == &llm_vercel ? vercel : NULL,
             request);
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.p->count(&f.q, counter()), LLM_OK);
    answer_begin(&f, counter());

    if (strchr(answer, '\n')) {
        lines = strdup(answer);
        assert_non_null(lines);

        for (line = strtok_r(lines, "\n", &save); line;
             line = strtok_r(NULL, "\n", &save))
        {
            answer_event(&f, "", line);
        }

        free(lines);
        f.p->finish(&f.a);

    } else {
        answer_json(&f, answer);
    }

    expect_usage_sane(&f.a.usage);
    print_answer(text, sizeof(text), &f.a);

    if (strcmp(text, row->want) != 0) {
        fail_msg("%s: %s", answer, text);
    }

    done(&f);
}


/*
 * However its words are spelled; but JSON that a model has written for a tool
 * is counted as it is written.
 */

static void
check_said(const said_t *row)
{
    char  *request, *answer;

    request = spelled(row->request);
    answer = spelled(row->answer);

    check_answer(row, row->request, row->answer);

    if (strstr(row->answer, "\"args\":{\"") == NULL
        && strstr(row->answer, "\"input\":{\"") == NULL)
    {
        check_answer(row, request, answer);
    }

    free(request);
    free(answer);
}


static void
check_rows(const said_t *rows, size_t n)
{
    size_t  i;

    if (counter() == NULL) {
        skip();
    }

    for (i = 0; i < n; i++) {
        check_said(&rows[i]);
    }
}


#define test_rows(dialect)                                                    \
                                                                              \
static void                                                                   \
test_ ## dialect(void **state)                                                \
{                                                                             \
    (void) state;                                                             \
                                                                              \
    check_rows(dialect ## _rows,                                              \
               sizeof(dialect ## _rows) / sizeof(dialect ## _rows[0]));       \
}


#endif /* _SAID_FIXTURE_H_INCLUDED_ */
