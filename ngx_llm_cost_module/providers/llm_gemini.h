
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_GEMINI_H_INCLUDED_
#define _LLM_GEMINI_H_INCLUDED_


/* what the files of the Gemini dialect share among themselves */

#include "llm_dialect.h"


/* what a path asks for; route->op */

typedef enum {
    LLM_GEMINI_NONE = 0,
    LLM_GEMINI_GENERATE,
    LLM_GEMINI_STREAM,
    LLM_GEMINI_EMBED,
    LLM_GEMINI_EMBED_BATCH,
    LLM_GEMINI_PREDICT,
    LLM_GEMINI_INTERACT,
    LLM_GEMINI_FILM,
    LLM_GEMINI_BATCH
} llm_gemini_op_e;


llm_path_e llm_gemini_path(llm_route_t *route);


/*
 * Members of a request and of its generationConfig.  Google's servers take
 * both spellings of every name, "maxOutputTokens" and "max_output_tokens".
 */

typedef enum {
    LLM_GEMINI_CONTENTS = 0,
    LLM_GEMINI_SYSTEM,
    LLM_GEMINI_TOOLS,
    LLM_GEMINI_CONFIG,
    LLM_GEMINI_CACHED,
    LLM_GEMINI_TIER,
    LLM_GEMINI_CONTENT,
    LLM_GEMINI_REQUESTS,
    LLM_GEMINI_FIELDS
} llm_gemini_field_e;

/* LLM_OK, LLM_BAD: a member is there in both spellings, or twice */

int llm_gemini_fields(llm_request_t *q, uint32_t f[LLM_GEMINI_FIELDS]);

/* a member in either spelling, or LLM_JSON_NONE */

uint32_t llm_gemini_get(const llm_json_t *j, uint32_t obj, const char *camel,
    const char *snake);


/* llm_gemini_config.c */

/* both spellings of n members in one; param is NULL for those of the root */

int llm_gemini_members(llm_request_t *q, uint32_t obj, const char *param,
    const char * const *camel, const char * const *snake, unsigned n,
    uint32_t *values);

int llm_gemini_parse_config(llm_request_t *q, uint32_t config);

/* it tells as it goes what it has thought, but not before it has begun */

int llm_gemini_thinks(const llm_request_t *q, uint32_t config);


/* llm_gemini_batch.c */

int llm_gemini_batch_parse(llm_request_t *q);
int llm_gemini_batch_inner(llm_request_t *q, llm_inner_t *in);
int llm_gemini_batch_answer(llm_answer_t *a, const llm_json_t *j);

/* of the name that was told what it is asked for by */

void llm_gemini_operation(llm_answer_t *a);


/* llm_gemini_search.c: searches that an answer rests on, each of them once */

#define LLM_GEMINI_QUERY_WORDS  64

typedef struct {
    uint64_t              queries[LLM_GEMINI_QUERY_WORDS];    /* digests */
    unsigned              nqueries;
} llm_gemini_searches_t;

void llm_gemini_grounding(llm_answer_t *a, llm_gemini_searches_t *st,
    const llm_json_t *j, uint32_t candidate);


int llm_gemini_count(llm_request_t *q, llm_counter_t *c);

int llm_gemini_headers(llm_answer_t *a, const llm_headers_t *h);
int llm_gemini_answer(llm_answer_t *a, const llm_json_t *j);
int llm_gemini_event(llm_answer_t *a, const llm_str_t *type,
    const llm_str_t *data);
void llm_gemini_finish(llm_answer_t *a);


/* llm_gemini_tools.c: how a model is shown what is not text */

typedef enum {
    LLM_GEMINI_WORDS = 0,
    LLM_GEMINI_CODE,
    LLM_GEMINI_MARKS
} llm_gemini_style_e;

llm_gemini_style_e llm_gemini_style(const llm_request_t *q);

/* a model by its name; "gemini-flash-latest" is of the last generation */

typedef enum {
    LLM_GEMINI_OTHER = 0,               /* "gemma-3", an endpoint's number */
    LLM_GEMINI_2,                       /* and before */
    LLM_GEMINI_25,
    LLM_GEMINI_3
} llm_gemini_generation_e;

llm_gemini_generation_e llm_gemini_generation(const llm_str_t *model);

/* all strings of a value and the names of its members; a number is one */

void llm_gemini_words(llm_input_t *in, uint32_t node);

/* llm_gemini_function.c: nodes of its name, its description, its schema */

void llm_gemini_function(llm_input_t *in, uint32_t name, uint32_t description,
    uint32_t schema);
void llm_gemini_function_params(llm_input_t *in, uint32_t name,
    uint32_t schema);

void llm_gemini_declaration(llm_input_t *in, llm_gemini_style_e style,
    uint32_t tool);
void llm_gemini_call(llm_input_t *in, llm_gemini_style_e style,
    uint32_t call);
void llm_gemini_thoughts(llm_input_t *in, llm_gemini_style_e style,
    uint32_t node);


/* a file of a request: what names its type, and its data in base64, or none;
   ultra: in the highest of resolutions */

void llm_gemini_media(llm_input_t *in, uint32_t part, uint32_t node,
    unsigned ultra);

/* what may come out beside text */

void llm_gemini_modalities_out(llm_request_t *q, uint32_t config);


/* llm_gemini_predict.c: vectors and pictures of Vertex AI */

int llm_gemini_predict_parse(llm_request_t *q);
int llm_gemini_predict_count(llm_request_t *q, llm_counter_t *c);
int llm_gemini_predict_answer(llm_answer_t *a, const llm_json_t *j);

/* counts the members of these names of each of the instances */

void llm_predict_texts(llm_input_t *in, const char * const *names, unsigned n);


/* llm_interactions.c: turns that the server keeps */

int llm_interactions_parse(llm_request_t *q);
int llm_interactions_count(llm_request_t *q, llm_counter_t *c);
int llm_interactions_edit(llm_request_t *q, llm_edits_t *e);
int llm_interactions_answer(llm_answer_t *a, const llm_json_t *j);
int llm_interactions_event(llm_answer_t *a, const llm_str_t *data);
void llm_interactions_finish(llm_answer_t *a);

/* _usage.c: the usage object, which replaces what was said before */

void llm_interactions_usage(llm_answer_t *a, const llm_json_t *j,
    uint32_t obj);


/* a kept answer in another form, llm_gemini_reform.c */

int llm_gemini_reform(const llm_request_t *q, const llm_form_t *from,
    const llm_form_t *to, const llm_str_t *body, llm_text_t *out);


#endif /* _LLM_GEMINI_H_INCLUDED_ */
