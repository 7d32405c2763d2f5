
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_price_map.h"

#include <string.h>


/*
 * Video that costs more where it has more lines: "output_cost_per_second_4k".
 * A request says which it wants, so each size gets a row, "4k/NAME" behind the
 * provider's name, at its own price or the plain one.  The row of the name
 * itself has the dearest, for whoever does not say it.
 *
 * Pictures likewise, "output_cost_per_image_2K"; but only the sizes that are
 * listed, since the name has a price of its own for all others.
 */

static const llm_str_t  llm_price_sizes[LLM_PRICE_SIZES] = {
    llm_string("480p"), llm_string("720p"), llm_string("768p"),
    llm_string("1080p"), llm_string("2k"), llm_string("4k")
};

static const struct {
    llm_str_t  key;
    llm_str_t  name;
} llm_price_pictures[LLM_PRICE_PICTURES] = {
    { llm_string("output_cost_per_image_0.5K"), llm_string("0.5k") },
    { llm_string("output_cost_per_image_1K"), llm_string("1k") },
    { llm_string("output_cost_per_image_2K"), llm_string("2k") },
    { llm_string("output_cost_per_image_4K"), llm_string("4k") }
};


int
llm_price_map_size(llm_price_map_t *m, const llm_str_t *key, int64_t v)
{
    size_t            skip;
    unsigned          i;
    const llm_str_t  *size;

    if (v > m->output_second) {
        m->output_second = v;
    }

    skip = sizeof("output_cost_per_second") - 1;

    if (key->len == skip) {
        m->plain_second = v;
        return LLM_OK;
    }

    for (i = 0; i < LLM_PRICE_SIZES; i++) {
        size = &llm_price_sizes[i];

        if (key->len == skip + 1 + size->len && key->data[skip] == '_'
            && memcmp(key->data + skip + 1, size->data, size->len) == 0)
        {
            m->sizes[i] = v;
        }
    }

    return LLM_OK;
}


int
llm_price_map_picture(llm_price_map_t *m, const llm_str_t *key, uint32_t node)
{
    int              rc;
    unsigned         i;
    unsigned         type;

    type = llm_kind_of(&m->json, node);

    if (type != LLM_JSON_NUMBER && type != LLM_JSON_STRING) {
        return LLM_DECLINED;
    }

    for (i = 0; i < LLM_PRICE_PICTURES; i++) {

        if (key->len == llm_price_pictures[i].key.len
            && memcmp(key->data, llm_price_pictures[i].key.data, key->len)
               == 0)
        {
            rc = llm_price_map_scaled(m, key, node, LLM_PRICE_SCALE,
                                      &m->pictures[i]);

            return rc == LLM_DECLINED ? LLM_OK : rc;
        }
    }

    return LLM_DECLINED;
}


/* "openai/sora-2" and "4k": "openai/4k/sora-2", or LLM_DECLINED */

static int
llm_price_map_size_name(const llm_str_t *model, const llm_str_t *size,
    llm_str_t *name)
{
    size_t          i, at;
    unsigned char  *p;

    if (model->len + size->len + 1 > LLM_PRICE_NAME_MAX) {
        return LLM_DECLINED;
    }

    for (i = 0, at = 0; i < model->len; i++) {
        at = model->data[i] == '/' ? i + 1 : at;
    }

    p = name->data;

    memcpy(p, model->data, at);
    memcpy(p + at, size->data, size->len);
    p[at + size->len] = '/';
    memcpy(p + at + size->len + 1, model->data + at, model->len - at);

    name->len = model->len + size->len + 1;

    return LLM_OK;
}


/* puts a row under the name of m->row's model in this size */

static int
llm_price_map_size_put(llm_price_map_t *m, const llm_str_t *size,
    llm_price_t *row)
{
    int            rc;
    llm_str_t      name;
    unsigned char  text[LLM_PRICE_NAME_MAX];

    name.data = text;

    if (llm_price_map_size_name(&m->row.model, size, &name) != LLM_OK) {
        return LLM_OK;
    }

    if (llm_prices_text(m->prices, &row->model, &name) != LLM_OK) {
        return LLM_ERROR;
    }

    rc = llm_prices_put(m->prices, row, m->prices->maps);

    /* somebody has a row of that name: his own */

    return rc == LLM_DECLINED ? LLM_OK : rc;
}


/* a row of its own for a size, which has another price */

static int
llm_price_map_size_row(llm_price_map_t *m, const llm_str_t *size,
    llm_rate_e rate, int64_t v)
{
    int64_t          *slot;
    llm_price_t       row;
    llm_price_key_t   k;

    if (v < 0) {
        return LLM_OK;
    }

    memset(&k, 0, sizeof(llm_price_key_t));
    k.rate = rate;

    if (llm_price_copy(m->prices, &row, &m->row) != LLM_OK
        || llm_price_slot(m->prices, &row, &k, &slot) != LLM_OK)
    {
        return LLM_ERROR;
    }

    *slot = v;

    return llm_price_map_size_put(m, size, &row);
}


static int
llm_price_map_films(llm_price_map_t *m)
{
    int       rc;
    unsigned  i, any;

    for (i = 0, any = 0; i < LLM_PRICE_SIZES; i++) {
        any |= (m->sizes[i] >= 0);
    }

    if (!any || !llm_price_map_is(&m->row.mode, "video_generation")
        || llm_price_rate(&m->row, LLM_TIER_DEFAULT,
                          LLM_RATE_VIDEO_OUTPUT_SECOND) < 0)
    {
        return LLM_OK;
    }

    for (i = 0; i < LLM_PRICE_SIZES; i++) {
        rc = llm_price_map_size_row(m, &llm_price_sizes[i],
                                    LLM_RATE_VIDEO_OUTPUT_SECOND,
                                    m->sizes[i] >= 0 ? m->sizes[i]
                                                     : m->plain_second);
        if (rc != LLM_OK) {
            return rc;
        }
    }

    return LLM_OK;
}


int
llm_price_map_sizes(llm_price_map_t *m)
{
    int       rc;
    unsigned  i;

    for (i = 0; i < LLM_PRICE_PICTURES; i++) {
        rc = llm_price_map_size_row(m, &llm_price_pictures[i].name,
                                    LLM_RATE_OUTPUT_IMAGE, m->pictures[i]);
        if (rc != LLM_OK) {
            return rc;
        }
    }

    return llm_price_map_films(m);
}


/* the row of a size of the model, if there is one, for its alias */

static int
llm_price_map_alias_size(llm_price_map_t *m, const llm_str_t *model,
    const llm_str_t *size)
{
    llm_str_t         name;
    llm_price_t       row;
    unsigned char     text[LLM_PRICE_NAME_MAX];
    llm_price_row_t  *of;

    name.data = text;

    if (llm_price_map_size_name(model, size, &name) != LLM_OK) {
        return LLM_OK;
    }

    of = llm_prices_get(m->prices, &name);
    if (of == NULL) {
        return LLM_OK;
    }

    row = of->price;

    return llm_price_map_size_put(m, size, &row);
}


int
llm_price_map_alias_sizes(llm_price_map_t *m, const llm_str_t *model)
{
    int       rc;
    unsigned  i;

    rc = LLM_OK;

    for (i = 0; rc == LLM_OK && i < LLM_PRICE_SIZES; i++) {
        rc = llm_price_map_alias_size(m, model, &llm_price_sizes[i]);
    }

    for (i = 0; rc == LLM_OK && i < LLM_PRICE_PICTURES; i++) {
        rc = llm_price_map_alias_size(m, model, &llm_price_pictures[i].name);
    }

    return rc;
}
