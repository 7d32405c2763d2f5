
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * The scanner on any bytes: the nodes are a tree that lies inside of the text,
 * and what jansson takes, it takes.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -Ingx_llm_cost_module \
 *       -o json fuzz/json.c ngx_llm_cost_module/llm_json*.c -ljansson
 */

#include "llm_json.h"
#include "steps.h"

#include <jansson.h>


static uint32_t
walk(const llm_json_t *j, uint32_t i, uint32_t end, unsigned char *buf)
{
    int64_t                 v;
    uint32_t                k;
    llm_str_t               s;
    const llm_json_node_t  *n;

    n = &j->nodes[i];

    fuzz_assert(n->start <= n->end && n->end <= end);
    fuzz_assert(n->next > i && n->next <= j->n);

    switch (n->type) {

    case LLM_JSON_STRING:
        fuzz_assert(llm_json_string(j, i, &s, buf) == LLM_OK);
        fuzz_assert(s.len <= n->end - n->start);
        break;

    case LLM_JSON_NUMBER:
        (void) llm_json_int(j, i, &v);
        (void) llm_parse_scaled(j->data + n->start, n->end - n->start, 12,
                                &v);
        break;

    case LLM_JSON_OBJECT:
    case LLM_JSON_ARRAY:
        for (k = i + 1; k < n->next; ) {

            if (n->type == LLM_JSON_OBJECT) {
                fuzz_assert(j->nodes[k].type == LLM_JSON_STRING);
                k = walk(j, k, n->end, buf);
            }

            fuzz_assert(k < n->next && j->nodes[k].depth == n->depth + 1);
            k = walk(j, k, n->end, buf);
        }

        fuzz_assert(k == n->next);
    }

    return n->next;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                 rc;
    json_t             *theirs;
    uint64_t            since;
    llm_json_t          j;
    unsigned char      *buf;
    static fuzz_mem_t   m;

    memset(&j, 0, sizeof(j));
    j.mem = fuzz_begin(&m);

    since = steps;
    rc = llm_json_parse(&j, data, size);
    steps_bounded(since, size, "json");

    if (rc == LLM_OK) {
        buf = malloc(size + 1);
        fuzz_assert(walk(&j, 0, (uint32_t) size, buf) == j.n);
        free(buf);

    } else {
        fuzz_assert(j.err != NULL && j.err_pos <= size);
    }

    /* jansson takes a NUL for the end of the text */

    if (memchr(data, '\0', size) == NULL) {
        theirs = json_loadb((const char *) data, size, JSON_DECODE_ANY, NULL);
        fuzz_assert(theirs == NULL || rc != LLM_BAD);
        json_decref(theirs);
    }

    fuzz_end(&m);

    return 0;
}
