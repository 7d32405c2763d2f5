
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai_count.h"

#include <string.h>


/* Calls of functions and their results, as OpenAI shows them to a model. */


int
llm_count_json(llm_openai_count_t *cc, llm_openai_text_t *t, size_t from,
    unsigned flags, unsigned quote)
{
    size_t          len;
    unsigned char  *copy;

    if (t->failed) {
        return 0;
    }

    len = t->len - from;

    copy = llm_alloc(t->mem, len + 1);
    if (copy == NULL) {
        t->failed = 1;
        return 0;
    }

    if (len) {
        memcpy(copy, t->data + from, len);
    }

    switch (llm_json_parse(&cc->args, copy, len)) {

    case LLM_OK:
        t->len = from;
        llm_openai_render(t, &cc->args, 0, flags);
        return 1;

    case LLM_ERROR:
        t->failed = 1;
        return 0;
    }

    if (quote) {
        llm_openai_escape(t, from, flags & ~LLM_OPENAI_ASCII);
        llm_openai_insert(t, from, "\"");
        llm_openai_puts(t, "\"");
    }

    return 0;
}


void
llm_count_call_name(llm_openai_count_t *cc, uint32_t name)
{
    cc->call = name;

    if (cc->old) {
        llm_count_string(cc, name);
        return;
    }

    cc->text.len = 0;
    llm_openai_puts(&cc->text, " to=functions.");
    llm_openai_put_string(&cc->text, cc->j, name);
    llm_count_text(cc, &cc->text);
}


/* one call: a message to the function, of its arguments */

void
llm_count_call(llm_openai_count_t *cc, uint32_t fn)
{
    uint32_t  f[2];

    static const char * const  names[] = { "name", "arguments" };

    llm_json_fields(cc->j, fn, names, 2, f);
    llm_count_call_name(cc, f[0]);

    llm_openai_put_string(&cc->text, cc->j, f[1]);
    llm_count_json(cc, &cc->text, 0, LLM_OPENAI_COMPACT, 0);
    llm_count_text(cc, &cc->text);
}


/* several calls are one, of a function that stands for all */

static void
llm_count_parallel(llm_openai_count_t *cc, uint32_t calls)
{
    size_t                  from;
    uint32_t                i, fn, f[2];
    llm_openai_text_t      *t;
    const llm_json_node_t  *v;

    static const char * const  names[] = { "name", "arguments" };

    v = cc->j->nodes;
    t = &cc->text;

    llm_count_bytes(cc, " to=multi_tool_use.parallel",
                    sizeof(" to=multi_tool_use.parallel") - 1);

    t->len = 0;
    llm_openai_puts(t, "{\"tool_uses\":[");

    for (i = calls + 1; i < llm_json_next(cc->j, calls); i = v[i].next) {

        fn = llm_json_get(cc->j, i, "function");
        llm_json_fields(cc->j, fn, names, 2, f);

        llm_openai_puts(t, i == calls + 1 ? "{" : ",{");
        llm_openai_puts(t, "\"recipient_name\":\"functions.");
        llm_openai_put_string(t, cc->j, f[0]);
        llm_openai_puts(t, "\",\"parameters\":");

        from = t->len;
        llm_openai_put_string(t, cc->j, f[1]);
        llm_count_json(cc, t, from, LLM_OPENAI_COMPACT, 1);
        llm_openai_puts(t, "}");
    }

    llm_openai_puts(t, "]}");
    llm_count_text(cc, t);
}


int
llm_count_calls(llm_openai_count_t *cc, const uint32_t *f)
{
    uint32_t  calls, fn;

    calls = f[LLM_MESSAGE_CALLS];
    fn = f[LLM_MESSAGE_CALL];

    cc->call = LLM_JSON_NONE;
    cc->parallel = 0;

    if (llm_count_kind(cc, calls) == LLM_JSON_ARRAY
        && llm_json_next(cc->j, calls) > calls + 1)
    {
        fn = llm_json_get(cc->j, calls + 1, "function");
        cc->parallel = (llm_json_next(cc->j, calls + 1)
                        < llm_json_next(cc->j, calls));

    } else if (llm_count_kind(cc, fn) != LLM_JSON_OBJECT) {
        return 0;
    }

    /* what is said beside a call is a message of its own */

    if (!llm_count_empty(cc, f[LLM_MESSAGE_CONTENT])) {
        cc->tokens += LLM_OPENAI_PER_MESSAGE + 1;
        llm_count_content(cc, f[LLM_MESSAGE_CONTENT], NULL);
    }

    llm_count_string(cc, f[LLM_MESSAGE_NAME]);

    cc->tokens += LLM_OPENAI_PER_MESSAGE + 1;

    if (cc->parallel) {
        llm_count_parallel(cc, calls);

    } else {
        llm_count_call(cc, fn);
    }

    if (cc->family == LLM_OPENAI_GPT5) {
        cc->tokens += 6;

    } else if (cc->family == LLM_OPENAI_O_SERIES) {
        cc->tokens += cc->reasoning ? 3 : 0;
        cc->estimate = 1;
    }

    return 1;
}


/* the text of a result, for a list of results */

static void
llm_count_result(llm_openai_count_t *cc, llm_openai_text_t *t, uint32_t content)
{
    size_t                  from;
    uint32_t                i;
    const llm_json_node_t  *v;

    v = cc->j->nodes;
    from = t->len;

    if (llm_count_kind(cc, content) == LLM_JSON_ARRAY) {
        for (i = content + 1; i < llm_json_next(cc->j, content);
             i = v[i].next)
        {
            llm_openai_put_string(t, cc->j, llm_json_get(cc->j, i, "text"));
        }

    } else {
        llm_openai_put_string(t, cc->j, content);
    }

    llm_count_json(cc, t, from, LLM_OPENAI_SPACED|LLM_OPENAI_ASCII, 1);
}


static int
llm_count_is_tool(const llm_openai_count_t *cc, uint32_t message)
{
    uint32_t  role;

    role = llm_json_get(cc->j, message, "role");

    return role != LLM_JSON_NONE && llm_json_equal(cc->j, role, "tool");
}


/* results of several calls: one message, a list of them */

static uint32_t
llm_count_list(llm_openai_count_t *cc, uint32_t i, uint32_t last)
{
    llm_openai_text_t      *t;
    const llm_json_node_t  *v;

    v = cc->j->nodes;
    t = &cc->text;

    llm_count_bytes(cc, "multi_tool_use.parallel",
                    sizeof("multi_tool_use.parallel") - 1);

    t->len = 0;
    llm_openai_puts(t, "[");

    for ( ;; ) {
        llm_count_result(cc, t, llm_json_get(cc->j, i, "content"));

        if (v[i].next >= last || !llm_count_is_tool(cc, v[i].next)) {
            break;
        }

        i = v[i].next;
        llm_openai_puts(t, ", ");
    }

    llm_openai_puts(t, "]");
    llm_count_text(cc, t);

    cc->parallel = 0;

    return i;
}


uint32_t
llm_count_results(llm_openai_count_t *cc, const uint32_t *f, uint32_t i,
    uint32_t last)
{
    cc->tokens += LLM_OPENAI_PER_MESSAGE + 1 + 2;

    if (cc->parallel) {
        return llm_count_list(cc, i, last);
    }

    /* the result of one call has the function's name in front */

    llm_count_string(cc, llm_json_equal(cc->j, f[LLM_MESSAGE_ROLE], "tool")
                         ? cc->call : f[LLM_MESSAGE_NAME]);
    llm_count_content(cc, f[LLM_MESSAGE_CONTENT], NULL);

    return i;
}
