
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_json.h"
#include "llm_json_lex.h"

#include <string.h>


/*
 * The scanner is a loop over two steps, a value and what stands between it
 * and the next one, with the open containers on a fixed stack: input decides
 * neither how deep the C stack goes nor, beyond a bound, how much memory is
 * used.
 */

typedef struct {
    llm_json_t           *json;
    const unsigned char  *start;
    const unsigned char  *p;
    const unsigned char  *last;
    uint32_t              max;            /* bound on nodes */
    uint32_t              room;           /* nodes until there must be more */
    uint32_t              depth;
    unsigned              empty;          /* a container was just opened */
    uint32_t              stack[LLM_JSON_DEPTH];
} llm_json_scan_t;


#define llm_json_space(c)                                                     \
    ((c) == ' ' || (c) == '\n' || (c) == '\r' || (c) == '\t')

#define llm_json_digit(c)    ((unsigned) (c) - '0' <= 9)


static inline void
llm_json_skip(llm_json_scan_t *s)
{
    while (s->p < s->last && llm_json_space(*s->p)) {
        s->p++;
    }
}


static int
llm_json_fail(llm_json_scan_t *s, int rc, const char *err)
{
    s->json->err = err;
    s->json->err_pos = s->p - s->start;

    return rc;
}


static int
llm_json_unexpected(llm_json_scan_t *s)
{
    return llm_json_fail(s, LLM_BAD, s->p < s->last ? "unexpected character"
                                                    : "unexpected end");
}


static int
llm_json_grow(llm_json_scan_t *s)
{
    size_t            n;
    llm_json_t       *j;
    llm_json_node_t  *nodes;

    j = s->json;

    if (j->n == s->max) {
        return llm_json_fail(s, LLM_LIMIT, "too many values");
    }

    n = j->size ? (size_t) j->size * 2
                : 64 + (size_t) (s->last - s->start) / 128;

    if (n > s->max) {
        n = s->max;
    }

    nodes = llm_alloc(j->mem, n * sizeof(llm_json_node_t));
    if (nodes == NULL) {
        return llm_json_fail(s, LLM_ERROR, "no memory");
    }

    if (j->n) {
        memcpy(nodes, j->nodes, j->n * sizeof(llm_json_node_t));
    }

    j->nodes = nodes;
    j->size = (uint32_t) n;
    s->room = j->size;

    return LLM_OK;
}


/* a node of one value; a container's end and next are set when it closes */

static inline llm_json_node_t *
llm_json_add(llm_json_scan_t *s, unsigned type, const unsigned char *start)
{
    llm_json_t       *j;
    llm_json_node_t  *node;

    j = s->json;

    if (j->n == s->room && llm_json_grow(s) != LLM_OK) {
        return NULL;
    }

    node = &j->nodes[j->n++];

    node->start = (uint32_t) (start - s->start);
    node->end = (uint32_t) (s->p - s->start);
    node->next = j->n;
    node->type = (uint8_t) type;
    node->escaped = 0;
    node->depth = (uint16_t) s->depth;

    return node;
}


static int
llm_json_bad_string(llm_json_scan_t *s)
{
    if (s->p == s->last) {
        return llm_json_unexpected(s);
    }

    if (*s->p == '\\') {
        return llm_json_fail(s, LLM_BAD, "invalid escape in string");
    }

    return llm_json_fail(s, LLM_BAD, *s->p < 0x20
                                     ? "control character in string"
                                     : "invalid UTF-8");
}


/* s->p is at the opening quote */

static int
llm_json_scan_string(llm_json_scan_t *s)
{
    unsigned              escaped;
    const unsigned char  *start, *end, *stop;
    llm_json_node_t      *node;

    start = s->p + 1;

    end = llm_json_text_end(start, s->last, &escaped, &stop);

    if (end == NULL) {
        s->p = stop;
        return llm_json_bad_string(s);
    }

    s->p = end;

    node = llm_json_add(s, LLM_JSON_STRING, start);
    if (node == NULL) {
        return s->json->n == s->max ? LLM_LIMIT : LLM_ERROR;
    }

    node->escaped = (uint8_t) escaped;
    s->p++;

    return LLM_OK;
}


static int
llm_json_scan_number(llm_json_scan_t *s)
{
    const unsigned char  *start, *end, *stop;

    start = s->p;

    end = llm_json_number(start, s->last, &stop);

    if (end == NULL) {
        s->p = stop;
        return llm_json_unexpected(s);
    }

    s->p = end;

    if (llm_json_add(s, LLM_JSON_NUMBER, start) == NULL) {
        return s->json->n == s->max ? LLM_LIMIT : LLM_ERROR;
    }

    return LLM_OK;
}


