
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_responses.h"

#include <string.h>


/*
 * The input of a Responses request: the rules are those of chat, said in other
 * members.  What a model reads from elsewhere (the server's state, the results
 * of tools that the provider runs) is not in the request.
 */


/* what tools of the provider's own have brought in, in recorded requests */

typedef struct {
    const char  *type;
    int64_t      tokens;
} llm_responses_tool_t;

static const llm_responses_tool_t  llm_responses_tools[] = {
    { "web_search_preview", 8000 },
    { "tool_search", 570 },
    { "web_search", 20000 },
    { "file_search", 16000 },
    { "code_interpreter", 4000 },
    { "image_generation", 1000 },
    { "computer", 4000 },
    { "mcp", 4000 },
    { "x_search", 20000 },
    { NULL, 0 }
};


typedef enum {
    LLM_ITEM_TYPE = 0,
    LLM_ITEM_ROLE,
    LLM_ITEM_CONTENT,
    LLM_ITEM_ID,
    LLM_ITEM_OUTPUT,
    LLM_ITEM_N
} llm_item_e;

static const char * const  llm_item_names[] = {
    "type", "role", "content", "id", "output"
};


/*
 * What a search for a model without thoughts has found is free, as OpenAI says,
 * and is not in its count: the words about the tool are.
 */

#define LLM_RESPONSES_PREVIEW   300

/*
 * Thoughts that are sealed: base64 of some 4.5 bytes for each token, less what
 * is around them, which is more with OpenAI than with xAI.
 */

#define LLM_RESPONSES_SEALED    6
#define LLM_RESPONSES_ENVELOPE  900
#define LLM_RESPONSES_BARE      40

/*
 * A search among tools is told about and may find some, 570 together; when it
 * has been asked, 330 of that are left, and 30 when what it found is in the
 * request.
 */

#define LLM_RESPONSES_ASKED     330
#define LLM_RESPONSES_FOUND     30

/* more tools, which come where no search has found them */

#define LLM_RESPONSES_MORE      58

/* one that was made */

#define LLM_RESPONSES_PICTURE   1600

/* a prompt that is kept by the server */

#define LLM_RESPONSES_KEPT      500


void
llm_responses_sealed(llm_openai_count_t *cc, uint32_t item)
{
    size_t     around;
    llm_str_t  s;

    llm_count_data(cc, llm_json_get(cc->j, item, "encrypted_content"), &s);

    around = (cc->family == LLM_OPENAI_OTHER) ? LLM_RESPONSES_BARE
                                              : LLM_RESPONSES_ENVELOPE;

    cc->tokens += s.len > around ? (s.len - around) / LLM_RESPONSES_SEALED : 0;
    cc->estimate = 1;
}


static int64_t
llm_responses_tool_search(const llm_openai_count_t *cc, int64_t tokens)
{
    uint32_t                i, input, type;
    const llm_json_node_t  *v;

    v = cc->j->nodes;
    input = llm_json_get(cc->j, 0, "input");

    if (llm_count_kind(cc, input) != LLM_JSON_ARRAY) {
        return tokens;
    }

    for (i = input + 1; i < llm_json_next(cc->j, input); i = v[i].next) {

        type = llm_json_get(cc->j, i, "type");

        if (type == LLM_JSON_NONE) {
            continue;
        }

        if (llm_json_equal(cc->j, type, "tool_search_output")
            || llm_json_equal(cc->j, type, "additional_tools"))
        {
            return LLM_RESPONSES_FOUND;
        }

        if (llm_json_equal(cc->j, type, "tool_search_call")) {
            tokens = LLM_RESPONSES_ASKED;
        }
    }

    return tokens;
}


/* what a tool that the provider runs brings in, in recorded requests */

static int64_t
llm_responses_brings(const llm_openai_count_t *cc, uint32_t tool,
    const llm_responses_tool_t *t)
{
    uint32_t  where;

    if (cc->family == LLM_OPENAI_CLASSIC
        && strcmp(t->type, "web_search_preview") == 0)
    {
        return LLM_RESPONSES_PREVIEW;
    }

    where = llm_json_get(cc->j, tool, "execution");

    if (llm_given(cc->j, where) && llm_json_equal(cc->j, where, "client")) {
        return 0;
    }

    return strcmp(t->type, "tool_search") == 0
           ? llm_responses_tool_search(cc, t->tokens) : t->tokens;
}


