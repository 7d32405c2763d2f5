
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Requests and answers of every dialect.  The first byte chooses dialect and
 * path, the second a request, a whole answer, an event, or events, one a line.
 * In front of an answer may be the request that it is for, and a zero.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -Ingx_llm_cost_module \
 *       -Ingx_llm_cost_module/providers -Itokenizer/include -o dialects \
 *       fuzz/dialects.c ngx_llm_cost_module/llm_*.c \
 *       ngx_llm_cost_module/providers/llm_*.c tokenizer/src/llm_*.c \
 *       -lz -lpcre2-8 -ljansson -lm
 */

#include "dialects_answer.h"
#include "dialects_request.h"
#include "dialects_ways.h"

#ifndef FUZZ_PLAIN
#include "mutator.h"
#endif


/*
 * Where the environment names a dialect or a kind, the bytes that choose them
 * choose among those alone: a run may be of one parser.
 */

static size_t
chosen(uint8_t byte)
{
    size_t             i;
    const char        *name;
    static size_t      n, list[WAYS];

    if (n == 0) {
        name = getenv("FUZZ_DIALECT");

        for (i = 0; i < WAYS; i++) {
            if (name == NULL || *name == '\0'
                || strcmp(ways[i].part, name) == 0)
            {
                list[n++] = i;
            }
        }

        fuzz_assert(n > 0);
    }

    for (i = 0; i < n; i++) {
        if (list[i] == byte % WAYS) {
            return list[i];
        }
    }

    return list[byte % n];
}


static unsigned
kind(uint8_t byte)
{
    unsigned            i;
    const char         *name;
    static int          only = -2;

    static const char  *names[] = { "request", "answer", "event", "stream" };

    if (only == -2) {
        name = getenv("FUZZ_KIND");
        only = -1;

        for (i = 0; name && i < 4; i++) {
            if (strcmp(names[i], name) == 0) {
                only = (int) i;
            }
        }
    }

    /* one event is a stream, too */

    return only < 0 || (only == 3 && byte % 4 == 2) ? byte % 4
                                                    : (unsigned) only;
}


static const llm_str_t *
header(void *ctx, const char *name)
{
    static llm_str_t  type, model = llm_string("anthropic/claude-m");
    static llm_str_t  sign = llm_string("AWS4-HMAC-SHA256 Credential=a");

    if (strcmp(name, "authorization") == 0) {
        return &sign;
    }

    if (strcmp(name, "ai-model-id") == 0
        || strcmp(name, "ai-language-model-id") == 0)
    {
        return &model;
    }

    if (ctx == NULL || strcmp(name, "content-type") != 0) {
        return NULL;
    }

    type.data = ctx;
    type.len = strlen(ctx);

    return &type;
}


/* the framing of a stream is in the second byte, where there are several */

static llm_framing_e
framing_of(size_t way, uint8_t byte)
{
    const llm_provider_t  *p;

    p = ways[way].p;

    if (p == &llm_ollama || strncmp(ways[way].path, "GET ", 4) == 0) {
        return LLM_FRAMING_NDJSON;
    }

    if (byte & 4) {
        return (p == &llm_gemini) ? LLM_FRAMING_ARRAY
               : (p == &llm_cohere) ? LLM_FRAMING_NDJSON : LLM_FRAMING_SSE;
    }

    return (p == &llm_bedrock) ? LLM_FRAMING_AWS : LLM_FRAMING_SSE;
}


/* a form says where its parts end, in several ways, or does not */

static const char *
content_of(size_t way, uint8_t byte)
{
    static const char * const  forms[] = {
        FORM, "multipart/form-data; boundary=\"b\"",
        "Multipart/Form-Data ;charset=\"a;\\\"\" ; Boundary=b",
        "multipart/form-data; boundary=\"b", "multipart/form-data; boundary=",
        "multipart/form-data; boundary=b; boundary=c", "multipart/form-data"
    };

    return ways[way].content
           ? forms[(byte >> 2) % (sizeof(forms) / sizeof(forms[0]))] : NULL;
}


static void
route_of(llm_route_t *route, size_t way, uint8_t byte)
{
    llm_path_e   want;
    const char  *path;

    path = ways[way].path;
    want = LLM_PATH_METERED;

    memset(route, 0, sizeof(llm_route_t));
    llm_str_set(&route->method, "POST");

    if (*path != '/') {
        path = strchr(path, '/');
        llm_str_set(&route->method, "GET");
        want = LLM_PATH_TOLD;
    }

    route->path.data = (unsigned char *) path;
    route->path.len = strlen(path);
    route->headers.get = header;
    route->headers.ctx = (void *) content_of(way, byte);

    fuzz_assert(ways[way].p->path(route) == want);
}


/*
 * The request of an answer is read first, as the module does; 0: it would have
 * been refused.  What is behind the zero is the answer.
 */

static int
asked(reading_t *in, const llm_route_t *route, size_t way,
    const uint8_t **body, size_t *size)
{
    size_t          len;
    const uint8_t  *zero;

    zero = memchr(*body, '\0', *size);

    if (zero == NULL || route->step >= LLM_LONG_STATE) {
        reading(in, ways[way].p, route, (const uint8_t *) "", 0);
        return 1;
    }

    len = zero - *body;
    reading(in, ways[way].p, route, *body, len);

    *body += len + 1;
    *size -= len + 1;

    return in->rc == LLM_OK;
}


static void
answered(const llm_route_t *route, size_t way, unsigned what, uint8_t byte,
    const uint8_t *body, size_t size)
{
    way_t             w;
    llm_answer_t      a;
    static reading_t  in;

    if (asked(&in, route, way, &body, &size)) {

        w.q = &in.q;
        w.type = ways[way].type;
        w.framing = framing_of(way, byte >> 2);

        switch (what) {

        case 1:
            answer(&w, body, size);
            break;

        case 2:
            begin(&a, &w);
            event(&a, &w, body, size);
            w.q->provider->finish(&a);
            sane(&a);
            break;

        default:
            stream(&w, body, size, byte >> 2);
        }
    }

    read_over(&in);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t      *body;
    size_t        way;
    unsigned      what;
    llm_route_t   route;

    if (size < 3) {
        return 0;
    }

    way = chosen(data[0]);
    what = kind(data[1]);
    route_of(&route, way, data[1]);

    body = malloc(size - 2);
    memcpy(body, data + 2, size - 2);

    if (what) {
        answered(&route, way, what, data[1], body, size - 2);

    } else if (route.step < LLM_LONG_STATE) {
        request(ways[way].p, &route, body, size - 2);
    }

    free(body);

    return 0;
}
