/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Reads vocabularies: the JSON files of npm's tiktoken ("pat_str",
 * "special_tokens", "bpe_ranks") and plain rank files (a line for each token:
 * base64, a space, the rank).  A tokenizer.json is left to llm_vocab_hf.c.
 */

#include "llm_vocab.h"
#include "../src/llm_tok_regex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


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
    { LLM_TOK_QWEN,
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+"
      "|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+"
      "|\\s+(?!\\S)|\\s+" },
    { LLM_TOK_DEEPSEEK,         /* the three of a sequence, in lines */
      "\\p{N}{1,3}\n"
      "[\xe4\xb8\x80-\xe9\xbe\xa5\xe3\x81\x80-\xe3\x82\x9f"
      "\xe3\x82\xa0-\xe3\x83\xbf]+\n"
      "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
      "|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
      "| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+" },
    { LLM_TOK_TEKKEN,
      "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*"
      "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+"
      "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+"
      "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*"
      "|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+"
      "|\\s+(?!\\S)|\\s+" },
    { LLM_TOK_O200K,
      "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*"
      "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
      "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+"
      "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
      "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+"
      "|\\s+(?!\\S)|\\s+" },
};


char *
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


void
vocab_add(vocab_t *v, const char *path, uint32_t id, uint32_t len)
{
    vocab_token_t  *t;

    if (len == 0 || len > LLM_TOK_MAX_TOKEN) {
        die("\"%s\": token %u has %u bytes: 1 to %u are supported", path,
            (unsigned) id, (unsigned) len, LLM_TOK_MAX_TOKEN);
    }

    if (v->tokens == LLM_TOK_MAX_TOKENS) {
        die("\"%s\" has more than %u tokens", path, LLM_TOK_MAX_TOKENS);
    }

    if (v->tokens == v->room) {
        v->room = 2 * v->room + 65536;
        v->token = realloc(v->token, v->room * sizeof(vocab_token_t));

        if (v->token == NULL) {
            die("no memory");
        }
    }

    t = &v->token[v->tokens++];
    t->id = id;
    t->len = len;
    t->ofs = (uint32_t) (v->text_len - len);
}


void
vocab_add_special(vocab_t *v, const char *path, uint32_t id, const char *name,
    size_t len)
{
    vocab_token_t  *t;

    if (v->specials == VOCAB_MAX_SPECIALS || len > VOCAB_MAX_SPECIAL) {
        die("\"%s\" has too many or too long special tokens", path);
    }

    t = &v->special[v->specials++];
    t->id = id;
    t->len = (uint32_t) len;
    t->ofs = (uint32_t) v->text_len;
    memcpy(vocab_text(v, len), name, len);
}


/* decodes base64 up to the first other character into a new token */

static void
vocab_token(vocab_t *v, vocab_in_t *in, uint32_t id)
{
    int        six;
    char      *out;
    uint32_t   bits, have, len;

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

    vocab_add(v, in->path, id, len);
}


/* lines of "! OFFSET TOKEN TOKEN ...": tokens with ranks from OFFSET on */

static void
vocab_ranks(vocab_t *v, vocab_in_t *in)
{
    size_t      len;
    uint32_t    id;
    vocab_in_t  line;

    memset(&line, 0, sizeof(line));
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
    char    *name;
    size_t   len;

    for (vocab_open(in, '{'); !vocab_close(in, '}'); ) {
        name = vocab_string(in, &len);
        vocab_expect(in, ':');
        vocab_add_special(v, in->path, vocab_number(in), name, len);
    }
}


int
vocab_grammar(vocab_t *v, const char *pattern)
{
    size_t  i;

    for (i = 0; i < sizeof(vocab_patterns) / sizeof(vocab_patterns[0]); i++) {
        if (v->no_scanner) {
            break;
        }

        if (strcmp(vocab_patterns[i].pattern, pattern) == 0) {
            v->grammar = vocab_patterns[i].grammar;
            return 1;
        }
    }

    return 0;
}


/*
 * The engines that these patterns are written for have classes inside of
 * classes and what two of them share, which PCRE2 takes for characters.
 */

static void
vocab_no_nested(const char *path, const char *pattern)
{
    int          in;
    const char  *p, *q;

    for (in = 0, p = pattern; *p; p++) {

        if (*p == '\\') {
            q = p[1] == 'Q' ? strstr(p, "\\E") : p;
            p = q && p[1] ? q + 1 : pattern + strlen(pattern) - 1;

        } else if (in && *p == ']') {
            in = 0;

        } else if (in && ((*p == '[' && p[1] != ':')
                          || (*p == '&' && p[1] == '&')))
        {
            die("\"%s\": its split pattern is not supported: a class in a "
                "class at byte %u of \"%s\"", path, (unsigned) (p - pattern),
                pattern);

        } else if (in && *p == '[') {
            q = strstr(p, ":]");
            p = q ? q + 1 : p;

        } else if (!in && *p == '[') {
            in = 1;
            p += p[1] == '^';
            p += p[1] == ']';
        }
    }
}


