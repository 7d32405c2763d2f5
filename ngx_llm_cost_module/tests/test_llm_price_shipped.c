
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/* The map that ships: that it is whole, and says what vendors take beside their
   tokens. */

#include "price_fixture.h"
#include "price_maps.h"

#include <jansson.h>


#define TEST_PROVIDERS       15          /* at least, in the shipped map */
#define TEST_MODELS          150


/* the map that ships */

static void
test_shipped(void **state)
{
    unsigned            i;
    prices_t            t;
    const llm_price_t  *p;
    static const char  *models[] = {
        "gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano",
        "gpt-4.5-preview", "gpt-5", "gpt-5-mini", "gpt-5-nano", "o1",
        "o1-mini", "o3", "o3-mini", "o4-mini", "gpt-3.5-turbo",
        "gpt-3.5-turbo-0125", "gpt-4", "gpt-4-32k", "gpt-4-turbo",
        "text-embedding-3-small", "text-embedding-3-large",
        "text-embedding-ada-002", "claude-3-haiku-20240307",
        "claude-3-5-sonnet-20241022", "claude-3-7-sonnet-20250219",
        "claude-sonnet-4-5", "claude-sonnet-4-0", "claude-opus-4-5",
        "gemini-1.5-pro", "gemini-2.0-flash", "gemini-2.5-pro",
        "gemini-2.5-flash", "deepseek-chat", "deepseek-reasoner",
        "mistral-large-latest", "mistral-small-latest",
        "groq/llama-3.3-70b-versatile",
        "together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo",
        "dashscope/qwen-plus", "grok-3", "command-r-plus", NULL
    };

    (void) state;

    prices_init(&t);
    prices_load_shipped(&t);

    for (i = 0; models[i]; i++) {
        p = prices_find(&t, models[i]);

        if (p == NULL || llm_price_rate(p, 0, LLM_RATE_INPUT) <= 0
            || llm_price_rate(p, 0, LLM_RATE_OUTPUT) < 0)
        {
            fail_msg("%s has no price", models[i]);
        }
    }

    prices_free(&t);
}


/* every row of it says where it is from, and costs something */

static void
test_shipped_rows(void **state)
{
    char                *text;
    json_t              *map, *row, *providers;
    size_t               len;
    prices_t             t;
    const char          *name, *provider;
    const llm_price_t   *p;

    (void) state;

    prices_init(&t);
    prices_load_shipped(&t);

    text = prices_read("prices/prices.json", &len);
    map = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(map);
    free(text);

    providers = json_object();

    json_object_foreach(map, name, row) {
        assert_non_null(json_string_value(json_object_get(row, "source")));
        assert_int_equal(json_string_length(json_object_get(row, "date")), 10);

        provider = json_string_value(json_object_get(row, "litellm_provider"));
        assert_non_null(provider);
        json_object_set_new(providers, provider, json_true());

        p = prices_find(&t, name);
        assert_non_null(p);
        assert_string_equal((char *) p->model.data, name);

        if (prices_worst(p, D, 1000000, 0) == 0 && !llm_price_by_unit(p)
            && strstr(name, "moderation") == NULL)
        {
            fail_msg("%s is free", name);
        }
    }

    assert_true(json_object_size(map) >= TEST_MODELS);
    assert_true(json_object_size(providers) >= TEST_PROVIDERS);

    json_decref(providers);
    json_decref(map);
    prices_free(&t);
}


/* what lists of prices leave out, and tools/update-prices fills in */

