
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _DIALECTS_STREAM_H_INCLUDED_
#define _DIALECTS_STREAM_H_INCLUDED_


/* Events, one a line of the input, and the bytes that a stream has of them */

#include "fuzz.h"
#include "llm_provider.h"

#include <zlib.h>


#define STREAM_TYPE   20               /* longer ones are not sent */
#define STREAM_EVENT  96               /* what is around an event, at most */


typedef struct {
    const llm_request_t  *q;
    const char           *type;        /* of an event that does not say it */
    llm_framing_e         framing;
} way_t;


/*
 * "@type text" is an event of this type, "{"type":"type", ..." one of that
 * type; any other one is of the type that its way has.
 */

static llm_str_t
event_type(const way_t *w, llm_str_t *text)
{
    size_t                n;
    llm_str_t             type;
    const unsigned char  *end;

    static const char  member[] = "{\"type\":\"";

    type.data = (unsigned char *) w->type;
    type.len = strlen(w->type);

    if (text->len && text->data[0] == '@') {
        end = memchr(text->data, ' ', text->len);

        if (end) {
            type.data = text->data + 1;
            type.len = end - type.data;
            text->len -= type.len + 2;
            text->data += type.len + 2;
        }

        return type;
    }

    n = sizeof(member) - 1;

    if (text->len > n && memcmp(text->data, member, n) == 0) {
        end = memchr(text->data + n, '"', text->len - n);

        if (end) {
            type.data = text->data + n;
            type.len = end - type.data;
        }
    }

    return type;
}


/* a message of application/vnd.amazon.eventstream; returns where it ends */

static uint8_t *
number(uint8_t *p, size_t n)
{
    *p++ = (uint8_t) (n >> 24);
    *p++ = (uint8_t) (n >> 16);
    *p++ = (uint8_t) (n >> 8);
    *p++ = (uint8_t) n;

    return p;
}


static uint8_t *
message(uint8_t *start, const llm_str_t *type, const llm_str_t *text)
{
    size_t    headers;
    uint8_t  *p;

    static const char  name[] = "\x0b:event-type\x07";

    headers = sizeof(name) - 1 + 2 + type->len;

    p = number(start, 12 + headers + text->len + 4);
    p = number(p, headers);
    p = number(p, crc32(0, start, 8));

    memcpy(p, name, sizeof(name) - 1);
    p += sizeof(name) - 1;
    *p++ = 0;
    *p++ = (uint8_t) type->len;
    memcpy(p, type->data, type->len);
    p += type->len;

    memcpy(p, text->data, text->len);
    p += text->len;

    return number(p, crc32(0, start, (uInt) (p - start)));
}


static uint8_t *
sent(uint8_t *p, const way_t *w, const llm_str_t *type, const llm_str_t *text,
    int first)
{
    switch (w->framing) {

    case LLM_FRAMING_AWS:
        return message(p, type, text);

    case LLM_FRAMING_SSE:

        if (type->len) {
            p += sprintf((char *) p, "event: %.*s\n", (int) type->len,
                         type->data);
        }

        p += sprintf((char *) p, "data: ");
        break;

    case LLM_FRAMING_ARRAY:
        *p++ = first ? '[' : ',';
        break;

    default:
        break;
    }

    memcpy(p, text->data, text->len);
    p += text->len;
    *p++ = '\n';

    if (w->framing == LLM_FRAMING_SSE) {
        *p++ = '\n';
    }

    return p;
}


/* lines become what such a stream sends */

static uint8_t *
streamed(const way_t *w, const uint8_t *p, size_t len, size_t *n)
{
    size_t          lines;
    uint8_t        *out, *q;
    llm_str_t       type, text;
    const uint8_t  *eol, *last;

    last = p + len;
    lines = 1;

    for (eol = p; len && (eol = memchr(eol, '\n', last - eol)); eol++) {
        lines++;
    }

    out = malloc(len + lines * STREAM_EVENT);

    for (q = out; p < last; p = eol + 1) {
        eol = memchr(p, '\n', last - p);
        eol = eol ? eol : last;

        text.data = (unsigned char *) p;
        text.len = eol - p;
        type = event_type(w, &text);
        type.len = (type.len < STREAM_TYPE) ? type.len : 0;

        q = sent(q, w, &type, &text, q == out);
    }

    if (w->framing == LLM_FRAMING_ARRAY) {
        *q++ = ']';
    }

    *n = q - out;

    return out;
}


#endif /* _DIALECTS_STREAM_H_INCLUDED_ */
