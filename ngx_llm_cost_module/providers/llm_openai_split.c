
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai_reform.h"

#include <string.h>


/*
 * The stream that would have brought a document: of each choice the role, what
 * it says, its calls in two chunks each, the reason of its end; the usage, if
 * it was asked for; [DONE].
 */

typedef struct {
    llm_mem_t            *mem;
    const llm_json_t     *j;
    llm_text_t           *out;
    llm_text_t            head;        /* of every chunk, up to its choices */
    llm_extra_t          *extra;       /* goes into the first one */
    const char           *tail;
    unsigned              begun:1;
    unsigned              completion:1;
} llm_openai_split_t;


static const char * const  llm_openai_split_says[LLM_OPENAI_SAY_N] = {
    LLM_OPENAI_SAYINGS
};


static void
llm_openai_split_value(const llm_openai_split_t *s, llm_text_t *t,
    const char *name, uint32_t node)
{
    llm_str_t  value;

    if (node != LLM_JSON_NONE) {
        value = llm_form_raw(s->j, node);
        llm_text_put(t, name);
        llm_text_value(t, &value);
    }
}


static void
llm_openai_split_head(llm_openai_split_t *s, const uint32_t *f)
{
    llm_text_t  *t;

    t = &s->head;

    llm_openai_split_value(s, t, "data: {\"id\":", f[LLM_OPENAI_TOP_ID]);

    llm_text_put(t, s->completion ? ",\"object\":\"text_completion\""
                                  : ",\"object\":\"chat.completion.chunk\"");

    llm_openai_split_value(s, t, ",\"created\":", f[LLM_OPENAI_TOP_CREATED]);
    llm_openai_split_value(s, t, ",\"model\":", f[LLM_OPENAI_TOP_MODEL]);
    llm_openai_split_value(s, t, ",\"service_tier\":",
                           f[LLM_OPENAI_TOP_TIER]);
    llm_openai_split_value(s, t, ",\"system_fingerprint\":",
                           f[LLM_OPENAI_TOP_FINGERPRINT]);
    llm_openai_split_value(s, t, ",\"x_groq\":", f[LLM_OPENAI_TOP_GROQ]);
    llm_openai_split_value(s, t, ",\"sla_metrics\":", f[LLM_OPENAI_TOP_SLA]);
}


/* a chunk of one choice, up to its delta or text */

static void
llm_openai_split_begin(llm_openai_split_t *s, int64_t index)
{
    llm_text_add(s->out, s->head.data, s->head.len);

    if (!s->begun) {
        llm_extra_write(s->out, s->extra);
        s->begun = 1;
    }

    llm_text_put(s->out, ",\"choices\":[{\"index\":");
    llm_text_number(s->out, index);
    llm_text_put(s->out, s->completion ? ",\"text\":" : ",\"delta\":{");
}


/* ... and from there; NONE is null */

static void
llm_openai_split_end(llm_openai_split_t *s, uint32_t logprobs,
    uint32_t finish, const llm_extra_t *extra)
{
    llm_text_put(s->out, s->completion ? ",\"logprobs\":" : "},\"logprobs\":");
    llm_openai_split_value(s, s->out, "", logprobs);
    llm_text_put(s->out, logprobs == LLM_JSON_NONE ? "null" : "");

    llm_text_put(s->out, ",\"finish_reason\":");
    llm_openai_split_value(s, s->out, "", finish);
    llm_text_put(s->out, finish == LLM_JSON_NONE ? "null" : "");

    llm_extra_write(s->out, extra);
    llm_text_put(s->out, "}]");
    llm_text_put(s->out, s->tail);
}


/* one kind of text: a chunk, unless there is nothing in it */

