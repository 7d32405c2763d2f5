
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_media.h"
#include "llm_multipart.h"
#include "llm_openai.h"
#include "llm_video.h"

#include <string.h>
#include <strings.h>


/* What requests for pictures and sound have in common. */

#define LLM_MEDIA_EVENT_NODES  65536
#define LLM_MEDIA_FIELDS       16


int
llm_media_is(llm_kind_e kind)
{
    return kind == LLM_KIND_IMAGES || kind == LLM_KIND_SPEECH
           || kind == LLM_KIND_TRANSCRIPTION || kind == LLM_KIND_OCR
           || kind == LLM_KIND_VIDEO;
}


int
llm_media_equal(const llm_str_t *s, const char *text)
{
    return s->len == strlen(text) && memcmp(s->data, text, s->len) == 0;
}


static unsigned
llm_media_elements(const llm_json_t *j, uint32_t list)
{
    unsigned  n;
    uint32_t  i;

    n = 0;

    for (i = list + 1; i < llm_json_next(j, list); i = llm_json_next(j, i)) {
        n++;
    }

    return n;
}


static int
llm_media_json(llm_request_t *q, llm_media_field_t *f, unsigned n)
{
    int                     rc;
    unsigned                i;
    uint32_t                nodes[LLM_MEDIA_FIELDS];
    const char             *names[LLM_MEDIA_FIELDS] = { NULL };
    const llm_json_node_t  *v;

    for (i = 0; i < n; i++) {
        names[i] = f[i].name;
    }

    rc = llm_request_object(q, 0, NULL, names, n, nodes);

    for (i = 0; i < n && rc == LLM_OK; i++) {

        if (!llm_given(&q->json, nodes[i])) {
            continue;
        }

        f[i].node = nodes[i];
        f[i].n = 1;

        v = llm_json_node(&q->json, nodes[i]);

        switch (f[i].type) {

        case LLM_MEDIA_TEXT:
            rc = llm_request_string(q, nodes[i], f[i].name, &f[i].value);
            break;

        case LLM_MEDIA_FILE:
            f[i].value.data = (unsigned char *) q->json.data + v->start;
            f[i].value.len = v->end - v->start;

            if (v->type == LLM_JSON_ARRAY) {
                f[i].n = llm_media_elements(&q->json, nodes[i]);
            }

            break;

        default:
            break;
        }
    }

    return rc;
}


/*
 * A field of this name, in whatever case of its letters; "image[]" is another
 * way to write "image".
 */

static llm_media_field_t *
llm_media_named(llm_media_field_t *f, unsigned n, const llm_str_t *name)
{
    size_t    len, bare;
    unsigned  i;

    bare = name->len;

    if (bare > 2 && memcmp(name->data + bare - 2, "[]", 2) == 0) {
        bare -= 2;
    }

    for (i = 0; i < n; i++) {
        len = (f[i].type == LLM_MEDIA_FILE) ? bare : name->len;

        if (len == strlen(f[i].name)
            && strncasecmp((char *) name->data, f[i].name, len) == 0)
        {
            return &f[i];
        }
    }

    return NULL;
}


static int
llm_media_form(llm_request_t *q, llm_media_field_t *f, unsigned n)
{
    int                 rc;
    llm_part_t          part;
    const llm_str_t    *type;
    llm_multipart_t     m;
    llm_media_field_t  *field;

    type = q->route.headers.get(q->route.headers.ctx, "content-type");

    if (llm_multipart_init(&m, type, &q->body) != LLM_OK) {
        return llm_request_bad(q, "Content-Type", m.err);
    }

    for ( ;; ) {
        rc = llm_multipart_next(&m, &part);

        if (rc == LLM_DECLINED) {
            return LLM_OK;
        }

        if (rc != LLM_OK) {
            return llm_request_bad(q, "body", m.err);
        }

        field = llm_media_named(f, n, &part.name);

        if (field == NULL) {
            continue;
        }

        if (memcmp(part.name.data, field->name, strlen(field->name)) != 0) {
            return llm_request_bad(q, field->name,
                                   "must have its letters in this case");
        }

        if (field->type != LLM_MEDIA_FILE) {

            if (field->n) {
                return llm_request_bad(q, field->name,
                                       "must not occur more than once");
            }

            if (part.file) {
                return llm_request_bad(q, field->name, "must not be a file");
            }
        }

        field->value = part.data;
        field->n++;
    }
}


int
llm_media_fields(llm_request_t *q, llm_media_field_t *f, unsigned n)
{
    unsigned  i;

    for (i = 0; i < n; i++) {
        f[i].node = LLM_JSON_NONE;
    }

    return q->route.raw ? llm_media_form(q, f, n) : llm_media_json(q, f, n);
}


int
llm_media_number(llm_request_t *q, const llm_media_field_t *f, int64_t min,
    int64_t max, int64_t *v)
{
    int      rc;
    int64_t  n;

    if (!q->route.raw) {
        return llm_request_number(q, f->node, f->name, min, max, v);
    }

    if (f->n == 0) {
        return LLM_OK;
    }

    rc = llm_parse_int(f->value.data, f->value.len, &n);

    if (rc == LLM_BAD) {
        return llm_request_bad(q, f->name, "must be an integer");
    }

    if (n < min || n > max || rc != LLM_OK) {
        return llm_request_bad(q, f->name, n < min ? "is too small"
                                                   : "is too large");
    }

    *v = n;

    return LLM_OK;
}


