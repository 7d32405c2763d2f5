
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_price_map.h"

#include <stdlib.h>
#include <string.h>


/*
 * A price map in LiteLLM's format: one object, model to row.  Rates are USD
 * per token; their digits are read as they stand in the file, through no
 * binary fraction.
 */

#define LLM_PRICE_MAP_SIZE   (32 * 1024 * 1024)
#define LLM_PRICE_MAP_NODES  (2 * 1024 * 1024)


static void *
llm_price_map_alloc(void *ctx, size_t size)
{
    llm_price_map_t    *m = ctx;
    llm_price_block_t  *b;

    b = malloc(sizeof(llm_price_block_t) + size);
    if (b == NULL) {
        return NULL;
    }

    b->next = m->blocks;
    m->blocks = b;

    return b->data;
}


static void
llm_price_map_free(llm_price_map_t *m)
{
    llm_price_block_t  *b;

    while (m->blocks) {
        b = m->blocks;
        m->blocks = b->next;
        free(b);
    }
}


static unsigned
llm_price_map_line(const llm_price_map_t *m, size_t pos)
{
    size_t    i;
    unsigned  line;

    line = 1;

    for (i = 0; i < pos && i < m->json.len; i++) {
        line += (m->json.data[i] == '\n');
    }

    return line;
}


int
llm_price_map_error(llm_price_map_t *m, uint32_t node, const llm_str_t *key,
    const char *what)
{
    const llm_str_t        *model;
    const llm_json_node_t  *n;

    n = llm_json_node(&m->json, node);
    model = &m->row.model;

    return llm_price_error(m->err, m->errsize,
                           "line %u: model \"%.*s\"%s%.*s%s: %s",
                           llm_price_map_line(m, n->start),
                           model->len > 64 ? 64 : (int) model->len,
                           model->data, key ? ", \"" : "",
                           key ? (key->len > 64 ? 64 : (int) key->len) : 0,
                           key ? (char *) key->data : "",
                           key ? "\"" : "", what);
}


/* the name is taken: by the configuration, which wins, or by this same map,
   which then does not know what the model costs */

static int
llm_price_map_taken(llm_price_map_t *m, uint32_t node)
{
    if (llm_prices_get(m->prices, &m->row.model)->map == 0) {
        return LLM_OK;
    }

    return llm_price_map_error(m, node, NULL, "duplicate model");
}


/* a row without a price, until all others are there: it has the name */

static int
llm_price_map_later(llm_price_map_t *m, uint32_t node)
{
    int  rc;

    rc = llm_prices_put(m->prices, &m->row, m->prices->maps);

    if (rc == LLM_DECLINED) {
        return llm_price_map_taken(m, node);
    }

    if (rc == LLM_OK) {
        llm_prices_get(m->prices, &m->row.model)->alias = 1;
    }

    return rc;
}


static int
llm_price_map_row(llm_price_map_t *m, const llm_str_t *name, uint32_t node)
{
    int  rc;

    llm_price_init(&m->row);

    m->row.model = *name;

    if (name->len == 0 || name->len > LLM_PRICE_NAME_MAX) {
        return llm_price_map_error(m, node, NULL, "bad length of the name");
    }

    if (llm_prices_text(m->prices, &m->row.model, name) != LLM_OK) {
        return LLM_ERROR;
    }

    if (llm_kind_of(&m->json, node) != LLM_JSON_OBJECT) {
        return llm_price_map_error(m, node, NULL, "not an object");
    }

    if (llm_price_map_pointer(m, node) != LLM_JSON_NONE) {
        return llm_price_map_later(m, node);
    }

    rc = llm_price_map_members(m, node);
    if (rc != LLM_OK) {
        return rc;
    }

    rc = llm_prices_put(m->prices, &m->row, m->prices->maps);

    if (rc == LLM_DECLINED) {
        return llm_price_map_taken(m, node);
    }

    return rc == LLM_OK ? llm_price_map_sizes(m) : rc;
}


static int
llm_price_map_pass(llm_price_map_t *m,
    int (*read)(llm_price_map_t *m, const llm_str_t *name, uint32_t node))
{
    int                     rc;
    uint32_t                i;
    llm_str_t               name;
    const llm_json_node_t  *n;

    n = m->json.nodes;

    for (i = 1; i < n[0].next; i = n[n[i].next].next) {

        if (llm_json_string(&m->json, i, &name, NULL) != LLM_OK) {
            return LLM_ERROR;
        }

        /* the format's description of itself */

        if (llm_price_map_is(&name, "sample_spec")) {
            continue;
        }

        rc = read(m, &name, n[i].next);
        if (rc != LLM_OK) {
            return rc;
        }
    }

    return LLM_OK;
}


static int
llm_price_map_rows(llm_price_map_t *m)
{
    int  rc;

    rc = llm_price_map_pass(m, llm_price_map_row);

    if (rc == LLM_OK) {
        rc = llm_price_map_pass(m, llm_price_map_aliases);
    }

    if (rc == LLM_OK) {
        rc = llm_price_map_pass(m, llm_price_map_alias);
    }

    return rc;
}


static int
llm_price_map_parse(llm_price_map_t *m, const unsigned char *json, size_t len)
{
    int  rc;

    rc = llm_json_parse(&m->json, json, len);

    if (rc == LLM_ERROR) {
        return rc;
    }

    if (rc != LLM_OK) {
        m->json.data = json;
        m->json.len = len;

        return llm_price_error(m->err, m->errsize, "line %u: %s",
                               llm_price_map_line(m, m->json.err_pos),
                               m->json.err);
    }

    if (m->json.nodes[0].type != LLM_JSON_OBJECT) {
        return llm_price_error(m->err, m->errsize,
                               "line 1: a price map is an object");
    }

    return llm_price_map_rows(m);
}


int
llm_prices_load(llm_prices_t *t, const unsigned char *json, size_t len,
    char *err, size_t errsize)
{
    int              rc;
    llm_price_map_t  m;

    if (len > LLM_PRICE_MAP_SIZE) {
        return llm_price_error(err, errsize, "larger than %d bytes",
                               LLM_PRICE_MAP_SIZE);
    }

    memset(&m, 0, sizeof(llm_price_map_t));

    m.prices = t;
    m.err = err;
    m.errsize = errsize;

    m.mem.alloc = llm_price_map_alloc;
    m.mem.ctx = &m;

    m.json.mem = &m.mem;
    m.json.max = LLM_PRICE_MAP_NODES;

    t->maps++;
    memset(&t->unread, 0, sizeof(llm_price_unread_t));

    rc = llm_price_map_parse(&m, json, len);

    llm_price_map_free(&m);

    return rc;
}
