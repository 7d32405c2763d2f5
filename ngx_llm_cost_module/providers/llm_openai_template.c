
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_templated.h"
#include "llm_responses.h"

#include <string.h>


/* OpenAI's chat and Responses, asked of a model whose template is known */


typedef enum {
    LLM_SAID_ROLE = 0,
    LLM_SAID_CONTENT,
    LLM_SAID_CALLS,
    LLM_SAID_CALL,
    LLM_SAID_N
} llm_said_e;

static const char * const  llm_said_names[] = {
    "role", "content", "tool_calls", "function_call"
};


static void
llm_chat_function(llm_templated_t *lt, uint32_t fn)
{
    uint32_t  f[2];

    static const char * const  names[] = { "name", "arguments" };

    if (llm_count_kind(lt->cc, fn) == LLM_JSON_OBJECT) {
        llm_json_fields(lt->cc->j, fn, names, 2, f);
        llm_templated_call(lt, f[0], f[1]);
    }
}


/* thoughts that come back, in the first member that has them */

static void
llm_chat_thoughts(llm_templated_t *lt, uint32_t message)
{
    uint32_t  i, f[3];

    static const char * const  names[] = {
        "reasoning_content", "reasoning", "reasoning_details"
    };

    llm_json_fields(lt->cc->j, message, names, 3, f);

    for (i = 0; i < 3; i++) {
        if (!llm_count_empty(lt->cc, f[i])) {
            llm_templated_thoughts(lt, f[i]);
            return;
        }
    }
}


static void
llm_chat_assistant(llm_templated_t *lt, uint32_t message, const uint32_t *f)
{
    uint32_t                i, calls;
    const llm_json_node_t  *v;

    v = lt->cc->j->nodes;
    calls = f[LLM_SAID_CALLS];

    llm_templated_assistant(lt, !llm_count_empty(lt->cc,
                                                 f[LLM_SAID_CONTENT]));
    llm_chat_thoughts(lt, message);

    llm_templated_said(lt, f[LLM_SAID_CONTENT]);
    llm_chat_function(lt, f[LLM_SAID_CALL]);

    if (llm_count_kind(lt->cc, calls) == LLM_JSON_ARRAY) {
        for (i = calls + 1; i < llm_json_next(lt->cc->j, calls);
             i = v[i].next)
        {
            llm_chat_function(lt, llm_json_get(lt->cc->j, i, "function"));
        }
    }
}


uint32_t
llm_chat_turn(const llm_openai_count_t *cc, uint32_t messages)
{
    uint32_t                i, role, turn;
    const llm_json_node_t  *v;

    v = cc->j->nodes;
    turn = 0;

    for (i = messages + 1; i < llm_json_next(cc->j, messages); i = v[i].next) {
        role = llm_json_get(cc->j, i, "role");

        if (role != LLM_JSON_NONE && llm_json_equal(cc->j, role, "user")) {
            turn = i;
        }
    }

    return turn;
}


/* "required", or an object that names a function */

static int
llm_chat_forced(const llm_openai_count_t *cc, uint32_t choice)
{
    unsigned  kind;

    kind = llm_count_kind(cc, choice);

    return kind == LLM_JSON_OBJECT
           || (kind == LLM_JSON_STRING
               && llm_json_equal(cc->j, choice, "required"));
}


/* the highest effort, or none that is said where that is the default */

static void
llm_chat_effort(llm_templated_t *lt, uint32_t effort, int most)
{
    if (llm_given(lt->cc->j, effort)) {
        most = llm_json_equal(lt->cc->j, effort, "max")
               || llm_json_equal(lt->cc->j, effort, "xhigh");
    }

    lt->cc->fixed += most ? lt->t->effort : 0;
}


/* Claudes are shown the schema alone */

static uint32_t
llm_chat_format(const llm_openai_count_t *cc, uint32_t format)
{
    return cc->media ? llm_json_get(cc->j, format, "json_schema") : format;
}


void
llm_openai_templated(llm_openai_count_t *cc, const llm_template_t *t)
{
    uint32_t                i, turn, messages;
    uint32_t                f[LLM_OPENAI_FIELDS], said[LLM_SAID_N];
    llm_templated_t         lt;
    llm_templated_role_e    role;
    const llm_json_node_t  *v;

    v = cc->j->nodes;

    llm_openai_fields(cc->j, f);
    llm_templated_begin(&lt, cc, t);

    messages = f[LLM_OPENAI_MESSAGES];
    turn = llm_chat_turn(cc, messages);

    for (i = messages + 1; i < llm_json_next(cc->j, messages); i = v[i].next) {

        llm_json_fields(cc->j, i, llm_said_names, LLM_SAID_N, said);
        role = llm_templated_role(cc->j, said[LLM_SAID_ROLE]);
        lt.going_on = (i > turn);

        if (role == LLM_TEMPLATED_ASSISTANT) {
            llm_chat_assistant(&lt, i, said);
            continue;
        }

        llm_templated_message(&lt, role);
        llm_count_content(cc, said[LLM_SAID_CONTENT], NULL);
    }

    llm_templated_tools(&lt, f[LLM_OPENAI_TOOLS]);
    llm_templated_tools(&lt, f[LLM_OPENAI_FUNCTIONS]);

    if (llm_chat_forced(cc, f[LLM_OPENAI_TOOL_CHOICE])) {
        llm_templated_forced(&lt);
    }

    llm_chat_effort(&lt, f[LLM_OPENAI_REASONING_EFFORT], 0);
    llm_templated_end(&lt, llm_chat_format(cc,
                                           f[LLM_OPENAI_RESPONSE_FORMAT]));
}


