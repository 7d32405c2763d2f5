
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_image.h"

#include <string.h>


#define LLM_IMAGE_SEGMENTS   1000        /* of a JPEG file, before its size */


/* bytes that are written in base64, looked at one by one */

typedef struct {
    const unsigned char  *p;
    size_t                len;
} llm_image_data_t;


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

    high = llm_base64_digit(d->p[at]);
    low = llm_base64_digit(d->p[at + 1]);

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


int
llm_image_inline(llm_str_t *url)
{
    const unsigned char  *comma;

    if (url->len < 5 || memcmp(url->data, "data:", 5) != 0) {
        return 0;
    }

    comma = memchr(url->data, ',', url->len);
    if (comma == NULL) {
        return 0;
    }

    url->len -= (size_t) (comma + 1 - url->data);
    url->data = (unsigned char *) comma + 1;

    return 1;
}


int64_t
llm_image_patches(uint32_t w, uint32_t h, const llm_image_fit_t *fit)
{
    uint64_t  longer, shorter, low, high, side, other, n, best;

    longer = (w > h) ? w : h;
    shorter = (w > h) ? h : w;

    /* n does not fall as the picture grows: the largest that fits */

    low = 1;
    high = (longer < fit->side) ? longer : fit->side;
    best = 1;

    while (low <= high) {
        side = (low + high) / 2;
        other = (shorter * side + longer / 2) / longer;
        other = other ? other : 1;

        n = ((side + fit->patch - 1) / fit->patch)
            * ((other + fit->patch - 1) / fit->patch);

        if (n <= fit->patches) {
            best = n;
            low = side + 1;

        } else {
            high = side - 1;
        }
    }

    return (int64_t) best;
}
