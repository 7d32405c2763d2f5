
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Every recorded answer of every API: the path finds its dialect, and the
 * usage that is read is the one that was recorded, in every field that costs,
 * at any split of the bytes.  An API is a row here, and a function that says
 * in our terms what the recorder says, in a header of the dialect's own.
 */

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


/* fields that cost nothing by themselves, or that no recording shows */

static const size_t  skipped[] = {
    offsetof(llm_usage_t, reported_cost),
    offsetof(llm_usage_t, searches),            /* Gemini's: not in usage */
    offsetof(llm_usage_t, search_size)          /* may be the request's */
};


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


/* the path as nginx hands it over: decoded, the arguments apart */

static void
decode(llm_arena_t *a, const char *url, llm_route_t *route)
{
    size_t       n;
    char         hex[3];
    const char  *p, *end;

    end = strchr(url, '?');
    n = end ? (size_t) (end - url) : strlen(url);

    if (end) {
        route->args.data = (unsigned char *) end + 1;
        route->args.len = strlen(end + 1);
    }

    route->path.data = llm_alloc(&a->mem, n + 1);
    route->path.len = 0;

    for (p = url; p < url + n; p++) {

        if (*p == '%' && url + n - p > 2) {
            hex[0] = p[1];
            hex[1] = p[2];
            hex[2] = '\0';
            route->path.data[route->path.len++] = strtol(hex, NULL, 16);
            p += 2;
            continue;
        }

        route->path.data[route->path.len++] = *p;
    }
}


static const llm_str_t *
header(void *ctx, const char *name)
{
    json_t            *v;
    const char        *key;
    static llm_str_t   found;

    json_object_foreach((json_t *) ctx, key, v) {

        if (strcasecmp(key, name) == 0) {

            if (json_is_array(v)) {
                v = json_array_get(v, 0);
            }

            found.data = (unsigned char *) json_string_value(v);
            found.len = json_string_length(v);

            return found.data ? &found : NULL;
        }
    }

    return NULL;
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


/* what is known of the request by the time that its answer comes */

static void
request(llm_arena_t *a, json_t *r, llm_request_t *q)
{
    q->mem = &a->mem;
    q->json.mem = &a->mem;
    q->max_output = -1;
    q->choices = 1;

    q->body.data = (unsigned char *) text(r, "request_body");
    q->body.len = strlen((char *) q->body.data);

    if (q->route.raw
        || llm_json_parse(&q->json, q->body.data, q->body.len) != LLM_OK
        || q->provider->parse(q) != LLM_OK)
    {
        q->stream = is_stream(r);
    }
}


static int
on_event(void *data, const llm_str_t *type, const llm_str_t *event, size_t end)
{
    llm_answer_t  *a;

    (void) end;

    a = data;

    return a->q->provider->event(a, type, event) < 0 ? LLM_ERROR : LLM_OK;
}


/* a recorder may have lost the media type, or a server have had it wrong */

static llm_framing_e
framing(json_t *r, const llm_request_t *q, const char *body, size_t len)
{
    llm_str_t    type;
    const char  *s;

    s = text(r, "response_content_type");

    if (len > 6 && (memcmp(body, "data:", 5) == 0
                    || memcmp(body, "event:", 6) == 0 || body[0] == ':'))
    {
        s = "text/event-stream";
    }

    if (*s == '\0') {
        s = "application/json";
    }

    type.data = (unsigned char *) s;
    type.len = strcspn(s, "; ");

    return q->provider->framing ? q->provider->framing(q, &type)
                                : llm_framing_of(&type);
}


/* an answer in pieces; 0: in one */

static int
read_answer(llm_arena_t *a, json_t *r, const llm_request_t *q,
    llm_answer_t *answer, const char *body, size_t len, size_t piece)
{
    int             rc;
    char           *copy;
    size_t          at, n;
    llm_json_t      j;
    llm_frames_t    f;
    llm_framing_e   how;
    llm_headers_t   h;

    llm_answer_init(answer, &a->mem, q->kind, NULL);
    answer->q = q;

    if (q->provider->headers) {
        h.get = header;
        h.ctx = json_object_get(r, "usage_headers");

        if (q->provider->headers(answer, &h) != LLM_OK) {
            return LLM_ERROR;
        }
    }

    how = framing(r, q, body, len);

    if (how == LLM_FRAMING_NONE) {
        return LLM_OK;
    }

    if (how == LLM_FRAMING_JSON) {
        memset(&j, 0, sizeof(j));
        j.mem = &a->mem;

        if (llm_json_parse(&j, (unsigned char *) body, len) != LLM_OK) {
            return LLM_OK;
        }

        return q->provider->answer(answer, &j);
    }

    memset(&f, 0, sizeof(f));
    f.handler = on_event;
    f.data = answer;
    f.mem = &a->mem;

    assert_int_equal(llm_frames_init(&f, how), LLM_OK);

    answer->stream = 1;

    for (at = 0; at < len; at += n) {
        n = (piece && at + piece < len) ? piece : len - at;

        copy = malloc(n);
        memcpy(copy, body + at, n);
        rc = llm_frames_feed(&f, (unsigned char *) copy, n);
        free(copy);

        if (rc != LLM_OK) {
            return rc;
        }
    }

    rc = llm_frames_finish(&f);
    q->provider->finish(answer);

    return rc;
}


/* 1: as recorded */

static int
check(json_t *r, const llm_answer_t *a, const llm_usage_t *want, size_t piece)
{
    size_t  i, k;

    for (i = 0; i < LLM_USAGE_FIELDS; i++) {

        for (k = 0; k < sizeof(skipped) / sizeof(size_t); k++) {
            if (i == skipped[k] / sizeof(int64_t)) {
                break;
            }
        }

        if (k == sizeof(skipped) / sizeof(size_t)
            && ((int64_t *) &a->usage)[i] != ((int64_t *) want)[i])
        {
            print_message("# %s %s in pieces of %zu: field %zu is %lld, "
                          "recorded %lld\n", text(r, "id"), text(r, "api"),
                          piece, i, (long long) ((int64_t *) &a->usage)[i],
                          (long long) ((int64_t *) want)[i]);
            return 0;
        }
    }

    /* a double is not exact, ours is rounded up */

    if (llabs(a->usage.reported_cost - want->reported_cost) > 1) {
        print_message("# %s: cost %lld, recorded %lld\n", text(r, "id"),
                      (long long) a->usage.reported_cost,
                      (long long) want->reported_cost);
        return 0;
    }

    return a->usage_seen == (want->input >= 0 || want->output >= 0
                             || want->audio_input_ms >= 0)
           && !a->usage_bad;
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
            if (strcmp(text(r, "api"), apis[k].api) == 0) {
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
