
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_eventstream.h"

#include <string.h>
#include <zlib.h>


#define LLM_EVENTSTREAM_PRELUDE  12
#define LLM_EVENTSTREAM_CRC      4

/* types of header values */

#define LLM_EVENTSTREAM_BYTES    6
#define LLM_EVENTSTREAM_STRING   7
#define LLM_EVENTSTREAM_TYPES    10


typedef struct {
    llm_str_t   message;             /* event, exception, error */
    llm_str_t   event;
} llm_eventstream_head_t;


static uint32_t
llm_eventstream_u32(const unsigned char *p)
{
    return (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16
           | (uint32_t) p[2] << 8 | p[3];
}


/* length of the message whose prelude is at p; 0: it is none */

static size_t
llm_eventstream_prelude(const unsigned char *p)
{
    size_t  len;

    len = llm_eventstream_u32(p);

    if (llm_eventstream_u32(p + 8) != crc32(0, p, 8)
        || len < LLM_EVENTSTREAM_PRELUDE + LLM_EVENTSTREAM_CRC
        || len > LLM_EVENTSTREAM_MAX
        || llm_eventstream_u32(p + 4)
           > len - LLM_EVENTSTREAM_PRELUDE - LLM_EVENTSTREAM_CRC)
    {
        return 0;
    }

    return len;
}


static void
llm_eventstream_take(const llm_str_t *name, const llm_str_t *value,
    llm_eventstream_head_t *h)
{
    static const llm_str_t  message = llm_string(":message-type");
    static const llm_str_t  event = llm_string(":event-type");

    if (name->len == message.len
        && memcmp(name->data, message.data, message.len) == 0)
    {
        h->message = *value;

    } else if (name->len == event.len
               && memcmp(name->data, event.data, event.len) == 0)
    {
        h->event = *value;
    }
}


/* LLM_OK, LLM_BAD: they do not add up to what they must */

static int
llm_eventstream_headers(const unsigned char *p, const unsigned char *last,
    llm_eventstream_head_t *h)
{
    unsigned   type;
    llm_str_t  name, value;

    static const unsigned char  lens[LLM_EVENTSTREAM_TYPES] = {
        0, 0, 1, 2, 4, 8, 0, 0, 8, 16
    };

    while (p < last) {
        name.len = *p++;
        name.data = (unsigned char *) p;

        if ((size_t) (last - p) <= name.len) {
            return LLM_BAD;
        }

        p += name.len;
        type = *p++;

        if (type >= LLM_EVENTSTREAM_TYPES) {
            return LLM_BAD;
        }

        value.len = lens[type];

        if (type == LLM_EVENTSTREAM_BYTES || type == LLM_EVENTSTREAM_STRING) {

            if (last - p < 2) {
                return LLM_BAD;
            }

            value.len = (size_t) p[0] << 8 | p[1];
            p += 2;
        }

        if ((size_t) (last - p) < value.len) {
            return LLM_BAD;
        }

        value.data = (unsigned char *) p;
        p += value.len;

        if (type == LLM_EVENTSTREAM_STRING) {
            llm_eventstream_take(&name, &value, h);
        }
    }

    return LLM_OK;
}


/* a whole message; end is where it ends in the input */

static int
llm_eventstream_message(llm_eventstream_t *s, const unsigned char *p,
    size_t len, size_t end)
{
    llm_str_t               text;
    const unsigned char    *payload, *crc;
    llm_eventstream_head_t  h;

    crc = p + len - LLM_EVENTSTREAM_CRC;
    payload = p + LLM_EVENTSTREAM_PRELUDE + llm_eventstream_u32(p + 4);

    llm_str_set(&h.message, "event");
    llm_str_set(&h.event, "");

    if (llm_eventstream_u32(crc) != crc32(0, p, (uInt) (crc - p))
        || llm_eventstream_headers(p + LLM_EVENTSTREAM_PRELUDE, payload, &h)
           != LLM_OK)
    {
        s->broken = 1;
        return LLM_OK;
    }

    if (h.message.len != 5 || memcmp(h.message.data, "event", 5) != 0) {
        llm_str_set(&h.event, "error");
    }

    text.data = (unsigned char *) payload;
    text.len = crc - payload;

    s->events++;

    return s->handler(s->data, &h.event, &text, end);
}


/*
 * The message that is carried, with what the input has of it: *p moves to
 * where the input goes on.  The prelude comes first, to know the length.
 */

static int
llm_eventstream_join(llm_eventstream_t *s, const unsigned char *data,
    const unsigned char **p, const unsigned char *last)
{
    int           rc;
    size_t        n, want;
    llm_carry_t  *c;

    c = &s->carry;

    do {
        want = LLM_EVENTSTREAM_PRELUDE;

        if (c->len >= LLM_EVENTSTREAM_PRELUDE) {
            want = llm_eventstream_prelude(c->data);

            if (want > LLM_SSE_MAX) {
                s->skip = want - c->len;
                s->dropped++;
                c->len = 0;

                return LLM_OK;
            }
        }

        n = want - c->len;
        n = (n < (size_t) (last - *p)) ? n : (size_t) (last - *p);

        if (llm_carry_add(c, s->mem, *p, n) != LLM_OK) {
            return LLM_ERROR;
        }

        *p += n;

        if (c->len == LLM_EVENTSTREAM_PRELUDE
            && llm_eventstream_prelude(c->data) == 0)
        {
            s->broken = 1;
            return LLM_OK;
        }

        if (c->len == want && want > LLM_EVENTSTREAM_PRELUDE) {
            rc = llm_eventstream_message(s, c->data, want, *p - data);
            c->len = 0;

            return rc;
        }

    } while (*p < last);

    return LLM_OK;
}


int
llm_eventstream_feed(llm_eventstream_t *s, const unsigned char *data,
    size_t len)
{
    int                   rc;
    size_t                n;
    const unsigned char  *p, *last;

    p = data;
    last = data + len;

    while (p < last && !s->broken) {

        if (s->skip) {
            n = (s->skip < (size_t) (last - p)) ? s->skip
                                                : (size_t) (last - p);
            s->skip -= n;
            p += n;

            continue;
        }

        n = 0;

        if (s->carry.len == 0 && last - p >= LLM_EVENTSTREAM_PRELUDE) {
            n = llm_eventstream_prelude(p);

            if (n == 0) {
                s->broken = 1;
                break;
            }
        }

        if (n && n <= LLM_SSE_MAX && n <= (size_t) (last - p)) {
            rc = llm_eventstream_message(s, p, n, p + n - data);
            p += n;

        } else {
            rc = llm_eventstream_join(s, data, &p, last);
        }

        if (rc != LLM_OK) {
            return rc;
        }
    }

    return LLM_OK;
}
