
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _NGX_HTTP_LLM_COST_FILTER_H_INCLUDED_
#define _NGX_HTTP_LLM_COST_FILTER_H_INCLUDED_


/*
 * What the files of the response side share.  An answer is looked at once, in
 * the header filter, and gets a mode that only goes forward:
 *
 *   PASS     not ours to read; only its end is noted
 *   HOLD     JSON: header and body are kept back until the answer is whole
 *   WATCH    JSON too large to be held: passed on, its small members are read
 *   STREAM   SSE and other frames: passed on at once, read event by event
 *   OFF      done, or the response is not upstream's any more
 *
 *   (none) --> PASS | HOLD | WATCH | STREAM;  HOLD --> WATCH;  any --> OFF
 */


#include "ngx_http_llm_cost.h"
#include "llm_frame.h"
#include "llm_skim.h"


typedef struct ngx_http_llm_cost_inflate_s  ngx_http_llm_cost_inflate_t;
typedef struct ngx_http_llm_cost_filter_s   ngx_http_llm_cost_filter_t;


typedef enum {
    NGX_HTTP_LLM_COST_OFF = 0,
    NGX_HTTP_LLM_COST_PASS,
    NGX_HTTP_LLM_COST_HOLD,
    NGX_HTTP_LLM_COST_WATCH,
    NGX_HTTP_LLM_COST_STREAM
} ngx_http_llm_cost_mode_e;


/* bytes in one piece; it grows by doubling, and what it leaves is freed */

typedef struct {
    u_char                         *data;
    size_t                          len;
    size_t                          size;
} ngx_http_llm_cost_text_t;


struct ngx_http_llm_cost_filter_s {
    ngx_http_llm_cost_ctx_t        *ctx;
    ngx_http_request_t             *request;
    ngx_http_llm_cost_mode_e        mode;
    llm_framing_e                   framing;

    ngx_http_llm_cost_inflate_t    *inflate;    /* NULL: not coded */

    /* HOLD, WATCH */
    ngx_http_llm_cost_text_t        raw;        /* as upstream sent it */
    ngx_http_llm_cost_text_t        text;       /* decoded, if it was coded */
    llm_skim_t                     *skim;       /* instead of either */

    /* STREAM */
    llm_frames_t                    frames;
    llm_sse_t                      *sse;        /* the reader, if it is SSE */

    /*
     * STREAM whose usage event is hidden: what there is of an event that is
     * not whole yet, in buffers of our own, and those buffers' way back.
     */
    ngx_chain_t                    *carry;
    ngx_chain_t                   **carry_last;
    ngx_buf_t                      *carry_buf;
    size_t                          carried;
    ngx_chain_t                    *free;
    ngx_chain_t                    *busy;
    size_t                          usage_end;  /* in the bytes last fed */

    unsigned                        hide:1;
    unsigned                        usage:1;    /* the event to cut out */
    unsigned                        swallow_lf:1;
    unsigned                        trailers:1;
};


/* the filters below; to be called with what is ready to go to the client */

extern ngx_http_output_header_filter_pt  ngx_http_llm_cost_next_header_filter;
extern ngx_http_output_body_filter_pt    ngx_http_llm_cost_next_body_filter;


/* _drain.c: to the filters below, or nowhere when the client has gone */

ngx_int_t ngx_http_llm_cost_send_header(ngx_http_llm_cost_ctx_t *ctx);
ngx_int_t ngx_http_llm_cost_send_body(ngx_http_llm_cost_ctx_t *ctx,
    ngx_chain_t *in);
ngx_int_t ngx_http_llm_cost_drain_check(ngx_http_llm_cost_ctx_t *ctx,
    ngx_chain_t *in);


/* _filter.c */

ngx_int_t ngx_http_llm_cost_text_add(ngx_pool_t *pool,
    ngx_http_llm_cost_text_t *t, const u_char *p, size_t len);

/* a special buffer that says that upstream has failed while it answered */

ngx_uint_t ngx_http_llm_cost_failed(ngx_http_request_t *r, ngx_buf_t *b);

/* announce trailers, where the protocol has them */

ngx_int_t ngx_http_llm_cost_expect_trailers(ngx_http_llm_cost_filter_t *f);

/* the answer has come to its end: settle, push the trailers */

ngx_int_t ngx_http_llm_cost_answer_end(ngx_http_llm_cost_filter_t *f);

/* what a fresh answer will be kept as, if it may be kept at all */

