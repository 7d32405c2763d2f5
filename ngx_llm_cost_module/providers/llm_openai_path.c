
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai.h"

#include <string.h>


/* Which paths are this dialect's, and what they say by themselves. */


/* POST paths, by their last segments, and what they are */

typedef struct {
    const char  *end;
    llm_path_e   what;
    llm_kind_e   kind;
} llm_openai_path_t;


static const llm_openai_path_t  llm_openai_posts[] = {
    { "/chat/completions", LLM_PATH_METERED, LLM_KIND_CHAT },
    { "/embeddings", LLM_PATH_METERED, LLM_KIND_EMBEDDINGS },
    { "/completions", LLM_PATH_UNSUPPORTED, LLM_KIND_COMPLETION },
    { "/responses", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER },
    { "/moderations", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER },
    { "/images/generations", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER },
    { "/images/edits", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER },
    { "/images/variations", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER },
    { "/audio/speech", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER },
    { "/audio/transcriptions", LLM_PATH_UNSUPPORTED,
      LLM_KIND_OTHER },
    { "/audio/translations", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER },
    { "/videos", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER },
    { "/files", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER },
    { "/uploads", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER },
    { "/batches", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER },
    { "/fine_tuning/jobs", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER },
    { "/vector_stores", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER },
    { "/assistants", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER },
    { "/threads", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER },
    { "/runs", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER },
    { "/evals", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER },
    { "/realtime/sessions", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER },
    { "/realtime", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER }
};


/*
 * Things that may be looked at, listed, deleted and cancelled for nothing.
 * Polling must stay free: the answer may repeat a usage that was paid before.
 */

static const llm_str_t  llm_openai_free[] = {
    llm_string("/models"),
    llm_string("/chat/completions"),
    llm_string("/responses"),
    llm_string("/batches"),
    llm_string("/files"),
    llm_string("/uploads"),
    llm_string("/fine_tuning"),
    llm_string("/vector_stores"),
    llm_string("/assistants"),
    llm_string("/threads"),
    llm_string("/evals"),
    llm_string("/videos")
};


static int
llm_openai_method(const llm_str_t *method, const char *name)
{
    return method->len == strlen(name)
           && memcmp(method->data, name, method->len) == 0;
}


/* where the path holds the segments, last or followed by others, or NULL */

static const unsigned char *
llm_openai_within(const llm_str_t *path, const llm_str_t *part)
{
    const unsigned char  *p, *last;

    last = path->data + path->len;

    for (p = path->data; (size_t) (last - p) >= part->len; p++) {

        if (memcmp(p, part->data, part->len) == 0
            && (p + part->len == last || p[part->len] == '/'))
        {
            return p;
        }
    }

    return NULL;
}


static int
llm_openai_is_free(const llm_str_t *method, const llm_str_t *path)
{
    size_t  i;

    if (!llm_openai_method(method, "GET")
        && !llm_openai_method(method, "DELETE")
        && !(llm_openai_method(method, "POST")
             && llm_openai_ends(path, "/cancel")))
    {
        return 0;
    }

    for (i = 0; i < sizeof(llm_openai_free) / sizeof(llm_str_t); i++) {
        if (llm_openai_within(path, &llm_openai_free[i])) {
            return 1;
        }
    }

    return 0;
}


llm_path_e
llm_openai_path(const llm_str_t *method, const llm_str_t *path,
    llm_kind_e *kind)
{
    size_t                    i, n;
    llm_str_t                 p;
    const llm_openai_path_t  *row;

    p = *path;

    if (p.len > 1 && p.data[p.len - 1] == '/') {
        p.len--;
    }

    if (llm_openai_is_free(method, &p)) {
        return LLM_PATH_FREE;
    }

    if (!llm_openai_method(method, "POST")
        || llm_openai_ends(&p, "/messages/batches"))           /* Anthropic's */
    {
        return LLM_PATH_UNKNOWN;
    }

    n = sizeof(llm_openai_posts) / sizeof(llm_openai_path_t);

    for (i = 0; i < n; i++) {
        row = &llm_openai_posts[i];

        if (llm_openai_ends(&p, row->end)) {
            *kind = row->kind;
            return row->what;
        }
    }

    return LLM_PATH_UNKNOWN;
}


/*
 * Azure names the model, which it calls a deployment, in the path, and never
 * looks at the one in the body.
 */

int
llm_openai_deployment(const llm_str_t *path, llm_str_t *name)
{
    const unsigned char     *p, *end, *last;
    static const llm_str_t   part = llm_string("/deployments");

    last = path->data + path->len;
    p = llm_openai_within(path, &part);

    if (p == NULL || last - p <= (ptrdiff_t) part.len) {
        return 0;
    }

    p += part.len + 1;
    end = memchr(p, '/', last - p);

    if (end == NULL || end == p) {
        return 0;
    }

    name->data = (unsigned char *) p;
    name->len = end - p;

    return 1;
}
