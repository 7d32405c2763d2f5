
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_frame.h"

#include <string.h>


static int
llm_frame_sse_init(llm_frames_t *f)
{
    llm_sse_t  *p;

    p = llm_alloc(f->mem, sizeof(llm_sse_t));
    if (p == NULL) {
        return LLM_ERROR;
    }

    memset(p, 0, sizeof(llm_sse_t));

    p->handler = f->handler;
    p->data = f->data;
    p->mem = f->mem;

    f->reader = p;

    return LLM_OK;
}


static int
llm_frame_sse_feed(llm_frames_t *f, const unsigned char *data, size_t len)
{
    return llm_sse_feed(f->reader, data, len);
}


static int
llm_frame_sse_finish(llm_frames_t *f)
{
    int         rc;
    llm_sse_t  *p;

    p = f->reader;
    rc = llm_sse_finish(p);

    f->lost |= (p->dropped != 0);

    return rc;
}


static const llm_framer_t  llm_framers[] = {
    { LLM_FRAMING_SSE, llm_frame_sse_init, llm_frame_sse_feed,
      llm_frame_sse_finish }
};


int
llm_frames_init(llm_frames_t *f, llm_framing_e framing)
{
    size_t  i;

    for (i = 0; i < sizeof(llm_framers) / sizeof(llm_framer_t); i++) {

        if (llm_framers[i].framing == framing) {
            f->framer = &llm_framers[i];
            return f->framer->init(f);
        }
    }

    return LLM_DECLINED;
}


int
llm_frames_feed(llm_frames_t *f, const unsigned char *data, size_t len)
{
    return f->framer->feed(f, data, len);
}


int
llm_frames_finish(llm_frames_t *f)
{
    return f->framer->finish(f);
}


/* a media type, without regard to case */

static int
llm_framing_is(const llm_str_t *type, const char *name)
{
    size_t         i, n;
    unsigned char  c;

    n = strlen(name);

    if (type->len < n) {
        return 0;
    }

    for (i = 0; i < n; i++) {
        c = type->data[type->len - n + i];

        if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != (unsigned char) name[i]) {
            return 0;
        }
    }

    return type->len == n || name[0] == '+';
}


llm_framing_e
llm_framing_of(const llm_str_t *type)
{
    size_t  i;

    static const struct {
        const char     *type;
        llm_framing_e   framing;
    } types[] = {
        { "application/json", LLM_FRAMING_JSON },
        { "text/event-stream", LLM_FRAMING_SSE },
        { "+json", LLM_FRAMING_JSON },
        { "application/x-ndjson", LLM_FRAMING_NDJSON },
        { "application/ndjson", LLM_FRAMING_NDJSON },
        { "application/jsonl", LLM_FRAMING_NDJSON },
        { "application/vnd.amazon.eventstream", LLM_FRAMING_AWS }
    };

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (llm_framing_is(type, types[i].type)) {
            return types[i].framing;
        }
    }

    return LLM_FRAMING_NONE;
}
