/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Finds which two bytes are merged before anything else is merged with one of
 * them.
 */

#include "llm_vocab.h"


/* of tokens by their indexes: 0 if these do not tell which are merged first */

static int
vocab_is_ordered(const vocab_t *v)
{
    uint32_t  i;

    for (i = 0; v->rank && i < v->tokens; i++) {
        if (!v->irregular[i] && v->rank[i] != i * LLM_TOK_BETWEEN) {
            return 0;
        }
    }

    return 1;
}


/* LATE of a part of two bytes */

static void
vocab_late_part(const vocab_t *v, uint32_t token, uint32_t part,
    uint64_t *root)
{
    const uint8_t  *p;

    if (v->rank && v->token[part].len == 2 && v->rank[token] < v->rank[part]) {
        p = (const uint8_t *) v->text + v->token[part].ofs;
        root[(uint32_t) p[0] << 8 | p[1]] |= LLM_TOK_ROOT_LATE;
    }
}


/*
 * BEFORE, AFTER and LATE of ROOT.  An irregular token comes between two regular
 * ones: as if it were the first of them.
 */

void
vocab_first(const vocab_t *v, uint64_t *root)
{
    int                   ordered;
    uint32_t              i, at, order;
    const uint8_t        *p;
    const vocab_token_t  *left, *right;

    ordered = vocab_is_ordered(v);

    for (i = 0; i < 65536; i++) {
        root[i] &= ~(LLM_TOK_ROOT_BEFORE | LLM_TOK_ROOT_AFTER
                     | LLM_TOK_ROOT_LATE);
        root[i] |= ordered ? LLM_TOK_ROOT_BEFORE | LLM_TOK_ROOT_AFTER : 0;
    }

    for (i = 0; ordered && i < v->tokens; i++) {
        if (v->left[i] == i) {
            continue;
        }

        vocab_late_part(v, i, v->left[i], root);
        vocab_late_part(v, i, v->right[i], root);

        order = v->rank ? v->rank[i] / LLM_TOK_BETWEEN : i;
        order = llm_tok_root_order(order + 1);

        left = &v->token[v->left[i]];
        right = &v->token[v->right[i]];
        p = (const uint8_t *) v->text + v->token[i].ofs + left->len;
        at = (uint32_t) p[-1] << 8 | p[0];

        if (right->len == 1 && order < llm_tok_root_before(root[at])) {
            root[at] &= ~LLM_TOK_ROOT_BEFORE;
            root[at] |= order;
        }

        if (left->len == 1 && order < llm_tok_root_after(root[at])) {
            root[at] &= ~LLM_TOK_ROOT_AFTER;
            root[at] |= (uint64_t) order << LLM_TOK_ROOT_SHIFT;
        }
    }
}
