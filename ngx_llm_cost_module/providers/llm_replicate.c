
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_replicate.h"
#include "llm_path.h"
#include "llm_canon.h"

#include <string.h>


/*
 * Replicate runs models of all kinds, whose input is whatever a model takes:
 * a few names of it are read, wherever they have the same meaning.  The work
 * goes on when the request is over, unless it is waited for ("Prefer: wait").
 */


#define LLM_REPLICATE_WINDOW   3600         /* seconds; most end after 1800 */
#define LLM_REPLICATE_FILE     1600         /* tokens of a picture, at most */
#define LLM_REPLICATE_VIDEO    15000        /* ms, where it is not said */
#define LLM_REPLICATE_NAME     64           /* bytes */


static llm_path_e llm_replicate_path(llm_route_t *route);
static int llm_replicate_parse(llm_request_t *q);
static int llm_replicate_count(llm_request_t *q, llm_counter_t *c);
static int llm_replicate_edit(llm_request_t *q, llm_edits_t *e);
static size_t llm_replicate_error(unsigned char *buf, const llm_refusal_t *f);
static int llm_replicate_canonical(llm_request_t *q,
    void (*update)(void *ctx, const void *p, size_t n), void *ctx);
static unsigned llm_replicate_status(const llm_route_t *route,
    const llm_refusal_t *f);


/* what a deployment costs while nobody asks it, no request shows */

