
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_templated.h"
#include "llm_gemini.h"

#include <string.h>


/*
 * A template (llm_template.h) and what it is put around; whose words it is
 * said in, llm_*_template.c and llm_bedrock_converse.c know.
 */


typedef enum {
    LLM_FUNCTION_NAME = 0,
    LLM_FUNCTION_DESCRIPTION,
    LLM_FUNCTION_PARAMETERS,
    LLM_FUNCTION_N
} llm_function_e;

static const char * const  llm_function_names[] = {
    "name", "description", "parameters"
};


void
llm_templated_begin(llm_templated_t *lt, llm_openai_count_t *cc,
    const llm_template_t *t)
{
    memset(lt, 0, sizeof(llm_templated_t));

    lt->cc = cc;
    lt->t = t;

    cc->fixed += t->start;
    cc->estimate = 1;
}


llm_templated_role_e
llm_templated_role(const llm_json_t *j, uint32_t role)
{
    size_t  i;

    static const struct {
        const char            *name;
        llm_templated_role_e   role;
    } roles[] = {
        { "assistant", LLM_TEMPLATED_ASSISTANT },
        { "system", LLM_TEMPLATED_SYSTEM },
        { "developer", LLM_TEMPLATED_SYSTEM },
        { "tool", LLM_TEMPLATED_RESULT },
        { "function", LLM_TEMPLATED_RESULT }
    };

    for (i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (role != LLM_JSON_NONE && llm_json_equal(j, role, roles[i].name)) {
            return roles[i].role;
        }
    }

    return LLM_TEMPLATED_USER;
}


void
llm_templated_message(llm_templated_t *lt, llm_templated_role_e role)
{
    llm_openai_count_t    *cc;
    const llm_template_t  *t;

    t = lt->t;
    cc = lt->cc;

    lt->open = (role == LLM_TEMPLATED_ASSISTANT);
    lt->called = 0;

    switch (role) {

    case LLM_TEMPLATED_RESULT:
        cc->fixed += t->result + (lt->results ? 0 : t->results);
        lt->results = 1;

        if (t->named) {
            llm_count_string(cc, cc->call);
        }

        return;

    case LLM_TEMPLATED_SYSTEM:
        cc->fixed += t->system;
        lt->system = 1;
        break;

    case LLM_TEMPLATED_ASSISTANT:
        cc->fixed += t->assistant;
        break;

    default:
        cc->fixed += t->user;
    }

    lt->results = 0;
}


void
llm_templated_assistant(llm_templated_t *lt, int said)
{
    if (said || !lt->t->apart) {
        llm_templated_message(lt, LLM_TEMPLATED_ASSISTANT);
        return;
    }

    lt->open = 1;
    lt->called = 0;
    lt->results = 0;
}


void
llm_templated_said(llm_templated_t *lt, uint32_t content)
{
    size_t               i, n;
    llm_openai_text_t   *text;

    static const char  end[] = "</think>";

    text = &lt->cc->text;

    if (!lt->t->thinks || (lt->going_on && lt->t->thoughts >= 0)
        || llm_count_kind(lt->cc, content) != LLM_JSON_STRING)
    {
        llm_count_content(lt->cc, content, NULL);
        return;
    }

    text->len = 0;
    llm_openai_put_string(text, lt->cc->j, content);

    n = sizeof(end) - 1;

    for (i = text->len; i >= n; i--) {
        if (memcmp(text->data + i - n, end, n) == 0) {
            llm_count_bytes(lt->cc, text->data + i, text->len - i);
            text->len = 0;
            return;
        }
    }

    llm_count_text(lt->cc, text);
}


void
llm_templated_thoughts(llm_templated_t *lt, uint32_t node)
{
    int64_t                 before;
    uint32_t                i, format;
    llm_openai_count_t     *cc;
    const llm_json_node_t  *v;

    if (!lt->going_on || lt->t->thoughts < 0) {
        return;
    }

    cc = lt->cc;
    v = cc->j->nodes;
    before = cc->tokens;

    if (llm_count_kind(cc, node) == LLM_JSON_ARRAY) {

        for (i = node + 1; i < llm_json_next(cc->j, node); i = v[i].next) {

            /* what the gateway does not know the form of stays with it */

            format = llm_json_get(cc->j, i, "format");

            if (format == LLM_JSON_NONE
                || !llm_json_equal(cc->j, format, "unknown"))
            {
                llm_count_string(cc, llm_json_get(cc->j, i, "text"));
            }
        }

    } else {
        llm_count_string(cc, node);
    }

    cc->fixed += (cc->tokens > before) ? lt->t->thoughts : 0;
}


/* what each argument has around it besides, in a template that parts them */

static void
llm_templated_arguments(llm_templated_t *lt, const llm_json_t *j, uint32_t obj)
{
    uint32_t  i;

    if (llm_kind_of(j, obj) != LLM_JSON_OBJECT) {
        return;
    }

    for (i = obj + 1; i < llm_json_next(j, obj); i = llm_json_next(j, i + 1)) {
        lt->cc->fixed += lt->t->argument;
    }
}


/* arguments are shown as they are, or as Python has them */

