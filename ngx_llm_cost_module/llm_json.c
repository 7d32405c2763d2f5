
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_json.h"
#include "llm_json_lex.h"

#include <string.h>

#if (__SSE2__)
#include <emmintrin.h>
#endif


/*
 * The scanner is a loop over two questions, "a value may start here" and
 * "a value has just ended", with the open containers on a fixed stack: input
 * decides neither how deep the C stack goes nor, beyond a bound, how much
 * memory is used.
 */

typedef struct {
    llm_json_t           *json;
    const unsigned char  *start;
    const unsigned char  *p;
    const unsigned char  *last;
    uint32_t              max;
    uint32_t              depth;
    uint32_t              stack[LLM_JSON_DEPTH];
} llm_json_scan_t;


/* what the grammar allows next */

typedef enum {
    LLM_JSON_WANT_VALUE = 0,
    LLM_JSON_WANT_FIRST,          /* a value or the end of the array */
    LLM_JSON_WANT_KEY,
    LLM_JSON_WANT_FIRST_KEY,      /* a key or the end of the object */
    LLM_JSON_WANT_END             /* comma, end of container, end of text */
} llm_json_want_e;


#define llm_json_space(c)                                                     \
    ((c) == ' ' || (c) == '\n' || (c) == '\r' || (c) == '\t')

#define llm_json_digit(c)    ((unsigned) (c) - '0' <= 9)


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

    return LLM_OK;
}


/* a node of one value; a container's end and next are set when it closes */

