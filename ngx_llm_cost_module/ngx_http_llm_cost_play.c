
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_filter.h"
#include "ngx_http_llm_cost_live.h"


/*
 * What is on a tape, to a client: of the leader, or of one that has joined
 * (_follow.c).
 *
 * A leader's buffers are upstream's again as soon as they are on the tape, so
 * that a client that takes its time holds up neither those who have joined nor
 * what is kept in the end.  It costs no memory, since the tape has its
 * beginning anyway.  Once it has none, the answer being too large to be kept, a
 * client that is behind by more than what would have been kept has upstream
 * wait.
 */


static ngx_int_t ngx_http_llm_cost_play_out(ngx_http_llm_cost_ctx_t *ctx,
    ngx_chain_t *in, ngx_chain_t **out);
static ngx_int_t ngx_http_llm_cost_play_rest(ngx_http_llm_cost_ctx_t *ctx,
    ngx_chain_t *in, ngx_chain_t ***last);
static ngx_buf_t *ngx_http_llm_cost_play_taken(ngx_http_llm_cost_ctx_t *ctx,
    ngx_buf_t *b);
static ngx_uint_t ngx_http_llm_cost_play_behind(ngx_http_llm_cost_ctx_t *ctx);


/*
 * What came from upstream, to the leader's client: what of it is on the tape is
 * read from there, in its turn; what is not follows.
 */

ngx_int_t
ngx_http_llm_cost_play(ngx_http_llm_cost_ctx_t *ctx, ngx_chain_t *in)
{
    ngx_int_t                  rc;
    ngx_uint_t                 again;
    ngx_chain_t               *out;
    ngx_http_llm_cost_play_t  *play;

    play = ctx->play;

    if (play == NULL) {
        return ngx_http_llm_cost_send_body(ctx, in);
    }

    rc = NGX_OK;

    for (again = 0; /* void */ ; again = 1) {
        if (ngx_http_llm_cost_play_out(ctx, in, &out) != NGX_OK) {
            return NGX_ERROR;
        }

        in = NULL;

        if (out == NULL
            && (again || !ngx_http_llm_cost_play_waits(ctx->request)))
        {
            break;
        }

        rc = ngx_http_llm_cost_send_body(ctx, out);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        ngx_http_llm_cost_play_sent(play, ctx->request->pool, out);

        if (play->busy) {
            break;
        }
    }

    if (play->back && !ngx_http_llm_cost_play_behind(ctx)) {
        play->back->pos = play->back->last;
        play->back = NULL;
    }

    return rc;
}


/*
 * The next piece of the tape, and what is not on it.  Once nothing more is
 * written, the end must not go before the rest.
 */

static ngx_int_t
ngx_http_llm_cost_play_out(ngx_http_llm_cost_ctx_t *ctx, ngx_chain_t *in,
    ngx_chain_t **out)
{
    ngx_chain_t  **last;

    *out = NULL;
    last = out;

    if ((ctx->play->busy == NULL || ctx->live == NULL)
        && ngx_http_llm_cost_play_next(ctx->play, ctx->request->pool, &last)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_llm_cost_play_rest(ctx, in, &last);
}


/* upstream's buffers less what of them is on the tape */

static ngx_int_t
ngx_http_llm_cost_play_rest(ngx_http_llm_cost_ctx_t *ctx, ngx_chain_t *in,
    ngx_chain_t ***last)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    for ( /* void */ ; in; in = in->next) {

        b = ngx_http_llm_cost_play_taken(ctx, in->buf);

        if (b == NULL) {
            continue;
        }

        cl = ngx_alloc_chain_link(ctx->request->pool);
        if (cl == NULL) {
            return NGX_ERROR;
        }

        cl->buf = b;
        cl->next = NULL;

        **last = cl;
        *last = &cl->next;
    }

    return NGX_OK;
}


/* NULL: all of it is on the tape */

static ngx_buf_t *
ngx_http_llm_cost_play_taken(ngx_http_llm_cost_ctx_t *ctx, ngx_buf_t *b)
{
    size_t                     n;
    ngx_http_llm_cost_play_t  *play;

    play = ctx->play;

    n = ngx_buf_in_memory(b) ? (size_t) (b->last - b->pos) : 0;
    n = ngx_min(n, play->taped);

    if (n == 0) {
        return b;
    }

    play->taped -= n;

    if (play->back == NULL && b->tag == ctx->request->upstream->output.tag
        && ngx_http_llm_cost_play_behind(ctx))
    {
        /* it stands in upstream's way */

        play->back = b;
        return NULL;
    }

    b->pos += n;

    if (b->pos == b->last && !b->last_buf) {
        return NULL;
    }

    if (b->pos == b->last) {

        /* an end without data, which is not a buffer that is empty */

        b->temporary = 0;
        b->memory = 0;
        b->mmap = 0;
    }

    return b;
}


/* its client, further than the stream is kept for; 0: nobody else waits */

static ngx_uint_t
ngx_http_llm_cost_play_behind(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_http_llm_cost_live_t  *live;

    live = ctx->live;

    return live && live->tape.head == NULL && !ctx->gone
           && live->tape.len - ctx->play->reader.done > live->max;
}


/* of a client that has gone: what it was sent is no more */

void
ngx_http_llm_cost_play_forget(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_http_llm_cost_play_t  *play;

    play = ctx->play;

    if (play == NULL) {
        return;
    }

    play->busy = NULL;

    if (play->back) {
        play->back->pos = play->back->last;
        play->back = NULL;
    }
}


ngx_int_t
ngx_http_llm_cost_play_next(ngx_http_llm_cost_play_t *play, ngx_pool_t *pool,
    ngx_chain_t ***last)
{
    ngx_buf_t    *b;
    llm_str_t     piece;
    ngx_chain_t  *cl;

    while (llm_tape_next(&play->reader, play->hidden, &piece)) {

        cl = ngx_chain_get_free_buf(pool, &play->free);
        if (cl == NULL) {
            return NGX_ERROR;
        }

        b = cl->buf;

        ngx_memzero(b, sizeof(ngx_buf_t));

        b->start = piece.data;
        b->pos = piece.data;
        b->last = piece.data + piece.len;
        b->end = b->last;
        b->memory = 1;
        b->flush = 1;
        b->tag = (ngx_buf_tag_t) &ngx_http_llm_cost_play_next;

        **last = cl;
        *last = &cl->next;
    }

    return NGX_OK;
}


void
ngx_http_llm_cost_play_sent(ngx_http_llm_cost_play_t *play, ngx_pool_t *pool,
    ngx_chain_t *out)
{
    ngx_chain_update_chains(pool, &play->free, &play->busy, &out,
                            (ngx_buf_tag_t) &ngx_http_llm_cost_play_next);

    if (play->busy == NULL) {
        llm_tape_done(&play->reader);
    }
}


ngx_uint_t
ngx_http_llm_cost_play_waits(ngx_http_request_t *r)
{
    return r->buffered || r->connection->buffered;
}