void
llm_templated_call(llm_templated_t *lt, uint32_t name, uint32_t arguments)
{
    llm_openai_count_t  *cc;

    cc = lt->cc;

    cc->call = name;
    cc->fixed += lt->t->call + (lt->called ? 0 : lt->t->calls);
    lt->called = 1;

    llm_count_string(cc, name);
    cc->text.len = 0;

    switch (llm_count_kind(cc, arguments)) {

    case LLM_JSON_OBJECT:
        llm_openai_render(&cc->text, cc->j, arguments,
                          lt->t->spaced ? LLM_OPENAI_SPACED
                                        : LLM_OPENAI_COMPACT);
        llm_templated_arguments(lt, cc->j, arguments);
        break;

    case LLM_JSON_STRING:

        if (!lt->t->spaced && lt->t->argument == 0) {
            llm_count_string(cc, arguments);
            return;
        }

        llm_openai_put_string(&cc->text, cc->j, arguments);

        if (llm_count_json(cc, &cc->text, 0, LLM_OPENAI_SPACED, 0)) {
            llm_templated_arguments(lt, &cc->args, 0);
        }
    }

    llm_count_text(cc, &cc->text);
}


/*
 * Members of a function, wherever they are in a tool, or 0: it is none, but one
 * that the host runs.
 */

static int
llm_templated_function(const llm_json_t *j, uint32_t tool, uint32_t *f)
{
    size_t    i;
    uint32_t  fn, inner;

    static const char * const  within[] = { "function", "toolSpec" };
    static const char * const  schemas[] = { "input_schema", "inputSchema" };

    fn = LLM_JSON_NONE;

    for (i = 0; i < 2 && llm_kind_of(j, fn) != LLM_JSON_OBJECT; i++) {
        fn = llm_json_get(j, tool, within[i]);
    }

    if (llm_kind_of(j, fn) != LLM_JSON_OBJECT) {

        if (!llm_given(j, llm_json_get(j, tool, "name"))) {
            return 0;
        }

        fn = tool;
    }

    llm_json_fields(j, fn, llm_function_names, LLM_FUNCTION_N, f);

    for (i = 0; i < 2 && !llm_given(j, f[LLM_FUNCTION_PARAMETERS]); i++) {
        inner = llm_json_get(j, fn, schemas[i]);

        /* Bedrock has it in an object of its own */

        if (llm_given(j, llm_json_get(j, inner, "json"))) {
            inner = llm_json_get(j, inner, "json");
        }

        f[LLM_FUNCTION_PARAMETERS] = inner;
    }

    return 1;
}


/* name, description and parameters: servers keep no other member of it */

static void
llm_templated_object(llm_openai_text_t *t, const llm_json_t *j,
    const uint32_t *f)
{
    unsigned  i, first;

    llm_openai_puts(t, "{");

    for (i = 0, first = 1; i < LLM_FUNCTION_N; i++) {

        if (llm_given(j, f[i])) {
            llm_openai_puts(t, first ? "\"" : ", \"");
            llm_openai_puts(t, llm_function_names[i]);
            llm_openai_puts(t, "\": ");
            llm_openai_render(t, j, f[i], LLM_OPENAI_SPACED);
            first = 0;
        }
    }

    llm_openai_puts(t, "}");
}


/* {"type":"function","function":{...}}, or what is in it, as it once was */

static void
llm_templated_tool(const llm_templated_t *lt, llm_openai_text_t *text,
    uint32_t tool)
{
    uint32_t           f[LLM_FUNCTION_N];
    const llm_json_t  *j;

    j = lt->cc->j;

    if (llm_kind_of(j, tool) != LLM_JSON_OBJECT) {
        return;
    }

    if (!llm_templated_function(j, tool, f)) {

        if (lt->t->hosted == 0) {
            llm_openai_render(text, j, tool, LLM_OPENAI_SPACED);
        }

        return;
    }

    if (lt->t->shown == LLM_TEMPLATE_FUNCTIONS) {
        llm_templated_object(text, j, f);
        return;
    }

    llm_openai_puts(text, "{\"type\": \"function\", \"function\": ");
    llm_templated_object(text, j, f);
    llm_openai_puts(text, "}");
}


/* all of them as one text */

static void
llm_templated_list(llm_templated_t *lt, uint32_t tools)
{
    uint32_t                i;
    unsigned                list;
    llm_openai_text_t      *text;
    const llm_json_node_t  *v;

    v = lt->cc->j->nodes;
    text = &lt->cc->extra;
    list = (lt->t->shown == LLM_TEMPLATE_LIST);

    for (i = tools + 1; i < llm_json_next(lt->cc->j, tools); i = v[i].next) {

        if (i == tools + 1) {
            llm_openai_puts(text, list ? "[" : "\n");

        } else {
            llm_openai_puts(text, list ? ", " : "\n");
        }

        llm_templated_tool(lt, text, i);
        lt->cc->fixed += lt->t->tool;
    }

    llm_openai_puts(text, list ? "]" : "\n");
    llm_count_text(lt->cc, text);
}


