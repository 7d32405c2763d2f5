/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * The vocabulary compiler: what its parts share.
 */

#ifndef LLM_VOCAB_H_INCLUDED_
#define LLM_VOCAB_H_INCLUDED_


#include "../src/llm_tok_image.h"


#define VOCAB_MAX_SPECIALS  65536
#define VOCAB_MAX_SPECIAL   1024        /* bytes */
#define VOCAB_MAX_MERGES    (1 << 21)
#define VOCAB_MAX_FILE      (256 << 20)
#define VOCAB_MAX_ID        (1 << 20)   /* of an added token */


typedef struct {
    uint32_t   id;
    uint32_t   len;
    uint32_t   ofs;             /* in vocab_t.text */
} vocab_token_t;


/* a vocabulary as it was read: everything here lives until the program ends */

typedef struct {
    char            name[LLM_TOK_MAX_NAME];
    uint32_t        grammar;
    int             no_scanner; /* leave every pattern to PCRE2 */
    char           *pattern;    /* LLM_TOK_REGEX's: each with a NUL */
    size_t          pattern_len;
    uint32_t        flags;
    vocab_token_t  *token;      /* by rank */
    uint32_t        tokens;
    uint32_t        room;
    vocab_token_t  *special;    /* VOCAB_MAX_SPECIALS */
    uint32_t        specials;
    uint32_t        exceptions; /* of the specials, the first are also pieces */

    /* of each token: the two that it is made of, the rank of the merge, and
     * whether this is before a merge that makes a part of it */

    uint32_t       *left;
    uint32_t       *right;
    uint32_t       *rank;       /* NULL if this is the order of the tokens */
    uint8_t        *irregular;

    uint8_t        *user;       /* by id: taken out first; NULL if none is */
    uint32_t        users;
    uint32_t        runs;       /* of U+2581: those that are taken out first */

    char           *text;
    size_t          text_len;
    size_t          text_room;
} vocab_t;


/* ends the program with "llm-vocab: " and the sentence */
void die(const char *fmt, ...)
    __attribute__((noreturn, format(printf, 1, 2)));

void *vocab_alloc(size_t n, size_t size);

/*
 * llm_vocab_json.c: reads JSON without a copy of it.  What is skipped is not
 * looked at closely.
 */

typedef struct {
    const char  *path;
    const char  *p;
    const char  *end;
    char        *buf;           /* of the last string */
    size_t       room;
} vocab_in_t;

void vocab_load(vocab_in_t *in, const char *path);
void vocab_space(vocab_in_t *in);
int vocab_take(vocab_in_t *in, char c);
void vocab_expect(vocab_in_t *in, char c);
uint32_t vocab_number(vocab_in_t *in);

/* a string, valid until the next one of the same reader */
char *vocab_string(vocab_in_t *in, size_t *len);

/* passes over any value */
void vocab_skip(vocab_in_t *in);

/* for (vocab_open(in, '['); !vocab_close(in, ']'); ) passes over the commas */
void vocab_open(vocab_in_t *in, char c);
int vocab_close(vocab_in_t *in, char c);

/* whether an object has a member, and a reader of its value */
int vocab_member(const vocab_in_t *object, const char *name, vocab_in_t *in);

/* consumes a word such as null; 0 if it is another */
int vocab_word(vocab_in_t *in, const char *word);

/* whether a member is absent, null, false or the empty string, and is true */
int vocab_is_unset(const vocab_in_t *object, const char *name);
int vocab_is_true(const vocab_in_t *object, const char *name);

/* a short string member, "" if there is none; valid until the program ends */
const char *vocab_name(const vocab_in_t *object, const char *name);

/*
 * llm_vocab_read.c: fills v from a file, whose kind is seen.  The n special
 * tokens "TEXT=ID" are added, or take the place of the file's.
 */
void vocab_read(vocab_t *v, const char *path, char **special, size_t n);

/* a new token, whose bytes are the last len of v->text */
void vocab_add(vocab_t *v, const char *path, uint32_t id, uint32_t len);
void vocab_add_special(vocab_t *v, const char *path, uint32_t id,
    const char *name, size_t len);
char *vocab_text(vocab_t *v, size_t len);

/* sets the grammar that a pattern is known to be; 0 if it is not known */
int vocab_grammar(vocab_t *v, const char *pattern);

/* sets that of n patterns, each with a NUL, that PCRE2 must understand */
void vocab_regex(vocab_t *v, const char *path, const char *patterns, size_t n);

/* llm_vocab_hf.c: a tokenizer.json */
void vocab_hf(vocab_t *v, const vocab_in_t *in);

/* llm_vocab_steps.c: what it does to a text first, nested in depth levels */

