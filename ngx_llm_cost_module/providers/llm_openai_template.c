
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai_count.h"
#include "llm_gemini.h"

#include <string.h>


/*
 * Chat with a model whose template is known (llm_template.h): the texts of the
 * request, and around them what the template has.
 */


typedef struct {
    llm_openai_count_t     *cc;
    const llm_template_t   *t;
    uint32_t                turn;         /* the last message of a user */
    unsigned                system:1;     /* there was a system's message */
    unsigned                results:1;    /* the message before is a result */
} llm_openai_templated_t;


typedef enum {
    LLM_TEMPLATED_ROLE = 0,
    LLM_TEMPLATED_CONTENT,
    LLM_TEMPLATED_CALLS,
    LLM_TEMPLATED_CALL,
    LLM_TEMPLATED_N
} llm_templated_e;


/* name, description and parameters: servers keep no other member of it */

static void
llm_templated_function(llm_openai_text_t *t, const llm_json_t *j, uint32_t fn)
{
    uint32_t  f[3];
    unsigned  i, first;

    static const char * const  names[] = {
        "name", "description", "parameters"
    };

    llm_json_fields(j, fn, names, 3, f);

    llm_openai_puts(t, "{");

    for (i = 0, first = 1; i < 3; i++) {

        if (llm_given(j, f[i])) {
            llm_openai_puts(t, first ? "\"" : ", \"");
            llm_openai_puts(t, names[i]);
            llm_openai_puts(t, "\": ");
            llm_openai_render(t, j, f[i], LLM_OPENAI_SPACED);
            first = 0;
        }
    }

    llm_openai_puts(t, "}");
}


/* {"type":"function","function":{...}}, or what is in it, as it once was */

static void
llm_templated_tool(const llm_openai_templated_t *ot, llm_openai_text_t *text,
    uint32_t tool)
{
    uint32_t           fn;
    const llm_json_t  *j;

    j = ot->cc->j;

    if (llm_kind_of(j, tool) != LLM_JSON_OBJECT) {
        return;
    }

    fn = llm_json_get(j, tool, "function");

    if (llm_kind_of(j, fn) != LLM_JSON_OBJECT) {

        if (!llm_given(j, llm_json_get(j, tool, "name"))) {

            /* one that the host runs */

            llm_openai_render(text, j, tool, LLM_OPENAI_SPACED);
            return;
        }

        fn = tool;
    }

    if (ot->t->shown == LLM_TEMPLATE_FUNCTIONS) {
        llm_templated_function(text, j, fn);
        return;
    }

    llm_openai_puts(text, "{\"type\": \"function\", \"function\": ");
    llm_templated_function(text, j, fn);
    llm_openai_puts(text, "}");
}


/* all of them as one text */

static void
llm_templated_list(llm_openai_templated_t *ot, uint32_t tools)
{
    uint32_t                i;
    unsigned                list;
    llm_openai_text_t      *text;
    const llm_json_node_t  *v;

    v = ot->cc->j->nodes;
    text = &ot->cc->extra;
    list = (ot->t->shown == LLM_TEMPLATE_LIST);

    for (i = tools + 1; i < v[tools].next; i = v[i].next) {

        if (i == tools + 1) {
            llm_openai_puts(text, list ? "[" : "\n");

        } else {
            llm_openai_puts(text, list ? ", " : "\n");
        }

        llm_templated_tool(ot, text, i);
        ot->cc->tokens += ot->t->tool;
    }

    llm_openai_puts(text, list ? "]" : "\n");
    llm_count_text(ot->cc, text);
}


static void
llm_templated_types(llm_openai_count_t *cc, uint32_t tools)
{
    llm_openai_tools_t  r;

    memset(&r, 0, sizeof(llm_openai_tools_t));

    r.text = &cc->extra;
    r.json = cc->j;

    llm_openai_tools(&r, tools, LLM_JSON_NONE);
    llm_count_text(cc, &cc->extra);
}


static void
llm_templated_words(llm_openai_count_t *cc, uint32_t tools)
{
    uint32_t                i, fn;
    llm_input_t             in;
    const llm_json_node_t  *v;

    v = cc->j->nodes;
    llm_input_init(&in, cc->q, cc->c);

    for (i = tools + 1; i < v[tools].next; i = v[i].next) {

        fn = llm_kind_of(cc->j, i) == LLM_JSON_OBJECT
             ? llm_json_get(cc->j, i, "function") : LLM_JSON_NONE;

        if (llm_kind_of(cc->j, fn) == LLM_JSON_OBJECT) {
            llm_gemini_declaration(&in, LLM_GEMINI_WORDS, fn);
        }
    }

    cc->tokens += in.tokens;
    cc->text.failed |= in.failed;
}


