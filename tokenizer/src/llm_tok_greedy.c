/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Takes the longest token everywhere, in several texts side by side: walking
 * through a table that is larger than the caches is waiting for memory, and
 * what is independent waits at the same time.
 *
 * If each two neighbours of the result go together it is the encoding, which
 * is so for most short texts.
 */

#include "llm_tok_near.h"


typedef struct {
    llm_tok_text_t  *text;
    const uint8_t   *p;         /* where the current token begins */
    const uint8_t   *end;
    size_t           depth;
    size_t           len;       /* of the longest token so far */
    uint64_t         node;      /* where depth bytes lead */
    uint32_t         token;     /* its index plus one, or 0: a byte's */
} llm_tok_walk_t;


/* the node that the next byte leads to */

#define llm_tok_walk_fetch(v, w)                                              \
    if ((w)->p + (w)->depth < (w)->end) {                                     \
        __builtin_prefetch((v)->node + llm_tok_node_base((w)->node)           \
                           + (w)->p[(w)->depth]);                             \
    }


static inline void
llm_tok_walk_from(const llm_vocab_t *v, llm_tok_walk_t *w, const uint8_t *p)
{
    w->p = p;
    w->depth = 2;
    w->node = 0;

    if (w->end - p >= 2) {
        w->node = v->root[(unsigned) p[0] << 8 | p[1]];
    }

    w->token = llm_tok_node_token(w->node);
    w->len = w->token ? 2 : 1;
    llm_tok_walk_fetch(v, w);
}


static inline void
llm_tok_walk_put(const llm_vocab_t *v, llm_tok_text_t *text,
    const uint8_t *p, const uint8_t *end, uint32_t token)
{
    uint64_t  may;

    __builtin_prefetch(&v->rec[token]);

    may = p > text->p && llm_tok_may_join(v, text->p, p, end);
    text->unsure |= may << text->tokens;
    text->token[text->tokens++] = token;
}


/*
 * Characters of three bytes from p on that are a token each.  Returns where
 * there are none of them any more, or NULL if the walk goes on after one.
 */

static inline const uint8_t *
llm_tok_walk_wide(const llm_vocab_t *v, llm_tok_walk_t *w, const uint8_t *p)
{
    uint64_t  node;

    while (w->end - p >= 3 && llm_tok_is_wide(*p)
           && w->text->tokens < LLM_TOK_GREEDY)
    {
        node = llm_tok_wide(v, p);

        if (llm_tok_node_token(node) == 0) {
            break;
        }

        if (!llm_tok_wide_alone(v, node, p, w->end)) {
            w->p = p;
            w->depth = 3;
            w->node = node;
            w->token = llm_tok_node_token(node);
            w->len = 3;
            llm_tok_walk_fetch(v, w);

            return NULL;
        }

        llm_tok_walk_put(v, w->text, p, w->end, llm_tok_node_token(node) - 1);
        p += 3;
    }

    return p;
}


static inline void
llm_tok_walk_on(const llm_vocab_t *v, llm_tok_walk_t *w, const uint8_t *p)
{
    if (llm_tok_is_wide(*p)) {
        p = llm_tok_walk_wide(v, w, p);
    }

    if (p) {
        llm_tok_walk_from(v, w, p);
    }
}


static inline void
llm_tok_walk_start(const llm_vocab_t *v, llm_tok_walk_t *w,
    llm_tok_text_t *text)
{
    text->tokens = 0;
    text->unsure = 0;
    w->text = text;
    w->end = text->p + text->len;

    llm_tok_walk_on(v, w, text->p);
}


/* one byte further, or to the next token; returns 0 at the end of the text */

static inline int
llm_tok_walk(const llm_vocab_t *v, llm_tok_walk_t *w)
{
    uint32_t         token;
    uint64_t         node;
    llm_tok_text_t  *text;

    llm_tok_step();

    if (llm_tok_node_base(w->node) && w->p + w->depth < w->end) {
        node = v->node[llm_tok_node_base(w->node) + w->p[w->depth]];

        if (llm_tok_node_check(node) == (w->p[w->depth] | 0x100u)) {
            w->node = node;
            w->depth++;
            llm_tok_walk_fetch(v, w);

            if (llm_tok_node_token(node)) {
                w->token = llm_tok_node_token(node);
                w->len = w->depth;
            }

            return 1;
        }
    }

    text = w->text;
    token = w->token ? w->token - 1 : v->byte[*w->p];

    if (text->tokens == LLM_TOK_GREEDY) {
        text->tokens = LLM_TOK_GREEDY + 1;
        return 0;
    }

    llm_tok_walk_put(v, text, w->p, w->end, token);

    if (w->p + w->len == w->end) {
        return 0;
    }

    llm_tok_walk_on(v, w, w->p + w->len);

    return 1;
}


void
llm_tok_greedy(const llm_vocab_t *v, llm_tok_text_t *text, size_t n)
{
    size_t          i, lanes, next;
    llm_tok_walk_t  lane[LLM_TOK_LANES];

    lanes = n < LLM_TOK_LANES ? n : LLM_TOK_LANES;

    for (next = 0; next < lanes; next++) {
        llm_tok_walk_start(v, &lane[next], &text[next]);
    }

    while (lanes) {
        for (i = 0; i < lanes; i++) {
            if (llm_tok_likely(llm_tok_walk(v, &lane[i]))) {
                continue;
            }

            if (next < n) {
                llm_tok_walk_start(v, &lane[i], &text[next++]);
                continue;
            }

            lane[i] = lane[--lanes];
        }
    }
}
