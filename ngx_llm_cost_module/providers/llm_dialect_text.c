
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_dialect.h"
#include "llm_json_lex.h"

#include <string.h>


/* Texts that are counted on their way in and out, and figures of answers. */


/* a name or tier longer than this is none */

#define LLM_ANSWER_NAME_MAX  1024


/*
 * The string of a node without its escapes, in memory that is used again.
 * LLM_OK, LLM_DECLINED: no string, LLM_ERROR
 */

static int
llm_plain_string(llm_mem_t *mem, unsigned char **buf, size_t *size,
    const llm_json_t *j, uint32_t node, llm_str_t *s)
{
    size_t                  len;
    const llm_json_node_t  *v;

    if (llm_kind_of(j, node) != LLM_JSON_STRING) {
        return LLM_DECLINED;
    }

    v = llm_json_node(j, node);
    len = v->end - v->start;

    s->data = (unsigned char *) j->data + v->start;
    s->len = len;

    if (!v->escaped) {
        return LLM_OK;
    }

    if (len > *size) {

        *buf = llm_alloc(mem, len * 2);
        if (*buf == NULL) {
            *size = 0;
            return LLM_ERROR;
        }

        *size = len * 2;
    }

    s->len = llm_json_decode(*buf, s->data, s->data + len);
    s->data = *buf;

    return LLM_OK;
}


int
llm_base64_digit(unsigned char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }

    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }

    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }

    return (c == '+' || c == '-') ? 62 : (c == '/' || c == '_') ? 63 : -1;
}


size_t
llm_base64(unsigned char *to, const llm_str_t *data)
{
    int       d;
    size_t    i, n;
    uint32_t  bits;

    bits = 0;

    for (i = 0, n = 0; i < data->len && data->data[i] != '='; i++) {

        d = llm_base64_digit(data->data[i]);
        if (d < 0) {
            return 0;
        }

        bits = bits << 6 | (uint32_t) d;

        if (i % 4) {
            to[n++] = (unsigned char) (bits >> (6 - i % 4 * 2));
        }
    }

    return n;
}


void
llm_input_init(llm_input_t *in, llm_request_t *q, llm_counter_t *c)
{
    memset(in, 0, sizeof(llm_input_t));

    in->q = q;
    in->j = &q->json;
    in->c = c;
    in->estimate = c->estimate;
}


static void
llm_input_text(llm_input_t *in, const unsigned char *p, size_t len)
{
    if (len) {
        in->tokens += (int64_t) in->c->count(in->c, p, len);
    }
}


void
llm_input_string(llm_input_t *in, uint32_t node)
{
    int        rc;
    llm_str_t  s;

    rc = llm_plain_string(in->q->mem, &in->text, &in->size, in->j, node, &s);

    if (rc == LLM_OK) {
        llm_input_text(in, s.data, s.len);
    }

    in->failed |= (rc == LLM_ERROR);
}


void
llm_input_data(llm_input_t *in, uint32_t node, llm_str_t *s)
{
    s->data = (unsigned char *) "";
    s->len = 0;

    if (llm_kind_of(in->j, node) == LLM_JSON_STRING
        && llm_json_string(in->j, node, s, NULL) != LLM_OK)
    {
        in->failed = 1;
    }
}


void
llm_input_base64(llm_input_t *in, const llm_str_t *data)
{
    if (data->len > in->size) {

        in->text = llm_alloc(in->q->mem, data->len);
        if (in->text == NULL) {
            in->size = 0;
            in->failed = 1;
            return;
        }

        in->size = data->len;
    }

    llm_input_text(in, in->text, llm_base64(in->text, data));
}


/*
 * An escape, as a model is likely to be shown it: what needs none is written
 * out ("\\/" of PHP, the "\\u00e9" of Python).  Returns its length.
 */

static size_t
llm_input_escape(const unsigned char *p, const unsigned char *last,
    unsigned char **to)
{
    size_t         n, len;
    unsigned char  c[4];

    len = llm_json_unescape(p, last, c, &n);

    if (c[0] < ' ' || c[0] == '"' || c[0] == '\\') {
        memcpy(*to, p, len);
        *to += len;

    } else {
        memcpy(*to, c, n);
        *to += n;
    }

    return len;
}


