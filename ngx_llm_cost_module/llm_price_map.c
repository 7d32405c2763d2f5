
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_price_table.h"
#include "llm_json.h"

#include <stdlib.h>
#include <string.h>


/*
 * A price map in LiteLLM's format: one object, model to row.  Rates are USD
 * per token; their digits are read as they stand in the file, through no
 * binary fraction.  Keys that this file does not name are ignored, a named one
 * that cannot be read is an error: a price is never guessed.
 */

#define LLM_PRICE_MAP_SCALE  12
#define LLM_PRICE_MAP_SIZE   (32 * 1024 * 1024)
#define LLM_PRICE_MAP_NODES  (2 * 1024 * 1024)


static const llm_price_name_t  llm_price_map_names[] = {
    { llm_string("input_cost_per_token"), LLM_RATE_INPUT },
    { llm_string("output_cost_per_token"), LLM_RATE_OUTPUT },
    { llm_string("cache_read_input_token_cost"), LLM_RATE_CACHED_INPUT },
    { llm_string("cache_creation_input_token_cost_above_1hr"),
      LLM_RATE_CACHE_WRITE_1H },
    { llm_string("cache_creation_input_token_cost"), LLM_RATE_CACHE_WRITE },
    { llm_string("input_cost_per_audio_token"), LLM_RATE_AUDIO_INPUT },
    { llm_string("input_cost_per_image_token"), LLM_RATE_IMAGE_INPUT },
    { llm_string("output_cost_per_reasoning_token"), LLM_RATE_REASONING },
    { llm_string("output_cost_per_audio_token"), LLM_RATE_AUDIO_OUTPUT },
    { llm_string("output_cost_per_image_token"), LLM_RATE_IMAGE_OUTPUT },
    { llm_string(""), LLM_RATE_N }
};


/* memory that is needed only while a map is read */

typedef struct llm_price_block_s  llm_price_block_t;

struct llm_price_block_s {
    llm_price_block_t  *next;
    max_align_t         data[];
};


typedef struct {
    llm_prices_t       *prices;
    llm_json_t          json;
    llm_mem_t           mem;
    llm_price_block_t  *blocks;

    llm_price_t         row;

    char               *err;
    size_t              errsize;
} llm_price_map_t;


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


/* LLM_BAD, the text names line, model, and key where there is one */

static int
llm_price_map_error(llm_price_map_t *m, uint32_t node, const llm_str_t *key,
    const char *what)
{
    const llm_str_t  *model;

    model = &m->row.model;

    return llm_price_error(m->err, m->errsize,
                           "line %u: model \"%.*s\"%s%.*s%s: %s",
                           llm_price_map_line(m, m->json.nodes[node].start),
                           model->len > 64 ? 64 : (int) model->len,
                           model->data, key ? ", \"" : "",
                           key ? (key->len > 64 ? 64 : (int) key->len) : 0,
                           key ? (char *) key->data : "",
                           key ? "\"" : "", what);
}


/* the text of a number, which may be written as a string; LLM_DECLINED: null,
   which lists nothing */

static int
llm_price_map_number(llm_price_map_t *m, uint32_t node, llm_str_t *s)
{
    const llm_json_node_t  *n;

    n = &m->json.nodes[node];

    switch (n->type) {

    case LLM_JSON_NULL:
        return LLM_DECLINED;

    case LLM_JSON_STRING:
        return llm_json_string(&m->json, node, s, NULL);

    case LLM_JSON_NUMBER:
        s->data = (unsigned char *) m->json.data + n->start;
        s->len = n->end - n->start;
        return LLM_OK;

    default:
        return LLM_BAD;
    }
}


static int
llm_price_map_tokens(llm_price_map_t *m, const llm_str_t *key, uint32_t node,
    int64_t *v)
{
    int        rc;
    llm_str_t  s;

    rc = llm_price_map_number(m, node, &s);

    if (rc == LLM_DECLINED || rc == LLM_ERROR) {
        return rc == LLM_ERROR ? rc : LLM_OK;
    }

    if (rc != LLM_OK || llm_parse_int(s.data, s.len, v) != LLM_OK || *v < 0) {
        return llm_price_map_error(m, node, key, "not a number of tokens");
    }

    /* models that put out no tokens say 0; no limit is what that means */

    if (*v == 0) {
        *v = -1;
    }

    return LLM_OK;
}


