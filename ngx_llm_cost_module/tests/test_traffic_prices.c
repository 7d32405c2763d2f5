
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * A second opinion on cost: usage objects of recorded answers with the price
 * that another library gives for each provider they could come from.  Its
 * price list is not ours, so a difference is no error as such; one that no
 * rule below explains is.
 */

#include "price_fixture.h"
#include "llm_json.h"

#include <jansson.h>


#define TEST_MODELS          64
#define TEST_MIN_EQUAL       90          /* percent */


/* why our cost may differ */

typedef enum {
    TEST_RATE = 0,
    TEST_STEP,
    TEST_MEDIA,
    TEST_AUDIO,
    TEST_UNEXPLAINED,
    TEST_RULES
} test_rule_e;

static const char *test_rules[] = {
    "the lists give the model different rates",
    "the other list has a step above 200k tokens",
    "cached audio and video have rates of their own, which a row has not",
    "the other list has no rate for audio",
    "UNEXPLAINED"
};


/* models that the lists price differently, known from plain usage */

typedef struct {
    const llm_price_t  *price;
    unsigned            n;
    int64_t             pico[2];
    int64_t             tokens[2];
} test_model_t;


static struct {
    prices_t       prices;
    unsigned       pass;
    unsigned       objects;
    unsigned       listed;       /* prices with a row of ours */
    unsigned       equal;
    unsigned       absent;
    unsigned       rules[TEST_RULES];
    test_model_t   models[TEST_MODELS];
    unsigned       nmodels;
} test;


/* who the other library means, in our map's words */

static const struct {
    const char  *id;
    const char  *flavour;        /* NULL: any */
    const char  *provider;
} test_providers[] = {
    { "openai", NULL, "openai" },
    { "anthropic", NULL, "anthropic" },
    { "azure", "chat", "azure" },
    { "azure", "anthropic", "azure_ai" },
    { "azure", "embeddings", "azure" },
    { "google", "default", "gemini" },
    { "google", "anthropic", "vertex_ai" },
    { "aws", "anthropic", "bedrock" },
    { "ovhcloud", NULL, "ovhcloud" },
    { "groq", NULL, "groq" },
    { "mistral", NULL, "mistral" },
    { "openrouter", NULL, "openrouter" },
    { "deepseek", NULL, "deepseek" },
    { "cerebras", NULL, "cerebras" },
    { "zhipuai", NULL, "zai" },
    { NULL, NULL, NULL }
};


static const char *
test_provider(const char *id, const char *flavour)
{
    unsigned  i;

    for (i = 0; test_providers[i].id; i++) {
        if (strcmp(test_providers[i].id, id) == 0
            && (test_providers[i].flavour == NULL
                || strcmp(test_providers[i].flavour, flavour) == 0))
        {
            return test_providers[i].provider;
        }
    }

    return NULL;
}


static int64_t
test_tokens(json_t *usage, const char *key)
{
    json_t  *v;

    v = json_object_get(usage, key);

    return v ? json_integer_value(v) : -1;
}


static int64_t
test_pico(json_t *prices, const char *key)
{
    int64_t      v;
    const char  *s;

    s = json_string_value(json_object_get(prices, key));
    assert_non_null(s);
    assert_int_equal(llm_parse_scaled((unsigned char *) s, strlen(s), 12, &v),
                     LLM_OK);

    return v;
}


static int64_t
test_cost(const llm_price_t *p, const llm_usage_t *u)
{
    return prices_cost(p, LLM_TIER_DEFAULT, u);
}


static test_model_t *
test_model(const llm_price_t *p, int add)
{
    unsigned  i;

    for (i = 0; i < test.nmodels; i++) {
        if (test.models[i].price == p) {
            return &test.models[i];
        }
    }

    if (!add) {
        return NULL;
    }

    assert_true(test.nmodels < TEST_MODELS);

    test.models[i].price = p;
    test.nmodels++;

    return &test.models[i];
}


/*
 * First pass, one side of a request: one rate for all of its tokens, and the
 * other list has another one.
 */

static void
test_learn(const llm_price_t *p, const llm_usage_t *u, json_t *theirs)
{
    int64_t        pico[2];
    unsigned       i;
    llm_usage_t    side[2], plain;
    test_model_t  *m;

    pico[0] = test_pico(theirs, "input_price");
    pico[1] = test_pico(theirs, "output_price");

    side[0] = *u;
    side[0].output = 0;
    side[1] = *u;
    side[1].input = 0;

    for (i = 0; i < 2; i++) {
        plain = (llm_usage_t) LLM_USAGE_INIT;
        plain.input = side[i].input;
        plain.output = side[i].output;

        if (u->input > 200000
            || test_cost(p, &plain) != test_cost(p, &side[i])
            || test_cost(p, &plain) == (pico[i] + 999) / 1000)
        {
            continue;
        }

        m = test_model(p, 1);
        m->pico[i] = pico[i];
        m->tokens[i] = plain.input + plain.output;
    }
}


static test_rule_e
test_explain(const llm_price_t *p, json_t *usage, const llm_usage_t *u,
    int64_t nano)
{
    llm_usage_t  other;

    if (test_tokens(usage, "cache_audio_read_tokens") > 0
        || test_tokens(usage, "cache_video_read_tokens") > 0)
    {
        return TEST_MEDIA;
    }

    if (u->audio_input > 0) {
        other = *u;
        other.audio_input = -1;

        if (test_cost(p, &other) == nano) {
            return TEST_AUDIO;
        }
    }

    if (u->input > 200000 && p->nsteps == 0) {
        return TEST_STEP;
    }

    return test_model(p, 0) ? TEST_RATE : TEST_UNEXPLAINED;
}


