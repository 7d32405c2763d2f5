
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_FRAME_H_INCLUDED_
#define _LLM_FRAME_H_INCLUDED_


/*
 * Readers of streamed answers behind one table: bytes in, split anywhere, and
 * a call for every piece that is whole.  A framing is one row in llm_frame.c.
 *
 * What is called text/event-stream but begins with a brace or a bracket is
 * read as JSON: Gemini answers a bad request for a stream so.
 */

#include "llm_sse.h"
#include "llm_values.h"
#include "llm_provider.h"


typedef struct llm_framer_s  llm_framer_t;

/* set handler, data and mem, the rest is zero; llm_frames_init() makes it */

typedef struct {
    llm_sse_event_pt      handler;        /* end is 0 but for SSE */
    void                 *data;
    llm_mem_t            *mem;

    const llm_framer_t   *framer;
    void                 *reader;         /* the framing's own, from mem */
    llm_values_t         *json;           /* reads what is no SSE, or NULL */
    unsigned              begun:1;        /* more than white space was fed */
    unsigned              lost:1;         /* bytes were broken or too long:
                                             a piece may not have been read */
} llm_frames_t;


/*
 * Readers begin with handler, data and mem, and with zeros behind them.  They
 * return LLM_OK, or what the handler returned, which ends the call.
 */

struct llm_framer_s {
    llm_framing_e         framing;
    size_t                size;           /* of the reader */

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
