
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _TRAFFIC_BEDROCK_H_INCLUDED_
#define _TRAFFIC_BEDROCK_H_INCLUDED_


/* recorded usage of Bedrock's APIs in our terms, read by another reader */

#include "traffic_gemini.h"


/* the first of several names, ended by NULL, that has a number */

static inline int64_t
named(json_t *o, const char * const *names)
{
    int64_t  n;

    for (n = -1; *names && n < 0; names++) {
        n = number(o, *names);
    }

    return n;
}


static inline int64_t
bedrock_header(json_t *r, const char *name)
{
    char         full[64];
    const char  *s;

    snprintf(full, sizeof(full), "x-amzn-bedrock-%s-token-count", name);
    s = text(json_object_get(r, "usage_headers"), full);

    return *s ? atoll(s) : -1;
}


static inline int64_t
bedrock_results(json_t *list)
{
    size_t   i;
    json_t  *o;
    int64_t  n;

    n = -1;

    json_array_foreach(list, i, o) {
        n = total(n, number(o, "tokenCount"));
    }

    return n;
}


static inline int64_t
bedrock_hour(json_t *list)
{
    size_t   i;
    json_t  *o;
    int64_t  n;

    n = -1;

    json_array_foreach(list, i, o) {
        n = either(n, 0);

        if (strcmp(text(o, "ttl"), "1h") == 0) {
            n += number(o, "inputTokens");
        }
    }

    return n;
}


/* the last object, what only the first one says, and the answer's header */

static inline void
expected_bedrock(json_t *r, llm_usage_t *u)
{
    json_t   *o, *first, *d;

    static const llm_usage_t    unknown = LLM_USAGE_INIT;
    static const char * const   in[] = { "inputTokens", "inputTokenCount",
        "input_tokens", "inputTextTokenCount", "prompt_token_count",
        "prompt_tokens", NULL };
    static const char * const   out[] = { "outputTokens", "outputTokenCount",
        "output_tokens", "generation_token_count", "completion_tokens",
        "totalOutputTextTokenCount", NULL };
    static const char * const   reads[] = { "cacheReadInputTokens",
        "cacheReadInputTokenCount", "cache_read_input_tokens", NULL };
    static const char * const   writes[] = { "cacheWriteInputTokens",
        "cacheWriteInputTokenCount", "cache_creation_input_tokens", NULL };

    *u = unknown;
    o = json_object_get(r, "usage");
    first = json_object_get(r, "usage_first");

    u->input = either(named(o, in), bedrock_header(r, "input"));
    u->output = either(either(named(o, out),
                              bedrock_results(json_object_get(o, "results"))),
                       bedrock_header(r, "output"));

    u->cached_input = either(either(named(o, reads), named(first, reads)),
                             bedrock_header(r, "cache-read-input"));
    u->cache_write = either(either(named(o, writes), named(first, writes)),
                            bedrock_header(r, "cache-write-input"));

    d = json_object_get(o, "cache_creation");
    d = d ? d : json_object_get(first, "cache_creation");
    u->cache_write_1h = either(bedrock_hour(json_object_get(o,
                                                            "cacheDetails")),
                               number(d, "ephemeral_1h_input_tokens"));

    u->reasoning = number(json_object_get(o, "output_tokens_details"),
                          "thinking_tokens");

    if (u->input >= 0) {
        u->input = total(total(u->input, u->cached_input), u->cache_write);
    }

    /* what is kept for longer is apart */

    if (u->cache_write_1h > 0) {
        u->cache_write -= u->cache_write_1h;
    }

    if (strstr(text(r, "url_path"), "embed") && u->input >= 0) {
        u->output = 0;
    }
}


#endif /* _TRAFFIC_BEDROCK_H_INCLUDED_ */
