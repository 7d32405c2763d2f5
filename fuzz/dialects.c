
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Requests and answers of every dialect but OpenAI's.  The first byte chooses
 * dialect and path, the second a request, a whole answer or an event.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -Ingx_llm_cost_module \
 *       -Ingx_llm_cost_module/providers -Itokenizer/include -o dialects \
 *       fuzz/dialects.c ngx_llm_cost_module/llm_*.c \
 *       ngx_llm_cost_module/providers/llm_*.c tokenizer/src/llm_*.c \
 *       -lz -lpcre2-8 -ljansson -lm
 */

#include "fuzz.h"
#include "llm_provider.h"


extern const llm_provider_t  llm_bedrock, llm_cohere, llm_gemini, llm_ollama;


static const struct {
    const llm_provider_t  *p;
    const char            *path;
    const char            *type;
} ways[] = {
    { &llm_gemini, "/v1/models/m:generateContent", "" },
    { &llm_gemini, "/v1/models/gemini-2.0-m:streamGenerateContent", "" },
    { &llm_gemini, "/v1/models/m:embedContent", "" },
    { &llm_gemini, "/v1/models/m:batchEmbedContents", "" },
    { &llm_bedrock, "/model/m/converse", "" },
    { &llm_bedrock, "/model/m/converse-stream", "metadata" },
    { &llm_bedrock, "/model/m/invoke", "" },
    { &llm_bedrock, "/model/m/invoke-with-response-stream", "chunk" },
    { &llm_cohere, "/v2/chat", "" },
    { &llm_cohere, "/v1/chat", "" },
    { &llm_cohere, "/v2/embed", "" },
    { &llm_cohere, "/v2/rerank", "" },
    { &llm_ollama, "/api/chat", "" },
    { &llm_ollama, "/api/generate", "" },
    { &llm_ollama, "/api/embed", "" }
};


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


/* whatever was asked for: bounds are sane, edits lie within the body */

static void
request(llm_request_t *q)
{
    unsigned       i;
    llm_edits_t    e;
    llm_counter_t  c;

    if (q->provider->parse(q) != LLM_OK) {
        fuzz_assert(q->err != NULL);
        return;
    }

    fuzz_assert(q->max_output >= -1 && q->choices >= 1 && q->choices <= 128);
    fuzz_assert(q->model.len > 0 && q->model.len <= 256);

    memset(&c, 0, sizeof(c));
    c.count = count_bytes;

    fuzz_assert(q->provider->count(q, &c) == LLM_OK);
    fuzz_assert(q->input_tokens >= 0);

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


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t            *body;
    llm_str_t           type, text;
    llm_answer_t        a;
    llm_request_t       q;
    static fuzz_mem_t   m;
    size_t              way;

    if (size < 3) {
        return 0;
    }

    way = data[0] % (sizeof(ways) / sizeof(ways[0]));
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

    fuzz_assert(q.provider->path(&q.route) == LLM_PATH_METERED);
    q.kind = q.route.kind;

    llm_answer_init(&a, q.mem, q.kind, NULL);
    a.q = &q;

    if (data[1] % 3 == 2) {
        type.data = (unsigned char *) ways[way].type;
        type.len = strlen(ways[way].type);
        text = q.body;

        fuzz_assert(q.provider->event(&a, &type, &text) == LLM_EVENT_PASS);
        q.provider->finish(&a);
        check(&a);

    } else if (llm_json_parse(&q.json, body, size - 2) == LLM_OK) {

        if (data[1] % 3 == 0) {
            request(&q);

        } else {
            fuzz_assert(q.provider->answer(&a, &q.json) == LLM_OK);
            check(&a);
        }
    }

    free(body);
    fuzz_end(&m);

    return 0;
}