/* white space in a document is mostly between the lines of its layout */

void
llm_input_value(llm_input_t *in, uint32_t node)
{
    size_t                  len;
    unsigned char          *to;
    unsigned                string;
    const unsigned char    *p, *last;
    const llm_json_node_t  *v;

    if (!llm_given(in->j, node)) {
        return;
    }

    v = llm_json_node(in->j, node);
    p = in->j->data + v->start;
    last = in->j->data + v->end;
    len = v->end - v->start;

    if (len > in->size) {

        in->text = llm_alloc(in->q->mem, len);
        if (in->text == NULL) {
            in->size = 0;
            in->failed = 1;
            return;
        }

        in->size = len;
    }

    to = in->text;
    string = (v->type == LLM_JSON_STRING);

    while (p < last) {

        if (string) {
            p = llm_json_copy(&to, p, last);

            if (p == last) {
                break;
            }

            if (*p == '\\') {
                p += llm_input_escape(p, last, &to);
                continue;
            }
        }

        if (*p > ' ') {
            *to++ = *p;
            string = !string && *p == '"';
        }

        p++;
    }

    llm_input_text(in, in->text, to - in->text);
}


void
llm_input_strings(llm_input_t *in, uint32_t node)
{
    uint32_t                i;
    const llm_json_node_t  *v;

    v = in->j->nodes;

    if (node >= in->j->n) {
        return;
    }

    if (llm_kind_of(in->j, node) == LLM_JSON_STRING) {
        llm_input_string(in, node);
        return;
    }

    if (llm_kind_of(in->j, node) != LLM_JSON_OBJECT
        && llm_kind_of(in->j, node) != LLM_JSON_ARRAY)
    {
        return;
    }

    /* depth is bounded by the scanner */

    for (i = node + 1; i < llm_json_next(in->j, node); i = v[i].next) {

        if (llm_kind_of(in->j, node) == LLM_JSON_OBJECT) {
            i++;
        }

        llm_input_strings(in, i);
    }
}


int
llm_input_end(llm_input_t *in)
{
    in->q->input_tokens = in->tokens;
    in->q->estimate = in->estimate || in->c->estimate;

    return in->failed ? LLM_ERROR : LLM_OK;
}


static void
llm_output_text(llm_output_t *out, llm_answer_t *a, int64_t part,
    const unsigned char *p, size_t len)
{
    if (out->text == NULL) {

        out->text = llm_alloc(a->mem, sizeof(llm_count_stream_t));
        if (out->text == NULL) {
            out->failed = 1;
            return;
        }
    }

    if (out->part != part) {

        if (out->part) {
            out->tokens += (int64_t) llm_count_stream_finish(out->text, NULL);
        }

        llm_count_stream_init(out->text, a->counter->vocab,
                              a->counter->scratch);
        out->part = part;
    }

    llm_count_stream_feed(out->text, (const char *) p, len);
}


void
llm_output_string(llm_output_t *out, llm_answer_t *a, int64_t part,
    const llm_json_t *j, uint32_t node)
{
    int        rc;
    llm_str_t  s;

    if (a->counter == NULL || out->failed) {
        return;
    }

    rc = llm_plain_string(a->mem, &out->plain, &out->size, j, node, &s);

    if (rc == LLM_OK && s.len) {
        llm_output_text(out, a, part, s.data, s.len);
    }

    out->failed |= (rc == LLM_ERROR);
}


void
llm_output_value(llm_output_t *out, llm_answer_t *a, int64_t part,
    const llm_json_t *j, uint32_t node)
{
    const llm_json_node_t  *v;

    if (a->counter == NULL || out->failed || !llm_given(j, node)) {
        return;
    }

    v = llm_json_node(j, node);
    llm_output_text(out, a, part, j->data + v->start, v->end - v->start);
}


