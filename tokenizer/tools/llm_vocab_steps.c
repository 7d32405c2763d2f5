/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * What a tokenizer.json does to a text before it is merged: how it is
 * normalized and how it is split, step by step.
 */

#include "llm_vocab.h"
#include "../src/llm_tok_internal.h"

#include <stdio.h>
#include <string.h>


#define VOCAB_BLOCK  "\xe2\x96\x81"


static const char  vocab_gpt2[] =
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+"
    "|\\s+(?!\\S)|\\s+";


/* whether a string member, or one of an object in it, is this text */

static int
vocab_says(const vocab_in_t *in, const char *name, const char *inner,
    const char *want)
{
    vocab_in_t  object;

    if (inner == NULL) {
        return strcmp(vocab_name(in, name), want) == 0;
    }

    return vocab_member(in, name, &object)
           && strcmp(vocab_name(&object, inner), want) == 0;
}


void
vocab_normalizer(vocab_t *v, const vocab_in_t *in, unsigned depth)
{
    const char  *type;
    vocab_in_t   list;

    type = vocab_name(in, "type");

    if (strcmp(type, "NFC") == 0) {
        v->flags |= LLM_TOK_NFC;
        return;
    }

    if (strcmp(type, "NFKC") == 0) {
        v->flags |= LLM_TOK_NFKC;
        return;
    }

    if (strcmp(type, "Prepend") == 0
        && vocab_says(in, "prepend", NULL, VOCAB_BLOCK))
    {
        v->flags |= LLM_TOK_PREPEND;
        return;
    }

    if (strcmp(type, "Replace") == 0
        && vocab_says(in, "pattern", "String", " ")
        && vocab_says(in, "content", NULL, VOCAB_BLOCK))
    {
        v->flags |= LLM_TOK_CHARS;
        return;
    }

    if (strcmp(type, "Sequence") != 0 || depth == 0
        || !vocab_member(in, "normalizers", &list))
    {
        die("\"%s\": normalizer \"%s\" is not supported", in->path, type);
    }

    for (vocab_open(&list, '['); !vocab_close(&list, ']'); ) {
        vocab_normalizer(v, &list, depth - 1);
        vocab_skip(&list);
    }
}


static void
vocab_pattern(const vocab_in_t *in, vocab_split_t *split, const char *pattern)
{
    size_t  used;

    used = strlen(split->pattern);

    if (split->bytes) {
        die("\"%s\": a step after ByteLevel is not supported", in->path);
    }

    if (split->steps == VOCAB_STEPS
        || strlen(pattern) + used + 2 > sizeof(split->pattern))
    {
        die("\"%s\": its way of splitting text is not supported", in->path);
    }

    (void) snprintf(split->pattern + used, sizeof(split->pattern) - used,
                    "%s%s", split->steps ? "\n" : "", pattern);
    memcpy(split->regex + split->len, pattern, strlen(pattern) + 1);
    split->len += strlen(pattern) + 1;
    split->steps++;
}


/* a text that is to be found as it is */

static void
vocab_literal(const vocab_in_t *in, vocab_split_t *split, const char *text)
{
    char  pattern[VOCAB_PATTERNS];

    if (*text == '\0' || strstr(text, "\\E")
        || strlen(text) + sizeof("\\Q\\E") > sizeof(pattern))
    {
        die("\"%s\": Split by this text is not supported", in->path);
    }

    (void) snprintf(pattern, sizeof(pattern), "\\Q%s\\E", text);
    vocab_pattern(in, split, pattern);
}


/* digits and punctuation as Rust's char::is_numeric() and ASCII have them */

static void
vocab_classes(const vocab_in_t *in, vocab_split_t *split, int digits)
{
    int          runs;
    const char  *behavior;

    behavior = vocab_name(in, "behavior");
    runs = digits ? !vocab_is_true(in, "individual_digits")
                  : strcmp(behavior, "Contiguous") == 0;

    if (!digits && !runs && *behavior && strcmp(behavior, "Isolated") != 0) {
        die("\"%s\": Punctuation with behavior \"%s\" is not supported",
            in->path, behavior);
    }

    if (digits) {
        vocab_pattern(in, split, runs ? "\\p{N}+" : "\\p{N}");

    } else {
        vocab_pattern(in, split, runs ? "[\\p{P}!-/:-@\\[-`{-~]+"
                                      : "[\\p{P}!-/:-@\\[-`{-~]");
    }
}


