
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _TRAFFIC_OPENAI_H_INCLUDED_
#define _TRAFFIC_OPENAI_H_INCLUDED_


/* recorded usage of OpenAI's APIs in our terms, read by another reader */

#include "traffic.h"


/* searches, and what the vendor says that it takes */

static inline void
expected_extras(json_t *o, llm_usage_t *u)
{
    json_t       *cost, *tools;
    int64_t       own;
    const char   *size;

    tools = json_object_get(o, "server_side_tool_usage_details");

    u->searches = either(number(json_object_get(o, "server_tool_use_details"),
                                "web_search_requests"),
                         either(number(tools, "web_search_calls"),
                                number(o, "num_sources_used")));

    if (number(tools, "x_search_calls") >= 0) {
        u->searches += number(tools, "x_search_calls");
    }

    u->file_searches = number(tools, "file_search_calls");
    u->code_sessions = number(tools, "code_interpreter_calls");
    u->tool_calls = number(tools, "document_search_calls");

    size = text(o, "search_context_size");

    if (*size) {
        u->search_size = strcmp(size, "low") == 0 ? LLM_SEARCH_LOW
                         : strcmp(size, "high") == 0 ? LLM_SEARCH_HIGH
                                                     : LLM_SEARCH_MEDIUM;
    }

    cost = json_object_get(o, "cost");
    cost = json_is_object(cost) ? json_object_get(cost, "total_cost") : cost;

    if (json_is_number(cost)) {
        own = json_is_true(json_object_get(o, "is_byok"))
              ? llround(json_number_value(json_object_get(
                            json_object_get(o, "cost_details"),
                            "upstream_inference_cost")) * 1e9) : 0;
        u->reported_cost = llround(json_number_value(cost) * 1e9) + own;

    } else if (number(o, "cost_in_usd_ticks") >= 0) {
        u->reported_cost = (number(o, "cost_in_usd_ticks") + 9) / 10;
    }
}


/* what the recorder says of a chat, a completion, or embeddings */

static inline void
expected_openai(json_t *r, llm_usage_t *u)
{
    int64_t   total;
    json_t   *o, *in, *out;

    static const llm_usage_t  unknown = LLM_USAGE_INIT;

    *u = unknown;

    o = json_object_get(r, "usage");
    in = json_object_get(o, "prompt_tokens_details");
    in = in ? in : json_object_get(o, "prompt_token_details");
    out = json_object_get(o, "completion_tokens_details");
    total = number(o, "total_tokens");

    u->input = number(o, "prompt_tokens");
    u->output = number(o, "completion_tokens");

    if (strstr(text(r, "api"), "embeddings")) {
        u->input = either(u->input, total);
        u->output = (u->input < 0) ? -1 : either(u->output, 0);

    } else if (total >= 0 && total > u->input + u->output
               && number(o, "prompt_audio_seconds") <= 0)
    {
        u->output = total - u->input;
    }

    u->audio_input_ms = number(o, "prompt_audio_seconds");
    u->audio_input_ms *= u->audio_input_ms > 0 ? 1000 : 1;

    u->cached_input = either(number(in, "cached_tokens"),
                             either(number(o, "prompt_cache_hit_tokens"),
                                    either(number(o, "cached_tokens"),
                                           number(o, "num_cached_tokens"))));
    u->cache_write = either(number(in, "cache_write_tokens"),
                            number(o, "cache_creation_input_tokens"));
    u->video_input = number(in, "video_tokens");
    u->audio_input = number(in, "audio_tokens");
    u->image_input = number(in, "image_tokens");
    u->reasoning = either(number(out, "reasoning_tokens"),
                          number(o, "reasoning_tokens"));
    u->audio_output = number(out, "audio_tokens");
    u->image_output = number(out, "image_tokens");

    /* Vercel takes what was thought beside; Azure's Grok what a cache read */

    if (json_object_get(o, "market_cost") && u->reasoning > 0
        && total == u->input + u->output)
    {
        u->output += u->reasoning;
    }

    if (u->input >= 0 && u->cached_input > u->input) {
        u->input += u->cached_input;
    }

    expected_extras(o, u);
}


/* the response, whole or from the last event of a stream; or NULL */

static inline json_t *
response_of(json_t *r)
{
    char    *body, *line, *end;
    size_t   len;
    json_t  *o, *event;

    body = body_of(r, &len);
    body = realloc(body, len + 1);
    body[len] = '\0';
    o = NULL;

    if (!is_stream(r)) {
        o = json_loadb(body, len, 0, NULL);
    }

    for (line = body; is_stream(r) && (line = strstr(line, "data: ")); ) {

        line += 6;
        end = line + strcspn(line, "\r\n");
        event = json_loadb(line, end - line, 0, NULL);

        if (event && json_object_get(event, "response")) {
            json_decref(o);
            o = json_incref(json_object_get(event, "response"));
        }

        json_decref(event);
        line = end;
    }

    free(body);

    return o;
}


/* ... of a response; calls that the usage does not name are items of it */

