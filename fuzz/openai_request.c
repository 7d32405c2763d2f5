
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * A request's whole way through the dialect: facts, count, edits, canonical
 * form.  The first byte chooses the path, the rest is the body.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -Ingx_llm_cost_module \
 *       -Ingx_llm_cost_module/providers -Itokenizer/include -o openai_request \
 *       fuzz/openai_request.c ngx_llm_cost_module/llm_{sse,usage,json*}.c \
 *       ngx_llm_cost_module/providers/llm_*.c tokenizer/src/llm_*.c -lpcre2-8
 */

#include "llm_provider.h"
#include "steps.h"


extern const llm_provider_t  llm_openai;


/* a token is four bytes: the framing is what is looked at */

static size_t
count(llm_counter_t *c, const unsigned char *text, size_t len)
{
    (void) c;

    fuzz_assert(len > 0 && text != NULL);

    return (len + 3) / 4;
}


typedef struct {
    uint64_t  hash;
    size_t    len;
} form_t;


static void
update(void *ctx, const void *p, size_t n)
{
    size_t  i;
    form_t *f;

    f = ctx;
    f->len += n;

    for (i = 0; i < n; i++) {
        f->hash = (f->hash ^ ((const unsigned char *) p)[i])
                  * 0x100000001b3ULL;
    }
}


static int
request(llm_request_t *q, llm_mem_t *mem, const uint8_t *data, size_t size,
    uint8_t kind)
{
    int                     rc;
    uint64_t                since;
    static const llm_str_t  paths[] = {
        llm_string("/v1/chat/completions"),
        llm_string("/openai/deployments/x/chat/completions"),
        llm_string("/v1/embeddings")
    };

    since = steps;
    memset(q, 0, sizeof(llm_request_t));

    q->mem = mem;
    q->json.mem = mem;
    q->path = paths[kind % 3];
    q->kind = (kind % 3 == 2) ? LLM_KIND_EMBEDDINGS : LLM_KIND_CHAT;

    rc = llm_json_parse(&q->json, data, size);

    if (rc == LLM_OK) {
        rc = llm_openai.parse(q);
    }

    steps_bounded(since, size, "request");

    return rc;
}


/* the body with the edits in it */

static unsigned char *
splice(const uint8_t *data, size_t size, const llm_edits_t *e, size_t *len)
{
    size_t          at;
    unsigned        i;
    unsigned char  *out;

    *len = size;

    for (i = 0; i < e->n; i++) {
        *len += e->e[i].text.len;
    }

    out = malloc(*len + 1);

    for (*len = 0, at = 0, i = 0; i <= e->n; i++) {

        size_t  to;

        to = (i < e->n) ? e->e[i].start : size;

        fuzz_assert(to >= at && to <= size);
        memcpy(out + *len, data + at, to - at);
        *len += to - at;

        if (i < e->n) {
            memcpy(out + *len, e->e[i].text.data, e->e[i].text.len);
            *len += e->e[i].text.len;
            at = e->e[i].end;
        }
    }

    return out;
}


/* what was wanted is what an edited body says */

static void
check_edits(llm_request_t *q, llm_mem_t *mem, const uint8_t *data, size_t size,
    uint8_t kind)
{
    int             fitted;
    size_t          len;
    llm_edits_t     e;
    llm_request_t   r;
    unsigned char  *out;

    memset(&e, 0, sizeof(e));

    e.inject_usage = 1;
    e.set_max_output = 7;
    llm_str_set(&e.set_model, "another \"model\"");
    e.set_model.len -= (kind & 8) ? 0 : e.set_model.len;

    fuzz_assert(llm_openai.edit(q, &e) == LLM_OK);

    out = splice(data, size, &e, &len);

    if (request(&r, mem, out, len, kind) == LLM_OK) {
        fuzz_assert(!q->can_inject || r.usage_asked);
        fitted = !q->can_fit || (r.max_output > 0 && r.max_output <= 7);
        fuzz_assert(fitted);

        if (e.set_model.len && kind % 3 != 1) {
            fuzz_assert(r.model.len == e.set_model.len);
        }

    } else {
        abort();
    }

    free(out);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                 rc;
    form_t              form;
    uint8_t             kind;
    llm_mem_t          *mem;
    llm_request_t       q;
    llm_counter_t       c;
    static fuzz_mem_t   m;

    if (size == 0) {
        return 0;
    }

    kind = data[0];
    mem = fuzz_begin(&m);

    rc = request(&q, mem, data + 1, size - 1, kind);

    if (rc == LLM_OK) {
        memset(&c, 0, sizeof(c));
        c.count = count;

        fuzz_assert(q.model.len > 0 && q.model.len <= 256);
        fuzz_assert(q.choices >= 1 && q.choices <= 128);

        rc = llm_openai.count(&q, &c);
        fuzz_assert(rc == LLM_OK || m.n == FUZZ_BLOCKS);
        fuzz_assert(rc != LLM_OK || q.input_tokens >= 0);

        memset(&form, 0, sizeof(form));
        rc = llm_openai.canonical(&q, update, &form);
        fuzz_assert(rc == LLM_OK || rc == LLM_DECLINED
                    || m.n == FUZZ_BLOCKS);

        if (m.n < FUZZ_BLOCKS / 2) {
            check_edits(&q, mem, data + 1, size - 1, kind);
        }

    } else if (rc == LLM_BAD && q.json.err == NULL) {
        fuzz_assert(q.err != NULL);
    }

    fuzz_end(&m);

    return 0;
}
