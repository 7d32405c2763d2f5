
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai_schema.h"

#include <string.h>


/*
 * OpenAI shows the functions of a request to a model as types in the manner
 * of TypeScript, and bills the tokens of that text.  What is written here was
 * found from the prompt_tokens of recorded requests.
 *
 *   // description of the function
 *   type name = (_: {
 *   // Title of the parameter
 *   //
 *   // its description
 *   city: string,
 *   unit?: "c" | "f", // default: "c"
 *   }) => any;
 */


static void llm_schema_type(llm_openai_tools_t *r, const llm_schema_t *s);


/* a line ends in the text */

static int
llm_schema_has_lines(const llm_openai_text_t *t, size_t from)
{
    return t->len > from && memchr(t->data + from, '\n', t->len - from) != NULL;
}


static void
llm_schema_array(llm_openai_tools_t *r, const llm_schema_t *s)
{
    size_t              from;
    unsigned            described, unions;
    llm_schema_t        items;
    llm_openai_text_t  *t;

    t = r->text;

    if (!llm_schema_read(r, s->root, s->f[LLM_SCHEMA_ITEMS], &items)) {
        llm_openai_puts(t, "any[]");
        return;
    }

    from = t->len;

    if (items.f[LLM_SCHEMA_PROPERTIES] == LLM_JSON_NONE
        && (items.f[LLM_SCHEMA_TYPE] == LLM_JSON_NONE
            || !llm_json_equal(r->json, items.f[LLM_SCHEMA_TYPE], "object")))
    {
        unions = r->unions;
        llm_schema_type(r, &items);

        if (r->unions != unions) {
            llm_openai_insert(t, from, "Array<");
            llm_openai_puts(t, ">");

        } else {
            llm_openai_puts(t, "[]");
        }

        return;
    }

    described = llm_schema_comments(r, &items);
    llm_schema_type(r, &items);

    if (described || llm_schema_has_lines(t, from)) {
        llm_openai_insert(t, from, "Array<\n");
        llm_openai_puts(t, "\n>");

    } else {
        llm_openai_insert(t, from, "Array<");
        llm_openai_puts(t, ">");
    }
}


/* the array of variants, or the list of types, of a property */

static uint32_t
llm_schema_variants(const llm_openai_tools_t *r, const llm_schema_t *s)
{
    size_t              i;
    uint32_t            node;
    static const int    in[] = { LLM_SCHEMA_ANY_OF, LLM_SCHEMA_ONE_OF,
                                 LLM_SCHEMA_TYPE };

    for (i = 0; i < 3; i++) {
        node = s->f[in[i]];

        if (llm_schema_kind(r, node) == LLM_JSON_ARRAY
            && llm_json_next(r->json, node) > node + 1)
        {
            return node;
        }
    }

    return LLM_JSON_NONE;
}


/* one variant: a schema of its own, or the property with that type alone */

static void
llm_schema_variant(llm_openai_tools_t *r, const llm_schema_t *s, uint32_t node,
    llm_schema_t *variant)
{
    if (llm_schema_kind(r, node) == LLM_JSON_STRING) {
        *variant = *s;
        variant->f[LLM_SCHEMA_TYPE] = node;

        /* a word among schemas is no schema, least of all the whole again */

        variant->f[LLM_SCHEMA_ANY_OF] = LLM_JSON_NONE;
        variant->f[LLM_SCHEMA_ONE_OF] = LLM_JSON_NONE;

        return;
    }

    llm_schema_read(r, s->root, node, variant);
}


/* a variant has something to say of its own */

static int
llm_schema_noted(const llm_openai_tools_t *r, const llm_schema_t *s)
{
    return llm_schema_text(r, s->f[LLM_SCHEMA_DESCRIPTION])
           || llm_schema_text(r, s->f[LLM_SCHEMA_FORMAT]);
}


