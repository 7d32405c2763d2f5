
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_json.h"
#include "llm_json_lex.h"

#include <string.h>


/* Reading what the scanner has found: members, strings, exact numbers. */


static int
llm_json_hex(unsigned char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c |= 0x20;

    return (c >= 'a' && c <= 'f') ? c - 'a' + 10 : -1;
}


int
llm_json_hex4(const unsigned char *p, const unsigned char *last)
{
    int  i, d, v;

    if (last - p < 4) {
        return -1;
    }

    for (v = 0, i = 0; i < 4; i++) {
        d = llm_json_hex(p[i]);

        if (d < 0) {
            return -1;
        }

        v = v * 16 + d;
    }

    return v;
}


unsigned
llm_json_utf8(const unsigned char *p, const unsigned char *last)
{
    size_t         n;
    unsigned char  c;

    n = last - p;
    c = *p;

    if (c < 0xc2 || c > 0xf4 || n < 2 || (p[1] & 0xc0) != 0x80) {
        return 0;
    }

    if (c < 0xe0) {
        return 2;
    }

    if (n < 3 || (p[2] & 0xc0) != 0x80
        || (c == 0xe0 && p[1] < 0xa0)                    /* overlong */
        || (c == 0xed && p[1] > 0x9f))                   /* a surrogate */
    {
        return 0;
    }

    if (c < 0xf0) {
        return 3;
    }

    if (n < 4 || (p[3] & 0xc0) != 0x80
        || (c == 0xf0 && p[1] < 0x90)                    /* overlong */
        || (c == 0xf4 && p[1] > 0x8f))                   /* above U+10FFFF */
    {
        return 0;
    }

    return 4;
}


size_t
llm_json_put_utf8(unsigned char *d, unsigned c)
{
    if (c < 0x80) {
        d[0] = (unsigned char) c;
        return 1;
    }

    if (c < 0x800) {
        d[0] = (unsigned char) (0xc0 | (c >> 6));
        d[1] = (unsigned char) (0x80 | (c & 0x3f));
        return 2;
    }

    if (c < 0x10000) {
        d[0] = (unsigned char) (0xe0 | (c >> 12));
        d[1] = (unsigned char) (0x80 | ((c >> 6) & 0x3f));
        d[2] = (unsigned char) (0x80 | (c & 0x3f));
        return 3;
    }

    d[0] = (unsigned char) (0xf0 | (c >> 18));
    d[1] = (unsigned char) (0x80 | ((c >> 12) & 0x3f));
    d[2] = (unsigned char) (0x80 | ((c >> 6) & 0x3f));
    d[3] = (unsigned char) (0x80 | (c & 0x3f));

    return 4;
}


/*
 * The escape at p (a backslash, checked by the scanner) to d; *n is what it
 * wrote, the result what it read.  No escape is longer decoded than written.
 */

static size_t
llm_json_unescape(const unsigned char *p, const unsigned char *last,
    unsigned char *d, size_t *n)
{
    int                low;
    unsigned           c;
    const char        *at;
    static const char  from[] = "bfnrt", to[] = "\b\f\n\r\t";

    if (p[1] != 'u') {
        at = strchr(from, p[1]);
        *d = at ? (unsigned char) to[at - from] : p[1];
        *n = 1;

        return 2;
    }

    c = (unsigned) llm_json_hex4(p + 2, last);

    if (c >= 0xd800 && c < 0xdc00 && last - p >= 12 && p[6] == '\\'
        && p[7] == 'u')
    {
        low = llm_json_hex4(p + 8, last);

        if (low >= 0xdc00 && low < 0xe000) {
            c = 0x10000 + ((c - 0xd800) << 10) + ((unsigned) low - 0xdc00);
            *n = llm_json_put_utf8(d, c);

            return 12;
        }
    }

    if (c >= 0xd800 && c < 0xe000) {
        c = 0xfffd;
    }

    *n = llm_json_put_utf8(d, c);

    return 6;
}


int
llm_json_string(const llm_json_t *j, uint32_t node, llm_str_t *s,
    unsigned char *buf)
{
    size_t                  n;
    unsigned char          *d;
    const unsigned char    *p, *last, *end;
    const llm_json_node_t  *v;

    v = &j->nodes[node];

    p = j->data + v->start;
    last = j->data + v->end;

    if (!v->escaped) {
        s->data = (unsigned char *) p;
        s->len = last - p;

        return LLM_OK;
    }

    d = buf ? buf : llm_alloc(j->mem, last - p);
    if (d == NULL) {
        return LLM_ERROR;
    }

    s->data = d;

    while (p < last) {
        end = memchr(p, '\\', last - p);
        n = (end ? end : last) - p;

        memcpy(d, p, n);
        d += n;
        p += n;

        while (p < last && *p == '\\') {
            p += llm_json_unescape(p, last, d, &n);
            d += n;
        }
    }

    s->len = d - s->data;

    return LLM_OK;
}


