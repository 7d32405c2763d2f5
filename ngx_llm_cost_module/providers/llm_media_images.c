
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_media.h"
#include "llm_openai.h"

#include <stdio.h>
#include <string.h>


/*
 * Pictures that are made, changed and varied.  Models are charged by the
 * tokens of a picture, which depend on its size and quality alone and which
 * the answer names, or by the picture, at a price for its size and quality.
 */

#define LLM_IMAGES_MAX       128         /* pictures of a request */
#define LLM_IMAGES_PROMPT    16          /* around a prompt */

/* a quality of 32 bytes and two numbers */

#define LLM_IMAGES_CLASS     96


enum {
    LLM_IMAGES_MODEL = 0,
    LLM_IMAGES_TEXT,
    LLM_IMAGES_N,
    LLM_IMAGES_SIZE,
    LLM_IMAGES_QUALITY,
    LLM_IMAGES_STREAM,
    LLM_IMAGES_PARTIALS,
    LLM_IMAGES_FIDELITY,
    LLM_IMAGES_RESOLUTION,
    LLM_IMAGES_IMAGE,
    LLM_IMAGES_IMAGES,
    LLM_IMAGES_MASK,
    LLM_IMAGES_SEEN,
    LLM_IMAGES_FORMAT,
    LLM_IMAGES_FRAMES,
    LLM_IMAGES_SVG,
    LLM_IMAGES_FIELDS
};


/* the older ones are charged by the picture and have no tokens */

static int
llm_images_by_piece(const llm_str_t *model)
{
    llm_str_t  s;

    s = llm_openai_bare(model);

    return llm_openai_is(&s, "dall-e");
}


/*
 * xAI's pictures are asked for as "1k" or "2k".  Price lists have these sizes
 * of the lowest quality only, which is what a new picture has unless asked
 * for; all others cost what the model's own row says.  NULL: no price by size.
 */

static const char *
llm_images_resolution(const llm_request_t *q, const llm_media_field_t *f)
{
    const llm_str_t  *quality, *size;

    quality = &f[LLM_IMAGES_QUALITY].value;
    size = &f[LLM_IMAGES_RESOLUTION].value;

    if (!llm_media_equal(quality, "low")
        && (q->route.op == LLM_MEDIA_EDIT
            || (quality->len && !llm_media_equal(quality, "auto"))))
    {
        return NULL;
    }

    if (size->len == 0 || llm_media_equal(size, "1k")) {
        return "1k";
    }

    return llm_media_equal(size, "2k") ? "2k" : NULL;
}


/* "hd/1024-x-1024" of "hd/1024-x-1024/dall-e-3", as price maps have it */

static void
llm_images_class(const llm_request_t *q, const llm_str_t *quality, int64_t w,
    int64_t h, char text[LLM_IMAGES_CLASS])
{
    int          n;
    const char  *name;

    name = llm_images_by_piece(&q->model)
           ? (llm_media_equal(quality, "auto") ? "hd" : "standard") : "high";
    n = strlen(name);

    if (quality->len && quality->len <= 32
        && !llm_media_equal(quality, "auto"))
    {
        name = (const char *) quality->data;
        n = quality->len;
    }

    (void) snprintf(text, LLM_IMAGES_CLASS, "%.*s/%lld-x-%lld", n, name,
                    (long long) w, (long long) h);
}


static int
llm_images_price(llm_request_t *q, const char *class)
{
    size_t  n;

    if (class == NULL) {
        return LLM_OK;
    }

    n = strlen(class);

    q->priced.data = llm_alloc(q->mem, n + 1 + q->model.len);
    if (q->priced.data == NULL) {
        return LLM_ERROR;
    }

    memcpy(q->priced.data, class, n);
    q->priced.data[n] = '/';
    memcpy(q->priced.data + n + 1, q->model.data, q->model.len);

    q->priced.len = n + 1 + q->model.len;

    return LLM_OK;
}


/* what comes out: so many pictures, of so many tokens and pixels */