static void
llm_schema_note(llm_openai_tools_t *r, const llm_schema_t *s)
{
    unsigned            both;
    llm_openai_text_t  *t;

    t = r->text;

    if (!llm_schema_noted(r, s)) {
        return;
    }

    both = llm_schema_text(r, s->f[LLM_SCHEMA_DESCRIPTION])
           && llm_schema_text(r, s->f[LLM_SCHEMA_FORMAT]);

    llm_openai_puts(t, " // ");
    llm_openai_put_string(t, r->json, s->f[LLM_SCHEMA_DESCRIPTION]);

    if (both) {
        llm_openai_puts(t, ", ");
    }

    if (llm_schema_text(r, s->f[LLM_SCHEMA_FORMAT])) {
        llm_openai_puts(t, "format: ");
        llm_openai_put_string(t, r->json, s->f[LLM_SCHEMA_FORMAT]);
    }
}


/* variants, one a line where one has a note; 1: that was so */

static int
llm_schema_lines(llm_openai_tools_t *r, const llm_schema_t *s)
{
    uint32_t                i, list;
    unsigned                noted;
    llm_schema_t            variant;
    llm_schema_open_t       open;
    const llm_json_node_t  *v;

    v = r->json->nodes;
    list = llm_schema_variants(r, s);

    if (list == LLM_JSON_NONE || s->f[LLM_SCHEMA_DEFAULT] != LLM_JSON_NONE
        || s->f[LLM_SCHEMA_ENUM] != LLM_JSON_NONE)
    {
        return 0;
    }

    noted = 0;

    for (i = list + 1; i < llm_json_next(r->json, list) && !noted;
         i = v[i].next)
    {
        llm_schema_variant(r, s, i, &variant);
        noted = llm_schema_noted(r, &variant);
    }

    if (!noted || !llm_schema_enter(r, &open, list)) {
        return 0;
    }

    for (i = list + 1; i < llm_json_next(r->json, list); i = v[i].next) {

        if (llm_schema_exhausted(r)) {
            break;
        }

        llm_schema_variant(r, s, i, &variant);

        llm_openai_puts(r->text, "\n | ");
        r->unions++;
        llm_schema_type(r, &variant);

        if (v[i].next == llm_json_next(r->json, list)) {
            llm_openai_puts(r->text, ",");
        }

        llm_schema_note(r, &variant);
    }

    llm_schema_leave(r);

    return 1;
}


/* "name: type,\n", with what is said about it; 1: something was said */

static int
llm_schema_property(llm_openai_tools_t *r, const llm_schema_t *s, uint32_t key,
    uint32_t *required)
{
    unsigned            said;
    llm_schema_t        p;
    llm_openai_text_t  *t;

    t = r->text;

    llm_schema_read(r, s->root, key + 1, &p);

    said = llm_schema_comments(r, &p);

    llm_openai_put_string(t, r->json, key);
    llm_openai_puts(t, llm_schema_required(r, s, key, required) ? ":" : "?:");

    if (llm_schema_lines(r, &p)) {
        llm_openai_puts(t, "\n");
        return 1;
    }

    llm_openai_puts(t, " ");
    llm_schema_type(r, &p);
    llm_openai_puts(t, ",");

    if (p.f[LLM_SCHEMA_DEFAULT] != LLM_JSON_NONE) {
        llm_openai_puts(t, " // default: ");
        llm_openai_render(t, r->json, p.f[LLM_SCHEMA_DEFAULT],
                          LLM_OPENAI_SPACED);
        said = 1;
    }

    llm_openai_puts(t, "\n");

    return said;
}


/*
 * "{\na: string,\nb: number,\n}" in which nothing is said becomes
 * "{a: string, b: number}"; lines holds how many members it has.
 */

static void
llm_schema_fold(llm_openai_text_t *t, size_t from, unsigned lines)
{
    size_t          n;
    unsigned        seen;
    unsigned char  *p, *last;

    if (t->failed || lines == 0) {
        return;
    }

    seen = 0;
    last = t->data + t->len;

    for (p = t->data + from + 1; (p = memchr(p, '\n', last - p)); p++) {
        seen++;
    }

    if (seen != lines + 1) {
        return;                       /* a member has lines of its own */
    }

    /* behind the brace, between members, and with a comma before the brace */

    n = t->len - from - 5;
    p = t->data + from + 1;

    memmove(p, p + 1, n);
    last = p + n;
    *last = '}';

    for ( /* void */ ; (p = memchr(p, '\n', last - p)); p++) {
        *p = ' ';
    }

    t->len -= 3;
}


