/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * The class of a code point, as the reference engine's tables have it.
 */

#ifndef LLM_TOK_CLASS_H_INCLUDED_
#define LLM_TOK_CLASS_H_INCLUDED_


#include <stdint.h>


/* the order is that of tools/gen-class.js; letters are U, L and C */

enum {
    LLM_TOK_P = 0,      /* \p{P} \p{S} */
    LLM_TOK_S,          /* \s other than CR and LF */
    LLM_TOK_R,          /* CR and LF */
    LLM_TOK_N,          /* \p{N} */
    LLM_TOK_U,          /* \p{Lu} \p{Lt} */
    LLM_TOK_L,          /* \p{Ll} */
    LLM_TOK_C,          /* \p{Lm} \p{Lo} */
    LLM_TOK_M,          /* \p{M} */
    LLM_TOK_X           /* none of these */
};

#define LLM_TOK_CLASS_INDEX  8704


extern const uint8_t  llm_tok_class_index[LLM_TOK_CLASS_INDEX];
extern const uint8_t  llm_tok_class_block[];


static inline unsigned
llm_tok_class(uint32_t c)
{
    return llm_tok_class_block[((unsigned) llm_tok_class_index[c >> 7] << 7)
                               + (c & 127)];
}


#endif /* LLM_TOK_CLASS_H_INCLUDED_ */
