
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai.h"
#include "llm_media.h"
#include "llm_multipart.h"
#include "llm_path.h"
#include "llm_responses.h"

#include <string.h>


/* Which paths are this dialect's, and what they say by themselves. */


static const llm_path_row_t  llm_openai_posts[] = {
    { "POST", "/async/chat/completions", LLM_PATH_UNSUPPORTED,
      LLM_KIND_OTHER, 0 },                                     /* Perplexity */
    { "POST", "/chat/completions", LLM_PATH_METERED, LLM_KIND_CHAT, 0 },
    { "POST", "/embeddings", LLM_PATH_METERED, LLM_KIND_EMBEDDINGS, 0 },
    { "POST", "/agents/completions", LLM_PATH_METERED, LLM_KIND_CHAT,
      LLM_OPENAI_AGENT },
    { "POST", "/prompts/*/completions", LLM_PATH_METERED,
      LLM_KIND_COMPLETION, LLM_OPENAI_PROMPTED },                 /* Portkey */
    { "POST", "/completions", LLM_PATH_METERED, LLM_KIND_COMPLETION, 0 },
    { "POST", "/serving-endpoints/*/invocations", LLM_PATH_METERED,
      LLM_KIND_CHAT, LLM_OPENAI_DATABRICKS },
    { "POST", "/cortex/inference:complete", LLM_PATH_METERED, LLM_KIND_CHAT,
      LLM_OPENAI_SNOWFLAKE },
    { "POST", "/ml/v1/text/chat", LLM_PATH_METERED, LLM_KIND_CHAT,
      LLM_OPENAI_WATSONX },
    { "POST", "/ml/v1/text/chat_stream", LLM_PATH_METERED, LLM_KIND_CHAT,
      LLM_OPENAI_WATSONX_STREAM },
    { "POST", "/ml/v1/deployments/*/text/chat", LLM_PATH_METERED,
      LLM_KIND_CHAT, LLM_OPENAI_WATSONX },
    { "POST", "/ml/v1/deployments/*/text/chat_stream", LLM_PATH_METERED,
      LLM_KIND_CHAT, LLM_OPENAI_WATSONX_STREAM },
    { "POST", "/ml/v1/text/tokenization", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "POST", "/ai/run/**", LLM_PATH_METERED, LLM_KIND_CHAT,
      LLM_OPENAI_CLOUDFLARE },
    { "POST", "/publishers/mistralai/models/*:rawPredict", LLM_PATH_METERED,
      LLM_KIND_CHAT, LLM_OPENAI_VERTEX },
    { "POST", "/publishers/mistralai/models/*:streamRawPredict",
      LLM_PATH_METERED, LLM_KIND_CHAT, LLM_OPENAI_VERTEX_STREAM },
    { "POST", "/publishers/ai21/models/*:rawPredict", LLM_PATH_METERED,
      LLM_KIND_CHAT, LLM_OPENAI_VERTEX },
    { "POST", "/publishers/ai21/models/*:streamRawPredict", LLM_PATH_METERED,
      LLM_KIND_CHAT, LLM_OPENAI_VERTEX_STREAM },
    { "POST", "/ocr", LLM_PATH_METERED, LLM_KIND_OCR, 0 },
    { "POST", "/responses", LLM_PATH_METERED, LLM_KIND_RESPONSES,
      LLM_RESPONSES_CREATE },
    { "POST", "/responses/compact", LLM_PATH_METERED, LLM_KIND_RESPONSES,
      LLM_RESPONSES_COMPACT },
    { "POST", "/responses/input_tokens", LLM_PATH_FREE,
      LLM_KIND_RESPONSES, 0 },
    { "POST", "/decisions", LLM_PATH_METERED, LLM_KIND_RESPONSES,
      LLM_RESPONSES_DECIDE },
    { "POST", "/moderations", LLM_PATH_FREE, LLM_KIND_MODERATION, 0 },
    { "POST", "/images/generations", LLM_PATH_METERED, LLM_KIND_IMAGES,
      LLM_MEDIA_GENERATE },
    { "POST", "/images", LLM_PATH_METERED, LLM_KIND_IMAGES,
      LLM_MEDIA_ROUTED },                                     /* OpenRouter */
    { "POST", "/images/edits", LLM_PATH_METERED, LLM_KIND_IMAGES,
      LLM_MEDIA_EDIT },
    { "POST", "/images/variations", LLM_PATH_METERED, LLM_KIND_IMAGES,
      LLM_MEDIA_VARIATION },
    { "POST", "/audio/speech", LLM_PATH_METERED, LLM_KIND_SPEECH, 0 },
    { "POST", "/audio/transcriptions", LLM_PATH_METERED,
      LLM_KIND_TRANSCRIPTION, 0 },
    { "POST", "/audio/translations", LLM_PATH_METERED,
      LLM_KIND_TRANSCRIPTION, 0 },
    { "POST", "/tts", LLM_PATH_METERED, LLM_KIND_SPEECH, LLM_MEDIA_XAI },
    { "POST", "/stt", LLM_PATH_METERED, LLM_KIND_TRANSCRIPTION,
      LLM_MEDIA_XAI },
    { "POST", "/workflows/accounts/**/get_result", LLM_PATH_FREE,
      LLM_KIND_OTHER, 0 },                                     /* Fireworks */
    { "POST", "/workflows/accounts/**", LLM_PATH_UNSUPPORTED,
      LLM_KIND_OTHER, 0 },
    { "POST", "/image_generation/accounts/**", LLM_PATH_UNSUPPORTED,
      LLM_KIND_OTHER, 0 },
    { "POST", "/videos/generations", LLM_PATH_METERED, LLM_KIND_VIDEO, 0 },
    { "POST", "/videos", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER, 0 },
    { "POST", "/vector_stores/**", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER, 0 },
    { "POST", "/containers/*/files", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "POST", "/conversations/*/items", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "POST", "/files", LLM_PATH_METERED, LLM_KIND_BATCH, LLM_LONG_FILE },
    { "POST", "/uploads", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER, 0 },
    { "POST", "/uploads/*/parts", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER, 0 },
    { "POST", "/uploads/*/complete", LLM_PATH_UNSUPPORTED,
      LLM_KIND_OTHER, 0 },
    { "POST", "/containers", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER, 0 },
    { "POST", "/messages/batches", LLM_PATH_UNKNOWN, LLM_KIND_OTHER, 0 },
    { "POST", "/batches", LLM_PATH_METERED, LLM_KIND_BATCH, LLM_LONG_START },
    { "POST", "/batch/jobs", LLM_PATH_METERED, LLM_KIND_BATCH,
      LLM_LONG_PARTS },
    { "POST", "/fine_tuning/jobs", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER, 0 },
    { "POST", "/vector_stores", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER, 0 },
    { "POST", "/assistants", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "POST", "/assistants/*", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "POST", "/threads/runs", LLM_PATH_METERED, LLM_KIND_RUN, LLM_LONG_RUN },
    { "POST", "/threads", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "POST", "/threads/*", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "POST", "/threads/*/messages", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "POST", "/threads/*/messages/*", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "POST", "/threads/*/runs", LLM_PATH_METERED, LLM_KIND_RUN,
      LLM_LONG_RUN },
    { "POST", "/threads/*/runs/*", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "POST", "/runs", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER, 0 },
    { "POST", "/evals", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER, 0 },
    { "POST", "/realtime/sessions", LLM_PATH_UNSUPPORTED,
      LLM_KIND_OTHER, 0 },
    { "POST", "/realtime", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER, 0 }
};