/* the tool's type begins with the name: versions have a date behind it */

static void
llm_responses_hosted(llm_openai_count_t *cc, uint32_t tools)
{
    uint32_t                     i, type;
    const llm_json_node_t       *v;
    const llm_responses_tool_t  *t;

    v = cc->j->nodes;

    if (llm_count_kind(cc, tools) != LLM_JSON_ARRAY) {
        return;
    }

    for (i = tools + 1; i < llm_json_next(cc->j, tools); i = v[i].next) {

        type = llm_json_get(cc->j, i, "type");

        for (t = llm_responses_tools; t->type; t++) {

            if (llm_json_starts(cc->j, type, t->type)) {
                cc->tokens += llm_responses_brings(cc, i, t);
                cc->estimate = 1;
                break;
            }
        }
    }
}


static uint32_t
llm_responses_format(llm_openai_count_t *cc, uint32_t text)
{
    uint32_t  format, type;

    if (llm_count_kind(cc, text) != LLM_JSON_OBJECT) {
        return LLM_JSON_NONE;
    }

    format = llm_json_get(cc->j, text, "format");

    if (llm_count_kind(cc, format) != LLM_JSON_OBJECT) {
        return LLM_JSON_NONE;
    }

    type = llm_json_get(cc->j, format, "type");

    return (type != LLM_JSON_NONE
            && llm_json_equal(cc->j, type, "json_schema")) ? format
                                                          : LLM_JSON_NONE;
}


/*
 * Tools and schema stand by themselves, and not in a message of the system's as
 * in chat: found from recorded requests, as are the figures below.  To GPT-5
 * they are a message.
 */

static void
llm_responses_extra(llm_openai_count_t *cc)
{
    if (cc->extra.len == 0) {
        return;
    }

    if (cc->family == LLM_OPENAI_GPT5) {
        cc->tokens += LLM_OPENAI_PER_MESSAGE + 1;
    }

    llm_count_text(cc, &cc->extra);
}


/* nor is GPT-5 told about channels */

static void
llm_responses_functions(llm_openai_count_t *cc, uint32_t tools)
{
    llm_count_tools(cc, tools, LLM_JSON_NONE);

    if (cc->extra.len == 0) {
        return;
    }

    switch (cc->family) {

    case LLM_OPENAI_GPT5:
        cc->tokens -= LLM_OPENAI_GPT5_TOOLS;
        cc->estimate = 1;
        break;

    case LLM_OPENAI_O_SERIES:
        cc->estimate = 1;
        break;

    default:
        cc->tokens -= 2;
    }
}


static void
llm_responses_message(llm_openai_count_t *cc, const char *role,
    uint32_t content)
{
    cc->tokens += LLM_OPENAI_PER_MESSAGE;
    llm_count_bytes(cc, role, strlen(role));
    llm_count_content(cc, content, NULL);

    if (strcmp(role, "assistant") == 0) {
        cc->tokens += cc->reasoning ? 2 : 0;
    }
}


static int
llm_responses_searches(const llm_openai_count_t *cc)
{
    uint32_t                i, tools;
    const llm_json_node_t  *v;

    v = cc->j->nodes;
    tools = llm_json_get(cc->j, 0, "tools");

    if (llm_count_kind(cc, tools) != LLM_JSON_ARRAY) {
        return 0;
    }

    for (i = tools + 1; i < llm_json_next(cc->j, tools); i = v[i].next) {
        if (llm_json_starts(cc->j, llm_json_get(cc->j, i, "type"),
                            "tool_search"))
        {
            return 1;
        }
    }

    return 0;
}


static const char *
llm_responses_role(const llm_openai_count_t *cc, uint32_t role)
{
    unsigned                    i;
    static const char * const  roles[] = { "assistant", "system",
                                           "developer" };

    for (i = 0; i < 3; i++) {
        if (role != LLM_JSON_NONE && llm_json_equal(cc->j, role, roles[i])) {
            return roles[i];
        }
    }

    return "user";
}


