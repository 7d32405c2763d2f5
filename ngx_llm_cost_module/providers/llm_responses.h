
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_RESPONSES_H_INCLUDED_
#define _LLM_RESPONSES_H_INCLUDED_


/* seconds that work in the background is thought to take */

#define LLM_RESPONSES_WINDOW  3600


/* OpenAI's Responses: what the files of this kind share */

#include "llm_dialect.h"
#include "llm_openai_count.h"


/* members of a request that cost, limit or change what is counted */

typedef enum {
    LLM_RESPONSES_MODEL = 0,
    LLM_RESPONSES_INPUT,
    LLM_RESPONSES_INSTRUCTIONS,
    LLM_RESPONSES_STREAM,
    LLM_RESPONSES_MAX_OUTPUT,
    LLM_RESPONSES_TOOLS,
    LLM_RESPONSES_TOOL_CHOICE,
    LLM_RESPONSES_TEXT,
    LLM_RESPONSES_TIER,
    LLM_RESPONSES_BACKGROUND,
    LLM_RESPONSES_PREVIOUS,
    LLM_RESPONSES_CONVERSATION,
    LLM_RESPONSES_PROMPT,
    LLM_RESPONSES_STORE,
    LLM_RESPONSES_MAX_CALLS,
    LLM_RESPONSES_AGENTS,
    LLM_RESPONSES_MODELS,
    LLM_RESPONSES_PRESET,
    LLM_RESPONSES_FIELDS
} llm_responses_field_e;

extern const char * const  llm_responses_names[LLM_RESPONSES_FIELDS];

/* of a path; the dialect's own */

#define LLM_RESPONSES_CREATE   0
#define LLM_RESPONSES_COMPACT  1
#define LLM_RESPONSES_DECIDE   2


int llm_responses_parse(llm_request_t *q);
void llm_responses_count(llm_openai_count_t *cc, const llm_template_t *t);

/* the last item that a user sent: from there on a turn is going on */

uint32_t llm_responses_turn(const llm_openai_count_t *cc, uint32_t input);

/* an item that is neither said, thought nor a function's */

void llm_responses_other(llm_openai_count_t *cc, uint32_t item);

/* what was encrypted, of an item */

void llm_responses_sealed(llm_openai_count_t *cc, uint32_t item);

/* the same with a template: f are members of the request */

void llm_responses_templated(llm_openai_count_t *cc, const llm_template_t *t,
    const uint32_t *f, uint32_t format);
int llm_responses_edit(llm_request_t *q, llm_edits_t *e);
int llm_responses_needs(const llm_request_t *q, const llm_str_t *model);

int llm_responses_answer(llm_answer_t *a, const llm_json_t *j);
int llm_responses_event(llm_answer_t *a, const llm_str_t *type,
    const llm_str_t *data);
void llm_responses_finish(llm_answer_t *a);

/*
 * All tools of a request, one after another: those of its own, and those that
 * items of its input bring later (additional_tools, tool_search_output).
 */

typedef struct {
    const llm_json_t     *j;
    uint32_t              tool;           /* the next one of a list */
    uint32_t              end;
    uint32_t              item;           /* the next one that may bring some */
    uint32_t              items;
} llm_responses_walk_t;

void llm_responses_walk(llm_responses_walk_t *w, const llm_json_t *j,
    uint32_t tools, uint32_t input);

/* LLM_JSON_NONE after the last one */

uint32_t llm_responses_walk_next(llm_responses_walk_t *w);

/* sessions that a container of this memory is charged as */

int64_t llm_responses_sessions(const llm_json_t *j, uint32_t container);

/*
 * A tool of the request that makes pictures, one a call: q->guest; LLM_OK,
 * LLM_BAD, or LLM_DECLINED where it asks a model that is not told.
 */

int llm_responses_paints(llm_request_t *q, uint32_t tool, int64_t calls);

/* the model of a tool that names none */

#define LLM_RESPONSES_PAINTER   "gpt-image-2.6-sunburst"


int llm_responses_canonical(llm_request_t *q,
    void (*update)(void *ctx, const void *p, size_t n), void *ctx);

/* a kept answer in another form, llm_responses_reform.c */

int llm_responses_reform(const llm_request_t *q, const llm_form_t *from,
    const llm_form_t *to, const llm_str_t *body, llm_text_t *out);

/* ... a stream as a document, llm_responses_join.c */

int llm_responses_join(const llm_request_t *q, const llm_str_t *body,
    llm_text_t *out);


#endif /* _LLM_RESPONSES_H_INCLUDED_ */
