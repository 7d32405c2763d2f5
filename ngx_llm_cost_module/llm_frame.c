
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_frame.h"
#include "llm_eventstream.h"
#include "llm_lines.h"

#include <string.h>


/* what every reader begins with */

typedef struct {
    llm_sse_event_pt   handler;
    void              *data;
    llm_mem_t         *mem;
} llm_frame_head_t;


static int llm_frame_sse_feed(llm_frames_t *f, const unsigned char *data,
    size_t len);
static int llm_frame_sse_finish(llm_frames_t *f);
static int llm_frame_lines_feed(llm_frames_t *f, const unsigned char *data,
    size_t len);
static int llm_frame_lines_finish(llm_frames_t *f);
static int llm_frame_array_feed(llm_frames_t *f, const unsigned char *data,
    size_t len);
static int llm_frame_aws_feed(llm_frames_t *f, const unsigned char *data,
    size_t len);
static int llm_frame_no_finish(llm_frames_t *f);


static const llm_framer_t  llm_framers[] = {
    { LLM_FRAMING_SSE, sizeof(llm_sse_t), llm_frame_sse_feed,
      llm_frame_sse_finish },
    { LLM_FRAMING_NDJSON, sizeof(llm_lines_t), llm_frame_lines_feed,
      llm_frame_lines_finish },
    { LLM_FRAMING_ARRAY, sizeof(llm_values_t), llm_frame_array_feed,
      llm_frame_no_finish },
    { LLM_FRAMING_AWS, sizeof(llm_eventstream_t), llm_frame_aws_feed,
      llm_frame_no_finish }
};


static void *
llm_frame_reader(llm_frames_t *f, size_t size)
{
    void              *reader;
    llm_frame_head_t   head;

    reader = llm_alloc(f->mem, size);
    if (reader == NULL) {
        return NULL;
    }

    head.handler = f->handler;
    head.data = f->data;
    head.mem = f->mem;

    memset(reader, 0, size);
    memcpy(reader, &head, sizeof(llm_frame_head_t));

    return reader;
}


int
llm_frames_init(llm_frames_t *f, llm_framing_e framing)
{
    size_t  i;

    for (i = 0; i < sizeof(llm_framers) / sizeof(llm_framer_t); i++) {

        if (llm_framers[i].framing == framing) {
            f->framer = &llm_framers[i];
            f->reader = llm_frame_reader(f, f->framer->size);

            return f->reader ? LLM_OK : LLM_ERROR;
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


/* no line of an event stream that anybody sends begins like JSON */

static int
llm_frame_sniff(llm_frames_t *f, const unsigned char *p, size_t len)
{
    for ( /* void */ ; len; p++, len--) {

        if (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n') {
            continue;
        }

        f->begun = 1;

        if (*p == '{' || *p == '[') {
            f->json = llm_frame_reader(f, sizeof(llm_values_t));
            return f->json ? LLM_OK : LLM_ERROR;
        }

        break;
    }

    return LLM_OK;
}


static int
llm_frame_sse_feed(llm_frames_t *f, const unsigned char *data, size_t len)
{
    if (!f->begun && llm_frame_sniff(f, data, len) != LLM_OK) {
        return LLM_ERROR;
    }

    if (f->json) {
        return llm_values_feed(f->json, data, len);
    }

    return llm_sse_feed(f->reader, data, len);
}


static int
llm_frame_sse_finish(llm_frames_t *f)
{
    int         rc;
    llm_sse_t  *p;

    if (f->json) {
        f->lost |= f->json->broken || f->json->dropped;
        return LLM_OK;
    }

    p = f->reader;
    rc = llm_sse_finish(p);

    f->lost |= (p->dropped != 0);

    return rc;
}


static int
llm_frame_lines_feed(llm_frames_t *f, const unsigned char *data, size_t len)
{
    return llm_lines_feed(f->reader, data, len);
}


static int
llm_frame_lines_finish(llm_frames_t *f)
{
    int           rc;
    llm_lines_t  *p;

    p = f->reader;
    rc = llm_lines_finish(p);

    f->lost |= (p->dropped != 0);

    return rc;
}


static int
llm_frame_array_feed(llm_frames_t *f, const unsigned char *data, size_t len)
{
    int            rc;
    llm_values_t  *p;

    p = f->reader;
    rc = llm_values_feed(p, data, len);

    f->lost |= p->broken || p->dropped;

    return rc;
}


static int
llm_frame_aws_feed(llm_frames_t *f, const unsigned char *data, size_t len)
{
    int                 rc;
    llm_eventstream_t  *p;

    p = f->reader;
    rc = llm_eventstream_feed(p, data, len);

    f->lost |= p->broken || p->dropped;

    return rc;
}


/* what is not whole is no event, and cannot be of use */

static int
llm_frame_no_finish(llm_frames_t *f)
{
    (void) f;

    return LLM_OK;
}


/* a media type, without regard to case */

static int
llm_framing_is(const llm_str_t *type, const char *name)
{
    size_t  n;

    n = strlen(name);

    if (type->len < n) {
        return 0;
    }

    return llm_lower_equal(type->data + type->len - n, name, n)
           && (type->len == n || name[0] == '+');
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
