
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_filter.h"
#include "ngx_http_llm_cost_live.h"


/*
 * A stream that may be kept is written on a tape as it goes by (llm_tape.h).
 * At its end the tape is what is kept; until then others of this worker who
 * want the same in the same form read along (_follow.c).
 *
 *   tape    owner: the leader, from its header to its end or its cleanup
 *           bound: llm_cache_max_size; an answer that outgrows it is not kept,
 *                  cannot be joined any more, and its tape has no beginning:
 *                  it is as long as the slowest of those who have joined is
 *                  behind, at most twice that size
 *
 * Whoever reads along never holds the leader up, and is never run inside the
 * leader's events: it is told by an event of its own.
 *
 * The leader's own client reads along, too (_play.c).
 */


#define NGX_HTTP_LLM_COST_LIVES  256


static void ngx_http_llm_cost_live_open(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_str_t *type);
static ngx_uint_t ngx_http_llm_cost_live_shared(ngx_http_llm_cost_ctx_t *ctx);
static ngx_uint_t ngx_http_llm_cost_live_fits(ngx_http_llm_cost_live_t *live,
    ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_live_close(ngx_http_llm_cost_live_t *live);


/* of this worker: streams that can be joined, by the first byte of their key */

static ngx_queue_t  ngx_http_llm_cost_lives[NGX_HTTP_LLM_COST_LIVES];


void
ngx_http_llm_cost_live_init_process(void)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_HTTP_LLM_COST_LIVES; i++) {
        ngx_queue_init(&ngx_http_llm_cost_lives[i]);
    }
}


/* the header of a stream has come; without memory it is not kept */

void
ngx_http_llm_cost_live_start(ngx_http_llm_cost_filter_t *f)
{
    ngx_http_llm_cost_ctx_t             *ctx;
    ngx_http_llm_cost_live_t            *live;
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    ctx = f->ctx;

    if (!ctx->storable) {
        return;
    }

    ctx->storable = 0;

    live = ngx_calloc(sizeof(ngx_http_llm_cost_live_t), ngx_cycle->log);
    if (live == NULL) {
        return;
    }

    if (llm_tape_init(&live->tape) != LLM_OK) {
        ngx_free(live);
        return;
    }

    /* a coded answer goes on as it came, what is on the tape is decoded */

    if (f->inflate == NULL) {
        ctx->play = ngx_pcalloc(f->request->pool,
                                sizeof(ngx_http_llm_cost_play_t));

        if (ctx->play) {
            llm_tape_open(&live->tape, &ctx->play->reader);
            ctx->play->hidden = !f->hide;
        }
    }

    ctx->storable = 1;
    ctx->live = live;

    llcf = ngx_http_get_module_loc_conf(f->request, ngx_http_llm_cost_module);

    live->refs = 1;
    live->max = llcf->cache_max_size;
    live->form.framing = f->framing;
    live->form.usage = ctx->q.usage_asked || ctx->injected;
    live->hides = f->hide;
    live->input = -1;
    live->output = -1;

    ngx_queue_init(&live->joined);

    if (ngx_http_llm_cost_live_shared(ctx)) {
        ngx_http_llm_cost_live_open(ctx, &f->request->headers_out.content_type);
    }
}


/* others find it from now on, and may join it */

static void
ngx_http_llm_cost_live_open(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_str_t *type)
{
    ngx_http_llm_cost_live_t  *live;

    if (type->len > NGX_HTTP_LLM_COST_ENTRY_TYPE) {
        return;
    }

    live = ctx->live;

    ngx_memcpy(live->key, ctx->cache_key, NGX_HTTP_LLM_COST_CACHE_KEY);

    live->content_type.len = type->len;
    live->content_type.data = live->type;
    ngx_memcpy(live->type, type->data, type->len);

    live->open = 1;
    ngx_queue_insert_head(&ngx_http_llm_cost_lives[live->key[0]],
                          &live->queue);

    ngx_http_llm_cost_flight_opened(live->key);
}


/* what is known not to be kept is not shared either */

static ngx_uint_t
ngx_http_llm_cost_live_shared(ngx_http_llm_cost_ctx_t *ctx)
{
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    llcf = ngx_http_get_module_loc_conf(ctx->request,
                                        ngx_http_llm_cost_module);

    return ctx->flight.slot && !ctx->fitted && llcf->cache_ttl > 0
           && ngx_http_test_predicates(ctx->request, llcf->no_cache)
              == NGX_OK;
}


ngx_http_llm_cost_live_t *
ngx_http_llm_cost_live_find(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_queue_t               *q, *lives;
    ngx_http_llm_cost_live_t  *live;

    lives = &ngx_http_llm_cost_lives[ctx->cache_key[0]];

    for (q = ngx_queue_head(lives);
         q != ngx_queue_sentinel(lives);
         q = ngx_queue_next(q))
    {
        live = ngx_queue_data(q, ngx_http_llm_cost_live_t, queue);

        if (ngx_memcmp(live->key, ctx->cache_key, NGX_HTTP_LLM_COST_CACHE_KEY)
            == 0
            && ngx_http_llm_cost_live_fits(live, ctx))
        {
            return live;
        }
    }

    return NULL;
}


/*
 * It is in the form that is asked for.  Where an answer has one form only, the
 * form is in the key.
 */

