
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_media.h"
#include "llm_audio.h"
#include "llm_openai.h"

#include <string.h>


/*
 * Speech and transcriptions.  The first are charged by the character, or by
 * tokens of text and of sound; the second by the second, or by tokens.  How
 * long a recording is its file says, or its size bounds.
 */

#define LLM_AUDIO_HOURS      (3 * 3600000LL)    /* of what cannot be seen */

/* tokens of a second that is heard, and of the words that are in it */

#define LLM_AUDIO_TOKENS     17
#define LLM_AUDIO_WORDS      12

/* of xAI's models that write down what was said, which cost the same */

#define LLM_AUDIO_XAI        "grok-voice-transcribe-2.0"

/* tokens of sound for a byte of text: twice as slow as most people speak */

#define LLM_AUDIO_SPOKEN     2
#define LLM_AUDIO_BESIDE     100


static int64_t
llm_audio_chars(const llm_str_t *s)
{
    size_t   i;
    int64_t  n;

    n = 0;

    for (i = 0; i < s->len; i++) {
        n += (s->data[i] & 0xc0) != 0x80;
    }

    return n;
}


int
llm_speech_parse(llm_request_t *q, llm_media_t *m)
{
    int                rc;
    unsigned           xai;
    llm_media_field_t  f[] = {
        { .name = "model" },
        { .name = "input" },
        { .name = "instructions" },
        { .name = "stream_format" }
    };

    xai = (q->route.op == LLM_MEDIA_XAI);
    f[1].name = xai ? "text" : "input";

    rc = llm_media_fields(q, f, 4);

    if (rc == LLM_OK) {
        rc = llm_media_model(q, &f[0], xai ? "tts" : NULL);
    }

    if (rc == LLM_OK && f[1].n == 0) {
        rc = llm_request_bad(q, f[1].name, "is required");
    }

    if (rc != LLM_OK) {
        return rc;
    }

    m->text = f[1].value;
    m->more = f[2].value;
    m->beside = 16;

    q->stream = llm_media_equal(&f[3].value, "sse");
    q->unseen = 1;

    q->most.input_chars = llm_audio_chars(&m->text);
    q->most.audio_output = -1;
    q->max_output = LLM_AUDIO_SPOKEN * (int64_t) m->text.len
                    + LLM_AUDIO_BESIDE;

    return LLM_OK;
}


/* the data of OpenRouter's {"data": "...", "format": "wav"} */

static int64_t
llm_audio_inline(const llm_request_t *q, uint32_t node)
{
    uint32_t   data;
    llm_str_t  s;

    if (llm_kind_of(&q->json, node) != LLM_JSON_OBJECT) {
        return LLM_AUDIO_HOURS;
    }

    data = llm_json_get(&q->json, node, "data");

    if (llm_kind_of(&q->json, data) != LLM_JSON_STRING
        || llm_json_string(&q->json, data, &s, NULL) != LLM_OK)
    {
        return LLM_AUDIO_HOURS;
    }

    return llm_audio_most(s.len / 4 * 3 + 3);
}


/* what a recording of so many milliseconds uses at most */

static void
llm_audio_reads(llm_request_t *q, llm_media_t *m, int64_t ms)
{
    int64_t  seconds;

    seconds = ms / 1000 + 1;

    m->beside = LLM_AUDIO_BESIDE + LLM_AUDIO_TOKENS * seconds;

    q->most.audio_input = -1;
    q->most.cached_audio = -1;
    q->most.audio_input_ms = ms;
    q->max_output = LLM_AUDIO_WORDS * seconds + LLM_AUDIO_BESIDE;
}


/* one that is named by an address or an id cannot be looked at */

static int64_t
llm_transcription_ms(const llm_request_t *q, const llm_media_field_t *file,
    const llm_media_field_t *input)
{
    unsigned  exact;

    if (q->route.raw && file->n) {
        return llm_audio_ms(file->value.data, file->value.len, &exact);
    }

    return input->n ? llm_audio_inline(q, input->node) : LLM_AUDIO_HOURS;
}


