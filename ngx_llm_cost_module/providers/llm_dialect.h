
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_DIALECT_H_INCLUDED_
#define _LLM_DIALECT_H_INCLUDED_


/*
 * What dialects have in common: members of a request that are checked, texts
 * that are counted on their way in and out, figures of a usage, and splices.
 */

#include "llm_provider.h"


#define LLM_DIALECT_MODEL_MAX    256
#define LLM_DIALECT_TOKENS_MAX   INT32_MAX
#define LLM_DIALECT_FIGURE_MAX   1000000000000LL
#define LLM_DIALECT_EVENT_NODES  65536    /* values in one event */


/* the node is there and not null */

int llm_given(const llm_json_t *j, uint32_t node);


/* requests: LLM_OK, LLM_BAD with q->err and q->param, LLM_ERROR */

int llm_request_bad(llm_request_t *q, const char *param, const char *err);

/* an object, with no member of these names twice */

int llm_request_object(llm_request_t *q, uint32_t node, const char *param,
    const char * const *names, unsigned n, uint32_t *values);

/* an array, or nothing; of objects, where objects is set */

int llm_request_array(llm_request_t *q, uint32_t node, const char *param,
    unsigned objects);

/* a model's name that is there */

int llm_request_model(llm_request_t *q, uint32_t node, const char *param);

/* ... that q->model is already */

int llm_request_model_name(llm_request_t *q, const char *param);

/* that of the path (q->route.model) is the model */

int llm_request_path_model(llm_request_t *q, const char *param);

/* one more that may answer in its place: q->others */

int llm_request_other(llm_request_t *q, uint32_t node, const char *param);

/* all of a list ("models") of names, or of {"model":,"when":} */

int llm_request_others(llm_request_t *q, uint32_t list);

/* a text, which may be absent; *s is left alone then */

int llm_request_string(llm_request_t *q, uint32_t node, const char *param,
    llm_str_t *s);

/* an integer from min to max; *v is left alone where it is absent or null */

int llm_request_number(llm_request_t *q, uint32_t node, const char *param,
    int64_t min, int64_t max, int64_t *v);

/* true or false; *v is left alone where it is absent or null */

int llm_request_bool(llm_request_t *q, uint32_t node, const char *param,
    int *v);


/*
 * Decode base64, of either alphabet, with or without padding; to has room for
 * as many bytes as data has.  Returns the length, 0: it is not base64.
 */

size_t llm_base64(unsigned char *to, const llm_str_t *data);

/* the six bits of one digit, or -1 */

int llm_base64_digit(unsigned char c);


/* input tokens of a request: what is added up */

typedef struct {
    llm_request_t        *q;
    const llm_json_t     *j;
    llm_counter_t        *c;
    int64_t               tokens;
    unsigned char        *text;           /* a string without its escapes */
    size_t                size;
    unsigned              estimate:1;
    unsigned              failed:1;       /* no memory */
} llm_input_t;

void llm_input_init(llm_input_t *in, llm_request_t *q, llm_counter_t *c);

/* a string; anything else is nothing */

void llm_input_string(llm_input_t *in, uint32_t node);

/* ... that is no text; without escapes it is where it was */

void llm_input_data(llm_input_t *in, uint32_t node, llm_str_t *s);

/* a text in base64 */

void llm_input_base64(llm_input_t *in, const llm_str_t *data);

/* a value as it is written, but for white space and escapes without need */

void llm_input_value(llm_input_t *in, uint32_t node);

/* all strings that are values, wherever they are in it */

void llm_input_strings(llm_input_t *in, uint32_t node);

/* q->input_tokens and q->estimate; LLM_OK, LLM_ERROR */

int llm_input_end(llm_input_t *in);


/* output that goes by: each part of it is a text of its own */

typedef struct {
    llm_count_stream_t   *text;
    int64_t               part;           /* that is being counted; 0: none */
    int64_t               tokens;         /* of the parts before */
    unsigned char        *plain;
    size_t                size;
    unsigned              failed:1;       /* no memory: count no more */
} llm_output_t;

void llm_output_string(llm_output_t *out, llm_answer_t *a, int64_t part,
    const llm_json_t *j, uint32_t node);
void llm_output_value(llm_output_t *out, llm_answer_t *a, int64_t part,
    const llm_json_t *j, uint32_t node);

/* tokens of all that went by */

int64_t llm_output_tokens(const llm_output_t *out);


/*
 * An answer of which each value says all that there is to say: the whole of
 * it, or one event after another.  read() is given such a value, and LLM_ERROR
 * of it is the answer's.
 */