static ngx_uint_t
ngx_http_llm_cost_live_fits(ngx_http_llm_cost_live_t *live,
    ngx_http_llm_cost_ctx_t *ctx)
{
    llm_form_t  to;

    if (!ngx_http_llm_cost_cache_forms(ctx)) {
        return 1;
    }

    to = llm_form_wanted(&ctx->q);

    return to.framing == live->form.framing
           && (to.framing != LLM_FRAMING_SSE || live->hides
               || to.usage == live->form.usage);
}


/* bytes of the stream; hidden are those that its own client does not get */

void
ngx_http_llm_cost_live_feed(ngx_http_llm_cost_ctx_t *ctx, const u_char *p,
    size_t len, ngx_uint_t hidden)
{
    int                        rc;
    size_t                     was;
    ngx_http_llm_cost_live_t  *live;

    live = ctx->live;

    if (live == NULL || len == 0) {
        return;
    }

    if (!ctx->storable || live->tape.len + len > live->max) {
        ctx->storable = 0;
        ngx_http_llm_cost_live_close(live);
        llm_tape_forget(&live->tape);

        if (ngx_queue_empty(&live->joined)) {
            ngx_http_llm_cost_live_end(ctx, 0);
            return;
        }
    }

    was = live->tape.len;
    rc = llm_tape_add(&live->tape, p, len, hidden);

    if (ctx->play && !hidden) {
        ctx->play->taped += live->tape.len - was;
    }

    if (rc != LLM_OK) {
        ctx->storable = 0;
        ngx_http_llm_cost_live_end(ctx, 0);
        return;
    }

    live->fresh = 1;
}


/* once for all that has come in one piece */

void
ngx_http_llm_cost_live_wake(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_queue_t                 *q;
    ngx_http_llm_cost_follow_t  *f;
    ngx_http_llm_cost_live_t    *live;

    live = ctx->live;

    if (live == NULL || !live->fresh) {
        return;
    }

    live->fresh = 0;

    for (q = ngx_queue_head(&live->joined);
         q != ngx_queue_sentinel(&live->joined);
         q = ngx_queue_next(q))
    {
        f = ngx_queue_data(q, ngx_http_llm_cost_follow_t, queue);

        if (live->tape.head == NULL
            && live->tape.len - f->play.reader.done > 2 * live->max)
        {
            f->late = 1;
        }

        ngx_post_event(&f->event, &ngx_posted_events);
    }
}


/*
 * The leader's answer is over: whole (it is settled), or broken off.  Those who
 * have joined still read what there is.
 */

void
ngx_http_llm_cost_live_end(ngx_http_llm_cost_ctx_t *ctx, ngx_uint_t whole)
{
    ngx_http_llm_cost_live_t  *live;

    live = ctx->live;

    if (live == NULL) {
        return;
    }

    live->state = whole ? NGX_HTTP_LLM_COST_LIVE_WHOLE
                        : NGX_HTTP_LLM_COST_LIVE_BROKEN;

    if (!whole) {
        ctx->storable = 0;
    }

    if (whole && ctx->complete && !ctx->answer.error) {
        live->input = ctx->usage.input;
        live->output = ctx->usage.output;
        live->cost = ctx->cost;

        if (ctx->answer.model.len) {
            live->model.data = live->name;
            live->model.len = ngx_min(ctx->answer.model.len,
                                      NGX_HTTP_LLM_COST_MODEL_MAX);
            ngx_memcpy(live->name, ctx->answer.model.data, live->model.len);
        }
    }

    ngx_http_llm_cost_live_close(live);

    live->fresh = 1;
    ngx_http_llm_cost_live_wake(ctx);

    llm_tape_end(&live->tape);

    ctx->live = NULL;
    ngx_http_llm_cost_live_free(live);
}


ngx_uint_t
ngx_http_llm_cost_live_joined(ngx_http_llm_cost_ctx_t *ctx)
{
    return ctx->live && !ngx_queue_empty(&ctx->live->joined);
}


static void
ngx_http_llm_cost_live_close(ngx_http_llm_cost_live_t *live)
{
    if (live->open) {
        live->open = 0;
        ngx_queue_remove(&live->queue);
    }
}


void
ngx_http_llm_cost_live_free(ngx_http_llm_cost_live_t *live)
{
    if (--live->refs == 0) {
        ngx_free(live);
    }
}


/*
 * All that was read, in one piece, for the cache.  An answer of one form is
 * given again as it is: whoever has not asked for the usage must not see it.
 */

ngx_int_t
ngx_http_llm_cost_live_text(ngx_http_llm_cost_ctx_t *ctx,
    ngx_http_llm_cost_text_t *text)
{
    text->data = ngx_pnalloc(ctx->request->pool, ctx->live->tape.len);

    if (text->data == NULL) {
        return NGX_ERROR;
    }

    text->len = llm_tape_copy(&ctx->live->tape,
                              ngx_http_llm_cost_cache_forms(ctx)
                              || ctx->q.usage_asked,
                              text->data);

    return NGX_OK;
}


/* the request is over, and with it what it has written down and read */

void
ngx_http_llm_cost_live_leave(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_http_llm_cost_live_end(ctx, 0);

    if (ctx->play) {
        llm_tape_close(&ctx->play->reader);
        ctx->play = NULL;
    }
}
