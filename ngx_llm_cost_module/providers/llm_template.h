
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_TEMPLATE_H_INCLUDED_
#define _LLM_TEMPLATE_H_INCLUDED_


/*
 * What stands around messages, tools and calls in the prompt of a model whose
 * chat template is published: tokens that the texts of a request do not have.
 * A host may change a template, so that a count by it is an estimate.
 */

#include "llm_core.h"


/* how tools are shown */

typedef enum {
    LLM_TEMPLATE_TOOLS = 0,   /* {"type": "function", "function": {...}}, a
                                 line each */
    LLM_TEMPLATE_FUNCTIONS,   /* what "function" holds, a line each */
    LLM_TEMPLATE_LIST,        /* [{"type": ...}, ...] */
    LLM_TEMPLATE_TYPES,       /* as OpenAI's: llm_openai_tools() */
    LLM_TEMPLATE_WORDS,       /* as Gemini's: their strings alone */
    LLM_TEMPLATE_PARTS        /* as Claude's: what they consist of */
} llm_template_tools_e;


typedef struct {
    int16_t               start;      /* in front of all */
    int16_t               nosystem;   /* without a system's message */
    int16_t               system;     /* around a message, its role included */
    int16_t               user;
    int16_t               assistant;
    int16_t               reply;      /* begins the answer */

    llm_template_tools_e  shown;
    int16_t               tools;      /* around all tools */
    int16_t               inside;     /* ... more without a system's message,
                                         in which they are */
    int16_t               tool;       /* more than its text, each */
    int16_t               calls;      /* around the calls of a message */
    int16_t               call;       /* around each, its name and arguments */
    int16_t               argument;   /* more than JSON has around it, each */
    int16_t               results;    /* around results that follow another */
    int16_t               result;     /* around each */
    int16_t               thoughts;   /* around those of a turn that goes on;
                                         -1: they are not shown again */
    int16_t               format;     /* around a response format; -1: it is
                                         not shown */
    int16_t               forced;     /* that a tool must be called */
    int16_t               hosted;     /* each tool that the host runs */
    int16_t               thinking;   /* that thoughts are asked for */
    int16_t               effort;     /* ... as many as there can be */
    int16_t               percent;    /* of the vocabulary's count of texts;
                                         0: all of it */

    unsigned              apart:1;    /* a call is a message of its own */
    unsigned              thinks:1;   /* thoughts may be in the text of an
                                         answer, and are not shown again */
    unsigned              spaced:1;   /* arguments are written anew */
    unsigned              named:1;    /* a result has the function's name */
} llm_template_t;


/* the name holds the text, which is in small letters, in letters of any case */

int llm_model_holds(const llm_str_t *name, const char *part);

/* by the model's name; NULL: nothing is known of it */

const llm_template_t *llm_template_find(const llm_str_t *model);


#endif /* _LLM_TEMPLATE_H_INCLUDED_ */