static int
llm_price_map_rate(llm_price_map_t *m, const llm_price_key_t *k,
    const llm_str_t *key, uint32_t node, int again)
{
    int        rc;
    int64_t    v, *slot;
    llm_str_t  s;

    rc = llm_price_map_number(m, node, &s);

    if (rc == LLM_DECLINED || rc == LLM_ERROR) {
        return rc == LLM_ERROR ? rc : LLM_OK;
    }

    if (rc != LLM_OK
        || llm_parse_scaled(s.data, s.len, LLM_PRICE_MAP_SCALE, &v) != LLM_OK
        || v < 0)
    {
        return llm_price_map_error(m, node, key, "not a price");
    }

    if (v > LLM_PRICE_RATE_MAX) {
        return llm_price_map_error(m, node, key,
                                   "more than 1000 USD per token");
    }

    rc = llm_price_slot(m->prices, &m->row, k, &slot);

    if (rc == LLM_LIMIT) {
        return llm_price_map_error(m, node, key, "too many steps");
    }

    if (rc != LLM_OK) {
        return rc;
    }

    if (*slot >= 0 && !again) {
        return llm_price_map_error(m, node, key, "duplicate key");
    }

    *slot = v;

    return LLM_OK;
}


/*
 * {"range": [a, b], rates}: more than a tokens move the whole request there,
 * which is a step.  The range that starts at 0 is the row itself, and stands
 * above what the row says; the last one is taken as open.
 */

static int
llm_price_map_range(llm_price_map_t *m, const llm_str_t *name, uint32_t node,
    uint32_t range)
{
    int                     rc;
    int64_t                 above;
    uint32_t                i, end;
    llm_str_t               key;
    llm_price_key_t         k;
    const llm_json_node_t  *n;

    n = m->json.nodes;

    if (n[range].type != LLM_JSON_ARRAY || range + 1 == n[range].next
        || llm_json_int(&m->json, range + 1, &above) != LLM_OK || above < 0)
    {
        return llm_price_map_error(m, range, name, "bad range");
    }

    end = n[node].next;

    for (i = node + 1; i < end; i = n[n[i].next].next) {

        if (llm_json_string(&m->json, i, &key, NULL) != LLM_OK) {
            return LLM_ERROR;
        }

        if (llm_price_key(llm_price_map_names, &key, &k) != LLM_OK
            || k.above != 0)
        {
            continue;
        }

        k.above = above;

        rc = llm_price_map_rate(m, &k, &key, n[i].next, 1);
        if (rc != LLM_OK) {
            return rc;
        }
    }

    return LLM_OK;
}


static int
llm_price_map_tiered(llm_price_map_t *m, const llm_str_t *name, uint32_t node)
{
    int                     rc;
    uint32_t                i, end, range;
    const llm_json_node_t  *n;

    n = m->json.nodes;

    if (n[node].type != LLM_JSON_ARRAY) {
        return llm_price_map_error(m, node, name, "not an array");
    }

    end = n[node].next;

    for (i = node + 1; i < end; i = n[i].next) {

        if (n[i].type != LLM_JSON_OBJECT) {
            return llm_price_map_error(m, i, name, "not an object");
        }

        /* a search service's is by results, without a price of tokens */

        range = llm_json_get(&m->json, i, "range");
        if (range == LLM_JSON_NONE) {
            continue;
        }

        rc = llm_price_map_range(m, name, i, range);
        if (rc != LLM_OK) {
            return rc;
        }
    }

    return LLM_OK;
}


#define llm_price_map_is(s, text)                                             \
    ((s)->len == sizeof(text) - 1                                             \
     && memcmp((s)->data, text, sizeof(text) - 1) == 0)


/* what is not listed as true is taken for a thing that the model cannot */

static unsigned
llm_price_map_ability(const llm_str_t *key)
{
    unsigned  i;

    static const struct {
        llm_str_t  name;
        unsigned   able;
    } names[] = {
        { llm_string("supports_function_calling"), LLM_ABLE_TOOLS },
        { llm_string("supports_vision"), LLM_ABLE_IMAGES },
        { llm_string("supports_audio_input"), LLM_ABLE_AUDIO_IN },
        { llm_string("supports_audio_output"), LLM_ABLE_AUDIO_OUT },
        { llm_string("supports_pdf_input"), LLM_ABLE_FILES },
        { llm_string("supports_response_schema"), LLM_ABLE_SCHEMA },
        { llm_string("supports_reasoning"), LLM_ABLE_REASONING },
        { llm_string("supports_web_search"), LLM_ABLE_SEARCH },
        { llm_string(""), 0 }
    };

    for (i = 0; names[i].name.len; i++) {
        if (key->len == names[i].name.len
            && memcmp(key->data, names[i].name.data, key->len) == 0)
        {
            break;
        }
    }

    return names[i].able;
}


