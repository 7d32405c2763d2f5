/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Vocabularies in the style of SentencePiece: names in which U+2581 stands for
 * a space, bytes as tokens for the characters that have none, and symbols that
 * are taken out of a text before anything else.
 *
 * Images have a space where names have U+2581: most texts are then what their
 * tokens are made of.
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "llm_vocab.h"
#include "../src/llm_tok_internal.h"

#include <stdlib.h>
#include <string.h>


#define VOCAB_BLOCK      "\xe2\x96\x81"
#define VOCAB_PAIR_BITS  24
#define VOCAB_GAPS       32


int
vocab_is_block(const char *s, size_t len)
{
    return len == 3 && memcmp(s, VOCAB_BLOCK, 3) == 0;
}


size_t
vocab_space_bytes(char *name, size_t len)
{
    size_t  i, n;

    for (i = 0, n = 0; i < len; n++) {
        if (name[i] == ' ') {
            return 0;
        }

        if (len - i >= 3 && vocab_is_block(name + i, 3)) {
            name[n] = ' ';
            i += 3;

        } else {
            name[n] = name[i++];
        }
    }

    return n;
}


/* "<0xE4>" is 0xe4; -1 for what is not of this form */

int
vocab_space_byte(const char *name, size_t len)
{
    int    byte;
    char  *end, digits[3];

    if (len != 6 || memcmp(name, "<0x", 3) != 0 || name[5] != '>') {
        return -1;
    }

    memcpy(digits, name + 3, 2);
    digits[2] = '\0';
    byte = (int) strtol(digits, &end, 16);

    return end == digits + 2 ? byte : -1;
}


int
vocab_is_part(const vocab_t *v, const vocab_token_t *t)
{
    uint32_t        c;
    const uint8_t  *p;

    if (t->len == 1 || !(v->flags & LLM_TOK_CHARS)) {
        return t->len == 1;
    }

    p = (const uint8_t *) v->text + t->ofs;

    return llm_tok_char(p, p + t->len, &c) == t->len;
}


/*
 * The tokens of bytes, less those of ASCII that a character stands in for,
 * which are never used.  A byte that no text has may be any token.
 */

void
vocab_space_add_bytes(vocab_t *v, const char *path, const uint32_t id[256])
{
    char                  c;
    uint32_t              i, n, used;
    uint8_t               have[256];
    const vocab_token_t  *t;

    memset(have, 0, sizeof(have));
    n = v->tokens;

    for (i = 0; i < n; i++) {
        t = &v->token[i];

        if (t->len == 1) {
            have[(uint8_t) v->text[t->ofs]] = 1;
        }
    }

    for (i = 0; i < 256; i++) {
        c = (char) i;
        used = !have[i];

        if (id[i] == UINT32_MAX) {
            if (used && i != 0xc0 && i != 0xc1 && i < 0xf5) {
                die("\"%s\": byte 0x%02x has no token", path, (unsigned) i);
            }

            continue;
        }

        if (used) {
            *vocab_text(v, 1) = c;
            vocab_add(v, path, id[i], 1);

        } else {
            vocab_add_special(v, path, id[i], &c, 1);
        }
    }
}


/* an added token that the vocabulary has and that is no control */

void
vocab_space_user(vocab_t *v, const vocab_in_t *in, uint32_t id,
    const char *content, size_t len)
{
    size_t               i, blocks;
    static const char   *options[] = { "lstrip", "rstrip", "single_word" };
    vocab_in_t           value;

    for (blocks = 0; len - 3 * blocks >= 3; blocks++) {
        if (!vocab_is_block(content + 3 * blocks, 3)) {
            break;
        }
    }

    if (3 * blocks == len) {
        v->runs = blocks > v->runs ? (uint32_t) blocks : v->runs;
        return;
    }

    if (len > LLM_TOK_MAX_USER || blocks
        || memmem(content, len, VOCAB_BLOCK, 3))
    {
        die("\"%s\": the added token \"%s\" is not supported", in->path,
            content);
    }

    for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (vocab_member(in, options[i], &value)
            && vocab_word(&value, "true"))
        {
            die("\"%s\": an added token with %s is not supported", in->path,
                options[i]);
        }
    }

    if (v->user == NULL) {
        v->user = vocab_alloc(VOCAB_MAX_ID, 1);
    }

    if (id >= VOCAB_MAX_ID) {
        die("\"%s\": an added token's id is too large", in->path);
    }

    v->users += !v->user[id];
    v->user[id] = 1;
}


int
vocab_is_user(const vocab_t *v, const vocab_token_t *t)
{
    return v->user && t->id < VOCAB_MAX_ID && v->user[t->id];
}


/* sets the bit of each two neighbours in a token */

