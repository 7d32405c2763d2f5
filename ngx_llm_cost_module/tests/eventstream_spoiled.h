
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _EVENTSTREAM_SPOILED_H_INCLUDED_
#define _EVENTSTREAM_SPOILED_H_INCLUDED_


/*
 * Streams of Amazon's framing in which one value of one message is what it
 * cannot be: once with both CRCs made right again, so that only the JSON tells,
 * and once with the second wrong.  What a "chunk" holds is JSON as base64, and
 * has its values replaced as well.
 */

#include "eventstream_fixture.h"
#include "usage_fixture.h"
#include "llm_provider.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>


#define SPOILED_HERE  "@@"            /* stands in the value's place */


static const char * const  spoiled_values[] = {
    "null", "true", "-1", "1.5", "1e400", "\"\"", "\"x\"", "[]", "{}"
};

#define SPOILED_VALUES  (sizeof(spoiled_values) / sizeof(char *))


/* a message of the stream */

typedef struct {
    const unsigned char  *data;
    size_t                len;
    size_t                head;           /* where the payload begins */
    char                  type[64];
} spoiled_message_t;


/* what is wrong in a stream that is handed to a test */

typedef struct {
    const char           *type;           /* of the message */
    const char           *path;           /* of the value: ".usage.a" */
    const char           *value;
    unsigned              crc;            /* 1: and the CRC is wrong */
} spoiled_t;

typedef void (*spoiled_pt)(void *ctx, const unsigned char *body, size_t len,
    const spoiled_t *how);


typedef struct {
    const unsigned char  *body;
    size_t                len;
    const char           *name;           /* of what is tried once only */
    json_t               *tried;          /* an object: names of what was */
    spoiled_message_t     m;
    json_t               *payload;
    json_t               *inner;          /* of a chunk, or NULL */
    json_t               *root;           /* one of these two */
    spoiled_pt            with;
    void                 *ctx;
} spoiled_run_t;


static inline size_t
spoiled_u32(const unsigned char *p)
{
    return ((size_t) p[0] << 24) | (p[1] << 16) | (p[2] << 8) | p[3];
}


/* the message at p: its type is that of the event */

static inline void
spoiled_message(spoiled_message_t *m, const unsigned char *p)
{
    size_t                n;
    const unsigned char  *h, *end;

    memset(m, 0, sizeof(spoiled_message_t));

    m->data = p;
    m->len = spoiled_u32(p);
    m->head = 12 + spoiled_u32(p + 4);
    end = p + m->head;

    /* names, and values that are strings, as they are all */

    for (h = p + 12; h < end; h += n) {
        n = (size_t) h[*h + 2] << 8 | h[*h + 3];

        if (*h == 11 && memcmp(h + 1, ":event-type", 11) == 0
            && n < sizeof(m->type))
        {
            memcpy(m->type, h + 1 + *h + 3, n);
        }

        n += 1 + *h + 3;
    }
}


/* the stream with another payload in its message; from malloc() */

static inline unsigned char *
spoiled_stream(const spoiled_run_t *r, const char *payload, unsigned crc,
    size_t *len)
{
    size_t          n, at, size;
    unsigned char  *out;

    at = r->m.data - r->body;
    n = strlen(payload);
    size = r->m.head + n + 4;

    out = malloc(r->len + size);
    memcpy(out, r->body, at + r->m.head);
    memcpy(out + at + r->m.head, payload, n);
    eventstream_seal(out + at, r->m.head, size);

    out[at + size - 1] ^= (unsigned char) crc;

    memcpy(out + at + size, r->m.data + r->m.len,
           r->len - at - r->m.len);

    *len = r->len - r->m.len + size;

    return out;
}


/* the payload as it is now: a chunk holds the inner one; from malloc() */

static inline char *
spoiled_payload(const spoiled_run_t *r, const char *value)
{
    char    *text, *at, *out, *coded;
    size_t   n;

    text = json_dumps(r->root, JSON_COMPACT | JSON_ENCODE_ANY);
    at = strstr(text, "\"" SPOILED_HERE "\"");
    n = at - text;

    out = malloc(strlen(text) + strlen(value) + 1);
    sprintf(out, "%.*s%s%s", (int) n, text, value,
            at + sizeof(SPOILED_HERE) + 1);
    free(text);

    if (r->root != r->inner) {
        return out;
    }

    coded = malloc(strlen(out) * 4 / 3 + 8);
    EVP_EncodeBlock((unsigned char *) coded, (unsigned char *) out,
                    (int) strlen(out));
    free(out);

    out = malloc(strlen(coded) + sizeof("{\"bytes\":\"\"}"));
    sprintf(out, "{\"bytes\":\"%s\"}", coded);
    free(coded);

    return out;
}


static inline void
spoiled_try(spoiled_run_t *r, const char *path)
{
    char            name[512], *payload;
    size_t          i, len;
    unsigned char  *body;
    spoiled_t       how;

    snprintf(name, sizeof(name), "%s %s%s %s", r->name, r->m.type,
             r->root == r->inner ? "'s" : "", path);

    if (json_object_get(r->tried, name)) {
        return;
    }

    json_object_set_new(r->tried, name, json_true());

    how.type = r->m.type;
    how.path = path;

    for (i = 0; i < SPOILED_VALUES; i++) {
        how.value = spoiled_values[i];
        payload = spoiled_payload(r, how.value);

        for (how.crc = 0; how.crc < 2; how.crc++) {
            body = spoiled_stream(r, payload, how.crc, &len);
            r->with(r->ctx, body, len, &how);
            free(body);
        }

        free(payload);
    }
}


