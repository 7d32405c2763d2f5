
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_TEMPLATED_H_INCLUDED_
#define _LLM_TEMPLATED_H_INCLUDED_


/*
 * A chat as the template of its model shows it: dialects say what is in it,
 * message by message, and here is counted what the template makes of that.
 * cc->tokens are those of texts, cc->fixed what is around them.
 */

#include "llm_openai_count.h"


typedef enum {
    LLM_TEMPLATED_SYSTEM = 0,
    LLM_TEMPLATED_USER,
    LLM_TEMPLATED_ASSISTANT,
    LLM_TEMPLATED_RESULT
} llm_templated_role_e;


typedef struct {
    llm_openai_count_t     *cc;
    const llm_template_t   *t;
    unsigned                going_on:1;   /* thoughts are shown again: to be
                                             set by who says what was said */
    unsigned                system:1;     /* there was a system's message */
    unsigned                results:1;    /* the message before is a result */
    unsigned                open:1;       /* this message is an assistant's */
    unsigned                called:1;     /* ... and has a call */
} llm_templated_t;


void llm_templated_begin(llm_templated_t *lt, llm_openai_count_t *cc,
    const llm_template_t *t);

/* "system", "developer", "assistant", "tool", "function"; else the user's */

llm_templated_role_e llm_templated_role(const llm_json_t *j, uint32_t role);

/* the last of the messages that a user sent: from there on a turn goes on */

uint32_t llm_chat_turn(const llm_openai_count_t *cc, uint32_t messages);

/* what is around a message; a result is that of the last call */

void llm_templated_message(llm_templated_t *lt, llm_templated_role_e role);

/* the same of an assistant's, which may have said nothing beside its calls */

void llm_templated_assistant(llm_templated_t *lt, int said);

/* what it said, less thoughts that are in the text */

void llm_templated_said(llm_templated_t *lt, uint32_t content);

/* thoughts: a text, or an array of {"text":...} */

void llm_templated_thoughts(llm_templated_t *lt, uint32_t node);

/* arguments: an object, or the text of one */

void llm_templated_call(llm_templated_t *lt, uint32_t name,
    uint32_t arguments);

/* an array of tools, in the words of OpenAI, of Anthropic or of Bedrock */

void llm_templated_tools(llm_templated_t *lt, uint32_t tools);

/* a tool that must be called */

void llm_templated_forced(llm_templated_t *lt);

/* a response format, or LLM_JSON_NONE; and how the answer begins */

void llm_templated_end(llm_templated_t *lt, uint32_t format);


/* llm_templated_claude.c: a Claude, in the dialects of others */

int llm_claude_is(const llm_str_t *model);

/* ... as a template */

void llm_claude_template(const llm_str_t *model, llm_template_t *t);

/* a picture or a document among the parts of a content: cc->media */

void llm_claude_media(llm_openai_count_t *cc, uint32_t part);


/*
 * What is known of q's model, found by its name, or t filled in of a Claude's;
 * NULL: nothing is.
 */

const llm_template_t *llm_templated_of(llm_openai_count_t *cc,
    llm_template_t *t);


#endif /* _LLM_TEMPLATED_H_INCLUDED_ */
