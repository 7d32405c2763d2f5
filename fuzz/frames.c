
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Event streams of AWS, lines, arrays that grow, and events of SSE, by the
 * first byte; the second says in what pieces the bytes come: what is read of
 * them must not depend on that.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -Ingx_llm_cost_module \
 *       -Ingx_llm_cost_module/providers -Itokenizer/include -o frames \
 *       fuzz/frames.c ngx_llm_cost_module/llm_{frame,sse,carry,lines}.c \
 *       ngx_llm_cost_module/llm_{values,eventstream}.c -lz
 */

#include "llm_eventstream.h"
#include "llm_frame.h"
#include "steps.h"

#include <zlib.h>


/* all events in one number, where the type ends and the text begins too */

static int
on_event(void *data, const llm_str_t *type, const llm_str_t *text, size_t end)
{
    uint64_t  *h;

    (void) end;

    h = data;
    *h = *h * 31 + crc32(0, type->data, (uInt) type->len);
    *h = *h * 31 + crc32(0, text->data, (uInt) text->len);

    fuzz_assert(text->len <= LLM_SSE_MAX);

    return LLM_OK;
}


static uint64_t
read_in(llm_mem_t *mem, llm_framing_e framing, const uint8_t *data,
    size_t size, size_t piece, unsigned *lost)
{
    size_t         at, n;
    uint8_t       *copy;
    uint64_t       h, since;
    llm_frames_t   f;

    h = 0;
    since = steps;

    memset(&f, 0, sizeof(f));
    f.handler = on_event;
    f.data = &h;
    f.mem = mem;

    fuzz_assert(llm_frames_init(&f, framing) == LLM_OK);

    for (at = 0; at < size; at += n) {
        n = (size - at < piece) ? size - at : piece;

        copy = malloc(n);
        memcpy(copy, data + at, n);
        fuzz_assert(llm_frames_feed(&f, copy, n) == LLM_OK);
        free(copy);
    }

    fuzz_assert(llm_frames_finish(&f) == LLM_OK);
    steps_bounded(since, size, "frames");
    *lost = f.lost;

    return h;
}


/* checksums that are right, so that what is behind them is reached */

static void
seal(uint8_t *p, size_t size)
{
    size_t    n;
    uint32_t  crc;

    for ( /* void */ ; size >= 16; p += n, size -= n) {

        n = (size_t) p[2] << 8 | p[3];
        p[0] = 0;
        p[1] = 0;

        if (n < 16 || n > size) {
            return;
        }

        crc = crc32(0, p, 8);
        p[8] = (uint8_t) (crc >> 24);
        p[9] = (uint8_t) (crc >> 16);
        p[10] = (uint8_t) (crc >> 8);
        p[11] = (uint8_t) crc;

        crc = crc32(0, p, (uInt) n - 4);
        p[n - 4] = (uint8_t) (crc >> 24);
        p[n - 3] = (uint8_t) (crc >> 16);
        p[n - 2] = (uint8_t) (crc >> 8);
        p[n - 1] = (uint8_t) crc;
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t            *p;
    unsigned            lost[2];
    uint64_t            h;
    llm_mem_t          *mem;
    llm_framing_e       framing;
    static fuzz_mem_t   m;

    static const llm_framing_e  framings[] = {
        LLM_FRAMING_AWS, LLM_FRAMING_NDJSON, LLM_FRAMING_ARRAY,
        LLM_FRAMING_SSE
    };

    if (size < 3) {
        return 0;
    }

    mem = fuzz_begin(&m);
    framing = framings[data[0] & 3];

    p = malloc(size);
    memcpy(p, data, size);

    if (framing == LLM_FRAMING_AWS && (data[0] & 4)) {
        seal(p + 2, size - 2);
    }

    h = read_in(mem, framing, p + 2, size - 2, size, &lost[0]);

    fuzz_assert(h == read_in(mem, framing, p + 2, size - 2, 1 + data[1] % 32,
                             &lost[1]));
    fuzz_assert(lost[0] == lost[1]);

    free(p);
    fuzz_end(&m);

    return 0;
}
