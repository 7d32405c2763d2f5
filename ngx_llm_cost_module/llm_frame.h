
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_FRAME_H_INCLUDED_
#define _LLM_FRAME_H_INCLUDED_


/*
 * Readers of streamed answers behind one table: bytes in, split anywhere, and
 * a call for every piece that is whole.  A framing is one row in llm_frame.c.
 */

#include "llm_sse.h"
#include "llm_provider.h"


typedef struct llm_framer_s  llm_framer_t;

/* set handler, data and mem, the rest is zero; llm_frames_init() makes it */

typedef struct {
    llm_sse_event_pt      handler;        /* end is 0 but for SSE */
    void                 *data;
    llm_mem_t            *mem;

    const llm_framer_t   *framer;
    void                 *reader;         /* the framing's own, from mem */
    unsigned              lost:1;         /* bytes were broken or too long:
                                             a piece may not have been read */
} llm_frames_t;


struct llm_framer_s {
    llm_framing_e         framing;

    /* LLM_OK, LLM_ERROR: no memory */
    int                 (*init)(llm_frames_t *f);

    /* LLM_OK, or what the handler returned, which ends the call */
    int                 (*feed)(llm_frames_t *f, const unsigned char *data,
                                size_t len);

    /* the end: what is not whole is handed over if it can be of use */
    int                 (*finish)(llm_frames_t *f);
};


/* LLM_DECLINED: there is no reader for this framing */

int llm_frames_init(llm_frames_t *f, llm_framing_e framing);

int llm_frames_feed(llm_frames_t *f, const unsigned char *data, size_t len);
int llm_frames_finish(llm_frames_t *f);


#endif /* _LLM_FRAME_H_INCLUDED_ */