int
llm_transcription_parse(llm_request_t *q, llm_media_t *m)
{
    int                rc, stream, channels;
    llm_media_field_t  f[] = {
        { .name = "model" },
        { .name = "prompt" },
        { .name = "stream", .type = LLM_MEDIA_BOOL },
        { .name = "file", .type = LLM_MEDIA_FILE },
        { .name = "input_audio", .type = LLM_MEDIA_FILE },
        { .name = "multichannel", .type = LLM_MEDIA_BOOL }
    };

    stream = 0;
    channels = 0;

    rc = llm_media_fields(q, f, 6);

    if (rc == LLM_OK) {
        rc = llm_media_model(q, &f[0], q->route.op == LLM_MEDIA_XAI
                                       ? LLM_AUDIO_XAI : NULL);
    }

    if (rc == LLM_OK && q->route.op == LLM_MEDIA_XAI) {
        rc = llm_media_bool(q, &f[5], &channels);

        /* what several channels of one recording cost is not known */

        if (rc == LLM_OK && channels) {
            return LLM_DECLINED;
        }
    }

    if (rc == LLM_OK) {
        rc = llm_media_bool(q, &f[2], &stream);
    }

    if (rc == LLM_OK && f[3].n > 1) {
        rc = llm_request_bad(q, "file", "must not occur more than once");
    }

    if (rc != LLM_OK) {
        return rc;
    }

    q->stream = stream;
    m->text = f[1].value;

    llm_audio_reads(q, m, llm_transcription_ms(q, &f[3], &f[4]));

    return LLM_OK;
}


/* seconds, with a fraction or without, as milliseconds; -1: not said */

static int64_t
llm_audio_seconds(llm_answer_t *a, const llm_json_t *j, uint32_t node)
{
    int64_t                 ms;
    const llm_json_node_t  *v;

    if (!llm_given(j, node)) {
        return -1;
    }

    v = llm_json_node(j, node);

    if ((v->type != LLM_JSON_NUMBER && v->type != LLM_JSON_STRING)
        || llm_parse_scaled(j->data + v->start, v->end - v->start, 3, &ms)
           != LLM_OK
        || ms < 0 || ms > LLM_USAGE_MAX)
    {
        a->usage_bad = 1;
        return -1;
    }

    return ms;
}


/*
 * A usage of tokens, or of seconds ("type": "duration").  An answer without
 * one may say how long the recording is; else what its file says holds.
 */

int
llm_audio_answer(llm_answer_t *a, const llm_json_t *j)
{
    int64_t   ms;
    uint32_t  f[2], usage;

    static const char * const  names[] = { "usage", "duration" };

    llm_json_fields(j, 0, names, 2, f);

    usage = f[0];
    ms = -1;

    if (llm_answer_part(a, j, usage, LLM_JSON_OBJECT) != LLM_JSON_NONE) {
        llm_openai_usage(a, j, usage);

        if (a->kind == LLM_KIND_SPEECH && a->usage.audio_output < 0) {
            a->usage.audio_output = a->usage.output;
        }

        ms = llm_audio_seconds(a, j, llm_json_get(j, usage, "seconds"));

        if (ms < 0) {
            ms = llm_audio_seconds(a, j, llm_json_get(j, usage,
                                                     "prompt_audio_seconds"));
        }

        a->usage_seen |= (ms >= 0);
    }

    if (a->kind == LLM_KIND_TRANSCRIPTION) {

        if (ms < 0 && a->usage.audio_input_ms < 0 && !a->usage_seen) {
            ms = llm_audio_seconds(a, j, f[1]);
        }

        if (ms >= 0) {
            a->usage.audio_input_ms = ms;
        }
    }

    return LLM_OK;
}
