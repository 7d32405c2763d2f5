/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Reads the tokenizer.json of Hugging Face, where it describes byte-pair
 * encoding, of bytes or of characters in the style of SentencePiece.  What
 * would change a count and is not supported is refused by its name.
 */

#include "llm_vocab.h"
#include "../src/llm_tok_internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


/*
 * The alphabet of byte-level encodings: bytes that Latin-1 prints stand for
 * themselves, the others are numbered from U+0100.  Returns -1 for what is not
 * in it.
 */

static int
vocab_byte(uint32_t c)
{
    int  i, n;

    if ((c >= 0x21 && c <= 0x7e) || (c >= 0xa1 && c <= 0xac)
        || (c >= 0xae && c <= 0xff))
    {
        return (int) c;
    }

    for (i = 0, n = 0x100; i < 0x100; i++) {
        if (i <= 0x20 || (i >= 0x7f && i <= 0xa0) || i == 0xad) {
            if ((uint32_t) n++ == c) {
                return i;
            }
        }
    }

    return -1;
}


/* the bytes that a name stands for, in its place; 0 if it is no such name */

static size_t
vocab_bytes(char *name, size_t len)
{
    int              c;
    size_t           n;
    uint32_t         code;
    const uint8_t   *p, *end;
    static int16_t   byte[0x144];
    static int       ready;

    if (!ready) {
        for (code = 0; code < 0x144; code++) {
            byte[code] = (int16_t) vocab_byte(code);
        }

        ready = 1;
    }

    p = (const uint8_t *) name;

    for (n = 0, end = p + len; p < end; n++) {
        p += llm_tok_char(p, end, &code);
        c = code < 0x144 ? byte[code] : -1;

        if (c < 0) {
            return 0;
        }

        name[n] = (char) c;
    }

    return n;
}


/* what would change the tokens and is not supported, by name */

static void
vocab_hf_check(const vocab_in_t *model)
{
    size_t       i;
    const char  *type;
    vocab_in_t   in;

    static const char *const  unsupported[] = {
        "dropout", "continuing_subword_prefix", "end_of_word_suffix", NULL
    };

    type = vocab_name(model, "type");

    if (strcmp(type, "BPE") != 0
        && !(*type == '\0' && vocab_member(model, "merges", &in)))
    {
        die("\"%s\": a model of the kind \"%s\" is not supported, only BPE is",
            model->path, type);
    }

    for (i = 0; unsupported[i]; i++) {
        if (!vocab_is_unset(model, unsupported[i])) {
            die("\"%s\": BPE with %s is not supported", model->path,
                unsupported[i]);
        }
    }
}


/* the bytes that a name stands for, in its place; 0: it is none's */

static size_t
vocab_hf_bytes(const vocab_t *v, char *name, size_t len)
{
    return v->flags & LLM_TOK_CHARS ? vocab_space_bytes(name, len)
                                    : vocab_bytes(name, len);
}


static void
vocab_hf_tokens(vocab_t *v, const vocab_in_t *model)
{
    int          byte;
    char        *name, *copy;
    size_t       len, n;
    uint32_t     id, bytes[256];
    vocab_in_t   in;

    memset(bytes, 0xff, sizeof(bytes));

    if (!vocab_member(model, "vocab", &in)) {
        die("\"%s\" has no \"vocab\"", model->path);
    }

    for (vocab_open(&in, '{'); !vocab_close(&in, '}'); ) {
        name = vocab_string(&in, &len);
        vocab_expect(&in, ':');
        id = vocab_number(&in);

        byte = v->flags & LLM_TOK_CHARS ? vocab_space_byte(name, len) : -1;

        if (byte >= 0) {
            bytes[byte] = id;
            continue;
        }

        /* a name that stands for no bytes is that of a special token */

        copy = vocab_text(v, len);
        memcpy(copy, name, len);
        n = vocab_hf_bytes(v, copy, len);
        v->text_len -= len - n;

        if (n == 0) {
            vocab_add_special(v, in.path, id, name, len);

        } else {
            vocab_add(v, in.path, id, (uint32_t) n);
        }
    }

    if (v->flags & LLM_TOK_CHARS) {
        vocab_space_add_bytes(v, in.path, bytes);
    }
}


