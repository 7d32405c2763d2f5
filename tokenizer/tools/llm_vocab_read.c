/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Reads vocabularies: the JSON files of npm's tiktoken ("pat_str",
 * "special_tokens", "bpe_ranks") and plain rank files (a line for each token:
 * base64, a space, the rank).
 */

#include "llm_vocab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


typedef struct {
    const char  *path;
    const char  *p;
    const char  *end;
} vocab_in_t;


/* the split patterns that have a scanner, as published */

static const struct {
    uint32_t     grammar;
    const char  *pattern;
} vocab_patterns[] = {
    { LLM_TOK_GPT2,
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+"
      "|\\s+(?!\\S)|\\s+" },
    { LLM_TOK_CL100K,
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+"
      "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+"
      "|\\s+(?!\\S)|\\s+" },
    { LLM_TOK_O200K,
      "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*"
      "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
      "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+"
      "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
      "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+"
      "|\\s+(?!\\S)|\\s+" },
};


static void
vocab_load(vocab_in_t *in, const char *path)
{
    long   size;
    char  *data;
    FILE  *f;

    f = fopen(path, "rb");
    if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0) {
        die("cannot read \"%s\"", path);
    }

    rewind(f);
    data = vocab_alloc((size_t) size + 1, 1);

    if (fread(data, 1, (size_t) size, f) != (size_t) size) {
        die("cannot read \"%s\"", path);
    }

    (void) fclose(f);

    in->path = path;
    in->p = data;
    in->end = data + size;
}


static char *
vocab_text(vocab_t *v, size_t len)
{
    char  *at;

    if (v->text_len + len > v->text_room) {
        v->text_room = 2 * (v->text_room + len);
        v->text = realloc(v->text, v->text_room);

        if (v->text == NULL) {
            die("no memory");
        }
    }

    at = v->text + v->text_len;
    v->text_len += len;

    return at;
}


static int
vocab_sextet(int c)
{
    static const char  alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char        *at;

    at = c ? strchr(alphabet, c) : NULL;

    return at ? (int) (at - alphabet) : -1;
}


/* decodes base64 up to the first other character into a new token */

static void
vocab_token(vocab_t *v, vocab_in_t *in, uint32_t id)
{
    int             six;
    char           *out;
    uint32_t        bits, have, len;
    vocab_token_t  *t;

    if (v->tokens == v->room) {
        v->room = 2 * v->room + 65536;
        v->token = realloc(v->token, v->room * sizeof(vocab_token_t));

        if (v->token == NULL) {
            die("no memory");
        }
    }

    t = &v->token[v->tokens];
    t->id = id;
    t->ofs = (uint32_t) v->text_len;

    for (bits = 0, have = 0, len = 0; in->p < in->end; in->p++) {
        six = vocab_sextet(*in->p);
        if (six < 0) {
            break;
        }

        bits = (bits << 6 | (uint32_t) six) & 0xffffff;
        have += 6;

        if (have >= 8) {
            have -= 8;
            out = vocab_text(v, 1);
            *out = (char) (bits >> have);
            len++;
        }
    }

    while (in->p < in->end && *in->p == '=') {
        in->p++;
    }

    if (len == 0 || len > LLM_TOK_MAX_TOKEN) {
        die("\"%s\": token %u has %u bytes: 1 to %u are supported", in->path,
            (unsigned) id, (unsigned) len, LLM_TOK_MAX_TOKEN);
    }

    if (v->tokens == LLM_TOK_MAX_TOKENS) {
        die("\"%s\" has more than %u tokens", in->path, LLM_TOK_MAX_TOKENS);
    }

    t->len = len;
    v->tokens++;
}


static uint32_t
vocab_number(vocab_in_t *in)
{
    uint64_t  n;

    if (in->p == in->end || *in->p < '0' || *in->p > '9') {
        die("\"%s\": a number is missing %td bytes before its end", in->path,
            in->end - in->p);
    }

    for (n = 0; in->p < in->end && *in->p >= '0' && *in->p <= '9'; in->p++) {
        n = n * 10 + (uint64_t) (*in->p - '0');

        if (n > INT32_MAX) {
            die("\"%s\": an id is too large", in->path);
        }
    }

    return (uint32_t) n;
}


static void
vocab_space(vocab_in_t *in)
{
    while (in->p < in->end && strchr(" \t\r\n", *in->p) && *in->p) {
        in->p++;
    }
}


static int
vocab_take(vocab_in_t *in, char c)
{
    vocab_space(in);

    if (in->p == in->end || *in->p != c) {
        return 0;
    }

    in->p++;
    vocab_space(in);

    return 1;
}


static void
vocab_expect(vocab_in_t *in, char c)
{
    if (!vocab_take(in, c)) {
        die("\"%s\": not the JSON of a tiktoken vocabulary ('%c' expected "
            "%td bytes before its end)", in->path, c, in->end - in->p);
    }
}


/* a JSON string of ASCII, which is all that these files have */

