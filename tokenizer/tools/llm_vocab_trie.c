/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Makes the double array in which the longest token at a place is found.
 *
 * Nodes are placed in the order in which the tokens, by rank, call for them,
 * so that the frequent ones, which have low ranks, lie together.
 */

#include "llm_vocab.h"

#include <stdlib.h>


typedef struct {
    uint32_t  parent;
    uint32_t  child;            /* the first */
    uint32_t  sibling;
    uint32_t  token;            /* index plus one */
    uint32_t  base;
    uint32_t  slot;
    uint16_t  depth;
    uint8_t   label;
} vocab_node_t;

typedef struct {
    vocab_node_t  *node;        /* [0] is the root */
    uint32_t       n;
    uint32_t      *next;        /* free slots, a ring through slot 0 */
    uint32_t      *prev;
    uint8_t       *base_used;   /* a base tells whose children those are */
    uint32_t       slots;
    uint32_t       last;        /* the largest slot in use */
} vocab_place_t;


static uint32_t
vocab_child(vocab_place_t *pl, uint32_t parent, uint8_t label)
{
    uint32_t  i;

    for (i = pl->node[parent].child; i; i = pl->node[i].sibling) {
        if (pl->node[i].label == label) {
            return i;
        }
    }

    i = pl->n++;
    pl->node[i].parent = parent;
    pl->node[i].label = label;
    pl->node[i].depth = (uint16_t) (pl->node[parent].depth + 1);
    pl->node[i].sibling = pl->node[parent].child;
    pl->node[parent].child = i;

    return i;
}


static void
vocab_grow(vocab_place_t *pl, const vocab_t *v)
{
    uint32_t              i, j, at;
    const vocab_token_t  *t;

    pl->n = 1;
    pl->node = vocab_alloc(v->text_len + 1, sizeof(vocab_node_t));

    for (i = 0; i < v->tokens; i++) {
        t = &v->token[i];

        /* where characters are the smallest parts their bytes are no prefix */

        if ((v->flags & LLM_TOK_CHARS) && t->len == 1
            && (uint8_t) v->text[t->ofs] >= 0x80)
        {
            continue;
        }

        for (at = 0, j = 0; j < t->len; j++) {
            at = vocab_child(pl, at, (uint8_t) v->text[t->ofs + j]);
        }

        pl->node[at].token = i + 1;
    }
}


static int
vocab_fits(const vocab_place_t *pl, uint32_t first, uint32_t base)
{
    uint32_t  i;

    if (pl->base_used[base]) {
        return 0;
    }

    for (i = first; i; i = pl->node[i].sibling) {
        if (pl->next[base + pl->node[i].label] == 0
            && pl->prev[base + pl->node[i].label] == 0)
        {
            return 0;
        }
    }

    return 1;
}


static void
vocab_put(vocab_place_t *pl, uint32_t parent, uint32_t base)
{
    uint32_t  i, slot;

    pl->base_used[base] = 1;
    pl->node[parent].base = base;

    for (i = pl->node[parent].child; i; i = pl->node[i].sibling) {
        slot = base + pl->node[i].label;
        pl->node[i].slot = slot;

        pl->next[pl->prev[slot]] = pl->next[slot];
        pl->prev[pl->next[slot]] = pl->prev[slot];
        pl->next[slot] = 0;
        pl->prev[slot] = 0;

        if (slot > pl->last) {
            pl->last = slot;
        }
    }
}


static void
vocab_place(vocab_place_t *pl)
{
    uint32_t  i, slot, first;

    pl->slots = 2 * pl->n + 65536;
    pl->next = vocab_alloc(pl->slots, sizeof(uint32_t));
    pl->prev = vocab_alloc(pl->slots, sizeof(uint32_t));
    pl->base_used = vocab_alloc(pl->slots, 1);

    for (i = 0; i < pl->slots; i++) {
        pl->next[i] = (i + 1) % pl->slots;
        pl->prev[i] = (i + pl->slots - 1) % pl->slots;
    }

    for (i = 1; i < pl->n; i++) {
        first = pl->node[i].child;

        if (first == 0 || pl->node[i].depth < 2) {
            continue;
        }

        for (slot = pl->next[0]; slot; slot = pl->next[slot]) {
            if (slot > pl->node[first].label
                && slot - pl->node[first].label + 256 < pl->slots
                && vocab_fits(pl, first, slot - pl->node[first].label))
            {
                break;
            }
        }

        if (slot == 0) {
            die("the trie does not fit");
        }

        vocab_put(pl, i, slot - pl->node[first].label);
    }
}


void
vocab_trie(const vocab_t *v, vocab_trie_t *t)
{
    uint32_t        i, up, left;
    uint64_t        value;
    vocab_node_t   *node;
    vocab_place_t   pl = { 0 };

    vocab_grow(&pl, v);
    vocab_place(&pl);

    t->nodes = pl.last + 256;
    t->root = vocab_alloc(65536, sizeof(uint64_t));
    t->node = vocab_alloc(t->nodes, sizeof(uint64_t));
    t->prefix = vocab_alloc(v->tokens, sizeof(uint32_t));

    for (i = 0; i < v->tokens; i++) {
        t->prefix[i] = i;
    }

    for (i = 1; i < pl.n; i++) {
        node = &pl.node[i];
        left = node->token ? v->left[node->token - 1] + 1 : 0;
        left = left != node->token && node->depth <= LLM_TOK_SHORT
               ? v->token[left - 1].len : 0;
        value = llm_tok_node(node->label, node->base, left, node->token);

        if (node->depth == 2) {
            t->root[pl.node[node->parent].label << 8 | node->label] = value;

        } else if (node->depth > 2) {
            t->node[node->slot] = value;
        }

        if (node->token) {
            for (up = node->parent; up && !pl.node[up].token; ) {
                up = pl.node[up].parent;
            }

            t->prefix[node->token - 1] =
                (up ? pl.node[up].token : node->token) - 1;
        }
    }
}
