/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * As much of a JSON reader as vocabularies need, over a file in memory: no tree
 * is built, and no string but the last is kept.
 */

#include "llm_vocab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#define VOCAB_DEPTH  64


void
vocab_load(vocab_in_t *in, const char *path)
{
    long   size;
    char  *data;
    FILE  *f;

    f = fopen(path, "rb");
    if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0) {
        die("cannot read \"%s\"", path);
    }

    if (size > VOCAB_MAX_FILE) {
        die("\"%s\" is larger than %d bytes", path, VOCAB_MAX_FILE);
    }

    rewind(f);
    data = vocab_alloc((size_t) size + 1, 1);

    if (fread(data, 1, (size_t) size, f) != (size_t) size) {
        die("cannot read \"%s\"", path);
    }

    (void) fclose(f);

    memset(in, 0, sizeof(*in));
    in->path = path;
    in->p = data;
    in->end = data + size;
}


void
vocab_space(vocab_in_t *in)
{
    while (in->p < in->end && strchr(" \t\r\n", *in->p) && *in->p) {
        in->p++;
    }
}


int
vocab_take(vocab_in_t *in, char c)
{
    vocab_space(in);

    if (in->p == in->end || *in->p != c) {
        return 0;
    }

    in->p++;
    vocab_space(in);

    return 1;
}


void
vocab_expect(vocab_in_t *in, char c)
{
    if (!vocab_take(in, c)) {
        die("\"%s\": not the JSON of a vocabulary ('%c' expected %td bytes "
            "before its end)", in->path, c, in->end - in->p);
    }
}


uint32_t
vocab_number(vocab_in_t *in)
{
    uint64_t  n;

    if (in->p == in->end || *in->p < '0' || *in->p > '9') {
        die("\"%s\": a number is missing %td bytes before its end", in->path,
            in->end - in->p);
    }

    for (n = 0; in->p < in->end && *in->p >= '0' && *in->p <= '9'; in->p++) {
        n = n * 10 + (uint64_t) (*in->p - '0');

        if (n > INT32_MAX) {
            die("\"%s\": an id is too large", in->path);
        }
    }

    return (uint32_t) n;
}


static uint32_t
vocab_hex(vocab_in_t *in)
{
    int          i;
    uint32_t     c;
    const char  *at;

    static const char  digits[] = "0123456789abcdef";

    for (i = 0, c = 0; i < 4; i++) {
        at = in->p < in->end && *in->p ? strchr(digits, *in->p | 0x20) : NULL;

        if (at == NULL) {
            die("\"%s\": a \\u escape without four digits", in->path);
        }

        c = c << 4 | (uint32_t) (at - digits);
        in->p++;
    }

    return c;
}


/* what follows \u: writes 1 to 4 bytes and returns how many */

static size_t
vocab_unicode(vocab_in_t *in, char *out)
{
    uint32_t  c, low;

    c = vocab_hex(in);

    if (c >= 0xd800 && c <= 0xdfff) {
        low = 0;

        if (in->end - in->p > 2 && in->p[0] == '\\' && in->p[1] == 'u') {
            in->p += 2;
            low = vocab_hex(in);
        }

        if (c > 0xdbff || low < 0xdc00 || low > 0xdfff) {
            die("\"%s\": half of a surrogate pair", in->path);
        }

        c = 0x10000 + ((c & 0x3ff) << 10 | (low & 0x3ff));
        out[0] = (char) (0xf0 | c >> 18);
        out[1] = (char) (0x80 | (c >> 12 & 0x3f));
        out[2] = (char) (0x80 | (c >> 6 & 0x3f));
        out[3] = (char) (0x80 | (c & 0x3f));

        return 4;
    }

    if (c < 0x80) {
        out[0] = (char) c;
        return 1;
    }

    if (c < 0x800) {
        out[0] = (char) (0xc0 | c >> 6);
        out[1] = (char) (0x80 | (c & 0x3f));
        return 2;
    }

    out[0] = (char) (0xe0 | c >> 12);
    out[1] = (char) (0x80 | (c >> 6 & 0x3f));
    out[2] = (char) (0x80 | (c & 0x3f));

    return 3;
}


static size_t
vocab_escape(vocab_in_t *in, char *out)
{
    const char  *at;

    static const char  names[] = "bfnrt\\\"/";
    static const char  values[] = "\b\f\n\r\t\\\"/";

    if (in->p < in->end && *in->p == 'u') {
        in->p++;
        return vocab_unicode(in, out);
    }

    at = in->p < in->end && *in->p ? strchr(names, *in->p) : NULL;

    if (at == NULL) {
        die("\"%s\": an escape that JSON does not have", in->path);
    }

    in->p++;
    *out = values[at - names];

    return 1;
}