static int
llm_images_output(llm_request_t *q, llm_media_t *m,
    const llm_media_field_t *f, llm_picture_t *p)
{
    int               known;
    char              class[LLM_IMAGES_CLASS];
    int64_t           w, h, area;
    llm_str_t         bare;
    const llm_str_t  *quality;

    quality = &f[LLM_IMAGES_QUALITY].value;
    known = llm_images_size(&f[LLM_IMAGES_SIZE].value, &w, &h);

    if (!known) {
        w = 1024;
        h = llm_images_by_piece(&q->model) ? 1024 : 1536;
        known = (f[LLM_IMAGES_SIZE].value.len == 0
                 || llm_media_equal(&f[LLM_IMAGES_SIZE].value, "auto"));
    }

    area = w * h;
    m->pixels = known ? area : -1;

    q->most.images_out = q->choices;
    q->most.pixels_out = known ? area * q->choices : -1;
    q->most.image_output = -1;

    q->max_output = 0;

    if (!llm_images_by_piece(&q->model)) {

        p->model = q->model;
        p->size = f[LLM_IMAGES_SIZE].value;
        p->quality = *quality;
        p->format = f[LLM_IMAGES_FORMAT].value;

        m->each = llm_images_each(p);
        q->max_output = llm_images_made(p);
    }

    bare = llm_openai_bare(&q->model);

    if (llm_openai_is(&bare, "grok")) {
        return llm_images_price(q, llm_images_resolution(q, f));
    }

    llm_images_class(q, quality, w, h, class);

    return llm_images_price(q, class);
}


/* pictures that are sent, whatever they show */

static void
llm_images_input(llm_request_t *q, llm_media_t *m,
    const llm_media_field_t *f)
{
    int64_t  n;

    m->beside = LLM_IMAGES_PROMPT;

    n = (int64_t) f[LLM_IMAGES_IMAGE].n + f[LLM_IMAGES_IMAGES].n
        + f[LLM_IMAGES_MASK].n + f[LLM_IMAGES_SEEN].n;

    if (n == 0) {
        return;
    }

    q->most.images_in = n;
    q->most.image_input = -1;
    q->most.cached_image = -1;

    m->beside += n * llm_images_sent(&q->model, &f[LLM_IMAGES_FIDELITY].value);
}


/*
 * A drawing is made of a picture by another model, which is charged beside the
 * one that made it.
 */

static void
llm_images_author(llm_request_t *q, const llm_media_field_t *svg)
{
    uint32_t      model;
    llm_guest_t  *guest;

    guest = &q->guest;

    model = (svg->n && q->json.n)
            ? llm_json_get(&q->json, svg->node, "model") : LLM_JSON_NONE;

    if (llm_kind_of(&q->json, model) == LLM_JSON_STRING
        && llm_json_string(&q->json, model, &guest->model, NULL) == LLM_OK)
    {
        guest->calls = 1;
        llm_usage_text(&guest->most, -1, -1);
        guest->most.image_input = -1;
    }
}


/* how many pictures, and what each of them is made of */

static int
llm_images_numbers(llm_request_t *q, const llm_media_field_t *f,
    llm_picture_t *p)
{
    int  rc;

    rc = llm_media_number(q, &f[LLM_IMAGES_N], 1, LLM_IMAGES_MAX, &q->choices);

    if (rc == LLM_OK) {
        rc = llm_media_number(q, &f[LLM_IMAGES_PARTIALS], 0, LLM_IMAGES_MAX,
                              &p->partials);
    }

    if (rc == LLM_OK) {
        rc = llm_media_number(q, &f[LLM_IMAGES_FRAMES], 0, LLM_IMAGES_MAX,
                              &p->frames);
    }

    return rc;
}


int
llm_images_parse(llm_request_t *q, llm_media_t *m)
{
    int                rc, stream;
    const char        *otherwise;
    llm_picture_t      p = { .frames = -1 };
    llm_media_field_t  f[LLM_IMAGES_FIELDS] = {
        { .name = "model" },
        { .name = "prompt" },
        { .name = "n", .type = LLM_MEDIA_NUMBER },
        { .name = "size" },
        { .name = "quality" },
        { .name = "stream", .type = LLM_MEDIA_BOOL },
        { .name = "partial_images", .type = LLM_MEDIA_NUMBER },
        { .name = "input_fidelity" },
        { .name = "resolution" },
        { .name = "image", .type = LLM_MEDIA_FILE },
        { .name = "images", .type = LLM_MEDIA_FILE },
        { .name = "mask", .type = LLM_MEDIA_FILE },
        { .name = "input_references", .type = LLM_MEDIA_FILE },
        { .name = "output_format" },
        { .name = "frame_count", .type = LLM_MEDIA_NUMBER },
        { .name = "svg", .type = LLM_MEDIA_FILE }
    };

    stream = 0;

    /* of variations there is one model; of the others it is chosen by rules
       that nobody knows */

    otherwise = (q->route.op == LLM_MEDIA_VARIATION) ? "dall-e-2" : NULL;

    rc = llm_media_fields(q, f, LLM_IMAGES_FIELDS);

    /* a path that others may have for something else */

    if (rc == LLM_OK && q->route.op == LLM_MEDIA_ROUTED
        && (f[LLM_IMAGES_MODEL].n == 0 || f[LLM_IMAGES_TEXT].n == 0))
    {
        return LLM_DECLINED;
    }

    if (rc == LLM_OK) {
        rc = llm_media_model(q, &f[LLM_IMAGES_MODEL], otherwise);
    }

    if (rc == LLM_OK) {
        rc = llm_images_numbers(q, f, &p);
    }

    if (rc == LLM_OK) {
        rc = llm_media_bool(q, &f[LLM_IMAGES_STREAM], &stream);
    }

    if (rc != LLM_OK) {
        return rc;
    }

    q->stream = stream;

    /* a picture is made to its end, whoever is there to get it */

    q->unseen = 1;

    m->text = f[LLM_IMAGES_TEXT].value;

    llm_images_input(q, m, f);

    llm_images_author(q, &f[LLM_IMAGES_SVG]);

    return llm_images_output(q, m, f, &p);
}