static int
vocab_ascending(const void *one, const void *two)
{
    const uint32_t  *a, *b;

    a = one;
    b = two;

    return (*a > *b) - (*a < *b);
}


/*
 * Those whose ids the vocabulary has not are for decoding only.  Where there is
 * no pattern, those that it has and that are not special are what SentencePiece
 * calls user-defined: text, not control, and found before all else.
 */

static void
vocab_hf_added(vocab_t *v, const vocab_in_t *file)
{
    size_t      len;
    uint32_t    i, n, id, *ids;
    vocab_in_t  in, text;

    if (!vocab_member(file, "added_tokens", &in) || vocab_word(&in, "null")) {
        return;
    }

    n = v->tokens + v->specials;
    ids = vocab_alloc(n, sizeof(uint32_t));

    for (i = 0; i < n; i++) {
        ids[i] = i < v->tokens ? v->token[i].id
                               : v->special[i - v->tokens].id;
    }

    qsort(ids, n, sizeof(uint32_t), vocab_ascending);

    for (vocab_open(&in, '['); !vocab_close(&in, ']'); vocab_skip(&in)) {
        if (!vocab_member(&in, "id", &text)) {
            die("\"%s\": an added token without an id", in.path);
        }

        id = vocab_number(&text);

        if (!vocab_member(&in, "content", &text)) {
            die("\"%s\": an added token without content", in.path);
        }

        (void) vocab_string(&text, &len);

        /* what is no control is text, and would be found before the rest */

        if (v->grammar != LLM_TOK_JOIN && !vocab_is_true(&in, "special")
            && len && strspn(text.buf, " \t\r\n") == len)
        {
            die("\"%s\": added token %u, of white space only, is not supported "
                "with a split pattern", in.path, (unsigned) id);
        }

        if (!bsearch(&id, ids, n, sizeof(uint32_t), vocab_ascending)) {
            vocab_add_special(v, in.path, id, text.buf, len);

        } else if (v->grammar == LLM_TOK_JOIN && len
                   && !vocab_is_true(&in, "special"))
        {
            vocab_space_user(v, &in, id, text.buf, len);
        }

        free(text.buf);
    }
}


/* a part of a merge: its token; what is joined so far is in both */

static uint32_t
vocab_hf_part(vocab_hash_t *hash, const char *path, uint32_t merge, char *name,
    size_t len, char *both, uint32_t *have)
{
    size_t    n;
    uint32_t  slot;

    n = vocab_hf_bytes(hash->v, name, len);
    slot = n && n <= LLM_TOK_MAX_TOKEN
           ? *vocab_find(hash, name, (uint32_t) n) : 0;

    if (slot == 0) {
        die("\"%s\": merge %u is of something that is no token", path,
            (unsigned) merge);
    }

    memcpy(both + *have, name, n);
    *have += (uint32_t) n;

    return slot - 1;
}


/* "a b" or ["a", "b"] */

static void
vocab_hf_merge(vocab_hash_t *hash, vocab_in_t *in, uint32_t merge,
    vocab_pair_t *pair)
{
    char      *name, *space, both[2 * LLM_TOK_MAX_TOKEN];
    size_t     len;
    uint32_t   have, slot;

    have = 0;

    if (vocab_take(in, '[')) {
        name = vocab_string(in, &len);
        pair->left = vocab_hf_part(hash, in->path, merge, name, len, both,
                                   &have);
        vocab_expect(in, ',');
        name = vocab_string(in, &len);
        pair->right = vocab_hf_part(hash, in->path, merge, name, len, both,
                                    &have);
        vocab_expect(in, ']');

    } else {
        name = vocab_string(in, &len);
        space = memchr(name, ' ', len);

        if (space == NULL) {
            die("\"%s\": merge %u is not of two tokens", in->path,
                (unsigned) merge);
        }

        pair->left = vocab_hf_part(hash, in->path, merge, name,
                                   (size_t) (space - name), both, &have);
        pair->right = vocab_hf_part(hash, in->path, merge, space + 1,
                                    len - (size_t) (space + 1 - name), both,
                                    &have);
    }

    slot = *vocab_find(hash, both, have);

    if (slot == 0) {
        die("\"%s\": merge %u does not make a token", in->path,
            (unsigned) merge);
    }

    pair->token = slot - 1;
}


