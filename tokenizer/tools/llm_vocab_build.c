/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Lays a vocabulary out as an image.
 */

#include "llm_vocab.h"

#include <stdlib.h>
#include <string.h>


#define VOCAB_SEEDS  64
#define VOCAB_KICKS  10000


static int
vocab_log2(uint64_t n)
{
    int  bits;

    for (bits = 0; (1ULL << bits) < n; bits++) { /* void */ }

    return bits;
}


static int
vocab_pair_seat(uint64_t *bucket, uint64_t pair)
{
    int  i;

    for (i = 0; i < LLM_TOK_BUCKET; i++) {
        if (bucket[i] == LLM_TOK_NO_PAIR) {
            bucket[i] = pair;
            return 1;
        }
    }

    return 0;
}


/* returns 0 if nothing fits any more */

static int
vocab_pair_insert(llm_tok_image_t *image, uint64_t pair)
{
    uint32_t   i, kick;
    uint64_t   hash, *table, *one, *two, *bucket, moved;
    uint32_t   buckets;

    table = vocab_section(image, LLM_TOK_SEC_PAIR);
    buckets = image->buckets;

    for (kick = 0; kick < VOCAB_KICKS; kick++) {
        hash = llm_tok_pair_hash(pair & LLM_TOK_PAIR_KEY, image->seed);
        one = table + llm_tok_choose(hash >> 32, buckets) * LLM_TOK_BUCKET;
        two = table + llm_tok_choose(llm_tok_other_pair(hash) >> 32, buckets)
                      * LLM_TOK_BUCKET;

        if (vocab_pair_seat(one, pair) || vocab_pair_seat(two, pair)) {
            return 1;
        }

        i = kick * 2654435761u >> 16;
        bucket = (i & 8) ? one : two;
        moved = bucket[i & 7];
        bucket[i & 7] = pair;
        pair = moved;
    }

    return 0;
}


/* marks the first buckets of those that are in their second */

static void
vocab_pairs_away(llm_tok_image_t *image)
{
    uint64_t  i, n, hash, *table, *one;

    table = vocab_section(image, LLM_TOK_SEC_PAIR);
    n = (uint64_t) image->buckets * LLM_TOK_BUCKET;

    for (i = 0; i < n; i++) {
        if ((table[i] & LLM_TOK_PAIR_KEY) == LLM_TOK_PAIR_KEY) {
            continue;
        }

        hash = llm_tok_pair_hash(table[i] & LLM_TOK_PAIR_KEY,
                                 image->seed);
        one = table + llm_tok_choose(hash >> 32, image->buckets)
                      * LLM_TOK_BUCKET;

        if (table + i - one >= LLM_TOK_BUCKET || table + i < one) {
            one[llm_tok_pair_slot(hash)] |= llm_tok_pair_away(hash);
        }
    }
}


static int
vocab_pairs(llm_tok_image_t *image, const vocab_t *v)
{
    uint32_t   t;
    uint64_t   key, *filter, *pair, bit, size[LLM_TOK_SECTIONS];

    filter = vocab_section(image, LLM_TOK_SEC_FILTER);

    llm_tok_section_sizes(image, size);
    pair = vocab_section(image, LLM_TOK_SEC_PAIR);

    for (t = 0; t < size[LLM_TOK_SEC_PAIR] / sizeof(uint64_t); t++) {
        pair[t] = LLM_TOK_NO_PAIR;
    }

    memset(filter, 0, size[LLM_TOK_SEC_FILTER]);

    for (t = 0; t < image->tokens; t++) {
        if (v->left[t] == t) {
            continue;
        }

        key = llm_tok_pair_key(v->left[t], v->right[t]);

        if (!vocab_pair_insert(image, llm_tok_pair(key, t))) {
            return 0;
        }

        bit = llm_tok_pair_hash(key, image->seed)
              & ((1ULL << image->filter_bits) - 1);
        filter[bit >> 6] |= 1ULL << (bit & 63);
    }

    vocab_pairs_away(image);

    return 1;
}


