
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Recordings with a usage that test_traffic_usage has no row for: what goes on
 * when its request is over, what counts and bills nothing, and what a recorder
 * had no name for.  Where a usage is billed it is read as it was recorded; the
 * others are free, or refused.
 */

#include "traffic_answer.h"
#include "traffic_anthropic.h"
#include "traffic_gemini.h"
#include "traffic_openai.h"


/* APIs of which test_traffic_usage has all that is posted */

static const char * const  known[] = {
    "openai.chat", "groq.chat", "mistral.chat", "openai.embeddings",
    "mistral.embeddings", "openai.completions", "gemini.generateContent",
    "gemini.stream", "gemini.embed", "openai.responses", "gemini.interactions",
    "anthropic.complete", "openai.images", "openai.audio",
    "openai.responses.compact", "cohere.chat", "cohere.embed",
    "cohere.generate", "rerank", "ollama", "bedrock.converse",
    "bedrock.invoke", "anthropic.messages"
};


static void
expected_guardrail(json_t *r, llm_usage_t *u)
{
    json_t      *units;
    int64_t      n;
    const char  *name;

    static const llm_usage_t  unknown = LLM_USAGE_INIT;

    *u = unknown;

    json_object_foreach(json_object_get(r, "usage"), name, units) {

        n = json_integer_value(units);

        if (strcmp(name, "wordPolicyUnits") != 0
            && strcmp(name, "automatedReasoningPolicies") != 0
            && strstr(name, "Free") == NULL)
        {
            u->queries = (u->queries < 0 ? 0 : u->queries) + n;
        }
    }
}


static void
expected_aleph(json_t *r, llm_usage_t *u)
{
    static const llm_usage_t  unknown = LLM_USAGE_INIT;

    *u = unknown;

    u->input = number(json_object_get(r, "usage"), "num_tokens_prompt_total");
    u->output = number(json_object_get(r, "usage"), "num_tokens_generated");
}


/* of a path that was lost the usage tells whose it was */

typedef struct {
    const char  *figure;
    const char  *path;
    void       (*expected)(json_t *r, llm_usage_t *u);
} form_t;

static const form_t  forms[] = {
    { "num_tokens_generated", "/complete", expected_aleph },
    { "contentPolicyUnits", "/guardrail/g/version/1/apply",
      expected_guardrail },
    { "promptTokenCount", "/v1beta/models/m:generateContent",
      expected_gemini },
    { "prompt_tokens", "/v1/chat/completions", expected_openai },
    { "seconds", "/v1/audio/transcriptions", expected_media },
    { "cache_creation_input_tokens", "/v1/messages", expected_anthropic },
    { "input_tokens", "/v1/responses", expected_responses },
    { NULL, NULL, NULL }
};


typedef enum {
    AS_READ = 0,                  /* as it was recorded */
    AS_BEGUN,                     /* zeros, of work that is not over */
    AS_FREE,
    AS_REFUSED,                   /* known, and refused; or no JSON */
    AS_UNKNOWN,                   /* refused as a path that nobody knows */
    AS_WRONG,
    AS_N
} as_e;


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


static int
is_known(json_t *r)
{
    size_t  i;

    for (i = 0; i < sizeof(known) / sizeof(char *); i++) {
        if (strcmp(text(r, "api"), known[i]) == 0) {
            return strcmp(text(r, "method"), "POST") == 0;
        }
    }

    return 0;
}


static const form_t *
form_of(json_t *r)
{
    const form_t  *f;

    for (f = forms; f->figure; f++) {
        if (json_object_get(json_object_get(r, "usage"), f->figure)) {
            break;
        }
    }

    return f;
}


/* who knows the path, asked as "auto" does */

static llm_path_e
route(llm_arena_t *a, json_t *r, const char *path, llm_request_t *q)
{
    size_t        i;
    llm_path_e    what;
    llm_route_t  *rt;

    rt = &q->route;

    decode(a, path, rt);

    rt->method.data = (unsigned char *) text(r, "method");
    rt->method.len = strlen(text(r, "method"));
    rt->headers.get = header;
    rt->headers.ctx = json_object_get(r, "request_headers");

    for (i = 0; llm_providers[i]; i++) {
        what = llm_providers[i]->path(rt);

        if (what != LLM_PATH_UNKNOWN) {
            q->provider = llm_providers[i];
            q->kind = rt->kind;
            q->path = rt->path;

            return what;
        }
    }

    return LLM_PATH_UNKNOWN;
}


