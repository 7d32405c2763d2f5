
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_dialect.h"
#include "llm_path.h"

#include <stdio.h>
#include <string.h>


/* Requests: members that are checked, and splices. */


int
llm_given(const llm_json_t *j, uint32_t node)
{
    return node < j->n && j->nodes[node].type != LLM_JSON_NULL;
}


int
llm_request_bad(llm_request_t *q, const char *param, const char *err)
{
    q->err = err;
    q->param = param;

    return LLM_BAD;
}


int
llm_request_object(llm_request_t *q, uint32_t node, const char *param,
    const char * const *names, unsigned n, uint32_t *values)
{
    const char  *name;

    /* the request itself is never left out */

    if ((node == 0 || llm_given(&q->json, node))
        && llm_kind_of(&q->json, node) != LLM_JSON_OBJECT)
    {
        return llm_request_bad(q, param, param ? "must be an object"
                                 : "the request body must be a JSON object");
    }

    name = llm_json_fields(&q->json, node, names, n, values);

    if (name) {
        return llm_request_bad(q, name, "must not occur more than once");
    }

    /* whoever answers may take it for the member, and pass over ours */

    name = llm_json_miscased(&q->json, node, names, n);

    if (name) {
        return llm_request_bad(q, name, "must have its letters in this case");
    }

    return LLM_OK;
}


int
llm_request_array(llm_request_t *q, uint32_t node, const char *param,
    unsigned objects)
{
    uint32_t                i;
    const llm_json_node_t  *v;

    v = q->json.nodes;

    if (!llm_given(&q->json, node)) {
        return LLM_OK;
    }

    if (llm_kind_of(&q->json, node) != LLM_JSON_ARRAY) {
        return llm_request_bad(q, param, "must be an array");
    }

    for (i = node + 1; objects && i < llm_json_next(&q->json, node);
         i = v[i].next)
    {
        if (v[i].type != LLM_JSON_OBJECT) {
            return llm_request_bad(q, param, "must be an array of objects");
        }
    }

    return LLM_OK;
}


int
llm_request_model(llm_request_t *q, uint32_t node, const char *param)
{
    int  rc;

    if (!llm_given(&q->json, node)) {
        return llm_request_bad(q, param, "is required");
    }

    rc = llm_request_string(q, node, param, &q->model);

    return rc == LLM_OK ? llm_request_model_name(q, param) : rc;
}


int
llm_request_model_name(llm_request_t *q, const char *param)
{
    size_t  i;

    if (q->model.len == 0) {
        return llm_request_bad(q, param, "must not be empty");
    }

    if (q->model.len > LLM_DIALECT_MODEL_MAX) {
        return llm_request_bad(q, param, "must be at most 256 bytes long");
    }

    for (i = 0; i < q->model.len; i++) {
        if (q->model.data[i] < 0x20 || q->model.data[i] == 0x7f) {
            return llm_request_bad(q, param,
                                   "must not hold control characters");
        }
    }

    return LLM_OK;
}


int
llm_request_other(llm_request_t *q, uint32_t node, const char *param)
{
    int        rc;
    llm_str_t  model;

    model = q->model;

    if (q->nothers == LLM_OTHERS) {
        return llm_request_bad(q, param, "must name at most 8 models");
    }

    rc = llm_request_model(q, node, param);

    q->others[q->nothers] = q->model;
    q->nothers += (rc == LLM_OK);
    q->model = model;

    return rc;
}


int
llm_request_others(llm_request_t *q, uint32_t list)
{
    int                     rc;
    uint32_t                i;
    const llm_json_node_t  *v;

    rc = llm_request_array(q, list, "models", 0);

    if (rc != LLM_OK || !llm_given(&q->json, list)) {
        return rc;
    }

    v = q->json.nodes;

    for (i = list + 1; rc == LLM_OK && i < llm_json_next(&q->json, list);
         i = v[i].next)
    {
        rc = llm_request_other(q, llm_kind_of(&q->json, i) == LLM_JSON_OBJECT
                                  ? llm_json_get(&q->json, i, "model") : i,
                               "models");
    }

    return rc;
}


