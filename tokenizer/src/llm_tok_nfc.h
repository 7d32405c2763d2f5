/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * The tables of normalization forms C and KC, see tools/gen-nfc.js.
 */

#ifndef LLM_TOK_NFC_H_INCLUDED_
#define LLM_TOK_NFC_H_INCLUDED_


#include "llm_tok_internal.h"


#define LLM_TOK_NFC_INDEX   8704

#define LLM_TOK_NFC_ORDER   0x3f    /* where a mark goes among others, or 0 */
#define LLM_TOK_NFC_ALONE   0x40    /* ... not what stands before */
#define LLM_TOK_NFC_CHANGE  0x80    /* it or what stands before may change */


typedef struct {
    uint32_t  c;
    uint16_t  at;                   /* in llm_tok_nfc_pool */
    uint16_t  n;
} llm_tok_nfc_split_t;

typedef struct {
    uint32_t  first;
    uint32_t  second;
    uint32_t  c;
} llm_tok_nfc_join_t;


extern const uint8_t               llm_tok_nfc_index[LLM_TOK_NFC_INDEX];
extern const uint8_t               llm_tok_nfc_block[];
extern const uint32_t              llm_tok_nfc_pool[];
extern const llm_tok_nfc_split_t   llm_tok_nfc_splits[];
extern const size_t                llm_tok_nfc_nsplits;
extern const llm_tok_nfc_join_t    llm_tok_nfc_joins[];
extern const size_t                llm_tok_nfc_njoins;

/* what KC takes apart otherwise */

extern const uint8_t               llm_tok_nfkc_index[LLM_TOK_NFC_INDEX];
extern const uint8_t               llm_tok_nfkc_block[];
extern const uint32_t              llm_tok_nfkc_pool[];
extern const llm_tok_nfc_split_t   llm_tok_nfkc_splits[];
extern const size_t                llm_tok_nfkc_nsplits;


#endif /* LLM_TOK_NFC_H_INCLUDED_ */
