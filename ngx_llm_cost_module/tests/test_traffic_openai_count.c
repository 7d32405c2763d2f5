
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Counting, against recorded requests: the input counted before sending must be
 * the prompt_tokens that came back.
 */

#include "traffic_vocabs.h"


/*
 * Counting.  A class is as good as the page that describes the rules says, or
 * better.  Distinct prompts only: a repeated one says nothing new.
 */

typedef enum {
    CLASS_PLAIN = 0,
    CLASS_PLAIN5,
    CLASS_SCHEMA,
    CLASS_TOOLS,
    CLASS_HISTORY,
    CLASS_HISTORY5,
    CLASS_FORCED,
    CLASS_PARALLEL,
    CLASS_IMAGES,
    CLASS_N
} class_e;

/* of so many prompts the formula that this one began with had so many right,
   which is the share that must be exact */

static const struct {
    const char  *name;
    unsigned     right;
    unsigned     all;
} classes[CLASS_N] = {
    { "plain text, gpt-3.5, 4, 4o, 4.1", 587, 589 },
    { "plain text, gpt-5", 35, 35 },
    { "response format with a JSON schema", 125, 125 },
    { "tools, first turn", 147, 159 },
    { "tools, with a history of calls", 125, 128 },
    { "the same, gpt-5", 7, 7 },
    { "a forced tool", 14, 14 },
    { "parallel calls", 15, 33 },
    { "inline images", 18, 21 }
};


/* the same by model */

#define MODELS  64

typedef struct {
    char      name[64];
    unsigned  all;
    unsigned  right;
    unsigned  low;
} model_row_t;

static model_row_t  models[MODELS];
static unsigned     nmodels;


static void
model_add(const char *model, int64_t n, int64_t want)
{
    unsigned  i;

    for (i = 0; i < nmodels && strcmp(models[i].name, model); i++);

    if (i == MODELS) {
        return;
    }

    if (i == nmodels) {
        snprintf(models[i].name, sizeof(models[i].name), "%s", model);
        nmodels++;
    }

    models[i].all++;
    models[i].right += (n == want);
    models[i].low += (n < want);
}


static int
starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}


static int
has_part(json_t *messages, const char *kind, const char *url)
{
    size_t       i, k;
    json_t      *m, *p, *u;

    json_array_foreach(messages, i, m) {
        json_array_foreach(json_object_get(m, "content"), k, p) {

            if (strcmp(text(p, "type"), kind) != 0) {
                continue;
            }

            u = json_object_get(p, "image_url");
            u = json_is_object(u) ? json_object_get(u, "url") : u;

            if (url == NULL || (u && starts(json_string_value(u), url))) {
                return 1;
            }
        }
    }

    return 0;
}


/* CLASS_N: what nobody can count without the provider */

static class_e
class_of(json_t *q, const char *model)
{
    int       calls, parallel;
    size_t    i;
    json_t   *messages, *m, *format;

    messages = json_object_get(q, "messages");

    if (strstr(model, "search") || starts(model, "o1-preview")
        || has_part(messages, "input_audio", NULL)
        || has_part(messages, "file", NULL) || json_object_get(q, "audio")
        || has_part(messages, "image_url", "http"))
    {
        return CLASS_N;
    }

    if (has_part(messages, "image_url", NULL)) {
        return CLASS_IMAGES;
    }

    calls = 0;
    parallel = 0;

    json_array_foreach(messages, i, m) {
        calls |= json_array_size(json_object_get(m, "tool_calls")) > 0
                 || json_is_object(json_object_get(m, "function_call"));
        parallel |= json_array_size(json_object_get(m, "tool_calls")) > 1;
    }

    format = json_object_get(q, "response_format");

    return parallel ? CLASS_PARALLEL
           : json_is_object(json_object_get(q, "tool_choice"))
             || json_is_object(json_object_get(q, "function_call"))
             ? CLASS_FORCED
           : calls ? (starts(model, "gpt-5") ? CLASS_HISTORY5 : CLASS_HISTORY)
           : json_array_size(json_object_get(q, "tools"))
             || json_array_size(json_object_get(q, "functions")) ? CLASS_TOOLS
           : strcmp(text(format, "type"), "json_schema") == 0 ? CLASS_SCHEMA
           : starts(model, "gpt-5") ? CLASS_PLAIN5 : CLASS_PLAIN;
}


/* input tokens of a request; *exact is what the dialect thinks of its count */