/* what may be looked at for nothing, and tells what something has cost */

static const llm_path_row_t  llm_openai_told[] = {
    { "GET POST", "/messages/batches/**", LLM_PATH_UNKNOWN, LLM_KIND_OTHER,
      0 },
    { "GET", "/batches/*", LLM_PATH_TOLD, LLM_KIND_BATCH, LLM_LONG_STATE },
    { "POST", "/batches/*/cancel", LLM_PATH_TOLD, LLM_KIND_BATCH,
      LLM_LONG_STATE },
    { "GET", "/batch/jobs/*", LLM_PATH_TOLD, LLM_KIND_BATCH, LLM_LONG_STATE },
    { "POST", "/batch/jobs/*/cancel", LLM_PATH_TOLD, LLM_KIND_BATCH,
      LLM_LONG_STATE },
    { "GET", "/runs/*", LLM_PATH_TOLD, LLM_KIND_RUN, LLM_LONG_STATE },
    { "POST", "/runs/*/cancel", LLM_PATH_TOLD, LLM_KIND_RUN, LLM_LONG_STATE },
    { "POST", "/runs/*/submit_tool_outputs", LLM_PATH_TOLD, LLM_KIND_RUN,
      LLM_LONG_MORE },
    { "GET", "/responses/*", LLM_PATH_TOLD, LLM_KIND_RESPONSES,
      LLM_LONG_STATE },
    { "POST", "/responses/*/cancel", LLM_PATH_TOLD, LLM_KIND_RESPONSES,
      LLM_LONG_STATE },
    { "GET", "/videos/*", LLM_PATH_TOLD, LLM_KIND_VIDEO, LLM_LONG_STATE },
    { "GET", "/files/*/content", LLM_PATH_TOLD, LLM_KIND_BATCH,
      LLM_LONG_RESULTS }
};


