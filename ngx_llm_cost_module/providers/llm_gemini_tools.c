
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_gemini.h"

#include <string.h>


/*
 * What tools, calls and their results come to.  Google does not publish how a
 * model is shown them; from recorded requests there are three ways of it:
 *
 *   words   Vertex AI, and models up to 2.0: the strings of a declaration,
 *           names of parameters among them, and nothing that is around them;
 *   code    models of 2.5: as a function, llm_gemini_function.c;
 *   marks   models of 3: names and strings between marks of the vocabulary,
 *           each of them a token.
 *
 * Figures below are tokens around what is counted.
 */

#define LLM_CODE_CALL       5

#define LLM_MARKS_TOOL      6
#define LLM_MARKS_MEMBER    2            /* its name and what follows it */
#define LLM_MARKS_LIST      1            /* ... with the bracket in it */
#define LLM_MARKS_STRING    2            /* on both sides of one */

/* thoughts come back in the signature of a call, in base64 and not readable:
   bytes for a token, and those that stand for none */

#define LLM_MARKS_THOUGHT   48           /* tenths of a byte */
#define LLM_MARKS_SIGNATURE 96
#define LLM_CODE_THOUGHT    70
#define LLM_CODE_SIGNATURE  60
#define LLM_WORDS_THOUGHT   60


typedef enum {
    LLM_SCHEMA_TYPE = 0,
    LLM_SCHEMA_DESCRIPTION,
    LLM_SCHEMA_PROPERTIES,
    LLM_SCHEMA_REQUIRED,
    LLM_SCHEMA_ENUM,
    LLM_SCHEMA_DEFAULT,
    LLM_SCHEMA_ITEMS,
    LLM_SCHEMA_ANY,
    LLM_SCHEMA_N
} llm_schema_e;

static const char * const  llm_schema_names[] = {
    "type", "description", "properties", "required", "enum", "default",
    "items", "anyOf"
};


static void llm_gemini_words_schema(llm_input_t *in, uint32_t node);
static void llm_gemini_marks_schema(llm_input_t *in, uint32_t node);
static void llm_gemini_words_json(llm_input_t *in, uint32_t schema);
static void llm_gemini_marks_tool(llm_input_t *in, uint32_t description,
    uint32_t schema);


llm_gemini_generation_e
llm_gemini_generation(const llm_str_t *model)
{
    size_t                i;
    const unsigned char  *p;

    p = model->data;

    if (model->len < 8 || memcmp(p, "gemini-", 7) != 0) {
        return LLM_GEMINI_OTHER;
    }

    if (p[7] == '1' || (model->len >= 10 && memcmp(p + 7, "2.0", 3) == 0)) {
        return LLM_GEMINI_2;
    }

    for (i = 7; i + 3 <= model->len; i++) {
        if (memcmp(p + i, "2.5", 3) == 0) {
            return LLM_GEMINI_25;
        }
    }

    return LLM_GEMINI_3;
}


llm_gemini_style_e
llm_gemini_style(const llm_request_t *q)
{
    if (q->route.vendor.len) {
        return LLM_GEMINI_WORDS;
    }

    switch (llm_gemini_generation(&q->model)) {

    case LLM_GEMINI_25:
        return LLM_GEMINI_CODE;

    case LLM_GEMINI_3:
        return LLM_GEMINI_MARKS;

    default:
        return LLM_GEMINI_WORDS;
    }
}


/* all strings of a value and the names of its members; a number is one */

void
llm_gemini_words(llm_input_t *in, uint32_t node)
{
    uint32_t                i;
    const llm_json_node_t  *v;

    v = in->j->nodes;

    switch (llm_kind_of(in->j, node)) {

    case LLM_JSON_STRING:
        llm_input_string(in, node);
        return;

    case LLM_JSON_NUMBER:
        in->tokens++;
        return;

    case LLM_JSON_OBJECT:
    case LLM_JSON_ARRAY:

        /* depth is bounded by the scanner */

        for (i = node + 1; i < llm_json_next(in->j, node); i = v[i].next) {
            llm_gemini_words(in, i);
        }
    }
}


static void
llm_gemini_words_members(llm_input_t *in, uint32_t node)
{
    uint32_t                i;
    const llm_json_node_t  *v;

    v = in->j->nodes;

    if (llm_kind_of(in->j, node) != LLM_JSON_OBJECT) {
        return;
    }

    for (i = node + 1; i < llm_json_next(in->j, node); i = v[i].next) {
        llm_input_string(in, i);
        i = v[i].next;
        llm_gemini_words_schema(in, i);
    }
}