#define VOCAB_PATTERNS  4096        /* bytes of all patterns of a sequence */
#define VOCAB_STEPS     16          /* of a sequence */

/* what splits the text: the patterns in lines, and with NULs */

typedef struct {
    char    pattern[VOCAB_PATTERNS];
    char    regex[VOCAB_PATTERNS];
    size_t  len;                    /* of regex */
    int     steps;
    int     bytes;                  /* ends with the change to bytes */
    int     partial;                /* drops what a pattern leaves */
} vocab_split_t;

void vocab_normalizer(vocab_t *v, const vocab_in_t *in, unsigned depth);
void vocab_pre_tokenizer(vocab_t *v, const vocab_in_t *in,
    vocab_split_t *split, unsigned depth);

/*
 * llm_vocab_space.c: names of SentencePiece's style.  In its place a name
 * becomes its bytes; returns how many, 0 if it has a space of its own.
 */
size_t vocab_space_bytes(char *name, size_t len);
int vocab_space_byte(const char *name, size_t len);
int vocab_is_block(const char *s, size_t len);
void vocab_space_add_bytes(vocab_t *v, const char *path,
    const uint32_t id[256]);
void vocab_space_user(vocab_t *v, const vocab_in_t *in, uint32_t id,
    const char *content, size_t len);

/* whether a token is found in a text before all else */
int vocab_is_user(const vocab_t *v, const vocab_token_t *t);

/* whether a token is there before any merge */
int vocab_is_part(const vocab_t *v, const vocab_token_t *t);

/* fills LLM_TOK_SEC_JOIN, and how large it must be for that */
void vocab_join(const vocab_t *v, uint64_t *join, unsigned bits);
unsigned vocab_join_bits(const vocab_t *v);

/* GAPS of an image */
uint32_t vocab_gaps(const vocab_t *v);

/* LLM_TOK_LATE, or 0 */
uint32_t vocab_late(const vocab_t *v);

/* llm_vocab_order.c: puts tokens into the order in which their merges apply */

typedef struct {
    uint32_t  left;             /* tokens */
    uint32_t  right;
    uint32_t  token;
} vocab_pair_t;

void vocab_order(vocab_t *v, const vocab_pair_t *pair, uint32_t pairs,
    int ignore_merges);

/* llm_vocab_build.c: returns the image, *size bytes */
void *vocab_build(vocab_t *v, size_t *size);

static inline void *
vocab_section(llm_tok_image_t *image, int section)
{
    return (char *) image + image->offset[section];
}

/* the i-th of all tokens and specials */

static inline const vocab_token_t *
vocab_nth(const vocab_t *v, uint32_t i)
{
    return i < v->tokens ? &v->token[i] : &v->special[i - v->tokens];
}

/* llm_vocab_name.c: how much there is of names, and what is found by them */
void vocab_names_size(llm_tok_image_t *image, const vocab_t *v);
void vocab_names(llm_tok_image_t *image, const vocab_t *v);

/* llm_vocab_merge.c: the two tokens that each token is made of */
void vocab_merge(vocab_t *v);

/* finds tokens by their bytes */

typedef struct {
    const vocab_t  *v;
    uint32_t       *slot;       /* token index plus one, 0 if free */
    uint32_t        mask;
} vocab_hash_t;

void vocab_fill(vocab_hash_t *hash, const vocab_t *v);
uint32_t *vocab_find(vocab_hash_t *hash, const char *p, uint32_t len);

/* llm_vocab_trie.c: the double array */
typedef struct {
    uint64_t       *root;       /* 65536 */
    uint64_t       *node;
    uint32_t        nodes;
    uint32_t       *prefix;     /* the longest token that is part of it */
} vocab_trie_t;

void vocab_trie(const vocab_t *v, vocab_trie_t *t);

/* llm_vocab_first.c: what ROOT has besides */
void vocab_first(const vocab_t *v, uint64_t *root);

/* llm_vocab_near.c: the tables of llm_tok_near.h */
uint32_t vocab_wide_blocks(const vocab_t *v, uint16_t at[LLM_TOK_WIDE_AT]);
void vocab_wide(const vocab_t *v, const vocab_trie_t *trie,
    const uint16_t *at, uint64_t *wide);
void vocab_near(const vocab_t *v, uint64_t *border, uint64_t *near,
    unsigned bits);

/* llm_vocab_whole.c: how large the tables of short tokens are; fills them */
void vocab_whole_sets(const vocab_t *v, llm_tok_image_t *image);
void vocab_whole(const vocab_t *v, const llm_tok_image_t *image,
    uint64_t *tiny, llm_tok_entry_t *whole);


#endif /* LLM_VOCAB_H_INCLUDED_ */