/* where the string ends that begins at p */

static const char *
vocab_string_end(const vocab_in_t *in)
{
    const char  *p;

    for (p = in->p; p < in->end && *p != '"'; p++) {
        if (*p == '\\') {
            p++;
        }
    }

    if (p >= in->end) {
        die("\"%s\": a string has no end", in->path);
    }

    return p;
}


char *
vocab_string(vocab_in_t *in, size_t *len)
{
    size_t       n;
    const char  *end;

    if (in->p == in->end || *in->p != '"') {
        vocab_expect(in, '"');
    }

    in->p++;
    end = vocab_string_end(in);

    if ((size_t) (end - in->p) >= in->room) {
        in->room = 2 * (size_t) (end - in->p) + 256;
        in->buf = realloc(in->buf, in->room);

        if (in->buf == NULL) {
            die("no memory");
        }
    }

    /* an escape is never shorter than what it stands for */

    for (n = 0; in->p < end; /* void */) {
        if (*in->p == '\\') {
            in->p++;
            n += vocab_escape(in, in->buf + n);

        } else {
            in->buf[n++] = *in->p++;
        }
    }

    in->p = end + 1;
    in->buf[n] = '\0';
    *len = n;

    return in->buf;
}


void
vocab_skip(vocab_in_t *in)
{
    unsigned  depth;

    depth = 0;

    do {
        vocab_space(in);

        if (in->p == in->end) {
            die("\"%s\": not the JSON of a vocabulary, it breaks off",
                in->path);
        }

        switch (*in->p) {

        case '"':
            in->p++;
            in->p = vocab_string_end(in) + 1;
            break;

        case '{':
        case '[':
            if (++depth > VOCAB_DEPTH) {
                die("\"%s\" is nested more than %d deep", in->path,
                    VOCAB_DEPTH);
            }

            in->p++;
            break;

        case '}':
        case ']':
            if (depth == 0) {
                die("\"%s\": a value is missing %td bytes before its end",
                    in->path, in->end - in->p);
            }

            depth--;
            in->p++;
            break;

        default:
            in->p++;

            while (depth == 0 && in->p < in->end
                   && strchr(",]} \t\r\n", *in->p) == NULL)
            {
                in->p++;
            }
        }

    } while (depth);

    vocab_space(in);
}


void
vocab_open(vocab_in_t *in, char c)
{
    vocab_expect(in, c);
}


int
vocab_close(vocab_in_t *in, char c)
{
    (void) vocab_take(in, ',');

    return vocab_take(in, c);
}


int
vocab_member(const vocab_in_t *object, const char *name, vocab_in_t *in)
{
    int      found;
    char    *key;
    size_t   len;

    *in = *object;
    in->buf = NULL;
    in->room = 0;
    vocab_space(in);

    if (in->p == in->end || *in->p != '{') {
        return 0;
    }

    for (vocab_open(in, '{'); !vocab_close(in, '}'); ) {
        key = vocab_string(in, &len);
        found = len == strlen(name) && memcmp(key, name, len) == 0;
        vocab_space(in);
        vocab_expect(in, ':');

        if (found) {
            free(in->buf);
            in->buf = NULL;
            in->room = 0;
            return 1;
        }

        vocab_skip(in);
    }

    free(in->buf);

    return 0;
}


int
vocab_word(vocab_in_t *in, const char *word)
{
    size_t  len;

    len = strlen(word);

    if ((size_t) (in->end - in->p) < len || memcmp(in->p, word, len) != 0) {
        return 0;
    }

    in->p += len;
    vocab_space(in);

    return 1;
}


int
vocab_is_unset(const vocab_in_t *object, const char *name)
{
    vocab_in_t  in;

    return !vocab_member(object, name, &in) || vocab_word(&in, "null")
           || vocab_word(&in, "false") || vocab_word(&in, "\"\"");
}


int
vocab_is_true(const vocab_in_t *object, const char *name)
{
    vocab_in_t  in;

    return vocab_member(object, name, &in) && vocab_word(&in, "true");
}


const char *
vocab_name(const vocab_in_t *object, const char *name)
{
    size_t      len;
    vocab_in_t  in;

    if (!vocab_member(object, name, &in) || in.p == in.end || *in.p != '"') {
        return "";
    }

    return vocab_string(&in, &len);
}