/* what a row says apart from rates; max_tokens is the older name of the most
   output, and stands back */

static int
llm_price_map_key(llm_price_map_t *m, const llm_str_t *key, uint32_t node,
    int64_t *max_tokens, uint32_t *tiered)
{
    int              rc;
    llm_price_key_t  k;

    if (llm_price_map_is(key, "max_output_tokens")) {
        return llm_price_map_tokens(m, key, node, &m->row.max_output);
    }

    if (llm_price_map_is(key, "max_input_tokens")) {
        return llm_price_map_tokens(m, key, node, &m->row.max_input);
    }

    if (llm_price_map_is(key, "max_tokens")) {
        return llm_price_map_tokens(m, key, node, max_tokens);
    }

    if (llm_price_map_is(key, "tiered_pricing")) {
        *tiered = node;
        return LLM_OK;
    }

    if (m->json.nodes[node].type == LLM_JSON_TRUE) {
        m->row.able |= llm_price_map_ability(key);
        return LLM_OK;
    }

    if (llm_price_map_is(key, "litellm_provider")) {
        if (m->json.nodes[node].type != LLM_JSON_STRING) {
            return llm_price_map_error(m, node, key, "not a string");
        }

        rc = llm_json_string(&m->json, node, &m->row.provider, NULL);

        return rc == LLM_OK ? llm_prices_text(m->prices, &m->row.provider,
                                              &m->row.provider)
                            : LLM_ERROR;
    }

    if (llm_price_key(llm_price_map_names, key, &k) != LLM_OK) {
        return LLM_OK;
    }

    return llm_price_map_rate(m, &k, key, node, 0);
}


/*
 * Two habits of the format.  xAI's steps begin at N tokens, all others' above
 * N.  A model that puts out images may list only their rate, or 0 beside it:
 * its output is images.
 */

static void
llm_price_map_finish(llm_price_map_t *m, int64_t max_tokens)
{
    unsigned      i;
    int64_t      *rates;
    llm_price_t  *p;

    p = &m->row;

    if (p->max_output < 0) {
        p->max_output = max_tokens;
    }

    if (llm_price_map_is(&p->provider, "xai")) {
        for (i = 0; i < p->nsteps; i++) {
            p->steps[i].above--;
        }
    }

    for (i = 0; i < LLM_TIER_N; i++) {
        rates = p->rates[i];

        if (rates[LLM_RATE_OUTPUT] <= 0 && rates[LLM_RATE_IMAGE_OUTPUT] > 0) {
            rates[LLM_RATE_OUTPUT] = rates[LLM_RATE_IMAGE_OUTPUT];
        }
    }
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


static int
llm_price_map_row(llm_price_map_t *m, uint32_t node)
{
    int                     rc;
    int64_t                 max_tokens;
    uint32_t                i, end, tiered;
    llm_str_t               key;
    const llm_json_node_t  *n;

    n = m->json.nodes;

    if (n[node].type != LLM_JSON_OBJECT) {
        return llm_price_map_error(m, node, NULL, "not an object");
    }

    max_tokens = -1;
    tiered = LLM_JSON_NONE;
    end = n[node].next;

    for (i = node + 1; i < end; i = n[n[i].next].next) {

        if (llm_json_string(&m->json, i, &key, NULL) != LLM_OK) {
            return LLM_ERROR;
        }

        rc = llm_price_map_key(m, &key, n[i].next, &max_tokens, &tiered);
        if (rc != LLM_OK) {
            return rc;
        }
    }

    if (tiered != LLM_JSON_NONE) {
        llm_str_set(&key, "tiered_pricing");

        rc = llm_price_map_tiered(m, &key, tiered);
        if (rc != LLM_OK) {
            return rc;
        }
    }

    llm_price_map_finish(m, max_tokens);

    rc = llm_prices_put(m->prices, &m->row, m->prices->maps);

    if (rc == LLM_DECLINED) {
        return llm_price_map_taken(m, node);
    }

    return rc;
}


static int
llm_price_map_rows(llm_price_map_t *m)
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

        llm_price_init(&m->row);

        m->row.model = name;

        if (name.len == 0 || name.len > LLM_PRICE_NAME_MAX) {
            return llm_price_map_error(m, i, NULL, "bad length of the name");
        }

        if (llm_prices_text(m->prices, &m->row.model, &name) != LLM_OK) {
            return LLM_ERROR;
        }

        rc = llm_price_map_row(m, n[i].next);
        if (rc != LLM_OK) {
            return rc;
        }
    }

    return LLM_OK;
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

    rc = llm_price_map_parse(&m, json, len);

    llm_price_map_free(&m);

    return rc;
}