void
vocab_join(const vocab_t *v, uint64_t *join, unsigned bits)
{
    size_t                n;
    uint32_t              i, c, last;
    uint64_t              bit;
    const uint8_t        *p, *end;
    const vocab_token_t  *t;

    for (i = 0; i < v->tokens; i++) {
        t = &v->token[i];
        p = (const uint8_t *) v->text + t->ofs;

        for (last = 0, n = 0, end = p + t->len; p < end; last = c) {

            if (v->flags & LLM_TOK_CHARS) {
                p += llm_tok_char(p, end, &c);

            } else {
                c = *p++;
            }

            if (n++) {
                bit = llm_tok_join_bit(last, c, bits);
                join[bit >> 6] |= 1ULL << (bit & 63);
            }
        }
    }
}


/* so many that an eighth of them is set */

unsigned
vocab_join_bits(const vocab_t *v)
{
    size_t     i, words, used;
    unsigned   bits;
    uint64_t  *all;

    words = (128 * 128 + (1 << VOCAB_PAIR_BITS)) / 64;
    all = vocab_alloc(words, sizeof(uint64_t));
    vocab_join(v, all, VOCAB_PAIR_BITS);

    for (i = 128 * 128 / 64, used = 0; i < words; i++) {
        used += (size_t) __builtin_popcountll(all[i]);
    }

    free(all);

    for (bits = 6; (1u << bits) < 8 * used && bits < VOCAB_PAIR_BITS; ) {
        bits++;
    }

    return bits;
}


/* how many spaces a text begins with */

static uint32_t
vocab_spaces(const vocab_t *v, uint32_t token)
{
    uint32_t     n;
    const char  *p;

    p = v->text + v->token[token].ofs;

    for (n = 0; n < v->token[token].len && p[n] == ' '; n++) { /* void */ }

    return n;
}


/*
 * Fills the token of each number of spaces, or UINT32_MAX; 0 if merges of
 * spaces are not before all of a space and something else.
 */

static int
vocab_gap_tokens(const vocab_t *v, uint32_t token[VOCAB_GAPS])
{
    uint32_t              i, n, rank, most, least;
    const vocab_token_t  *left;

    memset(token, 0xff, VOCAB_GAPS * sizeof(uint32_t));
    most = 0;
    least = UINT32_MAX;

    for (i = 0; i < v->tokens; i++) {
        n = vocab_spaces(v, i);
        rank = v->rank ? v->rank[i] : i;
        left = &v->token[v->left[i]];

        if (n == v->token[i].len) {
            most = n > 1 && rank > most ? rank : most;

            if (n < VOCAB_GAPS) {
                token[n] = i;
            }

            continue;
        }

        if (memmem(v->text + v->token[i].ofs + n, v->token[i].len - n, "  ", 2)
            || n > 1)
        {
            return 0;
        }

        if (v->left[i] != i && v->text[left->ofs + left->len - 1] == ' ') {
            least = rank < least ? rank : least;
        }
    }

    return most < least;
}


/* one merge of runs of spaces, lowest rank first; 0 if there is none */

static int
vocab_gap_merge(const vocab_t *v, const uint32_t token[VOCAB_GAPS],
    uint32_t *len, uint32_t *n)
{
    uint32_t  i, best, made, rank, least;

    least = UINT32_MAX;
    best = 0;

    for (i = 0; i + 1 < *n; i++) {
        made = token[len[i] + len[i + 1]];

        if (made == UINT32_MAX || v->token[v->left[made]].len != len[i]) {
            continue;
        }

        rank = v->rank ? v->rank[made] : made;

        if (rank < least) {
            least = rank;
            best = i;
        }
    }

    if (least == UINT32_MAX) {
        return 0;
    }

    len[best] += len[best + 1];
    (*n)--;
    memmove(&len[best + 1], &len[best + 2],
            (*n - best - 1) * sizeof(uint32_t));

    return 1;
}


uint32_t
vocab_gaps(const vocab_t *v)
{
    uint32_t  i, n, all, gaps, token[VOCAB_GAPS], len[VOCAB_GAPS];

    if (!vocab_gap_tokens(v, token)) {
        return 0;
    }

    for (gaps = 0, all = 2; all < VOCAB_GAPS; all++) {

        for (i = 0; i < all; i++) {
            len[i] = 1;
        }

        for (n = all; vocab_gap_merge(v, token, len, &n); ) { /* void */ }

        gaps |= (uint32_t) (len[n - 1] > 1) << all;
    }

    return gaps;
}


/*
 * No token has spaces but as its first byte or as all of it; those that are
 * nothing else are made after all with one.  With tokens that are made before
 * one of their parts the order is not so simple.
 */

uint32_t
vocab_late(const vocab_t *v)
{
    uint32_t     i, n, rank, most, least;
    const char  *p;

    most = 0;
    least = UINT32_MAX;

    for (i = 0; i < v->tokens; i++) {
        n = vocab_spaces(v, i);
        p = v->text + v->token[i].ofs;
        rank = v->rank ? v->rank[i] : i;

        if (v->rank && v->irregular[i]) {
            return 0;
        }

        if (n == v->token[i].len) {
            least = n > 1 && rank < least ? rank : least;
            continue;
        }

        if (n > 1 || memchr(p + n, ' ', v->token[i].len - n)) {
            return 0;
        }

        most = n && rank > most ? rank : most;
    }

    return most < least ? LLM_TOK_LATE : 0;
}
