
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai_schema.h"

#include <string.h>


#define LLM_OPENAI_WORK     1000000       /* members that are looked at */
#define LLM_OPENAI_TEXT     65536         /* bytes, and four times the body */
#define LLM_OPENAI_NESTING  64
#define LLM_OPENAI_PARTS    4
#define LLM_OPENAI_REF      1024          /* bytes of one, as it is written */


static const char * const  llm_schema_names[] = {
    "title", "description", "type", "properties", "required", "items",
    "anyOf", "oneOf", "allOf", "$ref", "enum", "const", "default", "format"
};


unsigned
llm_schema_kind(const llm_openai_tools_t *r, uint32_t node)
{
    return (node == LLM_JSON_NONE) ? 0 : r->json->nodes[node].type;
}


/* what is looked at is paid for, so that no schema costs more than its size */

static void
llm_schema_work(llm_openai_tools_t *r, uint32_t node)
{
    uint32_t                i, end;
    const llm_json_node_t  *v;

    v = r->json->nodes;
    end = v[node].next;

    for (i = node + 1; i < end; i = v[i].next) {
        r->work++;
    }

    r->work++;
}


int
llm_schema_exhausted(llm_openai_tools_t *r)
{
    if (r->work > LLM_OPENAI_WORK || r->depth > LLM_OPENAI_NESTING
        || r->text->len > 4 * r->json->len + LLM_OPENAI_TEXT)
    {
        r->estimate = 1;
        return 1;
    }

    return 0;
}


/*
 * "#/$defs/Name" from the schema's root; there are encoders that write a slash
 * as an escape.
 */

static uint32_t
llm_schema_resolve(llm_openai_tools_t *r, uint32_t root, uint32_t ref)
{
    char                  name[128];
    size_t                n;
    uint32_t              node;
    llm_str_t             s;
    unsigned char         buf[LLM_OPENAI_REF];
    const unsigned char  *p, *last;

    if (llm_schema_kind(r, ref) != LLM_JSON_STRING
        || r->json->nodes[ref].end - r->json->nodes[ref].start > sizeof(buf))
    {
        return LLM_JSON_NONE;
    }

    llm_json_string(r->json, ref, &s, buf);

    p = s.data;
    last = s.data + s.len;

    if (p == last || *p != '#') {
        return LLM_JSON_NONE;
    }

    p++;
    node = root;

    while (p < last && node != LLM_JSON_NONE) {

        for (p++, n = 0; p < last && *p != '/'; p++) {

            if (n == sizeof(name) - 1) {
                return LLM_JSON_NONE;
            }

            name[n++] = (char) *p;
        }

        name[n] = '\0';

        llm_schema_work(r, node);
        node = llm_json_get(r->json, node, name);
    }

    return node;
}


int
llm_schema_read(llm_openai_tools_t *r, uint32_t root, uint32_t node,
    llm_schema_t *s)
{
    uint32_t  f[LLM_SCHEMA_N], next;
    unsigned  i, parts;

    s->root = root;

    for (i = 0; i < LLM_SCHEMA_N; i++) {
        s->f[i] = LLM_JSON_NONE;
    }

    if (llm_schema_kind(r, node) != LLM_JSON_OBJECT) {
        return 0;
    }

    for (parts = 0; parts < LLM_OPENAI_PARTS; parts++) {

        llm_schema_work(r, node);
        llm_json_fields(r->json, node, llm_schema_names, LLM_SCHEMA_N, f);

        for (i = 0; i < LLM_SCHEMA_N; i++) {
            if (s->f[i] == LLM_JSON_NONE) {
                s->f[i] = f[i];
            }
        }

        next = llm_schema_resolve(r, root, f[LLM_SCHEMA_REF]);

        if (next == LLM_JSON_NONE
            && llm_schema_kind(r, f[LLM_SCHEMA_ALL_OF]) == LLM_JSON_ARRAY)
        {
            next = f[LLM_SCHEMA_ALL_OF] + 1;

            if (next >= r->json->nodes[next - 1].next
                || r->json->nodes[next].next != r->json->nodes[next - 1].next)
            {
                next = LLM_JSON_NONE;
            }
        }

        if (llm_schema_kind(r, next) != LLM_JSON_OBJECT) {
            break;
        }

        node = next;
    }

    return 1;
}


void
llm_schema_comment(llm_openai_tools_t *r, uint32_t node)
{
    size_t              from;
    llm_str_t           s;
    unsigned char      *p, *last, *end, *eol;
    llm_openai_text_t   copy;

    memset(&copy, 0, sizeof(llm_openai_text_t));
    copy.mem = r->text->mem;

    llm_openai_put_string(&copy, r->json, node);

    if (copy.failed) {
        r->text->failed = 1;
        return;
    }

    s.data = copy.data;
    s.len = copy.len;

#define llm_blank(c)  ((c) == ' ' || ((c) >= '\t' && (c) <= '\r'))

    while (s.len && llm_blank(s.data[s.len - 1])) {
        s.len--;
    }

    for (from = 0; from < s.len && llm_blank(s.data[from]); from++) {
        /* void */
    }

    p = s.data + from;
    last = s.data + s.len;

    while (p < last) {

        eol = memchr(p, '\n', last - p);
        eol = eol ? eol : last;

        for (end = eol; end > p && llm_blank(end[-1]); end--) { /* void */ }
        for ( /* void */ ; p < end && llm_blank(*p); p++) { /* void */ }

        llm_openai_puts(r->text, p < end ? "// " : "//");
        llm_openai_put(r->text, p, end - p);
        llm_openai_puts(r->text, "\n");

        p = eol + 1;
    }
}


int
llm_schema_text(const llm_openai_tools_t *r, uint32_t node)
{
    const llm_json_node_t  *v;

    v = r->json->nodes;

    return llm_schema_kind(r, node) == LLM_JSON_STRING
           && v[node].end > v[node].start;
}


int
llm_schema_comments(llm_openai_tools_t *r, const llm_schema_t *s)
{
    unsigned  title, description;

    title = !r->old && llm_schema_text(r, s->f[LLM_SCHEMA_TITLE]);
    description = llm_schema_text(r, s->f[LLM_SCHEMA_DESCRIPTION]);

    if (title) {
        llm_schema_comment(r, s->f[LLM_SCHEMA_TITLE]);

        if (description) {
            llm_openai_puts(r->text, "//\n");
        }
    }

    if (description) {
        llm_schema_comment(r, s->f[LLM_SCHEMA_DESCRIPTION]);
    }

    return title || description;
}


int
llm_schema_required(llm_openai_tools_t *r, const llm_schema_t *s, uint32_t key)
{
    uint32_t                i, list;
    const llm_json_node_t  *v;

    v = r->json->nodes;
    list = s->f[LLM_SCHEMA_REQUIRED];

    if (llm_schema_kind(r, list) != LLM_JSON_ARRAY) {
        return 0;
    }

    for (i = list + 1; i < v[list].next; i = v[i].next) {
        r->work++;

        if (llm_json_alike(r->json, i, key)) {
            return 1;
        }
    }

    return 0;
}
