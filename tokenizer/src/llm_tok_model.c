/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Which vocabulary a model uses.
 */

#include "llm_tok_internal.h"


#define LLM_TOK_O200K_BASE   "o200k_base"
#define LLM_TOK_CL100K_BASE  "cl100k_base"
#define LLM_TOK_LLAMA3       "llama3"
#define LLM_TOK_QWEN3        "qwen3"
#define LLM_TOK_DEEPSEEK_V3  "deepseek_v3"


/*
 * The first row that matches wins; a star stands for any rest, and letters of
 * either case are the same.  o200k_harmony, which gpt-oss has, differs from
 * o200k_base in special tokens only; Qwen 2 and 2.5 from Qwen 3 likewise.  The
 * vocabulary of a row that is an estimate only is near: that of the maker's
 * models that are published.
 */

static const struct {
    const char  *model;
    const char  *vocab;
    int          estimate;
} llm_tok_models[] = {
    { "gpt-4o*",                  LLM_TOK_O200K_BASE, 0 },
    { "gpt-4.1*",                 LLM_TOK_O200K_BASE, 0 },
    { "gpt-4.5*",                 LLM_TOK_O200K_BASE, 0 },
    { "gpt-5*",                   LLM_TOK_O200K_BASE, 0 },
    { "gpt-oss*",                 LLM_TOK_O200K_BASE, 0 },
    { "gpt-image*",               LLM_TOK_O200K_BASE, 0 },
    { "gpt-realtime*",            LLM_TOK_O200K_BASE, 0 },
    { "gpt-audio*",               LLM_TOK_O200K_BASE, 0 },
    { "chatgpt-4o*",              LLM_TOK_O200K_BASE, 0 },
    { "codex-mini*",              LLM_TOK_O200K_BASE, 0 },
    { "computer-use*",            LLM_TOK_O200K_BASE, 0 },
    { "o1",                       LLM_TOK_O200K_BASE, 0 },
    { "o1-*",                     LLM_TOK_O200K_BASE, 0 },
    { "o3",                       LLM_TOK_O200K_BASE, 0 },
    { "o3-*",                     LLM_TOK_O200K_BASE, 0 },
    { "o4-*",                     LLM_TOK_O200K_BASE, 0 },
    { "gpt-4",                    LLM_TOK_CL100K_BASE, 0 },
    { "gpt-4-*",                  LLM_TOK_CL100K_BASE, 0 },
    { "gpt-3.5*",                 LLM_TOK_CL100K_BASE, 0 },
    { "gpt-35-*",                 LLM_TOK_CL100K_BASE, 0 },
    { "text-embedding-3-*",       LLM_TOK_CL100K_BASE, 0 },
    { "text-embedding-ada-002*",  LLM_TOK_CL100K_BASE, 0 },
    { "davinci-002*",             LLM_TOK_CL100K_BASE, 0 },
    { "babbage-002*",             LLM_TOK_CL100K_BASE, 0 },
    { "deepseek-r1-distill-llama*", LLM_TOK_LLAMA3, 0 },
    { "deepseek-r1-distill-qwen*", LLM_TOK_QWEN3, 0 },
    { "deepseek-r1-0528-qwen3*",  LLM_TOK_QWEN3, 0 },
    { "deepseek-v3*",             LLM_TOK_DEEPSEEK_V3, 0 },
    { "deepseek-r1*",             LLM_TOK_DEEPSEEK_V3, 0 },
    { "deepseek*",                LLM_TOK_DEEPSEEK_V3, 1 },
    { "llama-3*",                 LLM_TOK_LLAMA3, 0 },
    { "llama3*",                  LLM_TOK_LLAMA3, 0 },
    { "llama-v3*",                LLM_TOK_LLAMA3, 0 },
    { "meta-llama-3*",            LLM_TOK_LLAMA3, 0 },
    { "meta.llama3*",             LLM_TOK_LLAMA3, 0 },
    { "us.meta.llama3*",          LLM_TOK_LLAMA3, 0 },
    { "qwen2.5*",                 LLM_TOK_QWEN3, 0 },
    { "qwen2-*",                  LLM_TOK_QWEN3, 0 },
    { "qwen3",                    LLM_TOK_QWEN3, 0 },
    { "qwen3-*",                  LLM_TOK_QWEN3, 0 },
    { "qwq*",                     LLM_TOK_QWEN3, 0 },
    { "qwen*",                    LLM_TOK_QWEN3, 1 },
    { NULL,                       NULL, 0 }
};


/* the rows are in small letters */

static int
llm_tok_model_is(const char *pattern, const char *model, size_t len)
{
    char    c;
    size_t  i;

    for (i = 0; pattern[i] && pattern[i] != '*'; i++) {
        if (i == len) {
            return 0;
        }

        c = model[i];
        c = c >= 'A' && c <= 'Z' ? (char) (c | 0x20) : c;

        if (c != pattern[i]) {
            return 0;
        }
    }

    return pattern[i] == '*' || i == len;
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

    for (i = 0; llm_tok_models[i].model; i++) {
        if (llm_tok_model_is(llm_tok_models[i].model, model, len)) {
            if (estimate) {
                *estimate = llm_tok_models[i].estimate;
            }

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
