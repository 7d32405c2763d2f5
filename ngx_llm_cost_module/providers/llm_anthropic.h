
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_ANTHROPIC_H_INCLUDED_
#define _LLM_ANTHROPIC_H_INCLUDED_


/*
 * Anthropic's messages: what the files of this dialect share, and what others
 * that carry them (Bedrock) need.
 */

#include "llm_dialect.h"
#include "llm_image.h"


/* members of a request that cost, limit or change what is counted */

typedef enum {
    LLM_ANTHROPIC_MODEL = 0,
    LLM_ANTHROPIC_MESSAGES,
    LLM_ANTHROPIC_SYSTEM,
    LLM_ANTHROPIC_MAX_TOKENS,
    LLM_ANTHROPIC_STREAM,
    LLM_ANTHROPIC_TOOLS,
    LLM_ANTHROPIC_TOOL_CHOICE,
    LLM_ANTHROPIC_TIER,
    LLM_ANTHROPIC_SPEED,
    LLM_ANTHROPIC_SERVERS,
    LLM_ANTHROPIC_CONTAINER,
    LLM_ANTHROPIC_FORMAT,
    LLM_ANTHROPIC_CONFIG,
    LLM_ANTHROPIC_THINKING,
    LLM_ANTHROPIC_FALLBACKS,
    LLM_ANTHROPIC_THREAD,
    LLM_ANTHROPIC_MODELS,
    LLM_ANTHROPIC_FIELDS
} llm_anthropic_field_e;

extern const char * const  llm_anthropic_names[LLM_ANTHROPIC_FIELDS];

/* of a path; the dialect's own */

#define LLM_ANTHROPIC_PLAIN    0
#define LLM_ANTHROPIC_RAW      1          /* Vertex: the path names the model */
#define LLM_ANTHROPIC_STREAM_RAW  2


/* model is not read from the body where q->model is set already */

int llm_anthropic_parse(llm_request_t *q);
int llm_anthropic_count(llm_request_t *q, llm_counter_t *c);

/* what a generation of models is told besides, in tokens, by its name */

typedef struct {
    int64_t      tools;               /* how to call tools */
    int64_t      forced;              /* ... that one must be called */
    int64_t      tool;                /* around each */
    int64_t      call;
    int64_t      result;
    int64_t      format;              /* how to answer in a schema */
    int64_t      percent;             /* of the vocabulary's count */
    int64_t      adaptive;            /* how to think as much as is needed */

    const llm_image_fit_t  *image;    /* a patch of a picture is a token */
} llm_claude_t;

#define LLM_ANTHROPIC_BASE        4       /* of a request */
#define LLM_ANTHROPIC_MESSAGE     3
#define LLM_ANTHROPIC_THOUGHTS    28      /* with a budget of tokens */

const llm_claude_t *llm_anthropic_claude(const llm_str_t *model);

/* a picture in base64, empty where it is not in the request */

int64_t llm_anthropic_picture(const llm_str_t *model, const llm_str_t *data);
int llm_anthropic_needs(const llm_request_t *q, const llm_str_t *model);

/*
 * llm_anthropic_tools.c: tools that Anthropic runs, of the request and, where
 * messages bring some, those; LLM_OK, LLM_BAD.
 */

int llm_anthropic_server_tools(llm_request_t *q, const uint32_t *f,
    unsigned brought);

/* ... and a pass that compacts the context; after max_output is known */

void llm_anthropic_compaction(llm_request_t *q);

int llm_anthropic_answer(llm_answer_t *a, const llm_json_t *j);
int llm_anthropic_event(llm_answer_t *a, const llm_str_t *type,
    const llm_str_t *data);
void llm_anthropic_finish(llm_answer_t *a);

/* llm_anthropic_batch.c: many messages, later */

int llm_anthropic_batch_parse(llm_request_t *q);
int llm_anthropic_batch_inner(llm_request_t *q, llm_inner_t *in);
int llm_anthropic_batch_answer(llm_answer_t *a, const llm_json_t *j);
int llm_anthropic_batch_event(llm_answer_t *a, const llm_str_t *data);


/* llm_anthropic_complete.c: the old completions */

int llm_anthropic_complete_parse(llm_request_t *q);
int llm_anthropic_complete_count(llm_request_t *q, llm_counter_t *c);
int llm_anthropic_complete_edit(llm_request_t *q, llm_edits_t *e);
int llm_anthropic_complete_answer(llm_answer_t *a, const llm_json_t *j);
int llm_anthropic_complete_event(llm_answer_t *a, const llm_str_t *data);
void llm_anthropic_complete_finish(llm_answer_t *a);

size_t llm_anthropic_error(unsigned char *buf, const llm_refusal_t *f);


/* a kept answer in another form, llm_anthropic_reform.c */

int llm_anthropic_reform(const llm_request_t *q, const llm_form_t *from,
    const llm_form_t *to, const llm_str_t *body, llm_text_t *out);


#endif /* _LLM_ANTHROPIC_H_INCLUDED_ */