int
llm_request_path_model(llm_request_t *q, const char *param)
{
    q->model = q->route.model;
    q->model_in_path = 1;

    return llm_path_model(&q->model)
           ? LLM_OK : llm_request_bad(q, param, "of the path cannot be one");
}


int
llm_request_string(llm_request_t *q, uint32_t node, const char *param,
    llm_str_t *s)
{
    if (!llm_given(&q->json, node)) {
        return LLM_OK;
    }

    if (llm_kind_of(&q->json, node) != LLM_JSON_STRING) {
        return llm_request_bad(q, param, "must be a string");
    }

    return llm_json_string(&q->json, node, s, NULL);
}


int
llm_request_number(llm_request_t *q, uint32_t node, const char *param,
    int64_t min, int64_t max, int64_t *v)
{
    int      rc;
    int64_t  n;

    if (!llm_given(&q->json, node)) {
        return LLM_OK;
    }

    rc = llm_json_int(&q->json, node, &n);

    if (rc == LLM_BAD) {
        return llm_request_bad(q, param, "must be an integer");
    }

    if (n < min) {
        return llm_request_bad(q, param, min == 1 ? "must be at least 1"
                                         : min == 0 ? "must not be negative"
                                                    : "is too small");
    }

    if (rc == LLM_LIMIT || n > max) {
        return llm_request_bad(q, param, "is too large");
    }

    *v = n;

    return LLM_OK;
}


int
llm_request_bool(llm_request_t *q, uint32_t node, const char *param, int *v)
{
    if (!llm_given(&q->json, node)) {
        return LLM_OK;
    }

    switch (llm_kind_of(&q->json, node)) {

    case LLM_JSON_TRUE:
        *v = 1;
        return LLM_OK;

    case LLM_JSON_FALSE:
        *v = 0;
        return LLM_OK;
    }

    return llm_request_bad(q, param, "must be true or false");
}


void
llm_write(llm_writer_t *w, const char *s)
{
    size_t  n;

    n = strlen(s);

    if (w->buf) {
        memcpy(w->buf + w->len, s, n);
    }

    w->len += n;
}


void
llm_write_escaped(llm_writer_t *w, const llm_str_t *s)
{
    w->len += llm_json_escape(w->buf ? w->buf + w->len : NULL, s);
}


/* a place for an edit, in the order of the text; NULL where there is none */

static llm_edit_t *
llm_edit_add(llm_edits_t *e, size_t start, size_t end)
{
    unsigned  i;

    if (e->n == LLM_EDITS) {
        return NULL;
    }

    for (i = e->n++; i > 0 && e->e[i - 1].start > start; i--) {
        e->e[i] = e->e[i - 1];
    }

    e->e[i].start = start;
    e->e[i].end = end;

    return &e->e[i];
}


int
llm_edit_string(llm_request_t *q, llm_edits_t *e, uint32_t node,
    const llm_str_t *s)
{
    llm_edit_t             *edit;
    unsigned char          *text;
    const llm_json_node_t  *n;

    if (llm_kind_of(&q->json, node) != LLM_JSON_STRING) {
        return LLM_OK;
    }

    text = llm_alloc(q->mem, llm_json_escape(NULL, s));
    if (text == NULL) {
        return LLM_ERROR;
    }

    n = llm_json_node(&q->json, node);
    edit = llm_edit_add(e, n->start, n->end);

    if (edit) {
        edit->text.data = text;
        edit->text.len = llm_json_escape(text, s);
    }

    return LLM_OK;
}


/* [start, end) becomes before, a number, after, and a comma if asked for */

static int
llm_edit_splice(llm_request_t *q, llm_edits_t *e, size_t start, size_t end,
    const char *before, int64_t v, const char *after, const char *comma)
{
    size_t       size;
    llm_edit_t  *edit;

    edit = llm_edit_add(e, start, end);
    if (edit == NULL) {
        return LLM_OK;
    }

    size = strlen(before) + strlen(after) + sizeof("-9223372036854775808,");

    edit->text.data = llm_alloc(q->mem, size);

    if (edit->text.data == NULL) {
        return LLM_ERROR;
    }

    edit->text.len = (size_t) snprintf((char *) edit->text.data, size,
                                       "%s%lld%s%s", before, (long long) v,
                                       after, comma);

    return LLM_OK;
}