static void
llm_templated_tools(llm_openai_templated_t *ot, uint32_t tools)
{
    llm_openai_count_t  *cc;

    cc = ot->cc;

    if (llm_count_kind(cc, tools) != LLM_JSON_ARRAY
        || cc->j->nodes[tools].next == tools + 1)
    {
        return;
    }

    cc->tokens += ot->t->tools;
    cc->tokens += ot->system ? 0 : ot->t->inside;

    switch (ot->t->shown) {

    case LLM_TEMPLATE_TYPES:
        llm_templated_types(cc, tools);
        return;

    case LLM_TEMPLATE_WORDS:
        llm_templated_words(cc, tools);
        return;

    default:
        llm_templated_list(ot, tools);
    }
}


/* one call: its name, and its arguments as they are or as Python has them */

static void
llm_templated_call(llm_openai_templated_t *ot, uint32_t fn)
{
    uint32_t             i, f[2];
    llm_openai_count_t  *cc;

    static const char * const  names[] = { "name", "arguments" };

    cc = ot->cc;

    if (llm_kind_of(cc->j, fn) != LLM_JSON_OBJECT) {
        return;
    }

    llm_json_fields(cc->j, fn, names, 2, f);

    cc->call = f[0];
    cc->tokens += ot->t->call;
    llm_count_string(cc, f[0]);

    if (!ot->t->spaced && ot->t->argument == 0) {
        llm_count_string(cc, f[1]);
        return;
    }

    cc->text.len = 0;
    llm_openai_put_string(&cc->text, cc->j, f[1]);

    if (llm_count_json(cc, &cc->text, 0, LLM_OPENAI_SPACED, 0)
        && cc->args.nodes[0].type == LLM_JSON_OBJECT)
    {
        for (i = 1; i < cc->args.nodes[0].next; i = cc->args.nodes[i + 1].next)
        {
            cc->tokens += ot->t->argument;
        }
    }

    llm_count_text(cc, &cc->text);
}


/* thoughts that come back, in the first member that has them */

static void
llm_templated_thoughts(llm_openai_templated_t *ot, uint32_t message)
{
    int64_t                 before;
    uint32_t                i, f[3];
    llm_openai_count_t     *cc;
    const llm_json_node_t  *v;

    static const char * const  names[] = {
        "reasoning_content", "reasoning", "reasoning_details"
    };

    cc = ot->cc;
    v = cc->j->nodes;
    before = cc->tokens;

    llm_json_fields(cc->j, message, names, 3, f);

    if (!llm_count_empty(cc, f[0])) {
        llm_count_string(cc, f[0]);

    } else if (!llm_count_empty(cc, f[1])) {
        llm_count_string(cc, f[1]);

    } else if (llm_count_kind(cc, f[2]) == LLM_JSON_ARRAY) {
        for (i = f[2] + 1; i < v[f[2]].next; i = v[i].next) {
            llm_count_string(cc, llm_json_get(cc->j, i, "text"));
        }
    }

    cc->tokens += (cc->tokens > before) ? ot->t->thoughts : 0;
}


/* what was said after thoughts that are in the text, "<think>...</think>" */

static void
llm_templated_said(llm_openai_templated_t *ot, uint32_t content)
{
    size_t               i, n;
    llm_openai_text_t   *text;

    static const char  end[] = "</think>";

    text = &ot->cc->text;

    if (!ot->t->thinks || llm_count_kind(ot->cc, content) != LLM_JSON_STRING) {
        llm_count_content(ot->cc, content, NULL);
        return;
    }

    text->len = 0;
    llm_openai_put_string(text, ot->cc->j, content);

    n = sizeof(end) - 1;

    for (i = text->len; i >= n; i--) {
        if (memcmp(text->data + i - n, end, n) == 0) {
            llm_count_bytes(ot->cc, text->data + i, text->len - i);
            text->len = 0;
            return;
        }
    }

    llm_count_text(ot->cc, text);
}


