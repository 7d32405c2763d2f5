
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_media.h"
#include "llm_openai.h"

#include <string.h>


/*
 * Tokens of pictures.  Of the first models OpenAI names them for three sizes,
 * in proportion to the pixels; later ones divide a picture into squares, so
 * many for its longer side, and take more for each the more pixels it has.
 */

#define LLM_IMAGES_SIDE      16384
#define LLM_IMAGES_PARTIAL   100         /* tokens of one that is not whole */
#define LLM_IMAGES_BESIDE    256         /* of what a model says with it */
#define LLM_IMAGES_ANY       (1536 * 1024)  /* where the model chooses */
#define LLM_IMAGES_FRAMES    9           /* of a film that does not say it */
#define LLM_IMAGES_FRAMES_MAX  64

/* tokens of a picture that is sent: eight tiles, and its details */

#define LLM_IMAGES_SENT      (65 + 8 * 129)
#define LLM_IMAGES_DETAILS   6240


typedef struct {
    const char  *quality;
    int64_t      square;         /* tokens of 1024 by 1024 */
    int64_t      side;           /* squares on the longer side */
} llm_images_quality_t;

/* the last one is that of all others; the last two of the later models are not
   told, and thought to be twice and four times as much as the best before */

static const llm_images_quality_t  llm_images_qualities[] = {
    { "low", 272, 16 },
    { "medium", 1056, 48 },
    { "xhigh", 4160, 136 },
    { "max", 4160, 192 },
    { "", 4160, 96 }
};


int
llm_images_size(const llm_str_t *s, int64_t *w, int64_t *h)
{
    const unsigned char  *x;

    x = s->len ? memchr(s->data, 'x', s->len) : NULL;

    return x && llm_parse_int(s->data, x - s->data, w) == LLM_OK
           && llm_parse_int(x + 1, s->data + s->len - x - 1, h) == LLM_OK
           && *w > 0 && *h > 0
           && *w <= LLM_IMAGES_SIDE && *h <= LLM_IMAGES_SIDE;
}


static int64_t
llm_images_squares(int64_t side, int64_t w, int64_t h)
{
    int64_t  large, small, across;

    large = w > h ? w : h;
    small = w > h ? h : w;
    across = (2 * side * small + large) / (2 * large);

    return (side * across * (2000000 + w * h) + 3999999) / 4000000;
}


/* of the sizes that a model may choose the one with the most */

static int64_t
llm_images_later(int64_t side, const llm_str_t *size)
{
    int64_t  w, h;

    return llm_images_size(size, &w, &h)
           ? llm_images_squares(side, w, h)
           : llm_images_squares(side, 1024, 1024);
}


static int64_t
llm_images_first(int64_t square, const llm_str_t *size)
{
    int64_t  w, h, area;

    area = llm_images_size(size, &w, &h) ? w * h : LLM_IMAGES_ANY;

    return (area * square + 1024 * 1024 - 1) / (1024 * 1024);
}


/* of a model that is not known by its name, the more of both */

static int64_t
llm_images_tokens(const llm_picture_t *p)
{
    int64_t                      first, later;
    llm_str_t                    s;
    const llm_images_quality_t  *c;

    for (c = llm_images_qualities; *c->quality; c++) {
        if (llm_media_equal(&p->quality, c->quality)) {
            break;
        }
    }

    first = llm_images_first(c->square, &p->size);
    later = llm_images_later(c->side, &p->size);

    s = llm_openai_bare(&p->model);

    if (llm_openai_is(&s, "gpt-image-1")
        || llm_openai_is(&s, "chatgpt-image"))
    {
        return first;
    }

    return (later > first || llm_openai_is(&s, "gpt-image-")) ? later : first;
}


/* whether a film is one picture, or each of its frames is one, is not told */

int64_t
llm_images_each(const llm_picture_t *p)
{
    int64_t  frames;

    frames = 1;

    if (llm_media_equal(&p->format, "gif")) {
        frames = (p->frames > 0) ? p->frames : LLM_IMAGES_FRAMES;
        frames = (frames < LLM_IMAGES_FRAMES_MAX) ? frames
                                                  : LLM_IMAGES_FRAMES_MAX;
    }

    return frames * llm_images_tokens(p);
}


int64_t
llm_images_made(const llm_picture_t *p)
{
    return llm_images_each(p) + p->partials * LLM_IMAGES_PARTIAL
           + LLM_IMAGES_BESIDE;
}


int64_t
llm_images_sent(const llm_str_t *model, const llm_str_t *fidelity)
{
    llm_str_t  s;

    s = llm_openai_bare(model);

    /* later models look at every detail, the first ones when asked to */

    if (llm_media_equal(fidelity, "high")
        || !(llm_media_equal(&s, "gpt-image-1")
             || llm_openai_is(&s, "gpt-image-1-mini")))
    {
        return LLM_IMAGES_SENT + LLM_IMAGES_DETAILS;
    }

    return LLM_IMAGES_SENT;
}