static void
test_shipped_beside(void **state)
{
    size_t              i;
    prices_t            t;
    const llm_price_t  *p;

    static const struct {
        const char  *model;
        const char  *provider;
        llm_rate_e   rate;
        int64_t      pico;
    } rows[] = {

        /* tools, whoever's the model is */

        { "openai/gpt-5.5", "perplexity", LLM_RATE_SEARCH_MEDIUM, CENT / 4 },
        { "openai/gpt-5.5", "perplexity", LLM_RATE_WEB_FETCH, CENT / 20 },
        { "openai/gpt-5.5", "perplexity", LLM_RATE_TOOL_CALL, CENT / 2 },
        { "openai/gpt-5.5", "perplexity", LLM_RATE_CODE_SESSION, 3 * CENT },
        { "gpt-chat-latest", "azure", LLM_RATE_SEARCH_HIGH, 14 * CENT / 10 },
        { "chat-latest", "openai", LLM_RATE_SEARCH_LOW, CENT },
        { "gpt-4o", "openai", LLM_RATE_SEARCH_LOW, 25 * CENT / 10 },
        { "claude-sonnet-4-5", "azure_ai", LLM_RATE_SEARCH_MEDIUM, CENT },
        { "gemini-3-pro-image", "vertex_ai", LLM_RATE_SEARCH_MEDIUM,
          14 * CENT / 10 },
        { "gemini-2.0-flash", "gemini", LLM_RATE_SEARCH_MEDIUM,
          35 * CENT / 10 },
        { "gemini-2.0-flash", "gemini", LLM_RATE_MAPS_QUERY, 25 * CENT / 10 },
        { "grok-4.6", "xai", LLM_RATE_SEARCH_MEDIUM, CENT / 2 },
        { "grok-4.6", "xai", LLM_RATE_TOOL_CALL, CENT },
        { "veo-2.0-generate-001", "vertex_ai", LLM_RATE_VIDEO_OUTPUT_SECOND,
          50 * CENT },
        { "veo-2.0-generate-001", "gemini", LLM_RATE_VIDEO_OUTPUT_SECOND,
          35 * CENT },
        { "kimi-k3", "moonshot", LLM_RATE_SEARCH_MEDIUM, CENT / 2 },
        { "glm-5.3", "zai", LLM_RATE_SEARCH_MEDIUM, CENT },
        { "(tools)", "openrouter", LLM_RATE_SEARCH_HIGH, 7 * CENT / 10 },
        { "(tools)", "openrouter", LLM_RATE_WEB_FETCH, CENT / 10 },
        { "(tools)", "vercel_ai_gateway", LLM_RATE_SEARCH_LOW,
          7 * CENT / 10 },

        /* writes to Claude's cache */

        { "claude-opus-4-1", "anthropic", LLM_RATE_CACHE_WRITE_1H, 30 * M },
        { "anthropic/claude-sonnet-4", "openrouter", LLM_RATE_CACHE_WRITE,
          15 * M / 4 },
        { "anthropic/claude-haiku-4.5", "vercel_ai_gateway",
          LLM_RATE_CACHE_WRITE_1H, 2 * M },

        /* newer than the lists */

        { "claude-fable-5-2", "anthropic", LLM_RATE_INPUT, 8 * M },
        { "claude-fable-5-2", "anthropic", LLM_RATE_OUTPUT, 40 * M },
        { "claude-fable-5-2", "vertex_ai", LLM_RATE_CACHED_INPUT, M / 5 },
        { "us.anthropic.claude-fable-5-2", "bedrock", LLM_RATE_OUTPUT,
          44 * M },
        { "gpt-6.2-astra", "openai", LLM_RATE_INPUT, 8 * M },
        { "gpt-6.2-astra", "openai", LLM_RATE_CACHED_INPUT, 4 * M / 10 },
        { "gpt-6.2-astra", "openai", LLM_RATE_CACHE_WRITE, 10 * M },
        { "gpt-6.2-sol", "openai", LLM_RATE_OUTPUT, 10 * M },
        { "gpt-6.2-sol", "openai", LLM_RATE_CACHED_INPUT, M / 10 },
        { "gemini-4-carbon", "gemini", LLM_RATE_OUTPUT, 10 * M },
        { "gemini-4-neon", "gemini", LLM_RATE_INPUT, 3 * M },
        { "gemini-4-neon", "gemini", LLM_RATE_CACHED_INPUT, 15 * M / 100 },

        /* dearer than when the lists had them */

        { "mistralai/mixtral-8x22b-instruct", "openrouter", LLM_RATE_OUTPUT,
          6 * M },
        { "deepseek/deepseek-chat-v3.1", "openrouter", LLM_RATE_INPUT,
          27 * M / 100 },
        { "deepseek/deepseek-chat-v3.1", "openrouter", LLM_RATE_CACHED_INPUT,
          -1 },
        { "mistral-large-latest", "mistral", LLM_RATE_OUTPUT, 21 * M / 10 },
        { "deepseek/deepseek-r1", "vercel_ai_gateway", LLM_RATE_OUTPUT,
          54 * M / 10 },
        { "google/gemini-3.8-flash", "openrouter", LLM_RATE_INPUT,
          825 * M / 1000 },
        { "google/gemini-3.8-flash", "openrouter", LLM_RATE_CACHED_INPUT,
          825 * M / 10000 },
        { "deepseek-v4-pro", "azure", LLM_RATE_INPUT, 1925 * M / 1000 },

        /* in one region, and all over the world */

        { "anthropic.claude-opus-4-8", "bedrock", LLM_RATE_INPUT,
          55 * M / 10 },
        { "global.anthropic.claude-opus-4-8", "bedrock", LLM_RATE_INPUT,
          5 * M },
        { "anthropic.claude-opus-4-8", "bedrock", LLM_RATE_CACHE_WRITE,
          6875 * M / 1000 },
        { "openai.gpt-6-luna", "bedrock", LLM_RATE_OUTPUT, 55 * M / 100 }
    };

    (void) state;

    prices_init(&t);
    prices_load_shipped(&t);

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        p = prices_find_of(&t, rows[i].model, rows[i].provider);
        assert_non_null(p);

        if (llm_price_rate(p, D, rows[i].rate) != rows[i].pico) {
            fail_msg("%s of %s: %lld", rows[i].model, rows[i].provider,
                     (long long) llm_price_rate(p, D, rows[i].rate));
        }
    }

    prices_free(&t);
}


