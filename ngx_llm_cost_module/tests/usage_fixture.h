
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _USAGE_FIXTURE_H_INCLUDED_
#define _USAGE_FIXTURE_H_INCLUDED_


/* figures of a usage by their names; some have a short one */

#include "llm_arena.h"
#include "llm_usage.h"


typedef struct {
    const char      *name;
    size_t           field;
} usage_figure_t;


static const usage_figure_t  usage_figures[] = {
    { "in", offsetof(llm_usage_t, input) },
    { "out", offsetof(llm_usage_t, output) },
    { "cached", offsetof(llm_usage_t, cached_input) },
    { "write", offsetof(llm_usage_t, cache_write) },
    { "hour", offsetof(llm_usage_t, cache_write_1h) },
    { "day", offsetof(llm_usage_t, cache_write_day) },
    { "audio_input", offsetof(llm_usage_t, audio_input) },
    { "image_input", offsetof(llm_usage_t, image_input) },
    { "video_input", offsetof(llm_usage_t, video_input) },
    { "cached_audio", offsetof(llm_usage_t, cached_audio) },
    { "cached_image", offsetof(llm_usage_t, cached_image) },
    { "cached_video", offsetof(llm_usage_t, cached_video) },
    { "reasoning", offsetof(llm_usage_t, reasoning) },
    { "audio_output", offsetof(llm_usage_t, audio_output) },
    { "image_output", offsetof(llm_usage_t, image_output) },
    { "video_output", offsetof(llm_usage_t, video_output) },
    { "orch_input", offsetof(llm_usage_t, orch_input) },
    { "orch_cached", offsetof(llm_usage_t, orch_cached) },
    { "orch_output", offsetof(llm_usage_t, orch_output) },
    { "input_chars", offsetof(llm_usage_t, input_chars) },
    { "output_chars", offsetof(llm_usage_t, output_chars) },
    { "audio_input_ms", offsetof(llm_usage_t, audio_input_ms) },
    { "video_input_ms", offsetof(llm_usage_t, video_input_ms) },
    { "audio_output_ms", offsetof(llm_usage_t, audio_output_ms) },
    { "video_output_ms", offsetof(llm_usage_t, video_output_ms) },
    { "images_in", offsetof(llm_usage_t, images_in) },
    { "images_out", offsetof(llm_usage_t, images_out) },
    { "pixels_in", offsetof(llm_usage_t, pixels_in) },
    { "pixels_out", offsetof(llm_usage_t, pixels_out) },
    { "pages", offsetof(llm_usage_t, pages) },
    { "pages_annotated", offsetof(llm_usage_t, pages_annotated) },
    { "queries", offsetof(llm_usage_t, queries) },
    { "searches", offsetof(llm_usage_t, searches) },
    { "maps_queries", offsetof(llm_usage_t, maps_queries) },
    { "file_searches", offsetof(llm_usage_t, file_searches) },
    { "web_fetches", offsetof(llm_usage_t, web_fetches) },
    { "code_sessions", offsetof(llm_usage_t, code_sessions) },
    { "tool_calls", offsetof(llm_usage_t, tool_calls) },
    { "citation_tokens", offsetof(llm_usage_t, citation_tokens) },
    { "request_ms", offsetof(llm_usage_t, request_ms) },
    { "search_size", offsetof(llm_usage_t, search_size) },
    { "tier", offsetof(llm_usage_t, tier) },
    { "geo", offsetof(llm_usage_t, geo) },
    { "fast", offsetof(llm_usage_t, fast) },
    { "reported", offsetof(llm_usage_t, reported_cost) },
    { NULL, 0 }
};

_Static_assert(sizeof(usage_figures) / sizeof(usage_figures[0])
               == LLM_USAGE_FIELDS + 1, "each figure has a name");


static inline int64_t *
usage_figure(llm_usage_t *u, const char *name)
{
    unsigned  i;

    for (i = 0; strcmp(usage_figures[i].name, name) != 0; i++) {
        assert_non_null(usage_figures[i + 1].name);
    }

    return (int64_t *) ((char *) u + usage_figures[i].field);
}


/* "in=3 out=9": those that are not as in the other, one behind the other */

static inline size_t
usage_print(char *text, size_t size, const llm_usage_t *u,
    const llm_usage_t *other)
{
    size_t    n, at;
    int64_t   v;
    unsigned  i;

    text[0] = '\0';

    for (i = 0, n = 0; usage_figures[i].name; i++) {
        at = usage_figures[i].field;
        v = *(const int64_t *) ((const char *) u + at);

        if (v != *(const int64_t *) ((const char *) other + at)) {
            n += snprintf(text + n, size - n, "%s%s=%lld", n ? " " : "",
                          usage_figures[i].name, (long long) v);
            assert_true(n < size);
        }
    }

    return n;
}


#endif /* _USAGE_FIXTURE_H_INCLUDED_ */
