
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_responses.h"

#include "llm_media.h"

#include <string.h>


/* The tool that makes pictures: the most that a request of it can use. */


#define LLM_RESPONSES_PROMPT    1024    /* tokens of what is to be seen */
#define LLM_RESPONSES_PARTIALS  3


/* pictures that are in the request or were made before: any may be edited */

static int64_t
llm_responses_pictures(const llm_json_t *j)
{
    int64_t   n;
    uint32_t  i, type;

    n = 0;

    for (i = 0; i < j->n; i++) {

        if (llm_kind_of(j, i) != LLM_JSON_OBJECT) {
            continue;
        }

        type = llm_json_get(j, i, "type");

        if (llm_kind_of(j, type) == LLM_JSON_STRING
            && (llm_json_equal(j, type, "input_image")
                || llm_json_equal(j, type, "image_generation_call")))
        {
            n++;
        }
    }

    return n;
}


static llm_str_t
llm_responses_text(const llm_json_t *j, uint32_t obj, const char *name)
{
    uint32_t   node;
    llm_str_t  s = llm_string("");

    node = llm_json_get(j, obj, name);

    if (llm_kind_of(j, node) == LLM_JSON_STRING) {
        (void) llm_json_string(j, node, &s, NULL);
    }

    return s;
}


/* pictures that are seen while one is made: 0 to 3, which is the most */

static int64_t
llm_responses_partials(const llm_json_t *j, uint32_t tool)
{
    int64_t   n;
    uint32_t  node;

    node = llm_json_get(j, tool, "partial_images");

    if (llm_kind_of(j, node) != LLM_JSON_NUMBER
        || llm_json_int(j, node, &n) != LLM_OK
        || n < 0 || n > LLM_RESPONSES_PARTIALS)
    {
        n = llm_given(j, node) ? LLM_RESPONSES_PARTIALS : 0;
    }

    return n;
}


/* frames of a film, where it says how many */

static int64_t
llm_responses_frames(const llm_json_t *j, uint32_t tool)
{
    int64_t   n;
    uint32_t  node;

    node = llm_json_get(j, tool, "frame_count");

    return (llm_kind_of(j, node) == LLM_JSON_NUMBER
            && llm_json_int(j, node, &n) == LLM_OK)
           ? n : -1;
}


/* what one call reads: a prompt, and the pictures that it is shown */

static int64_t
llm_responses_shown(const llm_request_t *q, uint32_t tool, int64_t calls,
    const llm_picture_t *p)
{
    int64_t    n;
    llm_str_t  fidelity;

    fidelity = llm_responses_text(&q->json, tool, "input_fidelity");

    n = q->guest.shown + llm_given(&q->json, llm_json_get(&q->json, tool,
                                                          "input_image_mask"));

    /* what an earlier call has made is shown to a later one */

    n += (calls != 1);

    return LLM_RESPONSES_PROMPT + n * llm_images_sent(&p->model, &fidelity);
}


/*
 * The tool that makes pictures asks a model of its own: a picture a call, of
 * the size and quality that it names, from words and all that it can be shown.
 * One that is brought again is the same; of two only one would be reserved.
 */

int
llm_responses_paints(llm_request_t *q, uint32_t tool, int64_t calls)
{
    int64_t        n, made;
    llm_guest_t   *guest;
    llm_picture_t  p;

    guest = &q->guest;

    p.model = llm_responses_text(&q->json, tool, "model");
    p.size = llm_responses_text(&q->json, tool, "size");
    p.quality = llm_responses_text(&q->json, tool, "quality");
    p.format = llm_responses_text(&q->json, tool, "output_format");
    p.partials = llm_responses_partials(&q->json, tool);
    p.frames = llm_responses_frames(&q->json, tool);

    /* a drawing is made by one more model, which need not be told */

    if (llm_media_equal(&p.format, "svg")) {
        return LLM_DECLINED;
    }

    if (p.model.len == 0) {
        llm_str_set(&p.model, LLM_RESPONSES_PAINTER);
    }

    if (guest->model.len
        && (guest->model.len != p.model.len
            || memcmp(guest->model.data, p.model.data, p.model.len) != 0))
    {
        return llm_request_bad(q, "tools", "must not name two models that "
                                           "make pictures");
    }

    made = llm_images_made(&p);

    /* the tool may be there a hundred thousand times: they are counted once */

    if (guest->model.len == 0) {
        guest->shown = llm_responses_pictures(&q->json);
    }

    n = llm_responses_shown(q, tool, calls, &p);

    /* ... brought again, of the largest that it can be asked for */

    if (guest->model.len) {
        made = guest->most.output > made ? guest->most.output : made;
        n = guest->most.input > n ? guest->most.input : n;
    }

    guest->model = p.model;
    guest->calls = calls;

    llm_usage_text(&guest->most, n, made);

    guest->most.image_input = -1;
    guest->most.cached_image = -1;
    guest->most.image_output = -1;

    return LLM_OK;
}
