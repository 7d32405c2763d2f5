
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_EVENTSTREAM_H_INCLUDED_
#define _LLM_EVENTSTREAM_H_INCLUDED_


/*
 * An incremental reader of application/vnd.amazon.eventstream:
 *
 *   4 bytes  length of the message          12 bytes of prelude
 *   4 bytes  length of its headers
 *   4 bytes  CRC-32 of the eight before
 *            headers: length, name, type, value
 *            payload
 *   4 bytes  CRC-32 of all before
 *
 * It has the handler of llm_sse.h: the type of an event is its :event-type,
 * that of an exception or error "error"; the text is the payload.  A message
 * that lies in one piece of input is not copied, the rest up to LLM_SSE_MAX
 * bytes; above that a message is got over and counted.  A CRC that is wrong,
 * or lengths that cannot be, end the reading: broken.  Nothing that came in or
 * behind such a message can be trusted, not even where the next one begins.
 */

#include "llm_carry.h"
#include "llm_sse.h"


#define LLM_EVENTSTREAM_MAX  (32 * 1024 * 1024)    /* of a message, at all */


typedef struct {
    llm_sse_event_pt   handler;
    void              *data;
    llm_mem_t         *mem;

    uint64_t           events;
    uint64_t           dropped;        /* too long to be read */
    unsigned           broken:1;

    /* private; all zero is the state before the first byte */
    llm_carry_t        carry;
    size_t             skip;           /* bytes of a message too long */
} llm_eventstream_t;


int llm_eventstream_feed(llm_eventstream_t *s, const unsigned char *data,
    size_t len);


#endif /* _LLM_EVENTSTREAM_H_INCLUDED_ */
