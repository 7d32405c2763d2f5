/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Byte-pair encoding that never looks back, for pieces that the quicker way
 * cannot do in its window: for each place in the text, from the left, which
 * token ends there in the encoding of what lies before it.  There is exactly
 * one, so a ring of as many places as a token is long is all the memory that
 * counting takes, and the bytes are needed only as far ahead.
 */

#include "llm_tok_internal.h"


#define LLM_TOK_RING   2048     /* more than the longest token */
#define LLM_TOK_LINKS  4096     /* places whose tokens are not written yet */


typedef struct {
    const uint8_t  *p;
    const uint8_t  *end;
    size_t          read;       /* bytes of the repaired text read so far */
    uint8_t         byte[LLM_TOK_RING];
} llm_tok_reader_t;

typedef struct {
    size_t          count;
    uint32_t        token;      /* that ends here, or none yet */
} llm_tok_place_t;

typedef struct {
    size_t          done;       /* the place up to which ids are written */
    uint32_t        token[LLM_TOK_LINKS];
    uint8_t         path[LLM_TOK_LINKS];
} llm_tok_trail_t;


/* reads on until the text ends or there are so many bytes */

static void
llm_tok_read(const llm_vocab_t *v, llm_tok_reader_t *r, size_t upto)
{
    size_t    i, n, len;
    uint8_t   out[4];
    uint32_t  c;

    while (r->p < r->end && r->read < upto) {
        len = llm_tok_char(r->p, r->end, &c);
        n = llm_tok_repair(v, r->p, len, out, sizeof(out));

        for (i = 0; i < n; i++) {
            r->byte[r->read++ % LLM_TOK_RING] = out[i];
        }

        r->p += len;
    }
}


/* the tokens that begin at a place, where they go with the one before it */

static void
llm_tok_reach(const llm_vocab_t *v, const llm_tok_reader_t *r,
    llm_tok_place_t *ring, size_t at)
{
    size_t            i;
    uint8_t           c;
    uint32_t          token;
    uint64_t          node;
    llm_tok_place_t  *from, *to;

    from = &ring[at % LLM_TOK_RING];
    c = r->byte[at % LLM_TOK_RING];
    token = v->byte[c] + 1;
    node = 0;

    for (i = 1; i <= LLM_TOK_MAX_TOKEN; i++) {
        llm_tok_step();
        to = &ring[(at + i) % LLM_TOK_RING];

        if (token && to->token == LLM_TOK_NONE
            && (at == 0 || llm_tok_pair_valid(v, from->token, token - 1)))
        {
            to->token = token - 1;
            to->count = from->count + 1;
        }

        if (at + i == r->read || (i > 1 && !llm_tok_node_base(node))) {
            break;
        }

        if (i == 1) {
            node = v->root[(unsigned) c << 8
                           | r->byte[(at + 1) % LLM_TOK_RING]];

        } else {
            c = r->byte[(at + i) % LLM_TOK_RING];
            node = v->node[llm_tok_node_base(node) + c];

            if (llm_tok_node_check(node) != (c | 0x100u)) {
                break;
            }
        }

        token = llm_tok_node_token(node);
    }
}


/*
 * The place where the token that ends at a place begins.  In an image that
 * lies about its tokens it may seem to be anywhere.
 */

static size_t
llm_tok_begin(const llm_vocab_t *v, const llm_tok_trail_t *t, size_t at)
{
    size_t    len;
    uint32_t  token;

    token = t->token[at % LLM_TOK_LINKS];

    if (token == LLM_TOK_NONE) {
        return t->done;
    }

    len = llm_tok_length(v, token);

    return len < at - t->done ? at - len : t->done;
}


/*
 * Writes the ids that all places from which the text may go on have in common.
 * Where they have none, which no text is known to bring about, it is those
 * of the last place, so that memory stays bounded.
 */

static void
llm_tok_write(const llm_vocab_t *v, llm_tok_trail_t *t,
    const llm_tok_place_t *ring, size_t at, llm_tok_out_t *out)
{
    size_t    i, n, back, join;
    uint32_t  token[LLM_TOK_LINKS];

    for (back = at; back > t->done; back = llm_tok_begin(v, t, back)) {
        t->path[back % LLM_TOK_LINKS] = 1;
    }

    join = at;

    for (i = at + 1; i <= at + LLM_TOK_MAX_TOKEN; i++) {
        if (ring[i % LLM_TOK_RING].token == LLM_TOK_NONE) {
            continue;
        }

        t->token[i % LLM_TOK_LINKS] = ring[i % LLM_TOK_RING].token;

        for (back = i; back > t->done; back = llm_tok_begin(v, t, back)) {
            if (t->path[back % LLM_TOK_LINKS]) {
                break;
            }
        }

        join = back < join ? back : join;
    }

    join = join > t->done ? join : at;
    memset(t->path, 0, sizeof(t->path));
    n = LLM_TOK_LINKS;

    for (back = join; back > t->done && n; back = llm_tok_begin(v, t, back)) {
        if (t->token[back % LLM_TOK_LINKS] != LLM_TOK_NONE) {
            token[--n] = t->token[back % LLM_TOK_LINKS];
        }
    }

    llm_tok_emit(out, token + n, LLM_TOK_LINKS - n);
    t->done = join;
}


void
llm_tok_bpe_forward(const llm_vocab_t *v, const uint8_t *p, size_t n,
    int space, llm_tok_out_t *out)
{
    size_t            at, i;
    llm_tok_trail_t   trail;
    llm_tok_place_t  *here, ring[LLM_TOK_RING];
    llm_tok_reader_t  r;

    r.p = p;
    r.end = p + n;
    r.read = 0;

    if (space) {
        r.byte[r.read++] = ' ';
    }

    trail.done = 0;
    memset(trail.path, 0, sizeof(trail.path));

    for (i = 0; i < LLM_TOK_RING; i++) {
        ring[i].token = LLM_TOK_NONE;
        ring[i].count = 0;
    }

    for (at = 0; /* void */ ; at++) {
        here = &ring[at % LLM_TOK_RING];
        llm_tok_read(v, &r, at + LLM_TOK_MAX_TOKEN + 1);

        trail.token[at % LLM_TOK_LINKS] = here->token;

        if (at == r.read) {
            break;
        }

        if (at == 0 || here->token != LLM_TOK_NONE) {
            if (at - trail.done > LLM_TOK_LINKS / 2 && out->ids) {
                llm_tok_write(v, &trail, ring, at, out);
            }

            llm_tok_reach(v, &r, ring, at);
        }

        here->token = LLM_TOK_NONE;
    }

    if (out->ids) {
        llm_tok_write(v, &trail, ring, at, out);

    } else {
        out->n += here->count;
    }
}