/* the pictures that came; where nobody says their tokens, those are counted */

void
llm_images_finish(llm_answer_t *a)
{
    const llm_media_t  *m;

    m = a->q ? a->q->state : NULL;

    if (m == NULL || a->usage.images_out < 0) {
        return;
    }

    if (m->pixels >= 0) {
        a->usage.pixels_out = m->pixels * a->usage.images_out;
    }

    a->counted_output = m->each * a->usage.images_out;
}


/* tokens that are not said to be text are of pictures */

static void
llm_images_parts(llm_answer_t *a, const llm_json_t *j, uint32_t usage)
{
    int64_t   text;
    uint32_t  details;

    if (a->usage.output < 0 || a->usage.image_output >= 0) {
        return;
    }

    details = llm_json_get(j, usage, "output_tokens_details");
    text = -1;

    if (llm_kind_of(j, details) == LLM_JSON_OBJECT) {
        text = llm_answer_figure(a, j, llm_json_get(j, details,
                                                    "text_tokens"));
    }

    a->usage.image_output = (text > 0 && text <= a->usage.output)
                            ? a->usage.output - text : a->usage.output;
}


int
llm_images_drawn(llm_answer_t *a, const llm_json_t *j, uint32_t usage)
{
    llm_answer_t       drawn;
    llm_usage_item_t  *item;

    if (llm_answer_part(a, j, usage, LLM_JSON_OBJECT) == LLM_JSON_NONE) {
        return LLM_OK;
    }

    llm_answer_init(&drawn, a->mem, LLM_KIND_CHAT, NULL);
    llm_openai_usage(&drawn, j, usage);

    a->usage_bad |= drawn.usage_bad;

    if (!drawn.usage_seen) {
        return LLM_OK;
    }

    item = llm_alloc(a->mem, sizeof(llm_usage_item_t));
    if (item == NULL) {
        return LLM_ERROR;
    }

    item->model.len = 0;
    item->usage = drawn.usage;
    item->next = a->items;
    a->items = item;

    return llm_answer_keep(a, j, llm_json_get(j, usage, "model"),
                           &item->model);
}


int
llm_images_answer(llm_answer_t *a, const llm_json_t *j)
{
    uint32_t                i, f[4];
    const llm_json_node_t  *v;

    static const char * const  names[] = { "data", "usage", "b64_json",
                                           "svg_usage" };

    v = j->nodes;
    llm_json_fields(j, 0, names, 4, f);

    if (llm_kind_of(j, f[0]) == LLM_JSON_ARRAY) {
        a->usage.images_out = 0;

        for (i = f[0] + 1; i < llm_json_next(j, f[0]); i = v[i].next) {
            a->usage.images_out++;
        }

    } else if (a->stream ? (llm_given(j, f[2]) && a->finished)
                         : a->q != NULL)
    {
        /* a picture of a stream; or an answer too long to be looked at */

        a->usage.images_out = a->stream ? 1 : a->q->choices;
    }

    if (llm_answer_part(a, j, f[1], LLM_JSON_OBJECT) != LLM_JSON_NONE) {
        llm_openai_usage(a, j, f[1]);
        llm_images_parts(a, j, f[1]);
    }

    if (!a->stream) {
        llm_images_finish(a);
    }

    return llm_images_drawn(a, j, f[3]);
}
