
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _NGX_HTTP_LLM_COST_LIVE_H_INCLUDED_
#define _NGX_HTTP_LLM_COST_LIVE_H_INCLUDED_


/*
 * A stream on its way and the requests that have joined it: what _live.c, the
 * side of the leader, and _follow.c, the side of the others, share.
 *
 * It is nobody's alone.  The leader has a reference until its stream is over,
 * each that has joined until its request is; the last one frees it.  It has no
 * pool: whoever comes or goes first is not known.
 */


#include "ngx_http_llm_cost.h"
#include "llm_tape.h"


typedef enum {
    NGX_HTTP_LLM_COST_LIVE_ON = 0,
    NGX_HTTP_LLM_COST_LIVE_WHOLE,       /* its leader's answer has ended */
    NGX_HTTP_LLM_COST_LIVE_BROKEN       /* ... was broken off */
} ngx_http_llm_cost_live_state_e;


struct ngx_http_llm_cost_live_s {
    llm_tape_t                      tape;
    ngx_uint_t                      refs;
    ngx_http_llm_cost_live_state_e  state;

    ngx_queue_t                     queue;      /* of those to be joined */
    ngx_queue_t                     joined;
    u_char                          key[NGX_HTTP_LLM_COST_CACHE_KEY];
    size_t                          max;        /* llm_cache_max_size */

    llm_form_t                      form;
    ngx_str_t                       content_type;
    u_char                          type[NGX_HTTP_LLM_COST_ENTRY_TYPE];

    /* of the leader's answer, once it is WHOLE */
    ngx_str_t                       model;
    u_char                          name[NGX_HTTP_LLM_COST_MODEL_MAX];
    int64_t                         input;
    int64_t                         output;
    int64_t                         cost;

    unsigned                        open:1;     /* it can be joined */
    unsigned                        hides:1;    /* usage is hidden in it: both
                                                   forms can be had */
    unsigned                        fresh:1;    /* nobody was told yet */
};


/*
 * A client that is sent what is on a tape.  What is sent lies there, it is
 * never written to twice; the buffers around it are the request's.  The next
 * piece is given to the filters when they have done with the last one, so that
 * a client that takes its time keeps the tape, and nothing else.
 */

struct ngx_http_llm_cost_play_s {
    llm_tape_reader_t               reader;
    ngx_chain_t                    *free;
    ngx_chain_t                    *busy;       /* the client takes its time */

    /* of the leader: bytes of upstream's that are on the tape, and the one
       buffer of upstream's that is kept so that upstream waits */
    size_t                          taped;
    ngx_buf_t                      *back;

    unsigned                        hidden:1;   /* the hidden part, too */
};


struct ngx_http_llm_cost_follow_s {
    ngx_http_llm_cost_ctx_t        *ctx;
    ngx_http_llm_cost_live_t       *live;
    ngx_queue_t                     queue;      /* of live->joined */
    ngx_http_llm_cost_play_t        play;
    ngx_event_t                     event;      /* there is more, or an end */

    unsigned                        begun:1;    /* the header is out */
    unsigned                        late:1;     /* too far behind */
    unsigned                        over:1;     /* nothing more is sent */
};


/* _live.c */

/* one for this request, or NULL */

ngx_http_llm_cost_live_t *ngx_http_llm_cost_live_find(
    ngx_http_llm_cost_ctx_t *ctx);
void ngx_http_llm_cost_live_free(ngx_http_llm_cost_live_t *live);


/* _play.c */

/* what there is now, behind *last */

ngx_int_t ngx_http_llm_cost_play_next(ngx_http_llm_cost_play_t *play,
    ngx_pool_t *pool, ngx_chain_t ***last);

/* something of what was sent has not gone yet */

ngx_uint_t ngx_http_llm_cost_play_waits(ngx_http_request_t *r);

/* the filters have seen it */

void ngx_http_llm_cost_play_sent(ngx_http_llm_cost_play_t *play,
    ngx_pool_t *pool, ngx_chain_t *out);


#endif /* _NGX_HTTP_LLM_COST_LIVE_H_INCLUDED_ */