static void
vocab_merges(llm_tok_image_t *image, const vocab_t *v, const vocab_trie_t *trie)
{
    uint32_t   i;
    uint64_t  *rec;

    rec = vocab_section(image, LLM_TOK_SEC_REC);

    for (i = 0; i < v->tokens; i++) {
        rec[i] = llm_tok_rec(v->left[i], v->right[i], trie->prefix[i],
                             v->token[i].len < LLM_TOK_FAR ? v->token[i].len
                                                           : LLM_TOK_FAR);

        if (image->ranks && v->irregular[i]) {
            rec[i] |= LLM_TOK_IRREGULAR;
        }
    }

    if (image->ranks) {
        memcpy(vocab_section(image, LLM_TOK_SEC_RANK), v->rank,
               v->tokens * sizeof(uint32_t));
    }

    image->seed = 0x9e3779b97f4a7c15ULL;

    for (i = 0; !vocab_pairs(image, v); i++) {
        if (i == VOCAB_SEEDS) {
            die("the pairs do not fit");
        }

        image->seed = image->seed * 0xd1342543de82ef95ULL + 2;
    }
}


static void
vocab_bytes(llm_tok_image_t *image, const vocab_t *v)
{
    uint32_t              i, any, *ids, *byte;
    const vocab_token_t  *t;

    ids = vocab_section(image, LLM_TOK_SEC_IDS);
    byte = vocab_section(image, LLM_TOK_SEC_BYTE);

    memset(byte, 0xff, 256 * sizeof(uint32_t));
    any = 0;

    for (i = 0; i < v->tokens + v->specials; i++) {
        t = vocab_nth(v, i);

        if (i < v->tokens && t->len == 1) {
            byte[(uint8_t) v->text[t->ofs]] = i;
            any = i;
        }

        if (image->by_id) {
            ids[i] = t->id;

        } else if (i >= v->tokens) {
            ids[i - v->tokens] = t->id;
        }
    }

    /* bytes that no text has */

    for (i = 0; i < 256; i++) {
        byte[i] = byte[i] == UINT32_MAX ? any : byte[i];
    }
}


static int
vocab_by_id(const void *one, const void *two)
{
    const uint64_t  *a, *b;

    a = one;
    b = two;

    return (*a > *b) - (*a < *b);
}


static void
vocab_ids(llm_tok_image_t *image, const vocab_t *v)
{
    uint32_t   i, n, *by_id;
    uint64_t  *both;

    n = image->by_id;
    by_id = vocab_section(image, LLM_TOK_SEC_BY_ID);
    both = vocab_alloc(n, sizeof(uint64_t));

    for (i = 0; i < n; i++) {
        both[i] = (uint64_t) (i < v->tokens ? v->token[i].id
                                            : v->special[i - v->tokens].id)
                  << 32 | i;
    }

    qsort(both, n, sizeof(uint64_t), vocab_by_id);

    for (i = 0; i < n; i++) {
        by_id[i] = (uint32_t) both[i];

        if (i && both[i] >> 32 == both[i - 1] >> 32) {
            die("id %u is there twice", (unsigned) (both[i] >> 32));
        }
    }
}


/* what the tokens tell only all together */

static void
vocab_header_tokens(llm_tok_image_t *image, const vocab_t *v)
{
    uint32_t  i;

    for (i = 0; i < v->tokens; i++) {
        if (v->token[i].id != i) {
            image->by_id = v->tokens + v->specials;
        }

        if (v->rank && v->irregular[i]) {
            image->ranks = v->tokens;
        }

        if (v->token[i].id >= image->ids) {
            image->ids = v->token[i].id + 1;
        }

        if (v->token[i].len > image->max_len) {
            image->max_len = v->token[i].len;
        }
    }

    for (i = 0; i < v->specials; i++) {
        if ((i < v->exceptions || vocab_is_user(v, &v->special[i]))
            && v->special[i].id >= image->ids)
        {
            image->ids = v->special[i].id + 1;
        }
    }
}


