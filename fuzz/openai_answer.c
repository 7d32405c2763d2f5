
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * An answer, whole and as a stream.  The first byte says in what pieces the
 * stream comes: what is read of it must not depend on that.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -Ingx_llm_cost_module \
 *       -Ingx_llm_cost_module/providers -Itokenizer/include -o openai_answer \
 *       fuzz/openai_answer.c ngx_llm_cost_module/llm_{sse,usage,json*}.c \
 *       ngx_llm_cost_module/providers/llm_*.c tokenizer/src/llm_*.c -lpcre2-8
 */

#include "llm_provider.h"
#include "llm_sse.h"
#include "steps.h"


extern const llm_provider_t  llm_openai;


static int
on_event(void *data, const llm_str_t *type, const llm_str_t *text, size_t end)
{
    int  rc;

    (void) end;

    rc = llm_openai.event(data, type, text);
    fuzz_assert(rc == LLM_EVENT_PASS || rc == LLM_EVENT_USAGE);

    return LLM_OK;
}


static void
stream(llm_answer_t *a, llm_mem_t *mem, const uint8_t *data, size_t size,
    size_t piece)
{
    size_t          at, n;
    uint8_t        *copy;
    uint64_t        since;
    llm_sse_t       sse;

    since = steps;

    llm_answer_init(a, mem, LLM_KIND_CHAT, NULL);

    memset(&sse, 0, sizeof(sse));
    sse.handler = on_event;
    sse.data = a;
    sse.mem = mem;

    for (at = 0; at < size; at += n) {
        n = (size - at < piece) ? size - at : piece;

        copy = malloc(n);
        memcpy(copy, data + at, n);
        fuzz_assert(llm_sse_feed(&sse, copy, n) == LLM_OK);
        free(copy);
    }

    fuzz_assert(llm_sse_finish(&sse) == LLM_OK);
    llm_openai.finish(a);
    steps_bounded(since, size, "stream");
}


static void
check(llm_answer_t *a)
{
    int64_t   *v;
    unsigned   i;

    v = (int64_t *) &a->usage;

    for (i = 0; i < sizeof(llm_usage_t) / sizeof(int64_t); i++) {
        fuzz_assert(v[i] >= -1);
    }

    (void) llm_usage_normalize(&a->usage);
    fuzz_assert(llm_usage_normalize(&a->usage) == 0);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    llm_mem_t          *mem;
    llm_json_t          j;
    llm_answer_t        a, b;
    static fuzz_mem_t   m;

    if (size == 0) {
        return 0;
    }

    mem = fuzz_begin(&m);

    stream(&a, mem, data + 1, size - 1, size);
    stream(&b, mem, data + 1, size - 1, 1 + data[0] % 32);

    fuzz_assert(memcmp(&a.usage, &b.usage, sizeof(a.usage)) == 0);
    fuzz_assert(a.finished == b.finished && a.error == b.error
                && a.usage_seen == b.usage_seen && a.truncated == b.truncated
                && a.usage_bad == b.usage_bad && a.model.len == b.model.len);
    check(&a);

    memset(&j, 0, sizeof(j));
    j.mem = mem;

    if (llm_json_parse(&j, data + 1, size - 1) == LLM_OK) {
        llm_answer_init(&a, mem, (data[0] & 1) ? LLM_KIND_CHAT
                                               : LLM_KIND_EMBEDDINGS, NULL);
        fuzz_assert(llm_openai.answer(&a, &j) == LLM_OK);
        check(&a);
    }

    fuzz_end(&m);

    return 0;
}