/* the string equals len bytes of text, escapes resolved */

static int
llm_json_same(const llm_json_t *j, const llm_json_node_t *v,
    const unsigned char *text, size_t len)
{
    size_t                n;
    unsigned char         c[4];
    const unsigned char  *p, *last;

    p = j->data + v->start;
    last = j->data + v->end;

    if (!v->escaped) {
        return (size_t) (last - p) == len && memcmp(p, text, len) == 0;
    }

    while (p < last) {

        if (*p == '\\') {
            p += llm_json_unescape(p, last, c, &n);

        } else {
            c[0] = *p++;
            n = 1;
        }

        if (n > len || memcmp(c, text, n) != 0) {
            return 0;
        }

        text += n;
        len -= n;
    }

    return len == 0;
}


int
llm_json_equal(const llm_json_t *j, uint32_t node, const char *text)
{
    const llm_json_node_t  *v;

    v = &j->nodes[node];

    return v->type == LLM_JSON_STRING
           && llm_json_same(j, v, (const unsigned char *) text, strlen(text));
}


uint32_t
llm_json_get(const llm_json_t *j, uint32_t obj, const char *key)
{
    size_t    len;
    uint32_t  i, end, found;

    found = LLM_JSON_NONE;

    if (obj >= j->n || j->nodes[obj].type != LLM_JSON_OBJECT) {
        return found;
    }

    len = strlen(key);
    end = j->nodes[obj].next;

    for (i = obj + 1; i < end; i = j->nodes[i + 1].next) {
        if (llm_json_same(j, &j->nodes[i], (const unsigned char *) key, len)) {
            found = i + 1;
        }
    }

    return found;
}


int
llm_json_duplicate(const llm_json_t *j, uint32_t obj, const char *key)
{
    size_t    len;
    uint32_t  i, end, n;

    if (obj >= j->n || j->nodes[obj].type != LLM_JSON_OBJECT) {
        return 0;
    }

    n = 0;
    len = strlen(key);
    end = j->nodes[obj].next;

    for (i = obj + 1; i < end; i = j->nodes[i + 1].next) {
        if (llm_json_same(j, &j->nodes[i], (const unsigned char *) key, len)) {
            n++;
        }
    }

    return n > 1;
}


const char *
llm_json_fields(const llm_json_t *j, uint32_t obj, const char * const *names,
    unsigned n, uint32_t *values)
{
    unsigned                k;
    uint32_t                i, end;
    const char             *twice;
    const llm_json_node_t  *key;

    for (k = 0; k < n; k++) {
        values[k] = LLM_JSON_NONE;
    }

    if (obj >= j->n || j->nodes[obj].type != LLM_JSON_OBJECT) {
        return NULL;
    }

    twice = NULL;
    end = j->nodes[obj].next;

    for (i = obj + 1; i < end; i = j->nodes[i + 1].next) {
        key = &j->nodes[i];

        for (k = 0; k < n; k++) {

            if (!key->escaped && j->data[key->start]
                                 != (unsigned char) names[k][0])
            {
                continue;
            }

            if (!llm_json_same(j, key, (const unsigned char *) names[k],
                               strlen(names[k])))
            {
                continue;
            }

            if (values[k] != LLM_JSON_NONE && twice == NULL) {
                twice = names[k];
            }

            values[k] = i + 1;
            break;
        }
    }

    return twice;
}


/* what c must be written as inside a string; 0: as it is */

static size_t
llm_json_escaped(unsigned char *d, unsigned char c)
{
    const char         *at;
    static const char   hex[] = "0123456789abcdef";
    static const char   from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";

    if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f) {
        return 0;
    }

    d[0] = '\\';
    at = c ? strchr(from, c) : NULL;

    if (at) {
        d[1] = (unsigned char) to[at - from];
        return 2;
    }

    memcpy(d + 1, "u00", 3);
    d[4] = (unsigned char) hex[c >> 4];
    d[5] = (unsigned char) hex[c & 15];

    return 6;
}


size_t
llm_json_escape(unsigned char *buf, const llm_str_t *text)
{
    size_t                n, k, len;
    unsigned char         d[6];
    const unsigned char  *p, *last;

    p = text->data;
    last = p + text->len;

    for (len = 0; p < last; len += n) {

        k = 1;
        n = llm_json_escaped(d, *p);

        if (n == 0 && *p < 0x80) {
            d[0] = *p;
            n = 1;

        } else if (n == 0) {
            k = llm_json_utf8(p, last);
            n = k ? k : llm_json_put_utf8(d, 0xfffd);

            if (k) {
                memcpy(d, p, k);
            }

            k = k ? k : 1;
        }

        if (buf) {
            memcpy(buf + len, d, n);
        }

        p += k;
    }

    return len;
}
