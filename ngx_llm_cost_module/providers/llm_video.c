
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_video.h"
#include "llm_gemini.h"

#include <string.h>


#define LLM_VIDEO_WINDOW     3600           /* seconds that it takes */
#define LLM_VIDEO_SECONDS    600            /* of one, more than there is */
#define LLM_VIDEO_XAI        15             /* where it is not said: the most */
#define LLM_VIDEO_VEO        8              /* what is made then */
#define LLM_VIDEO_SAMPLES    16


static void
llm_video_begin(llm_request_t *q)
{
    q->max_output = 0;
    q->choices = 1;
    q->stateful = 1;
    q->sealed = 1;
    q->unseen = 1;
    q->window = LLM_VIDEO_WINDOW;

    llm_usage_text(&q->most, 0, 0);
    q->bounded = 1;
}


/* a number, or a text that is one: both are in use */

static int
llm_video_number(llm_request_t *q, uint32_t node, const char *param,
    int64_t max, int64_t *v)
{
    llm_str_t  s;

    if (!llm_given(&q->json, node)) {
        return LLM_OK;
    }

    if (llm_kind_of(&q->json, node) != LLM_JSON_STRING) {
        return llm_request_number(q, node, param, 1, max, v);
    }

    if (llm_json_string(&q->json, node, &s, NULL) != LLM_OK) {
        return LLM_ERROR;
    }

    if (llm_parse_int(s.data, s.len, v) != LLM_OK || *v < 1 || *v > max) {
        return llm_request_bad(q, param, "must be a number of seconds");
    }

    return LLM_OK;
}


/* "720p/veo-3.1-generate-001": a price map has rows for sizes */

static int
llm_video_price(llm_request_t *q, const llm_str_t *size)
{
    unsigned char  *p;

    if (size->len == 0 || size->len > 16) {
        return LLM_OK;
    }

    p = llm_alloc(q->mem, size->len + 1 + q->model.len);
    if (p == NULL) {
        return LLM_ERROR;
    }

    q->priced.data = p;
    q->priced.len = size->len + 1 + q->model.len;

    memcpy(p, size->data, size->len);
    p[size->len] = '/';
    memcpy(p + size->len + 1, q->model.data, q->model.len);

    return LLM_OK;
}


static int64_t
llm_video_elements(const llm_json_t *j, uint32_t list)
{
    int64_t   n;
    uint32_t  i;

    if (llm_kind_of(j, list) != LLM_JSON_ARRAY) {
        return llm_given(j, list);
    }

    for (n = 0, i = list + 1; i < llm_json_next(j, list);
         i = llm_json_next(j, i))
    {
        n++;
    }

    return n;
}


int
llm_video_xai_parse(llm_request_t *q)
{
    int        rc;
    int64_t    seconds;
    uint32_t   f[6];
    llm_str_t  size, prompt;

    static const char * const  names[] = {
        "model", "prompt", "duration", "resolution", "image",
        "reference_images"
    };

    llm_video_begin(q);

    seconds = LLM_VIDEO_XAI;
    llm_str_set(&size, "");

    rc = llm_request_object(q, 0, NULL, names, 6, f);

    if (rc == LLM_OK) {
        rc = llm_request_model(q, f[0], "model");
    }

    if (rc == LLM_OK) {
        rc = llm_request_string(q, f[1], "prompt", &prompt);
    }

    if (rc == LLM_OK) {
        rc = llm_video_number(q, f[2], "duration", LLM_VIDEO_SECONDS,
                              &seconds);
    }

    if (rc == LLM_OK) {
        rc = llm_request_string(q, f[3], "resolution", &size);
    }

    if (rc == LLM_OK) {
        rc = llm_video_price(q, &size);
    }

    if (rc != LLM_OK) {
        return rc;
    }

    q->sure = llm_given(&q->json, f[2]);
    q->most.video_output_ms = seconds * 1000;
    q->most.images_in = llm_video_elements(&q->json, f[4])
                        + llm_video_elements(&q->json, f[5]);

    return LLM_OK;
}


/* {"request_id":...}, and later its state */

int
llm_video_xai_answer(llm_answer_t *a, const llm_json_t *j)
{
    int64_t                 ms;
    uint32_t                f[3], duration;
    const llm_json_node_t  *n;

    static const char * const  names[] = { "request_id", "status", "video" };

    a->finished = 1;
    a->deferred = 1;

    if (llm_kind_of(j, 0) != LLM_JSON_OBJECT) {
        return LLM_OK;
    }

    llm_json_fields(j, 0, names, 3, f);

    if (llm_answer_keep(a, j, f[0], &a->told.id) != LLM_OK) {
        return LLM_ERROR;
    }

    if (llm_kind_of(j, f[1]) != LLM_JSON_STRING) {
        a->error |= llm_given(j, llm_json_get(j, 0, "error"));
        return LLM_OK;
    }

    if (llm_json_equal(j, f[1], "failed") || llm_json_equal(j, f[1], "expired"))
    {
        a->told.ended = 1;
        a->told.unused = 1;
        return LLM_OK;
    }

    if (!llm_json_equal(j, f[1], "done")
        || llm_kind_of(j, f[2]) != LLM_JSON_OBJECT)
    {
        return LLM_OK;
    }

    a->told.ended = 1;
    a->told.made = 1;

    duration = llm_json_get(j, f[2], "duration");

    if (llm_kind_of(j, duration) == LLM_JSON_NUMBER) {
        n = llm_json_node(j, duration);

        if (llm_parse_scaled(j->data + n->start, n->end - n->start, 3, &ms)
            == LLM_OK && ms >= 0 && ms <= LLM_VIDEO_SECONDS * 1000)
        {
            a->usage.input = 0;
            a->usage.output = 0;
            a->usage.video_output_ms = ms;
            a->usage_seen = 1;
        }
    }

    return LLM_OK;
}


