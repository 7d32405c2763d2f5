
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_canon.h"

#include <stdlib.h>
#include <string.h>


/*
 * Every value begins with a letter for its type; strings carry their length and
 * containers their number of values, so that no two different requests give the
 * same bytes.  Members are sorted by name, numbers are digits and a power of
 * ten.
 */

#define LLM_CANON_DIGITS    64         /* of a number; more are from memory */
#define LLM_CANON_EXPONENT  15         /* digits */


typedef struct {
    const llm_json_t   *json;
    const llm_canon_t  *canon;
    llm_mem_t          *mem;
    void              (*update)(void *ctx, const void *p, size_t n);
    void               *ctx;
    size_t              len;
    unsigned char       buf[512];
} llm_canon_form_t;


/* a member, its name with escapes resolved */

typedef struct {
    llm_str_t           name;
    uint32_t            key;
} llm_canon_member_t;


static int llm_canon_value(llm_canon_form_t *c, uint32_t node,
    unsigned verbatim);


static void
llm_canon_flush(llm_canon_form_t *c)
{
    if (c->len) {
        c->update(c->ctx, c->buf, c->len);
        c->len = 0;
    }
}


static void
llm_canon_put(llm_canon_form_t *c, const void *p, size_t n)
{
    if (n > sizeof(c->buf) - c->len) {
        llm_canon_flush(c);
    }

    if (n > sizeof(c->buf)) {
        c->update(c->ctx, p, n);
        return;
    }

    memcpy(c->buf + c->len, p, n);
    c->len += n;
}


/* a letter and a number: of bytes, values, or a power of ten */

static void
llm_canon_head(llm_canon_form_t *c, char type, uint64_t n)
{
    int            i;
    unsigned char  head[9];

    head[0] = (unsigned char) type;

    for (i = 1; i < 9; i++) {
        head[i] = (unsigned char) n;
        n >>= 8;
    }

    llm_canon_put(c, head, sizeof(head));
}


static int
llm_canon_string(llm_canon_form_t *c, uint32_t node)
{
    size_t                  i;
    llm_str_t               s;
    const llm_json_node_t  *v;

    v = llm_json_node(c->json, node);

    if (llm_json_string(c->json, node, &s, NULL) != LLM_OK) {
        return LLM_ERROR;
    }

    if (v->escaped) {

        /*
         * U+FFFD may stand for any lone surrogate: different texts, which
         * upstream may answer differently, so the spelling has to decide.
         */

        for (i = 0; i + 3 <= s.len; i++) {
            if (memcmp(s.data + i, "\xef\xbf\xbd", 3) == 0) {
                llm_canon_head(c, 'r', v->end - v->start);
                llm_canon_put(c, c->json->data + v->start,
                                     v->end - v->start);
                return LLM_OK;
            }
        }
    }

    llm_canon_head(c, 's', s.len);
    llm_canon_put(c, s.data, s.len);

    return LLM_OK;
}


/* 0 where there is none; LLM_DECLINED where it is longer than anybody needs */

static int
llm_canon_exponent(const unsigned char *p, const unsigned char *last,
    int64_t *e)
{
    unsigned  neg;

    *e = 0;

    if (p == last) {
        return LLM_OK;
    }

    p++;
    neg = (*p == '-');
    p += (*p == '-' || *p == '+');

    if (last - p > LLM_CANON_EXPONENT) {
        return LLM_DECLINED;
    }

    while (p < last) {
        *e = *e * 10 + (*p++ - '0');
    }

    if (neg) {
        *e = -*e;
    }

    return LLM_OK;
}


/*
 * A number as its digits without zeros at either end and a power of ten; zero
 * has no digits.  An exponent that is no one's earnest is declined.
 */

static int
llm_canon_number(llm_canon_form_t *c, const llm_json_node_t *v)
{
    size_t                n;
    int64_t               e;
    unsigned              neg;
    unsigned char        *d, digits[LLM_CANON_DIGITS];
    const unsigned char  *p, *last, *end;

    p = c->json->data + v->start;
    last = c->json->data + v->end;

    neg = (*p == '-');
    p += neg;

    for (end = p; end < last && *end != 'e' && *end != 'E'; end++) {
        /* void */
    }

    if (llm_canon_exponent(end, last, &e) != LLM_OK) {
        return LLM_DECLINED;
    }

    d = (size_t) (end - p) <= sizeof(digits) ? digits
                                             : llm_alloc(c->mem, end - p);
    if (d == NULL) {
        return LLM_ERROR;
    }

    for (n = 0; p < end; p++) {

        if (*p == '.') {
            e -= end - p - 1;

        } else if (n || *p != '0') {
            d[n++] = *p;
        }
    }

    while (n && d[n - 1] == '0') {
        n--;
        e++;
    }

    llm_canon_head(c, (neg && n) ? 'm' : 'n', n);
    llm_canon_put(c, d, n);
    llm_canon_head(c, 'e', n ? (uint64_t) e : 0);

    return LLM_OK;
}