static void
llm_templated_assistant(llm_openai_templated_t *ot, uint32_t message,
    const uint32_t *f)
{
    uint32_t                i, calls;
    llm_openai_count_t     *cc;
    const llm_json_node_t  *v;

    cc = ot->cc;
    v = cc->j->nodes;
    calls = f[LLM_TEMPLATED_CALLS];

    if (!ot->t->apart || !llm_count_empty(cc, f[LLM_TEMPLATED_CONTENT])) {
        cc->tokens += ot->t->assistant;
    }

    if (ot->t->thoughts >= 0 && message > ot->turn) {
        llm_templated_thoughts(ot, message);
    }

    llm_templated_said(ot, f[LLM_TEMPLATED_CONTENT]);
    llm_templated_call(ot, f[LLM_TEMPLATED_CALL]);

    if (llm_count_kind(cc, calls) != LLM_JSON_ARRAY
        || v[calls].next == calls + 1)
    {
        return;
    }

    cc->tokens += ot->t->calls;

    for (i = calls + 1; i < v[calls].next; i = v[i].next) {
        llm_templated_call(ot, llm_json_get(cc->j, i, "function"));
    }
}


static void
llm_templated_message(llm_openai_templated_t *ot, uint32_t message)
{
    uint32_t             f[LLM_TEMPLATED_N];
    llm_openai_count_t  *cc;

    static const char * const  names[] = {
        "role", "content", "tool_calls", "function_call"
    };

#define llm_role(s)                                                           \
    (f[LLM_TEMPLATED_ROLE] != LLM_JSON_NONE                                   \
     && llm_json_equal(cc->j, f[LLM_TEMPLATED_ROLE], s))

    cc = ot->cc;
    llm_json_fields(cc->j, message, names, LLM_TEMPLATED_N, f);

    if (llm_role("tool") || llm_role("function")) {
        cc->tokens += ot->t->result + (ot->results ? 0 : ot->t->results);
        ot->results = 1;

        if (ot->t->named) {
            llm_count_string(cc, cc->call);
        }

        llm_count_content(cc, f[LLM_TEMPLATED_CONTENT], NULL);
        return;
    }

    ot->results = 0;

    if (llm_role("assistant")) {
        llm_templated_assistant(ot, message, f);
        return;
    }

    if (llm_role("system") || llm_role("developer")) {
        cc->tokens += ot->t->system;
        ot->system = 1;

    } else {
        cc->tokens += ot->t->user;
    }

    llm_count_content(cc, f[LLM_TEMPLATED_CONTENT], NULL);

#undef llm_role
}


/* the last message that a user sent: from there on a turn is going on */

static uint32_t
llm_templated_turn(const llm_openai_count_t *cc, uint32_t messages)
{
    uint32_t                i, role, turn;
    const llm_json_node_t  *v;

    v = cc->j->nodes;
    turn = 0;

    for (i = messages + 1; i < v[messages].next; i = v[i].next) {
        role = llm_json_get(cc->j, i, "role");

        if (role != LLM_JSON_NONE && llm_json_equal(cc->j, role, "user")) {
            turn = i;
        }
    }

    return turn;
}


void
llm_openai_templated(llm_openai_count_t *cc, const llm_template_t *t)
{
    uint32_t                 i, messages, format, f[LLM_OPENAI_FIELDS];
    const llm_json_node_t   *v;
    llm_openai_templated_t   ot;

    memset(&ot, 0, sizeof(llm_openai_templated_t));
    ot.cc = cc;
    ot.t = t;

    v = cc->j->nodes;

    llm_openai_fields(cc->j, f);
    messages = f[LLM_OPENAI_MESSAGES];
    format = f[LLM_OPENAI_RESPONSE_FORMAT];

    ot.turn = llm_templated_turn(cc, messages);
    cc->tokens += t->start;

    for (i = messages + 1; i < v[messages].next; i = v[i].next) {
        llm_templated_message(&ot, i);
    }

    cc->tokens += ot.system ? 0 : t->nosystem;

    llm_templated_tools(&ot, f[LLM_OPENAI_TOOLS]);
    llm_templated_tools(&ot, f[LLM_OPENAI_FUNCTIONS]);

    if (t->format >= 0 && llm_count_kind(cc, format) == LLM_JSON_OBJECT) {
        cc->tokens += t->format;
        llm_openai_render(&cc->extra, cc->j, format, LLM_OPENAI_SPACED);
        llm_count_text(cc, &cc->extra);
    }

    cc->tokens += t->reply;
    cc->estimate = 1;
}
