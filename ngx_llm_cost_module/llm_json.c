
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_json.h"
#include "llm_json_lex.h"

#include <string.h>


#define LLM_JSON_SHORT       32768        /* bytes */


/*
 * The scanner is a loop over two steps, a value and what stands between it
 * and the next one, with the open containers on a fixed stack: input decides
 * neither how deep the C stack goes nor, beyond a bound, how much memory is
 * used.  A step is told where it begins and returns where it ends, or NULL,
 * and then s->rc says why.
 */

typedef struct {
    uint32_t              node;
    unsigned char         end;            /* the bracket that closes it */
} llm_json_open_t;


typedef struct {
    llm_json_t           *json;
    llm_json_node_t      *nodes;
    uint32_t              n;
    uint32_t              room;           /* nodes until there must be more */
    uint32_t              max;            /* bound on nodes */
    uint32_t              depth;
    const unsigned char  *start;
    const unsigned char  *last;
    int                   rc;
    llm_json_open_t       stack[LLM_JSON_DEPTH];
} llm_json_scan_t;


#define llm_json_space(c)                                                     \
    ((c) == ' ' || (c) == '\n' || (c) == '\r' || (c) == '\t')

#define llm_json_digit(c)    ((unsigned) (c) - '0' <= 9)


static inline const unsigned char *
llm_json_skip(const llm_json_scan_t *s, const unsigned char *p)
{
    while (p < s->last && *p <= ' ' && llm_json_space(*p)) {
        p++;
    }

    return p;
}


static const unsigned char *
llm_json_fail(llm_json_scan_t *s, const unsigned char *p, int rc,
    const char *err)
{
    s->rc = rc;
    s->json->err = err;
    s->json->err_pos = p - s->start;

    return NULL;
}


static const unsigned char *
llm_json_unexpected(llm_json_scan_t *s, const unsigned char *p)
{
    return llm_json_fail(s, p, LLM_BAD, p < s->last ? "unexpected character"
                                                    : "unexpected end");
}


/*
 * Most requests are of texts, and need few nodes for their length; a short one
 * with a lot of tools has one per 20 bytes or so, and is given as many at once.
 * Where these do not last, as many as it takes if it goes on like that.
 */

static size_t
llm_json_guess(const llm_json_scan_t *s, const unsigned char *p)
{
    size_t  n, len, size;

    len = s->last - s->start;
    size = s->json->size;

    if (size == 0) {
        return 64 + len / 128
               + (len < LLM_JSON_SHORT ? len : LLM_JSON_SHORT) / 24;
    }

    n = s->n * len / (size_t) (p - s->start) + 1;

    return n < 2 * size ? 2 * size : n > 8 * size ? 8 * size : n;
}


static const unsigned char *
llm_json_grow(llm_json_scan_t *s, const unsigned char *p)
{
    size_t            n;
    llm_json_t       *j;
    llm_json_node_t  *nodes;

    j = s->json;

    if (s->n == s->max) {
        return llm_json_fail(s, p, LLM_LIMIT, "too many values");
    }

    n = llm_json_guess(s, p);

    if (n > s->max) {
        n = s->max;
    }

    nodes = llm_alloc(j->mem, n * sizeof(llm_json_node_t));
    if (nodes == NULL) {
        return llm_json_fail(s, p, LLM_ERROR, "no memory");
    }

    if (s->n) {
        memcpy(nodes, s->nodes, s->n * sizeof(llm_json_node_t));
    }

    j->nodes = nodes;
    j->size = (uint32_t) n;

    s->nodes = nodes;
    s->room = j->size;

    return p;
}


/* a node of one value; a container's end and next are set when it closes */

static inline llm_json_node_t *
llm_json_add(llm_json_scan_t *s, unsigned type, const unsigned char *start,
    const unsigned char *end)
{
    llm_json_node_t  *node;

    if (s->n == s->room && llm_json_grow(s, end) == NULL) {
        return NULL;
    }

    node = &s->nodes[s->n++];

    node->start = (uint32_t) (start - s->start);
    node->end = (uint32_t) (end - s->start);
    node->next = s->n;
    node->type = (uint8_t) type;
    node->escaped = 0;
    node->depth = (uint16_t) s->depth;

    return node;
}


static const unsigned char *
llm_json_bad_string(llm_json_scan_t *s, const unsigned char *p)
{
    if (p == s->last) {
        return llm_json_unexpected(s, p);
    }

    if (*p == '\\') {
        return llm_json_fail(s, p, LLM_BAD, "invalid escape in string");
    }

    return llm_json_fail(s, p, LLM_BAD, *p < 0x20
                                        ? "control character in string"
                                        : "invalid UTF-8");
}


/* p is at the opening quote */

static inline const unsigned char *
llm_json_scan_string(llm_json_scan_t *s, const unsigned char *p)
{
    unsigned              escaped;
    const unsigned char  *end, *stop;
    llm_json_node_t      *node;

    p++;
    escaped = 0;
    end = llm_json_plain(p, s->last);

    if (end == s->last || *end != '"') {

        end = llm_json_text_end(end, s->last, &escaped, &stop);
        if (end == NULL) {
            return llm_json_bad_string(s, stop);
        }
    }

    node = llm_json_add(s, LLM_JSON_STRING, p, end);
    if (node == NULL) {
        return NULL;
    }

    node->escaped = (uint8_t) escaped;

    return end + 1;
}


