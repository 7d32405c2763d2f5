
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _TRAFFIC_VOCABS_H_INCLUDED_
#define _TRAFFIC_VOCABS_H_INCLUDED_


/* recordings of OpenAI's and its speakers, and what counts them */

#include "traffic_openai.h"


#define VOCABS  2

static const char  *vocab_names[VOCABS] = { "cl100k_base", "o200k_base" };

static llm_vocab_t        *vocabs[VOCABS];
static llm_scratch_t      *scratch;
static const llm_provider_t  *openai;


static inline int
load(void **state)
{
    char         path[512], err[256];
    void        *mem;
    size_t       i;
    llm_str_t    name = llm_string("openai");
    const char  *dir;

    static const char * const  apis[] = {
        "openai.chat", "groq.chat", "mistral.chat", "openai.embeddings",
        "openai.responses", NULL
    };

    (void) state;

    openai = llm_provider_find(&name);

    traffic_load(apis);

    if (posix_memalign(&mem, 64, llm_scratch_size()) == 0) {
        scratch = llm_scratch_init(mem, llm_scratch_size());
    }

    dir = getenv("LLM_VOCAB_DIR");

    for (i = 0; i < VOCABS; i++) {
        snprintf(path, sizeof(path), "%s/%s.llmv", dir ? dir : "build/vocab",
                 vocab_names[i]);
        llm_vocab_open(&vocabs[i], path, err, sizeof(err));
    }

    return 0;
}


static inline int
unload(void **state)
{
    size_t  i;

    (void) state;

    json_decref(records);
    free(scratch);

    for (i = 0; i < VOCABS; i++) {
        llm_vocab_close(vocabs[i]);
    }

    return 0;
}


static inline llm_counter_t *
counter_of(llm_counter_t *c, const char *model)
{
    int          i, estimate;
    const char  *name;

    memset(c, 0, sizeof(llm_counter_t));

    name = llm_model_vocab(model, strlen(model), &estimate);
    i = (strcmp(name, "cl100k_base") == 0) ? 0 : 1;

    c->vocab = vocabs[i];
    c->scratch = scratch;
    c->count = llm_counter_plain;
    c->estimate = estimate;

    return c->vocab ? c : NULL;
}


static inline llm_kind_e
kind_of(json_t *r)
{
    const char  *api;

    api = text(r, "api");

    return strcmp(api, "openai.embeddings") == 0 ? LLM_KIND_EMBEDDINGS
           : strcmp(api, "openai.responses") == 0 ? LLM_KIND_RESPONSES
                                                  : LLM_KIND_CHAT;
}


#endif /* _TRAFFIC_VOCABS_H_INCLUDED_ */