/*
 * A call with an identifier is what a model wrote, and takes three tokens more
 * than one that a client made up, whose arguments are taken as they are.  From
 * GPT-5.2 on there is no such difference.
 */

static unsigned
llm_responses_made_up(const llm_openai_count_t *cc, uint32_t id)
{
    llm_str_t  model;

    model = llm_openai_bare(&cc->q->model);

    return !llm_given(cc->j, id) && !llm_openai_is(&model, "gpt-5.")
           && !llm_openai_is(&model, "gpt-6");
}


static void
llm_responses_call(llm_openai_count_t *cc, uint32_t item, uint32_t id)
{
    uint32_t  f[2];

    static const char * const  names[] = { "name", "arguments" };

    /*
     * Of several calls at once nobody has seen the text; and what a model
     * wrote the server knows by its identifier, which may be up to three tokens
     * less, or two more.
     */

    cc->estimate |= cc->parallel || cc->family != LLM_OPENAI_CLASSIC
                    || llm_given(cc->j, id);

    cc->tokens += LLM_OPENAI_PER_MESSAGE + 1 + (cc->reasoning ? 6 : 0);
    cc->made_up = llm_responses_made_up(cc, id);

    if (cc->made_up) {
        llm_json_fields(cc->j, item, names, 2, f);
        llm_count_call_name(cc, f[0]);
        llm_count_string(cc, f[1]);

    } else {
        cc->tokens += !cc->parallel;
        llm_count_call(cc, item);
    }

    cc->parallel = 1;
}


/* with its function's name; of results of several calls the first has it */

static void
llm_responses_result(llm_openai_count_t *cc, uint32_t output)
{
    llm_count_string(cc, cc->call);
    llm_count_content(cc, output, NULL);

    if (!cc->made_up) {
        cc->tokens += 2;
        cc->call = LLM_JSON_NONE;
    }

    cc->parallel = 0;
}


/* an item of tools that are not functions: as it is written, but pictures */

void
llm_responses_other(llm_openai_count_t *cc, uint32_t item)
{
    uint32_t  f[3];

    static const char * const  names[] = { "type", "result", "output" };

    cc->estimate = 1;
    llm_json_fields(cc->j, item, names, 3, f);

    if (llm_json_starts(cc->j, f[0], "image_generation_call")
        && !llm_count_empty(cc, f[1]))
    {
        cc->tokens += llm_count_made(cc, f[1], LLM_RESPONSES_PICTURE);
        return;
    }

    if (llm_json_starts(cc->j, f[0], "computer_call_output")) {
        llm_count_part(cc, f[2]);
        llm_count_text(cc, &cc->text);
        return;
    }

    if (llm_json_starts(cc->j, f[0], "additional_tools")
        && !llm_responses_searches(cc))
    {
        cc->tokens += LLM_RESPONSES_MORE;
    }

    llm_openai_render(&cc->extra, cc->j, item, LLM_OPENAI_COMPACT);
    llm_count_text(cc, &cc->extra);
}


/* one item of the input; calls are as in chat, one by one */

static void
llm_responses_item(llm_openai_count_t *cc, uint32_t i, uint32_t turn)
{
    uint32_t  f[LLM_ITEM_N];

#define llm_item(s)                                                           \
    (f[LLM_ITEM_TYPE] != LLM_JSON_NONE                                        \
     && llm_json_equal(cc->j, f[LLM_ITEM_TYPE], s))

    llm_json_fields(cc->j, i, llm_item_names, LLM_ITEM_N, f);

    if (f[LLM_ITEM_TYPE] == LLM_JSON_NONE || llm_item("message")) {
        llm_responses_message(cc, llm_responses_role(cc, f[LLM_ITEM_ROLE]),
                              f[LLM_ITEM_CONTENT]);
        return;
    }

    if (llm_item("compaction") || llm_item("reasoning")) {

        /* thoughts are shown again for as long as their turn goes on */

        if (llm_item("compaction") || i > turn) {
            llm_responses_sealed(cc, i);
        }

        cc->estimate = 1;
        return;
    }

    if (llm_item("function_call")) {
        llm_responses_call(cc, i, f[LLM_ITEM_ID]);
        return;
    }

    cc->tokens += LLM_OPENAI_PER_MESSAGE + 1;

    if (llm_item("function_call_output")) {
        llm_responses_result(cc, f[LLM_ITEM_OUTPUT]);
        return;
    }

    llm_responses_other(cc, i);
}