static int
llm_canon_listed(const llm_str_t *name, const char * const *list)
{
    for ( /* void */ ; *list; list++) {
        if (name->len == strlen(*list)
            && memcmp(name->data, *list, name->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static int
llm_canon_compare(const void *one, const void *two)
{
    int                        rc;
    size_t                     n;
    const llm_canon_member_t  *a, *b;

    a = one;
    b = two;

    n = (a->name.len < b->name.len) ? a->name.len : b->name.len;
    rc = memcmp(a->name.data, b->name.data, n);

    if (rc == 0) {
        rc = (a->name.len > b->name.len) - (a->name.len < b->name.len);
    }

    return rc;
}


/*
 * The members of an object sorted by name, of the root less those that say
 * nothing; of two with one name only upstream knows which it takes, and a
 * reference has no form: LLM_DECLINED.
 */

static int
llm_canon_sort(llm_canon_form_t *c, uint32_t node,
    llm_canon_member_t **members, uint32_t *count)
{
    uint32_t                i, end, n;
    llm_canon_member_t     *m;
    const llm_json_node_t  *v;

    v = c->json->nodes;
    end = llm_json_next(c->json, node);

    for (n = 0, i = node + 1; i < end; i = v[i + 1].next) {
        n++;
    }

    m = llm_alloc(c->mem, (n + 1) * sizeof(llm_canon_member_t));
    if (m == NULL) {
        return LLM_ERROR;
    }

    for (n = 0, i = node + 1; i < end; i = v[i + 1].next) {

        if (llm_json_string(c->json, i, &m[n].name, NULL) != LLM_OK) {
            return LLM_ERROR;
        }

        if (node == 0 && llm_canon_listed(&m[n].name, c->canon->less)) {
            continue;
        }

        if (v[i + 1].type != LLM_JSON_NULL
            && llm_canon_listed(&m[n].name, c->canon->state))
        {
            return LLM_DECLINED;
        }

        m[n++].key = i;
    }

    qsort(m, n, sizeof(llm_canon_member_t), llm_canon_compare);

    for (i = 1; i < n; i++) {
        if (llm_canon_compare(&m[i - 1], &m[i]) == 0) {
            return LLM_DECLINED;
        }
    }

    *members = m;
    *count = n;

    return LLM_OK;
}


static int
llm_canon_object(llm_canon_form_t *c, uint32_t node)
{
    int                  rc;
    uint32_t             i, n;
    llm_canon_member_t  *m;

    rc = llm_canon_sort(c, node, &m, &n);
    if (rc != LLM_OK) {
        return rc;
    }

    llm_canon_head(c, '{', n);

    for (i = 0; i < n; i++) {

        /* by its spelling, as any string: a lone surrogate is not any other */

        rc = llm_canon_string(c, m[i].key);

        if (rc == LLM_OK) {
            rc = llm_canon_value(c, m[i].key + 1,
                                 llm_canon_listed(&m[i].name,
                                                  c->canon->verbatim));
        }

        if (rc != LLM_OK) {
            return rc;
        }
    }

    return LLM_OK;
}


/* all nodes below, one after another: keys and values in their order */

static int
llm_canon_members(llm_canon_form_t *c, uint32_t node, unsigned verbatim)
{
    int                     rc;
    uint32_t                i, end, n;
    const llm_json_node_t  *v;

    v = c->json->nodes;
    end = llm_json_next(c->json, node);

    for (n = 0, i = node + 1; i < end; i = v[i].next) {
        n++;
    }

    llm_canon_head(c, v[node].type == LLM_JSON_OBJECT ? 'o' : '[', n);

    for (i = node + 1; i < end; i = v[i].next) {
        rc = llm_canon_value(c, i, verbatim);
        if (rc != LLM_OK) {
            return rc;
        }
    }

    return LLM_OK;
}


/* depth is bounded by the scanner */

static int
llm_canon_value(llm_canon_form_t *c, uint32_t node, unsigned verbatim)
{
    const llm_json_node_t  *v;

    v = llm_json_node(c->json, node);

    switch (v->type) {

    case LLM_JSON_OBJECT:
        return verbatim ? llm_canon_members(c, node, 1)
                        : llm_canon_object(c, node);

    case LLM_JSON_ARRAY:
        return llm_canon_members(c, node, verbatim);

    case LLM_JSON_STRING:
        return llm_canon_string(c, node);

    case LLM_JSON_NUMBER:
        if (!verbatim) {
            return llm_canon_number(c, v);
        }

        llm_canon_head(c, 'd', v->end - v->start);
        llm_canon_put(c, c->json->data + v->start, v->end - v->start);
        return LLM_OK;

    default:
        llm_canon_head(c, 'w', v->type);
        return LLM_OK;
    }
}


int
llm_canonical(const llm_request_t *q, const llm_canon_t *canon,
    void (*update)(void *ctx, const void *p, size_t n), void *ctx)
{
    int               rc;
    llm_canon_form_t  c;

    c.json = &q->json;
    c.canon = canon;
    c.mem = q->mem;
    c.update = update;
    c.ctx = ctx;
    c.len = 0;

    /* the path may say what model it is */

    llm_canon_head(&c, 'k', q->kind);
    llm_canon_head(&c, 's', q->model.len);
    llm_canon_put(&c, q->model.data, q->model.len);

    rc = llm_canon_value(&c, 0, 0);

    llm_canon_flush(&c);

    return rc;
}