/* patterns that keep all of the text, or that drop what they do not match */

static void
vocab_split_step(const vocab_t *v, const vocab_in_t *in, vocab_split_t *split)
{
    int          invert;
    size_t       len;
    const char  *behavior;
    vocab_in_t   pattern, regex;

    behavior = vocab_name(in, "behavior");
    invert = vocab_is_true(in, "invert");

    if ((v->flags & LLM_TOK_CHARS)
        && vocab_says(in, "pattern", "String", " "))
    {
        return;                 /* there is no space any more */
    }

    if (strcmp(behavior, "Removed") == 0 && invert) {
        split->partial = 1;

    } else if (strcmp(behavior, "Isolated") != 0 || invert) {
        die("\"%s\": Split with behavior \"%s\" is not supported", in->path,
            behavior);
    }

    if (!vocab_member(in, "pattern", &pattern)) {
        die("\"%s\": Split without a pattern", in->path);
    }

    if (vocab_member(&pattern, "Regex", &regex) && *regex.p == '"') {
        vocab_pattern(in, split, vocab_string(&regex, &len));

    } else if (vocab_member(&pattern, "String", &regex) && *regex.p == '"') {
        vocab_literal(in, split, vocab_string(&regex, &len));

    } else {
        die("\"%s\": a pattern that is no string", in->path);
    }
}


/* puts U+2581 for spaces, and perhaps one in front */

static void
vocab_metaspace(vocab_t *v, const vocab_in_t *in)
{
    const char  *scheme;
    vocab_in_t   value;

    if (!vocab_says(in, "replacement", NULL, VOCAB_BLOCK)) {
        die("\"%s\": Metaspace with another replacement is not supported",
            in->path);
    }

    v->flags |= LLM_TOK_CHARS;
    scheme = vocab_name(in, "prepend_scheme");

    if (*scheme ? strcmp(scheme, "never") != 0
                : !vocab_member(in, "add_prefix_space", &value)
                  || vocab_word(&value, "true"))
    {
        v->flags |= LLM_TOK_PREPEND | LLM_TOK_ONCE;
    }

    if (!vocab_member(in, "split", &value) || vocab_word(&value, "true")) {
        v->flags |= LLM_TOK_APART;
    }
}


void
vocab_pre_tokenizer(vocab_t *v, const vocab_in_t *in, vocab_split_t *split,
    unsigned depth)
{
    const char  *type;
    vocab_in_t   list;

    type = vocab_name(in, "type");

    if (strcmp(type, "Split") == 0) {
        vocab_split_step(v, in, split);

    } else if (strcmp(type, "Metaspace") == 0) {
        vocab_metaspace(v, in);

    } else if (strcmp(type, "Digits") == 0) {
        vocab_classes(in, split, 1);

    } else if (strcmp(type, "Punctuation") == 0) {
        vocab_classes(in, split, 0);

    } else if (strcmp(type, "ByteLevel") == 0) {
        if (!vocab_is_unset(in, "add_prefix_space")) {
            die("\"%s\": add_prefix_space is not supported", in->path);
        }

        if (!vocab_is_unset(in, "use_regex")
            || !vocab_member(in, "use_regex", &list))
        {
            vocab_pattern(in, split, vocab_gpt2);
        }

        split->bytes = 1;

    } else if (strcmp(type, "Sequence") == 0 && depth
               && vocab_member(in, "pretokenizers", &list))
    {
        for (vocab_open(&list, '['); !vocab_close(&list, ']'); ) {
            vocab_pre_tokenizer(v, &list, split, depth - 1);
            vocab_skip(&list);
        }

    } else {
        die("\"%s\": pre_tokenizer \"%s\" is not supported", in->path, type);
    }
}