static void
llm_schema_object(llm_openai_tools_t *r, const llm_schema_t *s)
{
    size_t                  from;
    uint32_t                i, list, required;
    unsigned                said, n;
    const llm_json_node_t  *v;

    v = r->json->nodes;
    list = s->f[LLM_SCHEMA_PROPERTIES];

    if (llm_schema_kind(r, list) != LLM_JSON_OBJECT
        || llm_json_next(r->json, list) == list + 1)
    {
        llm_openai_puts(r->text, "object");
        return;
    }

    from = r->text->len;
    required = LLM_JSON_NONE;
    said = 0;
    n = 0;

    llm_openai_puts(r->text, "{\n");

    for (i = list + 1;
         i < llm_json_next(r->json, list) && !llm_schema_exhausted(r);
         i = v[i + 1].next)
    {
        said |= llm_schema_property(r, s, i, &required);
        n++;
    }

    llm_openai_puts(r->text, "}");

    if (!said && !r->old) {
        llm_schema_fold(r->text, from, n);
    }
}


/* values or variants in one line */

static void
llm_schema_union(llm_openai_tools_t *r, const llm_schema_t *s, uint32_t list,
    unsigned values)
{
    uint32_t                i;
    llm_schema_t            variant;
    const llm_json_node_t  *v;

    v = r->json->nodes;

    for (i = list + 1;
         i < llm_json_next(r->json, list) && !llm_schema_exhausted(r);
         i = v[i].next)
    {
        r->work++;

        if (i > list + 1) {
            llm_openai_puts(r->text, " | ");
            r->unions++;
        }

        if (values) {
            llm_openai_render(r->text, r->json, i, LLM_OPENAI_SPACED);
            continue;
        }

        llm_schema_variant(r, s, i, &variant);
        llm_schema_type(r, &variant);
    }
}


static void
llm_schema_named(llm_openai_tools_t *r, const llm_schema_t *s)
{
    size_t    i;
    uint32_t  type;

    static const char * const  names[][2] = {
        { "string", "string" }, { "integer", "number" },
        { "number", "number" }, { "boolean", "boolean" }, { "null", "null" }
    };

    type = s->f[LLM_SCHEMA_TYPE];

    for (i = 0; i < 5 && type != LLM_JSON_NONE; i++) {
        if (llm_json_equal(r->json, type, names[i][0])) {
            llm_openai_puts(r->text, names[i][1]);
            return;
        }
    }

    if (type != LLM_JSON_NONE && llm_json_equal(r->json, type, "array")) {
        llm_schema_array(r, s);

    } else if (s->f[LLM_SCHEMA_PROPERTIES] != LLM_JSON_NONE
               || (type != LLM_JSON_NONE
                   && llm_json_equal(r->json, type, "object")))
    {
        llm_schema_object(r, s);

    } else {
        llm_openai_puts(r->text, "any");
    }
}


/* the schemas that a schema is made of */

static uint32_t
llm_schema_inner(const llm_openai_tools_t *r, const llm_schema_t *s)
{
    uint32_t  list;

    list = llm_schema_variants(r, s);

    if (list != LLM_JSON_NONE) {
        return list;
    }

    return llm_json_equal(r->json, s->f[LLM_SCHEMA_TYPE], "array")
           ? s->f[LLM_SCHEMA_ITEMS] : s->f[LLM_SCHEMA_PROPERTIES];
}


