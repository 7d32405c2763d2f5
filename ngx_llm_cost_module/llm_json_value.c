
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_json.h"
#include "llm_json_lex.h"
#include "llm_utf8.h"

#include <string.h>


/* Reading what the scanner has found: members, strings, exact numbers. */


const llm_json_node_t  llm_json_none;


int
llm_json_string(const llm_json_t *j, uint32_t node, llm_str_t *s,
    unsigned char *buf)
{
    unsigned char          *d;
    const unsigned char    *p, *last;
    const llm_json_node_t  *v;

    if (node >= j->n) {
        s->data = NULL;
        s->len = 0;

        return LLM_BAD;
    }

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
    s->len = llm_json_decode(d, p, last);

    return LLM_OK;
}


/*
 * The string, which has escapes, is the text or begins with it.  An escape is
 * longer than what it stands for, and at most six times so.
 */

static int
llm_json_spells(const llm_json_t *j, const llm_json_node_t *v,
    const char *text, size_t len, int whole)
{
    size_t                n;
    unsigned char         c[4];
    const unsigned char  *p, *last;

    p = j->data + v->start;
    last = j->data + v->end;
    n = last - p;

    if (n <= len || (whole && n > 6 * len)) {
        return 0;
    }

    while (p < last && (whole || len)) {

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
llm_json_is(const llm_json_t *j, uint32_t node, const char *text, size_t len)
{
    const llm_json_node_t  *v;

    v = llm_json_node(j, node);

    if (v->type != LLM_JSON_STRING) {
        return 0;
    }

    if (v->escaped) {
        return llm_json_spells(j, v, text, len, 1);
    }

    return v->end - v->start == len
           && memcmp(j->data + v->start, text, len) == 0;
}


int
llm_json_begins(const llm_json_t *j, uint32_t node, const char *text,
    size_t len)
{
    const llm_json_node_t  *v;

    v = llm_json_node(j, node);

    if (v->type != LLM_JSON_STRING) {
        return 0;
    }

    if (v->escaped) {
        return llm_json_spells(j, v, text, len, 0);
    }

    return v->end - v->start >= len
           && memcmp(j->data + v->start, text, len) == 0;
}


/* the key of a member is this name */

static inline int
llm_json_named(const llm_json_t *j, const llm_json_node_t *v, const char *name,
    size_t len)
{
    if (v->escaped) {
        return llm_json_spells(j, v, name, len, 1);
    }

    return v->end - v->start == len
           && memcmp(j->data + v->start, name, len) == 0;
}


/* a string byte by byte, escapes resolved */

typedef struct {
    const unsigned char  *p;
    const unsigned char  *last;
    unsigned char         c[4];      /* of an escape, */
    size_t                at;        /* read so far */
    size_t                n;
} llm_json_cursor_t;


static void
llm_json_begin(const llm_json_t *j, uint32_t node, llm_json_cursor_t *s)
{
    s->p = j->data + j->nodes[node].start;
    s->last = j->data + j->nodes[node].end;
    s->at = 0;
    s->n = 0;
}


/* -1: there is none */

static int
llm_json_byte(llm_json_cursor_t *s)
{
    if (s->at < s->n) {
        return s->c[s->at++];
    }

    if (s->p == s->last) {
        return -1;
    }

    if (*s->p != '\\') {
        return *s->p++;
    }

    s->p += llm_json_unescape(s->p, s->last, s->c, &s->n);
    s->at = 1;

    return s->c[0];
}


int
llm_json_alike_of(const llm_json_t *j, uint32_t one, const llm_json_t *other,
    uint32_t two)
{
    int                     c;
    size_t                  n;
    llm_json_cursor_t       a, b;
    const llm_json_node_t  *v, *w;

    if (one >= j->n || j->nodes[one].type != LLM_JSON_STRING
        || two >= other->n || other->nodes[two].type != LLM_JSON_STRING)
    {
        return 0;
    }

    v = &j->nodes[one];
    w = &other->nodes[two];

    if (!v->escaped && !w->escaped) {
        n = v->end - v->start;

        return n == w->end - w->start
               && memcmp(j->data + v->start, other->data + w->start, n) == 0;
    }

    llm_json_begin(j, one, &a);
    llm_json_begin(other, two, &b);

    do {
        c = llm_json_byte(&a);

        if (c != llm_json_byte(&b)) {
            return 0;
        }

    } while (c >= 0);

    return 1;
}


int
llm_json_alike(const llm_json_t *j, uint32_t one, uint32_t two)
{
    return llm_json_alike_of(j, one, j, two);
}


uint32_t
llm_json_member(const llm_json_t *j, uint32_t obj, const char *key, size_t len)
{
    uint32_t  i, end, found;

    found = LLM_JSON_NONE;

    if (obj >= j->n || j->nodes[obj].type != LLM_JSON_OBJECT) {
        return found;
    }

    end = j->nodes[obj].next;

    for (i = obj + 1; i < end; i = j->nodes[i + 1].next) {
        if (llm_json_named(j, &j->nodes[i], key, len)) {
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
        n += llm_json_named(j, &j->nodes[i], key, len);
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

            if (!llm_json_named(j, key, names[k], strlen(names[k]))) {
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


/* which of the names the key is, or names->n */

static unsigned
llm_json_which(const llm_json_t *j, uint32_t key, const llm_json_names_t *names)
{
    size_t                  len;
    unsigned                i;
    const llm_str_t        *name;
    const llm_json_node_t  *v;

    v = &j->nodes[key];
    len = v->end - v->start;

    if (v->escaped) {
        i = 0;

    } else if (len <= names->longest) {
        i = names->first[len];

    } else {
        return names->n;
    }

    for ( /* void */ ; i < names->n; i++) {
        name = &names->names[i];

        if (name->len > len) {
            return names->n;
        }

        if (llm_json_named(j, v, (const char *) name->data, name->len)) {
            return i;
        }
    }

    return i;
}


size_t
llm_json_members(const llm_json_t *j, uint32_t obj,
    const llm_json_names_t *names, uint32_t *values)
{
    size_t    members;
    uint32_t  i, end;
    unsigned  k;

    for (k = 0; k < names->n; k++) {
        values[k] = LLM_JSON_NONE;
    }

    if (obj >= j->n || j->nodes[obj].type != LLM_JSON_OBJECT) {
        return 0;
    }

    members = 0;
    end = j->nodes[obj].next;

    for (i = obj + 1; i < end; i = j->nodes[i + 1].next) {

        members++;
        k = llm_json_which(j, i, names);

        if (k < names->n) {
            values[k] = i + 1;
        }
    }

    return members;
}


/*
 * The key is the name, but not letter by letter.  Two characters outside of
 * ASCII fold to letters of it: U+017F to s, U+212A to k.
 */

static int
llm_json_folds(const llm_json_t *j, uint32_t key, const char *name)
{
    int                c, exact;
    llm_json_cursor_t  s;

    llm_json_begin(j, key, &s);

    for (exact = 1; *name; name++) {

        c = llm_json_byte(&s);

        if (c == (unsigned char) *name) {
            continue;
        }

        if (c == 0xc5 && llm_json_byte(&s) == 0xbf) {
            c = 's';

        } else if (c == 0xe2 && llm_json_byte(&s) == 0x84
                   && llm_json_byte(&s) == 0xaa)
        {
            c = 'k';
        }

        if (c < 'A' || (c | 0x20) > 'z' || (c | 0x20) != (*name | 0x20)) {
            return 0;
        }

        exact = 0;
    }

    return !exact && llm_json_byte(&s) < 0;
}


const char *
llm_json_miscased(const llm_json_t *j, uint32_t obj, const char * const *names,
    unsigned n)
{
    unsigned                c, k;
    uint32_t                i, end;
    const llm_json_node_t  *key;

    if (obj >= j->n || j->nodes[obj].type != LLM_JSON_OBJECT) {
        return NULL;
    }

    end = j->nodes[obj].next;

    for (i = obj + 1; i < end; i = j->nodes[i + 1].next) {
        key = &j->nodes[i];
        c = j->data[key->start];

        for (k = 0; k < n; k++) {

            if (c < 0x80 && !key->escaped
                && (c | 0x20) != ((unsigned char) names[k][0] | 0x20))
            {
                continue;
            }

            if (llm_json_folds(j, i, names[k])) {
                return names[k];
            }
        }
    }

    return NULL;
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
            k = llm_utf8_length(p, last);
            n = k ? k : llm_utf8_put(d, 0xfffd);

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