static void
llm_gemini_words_schema(llm_input_t *in, uint32_t node)
{
    uint32_t                i, f[LLM_SCHEMA_N];
    const llm_json_node_t  *v;

    if (llm_kind_of(in->j, node) != LLM_JSON_OBJECT) {
        return;
    }

    v = in->j->nodes;
    llm_json_fields(in->j, node, llm_schema_names, LLM_SCHEMA_N, f);

    llm_gemini_words(in, f[LLM_SCHEMA_TYPE]);
    llm_input_string(in, f[LLM_SCHEMA_DESCRIPTION]);
    llm_gemini_words(in, f[LLM_SCHEMA_REQUIRED]);
    llm_gemini_words(in, f[LLM_SCHEMA_ENUM]);
    llm_gemini_words(in, f[LLM_SCHEMA_DEFAULT]);

    llm_gemini_words_members(in, f[LLM_SCHEMA_PROPERTIES]);
    llm_gemini_words_schema(in, f[LLM_SCHEMA_ITEMS]);

    if (llm_kind_of(in->j, f[LLM_SCHEMA_ANY]) == LLM_JSON_ARRAY) {
        node = f[LLM_SCHEMA_ANY];

        for (i = node + 1; i < llm_json_next(in->j, node); i = v[i].next) {
            llm_gemini_words_schema(in, i);
        }
    }
}


/* between marks: strings have one on each side, what is together a bracket */

static void
llm_gemini_marks(llm_input_t *in, uint32_t node)
{
    uint32_t                i;
    const llm_json_node_t  *v;

    v = in->j->nodes;

    switch (llm_kind_of(in->j, node)) {

    case LLM_JSON_STRING:
        in->tokens += LLM_MARKS_STRING;
        llm_input_string(in, node);
        return;

    case LLM_JSON_OBJECT:
    case LLM_JSON_ARRAY:
        in->tokens++;

        for (i = node + 1; i < llm_json_next(in->j, node); i = v[i].next) {
            in->tokens++;

            if (llm_kind_of(in->j, node) == LLM_JSON_OBJECT) {
                in->tokens++;
                llm_input_string(in, i);
                i = v[i].next;
            }

            llm_gemini_marks(in, i);
        }

        in->tokens += (llm_json_next(in->j, node) == node + 1);
        return;

    default:
        llm_input_value(in, node);
    }
}


static void
llm_gemini_marks_members(llm_input_t *in, uint32_t node)
{
    uint32_t                i;
    const llm_json_node_t  *v;

    v = in->j->nodes;

    for (i = node + 1; i < llm_json_next(in->j, node); i = v[i].next) {
        in->tokens += LLM_MARKS_MEMBER;
        llm_input_string(in, i);
        i = v[i].next;
        llm_gemini_marks_schema(in, i);
    }
}


/* a member that is there, and is neither an empty text nor an empty list */

static int
llm_gemini_marks_has(const llm_json_t *j, uint32_t node)
{
    if (!llm_given(j, node) || llm_json_size(j, node) == 0) {
        return 0;
    }

    switch (llm_kind_of(j, node)) {

    case LLM_JSON_OBJECT:
    case LLM_JSON_ARRAY:
        return llm_json_next(j, node) > node + 1;
    }

    return 1;
}


static void
llm_gemini_marks_any(llm_input_t *in, uint32_t list)
{
    uint32_t  i;

    in->tokens += LLM_MARKS_MEMBER;

    for (i = list + 1; i < llm_json_next(in->j, list);
         i = llm_json_next(in->j, i))
    {
        in->tokens++;
        llm_gemini_marks_schema(in, i);
    }
}


/* members that say nothing are left out; brackets that close are one token */

static void
llm_gemini_marks_schema(llm_input_t *in, uint32_t node)
{
    int64_t   parts;
    uint32_t  i, f[LLM_SCHEMA_N];

    if (llm_kind_of(in->j, node) != LLM_JSON_OBJECT) {
        return;
    }

    llm_json_fields(in->j, node, llm_schema_names, LLM_SCHEMA_N, f);

    parts = 0;
    f[LLM_SCHEMA_DEFAULT] = LLM_JSON_NONE;

    for (i = 0; i < LLM_SCHEMA_N; i++) {

        if (llm_gemini_marks_has(in->j, f[i])) {
            parts++;

        } else {
            f[i] = LLM_JSON_NONE;
        }
    }

    if (f[LLM_SCHEMA_DESCRIPTION] != LLM_JSON_NONE) {
        in->tokens += LLM_MARKS_MEMBER;
        llm_gemini_marks(in, f[LLM_SCHEMA_DESCRIPTION]);
    }

    if (f[LLM_SCHEMA_ENUM] != LLM_JSON_NONE) {
        in->tokens += LLM_MARKS_LIST;
        llm_gemini_marks(in, f[LLM_SCHEMA_ENUM]);
    }

    if (f[LLM_SCHEMA_ITEMS] != LLM_JSON_NONE) {
        in->tokens += LLM_MARKS_MEMBER + 1;
        llm_gemini_marks_schema(in, f[LLM_SCHEMA_ITEMS]);
    }

    if (llm_kind_of(in->j, f[LLM_SCHEMA_PROPERTIES]) == LLM_JSON_OBJECT) {
        llm_gemini_marks_members(in, f[LLM_SCHEMA_PROPERTIES]);
    }

    if (f[LLM_SCHEMA_REQUIRED] != LLM_JSON_NONE) {
        in->tokens += LLM_MARKS_LIST;
        llm_gemini_marks(in, f[LLM_SCHEMA_REQUIRED]);
    }

    if (f[LLM_SCHEMA_TYPE] != LLM_JSON_NONE) {
        in->tokens += LLM_MARKS_MEMBER + LLM_MARKS_STRING + 1;
    }

    if (llm_kind_of(in->j, f[LLM_SCHEMA_ANY]) == LLM_JSON_ARRAY) {
        llm_gemini_marks_any(in, f[LLM_SCHEMA_ANY]);
    }

    in->tokens += parts ? parts - 1 : 0;
}