static const llm_path_row_t  llm_replicate_paths[] = {
    { "POST", "/v1/predictions", LLM_PATH_METERED, LLM_KIND_OTHER,
      LLM_LONG_RUN },
    { "POST", "/v1/models/**/predictions", LLM_PATH_METERED, LLM_KIND_OTHER,
      LLM_LONG_RUN },
    { "POST", "/v1/deployments/**/predictions", LLM_PATH_METERED,
      LLM_KIND_OTHER, LLM_LONG_RUN },
    { "GET", "/v1/predictions/*", LLM_PATH_TOLD, LLM_KIND_OTHER,
      LLM_LONG_STATE },
    { "POST", "/v1/predictions/*/cancel", LLM_PATH_TOLD, LLM_KIND_OTHER,
      LLM_LONG_STATE },
    { "POST", "/v1/models/**/trainings", LLM_PATH_UNSUPPORTED,
      LLM_KIND_OTHER, 0 },
    { "POST", "/v1/trainings", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER, 0 },
    { "POST", "/v1/deployments", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER, 0 },
    { "PATCH", "/v1/deployments/*/*", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER,
      0 },
    { "GET", "/v1/predictions", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET QUERY", "/v1/models", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET", "/v1/models/*/*", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET", "/v1/models/*/*/examples", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET", "/v1/models/*/*/readme", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET", "/v1/models/*/*/versions", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET DELETE", "/v1/models/*/*/versions/*", LLM_PATH_FREE,
      LLM_KIND_OTHER, 0 },
    { "GET", "/v1/deployments", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET DELETE", "/v1/deployments/*/*", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET", "/v1/trainings", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET", "/v1/trainings/*", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "POST", "/v1/trainings/*/cancel", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET", "/v1/collections", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET", "/v1/collections/*", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET", "/v1/hardware", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET", "/v1/account", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET", "/v1/search", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET POST", "/v1/files", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET DELETE", "/v1/files/*", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET", "/v1/webhooks/default/secret", LLM_PATH_FREE, LLM_KIND_OTHER,
      0 }
};


/* what models call the same thing; the largest that is given counts */

static const char * const  llm_replicate_tokens[] = {
    "max_tokens", "max_new_tokens", "max_completion_tokens",
    "max_output_tokens", "max_length"
};

static const char * const  llm_replicate_pictures[] = {
    "num_outputs", "num_images", "number_of_images", "num_images_per_prompt",
    "num_samples", "max_images", "n"
};

static const char * const  llm_replicate_lengths[] = {
    "duration", "seconds", "video_length"
};

#define llm_replicate_n(names)  (sizeof(names) / sizeof(names[0]))

#define LLM_REPLICATE_NAMES     7


static const char * const  llm_replicate_none[] = { NULL };

static const llm_canon_t  llm_replicate_canon = {
    llm_replicate_none, llm_replicate_none, llm_replicate_none
};


const llm_provider_t  llm_replicate = {
    llm_string("replicate"),
    llm_replicate_path,
    llm_replicate_parse,
    llm_replicate_count,
    llm_replicate_edit,
    llm_replicate_answer,
    llm_replicate_event,
    llm_plain_finish,
    llm_replicate_error,
    llm_replicate_canonical,
    NULL,
    NULL,
    NULL,
    llm_replicate_status,
    NULL,
    NULL
};


/* "owner/name" */

static int
llm_replicate_owned(const llm_str_t *name)
{
    const unsigned char  *end, *slash;

    end = name->data + name->len;
    slash = name->len ? memchr(name->data, '/', name->len) : NULL;

    return slash && memchr(slash + 1, '/', end - slash - 1) == NULL;
}


static llm_path_e
llm_replicate_path(llm_route_t *route)
{
    llm_str_t              star;
    const llm_path_row_t  *row;

    row = llm_path_find(llm_replicate_paths,
                        llm_replicate_n(llm_replicate_paths), route, &star);
    if (row == NULL) {
        return LLM_PATH_UNKNOWN;
    }

    if (row->what == LLM_PATH_METERED) {

        if (star.len && !llm_replicate_owned(&star)) {
            return LLM_PATH_UNKNOWN;
        }

        route->model = star;

    } else if (row->what == LLM_PATH_TOLD) {
        route->object = star;
    }

    route->step = (llm_long_e) row->op;
    llm_str_set(&route->vendor, "replicate");

    return row->what;
}


/* a version is "owner/name", that and ":HASH", or a hash, which is a name */

static int
llm_replicate_parse_version(llm_request_t *q, uint32_t version,
    uint32_t model)
{
    int                   rc;
    llm_str_t             name;
    const unsigned char  *colon;

    rc = llm_request_model(q, llm_given(&q->json, version) ? version : model,
                           "version");
    if (rc != LLM_OK) {
        return rc;
    }

    name = q->model;
    colon = memchr(name.data, ':', name.len);

    if (colon) {
        name.len = colon - name.data;

        if (llm_replicate_owned(&name)) {
            q->model = name;
        }
    }

    return LLM_OK;
}


/* a short string: a name, or a number; buf is as large as its escapes can be */

static int
llm_replicate_short(const llm_json_t *j, uint32_t node, llm_str_t *s,
    unsigned char buf[6 * LLM_REPLICATE_NAME])
{
    return llm_json_size(j, node) <= 6 * LLM_REPLICATE_NAME
           && llm_json_string(j, node, s, buf) == LLM_OK
           && s->len <= LLM_REPLICATE_NAME;
}


/*
 * A number, or a text that is one, since models take either; rounded up, and
 * never more than a figure can be.  -1: it is none.
 */

static int64_t
llm_replicate_number(const llm_json_t *j, uint32_t node, int scale)
{
    int                     rc;
    int64_t                 v;
    llm_str_t               s;
    unsigned char           buf[6 * LLM_REPLICATE_NAME];
    const llm_json_node_t  *n;

    if (llm_kind_of(j, node) == LLM_JSON_NUMBER) {
        n = llm_json_node(j, node);
        s.data = (unsigned char *) j->data + n->start;
        s.len = n->end - n->start;

    } else if (llm_kind_of(j, node) != LLM_JSON_STRING
               || !llm_replicate_short(j, node, &s, buf))
    {
        return -1;
    }

    rc = llm_parse_scaled(s.data, s.len, scale, &v);

    if (rc == LLM_BAD || v < 1) {
        return -1;
    }

    return v > LLM_DIALECT_FIGURE_MAX ? LLM_DIALECT_FIGURE_MAX : v;
}


/* the largest of those that are given; otherwise: where one is not usable,
   or none is there.  LLM_OK, LLM_BAD, LLM_ERROR */

static int
llm_replicate_largest(llm_request_t *q, uint32_t input,
    const char * const *names, unsigned n, int scale, int64_t otherwise,
    int64_t *v)
{
    int       rc;
    int64_t   one;
    unsigned  i;
    uint32_t  f[LLM_REPLICATE_NAMES];

    rc = llm_request_object(q, input, "input", names, n, f);

    for (*v = -1, i = 0; rc == LLM_OK && i < n; i++) {

        if (!llm_given(&q->json, f[i])) {
            continue;
        }

        one = llm_replicate_number(&q->json, f[i], scale);

        if (one < 0) {
            *v = otherwise;
            return LLM_OK;
        }

        *v = one > *v ? one : *v;
    }

    *v = *v < 0 ? otherwise : *v;

    return rc;
}


static int
llm_replicate_parse_input(llm_request_t *q, uint32_t input)
{
    int  rc;

    if (!llm_given(&q->json, input)) {
        return llm_request_bad(q, "input", "is required");
    }

    rc = llm_replicate_largest(q, input, llm_replicate_tokens,
                               llm_replicate_n(llm_replicate_tokens), 0, -1,
                               &q->max_output);

    if (q->max_output > LLM_DIALECT_TOKENS_MAX) {
        q->max_output = LLM_DIALECT_TOKENS_MAX;
    }

    if (rc == LLM_OK) {
        rc = llm_replicate_largest(q, input, llm_replicate_pictures,
                                   llm_replicate_n(llm_replicate_pictures),
                                   0, 1, &q->most.images_out);
    }

    if (rc == LLM_OK) {
        rc = llm_replicate_largest(q, input, llm_replicate_lengths,
                                   llm_replicate_n(llm_replicate_lengths), 3,
                                   LLM_REPLICATE_VIDEO,
                                   &q->most.video_output_ms);
    }

    return rc;
}


/* "90", "5m", "1h30m": how long the work may take; -1: that is not said */

static int64_t
llm_replicate_cancel_after(const llm_str_t *s)
{
    size_t         i;
    int64_t        n, sum;
    unsigned char  c;

    for (n = -1, sum = 0, i = 0; i < s->len; i++) {
        c = s->data[i];

        if (c >= '0' && c <= '9') {
            n = (n < 0 ? 0 : n * 10) + c - '0';

        } else if (n >= 0 && (c == 'h' || c == 'm' || c == 's')) {
            sum += n * (c == 'h' ? 3600 : c == 'm' ? 60 : 1);
            n = -1;

        } else {
            return -1;
        }

        if (n > LLM_LONG_MOST || sum > LLM_LONG_MOST) {
            return -1;
        }
    }

    sum += n < 0 ? 0 : n;

    return sum ? sum * 1000 : -1;
}


/* of what is charged here nothing is known but its names: a model may be shown
   whatever is no text, and may have a price for whatever is none */

static void
llm_replicate_most(llm_request_t *q)
{
    const llm_str_t  *after;

    llm_usage_text(&q->most, 0, 0);

    q->most.image_input = -1;
    q->most.audio_input = -1;
    q->most.video_input = -1;
    q->most.input_chars = -1;
    q->most.output_chars = -1;
    q->most.audio_input_ms = -1;
    q->most.audio_output_ms = -1;
    q->most.video_input_ms = -1;
    q->most.pixels_in = -1;
    q->most.pixels_out = -1;
    q->most.pages = -1;
    q->most.queries = -1;

    after = llm_route_header(&q->route, "cancel-after");

    if (after) {
        q->most.request_ms = llm_replicate_cancel_after(after);
    }
}


static int
llm_replicate_parse(llm_request_t *q)
{
    int       rc;
    uint32_t  f[3];

    static const char * const  names[] = { "version", "model", "input" };

    q->max_output = -1;
    q->choices = 1;
    q->stateful = 1;
    q->sealed = 1;
    q->unseen = 1;
    q->model_in_path = 1;
    q->window = LLM_REPLICATE_WINDOW;

    llm_replicate_most(q);
    q->bounded = 1;

    rc = llm_request_object(q, 0, NULL, names, 3, f);

    if (rc == LLM_OK) {
        rc = q->route.model.len
             ? llm_request_path_model(q, "model")
             : llm_replicate_parse_version(q, f[0], f[1]);
    }

    return rc == LLM_OK ? llm_replicate_parse_input(q, f[2]) : rc;
}


/* the name of a member whose value is read as a text, whatever is in it; so is
   one that is longer than names are */

static int
llm_replicate_text(const llm_json_t *j, uint32_t key)
{
    size_t         i, at;
    llm_str_t      name;
    unsigned char  buf[6 * LLM_REPLICATE_NAME];

    static const llm_str_t  words[] = {
        llm_string("prompt"), llm_string("text"), llm_string("message"),
        llm_string("system")
    };

    if (!llm_replicate_short(j, key, &name, buf)) {
        return 1;
    }

    for (i = 0; i < llm_replicate_n(words); i++) {
        for (at = 0; at + words[i].len <= name.len; at++) {
            if (memcmp(name.data + at, words[i].data, words[i].len) == 0) {
                return 1;
            }
        }
    }

    return 0;
}


int
llm_replicate_file(const llm_json_t *j, uint32_t node)
{
    const llm_json_node_t  *n;

    n = llm_json_node(j, node);

    /* nearly every string ends here, and an answer may have very many */

    if (n->type != LLM_JSON_STRING || n->end - n->start < sizeof("data:") - 1
        || (!n->escaped && j->data[n->start] != 'h'
            && j->data[n->start] != 'd'))
    {
        return 0;
    }

    return llm_json_starts(j, node, "https://")
           || llm_json_starts(j, node, "http://")
           || llm_json_starts(j, node, "data:");
}


/* all strings are text, but for files that are in it */

static int
llm_replicate_count(llm_request_t *q, llm_counter_t *c)
{
    uint32_t           i, k, end, input;
    llm_input_t        in;
    const llm_json_t  *j;

    llm_input_init(&in, q, c);
    in.estimate = 1;

    j = &q->json;
    input = llm_json_get(j, 0, "input");
    end = llm_json_next(j, input);

    for (i = input + 1; i < end; i = llm_json_next(j, i + 1)) {

        if (llm_replicate_text(j, i)) {
            llm_input_strings(&in, i + 1);
            continue;
        }

        for (k = i + 1; k < llm_json_next(j, i + 1); k++) {

            if (!llm_replicate_file(j, k)) {
                llm_input_string(&in, k);
                continue;
            }

            in.tokens += LLM_REPLICATE_FILE;
            q->most.images_in++;
        }
    }

    return llm_input_end(&in);
}


/* what an input means, only its model knows: nothing is written into it */

static int
llm_replicate_edit(llm_request_t *q, llm_edits_t *e)
{
    (void) q;

    e->n = 0;

    return LLM_OK;
}


static size_t
llm_replicate_error(unsigned char *buf, const llm_refusal_t *f)
{
    unsigned      n;
    llm_writer_t  w;
    char          status[] = "000";

    w.buf = buf;
    w.len = 0;

    for (n = 0; n < 3; n++) {
        status[n] = (char) ('0' + f->status / (n == 0 ? 100 : n == 1 ? 10 : 1)
                            % 10);
    }

    llm_write(&w, "{\"title\":\"");
    llm_write_escaped(&w, &f->code);
    llm_write(&w, "\",\"detail\":\"");
    llm_write_escaped(&w, &f->message);
    llm_write(&w, "\",\"status\":");
    llm_write(&w, status);
    llm_write(&w, "}");

    return w.len;
}


/* its SDK repeats every 429; a 402 is what a spent account gets */

static unsigned
llm_replicate_status(const llm_route_t *route, const llm_refusal_t *f)
{
    (void) route;

    return f->status == 429 ? 402 : f->status;
}


static int
llm_replicate_canonical(llm_request_t *q,
    void (*update)(void *ctx, const void *p, size_t n), void *ctx)
{
    return llm_canonical(q, &llm_replicate_canon, update, ctx);
}
