
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
 */

static const llm_str_t  llm_price_sizes[LLM_PRICE_SIZES] = {
    llm_string("480p"), llm_string("720p"), llm_string("768p"),
    llm_string("1080p"), llm_string("2k"), llm_string("4k")
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


static int
llm_price_map_size_row(llm_price_map_t *m, const llm_str_t *size, int64_t v)
{
    int            rc;
    size_t         i, at;
    llm_str_t     *model, name;
    llm_price_t    row;
    unsigned char  text[LLM_PRICE_NAME_MAX];

    model = &m->row.model;

    if (model->len + size->len + 1 > LLM_PRICE_NAME_MAX) {
        return LLM_OK;
    }

    for (i = 0, at = 0; i < model->len; i++) {
        at = model->data[i] == '/' ? i + 1 : at;
    }

    memcpy(text, model->data, at);
    memcpy(text + at, size->data, size->len);
    text[at + size->len] = '/';
    memcpy(text + at + size->len + 1, model->data + at, model->len - at);

    name.data = text;
    name.len = model->len + size->len + 1;

    if (llm_price_copy(m->prices, &row, &m->row) != LLM_OK
        || llm_prices_text(m->prices, &row.model, &name) != LLM_OK)
    {
        return LLM_ERROR;
    }

    row.rates[LLM_TIER_DEFAULT][LLM_RATE_VIDEO_OUTPUT_SECOND] = v;

    rc = llm_prices_put(m->prices, &row, m->prices->maps);

    /* somebody has a row of that name: his own */

    return rc == LLM_DECLINED ? LLM_OK : rc;
}


int
llm_price_map_sizes(llm_price_map_t *m)
{
    int       rc;
    int64_t   v;
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
        v = m->sizes[i] >= 0 ? m->sizes[i] : m->plain_second;

        if (v < 0) {
            continue;
        }

        rc = llm_price_map_size_row(m, &llm_price_sizes[i], v);
        if (rc != LLM_OK) {
            return rc;
        }
    }

    return LLM_OK;
}
