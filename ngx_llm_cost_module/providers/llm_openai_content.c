
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai_count.h"
#include "llm_image.h"

#include <string.h>


/* The content of a message: its texts, and parts that are something else. */

#define LLM_OPENAI_FILE         20000     /* a document that is elsewhere */
#define LLM_OPENAI_FILE_BYTES   8         /* of base64, for one token */
#define LLM_OPENAI_AUDIO_BYTES  64


void
llm_count_data(llm_openai_count_t *cc, uint32_t node, llm_str_t *s)
{
    llm_input_t  in;

    llm_input_init(&in, cc->q, cc->c);
    llm_input_data(&in, node, s);
    cc->text.failed |= in.failed;
}


/* "data:text/plain;base64,...": a document that is read as it is; 0: another */

static int
llm_count_document(llm_openai_count_t *cc, uint32_t data)
{
    llm_str_t             s;
    llm_input_t           in;
    const unsigned char  *comma;

    static const char  text[] = "data:text/";

    llm_count_data(cc, data, &s);

    comma = s.len > sizeof(text) ? memchr(s.data, ',', s.len) : NULL;

    if (comma == NULL || memcmp(s.data, text, sizeof(text) - 1) != 0) {
        return 0;
    }

    s.len -= (size_t) (comma + 1 - s.data);
    s.data = (unsigned char *) comma + 1;

    llm_input_init(&in, cc->q, cc->c);
    llm_input_base64(&in, &s);

    cc->tokens += in.tokens;
    cc->text.failed |= in.failed;

    return 1;
}


/* a document, film or sound by its address or by a name that a server knows */

static int
llm_count_elsewhere(const llm_openai_count_t *cc, uint32_t part)
{
    size_t    i;
    uint32_t  node;

    static const char * const  names[] = {
        "file_url", "file_id", "document_url", "video_url", "audio_url",
        "input_video", "input_audio"
    };

    for (i = 0; i < sizeof(names) / sizeof(char *); i++) {

        node = llm_json_get(cc->j, part, names[i]);

        if (llm_count_kind(cc, node) == LLM_JSON_OBJECT) {
            node = llm_json_get(cc->j, node, "url");
        }

        if (llm_json_starts(cc->j, node, "http")
            || (llm_json_starts(cc->j, node, "")
                && strcmp(names[i], "file_id") == 0))
        {
            return 1;
        }
    }

    return 0;
}


/*
 * What is neither text nor picture: a guess from its bytes, or where those are
 * elsewhere what a document of some pages comes to.
 */

static void
llm_count_media(llm_openai_count_t *cc, uint32_t part, uint32_t type)
{
    size_t                  len;
    uint32_t                file, data;
    const llm_json_node_t  *v;

    v = llm_json_node(cc->j, part);
    len = v->end - v->start;

    cc->estimate = 1;

    file = llm_json_get(cc->j, part, "file");
    file = llm_count_kind(cc, file) == LLM_JSON_OBJECT ? file : part;
    data = llm_json_get(cc->j, file, "file_data");

    if (llm_count_kind(cc, data) == LLM_JSON_STRING) {

        if (llm_count_document(cc, data)) {
            return;
        }

    } else if (llm_count_elsewhere(cc, file)) {
        cc->tokens += LLM_OPENAI_FILE;
        return;
    }

    cc->tokens += llm_json_equal(cc->j, type, "input_audio")
                  ? len / LLM_OPENAI_AUDIO_BYTES : len / LLM_OPENAI_FILE_BYTES;
}


/* 1: it was a picture, and is counted */

static int
llm_count_image(llm_openai_count_t *cc, uint32_t part, uint32_t type)
{
    int64_t   n;
    unsigned  estimate;

    if (type == LLM_JSON_NONE
        || (!llm_json_equal(cc->j, type, "image_url")
            && !llm_json_equal(cc->j, type, "input_image")
            && !llm_json_equal(cc->j, type, "computer_screenshot")))
    {
        return 0;
    }

    estimate = 0;
    n = llm_openai_image(cc->q, part, &estimate);

    if (n < 0) {
        cc->text.failed = 1;
        return 1;
    }

    cc->tokens += n;
    cc->estimate |= estimate;

    return 1;
}


/* one part of a content; text is gathered, to be counted with its neighbours */

void
llm_count_part(llm_openai_count_t *cc, uint32_t part)
{
    uint32_t  f[3];

    static const char * const  names[] = { "type", "text", "refusal" };

    if (part == LLM_JSON_NONE) {
        return;
    }

    if (llm_count_kind(cc, part) == LLM_JSON_STRING) {
        llm_openai_put_string(&cc->text, cc->j, part);
        return;
    }

    llm_json_fields(cc->j, part, names, 3, f);

    if (llm_count_kind(cc, f[1]) == LLM_JSON_STRING
        || llm_count_kind(cc, f[2]) == LLM_JSON_STRING)
    {
        llm_openai_put_string(&cc->text, cc->j, f[1]);
        llm_openai_put_string(&cc->text, cc->j, f[2]);
        return;
    }

    llm_count_text(cc, &cc->text);

    if (llm_json_starts(cc->j, f[0], "input_json")) {
        llm_openai_render(&cc->text, cc->j, llm_json_get(cc->j, part, "data"),
                          LLM_OPENAI_COMPACT);
        cc->estimate = 1;
        return;
    }

    if (cc->media) {
        cc->media(cc, part);
        return;
    }

    if (!llm_count_image(cc, part, f[0])) {
        llm_count_media(cc, part, f[0] == LLM_JSON_NONE ? part : f[0]);
    }
}


int64_t
llm_count_made(llm_openai_count_t *cc, uint32_t result, int64_t least)
{
    int64_t    n;
    uint32_t   w, h;
    unsigned   estimate;
    llm_str_t  s;

    llm_count_data(cc, result, &s);
    llm_image_base64(&s, &w, &h);

    if (w == 0 || h == 0) {
        return least;
    }

    estimate = 1;
    n = llm_openai_picture(cc->q, LLM_JSON_NONE, w, h, &estimate);

    return n > least ? n : least;
}


void
llm_count_content(llm_openai_count_t *cc, uint32_t node,
    const llm_openai_text_t *tail)
{
    uint32_t                i;
    const llm_json_node_t  *v;

    v = cc->j->nodes;

    if (tail == NULL && llm_count_kind(cc, node) == LLM_JSON_STRING) {
        llm_count_string(cc, node);
        return;
    }

    cc->text.len = 0;

    switch (llm_count_kind(cc, node)) {

    case LLM_JSON_STRING:
        llm_openai_put_string(&cc->text, cc->j, node);
        break;

    case LLM_JSON_ARRAY:
        for (i = node + 1; i < llm_json_next(cc->j, node); i = v[i].next) {
            llm_count_part(cc, i);
        }
        break;

    case LLM_JSON_OBJECT:
    case LLM_JSON_NUMBER:
        llm_openai_render(&cc->text, cc->j, node, LLM_OPENAI_COMPACT);
        cc->estimate = 1;
    }

    if (tail) {
        llm_openai_puts(&cc->text, "\n\n");
        llm_openai_put(&cc->text, tail->data, tail->len);
    }

    llm_count_text(cc, &cc->text);
}
