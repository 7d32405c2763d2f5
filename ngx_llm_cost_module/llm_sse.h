
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_SSE_H_INCLUDED_
#define _LLM_SSE_H_INCLUDED_


#include "llm_core.h"


/*
 * An incremental parser of server-sent events (WHATWG HTML, 9.2.6).  Feed it
 * the bytes as they come, split anywhere; it calls back once an event with the
 * event's type and data.  Data that lies in one piece of input in one data:
 * line is handed over in place; only what straddles pieces, or spans lines, is
 * copied, up to a bound.  An event above that is dropped and counted.
 *
 * LF, CRLF, lone CR, CRLF split over two calls, a BOM, comments, "data:" with
 * and without the space are understood.  An event that the stream ends in the
 * middle of is delivered by llm_sse_finish(): some servers end so, and it may
 * carry the usage.
 */

#define LLM_SSE_MAX          (1024 * 1024)

/* where events hold pictures */

#define LLM_SSE_LONG         (32 * 1024 * 1024)


typedef struct llm_sse_s  llm_sse_t;

/*
 * end is how many bytes of this call's input belong to events up to and
 * including this one (its blank line included); from llm_sse_t's start to
 * there a filter may cut.  Anything but LLM_OK stops the feed and is returned
 * by it; what is behind the event has not been fed then.
 */

typedef int (*llm_sse_event_pt)(void *data, const llm_str_t *type,
    const llm_str_t *text, size_t end);

struct llm_sse_s {
    llm_sse_event_pt   handler;
    void              *data;
    llm_mem_t         *mem;

    size_t             max;            /* of an event; 0: LLM_SSE_MAX */

    uint64_t           events;
    uint64_t           dropped;        /* too long to be read */
    uint64_t           consumed;       /* bytes fed in all */

    /*
     * Where in this call's input the event began that is handed over or, after
     * the call, is not whole yet (unless at a boundary); 0 also where it began
     * earlier.  Comments and blank lines in front of it are no part of it.
     */
    size_t             start;

    /* private; all zero is the state before the first byte */
    unsigned char     *buf;            /* carried line or joined data */
    size_t             size;
    size_t             len;
    size_t             data_len;
    llm_str_t          type;
    unsigned char      type_buf[64];
    unsigned           state;
    unsigned           cr:1;
    unsigned           has_data:1;
    unsigned           oversize:1;
};


int llm_sse_feed(llm_sse_t *p, const unsigned char *data, size_t len);
int llm_sse_finish(llm_sse_t *p);

/* 1 if the bytes fed so far end exactly at the end of an event */

int llm_sse_at_boundary(const llm_sse_t *p);


#endif /* _LLM_SSE_H_INCLUDED_ */