void
vocab_regex(vocab_t *v, const char *path, const char *patterns, size_t n)
{
    char              err[512];
    const char       *p;
    llm_tok_regex_t  *r;

    if (n > LLM_TOK_MAX_PATTERN) {
        die("\"%s\": its split pattern has more than %d bytes", path,
            LLM_TOK_MAX_PATTERN);
    }

    r = llm_tok_regex_open(patterns, n, err, sizeof(err));

    if (r == NULL) {
        die("\"%s\": %s", path, err);
    }

    llm_tok_regex_close(r);

    for (p = patterns; p < patterns + n; p += strlen(p) + 1) {
        vocab_no_nested(path, p);
    }

    v->grammar = LLM_TOK_REGEX;
    v->pattern = vocab_alloc(n, 1);
    v->pattern_len = n;
    memcpy(v->pattern, patterns, n);
}


static void
vocab_json(vocab_t *v, vocab_in_t *in)
{
    char    *key;
    size_t   len;

    for (vocab_open(in, '{'); !vocab_close(in, '}'); ) {
        key = vocab_string(in, &len);
        vocab_expect(in, ':');

        if (strcmp(key, "pat_str") == 0) {
            key = vocab_string(in, &len);

            if (!vocab_grammar(v, key)) {
                vocab_regex(v, in->path, key, len + 1);
            }

        } else if (strcmp(key, "special_tokens") == 0) {
            vocab_specials(v, in);

        } else if (strcmp(key, "bpe_ranks") == 0) {
            vocab_ranks(v, in);

        } else {
            vocab_skip(in);
        }
    }

    if (v->tokens == 0) {
        die("\"%s\" has no \"bpe_ranks\"", in->path);
    }
}


/* one without bytes, as Whisper's last is, no text has: it is left out */

static void
vocab_lines(vocab_t *v, vocab_in_t *in)
{
    int       empty;
    uint32_t  line, rank;

    for (line = 1; in->p < in->end; line++) {
        empty = *in->p == '=';

        if (empty) {
            in->p++;

        } else {
            vocab_token(v, in, line - 1);
        }

        if (in->p == in->end || *in->p++ != ' ') {
            die("\"%s\": line %u is no \"base64 rank\"", in->path,
                (unsigned) line);
        }

        rank = vocab_number(in);

        if (!empty) {
            v->token[v->tokens - 1].id = rank;
        }

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


static void
vocab_set_special(vocab_t *v, const char *option)
{
    char        *end;
    uint32_t     i, n;
    const char  *id;

    id = strrchr(option, '=');
    n = id ? (uint32_t) strtoul(id + 1, &end, 10) : 0;

    if (id == NULL || id == option || end == id + 1 || *end
        || n >= VOCAB_MAX_ID)
    {
        die("-s %s is not TEXT=ID", option);
    }

    for (i = 0; i < v->specials; i++) {
        if (v->special[i].id == n) {
            v->special[i] = v->special[--v->specials];
            break;
        }
    }

    vocab_add_special(v, "-s", n, option, (size_t) (id - option));
}


void
vocab_read(vocab_t *v, const char *path, char **special, size_t n)
{
    uint32_t    i;
    vocab_in_t  in, model;

    vocab_load(&in, path);
    v->special = vocab_alloc(VOCAB_MAX_SPECIALS, sizeof(vocab_token_t));

    if (in.p < in.end && *in.p == '{') {
        if (vocab_member(&in, "model", &model)) {
            vocab_hf(v, &in);
            return;
        }

        vocab_json(v, &in);

    } else {
        vocab_lines(v, &in);
    }

    if (v->grammar == 0) {
        die("\"%s\" does not name its split pattern: give -g", path);
    }

    if (v->tokens) {
        qsort(v->token, v->tokens, sizeof(vocab_token_t), vocab_by_id);
    }

    while (n) {
        vocab_set_special(v, special[--n]);
    }

    qsort(v->special, v->specials, sizeof(vocab_token_t), vocab_by_id);

    for (i = 1; i < v->tokens; i++) {
        if (v->token[i].id == v->token[i - 1].id) {
            die("\"%s\": rank %u is there twice", path,
                (unsigned) v->token[i].id);
        }
    }
}
