
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

#ifndef FUZZ_PLAIN
#include "mutator.h"
#endif


extern const llm_provider_t  llm_anthropic, llm_bedrock, llm_cohere,
                             llm_gemini, llm_huggingface, llm_mistral,
                             llm_ollama, llm_vercel, llm_watsonx;

#define FORM  "multipart/form-data; boundary=b"


static const struct {
    const llm_provider_t  *p;
    const char            *path;
    const char            *type;
    const char            *content;        /* of the request, NULL: JSON */
} ways[] = {
    { &llm_gemini, "/v1/models/m:generateContent", "", NULL },
    { &llm_gemini, "/v1/models/gemini-2.0-m:streamGenerateContent", "", NULL },
    { &llm_gemini, "/v1/models/m:embedContent", "", NULL },
    { &llm_gemini, "/v1/models/m:batchEmbedContents", "", NULL },
    { &llm_bedrock, "/model/m/converse", "", NULL },
    { &llm_bedrock, "/model/m/converse-stream", "metadata", NULL },
    { &llm_bedrock, "/model/m/invoke", "", NULL },
    { &llm_bedrock, "/model/m/invoke-with-response-stream", "chunk", NULL },
    { &llm_cohere, "/v2/chat", "", NULL },
    { &llm_cohere, "/v1/chat", "", NULL },
    { &llm_cohere, "/v2/embed", "", NULL },
    { &llm_cohere, "/v2/rerank", "", NULL },
    { &llm_ollama, "/api/chat", "", NULL },
    { &llm_ollama, "/api/generate", "", NULL },
    { &llm_ollama, "/api/embed", "", NULL },

    /* seeds have the numbers of these: new ones go behind the last */

    { &llm_openai, "/v1/responses", "", NULL },
    { &llm_openai, "/v1/responses/compact", "", NULL },
    { &llm_openai, "/v1/chat/completions", "", NULL },
    { &llm_openai, "/v1/completions", "", NULL },
    { &llm_openai, "/v1/embeddings", "", NULL },
    { &llm_anthropic, "/v1/messages", "message_delta", NULL },
    { &llm_anthropic, "/publishers/anthropic/models/m:streamRawPredict",
      "message_start", NULL },
    { &llm_anthropic, "/v1/complete", "completion", NULL },
    { &llm_openai, "/v1/images/generations", "", NULL },
    { &llm_openai, "/v1/images/edits", "", FORM },
    { &llm_openai, "/v1/audio/speech", "", NULL },
    { &llm_openai, "/v1/audio/transcriptions", "", FORM },
    { &llm_openai, "/v1/audio/transcriptions", "", NULL },
    { &llm_openai, "/v1/ocr", "", NULL },
    { &llm_gemini, "/v1beta/interactions", "", NULL },
    { &llm_gemini, "/models/gemini-embedding-001:predict", "", NULL },
    { &llm_gemini, "/models/imagegeneration:predict", "", NULL },
    { &llm_anthropic, "/v1/messages/batches", "", NULL },
    { &llm_cohere, "/v1/generate", "", NULL },
    { &llm_cohere, "/v1/embed", "", NULL },
    { &llm_openai, "/v1/images/variations", "", FORM },
    { &llm_openai, "/v1/audio/translations", "", FORM },
    { &llm_openai, "/v1/agents/completions", "", NULL },
    { &llm_anthropic, "/publishers/anthropic/models/m:rawPredict", "", NULL },
    { &llm_openai, "/v1/files", "", FORM },
    { &llm_openai, "/v1/batches", "", NULL },
    { &llm_openai, "/v1/batch/jobs", "", NULL },
    { &llm_openai, "/v1/files/f/content", "", NULL },
    { &llm_anthropic, "/v1/messages/batches/b/results", "", NULL },
    { &llm_openai, "/v1/threads/t/runs", "thread.run.completed", NULL },
    { &llm_openai, "/v1/videos/generations", "", NULL },
    { &llm_gemini, "/v1beta/models/veo-3:predictLongRunning", "", NULL },
    { &llm_gemini, "/v1beta/models/m:batchGenerateContent", "", NULL },
    { &llm_bedrock, "/model/stability.m/invoke", "", NULL },
    { &llm_bedrock, "/model/m-rerank/invoke", "", NULL },
    { &llm_cohere, "/v1/multimodalembeddings", "", NULL },
    { &llm_cohere, "/v1/contextualizedembeddings", "", NULL },
    { &llm_openai, "/serving-endpoints/m/invocations", "", NULL },
    { &llm_openai, "/ml/v1/text/chat_stream", "", NULL },
    { &llm_openai, "/ai/run/@cf/m", "", NULL },
    { &llm_watsonx, "/ml/v1/text/generation", "", NULL },
    { &llm_watsonx, "/ml/v1/text/generation_stream", "", NULL },
    { &llm_watsonx, "/ml/v1/text/rerank", "", NULL },
    { &llm_openai, "/publishers/mistralai/models/m:streamRawPredict", "",
      NULL },
    { &llm_mistral, "/v1/conversations", "conversation.response.done", NULL },
    { &llm_mistral, "/v1/conversations/c", "message.output.delta", NULL },
    { &llm_mistral, "/v1/moderations", "", NULL },
    { &llm_vercel, "/v3/ai/language-model", "", NULL },
    { &llm_vercel, "/v3/ai/embedding-model", "", NULL },
    { &llm_vercel, "/v3/ai/reranking-model", "", NULL },
    { &llm_vercel, "/v4/ai/decision-model", "", NULL },
    { &llm_huggingface, "/generate_stream", "", NULL },
    { &llm_huggingface, "/hf-inference/models/m/n", "", NULL },
    { &llm_huggingface, "/embed", "", NULL }
};

#define WAYS  (sizeof(ways) / sizeof(ways[0]))


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
                || strcmp((char *) ways[i].p->name.data, name) == 0)
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


/* FUZZ_KIND and the framing of a stream are in the second byte */

static llm_framing_e
framing_of(const llm_provider_t *p, uint8_t byte)
{
    return (p == &llm_ollama) ? LLM_FRAMING_NDJSON
           : (p == &llm_gemini && (byte & 4)) ? LLM_FRAMING_ARRAY
                                              : LLM_FRAMING_SSE;
}


static void
route_of(llm_route_t *route, size_t way)
{
    llm_path_e             path;
    const llm_provider_t  *p;

    p = ways[way].p;
    memset(route, 0, sizeof(llm_route_t));

    llm_str_set(&route->method, "POST");
    route->path.data = (unsigned char *) ways[way].path;
    route->path.len = strlen(ways[way].path);
    route->headers.get = header;
    route->headers.ctx = (void *) ways[way].content;

    path = LLM_PATH_METERED;

    if (strstr(ways[way].path, "/content")
        || strstr(ways[way].path, "/results"))
    {
        llm_str_set(&route->method, "GET");
        path = LLM_PATH_TOLD;
    }

    fuzz_assert(p->path(route) == path);
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
        w.framing = framing_of(ways[way].p, byte >> 2);

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
    route_of(&route, way);

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