/* by OpenAI's own rules */

static void
llm_responses_chat(llm_openai_count_t *cc, const uint32_t *f)
{
    uint32_t                i, turn, input;
    const llm_json_node_t  *v;

    v = cc->j->nodes;
    input = f[LLM_RESPONSES_INPUT];

    llm_responses_functions(cc, f[LLM_RESPONSES_TOOLS]);
    llm_count_schema_named(cc, llm_responses_format(cc,
                                                 f[LLM_RESPONSES_TEXT]));
    llm_responses_extra(cc);

    if (llm_count_kind(cc, f[LLM_RESPONSES_INSTRUCTIONS]) == LLM_JSON_STRING) {
        llm_responses_message(cc, "system", f[LLM_RESPONSES_INSTRUCTIONS]);
    }

    if (llm_count_kind(cc, input) == LLM_JSON_STRING) {
        llm_responses_message(cc, "user", input);

    } else if (llm_count_kind(cc, input) == LLM_JSON_ARRAY) {
        turn = llm_responses_turn(cc, input);

        for (i = input + 1; i < llm_json_next(cc->j, input); i = v[i].next) {
            llm_responses_item(cc, i, turn);
        }
    }

    if (cc->schema != LLM_JSON_NONE && !cc->functions) {
        cc->tokens += !cc->reasoning;
    }

    llm_count_forced(cc, f[LLM_RESPONSES_TOOL_CHOICE], LLM_JSON_NONE);

    cc->tokens += cc->reply;
}


/* {"id":"pmpt_...","variables":{...}} */

static void
llm_responses_prompt(llm_openai_count_t *cc, uint32_t prompt)
{
    uint32_t                i, variables;
    const llm_json_node_t  *v;

    if (llm_count_kind(cc, prompt) != LLM_JSON_OBJECT) {
        return;
    }

    v = cc->j->nodes;
    variables = llm_json_get(cc->j, prompt, "variables");

    cc->tokens += LLM_RESPONSES_KEPT;
    cc->estimate = 1;

    if (llm_count_kind(cc, variables) != LLM_JSON_OBJECT) {
        return;
    }

    for (i = variables + 1; i < llm_json_next(cc->j, variables);
         i = v[i + 1].next)
    {
        if (v[i + 1].type == LLM_JSON_OBJECT) {
            llm_count_part(cc, i + 1);
            llm_count_text(cc, &cc->text);

        } else {
            llm_count_string(cc, i + 1);
        }
    }
}


void
llm_responses_count(llm_openai_count_t *cc, const llm_template_t *t)
{
    uint32_t  state, questions, f[LLM_RESPONSES_FIELDS];

    llm_json_fields(cc->j, 0, llm_responses_names, LLM_RESPONSES_FIELDS, f);

    if (t) {
        llm_responses_templated(cc, t, f,
                                llm_responses_format(cc,
                                                     f[LLM_RESPONSES_TEXT]));
    } else {
        llm_responses_chat(cc, f);
    }

    /* of a decision */

    questions = llm_json_get(cc->j, 0, "questions");

    if (llm_given(cc->j, questions)) {
        state = llm_json_get(cc->j, 0, "state");              /* OpenRouter */
        cc->text.len = 0;

        if (llm_given(cc->j, state)) {
            llm_openai_render(&cc->text, cc->j, state, LLM_OPENAI_SPACED);
        }

        llm_openai_render(&cc->text, cc->j, questions, LLM_OPENAI_SPACED);
        llm_count_text(cc, &cc->text);
        cc->estimate = 1;
    }

    llm_responses_hosted(cc, f[LLM_RESPONSES_TOOLS]);
    llm_responses_prompt(cc, f[LLM_RESPONSES_PROMPT]);

    cc->estimate |= llm_given(cc->j, f[LLM_RESPONSES_PREVIOUS])
                    || llm_given(cc->j, f[LLM_RESPONSES_CONVERSATION]);
}
