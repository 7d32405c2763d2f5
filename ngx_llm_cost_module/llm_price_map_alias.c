
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_price_map.h"

#include <string.h>


/*
 * Other names of a model: a row that is {"alias_of": MODEL} has all of MODEL's,
 * and "aliases" of a row are more names for it.
 *
 * A name may stand before what it means, and nothing may depend on the order
 * of rows.  So a pointer is at first a row without a price, which takes the
 * name; lists of names follow when all rows are there, pointers at the end.
 * An alias of an alias, one of nothing and one whose name is another row's are
 * counted with what is not read, so that loading the map says it.
 */

static const llm_str_t  llm_price_alias_of = llm_string("alias_of");
static const llm_str_t  llm_price_aliases = llm_string("aliases");


uint32_t
llm_price_map_pointer(const llm_price_map_t *m, uint32_t node)
{
    uint32_t  i;

    i = llm_json_get(&m->json, node, "alias_of");

    return i != LLM_JSON_NONE && llm_kind_of(&m->json, i) == LLM_JSON_STRING
           ? i : LLM_JSON_NONE;
}


static int
llm_price_map_more(llm_price_map_t *m, const llm_price_t *price,
    const llm_str_t *name)
{
    int  rc;

    /* what the row points to stays the model's, and changes no more */

    m->row = *price;

    if (name->len == 0 || name->len > LLM_PRICE_NAME_MAX) {
        return llm_price_map_unknown(m, &llm_price_aliases);
    }

    if (llm_prices_text(m->prices, &m->row.model, name) != LLM_OK) {
        return LLM_ERROR;
    }

    rc = llm_prices_put(m->prices, &m->row, m->prices->maps);

    if (rc == LLM_DECLINED) {
        return llm_prices_get(m->prices, name)->map == 0
               ? LLM_OK : llm_price_map_unknown(m, &llm_price_aliases);
    }

    if (rc != LLM_OK) {
        return rc;
    }

    llm_prices_get(m->prices, name)->alias = 1;

    return llm_price_map_alias_sizes(m, &price->model);
}


int
llm_price_map_aliases(llm_price_map_t *m, const llm_str_t *name,
    uint32_t node)
{
    int                     rc;
    uint32_t                i, list;
    llm_str_t               more;
    llm_price_row_t        *row;
    const llm_json_node_t  *n;

    n = m->json.nodes;
    row = llm_prices_get(m->prices, name);
    list = llm_json_get(&m->json, node, "aliases");

    if (list == LLM_JSON_NONE || row->alias || row->map == 0) {
        return LLM_OK;
    }

    if (n[list].type != LLM_JSON_ARRAY) {
        return llm_price_map_unknown(m, &llm_price_aliases);
    }

    for (i = list + 1; i < n[list].next; i = n[i].next) {

        if (n[i].type != LLM_JSON_STRING) {
            rc = llm_price_map_unknown(m, &llm_price_aliases);

        } else if (llm_json_string(&m->json, i, &more, NULL) == LLM_OK) {
            rc = llm_price_map_more(m, &row->price, &more);

        } else {
            rc = LLM_ERROR;
        }

        if (rc != LLM_OK) {
            return rc;
        }
    }

    return LLM_OK;
}


int
llm_price_map_alias(llm_price_map_t *m, const llm_str_t *name, uint32_t node)
{
    uint32_t          i;
    llm_str_t         model;
    llm_price_row_t  *row, *of;

    row = llm_prices_get(m->prices, name);
    i = llm_price_map_pointer(m, node);

    if (i == LLM_JSON_NONE || row->map == 0) {
        return LLM_OK;
    }

    if (llm_json_string(&m->json, i, &model, NULL) != LLM_OK) {
        return LLM_ERROR;
    }

    of = llm_prices_get(m->prices, &model);

    if (of == NULL || (of->alias && of->map == row->map)) {
        return llm_price_map_unknown(m, &llm_price_alias_of);
    }

    m->row = of->price;
    m->row.model = row->price.model;
    row->price = m->row;

    return llm_price_map_alias_sizes(m, &model);
}
