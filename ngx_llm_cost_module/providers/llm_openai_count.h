
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_OPENAI_COUNT_H_INCLUDED_
#define _LLM_OPENAI_COUNT_H_INCLUDED_


/* counting of chat requests: what _count.c, _calls.c and templates share */

#include "llm_openai.h"
#include "llm_template.h"


#define LLM_OPENAI_PER_MESSAGE  3
#define LLM_OPENAI_GPT5_TOOLS   82        /* a text about channels */


typedef struct llm_openai_count_s  llm_openai_count_t;

struct llm_openai_count_s {
    llm_request_t        *q;
    llm_counter_t        *c;
    const llm_json_t     *j;
    llm_openai_family_e   family;
    int64_t               tokens;
    int64_t               fixed;          /* of a template: what is no text */
    int64_t               reply;          /* tokens that begin the reply */

    llm_openai_text_t     text;           /* joined or unescaped, for a while */
    llm_openai_text_t     extra;          /* tools and schema, to be placed */
    llm_json_t            args;           /* of a call */

    uint32_t              schema;         /* json_schema's name */
    uint32_t              call;           /* name of the last call, if one */
    unsigned              functions:1;
    unsigned              reasoning:1;    /* replies have a channel */
    unsigned              old:1;          /* the models of June 2023 */
    unsigned              parallel:1;     /* last calls were several */
    unsigned              made_up:1;      /* the last call is a client's */
    unsigned              estimate:1;

    /* a part that is no text, if not as OpenAI counts it */

    void                (*media)(llm_openai_count_t *cc, uint32_t part);
};


typedef enum {
    LLM_MESSAGE_ROLE = 0,
    LLM_MESSAGE_CONTENT,
    LLM_MESSAGE_NAME,
    LLM_MESSAGE_CALLS,
    LLM_MESSAGE_CALL,
    LLM_MESSAGE_REFUSAL,
    LLM_MESSAGE_AUDIO,
    LLM_MESSAGE_N
} llm_message_e;


/* the type of a node, 0 where there is none */

unsigned llm_count_kind(const llm_openai_count_t *cc, uint32_t node);

/* no text and no values */

int llm_count_empty(const llm_openai_count_t *cc, uint32_t node);

/* text that is tokenized by itself */

void llm_count_bytes(llm_openai_count_t *cc, const void *p, size_t n);

/* the same; the text is empty afterwards */

void llm_count_text(llm_openai_count_t *cc, llm_openai_text_t *t);

/* a string by itself: in place where it has no escapes */

void llm_count_string(llm_openai_count_t *cc, uint32_t node);

/* a string that is no text, without its escapes; else nothing */

void llm_count_data(llm_openai_count_t *cc, uint32_t node, llm_str_t *s);

/* a picture that was made, in base64: it is seen like one that is sent */

int64_t llm_count_made(llm_openai_count_t *cc, uint32_t result,
    int64_t least);

/* a part of it; its text is gathered in cc->text */

void llm_count_part(llm_openai_count_t *cc, uint32_t part);

/* a message's content; tail (or NULL) is put behind its last text */

void llm_count_content(llm_openai_count_t *cc, uint32_t node,
    const llm_openai_text_t *tail);

/* the members of tools or functions, into cc->extra */

void llm_count_tools(llm_openai_count_t *cc, uint32_t tools,
    uint32_t functions);

/* an object with name, description and schema, behind them; or none */

void llm_count_schema_named(llm_openai_count_t *cc, uint32_t named);

/* ... of a response_format */

uint32_t llm_count_format(llm_openai_count_t *cc, uint32_t format);

/* ... and its name in front of a reply */

void llm_count_schema_name(llm_openai_count_t *cc);

/* a call that the client demands: tool_choice, or function_call */

void llm_count_forced(llm_openai_count_t *cc, uint32_t choice,
    uint32_t call);

/* tools and schema without a system message to put them in */

void llm_count_extra(llm_openai_count_t *cc);

/*
 * The end of a text becomes JSON as Python writes it: what it holds, which is
 * in cc->args then (1), or where that is none and quote is set, the string that
 * it is (0), whose letters stay what they are.
 */

int llm_count_json(llm_openai_count_t *cc, llm_openai_text_t *t, size_t from,
    unsigned flags, unsigned quote);

/* whom a call is to; results that follow have the name, too */

void llm_count_call_name(llm_openai_count_t *cc, uint32_t name);

/* a call: an object with name and arguments */

void llm_count_call(llm_openai_count_t *cc, uint32_t fn);

/* an assistant's message if it holds calls: 1, else 0 */

int llm_count_calls(llm_openai_count_t *cc, const uint32_t *f);

/*
 * A tool's or function's message; after several calls all the results up to
 * the node last are one message.  Returns the last message that was counted.
 */

uint32_t llm_count_results(llm_openai_count_t *cc, const uint32_t *f,
    uint32_t i, uint32_t last);

/* what is counted, of the request: begin, and LLM_OK or LLM_ERROR at the end */

void llm_count_init(llm_openai_count_t *cc, llm_request_t *q,
    llm_counter_t *c);
int llm_count_done(llm_openai_count_t *cc);

/* a whole chat, by the template of its model */

void llm_openai_templated(llm_openai_count_t *cc, const llm_template_t *t);


#endif /* _LLM_OPENAI_COUNT_H_INCLUDED_ */