int64_t
llm_output_tokens(const llm_output_t *out)
{
    if (out->part == 0) {
        return 0;
    }

    return out->tokens + (int64_t) llm_count_stream_finish(out->text, NULL);
}


void *
llm_answer_state(llm_answer_t *a, size_t size)
{
    if (a->state == NULL) {

        a->state = llm_alloc(a->mem, size);

        if (a->state) {
            memset(a->state, 0, size);
        }
    }

    return a->state;
}


int
llm_answer_keep(llm_answer_t *a, const llm_json_t *j, uint32_t node,
    llm_str_t *to)
{
    size_t          len;
    llm_str_t       s;
    unsigned char  *p;

    if (to->len || llm_kind_of(j, node) != LLM_JSON_STRING) {
        return LLM_OK;
    }

    len = llm_json_size(j, node);

    if (len == 0 || len > LLM_ANSWER_NAME_MAX) {
        return LLM_OK;
    }

    p = llm_alloc(a->mem, len);
    if (p == NULL) {
        return LLM_ERROR;
    }

    llm_json_string(j, node, &s, p);

    if (s.data != p) {
        memcpy(p, s.data, s.len);
    }

    to->data = p;
    to->len = s.len;

    return LLM_OK;
}


int
llm_answer_replace(llm_answer_t *a, const llm_json_t *j, uint32_t node,
    llm_str_t *to)
{
    int        rc;
    llm_str_t  s = llm_string("");

    rc = llm_answer_keep(a, j, node, &s);

    if (s.len) {
        *to = s;
    }

    return rc;
}


int
llm_answer_headers(llm_answer_t *a, const llm_headers_t *h)
{
    int64_t           v;
    const llm_str_t  *s;

    s = h->get(h->ctx, "x-litellm-response-cost");

    if (s && llm_parse_scaled(s->data, s->len, 9, &v) == LLM_OK
        && v >= 0 && v <= LLM_NANO_MAX)
    {
        a->usage.reported_cost = v;
    }

    return LLM_OK;
}


void
llm_answer_served(llm_answer_t *a)
{
    if (a->q && a->q->nothers && a->served.len == 0) {
        a->served = a->model;
    }
}


uint32_t
llm_answer_part(llm_answer_t *a, const llm_json_t *j, uint32_t node,
    unsigned type)
{
    if (llm_kind_of(j, node) == type) {
        return node;
    }

    a->usage_bad |= llm_given(j, node);

    return LLM_JSON_NONE;
}


int64_t
llm_answer_figure_text(llm_answer_t *a, const llm_str_t *s)
{
    int64_t  v;

    if (llm_parse_int(s->data, s->len, &v) != LLM_OK || v < 0
        || v > LLM_DIALECT_FIGURE_MAX)
    {
        a->usage_bad = 1;
        return -1;
    }

    return v;
}


int64_t
llm_answer_figure(llm_answer_t *a, const llm_json_t *j, uint32_t node)
{
    llm_str_t               s;
    const llm_json_node_t  *v;

    if (!llm_given(j, node)) {
        return -1;
    }

    v = llm_json_node(j, node);

    if (v->type != LLM_JSON_NUMBER && v->type != LLM_JSON_STRING) {
        a->usage_bad = 1;
        return -1;
    }

    s.data = (unsigned char *) j->data + v->start;
    s.len = v->end - v->start;

    return llm_answer_figure_text(a, &s);
}


int64_t
llm_answer_addend(llm_answer_t *a, const llm_json_t *j, uint32_t node)
{
    int64_t  v;

    v = llm_answer_figure(a, j, node);

    return (v < 0 && llm_given(j, node)) ? LLM_UNUSABLE : v;
}


int64_t
llm_said(int64_t v)
{
    return v < 0 ? -1 : v;
}


int64_t
llm_sum(int64_t one, int64_t two)
{
    if (one == LLM_UNUSABLE || two == LLM_UNUSABLE) {
        return LLM_UNUSABLE;
    }

    if (one < 0) {
        return two;
    }

    return two < 0 ? one : one + two;
}
