/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Which vocabulary a model uses.
 */

#include "llm_tok_internal.h"


#define LLM_TOK_O200K_BASE   "o200k_base"
#define LLM_TOK_CL100K_BASE  "cl100k_base"


/*
 * The first row that matches wins; a star stands for any rest.  o200k_harmony,
 * which gpt-oss has, differs from o200k_base in special tokens only.
 */

static const struct {
    const char  *model;
    const char  *vocab;
} llm_tok_models[] = {
    { "gpt-4o*",                  LLM_TOK_O200K_BASE },
    { "gpt-4.1*",                 LLM_TOK_O200K_BASE },
    { "gpt-4.5*",                 LLM_TOK_O200K_BASE },
    { "gpt-5*",                   LLM_TOK_O200K_BASE },
    { "gpt-oss*",                 LLM_TOK_O200K_BASE },
    { "gpt-image*",               LLM_TOK_O200K_BASE },
    { "gpt-realtime*",            LLM_TOK_O200K_BASE },
    { "gpt-audio*",               LLM_TOK_O200K_BASE },
    { "chatgpt-4o*",              LLM_TOK_O200K_BASE },
    { "codex-mini*",              LLM_TOK_O200K_BASE },
    { "computer-use*",            LLM_TOK_O200K_BASE },
    { "o1",                       LLM_TOK_O200K_BASE },
    { "o1-*",                     LLM_TOK_O200K_BASE },
    { "o3",                       LLM_TOK_O200K_BASE },
    { "o3-*",                     LLM_TOK_O200K_BASE },
    { "o4-*",                     LLM_TOK_O200K_BASE },
    { "gpt-4",                    LLM_TOK_CL100K_BASE },
    { "gpt-4-*",                  LLM_TOK_CL100K_BASE },
    { "gpt-3.5*",                 LLM_TOK_CL100K_BASE },
    { "gpt-35-*",                 LLM_TOK_CL100K_BASE },
    { "text-embedding-3-*",       LLM_TOK_CL100K_BASE },
    { "text-embedding-ada-002*",  LLM_TOK_CL100K_BASE },
    { "davinci-002*",             LLM_TOK_CL100K_BASE },
    { "babbage-002*",             LLM_TOK_CL100K_BASE },
    { NULL,                       NULL }
};


static int
llm_tok_model_is(const char *pattern, const char *model, size_t len)
{
    size_t  n;

    n = strlen(pattern);

    if (pattern[n - 1] == '*') {
        return len >= n - 1 && memcmp(model, pattern, n - 1) == 0;
    }

    return len == n && memcmp(model, pattern, n) == 0;
}


const char *
llm_model_vocab(const char *model, size_t len, int *estimate)
{
    size_t  i;

    /* "azure/eu/gpt-4o", "ft:gpt-4o:org::id" and "openai/ft:..." */

    for (i = len; i > 0; i--) {
        if (model[i - 1] == '/') {
            model += i;
            len -= i;
            break;
        }
    }

    if (len > 3 && memcmp(model, "ft:", 3) == 0) {
        model += 3;
        len -= 3;
    }

    for (i = 0; i < len && model[i] != ':'; i++) { /* void */ }

    len = i;

    if (estimate) {
        *estimate = 0;
    }

    for (i = 0; llm_tok_models[i].model; i++) {
        if (llm_tok_model_is(llm_tok_models[i].model, model, len)) {
            return llm_tok_models[i].vocab;
        }
    }

    if (estimate) {
        *estimate = 1;
    }

    return LLM_TOK_O200K_BASE;
}


const char *
llm_model_row(size_t i, const char **vocab)
{
    if (i >= sizeof(llm_tok_models) / sizeof(llm_tok_models[0])) {
        return NULL;
    }

    *vocab = llm_tok_models[i].vocab;

    return llm_tok_models[i].model;
}
