
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai.h"
#include "llm_media.h"

#include <stdlib.h>
#include <string.h>


/*
 * The canonical form of a request.  Every value begins with a letter for its
 * type; strings carry their length and containers their number of values, so
 * that no two different requests give the same bytes.
 *
 * Members of the request and of its messages are sorted.  Everything deeper
 * keeps its order, since a model is shown tools and schemas in the order in
 * which they were written; numbers in there keep their spelling, too.
 */

typedef struct {
    const llm_json_t  *json;
    llm_mem_t         *mem;
    void             (*update)(void *ctx, const void *p, size_t n);
    void              *ctx;
    size_t             len;
    unsigned char      buf[512];
} llm_openai_canon_t;


/* a member, its name with escapes resolved */

typedef struct {
    llm_str_t          name;
    uint32_t           key;
} llm_openai_member_t;


/* what cannot change the answer, or is written in front */

static const char * const  llm_openai_immaterial[] = {
    "stream", "stream_options", "user", "metadata", "store",
    "safety_identifier", "prompt_cache_key", "prompt_cache_retention"
};


/* values whose inside keeps its order and spelling */

static const char * const  llm_openai_verbatim[] = {
    "tools", "functions", "response_format"
};


static int llm_openai_canon_value(llm_openai_canon_t *c, uint32_t node,
    unsigned verbatim);


static void
llm_openai_canon_flush(llm_openai_canon_t *c)
{
    if (c->len) {
        c->update(c->ctx, c->buf, c->len);
        c->len = 0;
    }
}


static void
llm_openai_canon_put(llm_openai_canon_t *c, const void *p, size_t n)
{
    if (n > sizeof(c->buf) - c->len) {
        llm_openai_canon_flush(c);
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
llm_openai_canon_head(llm_openai_canon_t *c, char type, uint64_t n)
{
    int            i;
    unsigned char  head[9];

    head[0] = (unsigned char) type;

    for (i = 1; i < 9; i++) {
        head[i] = (unsigned char) n;
        n >>= 8;
    }

    llm_openai_canon_put(c, head, sizeof(head));
}


static int
llm_openai_canon_string(llm_openai_canon_t *c, uint32_t node)
{
    size_t                  i;
    llm_str_t               s;
    const llm_json_node_t  *v;

    v = &c->json->nodes[node];

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
                llm_openai_canon_head(c, 'r', v->end - v->start);
                llm_openai_canon_put(c, c->json->data + v->start,
                                     v->end - v->start);
                return LLM_OK;
            }
        }
    }

    llm_openai_canon_head(c, 's', s.len);
    llm_openai_canon_put(c, s.data, s.len);

    return LLM_OK;
}


/*
 * A number as its digits without zeros at either end and a power of ten; zero
 * has no digits.  An exponent that is no one's earnest is declined.
 */

static int
llm_openai_canon_number(llm_openai_canon_t *c, const llm_json_node_t *v)
{
    size_t                n;
    int64_t               e;
    unsigned              neg;
    unsigned char        *d;
    const unsigned char  *p, *last, *end;

    p = c->json->data + v->start;
    last = c->json->data + v->end;

    neg = (*p == '-');
    p += neg;

    for (end = p; end < last && *end != 'e' && *end != 'E'; end++) {
        /* void */
    }

    e = 0;

    if (end < last) {
        if (last - end > 16 || llm_parse_int(end + 1 + (end[1] == '+'),
                                             last - end - 1 - (end[1] == '+'),
                                             &e)
                               != LLM_OK)
        {
            return LLM_DECLINED;
        }
    }

    d = llm_alloc(c->mem, end - p + 1);
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

    llm_openai_canon_head(c, (neg && n) ? 'm' : 'n', n);
    llm_openai_canon_put(c, d, n);
    llm_openai_canon_head(c, 'e', n ? (uint64_t) e : 0);

    return LLM_OK;
}


static int
llm_openai_canon_members(llm_openai_canon_t *c, uint32_t node,
    unsigned verbatim)
{
    int                     rc;
    uint32_t                i, end, n;
    const llm_json_node_t  *v;

    v = c->json->nodes;
    end = v[node].next;

    for (n = 0, i = node + 1; i < end; i = v[i].next) {
        n++;
    }

    llm_openai_canon_head(c, v[node].type == LLM_JSON_OBJECT ? '{' : '[', n);

    for (i = node + 1; i < end; i = v[i].next) {
        rc = llm_openai_canon_value(c, i, verbatim);
        if (rc != LLM_OK) {
            return rc;
        }
    }

    return LLM_OK;
}


/* depth is bounded by the scanner */

static int
llm_openai_canon_value(llm_openai_canon_t *c, uint32_t node,
    unsigned verbatim)
{
    const llm_json_node_t  *v;

    v = &c->json->nodes[node];

    switch (v->type) {

    case LLM_JSON_OBJECT:
    case LLM_JSON_ARRAY:
        return llm_openai_canon_members(c, node, verbatim);

    case LLM_JSON_STRING:
        return llm_openai_canon_string(c, node);

    case LLM_JSON_NUMBER:
        if (!verbatim) {
            return llm_openai_canon_number(c, v);
        }

        llm_openai_canon_head(c, 'd', v->end - v->start);
        llm_openai_canon_put(c, c->json->data + v->start, v->end - v->start);
        return LLM_OK;

    default:
        llm_openai_canon_head(c, 'w', v->type);
        return LLM_OK;
    }
}