static inline void
expected_responses(json_t *r, llm_usage_t *u)
{
    size_t       i;
    json_t      *o, *in, *out, *whole, *item;
    int64_t      searches, files, sessions;
    const char  *action, *container, *id;

    static const llm_usage_t  unknown = LLM_USAGE_INIT;

    *u = unknown;

    o = json_object_get(r, "usage");
    in = json_object_get(o, "input_tokens_details");
    out = json_object_get(o, "output_tokens_details");

    u->input = number(o, "input_tokens");
    u->output = number(o, "output_tokens");
    u->cached_input = number(in, "cached_tokens");
    u->cache_write = number(in, "cache_write_tokens");
    u->reasoning = number(out, "reasoning_tokens");

    expected_extras(o, u);

    searches = 0;
    files = 0;
    sessions = 0;
    container = NULL;
    whole = response_of(r);

    json_array_foreach(json_object_get(whole, "output"), i, item) {

        action = text(json_object_get(item, "action"), "type");

        searches += strcmp(text(item, "type"), "web_search_call") == 0
                    && (*action == '\0' || strcmp(action, "search") == 0);
        files += strcmp(text(item, "type"), "file_search_call") == 0;

        id = text(json_object_get(item, "environment"), "container_id");

        if (strcmp(text(item, "type"), "code_interpreter_call") == 0) {
            id = text(item, "container_id");

        } else if (strcmp(text(item, "type"), "shell_call") != 0
                   || *id == '\0')
        {
            continue;
        }

        sessions += (container == NULL || strcmp(container, id) != 0);
        container = id;
    }

    u->searches = either(u->searches, searches ? searches : -1);
    u->file_searches = either(u->file_searches, files ? files : -1);
    u->code_sessions = either(u->code_sessions, sessions ? sessions : -1);

    json_decref(whole);
}


/* pictures of an answer: a list of them, or an event for each */

static inline int64_t
pictures_of(json_t *r)
{
    char        *body;
    size_t       len;
    json_t      *o;
    int64_t      n;
    const char  *p;

    static const char  event[] = "event: image_";

    body = body_of(r, &len);
    body = realloc(body, len + 1);
    body[len] = '\0';
    n = -1;

    if (is_stream(r)) {

        for (p = body; (p = strstr(p, event)) != NULL; p++) {
            if (strncmp(p + strcspn(p, ".\n"), ".completed", 10) == 0) {
                n = either(n, 0) + 1;
            }
        }

    } else {
        o = json_loadb(body, len, 0, NULL);

        if (json_is_array(json_object_get(o, "data"))) {
            n = json_array_size(json_object_get(o, "data"));
        }

        json_decref(o);
    }

    free(body);

    return n;
}


/*
 * ... of pictures and sound: tokens or seconds, or nothing but the pictures
 * that came, of the size that was asked for.
 */

static inline void
expected_media(json_t *r, llm_usage_t *u)
{
    json_t   *o, *in, *out, *asked;
    int64_t   w, h, text_tokens;

    static const llm_usage_t  unknown = LLM_USAGE_INIT;

    *u = unknown;

    o = json_object_get(r, "usage");
    in = json_object_get(o, "input_tokens_details");
    in = in ? in : json_object_get(o, "input_token_details");
    in = in ? in : json_object_get(o, "prompt_tokens_details");
    out = json_object_get(o, "output_tokens_details");

    u->input = either(number(o, "input_tokens"), number(o, "prompt_tokens"));
    u->output = either(number(o, "output_tokens"),
                       number(o, "completion_tokens"));
    u->cached_input = number(in, "cached_tokens");
    u->image_input = number(in, "image_tokens");
    u->audio_input = number(in, "audio_tokens");
    u->image_output = number(out, "image_tokens");

    if (u->input >= 0 && number(o, "total_tokens") > u->input + u->output
        && number(o, "prompt_audio_seconds") <= 0)
    {
        u->output = number(o, "total_tokens") - u->input;
    }

    expected_extras(o, u);

    if (strcmp(text(r, "api"), "openai.audio") == 0
        || number(o, "seconds") >= 0)
    {
        u->audio_input_ms = either(number(o, "seconds"),
                                   number(o, "prompt_audio_seconds"));
        u->audio_input_ms *= u->audio_input_ms > 0 ? 1000 : 1;

        return;
    }

    text_tokens = number(out, "text_tokens");

    if (u->output >= 0 && u->image_output < 0) {
        u->image_output = u->output - (text_tokens > 0 ? text_tokens : 0);
    }

    u->images_out = pictures_of(r);

    asked = json_loads(text(r, "request_body"), 0, NULL);

    if (u->images_out >= 0 && asked) {

        if (sscanf(text(asked, "size"), "%" PRId64 "x%" PRId64, &w, &h) != 2) {

            /* what is not said is as large as the model makes them */

            w = 1024;
            h = strstr(text(asked, "model"), "dall-e") ? 1024 : 1536;
        }

        u->pixels_out = w * h * u->images_out;
    }

    json_decref(asked);
}


#endif /* _TRAFFIC_OPENAI_H_INCLUDED_ */
