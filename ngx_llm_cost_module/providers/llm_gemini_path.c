
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_gemini.h"
#include "llm_path.h"

#include <string.h>


/*
 * Which paths are this dialect's, and what they say by themselves.
 */


/*
 * The model is what follows models/, tunedModels/ or endpoints/, up to the
 * colon.  Methods that cost money and are not read here are known, so that
 * none of them passes uncounted.
 */

static const llm_path_row_t  llm_gemini_paths[] = {

    { "POST", "/models/*:countTokens", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "POST", "/models/*:computeTokens", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "POST", "/endpoints/*:countTokens", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },

    { "POST", "/models/*:generateContent", LLM_PATH_METERED, LLM_KIND_CHAT,
      LLM_GEMINI_GENERATE },
    { "POST", "/models/*:streamGenerateContent", LLM_PATH_METERED,
      LLM_KIND_CHAT, LLM_GEMINI_STREAM },
    { "POST", "/tunedModels/*:generateContent", LLM_PATH_METERED,
      LLM_KIND_CHAT, LLM_GEMINI_GENERATE },
    { "POST", "/tunedModels/*:streamGenerateContent", LLM_PATH_METERED,
      LLM_KIND_CHAT, LLM_GEMINI_STREAM },
    { "POST", "/endpoints/*:generateContent", LLM_PATH_METERED, LLM_KIND_CHAT,
      LLM_GEMINI_GENERATE },
    { "POST", "/endpoints/*:streamGenerateContent", LLM_PATH_METERED,
      LLM_KIND_CHAT, LLM_GEMINI_STREAM },

    { "POST", "/models/*:embedContent", LLM_PATH_METERED,
      LLM_KIND_EMBEDDINGS, LLM_GEMINI_EMBED },
    { "POST", "/models/*:batchEmbedContents", LLM_PATH_METERED,
      LLM_KIND_EMBEDDINGS, LLM_GEMINI_EMBED_BATCH },

    /* by other dialects' requests to models of other makers */

    { "POST", "/models/*:rawPredict", LLM_PATH_UNKNOWN, LLM_KIND_OTHER, 0 },
    { "POST", "/models/*:streamRawPredict", LLM_PATH_UNKNOWN,
      LLM_KIND_OTHER, 0 },

    { "POST", "/operations/*:cancel", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "POST", "/batches/*:cancel", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },

    { "POST", "/models/*:predict", LLM_PATH_METERED, LLM_KIND_EMBEDDINGS,
      LLM_GEMINI_PREDICT },
    { "POST", "/models/*:batchGenerateContent", LLM_PATH_METERED,
      LLM_KIND_BATCH, LLM_GEMINI_BATCH },

    /* without the version it could be OpenAI's */

    { "GET", "/v1beta/batches/*", LLM_PATH_TOLD, LLM_KIND_BATCH,
      LLM_GEMINI_BATCH },
    { "POST", "/models/*:predictLongRunning", LLM_PATH_METERED,
      LLM_KIND_VIDEO, LLM_GEMINI_FILM },
    { "POST", "/models/*:fetchPredictOperation", LLM_PATH_FREE,
      LLM_KIND_OTHER, 0 },
    { "GET", "/models/*/operations/*", LLM_PATH_TOLD, LLM_KIND_VIDEO,
      LLM_GEMINI_FILM },
    { "POST", "/models/*:*", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER, 0 },
    { "POST", "/tunedModels/*:*", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER, 0 },
    { "POST PATCH", "/cachedContents/**", LLM_PATH_UNSUPPORTED,
      LLM_KIND_OTHER, 0 },
    { "POST", "/cachedContents", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER, 0 },
    { "POST", "/fileSearchStores/**", LLM_PATH_UNSUPPORTED,
      LLM_KIND_OTHER, 0 },
    { "POST", "/fileSearchStores", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER, 0 },
    { "POST", "/interactions", LLM_PATH_METERED, LLM_KIND_RESPONSES,
      LLM_GEMINI_INTERACT },
    { "POST", "/v1beta/decisions", LLM_PATH_METERED, LLM_KIND_RESPONSES,
      LLM_GEMINI_INTERACT },
    { "GET", "/interactions/*", LLM_PATH_TOLD, LLM_KIND_RESPONSES,
      LLM_GEMINI_INTERACT },
    { "POST", "/interactions/*/cancel", LLM_PATH_TOLD, LLM_KIND_RESPONSES,
      LLM_GEMINI_INTERACT },

    /* keeping files costs nothing */

    { "POST PUT", "/upload/v1beta/files", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },

    /* looking and deleting */

    { "GET", "/v1beta/models", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET", "/v1beta/files", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET DELETE", "/v1beta/files/**", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },

    { "GET DELETE", "/cachedContents", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET DELETE", "/cachedContents/**", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET DELETE", "/fileSearchStores", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET DELETE", "/fileSearchStores/**", LLM_PATH_FREE,
      LLM_KIND_OTHER, 0 },
    { "GET DELETE", "/tunedModels", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET DELETE", "/tunedModels/**", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET DELETE", "/operations/**", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET DELETE", "/interactions/**", LLM_PATH_FREE, LLM_KIND_OTHER, 0 }
};


/* predict is said to any model: of two kinds it is known what they answer */

static llm_path_e
llm_gemini_predicts(llm_route_t *route)
{
    size_t  i;

    for (i = 0; i < route->model.len; i++) {

        if (route->model.len - i >= 9
            && memcmp(route->model.data + i, "embedding", 9) == 0)
        {
            return LLM_PATH_METERED;
        }

        if (route->model.len - i >= 5
            && memcmp(route->model.data + i, "image", 5) == 0)
        {
            route->kind = LLM_KIND_IMAGES;
            return LLM_PATH_METERED;
        }
    }

    return LLM_PATH_UNSUPPORTED;
}


/* Veo; music and whatever else takes long is charged in ways of its own */

static llm_path_e
llm_gemini_films(llm_route_t *route, llm_path_e what)
{
    if (what == LLM_PATH_TOLD) {
        (void) llm_path_matches(&route->path, "/operations/*",
                                &route->object);
        return what;
    }

    return (route->model.len > 4 && memcmp(route->model.data, "veo-", 4) == 0)
           ? what : LLM_PATH_UNSUPPORTED;
}


llm_path_e
llm_gemini_path(llm_route_t *route)
{
    llm_str_t              star;
    const llm_path_row_t  *row;

    row = llm_path_find(llm_gemini_paths,
                        sizeof(llm_gemini_paths) / sizeof(llm_path_row_t),
                        route, &star);
    if (row == NULL) {
        return LLM_PATH_UNKNOWN;
    }

    if (row->what == LLM_PATH_METERED) {
        route->model = star;

    } else if (row->what == LLM_PATH_TOLD) {
        route->step = row->op == LLM_GEMINI_BATCH ? LLM_LONG_RESULTS
                                                  : LLM_LONG_STATE;
        route->object = star;
    }

    if (row->what == LLM_PATH_METERED && row->op == LLM_GEMINI_BATCH) {
        route->step = LLM_LONG_PARTS;
    }

    if (llm_path_has(&route->path, "/publishers/google")
        || llm_path_has(&route->path, "/locations"))
    {
        llm_str_set(&route->vendor, "vertex_ai");
    }

    if (row->op == LLM_GEMINI_PREDICT) {
        return llm_gemini_predicts(route);
    }

    if (row->op == LLM_GEMINI_FILM) {
        return llm_gemini_films(route, row->what);
    }

    return row->what;
}
