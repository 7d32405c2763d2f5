
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _TRAFFIC_H_INCLUDED_
#define _TRAFFIC_H_INCLUDED_


/*
 * Recorded requests and answers, read from $TRAFFIC_DIR; a test that includes
 * this is skipped where there are none.
 */

#include "llm_arena.h"
#include "llm_frame.h"
#include "llm_provider.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <zlib.h>


static json_t    *records;       /* NULL: there are none */
static unsigned   traffic_read;  /* lines, of all APIs */


/*
 * The bounds of these tests are what was measured on this many recordings.
 * Of others a share is a sample of what there is, and chance is allowed for:
 * three standard deviations.  What must hold of any answer, that its usage is
 * read as it was recorded, needs no bound.
 */

#define TRAFFIC_MEASURED  3903


static inline int
traffic_within(unsigned bad, double most)
{
    if (traffic_read != TRAFFIC_MEASURED) {
        most = fmax(most, 0);
        most += 3 * sqrt(most + 1);
    }

    return bad <= most;
}


/* how many of n may lie above a bound of the value at this part of them */

static inline double
traffic_above(unsigned n, unsigned tenths)
{
    return (double) n - n * tenths / 10 - 1;
}


/* that a test has seen what it is about; of others nobody knows it */

static inline int
traffic_more(unsigned n, unsigned least)
{
    return n > least || traffic_read != TRAFFIC_MEASURED;
}


/* a row of a table of the page on accuracy, which "make test-traffic" writes */

__attribute__((format(printf, 2, 3)))
static inline void
traffic_row(const char *table, const char *fmt, ...)
{
    char         row[1024], path[512];
    FILE        *f;
    va_list      args;
    const char  *dir;

    va_start(args, fmt);
    vsnprintf(row, sizeof(row), fmt, args);
    va_end(args);

    print_message("# %s\n", row);

    dir = getenv("TRAFFIC_TABLES");

    if (dir) {
        snprintf(path, sizeof(path), "%s/%s", dir, table);

        f = fopen(path, "a");
        assert_non_null(f);
        fprintf(f, "%s\n", row);
        fclose(f);
    }
}


static inline const char *
text(json_t *r, const char *key)
{
    const char  *s;

    s = json_string_value(json_object_get(r, key));

    return s ? s : "";
}


static inline int64_t
number(json_t *o, const char *key)
{
    json_t  *v;

    v = json_object_get(o, key);

    if (json_is_real(v) && floor(json_real_value(v)) == json_real_value(v)) {
        return (int64_t) json_real_value(v);
    }

    return json_is_integer(v) ? json_integer_value(v) : -1;
}


static inline int64_t
either(int64_t a, int64_t b)
{
    return a >= 0 ? a : b;
}


/* one line; those that look made by hand are left out */

static int
traffic_line(const char *line, size_t len, const char * const *apis)
{
    size_t       i;
    json_t      *r;
    const char  *api;

    r = json_loadb(line, len, JSON_ALLOW_NUL, NULL);

    if (r == NULL) {
        return 0;
    }

    api = text(r, "api");

    for (i = 0; apis && apis[i]; i++) {
        if (strcmp(api, apis[i]) == 0) {
            break;
        }
    }

    if ((apis == NULL || apis[i])
        && !json_is_true(json_object_get(r, "suspect_synthetic")))
    {
        json_array_append(records, r);
    }

    json_decref(r);

    return 1;
}


/* the recordings of these APIs, NULL at the end of the list; NULL: of all */