typedef struct {
    llm_json_t            json;           /* of the last event */
    llm_output_t          output;
} llm_plain_t;

typedef int (*llm_plain_read_pt)(llm_answer_t *a, llm_plain_t *st,
    const llm_json_t *j);

int llm_plain_answer(llm_answer_t *a, const llm_json_t *j,
    llm_plain_read_pt read);
int llm_plain_event(llm_answer_t *a, const llm_str_t *data,
    llm_plain_read_pt read);
void llm_plain_finish(llm_answer_t *a);


/* answers */

/*
 * Memory of an answer that begins with zeros, made once: a->state.  NULL where
 * there is none.
 */

void *llm_answer_state(llm_answer_t *a, size_t size);

/* a copy of the string, unless there is one already; LLM_OK, LLM_ERROR */

int llm_answer_keep(llm_answer_t *a, const llm_json_t *j, uint32_t node,
    llm_str_t *to);

/* ... in place of the one that there is, if it is not empty */

int llm_answer_replace(llm_answer_t *a, const llm_json_t *j, uint32_t node,
    llm_str_t *to);

/* what LiteLLM says in the header that an answer costs */

int llm_answer_headers(llm_answer_t *a, const llm_headers_t *h);

/* at the end: the model that has answered is one of q->others, or may be */

void llm_answer_served(llm_answer_t *a);

/*
 * A count, sent as a number or as a string, with a fraction of zero or none;
 * -1 where there is none.  What cannot be one is -1, too, and a->usage_bad.
 */

int64_t llm_answer_figure(llm_answer_t *a, const llm_json_t *j,
    uint32_t node);

/* the same of text: a header's */

int64_t llm_answer_figure_text(llm_answer_t *a, const llm_str_t *s);

/*
 * A part of a usage that has figures in it: the node itself, if it is of that
 * type, else LLM_JSON_NONE.  What is there and is not is a->usage_bad: figures
 * may be in it that nobody has read.
 */

uint32_t llm_answer_part(llm_answer_t *a, const llm_json_t *j, uint32_t node,
    unsigned type);

/*
 * A figure that is added to others: what is there and cannot be one is
 * LLM_UNUSABLE, and so is the sum.  Such a sum is not said, which llm_said()
 * makes of it: -1.
 */

#define LLM_UNUSABLE         (-2)

int64_t llm_answer_addend(llm_answer_t *a, const llm_json_t *j,
    uint32_t node);
int64_t llm_said(int64_t v);

/* the sum of those that are said; -1 where none is */

int64_t llm_sum(int64_t one, int64_t two);


/* refusals: text that is written, or only measured */

typedef struct {
    unsigned char        *buf;            /* NULL: measure */
    size_t                len;
} llm_writer_t;

void llm_write(llm_writer_t *w, const char *s);
void llm_write_escaped(llm_writer_t *w, const llm_str_t *s);


/* edits */

/* the value of a node becomes a number */

int llm_edit_number(llm_request_t *q, llm_edits_t *e, uint32_t node,
    int64_t v);

/*
 * A member in front of an object's first one: "name":number, or what before
 * and after put around the number.
 */

int llm_edit_member(llm_request_t *q, llm_edits_t *e, uint32_t obj,
    const char *before, int64_t v, const char *after);

/* a string becomes another one; what is not there is not written */

int llm_edit_string(llm_request_t *q, llm_edits_t *e, uint32_t node,
    const llm_str_t *s);

/* the value of a node becomes what before and after put around a number */

int llm_edit_value(llm_request_t *q, llm_edits_t *e, uint32_t node,
    const char *before, int64_t v, const char *after);

/*
 * The maximum that is wanted, where the request allows more: a member of this
 * name in that group of the request.  text is both as they are written where
 * neither is there: "group":{"name":
 */

int llm_edit_max_in(llm_request_t *q, llm_edits_t *e, const char *group,
    const char *name, const char *text);

/* ... of an object that is there; text is "name": */

int llm_edit_max(llm_request_t *q, llm_edits_t *e, uint32_t obj,
    const char *name, const char *text);


/*
 * What parts of a request's content ask of a model: LLM_ABLE_* of every object
 * below a node, however deep, whose type is one of these.
 */

typedef struct {
    const char           *type;           /* NULL ends the table */
    unsigned              able;
} llm_need_t;

unsigned llm_needs_types(const llm_json_t *j, uint32_t node,
    const llm_need_t *needs);


#endif /* _LLM_DIALECT_H_INCLUDED_ */
