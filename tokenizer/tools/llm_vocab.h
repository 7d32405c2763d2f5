/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * The vocabulary compiler: what its parts share.
 */

#ifndef LLM_VOCAB_H_INCLUDED_
#define LLM_VOCAB_H_INCLUDED_


#include "../src/llm_tok_image.h"


#define VOCAB_MAX_SPECIALS  4096


typedef struct {
    uint32_t   id;
    uint32_t   len;
    uint32_t   ofs;             /* in vocab_t.text */
} vocab_token_t;


/* a vocabulary as it was read: everything here lives until the program ends */

typedef struct {
    char            name[LLM_TOK_MAX_NAME];
    uint32_t        grammar;
    vocab_token_t  *token;      /* by rank */
    uint32_t        tokens;
    uint32_t        room;
    vocab_token_t   special[VOCAB_MAX_SPECIALS];
    uint32_t        specials;
    char           *text;
    size_t          text_len;
    size_t          text_room;
} vocab_t;


/* ends the program with "llm-vocab: " and the sentence */
void die(const char *fmt, ...)
    __attribute__((noreturn, format(printf, 1, 2)));

void *vocab_alloc(size_t n, size_t size);

/* llm_vocab_read.c: fills v from a file; the kind is seen from its first byte */
void vocab_read(vocab_t *v, const char *path);

/* llm_vocab_build.c: returns the image, *size bytes */
void *vocab_build(const vocab_t *v, size_t *size);

/* llm_vocab_merge.c: the two tokens that each token is made of */
void vocab_merge(const vocab_t *v, uint32_t *left, uint32_t *right);

/* llm_vocab_trie.c: the double array */
typedef struct {
    uint64_t       *root;       /* 65536 */
    uint64_t       *node;
    uint32_t        nodes;
    uint32_t       *prefix;     /* the longest token that is part of it */
} vocab_trie_t;

void vocab_trie(const vocab_t *v, vocab_trie_t *t);

/* llm_vocab_whole.c: fills the set of short tokens, 1 << bits sets */
void vocab_whole(const vocab_t *v, llm_tok_entry_t *set, unsigned bits);


#endif /* LLM_VOCAB_H_INCLUDED_ */
