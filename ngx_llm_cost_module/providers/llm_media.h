
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_MEDIA_H_INCLUDED_
#define _LLM_MEDIA_H_INCLUDED_


/*
 * OpenAI's pictures, speech and transcriptions, and Mistral's OCR: kinds of the
 * OpenAI dialect whose requests are JSON or a form with files in it, and whose
 * prices are by the token, the picture, the character, the second or the page.
 */

#include "llm_dialect.h"


/* the request is of one of these kinds */

int llm_media_is(llm_kind_e kind);

/* a picture that is wanted; empty: the model chooses */

typedef struct {
    llm_str_t             model;
    llm_str_t             size;      /* "1024x1536" */
    llm_str_t             quality;
    llm_str_t             format;    /* "gif" */
    int64_t               frames;    /* of a film; -1: not said */
    int64_t               partials;  /* seen while it is made */
} llm_picture_t;

/*
 * Tokens of one that a model with a price by the token makes; the most, with
 * what it says beside it; and of one that it is sent.
 */

int64_t llm_images_each(const llm_picture_t *p);
int64_t llm_images_made(const llm_picture_t *p);
int64_t llm_images_sent(const llm_str_t *model, const llm_str_t *fidelity);

/* 1: it is one, "1024x1536" */

int llm_images_size(const llm_str_t *s, int64_t *w, int64_t *h);


/* of a path; the dialect's own */

#define LLM_MEDIA_GENERATE   1
#define LLM_MEDIA_EDIT       2
#define LLM_MEDIA_VARIATION  3
#define LLM_MEDIA_ROUTED     5             /* OpenRouter's own */
#define LLM_MEDIA_XAI        4             /* speech of xAI's, which names no
                                              model */


/* members of a request, of either form; param and rules are the caller's */

typedef enum {
    LLM_MEDIA_TEXT = 0,
    LLM_MEDIA_NUMBER,
    LLM_MEDIA_BOOL,
    LLM_MEDIA_FILE                   /* files, or what names them */
} llm_media_type_e;

typedef struct {
    const char           *name;
    llm_media_type_e      type;
    llm_str_t             value;     /* text, or a file's bytes */
    uint32_t              node;      /* in JSON */
    unsigned              n;         /* how many; 0: none is given */
} llm_media_field_t;


/* what is known of a request: q->state */

typedef struct {
    llm_str_t             text;      /* counted as input */
    llm_str_t             more;
    int64_t               beside;    /* tokens of what is no text */
    int64_t               each;      /* output tokens of one picture */
    int64_t               pixels;    /* of one picture; -1: not known */
} llm_media_t;


/* LLM_OK, LLM_BAD with q->err and q->param, LLM_ERROR */

int llm_media_fields(llm_request_t *q, llm_media_field_t *f, unsigned n);

/* *v is left alone where the field is not given */

int llm_media_number(llm_request_t *q, const llm_media_field_t *f,
    int64_t min, int64_t max, int64_t *v);
int llm_media_bool(llm_request_t *q, const llm_media_field_t *f, int *v);

/* the model: that of an Azure path, of the field, or a default (or NULL) */

int llm_media_model(llm_request_t *q, const llm_media_field_t *f,
    const char *otherwise);

int llm_media_equal(const llm_str_t *s, const char *text);


int llm_media_parse(llm_request_t *q);
int llm_media_count(llm_request_t *q, llm_counter_t *c);
int llm_media_answer(llm_answer_t *a, const llm_json_t *j);
int llm_media_event(llm_answer_t *a, const llm_str_t *data);
void llm_media_finish(llm_answer_t *a);

int llm_images_parse(llm_request_t *q, llm_media_t *m);
int llm_images_answer(llm_answer_t *a, const llm_json_t *j);
void llm_images_finish(llm_answer_t *a);

/* what who has drawn a picture used, to a->items; LLM_OK, LLM_ERROR */

int llm_images_drawn(llm_answer_t *a, const llm_json_t *j, uint32_t usage);

int llm_speech_parse(llm_request_t *q, llm_media_t *m);
int llm_transcription_parse(llm_request_t *q, llm_media_t *m);
int llm_ocr_parse(llm_request_t *q);
int llm_ocr_answer(llm_answer_t *a, const llm_json_t *j);
int llm_audio_answer(llm_answer_t *a, const llm_json_t *j);


#endif /* _LLM_MEDIA_H_INCLUDED_ */
