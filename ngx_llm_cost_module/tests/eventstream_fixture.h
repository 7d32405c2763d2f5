
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _EVENTSTREAM_FIXTURE_H_INCLUDED_
#define _EVENTSTREAM_FIXTURE_H_INCLUDED_


/* messages of application/vnd.amazon.eventstream, written for tests */

#include <stdint.h>
#include <string.h>
#include <zlib.h>


static inline void
eventstream_u32(unsigned char *p, size_t v)
{
    p[0] = (unsigned char) (v >> 24);
    p[1] = (unsigned char) (v >> 16);
    p[2] = (unsigned char) (v >> 8);
    p[3] = (unsigned char) v;
}


static inline unsigned char *
eventstream_header(unsigned char *p, const char *name, const char *value)
{
    size_t  n, v;

    n = strlen(name);
    v = strlen(value);

    *p++ = (unsigned char) n;
    memcpy(p, name, n);
    p += n;

    *p++ = 7;
    *p++ = (unsigned char) (v >> 8);
    *p++ = (unsigned char) v;
    memcpy(p, value, v);

    return p + v;
}


/* lengths and CRCs of a message of n bytes whose headers end at head */

static inline void
eventstream_seal(unsigned char *out, size_t head, size_t n)
{
    eventstream_u32(out, n);
    eventstream_u32(out + 4, head - 12);
    eventstream_u32(out + 8, crc32(0, out, 8));
    eventstream_u32(out + n - 4, crc32(0, out, (uInt) n - 4));
}


/* a message; out has room for it; returns its length */

static inline size_t
eventstream_put(unsigned char *out, const char *message, const char *type,
    const char *payload)
{
    size_t          head, n;
    unsigned char  *p;

    p = eventstream_header(out + 12, strcmp(message, "event")
                                     ? ":exception-type" : ":event-type", type);
    p = eventstream_header(p, ":content-type", "application/json");
    p = eventstream_header(p, ":message-type", message);

    head = p - out;
    n = strlen(payload);
    memcpy(p, payload, n);

    n += head + 4;
    eventstream_seal(out, head, n);

    return n;
}


#endif /* _EVENTSTREAM_FIXTURE_H_INCLUDED_ */