static int
llm_openai_canon_listed(const llm_str_t *name, const char * const *list,
    size_t n)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        if (name->len == strlen(list[i])
            && memcmp(name->data, list[i], name->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static int
llm_openai_canon_compare(const void *one, const void *two)
{
    int                         rc;
    size_t                      n;
    const llm_openai_member_t  *a, *b;

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
 * The members of an object sorted by name, less those of the list; of two with
 * one name only upstream knows which it takes: LLM_DECLINED.
 */

static int
llm_openai_canon_sort(llm_openai_canon_t *c, uint32_t node,
    const char * const *less, size_t nless, llm_openai_member_t **members,
    uint32_t *count)
{
    uint32_t                i, end, n;
    llm_openai_member_t    *m;
    const llm_json_node_t  *v;

    v = c->json->nodes;
    end = v[node].next;

    for (n = 0, i = node + 1; i < end; i = v[i + 1].next) {
        n++;
    }

    m = llm_alloc(c->mem, (n + 1) * sizeof(llm_openai_member_t));
    if (m == NULL) {
        return LLM_ERROR;
    }

    for (n = 0, i = node + 1; i < end; i = v[i + 1].next) {

        if (llm_json_string(c->json, i, &m[n].name, NULL) != LLM_OK) {
            return LLM_ERROR;
        }

        if (!llm_openai_canon_listed(&m[n].name, less, nless)) {
            m[n++].key = i;
        }
    }

    qsort(m, n, sizeof(llm_openai_member_t), llm_openai_canon_compare);

    for (i = 1; i < n; i++) {
        if (llm_openai_canon_compare(&m[i - 1], &m[i]) == 0) {
            return LLM_DECLINED;
        }
    }

    *members = m;
    *count = n;

    return LLM_OK;
}


static int
llm_openai_canon_message(llm_openai_canon_t *c, uint32_t node)
{
    int                   rc;
    uint32_t              i, n;
    llm_openai_member_t  *m;

    rc = llm_openai_canon_sort(c, node, NULL, 0, &m, &n);
    if (rc != LLM_OK) {
        return rc;
    }

    llm_openai_canon_head(c, '{', n);

    for (i = 0; i < n; i++) {

        llm_openai_canon_head(c, 's', m[i].name.len);
        llm_openai_canon_put(c, m[i].name.data, m[i].name.len);

        rc = llm_openai_canon_value(c, m[i].key + 1, 0);
        if (rc != LLM_OK) {
            return rc;
        }
    }

    return LLM_OK;
}


static int
llm_openai_canon_messages(llm_openai_canon_t *c, uint32_t node)
{
    int                     rc;
    uint32_t                i;
    const llm_json_node_t  *v;

    v = c->json->nodes;

    for (i = node + 1; i < v[node].next; i = v[i].next) {
        rc = llm_openai_canon_message(c, i);
        if (rc != LLM_OK) {
            return rc;
        }
    }

    return LLM_OK;
}


static int
llm_openai_canon_root(llm_openai_canon_t *c)
{
    int                   rc;
    size_t                nv;
    uint32_t              i, n;
    unsigned              verbatim;
    llm_openai_member_t  *m;

    rc = llm_openai_canon_sort(c, 0, llm_openai_immaterial,
                               sizeof(llm_openai_immaterial) / sizeof(char *),
                               &m, &n);
    if (rc != LLM_OK) {
        return rc;
    }

    nv = sizeof(llm_openai_verbatim) / sizeof(char *);

    for (i = 0; i < n; i++) {

        llm_openai_canon_head(c, 's', m[i].name.len);
        llm_openai_canon_put(c, m[i].name.data, m[i].name.len);

        verbatim = llm_openai_canon_listed(&m[i].name, llm_openai_verbatim,
                                           nv);

        if (m[i].name.len == 8 && memcmp(m[i].name.data, "messages", 8) == 0
            && c->json->nodes[m[i].key + 1].type == LLM_JSON_ARRAY)
        {
            rc = llm_openai_canon_messages(c, m[i].key + 1);

        } else {
            rc = llm_openai_canon_value(c, m[i].key + 1, verbatim);
        }

        if (rc != LLM_OK) {
            return rc;
        }
    }

    return LLM_OK;
}


int
llm_openai_canonical(llm_request_t *q,
    void (*update)(void *ctx, const void *p, size_t n), void *ctx)
{
    int                 rc;
    llm_openai_canon_t  c;

    if (q->kind == LLM_KIND_RESPONSES || llm_media_is(q->kind)) {
        return LLM_DECLINED;
    }

    c.json = &q->json;
    c.mem = q->mem;
    c.update = update;
    c.ctx = ctx;
    c.len = 0;

    /* the path decides the model on Azure */

    llm_openai_canon_head(&c, 'k', q->kind);
    llm_openai_canon_head(&c, 's', q->model.len);
    llm_openai_canon_put(&c, q->model.data, q->model.len);

    rc = llm_openai_canon_root(&c);

    llm_openai_canon_flush(&c);

    return rc;
}
