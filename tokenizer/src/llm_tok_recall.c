/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * What the scratch remembers of pieces.
 */

#include "llm_tok_piece.h"


/*
 * Seven bits of each character behind those of the ones before it; returns 0 if
 * one is in another block than the first, of which block are the bytes.
 */

static inline int
llm_tok_pack_two(const uint8_t *p, const uint8_t *end, llm_tok_entry_t *key)
{
    unsigned  block;

    for (block = *p & 0xfe; p < end; p += 2) {
        if ((p[0] & 0xfe) != block || (p[1] & 0xc0) != 0x80) {
            return 0;
        }

        key->hi = key->hi << 7 | key->lo >> 57;
        key->lo = key->lo << 7 | (p[0] & 1u) << 6 | (p[1] & 0x3fu);
    }

    return 1;
}


static inline int
llm_tok_pack_three(const uint8_t *p, const uint8_t *end, llm_tok_entry_t *key)
{
    unsigned  first, second;

    first = p[0];
    second = p[1] & 0xfe;

    for ( /* void */ ; p < end; p += 3) {
        if (p[0] != first || (p[1] & 0xfe) != second
            || (p[2] & 0xc0) != 0x80)
        {
            return 0;
        }

        key->hi = key->hi << 7 | key->lo >> 57;
        key->lo = key->lo << 7 | (p[1] & 1u) << 6 | (p[2] & 0x3fu);
    }

    return 1;
}


/*
 * A bit, seven of each character, 99 of them at most; then seven of what comes
 * first and fourteen of the block.  The length is 0, which no other key has.
 */

int
llm_tok_pack(const uint8_t *p, uint32_t len, llm_tok_entry_t *key)
{
    int             packed;
    size_t          n, size;
    uint32_t        c;
    uint64_t        first;
    const uint8_t  *start, *end;

    key->lo = 1;
    key->hi = 0;

    start = p;
    end = p + len;
    first = *p < 0x80 ? *p++ : 0;
    n = (size_t) (end - p);
    size = *p < 0xe0 ? 2 : 3;

    /* Chinese, Korean: not in one block, and seldom twice */

    packed = *p >= 0xc2 && *p < 0xe4 && *start != 0
             && n % size == 0 && n <= LLM_TOK_PACKED * size
             && llm_tok_char_at(p, end, &c) == size && c != 0xfffd
             && (size == 2 ? llm_tok_pack_two(p, end, key)
                           : llm_tok_pack_three(p, end, key));

    if (!packed) {
        key->lo = 0;
        key->hi = 0;

        return 0;
    }

    key->hi |= first << 35 | (uint64_t) (c >> 7) << 42;

    return 1;
}


void
llm_tok_promote(llm_tok_set_t *set)
{
    int       i;
    uint64_t  lo, hi;

    lo = set->lo[LLM_TOK_WAYS - 1];
    hi = set->hi[LLM_TOK_WAYS - 1];

    for (i = LLM_TOK_WAYS - 1; i > 0; i--) {
        set->lo[i] = set->lo[i - 1];
        set->hi[i] = set->hi[i - 1];
    }

    set->lo[0] = lo;
    set->hi[0] = hi;
}


/*
 * What is remembered of a piece, 0 if nothing is.  Looks at all four without
 * asking: which of them it is cannot be predicted.
 */

unsigned
llm_tok_recall_one(llm_tok_set_t *set, const llm_tok_entry_t *key)
{
    int       i;
    uint64_t  count, lo, hi;

    count = 0;

    for (i = 0; i < LLM_TOK_WAYS; i++) {
        lo = set->lo[i] ^ key->lo;
        hi = set->hi[i] ^ key->hi;
        count |= (lo | (hi & ~LLM_TOK_COUNT_MASK)) ? 0 : hi;
    }

    if (llm_tok_unlikely((lo | (hi & ~LLM_TOK_COUNT_MASK)) == 0)) {
        llm_tok_promote(set);
    }

    return (unsigned) (count >> 56);
}


/* in the first free place; if there is none the last one is forgotten */

void
llm_tok_remember(llm_tok_set_t *set, const llm_tok_entry_t *key, size_t n)
{
    int  i;

    for (i = 0; i < LLM_TOK_WAYS - 1 && set->hi[i]; i++) { /* void */ }

    set->lo[i] = key->lo;
    set->hi[i] = key->hi | (uint64_t) n << 56;
}


