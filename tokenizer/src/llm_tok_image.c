/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * What the compiler and the reader of vocabulary images share.
 */

#include "llm_tok_image.h"

#include <string.h>


#define LLM_TOK_SUM_LANES  8


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
    size[LLM_TOK_SEC_PAIR] = ((1ULL << image->bucket_bits) + 1)
                             * LLM_TOK_BUCKET * sizeof(uint64_t);
    size[LLM_TOK_SEC_FILTER] = (1ULL << image->filter_bits) / 8;
    size[LLM_TOK_SEC_WHOLE] = (1ULL << image->set_bits) * LLM_TOK_WAYS
                              * sizeof(llm_tok_entry_t);
    size[LLM_TOK_SEC_IDS] = all * sizeof(uint32_t);
    size[LLM_TOK_SEC_OFS] = (all + 1) * sizeof(uint32_t);
    size[LLM_TOK_SEC_TEXT] = image->text;
}


/*
 * Eight lanes hide the latency of the multiplication.  Each step maps a lane
 * one to one for a given word, so that a changed word cannot cancel itself.
 */

uint64_t
llm_tok_sum(const void *data, size_t len)
{
    size_t       i, j;
    uint64_t     lane[LLM_TOK_SUM_LANES], word[LLM_TOK_SUM_LANES], sum;
    const char  *p;

    p = data;

    for (j = 0; j < LLM_TOK_SUM_LANES; j++) {
        lane[j] = (j + 1) * 0x9e3779b97f4a7c15ULL;
    }

    for (i = 0; i + sizeof(word) <= len; i += sizeof(word)) {
        memcpy(word, p + i, sizeof(word));

        for (j = 0; j < LLM_TOK_SUM_LANES; j++) {
            lane[j] = (lane[j] ^ word[j]) * 0xff51afd7ed558ccdULL;
            lane[j] ^= lane[j] >> 32;
        }
    }

    memset(word, 0, sizeof(word));
    memcpy(word, p + i, len - i);
    sum = len;

    for (j = 0; j < LLM_TOK_SUM_LANES; j++) {
        lane[j] = (lane[j] ^ word[j]) * 0xff51afd7ed558ccdULL;
        lane[j] ^= lane[j] >> 32;
        sum = (sum ^ lane[j]) * 0xc4ceb9fe1a85ec53ULL;
        sum ^= sum >> 32;
    }

    return sum;
}
