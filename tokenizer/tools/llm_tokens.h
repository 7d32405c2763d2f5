/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * llm-tokens --chat: what the tool asks of whoever knows API requests.  The
 * library does not; where it is built alone, there is no --chat.
 */

#ifndef LLM_TOKENS_H_INCLUDED_
#define LLM_TOKENS_H_INCLUDED_


#include "../include/llm_tokenizer.h"


typedef struct {
    char                  model[257];
    const llm_vocab_t    *vocab;
    llm_scratch_t        *scratch;
    int                   estimate;
    long long             messages;     /* the texts of messages */
    long long             tools;
    long long             format;       /* a schema for the answer */
    long long             images;
    long long             framing;      /* what is put around texts */
    long long             total;
} tokens_chat_t;


/* sets vocab, scratch and estimate of c by its model; NULL or what is wrong */
typedef const char *(*tokens_vocab_pt)(void *ctx, tokens_chat_t *c);

/*
 * The parts of a request's body, for a model if it is not NULL.  Returns NULL
 * or what is wrong, static text.
 */
const char *tokens_chat(tokens_chat_t *c, const char *body, size_t len,
    const char *model, tokens_vocab_pt open, void *ctx)
    __attribute__((weak));


#endif /* LLM_TOKENS_H_INCLUDED_ */