static void
llm_openai_split_say(llm_openai_split_t *s, int64_t index,
    llm_openai_say_e what, uint32_t node, uint32_t *logprobs)
{
    llm_str_t  inside;

    inside = llm_form_inside(s->j, node);

    if (inside.len == 0) {
        return;
    }

    llm_openai_split_begin(s, index);

    llm_text_put(s->out, "\"");
    llm_text_put(s->out, llm_openai_split_says[what]);
    llm_text_put(s->out, "\":\"");
    llm_text_str(s->out, &inside);
    llm_text_put(s->out, "\"");

    if (what == LLM_OPENAI_SAY_CONTENT || what == LLM_OPENAI_SAY_REFUSAL) {
        llm_openai_split_end(s, *logprobs, LLM_JSON_NONE, NULL);
        *logprobs = LLM_JSON_NONE;

    } else {
        llm_openai_split_end(s, LLM_JSON_NONE, LLM_JSON_NONE, NULL);
    }
}


/* who is called comes first, then with what */

static int
llm_openai_split_function(llm_openai_split_t *s, int64_t index,
    uint32_t node, const char *before, const char *again, const char *after,
    const llm_extra_t *extra)
{
    int        rc;
    uint32_t   f[2];
    llm_str_t  arguments;

    static const char * const  names[] = { "name", "arguments" };

    rc = llm_form_members(s->j, node, names, 2, f, NULL, NULL);
    if (rc != LLM_OK) {
        return rc;
    }

    if (!llm_form_is(s->j, f[0], LLM_JSON_STRING)
        || !llm_form_is(s->j, f[1], LLM_JSON_STRING))
    {
        return LLM_DECLINED;
    }

    llm_text_put(s->out, before);
    llm_openai_split_value(s, s->out, "{\"name\":", f[0]);
    llm_text_put(s->out, ",\"arguments\":\"\"}");
    llm_extra_write(s->out, extra);
    llm_text_put(s->out, after);
    llm_openai_split_end(s, LLM_JSON_NONE, LLM_JSON_NONE, NULL);

    arguments = llm_form_inside(s->j, f[1]);

    if (arguments.len) {
        llm_openai_split_begin(s, index);
        llm_text_put(s->out, again);
        llm_text_put(s->out, "{\"arguments\":\"");
        llm_text_str(s->out, &arguments);
        llm_text_put(s->out, "\"}");
        llm_text_put(s->out, after);
        llm_openai_split_end(s, LLM_JSON_NONE, LLM_JSON_NONE, NULL);
    }

    return LLM_OK;
}


static int
llm_openai_split_tool(llm_openai_split_t *s, int64_t index, unsigned n,
    uint32_t node)
{
    int           rc;
    uint32_t      f[4];
    llm_text_t    again;
    llm_extra_t  *extra;

    static const char * const  names[] = { "id", "type", "function",
                                           "index" };

    extra = NULL;

    rc = llm_form_members(s->j, node, names, 4, f, &extra, s->mem);
    if (rc != LLM_OK) {
        return rc;
    }

    /*
     * No other type has a form for streams that everybody reads, nor has one
     * that is nameless.
     */

    if (llm_form_inside(s->j, f[0]).len == 0
        || (f[1] != LLM_JSON_NONE && !llm_json_equal(s->j, f[1], "function")))
    {
        return LLM_DECLINED;
    }

    llm_text_init(&again, s->mem, LLM_FORM_CHOICES);
    llm_text_put(&again, "\"tool_calls\":[{\"index\":");
    llm_text_number(&again, n);
    llm_text_add(&again, ",\"function\":", sizeof(",\"function\":"));

    if (again.rc != LLM_OK) {
        return again.rc;
    }

    llm_openai_split_begin(s, index);
    llm_text_put(s->out, "\"tool_calls\":[{\"index\":");
    llm_text_number(s->out, n);
    llm_openai_split_value(s, s->out, ",\"id\":", f[0]);
    llm_text_put(s->out, ",\"type\":\"function\"");

    return llm_openai_split_function(s, index, f[2], ",\"function\":",
                                     (char *) again.data, "}]", extra);
}