static void
llm_templated_types(llm_templated_t *lt, uint32_t tools)
{
    llm_openai_tools_t  r;

    if (llm_given(lt->cc->j, llm_json_get(lt->cc->j, tools + 1, "toolSpec"))) {

        /* as types or as JSON, that is nearly the same */

        llm_templated_list(lt, tools);
        return;
    }

    memset(&r, 0, sizeof(llm_openai_tools_t));

    r.text = &lt->cc->extra;
    r.json = lt->cc->j;

    llm_openai_tools(&r, tools, LLM_JSON_NONE);
    llm_count_text(lt->cc, &lt->cc->extra);
}


static void
llm_templated_words(llm_openai_count_t *cc, uint32_t tools)
{
    uint32_t                i, fn;
    llm_input_t             in;
    const llm_json_node_t  *v;

    v = cc->j->nodes;
    llm_input_init(&in, cc->q, cc->c);

    for (i = tools + 1; i < llm_json_next(cc->j, tools); i = v[i].next) {

        fn = llm_json_get(cc->j, i, "function");

        if (llm_kind_of(cc->j, fn) == LLM_JSON_OBJECT) {
            llm_gemini_declaration(&in, LLM_GEMINI_WORDS, fn);
        }
    }

    cc->tokens += in.tokens;
    cc->text.failed |= in.failed;
}


/* name, description and schema, each a text of its own */

static void
llm_templated_parts(llm_templated_t *lt, uint32_t tools)
{
    uint32_t                i, f[LLM_FUNCTION_N];
    llm_openai_count_t     *cc;
    const llm_json_node_t  *v;

    cc = lt->cc;
    v = cc->j->nodes;

    for (i = tools + 1; i < llm_json_next(cc->j, tools); i = v[i].next) {

        cc->fixed += lt->t->tool;

        if (!llm_templated_function(cc->j, i, f)) {
            continue;
        }

        llm_count_string(cc, f[LLM_FUNCTION_NAME]);
        llm_count_string(cc, f[LLM_FUNCTION_DESCRIPTION]);

        if (llm_given(cc->j, f[LLM_FUNCTION_PARAMETERS])) {
            llm_openai_render(&cc->extra, cc->j, f[LLM_FUNCTION_PARAMETERS],
                              LLM_OPENAI_COMPACT);
            llm_count_text(cc, &cc->extra);
        }
    }
}


/* how many tools are functions: the others are run by the host */

static unsigned
llm_templated_functions(llm_templated_t *lt, uint32_t tools)
{
    uint32_t                i, f[LLM_FUNCTION_N];
    unsigned                n;
    const llm_json_node_t  *v;

    v = lt->cc->j->nodes;
    n = 0;

    for (i = tools + 1; i < llm_json_next(lt->cc->j, tools); i = v[i].next) {

        if (llm_templated_function(lt->cc->j, i, f)) {
            n++;

        } else {
            lt->cc->fixed += lt->t->hosted;
        }
    }

    return n;
}


void
llm_templated_tools(llm_templated_t *lt, uint32_t tools)
{
    llm_openai_count_t  *cc;

    cc = lt->cc;

    if (llm_count_kind(cc, tools) != LLM_JSON_ARRAY
        || llm_json_next(cc->j, tools) == tools + 1)
    {
        return;
    }

    if (llm_templated_functions(lt, tools) == 0 && lt->t->hosted) {
        return;
    }

    cc->fixed += lt->t->tools;
    cc->fixed += lt->system ? 0 : lt->t->inside;

    switch (lt->t->shown) {

    case LLM_TEMPLATE_TYPES:
        llm_templated_types(lt, tools);
        return;

    case LLM_TEMPLATE_WORDS:
        llm_templated_words(cc, tools);
        return;

    case LLM_TEMPLATE_PARTS:
        llm_templated_parts(lt, tools);
        return;

    default:
        llm_templated_list(lt, tools);
    }
}


void
llm_templated_forced(llm_templated_t *lt)
{
    lt->cc->fixed += lt->t->forced;
}


void
llm_templated_end(llm_templated_t *lt, uint32_t format)
{
    llm_openai_count_t  *cc;

    cc = lt->cc;

    cc->fixed += lt->system ? 0 : lt->t->nosystem;

    if (lt->t->format >= 0 && llm_count_kind(cc, format) == LLM_JSON_OBJECT) {
        cc->fixed += lt->t->format;
        llm_openai_render(&cc->extra, cc->j, format,
                          lt->t->shown == LLM_TEMPLATE_PARTS
                          ? LLM_OPENAI_COMPACT : LLM_OPENAI_SPACED);
        llm_count_text(cc, &cc->extra);
    }

    if (lt->t->percent) {
        cc->tokens = cc->tokens * lt->t->percent / 100;
    }

    cc->tokens += cc->fixed + lt->t->reply;
    cc->fixed = 0;
}


const llm_template_t *
llm_templated_of(llm_openai_count_t *cc, llm_template_t *t)
{
    if (llm_claude_is(&cc->q->model)) {
        cc->media = llm_claude_media;
        llm_claude_template(&cc->q->model, t);
        return t;
    }

    return llm_template_find(&cc->q->model);
}
