/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * What the compiler and the reader of vocabulary images share.
 */

#include "llm_tok_image.h"

#include <string.h>


void
llm_tok_section_sizes(const llm_tok_image_t *image,
    uint64_t size[LLM_TOK_SECTIONS])
{
    uint64_t  all;

    all = (uint64_t) image->tokens + image->specials;

    size[LLM_TOK_SEC_BYTE] = 256 * sizeof(uint32_t);
    size[LLM_TOK_SEC_ROOT] = 65536 * sizeof(uint64_t);
    size[LLM_TOK_SEC_NODE] = image->nodes * (uint64_t) sizeof(uint64_t);
    size[LLM_TOK_SEC_REC] = image->tokens * (uint64_t) sizeof(uint64_t);
    size[LLM_TOK_SEC_PAIR] = image->buckets * (uint64_t) LLM_TOK_BUCKET
                             * sizeof(uint64_t);
    size[LLM_TOK_SEC_FILTER] = (1ULL << image->filter_bits) / 8;
    size[LLM_TOK_SEC_TINY] = image->tiny_sets * (uint64_t) LLM_TOK_WAYS
                             * sizeof(uint64_t);
    size[LLM_TOK_SEC_WHOLE] = image->whole_sets * (uint64_t) LLM_TOK_WAYS
                              * sizeof(llm_tok_entry_t);
    size[LLM_TOK_SEC_IDS] = (image->by_id ? all : image->specials)
                            * sizeof(uint32_t);
    size[LLM_TOK_SEC_NEAR] = (1ULL << image->near_bits) / 4;
    size[LLM_TOK_SEC_BORDER] = 65536 / 8;
    size[LLM_TOK_SEC_WIDE_AT] = LLM_TOK_WIDE_AT * sizeof(uint16_t);
    size[LLM_TOK_SEC_WIDE] = image->wide_blocks * 64 * sizeof(uint64_t);
    size[LLM_TOK_SEC_GROUP] = (all / LLM_TOK_GROUP + 1) * sizeof(uint32_t);
    size[LLM_TOK_SEC_OFS] = (all + 1) * sizeof(uint16_t);
    size[LLM_TOK_SEC_BY_ID] = image->by_id * (uint64_t) sizeof(uint32_t);
    size[LLM_TOK_SEC_RANK] = image->ranks * (uint64_t) sizeof(uint32_t);
    size[LLM_TOK_SEC_EXCEPT] = image->except_bits == 0 ? 0
                        : sizeof(uint32_t) * (1ULL << image->except_bits);
    size[LLM_TOK_SEC_JOIN] = image->join_bits == 0 ? 0
                             : 128 * 128 / 8 + (1ULL << image->join_bits) / 8;
    size[LLM_TOK_SEC_PATTERN] = image->pattern;
    size[LLM_TOK_SEC_USER] = image->users * (uint64_t) sizeof(uint32_t);
    size[LLM_TOK_SEC_TEXT] = image->text;
}


/*
 * Vectors of the compiler, which it makes of whatever the processor has.  A
 * changed word changes the first sum of its lane, and the second tells words
 * that changed places; half of its bits move down, for a sum that only ever
 * carries up would hardly see the topmost ones.
 */

typedef uint64_t  llm_tok_vector_t __attribute__((vector_size(16)));

/* as many as leave the two sums of each in registers */
#define LLM_TOK_VECTORS  4


static uint64_t
llm_tok_mix(uint64_t sum, uint64_t word)
{
    sum = (sum ^ word) * 0xff51afd7ed558ccdULL;

    return sum ^ (sum >> 32);
}


static inline void
llm_tok_add_word(const char *p, llm_tok_vector_t *first,
    llm_tok_vector_t *second)
{
    llm_tok_vector_t  word;

    memcpy(&word, p, sizeof(word));
    *first += word;
    *second += *first ^ *first >> 32;
}


/* not a loop over the vectors: compilers would keep them in memory */

static void
llm_tok_add(const char *p, size_t len, llm_tok_vector_t *first,
    llm_tok_vector_t *second)
{
    const char        *end;
    llm_tok_vector_t   a, b, c, d, e, f, g, h;

    a = first[0], b = first[1], c = first[2], d = first[3];
    e = second[0], f = second[1], g = second[2], h = second[3];

    for (end = p + len; p < end; p += LLM_TOK_VECTORS * sizeof(a)) {
        llm_tok_add_word(p, &a, &e);
        llm_tok_add_word(p + 16, &b, &f);
        llm_tok_add_word(p + 32, &c, &g);
        llm_tok_add_word(p + 48, &d, &h);
    }

    first[0] = a, first[1] = b, first[2] = c, first[3] = d;
    second[0] = e, second[1] = f, second[2] = g, second[3] = h;
}


uint64_t
llm_tok_sum(const void *data, size_t len, llm_tok_seen_pt seen, void *ctx)
{
    size_t            i, j, n;
    uint64_t          sum;
    const char       *p;
    llm_tok_vector_t  word[LLM_TOK_VECTORS], first[LLM_TOK_VECTORS],
                      second[LLM_TOK_VECTORS];

    p = data;
    memset(first, 0, sizeof(first));
    memset(second, 0, sizeof(second));

    for (i = 0; i < len; i += n) {
        n = len - i < LLM_TOK_CHUNK ? len - i : LLM_TOK_CHUNK;
        j = n - n % sizeof(word);

        llm_tok_add(p + i, j, first, second);

        if (j < n) {
            memset(word, 0, sizeof(word));
            memcpy(word, p + i + j, n - j);
            llm_tok_add((const char *) word, sizeof(word), first, second);
        }

        if (seen) {
            seen(ctx, i, i + n);
        }
    }

    sum = len;

    for (i = 0; i < LLM_TOK_VECTORS; i++) {
        for (j = 0; j < 2; j++) {
            sum = llm_tok_mix(sum, first[i][j]);
            sum = llm_tok_mix(sum, second[i][j]);
        }
    }

    return sum;
}
