
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _ASKED_FIXTURE_H_INCLUDED_
#define _ASKED_FIXTURE_H_INCLUDED_


/*
 * What bounds an answer, in the words of each dialect: a row has all that the
 * request may use at most, whatever it is called there.  What is reserved is
 * made of this, so that one which is read as less lets a budget be passed.
 */

#include "dialect_fixture.h"
#include "usage_fixture.h"


extern const llm_provider_t  llm_anthropic, llm_bedrock, llm_cohere,
                             llm_gemini, llm_ollama, llm_huggingface,
                             llm_watsonx, llm_mistral, llm_vercel,
                             llm_replicate;


#define CHAT       "/v1/chat/completions"
#define COMPLETE   "/v1/completions"
#define RESPONSES  "/v1/responses"
#define IMAGES     "/v1/images/generations"
#define EDITS      "/v1/images/edits"
#define SPEAK      "/v1/audio/speech"
#define HEAR       "/v1/audio/transcriptions"
#define RUNS       "/v1/threads/t/runs"
#define OCR        "/v1/ocr"
#define FILMS      "/v1/videos/generations"
#define MESSAGES   "/v1/messages"
#define BATCHES    "/v1/messages/batches"
#define GENERATE   "/v1beta/models/m:generateContent"
#define IMAGEN     "/v1beta/models/imagen-4:predict"
#define VEO        "/v1beta/models/veo-3:predictLongRunning"
#define INTERACT   "/v1beta/interactions"
#define VERCEL     "/v3/ai/language-model"
#define CONVERSE   "/model/m/converse"

#define GUARD      "/guardrail/x/version/1/apply"

#define FIFTY      "12345678901234567890123456789012345678901234567890"
#define HUNDREDS   FIFTY FIFTY FIFTY FIFTY
#define THOUSAND   HUNDREDS HUNDREDS HUNDREDS HUNDREDS HUNDREDS

#define M          "\"model\":\"m\","
#define HI         "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"
#define TURNS      "\"prompt\":[{\"role\":\"user\",\"content\":["            \
                   "{\"type\":\"text\",\"text\":\"hi\"}]}]"
#define SERVED(n)  "{\"type\":\"provider-defined\",\"id\":\"anthropic."        \
                   "web_search_20250305\",\"name\":\"a\",\"args\":{"         \
                   "\"maxUses\":" #n "}}"
#define SHOWN      "\"input\":[{\"role\":\"user\",\"content\":[{\"type\":"   \
                   "\"input_image\",\"image_url\":\"https://x/\"}]}]"
#define DRAWS(how)  "{\"type\":\"image_generation\",\"quality\":\"low\","    \
                   "\"size\":\"1024x1024\"" how "}"
#define FIVE       "\"a\",\"a\",\"a\",\"a\",\"a\","
#define TEN        FIVE FIVE
#define INPUT      "\"input\":\"hi\""
#define WORDS      "\"contents\":[{\"parts\":[{\"text\":\"hi\"}]}]"


typedef struct {
    const llm_provider_t  *p;
    const char            *path;
    const char            *body;
    const char            *want;
} asked_t;


/* Vercel says in the header which model is asked */

static const char  *vercel[] = {
    "ai-language-model-id", "anthropic/claude-sonnet-4.5", NULL
};


static void
print_request(char *text, size_t size, const llm_request_t *q)
{
    size_t       n;
    unsigned     i;
    llm_usage_t  plain;

    const struct {
        const char  *name;
        unsigned     is;
    } bits[] = {
        { "stream", q->stream }, { "fit", q->can_fit },
        { "stateful", q->stateful }, { "unseen", q->unseen },
        { "bounded", q->bounded }, { "crowd", q->crowd },
        { "sure", q->sure }, { "long", q->route.step != 0 }
    };

    n = snprintf(text, size, "max=%lld n=%lld", (long long) q->max_output,
                 (long long) q->choices);

    for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
        if (bits[i].is) {
            n += snprintf(text + n, size - n, " %s", bits[i].name);
        }
    }

    for (i = 0; i < q->nothers; i++) {
        n += snprintf(text + n, size - n, " or=%.*s", (int) q->others[i].len,
                      q->others[i].data);
    }

    if (q->priced.len) {
        n += snprintf(text + n, size - n, " as=%.*s", (int) q->priced.len,
                      q->priced.data);
    }

    /* what is more, or less, than of plain text */

    memset(&plain, 0, sizeof(plain));

    if (q->bounded) {
        llm_usage_text(&plain, 0, 0);
    }

    n += snprintf(text + n, size - n, " | ");
    n += usage_print(text + n, size - n, &q->most, &plain);

    if (q->guest.model.len) {
        n += snprintf(text + n, size - n, " | %.*s calls=%lld shown=%lld ",
                      (int) q->guest.model.len, q->guest.model.data,
                      (long long) q->guest.calls, (long long) q->guest.shown);
        llm_usage_text(&plain, 0, 0);
        n += usage_print(text + n, size - n, &q->guest.most, &plain);
    }

    assert_true(n < size);
}


static void
check_body(const asked_t *row, const char *body)
{
    char            text[1024];
    dialect_t       f;
    llm_counter_t   c;

    memset(&c, 0, sizeof(c));
    c.count = count_bytes;

    ask_with(&f, row->p, row->path, row->p == &llm_vercel ? vercel : NULL,
             body);

    if (f.rc == LLM_OK) {
        assert_int_equal(row->p->count(&f.q, &c), LLM_OK);
    }

    if (f.rc == LLM_BAD) {
        snprintf(text, sizeof(text), "%s %s", f.q.param ? f.q.param : "-",
                 f.q.err);

    } else {
        print_request(text, sizeof(text), &f.q);
    }

    if (strcmp(text, row->want) != 0) {
        fail_msg("%s: %s", body, text);
    }

    done(&f);
}


/* however its words are spelled */

static void
check_asked(const asked_t *row)
{
    char  *body;

    body = spelled(row->body);

    check_body(row, row->body);
    check_body(row, body);

    free(body);
}


/* a test that checks all rows of dialect_rows[] */

#define test_rows(dialect)                                                    \
                                                                              \
static void                                                                   \
test_ ## dialect(void **state)                                                \
{                                                                             \
    size_t  i;                                                                \
                                                                              \
    (void) state;                                                             \
                                                                              \
    for (i = 0; i < sizeof(dialect ## _rows) / sizeof(dialect ## _rows[0]);   \
         i++)                                                                 \
    {                                                                         \
        check_asked(&dialect ## _rows[i]);                                    \
    }                                                                         \
}


#endif /* _ASKED_FIXTURE_H_INCLUDED_ */