int
llm_edit_value(llm_request_t *q, llm_edits_t *e, uint32_t node,
    const char *before, int64_t v, const char *after)
{
    size_t                  quote;
    const llm_json_node_t  *n;

    n = llm_json_node(&q->json, node);
    quote = (n->type == LLM_JSON_STRING);

    return llm_edit_splice(q, e, n->start - quote, n->end + quote, before, v,
                           after, "");
}


int
llm_edit_number(llm_request_t *q, llm_edits_t *e, uint32_t node, int64_t v)
{
    return llm_edit_value(q, e, node, "", v, "");
}


int
llm_edit_member(llm_request_t *q, llm_edits_t *e, uint32_t obj,
    const char *before, int64_t v, const char *after)
{
    const llm_json_node_t  *n;

    n = llm_json_node(&q->json, obj);

    return llm_edit_splice(q, e, n->start + 1, n->start + 1, before, v, after,
                           n->next > obj + 1 ? "," : "");
}


int
llm_edit_max_in(llm_request_t *q, llm_edits_t *e, const char *group,
    const char *name, const char *text)
{
    size_t    len;
    uint32_t  obj;

    if (e->set_max_output <= 0 || !q->can_fit) {
        return LLM_OK;
    }

    len = strlen(group) + sizeof("\"\":") - 1;
    obj = llm_json_get(&q->json, 0, group);

    if (obj == LLM_JSON_NONE) {
        return llm_edit_member(q, e, 0, text, e->set_max_output, "}");
    }

    if (!llm_given(&q->json, obj)) {
        return llm_edit_value(q, e, obj, text + len, e->set_max_output, "}");
    }

    return llm_edit_max(q, e, obj, name, text + len + 1);
}


int
llm_edit_max(llm_request_t *q, llm_edits_t *e, uint32_t obj, const char *name,
    const char *text)
{
    int64_t   v;
    uint32_t  max;

    if (e->set_max_output <= 0 || !q->can_fit) {
        return LLM_OK;
    }

    max = llm_json_get(&q->json, obj, name);

    if (max == LLM_JSON_NONE) {
        return llm_edit_member(q, e, obj, text, e->set_max_output, "");
    }

    /* 0 is no limit where it was not read as one */

    if (llm_json_int(&q->json, max, &v) == LLM_OK
        && (v > 0 || (v == 0 && q->max_output == 0))
        && v <= e->set_max_output)
    {
        return LLM_OK;
    }

    return llm_edit_number(q, e, max, e->set_max_output);
}


int
llm_plain_answer(llm_answer_t *a, const llm_json_t *j, llm_plain_read_pt read)
{
    llm_plain_t  *st;

    st = llm_answer_state(a, sizeof(llm_plain_t));

    if (st == NULL || read(a, st, j) == LLM_ERROR) {
        return LLM_ERROR;
    }

    llm_plain_finish(a);

    return LLM_OK;
}


int
llm_plain_event(llm_answer_t *a, const llm_str_t *data, llm_plain_read_pt read)
{
    int           rc;
    llm_plain_t  *st;

    a->stream = 1;

    st = llm_answer_state(a, sizeof(llm_plain_t));
    if (st == NULL) {
        return LLM_ERROR;
    }

    st->json.mem = a->mem;
    st->json.max = LLM_DIALECT_EVENT_NODES;

    rc = llm_json_parse(&st->json, data->data, data->len);

    if (rc == LLM_OK) {
        rc = read(a, st, &st->json);
    }

    return (rc == LLM_ERROR) ? LLM_ERROR : LLM_EVENT_PASS;
}


void
llm_plain_finish(llm_answer_t *a)
{
    llm_plain_t  *st;

    st = a->state;

    if (st) {
        a->counted_output = llm_output_tokens(&st->output);
    }
}