/* what does not go together */

static void
vocab_hf_kind(const vocab_t *v, const vocab_in_t *model,
    const vocab_split_t *split, int ignore_merges)
{
    int          fallback;
    const char  *wrong;

    fallback = vocab_is_true(model, "byte_fallback");
    wrong = NULL;

    if (split->bytes) {
        if (fallback || (v->flags & (LLM_TOK_CHARS | LLM_TOK_PREPEND))) {
            wrong = "ByteLevel with U+2581 or byte_fallback";
        }

    } else if (!(v->flags & LLM_TOK_CHARS)) {
        wrong = "BPE that is not ByteLevel, nor has U+2581 for spaces,";

    } else if (!fallback) {
        wrong = "U+2581 for spaces without byte_fallback";

    } else if (split->steps) {
        wrong = "U+2581 for spaces with a split pattern";
    }

    if (split->steps == 0) {
        if (ignore_merges) {
            wrong = "ignore_merges without a split pattern";

        } else if (v->flags & (LLM_TOK_NFC | LLM_TOK_NFKC)) {
            wrong = "a normalization form without a split pattern";
        }
    }

    if (wrong) {
        die("\"%s\": %s is not supported", model->path, wrong);
    }
}


static uint32_t
vocab_hf_merges(const vocab_t *v, const vocab_in_t *model, vocab_pair_t *pair)
{
    uint32_t      n;
    vocab_in_t    in;
    vocab_hash_t  hash;

    if (!vocab_member(model, "merges", &in)) {
        die("\"%s\" has no \"merges\"", model->path);
    }

    vocab_fill(&hash, v);

    for (n = 0, vocab_open(&in, '['); !vocab_close(&in, ']'); n++) {
        if (n == VOCAB_MAX_MERGES) {
            die("\"%s\" has more than %d merges", in.path, VOCAB_MAX_MERGES);
        }

        vocab_hf_merge(&hash, &in, n, &pair[n]);
    }

    return n;
}


void
vocab_hf(vocab_t *v, const vocab_in_t *file)
{
    int             ignore_merges;
    uint32_t        pairs;
    vocab_in_t      in, model;
    vocab_pair_t   *pair;
    vocab_split_t   split;

    memset(&split, 0, sizeof(split));
    (void) vocab_member(file, "model", &model);
    vocab_hf_check(&model);

    if (vocab_member(file, "normalizer", &in) && !vocab_word(&in, "null")) {
        vocab_normalizer(v, &in, VOCAB_STEPS);
    }

    if (vocab_member(file, "pre_tokenizer", &in) && !vocab_word(&in, "null")) {
        vocab_pre_tokenizer(v, &in, &split, VOCAB_STEPS);
    }

    ignore_merges = vocab_is_true(&model, "ignore_merges");
    vocab_hf_kind(v, &model, &split, ignore_merges);

    if (split.steps == 0) {
        v->grammar = LLM_TOK_JOIN;

    } else if (!vocab_grammar(v, split.pattern)) {
        vocab_regex(v, file->path, split.regex, split.len);
    }

    if (split.partial && (v->grammar == LLM_TOK_DEEPSEEK
                          || (v->grammar == LLM_TOK_REGEX
                              && !v->no_scanner)))
    {
        die("\"%s\": Split with behavior \"Removed\" is not supported",
            in.path);
    }

    vocab_hf_tokens(v, &model);
    vocab_hf_added(v, file);

    pair = vocab_alloc(VOCAB_MAX_MERGES, sizeof(vocab_pair_t));
    pairs = vocab_hf_merges(v, &model, pair);
    vocab_order(v, pair, pairs, ignore_merges);
}