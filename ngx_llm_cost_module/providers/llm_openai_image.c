
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai.h"

#include <string.h>


/*
 * Pictures cost by their size.  That of one sent as data is in its first
 * bytes; one sent as an address is taken to be as large as it can be.
 */

#define LLM_IMAGE_FIT        2048        /* the square that it must fit */
#define LLM_IMAGE_SHORT      768         /* its shorter side after that */
#define LLM_IMAGE_TILE       512
#define LLM_IMAGE_TILES      8           /* 768 x 2048 */
#define LLM_IMAGE_PATCH      32
#define LLM_IMAGE_PATCHES    1536
#define LLM_IMAGE_SEGMENTS   1000        /* of a JPEG file, before its size */


typedef struct {
    const char  *model;
    unsigned     base;                   /* tokens of any picture */
    unsigned     tile;                   /* and of a tile; 0: patches */
    unsigned     percent;                /* tokens of 100 patches */
} llm_image_rule_t;


/* the first prefix that fits */

static const llm_image_rule_t  llm_image_rules[] = {
    { "gpt-4o-mini", 2833, 5667, 0 },
    { "gpt-4.1-mini", 0, 0, 162 },
    { "gpt-4.1-nano", 0, 0, 246 },
    { "gpt-5-mini", 0, 0, 162 },
    { "gpt-5-nano", 0, 0, 246 },
    { "gpt-5", 70, 140, 0 },
    { "o4-mini", 0, 0, 172 },
    { "o1", 75, 150, 0 },
    { "o3", 75, 150, 0 },
    { "", 85, 170, 0 }
};


/* bytes that are written in base64, looked at one by one */

typedef struct {
    const unsigned char  *p;
    size_t                len;
} llm_image_data_t;


static int
llm_image_digit(unsigned char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }

    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }

    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }

    return (c == '+' || c == '-') ? 62 : (c == '/' || c == '_') ? 63 : -1;
}


/* the byte at an offset, -1 past the end */

static int
llm_image_byte(const llm_image_data_t *d, size_t n)
{
    int     high, low;
    size_t  at;

    at = n / 3 * 4 + n % 3;

    if (at + 1 >= d->len) {
        return -1;
    }

    high = llm_image_digit(d->p[at]);
    low = llm_image_digit(d->p[at + 1]);

    if (high < 0 || low < 0) {
        return -1;
    }

    switch (n % 3) {

    case 0:
        return (high << 2 | low >> 4) & 0xff;

    case 1:
        return (high << 4 | low >> 2) & 0xff;
    }

    return (high << 6 | low) & 0xff;
}


static int
llm_image_match(const llm_image_data_t *d, size_t at, const char *s)
{
    for ( /* void */ ; *s; s++, at++) {
        if (llm_image_byte(d, at) != (unsigned char) *s) {
            return 0;
        }
    }

    return 1;
}


/* n bytes as a number, the last one first if little; 0 past the end */

static uint32_t
llm_image_number(const llm_image_data_t *d, size_t at, unsigned n,
    unsigned little)
{
    int       c;
    uint32_t  v;
    unsigned  i;

    for (v = 0, i = 0; i < n; i++) {
        c = llm_image_byte(d, little ? at + n - 1 - i : at + i);

        if (c < 0) {
            return 0;
        }

        v = v << 8 | (uint32_t) c;
    }

    return v;
}


static void
llm_image_jpeg(const llm_image_data_t *d, uint32_t *w, uint32_t *h)
{
    int       marker;
    size_t    at;
    uint32_t  len;
    unsigned  i;

    at = 2;

    for (i = 0; i < LLM_IMAGE_SEGMENTS; i++) {

        if (llm_image_byte(d, at) != 0xff) {
            return;
        }

        marker = llm_image_byte(d, at + 1);

        if (marker == 0xff) {                         /* padding */
            at++;
            continue;
        }

        /* all start-of-frame markers; DHT, JPG and DAC lie between them */

        if (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4
            && marker != 0xc8 && marker != 0xcc)
        {
            *h = llm_image_number(d, at + 5, 2, 0);
            *w = llm_image_number(d, at + 7, 2, 0);
            return;
        }

        len = llm_image_number(d, at + 2, 2, 0);

        if (len < 2) {
            return;
        }

        at += 2 + len;
    }
}


static void
llm_image_webp(const llm_image_data_t *d, uint32_t *w, uint32_t *h)
{
    uint32_t  v;

    if (llm_image_match(d, 12, "VP8X")) {
        *w = llm_image_number(d, 24, 3, 1) + 1;
        *h = llm_image_number(d, 27, 3, 1) + 1;

    } else if (llm_image_match(d, 12, "VP8L")) {
        v = llm_image_number(d, 21, 4, 1);
        *w = (v & 0x3fff) + 1;
        *h = (v >> 14 & 0x3fff) + 1;

    } else if (llm_image_match(d, 12, "VP8 ")) {
        *w = llm_image_number(d, 26, 2, 1) & 0x3fff;
        *h = llm_image_number(d, 28, 2, 1) & 0x3fff;
    }
}


