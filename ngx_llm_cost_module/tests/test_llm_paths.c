
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/* whose path a path is, and what it is there: as "auto" finds it */

#include "dialect_fixture.h"


static const llm_str_t *
version_header(void *ctx, const char *name)
{
    static const llm_str_t  version = llm_string("2023-06-01");

    (void) ctx;

    return strcmp(name, "anthropic-version") == 0 ? &version : NULL;
}


static void
test_paths(void **state)
{
    size_t       i, k;
    llm_path_e   what;
    llm_route_t  r;

    static const struct {
        const char  *method;
        const char  *path;
        const char  *dialect;
        llm_path_e   what;
        int          version;
    } rows[] = {
        { "GET", "/v1/conversations/conv_1", "openai", LLM_PATH_FREE, 0 },
        { "DELETE", "/v1/conversations/conv_1", "openai", LLM_PATH_FREE, 0 },
        { "POST", "/v1/conversations/conv_1/items", "openai", LLM_PATH_FREE,
          0 },
        { "GET", "/v1/containers/c/files", "openai", LLM_PATH_FREE, 0 },
        { "POST", "/v1/containers", "openai", LLM_PATH_UNSUPPORTED, 0 },
        { "POST", "/v1/containers/c/files", "openai", LLM_PATH_FREE, 0 },
        { "POST", "/v1/vector_stores/vs_1/files", "openai",
          LLM_PATH_UNSUPPORTED, 0 },
        { "POST", "/v1/vector_stores/vs_1/search", "openai",
          LLM_PATH_UNSUPPORTED, 0 },
        { "GET", "/v1/vector_stores/vs_1/files/f", "openai", LLM_PATH_FREE,
          0 },
        { "POST", "/v1/uploads/u/parts", "openai", LLM_PATH_UNSUPPORTED, 0 },
        { "POST", "/v1/uploads/u/complete", "openai", LLM_PATH_UNSUPPORTED,
          0 },
        { "POST", "/v1/complete", "anthropic", LLM_PATH_METERED, 0 },
        { "POST", "/v1/files", "openai", LLM_PATH_METERED, 0 },
        { "POST", "/async/chat/completions", "openai", LLM_PATH_UNSUPPORTED,
          0 },
        { "GET", "/async/chat/completions/r", "openai", LLM_PATH_FREE, 0 },
        { "GET", "/v1/chat/deferred-completion/r", "openai", LLM_PATH_FREE,
          0 },
        { "POST", "/v1/prompts/p/completions", "openai", LLM_PATH_METERED,
          0 },
        { "POST", "/serving-endpoints/m/invocations", "openai",
          LLM_PATH_METERED, 0 },
        { "POST", "/serving-endpoints/chat/completions", "openai",
          LLM_PATH_METERED, 0 },
        { "POST", "/api/v2/cortex/inference:complete", "openai",
          LLM_PATH_METERED, 0 },
        { "POST", "/ml/v1/text/chat", "openai", LLM_PATH_METERED, 0 },
        { "POST", "/ml/v1/deployments/d/text/chat_stream", "openai",
          LLM_PATH_METERED, 0 },
        { "POST", "/ml/v1/text/tokenization", "openai", LLM_PATH_FREE, 0 },
        { "POST", "/ml/v1/text/generation", "watsonx", LLM_PATH_METERED, 0 },
        { "POST", "/ml/v1/text/embeddings", "watsonx", LLM_PATH_METERED, 0 },
        { "POST", "/ml/v1/text/rerank", "watsonx", LLM_PATH_METERED, 0 },
        { "POST", "/ml/v1/time_series/forecast", NULL, LLM_PATH_UNKNOWN, 0 },
        { "POST", "/v1/predictions", "replicate", LLM_PATH_METERED, 0 },
        { "POST", "/v1/models/a/b/predictions", "replicate",
          LLM_PATH_METERED, 0 },
        { "POST", "/v1/deployments/a/b/predictions", "replicate",
          LLM_PATH_METERED, 0 },
        { "GET", "/v1/predictions/p", "replicate", LLM_PATH_TOLD, 0 },
        { "POST", "/v1/trainings", "replicate", LLM_PATH_UNSUPPORTED, 0 },
        { "POST", "/publishers/mistralai/models/m@1:rawPredict", "openai",
          LLM_PATH_METERED, 0 },
        { "POST", "/publishers/x/models/m:rawPredict", NULL,
          LLM_PATH_UNKNOWN, 0 },
        { "POST", "/v1/conversations", "mistral", LLM_PATH_METERED, 0 },
        { "POST", "/v1/conversations/c", "mistral", LLM_PATH_METERED, 0 },
        { "POST", "/v1/chat/moderations", "mistral", LLM_PATH_METERED, 0 },
        { "POST", "/v1/moderations", "mistral", LLM_PATH_METERED, 0 },
        { "POST", "/client/v4/accounts/a/ai/run/@cf/meta/llama-3", "openai",
          LLM_PATH_METERED, 0 },
        { "POST", "/client/v4/accounts/a/ai/v1/chat/completions", "openai",
          LLM_PATH_METERED, 0 },
        { "POST", "/rerank", "cohere", LLM_PATH_METERED, 0 },
        { "POST", "/v1/multimodalembeddings", "cohere", LLM_PATH_METERED,
          0 },
        { "GET", "/api/v1/credits", "openai", LLM_PATH_FREE, 0 },
        { "POST", "/api/v1/credits", NULL, LLM_PATH_UNKNOWN, 0 },
        { "GET", "/v1/language-models", "openai", LLM_PATH_FREE, 0 },
        { "GET", "/v1beta/files/x", "gemini", LLM_PATH_FREE, 0 },
        { "GET", "/v1beta/models", "gemini", LLM_PATH_FREE, 0 },
        { "GET", "/v1/models", "openai", LLM_PATH_FREE, 0 },
        { "POST", "/v1beta/openai/chat/completions", "openai",
          LLM_PATH_METERED, 0 },
        { "POST", "/openai/v1/responses", "openai", LLM_PATH_METERED, 0 },
        { "POST", "/v1/skills", "anthropic", LLM_PATH_FREE, 1 },
        { "GET", "/v1/skills/s/versions", "anthropic", LLM_PATH_FREE, 1 },
        { "POST", "/v1/skills", NULL, LLM_PATH_UNKNOWN, 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {

        memset(&r, 0, sizeof(r));
        r.method = str(rows[i].method);
        r.path = str(rows[i].path);

        if (rows[i].version) {
            r.headers.get = version_header;
        }

        for (what = LLM_PATH_UNKNOWN, k = 0; llm_providers[k]; k++) {
            what = llm_providers[k]->path(&r);

            if (what != LLM_PATH_UNKNOWN) {
                break;
            }
        }

        if (what != rows[i].what
            || (rows[i].dialect
                && strcmp((char *) llm_providers[k]->name.data,
                          rows[i].dialect) != 0))
        {
            fail_msg("%s %s: %d", rows[i].method, rows[i].path, what);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_paths)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