static char *
vocab_string(vocab_in_t *in, size_t *len)
{
    char    c, *out;
    size_t  n;

    vocab_expect(in, '"');
    out = vocab_alloc((size_t) (in->end - in->p) + 1, 1);

    for (n = 0; in->p < in->end && *in->p != '"'; in->p++) {
        c = *in->p;

        if (c == '\\' && in->end - in->p > 1) {
            c = *++in->p;

            if (c == 'n') {
                c = '\n';

            } else if (c != '\\' && c != '"' && c != '/') {
                die("\"%s\": escape \\%c is not supported", in->path, c);
            }
        }

        out[n++] = c;
    }

    if (in->p++ == in->end) {
        die("\"%s\": a string has no end", in->path);
    }

    out[n] = '\0';
    *len = n;

    return out;
}


/* lines of "! OFFSET TOKEN TOKEN ...": tokens with ranks from OFFSET on */

static void
vocab_ranks(vocab_t *v, vocab_in_t *in)
{
    size_t      len;
    uint32_t    id;
    vocab_in_t  line;

    line.path = in->path;
    line.p = vocab_string(in, &len);
    line.end = line.p + len;

    while (line.p < line.end) {
        vocab_expect(&line, '!');
        id = vocab_number(&line);

        while (line.p < line.end && *line.p == ' ') {
            line.p++;
            vocab_token(v, &line, id++);
        }

        if (line.p < line.end && *line.p != '\n') {
            die("\"%s\": token %u is not base64", in->path, (unsigned) id);
        }

        vocab_space(&line);
    }
}


static void
vocab_specials(vocab_t *v, vocab_in_t *in)
{
    char           *name;
    size_t          len;
    vocab_token_t  *t;

    vocab_expect(in, '{');

    while (!vocab_take(in, '}')) {
        if (v->specials == VOCAB_MAX_SPECIALS) {
            die("\"%s\" has too many special tokens", in->path);
        }

        t = &v->special[v->specials++];
        name = vocab_string(in, &len);
        vocab_expect(in, ':');

        t->len = (uint32_t) len;
        t->ofs = (uint32_t) v->text_len;
        t->id = vocab_number(in);
        memcpy(vocab_text(v, len), name, len);

        (void) vocab_take(in, ',');
    }
}


static uint32_t
vocab_grammar(vocab_in_t *in)
{
    char    *pattern;
    size_t   i, len;

    pattern = vocab_string(in, &len);

    for (i = 0; i < sizeof(vocab_patterns) / sizeof(vocab_patterns[0]); i++) {
        if (strcmp(vocab_patterns[i].pattern, pattern) == 0) {
            return vocab_patterns[i].grammar;
        }
    }

    die("\"%s\": there is no scanner for its split pattern: %s", in->path,
        pattern);
}


static void
vocab_json(vocab_t *v, vocab_in_t *in)
{
    char    *key;
    size_t   len;

    vocab_expect(in, '{');

    while (!vocab_take(in, '}')) {
        key = vocab_string(in, &len);
        vocab_expect(in, ':');

        if (strcmp(key, "pat_str") == 0) {
            v->grammar = vocab_grammar(in);

        } else if (strcmp(key, "special_tokens") == 0) {
            vocab_specials(v, in);

        } else if (strcmp(key, "bpe_ranks") == 0) {
            vocab_ranks(v, in);

        } else if (in->p < in->end && *in->p == '"') {
            (void) vocab_string(in, &len);

        } else if (in->p < in->end && (*in->p == '{' || *in->p == '[')) {
            die("\"%s\": has \"%s\", so it is no vocabulary of tiktoken "
                "(tokenizer.json is not supported)", in->path, key);

        } else {
            (void) vocab_number(in);
        }

        (void) vocab_take(in, ',');
    }

    if (v->tokens == 0) {
        die("\"%s\" has no \"bpe_ranks\"", in->path);
    }
}


static void
vocab_lines(vocab_t *v, vocab_in_t *in)
{
    while (in->p < in->end) {
        vocab_token(v, in, 0);

        if (in->p == in->end || *in->p++ != ' ') {
            die("\"%s\": line %u is no \"base64 rank\"", in->path,
                (unsigned) v->tokens);
        }

        v->token[v->tokens - 1].id = vocab_number(in);
        vocab_space(in);
    }
}


static int
vocab_by_id(const void *one, const void *two)
{
    const vocab_token_t  *a, *b;

    a = one;
    b = two;

    return (a->id > b->id) - (a->id < b->id);
}


void
vocab_read(vocab_t *v, const char *path)
{
    uint32_t    i;
    vocab_in_t  in;

    vocab_load(&in, path);

    if (in.p < in.end && *in.p == '{') {
        vocab_json(v, &in);

    } else {
        vocab_lines(v, &in);
    }

    if (v->grammar == 0) {
        die("\"%s\" does not name its split pattern: give -g", path);
    }

    qsort(v->token, v->tokens, sizeof(vocab_token_t), vocab_by_id);
    qsort(v->special, v->specials, sizeof(vocab_token_t), vocab_by_id);

    for (i = 1; i < v->tokens; i++) {
        if (v->token[i].id == v->token[i - 1].id) {
            die("\"%s\": rank %u is there twice", path,
                (unsigned) v->token[i].id);
        }
    }
}