void
llm_tok_forget(llm_scratch_t *s)
{
    memset(s->known, 0, sizeof(s->known));
    memset(s->memo, 0, sizeof(s->memo));
    memset(s->brief, 0, sizeof(s->brief));
}


/* the sets of the whole batch are fetched before the first is looked at */

size_t
llm_tok_recall(llm_scratch_t *s, const uint8_t *text, const uint8_t *end,
    size_t n, size_t *total)
{
    size_t     i, unknown;
    uint32_t   len, *at;
    unsigned   count;

    at = s->at;

    for (i = 0; i < n; i++) {
        len = at[i + 1] - at[i];

        if (llm_tok_likely(len < LLM_TOK_LONG)) {
            llm_tok_key(text + at[i], len, end, &s->key[i]);
            s->hash[i] = llm_tok_entry_hash(&s->key[i]);
            __builtin_prefetch(&llm_tok_known(s, s->hash[i]));
        }
    }

    for (i = 0, unknown = 0; i < n; i++) {
        count = 0;

        if (llm_tok_likely(at[i + 1] - at[i] < LLM_TOK_LONG)) {
            count = llm_tok_recall_one(&llm_tok_known(s, s->hash[i]),
                                       &s->key[i]);
        }

        s->unknown[unknown] = (uint32_t) i;
        unknown += count == 0;
        *total += count;
    }

    return unknown;
}


static inline int
llm_tok_is_tiny(const llm_vocab_t *v, const llm_tok_entry_t *key,
    uint64_t hash)
{
    int              i;
    uint64_t         found, entry;
    const uint64_t  *one, *two;

    entry = key->lo | key->hi >> 4;
    one = llm_tok_tiny_set(v, hash >> 32);
    two = llm_tok_tiny_set(v, hash);

    for (found = 0, i = 0; i < LLM_TOK_WAYS; i++) {
        found |= one[i] == entry;
        found |= two[i] == entry;
    }

    return (int) found;
}


/* whether a short piece is a token */

static inline int
llm_tok_is_whole(const llm_vocab_t *v, const llm_tok_entry_t *key,
    uint64_t hash)
{
    int                     i;
    uint64_t                found;
    const llm_tok_entry_t  *one, *two;

    if (key->hi >> 60 <= LLM_TOK_TINY) {
        return llm_tok_is_tiny(v, key, hash);
    }

    one = llm_tok_whole_set(v, hash >> 32);
    two = llm_tok_whole_set(v, hash);

    for (found = 0, i = 0; i < LLM_TOK_WAYS; i++) {
        found |= ((one[i].lo ^ key->lo) | (one[i].hi ^ key->hi)) == 0;
        found |= ((two[i].lo ^ key->lo) | (two[i].hi ^ key->hi)) == 0;
    }

    return (int) found;
}


unsigned
llm_tok_recall_text(const llm_vocab_t *v, llm_scratch_t *s,
    const uint8_t *p, size_t len)
{
    unsigned          n;
    uint64_t          hash;
    llm_tok_set_t    *set;
    llm_tok_entry_t   key;

    llm_tok_key_inside(p, (uint32_t) len, &key);
    hash = llm_tok_entry_hash(&key);
    set = &llm_tok_known(s, hash);
    n = llm_tok_recall_one(set, &key);

    if (n == 0 && llm_tok_is_whole(v, &key, hash)) {
        llm_tok_remember(set, &key, 1);
        n = 1;
    }

    return n;
}


size_t
llm_tok_know(const llm_vocab_t *v, llm_scratch_t *s, size_t n,
    uint16_t *rest)
{
    size_t           i, left;
    llm_tok_set_t   *set;
    llm_tok_miss_t  *miss;

    for (i = 0, left = 0; i < n; i++) {
        miss = &s->miss[i];

        if (miss->len >= LLM_TOK_LONG
            || !llm_tok_is_whole(v, &miss->key, miss->hash))
        {
            rest[left++] = (uint16_t) i;
            continue;
        }

        set = &llm_tok_known(s, miss->hash);

        if (llm_tok_recall_one(set, &miss->key) == 0) {
            llm_tok_remember(set, &miss->key, 1);
        }
    }

    return left;
}