void
llm_image_base64(const llm_str_t *data, uint32_t *w, uint32_t *h)
{
    llm_image_data_t  d;

    *w = 0;
    *h = 0;

    d.p = data->data;
    d.len = data->len;

    if (llm_image_match(&d, 0, "\x89PNG")) {
        *w = llm_image_number(&d, 16, 4, 0);
        *h = llm_image_number(&d, 20, 4, 0);

    } else if (llm_image_match(&d, 0, "\xff\xd8")) {
        llm_image_jpeg(&d, w, h);

    } else if (llm_image_match(&d, 0, "GIF8")) {
        *w = llm_image_number(&d, 6, 2, 1);
        *h = llm_image_number(&d, 8, 2, 1);

    } else if (llm_image_match(&d, 0, "RIFF")
               && llm_image_match(&d, 8, "WEBP"))
    {
        llm_image_webp(&d, w, h);
    }
}


/* 0 by 0 where it cannot be seen */

static void
llm_image_size(const llm_str_t *url, uint32_t *w, uint32_t *h)
{
    llm_str_t             d;
    const unsigned char  *comma;

    *w = 0;
    *h = 0;

    if (url->len < 5 || memcmp(url->data, "data:", 5) != 0) {
        return;
    }

    comma = memchr(url->data, ',', url->len);
    if (comma == NULL) {
        return;
    }

    d.data = (unsigned char *) comma + 1;
    d.len = url->data + url->len - d.data;

    llm_image_base64(&d, w, h);
}


static uint64_t
llm_image_tiles(uint64_t w, uint64_t h)
{
    uint64_t  side;

    side = (w > h) ? w : h;

    if (side > LLM_IMAGE_FIT) {
        w = w * LLM_IMAGE_FIT / side;
        h = h * LLM_IMAGE_FIT / side;
    }

    side = (w < h) ? w : h;

    if (side > LLM_IMAGE_SHORT) {
        w = w * LLM_IMAGE_SHORT / side;
        h = h * LLM_IMAGE_SHORT / side;
    }

    w = w ? w : 1;
    h = h ? h : 1;

    return ((w + LLM_IMAGE_TILE - 1) / LLM_IMAGE_TILE)
           * ((h + LLM_IMAGE_TILE - 1) / LLM_IMAGE_TILE);
}


static uint64_t
llm_image_patches(uint64_t w, uint64_t h)
{
    uint64_t  n;

    w = (w + LLM_IMAGE_PATCH - 1) / LLM_IMAGE_PATCH;
    h = (h + LLM_IMAGE_PATCH - 1) / LLM_IMAGE_PATCH;
    n = w * h;

    return (n > LLM_IMAGE_PATCHES) ? LLM_IMAGE_PATCHES : n;
}


int64_t
llm_openai_image(llm_request_t *q, uint32_t part, unsigned *estimate)
{
    uint32_t                 url, detail, w, h;
    uint64_t                 n;
    unsigned                 low;
    llm_str_t                s, model;
    const llm_image_rule_t  *rule;

    url = llm_json_get(&q->json, part, "image_url");
    detail = llm_json_get(&q->json, part, "detail");

    if (url != LLM_JSON_NONE && q->json.nodes[url].type == LLM_JSON_OBJECT) {
        detail = llm_json_get(&q->json, url, "detail");
        url = llm_json_get(&q->json, url, "url");
    }

    w = 0;
    h = 0;

    if (url != LLM_JSON_NONE && q->json.nodes[url].type == LLM_JSON_STRING) {

        if (llm_json_string(&q->json, url, &s, NULL) != LLM_OK) {
            return LLM_ERROR;
        }

        llm_image_size(&s, &w, &h);
    }

    low = (detail != LLM_JSON_NONE && llm_json_equal(&q->json, detail, "low"));
    model = llm_openai_bare(&q->model);

    for (rule = llm_image_rules; !llm_openai_is(&model, rule->model); rule++) {
        /* the last row takes all */
    }

    if (w == 0 || h == 0) {
        *estimate |= !(low && rule->tile);
        n = rule->tile ? LLM_IMAGE_TILES : LLM_IMAGE_PATCHES;

    } else {
        n = rule->tile ? llm_image_tiles(w, h) : llm_image_patches(w, h);
    }

    if (rule->tile) {
        return rule->base + (low ? 0 : (int64_t) n * rule->tile);
    }

    *estimate = 1;

    return (int64_t) ((n * rule->percent + 99) / 100);
}