/* read whole, by bytes and by sevens */

static as_e
read_as(llm_arena_t *a, json_t *r, llm_request_t *q, const form_t *form)
{
    char          *body;
    as_e           as;
    size_t         k, len;
    llm_usage_t    want;
    llm_answer_t   answer;

    static const size_t  pieces[] = { 0, 1, 7 };

    if (form->figure == NULL) {
        return AS_WRONG;
    }

    if (request(a, r, q) != LLM_OK && q->body.len && !q->route.raw) {
        return AS_REFUSED;
    }

    form->expected(r, &want);

    as = AS_READ;
    body = body_of(r, &len);

    for (k = 0; k < (is_stream(r) ? 3 : 1); k++) {
        if (read_answer(a, r, q, &answer, body, len, pieces[k]) != LLM_OK) {
            as = AS_WRONG;

        } else if (answer.deferred && !answer.usage_seen
                   && want.input + want.output == 0)
        {
            as = AS_BEGUN;

        } else if (!check(r, &answer, &want, pieces[k])) {
            as = AS_WRONG;
        }
    }

    free(body);

    return as;
}


static as_e
check_record(json_t *r)
{
    as_e            as;
    llm_arena_t     a;
    const char     *path;
    const form_t   *form;
    llm_request_t   q;

    form = form_of(r);
    path = *text(r, "url_path") ? text(r, "url_path") : form->path;

    memset(&q, 0, sizeof(q));
    llm_arena_init(&a);

    switch (path ? route(&a, r, path, &q) : LLM_PATH_UNKNOWN) {

    case LLM_PATH_METERED:
    case LLM_PATH_TOLD:
        as = read_as(&a, r, &q, form);
        break;

    case LLM_PATH_FREE:
        as = AS_FREE;
        break;

    case LLM_PATH_UNSUPPORTED:
        as = AS_REFUSED;
        break;

    default:
        as = AS_UNKNOWN;
    }

    if (as >= AS_UNKNOWN) {
        print_message("# %s %s %s\n", as == AS_WRONG ? "wrong" : "unknown",
                      text(r, "id"), path);
    }

    llm_arena_free(&a);

    return as;
}


static void
test_rest(void **state)
{
    size_t     i;
    json_t    *r;
    unsigned   n[AS_N];

    (void) state;

    if (records == NULL) {
        skip();
    }

    memset(n, 0, sizeof(n));

    json_array_foreach(records, i, r) {
        if (!is_known(r)
            && json_is_object(json_object_get(r, "usage")))
        {
            n[check_record(r)]++;
        }
    }

    traffic_row("rest", "| %u | %u | %u | %u | %u | %u |", n[AS_READ],
                n[AS_BEGUN], n[AS_FREE], n[AS_REFUSED], n[AS_UNKNOWN],
                n[AS_WRONG]);

    assert_int_equal(n[AS_WRONG], 0);
    assert_true(traffic_within(n[AS_UNKNOWN], 0));
}


/* what anybody was seen to ask for has a path that is known */

static void
test_paths(void **state)
{
    size_t          i;
    json_t         *r;
    unsigned        unknown;
    llm_arena_t     a;
    llm_request_t   q;

    (void) state;

    if (records == NULL) {
        skip();
    }

    unknown = 0;

    json_array_foreach(records, i, r) {

        if (strcmp(text(r, "method"), "POST") != 0 || *text(r, "url_path") == 0
            || number(r, "status") >= 300)
        {
            continue;
        }

        memset(&q, 0, sizeof(q));
        llm_arena_init(&a);

        if (route(&a, r, text(r, "url_path"), &q) == LLM_PATH_UNKNOWN) {
            print_message("# unknown: %s\n", text(r, "url_path"));
            unknown++;
        }

        llm_arena_free(&a);
    }

    assert_true(traffic_within(unknown, 0));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_rest),
        cmocka_unit_test(test_paths)
    };

    return cmocka_run_group_tests(tests, load, unload);
}
