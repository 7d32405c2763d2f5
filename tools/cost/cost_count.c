
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "cost.h"
#include "llm_tokenizer.h"
#include "../../tokenizer/tools/llm_tokens.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#define COST_FILE_MAX  (64 * 1024 * 1024)


/* the vocabulary of a model; kept open, there is one model */

static const char *
cost_vocab(void *ctx, tokens_chat_t *chat)
{
    int           estimate;
    char          path[4096];
    cost_t       *c;
    llm_vocab_t  *vocab;

    static char  err[256];

    c = ctx;

    (void) snprintf(path, sizeof(path), "%s/vocab/%s.llmv", c->data,
                    llm_model_vocab(chat->model, strlen(chat->model),
                                    &estimate));

    if (llm_vocab_open(&vocab, path, err, sizeof(err)) != 0) {
        return err;
    }

    chat->vocab = vocab;
    chat->scratch = llm_scratch_init(aligned_alloc(64, (llm_scratch_size()
                                                        + 63) & ~(size_t) 63),
                                     llm_scratch_size());
    chat->estimate = estimate;

    return chat->scratch ? NULL : strerror(ENOMEM);
}


static char *
cost_read(const char *name, size_t *len)
{
    FILE  *f;
    char  *p;

    f = strcmp(name, "-") ? fopen(name, "rb") : stdin;
    p = f ? malloc(COST_FILE_MAX) : NULL;

    if (p == NULL) {
        perror(name);
        return NULL;
    }

    *len = fread(p, 1, COST_FILE_MAX, f);

    if (ferror(f) || *len == COST_FILE_MAX) {
        (void) cost_fail("%s: cannot be read, or is too large", name);
        free(p);
        p = NULL;
    }

    if (f != stdin) {
        (void) fclose(f);
    }

    return p;
}


/* what begins with a brace is a request's body, anything else a text */

int
cost_count(cost_t *c, const char *name)
{
    char           *text, *p;
    size_t          len;
    const char     *wrong;
    tokens_chat_t   chat;

    text = cost_read(name, &len);

    if (text == NULL) {
        return 1;
    }

    memset(&chat, 0, sizeof(tokens_chat_t));

    for (p = text; p < text + len && strchr(" \t\r\n", *p); p++) {
        /* void */
    }

    if (p < text + len && *p == '{') {
        wrong = tokens_chat(&chat, text, len, c->model, cost_vocab, c);
        c->input = chat.total;

    } else if (c->model == NULL || strlen(c->model) >= sizeof(chat.model)) {
        wrong = "a text needs --model";

    } else {
        (void) strcpy(chat.model, c->model);
        wrong = cost_vocab(c, &chat);
        c->input = wrong ? 0 : (int64_t) llm_count(chat.vocab, chat.scratch,
                                                   text, len);
    }

    free(text);

    if (wrong) {
        (void) fprintf(stderr, "llm-cost: %s: %s\n", name, wrong);
        return 2;
    }

    if (c->model == NULL) {
        c->model = strdup(chat.model);
    }

    (void) printf("%s: %lld input tokens%s\n", name, (long long) c->input,
                  chat.estimate ? " (an estimate: the model's vocabulary is "
                                  "not published)" : "");

    return 0;
}