static void
test_compare(const llm_price_t *p, json_t *usage, const llm_usage_t *u,
    json_t *theirs)
{
    int64_t      nano, pico;
    test_rule_e  rule;

    /* searches are in the total alone */

    pico = json_object_get(theirs, "total_price")
           ? test_pico(theirs, "total_price")
           : test_pico(theirs, "input_price")
             + test_pico(theirs, "output_price");

    nano = (pico + 999) / 1000;

    test.listed++;

    if (test_cost(p, u) == nano) {
        test.equal++;
        return;
    }

    rule = test_explain(p, usage, u, nano);

    test.rules[rule]++;

    if (rule == TEST_RATE) {
        test_model(p, 0)->n++;
        return;
    }

    print_message("%s: %s: %lld, listed %lld nano-usd\n", test_rules[rule],
                  p->model.data, (long long) test_cost(p, u),
                  (long long) nano);
}


static void
test_extractor(const char *model, json_t *usage, json_t *theirs)
{
    llm_str_t           name, provider;
    const char         *id;
    llm_usage_t         u = LLM_USAGE_INIT;
    const llm_price_t  *p;

    if (json_object_get(theirs, "input_price") == NULL || model == NULL) {
        return;
    }

    id = test_provider(
             json_string_value(json_object_get(theirs, "provider_id")),
             json_string_value(json_object_get(theirs, "api_flavor")));
    if (id == NULL) {
        return;
    }

    name.data = (unsigned char *) model;
    name.len = strlen(model);
    provider.data = (unsigned char *) id;
    provider.len = strlen(id);

    p = llm_prices_find(test.prices.table, &name, &provider);

    /* "vertex_ai-anthropic_models" is of "vertex_ai" */

    if (p == NULL || p->provider.len < provider.len
        || memcmp(p->provider.data, id, provider.len) != 0)
    {
        test.absent += test.pass;
        return;
    }

    u.input = test_tokens(usage, "input_tokens");
    u.output = test_tokens(usage, "output_tokens");
    u.cached_input = test_tokens(usage, "cache_read_tokens");
    u.cache_write = test_tokens(usage, "cache_write_tokens");
    u.audio_input = test_tokens(usage, "input_audio_tokens");
    u.image_input = test_tokens(usage, "input_image_tokens");
    u.video_input = test_tokens(usage, "input_video_tokens");
    u.cached_audio = test_tokens(usage, "cache_audio_read_tokens");
    u.cached_image = test_tokens(usage, "cache_image_read_tokens");
    u.cached_video = test_tokens(usage, "cache_video_read_tokens");
    u.searches = test_tokens(usage, "web_searches");
    u.reasoning = test_tokens(usage, "output_reasoning_tokens");
    u.image_output = test_tokens(usage, "output_image_tokens");

    if (u.output == -1) {
        u.output = 0;
    }

    if (test.pass == 0) {
        test_learn(p, &u, theirs);

    } else {
        test_compare(p, usage, &u, theirs);
    }
}


static void
test_object(const char *line, size_t len)
{
    size_t        i, k;
    json_t       *root, *e, *x;
    const char   *model;

    root = json_loadb(line, len, 0, NULL);
    assert_non_null(root);

    test.objects += test.pass;
    model = json_string_value(json_object_get(root, "model"));

    json_array_foreach(json_object_get(root, "extracted"), i, e) {
        json_array_foreach(json_object_get(e, "extractors"), k, x) {
            test_extractor(model, json_object_get(e, "usage"), x);
        }
    }

    json_decref(root);
}


static void
test_lines(const char *text, size_t len)
{
    const char  *p, *end;

    for (p = text; p < text + len; p = end + 1) {

        end = memchr(p, '\n', text + len - p);
        if (end == NULL) {
            end = text + len;
        }

        if (end > p) {
            test_object(p, end - p);
        }
    }
}


static void
test_report(void)
{
    unsigned             i;
    const test_model_t  *m;

    print_message("%u usage objects; %u prices of models in our map, %u equal "
                  "(%u%%); %u of other models\n", test.objects, test.listed,
                  test.equal, test.equal * 100 / test.listed, test.absent);

    for (i = 0; i < TEST_RULES; i++) {
        print_message("%5u  %s\n", test.rules[i], test_rules[i]);
    }

    for (i = 0; i < test.nmodels; i++) {
        m = &test.models[i];

        print_message("%5u  %s: listed %lld pico-usd for %lld input, %lld for "
                      "%lld output tokens\n", m->n, m->price->model.data,
                      (long long) m->pico[0], (long long) m->tokens[0],
                      (long long) m->pico[1], (long long) m->tokens[1]);
    }
}


static void
test_prices(void **state)
{
    char        *text, path[4096];
    size_t       len;
    const char  *dir;

    (void) state;

    dir = getenv("TRAFFIC_DIR");

    snprintf(path, sizeof(path), "%s/prices_open.jsonl",
             dir ? dir : "../shared/traffic");

    text = prices_read(path, &len);
    if (text == NULL) {
        print_message("no %s\n", path);
        skip();
    }

    prices_init(&test.prices);
    prices_load_shipped(&test.prices);

    for (test.pass = 0; test.pass < 2; test.pass++) {
        test_lines(text, len);
    }

    test_report();

    assert_int_equal(test.rules[TEST_UNEXPLAINED], 0);
    assert_true(test.equal * 100 >= test.listed * TEST_MIN_EQUAL);

    prices_free(&test.prices);
    free(text);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_prices)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
