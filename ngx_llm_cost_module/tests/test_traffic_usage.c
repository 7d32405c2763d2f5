
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Every recorded answer of every API: the path finds its dialect, and the
 * usage that is read is the one that was recorded, in every field that costs,
 * at any split of the bytes.  An API is a row here, and a function that says
 * in our terms what the recorder says, in a header of the dialect's own.
 */

#include "traffic_answer.h"
#include "traffic_bedrock.h"
#include "traffic_cohere.h"
#include "traffic_gemini.h"
#include "traffic_anthropic.h"
#include "traffic_openai.h"


typedef struct {
    const char  *api;
    const char  *dialect;
    const char  *path;            /* where the recording names none */
    void       (*expected)(json_t *r, llm_usage_t *u);
} api_t;


static const api_t  apis[] = {
    { "openai.chat", "openai", "/v1/chat/completions", expected_openai },
    { "groq.chat", "openai", "/v1/chat/completions", expected_openai },
    { "mistral.chat", "openai", "/v1/chat/completions", expected_openai },
    { "openai.embeddings", "openai", "/v1/embeddings", expected_openai },
    { "mistral.embeddings", "openai", "/v1/embeddings", expected_openai },
    { "openai.completions", "openai", "/v1/completions", expected_openai },
    { "gemini.generateContent", "gemini", "/v1beta/models/m:generateContent",
      expected_gemini },
    { "gemini.stream", "gemini", "/v1beta/models/m:streamGenerateContent",
      expected_gemini },
    { "gemini.embed", "gemini", "/v1beta/models/m:embedContent",
      expected_gemini },
    { "openai.responses", "openai", "/v1/responses", expected_responses },
    { "gemini.interactions", "gemini", "/v1beta/interactions",
      expected_interaction },
    { "anthropic.complete", "anthropic", "/v1/complete", expected_none },
    { "openai.images", "openai", "/v1/images/generations", expected_media },
    { "openai.audio", "openai", "/v1/audio/transcriptions", expected_media },
    { "openai.responses.compact", "openai", "/v1/responses/compact",
      expected_responses },
    { "cohere.chat", "cohere", "/v2/chat", expected_cohere },
    { "cohere.embed", "cohere", "/v2/embed", expected_cohere },
    { "cohere.generate", "cohere", "/v1/generate", expected_cohere },
    { "rerank", "cohere", "/v2/rerank", expected_cohere },
    { "ollama", "ollama", "/api/chat", expected_ollama },
    { "bedrock.converse", "bedrock", "/model/m/converse", expected_bedrock },
    { "bedrock.invoke", "bedrock", "/model/m/invoke", expected_bedrock },
    { "anthropic.messages", "anthropic", "/v1/messages", expected_anthropic }
};

#define APIS  (sizeof(apis) / sizeof(api_t))


/* a row of the table: an API of a provider */

typedef struct {
    char         name[96];
    unsigned     answers;
    unsigned     streams;
    unsigned     usage;
    unsigned     none;            /* answered 200, and no usage */
    unsigned     wrong;
} row_t;

#define ROWS  256

static row_t     rows[ROWS];
static unsigned  nrows;


static int
load(void **state)
{
    (void) state;

    traffic_load(NULL);

    return 0;
}


static int
unload(void **state)
{
    (void) state;

    json_decref(records);

    return 0;
}


static row_t *
row_of(json_t *r)
{
    char      name[96];
    unsigned  i;

    snprintf(name, sizeof(name), "%s | %s", text(r, "api"),
             text(r, "provider"));

    for (i = 0; i < nrows; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }

    assert_true(nrows < ROWS);
    strcpy(rows[nrows].name, name);

    return &rows[nrows++];
}


/* who knows the path, asked as "auto" does */