/*
 * Things that may be looked at, listed, deleted and cancelled for nothing.
 * Polling must stay free: the answer may repeat a usage that was paid before.
 */

static const char * const  llm_openai_free[] = {
    "/models",
    "/chat/completions",
    "/responses",
    "/batches",
    "/batch/jobs",
    "/files",
    "/uploads",
    "/fine_tuning",
    "/vector_stores",
    "/assistants",
    "/threads",
    "/evals",
    "/videos",
    "/conversations",
    "/containers",
    "/organization",
    "/chat/deferred-completion",                                     /* xAI */
    "/language-models",
    "/image-generation-models",
    "/embedding-models",
    "/api-key",
    "/key",                                                   /* OpenRouter */
    "/credits",
    "/generation",
    "/user/balance"                                             /* DeepSeek */
};


static int
llm_openai_is_free(const llm_route_t *route)
{
    size_t  i;

    if (!llm_path_method(&route->method, "GET DELETE")
        && !(llm_path_method(&route->method, "POST")
             && llm_path_matches(&route->path, "/cancel", NULL)))
    {
        return 0;
    }

    for (i = 0; i < sizeof(llm_openai_free) / sizeof(char *); i++) {
        if (llm_path_has(&route->path, llm_openai_free[i])) {
            return 1;
        }
    }

    return 0;
}


/* files come in a form; any other body is JSON, or is refused for being none */

static int
llm_openai_form(const llm_route_t *route)
{
    const llm_str_t  *type;

    type = llm_route_header(route, "content-type");

    return type && llm_multipart_is(type);
}


llm_path_e
llm_openai_path(llm_route_t *route)
{
    llm_str_t              star;
    const llm_path_row_t  *row;

    /* of the paths that Anthropic has too, it says with each request */

    if (llm_route_header(route, "anthropic-version")
        && !llm_path_matches(&route->path, "/chat/completions", NULL))
    {
        return LLM_PATH_UNKNOWN;
    }

    row = llm_path_find(llm_openai_told,
                        sizeof(llm_openai_told) / sizeof(llm_path_row_t),
                        route, &star);
    if (row) {
        route->step = row->op;
        route->object = star;

        return row->what;
    }

    if (llm_openai_is_free(route)) {
        return LLM_PATH_FREE;
    }

    row = llm_path_find(llm_openai_posts,
                        sizeof(llm_openai_posts) / sizeof(llm_path_row_t),
                        route, &star);
    if (row == NULL) {
        return LLM_PATH_UNKNOWN;
    }

    if (llm_openai_deployment(&route->path, &route->model)) {
        llm_str_set(&route->vendor, "azure");
    }

    if (route->kind == LLM_KIND_COMPLETION
        && row->op == LLM_OPENAI_PROMPTED)
    {
        route->model = star;
    }

    if (route->kind == LLM_KIND_CHAT) {
        llm_openai_host_route(route, &star);
    }

    if (route->kind == LLM_KIND_BATCH || route->kind == LLM_KIND_RUN) {
        route->step = row->op;
    }

    route->raw = (route->step == LLM_LONG_FILE
                  || (llm_media_is(route->kind)
                      && route->kind != LLM_KIND_OCR
                      && route->kind != LLM_KIND_VIDEO))
                 && llm_openai_form(route);

    return row->what;
}


/*
 * Azure names the model, which it calls a deployment, in the path, and never
 * looks at the one in the body.
 */

int
llm_openai_deployment(const llm_str_t *path, llm_str_t *name)
{
    return llm_path_matches(path, "/deployments/*/**", name);
}
