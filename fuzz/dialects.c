
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Requests and answers of every dialect.  The first byte chooses dialect and
 * path, the second a request, a whole answer, an event, or events, one a line.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -Ingx_llm_cost_module \
 *       -Ingx_llm_cost_module/providers -Itokenizer/include -o dialects \
 *       fuzz/dialects.c ngx_llm_cost_module/llm_*.c \
 *       ngx_llm_cost_module/providers/llm_*.c tokenizer/src/llm_*.c \
 *       -lz -lpcre2-8 -ljansson -lm
 */

#include "fuzz.h"
#include "llm_provider.h"


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


static size_t
count_bytes(llm_counter_t *c, const unsigned char *text, size_t len)
{
    (void) c;
    (void) text;

    return len;
}


static void
ignore(void *ctx, const void *p, size_t n)
{
    (void) ctx;
    (void) p;
    (void) n;
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


/* requests in a request lie within it, and there is an end of them */

static void
inner(llm_request_t *q)
{
    size_t       at;
    llm_inner_t  in;

    memset(&in, 0, sizeof(in));
    in.mem = q->mem;

    while (q->provider->inner(q, &in) == LLM_OK) {
        at = in.body.data - q->body.data;
        fuzz_assert(at <= q->body.len && in.body.len <= q->body.len - at);
        fuzz_assert(in.n <= q->body.len);
    }
}


static int
result(llm_answer_t *a, const llm_answer_t *one)
{
    (void) a;

    fuzz_assert(one->usage_seen || one->usage.input == -1);

    return LLM_OK;
}


/* whatever was asked for: bounds are sane, edits lie within the body */

static void
request(llm_request_t *q)
{
    int            rc;
    unsigned       i;
    llm_edits_t    e;
    llm_counter_t  c;

    rc = q->provider->parse(q);

    if (rc != LLM_OK) {
        fuzz_assert(rc == LLM_DECLINED || q->err != NULL);
        return;
    }

    fuzz_assert(q->max_output >= -1 && q->choices >= 1);
    fuzz_assert(q->model.len <= 256);

    /* a response may be asked for by the name of its prompt alone */

    fuzz_assert(q->model.len > 0 || q->kind == LLM_KIND_RESPONSES
                || q->kind == LLM_KIND_BATCH || q->costless);

    if (q->requests.len || q->route.step == LLM_LONG_PARTS) {
        inner(q);
    }

    memset(&c, 0, sizeof(c));
    c.count = count_bytes;

    fuzz_assert(q->provider->count(q, &c) == LLM_OK);
    fuzz_assert(q->input_tokens >= (q->kind == LLM_KIND_RUN ? -1 : 0));

    memset(&e, 0, sizeof(e));
    e.set_max_output = 16;
    fuzz_assert(q->provider->edit(q, &e) == LLM_OK);

    for (i = 0; i < e.n; i++) {
        fuzz_assert(e.e[i].start <= e.e[i].end
                    && e.e[i].end <= q->body.len
                    && (i == 0 || e.e[i - 1].end <= e.e[i].start));
    }

    (void) q->provider->canonical(q, ignore, NULL);
}


static void
check(llm_answer_t *a)
{
    size_t    i;
    int64_t  *v;

    v = (int64_t *) &a->usage;

    for (i = 0; i < LLM_USAGE_FIELDS; i++) {
        fuzz_assert(v[i] >= -1);
    }

    fuzz_assert(a->counted_output >= 0);

    (void) llm_usage_normalize(&a->usage);
    fuzz_assert(llm_usage_normalize(&a->usage) == 0);
}


static void
event(llm_answer_t *a, size_t way, const uint8_t *p, size_t len)
{
    llm_str_t  type, text;

    type.data = (unsigned char *) ways[way].type;
    type.len = strlen(ways[way].type);
    text.data = (unsigned char *) p;
    text.len = len;

    fuzz_assert(ways[way].p->event(a, &type, &text) >= 0);
}


/* events are alike, and what is alike is not read again in full */

static void
events(llm_answer_t *a, size_t way, const uint8_t *p, size_t len)
{
    const uint8_t  *eol, *last;

    for (last = p + len; p < last; p = eol + 1) {
        eol = memchr(p, '\n', last - p);
        eol = eol ? eol : last;

        event(a, way, p, eol - p);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t            *body;
    llm_answer_t        a;
    llm_request_t       q;
    static fuzz_mem_t   m;
    size_t              way;

    if (size < 3) {
        return 0;
    }

    way = chosen(data[0]);
    body = malloc(size - 2);
    memcpy(body, data + 2, size - 2);

    memset(&q, 0, sizeof(q));
    q.mem = fuzz_begin(&m);
    q.provider = ways[way].p;
    q.body.data = body;
    q.body.len = size - 2;
    q.json.mem = q.mem;
    q.route.method.data = (unsigned char *) "POST";
    q.route.method.len = 4;
    q.route.path.data = (unsigned char *) ways[way].path;
    q.route.path.len = strlen(ways[way].path);
    q.route.headers.get = header;
    q.route.headers.ctx = (void *) ways[way].content;

    if (strstr(ways[way].path, "/content")
        || strstr(ways[way].path, "/results"))
    {
        q.route.method.data = (unsigned char *) "GET";
        q.route.method.len = 3;
        fuzz_assert(q.provider->path(&q.route) == LLM_PATH_TOLD);

    } else {
        fuzz_assert(q.provider->path(&q.route) == LLM_PATH_METERED);
    }

    q.kind = q.route.kind;
    q.path = q.route.path;

    llm_answer_init(&a, q.mem, q.kind, NULL);
    a.q = &q;
    a.scratch = q.mem;
    a.result = result;

    switch (kind(data[1])) {

    case 0:
        if (q.route.step < LLM_LONG_STATE
            && (q.route.raw
                || llm_json_parse(&q.json, body, size - 2) == LLM_OK))
        {
            request(&q);
        }

        break;

    case 1:
        if (llm_json_parse(&q.json, body, size - 2) == LLM_OK) {
            fuzz_assert(q.provider->answer(&a, &q.json) == LLM_OK);
            check(&a);
        }

        break;

    case 2:
        event(&a, way, body, size - 2);
        q.provider->finish(&a);
        check(&a);
        break;

    default:
        events(&a, way, body, size - 2);
        q.provider->finish(&a);
        check(&a);
    }

    free(body);
    fuzz_end(&m);

    return 0;
}
