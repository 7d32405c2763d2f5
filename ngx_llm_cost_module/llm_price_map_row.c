
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_price_map.h"

#include <string.h>


/*
 * A row of a map.  A key that is named here and cannot be read is an error: a
 * price is never guessed.  Others are passed over, prices among them are told
 * of (_map_unread.c).
 */

const llm_price_name_t  llm_price_map_names[] = {
    { llm_string("input_cost_per_token"), LLM_RATE_INPUT, 0 },
    { llm_string("output_cost_per_token"), LLM_RATE_OUTPUT, 0 },
    { llm_string("cache_read_input_token_cost"), LLM_RATE_CACHED_INPUT, 0 },
    { llm_string("cache_read_input_audio_token_cost"),
      LLM_RATE_CACHED_AUDIO, 0 },
    { llm_string("cache_read_input_image_token_cost"),
      LLM_RATE_CACHED_IMAGE, 0 },
    { llm_string("cache_creation_input_token_cost"),
      LLM_RATE_CACHE_WRITE, 0 },
    { llm_string("cache_creation_input_token_cost_above_1hr"),
      LLM_RATE_CACHE_WRITE_1H, 0 },
    { llm_string("cache_creation_input_token_cost_above_12hr"),
      LLM_RATE_CACHE_WRITE_DAY, 0 },
    { llm_string("input_cost_per_audio_token"), LLM_RATE_AUDIO_INPUT, 0 },
    { llm_string("input_cost_per_image_token"), LLM_RATE_IMAGE_INPUT, 0 },
    { llm_string("input_cost_per_video_token"), LLM_RATE_VIDEO_INPUT, 0 },
    { llm_string("output_cost_per_reasoning_token"), LLM_RATE_REASONING, 0 },
    { llm_string("output_cost_per_audio_token"), LLM_RATE_AUDIO_OUTPUT, 0 },
    { llm_string("output_cost_per_image_token"), LLM_RATE_IMAGE_OUTPUT, 0 },
    { llm_string("output_cost_per_video_token"), LLM_RATE_VIDEO_OUTPUT, 0 },
    { llm_string("citation_cost_per_token"), LLM_RATE_CITATION, 0 },
    { llm_string("input_cost_per_character"), LLM_RATE_INPUT_CHAR, 0 },
    { llm_string("output_cost_per_character"), LLM_RATE_OUTPUT_CHAR, 0 },
    { llm_string("input_cost_per_audio_per_second"),
      LLM_RATE_AUDIO_INPUT_SECOND, 0 },
    { llm_string("input_cost_per_video_per_second"),
      LLM_RATE_VIDEO_INPUT_SECOND, 0 },
    { llm_string("output_cost_per_audio_per_second"),
      LLM_RATE_AUDIO_OUTPUT_SECOND, 0 },
    { llm_string("output_cost_per_video_per_second"),
      LLM_RATE_VIDEO_OUTPUT_SECOND, 0 },
    { llm_string("cost_per_second"), LLM_RATE_REQUEST_SECOND, 0 },
    { llm_string("input_cost_per_image"), LLM_RATE_INPUT_IMAGE, 0 },
    { llm_string("output_cost_per_image"), LLM_RATE_OUTPUT_IMAGE, 0 },
    { llm_string("input_cost_per_pixel"), LLM_RATE_INPUT_PIXEL, 0 },
    { llm_string("output_cost_per_pixel"), LLM_RATE_OUTPUT_PIXEL, 0 },
    { llm_string("ocr_cost_per_page"), LLM_RATE_PAGE, 0 },
    { llm_string("annotation_cost_per_page"), LLM_RATE_PAGE_ANNOTATED, 0 },
    { llm_string("input_cost_per_query"), LLM_RATE_QUERY, 0 },
    { llm_string("input_cost_per_request"), LLM_RATE_REQUEST, 0 },
    { llm_string("google_maps_grounding_cost_per_query"),
      LLM_RATE_MAPS_QUERY, 0 },
    { llm_string("file_search_cost_per_1k_calls"), LLM_RATE_FILE_SEARCH, 3 },
    { llm_string("code_interpreter_cost_per_session"),
      LLM_RATE_CODE_SESSION, 0 },
    { llm_string("web_fetch_cost_per_1k_calls"), LLM_RATE_WEB_FETCH, 3 },
    { llm_string("tool_cost_per_1k_calls"), LLM_RATE_TOOL_CALL, 3 },
    { llm_string(""), LLM_RATE_N, 0 }
};


/* the text of a number, which may be written as a string; LLM_DECLINED: null,
   which lists nothing */