static int64_t
count_request(json_t *r, const char *model, int *exact)
{
    int            rc;
    int64_t        n;
    const char    *body;
    llm_arena_t    a;
    llm_counter_t  c;
    llm_request_t  q;

    llm_arena_init(&a);
    memset(&q, 0, sizeof(q));

    q.kind = kind_of(r);
    q.mem = &a.mem;
    q.json.mem = &a.mem;
    body = text(r, "request_body");

    assert_int_equal(llm_json_parse(&q.json, (unsigned char *) body,
                                    strlen(body)), LLM_OK);

    rc = openai->parse(&q);

    if (rc != LLM_OK) {
        assert_string_equal(q.param, "model");       /* Azure */
    }

    q.model.data = (unsigned char *) model;
    q.model.len = strlen(model);

    assert_int_equal(openai->count(&q, counter_of(&c, model)), LLM_OK);

    n = q.input_tokens;
    *exact = !q.estimate;

    llm_arena_free(&a);

    return n;
}


static void
test_count(void **state)
{
    int          exact, own;
    char        *key;
    size_t       i;
    json_t      *r, *q, *seen;
    int64_t      n, want;
    class_e      c;
    unsigned     right[CLASS_N], all[CLASS_N], low[CLASS_N];
    unsigned     sure, wrong, below, others, missed;
    const char  *model, *provider;

    (void) state;

    if (records == NULL || vocabs[0] == NULL || vocabs[1] == NULL) {
        print_message("# no recordings or no vocabularies\n");
        skip();
    }

    memset(right, 0, sizeof(right));
    memset(all, 0, sizeof(all));
    memset(low, 0, sizeof(low));
    sure = 0;
    wrong = 0;
    others = 0;
    missed = 0;
    seen = json_object();

    json_array_foreach(records, i, r) {
        provider = text(r, "provider");
        own = strcmp(provider, "openai") == 0
              || strcmp(provider, "azure") == 0;
        model = text(r, "model_reported");
        want = number(json_object_get(r, "usage"), "prompt_tokens");

        /* a recorder that sorts members shows another prompt than was sent */

        if (strcmp(text(r, "api"), "openai.chat") != 0 || want < 0
            || strcmp(text(r, "request_fidelity"), "reserialized") == 0
            || (own && !starts(model, "gpt-") && !starts(model, "o1")
                && !starts(model, "o3") && !starts(model, "o4")))
        {
            continue;
        }

        q = json_loads(text(r, "request_body"), 0, NULL);

        if (!json_is_array(json_object_get(q, "messages"))) {
            json_decref(q);
            continue;
        }

        c = class_of(q, model);
        n = count_request(r, model, &exact);

        /* what goes through a gateway may be told otherwise */

        if (!own) {
            others += exact;
            missed += exact && n != want;
            json_decref(q);
            continue;
        }

        /* one prompt, one vote */

        json_object_del(q, "stream");
        json_object_del(q, "stream_options");
        json_object_set_new(q, "model", json_string(model));
        key = json_dumps(q, JSON_SORT_KEYS|JSON_COMPACT);

        if (c != CLASS_N && json_object_get(seen, key) == NULL) {
            json_object_set_new(seen, key, json_true());

            all[c]++;
            right[c] += (n == want);
            low[c] += (n < want);
            sure += exact;

            model_add(model, n, want);

            if (exact && n != want) {
                wrong++;

                if (getenv("TRAFFIC_VERBOSE")) {
                    print_message("# %s %s %s: %lld, reported %lld\n",
                                  text(r, "id"), model, classes[c].name,
                                  (long long) n, (long long) want);
                }
            }
        }

        free(key);
        json_decref(q);
    }

    json_decref(seen);

    below = 0;

    for (c = 0; c < CLASS_N; c++) {
        traffic_row("openai", "| %s | %u of %u | %u of %u | %u |",
                    classes[c].name, right[c], all[c], classes[c].right,
                    classes[c].all, low[c]);

        below += !traffic_more(all[c], 0)
                 || !traffic_within(all[c] - right[c],
                                    all[c] - classes[c].right * all[c]
                                             / classes[c].all);
    }

    traffic_row("openai", "| said to be exact | %u of %u | | |", sure - wrong,
                sure);

    traffic_row("openai", "| ... through gateways | %u of %u | | |",
                others - missed, others);

    for (i = 0; i < nmodels; i++) {
        traffic_row("openai-models", "| %s | %u of %u | %u |", models[i].name,
                    models[i].right, models[i].all, models[i].low);
    }

    assert_int_equal(below, 0);
    assert_true(traffic_within(wrong, sure / 100));
    assert_true(traffic_within(missed, 0));
}


/*
 * The same of Responses, as far as the request shows what the model reads: no
 * state on the server, no tools of the provider's, no files.
 */

static const char * const  item_classes[] = {
    "plain text", "plain text, reasoning models", "with a JSON schema",
    "tools, first turn", "tools, with a history of calls"
};

/* prompts of each class that are counted exactly, at least */

static const double  item_floors[] = { 0.98, 0.95, 1, 0.9, 0.75 };

#define ITEM_CLASSES  5