ngx_int_t ngx_http_llm_cost_answer_entry(ngx_http_llm_cost_filter_t *f,
    ngx_http_llm_cost_text_t *body);


/* _filter_mode.c: from the header, once; PASS where nothing can be read */

ngx_int_t ngx_http_llm_cost_choose(ngx_http_llm_cost_filter_t *f);

/* bytes of the answer, coded or not, to whoever reads them in this mode */

ngx_int_t ngx_http_llm_cost_read(ngx_http_llm_cost_filter_t *f,
    const u_char *p, size_t len);


/* _headers.c: a line for each trailer that answer_headers() may push */

ngx_int_t ngx_http_llm_cost_announce_trailers(ngx_http_request_t *r);


/* _filter_json.c */

ngx_int_t ngx_http_llm_cost_hold_header(ngx_http_llm_cost_filter_t *f);
ngx_int_t ngx_http_llm_cost_hold_body(ngx_http_llm_cost_filter_t *f,
    ngx_chain_t *in);
ngx_int_t ngx_http_llm_cost_watch_header(ngx_http_llm_cost_filter_t *f);
ngx_int_t ngx_http_llm_cost_watch_body(ngx_http_llm_cost_filter_t *f,
    ngx_chain_t *in);

/* decoded bytes of a JSON answer */

ngx_int_t ngx_http_llm_cost_json_read(ngx_http_llm_cost_filter_t *f,
    const u_char *p, size_t len);


/* _filter_sse.c */

ngx_int_t ngx_http_llm_cost_stream_header(ngx_http_llm_cost_filter_t *f);
ngx_int_t ngx_http_llm_cost_stream_body(ngx_http_llm_cost_filter_t *f,
    ngx_chain_t *in);

/* decoded bytes of a stream */

ngx_int_t ngx_http_llm_cost_stream_read(ngx_http_llm_cost_filter_t *f,
    const u_char *p, size_t len);

/* the last event, if the stream has ended in the middle of it; then settle */

ngx_int_t ngx_http_llm_cost_stream_last_event(ngx_http_llm_cost_filter_t *f);
ngx_int_t ngx_http_llm_cost_stream_end(ngx_http_llm_cost_filter_t *f);


/* _live.c: the stream is written down, for the cache and who reads along */

void ngx_http_llm_cost_live_start(ngx_http_llm_cost_filter_t *f);
void ngx_http_llm_cost_live_feed(ngx_http_llm_cost_ctx_t *ctx,
    const u_char *p, size_t len, ngx_uint_t hidden);
void ngx_http_llm_cost_live_wake(ngx_http_llm_cost_ctx_t *ctx);

/* all of it in one piece; it may be kept: ctx->storable */

ngx_int_t ngx_http_llm_cost_live_text(ngx_http_llm_cost_ctx_t *ctx,
    ngx_http_llm_cost_text_t *text);


/* _play.c: as send_body(), but what is on the tape is read from there */

ngx_int_t ngx_http_llm_cost_play(ngx_http_llm_cost_ctx_t *ctx,
    ngx_chain_t *in);

/* the client has gone: what it was sent is no more */

void ngx_http_llm_cost_play_forget(ngx_http_llm_cost_ctx_t *ctx);


/* _filter_hide.c: a stream with the usage event cut out */

ngx_int_t ngx_http_llm_cost_hide_body(ngx_http_llm_cost_filter_t *f,
    ngx_chain_t *in);


/* _inflate.c: a look into coded bytes, which go on as they are */

typedef ngx_int_t (*ngx_http_llm_cost_inflate_pt)(void *data, const u_char *p,
    size_t len);

ngx_http_llm_cost_inflate_t *ngx_http_llm_cost_inflate_create(
    ngx_http_request_t *r, ngx_http_llm_cost_inflate_pt handler, void *data);

/*
 * NGX_OK; NGX_DECLINED: the bytes cannot be read, or swell too much: nothing
 * more is read from them (_whole() tells at the end whether anything is
 * missing); NGX_ERROR: of the handler, or no memory.
 */

ngx_int_t ngx_http_llm_cost_inflate(ngx_http_llm_cost_inflate_t *inf,
    const u_char *p, size_t len);

/* all of it has been read: the bytes ended where a member of them ends */

ngx_uint_t ngx_http_llm_cost_inflate_whole(ngx_http_llm_cost_inflate_t *inf);


#endif /* _NGX_HTTP_LLM_COST_FILTER_H_INCLUDED_ */
