
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_gemini.h"
#include "llm_image.h"

#include <string.h>


/*
 * Files of a request: what each comes to, as far as it can be seen, and else
 * the most that it may be.
 */

#define LLM_GEMINI_TILE          258        /* a picture, or a tile of it */
#define LLM_GEMINI_SIDE          768        /* of a tile */
#define LLM_GEMINI_SMALL         384        /* sides of a picture of one */
#define LLM_GEMINI_TILES         16         /* of one as large as can be */

/* of the models of 3, where no other resolution is asked for */

#define LLM_GEMINI_IMAGE         1120
#define LLM_GEMINI_ULTRA         2240
#define LLM_GEMINI_PAGE          560

/* bytes of base64 for one token, of files whose length cannot be seen */

#define LLM_GEMINI_PAGE_BYTES    8192       /* of a page, which is a tile */
#define LLM_GEMINI_AUDIO_BYTES   160        /* 32 tokens a second at 40 kbit */
#define LLM_GEMINI_VIDEO_BYTES   100        /* 263 a second at 200 kbit */

/* the longest that may be sent by address */

#define LLM_GEMINI_PAGES         1000
#define LLM_GEMINI_FILE          1000000    /* of audio or video: all of it */


/* one tile where it is small, else as many as cover it; data NULL: unseen */

static int64_t
llm_gemini_image(const llm_input_t *in, const llm_str_t *data, unsigned ultra)
{
    int64_t   tiles;
    uint32_t  w, h;

    if (llm_gemini_generation(&in->q->model) >= LLM_GEMINI_3) {
        return ultra ? LLM_GEMINI_ULTRA : LLM_GEMINI_IMAGE;
    }

    w = 0;
    h = 0;

    if (data) {
        llm_image_base64(data, &w, &h);
    }

    if (w == 0 || h == 0) {
        return LLM_GEMINI_TILE * LLM_GEMINI_TILES;
    }

    if (w <= LLM_GEMINI_SMALL && h <= LLM_GEMINI_SMALL) {
        return LLM_GEMINI_TILE;
    }

    tiles = (((int64_t) w + LLM_GEMINI_SIDE - 1) / LLM_GEMINI_SIDE)
            * (((int64_t) h + LLM_GEMINI_SIDE - 1) / LLM_GEMINI_SIDE);

    return LLM_GEMINI_TILE
           * (tiles < LLM_GEMINI_TILES ? tiles : LLM_GEMINI_TILES);
}


/* a file: in the request as base64, or by address: data is NULL */

static int64_t
llm_gemini_file(llm_input_t *in, uint32_t type, const llm_str_t *data,
    unsigned ultra)
{
    int64_t  len, page;

    len = data ? (int64_t) data->len : 0;

    if (llm_json_starts(in->j, type, "image/")) {
        return llm_gemini_image(in, data, ultra);
    }

    if (llm_json_starts(in->j, type, "application/pdf")) {
        page = llm_gemini_generation(&in->q->model) >= LLM_GEMINI_3
               ? LLM_GEMINI_PAGE : LLM_GEMINI_TILE;

        return page * (data ? len / LLM_GEMINI_PAGE_BYTES + 1
                            : LLM_GEMINI_PAGES);
    }

    if (data == NULL) {
        return LLM_GEMINI_FILE;
    }

    if (llm_json_starts(in->j, type, "audio/")) {
        return len / LLM_GEMINI_AUDIO_BYTES + 32;
    }

    if (llm_json_starts(in->j, type, "text/")) {
        llm_input_base64(in, data);
        return 0;
    }

    /* video, and whatever it may be */

    return len / LLM_GEMINI_VIDEO_BYTES + 263;
}


/* what it may be billed as */

static void
llm_gemini_media_kind(llm_usage_t *most, const llm_input_t *in, uint32_t type)
{
    unsigned  audio;

    audio = llm_json_starts(in->j, type, "audio/");

    most->audio_input = -1;               /* a film has sound */
    most->cached_audio = -1;

    if (!audio) {
        most->image_input = -1;
        most->video_input = -1;
        most->cached_image = -1;
        most->cached_video = -1;
    }
}


void
llm_gemini_media(llm_input_t *in, uint32_t part, uint32_t node,
    unsigned ultra)
{
    uint32_t   type;
    llm_str_t  data;

    type = llm_gemini_get(in->j, part, "mimeType", "mime_type");
    in->estimate = 1;

    llm_gemini_media_kind(&in->q->most, in, type);

    if (llm_kind_of(in->j, node) != LLM_JSON_STRING) {
        in->tokens += llm_gemini_file(in, type, NULL, ultra);
        return;
    }

    llm_input_data(in, node, &data);
    in->tokens += llm_gemini_file(in, type, &data, ultra);
}


/* models that speak or draw say so in their names, or are asked to */

void
llm_gemini_modalities_out(llm_request_t *q, uint32_t config)
{
    size_t                  i;
    uint32_t                list;
    const llm_json_node_t  *v;

    for (i = 0; i + 3 <= q->model.len; i++) {

        if (memcmp(q->model.data + i, "tts", 3) == 0
            || (i + 5 <= q->model.len
                && (memcmp(q->model.data + i, "image", 5) == 0
                    || memcmp(q->model.data + i, "audio", 5) == 0)))
        {
            q->most.audio_output = -1;
            q->most.image_output = -1;
            q->most.images_out = -1;
        }
    }

    list = llm_gemini_get(&q->json, config, "responseModalities",
                          "response_modalities");

    if (llm_kind_of(&q->json, list) != LLM_JSON_ARRAY) {
        return;
    }

    v = q->json.nodes;

    for (i = list + 1; i < llm_json_next(&q->json, list); i = v[i].next) {

        if (v[i].type != LLM_JSON_STRING
            || !llm_json_equal(&q->json, (uint32_t) i, "TEXT"))
        {
            q->most.audio_output = -1;
            q->most.image_output = -1;
            q->most.images_out = -1;
        }
    }
}