static void
vocab_header(llm_tok_image_t *image, const vocab_t *v,
    const vocab_trie_t *trie)
{
    int       i;
    uint16_t  wide_at[LLM_TOK_WIDE_AT];
    uint64_t  at, size[LLM_TOK_SECTIONS];

    memcpy(image->magic, LLM_TOK_MAGIC, sizeof(image->magic));
    memcpy(image->name, v->name, sizeof(image->name));
    image->version = LLM_TOK_VERSION;
    image->endian = LLM_TOK_ENDIAN;
    image->grammar = v->grammar;
    image->tokens = v->tokens;
    image->specials = v->specials;
    image->nodes = trie->nodes;
    image->buckets = v->tokens / (LLM_TOK_BUCKET - 1) + 1;
    image->filter_bits = (uint32_t) vocab_log2(v->tokens) + 3;
    image->flags = v->flags;
    image->by_id = v->rank ? v->tokens + v->specials : 0;
    image->near_bits = (uint32_t) vocab_log2(v->tokens) + 1;
    image->wide_blocks = vocab_wide_blocks(v, wide_at);
    vocab_whole_sets(v, image);
    vocab_header_tokens(image, v);

    image->join_bits = v->grammar == LLM_TOK_JOIN ? vocab_join_bits(v) : 0;
    image->gaps = image->join_bits ? vocab_gaps(v) : 0;
    image->flags |= image->join_bits ? vocab_late(v) : 0;
    image->pattern = (uint32_t) v->pattern_len;
    image->runs = v->runs;
    vocab_names_size(image, v);

    llm_tok_section_sizes(image, size);
    at = sizeof(llm_tok_image_t);

    for (i = 0; i < LLM_TOK_SECTIONS; i++) {
        at = (at + 63) & ~(uint64_t) 63;
        image->offset[i] = at;
        at += size[i];
    }

    image->size = at;
}


void *
vocab_build(vocab_t *v, size_t *size)
{
    vocab_trie_t      trie;
    llm_tok_image_t   head = { 0 }, *image;

    /* first, for it is what finds out that a vocabulary cannot be used */

    if (v->left == NULL) {
        vocab_merge(v);
    }

    vocab_trie(v, &trie);
    vocab_first(v, trie.root);
    vocab_header(&head, v, &trie);

    image = vocab_alloc(head.size, 1);
    memcpy(image, &head, sizeof(head));

    memcpy(vocab_section(image, LLM_TOK_SEC_ROOT), trie.root, 65536 * 8);
    memcpy(vocab_section(image, LLM_TOK_SEC_NODE), trie.node,
           (size_t) trie.nodes * 8);
    vocab_bytes(image, v);
    vocab_whole(v, image, vocab_section(image, LLM_TOK_SEC_TINY),
                vocab_section(image, LLM_TOK_SEC_WHOLE));
    vocab_merges(image, v, &trie);
    vocab_near(v, vocab_section(image, LLM_TOK_SEC_BORDER),
               vocab_section(image, LLM_TOK_SEC_NEAR), image->near_bits);
    (void) vocab_wide_blocks(v, vocab_section(image, LLM_TOK_SEC_WIDE_AT));
    vocab_wide(v, &trie, vocab_section(image, LLM_TOK_SEC_WIDE_AT),
               vocab_section(image, LLM_TOK_SEC_WIDE));
    vocab_ids(image, v);
    vocab_names(image, v);

    if (v->pattern) {
        memcpy(vocab_section(image, LLM_TOK_SEC_PATTERN), v->pattern,
               v->pattern_len);
    }

    if (image->join_bits) {
        vocab_join(v, vocab_section(image, LLM_TOK_SEC_JOIN),
                   image->join_bits);
    }

    image->sum = llm_tok_sum((char *) image + LLM_TOK_SUMMED,
                             image->size - LLM_TOK_SUMMED, NULL, NULL);
    *size = image->size;

    return image;
}
