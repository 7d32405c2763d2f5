
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_price_map.h"

#include <string.h>


/* What follows from the members of a row of a map together. */


/* a rate that is in the row only if nothing else has put one there */

static int
llm_price_map_put(llm_price_map_t *m, llm_rate_e rate, int64_t v)
{
    int64_t          *slot;
    llm_price_key_t   k;

    if (v < 0 || llm_price_rate(&m->row, LLM_TIER_DEFAULT, rate) >= 0) {
        return LLM_OK;
    }

    memset(&k, 0, sizeof(llm_price_key_t));
    k.rate = rate;

    if (llm_price_slot(m->prices, &m->row, &k, &slot) != LLM_OK) {
        return LLM_ERROR;
    }

    *slot = v;

    return LLM_OK;
}


/*
 * Seconds are those of sound that is transcribed, of sound and video that are
 * made; otherwise of the machine that answers, where input and output are two
 * names of the same time.
 */

static int
llm_price_map_put_seconds(llm_price_map_t *m)
{
    int64_t           v;
    const llm_str_t  *mode;

    mode = &m->row.mode;

    if (llm_price_map_is(mode, "audio_transcription")
        || llm_price_map_is(mode, "realtime"))
    {
        return llm_price_map_put(m, LLM_RATE_AUDIO_INPUT_SECOND,
                                 m->input_second);
    }

    if (llm_price_map_is(mode, "audio_speech")) {
        return llm_price_map_put(m, LLM_RATE_AUDIO_OUTPUT_SECOND,
                                 m->output_second);
    }

    if (llm_price_map_is(mode, "video_generation")) {
        return llm_price_map_put(m, LLM_RATE_VIDEO_OUTPUT_SECOND,
                                 m->output_second);
    }

    v = m->input_second > m->output_second ? m->input_second
                                           : m->output_second;

    return llm_price_map_put(m, LLM_RATE_REQUEST_SECOND, v);
}


/* where pictures are made, what is listed for the input is theirs */

static void
llm_price_map_images(llm_price_t *p)
{
    int64_t  *rates;

    rates = p->rates[LLM_TIER_DEFAULT];

    if (rates == NULL
        || (!llm_price_map_is(&p->mode, "image_generation")
            && !llm_price_map_is(&p->mode, "image_edit")))
    {
        return;
    }

    if (rates[LLM_RATE_OUTPUT_IMAGE] <= 0 && rates[LLM_RATE_OUTPUT_PIXEL] <= 0
        && rates[LLM_RATE_IMAGE_OUTPUT] <= 0)
    {
        rates[LLM_RATE_OUTPUT_IMAGE] = rates[LLM_RATE_INPUT_IMAGE];
        rates[LLM_RATE_OUTPUT_PIXEL] = rates[LLM_RATE_INPUT_PIXEL];
        rates[LLM_RATE_INPUT_IMAGE] = -1;
        rates[LLM_RATE_INPUT_PIXEL] = -1;
    }
}


/*
 * Habits of the format.  xAI's steps begin at N tokens, all others' above N.
 * A model that puts out images may list only their rate, or 0 beside it: its
 * output is images.  Gemini's searches are charged once a prompt unless the
 * row says otherwise.
 */

static void
llm_price_map_habits(llm_price_map_t *m)
{
    unsigned      i;
    int64_t      *rates;
    llm_price_t  *p;

    p = &m->row;

    if (p->max_output < 0) {
        p->max_output = m->max_tokens;
    }

    if (llm_price_map_is(&p->provider, "xai")) {
        for (i = 0; i < p->nsteps; i++) {
            p->steps[i].above--;
        }
    }

    for (i = 0; i < LLM_TIER_N; i++) {
        rates = p->rates[i];

        if (rates && rates[LLM_RATE_OUTPUT] <= 0
            && rates[LLM_RATE_IMAGE_OUTPUT] > 0)
        {
            rates[LLM_RATE_OUTPUT] = rates[LLM_RATE_IMAGE_OUTPUT];
        }
    }

    if (!m->billing
        && (llm_price_map_is(&p->provider, "gemini")
            || (p->provider.len > 9
                && memcmp(p->provider.data, "vertex_ai", 9) == 0)))
    {
        p->per_prompt = 1;
    }

    llm_price_map_images(p);
}


int
llm_price_map_whole(llm_price_map_t *m)
{
    if (llm_price_map_put(m, LLM_RATE_CACHED_INPUT, m->cache_hit) != LLM_OK
        || llm_price_map_put_seconds(m) != LLM_OK)
    {
        return LLM_ERROR;
    }

    llm_price_map_habits(m);

    return llm_price_complete(m->prices, &m->row);
}
