
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai_schema.h"

#include <string.h>


/*
 * How far $ref may repeat what it leads to.  The bounds are those of the tools
 * alone: what else a body holds, and how it is written, changes no count.
 */

#define LLM_OPENAI_FIRST    512           /* whatever the tools */
#define LLM_OPENAI_LOOKS    40            /* at members, a value */
#define LLM_OPENAI_TIMES     4            /* bytes of text, a letter */
#define LLM_OPENAI_NESTING  64
#define LLM_OPENAI_PARTS    4
#define LLM_OPENAI_REF      1024          /* bytes of one, as it is written */


static const llm_str_t  llm_schema_words[LLM_SCHEMA_N] = {
    llm_string("type"), llm_string("enum"), llm_string("$ref"),
    llm_string("title"), llm_string("items"), llm_string("anyOf"),
    llm_string("oneOf"), llm_string("allOf"), llm_string("const"),
    llm_string("format"), llm_string("default"), llm_string("required"),
    llm_string("properties"), llm_string("description")
};

static const unsigned char  llm_schema_first[] = {
    LLM_SCHEMA_N, LLM_SCHEMA_N, LLM_SCHEMA_N, LLM_SCHEMA_N,
    LLM_SCHEMA_TYPE, LLM_SCHEMA_TITLE, LLM_SCHEMA_FORMAT, LLM_SCHEMA_DEFAULT,
    LLM_SCHEMA_REQUIRED, LLM_SCHEMA_N, LLM_SCHEMA_PROPERTIES,
    LLM_SCHEMA_DESCRIPTION
};

static const llm_json_names_t  llm_schema_names = {
    llm_schema_words, llm_schema_first, LLM_SCHEMA_N,
    sizeof(llm_schema_first) - 1
};


/* what is looked at is paid for, so that no schema costs more than its size */

static void
llm_schema_work(llm_openai_tools_t *r, uint32_t node)
{
    uint32_t                i, end;
    const llm_json_node_t  *v;

    v = r->json->nodes;
    end = llm_json_next(r->json, node);

    for (i = node + 1; i < end; i = v[i].next) {
        r->work++;
    }

    r->work++;
}


/*
 * How long a string is in the letters of UTF-16, of which an escape is one, as
 * is what it stands for; of a number and such its bytes.
 */

static size_t
llm_schema_letters(const llm_json_t *j, const llm_json_node_t *v)
{
    size_t                n;
    const unsigned char  *p, *last;

    n = 0;
    p = j->data + v->start;
    last = j->data + v->end;

    while (p < last) {

        if (*p == '\\') {
            p += (p[1] == 'u') ? 6 : 2;
            n++;
            continue;
        }

        n += ((*p & 0xc0) != 0x80) + (*p >= 0xf0);
        p++;
    }

    return n;
}


/* all names, texts and numbers of a list of tools */

static size_t
llm_schema_measure(const llm_json_t *j, uint32_t list)
{
    size_t                  n;
    uint32_t                i;
    const llm_json_node_t  *v;

    n = 0;
    v = j->nodes;

    if (list != LLM_JSON_NONE) {
        for (i = list; i < llm_json_next(j, list); i++) {
            if (v[i].type != LLM_JSON_OBJECT && v[i].type != LLM_JSON_ARRAY) {
                n += llm_schema_letters(j, &v[i]);
            }
        }
    }

    return n;
}


void
llm_schema_bounds(llm_openai_tools_t *r, uint32_t tools, uint32_t functions)
{
    r->values = 0;

    if (tools != LLM_JSON_NONE) {
        r->values = llm_json_next(r->json, tools) - tools;
    }

    if (functions != LLM_JSON_NONE) {
        r->values += llm_json_next(r->json, functions) - functions;
    }

    r->lists[0] = tools;
    r->lists[1] = functions;
    r->from = r->text->len;
}


/* letters are looked at where there is a lot of text */

static int
llm_schema_full(llm_openai_tools_t *r)
{
    size_t  n, room;

    n = r->text->len - r->from;
    room = LLM_OPENAI_FIRST + LLM_OPENAI_TIMES * r->values;

    if (n <= room) {
        return 0;
    }

    if (r->letters == 0) {
        r->letters = llm_schema_measure(r->json, r->lists[0])
                     + llm_schema_measure(r->json, r->lists[1]);
    }

    return n > room + LLM_OPENAI_TIMES * r->letters;
}


int
llm_schema_exhausted(llm_openai_tools_t *r)
{
    if (r->depth > LLM_OPENAI_NESTING
        || r->work > LLM_OPENAI_FIRST + LLM_OPENAI_LOOKS * r->values
        || llm_schema_full(r))
    {
        r->cut = 1;
        r->estimate = 1;
        return 1;
    }

    return 0;
}