static const unsigned char *
llm_json_scan_number(llm_json_scan_t *s, const unsigned char *p)
{
    const unsigned char  *end, *stop;

    end = llm_json_number(p, s->last, &stop);

    if (end == NULL) {
        return llm_json_unexpected(s, stop);
    }

    return llm_json_add(s, LLM_JSON_NUMBER, p, end) ? end : NULL;
}


static const unsigned char *
llm_json_scan_word(llm_json_scan_t *s, const unsigned char *p,
    const char *word, unsigned type)
{
    const unsigned char  *end;

    for (end = p; *word; word++, end++) {
        if (end == s->last || *end != (unsigned char) *word) {
            return llm_json_unexpected(s, end);
        }
    }

    return llm_json_add(s, type, p, end) ? end : NULL;
}


static const unsigned char *
llm_json_open(llm_json_scan_t *s, const unsigned char *p, unsigned type,
    unsigned char end)
{
    if (s->depth == LLM_JSON_DEPTH) {
        return llm_json_fail(s, p, LLM_LIMIT, "nested too deeply");
    }

    if (llm_json_add(s, type, p, p) == NULL) {
        return NULL;
    }

    s->stack[s->depth].node = s->n - 1;
    s->stack[s->depth].end = end;
    s->depth++;

    return p + 1;
}


/* a value; of a container only its beginning */

static inline const unsigned char *
llm_json_scan_value(llm_json_scan_t *s, const unsigned char *p)
{
    p = llm_json_skip(s, p);

    if (p == s->last) {
        return llm_json_unexpected(s, p);
    }

    switch (*p) {

    case '{':
        return llm_json_open(s, p, LLM_JSON_OBJECT, '}');

    case '[':
        return llm_json_open(s, p, LLM_JSON_ARRAY, ']');

    case '"':
        return llm_json_scan_string(s, p);

    case 't':
        return llm_json_scan_word(s, p, "true", LLM_JSON_TRUE);

    case 'f':
        return llm_json_scan_word(s, p, "false", LLM_JSON_FALSE);

    case 'n':
        return llm_json_scan_word(s, p, "null", LLM_JSON_NULL);

    default:
        return (*p == '-' || llm_json_digit(*p)) ? llm_json_scan_number(s, p)
                                                 : llm_json_unexpected(s, p);
    }
}


/* a key and its colon */

static inline const unsigned char *
llm_json_scan_key(llm_json_scan_t *s, const unsigned char *p)
{
    p = llm_json_skip(s, p);

    if (p == s->last || *p != '"') {
        return llm_json_unexpected(s, p);
    }

    p = llm_json_scan_string(s, p);
    if (p == NULL) {
        return NULL;
    }

    p = llm_json_skip(s, p);

    return (p < s->last && *p == ':') ? p + 1 : llm_json_unexpected(s, p);
}


/* ends of containers, and what stands in front of the next value, if any */

static inline const unsigned char *
llm_json_scan_next(llm_json_scan_t *s, const unsigned char *p)
{
    llm_json_node_t        *node;
    const llm_json_open_t  *open;

    while (s->depth) {

        p = llm_json_skip(s, p);

        if (p == s->last) {
            return llm_json_unexpected(s, p);
        }

        open = &s->stack[s->depth - 1];

        if (*p == open->end) {
            p++;

            node = &s->nodes[open->node];
            node->end = (uint32_t) (p - s->start);
            node->next = s->n;

            s->depth--;
            continue;
        }

        /* in front of the first there is no comma */

        if (s->n > open->node + 1) {

            if (*p != ',') {
                return llm_json_unexpected(s, p);
            }

            p++;
        }

        return open->end == '}' ? llm_json_scan_key(s, p) : p;
    }

    return p;
}


static int
llm_json_scan(llm_json_scan_t *s)
{
    const unsigned char  *p;

    p = s->start;

    do {
        p = llm_json_scan_value(s, p);

        if (p) {
            p = llm_json_scan_next(s, p);
        }

        if (p == NULL) {
            return s->rc;
        }

    } while (s->depth);

    p = llm_json_skip(s, p);

    if (p < s->last) {
        (void) llm_json_unexpected(s, p);
        return s->rc;
    }

    return LLM_OK;
}


int
llm_json_parse(llm_json_t *j, const unsigned char *data, size_t len)
{
    int              rc;
    llm_json_scan_t  s;

    /* an event without data has none, and no offset of it is defined */

    if (data == NULL) {
        data = (const unsigned char *) "";
        len = 0;
    }

    j->data = data;
    j->len = len;
    j->n = 0;
    j->err = NULL;
    j->err_pos = 0;

    if (len >= UINT32_MAX) {
        j->err = "text is too long";
        return LLM_LIMIT;
    }

    s.json = j;
    s.nodes = j->nodes;
    s.n = 0;
    s.depth = 0;
    s.start = data;
    s.last = data + len;

    /* no text has more values than this: a value and what parts it */

    s.max = (uint32_t) (len / 2 + 1);

    if (j->max && j->max < s.max) {
        s.max = j->max;
    }

    s.room = (j->size < s.max) ? j->size : s.max;

    rc = llm_json_scan(&s);

    j->n = s.n;

    return rc;
}