static const llm_provider_t *
route(llm_arena_t *a, json_t *r, const api_t *api, llm_request_t *q)
{
    size_t        i;
    llm_path_e    what;
    const char   *url;
    llm_route_t  *rt;

    rt = &q->route;
    url = text(r, "url_path");

    decode(a, *url ? url : api->path, rt);

    rt->method.data = (unsigned char *) "POST";
    rt->method.len = 4;
    rt->headers.get = header;
    rt->headers.ctx = json_object_get(r, "request_headers");

    for (i = 0; llm_providers[i]; i++) {
        what = llm_providers[i]->path(rt);

        if (what != LLM_PATH_UNKNOWN) {

            if (what != LLM_PATH_METERED
                || strcmp((char *) llm_providers[i]->name.data, api->dialect))
            {
                print_message("# %s: %s is of kind %d in %s\n", text(r, "id"),
                              url, what, llm_providers[i]->name.data);
                return NULL;
            }

            q->provider = llm_providers[i];
            q->kind = rt->kind;
            q->path = rt->path;

            return q->provider;
        }
    }

    print_message("# %s: nobody knows %s\n", text(r, "id"), url);

    return NULL;
}


static void
check_record(json_t *r, const api_t *api)
{
    char           *body;
    size_t          k, len;
    row_t          *row;
    llm_usage_t     want;
    llm_arena_t     a;
    llm_answer_t    answer;
    llm_request_t   q;

    static const size_t  pieces[] = { 0, 1, 7 };

    row = row_of(r);
    row->streams += is_stream(r);
    row->answers += !is_stream(r);

    api->expected(r, &want);
    body = body_of(r, &len);

    for (k = 0; k < (is_stream(r) ? 3 : 1); k++) {
        llm_arena_init(&a);
        memset(&q, 0, sizeof(q));

        if (route(&a, r, api, &q) == NULL) {
            row->wrong++;
            llm_arena_free(&a);
            free(body);
            return;
        }

        request(&a, r, &q);

        if (read_answer(&a, r, &q, &answer, body, len, pieces[k]) != LLM_OK) {
            print_message("# %s in pieces of %zu: cannot be read\n",
                          text(r, "id"), pieces[k]);
            row->wrong++;
        }

        row->wrong += !check(r, &answer, &want, pieces[k]);

        if (*text(r, "model_reported")
            && (answer.model.len != strlen(text(r, "model_reported"))
                || memcmp(answer.model.data, text(r, "model_reported"),
                          answer.model.len) != 0))
        {
            print_message("# %s: model %.*s, recorded %s\n", text(r, "id"),
                          (int) answer.model.len, answer.model.data,
                          text(r, "model_reported"));
            row->wrong++;
        }

        if (answer.usage_seen && llm_kind_has_output(q.kind)
            && !answer.finished && !answer.error)
        {
            print_message("# not finished: %s\n", text(r, "id"));
        }

        llm_arena_free(&a);
    }

    row->usage += answer.usage_seen;
    row->none += (!answer.usage_seen && number(r, "status") == 200);

    free(body);
}


static int
by_name(const void *one, const void *two)
{
    return strcmp(((const row_t *) one)->name, ((const row_t *) two)->name);
}


static void
test_usage(void **state)
{
    size_t     i, k;
    json_t    *r;
    unsigned   wrong, usage, answers, streams, none;

    (void) state;

    if (records == NULL) {
        skip();
    }

    json_array_foreach(records, i, r) {
        for (k = 0; k < APIS; k++) {
            if (strcmp(text(r, "api"), apis[k].api) == 0
                && strcmp(text(r, "method"), "POST") == 0)
            {
                check_record(r, &apis[k]);
            }
        }
    }

    wrong = 0;
    usage = 0;
    answers = 0;
    streams = 0;
    none = 0;

    qsort(rows, nrows, sizeof(row_t), by_name);

    for (i = 0; i < nrows; i++) {
        traffic_row("usage", "| %s | %u | %u | %u | %u | %u |", rows[i].name,
                    rows[i].answers, rows[i].streams, rows[i].usage,
                    rows[i].none, rows[i].wrong);

        answers += rows[i].answers;
        streams += rows[i].streams;
        wrong += rows[i].wrong;
        usage += rows[i].usage;
        none += rows[i].none;
    }

    traffic_row("usage", "| all | | %u | %u | %u | %u | %u |", answers,
                streams, usage, none, wrong);

    assert_int_equal(wrong, 0);
    assert_true(traffic_more(usage, 1500));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_usage)
    };

    return cmocka_run_group_tests(tests, load, unload);
}
