
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _TRAFFIC_ANTHROPIC_H_INCLUDED_
#define _TRAFFIC_ANTHROPIC_H_INCLUDED_


/* recorded usage of Anthropic's messages in our terms */

#include "traffic.h"


/*
 * The record has the last usage object and the first: what only the first says
 * holds.  In a stream that broke off the output has only begun: not known.
 */

static inline int64_t
anthropic_figure(json_t *r, const char *obj, const char *name)
{
    int64_t  v;
    json_t  *last, *first;

    last = json_object_get(r, "usage");
    first = json_object_get(r, "usage_first");

    if (obj) {
        last = json_object_get(last, obj);
        first = json_object_get(first, obj);
    }

    v = number(last, name);

    return v >= 0 ? v : number(first, name);
}


static inline void
expected_anthropic(json_t *r, llm_usage_t *u)
{
    int64_t       written, hour, five;
    json_t       *o;
    const char   *geo;

    static const llm_usage_t  unknown = LLM_USAGE_INIT;

    *u = unknown;

    o = json_object_get(r, "usage");

    if (!json_is_object(o)) {
        return;
    }

    u->input = anthropic_figure(r, NULL, "input_tokens");
    u->cached_input = anthropic_figure(r, NULL, "cache_read_input_tokens");
    written = anthropic_figure(r, NULL, "cache_creation_input_tokens");
    five = anthropic_figure(r, "cache_creation", "ephemeral_5m_input_tokens");
    hour = anthropic_figure(r, "cache_creation", "ephemeral_1h_input_tokens");

    if (u->input >= 0) {
        u->input += (u->cached_input > 0 ? u->cached_input : 0)
                    + (written > 0 ? written : 0);
    }

    u->cache_write = (five >= 0 || hour >= 0)
                     ? written - (hour > 0 ? hour : 0) : written;
    u->cache_write_1h = hour;

    u->output = strcmp(text(r, "usage_event"), "message_start") == 0
                ? -1 : number(o, "output_tokens");
    u->reasoning = anthropic_figure(r, "output_tokens_details",
                                    "thinking_tokens");
    u->searches = anthropic_figure(r, "server_tool_use",
                                   "web_search_requests");
    u->web_fetches = anthropic_figure(r, "server_tool_use",
                                      "web_fetch_requests");

    geo = text(o, "inference_geo");
    geo = *geo ? geo : text(json_object_get(r, "usage_first"),
                            "inference_geo");

    if (*geo) {
        u->geo = strcmp(geo, "us") == 0 ? LLM_GEO_US
                 : strcmp(geo, "global") && strcmp(geo, "not_available")
                   ? LLM_GEO_OTHER : LLM_GEO_GLOBAL;
    }
}


#endif /* _TRAFFIC_ANTHROPIC_H_INCLUDED_ */
