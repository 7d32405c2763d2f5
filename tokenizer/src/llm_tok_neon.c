/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * ASCII text in blocks, with NEON, which every 64-bit ARM processor has.
 */

#include "llm_tok_masks.h"


#if LLM_TOK_HAVE_NEON

#include <arm_neon.h>


#define LLM_TOK_TARGET
#define llm_tok_lowest(bits)  (unsigned) __builtin_ctzll((bits) | 1ULL << 63)


/* the 64 bytes of a block, or which of them are of a class: all bits or none */

typedef struct {
    uint8x16_t  part[4];
} llm_tok_bytes_t;


/* NEON has no instruction for this: each byte keeps a bit, eight add up */

static inline uint64_t
llm_tok_bits(llm_tok_bytes_t b)
{
    int                   i;
    uint8x16_t            sum;
    static const uint8_t  bit[16] = { 1, 2, 4, 8, 16, 32, 64, 128,
                                      1, 2, 4, 8, 16, 32, 64, 128 };

    for (i = 0; i < 4; i++) {
        b.part[i] = vandq_u8(b.part[i], vld1q_u8(bit));
    }

    sum = vpaddq_u8(vpaddq_u8(b.part[0], b.part[1]),
                    vpaddq_u8(b.part[2], b.part[3]));
    sum = vpaddq_u8(sum, sum);

    return vgetq_lane_u64(vreinterpretq_u64_u8(sum), 0);
}


/* bytes c to c + n, after the bits of fold are set */

static inline uint64_t
llm_tok_range(const llm_tok_bytes_t *b, uint8_t fold, uint8_t c, uint8_t n)
{
    int              i;
    uint8x16_t       byte;
    llm_tok_bytes_t  found;

    for (i = 0; i < 4; i++) {
        byte = vorrq_u8(b->part[i], vdupq_n_u8(fold));
        found.part[i] = vcleq_u8(vsubq_u8(byte, vdupq_n_u8(c)),
                                 vdupq_n_u8(n));
    }

    return llm_tok_bits(found);
}


/*
 * Classifies a block of len bytes, shorter if a byte is not ASCII.  All of its
 * 64 bytes can be read.
 */

static inline void
llm_tok_classify(const uint8_t *p, unsigned len, llm_tok_masks_t *m)
{
    int              i;
    uint64_t         all;
    llm_tok_bytes_t  b;

    for (i = 0; i < 4; i++) {
        b.part[i] = vld1q_u8(p + 16 * i);
    }

    all = llm_tok_masks_all(m, llm_tok_range(&b, 0, 0x80, 0x7f), len);

    m->letter = llm_tok_range(&b, 0x20, 'a', 25);
    m->lower = llm_tok_range(&b, 0, 'a', 25);
    m->digit = llm_tok_range(&b, 0, '0', 9);
    m->blank = llm_tok_range(&b, 0, ' ', 0);
    m->line = llm_tok_range(&b, 0, '\n', 0) | llm_tok_range(&b, 0, '\r', 0);
    m->apostrophe = llm_tok_range(&b, 0, '\'', 0);
    m->slash = llm_tok_range(&b, 0, '/', 0);
    m->control = llm_tok_range(&b, 0, 0, 0x1f) | llm_tok_range(&b, 0, 0x7f, 0);

    llm_tok_masks_derive(m, all, llm_tok_range(&b, 0, '\t', 4));
}


#include "llm_tok_ascii.h"


size_t
llm_tok_split_neon(llm_tok_split_t *split, uint32_t *at)
{
    return llm_tok_split_blocks(split, at);
}


#else

typedef int  llm_tok_neon_is_not_for_this_processor_t;

#endif