/* forms write it in several ways; what is no way to say no is a yes */

int
llm_media_bool(llm_request_t *q, const llm_media_field_t *f, int *v)
{
    if (!q->route.raw) {
        return llm_request_bool(q, f->node, f->name, v);
    }

    if (f->n) {
        *v = !(llm_media_equal(&f->value, "false")
               || llm_media_equal(&f->value, "False")
               || llm_media_equal(&f->value, "0")
               || f->value.len == 0);
    }

    return LLM_OK;
}


int
llm_media_model(llm_request_t *q, const llm_media_field_t *f,
    const char *otherwise)
{
    if (llm_openai_deployment(&q->path, &q->model)) {
        q->model_in_path = 1;

    } else if (f->n && f->value.len) {
        q->model = f->value;

    } else if (otherwise) {
        q->model.data = (unsigned char *) otherwise;
        q->model.len = strlen(otherwise);

    } else {
        return llm_request_bad(q, f->name, "is required");
    }

    return llm_request_model_name(q, f->name);
}


int
llm_media_parse(llm_request_t *q)
{
    int           rc;
    llm_media_t  *m;

    if (q->kind == LLM_KIND_VIDEO) {
        q->route.step = LLM_LONG_RUN;
        return llm_video_xai_parse(q);
    }

    m = llm_alloc(q->mem, sizeof(llm_media_t));
    if (m == NULL) {
        return LLM_ERROR;
    }

    memset(m, 0, sizeof(llm_media_t));

    q->state = m;
    q->choices = 1;
    q->stateful = 1;

    llm_usage_text(&q->most, 0, 0);
    q->bounded = 1;

    switch (q->kind) {

    case LLM_KIND_IMAGES:
        rc = llm_images_parse(q, m);
        break;

    case LLM_KIND_SPEECH:
        rc = llm_speech_parse(q, m);
        break;

    case LLM_KIND_OCR:
        rc = llm_ocr_parse(q);
        break;

    default:
        rc = llm_transcription_parse(q, m);
    }

    return rc;
}


/* what stands around a prompt is not known: it is learned from answers */

int
llm_media_count(llm_request_t *q, llm_counter_t *c)
{
    llm_media_t  *m;

    if (q->kind == LLM_KIND_VIDEO) {
        return llm_video_count(q, c);
    }

    m = q->state;

    q->input_tokens = m->beside;
    q->estimate = 1;

    if (m->text.len) {
        q->input_tokens += (int64_t) c->count(c, m->text.data, m->text.len);
    }

    if (m->more.len) {
        q->input_tokens += (int64_t) c->count(c, m->more.data, m->more.len);
    }

    return LLM_OK;
}


static int
llm_media_read(llm_answer_t *a, const llm_json_t *j)
{
    switch (a->kind) {

    case LLM_KIND_IMAGES:
        return llm_images_answer(a, j);

    case LLM_KIND_OCR:
        return llm_ocr_answer(a, j);

    default:
        return llm_audio_answer(a, j);
    }
}


int
llm_media_answer(llm_answer_t *a, const llm_json_t *j)
{
    if (a->kind == LLM_KIND_VIDEO) {
        return llm_video_xai_answer(a, j);
    }

    if (llm_kind_of(j, 0) != LLM_JSON_OBJECT) {
        return LLM_OK;
    }

    if (llm_answer_keep(a, j, llm_json_get(j, 0, "model"), &a->model)
        != LLM_OK)
    {
        return LLM_ERROR;
    }

    if (llm_given(j, llm_json_get(j, 0, "error"))) {
        a->error = 1;
        return LLM_OK;
    }

    a->finished = 1;

    return llm_media_read(a, j);
}


static int
llm_media_ends(const llm_json_t *j, uint32_t type)
{
    llm_str_t  s;

    return llm_kind_of(j, type) == LLM_JSON_STRING
           && llm_json_string(j, type, &s, NULL) == LLM_OK
           && (llm_openai_ends(&s, ".completed")
               || llm_openai_ends(&s, ".done"));
}


/* the last event has the usage; those before it, a piece of the result */

int
llm_media_event(llm_answer_t *a, const llm_str_t *data)
{
    int          rc;
    llm_json_t  *j;

    a->stream = 1;

    j = llm_answer_state(a, sizeof(llm_json_t));
    if (j == NULL) {
        return LLM_ERROR;
    }

    if (llm_media_equal(data, "[DONE]")) {
        a->finished = 1;
        return LLM_EVENT_PASS;
    }

    j->mem = a->mem;
    j->max = LLM_MEDIA_EVENT_NODES;

    rc = llm_json_parse(j, data->data, data->len);

    if (rc != LLM_OK || llm_kind_of(j, 0) != LLM_JSON_OBJECT) {
        return (rc == LLM_ERROR) ? LLM_ERROR : LLM_EVENT_PASS;
    }

    if (llm_given(j, llm_json_get(j, 0, "error"))) {
        a->error = 1;
    }

    if (llm_media_ends(j, llm_json_get(j, 0, "type"))) {
        a->finished = 1;
    }

    rc = llm_media_read(a, j);

    return (rc == LLM_ERROR) ? LLM_ERROR : LLM_EVENT_PASS;
}


void
llm_media_finish(llm_answer_t *a)
{
    if (a->kind == LLM_KIND_IMAGES) {
        llm_images_finish(a);
    }
}
