
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_price_map.h"

#include <stdio.h>
#include <string.h>


/*
 * Prices of a map that nobody reads.  A row keeps the first of them; those
 * that are not even known to be left out are counted for the whole map, so
 * that whoever loads it hears of money that will not be charged.
 */

typedef struct {
    llm_str_t        text;
    unsigned         end:1;              /* of a name, else all of it */
} llm_price_unpriced_t;


/* docs/prices.md, "Not priced", says why */

static const llm_price_unpriced_t  llm_price_unpriced[] = {
    { llm_string("cache_creation_input_audio_token_cost"), 0 },
    { llm_string("explicit_cache_read_input_token_cost"), 0 },
    { llm_string("input_cost_per_text_message"), 0 },
    { llm_string("input_dbu_cost_per_token"), 0 },
    { llm_string("output_dbu_cost_per_token"), 0 },
    { llm_string("ocr_cost_per_credit"), 0 },
    { llm_string("guardrail_cost_per_unit"), 0 },
    { llm_string("vector_store_cost_per_gb_per_day"), 0 },
    { llm_string("file_search_cost_per_gb_per_day"), 0 },
    { llm_string("computer_use_input_cost_per_1k_tokens"), 0 },
    { llm_string("computer_use_output_cost_per_1k_tokens"), 0 },
    { llm_string("minimax_free_input_images"), 0 },
    { llm_string("_interval"), 1 },
    { llm_string("_balanced"), 1 },
    { llm_string(""), 0 }
};


static int
llm_price_map_holds(const llm_str_t *s, const char *text)
{
    size_t  i, n;

    n = strlen(text);

    for (i = 0; i + n <= s->len; i++) {
        if (memcmp(s->data + i, text, n) == 0) {
            return 1;
        }
    }

    return 0;
}


static int
llm_price_map_unpriced(const llm_str_t *key)
{
    size_t                       skip;
    const llm_price_unpriced_t  *u;

    for (u = llm_price_unpriced; u->text.len; u++) {

        if (key->len < u->text.len || (!u->end && key->len > u->text.len)) {
            continue;
        }

        skip = key->len - u->text.len;

        if (memcmp(key->data + skip, u->text.data, u->text.len) == 0) {
            return 1;
        }
    }

    return 0;
}


/* a number above 0, or something with members: 0 and notes take no money */

static int
llm_price_map_charges(llm_price_map_t *m, uint32_t node)
{
    int64_t                 v;
    llm_str_t               s;
    const llm_json_node_t  *n;

    n = llm_json_node(&m->json, node);

    if (n->type == LLM_JSON_OBJECT || n->type == LLM_JSON_ARRAY) {
        return node + 1 != n->next;
    }

    if (n->type == LLM_JSON_NUMBER) {
        s.data = (unsigned char *) m->json.data + n->start;
        s.len = n->end - n->start;

    } else if (n->type != LLM_JSON_STRING
               || llm_json_string(&m->json, node, &s, NULL) != LLM_OK)
    {
        return 0;
    }

    return llm_parse_scaled(s.data, s.len, LLM_PRICE_SCALE, &v) == LLM_OK
           ? v > 0 : n->type == LLM_JSON_NUMBER;
}


int
llm_price_map_unknown(llm_price_map_t *m, const llm_str_t *key)
{
    unsigned             i;
    llm_price_unread_t  *u;

    u = &m->prices->unread;
    u->n++;

    for (i = 0; i < u->named; i++) {
        if (u->names[i].len == key->len
            && memcmp(u->names[i].data, key->data, key->len) == 0)
        {
            return LLM_OK;
        }
    }

    if (u->named == LLM_PRICE_UNREAD) {
        u->more = 1;
        return LLM_OK;
    }

    return llm_prices_text(m->prices, &u->names[u->named++], key);
}


int
llm_price_map_unread(llm_price_map_t *m, const llm_str_t *key, uint32_t node)
{
    if (key->len > LLM_PRICE_NAME_MAX || !llm_price_map_charges(m, node)) {
        return LLM_OK;
    }

    if (m->row.unread.len == 0
        && llm_prices_text(m->prices, &m->row.unread, key) != LLM_OK)
    {
        return LLM_ERROR;
    }

    return llm_price_map_unpriced(key) ? LLM_OK
                                       : llm_price_map_unknown(m, key);
}


int
llm_price_map_other(llm_price_map_t *m, const llm_str_t *key, uint32_t node)
{
    if (!llm_price_map_holds(key, "cost") && !llm_price_map_holds(key, "pric")
        && !llm_price_map_holds(key, "multiplier"))
    {
        return LLM_OK;
    }

    return llm_price_map_unread(m, key, node);
}


unsigned
llm_prices_unread(const llm_prices_t *t, char text[LLM_PRICE_UNREAD_LEN])
{
    char                      *p, *last;
    unsigned                   i;
    const llm_str_t           *name;
    const llm_price_unread_t  *u;

    u = &t->unread;
    p = text;
    last = text + LLM_PRICE_UNREAD_LEN;
    *p = '\0';

    for (i = 0; i < u->named; i++) {
        name = &u->names[i];

        p += snprintf(p, last - p, "%s\"%.*s\"", i ? ", " : "",
                      name->len > 64 ? 64 : (int) name->len, name->data);
    }

    if (u->more) {
        (void) snprintf(p, last - p, ", ...");
    }

    llm_price_printable(text);

    return u->n;
}