void
llm_schema_cut(llm_openai_tools_t *r)
{
    unsigned           i;
    llm_openai_text_t  whole;

    if (!r->cut) {
        return;
    }

    memset(&whole, 0, sizeof(llm_openai_text_t));
    whole.mem = r->text->mem;

    for (i = 0; i < 2; i++) {
        llm_openai_render(&whole, r->json, r->lists[i], LLM_OPENAI_COMPACT);
    }

    if (whole.failed) {
        r->text->failed = 1;

    } else if (whole.len > r->text->len - r->from) {
        r->text->len = r->from;
        llm_openai_put(r->text, whole.data, whole.len);
    }
}


int
llm_schema_enter(llm_openai_tools_t *r, llm_schema_open_t *open, uint32_t node)
{
    const llm_schema_open_t  *o;

    for (o = r->open; o && node != LLM_JSON_NONE; o = o->outer) {
        if (o->node == node) {
            r->estimate = 1;
            return 0;
        }
    }

    open->node = node;
    open->outer = r->open;
    r->open = open;

    return 1;
}


void
llm_schema_leave(llm_openai_tools_t *r)
{
    r->open = r->open->outer;
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
        || llm_json_size(r->json, ref) > sizeof(buf))
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


/* the schema that it refers to, or all that it is made of, or LLM_JSON_NONE */

static uint32_t
llm_schema_more(llm_openai_tools_t *r, uint32_t root, const uint32_t *f)
{
    uint32_t  next, list;

    next = llm_schema_resolve(r, root, f[LLM_SCHEMA_REF]);
    list = f[LLM_SCHEMA_ALL_OF];

    if (next == LLM_JSON_NONE && llm_schema_kind(r, list) == LLM_JSON_ARRAY
        && llm_json_next(r->json, list) > list + 1
        && llm_json_next(r->json, list + 1) == llm_json_next(r->json, list))
    {
        next = list + 1;
    }

    return llm_schema_kind(r, next) == LLM_JSON_OBJECT ? next : LLM_JSON_NONE;
}


static void
llm_schema_part(llm_openai_tools_t *r, uint32_t node, uint32_t *f)
{
    size_t  members;

    members = llm_json_members(r->json, node, &llm_schema_names, f);

    /* keys and values, and as much again as names were looked for */

    r->work += 2 * members + 1 + LLM_SCHEMA_N;
}


int
llm_schema_read(llm_openai_tools_t *r, uint32_t root, uint32_t node,
    llm_schema_t *s)
{
    uint32_t  f[LLM_SCHEMA_N], next;
    unsigned  i, parts;

    s->root = root;

    if (llm_schema_kind(r, node) != LLM_JSON_OBJECT) {
        memset(s->f, 0xff, sizeof(s->f));             /* LLM_JSON_NONE */
        return 0;
    }

    llm_schema_part(r, node, s->f);
    next = llm_schema_more(r, root, s->f);

    for (parts = 1; next != LLM_JSON_NONE && parts < LLM_OPENAI_PARTS; parts++)
    {
        llm_schema_part(r, next, f);

        for (i = 0; i < LLM_SCHEMA_N; i++) {
            if (s->f[i] == LLM_JSON_NONE) {
                s->f[i] = f[i];
            }
        }

        next = llm_schema_more(r, root, f);
    }

    return 1;
}


void
llm_schema_comment(llm_openai_tools_t *r, uint32_t node)
{
    size_t          from;
    llm_str_t       s;
    unsigned char  *p, *last, *end, *eol;

    if (llm_kind_of(r->json, node) != LLM_JSON_STRING) {
        return;
    }

    if (llm_json_string(r->json, node, &s, NULL) != LLM_OK) {
        r->text->failed = 1;
        return;
    }

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
llm_schema_required(llm_openai_tools_t *r, const llm_schema_t *s, uint32_t key,
    uint32_t *next)
{
    uint32_t                i, first, list;
    const llm_json_node_t  *v;

    v = r->json->nodes;
    list = s->f[LLM_SCHEMA_REQUIRED];

    if (llm_schema_kind(r, list) != LLM_JSON_ARRAY
        || llm_json_next(r->json, list) == list + 1)
    {
        return 0;
    }

    first = (*next == LLM_JSON_NONE) ? list + 1 : *next;
    i = first;

    do {
        r->work += 2;

        if (llm_json_alike(r->json, i, key)) {
            *next = (v[i].next < v[list].next) ? v[i].next : list + 1;
            return 1;
        }

        i = (v[i].next < llm_json_next(r->json, list)) ? v[i].next : list + 1;

    } while (i != first);

    return 0;
}