static int
llm_openai_split_calls(llm_openai_split_t *s, int64_t index, uint32_t tools,
    uint32_t function)
{
    int                     rc;
    unsigned                n;
    uint32_t                i;
    const llm_json_node_t  *v;

    v = s->j->nodes;

    if (llm_given(s->j, tools)) {

        if (llm_kind_of(s->j, tools) != LLM_JSON_ARRAY) {
            return LLM_DECLINED;
        }

        for (n = 0, i = tools + 1; i < llm_json_next(s->j, tools);
             i = v[i].next)
        {
            if (n == LLM_FORM_CHOICES) {
                return LLM_DECLINED;
            }

            rc = llm_openai_split_tool(s, index, n++, i);
            if (rc != LLM_OK) {
                return rc;
            }
        }
    }

    if (!llm_given(s->j, function)) {
        return LLM_OK;
    }

    llm_openai_split_begin(s, index);

    return llm_openai_split_function(s, index, function, "\"function_call\":",
                                     "\"function_call\":", "", NULL);
}


/* the first chunk: whose turn it is, and what nobody here knows */

static int
llm_openai_split_role(llm_openai_split_t *s, int64_t index,
    const uint32_t *say, uint32_t role, unsigned silent,
    const llm_extra_t *extra)
{
    unsigned  i;

    for (i = 0; i < LLM_OPENAI_SAY_N; i++) {
        if (say[i] != LLM_JSON_NONE
            && llm_kind_of(s->j, say[i]) != LLM_JSON_STRING
            && llm_kind_of(s->j, say[i]) != LLM_JSON_NULL)
        {
            return LLM_DECLINED;
        }
    }

    llm_openai_split_begin(s, index);

    if (role != LLM_JSON_NONE) {
        llm_openai_split_value(s, s->out, "\"role\":", role);

    } else {
        llm_text_put(s->out, "\"role\":\"assistant\"");
    }

    llm_text_put(s->out, silent ? ",\"content\":null" : ",\"content\":\"\"");

    if (say[LLM_OPENAI_SAY_REFUSAL] != LLM_JSON_NONE) {
        llm_text_put(s->out, ",\"refusal\":null");
    }

    llm_extra_write(s->out, extra);
    llm_openai_split_end(s, LLM_JSON_NONE, LLM_JSON_NONE, NULL);

    return LLM_OK;
}


static int
llm_openai_split_message(llm_openai_split_t *s, int64_t index,
    uint32_t node, uint32_t *logprobs)
{
    int           rc;
    uint32_t      f[8];
    llm_extra_t  *extra;

    static const char * const  names[] = {
        LLM_OPENAI_SAYINGS, "role", "tool_calls", "function_call", "audio"
    };

    extra = NULL;

    rc = llm_form_members(s->j, node, names, 8, f, &extra, s->mem);

    if (rc == LLM_OK && llm_form_is(s->j, f[7], LLM_JSON_OBJECT)) {
        rc = LLM_DECLINED;
    }

    if (rc == LLM_OK) {
        rc = llm_openai_split_role(s, index, f, f[4],
                      !llm_form_is(s->j, f[LLM_OPENAI_SAY_CONTENT],
                                   LLM_JSON_STRING), extra);
    }

    if (rc != LLM_OK) {
        return rc;
    }

    /* a model thinks before it speaks */

    llm_openai_split_say(s, index, LLM_OPENAI_SAY_REASONING,
                         f[LLM_OPENAI_SAY_REASONING], logprobs);
    llm_openai_split_say(s, index, LLM_OPENAI_SAY_REASONING_CONTENT,
                         f[LLM_OPENAI_SAY_REASONING_CONTENT], logprobs);
    llm_openai_split_say(s, index, LLM_OPENAI_SAY_CONTENT,
                         f[LLM_OPENAI_SAY_CONTENT], logprobs);
    llm_openai_split_say(s, index, LLM_OPENAI_SAY_REFUSAL,
                         f[LLM_OPENAI_SAY_REFUSAL], logprobs);

    return llm_openai_split_calls(s, index, f[5], f[6]);
}