static void
llm_schema_type(llm_openai_tools_t *r, const llm_schema_t *s)
{
    uint32_t           list;
    llm_schema_open_t  open;

    if (llm_schema_exhausted(r)
        || !llm_schema_enter(r, &open, llm_schema_inner(r, s)))
    {
        llm_openai_puts(r->text, "any");
        return;
    }

    r->depth++;
    list = llm_schema_variants(r, s);

    if (s->f[LLM_SCHEMA_CONST] != LLM_JSON_NONE) {
        llm_openai_render(r->text, r->json, s->f[LLM_SCHEMA_CONST],
                          LLM_OPENAI_SPACED);

    } else if (llm_schema_kind(r, s->f[LLM_SCHEMA_ENUM]) == LLM_JSON_ARRAY) {
        llm_schema_union(r, s, s->f[LLM_SCHEMA_ENUM], 1);

    } else if (list != LLM_JSON_NONE) {
        llm_schema_union(r, s, list, 0);

    } else {
        llm_schema_named(r, s);
    }

    r->depth--;
    llm_schema_leave(r);
}


static void
llm_openai_function(llm_openai_tools_t *r, uint32_t fn)
{
    uint32_t            f[3], list;
    llm_schema_t        s;
    llm_openai_text_t  *t;
    llm_schema_open_t   open;

    static const char * const  names[] = { "name", "description",
                                           "parameters" };

    t = r->text;

    if (llm_schema_kind(r, fn) != LLM_JSON_OBJECT) {
        r->estimate = 1;
        return;
    }

    llm_json_fields(r->json, fn, names, 3, f);
    r->functions++;

    if (llm_schema_text(r, f[1])) {
        llm_schema_comment(r, f[1]);
    }

    llm_openai_puts(t, "type ");
    llm_openai_put_string(t, r->json, f[0]);

    llm_schema_read(r, f[2], f[2], &s);
    list = s.f[LLM_SCHEMA_PROPERTIES];

    if (llm_schema_kind(r, list) != LLM_JSON_OBJECT
        || llm_json_next(r->json, list) == list + 1)
    {
        llm_openai_puts(t, " = () => any;\n\n");
        return;
    }

    llm_openai_puts(t, " = (_: ");
    llm_schema_comments(r, &s);
    llm_schema_enter(r, &open, list);
    llm_schema_object(r, &s);
    llm_schema_leave(r);
    llm_openai_puts(t, ") => any;\n\n");
}


/* a search among tools that the client makes is a function without a name */

static int
llm_openai_searched(llm_openai_tools_t *r, uint32_t tool, uint32_t type)
{
    if (!llm_json_equal(r->json, type, "tool_search")
        || llm_schema_kind(r, llm_json_get(r->json, tool, "parameters"))
           != LLM_JSON_OBJECT)
    {
        return 0;
    }

    r->estimate = 1;

    return 1;
}


void
llm_openai_tools(llm_openai_tools_t *r, uint32_t tools, uint32_t functions)
{
    uint32_t                i, fn, type;
    const llm_json_node_t  *v;

    v = r->json->nodes;

    llm_schema_bounds(r, tools, functions);

    llm_openai_puts(r->text, "# Tools\n\n## functions\n\n"
                             "namespace functions {\n\n");

    if (llm_schema_kind(r, tools) == LLM_JSON_ARRAY) {
        for (i = tools + 1; i < llm_json_next(r->json, tools); i = v[i].next) {
            fn = llm_json_get(r->json, i, "function");
            type = llm_json_get(r->json, i, "type");

            if (llm_schema_kind(r, llm_json_get(r->json, i, "defer_loading"))
                == LLM_JSON_TRUE)
            {
                /* not shown until a search finds it */

                r->estimate = 1;

            } else if (fn != LLM_JSON_NONE) {
                llm_openai_function(r, fn);

            } else if (type != LLM_JSON_NONE
                       && (llm_json_equal(r->json, type, "function")
                           || llm_openai_searched(r, i, type)))
            {
                /* Responses has no object of its own for it */

                llm_openai_function(r, i);

            } else {
                llm_openai_render(r->text, r->json, i, LLM_OPENAI_COMPACT);
                r->estimate = 1;
            }
        }
    }

    if (llm_schema_kind(r, functions) == LLM_JSON_ARRAY) {
        for (i = functions + 1; i < llm_json_next(r->json, functions);
             i = v[i].next)
        {
            llm_openai_function(r, i);
        }
    }

    llm_schema_cut(r);
    llm_openai_puts(r->text, "} // namespace functions");
}
