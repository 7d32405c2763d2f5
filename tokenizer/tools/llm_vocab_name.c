/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * The names of an image: bytes that are written down, and the tables of what is
 * found in a text by them.
 */

#include "llm_vocab.h"

#include <stdlib.h>
#include <string.h>


/* whether the bytes of a token or special are written down */

static int
vocab_is_named(const vocab_t *v, uint32_t i)
{
    return i >= v->tokens || v->left[i] == i || v->token[i].len >= LLM_TOK_FAR
           || vocab_is_user(v, &v->token[i]);
}


void
vocab_names_size(llm_tok_image_t *image, const vocab_t *v)
{
    uint32_t  i, exceptions;

    for (i = 0; i < v->tokens + v->specials; i++) {
        if (vocab_is_named(v, i)) {
            image->named += i < v->tokens;
            image->text += vocab_nth(v, i)->len;
        }
    }

    image->users = v->users;

    exceptions = v->exceptions + v->users;

    /* a quarter full at the most */

    for (i = 0; exceptions && 1u << i < 4 * exceptions; i++) { /* void */ }

    image->except_bits = i;
}


/* writes them, and in number[] which name each token and special has */

static void
vocab_names_put(llm_tok_image_t *image, const vocab_t *v, uint32_t *number)
{
    char                 *text;
    uint32_t              i, n, at, *named, *ofs;
    const vocab_token_t  *t;

    named = vocab_section(image, LLM_TOK_SEC_NAMED);
    ofs = vocab_section(image, LLM_TOK_SEC_OFS);
    text = vocab_section(image, LLM_TOK_SEC_TEXT);

    for (i = 0, n = 0, at = 0; i < v->tokens + v->specials; i++) {
        if (!vocab_is_named(v, i)) {
            continue;
        }

        if (i < v->tokens) {
            named[n] = i;
        }

        number[i] = n;
        t = vocab_nth(v, i);
        memcpy(text + at, v->text + t->ofs, t->len);
        ofs[n++] = at;
        at += t->len;
    }

    ofs[n] = at;
}


/* those that are one token whatever merges say */

static void
vocab_exceptions(llm_tok_image_t *image, const vocab_t *v,
    const uint32_t *number)
{
    uint32_t              i, n, at, mask, *slot;
    const vocab_token_t  *t;

    slot = vocab_section(image, LLM_TOK_SEC_EXCEPT);
    mask = (1u << image->except_bits) - 1;

    for (i = 0; i < v->tokens + v->specials; i++) {
        t = vocab_nth(v, i);

        if (i - v->tokens >= v->exceptions && !vocab_is_user(v, t)) {
            continue;
        }

        at = llm_tok_text_hash((uint8_t *) v->text + t->ofs, t->len);

        for (n = 0; n < LLM_TOK_PROBES && slot[(at + n) & mask]; n++) {
            /* void */
        }

        if (n == LLM_TOK_PROBES) {
            die("the exceptions do not fit");
        }

        slot[(at + n) & mask] = number[i] + 1;
    }
}


static const vocab_t  *vocab_sorted;

static int
vocab_by_text(const void *one, const void *two)
{
    int                   order;
    const vocab_token_t  *a, *b;

    a = vocab_nth(vocab_sorted, *(const uint32_t *) one);
    b = vocab_nth(vocab_sorted, *(const uint32_t *) two);
    order = memcmp(vocab_sorted->text + a->ofs, vocab_sorted->text + b->ofs,
                   a->len < b->len ? a->len : b->len);

    return order ? order : (a->len > b->len) - (a->len < b->len);
}


static void
vocab_users(llm_tok_image_t *image, const vocab_t *v, const uint32_t *number)
{
    uint8_t    first;
    uint32_t   i, n, *user;

    user = vocab_section(image, LLM_TOK_SEC_USER);

    for (i = 0, n = 0; i < v->tokens + v->specials && n < v->users; i++) {
        if (vocab_is_user(v, vocab_nth(v, i))) {
            user[n++] = i;
            first = (uint8_t) v->text[vocab_nth(v, i)->ofs];
            image->user[first >> 6] |= 1ULL << (first & 63);
        }
    }

    vocab_sorted = v;
    qsort(user, n, sizeof(uint32_t), vocab_by_text);

    for (i = 0; i < n; i++) {
        user[i] = number[user[i]];
    }
}


void
vocab_names(llm_tok_image_t *image, const vocab_t *v)
{
    uint32_t  *number;

    number = vocab_alloc(v->tokens + v->specials, sizeof(uint32_t));

    vocab_names_put(image, v, number);
    vocab_users(image, v, number);

    if (image->except_bits) {
        vocab_exceptions(image, v, number);
    }
}
