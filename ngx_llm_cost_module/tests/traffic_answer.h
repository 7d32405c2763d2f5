
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _TRAFFIC_ANSWER_H_INCLUDED_
#define _TRAFFIC_ANSWER_H_INCLUDED_


/* a recorded answer, read as the filters read it, and its usage compared */

#include "traffic.h"


/* fields that cost nothing by themselves, or that no recording shows */

static const size_t  skipped[] = {
    offsetof(llm_usage_t, reported_cost),
    offsetof(llm_usage_t, searches),            /* Gemini's: not in usage */
    offsetof(llm_usage_t, search_size)          /* may be the request's */
};


/* the path as nginx hands it over: decoded, the arguments apart */

static inline void
decode(llm_arena_t *a, const char *url, llm_route_t *route)
{
    size_t       n;
    char         hex[3];
    const char  *p, *end;

    end = strchr(url, '?');
    n = end ? (size_t) (end - url) : strlen(url);

    if (end) {
        route->args.data = (unsigned char *) end + 1;
        route->args.len = strlen(end + 1);
    }

    route->path.data = llm_alloc(&a->mem, n + 1);
    route->path.len = 0;

    for (p = url; p < url + n; p++) {

        if (*p == '%' && url + n - p > 2) {
            hex[0] = p[1];
            hex[1] = p[2];
            hex[2] = '\0';
            route->path.data[route->path.len++] = strtol(hex, NULL, 16);
            p += 2;
            continue;
        }

        route->path.data[route->path.len++] = *p;
    }
}


static inline const llm_str_t *
header(void *ctx, const char *name)
{
    json_t            *v;
    const char        *key;
    static llm_str_t   found;

    json_object_foreach((json_t *) ctx, key, v) {

        if (strcasecmp(key, name) == 0) {

            if (json_is_array(v)) {
                v = json_array_get(v, 0);
            }

            found.data = (unsigned char *) json_string_value(v);
            found.len = json_string_length(v);

            return found.data ? &found : NULL;
        }
    }

    return NULL;
}


/*
 * What is known of the request by the time that its answer comes; LLM_BAD: it
 * would have been refused, unless the recorder has lost it.
 */

static inline int
request(llm_arena_t *a, json_t *r, llm_request_t *q)
{
    int  rc;

    q->mem = &a->mem;
    q->json.mem = &a->mem;
    q->max_output = -1;
    q->choices = 1;

    q->body.data = (unsigned char *) text(r, "request_body");
    q->body.len = strlen((char *) q->body.data);

    rc = q->route.raw ? LLM_BAD
                      : llm_json_parse(&q->json, q->body.data, q->body.len);

    if (rc == LLM_OK) {
        rc = q->provider->parse(q);
    }

    if (rc != LLM_OK) {
        q->stream = is_stream(r);
    }

    return rc;
}


static inline int
on_event(void *data, const llm_str_t *type, const llm_str_t *event, size_t end)
{
    llm_answer_t  *a;

    (void) end;

    a = data;

    return a->q->provider->event(a, type, event) < 0 ? LLM_ERROR : LLM_OK;
}


/* one of several results: the recorder, too, has the usage of the last */

static inline int
on_result(llm_answer_t *a, const llm_answer_t *one)
{
    a->usage = one->usage;
    a->usage_seen |= one->usage_seen;
    a->usage_bad |= one->usage_bad;

    return LLM_OK;
}


/* a recorder may have lost the media type, or a server have had it wrong */

static inline llm_framing_e
framing(json_t *r, const llm_request_t *q, const char *body, size_t len)
{
    llm_str_t    type;
    const char  *s;

    s = text(r, "response_content_type");

    if (len > 6 && (memcmp(body, "data:", 5) == 0
                    || memcmp(body, "event:", 6) == 0 || body[0] == ':'))
    {
        s = "text/event-stream";
    }

    if (*s == '\0') {
        s = "application/json";
    }

    type.data = (unsigned char *) s;
    type.len = strcspn(s, "; ");

    return q->provider->framing ? q->provider->framing(q, &type)
                                : llm_framing_of(&type);
}


/* an answer in pieces; 0: in one */

static inline int
read_answer(llm_arena_t *a, json_t *r, const llm_request_t *q,
    llm_answer_t *answer, const char *body, size_t len, size_t piece)
{
    int             rc;
    char           *copy;
    size_t          at, n;
    llm_json_t      j;
    llm_frames_t    f;
    llm_framing_e   how;
    llm_headers_t   h;

    llm_answer_init(answer, &a->mem, q->kind, NULL);
    answer->q = q;

    if (q->route.step == LLM_LONG_RESULTS) {
        answer->scratch = &a->mem;
        answer->result = on_result;
    }

    if (q->provider->headers) {
        h.get = header;
        h.ctx = json_object_get(r, "usage_headers");

        if (q->provider->headers(answer, &h) != LLM_OK) {
            return LLM_ERROR;
        }
    }

    how = framing(r, q, body, len);

    if (how == LLM_FRAMING_NONE) {
        return LLM_OK;
    }

    if (how == LLM_FRAMING_JSON) {
        memset(&j, 0, sizeof(j));
        j.mem = &a->mem;

        if (llm_json_parse(&j, (unsigned char *) body, len) != LLM_OK) {
            return LLM_OK;
        }

        return q->provider->answer(answer, &j);
    }

    memset(&f, 0, sizeof(f));
    f.handler = on_event;
    f.data = answer;
    f.mem = &a->mem;

    assert_int_equal(llm_frames_init(&f, how), LLM_OK);

    answer->stream = 1;

    for (at = 0; at < len; at += n) {
        n = (piece && at + piece < len) ? piece : len - at;

        copy = malloc(n);
        memcpy(copy, body + at, n);
        rc = llm_frames_feed(&f, (unsigned char *) copy, n);
        free(copy);

        if (rc != LLM_OK) {
            return rc;
        }
    }

    rc = llm_frames_finish(&f);
    q->provider->finish(answer);

    return rc;
}


/* 1: as recorded */

static inline int
check(json_t *r, const llm_answer_t *a, const llm_usage_t *want, size_t piece)
{
    size_t  i, k;

    for (i = 0; i < LLM_USAGE_FIELDS; i++) {

        for (k = 0; k < sizeof(skipped) / sizeof(size_t); k++) {
            if (i == skipped[k] / sizeof(int64_t)) {
                break;
            }
        }

        if (k == sizeof(skipped) / sizeof(size_t)
            && ((int64_t *) &a->usage)[i] != ((int64_t *) want)[i])
        {
            print_message("# %s %s in pieces of %zu: field %zu is %lld, "
                          "recorded %lld\n", text(r, "id"), text(r, "api"),
                          piece, i, (long long) ((int64_t *) &a->usage)[i],
                          (long long) ((int64_t *) want)[i]);
            return 0;
        }
    }

    /* a double is not exact, ours is rounded up */

    if (llabs(a->usage.reported_cost - want->reported_cost) > 1) {
        print_message("# %s: cost %lld, recorded %lld\n", text(r, "id"),
                      (long long) a->usage.reported_cost,
                      (long long) want->reported_cost);
        return 0;
    }

    return a->usage_seen == (want->input >= 0 || want->output >= 0
                             || want->audio_input_ms >= 0)
           && !a->usage_bad;
}


#endif /* _TRAFFIC_ANSWER_H_INCLUDED_ */