static int
llm_price_map_number(llm_price_map_t *m, uint32_t node, llm_str_t *s)
{
    const llm_json_node_t  *n;

    n = llm_json_node(&m->json, node);

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


int
llm_price_map_scaled(llm_price_map_t *m, const llm_str_t *key, uint32_t node,
    int scale, int64_t *v)
{
    int        rc;
    llm_str_t  s;

    rc = llm_price_map_number(m, node, &s);

    if (rc == LLM_DECLINED || rc == LLM_ERROR) {
        return rc;
    }

    if (rc != LLM_OK || llm_parse_scaled(s.data, s.len, scale, v) != LLM_OK
        || *v < 0)
    {
        return llm_price_map_error(m, node, key, "not a price");
    }

    if (*v > LLM_PRICE_RATE_MAX) {
        return llm_price_map_error(m, node, key,
                                   "more than 1000 USD per token");
    }

    return LLM_OK;
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


int
llm_price_map_rate(llm_price_map_t *m, const llm_price_key_t *k,
    const llm_str_t *key, uint32_t node, int again)
{
    int      rc;
    int64_t  v, *slot;

    rc = llm_price_map_scaled(m, key, node, LLM_PRICE_SCALE - k->per, &v);

    if (rc != LLM_OK) {
        return rc == LLM_DECLINED ? LLM_OK : rc;
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


/* a text that many rows in a row have is kept once */

static int
llm_price_map_text(llm_price_map_t *m, const llm_str_t *key, uint32_t node,
    llm_str_t *to, llm_str_t *last)
{
    llm_str_t  s;

    if (llm_kind_of(&m->json, node) != LLM_JSON_STRING) {
        return llm_price_map_error(m, node, key, "not a string");
    }

    if (llm_json_string(&m->json, node, &s, NULL) != LLM_OK) {
        return LLM_ERROR;
    }

    if (last->data == NULL || last->len != s.len
        || memcmp(last->data, s.data, s.len) != 0)
    {
        if (llm_prices_text(m->prices, last, &s) != LLM_OK) {
            return LLM_ERROR;
        }
    }

    *to = *last;

    return LLM_OK;
}


/* what a row says apart from rates; LLM_DECLINED: none of these */

static int
llm_price_map_limit(llm_price_map_t *m, const llm_str_t *key, uint32_t node)
{
    llm_price_t  *row;

    row = &m->row;

    if (llm_price_map_is(key, "max_output_tokens")) {
        return llm_price_map_tokens(m, key, node, &row->max_output);
    }

    if (llm_price_map_is(key, "max_input_tokens")) {
        return llm_price_map_tokens(m, key, node, &row->max_input);
    }

    if (llm_price_map_is(key, "max_tokens")) {
        return llm_price_map_tokens(m, key, node, &m->max_tokens);
    }

    if (llm_price_map_is(key, "litellm_provider")) {
        return llm_price_map_text(m, key, node, &row->provider, &m->last[0]);
    }

    if (llm_price_map_is(key, "mode")) {
        return llm_price_map_text(m, key, node, &row->mode, &m->last[1]);
    }

    return LLM_DECLINED;
}


/* where the row is from; a map of somebody else may put anything there */

static int
llm_price_map_origin(llm_price_map_t *m, const llm_str_t *key, uint32_t node)
{
    llm_str_t  *to;

    if (llm_price_map_is(key, "source")) {
        to = &m->row.source;

    } else if (llm_price_map_is(key, "date")) {
        to = &m->row.date;

    } else {
        return LLM_DECLINED;
    }

    if (llm_kind_of(&m->json, node) != LLM_JSON_STRING) {
        return LLM_OK;
    }

    return llm_price_map_text(m, key, node, to,
                              to == &m->row.date ? &m->last[3] : &m->last[2]);
}


/* what is not listed as true is taken for a thing that the model cannot */

static int
llm_price_map_ability(llm_price_map_t *m, const llm_str_t *key, uint32_t node)
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

    if (llm_kind_of(&m->json, node) != LLM_JSON_TRUE) {
        return LLM_DECLINED;
    }

    for (i = 0; names[i].name.len; i++) {

        if (key->len == names[i].name.len
            && memcmp(key->data, names[i].name.data, key->len) == 0)
        {
            m->row.able |= names[i].able;
            return LLM_OK;
        }
    }

    return LLM_DECLINED;
}


/*
 * Keys whose meaning depends on the row's mode.  Video is priced by its lines:
 * the row has the price of the dearest, and others have rows of their own.
 */

static int
llm_price_map_seconds(llm_price_map_t *m, const llm_str_t *key, uint32_t node)
{
    int              rc;
    int64_t          v;
    const llm_str_t  output = llm_string("output_cost_per_second");

    if (llm_price_map_is(key, "input_cost_per_second")) {
        rc = llm_price_map_scaled(m, key, node, LLM_PRICE_SCALE,
                                  &m->input_second);

    } else if (llm_price_map_is(key, "input_cost_per_token_cache_hit")) {
        rc = llm_price_map_scaled(m, key, node, LLM_PRICE_SCALE,
                                  &m->cache_hit);

    } else if (key->len >= output.len
               && memcmp(key->data, output.data, output.len) == 0)
    {
        rc = llm_price_map_scaled(m, key, node, LLM_PRICE_SCALE, &v);

        if (rc == LLM_OK) {
            return llm_price_map_size(m, key, v);
        }

    } else {
        return LLM_DECLINED;
    }

    return rc == LLM_DECLINED ? LLM_OK : rc;
}


/* factors by the host that a request goes to */

static int
llm_price_map_uplift(llm_price_map_t *m, const llm_str_t *key, uint32_t node)
{
    unsigned  i;

    static const struct {
        llm_str_t     name;
        llm_factor_e  factor;
    } names[] = {
        { llm_string("regional_processing_uplift_multiplier_us"),
          LLM_FACTOR_HOST_US },
        { llm_string("regional_processing_uplift_multiplier_eu"),
          LLM_FACTOR_HOST_EU },
        { llm_string("fedramp_uplift_multiplier"), LLM_FACTOR_HOST_GOV },
        { llm_string("regional_endpoint_uplift_multiplier"),
          LLM_FACTOR_REGION },
        { llm_string(""), 0 }
    };

    if (llm_kind_of(&m->json, node) == LLM_JSON_NULL) {
        return LLM_DECLINED;
    }

    for (i = 0; names[i].name.len; i++) {

        if (key->len == names[i].name.len
            && memcmp(key->data, names[i].name.data, key->len) == 0)
        {
            return llm_price_map_factor(m, key, node, names[i].factor);
        }
    }

    return LLM_DECLINED;
}


static int
llm_price_map_structure(llm_price_map_t *m, const llm_str_t *key,
    uint32_t node)
{
    if (llm_kind_of(&m->json, node) == LLM_JSON_NULL) {
        return LLM_DECLINED;
    }

    if (llm_price_map_is(key, "tiered_pricing")) {
        m->tiered = node;
        return LLM_OK;
    }

    if (llm_price_map_is(key, "off_peak_pricing")) {
        return llm_price_map_hours(m, key, node);
    }

    if (llm_price_map_is(key, "price_multiplier_from")) {
        return llm_price_map_from(m, key, node);
    }

    if (llm_price_map_is(key, "search_context_cost_per_query")) {
        return llm_price_map_search(m, key, node);
    }

    if (llm_price_map_is(key, "provider_specific_entry")) {
        return llm_price_map_entry(m, key, node);
    }

    if (llm_price_map_is(key, "web_search_billing_unit")) {
        m->billing = 1;
        m->row.per_prompt = llm_json_equal(&m->json, node, "per_prompt");
        return LLM_OK;
    }

    return LLM_DECLINED;
}


static int
llm_price_map_member(llm_price_map_t *m, const llm_str_t *key, uint32_t node)
{
    int              rc;
    unsigned         i;
    llm_price_key_t  k;

    static int  (*readers[])(llm_price_map_t *m, const llm_str_t *key,
                             uint32_t node) = {
        llm_price_map_limit,
        llm_price_map_origin,
        llm_price_map_ability,
        llm_price_map_structure,
        llm_price_map_uplift,
        llm_price_map_seconds,
        llm_price_map_picture,
        NULL
    };

    for (i = 0; readers[i]; i++) {
        rc = readers[i](m, key, node);

        if (rc != LLM_DECLINED) {
            return rc;
        }
    }

    if (llm_price_key(llm_price_map_names, key, &k) != LLM_OK) {
        return llm_price_map_other(m, key, node);
    }

    return llm_price_map_rate(m, &k, key, node, 0);
}


int
llm_price_map_members(llm_price_map_t *m, uint32_t node)
{
    int                     rc;
    uint32_t                i, end;
    llm_str_t               key;
    const llm_json_node_t  *n;

    n = m->json.nodes;

    m->max_tokens = -1;
    m->cache_hit = -1;
    m->input_second = -1;
    m->output_second = -1;
    m->plain_second = -1;
    memset(m->sizes, 0xff, sizeof(m->sizes));
    memset(m->pictures, 0xff, sizeof(m->pictures));
    m->tiered = LLM_JSON_NONE;
    m->billing = 0;

    end = n[node].next;

    for (i = node + 1; i < end; i = n[n[i].next].next) {

        if (llm_json_string(&m->json, i, &key, NULL) != LLM_OK) {
            return LLM_ERROR;
        }

        rc = llm_price_map_member(m, &key, n[i].next);
        if (rc != LLM_OK) {
            return rc;
        }
    }

    if (m->tiered != LLM_JSON_NONE) {
        llm_str_set(&key, "tiered_pricing");

        rc = llm_price_map_tiered(m, &key, m->tiered);
        if (rc != LLM_OK) {
            return rc;
        }
    }

    return llm_price_map_whole(m);
}