/* regions and speed that cost more */

static void
test_shipped_factors(void **state)
{
    size_t              i;
    prices_t            t;
    const llm_price_t  *p;

    static const struct {
        const char    *model;
        const char    *provider;
        llm_factor_e   factor;
        int32_t        v;
    } rows[] = {
        { "grok-4.6", "xai", LLM_FACTOR_REGION, 11000 },
        { "mistral-large-latest", "mistral", LLM_FACTOR_REGION, 11000 },
        { "meta-llama/Llama-3.3-70B-Instruct-Turbo", "together_ai",
          LLM_FACTOR_REGION, 12500 },
        { "claude-opus-5-5", "vertex_ai", LLM_FACTOR_FAST, 20000 },
        { "claude-opus-5-5", "vertex_ai", LLM_FACTOR_REGION, 11000 },
        { "claude-fable-5-2", "anthropic", LLM_FACTOR_FAST, 20000 },
        { "claude-fable-5-2", "anthropic", LLM_FACTOR_GEO_US, 11000 },
        { "gpt-6-sol", "openai", LLM_FACTOR_HOST_EU, 11000 },
        { "gemini-4-argon", "gemini", LLM_FACTOR_LATER, 20000 },
        { "gemini-4-argon", "vertex_ai", LLM_FACTOR_LATER, 20000 },
        { "gemini-3.8-flash", "gemini", LLM_FACTOR_LATER, 20000 },
        { "gemini-3.6-flash", "vertex_ai", LLM_FACTOR_LATER, 20000 },
        { "gemini-3.8-flash-tts", "gemini", LLM_FACTOR_LATER, 20000 },
        { "google/gemini-4-argon", "perplexity", LLM_FACTOR_LATER, 20000 },
        { "gemini-4-carbon", "gemini", LLM_FACTOR_LATER, 20000 },
        { "gemini-4-neon", "gemini", LLM_FACTOR_LATER, 0 },
        { "databricks-gemini-4-argon", "databricks", LLM_FACTOR_LATER,
          20000 },
        { "databricks-gemini-3-8-flash", "databricks", LLM_FACTOR_LATER,
          20000 },
        { "databricks-gemini-3-5-flash", "databricks", LLM_FACTOR_LATER, 0 },
        { "gpt-image-2", "openai", LLM_FACTOR_HOST_US, 11000 },
        { "gpt-image-2.6-sunburst", "openai", LLM_FACTOR_HOST_EU, 11000 },
        { "gpt-image-1.5", "openai", LLM_FACTOR_HOST_EU, 0 },
        { "gpt-realtime-2", "openai", LLM_FACTOR_HOST_EU, 11000 },
        { "google/gemini-3.6-flash", "perplexity", LLM_FACTOR_LATER, 0 }
    };

    (void) state;

    prices_init(&t);
    prices_load_shipped(&t);

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        p = prices_find_of(&t, rows[i].model, rows[i].provider);
        assert_non_null(p);

        if (p->factors[rows[i].factor] != rows[i].v) {
            fail_msg("%s of %s: %d", rows[i].model, rows[i].provider,
                     (int) p->factors[rows[i].factor]);
        }
    }

    prices_free(&t);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_shipped),
        cmocka_unit_test(test_shipped_rows),
        cmocka_unit_test(test_shipped_beside),
        cmocka_unit_test(test_shipped_factors)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