static llm_json_node_t *
llm_json_add(llm_json_scan_t *s, unsigned type, const unsigned char *start)
{
    llm_json_t       *j;
    llm_json_node_t  *node;

    j = s->json;

    if ((j->n == j->size || j->n == s->max) && llm_json_grow(s) != LLM_OK) {
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


/*
 * The first byte from p on that is not plain: a quote, a backslash, a control
 * character or a byte of a non-ASCII character.  Most of a request is text,
 * so this loop is most of the work.
 */

#if (__SSE2__)

static const unsigned char *
llm_json_plain(const unsigned char *p, const unsigned char *last)
{
    unsigned  mask;
    __m128i   v, quote, slash, low;

    quote = _mm_set1_epi8('"');
    slash = _mm_set1_epi8('\\');
    low = _mm_set1_epi8(0x20);

    while (last - p >= 16) {
        v = _mm_loadu_si128((const __m128i *) p);

        /* signed compare: bytes from 0x80 on are below 0x20, too */

        mask = _mm_movemask_epi8(
                   _mm_or_si128(_mm_cmplt_epi8(v, low),
                                _mm_or_si128(_mm_cmpeq_epi8(v, quote),
                                             _mm_cmpeq_epi8(v, slash))));

        if (mask) {
            return p + __builtin_ctz(mask);
        }

        p += 16;
    }

    while (p < last && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\') {
        p++;
    }

    return p;
}

#else

#define LLM_ONES    0x0101010101010101ULL
#define LLM_HIGHS   0x8080808080808080ULL

/* high bit set in bytes below n; exact up to the first such byte */

#define llm_below(x, n)   (((x) - LLM_ONES * (n)) & ~(x) & LLM_HIGHS)
#define llm_equal(x, c)   llm_below((x) ^ (LLM_ONES * (c)), 1)


static const unsigned char *
llm_json_plain(const unsigned char *p, const unsigned char *last)
{
    uint64_t  x;

    while (last - p >= 8) {
        memcpy(&x, p, 8);

        if ((x & LLM_HIGHS) || llm_below(x, 0x20) || llm_equal(x, '"')
            || llm_equal(x, '\\'))
        {
            break;
        }

        p += 8;
    }

    while (p < last && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\') {
        p++;
    }

    return p;
}

#endif


static int
llm_json_scan_escape(llm_json_scan_t *s)
{
    const unsigned char  *p;

    p = s->p + 1;

    if (p == s->last) {
        s->p = p;
        return llm_json_unexpected(s);
    }

    switch (*p) {

    case '"': case '\\': case '/':
    case 'b': case 'f': case 'n': case 'r': case 't':
        s->p += 2;
        return LLM_OK;

    case 'u':
        if (llm_json_hex4(p + 1, s->last) >= 0) {
            s->p += 6;
            return LLM_OK;
        }
    }

    return llm_json_fail(s, LLM_BAD, "invalid escape in string");
}


/* s->p is at the opening quote */

static int
llm_json_scan_string(llm_json_scan_t *s)
{
    unsigned              n, escaped;
    const unsigned char  *start;
    llm_json_node_t      *node;

    start = ++s->p;
    escaped = 0;

    for ( ;; ) {
        s->p = llm_json_plain(s->p, s->last);

        if (s->p == s->last) {
            return llm_json_unexpected(s);
        }

        if (*s->p == '"') {
            break;
        }

        if (*s->p == '\\') {
            escaped = 1;

            if (llm_json_scan_escape(s) != LLM_OK) {
                return LLM_BAD;
            }

            continue;
        }

        if (*s->p < 0x20) {
            return llm_json_fail(s, LLM_BAD, "control character in string");
        }

        do {
            n = llm_json_utf8(s->p, s->last);

            if (n == 0) {
                return llm_json_fail(s, LLM_BAD, "invalid UTF-8");
            }

            s->p += n;

        } while (s->p < s->last && *s->p >= 0x80);
    }

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


static int
llm_json_scan_value(llm_json_scan_t *s, llm_json_want_e *want)
{
    int  rc;

    switch (*s->p) {

    case '{':
        rc = llm_json_open(s, LLM_JSON_OBJECT);
        *want = LLM_JSON_WANT_FIRST_KEY;
        return rc;

    case '[':
        rc = llm_json_open(s, LLM_JSON_ARRAY);
        *want = LLM_JSON_WANT_FIRST;
        return rc;

    case '"':
        rc = llm_json_scan_string(s);
        break;

    case 't':
        rc = llm_json_scan_word(s, "true", LLM_JSON_TRUE);
        break;

    case 'f':
        rc = llm_json_scan_word(s, "false", LLM_JSON_FALSE);
        break;

    case 'n':
        rc = llm_json_scan_word(s, "null", LLM_JSON_NULL);
        break;

    default:
        rc = (*s->p == '-' || llm_json_digit(*s->p)) ? llm_json_scan_number(s)
                                                     : llm_json_unexpected(s);
    }

    *want = LLM_JSON_WANT_END;

    return rc;
}


/* a key and its colon */

static int
llm_json_scan_key(llm_json_scan_t *s)
{
    int  rc;

    if (*s->p != '"') {
        return llm_json_unexpected(s);
    }

    rc = llm_json_scan_string(s);
    if (rc != LLM_OK) {
        return rc;
    }

    while (s->p < s->last && llm_json_space(*s->p)) {
        s->p++;
    }

    if (s->p == s->last || *s->p != ':') {
        return llm_json_unexpected(s);
    }

    s->p++;

    return LLM_OK;
}


/* what follows a value inside a container */

static int
llm_json_scan_end(llm_json_scan_t *s, llm_json_want_e *want)
{
    unsigned  type;

    type = s->json->nodes[s->stack[s->depth - 1]].type;

    if (*s->p == ',') {
        s->p++;
        *want = (type == LLM_JSON_OBJECT) ? LLM_JSON_WANT_KEY
                                          : LLM_JSON_WANT_VALUE;
        return LLM_OK;
    }

    if (*s->p == (type == LLM_JSON_OBJECT ? '}' : ']')) {
        llm_json_close(s);
        return LLM_OK;
    }

    return llm_json_unexpected(s);
}


static int
llm_json_scan(llm_json_scan_t *s)
{
    int              rc;
    llm_json_want_e  want;

    want = LLM_JSON_WANT_VALUE;

    for ( ;; ) {

        while (s->p < s->last && llm_json_space(*s->p)) {
            s->p++;
        }

        if (want == LLM_JSON_WANT_END && s->depth == 0) {
            return (s->p == s->last) ? LLM_OK : llm_json_unexpected(s);
        }

        if (s->p == s->last) {
            return llm_json_unexpected(s);
        }

        if ((want == LLM_JSON_WANT_FIRST && *s->p == ']')
            || (want == LLM_JSON_WANT_FIRST_KEY && *s->p == '}'))
        {
            llm_json_close(s);
            want = LLM_JSON_WANT_END;
            continue;
        }

        switch (want) {

        case LLM_JSON_WANT_KEY:
        case LLM_JSON_WANT_FIRST_KEY:
            rc = llm_json_scan_key(s);
            want = LLM_JSON_WANT_VALUE;
            break;

        case LLM_JSON_WANT_END:
            rc = llm_json_scan_end(s, &want);
            break;

        default:
            rc = llm_json_scan_value(s, &want);
        }

        if (rc != LLM_OK) {
            return rc;
        }
    }
}


int
llm_json_parse(llm_json_t *j, const unsigned char *data, size_t len)
{
    llm_json_scan_t  s;

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

    if (len >= UINT32_MAX) {
        return llm_json_fail(&s, LLM_LIMIT, "text is too long");
    }

    /* no text has more values than this: a value and what parts it */

    s.max = (uint32_t) (len / 2 + 1);

    if (j->max && j->max < s.max) {
        s.max = j->max;
    }

    return llm_json_scan(&s);
}