static int
item_class(json_t *q, const char *model)
{
    int       history;
    size_t    i, k;
    json_t   *item, *part;

    if (json_object_get(q, "previous_response_id")
        || json_object_get(q, "conversation") || json_object_get(q, "prompt"))
    {
        return -1;
    }

    json_array_foreach(json_object_get(q, "tools"), i, item) {
        if (strcmp(text(item, "type"), "function") != 0) {
            return -1;
        }
    }

    history = 0;

    json_array_foreach(json_object_get(q, "input"), i, item) {

        history |= starts(text(item, "type"), "function_call");

        if (*text(item, "type") && strcmp(text(item, "type"), "message") != 0
            && !starts(text(item, "type"), "function_call"))
        {
            return -1;
        }

        json_array_foreach(json_object_get(item, "content"), k, part) {
            if (starts(text(part, "type"), "input_file")
                || starts(text(part, "type"), "input_image"))
            {
                return -1;
            }
        }
    }

    item = json_object_get(json_object_get(q, "text"), "format");

    return history ? 4 : json_array_size(json_object_get(q, "tools")) ? 3
           : strcmp(text(item, "type"), "json_schema") == 0 ? 2
           : starts(model, "gpt-5") || starts(model, "o") ? 1 : 0;
}


static void
test_count_responses(void **state)
{
    int          c, exact;
    char        *key;
    size_t       i;
    json_t      *r, *q, *seen;
    int64_t      n, want;
    unsigned     right[ITEM_CLASSES], all[ITEM_CLASSES], low[ITEM_CLASSES];
    unsigned     sure, wrong, below;
    const char  *model;

    (void) state;

    if (records == NULL || vocabs[0] == NULL || vocabs[1] == NULL) {
        skip();
    }

    memset(right, 0, sizeof(right));
    memset(all, 0, sizeof(all));
    memset(low, 0, sizeof(low));
    sure = 0;
    wrong = 0;
    seen = json_object();

    json_array_foreach(records, i, r) {
        model = text(r, "model_reported");
        want = number(json_object_get(r, "usage"), "input_tokens");

        /* an answer that broke off says 0 */

        if (strcmp(text(r, "api"), "openai.responses") != 0 || want <= 0
            || strcmp(text(r, "request_fidelity"), "reserialized") == 0
            || strcmp(text(r, "provider"), "openai") != 0)
        {
            continue;
        }

        q = json_loads(text(r, "request_body"), 0, NULL);
        c = json_is_object(q) ? item_class(q, model) : -1;

        if (c >= 0) {
            n = count_request(r, model, &exact);

            json_object_del(q, "stream");
            json_object_set_new(q, "model", json_string(model));
            key = json_dumps(q, JSON_SORT_KEYS|JSON_COMPACT);

            if (json_object_get(seen, key) == NULL) {
                json_object_set_new(seen, key, json_true());

                all[c]++;
                right[c] += (n == want);
                sure += exact;
                wrong += exact && n != want;
                low[c] += n < want;

                if (n != want && getenv("TRAFFIC_VERBOSE")) {
                    print_message("# %s %s %s: %lld, reported %lld\n",
                                  text(r, "id"), model, item_classes[c],
                                  (long long) n, (long long) want);
                }
            }

            free(key);
        }

        json_decref(q);
    }

    json_decref(seen);

    below = 0;

    for (c = 0; c < ITEM_CLASSES; c++) {
        traffic_row("responses", "| %s | %u of %u | %u |", item_classes[c],
                    right[c], all[c], low[c]);
        below += !traffic_within(all[c] - right[c],
                                 all[c] - floor(item_floors[c] * all[c]));
    }

    traffic_row("responses", "| said to be exact | %u of %u | |",
                sure - wrong, sure);

    assert_int_equal(below, 0);
    assert_true(traffic_within(wrong, sure * 3 / 100));
}


/* embeddings: what was counted is what was billed */

static void
test_embeddings(void **state)
{
    int          exact;
    size_t       i;
    json_t      *r;
    int64_t      want;
    unsigned     n, right;

    (void) state;

    if (records == NULL || vocabs[0] == NULL) {
        skip();
    }

    n = 0;
    right = 0;

    json_array_foreach(records, i, r) {
        want = number(json_object_get(r, "usage"), "prompt_tokens");

        if (strcmp(text(r, "api"), "openai.embeddings") != 0 || want < 0
            || strcmp(text(r, "provider"), "openai") != 0
            || *text(r, "request_body") == '\0')
        {
            continue;
        }

        n++;
        right += (count_request(r, "text-embedding-3-small", &exact) == want);
    }

    traffic_row("output", "| input of embeddings | %u of %u | | |", right, n);

    assert_true(traffic_more(n, 20));
    assert_true(traffic_within(n - right, 0));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_count_responses),
        cmocka_unit_test(test_embeddings)
    };

    return cmocka_run_group_tests(tests, load, unload);
}