int
llm_video_veo_parse(llm_request_t *q)
{
    int        rc;
    int64_t    n, seconds, samples;
    uint32_t   f[2], p[3] = { LLM_JSON_NONE, LLM_JSON_NONE, LLM_JSON_NONE };
    llm_str_t  size;

    static const char * const  names[] = { "instances", "parameters" };
    static const char * const  parameters[] = {
        "durationSeconds", "sampleCount", "resolution"
    };

    llm_video_begin(q);

    if (llm_request_path_model(q, "model") != LLM_OK) {
        return LLM_BAD;
    }

    seconds = LLM_VIDEO_VEO;
    samples = 1;
    llm_str_set(&size, "720p");

    rc = llm_request_object(q, 0, NULL, names, 2, f);

    if (rc == LLM_OK) {
        rc = llm_given(&q->json, f[0])
             ? llm_request_array(q, f[0], "instances", 1)
             : llm_request_bad(q, "instances", "is required");
    }

    if (rc == LLM_OK && llm_given(&q->json, f[1])) {
        rc = llm_request_object(q, f[1], "parameters", parameters, 3, p);
    }

    if (rc == LLM_OK) {
        rc = llm_video_number(q, p[0], "durationSeconds", LLM_VIDEO_SECONDS,
                              &seconds);
    }

    if (rc == LLM_OK) {
        rc = llm_video_number(q, p[1], "sampleCount", LLM_VIDEO_SAMPLES,
                              &samples);
    }

    if (rc == LLM_OK) {
        rc = llm_request_string(q, p[2], "resolution", &size);
    }

    if (rc != LLM_OK) {
        return rc;
    }

    n = llm_video_elements(&q->json, f[0]);

    q->sure = 1;
    q->most.video_output_ms = n * samples * seconds * 1000;

    return llm_video_price(q, &size);
}


/*
 * How many videos there are, wherever a service puts them; -1: not known.  That
 * there is none because they were filtered is said by their number.
 */

static int64_t
llm_video_veo_made(const llm_json_t *j, uint32_t response)
{
    int64_t   filtered;
    uint32_t  inner, list, node;

    if (llm_kind_of(j, response) != LLM_JSON_OBJECT) {
        return -1;
    }

    inner = llm_json_get(j, response, "generateVideoResponse");
    inner = llm_kind_of(j, inner) == LLM_JSON_OBJECT ? inner : response;

    list = llm_json_get(j, inner, "generatedSamples");

    if (llm_kind_of(j, list) != LLM_JSON_ARRAY) {
        list = llm_json_get(j, inner, "videos");
    }

    if (llm_kind_of(j, list) == LLM_JSON_ARRAY) {
        return llm_video_elements(j, list);
    }

    node = llm_json_get(j, inner, "raiMediaFilteredCount");

    return llm_kind_of(j, node) == LLM_JSON_NUMBER
           && llm_json_int(j, node, &filtered) == LLM_OK && filtered > 0
           ? 0 : -1;
}


/*
 * {"name":"models/M/operations/ID"}: what it is asked for by is the end of it.
 * Vertex AI is asked by a request whose body has the name, which nobody reads:
 * there it is billed at once.
 */

static void
llm_video_veo_name(llm_answer_t *a)
{
    llm_str_t  *id;

    static const llm_str_t  vertex = llm_string("projects/");

    id = &a->told.id;

    if (id->len > vertex.len
        && memcmp(id->data, vertex.data, vertex.len) == 0)
    {
        id->len = 0;
        return;
    }

    llm_gemini_operation(a);
}


int
llm_video_veo_answer(llm_answer_t *a, const llm_json_t *j)
{
    int64_t   made;
    uint32_t  f[4];

    static const char * const  names[] = {
        "name", "done", "response", "error"
    };

    a->finished = 1;
    a->deferred = 1;

    if (llm_kind_of(j, 0) != LLM_JSON_OBJECT) {
        return LLM_OK;
    }

    llm_json_fields(j, 0, names, 4, f);

    if (llm_answer_keep(a, j, f[0], &a->told.id) != LLM_OK) {
        return LLM_ERROR;
    }

    llm_video_veo_name(a);

    if (llm_kind_of(j, f[1]) != LLM_JSON_TRUE) {
        a->error |= llm_given(j, f[3]);
        return LLM_OK;
    }

    a->told.ended = 1;

    made = llm_video_veo_made(j, f[2]);

    /* of what nobody can read it stays held, and is charged in the end */

    a->told.unused = (llm_given(j, f[3]) || made == 0);
    a->told.made = (made > 0 && !a->told.unused);

    return LLM_OK;
}


int
llm_video_count(llm_request_t *q, llm_counter_t *c)
{
    llm_input_t  in;

    static const char * const  names[] = { "prompt" };

    llm_input_init(&in, q, c);
    in.estimate = 1;

    llm_input_string(&in, llm_json_get(&q->json, 0, "prompt"));
    llm_predict_texts(&in, names, 1);

    return llm_input_end(&in);
}