static int
llm_openai_split_choice(llm_openai_split_t *s, uint32_t node)
{
    int           rc;
    int64_t       index;
    uint32_t      f[6], logprobs;
    llm_extra_t  *extra;

    static const char * const  names[] = { "index", "message",
                                           "finish_reason", "logprobs",
                                           "text", "delta" };

    extra = NULL;

    rc = llm_form_members(s->j, node, names, 6, f, &extra, s->mem);
    if (rc != LLM_OK) {
        return rc;
    }

    if (!llm_form_is(s->j, f[0], LLM_JSON_NUMBER)
        || llm_json_int(s->j, f[0], &index) != LLM_OK || index < 0
        || !llm_form_is(s->j, f[2], LLM_JSON_STRING)
        || llm_form_is(s->j, f[s->completion ? 1 : 4],
                       s->completion ? LLM_JSON_OBJECT : LLM_JSON_STRING)
        || (llm_form_is(s->j, f[5], LLM_JSON_OBJECT)
            && llm_form_inside(s->j, llm_json_get(s->j, f[5], "content")).len))
    {
        return LLM_DECLINED;
    }

    logprobs = f[3];

    if (!s->completion) {
        rc = llm_openai_split_message(s, index, f[1], &logprobs);

    } else if (!llm_form_is(s->j, f[4], LLM_JSON_STRING)) {
        rc = LLM_DECLINED;

    } else {
        llm_openai_split_begin(s, index);
        llm_openai_split_value(s, s->out, "", f[4]);
        llm_openai_split_end(s, logprobs, LLM_JSON_NONE, NULL);
        logprobs = LLM_JSON_NONE;
    }

    if (rc == LLM_OK) {
        llm_openai_split_begin(s, index);
        llm_text_put(s->out, s->completion ? "\"\"" : "");
        llm_openai_split_end(s, logprobs, f[2], extra);
    }

    return rc;
}


static int
llm_openai_split_choices(llm_openai_split_t *s, uint32_t choices)
{
    int                     rc;
    unsigned                n;
    uint32_t                i;
    const llm_json_node_t  *v;

    v = s->j->nodes;

    if (!llm_form_is(s->j, choices, LLM_JSON_ARRAY)) {
        return LLM_DECLINED;
    }

    for (n = 0, i = choices + 1; i < llm_json_next(s->j, choices);
         i = v[i].next)
    {
        if (n++ == LLM_FORM_CHOICES) {
            return LLM_DECLINED;
        }

        rc = llm_openai_split_choice(s, i);
        if (rc != LLM_OK) {
            return rc;
        }
    }

    return n ? LLM_OK : LLM_DECLINED;
}


int
llm_openai_split(const llm_request_t *q, unsigned usage,
    const llm_str_t *body, llm_text_t *out)
{
    int                 rc;
    uint32_t            f[LLM_OPENAI_TOP_N];
    llm_json_t          j;
    llm_openai_split_t  s;

    memset(&s, 0, sizeof(llm_openai_split_t));

    s.mem = q->mem;
    s.j = &j;
    s.out = out;
    s.tail = usage ? ",\"usage\":null}\n\n" : "}\n\n";
    s.completion = (q->kind == LLM_KIND_COMPLETION);

    llm_text_init(&s.head, q->mem, out->max);

    rc = llm_form_document(body, q->mem, &j, 0);

    if (rc == LLM_OK) {
        rc = llm_form_members(&j, 0, llm_openai_top, LLM_OPENAI_TOP_N, f,
                              &s.extra, q->mem);
    }

    if (rc != LLM_OK) {
        return rc;
    }

    if (!llm_form_is(&j, f[LLM_OPENAI_TOP_ID], LLM_JSON_STRING)
        || llm_form_is(&j, f[LLM_OPENAI_TOP_ERROR], LLM_JSON_OBJECT)
        || (usage && !llm_form_is(&j, f[LLM_OPENAI_TOP_USAGE],
                                  LLM_JSON_OBJECT)))
    {
        return LLM_DECLINED;
    }

    llm_openai_split_head(&s, f);

    if (s.head.rc != LLM_OK) {
        return s.head.rc;
    }

    rc = llm_openai_split_choices(&s, f[LLM_OPENAI_TOP_CHOICES]);
    if (rc != LLM_OK) {
        return rc;
    }

    if (usage) {
        llm_text_add(out, s.head.data, s.head.len);
        llm_openai_split_value(&s, out, ",\"choices\":[],\"usage\":",
                               f[LLM_OPENAI_TOP_USAGE]);
        llm_text_put(out, "}\n\n");
    }

    llm_text_put(out, "data: [DONE]\n\n");

    return out->rc;
}