/* each value below this one in its turn; elements of a list have one path */

static inline void
spoiled_walk(spoiled_run_t *r, json_t *at, const char *path)
{
    char         below[256];
    void        *next;
    size_t       i;
    json_t      *v;
    const char  *key;

    json_object_foreach_safe(at, next, key, v) {
        snprintf(below, sizeof(below), "%s.%s", path, key);

        json_incref(v);
        json_object_set_new(at, key, json_string(SPOILED_HERE));
        spoiled_try(r, below);
        json_object_set(at, key, v);

        spoiled_walk(r, v, below);
        json_decref(v);
    }

    json_array_foreach(at, i, v) {
        snprintf(below, sizeof(below), "%s[]", path);

        json_incref(v);
        json_array_set_new(at, i, json_string(SPOILED_HERE));
        spoiled_try(r, below);
        json_array_set(at, i, v);

        spoiled_walk(r, v, below);
        json_decref(v);
    }
}


static inline void
spoiled_root(spoiled_run_t *r, json_t **root)
{
    json_t  *whole;

    whole = *root;

    *root = json_string(SPOILED_HERE);
    r->root = *root;
    spoiled_try(r, "");
    json_decref(*root);

    *root = whole;
    r->root = whole;
    spoiled_walk(r, whole, "");
}


/* what the text of a chunk says, or NULL */

static inline json_t *
spoiled_chunk(const spoiled_run_t *r)
{
    int             n;
    json_t         *inner;
    const char     *s;
    unsigned char  *out;

    s = json_string_value(json_object_get(r->payload, "bytes"));

    if (s == NULL) {
        return NULL;
    }

    out = malloc(strlen(s) + 4);
    n = EVP_DecodeBlock(out, (const unsigned char *) s, (int) strlen(s));
    n -= strlen(s) > 1 && s[strlen(s) - 1] == '=';
    n -= strlen(s) > 1 && s[strlen(s) - 2] == '=';

    inner = n > 0 ? json_loadb((char *) out, n, 0, NULL) : NULL;
    free(out);

    return inner;
}


/* every value of every message that was not tried before under this name */

static inline void
spoiled_each(const unsigned char *body, size_t len, const char *name,
    json_t *tried, spoiled_pt with, void *ctx)
{
    const unsigned char  *p;
    spoiled_run_t         r;

    memset(&r, 0, sizeof(r));
    r.body = body;
    r.len = len;
    r.name = name;
    r.tried = tried;
    r.with = with;
    r.ctx = ctx;

    for (p = body; p < body + len; p += r.m.len) {
        spoiled_message(&r.m, p);

        r.payload = json_loadb((const char *) p + r.m.head,
                               r.m.len - r.m.head - 4, 0, NULL);
        if (r.payload == NULL) {
            continue;
        }

        r.inner = NULL;
        spoiled_root(&r, &r.payload);

        r.inner = spoiled_chunk(&r);

        if (r.inner) {
            spoiled_root(&r, &r.inner);
            json_decref(r.inner);
        }

        json_decref(r.payload);
    }
}


#define SPOILED_WRITE  (offsetof(llm_usage_t, cache_write) / sizeof(int64_t))
#define SPOILED_HOUR   (offsetof(llm_usage_t, cache_write_1h)                 \
                        / sizeof(int64_t))

/*
 * What is read of such a stream: each figure as it was said, or unknown.  Who
 * has lost one says that the usage is bad, or that bytes were lost.
 */

static inline void
spoiled_check(const char *name, const spoiled_t *how, const llm_answer_t *a,
    unsigned lost, const llm_usage_t *said)
{
    size_t    i;
    int64_t   v, want;
    unsigned  gone;

    if (lost != how->crc) {
        fail_msg("%s: %s %s: not what was lost", name, how->type, how->path);
    }

    /*
     * One that is not there takes its figures with it, and so does a message
     * that is a text, as an error's is.
     */

    gone = strcmp(how->value, "null") == 0 || strcmp(how->value, "{}") == 0
           || (strcmp(how->path, ".message") == 0 && *how->value == '"');

    for (i = 0; i < LLM_USAGE_FIELDS; i++) {
        v = ((const int64_t *) &a->usage)[i];
        want = ((const int64_t *) said)[i];

        /* of what was written that is for an hour whose part is not known */

        if (i == SPOILED_WRITE && a->usage.cache_write_1h <= 0 && v > 0) {
            want += said->cache_write_1h > 0 ? said->cache_write_1h : 0;
        }

        /* a list that names no hour has none of it, and no write is the rest */

        if (v == 0
            && ((i == SPOILED_HOUR && !a->usage_bad)
                || (i == SPOILED_WRITE && gone && a->usage.cache_write_1h > 0)))
        {
            continue;
        }

        if (v == want
            || (v == -1 && (how->crc || gone || a->usage_bad))
            || (v > 0 && v < want && (gone || (how->crc && !a->finished))))
        {
            continue;
        }

        /* a model may say of itself more than Amazon has counted */

        if (v > want && want > 0
            && strncmp(how->path, ".amazon-bedrock-invocationMetrics", 33) == 0)
        {
            continue;
        }

        fail_msg("%s: %s %s is %s, crc %u: %s is %lld", name, how->type,
                 how->path, how->value, how->crc, usage_figures[i].name,
                 (long long) v);
    }
}


#endif /* _EVENTSTREAM_SPOILED_H_INCLUDED_ */
