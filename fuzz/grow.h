
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _GROW_H_INCLUDED_
#define _GROW_H_INCLUDED_


/*
 * A JSON text that grows at one node up to a size: elements and members come
 * again, these with a number in their name, strings get longer, a number gets
 * digits.
 */

#include "fuzz.h"
#include "llm_json.h"


typedef struct {
    uint8_t  *data;
    size_t    len;
} grow_t;


static inline void
grow_put(grow_t *g, const void *p, size_t n)
{
    memcpy(g->data + g->len, p, n);
    g->len += n;
}


/* where a node's text is, a string with its quotes */

static inline size_t
grow_from(const llm_json_t *j, uint32_t i)
{
    return j->nodes[i].start - (j->nodes[i].type == LLM_JSON_STRING);
}


static inline size_t
grow_to(const llm_json_t *j, uint32_t i)
{
    return j->nodes[i].end + (j->nodes[i].type == LLM_JSON_STRING);
}


/* what is put there again and again, its name apart */

static inline size_t
grow_piece(const llm_json_t *j, uint32_t i, unsigned n, char *name, size_t max,
    const uint8_t **piece, size_t *len)
{
    uint32_t                k;
    const llm_json_node_t  *node;

    node = &j->nodes[i];
    *piece = (const uint8_t *) "";
    *len = 0;

    switch (node->type) {

    case LLM_JSON_ARRAY:

        if (node->next == i + 1) {
            return (size_t) snprintf(name, max, "%s{}", n ? "," : "");
        }

        *piece = j->data + grow_from(j, i + 1);
        *len = grow_to(j, i + 1) - grow_from(j, i + 1);

        return (size_t) snprintf(name, max, ",");

    case LLM_JSON_OBJECT:

        if (node->next == i + 1) {
            return (size_t) snprintf(name, max, "%s\"a%u\":1", n ? "," : "",
                                     n);
        }

        k = i + 2;
        *piece = j->data + grow_from(j, k);
        *len = grow_to(j, k) - grow_from(j, k);

        return (size_t) snprintf(name, max, ",\"%.*s%u\":",
                                 (int) (j->nodes[i + 1].end
                                        - j->nodes[i + 1].start) % 64,
                                 j->data + j->nodes[i + 1].start, n);

    case LLM_JSON_STRING:
        return (size_t) snprintf(name, max, "%s", n % 2 ? "a, b"
                                                        : "\\n\\u0041");

    case LLM_JSON_NUMBER:
        return (size_t) snprintf(name, max, "0");

    default:
        return 0;
    }
}


/* where the pieces go: behind what is there of the first, or inside */

static inline size_t
grow_at(const llm_json_t *j, uint32_t i)
{
    const llm_json_node_t  *node;

    node = &j->nodes[i];

    switch (node->type) {

    case LLM_JSON_ARRAY:
        return (node->next == i + 1) ? node->start + 1 : grow_to(j, i + 1);

    case LLM_JSON_OBJECT:
        return (node->next == i + 1) ? node->start + 1 : grow_to(j, i + 2);

    default:
        return node->end;
    }
}


/* out has room for 3 * size + j->len; 0: this node does not grow */

static inline size_t
grow(const llm_json_t *j, uint32_t i, size_t size, uint8_t *out)
{
    char            name[128];
    size_t          at, len, n;
    grow_t          g;
    unsigned        k;
    const uint8_t  *piece;

    g.data = out;
    g.len = 0;
    at = grow_at(j, i);

    grow_put(&g, j->data, at);

    for (k = 0; g.len + j->len - at < size; k++) {
        n = grow_piece(j, i, k, name, sizeof(name), &piece, &len);

        if (n + len == 0 || n >= sizeof(name) || len > size) {
            return 0;
        }

        grow_put(&g, name, n);
        grow_put(&g, piece, len);
    }

    grow_put(&g, j->data + at, j->len - at);

    return g.len;
}


#endif /* _GROW_H_INCLUDED_ */
