
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_provider.h"

#include <string.h>


extern const llm_provider_t  llm_aleph_alpha;
extern const llm_provider_t  llm_anthropic;
extern const llm_provider_t  llm_bedrock;
extern const llm_provider_t  llm_cohere;
extern const llm_provider_t  llm_huggingface;
extern const llm_provider_t  llm_mistral;
extern const llm_provider_t  llm_ollama;
extern const llm_provider_t  llm_replicate;
extern const llm_provider_t  llm_vercel;
extern const llm_provider_t  llm_watsonx;


/* "auto" asks them in this order: a new dialect is one line here */

const llm_provider_t * const  llm_providers[] = {
    &llm_bedrock,
    &llm_watsonx,
    &llm_cohere,
    &llm_gemini,
    &llm_ollama,
    &llm_vercel,
    &llm_mistral,
    &llm_openai,
    &llm_aleph_alpha,
    &llm_anthropic,
    &llm_huggingface,
    &llm_replicate,
    NULL
};


const llm_provider_t *
llm_provider_find(const llm_str_t *name)
{
    const llm_provider_t * const  *p;

    for (p = llm_providers; *p; p++) {
        if ((*p)->name.len == name->len
            && memcmp((*p)->name.data, name->data, name->len) == 0)
        {
            return *p;
        }
    }

    return NULL;
}


void
llm_answer_init(llm_answer_t *a, llm_mem_t *mem, llm_kind_e kind,
    llm_counter_t *counter)
{
    static const llm_usage_t  unknown = LLM_USAGE_INIT;

    memset(a, 0, sizeof(llm_answer_t));

    a->mem = mem;
    a->kind = kind;
    a->usage = unknown;
    a->counter = counter;
}


int
llm_kind_has_output(llm_kind_e kind)
{
    switch (kind) {

    case LLM_KIND_EMBEDDINGS:
    case LLM_KIND_MODERATION:
    case LLM_KIND_RERANK:
    case LLM_KIND_OCR:
    case LLM_KIND_VIDEO:
        return 0;

    default:
        return 1;
    }
}


size_t
llm_counter_plain(llm_counter_t *c, const unsigned char *text, size_t len)
{
    size_t  n;

    n = llm_count(c->vocab, c->scratch, (const char *) text, len);
    c->estimate |= llm_scratch_cut(c->scratch) != 0;

    return n;
}
