
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_gemini.h"
#include "llm_openai.h"

#include <string.h>


/*
 * Input tokens: the texts of a request and what stands for a file in it.
 * Google does not publish how it puts them together, so that what is more
 * than plain text is an estimate, and on the safe side.
 */

#define LLM_GEMINI_TILE          258        /* a picture, or a tile of it */
#define LLM_GEMINI_SIDE          768        /* of a tile */
#define LLM_GEMINI_SMALL         384        /* sides of a picture of one */
#define LLM_GEMINI_TILES         16         /* of one as large as can be */

/* bytes of base64 for one token, of files whose length cannot be seen */

#define LLM_GEMINI_PAGE_BYTES    8192       /* of a page, which is a tile */
#define LLM_GEMINI_AUDIO_BYTES   160        /* 32 tokens a second at 40 kbit */
#define LLM_GEMINI_VIDEO_BYTES   100        /* 263 a second at 200 kbit */

/* the longest that may be sent by address */

#define LLM_GEMINI_PAGES         1000
#define LLM_GEMINI_FILE          1000000    /* of audio or video: all of it */

#define LLM_GEMINI_CALL          4          /* around a call or a result */
#define LLM_GEMINI_TOOL          8          /* around a declaration */


/* the media type of a file begins with the text */

static int
llm_gemini_is(const llm_input_t *in, uint32_t type, const char *prefix)
{
    size_t                  n;
    const llm_json_node_t  *v;

    if (llm_kind_of(in->j, type) != LLM_JSON_STRING) {
        return 0;
    }

    n = strlen(prefix);
    v = &in->j->nodes[type];

    return v->end - v->start >= n
           && memcmp(in->j->data + v->start, prefix, n) == 0;
}


/* one tile where it is small, else as many as cover it; data NULL: unseen */