void
llm_gemini_declaration(llm_input_t *in, llm_gemini_style_e style,
    uint32_t tool)
{
    uint32_t  f[4], schema, json;

    static const char * const  names[] = {
        "name", "description", "parametersJsonSchema",
        "parameters_json_schema"
    };

    if (llm_kind_of(in->j, tool) != LLM_JSON_OBJECT) {
        return;
    }

    llm_json_fields(in->j, tool, names, 4, f);

    schema = llm_json_get(in->j, tool, "parameters");
    json = llm_given(in->j, f[2]) ? f[2] : f[3];

    llm_input_string(in, f[0]);
    llm_input_string(in, f[1]);

    switch (style) {

    case LLM_GEMINI_WORDS:
        llm_gemini_words_schema(in, schema);
        llm_gemini_words_json(in, json);
        return;

    case LLM_GEMINI_CODE:
        llm_gemini_function(in, f[0], f[1], schema);
        llm_gemini_function_params(in, f[0], json);
        return;

    case LLM_GEMINI_MARKS:
        llm_gemini_marks_tool(in, f[1],
                              llm_given(in->j, schema) ? schema : json);
        return;
    }
}


/* a schema of JSON's own without members is nothing */

static void
llm_gemini_words_json(llm_input_t *in, uint32_t schema)
{
    uint32_t  members;

    if (llm_kind_of(in->j, schema) != LLM_JSON_OBJECT) {
        return;
    }

    members = llm_json_get(in->j, schema, "properties");

    if (llm_kind_of(in->j, members) == LLM_JSON_OBJECT
        && llm_json_next(in->j, members) > members + 1)
    {
        llm_gemini_words_schema(in, schema);
    }
}


static void
llm_gemini_marks_tool(llm_input_t *in, uint32_t description,
    uint32_t schema)
{
    const llm_json_node_t  *v;

    v = in->j->nodes;

    in->tokens += LLM_MARKS_TOOL;

    if (llm_kind_of(in->j, description) == LLM_JSON_STRING
        && v[description].end > v[description].start)
    {
        in->tokens += LLM_MARKS_MEMBER + LLM_MARKS_STRING + 1;
    }

    if (llm_given(in->j, schema)) {
        in->tokens += LLM_MARKS_MEMBER;
        llm_gemini_marks_schema(in, schema);
    }
}


/* a call, or the result of one: {"name":..., "args" or "response":{...}} */

void
llm_gemini_call(llm_input_t *in, llm_gemini_style_e style, uint32_t call)
{
    uint32_t  f[3], value;

    static const char * const  names[] = { "name", "args", "response" };

    if (llm_kind_of(in->j, call) != LLM_JSON_OBJECT) {
        return;
    }

    llm_json_fields(in->j, call, names, 3, f);

    value = llm_given(in->j, f[1]) ? f[1] : f[2];
    llm_input_string(in, f[0]);

    switch (style) {

    case LLM_GEMINI_WORDS:
        llm_gemini_words(in, value);
        return;

    case LLM_GEMINI_CODE:
        in->tokens += LLM_CODE_CALL;
        llm_input_value(in, value);
        return;

    case LLM_GEMINI_MARKS:
        llm_gemini_marks(in, value);
    }
}


/* what was thought before a call of this turn; of 2.5 only in a stream */

void
llm_gemini_thoughts(llm_input_t *in, llm_gemini_style_e style, uint32_t node)
{
    int64_t                 n;
    const llm_json_node_t  *v;

    if (llm_kind_of(in->j, node) != LLM_JSON_STRING) {
        return;
    }

    v = llm_json_node(in->j, node);
    n = v->end - v->start;

    switch (style) {

    case LLM_GEMINI_WORDS:
        n = (llm_gemini_generation(&in->q->model) == LLM_GEMINI_25)
            ? n * 10 / LLM_WORDS_THOUGHT : 0;
        break;

    case LLM_GEMINI_CODE:
        n = (in->q->route.op == LLM_GEMINI_STREAM)
            ? (n - LLM_CODE_SIGNATURE) * 10 / LLM_CODE_THOUGHT : 0;
        break;

    case LLM_GEMINI_MARKS:
        n = (n - LLM_MARKS_SIGNATURE) * 10 / LLM_MARKS_THOUGHT;
    }

    in->tokens += n > 0 ? n : 0;
}