static inline void
traffic_load(const char * const *apis)
{
    char        *line, path[512];
    gzFile       f;
    size_t       len, size;
    unsigned     lost;
    const char  *dir;

    dir = getenv("TRAFFIC_DIR");
    snprintf(path, sizeof(path), "%s/open.jsonl.gz",
             dir ? dir : "../shared/traffic");

    f = gzopen(path, "rb");

    if (f == NULL) {
        print_message("# no recordings: %s\n", path);
        return;
    }

    gzbuffer(f, 1 << 20);

    records = json_array();
    traffic_read = 0;
    size = 1 << 20;
    line = malloc(size);
    lost = 0;

    for (len = 0; gzgets(f, line + len, (int) (size - len)); ) {

        len += strlen(line + len);

        if (line[len - 1] != '\n') {
            size *= 2;
            line = realloc(line, size);
            continue;
        }

        lost += !traffic_line(line, len, apis);
        len = 0;
        traffic_read++;
    }

    gzclose(f);
    free(line);

    /* a few hold half a surrogate pair, which jansson refuses */

    assert_true(traffic_within(lost, 4));
}


static inline char *
traffic_base64(const char *p, size_t n, size_t *len)
{
    char        *out;
    size_t       i;
    uint32_t     v;
    const char  *c;

    static const char  digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz0123456789+/";

    out = malloc(n + 1);
    v = 0;

    for (*len = 0, i = 0; i < n && (c = strchr(digits, p[i])) != NULL; i++) {
        v = v << 6 | (uint32_t) (c - digits);

        if (i % 4) {
            out[(*len)++] = (char) (v >> (6 - i % 4 * 2));
        }
    }

    return out;
}


/* a body that was kept as it came, compressed and in base64 */

static inline char *
traffic_inflate(char *in, size_t n, size_t *len)
{
    char      *out;
    size_t     size;
    z_stream   z;

    memset(&z, 0, sizeof(z));
    assert_int_equal(inflateInit2(&z, 47), Z_OK);

    size = 16 * n + 65536;
    out = malloc(size);

    z.next_in = (unsigned char *) in;
    z.avail_in = (unsigned) n;
    z.next_out = (unsigned char *) out;
    z.avail_out = (unsigned) size;

    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    *len = z.total_out;

    inflateEnd(&z);
    free(in);

    return out;
}


/* one event a line becomes a stream again */

static inline char *
traffic_lines(json_t *r, const char *p, size_t n, size_t *len)
{
    char        *out;
    json_t      *event;
    const char  *eol, *end, *api, *type;

    api = text(r, "api");
    end = p + n;
    out = malloc(n * 4 + 64);

    for (*len = 0; p < end; p = eol + 1) {

        eol = memchr(p, '\n', end - p);
        eol = eol ? eol : end;

        if (eol == p) {
            continue;
        }

        event = json_loadb(p, eol - p, 0, NULL);
        type = text(event, "type");

        if (*type && (strcmp(api, "anthropic.messages") == 0
                      || strcmp(api, "openai.responses") == 0
                      || strcmp(api, "cohere.chat") == 0
                      || strcmp(api, "gemini.interactions") == 0))
        {
            *len += sprintf(out + *len, "event: %s\n", type);
        }

        json_decref(event);

        *len += sprintf(out + *len, "data: %.*s\n\n", (int) (eol - p), p);
    }

    if (strstr(api, ".chat") || strcmp(api, "openai.completions") == 0) {
        *len += sprintf(out + *len, "data: [DONE]\n\n");
    }

    return out;
}


/* the answer as it came, decoded; to be freed */

static inline char *
body_of(json_t *r, size_t *len)
{
    char        *out;
    size_t       n;
    const char  *p, *coding;

    p = text(r, "response_body");
    n = json_string_length(json_object_get(r, "response_body"));
    coding = text(r, "response_encoding");

    if (json_is_true(json_object_get(r, "response_base64"))) {
        out = traffic_base64(p, n, len);

        return (*coding && strcmp(coding, "binary"))
               ? traffic_inflate(out, *len, len) : out;
    }

    if (strcmp(text(json_object_get(r, "framing"), "framing"), "chunk-lines")
        == 0)
    {
        return traffic_lines(r, p, n, len);
    }

    out = malloc(n + 1);
    memcpy(out, p, n);
    *len = n;

    return out;
}


static inline int
is_stream(json_t *r)
{
    return *text(json_object_get(r, "framing"), "framing") != '\0';
}


#endif /* _TRAFFIC_H_INCLUDED_ */