static int64_t
llm_gemini_image(const llm_str_t *data)
{
    int64_t   tiles;
    uint32_t  w, h;

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
llm_gemini_file(const llm_input_t *in, uint32_t type, const llm_str_t *data)
{
    int64_t  len;

    len = data ? (int64_t) data->len : 0;

    if (llm_gemini_is(in, type, "image/")) {
        return llm_gemini_image(data);
    }

    if (llm_gemini_is(in, type, "application/pdf")) {
        return LLM_GEMINI_TILE * (data ? len / LLM_GEMINI_PAGE_BYTES + 1
                                       : LLM_GEMINI_PAGES);
    }

    if (data == NULL) {
        return LLM_GEMINI_FILE;
    }

    if (llm_gemini_is(in, type, "audio/")) {
        return len / LLM_GEMINI_AUDIO_BYTES + 32;
    }

    if (llm_gemini_is(in, type, "text/")) {
        return len / 2;
    }

    /* video, and whatever it may be */

    return len / LLM_GEMINI_VIDEO_BYTES + 263;
}


/* what it may be billed as */

static void
llm_gemini_media_kind(llm_usage_t *most, const llm_input_t *in, uint32_t type)
{
    unsigned  audio;

    audio = llm_gemini_is(in, type, "audio/");

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
llm_gemini_media(llm_input_t *in, uint32_t part, uint32_t node)
{
    uint32_t                type;
    llm_str_t               data;
    const llm_json_node_t  *v;

    type = llm_gemini_get(in->j, part, "mimeType", "mime_type");
    in->estimate = 1;

    llm_gemini_media_kind(&in->q->most, in, type);

    if (llm_kind_of(in->j, node) != LLM_JSON_STRING) {
        in->tokens += llm_gemini_file(in, type, NULL);
        return;
    }

    v = &in->j->nodes[node];
    data.data = (unsigned char *) in->j->data + v->start;
    data.len = v->end - v->start;

    in->tokens += llm_gemini_file(in, type, &data);
}


static void
llm_gemini_part(llm_input_t *in, uint32_t part)
{
    uint32_t  node;

    if (llm_kind_of(in->j, part) == LLM_JSON_STRING) {
        llm_input_string(in, part);
        return;
    }

    llm_input_string(in, llm_json_get(in->j, part, "text"));

    node = llm_gemini_get(in->j, part, "inlineData", "inline_data");

    if (llm_given(in->j, node)) {
        llm_gemini_media(in, node, llm_json_get(in->j, node, "data"));
    }

    node = llm_gemini_get(in->j, part, "fileData", "file_data");

    if (llm_given(in->j, node)) {
        llm_gemini_media(in, node, LLM_JSON_NONE);
    }

    node = llm_gemini_get(in->j, part, "functionCall", "function_call");

    if (!llm_given(in->j, node)) {
        node = llm_gemini_get(in->j, part, "functionResponse",
                              "function_response");
    }

    if (!llm_given(in->j, node)) {
        node = llm_gemini_get(in->j, part, "executableCode",
                              "executable_code");
    }

    if (!llm_given(in->j, node)) {
        node = llm_gemini_get(in->j, part, "codeExecutionResult",
                              "code_execution_result");
    }

    if (llm_given(in->j, node)) {
        in->estimate = 1;
        in->tokens += LLM_GEMINI_CALL;
        llm_input_value(in, node);
    }
}


/* {"role":..., "parts":[...]}; parts may be one, and a content a text */

static void
llm_gemini_content(llm_input_t *in, uint32_t content)
{
    uint32_t                i, parts;
    const llm_json_node_t  *v;

    v = in->j->nodes;

    if (llm_kind_of(in->j, content) == LLM_JSON_STRING) {
        llm_input_string(in, content);
        return;
    }

    parts = llm_json_get(in->j, content, "parts");

    if (llm_kind_of(in->j, parts) != LLM_JSON_ARRAY) {

        if (llm_given(in->j, parts)) {
            llm_gemini_part(in, parts);
        }

        return;
    }

    for (i = parts + 1; i < v[parts].next; i = v[i].next) {
        llm_gemini_part(in, i);
    }
}


static void
llm_gemini_contents(llm_input_t *in, uint32_t contents)
{
    uint32_t                i;
    const llm_json_node_t  *v;

    v = in->j->nodes;

    if (llm_kind_of(in->j, contents) != LLM_JSON_ARRAY) {

        if (llm_given(in->j, contents)) {
            llm_gemini_content(in, contents);
        }

        return;
    }

    for (i = contents + 1; i < v[contents].next; i = v[i].next) {
        llm_gemini_content(in, i);
    }
}


/* models that are shown the words of a declaration, but not its JSON */

static int
llm_gemini_old(const llm_str_t *model)
{
    return model->len > 8
           && (memcmp(model->data, "gemini-1", 8) == 0
               || (model->len >= 10
                   && memcmp(model->data, "gemini-2.0", 10) == 0));
}


/* tools that Google runs, each of whose calls may cost */

static void
llm_gemini_runs(llm_input_t *in, uint32_t tool)
{
    size_t    i;
    int64_t  *n;

    static const struct {
        const char  *camel;
        const char  *snake;
        size_t       field;
    } runs[] = {
        { "googleSearch", "google_search",
          offsetof(llm_usage_t, searches) },
        { "googleSearchRetrieval", "google_search_retrieval",
          offsetof(llm_usage_t, searches) },
        { "enterpriseWebSearch", "enterprise_web_search",
          offsetof(llm_usage_t, searches) },
        { "googleMaps", "google_maps",
          offsetof(llm_usage_t, maps_queries) },
        { "fileSearch", "file_search",
          offsetof(llm_usage_t, file_searches) }
    };

    for (i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {

        if (llm_given(in->j, llm_gemini_get(in->j, tool, runs[i].camel,
                                            runs[i].snake)))
        {
            n = (int64_t *) ((char *) &in->q->most + runs[i].field);
            *n = -1;
        }
    }
}


/* {"functionDeclarations":[...]} */

static void
llm_gemini_tool(llm_input_t *in, uint32_t tool)
{
    uint32_t                i, list;
    const llm_json_node_t  *v;

    v = in->j->nodes;
    in->estimate = 1;

    llm_gemini_runs(in, tool);

    list = llm_gemini_get(in->j, tool, "functionDeclarations",
                          "function_declarations");

    if (llm_kind_of(in->j, list) != LLM_JSON_ARRAY) {
        return;
    }

    for (i = list + 1; i < v[list].next; i = v[i].next) {
        in->tokens += LLM_GEMINI_TOOL;

        if (llm_gemini_old(&in->q->model)) {
            llm_input_strings(in, i);

        } else {
            llm_input_value(in, i);
        }
    }
}


static void
llm_gemini_tools(llm_input_t *in, uint32_t tools)
{
    uint32_t                i;
    const llm_json_node_t  *v;

    v = in->j->nodes;

    switch (llm_kind_of(in->j, tools)) {

    case LLM_JSON_OBJECT:
        llm_gemini_tool(in, tools);
        break;

    case LLM_JSON_ARRAY:
        for (i = tools + 1; i < v[tools].next; i = v[i].next) {
            llm_gemini_tool(in, i);
        }
    }
}


static void
llm_gemini_embeddings(llm_input_t *in, const uint32_t *f)
{
    uint32_t                i, list;
    const llm_json_node_t  *v;

    if (in->q->route.op == LLM_GEMINI_EMBED) {
        llm_gemini_content(in, f[LLM_GEMINI_CONTENT]);
        return;
    }

    v = in->j->nodes;
    list = f[LLM_GEMINI_REQUESTS];

    for (i = list + 1; i < v[list].next; i = v[i].next) {
        llm_gemini_content(in, llm_json_get(in->j, i, "content"));
    }
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

    for (i = list + 1; i < v[list].next; i = v[i].next) {

        if (v[i].type != LLM_JSON_STRING
            || !llm_json_equal(&q->json, (uint32_t) i, "TEXT"))
        {
            q->most.audio_output = -1;
            q->most.image_output = -1;
            q->most.images_out = -1;
        }
    }
}


int
llm_gemini_count(llm_request_t *q, llm_counter_t *c)
{
    uint32_t     f[LLM_GEMINI_FIELDS];
    llm_input_t  in;

    if (q->route.op == LLM_GEMINI_INTERACT) {
        return llm_interactions_count(q, c);
    }

    if (q->route.op == LLM_GEMINI_PREDICT) {
        return llm_gemini_predict_count(q, c);
    }

    llm_input_init(&in, q, c);
    llm_usage_text(&q->most, 0, 0);
    q->bounded = 1;

    (void) llm_gemini_fields(q, f);
    llm_gemini_modalities_out(q, f[LLM_GEMINI_CONFIG]);

    if (q->kind == LLM_KIND_EMBEDDINGS) {
        llm_gemini_embeddings(&in, f);
        return llm_input_end(&in);
    }

    in.tokens = 1;                                    /* begin of the text */

    llm_gemini_contents(&in, f[LLM_GEMINI_SYSTEM]);
    llm_gemini_contents(&in, f[LLM_GEMINI_CONTENTS]);
    llm_gemini_tools(&in, f[LLM_GEMINI_TOOLS]);

    /* a schema bounds what may be said, and is not read by the model */

    if (llm_given(&q->json, f[LLM_GEMINI_CACHED])) {
        in.estimate = 1;
    }

    return llm_input_end(&in);
}