/* Responses: what is said, called and thought are items of one list */

typedef enum {
    LLM_PART_TYPE = 0,
    LLM_PART_ROLE,
    LLM_PART_CONTENT,
    LLM_PART_SUMMARY,
    LLM_PART_NAME,
    LLM_PART_ARGUMENTS,
    LLM_PART_OUTPUT,
    LLM_PART_N
} llm_part_e;

static const char * const  llm_part_names[] = {
    "type", "role", "content", "summary", "name", "arguments", "output"
};


static int
llm_part_is(const llm_json_t *j, const uint32_t *f, const char *type)
{
    return f[LLM_PART_TYPE] != LLM_JSON_NONE
           && llm_json_equal(j, f[LLM_PART_TYPE], type);
}


uint32_t
llm_responses_turn(const llm_openai_count_t *cc, uint32_t input)
{
    uint32_t                i, turn, f[LLM_PART_N];
    const llm_json_node_t  *v;

    v = cc->j->nodes;
    turn = 0;

    for (i = input + 1; i < llm_json_next(cc->j, input); i = v[i].next) {

        llm_json_fields(cc->j, i, llm_part_names, LLM_PART_N, f);

        if (f[LLM_PART_ROLE] != LLM_JSON_NONE
            && llm_json_equal(cc->j, f[LLM_PART_ROLE], "user"))
        {
            turn = i;
        }
    }

    return turn;
}


/* in the open, or sealed; those of a Grok count in a later turn, too */

static void
llm_responses_thoughts(llm_templated_t *lt, uint32_t item, const uint32_t *f)
{
    if (llm_given(lt->cc->j, llm_json_get(lt->cc->j, item,
                                          "encrypted_content")))
    {
        llm_responses_sealed(lt->cc, item);

    } else {
        llm_templated_thoughts(lt, llm_count_empty(lt->cc,
                                                   f[LLM_PART_CONTENT])
                                   ? f[LLM_PART_SUMMARY]
                                   : f[LLM_PART_CONTENT]);
    }
}


static void
llm_responses_part(llm_templated_t *lt, uint32_t item)
{
    uint32_t              f[LLM_PART_N];
    llm_openai_count_t   *cc;
    llm_templated_role_e  role;

    cc = lt->cc;
    llm_json_fields(cc->j, item, llm_part_names, LLM_PART_N, f);

    if (!llm_given(cc->j, f[LLM_PART_TYPE]) || llm_part_is(cc->j, f, "message"))
    {
        role = llm_templated_role(cc->j, f[LLM_PART_ROLE]);
        llm_templated_message(lt, role);

        if (role == LLM_TEMPLATED_ASSISTANT) {
            llm_templated_said(lt, f[LLM_PART_CONTENT]);

        } else {
            llm_count_content(cc, f[LLM_PART_CONTENT], NULL);
        }

    } else if (llm_part_is(cc->j, f, "reasoning")) {
        llm_responses_thoughts(lt, item, f);

    } else if (llm_part_is(cc->j, f, "function_call")) {

        /* of a message that has begun already, or one of its own */

        if (!lt->open) {
            llm_templated_assistant(lt, 0);
        }

        llm_templated_call(lt, f[LLM_PART_NAME], f[LLM_PART_ARGUMENTS]);

    } else if (llm_part_is(cc->j, f, "function_call_output")) {
        llm_templated_message(lt, LLM_TEMPLATED_RESULT);
        llm_count_content(cc, f[LLM_PART_OUTPUT], NULL);

    } else {
        llm_responses_other(cc, item);
    }
}


void
llm_responses_templated(llm_openai_count_t *cc, const llm_template_t *t,
    const uint32_t *f, uint32_t format)
{
    uint32_t                i, turn, input;
    llm_templated_t         lt;
    const llm_json_node_t  *v;

    v = cc->j->nodes;
    input = f[LLM_RESPONSES_INPUT];

    llm_templated_begin(&lt, cc, t);

    if (llm_count_kind(cc, f[LLM_RESPONSES_INSTRUCTIONS]) == LLM_JSON_STRING) {
        llm_templated_message(&lt, LLM_TEMPLATED_SYSTEM);
        llm_count_string(cc, f[LLM_RESPONSES_INSTRUCTIONS]);
    }

    if (llm_count_kind(cc, input) == LLM_JSON_STRING) {
        llm_templated_message(&lt, LLM_TEMPLATED_USER);
        llm_count_string(cc, input);

    } else if (llm_count_kind(cc, input) == LLM_JSON_ARRAY) {

        turn = llm_responses_turn(cc, input);

        for (i = input + 1; i < llm_json_next(cc->j, input); i = v[i].next) {
            lt.going_on = (i > turn);
            llm_responses_part(&lt, i);
        }
    }

    llm_templated_tools(&lt, f[LLM_RESPONSES_TOOLS]);

    if (llm_chat_forced(cc, f[LLM_RESPONSES_TOOL_CHOICE])) {
        llm_templated_forced(&lt);
    }

    llm_chat_effort(&lt, llm_json_get(cc->j, llm_json_get(cc->j, 0,
                                                          "reasoning"),
                                      "effort"), 1);
    llm_templated_end(&lt, format);
}
