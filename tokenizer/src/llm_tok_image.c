/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * What the compiler and the reader of vocabulary images share.
 */

#include "llm_tok_internal.h"


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
    size[LLM_TOK_SEC_NAMED] = image->named * (uint64_t) sizeof(uint32_t);
    size[LLM_TOK_SEC_OFS] = ((uint64_t) image->named + image->specials + 1)
                            * sizeof(uint32_t);
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


static uint64_t
llm_tok_mix(uint64_t sum, uint64_t word)
{
    sum = (sum ^ word) * 0xff51afd7ed558ccdULL;

    return sum ^ (sum >> 32);
}


uint64_t
llm_tok_sum(const void *data, size_t len, llm_tok_seen_pt seen, void *ctx)
{
    size_t                   i, j, n;
    uint64_t                 sum, first[LLM_TOK_SUM_LANES],
                             second[LLM_TOK_SUM_LANES];
    const char              *p;
    char                     block[64];
    const llm_tok_checks_t  *checks;

    p = data;
    checks = llm_tok_checks();
    memset(first, 0, sizeof(first));
    memset(second, 0, sizeof(second));

    for (i = 0; i < len; i += n) {
        n = len - i < LLM_TOK_CHUNK ? len - i : LLM_TOK_CHUNK;
        j = n - n % sizeof(block);

        checks->add(p + i, j, first, second);

        if (j < n) {
            memset(block, 0, sizeof(block));
            memcpy(block, p + i + j, n - j);
            checks->add(block, sizeof(block), first, second);
        }

        if (seen) {
            seen(ctx, i, i + n);
        }
    }

    sum = len;

    for (i = 0; i < LLM_TOK_SUM_LANES; i++) {
        sum = llm_tok_mix(sum, first[i]);
        sum = llm_tok_mix(sum, second[i]);
    }

    return sum;
}