static int
llm_json_scan_word(llm_json_scan_t *s, const char *word, unsigned type)
{
    size_t                i;
    const unsigned char  *start;

    start = s->p;

    for (i = 0; word[i]; i++) {
        if (s->p == s->last || *s->p != (unsigned char) word[i]) {
            return llm_json_unexpected(s);
        }

        s->p++;
    }

    if (llm_json_add(s, type, start) == NULL) {
        return s->json->n == s->max ? LLM_LIMIT : LLM_ERROR;
    }

    return LLM_OK;
}


static int
llm_json_open(llm_json_scan_t *s, unsigned type)
{
    if (s->depth == LLM_JSON_DEPTH) {
        return llm_json_fail(s, LLM_LIMIT, "nested too deeply");
    }

    if (llm_json_add(s, type, s->p) == NULL) {
        return s->json->n == s->max ? LLM_LIMIT : LLM_ERROR;
    }

    s->stack[s->depth++] = s->json->n - 1;
    s->empty = 1;
    s->p++;

    return LLM_OK;
}


static void
llm_json_close(llm_json_scan_t *s)
{
    llm_json_node_t  *node;

    s->p++;

    node = &s->json->nodes[s->stack[--s->depth]];
    node->end = (uint32_t) (s->p - s->start);
    node->next = s->json->n;
}


/* a value; of a container only its beginning */

static int
llm_json_scan_value(llm_json_scan_t *s)
{
    llm_json_skip(s);

    if (s->p == s->last) {
        return llm_json_unexpected(s);
    }

    switch (*s->p) {

    case '{':
        return llm_json_open(s, LLM_JSON_OBJECT);

    case '[':
        return llm_json_open(s, LLM_JSON_ARRAY);

    case '"':
        return llm_json_scan_string(s);

    case 't':
        return llm_json_scan_word(s, "true", LLM_JSON_TRUE);

    case 'f':
        return llm_json_scan_word(s, "false", LLM_JSON_FALSE);

    case 'n':
        return llm_json_scan_word(s, "null", LLM_JSON_NULL);

    default:
        return (*s->p == '-' || llm_json_digit(*s->p)) ? llm_json_scan_number(s)
                                                       : llm_json_unexpected(s);
    }
}


/* a key and its colon */

static int
llm_json_scan_key(llm_json_scan_t *s)
{
    int  rc;

    llm_json_skip(s);

    if (s->p == s->last || *s->p != '"') {
        return llm_json_unexpected(s);
    }

    rc = llm_json_scan_string(s);
    if (rc != LLM_OK) {
        return rc;
    }

    llm_json_skip(s);

    if (s->p == s->last || *s->p != ':') {
        return llm_json_unexpected(s);
    }

    s->p++;

    return LLM_OK;
}


/* ends of containers, and what stands in front of the next value, if any */

static int
llm_json_scan_next(llm_json_scan_t *s)
{
    unsigned  object;

    while (s->depth) {

        llm_json_skip(s);

        if (s->p == s->last) {
            return llm_json_unexpected(s);
        }

        object = (s->json->nodes[s->stack[s->depth - 1]].type
                  == LLM_JSON_OBJECT);

        if (*s->p == (object ? '}' : ']')) {
            llm_json_close(s);
            s->empty = 0;
            continue;
        }

        if (!s->empty) {

            if (*s->p != ',') {
                return llm_json_unexpected(s);
            }

            s->p++;
        }

        s->empty = 0;

        return object ? llm_json_scan_key(s) : LLM_OK;
    }

    return LLM_OK;
}


static int
llm_json_scan(llm_json_scan_t *s)
{
    int  rc;

    do {
        rc = llm_json_scan_value(s);

        if (rc == LLM_OK) {
            rc = llm_json_scan_next(s);
        }

        if (rc != LLM_OK) {
            return rc;
        }

    } while (s->depth);

    llm_json_skip(s);

    return (s->p == s->last) ? LLM_OK : llm_json_unexpected(s);
}


int
llm_json_parse(llm_json_t *j, const unsigned char *data, size_t len)
{
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

    s.json = j;
    s.start = data;
    s.p = data;
    s.last = data + len;
    s.depth = 0;
    s.empty = 0;

    if (len >= UINT32_MAX) {
        return llm_json_fail(&s, LLM_LIMIT, "text is too long");
    }

    /* no text has more values than this: a value and what parts it */

    s.max = (uint32_t) (len / 2 + 1);

    if (j->max && j->max < s.max) {
        s.max = j->max;
    }

    s.room = (j->size < s.max) ? j->size : s.max;

    return llm_json_scan(&s);
}
