
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * How far the estimate of a request's input is from what Anthropic counted, by
 * class: distinct prompts of the recordings.
 */

#include "traffic.h"


extern const llm_provider_t  llm_anthropic;


#define VOCABS  8

static struct {
    const char   *name;
    llm_vocab_t  *vocab;
} vocabs[VOCABS];

static llm_scratch_t  *scratch;


static int
load(void **state)
{
    void  *mem;

    static const char * const  apis[] = { "anthropic.messages", NULL };

    (void) state;

    traffic_load(apis);

    if (posix_memalign(&mem, 64, llm_scratch_size()) == 0) {
        scratch = llm_scratch_init(mem, llm_scratch_size());
    }

    return 0;
}


static int
unload(void **state)
{
    size_t  i;

    (void) state;

    json_decref(records);
    free(scratch);

    for (i = 0; i < VOCABS && vocabs[i].name; i++) {
        llm_vocab_close(vocabs[i].vocab);
    }

    return 0;
}


static llm_counter_t *
counter_of(llm_counter_t *c, const char *model)
{
    int          i, estimate;
    char         path[512], err[256];
    const char  *name, *dir;

    memset(c, 0, sizeof(llm_counter_t));

    name = llm_model_vocab(model, strlen(model), &estimate);
    dir = getenv("LLM_VOCAB_DIR");

    for (i = 0; vocabs[i].name && strcmp(vocabs[i].name, name); i++) {
        assert_true(i < VOCABS - 1);
    }

    if (vocabs[i].name == NULL) {
        vocabs[i].name = name;
        snprintf(path, sizeof(path), "%s/%s.llmv", dir ? dir : "build/vocab",
                 name);
        llm_vocab_open(&vocabs[i].vocab, path, err, sizeof(err));
    }

    c->vocab = vocabs[i].vocab;
    c->scratch = scratch;
    c->count = llm_counter_plain;
    c->estimate = estimate;

    return c->vocab ? c : NULL;
}


typedef enum {
    CLASS_PLAIN = 0,
    CLASS_TOOLS,
    CLASS_CALLS,
    CLASS_MEDIA,
    CLASS_SERVER,
    CLASS_N
} class_e;

static const char * const  classes[CLASS_N] = {
    "plain", "tools, first turn", "tools, call history",
    "images and documents", "server tools"
};

/* at most this median error, and share of counts that are too small, percent */

static const double  medians[CLASS_N] = { 5, 3, 3, 40, 20 };
static const double  lows[CLASS_N] = { 18, 21, 32, 20, 10 };

#define PROMPTS  1024

static double    errors[CLASS_N][PROMPTS];
static unsigned  all[CLASS_N], low[CLASS_N], above[CLASS_N];


static class_e
class_of(json_t *q)
{
    int          calls;
    size_t       i, k;
    json_t      *m, *p, *t;
    const char  *type;

    json_array_foreach(json_object_get(q, "tools"), i, t) {
        type = text(t, "type");

        if (*type && strcmp(type, "custom") != 0) {
            return CLASS_SERVER;
        }
    }

    calls = 0;

    json_array_foreach(json_object_get(q, "messages"), i, m) {
        json_array_foreach(json_object_get(m, "content"), k, p) {
            type = text(p, "type");

            if (strcmp(type, "image") == 0 || strcmp(type, "document") == 0
                || strcmp(type, "container_upload") == 0)
            {
                return CLASS_MEDIA;
            }

            calls |= strcmp(type, "tool_use") == 0;
        }
    }

    return calls ? CLASS_CALLS
           : json_array_size(json_object_get(q, "tools")) ? CLASS_TOOLS
                                                          : CLASS_PLAIN;
}


static int64_t
count_request(json_t *r, const char *model)
{
    int64_t        n;
    const char    *body;
    llm_arena_t    a;
    llm_counter_t  c;
    llm_request_t  q;

    llm_arena_init(&a);
    memset(&q, 0, sizeof(q));

    q.kind = LLM_KIND_CHAT;
    q.mem = &a.mem;
    q.json.mem = &a.mem;
    body = text(r, "request_body");

    assert_int_equal(llm_json_parse(&q.json, (unsigned char *) body,
                                    strlen(body)), LLM_OK);

    q.model.data = (unsigned char *) model;
    q.model.len = strlen(model);

    assert_int_equal(llm_anthropic.parse(&q), LLM_OK);
    assert_int_equal(llm_anthropic.count(&q, counter_of(&c, model)), LLM_OK);
    assert_true(q.estimate);

    n = q.input_tokens;
    llm_arena_free(&a);

    return n;
}


static int
by_value(const void *a, const void *b)
{
    double  x, y;

    x = *(const double *) a;
    y = *(const double *) b;

    return (x > y) - (x < y);
}


static void
test_count(void **state)
{
    char           *key;
    size_t          i;
    double          e;
    json_t         *r, *q, *u, *seen;
    int64_t         n, want;
    class_e         c;
    unsigned        failed;
    const char     *model;
    llm_counter_t   counter;

    (void) state;

    if (records == NULL || counter_of(&counter, "claude-sonnet-4-5") == NULL) {
        skip();
    }

    seen = json_object();

    json_array_foreach(records, i, r) {
        model = text(r, "model_reported");
        u = json_object_get(r, "usage");
        want = number(u, "input_tokens");

        if (want < 0 || !*model
            || strcmp(text(r, "request_fidelity"), "reserialized") == 0)
        {
            continue;
        }

        want += either(number(u, "cache_read_input_tokens"), 0)
                + either(number(u, "cache_creation_input_tokens"), 0);

        q = json_loads(text(r, "request_body"), 0, NULL);

        if (!json_is_array(json_object_get(q, "messages"))) {
            json_decref(q);
            continue;
        }

        c = class_of(q);
        n = count_request(r, model);

        json_object_del(q, "stream");
        json_object_set_new(q, "model", json_string(model));
        key = json_dumps(q, JSON_SORT_KEYS|JSON_COMPACT);

        if (json_object_get(seen, key) == NULL && all[c] < PROMPTS) {
            json_object_set_new(seen, key, json_true());

            e = (double) (n - want) / (double) want;
            errors[c][all[c]++] = fabs(e);
            low[c] += (n < want);
            above[c] += (100 * fabs(e) > medians[c]);

            if (getenv("TRAFFIC_VERBOSE")) {
                print_message("# %s %s %s: %lld, reported %lld, %+.0f %%\n",
                              text(r, "id"), model, classes[c],
                              (long long) n, (long long) want, 100 * e);
            }
        }

        free(key);
        json_decref(q);
    }

    json_decref(seen);

    failed = 0;

    for (c = 0; c < CLASS_N; c++) {
        qsort(errors[c], all[c], sizeof(double), by_value);

        traffic_row("anthropic", "| %s | %u | %.1f %% | %.1f %% | %u |",
                    classes[c], all[c], 100 * errors[c][all[c] / 2],
                    100 * errors[c][all[c] * 9 / 10], low[c]);

        failed += !traffic_within(above[c], traffic_above(all[c], 5))
                  || !traffic_within(low[c], lows[c] * all[c] / 100);
    }

    assert_int_equal(failed, 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_count)
    };

    return cmocka_run_group_tests(tests, load, unload);
}
