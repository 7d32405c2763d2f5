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
    size[LLM_TOK_SEC_OFS] = (all + 1) * sizeof(uint32_t);
    size[LLM_TOK_SEC_BY_ID] = image->by_id * (uint64_t) sizeof(uint32_t);
    size[LLM_TOK_SEC_RANK] = image->ranks * (uint64_t) sizeof(uint32_t);
    size[LLM_TOK_SEC_EXCEPT] = image->except_bits == 0 ? 0
                        : sizeof(uint32_t) * (1ULL << image->except_bits);
    size[LLM_TOK_SEC_JOIN] = image->join_bits == 0 ? 0
                             : 128 * 128 / 8 + (1ULL << image->join_bits) / 8;
    size[LLM_TOK_SEC_USER] = image->users * (uint64_t) sizeof(uint32_t);
    size[LLM_TOK_SEC_TEXT] = image->text;
}


/*
 * Vectors of the compiler, which it makes of whatever the processor has.  Each
 * step maps a lane one to one for a given word, so that a changed word cannot
 * cancel itself; the second sum depends on the order of words.
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


uint64_t
llm_tok_sum(const void *data, size_t len)
{
    size_t            i, j, k;
    uint64_t          sum;
    const char       *p;
    llm_tok_vector_t  word[LLM_TOK_VECTORS], first[LLM_TOK_VECTORS],
                      second[LLM_TOK_VECTORS];

    p = data;
    memset(first, 0, sizeof(first));
    memset(second, 0, sizeof(second));

    for (i = 0; i + sizeof(word) <= len; i += sizeof(word)) {
        memcpy(word, p + i, sizeof(word));

        for (j = 0; j < LLM_TOK_VECTORS; j++) {
            first[j] = ((first[j] << 7) | (first[j] >> 57)) ^ word[j];
            second[j] += first[j];
        }
    }

    memset(word, 0, sizeof(word));
    memcpy(word, p + i, len - i);
    sum = len;

    for (j = 0; j < LLM_TOK_VECTORS; j++) {
        for (k = 0; k < 2; k++) {
            sum = llm_tok_mix(sum, word[j][k]);
            sum = llm_tok_mix(sum, first[j][k]);
            sum = llm_tok_mix(sum, second[j][k]);
        }
    }

    return sum;
}
